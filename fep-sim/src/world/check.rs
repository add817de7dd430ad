//! The checks: what must hold after every step, whatever the world did. They see what the gateway stored, wrote and told, and what the
//! banks received and answered.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use fep_gateway::exchange::{Exchange, ExchangeId, Outcome};
use fep_protocol::fact::{Class, Fact, What as Kind};
use fep_protocol::reason::Unknown;

use super::{ConnectionId, World};
use crate::setup::BANKS;
use crate::telegram::{KEY, Telegram, frame_len, is_poll_answer};

/// The rules, by the numbers of the invariants in the design.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// 1. An answer reaches only the request whose key it carries, and at most one.
    Correlation,
    /// 2. A telegram that moves money is on the wire at most once.
    Once,
    /// 3. Each accepted request ends in exactly one final state.
    Final,
    /// 4. What is unknown, or was at the bank, is never called not sent.
    NotSent,
    /// 5. The bytes on the wire are those in the journal, and were there before.
    Wire,
    /// 6. In flight and rate stay within the contract.
    Contract,
    /// 6. No more requests wait on a link than its window has places.
    Window,
    /// Requests go out on the lines that carry business, and business moves between them within its times.
    Lines,
    /// On a pair of lines, nothing is written on the line that receives, and no request goes out while nothing could bring its answer.
    Pair,
    /// After a bank has closed business, nothing goes out until it opens.
    Business,
    /// An answer that was read in time is the outcome, also if it came on another line.
    Answered,
    /// A line is ready only while an answer or a poll proves it, and is given up without them. Polls are answered.
    Alive,
    /// 7. A reversal is confirmed or in the dead letters, and its repetition carries the mark.
    Reversal,
    /// 8. The trouble of one bank does not slow another one.
    Isolation,
    /// 14. A caller was told only what is durable.
    Durable,
    /// 14. A deadline holds whatever disk and bank do.
    Deadline,
    /// 15. What a bank sends is stored within bounds, and a disk that fails is not hammered.
    Bounded,
    /// The same notice gets the same answer.
    Notice,
    /// When the faults are over, every unknown outcome is settled, or waits for a person.
    Settled,
    /// A settlement says what the bank did.
    Truth,
    /// The journal's files agree with themselves.
    Journal,
    /// Each fact is in the journal or in an archive, once, until it is removed on purpose.
    Archive,
    /// 9. The files of an encrypted journal show no account, no name and no idempotency key.
    Secret,
    /// After others took over from a run, it stores nothing, and nobody takes over from a run that has its lease.
    Fence,
    /// No trace number of a business day is used twice by anybody.
    Traces,
    /// An exchange is ended and settled by the gateway to which it belongs, and by one at a time.
    Owner,
    /// All gateways say the same in the end.
    Together,
}

impl Rule {
    /// All rules.
    pub const ALL: [Self; Self::Together as usize + 1] = [
        Self::Correlation,
        Self::Once,
        Self::Final,
        Self::NotSent,
        Self::Wire,
        Self::Contract,
        Self::Window,
        Self::Lines,
        Self::Pair,
        Self::Business,
        Self::Answered,
        Self::Alive,
        Self::Reversal,
        Self::Isolation,
        Self::Durable,
        Self::Deadline,
        Self::Bounded,
        Self::Notice,
        Self::Settled,
        Self::Truth,
        Self::Journal,
        Self::Archive,
        Self::Secret,
        Self::Fence,
        Self::Traces,
        Self::Owner,
        Self::Together,
    ];
}

/// A rule that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// When.
    pub at: Duration,
    /// Which.
    pub rule: Rule,
    /// What happened.
    pub what: String,
}

/// What a caller was told.
#[derive(Clone, Debug)]
pub(crate) struct Told {
    pub(crate) bank: usize,
    pub(crate) asked: Duration,
    pub(crate) at: Duration,
    pub(crate) exchange: Exchange,
}

