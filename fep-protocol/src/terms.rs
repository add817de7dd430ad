//! The terms of the state machines: points in time, keys, links, and the meaning of a telegram.
//!
//! The machines never look into a telegram themselves. They use [`Telegrams`], which is as pure as they are.

mod telegrams;

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use self::telegrams::Telegrams;
use crate::exchange::TelegramBytes;

/// One reading of the clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// The steady clock, which never goes back. Deadlines use it.
    pub steady: Duration,
    /// The wall clock, in milliseconds since 1970. People and the journal use it.
    pub wall_ms: i64,
    /// The business clock, in milliseconds since 1970: the dates and times in telegrams, trace numbers and hours follow it. It shows
    /// what the wall clock shows, unless a test sets it.
    pub business_ms: i64,
}

impl Now {
    /// A reading of clocks without a business clock of their own.
    #[must_use]
    pub const fn new(steady: Duration, wall_ms: i64) -> Self {
        Self { steady, wall_ms, business_ms: wall_ms }
    }
}

/// The values that pair an answer with its request: the value of each key field as text, as [`Field::key_text`] returns it.
///
/// The values form a tuple, not one joined string: ("12", "3") is not ("1", "23").
///
/// The Debug text does not show the values, because an institution may pair telegrams by account number.
///
/// [`Field::key_text`]: fep_codec::Field::key_text
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(
    /// Each value behind its length: `2:12`, `1:3`. One piece is hashed and compared faster than several.
    Arc<str>,
);

impl Key {
    /// Creates a key from the values of the key fields, in the configured order.
    pub fn new<F: AsRef<str>>(fields: impl IntoIterator<Item = F>) -> Self {
        let mut text = String::with_capacity(KEY_BYTES);
        for field in fields {
            let field = field.as_ref();
            text.push_str(&field.len().to_string());
            text.push(':');
            text.push_str(field);
        }
        Self(text.into())
    }

    /// Whether there are no key fields: an answer is told by its link alone.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The values of the key fields, in the configured order.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        let mut rest = &*self.0;
        std::iter::from_fn(move || {
            let (len, behind) = rest.split_once(':')?;
            let (field, behind) = behind.split_at_checked(len.parse().ok()?)?;
            rest = behind;
            Some(field)
        })
    }
}

/// The room for a key of usual length, in bytes. Longer ones grow.
const KEY_BYTES: usize = 48;

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({} fields)", self.fields().count())
    }
}

/// The number of one piece of work of a machine: an exchange, a duty of ours, or our reply to a telegram of the
/// institution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// Values by ticket.
pub type TicketMap<V> = HashMap<Ticket, V, BuildHasherDefault<TicketHasher>>;

/// Spreads tickets. They are counted by the machine itself, so nobody can choose them so that they collide.
#[derive(Clone, Copy, Debug, Default)]
pub struct TicketHasher(u64);

impl Hasher for TicketHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u64(&mut self, number: u64) {
        // The table uses the highest and the lowest bits. An odd factor of high weight reaches both.
        self.0 = (self.0 ^ number).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 ^= self.0 >> 32;
    }
}

/// One of the contracted links, by its position in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId {
    /// The index of the line, from 0.
    pub line: usize,
    /// The index of the link in its line, from 0.
    pub link: usize,
}

/// Which telegrams a line carries. Some institutions have separate lines for each direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LineDuty {
    /// All telegrams.
    #[default]
    Both,
    /// What the gateway sends: requests, sign-ons, echo tests, and its answers. The institution may answer here or on another line.
    Send,
    /// What the institution sends. The gateway writes nothing: its answers go over a line that sends.
    Receive,
    /// What the institution sends without being asked, and the gateway's answers to it.
    Answer,
}

impl LineDuty {
    /// Whether the gateway sends requests and duties of its own on the line.
    #[must_use]
    pub fn sends(self) -> bool {
        matches!(self, Self::Both | Self::Send)
    }

    /// Whether the answers to our requests come on the line, and we write nothing on it.
    #[must_use]
    pub fn only_receives(self) -> bool {
        self == Self::Receive
    }

    /// Whether the gateway may write its answers to the institution on the line.
    #[must_use]
    pub fn replies(self) -> bool {
        self != Self::Receive
    }

    /// The word in the configuration and in `/v1/lines`: `both`, `send`, `receive`, `answer`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::Send => "send",
            Self::Receive => "receive",
            Self::Answer => "answer",
        }
    }
}

/// One connection: a link and the number of its connection. Data of one connection never reaches the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Incarnation {
    /// The link.
    pub link: LinkId,
    /// The number of the connection among the successive connections of the link, from 1.
    pub number: u64,
}

/// The network management telegrams of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Duty {
    /// Opens business on the link.
    SignOn,
    /// Closes business on the link.
    SignOff,
    /// Tests whether the other side is alive.
    EchoTest,
}

impl Duty {
    /// The name used in reasons and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SignOn => "sign-on",
            Self::SignOff => "sign-off",
            Self::EchoTest => "echo test",
        }
    }
}

/// The priority of a request. Inquiries and reversals have a reserved share of each limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// It undoes an unknown request.
    Reversal,
    /// It asks for the result of an unknown request.
    Inquiry,
    /// A customer waits for it.
    Customer,
    /// Nobody waits for it.
    Batch,
}

