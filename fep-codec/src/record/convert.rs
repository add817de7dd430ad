//! `From` conversions of common Rust types and of this crate's value types into [`Value`].

use alloc::string::String;
use alloc::vec::Vec;

use super::Value;
use crate::value::{Date, DateTime, Digits, MonthDay, MonthDayTime, Text, Time, YearMonth};

/// One conversion for each listed type into its variant.
macro_rules! from {
    ($($variant:ident of $($type:ty),+;)*) => {
        $($(impl From<$type> for Value {
            fn from(value: $type) -> Self {
                Self::$variant(value.into())
            }
        })+)*
    };
}

from! {
    Text of &str, String;
    Number of i8, i16, i32, i64, i128, u8, u16, u32, u64;
    Flag of bool;
    Date of Date;
    MonthDay of MonthDay;
    YearMonth of YearMonth;
    Time of Time;
    DateTime of DateTime;
    MonthDayTime of MonthDayTime;
    Bytes of Vec<u8>, &[u8];
    Part of Vec<Self>;
    Group of Vec<Vec<Self>>;
}

impl<const N: usize> From<Text<N>> for Value {
    fn from(text: Text<N>) -> Self {
        Self::Text(text.as_str().into())
    }
}

impl<const N: usize> From<Digits<N>> for Value {
    fn from(digits: Digits<N>) -> Self {
        Self::Text(digits.as_str().into())
    }
}

/// `None` becomes [`Value::None`]: the field states that it has no value.
impl<T: Into<Self>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::None, Into::into)
    }
}
