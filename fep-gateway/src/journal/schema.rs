//! The tables, and how a connection to them is made.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::JournalError;

/// Counts up when the tables change.
const VERSION: i64 = 1;

/// A writer that waits longer than this for the file has lost it.
const BUSY_MAX: Duration = Duration::from_millis(1000);

const TABLES: &str = "
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

/// The writer's connection; makes the tables if there are none.
pub(super) fn read_write(path: &Path) -> Result<Connection, JournalError> {
    let connection = Connection::open(path).map_err(|error| JournalError(format!("{}: {error}", path.display())))?;
    connection.busy_timeout(BUSY_MAX)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    match version {
        0 => {
            let tables = format!("BEGIN IMMEDIATE;\n{TABLES}\nPRAGMA user_version = {VERSION};\nCOMMIT;");
            connection.execute_batch(&tables)?;
        }
        VERSION => {}
        other => {
            let what = format!("{}: its version is {other}, this gateway's is {VERSION}", path.display());
            return Err(JournalError(what));
        }
    }
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// A connection for questions.
pub(super) fn read_only(path: &Path) -> Result<Connection, JournalError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_MAX)?;
    Ok(connection)
}
