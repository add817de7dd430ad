//! Settlement: finds out what became of monetary exchanges whose outcome is unknown.
//!
//! It sends nothing and reads no telegram: the caller makes inquiries and reversals, and says what their answers mean.
//!
//! ```text
//! unknown ─first wait─► inquiry ──done, declined──────────────────────────────────► settled
//!               ▲          ├──not found: once the horizon has passed──────────────► settled as not done
//!               └─backoff──┤
//!                          └──tries used up──► reversal ──confirmed───────────────► settled as reversed
//!                                        ▲         ├──refused, tries used up──────► dead letter ─person─► settled
//!                                        └─backoff─┘
//! ```
//!
//! A late answer to the request settles the case at any time before a reversal may have been written. After that only the end of the
//! reversal does: the original may have been undone since the answer was made.
//!
//! Each step is a fact in the journal before it goes on the wire. A case is the sum of its facts, so that
//! [`Settlement::resume`] continues after a crash at any point. A step that may have been written counts as written.

mod fact;
mod policy;

mod action;
mod case;
mod lane;

mod carry_out;
mod resume;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

pub use self::action::{
    DECISIONS_MAX, FactNumber, NOTE_MAX_CHARS, NoSuchCase, NotDecided, NotOpened, PERSON_MAX_CHARS, PersonDecision,
    PersonWants, SettlementAction, Step, UnknownExchange,
};
pub use self::case::{HISTORY_MAX, SettlementCase, Stage};
use self::case::{Move, Source, Times};
pub use self::fact::{
    AccountKey, CaseFact, DeadReason, FlagReason, Money, SettledBy, SettlementFact, StepKind, Verdict, unanswered_steps,
};
use self::lane::Lane;
pub use self::policy::{SettlementLimits, SettlementPolicy};
use crate::agenda::Agenda;
use crate::backoff::Backoff;
use crate::exchange::ExchangeId;
use crate::mutant::{Mutant, is_on};
use crate::random::SplitMix64;
pub use crate::since::RESTART_DISTRUST_MAX;
use crate::since::Since;
use crate::terms::Now;

/// The wait for the answer to a step whose telegram has no policy any more.
const STEP_WAIT: Duration = Duration::from_secs(60);

/// The settlement of one institution as a pure state machine.
///
/// # Kinds of methods
///
/// - **Inputs** report events: [`open`](Self::open), [`recorded`](Self::recorded), [`sent`](Self::sent), [`not_sent`](Self::not_sent),
///   [`unencodable`](Self::unencodable), [`unanswered`](Self::unanswered), [`verdict`](Self::verdict), [`late_answer`](Self::late_answer), [`decide`](Self::decide),
///   [`set_line_up`](Self::set_line_up), [`tick`](Self::tick).
/// - **Outputs**: [`next_action`](Self::next_action) returns the next action, [`begin_steps`](Self::begin_steps) begins what is due,
///   [`deadline`](Self::deadline) returns the time of the next `tick`.
/// - **Questions** change nothing: [`has_room`](Self::has_room), [`has_due`](Self::has_due), [`case`](Self::case), [`cases`](Self::cases).
///
/// # Order of calls
///
/// 1. Call [`resume`](Self::resume) with all facts of the journal, in their order.
/// 2. After each input, call [`next_action`](Self::next_action) until it returns `None`, and carry out the actions in that order. Then call
///    [`begin_steps`](Self::begin_steps), and begin again if it began one.
/// 3. Then read [`deadline`](Self::deadline), and call [`tick`](Self::tick) when it has passed.
///
/// # Which call answers which action
///
/// | action | is answered by |
/// |---|---|
/// | [`SettlementAction::Record`] | [`recorded`](Self::recorded), once the fact and all before it are durable. If the journal fails, the caller keeps the fact and tries again: until then nothing that depends on it happens |
/// | [`SettlementAction::Send`] | [`sent`](Self::sent) when a byte was, or may have been, handed to the kernel; then one of [`verdict`](Self::verdict) and [`unanswered`](Self::unanswered). Or [`not_sent`](Self::not_sent), if it is proved that no byte was, or [`unencodable`](Self::unencodable) |
/// | [`SettlementAction::Withdraw`] | [`not_sent`](Self::not_sent), or nothing if it is too late |
/// | all others | nothing |
///
/// # Time
///
/// Waits use [`Now::steady`]. The horizon counts from the write of the request: on the steady clock in the run that wrote it, so that a
/// jump of the wall clock does nothing. After a restart there is only the wall clock: what it says is limited by the horizon (if it was set
/// back) and by [`RESTART_DISTRUST_MAX`] (if it was set forward).
///
/// # What a caller must never do
///
/// - Write a step without a [`SettlementAction::Send`], or write one `Send` twice.
/// - Call [`recorded`](Self::recorded) before the fact is durable.
/// - Call [`not_sent`](Self::not_sent) unless the kernel certainly has no byte of the step.
/// - Accept monetary requests without [`has_room`](Self::has_room).
#[derive(Clone, Debug)]
pub struct Settlement {
    policies: BTreeMap<String, SettlementPolicy>,
    limits: SettlementLimits,
    random: SplitMix64,
    cases: BTreeMap<ExchangeId, Entry>,
    lane: Lane,
    timers: Agenda<ExchangeId>,
    /// The settled cases, by the time when they are forgotten.
    closed: Agenda<ExchangeId>,
    unfinished: usize,
    strays: u64,
    facts: u64,
    /// Actions that wait until the fact with this number is durable.
    held: VecDeque<(FactNumber, SettlementAction)>,
    actions: VecDeque<SettlementAction>,
}

