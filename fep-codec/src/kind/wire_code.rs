//! Codes as bytes: what tells telegrams and the cases of a choice apart.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::FieldValue;
use crate::charset::Charset;
use crate::layout::{CodeRule, DigitsRule, Encoding, Kind, TextRule};

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

impl Kind {
    /// The bytes of a field of `len` bytes that holds this code: in the field's charset, padded as [`Layout::matches`] expects it.
    /// A field holds the code exactly if it has these bytes. `None` if no field of this kind and length can hold it.
    ///
    /// [`Layout::matches`]: crate::Layout::matches
    #[must_use]
    pub fn code_bytes(&self, code: &str, len: usize) -> Option<Vec<u8>> {
        let bytes = match self {
            Self::Digits(rule) if !matches!(rule.encoding, Encoding::Ascii) => {
                padded(code.bytes().map(|digit| rule.wire(digit)), rule.pad, len)
            }
            Self::Text(rule) if !code.is_ascii() => {
                let mut bytes = vec![0; len];
                code.put(rule, &mut bytes).ok().map(|()| bytes)
            }
            Self::Text(TextRule { charset, .. }) | Self::Code(CodeRule { charset, .. }) => {
                padded(code.bytes().map(|ascii| wire(*charset, ascii)), charset.space(), len)
            }
            Self::Digits(_) => padded(code.bytes().map(Some), b' ', len),
            _ => None,
        };
        bytes.filter(|bytes| self.says(code, bytes))
    }
}

/// The byte of a code's character in a charset.
fn wire(charset: Charset, ascii: u8) -> Option<u8> {
    if ascii == b' ' { Some(charset.space()) } else { charset.byte_of(ascii) }
}

/// Bytes with padding behind them, if there are not too many and each of them exists.
fn padded(code: impl Iterator<Item = Option<u8>>, pad: u8, len: usize) -> Option<Vec<u8>> {
    let mut bytes = code.collect::<Option<Vec<u8>>>()?;
    if bytes.len() > len {
        return None;
    }
    bytes.resize(len, pad);
    Some(bytes)
}

/// [`Kind::says`] for text that is converted.
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
    let byte = |ascii| wire(charset, ascii).unwrap_or(0xFF);
    found.iter().copied().eq(code.bytes().map(byte)) && rest.iter().all(|byte| *byte == charset.space())
}

/// The same for digits in another encoding.
#[cold]
fn encoded_digits_are(rule: &DigitsRule, code: &str, field: &[u8]) -> bool {
    let read = field.iter().map(|byte| rule.ascii(*byte));
    read.eq(code.bytes().chain(core::iter::repeat_n(b' ', field.len().saturating_sub(code.len()))))
}
