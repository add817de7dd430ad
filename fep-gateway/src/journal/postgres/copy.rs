//! A database that gets the facts of journal files: piece by piece, each row as it is stored, under its number.
//!
//! ```text
//! empty ─► the mark of a copy ─► pieces, each in one transaction ─► compared ─► the rest, and the mark goes
//! ```
//!
//! The mark is a version of the tables that no gateway knows, so none opens a journal that is not complete.

use std::sync::Arc;

use fep_protocol::reason::JournalError;
use tokio_postgres::{Client, Error};

use super::database::Database;
use super::errors::Failure;
use super::removals::RemovalRow;
use super::rows::{self, Rows, names, partition, with_columns};
use super::schema::{COPYING, at, prepare, refused};
use crate::config::PostgresConfig;
use crate::journal::columns::{Columns, OPEN_COLUMNS, OpenColumns, Value, signed, unsigned};
use crate::journal::sealing::SealState;
use crate::journal::store::{FactNumber, JournalId, Removal};
use crate::journal::stored::StoredFact;
use crate::time::DAY_MS;

/// A database that gets facts.
pub(in crate::journal) struct Copying {
    database: Arc<Database>,
    client: Client,
    /// The last fact that it has.
    last: FactNumber,
    /// The date of that fact, in days since 1970.
    day: i32,
    /// The present date.
    today: i32,
}

/// What the rest of a journal is, besides its facts.
pub(in crate::journal) struct Rest<'r> {
    pub(in crate::journal) seals: &'r SealState,
    pub(in crate::journal) published: Option<FactNumber>,
    pub(in crate::journal) removal: Option<&'r Removal>,
}

/// How far a database is.
pub(in crate::journal) enum Progress {
    /// The copy goes on, or begins.
    Copying(Box<Copying>),
    /// It has this journal, and gateways may write it. Its last fact.
    Complete(FactNumber),
}

impl Copying {
    /// Begins a copy of a journal, whose facts up to `removed` were removed on purpose, or goes on with one.
    ///
    /// # Errors
    /// If the database has a journal of its own, a gateway writes it, or it cannot be reached.
    pub(in crate::journal) fn begin(
        settings: &PostgresConfig,
        (journal, is_test): (JournalId, bool),
        removed: FactNumber,
    ) -> Result<Progress, JournalError> {
        let database = Database::new(settings)?;
        let failed = |failure: Failure| at(&database, &failure.into_error());
        let mut client = database.connect().map_err(failed)?;
        if !database.ask(is_marked(&client)).map_err(failed)? {
            prepare(&database, &mut client, is_test)?;
            let begun = database.ask(mark(&mut client, journal, removed)).map_err(failed)?;
            if let Err((id, last, writers)) = begun {
                return match (id == journal, writers) {
                    (true, _) => Ok(Progress::Complete(last)),
                    (false, 0) => Err(refused(
                        &database,
                        &format!("it has a journal of its own with {last} facts: give the copy an empty schema"),
                    )),
                    (false, _) => {
                        Err(refused(&database, "a gateway writes it: stop it, and give the copy an empty schema"))
                    }
                };
            }
        }
        let sql = "SELECT id, last, stored_on - date '1970-01-01',
                       (clock_timestamp() AT TIME ZONE 'UTC' + make_interval(mins => $1::int4))::date - date '1970-01-01' FROM journal";
        let found = database.ask(async {
            let row = client.query_one(sql, &[&settings.utc_offset_minutes]).await?;
            Ok((row.try_get::<_, Vec<u8>>(0)?, unsigned(row.try_get(1)?), row.try_get(2)?, row.try_get(3)?))
        });
        let (id, last, day, today) = found.map_err(failed)?;
        if id != journal {
            return Err(refused(
                &database,
                "a copy of another journal into it was begun: drop the schema, or give another one",
            ));
        }
        Ok(Progress::Copying(Box::new(Self { database, client, last, day, today })))
    }

    /// The place as people call it.
    pub(in crate::journal) fn place(&self) -> String {
        self.database.to_string()
    }

    /// The last fact that it has.
    pub(in crate::journal) fn last(&self) -> FactNumber {
        self.last
    }

