//! Where included files come from. Nothing here knows what is in them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Error, ErrorKind, Read as _, Result};
use std::path::{Path, PathBuf};

use super::paths::clean;

/// Finds and reads files by their paths.
pub trait FileAccess {
    /// What all paths of one file have in common, and no path of another file has.
    ///
    /// # Errors
    /// If there is no such file, or it cannot be found.
    fn identity(&self, path: &Path) -> Result<PathBuf>;

    /// The first bytes of a file, at most `max_bytes`.
    ///
    /// # Errors
    /// If it cannot be read or is no regular file.
    fn read(&self, path: &Path, max_bytes: usize) -> Result<Vec<u8>>;

    /// The name that findings use for a file.
    fn name(&self, path: &Path) -> String {
        path.display().to_string()
    }
}

/// Files on disk. Symbolic links are followed: a file has one identity, by whatever name it is included.
#[derive(Clone, Debug, Default)]
pub struct Disk {
    folder: PathBuf,
}

impl Disk {
    /// Files whose paths begin at this folder. `Disk::default()` begins at the working folder.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }
}

impl FileAccess for Disk {
    fn identity(&self, path: &Path) -> Result<PathBuf> {
        self.folder.join(path).canonicalize()
    }

    fn read(&self, path: &Path, max_bytes: usize) -> Result<Vec<u8>> {
        let path = self.folder.join(path);
        let kind = path.metadata()?.file_type();
        if kind.is_dir() {
            return Err(Error::new(ErrorKind::IsADirectory, "it is a folder"));
        }
        // A pipe or a device may have no end, or wait for one.
        if !kind.is_file() {
            return Err(Error::other("it is no regular file"));
        }
        let mut bytes = Vec::new();
        File::open(path)?.take(max_bytes as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }
}

/// No files. A text that includes some has a finding.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoFiles;

impl NoFiles {
    fn refused<T>() -> Result<T> {
        Err(Error::new(ErrorKind::Unsupported, "the text does not come from a folder with files"))
    }
}

impl FileAccess for NoFiles {
    fn identity(&self, _: &Path) -> Result<PathBuf> {
        Self::refused()
    }

    fn read(&self, _: &Path, _: usize) -> Result<Vec<u8>> {
        Self::refused()
    }
}

/// Texts in memory, each with its path: specs that a program was built with, or that an editor has not saved yet.
#[derive(Clone, Debug, Default)]
pub struct InMemory {
    texts: BTreeMap<PathBuf, Vec<u8>>,
}

impl InMemory {
    /// These files, each with its path and its content.
    pub fn new<P: AsRef<Path>, T: Into<Vec<u8>>>(texts: impl IntoIterator<Item = (P, T)>) -> Self {
        Self { texts: texts.into_iter().map(|(path, text)| (clean(path.as_ref()), text.into())).collect() }
    }

    fn get(&self, path: &Path) -> Result<&Vec<u8>> {
        self.texts.get(&clean(path)).ok_or_else(|| Error::from(ErrorKind::NotFound))
    }
}

impl FileAccess for InMemory {
    fn identity(&self, path: &Path) -> Result<PathBuf> {
        self.get(path).map(|_| clean(path))
    }

    fn read(&self, path: &Path, max_bytes: usize) -> Result<Vec<u8>> {
        let bytes = self.get(path)?;
        Ok(bytes.get(..max_bytes).unwrap_or(bytes).to_vec())
    }
}
