//! The journal's file is taken away from a running daemon: deleted, replaced, moved. Nothing is sent that it does not know.

use std::fs;

use reqwest::StatusCode;
use serde_json::{Value as Json, json};

use crate::harness::{Daemon, Setup, verify};
use crate::peer::{Peer, transfer_answer};

const INSTITUTION: &str = "answer_timeout_ms = 6000";

/// What a test does with the write-ahead log.
const LOG: &str = "journal.sqlite-wal";

async fn is_ready(daemon: &Daemon) -> bool {
    daemon.get("/readyz").await.0 == StatusCode::OK
}

/// Checks that the daemon is not ready and names the file, and that no transfer reaches the bank.
async fn check_refuses(daemon: &Daemon, peer: &mut Peer, journal: &std::path::Path) {
    let (status, reply) = daemon.get("/readyz").await;
    assert_eq!((status, &reply["ready"]), (StatusCode::SERVICE_UNAVAILABLE, &json!(false)), "{reply}");
    let reason = reply["reasons"][0].as_str().unwrap();
    assert!(
        reason.starts_with("the journal takes no writes: ") && reason.contains(journal.to_str().unwrap()),
        "{reason}"
    );
    for key in [None, Some("order-7")] {
        let (status, reply) = daemon.ask(7, key).await.unwrap().unwrap();
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{reply}");
        assert!(reply["outcome"] == "not_sent" || reply["code"] == "key_unchecked", "{reply}");
    }
    assert!(peer.is_quiet().await, "a transfer that the journal does not know reached the bank");
}

#[tokio::test]
async fn without_its_journal_the_daemon_is_not_ready_and_sends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut peer = Peer::start().await;
    let setup = Setup::new(folder.path(), peer.port, INSTITUTION);
    let daemon = setup.start().await;
    daemon.answered(&mut peer, 1).await;
    let asked = daemon.ask(2, None);
    let (connection, request) = peer.receive().await;
    fs::remove_file(&setup.journal).unwrap();
    // What is in flight gets its outcome, and the reply says that it is not durable.
    peer.send(connection, &transfer_answer(&request)).await;
    check_refuses(&daemon, &mut peer, &setup.journal).await;
    let (status, reply) = asked.await.unwrap().unwrap();
    assert_eq!(
        (status, &reply["outcome"], &reply["journaled"]),
        (StatusCode::OK, &json!("answered"), &json!(false)),
        "{reply}"
    );
    // Nobody takes an empty journal for the one that is gone.
    daemon.kill().await;
    let mut daemon = setup.spawn().await;
    let ended = daemon.ends_within(crate::peer::PATIENCE).await;
    assert_eq!(ended.code(), Some(2), "{}", daemon.log());
    assert!(daemon.log().contains("--new-journal"), "{}", daemon.log());
}

#[tokio::test]
async fn without_its_write_ahead_log_the_daemon_sends_nothing_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut peer = Peer::start().await;
    let setup = Setup::new(folder.path(), peer.port, INSTITUTION);
    for (is_replaced, is_killed) in [(false, false), (false, true), (true, false), (true, true)] {
        let daemon = setup.start().await;
        let mut told = vec![daemon.answered(&mut peer, 1).await];
        let in_flight = daemon.ask(2, None);
        let (connection, request) = peer.receive().await;
        let log = folder.path().join(LOG);
        fs::remove_file(&log).unwrap();
        if is_replaced {
            fs::write(&log, b"").unwrap();
        }
        check_refuses(&daemon, &mut peer, &log).await;
        peer.send(connection, &transfer_answer(&request)).await;
        let (status, reply) = in_flight.await.unwrap().unwrap();
        assert_eq!((status, reply.get("journaled")), (StatusCode::OK, None), "{reply}");
        told.push(reply);
        match is_killed {
            true => daemon.kill().await,
            false => daemon.stop().await,
        }
        let daemon = setup.start().await;
        for reply in told {
            let (_, stored) = daemon.get(&format!("/v1/exchanges/{}", reply["exchange"].as_str().unwrap())).await;
            assert_eq!(stored["outcome"], "answered", "{stored}");
        }
        daemon.stop().await;
        verify(&setup.journal).await;
    }
}

#[tokio::test]
async fn another_file_in_place_of_the_journal_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut peer = Peer::start().await;
    let setup = Setup::new(folder.path(), peer.port, INSTITUTION);
    let daemon = setup.start().await;
    let first = daemon.answered(&mut peer, 1).await;
    let other = folder.path().join("other.sqlite");
    fs::copy(&setup.journal, &other).unwrap();
    let own = folder.path().join("own.sqlite");
    fs::rename(&setup.journal, &own).unwrap();
    fs::rename(&other, &setup.journal).unwrap();
    let before = fs::read(&setup.journal).unwrap();
    check_refuses(&daemon, &mut peer, &setup.journal).await;
    assert_eq!(fs::read(&setup.journal).unwrap(), before, "the other file was written");
    // Its own file at its own place: everything goes on, and nothing is lost.
    fs::rename(&own, &setup.journal).unwrap();
    daemon.until("/readyz", |(status, _)| *status == StatusCode::OK).await;
    let second = daemon.answered(&mut peer, 2).await;
    daemon.stop().await;
    verify(&setup.journal).await;
    let daemon = setup.start().await;
    let outcome = |reply: &Json| (reply["exchange"].clone(), reply["trace"].clone(), reply["outcome"].clone());
    for told in [first, second] {
        let (_, stored) = daemon.get(&format!("/v1/exchanges/{}", told["exchange"].as_str().unwrap())).await;
        assert_eq!(outcome(&stored), outcome(&told), "{stored}");
    }
    assert!(is_ready(&daemon).await);
}
