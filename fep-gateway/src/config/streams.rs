//! `[streams.NAME]`: market data that the gateway receives and hands to several consumers: its feeds, its telegrams, and what consumers may ask for. What
//! is done with it is `crate::streams`.

mod topic;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fep_codec::Record;
use fep_codec::layout::Layout;
use fep_spec::document::{Located, Table, Value};
use fep_spec::model::Spec;
use fep_spec::report::Code;
use fep_stream::{Numbering, Plan, PlanError, ReceiverBuilder, SequenceTerms};
use serde_json::{Value as Json, json};

use self::topic::OfStream;
pub use self::topic::StreamTopicConfig;
use super::Framing;
use super::names::{check_name, ms, telegram};

/// `[streams.NAME]`: one sequence of telegrams, from one feed or from redundant ones.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamConfig {
    /// `label`: the name to show to people. Default: `NAME`.
    pub label: String,
    /// `spec`, required: the spec file, relative to the configuration file.
    pub spec: Arc<Spec>,
    /// `framing`: how a frame encloses its telegram, as for an institution.
    pub framing: Framing,
    /// `skip_to`, a byte in hexadecimal: bytes that are no frame are dropped up to and with the next such byte. Default: the connection is closed
    /// and opened again.
    pub skip_to: Option<u8>,
    /// `telegrams`, required: the telegrams that consumers get.
    pub telegrams: Vec<String>,
    /// `key`: the fields that identify an instrument, in each of these telegrams. Default: none, and all telegrams of a kind are of one instrument.
    pub key: Vec<String>,
    /// `number`: the field of the number of a telegram in the feed. Default: none, and gaps are not noticed.
    pub number: Option<String>,
    /// `numbers_begin_with`, default 1: the number that follows the largest one.
    pub numbers_begin_with: u64,
    /// `heartbeat`: `telegram`, and with `last_sent` the field of the number that was sent last. Default: none.
    pub heartbeat: Option<HeartbeatConfig>,
    /// `ask`: the telegram that asks for missing numbers. Default: they are only waited for.
    pub ask: Option<AskConfig>,
    /// `asks_max`, default 3: how often a gap is asked for.
    pub asks_max: u32,
    /// `ask_every_ms`, default 200: the time between two requests for the same gap.
    pub ask_every: Duration,
    /// `lost_after_ms`, default 1000: how long a gap is waited for.
    pub lost_after: Duration,
    /// `held_max`, default 10000: how many telegrams wait behind a gap.
    pub held_max: usize,
    /// `instruments_max`, default 100000: of how many instruments the last telegram is kept, each kind of telegram counted on its own.
    pub instruments_max: usize,
    /// `silence_max_ms`, default 30000: how long a connection may bring nothing before it is opened again.
    pub silence_max: Duration,
    /// `consumers_max`, default 100: how many consumers there may be at a time.
    pub consumers_max: usize,
    /// `consumers_per_client_max`, default half of `consumers_max`: how many of them one client may be. Without an access file, those who come from one
    /// address are one client.
    pub consumers_per_client_max: usize,
    /// `buffer_events`, default 10000: how many events wait for a consumer that does not say `buffer`.
    pub buffer_events: usize,
    /// `buffer_events_max`, default 100000: the most that a consumer can ask for.
    pub buffer_events_max: usize,
    /// `when_slow`, default `latest`: what happens to a consumer that does not say `when_slow` when its buffer is full.
    pub when_slow: WhenSlow,
    /// `recording`: the file in which all telegrams are kept. Default: none.
    pub recording: Option<RecordingConfig>,
    /// `[[streams.NAME.kafka]]`: the topics to which it goes. Default: none.
    pub topics: Vec<StreamTopicConfig>,
    /// `[[streams.NAME.feeds]]`, required: one feed, or redundant feeds of the same telegrams.
    pub feeds: Vec<FeedConfig>,
}

/// `heartbeat`: a telegram that no consumer gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeartbeatConfig {
    /// `telegram`, required.
    pub telegram: String,
    /// `last_sent`, required: the field of the number that the feed sent last.
    pub last_sent: String,
}

/// `ask`: the telegram that asks for missing numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct AskConfig {
    /// `telegram`, required.
    pub telegram: String,
    /// `first`, required: the field of the first missing number.
    pub first: String,
    /// `last`, required: the field of the last one.
    pub last: String,
    /// `set`: values of other fields. The codes by which the telegram is known need none.
    pub set: Vec<(String, Json)>,
}

