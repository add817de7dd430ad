//! Reads the facts of a journal in their order, also while a gateway writes them. It changes nothing. The journal is in files, or in a database.
//!
//! The facts are read page by page, and no page keeps a transaction open: a slow reader does not make the write-ahead log of
//! the gateway grow. What the gateway stores after the opening is not read, so reading ends.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use fep_protocol::exchange::ExchangeId;
use fep_protocol::fact::Fact;
use fep_protocol::reason::JournalError;

pub use self::place::JournalPlace;
use self::place::{Open, Where};
use super::seal::{KeyId, KeyRing, Unreadable};
use super::sealing::Access;
use super::sqlite::facts::FactReader;
use super::store::{FactNumber, FactReads, JournalId, Removal, StoreError, StoredTelegram};

mod place;

/// The maximum number of facts in a page.
const PAGE_COUNT_MAX: usize = 2048;

/// The number of bytes of telegrams after which a page ends.
const PAGE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// How many times of facts are read together.
const TIMES_MAX: u32 = 16_384;

/// How many facts are read together when some of them are wanted.
const TOGETHER_COUNT: usize = 256;

/// The maximum number of journal files that are read together.
pub const FILES_MAX: usize = 10_000;

/// Journal files of one journal that are read one after the other, or the one database that has all facts.
#[derive(Debug)]
pub struct JournalFiles {
    files: Vec<JournalFile>,
    place: Where,
    current: PathBuf,
    journal: JournalId,
    access: Access,
    /// The connection to the file that was read last. A folder can have more files than a process may open.
    open: RefCell<Option<(usize, Open)>>,
    /// The file that is read now.
    at: usize,
    /// The last fact that was read.
    read: FactNumber,
}

/// One file.
#[derive(Debug)]
struct JournalFile {
    path: PathBuf,
    first: FactNumber,
    /// The last fact that was there when the file was opened.
    last: FactNumber,
}

impl JournalFiles {
    /// Opens files of one journal. A folder stands for all journal files in it. A fact that several files have is read once. Bodies
    /// that cannot be read with these keys are left out, see [`JournalFiles::take_unreadable`].
    ///
    /// # Errors
    /// If a file is missing, is not a journal, has another version, or belongs to another journal than the first one.
    pub fn open(paths: &[PathBuf], keys: Option<&KeyRing>) -> Result<Self, JournalError> {
        Self::open_with(paths, Access::tolerant(keys))
    }

    /// Opens a journal where it is. Bodies that cannot be read with these keys are left out.
    ///
    /// # Errors
    /// As for [`JournalFiles::open`], or if the database cannot be reached or its tables have another version.
    pub fn open_at(place: &JournalPlace, keys: Option<&KeyRing>) -> Result<Self, JournalError> {
        match place {
            JournalPlace::Files(paths) => Self::open(paths, keys),
            #[cfg(feature = "postgres")]
            JournalPlace::Database { settings, path } => Self::open_database(settings, path, Access::tolerant(keys)),
        }
    }

    /// Opens files of one journal, as [`JournalFiles::open`] does.
    pub(super) fn open_with(paths: &[PathBuf], access: Access) -> Result<Self, JournalError> {
        let mut files = Vec::new();
        let mut journal = None;
        let mut current = (0, PathBuf::new());
        for path in files_of(paths)? {
            let failed = |error| named(&path, error);
            let facts = FactReader::open_existing(&path, &access)?;
            let id = facts.journal_id().map_err(failed)?;
            if *journal.get_or_insert(id) != id {
                return Err(refused(&path, "this file belongs to another journal than the first one"));
            }
            let last = facts.last().map_err(failed)?;
            let first = facts.first().map_err(failed)?;
            if last >= current.0 {
                current = (last, path.clone());
            }
            files.extend(first.map(|first| JournalFile { path: path.clone(), first, last }));
        }
        files.sort_by_key(|file| file.first);
        let journal = journal.ok_or_else(|| JournalError::Failed("no journal file is given".to_owned()))?;
        let place = Where::Files;
        Ok(Self { files, place, current: current.1, journal, access, open: RefCell::new(None), at: 0, read: 0 })
    }

