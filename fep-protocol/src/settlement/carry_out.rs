//! How the machine carries out the moves of its cases: records facts, holds back what depends on them, and begins steps.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{
    AccountKey, Backoff, CaseFact, Entry, ExchangeId, FactNumber, Handed, Move, Now, STEP_WAIT, Settlement,
    SettlementAction, SettlementCase, SettlementFact, SettlementPolicy, Step, StepKind, Times,
};
use crate::mutant::{Mutant, is_on};

impl Settlement {
    /// Lets other policies hold from now on, for the same telegrams. A wait that has begun ends as it began.
    pub fn retune(&mut self, policies: BTreeMap<String, SettlementPolicy>) {
        self.policies = policies;
    }

    /// Adds a case without times.
    pub(super) fn insert(&mut self, exchange: ExchangeId, case: SettlementCase) {
        let waits = self.policies.get(case.telegram()).map(|policy| (policy.backoff_min, policy.backoff_max));
        let (min, max) = waits.unwrap_or((STEP_WAIT, STEP_WAIT));
        let entry = Entry {
            case,
            not_before: Duration::ZERO,
            horizon_end: Duration::MAX,
            backoff: Backoff::new(min, max),
            handed: Handed::Unrecorded,
            awaited_until: None,
        };
        self.cases.insert(exchange, entry);
    }

    /// The time of the first step after a wait, with up to a quarter as jitter.
    pub(super) fn first(&mut self, wait: Duration, now: Now) -> Duration {
        let quarter = u64::try_from((wait / 4).as_micros()).unwrap_or(u64::MAX);
        let jitter = self.random.next_u64() % quarter.saturating_add(1);
        now.steady.saturating_add(wait).saturating_add(Duration::from_micros(jitter))
    }

    /// The case's entry, if it waits for this step.
    pub(super) fn awaiting(&mut self, step: &Step) -> Option<&mut Entry> {
        let entry = self.cases.get_mut(&step.case)?;
        let is_awaited = entry.case.awaited() == Some((step.kind, step.attempt));
        (is_awaited && entry.handed != Handed::Unrecorded).then_some(entry)
    }

    /// The longest wait for the answer to a step of this case.
    pub(super) fn step_wait(&self, case: &ExchangeId) -> Duration {
        let policy = self.cases.get(case).and_then(|entry| self.policies.get(entry.case.telegram()));
        policy.map_or(STEP_WAIT, |policy| policy.step_wait_max)
    }

    /// The next step waits.
    pub(super) fn back_off(&mut self, case: &ExchangeId, now: Now) {
        let random = self.random.next_u64();
        if let Some(entry) = self.cases.get_mut(case) {
            entry.not_before = now.steady.saturating_add(entry.backoff.failed(random));
        }
    }

    /// Adds a fact to its case and asks the caller to store it.
    pub(super) fn record(&mut self, exchange: &ExchangeId, fact: SettlementFact, now: Now) -> FactNumber {
        if let Some(entry) = self.cases.get_mut(exchange) {
            let was_finished = entry.case.is_finished();
            let was_awaited = entry.case.awaited().is_some();
            entry.case.apply(now.wall_ms, &fact);
            match (was_finished, entry.case.is_finished()) {
                (false, true) => self.unfinished = self.unfinished.saturating_sub(1),
                (true, false) => self.unfinished += 1,
                _ => {}
            }
            if was_awaited && entry.case.awaited().is_none() {
                entry.handed = Handed::Unrecorded;
                entry.awaited_until = None;
                self.lane.done(exchange);
            }
        }
        self.facts += 1;
        let number = FactNumber(self.facts);
        let fact = CaseFact { case: *exchange, at_ms: now.wall_ms, fact };
        self.actions.push_back(SettlementAction::Record(number, fact));
        number
    }

    /// Records a fact that the caller hears of once it is durable.
    pub(super) fn record_notice(&mut self, exchange: &ExchangeId, fact: SettlementFact, now: Now) {
        let notice = notice(exchange, &fact);
        let number = self.record(exchange, fact, now);
        self.held.extend(notice.map(|notice| (number, notice)));
    }

    /// Makes the moves of a case that are due.
    pub(super) fn move_on(&mut self, exchange: &ExchangeId, now: Now) {
        self.withdraw_needless(exchange, now);
        self.lane.withdraw(exchange);
        self.timers.set(*exchange, None);
        while let Some(next) = self.next_move(exchange, now) {
            match next {
                Move::Record(fact) => self.record_notice(exchange, fact, now),
                Move::Begin(step, at) if at <= now.steady => {
                    let account = self.cases.get(exchange).and_then(|entry| entry.case.account());
                    let account = self.account(account);
                    self.lane.want(exchange, step, account);
                    break;
                }
                Move::Begin(_, at) | Move::Wait(at) => {
                    self.timers.set(*exchange, Some(at));
                    break;
                }
                Move::Rest => break,
            }
        }
        self.withdraw_needless(exchange, now);
        self.close(exchange, now);
    }

