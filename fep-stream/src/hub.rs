//! [`Hub`]: hands the events of the stream to all consumers and waits for none.
//!
//! A batch is made once, and each consumer gets a pointer to it: a queue without a lock, and a counter of what waits in it. A consumer
//! whose buffer is full costs one look at a counter for each batch until it has room again. Then it is told what it missed, or gets a copy
//! of what is still the last telegram of each instrument, as a late joiner does.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::{Notify, Semaphore, mpsc};

use crate::consumer::{Consumer, Parcel, Shared, has_room};
use crate::event::{Ended, Event};
use crate::latest::Latest;
use crate::policy::{Policy, Slow};

/// Room in a queue for parcels that do not count: snapshots, notices, the end.
const UNCOUNTED_MAX: usize = 8;

#[derive(Debug, Default)]
pub(crate) struct Hub {
    outboxes: Vec<Outbox>,
    room: Arc<Notify>,
    /// How often a consumer was too slow.
    pub(crate) too_slow: u64,
}

#[derive(Debug)]
struct Outbox {
    parcels: mpsc::Sender<Parcel>,
    shared: Arc<Shared>,
    policy: Policy,
    /// The first position that the consumer does not have, if it is behind.
    behind_since: Option<u64>,
}

/// Whether a consumer is still there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Stays,
    Goes,
}

impl Hub {
    /// What is notified when a consumer that is behind has room again.
    pub(crate) fn room(&self) -> Arc<Notify> {
        Arc::clone(&self.room)
    }

    pub(crate) fn consumers(&self) -> usize {
        self.outboxes.len()
    }

    /// A new consumer. It gets everything from the position `next` on, and before that what is kept.
    pub(crate) fn join(&mut self, policy: Policy, latest: &Latest, next: u64) -> Consumer {
        // Who was dropped while nothing came is noticed here.
        self.outboxes.retain(|outbox| !outbox.parcels.is_closed());
        // The fields of a policy are public, and a buffer of 0 would never take anything.
        let policy = Policy::new(policy.buffer_max, policy.slow);
        let (sender, parcels) =
            mpsc::channel(policy.buffer_max.saturating_add(UNCOUNTED_MAX).min(Semaphore::MAX_PERMITS));
        let shared = Arc::new(Shared::default());
        let outbox = Outbox { parcels: sender, shared: Arc::clone(&shared), policy, behind_since: None };
        let _ = outbox.send(snapshot(latest, 0, next), 0);
        self.outboxes.push(outbox);
        Consumer { parcels, shared, buffer_max: policy.buffer_max, room: self.room(), current: None }
    }

    /// Hands out a batch. Its first event has the position `first`. `latest` has all of it already.
    pub(crate) fn publish(&mut self, events: Vec<Event>, first: u64, latest: &Latest) {
        if events.is_empty() || self.outboxes.is_empty() {
            return;
        }
        let events = Arc::new(events);
        let too_slow = &mut self.too_slow;
        self.outboxes.retain_mut(|outbox| outbox.offer(&events, first, latest, too_slow) == Fate::Stays);
    }

    /// Consumers that were behind and have room again catch up. `next` is the next position of the stream.
    pub(crate) fn catch_up(&mut self, latest: &Latest, next: u64) {
        self.outboxes.retain_mut(|outbox| outbox.catch_up(latest, next) == Fate::Stays);
    }

    /// Nothing more comes. Who is behind is told what it missed first.
    pub(crate) fn end(&mut self, latest: &Latest, next: u64) {
        for mut outbox in self.outboxes.drain(..) {
            if outbox.behind_since.is_some() {
                let _ = outbox.bring_up(latest, next);
            }
            let _ = outbox.send(vec![Event::Ended(Ended::Stopped)], 0);
        }
    }
}

impl Outbox {
    fn offer(&mut self, events: &Arc<Vec<Event>>, first: u64, latest: &Latest, too_slow: &mut u64) -> Fate {
        let next = first + events.len() as u64;
        if self.behind_since.is_some() {
            return self.catch_up(latest, next);
        }
        let room = self.policy.buffer_max.saturating_sub(self.shared.waiting.load(Ordering::SeqCst));
        let taken = events.len().min(room);
        if taken > 0 && self.send_part(Arc::clone(events), taken) == Fate::Goes {
            return Fate::Goes;
        }
        if taken == events.len() {
            return Fate::Stays;
        }
        *too_slow += 1;
        let missing = first + taken as u64;
        if self.policy.slow == Slow::Disconnect {
            let _ = self.send(vec![Event::Ended(Ended::TooSlow { next: missing })], 0);
            return Fate::Goes;
        }
        self.behind_since = Some(missing);
        self.shared.is_behind.store(true, Ordering::SeqCst);
        // The consumer may have read everything before it could see that it is behind. Then it would not ask for more.
        self.catch_up(latest, next)
    }

    fn catch_up(&mut self, latest: &Latest, next: u64) -> Fate {
        if self.parcels.is_closed() {
            return Fate::Goes;
        }
        let waiting = self.shared.waiting.load(Ordering::SeqCst);
        if self.behind_since.is_none() || !has_room(waiting, self.policy.buffer_max) {
            return Fate::Stays;
        }
        self.bring_up(latest, next)
    }

    /// Tells the consumer what it did not get, up to `next`.
    fn bring_up(&mut self, latest: &Latest, next: u64) -> Fate {
        let Some(since) = self.behind_since else { return Fate::Stays };
        let events = match self.policy.slow {
            Slow::ToLatest => snapshot(latest, since, next),
            Slow::Skip | Slow::Disconnect => vec![Event::Missed { first: since, last: next.saturating_sub(1) }],
        };
        let fate = self.send(events, 0);
        if fate == Fate::Stays {
            self.behind_since = None;
            self.shared.is_behind.store(false, Ordering::SeqCst);
        }
        fate
    }

    fn send(&self, events: Vec<Event>, counted: usize) -> Fate {
        let range = 0..events.len();
        self.put(Parcel { events: Arc::new(events), range, counted })
    }

    fn send_part(&self, events: Arc<Vec<Event>>, taken: usize) -> Fate {
        // Counted before it is there: the consumer may read it at once.
        self.shared.waiting.fetch_add(taken, Ordering::SeqCst);
        self.put(Parcel { events, range: 0..taken, counted: taken })
    }

    /// The queue has a place for each event that may wait, and for what does not count. So it is never full while the consumer lives.
    fn put(&self, parcel: Parcel) -> Fate {
        match self.parcels.try_send(parcel) {
            Ok(()) => Fate::Stays,
            Err(_) => Fate::Goes,
        }
    }
}

/// What came at `from` or later and was not replaced.
fn snapshot(latest: &Latest, from: u64, next: u64) -> Vec<Event> {
    let kept = latest.since(from);
    let head = Event::Snapshot { from, next, telegrams: kept.len(), left_out: latest.left_out() };
    std::iter::once(head).chain(kept.into_iter().map(Event::Telegram)).collect()
}
