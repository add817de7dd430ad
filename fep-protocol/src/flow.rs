//! Flow control of one institution: which request may start now, and which one is refused because it cannot start in time.
//!
//! Two gates bound what an institution gets: its rate and its places in flight. Each business code can have gates of its own.
//! In front of the gates is one bounded queue with deadlines. This module knows no telegrams, lines or outcomes. Whether
//! business is open at all is decided by `business` and `breaker`.
//!
//! ```text
//! offer ─► queue ─► gates ─► Start ─► written ─► answered, busy ─► (free)
//!   │        │                 │          └─ timed out, link lost ─► unanswered ─ late answer, released ─► (free)
//!   │        │                 └─ unsent ─► (free)
//!   └────────┴─ Refused: no room, or it cannot start before its deadline
//! ```
//!
//! After each input, the caller takes events with [`Flow::next`] until there is none, and then reads [`Flow::deadline`].

mod limit;
mod rate;

mod gate;
mod duty;
mod earlier;
mod queue;
mod refusal;
mod retune;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::{Serialize, Serializer};

use self::gate::{Gate, Passage};
pub use self::limit::LimitCause;
use self::queue::{Queue, Waiting};
pub use self::refusal::Refusal;
use crate::mutant::{Mutant, is_on};
pub use crate::terms::Priority;
use crate::terms::{Ticket, TicketMap};

/// The settings of an institution's flow control.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlowSettings {
    /// The contract with the institution.
    pub contract: GateSettings,
    /// The limits of single business codes, by code or by the name of the telegram.
    pub businesses: BTreeMap<String, GateSettings>,
    /// The share of each rate and of each number of places that only inquiries and reversals may use, in percent.
    pub reserved_percent: u32,
    /// The maximum number of requests that may wait.
    pub queue_max: usize,
}

/// The limits of one contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GateSettings {
    /// The rate. `None` for no limit.
    pub rate: Option<RateSettings>,
    /// The maximum number of requests that the institution may be busy with at a time.
    pub inflight_max: usize,
    /// Whether the limit adapts within `inflight_max`.
    pub adapts: bool,
}

/// A contracted rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateSettings {
    /// The maximum number of telegrams in any window.
    pub max: usize,
    /// The length of the window: a second for a rate per second.
    pub window: Duration,
    /// The number of telegrams that may follow each other at once. Later ones are spaced evenly over the window.
    pub burst_max: usize,
}

/// The share of a contract that this instance may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The maximum number of telegrams in a window. `None` leaves it unchanged.
    pub rate_max: Option<usize>,
    /// The maximum number of requests in flight.
    pub inflight_max: usize,
}

/// A request that wants to start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Its number.
    pub id: Ticket,
    /// Its priority.
    pub priority: Priority,
    /// Its business code. Codes without limits of their own share the institution's.
    pub business: Option<String>,
    /// Any number that tells callers apart. Callers take turns within a priority.
    pub caller: u64,
    /// It must start before this time.
    pub deadline: Duration,
}

/// The end of a request's waiting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FlowEvent {
    /// The request may start. The caller reports its end.
    Start(Ticket),
    /// The request will not start.
    Refused(Ticket, Refusal),
}

/// The state of the flow control of one institution. Times are those of the steady clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct FlowStatus {
    /// The gates of the institution.
    pub contract: GateStatus,
    /// The gates of business codes, by code.
    pub businesses: BTreeMap<String, GateStatus>,
    /// The number of waiting requests by priority, in the order of [`Priority::ALL`].
    pub waiting: [usize; Priority::ALL.len()],
    /// The time since which the oldest request waits.
    pub oldest_since: Option<Duration>,
    /// The number of refused requests by [`Refusal::code`].
    pub refused: BTreeMap<&'static str, u64>,
}

/// The state of two gates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct GateStatus {
    /// The number of requests that wait for their answers.
    pub inflight: usize,
    /// The number of requests without an answer that still occupy a place.
    pub unanswered: usize,
    /// The present adaptive limit of `inflight`.
    pub limit: usize,
    /// The maximum of `inflight` and `unanswered` together.
    pub inflight_max: usize,
    /// The event that changed the limit last.
    #[serde(serialize_with = "cause_name")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub limit_cause: Option<LimitCause>,
    /// The time of that change.
    pub limit_since: Option<Duration>,
    /// The number of telegrams that count in the present window.
    pub rate_used: usize,
    /// Their maximum. `None` without a rate.
    pub rate_max: Option<usize>,
}

