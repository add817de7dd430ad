//! Archives: files with the same table, which get facts of the journal row by row and byte by byte.

use std::path::{Path, PathBuf};

use fep_protocol::reason::JournalError;
use rusqlite::{Connection, params};

use super::schema;
use crate::journal::columns::signed;
use crate::journal::private;
use crate::journal::store::FactNumber;

/// An archive that is being made.
#[derive(Debug)]
pub(in crate::journal) struct ArchiveFile {
    path: PathBuf,
    connection: Connection,
}

impl ArchiveFile {
    /// Begins an archive of a journal in a file that is not there yet.
    pub(in crate::journal) fn begin(path: &Path, journal: &Path) -> Result<Self, JournalError> {
        let created = private::create_like(path, journal);
        created.map_err(|error| JournalError::Failed(format!("{}: {error}", path.display())))?;
        Ok(Self { path: path.to_owned(), connection: schema::archive(path, journal)? })
    }

    /// Copies the facts with these numbers.
    pub(in crate::journal) fn copy(&self, first: FactNumber, last: FactNumber) -> Result<(), JournalError> {
        let sql = "INSERT INTO main.facts SELECT * FROM live.facts WHERE number BETWEEN ?1 AND ?2";
        let copied = self.connection.execute(sql, params![signed(first), signed(last)]);
        copied.map(drop).map_err(|error| schema::at(&self.path, &error))
    }

    /// Closes the archive. Everything is in the file and on the disk then.
    pub(in crate::journal) fn finish(self) -> Result<(), JournalError> {
        schema::finish(self.connection, &self.path)
    }
}