/// Everything that the checks remember.
#[derive(Default)]
pub(crate) struct Checks {
    pub(crate) failures: Vec<Failure>,
    pub(crate) told: Vec<Told>,
    /// Bytes that may be written: how often they are durable, less how often they were written.
    permitted: BTreeMap<Vec<u8>, i64>,
    /// The outcomes that the gateway stored.
    outcomes: BTreeMap<ExchangeId, Outcome>,
    /// The part of a frame that each connection has begun.
    begun: BTreeMap<ConnectionId, Vec<u8>>,
    /// The frames that arrived at a bank, with their times.
    arrived: BTreeSet<(usize, Vec<u8>)>,
    /// Business requests that a bank has not answered, with the times of their arrival.
    unanswered: [VecDeque<(Duration, Vec<u8>)>; BANKS],
    /// When telegrams were handed over, for the rate.
    handed: [VecDeque<Duration>; BANKS],
    /// Answers of banks, also damaged ones, with the requests that they answer.
    answers: [BTreeMap<Vec<u8>, Vec<u8>>; BANKS],
    /// The answers that were damaged on their way.
    damaged: BTreeSet<Vec<u8>>,
    /// The answers that callers got.
    given: BTreeMap<(usize, Vec<u8>), ExchangeId>,
    /// The attempts of reversals that arrived, by bank and key.
    reversals: BTreeSet<(usize, Vec<u8>, u64)>,
    /// The writes that failed within the last second.
    failed_writes: VecDeque<Duration>,
    /// The number of facts that were stored.
    pub(crate) facts_stored: u64,
    /// The requests that arrived at a bank, by key.
    keys: BTreeMap<(usize, Vec<u8>), Vec<u8>>,
    /// Junk of the banks that was stored.
    junk: u64,
    /// Junk that the banks sent in floods.
    flooded: u64,
    /// The number of checks of each kind that were made. A check that is never made proves nothing.
    pub(crate) made: BTreeMap<&'static str, u64>,
}

/// The contract in `config.toml`.
const INFLIGHT_MAX: usize = 24;
const RATE_MAX: usize = 40;
const RATE_WINDOW: Duration = Duration::from_secs(1);
const ANSWER_TIMEOUT: Duration = Duration::from_millis(2000);

/// A bank counts a request as in flight for this long at most, because the gateway's quarantine may end earlier.
const INFLIGHT_FOR: Duration = Duration::from_secs(6);

/// A caller is told this long after the deadline at the latest.
const GRACE: Duration = Duration::from_millis(300);

/// Failed writes: one for each pause of 200 ms, and those of a process that died and began again.
const FAILED_WRITES_PER_S: usize = 10;

/// Junk that may be stored: a burst for each life of the process and bank, and a rate.
const JUNK_BURST: u64 = 1100;
const JUNK_PER_S: u64 = 12;

/// The number of failures of one rule that are kept.
const FAILURES_MAX: usize = 5;

impl Checks {
    pub(crate) fn fail(&mut self, at: Duration, rule: Rule, what: String) {
        if self.failures.iter().filter(|failure| failure.rule == rule).count() < FAILURES_MAX {
            self.failures.push(Failure { at, rule, what });
        }
    }

    fn made(&mut self, check: &'static str) {
        *self.made.entry(check).or_default() += 1;
    }

