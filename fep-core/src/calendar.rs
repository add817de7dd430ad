//! Patterns of dates and times: their words and their numbers of digits.

use crate::encoding::Encoding;
use crate::kinds::KindName;
use crate::words::{Word, words};

words! {
    /// The digits of a date.
    #[allow(clippy::enum_variant_names, reason = "they are spelled as sheets spell them")]
    #[derive(Default)]
    pub enum DatePattern {
        /// `20261121`
        #[default]
        YyyyMmDd = "YYYYMMDD",
        /// `261121`
        YyMmDd = "YYMMDD",
        /// `2026325`: the day of the year, from 001.
        YyyyDdd = "YYYYDDD",
        /// `1121`: the year is not sent. In JSON, the value is these digits.
        MmDd = "MMDD",
    }
}

words! {
    /// The digits of a time.
    #[derive(Default)]
    pub enum TimePattern {
        /// `093015`
        #[default]
        HhMmSs = "HHMMSS",
        /// `0930`
        HhMm = "HHMM",
    }
}

words! {
    /// The digits of a date with a time.
    #[allow(clippy::enum_variant_names, reason = "they are spelled as sheets spell them")]
    #[derive(Default)]
    pub enum DateTimePattern {
        /// `20261121093015`
        #[default]
        YyyyMmDdHhMmSs = "YYYYMMDDHHMMSS",
        /// `261121093015`
        YyMmDdHhMmSs = "YYMMDDHHMMSS",
        /// `1121093015`: the year is not sent. In JSON, the value is these digits.
        MmDdHhMmSs = "MMDDHHMMSS",
    }
}

#[allow(clippy::len_without_is_empty, reason = "a pattern is never empty")]
impl DatePattern {
    /// The number of digits.
    #[inline]
    #[must_use]
    pub const fn len(self) -> usize {
        match self {
            Self::YyyyMmDd => 8,
            Self::YyMmDd => 6,
            Self::YyyyDdd => 7,
            Self::MmDd => 4,
        }
    }

    /// Whether the year has two digits. A pivot then determines the century.
    #[inline]
    #[must_use]
    pub const fn has_short_year(self) -> bool {
        matches!(self, Self::YyMmDd)
    }
}

#[allow(clippy::len_without_is_empty, reason = "a pattern is never empty")]
impl TimePattern {
    /// The number of digits.
    #[inline]
    #[must_use]
    pub const fn len(self) -> usize {
        match self {
            Self::HhMmSs => 6,
            Self::HhMm => 4,
        }
    }
}

#[allow(clippy::len_without_is_empty, reason = "a pattern is never empty")]
impl DateTimePattern {
    /// The number of digits.
    #[inline]
    #[must_use]
    pub const fn len(self) -> usize {
        match self {
            Self::YyyyMmDdHhMmSs => 14,
            Self::YyMmDdHhMmSs => 12,
            Self::MmDdHhMmSs => 10,
        }
    }

    /// Whether the year has two digits. A pivot then determines the century.
    #[inline]
    #[must_use]
    pub const fn has_short_year(self) -> bool {
        matches!(self, Self::YyMmDdHhMmSs)
    }
}

/// The digits of a date, a time or both: the value of the option `pattern`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// The digits of a date.
    Date(DatePattern),
    /// The digits of a time.
    Time(TimePattern),
    /// The digits of a date with a time.
    DateTime(DateTimePattern),
}

impl Pattern {
    /// The pattern with this word.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::all().find(|pattern| pattern.word() == word)
    }

    /// All patterns, in the order in which messages list them.
    pub fn all() -> impl Iterator<Item = Self> {
        let dates = DatePattern::WORDS.iter().map(|(_, pattern)| Self::Date(*pattern));
        let times = TimePattern::WORDS.iter().map(|(_, pattern)| Self::Time(*pattern));
        dates.chain(times).chain(DateTimePattern::WORDS.iter().map(|(_, pattern)| Self::DateTime(*pattern)))
    }

    /// The pattern of this kind that has this length in bytes.
    #[must_use]
    pub fn of_len(kind: KindName, len: usize, encoding: Encoding) -> Option<Self> {
        Self::all().find(|pattern| pattern.kind() == kind && pattern.len(encoding) == len)
    }

    /// The word in attributes and spec files: `YYYYMMDD`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Date(pattern) => pattern.word(),
            Self::Time(pattern) => pattern.word(),
            Self::DateTime(pattern) => pattern.word(),
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
        let digits = match self {
            Self::Date(pattern) => pattern.len(),
            Self::Time(pattern) => pattern.len(),
            Self::DateTime(pattern) => pattern.len(),
        };
        match encoding.len(digits) {
            Some(len) => len,
            None => digits,
        }
    }

    /// Whether the year has two digits. A pivot then determines the century.
    #[must_use]
    pub const fn has_short_year(self) -> bool {
        match self {
            Self::Date(pattern) => pattern.has_short_year(),
            Self::Time(_) => false,
            Self::DateTime(pattern) => pattern.has_short_year(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_has_a_digit_for_each_letter_of_its_word() {
        for pattern in Pattern::all() {
            assert_eq!(pattern.len(Encoding::Ascii), pattern.word().len(), "{}", pattern.word());
            assert_eq!(Pattern::of_word(pattern.word()), Some(pattern));
            assert_eq!(pattern.has_short_year(), pattern.word().starts_with("YYMM"), "{}", pattern.word());
        }
        assert_eq!(Pattern::all().count(), 9);
    }

    #[test]
    fn a_length_says_which_pattern_of_a_kind() {
        let of = |kind, len, encoding| Pattern::of_len(kind, len, encoding).map(Pattern::word);
        assert_eq!(of(KindName::Date, 6, Encoding::Ascii), Some("YYMMDD"));
        assert_eq!(of(KindName::Time, 6, Encoding::Ascii), Some("HHMMSS"));
        assert_eq!(of(KindName::DateTime, 7, Encoding::Bcd), Some("YYYYMMDDHHMMSS"));
        assert_eq!(of(KindName::Date, 5, Encoding::Packed), Some("YYYYMMDD"));
        assert_eq!(of(KindName::Date, 9, Encoding::Ascii), None);
    }
}
