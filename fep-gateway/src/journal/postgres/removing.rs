//! Removes days: whole partitions of facts, with the idempotency keys that their requests have.
//!
//! ```text
//! one commit: mark the removal, detach the partitions, name them `removed_…`  ─► delete the keys, piece by piece ─► drop the tables
//! ```
//!
//! The commit decides. A crash before it changes nothing; after it, the next run of any gateway goes on with the tables that have these names.
//! What may be removed is not the business of this module. A lock of the database lets one gateway at a time do this.

use std::sync::Arc;

use fep_protocol::exchange::ExchangeId;
use fep_protocol::reason::JournalError;
use tokio_postgres::{Client, Error, Row};

use super::database::Database;
use super::errors::Failure;
use super::lease::Lease;
use super::removals::RemovalRow;
use super::rows::partition_name;
use super::schema::at;
use crate::fault::{FaultPoint, point};
use crate::journal::columns::{signed, unsigned};
use crate::journal::store::{FactNumber, Removal};

/// The number of facts that one statement looks at.
const PIECE: FactNumber = 20_000;

/// The lock of the gateway that removes: the digits say `fep`. Its second half is the schema.
pub(in crate::journal) const LOCK: i32 = 0x0066_6570;

/// The beginnings of the names of partitions, and of those that were detached.
const NAMES: [&str; 2] = ["facts", "removed"];

/// The right to remove. It ends with its connection.
pub(in crate::journal) struct Remover {
    database: Arc<Database>,
    lease: Arc<Lease>,
    client: Client,
}

/// The facts of one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::journal) struct StoredDay {
    /// In days since 1970.
    pub(in crate::journal) day: i64,
    pub(in crate::journal) first: FactNumber,
    pub(in crate::journal) last: FactNumber,
}

/// What is known of all days together.
#[derive(Debug)]
pub(in crate::journal) struct Days {
    /// From the oldest one on. The last one still gets facts.
    pub(in crate::journal) days: Vec<StoredDay>,
    /// The present date by the clock of the database, in days since 1970, and the present time in milliseconds since 1970.
    pub(in crate::journal) today: i64,
    pub(in crate::journal) now_ms: i64,
    /// The last fact whose events were published, or `None` if nothing is published.
    pub(in crate::journal) published: Option<FactNumber>,
    /// After how many days facts are removed: the largest number of all gateways that write. `None` if one of them keeps everything.
    pub(in crate::journal) keep_days: Option<u32>,
}

/// The newest times of some facts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::journal) struct Newest {
    /// Of the facts, in milliseconds since 1970.
    pub(in crate::journal) at_ms: i64,
    /// When the newest exchange or notice was accepted, in milliseconds since 1970.
    pub(in crate::journal) accepted_ms: i64,
}

/// The rule of all gateways that may write. A gateway without a number keeps everything, so nothing goes while it may write.
const RULE: &str =
    "SELECT CASE WHEN count(*) = count(keep_days) THEN max(keep_days) END FROM instances WHERE ended_at IS NULL";

/// Detached partitions of this schema.
const DETACHED: &str =
    "SELECT relname::text FROM pg_class WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
                        AND NOT relispartition AND relname ~ '^removed_[0-9]{4}_[0-9]{2}_[0-9]{2}$' ORDER BY relname";

impl Remover {
    /// Takes the right to remove, or returns `None` if another gateway has it.
    ///
    /// # Errors
    /// If the database cannot be reached.
    pub(in crate::journal) fn begin(lease: &Arc<Lease>) -> Result<Option<Self>, JournalError> {
        let database = Arc::clone(&lease.database);
        let failed = |failure: Failure| at(&database, &failure.into_error());
        let client = database.connect().map_err(failed)?;
        let sql = "SELECT pg_try_advisory_lock($1, hashtext(current_schema()))";
        let is_ours = database.ask(async { client.query_one(sql, &[&LOCK]).await?.try_get(0) }).map_err(failed)?;
        Ok(if is_ours { Some(Self { database, lease: Arc::clone(lease), client }) } else { None })
    }

