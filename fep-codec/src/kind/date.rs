//! Dates and times: digits and separators in the order of a pattern. An impossible date or time is an error.
//!
//! ```text
//! YYYYMMDD 20261121    DDMMYY 211126    MMDD 1121    YYYYDDD 2026325    CYYMMDD 1261121    YYYYMM 202611
//! HHMMSS   093015      HHMM   0930      YYYYMMDDHHMMSSmmm 20261121093015123    DD/MM/YYYY 21/11/2026
//!
//! YYYYMMDD packed  02 02 61 12 1F       HHMMSS packed  00 93 01 5F
//! ```
//!
//! The usual patterns in ASCII are read and written in pairs of digits ([`ascii`]). [`parts`] reads and writes any pattern.

pub(crate) mod ascii;
mod parts;

use fep_core::limits::PIVOT_DEFAULT;

use self::parts::{Form, OfParts};
use super::FieldValue;
use crate::error::Fault;
use crate::layout::{
    DateForm, DatePattern, DateRule, DateTimePattern, DateTimeRule, Encoding, NoneAs, NoneSet, NumberRule, TimePattern,
    TimeRule,
};
use crate::swar::parse_u64;
use crate::value::{Date, DateError, DateTime, MonthDay, MonthDayTime, Time, YearMonth};

impl DateRule {
    /// A date that always has a value.
    #[must_use]
    pub const fn new(pattern: DatePattern) -> Self {
        Self {
            pattern,
            encoding: Encoding::Ascii,
            none: NoneAs::Never,
            none_also: NoneSet::EMPTY,
            pivot: PIVOT_DEFAULT,
        }
    }
}

impl TimeRule {
    /// A time that always has a value.
    #[must_use]
    pub const fn new(pattern: TimePattern) -> Self {
        Self { pattern, encoding: Encoding::Ascii, none: NoneAs::Never, none_also: NoneSet::EMPTY }
    }
}

impl DateTimeRule {
    /// A timestamp that always has a value.
    #[must_use]
    pub const fn new(pattern: DateTimePattern) -> Self {
        Self {
            pattern,
            encoding: Encoding::Ascii,
            none: NoneAs::Never,
            none_also: NoneSet::EMPTY,
            pivot: PIVOT_DEFAULT,
        }
    }
}

impl From<DateError> for Fault {
    fn from(impossible: DateError) -> Self {
        Self::NoSuchDate { what: Some(impossible.0) }
    }
}

/// Implements, for each rule, whether it has the usual pattern in ASCII and always a value.
macro_rules! usual {
    ($($rule:ty, $usual:expr;)*) => {
        $(impl $rule {
            /// Whether a field of this length has the usual pattern in ASCII, and always a value.
            pub(crate) fn is_usual(&self, len: usize) -> bool {
                self.pattern == $usual && self.encoding == Encoding::Ascii && self.always_has_value() && len == $usual.len()
            }
        })*
    };
}

usual! {
    DateRule, DatePattern::YYYYMMDD;
    TimeRule, TimePattern::HHMMSS;
    DateTimeRule, DateTimePattern::YYYYMMDDHHMMSS;
}

/// The rule for the digits as a number. If the bytes have room for one more digit, that digit must be zero.
#[inline]
fn number(encoding: Encoding, pattern_len: usize) -> NumberRule {
    NumberRule { encoding, digits_max: u8::try_from(pattern_len).ok(), ..NumberRule::UNSIGNED }
}

#[inline]
fn check_len(encoding: Encoding, pattern_len: usize, len: usize) -> Result<(), Fault> {
    if encoding.len(pattern_len) == Some(len) {
        return Ok(());
    }
    Err(Fault::BadSpec { reason: "the field's length is not its date pattern's" })
}

/// The digits of the field as a number.
#[inline(always)]
fn digits(encoding: Encoding, bytes: &[u8], pattern_len: usize) -> Result<u64, Fault> {
    if encoding != Encoding::Ascii {
        return encoded_digits(encoding, bytes, pattern_len);
    }
    check_len(Encoding::Ascii, pattern_len, bytes.len())?;
    parse_u64(bytes).ok_or_else(|| not_a_digit(bytes))
}

