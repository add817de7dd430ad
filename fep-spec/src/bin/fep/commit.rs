//! `git:REV:PATH`: a spec as it is in a commit, with the files that it includes from the same commit. Nothing is checked out.

use std::io::{self, Error, ErrorKind, Read as _};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};

use fep_spec::include::{FileAccess, clean};
use fep_spec::load::SpecFile;

use crate::end::Stop;

/// The maximum length of a spec in a commit, in bytes.
const SPEC_MAX_BYTES: usize = 64 << 20;

/// The maximum length of the target of a symbolic link, in bytes.
const LINK_MAX_BYTES: usize = 4096;

/// The maximum number of symbolic links that lead to one file.
const LINKS_MAX: usize = 8;

/// The files of a commit.
pub(crate) struct Commit {
    revision: String,
    /// Whether paths begin in this folder and not at the root of the repository.
    here: bool,
}

impl Commit {
    /// The commit with the file of `REV:PATH`, and that file. The path begins at the root of the repository, or else in this folder.
    pub(crate) fn open(object: &str) -> Result<(Self, SpecFile), Stop> {
        let name = format!("git:{object}");
        let parts = object.split_once(':').filter(|(revision, path)| !revision.is_empty() && !path.is_empty());
        let (revision, path) = parts.ok_or_else(|| {
            Stop::Message(format!(
                "{name} names no file of a commit: write git:REV:PATH, for example git:main:specs/bank-a.toml"
            ))
        })?;
        let mut commit =
            Self { revision: revision.to_owned(), here: path.starts_with("./") || path.starts_with("../") };
        let path = PathBuf::from(path);
        let mut read = commit.read(&path, SPEC_MAX_BYTES + 1);
        if read.is_err() && !commit.here {
            commit.here = true;
            let here = commit.read(&path, SPEC_MAX_BYTES + 1);
            commit.here = here.is_ok();
            read = here.or(read);
        }
        let failed = |error: String| Stop::Message(format!("cannot read {name}: {error}"));
        let bytes = read.map_err(|error| failed(error.to_string()))?;
        if bytes.len() > SPEC_MAX_BYTES {
            return Err(failed(format!("it has more than {SPEC_MAX_BYTES} bytes")));
        }
        let text = String::from_utf8(bytes)
            .map_err(|error| failed(format!("it is not UTF-8, see byte {}", error.utf8_error().valid_up_to())))?;
        Ok((commit, SpecFile { path, name, text }))
    }
}

impl Commit {
    /// What Git prints, at most this many bytes.
    fn git(&self, arguments: &[&str], max_bytes: usize) -> io::Result<Vec<u8>> {
        let mut git = Command::new("git");
        git.args(arguments).env("LC_ALL", "C");
        let git = git.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut git = git.map_err(|error| Error::other(format!("git does not run: {error}")))?;
        let mut bytes = Vec::new();
        if let Some(stdout) = git.stdout.take() {
            stdout.take(max_bytes as u64).read_to_end(&mut bytes)?;
        }
        // Stdout is closed here, so git ends although it may have more.
        let ended = git.wait_with_output()?;
        if ended.status.success() || bytes.len() == max_bytes {
            return Ok(bytes);
        }
        let message = String::from_utf8_lossy(&ended.stderr);
        let line = message.lines().next().unwrap_or("git failed").to_owned();
        let is_missing = line.contains("does not exist in") || line.contains("exists on disk, but not in");
        Err(Error::new(if is_missing { ErrorKind::NotFound } else { ErrorKind::Other }, line))
    }

    /// The content of a file, or the target of a symbolic link.
    fn blob(&self, path: &Path, max_bytes: usize) -> io::Result<Vec<u8>> {
        let start = if self.here { "./" } else { "" };
        let object = format!("{}:{start}{}", self.revision, path.display());
        self.git(&["cat-file", "--end-of-options", "blob", &object], max_bytes)
    }

    fn is_link(&self, path: &Path) -> io::Result<bool> {
        let path = path.display().to_string();
        let mut arguments = vec!["--literal-pathspecs", "ls-tree"];
        arguments.extend((!self.here).then_some("--full-tree"));
        arguments.extend(["--end-of-options", &self.revision, "--", &path]);
        Ok(self.git(&arguments, LINK_MAX_BYTES)?.starts_with(b"120000 "))
    }

    /// The path of the file that a path leads to.
    fn followed(&self, path: &Path) -> io::Result<PathBuf> {
        let mut path = clean(path);
        for _ in 0..LINKS_MAX {
            // Git reads a path that begins with `..` from this folder.
            if !self.here && path.components().next() == Some(Component::ParentDir) {
                return Err(Error::new(ErrorKind::NotFound, "it is outside of the repository"));
            }
            if !self.is_link(&path)? {
                return Ok(path);
            }
            let target = self.blob(&path, LINK_MAX_BYTES)?;
            path = clean(&path.parent().unwrap_or(Path::new("")).join(String::from_utf8_lossy(&target).as_ref()));
            if path.has_root() {
                return Err(Error::new(ErrorKind::NotFound, "it is a link to a place outside of the repository"));
            }
        }
        Err(Error::other("it is a link to a link, too many times"))
    }
}

impl FileAccess for Commit {
    fn identity(&self, path: &Path) -> io::Result<PathBuf> {
        self.followed(path)
    }

    fn read(&self, path: &Path, max_bytes: usize) -> io::Result<Vec<u8>> {
        self.blob(&self.followed(path)?, max_bytes)
    }

    fn name(&self, path: &Path) -> String {
        format!("git:{}:{}", self.revision, path.display())
    }
}
