//! Values for which the standard library has no type: short text without a heap, digit strings, dates and times as institutions
//! send them.
//!
//! They do not know padding, charsets or patterns on the wire. Those belong to [`crate::kind`].

mod date;
mod digits;
mod text;
mod convert;
#[cfg(feature = "serde")]
mod serial;

pub use self::date::{Date, DateError, DateTime, MonthDay, MonthDayTime, Time, YearMonth};
pub use self::digits::{Digits, DigitsError};
pub use self::text::{Text, TextLenError};
