//! A journal's file whose facts go into a database: its facts as they are stored, and the mark at the end. Whether a file was moved is `moved`.

use std::path::Path;

use fep_protocol::reason::JournalError;
use rusqlite::{Error, params};

use super::closing::look_at;
use super::facts::FactReader;
use super::moved::moved_to;
use super::rows::{columns, names};
use super::{failed, schema, seals};
use crate::journal::columns::{Columns, Value, signed};
use crate::journal::sealing::SealState;
use crate::journal::store::{FactNumber, StoreError};

/// Checks that a file has no facts that a gateway on a database would miss.
///
/// # Errors
/// If it has facts that were not moved, or cannot be read.
pub(in crate::journal) fn has_left(path: &Path) -> Result<(), JournalError> {
    if !path.exists() || moved_to(path)?.is_some() {
        return Ok(());
    }
    match look_at(path)?.journal {
        Some((_, last)) if last > 0 => Err(JournalError::Failed(format!(
            "{}: this file has a journal with {last} facts that were not moved to the database, so trace numbers would begin again and \
             requests could be sent again. Move them with `fep-gateway journal copy`, or move the file away",
            path.display()
        ))),
        _ => Ok(()),
    }
}

/// Marks a file as moved, durably.
pub(in crate::journal) fn mark(path: &Path, place: &str) -> Result<(), JournalError> {
    let connection = schema::read_write(path)?;
    let mark = || -> Result<(), Error> {
        connection
            .execute_batch("BEGIN IMMEDIATE; CREATE TABLE IF NOT EXISTS moved (place TEXT); DELETE FROM moved")?;
        connection.execute("INSERT INTO moved VALUES (?1)", params![place])?;
        connection.execute_batch("COMMIT")
    };
    mark().map_err(|error| schema::at(path, &error))
}

impl FactReader {
    /// Passes facts after a number on as they are stored, in their order, at least one if there is any. It ends with `count_max` facts or
    /// after `bytes_max` bytes of bodies.
    pub(in crate::journal) fn stored(
        &self,
        after: FactNumber,
        (count_max, bytes_max): (u32, usize),
        mut each: impl FnMut(&Columns<'_>),
    ) -> Result<(), StoreError> {
        let mut read = || -> Result<(), Error> {
            let sql = format!("SELECT {} FROM facts WHERE number > ?1 ORDER BY number LIMIT ?2", names());
            let mut statement = self.connection().prepare_cached(&sql)?;
            let mut rows = statement.query(params![signed(after), count_max])?;
            let mut bytes = 0;
            while bytes < bytes_max
                && let Some(row) = rows.next()?
            {
                let columns = columns(row)?;
                bytes += columns
                    .iter()
                    .map(|value| if let Value::Bytes(bytes) = value { bytes.len() } else { 0 })
                    .sum::<usize>();
                each(&columns);
            }
            Ok(())
        };
        read().map_err(failed)
    }

    /// What the file says about its encryption.
    pub(in crate::journal) fn seal_state(&self, path: &Path) -> Result<SealState, JournalError> {
        seals::state(self.connection(), path)
    }
}
