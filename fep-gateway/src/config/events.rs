//! `[events]`: which events go to which broker. It connects to none.

use std::time::Duration;

use fep_spec::document::{Located, Table, Value};
use fep_spec::report::Code;

use super::names::{check_name, ms};

/// `[events]`: the events that go to Kafka. It needs a gateway that was built with the feature `kafka`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventsConfig {
    /// `topic`, required: the topic of all events.
    pub topic: String,
    /// `order`, `exchange` (default) or `account`: which events stay in their order. With `account`, those of exchanges that move money of one
    /// account; the journal must be encrypted then, because the key of an event is a keyed hash of the account.
    pub by_account: bool,
    /// `fields`, default true: whether events have the fields of telegrams, secrets masked.
    pub fields: bool,
    /// `alarm_after_ms`, default 60000: how long the oldest event may wait until a note at `/readyz` says so.
    pub alarm_after: Duration,
    /// `[[events.clusters]]`, required: the clusters. The first one gets the events. While it takes none, the next one does.
    pub clusters: Vec<ClusterConfig>,
}

/// `[[events.clusters]]`: one Kafka cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterConfig {
    /// `name`, required: its name in the log.
    pub name: String,
    /// `brokers`, required: some of its brokers, each as host and port. The others are found through them.
    pub brokers: Vec<String>,
    /// `delivery_timeout_ms`, default 10000: how long the cluster may take to store an event durably. After that the next cluster gets it.
    pub delivery_timeout: Duration,
}

/// The maximum number of clusters, and of brokers of one cluster.
const CLUSTERS_MAX: usize = 8;
const BROKERS_MAX: usize = 32;

/// The longest name of a topic, by the rules of Kafka.
const TOPIC_MAX_BYTES: usize = 249;

/// Reads the table, if there is one. `is_encrypted` says whether the journal is.
pub(super) fn read(table: Option<Table<'_>>, is_encrypted: bool) -> Option<EventsConfig> {
    let table = table?;
    table.knows(&["topic", "order", "fields", "alarm_after_ms", "clusters"]);
    if !cfg!(feature = "kafka") {
        let hint = "build it with `--features kafka`, or leave the table out";
        table.document().error_hint(Code::UnknownName, table.span(), "this gateway was built without Kafka", hint);
    }
    let topic = table.required_string("topic");
    topic.iter().for_each(|topic| check_topic(&table, topic, "fep.events"));
    let order = table.choice("order", &[("exchange", false), ("account", true)]);
    if let Some(order) = order.as_ref().filter(|order| order.value && !is_encrypted) {
        let message = "`order = \"account\"` needs an encrypted journal";
        let hint = "the key of an event is a hash of the account, made with the key file: [journal] encryption = { key_file = … }";
        table.document().error_hint(Code::ConflictingKeys, order.span.clone(), message, hint);
    }
    let clusters = clusters(&table, "events");
    let config = EventsConfig {
        topic: topic.map_or_else(String::new, |topic| topic.value.to_owned()),
        by_account: order.is_some_and(|order| order.value),
        fields: table.boolean("fields").is_none_or(|fields| fields.value),
        alarm_after: ms(&table, "alarm_after_ms", 60_000),
        clusters,
    };
    table.finish();
    Some(config)
}

/// Checks the name of a topic.
pub(super) fn check_topic(table: &Table<'_>, topic: &Located<&str>, example: &str) {
    if !is_topic(topic.value) {
        let message = format!("a topic has 1 to {TOPIC_MAX_BYTES} letters, digits, `.`, `_` and `-`");
        table.document().error_hint(Code::BadValue, topic.span.clone(), message, format!("such as {example}"));
    }
}

/// Reads the clusters of a table.
pub(super) fn clusters(table: &Table<'_>, name: &str) -> Vec<ClusterConfig> {
    let Some(all) = table.required("clusters").and_then(Value::array) else { return Vec::new() };
    if all.is_empty() || all.len() > CLUSTERS_MAX {
        let span = table.key_span("clusters").unwrap_or_default();
        let message = format!("there are {} clusters, there must be 1 to {CLUSTERS_MAX}", all.len());
        table.document().error_hint(Code::BadValue, span, message, format!("add a table [[{name}.clusters]]"));
    }
    let mut clusters: Vec<ClusterConfig> = Vec::new();
    for table in all.into_iter().filter_map(Value::table) {
        let name = table.required_string("name");
        if let Some(name) = &name {
            check_name(table.document(), name);
            if clusters.iter().any(|cluster| cluster.name == name.value) {
                let message = format!("there are two clusters {:?}", name.value);
                table.document().error_hint(
                    Code::ConflictingKeys,
                    name.span.clone(),
                    message,
                    "give each a name of its own",
                );
            }
        }
        clusters.push(ClusterConfig {
            name: name.map_or_else(String::new, |name| name.value.to_owned()),
            brokers: brokers(&table),
            delivery_timeout: ms(&table, "delivery_timeout_ms", 10_000),
        });
        table.finish();
    }
    clusters
}

