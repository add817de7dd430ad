//! [`Consumer`]: one consumer's side of the stream.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::sync::{Notify, mpsc};

use crate::event::Event;

/// Events for one consumer: a part of a batch that all consumers share.
#[derive(Debug)]
pub(crate) struct Parcel {
    pub(crate) events: Arc<Vec<Event>>,
    pub(crate) range: Range<usize>,
    /// How many of them count for the limit of the buffer. A snapshot does not: the table of instruments limits it.
    pub(crate) counted: usize,
}

/// What a consumer and the receiver both see.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    /// The events in the buffer that the consumer has not read.
    pub(crate) waiting: AtomicUsize,
    /// Whether the receiver keeps events back until there is room.
    pub(crate) is_behind: AtomicBool,
}

/// One consumer's side of the stream. Dropping it ends its part; the receiver goes on.
///
/// The events of a batch are shared by all consumers, so they come by reference. An [`Event`] can be cloned without copying bytes.
#[derive(Debug)]
pub struct Consumer {
    pub(crate) parcels: mpsc::Receiver<Parcel>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) buffer_max: usize,
    /// Wakes the receiver when there is room again.
    pub(crate) room: Arc<Notify>,
    pub(crate) current: Option<Parcel>,
}

/// What waits for a consumer, as others see it: a list of consumers, or a metric.
#[derive(Clone, Debug)]
pub struct Backlog {
    shared: Arc<Shared>,
}

impl Backlog {
    /// How many events wait in the buffer. One batch counts until all of it was read.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.shared.waiting.load(Ordering::Relaxed)
    }

    /// Whether the buffer was full, and the consumer has not caught up yet.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.shared.is_behind.load(Ordering::Relaxed)
    }
}

impl Consumer {
    /// The next event. `None` after [`Event::Ended`], or if the receiver's task panicked or was cut off with its runtime. If the call is
    /// cancelled, no event is lost.
    pub async fn next(&mut self) -> Option<&Event> {
        if !self.has_current() {
            self.finish();
            self.current = self.parcels.recv().await;
        }
        self.step()
    }

    /// The next event, if it is there already.
    pub fn try_next(&mut self) -> Option<&Event> {
        if !self.has_current() {
            self.finish();
            self.current = self.parcels.try_recv().ok();
        }
        self.step()
    }

    /// The next events, at least one. `None` after [`Event::Ended`]. This costs less than [`Consumer::next`] for each. If the call is
    /// cancelled, no event is lost.
    pub async fn next_many(&mut self) -> Option<&[Event]> {
        if !self.has_current() {
            self.finish();
            self.current = self.parcels.recv().await;
        }
        let parcel = self.current.as_mut()?;
        let range = parcel.range.clone();
        parcel.range.start = range.end;
        parcel.events.get(range)
    }

    /// How many events wait in the buffer. One batch counts until all of it was read.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.shared.waiting.load(Ordering::Relaxed)
    }

    /// What waits for it, for others to look at.
    #[must_use]
    pub fn backlog(&self) -> Backlog {
        Backlog { shared: Arc::clone(&self.shared) }
    }

    fn has_current(&self) -> bool {
        self.current.as_ref().is_some_and(|parcel| !parcel.range.is_empty())
    }

    fn step(&mut self) -> Option<&Event> {
        let parcel = self.current.as_mut()?;
        let index = parcel.range.start;
        parcel.range.start += 1;
        parcel.events.get(index)
    }

    /// The current parcel was read: there is room for others.
    fn finish(&mut self) {
        let Some(parcel) = self.current.take() else { return };
        let before = self.shared.waiting.fetch_sub(parcel.counted, Ordering::SeqCst);
        let has_room = has_room(before.saturating_sub(parcel.counted), self.buffer_max);
        if has_room && self.shared.is_behind.load(Ordering::SeqCst) {
            self.room.notify_one();
        }
    }
}

/// Whether a consumer that was too slow can go on.
pub(crate) fn has_room(waiting: usize, buffer_max: usize) -> bool {
    waiting <= buffer_max / 2
}
