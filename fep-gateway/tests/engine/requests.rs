//! Requests from topics: the cluster is one that librdkafka pretends to be, over real TCP. Its bank keeps a record of what came.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use fep_gateway::Gateway;
use fep_gateway::config::{ClusterConfig, RequestsConfig, RetryTopic};
use fep_gateway::gateway::StandInOnly;
use fep_gateway::intake::{self, Intake};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Header, Headers, Message, OwnedHeaders, OwnedMessage};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use serde_json::{Value, json};

use crate::book::Book;
use crate::harness::{Setup, config, start, transfer, until};

type Cluster = MockCluster<'static, DefaultProducerContext>;

const REQUESTS: &str = "fep.requests";
const RESULTS: &str = "fep.results";
const DEAD: &str = "fep.requests.dead";
const RETRY: &str = "fep.requests.retry";
const RETRY_2: &str = "fep.requests.retry-2";

fn cluster() -> Cluster {
    let cluster = MockCluster::new(1).unwrap();
    for topic in [REQUESTS, RESULTS, DEAD, RETRY, RETRY_2] {
        cluster.create_topic(topic, 3, 1).unwrap();
    }
    cluster
}

fn requests(cluster: &Cluster) -> RequestsConfig {
    let cluster = ClusterConfig {
        name: "main".to_owned(),
        brokers: cluster.bootstrap_servers().split(',').map(str::to_owned).collect(),
        delivery_timeout: Duration::from_millis(1500),
    };
    RequestsConfig {
        topic: REQUESTS.to_owned(),
        group: "fep".to_owned(),
        caller: "batch".to_owned(),
        results: RESULTS.to_owned(),
        dead_letters: DEAD.to_owned(),
        retries: Vec::new(),
        in_flight_max: 16,
        is_only_member: false,
        session_timeout: Duration::from_secs(6),
        alarm_after: Duration::from_millis(500),
        clusters: vec![cluster],
    }
}

/// The key, headers and value of a message, and the code of its dead letter.
type Case<'c> = (&'c str, &'c [(&'c str, &'c str)], &'c [u8], &'c str);

/// A gateway that takes requests.
struct Taker {
    gateway: Gateway,
    intake: Intake,
    _folder: tempfile::TempDir,
}

impl Taker {
    async fn new(bank: u16, requests: &RequestsConfig, setup: Setup) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let gateway = start(config(&folder.path().join("journal.sqlite"), bank, &setup), Arc::new(StandInOnly)).await;
        until("it works", async || gateway.troubles().is_empty()).await;
        let intake = intake::start_configured(&gateway, Some(requests), None).await.unwrap().unwrap();
        Self { gateway, intake, _folder: folder }
    }

    async fn stop(self) {
        self.intake.stopper().stop().await;
        self.gateway.stop().await;
        self.intake.finish(Duration::from_secs(20)).await;
    }
}

struct Writer(ThreadedProducer<DefaultProducerContext>);

impl Writer {
    fn new(cluster: &Cluster) -> Self {
        Self(ClientConfig::new().set("bootstrap.servers", cluster.bootstrap_servers()).create().unwrap())
    }

    fn puts(&self, key: &str, headers: &[(&str, &str)], value: &[u8]) {
        let headers = headers
            .iter()
            .fold(OwnedHeaders::new(), |headers, (key, value)| headers.insert(Header { key, value: Some(*value) }));
        self.0
            .send(BaseRecord::to(REQUESTS).key(key).headers(headers).payload(value))
            .map_err(|(error, _)| error)
            .unwrap();
        self.0.flush(Duration::from_secs(10)).unwrap();
    }

    /// A transfer of this amount.
    fn asks(&self, key: &str, amount: u64) {
        self.puts(key, &headers(&format!("order-{amount}")), body(amount).to_string().as_bytes());
    }
}

fn headers(order: &str) -> [(&'static str, &str); 3] {
    [("fep-institution", "bank-a"), ("fep-telegram", "Transfer"), ("idempotency-key", order)]
}

fn body(amount: u64) -> Value {
    let mut body = transfer();
    body["amount"] = json!(amount);
    body
}

/// The messages of a topic, once these are enough.
fn messages(cluster: &Cluster, topic: &str, enough: impl Fn(&[OwnedMessage]) -> bool) -> Vec<OwnedMessage> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", cluster.bootstrap_servers())
        .set("group.id", "unused")
        .create()
        .unwrap();
    let mut partitions = TopicPartitionList::new();
    for partition in 0..3 {
        partitions.add_partition_offset(topic, partition, Offset::Beginning).unwrap();
    }
    consumer.assign(&partitions).unwrap();
    let mut found = Vec::new();
    for _ in 0..800 {
        if enough(&found) {
            return found;
        }
        if let Some(message) = consumer.poll(Duration::from_millis(50)) {
            found.push(message.unwrap().detach());
        }
    }
    let shown: Vec<_> =
        found.iter().map(|message| String::from_utf8_lossy(message.payload().unwrap_or_default())).collect();
    panic!("in vain: {topic} has {shown:?}");
}

