//! A field's content as text that depends on its meaning only, for correlation keys.
//!
//! An answer may carry its request's trace number at another offset, justified differently, or packed where the request has
//! digits. Then the bytes differ and the meaning does not. So a key consists of values, not of bytes.
//!
//! ```text
//!  30 30 30 31 32 33     number          "123"
//!  00 01 23 0C           number, packed  "123"
//!  30 30 31 32 20 20     digits          "0012"          zeros of a digit string stay
//!  00 01 2x 0C           not a number    "0x00012f0c"    the bytes, so that nothing is lost
//! ```

use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::{String, ToString};

use super::Value;
use super::by_kind;
use super::text::hex;
use crate::cursor::Reader;
use crate::error::Error;
use crate::layout::{Field, Kind};

/// The prefix of bytes in hex.
const BYTES: &str = "0x";
/// The prefix of a text that would otherwise begin with one of the two prefixes.
const TEXT: &str = "0t";

impl Field {
    /// Reads the field's value from its bytes alone. A computed field gives the value in its bytes. It is not verified, because
    /// it depends on the rest of the telegram.
    ///
    /// # Errors
    /// If the number of bytes is not the length of the field, or the bytes are not a value of its kind.
    pub fn read(&self, bytes: &[u8]) -> Result<Value, Error> {
        let mut reader = Reader::of_len(bytes, Some(self.len))?;
        let value = by_kind::read(self, &self.kind, &mut reader)?;
        reader.finish()?;
        Ok(value)
    }

    /// The field's content as text, for the comparison of keys. Two contents of a field have the same text only if they are the
    /// same bytes or decode to the same value.
    ///
    /// Text, digits and codes are themselves without the padding of the rule. A number is its decimal digits without leading
    /// zeros. Dates and times are their digits, with the century and the seconds. No value is the empty text. Raw bytes, and bytes
    /// that are not a value of the field's kind, are `0x` and their hex digits. A text that begins with `0x` or `0t` has `0t` in
    /// front.
    ///
    /// ```
    /// use fep_codec::layout::{DigitsRule, Encoding, Field, Kind, NumberRule};
    ///
    /// let field = |kind, len| Field { name: "trace_no".into(), label: "".into(), len, kind, secret: false, computed: None };
    /// let packed = field(Kind::Number(NumberRule { encoding: Encoding::Packed, ..NumberRule::UNSIGNED }), 4);
    /// let zoned = field(Kind::Number(NumberRule::UNSIGNED), 6);
    /// assert_eq!(packed.key_text(&[0x00, 0x00, 0x20, 0x0F]), "200");
    /// assert_eq!(zoned.key_text(b"000200"), "200");
    /// assert_eq!(zoned.key_text(b"0002x0"), "0x303030327830");
    /// assert_eq!(field(Kind::Digits(DigitsRule::LEFT), 6).key_text(b"0020  "), "0020");
    /// ```
    #[must_use]
    pub fn key_text(&self, bytes: &[u8]) -> String {
        let Ok(value) = self.read(bytes) else { return format!("{BYTES}{}", hex(bytes)) };
        match value {
            Value::Bytes(bytes) => format!("{BYTES}{}", hex(&bytes)),
            Value::Text(text) if text.starts_with(BYTES) || text.starts_with(TEXT) => format!("{TEXT}{text}"),
            Value::Number(number) if self.has_no_decimals() => match u64::try_from(number) {
                // Most keys have a number, and the digits of an `i128` take much longer.
                Ok(number) => number.to_string(),
                Err(_) => number.to_string(),
            },
            Value::Number(_) => without_zeros(&value.to_text(self)).to_owned(),
            // As `digits` shows it. Most keys have a date.
            Value::Date(date) => {
                let day = u32::from(date.year()) * 10_000 + u32::from(date.month()) * 100 + u32::from(date.day());
                if day >= 10_000_000 { day.to_string() } else { format!("{day:08}") }
            }
            Value::MonthDay(day) => digits(&day),
            Value::YearMonth(month) => digits(&month),
            Value::Time(time) => digits(&time),
            Value::DateTime(both) => digits(&both),
            Value::MonthDayTime(both) => digits(&both),
            other => other.to_text(self),
        }
    }

    const fn has_no_decimals(&self) -> bool {
        match &self.kind {
            Kind::Number(rule) => rule.decimals() == 0,
            _ => true,
        }
    }

    /// Whether the key texts of two fields are comparable: both are numbers, both are strings of characters, both are dates, and
    /// so on. If the field of an answer is not comparable with the field of its request, their keys are never equal.
    #[must_use]
    pub const fn pairs_with(&self, other: &Self) -> bool {
        match &self.kind {
            Kind::Text(_) | Kind::Digits(_) | Kind::Code(_) => other.is_code_like(),
            Kind::Number(_) => matches!(other.kind, Kind::Number(_)),
            Kind::Date(_) => matches!(other.kind, Kind::Date(_)),
            Kind::Time(_) => matches!(other.kind, Kind::Time(_)),
            Kind::DateTime(_) => matches!(other.kind, Kind::DateTime(_)),
            Kind::Flag(_) => matches!(other.kind, Kind::Flag(_)),
            Kind::Bytes(_) => matches!(other.kind, Kind::Bytes(_)),
        }
    }
}

/// `12.50` → `12.5`, because another field may have another scale.
fn without_zeros(number: &str) -> &str {
    if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number }
}

/// `2026-11-21` → `20261121`
fn digits(shown: &impl ToString) -> String {
    shown.to_string().chars().filter(char::is_ascii_digit).collect()
}
