//! What the gateway would say became of recorded requests: its own rules for answers, settlement, inquiries and reversals, applied to what the
//! institution answered the old system. Nothing is sent and nothing is stored.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use fep_protocol::settlement::{StepKind, Verdict};
use fep_protocol::terms::{Classified, Key, Telegrams as _};

use super::recording::Place;
use super::states::{State, States, values};
use crate::config::{InstitutionConfig, StepField, StepValue};
use crate::telegrams::TelegramCatalogue;

/// The maximum number of requests that are followed, and of answered inquiries and reversals.
const CASES_MAX: usize = 1_000_000;

/// The maximum number of bytes of the frames that are kept.
const FRAMES_MAX_BYTES: usize = 1 << 30;

/// The maximum number of different results. Further ones are counted without their code.
const ROWS_MAX: usize = 1000;

/// The maximum number of disagreements that are shown.
const SHOWN_MAX: usize = 100;

/// Follows the requests of a recording.
pub(super) struct Outcomes<'c> {
    catalogue: &'c TelegramCatalogue,
    institution: &'c InstitutionConfig,
    open: HashMap<(Arc<str>, Key, Option<String>), Case>,
    /// Monetary requests. Their state is certain at the end of the recording.
    cases: Vec<Case>,
    /// Answered inquiries and reversals.
    steps: Vec<Step>,
    concluded: Concluded,
    kept_bytes: usize,
}

/// A request, which can have been sent more than once.
struct Case {
    telegram: String,
    place: Place,
    at_ms: Option<i64>,
    frame: Vec<u8>,
    code: Option<Box<str>>,
    state: State,
    answered: Answered,
}

/// An inquiry or a reversal that was answered.
struct Step {
    telegram: String,
    /// When it was sent.
    at_ms: Option<i64>,
    request: Vec<u8>,
    answer: Vec<u8>,
}

/// Whether the institution answered a request itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Answered {
    /// Before the time-out of the gateway, or the recording has no times.
    InTime,
    /// After it.
    Late,
    /// There is no answer in the recording.
    Never,
}

/// What a row of the result counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    pub(super) telegram: String,
    /// The response code of the answer. `None`: there was no answer, or it has none.
    pub(super) code: Option<Box<str>>,
    pub(super) state: State,
    pub(super) answered: Answered,
}

/// What became of all requests.
#[derive(Debug, Default)]
pub(super) struct Concluded {
    pub(super) rows: BTreeMap<Row, u64>,
    /// Answers that no request of the recording waits for.
    pub(super) unmatched: u64,
    /// Requests that were sent again while nothing had answered them.
    pub(super) sent_again: u64,
    /// How many states of the old system were compared. `None` if it says none.
    pub(super) compared: Option<u64>,
    /// The first disagreements.
    pub(super) differing: Vec<Disagreement>,
    /// How many there are.
    pub(super) differing_count: u64,
    /// Monetary requests of the recording whose state the old system does not say.
    pub(super) without_state: u64,
    /// States of requests that the recording does not have.
    pub(super) without_request: u64,
}

/// A request about which the old system says something else.
#[derive(Clone, Debug)]
pub(super) struct Disagreement {
    pub(super) place: Place,
    pub(super) telegram: String,
    pub(super) old: State,
    pub(super) new: State,
}

/// The recording has more than can be followed.
#[derive(Debug)]
pub(super) struct TooMany;

impl<'c> Outcomes<'c> {
    pub(super) fn new(catalogue: &'c TelegramCatalogue, institution: &'c InstitutionConfig) -> Self {
        Self {
            catalogue,
            institution,
            open: HashMap::new(),
            cases: Vec::new(),
            steps: Vec::new(),
            concluded: Concluded::default(),
            kept_bytes: 0,
        }
    }

    /// Takes a telegram that was sent.
    pub(super) fn sent(
        &mut self,
        telegram: &str,
        (place, at_ms): (Place, Option<i64>),
        connection: Option<String>,
        frame: &[u8],
    ) -> Result<(), TooMany> {
        let Some((answer, key)) = self.catalogue.awaits(telegram, frame) else { return Ok(()) };
        self.keep(frame)?;
        let case = Case {
            telegram: telegram.to_owned(),
            place,
            at_ms,
            frame: frame.to_vec(),
            code: None,
            state: State::Unknown,
            answered: Answered::Never,
        };
        let entry = (answer, key, self.own_connection(connection));
        if let Some(before) = self.open.remove(&entry) {
            if self.is_again(&before, frame) {
                // One request, sent once more: whatever answers it answers both.
                self.concluded.sent_again += 1;
                self.open.insert(entry, before);
                return Ok(());
            }
            self.close(before);
        }
        self.open.insert(entry, case);
        Ok(())
    }

