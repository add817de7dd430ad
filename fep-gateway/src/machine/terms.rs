//! What the machines speak of: points in time, keys, places, and what a telegram is to us.
//!
//! The machines never look into a telegram. [`Telegrams`] does it for them; it is as pure as they are.

use std::fmt;
use std::fmt::Write;
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

/// What pairs an answer with its request: the bytes of the key fields, one by one, blanks around them removed.
///
/// A tuple and not a glued string: ("12", "3") is not ("1", "23").
///
/// Its Debug text shows none of them: an institution may pair telegrams by account number.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Arc<[Box<[u8]>]>);

impl Key {
    /// The key of these field contents, in the configured order.
    pub fn new<'f>(fields: impl IntoIterator<Item = &'f [u8]>) -> Self {
        Self(fields.into_iter().map(|field| Box::from(field.trim_ascii())).collect())
    }

    /// The fields as text, for the journal: as they are if they are ASCII text, else `0x` and their hex digits.
    pub fn fields(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|field| match std::str::from_utf8(field) {
            Ok(text) if field.iter().all(u8::is_ascii) && !text.starts_with(HEX) => text.to_owned(),
            _ => field.iter().fold(HEX.to_owned(), |mut hex, byte| {
                // Writing into a String cannot fail.
                let _ = write!(hex, "{byte:02x}");
                hex
            }),
        })
    }

    /// The key that has these [`Key::fields`].
    #[must_use]
    pub fn from_fields(fields: &[String]) -> Self {
        Self(
            fields.iter().map(|field| field.strip_prefix(HEX).map_or_else(|| field.as_bytes().into(), unhex)).collect(),
        )
    }
}

const HEX: &str = "0x";

fn unhex(digits: &str) -> Box<[u8]> {
    let pairs = digits.as_bytes().chunks(2).filter_map(|pair| std::str::from_utf8(pair).ok());
    pairs.filter_map(|pair| u8::from_str_radix(pair, 16).ok()).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_survives_the_journal_whatever_its_bytes() {
        let packed = [&[0x01, 0x23, 0x4F][..], &[0xF0, 0xF1], b"000123", b"0x12", b"", "김".as_bytes()];
        let key = Key::new(packed);
        let fields: Vec<_> = key.fields().collect();
        assert_eq!(fields[..5], ["\u{1}#O", "0xf0f1", "000123", "0x30783132", ""]);
        assert_eq!(Key::from_fields(&fields), key);
        assert_ne!(Key::from_fields(&["0xf0f1".to_owned()]), Key::from_fields(&["0xf0f2".to_owned()]));
    }
}
