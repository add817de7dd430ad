//! How far a batch is: counts and sums by state. It is told to whoever runs the batch.

use serde::Serialize;

use super::ledger::State;

/// How many requests have a state, and the sum of their amounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Count {
    /// The number of requests.
    pub requests: u64,
    /// The sum of their amounts, in the unit of the last decimal. 0 if the plan has no `amount`.
    pub amount: i128,
}

/// How far a batch is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// All requests of the file.
    pub all: Count,
    /// Those that have a state, in the order of [`State::ALL`].
    by_state: [Count; State::ALL.len()],
    /// How many are on their way now.
    pub in_flight: usize,
    /// Why nothing is sent, or why requests wait. `None` if they do not.
    pub note: Option<String>,
}

impl Progress {
    /// Nothing was done yet.
    pub(super) fn of(all: Count) -> Self {
        Self { all, ..Self::default() }
    }

    /// Counts a request that had another state before, or none.
    pub(super) fn count(&mut self, before: Option<State>, now: State, amount: i128) {
        if let Some(before) = before {
            self.uncount(before, amount);
        }
        if let Some(count) = self.place(now) {
            count.requests += 1;
            count.amount = count.amount.saturating_add(amount);
        }
    }

    /// Takes a request out that gets another state.
    pub(super) fn uncount(&mut self, before: State, amount: i128) {
        if let Some(count) = self.place(before) {
            count.requests = count.requests.saturating_sub(1);
            count.amount = count.amount.saturating_sub(amount);
        }
    }

    fn place(&mut self, state: State) -> Option<&mut Count> {
        let at = State::ALL.iter().position(|known| *known == state)?;
        self.by_state.get_mut(at)
    }

    /// The requests with this state.
    #[must_use]
    pub fn with(&self, state: State) -> Count {
        let all = State::ALL.iter().zip(&self.by_state);
        all.into_iter().find(|(known, _)| **known == state).map(|(_, count)| *count).unwrap_or_default()
    }

    /// How many have no state yet.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.all.requests.saturating_sub(self.by_state.iter().map(|count| count.requests).sum())
    }

    /// Whether each request has a state that will not change.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.left() == 0 && self.with(State::Unknown).requests == 0
    }

    /// Whether each request was carried out.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.with(State::Done).requests == self.all.requests
    }
}
