//! Events with two real Kafka-compatible brokers, of which one dies under load again and again while the other one is there. No event is
//! lost, what comes twice is the same, and no event overtakes another one of its exchange.
//!
//! Events stay at the broker that took over, so the deaths are in turn: always the one dies that has them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use serde_json::Value as Json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Mutex;
use tokio::task::block_in_place;
use tokio::time::sleep;

use crate::broker::{Broker, READER};
use crate::events::ended;
use crate::harness::{Daemon, Setup};
use crate::peer::transfer_answer;

const TOPIC: &str = "fep.events";

const PARTITIONS: i32 = 3;

/// How often a broker dies.
const DEATHS: usize = 20;

/// How many services ask at the same time.
const CALLERS: usize = 4;

/// How long one look at a log may take.
const LOOK_MAX: Duration = Duration::from_secs(5);

/// How long a broker may take to name the end of a partition while it is waited for: many looks fit into that wait.
const END_MAX: Duration = Duration::from_secs(1);

/// How long a broker that has begun may wait for events: other programs are built beside these tests.
const EVENTS_MAX: Duration = Duration::from_secs(60);

/// How long nothing may come until a log is complete. The end that the broker names can be older than what it has stored.
const CALM: Duration = Duration::from_millis(300);

/// An event of an exchange in the topic of a broker.
struct Told {
    partition: i32,
    key: String,
    /// The number of its fact.
    number: u64,
    event: Json,
}

fn consumer(broker: &Broker) -> BaseConsumer {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", format!("127.0.0.1:{}", broker.port));
    config.set("group.id", "unused").set("client.id", READER).create().unwrap()
}

/// The end of each partition. It is 0 while a topic that has just been made has no leader.
fn ends(consumer: &BaseConsumer, within: Duration) -> Vec<i64> {
    let end = |partition| consumer.fetch_watermarks(TOPIC, partition, within).map_or(0, |(_, end)| end);
    (0..PARTITIONS).map(end).collect()
}

/// What a broker has.
fn log_of(broker: &Broker) -> Vec<Told> {
    let consumer = consumer(broker);
    let ends = ends(&consumer, LOOK_MAX);
    let mut partitions = TopicPartitionList::new();
    for partition in 0..PARTITIONS {
        partitions.add_partition_offset(TOPIC, partition, Offset::Beginning).unwrap();
    }
    consumer.assign(&partitions).unwrap();
    let mut left: i64 = ends.iter().sum();
    let mut log = Vec::new();
    let begun = Instant::now();
    let mut newest = begun;
    while left > 0 || newest.elapsed() < CALM {
        assert!(begun.elapsed() < LOOK_MAX, "{left} of the messages do not come, the ends are {ends:?}");
        let Some(Ok(message)) = consumer.poll(Duration::from_millis(20)) else { continue };
        let partition = message.partition();
        newest = Instant::now();
        left -= 1;
        let event: Json = serde_json::from_slice(message.payload().unwrap()).unwrap();
        if event["exchange"].is_null() {
            continue;
        }
        // The journal, the number and the time.
        let number = event["id"].as_str().unwrap().rsplit('-').nth(1).unwrap().parse().unwrap();
        let key = message.key_view::<str>().unwrap().unwrap().to_owned();
        log.push(Told { partition, key, number, event });
    }
    log
}

/// How many messages a broker has.
fn count(broker: &Broker) -> i64 {
    block_in_place(|| ends(&consumer(broker), END_MAX).iter().sum())
}

/// Waits until one of the brokers gets messages, and returns which. On a slow machine the first one can be late, and then the second one has them.
async fn who_gets_more(brokers: &[Broker; 2]) -> usize {
    let begun = Instant::now();
    let before = brokers.each_ref().map(count);
    loop {
        let now = brokers.each_ref().map(count);
        if let Some(who) = (0..2).find(|who| now[*who] > before[*who]) {
            return who;
        }
        assert!(begun.elapsed() < EVENTS_MAX, "no broker gets events: they have {now:?}, and had {before:?}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// Waits until a broker has more than this number of messages.
async fn has_more_than(broker: &Broker, count: i64) {
    let begun = Instant::now();
    loop {
        let now = self::count(broker);
        if now > count {
            return;
        }
        assert!(begun.elapsed() < EVENTS_MAX, "a broker gets no events: it has {now}, and had {count}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// A bank that answers each transfer, and every fourth one too late.
async fn slow_bank() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answers(stream));
        }
    });
    port
}

/// An error is the end of the connection.
async fn answers(stream: TcpStream) -> std::io::Result<()> {
    let (mut from, to) = stream.into_split();
    let to = Arc::new(Mutex::new(to));
    loop {
        let mut length = [0; 4];
        from.read_exact(&mut length).await?;
        let rest = std::str::from_utf8(&length).unwrap().parse::<usize>().unwrap();
        let mut request = length.to_vec();
        request.resize(4 + rest, 0);
        from.read_exact(&mut request[4..]).await?;
        let amount: u64 = std::str::from_utf8(&request[116..129]).unwrap().parse().unwrap();
        let to = Arc::clone(&to);
        tokio::spawn(async move {
            let work = if amount.is_multiple_of(4) { 300 } else { 5 };
            sleep(Duration::from_millis(work)).await;
            to.lock().await.write_all(&transfer_answer(&request)).await
        });
    }
}

fn setup<'s>(folder: &'s Path, bank: u16, brokers: &[Broker; 2]) -> Setup<'s> {
    let cluster = |(name, broker): (&str, &Broker)| {
        let port = broker.port;
        format!(
            "[[events.clusters]]\nname = \"{name}\"\nbrokers = [\"127.0.0.1:{port}\"]\ndelivery_timeout_ms = 1000\n"
        )
    };
    let clusters: String = ["a", "b"].into_iter().zip(brokers).map(cluster).collect();
    let events = format!("[events]\ntopic = \"{TOPIC}\"\n{clusters}");
    Setup { behind: events, ..Setup::new(folder, bank, "answer_timeout_ms = 200") }
}