#[inline(never)]
fn encoded_digits(encoding: Encoding, bytes: &[u8], pattern_len: usize) -> Result<u64, Fault> {
    check_len(encoding, pattern_len, bytes.len())?;
    u64::get(&number(encoding, pattern_len), bytes)
}

#[cold]
fn not_a_digit(bytes: &[u8]) -> Fault {
    let offset = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    Fault::NotADigit { offset, byte: bytes.get(offset).copied() }
}

fn put_digits(value: u64, encoding: Encoding, pattern_len: usize, out: &mut [u8]) -> Result<(), Fault> {
    check_len(encoding, pattern_len, out.len())?;
    value.put(&number(encoding, pattern_len), out)
}

/// The last two digits of a number.
#[inline]
#[allow(clippy::cast_possible_truncation, reason = "a remainder of 100 fits")]
const fn two(value: u64) -> u8 {
    (value % 100) as u8
}

/// Splits `YYYYMMDD` into year, month and day.
#[inline]
fn split_date(value: u64) -> Result<Date, Fault> {
    let year = u16::try_from(value / 10_000).map_err(|_| DateError("a year has four digits"))?;
    Ok(Date::new(year, two(value / 100), two(value))?)
}

#[inline]
fn split_time(value: u64) -> Result<Time, Fault> {
    Ok(Time::new(two(value / 10_000), two(value / 100), two(value))?)
}

#[inline]
fn split_both(value: u64) -> Result<DateTime, Fault> {
    Ok(DateTime { date: split_date(value / 1_000_000)?, time: split_time(value % 1_000_000)? })
}

/// The digits `YYYYMMDD` of a date.
#[inline]
fn join_date(date: Date) -> Option<u64> {
    Some(u64::from(date.year()) * 10_000 + u64::from(date.month()) * 100 + u64::from(date.day()))
}

/// The digits `HHMMSS` of a time, if it has no fraction of a second.
#[inline]
fn join_time(time: Time) -> Option<u64> {
    let whole = u64::from(time.hour()) * 10_000 + u64::from(time.minute()) * 100 + u64::from(time.second());
    if time.microsecond() == 0 { Some(whole) } else { None }
}

#[inline]
fn join_both(both: DateTime) -> Option<u64> {
    Some(join_date(both.date)? * 1_000_000 + join_time(both.time)?)
}

impl DateRule {
    const fn parts(&self) -> Form<'_> {
        Form { pattern: self.pattern.pieces(), encoding: self.encoding, pivot: self.pivot }
    }

    /// Checks that values of a type have all parts of the pattern.
    #[inline]
    fn check(&self, form: DateForm) -> Result<(), Fault> {
        if self.pattern.form() == form {
            return Ok(());
        }
        Err(Fault::BadSpec {
            reason: match self.pattern.form() {
                DateForm::Day => "a date with year and day is a Date",
                DateForm::YearMonth => "a date without a day is a YearMonth",
                DateForm::MonthDay => "a date without a year is a MonthDay",
            },
        })
    }
}

impl TimeRule {
    const fn parts(&self) -> Form<'_> {
        Form { pattern: self.pattern.pieces(), encoding: self.encoding, pivot: PIVOT_DEFAULT }
    }

    /// A time has the parts of every pattern.
    #[inline]
    const fn check(&self, (): ()) -> Result<(), Fault> {
        Ok(())
    }
}

impl DateTimeRule {
    const fn parts(&self) -> Form<'_> {
        Form { pattern: self.pattern.pieces(), encoding: self.encoding, pivot: self.pivot }
    }

    #[inline]
    fn check(&self, has_year: bool) -> Result<(), Fault> {
        match (self.pattern.has_year(), has_year) {
            (true, false) => Err(Fault::BadSpec { reason: "a timestamp with a year is a DateTime" }),
            (false, true) => Err(Fault::BadSpec { reason: "a timestamp without a year is a MonthDayTime" }),
            _ => Ok(()),
        }
    }
}