/// `recording`: where telegrams are kept. A file that cannot be written stops neither the start nor the stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingConfig {
    /// `file`, required, relative to the configuration file.
    pub file: PathBuf,
    /// `mb_max`, default 1000: how long it may become, in megabytes. Then nothing more is recorded.
    pub bytes_max: u64,
}

/// `[[streams.NAME.feeds]]`: where telegrams come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedConfig {
    /// `name`, required.
    pub name: String,
    /// `connect`, required: host and port.
    pub connect: String,
}

/// What happens to a consumer whose buffer is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenSlow {
    /// It gets the last telegram of each instrument, and goes on from there.
    #[default]
    Latest,
    /// It is told what it missed, and goes on.
    Skip,
    /// Its stream ends.
    Disconnect,
}

impl WhenSlow {
    /// All, with their words in the file and in queries.
    pub const ALL: [(&'static str, Self); 3] =
        [("latest", Self::Latest), ("skip", Self::Skip), ("disconnect", Self::Disconnect)];

    /// The word in the file.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, one)| *one == self).map_or("", |(name, _)| name)
    }
}

impl StreamConfig {
    /// Where each telegram has its instrument and its number.
    ///
    /// # Errors
    /// The first telegram that cannot be read at fixed offsets.
    pub fn plan(&self) -> Result<Plan, PlanError> {
        let mut plan = Plan::builder().numbers_begin_with(self.numbers_begin_with);
        let key: Vec<&str> = self.key.iter().map(String::as_str).collect();
        for layout in self.telegrams.iter().filter_map(|name| self.layout(name)) {
            plan = match &self.number {
                Some(number) => plan.numbered(layout, &key, number),
                None => plan.keyed(layout, &key),
            };
        }
        if let Some(heartbeat) = &self.heartbeat
            && let Some(layout) = self.layout(&heartbeat.telegram)
        {
            plan = plan.heartbeat(layout, &heartbeat.last_sent);
        }
        plan.build()
    }

    /// The limits of the sequence with these numbers.
    #[must_use]
    pub fn terms(&self, numbering: Numbering) -> SequenceTerms {
        SequenceTerms {
            asks_max: self.asks_max,
            ask_every: self.ask_every,
            lost_after: self.lost_after,
            held_max: self.held_max,
            ..SequenceTerms::new(numbering)
        }
    }

    /// The file of the recording, as one path however it is written.
    fn recorded(&self) -> Option<PathBuf> {
        let file = &self.recording.as_ref()?.file;
        // A link to the folder counts as the folder. The file need not be there yet.
        let folder = file.parent().and_then(|folder| folder.canonicalize().ok());
        let whole = folder.zip(file.file_name()).map(|(folder, name)| folder.join(name));
        Some(file.canonicalize().ok().or(whole).unwrap_or_else(|| file.components().collect()))
    }

    /// The frames that ask for these numbers, one behind the other: two if the numbers begin again between the first and the last one, because a
    /// request from a larger number to a smaller one asks for nothing.
    ///
    /// # Errors
    /// The same as those of [`StreamConfig::ask_frame`].
    pub fn ask_frames(&self, ask: &AskConfig, numbering: Numbering, first: u64, last: u64) -> Result<Vec<u8>, String> {
        if first <= last {
            return self.ask_frame(ask, first, last);
        }
        let mut frames = self.ask_frame(ask, first, numbering.last())?;
        frames.extend(self.ask_frame(ask, numbering.first(), last)?);
        Ok(frames)
    }

    /// The frame that asks for these numbers.
    ///
    /// # Errors
    /// If the values do not fit the fields of the telegram.
    pub fn ask_frame(&self, ask: &AskConfig, first: u64, last: u64) -> Result<Vec<u8>, String> {
        let layout = self.layout(&ask.telegram).ok_or("the spec has no such telegram")?;
        let mut record = Record::new(layout);
        let numbers = [(&ask.first, json!(first)), (&ask.last, json!(last))];
        let set = ask.set.iter().map(|(path, value)| (path, value.clone()));
        for (path, value) in set.chain(numbers) {
            record.set_json(path, &value).map_err(|error| error.to_string())?;
        }
        record.identify().map_err(|error| error.to_string())?;
        let bytes = record.encode().map_err(|error| error.to_string())?;
        self.framing.frame(bytes).map_err(|error| error.to_string())
    }

