//! The file of a record: who may read it, and that nobody else writes it. It knows nothing of what the lines say.

use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

/// Where lines go.
pub(super) trait Store: Send {
    /// Writes some of the bytes, and returns how many.
    ///
    /// # Errors
    /// If it takes none now.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Takes the last bytes back: those of a line that cannot be ended.
    fn take_back(&mut self, count: u64);

    /// Waits until the disk has all that was written.
    ///
    /// # Errors
    /// If the disk does not have it.
    fn sync(&mut self) -> io::Result<()>;
}

/// An open file for a record. It is locked while it is open.
#[derive(Debug)]
pub struct RecordFile {
    file: File,
    others_may_read: bool,
}

impl RecordFile {
    /// Makes the file of a record. Only its owner may read it.
    ///
    /// # Errors
    /// If it cannot be made, or is there already.
    pub fn create(path: &Path) -> io::Result<Self> {
        let mut options = File::options();
        options.read(true).append(true).create_new(true);
        Self::open(&options, path)
    }

    /// Opens the file of a record, and makes it if it is not there. New lines come behind those that are there. A file that is there keeps its
    /// permissions.
    ///
    /// # Errors
    /// If it cannot be opened, or another tap writes it.
    pub fn append(path: &Path) -> io::Result<Self> {
        let mut options = File::options();
        options.read(true).append(true).create(true);
        let mut opened = Self::open(&options, path)?;
        opened.end_the_last_line()?;
        Ok(opened)
    }

    /// Whether others than the owner of the file may read or change it, because it was there with such permissions.
    #[must_use]
    pub const fn others_may_read(&self) -> bool {
        self.others_may_read
    }

    fn open(options: &std::fs::OpenOptions, path: &Path) -> io::Result<Self> {
        let mut options = options.clone();
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(io::Error::new(io::ErrorKind::WouldBlock, "another tap writes this file"));
            }
            // Some file systems have no locks. Then nobody guards the file.
            Err(TryLockError::Error(_)) => {}
        }
        let others_may_read = others_may_read(&file)?;
        Ok(Self { file, others_may_read })
    }

    /// A tap that was killed may have left half a line.
    fn end_the_last_line(&mut self) -> io::Result<()> {
        if !self.file.metadata()?.is_file() || self.file.metadata()?.len() == 0 {
            return Ok(());
        }
        let mut last = [0];
        self.file.seek(SeekFrom::End(-1))?;
        self.file.read_exact(&mut last)?;
        if last == *b"\n" { Ok(()) } else { self.file.write_all(b"\n") }
    }
}

impl Store for RecordFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn take_back(&mut self, count: u64) {
        // What is no regular file cannot take anything back. Then its last line is half a line.
        let _ = self.file.metadata().and_then(|file| self.file.set_len(file.len().saturating_sub(count)));
    }

    fn sync(&mut self) -> io::Result<()> {
        match self.file.sync_data() {
            // A pipe or a terminal has no disk.
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
            done => done,
        }
    }
}

#[cfg(unix)]
fn others_may_read(file: &File) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt;
    let file = file.metadata()?;
    Ok(file.is_file() && file.permissions().mode() & 0o077 != 0)
}

#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps, reason = "the other form can fail")]
fn others_may_read(_file: &File) -> io::Result<bool> {
    Ok(false)
}
