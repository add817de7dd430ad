//! One institution: its lines and links, the work in flight, and the order of events.
//!
//! ```text
//! request ─► queue ─► Journal ─► journaled ─► Write ─► received ─► Finish(Answered)
//!    │         │                    │            ├─ deadline ─► Withdraw ─ no byte left ─► Finish(NotSent)
//!    │         │                    │            └─ deadline, link lost ─► Finish(Unknown) ─ late answer ─► Finish(Settled)
//!    └─ refused└─ no turn in time   └─ no commit in time, link gone ─► Finish(NotSent)
//! ```
//!
//! Bytes are written only after they were journaled. An exchange ends as `NotSent` only if its bytes certainly were not
//! handed to the kernel. Requests, duties and replies go through the same queue, in one order. So do the inquiries and
//! reversals of settlement: they end as requests do, and what follows from that is decided elsewhere.

mod action;
mod roster;

mod link;

mod admission;
mod withheld;
mod at_need;
mod by_hand;
mod routed;
mod coordinated;
mod duties;
mod hearing;
mod links;
mod retuning;
mod sending;
mod steps;
mod stopping;
mod traffic;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

pub use self::action::{Action, FinalState, Incoming, Origin, Outgoing, OutgoingRequest};
use self::admission::Admission;
pub use self::admission::BreakerPolicy;
pub use self::at_need::LineRefusal;
use self::at_need::StoppedLine;
use self::coordinated::Coordination;
use self::duties::Duties;
use self::hearing::Hearing;
use self::link::ContractedLink;
use self::roster::Roster;
use self::stopping::Shutdown;
use self::withheld::Withheld;
use crate::breaker::Permit;
use crate::business::Business;
use crate::coordination::Terms;
use crate::exchange::{LinkState, TelegramBytes};
use crate::flow::FlowSettings;
use crate::mutant::{Mutant, is_on};
use crate::mux::Mux;
use crate::random::SplitMix64;
use crate::reason::{DutyFailure, JournalError, NotSent, Unknown};
use crate::session::{SessionEvent, SessionPolicy};
use crate::switchover::{Switchover, SwitchoverSettings};
use crate::terms::{Duty, Incarnation, Key, LineDuty, LinkId, Now, Telegrams, Ticket, TicketMap};
use crate::trace::TraceRange;

/// The settings of an institution's machine.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The limits. An exchange whose outcome is unknown occupies its place until its answer arrives, it is settled, or its
    /// quarantine ends, because the institution may still work on it.
    pub flow: FlowSettings,
    /// When business stops because the institution does not answer. `None` for never.
    pub breaker: Option<BreakerPolicy>,
    /// When business is open.
    pub business: Business,
    /// The time that a key stays in quarantine.
    pub quarantine: Duration,
    /// The longest time that stopping waits for exchanges in flight.
    pub drain_max: Duration,
    /// The duties of sessions and their times.
    pub policy: SessionPolicy,
    /// The lines, in the order of the configuration.
    pub lines: Vec<LineSettings>,
    /// The trace numbers of a business day.
    pub traces: TraceRange,
    /// When business moves between main and backup lines.
    pub switchover: SwitchoverSettings,
    /// The time of the start.
    pub start: Now,
    /// The rules by which instances share the contract.
    pub terms: Terms,
    /// Whether this instance was fenced in an earlier life: then it has nothing until it has joined again.
    pub was_fenced: bool,
    /// The longest time that a request occupies its place: until the end of its quarantine.
    pub occupied_max: Duration,
}

/// The links of one line.
#[derive(Clone, Copy, Debug)]
pub struct LineSettings {
    /// The number of links.
    pub links: usize,
    /// Which telegrams the line carries.
    pub duty: LineDuty,
    /// Whether the institution connects. Then a link waits for its connection without pauses.
    pub listens: bool,
    /// The shortest wait before a reconnection.
    pub reconnect_min: Duration,
    /// The longest wait before a reconnection.
    pub reconnect_max: Duration,
    /// The lines of the lowest rank carry business. Those of another rank do only while those do not work.
    pub rank: u8,
    /// The maximum number of telegrams of ours that may wait for their answer on one link. `usize::MAX` is no limit.
    pub window: usize,
    /// Whether a telegram that was not answered in time keeps its place in a limited window until it is answered or its quarantine
    /// ends. Otherwise its link is closed.
    pub holds_overdue: bool,
    /// Whether a link is connected only when it is needed: for a request, or because no line of a better rank works.
    pub at_need: bool,
    /// Whether a link carries one request and is closed after its answer. Such a line is `at_need` and has a window of one.
    pub one_shot: bool,
}

