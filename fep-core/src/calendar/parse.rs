//! The word of a pattern → its pieces, or what is wrong with it.
//!
//! The functions are `const`, because derived code has patterns in constants.

use alloc::string::{String, ToString as _};
use core::fmt;

use super::{DAYS, DatePart, FRACTIONS, PIECES_MAX, Pattern, Pieces, SEPARATED, TIMES, YEARS};
use crate::likeness::nearest;

/// Why a word is no pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PatternError(&'static str);

impl PatternError {
    pub(super) const OTHER_KIND: Self = Self("a date, a time and a timestamp are different kinds of fields");
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl core::error::Error for PatternError {}

/// The pieces of a word that is a pattern.
#[allow(clippy::panic, reason = "reached in constants only, where a panic is a compile error")]
pub(super) const fn constant(word: &str) -> Pieces {
    match pieces(word) {
        Ok(pieces) => pieces,
        Err(_) => panic!("not a pattern"),
    }
}

/// The pieces of a word.
pub(super) const fn pieces(word: &str) -> Result<Pieces, PatternError> {
    let mut pieces = Pieces { codes: [0; PIECES_MAX], parts: 0, len: 0 };
    let mut free: &mut [u8] = &mut pieces.codes;
    let mut rest = word.as_bytes();
    let mut last_part = None;
    while !rest.is_empty() {
        let [code, more @ ..] = free else {
            return Err(PatternError("a pattern has at most 16 parts and separators"));
        };
        free = more;
        if let [separator @ (b'-' | b'/' | b'.' | b':' | b',' | b'_' | b' ' | b'T'), tail @ ..] = rest {
            if last_part.is_none() || tail.is_empty() {
                return Err(PatternError("a separator is between two parts; other bytes are a literal or a filler"));
            }
            *code = *separator;
            pieces.parts |= SEPARATED;
            pieces.len += 1;
            rest = tail;
            continue;
        }
        let (part, tail) = match part(rest, last_part) {
            Some(found) => found,
            None => return Err(unknown(rest)),
        };
        if let Err(error) = check_next(pieces.parts, part, last_part) {
            return Err(error);
        }
        *code = part as u8;
        pieces.parts |= part.bit();
        #[allow(
            clippy::cast_possible_truncation,
            reason = "a part has at most six letters, sixteen of them at most 96"
        )]
        let letters = part.letters().len() as u8;
        pieces.len += letters;
        last_part = Some(part);
        rest = tail;
    }
    match check_whole(pieces.parts) {
        Some(reason) => Err(PatternError(reason)),
        None => Ok(pieces),
    }
}

/// The part at the start of these letters, and the letters behind it.
const fn part(letters: &[u8], before: Option<DatePart>) -> Option<(DatePart, &[u8])> {
    Some(match letters {
        [b'Y', b'Y', b'Y', b'Y', rest @ ..] => (DatePart::Year, rest),
        [b'C', b'Y', b'Y', rest @ ..] => (DatePart::CenturyYear, rest),
        [b'Y', b'Y', rest @ ..] => (DatePart::ShortYear, rest),
        [b'M', b'M', rest @ ..] if matches!(before, Some(DatePart::Hour)) => (DatePart::Minute, rest),
        [b'M', b'M', rest @ ..] => (DatePart::Month, rest),
        [b'D', b'D', b'D', rest @ ..] => (DatePart::DayOfYear, rest),
        [b'D', b'D', rest @ ..] => (DatePart::Day, rest),
        [b'H', b'H', rest @ ..] => (DatePart::Hour, rest),
        [b'S', b'S', rest @ ..] => (DatePart::Second, rest),
        [b'c', b'c', rest @ ..] => (DatePart::Hundredths, rest),
        [b'm', b'm', b'm', rest @ ..] => (DatePart::Milliseconds, rest),
        [b'u', b'u', b'u', b'u', b'u', b'u', rest @ ..] => (DatePart::Microseconds, rest),
        _ => return None,
    })
}

