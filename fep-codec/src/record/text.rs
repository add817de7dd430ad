//! A value as text for people: without padding, with its decimal point.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::{String, ToString as _};
use core::fmt::Write as _;

use smol_str::SmolStr;

use super::Value;
use crate::error::Decimal;
use crate::kind::FieldValue as _;
use crate::layout::{Field, Kind, Literal};

impl Value {
    /// The value as text: `홍길동`, `12.05`, `2026-11-21`, `20`. Bytes are hex, and no value is the empty text.
    ///
    /// It does not hide secrets. Callers must check [`Field::secret`].
    #[must_use]
    pub fn to_text(&self, field: &Field) -> String {
        match self {
            Self::Absent | Self::None | Self::Part(_) | Self::Group(_) | Self::Choice(..) => String::new(),
            Self::Text(text) => text.to_string(),
            Self::Number(number) => {
                let scale = if let Kind::Number(rule) = &field.kind { rule.decimals() } else { 0 };
                Decimal { units: *number, scale }.to_string()
            }
            Self::Date(date) => date.to_string(),
            Self::MonthDay(day) => day.to_string(),
            Self::YearMonth(month) => month.to_string(),
            Self::Time(time) => format!("{time:.*}", decimals(field)),
            Self::DateTime(both) => format!("{both:.*}", decimals(field)),
            Self::MonthDayTime(both) => format!("{both:.*}", decimals(field)),
            Self::Flag(flag) => flag.to_string(),
            Self::Bytes(bytes) => hex(bytes),
        }
    }
}

/// The number of decimals of the second that the field sends. They are shown even if they are zeros.
const fn decimals(field: &Field) -> usize {
    match &field.kind {
        Kind::Time(rule) => rule.pattern.pieces().decimals(),
        Kind::DateTime(rule) => rule.pattern.pieces().decimals(),
        _ => 0,
    }
}

impl Literal {
    /// The literal as JSON and dumps show it: its text, or hex if it is not text.
    #[must_use]
    pub fn shown(&self) -> String {
        let text = self.text.and_then(|charset| charset.decode(&self.bytes).ok());
        text.map_or_else(|| hex(&self.bytes), Cow::into_owned)
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The sign in a separate field as text, in the charset of the field. A space counts as padding, so it becomes the empty text.
pub(super) fn sign_text(field: &Field, sign: u8) -> SmolStr {
    let text = match &field.kind {
        Kind::Text(rule) => SmolStr::get(rule, &[sign]).ok(),
        _ => None,
    };
    // A byte that the charset lacks is not a sign, and it is refused when the number is known.
    text.unwrap_or_else(|| SmolStr::new_inline("\u{FFFD}"))
}
