//! SIGTERM. No client can delay the end, and each exchange gets its outcome.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;
use tokio::io::AsyncWriteExt;

use crate::harness::{EXCHANGES, Setup, rest, sends, transfer, verify};
use crate::peer::{Peer, transfer_answer};

const DRAIN_MAX: Duration = Duration::from_secs(2);

/// What the end may take besides `drain_max_ms`: half a second for replies, and what a loaded machine needs to close the journal.
const REST_MAX: Duration = Duration::from_secs(3);

const INSTITUTION: &str = "drain_max_ms = 2000\nanswer_timeout_ms = 20000";

fn head(len: usize) -> String {
    format!(
        "POST {EXCHANGES} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: {len}\r\n\r\n"
    )
}

#[tokio::test]
async fn no_slow_client_delays_the_end_and_each_exchange_gets_its_outcome() {
    let folder = tempfile::tempdir().unwrap();
    let mut peer = Peer::start().await;
    let setup = Setup::new(folder.path(), peer.port, INSTITUTION);
    let mut daemon = setup.start().await;
    let body = transfer(3);
    let (begin, end) = body.split_at(40);
    let silent = sends(daemon.port, "").await;
    let half_head = sends(daemon.port, "POST /v1/institutions/bank-a/exch").await;
    let half_body = sends(daemon.port, &(head(body.len()) + begin)).await;
    let mut completed = sends(daemon.port, &(head(body.len()) + begin)).await;
    let listener = sends(daemon.port, "GET /v1/events HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    let answered = daemon.ask(1, None);
    let (connection, request) = peer.receive().await;
    let unanswered = daemon.ask(2, None);
    peer.receive().await;

    daemon.terminate().await;
    let stopped = tokio::time::Instant::now();
    daemon.logs("stopping: requests get their outcomes").await;
    completed.write_all(end.as_bytes()).await.unwrap();
    peer.send(connection, &transfer_answer(&request)).await;
    let (status, reply) = answered.await.unwrap().unwrap();
    assert_eq!((status, &reply["outcome"]), (StatusCode::OK, &json!("answered")), "{reply}");
    let (status, reply) = unanswered.await.unwrap().unwrap();
    assert_eq!((status, &reply["outcome"]), (StatusCode::GATEWAY_TIMEOUT, &json!("unknown")), "{reply}");
    let ended = daemon.ends_within((DRAIN_MAX + REST_MAX).saturating_sub(stopped.elapsed())).await;
    assert!(ended.success(), "{ended}\n{}", daemon.log());

    for stream in [silent, half_head, half_body] {
        let said = rest(stream).await;
        assert!(!said.contains("200 OK"), "{said}");
    }
    let said = rest(completed).await;
    assert!(said.starts_with("HTTP/1.1 503") && said.contains("\"reason_code\":\"stopping\""), "{said}");
    assert!(rest(listener).await.starts_with("HTTP/1.1 200 OK"));
    assert!(peer.is_quiet().await, "what came while it stopped was sent");
    verify(&setup.journal).await;

    // What was told holds.
    let daemon = setup.start().await;
    let path = format!("/v1/exchanges/{}", reply["exchange"].as_str().unwrap());
    let (_, stored) = daemon.get(&path).await;
    assert_eq!((&stored["outcome"], &stored["reason_code"]), (&json!("unknown"), &reply["reason_code"]), "{stored}");
    daemon.stop().await;
}

/// Who reads in the log that it runs tells it to stop at once. Before, a signal in that moment killed it.
#[tokio::test]
async fn a_daemon_that_says_that_it_runs_hears_a_signal() {
    let folder = tempfile::tempdir().unwrap();
    let peer = Peer::start().await;
    let setup = Setup::new(folder.path(), peer.port, INSTITUTION);
    for _ in 0..5 {
        let mut daemon = setup.spawn().await;
        daemon.logs("the gateway runs").await;
        daemon.terminate().await;
        let ended = daemon.ends_within(DRAIN_MAX + REST_MAX).await;
        assert!(ended.success() && daemon.log().contains("stopping: "), "{ended}\n{}", daemon.log());
    }
}
