//! The number of the newest fact, in a file of its own beside the journal.
//!
//! New facts are in the write-ahead log for a while, and the index follows some milliseconds behind. If both the process and the log
//! are gone, this file still says how far the journal went. It is written after each commit and never forced to the disk: it may be
//! behind its journal, but never ahead of it.

use std::fs::File;
use std::io::{Seek, Write};
use std::path::{Path, PathBuf};

use super::private;
use super::store::{FactNumber, JournalId};
use crate::hex::{hex, unhex};

/// The file.
#[derive(Debug)]
pub(super) struct Newest {
    path: PathBuf,
    file: File,
    journal: JournalId,
    is_failing: bool,
}

impl Newest {
    /// Opens or creates the file of a journal. Without it, a lost log may not be noticed, and business goes on.
    pub(super) fn open(path: &Path, journal: JournalId) -> Option<Self> {
        let path = newest_path(path);
        match private::open(&path) {
            Ok(file) => Some(Self { path, file, journal, is_failing: false }),
            Err(error) => {
                warn(&path, &error);
                None
            }
        }
    }

    /// Keeps the number of the newest fact.
    pub(super) fn set(&mut self, number: FactNumber) {
        // The same length each time, so that the line is overwritten in place.
        let line = format!("{} {number:020}\n", hex(&self.journal));
        let written = self.file.rewind().and_then(|()| self.file.write_all(line.as_bytes()));
        let was_failing = std::mem::replace(&mut self.is_failing, written.is_err());
        if let Some(error) = written.err().filter(|_| !was_failing) {
            warn(&self.path, &error);
        }
    }
}

/// The path of the file.
pub(super) fn newest_path(journal: &Path) -> PathBuf {
    private::beside(journal, ".newest")
}

/// The journal that the file belongs to, and its newest fact. `None` if there is no such file, or it does not say so.
pub(super) fn newest_of(journal: &Path) -> Option<(JournalId, FactNumber)> {
    let text = std::fs::read_to_string(newest_path(journal)).ok()?;
    let (journal, number) = text.trim_end().split_once(' ')?;
    Some((unhex(journal)?, number.parse().ok()?))
}

fn warn(path: &Path, error: &std::io::Error) {
    let path = path.display();
    tracing::warn!(%path, %error, "the number of the newest fact is not kept: if the write-ahead log is deleted after a crash, that may not be noticed");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_read_again_and_anything_else_says_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let journal = folder.path().join("journal.sqlite");
        assert_eq!(newest_of(&journal), None);
        let mut newest = Newest::open(&journal, [0xA5; 16]).unwrap();
        assert_eq!(newest_of(&journal), None, "nothing was stored yet");
        for number in [1, 12_345, FactNumber::MAX, 7] {
            newest.set(number);
            assert_eq!(newest_of(&journal), Some(([0xA5; 16], number)));
        }
        drop(newest);
        Newest::open(&journal, [0x5A; 16]).unwrap().set(3);
        assert_eq!(newest_of(&journal), Some(([0x5A; 16], 3)));
        let line = std::fs::read(newest_path(&journal)).unwrap();
        assert_eq!(line, format!("{} 00000000000000000003\n", "5a".repeat(16)).as_bytes());
        for damaged in ["", "\n", "5a5a 3\n", &"5a".repeat(16), &format!("{} x\n", "5a".repeat(16))] {
            std::fs::write(newest_path(&journal), damaged).unwrap();
            assert_eq!(newest_of(&journal), None, "{damaged:?}");
        }
    }
}
