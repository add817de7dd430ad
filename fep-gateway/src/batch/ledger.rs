//! The outcomes of a batch in a file, so that a batch that was stopped goes on where it was. One JSON line says which batch it is, and then one
//! line says what became of a request. A later line about a request counts before an earlier one.
//!
//! The file saves time and is not what protects from sending twice: that is the idempotency key of each request, which the journal of the gateway
//! knows. If lines are lost, their requests are asked for again with the same keys.

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

/// What the names of the files end with.
pub(super) const LEDGER_END: &str = ".outcomes.jsonl";

/// The digits of the ID of an exchange.
const EXCHANGE_DIGITS: usize = 22;

/// The longest line, in bytes.
const LINE_MAX_BYTES: u64 = 1 << 20;

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It was carried out.
    Done,
    /// It was not, and never will be.
    NotDone,
    /// It was undone.
    Reversed,
    /// The gateway refused it, so it was never sent.
    Refused,
    /// Nobody knows yet.
    Unknown,
}

impl State {
    /// All states.
    pub const ALL: [Self; 5] = [Self::Done, Self::NotDone, Self::Reversed, Self::Refused, Self::Unknown];

    /// The name in files: `done`, `not_done`, `reversed`, `refused`, `unknown`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::NotDone => "not_done",
            Self::Reversed => "reversed",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
        }
    }
}

/// Which batch a file belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity {
    pub(super) batch: String,
    pub(super) date: String,
    pub(super) institution: String,
    pub(super) telegram: String,
    pub(super) requests: u64,
    /// The SHA-256 of the file of requests.
    pub(super) file: String,
    /// The host and the port of the gateway.
    pub(super) gateway: String,
    /// What decides about states and is kept with them: [`Plan::judgement`](super::Plan).
    pub(super) judgement: String,
}

/// The file of results was written, so no state changes any more.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Closed {
    /// Where it was written.
    results: String,
}

/// What became of a request, and how that is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) request: u64,
    /// When its state was found.
    pub(super) at: String,
    /// When it was sent first. The date of it counts for the window.
    pub(super) started: String,
    pub(super) state: State,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) exchange: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reason_code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) amount: Option<i128>,
    /// The window in which it was started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) window: Option<String>,
    /// The fields of the answer that the file of results needs.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub(super) answer: Map<String, Json>,
}

impl Entry {
    /// What is written of a request to try a file of results out.
    pub(super) fn of_trial(request: u64, state: State) -> Self {
        Self {
            request,
            at: String::new(),
            started: String::new(),
            state,
            exchange: Some("0".repeat(EXCHANGE_DIGITS)),
            reason_code: None,
            reason: None,
            amount: None,
            window: None,
            answer: Map::new(),
        }
    }
}

/// The reason why outcomes cannot be kept.
#[derive(Debug)]
pub enum LedgerError {
    /// The file cannot be read or written.
    Io(PathBuf, io::Error),
    /// Another process works on the batch.
    InUse(PathBuf),
    /// It belongs to another batch: what differs.
    Other(PathBuf, &'static str),
    /// The plan judges otherwise than when the batch began.
    Judged(PathBuf),
    /// The batch began at another gateway, and has outcomes of it.
    OtherGateway(PathBuf, String),
    /// Another batch has sent this file: the file of its outcomes.
    SentBefore(PathBuf),
    /// A line is too long to be kept.
    TooLong(PathBuf, u64),
    /// A line cannot be read.
    Damaged(PathBuf, u64, String),
}

impl fmt::Display for LedgerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(path, error) => write!(f, "{}: {error}", path.display()),
            Self::InUse(path) => write!(f, "{}: another process works on this batch now", path.display()),
            Self::Other(path, what) => write!(
                f,
                "{}: {what} is another one than when the batch began. Go on with the same, or give the new batch another name or date",
                path.display()
            ),
            Self::Judged(path) => write!(
                f,
                "{}: `accepted`, `amount` or an `answer.` of the plan is another one than when the batch began, and the outcomes were judged by the \
                 old one. Move this file away: then each request is asked for again with its key, and the gateway sends none twice",
                path.display()
            ),
            Self::OtherGateway(path, began) => write!(
                f,
                "{}: the batch began at the gateway {began}, which may have another journal. If the two share one, move this file away: then each \
                 request is asked for again with its key. A gateway with another journal would send everything",
                path.display()
            ),
            Self::SentBefore(path) => write!(
                f,
                "another batch has the same file of requests: {}. To send it once more, say --repeat; to go on with that batch, give its name and date",
                path.display()
            ),
            Self::TooLong(path, request) => write!(
                f,
                "{}: what would be kept of request {request} has more than {LINE_MAX_BYTES} bytes: keep fewer fields of the answer",
                path.display()
            ),
            Self::Damaged(path, line, why) => write!(
                f,
                "{}: line {line} cannot be read: {why}. If the file is moved away, each request is asked for again with its key, and the gateway \
                 sends none twice",
                path.display()
            ),
        }
    }
}