    /// A frame arrived at a bank.
    pub(crate) fn arrived(&mut self, now: Duration, bank: usize, frame: &[u8]) {
        let kind = Telegram(frame).kind();
        self.arrived.insert((bank, frame.to_vec()));
        let is_refused = |told: &&Told| {
            told.bank == bank && told.exchange.outcome == Some(Outcome::NotSent) && *told.exchange.request == *frame
        };
        let refused = self.told.iter().find(is_refused);
        if let Some(told) = refused {
            let what = format!("{} was told not_sent, and arrives at the bank", told.exchange.id);
            self.fail(now, Rule::NotSent, what);
        }
        if !matches!(kind.as_str(), "0100/100" | "0600/100" | "0600/300" | "0400/100") {
            return;
        }
        let key = Telegram(frame).get(KEY).to_vec();
        if self.keys.insert((bank, key), frame.to_vec()).is_some_and(|earlier| earlier != frame) {
            let key = Telegram(frame).text(KEY);
            self.fail(now, Rule::Once, format!("{kind} has the trace number and date {key} of an earlier request"));
        }
        let Some(unanswered) = self.unanswered.get_mut(bank) else { return };
        unanswered.push_back((now, frame.to_vec()));
        while unanswered.front().is_some_and(|(since, _)| now.saturating_sub(*since) > INFLIGHT_FOR) {
            unanswered.pop_front();
        }
        let count = unanswered.len();
        if count > INFLIGHT_MAX {
            self.fail(
                now,
                Rule::Contract,
                format!("{count} requests in flight at bank {bank}, the contract has {INFLIGHT_MAX}"),
            );
        }
    }

    /// The gateway cannot know what is in flight, and what the rate counts.
    pub(crate) fn forget_what_was_sent(&mut self) {
        self.unanswered.iter_mut().for_each(VecDeque::clear);
        self.handed.iter_mut().for_each(VecDeque::clear);
    }

    /// A bank does not work on a request any more: it answered, if with nonsense, or said what became of it.
    pub(crate) fn done(&mut self, bank: usize, request: &[u8]) {
        if let Some(unanswered) = self.unanswered.get_mut(bank) {
            unanswered.retain(|(_, other)| other != request);
        }
    }

    /// A bank answered a request.
    pub(crate) fn answered(&mut self, bank: usize, request: &[u8], answer: &[u8]) {
        if let Some(answers) = self.answers.get_mut(bank) {
            answers.insert(answer.to_vec(), request.to_vec());
        }
    }

    /// The request to which an answer belongs, if it arrives as the bank sent it.
    pub(crate) fn answered_request(&self, bank: usize, answer: &[u8]) -> Option<Vec<u8>> {
        self.answers.get(bank)?.get(answer).filter(|_| !self.damaged.contains(answer)).cloned()
    }

    /// An answer was damaged on its way, at this offset.
    pub(crate) fn damaged(&mut self, bank: usize, bytes: &[u8], at: usize) {
        let mut original = bytes.to_vec();
        if let Some(byte) = original.get_mut(at) {
            *byte ^= 1;
        }
        let Some(answers) = self.answers.get_mut(bank) else { return };
        if let Some(request) = answers.get(&original).cloned() {
            answers.insert(bytes.to_vec(), request);
            self.damaged.insert(bytes.to_vec());
        }
    }

    pub(crate) fn flooded(&mut self, count: u64) {
        self.flooded += count;
    }

    /// A reversal arrived with this number of the attempt. Attempts may overtake each other.
    pub(crate) fn reversal(&mut self, now: Duration, bank: usize, key: &[u8], attempt: u64) {
        self.made("a reversal");
        if !self.reversals.insert((bank, key.to_vec(), attempt)) {
            let key = String::from_utf8_lossy(key).into_owned();
            self.fail(now, Rule::Reversal, format!("two reversals of {key} say that they are attempt {attempt}"));
        }
    }

    /// The facts that are durable since now.
    fn stored(&mut self, now: Duration, facts: &[Fact]) {
        self.facts_stored += u64::try_from(facts.len()).unwrap_or(0);
        for fact in facts {
            match fact.what {
                Kind::Sent(_) => *self.permitted.entry(fact.bytes.to_vec()).or_default() += 1,
                Kind::Received(Class::Unmatched | Class::Undecodable | Class::Duplicate | Class::BadFrame) => {
                    self.junk += 1
                }
                _ => {}
            }
            let Some((id, outcome)) = fact.exchange.zip(fact.outcome) else { continue };
            if let Some(earlier) = self.outcomes.insert(id, outcome) {
                let what = format!("{id} ends as {} after {}", outcome.name(), earlier.name());
                self.fail(now, Rule::Final, what);
            }
        }
    }

