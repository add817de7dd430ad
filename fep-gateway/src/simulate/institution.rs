//! The behaviour of the simulated institution as a value: it takes a frame and returns steps. It has no socket and no timer.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fep_codec::layout::Kind;
use fep_codec::view::patch;
use fep_codec::{Error, Field, Layout, Record, Value, json};
use fep_spec::model::{Spec, TelegramSpec};
use serde_json::{Map, Value as Json};
use tracing::{debug, info, warn};

use super::clock::Moment;
use super::compose;
use super::scenario::{Assignment, Delay, Rule, Scenario, ScenarioAction, ScenarioNotice, Setting};

/// The institution: its spec, its scenario, and the state that all its links share.
#[derive(Debug)]
pub(super) struct SimulatedInstitution {
    pub(super) spec: Spec,
    pub(super) scenario: Scenario,
    memory: Mutex<Memory>,
}

#[derive(Debug)]
struct Memory {
    /// How often the conditions of each rule held.
    matches: Vec<u64>,
    /// How often each notice was sent.
    notices: Vec<u64>,
    answers: u64,
    sequence: u64,
    /// The answers to remembered requests, by key.
    remembered: HashMap<Vec<String>, Map<String, Json>>,
    /// The keys of `remembered`, oldest first.
    order: VecDeque<Vec<String>>,
    /// The state of the random generator for `percent` and `jitter_ms`.
    random: u64,
    /// The answers that are held back, if they leave on the send line.
    held: Held,
    /// How often the institution signed on on its send line, and whether the last one was answered.
    sign_ons: u64,
    signed_on: bool,
}

/// Answers that are held back until they leave in one write.
#[derive(Debug, Default)]
struct Held {
    bytes: Vec<u8>,
    count: usize,
}

/// The state of one link.
#[derive(Debug, Default)]
pub(super) struct LinkMemory {
    /// Whether business is open: a sign-on was answered, and no sign-off since.
    pub(super) open: bool,
    held: Held,
}

/// Acts on a link, after a delay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) after: Duration,
    pub(super) acts: Vec<Act>,
}

/// One act on a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Sends these bytes in one write.
    Send(Vec<u8>),
    /// Sends the answers that are held back.
    Flush,
    /// Closes the link.
    Close,
}

/// The maximum number of remembered requests. The oldest are forgotten first.
const REMEMBERED_MAX: usize = 100_000;

/// The sources of a telegram's field values.
struct Material<'m> {
    request: &'m Map<String, Json>,
    recalled: Option<&'m Map<String, Json>>,
    turn: u64,
    now: &'m Moment,
}

/// The content of a frame that is not a telegram: its length is right, but no telegram has these codes.
const GARBAGE: &[u8] = b"??? this is no telegram ???";

impl SimulatedInstitution {
    pub(super) fn new(spec: Spec, scenario: Scenario) -> Self {
        let memory = Memory {
            matches: vec![0; scenario.rules.len()],
            notices: vec![0; scenario.notices.len()],
            answers: 0,
            sequence: scenario.sequence_start,
            remembered: HashMap::new(),
            order: VecDeque::new(),
            random: scenario.seed,
            held: Held::default(),
            sign_ons: 0,
            signed_on: false,
        };
        Self { spec, scenario, memory: Mutex::new(memory) }
    }