impl std::error::Error for LedgerError {}

/// Another file in the folder whose batch has the same file of requests, institution and telegram.
///
/// # Errors
/// If the folder cannot be read.
pub(super) fn sent_before(path: &Path, own: &Identity) -> Result<Option<PathBuf>, LedgerError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let failed = |error| LedgerError::Io(folder.to_owned(), error);
    for file in std::fs::read_dir(folder).map_err(failed)? {
        let other = file.map_err(failed)?.path();
        let is_ledger = other.to_str().is_some_and(|name| name.ends_with(LEDGER_END));
        if !is_ledger || other.file_name() == path.file_name() {
            continue;
        }
        let mut line = String::new();
        let read = File::open(&other).and_then(|file| BufReader::new(file).take(LINE_MAX_BYTES).read_line(&mut line));
        // What cannot be read is no file of outcomes.
        let Some(identity) = read.ok().and_then(|_| serde_json::from_str::<Identity>(&line).ok()) else { continue };
        let is_own = identity.batch == own.batch && identity.date == own.date;
        if !is_own
            && identity.file == own.file
            && identity.institution == own.institution
            && identity.telegram == own.telegram
        {
            return Ok(Some(other));
        }
    }
    Ok(None)
}

/// The outcomes of one batch.
#[derive(Debug)]
pub(super) struct Ledger {
    path: PathBuf,
    file: File,
    /// The length of the file.
    len: u64,
    /// Where the last line about each request begins, and its state.
    known: Vec<Option<(u64, State)>>,
    /// Whether the file of results was written.
    is_closed: bool,
}

impl Ledger {
    /// Opens the file of a batch, or begins it. `each` gets the lines about requests in their order, and the state that each had before.
    ///
    /// # Errors
    /// If it cannot be read or written, or belongs to another batch.
    pub(super) fn open(
        path: &Path,
        own: &Identity,
        mut each: impl FnMut(&Entry, Option<State>),
    ) -> Result<Self, LedgerError> {
        let failed = |error| LedgerError::Io(path.to_owned(), error);
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(LedgerError::InUse(path.to_owned())),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        let count = usize::try_from(own.requests).unwrap_or(usize::MAX);
        let mut ledger = Self { path: path.to_owned(), file, len: 0, known: vec![None; count], is_closed: false };
        ledger.read(own, &mut each)?;
        if ledger.len == 0 {
            ledger.write(own, 0)?;
            ledger.file.sync_all().map_err(failed)?;
        }
        Ok(ledger)
    }

    fn read(&mut self, own: &Identity, each: &mut impl FnMut(&Entry, Option<State>)) -> Result<(), LedgerError> {
        let failed = |error| LedgerError::Io(self.path.clone(), error);
        let mut reader = BufReader::new(self.file.try_clone().map_err(failed)?);
        let mut text = Vec::new();
        let mut began: Option<Identity> = None;
        for number in 1_u64.. {
            text.clear();
            let len = (&mut reader).take(LINE_MAX_BYTES + 1).read_until(b'\n', &mut text).map_err(failed)?;
            let damaged = |why: String| LedgerError::Damaged(self.path.clone(), number, why);
            let line = match text.strip_suffix(b"\n") {
                Some(line) => line,
                None if u64::try_from(len).is_ok_and(|len| len > LINE_MAX_BYTES) => {
                    return Err(damaged(format!("it has more than {LINE_MAX_BYTES} bytes")));
                }
                // What was being written when the process ended is no line.
                None => break,
            };
            if number == 1 {
                let other: Identity = serde_json::from_slice(line).map_err(|error| damaged(error.to_string()))?;
                if let Some(what) = other.differs(own) {
                    return Err(LedgerError::Other(self.path.clone(), what));
                }
                began = Some(other);
            } else if serde_json::from_slice::<Closed>(line).is_ok() {
                self.is_closed = true;
            } else {
                let entry: Entry = serde_json::from_slice(line).map_err(|error| damaged(error.to_string()))?;
                let place = usize::try_from(entry.request.wrapping_sub(1)).ok().and_then(|at| self.known.get_mut(at));
                let Some(place) = place else { return Err(damaged(format!("there is no request {}", entry.request))) };
                let before = place.replace((self.len, entry.state));
                each(&entry, before.map(|(_, state)| state));
            }
            self.len += u64::try_from(len).unwrap_or(u64::MAX);
        }
        if let Some(began) = began.filter(|_| self.known.iter().any(Option::is_some)) {
            if began.gateway != own.gateway {
                return Err(LedgerError::OtherGateway(self.path.clone(), began.gateway));
            }
            // What was told is not judged again.
            if began.judgement != own.judgement && !self.is_closed {
                return Err(LedgerError::Judged(self.path.clone()));
            }
        }
        self.file.set_len(self.len).map_err(|error| LedgerError::Io(self.path.clone(), error))
    }

