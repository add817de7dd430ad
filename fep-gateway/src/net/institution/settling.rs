//! Settlement at work: carries out the actions of the settlement machine, and tells it what happened.
//!
//! What is asked and when is decided by [`fep_protocol::settlement`], what a telegram says by [`TelegramCatalogue`]. A case is opened in
//! the journal before the outcome `unknown`, so that no unknown monetary exchange is without one.
//!
//! [`TelegramCatalogue`]: crate::telegrams::TelegramCatalogue

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use fep_protocol::exchange::{Caller, Exchange, ExchangeId, Money, SettledBy, TelegramBytes};
use fep_protocol::fact::{Fact, What};
use fep_protocol::institution::FinalState;
use fep_protocol::mutant::{Mutant, is_on};
use fep_protocol::reason::NotSent;
use fep_protocol::settlement::{
    FactNumber, NotDecided, PersonDecision, Settlement, SettlementAction, SettlementCase, SettlementFact,
    SettlementPolicy, Stage, Step, StepKind, UnknownExchange,
};
use fep_protocol::terms::{Now, Ticket, TicketMap};
use tokio::sync::oneshot;

use super::{Handle, Running, Task, TaskCommand};
use crate::config::InstitutionConfig;
use crate::journal::{EarlierCase, LaneNumber};
use crate::spans::unix_ns;
use crate::telegrams::TelegramCatalogue;

/// The settlement of an institution's unknown monetary exchanges.
pub(super) struct Settling {
    machine: Settlement,
    /// The requests of the cases that the machine has.
    requests: HashMap<ExchangeId, CaseRequest>,
    /// The steps that were handed to the institution's machine and may still be answered.
    steps: TicketMap<Step>,
    /// When those of them were written that are recorded as spans.
    steps_written: TicketMap<u64>,
    /// Facts on their way to the journal, in their order.
    recorded: VecDeque<(LaneNumber, FactNumber)>,
    /// People who are told once their decision is durable.
    decisions: VecDeque<(LaneNumber, DecisionReply)>,
    /// The cases that need a person.
    dead_letters: BTreeSet<ExchangeId>,
    stopping: bool,
}

/// The request of a case.
struct CaseRequest {
    bytes: TelegramBytes,
    /// Who asked for the exchange, for its trace.
    caller: Option<Arc<Caller>>,
    /// `None` if an earlier run sent it and its key is out of quarantine.
    ticket: Option<Ticket>,
}

/// The channel that tells whether a person's decision was taken.
pub(super) type DecisionReply = oneshot::Sender<Result<(), NotDecided>>;

impl Handle {
    /// Passes a person's decision about an unknown exchange to its settlement, and waits until it is durable. `None` if the
    /// institution has stopped.
    pub async fn settle(&self, case: ExchangeId, decision: PersonDecision) -> Option<Result<(), NotDecided>> {
        let (reply, taken) = oneshot::channel();
        self.commands.send(TaskCommand::Settle(case, decision, reply)).await.ok()?;
        taken.await.ok()
    }
}

impl Settling {
    /// When the oldest request was written whose settlement goes on or needs a person.
    pub(super) fn oldest_unfinished(&self) -> Option<i64> {
        let cases = self.requests.keys().filter_map(|case| self.machine.case(case));
        cases.filter(|case| !case.is_finished()).map(SettlementCase::written_at_ms).min()
    }

    /// Continues the cases of an earlier run.
    pub(super) fn new(
        config: &InstitutionConfig,
        catalogue: &TelegramCatalogue,
        earlier: Vec<EarlierCase>,
        seed: u64,
        now: Now,
    ) -> Self {
        let mut requests = HashMap::new();
        let mut facts = Vec::new();
        for case in earlier {
            requests.insert(case.id, CaseRequest { bytes: case.request, caller: case.caller, ticket: None });
            facts.extend(case.facts);
        }
        let machine = Settlement::resume(catalogue.settlement_policies(), config.settlement, seed, facts, now);
        let mut settling = Self {
            machine,
            requests,
            steps: TicketMap::default(),
            steps_written: TicketMap::default(),
            recorded: VecDeque::new(),
            decisions: VecDeque::new(),
            dead_letters: BTreeSet::new(),
            stopping: false,
        };
        let all: Vec<_> = settling.requests.keys().copied().collect();
        all.into_iter().for_each(|case| settling.look_at(case));
        settling
    }

    /// Continues the cases that another gateway left.
    pub(super) fn inherit(&mut self, cases: Vec<EarlierCase>, now: Now) {
        let ids: Vec<_> = cases.iter().map(|case| case.id).collect();
        let mut facts = Vec::new();
        for case in cases {
            let request = CaseRequest { bytes: case.request, caller: case.caller, ticket: None };
            self.requests.entry(case.id).or_insert(request);
            facts.extend(case.facts);
        }
        self.machine.inherit(facts, now);
        ids.into_iter().for_each(|case| self.look_at(case));
    }

