//! What the overview and the console say about the topics from which requests are taken. The cluster is one that librdkafka pretends to be,
//! over real TCP.

use std::time::{Duration, Instant};

use fep_gateway::config::{ClusterConfig, RequestsConfig, RetryTopic};
use fep_gateway::intake::{self, Intake};
use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use serde_json::{Value as Json, json};

use crate::console_page::Page;
use crate::harness::{Bench, GOOD_BANK, transfer};

type Cluster = MockCluster<'static, DefaultProducerContext>;

const PARTITIONS: i32 = 3;

/// `kim` may read one institution, `office` everything. The hashes are those of `printf %s NAME | sha256sum`.
const ACCESS: &str = r#"
[clients.kim]
tokens = ["sha256:26ae784d194a5760464348329af4eb9fca2b27bbf823742c968a61543e3a1153"]
may = [{ actions = ["read"], institutions = ["bank-a"] }]
[clients.office]
tokens = ["sha256:5cc3f82838ba7260203e4590ce03d00e1663d41f6a5167144f5c95d6be2166a0"]
may = [{ actions = ["read"] }]
"#;

fn cluster() -> Cluster {
    let cluster = MockCluster::new(1).unwrap();
    for topic in ["fep.requests", "fep.results", "fep.requests.dead", "fep.requests.retry"] {
        cluster.create_topic(topic, PARTITIONS, 1).unwrap();
    }
    cluster
}

/// Takes requests from the cluster, under this name.
async fn take(bench: &Bench, cluster: &Cluster, name: &str) -> Intake {
    let cluster = ClusterConfig {
        name: name.to_owned(),
        brokers: cluster.bootstrap_servers().split(',').map(str::to_owned).collect(),
        delivery_timeout: Duration::from_millis(1500),
    };
    let requests = RequestsConfig {
        topic: "fep.requests".to_owned(),
        group: "fep".to_owned(),
        caller: "batch".to_owned(),
        results: "fep.results".to_owned(),
        dead_letters: "fep.requests.dead".to_owned(),
        retries: vec![RetryTopic { topic: "fep.requests.retry".to_owned(), delay: Duration::from_millis(100) }],
        in_flight_max: 16,
        is_only_member: false,
        session_timeout: Duration::from_secs(6),
        alarm_after: Duration::from_millis(500),
        clusters: vec![cluster],
    };
    intake::start_configured(&bench.gateway, Some(&requests), None).await.unwrap().unwrap()
}

/// Writes a transfer, and a message that is no request.
fn write(cluster: &Cluster) {
    let producer: ThreadedProducer<DefaultProducerContext> =
        ClientConfig::new().set("bootstrap.servers", cluster.bootstrap_servers()).create().unwrap();
    let headers = [("fep-institution", "bank-a"), ("fep-telegram", "Transfer"), ("idempotency-key", "order-1")];
    let headers = headers
        .into_iter()
        .fold(OwnedHeaders::new(), |all, (key, value)| all.insert(Header { key, value: Some(value) }));
    for (key, value) in [("account-1", transfer("rent").to_string()), ("account-2", "{".to_owned())] {
        let record = BaseRecord::to("fep.requests").key(key).headers(headers.clone()).payload(&value);
        producer.send(record).map_err(|(error, _)| error).unwrap();
    }
    producer.flush(Duration::from_secs(10)).unwrap();
}

