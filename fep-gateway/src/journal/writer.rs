//! The writer: takes facts from all lanes in turn, stores them with one commit, and reports what is durable.
//!
//! A permission ("may these bytes be sent?") fails when its write fails. A fact that has happened is kept and written
//! again until that succeeds. While writes fail, permissions are refused at once, so that no caller waits for a broken disk.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use fep_protocol::exchange::Outcome;
use fep_protocol::fact::{Fact, Reason, SentClass, What};
use fep_protocol::mutant::{Mutant, is_on};
use fep_protocol::reason::{JournalError, NotSent};
use tokio::time::Instant;

use super::health::Health;
use super::indexer::IndexQueue;
use super::lane::{Bell, Lane, LaneNumber};
use super::store::{Appended, FactNumber, FactStore, StoreError};
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
    store: S,
    /// What was written last, if it is not known whether it was stored.
    doubt: Option<Doubt>,
    lanes: Vec<Lane>,
    newcomers: Arc<Newcomers>,
    bell: Arc<Bell>,
    health: Arc<Health>,
    index: Arc<IndexQueue>,
    archived: Arc<AtomicU64>,
    /// The value of `archived` up to which everything is removed.
    removed: FactNumber,
    /// The lane that is taken from first. It changes with each batch.
    first: usize,
    /// When the last write ended.
    idle_since: Instant,
    /// The wait before the next turn.
    pause: Option<Turn>,
    /// While the journal closes and writes fail: since when.
    closing_since: Option<Instant>,
}

/// What the writer shares with the rest of the journal.
#[derive(Clone)]
pub(super) struct WriterParts {
    pub(super) lanes: Vec<Lane>,
    pub(super) newcomers: Arc<Newcomers>,
    pub(super) bell: Arc<Bell>,
    pub(super) health: Arc<Health>,
    pub(super) index: Arc<IndexQueue>,
    /// The facts up to this one are in archives and can be removed.
    pub(super) archived: Arc<AtomicU64>,
}

/// The lanes of institutions that start while the journal is open, until the writer takes from them.
#[derive(Debug, Default)]
pub(super) struct Newcomers(Mutex<Vec<Lane>>);

impl Newcomers {
    pub(super) fn add(&self, lane: Lane) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(lane);
    }

    fn take(&self) -> Vec<Lane> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Facts, each with its place in a lane. The facts of one lane follow each other.
#[derive(Default)]
pub(super) struct Batch {
    facts: Vec<Fact>,
    places: Vec<Place>,
}

/// A batch of which it is not known whether it was stored. Its permissions have failed for this reason.
struct Doubt {
    batch: Batch,
    error: JournalError,
}

#[derive(Clone, Copy)]
struct Place {
    lane: usize,
    number: LaneNumber,
}

/// What the writer does next.
pub(super) enum Turn {
    /// Waits this long, or until the bell rings.
    Wait(Duration),
    /// Waits this long after a failed write. The bell does not count: it rings whenever something waits.
    Pause(Duration),
    /// Stores facts.
    Write(Batch),
    /// Asks the store what became of the last write.
    Resolve,
    /// Removes a piece of what is in archives.
    Remove,
    /// Proves that the store takes writes.
    Probe,
    /// The journal is closed.
    End,
}

#[cfg(feature = "simulation")]
impl Turn {
    /// The number of facts that it stores.
    pub(super) fn facts(&self) -> usize {
        if let Self::Write(batch) = self { batch.facts.len() } else { 0 }
    }
}

impl Batch {
    /// The ends of the exchanges whose requests were stored, but refused for this reason: nothing was sent. With their lanes.
    fn ends_of_requests(&self, appended: &Appended, error: &JournalError) -> Vec<(usize, Fact)> {
        if is_on(Mutant::LeavesDoubtOpen) {
            return Vec::new();
        }
        let why = NotSent::Journal(error.clone());
        let stored = self.facts.iter().zip(&self.places).enumerate().filter(|(place, _)| appended.has(*place));
        let requests = stored.filter(|(_, (fact, _))| fact.what == What::Sent(SentClass::Request));
        let end = |(_, (request, place)): (usize, (&Fact, &Place))| {
            let end = Fact {
                what: What::Outcome,
                exchange: request.exchange,
                telegram: request.telegram.clone(),
                outcome: Some(Outcome::NotSent),
                reason: Some(Reason::new(&why, why.code())),
                ..Fact::new(request.institution.clone(), request.at_ms)
            };
            (place.lane, end)
        };
        requests.map(end).collect()
    }
}

