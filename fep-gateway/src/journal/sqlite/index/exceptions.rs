//! Exceptions of reconciliations in the index: which there are, and where each stands. What they say is only in the journal.
//!
//! A fact that does not continue the last one of its date has no effect. So two gateways that share a journal cannot both be right, and who was is
//! the same in every index that is built from the facts.

use fep_protocol::exchange::ExchangeId;
use fep_protocol::fact::Fact;
use fep_protocol::reconciliation::{ComparedFact, ExceptionState, ReconciliationFact, ResolvedFact};
use rusqlite::{Connection, Error, OptionalExtension, Row, params};

use super::{IndexReader, StoreError, failed, signed, unsigned};
use crate::journal::compared::{ComparedDate, ExceptionCount, ReconciliationFilter, StoredDate};
use crate::journal::sqlite::scope::Lists;
use crate::journal::store::FactNumber;

/// Adds a comparison or a resolution.
pub(super) fn add(
    connection: &Connection,
    number: FactNumber,
    fact: &Fact,
    what: &ReconciliationFact,
) -> Result<(), Error> {
    let (name, behind, has_effect) = match what {
        ReconciliationFact::Compared(compared) => {
            let before = of_date(connection, fact, &compared.reconciliation, compared.day)?;
            let has_effect = compare(connection, number, fact, compared, before)?;
            let own = signed(number);
            (&compared.name, before.filter(|_| !has_effect).map_or(own, |(behind, _)| behind), has_effect)
        }
        ReconciliationFact::Resolved(resolved) => {
            let before = of_date(connection, fact, &resolved.reconciliation, resolved.day)?;
            // Without its comparison it says nothing.
            let Some((behind, _)) = before else { return Ok(()) };
            if !resolve(connection, number, fact, resolved, behind)? {
                return Ok(());
            }
            (&resolved.name, behind, true)
        }
    };
    let sql = "INSERT OR REPLACE INTO reconciliation_acts VALUES (?1, ?2, ?3, ?4)";
    connection.prepare_cached(sql)?.execute(params![name.as_bytes(), signed(number), behind, has_effect]).map(drop)
}

/// The fact of the comparison that holds for a date, and the name of the last act of it.
type Holds = (i64, [u8; ExchangeId::LEN]);

fn of_date(connection: &Connection, fact: &Fact, reconciliation: &str, day: i64) -> Result<Option<Holds>, Error> {
    let sql = "SELECT number, last FROM reconciliations WHERE institution = ?1 AND reconciliation = ?2 AND day = ?3";
    let date = params![&*fact.institution, reconciliation, day];
    connection.prepare_cached(sql)?.query_row(date, |row| Ok((row.get(0)?, row.get(1)?))).optional()
}

/// Puts the exceptions of a comparison in the place of the earlier ones, if it knew them. What a removed fact said is not known.
fn compare(
    connection: &Connection,
    number: FactNumber,
    fact: &Fact,
    compared: &ComparedFact,
    before: Option<Holds>,
) -> Result<bool, Error> {
    let date = params![&*fact.institution, compared.reconciliation, compared.day];
    let knew = |last: [u8; ExchangeId::LEN]| compared.continues.as_ref().is_some_and(|known| *known.as_bytes() == last);
    if before.is_some_and(|(_, last)| !knew(last)) {
        return Ok(false);
    }
    let sql = "INSERT OR REPLACE INTO reconciliations VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    connection.prepare_cached(sql)?.execute(params![
        &*fact.institution,
        compared.reconciliation,
        compared.day,
        signed(number),
        fact.at_ms,
        compared.sha256,
        compared.name.as_bytes(),
    ])?;
    let sql = "DELETE FROM exceptions WHERE institution = ?1 AND reconciliation = ?2 AND day = ?3";
    connection.prepare_cached(sql)?.execute(date)?;
    let sql = "INSERT INTO exceptions VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, NULL)";
    let mut statement = connection.prepare_cached(sql)?;
    for (position, mark) in (0_i64..).zip(&compared.marks) {
        statement.execute(params![
            &*fact.institution,
            compared.reconciliation,
            compared.day,
            position,
            mark.id,
            mark.class,
            mark.state.name(),
        ])?;
    }
    Ok(true)
}

