//! The mark that says how far the facts of a journal have been published. Facts behind it are not deleted, however old they are.
//!
//! It is the file `journal.sqlite.published`, or in a database a row: then the next gateway goes on from there. Who publishes is not the business
//! of this module.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use fep_protocol::reason::JournalError;
use serde::{Deserialize, Serialize};

#[cfg(feature = "postgres")]
use super::postgres::mark::PublishedRow;
use super::private;
use super::store::{FactNumber, JournalId};
use crate::hex::hex;

/// The last fact that has been published.
#[derive(Debug)]
pub(super) struct Mark {
    number: AtomicU64,
    keeper: Keeper,
}

/// Where a mark is kept.
#[derive(Debug)]
enum Keeper {
    /// In a file, with the name of the journal.
    File(PathBuf, JournalId),
    #[cfg(feature = "postgres")]
    Postgres(PublishedRow),
}

/// The content of the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    journal: String,
    published: FactNumber,
}

impl Mark {
    /// Reads the mark of a journal. A mark of another journal that was here before does not count.
    pub(super) fn of(journal: &Path, id: JournalId) -> Result<Self, JournalError> {
        let path = path_of(journal);
        let content = read(&path)?.filter(|content| content.journal == hex(&id));
        let number = AtomicU64::new(content.map_or(FactNumber::MAX, |content| content.published));
        Ok(Self { number, keeper: Keeper::File(path, id) })
    }

    /// Reads the mark of a journal in a database.
    #[cfg(feature = "postgres")]
    pub(super) fn in_database(row: PublishedRow) -> Result<Self, JournalError> {
        let number = AtomicU64::new(row.read()?.unwrap_or(FactNumber::MAX));
        Ok(Self { number, keeper: Keeper::Postgres(row) })
    }

    /// The last fact that has been published, or `None` if there is no mark.
    pub(super) fn published(&self) -> Option<FactNumber> {
        Some(self.number.load(Ordering::Relaxed)).filter(|number| *number != FactNumber::MAX)
    }

    /// Whether this gateway publishes, and not another one that shares the journal. If so, the mark is where the last one left it.
    pub(super) fn claim(&self) -> Result<bool, JournalError> {
        match &self.keeper {
            Keeper::File(..) => Ok(true),
            #[cfg(feature = "postgres")]
            Keeper::Postgres(row) => {
                let is_ours = row.claim()?;
                if is_ours {
                    self.number.store(row.read()?.unwrap_or(FactNumber::MAX), Ordering::Relaxed);
                }
                Ok(is_ours)
            }
        }
    }

    /// Moves the mark durably.
    pub(super) fn set(&self, published: FactNumber) -> Result<(), JournalError> {
        match &self.keeper {
            Keeper::File(path, id) => {
                let content = Content { journal: hex(id), published };
                let written = serde_json::to_vec(&content).map_err(Into::into);
                let written = written.and_then(|content| private::replace(path, &content));
                written
                    .map_err(|error: std::io::Error| JournalError::Failed(format!("{}: {error}", path.display())))?;
            }
            #[cfg(feature = "postgres")]
            Keeper::Postgres(row) => row.set(published)?,
        }
        self.number.store(published, Ordering::Relaxed);
        Ok(())
    }
}

/// The path of the file.
pub(super) fn path_of(journal: &Path) -> PathBuf {
    private::beside(journal, ".published")
}

fn read(path: &Path) -> Result<Option<Content>, JournalError> {
    let failed = |why: String| JournalError::Failed(format!("{}: {why}", path.display()));
    match std::fs::read(path) {
        Ok(text) => serde_json::from_slice(&text).map(Some).map_err(|error| {
            let advice = "restore a copy, or delete it to begin to publish with the next new fact";
            failed(format!("this is not a mark of published facts ({error}): {advice}"))
        }),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_outlives_its_process_and_belongs_to_one_journal() {
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("journal.sqlite");
        let mark = Mark::of(&journal, [7; 16]).unwrap();
        assert_eq!(mark.published(), None);
        mark.set(41).unwrap();
        mark.set(42).unwrap();
        let text = std::fs::read_to_string(folder.path().join("journal.sqlite.published")).unwrap();
        assert_eq!(text, r#"{"journal":"07070707070707070707070707070707","published":42}"#);
        assert_eq!(Mark::of(&journal, [7; 16]).unwrap().published(), Some(42));
        assert_eq!(Mark::of(&journal, [8; 16]).unwrap().published(), None);
    }

    #[test]
    fn a_damaged_mark_is_named_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("journal.sqlite");
        for damage in ["", "{}", r#"{"journal":"07","published":-1}"#, r#"{"journal":"07","published":1}x"#] {
            std::fs::write(folder.path().join("journal.sqlite.published"), damage).unwrap();
            let why = Mark::of(&journal, [7; 16]).unwrap_err().to_string();
            assert!(why.contains("journal.sqlite.published: this is not a mark of published facts"), "{why}");
            assert!(why.contains("delete it to begin to publish with the next new fact"), "{why}");
        }
    }
}
