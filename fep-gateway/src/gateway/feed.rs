//! What a part of the process that publishes events needs of a gateway, without keeping it alive.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use fep_protocol::exchange::{Event, LineStatus};
use tokio::sync::{broadcast, watch};

use super::{Gateway, Institutions};
use crate::journal::Journal;
use crate::net::clock::Clock;
use crate::telegrams::TelegramCatalogue;

/// The journal, the institutions and the events of a gateway.
pub(crate) struct Feed {
    pub(crate) journal: Journal,
    /// Whether the gateway is for tests.
    pub(crate) is_test: bool,
    clock: Arc<Clock>,
    institutions: watch::Receiver<Institutions>,
    events: broadcast::Sender<Event>,
    notes: Notes,
}

/// Parts of the process that have something to say at `/readyz`.
#[derive(Clone, Default)]
pub(super) struct Notes(Arc<Mutex<Vec<Note>>>);

/// A function from the present time, in milliseconds since 1970, to a note if there is one.
type Note = Box<dyn Fn(i64) -> Option<String> + Send + Sync>;

impl Gateway {
    pub(crate) fn feed(&self) -> Feed {
        let shared = &self.inner.shared;
        Feed {
            journal: shared.journal.clone(),
            is_test: self.inner.test_time.is_some(),
            clock: Arc::clone(&shared.clock),
            institutions: self.inner.institutions.subscribe(),
            events: shared.events.clone(),
            notes: self.inner.notes.clone(),
        }
    }
}

impl Feed {
    /// Returns when the gateway is gone.
    pub(crate) async fn gone(&self) {
        let mut institutions = self.institutions.clone();
        while institutions.changed().await.is_ok() {}
    }

    /// The present time, in milliseconds since 1970.
    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now().wall_ms
    }

    /// A random number.
    pub(crate) fn seed(&self) -> u64 {
        self.clock.seed()
    }

    /// The telegrams of an institution.
    pub(crate) fn catalogue(&self, institution: &str) -> Option<Arc<TelegramCatalogue>> {
        self.institutions.borrow().get(institution).map(|handle| Arc::clone(&handle.catalogue))
    }

    /// The present status of every line.
    pub(crate) fn lines(&self) -> Vec<LineStatus> {
        self.institutions.borrow().values().flat_map(|handle| handle.statuses.lines()).collect()
    }

    /// All events from now on.
    pub(crate) fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// Adds a note to those of the gateway, as long as the function returns one.
    pub(crate) fn add_note(&self, note: impl Fn(i64) -> Option<String> + Send + Sync + 'static) {
        self.notes.0.lock().unwrap_or_else(PoisonError::into_inner).push(Box::new(note));
    }
}

impl Notes {
    pub(super) fn now(&self, now_ms: i64) -> Vec<String> {
        let notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        notes.iter().filter_map(|note| note(now_ms)).collect()
    }
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed").finish_non_exhaustive()
    }
}
