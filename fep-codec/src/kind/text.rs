//! Text: characters in a charset, padded.
//!
//! ```text
//! 홍길동, euc-kr, 10 bytes, left, pad space:  C8 AB B1 E6 B5 BF 20 20 20 20
//! ```
//!
//! The pad byte is never the second half of a character in the charsets that pad with a space, so trimming bytes is safe.

use std::borrow::Cow;

use super::FieldValue;
use crate::charset::{Charset, EncodeError, Malformed};
use crate::error::Fault;
use crate::layout::{Justify, Overflow, TextRule};
use crate::value::Text;

impl TextRule {
    /// Text in a charset with the usual options: left, padded with the charset's space, too long is an error.
    #[must_use]
    pub const fn new(charset: Charset) -> Self {
        Self { charset, full: false, pad: charset.space(), justify: Justify::Left, overflow: Overflow::Error }
    }
}

/// Writes a text of any type, given as UTF-8. Most are ASCII, which needs no characters; `text` is asked for the others only.
#[inline]
fn put<'t>(utf8: &[u8], text: impl FnOnce() -> &'t str, rule: &TextRule, out: &mut [u8]) -> Result<(), Fault> {
    let swallowed = match rule.justify {
        Justify::Left => utf8.last(),
        Justify::Right => utf8.first(),
    };
    if rule.full {
        return put_full(text(), rule, out);
    }
    if swallowed == Some(&rule.pad) {
        return Err(Fault::LooksLikePadding);
    }
    match out.get_mut(..utf8.len()) {
        Some(to) if utf8.is_ascii() => {
            to.copy_from_slice(utf8);
            pad(rule, utf8.len(), out);
            Ok(())
        }
        _ => put_characters(text(), rule, out),
    }
}

/// Writes a text that has no padding.
#[cold]
#[inline(never)]
fn put_full(text: &str, rule: &TextRule, out: &mut [u8]) -> Result<(), Fault> {
    let len = out.len();
    match rule.charset.encode(text, out) {
        Ok(given) if given == len => Ok(()),
        Ok(given) => Err(Fault::NotFull { given, len }),
        Err(EncodeError::TooLong { needed }) => Err(Fault::NotFull { given: needed, len }),
        Err(error) => Err(fault(error, rule.charset, len)),
    }
}

fn put_characters(text: &str, rule: &TextRule, out: &mut [u8]) -> Result<(), Fault> {
    let len = match rule.charset.encode(text, out) {
        Ok(len) => len,
        Err(EncodeError::TooLong { .. }) if rule.overflow == Overflow::Cut => return put_cut(text, rule, out),
        Err(error) => return Err(fault(error, rule.charset, out.len())),
    };
    pad(rule, len, out);
    Ok(())
}

/// Writes as many whole characters as fit. A space before the cut is dropped with what follows it.
#[cold]
fn put_cut(text: &str, rule: &TextRule, out: &mut [u8]) -> Result<(), Fault> {
    let mut room = out.len();
    let end = text
        .char_indices()
        .find(|(_, character)| {
            let fits = room.checked_sub(rule.charset.char_len(*character));
            room = fits.unwrap_or(0);
            fits.is_none()
        })
        .map_or(text.len(), |(at, _)| at);
    let kept = text.get(..end).unwrap_or_default().trim_end_matches(char::from(rule.pad));
    let len = rule.charset.encode(kept, out).map_err(|error| fault(error, rule.charset, out.len()))?;
    pad(rule, len, out);
    Ok(())
}

#[inline]
fn pad(rule: &TextRule, len: usize, out: &mut [u8]) {
    if rule.justify == Justify::Right {
        out.rotate_right(out.len().saturating_sub(len));
        let end = out.len().saturating_sub(len);
        out.iter_mut().take(end).for_each(|byte| *byte = rule.pad);
    } else if let Some(rest) = out.get_mut(len..) {
        rest.fill(rule.pad);
    }
}

/// The field's bytes without the padding.
#[inline]
fn trim<'a>(rule: &TextRule, bytes: &'a [u8]) -> &'a [u8] {
    match rule.justify {
        _ if rule.full => bytes,
        Justify::Left => trim_end(bytes, rule.pad),
        Justify::Right => trim_start(bytes, rule.pad),
    }
}

