//! Archives: whole days move out of the journal into files of their own, one for each day.
//!
//! ```text
//! copy to journal-2026-11-26.sqlite.new ─► close, sync ─► rename ─► compare every fact ─► the writer removes them
//! ```
//!
//! A fact is removed from the journal only after an archive has the same fact. A crash at any step leaves facts in both files,
//! and the next run continues there. The index keeps its rows, so an archived exchange is found as before. An index that is
//! made again needs the archives, because they have idempotency keys and trace marks.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use fep_protocol::fact::Fact;
use fep_protocol::mutant::{Mutant, is_on};
use fep_protocol::reason::JournalError;
use tokio::time::Instant;

#[cfg(feature = "simulation")]
use super::by_hand;
use super::indexer::IndexQueue;
use super::lane::Bell;
use super::mark::Mark;
use super::reading::{JournalFiles, journals_in};
use super::sealing::Access;
use super::sqlite::archive::ArchiveFile;
use super::sqlite::facts::FactReader;
use super::store::{FactNumber, FactReads, Index};
use crate::config::ArchiveConfig;
use crate::ground::Ground;
use crate::time::{DAY_MS, date};

/// The pause between two looks for days to archive.
const PAUSE: Duration = Duration::from_secs(3600);

/// The same in a simulation, which is short.
#[cfg(feature = "simulation")]
const SIMULATED_PAUSE: Duration = Duration::from_secs(2);

/// The number of facts that are copied or looked at in one transaction.
const PIECE: u32 = 2048;

/// The maximum number of archives of one day. There is more than one only after the clock was set back.
const OF_A_DAY_MAX: u32 = 1000;

/// The archives of a journal.
#[derive(Debug)]
pub(super) struct Archives {
    journal: PathBuf,
    folder: PathBuf,
    access: Access,
    /// The files as they were found last. They are looked for again when a fact is not in them.
    files: RefCell<Option<JournalFiles>>,
}

/// The thread that makes archives.
pub(super) struct Archiver {
    pub(super) archives: Archives,
    pub(super) options: ArchiveConfig,
    /// The time when the journal was opened, by the steady clock and in milliseconds since 1970.
    pub(super) started: (Instant, i64),
    /// The time of the newest fact that an earlier run stored, in milliseconds since 1970.
    pub(super) earlier_ms: Option<i64>,
    pub(super) index: Arc<IndexQueue>,
    pub(super) archived: Arc<AtomicU64>,
    pub(super) bell: Arc<Bell>,
    pub(super) stop: Arc<ArchiveStop>,
    pub(super) ground: Ground,
    /// What has not been published is not deleted.
    pub(super) mark: Arc<Mark>,
}

/// Ends the archiver.
#[derive(Debug, Default)]
pub(super) struct ArchiveStop {
    stopped: Mutex<bool>,
    changed: Condvar,
}

/// Facts of one day that follow each other.
#[derive(Clone, Copy, Debug)]
struct Day {
    day: i64,
    first: FactNumber,
    last: FactNumber,
}

/// Brings an index up to date with the archives, if the journal has not all facts that it lacks.
///
/// # Errors
/// If facts that the index lacks are neither in the journal nor in the archives.
pub(super) fn catch_up(
    index: &mut impl Index,
    journal: &FactReader,
    path: &Path,
    archives: Option<&Archives>,
) -> Result<(), JournalError> {
    if is_on(Mutant::SkipsTheArchives) {
        return Ok(());
    }
    let Some(first) = journal.first()?.filter(|first| *first > index.applied() + 1) else { return Ok(()) };
    if let Some(mut files) = archives.map(Archives::open).transpose()?.flatten() {
        files.skip_to(index.applied());
        loop {
            let mut page = files.next_page()?;
            page.retain(|(number, _)| *number < first);
            // An archive that is missing between two others is missing, too.
            if page.first().is_none_or(|(number, _)| *number != index.applied() + 1) {
                break;
            }
            index.apply(&page)?;
        }
    }
    if index.applied() + 1 >= first {
        return Ok(());
    }
    let from = index.applied() + 1;
    let folder = archives.map_or("no archive is configured".to_owned(), |archives| {
        format!("the archives in {} do not have them", archives.folder.display())
    });
    Err(JournalError::Failed(format!(
        "{}: its index must be made again from all facts, but the facts {from} to {} were archived, and {folder}. Without them, \
         requests that were sent could be sent again. Restore the archives, or the index",
        path.display(),
        first - 1
    )))
}

impl Archives {
    /// The archives of a journal. Creates their folder.
    pub(super) fn new(journal: &Path, options: &ArchiveConfig, access: &Access) -> Result<Self, JournalError> {
        let folder = options.folder.clone();
        let failed = |error| JournalError::Failed(format!("{}: {error}", folder.display()));
        std::fs::create_dir_all(&folder).map_err(failed)?;
        Ok(Self { journal: journal.to_owned(), folder, access: access.clone(), files: RefCell::new(None) })
    }

