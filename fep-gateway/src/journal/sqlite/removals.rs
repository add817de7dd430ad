//! The rows of the index that belong to what was removed from a journal on purpose.

use std::path::Path;

use fep_protocol::exchange::ExchangeId;
use fep_protocol::reason::JournalError;
use rusqlite::{Connection, Error, OptionalExtension, params};

use super::facts::FactReader;
use super::index::IndexReader;
use super::{failed, id, schema};
use crate::journal::columns::{signed, unsigned};
use crate::journal::store::{FactNumber, Removal, StoreError};

/// The number of rows that are removed in one transaction, so that the indexer never waits long.
const PIECE: usize = 2048;

/// The tables whose rows belong to one exchange or notice, with the column of its name, and which of the old rows go: those whose first
/// fact is removed.
const TABLES: [(&str, &str, &str); 5] = [
    ("exchanges", "id", "coalesce(request, ending, 0) <= ?2"),
    ("cases", "exchange", "NOT EXISTS (SELECT 1 FROM exchanges WHERE id = exchange) AND ?2 >= 0"),
    ("case_facts", "exchange", "NOT EXISTS (SELECT 1 FROM exchanges WHERE id = exchange) AND ?2 >= 0"),
    ("notices", "id", "coalesce(notice, 0) <= ?2"),
    (
        "owners",
        "id",
        "NOT EXISTS (SELECT 1 FROM exchanges WHERE exchanges.id = owners.id)
         AND NOT EXISTS (SELECT 1 FROM notices WHERE notices.id = owners.id) AND ?2 >= 0",
    ),
];

impl FactReader {
    /// The newest exchange or notice that has a fact. Reads all facts.
    pub(in crate::journal) fn newest_exchange(&self) -> Result<Option<ExchangeId>, StoreError> {
        let sql = "SELECT max(exchange) AS id FROM facts HAVING id IS NOT NULL";
        self.connection().query_row(sql, [], |row| id(row, "id")).optional().map_err(failed)
    }
}

/// Removes from an index what belongs to exchanges that a removal covers, piece by piece. The indexer may run meanwhile: it adds
/// nothing to these exchanges from the first piece on.
pub(in crate::journal) fn forget(index: &Path, removal: &Removal) -> Result<(), JournalError> {
    let forget = || -> Result<(), Error> {
        let connection = super::index::connect(index)?;
        let done: i64 = connection.query_row("SELECT forgotten FROM state", [], |row| row.get(0))?;
        if unsigned(done) >= removal.last {
            return Ok(());
        }
        connection.execute("UPDATE state SET before_ms = max(before_ms, ?1)", params![removal.before_ms])?;
        let first = ExchangeId::new(removal.before_ms, 0, 0);
        for (table, name, goes) in TABLES {
            let sql = format!(
                "DELETE FROM {table} WHERE {name} IN
                 (SELECT {name} FROM {table} WHERE {name} < ?1 AND {goes} ORDER BY {name} LIMIT {PIECE})"
            );
            let range = params![first.as_bytes(), signed(removal.last)];
            while connection.prepare_cached(&sql)?.execute(range)? > 0 {}
        }
        keys(&connection, &first)?;
        let sql = format!(
            "DELETE FROM notice_keys WHERE (institution, telegram, key) IN
             (SELECT institution, telegram, key FROM notice_keys WHERE notice <= ?1 LIMIT {PIECE})"
        );
        while connection.prepare_cached(&sql)?.execute(params![signed(removal.last)])? > 0 {}
        let sql = format!(
            "DELETE FROM audit WHERE number IN (SELECT number FROM audit WHERE number <= ?1 ORDER BY number LIMIT {PIECE})"
        );
        while connection.prepare_cached(&sql)?.execute(params![signed(removal.last)])? > 0 {}
        super::index::forget_exceptions(&connection, removal.last)?;
        super::index::forget_verifications(&connection, removal.last)?;
        connection.execute("UPDATE state SET forgotten = ?1", params![signed(removal.last)]).map(drop)
    };
    forget().map_err(|error| schema::at(index, &error))
}

/// Removes the idempotency keys of exchanges before this one. They are passed once, in their order.
fn keys(connection: &Connection, first: &ExchangeId) -> Result<(), Error> {
    let mut passed = (String::new(), String::new());
    loop {
        let sql = format!(
            "SELECT institution, key FROM keys WHERE (institution, key) > (?1, ?2) ORDER BY institution, key LIMIT {PIECE}"
        );
        let mut statement = connection.prepare_cached(&sql)?;
        let rows = statement.query_map(params![passed.0, passed.1], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let Some(last) = rows.last().transpose()? else { return Ok(()) };
        let sql =
            "DELETE FROM keys WHERE (institution, key) > (?1, ?2) AND (institution, key) <= (?3, ?4) AND exchange < ?5
                   AND NOT EXISTS (SELECT 1 FROM exchanges WHERE id = exchange)";
        let range = params![passed.0, passed.1, last.0, last.1, first.as_bytes()];
        connection.prepare_cached(sql)?.execute(range)?;
        passed = last;
    }
}

impl IndexReader {
    /// The oldest exchange that still runs, or whose settlement goes on or needs a person, with its first fact.
    pub(in crate::journal) fn oldest_needed(&self) -> Result<Option<(ExchangeId, FactNumber)>, StoreError> {
        let first = "coalesce(request, ending, 0)";
        let sql = format!(
            "SELECT id, {first} AS first FROM exchanges WHERE outcome IS NULL
             UNION ALL SELECT exchange, coalesce((SELECT {first} FROM exchanges WHERE id = exchange), 0) FROM cases
             WHERE NOT is_finished OR needs_person
             ORDER BY first LIMIT 1"
        );
        let oldest = self.connection().query_row(&sql, [], |row| Ok((id(row, "id")?, unsigned(row.get("first")?))));
        oldest.optional().map_err(failed)
    }

    /// The fact of the oldest notice that no service has taken yet, or that needs a person. One that ended without an answer is not among
    /// them: nobody waited for the answer any more. Of a notice of an early version only its answer is known.
    pub(in crate::journal) fn oldest_open_notice(&self) -> Result<Option<FactNumber>, StoreError> {
        let open = "('delivering', 'dead_letter')";
        let sql = format!(
            "SELECT min(notice) FROM (SELECT min(notice) AS notice FROM notices WHERE state IN {open}
             UNION ALL SELECT min(notice) FROM notice_keys WHERE answer IS NULL AND notice NOT IN
             (SELECT notice FROM notices WHERE answer IS NULL AND notice IS NOT NULL AND state NOT IN {open}))"
        );
        let oldest = self.connection().query_row(&sql, [], |row| row.get::<_, Option<i64>>(0));
        oldest.map(|oldest| oldest.map(unsigned)).map_err(failed)
    }
}
