//! The behaviour of the simulated institution as a value: it takes a frame and returns steps. It has no socket and no timer.

use std::iter;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use fep_codec::{Error, Layout, Record, json};
use fep_spec::model::{Spec, TelegramSpec};
use serde_json::{Map, Value as Json};
use tracing::{debug, info, warn};

use super::bank::{Order, Ruling};
use super::chance::Chance;
use super::clock::Moment;
use super::handshakes::Handshakes;
use super::kept::{self, Done};
use super::memory::{Held, Material, Memory};
use super::recording::Recorder;
use super::rules::{Asked, key};
use super::scenario::{Rule, Scenario, ScenarioAction, ScenarioNotice};
use super::{compose, damage};
use crate::passed::Direction;

/// The institution: its spec, its scenario, and the state that all its links share.
#[derive(Debug)]
pub(super) struct SimulatedInstitution {
    pub(super) spec: Spec,
    pub(super) scenario: Scenario,
    pub(super) handshakes: Handshakes,
    memory: Mutex<Memory>,
    started: Instant,
    recorder: OnceLock<Recorder>,
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
    /// Sends these bytes on another link, if there is one.
    SendElsewhere(Vec<u8>),
    /// Sends the answers that are held back.
    Flush,
    /// Closes the link.
    Close,
}

/// A request that needs an answer.
struct Request<'s> {
    telegram: &'s TelegramSpec,
    answer: &'s TelegramSpec,
    fields: Map<String, Json>,
    /// How often this telegram came before.
    count: u64,
    opens: bool,
    closes: bool,
}

/// The telegram of an answer.
struct Made {
    telegram: Vec<u8>,
    /// How long it took when it was recorded.
    after: Option<Duration>,
}

impl From<Vec<u8>> for Made {
    fn from(telegram: Vec<u8>) -> Self {
        Self { telegram, after: None }
    }
}

impl SimulatedInstitution {
    pub(super) fn new(spec: Spec, scenario: Scenario) -> Self {
        let memory = Mutex::new(Memory::new(&scenario));
        let handshakes = Handshakes::new(&scenario);
        Self { spec, scenario, handshakes, memory, started: Instant::now(), recorder: OnceLock::new() }
    }

    /// Records every frame from now on. The first recorder stays.
    pub(super) fn record(&self, recorder: Recorder) {
        let _ = self.recorder.set(recorder);
    }

    /// Notes a frame that crossed a line, if there is a recorder.
    pub(super) fn crossed(&self, direction: Direction, line: &str, frame: &[u8]) {
        let Some(recorder) = self.recorder.get() else { return };
        let telegram = self.spec.choose(self.scenario.framing.telegram(frame)).ok();
        recorder.note(direction, line, telegram.map(TelegramSpec::name), frame);
    }