const fn unknown(letters: &[u8]) -> PatternError {
    PatternError(match letters {
        [b'm', ..] => "minutes are MM behind HH, milliseconds are mmm",
        [b'y' | b'd' | b'h' | b's', ..] => "the letters of years, months, days, hours, minutes and seconds are capital",
        [b'c' | b'u', ..] => "hundredths of a second are cc, microseconds are uuuuuu",
        [b'Y' | b'C', ..] => "a year is YYYY, YY or CYY",
        [b'M', ..] => "a month is MM, and so is a minute behind HH",
        [b'D', ..] => "a day is DD, a day of the year is DDD",
        [b'H', ..] => "an hour is HH",
        [b'S', ..] => "a second is SS, and decimals of it are cc, mmm or uuuuuu",
        _ => {
            "a pattern has the parts YYYY, YY, CYY, MM, DD, DDD, HH, MM, SS, cc, mmm and uuuuuu, with - / . : , _ T or a \
              space between them"
        }
    })
}

/// Checks a part that follows others: no part twice, and a time from the hour down.
const fn check_next(before: u16, part: DatePart, last: Option<DatePart>) -> Result<(), PatternError> {
    let same = match part {
        DatePart::Year | DatePart::ShortYear | DatePart::CenturyYear => YEARS,
        DatePart::Hundredths | DatePart::Milliseconds | DatePart::Microseconds => FRACTIONS,
        other => other.bit(),
    };
    if before & same != 0 {
        return Err(PatternError(match part {
            DatePart::Year | DatePart::ShortYear | DatePart::CenturyYear => "the year is there twice",
            DatePart::Month => "the month is there twice; minutes are MM directly behind HH",
            DatePart::Day => "the day is there twice",
            DatePart::DayOfYear => "the day of the year is there twice",
            DatePart::Hour => "the hour is there twice",
            DatePart::Minute => "the minute is there twice",
            DatePart::Second => "the second is there twice",
            DatePart::Hundredths | DatePart::Milliseconds | DatePart::Microseconds => {
                "the decimals of the second are there twice"
            }
        }));
    }
    let follows = match part {
        DatePart::Second => matches!(last, Some(DatePart::Minute)),
        DatePart::Hundredths | DatePart::Milliseconds | DatePart::Microseconds => {
            matches!(last, Some(DatePart::Second))
        }
        _ => true,
    };
    if !follows {
        return Err(PatternError("a time is HH, MM, SS and its decimals, in this order"));
    }
    Ok(())
}

/// What the parts lack to be a date, a time or both.
const fn check_whole(parts: u16) -> Option<&'static str> {
    let month = parts & DatePart::Month.bit() != 0;
    let year = parts & YEARS != 0;
    let day = parts & DatePart::Day.bit() != 0;
    let day_of_year = parts & DatePart::DayOfYear.bit() != 0;
    let time = parts & TIMES != 0;
    if parts == 0 {
        return Some("a pattern has at least two parts, such as YYYYMMDD");
    }
    if day_of_year && (month || day) {
        return Some("DDD is the day of the year, so there is neither MM nor DD beside it");
    }
    if day_of_year && !year {
        return Some("a day of the year needs the year; without it, it is a number");
    }
    if day && !month {
        return Some("a day needs its month; a day alone is a number");
    }
    if time && parts & DatePart::Minute.bit() == 0 {
        return Some("a time has at least HH and MM; an hour alone is a number");
    }
    if year && !month && !day_of_year {
        return Some("a year alone is a number");
    }
    if month && !year && !day {
        return Some("a month alone is a number");
    }
    if time && (year || month) && parts & DAYS == 0 {
        return Some("a date with a time needs its day");
    }
    None
}

