//! What the institution remembers beside its bank: counts, the sequence, answers that inquiries recall. It also fills the values of a `set`.

use std::collections::{BTreeMap, HashMap, VecDeque};

use fep_codec::layout::Kind;
use fep_codec::{Layout, Record, json};
use serde_json::{Map, Value as Json};

use super::bank::{Bank, Ruling};
use super::clock::{Clock, Moment};
use super::kept::{Entry, Kept};
use super::recording::Recording;
use super::rules::{RuleBook, key};
use super::scenario::{Assignment, Remember, Scenario, Setting};

/// The maximum number of remembered requests. The oldest are forgotten first.
const REMEMBERED_MAX: usize = 100_000;

/// The state that all links share.
#[derive(Debug)]
pub(super) struct Memory {
    pub(super) rules: RuleBook,
    pub(super) bank: Option<Bank>,
    pub(super) kept: Kept,
    pub(super) recording: Option<Recording>,
    pub(super) counts: Counts,
    pub(super) clock: Clock,
    /// How often each notice was sent.
    pub(super) notices: Vec<u64>,
    pub(super) answers: u64,
    pub(super) sequence: u64,
    pub(super) remembered: Remembered,
    /// The answers that are held back, if they leave on the send line.
    pub(super) held: Held,
    /// How often the institution signed on on its send line, and whether the last one was answered.
    pub(super) sign_ons: u64,
    pub(super) signed_on: bool,
}

/// What happened since the start. The telegrams of a spec and the words are few, so nothing grows without end.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Received telegrams that could be read, by name.
    pub(super) received: BTreeMap<String, u64>,
    /// Frames that could not be read.
    pub(super) unreadable: u64,
    /// Requests that were ignored because business was not open on their link.
    pub(super) ignored: u64,
    /// What was done with requests, by the word of the action.
    pub(super) actions: BTreeMap<&'static str, u64>,
    /// What the bank decided, by the name of the verdict. A request that came again is `repeated`, one that
    /// was answered from a recording is `replayed`.
    pub(super) verdicts: BTreeMap<&'static str, u64>,
    /// Telegrams that were sent without a request, by name.
    pub(super) unasked: BTreeMap<String, u64>,
}

/// The answers that inquiries recall (`[memory]`).
#[derive(Debug, Default)]
pub(super) struct Remembered {
    answers: HashMap<Vec<String>, Map<String, Json>>,
    /// The keys of `answers`, oldest first.
    order: VecDeque<Vec<String>>,
}

/// Answers that are held back until they leave in one write.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) bytes: Vec<u8>,
    pub(super) count: usize,
}

/// The sources of a telegram's field values.
pub(super) struct Material<'m> {
    pub(super) request: &'m Map<String, Json>,
    pub(super) recalled: Option<&'m Map<String, Json>>,
    pub(super) ruling: Option<&'m Ruling>,
    /// The entry that the telegram is about.
    pub(super) entry: Option<&'m Entry>,
    /// The answer to the request that an inquiry or a reversal is about.
    pub(super) original: Option<&'m Map<String, Json>>,
    pub(super) turn: u64,
    pub(super) now: &'m Moment,
}

impl<'m> Material<'m> {
    /// A request alone.
    pub(super) const fn of(request: &'m Map<String, Json>, now: &'m Moment) -> Self {
        Self { request, recalled: None, ruling: None, entry: None, original: None, turn: 0, now }
    }
}

impl Memory {
    pub(super) fn new(scenario: &Scenario) -> Self {
        Self {
            rules: RuleBook::new(&scenario.rules, scenario.seed),
            bank: scenario.bank.clone().map(Bank::new),
            kept: Kept::new(&scenario.state),
            recording: None,
            counts: Counts::default(),
            clock: Clock::new(scenario.clock, scenario.zone),
            notices: vec![0; scenario.notices.len()],
            answers: 0,
            sequence: scenario.sequence_start,
            remembered: Remembered::default(),
            held: Held::default(),
            sign_ons: 0,
            signed_on: false,
        }
    }

    /// Puts the values of a `set` into the fields of a telegram. A field that the layout does not have is skipped.
    pub(super) fn set(
        &mut self,
        set: &[Assignment],
        layout: &Layout,
        fields: &mut Map<String, Json>,
        material: &Material<'_>,
    ) {
        for assignment in set {
            if Record::new(layout).get(&assignment.path).is_none() {
                continue;
            }
            let value = match assignment.value(material.turn) {
                None => continue,
                Some(Setting::Constant(value)) => value.clone(),
                Some(Setting::Sequence) => {
                    self.sequence += 1;
                    sequence(layout, &assignment.path, self.sequence - 1)
                }
                Some(Setting::Date) => Json::from(material.now.date.as_str()),
                Some(Setting::Time) => Json::from(material.now.time.as_str()),
                Some(Setting::Request(path)) => json::get(material.request, path).cloned().unwrap_or_default(),
                Some(Setting::Recalled(path)) => {
                    material.recalled.and_then(|fields| json::get(fields, path)).cloned().unwrap_or_default()
                }
                Some(Setting::Original(path)) => match material.original.and_then(|fields| json::get(fields, path)) {
                    Some(value) => value.clone(),
                    None => continue,
                },
                Some(Setting::State(name)) => {
                    match material.entry.and_then(|entry| entry.value(name, layout, &assignment.path)) {
                        Some(value) => value,
                        None => continue,
                    }
                }
                Some(Setting::Bank(value)) => {
                    let value = material.ruling.and_then(|ruling| ruling.value(value, layout, &assignment.path));
                    match value {
                        Some(value) => value,
                        None => continue,
                    }
                }
            };
            json::put(fields, &assignment.path, value);
        }
    }
}

impl Counts {
    /// Counts a telegram that was received. Returns how often it came before.
    pub(super) fn receive(&mut self, telegram: &str) -> u64 {
        let count = self.received.entry(telegram.to_owned()).or_default();
        *count += 1;
        *count - 1
    }

    pub(super) fn decide(&mut self, verdict: &'static str) {
        *self.verdicts.entry(verdict).or_default() += 1;
    }
}

impl Remembered {
    /// The answer to the remembered request with this key.
    pub(super) fn recall(&self, key: &[String]) -> Option<Map<String, Json>> {
        self.answers.get(key).cloned()
    }

    /// Remembers the answer, even if it never reaches the gateway: inquiries exist for this case.
    pub(super) fn remember(
        &mut self,
        remember: &Remember,
        telegram: &str,
        request: &Map<String, Json>,
        answer: &Map<String, Json>,
    ) {
        if !remember.telegrams.iter().any(|name| name == telegram) {
            return;
        }
        let key = key(request, &remember.key);
        if self.answers.insert(key.clone(), answer.clone()).is_none() {
            self.order.push_back(key);
        }
        if self.order.len() > REMEMBERED_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.answers.remove(&oldest);
        }
    }
}

impl Held {
    pub(super) fn take(&mut self) -> Vec<u8> {
        self.count = 0;
        std::mem::take(&mut self.bytes)
    }
}

/// A number of `<sequence>` as the field at this path takes it: a number, or digits.
fn sequence(layout: &Layout, path: &str, number: u64) -> Json {
    match layout.span(path).map(|span| (&span.field.kind, span.field.len)) {
        Some((Kind::Digits(rule), len)) if rule.exact => Json::from(format!("{number:0len$}")),
        Some((Kind::Digits(_) | Kind::Text(_), _)) => Json::from(number.to_string()),
        _ => Json::from(number),
    }
}
