//! One institution: its lines and links, what is in flight, and the order in which things may happen.
//!
//! ```text
//! request ─► Journal ─► journaled ─► Write ─► received ─► Finish(Answered)
//!    │                     │            └─ deadline, link lost ─► Finish(Unknown) ─ late answer ─► Finish(Settled)
//!    └─ refused            └─ no commit in time, link gone ─► Finish(NotSent)
//! ```
//!
//! Bytes are written only after they were journaled, and an exchange ends as `NotSent` only while its bytes certainly were
//! not handed to the kernel. Requests, duties and replies go the same way: one queue, one order.

mod action;
mod links;
mod traffic;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

pub use self::action::{Action, Class, FinalState, Incoming, Outgoing, OutgoingRequest};
use self::links::ContractedLink;
use crate::exchange::{LinkState, TelegramBytes};
use crate::machine::mux::Mux;
use crate::machine::reason::{DutyFailure, JournalError, NotSent, Unknown};
use crate::machine::session::{SessionEvent, SessionPolicy};
use crate::machine::terms::{Duty, EncodedRequest, Incarnation, Key, LinkId, Now, Telegrams, Ticket};
use crate::machine::trace::{TraceBook, TraceHighWater};

/// What an institution's machine needs to know.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The most exchanges that may wait for their answer.
    pub inflight_max: usize,
    /// How long a key rests.
    pub quarantine: Duration,
    /// How long stopping waits for what is in flight.
    pub drain_max: Duration,
    /// Session duties and their times.
    pub policy: SessionPolicy,
    /// The lines, in the order of the configuration.
    pub lines: Vec<LineSettings>,
    /// The highest trace number.
    pub trace_max: u64,
    /// How many trace numbers one high-water mark in the journal covers.
    pub trace_block: u64,
}

/// One line's links.
#[derive(Clone, Copy, Debug)]
pub struct LineSettings {
    /// How many.
    pub links: usize,
    /// The shortest wait before connecting again.
    pub reconnect_min: Duration,
    /// The longest one.
    pub reconnect_max: Duration,
}

/// The protocol of one institution as a value: its lines and links, and everything that is under way on them.
///
/// It has no clock, no socket and no task. The caller tells it each thing that happened, asks it for actions, does them, and
/// tells it how they went. In this crate the caller is the institution's task in `net/`; in tests it is a simulation.
///
/// # Kinds of methods
///
/// - **Inputs** tell the machine what happened, and never block. From services: [`request`](Self::request),
///   [`reply`](Self::reply), [`leave`](Self::leave). From links: [`connected`](Self::connected), [`received`](Self::received),
///   [`bad_frame`](Self::bad_frame), [`lost`](Self::lost). From the journal: [`journaled`](Self::journaled). From time:
///   [`tick`](Self::tick). [`start`](Self::start) and [`recall`](Self::recall) come before all others.
/// - **Outputs**: [`next_action`](Self::next_action) says what to do, [`deadline`](Self::deadline) when to call `tick`.
/// - **Questions** change nothing: [`inflight_on`](Self::inflight_on).
///
/// # Order of calls
///
/// 1. [`new`](Self::new), [`recall`](Self::recall) for each exchange of an earlier run whose key is in quarantine, then
///    [`start`](Self::start) once.
/// 2. After each input, [`next_action`](Self::next_action) until it returns `None`; the actions are done in that order. An
///    input from within this loop, such as `journaled` after a journal that refused at once, is allowed.
/// 3. Then [`deadline`](Self::deadline): the value may have changed with each input. Call [`tick`](Self::tick) when it has
///    passed. An early `tick` does nothing, a late one is late for everything that waits.
/// 4. After [`Action::Stopped`] nothing more is asked for, and the machine can be dropped.
///
/// # Which call answers which action
///
/// | action | is answered by |
/// |---|---|
/// | [`Action::Connect`] | [`connected`](Self::connected), and later [`lost`](Self::lost); or [`lost`](Self::lost) at once |
/// | [`Action::Close`] | [`lost`](Self::lost), after what was read until then was told with [`received`](Self::received) |
/// | [`Action::Journal`] | [`journaled`](Self::journaled), once, after the commit; in the order of the actions |
/// | [`Action::Write`] | nothing if a byte was, or may have been, handed to the kernel; else [`unsent`](Self::unsent), or its ticket among the `untouched` of [`lost`](Self::lost) |
/// | [`Action::Notice`] | [`reply`](Self::reply), or nothing |
/// | all others | nothing |
///
/// # Time
///
/// [`Now::steady`] never goes back from one call to the next. [`Now::wall_ms`] may: it is put into telegrams and chooses the
/// business day, and no deadline depends on it.
///
/// # What a caller must never do
///
/// - Write bytes without an [`Action::Write`], or write those of one action twice.
/// - Call [`journaled`](Self::journaled) with `Ok` before the bytes are durable.
/// - Call [`unsent`](Self::unsent), or name a ticket as `untouched`, unless it is certain that the kernel has no byte of it: the
///   exchange becomes `not_sent`, and its service may send the payment again.
/// - Call [`lost`](Self::lost) twice for one incarnation, or anything for an incarnation after its `lost`. (The machine ignores
///   these calls, apart from a telegram that was received late, which it reports as a mismatch.)
#[derive(Debug)]
pub struct Institution<T> {
    settings: Settings,
    telegrams: T,
    traces: TraceBook,
    mux: Mux,
    lines: Vec<Vec<ContractedLink>>,
    under_way: HashMap<Ticket, UnderWay>,
    /// Exchanges that are unknown and can still be settled by a late answer.
    unknown: BTreeSet<Ticket>,
    inflight: usize,
    next_ticket: u64,
    random: u64,
    leaving: Option<Shutdown>,
    actions: VecDeque<Action>,
}

