//! The row that says how far the facts have been published, and who publishes: one of the gateways that share the journal.

use std::fmt;
use std::sync::Arc;

use fep_protocol::reason::JournalError;

use super::database::Database;
use super::kept::Kept;
use super::lease::Lease;
use crate::journal::columns::{signed, unsigned};
use crate::journal::store::FactNumber;

/// The row, and a connection for it.
pub(in crate::journal) struct PublishedRow {
    kept: Kept,
    lease: Arc<Lease>,
}

/// Makes the run `$2` of the instance `$1` the one that publishes, unless another one that writes is.
const CLAIM: &str = "INSERT INTO publisher (name, epoch) VALUES ($1, $2::int8)
    ON CONFLICT (one) DO UPDATE SET name = excluded.name, epoch = excluded.epoch
    WHERE publisher.name = excluded.name OR NOT EXISTS (
        SELECT FROM instances WHERE instances.name = publisher.name AND instances.epoch = publisher.epoch AND ended_at IS NULL
        AND clock_timestamp() - seen_at < make_interval(secs => lease_ms / 1000.0))";

/// Moves the mark to `$1`, if the run `$3` of the instance `$2` publishes.
const MOVE: &str = "INSERT INTO published (number)
    SELECT $1::int8 WHERE EXISTS (SELECT FROM publisher WHERE name = $2 AND epoch = $3::int8)
    ON CONFLICT (one) DO UPDATE SET number = excluded.number";

impl PublishedRow {
    /// The row of this database.
    pub(in crate::journal) fn new(database: Arc<Database>, lease: Arc<Lease>) -> Self {
        Self { kept: Kept::new(database), lease }
    }

    /// Whether this gateway publishes: no other one does, or its lease is over.
    pub(in crate::journal) fn claim(&self) -> Result<bool, JournalError> {
        self.kept.ask(async |client| Ok(client.execute(CLAIM, &[&self.lease.instance(), &self.lease.epoch]).await? > 0))
    }

    /// The last fact that has been published, or `None` if nothing was ever published.
    pub(in crate::journal) fn read(&self) -> Result<Option<FactNumber>, JournalError> {
        self.kept.ask(async |client| {
            let row = client.query_opt("SELECT number FROM published", &[]).await?;
            row.map(|row| row.try_get(0).map(unsigned)).transpose()
        })
    }

    /// Records that all facts up to this one have been published.
    pub(in crate::journal) fn set(&self, number: FactNumber) -> Result<(), JournalError> {
        let number = signed(number);
        let moved = self
            .kept
            .ask(async |client| client.execute(MOVE, &[&number, &self.lease.instance(), &self.lease.epoch]).await);
        match moved? {
            0 => Err(JournalError::Failed("another gateway publishes now".to_owned())),
            _ => Ok(()),
        }
    }
}

impl fmt::Debug for PublishedRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublishedRow({:?})", self.kept)
    }
}
