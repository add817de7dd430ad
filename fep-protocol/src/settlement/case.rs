//! One case: the sum of its facts, and the next move that follows from it.
//!
//! A case changes only by [`SettlementCase::apply`], in the running machine and when facts are replayed. It has no clock: the
//! machine passes the times.

use std::collections::BTreeSet;
use std::time::Duration;

use super::fact::{AccountKey, DeadReason, FlagReason, Money, SettledBy, SettlementFact, StepKind, Verdict};
use super::policy::SettlementPolicy;
use crate::mutant::{Mutant, is_on};

/// The number of facts of one case that are kept in memory: its first and its last ones. The journal has all of them.
pub const HISTORY_MAX: usize = 256;

/// An exchange whose outcome is unknown, or was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettlementCase {
    telegram: String,
    account: Option<AccountKey>,
    written_at_ms: i64,
    stage: Stage,
    /// The attempts that were, or may have been, written.
    inquiries: u32,
    reversals: u32,
    /// The first inquiry that was begun after the horizon. "Not found" proves something from this attempt on.
    after_horizon: Option<u32>,
    not_found: bool,
    awaited: Option<(StepKind, u32)>,
    late: Option<Money>,
    inquiry_says: Option<Money>,
    /// `Confirmed`, `Refused` or none of them.
    reversal: Option<Verdict>,
    /// The step that a person asked for, and that was not begun since.
    asked: Option<StepKind>,
    /// Whether a person asked for the awaited step.
    awaited_by_person: bool,
    /// Whether the asked step was begun and not sent, so that it waits before it is begun again.
    asked_again: bool,
    decided: Option<Money>,
    decisions: usize,
    flags_due: BTreeSet<FlagReason>,
    flags: BTreeSet<FlagReason>,
    seen: BTreeSet<(Source, Verdict)>,
    history: Vec<(i64, SettlementFact)>,
    omitted: u64,
}

/// The stage of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The machine works on it.
    Open,
    /// A person must look at it. The machine begins no step of its own.
    DeadLetter(DeadReason),
    /// It is known what became of the money.
    Settled {
        /// What settled it.
        by: SettledBy,
        /// What became of the money.
        money: Money,
    },
}

/// The telegram that an answer answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    Request,
    Step(StepKind, u32),
}

/// The times of a case, which do not survive a restart. They are readings of the steady clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    /// The current time.
    pub(super) now: Duration,
    /// The next step is not begun before.
    pub(super) not_before: Duration,
    /// The end of the institution's horizon.
    pub(super) horizon_end: Duration,
    /// The time when the awaited step counts as unanswered.
    pub(super) awaited_until: Option<Duration>,
}

/// What follows from the facts of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Move {
    /// This fact follows at once.
    Record(SettlementFact),
    /// Begin this step, not before this time.
    Begin(StepKind, Duration),
    /// Look again at this time.
    Wait(Duration),
    /// Nothing follows without a new fact.
    Rest,
}

impl SettlementCase {
    /// A case of which nothing is known yet.
    pub(super) fn new(telegram: String, account: Option<AccountKey>, written_at_ms: i64) -> Self {
        Self {
            telegram,
            account,
            written_at_ms,
            stage: Stage::Open,
            inquiries: 0,
            reversals: 0,
            after_horizon: None,
            not_found: false,
            awaited: None,
            late: None,
            inquiry_says: None,
            reversal: None,
            asked: None,
            awaited_by_person: false,
            asked_again: false,
            decided: None,
            decisions: 0,
            flags_due: BTreeSet::new(),
            flags: BTreeSet::new(),
            seen: BTreeSet::new(),
            history: Vec::new(),
            omitted: 0,
        }
    }

