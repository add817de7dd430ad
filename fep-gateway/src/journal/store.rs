//! The seams of the journal: where facts are stored, and the index that is built from them. Only `sqlite` knows SQL.

use fep_protocol::fact::Fact;
use fep_protocol::reason::JournalError;
use fep_protocol::standing::Standing;
use fep_protocol::trace::TraceHighWater;

/// The place of a fact in the journal. Facts are numbered from 1 in the order in which they were stored.
pub(super) type FactNumber = u64;

/// Stores facts, and never changes one. A fact is removed only after an archive has it.
pub(super) trait FactStore: Send {
    /// Stores all of these facts durably, or none of them. Returns the number of the first one; the others follow.
    fn append(&mut self, facts: &[Fact]) -> Result<FactNumber, StoreError>;

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

/// Reads facts in their order.
pub(super) trait FactSource: Send {
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
    /// What stood then, by institution, with the fact that said so. The facts that were removed said it, and no later one does.
    pub(super) standing: Vec<(String, FactNumber, Standing)>,
}

/// The reason why a write or read failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum StoreError {
    /// The store cannot be used now. A later attempt may succeed.
    Unavailable(JournalError),
    /// The store refuses this content, so an attempt with the same content fails again. This is a bug of the gateway.
    Refused(String),
}

impl From<StoreError> for JournalError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(error) => error,
            StoreError::Refused(why) => Self::Failed(why),
        }
    }
}
