//! Digits: a digit string that is not a number, so leading zeros are kept.
//!
//! ```text
//! 0012345678901, 16 bytes:         30 30 31 32 33 34 35 36 37 38 39 30 31 20 20 20
//! 0100, 4 bytes, exact:            30 31 30 30
//! 0210, 4 bytes, exact, EBCDIC:    F0 F2 F1 F0
//! ```

mod half;

use alloc::borrow::Cow;
use alloc::string::String;

use smol_str::SmolStr;

use super::FieldValue;
use super::text::{trim_end, trim_start};
use crate::error::Fault;
use crate::layout::{Accepts, DigitsRule, Encoding, Justify};
use crate::swar::{all_digits, copy_digits};
use crate::value::Digits;

impl DigitsRule {
    /// Digits on the left, padded with spaces.
    pub const LEFT: Self = Self {
        encoding: Encoding::Ascii,
        exact: false,
        pad: b' ',
        justify: Justify::Left,
        digits_max: None,
        accepts: Accepts::NONE,
    };
    /// Digits in every byte.
    pub const EXACT: Self = Self { exact: true, ..Self::LEFT };

    /// Whether the digits are ASCII, and on the left or in every byte.
    #[inline(always)]
    pub(crate) const fn is_plain(&self) -> bool {
        matches!(self.encoding, Encoding::Ascii) && (self.exact || matches!(self.justify, Justify::Left))
    }

    /// The ASCII character of a byte of the field: a digit, or a space for padding. Any other byte is returned unchanged, except that
    /// an ASCII digit in an EBCDIC field becomes FF.
    pub(crate) const fn ascii(&self, byte: u8) -> u8 {
        match (self.encoding, byte) {
            (Encoding::Ebcdic, 0xF0..=0xF9) => byte & 0x3F,
            (Encoding::Ebcdic, b'0'..=b'9') => 0xFF,
            _ if byte == self.pad => b' ',
            _ => byte,
        }
    }

    /// The byte in the field for an ASCII digit, or `None` if it has none. The inverse of [`DigitsRule::ascii`].
    pub(crate) const fn wire(&self, digit: u8) -> Option<u8> {
        match (self.encoding, digit) {
            (Encoding::Ebcdic, b'0'..=b'9') => Some(digit | 0xF0),
            (Encoding::Ascii, b'0'..=b'9') => Some(digit),
            _ => None,
        }
    }

    const fn is_digit(&self, byte: u8) -> bool {
        match self.encoding {
            Encoding::Ebcdic => matches!(byte, 0xF0..=0xF9),
            _ => byte.is_ascii_digit(),
        }
    }

    /// Checks that the encoding has one byte for each digit.
    fn check(&self) -> Result<(), Fault> {
        if self.encoding.is_zoned() {
            return Ok(());
        }
        Err(Fault::BadSpec { reason: "digits are not binary" })
    }
}

#[inline(always)]
fn put(digits: &[u8], rule: &DigitsRule, out: &mut [u8]) -> Result<(), Fault> {
    let fits = if rule.exact { digits.len() == out.len() } else { digits.len() <= out.len() };
    if rule.is_plain() && fits {
        // Fill the whole field: its length is often a compile-time constant, the length of the padding is not.
        if !rule.exact {
            out.fill(rule.pad);
        }
        if copy_digits(digits, out) {
            return Ok(());
        }
    }
    put_any(digits, rule, out)
}

/// [`put`] for any encoding and any justification. Returns the reason if the digits cannot be written.
#[inline(never)]
fn put_any(digits: &[u8], rule: &DigitsRule, out: &mut [u8]) -> Result<(), Fault> {
    if rule.is_half() {
        return half::put(digits, rule, out);
    }
    rule.check()?;
    if !all_digits(digits) {
        let offset = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
        return Err(Fault::NotADigit { offset, byte: digits.get(offset).copied() });
    }
    let len = out.len();
    let Some(pad_len) = len.checked_sub(digits.len()) else {
        return Err(Fault::TooLong { needed: digits.len(), len });
    };
    if rule.exact && pad_len > 0 {
        return Err(Fault::NotFull { given: digits.len(), len });
    }
    let (value, padding) = match rule.justify {
        Justify::Left => out.split_at_mut(digits.len()),
        Justify::Right => {
            let (padding, value) = out.split_at_mut(pad_len);
            (value, padding)
        }
    };
    value.copy_from_slice(digits);
    if rule.encoding == Encoding::Ebcdic {
        value.iter_mut().for_each(|digit| *digit |= 0xF0);
    }
    padding.fill(rule.pad);
    Ok(())
}

