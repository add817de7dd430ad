//! A stream that goes to a topic of Kafka. The cluster is one that librdkafka pretends to be, over real TCP; the feed is real, too.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers, Message, OwnedMessage};
use rdkafka::mocking::MockCluster;
use rdkafka::producer::DefaultProducerContext;
use rdkafka::types::{RDKafkaApiKey, RDKafkaRespErr};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use serde_json::{Value as Json, json};

use crate::console_page::Page;
use crate::harness::Bench;
use crate::streams::{Exchange, Reader, WAIT, bench, best, heartbeat, quotes};

type Cluster = MockCluster<'static, DefaultProducerContext>;

const PARTITIONS: i32 = 3;
const INSTRUMENTS: [&str; 4] = ["KR7005930003", "KR7000660003", "KR7035420009", "KR7035720002"];

/// A cluster with this topic. Each test has its own name, because metrics are those of the process.
fn cluster(topic: &str) -> Cluster {
    let cluster = MockCluster::new(1).unwrap();
    cluster.create_topic(topic, PARTITIONS, 1).unwrap();
    cluster
}

/// A stream of this feed to the topic. `of_stream` and `of_topic` are more of their tables.
fn to_topic(exchange: &Exchange, cluster: &Cluster, topic: &str, of_stream: &str, of_topic: &str) -> String {
    format!(
        "{}\n[[streams.quotes.kafka]]\ntopic = \"{topic}\"\nbrokers = [\"{}\"]\n{of_topic}\n",
        quotes(&[&exchange.address], of_stream),
        cluster.bootstrap_servers(),
    )
}

fn instrument(number: u32) -> &'static str {
    INSTRUMENTS[number as usize % INSTRUMENTS.len()]
}

fn topic(reply: &Json) -> &Json {
    &reply["streams"][0]["topics"][0]
}

fn count(reply: &Json, key: &str) -> u64 {
    topic(reply)[key].as_u64().unwrap()
}

/// A number of the topic on the page of metrics.
async fn metric(bench: &Bench, name: &str, topic: &str) -> String {
    let page = bench.text("/metrics").await;
    let sample = format!("fep_stream_topic_{name}{{stream=\"quotes\",topic=\"{topic}\"}} ");
    page.lines().find_map(|line| line.strip_prefix(&sample)).unwrap_or_default().to_owned()
}

/// What is in the topic, read from its beginning.
struct Log {
    consumer: BaseConsumer,
    messages: Vec<OwnedMessage>,
}

impl Log {
    fn of(cluster: &Cluster, topic: &str) -> Self {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", cluster.bootstrap_servers())
            .set("group.id", "unused")
            .create()
            .unwrap();
        let mut partitions = TopicPartitionList::new();
        for partition in 0..PARTITIONS {
            partitions.add_partition_offset(topic, partition, Offset::Beginning).unwrap();
        }
        consumer.assign(&partitions).unwrap();
        Self { consumer, messages: Vec::new() }
    }

    /// Reads until there is enough.
    fn until(&mut self, what: &str, enough: impl Fn(&[OwnedMessage]) -> bool) -> &[OwnedMessage] {
        let begun = Instant::now();
        loop {
            // The broker of a test goes and comes.
            match tokio::task::block_in_place(|| self.consumer.poll(Duration::from_millis(50))) {
                Some(polled) => self.messages.extend(polled.ok().map(|message| message.detach())),
                None if enough(&self.messages) => break,
                None => {
                    let texts = || self.messages.iter().map(text).collect::<Vec<_>>();
                    assert!(begun.elapsed() < WAIT, "{what}: {:?}", texts());
                }
            }
        }
        &self.messages
    }
}

fn header<'m>(message: &'m OwnedMessage, name: &str) -> Option<&'m str> {
    let found = message.headers()?.iter().find(|header| header.key == name)?;
    Some(std::str::from_utf8(found.value?).unwrap())
}

fn event(message: &OwnedMessage) -> &str {
    header(message, "fep-event").unwrap()
}