    /// The fact with this number.
    ///
    /// # Errors
    /// If no archive has it.
    pub(super) fn get(&self, number: FactNumber) -> Result<Option<Fact>, JournalError> {
        let mut files = self.files.borrow_mut();
        let known = files.as_ref().map(|files| files.get(number)).transpose()?.flatten();
        if known.is_some() {
            return Ok(known);
        }
        *files = self.open()?;
        let found = files.as_ref().map(|files| files.get(number)).transpose()?.flatten();
        let folder = self.folder.display();
        found.map(Some).ok_or_else(|| {
            JournalError::Failed(format!("the fact {number} was archived, but no archive in {folder} has it"))
        })
    }

    /// The journal whose archives these are.
    pub(super) fn journal(&self) -> &Path {
        &self.journal
    }

    /// The facts of the journal.
    pub(super) fn live(&self) -> Result<FactReader, JournalError> {
        FactReader::open_existing(&self.journal, &self.access)
    }

    /// Where the archives are.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The files, or `None` if there are none.
    pub(super) fn open(&self) -> Result<Option<JournalFiles>, JournalError> {
        let id = self.live()?.journal_id()?;
        let mut files = journals_in(&self.folder)?;
        files.retain(|file| self.is_archive(file));
        if files.is_empty() {
            return Ok(None);
        }
        let files = JournalFiles::open_with(&files, self.access.clone())?;
        if files.journal_id() != id {
            let folder = self.folder.display();
            return Err(JournalError::Failed(format!("{folder}: these archives belong to another journal")));
        }
        Ok(Some(files))
    }

    /// Whether a file has the name of an archive. The folder may have other journals, even this one.
    fn is_archive(&self, path: &Path) -> bool {
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        let date = name.strip_prefix(self.stem()).and_then(|rest| rest.strip_prefix('-')).unwrap_or_default();
        let date = date.split_once('.').map_or(date, |(date, _)| date);
        date.len() == 10 && date.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit())
    }

    fn stem(&self) -> &str {
        self.journal.file_stem().and_then(|stem| stem.to_str()).unwrap_or("journal")
    }

    /// The name of an archive that is not there yet.
    fn free_name(&self, day: i64) -> Result<PathBuf, JournalError> {
        let (year, month, date) = date(day);
        let stem = self.stem();
        let name = format!("{stem}-{year:04}-{month:02}-{date:02}");
        let later = (2..=OF_A_DAY_MAX).map(|count| format!("{name}.{count}.sqlite"));
        let mut names = std::iter::once(format!("{name}.sqlite")).chain(later).map(|name| self.folder.join(name));
        names
            .find(|name| !name.exists())
            .ok_or_else(|| JournalError::Failed(format!("{}: too many archives of one day", self.folder.display())))
    }
}

impl Archiver {
    /// Archives until the journal is closed.
    pub(super) fn run(self) {
        loop {
            self.turn();
            if self.stop.wait(PAUSE) {
                return;
            }
        }
    }

    /// Starts the same as a task, on a simulated disk.
    #[cfg(feature = "simulation")]
    pub(super) fn start_simulated(archiver: Option<Self>, disk: &Arc<dyn crate::ground::Disk>) {
        archiver.into_iter().for_each(|archiver| drop(tokio::spawn(archiver.run_simulated(Arc::clone(disk)))));
    }

    #[cfg(feature = "simulation")]
    async fn run_simulated(self, disk: Arc<dyn crate::ground::Disk>) {
        loop {
            tokio::time::sleep(disk.delay(0)).await;
            if self.stop.is_stopped() {
                return;
            }
            self.turn();
            tokio::time::sleep(SIMULATED_PAUSE).await;
        }
    }

    /// Archives what is old enough, and deletes what is too old.
    fn turn(&self) {
        if let Err(error) = self.archive() {
            tracing::error!(%error, "facts cannot be archived now; they stay in the journal");
        }
        if let Err(error) = self.retain() {
            tracing::error!(%error, "old archives cannot be deleted now");
        }
    }

    /// The next step changes files. In a simulation the process may have died before it, or the disk may be full.
    pub(super) fn step(&self) -> Result<(), JournalError> {
        match &self.ground {
            Ground::Machine => Ok(()),
            #[cfg(feature = "simulation")]
            Ground::Simulated(simulated) => by_hand::step(&*simulated.disk).map_err(JournalError::from),
        }
    }

    /// Copies the days that are old enough, and lets what archives have be removed.
    pub(super) fn archive(&self) -> Result<(), JournalError> {
        let journal = self.archives.live()?;
        let Some(first) = journal.first()? else { return Ok(()) };
        let had = self.archives.open()?.map_or(0, |files| files.last());
        for day in self.days(&journal, had.max(first - 1))? {
            if self.stop.is_stopped() {
                return Ok(());
            }
            if is_on(Mutant::RemovesBeforeTheArchive) {
                self.archived.store(day.last, Ordering::Relaxed);
                self.bell.ring();
            }
            self.copy(day)?;
        }
        if let Some(archived) = self.compare(&journal, first)? {
            self.step()?;
            self.archived.store(archived, Ordering::Relaxed);
            self.bell.ring();
        }
        Ok(())
    }

