//! The audit trail in the index: which facts are in it, by what they are looked for. What a person wrote is only in the journal.

use fep_protocol::audit::{AuditEnd, AuditOutcome};
use fep_protocol::exchange::ExchangeId;
use fep_protocol::fact::Fact;
use rusqlite::{Connection, Error, Row, params};

use super::{IndexReader, StoreError, failed, signed, unsigned};
use crate::journal::filter::AuditFilter;
use crate::journal::sqlite::scope::Lists;
use crate::journal::store::FactNumber;

pub(super) fn add(connection: &Connection, number: FactNumber, fact: &Fact) -> Result<(), Error> {
    let sql = "INSERT OR REPLACE INTO audit VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let client = fact.caller.as_ref().and_then(|caller| caller.client.as_deref());
    let audit = fact.audit.as_deref();
    let row = params![
        signed(number),
        fact.at_ms,
        &*fact.institution,
        fact.class().unwrap_or_default(),
        client,
        audit.and_then(|audit| audit.attempt.as_ref()).map(ExchangeId::as_bytes),
        audit.and_then(|audit| audit.outcome()).map(AuditOutcome::name),
        audit.and_then(|audit| audit.end.as_ref()?.code.as_deref()),
    ];
    connection.prepare_cached(sql)?.execute(row).map(drop)
}

/// Adds to an attempt how it ended. One that was removed on purpose has no end any more.
pub(super) fn end(connection: &Connection, fact: &Fact) -> Result<(), Error> {
    let ended = fact.audit.as_deref().and_then(|audit| audit.attempt.as_ref().zip(audit.end.as_ref()));
    let Some((attempt, end)) = ended else { return Ok(()) };
    let sql = "UPDATE audit SET outcome = ?2, code = ?3 WHERE attempt = ?1";
    let row = params![attempt.as_bytes(), end.outcome.name(), end.code.as_deref()];
    connection.prepare_cached(sql)?.execute(row).map(drop)
}

fn found(row: &Row<'_>) -> Result<(FactNumber, Option<AuditEnd>), Error> {
    let outcome: Option<String> = row.get(1)?;
    let code: Option<String> = row.get(2)?;
    let end = outcome.and_then(|name| {
        let outcome = AuditOutcome::from_name(&name)?;
        Some(AuditEnd { outcome, code: code.map(Into::into) })
    });
    Ok((row.get(0).map(unsigned)?, end))
}

impl IndexReader {
    /// The facts of the audit trail that the filter lets pass, and what became of each, newest first, at most `limit`.
    pub(in crate::journal) fn trail(
        &self,
        filter: &AuditFilter,
        limit: usize,
    ) -> Result<Vec<(FactNumber, Option<AuditEnd>)>, StoreError> {
        let sql =
            "SELECT number, outcome, code FROM audit WHERE (?1 IS NULL OR number < ?1) AND (?2 IS NULL OR at_ms >= ?2)
                   AND (?3 IS NULL OR at_ms < ?3) AND (?4 IS NULL OR institution = ?4) AND (?5 IS NULL OR act = ?5)
                   AND (?6 IS NULL OR client = ?6) AND (?8 IS NULL OR institution IN (SELECT value FROM json_each(?8)))
                   AND (?9 IS NULL OR outcome = ?9) ORDER BY number DESC LIMIT ?7";
        let values = params![
            filter.behind.map(signed),
            filter.since_ms,
            filter.until_ms,
            filter.institution,
            filter.act.map(|act| act.name()),
            filter.client,
            i64::try_from(limit).unwrap_or(i64::MAX),
            Lists::of(filter.scope.as_ref()).institutions,
            filter.outcome.map(AuditOutcome::name),
        ];
        let read =
            || -> Result<Vec<_>, Error> { self.connection.prepare_cached(sql)?.query_map(values, found)?.collect() };
        read().map_err(failed)
    }
}