fn json_of(message: &OwnedMessage) -> Json {
    serde_json::from_slice(message.payload().unwrap()).unwrap()
}

fn text(message: &OwnedMessage) -> String {
    format!("{} {} {}", message.partition(), event(message), String::from_utf8_lossy(message.payload().unwrap()))
}

fn key(message: &OwnedMessage) -> String {
    String::from_utf8(message.key().unwrap().to_vec()).unwrap()
}

/// The positions of the telegrams that are there, and of those that each partition says are not. The order of each instrument is checked.
fn accounted_for(messages: &[OwnedMessage]) -> BTreeSet<u64> {
    let mut last: BTreeMap<String, u64> = BTreeMap::new();
    let mut there = BTreeSet::new();
    let mut missed: BTreeMap<i32, BTreeSet<u64>> = (0..PARTITIONS).map(|own| (own, BTreeSet::new())).collect();
    for message in messages {
        let json = json_of(message);
        let range = |first: &str, last: &str| json[first].as_u64().unwrap()..=json[last].as_u64().unwrap();
        match event(message) {
            "telegram" => {
                let position: u64 = header(message, "fep-position").unwrap().parse().unwrap();
                let before = last.insert(key(message), position);
                assert!(before.is_none_or(|before| before < position), "{before:?} stands before {}", text(message));
                there.insert(position);
            }
            "missed" => missed.get_mut(&message.partition()).unwrap().extend(range("first_position", "last_position")),
            // What a snapshot has comes as telegrams.
            "snapshot" if json["from"] != json["next"] => {
                let next = json["next"].as_u64().unwrap();
                missed.get_mut(&message.partition()).unwrap().extend(json["from"].as_u64().unwrap()..next);
            }
            _ => {}
        }
    }
    let in_each = missed.into_values().reduce(|one, other| &one & &other).unwrap();
    there.extend(in_each);
    there
}

fn are_there(messages: &[OwnedMessage], positions: u64) -> bool {
    accounted_for(messages).len() as u64 == positions
}