fn header(message: &OwnedMessage, name: &str) -> Option<String> {
    let found = message.headers()?.iter().find(|header| header.key == name)?;
    Some(String::from_utf8(found.value?.to_vec()).unwrap())
}

/// The order that a result is about.
fn order_of(result: &OwnedMessage) -> String {
    let result: Value = serde_json::from_slice(result.payload().unwrap()).unwrap();
    result["idempotency_key"].as_str().unwrap().to_owned()
}

/// The results by their names.
fn results(cluster: &Cluster, count: usize) -> HashMap<String, Value> {
    let by_name = |found: &[OwnedMessage]| -> HashMap<String, Value> {
        let result = |message: &OwnedMessage| {
            (header(message, "fep-id").unwrap(), serde_json::from_slice(message.payload().unwrap()).unwrap())
        };
        found.iter().map(result).collect()
    };
    by_name(&messages(cluster, RESULTS, |found| by_name(found).len() >= count))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_becomes_an_exchange_and_its_result_has_the_same_key() {
    let cluster = cluster();
    let book = Book::default();
    let taker = Taker::new(book.opens(Duration::ZERO).await, &requests(&cluster), Setup::default()).await;
    let writer = Writer::new(&cluster);
    writer.asks("account-1", 1001);
    let found = tokio::task::block_in_place(|| messages(&cluster, RESULTS, |found| !found.is_empty()));
    let result: Value = serde_json::from_slice(found[0].payload().unwrap()).unwrap();
    assert_eq!((&result["status"], &result["reply"]["outcome"]), (&json!(200), &json!("answered")), "{result}");
    assert_eq!((&result["reply"]["client"], &result["idempotency_key"]), (&json!("batch"), &json!("order-1001")));
    assert_eq!(found[0].key(), Some(&b"account-1"[..]));
    assert_eq!(header(&found[0], "fep-id").as_deref(), result["reply"]["exchange"].as_str());
    assert_eq!(book.came(), BTreeMap::from([(1001, 1)]));
    taker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_become_a_request_is_a_dead_letter_and_holds_up_nothing() {
    let cluster = cluster();
    let book = Book::default();
    let taker = Taker::new(book.opens(Duration::ZERO).await, &requests(&cluster), Setup::default()).await;
    let writer = Writer::new(&cluster);
    let whole = headers("order-9");
    let no_bank = [("fep-institution", "bank-z"), whole[1], whole[2]];
    let no_telegram = [whole[0], ("fep-telegram", "Transfr"), whole[2]];
    let large = vec![b' '; 300 * 1024];
    let good = body(7).to_string();
    let cases: [Case<'_>; 8] = [
        ("k0", &whole, b"{", "not_json"),
        ("k1", &whole, br#"{"amount": 1}"#, "missing"),
        ("k2", &no_bank, good.as_bytes(), "unknown_institution"),
        ("k3", &no_telegram, good.as_bytes(), "unknown_telegram"),
        ("k4", &whole[..2], good.as_bytes(), "missing_header"),
        ("k5", &whole, &large, "too_large"),
        ("k6", &whole, b"\xff", "not_json"),
        ("k7", &whole, b"", "not_json"),
    ];
    for (key, headers, value, _) in cases {
        writer.puts(key, headers, value);
    }
    writer.asks("k1", 1001);
    let dead = tokio::task::block_in_place(|| messages(&cluster, DEAD, |found| found.len() >= 8));
    let codes: BTreeMap<_, _> = dead
        .iter()
        .map(|message| {
            (String::from_utf8(message.key().unwrap().to_vec()).unwrap(), header(message, "fep-dead-code").unwrap())
        })
        .collect();
    assert_eq!(codes, cases.iter().map(|(key, .., code)| ((*key).to_owned(), (*code).to_owned())).collect());
    assert!(dead.iter().all(|message| header(message, "fep-source").unwrap().starts_with(REQUESTS)));
    let results = tokio::task::block_in_place(|| results(&cluster, 9));
    assert_eq!(results.values().filter(|result| result["status"] == 200).count(), 1);
    assert!(results.values().all(|result| result["status"] == 200 || result["problem"]["code"].is_string()));
    assert_eq!(book.came(), BTreeMap::from([(1001, 1)]));
    taker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_certainly_not_sent_is_tried_again_later_and_then_dead() {
    let cluster = cluster();
    let config = RequestsConfig {
        retries: vec![
            RetryTopic { topic: RETRY.to_owned(), delay: Duration::from_millis(300) },
            // The breaker is reset in this time, also on a busy machine.
            RetryTopic { topic: RETRY_2.to_owned(), delay: Duration::from_secs(4) },
        ],
        ..requests(&cluster)
    };
    let book = Book::default();
    let setup = Setup { tables: "[institutions.bank-a.breaker]\nwait_min_ms = 60000\n", ..Setup::default() };
    let taker = Taker::new(book.opens(Duration::ZERO).await, &config, setup).await;
    let writer = Writer::new(&cluster);
    taker
        .gateway
        .decide("bank-a", crate::harness::trip(fep_protocol::breaker::BreakerScope::Institution, "a test"))
        .await
        .unwrap();
    writer.asks("a", 2001);
    let dead = tokio::task::block_in_place(|| messages(&cluster, DEAD, |found| !found.is_empty()));
    assert_eq!(header(&dead[0], "fep-dead-code").as_deref(), Some("tried_too_often"));
    assert_eq!(header(&dead[0], "fep-try").as_deref(), Some("3"));
    let history = header(&dead[0], "fep-history").unwrap();
    assert_eq!(history.matches("breaker_tripped").count(), 2, "{history}");
    assert_eq!(dead[0].payload().unwrap(), body(2001).to_string().as_bytes());
    writer.asks("a", 2002);
    tokio::task::block_in_place(|| messages(&cluster, RETRY, |found| found.len() >= 2));
    taker
        .gateway
        .decide("bank-a", crate::harness::reset(fep_protocol::breaker::BreakerScope::Institution))
        .await
        .unwrap();
    let results = tokio::task::block_in_place(|| results(&cluster, 2));
    let answered: Vec<_> = results.values().filter(|result| result["status"] == 200).collect();
    assert_eq!((answered.len(), &answered[0]["idempotency_key"]), (1, &json!("order-2002")));
    assert!(answered[0]["tries"].as_u64().unwrap() >= 2, "{answered:?}");
    assert!(answered[0]["source"]["place"].as_str().unwrap().starts_with("fep.requests/"));
    assert_eq!(book.came(), BTreeMap::from([(2002, 1)]));
    taker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_outcome_is_final() {
    let cluster = cluster();
    let config = RequestsConfig {
        retries: vec![RetryTopic { topic: RETRY.to_owned(), delay: Duration::from_millis(100) }],
        ..requests(&cluster)
    };
    let book = Book::default();
    let setup = Setup { institution: crate::harness::IMPATIENT, ..Setup::default() };
    let taker = Taker::new(book.opens(Duration::from_secs(60)).await, &config, setup).await;
    Writer::new(&cluster).asks("a", 3001);
    let results = tokio::task::block_in_place(|| results(&cluster, 1));
    let result = results.values().next().unwrap();
    assert_eq!(
        (&result["status"], &result["reply"]["outcome"], &result["tries"]),
        (&json!(504), &json!("unknown"), &json!(1))
    );
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(book.came(), BTreeMap::from([(3001, 1)]));
    taker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_one_key_stay_in_order_and_others_run_beside_them() {
    let cluster = cluster();
    let book = Book::default();
    let bank = book.opens(Duration::from_millis(40)).await;
    let taker = Taker::new(bank, &requests(&cluster), Setup::default()).await;
    let writer = Writer::new(&cluster);
    let keys = ["a", "b", "c", "d"];
    for number in 0..10 {
        for (at, key) in (0..).zip(keys) {
            writer.asks(key, 100 * (at + 1) + number);
        }
    }
    tokio::task::block_in_place(|| results(&cluster, 40));
    let order = book.order();
    for at in 1..=4 {
        let own: Vec<_> = order.iter().copied().filter(|amount| amount / 100 == at).collect();
        assert_eq!(own, (0..10).map(|number| 100 * at + number).collect::<Vec<_>>());
    }
    let changes = order.windows(2).filter(|pair| pair[0] / 100 != pair[1] / 100).count();
    assert!(changes > 10, "the keys took turns: {order:?}");
    taker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_takes_over_does_not_send_what_another_journal_may_have_sent() {
    let cluster = cluster();
    let book = Book::default();
    let bank = book.opens(Duration::from_millis(700)).await;
    let config = requests(&cluster);
    let first = Taker::new(bank, &config, Setup::default()).await;
    let writer = Writer::new(&cluster);
    (0..30).for_each(|number| writer.asks(&format!("key-{number}"), 4000 + number));
    until("some run", async || !book.came().is_empty()).await;
    // It gives nothing up in order: as if it had died.
    let Taker { gateway, intake, _folder } = first;
    drop(intake);
    let second = Taker::new(bank, &config, Setup::default()).await;
    let found = tokio::task::block_in_place(|| {
        messages(&cluster, RESULTS, |found| {
            let keys: std::collections::BTreeSet<_> =
                found.iter().map(|message| message.key().unwrap().to_vec()).collect();
            keys.len() >= 30
        })
    });
    assert!(found.len() >= 30);
    let dead = tokio::task::block_in_place(|| messages(&cluster, DEAD, |found| !found.is_empty()));
    assert!(dead.iter().all(|message| header(message, "fep-dead-code").as_deref() == Some("begun_elsewhere")));
    let came = book.came();
    assert!(came.values().all(|times| *times == 1), "{came:?}");
    second.stop().await;
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rebalance_under_load_loses_nothing_and_sends_nothing_twice() {
    let cluster = cluster();
    let book = Book::default();
    let bank = book.opens(Duration::from_millis(30)).await;
    let config = requests(&cluster);
    let first = Taker::new(bank, &config, Setup::default()).await;
    let writer = Writer::new(&cluster);
    let amounts = 5000..5300;
    let writing = {
        let amounts = amounts.clone();
        std::thread::spawn(move || {
            for amount in amounts {
                writer.asks(&format!("key-{}", amount % 60), amount);
                std::thread::sleep(Duration::from_millis(40));
            }
        })
    };
    until("it runs", async || book.came().len() > 10).await;
    let second = Taker::new(bank, &config, Setup::default()).await;
    for _ in 0..600 {
        tokio::time::sleep(Duration::from_millis(50)).await;
        if book.came().len() > 150 {
            break;
        }
    }
    first.stop().await;
    tokio::task::block_in_place(|| writing.join().unwrap());
    // This cluster refuses commits while another member joins, which Kafka takes. What ended last is then a dead letter, too.
    let has_all = |found: &[OwnedMessage]| {
        let answered = found.iter().filter(|message| header(message, "fep-status").as_deref() == Some("200"));
        let orders: HashSet<_> = answered.map(order_of).collect();
        orders.len() == amounts.clone().count()
    };
    tokio::task::block_in_place(|| messages(&cluster, RESULTS, has_all));
    assert_eq!(book.came(), amounts.clone().map(|amount| (amount, 1)).collect());
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_brokers_are_down_a_note_says_so_and_then_all_goes_on() {
    let cluster = cluster();
    let book = Book::default();
    let bank = book.opens(Duration::from_millis(300)).await;
    let taker = Taker::new(bank, &requests(&cluster), Setup::default()).await;
    let writer = Writer::new(&cluster);
    (0..20).for_each(|number| writer.asks(&format!("key-{number}"), 6000 + number));
    until("some run", async || !book.came().is_empty()).await;
    cluster.broker_down(1).unwrap();
    until("a note says so", async || {
        taker.gateway.notes().iter().any(|note| note.contains("no requests are taken from Kafka cluster main"))
    })
    .await;
    cluster.broker_up(1).unwrap();
    let results = tokio::task::block_in_place(|| results(&cluster, 20));
    assert!(results.values().all(|result| result["status"] == 200));
    assert_eq!(book.came(), (6000..6020).map(|amount| (amount, 1)).collect());
    writer.asks("key-1", 6100);
    tokio::task::block_in_place(|| self::results(&cluster, 21));
    until("the note ends", async || !taker.gateway.notes().iter().any(|note| note.contains("no requests"))).await;
    taker.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_come_from_both_clusters_and_results_go_where_they_came_from() {
    let first = cluster();
    let second = cluster();
    let mut config = requests(&first);
    let other = requests(&second).clusters.remove(0);
    config.clusters.push(ClusterConfig { name: "backup".to_owned(), ..other });
    let book = Book::default();
    let taker = Taker::new(book.opens(Duration::ZERO).await, &config, Setup::default()).await;
    first.broker_down(1).unwrap();
    Writer::new(&second).asks("a", 7001);
    assert_eq!(tokio::task::block_in_place(|| results(&second, 1)).len(), 1);
    first.broker_up(1).unwrap();
    // The same order in the other cluster is not sent again.
    let writer = Writer::new(&first);
    writer.asks("a", 7001);
    writer.asks("a", 7002);
    assert_eq!(tokio::task::block_in_place(|| results(&first, 2)).len(), 2);
    assert_eq!(book.came(), BTreeMap::from([(7001, 1), (7002, 1)]));
    taker.stop().await;
}
