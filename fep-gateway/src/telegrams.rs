//! One institution's telegrams: a service's JSON becomes a request, received bytes become what they mean.
//!
//! Built once from the configuration, which must fit the spec; then pure: whoever asks brings the time and the number.

mod fill;
mod stamp;

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use fep_codec::layout::{Item, Layout};
use fep_codec::record::{Record, Value};
use fep_codec::{Culprit, Error, Fault};
use fep_spec::document::nearest;
use fep_spec::model::Spec;
use serde_json::{Map, Value as Json};

use self::fill::Filler;
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
    /// The key's bytes, if they stand at the same place in every telegram: readable when nothing else is.
    common_key: Option<Vec<Range<usize>>>,
}

/// One telegram, at the same position as in the spec.
#[derive(Debug)]
struct Entry {
    name: Arc<str>,
    role: Role,
    when: Vec<(Range<usize>, Vec<u8>)>,
    key: Option<Vec<Range<usize>>>,
    fillers: Vec<Filler>,
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

/// A service's request that was checked: it lacks only number, date and time.
#[derive(Clone)]
pub struct Draft {
    telegram: usize,
    fields: Json,
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
        let asked = |entry: &&Entry| matches!(entry.role, Role::Request | Role::Duty(_) | Role::Answer);
        let mut keys = catalogue.entries.iter().filter(asked).map(|entry| entry.key.as_ref());
        catalogue.common_key = keys.next().flatten().filter(|first| keys.all(|key| key == Some(*first))).cloned();
        Ok(catalogue)
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
        let Some(number) = self.by_name.get(telegram).copied() else {
            let nearest = nearest(telegram, self.by_name.keys().map(String::as_str)).map(str::to_owned);
            return Err(DraftError::UnknownTelegram { nearest });
        };
        if self.entries.get(number).is_none_or(|entry| entry.role != Role::Request) {
            return Err(DraftError::NotARequest);
        }
        let draft = Draft { telegram: number, fields: fields.clone() };
        self.encode(number, &draft.fields, 1, now).map_err(DraftError::Invalid)?;
        Ok(draft)
    }

    /// A notice's name for telling repetitions: its key.
    #[must_use]
    pub fn notice_key(&self, telegram: &str, bytes: &[u8]) -> Option<Key> {
        let entry = self.entries.get(*self.by_name.get(telegram)?)?;
        key_at(entry.key.as_ref()?, bytes)
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
        let theirs = self.fields(telegram, bytes)?;
        let answer = self.by_name.get(telegram).and_then(|number| self.entries.get(*number)?.answer);
        let layout = answer.and_then(|answer| self.spec.telegrams.get(answer)).map(|answer| &answer.layout);
        let layout = layout.ok_or_else(|| no_telegram(telegram))?;
        let mut fields = common_fields(layout, theirs);
        for when in layout.when.iter() {
            put_path(&mut fields, &when.path, Json::from(&*when.value));
        }
        merge(&mut fields, &Json::Object(own.clone()));
        Ok(Record::from_json_value(layout, &fields)?.encode()?.into())
    }

