//! Which request may start: the hours of business, the breaker and flow control, in front of the wire.
//!
//! A request is numbered, dated and encoded when it starts, not when it begins to wait. While it waits, it is refused as soon
//! as it is certain that it will not start: no line is up, the breaker trips, business is closed, its deadline passes, the gateway stops.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{Action, FinalState, Institution, Owner, Settings};
use crate::breaker::{
    Alternative, Breaker, BreakerAction, BreakerResult, BreakerScope, BreakerSettings, BreakerSnapshot, BreakerState,
    Permit, TripCause,
};
use crate::business::{Business, BusinessClosed, TooManyBlocks};
use crate::coordination::Ask;
use crate::flow::{Flow, FlowEvent, FlowStatus, Offer, Refusal};
use crate::reason::{NotSent, Unknown};
use crate::standing::{PersonNote, Standing};
use crate::terms::{BusinessNotice, Demand, EncodedRequest, Now, Priority, Stops, Telegrams, Ticket};
use crate::trace::TraceUse;

/// The breakers of an institution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BreakerPolicy {
    /// When they trip, and how they pass again.
    pub settings: BreakerSettings,
    /// By the name of the telegram: what to do with it instead. Other telegrams are refused.
    pub alternatives: BTreeMap<String, Alternative>,
    /// The time of the start, since which they pass.
    pub start: Now,
}

/// The requests in front of the wire, and the limits.
#[derive(Debug)]
pub(super) struct Admission<D> {
    pub(super) flow: Flow,
    breaker: Option<Breaker>,
    business: Business,
    waiting: BTreeMap<Ticket, Waiting<D>>,
    /// Echo tests for a breaker, with its generation.
    pub(super) probes: BTreeMap<Ticket, (BreakerScope, u64)>,
}

/// A request that waits for its turn.
#[derive(Debug)]
struct Waiting<D> {
    owner: Owner,
    draft: D,
    demand: Demand,
    since: Duration,
}

impl<D> Waiting<D> {
    fn offer(&self, id: Ticket) -> Offer {
        let Demand { business, priority, .. } = &self.demand;
        let deadline = self.since + self.demand.start_timeout();
        Offer { id, priority: *priority, business: business.as_deref().map(str::to_owned), caller: 0, deadline }
    }
}

impl<D> Admission<D> {
    pub(super) fn new(settings: &Settings) -> Self {
        let policy = settings.breaker.as_ref();
        let breaker = policy.map(|policy| {
            let breaker = Breaker::new(policy.settings, policy.alternatives.clone(), policy.start);
            if settings.terms.is_alone() { breaker } else { breaker.asking(settings.terms.owner_timeout) }
        });
        let flow = Flow::new(settings.terms.divided(settings.flow.clone()));
        Self { flow, breaker, business: settings.business.clone(), waiting: BTreeMap::new(), probes: BTreeMap::new() }
    }

    /// Records the end of a request for the breaker.
    pub(super) fn record(&mut self, permit: Option<&Permit>, result: BreakerResult, now: Now) {
        if let (Some(breaker), Some(permit)) = (&mut self.breaker, permit) {
            breaker.record(permit, result, now);
        }
    }

    /// Records that the outcome of a request is unknown. It occupies its place if the institution may still work on it.
    pub(super) fn unknown(&mut self, ticket: Ticket, permit: Option<&Permit>, why: &Unknown, now: Now) {
        let steady = now.steady;
        match why {
            Unknown::NoAnswer { .. } => self.flow.timed_out(ticket, steady),
            Unknown::Unreadable(_) | Unknown::Contradicted(_) => self.flow.answered(ticket, steady),
            Unknown::LinkLost(_) | Unknown::Stopped | Unknown::BrokeOff => self.flow.link_lost(ticket, steady),
        }
        let result = match why {
            Unknown::NoAnswer { .. } => BreakerResult::TimedOut,
            _ => BreakerResult::Nothing,
        };
        self.record(permit, result, now);
    }