#[inline]
pub(super) fn trim_end(mut bytes: &[u8], pad: u8) -> &[u8] {
    while let Some((rest, eight)) = bytes.split_last_chunk::<8>() {
        let other = u64::from_be_bytes(*eight) ^ u64::from_be_bytes([pad; 8]);
        if other != 0 {
            let padding = other.trailing_zeros() as usize / 8;
            return bytes.get(..bytes.len() - padding).unwrap_or(bytes);
        }
        bytes = rest;
    }
    while let [rest @ .., last] = bytes
        && *last == pad
    {
        bytes = rest;
    }
    bytes
}

#[inline]
pub(super) fn trim_start(mut bytes: &[u8], pad: u8) -> &[u8] {
    while let [first, rest @ ..] = bytes
        && *first == pad
    {
        bytes = rest;
    }
    bytes
}

/// The field's text without the padding, which is ASCII and so a character of its own.
#[inline]
fn trim_ascii<'a>(rule: &TextRule, text: &'a str) -> &'a str {
    let trimmed = trim(rule, text.as_bytes()).len();
    let range = match rule.justify {
        Justify::Left => 0..trimmed,
        Justify::Right => text.len() - trimmed..text.len(),
    };
    // Every place in ASCII text is between two characters, so this is never the default.
    text.get(range).unwrap_or_default()
}

#[cold]
fn fault(error: EncodeError, charset: Charset, len: usize) -> Fault {
    match error {
        EncodeError::TooLong { needed } => Fault::TooLong { needed, len },
        EncodeError::Unmappable { character, position } => {
            let instead = [Charset::Cp949, Charset::Utf8].into_iter().find(|other| other.has(character));
            Fault::Unmappable { character: Some(character), position, charset, instead }
        }
    }
}

/// `offset` of the fault counts from the start of the field, also when padding stands before the text.
#[cold]
fn malformed(error: Malformed, rule: &TextRule, field: &[u8], text: &[u8]) -> Fault {
    let before = if rule.justify == Justify::Right { field.len() - text.len() } else { 0 };
    Fault::Malformed { offset: before + error.offset, charset: rule.charset }
}

#[inline]
fn get<'a>(rule: &TextRule, bytes: &'a [u8]) -> Result<Cow<'a, str>, Fault> {
    let text = trim(rule, bytes);
    rule.charset.decode(text).map_err(|error| malformed(error, rule, bytes, text))
}

impl<'a, const N: usize> FieldValue<'a, TextRule> for Text<N> {
    const LEN: Option<usize> = Some(N);

    #[inline]
    fn put(&self, rule: &TextRule, out: &mut [u8]) -> Result<(), Fault> {
        put(self.as_utf8(), || self.as_str(), rule, out)
    }

    #[inline]
    fn get(rule: &TextRule, bytes: &'a [u8]) -> Result<Self, Fault> {
        let text = trim(rule, bytes);
        match Self::decode(rule.charset, text) {
            Ok(Some(text)) => Ok(text),
            Ok(None) => Err(Fault::TooLong { needed: text.len(), len: N }),
            Err(error) => Err(malformed(error, rule, bytes, text)),
        }
    }

    const PREFERS_ASCII: bool = true;

    #[inline]
    fn get_ascii(rule: &TextRule, text: &'a str) -> Result<Self, Fault> {
        let text = trim_ascii(rule, text);
        Self::new(text).map_err(|_| Fault::TooLong { needed: text.len(), len: N })
    }
}

impl<'a> FieldValue<'a, TextRule> for String {
    fn put(&self, rule: &TextRule, out: &mut [u8]) -> Result<(), Fault> {
        put(self.as_bytes(), || self, rule, out)
    }

    fn get(rule: &TextRule, bytes: &'a [u8]) -> Result<Self, Fault> {
        get(rule, bytes).map(Cow::into_owned)
    }

    const PREFERS_ASCII: bool = true;

    #[inline]
    fn get_ascii(rule: &TextRule, text: &'a str) -> Result<Self, Fault> {
        Ok(trim_ascii(rule, text).to_owned())
    }
}

impl<'a> FieldValue<'a, TextRule> for Cow<'a, str> {
    #[inline]
    fn put(&self, rule: &TextRule, out: &mut [u8]) -> Result<(), Fault> {
        put(self.as_bytes(), || self, rule, out)
    }

    #[inline]
    fn get(rule: &TextRule, bytes: &'a [u8]) -> Result<Self, Fault> {
        get(rule, bytes)
    }

    const PREFERS_ASCII: bool = true;

    #[inline]
    fn get_ascii(rule: &TextRule, text: &'a str) -> Result<Self, Fault> {
        Ok(Cow::Borrowed(trim_ascii(rule, text)))
    }
}