/// The protocol of one institution as a pure state machine: its lines and links, and all the work on them.
///
/// The machine has no clock, no socket and no task. The caller reports each event to the machine, takes actions from it,
/// carries them out, and reports the results. In this crate the caller is the institution's task in `net/`; in tests it is
/// a simulation.
///
/// # Kinds of methods
///
/// - **Inputs** report events and never block. From services: [`request`](Self::request), [`reply`](Self::reply),
///   [`leave`](Self::leave). From settlement: [`step`](Self::step), [`withdraw_step`](Self::withdraw_step),
///   [`settled`](Self::settled). From listeners: [`replace`](Self::replace). From links: [`connected`](Self::connected), [`received`](Self::received),
///   [`bad_frame`](Self::bad_frame), [`lost`](Self::lost). From the journal: [`journaled`](Self::journaled). From time:
///   [`tick`](Self::tick). From the link's writer:
///   [`unsent`](Self::unsent), [`withdrawn`](Self::withdrawn), [`unanswered`](Self::unanswered). From the coordinator:
///   [`news`](Self::news). [`start`](Self::start) and [`recall`](Self::recall) come before all other inputs, also [`recall_step`](Self::recall_step).
/// - **Outputs**: [`next_action`](Self::next_action) returns the next action, [`deadline`](Self::deadline) the time of the
///   next `tick`.
/// - **Questions** change nothing: [`inflight_on`](Self::inflight_on), [`carries_business`](Self::carries_business).
///
/// # Order of calls
///
/// 1. Call [`new`](Self::new), then [`recall`](Self::recall) for each exchange of an earlier run whose key is in quarantine, then
///    [`start`](Self::start) once.
/// 2. After each input, call [`next_action`](Self::next_action) until it returns `None`, and carry out the actions in that order.
///    An input from within this loop is allowed, such as `journaled` with the error of a full queue.
/// 3. Then read [`deadline`](Self::deadline), which may have changed with each input. Call [`tick`](Self::tick) when the deadline
///    has passed. An early `tick` does nothing. A late `tick` is late for everything that waits.
/// 4. After [`Action::Stopped`] the machine returns no more actions and can be dropped.
///
/// # Which call answers which action
///
/// | action | is answered by |
/// |---|---|
/// | [`Action::Connect`] | [`connected`](Self::connected), and later [`lost`](Self::lost); or [`lost`](Self::lost) at once |
/// | [`Action::Close`] | [`lost`](Self::lost), after all bytes read until then were passed to [`received`](Self::received) |
/// | [`Action::Journal`] | [`journaled`](Self::journaled), once, after the commit; in the order of the actions |
/// | [`Action::Write`] | nothing if a byte was, or may have been, handed to the kernel; otherwise [`unsent`](Self::unsent), or its ticket in `untouched` of [`lost`](Self::lost) |
/// | [`Action::Withdraw`] | [`withdrawn`](Self::withdrawn) if the kernel certainly has no byte of it and never will; otherwise [`unanswered`](Self::unanswered) |
/// | [`Action::Notice`] | [`reply`](Self::reply), or nothing |
/// | [`Action::Ask`] | [`news`](Self::news), or nothing. A block of trace numbers is journaled before it is passed on, ahead of all bytes that use it |
/// | all others | nothing |
///
/// # Time
///
/// [`Now::steady`] never goes back from one call to the next. [`Now::wall_ms`] and [`Now::business_ms`] may go back.
/// The first only goes into facts. The second goes into telegrams, selects the business day and decides about hours. No deadline depends on
/// either.
///
/// # What a caller must never do
///
/// - Write bytes without an [`Action::Write`], or write the bytes of one action twice.
/// - Call [`journaled`](Self::journaled) with `Ok` before the bytes are durable.
/// - Call [`unsent`](Self::unsent), or name a ticket in `untouched`, unless the kernel certainly has no byte of it. The
///   exchange becomes `not_sent`, and its service may send the payment again.
/// - Call [`lost`](Self::lost) twice for one incarnation, or anything else for an incarnation after its `lost`. (The
///   machine ignores such calls. Only a telegram that is received too late is reported, as a mismatch.)
#[derive(Debug)]
pub struct Institution<T: Telegrams> {
    settings: Settings,
    telegrams: T,
    admission: Admission<T::Draft>,
    duties: Duties,
    coordination: Coordination,
    mux: Mux,
    lines: Vec<Vec<ContractedLink>>,
    roster: Roster,
    switchover: Switchover,
    /// The lines whose links are connected only when they are needed.
    at_need: Vec<usize>,
    has_one_shot: bool,
    /// The lines that a person stopped.
    stopped_lines: BTreeMap<usize, StoppedLine>,
    /// The lines that another instance has.
    withheld: BTreeMap<usize, Withheld>,
    /// Telegrams that were not answered in time and hold a place in the window of a connection.
    held: BTreeMap<Ticket, Incarnation>,
    /// The number of keys that were made for telegrams without one.
    own_keys: u64,
    hearing: Hearing,
    under_way: TicketMap<UnderWay>,
    /// Exchanges that are unknown and can still be settled by a late answer.
    unknown: BTreeMap<Ticket, Unsettled>,
    /// The number of exchanges that started and have not ended.
    inflight: usize,
    next_ticket: u64,
    random: SplitMix64,
    leaving: Option<Shutdown>,
    actions: VecDeque<Action>,
}

