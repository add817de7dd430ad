//! The commands for the writer, and the values in them.

use tokio::sync::oneshot;

use super::JournalError;
use fep_protocol::exchange::{Answer, Exchange, ExchangeId, Outcome, TelegramBytes};
use fep_protocol::institution::OutgoingRequest;
use fep_protocol::reason::Mismatch;
use fep_protocol::terms::Key;
use fep_protocol::trace::TraceHighWater;

/// One command for the writer.
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

/// A request that the gateway accepts.
#[derive(Clone, Debug)]
pub struct Acceptance {
    /// The exchange, without bytes yet.
    pub exchange: Exchange,
    /// The caller's idempotency key, and the digest of the telegram's name and body.
    pub idempotency: Option<(String, [u8; 16])>,
}

/// The result of storing a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// The exchange is new.
    New,
    /// The idempotency key names an existing exchange.
    Known {
        /// The existing exchange in its present state.
        exchange: Box<Exchange>,
        /// Whether the existing exchange has the same body.
        same_body: bool,
    },
}

/// Bytes that crossed a line, or are about to.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The time, in milliseconds since 1970.
    pub at_ms: i64,
    /// The name of the institution.
    pub institution: String,
    /// The line, and the incarnation of the link.
    pub line: (String, u64),
    /// The direction.
    pub direction: Direction,
    /// The class of the telegram: `answer`, `late`, `request`.
    pub class: &'static str,
    /// The exchange that the bytes belong to.
    pub exchange: Option<ExchangeId>,
    /// The reason why the bytes are not what the gateway expected.
    pub note: Option<Mismatch>,
    /// The bytes.
    pub bytes: TelegramBytes,
}

/// The direction of bytes.
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
    /// The high-water mark that must be in the journal together with the bytes.
    pub high_water: Option<TraceHighWater>,
    /// The request's data, if the bytes are the request of an exchange.
    pub request: Option<OutgoingRequest>,
    /// The notice, if the bytes answer one.
    pub notice: Option<NoticeId>,
}

/// The outcome of an exchange.
#[derive(Clone, Debug)]
pub struct Finish {
    /// The name of the exchange.
    pub id: ExchangeId,
    /// The outcome.
    pub outcome: Outcome,
    /// The reason why there is no answer: the sentence and its stable code.
    pub reason: Option<(String, &'static str)>,
    /// The answer, if there is one.
    pub answer: Option<Answer>,
    /// The time, in milliseconds since 1970.
    pub at_ms: i64,
}

/// The event that settles an unknown exchange.
#[derive(Clone, Debug)]
pub struct Settlement {
    /// The name of the exchange.
    pub id: ExchangeId,
    /// The event: `late answer`.
    pub by: &'static str,
    /// The answer.
    pub answer: Answer,
}

/// The identity of a notice. A repeated notice has the same identity.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct NoticeId {
    /// The institution that sent the notice.
    pub institution: String,
    /// The telegram: `DepositNotice`.
    pub telegram: String,
    /// The key of the notice.
    pub key: Key,
    /// The form of the key in a journal of version 1, if that form is another one.
    pub former_key: Option<Key>,
}

/// The state of a notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoticeState {
    /// The notice has no answer yet.
    Unanswered,
    /// The notice was answered with these bytes.
    Answered(TelegramBytes),
}

/// An exchange of an earlier run whose key may still be in quarantine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recalled {
    /// The name of the exchange.
    pub id: ExchangeId,
    /// The name of the institution.
    pub institution: String,
    /// The key that its answer must carry.
    pub key: Key,
    /// The name of the telegram that its answer must be.
    pub answer: String,
    /// The answer, or `None` if the exchange is unknown.
    pub answered: Option<TelegramBytes>,
    /// The time when the exchange ended, in milliseconds since 1970.
    pub ended_at_ms: i64,
}
