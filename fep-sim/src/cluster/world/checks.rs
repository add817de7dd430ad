//! What must hold over all gateways together, by what the journal has, what crossed the lines, what the bank has, and what callers were told.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use fep_gateway::exchange::{Exchange, ExchangeId, Outcome};
use fep_protocol::fact::{Fact, SentClass, TakenOver, What};
use fep_protocol::settlement::{SettledBy, SettlementFact};

use super::World;
use super::bank::is_business;
use crate::cluster::config::{INFLIGHT_MAX, RATE_MAX, RATE_WINDOW};
use crate::cluster::rows::LEASE;
use crate::telegram::{KEY, Telegram, frame_len};
use crate::world::{Failure, Rule};

/// Everything that the checks remember.
#[derive(Default)]
pub(in crate::cluster) struct Checks {
    pub(in crate::cluster) failures: Vec<Failure>,
    pub(in crate::cluster) made: BTreeMap<&'static str, u64>,
    pub(in crate::cluster) told: Vec<Exchange>,
    /// When each run wrote last.
    heard: BTreeMap<u64, Duration>,
    /// From which runs somebody took over.
    taken: BTreeMap<u64, Vec<Arc<str>>>,
    /// Bytes that a run may write: how often they are durable, less how often it wrote them.
    permitted: BTreeMap<(u64, Vec<u8>), i64>,
    outcomes: BTreeMap<ExchangeId, Outcome>,
    /// Who began an exchange, or took it over from who did.
    owners: BTreeMap<ExchangeId, Arc<str>>,
    /// The unknown exchanges whose settlement has ended, and those that a person must look at although it has.
    settled: BTreeSet<ExchangeId>,
    flagged: BTreeSet<ExchangeId>,
    /// The trace numbers that were used, with their dates.
    traces: BTreeSet<Vec<u8>>,
    /// The part of a frame that each connection has begun.
    begun: BTreeMap<u64, Vec<u8>>,
    /// Requests that the bank has not answered.
    unanswered: VecDeque<(Duration, Vec<u8>)>,
    handed: VecDeque<Duration>,
    /// Answers with their requests.
    answers: BTreeMap<Vec<u8>, Vec<u8>>,
    /// The requests that arrived.
    arrived: BTreeSet<Vec<u8>>,
}

/// The bank counts a request as in flight for this long at most, because the quarantine may end earlier.
const INFLIGHT_FOR: Duration = Duration::from_secs(4);

/// The number of failures of one rule that are kept.
const FAILURES_MAX: usize = 5;

impl Checks {
    pub(in crate::cluster) fn count(&mut self, what: &'static str) {
        *self.made.entry(what).or_default() += 1;
    }

    /// Whether nobody has anything more to do with an exchange. Who takes over leaves it where it is.
    fn is_finished(&self, id: &ExchangeId) -> bool {
        match self.outcomes.get(id) {
            None => false,
            Some(Outcome::Unknown) => self.settled.contains(id) && !self.flagged.contains(id),
            Some(_) => true,
        }
    }

    fn settlement(&mut self, id: ExchangeId, fact: &SettlementFact) {
        match fact {
            SettlementFact::Settled { by, .. } => {
                self.settled.insert(id);
                if *by == SettledBy::Person {
                    self.flagged.remove(&id);
                }
            }
            SettlementFact::Flagged { .. } => drop(self.flagged.insert(id)),
            SettlementFact::Asked { .. } | SettlementFact::DeadLettered { .. } => drop(self.settled.remove(&id)),
            _ => {}
        }
    }

    /// A run wrote something.
    pub(in crate::cluster) fn heard(&mut self, run: u64, now: Duration) {
        self.heard.insert(run, now);
    }

    pub(in crate::cluster) fn done(&mut self, request: &[u8]) {
        self.unanswered.retain(|(_, other)| other != request);
    }

    pub(in crate::cluster) fn answered(&mut self, request: &[u8], answer: &[u8]) {
        self.answers.insert(answer.to_vec(), request.to_vec());
    }
}

