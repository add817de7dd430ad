//! The columns of tables, and the cells of rows. Nothing here knows exchanges, telegrams or files.

use serde::Serialize;

/// A column, as the manifest describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Column {
    /// The name in the header of the file.
    pub(super) name: String,
    /// What its cells are.
    #[serde(flatten)]
    pub(super) kind: Kind,
    /// What it means: for a field, its label on the sheet.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) label: String,
}

/// What the cells of a column are. An empty cell is no value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Kind {
    /// Text in UTF-8, without padding. Digits that are no number are text, so they keep their zeros.
    Text,
    /// A whole number of at most 18 digits.
    Integer,
    /// A number with this many decimals, always shown.
    Decimal {
        /// The decimals.
        decimals: u8,
    },
    /// `2026-11-26`.
    Date,
    /// `09:30:15`.
    Time,
    /// `2026-11-26T00:15:00.000Z`, in UTC.
    Timestamp,
    /// `2026-11-26T09:15:00`, by the clock of the institution.
    LocalTimestamp,
    /// `true` or `false`.
    Boolean,
    /// Bytes, two digits each.
    Hex,
    /// A JSON value in which secrets are `<secret>`.
    Json,
    /// A keyed hash of a secret value: 32 hexadecimal digits. Always empty without a key.
    Hash,
}

/// One value of a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Cell {
    /// No value.
    #[default]
    Empty,
    /// The value as text.
    Text(String),
    /// A number, counted in its smallest unit, and as text.
    Number(i128, String),
}

impl Cell {
    /// A text, or no value if it is empty.
    pub(super) fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() { Self::Empty } else { Self::Text(text) }
    }

    /// A value, if there is one.
    pub(super) fn of<T: ToString>(value: Option<T>) -> Self {
        value.map_or(Self::Empty, |value| Self::text(value.to_string()))
    }

    /// The value in the file.
    pub(super) fn shown(&self) -> &str {
        match self {
            Self::Empty => "",
            Self::Text(text) | Self::Number(_, text) => text,
        }
    }
}

impl Kind {
    /// The decimals of a number. `None` of anything else.
    pub(super) fn decimals(self) -> Option<u8> {
        match self {
            Self::Integer => Some(0),
            Self::Decimal { decimals } => Some(decimals),
            _ => None,
        }
    }
}
