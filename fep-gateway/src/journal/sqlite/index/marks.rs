//! What the index keeps of facts that are not about an exchange: trace marks, what stands, and the audit trail.

use fep_protocol::fact::{Fact, What};
use fep_protocol::standing::Standing;
use fep_protocol::trace::{TRACE_DAYS_MAX, TraceHighWater};
use rusqlite::{Error, params};

use super::{IndexFile, trail};
use crate::journal::columns::{signed, standing_json};
use crate::journal::store::FactNumber;

impl IndexFile {
    /// Adds what a fact says that is not about an exchange.
    pub(super) fn mark(&self, number: FactNumber, fact: &Fact) -> Result<(), Error> {
        match fact.what {
            What::Traces(high_water) => self.traces(&fact.institution, high_water)?,
            What::Audit => trail::add(&self.connection, number, fact)?,
            What::AuditEnd => trail::end(&self.connection, fact)?,
            _ => {}
        }
        if let Some(standing) = &fact.standing {
            let instance = fact.instance.as_deref().unwrap_or_default();
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

    /// Keeps what holds for an institution at an instance. A new fact replaces what a removed one said of all instances.
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
