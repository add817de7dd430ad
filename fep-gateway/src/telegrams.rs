//! One institution's telegrams: a service's JSON becomes a request, received bytes become what they mean.
//!
//! Built once from the configuration, which must fit the spec; then pure: whoever asks brings the time and the number.

mod stamp;
mod fill;
mod key;
mod typed;

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use fep_codec::layout::{Layout, When};
use fep_codec::record::{Record, Value};
use fep_codec::view::{patch, refresh};
use fep_codec::{Culprit, Error, Fault, json};
use fep_spec::document::nearest;
use fep_spec::model::Spec;
use serde_json::{Map, Value as Json};

use self::fill::Filler;
use self::key::KeyFields;
pub use self::stamp::Stamp;
use crate::config::{Filling, Institution};
use crate::exchange::TelegramBytes;
use crate::machine::session::SessionPolicy;
use crate::machine::terms::{Classified, Duty, EncodedRequest, Key, Now, Telegrams};

/// The telegrams of one institution, with what the gateway knows of each.
#[derive(Debug)]
pub struct TelegramCatalogue {
    spec: Arc<Spec>,
    entries: Vec<Entry>,
    by_name: HashMap<String, usize>,
    accepted: Vec<(String, String)>,
    trace: Option<String>,
    trace_max: u64,
    utc_offset_minutes: i32,
    duties: HashMap<Duty, usize>,
    /// The key's fields, if they stand at the same place in every telegram: readable when nothing else is.
    common_key: Option<KeyFields>,
}

/// One telegram, at the same position as in the spec.
#[derive(Debug)]
struct Entry {
    name: Arc<str>,
    role: Role,
    /// The bytes of its codes, [`Layout::matches`] found beforehand; `None` if the bytes of no telegram match.
    when: Option<Vec<(Range<usize>, Vec<u8>)>>,
    key: Option<KeyFields>,
    fillers: Vec<Filler>,
    /// Whether a check covers bytes that are filled when the telegram is sent.
    has_checks: bool,
    answer: Option<usize>,
    answer_timeout: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Request,
    Duty(Duty),
    Notice,
    Answer,
    Other,
}

/// A service's request that was checked and encoded: it lacks only number, date and time.
#[derive(Clone)]
pub struct Draft {
    telegram: usize,
    bytes: Vec<u8>,
    /// The fillings, by their numbers, whose fields are written again when the telegram is sent.
    open: Vec<usize>,
}

/// Never the fields.
impl fmt::Debug for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draft").field("telegram", &self.telegram).finish_non_exhaustive()
    }
}

/// Why a service's fields make no request.
#[derive(Debug)]
pub enum DraftError {
    /// The spec has no such telegram.
    UnknownTelegram {
        /// The one that was probably meant.
        nearest: Option<String>,
    },
    /// The telegram is none that services send.
    NotARequest,
    /// The fields are wrong.
    Invalid(Error),
    /// A derived telegram, or its answer, is not the spec's.
    OtherLayout {
        /// The spec's telegram.
        telegram: String,
        /// The first difference: what the struct has, and what the spec has.
        difference: String,
    },
}

