//! `[requests]`: from which topics requests come, and where their results go. It connects to none.

use std::collections::BTreeSet;
use std::time::Duration;

use fep_spec::document::{Located, Table, Value};
use fep_spec::report::Code;

use super::events::{ClusterConfig, EventsConfig, check_topic, clusters};
use super::names::{check_name, ms};

/// `[requests]`: requests that come from Kafka. It needs a gateway that was built with the feature `kafka`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestsConfig {
    /// `topic`, required: the topic with requests.
    pub topic: String,
    /// `group`, required: the consumer group.
    pub group: String,
    /// `caller`, required: the client under whose name requests run. With an access file, it is one of its clients.
    pub caller: String,
    /// `results`, required: the topic of results.
    pub results: String,
    /// `dead_letters`, required: the topic of messages that cannot be read, are refused, or were tried too often.
    pub dead_letters: String,
    /// `[[requests.retries]]`, default none: the topics from which messages are tried again, each once, in this order. They belong to this
    /// gateway alone.
    pub retries: Vec<RetryTopic>,
    /// `in_flight_max`, default 64: how many messages of a cluster run at the same time.
    pub in_flight_max: usize,
    /// `only_member`, default false: whether this gateway is the only one in the group. Then it makes no claims, which some brokers do not keep.
    pub is_only_member: bool,
    /// `session_timeout_ms`, default 10000: how long the group waits for a member that is silent before others get its partitions.
    pub session_timeout: Duration,
    /// `alarm_after_ms`, default 60000: how long requests may not be taken until a note at `/readyz` says so.
    pub alarm_after: Duration,
    /// `[[requests.clusters]]`, required: the clusters. Requests are taken from all of them; a result goes where its request was.
    pub clusters: Vec<ClusterConfig>,
}

/// `[[requests.retries]]`: a topic for later attempts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryTopic {
    /// `topic`, required.
    pub topic: String,
    /// `delay_ms`, default 60000: how long a message waits in it.
    pub delay: Duration,
}

impl RequestsConfig {
    /// The topics that are read: that of requests, then those of retries.
    #[must_use]
    pub fn topics(&self) -> Vec<String> {
        let retries = self.retries.iter().map(|retry| &retry.topic);
        [&self.topic].into_iter().chain(retries).cloned().collect()
    }
}

/// The maximum number of retry topics.
const RETRIES_MAX: usize = 16;

/// The maximum number of messages at the same time.
const IN_FLIGHT_MAX: usize = 10_000;

/// Reads the table, if there is one.
pub(super) fn read(table: Option<Table<'_>>, events: Option<&EventsConfig>) -> Option<RequestsConfig> {
    let table = table?;
    table.knows(&[
        "topic",
        "group",
        "caller",
        "results",
        "dead_letters",
        "retries",
        "in_flight_max",
        "only_member",
        "session_timeout_ms",
        "alarm_after_ms",
        "clusters",
    ]);
    if !cfg!(feature = "kafka") {
        let hint = "build it with `--features kafka`, or leave the table out";
        table.document().error_hint(Code::UnknownName, table.span(), "this gateway was built without Kafka", hint);
    }
    let mut topics: BTreeSet<String> = events.map(|events| events.topic.clone()).into_iter().collect();
    let topic = topic(&table, "topic", "fep.requests", &mut topics);
    let results = self::topic(&table, "results", "fep.results", &mut topics);
    let dead_letters = self::topic(&table, "dead_letters", "fep.requests.dead", &mut topics);
    let config = RequestsConfig {
        group: named(&table, "group"),
        caller: named(&table, "caller"),
        retries: retries(&table, &mut topics),
        topic,
        results,
        dead_letters,
        in_flight_max: table.integer("in_flight_max", 1..=IN_FLIGHT_MAX).map_or(64, |max| max.value),
        is_only_member: table.boolean("only_member").is_some_and(|only| only.value),
        session_timeout: ms(&table, "session_timeout_ms", 10_000),
        alarm_after: ms(&table, "alarm_after_ms", 60_000),
        clusters: clusters(&table, "requests"),
    };
    table.finish();
    Some(config)
}

fn named(table: &Table<'_>, key: &'static str) -> String {
    let name = table.required_string(key);
    name.iter().for_each(|name| check_name(table.document(), name));
    name.map_or_else(String::new, |name| name.value.to_owned())
}

