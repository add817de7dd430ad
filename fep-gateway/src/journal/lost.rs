//! Whether a journal still has what its gateway stored. If it does not, requests that were sent could be sent again, so the gateway
//! does not start unless it is told to.
//!
//! | what shows it | what happened |
//! |---|---|
//! | the file is not there or has no tables, its index is there | the journal was deleted or moved, or its write-ahead log was |
//! | the index has facts that the journal does not have | the write-ahead log was deleted, or an older copy was restored |
//! | the file of the newest number knows facts that the journal does not have | the same, and the index was behind or is gone |
//! | the index belongs to another journal | another journal was put in its place |
//! | the file was not closed, and neither its log nor its index is there | it was moved without them |

use std::path::Path;

use fep_protocol::fact::{Fact, What};
use fep_protocol::reason::JournalError;
use fep_protocol::trace::TraceHighWater;

use super::newest::{newest_of, newest_path};
use super::sqlite::closing::{look_at, look_at_index};
use super::sqlite::index::IndexReader;
use super::store::Stood;
#[cfg(any(feature = "postgres", feature = "simulation"))]
use super::store::{FactNumber, JournalId};
use super::whose::Whose;

/// A journal that is about to be opened.
#[derive(Clone, Copy, Debug)]
pub(super) struct Suspect<'o> {
    pub(super) path: &'o Path,
    pub(super) index: &'o Path,
    /// Whether to go on even if something is lost.
    pub(super) goes_on: bool,
    /// The present time, in milliseconds since 1970.
    pub(super) now_ms: i64,
}

impl Suspect<'_> {
    /// Looks for losses if the file is missing. Returns the facts with which a journal goes on that has lost others: trace numbers that
    /// the lost ones used are not used again.
    ///
    /// # Errors
    /// If something is lost and the gateway was not told to go on nevertheless.
    pub(super) fn if_missing(&self) -> Result<Vec<Fact>, JournalError> {
        if !self.index.exists() {
            return Ok(Vec::new());
        }
        let path = self.path.display();
        let index = self.index.display();
        let why = format!("{path} is missing, but its index {index} is there, so the journal was deleted or moved");
        self.go_on(&why, "To begin a new journal nevertheless")
    }

    /// Looks for losses if the file is there. The caller has its lock.
    ///
    /// # Errors
    /// The same, or if the file cannot be read.
    pub(super) fn if_there(&self) -> Result<Vec<Fact>, JournalError> {
        let found = look_at(self.path)?;
        let known = look_at_index(self.index);
        let path = self.path.display();
        let index = self.index.display();
        let why = match (found.journal, known) {
            (None, _) if !found.has_tables && self.index.exists() => format!(
                "{path} has no journal, but its index {index} is there, so the journal or its write-ahead log {path}-wal was deleted"
            ),
            (Some((journal, _)), Some((owner, _))) if journal != owner => {
                format!("{path} is another journal than that of its index {index}")
            }
            (Some((_, last)), Some((_, applied))) if applied > last => format!(
                "{path} ends with fact {last}, but its index {index} has facts up to {applied}, so the write-ahead log {path}-wal was \
                 deleted, or an older copy of the journal was restored"
            ),
            (Some((journal, last)), _)
                if newest_of(self.path).is_some_and(|(owner, newest)| owner == journal && newest > last) =>
            {
                let newest = newest_path(self.path);
                format!(
                    "{path} ends with fact {last}, but {} says that there were more, so the write-ahead log {path}-wal was deleted, or an \
                     older copy of the journal was restored",
                    newest.display()
                )
            }
            (_, None) if found.lacks_log => format!(
                "{path} was not closed, and its write-ahead log {path}-wal is not there, so the journal was moved without it"
            ),
            _ => return Ok(Vec::new()),
        };
        self.go_on(&why, "To go on without the lost facts nevertheless")
    }

    /// Looks for losses of a journal in a database, which has this name and ends with this fact. `place` is what people call it.
    ///
    /// # Errors
    /// If something is lost and the gateway was not told to go on nevertheless.
    #[cfg(any(feature = "postgres", feature = "simulation"))]
    pub(super) fn if_shared(
        &self,
        place: &str,
        journal: JournalId,
        last: FactNumber,
    ) -> Result<Vec<Fact>, JournalError> {
        let index = self.index.display();
        let newest = newest_of(self.path).filter(|(owner, _)| *owner == journal).map(|(_, newest)| newest);
        let why = match (look_at_index(self.index), newest) {
            (Some((owner, applied)), _) if owner != journal && applied > 0 => {
                format!("the {place} has another journal than that of the index {index}")
            }
            (Some((_, known)), _) | (_, Some(known)) if known > last => format!(
                "the {place} ends with fact {last}, but this gateway has stored facts up to {known}, so an older copy was restored, or \
                 another server took over that had not everything"
            ),
            _ => return Ok(Vec::new()),
        };
        self.go_on(&why, "To go on without the lost facts nevertheless")
    }

    fn go_on(&self, why: &str, nevertheless: &str) -> Result<Vec<Fact>, JournalError> {
        if !self.goes_on {
            return Err(JournalError::Failed(format!(
                "{why}. Without it, requests that were sent could be sent again. Restore it. {nevertheless}, start with --new-journal"
            )));
        }
        let reader = IndexReader::open(self.index);
        let known = reader.and_then(|reader| Ok((reader.traces()?, reader.standing(&Whose::default())?)));
        let (traces, standing) = known.unwrap_or_default();
        let facts = traces.into_iter().map(|(institution, high_water): (String, TraceHighWater)| Fact {
            what: What::Traces(high_water),
            ..Fact::new(institution.into(), self.now_ms)
        });
        let standing = standing.into_iter().map(|Stood { institution, standing, .. }| Fact {
            what: What::Standing,
            standing: Some(Box::new(standing)),
            ..Fact::new(institution.into(), self.now_ms)
        });
        Ok(facts.chain(standing).collect())
    }
}