    /// Junk in the journal stays within its bounds.
    fn bounded(&mut self, now: Duration, lives: u64) {
        let max = JUNK_BURST * lives * 2 + JUNK_PER_S * 2 * now.as_secs();
        if self.junk > max {
            let what = format!("{} telegrams without any use were stored, at most {max} may be", self.junk);
            self.fail(now, Rule::Bounded, what);
        }
    }

    /// A write failed. A disk in trouble is left alone for a while.
    pub(crate) fn write_failed(&mut self, now: Duration) {
        self.made("a failed write");
        self.failed_writes.push_back(now);
        while self.failed_writes.front().is_some_and(|at| *at + Duration::from_secs(1) <= now) {
            self.failed_writes.pop_front();
        }
        let count = self.failed_writes.len();
        if count > FAILED_WRITES_PER_S {
            let what = format!("{count} writes failed within a second, at most {FAILED_WRITES_PER_S} may be tried");
            self.fail(now, Rule::Bounded, what);
        }
    }

    /// The kernel took bytes on a connection.
    fn written(
        &mut self,
        now: Duration,
        bank: usize,
        id: ConnectionId,
        bytes: &[u8],
        counts_rate: bool,
    ) -> Vec<Vec<u8>> {
        let begun = self.begun.entry(id).or_default();
        begun.extend_from_slice(bytes);
        let mut frames = Vec::new();
        while let Some(len) = frame_len(begun) {
            frames.push(begun.drain(..len).collect::<Vec<u8>>());
        }
        for frame in &frames {
            self.made("a frame on the wire");
            let left = self.permitted.entry(frame.clone()).or_default();
            *left -= 1;
            if *left < 0 {
                let what = format!(
                    "{} {} is written and not in the journal",
                    Telegram(frame).kind(),
                    Telegram(frame).text((32, 14))
                );
                self.fail(now, Rule::Wire, what);
            }
            if counts_rate && !Telegram(frame).kind().starts_with("0210") && !is_poll_answer(frame) {
                self.rate(now, bank);
            }
        }
        frames
    }

    fn rate(&mut self, now: Duration, bank: usize) {
        let Some(handed) = self.handed.get_mut(bank) else { return };
        handed.push_back(now);
        while handed.front().is_some_and(|at| *at + RATE_WINDOW <= now) {
            handed.pop_front();
        }
        let count = handed.len();
        if count > RATE_MAX {
            self.fail(
                now,
                Rule::Contract,
                format!("{count} telegrams within a second to bank {bank}, the contract has {RATE_MAX}"),
            );
        }
    }

    /// A caller was told an outcome.
    fn told(&mut self, told: Told) {
        let Told { bank, at, asked, exchange } = &told;
        let id = exchange.id;
        let late = at.saturating_sub(*asked);
        self.made("an outcome");
        if late > ANSWER_TIMEOUT + GRACE {
            self.fail(*at, Rule::Deadline, format!("the caller of {id} waited {late:?}"));
        }
        let Some(outcome) = exchange.outcome else {
            return self.fail(*at, Rule::Final, format!("the caller of {id} was told no outcome"));
        };
        // The recovery of a later process ended it.
        let is_recovered = exchange.reason_code.as_deref() == Some(Unknown::Stopped.code());
        if exchange.journaled && self.outcomes.get(&id) != Some(&outcome) && !is_recovered {
            self.fail(
                *at,
                Rule::Durable,
                format!("the caller of {id} was told {}, which is not durable", outcome.name()),
            );
        }
        if outcome == Outcome::NotSent
            && !exchange.request.is_empty()
            && self.arrived.contains(&(*bank, exchange.request.to_vec()))
        {
            self.fail(*at, Rule::NotSent, format!("{id} was told not_sent, and has arrived at the bank"));
        }
        if let Some(answer) = &exchange.answer {
            self.made("an answer");
            match self.answers.get(*bank).and_then(|answers| answers.get(&*answer.bytes)) {
                Some(request) if **request == *exchange.request => {}
                Some(_) => self.fail(*at, Rule::Correlation, format!("{id} got the answer to another request")),
                None => self.fail(*at, Rule::Correlation, format!("{id} got bytes that are nobody's answer")),
            }
            let other = self.given.insert((*bank, answer.bytes.to_vec()), id).filter(|other| *other != id);
            if let Some(other) = other {
                self.fail(*at, Rule::Correlation, format!("{id} got the same answer as {other}"));
            }
        }
        self.told.push(told);
    }
}

