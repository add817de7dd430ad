//! The rows of the table of facts in SQLite.

use std::sync::LazyLock;

use rusqlite::types::{ToSqlOutput, Type, ValueRef};
use rusqlite::{Error, Row, Statement};

use crate::journal::columns::{COLUMNS, Columns, LIST, NoFact, OpenColumns, Value};

/// The names of all columns, for a statement that selects them.
pub(super) fn names() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| LIST.map(|(name, _)| name).join(", "));
    &TEXT
}

/// Stores a fact, with all columns in their order.
pub(super) fn insert() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let places: Vec<_> = (1..=COLUMNS).map(|place| format!("?{place}")).collect();
        format!("INSERT INTO facts ({}) VALUES ({})", names(), places.join(", "))
    });
    &TEXT
}

/// Stores one fact. Columns without a value are not bound, because a cleared statement has no values.
pub(super) fn store(
    insert: &mut Statement<'_>,
    open: &OpenColumns<'_>,
    bytes: &[u8],
    sealed: Option<&[u8]>,
) -> Result<(), Error> {
    let bytes = Some(bytes).filter(|bytes| !bytes.is_empty()).map_or(Value::Null, Value::Bytes);
    let rest = [bytes, sealed.map_or(Value::Null, Value::Bytes)];
    insert.clear_bindings();
    for (column, value) in (1..).zip(open.iter().copied().chain(rest)) {
        let value = match value {
            Value::Null => continue,
            Value::Integer(number) => ValueRef::Integer(number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        };
        insert.raw_bind_parameter(column, ToSqlOutput::Borrowed(value))?;
    }
    insert.raw_execute().map(drop)
}

/// The values of a row that has all columns in their order.
pub(super) fn columns<'r>(row: &'r Row<'_>) -> Result<Columns<'r>, Error> {
    let mut columns = [Value::Null; COLUMNS];
    for (place, value) in columns.iter_mut().enumerate() {
        *value = match row.get_ref(place)? {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) => Value::Integer(number),
            ValueRef::Text(text) => Value::Text(std::str::from_utf8(text)?),
            ValueRef::Blob(bytes) => Value::Bytes(bytes),
            ValueRef::Real(_) => {
                let name = LIST.get(place).map_or("", |(name, _)| *name);
                return Err(Error::InvalidColumnType(place, name.to_owned(), Type::Real));
            }
        };
    }
    Ok(columns)
}

impl From<NoFact> for Error {
    fn from(error: NoFact) -> Self {
        Self::ToSqlConversionFailure(error.into())
    }
}
