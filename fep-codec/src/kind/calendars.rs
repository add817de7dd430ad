//! The dates and times of `jiff` and `chrono` as fields. They are converted through this crate's own types, because `date.rs` has
//! the patterns.
//!
//! Nothing is rounded. A fraction of a second that the pattern lacks, a leap second and a year outside 0 to 9999 are errors.

use super::FieldValue;
use crate::error::Fault;
use crate::layout::{DateRule, DateTimeRule, TimeRule};
use crate::value::{Date, DateError, DateTime, Time};

/// A type of another crate that corresponds to a type of this crate.
trait Foreign<Own>: Sized {
    fn own(&self) -> Result<Own, DateError>;
    /// The value as the other crate's type, or `None` if that type cannot hold it.
    fn foreign(own: Own) -> Option<Self>;
}

const NO_SUCH: Fault = Fault::NoSuchDate { what: Some("the Rust type cannot hold it") };

/// A [`Date`] from the numbers of the other crate.
fn date(year: i32, month: u32, day: u32) -> Result<Date, DateError> {
    let year = u16::try_from(year).map_err(|_| DateError("a year has four digits"))?;
    let small = |number: u32| u8::try_from(number).map_err(|_| DateError("the month has no such day"));
    Date::new(year, small(month)?, small(day)?)
}

/// A [`Time`] from the numbers of the other crate.
fn time(hour: u32, minute: u32, second: u32, nanosecond: u32) -> Result<Time, DateError> {
    if nanosecond >= 1_000_000_000 {
        return Err(DateError("a leap second has no digits"));
    }
    if !nanosecond.is_multiple_of(1_000) {
        return Err(DateError("a field sends at most microseconds"));
    }
    let small = |number: u32| u8::try_from(number).map_err(|_| DateError("a day has no such time"));
    Time::new(small(hour)?, small(minute)?, small(second)?)?.with_microsecond(nanosecond / 1_000)
}

/// Implements fields of a kind through this crate's type for it.
macro_rules! fields {
    ($($foreign:ty as $own:ty, $rule:ty;)*) => {
        $(impl FieldValue<'_, $rule> for $foreign {
            fn put(&self, rule: &$rule, out: &mut [u8]) -> Result<(), Fault> {
                Foreign::<$own>::own(self)?.put(rule, out)
            }

            fn get(rule: &$rule, bytes: &[u8]) -> Result<Self, Fault> {
                Foreign::<$own>::foreign(<$own>::get(rule, bytes)?).ok_or(NO_SUCH)
            }
        })*
    };
}

#[cfg(feature = "jiff")]
mod by_jiff {
    use jiff::civil;

    use super::*;

    impl Foreign<Date> for civil::Date {
        fn own(&self) -> Result<Date, DateError> {
            date(self.year().into(), unsigned(self.month()), unsigned(self.day()))
        }

        fn foreign(own: Date) -> Option<Self> {
            let [month, day] = [own.month(), own.day()].map(u8::cast_signed);
            Self::new(own.year().cast_signed(), month, day).ok()
        }
    }

    impl Foreign<Time> for civil::Time {
        fn own(&self) -> Result<Time, DateError> {
            let nanosecond = self.subsec_nanosecond().unsigned_abs();
            time(unsigned(self.hour()), unsigned(self.minute()), unsigned(self.second()), nanosecond)
        }

        fn foreign(own: Time) -> Option<Self> {
            let [hour, minute, second] = [own.hour(), own.minute(), own.second()].map(u8::cast_signed);
            let nanosecond = i32::try_from(own.microsecond() * 1_000).ok()?;
            Self::new(hour, minute, second, nanosecond).ok()
        }
    }

    impl Foreign<DateTime> for civil::DateTime {
        fn own(&self) -> Result<DateTime, DateError> {
            Ok(DateTime { date: self.date().own()?, time: self.time().own()? })
        }

        fn foreign(own: DateTime) -> Option<Self> {
            Some(Self::from_parts(Foreign::foreign(own.date)?, Foreign::foreign(own.time)?))
        }
    }

    fn unsigned(number: i8) -> u32 {
        number.unsigned_abs().into()
    }

    fields! {
        civil::Date as Date, DateRule;
        civil::Time as Time, TimeRule;
        civil::DateTime as DateTime, DateTimeRule;
    }
}

#[cfg(feature = "chrono")]
mod by_chrono {
    use chrono::{Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, Timelike as _};

    use super::*;

    impl Foreign<Date> for NaiveDate {
        fn own(&self) -> Result<Date, DateError> {
            date(self.year(), self.month(), self.day())
        }

        fn foreign(own: Date) -> Option<Self> {
            Self::from_ymd_opt(own.year().into(), own.month().into(), own.day().into())
        }
    }

    impl Foreign<Time> for NaiveTime {
        fn own(&self) -> Result<Time, DateError> {
            // In chrono a leap second has 1,000,000,000 nanoseconds or more.
            time(self.hour(), self.minute(), self.second(), self.nanosecond())
        }

        fn foreign(own: Time) -> Option<Self> {
            let [hour, minute, second] = [own.hour(), own.minute(), own.second()].map(u32::from);
            Self::from_hms_micro_opt(hour, minute, second, own.microsecond())
        }
    }

    impl Foreign<DateTime> for NaiveDateTime {
        fn own(&self) -> Result<DateTime, DateError> {
            Ok(DateTime { date: self.date().own()?, time: self.time().own()? })
        }

        fn foreign(own: DateTime) -> Option<Self> {
            Some(Self::new(Foreign::foreign(own.date)?, Foreign::foreign(own.time)?))
        }
    }

    fields! {
        NaiveDate as Date, DateRule;
        NaiveTime as Time, TimeRule;
        NaiveDateTime as DateTime, DateTimeRule;
    }
}
