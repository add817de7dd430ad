//! Which gateways write: leases that end if they are not renewed, and epochs that each commit checks.
//!
//! ```text
//! start ─► may another one have a lease? ─── no ─► has one? ─── yes ─► wait for its end, or refuse
//!                │ yes, up to `[instances] max`        │ no
//!                ▼                                     ▼
//!        a new epoch of this name          a new epoch; all others are fenced
//!                └──────────────────┬──────────────────┘
//!                                   ▼
//!                     each commit renews the lease ─► stop: the lease is given back
//! ```
//!
//! The clock is that of the database. A lease only decides how long a successor waits. What keeps a paused gateway from writing is the epoch: a
//! commit locks the row of the journal, and then its own row by name and epoch; a successor locks the same row before it ends the others.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use fep_protocol::fact::TakenOver;
use fep_protocol::reason::JournalError;
use tokio_postgres::{Client, Error, Row, Transaction};

use super::database::Database;
use super::errors::Failure;
use super::schema::{COPYING, UNFINISHED, at, prepare, refused};
use crate::hex::hex;
use crate::journal::columns::unsigned;
use crate::journal::guard::FileGuard;
use crate::journal::private::{self, beside};
use crate::journal::seal::random;
use crate::journal::store::JournalId;
use crate::journal::whose::Over;

/// The right to write, of one run of a gateway.
#[derive(Debug)]
pub(in crate::journal) struct Lease {
    pub(super) database: Arc<Database>,
    /// Keeps a second gateway with these files from starting.
    guard: FileGuard,
    pub(super) epoch: i64,
    /// How many gateways may write at the same time.
    instances_max: usize,
    /// Whether another gateway took over from the run before.
    was_fenced: bool,
    /// Whether another gateway took over from this run.
    is_fenced: AtomicBool,
}

/// Who has a lease.
struct Holder {
    name: String,
    token: Vec<u8>,
    silent_ms: i64,
    left_ms: i64,
    instances_max: i32,
}

/// Why a run was not begun.
enum NotBegun {
    /// Another gateway is in the way.
    Other(Holder),
    /// A file is being copied into the journal.
    Unfinished,
}