/// Reads the brokers of a cluster.
pub(super) fn brokers(table: &Table<'_>) -> Vec<String> {
    let Some(all) = table.required("brokers").and_then(Value::array) else { return Vec::new() };
    let brokers: Vec<Located<&str>> = all.into_iter().filter_map(Value::string).collect();
    if brokers.is_empty() || brokers.len() > BROKERS_MAX {
        let span = table.key_span("brokers").unwrap_or_default();
        let message = format!("there are {} brokers, there must be 1 to {BROKERS_MAX}", brokers.len());
        table.document().error_hint(Code::BadValue, span, message, "such as [\"kafka-1:9092\", \"kafka-2:9092\"]");
    }
    for broker in brokers.iter().filter(|broker| !is_address(broker.value)) {
        let message = "a broker is a host and a port";
        table.document().error_hint(Code::BadValue, broker.span.clone(), message, "such as kafka-1:9092");
    }
    brokers.into_iter().map(|broker| broker.value.to_owned()).collect()
}

fn is_topic(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=TOPIC_MAX_BYTES).contains(&name.len()) && name.bytes().all(is_plain) && name != "." && name != ".."
}

/// Whether a text is a host and a port. A comma would be two brokers.
fn is_address(text: &str) -> bool {
    let Some((host, port)) = text.rsplit_once(':') else { return false };
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-_[]:".contains(&byte);
    !host.is_empty() && host.bytes().all(is_host) && port.parse::<u16>().is_ok_and(|port| port > 0)
}

#[cfg(test)]
mod tests {
    use fep_spec::document::Document;
    use fep_spec::report::Source;

    use super::*;

    /// The table of a text, and the findings in it.
    fn read_text(text: &str, is_encrypted: bool) -> (Option<EventsConfig>, String) {
        let document = Document::new(Source::new("a.toml", text));
        let read = document.walk(|root| {
            let events = read(root.table("events"), is_encrypted);
            root.finish();
            events
        });
        (read.flatten(), document.into_report().to_string())
    }

    const CLUSTER: &str = "[[events.clusters]]\nname = \"a\"\nbrokers = [\"kafka-1:9092\", \"[::1]:9092\"]\n";

    #[test]
    fn without_a_table_nothing_is_published() {
        assert_eq!(read_text("", false).0, None);
    }

    #[cfg(feature = "kafka")]
    #[test]
    fn a_table_has_defaults_and_mistakes_have_places() {
        let (events, report) = read_text(&format!("[events]\ntopic = \"fep.events\"\n{CLUSTER}"), false);
        assert_eq!(report, "");
        let cluster = ClusterConfig {
            name: "a".to_owned(),
            brokers: vec!["kafka-1:9092".to_owned(), "[::1]:9092".to_owned()],
            delivery_timeout: Duration::from_secs(10),
        };
        let expected = EventsConfig {
            topic: "fep.events".to_owned(),
            by_account: false,
            fields: true,
            alarm_after: Duration::from_secs(60),
            clusters: vec![cluster],
        };
        assert_eq!(events, Some(expected));
        for (text, is_encrypted, wanted) in [
            (format!("[events]\n{CLUSTER}"), false, "topic"),
            (format!("[events]\ntopic = \"a b\"\n{CLUSTER}"), false, "a.toml:2:9: error: a topic has 1 to 249"),
            (format!("[events]\ntopic = \"..\"\n{CLUSTER}"), false, "a topic has"),
            ("[events]\ntopic = \"a\"\n".to_owned(), false, "clusters"),
            (
                "[events]\ntopic = \"a\"\nclusters = []\n".to_owned(),
                false,
                "there are 0 clusters, there must be 1 to 8",
            ),
            (format!("[events]\ntopic = \"a\"\n{CLUSTER}{CLUSTER}"), false, "there are two clusters \"a\""),
            (format!("[events]\ntopic = \"a\"\norder = \"account\"\n{CLUSTER}"), false, "needs an encrypted journal"),
            (format!("[events]\ntopic = \"a\"\norder = \"account\"\n{CLUSTER}"), true, ""),
            (format!("[events]\ntopic = \"a\"\norder = \"day\"\n{CLUSTER}"), true, "order"),
            (format!("[events]\ntopic = \"a\"\n{CLUSTER}key = 1\n"), true, "key"),
        ] {
            let report = read_text(&text, is_encrypted).1;
            assert!(report.contains(wanted) && report.is_empty() == wanted.is_empty(), "{text}: {report}");
        }
        for broker in ["kafka", "kafka:0", "kafka:x", ":9092", "a:1,b:2", "kafka:99999", "http://kafka:9092"] {
            let text =
                format!("[events]\ntopic = \"a\"\n[[events.clusters]]\nname = \"a\"\nbrokers = [\"{broker}\"]\n");
            let report = read_text(&text, false).1;
            assert!(report.contains("a broker is a host and a port"), "{broker}: {report}");
        }
    }

    #[cfg(not(feature = "kafka"))]
    #[test]
    fn a_gateway_without_kafka_refuses_the_table() {
        let report = read_text(&format!("[events]\ntopic = \"fep.events\"\n{CLUSTER}"), false).1;
        assert!(report.contains("this gateway was built without Kafka"), "{report}");
    }
}
