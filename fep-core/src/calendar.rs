//! Patterns of dates and times: parts and separators in the order of the wire, `YYYYMMDD` or `DD/MM/YYYY HH:MM:SS`.
//!
//! A pattern is parsed from its word, checked, and kept as a few plain bytes, so that a constant layout can hold it. fep-codec reads
//! and writes the digits.
//!
//! ```text
//! YYYY  year            DD   day               HH  hour                        cc      hundredths of a second
//! YY    year, 2 digits  DDD  day of the year   MM  minute, if HH is before it  mmm     milliseconds
//! CYY   years from 1900 MM   month             SS  second                      uuuuuu  microseconds
//!
//! between two parts:  - / . : , _ T  and a space
//! ```

mod parse;

use core::fmt;

pub use self::parse::PatternError;
use crate::encoding::Encoding;
use crate::kinds::KindName;

/// A part of a date or time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum DatePart {
    /// `YYYY`
    Year = 1,
    /// `YY`: a pivot determines the century.
    ShortYear,
    /// `CYY`: the number of years since 1900, of which the first digit is the century (AS/400).
    CenturyYear,
    /// `MM`, unless it is directly behind `HH`.
    Month,
    /// `DD`
    Day,
    /// `DDD`, from 001.
    DayOfYear,
    /// `HH`
    Hour,
    /// `MM` directly behind `HH`. A separator may be between them.
    Minute,
    /// `SS`
    Second,
    /// `cc`
    Hundredths,
    /// `mmm`
    Milliseconds,
    /// `uuuuuu`
    Microseconds,
}

/// A part, or the character between two parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece {
    /// The digits of a part.
    Part(DatePart),
    /// An ASCII character.
    Separator(u8),
}

/// The type of value that the parts of a date make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateForm {
    /// A day of a year.
    Day,
    /// A year and a month, without a day: `YearMonth`.
    YearMonth,
    /// A month and a day, without a year: `MonthDay`.
    MonthDay,
}

/// The most parts and separators of a pattern.
const PIECES_MAX: usize = 16;

/// The parts and separators of a pattern.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pieces {
    /// The parts by their numbers and the separators by their ASCII codes, which are greater. Unused bytes are zero.
    codes: [u8; PIECES_MAX],
    /// A bit for each part, and the bit of [`SEPARATED`].
    parts: u16,
    /// The number of characters.
    len: u8,
}

impl DatePart {
    const ALL: [Self; 12] = [
        Self::Year,
        Self::ShortYear,
        Self::CenturyYear,
        Self::Month,
        Self::Day,
        Self::DayOfYear,
        Self::Hour,
        Self::Minute,
        Self::Second,
        Self::Hundredths,
        Self::Milliseconds,
        Self::Microseconds,
    ];

    /// The letters of the part in a pattern, one for each digit.
    #[must_use]
    pub const fn letters(self) -> &'static str {
        match self {
            Self::Year => "YYYY",
            Self::ShortYear => "YY",
            Self::CenturyYear => "CYY",
            Self::Month | Self::Minute => "MM",
            Self::Day => "DD",
            Self::DayOfYear => "DDD",
            Self::Hour => "HH",
            Self::Second => "SS",
            Self::Hundredths => "cc",
            Self::Milliseconds => "mmm",
            Self::Microseconds => "uuuuuu",
        }
    }

    const fn bit(self) -> u16 {
        1 << (self as u8)
    }
}

/// The bits of these parts.
const fn bits(mut parts: &[DatePart]) -> u16 {
    let mut bits = 0;
    while let [part, rest @ ..] = parts {
        bits |= part.bit();
        parts = rest;
    }
    bits
}

const YEARS: u16 = bits(&[DatePart::Year, DatePart::ShortYear, DatePart::CenturyYear]);
const DAYS: u16 = bits(&[DatePart::Day, DatePart::DayOfYear]);
const FRACTIONS: u16 = bits(&[DatePart::Hundredths, DatePart::Milliseconds, DatePart::Microseconds]);
const DATES: u16 = YEARS | DAYS | DatePart::Month.bit();
/// The bit of a pattern with separators. No part has the number 0.
const SEPARATED: u16 = 1;
const TIMES: u16 = bits(&[DatePart::Hour, DatePart::Minute, DatePart::Second]) | FRACTIONS;

