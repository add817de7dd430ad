//! What the gateways that share a journal ask the database besides facts: blocks of trace numbers, and who is gone.

use std::fmt;
use std::sync::Arc;

use fep_protocol::places::{PlaceKey, PlacesAsked, PlacesSeen};
use fep_protocol::reason::JournalError;
use fep_protocol::trace::{TRACE_DAYS_MAX, TraceBlock, TraceCounter, TraceHighWater};
use tokio_postgres::{Client, Error, Row};

use super::database::Database;
use super::kept::Kept;
use super::lease::Lease;
use crate::coordinator::{BlockReply, BlockWanted, Instances, NewsSender};
use crate::journal::columns::{signed, unsigned};
use crate::journal::indexer::IndexQueue;
use crate::journal::whose::{InstanceRecord, InstanceState, Over};

/// The instances of a journal, seen by one of them.
pub(in crate::journal) struct Sharing {
    kept: Kept,
    /// For places alone: no other question delays their renewal.
    places: Kept,
    lease: Arc<Lease>,
}

impl Sharing {
    pub(in crate::journal) fn new(database: Arc<Database>, lease: Arc<Lease>) -> Self {
        Self { kept: Kept::new(Arc::clone(&database)), places: Kept::new(database), lease }
    }

    /// The runs of other gateways from which somebody must take over.
    ///
    /// # Errors
    /// If the database cannot be reached.
    pub(in crate::journal) fn over(&self) -> Result<Vec<Over>, JournalError> {
        self.kept.ask(async |client| self.lease.over(client).await)
    }

    /// All gateways that have written the journal, without what is open at them.
    ///
    /// # Errors
    /// If the database cannot be reached.
    pub(in crate::journal) fn instances(&self) -> Result<Vec<InstanceRecord>, JournalError> {
        let sql = "SELECT name, name = $1, ended_at IS NOT NULL, (extract(epoch FROM clock_timestamp() - seen_at) * 1000)::int8, lease_ms,
                       EXISTS (SELECT FROM publisher WHERE publisher.name = instances.name AND publisher.epoch = instances.epoch),
                       ARRAY (SELECT DISTINCT heir FROM taken_over WHERE taken_over.name = instances.name
                              AND taken_over.epoch = instances.epoch ORDER BY heir)
                   FROM instances ORDER BY name";
        let record = |row: &Row| -> Result<InstanceRecord, Error> {
            let silent_ms: i64 = row.try_get(3)?;
            let lease_ms = row.try_get(4)?;
            let state = match row.try_get(2)? {
                true => InstanceState::Ended,
                false if silent_ms >= lease_ms => InstanceState::Silent,
                false => InstanceState::Writes,
            };
            Ok(InstanceRecord {
                instance: row.try_get(0)?,
                is_own: row.try_get(1)?,
                state,
                silent_ms,
                lease_ms,
                publishes: row.try_get(5)?,
                heirs: row.try_get(6)?,
                in_flight: 0,
                unsettled: 0,
            })
        };
        self.kept.ask(async |client| client.query(sql, &[&self.lease.instance()]).await?.iter().map(record).collect())
    }

    /// Gives places back, renews others, and says who has which.
    ///
    /// # Errors
    /// If the database cannot be reached.
    pub(in crate::journal) fn look_at_places(&self, asked: &PlacesAsked) -> Result<PlacesSeen, JournalError> {
        self.places.ask(async |client| self.lease.look_at_places(client, asked).await)
    }

    /// Takes places that nobody has. Returns those that were taken.
    ///
    /// # Errors
    /// If the database cannot be reached.
    pub(in crate::journal) fn take_places(&self, wanted: &[PlaceKey]) -> Result<Vec<PlaceKey>, JournalError> {
        self.places.ask(async |client| self.lease.take_places(client, wanted).await)
    }

    /// Grants the next block of trace numbers. It is durable when this returns.
    fn grant(&self, wanted: &BlockWanted) -> Result<Option<TraceBlock>, JournalError> {
        self.kept.ask(async |client| {
            client.batch_execute("BEGIN").await?;
            let granted = grant(client, wanted).await;
            // Without a block the row of its day is of no use.
            client.batch_execute(if matches!(granted, Ok(Some(_))) { "COMMIT" } else { "ROLLBACK" }).await?;
            granted
        })
    }
}

