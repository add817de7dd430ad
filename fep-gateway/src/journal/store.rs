//! The seams of the journal: where facts are stored, and the index that is built from them. Only `sqlite` and `postgres` know SQL.

use std::sync::Arc;

use fep_protocol::exchange::TelegramBytes;
use fep_protocol::fact::{Class, Fact, SentClass, What};
use fep_protocol::mux::Unmatched;
use fep_protocol::reason::{JournalError, Mismatch};
use fep_protocol::standing::Standing;
use fep_protocol::trace::TraceHighWater;
use serde::{Deserialize, Serialize};

/// The place of a fact in the journal. Facts are numbered from 1 in the order in which they were stored.
pub(super) type FactNumber = u64;

/// The random name of a journal, which its index repeats.
pub(super) type JournalId = [u8; 16];

/// Facts that were stored with one write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Appended {
    /// The number of the first fact; the others follow.
    pub(super) first: FactNumber,
    /// The places of permissions in the write that another instance does not let us have, in their order, and why. They are not stored
    /// and have no numbers.
    pub(super) refused: Vec<(usize, JournalError)>,
}

impl Appended {
    /// All facts were stored.
    pub(super) fn all(first: FactNumber) -> Self {
        Self { first, refused: Vec::new() }
    }

    /// Whether the fact at this place was stored.
    pub(super) fn has(&self, place: usize) -> bool {
        self.refused.binary_search_by_key(&place, |(place, _)| *place).is_err()
    }
}

/// Stores facts, and never changes one. A fact is removed only after an archive has it.
pub(super) trait FactStore: Send {
    /// Stores these facts durably with one write, or none of them. Only permissions that another instance has already are left out.
    fn append(&mut self, facts: &[Fact]) -> Result<Appended, StoreError>;

    /// What became of the write that ended with [`StoreError::InDoubt`], or `None` if it was not stored and never will be. No other write
    /// is tried before.
    fn resolve(&mut self) -> Result<Option<Appended>, StoreError> {
        Ok(None)
    }

    /// The name of the instance that stores facts here, if several do.
    fn instance(&self) -> Option<Arc<str>> {
        None
    }

    /// Writes something durably that is not a fact. This proves that the store takes writes.
    fn probe(&mut self) -> Result<(), StoreError>;

    /// Removes some facts up to a number that are in an archive, at most `max`. Returns how many were removed.
    fn remove_archived(&mut self, _up_to: FactNumber, _max: usize) -> Result<usize, StoreError> {
        Ok(0)
    }

    /// Moves what is only in a write-ahead log into the file itself, durably.
    fn save_log(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    /// The reason why the store takes what has happened, but no permission should be given now.
    fn refusing(&self) -> Option<JournalError> {
        None
    }
}

/// Reads the facts of a journal. One connection.
pub(super) trait FactReads: Send {
    /// The random name of the journal.
    fn journal_id(&self) -> Result<JournalId, StoreError>;

    /// The number of the last fact, or 0.
    fn last(&self) -> Result<FactNumber, StoreError>;

    /// The later one of the times of the first and the last fact, in milliseconds since 1970.
    fn newest_ms(&self) -> Result<Option<i64>, StoreError>;

    /// The fact with this number, or `None` if there is none.
    fn get(&self, number: FactNumber) -> Result<Option<Fact>, StoreError>;

    /// Some facts after a number and up to another, at least one if there is any. The page ends when it has `count_max`
    /// facts or its telegrams have `bytes_max` bytes.
    fn page(
        &self,
        after: FactNumber,
        up_to: FactNumber,
        count_max: usize,
        bytes_max: usize,
    ) -> Result<Vec<(FactNumber, Fact)>, StoreError>;

    /// The same facts as those of [`FactReads::page`], of each only what a telegram needs.
    fn telegrams(
        &self,
        after: FactNumber,
        up_to: FactNumber,
        count_max: usize,
        bytes_max: usize,
    ) -> Result<Vec<(FactNumber, StoredTelegram)>, StoreError> {
        Ok(StoredTelegram::of_page(self.page(after, up_to, count_max, bytes_max)?))
    }

    /// What of the newest `max` facts happened since then, the newest first. Their times need not be in their order: a clock was set back, or another
    /// instance has another one.
    fn lately(&self, what: Lately, since_ms: i64, max: u32) -> Result<Vec<(FactNumber, Fact)>, StoreError>;

    /// The newest mark of what was removed on purpose.
    fn removal(&self) -> Result<Option<Removal>, StoreError>;

    /// The first fact that is sealed, or `None` if the journal is not encrypted.
    fn sealed_from(&self) -> Option<FactNumber>;

    /// Whether bodies are encrypted from some fact on.
    fn is_encrypted(&self) -> bool {
        self.sealed_from().is_some()
    }

    /// Whether a fact was stored before the journal was encrypted. `false` if it is not.
    fn is_older_than_encryption(&self, number: FactNumber) -> bool {
        self.sealed_from().is_some_and(|from| number < from)
    }
}

/// The telegram of a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StoredTelegram {
    /// The time of the fact, in milliseconds since 1970.
    pub(super) at_ms: i64,
    /// The bytes. Empty if there are none, or if they cannot be read.
    pub(super) bytes: TelegramBytes,
}