/// A case with the data that does not survive a restart.
#[derive(Clone, Debug)]
struct Entry {
    case: SettlementCase,
    not_before: Duration,
    horizon_end: Duration,
    backoff: Backoff,
    handed: Handed,
    awaited_until: Option<Duration>,
}

/// How far the awaited step has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Handed {
    /// Its fact is not durable yet.
    Unrecorded,
    /// The caller has it.
    Released,
    /// The caller has it and was asked to withdraw it.
    Withdrawing,
    /// A byte of it may have been handed to the kernel.
    Sent,
}

impl Settlement {
    /// Creates a machine without cases. `policies` are those of the monetary telegrams by name, `seed` seeds the jitter.
    #[must_use]
    pub fn new(policies: BTreeMap<String, SettlementPolicy>, limits: SettlementLimits, seed: u64) -> Self {
        Self {
            policies,
            lane: Lane::new(limits.lane_max),
            limits,
            random: SplitMix64::new(seed),
            cases: BTreeMap::new(),
            timers: Agenda::new(),
            closed: Agenda::new(),
            unfinished: 0,
            strays: 0,
            facts: 0,
            held: VecDeque::new(),
            actions: VecDeque::new(),
        }
    }

    /// Takes an exchange whose outcome became unknown. It is taken even beyond `cases_max`: it must not be lost.
    ///
    /// # Errors
    /// If the exchange has a case already, or its telegram has no policy.
    pub fn open(&mut self, unknown: UnknownExchange, now: Now) -> Result<(), NotOpened> {
        let UnknownExchange { exchange, telegram, account, written_at_ms, written } = unknown;
        if self.cases.contains_key(&exchange) {
            return Err(NotOpened::Twice);
        }
        let Some(policy) = self.policies.get(&telegram) else { return Err(NotOpened::NoPolicy { telegram }) };
        let horizon_end = match written {
            Some(written) => written.saturating_add(policy.horizon),
            None => Since::wall(written_at_ms, now).end(policy.horizon),
        };
        let first_wait = policy.first_wait;
        self.insert(exchange, SettlementCase::new(telegram.clone(), account, written_at_ms));
        self.unfinished += 1;
        let not_before = self.first(first_wait, now);
        if let Some(entry) = self.cases.get_mut(&exchange) {
            entry.horizon_end = horizon_end;
            entry.not_before = not_before;
        }
        self.record(&exchange, SettlementFact::Opened { telegram, account, written_at_ms }, now);
        self.move_on(&exchange, now);
        Ok(())
    }

    /// Reports that the fact with this number, and all facts before it, are durable.
    pub fn recorded(&mut self, number: FactNumber, now: Now) {
        while self.held.front().is_some_and(|(held, _)| *held <= number) {
            let Some((_, action)) = self.held.pop_front() else { break };
            if let SettlementAction::Send(step) = &action {
                let wait = self.step_wait(&step.case);
                if let Some(entry) = self.cases.get_mut(&step.case) {
                    entry.handed = Handed::Released;
                    entry.awaited_until = Some(now.steady.saturating_add(wait));
                }
                let case = step.case;
                self.actions.push_back(action);
                self.move_on(&case, now);
            } else {
                self.actions.push_back(action);
            }
        }
    }

