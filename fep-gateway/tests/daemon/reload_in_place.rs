//! A reload that changes an institution in place: the connection stays, by the record of the bank, and the new values hold. A reload that could not do
//! everything says what it did not do.

use std::time::{Duration, Instant};

use reqwest::StatusCode;
use serde_json::{Value as Json, json};

use crate::harness::{Daemon, Setup, golden, verify};
use crate::peer::{PATIENCE, Peer, answer_to, transfer_answer};
use crate::reload::{File, one_more, reload};
use crate::reload_in_flight::{AwaitRequest, added};

const BEFORE: &str = "answer_timeout_ms = 20000\ndrain_max_ms = 1500\ninflight_max = 2\nflow = { adaptive = false }\n";

/// Reloads, and returns what the reply says of bank-b.
async fn change(daemon: &Daemon) -> Json {
    let (status, reply) = reload(daemon).await;
    assert_eq!(status, StatusCode::OK, "{reply}\n{}", daemon.log());
    let changes = reply["changes"].as_array().unwrap();
    assert_eq!((changes.len(), &changes[0]["institution"]), (1, &json!("bank-b")), "{reply}");
    changes[0].clone()
}

#[tokio::test]
async fn limits_and_timeouts_change_in_place_and_the_bank_has_the_connection_of_before() {
    let folder = tempfile::tempdir().unwrap();
    let peer = Peer::start().await;
    let mut other = Peer::start().await;
    let setup = Setup::new(folder.path(), peer.port, "");
    let daemon = setup.start().await;
    let file = File::of(&setup);
    file.with(&one_more("bank-b", other.port, BEFORE));
    added(&daemon).await;
    // Two are in flight, so a third one waits.
    let first = daemon.ask_of("bank-b", 1, None).await_request(&mut other).await;
    let second = daemon.ask_of("bank-b", 2, None).await_request(&mut other).await;
    let third = daemon.ask_of("bank-b", 3, None);
    assert!(other.is_quiet().await, "more is in flight than the contract allows");

    let after = BEFORE.replace("20000", "1000").replace("inflight_max = 2", "inflight_max = 3\nlabel = \"b\"");
    file.with(&one_more("bank-b", other.port, &after));
    let (_, would) = daemon.post("/v1/reload", &json!({ "note": "a look", "dry_run": true })).await;
    let changed = change(&daemon).await;
    assert_eq!(would["changes"], json!([changed]), "a look says what is done");
    assert_eq!((&changed["change"], &changed["because"]), (&json!("changed_in_place"), &json!([])), "{changed}");
    let keys: Vec<_> = changed["keys"].as_array().unwrap().iter().map(|key| key["key"].as_str().unwrap()).collect();
    let of_bank_b = |key: &str| format!("institutions.bank-b.{key}");
    assert!(
        keys.contains(&&*of_bank_b("answer_timeout_ms")) && keys.contains(&&*of_bank_b("inflight_max")),
        "{keys:?}"
    );

    // The third one starts at once, on the same connection. What was in flight ends, with the timeout with which it began.
    let (connection, request) = other.receive().await;
    assert_eq!(connection, 0, "the bank has another connection");
    other.send(0, &transfer_answer(&request)).await;
    let (status, reply) = third.await.unwrap().unwrap();
    assert_eq!((status, &reply["outcome"]), (StatusCode::OK, &json!("answered")), "{reply}");
    let begun = Instant::now();
    let (asked, (connection, _)) = daemon.ask_of("bank-b", 4, None).await_request(&mut other).await;
    let (status, reply) = asked.await.unwrap().unwrap();
    assert_eq!((status, &reply["outcome"]), (StatusCode::GATEWAY_TIMEOUT, &json!("unknown")), "{reply}");
    assert_eq!(connection, 0);
    assert!(begun.elapsed() < Duration::from_secs(10), "it waited as long as before the reload");
    for (asked, (connection, request)) in [first, second] {
        other.send(connection, &transfer_answer(&request)).await;
        let (status, reply) = asked.await.unwrap().unwrap();
        assert_eq!((status, &reply["outcome"]), (StatusCode::OK, &json!("answered")), "{reply}");
    }
    let (_, lines) = daemon.get("/v1/lines").await;
    let line = lines["lines"].as_array().unwrap().iter().find(|line| line["institution"] == "bank-b").unwrap();
    assert_eq!((&line["inflight_max"], &line["reconnects"]), (&json!(3), &json!(0)), "{line}");
    let (_, audit) = daemon.get("/v1/audit?act=reload&institution=bank-b").await;
    assert_eq!(audit["entries"][0]["about"], "changed in place", "{audit}");
    assert_eq!(daemon.get("/v1/reload").await.1["file"], "same");
    daemon.stop().await;
    verify(&setup.journal).await;
}