/// Something of ours between its making and its end.
#[derive(Debug)]
struct UnderWay {
    owner: Owner,
    incarnation: Incarnation,
    bytes: TelegramBytes,
    /// What waits for an answer: its key, and for how long.
    waits: Option<(Key, Duration)>,
    written: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    Exchange,
    Duty { duty: Duty, since: Duration },
    Reply,
}

/// How many resting numbers one telegram skips. Beyond that it is refused, and the next one goes on from there.
const SKIPS_MAX: usize = 1000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shutdown {
    /// Until then, what is in flight may end.
    Draining(Duration),
    SigningOff,
    Gone,
}

impl<T: Telegrams> Institution<T> {
    /// A machine that has not connected yet. `random` seeds the jitter.
    #[must_use]
    pub fn new(settings: Settings, telegrams: T, used: Option<TraceHighWater>, random: u64) -> Self {
        let lines =
            settings.lines.iter().map(|line| vec![ContractedLink::new(line, &settings.policy); line.links]).collect();
        let traces = TraceBook::new(settings.trace_max, settings.trace_block, used);
        Self {
            settings,
            telegrams,
            traces,
            mux: Mux::default(),
            lines,
            under_way: HashMap::new(),
            unknown: BTreeSet::new(),
            inflight: 0,
            next_ticket: 0,
            random,
            leaving: None,
            actions: VecDeque::new(),
        }
    }

    /// Connects every link.
    pub fn start(&mut self) {
        for link in self.link_ids() {
            self.connect(link);
        }
    }

    /// Knows an exchange of an earlier run again, so that a late answer can settle it if it is unknown, and its key rests.
    pub fn recall(&mut self, key: Key, answer: Arc<str>, answered: Option<&[u8]>, now: Now) -> Ticket {
        let ticket = self.ticket();
        self.mux.recall(key, ticket, answer, answered, now.steady + self.settings.quarantine);
        if answered.is_none() {
            self.unknown.insert(ticket);
        }
        ticket
    }

    /// Takes a service's request, which was accepted at `since`. It has as long to reach the wire as its answer has to come:
    /// by then whoever asked has given up, and must not find his money moved.
    ///
    /// # Errors
    /// Why it cannot be sent. It certainly was not.
    pub fn request(&mut self, draft: &T::Draft, since: Duration, now: Now) -> Result<Ticket, NotSent> {
        if self.leaving.is_some() {
            return Err(NotSent::Stopping);
        }
        if self.inflight >= self.settings.inflight_max {
            return Err(NotSent::InflightLimit { max: self.settings.inflight_max });
        }
        let incarnation = self.incarnation_for_business()?;
        let (wire, high_water) = self.make(now, |telegrams, trace| telegrams.request(draft, trace, now))?;
        if since + wire.answer_timeout <= now.steady {
            return Err(NotSent::NotStarted { within: wire.answer_timeout });
        }
        self.inflight += 1;
        self.count(incarnation.link, 1);
        Ok(self.send_wire(Owner::Exchange, incarnation, wire, high_water, since))
    }