#[tokio::test(flavor = "multi_thread")]
async fn each_instrument_has_one_partition_in_order_and_what_is_no_telegram_is_in_all() {
    let cluster = cluster("fep.order");
    let exchange = Exchange::open().await;
    let table = to_topic(&exchange, &cluster, "fep.order", "lost_after_ms = 100\nasks_max = 0", "");
    let bench = bench(&table).await;
    let mut reader = Reader::open(&bench, "/v1/streams/quotes", "").await;
    let begin = reader.event("snapshot").await;
    for number in (1..=200).filter(|number| *number != 150) {
        exchange.send(best(number, instrument(number), 71_000 + number));
    }
    let mut data = Vec::new();
    while data.len() < 200 {
        let (name, _, json) = reader.next().await.unwrap();
        data.push((name, json));
    }
    let mut log = Log::of(&cluster, "fep.order");
    // The number that was lost is an event at each partition.
    let messages = log.until("all of it", |messages| messages.len() == 199 + 2 * PARTITIONS as usize);
    let run = header(&messages[0], "fep-run").unwrap();
    let mut keys: BTreeMap<String, BTreeSet<i32>> = BTreeMap::new();
    let mut last: BTreeMap<String, u64> = BTreeMap::new();
    for message in messages.iter().filter(|message| event(message) == "telegram") {
        let json = json_of(message);
        let position = json["position"].as_u64().unwrap();
        assert_eq!(
            ("telegram".to_owned(), json.clone()),
            data[usize::try_from(position).unwrap()],
            "it says what the others are told"
        );
        assert_eq!(header(message, "fep-position").unwrap(), position.to_string());
        assert_eq!(header(message, "fep-number").unwrap(), json["number"].to_string());
        assert_eq!(json!(header(message, "fep-telegram")), json["telegram"]);
        assert_eq!(json!(header(message, "fep-feed")), json["feed"]);
        assert_eq!(message.timestamp().to_millis(), json["received_at_ms"].as_i64());
        assert_eq!(key(message), format!("{}|G1", json["fields"]["issue"].as_str().unwrap()));
        keys.entry(key(message)).or_default().insert(message.partition());
        assert!(last.insert(key(message), position).is_none_or(|before| before < position));
    }
    assert_eq!(keys.len(), INSTRUMENTS.len());
    assert!(keys.values().all(|partitions| partitions.len() == 1), "{keys:?}");
    for partition in 0..PARTITIONS {
        let own: Vec<_> = messages.iter().filter(|message| message.partition() == partition).collect();
        assert_eq!((event(own[0]), &json_of(own[0])), ("snapshot", &begin), "a run begins with the one of nothing");
        let at = own.iter().position(|message| event(message) == "lost").unwrap();
        assert_eq!(json_of(own[at]), json!({ "first": 150, "last": 150, "count": 1 }));
        assert_eq!(key(own[at]), "%stream:quotes");
        let before = own[..at].iter().filter_map(|message| header(message, "fep-number"));
        assert!(
            before.into_iter().all(|number| number.parse::<u32>().unwrap() < 150),
            "it stands where the number is missing"
        );
        let behind = own[at + 1..].iter().filter_map(|message| header(message, "fep-number"));
        assert!(behind.into_iter().all(|number| number.parse::<u32>().unwrap() > 150));
    }
    for message in messages {
        let [schema, stream, of_run] = ["fep-schema", "fep-stream", "fep-run"].map(|name| header(message, name));
        assert_eq!((schema, stream, of_run), (Some("1"), Some("quotes"), Some(run)));
    }
    let shown = bench.until("/v1/streams", |shown| count(shown, "taken") == 205).await;
    assert_eq!((count(&shown, "last_position"), topic(&shown)["trouble"].clone()), (199, Json::Null));
    assert_eq!((&topic(&shown)["topic"], &topic(&shown)["run"]), (&json!("fep.order"), &json!(run)));
    assert_eq!(metric(&bench, "up", "fep.order").await, "1");
    assert_eq!(metric(&bench, "messages_total", "fep.order").await, "205");
    bench.gateway.stop().await;
    let ended = |messages: &[OwnedMessage]| messages.iter().filter(|message| event(message) == "end").count();
    log.until("the end", |messages| ended(messages) == PARTITIONS as usize);
}

