//! Connections for questions to the journal. What payments wait for has its own: however much people read, it is not behind them.
//!
//! Each connection answers one question at a time. Who waits for it occupies no thread.

use std::sync::{Arc, Mutex, PoisonError};

use fep_protocol::reason::JournalError;
use tokio::sync::Semaphore;

use super::Reader;
use crate::ground::Ground;

/// The connections of a journal. Clones share them.
#[derive(Clone)]
pub(super) struct Connections {
    searches: Arc<Connection>,
    look_ups: Arc<Connection>,
}

/// Which connection a question goes to.
#[derive(Clone, Copy, Debug)]
pub(super) enum For {
    /// Lists, counts and details for people. A question may read much.
    Searches,
    /// What a request or a notice waits for: who has a key, what became of an exchange. A question reads little.
    LookUps,
}

struct Connection {
    reader: Mutex<Reader>,
    turn: Semaphore,
}

impl Connections {
    pub(super) fn new(searches: Reader, look_ups: Reader) -> Self {
        Self { searches: Connection::new(searches), look_ups: Connection::new(look_ups) }
    }

    /// The same with a connection of its own for searches.
    pub(super) fn searching_by(&self, searches: Reader) -> Self {
        Self { searches: Connection::new(searches), look_ups: Arc::clone(&self.look_ups) }
    }

    /// Asks a question.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        of: For,
        ground: &Ground,
        read: impl FnOnce(&Reader) -> Result<T, JournalError> + Send + 'static,
    ) -> Result<T, JournalError> {
        let connection = match of {
            For::Searches => Arc::clone(&self.searches),
            For::LookUps => Arc::clone(&self.look_ups),
        };
        // The semaphore is never closed.
        let Ok(_turn) = connection.turn.acquire().await else { return Err(JournalError::Closed) };
        let asked = Arc::clone(&connection);
        let read = move || read(&asked.reader.lock().unwrap_or_else(PoisonError::into_inner));
        on(ground, read).await
    }
}

impl Connection {
    fn new(reader: Reader) -> Arc<Self> {
        Arc::new(Self { reader: Mutex::new(reader), turn: Semaphore::new(1) })
    }
}

/// Carries out what may block, where it may.
pub(super) async fn on<T: Send + 'static>(
    ground: &Ground,
    work: impl FnOnce() -> Result<T, JournalError> + Send + 'static,
) -> Result<T, JournalError> {
    match ground {
        Ground::Machine => {
            let task = tokio::task::spawn_blocking(work);
            task.await.map_err(|_| JournalError::Failed("the reader stopped".to_owned()))?
        }
        #[cfg(feature = "simulation")]
        Ground::Simulated(_) => work(),
    }
}