/// Services that ask one request after the other, until they are told to stop.
async fn asks(daemon: Arc<Daemon>, next: Arc<AtomicU64>, stops: Arc<AtomicBool>) {
    while !stops.load(Ordering::Relaxed) {
        let amount = next.fetch_add(1, Ordering::Relaxed);
        daemon.ask(amount, None).await.unwrap().unwrap();
    }
}

/// Checks that in each log no event comes first after a later one of its exchange, and that what has one name is the same everywhere. Returns
/// how many events came more than once.
fn none_overtakes_another(logs: &[Vec<Told>]) -> usize {
    let mut by_name: BTreeMap<&str, &Json> = BTreeMap::new();
    let mut again = 0;
    for log in logs {
        let mut seen = BTreeSet::new();
        let mut newest: BTreeMap<&str, u64> = BTreeMap::new();
        let mut places: BTreeMap<&str, i32> = BTreeMap::new();
        for told in log {
            let place = places.entry(&told.key).or_insert(told.partition);
            assert_eq!(*place, told.partition, "one key in two partitions: {}", told.event);
            let name = told.event["id"].as_str().unwrap();
            let before = by_name.insert(name, &told.event);
            again += usize::from(before.is_some());
            assert!(before.is_none_or(|before| *before == told.event), "{before:?} came again as {}", told.event);
            if seen.insert(name) {
                let before = newest.insert(&told.key, told.number);
                assert!(before.is_none_or(|before| before < told.number), "it was overtaken: {}", told.event);
            }
        }
    }
    again
}

/// The names of the exchanges with events of this kind.
fn exchanges(logs: &[Vec<Told>], kind: &str) -> BTreeSet<String> {
    let of_kind = logs.iter().flatten().filter(|told| told.event["kind"] == kind);
    of_kind.map(|told| told.event["exchange"]["exchange"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_dies_under_load_while_another_is_there_and_no_event_is_lost_or_overtaken() {
    let Some(a) = Broker::start(&[TOPIC]).await else { return };
    let Some(b) = Broker::start(&[TOPIC]).await else { return };
    let mut brokers = [a, b];
    let folder = tempfile::tempdir().unwrap();
    let setup = setup(folder.path(), slow_bank().await, &brokers);
    let daemon = Arc::new(setup.start().await);
    let next = Arc::new(AtomicU64::new(1));
    let stops = Arc::new(AtomicBool::new(false));
    let ask = |_| tokio::spawn(asks(Arc::clone(&daemon), Arc::clone(&next), Arc::clone(&stops)));
    let callers: Vec<_> = (0..CALLERS).map(ask).collect();
    let mut logs = Vec::new();
    for _ in 0..DEATHS {
        let dying = who_gets_more(&brokers).await;
        brokers[dying].is_cut_off();
        logs.push(block_in_place(|| log_of(&brokers[dying])));
        let had = count(&brokers[1 - dying]);
        brokers[dying].dies().await;
        has_more_than(&brokers[1 - dying], had).await;
        brokers[dying].runs().await;
    }
    stops.store(true, Ordering::Relaxed);
    for caller in callers {
        caller.await.unwrap();
    }
    let ended: BTreeSet<_> = ended(&setup.journal).await.into_iter().collect();
    let begun = Instant::now();
    let (all, told) = loop {
        let last = block_in_place(|| brokers.each_ref().map(log_of));
        let count = logs.len();
        logs.extend(last);
        let told = exchanges(&logs, "exchange_ended");
        if told.is_superset(&ended) {
            break (logs, told);
        }
        logs.truncate(count);
        let missing: Vec<_> = ended.difference(&told).collect();
        assert!(begun.elapsed() < Duration::from_secs(10), "no event of {missing:?}");
        sleep(Duration::from_millis(100)).await;
    };
    assert_eq!(told, ended, "only what ended is told");
    let again = none_overtakes_another(&all);
    let settled = exchanges(&all, "exchange_settled").len();
    println!("{} exchanges, {settled} settled by a late answer, {again} events came again", ended.len());
    assert!(settled > DEATHS, "only {settled} exchanges have two events: the test tests little");
    let daemon = Arc::into_inner(daemon).expect("all callers have ended");
    daemon.stop().await;
}
