//! Text: characters in a charset, padded.
//!
//! ```text
//! 홍길동, euc-kr, 10 bytes, left, pad space:  C8 AB B1 E6 B5 BF 20 20 20 20
//! ```
//!
//! Trimming bytes is safe. In charsets that pad with 20, a space is never the second half of a character. In charsets that pad with
//! 40, an SI follows the pairs. Full-width fields and IBM-834 are padded and trimmed in pairs.
//!
//! ```text
//! 홍길동, ibm933, cut to 7 bytes:                    0E D1 B7 8B A9 0F 40
//! A1, cp949, 8 bytes, width full:                    A3 C1 A3 B1 A1 A1 A1 A1
//! ```

mod character;
#[cfg(feature = "serde")]
mod stand_in;

use alloc::borrow::{Cow, ToOwned as _};
use alloc::string::String;

use smol_str::SmolStr;

use super::FieldValue;
use crate::charset::{
    Charset, DecodeError, DecodeOptions, EncodeError, EncodeOptions, Half, NoRoomError, Reason, Stop,
};
use crate::error::Fault;
use crate::layout::{Justify, Overflow, TextRule, Width};
use crate::swar::{copy_ascii, is_ascii};
use crate::value::Text;

impl TextRule {
    /// Text in a charset with the usual options: left-justified, padded with the space of the charset, an error if too long, strict
    /// reading.
    #[must_use]
    pub const fn new(charset: Charset) -> Self {
        Self {
            charset,
            exact: false,
            pad: charset.space(),
            justify: Justify::Left,
            overflow: Overflow::Error,
            width: Width::Any,
            compat: false,
            half: Half::Refuse,
            open_shift: false,
            newline_15: false,
        }
    }

    /// Whether ASCII text has the same bytes in the field.
    #[inline(always)]
    const fn keeps_ascii(&self) -> bool {
        self.charset.keeps_ascii() && matches!(self.width, Width::Any)
    }

    pub(super) fn writing(&self) -> EncodeOptions {
        EncodeOptions { wide: self.width == Width::Wide, compat: self.compat, newline_15: self.newline_15 }
    }

    fn reading(&self) -> DecodeOptions {
        DecodeOptions { half: self.half, open_shift: self.open_shift, newline_15: self.newline_15 }
    }

    /// Whether the text is on the left, and ASCII text has the same bytes in the field.
    #[inline(always)]
    pub(crate) const fn is_plain(&self) -> bool {
        self.keeps_ascii() && matches!(self.justify, Justify::Left) && !self.exact
    }

    /// Whether padding may be in pairs. It is `false` for most text, so it is tested first.
    #[inline(always)]
    const fn is_in_pairs(&self) -> bool {
        matches!(self.width, Width::Wide) || self.charset.is_pairs()
    }

    /// The two bytes that fill the field, or `None` if padding is not in pairs.
    pub(crate) fn pad_pair(&self) -> Option<[u8; 2]> {
        if self.is_in_pairs() { self.charset.full_space() } else { None }
    }

    /// Whether the padding consists of this character.
    fn is_padding(&self, character: char) -> bool {
        match character {
            '\u{3000}' => self.pad_pair().is_some(),
            ' ' if self.width == Width::Wide => self.pad_pair().is_some() || self.pad == self.charset.space(),
            _ if self.charset.keeps_ascii() => character.is_ascii() && character as u32 == u32::from(self.pad),
            _ => {
                let mut pad = [0; 4];
                let mut given = [0; 4];
                let len = self.charset.decode_into(&[self.pad], &mut pad).ok().flatten();
                len.is_some_and(|len| pad.get(..len) == Some(character.encode_utf8(&mut given).as_bytes()))
            }
        }
    }
}

impl TextRule {
    /// The text without the padding before a dropped half of a character, or `None` if there is nothing to remove.
    fn without_padding<'t>(&self, text: &'t str) -> Option<&'t str> {
        let dropped = self.half == Half::Drop && self.justify == Justify::Left && !self.exact;
        let rest = dropped.then(|| text.trim_end_matches(|character| self.is_padding(character)))?;
        (rest.len() < text.len()).then_some(rest)
    }
}

