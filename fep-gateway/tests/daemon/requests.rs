//! Requests from a real Kafka-compatible broker: the daemon is killed in the middle of them, again and again. By the record of the bank, nothing
//! is lost and nothing is sent twice.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Header, Message, OwnedHeaders};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer, ThreadedProducer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use serde_json::Value as Json;
use tokio::process::Command;
use tokio::time::sleep;

use crate::book::Book;
use crate::broker::Broker;
use crate::harness::{Setup, transfer};

const TOPICS: [&str; 5] = ["fep.requests", "fep.results", "fep.dead", "fep.retry", "fep.events"];

fn setup(folder: &Path, bank: u16, broker: u16) -> Setup<'_> {
    let tables = format!(
        "[requests]\ntopic = \"fep.requests\"\ngroup = \"fep\"\ncaller = \"batch\"\nresults = \"fep.results\"\n\
         dead_letters = \"fep.dead\"\nin_flight_max = 8\nonly_member = true\nsession_timeout_ms = 3000\n\
         retries = [{{ topic = \"fep.retry\", delay_ms = 300 }}]\n\
         [[requests.clusters]]\nname = \"main\"\nbrokers = [\"127.0.0.1:{broker}\"]\n\
         [events]\ntopic = \"fep.events\"\n[[events.clusters]]\nname = \"main\"\nbrokers = [\"127.0.0.1:{broker}\"]\n"
    );
    Setup { behind: tables, ..Setup::new(folder, bank, "answer_timeout_ms = 5000") }
}

struct Writer(ThreadedProducer<DefaultProducerContext>);

impl Writer {
    fn new(broker: u16) -> Self {
        Self(ClientConfig::new().set("bootstrap.servers", format!("127.0.0.1:{broker}")).create().unwrap())
    }

    fn asks(&self, amount: u64) {
        let order = format!("order-{amount}");
        let headers = [("fep-institution", "bank-a"), ("fep-telegram", "Transfer"), ("idempotency-key", &*order)];
        let headers = headers
            .iter()
            .fold(OwnedHeaders::new(), |headers, (key, value)| headers.insert(Header { key, value: Some(*value) }));
        let key = format!("account-{}", amount % 7);
        let body = transfer(amount);
        let record = BaseRecord::to("fep.requests").key(&key).headers(headers).payload(&body);
        self.0.send(record).map_err(|(error, _)| error).unwrap();
        self.0.flush(Duration::from_secs(10)).unwrap();
    }
}

