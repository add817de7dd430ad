//! The indexer: a thread that builds the index behind the writer, never in its way.
//!
//! The writer hands over what it stored. If the indexer falls behind, the hand-over is dropped, and the indexer reads the
//! facts from the store. A reader that needs its own writes waits until the index has them.
//!
//! If other instances store facts, too, the indexer looks for theirs, at least each [`LOOK_PAUSE`]. A reader makes it look at once.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fep_protocol::fact::Fact;
use fep_protocol::reason::JournalError;
use tokio::time::Instant;

use super::routed::Listeners;
use super::store::{FactNumber, FactSource, Index, StoreError};
use crate::fault::{FaultPoint, point};

/// The maximum number of facts that wait for the indexer in memory.
const WAITING_MAX: usize = 32_768;

/// The maximum number of facts in one step of the index.
const STEP_MAX: usize = 8192;

/// The time that the indexer lets facts gather, so that few steps carry many facts. A waiting reader ends it.
const GATHER: Duration = Duration::from_millis(50);

/// The time after which an indexer that has nothing to do looks again.
const IDLE_MAX: Duration = Duration::from_secs(1);

/// The longest time between two looks for facts of other instances.
const LOOK_PAUSE: Duration = Duration::from_millis(200);

/// How old a look may be that satisfies a reader.
const FRESH: Duration = Duration::from_millis(20);

/// The longest wait of a reader for a look. Without an answer, it reads what there is.
const LOOK_MAX: Duration = Duration::from_millis(500);

/// How often a reader that has to know everything looks. The first look can end with a connection that is gone; the next one makes another.
const LOOKS_MAX: u32 = 2;

/// The pause before a failed step is repeated.
const RETRY_PAUSE: Duration = Duration::from_millis(500);

/// The facts that wait for the indexer, and how far it is.
pub(super) struct IndexQueue {
    state: Mutex<State>,
    /// Wakes the indexer. The writer does so only if it has as many facts as the indexer sleeps for.
    work: Condvar,
    /// Wakes those who wait until the index has their facts.
    applied: Condvar,
    /// Those who hear of what other instances stored.
    listeners: Listeners,
    /// Without a thread of its own, the index is built by those who wait for it.
    #[cfg(feature = "simulation")]
    by_hand: Mutex<Option<Step>>,
}

/// Builds a step of the index.
#[cfg(feature = "simulation")]
pub(super) type Step = Box<dyn FnMut(&IndexQueue, ByHand) -> bool + Send>;

/// What is done by hand.
#[cfg(feature = "simulation")]
#[derive(Clone, Copy)]
pub(super) enum ByHand {
    /// Looks for facts of other instances.
    Look,
    /// Adds facts.
    Step,
}

/// The looks for facts of other instances.
#[derive(Debug)]
struct Looks {
    /// How many were begun, and how many ended.
    begun: u64,
    ended: u64,
    /// The number of the look that a reader waits for.
    wanted: u64,
    due: Instant,
    ended_at: Option<Instant>,
}

/// What the indexer does next.
enum Next {
    /// Adds these facts.
    Add(Vec<(FactNumber, Fact)>),
    /// Reads facts from the store.
    Read,
    /// Looks for facts of other instances.
    Look,
}

#[derive(Debug, Default)]
struct State {
    batches: VecDeque<(FactNumber, Vec<Fact>)>,
    waiting: usize,
    /// The indexer sleeps until so many facts wait. `usize::MAX` while it works.
    sleeps_for: usize,
    /// The last fact that the writer stored.
    stored: FactNumber,
    applied: FactNumber,
    failure: Option<JournalError>,
    /// How many attempts failed.
    failures: u64,
    readers: usize,
    /// When what has gathered is added, also if nobody waits. Looks do not put it off.
    gathers_until: Option<Instant>,
    /// Whether the last step was a look.
    has_looked: bool,
    /// `None` if nobody else stores facts.
    looks: Option<Looks>,
    /// While the disk is full, its last room is for facts.
    paused: bool,
    closing: bool,
}

