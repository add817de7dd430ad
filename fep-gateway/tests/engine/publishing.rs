//! Events to a broker: what leaves, in which order, with which bytes, while the broker takes nothing and after a crash.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use fep_gateway::config::{ArchiveConfig, Environment};
use fep_gateway::exchange::{Caller, Exchange};
use fep_gateway::gateway::{Gateway, RequestOptions, StandInOnly};
use fep_gateway::publish::{
    self, EventOrder, Outgoing, PublishError, PublishFuture, PublishOptions, Publisher, Publishing,
};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::harness::{Bench, IMPATIENT, Setup, config, golden, outcome, start, transfer, until};
use crate::peer::{Peer, transfer_answer};

/// A broker that remembers what it took.
#[derive(Clone, Default)]
pub(crate) struct Broker(Arc<Mutex<Book>>);

#[derive(Default)]
struct Book {
    refuses: bool,
    taken: Vec<Outgoing>,
    /// The kind of events that it never takes.
    never: Option<&'static str>,
}

impl Publisher for Broker {
    fn publish<'p>(&'p self, events: &'p [Outgoing]) -> PublishFuture<'p> {
        Box::pin(async move {
            let mut book = self.0.lock().unwrap();
            if book.refuses {
                // Half of them were taken nevertheless.
                book.taken.extend_from_slice(&events[..events.len() / 2]);
                return Err(PublishError::now("the broker is down"));
            }
            let (never, taken): (Vec<_>, Vec<_>) = events.iter().partition(|event| Some(event.kind) == book.never);
            book.taken.extend(taken.into_iter().cloned());
            let refused: Vec<_> = never.iter().map(|event| event.id.clone()).collect();
            if refused.is_empty() { Ok(()) } else { Err(PublishError { why: "too large".to_owned(), refused }) }
        })
    }
}

impl Broker {
    fn refuses(&self, refuses: bool) {
        self.0.lock().unwrap().refuses = refuses;
    }

    /// The events about exchanges and notices.
    fn taken(&self) -> Vec<Outgoing> {
        let book = self.0.lock().unwrap();
        book.taken.iter().filter(|event| event.kind != "line_changed").cloned().collect()
    }

    fn lines(&self) -> Vec<Value> {
        let book = self.0.lock().unwrap();
        book.taken.iter().filter(|event| event.kind == "line_changed").map(content).collect()
    }

    /// Waits for this many events about exchanges and notices.
    async fn has(&self, count: usize) -> Vec<Outgoing> {
        until("the events came", async || self.taken().len() >= count).await;
        self.taken()
    }
}

async fn publish_to(gateway: &Gateway, broker: &Broker) -> Publishing {
    let options = PublishOptions { alarm_after: Duration::from_millis(300), ..PublishOptions::default() };
    publish::start(gateway, Arc::new(broker.clone()), options).await.unwrap()
}

/// The content of an event, which is as the schema says.
fn content(event: &Outgoing) -> Value {
    let content: Value = serde_json::from_str(&event.json).unwrap();
    let schema = jsonschema::validator_for(&publish::event::schema()).unwrap();
    let mistakes: Vec<_> = schema.iter_errors(&content).map(|mistake| mistake.to_string()).collect();
    assert!(mistakes.is_empty(), "{mistakes:?}: {content}");
    assert_eq!((&content["version"], content["id"].as_str()), (&Value::from(1), Some(event.id.as_str())));
    assert_eq!((content["kind"].as_str(), content["at_ms"].as_i64()), (Some(event.kind), Some(event.at_ms)));
    content
}

fn summary(events: &[Outgoing]) -> Vec<(&'static str, String)> {
    events.iter().map(|event| (event.kind, event.key.clone())).collect()
}

/// The secrets of the golden transfer.
const SECRETS: [&str; 2] = ["3333011234567", "1002345678901"];

fn shows_no_secret(events: &[Outgoing]) {
    for event in events {
        for secret in SECRETS {
            assert!(!event.json.contains(secret) && !event.key.contains(secret), "{event:?}");
        }
    }
}

