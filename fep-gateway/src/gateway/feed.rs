//! What a part of the process that publishes events needs of a gateway, without keeping it alive. A gateway has one such part at a time.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fep_protocol::exchange::{Event, LineStatus};
use tokio::sync::{broadcast, watch};

use super::{Gateway, Institutions, JournalError};
use crate::journal::Journal;
use crate::net::clock::Clock;
use crate::telegrams::TelegramCatalogue;
use crate::topics::TopicStatus;

/// The journal, the institutions and the events of a gateway.
pub(crate) struct Feed {
    pub(crate) journal: Journal,
    /// Whether the gateway is for tests.
    pub(crate) is_test: bool,
    clock: Arc<Clock>,
    institutions: watch::Receiver<Institutions>,
    events: broadcast::Sender<Event>,
    publisher: Slot,
}

/// The place of a part of the process.
#[derive(Clone, Default)]
pub(super) struct Slot(Arc<Mutex<Option<Box<dyn Part>>>>);

/// A taken place. Dropping it frees the place.
pub(crate) struct Taken(Slot);

/// What a part of the process tells of itself.
pub(crate) trait Part: Send + Sync + 'static {
    /// What `/readyz` notes of it at this time, in milliseconds since 1970.
    fn note(&self, now_ms: i64) -> Option<String>;

    /// The topics from which it takes requests.
    fn topics(&self) -> Vec<TopicStatus> {
        Vec::new()
    }
}

impl<F: Fn(i64) -> Option<String> + Send + Sync + 'static> Part for F {
    fn note(&self, now_ms: i64) -> Option<String> {
        self(now_ms)
    }
}

impl Gateway {
    pub(crate) fn feed(&self) -> Feed {
        let shared = &self.inner.shared;
        Feed {
            journal: shared.journal.clone(),
            is_test: self.inner.test_time.is_some(),
            clock: Arc::clone(&shared.clock),
            institutions: self.inner.institutions.subscribe(),
            events: shared.events.clone(),
            publisher: self.inner.publisher.clone(),
        }
    }
}

impl Gateway {
    /// The topics from which requests are taken, cluster by cluster. Empty if there are none.
    #[must_use]
    pub fn topics(&self) -> Vec<TopicStatus> {
        self.inner.intake.topics()
    }

    /// Takes the place of the part that takes requests from topics. `None` if another one has it.
    #[cfg(feature = "kafka")]
    pub(crate) fn take_intake(&self, intake: impl Part) -> Option<Taken> {
        self.inner.intake.take(intake)
    }
}

impl Feed {
    /// The same with connections of its own to the journal, so that reading facts holds up no question of others.
    pub(crate) async fn apart(self) -> Result<Self, JournalError> {
        Ok(Self { journal: self.journal.apart().await?, ..self })
    }

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

    /// Takes the place of the part that publishes, with its note for `/readyz`. `None` if another one has it.
    pub(crate) fn take(&self, note: impl Part) -> Option<Taken> {
        self.publisher.take(note)
    }
}

impl Slot {
    /// The note of the part.
    pub(super) fn note(&self, now_ms: i64) -> Option<String> {
        self.lock().as_ref()?.note(now_ms)
    }

    fn topics(&self) -> Vec<TopicStatus> {
        self.lock().as_ref().map(|part| part.topics()).unwrap_or_default()
    }

    fn take(&self, part: impl Part) -> Option<Taken> {
        let mut place = self.lock();
        if place.is_some() {
            return None;
        }
        *place = Some(Box::new(part));
        Some(Taken(self.clone()))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Box<dyn Part>>> {
        // Each change is one assignment.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        *self.0.lock() = None;
    }
}

impl fmt::Debug for Taken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Taken").finish_non_exhaustive()
    }
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed").finish_non_exhaustive()
    }
}
