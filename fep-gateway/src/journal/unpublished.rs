//! The events that a broker never takes: dead letters of publishing, one JSON object a line in the file `journal.sqlite.unpublished`.
//!
//! The facts stay in the journal, so an event can be made again. A person deletes the file.

use std::io::{BufRead, BufReader, ErrorKind, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

use fep_protocol::reason::JournalError;
use serde::Serialize;

use super::{Journal, private};

/// An event that a broker never takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct UnpublishedEvent {
    /// Its name, which contains the number of its fact.
    pub(crate) id: String,
    pub(crate) kind: String,
    /// When it happened, in milliseconds since 1970.
    pub(crate) at_ms: i64,
    /// What the broker said.
    pub(crate) why: String,
}

/// The maximum number of lines. Later ones are only in the log and the metric.
const LETTERS_MAX: usize = 10_000;

impl Journal {
    /// The number of events that are noted.
    pub(crate) async fn unpublished(&self) -> Result<usize, JournalError> {
        let inner = Arc::clone(&self.inner);
        self.read(move |_| count(&private::beside(inner.home.path(), ".unpublished"))).await
    }

    /// Notes an event durably. Returns how many are noted.
    pub(crate) async fn add_unpublished(&self, letter: UnpublishedEvent) -> Result<usize, JournalError> {
        let inner = Arc::clone(&self.inner);
        self.read(move |_| add(&private::beside(inner.home.path(), ".unpublished"), &letter)).await
    }
}

fn failed(path: &Path, error: &std::io::Error) -> JournalError {
    JournalError::Failed(format!("{}: {error}", path.display()))
}

fn count(path: &Path) -> Result<usize, JournalError> {
    match std::fs::File::open(path) {
        Ok(file) => Ok(BufReader::new(file).split(b'\n').take(LETTERS_MAX).map_while(Result::ok).count()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
        Err(error) => Err(failed(path, &error)),
    }
}

fn add(path: &Path, letter: &UnpublishedEvent) -> Result<usize, JournalError> {
    let known = count(path)?;
    if known >= LETTERS_MAX {
        return Ok(known);
    }
    let added = || {
        let mut line = serde_json::to_vec(letter)?;
        line.push(b'\n');
        let mut file = private::open(path)?;
        file.seek(SeekFrom::End(0))?;
        file.write_all(&line)?;
        file.sync_all()
    };
    added().map_err(|error| failed(path, &error))?;
    Ok(known + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_lines_and_outlive_their_process() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.sqlite.unpublished");
        assert_eq!(count(&path).unwrap(), 0);
        let letter = |number: u32| UnpublishedEvent {
            id: format!("aa-{number}-5"),
            kind: "exchange_ended".to_owned(),
            at_ms: 5,
            why: "too large\nfor the topic".to_owned(),
        };
        assert_eq!((add(&path, &letter(1)).unwrap(), add(&path, &letter(2)).unwrap()), (1, 2));
        assert_eq!(count(&path).unwrap(), 2);
    }
}
