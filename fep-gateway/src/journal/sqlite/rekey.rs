//! A journal file whose facts are all sealed with the newest key: written as a new file, fact by fact.

use std::path::Path;

use fep_protocol::reason::JournalError;
use rusqlite::{Connection, Error, params};

use super::facts::{FactReader, Facts};
use super::schema;
use crate::journal::columns::signed;
use crate::journal::private;
use crate::journal::seal::{KeyRing, Unreadable};
use crate::journal::sealing::Access;
use crate::journal::store::{FactNumber, FactReads};

/// The number of facts that are copied in one transaction.
const PIECE: usize = 2048;

/// The number of bytes of telegrams that are copied in one transaction.
const PIECE_BYTES: usize = 4 * 1024 * 1024;

/// Whether every fact of a file is sealed with the newest key.
pub(in crate::journal) fn is_done(path: &Path, keys: &KeyRing) -> Result<bool, JournalError> {
    let reader = FactReader::open_existing(path, &Access::tolerant(Some(keys)))?;
    Ok(reader.is_sealed_with(keys.newest_id())?)
}

/// Copies a journal file into a new one and seals every fact with the newest key. Facts whose keys were forgotten are copied as
/// they are.
///
/// # Errors
/// If a body cannot be read, or the new file cannot be written.
pub(in crate::journal) fn copy(path: &Path, new: &Path, keys: &KeyRing) -> Result<(), JournalError> {
    let reader = FactReader::open_existing(path, &Access::tolerant(Some(keys)))?;
    let refused =
        |number: FactNumber, why: Unreadable| JournalError::Failed(format!("{}: fact {number}: {why}", path.display()));
    let failed = |error: Error| schema::at(new, &error);
    let created = private::create_like(new, path);
    created.map_err(|error| JournalError::Failed(format!("{}: {error}", new.display())))?;
    let connection = schema::copy_of(new, path)?;
    let mut facts = Facts::sealing_all(connection, new, keys)?;
    let mut last = 0;
    loop {
        let page = reader.page(last, FactNumber::MAX, PIECE, PIECE_BYTES)?;
        let Some((newest, _)) = page.last() else { break };
        last = *newest;
        let mut unreadable = reader.take_unreadable().into_iter().peekable();
        facts.begin().map_err(failed)?;
        for (number, mut fact) in page {
            match unreadable.next_if(|(at, _)| *at == number) {
                Some((_, Unreadable::Forgotten(_))) => facts.copy_sealed(number).map_err(failed)?,
                Some((_, why)) => return Err(refused(number, why)),
                None => {
                    if !reader.is_encrypted() || reader.is_older_than_encryption(number) {
                        keys.veil().old_fact(&mut fact);
                    }
                    facts.insert(number, [&fact]).map_err(failed)?;
                }
            }
        }
        facts.commit().map_err(failed)?;
    }
    facts.close(new)
}

/// Moves everything from the write-ahead log of a journal into its file. No other program may use it.
pub(in crate::journal) fn settle_log(path: &Path) -> Result<(), JournalError> {
    let connection = schema::read_write(path)?;
    let failed = |error: Error| schema::at(path, &error);
    let row = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
    let is_busy = row.map_err(failed)? != 0;
    connection.close().map_err(|(_, error)| failed(error))?;
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    if is_busy || std::fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
        return Err(JournalError::Failed(format!("{}: another program reads this journal now", path.display())));
    }
    Ok(())
}

impl Facts {
    fn begin(&self) -> Result<(), Error> {
        self.connection().execute_batch("BEGIN IMMEDIATE")
    }

    fn commit(&self) -> Result<(), Error> {
        self.connection().execute_batch("COMMIT")
    }

    /// Copies a fact of the attached file as it is, with the name of its key.
    fn copy_sealed(&self, number: FactNumber) -> Result<(), Error> {
        let number = params![signed(number)];
        let connection: &Connection = self.connection();
        connection.execute("INSERT INTO main.facts SELECT * FROM live.facts WHERE number = ?1", number)?;
        let sql = "INSERT OR IGNORE INTO main.seal_keys SELECT substr(sealed, 1, 4) FROM live.facts WHERE number = ?1";
        connection.execute(sql, number).map(drop)
    }
}