/// The broker is away while more comes than there is room for. Quotes flow to others, the trouble is told, and nothing is missing in the topic that it does not say.
async fn goes_and_comes(when_slow: &str) {
    let name = &*format!("fep.{when_slow}");
    let cluster = cluster(name);
    let exchange = Exchange::open().await;
    let of_topic = format!("delivery_timeout_ms = 400\nbuffer_events = 100\nwhen_slow = \"{when_slow}\"");
    let bench = bench(&to_topic(&exchange, &cluster, name, "", &of_topic)).await;
    let mut reader = Reader::open(&bench, "/v1/streams/quotes?buffer=100000&when_slow=disconnect", "").await;
    reader.event("snapshot").await;
    let mut sent = 0;
    let mut send = async |count: u32| {
        for number in sent + 1..=sent + count {
            exchange.send(best(number, instrument(number), number));
            assert_eq!(reader.numbers(1).await, [u64::from(number)], "the broker holds up nobody");
        }
        sent += count;
        u64::from(sent)
    };
    let mut log = Log::of(&cluster, name);
    let all = send(50).await;
    log.until("what came before", |messages| are_there(messages, all));
    cluster.broker_down(1).unwrap();
    send(400).await;
    let shown = bench.until("/v1/streams", |shown| topic(shown)["trouble"].is_string()).await;
    assert_eq!((count(&shown, "buffer_events"), &topic(&shown)["behind"]), (100, &json!(true)), "{shown}");
    assert!(count(&shown, "waiting") <= 100 && count(&shown, "taken") <= 53, "only what it confirmed counts: {shown}");
    let notes = bench.get("/readyz").await.1["notes"].to_string();
    assert!(notes.contains(&format!("stream quotes: the topic {name} takes nothing or not everything: ")), "{notes}");
    assert!(metric(&bench, "up", name).await == "0");
    if let Some(mut page) = Page::open(&bench) {
        page.show("#/lines");
        let row = "[...document.querySelectorAll('main .part tbody td')].map(cell => cell.innerText.trim())";
        page.until(row, |row| {
            row[4].as_str().is_some_and(|shown| shown.starts_with("1 / 100") && shown.contains(name))
        });
        page.has("it confirmed nothing for 400 ms");
        page.was_quiet();
    }
    cluster.broker_up(1).unwrap();
    let all = send(50).await;
    let messages = log.until("all of it, or that it is missing", |messages| are_there(messages, all));
    let said =
        messages.iter().filter(|message| event(message) == if when_slow == "skip" { "missed" } else { "snapshot" });
    assert!(said.count() >= PARTITIONS as usize);
    let shown = bench.until("/v1/streams", |shown| topic(shown)["trouble"].is_null()).await;
    assert!(count(&shown, "missed") >= 200, "{shown}");
    assert!(metric(&bench, "up", name).await == "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_goes_and_comes_misses_what_the_topic_says() {
    goes_and_comes("skip").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_goes_and_comes_gets_the_last_of_each_instrument() {
    goes_and_comes("latest").await;
}

/// A broker that answers late gets larger pieces, and loses nothing for which there is room.
#[tokio::test(flavor = "multi_thread")]
async fn a_slow_broker_gets_everything_for_which_there_is_room() {
    let cluster = cluster("fep.slow");
    cluster.broker_round_trip_time(1, Duration::from_millis(200)).unwrap();
    let exchange = Exchange::open().await;
    let bench =
        bench(&to_topic(&exchange, &cluster, "fep.slow", "", "buffer_events = 100000\nwhen_slow = \"skip\"")).await;
    for number in 1..=5000 {
        exchange.send(best(number, instrument(number), number));
    }
    let shown = bench.until("/v1/streams", |shown| count(shown, "taken") == 5000 + PARTITIONS as u64).await;
    assert_eq!((count(&shown, "missed"), count(&shown, "last_position")), (0, 4999));
    let mut log = Log::of(&cluster, "fep.slow");
    log.until("all of it", |messages| are_there(messages, 5000));
}

/// What a broker never takes holds up nothing, and the topic says that it is missing.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_for_good_is_said_in_the_topic() {
    let cluster = cluster("fep.refused");
    let exchange = Exchange::open().await;
    let bench = bench(&to_topic(&exchange, &cluster, "fep.refused", "", "telegrams = [\"Best\"]")).await;
    let mut log = Log::of(&cluster, "fep.refused");
    log.until("the begin", |messages| messages.len() == PARTITIONS as usize);
    cluster.request_errors(RDKafkaApiKey::Produce, &[RDKafkaRespErr::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE]);
    exchange.send(best(1, INSTRUMENTS[0], 1));
    let shown = bench.until("/v1/streams", |shown| count(shown, "refused") == 1).await;
    assert!(count(&shown, "taken") >= PARTITIONS as u64);
    exchange.send(best(2, INSTRUMENTS[0], 2));
    let messages = log.until("both", |messages| are_there(messages, 2));
    let said = messages.iter().find(|message| event(message) == "missed").unwrap();
    let wanted = json!({ "first_position": 0, "last_position": 0, "count": 1, "positions": [0], "why": "refused" });
    assert_eq!(json_of(said), wanted);
    // It is trouble for a while, so that somebody sees it, and what follows is taken.
    let shown = bench.until("/v1/streams", |shown| count(shown, "last_position") == 1).await;
    assert!(topic(&shown)["trouble"].is_string(), "{shown}");
    assert_eq!(metric(&bench, "refused_total", "fep.refused").await, "1");
}

/// A topic that is not there is said, not made, also by a cluster that makes topics. It gets the stream as soon as somebody has made it.
#[tokio::test(flavor = "multi_thread")]
async fn a_misspelt_topic_is_not_made() {
    let cluster = cluster("fep.spelt");
    let exchange = Exchange::open().await;
    let bench = bench(&to_topic(&exchange, &cluster, "fep.misspelt", "", "")).await;
    let shown = bench.until("/v1/streams", |shown| topic(shown)["trouble"].is_string()).await;
    let trouble = topic(&shown)["trouble"].as_str().unwrap().to_owned();
    assert!(trouble.starts_with("the cluster does not have it: UnknownTopicOrPartition"), "{trouble}");
    cluster.create_topic("fep.misspelt", PARTITIONS, 1).unwrap();
    let begins = PARTITIONS as u64;
    let is_well = |shown: &Json| count(shown, "taken") == begins && topic(shown)["trouble"].is_null();
    bench.until("/v1/streams", is_well).await;
}

/// A broker refuses a batch as a whole, although it would take each telegram. All of them are there, in their order.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_batch_costs_no_telegram_that_is_taken_in_another() {
    const COUNT: u32 = 30;
    let cluster = cluster("fep.batch");
    let exchange = Exchange::open().await;
    let bench = bench(&to_topic(&exchange, &cluster, "fep.batch", "", "telegrams = [\"Best\"]")).await;
    let mut log = Log::of(&cluster, "fep.batch");
    log.until("the begin", |messages| messages.len() == PARTITIONS as usize);
    let too_large = RDKafkaRespErr::RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    let fine = RDKafkaRespErr::RD_KAFKA_RESP_ERR_NO_ERROR;
    // The first telegram alone, then a batch. Of what was in the batch, everything is taken in smaller ones.
    cluster.request_errors(RDKafkaApiKey::Produce, &[fine, too_large]);
    // They wait while the first is on its way, and then come together.
    cluster.broker_round_trip_time(1, Duration::from_millis(1500)).unwrap();
    exchange.send(best(1, INSTRUMENTS[0], 1));
    let is_on_its_way = |shown: &Json| shown["streams"][0]["next_position"] == 1 && count(shown, "waiting") == 0;
    bench.until("/v1/streams", is_on_its_way).await;
    exchange.send((2..=COUNT).flat_map(|number| best(number, instrument(number), number)).collect());
    cluster.broker_round_trip_time(1, Duration::ZERO).unwrap();
    log.until("all of it", |messages| are_there(messages, u64::from(COUNT)));
    // The error was not left for a telegram that comes alone: it would be refused.
    exchange.send(best(COUNT + 1, INSTRUMENTS[0], COUNT + 1));
    let all = u64::from(COUNT) + 1 + PARTITIONS as u64;
    let shown = bench.until("/v1/streams", |shown| count(shown, "taken") == all).await;
    assert_eq!((count(&shown, "refused"), &topic(&shown)["trouble"]), (0, &Json::Null), "{shown}");
}

