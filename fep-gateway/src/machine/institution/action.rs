//! What an institution's machine asks its caller to do, and the values in it.

use std::sync::Arc;
use std::time::Duration;

use crate::exchange::{LinkState, TelegramBytes};
use crate::machine::reason::{CloseReason, Mismatch, NotSent, Unknown};
use crate::machine::terms::{Incarnation, Key, LinkId, Ticket};
use crate::machine::trace::TraceHighWater;

/// What shall be done, in this order.
#[derive(Clone, Debug)]
pub enum Action {
    /// Connect this link; answer with [`connected`](super::Institution::connected) or [`lost`](super::Institution::lost).
    Connect(Incarnation),
    /// Close the connection; answer with [`lost`](super::Institution::lost).
    Close(Incarnation, CloseReason),
    /// Bring these bytes into the journal; answer with [`journaled`](super::Institution::journaled).
    Journal(Outgoing),
    /// Write these bytes, which are in the journal.
    Write(Ticket, Incarnation, TelegramBytes),
    /// An exchange ended, or was settled.
    Finish(Ticket, FinalState),
    /// These bytes were received.
    Received(Incoming),
    /// A notice wants an answer: [`reply`](super::Institution::reply).
    Notice(Incarnation, Arc<str>, TelegramBytes),
    /// A link changed; with the reason, if something went wrong.
    Link(LinkId, LinkState, Option<CloseReason>),
    /// An echo test came back after this time.
    Echo(LinkId, Duration),
    /// Nothing that comes can belong to this one any more.
    Forget(Ticket),
    /// Every link is closed and none will be opened.
    Stopped,
}

/// Bytes on their way to the wire.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Under which it is known.
    pub ticket: Ticket,
    /// The connection that shall carry it.
    pub incarnation: Incarnation,
    /// The bytes.
    pub bytes: TelegramBytes,
    /// The exchange's part, if it is one's request.
    pub request: Option<OutgoingRequest>,
    /// Must be in the journal with it, if it has a trace number of ours.
    pub high_water: Option<TraceHighWater>,
}

/// What an exchange learns when its request is made.
#[derive(Clone, Debug)]
pub struct OutgoingRequest {
    /// What its answer must carry.
    pub key: Key,
    /// What its answer must be.
    pub answer: Arc<str>,
    /// Its number on the line.
    pub trace: String,
}

/// The outcome of an exchange, or what settled it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FinalState {
    /// Answered by this telegram.
    Answered(Arc<str>, TelegramBytes),
    /// Certainly not on the wire, for this reason.
    NotSent(NotSent),
    /// Perhaps done, for this reason.
    Unknown(Unknown),
    /// It was unknown; this telegram came late.
    Settled(Arc<str>, TelegramBytes),
}

impl FinalState {
    /// Why it is not answered: the sentence and its stable code.
    #[must_use]
    pub fn reason(&self) -> Option<(String, &'static str)> {
        match self {
            Self::Answered(..) | Self::Settled(..) => None,
            Self::NotSent(why) => Some((why.to_string(), why.code())),
            Self::Unknown(why) => Some((why.to_string(), why.code())),
        }
    }
}

/// Received bytes and what they were taken for.
#[derive(Clone, Debug)]
pub struct Incoming {
    /// The connection.
    pub incarnation: Incarnation,
    /// The bytes.
    pub bytes: TelegramBytes,
    /// What they are.
    pub class: Class,
    /// To what of ours they belong.
    pub ticket: Option<Ticket>,
    /// Why they are not what was waited for.
    pub note: Option<Mismatch>,
}

/// What received bytes can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// An answer that was waited for.
    Answer,
    /// An answer to something that had been given up.
    Late,
    /// The same answer again.
    Duplicate,
    /// One more answer, which says something else than the first.
    Conflicting,
    /// An answer to nothing.
    Unmatched,
    /// No telegram of the spec.
    Undecodable,
    /// Not even a frame.
    BadFrame,
    /// A duty of theirs.
    Duty,
    /// A notice.
    Notice,
}

impl Class {
    /// The word in journal and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Late => "late",
            Self::Duplicate => "duplicate",
            Self::Conflicting => "conflicting",
            Self::Unmatched => "unmatched",
            Self::Undecodable => "undecodable",
            Self::BadFrame => "bad_frame",
            Self::Duty => "duty",
            Self::Notice => "notice",
        }
    }
}
