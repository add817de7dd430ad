//! What a sender knows of the files that it sent: one file of JSON lines for each name. A line is durable before what it says happens, so after a crash
//! it is known whether the end of a file was told.

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::script::LEDGER_END;
use crate::time::parse;

/// The most bytes of one. It has three lines for each time that the name was sent.
const LEDGER_MAX_BYTES: u64 = 16 << 20;

/// A line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    /// When, in UTC.
    pub(super) at: String,
    pub(super) state: State,
    /// The SHA-256 of the file.
    pub(super) sha256: String,
    pub(super) bytes: u64,
    /// The other side.
    pub(super) peer: String,
}

/// How far a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// It is being sent. Its end was not told.
    Begun,
    /// Its end is told now, or was.
    Ending,
    /// The receiver has it.
    Complete,
    /// The receiver does not have it: it said so, or the end was not told.
    NotComplete,
}

/// What is known of a file before it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Before {
    /// The receiver cannot have it from here.
    Nothing,
    /// Its end was told, and nobody knows what became of it.
    Unknown,
    /// The receiver has it.
    Complete,
}

/// The lines about one name.
#[derive(Debug)]
pub(super) struct Ledger {
    path: PathBuf,
    file: File,
    pub(super) before: Before,
}

/// The reason why a file is not sent, of what is known of its name.
#[derive(Debug)]
pub enum SentError {
    /// The folder for them is not there, or is no folder.
    Folder(PathBuf, io::Error),
    /// The lines cannot be read or written.
    Io(PathBuf, io::Error),
    /// There are more lines than are read.
    TooLong(PathBuf),
    /// Another process sends a file under this name.
    InUse(PathBuf),
    /// A line cannot be understood.
    Damaged(PathBuf, usize, String),
    /// Another file was sent under this name, and the receiver has it or may have it.
    OtherFile(PathBuf, String),
}

impl fmt::Display for SentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path, error) => {
                write!(
                    f,
                    "{}, the `folder` of the plan: {error}; make it, it keeps what became of each file",
                    path.display()
                )
            }
            Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
            Self::TooLong(path) => {
                let max = LEDGER_MAX_BYTES >> 20;
                write!(
                    f,
                    "{}: it has more than {max} MiB; keep its last line, and move the others away",
                    path.display()
                )
            }
            Self::InUse(path) => write!(f, "{}: another process sends a file under this name", path.display()),
            Self::Damaged(path, line, why) => write!(f, "{}, line {line}: {why}", path.display()),
            Self::OtherFile(path, at) => write!(
                f,
                "another file was sent under this name on {at}, and the other side has it or may have it: {} says which; send this one with --name",
                path.display()
            ),
        }
    }
}

impl std::error::Error for SentError {}

impl Ledger {
    /// Opens the lines about a name, for the file of this digest. `remembers` is the time before which a complete file does not stand for its
    /// name any more, in milliseconds since 1970.
    pub(super) fn open(folder: &Path, name: &str, sha256: &str, remembers: i64) -> Result<Self, SentError> {
        is_folder(folder)?;
        let path = folder.join(format!("{name}{LEDGER_END}"));
        let failed = |error| SentError::Io(path.clone(), error);
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(&path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(SentError::InUse(path)),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let (before, whole) = read(&path, &file, sha256, remembers)?;
        // What was being written when the process ended is no line.
        file.set_len(whole).map_err(failed)?;
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)?;
        Ok(Self { path, file, before })
    }

    /// Looks whether [`Ledger::open`] would do, and makes nothing.
    pub(super) fn look(folder: &Path, name: &str, sha256: &str, remembers: i64) -> Result<(), SentError> {
        is_folder(folder)?;
        let path = folder.join(format!("{name}{LEDGER_END}"));
        match File::open(&path) {
            Ok(file) => read(&path, &file, sha256, remembers).map(drop),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(SentError::Io(path, error)),
        }
    }

    /// Writes a line, durably.
    pub(super) fn write(&self, entry: &Entry) -> Result<(), SentError> {
        let failed = |error| SentError::Io(self.path.clone(), error);
        let mut line = serde_json::to_vec(entry).map_err(|error| failed(error.into()))?;
        line.push(b'\n');
        let mut file = &self.file;
        file.write_all(&line).and_then(|()| self.file.sync_data()).map_err(failed)
    }
}