#[allow(clippy::len_without_is_empty, reason = "a pattern is never empty")]
impl Pieces {
    /// The number of characters: digits and separators.
    #[inline]
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len as usize
    }

    /// The pieces in the order of the wire.
    #[inline]
    pub fn iter(&self) -> impl Iterator<Item = Piece> + '_ {
        self.codes.iter().filter_map(|code| match code {
            0 => None,
            code => Some(match DatePart::ALL.get(usize::from(*code) - 1) {
                Some(part) => Piece::Part(*part),
                None => Piece::Separator(*code),
            }),
        })
    }

    /// Whether the pattern has this part.
    #[inline]
    #[must_use]
    pub const fn has(&self, part: DatePart) -> bool {
        self.parts & part.bit() != 0
    }

    const fn has_any(&self, parts: u16) -> bool {
        self.parts & parts != 0
    }

    /// Whether there is a character between any two parts.
    #[inline]
    #[must_use]
    pub const fn has_separators(&self) -> bool {
        self.has_any(SEPARATED)
    }

    /// The characters in the order of the wire: `None` for a digit.
    pub fn characters(&self) -> impl Iterator<Item = Option<u8>> + '_ {
        self.iter().flat_map(|piece| match piece {
            Piece::Part(part) => core::iter::repeat_n(None, part.letters().len()),
            Piece::Separator(character) => core::iter::repeat_n(Some(character), 1),
        })
    }

    /// The number of decimals of the second.
    #[inline]
    #[must_use]
    pub const fn decimals(&self) -> usize {
        if !self.has_any(FRACTIONS) {
            0
        } else if self.has(DatePart::Hundredths) {
            2
        } else if self.has(DatePart::Milliseconds) {
            3
        } else {
            6
        }
    }
}

/// The word of the pattern.
impl fmt::Display for Pieces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|piece| match piece {
            Piece::Part(part) => f.write_str(part.letters()),
            Piece::Separator(character) => write!(f, "{}", char::from(character)),
        })
    }
}

