//! The durable record of every exchange and of every byte that crossed a line.
//!
//! The journal is an SQLite file in WAL mode with full synchronisation. One thread writes. It puts all waiting commands
//! into one transaction, so they share the cost of a commit. Its queue is bounded: if the queue is full, a request gets an
//! error and nothing is sent.
//!
//! ```text
//! accepted ──bytes journaled──► sending ──► answered
//!    └────────────────────────────┴───────► not_sent   (proved)
//!                                 └───────► unknown ── settled_by ──► (still unknown, and settled)
//! ```
//!
//! A request for permission (may this be sent?) fails when a write fails. A fact (an answer arrived) is kept and retried.
//!
//! To inspect the journal, use `sqlite3 journal.sqlite "select id, state, reason from exchanges"`.

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
use fep_protocol::exchange::{Exchange, ExchangeId};
pub use fep_protocol::reason::JournalError;
use fep_protocol::trace::TraceHighWater;

/// A handle to the journal. Clones share one writer.
#[derive(Clone, Debug)]
pub struct Journal {
    commands: mpsc::Sender<JournalCommand>,
    reader: Arc<Mutex<Connection>>,
    writer: Arc<tokio::sync::Mutex<Option<JoinHandle<()>>>>,
}

/// A journal that was just opened, with the state that an earlier run left.
#[derive(Debug)]
pub struct Opened {
    /// The journal.
    pub journal: Journal,
    /// The high-water marks of the used trace numbers, by institution.
    pub high_waters: Vec<(String, TraceHighWater)>,
    /// The exchanges whose keys may still be in quarantine. A late answer can settle those that are unknown.
    pub recalled: Vec<Recalled>,
}

/// The maximum number of commands that may wait for the writer.
const QUEUE_MAX: usize = 8192;

impl Journal {
    /// Opens or creates the journal, and ends the exchanges that an earlier run left open. An exchange that was being sent
    /// becomes unknown; one that was not becomes not sent. `quarantine_max` is the longest time from the acceptance of an exchange
    /// until the quarantine of its key ends.
    ///
    /// # Errors
    /// If the journal cannot be opened, has a newer version, or is in use by another process.
    pub fn open(path: &Path, now_ms: i64, quarantine_max: Duration) -> Result<Opened, JournalError> {
        let lock = lock(path)?;
        let mut store = Store::open(path)?;
        let (high_waters, recalled) = store.recover(now_ms, quarantine_max).map_err(failed)?;
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

    /// Stores a new exchange, unless its idempotency key is already known.
    ///
    /// # Errors
    /// If the exchange could not be stored.
    pub async fn accept(&self, acceptance: Acceptance) -> Result<Accepted, JournalError> {
        let (reply, answer) = oneshot::channel();
        self.ask(JournalCommand::Accept(Box::new(acceptance), reply))?;
        answer.await.map_err(|_| JournalError::Closed)?
    }

    /// Stores bytes that are to be written to a line afterwards. The receiver resolves after the commit.
    ///
    /// # Errors
    /// Immediately, if the queue is full or the journal is closed.
    pub fn send(&self, sending: Sending) -> Result<oneshot::Receiver<Result<(), JournalError>>, JournalError> {
        let (reply, answer) = oneshot::channel();
        self.ask(JournalCommand::Send(Box::new(sending), reply))?;
        Ok(answer)
    }

    /// Stores received bytes.
    pub async fn received(&self, entry: Entry) {
        self.tell(JournalCommand::Received(Box::new(entry))).await;
    }

    /// Records the outcome of an exchange. The receiver resolves after the first attempt. If that attempt fails, it is
    /// retried until it succeeds.
    pub async fn finish(&self, finish: Finish) -> oneshot::Receiver<Result<(), JournalError>> {
        let (reply, answer) = oneshot::channel();
        self.tell(JournalCommand::Finish(Box::new(finish), Some(reply))).await;
        answer
    }

    /// Settles an unknown exchange. The receiver yields the settled exchange, or `None` if the first attempt to write
    /// fails.
    pub async fn settle(&self, settlement: Settlement) -> oneshot::Receiver<Option<Exchange>> {
        let (reply, answer) = oneshot::channel();
        self.tell(JournalCommand::Settle(Box::new(settlement), Some(reply))).await;
        answer
    }

    /// Stores a notice, and returns whether it was answered before.
    ///
    /// # Errors
    /// If the notice could not be stored.
    pub async fn notice(&self, id: NoticeId, name: ExchangeId, at_ms: i64) -> Result<NoticeState, JournalError> {
        let (reply, answer) = oneshot::channel();
        self.ask(JournalCommand::Notice(id, name, at_ms, reply))?;
        answer.await.map_err(|_| JournalError::Closed)?
    }

    /// The exchange with this name, or `None` if there is no such exchange.
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

    /// Writes all waiting commands and closes the file.
    pub async fn close(&self) {
        self.tell(JournalCommand::Close).await;
        // The lock is held during the wait, so a second call waits too.
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
            read(&reader.lock().unwrap_or_else(PoisonError::into_inner)).map_err(failed)
        });
        task.await.map_err(|_| JournalError::Failed("the reader stopped".to_owned()))?
    }
}

/// Locks the journal against other processes: two gateways with one journal would use the same trace numbers.
fn lock(path: &Path) -> Result<File, JournalError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let name = PathBuf::from(name);
    let unusable = |error: &dyn fmt::Display| JournalError::Failed(format!("{}: {error}", name.display()));
    let file = File::create(&name).map_err(|error| unusable(&error))?;
    file.try_lock().map_err(|_| unusable(&"another gateway uses this journal"))?;
    Ok(file)
}

/// The error of a read or write that SQLite refused.
#[allow(clippy::needless_pass_by_value, reason = "it is passed to map_err")]
fn failed(error: rusqlite::Error) -> JournalError {
    JournalError::Failed(error.to_string())
}

#[cfg(test)]
mod tests;