    /// Handles a frame that arrived on a link. Returns the step to take, or `None` if nothing is to be done.
    pub(super) fn receive(&self, link: &mut LinkMemory, frame: &[u8]) -> Option<Step> {
        if let Some(poll) = &self.scenario.poll {
            let content = self.scenario.framing.telegram(frame);
            if content == poll.request.as_bytes() {
                let answer = self.frame(poll.answer.as_ref()?.as_bytes().to_vec()).ok()?;
                return Some(Step { after: Duration::ZERO, acts: vec![Act::Send(answer)] });
            }
            if poll.answer.as_ref().is_some_and(|answer| content == answer.as_bytes()) {
                return None;
            }
        }
        let request = self.read(link, frame)?;
        let name = request.telegram.name();
        let mut memory = self.memory();
        // One reading for all that one telegram decides and says.
        let now = memory.clock.now();
        self.pass_days(&mut memory, &now);
        let (rule, recalled) = self.rule(&mut memory, &request, &now);
        let action = rule.as_ref().map_or(ScenarioAction::Answer, |rule| rule.action);
        let trace = self.trace(&request.fields);
        *memory.counts.actions.entry(action.name()).or_default() += 1;
        if action == ScenarioAction::Lost {
            info!(telegram = name, ?action, trace, "misbehaves");
            return None;
        }
        let layout = &request.answer.layout;
        let made = self.answer(&mut memory, rule.as_deref(), &request, recalled.as_ref(), &now);
        let recorded = made.as_ref().ok().and_then(|made| made.after).filter(|_| rule.is_none());
        let after = recorded.unwrap_or_else(|| self.delay(rule.as_deref(), name, request.count));
        let acts = match made.and_then(|made| self.acts(&mut memory, link, action, layout, made.telegram)) {
            Ok(acts) => acts,
            Err(error) => {
                warn!(telegram = name, error, "the answer cannot be made");
                return None;
            }
        };
        if action == ScenarioAction::Answer {
            info!(telegram = name, trace, "answers");
            link.open = (link.open || request.opens) && !request.closes;
        } else {
            info!(telegram = name, ?action, trace, "misbehaves");
        }
        acts.map(|acts| acts.into_step(after))
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

    /// The frame of a poll, and how often the institution polls.
    pub(super) fn poll(&self) -> Option<(Vec<u8>, Duration)> {
        let poll = self.scenario.poll.as_ref()?;
        Some((self.frame(poll.request.as_bytes().to_vec()).ok()?, poll.every?))
    }

    /// Makes the frame of a notice that is not one of the scenario.
    pub(super) fn notice_now(&self, notice: &ScenarioNotice) -> Result<Vec<u8>, String> {
        let made = self.unasked(&mut self.memory(), notice, 0);
        made.unwrap_or_else(|| Err(format!("the spec has no telegram {}", notice.telegram)))
    }

    /// Forgets all that happened since the start. Links stay.
    pub(super) fn reset(&self) {
        self.handshakes.reset();
        let mut memory = self.memory();
        let signed_on = memory.signed_on;
        let mut recording = memory.recording.take();
        if let Some(recording) = &mut recording {
            recording.rewind();
        }
        // A gateway that shares the clock sees that it shows the time of the scenario again.
        let clock = memory.clock.clone();
        clock.business().set(self.scenario.clock);
        *memory = Memory { clock, ..Memory::new(&self.scenario) };
        memory.signed_on = signed_on;
        memory.recording = recording;
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
        self.may_send(&self.memory())
    }

    /// The same with its memory.
    pub(super) fn may_send(&self, memory: &Memory) -> bool {
        let needs = self.scenario.send_line.as_ref().is_some_and(|line| line.sign_on.is_some());
        !needs || memory.signed_on
    }

    /// The send line has another connection.
    pub(super) fn send_line_connected(&self) {
        self.memory().signed_on = false;
    }

    /// Takes the answers that are held back for the send line.
    pub(super) fn flush(&self) -> Vec<u8> {
        self.memory().held.take()
    }

    /// The request in a frame, or `None` if the institution has nothing to answer.
    fn read(&self, link: &LinkMemory, frame: &[u8]) -> Option<Request<'_>> {
        let received = self.scenario.framing.telegram(frame);
        let (telegram, fields) = match self.spec.choose(received).and_then(|telegram| {
            Record::decode(&telegram.layout, received).map(|record| (telegram, record.to_json_value()))
        }) {
            Ok((telegram, Json::Object(fields))) => (telegram, fields),
            Ok(_) => return None,
            Err(error) => {
                warn!(%error, bytes = frame.len(), "a frame that cannot be read");
                self.memory().counts.unreadable += 1;
                return None;
            }
        };
        let name = telegram.name();
        let count = self.memory().counts.receive(name);
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
            self.memory().counts.ignored += 1;
            return None;
        }
        Some(Request { telegram, answer, fields, count, opens, closes })
    }

    /// The rule that applies, and the answer that it recalls.
    fn rule(
        &self,
        memory: &mut Memory,
        request: &Request<'_>,
        now: &Moment,
    ) -> (Option<Arc<Rule>>, Option<Map<String, Json>>) {
        let Request { telegram, fields, opens, closes, .. } = request;
        let asked = Asked { telegram: telegram.name(), request: fields, is_session: *opens || *closes, now };
        let Memory { rules, remembered, .. } = memory;
        rules.first(&asked, |paths| remembered.recall(&key(fields, paths)))
    }

    /// The telegram of the answer. The institution remembers it, even if it never reaches the gateway.
    fn answer(
        &self,
        memory: &mut Memory,
        rule: Option<&Rule>,
        request: &Request<'_>,
        recalled: Option<&Map<String, Json>>,
        now: &Moment,
    ) -> Result<Made, String> {
        if let Some(replayed) = self.replayed(memory, rule, request, now) {
            return replayed;
        }
        let order = Order {
            telegram: request.telegram.name(),
            layout: &request.telegram.layout,
            fields: &request.fields,
            is_declined: rule.is_some_and(|rule| rule.action == ScenarioAction::Decline),
            at: self.started.elapsed(),
        };
        let mut ruling = memory.bank.as_mut().and_then(|bank| bank.carry_out(&order));
        if let Some(answer) = ruling.as_mut().and_then(|ruling| ruling.replay.take()) {
            memory.counts.decide("repeated");
            return Ok(answer.into());
        }
        if let Some(ruling) = &ruling {
            memory.counts.decide(ruling.verdict.name());
        }
        let asked = kept::Asked { telegram: order.telegram, layout: order.layout, fields: order.fields };
        let done = if order.is_declined { None } else { memory.kept.carry_out(&asked, now.day()) };
        let layout = &request.answer.layout;
        let original = ruling.as_ref().and_then(|ruling| self.fields_of(ruling.original.as_deref()?));
        let material = Material {
            request: &request.fields,
            recalled,
            ruling: ruling.as_ref(),
            entry: done.as_ref().map(|done| &done.entry),
            original: original.as_ref(),
            turn: memory.answers,
            now,
        };
        memory.answers += 1;
        let mut fields = compose::fields(layout, material.request, material.now);
        let sets = ruling.as_ref().into_iter().flat_map(Ruling::sets);
        for set in iter::once(&*self.scenario.answers.set)
            .chain(sets)
            .chain(done.as_ref().map(Done::set))
            .chain(rule.map(|rule| &*rule.set))
        {
            memory.set(set, layout, &mut fields, &material);
        }
        if let Some(remember) = &self.scenario.memory {
            memory.remembered.remember(remember, request.telegram.name(), &request.fields, &fields);
        }
        let answer = encode(layout, fields).map_err(|error| error.to_string())?;
        if let (Some(bank), Some(key)) = (&mut memory.bank, ruling.and_then(|ruling| ruling.key)) {
            bank.answered(&key, &answer);
        }
        Ok(answer.into())
    }

    /// The answer of the recording, if there is one for such a request. A rule changes its fields.
    fn replayed(
        &self,
        memory: &mut Memory,
        rule: Option<&Rule>,
        request: &Request<'_>,
        now: &Moment,
    ) -> Option<Result<Made, String>> {
        let replay = self.scenario.replay.as_ref()?;
        let recorded = memory.recording.as_mut()?.next(replay, request.telegram.name(), &request.fields)?;
        memory.counts.decide("replayed");
        let layout = &request.answer.layout;
        // Computed fields are computed again.
        let mut fields = compose::fields(layout, &recorded.fields, now);
        if let Some(rule) = rule {
            let turn = memory.answers;
            let request = &request.fields;
            let material = Material { turn, ..Material::of(request, now) };
            memory.set(&rule.set, layout, &mut fields, &material);
        }
        memory.answers += 1;
        let made = encode(layout, fields).map_err(|error| error.to_string());
        Some(made.map(|telegram| Made { telegram, after: replay.timing.then_some(recorded.after) }))
    }

    /// The fields of a telegram of ours.
    fn fields_of(&self, telegram: &[u8]) -> Option<Map<String, Json>> {
        let layout = &self.spec.choose(telegram).ok()?.layout;
        match Record::decode(layout, telegram).ok()?.to_json_value() {
            Json::Object(fields) => Some(fields),
            _ => None,
        }
    }

    fn answers_our_sign_on(&self, name: &str) -> bool {
        let sign_on = self.scenario.send_line.as_ref().and_then(|line| line.sign_on.as_ref());
        let answer = sign_on.and_then(|sign_on| self.spec.telegram(&sign_on.telegram)?.answer.as_deref());
        answer == Some(name)
    }

    /// Makes a telegram that no request asked for.
    fn unasked(&self, memory: &mut Memory, notice: &ScenarioNotice, turn: u64) -> Option<Result<Vec<u8>, String>> {
        let telegram = self.spec.telegram(&notice.telegram)?;
        *memory.counts.unasked.entry(notice.telegram.clone()).or_default() += 1;
        let now = memory.clock.now();
        let mut fields = compose::fields(&telegram.layout, &Map::new(), &now);
        let request = Map::new();
        let material = Material { turn, ..Material::of(&request, &now) };
        memory.set(&notice.set, &telegram.layout, &mut fields, &material);
        let telegram = encode(&telegram.layout, fields).map_err(|error| error.to_string());
        Some(telegram.and_then(|telegram| self.frame(telegram)))
    }

    pub(super) fn frame(&self, telegram: Vec<u8>) -> Result<Vec<u8>, String> {
        self.scenario.framing.frame(telegram).map_err(|error| error.to_string())
    }

    /// How long this answer takes. `count` is how often such a request came before.
    fn delay(&self, rule: Option<&Rule>, telegram: &str, count: u64) -> Duration {
        let delay = rule.and_then(|rule| rule.delay.as_ref()).unwrap_or(&self.scenario.answers.delay);
        delay.one(Chance::new(self.scenario.seed).numbers(&format!("delay of {telegram}"), count))
    }

    /// What is done with an answer. `glued` adds it to those that are held back.
    fn acts(
        &self,
        memory: &mut Memory,
        link: &mut LinkMemory,
        action: ScenarioAction,
        layout: &Layout,
        telegram: Vec<u8>,
    ) -> Result<Option<Acts>, String> {
        let framing = &self.scenario.framing;
        let acts = match action {
            ScenarioAction::Silence | ScenarioAction::Lost => return Ok(None),
            ScenarioAction::Answer | ScenarioAction::Decline | ScenarioAction::Late => {
                vec![Act::Send(self.frame(telegram)?)]
            }
            ScenarioAction::OtherLink => vec![Act::SendElsewhere(self.frame(telegram)?)],
            ScenarioAction::WrongTrace => {
                let telegram = damage::with_wrong_trace(layout, self.scenario.trace.as_deref(), telegram);
                vec![Act::Send(self.frame(telegram)?)]
            }
            ScenarioAction::Duplicate => {
                let frame = self.frame(telegram)?;
                vec![Act::Send(frame.clone()), Act::Send(frame)]
            }
            ScenarioAction::HalfFrame => {
                let frame = self.frame(telegram)?;
                vec![Act::Send(frame.get(..frame.len() / 2).unwrap_or_default().to_vec()), Act::Close]
            }
            ScenarioAction::Disconnect => vec![Act::Close],
            ScenarioAction::Garbage => vec![Act::Send(damage::garbage(framing))],
            ScenarioAction::WrongLength { bytes } => {
                vec![Act::Send(damage::of_other_length(framing, telegram, bytes))]
            }
            ScenarioAction::BadLength => vec![Act::Send(framing.no_frame())],
            ScenarioAction::Glued { hold, hold_max } => {
                let held = if self.scenario.send_line.is_some() { &mut memory.held } else { &mut link.held };
                held.bytes.extend_from_slice(&self.frame(telegram)?);
                held.count += 1;
                return Ok(match held.count {
                    count if count >= hold => Some(Acts::After(Duration::ZERO, vec![Act::Flush])),
                    1 => Some(Acts::After(hold_max, vec![Act::Flush])),
                    _ => None,
                });
            }
        };
        Ok(Some(Acts::Delayed(acts)))
    }

    fn trace(&self, request: &Map<String, Json>) -> String {
        let trace = self.scenario.trace.as_deref().and_then(|trace| json::get(request, trace));
        trace.map(ToString::to_string).unwrap_or_default()
    }

    pub(super) fn memory(&self) -> MutexGuard<'_, Memory> {
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

/// Acts, and when.
enum Acts {
    /// After the delay of the answer.
    Delayed(Vec<Act>),
    /// After this time.
    After(Duration, Vec<Act>),
}

impl Acts {
    fn into_step(self, delay: Duration) -> Step {
        match self {
            Self::Delayed(acts) => Step { after: delay, acts },
            Self::After(after, acts) => Step { after, acts },
        }
    }
}

pub(super) fn encode(layout: &Layout, fields: Map<String, Json>) -> Result<Vec<u8>, Error> {
    Record::from_json_value(layout, &Json::Object(fields))?.encode()
}