/// A reload while the cluster hangs takes the stream from nobody, and the new run comes to the topic behind the old one.
#[tokio::test(flavor = "multi_thread")]
async fn a_reload_does_not_wait_for_a_cluster_that_hangs() {
    let cluster = cluster("fep.hangs");
    let exchange = Exchange::open().await;
    let bench = bench(&to_topic(&exchange, &cluster, "fep.hangs", "", "every_ms = 100")).await;
    bench.until("/v1/streams", |shown| count(shown, "taken") > 0).await;
    cluster.broker_round_trip_time(1, Duration::from_millis(1500)).unwrap();
    exchange.send(best(1, INSTRUMENTS[0], 1));
    bench.until("/v1/streams", |shown| shown["streams"][0]["next_position"] == 1).await;
    bench.rewrite(|text| text.replace("every_ms = 100", "every_ms = 200"));
    let begun = Instant::now();
    let (_, reply) = bench.post("/v1/reload", json!({ "note": "a test" }).to_string(), &[]).await;
    assert_eq!(reply["streams"][0]["key"], "streams.quotes", "{reply}");
    let mut reader = Reader::open(&bench, "/v1/streams/quotes", "").await;
    reader.event("snapshot").await;
    assert!(begun.elapsed() < Duration::from_millis(1500), "{:?}", begun.elapsed());
    bench.until("/v1/streams", crate::streams::all_connected).await;
    exchange.send(best(2, INSTRUMENTS[0], 2));
    reader.numbers(1).await;
    cluster.broker_round_trip_time(1, Duration::ZERO).unwrap();
    let mut log = Log::of(&cluster, "fep.hangs");
    let events = |messages: &[OwnedMessage], own: i32| {
        messages
            .iter()
            .filter(|message| message.partition() == own)
            .map(|message| event(message).to_owned())
            .collect::<Vec<_>>()
    };
    let is_whole = |messages: &[OwnedMessage]| {
        let all: Vec<_> = (0..PARTITIONS).map(|own| events(messages, own)).collect();
        all.concat().iter().filter(|event| *event == "telegram").count() == 2
            && all.iter().all(|own| own.contains(&"end".to_owned()))
    };
    let messages = log.until("both runs", is_whole);
    for own in 0..PARTITIONS {
        let events = events(messages, own);
        let wanted = if events.len() == 3 {
            vec!["snapshot", "end", "snapshot"]
        } else {
            vec!["snapshot", "telegram", "end", "snapshot", "telegram"]
        };
        assert_eq!(events, wanted, "partition {own}");
    }
}

