//! What the index keeps of facts that are not about an exchange: trace marks, what stands, the audit trail, reconciliations and verifications.

use fep_protocol::fact::{Fact, What};
use fep_protocol::standing::Standing;
use fep_protocol::trace::{TRACE_DAYS_MAX, TraceHighWater};
use rusqlite::{Error, OptionalExtension, Row, params};

use super::{IndexFile, IndexReader, exceptions, failed, trail, verifications};
use crate::journal::columns::{signed, standing, standing_json, unsigned};
use crate::journal::store::{FactNumber, StoreError};

impl IndexFile {
    /// Adds what a fact says that is not about an exchange.
    pub(super) fn mark(&self, number: FactNumber, fact: &Fact) -> Result<(), Error> {
        match fact.what {
            What::Traces(high_water) => self.traces(&fact.institution, high_water)?,
            What::Audit => trail::add(&self.connection, number, fact)?,
            What::AuditEnd => trail::end(&self.connection, fact)?,
            _ => {}
        }
        if let Some(reconciliation) = &fact.reconciliation {
            exceptions::add(&self.connection, number, fact, reconciliation)?;
        }
        if let Some(verification) = &fact.verification {
            verifications::add(&self.connection, number, fact, verification)?;
        }
        if let Some(standing) = &fact.standing {
            let own = fact.instance.as_deref().filter(|_| !standing.is_of_all());
            let instance = own.unwrap_or_default();
            self.standing(number, (&fact.institution, instance), standing)?;
        }
        Ok(())
    }

    /// Keeps the mark of a day, and forgets those of days so long ago that their numbers are never used again.
    pub(super) fn traces(&self, institution: &str, high_water: TraceHighWater) -> Result<(), Error> {
        let sql = "INSERT OR REPLACE INTO traces VALUES (?1, ?2, ?3)";
        let row = params![institution, high_water.day, signed(high_water.high)];
        self.connection.prepare_cached(sql)?.execute(row)?;
        let sql = "DELETE FROM traces WHERE institution = ?1 AND day <=
                   (SELECT day FROM traces WHERE institution = ?1 ORDER BY day DESC LIMIT 1 OFFSET ?2)";
        let row = params![institution, i64::try_from(TRACE_DAYS_MAX).unwrap_or(i64::MAX)];
        self.connection.prepare_cached(sql)?.execute(row).map(drop)
    }

    /// Keeps what holds for an institution at an instance. A new fact replaces what a removed one said of all instances. What holds at all of
    /// them has the empty name.
    pub(super) fn standing(
        &self,
        number: FactNumber,
        (institution, instance): (&str, &str),
        standing: &Standing,
    ) -> Result<(), Error> {
        let topic = standing.topic();
        let sql = "DELETE FROM standing WHERE institution = ?1 AND topic = ?2 AND instance IN (?3, '')";
        self.connection.prepare_cached(sql)?.execute(params![institution, topic, instance])?;
        if standing.is_over() {
            return Ok(());
        }
        let sql = "INSERT INTO standing VALUES (?1, ?2, ?3, ?4, ?5)";
        let row = params![institution, topic, signed(number), standing_json(standing), instance];
        self.connection.prepare_cached(sql)?.execute(row).map(drop)
    }
}

impl IndexReader {
    /// What holds at all instances and for no institution, with the fact that says so: the last one in the order of the journal.
    pub(in crate::journal) fn of_all(&self, topic: &str) -> Result<Option<(FactNumber, Standing)>, StoreError> {
        let read = || -> Result<Option<_>, Error> {
            let sql = "SELECT number, detail FROM standing WHERE institution = '' AND topic = ?1 AND instance = ''
                       ORDER BY number DESC LIMIT 1";
            let row = |row: &Row<'_>| Ok((unsigned(row.get(0)?), standing(&row.get::<_, String>(1)?)?));
            self.connection.prepare_cached(sql)?.query_row(params![topic], row).optional()
        };
        read().map_err(failed)
    }
}
