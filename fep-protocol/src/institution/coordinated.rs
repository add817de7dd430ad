//! What the machine shares with other instances: it asks for trace numbers and shares, and acts on the news.
//!
//! A gateway that is alone asks for blocks of trace numbers only. Why each value may be late or lost, and what follows, is in
//! [`coordination`](crate::coordination).

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::routed::RoutedAnswers;
use super::{Action, Institution, Origin, Settings};
use crate::breaker::BreakerState;
use crate::budget::Budget;
use crate::coordination::{Amounts, Ask, Contract, KeyOwner, Membership, News, Terms};
use crate::exchange::TelegramBytes;
use crate::fact::Class;
use crate::mux::Unmatched;
use crate::reason::{DutyFailure, Mismatch, NotSent};
use crate::session::SessionEvent;
use crate::terms::{Duty, Incarnation, Key, Now, Telegrams};
use crate::trace::{NoNumber, TraceBook, TraceUse};

/// The machine's part of what instances share.
#[derive(Debug)]
pub(super) struct Coordination {
    pub(super) terms: Terms,
    pub(super) membership: Membership,
    traces: TraceBook,
    /// The block that was asked for, and when.
    asked: Option<(i64, TraceUse, Duration)>,
    /// Duties that wait for a trace number, and until when.
    duties: Vec<(Incarnation, Duty, Duration)>,
    /// Answers for which nothing waits here. The oldest first.
    ownerless: VecDeque<Ownerless>,
    /// Answers that came to other instances.
    pub(super) routed: RoutedAnswers,
    /// How many answers may be passed on by what they say alone. What is beyond is looked up: an institution can write any name into any
    /// telegram.
    named: Budget,
}

#[derive(Debug)]
struct Ownerless {
    incarnation: Incarnation,
    telegram: Arc<str>,
    key: Key,
    bytes: TelegramBytes,
    until: Duration,
}

/// How long a block of trace numbers may take before it is asked for again.
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// How long a sign-on, sign-off or echo test waits for a trace number.
const DUTY_WAIT: Duration = Duration::from_secs(2);

/// The maximum number of answers that wait until their owner is known. Further ones are unmatched at once.
const OWNERLESS_MAX: usize = 1024;

impl Coordination {
    pub(super) fn new(settings: &Settings) -> Self {
        let contract = Contract::of(&settings.flow.contract, settings.occupied_max);
        Self {
            terms: settings.terms,
            membership: Membership::new(settings.terms, contract, Duration::ZERO),
            traces: TraceBook::new(settings.traces),
            asked: None,
            duties: Vec::new(),
            ownerless: VecDeque::new(),
            routed: RoutedAnswers::default(),
            named: settings.flow.contract.answers(Duration::ZERO),
        }
    }

    /// Whether no request gets a trace number now.
    pub(super) fn lacks_traces(&self) -> bool {
        self.traces.is_waiting()
    }

    pub(super) fn deadline(&self) -> Option<Duration> {
        let again = self.asked.map(|(.., at)| at + ASK_AGAIN);
        let duty = self.duties.iter().map(|(.., until)| *until).min();
        let ownerless = self.ownerless.front().map(|answer| answer.until);
        [self.membership.deadline(), again, duty, ownerless].into_iter().flatten().min()
    }
}

impl<T: Telegrams> Institution<T> {
    /// Takes news from the coordinator.
    pub fn news(&mut self, news: News, now: Now) {
        match news {
            News::Traces(block) => {
                self.coordination.asked = None;
                self.coordination.traces.granted(block);
                self.retry_duties(now);
            }
            News::TracesUsedUp { day, for_what } => {
                self.coordination.asked = None;
                self.coordination.traces.refused(day, for_what);
                self.retry_duties(now);
            }
            News::Grant(grant) => {
                let before = self.coordination.membership.epoch();
                if self.coordination.membership.granted(grant, now.steady) {
                    self.apply_share(now);
                }
                if before != self.coordination.membership.epoch() {
                    self.tell_breakers(now);
                }
            }
            News::Fenced(fenced) => {
                if self.coordination.membership.fenced(fenced, now.steady) {
                    self.apply_share(now);
                }
            }
            News::Breaker(snapshot) => self.breaker_elsewhere(&snapshot, now),
            News::Probe { scope, generation, may } => self.may_probe(&scope, generation, may, now),
            News::Owner { key, owner } => self.owner_known(&key, &owner),
            News::Answer(answer) => self.routed(answer, now),
            News::AnswerStored { answer, at_ms } => self.stored_elsewhere(answer, at_ms, now),
        }
        self.progress(now);
    }