/// A reload changes where a stream goes; the end of the gateway does not wait long for a broker that is away.
#[tokio::test(flavor = "multi_thread")]
async fn a_reload_begins_a_new_run_and_an_end_has_its_limit() {
    let cluster = cluster("fep.reload");
    let exchange = Exchange::open().await;
    let bench = bench(&to_topic(&exchange, &cluster, "fep.reload", "", "every_ms = 100")).await;
    let first = bench.until("/v1/streams", |shown| count(shown, "taken") > 0).await;
    bench.rewrite(|text| text.replace("every_ms = 100", "every_ms = 200"));
    let (_, reply) = bench.post("/v1/reload", json!({ "note": "a test" }).to_string(), &[]).await;
    assert_eq!(reply["streams"][0]["key"], "streams.quotes", "{reply}");
    let run = topic(&first)["run"].as_str().unwrap().to_owned();
    let is_new =
        |shown: &Json| topic(shown)["run"].as_str().is_some_and(|own| own > &*run) && count(shown, "taken") > 0;
    bench.until("/v1/streams", is_new).await;
    let mut log = Log::of(&cluster, "fep.reload");
    let messages = log.until("two runs", |messages| messages.len() == 3 * PARTITIONS as usize);
    let events: Vec<_> = messages.iter().filter(|message| message.partition() == 0).map(event).collect();
    assert_eq!(events, ["snapshot", "end", "snapshot"]);
    connected_and_last_of_each(&bench, &exchange, &mut log).await;

    // A reader whose broker is away takes long to end.
    drop(log);
    cluster.broker_down(1).unwrap();
    exchange.send(best(21, INSTRUMENTS[0], 21));
    let begun = Instant::now();
    bench.gateway.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}

/// With `every_ms`, the last of each instrument is there at the end of the span.
async fn connected_and_last_of_each(bench: &Bench, exchange: &Exchange, log: &mut Log) {
    bench.until("/v1/streams", crate::streams::all_connected).await;
    let sent = (1..=20).flat_map(|number| best(number, instrument(number), number)).collect();
    exchange.send(sent);
    exchange.send(heartbeat(20));
    let numbers = |messages: &[OwnedMessage]| {
        let numbers = messages.iter().filter_map(|message| header(message, "fep-number"));
        numbers.map(|number| number.parse().unwrap()).collect::<BTreeSet<u32>>()
    };
    let messages = log.until("the last ones", |messages| numbers(messages).is_superset(&(17..=20).collect()));
    assert!(numbers(messages).len() < 20, "{:?}", numbers(messages));
}