impl TelegramCatalogue {
    /// Learns the spec's telegrams and what the configuration says of them.
    ///
    /// # Errors
    /// Where the configuration does not fit the spec, in words.
    pub fn new(config: &Institution) -> Result<Self, String> {
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
            utc_offset_minutes: config.utc_offset_minutes,
            duties,
            common_key: None,
            spec: Arc::clone(&spec),
        };
        for telegram in &spec.telegrams {
            let entry = catalogue.entry(config, &telegram.layout, telegram.answer.as_deref())?;
            catalogue.entries.push(entry);
        }
        catalogue.keys_pair()?;
        let asked = |entry: &&Entry| matches!(entry.role, Role::Request | Role::Duty(_) | Role::Answer);
        let mut keys = catalogue.entries.iter().filter(asked).map(|entry| entry.key.as_ref());
        let first = keys.next().flatten();
        let is_same = |first: &&KeyFields| keys.all(|key| key.is_some_and(|key| key.is_same(first)));
        catalogue.common_key = first.filter(is_same).cloned();
        Ok(catalogue)
    }

    /// A request's key and its answer's must be comparable.
    fn keys_pair(&self) -> Result<(), String> {
        for entry in self.entries.iter().filter(|entry| matches!(entry.role, Role::Request | Role::Duty(_))) {
            let answer = entry.answer.and_then(|answer| self.entries.get(answer));
            let Some((answer, own, theirs)) =
                answer.and_then(|answer| Some((answer, entry.key.as_ref()?, answer.key.as_ref()?)))
            else {
                continue;
            };
            if let Some((field, other)) = own.unlike(theirs) {
                return Err(format!(
                    "the key field {} is {} in {} and {} in {}, so that no answer would ever fit",
                    field.name,
                    field.kind.value_name(),
                    entry.name,
                    other.kind.value_name(),
                    answer.name
                ));
            }
        }
        Ok(())
    }

    /// The spec.
    #[must_use]
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// The highest trace number that every telegram's field can hold.
    #[must_use]
    pub fn trace_max(&self) -> u64 {
        self.trace_max
    }

    /// What the institution's sessions do.
    #[must_use]
    pub fn policy(&self, config: &Institution) -> SessionPolicy {
        config.session.as_ref().map_or_else(SessionPolicy::default, |session| SessionPolicy {
            sign_on: session.sign_on.is_some(),
            sign_off: session.sign_off.is_some(),
            echo_test: session.echo_test.is_some(),
            echo_interval: session.echo_interval,
            echo_idle: session.echo_idle,
        })
    }

    /// Checks a service's fields, by making the telegram once.
    ///
    /// # Errors
    /// If there is no such request, or the fields make none.
    pub fn draft(&self, telegram: &str, fields: &Json, now: Now) -> Result<Draft, DraftError> {
        let (number, _) = self.request_named(telegram)?;
        self.prepare(number, fields, now).map_err(DraftError::Invalid)
    }

    /// A key as the journal of an earlier run kept it, by the telegram that it waits for.
    #[must_use]
    pub fn recalled_key(&self, answer: &str, key: &Key) -> Key {
        let entry = self.by_name.get(answer).and_then(|number| self.entries.get(*number));
        entry.and_then(|entry| entry.key.as_ref()).map_or_else(|| key.clone(), |fields| fields.modern(key))
    }

    /// A notice's name for telling repetitions: its key.
    #[must_use]
    pub fn notice_key(&self, telegram: &str, bytes: &[u8]) -> Option<Key> {
        let entry = self.entries.get(*self.by_name.get(telegram)?)?;
        entry.key.as_ref()?.of(bytes)
    }

    /// A received telegram's fields as JSON.
    ///
    /// # Errors
    /// If the bytes are no such telegram.
    pub fn fields(&self, telegram: &str, bytes: &[u8]) -> Result<Json, Error> {
        let spec = self.spec.telegram(telegram).ok_or_else(|| no_telegram(telegram))?;
        Ok(Record::decode(&spec.layout, bytes)?.to_json_value())
    }

    /// The answer to a telegram of theirs: its fields, the answer's codes, and `own` over both.
    ///
    /// # Errors
    /// If the fields make no answer.
    pub fn answer(&self, telegram: &str, bytes: &[u8], own: &Map<String, Json>) -> Result<TelegramBytes, Error> {
        let Json::Object(theirs) = self.fields(telegram, bytes)? else { return Err(no_telegram(telegram)) };
        let answer = self.by_name.get(telegram).and_then(|number| self.entries.get(*number)?.answer);
        let layout = answer.and_then(|answer| self.spec.telegrams.get(answer)).map(|answer| &answer.layout);
        let layout = layout.ok_or_else(|| no_telegram(telegram))?;
        let mut fields = layout.common_fields(theirs);
        for when in layout.when.iter() {
            json::put(&mut fields, &when.path, Json::from(&*when.value));
        }
        json::merge(&mut fields, own);
        Ok(Record::from_json_value(layout, &Json::Object(fields))?.encode()?.into())
    }

    /// `(path, value)` pairs as nested JSON.
    #[must_use]
    pub fn nested(pairs: &[(String, String)]) -> Map<String, Json> {
        let mut fields = Map::new();
        for (path, value) in pairs {
            json::put(&mut fields, path, Json::from(value.as_str()));
        }
        fields
    }

    /// The institution's clock.
    #[must_use]
    pub fn stamp(&self, now: Now) -> Stamp {
        Stamp::new(now.wall_ms, self.utc_offset_minutes)
    }

    fn entry(&mut self, config: &Institution, layout: &Layout, answer: Option<&str>) -> Result<Entry, String> {
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
        let key = KeyFields::new(layout, &config.key);
        if key.is_none() && role != Role::Other {
            return Err(format!("{name} lacks a field of the key ({})", config.key.join(", ")));
        }
        self.answers_fit(config, role, name, answer)?;
        let mut fills = Vec::new();
        if matches!(role, Role::Request | Role::Duty(_)) {
            if let Some(path) = &config.trace {
                let filler = Filler::new(layout, path, &Filling::Trace)?
                    .ok_or_else(|| format!("{name} lacks the field {path} of `trace`"))?;
                self.trace_max = self.trace_max.min(filler.number_max());
                fills.push(filler);
            }
            for fill in &config.fill {
                fills.extend(Filler::new(layout, &fill.path, &fill.with)?);
            }
        }
        Ok(Entry {
            name: name.into(),
            role,
            when: codes(layout),
            key,
            fillers: fills,
            has_checks: layout.has_checks(),
            answer: answer.and_then(|answer| self.by_name.get(answer).copied()),
            answer_timeout: answer_timeout(config, name, role),
        })
    }

    /// Our own answers to notices and duties must be able to carry what is configured for them.
    fn answers_fit(&self, config: &Institution, role: Role, name: &str, answer: Option<&str>) -> Result<(), String> {
        let own = match role {
            Role::Notice => config.notices.get(name).map(|notice| &notice.stand_in),
            Role::Duty(_) => Some(&self.accepted),
            Role::Request | Role::Answer | Role::Other => None,
        };
        let Some(answer) = answer.and_then(|answer| self.spec.telegram(answer)) else { return Ok(()) };
        own.into_iter()
            .flatten()
            .try_for_each(|(path, value)| fill::fixed(&answer.layout, path, &Json::from(value.as_str())).map(drop))
    }

    /// A request or duty out of the given fields, then the fillings, then the codes that make it this telegram.
    fn prepare(&self, number: usize, fields: &Json, now: Now) -> Result<Draft, Error> {
        let telegram = self.spec.telegrams.get(number).ok_or_else(|| no_telegram("?"))?;
        let entry = self.entries.get(number).ok_or_else(|| no_telegram("?"))?;
        let mut record = Record::from_json_value(&telegram.layout, fields)?;
        let stamp = self.stamp(now);
        let mut open = Vec::new();
        for (number, filler) in entry.fillers.iter().enumerate() {
            // Any trace number is as long as the one that it will have.
            if filler.put(&mut record, 1, stamp)? && filler.is_open() {
                open.push(number);
            }
        }
        for when in telegram.layout.when.iter() {
            match record.field(&when.path) {
                Some((field, value)) if !matches!(value, Value::Absent) && value.to_text(field) != when.value => {
                    return Err(within(Error::new(Culprit::Caller, Fault::NotTheLiteral), &when.path));
                }
                _ => record.set(&when.path, Value::Text(when.value.clone().into_owned()))?,
            }
        }
        Ok(Draft { telegram: number, bytes: record.encode()?, open })
    }

    /// A draft's bytes with what is known only now.
    fn complete(&self, draft: &Draft, trace: u64, now: Now) -> Result<Vec<u8>, Error> {
        let telegram = self.spec.telegrams.get(draft.telegram).ok_or_else(|| no_telegram("?"))?;
        let entry = self.entries.get(draft.telegram).ok_or_else(|| no_telegram("?"))?;
        let mut bytes = draft.bytes.clone();
        let stamp = self.stamp(now);
        for filler in draft.open.iter().filter_map(|number| entry.fillers.get(*number)) {
            patch(&telegram.layout, &mut bytes, filler.path(), &filler.value(trace, stamp)?)?;
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
        let key = entry.key.as_ref().and_then(|key| key.of(&bytes)).ok_or("the telegram has no key")?;
        let first = || key.fields().next().unwrap_or_default().to_owned();
        Ok(EncodedRequest {
            telegram: Arc::clone(&entry.name),
            trace: if self.trace.is_some() { trace.to_string() } else { first() },
            bytes: bytes.into(),
            key,
            answer: Arc::clone(&answer.name),
            answer_timeout: entry.answer_timeout,
        })
    }

    /// Why an answer to a duty is not a yes.
    fn refused(&self, record: &Record<'_>) -> Option<String> {
        self.accepted.iter().find_map(|(path, value)| {
            let (field, found) = record.field(path)?;
            let found = found.to_text(field);
            let shown = if field.secret { "another" } else { &found };
            (found != *value).then(|| format!("{path} is {shown}, not {value}"))
        })
    }

    fn find(&self, bytes: &[u8]) -> Option<usize> {
        let holds = |(range, code): &(Range<usize>, Vec<u8>)| bytes.get(range.clone()) == Some(code);
        self.entries.iter().position(|entry| entry.when.as_ref().is_some_and(|when| when.iter().all(holds)))
    }
}

