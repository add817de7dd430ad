//! The tables, the migrations between their versions, and the connections.
//!
//! A file stores its version in `PRAGMA user_version`. When the writer opens an older file, it migrates the file step by
//! step. Each step runs in one transaction together with its new version number. A crash therefore leaves a file of one
//! version or of the next, never in between. A file of a newer version is refused, because this code does not know what its
//! columns mean.

use std::path::Path;
use std::time::Duration;

use fep_protocol::reason::JournalError;
use rusqlite::{Connection, Error, ErrorCode, OpenFlags};

/// `STEPS[n]` migrates from version `n` to version `n + 1`. An empty file has version 0. A released step is never changed,
/// because files of its version exist.
const STEPS: &[&str] = &[VERSION_1, VERSION_2, VERSION_3, VERSION_4, VERSION_5, VERSION_6];

/// The version of the index. An index of another version is deleted and built again.
pub(super) const INDEX_VERSION: i64 = 17;

/// The longest wait for a locked file. After that the write fails.
const BUSY_MAX: Duration = Duration::from_millis(1000);

/// The largest size of the write-ahead log after a checkpoint, in bytes. A reader that stays can make it grow.
const WAL_MAX_BYTES: i64 = 8 * 1024 * 1024;

/// The tables before 0.1.0.
const VERSION_1: &str = include_str!("version_1.sql");

/// Adds stable codes for reasons. Rows of version 1 keep NULL, because their sentences were never meant to be parsed.
const VERSION_2: &str = "
ALTER TABLE exchanges ADD COLUMN reason_code TEXT;
ALTER TABLE entries ADD COLUMN note_code TEXT;
";

/// One table of facts instead of a table for each kind.
const VERSION_3: &str = include_str!("version_3.sql");

/// Sealed bodies, and what was removed on purpose.
const VERSION_4: &str = include_str!("version_4.sql");

/// What stood when facts were removed on purpose.
const VERSION_5: &str = "
ALTER TABLE removals ADD COLUMN standing TEXT NOT NULL DEFAULT '[]';  -- what stood then, as JSON
";

/// What callers say about their requests, and response codes.
const VERSION_6: &str = "
ALTER TABLE facts ADD COLUMN caller TEXT;       -- of a request: what its caller says about it, as JSON
ALTER TABLE facts ADD COLUMN code TEXT;         -- of an answer: its response code; in an encrypted journal a keyed hash
";

/// Shows a file of version 3 as one of the newest version, for archives that are only read. An archive has no removals.
const READ_VERSION_3: &str = "
CREATE TEMP VIEW facts AS SELECT *, NULL AS sealed, NULL AS caller, NULL AS code FROM main.facts;
CREATE TEMP VIEW journal AS SELECT *, NULL AS sealed_from, NULL AS seal_proof FROM main.journal;
CREATE TEMP TABLE seal_keys (id BLOB);
CREATE TEMP TABLE removals (last, before_ms, at_ms, keep_days, traces, standing);
";

/// The same for version 4.
const READ_VERSION_4: &str = "
CREATE TEMP VIEW facts AS SELECT *, NULL AS caller, NULL AS code FROM main.facts;
CREATE TEMP VIEW removals AS SELECT *, '[]' AS standing FROM main.removals;
";

/// The same for version 5.
const READ_VERSION_5: &str = "CREATE TEMP VIEW facts AS SELECT *, NULL AS caller, NULL AS code FROM main.facts";

/// The table that marks a journal as one of tests.
pub(super) const TEST_MARK: &str = "test_journal";

/// Makes it.
pub(super) const MARK_AS_TEST: &str = "CREATE TABLE IF NOT EXISTS main.test_journal (mark INTEGER)";

/// The tables of the index.
pub(super) const INDEX: &str = include_str!("index.sql");

/// Opens the writer's connection to the facts. Creates the tables if there are none, and migrates older ones.
pub(in crate::journal) fn read_write(path: &Path) -> Result<Connection, JournalError> {
    let open = || -> Result<Connection, Error> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(BUSY_MAX)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "journal_size_limit", WAL_MAX_BYTES)?;
        connection.set_prepared_statement_cache_capacity(32);
        Ok(connection)
    };
    let connection = open().map_err(|error| at(path, &error))?;
    migrate(&connection, path)?;
    Ok(connection)
}

/// Moves what is only in the write-ahead log into the file. SQLite reads the log that it has opened, also if it was deleted since.
pub(super) fn save_log(connection: &Connection) -> Result<(), Error> {
    let is_busy: bool = connection.query_row("PRAGMA wal_checkpoint(FULL)", [], |row| row.get(0))?;
    match is_busy {
        // A reader needs what the file has now. It is done soon.
        true => Err(Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY), None)),
        false => Ok(()),
    }
}

/// Begins a file with the same identity as a journal file, and without its facts. The journal file is attached as `live`, only for
/// reading. It is not encrypted yet.
pub(super) fn copy_of(path: &Path, journal: &Path) -> Result<Connection, JournalError> {
    let connection = archive(path, journal)?;
    let sql = "UPDATE main.journal SET sealed_from = NULL, seal_proof = NULL; DELETE FROM main.seal_keys;
               INSERT INTO main.removals SELECT * FROM live.removals";
    connection.execute_batch(sql).map_err(|error| at(path, &error))?;
    Ok(connection)
}

