//! Retention of a journal in a database: days that are older than `keep_days` are removed whole, from the oldest on.
//!
//! ```text
//! one commit: mark, detach ─► the indexes of all gateways forget them ─► keys and tables go
//! ```
//!
//! What holds back a day is what holds back an archive in `retention`: exchanges without an outcome, settlements that go on or need a person,
//! notices that are not delivered, and facts whose events have not been published, of any gateway. Of several gateways one removes, which the
//! database decides, and the largest `keep_days` of those that may write holds. Each of them looks for marks and lets its index follow.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fep_protocol::reason::JournalError;
use tokio::time::Instant;

use super::INDEX_WAIT;
use super::archive::ArchiveStop;
use super::indexer::IndexQueue;
use super::postgres::lease::Lease;
use super::postgres::reader::FactReader;
use super::postgres::removing::{Days, Newest, Remover, StoredDay};
use super::sqlite::index::IndexReader;
use super::sqlite::removals;
use super::store::{FactNumber, FactReads, Removal};
use super::whose::Whose;
use crate::fault::{FaultPoint, point};
use crate::time::DAY_MS;

/// The pause between two looks for a mark of another gateway.
const FOLLOW_PAUSE: Duration = Duration::from_secs(10);

/// The pause between two looks for days to remove, the one after an attempt that failed, and the one after the start. A build with fault points
/// does not wait after the start, so that a test can kill it.
const PAUSE: Duration = Duration::from_secs(3600);
const RETRY_PAUSE: Duration = Duration::from_secs(60);
const START_PAUSE: Duration = if cfg!(feature = "fault-points") { Duration::ZERO } else { RETRY_PAUSE };

/// The maximum number of days that one run removes. A clock that was set forward by mistake does not remove all at once.
const DAYS_PER_RUN_MAX: usize = 10;

/// Days in which nothing was stored count for at most this long: longer than holidays. A clock that was wrong makes such a gap.
const GAP_MAX_DAYS: i64 = 10;

/// The thread that removes days, and lets the index follow.
pub(super) struct Expiry {
    pub(super) lease: Arc<Lease>,
    pub(super) facts: FactReader,
    pub(super) index: Arc<IndexQueue>,
    pub(super) index_file: PathBuf,
    pub(super) stop: Arc<ArchiveStop>,
    /// The last removal that the index has followed.
    pub(super) followed: FactNumber,
}

impl Expiry {
    /// Works until the journal is closed.
    pub(super) fn run(mut self) {
        let mut due = Instant::now() + START_PAUSE;
        let mut follows = true;
        loop {
            let followed = self.follow();
            if let Some(error) = followed.as_ref().err().filter(|_| follows) {
                tracing::warn!(%error, "it is not known now whether another gateway removed facts");
            }
            follows = followed.is_ok();
            if follows && Instant::now() >= due {
                let turned = self.turn();
                if let Err(error) = &turned {
                    tracing::error!(%error, "old days cannot be removed now");
                }
                due = Instant::now() + if turned.is_ok() { PAUSE } else { RETRY_PAUSE };
            }
            if self.stop.wait(FOLLOW_PAUSE) {
                return;
            }
        }
    }

    /// Removes from the index what any gateway has removed from the journal.
    ///
    /// # Errors
    /// If the database cannot be read, or the index cannot be written.
    pub(super) fn follow(&mut self) -> Result<(), JournalError> {
        let Some(removal) = self.facts.removal()?.filter(|removal| removal.last > self.followed) else {
            return Ok(());
        };
        // What the index does not have yet would come behind. It says itself that it cannot go on.
        if self.index.applied() >= removal.last {
            removals::forget(&self.index_file, &removal)?;
            self.followed = removal.last;
        }
        Ok(())
    }

    /// Removes what is too old, unless another gateway does so now.
    ///
    /// # Errors
    /// If the database cannot be reached, or a reader has its tables. The next run goes on.
    pub(super) fn turn(&mut self) -> Result<(), JournalError> {
        if self.lease.is_fenced() {
            return Ok(());
        }
        let Some(remover) = Remover::begin(&self.lease)? else { return Ok(()) };
        // What an earlier run did not complete.
        self.complete(&remover)?;
        let days = remover.days()?;
        let Some((removal, gone)) = self.plan(&remover, &days)? else { return Ok(()) };
        if remover.remove(&removal, &gone)? {
            point(FaultPoint::DaysRemoved);
            tracing::info!(journal = remover.place(), days = gone.len(), "days were removed: {}", removal.sentence());
            self.follow()?;
            point(FaultPoint::RemovalFollowed);
            self.complete(&remover)?;
        }
        Ok(())
    }