impl<S: FactStore> Writer<S> {
    pub(super) fn new(store: S, parts: WriterParts) -> Self {
        let WriterParts { lanes, newcomers, bell, health, index, archived } = parts;
        let idle_since = Instant::now();
        Self {
            store,
            doubt: None,
            lanes,
            newcomers,
            bell,
            health,
            index,
            archived,
            removed: 0,
            first: 0,
            idle_since,
            pause: None,
            closing_since: None,
        }
    }

    /// The queue of the facts that are stored.
    pub(super) fn index(&self) -> Arc<IndexQueue> {
        Arc::clone(&self.index)
    }

    /// Writes until the journal is closed.
    pub(super) fn run(mut self) {
        loop {
            self.health.turns();
            match self.next() {
                Turn::End => return,
                Turn::Wait(max) => self.bell.wait(max),
                Turn::Pause(pause) => std::thread::sleep(pause),
                turn => self.carry_out(turn),
            }
        }
    }

    /// Decides what to do next. Facts leave their lanes here.
    pub(super) fn next(&mut self) -> Turn {
        if let Some(pause) = self.pause.take() {
            return pause;
        }
        let closing = self.health.is_closing();
        self.welcome();
        if let Some(doubt) = &self.doubt {
            let len = doubt.batch.facts.len();
            return match closing && self.is_out_of_patience() {
                true => {
                    self.give_up(len);
                    Turn::End
                }
                false => Turn::Resolve,
            };
        }
        let batch = self.take();
        let works = self.health.failure().is_none();
        match (batch.facts.is_empty(), closing) {
            (true, true) => Turn::End,
            (false, true) if !works && self.is_out_of_patience() => {
                self.give_up(batch.facts.len());
                Turn::End
            }
            (false, _) => Turn::Write(batch),
            (true, false) if works && self.archived.load(Ordering::Relaxed) > self.removed => Turn::Remove,
            (true, false) if !works || self.idle_since.elapsed() >= PROBE_PAUSE => Turn::Probe,
            // A lease is renewed by a probe, so no wait begins anew when something else wakes the writer.
            (true, false) => Turn::Wait(PROBE_PAUSE.saturating_sub(self.idle_since.elapsed())),
        }
    }

    /// Does it.
    pub(super) fn carry_out(&mut self, turn: Turn) {
        match turn {
            Turn::Write(batch) => {
                if !self.write(batch) && !is_on(Mutant::RetriesWithoutPause) {
                    self.pause = Some(Turn::Pause(RETRY_PAUSE));
                }
                self.idle_since = Instant::now();
            }
            Turn::Resolve => {
                if !self.resolve() {
                    self.pause = Some(Turn::Pause(RETRY_PAUSE));
                }
            }
            Turn::Remove => self.remove_archived(),
            Turn::Probe => {
                self.probe();
                self.idle_since = Instant::now();
                let works = self.health.failure().is_none();
                self.pause = Some(if works { Turn::Wait(PROBE_PAUSE) } else { Turn::Pause(RETRY_PAUSE) });
            }
            Turn::Wait(_) | Turn::Pause(_) | Turn::End => {}
        }
    }

    /// Whether the journal closes, and its writes have failed for too long since then.
    fn is_out_of_patience(&mut self) -> bool {
        let since = *self.closing_since.get_or_insert_with(Instant::now);
        since.elapsed() >= CLOSE_PATIENCE
    }

    fn give_up(&mut self, taken: usize) {
        // Do not log the facts: they contain telegrams.
        let waiting = std::iter::from_fn(|| Some(self.take().facts.len()).filter(|count| *count > 0));
        let lost = taken + waiting.sum::<usize>();
        tracing::error!(lost, "the journal closes and could not write what happened");
    }

    /// Takes from the lanes of new institutions, too. A place in a batch is the index of its lane, so lanes are never removed.
    fn welcome(&mut self) {
        for lane in self.newcomers.take() {
            if let Some(error) = self.health.failure() {
                lane.refuse(Some(&error));
            }
            self.lanes.push(lane);
        }
    }

