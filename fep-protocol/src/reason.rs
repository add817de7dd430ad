//! The reasons why a request was not sent, an outcome is unknown, a link closed, or received bytes were not expected.
//!
//! A reason has a sentence for people (its `Display`) and a code for programs. Codes are stable: the journal, HTTP and
//! metrics carry them. A code is never renamed and never reused for something else. Sentences may be improved at any time.
//!
//! | code | of | means |
//! |---|---|---|
//! | `stopping` | [`NotSent`] | the gateway is stopping, or a reload starts this institution anew; nothing was sent |
//! | `stopped_before_sent` | [`NotSent`] | the gateway stopped while the request waited |
//! | `too_many_waiting` | [`NotSent`] | too many requests to the institution already wait to be sent |
//! | `settlement_full` | [`NotSent`] | `cases_max` unknown exchanges wait for their settlement |
//! | `no_line_up` | [`NotSent`] | no link carries business |
//! | `no_receiving_line` | [`NotSent`] | separate lines: no link is up on which the answer could arrive |
//! | `link_elsewhere` | [`NotSent`] | another gateway has the line, or none has it yet |
//! | `unencodable` | [`NotSent`] | the telegram cannot be encoded |
//! | `key_in_use` | [`NotSent`] | the key belongs to another exchange, or is in quarantine |
//! | `not_started` | [`NotSent`] | the answer timeout passed before the request was started |
//! | `journal_slow` | [`NotSent`] | the answer timeout passed before the journal took the request |
//! | `journal_full` | [`NotSent`] | too many commands wait for the journal |
//! | `journal_closed` | [`NotSent`] | the journal is closed |
//! | `journal_failed` | [`NotSent`] | writing the journal's file failed |
//! | `journal_disk_full` | [`NotSent`] | the disk of the journal is full |
//! | `journal_replaced` | [`NotSent`] | the journal's file was deleted or replaced while the gateway runs |
//! | `journal_log_replaced` | [`NotSent`] | the journal's write-ahead log was deleted or replaced while the gateway runs |
//! | `key_taken` | [`NotSent`] | another gateway has stored a request with the same idempotency key |
//! | `link_lost_before_write` | [`NotSent`] | the link closed while the request waited |
//! | `link_full` | [`NotSent`] | too many frames wait for the link |
//! | `send_queue_slow` | [`NotSent`] | the answer timeout passed before the institution took a byte of the request |
//! | `trace_numbers_used_up` | [`NotSent`] | all trace numbers of the business day are used |
//! | `no_trace_block` | [`NotSent`] | the coordinator gave no trace numbers in time |
//! | `offered_too_late` | [`NotSent`] | its deadline had passed before it could wait for its turn |
//! | `rate_limit` | [`NotSent`] | the contracted rate has no room before its deadline |
//! | `queue_full` | [`NotSent`] | too many requests wait for their turn |
//! | `waited_too_long` | [`NotSent`] | it waited for its turn until its deadline |
//! | `closed_while_waiting` | [`NotSent`] | business was closed while it waited for its turn |
//! | `ticket_in_use` | [`NotSent`] | another request has its number |
//! | `breaker_tripped` | [`NotSent`] | the breaker of the institution or of the business code does not let it pass |
//! | `entrance_closed` | [`NotSent`] | the same, and the configuration says what services are told |
//! | `stood_in` | [`NotSent`] | the same, and the caller got a stand-in answer that is not the institution's |
//! | `passed_on` | [`NotSent`] | the same, and the request went to another institution as another exchange |
//! | `outside_hours` | [`NotSent`] | it is outside the hours of the institution |
//! | `business_ending` | [`NotSent`] | the institution said that business ends soon |
//! | `business_ended` | [`NotSent`] | the institution said that business has ended |
//! | `institution_fault` | [`NotSent`] | the institution reported a fault |
//! | `business_blocked` | [`NotSent`] | a person blocked the institution or the business code |
//! | `no_answer` | [`Unknown`] | the answer timeout passed |
//! | `link_lost_after_write` | [`Unknown`] | the link closed while the request waited for its answer |
//! | `answer_unreadable` | [`Unknown`] | an answer with the request's key came and cannot be decoded |
//! | `answer_contradicts` | [`Unknown`] | an answer with the request's key came and does not repeat a value of the request |
//! | `stopped_before_answer` | [`Unknown`] | the gateway stopped while the request waited for its answer |
//! | `broke_off` | [`Unknown`] | a task of the gateway failed |
//! | `connect_failed` | [`CloseReason`] | the connection was refused, or the address is wrong |
//! | `connect_timeout` | [`CloseReason`] | no connection within `connect_timeout_ms` |
//! | `tls_failed` | [`CloseReason`] | TLS failed, for example because of a certificate of one side |
//! | `listen_failed` | [`CloseReason`] | the gateway cannot listen on the line's address |
//! | `peer_not_allowed` | [`CloseReason`] | a connection came from an address that is not in `peers` |
//! | `line_full` | [`CloseReason`] | a connection came although all contracted links are connected |
//! | `replaced` | [`CloseReason`] | we closed the link because the institution connected again (`when_full = "replace"`) |
//! | `closed_unconnected` | [`CloseReason`] | we closed the link before it was connected |
//! | `closed_by_us` | [`CloseReason`] | we closed the connection |
//! | `closed_by_institution` | [`CloseReason`] | the institution closed the connection |
//! | `read_failed` | [`CloseReason`] | reading failed |
//! | `write_failed` | [`CloseReason`] | writing failed, or the connection takes no more bytes |
//! | `write_timeout` | [`CloseReason`] | the institution took no bytes for `write_timeout_ms` |
//! | `frame_timeout` | [`CloseReason`] | a frame was begun and not finished within `frame_timeout_ms` |
//! | `frame_cut` | [`CloseReason`] | the connection ended inside a frame |
//! | `bad_frame` | [`CloseReason`] | bytes came that cannot begin or end a frame |
//! | `sign_on_refused` | [`CloseReason`] | the answer to our sign-on is not a yes |
//! | `sign_on_failed` | [`CloseReason`] | our sign-on was not sent or not answered |
//! | `echo_test_failed` | [`CloseReason`] | our echo test was not sent or not answered |
//! | `sign_off_failed` | [`CloseReason`] | our sign-off was not sent or not answered |
//! | `not_polled` | [`CloseReason`] | the institution did not poll within `polled_within_ms` (`when_unpolled = "close"`) |
//! | `request_done` | [`CloseReason`] | we closed the link because its one request is answered (`one_shot`) |
//! | `not_needed` | [`CloseReason`] | we closed the link of a backup line because the main line works again (`standby = "cold"`) |
//! | `overdue` | [`CloseReason`] | we closed the link because a telegram was not answered in time (`when_overdue = "close"`) |
//! | `window_unanswered` | [`CloseReason`] | we closed the link because its window was full of telegrams without an answer for an echo interval |
//! | `out_of_step` | [`CloseReason`] | we closed the link because it is not known any more which answer belongs to which request |
//! | `no_answers_came` | [`CloseReason`] | we closed the link because our sign-on or echo test was twice not answered on it |
//! | `line_stopped` | [`CloseReason`] | we closed the link because a person stopped the line |
//! | `line_elsewhere` | [`CloseReason`] | we closed the link, or do not open it, because another gateway has the line |
//! | `place_lost` | [`CloseReason`] | we closed the link at once because the place could not be renewed in the database |
//! | `signed_off` | [`CloseReason`] | our sign-off was answered |
//! | `stopped` | [`CloseReason`] | the gateway stopped |
//! | `task_failed` | [`CloseReason`] | a task of the gateway failed or is gone |
//! | `connection_gone` | [`Mismatch`] | the bytes came on a connection that is not the current one |
//! | `no_such_key` | [`Mismatch`] | nothing waits for an answer with this key |
//! | `not_written` | [`Mismatch`] | the request with this key was not sent yet |
//! | `other_telegram` | [`Mismatch`] | the request with this key expects another telegram |
//! | `conflicting` | [`Mismatch`] | a second answer differs from the first |
//! | `contradicting` | [`Mismatch`] | an answer does not repeat a value of its request |
//! | `unexpected` | [`Mismatch`] | the telegram is neither an answer nor a configured notice |
//! | `undecodable` | [`Mismatch`] | the bytes are not a telegram of the spec |
//! | `unanswerable` | [`Mismatch`] | no answer can be made to this sign-on, sign-off or echo test |
//!
//! Received bytes that are not a frame carry the code of the [`CloseReason`] that they caused.