#[tokio::test]
async fn an_answered_exchange_is_one_event_with_masked_fields() {
    let mut bench = Bench::new(Setup::default()).await;
    let broker = Broker::default();
    let before = bench.answered().await;
    let publishing = publish_to(&bench.gateway, &broker).await;
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let gateway = bench.gateway.clone();
    let asked = tokio::spawn(async move {
        let caller = Caller { traceparent: Some(parent.parse().unwrap()), ..Caller::default() };
        let options = RequestOptions { caller, ..RequestOptions::default() };
        gateway.exchange("bank-a", "Transfer", &transfer(), options).await.unwrap()
    });
    let (connection, request) = bench.peer.receive().await;
    bench.peer.send(connection, &transfer_answer(&request)).await;
    let exchange = asked.await.unwrap();
    let events = broker.has(1).await;
    assert_eq!(summary(&events), [("exchange_ended", exchange.id.to_string())], "nothing of {}", before.id);
    assert_eq!(events[0].traceparent, Some(parent.parse().unwrap()));
    let event = content(&events[0]);
    assert_eq!((&event["exchange"]["outcome"], event.get("environment")), (&"answered".into(), None));
    assert_eq!(event["request"]["telegram"], "Transfer");
    assert_eq!(event["request"]["fields"]["withdraw_account"], "<secret>", "{event}");
    assert_eq!(event["answer"]["telegram"], "TransferAnswer");
    assert!(event["answer"]["fields"]["amount"].is_number(), "{event}");
    assert_eq!(event["fact"].as_i64().unwrap(), last_fact(&bench), "the fact of the answer");
    shows_no_secret(&events);
    let lines = broker.lines();
    assert_eq!((lines.len(), &lines[0]["line"]["line"]), (1, &Value::from("main")), "{lines:?}");
    bench.gateway.stop().await;
    publishing.finish(Duration::from_secs(5)).await;
    let last = broker.lines().pop().unwrap();
    assert_eq!(last["line"]["links"][0]["state"], "down", "the line went down: {last}");
    assert_eq!(broker.taken(), events);
}

