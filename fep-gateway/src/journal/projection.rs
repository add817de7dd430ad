//! What the facts of one exchange say together. Pure: it reads no file and writes none.

use std::borrow::Cow;
use std::sync::Arc;

use fep_protocol::exchange::{Answer, Exchange, ExchangeId, Flags, Money, Outcome, RequestId, SettledBy};
use fep_protocol::fact::{Class, Fact, SentClass, What};
use fep_protocol::reason::JournalError;
use fep_protocol::settlement::SettlementFact;

use super::store::FactNumber;

/// One exchange, by the numbers of its facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Projected {
    pub(super) id: ExchangeId,
    pub(super) institution: Arc<str>,
    pub(super) telegram: Arc<str>,
    pub(super) trace: Option<Box<str>>,
    /// The caller's name for its request.
    pub(super) request_id: Option<RequestId>,
    /// The code of the reason why there is no answer.
    pub(super) reason_code: Option<Cow<'static, str>>,
    /// The response code of the answer.
    pub(super) code: Option<Box<str>>,
    pub(super) outcome: Option<Outcome>,
    pub(super) settled_by: Option<SettledBy>,
    pub(super) money: Option<Money>,
    /// Whether there is a settlement.
    pub(super) has_case: bool,
    pub(super) flags: Flags,
    pub(super) ended_at_ms: Option<i64>,
    pub(super) request: Option<FactNumber>,
    pub(super) ending: Option<FactNumber>,
    pub(super) answer: Option<FactNumber>,
    pub(super) others: Vec<FactNumber>,
}

/// The maximum number of further facts that one exchange lists. An institution can repeat an answer without end.
const OTHERS_MAX: usize = 64;

impl Projected {
    pub(super) fn new(id: ExchangeId) -> Self {
        Self {
            id,
            institution: "".into(),
            telegram: "".into(),
            trace: None,
            request_id: None,
            reason_code: None,
            code: None,
            outcome: None,
            settled_by: None,
            money: None,
            has_case: false,
            flags: Flags::default(),
            ended_at_ms: None,
            request: None,
            ending: None,
            answer: None,
            others: Vec::new(),
        }
    }

    /// Adds a fact of this exchange. Facts are added in their order.
    pub(super) fn add(&mut self, number: FactNumber, fact: &Fact) {
        if self.institution.is_empty() {
            self.institution = fact.institution.clone();
        }
        if let Some(outcome) = fact.outcome.filter(|_| self.outcome.is_none()) {
            self.outcome = Some(outcome);
            self.ended_at_ms = Some(fact.at_ms);
            self.ending = Some(number);
            self.reason_code = fact.reason.as_ref().map(|reason| reason.code.clone());
        }
        if let Some(caller) = fact.caller.as_ref().filter(|_| self.request_id.is_none()) {
            self.request_id.clone_from(&caller.request_id);
        }
        match fact.what {
            What::Sent(SentClass::Request) => {
                self.request = Some(number);
                self.trace.clone_from(&fact.trace);
                self.named(fact);
            }
            What::Outcome if self.ending == Some(number) => self.named(fact),
            What::Received(Class::Answer) if self.ending == Some(number) => self.answered(number, fact),
            What::Received(Class::Late) if self.outcome == Some(Outcome::Unknown) && self.answer.is_none() => {
                // If there is a settlement, it decides what the late answer settles.
                if !self.has_case {
                    self.settled_by = Some(SettledBy::LateAnswer);
                }
                self.answered(number, fact);
            }
            What::Settlement => {
                if let Some(fact) = &fact.settlement {
                    self.settlement(fact);
                }
                self.other(number);
            }
            What::Received(Class::Conflicting) => {
                let contradicts = fact.reason.as_ref().is_some_and(|reason| reason.code == "contradicting");
                self.flags.contradicting |= contradicts;
                self.flags.conflicting |= !contradicts;
                self.other(number);
            }
            _ => self.other(number),
        }
    }

    fn answered(&mut self, number: FactNumber, fact: &Fact) {
        self.answer = Some(number);
        self.code.clone_from(&fact.code);
    }

    /// Adds a fact of the settlement.
    fn settlement(&mut self, fact: &SettlementFact) {
        match fact {
            SettlementFact::Opened { .. } => self.has_case = true,
            SettlementFact::Settled { by, money } => {
                self.settled_by = Some(*by);
                self.money = Some(*money);
                self.flags.dead_letter = false;
                self.flags.disputed &= *by != SettledBy::Person;
            }
            SettlementFact::DeadLettered { .. } => self.flags.dead_letter = true,
            SettlementFact::Flagged { .. } => self.flags.disputed = true,
            // A person doubts what settled it.
            SettlementFact::Asked { .. } if self.settled_by.is_some() => {
                self.settled_by = None;
                self.money = None;
                self.flags.dead_letter = true;
            }
            _ => {}
        }
    }

    /// Only a request and the ending of an exchange without one name its telegram: an answer has another name.
    fn named(&mut self, fact: &Fact) {
        if let Some(telegram) = fact.telegram.as_ref().filter(|_| self.telegram.is_empty()) {
            self.telegram = telegram.clone();
        }
    }

    /// The numbers of all facts, in their order.
    pub(super) fn facts(&self) -> Vec<FactNumber> {
        let mut numbers: Vec<_> = [self.request, self.ending, self.answer].into_iter().flatten().collect();
        numbers.extend(&self.others);
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    fn other(&mut self, number: FactNumber) {
        if self.others.len() < OTHERS_MAX {
            self.others.push(number);
        }
    }
}

/// Fetches the bytes of an exchange.
pub(super) fn exchange(
    row: Projected,
    get: impl Fn(FactNumber) -> Result<Option<Fact>, JournalError>,
) -> Result<Exchange, JournalError> {
    let fact = |number: Option<FactNumber>| number.map(&get).transpose().map(Option::flatten);
    let request = fact(row.request)?;
    let ending = fact(row.ending)?;
    let answer = if row.answer == row.ending { ending.clone() } else { fact(row.answer)? };
    let answer = answer.filter(|_| row.answer.is_some());
    let line = request.as_ref().and_then(|fact| fact.line.clone());
    let stand_in = ending.as_ref().filter(|fact| fact.what == What::Outcome && !fact.bytes.is_empty());
    let stand_in = stand_in.map(|fact| fact.bytes.clone());
    let passage = [&ending, &request].into_iter().find_map(|fact| fact.as_ref()?.passage.as_deref().cloned());
    let caller = [&request, &ending].into_iter().find_map(|fact| fact.as_ref()?.caller.clone());
    let reason = ending.and_then(|fact| fact.reason);
    Ok(Exchange {
        id: row.id,
        institution: row.institution,
        telegram: row.telegram,
        outcome: row.outcome,
        settled_by: row.settled_by,
        money: row.money,
        flags: row.flags,
        trace: row.trace.map(String::from).unwrap_or_default(),
        reason: reason.as_ref().map(|reason| reason.sentence.to_string()),
        reason_code: reason.map(|reason| reason.code.into_owned()).filter(|code| !code.is_empty()),
        line,
        request: request.map(|fact| fact.bytes).unwrap_or_default(),
        answer: answer.map(|fact| Answer { telegram: fact.telegram.unwrap_or_else(|| "".into()), bytes: fact.bytes }),
        stand_in,
        passage,
        caller,
        accepted_at_ms: row.id.accepted_at_ms(),
        ended_at_ms: row.ended_at_ms,
        journaled: true,
    })
}