mod close;
mod journal;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use self::close::CloseReason;
pub use self::journal::JournalError;
use crate::breaker::{Alternative, Blocked};
use crate::business::BusinessClosed;
use crate::exchange::OtherExchange;
use crate::flow::Refusal;
use crate::mux::Unmatched;

/// The reason why a request certainly did not reach the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NotSent {
    /// The gateway takes no more requests.
    Stopping,
    /// The gateway stopped while the request waited.
    Stopped,
    /// Too many requests to this institution already wait to be sent.
    TooManyWaiting,
    /// `cases_max` unknown exchanges already wait for their settlement.
    SettlementFull {
        /// `cases_max`.
        max: usize,
    },
    /// No link carries business. Contains the reason of one of the links, if there is one.
    NoLineUp(Option<Box<CloseReason>>),
    /// Separate lines for each direction, and no link is up on which the answer could arrive. Contains the reason of one of these
    /// links, if there is one.
    NoReceivingLine(Option<Box<CloseReason>>),
    /// Another gateway has the lines that send. Contains its name, or those of the gateways that may open them, if one is known.
    LinkElsewhere(Option<Arc<str>>),
    /// The telegram cannot be encoded. The text shows no secret.
    Unencodable(String),
    /// The key belongs to another exchange, or is in quarantine.
    KeyInUse,
    /// The request could not be started within its answer timeout.
    NotStarted {
        /// The answer timeout.
        within: Duration,
    },
    /// The journal did not take the request within its answer timeout.
    JournalSlow {
        /// The answer timeout.
        within: Duration,
    },
    /// The journal did not store the request.
    Journal(JournalError),
    /// The link closed while the request waited.
    LinkLost(Option<Box<CloseReason>>),
    /// Too many frames wait for the link.
    LinkFull,
    /// The institution took no byte of the request within its answer timeout.
    SendQueueSlow {
        /// The answer timeout.
        within: Duration,
    },
    /// All trace numbers of the business day are used.
    TracesUsedUp {
        /// The highest trace number that a request may have.
        max: u64,
    },
    /// The coordinator gave no block of trace numbers in time.
    NoTraceBlock,
    /// The limits of the institution do not let it start in time.
    Flow(Refusal),
    /// A breaker does not let it pass.
    Breaker(Box<Blocked>),
    /// A breaker does not let it pass, and the caller got a stand-in answer.
    StoodIn(Box<Blocked>),
    /// A breaker does not let it pass, and it went to another institution as this exchange.
    PassedOn(Box<Blocked>, Box<OtherExchange>),
    /// Business with the institution is closed.
    Closed(Box<BusinessClosed>),
}