impl World {
    pub(in crate::cluster) fn fail(&mut self, rule: Rule, what: String) {
        self.say(format_args!("FAILURE {rule:?}: {what}"));
        let at = self.now;
        let failures = &mut self.checks.failures;
        if failures.iter().filter(|failure| failure.rule == rule).count() < FAILURES_MAX {
            failures.push(Failure { at, rule, what });
        }
    }

    /// The facts from this one on were stored now.
    pub(in crate::cluster) fn stored(&mut self, first: u64) {
        let skip = usize::try_from(first).unwrap_or(1).saturating_sub(1);
        let facts: Vec<(Fact, u64)> = self.rows.facts.iter().skip(skip).cloned().collect();
        for (number, (fact, run)) in (first..).zip(facts) {
            let instance = fact.instance.clone().unwrap_or_default();
            let kind = fact.what.kind();
            let class = fact.what.class().unwrap_or_default();
            let outcome = fact.outcome.map_or("", Outcome::name);
            let exchange = fact.exchange.map(|id| id.to_string()).unwrap_or_default();
            let settlement = fact.settlement.as_deref().map(|fact| format!("{fact:?}")).unwrap_or_default();
            self.say(format_args!("fact {number} of {instance}: {kind} {class} {outcome} {exchange} {settlement}"));
            if self.checks.taken.contains_key(&run) {
                self.fail(
                    Rule::Fence,
                    format!("{instance} stored fact {number} in run {run}, from which others took over"),
                );
            }
            let now = self.now;
            self.checks.heard(run, now);
            self.fact(&fact, run, &instance);
        }
    }

    fn fact(&mut self, fact: &Fact, run: u64, instance: &Arc<str>) {
        if let What::Sent(class) = fact.what {
            *self.checks.permitted.entry((run, fact.bytes.to_vec())).or_default() += 1;
            let trace = Telegram(&fact.bytes).get(KEY).to_vec();
            if class != SentClass::Reply && !self.checks.traces.insert(trace) {
                let trace = Telegram(&fact.bytes).text(KEY);
                self.fail(Rule::Traces, format!("{instance} uses the trace number and date {trace} again"));
            }
        }
        if let (What::TakenOver, Some(taken)) = (fact.what, fact.taken_over.as_deref()) {
            self.taken_over(taken, &fact.institution, instance);
        }
        let Some(id) = fact.exchange else { return };
        if fact.what == What::Sent(SentClass::Request) {
            self.checks.owners.insert(id, Arc::clone(instance));
        }
        let is_settlement =
            fact.what == What::Settlement || matches!(fact.what, What::Sent(SentClass::Inquiry | SentClass::Reversal));
        if is_settlement || fact.outcome.is_some() {
            let owner = self.checks.owners.entry(id).or_insert_with(|| Arc::clone(instance)).clone();
            if owner != *instance {
                let kind = fact.what.kind();
                self.fail(Rule::Owner, format!("{instance} stored a fact {kind} of {id}, which is {owner}'s"));
            }
        }
        if let Some(settlement) = fact.settlement.as_deref() {
            self.checks.settlement(id, settlement);
        }
        let Some(outcome) = fact.outcome else { return };
        if let Some(earlier) = self.checks.outcomes.insert(id, outcome) {
            self.fail(Rule::Final, format!("{id} ends as {} after {}", outcome.name(), earlier.name()));
        }
    }

    fn taken_over(&mut self, taken: &TakenOver, institution: &Arc<str>, heir: &Arc<str>) {
        self.count("a takeover");
        let TakenOver { instance, epoch } = taken;
        let silent = self.checks.heard.get(epoch).map_or(Duration::MAX, |heard| self.now.saturating_sub(*heard));
        if silent < LEASE {
            self.fail(Rule::Fence, format!("{heir} took over from {instance}, which wrote {silent:?} ago"));
        }
        let institutions = self.checks.taken.entry(*epoch).or_default();
        if institutions.contains(institution) {
            self.fail(
                Rule::Owner,
                format!("{heir} took over from run {epoch} of {instance}, and it was the second one"),
            );
        } else {
            institutions.push(Arc::clone(institution));
        }
        let theirs = self.checks.owners.iter().filter(|(_, owner)| ***owner == **instance);
        let left: Vec<ExchangeId> = theirs.map(|(id, _)| *id).filter(|id| !self.checks.is_finished(id)).collect();
        self.checks.owners.extend(left.into_iter().map(|id| (id, Arc::clone(heir))));
    }