    /// Stores the next facts durably, all or none of them.
    pub(in crate::journal) fn store(&mut self, facts: &[StoredFact]) -> Result<(), JournalError> {
        let Some(last) = facts.last().map(StoredFact::number) else { return Ok(()) };
        let settings = self.database.settings();
        let mut day = self.day;
        let mut days: Vec<(i32, FactNumber, Rows)> = Vec::new();
        for fact in facts {
            let at_ms = fact.at_ms().saturating_add(i64::from(settings.utc_offset_minutes) * 60_000);
            let own = i32::try_from(at_ms.div_euclid(DAY_MS)).unwrap_or(day);
            // Numbers and dates have one order, and a clock that was wrong must not give its date to all later facts.
            day = day.max(own.min(self.today));
            if days.last().is_none_or(|(last, ..)| *last != day) {
                days.push((day, fact.number(), Rows::with_capacity(facts.len())));
            }
            if let Some((_, _, rows)) = days.last_mut() {
                fact.with(|columns| push(rows, columns));
            }
        }
        let before = self.last;
        let stored = self.database.ask(async {
            let transaction = self.client.transaction().await?;
            let row = transaction.query_one("SELECT last FROM journal FOR UPDATE", &[]).await?;
            if unsigned(row.try_get(0)?) != before {
                return Ok(false);
            }
            for (day, first, rows) in &days {
                transaction.batch_execute(&partition(*day, *first)).await?;
                transaction.execute(rows::insert(), &rows.parameters(day, &settings.instance)).await?;
            }
            transaction.execute(CLAIM, &[&signed(before), &signed(last)]).await?;
            transaction.execute(FREE, &[&signed(before), &signed(last)]).await?;
            let sql = "UPDATE journal SET last = $1, stored_on = date '1970-01-01' + $2::int4";
            transaction.execute(sql, &[&signed(last), &day]).await?;
            transaction.commit().await.map(|()| true)
        });
        let stored = stored.map_err(|failure| at(&self.database, &failure.into_error()))?;
        if !stored {
            return Err(refused(&self.database, "somebody else writes it: stop it, drop the schema, and begin again"));
        }
        self.last = last;
        self.day = day;
        Ok(())
    }

    /// Compares facts with what the database has under their numbers.
    ///
    /// # Errors
    /// If one differs, or the database cannot be read.
    pub(in crate::journal) fn compare(&self, facts: &[StoredFact]) -> Result<(), JournalError> {
        let (Some(first), Some(last)) = (facts.first(), facts.last()) else { return Ok(()) };
        let names = names();
        let sql = format!(
            "SELECT {names} FROM facts WHERE number >= $1::int8 AND number <= $2::int8
                 AND stored_on >= coalesce((SELECT max(stored_on) FROM days WHERE first <= $1::int8), date '1970-01-01')
             ORDER BY stored_on, number"
        );
        let rows = self.database.ask(self.client.query(&sql, &[&signed(first.number()), &signed(last.number())]));
        let rows = rows.map_err(|failure| at(&self.database, &failure.into_error()))?;
        let mut stored = rows.iter();
        for fact in facts {
            let is_same = stored.next().is_some_and(|row| {
                with_columns(row, |there| {
                    fact.with(|here| here.iter().zip(there).all(|(here, there)| same(*here, *there)))
                })
                .unwrap_or_default()
            });
            if !is_same {
                let why =
                    format!("its fact {} is not that of the file: drop the schema, and begin again", fact.number());
                return Err(refused(&self.database, &why));
            }
        }
        Ok(())
    }

    /// Stores the rest of the journal. From now on gateways open it.
    pub(in crate::journal) fn finish(&mut self, rest: &Rest<'_>) -> Result<(), JournalError> {
        let Rest { seals, published, removal } = rest;
        let removal = removal.map(RemovalRow::of).transpose()?;
        let keys: Vec<Vec<u8>> = seals.used.iter().map(|key| key.0.to_vec()).collect();
        let client = &self.client;
        let last = signed(self.last);
        let finished = self.database.ask(async {
            client.batch_execute("BEGIN").await?;
            let sql = "UPDATE journal SET sealed_from = $1, seal_proof = $2 WHERE last = $3";
            let is_ours = client.execute(sql, &[&seals.sealed_from.map(signed), &seals.proof, &last]).await? > 0;
            client.execute("INSERT INTO seal_keys (id) SELECT unnest($1::bytea[]) ON CONFLICT DO NOTHING", &[&keys]).await?;
            if let Some(number) = published.map(signed) {
                let sql = "INSERT INTO published (number) VALUES ($1) ON CONFLICT (one) DO UPDATE SET number = excluded.number";
                client.execute(sql, &[&number]).await?;
            }
            if let Some(removal) = &removal {
                removal.store(client).await?;
            }
            client.execute("DELETE FROM migrations WHERE version = $1", &[&COPYING]).await?;
            client.batch_execute(if is_ours { "COMMIT" } else { "ROLLBACK" }).await.map(|()| is_ours)
        });
        match finished.map_err(|failure| at(&self.database, &failure.into_error()))? {
            true => Ok(()),
            false => Err(refused(&self.database, "somebody else writes it: stop it, drop the schema, and begin again")),
        }
    }
}