    /// The days of the journal.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub(in crate::journal) fn days(&self) -> Result<Days, JournalError> {
        let days = "SELECT (stored_on - date '1970-01-01')::int8, first,
                        coalesce(lead(first) OVER (ORDER BY first) - 1, (SELECT last FROM journal)) FROM days ORDER BY first";
        let now = "SELECT ((clock_timestamp() AT TIME ZONE 'UTC' + make_interval(mins => $1::int4))::date - date '1970-01-01')::int8,
                       (extract(epoch FROM clock_timestamp()) * 1000)::int8, (SELECT number FROM published)";
        let day = |row: &Row| -> Result<StoredDay, Error> {
            Ok(StoredDay { day: row.try_get(0)?, first: unsigned(row.try_get(1)?), last: unsigned(row.try_get(2)?) })
        };
        self.ask(async |client| {
            let days = client.query(days, &[]).await?.iter().map(day).collect::<Result<_, _>>()?;
            let now = client.query_one(now, &[&self.database.settings().utc_offset_minutes]).await?;
            Ok(Days {
                days,
                today: now.try_get(0)?,
                now_ms: now.try_get(1)?,
                published: now.try_get::<_, Option<i64>>(2)?.map(unsigned),
                keep_days: rule(client).await?,
            })
        })
    }

    /// The newest times of the facts of a day from a number on, and the last fact that was looked at. Ask again until that is the last one.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub(in crate::journal) fn newest(
        &self,
        day: StoredDay,
        from: FactNumber,
    ) -> Result<(Newest, FactNumber), JournalError> {
        let to = day.last.min(from.saturating_add(PIECE - 1));
        // Names of exchanges sort by their time, also as digits.
        let sql = "SELECT max(at_ms), decode(max(encode(exchange, 'hex') COLLATE \"C\"), 'hex') FROM facts
                   WHERE stored_on = date '1970-01-01' + $1::int4 AND number >= $2::int8 AND number <= $3::int8";
        let date = i32::try_from(day.day).unwrap_or_default();
        self.ask(async |client| {
            let row = client.query_one(sql, &[&date, &signed(from), &signed(to)]).await?;
            let exchange = row.try_get::<_, Option<&[u8]>>(1)?.and_then(ExchangeId::from_bytes);
            let at_ms = row.try_get::<_, Option<i64>>(0)?.unwrap_or_default();
            Ok((Newest { at_ms, accepted_ms: exchange.map_or(0, |id| id.accepted_at_ms()) }, to))
        })
    }

    /// Marks a removal and takes these days out of the journal, with one commit. Returns `false`, and changes nothing, if this gateway may not
    /// write any more, another gateway keeps facts longer by now, or something of them is to be published.
    ///
    /// # Errors
    /// If a reader has the tables for too long, or the database cannot be reached. A later call tries again.
    pub(in crate::journal) fn remove(&self, removal: &Removal, days: &[StoredDay]) -> Result<bool, JournalError> {
        let row = RemovalRow::of(removal)?;
        let removed = self.ask(async |client| {
            // Commits wait meanwhile, so this waits for readers only shortly.
            client.batch_execute("BEGIN; SET LOCAL lock_timeout = '300ms'").await?;
            let removed = self.take_out(client, removal, &row, days).await;
            point(FaultPoint::RemovalBegun);
            client.batch_execute(if matches!(removed, Ok(true)) { "COMMIT" } else { "ROLLBACK" }).await?;
            removed
        })?;
        Ok(removed)
    }

    async fn take_out(
        &self,
        client: &Client,
        removal: &Removal,
        row: &RemovalRow<'_>,
        days: &[StoredDay],
    ) -> Result<bool, Error> {
        // In the order of a commit: first the journal, then the instances, then the facts.
        client.query_one("SELECT last FROM journal FOR UPDATE", &[]).await?;
        let sql = "SELECT EXISTS (SELECT FROM instances WHERE name = $1 AND epoch = $2 AND ended_at IS NULL)
                   AND NOT EXISTS (SELECT FROM published WHERE number < $3)";
        let last = signed(removal.last);
        let may = client.query_one(sql, &[&self.lease.instance(), &self.lease.epoch, &last]).await?;
        let keeps = rule(client).await?.is_none_or(|days| days > removal.keep_days);
        if !may.try_get::<_, bool>(0)? || keeps {
            return Ok(false);
        }
        row.store(client).await?;
        for day in days {
            let [name, removed] = NAMES.map(|kind| partition_name(kind, day.day));
            let sql = format!(
                "ALTER TABLE facts DETACH PARTITION {name}; ALTER TABLE {name} RENAME TO {removed};
                 DELETE FROM days WHERE first = {}",
                day.first
            );
            client.batch_execute(&sql).await?;
        }
        Ok(true)
    }

    /// The tables of days that were removed, from the oldest one on.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub(in crate::journal) fn detached(&self) -> Result<Vec<String>, JournalError> {
        self.ask(async |client| client.query(DETACHED, &[]).await?.iter().map(|row| row.try_get(0)).collect())
    }

    /// Deletes the idempotency keys of some facts of a table that was detached, from a number on. Returns where the next ones begin, or `None` at
    /// the end.
    ///
    /// # Errors
    /// If the database cannot be reached.
    pub(in crate::journal) fn delete_keys(
        &self,
        table: &str,
        from: FactNumber,
    ) -> Result<Option<FactNumber>, JournalError> {
        // All its facts have one date, which its key begins with.
        let date = table.trim_start_matches("removed_").replace('_', "-");
        let next = format!(
            "SELECT number FROM {table} WHERE stored_on = '{date}' AND number >= $1::int8 ORDER BY number LIMIT 1"
        );
        let delete = format!(
            "DELETE FROM keys WHERE exchange IN (SELECT exchange FROM {table} WHERE stored_on = '{date}'
                 AND number >= $1::int8 AND number < $2::int8 AND kind = 'sent' AND class = 'request')"
        );
        self.ask(async |client| {
            let Some(row) = client.query_opt(&next, &[&signed(from)]).await? else { return Ok(None) };
            let first: i64 = row.try_get(0)?;
            let end = first.saturating_add(signed(PIECE));
            client.execute(&delete, &[&first, &end]).await?;
            Ok(Some(unsigned(end)))
        })
    }

    /// Drops a table that was detached.
    ///
    /// # Errors
    /// If the database cannot be reached.
    pub(in crate::journal) fn drop_table(&self, table: &str) -> Result<(), JournalError> {
        self.ask(async |client| client.batch_execute(&format!("DROP TABLE IF EXISTS {table}")).await)
    }

    /// The journal's place, as people call it.
    pub(in crate::journal) fn place(&self) -> String {
        self.database.to_string()
    }

    fn ask<T>(&self, question: impl AsyncFnOnce(&Client) -> Result<T, Error>) -> Result<T, JournalError> {
        self.database.ask(question(&self.client)).map_err(|failure| at(&self.database, &failure.into_error()))
    }
}

async fn rule(client: &Client) -> Result<Option<u32>, Error> {
    let days: Option<i32> = client.query_one(RULE, &[]).await?.try_get(0)?;
    Ok(days.and_then(|days| u32::try_from(days).ok()))
}
