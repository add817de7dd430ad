//! The folder that received files go into. A file has a name of its own only when it is complete and durable; nothing is replaced.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use fep_protocol::file_transfer::Has;
use ring::digest::{Context, SHA256};

use crate::hex::hex;

/// What the name of a file begins with that is not complete. No name of the other side begins so.
const UNDER_WAY: &str = ".under-way-";

/// The folder.
#[derive(Clone, Debug)]
pub(super) struct Folder(PathBuf);

/// A file that comes in.
pub(super) struct UnderWay {
    folder: PathBuf,
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
    /// A folder that is there and can be written.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        if !std::fs::metadata(path)?.is_dir() {
            return Err(io::Error::from(io::ErrorKind::NotADirectory));
        }
        Ok(Self(path.to_owned()))
    }

    /// What is there under a name.
    pub(super) fn has(&self, name: &str, size: u64) -> io::Result<Has> {
        // A link is not followed: it is something else.
        match std::fs::symlink_metadata(self.0.join(name)) {
            Ok(there) if there.is_file() && there.len() == size => Ok(Has::Same),
            Ok(_) => Ok(Has::Other),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Has::Nothing),
            Err(error) => Err(error),
        }
    }

    /// Begins a file. What an earlier try left of it is gone.
    pub(super) fn begin(&self, name: &str) -> io::Result<UnderWay> {
        let path = self.0.join(format!("{UNDER_WAY}{name}"));
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path)?;
        let hashed = Context::new(&SHA256);
        Ok(UnderWay { folder: self.0.clone(), name: name.to_owned(), path, file, bytes: 0, hashed })
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

    /// Gives the file its name, if no other has it by now. It is durable then.
    pub(super) fn finish(self) -> io::Result<Finished> {
        let Self { folder, name, path, file, bytes, hashed } = self;
        file.sync_all()?;
        let named = folder.join(name);
        // A link to a name that exists is an error; a rename would replace it.
        std::fs::hard_link(&path, &named)?;
        std::fs::remove_file(&path)?;
        File::open(&folder)?.sync_all()?;
        Ok(Finished { path: named, bytes, sha256: hex(hashed.finish().as_ref()) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_its_name_when_it_is_whole_and_replaces_nothing() {
        let temporary = tempfile::tempdir().unwrap();
        let folder = Folder::open(temporary.path()).unwrap();
        let names = || {
            let mut names: Vec<_> =
                std::fs::read_dir(temporary.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
            names.sort();
            names
        };
        let mut first = folder.begin("EB13").unwrap();
        first.store(b"half").unwrap();
        assert_eq!((folder.has("EB13", 4).unwrap(), names()), (Has::Nothing, vec![".under-way-EB13".into()]));
        drop(first);
        let mut second = folder.begin("EB13").unwrap();
        second.store(b"abc").unwrap();
        let finished = second.finish().unwrap();
        // By `printf abc | sha256sum`.
        assert_eq!(finished.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(
            (std::fs::read(&finished.path).unwrap(), finished.bytes, names()),
            (b"abc".to_vec(), 3, vec!["EB13".into()])
        );
        assert_eq!((folder.has("EB13", 3).unwrap(), folder.has("EB13", 4).unwrap()), (Has::Same, Has::Other));
        let third = folder.begin("EB13").unwrap();
        assert!(third.finish().is_err(), "a name that is taken meanwhile is not replaced");
        assert_eq!(std::fs::read(&finished.path).unwrap(), b"abc");
        std::os::unix::fs::symlink(&finished.path, temporary.path().join("link")).unwrap();
        assert_eq!(folder.has("link", 3).unwrap(), Has::Other);
    }
}
