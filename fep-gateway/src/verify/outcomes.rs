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

/// The maximum number of requests that wait for their answers, and of monetary requests.
const CASES_MAX: usize = 1_000_000;

/// The maximum number of disagreements that are shown.
const SHOWN_MAX: usize = 100;

/// Follows the requests of a recording.
pub(super) struct Outcomes<'c> {
    catalogue: &'c TelegramCatalogue,
    institution: &'c InstitutionConfig,
    open: HashMap<(Arc<str>, Key, Option<u64>), Case>,
    /// Monetary requests. Their state is certain at the end of the recording.
    cases: Vec<Case>,
    /// Answered inquiries and reversals.
    steps: Vec<Step>,
    counts: BTreeMap<Row, u64>,
    unmatched: u64,
}

/// A request.
struct Case {
    telegram: String,
    place: Place,
    at_ms: Option<i64>,
    frame: Vec<u8>,
    code: Option<Box<str>>,
    state: State,
    is_late: bool,
}

/// An inquiry or a reversal that was answered.
struct Step {
    telegram: String,
    at_ms: Option<i64>,
    request: Vec<u8>,
    answer: Vec<u8>,
}

/// What a row of the result counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Row {
    pub(super) telegram: String,
    /// The response code of the answer. `None`: there was no answer, or it has none.
    pub(super) code: Option<Box<str>>,
    pub(super) state: State,
    /// Whether the answer came after the time-out of the gateway.
    pub(super) is_late: bool,
}

/// What became of all requests.
#[derive(Debug, Default)]
pub(super) struct Concluded {
    pub(super) rows: BTreeMap<Row, u64>,
    /// Answers that no request of the recording waits for.
    pub(super) unmatched: u64,
    /// How many states of the old system were compared.
    pub(super) compared: u64,
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
            counts: BTreeMap::new(),
            unmatched: 0,
        }
    }

    /// Takes a telegram that was sent.
    pub(super) fn sent(
        &mut self,
        telegram: &str,
        (place, at_ms): (Place, Option<i64>),
        connection: Option<u64>,
        frame: &[u8],
    ) -> Result<(), TooMany> {
        let Some((answer, key)) = self.catalogue.awaits(telegram, frame) else { return Ok(()) };
        if self.open.len() + self.cases.len() >= CASES_MAX {
            return Err(TooMany);
        }
        let case = Case {
            telegram: telegram.to_owned(),
            place,
            at_ms,
            frame: frame.to_vec(),
            code: None,
            state: State::Unknown,
            is_late: false,
        };
        // A key that is used again: nothing answers the first request any more.
        if let Some(before) = self.open.insert((answer, key, self.own_connection(connection)), case) {
            self.close(before);
        }
        Ok(())
    }

    /// Takes a telegram that was received.
    pub(super) fn received(&mut self, at_ms: Option<i64>, connection: Option<u64>, frame: &[u8]) {
        let Classified::Answer { telegram: answer, key, .. } = self.catalogue.read(frame) else { return };
        let connection = self.own_connection(connection);
        let Some(mut case) = self.open.remove(&(Arc::clone(&answer), key, connection)) else {
            self.unmatched += u64::from(self.catalogue.answers_a_request(&answer));
            return;
        };
        let took_ms = at_ms.zip(case.at_ms).map(|(at_ms, sent_ms)| at_ms.saturating_sub(sent_ms));
        let took_ms = u128::try_from(took_ms.unwrap_or_default()).unwrap_or_default();
        // Without times, an answer counts as one in time.
        case.is_late = took_ms > self.catalogue.answer_timeout(&case.telegram).as_millis();
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
        if self.is_step(&case.telegram) && self.steps.len() < CASES_MAX {
            let Case { telegram, frame: request, .. } = &case;
            let step = Step { telegram: telegram.clone(), at_ms, request: request.clone(), answer: frame.to_vec() };
            self.steps.push(step);
        }
        self.close(case);
    }

    /// What became of all requests, and where the old system disagrees.
    pub(super) fn conclude(mut self, states: Option<States>) -> Concluded {
        let open = std::mem::take(&mut self.open);
        open.into_values().for_each(|case| self.close(case));
        self.settle();
        let mut concluded = Concluded { unmatched: self.unmatched, ..Concluded::default() };
        let mut states = states;
        for case in &self.cases {
            let row = row(case);
            *self.counts.entry(row).or_default() += 1;
            let Some(states) = states.as_mut() else { continue };
            let layout = self.institution.spec.telegram(&case.telegram).map(|telegram| &telegram.layout);
            let bytes = self.catalogue.telegram(&case.frame);
            let key = layout.and_then(|layout| values(layout, bytes, states.paths()));
            match key.and_then(|key| states.take(&key)) {
                None => concluded.without_state += 1,
                Some(old) => {
                    concluded.compared += 1;
                    if old != case.state {
                        concluded.differing_count += 1;
                        let (place, telegram) = (case.place, case.telegram.clone());
                        concluded.differing.push(Disagreement { place, telegram, old, new: case.state });
                    }
                }
            }
        }
        concluded.differing.sort_by_key(|one| one.place);
        concluded.differing.truncate(SHOWN_MAX);
        concluded.without_request = states.map_or(0, |states| states.len() as u64);
        concluded.rows = self.counts;
        concluded
    }

    /// The connection, if an answer is known by it alone.
    fn own_connection(&self, connection: Option<u64>) -> Option<u64> {
        connection.filter(|_| self.institution.key.is_empty())
    }

    fn close(&mut self, case: Case) {
        if self.catalogue.is_monetary(&case.telegram) {
            self.cases.push(case);
        } else {
            *self.counts.entry(row(&case)).or_default() += 1;
        }
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
            let waiting = self.cases.iter().enumerate().filter(|(_, case)| case.telegram == monetary);
            let waiting = waiting.filter_map(|(at, case)| {
                Some((values(of_request, self.catalogue.telegram(&case.frame), &in_request)?, at))
            });
            let waiting: HashMap<Vec<String>, usize> = waiting.collect();
            for step in steps.iter().filter(|step| step.telegram == name) {
                let key = values(of_step, self.catalogue.telegram(&step.request), &in_step);
                let found = key.and_then(|key| waiting.get(&key)).copied();
                let Some(case) = found.and_then(|at| self.cases.get_mut(at)) else { continue };
                let verdict = self.catalogue.step_verdict(monetary, &case.frame, kind, &step.answer);
                let horizon = self.institution.telegrams.get(monetary).and_then(|own| own.settlement.as_ref());
                let horizon_ms =
                    horizon.map_or(i64::MAX, |own| i64::try_from(own.policy.horizon.as_millis()).unwrap_or(i64::MAX));
                let waited_ms = step.at_ms.zip(case.at_ms).map(|(at_ms, sent_ms)| at_ms.saturating_sub(sent_ms));
                let is_known_there = waited_ms.is_some_and(|waited_ms| waited_ms >= horizon_ms);
                case.state = match (verdict, case.state) {
                    (Verdict::Confirmed, _) => State::Reversed,
                    (Verdict::Done, State::Unknown) => State::Done,
                    (Verdict::NotDone, State::Unknown) => State::NotDone,
                    (Verdict::NotFound, State::Unknown) if is_known_there => State::NotDone,
                    (_, state) => state,
                };
            }
        }
    }
}

fn row(case: &Case) -> Row {
    Row { telegram: case.telegram.clone(), code: case.code.clone(), state: case.state, is_late: case.is_late }
}