/// The flow control of one institution. The documentation of the module shows the order of calls.
///
/// Unknown and repeated tickets are ignored. `now` is the steady clock, which never goes back.
#[derive(Clone, Debug)]
pub struct Flow {
    queue: Queue,
    queue_max: usize,
    /// The share of the queue that only inquiries and reversals may use.
    queue_reserve: usize,
    contract: Gate,
    names: BTreeMap<String, usize>,
    businesses: Vec<Gate>,
    started: TicketMap<Started>,
    /// Since when nothing may start because no link has a place for it.
    unlinked_at: Option<Duration>,
    /// Refusals that are not taken yet.
    refusals: VecDeque<(Ticket, Refusal)>,
    refused: BTreeMap<&'static str, u64>,
    /// Whether nothing starts.
    is_held: bool,
}

/// The earliest time when something can happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Earliest {
    /// At any time.
    Now,
    /// At this time, if nothing else happens.
    At(Duration),
    /// Not before something else happens.
    AfterEvent,
}

/// A request that occupies a place.
#[derive(Clone, Copy, Debug)]
struct Started {
    business: usize,
    passage: Passage,
    /// Whether the request filled the last place under the limit of the institution, and of its business code.
    reached: (bool, bool),
    is_unanswered: bool,
}

impl Flow {
    /// Creates a flow control in which nothing waits and nothing is in flight.
    #[must_use]
    pub fn new(settings: FlowSettings) -> Self {
        let percent = settings.reserved_percent;
        Self {
            queue: Queue::new(settings.businesses.len()),
            queue_max: settings.queue_max,
            queue_reserve: rate::reserve(settings.queue_max, percent),
            contract: Gate::new(settings.contract, percent),
            names: settings.businesses.keys().cloned().zip(1..).collect(),
            businesses: settings.businesses.into_values().map(|settings| Gate::new(settings, percent)).collect(),
            started: TicketMap::default(),
            unlinked_at: None,
            refusals: VecDeque::new(),
            refused: BTreeMap::new(),
            is_held: false,
        }
    }

    /// Lets nothing start, or lets requests start again. Those that wait are refused at their deadlines.
    pub fn hold(&mut self, is_held: bool) {
        self.is_held = is_held;
    }

    /// Takes a request. It ends with exactly one [`FlowEvent`].
    ///
    /// # Errors
    /// The reason why the request certainly cannot start before its deadline, or must not wait. There is no event then.
    pub fn offer(&mut self, offer: &Offer, now: Duration) -> Result<(), Refusal> {
        let business = self.business(offer.business.as_deref());
        let result = self.admit(offer, business, now);
        if let Err(refusal) = &result {
            self.note(refusal);
        } else {
            let Offer { priority, caller, deadline, .. } = *offer;
            self.queue.push(offer.id, Waiting { priority, business, caller, since: now, deadline });
        }
        result
    }

    /// Returns the next request that may start or is refused, or `None` if there is none now.
    pub fn next(&mut self, now: Duration) -> Option<FlowEvent> {
        if let Some((id, refusal)) = self.refusals.pop_front() {
            return Some(FlowEvent::Refused(id, refusal));
        }
        let waits_on = is_on(Mutant::StartsAfterTheDeadline) && self.starts_at().is_some_and(|time| time <= now);
        if !waits_on && let Some((id, waiting)) = self.queue.expire(now) {
            let refusal = Refusal::Waited { within: waiting.deadline.saturating_sub(waiting.since) };
            self.note(&refusal);
            return Some(FlowEvent::Refused(id, refusal));
        }
        if self.is_held || self.unlinked_at.is_some() {
            return None;
        }
        let Self { queue, contract, businesses, .. } = self;
        let (id, waiting) =
            queue.pop(|priority, business| earliest(contract, businesses, priority, business).is_past(now))?;
        self.start(id, waiting, now);
        Some(FlowEvent::Start(id))
    }