/// Implements a type for all patterns that have its parts.
macro_rules! by_parts {
    ($($type:ty, $rule:ty, $needs:expr;)*) => {
        $(impl FieldValue<'_, $rule> for $type {
            fn put(&self, rule: &$rule, out: &mut [u8]) -> Result<(), Fault> {
                rule.check($needs)?;
                rule.parts().write(OfParts::parts(self), out)
            }

            fn get(rule: &$rule, bytes: &[u8]) -> Result<Self, Fault> {
                rule.check($needs)?;
                Ok(Self::of_parts(rule.parts().read(bytes)?)?)
            }
        })*
    };
}

by_parts! {
    YearMonth, DateRule, DateForm::YearMonth;
    MonthDay, DateRule, DateForm::MonthDay;
    MonthDayTime, DateTimeRule, false;
}

impl DateRule {
    /// Whether a field of this length is `YYMMDD` in ASCII.
    #[inline(always)]
    fn is_short(&self, len: usize) -> bool {
        self.pattern == DatePattern::YYMMDD && self.encoding == Encoding::Ascii && len == DatePattern::YYMMDD.len()
    }

    /// Whether a field of this length is `YYMMDD` in ASCII, and always has a value.
    pub(crate) fn is_usual_short(&self, len: usize) -> bool {
        self.is_short(len) && self.always_has_value()
    }

    /// The date in such a field. `None` for all other fields and bytes.
    #[inline(always)]
    fn read_short(&self, bytes: &[u8]) -> Option<Date> {
        if self.is_short(bytes.len()) { ascii::short_date(bytes, self.pivot) } else { None }
    }

    /// Writes such a field, and returns whether it could.
    #[inline(always)]
    fn put_short(&self, date: Date, out: &mut [u8]) -> bool {
        self.is_short(out.len()) && ascii::put_short_date(date, self.pivot, out)
    }
}

/// Times have no short pattern.
macro_rules! no_short {
    ($($rule:ty, $type:ty;)*) => {
        $(impl $rule {
            const fn read_short(&self, _: &[u8]) -> Option<$type> {
                None
            }

            const fn put_short(&self, _: $type, _: &mut [u8]) -> bool {
                false
            }
        })*
    };
}

no_short! {
    TimeRule, Time;
    DateTimeRule, DateTime;
}

/// Implements a type with a usual or a short pattern, whose digits are read and written in pairs. All other patterns and encodings are kept out of
/// line, and so are the bytes that are refused.
macro_rules! by_number {
    ($($type:ty, $rule:ty, $needs:expr, $usual:expr, $join:path, $put_ascii:path, $ascii:path, $split:path;)*) => {
        $(impl FieldValue<'_, $rule> for $type {
            #[inline(always)]
            fn put(&self, rule: &$rule, out: &mut [u8]) -> Result<(), Fault> {
                #[inline(never)]
                fn put_any(value: $type, rule: &$rule, out: &mut [u8]) -> Result<(), Fault> {
                    if let Some(number) = $join(value).filter(|_| rule.pattern == $usual) {
                        return put_digits(number, rule.encoding, $usual.len(), out);
                    }
                    rule.check($needs)?;
                    rule.parts().write(OfParts::parts(&value), out)
                }
                let is_plain =
                    rule.pattern == $usual && rule.encoding == Encoding::Ascii && out.len() == $usual.len();
                if is_plain && $put_ascii(*self, out) || rule.put_short(*self, out) {
                    return Ok(());
                }
                put_any(*self, rule, out)
            }

            #[inline(always)]
            fn get(rule: &$rule, bytes: &[u8]) -> Result<Self, Fault> {
                // Each is a function of its own: a program whose rules are constants has only those that it needs.
                #[inline(never)]
                fn get_any(rule: &$rule, bytes: &[u8]) -> Result<$type, Fault> {
                    rule.check($needs)?;
                    Ok(<$type>::of_parts(rule.parts().read(bytes)?)?)
                }
                #[inline(never)]
                fn get_usual(encoding: Encoding, bytes: &[u8]) -> Result<$type, Fault> {
                    $split(digits(encoding, bytes, $usual.len())?)
                }
                #[cold]
                #[inline(never)]
                fn refused(bytes: &[u8]) -> Result<$type, Fault> {
                    $split(digits(Encoding::Ascii, bytes, $usual.len())?)
                }
                if rule.pattern == $usual {
                    if rule.encoding != Encoding::Ascii {
                        return get_usual(rule.encoding, bytes);
                    }
                    let plain = if bytes.len() == $usual.len() { $ascii(bytes) } else { None };
                    return plain.map_or_else(|| refused(bytes), Ok);
                }
                rule.read_short(bytes).map_or_else(|| get_any(rule, bytes), Ok)
            }
        })*
    };
}

