//! The durable record: every exchange, and every byte that crossed a line.
//!
//! SQLite in WAL mode with full synchronisation. One thread writes; whatever waits when it comes round is one transaction, so
//! a commit's price is shared. Its queue is bounded: who finds it full is told, and sends nothing.
//!
//! ```text
//! accepted ──bytes journaled──► sending ──► answered
//!    └────────────────────────────┴───────► not_sent   (proved)
//!                                 └───────► unknown ── settled_by ──► (still unknown, and settled)
//! ```
//!
//! What is only asked (may it be sent?) fails when the disk does. What has happened (an answer came) is kept and tried again.
//!
//! Look into it with `sqlite3 journal.sqlite "select id, state, reason from exchanges"`.

mod command;
mod schema;
mod store;
mod writer;

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use self::command::JournalCommand;
pub use self::command::{
    Acceptance, Accepted, Direction, Entry, Finish, NoticeId, NoticeState, Recalled, Sending, Settlement,
};
use self::store::Store;
use crate::exchange::{Exchange, ExchangeId};
pub use crate::machine::reason::JournalError;
use crate::machine::trace::TraceHighWater;

/// The journal's handle. Clones share the one writer.
#[derive(Clone, Debug)]
pub struct Journal {
    commands: mpsc::Sender<JournalCommand>,
    reader: Arc<Mutex<Connection>>,
    writer: Arc<tokio::sync::Mutex<Option<JoinHandle<()>>>>,
}

/// What a journal that was just opened knows of an earlier run.
#[derive(Debug)]
pub struct Opened {
    /// The journal.
    pub journal: Journal,
    /// The used trace numbers, by institution.
    pub high_waters: Vec<(String, TraceHighWater)>,
    /// Exchanges whose keys may still rest; the unknown ones can be settled by a late answer.
    pub recalled: Vec<Recalled>,
}

/// How many commands may wait for the writer.
const QUEUE_MAX: usize = 8192;

impl Journal {
    /// Opens or makes the journal, and ends what an earlier run left open: what was on its way to the wire is unknown, what
    /// was not is not sent. `rest` is how long after its acceptance an exchange's key may have to rest.
    ///
    /// # Errors
    /// If it cannot be opened, is of a newer version, or belongs to another process.
    pub fn open(path: &Path, now_ms: i64, rest: Duration) -> Result<Opened, JournalError> {
        let lock = lock(path)?;
        let mut store = Store::open(path)?;
        let (high_waters, recalled) = store.recover(now_ms, rest)?;
        let reader = schema::read_only(path)?;
        let (commands, queue) = mpsc::channel(QUEUE_MAX);
        let thread = std::thread::Builder::new().name("journal".to_owned());
        let writer = thread.spawn(move || {
            writer::run(store, queue);
            drop(lock);
        });
        let writer = writer.map_err(|error| JournalError::Failed(format!("no thread: {error}")))?;
        let journal = Self {
            commands,
            reader: Arc::new(Mutex::new(reader)),
            writer: Arc::new(tokio::sync::Mutex::new(Some(writer))),
        };
        Ok(Opened { journal, high_waters, recalled })
    }

    /// Takes an exchange in, unless its idempotency key is known.
    ///
    /// # Errors
    /// If it is not in the journal.
    pub async fn accept(&self, acceptance: Acceptance) -> Result<Accepted, JournalError> {
        let (reply, answer) = oneshot::channel();
        self.ask(JournalCommand::Accept(Box::new(acceptance), reply))?;
        answer.await.map_err(|_| JournalError::Closed)?
    }

    /// Brings bytes into the journal that shall be written then. Resolves after the commit.
    ///
    /// # Errors
    /// At once, if the queue is full.
    pub fn send(&self, sending: Sending) -> Result<oneshot::Receiver<Result<(), JournalError>>, JournalError> {
        let (reply, answer) = oneshot::channel();
        self.ask(JournalCommand::Send(Box::new(sending), reply))?;
        Ok(answer)
    }

    /// Keeps what was received.
    pub async fn received(&self, entry: Entry) {
        self.tell(JournalCommand::Received(Box::new(entry))).await;
    }

    /// Records the outcome of an exchange. Resolves after the first try; if that failed it is tried again until it succeeds.
    pub async fn finish(&self, finish: Finish) -> oneshot::Receiver<Result<(), JournalError>> {
        let (reply, answer) = oneshot::channel();
        self.tell(JournalCommand::Finish(Box::new(finish), Some(reply))).await;
        answer
    }

    /// Settles an unknown exchange and gives it back.
    pub async fn settle(&self, settlement: Settlement) -> oneshot::Receiver<Option<Exchange>> {
        let (reply, answer) = oneshot::channel();
        self.tell(JournalCommand::Settle(Box::new(settlement), Some(reply))).await;
        answer
    }

    /// Keeps a notice and says whether it was answered before.
    ///
    /// # Errors
    /// If it is not in the journal.
    pub async fn notice(&self, id: NoticeId, name: ExchangeId, at_ms: i64) -> Result<NoticeState, JournalError> {
        let (reply, answer) = oneshot::channel();
        self.ask(JournalCommand::Notice(id, name, at_ms, reply))?;
        answer.await.map_err(|_| JournalError::Closed)?
    }

    /// The exchange with this name.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn find(&self, id: &ExchangeId) -> Result<Option<Exchange>, JournalError> {
        let id = id.clone();
        self.read(move |connection| store::find(connection, &id)).await
    }

    /// The latest exchanges, newest first.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn recent(&self, limit: usize) -> Result<Vec<Exchange>, JournalError> {
        self.read(move |connection| store::recent(connection, limit)).await
    }

    /// Writes what waits and closes the file.
    pub async fn close(&self) {
        self.tell(JournalCommand::Close).await;
        // Held while it is awaited: who closes a second time waits too.
        let mut writer = self.writer.lock().await;
        if let Some(writer) = writer.take() {
            // A writer that panicked has nothing left to flush.
            let _ = tokio::task::spawn_blocking(move || writer.join().is_ok()).await;
        }
    }

    fn ask(&self, command: JournalCommand) -> Result<(), JournalError> {
        self.commands.try_send(command).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => JournalError::Full { waiting_max: QUEUE_MAX },
            mpsc::error::TrySendError::Closed(_) => JournalError::Closed,
        })
    }

    async fn tell(&self, command: JournalCommand) {
        if self.commands.send(command).await.is_err() {
            tracing::error!("the journal is closed and something came after");
        }
    }

    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, rusqlite::Error> + Send + 'static,
    ) -> Result<T, JournalError> {
        let reader = Arc::clone(&self.reader);
        let task = tokio::task::spawn_blocking(move || {
            read(&reader.lock().unwrap_or_else(PoisonError::into_inner)).map_err(JournalError::from)
        });
        task.await.map_err(|_| JournalError::Failed("the reader stopped".to_owned()))?
    }
}

/// Two gateways with one journal would hand out the same trace numbers.
fn lock(path: &Path) -> Result<File, JournalError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let name = PathBuf::from(name);
    let unusable = |error: &dyn fmt::Display| JournalError::Failed(format!("{}: {error}", name.display()));
    let file = File::create(&name).map_err(|error| unusable(&error))?;
    file.try_lock().map_err(|_| unusable(&"another gateway uses this journal"))?;
    Ok(file)
}

impl From<rusqlite::Error> for JournalError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error.to_string())
    }
}

#[cfg(test)]
mod tests;