    /// The days behind a fact that are old enough. The newest fact stays, and what the index does not have yet.
    fn days(&self, journal: &FactReader, after: FactNumber) -> Result<Vec<Day>, JournalError> {
        let today = self.day_of(self.now_ms());
        let end = journal.last()?.saturating_sub(1).min(self.index.applied());
        let mut days: Vec<Day> = Vec::new();
        let mut read = after;
        loop {
            let times = journal.times(read, PIECE)?;
            for (number, at_ms) in &times {
                // After the clock was set back, facts stay behind those before them.
                let newest = days.last().map_or(i64::MIN, |day| day.day);
                let day = self.day_of(*at_ms).max(newest);
                if *number > end || day.saturating_add(i64::from(self.options.after_days)) >= today {
                    return Ok(days);
                }
                match days.last_mut().filter(|last| last.day == day) {
                    Some(last) => last.last = *number,
                    None => days.push(Day { day, first: *number, last: *number }),
                }
                read = *number;
            }
            if times.is_empty() || self.stop.is_stopped() {
                return Ok(Vec::new());
            }
        }
    }

    /// The present time, in milliseconds since 1970.
    pub(super) fn now_ms(&self) -> i64 {
        let (_, began_ms) = self.started;
        began_ms.saturating_add(self.uptime_ms())
    }

    /// How long the journal is open, in milliseconds.
    pub(super) fn uptime_ms(&self) -> i64 {
        let (since, _) = self.started;
        i64::try_from(since.elapsed().as_millis()).unwrap_or_default()
    }

    pub(super) fn day_of(&self, at_ms: i64) -> i64 {
        at_ms.saturating_add(i64::from(self.options.utc_offset_minutes) * 60_000).div_euclid(DAY_MS)
    }

    /// Makes the archive of a day. It has its name only after it is complete.
    fn copy(&self, day: Day) -> Result<(), JournalError> {
        let name = self.archives.free_name(day.day)?;
        let mut new = name.clone().into_os_string();
        new.push(".new");
        let new = PathBuf::from(new);
        let failed = |error: std::io::Error| JournalError::Failed(format!("{}: {error}", new.display()));
        self.step()?;
        // What an earlier run did not complete. Its rollback journal goes first: it must not be applied to the new file.
        for suffix in ["-journal", ""] {
            let mut old = new.clone().into_os_string();
            old.push(suffix);
            match std::fs::remove_file(old) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
                _ => {}
            }
        }
        let file = ArchiveFile::begin(&new, &self.archives.journal)?;
        let mut next = day.first;
        while next <= day.last {
            self.step()?;
            let last = day.last.min(next + u64::from(PIECE) - 1);
            file.copy(next, last)?;
            next = last + 1;
            if self.stop.is_stopped() {
                return Ok(());
            }
        }
        self.step()?;
        file.finish()?;
        self.step()?;
        std::fs::rename(&new, &name).map_err(failed)?;
        self.step()?;
        let synced = std::fs::File::open(&self.archives.folder).and_then(|folder| folder.sync_all());
        synced.map_err(failed)?;
        let facts = day.last - day.first + 1;
        tracing::info!(archive = %name.display(), facts, "a day of the journal was archived");
        Ok(())
    }

    /// The last fact up to which the archives have every fact that the journal has.
    fn compare(&self, journal: &FactReader, first: FactNumber) -> Result<Option<FactNumber>, JournalError> {
        let Some(mut files) = self.archives.open()? else { return Ok(None) };
        files.skip_to(first - 1);
        let mut same = None;
        loop {
            let page = files.next_page()?;
            let Some((last, _)) = page.last() else { return Ok(same) };
            let live = journal.page(same.unwrap_or(first - 1), *last, usize::MAX, usize::MAX)?;
            // The writer may be removing facts that were compared before.
            let is_archived = |(number, fact): &(FactNumber, Fact)| {
                let at = page.binary_search_by_key(number, |(number, _)| *number);
                at.ok().and_then(|at| page.get(at)).is_some_and(|(_, archived)| archived == fact)
            };
            if !live.iter().all(is_archived) {
                return Err(JournalError::Failed(format!(
                    "{}: facts up to {last} differ from those of the journal, so nothing is removed from it. Was an older copy \
                     of the journal restored? Move the archives away or restore the newer journal",
                    self.archives.folder.display()
                )));
            }
            same = Some(*last);
            if self.stop.is_stopped() {
                return Ok(None);
            }
        }
    }
}

impl ArchiveStop {
    pub(super) fn stop(&self) {
        *self.stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }

    pub(super) fn is_stopped(&self) -> bool {
        *self.stopped.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the stop, at most this long. Returns whether it came.
    pub(super) fn wait(&self, max: Duration) -> bool {
        let stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(stopped, max, |stopped| !*stopped);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }
}

#[cfg(test)]
mod tests;