    /// The share of the contract that this instance has.
    #[must_use]
    pub fn membership(&self) -> &Membership {
        &self.coordination.membership
    }

    /// Takes part, before anything is sent.
    pub(super) fn join(&mut self, now: Now) {
        let contract = Contract::of(&self.settings.flow.contract, self.settings.occupied_max);
        let begin = if self.settings.was_fenced { Membership::after_fence } else { Membership::new };
        self.coordination.membership = begin(self.settings.terms, contract, now.steady);
        if !self.settings.terms.is_alone() {
            self.apply_share(now);
        }
        self.ask_for_traces(self.telegrams.day(now), now);
        self.coordinate(now);
    }

    /// Takes the next trace number.
    pub(super) fn next_trace(&mut self, day: i64, for_what: TraceUse) -> Result<u64, NotSent> {
        let taken = self.coordination.traces.next(day, for_what);
        let number = taken.map_err(|why| match why {
            NoNumber::UsedUp { max } => NotSent::TracesUsedUp { max },
            NoNumber::NoBlock => NotSent::NoTraceBlock,
        })?;
        if let Some((used, max)) = self.coordination.traces.warning() {
            self.actions.push_back(Action::TracesLow { used, max });
        }
        Ok(number)
    }

    /// Asks for a block if one is needed, and again if the answer is late.
    pub(super) fn ask_for_traces(&mut self, day: i64, now: Now) {
        let Coordination { traces, asked, .. } = &mut self.coordination;
        let Some(for_what) = traces.needs(day) else { return };
        let is_asked = asked
            .is_some_and(|(its_day, its_use, at)| (its_day, its_use) == (day, for_what) && now.steady < at + ASK_AGAIN);
        if !is_asked {
            *asked = Some((day, for_what, now.steady));
            self.actions.push_back(Action::Ask(Ask::Traces { day, for_what }));
        }
    }

    /// Keeps a duty until there is a trace number for it.
    pub(super) fn duty_waits(&mut self, incarnation: Incarnation, duty: Duty, now: Now) {
        // A session has one duty at a time.
        self.coordination.duties.retain(|(other, ..)| *other != incarnation);
        self.coordination.duties.push((incarnation, duty, now.steady + DUTY_WAIT));
    }

    /// Does what is due by time.
    pub(super) fn coordinate(&mut self, now: Now) {
        if self.coordination.deadline().is_none_or(|deadline| deadline > now.steady) {
            return;
        }
        if self.coordination.membership.tick(now.steady) {
            self.apply_share(now);
        }
        self.report(now);
        if self.coordination.asked.is_some_and(|(.., at)| at + ASK_AGAIN <= now.steady) {
            // The day may have changed since.
            self.coordination.asked = None;
            self.ask_for_traces(self.telegrams.day(now), now);
        }
        let (late, waiting) = self.coordination.duties.iter().partition(|(.., until)| *until <= now.steady);
        self.coordination.duties = waiting;
        let late: Vec<(Incarnation, Duty, Duration)> = late;
        for (incarnation, duty, _) in late {
            self.duty_failed(incarnation, duty, DutyFailure::NotSent(NotSent::NoTraceBlock), now);
        }
        while self.coordination.ownerless.front().is_some_and(|answer| answer.until <= now.steady) {
            let Some(answer) = self.coordination.ownerless.pop_front() else { break };
            self.unmatched(answer);
        }
    }

    /// Says that the key of a request is this instance's, before its bytes are written: the answer may come to another one.
    pub(super) fn own(&mut self, key: &Key, keep: Duration) {
        if !self.coordination.terms.is_alone() {
            self.actions.push_back(Action::Ask(Ask::Own { key: key.clone(), keep }));
        }
    }

    /// Tells the other instances the state of a breaker.
    pub(super) fn tell_breaker(&mut self, snapshot: &crate::breaker::BreakerSnapshot) {
        if !self.coordination.terms.is_alone() {
            self.actions.push_back(Action::Ask(Ask::Breaker(snapshot.clone())));
        }
    }