    /// Lets other policies hold.
    pub(super) fn retune(&mut self, policies: BTreeMap<String, SettlementPolicy>) {
        self.machine.retune(policies);
    }

    /// Connects a case with the exchange that was recalled under this ticket.
    pub(super) fn recalled(&mut self, id: &ExchangeId, ticket: Ticket) {
        if let Some(request) = self.requests.get_mut(id) {
            request.ticket = Some(ticket);
        }
    }

    /// The kind of step that has this ticket.
    pub(super) fn step(&self, ticket: Ticket) -> Option<StepKind> {
        self.steps.get(&ticket).map(|step| step.kind)
    }

    /// No answer to this ticket is possible any more.
    pub(super) fn forget(&mut self, ticket: Ticket) {
        self.steps.remove(&ticket);
        self.steps_written.remove(&ticket);
    }

    /// When a step was written that is recorded as a span, in nanoseconds since 1970.
    pub(super) fn take_written(&mut self, ticket: Ticket) -> Option<u64> {
        self.steps_written.remove(&ticket)
    }

    /// Who asked for the exchange of a case, or `None` if there is no such case.
    pub(super) fn caller(&self, case: &ExchangeId) -> Option<Option<&Caller>> {
        self.requests.get(case).map(|request| request.caller.as_deref())
    }

    /// When the request of a case was written.
    pub(super) fn written_at_ms(&self, case: &ExchangeId) -> Option<i64> {
        self.machine.case(case).map(SettlementCase::written_at_ms)
    }

    pub(super) fn deadline(&self) -> Option<Duration> {
        self.machine.deadline()
    }

    pub(super) fn tick(&mut self, now: Now) {
        if self.machine.deadline().is_some_and(|deadline| deadline <= now.steady) {
            self.machine.tick(now);
        }
    }

    /// The gateway stops: no further step is begun.
    pub(super) fn stop(&mut self) {
        self.stopping = true;
        self.machine.set_line_up(false);
    }

    /// Notes whether a case needs a person.
    fn look_at(&mut self, id: ExchangeId) {
        let case = self.machine.case(&id);
        if case.is_some_and(|case| matches!(case.stage(), Stage::DeadLetter(_)) || !case.flags().is_empty()) {
            self.dead_letters.insert(id);
        } else {
            self.dead_letters.remove(&id);
        }
    }
}

impl Task {
    /// Carries out all actions that the settlement has ready, and begins the steps that are due. Returns whether there were any.
    pub(super) fn settle(&mut self) -> bool {
        let mut some = self.carry_out();
        while self.begin_steps() {
            self.carry_out();
            some = true;
        }
        if some {
            self.show_cases();
        }
        some
    }

    fn begin_steps(&mut self) -> bool {
        let Settling { machine, requests, .. } = &mut self.settling;
        if !machine.has_due() {
            return false;
        }
        let now = self.shared.clock.now();
        let catalogue = &self.catalogue;
        let institution = &self.machine;
        machine.begin_steps(now, |step, case| {
            let Some(request) = requests.get(&step.case) else { return true };
            let draft = catalogue.step(case.telegram(), &request.bytes, step.kind, step.attempt, step.repeat, now);
            // What cannot be made is begun, and then told as such.
            !draft.is_ok_and(|draft| institution.may_step(step.kind, &draft, now).is_err())
        })
    }

    fn carry_out(&mut self) -> bool {
        let mut some = false;
        while let Some(action) = self.settling.machine.next_action() {
            some = true;
            let now = self.shared.clock.now();
            match action {
                SettlementAction::Record(number, fact) => {
                    // The outcome follows the fact that opens a case, and is shown itself.
                    let is_step = !matches!(fact.fact, SettlementFact::Opened { .. });
                    let case = fact.case;
                    let fact = Fact {
                        at_ms: fact.at_ms,
                        what: What::Settlement,
                        exchange: Some(fact.case),
                        settlement: Some(Box::new(fact.fact)),
                        ..self.fact(now)
                    };
                    let lane = self.append(fact);
                    self.settling.recorded.push_back((lane, number));
                    if is_step {
                        self.changed_exchange(case);
                    }
                }
                SettlementAction::Send(step) => self.send_step(step, now),
                SettlementAction::Withdraw(step) => self.withdraw_step(&step, now),
                SettlementAction::Settled(case, by, money) => self.settled(case, by, money),
                SettlementAction::DeadLetter(case, why) => {
                    tracing::error!(institution = &*self.name, exchange = %case, why = why.name(), "a person must settle it");
                    self.settling.look_at(case);
                    self.changed_exchange(case);
                }
                SettlementAction::Flag(case, why) => {
                    tracing::error!(institution = &*self.name, exchange = %case, why = why.name(), "a person must look at it");
                    self.settling.look_at(case);
                    self.changed_exchange(case);
                }
                SettlementAction::Forgotten(case) => {
                    self.settling.requests.remove(&case);
                }
            }
        }
        some
    }