/// The messages of a topic by their names, once they are enough.
fn by_name(
    broker: u16,
    topic: &str,
    name: &str,
    enough: impl Fn(&BTreeMap<String, Json>, usize) -> bool,
) -> (BTreeMap<String, Json>, usize) {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", format!("127.0.0.1:{broker}"))
        .set("group.id", "unused")
        .create()
        .unwrap();
    let mut partitions = TopicPartitionList::new();
    for partition in 0..3 {
        partitions.add_partition_offset(topic, partition, Offset::Beginning).unwrap();
    }
    consumer.assign(&partitions).unwrap();
    let mut found = BTreeMap::new();
    let mut count = 0;
    for _ in 0..1200 {
        match consumer.poll(Duration::from_millis(50)) {
            Some(Ok(message)) => {
                let content: Json = serde_json::from_slice(message.payload().unwrap()).unwrap();
                count += 1;
                found.insert(content[name].as_str().unwrap().to_owned(), content);
            }
            Some(Err(_)) => {}
            None if enough(&found, count) => return (found, count),
            None => {}
        }
    }
    panic!("in vain: {topic} has {} messages", found.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_is_killed_twenty_times_loses_no_request_and_sends_none_twice() {
    let Some(broker) = Broker::start(&TOPICS).await else { return };
    let folder = tempfile::tempdir().unwrap();
    let book = Book::default();
    let setup = setup(folder.path(), book.opens(Duration::from_millis(20)).await, broker.port);
    let writer = Writer::new(broker.port);
    let mut amount = 1000;
    for round in 0..20_u64 {
        let daemon = setup.start().await;
        for _ in 0..12 {
            writer.asks(amount);
            amount += 1;
        }
        let before = book.came().len();
        for _ in 0..1500 {
            if book.came().len() > before {
                break;
            }
            sleep(Duration::from_millis(10)).await;
        }
        sleep(Duration::from_millis(7 * round)).await;
        daemon.kill().await;
    }
    let daemon = setup.start().await;
    let all = usize::try_from(amount - 1000).unwrap();
    let results = tokio::task::block_in_place(|| {
        by_name(broker.port, "fep.results", "idempotency_key", |found, _| found.len() >= all)
    });
    // A request that the daemon was killed at may be unknown. It is never sent again.
    assert!(results.0.values().all(|result| result["status"] == 200 || result["status"] == 504), "{results:?}");
    let came = book.came();
    assert!(came.values().all(|times| *times == 1), "{came:?}");
    let answered = results.0.values().filter(|result| result["status"] == 200).count();
    assert!(answered <= came.len() && came.len() <= all, "{answered} {} {all}", came.len());
    assert!(answered > all / 2, "{answered} of {all} were answered");
    let unknown = all - answered;
    eprintln!(
        "{all} requests, {answered} answered, {unknown} unknown, {} results with {} names",
        results.1,
        results.0.len()
    );
    daemon.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_published_again_by_command_with_the_same_names_and_bytes() {
    check_republishing("").await;
}

/// A journal in the database that `FEP_POSTGRES` names.
#[cfg(feature = "postgres")]
#[tokio::test(flavor = "multi_thread")]
async fn events_of_a_database_are_published_again() {
    let Some(address) = std::env::var("FEP_POSTGRES").ok() else {
        assert!(std::env::var_os("FEP_CI").is_none(), "FEP_POSTGRES names no server");
        eprintln!("skipped: FEP_POSTGRES names no server; events of a database are not published again");
        return;
    };
    let schema = format!("republished_{}", std::process::id());
    check_republishing(&format!(
        "[journal.postgres]\nhosts = [\"{address}\"]\ndatabase = \"postgres\"\nuser = \"fep\"\ninstance = \"seoul-1\"\nschema = \"{schema}\"\n"
    ))
    .await;
}

async fn check_republishing(journal: &str) {
    let Some(broker) = Broker::start(&TOPICS).await else { return };
    let folder = tempfile::tempdir().unwrap();
    let book = Book::default();
    let mut setup = setup(folder.path(), book.opens(Duration::ZERO).await, broker.port);
    setup.behind.push_str(journal);
    let daemon = setup.start().await;
    for amount in 1..=5 {
        assert!(daemon.ask(amount, None).await.unwrap().unwrap().0.is_success());
    }
    let ends =
        |found: &BTreeMap<String, Json>| found.values().filter(|event| event["kind"] == "exchange_ended").count();
    let (first, count) =
        tokio::task::block_in_place(|| by_name(broker.port, "fep.events", "id", |found, _| ends(found) >= 5));
    let republish = async |arguments: &[&str]| {
        let done = Command::new(env!("CARGO_BIN_EXE_fep-gateway"))
            .args(["events", "republish", "--config"])
            .arg(folder.path().join("gateway.toml"))
            .args(arguments)
            .output()
            .await
            .unwrap();
        (done.status.code(), String::from_utf8(done.stdout).unwrap() + &String::from_utf8(done.stderr).unwrap())
    };
    let (code, said) = republish(&[]).await;
    assert!(code == Some(2) && said.contains("--all for the whole journal"), "{said}");
    let (code, said) = republish(&["--all"]).await;
    assert!(code == Some(0) && said.starts_with("5 events of "), "{code:?} {said}");
    let event = first.values().find(|event| event["kind"] == "exchange_ended").unwrap();
    let (_, said) = republish(&["--exchange", event["exchange"]["exchange"].as_str().unwrap()]).await;
    assert!(said.starts_with("1 events of "), "{said}");
    let number = event["fact"].to_string();
    let (_, said) = republish(&["--from", &number, "--to", &number]).await;
    assert_eq!(said.trim(), "1 events of 1 facts were published again");
    daemon.stop().await;
    let (_, said) = republish(&["--since", "2020-01-01", "--until", "2020-01-02"]).await;
    assert_eq!(said.trim(), "0 events of 0 facts were published again");
    let (_, said) = republish(&["--all"]).await;
    assert!(said.starts_with("5 events of "), "{said}");
    // Twelve were published again, of those that came first.
    let are_there =
        |found: &BTreeMap<String, Json>, all| all >= count + 12 && first.keys().all(|id| found.contains_key(id));
    let (mut again, _) = tokio::task::block_in_place(|| by_name(broker.port, "fep.events", "id", are_there));
    // The states of lines are no facts. The last ones came when the daemon stopped.
    again.retain(|id, _| first.contains_key(id));
    assert_eq!(again, first);
}
