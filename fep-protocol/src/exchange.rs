//! The basic types of the gateway: exchange, outcome, line, link, event.
//!
//! These are plain values without behaviour. The state machines decide them, the journal stores them, HTTP and the console
//! show them.

mod trace_state;
mod caller;
mod id;
mod passage;

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize, Serializer};

pub use self::caller::{Caller, NotARequestId, NotATraceParent, RequestId, TraceParent};
pub use self::id::{ExchangeId, NotAnExchangeId};
pub use self::passage::{OtherExchange, Passage, RoutedFrom};
pub use self::trace_state::{NotATraceState, TraceState};
use crate::note::PersonNote;

/// The bytes of a telegram. Any byte may be secret, so the Debug text shows only the length.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct TelegramBytes(Bytes);

impl TelegramBytes {
    /// Copies the bytes.
    #[must_use]
    pub fn copy_of(bytes: &[u8]) -> Self {
        Self(Bytes::copy_from_slice(bytes))
    }
}

impl Deref for TelegramBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl From<Vec<u8>> for TelegramBytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

impl fmt::Debug for TelegramBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({} bytes)", self.len())
    }
}

/// The final outcome of an exchange. There is no "failed": a decline is an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The institution's answer arrived and could be decoded.
    Answered,
    /// It is proved that no byte was handed to the kernel.
    NotSent,
    /// At least one byte was, or may have been, handed to the kernel, and no answer arrived.
    Unknown,
}

impl Outcome {
    /// The name used in the journal, HTTP and metrics: `answered`, `not_sent`, `unknown`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::NotSent => "not_sent",
            Self::Unknown => "unknown",
        }
    }

    /// Returns the outcome with this [`Outcome::name`], or `None` if there is no such outcome.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Answered, Self::NotSent, Self::Unknown].into_iter().find(|outcome| outcome.name() == name)
    }
}

/// One request with its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The name of the exchange.
    pub id: ExchangeId,
    /// The name of the institution.
    pub institution: Arc<str>,
    /// The name of the request's telegram: `Transfer`.
    pub telegram: Arc<str>,
    /// The final outcome, or `None` while the exchange runs.
    pub outcome: Option<Outcome>,
    /// What settled an unknown exchange.
    pub settled_by: Option<SettledBy>,
    /// What became of the money of an unknown exchange, if it was settled.
    pub money: Option<Money>,
    /// What a person should look at.
    pub flags: Flags,
    /// The trace number of the request on the line, as text.
    pub trace: String,
    /// The reason why there is no answer, as a sentence.
    pub reason: Option<String>,
    /// The stable code of the reason, as in [`reason`](crate::reason). `None` for an exchange that ended
    /// before the journal stored codes.
    pub reason_code: Option<String>,
    /// The line that carried the request, and the incarnation of the link.
    pub line: Option<(Arc<str>, u64)>,
    /// The frame of the request, as it is on the wire. Empty if the request was never encoded.
    pub request: TelegramBytes,
    /// The answer, if one arrived.
    pub answer: Option<Answer>,
    /// The frame of a stand-in answer, if the request was not sent and the configuration has one. The institution knows nothing
    /// of it, and it never crossed a line.
    pub stand_in: Option<TelegramBytes>,
    /// The other exchange of the same request, if a breaker stopped it at one institution and it went to another.
    pub passage: Option<Passage>,
    /// What the caller says about its request. `None` if it says nothing.
    pub caller: Option<Arc<Caller>>,
    /// The time of acceptance, in milliseconds since 1970.
    pub accepted_at_ms: i64,
    /// The time when the exchange reached its outcome, in milliseconds since 1970.
    pub ended_at_ms: Option<i64>,
    /// Whether the journal holds the state that is shown here. `false` if the disk did not take it by the deadline of the
    /// caller: then a crash can still change the outcome to unknown.
    pub journaled: bool,
}

