//! Which link carries the next request: a list of all links, sorted so that each question is answered without looking at all of
//! them. An institution may have a thousand links, and each request asks.
//!
//! Among the links of a rank that are up and have room in their window, the one with the fewest telegrams in flight is next.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::mutant::{Mutant, is_on};
use crate::switchover::RankState;
use crate::terms::LinkId;

/// All links of an institution, as far as choosing one needs them.
#[derive(Clone, Debug, Default)]
pub(super) struct Roster {
    seats: Vec<Vec<Seat>>,
    /// The links that may carry the next request, by rank and by the number of telegrams in flight.
    free: BTreeMap<u8, BTreeSet<(usize, LinkId)>>,
    /// The links that are not connected before a request needs one, by rank.
    idle: BTreeMap<u8, BTreeSet<LinkId>>,
    ranks: BTreeMap<u8, RankCounts>,
    /// The number of links on which a request might be sent soon.
    hopeful: usize,
    deadlines: BTreeSet<(Duration, LinkId)>,
}

/// One link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Seat {
    pub(super) rank: u8,
    /// Whether the gateway sends requests on it.
    pub(super) sends: bool,
    /// Whether it only receives, so that answers come on it.
    pub(super) receives: bool,
    /// Whether it carries business, or could.
    pub(super) is_up: bool,
    /// Whether an answer has proved its connection. Links without echo tests need no proof.
    pub(super) is_good: bool,
    /// Whether its window has a place.
    pub(super) has_room: bool,
    /// The number of telegrams in flight on it.
    pub(super) load: usize,
    /// Whether it is connected as soon as a request needs it.
    pub(super) is_idle: bool,
    /// Whether it is being connected for a request.
    pub(super) is_connecting: bool,
    /// Whether a request that waits might be sent on it soon.
    pub(super) is_hopeful: bool,
    pub(super) deadline: Option<Duration>,
}

#[derive(Clone, Copy, Debug, Default)]
struct RankCounts {
    up: usize,
    good: usize,
    idle: usize,
    connecting: usize,
    /// The links that only receive, and those of them that are up.
    receiving: usize,
    receiving_up: usize,
}

impl Roster {
    /// A list of this many links for each line, none of which is connected.
    pub(super) fn new(lines: impl Iterator<Item = usize>) -> Self {
        Self { seats: lines.map(|links| vec![Seat::default(); links]).collect(), ..Self::default() }
    }

    /// Replaces what is known of a link.
    pub(super) fn set(&mut self, id: LinkId, seat: Seat) {
        let Some(known) = self.seats.get_mut(id.line).and_then(|links| links.get_mut(id.link)) else { return };
        let old = std::mem::replace(known, seat);
        if old != seat {
            self.note(id, old, false);
            self.note(id, seat, true);
        }
    }

    fn note(&mut self, id: LinkId, seat: Seat, is_added: bool) {
        let step = |count: &mut usize, is_so: bool| match (is_so, is_added) {
            (false, _) => {}
            (true, true) => *count += 1,
            (true, false) => *count = count.saturating_sub(1),
        };
        let counts = self.ranks.entry(seat.rank).or_default();
        step(&mut counts.up, seat.sends && seat.is_up);
        step(&mut counts.good, seat.sends && seat.is_up && seat.is_good);
        step(&mut counts.idle, seat.is_idle);
        step(&mut counts.connecting, seat.is_connecting);
        step(&mut counts.receiving, seat.receives);
        step(&mut counts.receiving_up, seat.receives && seat.is_up);
        step(&mut self.hopeful, seat.is_hopeful);
        if seat.sends && seat.is_up && seat.has_room {
            change(self.free.entry(seat.rank).or_default(), (seat.load, id), is_added);
        }
        if seat.is_idle {
            change(self.idle.entry(seat.rank).or_default(), id, is_added);
        }
        if let Some(deadline) = seat.deadline {
            change(&mut self.deadlines, (deadline, id), is_added);
        }
    }

    /// The link of this rank that carries the next request, or `None` if none has room.
    pub(super) fn next(&self, rank: u8) -> Option<LinkId> {
        if is_on(Mutant::StandbyCarries) {
            return self.free.values().filter_map(|free| free.first()).min().map(|(_, id)| *id);
        }
        self.free.get(&rank)?.first().map(|(_, id)| *id)
    }

    /// The links of this rank that are up, with nothing in flight.
    pub(super) fn unused(&self, rank: u8) -> impl Iterator<Item = LinkId> {
        let free = self.free.get(&rank).into_iter().flatten();
        free.take_while(|(load, _)| *load == 0).map(|(_, id)| *id)
    }

    /// The number of links of this rank that are being connected for a request.
    pub(super) fn connecting(&self, rank: u8) -> usize {
        self.ranks.get(&rank).map_or(0, |counts| counts.connecting)
    }

    /// A link of this rank that is connected when a request needs it.
    pub(super) fn idle(&self, rank: u8) -> Option<LinkId> {
        self.idle.get(&rank)?.first().copied()
    }

    /// Whether requests can be sent on a rank and answered. If the rank has lines for receiving only, one of them must be up. If
    /// only other ranks have such lines, answers come on those.
    pub(super) fn state(&self, rank: u8) -> RankState {
        let counts = self.ranks.get(&rank).copied().unwrap_or_default();
        let receives = if counts.receiving > 0 { counts.receiving_up > 0 } else { self.can_receive() };
        let at_need = counts.idle + counts.connecting > 0;
        let works = (receives || is_on(Mutant::SendsUnheard)) && (counts.up > 0 || at_need);
        RankState { works, is_good: works && (counts.good > 0 || at_need) }
    }

    /// Whether answers can arrive. If there are lines for receiving only, one of them must be up.
    pub(super) fn can_receive(&self) -> bool {
        let mut receiving = self.ranks.values().filter(|counts| counts.receiving > 0).peekable();
        is_on(Mutant::SendsUnheard) || receiving.peek().is_none() || receiving.any(|counts| counts.receiving_up > 0)
    }

    /// Whether a request that waits might be sent soon.
    pub(super) fn is_hopeful(&self) -> bool {
        self.hopeful > 0 && self.can_receive()
    }

    /// The next time when a link has something to do.
    pub(super) fn deadline(&self) -> Option<Duration> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }

    /// The links whose time has come.
    pub(super) fn due(&self, now: Duration) -> Vec<LinkId> {
        self.deadlines.iter().take_while(|(deadline, _)| *deadline <= now).map(|(_, id)| *id).collect()
    }
}

fn change<K: Ord>(set: &mut BTreeSet<K>, key: K, is_added: bool) {
    if is_added {
        set.insert(key);
    } else {
        set.remove(&key);
    }
}