    /// Brings back a block, a notice or a trip by a person of an earlier run.
    pub(super) fn recall_standing(&mut self, standing: Standing, now: Now) {
        match standing {
            Standing::Notice(state) => self.business.recall(state),
            Standing::Block { business, by: Some(by) } => {
                // There were never more than the maximum.
                let _ = self.business.block(business.as_deref(), &by.note, by.since_ms);
            }
            Standing::Breaker { business, person, by: Some(by) } => {
                // The configuration may have no breaker any more.
                if let Some(breaker) = &mut self.breaker {
                    let scope = business.map_or(BreakerScope::Institution, BreakerScope::Business);
                    breaker.recall(&scope, &person, &by, now);
                }
            }
            Standing::Block { by: None, .. }
            | Standing::Breaker { by: None, .. }
            | Standing::Line { .. }
            | Standing::Switchover(_)
            | Standing::Routing(_)
            | Standing::Sites(_) => {}
        }
    }

    /// Records that a link was lost on which exchanges waited for their answers.
    pub(super) fn link_lost(&mut self, now: Now) {
        if let Some(breaker) = &mut self.breaker {
            breaker.link_lost(now);
        }
    }

    /// Lets other limits and breakers hold.
    pub(super) fn retune(&mut self, settings: &Settings, now: Now) {
        self.flow.retune(&settings.flow, now.steady);
        if let (Some(breaker), Some(policy)) = (&mut self.breaker, &settings.breaker) {
            breaker.retune(policy.settings, policy.alternatives.clone());
        }
    }

    fn is_business_open(&self, owner: Owner, demand: &Demand, now: Now) -> Result<(), NotSent> {
        let Demand { telegram, business, priority, .. } = demand;
        let open = match owner {
            Owner::Step => self.business.may_step(telegram, *priority, now.business_ms),
            _ => self.business.may_start(telegram, business.as_deref(), *priority, now.business_ms),
        };
        open.map_err(|closed| NotSent::Closed(Box::new(closed)))
    }

    pub(super) fn tick(&mut self, now: Now) {
        if let Some(breaker) = &mut self.breaker {
            breaker.tick(now);
        }
    }

    pub(super) fn deadline(&self) -> Option<Duration> {
        let breaker = self.breaker.as_ref().and_then(Breaker::deadline);
        [self.flow.deadline(), breaker].into_iter().flatten().min()
    }
}

impl<T: Telegrams> Institution<T> {
    /// Takes a service's request, which was accepted at `since`. It starts now, or waits for its turn. It has one deadline, which
    /// counts from its acceptance. A request that is not written in the first half of that time is dropped.
    ///
    /// # Errors
    /// The reason why the request cannot be sent. The request certainly was not sent.
    pub fn request(&mut self, draft: T::Draft, since: Duration, now: Now) -> Result<Ticket, NotSent> {
        let demand = self.telegrams.demand(&draft);
        self.offer(Owner::Exchange, draft, demand, since, now)
    }

    /// Offers an exchange or a step to flow control.
    pub(super) fn offer(
        &mut self,
        owner: Owner,
        draft: T::Draft,
        demand: Demand,
        since: Duration,
        now: Now,
    ) -> Result<Ticket, NotSent> {
        if self.leaving.is_some() {
            return Err(NotSent::Stopping);
        }
        let within = demand.start_timeout();
        if since + within <= now.steady {
            return Err(NotSent::NotStarted { within });
        }
        self.may_start(owner, &demand, now)?;
        let id = self.ticket();
        let waiting = Waiting { owner, draft, demand, since };
        self.admission.flow.offer(&waiting.offer(id), now.steady).map_err(NotSent::Flow)?;
        self.admission.waiting.insert(id, waiting);
        self.choose_lines(now);
        self.start_next(Some(id), now).map_or(Ok(id), Err)
    }

    /// Reports that it is known what became of an unknown exchange: it no longer occupies its place.
    pub fn settled(&mut self, ticket: Ticket, now: Now) {
        self.admission.flow.released(ticket, now.steady);
        self.progress(now);
    }