impl fmt::Debug for IndexQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IndexQueue").field("state", &self.state).finish_non_exhaustive()
    }
}

impl IndexQueue {
    /// Starts with everything up to this fact stored and applied.
    pub(super) fn new(applied: FactNumber) -> Self {
        Self {
            state: Mutex::new(State { sleeps_for: usize::MAX, stored: applied, applied, ..State::default() }),
            work: Condvar::new(),
            applied: Condvar::new(),
            listeners: Listeners::default(),
            #[cfg(feature = "simulation")]
            by_hand: Mutex::new(None),
        }
    }

    /// From now on the indexer looks for facts of other instances.
    #[cfg(feature = "postgres")]
    pub(super) fn share(&self) {
        self.state().looks = Some(Looks { begun: 0, ended: 0, wanted: 0, due: Instant::now(), ended_at: None });
    }

    /// Those who hear of what other instances stored, once it is in the index.
    #[cfg(any(feature = "postgres", feature = "simulation"))]
    pub(super) fn listeners(&self) -> &Listeners {
        &self.listeners
    }

    /// Hands over facts that are durable.
    pub(super) fn push(&self, first: FactNumber, facts: Vec<Fact>) {
        let count = facts.len();
        if count == 0 {
            return;
        }
        let mut state = self.state();
        state.stored = state.stored.max(first + u64::try_from(count).unwrap_or_default() - 1);
        state.waiting += count;
        state.batches.push_back((first, facts));
        let is_wanted = state.waiting >= state.sleeps_for;
        if state.waiting > WAITING_MAX {
            state.batches.clear();
            state.waiting = 0;
        }
        drop(state);
        if is_wanted {
            self.work.notify_one();
        }
    }