/// The field's bytes without the padding, in the field's encoding.
#[inline(always)]
fn trim<'a>(rule: &DigitsRule, bytes: &'a [u8]) -> &'a [u8] {
    match (rule.exact, rule.justify) {
        (true, _) => bytes,
        (false, Justify::Left) => trim_end(bytes, rule.pad),
        (false, Justify::Right) => trim_start(bytes, rule.pad),
    }
}

#[inline(always)]
fn get<'a>(rule: &DigitsRule, bytes: &'a [u8]) -> Result<&'a [u8], Fault> {
    if rule.encoding != Encoding::Ascii {
        return get_encoded(rule, bytes);
    }
    let digits = trim(rule, bytes);
    if all_digits(digits) { Ok(digits) } else { Err(not_a_digit(rule, bytes, digits)) }
}

/// [`get`] for digits that are not ASCII.
fn get_encoded<'a>(rule: &DigitsRule, bytes: &'a [u8]) -> Result<&'a [u8], Fault> {
    rule.check()?;
    let digits = trim(rule, bytes);
    let sound = digits.iter().all(|byte| rule.is_digit(*byte));
    if sound { Ok(digits) } else { Err(not_a_digit(rule, bytes, digits)) }
}

#[cold]
fn not_a_digit(rule: &DigitsRule, field: &[u8], digits: &[u8]) -> Fault {
    let before = if rule.justify == Justify::Right { field.len() - digits.len() } else { 0 };
    let at = digits.iter().take_while(|byte| rule.is_digit(**byte)).count();
    Fault::NotADigit { offset: before + at, byte: digits.get(at).copied() }
}

/// The reason why these bytes are not digits, or do not fit into a value with room for `room` digits.
#[cold]
fn no_digits(rule: &DigitsRule, field: &[u8], digits: &[u8], room: usize) -> Fault {
    if all_digits(digits) {
        Fault::TooLong { needed: digits.len(), len: room }
    } else {
        not_a_digit(rule, field, digits)
    }
}

/// The digits as text. It borrows the bytes of the field if they are ASCII.
#[inline]
fn get_str<'a>(rule: &DigitsRule, bytes: &'a [u8]) -> Result<Cow<'a, str>, Fault> {
    if rule.is_half() {
        return Ok(Cow::Owned(half::get(rule, bytes)?.map(char::from).collect()));
    }
    let digits = get(rule, bytes)?;
    if rule.encoding == Encoding::Ascii {
        // Only digits pass `get`, so this is never the default.
        return Ok(Cow::Borrowed(core::str::from_utf8(digits).unwrap_or_default()));
    }
    Ok(Cow::Owned(digits.iter().map(|byte| char::from(rule.ascii(*byte))).collect()))
}

/// The digits as text, if it can borrow the bytes of the field.
#[inline]
fn borrow_str<'a>(rule: &DigitsRule, bytes: &'a [u8]) -> Result<&'a str, Fault> {
    match get_str(rule, bytes)? {
        Cow::Borrowed(digits) => Ok(digits),
        Cow::Owned(_) => {
            Err(Fault::BadSpec { reason: "`&str` cannot borrow digits that are not ASCII, because they are converted" })
        }
    }
}

impl<'a, const N: usize> FieldValue<'a, DigitsRule> for Digits<N> {
    const LEN: Option<usize> = Some(N);

    #[inline(always)]
    fn put(&self, rule: &DigitsRule, out: &mut [u8]) -> Result<(), Fault> {
        put(self.as_bytes(), rule, out)
    }

    #[inline(always)]
    fn get(rule: &DigitsRule, bytes: &'a [u8]) -> Result<Self, Fault> {
        if rule.encoding != Encoding::Ascii {
            return convert(rule, bytes);
        }
        let digits = trim(rule, bytes);
        let new = match bytes.try_into() {
            Ok(field) if rule.justify == Justify::Left => Self::at_the_start_of(field, digits.len()),
            _ => Self::from_bytes(digits),
        };
        new.ok_or_else(|| no_digits(rule, bytes, digits, N))
    }
}

/// Reads digits that are not ASCII.
fn convert<const N: usize>(rule: &DigitsRule, bytes: &[u8]) -> Result<Digits<N>, Fault> {
    if rule.is_half() {
        let digits = half::get(rule, bytes)?;
        let count = digits.clone().count();
        let mut ascii = [0; N];
        ascii.iter_mut().zip(digits).for_each(|(to, digit)| *to = digit);
        let new = ascii.get(..count).and_then(Digits::from_bytes);
        return new.ok_or(Fault::TooLong { needed: count, len: N });
    }
    let digits = get(rule, bytes)?;
    let mut ascii = [0; N];
    ascii.iter_mut().zip(digits).for_each(|(to, from)| *to = rule.ascii(*from));
    let new = ascii.get(..digits.len()).and_then(Digits::from_bytes);
    new.ok_or(Fault::TooLong { needed: digits.len(), len: N })
}