    /// Trips a breaker by hand. It stays tripped until [`reset_breaker`](Self::reset_breaker), also over a restart. Returns whether
    /// the institution has this breaker.
    pub fn trip_breaker(&mut self, scope: &BreakerScope, person: &str, note: &str, now: Now) -> bool {
        let tripped = self.admission.breaker.as_mut().is_some_and(|breaker| breaker.trip(scope, person, note, now));
        if tripped {
            let by = PersonNote { note: note.to_owned(), since_ms: now.wall_ms };
            self.breaker_stands(scope, person, Some(by));
            self.progress(now);
        }
        tripped
    }

    /// Resets a breaker by hand: requests pass. Returns whether the institution has breakers.
    pub fn reset_breaker(&mut self, scope: &BreakerScope, person: &str, now: Now) -> bool {
        let Some(breaker) = &mut self.admission.breaker else { return false };
        let was_by_hand = breaker.is_by_hand(scope);
        breaker.reset(scope, now);
        if was_by_hand {
            self.breaker_stands(scope, person, None);
        }
        self.progress(now);
        true
    }

    fn breaker_stands(&mut self, scope: &BreakerScope, person: &str, by: Option<PersonNote>) {
        let business = match scope {
            BreakerScope::Institution => None,
            BreakerScope::Business(code) => Some(code.clone()),
        };
        self.actions.push_back(Action::Standing(Standing::Breaker { business, person: person.to_owned(), by }));
    }

    /// Takes the state of a breaker of another instance, if it is newer. What a person decided there holds here over a restart, too.
    pub(super) fn breaker_elsewhere(&mut self, snapshot: &BreakerSnapshot, now: Now) {
        let Some(breaker) = &mut self.admission.breaker else { return };
        let was_by_hand = breaker.is_by_hand(&snapshot.scope);
        if breaker.import(snapshot, now) {
            match (&snapshot.cause, breaker.is_by_hand(&snapshot.scope)) {
                (Some(TripCause::Person { person, note }), true) => {
                    let by = PersonNote { note: note.clone(), since_ms: snapshot.since_ms };
                    self.breaker_stands(&snapshot.scope, person, Some(by));
                }
                _ if was_by_hand => self.breaker_stands(&snapshot.scope, "another instance", None),
                _ => {}
            }
            self.actions.push_back(Action::Breaker(snapshot.clone()));
            self.refuse_hopeless(now);
        }
    }

    /// Takes the coordinator's word about who sends an echo test for a breaker.
    pub(super) fn may_probe(&mut self, scope: &BreakerScope, generation: u64, may: bool, now: Now) {
        if let Some(breaker) = &mut self.admission.breaker {
            breaker.may_probe(scope, generation, may, now);
        }
    }

    /// Blocks a business code, or the whole institution, by hand, until [`unblock`](Self::unblock).
    ///
    /// # Errors
    /// If too many business codes are blocked already.
    pub fn block(&mut self, business: Option<&str>, note: &str, now: Now) -> Result<(), TooManyBlocks> {
        self.admission.business.block(business, note, now.wall_ms)?;
        let by = Some(PersonNote { note: note.to_owned(), since_ms: now.wall_ms });
        self.actions.push_back(Action::Standing(Standing::Block { business: business.map(str::to_owned), by }));
        self.refuse_hopeless(now);
        Ok(())
    }

    /// Takes back a block. Returns whether there was one.
    pub fn unblock(&mut self, business: Option<&str>) -> bool {
        let was_blocked = self.admission.business.unblock(business);
        if was_blocked {
            let business = business.map(str::to_owned);
            self.actions.push_back(Action::Standing(Standing::Block { business, by: None }));
        }
        was_blocked
    }

    /// Everything that closes business now.
    #[must_use]
    pub fn closed(&self, now: Now) -> Vec<BusinessClosed> {
        self.admission.business.closed(now.business_ms)
    }

    /// Why business is closed for a notice of the institution, or `None` if it is open. The institution's own announcement that
    /// business ends soon does not close it.
    #[must_use]
    pub fn closed_for_notice(&self, telegram: &str, business: Option<&str>, now: Now) -> Option<BusinessClosed> {
        self.admission.business.may_start(telegram, business, Priority::Inquiry, now.business_ms).err()
    }