/// Resolves an exception, if it is open and the comparison that the person saw still holds.
fn resolve(
    connection: &Connection,
    number: FactNumber,
    fact: &Fact,
    resolved: &ResolvedFact,
    holds: i64,
) -> Result<bool, Error> {
    let ResolvedFact { reconciliation, day, name, exception, seen } = resolved;
    if let Some(seen) = seen {
        let sql = "SELECT 1 FROM reconciliation_acts WHERE name = ?1 AND number = ?2";
        if !connection.prepare_cached(sql)?.exists(params![seen.comparison.as_bytes(), holds])? {
            return Ok(false);
        }
    }
    let sql = "UPDATE exceptions SET state = 'resolved', resolved = ?5
               WHERE institution = ?1 AND reconciliation = ?2 AND day = ?3 AND id = ?4 AND state = 'open'";
    let row = params![&*fact.institution, reconciliation, day, exception, signed(number)];
    if connection.prepare_cached(sql)?.execute(row)? == 0 {
        return Ok(false);
    }
    let sql = "UPDATE reconciliations SET last = ?4 WHERE institution = ?1 AND reconciliation = ?2 AND day = ?3";
    let row = params![&*fact.institution, reconciliation, day, name.as_bytes()];
    connection.prepare_cached(sql)?.execute(row)?;
    Ok(true)
}

/// The facts without which an open exception cannot be shown or resolved: the last comparison of its date, and the resolutions behind it.
pub(super) fn needed(connection: &Connection) -> Result<Vec<FactNumber>, Error> {
    let sql = "WITH dates AS (SELECT DISTINCT institution, reconciliation, day FROM exceptions WHERE state = 'open')
               SELECT number FROM reconciliations NATURAL JOIN dates
               UNION SELECT resolved FROM exceptions NATURAL JOIN dates WHERE resolved IS NOT NULL";
    let mut statement = connection.prepare(sql)?;
    statement.query_map([], |row| row.get(0).map(unsigned))?.collect()
}

/// Forgets the dates whose last comparison was removed on purpose.
pub(in crate::journal::sqlite) fn forget(connection: &Connection, last: FactNumber) -> Result<(), Error> {
    let sql = "DELETE FROM exceptions WHERE EXISTS (SELECT 1 FROM reconciliations AS of WHERE of.number <= ?1
               AND of.institution = exceptions.institution AND of.reconciliation = exceptions.reconciliation AND of.day = exceptions.day)";
    connection.execute(sql, params![signed(last)])?;
    connection.execute("DELETE FROM reconciliations WHERE number <= ?1", params![signed(last)])?;
    connection.execute("DELETE FROM reconciliation_acts WHERE behind <= ?1", params![signed(last)]).map(drop)
}

fn date(row: &Row<'_>) -> Result<ComparedDate, Error> {
    Ok(ComparedDate { institution: row.get(0)?, reconciliation: row.get(1)?, day: row.get(2)? })
}

fn stored(row: &Row<'_>) -> Result<StoredDate, Error> {
    Ok(StoredDate {
        date: date(row)?,
        at_ms: row.get(3)?,
        sha256: row.get(4)?,
        open: row.get(5).map(unsigned)?,
        explained: row.get(6).map(unsigned)?,
        resolved: row.get(7).map(unsigned)?,
    })
}

/// The last fact of a date: its number, the name of the last one that had an effect, and the facts of the resolutions behind it with the names
/// of their exceptions.
pub(in crate::journal) type LastOfDate = (FactNumber, ExchangeId, Vec<(String, FactNumber)>);

impl IndexReader {
    /// What the index knows of a date. `None` if no file of it was compared.
    pub(in crate::journal) fn exceptions_of(&self, of: &ComparedDate) -> Result<Option<LastOfDate>, StoreError> {
        let read = || -> Result<Option<_>, Error> {
            let date = params![of.institution, of.reconciliation, of.day];
            let sql =
                "SELECT number, last FROM reconciliations WHERE institution = ?1 AND reconciliation = ?2 AND day = ?3";
            let row = |row: &Row<'_>| Ok((unsigned(row.get(0)?), super::id(row, "last")?));
            let Some((number, last)) = self.connection.prepare_cached(sql)?.query_row(date, row).optional()? else {
                return Ok(None);
            };
            let sql = "SELECT id, resolved FROM exceptions WHERE institution = ?1 AND reconciliation = ?2 AND day = ?3
                       AND resolved IS NOT NULL ORDER BY resolved";
            let mut statement = self.connection.prepare_cached(sql)?;
            let resolved = statement.query_map(date, |row| Ok((row.get(0)?, row.get(1).map(unsigned)?)))?;
            Ok(Some((number, last, resolved.collect::<Result<_, _>>()?)))
        };
        read().map_err(failed)
    }

