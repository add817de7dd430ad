//! The audit trail in the index: which facts are in it, by what they are looked for. What a person wrote is only in the journal.

use fep_protocol::fact::Fact;
use rusqlite::{Connection, Error, params};

use super::{IndexReader, StoreError, failed, signed, unsigned};
use crate::journal::filter::AuditFilter;
use crate::journal::sqlite::scope::Lists;
use crate::journal::store::FactNumber;

pub(super) fn add(connection: &Connection, number: FactNumber, fact: &Fact) -> Result<(), Error> {
    let sql = "INSERT OR REPLACE INTO audit VALUES (?1, ?2, ?3, ?4, ?5)";
    let client = fact.caller.as_ref().and_then(|caller| caller.client.as_deref());
    let row = params![signed(number), fact.at_ms, &*fact.institution, fact.class().unwrap_or_default(), client];
    connection.prepare_cached(sql)?.execute(row).map(drop)
}

impl IndexReader {
    /// The facts of the audit trail that the filter lets pass, newest first, at most `limit`.
    pub(in crate::journal) fn trail(&self, filter: &AuditFilter, limit: usize) -> Result<Vec<FactNumber>, StoreError> {
        let sql = "SELECT number FROM audit WHERE (?1 IS NULL OR number < ?1) AND (?2 IS NULL OR at_ms >= ?2)
                   AND (?3 IS NULL OR at_ms < ?3) AND (?4 IS NULL OR institution = ?4) AND (?5 IS NULL OR act = ?5)
                   AND (?6 IS NULL OR client = ?6) AND (?8 IS NULL OR institution IN (SELECT value FROM json_each(?8)))
                   ORDER BY number DESC LIMIT ?7";
        let values = params![
            filter.behind.map(signed),
            filter.since_ms,
            filter.until_ms,
            filter.institution,
            filter.act.map(|act| act.name()),
            filter.client,
            i64::try_from(limit).unwrap_or(i64::MAX),
            Lists::of(filter.scope.as_ref()).institutions,
        ];
        let read = || -> Result<Vec<_>, Error> {
            self.connection.prepare_cached(sql)?.query_map(values, |row| row.get(0).map(unsigned))?.collect()
        };
        read().map_err(failed)
    }
}
