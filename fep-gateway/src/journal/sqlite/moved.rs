//! A journal's file whose facts were copied into a database. It has a mark, a table with the name of that place, so that no gateway goes on with
//! the file by accident. Commands read it as before.

use std::path::Path;

use fep_protocol::reason::JournalError;
use rusqlite::{Error, OptionalExtension};

use super::closing::glance;
use super::schema;

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