impl Pattern {
    /// Patterns of the trade, with which a mistyped word is compared.
    const KNOWN: [&'static str; 36] = [
        "YYYYMMDD",
        "YYMMDD",
        "YYYYDDD",
        "YYDDD",
        "CYYMMDD",
        "CYYDDD",
        "MMDD",
        "DDMM",
        "DDMMYYYY",
        "DDMMYY",
        "MMDDYYYY",
        "MMDDYY",
        "YYYYMM",
        "YYMM",
        "MMYY",
        "MMYYYY",
        "YYYY-MM-DD",
        "YYYY/MM/DD",
        "YYYY.MM.DD",
        "DD/MM/YYYY",
        "DD.MM.YYYY",
        "MM/DD/YYYY",
        "HHMMSS",
        "HHMM",
        "HH:MM:SS",
        "HHMMSScc",
        "HHMMSSmmm",
        "YYYYMMDDHHMMSS",
        "YYMMDDHHMMSS",
        "MMDDHHMMSS",
        "YYYYMMDDHHMM",
        "YYYYMMDDHHMMSSmmm",
        "YYYYMMDDHHMMSScc",
        "YYYY-MM-DD HH:MM:SS",
        "YYYY-MM-DDTHH:MM:SS",
        "DDMMYYHHMMSS",
    ];

    /// The pattern that a word which is none was probably meant to be.
    #[must_use]
    pub fn guess(word: &str) -> Option<String> {
        let meant = Self::meant(word).map(|pattern| pattern.to_string());
        meant.or_else(|| nearest(word, Self::KNOWN).map(String::from))
    }