    /// Handles an answer for which nothing waits here: it may belong to another instance. Returns whether it may. An instance that the answer
    /// names gets it at once. Otherwise the owner of the key is looked up.
    pub(super) fn ask_for_owner(
        &mut self,
        origin: &Origin,
        telegram: &Arc<str>,
        key: &Key,
        bytes: &TelegramBytes,
        now: Now,
    ) -> bool {
        let Origin::Here(incarnation) = origin else { return false };
        if self.coordination.terms.is_alone() {
            return false;
        }
        match self.telegrams.named_owner(telegram, bytes) {
            Some(KeyOwner::Instance(to)) if self.coordination.named.take(now.steady) => {
                self.hand_over(*incarnation, Arc::clone(telegram), bytes.clone(), to);
                return true;
            }
            Some(KeyOwner::Nobody) => return false,
            Some(KeyOwner::Instance(_)) | None => {}
        }
        let Coordination { terms, ownerless, .. } = &mut self.coordination;
        if ownerless.len() >= OWNERLESS_MAX {
            return false;
        }
        let until = now.steady + terms.owner_timeout;
        let answer = Ownerless {
            incarnation: *incarnation,
            telegram: Arc::clone(telegram),
            key: key.clone(),
            bytes: bytes.clone(),
            until,
        };
        ownerless.push_back(answer);
        self.actions.push_back(Action::Ask(Ask::Whose { key: key.clone() }));
        true
    }

    fn owner_known(&mut self, key: &Key, owner: &KeyOwner) {
        let (known, others) =
            std::mem::take(&mut self.coordination.ownerless).into_iter().partition(|answer| answer.key == *key);
        self.coordination.ownerless = others;
        let known: VecDeque<Ownerless> = known;
        for answer in known {
            match owner {
                KeyOwner::Nobody => self.unmatched(answer),
                KeyOwner::Instance(to) => {
                    let Ownerless { incarnation, telegram, bytes, .. } = answer;
                    self.hand_over(incarnation, telegram, bytes, Arc::clone(to));
                }
            }
        }
    }

    /// Passes an answer to another instance. That one reads the note in the journal, too.
    fn hand_over(&mut self, incarnation: Incarnation, telegram: Arc<str>, bytes: TelegramBytes, to: Arc<str>) {
        self.note(&Origin::Here(incarnation), Some(telegram), bytes.clone(), Class::Routed, None, None);
        self.actions.push_back(Action::HandOver(to, incarnation, bytes));
    }

    fn unmatched(&mut self, answer: Ownerless) {
        let Ownerless { incarnation, telegram, bytes, .. } = answer;
        let note = Mismatch::Unmatched(Unmatched::NoSuchKey);
        self.note(&Origin::Here(incarnation), Some(telegram), bytes, Class::Unmatched, None, Some(note));
    }

    fn retry_duties(&mut self, now: Now) {
        for (incarnation, duty, _) in std::mem::take(&mut self.coordination.duties) {
            if self.is_open(incarnation) {
                self.ask(incarnation.link, duty, now);
            }
        }
    }

    fn report(&mut self, now: Now) {
        let Coordination { membership, terms, .. } = &mut self.coordination;
        if terms.is_alone() {
            return;
        }
        let flow = self.admission.flow.status(now.steady);
        let waiting: usize = flow.waiting.iter().sum();
        let occupied = flow.contract.inflight + flow.contract.unanswered;
        let wanted = Amounts { rate: flow.contract.rate_used + waiting, inflight: occupied + waiting };
        if let Some(report) = membership.report(occupied, wanted, now.steady) {
            self.actions.push_back(Action::Ask(Ask::Report(report)));
        }
    }

    fn apply_share(&mut self, now: Now) {
        let share = self.coordination.membership.share();
        self.admission.flow.share(share.share(), now.steady);
    }

    /// Tells a coordinator that may have forgotten them the breakers that stop something.
    fn tell_breakers(&mut self, now: Now) {
        for snapshot in self.breakers(now).iter().filter(|snapshot| snapshot.state != BreakerState::Passing) {
            self.tell_breaker(snapshot);
        }
    }

    /// The session of a link failed to get a trace number for a duty.
    pub(super) fn duty_without_trace(&mut self, incarnation: Incarnation, duty: Duty, why: NotSent, now: Now) {
        match why {
            NotSent::NoTraceBlock => self.duty_waits(incarnation, duty, now),
            why => {
                let failure = DutyFailure::NotSent(why);
                self.session(incarnation.link, SessionEvent::Unanswered(duty, failure), now);
            }
        }
    }
}