    /// Takes a telegram that was received.
    pub(super) fn received(
        &mut self,
        at_ms: Option<i64>,
        connection: Option<String>,
        frame: &[u8],
    ) -> Result<(), TooMany> {
        let Classified::Answer { telegram: answer, key, .. } = self.catalogue.read(frame) else { return Ok(()) };
        let connection = self.own_connection(connection);
        let Some(mut case) = self.open.remove(&(Arc::clone(&answer), key, connection)) else {
            self.concluded.unmatched += u64::from(self.catalogue.answers_a_request(&answer));
            return Ok(());
        };
        let took_ms = at_ms.zip(case.at_ms).map(|(at_ms, sent_ms)| at_ms.saturating_sub(sent_ms));
        let took_ms = u128::try_from(took_ms.unwrap_or_default()).unwrap_or_default();
        let is_late = took_ms > self.catalogue.answer_timeout(&case.telegram).as_millis();
        case.answered = if is_late { Answered::Late } else { Answered::InTime };
        case.code = self.catalogue.response_code(&answer, frame);
        let is_contradiction = self.catalogue.contradiction(&case.frame, &answer, frame).is_some();
        case.state = match self.catalogue.is_monetary(&case.telegram) {
            _ if is_contradiction => State::Unknown,
            false => State::Answered,
            true => match self.catalogue.late_verdict(&case.telegram, &case.frame, frame) {
                Verdict::Done => State::Done,
                Verdict::NotDone => State::NotDone,
                _ => State::Unknown,
            },
        };
        // A step whose answer is late or about something else decides nothing here, as in the gateway.
        if self.is_step(&case.telegram) && !is_contradiction && !is_late {
            self.keep(frame)?;
            let Case { telegram, frame: request, at_ms, .. } = &case;
            let step =
                Step { telegram: telegram.clone(), at_ms: *at_ms, request: request.clone(), answer: frame.to_vec() };
            self.steps.push(step);
        }
        self.close(case);
        Ok(())
    }

    /// What became of all requests, and where the old system disagrees.
    pub(super) fn conclude(mut self, states: Option<States>) -> Concluded {
        let mut open: Vec<Case> = std::mem::take(&mut self.open).into_values().collect();
        open.sort_by_key(|case| case.place);
        open.into_iter().for_each(|case| self.close(case));
        self.cases.sort_by_key(|case| case.place);
        self.settle();
        for case in std::mem::take(&mut self.cases) {
            self.count(&case);
            self.cases.push(case);
        }
        if let Some(states) = states {
            self.compare(states);
        }
        self.concluded
    }

    /// Compares the states of the old system with ours.
    fn compare(&mut self, mut states: States) {
        let mut by_key: BTreeMap<Vec<String>, Vec<&Case>> = BTreeMap::new();
        for case in &self.cases {
            let layout = self.institution.spec.telegram(&case.telegram).map(|telegram| &telegram.layout);
            let bytes = self.catalogue.telegram(&case.frame);
            match layout.and_then(|layout| values(layout, bytes, states.paths())) {
                Some(key) => by_key.entry(key).or_default().push(case),
                None => self.concluded.without_state += 1,
            }
        }
        let mut compared = 0;
        for (key, cases) in by_key {
            let Some((first, old)) = cases.first().zip(states.take(&key)) else {
                self.concluded.without_state += cases.len() as u64;
                continue;
            };
            compared += 1;
            let new = together(&cases);
            if old != new {
                self.concluded.differing_count += 1;
                let telegram = first.telegram.clone();
                self.concluded.differing.push(Disagreement { place: first.place, telegram, old, new });
            }
        }
        self.concluded.differing.sort_by_key(|one| one.place);
        self.concluded.differing.truncate(SHOWN_MAX);
        self.concluded.compared = Some(compared);
        self.concluded.without_request = states.len() as u64;
    }

    /// Makes room for a frame.
    fn keep(&mut self, frame: &[u8]) -> Result<(), TooMany> {
        self.kept_bytes = self.kept_bytes.saturating_add(frame.len());
        let is_full = self.open.len() + self.cases.len() + self.steps.len() >= CASES_MAX;
        if is_full || self.kept_bytes > FRAMES_MAX_BYTES { Err(TooMany) } else { Ok(()) }
    }

    /// Whether a frame is a request once more: a service would say the same to have it sent.
    fn is_again(&self, before: &Case, frame: &[u8]) -> bool {
        let said = |frame: &[u8]| self.catalogue.said_by_service(&before.telegram, frame).ok();
        before.frame == frame || said(&before.frame).is_some_and(|said_before| said(frame) == Some(said_before))
    }

    /// The connection, if an answer is known by it alone.
    fn own_connection(&self, connection: Option<String>) -> Option<String> {
        connection.filter(|_| self.institution.key.is_empty())
    }

