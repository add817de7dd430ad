//! Which gateway writes: a lease that ends if it is not renewed, and an epoch that each commit checks.
//!
//! ```text
//! start ─► has another one a lease? ─── yes ─► wait for its end, or refuse
//!                │ no
//!                ▼
//!        a new epoch; all others are fenced ─► each commit renews the lease ─► stop: the lease is given back
//! ```
//!
//! The clock is that of the database. A lease only decides how long a successor waits. What keeps a paused gateway from writing is the epoch: a
//! commit locks the row of the journal, and then its own row by name and epoch; a successor locks the same row before it ends the others.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fep_protocol::reason::JournalError;
use tokio_postgres::{Client, Error, Row, Transaction};

use super::database::Database;
use super::errors::Failure;
use super::schema::{at, prepare, refused};
use crate::hex::hex;
use crate::journal::guard::FileGuard;
use crate::journal::private::{self, beside};
use crate::journal::seal::random;
use crate::journal::store::JournalId;

/// The right to write, of one run of a gateway.
#[derive(Debug)]
pub(in crate::journal) struct Lease {
    pub(super) database: Arc<Database>,
    /// Keeps a second gateway with these files from starting.
    guard: FileGuard,
    pub(super) epoch: i64,
}

/// Who has a lease.
struct Holder {
    name: String,
    token: Vec<u8>,
    silent_ms: i64,
    left_ms: i64,
}

/// The pause between two looks at the lease of another gateway.
const LOOK_PAUSE: Duration = Duration::from_millis(500);

/// The most tokens that the file of an instance has. There are more than one only while starts fail one after the other.
const TOKENS_MAX: usize = 16;

/// How much longer than its lease another gateway is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

impl Lease {
    /// Prepares the tables of a journal, and takes the right to write it. `path` is where the files of this instance are. Returns the name
    /// of the journal, too.
    ///
    /// # Errors
    /// If the database cannot be reached or cannot hold a journal, or another gateway writes it.
    pub(in crate::journal) fn begin(
        database: &Arc<Database>,
        path: &Path,
        is_test: bool,
    ) -> Result<(Self, JournalId), JournalError> {
        let mut client = database.connect().map_err(|failure| at(database, &failure.into_error()))?;
        let journal = prepare(database, &mut client, is_test)?;
        Ok((Self::take(database, &mut client, path)?, journal))
    }

    fn take(database: &Arc<Database>, client: &mut Client, path: &Path) -> Result<Self, JournalError> {
        let guard = FileGuard::lock(&beside(path, ".lock"))?;
        // The lines of the file are the tokens of earlier runs of which one may have begun. The lock proves that they are over.
        let file = beside(path, ".instance");
        let keep = |lines: &str| {
            let failed = |error: std::io::Error| JournalError::Failed(format!("{}: {error}", file.display()));
            private::replace(&file, lines.as_bytes()).map_err(failed)
        };
        let earlier = std::fs::read_to_string(&file).unwrap_or_default();
        let earlier: Vec<&str> = earlier.lines().take(TOKENS_MAX - 1).collect();
        let token: [u8; 16] = random()?;
        let own = hex(&token);
        keep(&std::iter::once(&*own).chain(earlier.iter().copied()).collect::<Vec<_>>().join("\n"))?;
        let began = Instant::now();
        let patience = database.settings().lease + PATIENCE;
        let mut waits = false;
        let epoch = loop {
            let begun = database.ask(begin(client, database, &token, &earlier));
            let other = match begun.map_err(|failure| at(database, &failure.into_error()))? {
                Ok(epoch) => break epoch,
                Err(other) => other,
            };
            let Holder { name, silent_ms, left_ms, .. } = other;
            if began.elapsed() > patience {
                let why = format!(
                    "the gateway {name} writes this journal; it wrote last {silent_ms} ms ago. One gateway writes a journal at a time: stop it first"
                );
                return Err(refused(database, &why));
            }
            if !std::mem::replace(&mut waits, true) {
                tracing::warn!(%database, other = name, left_ms, "another gateway has the lease of this journal: waiting for its end");
            }
            std::thread::sleep(LOOK_PAUSE);
        };
        keep(&own)?;
        tracing::info!(%database, instance = database.settings().instance, epoch, "this gateway writes the journal");
        Ok(Self { database: Arc::clone(database), guard, epoch })
    }