/// Implements the types that hold digits as text.
macro_rules! text_types {
    ($($text:ty = $get:expr),*) => {
        $(impl<'a> FieldValue<'a, DigitsRule> for $text {
            #[inline(always)]
            fn put(&self, rule: &DigitsRule, out: &mut [u8]) -> Result<(), Fault> {
                put(self.as_bytes(), rule, out)
            }

            #[inline]
            fn get(rule: &DigitsRule, bytes: &'a [u8]) -> Result<Self, Fault> {
                $get(rule, bytes)
            }

            const PREFERS_ASCII: bool = true;

            #[inline(always)]
            fn get_ascii(rule: &DigitsRule, text: &'a str) -> Result<Self, Fault> {
                if rule.encoding != Encoding::Ascii {
                    return Self::get(rule, text.as_bytes());
                }
                let digits = get(rule, text.as_bytes())?.len();
                // In ASCII text every offset is a character boundary.
                let digits = match rule.justify {
                    _ if rule.exact => Some(text),
                    Justify::Left => text.get(..digits),
                    Justify::Right => text.get(text.len() - digits..),
                };
                match digits {
                    Some(digits) => Ok(<$text>::from(digits)),
                    None => Self::get(rule, text.as_bytes()),
                }
            }
        })*
    };
}

text_types!(
    &'a str = borrow_str,
    String = |rule, bytes| get_str(rule, bytes).map(Cow::into_owned),
    SmolStr = |rule, bytes| get_str(rule, bytes).map(SmolStr::from),
    Cow<'a, str> = get_str
);

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;
    use alloc::vec;

    use super::*;

    fn check(rule: &DigitsRule, digits: &str, bytes: &[u8]) {
        let mut out = vec![0xEE; bytes.len()];
        put(digits.as_bytes(), rule, &mut out).unwrap();
        assert_eq!(out, bytes, "{digits}");
        assert_eq!(get_str(rule, bytes).unwrap(), digits);
        assert_eq!(Digits::<16>::get(rule, bytes).unwrap(), *digits);
    }

    #[test]
    fn zeros_stay_where_they_are() {
        check(&DigitsRule::LEFT, "00120", b"00120   ");
        check(&DigitsRule::LEFT, "", b"   ");
        check(&DigitsRule::EXACT, "0100", b"0100");
        let zeros = DigitsRule { justify: Justify::Right, ..DigitsRule::LEFT };
        check(&zeros, "0012", b"  0012");
    }

    #[test]
    fn ebcdic_digits_are_read_as_text() {
        let rule = DigitsRule { encoding: Encoding::Ebcdic, pad: 0x40, ..DigitsRule::LEFT };
        check(&rule, "0210", b"\xF0\xF2\xF1\xF0");
        check(&rule, "17", b"\xF1\xF7\x40\x40");
        check(&rule, "", b"\x40\x40");
        assert_eq!(String::get_ascii(&rule, "@@"), Ok(String::new()));
        assert_eq!(String::get_ascii(&rule, "17"), Err(Fault::NotADigit { offset: 0, byte: Some(b'1') }));
        assert!(matches!(<&str>::get(&rule, b"\xF1"), Err(Fault::BadSpec { .. })));
        assert_eq!(Digits::<1>::get(&rule, b"\xF1\xF2"), Err(Fault::TooLong { needed: 2, len: 1 }));
        for byte in 0..=u8::MAX {
            let digit = (0xF0..=0xF9).contains(&byte).then(|| char::from(byte - 0xC0).to_string());
            let exact = DigitsRule { exact: true, ..rule };
            assert_eq!(String::get(&exact, &[byte]).ok(), digit, "{byte:02x}");
        }
    }

    #[test]
    fn full_means_every_byte() {
        let mut out = [0; 4];
        assert_eq!(put(b"100", &DigitsRule::EXACT, &mut out), Err(Fault::NotFull { given: 3, len: 4 }));
        assert_eq!(get(&DigitsRule::EXACT, b"100 "), Err(Fault::NotADigit { offset: 3, byte: Some(b' ') }));
    }

    #[test]
    fn a_letter_or_an_inner_space_is_an_error_with_its_place() {
        assert_eq!(get(&DigitsRule::LEFT, b"12 4  "), Err(Fault::NotADigit { offset: 2, byte: Some(b' ') }));
        let mut out = [0; 4];
        assert_eq!(put(b"1-2", &DigitsRule::LEFT, &mut out), Err(Fault::NotADigit { offset: 1, byte: Some(b'-') }));
        assert_eq!(put(b"12345", &DigitsRule::LEFT, &mut out), Err(Fault::TooLong { needed: 5, len: 4 }));
    }
}
