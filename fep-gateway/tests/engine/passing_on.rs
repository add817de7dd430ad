//! A request that a breaker stopped goes on to another institution: two banks over real TCP, each with its own record.

use std::sync::Arc;

use fep_gateway::Gateway;
use fep_gateway::exchange::{Exchange, LinkState, Outcome, SettledBy};
use fep_gateway::gateway::{Refusal, StandInOnly};
use fep_protocol::breaker::BreakerScope;
use fep_protocol::exchange::{ExchangeId, OtherExchange, Passage};
use serde_json::{Value, json};

use crate::harness::{BANK_B, Setup, config, outcome, reset, start, transfer, trip, until};
use crate::peer::{Peer, transfer_answer};

const BREAKERS: &str = r#"
[institutions.bank-a.breaker]
echo_first = false
alternatives = { Transfer = { institution = "bank-b" } }
[institutions.bank-b.breaker]
echo_first = false
"#;

struct Two {
    bank: Peer,
    other: Peer,
    tables: &'static str,
    /// Keys of the table of bank-a.
    institution: &'static str,
    folder: tempfile::TempDir,
    /// `None` while it restarts.
    gateway: Option<Gateway>,
}

impl Two {
    async fn new(institution: &'static str) -> Self {
        let bank = Peer::start().await;
        let other = Peer::start().await;
        let tables =
            format!("{BREAKERS}{BANK_B}connect = \"127.0.0.1:{}\"\nreconnect_max_ms = 200\n", other.port).leak();
        let mut two = Self { bank, other, tables, institution, folder: tempfile::tempdir().unwrap(), gateway: None };
        two.start().await;
        two
    }

    fn gateway(&self) -> &Gateway {
        self.gateway.as_ref().unwrap()
    }

    async fn start(&mut self) {
        let setup = Setup { links: 1, institution: self.institution, tables: self.tables };
        let config = config(&self.folder.path().join("journal.sqlite"), self.bank.port, &setup);
        self.gateway = Some(start(config, Arc::new(StandInOnly)).await);
        until("both banks are connected", async || {
            self.gateway().lines().iter().all(|line| line.links[0].state == LinkState::Up)
        })
        .await;
    }

    async fn restart(&mut self) {
        self.gateway.take().unwrap().stop().await;
        self.start().await;
    }

    async fn trip(&self, institution: &str) {
        let decision = trip(BreakerScope::Institution, "maintenance");
        self.gateway().decide(institution, decision).await.unwrap();
    }

    async fn reset(&self, institution: &str) {
        self.gateway().decide(institution, reset(BreakerScope::Institution)).await.unwrap();
    }

    /// Asks bank-a with a key, without waiting for the outcome.
    fn ask(&self, key: &'static str, fields: Value) -> tokio::task::JoinHandle<Result<Exchange, Refusal>> {
        let gateway = self.gateway().clone();
        tokio::spawn(async move { gateway.exchange("bank-a", "Transfer", &fields, Some(key)).await })
    }

    async fn find(&self, id: &ExchangeId) -> Exchange {
        self.gateway().find(id).await.unwrap().unwrap()
    }

    async fn is_quiet(&mut self) -> bool {
        self.bank.is_quiet().await && self.other.is_quiet().await
    }
}

fn from(exchange: &Exchange) -> ExchangeId {
    match &exchange.passage {
        Some(Passage::CameFrom(OtherExchange { institution, exchange })) if institution == "bank-a" => *exchange,
        other => panic!("it came from no exchange with bank-a: {other:?}"),
    }
}

const TRIPPED: &str = "the breaker of the institution is tripped: a person stopped it: maintenance";