    /// The layout of a telegram of the spec.
    #[must_use]
    pub fn layout(&self, telegram: &str) -> Option<&Layout> {
        self.spec.telegram(telegram).map(|known| &known.layout)
    }
}

/// The most streams, and the most telegrams and fields of a key that a stream has.
const STREAMS_MAX: usize = 100;
const TELEGRAMS_MAX: usize = 1000;

/// The largest buffer of a consumer, in events.
const BUFFER_MAX: usize = 10_000_000;

/// The default limit of a frame, in bytes.
const FRAME_MAX_BYTES: usize = 8192;

/// Reads the table `streams`.
pub(super) fn read(table: Option<Table<'_>>, folder: &Path) -> BTreeMap<String, StreamConfig> {
    let Some(table) = table else { return BTreeMap::new() };
    let entries = table.entries();
    if entries.len() > STREAMS_MAX {
        let message = format!("there are {} streams, {STREAMS_MAX} are allowed", entries.len());
        table.document().error(Code::OutOfRange, table.span(), message);
    }
    let mut streams = BTreeMap::new();
    let mut files = BTreeMap::new();
    for (name, value) in entries {
        check_name(table.document(), &name);
        let Some(own) = value.table() else { continue };
        own.knows(&["label", "spec", "framing", "skip_to", "telegrams", "key", "number", "numbers_begin_with"]);
        own.knows(&["heartbeat", "ask", "asks_max", "ask_every_ms", "lost_after_ms", "held_max", "instruments_max"]);
        own.knows(&[
            "silence_max_ms",
            "consumers_max",
            "consumers_per_client_max",
            "buffer_events",
            "buffer_events_max",
            "when_slow",
        ]);
        own.knows(&["recording", "kafka", "feeds"]);
        let stream = one(name.value, &own, folder);
        if let Some(file) = stream.as_ref().and_then(StreamConfig::recorded) {
            own_file(&own, name.value, file, &mut files);
        }
        streams.extend(stream.map(|one| (name.value.to_owned(), one)));
        own.finish();
    }
    streams
}

/// Reports a recording that another stream writes, too: two writers would leave a file that nobody can read.
fn own_file(table: &Table<'_>, name: &str, file: PathBuf, files: &mut BTreeMap<PathBuf, String>) {
    let Some(other) = files.get(&file) else {
        files.insert(file, name.to_owned());
        return;
    };
    let message = format!("the streams {other} and {name} have the same recording, {}", file.display());
    let span = table.key_span("recording").unwrap_or_else(|| table.span());
    table.document().error_hint(Code::ConflictingKeys, span, message, "give each stream a file of its own");
}

fn one(name: &str, table: &Table<'_>, folder: &Path) -> Option<StreamConfig> {
    let feeds = feeds(table);
    let recording = part(table, "recording", |own| recording(own, folder));
    let buffer_events = table.integer("buffer_events", 1..=BUFFER_MAX).map_or(10_000, |max| max.value);
    let buffer_events_max = table.integer("buffer_events_max", 1..=BUFFER_MAX);
    if let Some(max) = buffer_events_max.as_ref().filter(|max| max.value < buffer_events) {
        let hint = format!("`buffer_events` is {buffer_events}");
        table.document().error_hint(Code::OutOfRange, max.span.clone(), "no consumer could have so few", hint);
    }
    let when_slow = table.choice("when_slow", &WhenSlow::ALL).map(|choice| choice.value).unwrap_or_default();
    let consumers_max = table.integer("consumers_max", 1..=10_000_usize).map_or(100, |max| max.value);
    let of_one = table.integer("consumers_per_client_max", 1..=consumers_max);
    let spec = spec(table, folder)?;
    let telegrams = telegrams(table, &spec);
    let topics = topic::read(table, &OfStream { telegrams: &telegrams, buffer_events, when_slow });
    let framing = Framing::read(table.table("framing"), &spec, FRAME_MAX_BYTES);
    let stream = StreamConfig {
        label: table.string("label").map_or(name, |label| label.value).to_owned(),
        framing,
        skip_to: table.string("skip_to").and_then(|byte| skip_to(table, &byte)),
        telegrams,
        key: texts(table, "key"),
        number: table.string("number").map(|path| path.value.to_owned()),
        numbers_begin_with: table.integer("numbers_begin_with", 0..=1_000_000_u64).map_or(1, |first| first.value),
        heartbeat: part(table, "heartbeat", |own| heartbeat(own, &spec)),
        ask: part(table, "ask", |own| ask(own, &spec)),
        asks_max: table.integer("asks_max", 0..=1000_u32).map_or(3, |max| max.value),
        ask_every: ms(table, "ask_every_ms", 200),
        lost_after: ms(table, "lost_after_ms", 1000),
        held_max: table.integer("held_max", 1..=1_000_000_usize).map_or(10_000, |max| max.value),
        instruments_max: table.integer("instruments_max", 1..=10_000_000_usize).map_or(100_000, |max| max.value),
        silence_max: ms(table, "silence_max_ms", 30_000),
        consumers_max,
        consumers_per_client_max: of_one.map_or(consumers_max.div_ceil(2), |max| max.value),
        buffer_events,
        buffer_events_max: buffer_events_max.map_or(buffer_events.max(100_000), |max| max.value),
        when_slow,
        recording,
        topics,
        feeds,
        spec,
    };
    fits(table, &stream);
    topic::shows_no_secret(table, &stream);
    Some(stream)
}

/// Reads a table of a stream.
fn part<'d, T>(table: &Table<'d>, key: &'d str, read: impl FnOnce(&Table<'d>) -> Option<T>) -> Option<T> {
    let own = table.table(key)?;
    let part = read(&own);
    own.finish();
    part
}