fn last_fact(bench: &Bench) -> i64 {
    let file = rusqlite::Connection::open(bench.journal()).unwrap();
    file.query_row("SELECT max(number) FROM facts WHERE kind = 'received'", [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn events_of_a_gateway_for_tests_say_so() {
    let folder = tempfile::tempdir().unwrap();
    let peer = Peer::start().await;
    let mut config = config(&folder.path().join("journal.sqlite"), peer.port, &Setup::default());
    config.environment = Environment::Test;
    let gateway = start(config, Arc::new(StandInOnly)).await;
    let broker = Broker::default();
    let _publishing = publish_to(&gateway, &broker).await;
    until("the line is told", async || !broker.lines().is_empty()).await;
    assert_eq!(broker.lines()[0]["environment"], "test");
    gateway.stop().await;
}

#[tokio::test]
async fn an_unknown_outcome_and_its_settlement_are_two_events_in_their_order() {
    let mut bench = Bench::new(Setup { institution: IMPATIENT, ..Setup::default() }).await;
    let broker = Broker::default();
    let _publishing = publish_to(&bench.gateway, &broker).await;
    let asked = bench.ask();
    let (connection, request) = bench.peer.receive().await;
    let exchange = asked.await.unwrap();
    assert!(outcome(&exchange).starts_with("unknown"));
    let ended = content(&broker.has(1).await[0]);
    assert_eq!((&ended["exchange"]["outcome"], &ended["exchange"]["settled_by"]), (&"unknown".into(), &Value::Null));
    assert_eq!(ended.get("answer"), None);
    bench.peer.send(connection, &transfer_answer(&request)).await;
    let events = broker.has(2).await;
    let id = exchange.id.to_string();
    assert_eq!(summary(&events), [("exchange_ended", id.clone()), ("exchange_settled", id.clone())]);
    assert_eq!(content(&events[1])["exchange"]["settled_by"], "late answer");
    // The same answer again changes nothing, another one does.
    bench.peer.send(connection, &transfer_answer(&request)).await;
    let mut other = transfer_answer(&request);
    other[52..56].copy_from_slice(b"0199");
    bench.peer.send(connection, &other).await;
    let events = broker.has(3).await;
    assert_eq!((events[2].kind, events[2].key.as_str()), ("exchange_flagged", id.as_str()));
    assert_eq!(content(&events[2])["exchange"]["flags"], serde_json::json!(["conflicting"]));
    shows_no_secret(&events);
}

const NOTICES: &str = r#"
[institutions.bank-a.notices.DepositNotice]
callback = "http://127.0.0.1:1/notices"
stand_in = { "header.response_code" = "0199" }
"#;

#[tokio::test]
async fn a_notice_is_an_event_with_each_state_that_it_reaches() {
    let mut bench = Bench::new(Setup { tables: NOTICES, ..Setup::default() }).await;
    let broker = Broker::default();
    let _publishing = publish_to(&bench.gateway, &broker).await;
    bench.peer.send(0, &golden("bank-a-deposit-notice.json")).await;
    let events = broker.has(2).await;
    let contents: Vec<_> = events.iter().map(content).collect();
    let seen: Vec<_> = contents.iter().map(|event| (&event["kind"], &event["notice"]["state"])).collect();
    assert_eq!(
        seen,
        [(&"notice_received".into(), &"delivering".into()), (&Value::from("notice_changed"), &Value::from("unwanted"))]
    );
    assert_eq!(contents[0]["received"]["telegram"], "DepositNotice");
    assert_eq!(events[0].key, events[1].key);
    shows_no_secret(&events);
}

/// A gateway in a runtime of its own, which dies when it is dropped, as a process does.
struct Process {
    runtime: Runtime,
    gateway: Gateway,
}

impl Process {
    async fn start(folder: &std::path::Path, port: u16) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let journal = folder.join("journal.sqlite");
        let mut started = None;
        // The journal of the run before may not have closed its files yet.
        until("the gateway starts", async || {
            let config = config(&journal, port, &Setup::default());
            started = runtime.spawn(Gateway::start(config, Arc::new(StandInOnly))).await.unwrap().ok();
            started.is_some()
        })
        .await;
        Self { runtime, gateway: started.unwrap() }
    }

    async fn publish_to(&self, broker: &Broker) {
        let gateway = self.gateway.clone();
        let broker = broker.clone();
        let publishing = self.runtime.spawn(async move { publish_to(&gateway, &broker).await }).await.unwrap();
        drop(publishing);
    }

    async fn answered(&self, peer: &mut Peer) -> Exchange {
        let gateway = self.gateway.clone();
        until("the line is up", async || gateway.troubles().is_empty()).await;
        let asked =
            self.runtime.spawn(async move { gateway.exchange("bank-a", "Transfer", &transfer(), None).await.unwrap() });
        let (connection, request) = peer.receive().await;
        peer.send(connection, &transfer_answer(&request)).await;
        let exchange = asked.await.unwrap();
        assert_eq!(outcome(&exchange), "answered");
        exchange
    }

    fn dies(self) {
        drop(self.gateway);
        self.runtime.shutdown_background();
    }
}

#[tokio::test]
async fn while_the_broker_is_down_business_goes_on_and_nothing_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let mut peer = Peer::start().await;
    let broker = Broker::default();
    let mut ids = Vec::new();
    let process = Process::start(folder.path(), peer.port).await;
    process.publish_to(&broker).await;
    ids.push(process.answered(&mut peer).await.id.to_string());
    broker.has(1).await;
    broker.refuses(true);
    for _ in 0..4 {
        ids.push(process.answered(&mut peer).await.id.to_string());
    }
    until("a note says so", async || {
        process
            .gateway
            .notes()
            .iter()
            .any(|note| note.contains("events wait for") && note.contains("the broker is down"))
    })
    .await;
    // A crash while events wait, and a start while the broker is still down.
    process.dies();
    let process = Process::start(folder.path(), peer.port).await;
    process.publish_to(&broker).await;
    ids.push(process.answered(&mut peer).await.id.to_string());
    broker.refuses(false);
    until("all came", async || ids.iter().all(|id| broker.taken().iter().any(|event| event.key == *id))).await;
    until("the note is gone", async || process.gateway.notes().iter().all(|note| !note.contains("events wait"))).await;
    // Each exchange has one event. What came again has the same name and the same bytes.
    let mut events = broker.taken();
    events.sort_by(|one, other| one.id.cmp(&other.id));
    assert!(events.len() > ids.len(), "nothing came again, which proves nothing");
    for pair in events.windows(2) {
        assert!(pair[0].id != pair[1].id || pair[0] == pair[1], "{pair:?}");
    }
    events.dedup();
    let mut keys: Vec<_> = events.iter().map(|event| event.key.clone()).collect();
    keys.sort();
    ids.sort();
    assert_eq!(keys, ids);
    process.dies();
}

#[tokio::test]
async fn publishing_goes_on_where_it_was_and_says_when_it_cannot() {
    let mut bench = Bench::new(Setup::default()).await;
    let broker = Broker::default();
    let publishing = publish_to(&bench.gateway, &broker).await;
    bench.answered().await;
    broker.has(1).await;
    bench.gateway.stop().await;
    publishing.finish(Duration::from_secs(5)).await;
    let mark = bench.folder.path().join("journal.sqlite.published");
    let marked: Value = serde_json::from_slice(&std::fs::read(&mark).unwrap()).unwrap();
    assert_eq!(marked["published"].as_i64().unwrap(), all_facts(&bench), "{marked}");
    let Bench { gateway, peer, folder } = bench;
    drop(gateway);

    // A run that publishes nothing, and one that goes on.
    let journal = folder.path().join("journal.sqlite");
    let setup = Setup::default();
    let gateway = start(config(&journal, peer.port, &setup), Arc::new(StandInOnly)).await;
    let mut bench = Bench { gateway, peer, folder };
    bench.links_up(1).await;
    let missed = bench.answered().await;
    bench.gateway.stop().await;
    let Bench { gateway, peer, folder } = bench;
    drop(gateway);
    let again = start(config(&journal, peer.port, &setup), Arc::new(StandInOnly)).await;
    let publishing = publish_to(&again, &broker).await;
    let events = broker.has(2).await;
    assert_eq!(events[1].key, missed.id.to_string());
    again.stop().await;
    publishing.finish(Duration::from_secs(5)).await;
    drop(again);

    std::fs::write(folder.path().join("journal.sqlite.published"), "{").unwrap();
    let refused = Gateway::start(config(&journal, peer.port, &setup), Arc::new(StandInOnly)).await.err().unwrap();
    assert!(
        refused.to_string().contains("journal.sqlite.published: this is not a mark of published facts"),
        "{refused}"
    );
}

fn all_facts(bench: &Bench) -> i64 {
    let file = rusqlite::Connection::open(bench.journal()).unwrap();
    file.query_row("SELECT max(number) FROM facts", [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn facts_that_somebody_removed_hold_up_no_other_event_and_one_publisher_is_enough() {
    let mut bench = Bench::new(Setup::default()).await;
    let broker = Broker::default();
    broker.refuses(true);
    let _publishing = publish_to(&bench.gateway, &broker).await;
    let second = publish::start(&bench.gateway, Arc::new(broker.clone()), PublishOptions::default()).await;
    assert_eq!(second.unwrap_err(), publish::PublishStartError::Already);
    let lost = bench.answered().await;
    let kept = bench.answered().await;
    until("the index has both", async || bench.gateway.find(&kept.id).await.unwrap().is_some()).await;
    let file = rusqlite::Connection::open(bench.journal()).unwrap();
    let sql = "DELETE FROM facts WHERE number < (SELECT min(number) FROM facts WHERE hex(exchange) = upper(?1))";
    assert!(file.execute(sql, [kept.id.to_string()]).unwrap() > 0);
    broker.refuses(false);
    until("the other event came", async || broker.taken().iter().any(|event| event.key == kept.id.to_string())).await;
    // Half of each attempt was taken while the broker refused, so the first event may have left before.
    let after = broker.taken().iter().rposition(|event| event.key == lost.id.to_string());
    let first = broker.taken().iter().position(|event| event.key == kept.id.to_string());
    assert!(after < first, "nothing is made of facts that are gone");
}

#[tokio::test]
async fn what_was_archived_before_it_was_published_is_published() {
    let mut bench = Bench::new(Setup::default()).await;
    let broker = Broker::default();
    broker.refuses(true);
    let publishing = publish_to(&bench.gateway, &broker).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(bench.answered().await.id.to_string());
    }
    let journal = bench.journal();
    let Bench { gateway, peer, folder } = bench;
    gateway.stop().await;
    publishing.finish(Duration::from_millis(100)).await;
    drop(gateway);
    // Now it is 40 days later.
    until("the files are free", async || {
        let file = rusqlite::Connection::open(&journal).unwrap();
        file.execute_batch("UPDATE facts SET at_ms = at_ms - 40 * 86400000").is_ok()
    })
    .await;
    let archive = folder.path().join("archive");
    let setup = Setup::default();
    let config = || {
        let mut config = config(&journal, peer.port, &setup);
        let folder = archive.clone();
        config.journal.archive =
            Some(ArchiveConfig { folder, after_days: 30, utc_offset_minutes: 540, keep_days: None });
        config
    };
    let gateway = start(config(), Arc::new(StandInOnly)).await;
    until("they are archived", async || {
        let file = rusqlite::Connection::open(&journal).unwrap();
        file.query_row("SELECT min(number) FROM facts", [], |row| row.get::<_, i64>(0)).unwrap() > 6
    })
    .await;
    broker.refuses(false);
    let publishing = publish_to(&gateway, &broker).await;
    until("all came", async || ids.iter().all(|id| broker.taken().iter().any(|event| event.key == *id))).await;
    gateway.stop().await;
    publishing.finish(Duration::from_secs(5)).await;
}

#[tokio::test]
async fn with_a_key_file_events_of_one_account_have_one_key_that_does_not_show_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut peer = Peer::start().await;
    let keys = folder.path().join("journal.keys");
    fep_gateway::journal::seal::new_key(&keys, 1_795_000_000_000).unwrap();
    let tables = concat!(
        "[institutions.bank-a.telegrams.Transfer.settlement]\naccepted = { \"header.response_code\" = \"0000\" }\n\
         account_key = [\"withdraw_account\"]\nhorizon_ms = 900\n",
        include_str!("../settlement.toml"),
        "tries_max = 3\n"
    );
    let mut config = config(&folder.path().join("journal.sqlite"), peer.port, &Setup { tables, ..Setup::default() });
    config.journal.key_file = Some(keys);
    let gateway = start(config, Arc::new(StandInOnly)).await;
    until("the line is up", async || gateway.troubles().is_empty()).await;
    let broker = Broker::default();
    let options = PublishOptions { order: EventOrder::Account, ..PublishOptions::default() };
    let _publishing = publish::start(&gateway, Arc::new(broker.clone()), options).await.unwrap();
    let mut accounts = Vec::new();
    for account in ["1002345678901", "1002345678901", "1002345678902"] {
        let mut fields = transfer();
        fields["withdraw_account"] = account.into();
        let asking = gateway.clone();
        let asked = tokio::spawn(async move { asking.exchange("bank-a", "Transfer", &fields, None).await.unwrap() });
        let (connection, request) = peer.receive().await;
        peer.send(connection, &transfer_answer(&request)).await;
        assert_eq!(outcome(&asked.await.unwrap()), "answered");
        accounts.push(account);
    }
    let events = broker.has(3).await;
    let keys: Vec<_> = events.iter().map(|event| event.key.as_str()).collect();
    assert!(keys[0] == keys[1] && keys[1] != keys[2] && keys[0].starts_with("account:"), "{keys:?}");
    assert!(events.iter().all(|event| accounts.iter().all(|account| !event.json.contains(account))));
    gateway.stop().await;
}

#[tokio::test]
async fn an_event_that_the_broker_never_takes_is_a_dead_letter_and_holds_up_nothing() {
    let mut bench = Bench::new(Setup::default()).await;
    let broker = Broker::default();
    let publishing = publish_to(&bench.gateway, &broker).await;
    broker.0.lock().unwrap().never = Some("exchange_ended");
    bench.answered().await;
    bench.answered().await;
    let note = "the broker never took 2 events";
    until("a note says so", async || bench.gateway.notes().iter().any(|told| told.contains(note))).await;
    broker.0.lock().unwrap().never = None;
    let third = bench.answered().await;
    assert_eq!(summary(&broker.has(1).await), [("exchange_ended", third.id.to_string())]);
    let letters = std::fs::read_to_string(bench.folder.path().join("journal.sqlite.unpublished")).unwrap();
    let letters: Vec<Value> = letters.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(
        (letters.len(), &letters[0]["kind"], &letters[0]["why"]),
        (2, &"exchange_ended".into(), &"too large".into())
    );
    assert_eq!(publishing.trouble(), None);
    bench.gateway.stop().await;
    publishing.finish(Duration::from_secs(5)).await;
}