/// A telegram of ours that is not finished yet.
#[derive(Debug)]
struct UnderWay {
    owner: Owner,
    incarnation: Incarnation,
    bytes: TelegramBytes,
    /// For a telegram that expects an answer: its key and its answer timeout.
    waits: Option<(Key, Duration)>,
    /// When it was accepted.
    since: Duration,
    written: bool,
    /// The outcome of a written exchange that is over, if the kernel has a byte of it.
    over: Option<Unknown>,
    /// For an exchange: the breaker's permit.
    permit: Option<Permit>,
}

/// A telegram of ours that is ready to be journaled.
struct Ready {
    telegram: Option<Arc<str>>,
    bytes: TelegramBytes,
    waits: Option<(Key, Duration)>,
    since: Duration,
    request: Option<OutgoingRequest>,
}

impl Ready {
    fn reply(bytes: TelegramBytes) -> Self {
        Self { telegram: None, bytes, waits: None, since: Duration::ZERO, request: None }
    }
}

/// An exchange whose outcome is unknown.
#[derive(Debug, Default)]
struct Unsettled {
    /// The bytes of the request. Empty for an exchange of an earlier run.
    request: TelegramBytes,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    Exchange,
    /// An inquiry or a reversal.
    Step,
    Duty {
        duty: Duty,
        since: Duration,
        /// [`Hearing::times`] when it was sent.
        times_heard: u64,
    },
    /// An echo test for the breaker.
    Probe {
        since: Duration,
        /// The same.
        times_heard: u64,
    },
    Reply,
}

impl Owner {
    /// Whether its end is told by [`Action::Finish`], and it needs a link that carries business.
    fn is_business(self) -> bool {
        matches!(self, Self::Exchange | Self::Step)
    }
}