    /// Handles a frame that arrived on a link. Returns the step to take, or `None` if nothing is to be done.
    pub(super) fn receive(&self, link: &mut LinkMemory, frame: &[u8]) -> Option<Step> {
        let received = self.scenario.framing.telegram(frame);
        let (telegram, request) = match self.spec.choose(received).and_then(|telegram| {
            Record::decode(&telegram.layout, received).map(|record| (telegram, record.to_json_value()))
        }) {
            Ok((telegram, Json::Object(request))) => (telegram, request),
            Ok(_) => return None,
            Err(error) => {
                warn!(%error, bytes = frame.len(), "a frame that cannot be read");
                return None;
            }
        };
        let name = telegram.name();
        let Some(answer) = telegram.answer.as_deref().and_then(|answer| self.spec.telegram(answer)) else {
            debug!(telegram = name, "received, needs no answer");
            if self.answers_our_sign_on(name) {
                self.memory().signed_on = true;
            }
            return None;
        };
        let session = self.scenario.session.as_ref();
        let opens = session.is_some_and(|session| session.open == name);
        let closes = session.is_some_and(|session| session.close.as_deref() == Some(name));
        if session.is_some() && !link.open && !opens && !closes {
            warn!(telegram = name, "ignored: business is not open on this link");
            return None;
        }
        let now = Moment::now(self.scenario.utc_offset_minutes);
        let mut memory = self.memory();
        let (rule, recalled) = self.rule(&mut memory, name, &request, opens || closes);
        let material = Material { request: &request, recalled: recalled.as_ref(), turn: memory.answers, now: &now };
        memory.answers += 1;
        let fields = self.answer(&mut memory, rule, answer, &material);
        self.remember(&mut memory, name, &request, &fields);
        let action = rule.map_or(ScenarioAction::Answer, |rule| rule.action);
        let made = encode(&answer.layout, fields).map_err(|error| error.to_string()).and_then(|telegram| {
            let is_wrong = action == ScenarioAction::WrongTrace;
            self.frame(if is_wrong { self.with_wrong_trace(answer, telegram) } else { telegram })
        });
        let step = match made {
            Ok(frame) => self.step(&mut memory, link, rule, frame),
            Err(error) => {
                warn!(telegram = name, error, "the answer cannot be made");
                return None;
            }
        };
        if action == ScenarioAction::Answer {
            info!(telegram = name, trace = self.trace(&request), "answers");
            link.open = (link.open || opens) && !closes;
        } else {
            info!(telegram = name, ?action, trace = self.trace(&request), "misbehaves");
        }
        step
    }

    /// Makes the next frame of the notice with this index, or returns `None` if there is no such notice.
    pub(super) fn notice(&self, number: usize) -> Option<Result<Vec<u8>, String>> {
        let notice = self.scenario.notices.get(number)?;
        let mut memory = self.memory();
        let turn = memory.notices.get_mut(number).map_or(0, |sent| {
            *sent += 1;
            *sent - 1
        });
        self.unasked(&mut memory, notice, turn)
    }

    /// Makes the frame with which the institution signs on on its send line, or returns `None` if it needs not, or did already.
    pub(super) fn sign_on(&self) -> Option<Result<Vec<u8>, String>> {
        let sign_on = self.scenario.send_line.as_ref()?.sign_on.as_ref()?;
        let mut memory = self.memory();
        if memory.signed_on {
            return None;
        }
        memory.sign_ons += 1;
        let turn = memory.sign_ons - 1;
        self.unasked(&mut memory, sign_on, turn)
    }

    /// Whether the institution may send notices on its send line.
    pub(super) fn is_signed_on(&self) -> bool {
        let needs = self.scenario.send_line.as_ref().is_some_and(|line| line.sign_on.is_some());
        !needs || self.memory().signed_on
    }

    /// The send line has another connection.
    pub(super) fn send_line_connected(&self) {
        self.memory().signed_on = false;
    }

    /// Takes the answers that are held back for the send line.
    pub(super) fn flush(&self) -> Vec<u8> {
        self.memory().held.take()
    }

    fn answers_our_sign_on(&self, name: &str) -> bool {
        let sign_on = self.scenario.send_line.as_ref().and_then(|line| line.sign_on.as_ref());
        let answer = sign_on.and_then(|sign_on| self.spec.telegram(&sign_on.telegram)?.answer.as_deref());
        answer == Some(name)
    }

