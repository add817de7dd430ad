//! The values that go into the machine of deliveries and out of it.

use std::fmt;
use std::time::Duration;

use super::{AnsweredBy, DeliveryCase, DeliveryFact};
use crate::exchange::ExchangeId;

/// What a new notice meets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Nothing is in its way.
    Open,
    /// Business is closed, or the gateway is stopping.
    Closed,
    /// Another notice had its key before.
    Conflict(Option<ExchangeId>),
}

/// A notice for the machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoticeRef {
    /// The name of the notice.
    pub id: ExchangeId,
    /// The telegram: `DepositNotice`.
    pub telegram: String,
    /// The facts of its delivery so far.
    pub case: DeliveryCase,
}

/// An attempt to deliver a notice.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Attempt {
    /// The notice.
    pub id: ExchangeId,
    /// The number of the attempt, from 1. It grows with each attempt, also after a restart.
    pub number: u32,
    /// The time by which the institution gets an answer, on the steady clock. `None` if it does not wait now.
    pub answer_by: Option<Duration>,
}

/// The number of a fact of the machine in this run, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeliveryFactNumber(pub u64);

/// What the caller has to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryAction {
    /// Store this fact; answer with [`recorded`](super::Delivery::recorded).
    Record(DeliveryFactNumber, ExchangeId, i64, DeliveryFact),
    /// Ask the service; answer with one of [`taken`](super::Delivery::taken), [`failed`](super::Delivery::failed) and
    /// [`unwanted`](super::Delivery::unwanted).
    Ask(Attempt),
    /// Make the answer and store it, then send it; answer with [`answered`](super::Delivery::answered) once it is durable, or
    /// with [`unanswered`](super::Delivery::unanswered).
    Answer(ExchangeId, AnsweredBy),
    /// The notice needs a person.
    DeadLetter(ExchangeId),
    /// The notice is not in memory any more.
    Forgotten(ExchangeId),
}

/// What follows from a repetition of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repetition {
    /// The answer is durable: send its bytes again.
    Answered,
    /// The answer will follow: [`DeliveryAction::Answer`].
    Waits,
    /// The machine does not have the notice: [`Delivery::load`](super::Delivery::load) brings it.
    NotHere,
}

/// A person's decision about a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryDecision {
    /// Who decides.
    pub person: String,
    /// Why.
    pub note: String,
    /// What the person wants.
    pub wants: DeliveryWish,
}

/// What a person can want.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryWish {
    /// The delivery begins again.
    Deliver,
    /// The delivery ends.
    Close,
}

/// The reason why a decision is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotDelivered {
    /// The machine does not have the notice.
    NotHere,
    /// Person or note is empty.
    NoteMissing,
    /// Person or note is too long.
    NoteTooLong,
    /// The notice was refused, conflicts with another one, or no service wants it.
    NothingToDeliver,
    /// The delivery is closed, or the service took the notice.
    AlreadyEnded,
    /// An attempt is being made just now.
    Running,
    /// Too many decisions were taken already.
    TooManyDecisions,
}

impl fmt::Display for NotDelivered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotHere => "there is no such notice",
            Self::NoteMissing => "a decision needs a person and a note",
            Self::NoteTooLong => "the person or the note is too long",
            Self::NothingToDeliver => {
                "the notice is not for a service: it was refused, conflicts with another, or none wants it"
            }
            Self::AlreadyEnded => "the delivery has ended already",
            Self::Running => "an attempt is being made now; wait for its end",
            Self::TooManyDecisions => "too many decisions were taken about this notice already",
        })
    }
}

impl std::error::Error for NotDelivered {}