    /// The next facts in the order of their numbers, or an empty list at the end.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn next_page(&mut self) -> Result<Vec<(u64, Fact)>, JournalError> {
        while let Some(file) = self.files.get(self.at) {
            let page =
                self.reading(self.at, file, |facts| facts.page(self.read, file.last, PAGE_COUNT_MAX, PAGE_BYTES_MAX))?;
            if let Some((number, _)) = page.last() {
                self.not_removed(&page)?;
                self.read = *number;
                return Ok(page);
            }
            self.at += 1;
        }
        Ok(Vec::new())
    }

    /// Facts of a database can be removed while they are read. What would follow then is not the next page.
    fn not_removed(&self, page: &[(FactNumber, Fact)]) -> Result<(), JournalError> {
        let next = self.read + 1;
        let first = page.first().map_or(next, |(first, _)| *first);
        if !self.place.is_database() || self.read == 0 || first <= next {
            return Ok(());
        }
        match self.removal()?.filter(|removal| removal.last >= next) {
            Some(removal) => Err(JournalError::Failed(format!(
                "the facts {next} to {} were removed while they were read: {}. Begin again",
                first - 1,
                removal.sentence()
            ))),
            None => Ok(()),
        }
    }

    /// The fact with this number, or `None` if no file has it.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub fn get(&self, number: u64) -> Result<Option<Fact>, JournalError> {
        for (at, file) in self.files.iter().enumerate().filter(|(_, file)| file.first <= number && number <= file.last)
        {
            if let Some(fact) = self.reading(at, file, |facts| facts.get(number))? {
                return Ok(Some(fact));
            }
        }
        Ok(None)
    }

    /// The telegrams of the facts with these numbers, as far as a file has them, also those that a gateway stored after the opening: an index can be
    /// ahead. Those that are close together are read together.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub(super) fn telegrams(
        &self,
        numbers: &BTreeSet<FactNumber>,
    ) -> Result<HashMap<FactNumber, StoredTelegram>, JournalError> {
        let mut found = HashMap::with_capacity(numbers.len());
        let newest = self.last();
        for (at, file) in self.files.iter().enumerate() {
            let mut next = file.first;
            let last = if file.last == newest { FactNumber::MAX } else { file.last };
            let wanted_from = |next: FactNumber| numbers.range(next..).next().filter(|number| **number <= last);
            while let Some(&wanted) = wanted_from(next) {
                let end = wanted.saturating_add(TOGETHER_COUNT as u64);
                let is_dense = numbers.range(wanted..end).count() > TOGETHER_COUNT / 8;
                let up_to = if is_dense { (end - 1).min(last) } else { wanted };
                let read = |facts: &dyn FactReads| facts.telegrams(wanted - 1, up_to, TOGETHER_COUNT, PAGE_BYTES_MAX);
                let page = self.reading(at, file, read)?;
                next = page.last().map_or(up_to, |(number, _)| *number) + 1;
                found.extend(page.into_iter().filter(|(number, _)| numbers.contains(number)));
            }
        }
        Ok(found)
    }

    /// The bodies that could not be read since the last call. Ask after each page.
    #[must_use]
    pub fn take_unreadable(&self) -> Vec<(u64, Unreadable)> {
        self.open.borrow().as_ref().map(|(_, facts)| facts.take_unreadable()).unwrap_or_default()
    }

    /// The files with their first and last facts, from the oldest facts on.
    pub(super) fn spans(&self) -> impl Iterator<Item = (&Path, FactNumber, FactNumber)> {
        self.files.iter().map(|file| (&*file.path, file.first, file.last))
    }

    /// The later one of the times of the first and the last fact of one of the files, in milliseconds since 1970.
    pub(super) fn newest_ms(&self, path: &Path) -> Result<Option<i64>, JournalError> {
        let found = self.files.iter().enumerate().find(|(_, file)| file.path == path);
        found.map_or(Ok(None), |(at, file)| self.reading_file(at, file, FactReader::newest_ms))
    }

    /// The newest exchange or notice with a fact in one of the files. Reads all its facts.
    pub(super) fn newest_exchange(&self, path: &Path) -> Result<Option<ExchangeId>, JournalError> {
        let found = self.files.iter().enumerate().find(|(_, file)| file.path == path);
        found.map_or(Ok(None), |(at, file)| self.reading_file(at, file, FactReader::newest_exchange))
    }

    /// The times of the first and the last fact of one of the files, in milliseconds since 1970.
    pub(super) fn times(&self, path: &Path) -> Result<(i64, i64), JournalError> {
        let Some((at, file)) = self.files.iter().enumerate().find(|(_, file)| file.path == path) else {
            return Ok((0, 0));
        };
        let time = |number: FactNumber| {
            let times = self.reading_file(at, file, |facts| facts.times(number.saturating_sub(1), 1))?;
            Ok::<_, JournalError>(times.first().map_or(0, |(_, at_ms)| *at_ms))
        };
        Ok((time(file.first)?, time(file.last)?))
    }

    /// The first fact that is there, or 1 if there is none. Of a database, the first one that was not removed on purpose.
    pub(super) fn first(&self) -> Result<FactNumber, JournalError> {
        if self.place.is_database() {
            return Ok(self.removal()?.map_or(1, |removal| removal.last + 1));
        }
        Ok(self.files.iter().map(|file| file.first).min().unwrap_or(1))
    }

    /// The last fact behind `after` that happened before this time. `after` if there is none. Facts before it count, whatever their times say: a
    /// clock that was wrong for a moment must not hold back what follows.
    pub(super) fn last_before(&self, after: FactNumber, end_ms: i64) -> Result<FactNumber, JournalError> {
        let mut passed = after;
        let mut last = after;
        for (at, file) in self.files.iter().enumerate() {
            while passed < file.last {
                let times = self.times_behind(at, file, passed)?;
                let before = times.iter().rev().find(|(_, at_ms)| *at_ms < end_ms);
                last = before.map_or(last, |(number, _)| *number);
                passed = times.last().map_or(file.last, |(number, _)| *number);
            }
        }
        Ok(last)
    }

    /// The times of some facts of a file behind this one, in milliseconds since 1970.
    fn times_behind(
        &self,
        at: usize,
        file: &JournalFile,
        passed: FactNumber,
    ) -> Result<Vec<(FactNumber, i64)>, JournalError> {
        let mut times = if self.place.is_database() {
            let page =
                self.reading(at, file, |facts| facts.telegrams(passed, file.last, PAGE_COUNT_MAX, PAGE_BYTES_MAX))?;
            page.into_iter().map(|(number, telegram)| (number, telegram.at_ms)).collect()
        } else {
            self.reading_file(at, file, |facts| facts.times(passed, TIMES_MAX))?
        };
        times.retain(|(number, _)| *number <= file.last);
        Ok(times)
    }

    /// How much of a file is free for new facts, in bytes.
    pub(super) fn free_bytes(&self, path: &Path) -> Result<u64, JournalError> {
        let found = self.files.iter().enumerate().find(|(_, file)| file.path == path);
        found.map_or(Ok(0), |(at, file)| self.reading_file(at, file, FactReader::free_bytes))
    }

    /// What was removed from the journal on purpose, as the file says that a gateway writes.
    pub(super) fn removal(&self) -> Result<Option<Removal>, JournalError> {
        self.on_current(|facts| facts.removal())
    }

    /// The key that sealed a fact, or `None` if no file has the fact or it is not sealed.
    pub(super) fn key_of(&self, number: FactNumber) -> Result<Option<KeyId>, JournalError> {
        for (at, file) in self.files.iter().enumerate().filter(|(_, file)| file.first <= number && number <= file.last)
        {
            if let Some(key) = self.reading_open(at, file, |facts| facts.key_of(number))? {
                return Ok(Some(key));
            }
        }
        Ok(None)
    }

    /// The time of the newest fact that a key sealed, in milliseconds since 1970. In a database, only the last three dates are looked at.
    pub(super) fn newest_of(&self, key: KeyId) -> Result<Option<i64>, JournalError> {
        let mut newest = None;
        for (at, file) in self.files.iter().enumerate() {
            newest = newest.max(self.reading_open(at, file, |facts| facts.newest_of(key))?);
        }
        Ok(newest)
    }

    /// Whether bodies are encrypted in the file that a gateway writes.
    pub(super) fn is_encrypted(&self) -> Result<bool, JournalError> {
        self.on_current(|facts| Ok(facts.is_encrypted()))
    }

    /// Reads one of the files, and opens it if another one was read before.
    fn reading<T>(
        &self,
        at: usize,
        file: &JournalFile,
        read: impl FnOnce(&dyn FactReads) -> Result<T, StoreError>,
    ) -> Result<T, JournalError> {
        self.reading_open(at, file, |open| read(open.reads()))
    }

    /// The same with what is open.
    fn reading_open<T>(
        &self,
        at: usize,
        file: &JournalFile,
        read: impl FnOnce(&Open) -> Result<T, StoreError>,
    ) -> Result<T, JournalError> {
        let mut open = self.open.borrow_mut();
        let facts = self.opened(&mut open, at, file)?;
        read(facts).map_err(|error| named(&file.path, error))
    }

    /// The same with what only files have.
    fn reading_file<T>(
        &self,
        at: usize,
        file: &JournalFile,
        read: impl FnOnce(&FactReader) -> Result<T, StoreError>,
    ) -> Result<T, JournalError> {
        let mut open = self.open.borrow_mut();
        let facts = self.opened(&mut open, at, file)?.file();
        read(facts.map_err(|why| refused(&file.path, why))?).map_err(|error| named(&file.path, error))
    }

    /// Reads what the newest file says, on a connection of its own.
    fn on_current<T>(&self, read: impl FnOnce(&dyn FactReads) -> Result<T, StoreError>) -> Result<T, JournalError> {
        Ok(read(self.place.open(&self.current, &self.access)?.reads())?)
    }

    fn opened<'o>(
        &self,
        open: &'o mut Option<(usize, Open)>,
        at: usize,
        file: &JournalFile,
    ) -> Result<&'o Open, JournalError> {
        let (_, facts) = match open.take().filter(|(number, _)| *number == at) {
            Some(same) => open.insert(same),
            None => open.insert((at, self.place.open(&file.path, &self.access)?)),
        };
        Ok(facts)
    }

    /// Continues behind this fact.
    pub(crate) fn skip_to(&mut self, number: FactNumber) {
        self.read = number;
        self.at = 0;
    }

    /// The file that a gateway writes: the one with the newest facts.
    pub(super) fn current(&self) -> &Path {
        &self.current
    }

    /// The random name of the journal.
    pub(crate) fn journal_id(&self) -> JournalId {
        self.journal
    }

    /// The last fact that is read.
    pub(super) fn last(&self) -> FactNumber {
        self.files.iter().map(|file| file.last).max().unwrap_or_default()
    }

    /// What SQLite finds wrong in the files, at most `findings_max` sentences for each. This reads each file whole, in one
    /// transaction. Of a database: where its days, its partitions and its facts disagree.
    pub(super) fn damage(&self, findings_max: u32) -> Result<Vec<String>, JournalError> {
        if let Some(found) = self.place.disagreements(findings_max) {
            return found;
        }
        let mut all = Vec::new();
        for (at, file) in self.files.iter().enumerate() {
            let path = file.path.display();
            let found = self.reading_file(at, file, |facts| facts.damage(findings_max))?;
            all.extend(found.into_iter().map(|what| format!("{path}: {what}")));
        }
        Ok(all)
    }
}

/// The files that the paths stand for.
pub(super) fn files_of(paths: &[PathBuf]) -> Result<Vec<PathBuf>, JournalError> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            let found = journals_in(path)?;
            if found.is_empty() {
                return Err(refused(path, "there is no journal file (*.sqlite) in this folder"));
            }
            files.extend(found);
        } else {
            files.push(path.clone());
        }
    }
    files.sort();
    files.dedup();
    Ok(files)
}

/// The journal files in a folder.
pub(crate) fn journals_in(folder: &Path) -> Result<Vec<PathBuf>, JournalError> {
    let failed = |error: std::io::Error| refused(folder, &error.to_string());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?.path();
        if is_journal_name(&entry) {
            files.push(entry);
        }
        if files.len() > FILES_MAX {
            return Err(refused(folder, &format!("there are more than {FILES_MAX} journal files")));
        }
    }
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