    /// Makes a telegram that no request asked for.
    fn unasked(&self, memory: &mut Memory, notice: &ScenarioNotice, turn: u64) -> Option<Result<Vec<u8>, String>> {
        let telegram = self.spec.telegram(&notice.telegram)?;
        let now = Moment::now(self.scenario.utc_offset_minutes);
        let mut fields = compose::fields(&telegram.layout, &Map::new(), &now);
        let material = Material { request: &Map::new(), recalled: None, turn, now: &now };
        memory.set(&notice.set, &telegram.layout, &mut fields, &material);
        let telegram = encode(&telegram.layout, fields).map_err(|error| error.to_string());
        Some(telegram.and_then(|telegram| self.frame(telegram)))
    }

    fn frame(&self, telegram: Vec<u8>) -> Result<Vec<u8>, String> {
        self.scenario.framing.frame(telegram).map_err(|error| error.to_string())
    }

    /// Turns the frame of an answer into the step that the rule asks for. The action `glued` adds the answer to those that are held back.
    fn step(&self, memory: &mut Memory, link: &mut LinkMemory, rule: Option<&Rule>, bytes: Vec<u8>) -> Option<Step> {
        let after = memory.delay(rule.and_then(|rule| rule.delay).unwrap_or(self.scenario.answers.delay));
        let acts = match rule.map_or(ScenarioAction::Answer, |rule| rule.action) {
            ScenarioAction::Answer | ScenarioAction::Late | ScenarioAction::WrongTrace => vec![Act::Send(bytes)],
            ScenarioAction::Silence => return None,
            ScenarioAction::Duplicate => vec![Act::Send(bytes.clone()), Act::Send(bytes)],
            ScenarioAction::HalfFrame => {
                let half = bytes.get(..bytes.len() / 2).unwrap_or_default().to_vec();
                vec![Act::Send(half), Act::Close]
            }
            ScenarioAction::Disconnect => vec![Act::Close],
            ScenarioAction::Garbage => vec![Act::Send(self.scenario.framing.rubbish(GARBAGE))],
            ScenarioAction::BadLength => vec![Act::Send(self.scenario.framing.no_frame())],
            ScenarioAction::Glued { hold, hold_max } => {
                let held = if self.scenario.send_line.is_some() { &mut memory.held } else { &mut link.held };
                held.bytes.extend_from_slice(&bytes);
                held.count += 1;
                if held.count < hold {
                    return (held.count == 1).then(|| Step { after: hold_max, acts: vec![Act::Flush] });
                }
                return Some(Step { after: Duration::ZERO, acts: vec![Act::Flush] });
            }
        };
        Some(Step { after, acts })
    }

    /// Returns the first rule that applies, and the answer that it recalls. It counts the matches of each rule, so that "every 7th"
    /// means the 7th request that matches the rule.
    fn rule(
        &self,
        memory: &mut Memory,
        telegram: &str,
        request: &Map<String, Json>,
        session: bool,
    ) -> (Option<&Rule>, Option<Map<String, Json>>) {
        for (number, rule) in self.scenario.rules.iter().enumerate() {
            let named = rule.telegram.as_deref().map_or(!session, |name| name == telegram);
            let holds = |(path, wanted): &(String, Vec<Json>)| {
                let found = json::get(request, path).map(compose::text);
                wanted.iter().any(|wanted| Some(compose::text(wanted)) == found)
            };
            if !named || !rule.when.iter().all(holds) {
                continue;
            }
            let recalled = memory.remembered.get(&key(request, &rule.recall)).cloned();
            if !rule.recall.is_empty() && recalled.is_none() {
                continue;
            }
            let matches = memory.matches.get_mut(number).map_or(0, |matches| {
                *matches += 1;
                *matches
            });
            let its_turn = rule.every.is_none_or(|every| matches % every == 0);
            if its_turn && rule.percent.is_none_or(|percent| memory.draw(100) < u64::from(percent)) {
                return (Some(rule), recalled);
            }
        }
        (None, None)
    }

    fn answer(
        &self,
        memory: &mut Memory,
        rule: Option<&Rule>,
        answer: &TelegramSpec,
        material: &Material<'_>,
    ) -> Map<String, Json> {
        let mut fields = compose::fields(&answer.layout, material.request, material.now);
        memory.set(&self.scenario.answers.set, &answer.layout, &mut fields, material);
        if let Some(rule) = rule {
            memory.set(&rule.set, &answer.layout, &mut fields, material);
        }
        fields
    }