/// Repeats a `GET` until the reply is as wanted. On a busy machine a consumer group needs some seconds to begin, and to find its broker again.
async fn until(bench: &Bench, path: &str, wanted: impl Fn(&Json) -> bool) -> Json {
    let begun = Instant::now();
    loop {
        let (_, reply) = bench.get(path).await;
        if wanted(&reply) {
            return reply;
        }
        assert!(begun.elapsed() < Duration::from_secs(40), "{path} stays {reply}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Whether both topics are in this state.
fn all(topics: &Json, state: &str) -> bool {
    let topics = topics["topics"].as_array().unwrap();
    topics.len() == 2 && topics.iter().all(|topic| topic["state"] == state)
}

#[tokio::test(flavor = "multi_thread")]
async fn each_topic_says_whether_it_is_read_since_when_and_how_much_came() {
    let cluster = cluster();
    let bench = Bench::of(GOOD_BANK, "").await;
    assert_eq!(bench.get("/v1/overview").await.1["topics"], json!([]), "there are none");
    let intake = take(&bench, &cluster, "main").await;
    until(&bench, "/v1/overview", |seen| all(seen, "reads")).await;
    write(&cluster);
    let counted = |seen: &Json| {
        let topic = &seen["topics"][0];
        topic["taken"] == 2 && topic["dead_letters"] == 1 && topic["lag"] == 0
    };
    let seen = until(&bench, "/v1/overview", counted).await;
    let topic = &seen["topics"][0];
    assert_eq!(
        (&topic["cluster"], &topic["topic"], &topic["dead_letter_topic"]),
        (&json!("main"), &json!("fep.requests"), &json!("fep.requests.dead")),
        "{seen}"
    );
    assert_eq!((&topic["partitions"], &topic["partitions_full"]), (&json!(PARTITIONS), &json!(0)), "{seen}");
    assert_eq!(topic["last_error"], Json::Null, "{seen}");
    assert!((seen["since_ms"].as_i64()..=seen["at_ms"].as_i64()).contains(&topic["since_ms"].as_i64()), "{seen}");
    let retry = &seen["topics"][1];
    assert_eq!((&retry["topic"], &retry["taken"]), (&json!("fep.requests.retry"), &json!(0)), "{seen}");
    drop(intake);
    assert_eq!(bench.get("/v1/overview").await.1["topics"], json!([]), "nothing is read any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_in_which_nothing_comes_is_read_again_once_its_broker_is_back() {
    let cluster = cluster();
    let bench = Bench::of(GOOD_BANK, "").await;
    let _intake = take(&bench, &cluster, "idle").await;
    let seen = until(&bench, "/v1/overview", |seen| all(seen, "reads")).await;
    let before = seen["topics"][0]["since_ms"].as_i64();
    cluster.broker_down(1).unwrap();
    let seen = until(&bench, "/v1/overview", |seen| all(seen, "fails")).await;
    let down = seen["topics"][0]["since_ms"].as_i64();
    assert!(down > before && seen["topics"][0]["last_error"]["why"].is_string(), "{seen}");
    until(&bench, "/readyz", |ready| ready["notes"].to_string().contains("no requests are taken from Kafka")).await;
    assert!(bench.text("/metrics").await.contains("fep_intake_works{cluster=\"idle\"} 0"));
    cluster.broker_up(1).unwrap();
    let seen = until(&bench, "/v1/overview", |seen| all(seen, "reads")).await;
    assert!(seen["topics"][0]["since_ms"].as_i64() > down, "{seen}");
    assert!(seen["topics"][0]["last_error"]["at_ms"].as_i64() >= down, "it is still told: {seen}");
    assert!(bench.text("/metrics").await.contains("fep_intake_works{cluster=\"idle\"} 1"));
    assert!(!bench.get("/readyz").await.1.to_string().contains("no requests are taken"));
}

#[tokio::test(flavor = "multi_thread")]
async fn topics_are_told_to_those_who_may_read_everything() {
    let cluster = cluster();
    let bench = Bench::with_access(GOOD_BANK, "", ACCESS).await;
    let _intake = take(&bench, &cluster, "main").await;
    for (client, count) in [("office", 2), ("kim", 0)] {
        let request = bench.client.get(format!("{}/v1/overview", bench.url)).bearer_auth(client);
        let seen: Json = request.send().await.unwrap().json().await.unwrap();
        assert_eq!(seen["topics"].as_array().map(Vec::len), Some(count), "{client}: {seen}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_shows_the_topics_in_both_languages() {
    let cluster = cluster();
    let bench = Bench::of(GOOD_BANK, "").await;
    let Some(mut page) = Page::open(&bench) else { return };
    page.has("Traffic");
    assert_eq!(page.browser.eval("document.querySelector('main').innerText.includes('Requests from topics')"), false);
    let _intake = take(&bench, &cluster, "main").await;
    until(&bench, "/v1/overview", |seen| all(seen, "reads")).await;
    write(&cluster);
    page.has("Requests from topics");
    let first = "[...[...document.querySelectorAll('table')].find(table => table.caption.textContent === 'Requests from topics')\
                 .tBodies[0].rows[0].cells].map(cell => cell.innerText.replace(/\\s+/g, ' '))";
    let cells = page.until(first, |cells| cells[4] == "2" && cells[3] == "0");
    assert_eq!((&cells[0], &cells[2]), (&json!("fep.requests main"), &json!("3")), "{cells}");
    assert_eq!((&cells[5], &cells[6]), (&json!("1 fep.requests.dead"), &json!("–")), "{cells}");
    assert!(cells[1].as_str().unwrap().contains("reads for "), "{cells}");
    cluster.broker_down(1).unwrap();
    page.until(first, |cells| cells[1].as_str().unwrap().contains("takes nothing"));
    page.until(first, |cells| cells[6].as_str().unwrap().contains(" ago"));
    page.language("ko");
    page.has("토픽의 요구");
    page.has("받지 못함");
    page.was_quiet();
}
