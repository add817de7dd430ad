//! Blanks that are a value, too: which contents for "no value" cannot be told from a number, a date or a time.
//!
//! A blank is `20`, or `40` in EBCDIC. Where each digit has a byte, a blank is no digit. Where a byte holds two digits it is the
//! digits 20 or 40, so blanks in BCD are the time 20:20 and the number 2020. In a binary number they are one more number.
//!
//! Zeros, nines and low-values name a value on purpose: the sheet says that this number means "no value". In dates and times they
//! are none, except zeros in a time, which are midnight.

use core::fmt;

use crate::calendar::{DatePart, Piece, Pieces};
use crate::encoding::Encoding;
use crate::rules::{NoneAs, Nones};
use crate::words::Word as _;

/// Blanks that are a value, too. Its text says which value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlankValue {
    none: NoneAs,
    byte: u8,
    noun: &'static str,
    /// The digits, without zeros before them.
    digits: u128,
}

impl BlankValue {
    /// The first of these words that is a value of a number with this many bytes.
    #[must_use]
    pub fn of_number(nones: Nones, encoding: Encoding, len: usize, digits_max: Option<usize>) -> Option<Self> {
        let number = |byte: u8| {
            let value = match encoding {
                Encoding::Ascii | Encoding::Ebcdic | Encoding::Packed => return None,
                Encoding::Bcd => decimal(core::iter::repeat_n(byte, len).flat_map(halves))?,
                Encoding::Binary | Encoding::BinaryLittle => core::iter::repeat_n(byte, len)
                    .try_fold(0_u128, |value, byte| value.checked_mul(0x100)?.checked_add(byte.into()))?,
            };
            let is_beyond = |max: usize| {
                u32::try_from(max).ok().and_then(|max| 10_u128.checked_pow(max)).is_some_and(|beyond| value >= beyond)
            };
            (!digits_max.is_some_and(is_beyond)).then_some(value)
        };
        first(nones, encoding, "number", number)
    }

    /// The first of these words that is a value of this pattern of a date or time.
    #[must_use]
    pub fn of_pattern(nones: Nones, encoding: Encoding, pattern: &Pieces, noun: &'static str) -> Option<Self> {
        // With an odd number of digits the first half byte is zero, which that of a blank is not.
        if encoding != Encoding::Bcd || !pattern.len().is_multiple_of(2) {
            return None;
        }
        let date = |byte: u8| {
            let mut digits = core::iter::repeat(byte).flat_map(halves);
            pattern.iter().all(|piece| is_possible(piece, &mut digits)).then_some(())?;
            decimal(core::iter::repeat_n(byte, pattern.len() / 2).flat_map(halves))
        };
        first(nones, encoding, noun, date)
    }

    /// How many digits the value has. A number with a smaller `digits_max` cannot be this value.
    #[must_use]
    pub fn digits(&self) -> u32 {
        self.digits.checked_ilog10().map_or(1, |most| most + 1)
    }
}

/// `"spaces" are bytes of 20, which are the time 2020, too`
impl fmt::Display for BlankValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { none, byte, noun, digits } = self;
        write!(f, "\"{}\" are bytes of {byte:02x}, which are the {noun} {digits}, too", none.word())
    }
}

fn first(
    nones: Nones,
    encoding: Encoding,
    noun: &'static str,
    value: impl Fn(u8) -> Option<u128>,
) -> Option<BlankValue> {
    let is_blank = |none: &NoneAs| matches!(none, NoneAs::Spaces | NoneAs::EbcdicSpaces);
    nones.iter().filter(is_blank).find_map(|none| {
        let [byte, _] = none.bytes(encoding, false)?;
        Some(BlankValue { none, byte, noun, digits: value(byte)? })
    })
}

/// Both digits of a byte.
fn halves(byte: u8) -> [u8; 2] {
    [byte >> 4, byte & 0x0F]
}

fn decimal(mut digits: impl Iterator<Item = u8>) -> Option<u128> {
    digits.try_fold(0_u128, |value, digit| value.checked_mul(10)?.checked_add(digit.into()))
}

/// Takes the digits of a piece. Blanks never make a day from 29 to 31, so each day that is possible is in every month.
fn is_possible(piece: Piece, digits: &mut impl Iterator<Item = u8>) -> bool {
    let Piece::Part(part) = piece else { return false };
    let Some(value) = decimal(digits.take(part.letters().len())) else { return false };
    match part {
        DatePart::Year | DatePart::ShortYear | DatePart::CenturyYear => true,
        DatePart::Hundredths | DatePart::Milliseconds | DatePart::Microseconds => true,
        DatePart::Month => (1..=12).contains(&value),
        DatePart::Day => (1..=28).contains(&value),
        DatePart::DayOfYear => (1..=365).contains(&value),
        DatePart::Hour => value < 24,
        DatePart::Minute | DatePart::Second => value < 60,
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use super::*;
    use crate::calendar::Pattern;

    fn of(none: NoneAs, word: &str) -> Option<alloc::string::String> {
        let pattern = Pattern::parse(word).unwrap();
        let value = BlankValue::of_pattern(Nones::of(&[none]), Encoding::Bcd, pattern.pieces(), "value");
        value.map(|value| value.to_string())
    }

    #[test]
    fn blanks_in_bcd_are_a_time_and_rarely_a_date() {
        let text = |digits: &str| Some(alloc::format!("\"spaces\" are bytes of 20, which are the value {digits}, too"));
        assert_eq!(of(NoneAs::Spaces, "HHMM"), text("2020"));
        assert_eq!(of(NoneAs::Spaces, "HHMMSS"), text("202020"));
        // The year 1900 + 202 and its day 020.
        assert_eq!(of(NoneAs::Spaces, "CYYDDD"), text("202020"));
        for word in ["YYMMDD", "MMDD", "DDMM", "YYYYMM", "YYMM", "YYYYMMDDHHMMSS", "YYDDD", "HHMMSSmmm"] {
            assert_eq!(of(NoneAs::Spaces, word), None, "{word}");
        }
        // 40 is no hour. 404 is the year 2304, and 040 a day of it.
        assert_eq!(of(NoneAs::EbcdicSpaces, "HHMM"), None);
        assert!(of(NoneAs::EbcdicSpaces, "CYYDDD").is_some());
        assert_eq!(of(NoneAs::Nines, "HHMM"), None);
    }

    #[test]
    fn blanks_in_bcd_and_binary_are_a_number_unless_it_has_too_many_digits() {
        let of = |encoding, len, max| {
            BlankValue::of_number(Nones::of(&[NoneAs::Spaces]), encoding, len, max).map(|value| value.digits)
        };
        assert_eq!(of(Encoding::Bcd, 2, None), Some(2020));
        assert_eq!(of(Encoding::Bcd, 2, Some(3)), None);
        // 0x2020 is 8224.
        assert_eq!(of(Encoding::Binary, 2, None), Some(8224));
        assert_eq!(of(Encoding::BinaryLittle, 2, Some(4)), Some(8224));
        assert_eq!(of(Encoding::Binary, 2, Some(3)), None);
        assert_eq!(of(Encoding::Packed, 2, None), None);
        assert_eq!(of(Encoding::Ascii, 2, None), None);
    }
}