impl Telegrams for TelegramCatalogue {
    type Draft = Draft;

    fn request(&self, draft: &Draft, trace: u64, now: Now) -> Result<EncodedRequest, String> {
        self.wire(draft, trace, now)
    }

    fn duty(&self, duty: Duty, trace: u64, now: Now) -> Result<EncodedRequest, String> {
        let number = self.duties.get(&duty).copied().ok_or("no telegram is configured")?;
        let draft = self.prepare(number, &Json::Object(Map::new()), now).map_err(|error| error.to_string())?;
        self.wire(&draft, trace, now)
    }

    fn accept(&self, duty: Duty, theirs: &[u8]) -> Result<TelegramBytes, String> {
        let number = self.duties.get(&duty).copied().ok_or("no telegram is configured")?;
        let name = self.entries.get(number).map(|entry| Arc::clone(&entry.name)).ok_or("no such telegram")?;
        self.answer(&name, theirs, &Self::nested(&self.accepted)).map_err(|error| error.to_string())
    }

    fn read(&self, bytes: &[u8]) -> Classified {
        let undecodable = |error: &Error, key: Option<&KeyFields>| Classified::Undecodable {
            key: key.and_then(|key| key.of(bytes)),
            why: error.to_string(),
        };
        let found =
            self.find(bytes).and_then(|number| Some((self.spec.telegrams.get(number)?, self.entries.get(number)?)));
        let Some((telegram, entry)) = found else {
            let layouts: Vec<_> = self.spec.telegrams.iter().map(|telegram| &telegram.layout).collect();
            // It may be an answer whose codes are damaged.
            return undecodable(&Layout::no_match(&layouts, bytes), self.common_key.as_ref());
        };
        let record = match Record::decode(&telegram.layout, bytes) {
            Ok(record) => record,
            // Their own numbers may equal ours: only an answer's key names something of ours.
            Err(error) => return undecodable(&error, entry.key.as_ref().filter(|_| entry.role == Role::Answer)),
        };
        let name = Arc::clone(&entry.name);
        match entry.role {
            Role::Duty(duty) => Classified::Duty(duty),
            Role::Notice => Classified::Notice { telegram: name },
            Role::Request | Role::Other => Classified::Unexpected { telegram: name },
            Role::Answer => match entry.key.as_ref().and_then(|key| key.of(bytes)) {
                Some(key) => Classified::Answer { telegram: name, key, refused: self.refused(&record) },
                None => Classified::Unexpected { telegram: name },
            },
        }
    }