    /// Sends the answer to a notice, on the link that it came on if that still stands, else on another.
    ///
    /// # Errors
    /// If no link is open; the institution will send the notice again.
    pub fn reply(&mut self, incarnation: Incarnation, bytes: TelegramBytes) -> Result<Ticket, NotSent> {
        let incarnation = if self.is_open(incarnation) { incarnation } else { self.incarnation_for_business()? };
        Ok(self.send(Owner::Reply, incarnation, bytes, None, None, None))
    }

    /// The journal took the bytes of [`Action::Journal`], or did not.
    pub fn journaled(&mut self, ticket: Ticket, result: Result<(), JournalError>, now: Now) {
        if let Err(error) = result {
            return self.unsent(ticket, NotSent::Journal(error), now);
        }
        let Some(item) = self.under_way.get(&ticket) else { return };
        let incarnation = item.incarnation;
        let open = self.is_open(incarnation);
        if !open || (item.owner == Owner::Exchange && self.state(incarnation.link) != LinkState::Up) {
            return self.unsent(ticket, NotSent::LinkLost(None), now);
        }
        let Some(item) = self.under_way.get_mut(&ticket) else { return };
        let bytes = item.bytes.clone();
        item.written = true;
        match &item.waits {
            Some((key, timeout)) => self.mux.written(key, now.steady + *timeout),
            None => {
                self.under_way.remove(&ticket);
            }
        }
        self.actions.push_back(Action::Write(ticket, incarnation, bytes));
    }

    /// The bytes of [`Action::Write`], or of [`Action::Journal`], certainly will not be handed to the kernel.
    pub fn unsent(&mut self, ticket: Ticket, why: NotSent, now: Now) {
        let Some(item) = self.under_way.remove(&ticket) else { return };
        if let Some((key, _)) = &item.waits {
            self.mux.withdraw(key);
        }
        match item.owner {
            Owner::Exchange => self.finish(ticket, item.incarnation.link, FinalState::NotSent(why)),
            Owner::Duty { duty, .. } => self.duty_failed(item.incarnation, duty, DutyFailure::NotSent(why), now),
            Owner::Reply => {}
        }
        self.progress(now);
    }

    /// Lets time pass: reconnections, echo tests, deadlines, quarantines.
    pub fn tick(&mut self, now: Now) {
        for link in self.link_ids() {
            self.tick_link(link, now);
        }
        self.expire(now);
        if let Some(Shutdown::Draining(until)) = self.leaving
            && until <= now.steady
        {
            self.finish_all(now);
        }
        self.progress(now);
    }