    /// Gives the right back, so that a successor need not wait. After this nothing is written.
    pub(in crate::journal) fn give_back(&self) -> Result<(), JournalError> {
        let database = &self.database;
        let failed = |failure: Failure| at(database, &failure.into_error());
        let client = database.connect().map_err(failed)?;
        let sql =
            "UPDATE instances SET ended_at = clock_timestamp() WHERE name = $1 AND epoch = $2 AND ended_at IS NULL";
        database.ask(client.execute(sql, &[&database.settings().instance, &self.epoch])).map_err(failed)?;
        Ok(())
    }

    /// Why a write of this run was refused.
    pub(super) fn fenced(&self) -> JournalError {
        refused(
            &self.database,
            "another gateway took over, so this one writes nothing any more. What it had sent is settled by the other one. Restart it",
        )
    }

    /// Checks that the lock of this instance is still in place.
    pub(in crate::journal) fn check(&self) -> Result<(), JournalError> {
        self.guard.check()
    }
}

/// The gateways whose leases have not ended.
async fn holders(transaction: &Transaction<'_>) -> Result<Vec<Holder>, Error> {
    let sql = "SELECT name, token, silent_ms, lease_ms - silent_ms FROM
                   (SELECT *, (extract(epoch FROM clock_timestamp() - seen_at) * 1000)::int8 AS silent_ms
                    FROM instances WHERE ended_at IS NULL) AS open
               WHERE silent_ms < lease_ms";
    let holder = |row: &Row| -> Result<Holder, Error> {
        Ok(Holder {
            name: row.try_get(0)?,
            token: row.try_get(1)?,
            silent_ms: row.try_get(2)?,
            left_ms: row.try_get(3)?,
        })
    };
    transaction.query(sql, &[]).await?.iter().map(holder).collect()
}

/// Begins a new epoch and ends all others, unless another gateway has a lease. The runs with the tokens `earlier` have none: they are over.
async fn begin(
    client: &mut Client,
    database: &Database,
    token: &[u8],
    earlier: &[&str],
) -> Result<Result<i64, Holder>, Error> {
    let settings = database.settings();
    let lease_ms = i64::try_from(settings.lease.as_millis()).unwrap_or(i64::MAX);
    let transaction = client.transaction().await?;
    // In the order of a commit: first the journal, then the instances.
    transaction.query_one("SELECT id FROM journal FOR UPDATE", &[]).await?;
    let holders = holders(&transaction).await?;
    if let Some(other) = holders.into_iter().find(|holder| !earlier.contains(&&*hex(&holder.token))) {
        return Ok(Err(other));
    }
    transaction.execute("UPDATE instances SET ended_at = clock_timestamp() WHERE ended_at IS NULL", &[]).await?;
    let sql = "INSERT INTO instances (name, token, epoch, lease_ms, seen_at, batch, batch_first)
               VALUES ($1, $2, nextval('epochs'), $3, clock_timestamp(), 0, 0)
               ON CONFLICT (name) DO UPDATE SET token = excluded.token, epoch = excluded.epoch, lease_ms = excluded.lease_ms,
                   seen_at = excluded.seen_at, ended_at = NULL, batch = 0, batch_first = 0
               RETURNING epoch";
    let row = transaction.query_one(sql, &[&settings.instance, &token, &lease_ms]).await?;
    let epoch = row.try_get(0)?;
    transaction.commit().await?;
    Ok(Ok(epoch))
}