    /// Remembers the answer, even if it never reaches the gateway: inquiries exist for this case.
    fn remember(&self, memory: &mut Memory, telegram: &str, request: &Map<String, Json>, answer: &Map<String, Json>) {
        let Some(remember) = &self.scenario.memory else { return };
        if !remember.telegrams.iter().any(|name| name == telegram) {
            return;
        }
        let key = key(request, &remember.key);
        if memory.remembered.insert(key.clone(), answer.clone()).is_none() {
            memory.order.push_back(key);
        }
        if memory.order.len() > REMEMBERED_MAX
            && let Some(oldest) = memory.order.pop_front()
        {
            memory.remembered.remove(&oldest);
        }
    }

    /// Adds five to the first digit of the trace number. No request has the new number, as long as few are in flight.
    fn with_wrong_trace(&self, answer: &TelegramSpec, mut bytes: Vec<u8>) -> Vec<u8> {
        let trace = self.scenario.trace.as_deref().and_then(|path| Some((path, answer.layout.span(path)?)));
        if let Some((path, span)) = trace
            && let Some(wrong) = bytes.get(span.range).and_then(|trace| wrong_trace(span.field, trace))
            && let Err(error) = patch(&answer.layout, &mut bytes, path, &wrong)
        {
            warn!(%error, "the trace number cannot be falsified");
        }
        bytes
    }

    fn trace(&self, request: &Map<String, Json>) -> String {
        let trace = self.scenario.trace.as_deref().and_then(|trace| json::get(request, trace));
        trace.map(ToString::to_string).unwrap_or_default()
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        // The counters are always consistent, even after a panic of another thread.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl LinkMemory {
    /// Takes the answers that are held back.
    pub(super) fn flush(&mut self) -> Vec<u8> {
        self.held.take()
    }
}

impl Held {
    fn take(&mut self) -> Vec<u8> {
        self.count = 0;
        std::mem::take(&mut self.bytes)
    }
}

impl Memory {
    fn set(&mut self, set: &[Assignment], layout: &Layout, fields: &mut Map<String, Json>, material: &Material<'_>) {
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
            };
            json::put(fields, &assignment.path, value);
        }
    }

    fn delay(&mut self, delay: Delay) -> Duration {
        let jitter = u64::try_from(delay.jitter.as_micros()).unwrap_or(u64::MAX);
        delay.base + Duration::from_micros(self.draw(jitter.saturating_add(1)))
    }

    /// Draws a number below `end`, by splitmix64. It is random enough to choose faults, and the same on every machine.
    fn draw(&mut self, end: u64) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end.max(1)
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

/// The trace number with five added to its first digit, or `None` if the field is neither a number nor digits.
fn wrong_trace(field: &Field, bytes: &[u8]) -> Option<Value> {
    match (field.read(bytes).ok()?, &field.kind) {
        (Value::Number(number), Kind::Number(rule)) => {
            let digits = rule.digits(field.len).clamp(1, 18);
            let end = 10_i128.pow(u32::try_from(digits).unwrap_or(18));
            Some(Value::Number((number + end / 2) % end))
        }
        (Value::Text(text), Kind::Digits(_)) => {
            let first = text.chars().next()?.to_digit(10)?;
            Some(Value::Text(format!("{}{}", (first + 5) % 10, text.get(1..)?)))
        }
        _ => None,
    }
}

/// The values of the fields at these paths, as text.
fn key(fields: &Map<String, Json>, paths: &[String]) -> Vec<String> {
    paths.iter().map(|path| json::get(fields, path).map(compose::text).unwrap_or_default()).collect()
}

fn encode(layout: &Layout, fields: Map<String, Json>) -> Result<Vec<u8>, Error> {
    Record::from_json_value(layout, &Json::Object(fields))?.encode()
}