/// The idempotency keys of the requests behind fact `$1`, up to fact `$2`. The newest exchange has the key.
const CLAIM: &str = "INSERT INTO keys (institution, name, exchange)
    SELECT DISTINCT ON (asked, idempotency) asked, idempotency, exchange FROM (
        SELECT coalesce(detail::jsonb -> 'came_from' ->> 'institution', detail::jsonb -> 'routed_from' ->> 'institution', institution) AS asked,
               idempotency, exchange, number
        FROM facts WHERE kind = 'sent' AND class = 'request' AND idempotency IS NOT NULL AND number > $1 AND number <= $2
            AND stored_on >= coalesce((SELECT max(stored_on) FROM days WHERE first <= $1 + 1), date '1970-01-01')
    ) AS requests ORDER BY asked, idempotency, number DESC
    ON CONFLICT (institution, name) DO UPDATE SET exchange = excluded.exchange";

/// The same facts free the keys of exchanges that certainly were not sent.
const FREE: &str = "DELETE FROM keys WHERE exchange IN (
    SELECT exchange FROM facts WHERE outcome = 'not_sent' AND number > $1 AND number <= $2
        AND stored_on >= coalesce((SELECT max(stored_on) FROM days WHERE first <= $1 + 1), date '1970-01-01'))";

async fn is_marked(client: &Client) -> Result<bool, Error> {
    let row = client.query_one("SELECT to_regclass('migrations') IS NOT NULL", &[]).await?;
    if !row.try_get::<_, bool>(0)? {
        return Ok(false);
    }
    client.query_one("SELECT EXISTS (SELECT FROM migrations WHERE version = $1)", &[&COPYING]).await?.try_get(0)
}

/// Gives an empty journal the name of another one, and marks it as a copy. If it is not empty, its name, its last fact, and how many gateways
/// write it.
async fn mark(
    client: &mut Client,
    journal: JournalId,
    removed: FactNumber,
) -> Result<Result<(), (JournalId, FactNumber, i64)>, Error> {
    let transaction = client.transaction().await?;
    let sql = "SELECT id, last, (SELECT count(*) FROM instances WHERE ended_at IS NULL
                   AND clock_timestamp() - seen_at < make_interval(secs => lease_ms / 1000.0)) FROM journal FOR UPDATE";
    let row = transaction.query_one(sql, &[]).await?;
    let id = JournalId::try_from(row.try_get::<_, &[u8]>(0)?).unwrap_or_default();
    let last = unsigned(row.try_get(1)?);
    let writers: i64 = row.try_get(2)?;
    if last > 0 || writers > 0 || id == journal {
        return Ok(Err((id, last, writers)));
    }
    transaction.execute("UPDATE journal SET id = $1, last = $2", &[&&journal[..], &signed(removed)]).await?;
    transaction.execute("INSERT INTO migrations (version) VALUES ($1)", &[&COPYING]).await?;
    transaction.commit().await?;
    Ok(Ok(()))
}

fn push(rows: &mut Rows, columns: &Columns<'_>) {
    let (open, rest) = columns.split_at(OPEN_COLUMNS);
    let body = |value: Option<&Value<'_>>| match value {
        Some(Value::Bytes(bytes)) => Some(bytes.to_vec()),
        _ => None,
    };
    let bytes = body(rest.first());
    let sealed = body(rest.get(1));
    if let Ok(open) = <&OpenColumns<'_>>::try_from(open) {
        rows.push(open, bytes.as_deref().unwrap_or_default(), sealed.as_deref());
    }
}

/// Whether two values are the same. No bytes are stored as no value.
fn same(here: Value<'_>, there: Value<'_>) -> bool {
    match (here, there) {
        (Value::Bytes([]), Value::Null) => true,
        (here, there) => here == there,
    }
}