#[tokio::test]
async fn a_key_that_cannot_change_in_place_is_the_reason_why_the_lines_are_connected_anew() {
    let folder = tempfile::tempdir().unwrap();
    let peer = Peer::start().await;
    let mut other = Peer::start().await;
    let setup = Setup::new(folder.path(), peer.port, "");
    let daemon = setup.start().await;
    let file = File::of(&setup);
    file.with(&one_more("bank-b", other.port, BEFORE));
    added(&daemon).await;
    file.with(&one_more("bank-b", other.port, &format!("{}quarantine_ms = 70000\n", BEFORE.replace("20000", "1000"))));
    let changed = change(&daemon).await;
    let because = json!(["institutions.bank-b.quarantine_ms"]);
    assert_eq!((&changed["change"], &changed["because"]), (&json!("changed"), &because), "{changed}");
    assert_eq!(changed["keys"].as_array().unwrap().len(), 2, "{changed}");
    daemon.until("/readyz", |(status, _)| *status == StatusCode::OK).await;
    let (_asked, (connection, _)) = daemon.ask_of("bank-b", 1, None).await_request(&mut other).await;
    assert_eq!(connection, 1);
    daemon.stop().await;
    verify(&setup.journal).await;
}

/// The bank says goodbye, and its notices go to a service that is away.
const LEAVES: &str = r#"
[institutions.bank-b.session]
sign_on = "SignOn"
sign_off = "SignOff"
echo_test = "EchoTest"
accepted = { "header.response_code" = "0000" }
[institutions.bank-b.notices.DepositNotice]
callback = "http://127.0.0.1:1/notices"
callback_timeout_ms = 100
stand_in = { "header.response_code" = "0000" }
"#;

#[tokio::test]
async fn a_reload_that_is_done_in_part_says_so_and_the_next_one_does_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let peer = Peer::start().await;
    let mut other = Peer::start().await;
    let setup = Setup::new(folder.path(), peer.port, "");
    let daemon = setup.start().await;
    let file = File::of(&setup);
    file.with(&(one_more("bank-b", other.port, "drain_max_ms = 5000\n") + LEAVES));
    let (status, reply) = reload(&daemon).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    other.sign_on(1, b"0000").await;
    daemon.until("/readyz", |(status, _)| *status == StatusCode::OK).await;

    // The bank is asked to sign off, and sends a notice first. Nobody has taken it when bank-b has stopped.
    file.with("");
    let goodbye = async {
        let (connection, sign_off) = other.receive().await;
        assert_eq!(&sign_off[24..31], b"0800200");
        other.send(connection, &golden("bank-a-deposit-notice.json")).await;
        let (_, answer) = other.receive().await;
        assert_eq!(&answer[26..27], b"1", "the notice is answered");
        other.send(connection, &answer_to(&sign_off, b"0000")).await;
        // It starts again, as it was.
        other.sign_on(1, b"0000").await;
    };
    let reloads = reload(&daemon);
    let ((status, reply), ()) = tokio::join!(reloads, goodbye);
    assert_eq!((status, &reply["code"]), (StatusCode::INTERNAL_SERVER_ERROR, &json!("reload_partly")), "{reply}");
    let why = reply["failed"]["bank-b"].as_str().unwrap();
    assert!(
        why.starts_with("it runs again as before: while it stopped, something came: ") && why.contains("notices"),
        "{why}"
    );
    assert_eq!(reply["changes"][0]["change"], "removed", "{reply}");
    let (_, state) = daemon.get("/v1/reload").await;
    assert_eq!(state["holds"]["differs"][0]["institution"], "bank-b", "{state}");
    assert_eq!((&state["file"], &state["changes"][0]["change"]), (&json!("differs"), &json!("removed")), "{state}");
    daemon.until("/readyz", |(status, _)| *status == StatusCode::OK).await;

    // With the notice done, the same reload removes it.
    let (_, notices) = daemon.get("/v1/notices?institution=bank-b").await;
    let id = notices["notices"][0]["notice"].as_str().unwrap_or_else(|| panic!("{notices}"));
    let closed = json!({ "decision": "close", "note": "by telephone" });
    let (status, reply) = daemon.post(&format!("/v1/notices/{id}/delivery"), &closed).await;
    assert_eq!(status, StatusCode::OK, "{reply}");
    let goodbye = async { other.answer_duty(b"200", b"0000").await };
    let reloads = reload(&daemon);
    let ((status, reply), ()) = tokio::join!(reloads, goodbye);
    assert_eq!((status, &reply["changes"][0]["change"]), (StatusCode::OK, &json!("removed")), "{reply}");
    assert_eq!(daemon.get("/v1/reload").await.1["holds"]["differs"], json!([]));
    daemon.stop().await;
    verify(&setup.journal).await;
}

