//! The actions that an institution's machine requests from its caller, and the values in them.

use std::sync::Arc;
use std::time::Duration;

use crate::breaker::BreakerSnapshot;
use crate::coordination::Ask;
use crate::exchange::{LinkState, TelegramBytes};
use crate::fact::{Class, Reason};
use crate::reason::{CloseReason, Mismatch, NotSent, Unknown};
use crate::standing::{PersonNote, Standing};
use crate::terms::{BusinessNotice, Incarnation, Key, LinkId, Stops, Ticket};

/// An action for the caller. Actions are carried out in the order in which they are returned.
#[derive(Clone, Debug)]
pub enum Action {
    /// Connect this link; answer with [`connected`](super::Institution::connected) or [`lost`](super::Institution::lost).
    Connect(Incarnation),
    /// Close the connection; answer with [`lost`](super::Institution::lost).
    Close(Incarnation, CloseReason),
    /// Store these bytes in the journal; answer with [`journaled`](super::Institution::journaled).
    Journal(Outgoing),
    /// Write these bytes, which are in the journal.
    Write {
        /// The number of this piece of work.
        ticket: Ticket,
        /// The connection that must carry the bytes.
        incarnation: Incarnation,
        /// The bytes.
        bytes: TelegramBytes,
        /// The time at which the kernel must have a byte of it, or none gets one: a process that was paused may wake up after others have settled
        /// it. [`Withdraw`](Self::Withdraw) follows. `None` if it may be late.
        not_after: Option<Duration>,
    },
    /// The deadline of a request has passed. If the kernel has no byte of it yet, do not write it any more and answer with
    /// [`withdrawn`](super::Institution::withdrawn); otherwise answer with [`unanswered`](super::Institution::unanswered).
    Withdraw(Ticket, Incarnation),
    /// An exchange ended, or was settled.
    Finish(Ticket, FinalState),
    /// These bytes were received.
    Received(Incoming),
    /// A notice needs an answer: [`reply`](super::Institution::reply).
    Notice(Incarnation, Arc<str>, TelegramBytes),
    /// The state of a link changed. Contains the reason, if there was an error.
    Link(LinkId, LinkState, Option<CloseReason>),
    /// An echo test was answered after this time.
    Echo(LinkId, Duration),
    /// An answer to a request or an echo test of ours proved that the institution is alive. Reported at most once a second
    /// for each link.
    Proved(LinkId),
    /// The institution does not poll on this link in time, or does so again.
    OwesPoll(LinkId, bool),
    /// The institution opened or stopped business.
    Business(BusinessNotice, Stops),
    /// This holds from now on, also over a restart. Store it in the journal.
    Standing(Standing),
    /// A person stopped the line with this index, or started it again. Store that in the journal.
    LineStopped(usize, Option<PersonNote>),
    /// The state of a breaker changed, here or on another instance.
    Breaker(BreakerSnapshot),
    /// Pass this on to the coordinator.
    Ask(Ask),
    /// This answer is another instance's. It came on this connection.
    HandOver(Arc<str>, Incarnation, TelegramBytes),
    /// Few trace numbers are left on this business day. Reported once a day.
    TracesLow {
        /// The last number that was used.
        used: u64,
        /// The highest number.
        max: u64,
    },
    /// The ticket is no longer needed: no received telegram can belong to it any more.
    Forget(Ticket),
    /// Every link is closed, and none will be opened again.
    Stopped,
}

/// Bytes on their way to the wire.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// The number of this piece of work.
    pub ticket: Ticket,
    /// The connection that must carry the bytes.
    pub incarnation: Incarnation,
    /// The name of the telegram, if it is a request or a duty of ours.
    pub telegram: Option<Arc<str>>,
    /// The bytes.
    pub bytes: TelegramBytes,
    /// The request's data, if the bytes are the request of an exchange.
    pub request: Option<OutgoingRequest>,
}

/// The data that an exchange gets when its request is encoded.
#[derive(Clone, Debug)]
pub struct OutgoingRequest {
    /// The key that the answer must carry.
    pub key: Key,
    /// The trace number, as text.
    pub trace: String,
}

/// The outcome of an exchange, or its settlement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FinalState {
    /// Answered by this telegram.
    Answered(Arc<str>, TelegramBytes),
    /// The bytes certainly did not reach the wire, for this reason.
    NotSent(NotSent),
    /// The request may have been carried out, for this reason.
    Unknown(Unknown),
    /// The exchange was unknown, and this telegram arrived late.
    Settled(Arc<str>, TelegramBytes),
}

impl FinalState {
    /// The reason why there is no answer.
    #[must_use]
    pub fn reason(&self) -> Option<Reason> {
        match self {
            Self::Answered(..) | Self::Settled(..) => None,
            Self::NotSent(why) => Some(Reason::new(why, why.code())),
            Self::Unknown(why) => Some(Reason::new(why, why.code())),
        }
    }
}

/// Where received bytes came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A connection of this instance.
    Here(Incarnation),
    /// A connection of another instance: its line, as [`RoutedAnswer::line`](crate::coordination::RoutedAnswer::line), and its
    /// incarnation.
    Elsewhere(Arc<str>, u64),
}

/// Received bytes and their classification.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// Where they came from.
    pub origin: Origin,
    /// The bytes.
    pub bytes: TelegramBytes,
    /// The name of the telegram, if it was recognised.
    pub telegram: Option<Arc<str>>,
    /// The class of the bytes.
    pub class: Class,
    /// The ticket that the bytes belong to.
    pub ticket: Option<Ticket>,
    /// The reason why the bytes are not what the gateway expected.
    pub note: Option<Mismatch>,
}

/// What an answer says besides its content.
pub(super) struct AnswerSense {
    /// For the answer to a duty: the reason why it is not a yes.
    pub(super) refused: Option<String>,
    pub(super) is_busy: bool,
}
