//! A fact as it is stored, with a body that may be sealed. It is copied from one store into another and is not read.

use super::columns::{Columns, Value};
use super::store::FactNumber;

/// A fact as it is stored.
#[derive(Debug)]
pub(super) struct StoredFact(Vec<Stored>);

/// The value of a column.
#[derive(Debug)]
enum Stored {
    Null,
    Integer(i64),
    Text(String),
    Bytes(Vec<u8>),
}

impl StoredFact {
    pub(super) fn of(columns: &Columns<'_>) -> Self {
        let stored = |value: &Value<'_>| match value {
            Value::Null => Stored::Null,
            Value::Integer(number) => Stored::Integer(*number),
            Value::Text(text) => Stored::Text((*text).to_owned()),
            Value::Bytes(bytes) => Stored::Bytes(bytes.to_vec()),
        };
        Self(columns.iter().map(stored).collect())
    }

    /// Its number.
    pub(super) fn number(&self) -> FactNumber {
        self.integer(0).and_then(|number| number.try_into().ok()).unwrap_or_default()
    }

    /// Its time, in milliseconds since 1970.
    pub(super) fn at_ms(&self) -> i64 {
        self.integer(1).unwrap_or_default()
    }

    /// Calls a function with its columns.
    pub(super) fn with<T>(&self, each: impl FnOnce(&Columns<'_>) -> T) -> T {
        let value = |at: usize| match self.0.get(at) {
            None | Some(Stored::Null) => Value::Null,
            Some(Stored::Integer(number)) => Value::Integer(*number),
            Some(Stored::Text(text)) => Value::Text(text),
            Some(Stored::Bytes(bytes)) => Value::Bytes(bytes),
        };
        each(&std::array::from_fn(value))
    }

    fn integer(&self, at: usize) -> Option<i64> {
        match self.0.get(at) {
            Some(Stored::Integer(number)) => Some(*number),
            _ => None,
        }
    }
}