    fn close(&mut self, case: Case) {
        if self.catalogue.is_monetary(&case.telegram) {
            self.cases.push(case);
        } else {
            self.count(&case);
        }
    }

    fn count(&mut self, case: &Case) {
        let rows = &mut self.concluded.rows;
        let Case { telegram, code, state, answered, .. } = case;
        let mut row = Row { telegram: telegram.clone(), code: code.clone(), state: *state, answered: *answered };
        if rows.len() >= ROWS_MAX && !rows.contains_key(&row) {
            row.code = None;
        }
        *rows.entry(row).or_default() += 1;
    }

    /// Whether a telegram is the inquiry or the reversal of a settlement.
    fn is_step(&self, telegram: &str) -> bool {
        self.step_kinds().any(|(_, _, name, _)| name == telegram)
    }

    /// The inquiries and reversals of all settlements: the monetary telegram, the kind, the telegram of the step, and its fields.
    fn step_kinds(&self) -> impl Iterator<Item = (&'c str, StepKind, &'c str, &'c [StepField])> + use<'c> {
        let telegrams = &self.institution.telegrams;
        telegrams.iter().filter_map(|(name, limits)| Some((name, limits.settlement.as_ref()?))).flat_map(
            |(name, own)| {
                let inquiry = own.inquiry.as_ref().map(|one| (StepKind::Inquiry, &one.telegram));
                let reversal = own.reversal.as_ref().map(|one| (StepKind::Reversal, &one.telegram));
                let steps = [inquiry, reversal].into_iter().flatten();
                steps.map(|(kind, step)| (name.as_str(), kind, step.name.as_str(), step.fields.as_slice()))
            },
        )
    }

    /// Applies the recorded inquiries and reversals to the requests that they are about.
    fn settle(&mut self) {
        let kinds: Vec<_> = self.step_kinds().collect();
        let steps = std::mem::take(&mut self.steps);
        for (monetary, kind, name, fields) in kinds {
            let pairs = fields.iter().filter_map(|field| match &field.with {
                StepValue::Request(path) => Some((field.path.clone(), path.clone())),
                StepValue::Fixed(_) | StepValue::Attempt => None,
            });
            let (in_step, in_request): (Vec<String>, Vec<String>) = pairs.unzip();
            let layout = |name: &str| self.institution.spec.telegram(name).map(|telegram| &telegram.layout);
            let Some((of_request, of_step)) = layout(monetary).zip(layout(name)) else { continue };
            let mut waiting: HashMap<Vec<String>, Vec<usize>> = HashMap::new();
            for (at, case) in self.cases.iter().enumerate().filter(|(_, case)| case.telegram == monetary) {
                let key = values(of_request, self.catalogue.telegram(&case.frame), &in_request);
                key.into_iter().for_each(|key| waiting.entry(key).or_default().push(at));
            }
            for step in steps.iter().filter(|step| step.telegram == name) {
                let key = values(of_step, self.catalogue.telegram(&step.request), &in_step);
                // A step that could be about several requests decides about none.
                let Some([at]) = key.and_then(|key| waiting.get(&key)).map(Vec::as_slice) else { continue };
                let Some(case) = self.cases.get(*at) else { continue };
                let verdict = self.catalogue.step_verdict(monetary, &case.frame, kind, &step.answer);
                let state = self.settled(case, step, verdict);
                if let Some(case) = self.cases.get_mut(*at) {
                    case.state = state;
                }
            }
        }
    }

    /// The state of a request after an answered step.
    fn settled(&self, case: &Case, step: &Step, verdict: Verdict) -> State {
        let own = self.institution.telegrams.get(&case.telegram).and_then(|limits| limits.settlement.as_ref());
        let horizon = own.map(|own| own.policy.horizon.as_millis()).and_then(|ms| i64::try_from(ms).ok());
        // The gateway counts from the request to the begin of the step.
        let waited_ms = step.at_ms.zip(case.at_ms).map(|(at_ms, sent_ms)| at_ms.saturating_sub(sent_ms));
        let is_known_there = waited_ms.zip(horizon).is_some_and(|(waited_ms, horizon)| waited_ms >= horizon);
        match (verdict, case.state) {
            (Verdict::Confirmed, _) => State::Reversed,
            (Verdict::Done, State::Unknown) => State::Done,
            (Verdict::NotDone, State::Unknown) => State::NotDone,
            (Verdict::NotFound, State::Unknown) if is_known_there => State::NotDone,
            (_, state) => state,
        }
    }
}

/// The state of requests that the old system takes for one: that of those whose state is known, if they agree.
fn together(cases: &[&Case]) -> State {
    let mut known: Vec<State> = cases.iter().map(|case| case.state).filter(|state| *state != State::Unknown).collect();
    known.dedup();
    match known.as_slice() {
        [only] => *only,
        _ => State::Unknown,
    }
}
