//! The reload of the configuration by SIGHUP and over HTTP: what comes, goes and changes, and what is refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use fep_gateway::simulate::{Scenario, Simulator};
use fep_spec::model::Spec;
use fep_spec::report::Source;
use reqwest::StatusCode;
use serde_json::{Value as Json, json};

use crate::harness::{Daemon, FILL, Setup, root, verify};
use crate::peer::Peer;

/// A bank that answers at once.
const BANK: &str = r#"
trace = "header.trace_no"
[answers]
set = { "header.response_code" = "0000", balance = 5000, fee = 500 }
"#;

async fn bank() -> Simulator {
    let text = std::fs::read_to_string(root().join("specs/bank-a/bank-a.toml")).unwrap();
    let spec = Spec::parse("bank-a.toml", &text).unwrap();
    let scenario = Scenario::read(Source::new("scenario.toml", BANK), &spec).unwrap();
    Simulator::start(spec, scenario, "127.0.0.1:0").await.unwrap()
}

/// The tables of one more institution.
pub(crate) fn one_more(name: &str, port: u16, keys: &str) -> String {
    let spec = root().join("specs/bank-a/bank-a.toml");
    let spec = spec.display();
    format!(
        r#"
[institutions.{name}]
spec = "{spec}"
key = ["header.trace_no", "header.sent_date"]
trace = "header.trace_no"
{keys}
[institutions.{name}.fill]
"header.bank_code" = "099"
{FILL}
[[institutions.{name}.lines]]
name = "main"
connect = "127.0.0.1:{port}"
reconnect_min_ms = 20
reconnect_max_ms = 200
"#
    )
}

/// The configuration file of a daemon, with what is behind its first text.
pub(crate) struct File<'s> {
    setup: &'s Setup<'s>,
    first: String,
}

impl<'s> File<'s> {
    pub(crate) fn of(setup: &'s Setup<'s>) -> Self {
        Self { setup, first: std::fs::read_to_string(setup.folder.join("gateway.toml")).unwrap() }
    }

    pub(crate) fn with(&self, more: &str) {
        self.write(&format!("{}{more}", self.first));
    }

    fn write(&self, text: &str) {
        std::fs::write(self.setup.folder.join("gateway.toml"), text).unwrap();
    }
}

pub(crate) async fn reload(daemon: &Daemon) -> (StatusCode, Json) {
    daemon.post("/v1/reload", &json!({ "note": "a test", "person": "kim" })).await
}

