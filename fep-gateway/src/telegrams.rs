//! The telegrams of one institution: encodes a service's JSON as a request, and classifies received bytes.
//!
//! Callers have **frames**, as they stand on the line and in the journal. Here the telegram is taken out of a frame before it is
//! decoded, and enclosed in a frame after it was encoded.
//!
//! The catalogue is built once from the configuration, which must fit the spec. After that it is pure: callers pass the
//! time and the trace number.

mod stamp;
#[cfg(test)]
mod testing;
mod controls;
mod draft_error;
mod line_spec;
mod fill;
mod beginning;
mod forms;
mod response_code;
mod http;
mod kept;
mod key;
mod demand;
mod marks;
mod notices;
mod owner;
mod answers;
mod passing_on;
mod polls;
mod protocol;
mod repeat;
mod secret_places;
mod sent_here;
mod settlement;
mod typed;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicPtr;
use std::time::Duration;

use fep_codec::layout::Layout;
use fep_codec::view::refresh;
use fep_codec::{Culprit, Error, Fault, Plan, json};
use fep_spec::document::nearest;
use fep_spec::model::Spec;
use serde_json::{Map, Value as Json};

use self::beginning::Beginning;
pub use self::controls::ControlCharacter;
use self::controls::first_control;
pub use self::demand::BusinessKnown;
use self::demand::{BusyCodes, Precedence};
pub use self::draft_error::DraftError;
use self::fill::Filler;
pub use self::forms::RequestForm;
use self::key::KeyFields;
pub use self::line_spec::LineSpec;
use self::marks::Marks;
pub use self::notices::delivery_policy;
use self::owner::OwnerField;
use self::polls::Polls;
use self::repeat::{Repeat, repeats};
pub(crate) use self::response_code::ResponseCode;

use self::secret_places::SecretPlaces;
use self::settlement::Settlements;
pub use self::stamp::Stamp;
use crate::config::{Filling, Framing, InstitutionConfig, ResponseCodes, SessionNotice};
use fep_protocol::calendar::Calendar;
use fep_protocol::terms::{Duty, EncodedRequest, Key, Now};
use fep_protocol::zone::TimeZone;

/// The telegrams of one institution, with the gateway's data about each.
#[derive(Debug)]
pub struct TelegramCatalogue {
    spec: Arc<Spec>,
    framing: Framing,
    entries: Vec<Entry>,
    by_name: HashMap<String, usize>,
    accepted: Vec<(String, String)>,
    trace: Option<String>,
    trace_max: u64,
    zone: TimeZone,
    calendar: Calendar,
    duties: HashMap<Duty, usize>,
    /// The key fields, if they are at the same place in every request, duty and answer. Then the key can be read even if
    /// nothing else can.
    common_key: Option<KeyFields>,
    settlements: Settlements,
    secret_places: SecretPlaces,
    control_characters: BTreeSet<String>,
    busy: BusyCodes,
    codes: ResponseCodes,
    /// Telegrams of the institution that open or stop business.
    signs: Vec<SessionNotice>,
    polls: Option<Polls>,
    /// The requests that a breaker or a rule sends to another institution, with the names of those.
    onward: BTreeMap<String, BTreeSet<String>>,
}

/// One telegram, at the same index as in the spec.
#[derive(Debug)]
struct Entry {
    name: Arc<str>,
    role: Role,
    /// Its layout, looked at once.
    plan: Plan<'static>,
    /// The marks of the telegram. `None` for a file's record without a `when`, which never arrives on a line.
    marks: Option<Marks>,
    key: Option<KeyFields>,
    fillers: Vec<Filler>,
    /// For a request or a duty.
    beginning: Option<Beginning>,
    /// Whether the layout has a check that must be computed again after fields are filled at sending time.
    has_checks: bool,
    answer: Option<usize>,
    answer_timeout: Duration,
    /// For an answer: where it names its gateway.
    owner: Option<OwnerField>,
    /// The fields that the answer must repeat: where they are in the request and in the answer.
    repeats: Vec<Repeat>,
    response_code: Option<ResponseCode>,
    /// For a request.
    precedence: Option<Precedence>,
    /// The derived layout that was last found equal to the spec's layout. It is only compared.
    equal: AtomicPtr<Layout>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Request,
    Duty(Duty),
    Notice,
    Answer,
    Other,
}

/// A service's request that was checked and encoded. Only the trace number, date and time are still missing.
#[derive(Clone)]
pub struct Draft {
    telegram: usize,
    bytes: Vec<u8>,
    /// The indexes of the fillers whose fields are written again when the telegram is sent.
    open: Vec<usize>,
    /// The indexes of the fillers whose fields the service filled itself.
    given: Vec<usize>,
    /// Whether nobody waits for it.
    is_batch: bool,
}

