//! Lines whose telegrams carry no length. A table of codes finds where each telegram ends.

use std::sync::Arc;

use fep_gateway::gateway::StandInOnly;
use fep_gateway::{Config, exchange::LinkState};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::harness::{outcome, start, until};

/// The spec of a till. A request has 12 bytes and begins with A1. An answer has 10 bytes and begins with B1.
const SPEC: &str = r#"
spec = "till"
title = "Till"
version = "2026-11-26"
source = "written for this test"
charset = "ascii"
[types]
N = { kind = "number" }
C = { kind = "digits", full = true }
AN = { kind = "text" }
[telegrams.Ask]
label = "question"
len = 12
when = { code = "A1" }
answer = "Told"
items = [
  { name = "code", label = "code", type = "AN", len = 2 },
  { name = "trace_no", label = "number", type = "N", len = 6 },
  { name = "amount", label = "amount", type = "N", len = 4 },
]
[telegrams.Told]
label = "answer"
len = 10
when = { code = "B1" }
items = [
  { name = "code", label = "code", type = "AN", len = 2 },
  { name = "trace_no", label = "number", type = "N", len = 6 },
  { name = "response_code", label = "verdict", type = "C", len = 2 },
]
"#;

fn config_text(port: u16) -> String {
    format!(
        r#"
[journal]
path = "journal.sqlite"
[institutions.till]
spec = "till.toml"
key = ["trace_no"]
trace = "trace_no"
framing = {{ kind = "code-table" }}
[[institutions.till.lines]]
name = "main"
connect = "127.0.0.1:{port}"
reconnect_max_ms = 200
"#
    )
}

#[tokio::test]
async fn an_exchange_over_a_line_that_is_cut_by_a_code_table() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("till.toml"), SPEC).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let text = config_text(listener.local_addr().unwrap().port());
    let config = Config::parse("test.toml", &text, folder.path()).unwrap_or_else(|error| panic!("{error}"));
    let gateway = start(config, Arc::new(StandInOnly)).await;
    let (mut stream, _) = listener.accept().await.unwrap();
    until("the link is up", async || gateway.lines()[0].links[0].state == LinkState::Up).await;

    let asked = [1, 2].map(|amount| {
        let gateway = gateway.clone();
        tokio::spawn(async move { gateway.exchange("till", "Ask", &json!({ "amount": amount }), None).await.unwrap() })
    });
    let mut requests = [0; 24];
    stream.read_exact(&mut requests).await.unwrap();
    let mut traces: Vec<_> = requests.chunks(12).map(|request| request[..8].to_vec()).collect();
    traces.sort_unstable();
    assert_eq!(traces, [b"A1000001", b"A1000002"]);
    // Two answers in one write, cut in the middle of the second one.
    stream.write_all(b"B100000200B1000").await.unwrap();
    stream.write_all(b"00147").await.unwrap();
    for asked in asked {
        assert_eq!(outcome(&asked.await.unwrap()), "answered");
    }

    stream.write_all(b"X9").await.unwrap();
    until("the link was closed", async || gateway.lines()[0].last_error_code == Some("bad_frame")).await;
    let why = gateway.lines()[0].last_error.clone().unwrap();
    assert!(why.starts_with("byte 20 of the connection: ") && why.ends_with("58 39"), "{why}");
}
