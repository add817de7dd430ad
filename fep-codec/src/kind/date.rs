//! Dates and times: digits in one of a few patterns. An impossible date or time is an error.
//!
//! ```text
//! YYYYMMDD 20261121    YYMMDD 261121    MMDD 1121    YYYYDDD 2026325
//! HHMMSS   093015      HHMM   0930      YYYYMMDDHHMMSS 20261121093015    MMDDHHMMSS 1121093015
//!
//! YYYYMMDD packed  02 02 61 12 1F       HHMMSS packed  00 93 01 5F
//! ```

use fep_core::limits::PIVOT_DEFAULT;

use super::FieldValue;
use crate::error::Fault;
use crate::layout::{
    DatePattern, DateRule, DateTimePattern, DateTimeRule, Encoding, NoneAs, NumberRule, TimePattern, TimeRule,
};
use crate::swar::{parse_u64, write_u64};
use crate::value::{Date, DateError, DateTime, MonthDay, MonthDayTime, Time};

impl DateRule {
    /// A date that always has a value.
    #[must_use]
    pub const fn new(pattern: DatePattern) -> Self {
        Self { pattern, encoding: Encoding::Ascii, none: NoneAs::Never, pivot: PIVOT_DEFAULT }
    }
}

impl TimeRule {
    /// A time that always has a value.
    #[must_use]
    pub const fn new(pattern: TimePattern) -> Self {
        Self { pattern, encoding: Encoding::Ascii, none: NoneAs::Never }
    }
}

impl DateTimeRule {
    /// A timestamp that always has a value.
    #[must_use]
    pub const fn new(pattern: DateTimePattern) -> Self {
        Self { pattern, encoding: Encoding::Ascii, none: NoneAs::Never, pivot: PIVOT_DEFAULT }
    }
}

/// Implements, for each of the three rules, the contents that mean "no value".
macro_rules! none_bytes {
    ($($rule:ty),*) => {
        $(impl $rule {
            pub(super) const fn none_bytes(&self) -> Option<[u8; 2]> {
                self.none.bytes(self.encoding, false)
            }
        })*
    };
}

none_bytes!(DateRule, TimeRule, DateTimeRule);

impl From<DateError> for Fault {
    fn from(impossible: DateError) -> Self {
        Self::NoSuchDate { what: Some(impossible.0) }
    }
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
#[inline]
fn digits(encoding: Encoding, bytes: &[u8], pattern_len: usize) -> Result<u64, Fault> {
    check_len(encoding, pattern_len, bytes.len())?;
    if encoding != Encoding::Ascii {
        return u64::get(&number(encoding, pattern_len), bytes);
    }
    parse_u64(bytes).ok_or_else(|| {
        let offset = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
        Fault::NotADigit { offset, byte: bytes.get(offset).copied() }
    })
}

#[inline]
fn put_digits(value: u64, encoding: Encoding, pattern_len: usize, out: &mut [u8]) -> Result<(), Fault> {
    check_len(encoding, pattern_len, out.len())?;
    if encoding != Encoding::Ascii {
        return value.put(&number(encoding, pattern_len), out);
    }
    write_u64(value, out);
    Ok(())
}

/// The last two digits of a number.
#[inline]
#[allow(clippy::cast_possible_truncation, reason = "a remainder of 100 fits")]
const fn two(value: u64) -> u8 {
    (value % 100) as u8
}

/// Splits `YYYYMMDD` into year, month and day. `YYMMDD` must have its century in front.
#[inline]
fn split_date(value: u64) -> Result<Date, Fault> {
    let year = u16::try_from(value / 10_000).map_err(|_| DateError("a year has four digits"))?;
    Ok(Date::new(year, two(value / 100), two(value))?)
}

/// Splits `YYYYDDD` into year and day of the year.
fn split_ordinal(value: u64) -> Result<Date, Fault> {
    let year = u16::try_from(value / 1_000).map_err(|_| DateError("a year has four digits"))?;
    let day = u16::try_from(value % 1_000).map_err(|_| DateError("the year has no such day"))?;
    Ok(Date::from_ordinal(year, day)?)
}

#[inline]
fn split_time(value: u64) -> Result<Time, Fault> {
    Ok(Time::new(two(value / 10_000), two(value / 100), two(value))?)
}

#[inline]
fn join_date(date: Date) -> u64 {
    u64::from(date.year()) * 10_000 + u64::from(date.month()) * 100 + u64::from(date.day())
}

#[inline]
fn join_time(time: Time) -> u64 {
    u64::from(time.hour()) * 10_000 + u64::from(time.minute()) * 100 + u64::from(time.second())
}

/// `261121` → `20261121`.
#[inline]
fn with_century(value: u64, pivot: u8) -> u64 {
    let century = if value / 10_000 < u64::from(pivot) { 20 } else { 19 };
    century * 1_000_000 + value
}

/// `20261121` → `261121`, if reading with this pivot gives the same century.
#[inline]
fn without_century(value: u64, pivot: u8) -> Result<u64, Fault> {
    let short = value % 1_000_000;
    if with_century(short, pivot) == value {
        return Ok(short);
    }
    let pivot = u16::from(pivot.min(100));
    Err(Fault::YearOutOfRange { first: 1900 + pivot, last: 1999 + pivot })
}

impl FieldValue<'_, DateRule> for Date {
    #[inline]
    fn put(&self, rule: &DateRule, out: &mut [u8]) -> Result<(), Fault> {
        let value = match rule.pattern {
            DatePattern::YyyyMmDd => join_date(*self),
            DatePattern::YyMmDd => without_century(join_date(*self), rule.pivot)?,
            DatePattern::YyyyDdd => u64::from(self.year()) * 1_000 + u64::from(self.day_of_year()),
            DatePattern::MmDd => return Err(Fault::BadSpec { reason: "a date without a year is a MonthDay" }),
        };
        put_digits(value, rule.encoding, rule.pattern.len(), out)
    }