/// Reports what the keys say together and cannot be carried out.
fn fits(table: &Table<'_>, stream: &StreamConfig) {
    let document = table.document();
    let at = |key: &str| table.key_span(key).unwrap_or_else(|| table.span());
    // Telegrams that the spec does not have were reported.
    if stream.telegrams.is_empty() {
        return;
    }
    if let Err(error) = stream.plan() {
        let hint = "the key and the number of a telegram stand at the same place in each telegram of its kind";
        document.error_hint(Code::BadValue, at("telegrams"), error.to_string(), hint);
    }
    for (key, is_there) in [("heartbeat", stream.heartbeat.is_some()), ("ask", stream.ask.is_some())] {
        if is_there && stream.number.is_none() {
            let message = format!("`{key}` has a meaning only beside `number`");
            document.error_hint(Code::ConflictingKeys, at(key), message, "name the field of the number of a telegram");
        }
    }
    if stream.feeds.len() > 1 && stream.number.is_none() {
        let hint = "name the field with `number`, or write a stream for each feed";
        let message = "redundant feeds are merged by the numbers of their telegrams";
        document.error_hint(Code::MissingKey, at("feeds"), message, hint);
    }
    let numbering = stream.plan().ok().and_then(|plan| plan.numbering());
    // Without numbers nothing is asked for, which was reported.
    if let (Some(ask), Some(numbering)) = (&stream.ask, numbering) {
        let tried = [numbering.first(), numbering.last()].map(|number| stream.ask_frame(ask, number, number));
        if let Some(why) = tried.into_iter().find_map(Result::err) {
            let numbers = format!("the numbers {} to {}", numbering.first(), numbering.last());
            let hint = format!("`first` and `last` have room for {numbers}; `set` has what else the telegram needs");
            document.error_hint(Code::BadValue, at("ask"), format!("the request for missing numbers: {why}"), hint);
        }
    }
}

fn spec(table: &Table<'_>, folder: &Path) -> Option<Arc<Spec>> {
    let path = table.required_string("spec")?;
    let hint = "a spec file, relative to this file; `fep check` shows its mistakes in their lines";
    Spec::load(&folder.join(path.value))
        .inspect_err(|error| table.document().error_hint(Code::BadValue, path.span, error.to_string(), hint))
        .ok()
        .map(Arc::new)
}

fn skip_to(table: &Table<'_>, text: &Located<&str>) -> Option<u8> {
    let byte = u8::from_str_radix(text.value, 16).ok().filter(|_| text.value.len() == 2);
    if byte.is_none() {
        let hint = "such as \"ff\": a byte with which frames end, and that no telegram has elsewhere";
        table.document().error_hint(
            Code::BadValue,
            text.span.clone(),
            "`skip_to` must be two hexadecimal digits",
            hint,
        );
    }
    byte
}