    /// Keeps what became of a request.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn keep(&mut self, entry: &Entry) -> Result<(), LedgerError> {
        let at = self.len;
        self.write(entry, entry.request)?;
        let place = usize::try_from(entry.request.wrapping_sub(1)).ok().and_then(|at| self.known.get_mut(at));
        if let Some(place) = place {
            *place = Some((at, entry.state));
        }
        Ok(())
    }

    /// Notes that results are told, and waits until the disk has that.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn close(&mut self, results: &Path) -> Result<(), LedgerError> {
        self.is_closed = true;
        self.write(&Closed { results: results.display().to_string() }, 0)?;
        self.file.sync_data().map_err(|error| LedgerError::Io(self.path.clone(), error))
    }

    /// Whether the file of results was written.
    pub(super) fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Removes the file if nothing is in it about a request: another file of requests may have the name of the batch.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub(super) fn forget_if_empty(&self) -> Result<(), LedgerError> {
        if self.known.iter().any(Option::is_some) || self.is_closed {
            return Ok(());
        }
        std::fs::remove_file(&self.path).map_err(|error| LedgerError::Io(self.path.clone(), error))
    }

    fn write(&mut self, line: &impl Serialize, request: u64) -> Result<(), LedgerError> {
        let failed = |error| LedgerError::Io(self.path.clone(), error);
        let mut text = serde_json::to_vec(line).map_err(|error| failed(error.into()))?;
        text.push(b'\n');
        if u64::try_from(text.len()).is_ok_and(|len| len > LINE_MAX_BYTES) {
            return Err(LedgerError::TooLong(self.path.clone(), request));
        }
        self.file.write_all(&text).map_err(failed)?;
        self.len += u64::try_from(text.len()).unwrap_or(u64::MAX);
        Ok(())
    }

    /// The state of each request, in their order.
    pub(super) fn states(&self) -> impl Iterator<Item = Option<State>> {
        self.known.iter().map(|known| known.map(|(_, state)| state))
    }

    /// The state of a request.
    pub(super) fn state(&self, request: u64) -> Option<State> {
        self.place(request).map(|(_, state)| state)
    }

    fn place(&self, request: u64) -> Option<(u64, State)> {
        usize::try_from(request.wrapping_sub(1)).ok().and_then(|at| self.known.get(at)).copied().flatten()
    }

    /// The last line about a request.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(super) fn entry(&self, request: u64) -> Result<Option<Entry>, LedgerError> {
        let failed = |error| LedgerError::Io(self.path.clone(), error);
        let Some((at, _)) = self.place(request) else { return Ok(None) };
        let mut file = &self.file;
        file.seek(SeekFrom::Start(at)).map_err(failed)?;
        let mut line = String::new();
        BufReader::new(file).take(LINE_MAX_BYTES).read_line(&mut line).map_err(failed)?;
        let damaged = |error: serde_json::Error| LedgerError::Damaged(self.path.clone(), 0, error.to_string());
        serde_json::from_str(&line).map(Some).map_err(damaged)
    }

    /// Waits until the disk has everything.
    ///
    /// # Errors
    /// If it does not.
    pub(super) async fn sync(&self) -> Result<(), LedgerError> {
        let failed = |error| LedgerError::Io(self.path.clone(), error);
        let file = self.file.try_clone().map_err(failed)?;
        let synced = tokio::task::spawn_blocking(move || file.sync_data()).await;
        synced.map_err(|error| failed(io::Error::other(error)))?.map_err(failed)
    }
}

impl Identity {
    /// What differs from another identity.
    fn differs(&self, other: &Self) -> Option<&'static str> {
        let compared = [
            (self.file == other.file && self.requests == other.requests, "the file of requests"),
            (self.institution == other.institution, "the institution"),
            (self.telegram == other.telegram, "the telegram"),
            (self.batch == other.batch && self.date == other.date, "the batch"),
        ];
        compared.into_iter().find(|(is_same, _)| !is_same).map(|(_, what)| what)
    }
}

#[cfg(test)]
mod tests;
