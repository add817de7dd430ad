//! The requests that wait for a gate: by priority, then in turns by business code and by caller, then in order of arrival.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use super::Priority;
use crate::mutant::{Mutant, is_on};
use crate::terms::{Ticket, TicketMap};

/// The waiting requests of one institution.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    /// The lanes by priority, the highest first, and then by business code.
    lanes: [Vec<Lane>; Priority::ALL.len()],
    /// The business code whose turn is next, by priority.
    turns: [usize; Priority::ALL.len()],
    waiting: TicketMap<Waiting>,
    deadlines: BTreeSet<(Duration, Ticket)>,
    counts: [usize; Priority::ALL.len()],
}

/// A request that waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    pub(super) priority: Priority,
    /// The index of its business code, 0 if it has no gates of its own.
    pub(super) business: usize,
    pub(super) caller: u64,
    pub(super) since: Duration,
    pub(super) deadline: Duration,
}

/// The waiting requests of one priority and business code. Callers take turns.
#[derive(Clone, Debug, Default)]
struct Lane {
    turns: VecDeque<u64>,
    callers: BTreeMap<u64, VecDeque<Ticket>>,
}

impl Queue {
    /// Creates a queue for this number of business codes with gates of their own.
    pub(super) fn new(businesses: usize) -> Self {
        Self {
            lanes: Priority::ALL.map(|_| vec![Lane::default(); businesses + 1]),
            turns: [0; Priority::ALL.len()],
            waiting: TicketMap::default(),
            deadlines: BTreeSet::new(),
            counts: [0; Priority::ALL.len()],
        }
    }

    pub(super) fn contains(&self, id: Ticket) -> bool {
        self.waiting.contains_key(&id)
    }

    /// The number of waiting requests by priority, the highest first.
    pub(super) fn counts(&self) -> [usize; Priority::ALL.len()] {
        self.counts
    }

    pub(super) fn push(&mut self, id: Ticket, waiting: Waiting) {
        let rank = rank(waiting.priority);
        let Some(lane) = self.lanes.get_mut(rank).and_then(|lanes| lanes.get_mut(waiting.business)) else { return };
        let tickets = lane.callers.entry(waiting.caller).or_default();
        if tickets.is_empty() {
            lane.turns.push_back(waiting.caller);
        }
        tickets.push_back(id);
        self.deadlines.insert((waiting.deadline, id));
        self.count(rank, 1);
        self.waiting.insert(id, waiting);
    }

    /// The next request of the highest priority whose gates `may_start`.
    pub(super) fn pop(&mut self, may_start: impl Fn(Priority, usize) -> bool) -> Option<(Ticket, Waiting)> {
        for (rank, priority) in Priority::ALL.into_iter().enumerate() {
            let (Some(lanes), Some(turn)) = (self.lanes.get(rank), self.turns.get(rank).copied()) else { continue };
            let mut businesses = (0..lanes.len()).map(|step| (turn + step) % lanes.len());
            let is_next = |business: &usize| {
                lanes.get(*business).is_some_and(|lane| !lane.turns.is_empty()) && may_start(priority, *business)
            };
            let Some(business) = businesses.find(is_next) else { continue };
            let id = lanes.get(business).and_then(Lane::first)?;
            if let Some(turn) = self.turns.get_mut(rank) {
                *turn = business + 1;
            }
            return self.take(id).map(|waiting| (id, waiting));
        }
        None
    }

    /// Removes a request, whose caller's turn it need not be.
    pub(super) fn take(&mut self, id: Ticket) -> Option<Waiting> {
        let waiting = self.waiting.remove(&id)?;
        self.deadlines.remove(&(waiting.deadline, id));
        let rank = rank(waiting.priority);
        if let Some(lane) = self.lanes.get_mut(rank).and_then(|lanes| lanes.get_mut(waiting.business)) {
            lane.remove(waiting.caller, id);
        }
        self.count(rank, -1);
        Some(waiting)
    }

    /// Removes a request whose deadline has passed.
    pub(super) fn expire(&mut self, now: Duration) -> Option<(Ticket, Waiting)> {
        let (_, id) = *self.deadlines.first().filter(|(deadline, _)| *deadline <= now)?;
        self.take(id).map(|waiting| (id, waiting))
    }

    /// The earliest deadline of a waiting request.
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// The priorities and business codes for which requests wait.
    pub(super) fn kinds(&self) -> impl Iterator<Item = (Priority, usize)> {
        let lanes = Priority::ALL.into_iter().zip(&self.lanes);
        let kinds = lanes
            .flat_map(|(priority, lanes)| (0..).zip(lanes).map(move |(business, lane)| (priority, business, lane)));
        kinds.filter(|(_, _, lane)| !lane.turns.is_empty()).map(|(priority, business, _)| (priority, business))
    }

    /// The waiting requests of one business code, or all of them, in order of their numbers.
    pub(super) fn tickets(&self, business: Option<usize>) -> Vec<Ticket> {
        let of = |waiting: &Waiting| business.is_none_or(|business| waiting.business == business);
        let mut tickets: Vec<_> = self.waiting.iter().filter(|(_, waiting)| of(waiting)).map(|(id, _)| *id).collect();
        tickets.sort_unstable();
        tickets
    }

    /// The time since which the oldest request waits.
    pub(super) fn oldest(&self) -> Option<Duration> {
        let lanes = self.lanes.iter().flatten();
        let first = lanes.flat_map(|lane| lane.callers.values()).filter_map(VecDeque::front);
        first.filter_map(|id| self.waiting.get(id)).map(|waiting| waiting.since).min()
    }

    fn count(&mut self, rank: usize, by: isize) {
        if let Some(count) = self.counts.get_mut(rank) {
            *count = count.saturating_add_signed(by);
        }
    }
}

impl Lane {
    fn first(&self) -> Option<Ticket> {
        self.callers.get(self.turns.front()?)?.front().copied()
    }

    /// Removes a request. Its caller goes to the end of the turns if it was its turn.
    fn remove(&mut self, caller: u64, id: Ticket) {
        let Some(tickets) = self.callers.get_mut(&caller) else { return };
        let was_first = tickets.front() == Some(&id);
        if let Some(at) = tickets.iter().position(|ticket| *ticket == id) {
            tickets.remove(at);
        }
        if tickets.is_empty() {
            self.callers.remove(&caller);
            self.turns.retain(|turn| *turn != caller);
        } else if was_first && self.turns.front() == Some(&caller) {
            self.turns.rotate_left(1);
        }
    }
}

fn rank(priority: Priority) -> usize {
    if is_on(Mutant::OnePriority) {
        return 0;
    }
    Priority::ALL.iter().position(|one| *one == priority).unwrap_or(0)
}
