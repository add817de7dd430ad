//! Delivery: brings the telegrams that an institution sends on its own (notices) to services, at least once.
//!
//! It posts nothing, makes no telegram and reads none: the caller asks services, makes answers, and says what became of them.
//!
//! ```text
//! received ──closed, busy, conflict──► refused, if the contract has an answer for it
//!    └─ask─► service ──answers in time──────────────► its answer is final ──► delivered
//!               │  └──fails, or is too slow──► the stand-in's answer is final
//!               └──backoff──► ask again ──takes it──► delivered
//!                                 └──tries or horizon used up──► dead letter ─person─► ask again, or closed
//! ```
//!
//! The institution has one answer: the first that was decided. A service that takes the notice later can say something else. That
//! is kept and marked, and never sent.
//!
//! A delivery is the sum of its facts, so that [`Delivery::load`] continues after a crash at any point. The first attempt needs no
//! fact of its own: the receipt counts as it. Each further attempt is a fact before it is made, so that its number is never used
//! twice.

mod fact;
mod policy;

mod case;

mod action;

#[cfg(test)]
mod mutant;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

pub use self::action::{
    Attempt, DeliveryAction, DeliveryDecision, DeliveryFactNumber, DeliveryWish, Gate, NotDelivered, NoticeRef,
    Repetition,
};
pub use self::case::{DeliveryCase, HISTORY_MAX, PastDeliveryFact, Stage};
pub use self::fact::{AnsweredBy, DeadReason, DeliveryFact, ServiceSays};
#[cfg(test)]
use self::mutant::Mutant;
pub use self::policy::{DeliveryLimits, DeliveryPolicy, Refuses};
use crate::agenda::Agenda;
use crate::backoff::Backoff;
use crate::exchange::ExchangeId;
use crate::random::SplitMix64;
use crate::settlement::{DECISIONS_MAX, NOTE_MAX_CHARS, PERSON_MAX_CHARS};
use crate::since::Since;
use crate::terms::Now;

/// The wait between attempts of a notice whose telegram has no policy any more. It is not used: such a notice is a dead letter.
const NO_POLICY_WAIT: Duration = Duration::from_secs(60);

/// The delivery of one institution's notices as a pure state machine.
///
/// # Kinds of methods
///
/// - **Inputs** report events: [`receive`](Self::receive), [`load`](Self::load), [`repeated`](Self::repeated), [`taken`](Self::taken),
///   [`failed`](Self::failed), [`unwanted`](Self::unwanted), [`answered`](Self::answered), [`unanswered`](Self::unanswered),
///   [`recorded`](Self::recorded), [`decide`](Self::decide), [`tick`](Self::tick), [`stop`](Self::stop), [`fetched`](Self::fetched).
/// - **Outputs**: [`next_action`](Self::next_action) returns the next action, [`deadline`](Self::deadline) the time of the next `tick`.
/// - **Questions** change nothing: [`room`](Self::room), [`wants_more`](Self::wants_more), [`awaited`](Self::awaited), [`case`](Self::case).
///
/// # What a caller must never do
///
/// - Pass a notice in before the fact of its receipt is durable.
/// - Call [`recorded`](Self::recorded) or [`answered`](Self::answered) before the fact is durable.
/// - Send an answer that was not asked for by [`DeliveryAction::Answer`], or other bytes for a repetition.
#[derive(Clone, Debug)]
pub struct Delivery {
    policies: BTreeMap<String, DeliveryPolicy>,
    limits: DeliveryLimits,
    random: SplitMix64,
    entries: BTreeMap<ExchangeId, Entry>,
    timers: Agenda<ExchangeId>,
    /// Deliveries whose next attempt is due, by the time when it became due.
    ready: Agenda<ExchangeId>,
    answering: usize,
    retrying: usize,
    /// Whether the journal may have undelivered notices that are not here.
    left: bool,
    stopping: bool,
    facts: u64,
    /// Facts that are not durable yet, and what waits for them.
    held: VecDeque<(DeliveryFactNumber, ExchangeId, Option<DeliveryAction>)>,
    actions: VecDeque<DeliveryAction>,
    #[cfg(test)]
    mutant: Option<Mutant>,
}

/// A delivery with the data that does not survive a restart.
#[derive(Clone, Debug)]
struct Entry {
    telegram: String,
    case: DeliveryCase,
    backoff: Backoff,
    /// When the institution gets an answer at the latest, while it waits.
    answer_by: Option<Duration>,
    /// The answer that was decided and is not durable yet.
    deciding: Option<AnsweredBy>,
    attempt: Option<Running>,
    /// When the next attempt is due.
    due: Duration,
    /// Since when the present round goes on.
    since: Since,
    /// The number of its facts that are not durable yet.
    undurable: usize,
    /// There was no room for it: it stays in the journal.
    leaves: bool,
}

/// An attempt that is being made.
#[derive(Clone, Copy, Debug)]
struct Running {
    number: u32,
    /// Whether it was begun because the institution waits.
    is_awaited: bool,
}

