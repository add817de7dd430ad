//! What the machines speak of: points in time, keys, places, and what a telegram is to us.
//!
//! The machines never look into a telegram. [`Telegrams`] does it for them; it is as pure as they are.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::exchange::TelegramBytes;

/// One reading of both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Never goes back: what deadlines are counted in.
    pub steady: Duration,
    /// Milliseconds since 1970: what telegrams and people read.
    pub wall_ms: i64,
}

/// What pairs an answer with its request: the meaning of the key fields, one by one, as [`Field::key_text`] has it.
///
/// A tuple and not a glued string: ("12", "3") is not ("1", "23").
///
/// Its Debug text shows none of them: an institution may pair telegrams by account number.
///
/// [`Field::key_text`]: fep_codec::Field::key_text
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Arc<[Box<str>]>);

impl Key {
    /// The key of these field contents, in the configured order. The journal keeps them in this form.
    pub fn new<F: Into<Box<str>>>(fields: impl IntoIterator<Item = F>) -> Self {
        Self(fields.into_iter().map(Into::into).collect())
    }

    /// The field contents, in the configured order.
    pub fn fields(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|field| &**field)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({} fields)", self.0.len())
    }
}

/// Numbers what a machine has under way: an exchange, a duty, or a reply to theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

/// One of the contracted links, by its place in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId {
    /// Which line, from 0.
    pub line: usize,
    /// Which of its links, from 0.
    pub link: usize,
}

/// One connection: a link and its incarnation. What belongs to one never reaches the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Incarnation {
    /// The link.
    pub link: LinkId,
    /// Which of its successive connections, from 1.
    pub number: u64,
}

/// The telegrams by which a session lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Duty {
    /// Opens business.
    SignOn,
    /// Closes it.
    SignOff,
    /// Shows that somebody is there.
    EchoTest,
}

impl Duty {
    /// The word that reasons and metrics use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SignOn => "sign-on",
            Self::SignOff => "sign-off",
            Self::EchoTest => "echo test",
        }
    }
}

/// A telegram of ours that expects an answer, ready for the wire.
#[derive(Clone, Debug)]
pub struct EncodedRequest {
    /// The telegram: `Transfer`.
    pub telegram: Arc<str>,
    /// Its bytes.
    pub bytes: TelegramBytes,
    /// What its answer must carry.
    pub key: Key,
    /// What its answer must be: `TransferAnswer`.
    pub answer: Arc<str>,
    /// The number that names it on the line, as text.
    pub trace: String,
    /// How long its answer is waited for.
    pub answer_timeout: Duration,
}

/// What received bytes are to us.
#[derive(Clone, Debug)]
pub enum Classified {
    /// An answer to something of ours.
    Answer {
        /// The telegram: `TransferAnswer`.
        telegram: Arc<str>,
        /// Whose it is.
        key: Key,
        /// For a duty: why it is not a yes.
        refused: Option<String>,
    },
    /// Their own sign-on, sign-off or echo test.
    Duty(Duty),
    /// A notice, which a service handles.
    Notice {
        /// The telegram: `DepositNotice`.
        telegram: Arc<str>,
    },
    /// A telegram of the spec that has no business on this line.
    Unexpected {
        /// The telegram.
        telegram: Arc<str>,
    },
    /// No telegram of the spec.
    Undecodable {
        /// Its key, if that could be read all the same.
        key: Option<Key>,
        /// What is wrong; shows no secret.
        why: String,
    },
}

/// Makes and reads telegrams of one institution's spec. Knows no clock: one reading is passed in per telegram.
pub trait Telegrams {
    /// A service's request, its trace number and clock fields still open.
    type Draft;

    /// The request's bytes.
    ///
    /// # Errors
    /// Why there are none, in words.
    fn request(&self, draft: &Self::Draft, trace: u64, now: Now) -> Result<EncodedRequest, String>;

    /// The bytes of a duty of ours.
    ///
    /// # Errors
    /// Why there are none, in words.
    fn duty(&self, duty: Duty, trace: u64, now: Now) -> Result<EncodedRequest, String>;

    /// The answer to a duty of theirs: yes.
    ///
    /// # Errors
    /// Why there is none, in words.
    fn accept(&self, duty: Duty, theirs: &[u8]) -> Result<TelegramBytes, String>;

    /// What these bytes are.
    fn read(&self, bytes: &[u8]) -> Classified;

    /// The business day, counted from 1970-01-01, on which trace numbers begin anew.
    fn day(&self, now: Now) -> i64;
}

impl<T: Telegrams> Telegrams for Arc<T> {
    type Draft = T::Draft;

    fn request(&self, draft: &Self::Draft, trace: u64, now: Now) -> Result<EncodedRequest, String> {
        T::request(self, draft, trace, now)
    }

    fn duty(&self, duty: Duty, trace: u64, now: Now) -> Result<EncodedRequest, String> {
        T::duty(self, duty, trace, now)
    }

    fn accept(&self, duty: Duty, theirs: &[u8]) -> Result<TelegramBytes, String> {
        T::accept(self, duty, theirs)
    }

    fn read(&self, bytes: &[u8]) -> Classified {
        T::read(self, bytes)
    }

    fn day(&self, now: Now) -> i64 {
        T::day(self, now)
    }
}