/// Does not show the fields.
impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft").field("telegram", &self.telegram).finish_non_exhaustive()
    }
}

impl TelegramCatalogue {
    /// Creates the catalogue from the spec's telegrams and the configuration.
    ///
    /// # Errors
    /// A text that says where the configuration does not fit the spec.
    pub fn new(config: &InstitutionConfig) -> Result<Self, String> {
        let spec = Arc::clone(&config.spec);
        let by_name: HashMap<_, _> =
            spec.telegrams.iter().enumerate().map(|(number, telegram)| (telegram.name().to_owned(), number)).collect();
        let duties = duties(config, &by_name);
        let mut catalogue = Self {
            entries: Vec::new(),
            by_name,
            accepted: config.session.as_ref().map_or(Vec::new(), |session| session.accepted.clone()),
            trace: config.trace.clone(),
            trace_max: u64::MAX,
            zone: config.zone,
            calendar: config.hours.calendar.clone(),
            duties,
            common_key: None,
            settlements: Settlements::new(config),
            secret_places: SecretPlaces::of(&spec),
            control_characters: config.control_characters.clone(),
            busy: BusyCodes::new(config),
            codes: config.response_codes.clone(),
            signs: config.session.as_ref().map_or(Vec::new(), |session| session.notices.clone()),
            polls: Polls::new(config)?,
            onward: forms::onward(config),
            spec: Arc::clone(&spec),
            framing: config.framing.clone(),
        };
        for telegram in &spec.telegrams {
            let entry = catalogue.entry(config, &telegram.layout, telegram.answer.as_deref())?;
            catalogue.entries.push(entry);
        }
        catalogue.keys_pair()?;
        catalogue.marks_come_back()?;
        catalogue.settlements_fit()?;
        let asked = |entry: &&Entry| matches!(entry.role, Role::Request | Role::Duty(_) | Role::Answer);
        let mut keys = catalogue.entries.iter().filter(asked).map(|entry| entry.key.as_ref());
        let first = keys.next().flatten();
        let is_same = |first: &&KeyFields| keys.all(|key| key.is_some_and(|key| key.is_same(first)));
        catalogue.common_key = first.filter(is_same).cloned();
        Ok(catalogue)
    }

    /// The spec of the institution.
    #[must_use]
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    pub(crate) fn shared_spec(&self) -> Arc<Spec> {
        Arc::clone(&self.spec)
    }

