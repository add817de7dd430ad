//! A connection that reads facts. It is made anew when it breaks.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use fep_protocol::fact::Fact;
use fep_protocol::reason::JournalError;
use fep_protocol::trace::TraceHighWater;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Error, Row};

use super::database::Database;
use super::errors::Failure;
use super::rows::{self, names, with_columns};
use super::schema::at;
use crate::journal::columns::{fact, signed, unsigned};
use crate::journal::seal::{KeyId, Unreadable, key_of};
use crate::journal::sealing::{Access, Bodies, SealState};
use crate::journal::store::{FactNumber, FactReads, FactSource, JournalId, Lately, Removal, StoreError};

/// Reads the facts of the database.
#[derive(Debug)]
pub(in crate::journal) struct FactReader {
    database: Arc<Database>,
    client: RefCell<Option<Client>>,
    bodies: Bodies,
    /// The first fact of each day, as far as they were read, in their order.
    days: RefCell<Vec<(FactNumber, i32)>>,
    journal: Cell<Option<JournalId>>,
}

type Parameters<'p> = [&'p (dyn ToSql + Sync)];

impl FactReader {
    /// Opens a journal for reading.
    ///
    /// # Errors
    /// If the keys are not those of the journal, or the database cannot be reached.
    pub(in crate::journal) fn open(database: &Arc<Database>, access: &Access) -> Result<Self, JournalError> {
        let failed = |failure: Failure| at(database, &failure.into_error());
        let client = database.connect().map_err(failed)?;
        let state = database.ask(seal_state(&client)).map_err(failed)?;
        Ok(Self {
            database: Arc::clone(database),
            client: RefCell::new(Some(client)),
            bodies: Bodies::of(&state, database, access)?,
            days: RefCell::default(),
            journal: Cell::new(Some(state.journal)),
        })
    }

    /// The bodies that could not be read since the last call. A strict reader has none but forgotten ones.
    pub(in crate::journal) fn take_unreadable(&self) -> Vec<(FactNumber, Unreadable)> {
        self.bodies.take_unreadable()
    }

    fn rows(&self, sql: &str, parameters: &Parameters<'_>) -> Result<Vec<Row>, StoreError> {
        let failed = |failure: Failure| StoreError::Unavailable(failure.into_error());
        let mut client = self.client.borrow_mut();
        if let Some(open) = client.as_ref().filter(|client| !client.is_closed()) {
            match self.database.ask(open.query(sql, parameters)) {
                Ok(rows) => return Ok(rows),
                // A connection that broke lately is noticed at its next question.
                Err(Failure::Said(error)) if error.as_db_error().is_none() => {}
                Err(Failure::Said(error)) if !Failure::leaves(&error) => {}
                Err(failure) => {
                    if matches!(failure, Failure::Late(_)) {
                        *client = None;
                    }
                    return Err(failed(failure));
                }
            }
        }
        let open = client.insert(self.database.connect().map_err(failed)?);
        self.database.ask(open.query(sql, parameters)).map_err(failed)
    }

    pub(super) fn row(&self, sql: &str, parameters: &Parameters<'_>) -> Result<Option<Row>, StoreError> {
        Ok(self.rows(sql, parameters)?.into_iter().next())
    }

    fn facts(&self, rows: &[Row]) -> Result<Vec<(FactNumber, Fact)>, StoreError> {
        rows.iter().map(|row| self.fact(row)).collect()
    }

    fn fact(&self, row: &Row) -> Result<(FactNumber, Fact), StoreError> {
        let read = with_columns(row, |columns| {
            let (number, mut fact) = fact(columns).map_err(|why| why.to_string())?;
            self.bodies.complete(number, &mut fact, columns)?;
            Ok((number, fact))
        });
        let (number, mut fact) = read.map_err(|error| error.to_string()).flatten().map_err(StoreError::Refused)?;
        fact.instance = rows::instance(row).map_err(unread)?;
        Ok((number, fact))
    }