    /// `(path, value)` pairs as nested JSON.
    #[must_use]
    pub fn nested(pairs: &[(String, String)]) -> Map<String, Json> {
        let mut fields = Json::Object(Map::new());
        for (path, value) in pairs {
            put_path(&mut fields, path, Json::from(value.as_str()));
        }
        match fields {
            Json::Object(map) => map,
            _ => Map::new(),
        }
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
        let ranges: Option<Vec<_>> = config.key.iter().map(|path| Some(layout.span(path)?.range)).collect();
        if ranges.is_none() && role != Role::Other {
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
        let when = layout
            .when
            .iter()
            .filter_map(|when| Some((layout.span(&when.path)?.range, when.value.as_bytes().to_vec())));
        Ok(Entry {
            name: name.into(),
            role,
            when: when.collect(),
            key: ranges,
            fillers: fills,
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

    /// A request's or duty's bytes: the given fields, then the fillings, then the codes that make it this telegram.
    fn encode(&self, number: usize, fields: &Json, trace: u64, now: Now) -> Result<Vec<u8>, Error> {
        let telegram = self.spec.telegrams.get(number).ok_or_else(|| no_telegram("?"))?;
        let entry = self.entries.get(number).ok_or_else(|| no_telegram("?"))?;
        let mut record = Record::from_json_value(&telegram.layout, fields)?;
        let stamp = self.stamp(now);
        for filler in &entry.fillers {
            filler.put(&mut record, trace, stamp)?;
        }
        for when in telegram.layout.when.iter() {
            match record.field(&when.path) {
                Some((field, value)) if !matches!(value, Value::Absent) && value.to_text(field) != when.value => {
                    return Err(within(Error::new(Culprit::Caller, Fault::NotTheLiteral), &when.path));
                }
                _ => record.set(&when.path, Value::Text(when.value.clone().into_owned()))?,
            }
        }
        record.encode()
    }

    fn wire(&self, number: usize, fields: &Json, trace: u64, now: Now) -> Result<EncodedRequest, String> {
        let bytes = self.encode(number, fields, trace, now).map_err(|error| error.to_string())?;
        let entry = self.entries.get(number).ok_or("no such telegram")?;
        let answer = entry.answer.and_then(|answer| self.entries.get(answer)).ok_or("the telegram has no answer")?;
        let key = entry.key.as_ref().and_then(|key| key_at(key, &bytes)).ok_or("the telegram has no key")?;
        Ok(EncodedRequest {
            telegram: Arc::clone(&entry.name),
            trace: if self.trace.is_some() { trace.to_string() } else { key.fields().next().unwrap_or_default() },
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
        self.entries.iter().position(|entry| {
            let holds = |(range, value): &(Range<usize>, Vec<u8>)| {
                let field = bytes.get(range.clone()).and_then(|field| field.strip_prefix(value.as_slice()));
                field.is_some_and(|rest| rest.iter().all(|byte| *byte == b' '))
            };
            !entry.when.is_empty() && entry.when.iter().all(holds)
        })
    }
}

impl Telegrams for TelegramCatalogue {
    type Draft = Draft;

    fn request(&self, draft: &Draft, trace: u64, now: Now) -> Result<EncodedRequest, String> {
        self.wire(draft.telegram, &draft.fields, trace, now)
    }

    fn duty(&self, duty: Duty, trace: u64, now: Now) -> Result<EncodedRequest, String> {
        let number = self.duties.get(&duty).copied().ok_or("no telegram is configured")?;
        self.wire(number, &Json::Object(Map::new()), trace, now)
    }

    fn accept(&self, duty: Duty, theirs: &[u8]) -> Result<TelegramBytes, String> {
        let number = self.duties.get(&duty).copied().ok_or("no telegram is configured")?;
        let name = self.entries.get(number).map(|entry| Arc::clone(&entry.name)).ok_or("no such telegram")?;
        self.answer(&name, theirs, &Self::nested(&self.accepted)).map_err(|error| error.to_string())
    }

    fn read(&self, bytes: &[u8]) -> Classified {
        let undecodable = |error: &Error, ranges: Option<&Vec<Range<usize>>>| {
            let key = ranges.and_then(|ranges| key_at(ranges, bytes));
            Classified::Undecodable { key, why: error.to_string() }
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
            Role::Answer => match entry.key.as_ref().and_then(|ranges| key_at(ranges, bytes)) {
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

fn key_at(ranges: &[Range<usize>], bytes: &[u8]) -> Option<Key> {
    let fields: Option<Vec<_>> = ranges.iter().map(|range| bytes.get(range.clone())).collect();
    fields.map(Key::new)
}

fn no_telegram(name: &str) -> Error {
    Error::new(Culprit::Spec, Fault::NoSuchTelegram { by: name.into() })
}

/// Puts a dotted path in front of an error.
fn within(error: Error, path: &str) -> Error {
    path.rsplit('.').fold(error, |error, name| error.within(name))
}

fn put_path(fields: &mut Json, path: &str, value: Json) {
    let (head, rest) = path.split_once('.').map_or((path, None), |(head, rest)| (head, Some(rest)));
    let Json::Object(map) = fields else { return };
    match rest {
        None => {
            map.insert(head.to_owned(), value);
        }
        Some(rest) => put_path(map.entry(head).or_insert_with(|| Json::Object(Map::new())), rest, value),
    }
}

/// What the layout has and does not compute by itself.
fn common_fields(layout: &Layout, fields: Json) -> Json {
    let Json::Object(map) = fields else { return fields };
    let kept = map.into_iter().filter_map(|(name, value)| match layout.item(&name)?.1 {
        Item::Field(field) if !field.is_given() => None,
        Item::Part(part) => Some((name, common_fields(&part.layout, value))),
        _ => Some((name, value)),
    });
    Json::Object(kept.collect())
}

/// Lays `over` onto `fields`; objects are merged, everything else is replaced.
fn merge(fields: &mut Json, over: &Json) {
    match (fields, over) {
        (Json::Object(fields), Json::Object(over)) => {
            for (name, value) in over {
                merge(fields.entry(name.clone()).or_insert(Json::Null), value);
            }
        }
        (fields, over) => *fields = over.clone(),
    }
}

#[cfg(test)]
mod tests;
