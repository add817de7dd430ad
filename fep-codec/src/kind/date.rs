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

mod parts;
pub(crate) mod ascii;

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
mod tests;
