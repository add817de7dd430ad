//! Lanes: each institution brings its facts to the journal in a bounded queue of its own.
//!
//! One writer takes from all lanes in turn. An institution that floods fills only its own lane. Its task then stops reading
//! from the line, and the lanes of the others are as short as before.
//!
//! ```text
//! lane of bank-a ──► ┐
//! lane of bank-b ──► ├─► writer ──► one commit for all ──► each lane: "durable up to number n"
//! lane of bank-c ──► ┘
//! ```

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fep_protocol::exchange::ExchangeId;
use fep_protocol::fact::{Fact, What};
use fep_protocol::reason::JournalError;
use tokio::sync::Notify;

use super::seal::Veil;

/// The number of a fact in its lane, from 1.
pub type LaneNumber = u64;

/// The maximum number of permissions that may wait in a lane. Permissions beyond that are refused.
const PERMISSIONS_MAX: usize = 4096;

/// The number of waiting facts from which on a lane asks its institution to stop reading from the line.
const ROOM: usize = 2048;

/// The number of waiting facts that wakes the writer before [`Lane::flush`], if the disk is quick. One turn of an institution's task can have
/// hundreds of facts: the disk is at work on the first ones while the task goes on.
const WAKE_AT: usize = 8;

/// A disk is quick if its last commit took no longer. With a slower one, a turn's facts had better share a commit.
const QUICK_MAX: Duration = Duration::from_millis(1);

/// The queue of one institution to the journal. Clones are handles to the same lane.
#[derive(Clone, Debug)]
pub struct Lane {
    inner: Arc<Inner>,
    bell: Arc<Bell>,
    veil: Veil,
}

#[derive(Debug, Default)]
struct Inner {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<(LaneNumber, Fact)>,
    last: LaneNumber,
    durable: LaneNumber,
    failed: Vec<(LaneNumber, JournalError)>,
    /// The reason why permissions are refused at present.
    refusing: Option<JournalError>,
    /// The exchanges that the writer has ended, and whose institution has not heard that their permissions failed.
    ended: Vec<ExchangeId>,
    /// Those of them that it has heard of. It ends each before it asks again.
    heard: Vec<ExchangeId>,
}

/// What became of the facts of a lane since the last question.
#[derive(Debug, Default)]
pub struct Progress {
    /// Every fact up to this number is durable, except those in any `failed` list.
    pub durable: LaneNumber,
    /// The permissions that were not stored and will not be.
    pub failed: Vec<(LaneNumber, JournalError)>,
}

/// Wakes the writer.
#[derive(Debug, Default)]
pub(super) struct Bell {
    rung: Mutex<bool>,
    heard: Condvar,
    /// Whether the last commit was quick.
    is_quick: AtomicBool,
    /// For a writer without a thread.
    #[cfg(feature = "simulation")]
    notify: Notify,
}

impl Lane {
    pub(super) fn new(bell: Arc<Bell>, veil: Veil) -> Self {
        Self { inner: Arc::default(), bell, veil }
    }

    /// Adds a fact. It is written after [`Lane::flush`], or with a quick disk once eight facts wait, together with the facts of other lanes.
    ///
    /// # Errors
    /// If a permission cannot be given now. A fact that has happened is always accepted.
    pub fn append(&self, mut fact: Fact) -> Result<LaneNumber, JournalError> {
        self.veil.fact(&mut fact);
        let mut state = self.state();
        if fact.what.is_permission() {
            if let Some(error) = &state.refusing {
                return Err(error.clone());
            }
            if state.queue.len() >= PERMISSIONS_MAX {
                return Err(JournalError::Full { waiting_max: PERMISSIONS_MAX });
            }
        }
        let is_ended = |id| state.ended.contains(&id) || state.heard.contains(&id);
        if fact.what == What::Outcome && fact.exchange.is_some_and(is_ended) {
            return Ok(state.last);
        }
        let number = state.push(fact);
        let wakes = state.queue.len() == WAKE_AT && self.bell.is_quick.load(Ordering::Relaxed);
        drop(state);
        if wakes {
            self.bell.ring();
        }
        Ok(number)
    }

    /// Adds the end of an exchange whose request failed and is in the journal nevertheless, unless its institution has ended it meanwhile: an
    /// exchange ends once.
    pub(super) fn end(&self, mut fact: Fact) {
        self.veil.fact(&mut fact);
        let mut state = self.state();
        let is_end = |other: &Fact| other.what == What::Outcome && other.exchange == fact.exchange;
        if state.queue.iter().any(|(_, waiting)| is_end(waiting)) {
            return;
        }
        state.ended.extend(fact.exchange);
        state.push(fact);
    }

    /// The number of the last fact that was added.
    #[must_use]
    pub fn last(&self) -> LaneNumber {
        self.state().last
    }

    /// The number up to which every fact is durable. [`Lane::progress`] tells the same to the institution's task.
    pub(super) fn durable(&self) -> LaneNumber {
        self.state().durable
    }

    /// Takes back a fact that the writer has not begun to write. Returns whether that succeeded.
    pub fn withdraw(&self, number: LaneNumber) -> bool {
        let mut state = self.state();
        let at = state.queue.binary_search_by_key(&number, |(number, _)| *number);
        at.is_ok_and(|at| state.queue.remove(at).is_some())
    }

    /// Whether facts wait for the writer.
    #[must_use]
    pub fn has_waiting(&self) -> bool {
        !self.state().queue.is_empty()
    }

    /// Wakes the writer, if facts were added.
    pub fn flush(&self) {
        if self.has_waiting() {
            self.bell.ring();
        }
    }

