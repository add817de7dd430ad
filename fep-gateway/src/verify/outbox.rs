//! Runs that somebody has not been told yet, in a folder of the plan: one file for each run and receiver. What is in a file is written before the run
//! counts, so that a crash loses nothing.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::told::Told;

/// The folder with the files, in the folder of the plan.
const FOLDER: &str = "untold";

/// How the name of a file ends, behind the receiver.
const END: &str = ".json";

/// How the name of a file ends that the receiver will never take.
const REFUSED: &str = ".refused";

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
        for File { path, .. } in self.files()?.into_iter().filter(|file| file.is_for(verification, receiver)) {
            match read(&path).and_then(|bytes| serde_json::from_slice::<Told>(&bytes).ok()) {
                Some(told) => all.push(Waiting { told, path }),
                None => unreadable.push(path),
            }
        }
        Ok((all, unreadable))
    }

    /// The files that are there, the oldest run first: those that wait, and those that were refused for good.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub(super) fn files(&self) -> io::Result<Vec<File>> {
        let folder = match fs::read_dir(&self.0) {
            Ok(folder) => folder,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let paths = folder.map(|file| file.map(|file| file.path())).collect::<io::Result<Vec<_>>>()?;
        let mut files: Vec<File> = paths.into_iter().filter_map(File::of).collect();
        files.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(files)
    }
}

/// A file of the folder by its name.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) path: PathBuf,
    pub(super) verification: String,
    pub(super) receiver: String,
    /// Whether the receiver will never take it.
    pub(super) is_refused: bool,
}

impl File {
    fn of(path: PathBuf) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let (name, is_refused) = match name.strip_suffix(END) {
            Some(name) => (name, false),
            None => (name.strip_suffix(REFUSED)?, true),
        };
        let mut parts = name.split('~').skip(1);
        let verification = parts.next()?.to_owned();
        let receiver = parts.next()?.to_owned();
        Some(Self { verification, receiver, is_refused, path })
    }

    pub(super) fn is_for(&self, verification: &str, receiver: &str) -> bool {
        !self.is_refused && self.verification == verification && self.receiver == receiver
    }
}

/// The bytes of a file of usual length. Anything else, such as a pipe, is not opened: it could be waited for without an end.
fn read(path: &Path) -> Option<Vec<u8>> {
    let about = fs::symlink_metadata(path).ok().filter(|about| about.is_file() && about.len() <= FILE_MAX_BYTES)?;
    let mut bytes = Vec::with_capacity(usize::try_from(about.len()).unwrap_or_default());
    fs::File::open(path).ok()?.take(FILE_MAX_BYTES).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

impl Waiting {
    /// The receiver has it.
    ///
    /// # Errors
    /// If the file cannot be removed. Then it is told again, and the receiver recognises it.
    pub(super) fn done(&self) -> io::Result<()> {
        match fs::remove_file(&self.path) {
            // Another command has told it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            removed => removed,
        }
    }

    /// The receiver will never take it. The file stays, and is not told again. Returns its new name.
    ///
    /// # Errors
    /// If the file cannot be renamed.
    pub(super) fn refused(&self) -> io::Result<PathBuf> {
        let path = self.path.with_extension(REFUSED.trim_start_matches('.'));
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