    /// The spec with the framing of the lines, which can show frames as fields.
    #[must_use]
    pub fn line_spec(&self) -> LineSpec<'_> {
        LineSpec::new(&self.spec, &self.framing, &self.codes)
    }

    /// The telegram in a frame.
    #[must_use]
    pub fn telegram<'f>(&self, frame: &'f [u8]) -> &'f [u8] {
        self.framing.telegram(frame)
    }

    /// The highest trace number that fits the trace number field of every request and duty.
    #[must_use]
    pub fn trace_max(&self) -> u64 {
        self.trace_max
    }

    /// Checks a service's fields by encoding the telegram once.
    ///
    /// # Errors
    /// If there is no such request, or the fields do not form one.
    pub fn draft(&self, telegram: &str, fields: &Json, now: Now) -> Result<Draft, DraftError> {
        let (number, _) = self.request_named(telegram)?;
        let draft = self.prepare(number, fields, now).map_err(DraftError::Invalid)?;
        let own = fields.as_object();
        if let Some(found) = own.and_then(|own| first_control(own, &self.control_characters)) {
            return Err(DraftError::ControlCharacter(found));
        }
        self.framing.check(&draft.bytes).map_err(DraftError::NoFrame)?;
        Ok(draft)
    }

    /// Converts a key from the journal of an earlier run to the current form. `answer` is the telegram that the key waits
    /// for.
    #[must_use]
    pub fn recalled_key(&self, answer: &str, key: &Key) -> Key {
        let entry = self.by_name.get(answer).and_then(|number| self.entries.get(*number));
        entry.and_then(|entry| entry.key.as_ref()).map_or_else(|| key.clone(), |fields| fields.modern(key))
    }

    /// The name of the telegram that answers this one.
    #[must_use]
    pub fn answer_name(&self, telegram: &str) -> Option<Arc<str>> {
        let answer = self.named(telegram)?.answer?;
        self.entries.get(answer).map(|entry| Arc::clone(&entry.name))
    }

    /// How long a request with this telegram waits for its answer.
    #[must_use]
    pub fn answer_timeout(&self, telegram: &str) -> Duration {
        self.named(telegram).map_or(Duration::ZERO, |entry| entry.answer_timeout)
    }

    /// The response code in the frame of a telegram, if its layout has a field for it.
    #[must_use]
    pub fn response_code(&self, telegram: &str, frame: &[u8]) -> Option<Box<str>> {
        let code = self.named(telegram)?.response_code.as_ref()?;
        code.read(self.telegram(frame)).map(String::into_boxed_str)
    }

    /// What response codes mean.
    pub(crate) fn response_codes(&self) -> &ResponseCodes {
        &self.codes
    }

    /// The offset of the institution's clock from UTC, in minutes.
    pub(crate) fn zone(&self) -> TimeZone {
        self.zone
    }

    /// The whole number in a field of a telegram at a fixed place, such as an amount, without its decimals.
    pub(crate) fn whole_number(&self, telegram: &str, path: &str, frame: &[u8]) -> Option<u64> {
        let span = self.spec.telegram(telegram)?.layout.span(path)?;
        let value = span.field.read(self.telegram(frame).get(span.range)?).ok()?;
        value.to_text(span.field).split('.').next()?.parse().ok()
    }

    fn named(&self, telegram: &str) -> Option<&Entry> {
        self.entries.get(*self.by_name.get(telegram)?)
    }

    /// Decodes the telegram in a received frame to JSON.
    ///
    /// # Errors
    /// If the bytes are not such a telegram.
    pub fn fields(&self, telegram: &str, frame: &[u8]) -> Result<Json, Error> {
        let entry = self.named(telegram).ok_or_else(|| no_telegram(telegram))?;
        Ok(entry.plan.decode(self.telegram(frame))?.to_json_value())
    }

    /// Converts `(path, value)` pairs to nested JSON.
    #[must_use]
    pub fn nested(pairs: &[(String, String)]) -> Map<String, Json> {
        let mut fields = Map::new();
        for (path, value) in pairs {
            json::put(&mut fields, path, Json::from(value.as_str()));
        }
        fields
    }

    /// The date, time and business date at the institution.
    #[must_use]
    pub fn stamp(&self, now: Now) -> Stamp {
        let business_date = self.calendar.business_date(now.business_ms);
        Stamp::new(now.business_ms, self.zone.offset_minutes(now.business_ms)).on_business_date(business_date)
    }

    fn entry(&mut self, config: &InstitutionConfig, layout: &Layout, answer: Option<&str>) -> Result<Entry, String> {
        let name = layout.name.as_ref();
        let duty =
            self.duties.iter().find(|(_, number)| self.by_name.get(name) == Some(*number)).map(|(duty, _)| *duty);
        let is_answer = config.spec.telegrams.iter().any(|telegram| telegram.answer.as_deref() == Some(name));
        let role = match duty {
            Some(duty) => Role::Duty(duty),
            None if config.notices.contains_key(name) => Role::Notice,
            None if answer.is_some() => Role::Request,
            None if is_answer => Role::Answer,
            None => Role::Other,
        };
        let (paths, kind) = key::paths(config, name, answer);
        let key = KeyFields::new(layout, paths).map(|key| key.of_kind(kind));
        if key.is_none() && role != Role::Other {
            return Err(format!("{name} lacks a field of the key ({})", paths.join(", ")));
        }
        self.answers_fit(config, role, name, answer)?;
        let mut fills = Vec::new();
        let is_ours = matches!(role, Role::Request | Role::Duty(_));
        if is_ours {
            let mark = config.marks.as_ref().and_then(|marks| marks.of.get(&marks.own)).map_or("", String::as_str);
            if let Some(path) = &config.trace {
                let filler = Filler::new(layout, path, &Filling::Trace, mark)?
                    .ok_or_else(|| format!("{name} lacks the field {path} of `trace`"))?;
                self.trace_max = self.trace_max.min(filler.number_max());
                fills.push(filler);
            }
            for fill in &config.fill {
                fills.extend(Filler::new(layout, &fill.path, &fill.with, mark)?);
            }
        }
        Ok(Entry {
            name: name.into(),
            role,
            plan: Plan::owned(layout.clone()),
            marks: (!layout.when.is_empty() || !config.spec.is_record(name)).then(|| Marks::new(layout)),
            key,
            beginning: is_ours
                .then(|| Beginning::new(layout, &fills))
                .transpose()
                .map_err(|error| error.to_string())?,
            fillers: fills,
            has_checks: layout.has_checks(),
            answer: answer.and_then(|answer| self.by_name.get(answer).copied()),
            answer_timeout: answer_timeout(config, name, role),
            owner: if is_answer { OwnerField::new(layout, config)? } else { None },
            repeats: repeats(config, layout, answer),
            response_code: ResponseCode::of(layout, &self.codes),
            precedence: match role {
                Role::Request => Some(Precedence::new(config, layout)?),
                // A notice without a business code is closed with the whole institution.
                Role::Notice => Precedence::new(config, layout).ok(),
                Role::Duty(_) | Role::Answer | Role::Other => None,
            },
            equal: AtomicPtr::default(),
        })
    }

    /// Encodes a request or duty from the given fields, the fillings, and the codes that identify the telegram.
    fn prepare(&self, number: usize, fields: &Json, now: Now) -> Result<Draft, Error> {
        let entry = self.entries.get(number).ok_or_else(|| no_telegram("?"))?;
        let beginning = entry.beginning.as_ref().ok_or_else(|| no_telegram(&entry.name))?;
        let (mut record, mut given) = beginning.record(fields)?;
        let stamp = self.stamp(now);
        let mut open = Vec::with_capacity(entry.fillers.len());
        for (number, filler) in entry.fillers.iter().enumerate().filter(|(_, filler)| filler.is_open()) {
            match filler.put(&mut record, 1, stamp)? {
                true => open.push(number),
                false => given.push(number),
            }
        }
        Ok(Draft { telegram: number, bytes: record.encode()?, open, given, is_batch: false })
    }

    /// The bytes of a draft, with the values that are known only at sending time.
    fn complete(&self, draft: &Draft, trace: u64, now: Now) -> Result<Vec<u8>, Error> {
        let telegram = self.spec.telegrams.get(draft.telegram).ok_or_else(|| no_telegram("?"))?;
        let entry = self.entries.get(draft.telegram).ok_or_else(|| no_telegram("?"))?;
        let mut bytes = draft.bytes.clone();
        let stamp = self.stamp(now);
        for filler in draft.open.iter().filter_map(|number| entry.fillers.get(*number)) {
            filler.patch(&telegram.layout, &mut bytes, trace, stamp)?;
        }
        if entry.has_checks {
            refresh(&telegram.layout, &mut bytes)?;
        }
        Ok(bytes)
    }

    fn wire(&self, draft: &Draft, trace: u64, now: Now) -> Result<EncodedRequest, String> {
        let bytes = self.complete(draft, trace, now).map_err(|error| error.to_string())?;
        let entry = self.entries.get(draft.telegram).ok_or("no such telegram")?;
        let answer = entry.answer.and_then(|answer| self.entries.get(answer)).ok_or("the telegram has no answer")?;
        let fields = entry.key.as_ref().ok_or("the telegram has no key")?;
        let key = fields.of(&bytes).ok_or("the telegram has no key")?;
        let first = || fields.first(&key).to_owned();
        let frame = self.framing.frame(bytes).map_err(|error| error.to_string())?;
        Ok(EncodedRequest {
            telegram: Arc::clone(&entry.name),
            trace: if self.trace.is_some() { trace.to_string() } else { first() },
            bytes: frame.into(),
            key,
            answer: Arc::clone(&answer.name),
            answer_timeout: entry.answer_timeout,
        })
    }

    /// The telegram that these bytes are, as [`Layout::choose`] finds it: if no telegram has these codes and literals, the only one
    /// that has these codes. Its decoding says which literal is wrong.
    fn find(&self, bytes: &[u8]) -> Option<usize> {
        let marks = || self.entries.iter().map(|entry| entry.marks.as_ref());
        let found = marks().position(|marks| marks.is_some_and(|marks| marks.hold(bytes)));
        let mut by_codes = marks().enumerate().filter(|(_, marks)| marks.is_some_and(|marks| marks.codes_hold(bytes)));
        found.or_else(|| match (by_codes.next(), by_codes.next()) {
            (Some((only, _)), None) => Some(only),
            _ => None,
        })
    }
}

