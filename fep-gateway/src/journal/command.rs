//! What the writer is told.

use tokio::sync::oneshot;

use super::JournalError;
use crate::exchange::{Answer, Exchange, ExchangeId, Outcome, TelegramBytes};
use crate::machine::institution::OutgoingRequest;
use crate::machine::reason::Mismatch;
use crate::machine::terms::Key;
use crate::machine::trace::TraceHighWater;

/// One thing to write.
#[derive(Debug)]
pub(super) enum JournalCommand {
    Accept(Box<Acceptance>, oneshot::Sender<Result<Accepted, JournalError>>),
    Send(Box<Sending>, oneshot::Sender<Result<(), JournalError>>),
    Received(Box<Entry>),
    Finish(Box<Finish>, Option<oneshot::Sender<Result<(), JournalError>>>),
    Settle(Box<Settlement>, Option<oneshot::Sender<Option<Exchange>>>),
    Notice(NoticeId, ExchangeId, i64, oneshot::Sender<Result<NoticeState, JournalError>>),
    Close,
}

/// A request that is taken in.
#[derive(Clone, Debug)]
pub struct Acceptance {
    /// The exchange, still without bytes.
    pub exchange: Exchange,
    /// The caller's key, and the digest of what he asked.
    pub idempotency: Option<(String, [u8; 16])>,
}

/// What became of a request that was taken in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// It is a new one.
    New,
    /// Its idempotency key stands at this one.
    Known {
        /// The exchange as it is now.
        exchange: Box<Exchange>,
        /// Whether it was asked with the same body.
        same_body: bool,
    },
}

/// Bytes that crossed a line, or shall.
#[derive(Clone, Debug)]
pub struct Entry {
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// The counterpart.
    pub institution: String,
    /// The line, and the link's incarnation.
    pub line: (String, u64),
    /// Which way.
    pub direction: Direction,
    /// What they are: `answer`, `late`, `request`.
    pub class: &'static str,
    /// The exchange that they belong to.
    pub exchange: Option<ExchangeId>,
    /// Why they are not what was waited for.
    pub note: Option<Mismatch>,
    /// The bytes.
    pub bytes: TelegramBytes,
}

/// Which way bytes went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From the institution.
    In,
    /// To the institution.
    Out,
}

/// Bytes that may be written once they are in the journal.
#[derive(Clone, Debug)]
pub struct Sending {
    /// The bytes.
    pub entry: Entry,
    /// Must be in the journal with them.
    pub high_water: Option<TraceHighWater>,
    /// If they are an exchange's request.
    pub request: Option<OutgoingRequest>,
    /// If they answer a notice.
    pub notice: Option<NoticeId>,
}

/// The outcome of an exchange.
#[derive(Clone, Debug)]
pub struct Finish {
    /// Which.
    pub id: ExchangeId,
    /// How.
    pub outcome: Outcome,
    /// Why it is not answered: the sentence and its stable code.
    pub reason: Option<(String, &'static str)>,
    /// The answer.
    pub answer: Option<Answer>,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
}

/// What made an unknown exchange certain.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// Which.
    pub id: ExchangeId,
    /// What.
    pub by: &'static str,
    /// The answer.
    pub answer: Answer,
}

/// What tells a notice's repetitions from other notices.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NoticeId {
    /// Who sent it.
    pub institution: String,
    /// The telegram: `DepositNotice`.
    pub telegram: String,
    /// Its key.
    pub key: Key,
}

/// What is known of a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoticeState {
    /// It was not answered yet.
    Unanswered,
    /// It was, with these bytes.
    Answered(TelegramBytes),
}

/// An exchange of an earlier run whose key may still rest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recalled {
    /// Which.
    pub id: ExchangeId,
    /// The counterpart.
    pub institution: String,
    /// What its answer must carry.
    pub key: Key,
    /// What its answer must be.
    pub answer: String,
    /// The answer, if there was one; else it is unknown.
    pub answered: Option<TelegramBytes>,
    /// When it ended, in milliseconds since 1970.
    pub ended_at_ms: i64,
}
