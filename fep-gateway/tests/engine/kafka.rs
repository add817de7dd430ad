//! Events to Kafka: the clusters are those that librdkafka pretends to be, over real TCP.

use std::collections::BTreeSet;
use std::time::Duration;

use fep_gateway::Config;
use fep_gateway::config::{ClusterConfig, EventsConfig};
use fep_gateway::publish::{self, Publishing};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use serde_json::Value;

use crate::harness::{Bench, Setup, root};

type Cluster = MockCluster<'static, DefaultProducerContext>;

const TOPIC: &str = "fep.events";

fn cluster() -> Cluster {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic(TOPIC, 3, 1).unwrap();
    cluster
}

fn events(clusters: &[&Cluster]) -> EventsConfig {
    let cluster = |(at, cluster): (usize, &&Cluster)| ClusterConfig {
        name: ["a", "b"][at].to_owned(),
        brokers: cluster.bootstrap_servers().split(',').map(str::to_owned).collect(),
        delivery_timeout: Duration::from_millis(1500),
    };
    EventsConfig {
        topic: TOPIC.to_owned(),
        by_account: false,
        fields: true,
        alarm_after: Duration::from_millis(500),
        clusters: clusters.iter().enumerate().map(cluster).collect(),
    }
}

async fn publish_to(bench: &Bench, clusters: &[&Cluster]) -> Publishing {
    publish::start_configured(&bench.gateway, Some(&events(clusters))).await.unwrap().unwrap()
}

/// The keys of the exchanges whose events are in a cluster, once all of these are there. `each` looks at the messages.
fn keys_in(
    cluster: &Cluster,
    wanted: &BTreeSet<String>,
    mut each: impl FnMut(&BorrowedMessage<'_>),
) -> BTreeSet<String> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", cluster.bootstrap_servers())
        .set("group.id", "unused")
        .create()
        .unwrap();
    let mut partitions = TopicPartitionList::new();
    for partition in 0..3 {
        partitions.add_partition_offset(TOPIC, partition, Offset::Beginning).unwrap();
    }
    consumer.assign(&partitions).unwrap();
    let mut keys = BTreeSet::new();
    for _ in 0..600 {
        let Some(message) = consumer.poll(Duration::from_millis(50)) else { continue };
        let message = message.unwrap();
        each(&message);
        let key = message.key_view::<str>().unwrap().unwrap();
        if !key.starts_with("line:") {
            keys.insert(key.to_owned());
        }
        if keys.is_superset(wanted) {
            return keys;
        }
    }
    panic!("in vain: {keys:?} is not all of {wanted:?}");
}

fn header(message: &BorrowedMessage<'_>, name: &str) -> Option<String> {
    let found = message.headers()?.iter().find(|header| header.key == name)?;
    Some(String::from_utf8(found.value?.to_vec()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_cloud_events_with_their_exchange_as_key() {
    let cluster = cluster();
    let mut bench = Bench::new(Setup::default()).await;
    let publishing = publish_to(&bench, &[&cluster]).await;
    let id = bench.answered().await.id.to_string();
    let mut kinds = BTreeSet::new();
    keys_in(&cluster, &BTreeSet::from([id.clone()]), |message| {
        let content: Value = serde_json::from_slice(message.payload().unwrap()).unwrap();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        assert_eq!(header(message, "ce_id"), text(&content["id"]));
        assert_eq!(header(message, "ce_type"), text(&content["kind"]).map(|kind| format!("fep.{kind}")));
        assert_eq!(header(message, "ce_specversion").as_deref(), Some("1.0"));
        assert_eq!(header(message, "content-type").as_deref(), Some("application/json"));
        assert_eq!(message.timestamp().to_millis(), content["at_ms"].as_i64());
        kinds.insert(text(&content["kind"]).unwrap());
    });
    assert!(kinds.contains("exchange_ended"), "{kinds:?}");
    bench.gateway.stop().await;
    publishing.finish(Duration::from_secs(5)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_first_cluster_is_down_the_second_one_gets_the_events() {
    let first = cluster();
    let second = cluster();
    let mut bench = Bench::new(Setup::default()).await;
    let _publishing = publish_to(&bench, &[&first, &second]).await;
    let before = BTreeSet::from([bench.answered().await.id.to_string()]);
    keys_in(&first, &before, |_| {});
    first.broker_down(1).unwrap();
    let mut after = BTreeSet::new();
    for _ in 0..3 {
        after.insert(bench.answered().await.id.to_string());
    }
    assert!(keys_in(&second, &after, |_| {}).is_disjoint(&before));
}

#[tokio::test(flavor = "multi_thread")]
async fn while_all_clusters_are_down_events_wait_and_then_all_leave() {
    let first = cluster();
    let second = cluster();
    let mut bench = Bench::new(Setup::default()).await;
    first.broker_down(1).unwrap();
    second.broker_down(1).unwrap();
    let publishing = publish_to(&bench, &[&first, &second]).await;
    let mut ids = BTreeSet::new();
    for _ in 0..3 {
        ids.insert(bench.answered().await.id.to_string());
    }
    crate::harness::until("a note says so", async || {
        bench.gateway.notes().iter().any(|note| note.contains("events wait for") && note.contains("Kafka cluster b: "))
    })
    .await;
    let why = publishing.trouble().unwrap();
    assert!(why.contains("Kafka cluster a: ") && why.contains("Kafka cluster b: "), "{why}");
    second.broker_up(1).unwrap();
    assert_eq!(keys_in(&second, &ids, |_| {}), ids);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_too_large_for_the_topic_holds_up_no_other() {
    let cluster = cluster();
    let mut bench = Bench::new(Setup::default()).await;
    let _publishing = publish_to(&bench, &[&cluster]).await;
    let first = BTreeSet::from([bench.answered().await.id.to_string()]);
    keys_in(&cluster, &first, |_| {});
    let too_large = RDKafkaRespErr::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    cluster.request_errors(RDKafkaApiKey::Produce, &[too_large, too_large]);
    let refused = bench.answered().await.id.to_string();
    let note = "the broker never took 1 events";
    crate::harness::until("a note says so", async || bench.gateway.notes().iter().any(|told| told.contains(note)))
        .await;
    let next = BTreeSet::from([bench.answered().await.id.to_string()]);
    assert!(!keys_in(&cluster, &next, |_| {}).contains(&refused));
}

#[test]
fn a_configuration_says_where_events_go() {
    let text = format!(
        "[events]\ntopic = \"{TOPIC}\"\n[[events.clusters]]\nname = \"a\"\nbrokers = [\"kafka-1:9092\"]\n\
         [institutions.bank-a]\nspec = \"specs/bank-a/bank-a.toml\"\nkey = [\"header.trace_no\"]\n\
         [[institutions.bank-a.lines]]\nname = \"main\"\nconnect = \"127.0.0.1:9\"\n"
    );
    let config = Config::parse("a.toml", &text, root()).unwrap();
    assert_eq!(config.events.unwrap().clusters[0].brokers, ["kafka-1:9092"]);
}