fn is_folder(folder: &Path) -> Result<(), SentError> {
    let not_there = |error| SentError::Folder(folder.to_owned(), error);
    let there = std::fs::metadata(folder).map_err(not_there)?;
    if there.is_dir() { Ok(()) } else { Err(not_there(io::Error::from(io::ErrorKind::NotADirectory))) }
}

/// What the lines say of this file, and the bytes of those that are whole.
fn read(path: &Path, file: &File, sha256: &str, remembers: i64) -> Result<(Before, u64), SentError> {
    let len = file.metadata().map_err(|error| SentError::Io(path.to_owned(), error))?.len();
    if len > LEDGER_MAX_BYTES {
        return Err(SentError::TooLong(path.to_owned()));
    }
    let mut reader = BufReader::new(file.take(LEDGER_MAX_BYTES));
    let mut last: Option<Entry> = None;
    let mut whole = 0;
    let mut text = Vec::new();
    for number in 1.. {
        text.clear();
        let len = reader.read_until(b'\n', &mut text).map_err(|error| SentError::Io(path.to_owned(), error))?;
        let Some(line) = text.strip_suffix(b"\n") else { break };
        let damaged = |error: serde_json::Error| SentError::Damaged(path.to_owned(), number, error.to_string());
        last = Some(serde_json::from_slice(line).map_err(damaged)?);
        whole += u64::try_from(len).unwrap_or(u64::MAX);
    }
    let Some(last) = last else { return Ok((Before::Nothing, whole)) };
    let before = match last.state {
        State::Begun | State::NotComplete => return Ok((Before::Nothing, whole)),
        State::Ending => Before::Unknown,
        State::Complete => Before::Complete,
    };
    if last.sha256 != sha256 {
        // Names return with the next year.
        if before == Before::Complete && parse(&last.at).is_ok_and(|at| at < remembers) {
            return Ok((Before::Nothing, whole));
        }
        return Err(SentError::OtherFile(path.to_owned(), last.at));
    }
    Ok((before, whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(state: State, sha256: &str) -> Entry {
        let [at, peer] = ["2026-11-30T09:00:00.000Z", "bank:9300"].map(str::to_owned);
        Entry { at, state, sha256: sha256.to_owned(), bytes: 7, peer }
    }

    #[test]
    fn the_last_whole_line_says_what_is_known() {
        let folder = tempfile::tempdir().unwrap();
        let open = |sha256: &str| Ledger::open(folder.path(), "EB13", sha256, 0);
        for (state, before) in [
            (State::Begun, Before::Nothing),
            (State::Ending, Before::Unknown),
            (State::NotComplete, Before::Nothing),
            (State::Complete, Before::Complete),
        ] {
            let ledger = open("aa").unwrap();
            ledger.write(&entry(state, "aa")).unwrap();
            assert!(matches!(open("aa"), Err(SentError::InUse(_))));
            drop(ledger);
            assert_eq!(open("aa").unwrap().before, before, "{state:?}");
            let other = open("bb");
            assert_eq!(other.is_ok(), before == Before::Nothing, "{state:?}: {other:?}");
        }
        // The line is of 2026-11-30T09:00Z, which is 1 796 029 200 s after 1970.
        let later = |ms: i64| Ledger::open(folder.path(), "EB13", "bb", 1_796_029_200_000 + ms);
        assert!(later(0).is_err());
        assert_eq!(later(1).unwrap().before, Before::Nothing, "a year later, the name stands for another file");
        // A crash in the middle of a line.
        let path = folder.path().join("EB13.sent.jsonl");
        let mut text = std::fs::read_to_string(&path).unwrap();
        text.push_str("{\"at\":\"2026");
        std::fs::write(&path, &text).unwrap();
        let ledger = open("aa").unwrap();
        assert_eq!(ledger.before, Before::Complete);
        ledger.write(&entry(State::Complete, "aa")).unwrap();
        drop(ledger);
        assert_eq!(open("aa").unwrap().before, Before::Complete);
        std::fs::write(&path, "no JSON\n").unwrap();
        assert!(matches!(open("aa"), Err(SentError::Damaged(_, 1, _))));
        File::create(&path).unwrap().set_len(LEDGER_MAX_BYTES + 1).unwrap();
        assert!(matches!(open("aa"), Err(SentError::TooLong(_))), "what is not read is not thrown away");
    }
}
