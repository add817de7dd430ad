//! The facts of settlement, as the journal stores them.
//!
//! A case is nothing but the sequence of its facts. Names are stable: a name is never changed and never used for something else.
//! In JSON a fact is an object whose `fact` is its name.

use serde::{Deserialize, Serialize};

use crate::exchange::ExchangeId;
pub use crate::exchange::{Money, SettledBy};
use crate::terms::Key;

/// A fact with the case that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaseFact {
    /// The exchange whose outcome was unknown.
    pub case: ExchangeId,
    /// When it became known, on the wall clock, in milliseconds since 1970.
    pub at_ms: i64,
    /// The fact.
    pub fact: SettlementFact,
}

/// One fact of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum SettlementFact {
    /// The outcome of a monetary exchange became unknown.
    Opened {
        /// The telegram of the request: `Transfer`.
        telegram: String,
        /// The account whose steps go one after the other.
        account: Option<AccountKey>,
        /// When the request was written at the latest, in milliseconds since 1970.
        written_at_ms: i64,
    },
    /// A step is about to be written. From here on it counts as written until `not_written` says otherwise.
    Begun {
        /// The kind of step.
        step: StepKind,
        /// The number of the attempt, from 1.
        attempt: u32,
        /// Whether the telegram carries the repeat mark.
        repeat: bool,
        /// Whether the institution's horizon had passed, so that "not found" proves something.
        horizon_passed: bool,
    },
    /// It is proved that no byte of the step was handed to the kernel. It does not count as an attempt.
    NotWritten {
        /// The kind of step.
        step: StepKind,
        /// The number of the attempt, from 1.
        attempt: u32,
        /// The stable code of the reason.
        why: String,
    },
    /// No answer to the step came in time, or the gateway stopped before it came.
    Unanswered {
        /// The kind of step.
        step: StepKind,
        /// The number of the attempt, from 1.
        attempt: u32,
    },
    /// The step was answered.
    Answered {
        /// The kind of step.
        step: StepKind,
        /// The number of the attempt, from 1.
        attempt: u32,
        /// What the answer says.
        verdict: Verdict,
    },
    /// The answer to the request itself came late.
    LateAnswer {
        /// What the answer says.
        verdict: Verdict,
    },
    /// A person asked for one more step.
    Asked {
        /// The kind of step.
        step: StepKind,
        /// Who asked.
        person: String,
        /// Why.
        note: String,
    },
    /// A person said what became of the money.
    Decided {
        /// What became of it.
        money: Money,
        /// Who said so.
        person: String,
        /// Why.
        note: String,
    },
    /// The case is settled.
    Settled {
        /// What settled it.
        by: SettledBy,
        /// What became of the money.
        money: Money,
    },
    /// The case needs a person.
    DeadLettered {
        /// Why.
        why: DeadReason,
    },
    /// Two facts contradict each other. Both are kept, and a person must look at them.
    Flagged {
        /// How they contradict each other.
        why: FlagReason,
    },
}

impl SettlementFact {
    /// The stable name: the `fact` of the JSON.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Opened { .. } => "opened",
            Self::Begun { .. } => "begun",
            Self::NotWritten { .. } => "not_written",
            Self::Unanswered { .. } => "unanswered",
            Self::Answered { .. } => "answered",
            Self::LateAnswer { .. } => "late_answer",
            Self::Asked { .. } => "asked",
            Self::Decided { .. } => "decided",
            Self::Settled { .. } => "settled",
            Self::DeadLettered { .. } => "dead_lettered",
            Self::Flagged { .. } => "flagged",
        }
    }
}

/// The times when the steps in these facts were begun that may have been written and were not answered, in milliseconds since 1970.
/// The institution may still work on them.
pub fn unanswered_steps(facts: &[CaseFact]) -> impl Iterator<Item = i64> {
    let begun = |fact: &SettlementFact| match fact {
        SettlementFact::Begun { step, attempt, .. } => Some((*step, *attempt)),
        _ => None,
    };
    let ended = |fact: &SettlementFact| match fact {
        SettlementFact::NotWritten { step, attempt, .. } | SettlementFact::Answered { step, attempt, .. } => {
            Some((*step, *attempt))
        }
        _ => None,
    };
    facts.iter().enumerate().filter_map(move |(number, CaseFact { case, at_ms, fact })| {
        let step = begun(fact)?;
        // After "not written" the next step has the same number of the attempt.
        let mut later = facts.iter().skip(number + 1).filter(|later| later.case == *case);
        later.all(|later| ended(&later.fact) != Some(step)).then_some(*at_ms)
    })
}

/// The value of the configured fields, usually an account, whose steps go one after the other: a digest of their values.
///
/// Two accounts with one digest wait for each other, which costs time and nothing else. The digest is stable across versions,
/// because it is in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct AccountKey(pub u64);

impl AccountKey {
    /// The digest (64-bit FNV-1a) of the values. A zero byte ends each value, so that ("12", "3") is not ("1", "23").
    #[must_use]
    pub fn of(values: &Key) -> Self {
        let bytes = values.fields().flat_map(|value| value.bytes().chain([0]));
        Self(
            bytes.fold(0xCBF2_9CE4_8422_2325, |digest, byte| {
                (digest ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3)
            }),
        )
    }
}