    #[inline]
    fn get(rule: &DateRule, bytes: &[u8]) -> Result<Self, Fault> {
        let value = digits(rule.encoding, bytes, rule.pattern.len())?;
        match rule.pattern {
            DatePattern::YyyyMmDd => split_date(value),
            DatePattern::YyMmDd => split_date(with_century(value, rule.pivot)),
            DatePattern::YyyyDdd => split_ordinal(value),
            DatePattern::MmDd => Err(Fault::BadSpec { reason: "a date without a year is a MonthDay" }),
        }
    }
}

impl FieldValue<'_, DateRule> for MonthDay {
    fn put(&self, rule: &DateRule, out: &mut [u8]) -> Result<(), Fault> {
        let value = u64::from(self.month()) * 100 + u64::from(self.day());
        put_digits(value, rule.encoding, DatePattern::MmDd.len(), out)
    }

    fn get(rule: &DateRule, bytes: &[u8]) -> Result<Self, Fault> {
        let value = digits(rule.encoding, bytes, DatePattern::MmDd.len())?;
        Ok(Self::new(two(value / 100), two(value))?)
    }
}

impl FieldValue<'_, TimeRule> for Time {
    #[inline]
    fn put(&self, rule: &TimeRule, out: &mut [u8]) -> Result<(), Fault> {
        let value = match rule.pattern {
            TimePattern::HhMmSs => join_time(*self),
            TimePattern::HhMm if self.second() == 0 => join_time(*self) / 100,
            TimePattern::HhMm => return Err(Fault::NoSuchDate { what: Some("the field sends no seconds") }),
        };
        put_digits(value, rule.encoding, rule.pattern.len(), out)
    }

    #[inline]
    fn get(rule: &TimeRule, bytes: &[u8]) -> Result<Self, Fault> {
        let value = digits(rule.encoding, bytes, rule.pattern.len())?;
        match rule.pattern {
            TimePattern::HhMmSs => split_time(value),
            TimePattern::HhMm => split_time(value * 100),
        }
    }
}

impl FieldValue<'_, DateTimeRule> for DateTime {
    fn put(&self, rule: &DateTimeRule, out: &mut [u8]) -> Result<(), Fault> {
        let date = match rule.pattern {
            DateTimePattern::YyyyMmDdHhMmSs => join_date(self.date),
            DateTimePattern::YyMmDdHhMmSs => without_century(join_date(self.date), rule.pivot)?,
            DateTimePattern::MmDdHhMmSs => return Err(no_year()),
        };
        put_digits(date * 1_000_000 + join_time(self.time), rule.encoding, rule.pattern.len(), out)
    }

    fn get(rule: &DateTimeRule, bytes: &[u8]) -> Result<Self, Fault> {
        let value = digits(rule.encoding, bytes, rule.pattern.len())?;
        let date = match rule.pattern {
            DateTimePattern::YyyyMmDdHhMmSs => value / 1_000_000,
            DateTimePattern::YyMmDdHhMmSs => with_century(value / 1_000_000, rule.pivot),
            DateTimePattern::MmDdHhMmSs => return Err(no_year()),
        };
        Ok(Self { date: split_date(date)?, time: split_time(value % 1_000_000)? })
    }
}