/// The reason why the outcome of a request is unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unknown {
    /// No answer arrived in time.
    NoAnswer {
        /// The answer timeout.
        within: Duration,
    },
    /// The link closed while the request waited for its answer.
    LinkLost(Box<CloseReason>),
    /// An answer with the request's key came and cannot be decoded. The text shows no secret.
    Unreadable(String),
    /// An answer with the request's key came and does not repeat a value of the request. The text shows no secret.
    Contradicted(String),
    /// The gateway stopped while the request waited for its answer.
    Stopped,
    /// A task of the gateway failed.
    BrokeOff,
}

/// The reason why a sign-on, sign-off or echo test of ours failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DutyFailure {
    /// It was not sent.
    NotSent(NotSent),
    /// It was sent and not answered.
    Unknown(Unknown),
}

/// The reason why received bytes are not what the gateway expected.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mismatch {
    /// The bytes came on a connection that is not the current one of the link.
    ConnectionGone,
    /// The bytes are an answer that matches nothing of ours.
    Unmatched(Unmatched),
    /// The bytes are a second answer, which differs from the first.
    Conflicting,
    /// The bytes are an answer that does not repeat a value of its request. The text shows no secret.
    Contradicting(String),
    /// The bytes are neither an answer nor a configured notice.
    Unexpected {
        /// The name of the telegram.
        telegram: String,
    },
    /// The bytes are not a telegram of the spec. The text shows no secret.
    Undecodable(String),
    /// The bytes are a sign-on, sign-off or echo test whose answer cannot be encoded. The text shows no secret.
    Unanswerable(String),
    /// The bytes are not a frame.
    NoFrame(CloseReason),
}

