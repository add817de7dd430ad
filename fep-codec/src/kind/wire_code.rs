//! Codes as bytes, which identify telegrams and the cases of a choice.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::FieldValue;
use crate::charset::Charset;
use crate::layout::{CodeRule, DigitsRule, Encoding, Kind, TextRule};

impl Kind {
    /// Whether a field with these bytes holds this code, padded with spaces. `when` and choices use it.
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
    /// The bytes of a field of `len` bytes that holds this code, in the charset of the field and padded as [`Layout::matches`] expects.
    /// A field holds the code if and only if it has these bytes. `None` if no field of this kind and length can hold the code.
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

/// The byte in a charset for an ASCII character of a code.
fn wire(charset: Charset, ascii: u8) -> Option<u8> {
    if ascii == b' ' { Some(charset.space()) } else { charset.byte_of(ascii) }
}

/// The bytes of a code, padded to `len`, or `None` if there are more than `len` or one of them does not exist.
fn padded(code: impl Iterator<Item = Option<u8>>, pad: u8, len: usize) -> Option<Vec<u8>> {
    let mut bytes = code.collect::<Option<Vec<u8>>>()?;
    if bytes.len() > len {
        return None;
    }
    bytes.resize(len, pad);
    Some(bytes)
}

/// [`Kind::says`] for text that needs conversion.
#[cold]
fn text_is(kind: &Kind, code: &str, field: &[u8]) -> bool {
    match kind {
        Kind::Text(rule) if !code.is_ascii() => String::get(rule, field).is_ok_and(|text| text == code),
        Kind::Text(rule) => is_in(rule.charset, code, field),
        _ => false,
    }
}

/// [`Kind::says`] for a charset in which some ASCII characters have other bytes or none.
#[cold]
fn is_in(charset: Charset, code: &str, field: &[u8]) -> bool {
    let Some((found, rest)) = field.split_at_checked(code.len()) else { return false };
    // FF never matches: it is not a code's character in EBCDIC, and not a character of JIS X 0201.
    let byte = |ascii| wire(charset, ascii).unwrap_or(0xFF);
    found.iter().copied().eq(code.bytes().map(byte)) && rest.iter().all(|byte| *byte == charset.space())
}

/// [`Kind::says`] for digits that are not ASCII.
#[cold]
fn encoded_digits_are(rule: &DigitsRule, code: &str, field: &[u8]) -> bool {
    let read = field.iter().map(|byte| rule.ascii(*byte));
    read.eq(code.bytes().chain(core::iter::repeat_n(b' ', field.len().saturating_sub(code.len()))))
}