    /// Checks that the exchange could be settled if its outcome became unknown.
    pub(super) fn room_for(&self, exchange: &Exchange) -> Result<(), NotSent> {
        // Each exchange that runs may become unknown.
        let has_room =
            !self.catalogue.is_monetary(&exchange.telegram) || self.settling.machine.has_room(self.running.len());
        let max = self.config.settlement.cases_max;
        if has_room { Ok(()) } else { Err(NotSent::SettlementFull { max }) }
    }

    /// The latest time at which the kernel can have the last byte of a request whose outcome becomes unknown now. The horizon of the institution
    /// counts from it. What the kernel has no byte of was withdrawn before. What it has a part of is written within `write_timeout_ms`, or not
    /// at all.
    fn written_at_the_latest(&self, ticket: Ticket, now: Now) -> Now {
        let is_begun = self.links.values().any(|link| link.outbox.has(ticket));
        let rest = if is_begun { self.config.write_timeout } else { Duration::ZERO };
        let rest_ms = i64::try_from(rest.as_millis()).unwrap_or(i64::MAX);
        Now::new(now.steady.saturating_add(rest), now.wall_ms.saturating_add(rest_ms))
    }

    /// Opens the case of an exchange whose outcome is about to become unknown, if it moves money.
    pub(super) fn open_case(&mut self, ticket: Ticket, running: &Running, now: Now) {
        let exchange = &running.exchange;
        if !self.catalogue.is_monetary(&exchange.telegram) {
            return;
        }
        let written = match running.written {
            Some(queued) if is_on(Mutant::HorizonFromTheQueue) => queued,
            _ => self.written_at_the_latest(ticket, now),
        };
        let account = self.catalogue.account_key(&exchange.telegram, &exchange.request);
        let unknown = UnknownExchange {
            exchange: exchange.id,
            telegram: exchange.telegram.to_string(),
            account: account.map(|account| self.shared.journal.veiled_account(account)),
            written_at_ms: written.wall_ms,
            written: Some(written.steady),
        };
        let bytes = exchange.request.clone();
        let request = CaseRequest { bytes, caller: exchange.caller.clone(), ticket: Some(ticket) };
        self.settling.requests.insert(exchange.id, request);
        if let Err(error) = self.settling.machine.open(unknown, now) {
            tracing::error!(institution = &*self.name, exchange = %exchange.id, %error, "no settlement");
        }
        // The fact that opens the case goes to the journal before the outcome.
        self.settle();
    }

    /// Tells the settlement what a late answer says. Returns whether the exchange has one.
    pub(super) fn answered_late(&mut self, ticket: Ticket, bytes: &[u8], now: Now) -> bool {
        let Some(id) = self.ended.get(&ticket) else { return false };
        let Some(request) = self.settling.requests.get(id) else { return false };
        let Some(case) = self.settling.machine.case(id) else { return false };
        let verdict = self.catalogue.late_verdict(case.telegram(), &request.bytes, bytes);
        self.settling.machine.late_answer(id, verdict, now).is_ok()
    }

    /// Handles the end of a step.
    pub(super) fn step_ended(&mut self, ticket: Ticket, state: &FinalState, now: Now) {
        let Some(step) = self.settling.steps.get(&ticket).cloned() else { return };
        self.trace_step(ticket, &step, state);
        match state {
            FinalState::Answered(_, bytes) | FinalState::Settled(_, bytes) => {
                let case = self.settling.machine.case(&step.case).zip(self.settling.requests.get(&step.case));
                let Some((case, request)) = case else { return };
                let verdict = self.catalogue.step_verdict(case.telegram(), &request.bytes, step.kind, bytes);
                self.settling.machine.verdict(&step, verdict, now);
            }
            FinalState::NotSent(why) => {
                self.settling.steps.remove(&ticket);
                self.ended.remove(&ticket);
                self.settling.machine.not_sent(&step, why.code(), now);
            }
            FinalState::Unknown(_) => self.settling.machine.unanswered(&step, now),
        }
    }

