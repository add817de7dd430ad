//! The queue from the connections to the recorder. It has a limit, and a connection never waits for it: what finds no room is counted, and the
//! recorder gets the count in the place of the bytes.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The maximum number of connections whose losses are counted one by one. The losses of others are added up.
const LOSSES_MAX: usize = 4096;

/// Which way bytes went, from the client's view.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Direction {
    /// To the institution.
    Out,
    /// From the institution.
    In,
}

/// What happened on a connection.
#[derive(Debug)]
pub(super) enum Event {
    Opened {
        connection: u64,
        peer: SocketAddr,
    },
    Bytes {
        connection: u64,
        direction: Direction,
        bytes: Vec<u8>,
    },
    /// One side sends no more.
    EndOfData {
        connection: u64,
        direction: Direction,
    },
    Closed {
        connection: u64,
        reason: Option<String>,
    },
    /// Only the queue makes this one.
    Lost(Losses),
}

/// An event with its time, in milliseconds since 1970.
#[derive(Debug)]
pub(super) struct Timed {
    pub(super) at_ms: i64,
    pub(super) event: Event,
}

/// What found no room.
#[derive(Debug, Default)]
pub(super) struct Losses {
    /// Bytes, by connection and direction.
    pub(super) bytes: BTreeMap<(u64, Direction), u64>,
    /// Bytes of the connections that are not in the map.
    pub(super) others: u64,
    /// The connections that are open, as one may have closed unseen. It is filled when the recorder gets it.
    pub(super) open: BTreeSet<u64>,
    any: bool,
}

/// How much may wait.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) bytes_max: usize,
    pub(super) events_max: usize,
}

impl Limits {
    pub(super) const USUAL: Self = Self { bytes_max: 64 << 20, events_max: 65_536 };
}

/// What the recorder gets.
#[derive(Debug)]
pub(super) enum Popped {
    Event(Timed),
    /// Nothing waits now.
    Nothing,
    /// Nothing waits, and nothing will come.
    End,
}

#[derive(Debug)]
pub(super) struct Queue {
    limits: Limits,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    events: VecDeque<Timed>,
    /// The bytes of telegrams in `events`.
    bytes: usize,
    losses: Losses,
    open: BTreeSet<u64>,
    /// All bytes, and all other events, that found no room.
    lost_bytes: u64,
    lost_events: u64,
    is_closed: bool,
}

impl Queue {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, state: Mutex::default(), changed: Condvar::new() }
    }

    /// Queues an event, or counts it as lost. Never waits for the recorder.
    pub(super) fn push(&self, event: Event) {
        let mut state = self.state();
        match &event {
            Event::Opened { connection, .. } => drop(state.open.insert(*connection)),
            Event::Closed { connection, .. } => drop(state.open.remove(connection)),
            _ => {}
        }
        let len = len_of(&event);
        // A loss that was not told takes a place before the event.
        let places = 1 + usize::from(state.losses.any);
        let has_room = state.events.len() + places <= self.limits.events_max
            && state.bytes.saturating_add(len) <= self.limits.bytes_max
            && !state.is_closed;
        if has_room {
            if let Some(losses) = state.take_losses() {
                state.events.push_back(losses);
            }
            state.bytes += len;
            state.events.push_back(Timed { at_ms: now_ms(), event });
            self.changed.notify_one();
        } else {
            state.lose(&event);
        }
    }

    /// The next event. Waits for one if `waits`.
    pub(super) fn pop(&self, waits: bool) -> Popped {
        let mut state = self.state();
        loop {
            if let Some(timed) = state.events.pop_front() {
                state.bytes -= len_of(&timed.event);
                return Popped::Event(timed);
            }
            if let Some(losses) = state.take_losses() {
                return Popped::Event(losses);
            }
            match (state.is_closed, waits) {
                (true, _) => return Popped::End,
                (false, false) => return Popped::Nothing,
                (false, true) => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    /// Whether nothing waits.
    pub(super) fn is_empty(&self) -> bool {
        let state = self.state();
        state.events.is_empty() && !state.losses.any
    }

    /// Waits for this long, or until the queue is closed. Returns whether it is closed.
    pub(super) fn pause(&self, longest: Duration) -> bool {
        let state = self.state();
        let waited = self.changed.wait_timeout_while(state, longest, |state| !state.is_closed);
        waited.unwrap_or_else(PoisonError::into_inner).0.is_closed
    }

    /// Nothing comes any more.
    pub(super) fn close(&self) {
        self.state().is_closed = true;
        self.changed.notify_all();
    }

    /// All bytes that found no room, or still wait for a recorder that has given up.
    pub(super) fn lost(&self) -> (u64, u64) {
        let state = self.state();
        let waiting = u64::try_from(state.bytes).unwrap_or(u64::MAX);
        (state.lost_bytes.saturating_add(waiting), state.lost_events)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // The state is consistent after every single change.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn lose(&mut self, event: &Event) {
        self.losses.any = true;
        let Event::Bytes { connection, direction, bytes } = event else {
            self.lost_events += 1;
            return;
        };
        let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.lost_bytes = self.lost_bytes.saturating_add(len);
        let key = (*connection, *direction);
        let has_room = self.losses.bytes.len() < LOSSES_MAX || self.losses.bytes.contains_key(&key);
        let count = if has_room { self.losses.bytes.entry(key).or_default() } else { &mut self.losses.others };
        *count = count.saturating_add(len);
    }

    fn take_losses(&mut self) -> Option<Timed> {
        let losses = Some(std::mem::take(&mut self.losses)).filter(|losses| losses.any)?;
        let event = Event::Lost(Losses { open: self.open.clone(), ..losses });
        Some(Timed { at_ms: now_ms(), event })
    }
}

impl Direction {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Out => "out",
            Self::In => "in",
        }
    }
}

fn len_of(event: &Event) -> usize {
    match event {
        Event::Bytes { bytes, .. } => bytes.len(),
        _ => 0,
    }
}

/// The time, in milliseconds since 1970.
pub(super) fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    i64::try_from(now).unwrap_or(i64::MAX)
}