/// Reads a topic. A topic that is used twice would feed the gateway with what it writes.
fn topic(table: &Table<'_>, key: &'static str, example: &str, topics: &mut BTreeSet<String>) -> String {
    let Some(topic) = table.required_string(key) else { return String::new() };
    check_topic(table, &topic, example);
    distinct(table, &topic, topics);
    topic.value.to_owned()
}

fn distinct(table: &Table<'_>, topic: &Located<&str>, topics: &mut BTreeSet<String>) {
    if !topics.insert(topic.value.to_owned()) {
        let message = format!("the topic {:?} is used twice", topic.value);
        let hint = "requests, results, retries, dead letters and events have topics of their own";
        table.document().error_hint(Code::ConflictingKeys, topic.span.clone(), message, hint);
    }
}

fn retries(table: &Table<'_>, topics: &mut BTreeSet<String>) -> Vec<RetryTopic> {
    let all = table.array("retries").unwrap_or_default();
    if all.len() > RETRIES_MAX {
        let span = table.key_span("retries").unwrap_or_default();
        let message = format!("there are {} retry topics, there must be at most {RETRIES_MAX}", all.len());
        table.document().error_hint(Code::BadValue, span, message, "leave some out: the last ones can wait longer");
    }
    let mut retries = Vec::new();
    for table in all.into_iter().filter_map(Value::table) {
        let topic = topic(&table, "topic", "fep.requests.retry-1m", topics);
        retries.push(RetryTopic { topic, delay: ms(&table, "delay_ms", 60_000) });
        table.finish();
    }
    retries
}

#[cfg(test)]
mod tests {
    use fep_spec::document::Document;
    use fep_spec::report::Source;

    use super::*;

    fn read_text(text: &str) -> (Option<RequestsConfig>, String) {
        let document = Document::new(Source::new("a.toml", text));
        let config = document.walk(|root| {
            let requests = read(root.table("requests"), None);
            root.finish();
            requests
        });
        (config.flatten(), document.into_report().to_string())
    }

    #[cfg(feature = "kafka")]
    const TOPICS: &str =
        "[requests]\ntopic = \"in\"\ngroup = \"fep\"\ncaller = \"batch\"\nresults = \"out\"\ndead_letters = \"dead\"\n";
    #[cfg(feature = "kafka")]
    const CLUSTER: &str = "[[requests.clusters]]\nname = \"a\"\nbrokers = [\"kafka-1:9092\"]\n";

    #[test]
    fn without_a_table_nothing_comes_from_topics() {
        assert_eq!(read_text("").0, None);
    }

    #[cfg(feature = "kafka")]
    #[test]
    fn a_table_has_defaults_and_mistakes_have_places() {
        let (config, report) = read_text(&format!("{TOPICS}{CLUSTER}"));
        assert_eq!(report, "");
        let config = config.unwrap();
        assert_eq!((config.in_flight_max, config.is_only_member, config.retries.len()), (64, false, 0));
        let retry = "[[requests.retries]]\ntopic = \"again\"\ndelay_ms = 5\n";
        let config = read_text(&format!("{TOPICS}{retry}{CLUSTER}")).0.unwrap();
        assert_eq!(config.retries, [RetryTopic { topic: "again".to_owned(), delay: Duration::from_millis(5) }]);
        let twice = "[[requests.retries]]\ntopic = \"out\"\n";
        for (text, wanted) in [
            (TOPICS.to_owned(), "clusters"),
            (
                format!("{}{CLUSTER}", TOPICS.replace("\"out\"", "\"in\"")),
                "a.toml:5:11: error: the topic \"in\" is used twice",
            ),
            (format!("{TOPICS}{twice}{CLUSTER}"), "the topic \"out\" is used twice"),
            (format!("{}{CLUSTER}", TOPICS.replace("caller = \"batch\"\n", "")), "caller"),
            (format!("{TOPICS}in_flight_max = 0\n{CLUSTER}"), "in_flight_max"),
            (format!("{TOPICS}priority = 1\n{CLUSTER}"), "priority"),
        ] {
            let report = read_text(&text).1;
            assert!(report.contains(wanted), "{text}: {report}");
        }
    }
}
