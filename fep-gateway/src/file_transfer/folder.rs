//! The folder that received files go into. A file has a name of its own only when it is complete and durable; nothing is replaced. One receiver uses a
//! folder at a time.
//!
//! ```text
//! .under-way-NAME ──► all bytes on the disk ──► NAME, a link that replaces nothing ──► receipt ──► .under-way-NAME goes ──► answer
//! ```
//!
//! What is under way after a crash and has a name, too, was whole: the next start writes its receipt. The rest is removed.

use std::collections::HashSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fep_protocol::file_transfer::Has;
use ring::digest::{Context, SHA256};

use super::receipts::{Receipt, Receipts};
use crate::hex::hex;

/// What the name of a file begins with that is not complete. No name of the other side begins so.
const UNDER_WAY: &str = ".under-way-";

/// What it is tried out with that the folder takes files.
const TRIAL: &str = ".trial";

/// The folder.
#[derive(Clone, Debug)]
pub(super) struct Folder(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    /// Holds the lock.
    _lock: File,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    receipts: Receipts,
    /// The names of the files that are under way.
    under_way: HashSet<String>,
}

/// A file that comes in. If it is dropped before it is finished, nothing of it stays.
pub(super) struct UnderWay {
    folder: Folder,
    name: String,
    path: PathBuf,
    file: File,
    bytes: u64,
    hashed: Context,
}

/// A file that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    /// Where it is.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal.
    pub sha256: String,
}

impl Folder {
    /// Takes a folder that is there, and tidies what a crash left. `at` is the time now, as receipts have it.
    pub(super) fn open(path: &Path, at: &str) -> io::Result<Self> {
        let lock = File::open(path)?;
        if !lock.metadata()?.is_dir() {
            return Err(io::Error::from(ErrorKind::NotADirectory));
        }
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(io::Error::other("another process receives files in this folder"));
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
        try_out(path)?;
        let mut receipts = Receipts::open(path)?;
        tidy(path, &mut receipts, at)?;
        lock.sync_all()?;
        let state = Mutex::new(State { receipts, under_way: HashSet::new() });
        Ok(Self(Arc::new(Inner { path: path.to_owned(), _lock: lock, state })))
    }

    /// What is there under a name. A receipt from before this time does not count, in milliseconds since 1970.
    pub(super) fn has(&self, name: &str, size: u64, remembers: i64) -> io::Result<Has> {
        let state = self.state();
        if state.under_way.contains(name) {
            return Ok(Has::Other);
        }
        if let Some(receipt) = state.receipts.of(name, remembers) {
            return Ok(if receipt.bytes == size { Has::Same } else { Has::Other });
        }
        // A link is not followed: it is something else.
        match std::fs::symlink_metadata(self.0.path.join(name)) {
            Ok(_) => Ok(Has::Other),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Has::Nothing),
            Err(error) => Err(error),
        }
    }

    /// Begins a file.
    pub(super) fn begin(&self, name: &str) -> io::Result<UnderWay> {
        if !self.state().under_way.insert(name.to_owned()) {
            return Err(io::Error::other("another connection brings a file of this name"));
        }
        let path = self.0.path.join(format!("{UNDER_WAY}{name}"));
        let begun = new_file(&path);
        if begun.is_err() {
            self.state().under_way.remove(name);
        }
        let begun = begun?;
        let hashed = Context::new(&SHA256);
        Ok(UnderWay { folder: self.clone(), name: name.to_owned(), path, file: begun, bytes: 0, hashed })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change is a single call, so the state is valid even after a panic elsewhere.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl UnderWay {
    /// The name that it gets.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Stores bytes behind those before. They are durable then.
    pub(super) fn store(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)?;
        self.file.sync_data()?;
        self.hashed.update(bytes);
        self.bytes += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Ok(())
    }

    /// Gives the file its name, if no other has it by now. File, name and receipt are durable then.
    pub(super) fn finish(self, at: String, peer: String) -> io::Result<Finished> {
        let folder = &self.folder.0.path;
        let named = folder.join(&self.name);
        self.file.sync_all()?;
        // A link to a name that exists is an error; a rename would replace it.
        std::fs::hard_link(&self.path, &named)?;
        let sha256 = hex(self.hashed.clone().finish().as_ref());
        let receipt = Receipt { at, name: self.name.clone(), bytes: self.bytes, sha256: sha256.clone(), peer };
        let kept = File::open(folder).and_then(|folder| folder.sync_all());
        let kept = kept.and_then(|()| self.folder.state().receipts.add(receipt));
        if let Err(error) = kept {
            // Nobody is told that it is there, so it is not.
            std::fs::remove_file(&named)?;
            return Err(error);
        }
        std::fs::remove_file(&self.path)?;
        Ok(Finished { path: named, bytes: self.bytes, sha256 })
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        // If it has its name, it is not there. If it cannot be removed, the next start does.
        let _ = std::fs::remove_file(&self.path);
        self.folder.state().under_way.remove(&self.name);
    }
}