#[cold]
fn no_year() -> Fault {
    Fault::BadSpec { reason: "a timestamp without a year is a MonthDayTime" }
}

impl FieldValue<'_, DateTimeRule> for MonthDayTime {
    fn put(&self, rule: &DateTimeRule, out: &mut [u8]) -> Result<(), Fault> {
        let day = u64::from(self.day.month()) * 100 + u64::from(self.day.day());
        put_digits(day * 1_000_000 + join_time(self.time), rule.encoding, DateTimePattern::MmDdHhMmSs.len(), out)
    }

    fn get(rule: &DateTimeRule, bytes: &[u8]) -> Result<Self, Fault> {
        let value = digits(rule.encoding, bytes, DateTimePattern::MmDdHhMmSs.len())?;
        let day = value / 1_000_000;
        Ok(Self { day: MonthDay::new(two(day / 100), two(day))?, time: split_time(value % 1_000_000)? })
    }
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

    const YYMMDD: DateRule = DateRule::new(DatePattern::YyMmDd);
    const HHMMSS: TimeRule = TimeRule::new(TimePattern::HhMmSs);

    #[test]
    fn each_pattern_is_its_digits() {
        check::<_, Date>(&DateRule::new(DatePattern::YyyyMmDd), "2026-11-21", b"20261121");
        check::<_, Date>(&YYMMDD, "2026-11-21", b"261121");
        check::<_, Date>(&YYMMDD, "1970-01-01", b"700101");
        check::<_, MonthDay>(&DateRule::new(DatePattern::MmDd), "1125", b"1125");
        check::<_, Date>(&DateRule::new(DatePattern::YyyyDdd), "2026-11-21", b"2026325");
        check::<_, MonthDayTime>(&DateTimeRule::new(DateTimePattern::MmDdHhMmSs), "1121093015", b"1121093015");
        check::<_, Date>(&DateRule::new(DatePattern::YyyyDdd), "2024-12-31", b"2024366");
        check::<_, Time>(&HHMMSS, "09:30:15", b"093015");
        check::<_, Time>(&TimeRule::new(TimePattern::HhMm), "09:30:00", b"0930");
        check::<_, DateTime>(
            &DateTimeRule::new(DateTimePattern::YyyyMmDdHhMmSs),
            "2026-11-21T09:30:15",
            b"20261121093015",
        );
        check::<_, DateTime>(&DateTimeRule::new(DateTimePattern::YyMmDdHhMmSs), "1999-12-31T23:59:59", b"991231235959");
    }

    #[test]
    fn each_encoding_has_its_bytes() {
        let date = |pattern, encoding| DateRule { encoding, ..DateRule::new(pattern) };
        let time = TimeRule { encoding: Encoding::Packed, ..HHMMSS };
        check::<_, Date>(&date(DatePattern::YyyyMmDd, Encoding::Packed), "2026-11-21", b"\x02\x02\x61\x12\x1F");
        check::<_, Date>(&date(DatePattern::YyMmDd, Encoding::Bcd), "2026-11-21", b"\x26\x11\x21");
        check::<_, Date>(&date(DatePattern::YyMmDd, Encoding::Ebcdic), "2026-11-21", b"\xF2\xF6\xF1\xF1\xF2\xF1");
        check::<_, MonthDay>(&date(DatePattern::MmDd, Encoding::Packed), "1125", b"\x01\x12\x5F");
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
        let fault = Date::get(&DateRule::new(DatePattern::YyyyDdd), b"2026366").unwrap_err();
        assert_eq!(fault.to_string(), "no such date or time: the year has no such day");
        assert!(Date::get(&DateRule::new(DatePattern::YyyyDdd), b"2026000").is_err());
    }

    #[test]
    fn a_year_that_two_digits_cannot_say_is_refused() {
        let mut out = [0; 6];
        let date: Date = "2070-01-01".parse().unwrap();
        assert_eq!(date.put(&YYMMDD, &mut out), Err(Fault::YearOutOfRange { first: 1970, last: 2069 }));
    }

    #[test]
    fn no_date_is_what_the_spec_says() {
        let zeros = DateRule { none: NoneAs::Zeros, ..DateRule::new(DatePattern::YyyyMmDd) };
        assert_eq!(Option::<Date>::get(&zeros, b"00000000"), Ok(None));
        assert!(Option::<Date>::get(&zeros, b"        ").is_err());
        let mut out = [0; 8];
        None::<Date>.put(&zeros, &mut out).unwrap();
        assert_eq!(&out, b"00000000");
    }
}
