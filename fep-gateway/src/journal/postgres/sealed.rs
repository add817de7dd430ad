//! Which keys sealed the bodies of a journal in a database. What a key opens is not the business of this module.

use tokio_postgres::Row;

use super::reader::{FactReader, unread};
use crate::journal::columns::{signed, unsigned};
use crate::journal::seal::KeyId;
use crate::journal::store::{FactNumber, StoreError};

/// The number of facts that one question looks at.
const PIECE: FactNumber = 20_000;

impl FactReader {
    /// The key that sealed a fact, or `None` if there is no such fact or it is not sealed.
    pub(in crate::journal) fn key_of(&self, number: FactNumber) -> Result<Option<KeyId>, StoreError> {
        let sql = "SELECT substring(sealed FROM 1 FOR 4) FROM facts WHERE number = $1::int8 AND sealed IS NOT NULL
                       AND stored_on = (SELECT max(stored_on) FROM days WHERE first <= $1::int8)";
        let key = |row: Row| row.try_get::<_, &[u8]>(0).map(|id| id.try_into().ok().map(KeyId)).map_err(unread);
        Ok(self.row(sql, &[&signed(number)])?.map(key).transpose()?.flatten())
    }

    /// The time of the newest fact of the last three dates that a key sealed, in milliseconds since 1970.
    pub(in crate::journal) fn newest_of(&self, key: KeyId) -> Result<Option<i64>, StoreError> {
        let lately = "SELECT first, (SELECT last FROM journal) FROM days
                      WHERE stored_on >= (SELECT stored_on - 2 FROM journal) ORDER BY first LIMIT 1";
        let Some(row) = self.row(lately, &[])? else { return Ok(None) };
        let number = |place| row.try_get(place).map(unsigned).map_err(unread);
        let first = number(0)?;
        let mut end = number(1)? + 1;
        let newest = "SELECT max(at_ms) FROM facts WHERE number >= $1::int8 AND number < $2::int8
                          AND stored_on >= (SELECT max(stored_on) FROM days WHERE first <= $1::int8)
                          AND substring(sealed FROM 1 FOR 4) = $3";
        // What it sealed last is found first.
        while end > first {
            let from = first.max(end.saturating_sub(PIECE));
            let row = self.row(newest, &[&signed(from), &signed(end), &&key.0[..]])?;
            let found: Option<i64> = row.map_or(Ok(None), |row| row.try_get(0)).map_err(unread)?;
            if found.is_some() {
                return Ok(found);
            }
            end = from;
        }
        Ok(None)
    }
}