    /// The day of a fact, in days since 1970, as far as the days are known. Facts before the first known day have that day.
    fn known_day(&self, number: FactNumber) -> Option<i32> {
        let days = self.days.borrow();
        let at = days.partition_point(|(first, _)| *first <= number);
        days.get(at.saturating_sub(1)).map(|(_, day)| *day)
    }

    /// Reads the days again, because there may be a new one.
    fn read_days(&self) -> Result<(), StoreError> {
        let rows = self.rows("SELECT first, stored_on - date '1970-01-01' FROM days ORDER BY first", &[])?;
        let day = |row: &Row| Ok((unsigned(row.try_get(0)?), row.try_get(1)?));
        *self.days.borrow_mut() = rows.iter().map(day).collect::<Result<_, Error>>().map_err(unread)?;
        Ok(())
    }

    fn on_day(&self, day: i32, number: FactNumber) -> Result<Option<Fact>, StoreError> {
        let names = names();
        let sql =
            format!("SELECT {names} FROM facts WHERE stored_on = date '1970-01-01' + $1::int4 AND number = $2::int8");
        let row = self.row(&sql, &[&day, &signed(number)])?;
        row.map(|row| self.fact(&row).map(|(_, fact)| fact)).transpose()
    }

    /// The last fact that was removed on purpose, or 0.
    fn removed(&self) -> Result<FactNumber, StoreError> {
        let row = self.row("SELECT max(last) FROM removals", &[])?;
        row.map_or(Ok(0), |row| Ok(row.try_get::<_, Option<i64>>(0).map_err(unread)?.map_or(0, unsigned)))
    }

    /// Some facts after a number and up to another, in their order, at most `max`.
    fn between(&self, after: FactNumber, up_to: FactNumber, max: usize) -> Result<Vec<(FactNumber, Fact)>, StoreError> {
        let names = names();
        if self.days.borrow().is_empty() {
            self.read_days()?;
        }
        // A day that is not known yet comes behind the known ones.
        let day = self.known_day(after + 1).unwrap_or_default();
        let sql = format!(
            "SELECT {names} FROM facts WHERE stored_on >= date '1970-01-01' + $1::int4 AND number > $2::int8 AND number <= $3::int8
             ORDER BY stored_on, number LIMIT $4::int8"
        );
        let max = i64::try_from(max).unwrap_or(i64::MAX);
        self.facts(&self.rows(&sql, &[&day, &signed(after), &signed(up_to), &max])?)
    }
}

/// What the database says about its encryption.
pub(super) async fn seal_state(client: &Client) -> Result<SealState, Error> {
    let row = client.query_one("SELECT id, sealed_from, seal_proof FROM journal", &[]).await?;
    let used = client.query("SELECT id FROM seal_keys", &[]).await?;
    let key = |row: &Row| Ok(<[u8; 4]>::try_from(row.try_get::<_, &[u8]>(0)?).ok().map(KeyId));
    let used = used.iter().map(key).collect::<Result<Vec<_>, Error>>()?;
    let newest = "SELECT sealed FROM facts ORDER BY stored_on DESC, number DESC LIMIT 1";
    let newest = client.query_opt(newest, &[]).await?;
    let newest = newest.map(|row| row.try_get::<_, Option<Vec<u8>>>(0)).transpose()?.flatten();
    Ok(SealState {
        journal: JournalId::try_from(row.try_get::<_, &[u8]>(0)?).unwrap_or_default(),
        sealed_from: row.try_get::<_, Option<i64>>(1)?.map(unsigned),
        proof: row.try_get(2)?,
        used: used.into_iter().flatten().collect(),
        newest: newest.and_then(|sealed| key_of(&sealed)),
    })
}

impl FactReads for FactReader {
    fn journal_id(&self) -> Result<JournalId, StoreError> {
        self.journal.get().ok_or_else(|| StoreError::Refused("the journal has no name".to_owned()))
    }

    fn last(&self) -> Result<FactNumber, StoreError> {
        let row = self.row("SELECT last FROM journal", &[])?;
        row.map_or(Ok(0), |row| row.try_get(0).map(unsigned).map_err(unread))
    }