impl NotSent {
    /// The stable code, as in the table of this module.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Stopping => "stopping",
            Self::Stopped => "stopped_before_sent",
            Self::TooManyWaiting => "too_many_waiting",
            Self::SettlementFull { .. } => "settlement_full",
            Self::NoLineUp(_) => "no_line_up",
            Self::NoReceivingLine(_) => "no_receiving_line",
            Self::LinkElsewhere(_) => "link_elsewhere",
            Self::Unencodable(_) => "unencodable",
            Self::KeyInUse => "key_in_use",
            Self::NotStarted { .. } => "not_started",
            Self::JournalSlow { .. } => "journal_slow",
            Self::Journal(JournalError::Full { .. }) => "journal_full",
            Self::Journal(JournalError::Closed) => "journal_closed",
            Self::Journal(JournalError::Failed(_)) => "journal_failed",
            Self::Journal(JournalError::DiskFull) => "journal_disk_full",
            Self::Journal(JournalError::Replaced { .. }) => "journal_replaced",
            Self::Journal(JournalError::LogReplaced { .. }) => "journal_log_replaced",
            Self::Journal(JournalError::KeyTaken) => "key_taken",
            Self::LinkLost(_) => "link_lost_before_write",
            Self::LinkFull => "link_full",
            Self::SendQueueSlow { .. } => "send_queue_slow",
            Self::TracesUsedUp { .. } => "trace_numbers_used_up",
            Self::NoTraceBlock => "no_trace_block",
            Self::Flow(refusal) => refusal.code(),
            Self::Breaker(blocked) if matches!(blocked.alternative, Alternative::Closed(_)) => "entrance_closed",
            Self::Breaker(_) => "breaker_tripped",
            Self::StoodIn(_) => "stood_in",
            Self::PassedOn(..) => "passed_on",
            Self::Closed(closed) => closed.code(),
        }
    }
}

impl Unknown {
    /// The stable code, as in the table of this module.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoAnswer { .. } => "no_answer",
            Self::LinkLost(_) => "link_lost_after_write",
            Self::Unreadable(_) => "answer_unreadable",
            Self::Contradicted(_) => "answer_contradicts",
            Self::Stopped => "stopped_before_answer",
            Self::BrokeOff => "broke_off",
        }
    }
}

impl Mismatch {
    /// The stable code, as in the table of this module.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::ConnectionGone => "connection_gone",
            Self::Unmatched(Unmatched::NoSuchKey) => "no_such_key",
            Self::Unmatched(Unmatched::NotWritten) => "not_written",
            Self::Unmatched(Unmatched::OtherTelegram) => "other_telegram",
            Self::Conflicting => "conflicting",
            Self::Contradicting(_) => "contradicting",
            Self::Unexpected { .. } => "unexpected",
            Self::Undecodable(_) => "undecodable",
            Self::Unanswerable(_) => "unanswerable",
            Self::NoFrame(reason) => reason.code(),
        }
    }
}