/// Writes a text, given as bytes of UTF-8. Most texts do not need a `&str`. `text` is called only for other texts.
#[inline(always)]
fn put<'t>(utf8: &[u8], text: impl FnOnce() -> &'t str, rule: &TextRule, out: &mut [u8]) -> Result<(), Fault> {
    if rule.is_plain() && utf8.last() != Some(&rule.pad) {
        // The whole field is filled: its length is often a compile-time constant, the length of the padding is not.
        out.fill(rule.pad);
        // Most texts that are not ASCII do not begin with it.
        let only_ascii = matches!(rule.charset, Charset::Ascii);
        if (only_ascii || utf8.first().is_none_or(u8::is_ascii)) && copy_ascii(utf8, out) {
            return Ok(());
        }
        if !only_ascii {
            out.fill(rule.pad);
            if rule.charset.convert_from(utf8, out).is_some() {
                return Ok(());
            }
        }
    }
    put_any(text(), rule, out)
}

/// Writes any text by any rule, or returns the reason why it cannot.
#[inline(never)]
fn put_any(text: &str, rule: &TextRule, out: &mut [u8]) -> Result<(), Fault> {
    if rule.exact {
        return put_full(text, rule, out);
    }
    let mut chars = text.chars();
    let swallowed = match rule.justify {
        Justify::Left => chars.next_back(),
        Justify::Right => chars.next(),
    };
    if swallowed.is_some_and(|character| rule.is_padding(character)) {
        return Err(Fault::LooksLikePadding);
    }
    if rule.pad_pair().is_some() && !out.len().is_multiple_of(2) {
        return Err(Fault::BadSpec { reason: "full-width text needs an even number of bytes" });
    }
    put_characters(text, rule, out)
}

/// Writes a text that must fill the field exactly.
#[cold]
#[inline(never)]
fn put_full(text: &str, rule: &TextRule, out: &mut [u8]) -> Result<(), Fault> {
    let len = out.len();
    match rule.charset.encode_with(text, rule.writing(), out) {
        Ok(given) if given == len => Ok(()),
        Ok(given) => Err(Fault::NotFull { given, len }),
        Err(EncodeError::TooLong { needed, .. }) => Err(Fault::NotFull { given: needed, len }),
        Err(error) => Err(fault(error, rule.charset, len)),
    }
}

fn put_characters(text: &str, rule: &TextRule, out: &mut [u8]) -> Result<(), Fault> {
    let len = match rule.charset.encode_with(text, rule.writing(), out) {
        Ok(len) => len,
        Err(EncodeError::TooLong { .. }) if rule.overflow == Overflow::Cut => return put_cut(text, rule, out),
        Err(error) => return Err(fault(error, rule.charset, out.len())),
    };
    pad(rule, len, out);
    Ok(())
}

/// Writes as many whole characters as fit. Pad characters before the cut are dropped too.
#[cold]
fn put_cut(text: &str, rule: &TextRule, out: &mut [u8]) -> Result<(), Fault> {
    let room = out.len();
    let cut = |text: &str, out: &mut [u8]| {
        rule.charset.encode_cut(text, rule.writing(), out).map_err(|error| fault(error, rule.charset, room))
    };
    let (mut len, end) = cut(text, out)?;
    let fits = text.get(..end).unwrap_or_default();
    let kept = fits.trim_end_matches(|character| rule.is_padding(character));
    if kept.len() < fits.len() {
        (len, _) = cut(kept, out)?;
    }
    pad(rule, len, out);
    Ok(())
}

#[inline]
fn pad(rule: &TextRule, len: usize, out: &mut [u8]) {
    let padding = if rule.justify == Justify::Right {
        out.rotate_right(out.len().saturating_sub(len));
        let end = out.len().saturating_sub(len);
        out.get_mut(..end)
    } else {
        out.get_mut(len..)
    };
    let padding = padding.unwrap_or_default();
    match rule.is_in_pairs().then(|| rule.pad_pair()).flatten() {
        None => padding.fill(rule.pad),
        Some(pair) => padding.as_chunks_mut().0.fill(pair),
    }
}

/// The field's bytes without the padding.
#[inline(always)]
fn trim<'a>(rule: &TextRule, bytes: &'a [u8]) -> &'a [u8] {
    match rule.justify {
        _ if rule.exact => bytes,
        _ if rule.is_in_pairs() => trim_pairs(rule, bytes),
        Justify::Left => trim_end(bytes, rule.pad),
        Justify::Right => trim_start(bytes, rule.pad),
    }
}