    /// Whether the institution may go on reading from its lines. Facts are accepted even without room.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.state().queue.len() < ROOM
    }

    /// Returns what became of the facts since the last call. The caller ends the exchanges whose permissions failed before the next call.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let mut state = self.state();
        state.heard = std::mem::take(&mut state.ended);
        Progress { durable: state.durable, failed: std::mem::take(&mut state.failed) }
    }

    /// Completes when [`Lane::progress`] may have news. It may complete too often, but misses nothing.
    pub async fn changed(&self) {
        self.inner.changed.notified().await;
    }

    /// Takes up to `max` facts, in their order.
    pub(super) fn take(&self, max: usize, mut each: impl FnMut(LaneNumber, Fact)) {
        let mut state = self.state();
        let count = state.queue.len().min(max);
        state.queue.drain(..count).for_each(|(number, fact)| each(number, fact));
    }

    /// Reports that every fact up to this number is durable or has failed.
    pub(super) fn stored(&self, number: LaneNumber) {
        let mut state = self.state();
        state.durable = state.durable.max(number);
        drop(state);
        self.inner.changed.notify_one();
    }

    /// Reports that a permission was not stored.
    pub(super) fn fail(&self, number: LaneNumber, error: JournalError) {
        self.state().failed.push((number, error));
        self.inner.changed.notify_one();
    }

    /// Puts a fact back to its place in the order of the lane.
    pub(super) fn put_back(&self, number: LaneNumber, fact: Fact) {
        let mut state = self.state();
        let at = state.queue.partition_point(|(waiting, _)| *waiting < number);
        state.queue.insert(at, (number, fact));
    }

    /// Refuses permissions from now on, for this reason, or accepts them again. Permissions that wait already fail.
    pub(super) fn refuse(&self, error: Option<&JournalError>) {
        let mut state = self.state();
        state.refusing = error.cloned();
        let Some(error) = error else { return };
        for (number, fact) in std::mem::take(&mut state.queue) {
            if fact.what.is_permission() {
                state.failed.push((number, error.clone()));
            } else {
                state.queue.push_back((number, fact));
            }
        }
        drop(state);
        self.inner.changed.notify_one();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is valid after every single change, so a panic elsewhere does not damage it.
        self.inner.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn push(&mut self, fact: Fact) -> LaneNumber {
        self.last += 1;
        self.queue.push_back((self.last, fact));
        self.last
    }
}

impl Bell {
    /// Reports how long the last commit took.
    pub(super) fn took(&self, commit: Duration) {
        self.is_quick.store(commit <= QUICK_MAX, Ordering::Relaxed);
    }

    /// Wakes the writer now, or at its next [`Bell::wait`].
    pub(super) fn ring(&self) {
        let mut rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        if !*rung {
            *rung = true;
            self.heard.notify_one();
            #[cfg(feature = "simulation")]
            self.notify.notify_one();
        }
    }

    /// As [`Bell::wait`], for a writer without a thread.
    #[cfg(feature = "simulation")]
    pub(super) async fn heard(&self, max: Duration) {
        // If the time is over, the writer looks anyway.
        let _ = tokio::time::timeout(max, self.notify.notified()).await;
        *self.rung.lock().unwrap_or_else(PoisonError::into_inner) = false;
    }

    /// Waits until the bell rings, at most this long.
    pub(super) fn wait(&self, max: Duration) {
        let rung = self.rung.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.heard.wait_timeout_while(rung, max, |rung| !*rung);
        let (mut rung, _) = waited.unwrap_or_else(PoisonError::into_inner);
        *rung = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end_of(serial: u32) -> Fact {
        Fact { exchange: Some(ExchangeId::new(0, serial, 0)), ..Fact::new("bank-a".into(), 0) }
    }

    fn waiting(lane: &Lane) -> usize {
        let mut count = 0;
        lane.take(usize::MAX, |_, _| count += 1);
        count
    }

    #[test]
    fn the_writer_of_a_quick_disk_begins_before_a_long_turn_is_over() {
        let bell = Arc::<Bell>::default();
        let has_rung = || std::mem::take(&mut *bell.rung.lock().unwrap());
        let lane = Lane::new(Arc::clone(&bell), Veil::default());
        for (commit, is_quick) in [(QUICK_MAX, true), (QUICK_MAX * 2, false)] {
            bell.took(commit);
            for number in 1..=20 {
                lane.append(end_of(number)).unwrap();
                assert_eq!(has_rung(), is_quick && number == 8, "{number}");
            }
            lane.flush();
            assert!(has_rung());
            assert_eq!(waiting(&lane), 20);
        }
        bell.took(QUICK_MAX);
        lane.append(end_of(21)).unwrap();
        assert!(!has_rung(), "a short turn waits for its end");
        lane.flush();
        assert!(has_rung());
    }

    /// The simulation of several gateways found a request that its institution and the writer both ended, after a commit in doubt (seed 195).
    #[test]
    fn an_exchange_whose_request_was_in_doubt_ends_once() {
        let lane = Lane::new(Arc::default(), Veil::default());
        lane.append(end_of(1)).unwrap();
        lane.end(end_of(1));
        lane.end(end_of(2));
        assert_eq!(waiting(&lane), 2, "the institution was first, or the writer");
        assert_eq!(lane.append(end_of(2)), Ok(2), "it is the writer's end that becomes durable");
        let _ = lane.progress();
        assert_eq!(lane.append(end_of(2)), Ok(2), "the institution ends it once it has heard");
        assert_eq!(waiting(&lane), 0);
        let _ = lane.progress();
        assert!(lane.state().heard.is_empty(), "nothing is kept");
        lane.append(end_of(3)).unwrap();
        assert_eq!(waiting(&lane), 1);
    }
}