    fn take(&mut self) -> Batch {
        let mut batch = Batch::default();
        let count = self.lanes.len();
        for lane in (0..count).map(|at| (self.first + at) % count) {
            let Some(queue) = self.lanes.get(lane) else { continue };
            let max = if is_on(Mutant::NoBudgets) { usize::MAX } else { LANE_BATCH_MAX };
            queue.take(max, |number, fact| {
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
        let took = started.elapsed();
        metrics::histogram!("fep_journal_commit_seconds").record(took.as_secs_f64());
        match result {
            Ok(appended) => {
                self.bell.took(took);
                self.wrote(&appended, batch);
                true
            }
            Err(StoreError::Unavailable(error)) => {
                // Permissions are refused before the first one learns that it failed.
                self.fails(&error);
                self.fail_permissions(&batch, &error);
                self.put_back(batch);
                false
            }
            Err(StoreError::InDoubt(error)) => {
                self.fails(&error);
                self.fail_permissions(&batch, &error);
                if is_on(Mutant::RepeatsInDoubt) {
                    self.put_back(batch);
                } else {
                    self.doubt = Some(Doubt { batch, error });
                }
                false
            }
            Err(StoreError::Refused(why)) if batch.facts.len() <= 1 => {
                self.drop_refused(&batch, &why);
                true
            }
            Err(StoreError::Refused(_)) => self.one_by_one(batch),
        }
    }

    /// A batch is stored, except the permissions that another instance has already.
    fn wrote(&mut self, appended: &Appended, batch: Batch) {
        let Batch { mut facts, places } = batch;
        self.works();
        for (place, error) in &appended.refused {
            if let Some(Place { lane, number }) = places.get(*place)
                && let Some(lane) = self.lanes.get(*lane)
            {
                lane.fail(*number, error.clone());
            }
        }
        if !appended.refused.is_empty() {
            let stored = facts.into_iter().enumerate().filter(|(place, _)| appended.has(*place));
            facts = stored.map(|(_, fact)| fact).collect();
        }
        if let Some(instance) = self.store.instance() {
            facts.iter_mut().for_each(|fact| fact.instance = Some(Arc::clone(&instance)));
        }
        self.index.push(appended.first, facts);
        let ends = places.chunk_by(|one, next| one.lane == next.lane).filter_map(<[Place]>::last);
        ends.for_each(|place| self.stored(*place));
    }

    /// Finds out what became of the batch in doubt. Returns whether that is known now. If it was stored, its requests are in the journal, and
    /// were refused nevertheless: the ends of their exchanges come behind them.
    fn resolve(&mut self) -> bool {
        let Some(Doubt { batch, error }) = self.doubt.take() else { return true };
        self.health.begin();
        match self.store.resolve() {
            Ok(Some(appended)) => {
                for (lane, end) in batch.ends_of_requests(&appended, &error) {
                    if let Some(lane) = self.lanes.get(lane) {
                        lane.end(end);
                    }
                }
                self.wrote(&appended, batch);
            }
            Ok(None) => {
                self.works();
                self.put_back(batch);
            }
            Err(failed) => {
                self.fails(&failed.into());
                self.doubt = Some(Doubt { batch, error });
                return false;
            }
        }
        true
    }

    /// Writes each fact with a commit of its own, so that one that is refused does not affect the others.
    fn one_by_one(&mut self, batch: Batch) -> bool {
        let mut rest = batch.facts.into_iter().zip(batch.places);
        while let Some((fact, place)) = rest.next() {
            if !self.write(Batch { facts: vec![fact], places: vec![place] }) {
                // The facts behind the failed one wait, too: the order of a lane is kept.
                let error = self.health.failure().unwrap_or(JournalError::Closed);
                let (facts, places) = rest.unzip();
                let rest = Batch { facts, places };
                self.fail_permissions(&rest, &error);
                self.put_back(rest);
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

    /// The permissions of a batch are refused.
    fn fail_permissions(&self, batch: &Batch, error: &JournalError) {
        for (fact, place) in batch.facts.iter().zip(&batch.places) {
            if let Some(lane) = self.lanes.get(place.lane).filter(|_| fact.what.is_permission()) {
                lane.fail(place.number, error.clone());
            }
        }
    }

    /// Puts what has happened back into its lanes.
    fn put_back(&self, batch: Batch) {
        for (fact, place) in batch.facts.into_iter().zip(batch.places) {
            let is_kept = !fact.what.is_permission() && !is_on(Mutant::DropsFailedFacts);
            if let Some(lane) = self.lanes.get(place.lane).filter(|_| is_kept) {
                lane.put_back(place.number, fact);
            }
        }
    }

    /// Removes a small piece of what is in archives, so that no caller waits long.
    fn remove_archived(&mut self) {
        let archived = self.archived.load(Ordering::Relaxed);
        match self.store.remove_archived(archived, REMOVED_MAX) {
            Ok(0) => self.removed = archived,
            Ok(_) => {}
            Err(error) => {
                let error = JournalError::from(error);
                tracing::warn!(%error, "archived facts cannot be removed from the journal now");
                // The archiver asks for it again.
                self.removed = archived;
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