impl<T: Telegrams> Institution<T> {
    /// Creates a machine that has not connected yet. `random` seeds the jitter.
    #[must_use]
    pub fn new(settings: Settings, telegrams: T, random: u64) -> Self {
        let lines =
            settings.lines.iter().map(|line| vec![ContractedLink::new(line, &settings.policy); line.links]).collect();
        let coordination = Coordination::new(&settings);
        let admission = Admission::new(&settings);
        let ranks = settings.lines.iter().filter(|line| line.duty.sends()).map(|line| line.rank).collect();
        let at_need = settings.lines.iter().enumerate().filter(|(_, line)| line.at_need).map(|(index, _)| index);
        let mut machine = Self {
            switchover: Switchover::new(settings.switchover, ranks, settings.start),
            roster: Roster::new(settings.lines.iter().map(|line| line.links)),
            at_need: at_need.collect(),
            has_one_shot: settings.lines.iter().any(|line| line.one_shot),
            stopped_lines: BTreeMap::new(),
            withheld: BTreeMap::new(),
            held: BTreeMap::new(),
            own_keys: 0,
            hearing: Hearing::new(),
            settings,
            telegrams,
            admission,
            duties: Duties::default(),
            coordination,
            mux: Mux::default(),
            lines,
            under_way: TicketMap::default(),
            unknown: BTreeMap::new(),
            inflight: 0,
            next_ticket: 0,
            random: SplitMix64::new(random),
            leaving: None,
            actions: VecDeque::new(),
        };
        for id in machine.link_ids() {
            machine.refresh(id);
        }
        machine
    }

    /// Asks for trace numbers and connects every link, except those that are not needed yet or that a person stopped.
    pub fn start(&mut self, now: Now) {
        self.join(now);
        for id in self.link_ids() {
            match self.link(id).map(|link| (link.is_stopped, link.line.at_need)) {
                Some((false, false)) => self.connect(id),
                Some((false, true)) => self.rest(id),
                _ => {}
            }
        }
    }

    /// Restores an exchange of an earlier run. Its key stays in quarantine, and a late answer can still settle it if it is
    /// unknown. It replaces one that was restored under the same key. `None` if a telegram in flight has the key.
    pub fn recall(&mut self, key: Key, answer: Arc<str>, answered: Option<&[u8]>, now: Now) -> Option<Ticket> {
        let ticket = self.ticket();
        let until = now.steady + self.settings.quarantine;
        let former = self.mux.recall(key.clone(), ticket, answer, answered, until).ok()?;
        if let Some(former) = former {
            self.forgotten(former, now);
        }
        self.own(&key, self.settings.quarantine);
        if answered.is_none() {
            self.unknown.insert(ticket, Unsettled::default());
            self.admission.flow.recall(ticket, None, now.steady);
        }
        Some(ticket)
    }

    /// Sends the answer to a notice. It goes on the connection that the notice came on if that is still open, otherwise on
    /// another one.
    ///
    /// # Errors
    /// If no link carries business. The institution will send the notice again.
    pub fn reply(&mut self, incarnation: Incarnation, bytes: TelegramBytes) -> Result<Ticket, NotSent> {
        let incarnation = self.incarnation_for_reply(incarnation)?;
        Ok(self.send_reply(incarnation, bytes))
    }

    /// Reports that the journal stored the bytes of [`Action::Journal`], or failed.
    pub fn journaled(&mut self, ticket: Ticket, result: Result<(), JournalError>, now: Now) {
        if let Err(error) = result {
            return self.unsent(ticket, NotSent::Journal(error), now);
        }
        let Some(item) = self.under_way.get(&ticket) else { return };
        let incarnation = item.incarnation;
        let open = self.is_open(incarnation);
        if !open || (item.owner.is_business() && self.state(incarnation.link) != LinkState::Up) {
            return self.unsent(ticket, NotSent::LinkLost(None), now);
        }
        if item.owner.is_business() && !self.roster.can_receive() {
            return self.unsent(ticket, self.no_line_up(), now);
        }
        let Some(item) = self.under_way.get_mut(&ticket) else { return };
        let bytes = item.bytes.clone();
        let owner = item.owner;
        item.written = true;
        let timeout = item.waits.as_ref().filter(|_| matches!(owner, Owner::Exchange | Owner::Step));
        let not_after = timeout.map(|(_, timeout)| item.since + *timeout);
        match &item.waits {
            Some((key, timeout)) => self.mux.written(key, item.since + *timeout),
            None => {
                self.under_way.remove(&ticket);
            }
        }
        match owner {
            Owner::Exchange | Owner::Step => self.admission.flow.written(ticket, now.steady),
            Owner::Duty { .. } | Owner::Probe { .. } => self.admission.flow.duty_written(now.steady),
            Owner::Reply => {}
        }
        self.actions.push_back(Action::Write { ticket, incarnation, bytes, not_after });
        if !self.duties.is_empty() {
            self.send_duties(now);
        }
    }

