//! Values that no standard type stands for: short text without a heap, digit strings, dates and times as institutions send
//! them.
//!
//! They know nothing of padding, charsets or patterns on the wire; that is [`crate::kind`].

mod date;
mod digits;
mod text;
mod convert;
#[cfg(feature = "serde")]
mod serial;

pub use self::date::{Date, DateError, DateTime, MonthDay, MonthDayTime, Time};
pub use self::digits::{Digits, DigitsError};
pub use self::text::{Text, TextLenError};
