//! Whether a journal's file was closed, and whether it has everything that its index has. Looked at before the file is opened for
//! writing.
//!
//! What was stored lately is only in the write-ahead log. It moves into the file when the journal is closed, and the file is marked
//! then. A file that is marked as open, and has no log beside it, is therefore not whole. The mark is the application ID, which SQLite
//! keeps at a fixed place of the file.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use fep_protocol::reason::JournalError;
use rusqlite::{Connection, Error, OpenFlags};

use super::facts::Facts;
use super::schema;
use crate::journal::columns::unsigned;
use crate::journal::store::{FactNumber, JournalId};

/// What a file shows without being changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::journal) struct Found {
    /// The name of the journal and its last fact. `None` if there is none yet, or the file is older than the first index.
    pub(in crate::journal) journal: Option<(JournalId, FactNumber)>,
    /// Whether the file has tables.
    pub(in crate::journal) has_tables: bool,
    /// Whether the file was opened and not closed, and its write-ahead log is not there.
    pub(in crate::journal) lacks_log: bool,
}

/// The application ID of a journal's file while a gateway has it open, and after a crash.
const OPEN: i32 = i32::from_be_bytes(*b"FEPO");

/// The application ID of a journal's file that is whole.
const CLOSED: i32 = i32::from_be_bytes(*b"FEPC");

/// Where SQLite keeps the application ID, in bytes from the beginning of the file.
const APPLICATION_ID_AT: usize = 68;

/// Looks at a journal's file. Nobody may have it open for writing.
pub(in crate::journal) fn look_at(path: &Path) -> Result<Found, JournalError> {
    let failed = |error: std::io::Error| JournalError::Failed(format!("{}: {error}", path.display()));
    // Before SQLite opens the file, because it begins a log then.
    let lacks_log = is_marked_open(path).map_err(failed)? && !has_log(path);
    let look = || -> Result<Found, Error> {
        let connection = glance(path)?;
        let has = |table: &str| connection.table_exists(None, table);
        let journal = match has("journal")? && has("facts")? {
            true => Some(connection.query_row(
                "SELECT id, (SELECT coalesce(max(number), 0) FROM facts) FROM journal",
                [],
                |row| Ok((row.get(0)?, unsigned(row.get(1)?))),
            )?),
            false => None,
        };
        let has_tables = schema::version(&connection)? > 0;
        Ok(Found { journal, has_tables, lacks_log })
    };
    look().map_err(|error| schema::at(path, &error))
}

/// The journal that an index belongs to, and the last fact that it has. `None` if the index says neither.
pub(in crate::journal) fn look_at_index(path: &Path) -> Option<(JournalId, FactNumber)> {
    let connection = glance(path).ok()?;
    let state = connection.query_row("SELECT journal, applied FROM state", [], |row| Ok((row.get(0)?, row.get(1)?)));
    state.ok().map(|(journal, applied)| (journal, unsigned(applied)))
}

impl Facts {
    /// Marks the file itself as open.
    pub(in crate::journal) fn mark_open(&self, path: &Path) -> Result<(), JournalError> {
        let mark = || -> Result<(), Error> {
            if application_id(self.connection())? != OPEN {
                set_application_id(self.connection(), OPEN)?;
                // Somebody may be reading: then the mark comes into the file with one of the next moves.
                self.connection().query_row("PRAGMA wal_checkpoint(FULL)", [], |_| Ok(()))?;
            }
            Ok(())
        };
        mark().map_err(|error| schema::at(path, &error))
    }
}

/// Moves everything from the write-ahead log into the file, and marks it as whole. Nobody writes it any more.
pub(in crate::journal) fn close(path: &Path) -> Result<(), JournalError> {
    let connection = schema::read_write(path)?;
    let close = || -> Result<(), Error> {
        set_application_id(&connection, CLOSED)?;
        let is_busy: bool = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        if is_busy {
            // Somebody reads what is in the log, so it stays, and with it the mark.
            tracing::info!(path = %path.display(), "the journal stays in two files: another program reads it");
        }
        Ok(())
    };
    close().map_err(|error| schema::at(path, &error))
}

pub(super) fn glance(path: &Path) -> Result<Connection, Error> {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)
}

fn application_id(connection: &Connection) -> Result<i32, Error> {
    connection.pragma_query_value(None, "application_id", |row| row.get(0))
}

fn set_application_id(connection: &Connection, id: i32) -> Result<(), Error> {
    connection.pragma_update(None, "application_id", id)
}

fn is_marked_open(path: &Path) -> std::io::Result<bool> {
    let mut begin = [0; APPLICATION_ID_AT + 4];
    match File::open(path)?.read_exact(&mut begin) {
        Ok(()) => Ok(begin.ends_with(&OPEN.to_be_bytes())),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

fn has_log(path: &Path) -> bool {
    std::fs::metadata(log_of(path)).is_ok_and(|log| log.len() > 0)
}

/// SQLite follows symbolic links, and puts the log beside the file that they lead to.
fn log_of(path: &Path) -> PathBuf {
    let mut log = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()).into_os_string();
    log.push("-wal");
    log.into()
}
