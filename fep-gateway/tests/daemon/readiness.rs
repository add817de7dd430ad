//! What proves that a line is alive, as `/v1/lines` and `/readyz` say it, and the command that asks for it.

use std::path::Path;

use reqwest::StatusCode;
use serde_json::{Value as Json, json};
use tokio::process::Command;

use crate::harness::{Daemon, Setup};
use crate::peer::Peer;

/// A daemon that is not waited for, with these keys of its session.
async fn daemon(folder: &Path, bank: u16, session: &str) -> Daemon {
    let tables = format!("[institutions.bank-a.session]\n{session}\n");
    Setup { tables: &tables, ..Setup::new(folder, bank, "") }.spawn().await
}

async fn proved_by(daemon: &Daemon) -> Json {
    let (_, reply) = daemon.until("/v1/lines", |(_, reply)| reply["lines"][0]["links"][0]["state"] == "up").await;
    reply["lines"][0]["proved_by"].clone()
}

const NO_NOTES: [&str; 0] = [];

#[tokio::test]
async fn a_line_with_an_echo_test_is_ready_after_its_answer_for_alive_ms() {
    let folder = tempfile::tempdir().unwrap();
    let mut peer = Peer::start().await;
    let session = "echo_test = \"EchoTest\"\necho_interval_ms = 60000\necho_idle_ms = 60000\nalive_ms = 1500";
    let daemon = daemon(folder.path(), peer.port, session).await;
    assert_eq!(proved_by(&daemon).await, json!("echo_test"));
    let not_ready =
        |why: &str| (StatusCode::SERVICE_UNAVAILABLE, json!({ "ready": false, "reasons": [why], "notes": [] }));
    assert_eq!(daemon.get("/readyz").await, not_ready("bank-a: no answer has come yet"));
    peer.answer_duty(b"300", b"0000").await;
    let ready = json!({ "ready": true, "reasons": [], "notes": [] });
    daemon.until("/readyz", |reply| *reply == (StatusCode::OK, ready.clone())).await;
    let late = not_ready("bank-a: no answer came within 1500 ms");
    daemon.until("/readyz", |reply| *reply == late).await;
    assert!(daemon.log().contains("note: `alive_ms` is shorter than the time between two tests"), "{}", daemon.log());
    daemon.answered(&mut peer, 1).await;
    daemon.until("/readyz", |reply| *reply == (StatusCode::OK, ready.clone())).await;
}

#[tokio::test]
async fn a_line_that_has_to_be_polled_is_proved_by_polls_and_one_without_proof_is_noted() {
    let folder = tempfile::tempdir().unwrap();
    let peer = Peer::start().await;
    let polled = daemon(folder.path(), peer.port, "poll = { request = \"0000\" }\npolled_within_ms = 60000").await;
    assert_eq!(proved_by(&polled).await, json!("poll"));
    assert_eq!(polled.get("/readyz").await.1["notes"], json!(NO_NOTES));
    assert!(!polled.log().contains("note: "), "{}", polled.log());
    polled.stop().await;
    let untested = daemon(folder.path(), peer.port, "").await;
    assert_eq!(proved_by(&untested).await, Json::Null);
    let (status, reply) = untested.get("/readyz").await;
    assert_eq!((status, reply["notes"].as_array().map(Vec::len)), (StatusCode::OK, Some(1)), "{reply}");
    assert!(
        untested.log().contains("note: nothing has to prove that line `main` of bank-a is alive"),
        "{}",
        untested.log()
    );
}

/// The exit code and stderr of `fep-gateway health`.
async fn health(config: &Path, more: &[&str]) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fep-gateway"));
    let output = command.args(["health", "--config"]).arg(config).args(more).output().await.unwrap();
    assert!(output.stdout.is_empty(), "{output:?}");
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[tokio::test]
async fn the_command_health_tells_alive_from_ready() {
    let folder = tempfile::tempdir().unwrap();
    let bank = crate::ports::dead_port().await;
    let daemon = Setup::new(folder.path(), bank, "").spawn().await;
    daemon.until("/healthz", |(status, _)| *status == StatusCode::OK).await;
    let config = folder.path().join("gateway.toml");
    assert_eq!(health(&config, &[]).await, (Some(0), String::new()));
    let (code, said) = health(&config, &["--ready"]).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.starts_with("fep-gateway: bank-a: "), "{said}");
    daemon.stop().await;
    let (code, said) = health(&config, &[]).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("/healthz does not answer: "), "{said}");
    std::fs::write(&config, "[http]\nlisten = 1\n").unwrap();
    assert_eq!(health(&config, &[]).await.0, Some(2));
}