/// Grants a block in the transaction that was begun. The row of the day is locked, so nobody else gets the same numbers.
async fn grant(client: &Client, wanted: &BlockWanted) -> Result<Option<TraceBlock>, Error> {
    let BlockWanted { institution, range, used, day, for_what } = wanted;
    let institution = &**institution;
    let sql = "INSERT INTO traces VALUES ($1, $2, 0) ON CONFLICT DO NOTHING";
    let is_new = client.execute(sql, &[&institution, day]).await? > 0;
    let sql = "SELECT day, high FROM traces WHERE institution = $1 ORDER BY day FOR UPDATE";
    let rows = client.query(sql, &[&institution]).await?;
    let mark = |row: &Row| Ok(TraceHighWater { day: row.try_get(0)?, high: unsigned(row.try_get(1)?) });
    let known = rows.iter().map(mark).collect::<Result<Vec<_>, Error>>()?;
    let mut counter = TraceCounter::new(*range, together(&known, used, range.wraps, is_new.then_some(*day)));
    let Some(block) = counter.next(*day, *for_what) else { return Ok(None) };
    let sql = "UPDATE traces SET high = $3 WHERE institution = $1 AND day = $2";
    client.execute(sql, &[&institution, day, &signed(block.last)]).await?;
    let sql = "DELETE FROM traces WHERE institution = $1 AND day <=
                   (SELECT day FROM traces WHERE institution = $1 ORDER BY day DESC LIMIT 1 OFFSET $2)";
    let kept = i64::try_from(TRACE_DAYS_MAX).unwrap_or(i64::MAX);
    client.execute(sql, &[&institution, &kept]).await?;
    Ok(Some(block))
}

/// The marks that the database has and those that the instance knows, by day. Where numbers begin again after the highest one, the higher mark
/// need not be the later one: then the database is right. `begun` is a day whose row was made just now and says nothing.
fn together(known: &[TraceHighWater], used: &[TraceHighWater], wraps: bool, begun: Option<i64>) -> Vec<TraceHighWater> {
    let known = known.iter().filter(|mark| Some(mark.day) != begun);
    let mut marks: Vec<TraceHighWater> = known.copied().collect();
    for mark in used {
        match marks.iter_mut().find(|known| known.day == mark.day) {
            Some(known) if !wraps => known.high = known.high.max(mark.high),
            Some(_) => {}
            None => marks.push(*mark),
        }
    }
    marks
}

impl Instances for SharedInstances {
    fn instance(&self) -> Arc<str> {
        self.sharing.lease.instance().into()
    }

    fn run(&self) -> Option<u64> {
        Some(unsigned(self.sharing.lease.epoch))
    }

    fn was_fenced(&self) -> bool {
        self.sharing.lease.was_fenced()
    }

    fn listen(&self, institution: Arc<str>, news: NewsSender) {
        self.index.listeners().add(institution, self.instance(), news);
    }

    fn block(&self, wanted: BlockWanted) -> BlockReply {
        let sharing = Arc::clone(&self.sharing);
        Box::pin(async move {
            let granted = tokio::task::spawn_blocking(move || sharing.grant(&wanted)).await;
            granted.map_err(|error| JournalError::Failed(error.to_string())).flatten()
        })
    }
}

/// A handle to [`Sharing`] for a coordinator.
#[derive(Debug)]
pub(in crate::journal) struct SharedInstances {
    pub(in crate::journal) sharing: Arc<Sharing>,
    pub(in crate::journal) index: Arc<IndexQueue>,
}

impl fmt::Debug for Sharing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sharing({:?})", self.kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(day: i64, high: u64) -> TraceHighWater {
        TraceHighWater { day, high }
    }

    #[test]
    fn the_later_mark_counts() {
        let known = [mark(1, 40), mark(2, 0)];
        assert_eq!(together(&known, &[mark(1, 50), mark(3, 7)], false, Some(2)), [mark(1, 50), mark(3, 7)]);
        assert_eq!(together(&known, &[mark(1, 30), mark(2, 9)], false, Some(2)), [mark(1, 40), mark(2, 9)]);
        assert_eq!(together(&known, &[mark(1, 50)], true, Some(2)), [mark(1, 40)], "40 comes after 50");
    }
}
