//! What an earlier run or another gateway left to the task: keys in quarantine, places in flight, and telegrams that the rate still counts.

use std::collections::HashMap;

use fep_protocol::fact::{Fact, SentClass, What};
use fep_protocol::mutant::{Mutant, is_on};
use fep_protocol::settlement::unanswered_steps;
use fep_protocol::standing::Standing;
use fep_protocol::terms::{Classified, Now, Telegrams};
use fep_protocol::trace::TraceHighWater;

use super::Task;
use crate::journal::{EarlierCase, Left, Recalled, StoredAnswer};

/// What an institution's earlier run left.
#[derive(Debug)]
pub struct Legacy {
    /// The used trace numbers, by day.
    pub used: Vec<TraceHighWater>,
    /// The exchanges whose keys may still be in quarantine.
    pub recalled: Vec<Recalled>,
    /// The answers, to those among others, that came to other gateways lately.
    pub routed: Vec<StoredAnswer>,
    /// The telegrams of ours that the rate may still count.
    pub sent: Vec<Fact>,
    /// The settlements that go on.
    pub cases: Vec<EarlierCase>,
    /// What persons decided and the institution said, as far as it still holds.
    pub standing: Vec<Standing>,
}

impl Task {
    /// Goes on with what another gateway left: its keys in quarantine, its settlements and its undelivered notices.
    pub(super) fn inherit(&mut self, left: Left, now: Now) {
        let steps: Vec<i64> = left.cases.iter().flat_map(|case| unanswered_steps(&case.facts)).collect();
        self.settling.inherit(left.cases, now);
        self.recall(left.recalled, left.routed, now);
        self.recall_steps(&steps, now);
        self.notices.delivery.has_more();
    }

    /// Restores the exchanges of an earlier run whose keys are still in quarantine, and takes the answers to them that came to other gateways.
    pub(super) fn recall(&mut self, recalled: Vec<Recalled>, routed: Vec<StoredAnswer>, now: Now) {
        let quarantine_ms = i64::try_from(self.config.quarantine.as_millis()).unwrap_or(i64::MAX);
        let mut sent = HashMap::new();
        for earlier in recalled {
            let Some(answer) = self.catalogue.answer_name(&earlier.telegram) else { continue };
            if now.wall_ms.saturating_sub(earlier.ended_at_ms) < quarantine_ms {
                let key = self.catalogue.recalled_key(&answer, &earlier.key);
                sent.insert(key.clone(), earlier.number);
                let Some(ticket) = self.machine.recall(key, answer, earlier.answered.as_deref(), now) else { continue };
                self.ended.insert(ticket, earlier.id);
                self.settling.recalled(&earlier.id, ticket);
                if earlier.is_settled {
                    self.machine.settled(ticket, now);
                }
            }
        }
        for StoredAnswer { number, answer, .. } in routed {
            // What was stored before the request is the answer of an earlier one with the same key.
            if let Classified::Answer { key, .. } = self.catalogue.read(&answer.bytes)
                && sent.get(&key).is_some_and(|sent| *sent < number)
            {
                self.machine.recall_answer(answer, now);
            }
        }
    }

    /// Restores the places of inquiries and reversals that an earlier run began at these times, if the institution may still work on
    /// them.
    pub(super) fn recall_steps(&mut self, begun_at_ms: &[i64], now: Now) {
        let waits = self.catalogue.settlement_policies().into_values().map(|policy| policy.step_wait_max);
        let window = self.config.quarantine + waits.max().unwrap_or_default();
        let window_ms = i64::try_from(window.as_millis()).unwrap_or(i64::MAX);
        let begun_at_ms = if is_on(Mutant::ForgetsStepsInFlight) { &[] } else { begun_at_ms };
        let open = begun_at_ms.iter().filter(|at_ms| now.wall_ms.saturating_sub(**at_ms) < window_ms);
        open.for_each(|_| self.machine.recall_step(now));
    }

    /// Restores what the rate of the contract may still count: an institution does not know that we began again. The bytes of a telegram
    /// are handed over by the deadline of its answer at the latest.
    pub(super) fn recall_sent(&mut self, sent: &[Fact], now: Now) {
        let Some(span) = self.config.rate_span() else { return };
        let since_ms = now.wall_ms.saturating_sub(i64::try_from(span.as_millis()).unwrap_or(i64::MAX));
        for fact in sent.iter().filter(|fact| fact.at_ms >= since_ms) {
            let telegram = fact.telegram.as_deref().unwrap_or_default();
            let business = self.catalogue.business_of(telegram, &fact.bytes);
            let is_privileged = fact.what != What::Sent(SentClass::Request);
            self.machine.recall_sent(business.as_deref(), is_privileged, now);
        }
    }
}