/// Gives each variant its stable name.
macro_rules! stable_names {
    ($name:ident { $($variant:ident => $text:literal,)+ }) => {
        impl $name {
            /// All values.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The stable name used in the journal, HTTP and metrics.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            /// Returns the value with this name, or `None` if there is none.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.name() == name)
            }
        }
    };
}

/// The two kinds of step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// Asks what became of the request.
    Inquiry,
    /// Undoes the request.
    Reversal,
}

stable_names!(StepKind { Inquiry => "inquiry", Reversal => "reversal", });

/// What an answer says: the late answer to the request, or the answer to a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Late answer or inquiry: the institution carried the request out.
    Done,
    /// Late answer or inquiry: the institution has the request and declined it. It never carries it out.
    NotDone,
    /// Inquiry: the institution does not know the request, or not yet.
    NotFound,
    /// Reversal: the request is undone, or will never be carried out.
    Confirmed,
    /// Reversal: the institution does not undo the request.
    Refused,
    /// Nothing that decides.
    Unclear,
}

stable_names!(Verdict {
    Done => "done",
    NotDone => "not_done",
    NotFound => "not_found",
    Confirmed => "confirmed",
    Refused => "refused",
    Unclear => "unclear",
});

impl Verdict {
    /// The verdict, if the answer to a step of this kind can say it. Otherwise `Unclear`.
    pub(super) fn of_step(self, step: StepKind) -> Self {
        match (step, self) {
            (StepKind::Inquiry, Self::Done | Self::NotDone | Self::NotFound) => self,
            (StepKind::Reversal, Self::Confirmed | Self::Refused) => self,
            _ => Self::Unclear,
        }
    }

    /// The verdict, if a late answer to the request can say it. Otherwise `Unclear`.
    pub(super) fn of_request(self) -> Self {
        match self {
            Self::Done | Self::NotDone => self,
            _ => Self::Unclear,
        }
    }
}

/// Why a case needs a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DeadReason {
    /// The institution refused the reversal.
    ReversalRefused,
    /// The reversal was sent `reversal_max` times and never confirmed.
    ReversalUnconfirmed,
    /// The inquiries did not decide, and the contract provides no reversal.
    StillUnknown,
    /// The telegram has no settlement policy any more: the configuration changed.
    NoPolicy,
    /// A person reopened a case that was settled and flagged.
    Reopened,
    /// The inquiry or reversal cannot be made from the request.
    Unencodable,
}

stable_names!(DeadReason {
    ReversalRefused => "reversal_refused",
    ReversalUnconfirmed => "reversal_unconfirmed",
    StillUnknown => "still_unknown",
    NoPolicy => "no_policy",
    Reopened => "reopened",
    Unencodable => "unencodable",
});

/// How two facts of a case contradict each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum FlagReason {
    /// The case was settled as not done, and then an answer said that the request was carried out.
    DoneAfterNotDone,
    /// The case was settled as done, and then an answer said that the request was declined or undone.
    NotDoneAfterDone,
    /// The late answer says that the request was carried out, and the reversal is confirmed. The money was moved and moved back.
    DoneAndReversed,
    /// Two late answers differ, or a reversal was refused and confirmed.
    AnswersDiffer,
}

stable_names!(FlagReason {
    DoneAfterNotDone => "done_after_not_done",
    NotDoneAfterDone => "not_done_after_done",
    DoneAndReversed => "done_and_reversed",
    AnswersDiffer => "answers_differ",
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_without_an_end_may_still_be_at_the_institution() {
        let [one, other] = [1, 2].map(|serial| ExchangeId::new(0, serial, 0));
        let begun = |step, attempt| SettlementFact::Begun { step, attempt, repeat: false, horizon_passed: false };
        let unwritten = |step, attempt| SettlementFact::NotWritten { step, attempt, why: String::new() };
        let unanswered = |step, attempt| SettlementFact::Unanswered { step, attempt };
        let answered = |step, attempt| SettlementFact::Answered { step, attempt, verdict: Verdict::Unclear };
        let check = |facts: &[(ExchangeId, SettlementFact)], expected: &[i64]| {
            let facts = facts.iter().zip(1..);
            let facts: Vec<_> =
                facts.map(|((case, fact), at_ms)| CaseFact { case: *case, at_ms, fact: fact.clone() }).collect();
            assert_eq!(unanswered_steps(&facts).collect::<Vec<_>>(), expected, "{facts:?}");
        };
        let [ask, undo] = [StepKind::Inquiry, StepKind::Reversal];
        check(&[(one, begun(ask, 1))], &[1]);
        check(&[(one, begun(ask, 1)), (one, unanswered(ask, 1)), (one, begun(ask, 2))], &[1, 3]);
        check(&[(one, begun(ask, 1)), (one, answered(ask, 1)), (one, begun(undo, 1))], &[3]);
        check(&[(one, begun(ask, 1)), (one, unanswered(ask, 1)), (one, answered(ask, 1))], &[]);
        check(&[(one, begun(undo, 1)), (one, unwritten(undo, 1)), (one, begun(undo, 1))], &[3]);
        check(&[(one, begun(ask, 1)), (other, answered(ask, 1))], &[1]);
    }
}