impl Exchange {
    /// An exchange that was accepted at this time, in milliseconds since 1970, and about which nothing else is known yet.
    #[must_use]
    pub fn accepted(id: ExchangeId, institution: Arc<str>, telegram: Arc<str>, accepted_at_ms: i64) -> Self {
        Self {
            id,
            institution,
            telegram,
            outcome: None,
            settled_by: None,
            money: None,
            flags: Flags::default(),
            trace: String::new(),
            reason: None,
            reason_code: None,
            line: None,
            request: TelegramBytes::default(),
            answer: None,
            stand_in: None,
            passage: None,
            caller: None,
            accepted_at_ms,
            ended_at_ms: None,
            journaled: true,
        }
    }
}

/// What settled an unknown exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SettledBy {
    /// The institution's answer arrived after the deadline.
    #[serde(rename = "late answer")]
    LateAnswer,
    /// An inquiry was answered.
    Inquiry,
    /// A reversal was confirmed.
    Reversal,
    /// A person decided.
    Person,
}

impl SettledBy {
    /// All values.
    pub const ALL: [Self; 4] = [Self::LateAnswer, Self::Inquiry, Self::Reversal, Self::Person];

    /// The stable name in the journal, HTTP and metrics: `late answer`, `inquiry`, `reversal`, `person`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::LateAnswer => "late answer",
            Self::Inquiry => "inquiry",
            Self::Reversal => "reversal",
            Self::Person => "person",
        }
    }

    /// Returns the value with this [`SettledBy::name`], or `None` if there is no such value.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|settled| settled.name() == name)
    }
}

/// What became of the money of an unknown exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Money {
    /// The request was carried out.
    Done,
    /// The request was not carried out and never will be.
    NotDone,
    /// The request was undone.
    Reversed,
}

impl Money {
    /// All values.
    pub const ALL: [Self; 3] = [Self::Done, Self::NotDone, Self::Reversed];

    /// The stable name in the journal and HTTP: `done`, `not_done`, `reversed`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::NotDone => "not_done",
            Self::Reversed => "reversed",
        }
    }

    /// Returns the value with this [`Money::name`], or `None` if there is no such value.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|money| money.name() == name)
    }
}

/// The marks of an exchange that a person should look at. They serialise as a list of names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// A second answer differs from the first. Both are in the journal.
    pub conflicting: bool,
    /// An answer does not repeat a value of its request. Both are in the journal.
    pub contradicting: bool,
    /// It is in the dead letters: the gateway cannot find out what became of the money.
    pub dead_letter: bool,
    /// Two facts about the money contradict each other. Both are in the journal.
    pub disputed: bool,
}

impl Flags {
    /// The names of the flags that are set: `conflicting`, `contradicting`, `dead_letter`, `disputed`.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let all = [
            (self.conflicting, "conflicting"),
            (self.contradicting, "contradicting"),
            (self.dead_letter, "dead_letter"),
            (self.disputed, "disputed"),
        ];
        all.into_iter().filter(|(is_set, _)| *is_set).map(|(_, name)| name)
    }

    /// Whether no flag is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Serialize for Flags {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.names())
    }
}

/// The answer of an institution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The name of the answer's telegram: `TransferAnswer`.
    pub telegram: Arc<str>,
    /// The frame as received.
    pub bytes: TelegramBytes,
}

/// The state of a line and its links.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LineStatus {
    /// The name of the institution.
    pub institution: String,
    /// The line's name in the configuration.
    pub line: String,
    /// `connect`: the gateway connects to the institution. `listen`: the institution connects to the gateway.
    pub role: &'static str,
    /// Which telegrams the line carries: `both`, `send`, `receive` or `answer`.
    pub duty: &'static str,
    /// Lines of the lowest rank are the main lines.
    pub rank: u8,
    /// How its links are connected: `kept`, `standby` (only while it is needed) or `one_shot` (for each request).
    pub connection: &'static str,
    /// How many telegrams of ours may wait for their answer on one link. `None` without a limit.
    pub window: Option<usize>,
    /// Whether new requests go over the line: it is not a backup line that stands by, and no person stopped it.
    pub carries: bool,
    /// The time since which it does, in milliseconds since 1970. `None` without backup lines.
    pub carries_since_ms: Option<i64>,
    /// Why it does, as a sentence.
    pub carries_why: Option<String>,
    /// The note of the person who stopped the line, and since when it is stopped.
    pub stopped: Option<PersonNote>,
    /// Which gateways have the line, of those that share the journal. `None` if each opens it.
    pub place: Option<LinePlace>,
    /// The address that the line connects to, or listens on.
    pub address: String,
    /// What has to prove again and again that the line is alive: `echo_test` or `poll`. `None` if there is nothing: then the line
    /// counts as alive while it is connected.
    pub proved_by: Option<&'static str>,
    /// The contracted links, each in its present state.
    pub links: Vec<LinkStatus>,
    /// The number of exchanges on the line that wait for their answer.
    pub inflight: usize,
    /// The maximum number of exchanges of the institution that may wait for their answer.
    pub inflight_max: usize,
    /// The number of attempts to connect again since the start of the gateway, after a connection was lost or refused. On a
    /// listening line: how often a link began to wait again.
    pub reconnects: u64,
    /// The last error, as a sentence.
    pub last_error: Option<String>,
    /// The stable code of the last error, as in [`reason`](crate::reason).
    pub last_error_code: Option<&'static str>,
}

