//! `serde::Serialize` and `Deserialize` of the values: the strings of the JSON contract, which `Display` writes and `FromStr` reads.

use core::fmt;
use core::marker::PhantomData;
use core::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde::ser::{Serialize, Serializer};

use super::{Date, DateTime, Digits, MonthDay, MonthDayTime, Text, Time, YearMonth};

/// Reads a string as a `T`. The error does not quote an invalid string, because it may be secret.
struct StringOf<T> {
    expected: &'static str,
    value: PhantomData<T>,
}

impl<T: FromStr<Err: fmt::Display>> Visitor<'_> for StringOf<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }
}

/// Implements both traits for a type.
macro_rules! string {
    ($($type:ty $(, $length:ident)? = $expected:literal;)*) => {
        $(impl $(<const $length: usize>)? Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de $(, const $length: usize)?> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_str(StringOf { expected: $expected, value: PhantomData })
            }
        })*
    };
}

string! {
    Text<N>, N = "a text";
    Digits<N>, N = "a string of digits";
    Date = "a date such as \"2026-11-21\"";
    MonthDay = "a month and a day such as \"1121\"";
    YearMonth = "a month of a year such as \"2026-11\"";
    Time = "a time such as \"09:30:15\"";
    DateTime = "a date and a time such as \"2026-11-21T09:30:15\"";
    MonthDayTime = "a month, a day and a time such as \"1121093015\"";
}