    /// Handles a sign of the institution about its business: a notice, or an accepted sign-on.
    pub(super) fn business_sign(&mut self, notice: BusinessNotice, stops: Stops, now: Now) {
        if self.admission.business.notice(notice, stops, now.wall_ms) {
            self.actions.push_back(Action::Business(notice, stops));
            self.actions.push_back(Action::Standing(Standing::Notice(self.admission.business.state())));
            self.refuse_hopeless(now);
        }
    }

    /// The state of flow control.
    #[must_use]
    pub fn flow_status(&self, now: Now) -> FlowStatus {
        self.admission.flow.status(now.steady)
    }

    /// The states of the breakers: the institution's first. Empty without breakers.
    #[must_use]
    pub fn breakers(&self, now: Now) -> Vec<BreakerSnapshot> {
        self.admission.breaker.as_ref().map_or(Vec::new(), |breaker| breaker.snapshots(now))
    }

    /// Starts the requests whose turn it is, and refuses those that certainly will not start.
    pub(super) fn admit(&mut self, now: Now) {
        self.obey_breaker(now);
        if !self.admission.waiting.is_empty() && !self.is_any_up() {
            self.refuse_hopeless(now);
        }
        self.start_next(None, now);
    }

    /// Refuses all waiting requests, because the gateway stops.
    pub(super) fn stop_waiting(&mut self) {
        for ticket in std::mem::take(&mut self.admission.waiting).into_keys() {
            self.admission.flow.withdraw(ticket);
            self.actions.push_back(Action::Finish(ticket, FinalState::NotSent(NotSent::Stopped)));
        }
    }

    /// Takes a request or a step back that waits. Returns whether there is one.
    pub(super) fn stop_waiting_for(&mut self, ticket: Ticket) -> bool {
        self.admission.flow.withdraw(ticket);
        self.admission.waiting.remove(&ticket).is_some()
    }

    /// Reports the result of an echo test for a breaker.
    pub(super) fn probed(&mut self, ticket: Ticket, is_answered: bool, now: Now) {
        let Some((scope, generation)) = self.admission.probes.remove(&ticket) else { return };
        if let Some(breaker) = &mut self.admission.breaker {
            breaker.probed(&scope, generation, is_answered, now);
        }
    }

    /// Whether a request could start now if it were its turn.
    pub(super) fn may_start(&self, owner: Owner, demand: &Demand, now: Now) -> Result<(), NotSent> {
        self.admission.is_business_open(owner, demand, now)?;
        if let Some(breaker) = &self.admission.breaker {
            let Demand { telegram, business, priority, .. } = demand;
            breaker
                .may_pass(telegram, business.as_deref(), priority.is_privileged())
                .map_err(|blocked| NotSent::Breaker(Box::new(blocked)))?;
        }
        if self.is_any_up() { Ok(()) } else { Err(self.no_line_up()) }
    }

    /// Starts requests while there is one whose turn it is. Returns the reason why `own` certainly does not start, and
    /// finishes all others that do not.
    fn start_next(&mut self, own: Option<Ticket>, now: Now) -> Option<NotSent> {
        let mut refused = None;
        while let Some(event) = self.next_turn(now) {
            let (ticket, why) = match event {
                FlowEvent::Start(ticket) => match self.start_one(ticket, now) {
                    Ok(()) => continue,
                    Err(why) => (ticket, why),
                },
                FlowEvent::Refused(ticket, refusal) => {
                    let waited = self.admission.waiting.remove(&ticket);
                    let is_late = matches!(refusal, Refusal::Waited { .. });
                    // The caller's time began when the request was accepted, not when it began to wait.
                    let within = waited.map(|waiting| waiting.demand.start_timeout());
                    let refusal = match (refusal, within) {
                        (Refusal::Waited { .. }, Some(within)) => Refusal::Waited { within },
                        (refusal, _) => refusal,
                    };
                    let is_without_number = is_late && self.coordination.lacks_traces();
                    (ticket, if is_without_number { NotSent::NoTraceBlock } else { NotSent::Flow(refusal) })
                }
            };
            match own == Some(ticket) {
                true => refused = Some(why),
                false => self.actions.push_back(Action::Finish(ticket, FinalState::NotSent(why))),
            }
        }
        refused
    }

