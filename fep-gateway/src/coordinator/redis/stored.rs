//! The state of a breaker as a text in Redis: first its place in the order of states, then JSON.

use std::time::Duration;

use fep_protocol::breaker::{BreakerScope, BreakerSnapshot, BreakerState, TripCause};
use serde::{Deserialize, Serialize};

/// The state of a breaker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredBreaker {
    version: u32,
    institution: String,
    /// `None`: that of the whole institution.
    business: Option<String>,
    state: State,
    generation: u64,
    cause: Option<Cause>,
    since_ms: i64,
    wait_ms: Option<u64>,
    attempts: u32,
    failures: u32,
    answers: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Passing,
    Trial,
    Echo,
    Tripped,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Cause {
    InRow { failures: u32 },
    Share { percent: u32, volume: u32 },
    LinksLost,
    NoEcho,
    TrialFailed,
    Person { person: String, note: String },
}

const VERSION: u32 = 1;

/// The length of the generation in the order, in digits.
const GENERATION_DIGITS: usize = 20;

/// The longest state that is read, in bytes.
const TEXT_MAX_BYTES: usize = 64 * 1024;

/// Longer waits do not fit in the calendar of any breaker.
const WAIT_MAX_MS: u64 = 366 * 86_400_000;

impl StoredBreaker {
    pub(super) fn of(institution: &str, snapshot: &BreakerSnapshot) -> Self {
        let BreakerSnapshot { scope, state, generation, cause, since_ms, wait, attempts, failures, answers } = snapshot;
        Self {
            version: VERSION,
            institution: institution.to_owned(),
            business: match scope {
                BreakerScope::Institution => None,
                BreakerScope::Business(code) => Some(code.clone()),
            },
            state: State::of(*state),
            generation: *generation,
            cause: cause.as_ref().map(Cause::of),
            since_ms: *since_ms,
            wait_ms: wait.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX).min(WAIT_MAX_MS)),
            attempts: *attempts,
            failures: *failures,
            answers: *answers,
        }
    }

    /// The field of the hash.
    pub(super) fn field(&self) -> String {
        self.business.as_ref().map_or_else(|| "institution".to_owned(), |code| format!("business:{code}"))
    }

    /// The text: of two texts, the larger one has the newer state.
    pub(super) fn text(&self) -> String {
        let json = serde_json::to_string(self).unwrap_or_default();
        format!("{:0GENERATION_DIGITS$}{} {json}", self.generation, self.state as u8)
    }

    /// The state in a text. `None` if it cannot be read.
    pub(super) fn read(text: &[u8]) -> Option<BreakerSnapshot> {
        Self::read_with_institution(text).map(|(_, snapshot)| snapshot)
    }

    pub(super) fn read_with_institution(text: &[u8]) -> Option<(String, BreakerSnapshot)> {
        let json = text.get(GENERATION_DIGITS + 2..).filter(|_| text.len() <= TEXT_MAX_BYTES)?;
        let stored: Self = serde_json::from_slice(json).ok()?;
        let is_known = stored.version == VERSION && stored.wait_ms.is_none_or(|wait| wait <= WAIT_MAX_MS);
        is_known.then(|| (stored.institution.clone(), stored.snapshot()))
    }

    fn snapshot(self) -> BreakerSnapshot {
        BreakerSnapshot {
            scope: self.business.map_or(BreakerScope::Institution, BreakerScope::Business),
            state: self.state.snapshot(),
            generation: self.generation,
            cause: self.cause.map(Cause::snapshot),
            since_ms: self.since_ms,
            wait: self.wait_ms.map(Duration::from_millis),
            attempts: self.attempts,
            failures: self.failures,
            answers: self.answers,
        }
    }
}

impl State {
    fn of(state: BreakerState) -> Self {
        match state {
            BreakerState::Passing => Self::Passing,
            BreakerState::Trial => Self::Trial,
            BreakerState::Echo => Self::Echo,
            BreakerState::Tripped => Self::Tripped,
        }
    }

    fn snapshot(self) -> BreakerState {
        match self {
            Self::Passing => BreakerState::Passing,
            Self::Trial => BreakerState::Trial,
            Self::Echo => BreakerState::Echo,
            Self::Tripped => BreakerState::Tripped,
        }
    }
}

impl Cause {
    fn of(cause: &TripCause) -> Self {
        match cause.clone() {
            TripCause::InRow { failures } => Self::InRow { failures },
            TripCause::Share { percent, volume } => Self::Share { percent, volume },
            TripCause::LinksLost => Self::LinksLost,
            TripCause::NoEcho => Self::NoEcho,
            TripCause::TrialFailed => Self::TrialFailed,
            TripCause::Person { person, note } => Self::Person { person, note },
        }
    }

    fn snapshot(self) -> TripCause {
        match self {
            Self::InRow { failures } => TripCause::InRow { failures },
            Self::Share { percent, volume } => TripCause::Share { percent, volume },
            Self::LinksLost => TripCause::LinksLost,
            Self::NoEcho => TripCause::NoEcho,
            Self::TrialFailed => TripCause::TrialFailed,
            Self::Person { person, note } => TripCause::Person { person, note },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot(state: BreakerState, generation: u64) -> BreakerSnapshot {
        BreakerSnapshot {
            scope: BreakerScope::Business("PY".to_owned()),
            state,
            generation,
            cause: Some(TripCause::Person { person: "kim".to_owned(), note: "은행 점검".to_owned() }),
            since_ms: 1_763_686_800_000,
            wait: Some(Duration::from_secs(5)),
            attempts: 2,
            failures: 3,
            answers: 4,
        }
    }

    #[test]
    fn a_state_comes_back_and_texts_sort_as_states_do() {
        let states = [(BreakerState::Tripped, 9), (BreakerState::Passing, 10), (BreakerState::Tripped, 10)];
        let texts = states.map(|(state, generation)| {
            let snapshot = snapshot(state, generation);
            let text = StoredBreaker::of("bank-a", &snapshot).text();
            assert_eq!(StoredBreaker::read_with_institution(text.as_bytes()), Some(("bank-a".to_owned(), snapshot)));
            text
        });
        assert!(texts.is_sorted());
    }

    #[test]
    fn what_is_no_state_is_none() {
        let text = StoredBreaker::of("bank-a", &snapshot(BreakerState::Tripped, 1)).text();
        for wrong in ["", "0", "000000000000000000010 ", &text.replace("\"version\":1", "\"version\":2"), &text[..60]] {
            assert_eq!(StoredBreaker::read(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
