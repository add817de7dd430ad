//! What a settlement machine asks of its caller, what a caller tells it, and the errors of that.

use std::fmt;
use std::time::Duration;

use super::fact::{AccountKey, CaseFact, DeadReason, FlagReason, Money, SettledBy, StepKind};
use crate::exchange::ExchangeId;

/// An exchange whose outcome became unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownExchange {
    /// The exchange.
    pub exchange: ExchangeId,
    /// The telegram of the request: `Transfer`.
    pub telegram: String,
    /// The account whose steps go one after the other. `None`: it waits for no other case.
    pub account: Option<AccountKey>,
    /// When the request was written at the latest, on the wall clock, in milliseconds since 1970.
    pub written_at_ms: i64,
    /// When the request was written at the latest, on the steady clock. The horizon counts from it. `None` if an earlier run wrote it.
    pub written: Option<Duration>,
}

/// An inquiry or a reversal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step {
    /// The exchange that it asks about or undoes.
    pub case: ExchangeId,
    /// The kind.
    pub kind: StepKind,
    /// The number of the attempt, from 1. An attempt that was not written has its number again.
    pub attempt: u32,
    /// Whether the telegram must carry the repeat mark, because the same step may have been written before.
    pub repeat: bool,
}

/// The number of a fact, from 1, in this run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FactNumber(pub u64);

/// An action for the caller. Actions are carried out in the order in which they are returned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SettlementAction {
    /// Store this fact; answer with [`recorded`](super::Settlement::recorded) when it is durable.
    Record(FactNumber, CaseFact),
    /// Send this inquiry or reversal.
    Send(Step),
    /// Withdraw this step if it is not written yet, because it is no longer wanted. Answer with
    /// [`not_sent`](super::Settlement::not_sent) if it certainly will not be written.
    Withdraw(Step),
    /// The case is settled. The fact is durable.
    Settled(ExchangeId, SettledBy, Money),
    /// The case needs a person. The fact is durable.
    DeadLetter(ExchangeId, DeadReason),
    /// Two facts of the case contradict each other, which needs a person. The fact is durable.
    Flag(ExchangeId, FlagReason),
    /// The case is settled and forgotten: nothing that comes later can change it.
    Forgotten(ExchangeId),
}

/// What a person wants with a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonDecision {
    /// Who decides.
    pub person: String,
    /// Why. It is kept with the case.
    pub note: String,
    /// What.
    pub wants: PersonWants,
}

/// The things that a person can want.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonWants {
    /// The case is settled: this became of the money.
    Settle(Money),
    /// One more inquiry or reversal.
    Step(StepKind),
}

/// The maximum length of a person's note, in characters.
pub const NOTE_MAX_CHARS: usize = 500;

/// The maximum length of a person's name, in characters.
pub const PERSON_MAX_CHARS: usize = 100;

/// The maximum number of decisions of people about one case.
pub const DECISIONS_MAX: usize = 100;

/// Why an exchange was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotOpened {
    /// The exchange has a case already.
    Twice,
    /// The telegram has no settlement policy: it is not monetary.
    NoPolicy {
        /// The telegram.
        telegram: String,
    },
}

/// There is no case of this exchange, or it is forgotten.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSuchCase;

/// Why a person's decision was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotDecided {
    /// There is no case of this exchange, or it is forgotten.
    NoSuchCase,
    /// The case is settled, and nothing contradicts it.
    AlreadySettled,
    /// The telegram has no such step.
    NoSuchStep(StepKind),
    /// The note or the name of the person is empty.
    NoteMissing,
    /// The note or the name of the person is too long.
    NoteTooLong,
    /// People decided [`DECISIONS_MAX`] times about the case.
    TooManyDecisions,
}

impl fmt::Display for NotOpened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Twice => f.write_str("the exchange has a case already"),
            Self::NoPolicy { telegram } => write!(
                f,
                "{telegram} has no settlement; write a table [institutions.NAME.telegrams.{telegram}.settlement]"
            ),
        }
    }
}

impl fmt::Display for NoSuchCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the exchange has no case")
    }
}

impl fmt::Display for NotDecided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSuchCase => NoSuchCase.fmt(f),
            Self::AlreadySettled => f.write_str("the case is settled, and nothing contradicts it"),
            Self::NoSuchStep(step) => write!(f, "no {} is configured for this telegram", step.name()),
            Self::NoteMissing => f.write_str("say who decides, and why"),
            Self::NoteTooLong => {
                write!(f, "a note has at most {NOTE_MAX_CHARS} characters, a name at most {PERSON_MAX_CHARS}")
            }
            Self::TooManyDecisions => write!(f, "there are {DECISIONS_MAX} decisions about this case already"),
        }
    }
}

impl std::error::Error for NotOpened {}
impl std::error::Error for NoSuchCase {}
impl std::error::Error for NotDecided {}