#[inline(never)]
fn trim_pairs<'a>(rule: &TextRule, bytes: &'a [u8]) -> &'a [u8] {
    let mut bytes = bytes;
    match (rule.justify, rule.pad_pair()) {
        (Justify::Left, None) => return trim_end(bytes, rule.pad),
        (Justify::Right, None) => return trim_start(bytes, rule.pad),
        (Justify::Left, Some(pair)) => {
            while let Some(rest) = bytes.strip_suffix(&pair) {
                bytes = rest;
            }
        }
        (Justify::Right, Some(pair)) => {
            while let Some(rest) = bytes.strip_prefix(&pair) {
                bytes = rest;
            }
        }
    }
    bytes
}

#[inline(always)]
pub(crate) fn trim_end(mut bytes: &[u8], pad: u8) -> &[u8] {
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

/// The text of the field without the padding. All of it is ASCII, so each byte is a character, and there is always a text.
#[inline(always)]
fn trim_ascii<'a>(rule: &TextRule, text: &'a str) -> Option<&'a str> {
    let trimmed = trim(rule, text.as_bytes()).len();
    match rule.justify {
        Justify::Left => text.get(..trimmed),
        Justify::Right => text.get(text.len() - trimmed..),
    }
}

#[cold]
fn fault(error: EncodeError, charset: Charset, len: usize) -> Fault {
    match error {
        EncodeError::TooLong { needed, character, position } => {
            Fault::NoRoom(NoRoomError { needed, len, character: Some(character), position })
        }
        EncodeError::Unmappable { character, position } => {
            Fault::Unmappable { character: Some(character), position, charset, instead: charset.instead(character) }
        }
    }
}

/// The fault for malformed text. Its offset counts from the start of the field, even if padding is before the text.
#[cold]
fn malformed(error: DecodeError, rule: &TextRule, field: &[u8], text: &[u8]) -> Fault {
    let before = if rule.justify == Justify::Right { field.len() - text.len() } else { 0 };
    Fault::Malformed { at: DecodeError { offset: before + error.offset, ..error }, charset: rule.charset }
}

/// Checks that a full-width field has no half-width letter. Such text would be written again with other bytes.
#[cold]
fn check_full(text: &str, rule: &TextRule) -> Result<(), DecodeError> {
    let narrow = |character: char| matches!(character, ' '..='~');
    match text.find(narrow) {
        None => Ok(()),
        Some(at) => {
            let offset = rule.charset.text_len(text.get(..at).unwrap_or_default());
            Err(DecodeError { offset, reason: Reason::HalfWidth })
        }
    }
}

fn get<'a>(rule: &TextRule, bytes: &'a [u8]) -> Result<Cow<'a, str>, Fault> {
    let trimmed = trim(rule, bytes);
    let mut read = rule.charset.decode_with(trimmed, rule.reading());
    if rule.width == Width::Wide {
        read = read.and_then(|text| check_full(&text, rule).map(|()| text));
    }
    let text = read.map_err(|error| malformed(error, rule, bytes, trimmed))?;
    Ok(match rule.without_padding(&text) {
        Some(rest) => Cow::Owned(rest.to_owned()),
        None => text,
    })
}

/// [`get`] for bytes that are ASCII.
#[inline]
fn get_from_ascii<'a>(rule: &TextRule, text: &'a str) -> Result<Cow<'a, str>, Fault> {
    match rule.keeps_ascii().then(|| trim_ascii(rule, text)).flatten() {
        Some(text) => Ok(Cow::Borrowed(text)),
        None => get(rule, text.as_bytes()),
    }
}

impl<'a, const N: usize> FieldValue<'a, TextRule> for Text<N> {
    const LEN: Option<usize> = Some(N);

    #[inline(always)]
    fn put(&self, rule: &TextRule, out: &mut [u8]) -> Result<(), Fault> {
        put(self.as_utf8(), || self.as_str(), rule, out)
    }

    /// ASCII bytes are copied without a `&str`, so `PREFERS_ASCII` stays `false`.
    #[inline(always)]
    fn get(rule: &TextRule, bytes: &'a [u8]) -> Result<Self, Fault> {
        let text = trim(rule, bytes);
        // The length of the field is often a constant, and its padding is ASCII.
        if rule.keeps_ascii() && is_ascii(if rule.pad.is_ascii() { bytes } else { text }) {
            return Self::from_ascii(text).ok_or(Fault::TooLong { needed: text.len(), len: N });
        }
        convert(rule, bytes, text)
    }