    fn day(&self, now: Now) -> i64 {
        self.stamp(now).day
    }
}

fn duties(config: &Institution, by_name: &HashMap<String, usize>) -> HashMap<Duty, usize> {
    let Some(session) = &config.session else { return HashMap::new() };
    let named =
        [(Duty::SignOn, &session.sign_on), (Duty::SignOff, &session.sign_off), (Duty::EchoTest, &session.echo_test)];
    let number = |name: &Option<String>| by_name.get(name.as_deref()?).copied();
    named.into_iter().filter_map(|(duty, name)| Some((duty, number(name)?))).collect()
}

fn answer_timeout(config: &Institution, name: &str, role: Role) -> Duration {
    match (role, &config.session) {
        (Role::Duty(Duty::EchoTest), Some(session)) => session.echo_timeout,
        (Role::Duty(_), Some(session)) => session.sign_on_timeout,
        _ => config.telegrams.get(name).map_or(config.answer_timeout, |limits| limits.answer_timeout),
    }
}

/// The bytes by which a telegram of this layout is known.
fn codes(layout: &Layout) -> Option<Vec<(Range<usize>, Vec<u8>)>> {
    let code = |when: &When| {
        let span = layout.span(&when.path)?;
        Some((span.range, span.field.kind.code_bytes(&when.value, span.field.len)?))
    };
    layout.when.iter().map(code).collect::<Option<Vec<_>>>().filter(|codes| !codes.is_empty())
}

fn no_telegram(name: &str) -> Error {
    Error::new(Culprit::Spec, Fault::NoSuchTelegram { by: name.into() })
}

/// Puts a dotted path in front of an error.
fn within(error: Error, path: &str) -> Error {
    path.rsplit('.').fold(error, |error, name| error.within(name))
}

#[cfg(test)]
mod tests;