impl World {
    pub(crate) fn stored(&mut self, facts: &[Fact]) {
        let now = self.now;
        self.checks.stored(now, facts);
        facts.iter().for_each(|fact| self.line_stored(fact));
        let lives = self.checks.made.get("a process").copied().unwrap_or(1).max(1);
        self.checks.bounded(now, lives);
    }

    pub(crate) fn written(&mut self, bank: usize, id: ConnectionId, bytes: &[u8]) {
        let counts_rate = !self.is_narrow(bank);
        let now = self.now;
        self.say(format_args!("{} bytes on connection {id}", bytes.len()));
        let frames = self.checks.written(now, bank, id, bytes, counts_rate);
        frames.iter().for_each(|frame| self.line_written(id, frame));
    }

    /// A caller of the gateway was told something, unless the process had died before.
    pub(crate) fn tell(&mut self, asked: Duration, exchange: Exchange) -> bool {
        if !self.effect() {
            return false;
        }
        let at = self.now;
        let bank = usize::from(*exchange.institution != *"bank-0");
        if exchange.passage.is_some() {
            self.count("a request that went on to the other bank");
        }
        self.line_told(&exchange);
        let outcome = exchange.outcome.map(Outcome::name);
        let reason = exchange.reason_code.as_deref().unwrap_or("");
        self.history_outcome(&exchange, outcome, reason);
        self.checks.told(Told { bank, asked, at, exchange });
        true
    }

    fn history_outcome(&mut self, exchange: &Exchange, outcome: Option<&str>, reason: &str) {
        let Exchange { telegram, trace, journaled, .. } = exchange;
        self.say(format_args!("told: {telegram} {trace} {outcome:?} {reason} journaled={journaled}"));
    }

    pub(crate) fn count(&mut self, check: &'static str) {
        self.checks.made(check);
    }

    pub(crate) fn fail(&mut self, rule: Rule, what: String) {
        let now = self.now;
        self.say(format_args!("FAILURE {rule:?}: {what}"));
        self.checks.fail(now, rule, what);
    }
}

/// The longest time that an exchange with a quiet bank takes, and the number of requests within a second that may not wait for their turn.
const QUIET_MAX: Duration = Duration::from_millis(300);
const QUIET_REQUESTS: usize = 10;

impl World {
    /// The second bank has had no trouble of its own, so its callers must not have noticed that of the first one.
    pub(crate) fn isolated(&mut self) {
        if self.troubles_all {
            return;
        }
        let mut told: Vec<_> = self.checks.told.iter().filter(|told| told.bank == 1).cloned().collect();
        told.sort_by_key(|told| told.asked);
        for (number, Told { asked, at, exchange, .. }) in told.iter().enumerate() {
            let before = told.iter().take(number).filter(|other| other.asked + RATE_WINDOW > *asked).count();
            // The lines need a while to come up. What came from the first bank has waited there.
            if *asked < RATE_WINDOW || before >= QUIET_REQUESTS || exchange.passage.is_some() {
                continue;
            }
            self.checks.made("a request to the quiet bank");
            let late = at.saturating_sub(*asked);
            if exchange.outcome != Some(Outcome::Answered) || late > QUIET_MAX {
                let outcome = exchange.outcome.map_or("running", Outcome::name);
                self.fail(Rule::Isolation, format!("{} with the quiet bank is {outcome} after {late:?}", exchange.id));
            }
        }
    }
}