    /// When [`Institution::tick`] has something to do.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        let drain = match self.leaving {
            Some(Shutdown::Draining(until)) => Some(until),
            _ => None,
        };
        let links = self.lines.iter().flatten().filter_map(ContractedLink::deadline).min();
        [drain, links, self.mux.deadline()].into_iter().flatten().min()
    }

    /// Stops: no new requests, what is in flight may end, then sign-off and close. [`Action::Stopped`] is the end.
    pub fn leave(&mut self, now: Now) {
        if self.leaving.is_none() {
            self.leaving = Some(Shutdown::Draining(now.steady + self.settings.drain_max));
            self.progress(now);
        }
    }

    /// What shall be done next.
    pub fn next_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// How many exchanges wait on a line.
    #[must_use]
    pub fn inflight_on(&self, line: usize) -> usize {
        self.lines.get(line).map_or(0, |links| links.iter().map(ContractedLink::inflight).sum())
    }

    /// Makes a telegram under a key that is free. A number whose key still rests is skipped.
    fn make(
        &mut self,
        now: Now,
        mut encode: impl FnMut(&T, u64) -> Result<EncodedRequest, String>,
    ) -> Result<(EncodedRequest, TraceHighWater), NotSent> {
        let day = self.telegrams.day(now);
        let mut last = None;
        for _ in 0..=self.mux.len().min(SKIPS_MAX) {
            let (trace, high_water) = self.traces.next(day);
            let wire = encode(&self.telegrams, trace).map_err(NotSent::Unencodable)?;
            if self.mux.is_free(&wire.key) {
                return Ok((wire, high_water));
            }
            // The number is not in the key: another one will not help.
            if last.replace(wire.key.clone()) == Some(wire.key) {
                break;
            }
        }
        Err(NotSent::KeyInUse)
    }

    fn send_wire(
        &mut self,
        owner: Owner,
        incarnation: Incarnation,
        wire: EncodedRequest,
        high_water: TraceHighWater,
        since: Duration,
    ) -> Ticket {
        let EncodedRequest { telegram: _, bytes, key, answer, trace, answer_timeout } = wire;
        let request =
            (owner == Owner::Exchange).then(|| OutgoingRequest { key: key.clone(), answer: answer.clone(), trace });
        let ticket =
            self.send(owner, incarnation, bytes, Some((key.clone(), answer_timeout)), Some(high_water), request);
        // `make` has looked: the key is free.
        let _ = self.mux.reserve(key, ticket, answer, since + answer_timeout);
        ticket
    }

    fn send(
        &mut self,
        owner: Owner,
        incarnation: Incarnation,
        bytes: TelegramBytes,
        waits: Option<(Key, Duration)>,
        high_water: Option<TraceHighWater>,
        request: Option<OutgoingRequest>,
    ) -> Ticket {
        let ticket = self.ticket();
        self.under_way.insert(ticket, UnderWay { owner, incarnation, bytes: bytes.clone(), waits, written: false });
        self.actions.push_back(Action::Journal(Outgoing { ticket, incarnation, bytes, request, high_water }));
        ticket
    }

    fn finish(&mut self, ticket: Ticket, link: LinkId, state: FinalState) {
        self.inflight = self.inflight.saturating_sub(1);
        self.count(link, -1);
        if matches!(state, FinalState::Unknown(_)) {
            self.unknown.insert(ticket);
        }
        self.actions.push_back(Action::Finish(ticket, state));
    }

    /// Ends every exchange that still runs: what was written as unknown, what was not as not sent.
    fn finish_all(&mut self, now: Now) {
        let until = now.steady + self.settings.quarantine;
        let exchanges = self.under_way.iter().filter(|(_, item)| item.owner == Owner::Exchange);
        let mut running: Vec<_> = exchanges.map(|(ticket, item)| (*ticket, item.written)).collect();
        running.sort_unstable();
        for (ticket, written) in running {
            if !written {
                self.unsent(ticket, NotSent::Stopped, now);
                continue;
            }
            let Some(item) = self.under_way.remove(&ticket) else { continue };
            if let Some((key, _)) = &item.waits {
                self.mux.give_up(key, until);
            }
            self.finish(ticket, item.incarnation.link, FinalState::Unknown(Unknown::Stopped));
        }
    }

    /// Takes the next step of stopping, if the last one is done.
    fn progress(&mut self, now: Now) {
        if matches!(self.leaving, Some(Shutdown::Draining(_))) && self.inflight == 0 {
            self.leaving = Some(Shutdown::SigningOff);
            for link in self.link_ids() {
                self.leave_link(link, now);
            }
        }
        if self.leaving == Some(Shutdown::SigningOff) && self.lines.iter().flatten().all(ContractedLink::is_down) {
            self.leaving = Some(Shutdown::Gone);
            self.actions.push_back(Action::Stopped);
        }
    }

    fn session(&mut self, link: LinkId, event: SessionEvent, now: Now) {
        let Some(session) = self.link_mut(link).map(ContractedLink::session_mut) else { return };
        let actions = session.on(event, now.steady);
        self.obey(link, actions, now);
    }

    fn ticket(&mut self) -> Ticket {
        self.next_ticket += 1;
        Ticket(self.next_ticket)
    }

    /// SplitMix64.
    fn next_random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod simulation;
