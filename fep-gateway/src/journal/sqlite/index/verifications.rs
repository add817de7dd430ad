//! Runs of verifications in the index: which were told, and their counts. Their findings are only in the journal.
//!
//! Of several facts with the name of one run, the first holds. So two gateways that share a journal agree on it, and so does every index that is built
//! from the facts. Reads and writes of one name are two verifications: one that passed says nothing about the other. A run has one kind.

use fep_protocol::fact::Fact;
use fep_protocol::verification::VerificationFact;
use rusqlite::types::Type;
use rusqlite::{Connection, Error, OptionalExtension, Row, params};

use super::{IndexReader, StoreError, failed, signed, unsigned};
use crate::journal::store::FactNumber;
use crate::journal::verified::{StoredVerification, VerificationRun};

/// What is read of a run.
const COLUMNS: &str = "v.institution, v.number, v.at_ms, v.detail";

/// Whether a run holds: no fact before it has its name.
const HOLDS: &str =
    "NOT EXISTS (SELECT 1 FROM verifications AS e WHERE e.institution = v.institution AND e.name = v.name
                     AND e.run = v.run AND e.number < v.number)";

/// Adds a run.
pub(super) fn add(
    connection: &Connection,
    number: FactNumber,
    fact: &Fact,
    what: &VerificationFact,
) -> Result<(), Error> {
    let detail = serde_json::to_string(what).map_err(|error| Error::ToSqlConversionFailure(Box::new(error)))?;
    let sql = "INSERT OR REPLACE INTO verifications VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let kind = what.counts.kind.name();
    let row = params![signed(number), &*fact.institution, what.name, kind, what.run, fact.at_ms, detail];
    connection.prepare_cached(sql)?.execute(row).map(drop)
}

/// Forgets the runs whose facts were removed on purpose.
pub(in crate::journal::sqlite) fn forget(connection: &Connection, last: FactNumber) -> Result<(), Error> {
    connection.execute("DELETE FROM verifications WHERE number <= ?1", params![signed(last)]).map(drop)
}

fn stored(row: &Row<'_>) -> Result<StoredVerification, Error> {
    let detail: String = row.get(3)?;
    let fact = serde_json::from_str(&detail);
    let fact = fact.map_err(|error| Error::FromSqlConversionFailure(3, Type::Text, Box::new(error)))?;
    Ok(StoredVerification { institution: row.get(0)?, number: row.get(1).map(unsigned)?, at_ms: row.get(2)?, fact })
}

impl IndexReader {
    /// A run, if it was told.
    pub(in crate::journal) fn verification(
        &self,
        of: &VerificationRun,
    ) -> Result<Option<StoredVerification>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM verifications AS v WHERE institution = ?1 AND name = ?2 AND run = ?3 ORDER BY number LIMIT 1"
        );
        let name = params![of.institution, of.name, of.run];
        let read = || self.connection.prepare_cached(&sql)?.query_row(name, stored).optional();
        read().map_err(failed)
    }

    /// The names and kinds of the verifications of an institution, or of all, with their institutions.
    pub(in crate::journal) fn verification_names(
        &self,
        institution: Option<&str>,
    ) -> Result<Vec<[String; 3]>, StoreError> {
        let sql = "SELECT DISTINCT institution, name, kind FROM verifications WHERE ?1 IS NULL OR institution = ?1
                   ORDER BY institution, name, kind";
        let read = || -> Result<Vec<_>, Error> {
            let mut statement = self.connection.prepare_cached(sql)?;
            statement.query_map(params![institution], |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?]))?.collect()
        };
        read().map_err(failed)
    }

    /// The last runs of a verification (institution, name and kind) in the order in which they were told, the newest first, at most `limit`.
    pub(in crate::journal) fn verification_runs(
        &self,
        [institution, name, kind]: [&str; 3],
        limit: usize,
    ) -> Result<Vec<StoredVerification>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM verifications AS v WHERE institution = ?1 AND name = ?2 AND kind = ?3 AND {HOLDS}
             ORDER BY number DESC LIMIT ?4"
        );
        let values = params![institution, name, kind, i64::try_from(limit).unwrap_or(i64::MAX)];
        let read =
            || -> Result<Vec<_>, Error> { self.connection.prepare_cached(&sql)?.query_map(values, stored)?.collect() };
        read().map_err(failed)
    }

    /// Whether a removal up to this fact would leave a fact that does not hold, without the one that was first. An index that is made again would
    /// believe it.
    pub(in crate::journal) fn parts_verifications(&self, last: FactNumber) -> Result<bool, StoreError> {
        let sql = format!("SELECT 1 FROM verifications AS v WHERE number > ?1 AND NOT {HOLDS} AND EXISTS (SELECT 1 FROM verifications AS e
             WHERE e.institution = v.institution AND e.name = v.name AND e.run = v.run AND e.number <= ?1)");
        let found = self.connection.prepare_cached(&sql).and_then(|mut one| one.exists(params![signed(last)]));
        found.map_err(failed)
    }
}