    /// Waits until the index has everything that is stored now.
    ///
    /// # Errors
    /// If that takes longer than `max`.
    pub(super) fn wait(&self, max: Duration) -> Result<(), JournalError> {
        #[cfg(feature = "simulation")]
        let max = if self.build_by_hand() { Duration::ZERO } else { max };
        let until = Instant::now() + max;
        let mut state = self.looked(self.state(), FRESH, max.min(LOOK_MAX));
        let target = state.stored;
        state.readers += 1;
        self.work.notify_one();
        // A failure of before says nothing about now: while a reader waits, the indexer tries at once.
        let failures = state.failures;
        let is_hopeless = |state: &State| state.failures != failures || (state.paused && state.failure.is_some());
        while state.applied < target && !is_hopeless(&state) && Instant::now() < until {
            let left = until.saturating_duration_since(Instant::now());
            (state, _) = self.applied.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner);
        }
        state.readers -= 1;
        match (state.applied >= target, &state.failure) {
            (true, _) => Ok(()),
            (false, Some(error)) => Err(error.clone()),
            (false, None) => Err(JournalError::Failed(format!("its index is more than {} ms behind", max.as_millis()))),
        }
    }

    /// Waits until the index has everything that any instance has stored by now.
    ///
    /// # Errors
    /// If that takes longer than `max`, or what other instances have stored cannot be read.
    pub(super) fn wait_for_all(&self, max: Duration) -> Result<(), JournalError> {
        let began = Instant::now();
        for _ in 0..LOOKS_MAX {
            let state = self.looked(self.state(), Duration::ZERO, max);
            let has_seen = |looks: &Looks| looks.ended_at.is_some_and(|at| at >= began);
            if state.looks.as_ref().is_none_or(has_seen) {
                drop(state);
                return self.wait(max);
            }
        }
        Err(JournalError::Failed("what other gateways have stored cannot be read now".to_owned()))
    }

    /// Waits for a look for facts of other instances that is no older than this, at most `max`.
    fn looked<'s>(&'s self, mut state: MutexGuard<'s, State>, age: Duration, max: Duration) -> MutexGuard<'s, State> {
        let until = Instant::now() + max;
        let Some(looks) = state.looks.as_mut() else { return state };
        if looks.ended_at.is_some_and(|at| at.elapsed() < age) {
            return state;
        }
        // One that was begun already may have looked too early.
        let wanted = looks.begun + 1;
        looks.wanted = looks.wanted.max(wanted);
        self.work.notify_one();
        while state.looks.as_ref().is_some_and(|looks| looks.ended < wanted) && Instant::now() < until && !state.closing
        {
            let left = until.saturating_duration_since(Instant::now());
            (state, _) = self.applied.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner);
        }
        state
    }

    /// From now on those who wait for the index build it with this.
    #[cfg(feature = "simulation")]
    pub(super) fn set_by_hand(&self, step: Step) {
        *self.by_hand.lock().unwrap_or_else(PoisonError::into_inner) = Some(step);
    }

    /// Builds the index again and again, as a thread does, until the queue is closed.
    #[cfg(feature = "simulation")]
    pub(super) async fn keep_building(self: Arc<Self>) {
        while !self.state().closing {
            self.build_by_hand();
            tokio::time::sleep(LOOK_PAUSE).await;
        }
    }

    /// Builds the index as far as it can be built now. Returns false if a thread does that.
    #[cfg(feature = "simulation")]
    pub(super) fn build_by_hand(&self) -> bool {
        let mut by_hand = self.by_hand.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(step) = by_hand.as_mut() else { return false };
        step(self, ByHand::Look);
        while self.is_behind() && step(self, ByHand::Step) {}
        true
    }

    #[cfg(feature = "simulation")]
    fn is_behind(&self) -> bool {
        let state = self.state();
        state.applied < state.stored && !state.paused
    }

    /// The last fact that is stored.
    pub(super) fn stored(&self) -> FactNumber {
        self.state().stored
    }

    /// The last fact that is in the index.
    pub(super) fn applied(&self) -> FactNumber {
        self.state().applied
    }

    /// Stops the indexer while the disk is full, or lets it continue.
    pub(super) fn pause(&self, paused: bool) {
        self.state().paused = paused;
        self.work.notify_one();
    }

    pub(super) fn close(&self) {
        self.state().closing = true;
        self.work.notify_one();
    }

    /// The next step. Returns `Err` when the queue is closed and empty.
    fn next(&self) -> Result<Next, ()> {
        let mut state = self.state();
        loop {
            let behind = state.applied < state.stored;
            if state.closing && (!behind || state.failure.is_some() || state.paused) {
                return Err(());
            }
            let look_in = state.looks.as_ref().map(Looks::due_in);
            let is_look_due = look_in.is_some_and(|left| left.is_zero());
            let gathers = behind && !state.paused;
            let until = gathers.then(|| *state.gathers_until.get_or_insert_with(|| Instant::now() + GATHER));
            let left = until.map_or(IDLE_MAX, |until| until.saturating_duration_since(Instant::now()));
            let is_urgent = state.readers > 0 || state.closing || state.waiting >= STEP_MAX;
            // In turn, so that readers who come all the time do not keep the index from going on.
            if gathers && (is_urgent || left.is_zero()) && (!is_look_due || state.has_looked) {
                state.has_looked = false;
                state.gathers_until = None;
                return Ok(state.step().map_or(Next::Read, Next::Add));
            }
            if is_look_due && let Some(looks) = state.looks.as_mut() {
                looks.begun += 1;
                state.has_looked = true;
                return Ok(Next::Look);
            }
            let left = look_in.map_or(left, |look_in| left.min(look_in));
            state.sleeps_for = if gathers { STEP_MAX } else { 1 };
            (state, _) = self.work.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner);
            state.sleeps_for = usize::MAX;
        }
    }

    /// A look has ended. A store that cannot be asked now is asked again.
    fn report_look(&self, found: Result<Option<FactNumber>, StoreError>) {
        let mut state = self.state();
        if let Ok(Some(newest)) = found {
            state.stored = state.stored.max(newest);
        }
        if let Some(looks) = &mut state.looks {
            looks.ended = looks.begun;
            let now = Instant::now();
            looks.due = now + LOOK_PAUSE;
            looks.ended_at = found.is_ok().then_some(now).or(looks.ended_at);
        }
        drop(state);
        self.applied.notify_all();
    }

    fn report(&self, result: Result<FactNumber, StoreError>) -> bool {
        let mut state = self.state();
        let works = result.is_ok();
        match result {
            Ok(applied) => {
                state.applied = applied;
                state.failure = None;
            }
            Err(error) => {
                let error = JournalError::from(error);
                if state.failure.is_none() {
                    tracing::error!(%error, "the index of the journal cannot be written; the journal itself is complete");
                }
                state.failure = Some(error);
                state.failures += 1;
            }
        }
        drop(state);
        self.applied.notify_all();
        works
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is valid after every single change, so a panic elsewhere does not damage it.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Looks {
    fn due_in(&self) -> Duration {
        match self.wanted > self.begun {
            true => Duration::ZERO,
            false => self.due.saturating_duration_since(Instant::now()),
        }
    }
}

impl State {
    fn step(&mut self) -> Option<Vec<(FactNumber, Fact)>> {
        let mut step = Vec::with_capacity(self.waiting.min(STEP_MAX));
        while step.len() < STEP_MAX
            && let Some((first, _)) = self.batches.front()
        {
            let expected = self.applied + u64::try_from(step.len()).unwrap_or_default() + 1;
            if *first != expected {
                // Batches were dropped, or this one was read from the store already.
                if *first < expected {
                    let (_, facts) = self.batches.pop_front().unwrap_or_default();
                    self.waiting -= facts.len();
                    continue;
                }
                break;
            }
            let Some((first, facts)) = self.batches.pop_front() else { break };
            self.waiting -= facts.len();
            step.extend((first..).zip(facts));
        }
        (!step.is_empty()).then_some(step)
    }
}

/// Builds the index until the queue is closed.
pub(super) fn run(queue: &Arc<IndexQueue>, mut index: impl Index, mut source: impl FactSource) {
    while let Ok(next) = queue.next() {
        let step = match next {
            Next::Add(facts) => Some(facts),
            Next::Read => None,
            Next::Look => {
                queue.report_look(source.newest());
                continue;
            }
        };
        if !take(queue, step, &mut index, &mut source) {
            std::thread::sleep(RETRY_PAUSE);
        }
    }
}

/// Carries out a step. Returns whether that succeeded.
fn take(
    queue: &IndexQueue,
    step: Option<Vec<(FactNumber, Fact)>>,
    index: &mut impl Index,
    source: &mut impl FactSource,
) -> bool {
    let is_read = step.is_none();
    let facts = match step {
        Some(facts) => Ok(facts),
        None => source.after(index.applied(), STEP_MAX),
    };
    let applied = facts.and_then(|facts| {
        index.apply(&facts)?;
        if is_read {
            queue.listeners.tell(&facts);
        }
        Ok(index.applied())
    });
    point(FaultPoint::AfterIndexStep);
    queue.report(applied)
}

/// The function that takes one step, for an index without a thread.
#[cfg(feature = "simulation")]
pub(super) fn by_hand(mut index: impl Index + 'static, mut source: impl FactSource + 'static) -> Step {
    Box::new(move |queue, what| match what {
        ByHand::Look => {
            if let Ok(Some(newest)) = source.newest() {
                let mut state = queue.state();
                state.stored = state.stored.max(newest);
            }
            true
        }
        ByHand::Step => {
            let step = queue.state().step();
            take(queue, step, &mut index, &mut source)
        }
    })
}

/// Brings the index up to date with the store. If others store facts, too, that is up to what they have stored when this begins.
pub(super) fn catch_up(index: &mut impl Index, source: &mut impl FactSource) -> Result<(), StoreError> {
    let newest = source.newest()?;
    loop {
        if newest.is_some_and(|newest| index.applied() >= newest) {
            return Ok(());
        }
        let facts = source.after(index.applied(), STEP_MAX)?;
        if facts.is_empty() {
            return Ok(());
        }
        index.apply(&facts)?;
        point(FaultPoint::AfterCatchUpStep);
    }
}

#[cfg(test)]
mod tests;
