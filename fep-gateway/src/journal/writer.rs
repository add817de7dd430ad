//! The writer: takes facts from all lanes in turn, stores them with one commit, and reports what is durable.
//!
//! A permission ("may these bytes be sent?") fails when its write fails. A fact that has happened is kept and written
//! again until that succeeds. While writes fail, permissions are refused at once, so that no caller waits for a broken disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use fep_protocol::fact::Fact;
use fep_protocol::reason::JournalError;

use super::health::Health;
use super::indexer::IndexQueue;
use super::lane::{Bell, Lane, LaneNumber};
use super::store::{FactNumber, FactStore, StoreError};
use crate::fault::{FaultPoint, point};

/// The maximum number of facts that one commit takes from one lane.
const LANE_BATCH_MAX: usize = 512;

/// The maximum number of archived facts that one commit removes.
const REMOVED_MAX: usize = 128;

/// The pause before a failed write is repeated.
const RETRY_PAUSE: Duration = Duration::from_millis(200);

/// The time without a write after which the store is probed.
const PROBE_PAUSE: Duration = Duration::from_secs(1);

/// The maximum time that closing spends on writes that fail.
const CLOSE_PATIENCE: Duration = Duration::from_secs(2);

/// The writer and everything that it needs.
pub(super) struct Writer<S> {
    pub(super) store: S,
    pub(super) lanes: Vec<Lane>,
    pub(super) bell: Arc<Bell>,
    pub(super) health: Arc<Health>,
    pub(super) index: Arc<IndexQueue>,
    /// The facts up to this one are in archives and can be removed.
    pub(super) archived: Arc<AtomicU64>,
    /// The value of `archived` up to which everything is removed.
    pub(super) removed: FactNumber,
    /// The lane that is taken from first. It changes with each batch.
    pub(super) first: usize,
}

/// Facts, each with its place in a lane. The facts of one lane follow each other.
#[derive(Default)]
struct Batch {
    facts: Vec<Fact>,
    places: Vec<Place>,
}

#[derive(Clone, Copy)]
struct Place {
    lane: usize,
    number: LaneNumber,
}

impl<S: FactStore> Writer<S> {
    /// Writes until the journal is closed.
    pub(super) fn run(mut self) {
        let mut idle_since = Instant::now();
        while !self.health.is_closing() {
            let batch = self.take();
            if !batch.facts.is_empty() {
                let done = self.write(batch);
                idle_since = Instant::now();
                if !done {
                    self.bell.wait(RETRY_PAUSE);
                }
            } else if self.remove_archived() {
                // The next piece follows, unless a fact came meanwhile.
            } else if self.health.failure().is_some() || idle_since.elapsed() >= PROBE_PAUSE {
                self.probe();
                idle_since = Instant::now();
                self.bell.wait(if self.health.failure().is_some() { RETRY_PAUSE } else { PROBE_PAUSE });
            } else {
                self.bell.wait(PROBE_PAUSE);
            }
        }
        self.close();
    }

    /// Writes what still waits. Gives up when that fails for too long.
    fn close(&mut self) {
        let patience = Instant::now() + CLOSE_PATIENCE;
        loop {
            let batch = self.take();
            if batch.facts.is_empty() {
                return;
            }
            if !self.write(batch) {
                if Instant::now() >= patience {
                    break;
                }
                std::thread::sleep(RETRY_PAUSE);
            }
        }
        // Do not log the facts: they contain telegrams.
        let lost: usize = std::iter::from_fn(|| Some(self.take().facts.len()).filter(|count| *count > 0)).sum();
        tracing::error!(lost, "the journal closes and could not write what happened");
    }

    fn take(&mut self) -> Batch {
        let mut batch = Batch::default();
        let count = self.lanes.len();
        for lane in (0..count).map(|at| (self.first + at) % count) {
            let Some(queue) = self.lanes.get(lane) else { continue };
            queue.take(LANE_BATCH_MAX, |number, fact| {
                batch.facts.push(fact);
                batch.places.push(Place { lane, number });
            });
        }
        self.first = (self.first + 1) % count.max(1);
        batch
    }