    /// The next time when [`Flow::next`] has something to return although nothing else happened. It may be in the past.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        if !self.refusals.is_empty() {
            return Some(Duration::ZERO);
        }
        let starts_at = self.starts_at().filter(|time| self.unlinked_at.is_none_or(|since| *time > since));
        starts_at.into_iter().chain(self.queue.deadline()).min()
    }

    /// Says whether nothing may start now, because no link has a place for it. Then links decide when something starts.
    pub fn await_links(&mut self, is_without: bool, now: Duration) {
        self.unlinked_at = is_without.then_some(now);
    }

    /// How many waiting requests could start now, if there were links for them.
    #[must_use]
    pub fn startable(&self, now: Duration) -> usize {
        let is_turn = self.starts_at().is_some_and(|time| time <= now);
        let status = self.contract.status(now);
        let places = status.inflight_max.saturating_sub(status.inflight + status.unanswered);
        if is_turn { places.min(self.queue.counts().iter().sum()) } else { 0 }
    }

    /// The bytes of a request that started were handed over. The rate counts it from now on.
    pub fn written(&mut self, id: Ticket, now: Duration) {
        let Some(started) = self.started.get_mut(&id).filter(|started| started.passage.written.is_none()) else {
            return;
        };
        let passage = started.passage;
        started.passage.written = Some(now);
        let business = started.business;
        self.each_gate(business, |gate| gate.written(passage, now));
    }

    /// A request that started was certainly not handed over. It occupies nothing any more.
    pub fn unsent(&mut self, id: Ticket, now: Duration) {
        if self.started.get(&id).is_none_or(|started| started.passage.written.is_some()) {
            return self.released(id, now);
        }
        let Some(started) = self.started.remove(&id) else { return };
        self.each_gate(started.business, |gate| gate.unsent(started.passage));
    }

    /// Removes a request that waits, because its caller no longer wants it. There is no event for it.
    pub fn withdraw(&mut self, id: Ticket) -> bool {
        self.queue.take(id).is_some()
    }

    /// The answer of a request came, in time or late.
    pub fn answered(&mut self, id: Ticket, now: Duration) {
        self.written(id, now);
        let Some(started) = self.started.remove(&id) else { return };
        let Started { business, passage, reached, is_unanswered } = started;
        if is_unanswered {
            return self.each_gate(business, Gate::released);
        }
        self.contract.answered(passage, reached.0, now);
        if let Some(gate) = self.gate_of(business) {
            gate.answered(passage, reached.1, now);
        }
    }

    /// The institution answered that it is busy.
    pub fn busy(&mut self, id: Ticket, now: Duration) {
        self.written(id, now);
        let Some(started) = self.started.remove(&id) else { return };
        if started.is_unanswered {
            return self.each_gate(started.business, Gate::released);
        }
        self.each_gate(started.business, |gate| gate.busy(started.passage, now));
    }

    /// The answer of a request did not come in time. It occupies its place until it is answered or released.
    pub fn timed_out(&mut self, id: Ticket, now: Duration) {
        self.unanswered(id, true, now);
    }

    /// The link was lost before the answer of a request came. It occupies its place until it is answered or released.
    pub fn link_lost(&mut self, id: Ticket, now: Duration) {
        self.unanswered(id, false, now);
    }

    /// A request without an answer was settled, or its quarantine is over: it no longer occupies its place.
    pub fn released(&mut self, id: Ticket, now: Duration) {
        self.unanswered(id, false, now);
        let Some(started) = self.started.remove(&id) else { return };
        self.each_gate(started.business, Gate::released);
    }

    /// Refuses all waiting requests, or those of one business code, because business was closed.
    pub fn close(&mut self, business: Option<&str>) {
        let business = match business {
            None => None,
            Some(name) => match self.names.get(name) {
                Some(index) => Some(*index),
                // Waiting requests of codes without limits of their own are not told apart. Their starts are refused.
                None => return,
            },
        };
        for id in self.queue.tickets(business) {
            if self.queue.take(id).is_some() {
                self.note(&Refusal::Closed);
                self.refusals.push_back((id, Refusal::Closed));
            }
        }
    }

    /// Changes the share of the contract that this instance may use. A smaller share takes effect at once: nothing starts
    /// until the window and the places have room again. A larger rate takes effect after one window, because the instance
    /// that gave it up may have used it until now.
    pub fn share(&mut self, share: Share, now: Duration) {
        self.contract.share(share, now);
    }

    /// The present state.
    #[must_use]
    pub fn status(&self, now: Duration) -> FlowStatus {
        let gates = self
            .names
            .iter()
            .filter_map(|(name, index)| Some((name.clone(), self.businesses.get(index.checked_sub(1)?)?.status(now))));
        FlowStatus {
            contract: self.contract.status(now),
            businesses: gates.collect(),
            waiting: self.queue.counts(),
            oldest_since: self.queue.oldest(),
            refused: self.refused.clone(),
        }
    }

    /// The time when the next waiting request starts, if nothing else happens.
    fn starts_at(&self) -> Option<Duration> {
        if self.is_held {
            return None;
        }
        let starts = self.queue.kinds().filter_map(|(priority, business)| {
            match earliest(&self.contract, &self.businesses, priority, business) {
                Earliest::Now => Some(Duration::ZERO),
                Earliest::At(time) => Some(time),
                Earliest::AfterEvent => None,
            }
        });
        starts.min()
    }

    /// Decides whether a request may wait.
    fn admit(&self, offer: &Offer, business: usize, now: Duration) -> Result<(), Refusal> {
        if self.queue.contains(offer.id) || self.started.contains_key(&offer.id) {
            return Err(Refusal::KnownTicket);
        }
        if offer.deadline <= now {
            return Err(Refusal::TooLate);
        }
        // Places become free at unknown times. When the window of the rate has room is known.
        let by_rate = |gate: &Gate| gate.earliest_by_rate(offer.priority);
        let contract = by_rate(&self.contract);
        let own = business.checked_sub(1).and_then(|index| self.businesses.get(index)).map_or(Earliest::Now, by_rate);
        if let Earliest::At(time) = contract.max(own)
            && time >= offer.deadline
        {
            return Err(Refusal::RateUsedUp { wait: time.saturating_sub(now) });
        }
        let waiting: usize = self.queue.counts().iter().sum();
        let max = if offer.priority.is_privileged() { self.queue_max } else { self.queue_max - self.queue_reserve };
        if waiting >= max {
            return Err(Refusal::QueueFull { max });
        }
        Ok(())
    }

    fn start(&mut self, id: Ticket, waiting: Waiting, now: Duration) {
        let Waiting { priority, business, .. } = waiting;
        let passage = Passage { is_privileged: priority.is_privileged(), started: now, written: None };
        let reached = self.contract.start(priority, now);
        let own_reached = self.gate_of(business).is_some_and(|gate| gate.start(priority, now));
        let reached = (reached, own_reached);
        self.started.insert(id, Started { business, passage, reached, is_unanswered: false });
    }

    fn unanswered(&mut self, id: Ticket, is_timeout: bool, now: Duration) {
        self.written(id, now);
        let Some(started) = self.started.get_mut(&id).filter(|started| !started.is_unanswered) else { return };
        started.is_unanswered = true;
        let Started { business, passage, .. } = *started;
        self.each_gate(business, |gate| gate.unanswered(passage, is_timeout, now));
    }

    /// The index of a business code: 0 if it has no gates of its own.
    fn business(&self, name: Option<&str>) -> usize {
        name.and_then(|name| self.names.get(name)).copied().unwrap_or(0)
    }

    fn gate_of(&mut self, business: usize) -> Option<&mut Gate> {
        self.businesses.get_mut(business.checked_sub(1)?)
    }

    fn each_gate(&mut self, business: usize, mut with: impl FnMut(&mut Gate)) {
        with(&mut self.contract);
        if let Some(gate) = self.gate_of(business) {
            with(gate);
        }
    }

    fn note(&mut self, refusal: &Refusal) {
        let count = self.refused.entry(refusal.code()).or_default();
        *count = count.saturating_add(1);
    }
}

impl Earliest {
    fn is_past(self, now: Duration) -> bool {
        match self {
            Self::Now => true,
            Self::At(time) => time <= now,
            Self::AfterEvent => false,
        }
    }
}

/// The earliest time when both gates let a request through.
fn earliest(contract: &Gate, businesses: &[Gate], priority: Priority, business: usize) -> Earliest {
    let own = business.checked_sub(1).and_then(|index| businesses.get(index));
    contract.earliest(priority).max(own.map_or(Earliest::Now, |gate| gate.earliest(priority)))
}

fn cause_name<S: Serializer>(cause: &Option<LimitCause>, serializer: S) -> Result<S::Ok, S::Error> {
    cause.map(LimitCause::name).serialize(serializer)
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod simulation;

#[cfg(test)]
mod capacity;
