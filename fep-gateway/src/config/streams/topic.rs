//! `[[streams.NAME.kafka]]`: a topic of Kafka to which a stream goes. It connects to no broker.

use std::collections::BTreeSet;
use std::time::Duration;

use fep_spec::document::{Located, Table, Value};
use fep_spec::report::Code;

use super::{BUFFER_MAX, StreamConfig, WhenSlow};
use crate::config::events::{brokers, check_topic};
use crate::config::names::ms;

/// `[[streams.NAME.kafka]]`: a topic to which telegrams go. It needs a gateway that was built with the feature `kafka`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamTopicConfig {
    /// `topic`, required.
    pub topic: String,
    /// `brokers`, required: some of the brokers of the cluster, each as host and port. The others are found through them.
    pub brokers: Vec<String>,
    /// `delivery_timeout_ms`, default 10000: how long the cluster may take to store messages durably before there is a note. What it did not confirm
    /// then, and after 5 s at least, is sent again over new connections.
    pub delivery_timeout: Duration,
    /// `telegrams`: only these go there. Default: all of the stream.
    pub telegrams: Option<BTreeSet<String>>,
    /// `every_ms`: at most one telegram of each instrument and kind in this time, the last one. Default: each telegram.
    pub every: Option<Duration>,
    /// `buffer_events`, default that of the stream: how many events wait while the cluster takes nothing or is slow.
    pub buffer_events: usize,
    /// `when_slow`, `latest` or `skip`: what happens when the buffer is full. Default: that of the stream, and `skip` if that is `disconnect`.
    pub when_slow: WhenSlow,
}

/// The most topics of a stream.
const TOPICS_MAX: usize = 8;

/// The longest time between two telegrams of one instrument, in milliseconds.
const EVERY_MAX_MS: u64 = 60_000;

/// What a stream says itself, for its topics.
pub(super) struct OfStream<'s> {
    pub(super) telegrams: &'s [String],
    pub(super) buffer_events: usize,
    pub(super) when_slow: WhenSlow,
}

/// Reads the topics of a stream.
pub(super) fn read(table: &Table<'_>, of: &OfStream<'_>) -> Vec<StreamTopicConfig> {
    let values = table.array("kafka").unwrap_or_default();
    let document = table.document();
    let span = table.key_span("kafka").unwrap_or_default();
    if !values.is_empty() && !cfg!(feature = "kafka") {
        let hint = "build it with `--features kafka`, or leave the table out";
        document.error_hint(Code::UnknownName, span.clone(), "this gateway was built without Kafka", hint);
    }
    if values.len() > TOPICS_MAX {
        let message = format!("there are {} topics, {TOPICS_MAX} are allowed", values.len());
        document.error(Code::OutOfRange, span, message);
    }
    let mut names = BTreeSet::new();
    let mut topics = Vec::new();
    for own in values.into_iter().filter_map(Value::table) {
        let topic = own.required_string("topic");
        if let Some(topic) = &topic {
            check_topic(&own, topic, "fep.quotes");
        }
        let brokers = brokers(&own);
        if let Some(topic) = &topic
            && !names.insert((topic.value, brokers.clone()))
        {
            let message = format!("the stream goes to the topic {} already", topic.value);
            document.error(Code::NameTaken, topic.span.clone(), message);
        }
        topics.push(StreamTopicConfig {
            topic: topic.map_or_else(String::new, |topic| topic.value.to_owned()),
            brokers,
            delivery_timeout: ms(&own, "delivery_timeout_ms", 10_000),
            telegrams: own.array("telegrams").map(|names| telegrams(&own, names, of.telegrams)),
            every: own.integer("every_ms", 1..=EVERY_MAX_MS).map(|every| Duration::from_millis(every.value)),
            buffer_events: own.integer("buffer_events", 1..=BUFFER_MAX).map_or(of.buffer_events, |max| max.value),
            when_slow: when_slow(&own, of.when_slow),
        });
        own.finish();
    }
    topics
}

fn telegrams(table: &Table<'_>, names: Vec<Value<'_>>, known: &[String]) -> BTreeSet<String> {
    if names.is_empty() {
        let span = table.key_span("telegrams").unwrap_or_default();
        table.document().error(Code::Empty, span, "without telegrams nothing goes there: leave the key out for all");
    }
    let mut wanted = BTreeSet::new();
    for name in names.into_iter().filter_map(Value::string) {
        // Without telegrams of the stream, that was reported.
        if !known.is_empty() && !known.iter().any(|known| known == name.value) {
            let message = format!("the stream has no telegram `{}`", name.value);
            let hint = fep_spec::document::instead(name.value, &known.iter().map(String::as_str).collect::<Vec<_>>());
            table.document().error_hint(Code::UnknownName, name.span.clone(), message, hint);
        }
        wanted.insert(name.value.to_owned());
    }
    wanted
}

fn when_slow(table: &Table<'_>, of_stream: WhenSlow) -> WhenSlow {
    let or_skip = |policy| if policy == WhenSlow::Disconnect { WhenSlow::Skip } else { policy };
    let Some(Located { value, span }) = table.choice("when_slow", &WhenSlow::ALL) else { return or_skip(of_stream) };
    if value == WhenSlow::Disconnect {
        let hint = "`skip` says in the topic what it does not have; `latest` goes on with the last telegram of each instrument";
        table.document().error_hint(Code::BadValue, span, "a topic is never disconnected", hint);
    }
    or_skip(value)
}

/// Reports a secret in the key of messages: a key cannot be masked, because equal keys are what keeps the order of an instrument.
pub(super) fn shows_no_secret(table: &Table<'_>, stream: &StreamConfig) {
    if stream.topics.is_empty() {
        return;
    }
    let is_secret = |path: &String| {
        let mut layouts = stream.telegrams.iter().filter_map(|name| stream.layout(name));
        layouts.any(|layout| layout.span(path).is_some_and(|span| span.field.secret))
    };
    let mut all = stream.key.iter().map(|path| ("key", path)).chain(stream.number.iter().map(|path| ("number", path)));
    if let Some((of, path)) = all.find(|(_, path)| is_secret(path)) {
        let message = format!("the field `{path}` of `{of}` is secret, and messages would show it");
        let hint = "choose another field, or leave the topics out";
        table.document().error_hint(Code::ConflictingKeys, table.key_span("kafka").unwrap_or_default(), message, hint);
    }
}