/// Borrows the bytes, so the charset must be ASCII or UTF-8. The derive refuses others; a rule made by hand gets a fault as
/// soon as the text needs conversion.
impl<'a> FieldValue<'a, TextRule> for &'a str {
    #[inline]
    fn put(&self, rule: &TextRule, out: &mut [u8]) -> Result<(), Fault> {
        put(self.as_bytes(), || self, rule, out)
    }

    #[inline]
    fn get(rule: &TextRule, bytes: &'a [u8]) -> Result<Self, Fault> {
        match get(rule, bytes)? {
            Cow::Borrowed(text) => Ok(text),
            Cow::Owned(_) => Err(Fault::BadSpec {
                reason: "text in this charset cannot be borrowed as &str; use Text<N> or Cow<str>",
            }),
        }
    }

    const PREFERS_ASCII: bool = true;

    #[inline]
    fn get_ascii(rule: &TextRule, text: &'a str) -> Result<Self, Fault> {
        Ok(trim_ascii(rule, text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(rule: &TextRule, text: &str, bytes: &[u8]) {
        let mut out = vec![0xEE; bytes.len()];
        put(text, rule, &mut out).unwrap();
        assert_eq!(out, bytes, "{text}");
        assert_eq!(get(rule, bytes).unwrap(), text);
        assert_eq!(Text::<16>::get(rule, bytes).unwrap(), *text);
    }

    fn put(text: &str, rule: &TextRule, out: &mut [u8]) -> Result<(), Fault> {
        FieldValue::put(&text, rule, out)
    }

    const EUC_KR: TextRule = TextRule::new(Charset::EucKr);
    const RIGHT: TextRule = TextRule { justify: Justify::Right, ..EUC_KR };
    const CUT: TextRule = TextRule { overflow: Overflow::Cut, ..EUC_KR };

    #[test]
    fn text_stands_left_or_right_and_the_rest_is_padding() {
        check(&EUC_KR, "홍길동", b"\xC8\xAB\xB1\xE6\xB5\xBF    ");
        check(&EUC_KR, "", b"    ");
        check(&EUC_KR, "KIM 1", b"KIM 1");
        check(&RIGHT, "홍", b"  \xC8\xAB");
        check(&RIGHT, "AB", b"AB");
    }

    #[test]
    fn too_long_says_how_many_bytes_are_needed() {
        let mut out = [0; 5];
        assert_eq!(put("홍길동", &EUC_KR, &mut out), Err(Fault::TooLong { needed: 6, len: 5 }));
    }

    #[test]
    fn cutting_keeps_whole_characters() {
        let mut out = [0; 5];
        put("홍길동", &CUT, &mut out).unwrap();
        assert_eq!(&out, b"\xC8\xAB\xB1\xE6 ");
        put("가나 다", &CUT, &mut out).unwrap();
        assert_eq!(&out, b"\xB0\xA1\xB3\xAA ", "a space before the cut is padding");
        put("abcde", &CUT, &mut out).unwrap();
        assert_eq!(&out, b"abcde");
    }

    #[test]
    fn a_value_that_padding_would_swallow_is_refused() {
        let mut out = [0; 5];
        assert_eq!(put("a ", &EUC_KR, &mut out), Err(Fault::LooksLikePadding));
        assert_eq!(put(" a", &RIGHT, &mut out), Err(Fault::LooksLikePadding));
        put(" a", &EUC_KR, &mut out).unwrap();
        assert_eq!(&out, b" a   ");
    }

    #[test]
    fn a_missing_character_names_itself_and_a_charset_that_has_it() {
        let mut out = [0; 9];
        let fault = put("가똠", &EUC_KR, &mut out).unwrap_err();
        assert_eq!(fault.to_string(), "character 2 of the value, '똠' (U+B620), is not in euc-kr; cp949 has it");
    }

    #[test]
    fn half_a_character_in_a_received_field_is_an_error() {
        assert_eq!(get(&EUC_KR, b"\xC8\xAB\xB1"), Err(Fault::Malformed { offset: 2, charset: Charset::EucKr }));
        assert_eq!(get(&RIGHT, b"  \xC8"), Err(Fault::Malformed { offset: 2, charset: Charset::EucKr }));
    }
}