/// The texts of a list.
fn texts<'d>(table: &Table<'d>, key: &'d str) -> Vec<String> {
    let values = table.array(key).unwrap_or_default();
    values.into_iter().filter_map(Value::string).map(|text| text.value.to_owned()).collect()
}

fn telegrams(table: &Table<'_>, spec: &Spec) -> Vec<String> {
    let names = table.required("telegrams").and_then(Value::array).unwrap_or_default();
    if names.is_empty() || names.len() > TELEGRAMS_MAX {
        let message = format!("`telegrams` has {} names, it must have 1 to {TELEGRAMS_MAX}", names.len());
        let span = table.key_span("telegrams").unwrap_or_else(|| table.span());
        table.document().error(Code::Empty, span, message);
    }
    let mut known = Vec::new();
    for name in names.into_iter().filter_map(Value::string) {
        if known.iter().any(|known| known == name.value) {
            let message = format!("`{}` stands twice", name.value);
            table.document().error(Code::Duplicate, name.span.clone(), message);
        } else if telegram(table.document(), spec, &name).is_some() {
            known.push(name.value.to_owned());
        }
    }
    known
}

fn heartbeat(table: &Table<'_>, spec: &Spec) -> Option<HeartbeatConfig> {
    let name = table.required_string("telegram");
    let last_sent = table.required_string("last_sent");
    let name = name.filter(|name| telegram(table.document(), spec, name).is_some())?;
    Some(HeartbeatConfig { telegram: name.value.to_owned(), last_sent: last_sent?.value.to_owned() })
}

fn ask(table: &Table<'_>, spec: &Spec) -> Option<AskConfig> {
    table.knows(&["set"]);
    let name = table.required_string("telegram");
    let first = table.required_string("first");
    let last = table.required_string("last");
    let mut set = Vec::new();
    for (path, value) in table.table("set").map_or_else(Vec::new, |set| set.entries()) {
        let value = match value.is_integer() {
            true => value.integer(i64::MIN..=i64::MAX).map(|number| Json::from(number.value)),
            false => value.string().map(|text| Json::from(text.value)),
        };
        set.extend(value.map(|value| (path.value.to_owned(), value)));
    }
    let name = name.filter(|name| telegram(table.document(), spec, name).is_some())?;
    let (first, last) = first.zip(last)?;
    Some(AskConfig { telegram: name.value.to_owned(), first: first.value.to_owned(), last: last.value.to_owned(), set })
}

fn recording(table: &Table<'_>, folder: &Path) -> Option<RecordingConfig> {
    let mb_max = table.integer("mb_max", 1..=10_000_000_u64).map_or(1000, |max| max.value);
    let file = table.required_string("file")?;
    Some(RecordingConfig { file: folder.join(file.value), bytes_max: mb_max.saturating_mul(1_000_000) })
}

fn feeds(table: &Table<'_>) -> Vec<FeedConfig> {
    let Some(values) = table.required("feeds").and_then(Value::array) else { return Vec::new() };
    let document = table.document();
    if values.is_empty() || values.len() > ReceiverBuilder::SOURCES_MAX {
        let message = format!("there are {} feeds, there must be 1 to {}", values.len(), ReceiverBuilder::SOURCES_MAX);
        document.error(Code::OutOfRange, table.key_span("feeds").unwrap_or_default(), message);
    }
    let mut feeds = Vec::new();
    let mut names = BTreeSet::new();
    for table in values.into_iter().filter_map(Value::table) {
        let name = table.required_string("name");
        let connect = table.required_string("connect");
        table.finish();
        let Some((name, connect)) = name.zip(connect) else { continue };
        check_name(document, &name);
        if !names.insert(name.value.to_owned()) {
            document.error(Code::NameTaken, name.span.clone(), format!("there is a feed `{}` already", name.value));
        }
        let host_and_port = connect.value.rsplit_once(':');
        if host_and_port.is_none_or(|(host, port)| host.is_empty() || !port.parse::<u16>().is_ok_and(|port| port > 0)) {
            let message = "`connect` must be a host and a port";
            document.error_hint(Code::BadValue, connect.span, message, "such as 10.0.0.7:9101");
        }
        feeds.push(FeedConfig { name: name.value.to_owned(), connect: connect.value.to_owned() });
    }
    feeds
}

#[cfg(test)]
mod tests;