    /// Reports that a byte of the step was, or may have been, handed to the kernel.
    pub fn sent(&mut self, step: &Step, now: Now) {
        let wait = self.step_wait(&step.case);
        if let Some(entry) = self.awaiting(step) {
            entry.handed = Handed::Sent;
            entry.awaited_until = Some(now.steady.saturating_add(wait));
            self.move_on(&step.case, now);
        }
    }

    /// Reports that certainly no byte of the step was handed to the kernel: no line, a limit, a failing journal. `why` is a stable code, as
    /// in [`reason`](crate::reason). It does not count as a try.
    pub fn not_sent(&mut self, step: &Step, why: &str, now: Now) {
        if self.awaiting(step).is_some() {
            let fact = SettlementFact::NotWritten { step: step.kind, attempt: step.attempt, why: why.to_owned() };
            self.back_off(&step.case, now);
            self.record(&step.case, fact, now);
            self.move_on(&step.case, now);
        }
    }

    /// Reports that the step cannot be made from the request, so that trying again is useless. The case goes to the dead letters.
    pub fn unencodable(&mut self, step: &Step, now: Now) {
        if self.awaiting(step).is_some() {
            let why = DeadReason::Unencodable;
            let fact =
                SettlementFact::NotWritten { step: step.kind, attempt: step.attempt, why: why.name().to_owned() };
            self.record(&step.case, fact, now);
            if self.cases.get(&step.case).is_some_and(|entry| entry.case.stage() == Stage::Open) {
                self.record_notice(&step.case, SettlementFact::DeadLettered { why }, now);
            }
            self.move_on(&step.case, now);
        }
    }

    /// Reports that no answer to the step came in time, or its link was lost.
    pub fn unanswered(&mut self, step: &Step, now: Now) {
        if self.awaiting(step).is_some() {
            self.back_off(&step.case, now);
            self.record(&step.case, SettlementFact::Unanswered { step: step.kind, attempt: step.attempt }, now);
            self.move_on(&step.case, now);
        }
    }

    /// Reports what the answer to a step says. The step may be one that counted as unanswered, in this run or an earlier one.
    pub fn verdict(&mut self, step: &Step, verdict: Verdict, now: Now) {
        let verdict = verdict.of_step(step.kind);
        let is_awaited = self.awaiting(step).is_some();
        let source = Source::Step(step.kind, step.attempt);
        let is_news = self.cases.get(&step.case).is_some_and(|entry| entry.case.is_news(source, verdict));
        if is_awaited {
            self.back_off(&step.case, now);
        }
        if is_awaited || is_news {
            let fact = SettlementFact::Answered { step: step.kind, attempt: step.attempt, verdict };
            self.record(&step.case, fact, now);
            self.move_on(&step.case, now);
        }
    }

    /// Reports what a late answer to the request says: [`Verdict::Done`], [`Verdict::NotDone`] or [`Verdict::Unclear`].
    ///
    /// # Errors
    /// If the exchange has no case, or it is forgotten.
    pub fn late_answer(&mut self, case: &ExchangeId, verdict: Verdict, now: Now) -> Result<(), NoSuchCase> {
        let verdict = verdict.of_request();
        let entry = self.cases.get(case).ok_or(NoSuchCase)?;
        if entry.case.is_news(Source::Request, verdict) {
            self.record(case, SettlementFact::LateAnswer { verdict }, now);
            self.move_on(case, now);
        }
        Ok(())
    }

