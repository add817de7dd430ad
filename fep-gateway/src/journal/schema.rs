//! The tables, the migrations between their versions, and the connections.
//!
//! A file stores its version in `PRAGMA user_version`. When the writer opens an older file, it migrates the file step by
//! step. Each step runs in one transaction together with its new version number. A crash therefore leaves a file of one
//! version or of the next, never in between. A file of a newer version is refused, because this code does not know what its
//! columns mean.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::{JournalError, failed};

/// `STEPS[n]` migrates from version `n` to version `n + 1`. An empty file has version 0. A released step is never changed,
/// because files of its version exist.
const STEPS: &[&str] = &[VERSION_1, VERSION_2];

/// The longest wait for a locked file. After that the write fails.
const BUSY_MAX: Duration = Duration::from_millis(1000);

/// The tables before 0.1.0.
const VERSION_1: &str = "
CREATE TABLE exchanges (
  id               TEXT PRIMARY KEY,            -- sorts by time of acceptance
  institution      TEXT NOT NULL,
  telegram         TEXT NOT NULL,
  state            TEXT NOT NULL CHECK (state IN ('accepted', 'sending', 'answered', 'not_sent', 'unknown')),
  settled_by       TEXT,                        -- what made an unknown certain: late answer
  reason           TEXT,
  trace            TEXT NOT NULL DEFAULT '',
  key              TEXT,                        -- the key's fields as a JSON array
  answer_expected  TEXT,
  line             TEXT,
  incarnation      INTEGER,
  request          BLOB NOT NULL DEFAULT x'',
  answer_telegram  TEXT,
  answer           BLOB,
  accepted_at_ms   INTEGER NOT NULL,
  ended_at_ms      INTEGER
) WITHOUT ROWID;
CREATE INDEX exchanges_open ON exchanges (state) WHERE state IN ('accepted', 'sending');
CREATE INDEX exchanges_unsettled ON exchanges (ended_at_ms) WHERE state = 'unknown' AND settled_by IS NULL;

CREATE TABLE entries (                          -- every byte on every line, in the order of the journal
  number           INTEGER PRIMARY KEY,
  at_ms            INTEGER NOT NULL,
  institution      TEXT NOT NULL,
  line             TEXT NOT NULL,
  incarnation      INTEGER NOT NULL,
  direction        TEXT NOT NULL CHECK (direction IN ('in', 'out', 'withheld')),
  class            TEXT NOT NULL,
  exchange         TEXT,
  note             TEXT,
  bytes            BLOB NOT NULL
);
CREATE INDEX entries_exchange ON entries (exchange) WHERE exchange IS NOT NULL;

CREATE TABLE idempotency (
  institution      TEXT NOT NULL,
  key              TEXT NOT NULL,
  digest           BLOB NOT NULL,
  exchange         TEXT NOT NULL,
  PRIMARY KEY (institution, key)
) WITHOUT ROWID;

CREATE TABLE traces (                           -- numbers up to `high` may have been used on that day
  institution      TEXT PRIMARY KEY,
  day              INTEGER NOT NULL,            -- since 1970-01-01
  high             INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE notices (
  institution      TEXT NOT NULL,
  telegram         TEXT NOT NULL,
  key              TEXT NOT NULL,               -- the key's fields as a JSON array
  id               TEXT NOT NULL,
  received_at_ms   INTEGER NOT NULL,
  answer           BLOB,
  PRIMARY KEY (institution, telegram, key)
) WITHOUT ROWID;
";

/// Adds stable codes for reasons. Rows of version 1 keep NULL, because their sentences were never meant to be parsed.
const VERSION_2: &str = "
ALTER TABLE exchanges ADD COLUMN reason_code TEXT;
ALTER TABLE entries ADD COLUMN note_code TEXT;
";

/// Opens the writer's connection. Creates the tables if there are none, and migrates older ones.
pub(super) fn read_write(path: &Path) -> Result<Connection, JournalError> {
    let connection =
        Connection::open(path).map_err(|error| JournalError::Failed(format!("{}: {error}", path.display())))?;
    connection.busy_timeout(BUSY_MAX).map_err(failed)?;
    connection.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(failed)?;
    migrate(&connection, path)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// Runs the steps that the file lacks.
fn migrate(connection: &Connection, path: &Path) -> Result<(), JournalError> {
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(failed)?;
    let known = STEPS.len();
    let Some(steps) = usize::try_from(found).ok().and_then(|found| STEPS.get(found..)) else {
        let path = path.display();
        return Err(JournalError::Failed(format!(
            "{path}: the journal has version {found}, this gateway reads versions up to {known}: use a newer gateway"
        )));
    };
    for (step, version) in steps.iter().zip(found + 1..) {
        let sql = format!("BEGIN IMMEDIATE;\n{step}\nPRAGMA user_version = {version};\nCOMMIT;");
        if let Err(error) = connection.execute_batch(&sql) {
            // The transaction may not have begun; then there is nothing to roll back.
            let _ = connection.execute_batch("ROLLBACK");
            let path = path.display();
            return Err(JournalError::Failed(format!(
                "{path}: version {version} of the tables cannot be made: {error}"
            )));
        }
        tracing::info!(path = %path.display(), version, "the journal's tables are up to date with this version");
    }
    Ok(())
}

/// Opens a connection for queries.
pub(super) fn read_only(path: &Path) -> Result<Connection, JournalError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(BUSY_MAX).map_err(failed)?;
    Ok(connection)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(connection: &Connection) -> i64 {
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    }

    /// Every table, index and column, by name.
    fn columns(connection: &Connection) -> Vec<(String, String)> {
        let sql = "SELECT m.name, c.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c ORDER BY 1, 2";
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    }

    #[test]
    fn every_version_becomes_the_same_tables() {
        let folder = tempfile::tempdir().unwrap();
        let newest = read_write(&folder.path().join("new.sqlite")).unwrap();
        assert_eq!(version(&newest), 2);
        let column = ("exchanges".to_owned(), "reason_code".to_owned());
        assert!(columns(&newest).contains(&column));
        for old in 1..STEPS.len() {
            let path = folder.path().join(format!("{old}.sqlite"));
            let file = Connection::open(&path).unwrap();
            STEPS[..old].iter().for_each(|step| file.execute_batch(step).unwrap());
            file.pragma_update(None, "user_version", i64::try_from(old).unwrap()).unwrap();
            drop(file);
            let migrated = read_write(&path).unwrap();
            assert_eq!((version(&migrated), columns(&migrated)), (2, columns(&newest)), "from version {old}");
        }
    }

    #[test]
    fn a_step_that_fails_leaves_the_file_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.sqlite");
        let file = Connection::open(&path).unwrap();
        file.execute_batch(VERSION_1).unwrap();
        // The second statement of the step fails, after the first one worked.
        file.execute_batch("ALTER TABLE entries ADD COLUMN note_code TEXT; PRAGMA user_version = 1").unwrap();
        let before = columns(&file);
        let error = read_write(&path).unwrap_err().to_string();
        assert!(error.contains("version 2 of the tables cannot be made: duplicate column name: note_code"), "{error}");
        assert_eq!((version(&file), columns(&file)), (1, before));
    }
}
