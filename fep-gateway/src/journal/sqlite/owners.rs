//! Which instance an exchange or a notice belongs to, in the index of a journal that several instances share. The index of a journal of one
//! gateway has no such rows.

use fep_protocol::exchange::ExchangeId;
use fep_protocol::fact::{Class, Fact, SentClass, TakenOver, What};
use rusqlite::types::Value;
use rusqlite::{Connection, Error, OptionalExtension, Row, params};

use super::failed;
use super::index::IndexReader;
use crate::journal::columns::{signed, unsigned};
use crate::journal::store::{FactNumber, StoreError};
use crate::journal::whose::Whose;

/// Adds the owner of what begins with this fact: the instance that stored it.
pub(super) fn add(connection: &Connection, fact: &Fact) -> Result<(), Error> {
    let begins = matches!(fact.what, What::Sent(SentClass::Request) | What::Received(Class::Notice));
    let (Some(instance), Some(id)) = (fact.instance.as_deref().filter(|_| begins), &fact.exchange) else {
        return Ok(());
    };
    let sql = "INSERT OR IGNORE INTO owners VALUES (?1, ?2, NULL)";
    connection.prepare_cached(sql)?.execute(params![id.as_bytes(), instance]).map(drop)
}

/// Gives what is not finished to the instance that takes over. An institution without a name stands for all.
pub(super) fn take_over(
    connection: &Connection,
    number: FactNumber,
    fact: &Fact,
    taken: &TakenOver,
) -> Result<(), Error> {
    let Some(heir) = fact.instance.as_deref() else { return Ok(()) };
    let sql = "UPDATE owners SET instance = ?1, taken_by = ?2 WHERE instance = ?3 AND id IN (
                   SELECT id FROM exchanges WHERE outcome IS NULL AND ?4 IN ('', institution)
                   UNION ALL SELECT id FROM exchanges WHERE outcome = 'unknown' AND settled_by IS NULL AND ?4 IN ('', institution)
                   UNION ALL SELECT exchange FROM cases CROSS JOIN exchanges ON id = exchange
                             WHERE NOT is_finished AND ?4 IN ('', institution)
                   UNION ALL SELECT id FROM notices WHERE state IN ('delivering', 'dead_letter') AND ?4 IN ('', institution))";
    let row = params![heir, signed(number), taken.instance, &*fact.institution];
    connection.execute(sql, row)?;
    let sql = "INSERT OR REPLACE INTO takeovers VALUES (?1, ?2, ?3, ?4, ?5)";
    let row = params![signed(number), taken.instance, signed(taken.epoch), &*fact.institution, heir];
    connection.execute(sql, row).map(drop)
}

/// The condition that a row whose name is in this column belongs to who is meant, by the parameters `place` and the next one.
pub(super) fn condition(column: &str, place: usize) -> String {
    let next = place + 1;
    format!(
        "(?{place} IS NULL OR EXISTS (SELECT 1 FROM owners WHERE owners.id = {column} AND instance = ?{place}
          AND (?{next} IS NULL OR taken_by = ?{next})))"
    )
}

/// The values of these parameters.
pub(super) fn values(whose: &Whose) -> [Value; 2] {
    let instance = whose.instance.as_deref().map_or(Value::Null, |instance| Value::Text(instance.to_owned()));
    [instance, whose.taken_by.map_or(Value::Null, |fact| Value::Integer(signed(fact)))]
}

impl IndexReader {
    /// The fact by which an instance took over what a run of another one had of an institution.
    pub(in crate::journal) fn taken_over_by(
        &self,
        institution: &str,
        taken: &TakenOver,
    ) -> Result<Option<FactNumber>, StoreError> {
        let sql = "SELECT number FROM takeovers WHERE instance = ?1 AND epoch = ?2 AND institution = ?3";
        let row = params![taken.instance, signed(taken.epoch), institution];
        let number = self.connection().query_row(sql, row, |row| row.get(0).map(unsigned));
        number.optional().map_err(failed)
    }

    /// The instance that took over what a run of another one had of an institution.
    pub(in crate::journal) fn heir(&self, institution: &str, taken: &TakenOver) -> Result<Option<String>, StoreError> {
        let sql = "SELECT heir FROM takeovers WHERE instance = ?1 AND epoch = ?2 AND institution = ?3";
        let row = params![taken.instance, signed(taken.epoch), institution];
        self.connection().query_row(sql, row, |row| row.get(0)).optional().map_err(failed)
    }

    /// How many exchanges of each instance run, and how many of its settlements go on or need a person.
    pub(in crate::journal) fn open_at(&self) -> Result<Vec<(String, u64, u64)>, StoreError> {
        let sql = "SELECT instance, sum(runs), sum(NOT runs) FROM (
                       SELECT id, 1 AS runs FROM exchanges WHERE outcome IS NULL
                       UNION ALL SELECT exchange, 0 FROM cases WHERE NOT is_finished OR needs_person
                   ) JOIN owners USING (id) GROUP BY instance";
        let read = || -> Result<Vec<_>, Error> {
            let row = |row: &Row<'_>| Ok((row.get(0)?, unsigned(row.get(1)?), unsigned(row.get(2)?)));
            self.connection().prepare_cached(sql)?.query_map([], row)?.collect()
        };
        read().map_err(failed)
    }

    /// The instance to which an exchange or a notice belongs, if several share the journal.
    pub(in crate::journal) fn owner(&self, id: &ExchangeId) -> Result<Option<String>, StoreError> {
        let sql = "SELECT instance FROM owners WHERE id = ?1";
        let owner = self.connection().query_row(sql, params![id.as_bytes()], |row| row.get(0));
        owner.optional().map_err(failed)
    }
}