    /// Notes that bytes are on their way to the kernel.
    pub(super) fn written(&mut self, ticket: Ticket) {
        let now = self.shared.clock.now();
        if let Some(running) = self.running.get_mut(&ticket) {
            running.written = Some(now);
        } else if let Some(step) = self.settling.steps.get(&ticket) {
            if self.shared.tracer.is_on() {
                self.settling.steps_written.insert(ticket, unix_ns(SystemTime::now()));
            }
            self.settling.machine.sent(step, now);
        }
    }

    /// A link changed its state: steps are begun only while one carries business.
    pub(super) fn lines_changed(&mut self) {
        let is_up = self.machine.carries_business() && !self.settling.stopping;
        self.settling.machine.set_line_up(is_up);
    }

    /// Tells the settlement which of its facts are durable.
    pub(super) fn durable_settlement(&mut self, durable: LaneNumber, now: Now) {
        while self.settling.recorded.front().is_some_and(|(lane, _)| *lane <= durable) {
            let Some((_, number)) = self.settling.recorded.pop_front() else { break };
            self.settling.machine.recorded(number, now);
        }
        while self.settling.decisions.front().is_some_and(|(lane, _)| *lane <= durable) {
            let Some((_, reply)) = self.settling.decisions.pop_front() else { break };
            // The person may be gone.
            let _ = reply.send(Ok(()));
        }
    }

    /// Takes a person's decision. The person is told once it is durable.
    pub(super) fn decide_case(&mut self, case: ExchangeId, decision: PersonDecision, reply: DecisionReply, now: Now) {
        match self.settling.machine.decide(&case, decision, now) {
            Ok(()) => {
                self.settle();
                self.settling.decisions.push_back((self.lane.last(), reply));
            }
            Err(why) => {
                // The person may be gone.
                let _ = reply.send(Err(why));
            }
        }
    }

    pub(super) fn count_settled(&self, by: SettledBy) {
        let labels = [("institution", self.name.to_string()), ("by", by.name().to_owned())];
        metrics::counter!("fep_settled_total", &labels).increment(1);
    }

    fn settled(&mut self, case: ExchangeId, by: SettledBy, money: Money) {
        tracing::info!(institution = &*self.name, exchange = %case, by = by.name(), money = money.name(), "settled");
        self.count_settled(by);
        self.trace_settled(&case, by, money);
        if let Some(ticket) = self.settling.requests.get(&case).and_then(|request| request.ticket) {
            self.machine.settled(ticket, self.shared.clock.now());
        }
        self.settling.look_at(case);
        self.changed_exchange(case);
    }

    /// Sends a step, whose fact is durable.
    fn send_step(&mut self, step: Step, now: Now) {
        let case = self.settling.machine.case(&step.case).zip(self.settling.requests.get(&step.case));
        let Some((case, request)) = case else { return self.settling.machine.unencodable(&step, now) };
        let draft = self.catalogue.step(case.telegram(), &request.bytes, step.kind, step.attempt, step.repeat, now);
        let sent = match draft {
            Ok(draft) => self.machine.step(step.kind, draft, now),
            Err(error) => Err(NotSent::Unencodable(error.to_string())),
        };
        match sent {
            Ok(ticket) => {
                tracing::info!(
                    institution = &*self.name,
                    exchange = %step.case,
                    attempt = step.attempt,
                    "sends: {}",
                    step.kind.name()
                );
                self.ended.insert(ticket, step.case);
                self.settling.steps.insert(ticket, step);
            }
            Err(NotSent::Unencodable(why)) => {
                tracing::error!(institution = &*self.name, exchange = %step.case, why, "a step cannot be made");
                self.settling.machine.unencodable(&step, now);
            }
            Err(why) => self.settling.machine.not_sent(&step, why.code(), now),
        }
    }

    /// Withdraws a step that is no longer wanted, if it is not written yet.
    fn withdraw_step(&mut self, step: &Step, now: Now) {
        let found = self.settling.steps.iter().find(|(_, other)| *other == step).map(|(ticket, _)| *ticket);
        let Some(ticket) = found else { return };
        let is_off_link = self.links.values().any(|link| link.outbox.withdraw(ticket));
        if self.machine.withdraw_step(ticket, is_off_link, now) {
            self.settling.forget(ticket);
            self.ended.remove(&ticket);
            self.settling.machine.not_sent(step, WITHDRAWN, now);
        }
    }

    fn show_cases(&self) {
        let count = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
        let gauge = |name| metrics::gauge!(name, "institution" => self.name.to_string());
        gauge("fep_cases_open").set(count(self.settling.machine.unfinished()));
        gauge("fep_dead_letters").set(count(self.settling.dead_letters.len()));
    }
}

/// The reason of a step that was withdrawn before it was written.
const WITHDRAWN: &str = "withdrawn";
