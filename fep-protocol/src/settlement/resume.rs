//! Continues from the facts of earlier runs.

use std::collections::BTreeMap;

use super::{
    CaseFact, ExchangeId, Now, STEP_WAIT, Settlement, SettlementCase, SettlementFact, SettlementLimits,
    SettlementPolicy,
};
use crate::mutant::{Mutant, is_on};
use crate::since::Since;

impl Settlement {
    /// Creates a machine that continues after the facts of earlier runs, in their order. Any prefix of the facts leads to a safe state: a
    /// step that was begun counts as written, and its answer may still come.
    ///
    /// Facts of settled cases may be left out together with their `opened`. If they are given, late answers are still compared with what
    /// settled the case, within `closed_keep` and `closed_max`.
    #[must_use]
    pub fn resume(
        policies: BTreeMap<String, SettlementPolicy>,
        limits: SettlementLimits,
        seed: u64,
        facts: impl IntoIterator<Item = CaseFact>,
        now: Now,
    ) -> Self {
        let mut machine = Self::new(policies, limits, seed);
        for fact in facts {
            machine.replay(fact);
        }
        let all: Vec<ExchangeId> = machine.cases.keys().copied().collect();
        machine.take_up(&all, now);
        machine
    }

    /// Continues cases that another instance left, as [`Settlement::resume`] does. Cases that are here already stay as they are. There may
    /// be more cases than the limit then: no further one is opened until there is room.
    pub fn inherit(&mut self, facts: impl IntoIterator<Item = CaseFact>, now: Now) {
        let mut inherited = Vec::new();
        for fact in facts {
            let case = fact.case;
            let is_new = !self.cases.contains_key(&case);
            if !is_new && !inherited.contains(&case) {
                continue;
            }
            self.replay(fact);
            if is_new && self.cases.contains_key(&case) {
                inherited.push(case);
            }
        }
        self.take_up(&inherited, now);
    }

    fn replay(&mut self, CaseFact { case, at_ms, fact }: CaseFact) {
        if let SettlementFact::Opened { telegram, account, written_at_ms } = &fact
            && !self.cases.contains_key(&case)
        {
            self.insert(case, SettlementCase::new(telegram.clone(), *account, *written_at_ms));
        }
        match self.cases.get_mut(&case) {
            Some(entry) => entry.case.apply(at_ms, &fact),
            None => self.strays += 1,
        }
    }

    /// Gives these cases new times. What an earlier run awaited counts as unanswered.
    fn take_up(&mut self, exchanges: &[ExchangeId], now: Now) {
        self.unfinished = self.cases.values().filter(|entry| !entry.case.is_finished()).count();
        for exchange in exchanges {
            let Some(entry) = self.cases.get(exchange) else { continue };
            let policy = self.policies.get(entry.case.telegram());
            let first_wait = policy.map_or(STEP_WAIT, |policy| policy.first_wait);
            let horizon_end = policy.map(|policy| Since::wall(entry.case.written_at_ms(), now).end(policy.horizon));
            let awaited = entry.case.awaited();
            let not_before = self.first(first_wait, now);
            if let Some(entry) = self.cases.get_mut(exchange) {
                entry.not_before = not_before;
                entry.horizon_end = horizon_end.unwrap_or(entry.horizon_end);
            }
            if let Some((step, attempt)) = awaited {
                let fact = if is_on(Mutant::ForgetsBegunSteps) {
                    SettlementFact::NotWritten { step, attempt, why: String::new() }
                } else {
                    SettlementFact::Unanswered { step, attempt }
                };
                self.record(exchange, fact, now);
            }
        }
        for exchange in exchanges {
            self.move_on(exchange, now);
        }
    }
}