    /// Writes a batch as one commit. Returns whether the store works.
    fn write(&mut self, batch: Batch) -> bool {
        let len = u32::try_from(batch.facts.len()).unwrap_or(u32::MAX);
        metrics::histogram!("fep_journal_batch_size").record(len);
        let started = self.health.begin();
        point(FaultPoint::BeforeCommit);
        let result = self.store.append(&batch.facts);
        point(FaultPoint::AfterCommit);
        metrics::histogram!("fep_journal_commit_seconds").record(started.elapsed().as_secs_f64());
        match result {
            Ok(first) => {
                self.works();
                self.index.push(first, batch.facts);
                let ends = batch.places.chunk_by(|one, next| one.lane == next.lane).filter_map(<[Place]>::last);
                ends.for_each(|place| self.stored(*place));
                true
            }
            Err(StoreError::Unavailable(error)) => {
                // Permissions are refused before the first one learns that it failed.
                self.fails(&error);
                self.keep(batch, &error);
                false
            }
            Err(StoreError::Refused(why)) if batch.facts.len() <= 1 => {
                self.drop_refused(&batch, &why);
                true
            }
            Err(StoreError::Refused(_)) => self.one_by_one(batch),
        }
    }

    /// Writes each fact with a commit of its own, so that one that is refused does not affect the others.
    fn one_by_one(&mut self, batch: Batch) -> bool {
        let mut rest = batch.facts.into_iter().zip(batch.places);
        while let Some((fact, place)) = rest.next() {
            if !self.write(Batch { facts: vec![fact], places: vec![place] }) {
                // The facts behind the failed one wait, too: the order of a lane is kept.
                let error = self.health.failure().unwrap_or(JournalError::Closed);
                let (facts, places) = rest.unzip();
                self.keep(Batch { facts, places }, &error);
                return false;
            }
        }
        true
    }

    fn drop_refused(&self, batch: &Batch, why: &str) {
        for (fact, place) in batch.facts.iter().zip(&batch.places) {
            tracing::error!(why, kind = fact.what.kind(), "the journal refuses a fact: this is a bug of the gateway");
            if let Some(lane) = self.lanes.get(place.lane).filter(|_| fact.what.is_permission()) {
                lane.fail(place.number, JournalError::Failed(why.to_owned()));
            }
            self.stored(*place);
        }
        self.works();
    }

    fn stored(&self, place: Place) {
        if let Some(lane) = self.lanes.get(place.lane) {
            lane.stored(place.number);
        }
    }

    /// Puts the facts of a batch back into their lanes. Permissions fail.
    fn keep(&self, batch: Batch, error: &JournalError) {
        for (fact, place) in batch.facts.into_iter().zip(batch.places) {
            let Some(lane) = self.lanes.get(place.lane) else { continue };
            if fact.what.is_permission() {
                lane.fail(place.number, error.clone());
            } else {
                lane.put_back(place.number, fact);
            }
        }
    }

    /// Removes a small piece of what is in archives, so that no caller waits long. Returns whether there may be more.
    fn remove_archived(&mut self) -> bool {
        let archived = self.archived.load(Ordering::Relaxed);
        if archived <= self.removed || self.health.failure().is_some() {
            return false;
        }
        match self.store.remove_archived(archived, REMOVED_MAX) {
            Ok(0) => {
                self.removed = archived;
                false
            }
            Ok(_) => true,
            Err(error) => {
                let error = JournalError::from(error);
                tracing::warn!(%error, "archived facts cannot be removed from the journal now");
                // The archiver asks for it again.
                self.removed = archived;
                false
            }
        }
    }

    fn probe(&mut self) {
        self.health.begin();
        match self.store.probe() {
            Ok(()) => self.works(),
            Err(error) => self.fails(&error.into()),
        }
    }

    fn works(&self) {
        if let Some(error) = self.store.refusing() {
            return self.fails(&error);
        }
        if self.health.works() {
            tracing::info!("the journal takes writes again");
            self.lanes.iter().for_each(|lane| lane.refuse(None));
        }
    }

    fn fails(&self, error: &JournalError) {
        if self.health.fails(error) {
            tracing::error!(%error, "the journal takes no writes: requests are refused, what happened is kept");
        }
        self.lanes.iter().for_each(|lane| lane.refuse(Some(error)));
    }
}