impl fmt::Display for NotSent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stopping => f.write_str("the gateway is stopping, or a reload starts this institution anew"),
            Self::Stopped => f.write_str("the gateway stopped before it was sent"),
            Self::TooManyWaiting => f.write_str("too many requests to this institution wait already"),
            Self::SettlementFull { max } => write!(f, "the limit of {max} unsettled exchanges is reached"),
            Self::NoLineUp(None) => f.write_str("no line is up"),
            Self::NoLineUp(Some(why)) => write!(f, "no line is up: {why}"),
            Self::NoReceivingLine(None) => f.write_str("no line that receives is up"),
            Self::NoReceivingLine(Some(why)) => write!(f, "no line that receives is up: {why}"),
            Self::LinkElsewhere(Some(holder)) => {
                write!(f, "the link is at the gateway {holder}: send the request there")
            }
            Self::LinkElsewhere(None) => {
                f.write_str("no gateway has the link now: one takes it when the lease of the last one is over")
            }
            Self::Unencodable(why) => f.write_str(why),
            Self::KeyInUse => f.write_str("the request's key is in flight, or still in quarantine"),
            Self::NotStarted { within } => write!(f, "it could not be started within {} ms", within.as_millis()),
            Self::JournalSlow { within } => {
                let within = within.as_millis();
                write!(f, "it could not be started within {within} ms: the journal had not taken it")
            }
            Self::Journal(error) => write!(f, "the journal cannot be written: {error}"),
            Self::LinkLost(None) => f.write_str("the link was lost before the write"),
            Self::LinkLost(Some(why)) => write!(f, "the link was lost before the write: {why}"),
            Self::LinkFull => f.write_str("the link takes nothing more"),
            Self::SendQueueSlow { within } => {
                write!(f, "the institution took no byte of it within {} ms", within.as_millis())
            }
            Self::TracesUsedUp { max } => write!(f, "all trace numbers of the business day are used, up to {max}"),
            Self::NoTraceBlock => f.write_str("no trace numbers were there in time: the coordinator gave no block"),
            Self::Flow(refusal) => refusal.fmt(f),
            Self::Breaker(blocked) => blocked.fmt(f),
            Self::StoodIn(blocked) => write!(f, "it was not sent, and a stand-in answered: {blocked}"),
            Self::PassedOn(blocked, to) => write!(f, "it was not sent, and went to {to}: {blocked}"),
            Self::Closed(closed) => closed.fmt(f),
        }
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnswer { within } => write!(f, "no answer within {} ms", within.as_millis()),
            Self::LinkLost(why) => write!(f, "the link was lost after the write: {why}"),
            Self::Unreadable(why) => write!(f, "the answer cannot be read: {why}"),
            Self::Contradicted(why) => write!(f, "the answer contradicts the request: {why}"),
            Self::Stopped => f.write_str("the gateway stopped before an answer came"),
            Self::BrokeOff => f.write_str("the gateway broke off"),
        }
    }
}

impl DutyFailure {
    /// Whether it may be the fault of the link: the institution did not answer, or took no bytes. Everything else failed on our side.
    #[must_use]
    pub fn concerns_link(&self) -> bool {
        match self {
            Self::NotSent(why) => {
                matches!(why, NotSent::SendQueueSlow { .. } | NotSent::LinkFull | NotSent::LinkLost(_))
            }
            Self::Unknown(_) => true,
        }
    }
}

impl fmt::Display for DutyFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent(why) => why.fmt(f),
            Self::Unknown(why) => why.fmt(f),
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ConnectionGone => f.write_str("it came on a connection that is gone"),
            Self::Unmatched(why) => f.write_str(why.reason()),
            Self::Conflicting => f.write_str("it says something else than the answer that came before; both are kept"),
            Self::Unexpected { telegram } => {
                write!(f, "{telegram} is neither an answer nor configured as a notice")
            }
            Self::Contradicting(why) => write!(f, "it contradicts its request: {why}"),
            Self::Undecodable(why) | Self::Unanswerable(why) => f.write_str(why),
            Self::NoFrame(reason) => reason.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests;
