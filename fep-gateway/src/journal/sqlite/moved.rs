//! A journal's file whose facts were copied into a database. It has a mark, a table with the name of that place, so that no gateway goes on with
//! the file by accident. Commands read it as before.

use std::path::Path;

use fep_protocol::reason::JournalError;
use rusqlite::{Error, OptionalExtension, params};

use super::closing::glance;
#[cfg(feature = "postgres")]
use super::closing::look_at;
use super::facts::FactReader;
use super::rows::{columns, names};
use super::{failed, schema, seals};
use crate::journal::columns::{Columns, Value, signed};
use crate::journal::sealing::SealState;
use crate::journal::store::{FactNumber, StoreError};

/// The table that marks a file as moved.
const MARK: &str = "moved";

/// Where the facts of a file are now, or `None` if they are in the file. Nobody may have it open for writing.
pub(in crate::journal) fn moved_to(path: &Path) -> Result<Option<String>, JournalError> {
    let look = || -> Result<Option<String>, Error> {
        let connection = glance(path)?;
        if !connection.table_exists(Some("main"), MARK)? {
            return Ok(None);
        }
        connection.query_row("SELECT place FROM main.moved", [], |row| row.get(0)).optional()
    };
    look().map_err(|error| schema::at(path, &error))
}

/// Checks that a gateway may go on with a file.
///
/// # Errors
/// If its facts were moved, or it cannot be read.
pub(in crate::journal) fn is_here(path: &Path) -> Result<(), JournalError> {
    let Some(place) = moved_to(path)? else { return Ok(()) };
    Err(JournalError::Failed(format!(
        "{}: this journal was moved to the {place}, and goes on there: set [journal.postgres]. A gateway that went on with the file could \
         send again what was sent since",
        path.display()
    )))
}

/// Checks that a file has no facts that a gateway on a database would miss.
///
/// # Errors
/// If it has facts that were not moved, or cannot be read.
#[cfg(feature = "postgres")]
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
#[cfg(feature = "postgres")]
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

#[cfg(feature = "postgres")]
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