impl Delivery {
    /// Creates a machine without notices. `policies` are those of the configured notices by telegram, `seed` seeds the jitter. The
    /// journal may have notices of earlier runs: [`wants_more`](Self::wants_more) asks for them.
    #[must_use]
    pub fn new(policies: BTreeMap<String, DeliveryPolicy>, limits: DeliveryLimits, seed: u64) -> Self {
        Self {
            policies,
            limits,
            random: SplitMix64::new(seed),
            entries: BTreeMap::new(),
            timers: Agenda::new(),
            ready: Agenda::new(),
            answering: 0,
            retrying: 0,
            left: true,
            stopping: false,
            facts: 0,
            held: VecDeque::new(),
            actions: VecDeque::new(),
            #[cfg(test)]
            mutant: None,
        }
    }

    /// Takes a new notice, whose receipt is durable. The institution gets an answer by `answer_by` on the steady clock.
    pub fn receive(&mut self, notice: NoticeRef, answer_by: Duration, gate: Gate, now: Now) {
        let id = notice.id;
        let refuses = self.policies.get(&notice.telegram).map(|policy| policy.refuses).unwrap_or_default();
        let has_room = self.entries.len() < self.limits.undelivered_max;
        let is_busy = !has_room || self.answering >= self.limits.answering_max;
        self.insert(notice, Since::now(now));
        match gate {
            Gate::Conflict(first) => {
                self.record(&id, DeliveryFact::Conflicted { first }, now);
                if refuses.conflict {
                    self.answer(&id, AnsweredBy::Conflict);
                }
            }
            Gate::Closed if refuses.closed => self.answer(&id, AnsweredBy::Closed),
            Gate::Open | Gate::Closed if is_busy && refuses.busy => self.answer(&id, AnsweredBy::Busy),
            Gate::Open | Gate::Closed if is_busy || self.stopping => {
                self.back_off(&id, now);
                self.answer(&id, AnsweredBy::StandIn);
                if let Some(entry) = self.entries.get_mut(&id) {
                    entry.leaves = !has_room;
                }
            }
            Gate::Open | Gate::Closed => {
                if let Some(entry) = self.entries.get_mut(&id) {
                    entry.answer_by = Some(answer_by);
                    entry.attempt = Some(Running { number: 1, is_awaited: true });
                }
                self.answering += 1;
                self.actions.push_back(DeliveryAction::Ask(Attempt { id, number: 1, answer_by: Some(answer_by) }));
                #[cfg(test)]
                if self.mutant == Some(Mutant::AsksTwice) {
                    self.actions.push_back(DeliveryAction::Ask(Attempt { id, number: 1, answer_by: Some(answer_by) }));
                }
            }
        }
        self.move_on(&id, now);
    }

    /// Takes a notice of the journal: one of an earlier run, one for which there was no room, or one that a person asks for.
    /// Nothing happens if it is here already.
    pub fn load(&mut self, notice: NoticeRef, now: Now) {
        let id = notice.id;
        if self.entries.contains_key(&id) {
            return;
        }
        let is_open = notice.case.stage() == Stage::Open;
        let since = Since::wall(notice.case.round_since_ms(), now);
        self.insert(notice, since);
        if is_open {
            self.back_off(&id, now);
            self.move_on(&id, now);
        }
    }

    /// Reports that the institution sent a notice again and waits for the answer.
    pub fn repeated(&mut self, id: &ExchangeId, now: Now) -> Repetition {
        let Some(entry) = self.entries.get_mut(id) else { return Repetition::NotHere };
        if entry.case.answered().is_some() {
            self.move_on(id, now);
            return Repetition::Answered;
        }
        let is_waiting = entry.deciding.is_some() || entry.answer_by.is_some();
        if !is_waiting {
            let within = self.policies.get(&entry.telegram).map_or(Duration::ZERO, |policy| policy.answer_within);
            let may_ask = entry.case.stage() == Stage::Open && !entry.leaves && !self.stopping;
            entry.answer_by = Some(now.steady.saturating_add(within));
            match entry.attempt {
                Some(_) => {}
                None if may_ask && self.answering < self.limits.answering_max => self.begin(id, true, now),
                None => self.answer(id, AnsweredBy::StandIn),
            }
        }
        self.move_on(id, now);
        Repetition::Waits
    }

    /// Reports that the service took a notice. With [`ServiceSays::Answer`] the caller has the answer's bytes.
    pub fn taken(&mut self, id: &ExchangeId, attempt: u32, says: ServiceSays, now: Now) {
        if !self.end_attempt(id, attempt) {
            return;
        }
        match says {
            ServiceSays::Answer if self.is_undecided(id) => self.answer(id, AnsweredBy::Service),
            ServiceSays::Answer => self.record_taken(id, attempt, ServiceSays::Other, now),
            says => self.record_taken(id, attempt, says, now),
        }
        self.move_on(id, now);
    }