    /// Records that a step begins. It is sent once the fact is durable.
    pub(super) fn begin(&mut self, step: Step, now: Now) {
        let Step { case, kind, attempt, repeat } = step;
        if let Some(entry) = self.cases.get_mut(&case).filter(|_| kind == StepKind::Reversal && attempt == 1) {
            entry.backoff.succeeded();
        }
        let horizon_passed = self.horizon_passed(&case, now);
        let number = self.record(&case, SettlementFact::Begun { step: kind, attempt, repeat, horizon_passed }, now);
        let number = if is_on(Mutant::SendsUnrecorded) { FactNumber(0) } else { number };
        self.held.push_back((number, SettlementAction::Send(step)));
    }

    /// Lets a step wait that could not be sent now.
    pub(super) fn hold_back(&mut self, case: &ExchangeId, now: Now) {
        self.lane.done(case);
        self.back_off(case, now);
        let not_before = self.cases.get(case).map(|entry| entry.not_before);
        self.timers.set(*case, not_before);
    }

    /// Stops an awaited step that is no longer needed, if it is not on the wire.
    fn withdraw_needless(&mut self, exchange: &ExchangeId, now: Now) {
        if is_on(Mutant::NeverWithdraws) {
            return;
        }
        let Some(entry) = self.cases.get_mut(exchange).filter(|entry| entry.case.awaits_needlessly()) else { return };
        let Some((kind, attempt)) = entry.case.awaited() else { return };
        match entry.handed {
            Handed::Unrecorded => {
                self.held.retain(|(_, held)| !matches!(held, SettlementAction::Send(step) if step.case == *exchange));
                let fact = SettlementFact::NotWritten { step: kind, attempt, why: WITHDRAWN.to_owned() };
                self.record(exchange, fact, now);
            }
            Handed::Released => {
                entry.handed = Handed::Withdrawing;
                let repeat = attempt > 1;
                let step = Step { case: *exchange, kind, attempt, repeat };
                self.actions.push_back(SettlementAction::Withdraw(step));
            }
            Handed::Withdrawing | Handed::Sent => {}
        }
    }

    fn next_move(&self, exchange: &ExchangeId, now: Now) -> Option<Move> {
        let entry = self.cases.get(exchange)?;
        let times = Times {
            now: now.steady,
            not_before: entry.not_before,
            horizon_end: entry.horizon_end,
            awaited_until: entry.awaited_until,
        };
        Some(entry.case.next_move(&times, self.policies.get(entry.case.telegram())))
    }

    fn horizon_passed(&self, exchange: &ExchangeId, now: Now) -> bool {
        if is_on(Mutant::SettlesNotFoundAtOnce) {
            return true;
        }
        if is_on(Mutant::TrustsTheWallClock)
            && let Some(entry) = self.cases.get(exchange)
            && let Some(policy) = self.policies.get(entry.case.telegram())
            && i128::from(now.wall_ms - entry.case.written_at_ms()) > policy.horizon.as_millis().cast_signed()
        {
            return true;
        }
        self.cases.get(exchange).is_some_and(|entry| entry.horizon_end <= now.steady)
    }

    /// The account by which the lane keeps order.
    fn account(&self, account: Option<AccountKey>) -> Option<AccountKey> {
        if is_on(Mutant::BlocksOnOneUnanswered) {
            return Some(AccountKey(0));
        }
        account.filter(|_| !is_on(Mutant::IgnoresAccounts))
    }

    /// Decides how long a finished case is remembered.
    fn close(&mut self, exchange: &ExchangeId, now: Now) {
        let Some(entry) = self.cases.get(exchange) else { return };
        let is_closed = entry.case.is_finished() && entry.case.awaited().is_none();
        if !is_closed {
            self.closed.set(*exchange, None);
        } else if !self.closed.has(exchange) {
            self.closed.set(*exchange, Some(now.steady.saturating_add(self.limits.closed_keep)));
        }
        while self.closed.len() > self.limits.closed_max {
            self.forget_first();
        }
    }

    pub(super) fn forget_first(&mut self) {
        if let Some(exchange) = self.closed.pop() {
            self.timers.set(exchange, None);
            self.cases.remove(&exchange);
            self.actions.push_back(SettlementAction::Forgotten(exchange));
        }
    }
}

/// The reason of a step that was withdrawn before it was written.
const WITHDRAWN: &str = "withdrawn";

/// What the caller hears of a fact once it is durable.
fn notice(exchange: &ExchangeId, fact: &SettlementFact) -> Option<SettlementAction> {
    let exchange = *exchange;
    match fact {
        SettlementFact::Settled { by, money } => Some(SettlementAction::Settled(exchange, *by, *money)),
        SettlementFact::DeadLettered { why } => Some(SettlementAction::DeadLetter(exchange, *why)),
        SettlementFact::Flagged { why } => Some(SettlementAction::Flag(exchange, *why)),
        _ => None,
    }
}
