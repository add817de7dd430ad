//! The checks: what must always be true.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::super::{
    AccountKey, CaseFact, DeadReason, ExchangeId, Money, PersonWants, SettledBy, Settlement, SettlementFact, Stage,
    Step, StepKind, Verdict,
};
use super::bank::{Fate, Truth, policy};

/// What the world knows of one case.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) truth: Truth,
    pub(super) account: Option<AccountKey>,
    pub(super) written_at_ms: i64,
    /// The first step must be released by then.
    first_until: Option<Duration>,
    /// Reversals that may be on the wire, as the facts and the shell know it.
    reversals: u32,
    reversals_handed: u32,
    /// A late answer decided before a reversal may have been written: no step may follow.
    is_decided: bool,
    is_settled: bool,
    asked: u32,
}

impl Record {
    pub(super) fn new(
        truth: Truth,
        account: Option<AccountKey>,
        written_at_ms: i64,
        first_until: Option<Duration>,
    ) -> Self {
        Self {
            truth,
            account,
            written_at_ms,
            first_until,
            reversals: 0,
            reversals_handed: 0,
            is_decided: false,
            is_settled: false,
            asked: 0,
        }
    }
}

#[derive(Debug)]
pub(super) struct Watch {
    pub(super) records: BTreeMap<ExchangeId, Record>,
    pub(super) fault: Option<String>,
    pub(super) seen: BTreeMap<String, usize>,
    /// The inquiries of this institution lie, so that only reversals and late answers tell the truth.
    lies: bool,
    wire: BTreeMap<AccountKey, Step>,
}

impl Watch {
    pub(super) fn new(lies: bool) -> Self {
        Self { records: BTreeMap::new(), fault: None, seen: BTreeMap::new(), lies, wire: BTreeMap::new() }
    }

    fn demand(&mut self, holds: bool, case: &ExchangeId, rule: &str) {
        if !holds && self.fault.is_none() {
            self.fault = Some(format!("case {case}: {rule}: {:?}", self.records.get(case)));
        }
    }

    fn see(&mut self, what: impl Into<String>) {
        *self.seen.entry(what.into()).or_default() += 1;
    }

    /// The machine has a fact stored while business is closed, or open.
    pub(super) fn begun_while(&mut self, closed: bool, CaseFact { case, fact, .. }: &CaseFact) {
        if closed && matches!(fact, SettlementFact::Begun { .. }) {
            self.demand(false, case, "nothing is begun while business is closed");
        }
    }

    /// The machine has a fact stored.
    pub(super) fn recorded(&mut self, CaseFact { case, fact, .. }: &CaseFact, now: Duration) {
        let Some(record) = self.records.get_mut(case) else { return };
        let asked = record.asked;
        let was_settled = record.is_settled;
        let reversals_handed = record.reversals_handed;
        let truth = record.truth.clone();
        match fact {
            SettlementFact::Begun { step, attempt, .. } => {
                let policy = policy();
                // One inquiry more may follow the horizon.
                let max = if *step == StepKind::Inquiry { policy.inquiry_max + 1 } else { policy.reversal_max };
                self.demand(*attempt <= max + asked, case, "tries are bounded");
                if *step == StepKind::Inquiry && *attempt == policy.inquiry_max + 1 {
                    self.see("extra inquiry");
                }
            }
            SettlementFact::NotWritten { .. } => self.see("not written"),
            SettlementFact::Settled { by, money } => {
                record.is_settled = true;
                self.see(format!("{}={}", by.name(), money.name()));
                if *by != SettledBy::Person {
                    self.demand(!was_settled, case, "a case is settled once");
                    let is_reversed = *money == Money::Reversed;
                    self.demand(reversals_handed == 0 || is_reversed, case, "a reversal is never dropped");
                    self.true_money(case, *by, *money, &truth, now);
                }
            }
            SettlementFact::Asked { .. } => record.is_settled = false,
            SettlementFact::DeadLettered { why } => self.see(why.name()),
            SettlementFact::Flagged { why } => self.see(why.name()),
            _ => {}
        }
    }

    /// A settlement says what the institution knows. If it lies to inquiries, only the other ways count.
    fn true_money(&mut self, case: &ExchangeId, by: SettledBy, money: Money, truth: &Truth, now: Duration) {
        if by == SettledBy::Inquiry && money == Money::NotDone && !self.lies {
            let is_declined = matches!(truth.fate, Fate::Declined(_));
            let is_late = now >= truth.written + policy().horizon;
            self.demand(is_declined || is_late, case, "not done is not said before the horizon");
        }
        let is_true = match money {
            Money::Done => matches!(truth.fate, Fate::Done(at) if at <= now) && !truth.void,
            Money::NotDone => !matches!(truth.fate, Fate::Done(_)),
            Money::Reversed => truth.void,
        };
        self.demand(is_true || (self.lies && by == SettledBy::Inquiry), case, "the institution agrees");
    }

    pub(super) fn durable(&mut self, CaseFact { case, fact, .. }: &CaseFact) {
        if let (Some(record), SettlementFact::Asked { .. }) = (self.records.get_mut(case), fact) {
            record.is_decided = false;
        }
    }

