//! Guards the journal's file: one gateway at a time, still the same file, and room for what is in flight.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use fep_protocol::fact::Fact;
use fep_protocol::reason::JournalError;

use super::indexer::IndexQueue;
use super::newest::Newest;
use super::private;
use super::store::{Appended, FactNumber, FactStore, JournalId, StoreError};

/// The lock of a journal's file. It belongs to the file and not to its name, so that a symbolic link leads to the same lock.
#[derive(Debug)]
pub(super) struct FileGuard {
    path: PathBuf,
    /// Held as long as the journal is open. Closing it early would release SQLite's own locks on the file, too.
    file: File,
    /// The write-ahead log: the path of the file, and which one it was when the journal was opened. Facts are there before they are in
    /// the journal's file, so that a deleted log is lost with the process.
    log: OnceLock<(PathBuf, Identity)>,
}

/// What makes a file the same one: its device and its number there.
type Identity = (u64, u64);

/// A file that keeps room on the disk. When the disk is full, it is deleted, so that the outcomes of exchanges in flight can
/// still be stored.
#[derive(Debug)]
pub(super) struct Reserve {
    path: PathBuf,
    is_there: bool,
}

/// A store whose file is guarded: it must stay the same file, and it has a reserve for a full disk.
pub(super) struct Guarded<S> {
    store: S,
    reserve: Reserve,
    newest: Option<Newest>,
    index: Arc<IndexQueue>,
    /// Whether the disk was full and the reserve could not be made again since.
    full: bool,
    /// The error, while the write-ahead log is not the one that was opened. Each write goes on into the journal's file then.
    lost_log: Option<JournalError>,
    // Fields are dropped in this order: the lock is released after the store is closed.
    guard: Arc<FileGuard>,
}

/// The size of the reserve, in bytes. On a small disk it is a quarter of what is free.
const RESERVE_BYTES: usize = 4 * 1024 * 1024;

/// What the reserve is made of, in pieces.
static CHUNK: [u8; 64 * 1024] = [0; 64 * 1024];

impl<S: FactStore> Guarded<S> {
    pub(super) fn new(store: S, journal: JournalId, guard: Arc<FileGuard>, index: Arc<IndexQueue>) -> Self {
        let mut reserve = Reserve::of(&guard.path);
        let full = !reserve.restore();
        index.pause(full);
        let newest = Newest::open(&guard.path, journal);
        Self { store, reserve, newest, index, full, lost_log: None, guard }
    }

    /// Checks the files. If the write-ahead log is lost, what it has is saved, no more permissions are given, and what happens is
    /// still stored.
    fn check(&mut self) -> Result<(), StoreError> {
        match self.guard.check() {
            Err(error @ JournalError::LogReplaced { .. }) => {
                self.store.save_log()?;
                match self.lost_log.replace(error.clone()) {
                    // The permissions of this write were asked for before anybody knew.
                    None => Err(StoreError::Unavailable(error)),
                    Some(_) => Ok(()),
                }
            }
            checked => {
                self.lost_log = None;
                checked.map_err(StoreError::Unavailable)
            }
        }
    }

    /// Saves a write from a log that is lost. If that fails now, the next check does it.
    fn save_log(&mut self) {
        if self.lost_log.is_some()
            && let Err(error) = self.store.save_log()
        {
            tracing::error!(error = %JournalError::from(error), "the journal's lost write-ahead log has facts that its file does not have yet");
        }
    }

    /// Gives the reserve back when the disk is full: it has room for what has happened, but not for new requests.
    fn filled(&mut self, error: &StoreError) {
        if *error == StoreError::Unavailable(JournalError::DiskFull) {
            self.full = true;
            self.index.pause(true);
            if self.reserve.release() {
                tracing::error!("the disk of the journal is full: its reserve is used for what is in flight");
            }
        }
    }
}

impl<S: FactStore> FactStore for Guarded<S> {
    fn append(&mut self, facts: &[Fact]) -> Result<Appended, StoreError> {
        self.check()?;
        let appended = self.store.append(facts).inspect_err(|error| self.filled(error))?;
        self.save_log();
        if let Some(newest) = &mut self.newest {
            let count = facts.len().saturating_sub(appended.refused.len());
            newest.set((appended.first + u64::try_from(count).unwrap_or_default()).saturating_sub(1));
        }
        Ok(appended)
    }

    fn resolve(&mut self) -> Result<Option<Appended>, StoreError> {
        self.check()?;
        self.store.resolve()
    }

