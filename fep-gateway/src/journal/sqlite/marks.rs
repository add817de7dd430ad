//! The marks of what was removed from a journal on purpose.

use std::path::Path;

use fep_protocol::reason::JournalError;
use fep_protocol::trace::TraceHighWater;
use rusqlite::types::Type;
use rusqlite::{Connection, Error, OptionalExtension, Row, params};
use serde::de::DeserializeOwned;

use super::{failed, schema};
use crate::journal::columns::{signed, unsigned};
use crate::journal::store::{Removal, StoreError};

/// The newest mark of a journal.
pub(super) fn newest(connection: &Connection) -> Result<Option<Removal>, StoreError> {
    let sql = "SELECT last, before_ms, at_ms, keep_days, traces, standing FROM removals ORDER BY last DESC LIMIT 1";
    let row = connection.query_row(sql, [], |row| {
        let traces: Vec<(String, i64, u64)> = from_json(row, 4)?;
        Ok(Removal {
            last: unsigned(row.get(0)?),
            before_ms: row.get(1)?,
            at_ms: row.get(2)?,
            keep_days: row.get(3)?,
            traces: traces.into_iter().map(|(name, day, high)| (name, TraceHighWater { day, high })).collect(),
            standing: from_json(row, 5)?,
        })
    });
    row.optional().map_err(failed)
}

/// The value of a column that has JSON.
fn from_json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<T, Error> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| Error::FromSqlConversionFailure(column, Type::Text, Box::new(error)))
}

/// Marks in a journal what is removed from now on. The mark is durable before anything is removed.
pub(in crate::journal) fn mark(journal: &Path, removal: &Removal) -> Result<(), JournalError> {
    let connection = schema::read_write(journal)?;
    let failed = |error: serde_json::Error| JournalError::Failed(error.to_string());
    let traces: Vec<_> = removal.traces.iter().map(|(name, mark)| (name, mark.day, mark.high)).collect();
    let traces = serde_json::to_string(&traces).map_err(failed)?;
    let standing = serde_json::to_string(&removal.standing).map_err(failed)?;
    let row = params![signed(removal.last), removal.before_ms, removal.at_ms, removal.keep_days, traces, standing];
    let marked = connection.execute("INSERT OR REPLACE INTO removals VALUES (?1, ?2, ?3, ?4, ?5, ?6)", row);
    marked.map(drop).map_err(|error| schema::at(journal, &error))
}