    /// The pattern that was probably meant by a word of another notation: `yyyyMMddHHmmssSSS`, `dd.mm.yyyy`, `YYYYMMDDHH24MISS`.
    fn meant(word: &str) -> Option<Self> {
        /// The letters of other notations, in lower case, and ours. Longer ones are first.
        const LETTERS: [(&str, &str); 17] = [
            ("yyyy", "YYYY"),
            ("cyy", "CYY"),
            ("jjjj", "YYYY"),
            ("yy", "YY"),
            ("hh24", "HH"),
            ("hh", "HH"),
            ("mmm", "mmm"),
            ("mm", "MM"),
            ("mi", "MM"),
            ("ddd", "DDD"),
            ("dd", "DD"),
            ("uuuuuu", "uuuuuu"),
            ("sss", "mmm"),
            ("fff", "mmm"),
            ("ss", "SS"),
            ("ff", "cc"),
            ("cc", "cc"),
        ];
        /// A longer word is no pattern. The limit bounds the work for garbage.
        const WORD_MAX_BYTES: usize = 40;
        if word.len() > WORD_MAX_BYTES {
            return None;
        }
        let lower = word.to_ascii_lowercase();
        let mut rest = lower.as_str();
        let mut meant = String::new();
        while let Some(character) = rest.chars().next() {
            // Java's decimals are SSS behind ss: the first two of `sssss` are the second.
            let second = rest.starts_with("ss") && !meant.contains("SS");
            let milliseconds = meant.contains("SS");
            let possible = |letters: &str| !(letters == "sss" && second || letters == "mmm" && !milliseconds);
            let known = LETTERS.iter().filter(|(letters, _)| possible(letters));
            let found = known.filter_map(|(letters, ours)| Some((ours, rest.strip_prefix(letters)?))).next();
            if let Some((ours, behind)) = found {
                meant.push_str(ours);
                rest = behind;
            } else {
                meant.push(character.to_ascii_uppercase());
                rest = rest.get(character.len_utf8()..)?;
            }
        }
        Self::parse(&meant).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::KindName;

    #[test]
    fn the_patterns_of_the_trade_are_patterns() {
        for (kind, words) in [
            (
                KindName::Date,
                "YYYYMMDD YYMMDD DDMMYYYY DDMMYY MMDDYYYY MMDDYY CYYMMDD YYDDD YYYYDDD CYYDDD YYYYMM YYMM MMYY MMYYYY MMDD \
                 DDMM YYYY-MM-DD DD/MM/YYYY YYYY.MM.DD DD.MM.YY DDMMCYY YYYY/DDD",
            ),
            (KindName::Time, "HHMM HHMMSS HH:MM HH:MM:SS HHMMSScc HHMMSSmmm HHMMSSuuuuuu HH:MM:SS.mmm HH.MM.SS"),
            (
                KindName::DateTime,
                "YYYYMMDDHHMM YYYYMMDDHHMMSS YYYYMMDDHHMMSSmmm YYYY-MM-DDTHH:MM:SS DDMMYYHHMMSS MMDDHHMM DDMMHHMMSS \
                 YYYYDDDHHMMSS HHMMSSDDMMYYYY HHMMDDMM YYYY-MM-DD-HH.MM.SS.uuuuuu CYYMMDDHHMMSS",
            ),
        ] {
            for word in words.split_whitespace() {
                let pattern = Pattern::parse(word).unwrap_or_else(|error| panic!("{word}: {error}"));
                assert_eq!(pattern.kind(), kind, "{word}");
                assert_eq!(pattern.to_string(), word);
                assert_eq!(pattern.pieces().len(), word.len());
            }
        }
        assert_eq!(Pattern::parse("YYYY-MM-DD HH:MM:SS").map(Pattern::kind), Ok(KindName::DateTime));
        assert_eq!(Pattern::parse("YYYY. MM. DD").map(Pattern::kind), Ok(KindName::Date));
    }

    #[test]
    fn what_is_no_pattern_says_why() {
        for (word, why) in [
            ("", "at least two parts"),
            ("YYYY", "a year alone"),
            ("CYY", "a year alone"),
            ("MM", "a month alone"),
            ("DD", "a day alone"),
            ("DDD", "needs the year"),
            ("HH", "an hour alone"),
            ("YYYYDD", "a day needs its month"),
            ("YYYYMMDDD", "DDD is the day of the year"),
            ("MMDDD", "DDD is the day of the year"),
            ("YYYYMMDDYY", "the year is there twice"),
            ("YYYYYY", "the year is there twice"),
            ("MMDDMM", "the month is there twice"),
            ("DDMMDDYY", "the day is there twice"),
            ("HHMMHHMM", "the hour is there twice"),
            ("HHMMSScccc", "decimals of the second are there twice"),
            ("HHSS", "in this order"),
            ("SSMMHH", "in this order"),
            ("HHMMmmm", "in this order"),
            ("HHDDMMYYYY", "at least HH and MM"),
            ("YYYYMMHHMM", "needs its day"),
            ("-MMDD", "between two parts"),
            ("MMDD-", "between two parts"),
            ("HHmm", "MM behind HH"),
            ("yyyyMMdd", "are capital"),
            ("YYYMMDD", "a year is YYYY"),
            ("YYYYMMDDHHMMSSZ", "a pattern has the parts"),
            ("YYYY년MM월", "a pattern has the parts"),
            ("YYYY---------------MM", "at most 16"),
        ] {
            let error = Pattern::parse(word).expect_err(word).to_string();
            assert!(error.contains(why), "{word}: {error}");
        }
    }

    #[test]
    fn a_word_of_another_notation_is_translated() {
        let meant = |word| Pattern::meant(word).map(|pattern| pattern.to_string());
        for (word, ours) in [
            ("yyyyMMdd", "YYYYMMDD"),
            ("yyyyMMddHHmmss", "YYYYMMDDHHMMSS"),
            ("yyyyMMddHHmmssSSS", "YYYYMMDDHHMMSSmmm"),
            ("dd.mm.yyyy", "DD.MM.YYYY"),
            ("HH:mm", "HH:MM"),
            ("YYYYMMDDHH24MISS", "YYYYMMDDHHMMSS"),
            ("hhmmssff", "HHMMSScc"),
            ("yyyy-mm-dd hh:mm:ss.fff", "YYYY-MM-DD HH:MM:SS.mmm"),
            ("cyymmdd", "CYYMMDD"),
        ] {
            assert_eq!(meant(word).as_deref(), Some(ours), "{word}");
        }
        assert_eq!(meant("date"), None);
        assert_eq!(meant("yyyy년"), None);
        assert_eq!(meant(&"y".repeat(100)), None);
    }
}
