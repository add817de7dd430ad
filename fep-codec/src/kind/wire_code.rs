//! Codes as bytes, which identify telegrams and the cases of a choice.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use fep_core::codes::{hex, units};

use super::FieldValue;
use crate::charset::Charset;
use crate::layout::{CodeRule, DigitsRule, Encoding, FlagRule, Justify, Kind, NumberRule, TextRule, Width};

impl Kind {
    /// Whether a field with these bytes holds this code: text, digits and codes padded with spaces, a number with this value, a flag
    /// with this character or with `true` or `false`, bytes with these hex digits. `when` and choices use it.
    #[must_use]
    #[inline(always)]
    pub fn says(&self, code: &str, field: &[u8]) -> bool {
        match self {
            Self::Number(rule) => number_is(rule, code, field),
            Self::Flag(rule) => matches!((field, flag_byte(rule, code)), ([found], Some(byte)) if *found == byte),
            Self::Bytes(_) => hex_is(code, field),
            Self::Date(_) | Self::Time(_) | Self::DateTime(_) => false,
            Self::Digits(rule) if !rule.is_filled_with_blanks() => encoded_digits_are(rule, code, field),
            Self::Text(rule) if !rule.charset.keeps_ascii() || !rule.is_filled_with_blanks() || !code.is_ascii() => {
                text_is(rule, code, field)
            }
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
    /// A field that reads one form of each value holds the code if and only if it has these bytes. `None` if no field of this kind and length can hold the code.
    ///
    /// [`Layout::matches`]: crate::Layout::matches
    #[must_use]
    pub fn code_bytes(&self, code: &str, len: usize) -> Option<Vec<u8>> {
        let bytes = match self {
            Self::Digits(rule) if !rule.is_filled_with_blanks() => {
                let mut bytes = vec![0; len];
                code.put(rule, &mut bytes).ok().map(|()| bytes)
            }
            Self::Text(rule) if !rule.is_filled_with_blanks() || !code.is_ascii() => {
                let mut bytes = vec![0; len];
                code.put(rule, &mut bytes).ok().map(|()| bytes)
            }
            Self::Text(TextRule { charset, .. }) | Self::Code(CodeRule { charset, .. }) => {
                padded(code.bytes().map(|ascii| wire(*charset, ascii)), charset.space(), len)
            }
            Self::Digits(_) => padded(code.bytes().map(Some), b' ', len),
            Self::Number(rule) => {
                let mut bytes = vec![0; len];
                number_of(rule, code).and_then(|value| value.put(rule, &mut bytes).ok()).map(|()| bytes)
            }
            Self::Flag(rule) => flag_byte(rule, code).map(|byte| vec![byte]).filter(|_| len == 1),
            Self::Bytes(_) => hex(code).collect::<Option<Vec<u8>>>().filter(|bytes| bytes.len() == len),
            Self::Date(_) | Self::Time(_) | Self::DateTime(_) => None,
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

/// [`Kind::says`] for numbers. Any form of the number that the field accepts is this number.
#[cold]
fn number_is(rule: &NumberRule, code: &str, field: &[u8]) -> bool {
    number_of(rule, code).is_some_and(|value| Option::<i128>::get(rule, field) == Ok(value))
}

/// The number that a code stands for, in its smallest unit. The inner `None` is an empty code: no value.
pub(super) fn number_of(rule: &NumberRule, code: &str) -> Option<Option<i128>> {
    if code.is_empty() { Some(None) } else { units(code, rule.decimals().into()).map(Some) }
}

/// The byte of a flag: its character, in ASCII or EBCDIC, or `true` or `false`.
fn flag_byte(rule: &FlagRule, code: &str) -> Option<u8> {
    match code.as_bytes() {
        b"true" => Some(rule.yes),
        b"false" => Some(rule.no),
        [ascii] => [rule.yes, rule.no].into_iter().find(|byte| byte == ascii || ebcdic(*ascii) == Some(*byte)),
        _ => None,
    }
}

/// The byte of a letter or a digit in EBCDIC, where all code pages agree on them.
const fn ebcdic(ascii: u8) -> Option<u8> {
    match ascii {
        b'0'..=b'9' => Some(ascii | 0xF0),
        b'A'..=b'I' => Some(ascii - b'A' + 0xC1),
        b'J'..=b'R' => Some(ascii - b'J' + 0xD1),
        b'S'..=b'Z' => Some(ascii - b'S' + 0xE2),
        b'a'..=b'i' => Some(ascii - b'a' + 0x81),
        b'j'..=b'r' => Some(ascii - b'j' + 0x91),
        b's'..=b'z' => Some(ascii - b's' + 0xA2),
        b' ' => Some(0x40),
        _ => None,
    }
}

/// [`Kind::says`] for raw bytes, which are written as hex digits.
#[cold]
fn hex_is(code: &str, field: &[u8]) -> bool {
    hex(code).eq(field.iter().copied().map(Some))
}

impl TextRule {
    /// Whether a code is at the start of the field, with the blanks of the charset behind it.
    #[inline(always)]
    pub(crate) const fn is_filled_with_blanks(&self) -> bool {
        let blanks = matches!(self.justify, Justify::Left) && self.pad == self.charset.space();
        self.exact || blanks && matches!(self.width, Width::Any)
    }
}

impl DigitsRule {
    /// Whether a code is at the start of the field in ASCII, with blanks behind it.
    #[inline(always)]
    pub(crate) const fn is_filled_with_blanks(&self) -> bool {
        let blanks = matches!(self.justify, Justify::Left) && self.pad == b' ';
        matches!(self.encoding, Encoding::Ascii) && (self.exact || blanks)
    }
}

/// [`Kind::says`] for text that needs conversion, or that is filled in another way than with blanks behind it.
#[cold]
fn text_is(rule: &TextRule, code: &str, field: &[u8]) -> bool {
    if !code.is_ascii() {
        return String::get(rule, field).is_ok_and(|text| text == code);
    }
    if rule.is_filled_with_blanks() {
        return is_in(rule.charset, code, field);
    }
    let mut written = vec![0; field.len()];
    code.put(rule, &mut written).is_ok() && written == field
}

/// [`Kind::says`] for a charset in which some ASCII characters have other bytes or none.
#[cold]
fn is_in(charset: Charset, code: &str, field: &[u8]) -> bool {
    let Some((found, rest)) = field.split_at_checked(code.len()) else { return false };
    // FF never matches: it is not a code's character in EBCDIC, and not a character of JIS X 0201.
    let byte = |ascii| wire(charset, ascii).unwrap_or(0xFF);
    found.iter().copied().eq(code.bytes().map(byte)) && rest.iter().all(|byte| *byte == charset.space())
}

/// [`Kind::says`] for digits that are not ASCII, or that are filled in another way than with blanks behind them.
#[cold]
fn encoded_digits_are(rule: &DigitsRule, code: &str, field: &[u8]) -> bool {
    if rule.is_half() {
        return String::get(rule, field).is_ok_and(|digits| digits == code);
    }
    let Some(room) = field.len().checked_sub(code.len()) else { return false };
    let at_start = rule.exact || rule.justify == Justify::Left;
    let Some((first, second)) = field.split_at_checked(if at_start { code.len() } else { room }) else { return false };
    let (digits, padding) = if at_start { (first, second) } else { (second, first) };
    let wire = |digit| rule.wire(digit);
    digits.iter().copied().map(Some).eq(code.bytes().map(wire))
        && padding.iter().all(|byte| *byte == rule.pad)
        && !(rule.exact && room > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::Sign;

    #[test]
    fn a_code_is_digits_or_a_number_in_each_encoding() {
        let bcd = Kind::Digits(DigitsRule { encoding: Encoding::Bcd, exact: true, pad: 0x0F, ..DigitsRule::LEFT });
        assert_eq!(bcd.code_bytes("0200", 2).as_deref(), Some(b"\x02\x00".as_slice()));
        assert_eq!(bcd.code_bytes("200", 2), None);
        assert!(bcd.says("0200", b"\x02\x00") && !bcd.says("200", b"\x02\x00") && !bcd.says("0200", b"\x02\x0A"));
        let number = |encoding, sign| Kind::Number(NumberRule { encoding, sign, ..NumberRule::UNSIGNED });
        let check = |kind: &Kind, code: &str, bytes: &[u8]| {
            assert_eq!(kind.code_bytes(code, bytes.len()).as_deref(), Some(bytes), "{code}");
            assert!(kind.says(code, bytes));
        };
        check(&number(Encoding::Ascii, Sign::Unsigned), "0200", b"00200");
        check(&number(Encoding::Bcd, Sign::Unsigned), "0200", b"\x02\x00");
        check(&number(Encoding::Packed, Sign::Signed), "-200", b"\x20\x0D");
        check(&number(Encoding::Binary, Sign::Unsigned), "200", b"\x00\xC8");
        assert_eq!(number(Encoding::Bcd, Sign::Unsigned).code_bytes("2x0", 2), None);
        assert_eq!(number(Encoding::Bcd, Sign::Unsigned).code_bytes("20000", 2), None);
        assert!(!number(Encoding::Bcd, Sign::Unsigned).says("", b"\0\0"));
    }
}