    /// Reports that the request of [`Action::Withdraw`] was not written and will not be.
    pub fn withdrawn(&mut self, ticket: Ticket, now: Now) {
        let why = match self.under_way.get(&ticket).and_then(|item| item.over.as_ref()) {
            Some(Unknown::NoAnswer { within }) => NotSent::SendQueueSlow { within: *within },
            _ => NotSent::Stopped,
        };
        self.unsent(ticket, why, now);
    }

    /// Reports that the kernel has a byte of the request of [`Action::Withdraw`]: its outcome is unknown.
    pub fn unanswered(&mut self, ticket: Ticket, now: Now) {
        let is_over = self.under_way.get(&ticket).is_some_and(|item| item.over.is_some());
        let Some(item) = self.under_way.remove(&ticket).filter(|_| is_over) else { return };
        let why = item.over.clone().unwrap_or(Unknown::BrokeOff);
        let incarnation = item.incarnation;
        let within = item.waits.as_ref().map(|(_, timeout)| *timeout);
        self.finish_unknown(ticket, item, why, now);
        self.overdue(ticket, incarnation, within.unwrap_or_default(), now);
        self.progress(now);
    }

    /// Reports that the bytes of [`Action::Write`] or [`Action::Journal`] certainly will not be handed to the kernel.
    pub fn unsent(&mut self, ticket: Ticket, why: NotSent, now: Now) {
        let Some(item) = self.take_back(ticket, now) else { return };
        match item.owner {
            Owner::Exchange | Owner::Step => self.finish(ticket, &item, FinalState::NotSent(why)),
            Owner::Duty { duty, .. } => self.duty_failed(item.incarnation, duty, DutyFailure::NotSent(why), now),
            Owner::Probe { .. } => self.probed(ticket, false, now),
            Owner::Reply => {}
        }
        self.progress(now);
    }

    /// Handles everything that is due by time: reconnections, echo tests, deadlines, quarantines.
    pub fn tick(&mut self, now: Now) {
        for link in self.roster.due(now.steady) {
            self.tick_link(link, now);
        }
        self.expire(now);
        self.coordinate(now);
        self.admission.tick(now);
        self.tick_stopping(now);
        self.progress(now);
    }

    /// The next time when [`Institution::tick`] has something to do.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        let drain = self.stopping_deadline();
        let links = [self.roster.deadline(), self.lines_deadline(), self.duties_deadline()];
        let others = [drain, self.mux.deadline(), self.admission.deadline(), self.coordination.deadline()];
        links.into_iter().chain(others).flatten().min()
    }

    /// Returns the next action to carry out, or `None` if there is none now.
    pub fn next_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    fn finish(&mut self, ticket: Ticket, item: &UnderWay, state: FinalState) {
        if item.owner == Owner::Exchange {
            self.inflight = self.inflight.saturating_sub(1);
            self.count(item.incarnation.link, -1);
        }
        self.actions.push_back(Action::Finish(ticket, state));
    }

    /// Ends an exchange or a step as unknown. It keeps its place: the institution may still work on it.
    fn finish_unknown(&mut self, ticket: Ticket, item: UnderWay, why: Unknown, now: Now) {
        self.admission.unknown(ticket, item.permit.as_ref(), &why, now);
        if item.owner == Owner::Step && is_on(Mutant::UnansweredStepFreesItsPlace) {
            self.admission.flow.released(ticket, now.steady);
        }
        self.finish(ticket, &item, FinalState::Unknown(why));
        self.unknown.insert(ticket, Unsettled { request: item.bytes });
    }

    fn session(&mut self, link: LinkId, event: SessionEvent, now: Now) {
        let Some(session) = self.link_mut(link).map(|link| &mut link.session) else { return };
        let actions = session.on(event, now.steady);
        self.refresh(link);
        self.obey(link, actions, now);
    }

    fn ticket(&mut self) -> Ticket {
        self.next_ticket += 1;
        Ticket(self.next_ticket)
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod simulation;

#[cfg(test)]
mod lines_simulation;
