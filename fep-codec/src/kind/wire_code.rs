//! Whether a field's bytes are a code: what tells telegrams and the cases of a choice apart.

use alloc::string::String;

use super::FieldValue;
use crate::charset::Charset;
use crate::layout::{DigitsRule, Encoding, Kind};

impl Kind {
    /// Whether a field that has these bytes says this, padded with spaces: what `when` and choices ask.
    #[inline(always)]
    pub(crate) fn says(&self, code: &str, field: &[u8]) -> bool {
        match self {
            Self::Digits(rule) if !matches!(rule.encoding, Encoding::Ascii) => encoded_digits_are(rule, code, field),
            Self::Text(rule) if !rule.charset.keeps_ascii() || !code.is_ascii() => text_is(self, code, field),
            Self::Code(rule) if !rule.charset.keeps_ascii() => is_in(rule.charset, code, field),
            _ => match field.split_at_checked(code.len()) {
                Some((found, rest)) => found == code.as_bytes() && rest.iter().all(|byte| *byte == b' '),
                None => false,
            },
        }
    }
}

/// The same for text that is converted.
#[cold]
fn text_is(kind: &Kind, code: &str, field: &[u8]) -> bool {
    match kind {
        Kind::Text(rule) if !code.is_ascii() => String::get(rule, field).is_ok_and(|text| text == code),
        Kind::Text(rule) => is_in(rule.charset, code, field),
        _ => false,
    }
}

/// The same for a charset that has its own letters of one byte.
#[cold]
fn is_in(charset: Charset, code: &str, field: &[u8]) -> bool {
    let Some((found, rest)) = field.split_at_checked(code.len()) else { return false };
    // FF is no character in EBCDIC that a code could have, and no byte of JIS X 0201.
    let wire = |ascii| if ascii == b' ' { charset.space() } else { charset.byte_of(ascii).unwrap_or(0xFF) };
    found.iter().copied().eq(code.bytes().map(wire)) && rest.iter().all(|byte| *byte == charset.space())
}

/// The same for digits in another encoding.
#[cold]
fn encoded_digits_are(rule: &DigitsRule, code: &str, field: &[u8]) -> bool {
    let read = field.iter().map(|byte| rule.ascii(*byte));
    read.eq(code.bytes().chain(core::iter::repeat_n(b' ', field.len().saturating_sub(code.len()))))
}
