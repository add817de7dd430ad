//! Telegrams by which the institution says that it has a fault, and that it has recovered.

use fep_gateway::exchange::Exchange;
use fep_gateway::gateway::StandInOnly;
use serde_json::json;
use std::sync::Arc;
use tokio::task::JoinHandle;

use crate::harness::{Bench, Setup, config, golden, outcome, start, until};
use crate::peer::{answer_to, transfer_answer};

const SIGNS: &str = r#"
[institutions.bank-a.session]
accepted = { "header.response_code" = "0000" }
[[institutions.bank-a.session.notices]]
telegram = "SignOff"
when = { "header.response_code" = "0003" }
means = "fault"
[[institutions.bank-a.session.notices]]
telegram = "SignOff"
when = { "header.response_code" = "0000" }
means = "recovery"
[institutions.bank-a.flow]
priorities = { BalanceInquiry = "inquiry" }
"#;

/// As above, but a fault stops only new requests.
const STOPS_NEW: &str = r#"
[institutions.bank-a.session]
accepted = { "header.response_code" = "0000" }
[[institutions.bank-a.session.notices]]
telegram = "SignOff"
means = "fault"
stops = "new"
answered = false
[institutions.bank-a.flow]
priorities = { BalanceInquiry = "inquiry" }
"#;

/// A sign of the institution with this trace number and this response code.
fn sign(trace: &[u8; 6], response_code: &[u8; 4]) -> Vec<u8> {
    let mut sign = golden("bank-a-sign-on.json");
    sign[28..31].copy_from_slice(b"200");
    sign[32..38].copy_from_slice(trace);
    sign[52..56].copy_from_slice(response_code);
    sign
}

fn inquire(bench: &Bench) -> JoinHandle<Exchange> {
    let gateway = bench.gateway.clone();
    let body = json!({ "account": "1002345678901", "available": 0 });
    tokio::spawn(async move { gateway.exchange("bank-a", "BalanceInquiry", &body, None).await.unwrap() })
}

async fn is_closed(bench: &Bench) -> bool {
    !bench.gateway.institution("bank-a").await.unwrap().closed.is_empty()
}

const FAULT: &str = "not sent: the institution reported a fault";

#[tokio::test]
async fn a_fault_stops_everything_and_its_end_opens_business_also_over_a_restart() {
    let setup =
        || Setup { institution: "answer_timeout_ms = 5000\ninflight_max = 1", tables: SIGNS, ..Setup::default() };
    let mut bench = Bench::new(setup()).await;
    let in_flight = bench.ask();
    let (connection, request) = bench.peer.receive().await;
    let waiting = bench.ask();
    until("one request waits", async || {
        bench.gateway.institution("bank-a").await.unwrap().waiting.values().sum::<usize>() == 1
    })
    .await;
    let fault = sign(b"900001", b"0003");
    bench.peer.send(connection, &fault).await;
    assert_eq!(bench.peer.receive().await.1, answer_to(&fault, b"0000"), "the answer is the agreed one");
    let waiting = waiting.await.unwrap();
    assert_eq!((outcome(&waiting).as_str(), waiting.reason_code.as_deref()), (FAULT, Some("institution_fault")));
    assert_eq!(outcome(&inquire(&bench).await.unwrap()), FAULT);
    // What is in flight may still be answered.
    bench.peer.send(connection, &transfer_answer(&request)).await;
    assert_eq!(outcome(&in_flight.await.unwrap()), "answered");
    assert!(bench.peer.is_quiet().await, "business went on");

    let Bench { gateway, peer, folder } = bench;
    let since = gateway.institution("bank-a").await.unwrap().closed[0].since_ms;
    gateway.stop().await;
    drop(gateway);
    let config = config(&folder.path().join("journal.sqlite"), peer.port, &setup());
    bench = Bench { gateway: start(config, Arc::new(StandInOnly)).await, peer, folder };
    bench.links_up(1).await;
    assert_eq!(bench.gateway.institution("bank-a").await.unwrap().closed[0].since_ms, since);
    assert_eq!(outcome(&bench.ask().await.unwrap()), FAULT);
    let recovery = sign(b"900002", b"0000");
    bench.peer.send(1, &recovery).await;
    assert_eq!(bench.peer.receive().await.1, answer_to(&recovery, b"0000"));
    until("business is open", async || !is_closed(&bench).await).await;
    bench.answered().await;
}

#[tokio::test]
async fn a_fault_that_stops_only_new_requests_lets_inquiries_pass_and_is_not_answered() {
    let mut bench = Bench::new(Setup { tables: STOPS_NEW, ..Setup::default() }).await;
    bench.peer.send(0, &sign(b"900001", b"0003")).await;
    until("business is closed", async || is_closed(&bench).await).await;
    assert_eq!(outcome(&bench.ask().await.unwrap()), FAULT);
    let asked = inquire(&bench);
    let (connection, request) = bench.peer.receive().await;
    assert_eq!(&request[24..31], b"0600300", "the sign is not answered, the inquiry is sent");
    bench.peer.send(connection, &answer_to(&request, b"0000")).await;
    assert_eq!(outcome(&asked.await.unwrap()), "answered");
}