impl StoredTelegram {
    pub(super) fn of_page(page: Vec<(FactNumber, Fact)>) -> Vec<(FactNumber, Self)> {
        page.into_iter().map(|(number, fact)| (number, Self { at_ms: fact.at_ms, bytes: fact.bytes })).collect()
    }
}

/// What a new run looks for among the newest facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lately {
    /// Telegrams of ours, except replies.
    Sent,
    /// Answers that came to one instance and may belong to another: those that it passed on, and those for which nothing waited there while
    /// nobody could say whose they are.
    ForOthers,
}

impl Lately {
    /// The condition on the columns of a fact.
    pub(super) const fn condition(self) -> &'static str {
        match self {
            Self::Sent => "kind = 'sent' AND class <> 'reply'",
            Self::ForOthers => {
                "kind = 'received' AND (class = 'routed' OR (class = 'unmatched' AND reason_code = 'no_such_key'))"
            }
        }
    }

    /// Whether a fact is one of these.
    pub(super) fn takes(self, fact: &Fact) -> bool {
        match (self, fact.what) {
            (Self::Sent, What::Sent(class)) => class != SentClass::Reply,
            (Self::ForOthers, What::Received(Class::Routed)) => true,
            (Self::ForOthers, What::Received(Class::Unmatched)) => {
                let nobody_waits = Mismatch::Unmatched(Unmatched::NoSuchKey).code();
                fact.reason.as_ref().is_some_and(|reason| reason.code == nobody_waits)
            }
            (Self::Sent | Self::ForOthers, _) => false,
        }
    }
}

/// Reads facts in their order.
pub(super) trait FactSource: Send {
    /// The last fact, if others store facts, too. `None` if only the writer of this process does, who tells it.
    fn newest(&mut self) -> Result<Option<FactNumber>, StoreError> {
        Ok(None)
    }

    /// The facts after a number, at most `max` of them.
    fn after(&mut self, number: FactNumber, max: usize) -> Result<Vec<(FactNumber, Fact)>, StoreError>;
}

/// An index over the facts. It can be deleted and built again at any time.
pub(super) trait Index: Send {
    /// The number of the last fact that the index contains.
    fn applied(&self) -> FactNumber;

    /// Adds facts, which continue after [`Index::applied`], all or none of them.
    fn apply(&mut self, facts: &[(FactNumber, Fact)]) -> Result<(), StoreError>;
}

/// What was removed from a journal on purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Removal {
    /// The last fact that was removed. All before it were, too.
    pub(super) last: FactNumber,
    /// The exchanges that began in these facts were accepted before this time, in milliseconds since 1970. They are not listed any more.
    pub(super) before_ms: i64,
    /// When it was removed, in milliseconds since 1970.
    pub(super) at_ms: i64,
    /// The rule: `keep_days`.
    pub(super) keep_days: u32,
    /// The marks of trace numbers at that time, by institution.
    pub(super) traces: Vec<(String, TraceHighWater)>,
    /// What stood then. The facts that were removed said it, and no later one does.
    pub(super) standing: Vec<Stood>,
}

/// What holds for an institution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StoodRow", into = "StoodRow")]
pub(super) struct Stood {
    pub(super) institution: String,
    /// The fact that said so.
    pub(super) number: FactNumber,
    pub(super) standing: Standing,
    /// The instance at which it was said, or `""`: it holds at each.
    pub(super) instance: String,
}

/// The same in the mark of a removal. A journal of one gateway has no names of instances.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum StoodRow {
    AtOne(String, FactNumber, Standing, String),
    AtAll(String, FactNumber, Standing),
}

impl From<StoodRow> for Stood {
    fn from(row: StoodRow) -> Self {
        match row {
            StoodRow::AtOne(institution, number, standing, instance) => {
                Self { institution, number, standing, instance }
            }
            StoodRow::AtAll(institution, number, standing) => {
                Self { institution, number, standing, instance: String::new() }
            }
        }
    }
}

impl From<Stood> for StoodRow {
    fn from(stood: Stood) -> Self {
        let Stood { institution, number, standing, instance } = stood;
        match instance.is_empty() {
            true => Self::AtAll(institution, number, standing),
            false => Self::AtOne(institution, number, standing, instance),
        }
    }
}

/// The reason why a write or read failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum StoreError {
    /// The store cannot be used now. A later attempt may succeed.
    Unavailable(JournalError),
    /// It is not known whether the facts were stored. [`FactStore::resolve`] tells when the store can be asked again.
    #[cfg_attr(
        not(any(feature = "postgres", feature = "simulation")),
        expect(dead_code, reason = "a file always knows")
    )]
    InDoubt(JournalError),
    /// The store refuses this content, so an attempt with the same content fails again. This is a bug of the gateway.
    Refused(String),
}

impl From<StoreError> for JournalError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(error) | StoreError::InDoubt(error) => error,
            StoreError::Refused(why) => Self::Failed(why),
        }
    }
}
