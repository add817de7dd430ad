//! A reload while exchanges run: none is lost, none is sent twice, and what would be lost forbids it.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;

use crate::harness::{Daemon, Setup, root, verify};
use crate::peer::{PATIENCE, Peer, transfer_answer};
use crate::reload::{File, one_more, reload, reloaded};

const DRAINS: &str = "drain_max_ms = 5000\nanswer_timeout_ms = 20000\n";

/// The trace number of a telegram.
fn trace(telegram: &[u8]) -> u32 {
    std::str::from_utf8(&telegram[32..38]).unwrap().parse().unwrap()
}

/// Reloads the configuration with bank-b, and waits until its line carries requests.
pub(crate) async fn added(daemon: &Daemon) {
    reloaded(daemon, &json!([["bank-b", "added"]])).await;
    daemon.until("/readyz", |(status, _)| *status == StatusCode::OK).await;
}

#[tokio::test]
async fn an_institution_that_changes_loses_no_exchange_and_sends_none_twice() {
    let folder = tempfile::tempdir().unwrap();
    let mut peer = Peer::start().await;
    let mut other = Peer::start().await;
    let setup = Setup::new(folder.path(), peer.port, "");
    let daemon = setup.start().await;
    let file = File::of(&setup);
    file.with(&one_more("bank-b", other.port, DRAINS));
    added(&daemon).await;
    let answered = daemon.ask_of("bank-b", 1, Some("first")).await_request(&mut other).await;
    let unanswered = daemon.ask_of("bank-b", 2, Some("second")).await_request(&mut other).await;
    file.with(&one_more("bank-b", other.port, &format!("{DRAINS}quarantine_ms = 70000\n")));
    let changes = async {
        reloaded(&daemon, &json!([["bank-b", "changed"]])).await;
    };
    let answers = async {
        daemon.until("/v1/reload", |(_, state)| state["reloading"] == true).await;
        // Another reload does not begin, and the other institution goes on.
        let (status, reply) = reload(&daemon).await;
        assert_eq!((status, &reply["code"]), (StatusCode::CONFLICT, &json!("reload_running")), "{reply}");
        daemon.answered(&mut peer, 3).await;
        let (status, reply) = daemon.ask_of("bank-b", 4, None).await.unwrap().unwrap();
        assert_eq!((status, &reply["outcome"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("not_sent")), "{reply}");
        let (connection, request) = &answered.1;
        other.send(*connection, &transfer_answer(request)).await;
    };
    tokio::join!(changes, answers);
    let (status, reply) = answered.0.await.unwrap().unwrap();
    assert_eq!((status, &reply["outcome"]), (StatusCode::OK, &json!("answered")), "{reply}");
    let (status, reply) = unanswered.0.await.unwrap().unwrap();
    assert_eq!((status, &reply["outcome"]), (StatusCode::GATEWAY_TIMEOUT, &json!("unknown")), "{reply}");
    // The keys still lead to the exchanges of the run before, and nothing is sent for them.
    let again = daemon.ask_of("bank-b", 2, Some("second")).await.unwrap().unwrap().1;
    assert_eq!(again["exchange"], reply["exchange"], "{again}");
    assert!(other.is_quiet().await, "something was sent twice");
    let (_, (connection, request)) = daemon.ask_of("bank-b", 5, None).await_request(&mut other).await;
    assert_eq!(connection, 1, "it has another connection");
    assert!(trace(&request) > trace(&unanswered.1.1), "the trace numbers go on");
    daemon.stop().await;
    verify(&setup.journal).await;
}

#[tokio::test]
async fn an_institution_with_something_to_lose_is_not_removed() {
    let folder = tempfile::tempdir().unwrap();
    let peer = Peer::start().await;
    let mut other = Peer::start().await;
    let setup = Setup::new(folder.path(), peer.port, "");
    let daemon = setup.start().await;
    let file = File::of(&setup);
    let keys = "answer_timeout_ms = 4000\nquarantine_ms = 4000\n";
    file.with(&one_more("bank-b", other.port, keys));
    added(&daemon).await;
    let (open, _) = daemon.ask_of("bank-b", 1, None).await_request(&mut other).await;
    file.with("");
    let blocked = async |what: &str| {
        let (status, reply) = reload(&daemon).await;
        assert_eq!((status, &reply["code"]), (StatusCode::CONFLICT, &json!("would_lose")), "{reply}");
        let blocker = &reply["blockers"][0];
        assert_eq!((&blocker["institution"], &blocker["what"]), (&json!("bank-b"), &json!(what)), "{reply}");
    };
    blocked("open_exchanges").await;
    let (_, reply) = open.await.unwrap().unwrap();
    assert_eq!(reply["outcome"], json!("unknown"), "{reply}");
    blocked("unknown_exchanges").await;
    // It was not touched: the same connection carries the next request.
    let (_, (connection, _)) = daemon.ask_of("bank-b", 2, None).await_request(&mut other).await;
    assert_eq!(connection, 0);
    let until = tokio::time::Instant::now() + PATIENCE;
    while reload(&daemon).await.0 != StatusCode::OK {
        assert!(tokio::time::Instant::now() < until, "it is never removed\n{}", daemon.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (status, reply) = daemon.ask_of("bank-b", 3, None).await.unwrap().unwrap();
    assert_eq!((status, &reply["code"]), (StatusCode::NOT_FOUND, &json!("unknown_institution")), "{reply}");
    daemon.stop().await;
    verify(&setup.journal).await;
}

/// An unknown transfer of bank-b is undone by one reversal.
const SETTLEMENT: &str = r#"
[institutions.bank-b.telegrams.Transfer.settlement]
accepted = { "header.response_code" = "0000" }
horizon_ms = 100
first_wait_ms = 10
[institutions.bank-b.telegrams.Transfer.settlement.reversal]
telegram = "Reversal"
tries_max = 1
fields = { original_trace_no = "<request.header.trace_no>", original_date = "<request.header.sent_date>", withdraw_account = "<request.withdraw_account>", amount = "<request.amount>", deposit_bank = "<request.deposit_bank>", deposit_account = "<request.deposit_account>", reason = "01" }
confirmed = { "header.response_code" = "0000" }
"#;

#[tokio::test]
async fn an_institution_that_owes_a_settlement_or_a_decision_is_not_removed() {
    let folder = tempfile::tempdir().unwrap();
    let peer = Peer::start().await;
    let mut other = Peer::start().await;
    let setup = Setup::new(folder.path(), peer.port, "");
    let daemon = setup.start().await;
    let file = File::of(&setup);
    file.with(&(one_more("bank-b", other.port, "answer_timeout_ms = 4000\nquarantine_ms = 4000\n") + SETTLEMENT));
    added(&daemon).await;
    let (asked, _) = daemon.ask_of("bank-b", 1, None).await_request(&mut other).await;
    file.with("");
    let until_blocked_by = async |what: &str| {
        let until = tokio::time::Instant::now() + PATIENCE;
        loop {
            let (status, reply) = reload(&daemon).await;
            assert_eq!((status, &reply["code"]), (StatusCode::CONFLICT, &json!("would_lose")), "{reply}");
            let blockers = reply["blockers"].as_array().unwrap();
            if blockers
                .iter()
                .any(|blocker| (&blocker["institution"], &blocker["what"]) == (&json!("bank-b"), &json!(what)))
            {
                return;
            }
            assert!(tokio::time::Instant::now() < until, "never {what}: {reply}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let (_, reply) = asked.await.unwrap().unwrap();
    assert_eq!(reply["outcome"], json!("unknown"), "{reply}");
    // The reversal goes out although a reload wants to remove its institution, and gets no answer.
    until_blocked_by("unfinished_settlements").await;
    // Nor may another spec misread the bytes of the transfer: its reversal would have another amount.
    let spec = std::fs::read_to_string(root().join("specs/bank-a/bank-a.toml")).unwrap();
    let other_spec = folder.path().join("bank-a-2.toml");
    let renamed = spec.replace("name = \"payee_name\"", "name = \"payee\"");
    assert_ne!(renamed, spec);
    std::fs::write(&other_spec, renamed).unwrap();
    let keys = "answer_timeout_ms = 4000\nquarantine_ms = 4000\n";
    let with_spec = one_more("bank-b", other.port, keys) + SETTLEMENT;
    let own = root().join("specs/bank-a/bank-a.toml").display().to_string();
    file.with(&with_spec.replace(&own, &other_spec.display().to_string()));
    until_blocked_by("unfinished_settlements").await;
    file.with("");
    other.receive().await;
    until_blocked_by("open_decisions").await;
    let settled = json!({ "decision": "not_done", "note": "the bank says so" });
    let path = format!("/v1/exchanges/{}/settlement", reply["exchange"].as_str().unwrap());
    assert_eq!(daemon.post(&path, &settled).await.0, StatusCode::OK);
    let until = tokio::time::Instant::now() + PATIENCE;
    while reload(&daemon).await.0 != StatusCode::OK {
        assert!(tokio::time::Instant::now() < until, "it is never removed\n{}", daemon.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    daemon.stop().await;
    verify(&setup.journal).await;
}

#[tokio::test]
async fn a_crash_in_a_reload_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let peer = Peer::start().await;
    let mut other = Peer::start().await;
    let mut setup = Setup::new(folder.path(), peer.port, "");
    let mut daemon = setup.start().await;
    let file = File::of(&setup);
    let first = one_more("bank-b", other.port, DRAINS);
    file.with(&first);
    added(&daemon).await;
    let (asked, _) = daemon.ask_of("bank-b", 1, Some("one")).await_request(&mut other).await;
    let changed = one_more("bank-b", other.port, &format!("{DRAINS}quarantine_ms = 70000\n"));
    file.with(&changed);
    daemon.hang_up().await;
    daemon.until("/v1/reload", |(_, state)| state["reloading"] == true).await;
    daemon.kill().await;
    assert!(asked.await.unwrap().is_err(), "the connection is cut off");
    // The file says what holds after the crash.
    setup.behind = changed;
    daemon = setup.start().await;
    let (status, reply) = daemon.ask_of("bank-b", 1, Some("one")).await.unwrap().unwrap();
    assert_eq!((status, &reply["outcome"]), (StatusCode::GATEWAY_TIMEOUT, &json!("unknown")), "{reply}");
    assert!(other.is_quiet().await, "it was sent twice");
    daemon.stop().await;
    verify(&setup.journal).await;
}

#[tokio::test]
async fn a_stop_in_a_reload_drains_everything() {
    let folder = tempfile::tempdir().unwrap();
    let mut peer = Peer::start().await;
    let mut other = Peer::start().await;
    let setup = Setup::new(folder.path(), peer.port, DRAINS);
    let mut daemon = setup.start().await;
    let file = File::of(&setup);
    file.with(&one_more("bank-b", other.port, DRAINS));
    added(&daemon).await;
    let here = daemon.ask(1, None).await_request(&mut peer).await;
    let there = daemon.ask_of("bank-b", 2, None).await_request(&mut other).await;
    file.with(&one_more("bank-b", other.port, &format!("{DRAINS}quarantine_ms = 70000\n")));
    daemon.hang_up().await;
    daemon.until("/v1/reload", |(_, state)| state["reloading"] == true).await;
    daemon.terminate().await;
    daemon.logs("stopping: requests get their outcomes").await;
    peer.send(here.1.0, &transfer_answer(&here.1.1)).await;
    other.send(there.1.0, &transfer_answer(&there.1.1)).await;
    for asked in [here.0, there.0] {
        let (status, reply) = asked.await.unwrap().unwrap();
        assert_eq!((status, &reply["outcome"]), (StatusCode::OK, &json!("answered")), "{reply}");
    }
    assert!(daemon.ends_within(PATIENCE).await.success(), "{}", daemon.log());
    verify(&setup.journal).await;
}

/// A request that runs, and its telegram as its institution got it.
pub(crate) type Asked = (tokio::task::JoinHandle<Result<crate::harness::Reply, reqwest::Error>>, crate::peer::Frame);

pub(crate) trait AwaitRequest {
    /// Waits until the institution has the telegram.
    async fn await_request(self, peer: &mut Peer) -> Asked;
}

impl AwaitRequest for tokio::task::JoinHandle<Result<crate::harness::Reply, reqwest::Error>> {
    async fn await_request(self, peer: &mut Peer) -> Asked {
        let frame = peer.receive().await;
        (self, frame)
    }
}