    /// The case that is the sum of these facts, in their order. `None` if it was never opened.
    pub fn of<'f>(facts: impl IntoIterator<Item = (i64, &'f SettlementFact)>) -> Option<Self> {
        let mut case: Option<Self> = None;
        for (at_ms, fact) in facts {
            if let SettlementFact::Opened { telegram, account, written_at_ms } = fact {
                case.get_or_insert_with(|| Self::new(telegram.clone(), *account, *written_at_ms));
            }
            if let Some(case) = &mut case {
                case.apply(at_ms, fact);
            }
        }
        case
    }

    /// The telegram of the request.
    #[must_use]
    pub fn telegram(&self) -> &str {
        &self.telegram
    }

    /// The account whose steps go one after the other.
    #[must_use]
    pub fn account(&self) -> Option<AccountKey> {
        self.account
    }

    /// When the request was written at the latest, in milliseconds since 1970.
    #[must_use]
    pub fn written_at_ms(&self) -> i64 {
        self.written_at_ms
    }

    /// The stage.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.stage
    }

    /// The contradictions that a person must look at.
    #[must_use]
    pub fn flags(&self) -> &BTreeSet<FlagReason> {
        &self.flags
    }

    /// The number of times that a step was, or may have been, written.
    #[must_use]
    pub fn attempts(&self, step: StepKind) -> u32 {
        match step {
            StepKind::Inquiry => self.inquiries,
            StepKind::Reversal => self.reversals,
        }
    }

    /// The step that waits for its answer, with the number of its attempt.
    #[must_use]
    pub fn awaited(&self) -> Option<(StepKind, u32)> {
        self.awaited
    }

    /// The facts with their times in milliseconds since 1970. At most [`HISTORY_MAX`]; [`omitted`](Self::omitted) are left out in
    /// the middle.
    #[must_use]
    pub fn history(&self) -> &[(i64, SettlementFact)] {
        &self.history
    }

    /// The number of facts that [`history`](Self::history) leaves out.
    #[must_use]
    pub fn omitted(&self) -> u64 {
        self.omitted
    }

    /// Whether the machine and people have nothing more to do with it.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        let is_settled = matches!(self.stage, Stage::Settled { .. });
        is_settled && self.decided.is_none() && self.flags.is_empty() && self.flags_due.is_empty()
    }

    /// The number of times that people decided something about it.
    pub(super) fn decisions(&self) -> usize {
        self.decisions
    }

    /// Whether this attempt was begun, so that an answer to it is possible, and did not say the same before.
    pub(super) fn is_news(&self, source: Source, verdict: Verdict) -> bool {
        let exists = match source {
            Source::Request => true,
            Source::Step(step, attempt) => (1..=self.attempts(step)).contains(&attempt),
        };
        exists && !self.seen.contains(&(source, verdict))
    }

    /// Whether the awaited step would not be begun any more.
    pub(super) fn awaits_needlessly(&self) -> bool {
        let Some((step, _)) = self.awaited else { return false };
        if matches!(self.stage, Stage::Settled { .. }) || self.decided.is_some() {
            return true;
        }
        // The awaited reversal may be the only one.
        let reversals_before = self.reversals - u32::from(step == StepKind::Reversal && self.reversals > 0);
        let is_proved = self.late.is_some() || self.inquiry_says.is_some();
        self.reversal == Some(Verdict::Confirmed) || (is_proved && reversals_before == 0)
    }

    /// Adds a fact.
    pub(super) fn apply(&mut self, at_ms: i64, fact: &SettlementFact) {
        match fact {
            SettlementFact::Opened { .. } => {}
            SettlementFact::Begun { step, attempt, horizon_passed, .. } => {
                self.begun(*step, *attempt, *horizon_passed);
            }
            SettlementFact::NotWritten { step, attempt, why } => {
                let is_useless = *why == DeadReason::Unencodable.name();
                let is_by_person = self.awaited == Some((*step, *attempt)) && self.awaited_by_person;
                if is_by_person && !is_useless && self.asked.is_none() {
                    self.asked = Some(*step);
                    self.asked_again = true;
                }
                self.ended(*step, *attempt);
                let attempts = match step {
                    StepKind::Inquiry => &mut self.inquiries,
                    StepKind::Reversal => &mut self.reversals,
                };
                if *attempts == *attempt {
                    *attempts = attempts.saturating_sub(1);
                }
                if *step == StepKind::Inquiry && self.after_horizon == Some(*attempt) {
                    self.after_horizon = None;
                }
            }
            SettlementFact::Unanswered { step, attempt } => self.ended(*step, *attempt),
            SettlementFact::Answered { step, attempt, verdict } => {
                self.ended(*step, *attempt);
                self.learn(Source::Step(*step, *attempt), *verdict);
            }
            SettlementFact::LateAnswer { verdict } => self.learn(Source::Request, *verdict),
            SettlementFact::Asked { step, .. } => self.reopen(*step),
            SettlementFact::Decided { money, .. } => {
                self.decided = Some(*money);
                self.decisions += 1;
            }
            SettlementFact::Settled { by, money } => {
                self.stage = Stage::Settled { by: *by, money: *money };
                self.asked = None;
                if *by == SettledBy::Person {
                    self.decided = None;
                    self.flags.clear();
                    self.flags_due.clear();
                }
            }
            SettlementFact::DeadLettered { why } => self.stage = Stage::DeadLetter(*why),
            SettlementFact::Flagged { why } => {
                self.flags_due.remove(why);
                self.flags.insert(*why);
            }
        }
        if self.history.len() == HISTORY_MAX {
            self.history.remove(HISTORY_MAX / 2);
            self.omitted += 1;
        }
        self.history.push((at_ms, fact.clone()));
    }

    /// What follows from the facts.
    pub(super) fn next_move(&self, times: &Times, policy: Option<&SettlementPolicy>) -> Move {
        if let Some(why) = self.flags_due.first() {
            return Move::Record(SettlementFact::Flagged { why: *why });
        }
        if let Some(money) = self.decided {
            return Move::Record(SettlementFact::Settled { by: SettledBy::Person, money });
        }
        let is_settled = matches!(self.stage, Stage::Settled { .. });
        if let Some((by, money)) = self.proved().filter(|_| !is_settled) {
            return Move::Record(SettlementFact::Settled { by, money });
        }
        if self.awaited.is_some() {
            return times.awaited_until.map_or(Move::Rest, Move::Wait);
        }
        if is_on(Mutant::KeepsStepsOfSettledCases) && is_settled && self.attempts(StepKind::Inquiry) == 0 {
            return Move::Begin(StepKind::Inquiry, times.not_before);
        }
        if is_settled {
            return Move::Rest;
        }
        let is_dead = matches!(self.stage, Stage::DeadLetter(_));
        let Some(policy) = policy else {
            return if is_dead { Move::Rest } else { dead(DeadReason::NoPolicy) };
        };
        if let Some(step) = self.asked {
            return Move::Begin(step, if self.asked_again { times.not_before } else { Duration::ZERO });
        }
        if is_dead {
            return Move::Rest;
        }
        if self.reversals > 0 {
            return self.reverse(times, policy);
        }
        if let Some(at) = self.inquire_at(times, policy) {
            return Move::Begin(StepKind::Inquiry, at);
        }
        if policy.reversal_max > 0 {
            return Move::Begin(StepKind::Reversal, times.not_before);
        }
        // Only a late answer can settle a case without steps. It gets time until the horizon.
        if policy.inquiry_max == 0 && times.now < times.horizon_end {
            return Move::Wait(times.horizon_end);
        }
        dead(DeadReason::StillUnknown)
    }

    /// What became of the money, if a fact proves it. Once a reversal may have been written, only its confirmation does: the
    /// original may have been undone since any other answer was made.
    fn proved(&self) -> Option<(SettledBy, Money)> {
        if self.reversal == Some(Verdict::Confirmed) {
            return Some((SettledBy::Reversal, Money::Reversed));
        }
        if self.reversals > 0 {
            return None;
        }
        let late = self.late.map(|money| (SettledBy::LateAnswer, money));
        late.or_else(|| self.inquiry_says.map(|money| (SettledBy::Inquiry, money)))
    }

    /// The move of a case whose reversal may have been written. It ends confirmed or in the dead letters.
    fn reverse(&self, times: &Times, policy: &SettlementPolicy) -> Move {
        if self.reversal == Some(Verdict::Refused) {
            return dead(DeadReason::ReversalRefused);
        }
        if is_on(Mutant::NeverGivesUp) {
            return Move::Begin(StepKind::Reversal, times.not_before);
        }
        if self.reversals < policy.reversal_max {
            return Move::Begin(StepKind::Reversal, times.not_before);
        }
        if is_on(Mutant::DropsReversalOnExpiry) {
            return Move::Record(SettlementFact::Settled { by: SettledBy::Inquiry, money: Money::NotDone });
        }
        dead(DeadReason::ReversalUnconfirmed)
    }

    /// When the next inquiry is due, or `None` if there is none. After a "not found" there is always an inquiry after the horizon: the
    /// last one waits for it, or one more is sent.
    fn inquire_at(&self, times: &Times, policy: &SettlementPolicy) -> Option<Duration> {
        let waits_for_horizon = self.not_found && self.after_horizon.is_none();
        if self.inquiries >= policy.inquiry_max && !waits_for_horizon {
            return None;
        }
        let is_last = self.inquiries.saturating_add(1) >= policy.inquiry_max;
        let at = if waits_for_horizon && is_last { times.horizon_end } else { Duration::ZERO };
        Some(at.max(times.not_before))
    }

    fn begun(&mut self, step: StepKind, attempt: u32, horizon_passed: bool) {
        match step {
            StepKind::Inquiry => {
                self.inquiries = attempt;
                if horizon_passed {
                    self.after_horizon.get_or_insert(attempt);
                }
            }
            StepKind::Reversal => {
                self.reversals = attempt;
                if self.reversal == Some(Verdict::Refused) {
                    self.reversal = None;
                }
            }
        }
        self.awaited_by_person = self.asked == Some(step);
        if self.awaited_by_person {
            self.asked = None;
            self.asked_again = false;
        }
        self.awaited = Some((step, attempt));
    }

    fn ended(&mut self, step: StepKind, attempt: u32) {
        if self.awaited == Some((step, attempt)) {
            self.awaited = None;
        }
    }

    /// A person asked for a step. What settled a flagged case is in doubt: it no longer counts.
    fn reopen(&mut self, step: StepKind) {
        self.asked = Some(step);
        self.asked_again = false;
        self.decisions += 1;
        if matches!(self.stage, Stage::Settled { .. }) {
            self.stage = Stage::DeadLetter(DeadReason::Reopened);
            self.late = None;
            self.inquiry_says = None;
            self.reversal = None;
        }
    }

    fn learn(&mut self, source: Source, verdict: Verdict) {
        self.seen.insert((source, verdict));
        let says = match verdict {
            Verdict::Done => Some(Money::Done),
            Verdict::NotDone => Some(Money::NotDone),
            Verdict::Confirmed => Some(Money::Reversed),
            Verdict::NotFound | Verdict::Refused | Verdict::Unclear => None,
        };
        match (source, verdict, says) {
            (Source::Request, _, Some(says)) => {
                if self.late.is_some_and(|late| late != says) {
                    self.flag(FlagReason::AnswersDiffer);
                }
                self.late.get_or_insert(says);
            }
            (Source::Step(StepKind::Inquiry, _), _, Some(says)) => {
                self.inquiry_says.get_or_insert(says);
            }
            (Source::Step(StepKind::Inquiry, attempt), Verdict::NotFound, _) => {
                self.not_found = true;
                if self.after_horizon.is_some_and(|first| first <= attempt) {
                    self.inquiry_says.get_or_insert(Money::NotDone);
                }
            }
            (Source::Step(StepKind::Reversal, _), Verdict::Confirmed | Verdict::Refused, _) => {
                if self.reversal.is_some_and(|reversal| reversal != verdict) {
                    self.flag(FlagReason::AnswersDiffer);
                }
                if self.reversal != Some(Verdict::Confirmed) {
                    self.reversal = Some(verdict);
                }
            }
            _ => {}
        }
        if let (Stage::Settled { money, .. }, Some(says)) = (self.stage, says) {
            self.compare(money, says, source);
        }
        if self.late == Some(Money::Done) && self.reversal == Some(Verdict::Confirmed) {
            self.flag(FlagReason::DoneAndReversed);
        }
    }

    /// Compares an answer with what settled the case. "Not done" and "reversed" agree: no money is moved. An inquiry may have said
    /// "done" before the reversal undid it.
    fn compare(&mut self, money: Money, says: Money, source: Source) {
        match (money, says) {
            (Money::NotDone, Money::Done) => self.flag(FlagReason::DoneAfterNotDone),
            (Money::Done, Money::NotDone | Money::Reversed) => self.flag(FlagReason::NotDoneAfterDone),
            (Money::Reversed, Money::Done) if source == Source::Request => self.flag(FlagReason::DoneAndReversed),
            _ => {}
        }
    }

    fn flag(&mut self, why: FlagReason) {
        if !self.flags.contains(&why) {
            self.flags_due.insert(why);
        }
    }
}

fn dead(why: DeadReason) -> Move {
    Move::Record(SettlementFact::DeadLettered { why })
}
