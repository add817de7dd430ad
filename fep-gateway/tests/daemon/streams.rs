//! A stream that goes to a real Kafka-compatible broker: the daemon is killed, the broker is killed and loses what it had, and the topic still says what it
//! does not have. `FEP_KAFKA` names the program of the broker; without it the test is skipped, unless `FEP_CI` is set.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers, Message, OwnedMessage};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use serde_json::Value as Json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::time::sleep;

use crate::broker::Broker;
use crate::harness::{Daemon, Setup, root};

const TOPIC: &str = "fep.quotes";

/// The longest wait for anything.
const WAIT: Duration = Duration::from_secs(60);

/// A feed that sends the next quote every two milliseconds, to one connection after the other.
async fn feed() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut number = 0_u32;
        while let Ok((mut line, _)) = listener.accept().await {
            loop {
                number += 1;
                let issue = ["KR7005930003", "KR7000660003", "KR7035420009"][number as usize % 3];
                let text =
                    format!("B701S{number:08}{issue}G140093015{number:09}{:010}{:09}{:010}      \u{0}", 10, 1, 20);
                let mut bytes = text.into_bytes();
                bytes[79] = 0xFF;
                // The daemon was killed.
                if line.write_all(&bytes).await.is_err() {
                    break;
                }
                sleep(Duration::from_millis(2)).await;
            }
        }
    });
    port
}

/// What the broker has, once it is enough.
fn messages(broker: &Broker, what: &str, enough: impl Fn(&[OwnedMessage]) -> bool) -> Vec<OwnedMessage> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", format!("127.0.0.1:{}", broker.port))
        .set("group.id", "unused")
        .create()
        .unwrap();
    let mut partitions = TopicPartitionList::new();
    for partition in 0..3 {
        partitions.add_partition_offset(TOPIC, partition, Offset::Beginning).unwrap();
    }
    consumer.assign(&partitions).unwrap();
    let mut messages = Vec::new();
    let begun = Instant::now();
    while !enough(&messages) {
        let seen = || messages.iter().map(told).collect::<Vec<_>>();
        assert!(begun.elapsed() < WAIT, "{what}: {:?}", seen());
        // A topic that has just been made has no leader yet.
        let polled = consumer.poll(Duration::from_millis(50)).and_then(Result::ok);
        messages.extend(polled.map(|message| message.detach()));
    }
    messages
}

fn header<'m>(message: &'m OwnedMessage, name: &str) -> Option<&'m str> {
    let found = message.headers()?.iter().find(|header| header.key == name)?;
    Some(std::str::from_utf8(found.value?).unwrap())
}

fn told(message: &OwnedMessage) -> String {
    let [event, position] = ["fep-event", "fep-position"].map(|name| header(message, name).unwrap_or_default());
    format!("{} {event} {position}", message.partition())
}

fn position(message: &OwnedMessage) -> Option<u64> {
    header(message, "fep-position").map(|position| position.parse().unwrap())
}

/// The runs whose messages are there.
fn runs(messages: &[OwnedMessage]) -> BTreeSet<&str> {
    messages.iter().filter_map(|message| header(message, "fep-run")).collect()
}

/// The positions of a run that are there or said to be missing. A telegram may come again; for the first time those of an instrument come in their order.
fn accounted_for(messages: &[OwnedMessage], run: &str) -> BTreeSet<u64> {
    let mut last: BTreeMap<&[u8], u64> = BTreeMap::new();
    let mut there = BTreeSet::new();
    for message in messages.iter().filter(|message| header(message, "fep-run") == Some(run)) {
        if let Some(position) = position(message) {
            let last = last.entry(message.key().unwrap()).or_default();
            assert!(
                position >= *last || there.contains(&position),
                "{position} comes for the first time behind {last}"
            );
            *last = position.max(*last);
            there.insert(position);
        } else if header(message, "fep-event") == Some("missed") && message.partition() == 0 {
            let said: Json = serde_json::from_slice(message.payload().unwrap()).unwrap();
            there.extend(said["first_position"].as_u64().unwrap()..=said["last_position"].as_u64().unwrap());
        }
    }
    there
}

/// Whether nothing is missing between the first and the last one.
fn are_whole(positions: &BTreeSet<u64>) -> bool {
    positions.last().zip(positions.first()).is_none_or(|(last, first)| last - first + 1 == positions.len() as u64)
}

async fn taken(daemon: &Daemon, at_least: u64) {
    let taken = |reply: &Json| reply["streams"][0]["topics"][0]["taken"].as_u64().unwrap_or_default();
    daemon.until("/v1/streams", |(_, reply)| taken(reply) >= at_least).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_topic_says_what_it_does_not_have_although_daemon_and_broker_are_killed() {
    let Some(mut broker) = Broker::start(&[TOPIC]).await else { return };
    let folder = tempfile::tempdir().unwrap();
    let spec = root().join("specs/feed-b7/feed-b7.toml");
    let behind = format!(
        "[streams.quotes]\nspec = {:?}\nframing = {{ kind = \"code-table\" }}\ntelegrams = [\"Best\"]\n\
         key = [\"issue\"]\nnumber = \"sequence\"\nfeeds = [{{ name = \"a\", connect = \"127.0.0.1:{}\" }}]\n\
         [[streams.quotes.kafka]]\ntopic = \"{TOPIC}\"\nbrokers = [\"127.0.0.1:{}\"]\n\
         delivery_timeout_ms = 1500\nbuffer_events = 200\nwhen_slow = \"skip\"\n",
        spec.display().to_string(),
        feed().await,
        broker.port
    );
    let bank = crate::ports::dead_port().await;
    let setup = Setup { behind, ..Setup::new(folder.path(), bank, "answer_timeout_ms = 5000") };
    let daemon = setup.spawn().await;
    taken(&daemon, 300).await;
    daemon.kill().await;
    let mut daemon = setup.spawn().await;
    taken(&daemon, 300).await;
    // A partition comes when its leader is known: the others can have six hundred before the first message of this one.
    let are_there = |messages: &[OwnedMessage]| {
        let runs = runs(messages);
        let begins = |run: &&str| accounted_for(messages, run).first() == Some(&0);
        messages.len() >= 600 && runs.len() == 2 && runs.iter().all(begins)
    };
    tokio::task::block_in_place(|| messages(&broker, "two runs, each from its first position", are_there));

    broker.dies().await;
    let trouble = |reply: &Json| !reply["streams"][0]["topics"][0]["trouble"].is_null();
    daemon.until("/v1/streams", |(_, reply)| trouble(reply)).await;
    let behind = |reply: &Json| reply["streams"][0]["topics"][0]["behind"] == true;
    daemon.until("/v1/streams", |(_, reply)| behind(reply)).await;
    broker.runs().await;
    daemon.until("/v1/streams", |(_, reply)| !trouble(reply) && !behind(reply)).await;
    daemon.terminate().await;
    daemon.ends_within(Duration::from_secs(20)).await;
    // What the old broker had is gone with it. Everything behind that is there, or said to be missing, up to the end.
    let ends = |messages: &[OwnedMessage]| {
        messages.iter().filter(|message| header(message, "fep-event") == Some("end")).count() == 3
    };
    let read = tokio::task::block_in_place(|| messages(&broker, "the end", ends));
    let run = runs(&read).pop_first().unwrap();
    let own = accounted_for(&read, run);
    assert!(are_whole(&own) && own.len() > 300, "{own:?}");
    assert!(read.iter().any(|message| header(message, "fep-event") == Some("missed")), "there was not room for all");
}