    fn remove_archived(&mut self, up_to: FactNumber, max: usize) -> Result<usize, StoreError> {
        self.check()?;
        self.store.remove_archived(up_to, max)
    }

    fn probe(&mut self) -> Result<(), StoreError> {
        self.check()?;
        if self.full && self.reserve.restore() {
            tracing::info!("the disk of the journal has room again");
            self.full = false;
            self.index.pause(false);
        }
        self.store.probe().inspect_err(|error| self.filled(error))
    }

    fn refusing(&self) -> Option<JournalError> {
        self.full.then_some(JournalError::DiskFull).or_else(|| self.lost_log.clone())
    }
}

impl FileGuard {
    /// Opens or creates the file, and locks it.
    pub(super) fn lock(path: &Path) -> Result<Self, JournalError> {
        let unusable = |why: &dyn std::fmt::Display| JournalError::Failed(format!("{}: {why}", path.display()));
        let file = private::open(path).map_err(|error| unusable(&error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), file, log: OnceLock::new() }),
            Err(std::fs::TryLockError::WouldBlock) => Err(unusable(&"another gateway uses this journal")),
            Err(std::fs::TryLockError::Error(error)) => Err(unusable(&format!("it cannot be locked: {error}"))),
        }
    }

    /// The path of the file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Begins to watch the write-ahead log. SQLite has opened it by now, and deletes it only when the last connection is closed.
    pub(super) fn watch_log(&self) {
        // SQLite follows symbolic links, and puts the log beside the file that they lead to.
        let mut path = std::fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone()).into_os_string();
        path.push("-wal");
        let path = PathBuf::from(path);
        if let Ok(identity) = std::fs::metadata(&path).map(|found| identity(&found)) {
            self.log.get_or_init(|| (path, identity));
        }
    }

    /// Checks that the path still leads to the file that was opened, and that of the write-ahead log, too.
    pub(super) fn check(&self) -> Result<(), JournalError> {
        let at = |path: &Path| std::fs::metadata(path).map(|found| identity(&found)).ok();
        let own = self.file.metadata().map(|found| identity(&found)).ok();
        if own.is_none() || own != at(&self.path) {
            return Err(JournalError::Replaced { path: self.path.display().to_string() });
        }
        match self.log.get() {
            Some((path, log)) if at(path) != Some(*log) => {
                Err(JournalError::LogReplaced { path: path.display().to_string() })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(unix)]
fn identity(file: &std::fs::Metadata) -> Identity {
    use std::os::unix::fs::MetadataExt;
    (file.dev(), file.ino())
}

/// An open file cannot be deleted or replaced: it is enough that there is one.
#[cfg(not(unix))]
fn identity(_: &std::fs::Metadata) -> Identity {
    (0, 0)
}

impl Reserve {
    /// The reserve of a journal. It is made by [`Reserve::restore`].
    fn of(journal: &Path) -> Self {
        let mut path = journal.as_os_str().to_owned();
        path.push(".reserve");
        Self { path: path.into(), is_there: false }
    }

    /// Makes the reserve, if it is not there. Returns whether the disk has room. If the file cannot be made for another reason, there is
    /// no reserve, and business goes on.
    pub(super) fn restore(&mut self) -> bool {
        if self.is_there {
            return true;
        }
        let Err(error) = self.make() else {
            self.is_there = true;
            return true;
        };
        self.delete();
        let is_full = matches!(error.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
        if !is_full {
            let path = self.path.display();
            tracing::warn!(%path, %error, "there is no reserve for a full disk: if it is full, outcomes may be told that are not durable");
        }
        !is_full
    }

    /// Gives the room back. Returns whether there was any.
    pub(super) fn release(&mut self) -> bool {
        let had_room = std::mem::take(&mut self.is_there);
        self.delete();
        had_room
    }

    fn make(&self) -> io::Result<()> {
        let mut file = File::create(&self.path)?;
        let mut len = 0;
        while len < RESERVE_BYTES {
            match file.write(&CHUNK) {
                Ok(written) if written > 0 => len += written,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(_) | Err(_) => {
                    // The disk ends here. Most of it is for the journal.
                    let quarter = len / 4;
                    if quarter < CHUNK.len() {
                        return Err(io::ErrorKind::StorageFull.into());
                    }
                    file.set_len(u64::try_from(quarter).unwrap_or_default())?;
                    file.seek(SeekFrom::End(0))?;
                    break;
                }
            }
        }
        file.sync_all()
    }

    fn delete(&self) {
        // If there is no reserve, there is nothing to delete.
        let _ = std::fs::remove_file(&self.path);
    }
}