/// Declares the pattern of a kind, with the constants of its usual patterns and of its default.
macro_rules! pattern {
    ($(#[$about:meta])* $name:ident, $kind:ident, $default:ident, $($(#[$meaning:meta])* $word:ident)*) => {
        $(#[$about])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash)]
        pub struct $name(Pieces);

        #[allow(clippy::len_without_is_empty, reason = "a pattern is never empty")]
        impl $name {
            $($(#[$meaning])* pub const $word: Self = Self(parse::constant(stringify!($word)));)*

            /// The pattern with this word.
            ///
            /// # Errors
            /// If the word is no pattern of this kind.
            pub const fn parse(word: &str) -> Result<Self, PatternError> {
                match Pattern::parse(word) {
                    Ok(Pattern::$kind(pattern)) => Ok(pattern),
                    Ok(_) => Err(PatternError::OTHER_KIND),
                    Err(error) => Err(error),
                }
            }

            /// The parts and separators.
            #[inline]
            #[must_use]
            pub const fn pieces(&self) -> &Pieces {
                &self.0
            }

            /// The number of characters: digits and separators.
            #[inline]
            #[must_use]
            pub const fn len(self) -> usize {
                self.0.len()
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::$default
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
    };
}

pattern! {
    /// The parts of a date.
    DatePattern, Date, YYYYMMDD,
    /// `20261121`
    YYYYMMDD
    /// `261121`
    YYMMDD
    /// `2026325`: the day of the year, from 001.
    YYYYDDD
    /// `1121`: the year is not sent. In JSON, the value is these digits.
    MMDD
    /// `202611`: a month of a year.
    YYYYMM
}

pattern! {
    /// The parts of a time.
    TimePattern, Time, HHMMSS,
    /// `093015`
    HHMMSS
    /// `0930`
    HHMM
}

pattern! {
    /// The parts of a date with a time.
    DateTimePattern, DateTime, YYYYMMDDHHMMSS,
    /// `20261121093015`
    YYYYMMDDHHMMSS
    /// `261121093015`
    YYMMDDHHMMSS
    /// `1121093015`: the year is not sent. In JSON, the value is these digits.
    MMDDHHMMSS
}

impl DatePattern {
    /// The type of value that the parts make.
    #[inline]
    #[must_use]
    pub const fn form(self) -> DateForm {
        if !self.0.has_any(YEARS) {
            DateForm::MonthDay
        } else if self.0.has_any(DAYS) {
            DateForm::Day
        } else {
            DateForm::YearMonth
        }
    }
}

impl TimePattern {
    /// Whether the seconds are sent.
    #[inline]
    #[must_use]
    pub const fn has_seconds(self) -> bool {
        self.0.has(DatePart::Second)
    }
}

impl DateTimePattern {
    /// Whether the year is sent. Without it, the value is a `MonthDayTime`.
    #[inline]
    #[must_use]
    pub const fn has_year(self) -> bool {
        self.0.has_any(YEARS)
    }
}

/// The parts of a date, a time or both: the value of the option `pattern`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// The parts of a date.
    Date(DatePattern),
    /// The parts of a time.
    Time(TimePattern),
    /// The parts of a date with a time.
    DateTime(DateTimePattern),
}

impl Pattern {
    /// The patterns that a length alone determines, and that messages list.
    pub const USUAL: [Self; 9] = [
        Self::Date(DatePattern::YYYYMMDD),
        Self::Date(DatePattern::YYMMDD),
        Self::Date(DatePattern::YYYYDDD),
        Self::Date(DatePattern::MMDD),
        Self::Time(TimePattern::HHMMSS),
        Self::Time(TimePattern::HHMM),
        Self::DateTime(DateTimePattern::YYYYMMDDHHMMSS),
        Self::DateTime(DateTimePattern::YYMMDDHHMMSS),
        Self::DateTime(DateTimePattern::MMDDHHMMSS),
    ];

    /// The pattern with this word.
    ///
    /// # Errors
    /// If a letter or the order is wrong, or the parts make neither a date nor a time.
    ///
    /// ```
    /// use fep_core::calendar::Pattern;
    /// use fep_core::kinds::KindName;
    ///
    /// assert_eq!(Pattern::parse("DD/MM/YYYY").unwrap().kind(), KindName::Date);
    /// assert_eq!(Pattern::parse("DDMM").unwrap().to_string(), "DDMM");
    /// assert!(Pattern::parse("YYYYDD").unwrap_err().to_string().contains("month"));
    /// ```
    pub const fn parse(word: &str) -> Result<Self, PatternError> {
        let pieces = match parse::pieces(word) {
            Ok(pieces) => pieces,
            Err(error) => return Err(error),
        };
        Ok(match (pieces.has_any(DATES), pieces.has_any(TIMES)) {
            (true, false) => Self::Date(DatePattern(pieces)),
            (true, true) => Self::DateTime(DateTimePattern(pieces)),
            (false, _) => Self::Time(TimePattern(pieces)),
        })
    }

    /// The pattern of this kind that has this length in bytes, if the length alone determines it.
    #[must_use]
    pub fn of_len(kind: KindName, len: usize, encoding: Encoding) -> Option<Self> {
        Self::USUAL.into_iter().find(|pattern| pattern.kind() == kind && pattern.len(encoding) == len)
    }

    /// The parts and separators.
    #[must_use]
    pub const fn pieces(&self) -> &Pieces {
        match self {
            Self::Date(pattern) => pattern.pieces(),
            Self::Time(pattern) => pattern.pieces(),
            Self::DateTime(pattern) => pattern.pieces(),
        }
    }

    /// The kind of field that has the pattern.
    #[must_use]
    pub const fn kind(self) -> KindName {
        match self {
            Self::Date(_) => KindName::Date,
            Self::Time(_) => KindName::Time,
            Self::DateTime(_) => KindName::DateTime,
        }
    }

    /// The length in bytes of the digits. A date never has a binary encoding, whose length would not follow from the digits.
    #[must_use]
    #[allow(clippy::len_without_is_empty, reason = "a pattern is never empty")]
    pub const fn len(self, encoding: Encoding) -> usize {
        let digits = self.pieces().len();
        match encoding.len(digits) {
            Some(len) => len,
            None => digits,
        }
    }

    /// Whether the year has two digits. A pivot then determines the century.
    #[must_use]
    pub const fn has_short_year(self) -> bool {
        self.pieces().has(DatePart::ShortYear)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.pieces(), f)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use super::*;

    #[test]
    fn a_pattern_has_a_character_for_each_letter_of_its_word() {
        for pattern in Pattern::USUAL {
            let word = pattern.to_string();
            assert_eq!(pattern.len(Encoding::Ascii), word.len(), "{word}");
            assert_eq!(Pattern::parse(&word), Ok(pattern));
            assert_eq!(pattern.has_short_year(), word.starts_with("YYMM"), "{word}");
        }
    }

    #[test]
    fn a_length_says_which_pattern_of_a_kind() {
        let of = |kind, len, encoding| Pattern::of_len(kind, len, encoding).map(|pattern| pattern.to_string());
        let of = |kind, len, encoding| of(kind, len, encoding).unwrap_or_default();
        assert_eq!(of(KindName::Date, 6, Encoding::Ascii), "YYMMDD");
        assert_eq!(of(KindName::Time, 6, Encoding::Ascii), "HHMMSS");
        assert_eq!(of(KindName::DateTime, 7, Encoding::Bcd), "YYYYMMDDHHMMSS");
        assert_eq!(of(KindName::Date, 5, Encoding::Packed), "YYYYMMDD");
        assert_eq!(of(KindName::Date, 9, Encoding::Ascii), "");
    }

    #[test]
    fn a_date_is_a_day_or_a_month_or_has_no_year() {
        let form = |word| DatePattern::parse(word).map(DatePattern::form);
        for word in ["YYYYMMDD", "DDMMYY", "CYYMMDD", "YYDDD", "DDDYYYY", "MM/DD/YYYY"] {
            assert_eq!(form(word), Ok(DateForm::Day), "{word}");
        }
        assert_eq!(form("MMYY"), Ok(DateForm::YearMonth));
        assert_eq!(form("DD.MM"), Ok(DateForm::MonthDay));
        assert_eq!(form("HHMM"), Err(PatternError::OTHER_KIND));
        assert_eq!(DateTimePattern::parse("DDMMHHMM").map(DateTimePattern::has_year), Ok(false));
    }
}
