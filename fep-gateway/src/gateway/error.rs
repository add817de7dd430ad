//! The reasons why the gateway does not do what it was asked to do. What becomes of an accepted request is an outcome and no error.

use std::fmt;

use fep_protocol::delivery::NotDelivered;
use fep_protocol::exchange::ExchangeId;
use fep_protocol::reason::NotSent;
use fep_protocol::settlement::NotDecided;

use crate::journal::JournalError;
use crate::net::admission::CannotDecide;
use crate::telegrams::DraftError;

/// The reason why a gateway could not start.
#[derive(Debug)]
pub enum StartError {
    /// The journal cannot be opened.
    Journal(JournalError),
    /// Redis answered that it will never work as configured.
    Redis(String),
    /// There is a clock of a test that the gateway does not take, or cannot read.
    TestClock(String),
    /// A stream of market data cannot run.
    Stream {
        /// The name of the stream.
        name: String,
        /// Why.
        why: String,
    },
    /// The configuration of an institution does not fit its spec.
    Institution {
        /// The name of the institution.
        name: String,
        /// The text that says what does not fit.
        why: String,
    },
}

/// The reason why a request was not accepted. Nothing was sent by this call.
#[derive(Debug)]
#[non_exhaustive]
pub enum Refusal {
    /// No institution has this name.
    UnknownInstitution {
        /// The names of the configured institutions.
        known: Vec<String>,
    },
    /// The telegram and its fields do not form a request.
    Draft(DraftError),
    /// The idempotency key names an exchange that still runs.
    StillRunning(ExchangeId),
    /// The idempotency key names an exchange with another body.
    OtherBody(ExchangeId),
    /// The idempotency key could not be looked up, for this reason. Nothing was sent now, but something may have been sent
    /// under this key before. This is therefore not an outcome.
    KeyUnchecked(NotSent),
}

/// The reason why a person's decision was not taken.
#[derive(Debug)]
#[non_exhaustive]
pub enum SettleError {
    /// There is no such exchange.
    UnknownExchange,
    /// The institution of the exchange has stopped, or is not configured any more.
    Stopped,
    /// The gateway with this name works on it, which shares the journal.
    Elsewhere(String),
    /// The settlement does not take the decision.
    NotDecided(NotDecided),
    /// The journal cannot be read.
    Journal(JournalError),
}

impl From<JournalError> for SettleError {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

impl fmt::Display for SettleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownExchange => f.write_str("there is no such exchange"),
            Self::Stopped => f.write_str("the institution has stopped, or is not configured any more"),
            Self::Elsewhere(instance) => write!(f, "the gateway {instance} works on this exchange"),
            Self::NotDecided(why) => why.fmt(f),
            Self::Journal(error) => write!(f, "the journal cannot be read: {error}"),
        }
    }
}

impl std::error::Error for SettleError {}

/// The reason why a decision of a person was not carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undecided {
    /// No institution has this name.
    UnknownInstitution,
    /// The decision cannot be carried out, for this reason.
    Cannot(CannotDecide),
}

impl From<DraftError> for Refusal {
    fn from(error: DraftError) -> Self {
        Self::Draft(error)
    }
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Journal(error) => write!(f, "journal: {error}"),
            Self::Redis(why) => write!(f, "Redis: {why}"),
            Self::TestClock(why) => f.write_str(why),
            Self::Stream { name, why } => write!(f, "streams.{name}: {why}"),
            Self::Institution { name, why } => write!(f, "institutions.{name}: {why}"),
        }
    }
}

impl std::error::Error for StartError {}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownInstitution { known } => write!(f, "no such institution; there are: {}", known.join(", ")),
            Self::Draft(error) => error.fmt(f),
            Self::StillRunning(id) => write!(f, "exchange {id} with this idempotency key still runs"),
            Self::KeyUnchecked(why) => write!(f, "the idempotency key cannot be looked up now: {why}"),
            Self::OtherBody(id) => write!(f, "exchange {id} has this idempotency key and another body"),
        }
    }
}

impl std::error::Error for Refusal {}

impl fmt::Display for Undecided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownInstitution => f.write_str("no such institution"),
            Self::Cannot(why) => why.fmt(f),
        }
    }
}

impl std::error::Error for Undecided {}

/// The reason why a person's decision about the delivery of a notice was not taken.
#[derive(Debug)]
#[non_exhaustive]
pub enum DeliverError {
    /// There is no such notice.
    UnknownNotice,
    /// The institution of the notice has stopped, or is not configured any more.
    Stopped,
    /// The gateway with this name works on it, which shares the journal.
    Elsewhere(String),
    /// The delivery does not take the decision.
    NotDelivered(NotDelivered),
    /// The journal cannot be read.
    Journal(JournalError),
}

impl From<JournalError> for DeliverError {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

impl fmt::Display for DeliverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownNotice => f.write_str("there is no such notice"),
            Self::Stopped => f.write_str("the institution has stopped, or is not configured any more"),
            Self::Elsewhere(instance) => write!(f, "the gateway {instance} works on this notice"),
            Self::NotDelivered(why) => why.fmt(f),
            Self::Journal(error) => write!(f, "the journal cannot be read: {error}"),
        }
    }
}

impl std::error::Error for DeliverError {}
