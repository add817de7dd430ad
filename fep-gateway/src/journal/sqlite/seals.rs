//! What the file of a journal says about its encryption, and what it keeps of it.

use std::path::Path;

use fep_protocol::reason::JournalError;
use rusqlite::{Connection, Error, Row, params};

use super::schema;
use crate::journal::columns::{signed, unsigned};
use crate::journal::seal::{KeyId, KeyRing, key_of};
use crate::journal::sealing::{SealState, Sealing};

/// Begins to seal, or continues. `None` means that the journal is not encrypted.
///
/// # Errors
/// If the journal is encrypted and the keys are not given or not those of the journal.
pub(super) fn begin(
    connection: &Connection,
    path: &Path,
    keys: Option<&KeyRing>,
) -> Result<Option<Sealing>, JournalError> {
    let failed = |error: Error| schema::at(path, &error);
    let sql = "SELECT coalesce(max(number), 0) FROM facts";
    let last: i64 = connection.query_row(sql, [], |row| row.get(0)).map_err(failed)?;
    let begun = Sealing::begin(&state(connection, path)?, unsigned(last), &path.display(), keys)?;
    let Some((sealing, beginning)) = begun else { return Ok(None) };
    if let Some(beginning) = beginning {
        let sql = "UPDATE journal SET sealed_from = ?1, seal_proof = ?2";
        connection.execute(sql, params![signed(beginning.from), beginning.proof]).map_err(failed)?;
    }
    Ok(Some(sealing))
}

/// Names a key in the file, before it is used.
pub(super) fn name(connection: &Connection, key: KeyId) -> Result<(), Error> {
    connection.execute("INSERT OR IGNORE INTO seal_keys VALUES (?1)", params![key.0]).map(drop)
}

/// What a file says about its encryption.
pub(super) fn state(connection: &Connection, path: &Path) -> Result<SealState, JournalError> {
    let read = || -> Result<SealState, Error> {
        let row = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, Option<i64>>(1)?, row.get(2)?));
        let (journal, sealed_from, proof) =
            connection.query_row("SELECT id, sealed_from, seal_proof FROM journal", [], row)?;
        let mut statement = connection.prepare("SELECT id FROM seal_keys")?;
        let used = statement.query_map([], |row| row.get(0).map(KeyId))?.collect::<Result<_, _>>()?;
        Ok(SealState { journal, sealed_from: sealed_from.map(unsigned), proof, used, newest: newest_key(connection)? })
    };
    read().map_err(|error| schema::at(path, &error))
}

/// The key that sealed the newest fact, if it is sealed.
fn newest_key(connection: &Connection) -> Result<Option<KeyId>, Error> {
    let sql = "SELECT sealed FROM facts WHERE number = (SELECT max(number) FROM facts)";
    let newest = connection.query_row(sql, [], |row| row.get::<_, Option<Vec<u8>>>(0));
    match newest {
        Err(Error::QueryReturnedNoRows) => Ok(None),
        newest => Ok(newest?.and_then(|sealed| key_of(&sealed))),
    }
}
