//! The row that has what is known of alarms, and which of the gateways that share the journal judges them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use fep_protocol::reason::JournalError;
use tokio_postgres::Client;

use super::database::Database;
use super::kept::Kept;
use super::lease::Lease;

/// The row, and a connection for it.
pub(in crate::journal) struct AlarmRow {
    kept: Kept,
    lease: Arc<Lease>,
}

/// Makes the run `$2` of the instance `$1` the one that judges, unless another one that writes does. Returns how long its lease lasts, in
/// milliseconds: no other one can begin before.
const CLAIM: &str = "WITH claimed AS (INSERT INTO alarms (name, epoch) VALUES ($1, $2::int8)
    ON CONFLICT (one) DO UPDATE SET name = excluded.name, epoch = excluded.epoch
    WHERE (alarms.name = excluded.name AND excluded.epoch >= alarms.epoch) OR NOT EXISTS (
        SELECT FROM instances WHERE instances.name = alarms.name AND instances.epoch = alarms.epoch AND ended_at IS NULL
        AND clock_timestamp() - seen_at < make_interval(secs => lease_ms / 1000.0))
    RETURNING name)
    SELECT floor(lease_ms - extract(epoch FROM clock_timestamp() - seen_at) * 1000)::int8 FROM instances, claimed
    WHERE instances.name = $1 AND instances.epoch = $2::int8 AND ended_at IS NULL";

/// Lets any other one judge, if the run `$2` of the instance `$1` does. No run has the epoch 0.
const RELEASE: &str = "UPDATE alarms SET epoch = 0 WHERE name = $1 AND epoch = $2::int8";

/// Stores `$1`, if the run `$3` of the instance `$2` judges.
const STORE: &str = "UPDATE alarms SET state = $1 WHERE name = $2 AND epoch = $3::int8";

impl AlarmRow {
    /// The row of this database.
    pub(in crate::journal) fn new(database: Arc<Database>, lease: Arc<Lease>) -> Self {
        Self { kept: Kept::new(database), lease }
    }

    /// How long this gateway judges without another claim, if it does: no other one does, or its lease is over.
    pub(in crate::journal) fn claim(&self) -> Result<Option<Duration>, JournalError> {
        self.kept.ask(async |client| {
            let row = client.query_opt(CLAIM, &[&self.lease.instance(), &self.lease.epoch]).await?;
            let left_ms = row.map(|row| row.try_get::<_, i64>(0)).transpose()?;
            // One whose lease is over may be followed by another one at any moment.
            Ok(left_ms.and_then(|ms| u64::try_from(ms).ok()).filter(|ms| *ms > 0).map(Duration::from_millis))
        })
    }

    /// Lets another gateway judge.
    pub(in crate::journal) fn release(&self) -> Result<(), JournalError> {
        let released =
            async |client: &Client| client.execute(RELEASE, &[&self.lease.instance(), &self.lease.epoch]).await;
        self.kept.ask(released).map(drop)
    }

    /// The gateway that judges, and what it has stored.
    pub(in crate::journal) fn read(&self) -> Result<(Option<String>, Option<String>), JournalError> {
        self.kept.ask(async |client| {
            let row = client.query_opt("SELECT name, state FROM alarms", &[]).await?;
            let Some(row) = row else { return Ok((None, None)) };
            Ok((row.try_get(0)?, row.try_get(1)?))
        })
    }

    /// Stores what is known.
    pub(in crate::journal) fn store(&self, state: &str) -> Result<(), JournalError> {
        let stored = self
            .kept
            .ask(async |client| client.execute(STORE, &[&state, &self.lease.instance(), &self.lease.epoch]).await);
        match stored? {
            0 => Err(JournalError::Failed("another gateway judges alarms now".to_owned())),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for AlarmRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AlarmRow({:?})", self.kept)
    }
}
