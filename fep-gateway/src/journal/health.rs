//! Whether the journal takes writes now. The writer reports, readiness asks.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fep_protocol::reason::JournalError;
use tokio::time::Instant;

/// A write that takes longer than this counts as hanging.
const WRITE_MAX: Duration = Duration::from_secs(1);

/// The state of the journal's disk.
#[derive(Debug)]
pub(super) struct Health {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// When the write began that runs now.
    writing: Option<Instant>,
    failure: Option<JournalError>,
    /// When the writer last decided what to do next.
    turned: Instant,
    closing: bool,
}

impl Health {
    pub(super) fn new() -> Self {
        let turned = Instant::now();
        Self { state: Mutex::new(State { writing: None, failure: None, turned, closing: false }) }
    }

    /// Reports that a write begins, and returns the time.
    pub(super) fn begin(&self) -> Instant {
        let now = Instant::now();
        self.state().writing = Some(now);
        now
    }

    /// Reports that a write succeeded. Returns whether writes failed before.
    pub(super) fn works(&self) -> bool {
        let mut state = self.state();
        state.writing = None;
        state.failure.take().is_some()
    }

    /// Reports that a write failed. Returns whether this is news.
    pub(super) fn fails(&self, error: &JournalError) -> bool {
        let mut state = self.state();
        state.writing = None;
        state.failure.replace(error.clone()).as_ref() != Some(error)
    }

    /// The reason why writes fail, or `None` if the last one succeeded.
    pub(super) fn failure(&self) -> Option<JournalError> {
        self.state().failure.clone()
    }

    /// Why the journal takes no writes now, or `None` if it does.
    pub(super) fn trouble(&self) -> Option<JournalError> {
        let state = self.state();
        let hangs = state.writing.is_some_and(|since| since.elapsed() > WRITE_MAX);
        let hanging = || JournalError::Failed(format!("a write hangs for more than {} ms", WRITE_MAX.as_millis()));
        state.failure.clone().or_else(|| hangs.then(hanging))
    }

    /// Reports that the writer begins its next turn.
    pub(super) fn turns(&self) {
        self.state().turned = Instant::now();
    }

    /// How long the writer's present turn lasts. Without a write, a turn lasts a second at most, also if all writes fail.
    pub(super) fn turn_lasts(&self) -> Duration {
        self.state().turned.elapsed()
    }

    pub(super) fn close(&self) {
        self.state().closing = true;
    }

    pub(super) fn is_closing(&self) -> bool {
        self.state().closing
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change is a single assignment, so the state is valid even after a panic elsewhere.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