    /// Reports that the service did not take a notice: it cannot be reached, refuses, or was too slow. `why` shows no secret.
    pub fn failed(&mut self, id: &ExchangeId, attempt: u32, why: &str, now: Now) {
        if self.end_attempt(id, attempt) {
            self.back_off(id, now);
            self.record(id, DeliveryFact::Failed { attempt, why: why.to_owned() }, now);
            self.stand_in(id);
            self.move_on(id, now);
        }
    }

    /// Reports that no service wants this notice.
    pub fn unwanted(&mut self, id: &ExchangeId, attempt: u32, now: Now) {
        if self.end_attempt(id, attempt) {
            self.record(id, DeliveryFact::Unwanted, now);
            self.stand_in(id);
            self.move_on(id, now);
        }
    }

    /// Reports that the answer of [`DeliveryAction::Answer`] is durable.
    pub fn answered(&mut self, id: &ExchangeId, now: Now) {
        let Some(entry) = self.entries.get_mut(id) else { return };
        entry.answer_by = None;
        if let Some(by) = entry.deciding.take() {
            entry.case.apply(now.wall_ms, &DeliveryFact::Answered { by });
        }
        self.move_on(id, now);
    }

    /// Reports that the answer of [`DeliveryAction::Answer`] cannot be made. The institution gets none, and may send again.
    pub fn unanswered(&mut self, id: &ExchangeId, now: Now) {
        let Some(entry) = self.entries.get_mut(id) else { return };
        entry.answer_by = None;
        entry.deciding = None;
        self.move_on(id, now);
    }

    /// Reports that the fact with this number, and all facts of the machine before it, are durable.
    pub fn recorded(&mut self, number: DeliveryFactNumber, now: Now) {
        while self.held.front().is_some_and(|(held, ..)| *held <= number) {
            let Some((_, id, action)) = self.held.pop_front() else { break };
            self.actions.extend(action);
            if let Some(entry) = self.entries.get_mut(&id) {
                entry.undurable = entry.undurable.saturating_sub(1);
            }
            self.move_on(&id, now);
        }
    }

    /// Takes a person's decision.
    ///
    /// # Errors
    /// The reason why the decision was not taken.
    pub fn decide(&mut self, id: &ExchangeId, decision: DeliveryDecision, now: Now) -> Result<(), NotDelivered> {
        let checked = self.may_decide(id, &decision);
        if checked.is_ok() {
            let DeliveryDecision { person, note, wants } = decision;
            if let Some(entry) = self.entries.get_mut(id) {
                entry.due = now.steady;
                entry.leaves = false;
                entry.backoff.succeeded();
            }
            let fact = match wants {
                DeliveryWish::Deliver => DeliveryFact::Asked { person, note },
                DeliveryWish::Close => DeliveryFact::Closed { person, note },
            };
            self.record(id, fact, now);
        }
        self.move_on(id, now);
        checked
    }

    /// Handles everything that is due by time.
    pub fn tick(&mut self, now: Now) {
        while let Some(id) = self.timers.pop_due(now.steady) {
            let entry = self.entries.get(&id);
            if entry.is_some_and(|entry| entry.answer_by.is_some_and(|at| at <= now.steady)) {
                self.stand_in(&id);
                self.no_longer_awaited(&id);
            }
            self.move_on(&id, now);
        }
    }

    /// The gateway stops: no further attempt is begun. What is awaited may still be answered.
    pub fn stop(&mut self) {
        self.stopping = true;
    }

    /// Reports that the caller loaded undelivered notices of the journal, and whether these were all that are not here.
    pub fn fetched(&mut self, all: bool) {
        self.left = !all;
    }

    /// Reports that the journal has undelivered notices that are not here: another instance left them.
    pub fn has_more(&mut self) {
        self.left = true;
    }

    /// Whether the caller should fetch undelivered notices of the journal, at most [`room`](Self::room) that are not here.
    #[must_use]
    pub fn wants_more(&self) -> bool {
        self.left && !self.stopping && self.entries.len() <= self.limits.undelivered_max / 2
    }

    /// The number of notices for which there is room.
    #[must_use]
    pub fn room(&self) -> usize {
        self.limits.undelivered_max.saturating_sub(self.entries.len())
    }

    /// The number of notices that are here.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no notice is here.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The number of notices whose answer the institution waits for.
    #[must_use]
    pub fn awaited(&self) -> usize {
        self.entries.values().filter(|entry| entry.answer_by.is_some() || entry.deciding.is_some()).count()
    }

    /// The delivery of a notice that is here.
    #[must_use]
    pub fn case(&self, id: &ExchangeId) -> Option<&DeliveryCase> {
        self.entries.get(id).map(|entry| &entry.case)
    }

    /// The next time when [`Delivery::tick`] has something to do.
    #[must_use]
    pub fn deadline(&self) -> Option<Duration> {
        self.timers.first()
    }

    /// Returns the next action to carry out, or `None` if there is none now.
    pub fn next_action(&mut self) -> Option<DeliveryAction> {
        self.actions.pop_front()
    }
}

mod carry_out;

#[cfg(test)]
mod tests;

#[cfg(test)]
mod simulation;
