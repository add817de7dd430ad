//! The words of the gateway: exchange, outcome, line, link, event.
//!
//! Plain values that everything else speaks in: the machines decide them, the journal keeps them, HTTP and the console show
//! them. Nothing here acts.

use std::fmt;
use std::ops::Deref;

use bytes::Bytes;
use serde::Serialize;

/// Names one exchange for ever. Sorts by time of acceptance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct ExchangeId(pub String);

impl ExchangeId {
    /// What the names of exchanges begin with that were accepted in this millisecond.
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

/// A telegram's bytes. Any of them may be secret, so their Debug text says only how many there are.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct TelegramBytes(Bytes);

impl TelegramBytes {
    /// A copy of these.
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

/// How an exchange ended. There is no "failed": a decline is an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The institution's answer came and could be read.
    Answered,
    /// Proved: no byte was handed to the kernel.
    NotSent,
    /// At least one byte was, or might have been, and no answer came.
    Unknown,
}

impl Outcome {
    /// The word in journal, HTTP and metrics: `answered`, `not_sent`, `unknown`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::NotSent => "not_sent",
            Self::Unknown => "unknown",
        }
    }

    /// The outcome with this [`Outcome::name`].
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Answered, Self::NotSent, Self::Unknown].into_iter().find(|outcome| outcome.name() == name)
    }
}

/// One request with its outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// Its name.
    pub id: ExchangeId,
    /// The counterpart.
    pub institution: String,
    /// The request's telegram: `Transfer`.
    pub telegram: String,
    /// None while it runs.
    pub outcome: Option<Outcome>,
    /// What made an unknown certain later: `late answer`.
    pub settled_by: Option<String>,
    /// The number that names the telegram on the line, as text.
    pub trace: String,
    /// Why it is not answered, as a sentence.
    pub reason: Option<String>,
    /// The reason's stable code, as in [`machine::reason`](crate::machine::reason). `None` for an exchange that ended before
    /// the journal had codes.
    pub reason_code: Option<String>,
    /// The line that carried it, and the link's incarnation.
    pub line: Option<(String, u64)>,
    /// The bytes on the wire; empty if they never came to be.
    pub request: TelegramBytes,
    /// The answer, once there is one.
    pub answer: Option<Answer>,
    /// When it was accepted, in milliseconds since 1970.
    pub accepted_at_ms: i64,
    /// When its final state was reached, in milliseconds since 1970.
    pub ended_at_ms: Option<i64>,
}

/// An institution's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The answer's telegram: `TransferAnswer`.
    pub telegram: String,
    /// The bytes as they came.
    pub bytes: TelegramBytes,
}

/// What a line and its links are doing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LineStatus {
    /// The counterpart.
    pub institution: String,
    /// The line's name in the configuration.
    pub line: String,
    /// Where it connects to.
    pub address: String,
    /// The contracted number of links, each as it is now.
    pub links: Vec<LinkStatus>,
    /// Exchanges on the line that wait for their answer.
    pub inflight: usize,
    /// The most that may wait.
    pub inflight_max: usize,
    /// How often a link was lost since the start.
    pub reconnects: u64,
    /// What went wrong last, as a sentence.
    pub last_error: Option<String>,
    /// Its stable code, as in [`machine::reason`](crate::machine::reason).
    pub last_error_code: Option<&'static str>,
}

/// One link of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LinkStatus {
    /// Counts the connections of this link; an answer never crosses from one to the next.
    pub incarnation: u64,
    /// What it is doing.
    pub state: LinkState,
    /// Since when, in milliseconds since 1970.
    pub since_ms: i64,
    /// The last byte received, in milliseconds since 1970.
    pub last_rx_ms: Option<i64>,
    /// The last byte sent, in milliseconds since 1970.
    pub last_tx_ms: Option<i64>,
    /// The last echo test's round trip in microseconds.
    pub echo_round_trip_us: Option<u64>,
}

/// The stages of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// No connection; waiting to try again.
    Down,
    /// Waiting for the connection.
    Connecting,
    /// Connected; business is not open yet.
    SigningOn,
    /// Carries business telegrams.
    Up,
    /// Closing business; what is in flight may still be answered.
    SigningOff,
}

/// What the console and subscribers hear.
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