/// Where a line is that not every gateway opens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LinePlace {
    /// Whether this gateway has it.
    pub state: PlaceState,
    /// The gateway that has the line, or those that may open it. Empty if none is known to have it.
    pub holders: Vec<String>,
}

/// Whether a gateway has a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PlaceState {
    /// This gateway opens it.
    Here,
    /// This gateway is giving it back: it signs off and closes.
    Leaving,
    /// Another gateway has it, and this one takes it if that one is gone.
    Standby,
    /// Other gateways open it, and this one never does.
    Elsewhere,
    /// This gateway does not know yet who has it.
    Unknown,
}

impl PlaceState {
    /// All states.
    pub const ALL: [Self; 5] = [Self::Here, Self::Leaving, Self::Standby, Self::Elsewhere, Self::Unknown];

    /// The stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Here => "here",
            Self::Leaving => "leaving",
            Self::Standby => "standby",
            Self::Elsewhere => "elsewhere",
            Self::Unknown => "unknown",
        }
    }
}

/// One link of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct LinkStatus {
    /// The number of the current connection of this link: 0 before the first one. An answer never crosses from one
    /// connection to the next.
    pub incarnation: u64,
    /// The state of the link.
    pub state: LinkState,
    /// The address of the other side, while the link is connected.
    pub peer: Option<String>,
    /// The time since which the link carries business, or since which it does not, in milliseconds since 1970.
    pub since_ms: i64,
    /// The time of the last answer to a request or echo test of ours, in milliseconds since 1970. Only an answer proves
    /// that the institution is alive.
    pub proved_ms: Option<i64>,
    /// The time of the last received byte, in milliseconds since 1970.
    pub last_rx_ms: Option<i64>,
    /// The time of the last sent byte, in milliseconds since 1970.
    pub last_tx_ms: Option<i64>,
    /// The round trip of the last echo test, in microseconds.
    pub echo_round_trip_us: Option<u64>,
    /// The time since which the institution owes a poll, in milliseconds since 1970. `None` if it polls in time, or need not poll.
    pub unpolled_since_ms: Option<i64>,
}

/// The states of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// Not connected. The link waits before the next attempt, or a person stopped its line.
    Down,
    /// Not connected. The link is connected when it is needed.
    Idle,
    /// The link is being connected.
    Connecting,
    /// Not connected. The link waits for the institution to connect.
    Listening,
    /// Connected, but business is not open yet.
    SigningOn,
    /// The link carries business telegrams.
    Up,
    /// Business is being closed. Requests in flight may still be answered.
    SigningOff,
}

/// An event for the console and other subscribers.
#[derive(Clone, Debug)]
pub enum Event {
    /// An exchange began, ended or was settled.
    Exchange(Box<Exchange>),
    /// A line changed.
    Line(Box<LineStatus>),
    /// A notice of the institution came, or its delivery changed.
    Notice(ExchangeId),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_debug_text_shows_a_telegram() {
        let answer = Answer { telegram: "TransferAnswer".into(), bytes: b"0004 1234567890".to_vec().into() };
        assert_eq!(format!("{answer:?}"), r#"Answer { telegram: "TransferAnswer", bytes: (15 bytes) }"#);
    }
}
