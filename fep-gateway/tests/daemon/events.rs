//! Events to a real Kafka-compatible broker: the daemon is killed under load, the broker is killed, and no end of an exchange is missing.
//!
//! The broker keeps its topics in memory. `FEP_KAFKA` names its program; without it the tests are skipped, unless `FEP_CI` is set.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use serde_json::Value as Json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::Command;
use tokio::time::sleep;

use crate::broker::Broker;
use crate::harness::Setup;
use crate::peer::transfer_answer;

const TOPIC: &str = "fep.events";

/// The content of the events about exchanges, by their names, once it has an event of all these exchanges.
fn events(broker: &Broker, exchanges: &[String]) -> BTreeMap<String, Json> {
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
    let mut events: BTreeMap<String, Json> = BTreeMap::new();
    let has = |events: &BTreeMap<String, Json>, id: &String| {
        events.values().any(|event| event["exchange"]["exchange"] == **id)
    };
    for _ in 0..600 {
        let Some(message) = consumer.poll(Duration::from_millis(50)) else {
            if exchanges.iter().all(|id| has(&events, id)) {
                return events;
            }
            continue;
        };
        // A topic that has just been made has no leader yet.
        let Ok(message) = message else { continue };
        let event: Json = serde_json::from_slice(message.payload().unwrap()).unwrap();
        if event["exchange"].is_null() {
            continue;
        }
        let id = event["id"].as_str().unwrap().to_owned();
        let before = events.insert(id, event.clone());
        assert!(before.as_ref().is_none_or(|before| *before == event), "{before:?} came again as {event}");
    }
    let missing: Vec<_> = exchanges.iter().filter(|id| !has(&events, id)).collect();
    panic!("no event of {missing:?}");
}

/// A bank that answers every transfer at once, on any connection.
async fn obliging_bank() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer_all(stream));
        }
    });
    port
}

/// An error is the end of the connection: the daemon was killed.
async fn answer_all(mut stream: TcpStream) -> std::io::Result<()> {
    loop {
        let mut length = [0; 4];
        stream.read_exact(&mut length).await?;
        let rest = std::str::from_utf8(&length).unwrap().parse::<usize>().unwrap();
        let mut request = length.to_vec();
        request.resize(4 + rest, 0);
        stream.read_exact(&mut request[4..]).await?;
        stream.write_all(&transfer_answer(&request)).await?;
    }
}

fn setup(folder: &Path, bank: u16, broker: u16) -> Setup<'_> {
    let events = format!(
        "[events]\ntopic = \"{TOPIC}\"\nalarm_after_ms = 500\n\
         [[events.clusters]]\nname = \"main\"\nbrokers = [\"127.0.0.1:{broker}\"]\ndelivery_timeout_ms = 1500\n"
    );
    Setup { behind: events, ..Setup::new(folder, bank, "answer_timeout_ms = 5000") }
}

/// The exchanges with an outcome, by the journal's own export.
pub(crate) async fn ended(journal: &Path) -> Vec<String> {
    let exported = Command::new(env!("CARGO_BIN_EXE_fep-gateway"))
        .args(["journal", "export", "--journal"])
        .arg(journal)
        .output()
        .await
        .unwrap();
    assert!(exported.status.success(), "{exported:?}");
    let lines = String::from_utf8(exported.stdout).unwrap();
    let facts = lines.lines().map(|line| serde_json::from_str::<Json>(line).unwrap());
    let of_outcomes = facts.filter(|fact| !fact["outcome"].is_null());
    of_outcomes.map(|fact| fact["exchange"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_outcome_of_the_journal_is_an_event_although_the_daemon_is_killed() {
    let Some(broker) = Broker::start(&[TOPIC]).await else { return };
    let folder = tempfile::tempdir().unwrap();
    let setup = setup(folder.path(), obliging_bank().await, broker.port);
    for round in 0..5_u64 {
        let daemon = setup.start().await;
        let asked: Vec<_> = (0..20).map(|number| daemon.ask(1 + round * 100 + number, None)).collect();
        sleep(Duration::from_millis(20 + 25 * round)).await;
        daemon.kill().await;
        // Callers learn nothing from a daemon that was killed.
        for caller in asked {
            drop(caller.await.unwrap());
        }
    }
    let daemon = setup.start().await;
    let ended = ended(&setup.journal).await;
    assert!(ended.len() >= 5, "{ended:?}");
    let events = tokio::task::block_in_place(|| events(&broker, &ended));
    let of_ends = events.values().filter(|event| event["kind"] == "exchange_ended");
    let mut told: Vec<_> = of_ends.map(|event| event["exchange"]["exchange"].as_str().unwrap().to_owned()).collect();
    told.sort();
    let mut known = ended;
    known.sort();
    assert_eq!(told, known, "each end is told once, by the names of the events");
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_no_broker_runs_the_daemon_works_says_so_and_then_tells_all() {
    let Some(mut broker) = Broker::start(&[TOPIC]).await else { return };
    let folder = tempfile::tempdir().unwrap();
    let setup = setup(folder.path(), obliging_bank().await, broker.port);
    let daemon = setup.start().await;
    let told = vec![daemon.ask(1, None).await.unwrap().unwrap().1["exchange"].as_str().unwrap().to_owned()];
    tokio::task::block_in_place(|| events(&broker, &told));
    broker.dies().await;
    let mut waiting = Vec::new();
    for amount in 2..6 {
        let (status, reply) = daemon.ask(amount, None).await.unwrap().unwrap();
        assert_eq!(status, reqwest::StatusCode::OK, "{reply}");
        waiting.push(reply["exchange"].as_str().unwrap().to_owned());
    }
    let has_note = |ready: &Json, why: &str| {
        let notes = ready["notes"].as_array().cloned().unwrap_or_default();
        let mut notes = notes.iter().filter_map(Json::as_str);
        notes.any(|note| note.contains("events wait for") && note.contains(why))
    };
    daemon.until("/readyz", |(status, ready)| status.is_success() && has_note(ready, "Kafka cluster main: ")).await;
    let metrics = daemon.text("/metrics").await;
    assert!(metrics.contains("fep_event_failures_total"), "{metrics}");
    broker.runs().await;
    let events = tokio::task::block_in_place(|| events(&broker, &waiting));
    assert!(
        events.values().all(|event| event["exchange"]["exchange"] != *told[0]),
        "what was taken does not come again"
    );
    daemon.until("/readyz", |(_, ready)| !has_note(ready, "")).await;
    daemon.stop().await;
}
