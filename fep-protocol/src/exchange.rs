//! The basic types of the gateway: exchange, outcome, line, link, event.
//!
//! These are plain values without behaviour. The state machines decide them, the journal stores them, HTTP and the console
//! show them.

use std::fmt;
use std::ops::Deref;

use bytes::Bytes;
use serde::Serialize;

/// The permanent, unique name of one exchange. Names sort by time of acceptance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ExchangeId(pub String);

impl ExchangeId {
    /// The prefix of the names of all exchanges that were accepted in this millisecond (since 1970).
    #[must_use]
    pub fn prefix(accepted_at_ms: i64) -> String {
        format!("{:012x}", accepted_at_ms.max(0))
    }
}

impl fmt::Display for ExchangeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The bytes of a telegram. Any byte may be secret, so the Debug text shows only the length.
#[derive(Clone, Default, PartialEq, Eq)]
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
    pub institution: String,
    /// The name of the request's telegram: `Transfer`.
    pub telegram: String,
    /// The final outcome, or `None` while the exchange runs.
    pub outcome: Option<Outcome>,
    /// The event that settled an unknown exchange: `late answer`.
    pub settled_by: Option<String>,
    /// The trace number of the request on the line, as text.
    pub trace: String,
    /// The reason why there is no answer, as a sentence.
    pub reason: Option<String>,
    /// The stable code of the reason, as in [`reason`](crate::reason). `None` for an exchange that ended
    /// before the journal stored codes.
    pub reason_code: Option<String>,
    /// The line that carried the request, and the incarnation of the link.
    pub line: Option<(String, u64)>,
    /// The bytes of the request on the wire. Empty if the request was never encoded.
    pub request: TelegramBytes,
    /// The answer, if one arrived.
    pub answer: Option<Answer>,
    /// The time of acceptance, in milliseconds since 1970.
    pub accepted_at_ms: i64,
    /// The time when the exchange reached its outcome, in milliseconds since 1970.
    pub ended_at_ms: Option<i64>,
}

/// The answer of an institution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The name of the answer's telegram: `TransferAnswer`.
    pub telegram: String,
    /// The bytes as received.
    pub bytes: TelegramBytes,
}

/// The state of a line and its links.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LineStatus {
    /// The name of the institution.
    pub institution: String,
    /// The line's name in the configuration.
    pub line: String,
    /// The address that the line connects to.
    pub address: String,
    /// The contracted links, each in its present state.
    pub links: Vec<LinkStatus>,
    /// The number of exchanges on the line that wait for their answer.
    pub inflight: usize,
    /// The maximum number of exchanges of the institution that may wait for their answer.
    pub inflight_max: usize,
    /// The number of lost connections since the start of the gateway.
    pub reconnects: u64,
    /// The last error, as a sentence.
    pub last_error: Option<String>,
    /// The stable code of the last error, as in [`reason`](crate::reason).
    pub last_error_code: Option<&'static str>,
}

/// One link of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LinkStatus {
    /// The number of the current connection of this link: 0 before the first one. An answer never crosses from one
    /// connection to the next.
    pub incarnation: u64,
    /// The state of the link.
    pub state: LinkState,
    /// The time of the last state change, in milliseconds since 1970.
    pub since_ms: i64,
    /// The time of the last received byte, in milliseconds since 1970.
    pub last_rx_ms: Option<i64>,
    /// The time of the last sent byte, in milliseconds since 1970.
    pub last_tx_ms: Option<i64>,
    /// The round trip of the last echo test, in microseconds.
    pub echo_round_trip_us: Option<u64>,
}

/// The states of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// Not connected. The link waits before the next attempt.
    Down,
    /// The link is being connected.
    Connecting,
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_debug_text_shows_a_telegram() {
        let answer = Answer { telegram: "TransferAnswer".to_owned(), bytes: b"0004 1234567890".to_vec().into() };
        assert_eq!(format!("{answer:?}"), r#"Answer { telegram: "TransferAnswer", bytes: (15 bytes) }"#);
    }
}