    /// The kernel took bytes of a gateway.
    pub(in crate::cluster) fn written(&mut self, at: usize, id: u64, bytes: &[u8]) {
        let run = self.members.get(at).map_or(0, |member| member.run);
        let begun = self.checks.begun.entry(id).or_default();
        begun.extend_from_slice(bytes);
        let mut frames = Vec::new();
        while let Some(len) = frame_len(begun) {
            frames.push(begun.drain(..len).collect::<Vec<u8>>());
        }
        for frame in frames {
            let telegram = Telegram(&frame);
            self.say(format_args!("gateway {at} writes {} {}", telegram.kind(), telegram.text(KEY)));
            if self.checks.taken.contains_key(&run) {
                self.count("a telegram of a gateway from which others took over");
            }
            let left = self.checks.permitted.entry((run, frame.clone())).or_default();
            *left -= 1;
            if *left < 0 {
                let what =
                    format!("gateway {at} writes {} {} without a fact of its run", telegram.kind(), telegram.text(KEY));
                self.fail(Rule::Wire, what);
            }
            self.rate();
        }
    }

    fn rate(&mut self) {
        let now = self.now;
        let handed = &mut self.checks.handed;
        handed.push_back(now);
        while handed.front().is_some_and(|at| *at + RATE_WINDOW <= now) {
            handed.pop_front();
        }
        let count = handed.len();
        if count > RATE_MAX {
            self.fail(Rule::Contract, format!("{count} telegrams within a second, the contract has {RATE_MAX}"));
        }
    }

    /// A frame arrived at the bank.
    pub(in crate::cluster) fn arrived(&mut self, frame: &[u8]) {
        let now = self.now;
        if !is_business(frame) {
            return;
        }
        self.checks.arrived.insert(frame.to_vec());
        let is_refused = |told: &&Exchange| told.outcome == Some(Outcome::NotSent) && *told.request == *frame;
        if let Some(id) = self.checks.told.iter().find(is_refused).map(|told| told.id) {
            self.fail(Rule::NotSent, format!("{id} was told not_sent, and arrives at the bank"));
        }
        let unanswered = &mut self.checks.unanswered;
        unanswered.push_back((now, frame.to_vec()));
        unanswered.retain(|(since, _)| now.saturating_sub(*since) <= INFLIGHT_FOR);
        let count = unanswered.len();
        if count > INFLIGHT_MAX {
            self.fail(Rule::Contract, format!("{count} requests in flight, the contract has {INFLIGHT_MAX}"));
        }
    }

    /// A caller was told an outcome.
    pub(in crate::cluster) fn checks_told(&mut self, number: usize, exchange: Exchange) {
        self.count("an outcome");
        let id = exchange.id;
        let Some(outcome) = exchange.outcome else {
            return self.fail(Rule::Final, format!("the caller of {id} was told no outcome"));
        };
        if exchange.journaled && self.checks.outcomes.get(&id) != Some(&outcome) {
            self.fail(Rule::Durable, format!("the caller of {id} was told {}, which is not durable", outcome.name()));
        }
        let has_arrived = !exchange.request.is_empty() && self.checks.arrived.contains(&*exchange.request);
        if outcome == Outcome::NotSent && has_arrived {
            self.fail(Rule::NotSent, format!("{id} was told not_sent, and has arrived at the bank"));
        }
        let amount = Telegram(&exchange.request).number(crate::telegram::AMOUNT);
        if !exchange.request.is_empty()
            && *exchange.telegram == *"Transfer"
            && Ok(amount) != u64::try_from(1000 + number)
        {
            self.fail(Rule::Correlation, format!("job {number} was told of {id}, which is another one's"));
        }
        if let Some(answer) = &exchange.answer {
            self.count("an answer");
            match self.checks.answers.get(&*answer.bytes) {
                Some(request) if **request == *exchange.request => {}
                Some(_) => self.fail(Rule::Correlation, format!("{id} got the answer to another request")),
                None => self.fail(Rule::Correlation, format!("{id} got bytes that are nobody's answer")),
            }
        }
        self.checks.told.push(exchange);
    }
}
