//! Runs that somebody has not been told yet, in a folder of the plan: one file for each run and receiver. What is in a file is written before the run
//! counts, so that a crash loses nothing.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::told::Told;

/// The folder with the files, in the folder of the plan.
const FOLDER: &str = "untold";

/// How the name of a file ends, behind the receiver.
const END: &str = ".json";

/// The maximum number of runs that wait for a receiver. The oldest ones make room for new ones.
pub(super) const WAITING_MAX: usize = 100;

/// The longest file that is read, in bytes.
const FILE_MAX_BYTES: u64 = 4 << 20;

/// The runs that wait.
#[derive(Clone, Debug)]
pub(super) struct Outbox(PathBuf);

/// One run that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) told: Told,
    path: PathBuf,
}

impl Outbox {
    /// The runs in the folder of a plan.
    pub(super) fn of(folder: &Path) -> Self {
        Self(folder.join(FOLDER))
    }

    /// Lets a run wait for a receiver, if it does not yet.
    ///
    /// # Errors
    /// If the folder cannot be written.
    pub(super) fn put(&self, receiver: &str, told: &Told) -> io::Result<()> {
        fs::create_dir_all(&self.0)?;
        let mut file = tempfile::NamedTempFile::new_in(&self.0)?;
        file.write_all(&serde_json::to_vec(told)?)?;
        file.as_file().sync_all()?;
        let Told { verification, run, .. } = told;
        file.persist(self.0.join(format!("{run}~{verification}~{receiver}{END}"))).map_err(|error| error.error)?;
        sync_folder(&self.0)
    }

    /// The runs of a verification that wait for a receiver, the oldest first. The names of those that cannot be read come last.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub(super) fn waiting(&self, verification: &str, receiver: &str) -> io::Result<(Vec<Waiting>, Vec<PathBuf>)> {
        let mut all = Vec::new();
        let mut unreadable = Vec::new();
        for path in self.files(verification, receiver)? {
            let is_short = fs::metadata(&path).is_ok_and(|file| file.len() <= FILE_MAX_BYTES);
            let told = if is_short { fs::read(&path).ok() } else { None };
            match told.and_then(|bytes| serde_json::from_slice::<Told>(&bytes).ok()) {
                Some(told) => all.push(Waiting { told, path }),
                None => unreadable.push(path),
            }
        }
        Ok((all, unreadable))
    }

    /// The files of a verification for a receiver, the oldest run first.
    fn files(&self, verification: &str, receiver: &str) -> io::Result<Vec<PathBuf>> {
        let end = format!("~{verification}~{receiver}{END}");
        let folder = match fs::read_dir(&self.0) {
            Ok(folder) => folder,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let paths = folder.map(|file| file.map(|file| file.path())).collect::<io::Result<Vec<_>>>()?;
        let is_own =
            |path: &PathBuf| path.file_name().and_then(|name| name.to_str()).is_some_and(|name| name.ends_with(&end));
        let mut own: Vec<PathBuf> = paths.into_iter().filter(is_own).collect();
        own.sort();
        Ok(own)
    }
}

impl Waiting {
    /// The receiver has it.
    ///
    /// # Errors
    /// If the file cannot be removed. Then it is told again, and the receiver recognises it.
    pub(super) fn done(&self) -> io::Result<()> {
        fs::remove_file(&self.path)
    }

    /// The receiver will never take it. The file stays, and is not told again. Returns its new name.
    ///
    /// # Errors
    /// If the file cannot be renamed.
    pub(super) fn refused(&self) -> io::Result<PathBuf> {
        let path = self.path.with_extension("refused");
        fs::rename(&self.path, &path)?;
        Ok(path)
    }
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