    /// What can be removed now.
    fn plan(&self, remover: &Remover, days: &Days) -> Result<Option<(Removal, Vec<StoredDay>)>, JournalError> {
        let Some(keep_days) = days.keep_days else { return Ok(None) };
        // The newest day stays: it gets facts. Its date never goes back.
        let Some((newest, older)) = days.days.split_last() else { return Ok(None) };
        let keep = i64::from(keep_days);
        let horizon = days.today.min(newest.day).saturating_sub(keep);
        let old = older.iter().enumerate().take_while(|(_, day)| day.day < horizon);
        let old: Vec<_> = old.take(DAYS_PER_RUN_MAX).collect();
        if old.is_empty() {
            return Ok(None);
        }
        // What is open is known by the index, which has the facts of all gateways.
        self.index.wait_for_all(INDEX_WAIT)?;
        let end = self.first_needed(days.published)?.min(self.index.applied().saturating_add(1));
        let earlier = self.facts.removal()?;
        let (removed, mut before_ms) = earlier.map_or((0, 0), |removal| (removal.last, removal.before_ms));
        let horizon_ms = horizon * DAY_MS - i64::from(self.lease.offset_minutes()) * 60_000;
        let index = IndexReader::open(&self.index_file)?;
        let mut last = removed;
        let mut gone = Vec::new();
        let mut whole = (last, before_ms, 0);
        for (at, day) in old {
            let recorded = recorded_days(days.days.get(at..).unwrap_or_default());
            if day.last >= end || day.first > last + 1 || recorded < keep {
                break;
            }
            // The clocks of the gateways are not that of the database.
            let Some(newest) = self.newest(remover, *day)? else { return Ok(None) };
            if newest.at_ms.max(newest.accepted_ms) >= horizon_ms {
                break;
            }
            last = last.max(day.last);
            before_ms = before_ms.max(newest.accepted_ms.saturating_add(1));
            gone.push(*day);
            if !index.parts_comparisons(last)? && !index.parts_verifications(last)? {
                whole = (last, before_ms, gone.len());
            }
        }
        let (last, before_ms, count) = whole;
        gone.truncate(count);
        let traces = index.traces()?;
        let mut standing = index.standing(&Whose::default())?;
        standing.retain(|stood| stood.number <= last);
        let removal = Removal { last, before_ms, at_ms: days.now_ms, keep_days, traces, standing };
        Ok((last > removed).then_some((removal, gone)))
    }

    /// The first fact that something still needs, or the highest number.
    fn first_needed(&self, published: Option<FactNumber>) -> Result<FactNumber, JournalError> {
        let index = IndexReader::open(&self.index_file)?;
        let needed = index.oldest_needed()?.map(|(_, first)| first);
        let notice = index.oldest_open_notice()?;
        let exception = index.oldest_open_exception()?;
        let unpublished = published.map(|number| number + 1);
        Ok([needed, notice, exception, unpublished].into_iter().flatten().fold(FactNumber::MAX, FactNumber::min))
    }

    /// The newest times of the facts of a day, or `None` if the journal closes meanwhile.
    fn newest(&self, remover: &Remover, day: StoredDay) -> Result<Option<Newest>, JournalError> {
        let mut newest = Newest::default();
        let mut from = day.first;
        while from <= day.last {
            if self.stop.is_stopped() {
                return Ok(None);
            }
            let (piece, to) = remover.newest(day, from)?;
            newest.at_ms = newest.at_ms.max(piece.at_ms);
            newest.accepted_ms = newest.accepted_ms.max(piece.accepted_ms);
            from = to + 1;
        }
        Ok(Some(newest))
    }

    /// Deletes the keys of days that were taken out of the journal, and drops their tables.
    fn complete(&self, remover: &Remover) -> Result<(), JournalError> {
        for table in remover.detached()? {
            let mut next = Some(0);
            while let Some(from) = next {
                if self.stop.is_stopped() {
                    return Ok(());
                }
                next = remover.delete_keys(&table, from)?;
                point(FaultPoint::KeysDeleted);
            }
            remover.drop_table(&table)?;
            point(FaultPoint::TableDropped);
            tracing::info!(journal = remover.place(), table, "a day that was removed is gone");
        }
        Ok(())
    }
}

/// How long ago a day was, by the days behind it. One clock that was wrong adds at most one gap to it.
fn recorded_days(days: &[StoredDay]) -> i64 {
    let gaps = days.iter().zip(days.iter().skip(1));
    gaps.map(|(day, next)| next.day.saturating_sub(day.day).clamp(0, GAP_MAX_DAYS)).sum()
}

#[cfg(test)]
mod tests;