by_number! {
    Date, DateRule, DateForm::Day, DatePattern::YYYYMMDD, join_date, ascii::put_date, ascii::date, split_date;
    Time, TimeRule, (), TimePattern::HHMMSS, join_time, ascii::put_time, ascii::time, split_time;
    DateTime, DateTimeRule, true, DateTimePattern::YYYYMMDDHHMMSS, join_both, ascii::put_both, ascii::both, split_both;
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;
    use alloc::vec;
    use core::fmt::{Debug, Display};
    use core::str::FromStr;

    use super::*;

    fn check<R, T>(rule: &R, written: &str, bytes: &[u8])
    where
        T: for<'a> FieldValue<'a, R> + FromStr<Err = DateError> + Display + Debug,
    {
        let value: T = written.parse().unwrap();
        let mut out = vec![0xEE; bytes.len()];
        value.put(rule, &mut out).unwrap();
        assert_eq!(out, bytes, "{written}");
        assert_eq!(T::get(rule, bytes).unwrap().to_string(), written);
    }

    const YYMMDD: DateRule = DateRule::new(DatePattern::YYMMDD);
    const HHMMSS: TimeRule = TimeRule::new(TimePattern::HHMMSS);

    #[test]
    fn each_pattern_is_its_digits() {
        check::<_, Date>(&DateRule::new(DatePattern::YYYYMMDD), "2026-11-21", b"20261121");
        check::<_, Date>(&YYMMDD, "2026-11-21", b"261121");
        check::<_, Date>(&YYMMDD, "1970-01-01", b"700101");
        check::<_, MonthDay>(&DateRule::new(DatePattern::MMDD), "1125", b"1125");
        check::<_, Date>(&DateRule::new(DatePattern::YYYYDDD), "2026-11-21", b"2026325");
        check::<_, MonthDayTime>(&DateTimeRule::new(DateTimePattern::MMDDHHMMSS), "1121093015", b"1121093015");
        check::<_, Date>(&DateRule::new(DatePattern::YYYYDDD), "2024-12-31", b"2024366");
        check::<_, Time>(&HHMMSS, "09:30:15", b"093015");
        check::<_, Time>(&TimeRule::new(TimePattern::HHMM), "09:30:00", b"0930");
        check::<_, DateTime>(
            &DateTimeRule::new(DateTimePattern::YYYYMMDDHHMMSS),
            "2026-11-21T09:30:15",
            b"20261121093015",
        );
        check::<_, DateTime>(&DateTimeRule::new(DateTimePattern::YYMMDDHHMMSS), "1999-12-31T23:59:59", b"991231235959");
    }

    fn pattern(word: &str) -> DatePattern {
        DatePattern::parse(word).unwrap()
    }

    #[test]
    fn parts_are_in_the_order_of_the_pattern() {
        for (word, bytes) in [
            ("DDMMYYYY", "21112026"),
            ("DDMMYY", "211126"),
            ("MMDDYYYY", "11212026"),
            ("MMDDYY", "112126"),
            ("YYDDD", "26325"),
            ("CYYMMDD", "1261121"),
            ("CYYDDD", "126325"),
            ("YYYY-MM-DD", "2026-11-21"),
            ("DD/MM/YYYY", "21/11/2026"),
            ("YYYY.MM.DD", "2026.11.21"),
            ("YYYY. MM. DD", "2026. 11. 21"),
        ] {
            check::<_, Date>(&DateRule::new(pattern(word)), "2026-11-21", bytes.as_bytes());
        }
        check::<_, Date>(&DateRule::new(pattern("CYYMMDD")), "1999-12-31", b"0991231");
        check::<_, Date>(&DateRule::new(pattern("YYDDD")), "1970-12-31", b"70365");
        check::<_, YearMonth>(&DateRule::new(pattern("YYYYMM")), "2026-11", b"202611");
        check::<_, YearMonth>(&DateRule::new(pattern("MMYY")), "2026-11", b"1126");
        check::<_, YearMonth>(&DateRule::new(pattern("YYMM")), "1970-01", b"7001");
        check::<_, MonthDay>(&DateRule::new(pattern("DDMM")), "1121", b"2111");
        for (word, written, bytes) in [
            ("HHMMSSmmm", "09:30:15.123", "093015123"),
            ("HHMMSScc", "09:30:15.12", "09301512"),
            ("HHMMSSuuuuuu", "09:30:15.000001", "093015000001"),
            ("HH:MM:SS", "09:30:15", "09:30:15"),
            ("HH:MM", "09:30:00", "09:30"),
        ] {
            check::<_, Time>(&TimeRule::new(TimePattern::parse(word).unwrap()), written, bytes.as_bytes());
        }
        for (word, written, bytes) in [
            ("YYYYMMDDHHMM", "2026-11-21T09:30:00", "202611210930"),
            ("YYYYMMDDHHMMSSmmm", "2026-11-21T09:30:15.123", "20261121093015123"),
            ("YYYY-MM-DD HH:MM:SS", "2026-11-21T09:30:15", "2026-11-21 09:30:15"),
            ("YYYY-MM-DDTHH:MM:SS", "2026-11-21T09:30:15", "2026-11-21T09:30:15"),
            ("DDMMYYHHMMSS", "2026-11-21T09:30:15", "211126093015"),
            ("YYYY-MM-DD-HH.MM.SS.uuuuuu", "2026-11-21T09:30:15.123456", "2026-11-21-09.30.15.123456"),
            ("HHMMSSDDMMYYYY", "2026-11-21T09:30:15", "09301521112026"),
            ("YYYYMMDDHHMMSSuuuuuu", "9999-12-31T23:59:59.999999", "99991231235959999999"),
        ] {
            check::<_, DateTime>(&DateTimeRule::new(DateTimePattern::parse(word).unwrap()), written, bytes.as_bytes());
        }
        let no_year = DateTimeRule::new(DateTimePattern::parse("DDMMHHMM").unwrap());
        check::<_, MonthDayTime>(&no_year, "1121093000", b"21110930");
    }

    #[test]
    fn parts_in_other_encodings_are_their_digits() {
        let date = |word, encoding| DateRule { encoding, ..DateRule::new(pattern(word)) };
        check::<_, Date>(&date("CYYMMDD", Encoding::Packed), "2026-11-21", b"\x12\x61\x12\x1F");
        check::<_, Date>(&date("YYDDD", Encoding::Packed), "2026-11-21", b"\x26\x32\x5F");
        check::<_, Date>(&date("CYYMMDD", Encoding::Bcd), "2026-11-21", b"\x01\x26\x11\x21");
        let dashed = b"\xF2\xF0\xF2\xF6\x60\xF1\xF1\x60\xF2\xF1";
        check::<_, Date>(&date("YYYY-MM-DD", Encoding::Ebcdic), "2026-11-21", dashed);
        let both = DateTimePattern::parse("YYYYMMDDHHMMSSmmm").unwrap();
        let packed = DateTimeRule { encoding: Encoding::Packed, ..DateTimeRule::new(both) };
        check::<_, DateTime>(&packed, "2026-11-21T09:30:15.123", b"\x20\x26\x11\x21\x09\x30\x15\x12\x3F");
        let clock = TimeRule { encoding: Encoding::Ebcdic, ..TimeRule::new(TimePattern::parse("HH:MM").unwrap()) };
        check::<_, Time>(&clock, "09:30:00", b"\xF0\xF9\x7A\xF3\xF0");
    }

    #[test]
    fn what_the_pattern_cannot_say_is_refused() {
        let put = |value: &str, word: &str| {
            let rule = DateRule::new(pattern(word));
            value.parse::<Date>().unwrap().put(&rule, &mut vec![0; rule.pattern.len()]).unwrap_err().to_string()
        };
        assert_eq!(put("2900-01-01", "CYYMMDD"), "the digits of the year stand for 1900 to 2899 here");
        assert_eq!(put("1899-12-31", "CYYMMDD"), "the digits of the year stand for 1900 to 2899 here");
        assert_eq!(put("1969-12-31", "DDMMYY"), "the digits of the year stand for 1970 to 2069 here");
        assert_eq!(put("2026-11-21", "YYYYMM"), "a date without a day is a YearMonth");
        let put = |value: &str, word: &str| {
            let rule = TimeRule::new(TimePattern::parse(word).unwrap());
            value.parse::<Time>().unwrap().put(&rule, &mut vec![0; rule.pattern.len()]).unwrap_err().to_string()
        };
        assert_eq!(put("09:30:15", "HHMM"), "no such date or time: the field sends no seconds");
        assert_eq!(put("09:30:15.5", "HHMMSS"), "no such date or time: the field sends whole seconds");
        assert_eq!(put("09:30:15.123", "HHMMSScc"), "no such date or time: the field sends hundredths of a second");
        assert_eq!(put("09:30:15.1234", "HHMMSSmmm"), "no such date or time: the field sends milliseconds");
    }

    #[test]
    fn what_is_no_date_says_why_and_where() {
        let get = |word: &str, bytes: &str| Date::get(&DateRule::new(pattern(word)), bytes.as_bytes()).unwrap_err();
        let message = |word, bytes| get(word, bytes).to_string();
        assert_eq!(message("DD/MM/YYYY", "21-11-2026"), "expected the separator '/' (2f), found '-' (2d) at byte 2");
        assert_eq!(message("DD/MM/YYYY", "2x/11/2026"), "expected a digit, found 'x' (78) at byte 1");
        assert_eq!(message("DDMMYY", "310426"), "no such date or time: the month has no such day");
        assert_eq!(message("YYDDD", "26366"), "no such date or time: the year has no such day");
        assert_eq!(message("YYDDD", "26000"), "no such date or time: the year has no such day");
        assert_eq!(message("YYYY-MM-DD", "2026-00-00"), "no such date or time: months are 1 to 12");
        assert_eq!(get("DDMMYY", "2111260"), Fault::BadSpec { reason: "the field's length is not its date pattern's" });
        assert!(Date::get(&DateRule::new(pattern("YYDDD")), b"24366").is_ok());
        let secret = Fault::NotTheSeparator { offset: 2, expected: b'/', byte: Some(b'7') }.without_content();
        assert_eq!(secret.to_string(), "expected the separator '/' (2f), found another byte at byte 2");
        let time = TimeRule::new(TimePattern::parse("HHMMSSmmm").unwrap());
        assert!(Time::get(&time, b"235959999").is_ok() && Time::get(&time, b"240000000").is_err());
        assert!(Time::get(&time, b"235960000").is_err());
    }

    #[test]
    fn each_word_for_no_date_is_read_and_the_first_is_written() {
        let also = NoneSet::EMPTY.with(NoneAs::Spaces).with(NoneAs::Nines);
        let rule = DateRule { none: NoneAs::Zeros, none_also: also, ..DateRule::new(pattern("DD/MM/YYYY")) };
        for bytes in [b"00/00/0000", b"          ", b"99/99/9999"] {
            assert_eq!(Option::<Date>::get(&rule, bytes), Ok(None));
        }
        for bytes in [b"0000000000", b"00-00-0000", b"99/99/9990", b"00/00/    ", b"\0\0\0\0\0\0\0\0\0\0"] {
            assert!(Option::<Date>::get(&rule, bytes).is_err(), "{bytes:?}");
        }
        let mut out = [0; 10];
        None::<Date>.put(&rule, &mut out).unwrap();
        assert_eq!(&out, b"00/00/0000");
        let ebcdic = DateRule { encoding: Encoding::Ebcdic, ..rule };
        None::<Date>.put(&ebcdic, &mut out).unwrap();
        assert_eq!(&out, b"\xF0\xF0\x61\xF0\xF0\x61\xF0\xF0\xF0\xF0");
        assert_eq!(Option::<Date>::get(&ebcdic, b"\x40\x40\x40\x40\x40\x40\x40\x40\x40\x40"), Ok(None));
        let number =
            NumberRule { none: NoneAs::Spaces, none_also: NoneSet::EMPTY.with(NoneAs::Zeros), ..NumberRule::UNSIGNED };
        assert_eq!(Option::<u32>::get(&number, b"000"), Ok(None));
        assert_eq!(Option::<u32>::get(&number, b"   "), Ok(None));
        assert_eq!(Some(0_u32).put(&number, &mut [0; 3]), Err(Fault::MeansNone));
    }

    #[test]
    fn each_encoding_has_its_bytes() {
        let date = |pattern, encoding| DateRule { encoding, ..DateRule::new(pattern) };
        let time = TimeRule { encoding: Encoding::Packed, ..HHMMSS };
        check::<_, Date>(&date(DatePattern::YYYYMMDD, Encoding::Packed), "2026-11-21", b"\x02\x02\x61\x12\x1F");
        check::<_, Date>(&date(DatePattern::YYMMDD, Encoding::Bcd), "2026-11-21", b"\x26\x11\x21");
        check::<_, Date>(&date(DatePattern::YYMMDD, Encoding::Ebcdic), "2026-11-21", b"\xF2\xF6\xF1\xF1\xF2\xF1");
        check::<_, MonthDay>(&date(DatePattern::MMDD, Encoding::Packed), "1125", b"\x01\x12\x5F");
        check::<_, Time>(&time, "09:30:15", b"\x00\x93\x01\x5F");
        assert_eq!(Time::get(&time, b"\x10\x93\x01\x5F"), Err(Fault::TooManyDigits { max: 6 }));
        assert_eq!(Time::get(&time, b"\x00\x93\x01\x5C"), Err(Fault::BadSign { byte: Some(0x5C) }));
    }

    #[test]
    fn an_impossible_date_is_an_error_that_says_why() {
        let fault = Date::get(&YYMMDD, b"261321").unwrap_err();
        assert_eq!(fault.to_string(), "no such date or time: months are 1 to 12");
        assert_eq!(Date::get(&YYMMDD, b"2611a1"), Err(Fault::NotADigit { offset: 4, byte: Some(b'a') }));
        assert!(Time::get(&HHMMSS, b"240000").is_err());
        let fault = Date::get(&DateRule::new(DatePattern::YYYYDDD), b"2026366").unwrap_err();
        assert_eq!(fault.to_string(), "no such date or time: the year has no such day");
        assert!(Date::get(&DateRule::new(DatePattern::YYYYDDD), b"2026000").is_err());
    }

    #[test]
    fn a_year_that_two_digits_cannot_say_is_refused() {
        let mut out = [0; 6];
        let date: Date = "2070-01-01".parse().unwrap();
        assert_eq!(date.put(&YYMMDD, &mut out), Err(Fault::YearOutOfRange { first: 1970, last: 2069 }));
    }

    #[test]
    fn no_date_is_what_the_spec_says() {
        let zeros = DateRule { none: NoneAs::Zeros, ..DateRule::new(DatePattern::YYYYMMDD) };
        assert_eq!(Option::<Date>::get(&zeros, b"00000000"), Ok(None));
        assert!(Option::<Date>::get(&zeros, b"        ").is_err());
        let mut out = [0; 8];
        None::<Date>.put(&zeros, &mut out).unwrap();
        assert_eq!(&out, b"00000000");
    }
}