/// Settlement begins after this wait, and notices go to a service on this port.
fn schedule(first_wait_ms: u32, service: u16) -> String {
    format!(
        r#"
[institutions.bank-b.notices.DepositNotice]
callback = "http://127.0.0.1:{service}/notices"
callback_timeout_ms = 3000
stand_in = {{ "header.response_code" = "0000" }}
[institutions.bank-b.telegrams.Transfer.settlement]
accepted = {{ "header.response_code" = "0000" }}
horizon_ms = 100
first_wait_ms = {first_wait_ms}
[institutions.bank-b.telegrams.Transfer.settlement.reversal]
telegram = "Reversal"
tries_max = 1
fields = {{ original_trace_no = "<request.header.trace_no>", original_date = "<request.header.sent_date>", withdraw_account = "<request.withdraw_account>", amount = "<request.amount>", deposit_bank = "<request.deposit_bank>", deposit_account = "<request.deposit_account>", reason = "01" }}
confirmed = {{ "header.response_code" = "0000" }}
"#
    )
}

#[tokio::test]
async fn where_notices_go_and_when_a_settlement_begins_change_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let peer = Peer::start().await;
    let mut other = Peer::start().await;
    let setup = Setup::new(folder.path(), peer.port, "");
    let daemon = setup.start().await;
    let file = File::of(&setup);
    let bank_b = one_more("bank-b", other.port, "answer_timeout_ms = 2000\n");
    file.with(&(bank_b.clone() + &schedule(600_000, 1)));
    added(&daemon).await;
    let service = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    file.with(&(bank_b + &schedule(10, service.local_addr().unwrap().port())));
    let changed = change(&daemon).await;
    assert_eq!((&changed["change"], &changed["because"]), (&json!("changed_in_place"), &json!([])), "{changed}");

    // The settlement of an unknown transfer begins at once: before, it would have begun after ten minutes.
    let (asked, (connection, _)) = daemon.ask_of("bank-b", 1, None).await_request(&mut other).await;
    assert_eq!(asked.await.unwrap().unwrap().1["outcome"], "unknown");
    let (again, reversal) = other.receive().await;
    assert_eq!(
        (connection, again, &reversal[24..28]),
        (0, 0, &b"0400"[..]),
        "the reversal, on the connection of before"
    );
    other.send(0, &golden("bank-a-deposit-notice.json")).await;
    let asked = tokio::time::timeout(PATIENCE, service.accept()).await.expect("the new service is asked");
    drop(asked.unwrap());
    daemon.stop().await;
    verify(&setup.journal).await;
}