    fn newest_ms(&self) -> Result<Option<i64>, StoreError> {
        let one = |order: &str| format!("(SELECT at_ms FROM facts ORDER BY stored_on {order}, number {order} LIMIT 1)");
        let row = self.row(&format!("SELECT greatest({}, {})", one("ASC"), one("DESC")), &[])?;
        row.map_or(Ok(None), |row| row.try_get(0).map_err(unread))
    }

    fn get(&self, number: FactNumber) -> Result<Option<Fact>, StoreError> {
        if let Some(day) = self.known_day(number)
            && let Some(found) = self.on_day(day, number)?
        {
            return Ok(Some(found));
        }
        self.read_days()?;
        let found = self.known_day(number).map(|day| self.on_day(day, number)).transpose()?.flatten();
        if found.is_none() && number <= self.removed()? {
            let why = format!("the fact {number} was removed on purpose, because it was older than `keep_days`");
            return Err(StoreError::Unavailable(JournalError::Failed(why)));
        }
        Ok(found)
    }

    fn page(
        &self,
        after: FactNumber,
        up_to: FactNumber,
        count_max: usize,
        bytes_max: usize,
    ) -> Result<Vec<(FactNumber, Fact)>, StoreError> {
        let mut page = self.between(after, up_to, count_max)?;
        let mut bytes = 0;
        let within = page.iter().take_while(|(_, fact)| {
            let fits = bytes < bytes_max;
            bytes += fact.bytes.len();
            fits
        });
        page.truncate(within.count());
        Ok(page)
    }

    fn lately(&self, what: Lately, since_ms: i64, max: u32) -> Result<Vec<(FactNumber, Fact)>, StoreError> {
        let names = names();
        let sql = format!(
            "SELECT {names} FROM (SELECT * FROM facts ORDER BY stored_on DESC, number DESC LIMIT $1::int8) newest
             WHERE at_ms >= $2 AND {} ORDER BY number DESC",
            what.condition()
        );
        self.facts(&self.rows(&sql, &[&i64::from(max), &since_ms])?)
    }

    fn removal(&self) -> Result<Option<Removal>, StoreError> {
        let sql = "SELECT last, before_ms, at_ms, keep_days, traces, standing FROM removals ORDER BY last DESC LIMIT 1";
        let Some(row) = self.row(sql, &[])? else { return Ok(None) };
        let damaged = |error: serde_json::Error| StoreError::Refused(format!("a removal cannot be read: {error}"));
        let text = |place| row.try_get::<_, &str>(place).map_err(unread);
        let number = |place| row.try_get::<_, i64>(place).map_err(unread);
        let traces: Vec<(String, i64, u64)> = serde_json::from_str(text(4)?).map_err(damaged)?;
        Ok(Some(Removal {
            last: unsigned(number(0)?),
            before_ms: number(1)?,
            at_ms: number(2)?,
            keep_days: u32::try_from(number(3)?).unwrap_or(u32::MAX),
            traces: traces.into_iter().map(|(name, day, high)| (name, TraceHighWater { day, high })).collect(),
            standing: serde_json::from_str(text(5)?).map_err(damaged)?,
        }))
    }

    fn sealed_from(&self) -> Option<FactNumber> {
        self.bodies.sealed_from()
    }
}

impl FactSource for FactReader {
    fn newest(&mut self) -> Result<Option<FactNumber>, StoreError> {
        self.last().map(Some)
    }

    fn after(&mut self, number: FactNumber, max: usize) -> Result<Vec<(FactNumber, Fact)>, StoreError> {
        let facts = self.between(number, FactNumber::MAX >> 1, max)?;
        let next = number + 1;
        let first = facts.first().map_or(next, |(first, _)| *first);
        if first > next && next <= self.removed()? {
            let why = format!(
                "the facts {next} to {} were removed on purpose, because they were older than `keep_days`, before its index had them: \
                 restart this gateway, then its index is made again from what is there",
                first - 1
            );
            return Err(StoreError::Unavailable(at(&self.database, &JournalError::Failed(why))));
        }
        Ok(facts)
    }
}

pub(super) fn unread(error: Error) -> StoreError {
    StoreError::Refused(error.to_string())
}
