//! The reasons why a person's decision was not taken.

use std::fmt;

use fep_protocol::delivery::NotDelivered;
use fep_protocol::settlement::NotDecided;

use crate::journal::JournalError;
use crate::net::admission::CannotDecide;

/// The reason why a person's decision was not taken.
#[derive(Debug)]
#[non_exhaustive]
pub enum SettleError {
    /// There is no such exchange.
    UnknownExchange,
    /// The institution of the exchange has stopped, or is not configured any more.
    Stopped,
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

/// The reason why a person's decision about the delivery of a notice was not taken.
#[derive(Debug)]
#[non_exhaustive]
pub enum DeliverError {
    /// There is no such notice.
    UnknownNotice,
    /// The institution of the notice has stopped, or is not configured any more.
    Stopped,
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
            Self::NotDelivered(why) => why.fmt(f),
            Self::Journal(error) => write!(f, "the journal cannot be read: {error}"),
        }
    }
}

impl std::error::Error for DeliverError {}

impl fmt::Display for Undecided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownInstitution => f.write_str("no such institution"),
            Self::Cannot(why) => why.fmt(f),
        }
    }
}

impl std::error::Error for Undecided {}