impl Priority {
    /// All priorities, the highest first.
    pub const ALL: [Self; 4] = [Self::Reversal, Self::Inquiry, Self::Customer, Self::Batch];

    /// The stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Reversal => "reversal",
            Self::Inquiry => "inquiry",
            Self::Customer => "customer",
            Self::Batch => "batch",
        }
    }

    /// Whether a share of each limit is reserved for this priority.
    #[must_use]
    pub fn is_privileged(self) -> bool {
        matches!(self, Self::Reversal | Self::Inquiry)
    }
}

/// The meaning of a notice of the institution about its business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum BusinessNotice {
    /// Business begins (개시). An accepted sign-on means the same.
    Open,
    /// Business will end soon (종료예고).
    EndNotice,
    /// Business has ended (종료).
    End,
    /// Business is disturbed (장애).
    Fault,
    /// Business works again (복구).
    Recovery,
}

/// What a notice, or the lack of hours, stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Stops {
    /// Nothing.
    Nothing,
    /// Requests of customers and batches. Inquiries and reversals start.
    New,
    /// All telegrams but those that are allowed outside hours.
    All,
}

impl BusinessNotice {
    /// All notices, with their words in the configuration.
    pub const ALL: [(&'static str, Self); 5] = [
        ("open", Self::Open),
        ("end_notice", Self::EndNotice),
        ("end", Self::End),
        ("fault", Self::Fault),
        ("recovery", Self::Recovery),
    ];

    /// What the notice stops if the configuration says nothing else.
    #[must_use]
    pub fn stops(self) -> Stops {
        match self {
            Self::Open | Self::Recovery => Stops::Nothing,
            Self::EndNotice => Stops::New,
            Self::End | Self::Fault => Stops::All,
        }
    }
}

/// A telegram of the institution that opens or stops business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BusinessSign {
    /// The name of the telegram.
    pub telegram: Arc<str>,
    /// Its meaning.
    pub notice: BusinessNotice,
    /// What it stops.
    pub stops: Stops,
    /// Whether the gateway answers it.
    pub is_answered: bool,
}

/// What decides when a request starts, before it is encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Demand {
    /// The name of the telegram: `Transfer`.
    pub telegram: Arc<str>,
    /// Its business code. `None` if nothing depends on it.
    pub business: Option<Arc<str>>,
    /// Its priority.
    pub priority: Priority,
    /// The time from its acceptance until its outcome is told.
    pub answer_timeout: Duration,
}

impl Demand {
    /// The time from its acceptance in which a request must be written. The rest is the institution's: a request that is
    /// written at the last moment would be unknown although the institution did nothing wrong.
    #[must_use]
    pub fn start_timeout(&self) -> Duration {
        start_timeout(self.answer_timeout)
    }
}

/// Half of the answer timeout.
#[must_use]
pub fn start_timeout(answer_timeout: Duration) -> Duration {
    answer_timeout / 2
}

/// A telegram of ours that expects an answer, encoded for the wire.
#[derive(Clone, Debug)]
pub struct EncodedRequest {
    /// The name of the telegram: `Transfer`.
    pub telegram: Arc<str>,
    /// Its bytes.
    pub bytes: TelegramBytes,
    /// The key that its answer must carry.
    pub key: Key,
    /// The name of the telegram that its answer must be: `TransferAnswer`.
    pub answer: Arc<str>,
    /// The trace number, as text.
    pub trace: String,
    /// The time from its acceptance until it is unknown. A duty is accepted when it is made.
    pub answer_timeout: Duration,
}

/// The meaning of received bytes.
#[derive(Clone, Debug)]
pub enum Classified {
    /// An answer to a telegram of ours.
    Answer {
        /// The name of the telegram: `TransferAnswer`.
        telegram: Arc<str>,
        /// The key, which says whose answer it is.
        key: Key,
        /// For the answer to a duty: the reason why it is not a yes.
        refused: Option<String>,
        /// Whether the institution says that it is busy.
        is_busy: bool,
    },
    /// The institution's own sign-on, sign-off or echo test.
    Duty(Duty),
    /// A frame that only shows that the institution is alive. It need not be a telegram of the spec.
    Poll(Poll),
    /// A notice, which a service handles.
    Notice {
        /// The name of the telegram: `DepositNotice`.
        telegram: Arc<str>,
    },
    /// A telegram of the spec that is not expected on this line.
    Unexpected {
        /// The name of the telegram.
        telegram: Arc<str>,
    },
    /// Bytes that are not a telegram of the spec.
    Undecodable {
        /// The key, if it could be read nevertheless.
        key: Option<Key>,
        /// The reason, which shows no secret.
        why: String,
    },
}

/// A frame that only shows that the other side is alive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Poll {
    /// Whether it may be the answer to a poll of ours.
    pub is_answer: bool,
    /// Whether the institution polls with it.
    pub is_request: bool,
    /// The frame that answers it, if it is to be answered.
    pub answer: Option<TelegramBytes>,
}

/// The name of a poll of ours, and of its answer, in place of the name of a telegram.
pub const POLL: &str = "poll";

/// Who has the request with a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyOwner {
    /// This instance.
    Instance(Arc<str>),
    /// Nobody has it, as far as is known.
    Nobody,
}