    /// Takes a person's decision.
    ///
    /// # Errors
    /// The reason why the decision was not taken.
    pub fn decide(&mut self, case: &ExchangeId, decision: PersonDecision, now: Now) -> Result<(), NotDecided> {
        let entry = self.cases.get(case).ok_or(NotDecided::NoSuchCase)?;
        let PersonDecision { person, note, wants } = decision;
        if person.trim().is_empty() || note.trim().is_empty() {
            return Err(NotDecided::NoteMissing);
        }
        if person.chars().count() > PERSON_MAX_CHARS || note.chars().count() > NOTE_MAX_CHARS {
            return Err(NotDecided::NoteTooLong);
        }
        if entry.case.is_finished() {
            return Err(NotDecided::AlreadySettled);
        }
        if entry.case.decisions() >= DECISIONS_MAX {
            return Err(NotDecided::TooManyDecisions);
        }
        let fact = match wants {
            PersonWants::Settle(money) => SettlementFact::Decided { money, person, note },
            PersonWants::Step(step) => {
                let policy = self.policies.get(entry.case.telegram());
                let has_step = policy.is_some_and(|policy| match step {
                    StepKind::Inquiry => policy.inquiry_max > 0,
                    StepKind::Reversal => policy.reversal_max > 0,
                });
                if !has_step {
                    return Err(NotDecided::NoSuchStep(step));
                }
                SettlementFact::Asked { step, person, note }
            }
        };
        self.record(case, fact, now);
        self.move_on(case, now);
        Ok(())
    }

    /// Reports whether a line carries business. While none does, no step is begun.
    pub fn set_line_up(&mut self, is_up: bool) {
        self.lane.set_open(is_up);
    }

    /// Handles everything that is due by time.
    pub fn tick(&mut self, now: Now) {
        while self.closed.first().is_some_and(|at| at <= now.steady) {
            self.forget_first();
        }
        while let Some(case) = self.timers.pop_due(now.steady) {
            let Some(entry) = self.cases.get_mut(&case) else { continue };
            let is_over = entry.awaited_until.is_some_and(|until| until <= now.steady);
            if let Some((step, attempt)) = entry.case.awaited().filter(|_| is_over) {
                self.back_off(&case, now);
                self.record(&case, SettlementFact::Unanswered { step, attempt }, now);
            }
            self.move_on(&case, now);
        }
    }

    /// Whether [`begin_steps`](Self::begin_steps) has a step to begin or to hold back.
    #[must_use]
    pub fn has_due(&self) -> bool {
        self.lane.has_next()
    }

    /// Begins the steps that are due, while the lane has room: a fact of each goes to the journal. `may_begin` says whether a step could be sent
    /// now. One that could not, because business is closed or a breaker has no place for it, leaves no fact and waits like one that was
    /// not sent. Returns whether a step was begun.
    pub fn begin_steps(&mut self, now: Now, mut may_begin: impl FnMut(&Step, &SettlementCase) -> bool) -> bool {
        let mut some = false;
        while let Some((case, kind)) = self.lane.next() {
            let Some(entry) = self.cases.get(&case) else {
                self.lane.done(&case);
                continue;
            };
            let before = entry.case.attempts(kind);
            let repeat = before > 0 && !is_on(Mutant::ForgetsMark);
            let step = Step { case, kind, attempt: before.saturating_add(1), repeat };
            if may_begin(&step, &entry.case) || is_on(Mutant::BeginsWithoutAsking) {
                some = true;
                self.begin(step, now);
            } else {
                self.hold_back(&case, now);
            }
        }
        some
    }

    /// The next time when [`Settlement::tick`] has something to do.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        let firsts = [self.timers.first(), self.closed.first()];
        firsts.into_iter().flatten().min()
    }

    /// Returns the next action to carry out, or `None` if there is none now.
    pub fn next_action(&mut self) -> Option<SettlementAction> {
        self.actions.pop_front()
    }

    /// Whether another monetary request may be accepted while `inflight` of them may still become unknown.
    #[must_use]
    pub fn has_room(&self, inflight: usize) -> bool {
        self.unfinished.saturating_add(inflight) < self.limits.cases_max
    }

    /// The number of cases that the machine or a person has to do something about.
    #[must_use]
    pub fn unfinished(&self) -> usize {
        self.unfinished
    }

    /// The number of facts given to [`resume`](Self::resume) whose case was never opened. Anything but 0 means that facts are missing.
    #[must_use]
    pub fn strays(&self) -> u64 {
        self.strays
    }

    /// The case of an exchange.
    #[must_use]
    pub fn case(&self, exchange: &ExchangeId) -> Option<&SettlementCase> {
        self.cases.get(exchange).map(|entry| &entry.case)
    }

    /// All cases that are not forgotten, by exchange.
    pub fn cases(&self) -> impl Iterator<Item = (&ExchangeId, &SettlementCase)> {
        self.cases.iter().map(|(exchange, entry)| (exchange, &entry.case))
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod simulation;