/// A folder that cannot be written, or that has no links, is found at the start.
fn try_out(folder: &Path) -> io::Result<()> {
    let one = folder.join(format!("{TRIAL}-1"));
    let two = folder.join(format!("{TRIAL}-2"));
    for path in [&one, &two] {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    new_file(&one)?;
    let linked = std::fs::hard_link(&one, &two);
    std::fs::remove_file(&one)?;
    linked?;
    std::fs::remove_file(&two)
}

/// Removes what was under way. What had its name gets its receipt first: the sender may ask whether it is there.
fn tidy(folder: &Path, receipts: &mut Receipts, at: &str) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let file_name = entry.file_name();
        let Some(name) = file_name.to_str().and_then(|name| name.strip_prefix(UNDER_WAY)) else { continue };
        let path = entry.path();
        let there = std::fs::symlink_metadata(&path)?;
        if there.is_file() && std::os::unix::fs::MetadataExt::nlink(&there) > 1 {
            let sha256 = digest_of(&path)?;
            if receipts.of(name, i64::MIN).is_none_or(|receipt| receipt.sha256 != sha256) {
                let [at, name] = [at, name].map(str::to_owned);
                receipts.add(Receipt { at, name, bytes: there.len(), sha256, peer: String::new() })?;
            }
        }
        std::fs::remove_file(&path)?;
    }
    Ok(())
}

fn digest_of(path: &Path) -> io::Result<String> {
    let mut hashed = Hashed(Context::new(&SHA256));
    io::copy(&mut File::open(path)?, &mut hashed)?;
    Ok(hex(hashed.0.finish().as_ref()))
}

/// Hashes what is written to it.
struct Hashed(Context);

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A new file that only its owner may read.
fn new_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: &str = "2026-11-30T00:05:07.000Z";

    fn finish(file: UnderWay) -> io::Result<Finished> {
        file.finish(AT.to_owned(), "127.0.0.1:1".to_owned())
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_has_its_name_when_it_is_whole_and_replaces_nothing() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::open(temporary.path(), AT).unwrap();
        let has = |name: &str, size| folder.has(name, size, 0).unwrap();
        let mut first = folder.begin("EB13").unwrap();
        first.store(b"half").unwrap();
        assert_eq!(names(temporary.path()), [".received.jsonl", ".under-way-EB13"]);
        assert!(folder.begin("EB13").is_err() && has("EB13", 4) == Has::Other, "two cannot bring one name");
        drop(first);
        assert_eq!((has("EB13", 4), names(temporary.path())), (Has::Nothing, vec![".received.jsonl".to_owned()]));
        let mut second = folder.begin("EB13").unwrap();
        second.store(b"abc").unwrap();
        let finished = finish(second).unwrap();
        // By `printf abc | sha256sum`.
        assert_eq!(finished.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!((std::fs::read(&finished.path).unwrap(), finished.bytes), (b"abc".to_vec(), 3));
        assert_eq!((has("EB13", 3), has("EB13", 4)), (Has::Same, Has::Other));
        let third = folder.begin("EB13").unwrap();
        assert!(finish(third).is_err(), "a name that is taken meanwhile is not replaced");
        assert_eq!(std::fs::read(&finished.path).unwrap(), b"abc");
        std::os::unix::fs::symlink(&finished.path, temporary.path().join("link")).unwrap();
        assert_eq!(has("link", 3), Has::Other);
        // A batch takes the file away: its name is still known, for as long as the plan says.
        std::fs::remove_file(&finished.path).unwrap();
        assert_eq!(has("EB13", 3), Has::Same);
        assert_eq!(folder.has("EB13", 3, crate::time::parse(AT).unwrap() + 1).unwrap(), Has::Nothing);
        assert!(Folder::open(temporary.path(), AT).unwrap_err().to_string().contains("another process"));
        drop(folder);
        assert_eq!(Folder::open(temporary.path(), AT).unwrap().has("EB13", 3, 0).unwrap(), Has::Same);
    }

    #[test]
    fn a_crash_leaves_what_was_whole_and_nothing_else() {
        let temporary = tempfile::tempdir().unwrap();
        let path = |name: &str| temporary.path().join(name);
        let folder = Folder::open(temporary.path(), AT).unwrap();
        for name in ["A", "B"] {
            let mut file = folder.begin(name).unwrap();
            file.store(name.as_bytes()).unwrap();
            finish(file).unwrap();
        }
        drop(folder);
        // A crash between name and receipt, of which the name was taken away before the next start; one that never ended.
        std::fs::hard_link(path("A"), path(".under-way-A")).unwrap();
        std::fs::rename(path("A"), path("A-taken")).unwrap();
        std::fs::write(path(".under-way-C"), "c").unwrap();
        let text = std::fs::read_to_string(path(".received.jsonl")).unwrap();
        std::fs::write(path(".received.jsonl"), text.lines().last().unwrap().to_owned() + "\n").unwrap();
        let folder = Folder::open(temporary.path(), AT).unwrap();
        assert_eq!(names(temporary.path()), [".received.jsonl", "A-taken", "B"]);
        assert_eq!((folder.has("A", 1, 0).unwrap(), folder.has("C", 1, 0).unwrap()), (Has::Same, Has::Nothing));
    }

    #[test]
    fn a_folder_that_takes_no_files_is_found_at_the_start() {
        let temporary = tempfile::tempdir().unwrap();
        assert!(Folder::open(&temporary.path().join("none"), AT).is_err());
        let file = temporary.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert!(Folder::open(&file, AT).is_err());
        std::fs::write(temporary.path().join(".received.jsonl"), "no JSON\n").unwrap();
        let error = Folder::open(temporary.path(), AT).unwrap_err().to_string();
        assert!(error.contains(".received.jsonl: line 1: "), "{error}");
    }
}