    /// The next request that starts or is refused. Without a trace number nothing starts, nor without a place in the window of a link.
    fn next_turn(&mut self, now: Now) -> Option<FlowEvent> {
        self.admission.flow.hold(self.coordination.lacks_traces());
        self.admission.flow.await_links(self.is_without_place(), now.steady);
        self.admission.flow.next(now.steady)
    }

    fn start_one(&mut self, ticket: Ticket, now: Now) -> Result<(), NotSent> {
        // Flow control starts only what waits.
        let Some(waiting) = self.admission.waiting.remove(&ticket) else { return Err(NotSent::Stopped) };
        match self.begin(ticket, &waiting, now) {
            // A business day began, and its first block of numbers is on its way: the request waits for its turn again.
            Err(NotSent::NoTraceBlock) => {
                self.admission.flow.unsent(ticket, now.steady);
                self.admission.flow.offer(&waiting.offer(ticket), now.steady).map_err(NotSent::Flow)?;
                self.admission.waiting.insert(ticket, waiting);
                Ok(())
            }
            Err(why) => {
                self.admission.flow.unsent(ticket, now.steady);
                Err(why)
            }
            Ok(()) => Ok(()),
        }
    }

    fn begin(&mut self, ticket: Ticket, waiting: &Waiting<T::Draft>, now: Now) -> Result<(), NotSent> {
        let Waiting { owner, draft, demand, since } = waiting;
        self.admission.is_business_open(*owner, demand, now)?;
        let incarnation = self.incarnation_for_business()?;
        let Demand { telegram, business, priority, .. } = demand;
        let permit = match &mut self.admission.breaker {
            None => None,
            Some(breaker) => {
                let permit = breaker.permit(telegram, business.as_deref(), priority.is_privileged(), now);
                Some(permit.map_err(|blocked| NotSent::Breaker(Box::new(blocked)))?)
            }
        };
        let made = self.make(now, TraceUse::Request, |telegrams, trace| telegrams.request(draft, trace, now));
        let made = made.inspect_err(|_| {
            self.admission.record(permit.as_ref(), BreakerResult::Nothing, now);
        })?;
        // It may have begun to wait under other settings.
        let wire = EncodedRequest { answer_timeout: demand.answer_timeout, ..made };
        if *owner == Owner::Exchange {
            self.inflight += 1;
            self.count(incarnation.link, 1);
        }
        self.send_wire(ticket, *owner, incarnation, wire, *since, now);
        if let Some(item) = self.under_way.get_mut(&ticket) {
            item.permit = permit;
        }
        Ok(())
    }

    /// Refuses the waiting requests that could not start even if it were their turn.
    fn refuse_hopeless(&mut self, now: Now) {
        let waiting = &self.admission.waiting;
        let refused: Vec<_> = waiting
            .iter()
            .filter_map(|(ticket, waiting)| Some((*ticket, self.may_start(waiting.owner, &waiting.demand, now).err()?)))
            .collect();
        for (ticket, why) in refused {
            self.admission.waiting.remove(&ticket);
            self.admission.flow.withdraw(ticket);
            self.actions.push_back(Action::Finish(ticket, FinalState::NotSent(why)));
        }
    }

    /// Carries out what the breaker wants.
    fn obey_breaker(&mut self, now: Now) {
        while let Some(action) = self.admission.breaker.as_mut().and_then(Breaker::next_action) {
            match action {
                BreakerAction::Probe(scope, generation) => self.probe(scope, generation, now),
                BreakerAction::MayProbe(scope, generation, lease) => {
                    self.actions.push_back(Action::Ask(Ask::Probe { scope, generation, lease }));
                }
                BreakerAction::Changed(snapshot) => {
                    let is_stopped = matches!(snapshot.state, BreakerState::Tripped);
                    self.tell_breaker(&snapshot);
                    self.actions.push_back(Action::Breaker(snapshot));
                    if is_stopped {
                        self.refuse_hopeless(now);
                    }
                }
            }
        }
    }
}
