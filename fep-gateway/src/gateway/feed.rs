//! What a part of the process that publishes events needs of a gateway, without keeping it alive. A gateway has one such part at a time.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fep_protocol::exchange::{Event, LineStatus};
use tokio::sync::{broadcast, watch};

use super::alarms::AlarmPart;
use super::{Gateway, Institutions, JournalError};
use crate::journal::Journal;
use crate::net::admission::InstitutionStatus;
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
    alarms: Slot<dyn AlarmPart>,
}

/// The place of a part of the process.
pub(super) struct Slot<P: ?Sized = dyn Part>(Arc<Mutex<Option<Box<P>>>>);

/// A taken place. Dropping it frees the place.
pub(crate) struct Taken<P: ?Sized + 'static = dyn Part>(Slot<P>);

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
            alarms: self.inner.alarms.clone(),
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
        self.inner.intake.take(Box::new(intake))
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

    /// The present time of the business clock, in milliseconds since 1970.
    pub(crate) fn business_ms(&self) -> i64 {
        self.clock.now().business_ms
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
        self.publisher.take(Box::new(note))
    }

    /// Takes the place of the part that judges alarms. `None` if another one has it.
    pub(crate) fn take_alarms(&self, part: impl AlarmPart) -> Option<Taken<dyn AlarmPart>> {
        self.alarms.take(Box::new(part))
    }

    /// A name that no other one has.
    pub(crate) fn new_name(&self) -> String {
        self.clock.name(self.clock.now()).to_string()
    }

    /// The institutions that run now, by name.
    pub(crate) fn institutions(&self) -> Vec<String> {
        self.institutions.borrow().keys().cloned().collect()
    }

    /// The state of an institution. `None` if there is no such one, or it does not say so in time.
    pub(crate) async fn institution(&self, name: &str, patience: Duration) -> Option<InstitutionStatus> {
        let handle = self.institutions.borrow().get(name).cloned()?;
        tokio::time::timeout(patience, handle.status()).await.ok()?
    }
}

impl<P: ?Sized> Slot<P> {
    /// What a look at the part finds. `None` if nothing has the place.
    pub(super) fn look<T>(&self, look: impl FnOnce(&P) -> T) -> Option<T> {
        self.lock().as_deref().map(look)
    }

    fn take(&self, part: Box<P>) -> Option<Taken<P>> {
        let mut place = self.lock();
        if place.is_some() {
            return None;
        }
        *place = Some(part);
        Some(Taken(self.clone()))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Box<P>>> {
        // Each change is one assignment.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    /// The note of the part.
    pub(super) fn note(&self, now_ms: i64) -> Option<String> {
        self.look(|part| part.note(now_ms))?
    }

    fn topics(&self) -> Vec<TopicStatus> {
        self.look(|part| part.topics()).unwrap_or_default()
    }
}

impl<P: ?Sized> Clone for Slot<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<P: ?Sized> Default for Slot<P> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<P: ?Sized> Drop for Taken<P> {
    fn drop(&mut self) {
        *self.0.lock() = None;
    }
}

impl<P: ?Sized> fmt::Debug for Taken<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Taken").finish_non_exhaustive()
    }
}

impl fmt::Debug for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed").finish_non_exhaustive()
    }
}
