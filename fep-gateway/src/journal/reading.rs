//! Reads the facts of journal files in their order, also while a gateway writes them. It changes nothing.
//!
//! The facts are read page by page, and no page keeps a transaction open: a slow reader does not make the write-ahead log of
//! the gateway grow. What the gateway stores after the opening is not read, so reading ends.

use std::path::{Path, PathBuf};

use fep_protocol::exchange::ExchangeId;
use fep_protocol::fact::Fact;
use fep_protocol::reason::JournalError;

use super::sqlite::facts::FactReader;

/// The maximum number of facts in a page.
const PAGE_COUNT_MAX: usize = 2048;

/// The number of bytes of telegrams after which a page ends.
const PAGE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// The maximum number of journal files that are read together.
pub const FILES_MAX: usize = 1024;

/// Journal files of one journal that are read one after the other.
#[derive(Debug)]
pub struct JournalFiles {
    files: Vec<JournalFile>,
    /// The file that is read now.
    at: usize,
    /// The last fact that was read.
    read: u64,
}

/// One file.
#[derive(Debug)]
struct JournalFile {
    path: PathBuf,
    facts: FactReader,
    first: u64,
    /// The last fact that was there when the file was opened.
    last: u64,
}

/// Which facts to read. An empty filter lets all pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FactFilter {
    /// The earliest time, in milliseconds since 1970.
    pub since_ms: Option<i64>,
    /// The time before which facts must be, in milliseconds since 1970.
    pub until_ms: Option<i64>,
    /// The institution.
    pub institution: Option<String>,
    /// The exchange.
    pub exchange: Option<ExchangeId>,
}

impl JournalFiles {
    /// Opens files of one journal. A folder stands for all journal files in it. A fact that several files have is read once.
    ///
    /// # Errors
    /// If a file is missing, is not a journal, has another version, or belongs to another journal than the first one.
    pub fn open(paths: &[PathBuf]) -> Result<Self, JournalError> {
        let mut files = Vec::new();
        let mut journal = None;
        for path in files_of(paths)? {
            let failed = |error| named(&path, error);
            let facts = FactReader::open_existing(&path)?;
            let id = facts.journal_id().map_err(failed)?;
            if *journal.get_or_insert(id) != id {
                return Err(refused(&path, "this file belongs to another journal than the first one"));
            }
            let last = facts.last().map_err(failed)?;
            let first = facts.first().map_err(failed)?;
            files.extend(first.map(|first| JournalFile { path: path.clone(), facts, first, last }));
        }
        files.sort_by_key(|file| file.first);
        Ok(Self { files, at: 0, read: 0 })
    }

    /// The next facts in the order of their numbers, or an empty list at the end.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn next_page(&mut self) -> Result<Vec<(u64, Fact)>, JournalError> {
        while let Some(file) = self.files.get(self.at) {
            let page = file.facts.page(self.read, file.last, PAGE_COUNT_MAX, PAGE_BYTES_MAX);
            let page = page.map_err(|error| named(&file.path, error))?;
            if let Some((number, _)) = page.last() {
                self.read = *number;
                return Ok(page);
            }
            self.at += 1;
        }
        Ok(Vec::new())
    }
}

impl FactFilter {
    /// Whether the filter lets a fact pass.
    #[must_use]
    pub fn passes(&self, fact: &Fact) -> bool {
        self.since_ms.is_none_or(|since| fact.at_ms >= since)
            && self.until_ms.is_none_or(|until| fact.at_ms < until)
            && self.institution.as_deref().is_none_or(|name| name == &*fact.institution)
            && self.exchange.is_none_or(|id| fact.exchange == Some(id))
    }
}

/// The files that the paths stand for.
fn files_of(paths: &[PathBuf]) -> Result<Vec<PathBuf>, JournalError> {
    let mut files = Vec::new();
    for path in paths {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let before = files.len();
        for entry in std::fs::read_dir(path).map_err(|error| refused(path, &error.to_string()))? {
            let entry = entry.map_err(|error| refused(path, &error.to_string()))?.path();
            if is_journal_name(&entry) {
                files.push(entry);
            }
            if files.len() > FILES_MAX {
                return Err(refused(path, &format!("there are more than {FILES_MAX} journal files")));
            }
        }
        if files.len() == before {
            return Err(refused(path, "there is no journal file (*.sqlite) in this folder"));
        }
    }
    files.sort();
    files.dedup();
    Ok(files)
}

/// Whether a file in a folder is a journal by its name, and not an index.
fn is_journal_name(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.ends_with(".sqlite") && !name.ends_with(".index.sqlite")
}

fn refused(path: &Path, why: &str) -> JournalError {
    JournalError::Failed(format!("{}: {why}", path.display()))
}

/// Adds the path of a file to an error.
fn named(path: &Path, error: impl Into<JournalError>) -> JournalError {
    refused(path, &error.into().to_string())
}