/// Closes a new file. Everything is in the file and on the disk then.
pub(super) fn finish(connection: Connection, path: &Path) -> Result<(), JournalError> {
    let close = || -> Result<(), Error> {
        connection.execute_batch("DETACH live")?;
        connection.close().map_err(|(_, error)| error)
    };
    close().map_err(|error| at(path, &error))?;
    let synced = std::fs::File::open(path).and_then(|file| file.sync_all());
    synced.map_err(|error| JournalError::Failed(format!("{}: {error}", path.display())))
}

/// Opens a file as an archive that gets facts of a journal. The journal is attached as `live`, only for reading.
pub(in crate::journal) fn archive(path: &Path, journal: &Path) -> Result<Connection, JournalError> {
    let open = || -> Result<Connection, Error> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(BUSY_MAX)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        let tables = STEPS.iter().copied().collect::<String>();
        let version = STEPS.len();
        connection.execute_batch(&format!("BEGIN;\n{tables}\nPRAGMA user_version = {version};\nCOMMIT;"))?;
        connection.execute("ATTACH ?1 AS live", [read_only_uri(journal)])?;
        connection.execute_batch(
            "DELETE FROM main.journal;
             INSERT INTO main.journal SELECT * FROM live.journal;
             INSERT INTO main.seal_keys SELECT * FROM live.seal_keys",
        )?;
        if connection.table_exists(Some("live"), TEST_MARK)? {
            connection.execute_batch(MARK_AS_TEST)?;
        }
        Ok(connection)
    };
    open().map_err(|error| at(path, &error))
}

/// The name of a file for `ATTACH` that permits no writing.
fn read_only_uri(path: &Path) -> String {
    let mut uri = String::from("file:");
    for character in path.to_string_lossy().chars() {
        match character {
            '%' => uri.push_str("%25"),
            '?' => uri.push_str("%3f"),
            '#' => uri.push_str("%23"),
            other => uri.push(other),
        }
    }
    uri + "?mode=ro"
}

/// Opens a connection for queries.
pub(in crate::journal) fn read_only(path: &Path) -> Result<Connection, JournalError> {
    let open = || -> Result<Connection, Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY_MAX)?;
        Ok(connection)
    };
    open().map_err(|error| at(path, &error))
}

/// Opens a connection that reads the facts of a file, which a gateway may be writing.
///
/// # Errors
/// If there is no such file, or it is not a journal of this version.
pub(in crate::journal) fn read_facts(path: &Path) -> Result<Connection, JournalError> {
    let refused = |why: &str| JournalError::Failed(format!("{}: {why}", path.display()));
    let found = std::fs::metadata(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => refused("there is no such file"),
        _ => refused(&error.to_string()),
    })?;
    if !found.is_file() {
        return Err(refused("this is not a file"));
    }
    let connection = read_only(path)?;
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    let table = |name: &str| -> Result<bool, Error> {
        let sql = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?1";
        connection.query_row(sql, [name], |row| row.get(0))
    };
    let kind = || Ok((version(&connection)?, table("facts")? && table("journal")?, table("entries")?));
    let kind = kind().map_err(|error: Error| match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => refused("this is not a journal: it is not an SQLite file"),
        _ => at(path, &error),
    })?;
    match kind {
        (version, true, _) if version == known => Ok(connection),
        (older @ 3..=5, true, _) => {
            let views = match older {
                3 => READ_VERSION_3,
                4 => READ_VERSION_4,
                _ => READ_VERSION_5,
            };
            connection.execute_batch(views).map_err(|error| at(path, &error))?;
            Ok(connection)
        }
        // An index has versions of its own.
        (_, false, false) => Err(refused("this is not a journal: it has no table of facts")),
        (version, _, _) if version > known => Err(refused(&format!(
            "the journal has version {version}, this command reads version {known}: use a newer fep-gateway"
        ))),
        (version, _, true) => Err(refused(&format!(
            "the journal has version {version}, this command reads version {known}: keep a copy of the file, then start \
             the gateway with it once, which migrates it"
        ))),
        (_, _, false) => Err(refused("this is not a journal: it has no table of facts")),
    }
}

/// The error of a file.
pub(super) fn at(path: &Path, error: &Error) -> JournalError {
    JournalError::Failed(format!("{}: {error}", path.display()))
}

/// Runs the steps that the file lacks.
fn migrate(connection: &Connection, path: &Path) -> Result<(), JournalError> {
    let found = version(connection).map_err(|error| at(path, &error))?;
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
    }
    if !steps.is_empty() {
        let what = if found == 0 { "a new journal was begun" } else { "the journal was migrated to a newer version" };
        tracing::info!(path = %path.display(), version = known, "{what}");
    }
    Ok(())
}

pub(super) fn version(connection: &Connection) -> Result<i64, Error> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}
