//! How much room a journal takes on its disks, file by file, and what holds back the deletion of old archives.

use std::path::{Path, PathBuf};

use fep_protocol::reason::JournalError;

use super::index_path;
use super::mark::{self, Mark};
use super::newest::newest_path;
#[cfg(feature = "postgres")]
use super::postgres::looking;
use super::private::beside;
use super::reading::{JournalFiles, JournalPlace};
use super::sqlite::index::IndexReader;
use super::store::FactNumber;
use super::tables::TableUsage;
use crate::time::Rfc3339;

/// The room that a journal takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The files with facts, from the oldest facts on.
    pub files: Vec<FileUsage>,
    /// The tables, if the journal is in a database.
    pub tables: Option<TableUsage>,
    /// The files beside the journal: the index, write-ahead logs and the reserve, with their lengths in bytes.
    pub others: Vec<(PathBuf, u64)>,
    /// What was removed on purpose, as a sentence.
    pub removed: Option<String>,
    /// What is needed and holds back the deletion of everything behind it, as sentences.
    pub held_by: Vec<String>,
}

/// One file with facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileUsage {
    /// Its path.
    pub path: PathBuf,
    /// Its length, in bytes.
    pub bytes: u64,
    /// How much of its length is free for new facts, in bytes.
    pub free_bytes: u64,
    /// Its first fact.
    pub first: u64,
    /// Its last fact.
    pub last: u64,
    /// The time of its first fact, in milliseconds since 1970.
    pub from_ms: i64,
    /// The time of its last fact, in milliseconds since 1970.
    pub to_ms: i64,
}

/// What a journal takes on its disks, or in its database.
///
/// # Errors
/// If a file cannot be read.
pub fn usage(place: &JournalPlace) -> Result<Usage, JournalError> {
    let files = JournalFiles::open_at(place, None)?;
    let mut found = Vec::new();
    #[cfg(feature = "postgres")]
    let shared = files.database().map(looking::usage).transpose()?;
    #[cfg(not(feature = "postgres"))]
    let shared: Option<TableUsage> = None;
    for (path, first, last) in files.spans().filter(|_| shared.is_none()) {
        let (from_ms, to_ms) = files.times(path)?;
        let free_bytes = files.free_bytes(path)?;
        found.push(FileUsage { path: path.to_owned(), bytes: len(path), free_bytes, first, last, from_ms, to_ms });
    }
    let journal = files.current();
    let index = index_path(journal);
    let mut others = vec![index.clone(), beside(&index, "-wal"), newest_path(journal)];
    if shared.is_none() {
        others.extend([beside(journal, "-wal"), beside(journal, ".reserve"), mark::path_of(journal)]);
    }
    let others = others.into_iter().map(|path| (len(&path), path)).filter(|(len, _)| *len > 0);
    let removed = files.removal()?.map(|removal| removal.sentence());
    let published = match &shared {
        Some(shared) => shared.published,
        None => Mark::of(journal, files.journal_id())?.published(),
    };
    let published = published.filter(|published| *published < files.last());
    Ok(Usage {
        files: found,
        tables: shared,
        others: others.map(|(len, path)| (path, len)).collect(),
        removed,
        held_by: held_by(&index, published)?,
    })
}

fn held_by(index: &Path, published: Option<FactNumber>) -> Result<Vec<String>, JournalError> {
    let unpublished = |number| format!("the events of the facts after {number} have not been published");
    let mut held: Vec<String> = published.map(unpublished).into_iter().collect();
    if !index.exists() {
        return Ok(held);
    }
    let index = IndexReader::open(index)?;
    if index.state()?.is_none() {
        return Ok(held);
    }
    if let Some((id, _)) = index.oldest_needed()? {
        let accepted = Rfc3339(id.accepted_at_ms());
        held.push(format!(
            "exchange {id}, accepted {accepted}, has no outcome, or its settlement goes on or needs a person"
        ));
    }
    if let Some(fact) = index.oldest_open_notice()? {
        held.push(format!("the notice of fact {fact} is not delivered, or has no answer"));
    }
    if let Some(fact) = index.oldest_open_exception()? {
        held.push(format!("the reconciliation of fact {fact} has open exceptions"));
    }
    Ok(held)
}

/// The length of a file, or 0 if there is none.
fn len(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |found| found.len())
}