pub(crate) async fn reloaded(daemon: &Daemon, changes: &Json) {
    let (status, reply) = reload(daemon).await;
    assert_eq!(status, StatusCode::OK, "{reply}\n{}", daemon.log());
    let seen: Vec<_> = reply["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| json!([change["institution"], change["change"]]))
        .collect();
    assert_eq!(json!(seen), *changes, "{reply}");
}

async fn line(daemon: &Daemon, institution: &str) -> Option<Json> {
    let (_, lines) = daemon.get("/v1/lines").await;
    lines["lines"].as_array().unwrap().iter().find(|line| line["institution"] == institution).cloned()
}

#[tokio::test]
async fn others_notice_nothing_while_an_institution_comes_changes_and_goes_a_hundred_times() {
    let folder = tempfile::tempdir().unwrap();
    let first = bank().await;
    let second = bank().await;
    let setup = Setup::new(folder.path(), first.address().port(), "");
    let daemon = Arc::new(setup.start().await);
    let file = File::of(&setup);
    let before = line(&daemon, "bank-a").await.unwrap();
    let ends = Arc::new(AtomicBool::new(false));
    let service = |number: u64| {
        let daemon = Arc::clone(&daemon);
        let ends = Arc::clone(&ends);
        tokio::spawn(async move {
            let mut count = 0_u64;
            while !ends.load(Ordering::SeqCst) {
                let (status, reply) = daemon.ask_of("bank-a", 1 + number, None).await.unwrap().unwrap();
                assert_eq!((status, &reply["outcome"]), (StatusCode::OK, &json!("answered")), "{reply}");
                count += 1;
            }
            count
        })
    };
    let services: Vec<_> = (0..8).map(service).collect();
    let port = second.address().port();
    for round in 0..34 {
        file.with(&one_more("bank-b", port, ""));
        reloaded(&daemon, &json!([["bank-b", "added"]])).await;
        daemon.until("/readyz", |(status, _)| *status == StatusCode::OK).await;
        let (status, reply) = daemon.ask_of("bank-b", 1, None).await.unwrap().unwrap();
        assert_eq!((status, &reply["outcome"]), (StatusCode::OK, &json!("answered")), "{round}: {reply}");
        file.with(&one_more("bank-b", port, &format!("quarantine_ms = {}", 70_000 + round)));
        reloaded(&daemon, &json!([["bank-b", "changed"]])).await;
        file.with("");
        reloaded(&daemon, &json!([["bank-b", "removed"]])).await;
    }
    ends.store(true, Ordering::SeqCst);
    let mut count = 0;
    for service in services {
        count += service.await.unwrap();
    }
    assert!(count > 100, "{count}");
    let after = line(&daemon, "bank-a").await.unwrap();
    for key in ["reconnects", "last_error"] {
        assert_eq!(after[key], before[key], "{after}");
    }
    assert_eq!(after["links"][0]["incarnation"], before["links"][0]["incarnation"], "the connection is another one");
    assert!(line(&daemon, "bank-b").await.is_none());
    let metrics = daemon.text("/metrics").await;
    assert!(!metrics.contains("fep_links_up{institution=\"bank-b\""), "a line that is gone is not down: {metrics}");
    assert!(metrics.contains("fep_links_up{institution=\"bank-a\""), "{metrics}");
    assert!(metrics.contains("fep_exchanges_total{institution=\"bank-b\""), "what was is counted: {metrics}");
    Arc::into_inner(daemon).unwrap().stop().await;
    verify(&setup.journal).await;
}

#[tokio::test]
async fn what_cannot_be_used_changes_nothing_and_each_reason_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut peer = Peer::start().await;
    let setup = Setup::new(folder.path(), peer.port, "");
    let daemon = setup.start().await;
    let file = File::of(&setup);
    let (_, before) = daemon.get("/v1/reload").await;
    assert_eq!((&before["file"], &before["holds"]["by"]), (&json!("same"), &Json::Null), "{before}");
    let refused = async |more: &str, status: StatusCode, code: &str, says: &str| {
        file.with(more);
        for dry_run in [true, false] {
            let body = json!({ "note": "a test", "dry_run": dry_run });
            let (seen, reply) = daemon.post("/v1/reload", &body).await;
            assert_eq!((seen, &reply["code"]), (status, &json!(code)), "{reply}");
            assert!(reply["detail"].as_str().unwrap().contains(says), "{reply}");
        }
    };
    let mistake = StatusCode::UNPROCESSABLE_ENTITY;
    refused("lynks = 2\n", mistake, "config_mistakes", "unknown key `lynks`").await;
    refused("[[", mistake, "config_mistakes", "gateway.toml:").await;
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let listen = format!("listen = \"{}\"\npeers = [\"127.0.0.1\"]", taken.local_addr().unwrap());
    let listening = one_more("bank-b", 1, "").replace("connect = \"127.0.0.1:1\"", &listen);
    let listening = listening.replace("reconnect_min_ms = 20\nreconnect_max_ms = 200\n", "");
    refused(&listening, mistake, "config_mistakes", "institutions.bank-b: line main: cannot listen on").await;
    let text = file.first.clone();
    file.write(
        &text.replace("journal.sqlite", "other.sqlite").replace("[journal]", "idle_timeout_ms = 5000\n[journal]"),
    );
    let (status, reply) = reload(&daemon).await;
    assert_eq!((status, &reply["code"]), (StatusCode::CONFLICT, &json!("needs_restart")), "{reply}");
    let keys: Vec<_> = reply["keys"].as_array().unwrap().iter().map(|key| key["key"].clone()).collect();
    assert_eq!(json!(keys), json!(["http.idle_timeout_ms", "journal.path"]), "{reply}");
    std::fs::remove_file(folder.path().join("gateway.toml")).unwrap();
    let (status, reply) = reload(&daemon).await;
    assert_eq!((status, &reply["code"]), (mistake, &json!("config_mistakes")), "{reply}");
    let (status, reply) = daemon.post("/v1/reload", &json!({ "note": " " })).await;
    assert_eq!((status, &reply["code"]), (mistake, &json!("no_note")), "{reply}");
    let (_, now) = daemon.get("/v1/reload").await;
    assert_eq!((&now["holds"], &now["file"]), (&before["holds"], &json!("unusable")), "{now}");
    daemon.answered(&mut peer, 1).await;
    daemon.stop().await;
}

#[tokio::test]
async fn a_hangup_reloads_and_ends_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut peer = Peer::start().await;
    let other = bank().await;
    let setup = Setup::new(folder.path(), peer.port, "");
    let mut daemon = setup.start().await;
    let file = File::of(&setup);
    daemon.hang_up().await;
    daemon.logs("the configuration is the one that holds").await;
    file.with("lynks = 2\n");
    daemon.hang_up().await;
    daemon.logs("unknown key `lynks`").await;
    daemon.logs("SIGHUP: nothing has changed").await;
    file.with(&one_more("bank-b", other.address().port(), ""));
    daemon.hang_up().await;
    daemon.logs("SIGHUP: the new configuration holds").await;
    let (_, state) = daemon.get("/v1/reload").await;
    assert_eq!((&state["file"], &state["holds"]["by"]), (&json!("same"), &json!("SIGHUP")), "{state}");
    let (_, audit) = daemon.get("/v1/audit?act=reload").await;
    let entry = &audit["entries"][0];
    assert_eq!((&entry["institution"], &entry["person"]), (&json!("bank-b"), &json!("SIGHUP")), "{audit}");
    daemon.answered(&mut peer, 1).await;
    daemon.terminate().await;
    assert!(daemon.ends_within(Duration::from_secs(10)).await.success());
}
