//! One delivery: what the facts of a notice say together.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{AnsweredBy, DeadReason, DeliveryFact, DeliveryPolicy};
use crate::since::Since;

/// The maximum number of facts that a delivery remembers: the first half and the last half of them.
pub const HISTORY_MAX: usize = 40;

/// A delivery. It is the sum of its facts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DeliveryCase {
    stage: Stage,
    answered: Option<AnsweredBy>,
    attempts: u32,
    /// The attempts of the rounds before the present one. A person begins a new round.
    earlier_attempts: u32,
    round_since_ms: i64,
    differs: bool,
    decisions: usize,
    history: Vec<PastDeliveryFact>,
    omitted: u64,
}

/// A fact of the past.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PastDeliveryFact {
    /// When it became known, in milliseconds since 1970.
    pub at_ms: i64,
    /// The fact.
    #[serde(flatten)]
    pub fact: DeliveryFact,
}

/// How far a delivery has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// The service has not taken the notice yet.
    #[default]
    Open,
    /// The service took it.
    Delivered,
    /// A person must look at it.
    DeadLetter(DeadReason),
    /// A person ended it.
    Closed,
    /// The gateway refused the notice, so there is nothing to deliver.
    Refused,
    /// Another notice had its key before.
    Conflicted,
    /// It repeats an earlier notice.
    Repeated,
    /// No service wants it.
    Unwanted,
}

impl Stage {
    /// The stable names of all stages.
    pub const NAMES: [&str; 8] =
        ["delivering", "delivered", "dead_letter", "closed", "refused", "conflict", "repeated", "unwanted"];

    /// The stable name: one of [`Stage::NAMES`].
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "delivering",
            Self::Delivered => "delivered",
            Self::DeadLetter(_) => "dead_letter",
            Self::Closed => "closed",
            Self::Refused => "refused",
            Self::Conflicted => "conflict",
            Self::Repeated => "repeated",
            Self::Unwanted => "unwanted",
        }
    }
}

impl DeliveryCase {
    /// The delivery that follows from facts, each with its time in milliseconds since 1970.
    pub fn of<'f>(facts: impl IntoIterator<Item = (i64, &'f DeliveryFact)>) -> Self {
        let mut case = Self::default();
        facts.into_iter().for_each(|(at_ms, fact)| case.apply(at_ms, fact));
        case
    }

    /// Adds a fact, with its time in milliseconds since 1970.
    pub fn apply(&mut self, at_ms: i64, fact: &DeliveryFact) {
        match fact {
            DeliveryFact::Received { .. } => {
                self.attempts = 1;
                self.round_since_ms = at_ms;
            }
            DeliveryFact::Repeated { .. } => self.stage = Stage::Repeated,
            DeliveryFact::Conflicted { .. } => {
                self.stage = Stage::Conflicted;
                self.attempts = 0;
            }
            DeliveryFact::Begun { attempt } => self.attempts = *attempt,
            DeliveryFact::Failed { .. } => {}
            DeliveryFact::Taken { says, .. } => {
                self.differs |= says.differs();
                self.stage = Stage::Delivered;
            }
            DeliveryFact::Answered { by } => self.answer(*by),
            DeliveryFact::Unwanted => self.stage = Stage::Unwanted,
            DeliveryFact::DeadLettered { why } => self.stage = Stage::DeadLetter(*why),
            DeliveryFact::Asked { .. } => {
                self.stage = Stage::Open;
                self.earlier_attempts = self.attempts;
                self.round_since_ms = at_ms;
                self.decisions += 1;
            }
            DeliveryFact::Closed { .. } => {
                self.stage = Stage::Closed;
                self.decisions += 1;
            }
        }
        if self.history.len() == HISTORY_MAX {
            self.history.remove(HISTORY_MAX / 2);
            self.omitted += 1;
        }
        self.history.push(PastDeliveryFact { at_ms, fact: fact.clone() });
    }

    /// The first answer is the only one: the institution gets its bytes for every repetition.
    fn answer(&mut self, by: AnsweredBy) {
        if self.answered.is_some() {
            return;
        }
        self.answered = Some(by);
        match by {
            AnsweredBy::Service => self.stage = Stage::Delivered,
            AnsweredBy::Closed | AnsweredBy::Busy => {
                self.stage = Stage::Refused;
                self.attempts = 0;
            }
            AnsweredBy::Conflict | AnsweredBy::StandIn => {}
        }
    }

    /// When the present round began, in milliseconds since 1970.
    pub(super) fn round_since_ms(&self) -> i64 {
        self.round_since_ms
    }

    /// Why the delivery is over without the service having taken the notice, if it is. The present round goes on since this moment.
    pub(super) fn is_hopeless(
        &self,
        policy: Option<&DeliveryPolicy>,
        since: Since,
        now: Duration,
    ) -> Option<DeadReason> {
        let Some(policy) = policy else { return Some(DeadReason::NoPolicy) };
        if self.attempts.saturating_sub(self.earlier_attempts) >= policy.attempts_max {
            return Some(DeadReason::TriesUsedUp);
        }
        (since.end(policy.horizon) <= now).then_some(DeadReason::HorizonPassed)
    }

    /// How far it has come.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// Who gave the answer, if there is one.
    #[must_use]
    pub fn answered(&self) -> Option<AnsweredBy> {
        self.answered
    }

    /// The number of the last attempt that may have been made.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Whether the service that took the notice wanted another answer than the one that the institution has.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.differs
    }

    /// The number of decisions of persons.
    #[must_use]
    pub fn decisions(&self) -> usize {
        self.decisions
    }

    /// The facts in their order, without [`DeliveryCase::omitted`] of them in the middle.
    #[must_use]
    pub fn history(&self) -> &[PastDeliveryFact] {
        &self.history
    }

    /// The number of facts that the history leaves out.
    #[must_use]
    pub fn omitted(&self) -> u64 {
        self.omitted
    }

    /// Why the last attempt that failed did so.
    #[must_use]
    pub fn last_failure(&self) -> Option<&str> {
        self.history.iter().rev().find_map(|past| match &past.fact {
            DeliveryFact::Failed { why, .. } => Some(why.as_str()),
            _ => None,
        })
    }
}