    fn as_text(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self))
    }
}

/// Reads the bytes of a field without its padding.
#[inline(always)]
fn convert<const N: usize>(rule: &TextRule, field: &[u8], text: &[u8]) -> Result<Text<N>, Fault> {
    let read = match Text::decode(rule.charset, text, rule.reading()) {
        Ok(read) => read,
        Err(stop) => return Err(unread(stop, rule, field, text, N)),
    };
    if rule.width == Width::Wide
        && let Err(error) = check_full(&read, rule)
    {
        return Err(malformed(error, rule, field, text));
    }
    if rule.half == Half::Drop {
        return Ok(rule.without_padding(&read).and_then(|rest| Text::new(rest).ok()).unwrap_or(read));
    }
    Ok(read)
}

/// The fault for bytes that are no text, or too long a text for a value of `room` bytes.
#[cold]
fn unread(stop: Stop, rule: &TextRule, field: &[u8], text: &[u8], room: usize) -> Fault {
    match stop {
        Stop::Full => Fault::TooLong { needed: text.len(), len: room },
        Stop::Malformed(error) => malformed(error, rule, field, text),
    }
}

impl<'a> FieldValue<'a, TextRule> for String {
    #[inline(always)]
    fn put(&self, rule: &TextRule, out: &mut [u8]) -> Result<(), Fault> {
        put(self.as_bytes(), || self, rule, out)
    }

    fn get(rule: &TextRule, bytes: &'a [u8]) -> Result<Self, Fault> {
        get(rule, bytes).map(Cow::into_owned)
    }

    const PREFERS_ASCII: bool = true;

    #[inline]
    fn get_ascii(rule: &TextRule, text: &'a str) -> Result<Self, Fault> {
        get_from_ascii(rule, text).map(Cow::into_owned)
    }

    fn as_text(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self))
    }
}

/// The longest text in bytes on the wire that is converted on the stack.
const SHORT: usize = 24;

impl<'a> FieldValue<'a, TextRule> for SmolStr {
    #[inline(always)]
    fn put(&self, rule: &TextRule, out: &mut [u8]) -> Result<(), Fault> {
        put(self.as_bytes(), || self, rule, out)
    }

    fn get(rule: &TextRule, bytes: &'a [u8]) -> Result<Self, Fault> {
        let trimmed = trim(rule, bytes);
        if trimmed.len() > SHORT {
            return get(rule, bytes).map(Self::from);
        }
        let mut utf8 = [0; 3 * SHORT];
        match rule.charset.convert_into(trimmed, rule.reading(), &mut utf8) {
            Ok(len) if rule.width != Width::Wide && rule.half != Half::Drop => {
                let text = utf8.get(..len).and_then(|utf8| core::str::from_utf8(utf8).ok());
                Ok(Self::new(text.unwrap_or_default()))
            }
            _ => get(rule, bytes).map(Self::from),
        }
    }

    const PREFERS_ASCII: bool = true;

    #[inline]
    fn get_ascii(rule: &TextRule, text: &'a str) -> Result<Self, Fault> {
        match rule.keeps_ascii().then(|| trim_ascii(rule, text)).flatten() {
            Some(text) => Ok(Self::new(text)),
            None => Self::get(rule, text.as_bytes()),
        }
    }

    fn as_text(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self))
    }
}

impl<'a> FieldValue<'a, TextRule> for Cow<'a, str> {
    #[inline(always)]
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
        get_from_ascii(rule, text)
    }

    fn as_text(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self))
    }
}

/// Borrows the bytes, so the charset must be ASCII or UTF-8. The derive refuses other charsets. A rule written by hand gets a fault
/// when a text needs conversion.
impl<'a> FieldValue<'a, TextRule> for &'a str {
    #[inline(always)]
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

    #[inline(always)]
    fn get_ascii(rule: &TextRule, text: &'a str) -> Result<Self, Fault> {
        match rule.keeps_ascii().then(|| trim_ascii(rule, text)).flatten() {
            Some(text) => Ok(text),
            None => Self::get(rule, text.as_bytes()),
        }
    }

    fn as_text(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Borrowed(self))
    }
}

#[cfg(test)]
mod tests;