fn duties(config: &InstitutionConfig, by_name: &HashMap<String, usize>) -> HashMap<Duty, usize> {
    let Some(session) = &config.session else { return HashMap::new() };
    let named =
        [(Duty::SignOn, &session.sign_on), (Duty::SignOff, &session.sign_off), (Duty::EchoTest, &session.echo_test)];
    let number = |name: &Option<String>| by_name.get(name.as_deref()?).copied();
    named.into_iter().filter_map(|(duty, name)| Some((duty, number(name)?))).collect()
}

fn answer_timeout(config: &InstitutionConfig, name: &str, role: Role) -> Duration {
    match (role, &config.session) {
        (Role::Duty(Duty::EchoTest), Some(session)) => session.echo_timeout,
        (Role::Duty(_), Some(session)) => session.sign_on_timeout,
        _ => config.telegrams.get(name).map_or(config.answer_timeout, |limits| limits.answer_timeout),
    }
}

fn no_telegram(name: &str) -> Error {
    Error::new(Culprit::Spec, Fault::NoSuchTelegram { by: name.into(), near: "".into() })
}

/// Adds a dotted path to an error.
fn within(error: Error, path: &str) -> Error {
    path.rsplit('.').fold(error, |error, name| error.within(name))
}

#[cfg(test)]
mod tests;