#[tokio::test]
async fn the_key_finds_the_exchange_with_the_other_bank_whatever_happens_in_between() {
    let mut two = Two::new("").await;
    two.trip("bank-a").await;
    let asked = two.ask("rent", transfer());
    let (connection, request) = two.other.receive().await;
    // The bank code of bank-b's own `fill`, at its place on the sheet.
    assert_eq!(&request[21..24], b"088");
    let Err(Refusal::StillRunning(running)) = two.ask("rent", transfer()).await.unwrap() else { panic!("it runs") };
    let second = asked.await.unwrap().unwrap();
    assert_eq!((&*second.institution, second.id), ("bank-b", running));
    assert_eq!(outcome(&second), "unknown: no answer within 600 ms");
    let first = two.find(&from(&second)).await;
    let why = format!("not sent: it was not sent, and went to bank-b as exchange {}: {TRIPPED}", second.id);
    assert_eq!((outcome(&first), first.reason_code.as_deref()), (why, Some("passed_on")));
    let to = OtherExchange { institution: "bank-b".to_owned(), exchange: second.id };
    assert_eq!(first.passage, Some(Passage::PassedOn(to)));
    assert_eq!(two.find(&second.id).await, second);

    // The natural retry: at once, after bank-a's breaker passes again, after a restart.
    let again = async |two: &Two| two.ask("rent", transfer()).await.unwrap().unwrap();
    assert_eq!(again(&two).await, second);
    two.reset("bank-a").await;
    assert_eq!(again(&two).await, second);
    two.restart().await;
    assert_eq!(again(&two).await, second);
    let mut other_body = transfer();
    other_body["amount"] = json!(7);
    let refused = two.ask("rent", other_body).await.unwrap();
    assert!(matches!(&refused, Err(Refusal::OtherBody(id)) if *id == second.id), "{refused:?}");
    assert!(two.is_quiet().await, "neither bank gets anything again");
    two.other.send(connection + 1, &transfer_answer(&request)).await;
    until("the late answer settles it", async || two.find(&second.id).await.settled_by == Some(SettledBy::LateAnswer))
        .await;
}

#[tokio::test]
async fn a_request_that_no_bank_takes_is_not_sent_and_its_key_is_free() {
    let mut two = Two::new("").await;
    two.trip("bank-a").await;
    two.trip("bank-b").await;
    let refused = two.ask("rent", transfer()).await.unwrap().unwrap();
    assert_eq!((&*refused.institution, outcome(&refused)), ("bank-b", format!("not sent: {TRIPPED}")));
    assert_eq!(two.find(&from(&refused)).await.outcome, Some(Outcome::NotSent));
    assert_eq!(two.find(&refused.id).await, refused, "the journal has both sides");
    assert!(two.is_quiet().await);
    two.reset("bank-a").await;
    let asked = two.ask("rent", transfer());
    let (connection, request) = two.bank.receive().await;
    assert_eq!(&request[21..24], b"099");
    two.bank.send(connection, &transfer_answer(&request)).await;
    let answered = asked.await.unwrap().unwrap();
    assert_eq!((outcome(&answered).as_str(), &answered.passage), ("answered", &None));
    assert!(two.other.is_quiet().await);
}

#[tokio::test]
async fn who_waits_goes_on_when_the_breaker_trips_and_who_was_sent_does_not() {
    let mut two = Two::new("inflight_max = 1").await;
    let sent = two.ask("sent", transfer());
    let (connection, request) = two.bank.receive().await;
    let waits = two.ask("waits", transfer());
    until("it waits", async || two.gateway().institution("bank-a").await.unwrap().waiting.values().sum::<usize>() == 1)
        .await;
    two.trip("bank-a").await;
    let (at_other, other_request) = two.other.receive().await;
    two.other.send(at_other, &transfer_answer(&other_request)).await;
    let went = waits.await.unwrap().unwrap();
    assert_eq!((&*went.institution, outcome(&went).as_str()), ("bank-b", "answered"));
    two.bank.send(connection, &transfer_answer(&request)).await;
    let stayed = sent.await.unwrap().unwrap();
    assert_eq!((&*stayed.institution, outcome(&stayed).as_str(), &stayed.passage), ("bank-a", "answered", &None));
    assert!(two.is_quiet().await);
}

#[tokio::test]
async fn a_caller_who_goes_away_takes_nothing_back() {
    let mut two = Two::new("").await;
    two.trip("bank-a").await;
    let asked = two.ask("rent", transfer());
    let (connection, request) = two.other.receive().await;
    asked.abort();
    two.other.send(connection, &transfer_answer(&request)).await;
    let mut found = None;
    until("the key finds the answer", async || {
        found = two.ask("rent", transfer()).await.unwrap().ok();
        found.is_some()
    })
    .await;
    let found = found.unwrap();
    assert_eq!((&*found.institution, outcome(&found).as_str()), ("bank-b", "answered"));
    assert!(two.is_quiet().await);
}