    /// The machine sends a step.
    pub(super) fn released(&mut self, step: &Step, journal: &[CaseFact]) {
        let Step { case, kind, attempt, repeat } = step;
        let is_durable = journal.iter().rev().any(|CaseFact { case: other, fact, .. }| {
            let begun = matches!(fact, SettlementFact::Begun { step, attempt: number, repeat: mark, .. }
                if step == kind && number == attempt && mark == repeat);
            other == case && begun
        });
        self.demand(is_durable, case, "a step is sent after its fact is durable");
        let Some(record) = self.records.get_mut(case) else { return };
        record.first_until = None;
        let is_wanted = !record.is_decided && !record.is_settled;
        if *kind == StepKind::Reversal {
            record.reversals += 1;
        }
        let account = record.account;
        self.demand(is_wanted, case, "no step follows a settlement");
        if let Some(account) = account {
            let is_alone = self.wire.insert(account, step.clone()).is_none();
            self.demand(is_alone, case, "one step of an account at a time");
        }
        if *repeat {
            self.see("repeat");
        }
    }

    /// A byte of the step was handed to the kernel.
    pub(super) fn handed(&mut self, step: &Step) {
        let Some(record) = self.records.get_mut(&step.case) else { return };
        if step.kind == StepKind::Reversal {
            let was_handed = record.reversals_handed > 0;
            record.reversals_handed += 1;
            self.demand(step.repeat || !was_handed, &step.case, "the second reversal carries the mark");
        }
    }

    pub(super) fn not_sent(&mut self, step: &Step) {
        self.off_wire(step);
        if let Some(record) = self.records.get_mut(&step.case)
            && step.kind == StepKind::Reversal
        {
            record.reversals -= 1;
        }
    }

    pub(super) fn off_wire(&mut self, step: &Step) {
        self.wire.retain(|_, other| other != step);
    }

    pub(super) fn late(&mut self, case: &ExchangeId, verdict: Verdict) {
        let Some(record) = self.records.get_mut(case) else { return };
        record.first_until = None;
        if matches!(verdict, Verdict::Done | Verdict::NotDone) && record.reversals == 0 && record.asked == 0 {
            record.is_decided = true;
        }
    }

    pub(super) fn decided(&mut self, case: &ExchangeId, wants: PersonWants) {
        let Some(record) = self.records.get_mut(case) else { return };
        record.first_until = None;
        if matches!(wants, PersonWants::Step(_)) {
            record.asked += 1;
            record.is_decided = false;
        }
    }

    /// A new run knows only what is durable.
    pub(super) fn restarted(&mut self, journal: &[CaseFact]) {
        self.see("restart");
        self.wire.clear();
        for (case, record) in &mut self.records {
            let facts = || journal.iter().filter(|fact| fact.case == *case).map(|fact| &fact.fact);
            let of_reversal =
                |fact: &&SettlementFact| matches!(fact, SettlementFact::Begun { step: StepKind::Reversal, .. });
            let withdrawn =
                |fact: &&SettlementFact| matches!(fact, SettlementFact::NotWritten { step: StepKind::Reversal, .. });
            let begun = facts().filter(of_reversal).count() - facts().filter(withdrawn).count();
            record.reversals = u32::try_from(begun).unwrap();
            let last =
                facts().rfind(|fact| matches!(fact, SettlementFact::Settled { .. } | SettlementFact::Asked { .. }));
            record.is_settled = matches!(last, Some(SettlementFact::Settled { .. }));
            let is_late = |fact: &SettlementFact| matches!(fact, SettlementFact::LateAnswer { .. });
            record.is_decided = record.is_decided && begun == 0 && facts().any(is_late);
            record.first_until = None;
        }
    }

    pub(super) fn on_time(&mut self, now: Duration) {
        let late = self.records.iter().find(|(_, record)| record.first_until.is_some_and(|until| until < now));
        if let Some(case) = late.map(|(case, _)| *case) {
            self.demand(false, &case, "no case waits for another account");
        }
    }

    /// Faults have stopped for a whole schedule.
    pub(super) fn end(&mut self, machine: &Settlement) {
        let ends: BTreeSet<(ExchangeId, Stage)> = machine.cases().map(|(case, state)| (*case, state.stage())).collect();
        for (case, stage) in ends {
            let handed = self.records.get(&case).map_or(0, |record| record.reversals_handed);
            self.demand(stage != Stage::Open, &case, "every case ends within its schedule");
            let is_kept = match stage {
                Stage::Settled { by, money } => by == SettledBy::Person || money == Money::Reversed,
                Stage::DeadLetter(why) => why != DeadReason::NoPolicy,
                Stage::Open => false,
            };
            self.demand(handed == 0 || is_kept, &case, "a reversal is never dropped");
        }
        let open: Vec<ExchangeId> = self.records.keys().filter(|case| machine.case(case).is_none()).cloned().collect();
        for case in open {
            self.demand(false, &case, "no case is lost");
        }
    }
}
