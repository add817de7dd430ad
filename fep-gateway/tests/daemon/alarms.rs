//! Alarms of a daemon that is killed: what was not told is told with the same name, and nothing is told twice.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use serde_json::{Value as Json, json};
use tokio::net::TcpListener;
use tokio::time::sleep;

use crate::harness::Setup;
use crate::peer::Peer;

/// What was posted: the name of the message and its body.
type Posted = Arc<Mutex<Vec<(String, Json)>>>;

/// A receiver that takes nothing until it is told to. Returns its URL.
async fn receiver(posted: Posted, takes: Arc<AtomicBool>) -> String {
    let take = async move |headers: HeaderMap, body: Bytes| {
        let id = headers["x-request-id"].to_str().unwrap().to_owned();
        posted.lock().unwrap().push((id, serde_json::from_slice(&body).unwrap()));
        if takes.load(Ordering::SeqCst) { StatusCode::NO_CONTENT } else { StatusCode::SERVICE_UNAVAILABLE }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/alarms", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/alarms", post(take))).await });
    url
}

#[tokio::test]
async fn a_killed_daemon_tells_what_was_not_told_with_the_same_name_and_nothing_twice() {
    let folder = tempfile::tempdir().unwrap();
    let posted = Posted::default();
    let takes = Arc::new(AtomicBool::new(false));
    let url = receiver(Arc::clone(&posted), Arc::clone(&takes)).await;
    let count = || posted.lock().unwrap().len();
    let mut peer = Peer::start().await;
    let mut setup = Setup::new(folder.path(), peer.port, "answer_timeout_ms = 2000");
    setup.behind = format!(
        "[alarms.to.on-call]\nkind = \"webhook\"\ncallback = \"{url}\"\npause_ms = 1\n\
         [alarms.rules.old]\nkind = \"unknown_age\"\nage_max_ms = 1\nto = [\"on-call\"]\n"
    );
    let daemon = setup.start().await;
    let asked = daemon.ask(1, None);
    peer.receive().await;
    let (_, reply) = asked.await.unwrap().unwrap();
    assert_eq!(reply["outcome"], "unknown", "{reply}");
    daemon.logs("alarms do not reach a receiver").await;
    assert!(daemon.log().contains("alarm: the oldest unknown exchange with bank-a is "), "{}", daemon.log());
    daemon.kill().await;
    let before = count();
    takes.store(true, Ordering::SeqCst);

    let daemon = setup.start().await;
    daemon.until("/v1/alarms", |(_, seen)| seen["receivers"][0]["waiting"] == 0).await;
    let (_, seen) = daemon.get("/v1/alarms").await;
    assert_eq!(seen["alarms"][0]["state"], "raised", "{seen}");
    assert_eq!(count(), before + 1, "it was told once more, and taken");
    let first = posted.lock().unwrap()[0].clone();
    assert!(
        posted.lock().unwrap().iter().all(|message| *message == first),
        "each time the same name and the same bytes"
    );
    assert_eq!(first.1["alarms"][0]["id"], seen["alarms"][0]["id"]);
    daemon.kill().await;

    let daemon = setup.start().await;
    // It looks once a second.
    sleep(Duration::from_millis(2500)).await;
    let (_, seen) = daemon.get("/v1/alarms").await;
    assert_eq!((&seen["alarms"][0]["state"], count()), (&json!("raised"), before + 1), "{seen}");
    daemon.stop().await;
}

#[tokio::test]
async fn what_is_raised_while_a_receiver_is_away_is_in_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let url = receiver(Posted::default(), Arc::default()).await;
    let mut peer = Peer::start().await;
    let mut setup = Setup::new(folder.path(), peer.port, "answer_timeout_ms = 2000");
    setup.behind = format!(
        "[alarms.to.on-call]\nkind = \"webhook\"\ncallback = \"{url}\"\n\
         [alarms.rules.old]\nkind = \"unknown_age\"\nage_max_ms = 1\nto = [\"on-call\"]\n\
         [alarms.rules.older]\nkind = \"unknown_age\"\nage_max_ms = 1\nraise_after_ms = 2500\nto = [\"on-call\"]\n"
    );
    let daemon = setup.start().await;
    let asked = daemon.ask(1, None);
    peer.receive().await;
    let (_, reply) = asked.await.unwrap().unwrap();
    assert_eq!(reply["outcome"], "unknown", "{reply}");
    daemon.logs("alarms do not reach a receiver").await;
    assert!(!daemon.log().contains("rule=\"older\""), "it is not raised yet: {}", daemon.log());
    daemon.logs("rule=\"older\"").await;
    daemon.stop().await;
}

#[tokio::test]
async fn nobody_is_called_because_a_gateway_stops() {
    let folder = tempfile::tempdir().unwrap();
    let posted = Posted::default();
    let url = receiver(Arc::clone(&posted), Arc::new(AtomicBool::new(true))).await;
    let mut peer = Peer::start().await;
    let mut setup = Setup::new(folder.path(), peer.port, "answer_timeout_ms = 5000");
    setup.behind = format!(
        "[alarms.to.on-call]\nkind = \"webhook\"\ncallback = \"{url}\"\npause_ms = 1\n\
         [alarms.rules.silence]\nkind = \"no_traffic\"\nquiet_max_ms = 1000\nto = [\"on-call\"]\n"
    );
    // In business it calls.
    let daemon = setup.start().await;
    daemon.until("/v1/alarms", |(_, seen)| seen["alarms"][0]["state"] == "raised").await;
    while posted.lock().unwrap().is_empty() {
        sleep(Duration::from_millis(10)).await;
    }
    daemon.stop().await;
    posted.lock().unwrap().clear();
    std::fs::remove_file(folder.path().join("journal.sqlite.alarms")).unwrap();

    // While it waits for its last answer it does not, however silent the bank is.
    let daemon = setup.start().await;
    let asked = daemon.ask(1, None);
    peer.receive().await;
    let began = std::time::Instant::now();
    daemon.stop().await;
    assert!(began.elapsed() >= Duration::from_secs(3), "it waited for the answer");
    let (_, reply) = asked.await.unwrap().unwrap();
    assert_eq!(reply["outcome"], "unknown", "{reply}");
    assert_eq!(*posted.lock().unwrap(), []);
}