/// A run that was begun.
struct Begun {
    epoch: i64,
    was_fenced: bool,
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
        instances_max: usize,
    ) -> Result<(Self, JournalId), JournalError> {
        let mut client = database.connect().map_err(|failure| at(database, &failure.into_error()))?;
        let journal = prepare(database, &mut client, is_test)?;
        Ok((Self::take(database, &mut client, path, instances_max)?, journal))
    }

    /// Takes the right to write a journal whose tables are prepared.
    pub(super) fn take(
        database: &Arc<Database>,
        client: &mut Client,
        path: &Path,
        instances_max: usize,
    ) -> Result<Self, JournalError> {
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
        let begun = loop {
            let begun = database.ask(begin(client, database, &token, &earlier, instances_max));
            let other = match begun.map_err(|failure| at(database, &failure.into_error()))? {
                Ok(begun) => break begun,
                Err(NotBegun::Other(other)) => other,
                Err(NotBegun::Unfinished) => return Err(refused(database, UNFINISHED)),
            };
            if began.elapsed() > patience {
                return Err(refused(database, &other.refuses(&database.settings().instance, instances_max)));
            }
            let Holder { name, left_ms, .. } = other;
            if !std::mem::replace(&mut waits, true) {
                tracing::warn!(%database, other = name, left_ms, "another gateway has the lease of this journal: waiting for its end");
            }
            std::thread::sleep(LOOK_PAUSE);
        };
        keep(&own)?;
        let Begun { epoch, was_fenced } = begun;
        tracing::info!(%database, instance = database.settings().instance, epoch, "this gateway writes the journal");
        let database = Arc::clone(database);
        Ok(Self { database, guard, epoch, instances_max, was_fenced, is_fenced: AtomicBool::new(false) })
    }

    /// Whether no other gateway may write.
    pub(in crate::journal) fn is_alone(&self) -> bool {
        self.instances_max <= 1
    }

    /// Where days begin, in minutes off UTC.
    pub(in crate::journal) fn offset_minutes(&self) -> i32 {
        self.database.settings().utc_offset_minutes
    }

    /// The name of this gateway among those that write.
    pub(in crate::journal) fn instance(&self) -> &str {
        &self.database.settings().instance
    }

    /// Whether another gateway took over from the run before this one.
    pub(in crate::journal) fn was_fenced(&self) -> bool {
        self.was_fenced
    }

    /// Whether another gateway took over from this run, so that it writes nothing any more.
    pub(in crate::journal) fn is_fenced(&self) -> bool {
        self.is_fenced.load(Ordering::Relaxed)
    }

    /// The runs of other gateways from which somebody must take over.
    pub(super) async fn over(&self, client: &Client) -> Result<Vec<Over>, Error> {
        let sql = "SELECT name, epoch, ARRAY (SELECT institution FROM taken_over WHERE taken_over.name = instances.name
                                              AND taken_over.epoch = instances.epoch)
                   FROM instances WHERE name <> $1
                   AND ($2::boolean OR clock_timestamp() - seen_at >= make_interval(secs => lease_ms / 1000.0)) ORDER BY epoch";
        let over = |row: &Row| -> Result<Over, Error> {
            let run = TakenOver { instance: row.try_get(0)?, epoch: unsigned(row.try_get(1)?) };
            Ok(Over { run, taken: row.try_get(2)? })
        };
        let rows = client.query(sql, &[&self.instance(), &self.is_alone()]).await?;
        let over = rows.iter().map(over).collect::<Result<Vec<_>, _>>()?;
        Ok(over.into_iter().filter(|over| !over.taken.iter().any(String::is_empty)).collect())
    }

    /// Gives the right back, so that a successor need not wait. After this nothing is written.
    pub(in crate::journal) fn give_back(&self) -> Result<(), JournalError> {
        let database = &self.database;
        let failed = |failure: Failure| at(database, &failure.into_error());
        let client = database.connect().map_err(failed)?;
        let sql =
            "UPDATE instances SET ended_at = clock_timestamp() WHERE name = $1 AND epoch = $2 AND ended_at IS NULL";
        let name = &database.settings().instance;
        if database.ask(client.execute(sql, &[name, &self.epoch])).map_err(failed)? > 0 {
            database.ask(Self::leave_places(&client, name)).map_err(failed)?;
        }
        Ok(())
    }

    /// Why a write of this run was refused.
    pub(super) fn fenced(&self) -> JournalError {
        self.is_fenced.store(true, Ordering::Relaxed);
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

impl Holder {
    /// Why another gateway cannot begin while this one writes.
    fn refuses(&self, instance: &str, instances_max: usize) -> String {
        let Self { name, silent_ms, instances_max: others, .. } = self;
        let advice = if name == instance {
            "Each gateway needs a name of its own: change `instance`, or stop the other one".to_owned()
        } else if instances_max <= 1 {
            "One gateway writes a journal at a time: stop it first. Several can write with the table [instances]"
                .to_owned()
        } else if *others <= 1 {
            "It writes alone: give it the table [instances], too, or stop it first".to_owned()
        } else if usize::try_from(*others) == Ok(instances_max) {
            format!(
                "`[instances] max` is {instances_max}, and that many write already: stop one, or raise `max` in all of them"
            )
        } else {
            format!("Its `[instances] max` is {others}, and here it is {instances_max}: all of them must have the same")
        };
        format!("the gateway {name} writes this journal; it wrote last {silent_ms} ms ago. {advice}")
    }
}

/// The gateways whose leases have not ended.
async fn holders(transaction: &Transaction<'_>) -> Result<Vec<Holder>, Error> {
    let sql = "SELECT name, token, silent_ms, lease_ms - silent_ms, instances_max FROM
                   (SELECT *, (extract(epoch FROM clock_timestamp() - seen_at) * 1000)::int8 AS silent_ms
                    FROM instances WHERE ended_at IS NULL) AS open
               WHERE silent_ms < lease_ms";
    let holder = |row: &Row| -> Result<Holder, Error> {
        Ok(Holder {
            name: row.try_get(0)?,
            token: row.try_get(1)?,
            silent_ms: row.try_get(2)?,
            left_ms: row.try_get(3)?,
            instances_max: row.try_get(4)?,
        })
    };
    transaction.query(sql, &[]).await?.iter().map(holder).collect()
}

/// The gateway that keeps one with this name from beginning, if there is one.
fn in_the_way(holders: Vec<Holder>, name: &str, instances_max: usize) -> Option<Holder> {
    let others = holders.iter().filter(|holder| holder.name != name).count();
    let keeps = |holder: &Holder| {
        let same_rule = usize::try_from(holder.instances_max) == Ok(instances_max);
        holder.name == name || instances_max <= 1 || !same_rule || others >= instances_max
    };
    holders.into_iter().find(keeps)
}

/// Begins a new epoch, unless another gateway that has a lease is in the way. One that is alone ends all others. The runs with the tokens
/// `earlier` have no lease: they are over.
async fn begin(
    client: &mut Client,
    database: &Database,
    token: &[u8],
    earlier: &[&str],
    instances_max: usize,
) -> Result<Result<Begun, NotBegun>, Error> {
    let settings = database.settings();
    let lease_ms = i64::try_from(settings.lease.as_millis()).unwrap_or(i64::MAX);
    let transaction = client.transaction().await?;
    // In the order of a commit: first the journal, then the instances.
    transaction.query_one("SELECT id FROM journal FOR UPDATE", &[]).await?;
    // A copy marks the tables with the same lock. The tables were looked at before.
    let sql = "SELECT EXISTS (SELECT FROM migrations WHERE version = $1)";
    if transaction.query_one(sql, &[&COPYING]).await?.try_get(0)? {
        return Ok(Err(NotBegun::Unfinished));
    }
    let mut holders = holders(&transaction).await?;
    // Its links ended with the process, so another run of this name need not wait.
    if holders.iter().any(|holder| holder.name == settings.instance && earlier.contains(&&*hex(&holder.token))) {
        Lease::leave_places(&transaction, &settings.instance).await?;
    }
    holders.retain(|holder| !earlier.contains(&&*hex(&holder.token)));
    if let Some(other) = in_the_way(holders, &settings.instance, instances_max) {
        return Ok(Err(NotBegun::Other(other)));
    }
    // One whose lease is over could come back, and then there would be too many.
    let sql = "UPDATE instances SET ended_at = clock_timestamp() WHERE ended_at IS NULL AND
                   ($2::boolean OR name = $1 OR clock_timestamp() - seen_at >= make_interval(secs => lease_ms / 1000.0))";
    transaction.execute(sql, &[&settings.instance, &(instances_max <= 1)]).await?;
    let sql = "SELECT EXISTS (SELECT FROM instances JOIN taken_over USING (name, epoch) WHERE name = $1)";
    let was_fenced = transaction.query_one(sql, &[&settings.instance]).await?.try_get(0)?;
    let sql = "INSERT INTO instances (name, token, epoch, lease_ms, seen_at, batch, batch_first, instances_max, keep_days)
               VALUES ($1, $2, nextval('epochs'), $3, clock_timestamp(), 0, 0, $4, $5)
               ON CONFLICT (name) DO UPDATE SET token = excluded.token, epoch = excluded.epoch, lease_ms = excluded.lease_ms,
                   seen_at = excluded.seen_at, ended_at = NULL, batch = 0, batch_first = 0, instances_max = excluded.instances_max,
                   keep_days = excluded.keep_days
               RETURNING epoch";
    let instances_max = i32::try_from(instances_max).unwrap_or(i32::MAX);
    let keep_days = settings.keep_days.map(|days| i32::try_from(days).unwrap_or(i32::MAX));
    let row = transaction.query_one(sql, &[&settings.instance, &token, &lease_ms, &instances_max, &keep_days]).await?;
    let epoch = row.try_get(0)?;
    transaction.commit().await?;
    Ok(Ok(Begun { epoch, was_fenced }))
}