    /// Whether this comparison or resolution had an effect.
    pub(in crate::journal) fn had_effect(&self, name: &ExchangeId) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM reconciliation_acts WHERE name = ?1 AND has_effect";
        let found = self.connection.prepare_cached(sql).and_then(|mut one| one.exists(params![name.as_bytes()]));
        found.map_err(failed)
    }

    /// The dates that the filter lets pass, the newest date first, at most `limit`.
    pub(in crate::journal) fn reconciliations(
        &self,
        filter: &ReconciliationFilter,
        limit: usize,
    ) -> Result<Vec<StoredDate>, StoreError> {
        let count = |state| {
            format!(
                "(SELECT count(*) FROM exceptions AS e WHERE e.institution = r.institution
                  AND e.reconciliation = r.reconciliation AND e.day = r.day AND e.state = '{state}')"
            )
        };
        let counts = ExceptionState::ALL.map(|state| count(state.name())).join(", ");
        let sql = format!(
            "SELECT institution, reconciliation, day, at_ms, sha256, {counts} FROM reconciliations AS r
             WHERE (?1 IS NULL OR institution = ?1) AND (?2 IS NULL OR reconciliation = ?2) AND (?3 IS NULL OR day = ?3)
             AND (?4 IS NULL OR ?4 = (EXISTS (SELECT 1 FROM exceptions AS e WHERE e.institution = r.institution
                  AND e.reconciliation = r.reconciliation AND e.day = r.day AND e.state = 'open')))
             AND (?5 IS NULL OR institution IN (SELECT value FROM json_each(?5)))
             AND (?6 IS NULL OR day < ?6 OR (day = ?6 AND (institution, reconciliation) > (?7, ?8)))
             ORDER BY day DESC, institution, reconciliation LIMIT ?9"
        );
        let behind = filter.behind.as_ref();
        let values = params![
            filter.institution,
            filter.reconciliation,
            filter.day,
            filter.is_open,
            Lists::of(filter.scope.as_ref()).institutions,
            behind.map(|date| date.day),
            behind.map(|date| &date.institution),
            behind.map(|date| &date.reconciliation),
            i64::try_from(limit).unwrap_or(i64::MAX),
        ];
        let read =
            || -> Result<Vec<_>, Error> { self.connection.prepare_cached(&sql)?.query_map(values, stored)?.collect() };
        read().map_err(failed)
    }

    /// How many exceptions are open, by institution and kind.
    pub(in crate::journal) fn exception_counts(&self) -> Result<Vec<ExceptionCount>, StoreError> {
        let sql =
            "SELECT institution, class, count(*) FROM exceptions WHERE state = 'open' GROUP BY institution, class";
        let read = || -> Result<Vec<_>, Error> {
            let count = |row: &Row<'_>| {
                Ok(ExceptionCount { institution: row.get(0)?, class: row.get(1)?, open: row.get(2).map(unsigned)? })
            };
            self.connection.prepare_cached(sql)?.query_map([], count)?.collect()
        };
        read().map_err(failed)
    }

    /// Whether a removal up to this fact would leave a comparison that had no effect, without the one that was first. An index that is made again
    /// would believe it.
    pub(in crate::journal) fn parts_comparisons(&self, last: FactNumber) -> Result<bool, StoreError> {
        let sql = "SELECT 1 FROM reconciliation_acts WHERE NOT has_effect AND behind <= ?1 AND number > ?1";
        let found = self.connection.prepare_cached(sql).and_then(|mut one| one.exists(params![signed(last)]));
        found.map_err(failed)
    }

    /// The fact of the oldest comparison that has an open exception.
    pub(in crate::journal) fn oldest_open_exception(&self) -> Result<Option<FactNumber>, StoreError> {
        let sql = "SELECT min(r.number) FROM reconciliations AS r JOIN exceptions AS e ON e.institution = r.institution
                   AND e.reconciliation = r.reconciliation AND e.day = r.day WHERE e.state = 'open'";
        let oldest = self.connection.query_row(sql, [], |row| row.get::<_, Option<i64>>(0));
        oldest.map(|oldest| oldest.map(unsigned)).map_err(failed)
    }
}
