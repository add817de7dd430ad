//! What an export does with files. Everything that changes the disk goes through here, so that a test can end it at each step, as a
//! crash does.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// An error with the path that it is about.
pub(super) type AtPath = (PathBuf, io::Error);

/// The disk.
#[derive(Clone, Debug, Default)]
pub(super) struct Disk {
    /// How many steps are left before each further one fails.
    #[cfg(test)]
    pub(super) left: Option<std::rc::Rc<std::cell::Cell<u64>>>,
}

impl Disk {
    /// One step. In a test it can be the one at which everything ends.
    #[cfg(not(test))]
    #[allow(clippy::unused_self, clippy::unnecessary_wraps, reason = "the test has another one")]
    fn step(&self) -> io::Result<()> {
        Ok(())
    }

    /// Whether a test ends it: then it takes many runs, and none of them waits for the real disk.
    #[allow(clippy::unused_self, reason = "the test asks it")]
    fn is_of_a_test(&self) -> bool {
        #[cfg(test)]
        return self.left.is_some();
        #[cfg(not(test))]
        false
    }

    #[cfg(test)]
    fn step(&self) -> io::Result<()> {
        let Some(left) = &self.left else { return Ok(()) };
        left.set(left.get().checked_sub(1).ok_or_else(|| io::Error::other("the end of the test"))?);
        Ok(())
    }

    /// Makes a folder, with those around it.
    pub(super) fn make_folder(&self, path: &Path) -> Result<(), AtPath> {
        at(path, self.step().and_then(|()| std::fs::create_dir_all(path)))
    }

    /// Makes an empty file, or empties one that is there.
    pub(super) fn create(&self, path: &Path) -> Result<(), AtPath> {
        at(path, self.step().and_then(|()| File::create(path).map(drop)))
    }

    /// Writes bytes to the end of a file. It is open only meanwhile: an export can have more files than a process may open.
    pub(super) fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = OpenOptions::new().append(true).open(path)?;
        if let Err(error) = self.step() {
            // A crash can leave a part of the bytes.
            file.write_all(bytes.get(..bytes.len() / 2).unwrap_or_default())?;
            return Err(error);
        }
        file.write_all(bytes)
    }

    /// Cuts a file to this length. A shorter one is an error.
    pub(super) fn cut(&self, path: &Path, len: u64) -> Result<(), AtPath> {
        let cut = || {
            let file = OpenOptions::new().write(true).open(path)?;
            if file.metadata()?.len() < len {
                return Err(io::Error::other("the file is shorter than it was"));
            }
            self.step()?;
            file.set_len(len)
        };
        at(path, cut())
    }

    /// Waits until the bytes of a file are on the disk.
    pub(super) fn sync(&self, path: &Path) -> Result<(), AtPath> {
        at(path, self.step().and_then(|()| if self.is_of_a_test() { Ok(()) } else { File::open(path)?.sync_all() }))
    }

    /// Waits until the names in a folder are on the disk.
    pub(super) fn sync_folder(&self, path: &Path) -> Result<(), AtPath> {
        if cfg!(unix) { self.sync(path) } else { Ok(()) }
    }

    /// Writes a small file in one step: after a crash, it has its old content or the new one.
    pub(super) fn replace(&self, folder: &Path, name: &str, bytes: &[u8]) -> Result<(), AtPath> {
        let path = folder.join(name);
        let temporary = folder.join(format!("{name}.tmp"));
        self.create(&temporary)?;
        at(&temporary, self.append(&temporary, bytes))?;
        self.sync(&temporary)?;
        self.rename(&temporary, &path)?;
        self.sync_folder(folder)
    }

    pub(super) fn rename(&self, from: &Path, to: &Path) -> Result<(), AtPath> {
        at(to, self.step().and_then(|()| std::fs::rename(from, to)))
    }

    /// Removes a file, or a folder with all that is in it. It need not be there.
    pub(super) fn remove(&self, path: &Path) -> Result<(), AtPath> {
        let removed = self.step().and_then(|()| match path.is_dir() {
            true => std::fs::remove_dir_all(path),
            false => std::fs::remove_file(path),
        });
        match removed {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => at(path, removed),
        }
    }
}

/// Adds the path to an error.
pub(super) fn at<T>(path: &Path, done: io::Result<T>) -> Result<T, AtPath> {
    done.map_err(|error| (path.to_owned(), error))
}
