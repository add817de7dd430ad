//! An exchange over every line dialect: the gateway against the simulator over TCP. The expected bytes are written by hand.

use std::sync::Arc;

use fep_gateway::Config;
use fep_gateway::exchange::LinkState;
use fep_gateway::gateway::StandInOnly;
use fep_gateway::simulate::{Scenario, Simulator};
use fep_spec::model::Spec;
use fep_spec::report::Source;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::harness::{entries_of, outcome, start, until};

/// The spec of a till. The telegrams have 8 bytes, without the bytes that enclose them.
fn spec(before: &str, behind: &str, edges_len: usize) -> String {
    format!(
        r#"
spec = "till"
title = "Till"
version = "2026-11-27"
source = "written for this test"
charset = "ascii"
[types]
N = {{ kind = "number" }}
AN = {{ kind = "text" }}
[telegrams.Ask]
label = "question"
len = {len}
when = {{ code = "A1" }}
answer = "Told"
items = [
  {before}
  {{ name = "code", label = "code", type = "AN", len = 2 }},
  {{ name = "trace_no", label = "number", type = "N", len = 4 }},
  {{ name = "verdict", label = "verdict", type = "AN", len = 2 }},
  {behind}
]
[telegrams.Told]
label = "answer"
like = "Ask"
when = {{ code = "B1" }}
"#,
        len = edges_len + 8
    )
}

fn config(port: u16, framing: &str) -> String {
    format!(
        r#"
[journal]
path = "journal.sqlite"
[institutions.till]
spec = "till.toml"
key = ["trace_no"]
trace = "trace_no"
framing = {{ {framing} }}
[[institutions.till.lines]]
name = "main"
connect = "127.0.0.1:{port}"
reconnect_max_ms = 200
"#
    )
}

/// Carries out one exchange. Checks that its request and its answer crossed the line as these frames.
async fn exchange(spec: String, framing: &str, request: &[u8], answer: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("till.toml"), &spec).unwrap();
    let spec = Spec::parse("till.toml", &spec).unwrap_or_else(|report| panic!("{report}"));
    let scenario = format!("framing = {{ {framing} }}\n[answers]\nset = {{ verdict = \"OK\" }}\n");
    let scenario = Scenario::read(Source::new("s.toml", scenario), &spec).unwrap_or_else(|report| panic!("{report}"));
    let bank = Simulator::start(spec, scenario, "127.0.0.1:0").await.unwrap();
    let text = config(bank.address().port(), framing);
    let config = Config::parse("test.toml", &text, folder.path()).unwrap_or_else(|error| panic!("{error}"));
    let gateway = start(config, Arc::new(StandInOnly)).await;
    until("the link is up", async || gateway.lines()[0].links[0].state == LinkState::Up).await;
    let asked = gateway.exchange("till", "Ask", &json!({ "verdict": "" }), None).await.unwrap();
    assert_eq!(outcome(&asked), "answered", "{framing}");
    assert_eq!((&asked.request[..], &asked.answer.unwrap().bytes[..]), (request, answer), "{framing}");
    gateway.stop().await;
    let entries = entries_of(&folder.path().join("journal.sqlite"));
    let bytes: Vec<&[u8]> = entries.iter().map(|(_, _, bytes)| bytes.as_slice()).collect();
    assert_eq!(bytes, [request, answer], "the bytes on the wire are the bytes in the journal: {framing}");
    bank.stop().await;
}

/// What encloses the telegram is only on the line.
async fn check(framing: &str, before: &[u8], request_after: &[u8], answer_after: &[u8]) {
    let request = [before, b"A10001  ", request_after].concat();
    let answer = [before, b"B10001OK", answer_after].concat();
    exchange(spec("", "", 0), framing, &request, &answer).await;
}

/// What encloses the telegram is part of it.
async fn check_kept(framing: &str, before: (&str, &[u8]), behind: (&str, &[u8], &[u8])) {
    let spec = spec(before.0, behind.0, before.1.len() + behind.1.len());
    let request = [before.1, b"A10001  ", behind.1].concat();
    let answer = [before.1, b"B10001OK", behind.2].concat();
    exchange(spec, framing, &request, &answer).await;
}

#[tokio::test]
async fn a_stripped_length_stands_only_on_the_line() {
    check("stripped = true", b"0008", b"", b"").await;
    check("stripped = true, counts = \"all\"", b"0012", b"", b"").await;
    check("stripped = true, not_counted = -1", b"0013", b"", b"").await;
    check("stripped = true, length_as = \"ebcdic\"", b"\xF0\xF0\xF0\xF8", b"", b"").await;
    check("stripped = true, length_as = \"bcd\", counts = \"all\"", b"\x00\x10", b"", b"").await;
    check("stripped = true, length_bytes = 4", b"\x00\x00\x00\x08", b"", b"").await;
    check("stripped = true, length_bytes = 2, length_as = \"little-endian\"", b"\x08\x00", b"", b"").await;
    check("stripped = true, length_as = \"half-swapped\"", b"\x00\x08\x00\x00", b"", b"").await;
    check("stripped = true, length_as = \"byte-swapped\"", b"\x00\x00\x08\x00", b"", b"").await;
}

#[tokio::test]
async fn a_kept_length_is_a_field_of_the_telegram() {
    let none = ("", b"".as_slice(), b"".as_slice());
    let length = |len: usize, more: &str| {
        format!(
            "{{ name = \"length\", label = \"length\", type = \"N\", len = {len}, computed = \"length\", {more} }},"
        )
    };
    check_kept("", (&length(4, "counts = \"rest\""), b"0008"), none).await;
    check_kept("length_digits = 3, counts = \"all\"", (&length(3, "counts = \"all\""), b"011"), none).await;
    let bcd = length(2, "counts = \"rest\", encoding = \"bcd\"");
    check_kept("length_as = \"bcd\"", (&bcd, b"\x00\x08"), none).await;
    let ebcdic = length(4, "counts = \"rest\", encoding = \"ebcdic\"");
    check_kept("length_as = \"ebcdic\"", (&ebcdic, b"\xF0\xF0\xF0\xF8"), none).await;
    let inside = format!("{{ literal = \"TILL-0\" }},\n{}", length(4, "counts = \"all\""));
    check_kept("length_at = 6, counts = \"all\"", (&inside, b"TILL-00018"), none).await;
}

#[tokio::test]
async fn stx_and_etx_enclose_a_telegram_with_or_without_a_check_byte() {
    check("kind = \"stx-etx\"", b"\x02", b"\x03", b"\x03").await;
    // 41 ^ 31 ^ 30 ^ 30 ^ 30 ^ 31 ^ 20 ^ 20 ^ 03 = 72, and 42 ^ 31 ^ 30 ^ 30 ^ 30 ^ 31 ^ 4F ^ 4B ^ 03 = 75. STX changes one bit.
    check("kind = \"stx-etx\", check = \"bcc-xor\"", b"\x02", b"\x03\x72", b"\x03\x75").await;
    let with_stx = "kind = \"stx-etx\", check = \"bcc-xor\", check_over = \"stx-text-etx\"";
    check(with_stx, b"\x02", b"\x03\x70", b"\x03\x77").await;
    // 41 + 31 + 3 × 30 + 31 + 2 × 20 + 03 = 176, and 42 + 31 + 3 × 30 + 31 + 4F + 4B + 03 = 1D1.
    check("kind = \"stx-etx\", check = \"lrc-sum\"", b"\x02", b"\x03\x8A", b"\x03\x2F").await;
    let kept = "kind = \"stx-etx\", stripped = false";
    check_kept(kept, ("{ hex = \"02\" },", b"\x02"), ("{ hex = \"03\" },", b"\x03", b"\x03")).await;
}

#[tokio::test]
async fn certain_bytes_end_a_frame() {
    check("kind = \"terminated\", end = \"cr\"", b"", b"\r", b"\r").await;
    check("kind = \"terminated\", end = \"lf\"", b"", b"\n", b"\n").await;
    check("kind = \"terminated\", end = \"crlf\"", b"", b"\r\n", b"\r\n").await;
    check("kind = \"terminated\", end = \"ff\"", b"", b"\xFF", b"\xFF").await;
    let kept = "kind = \"terminated\", end = \"ff\", stripped = false";
    check_kept(kept, ("", b""), ("{ hex = \"ff\" },", b"\xFF", b"\xFF")).await;
}

#[tokio::test]
async fn the_telegrams_themselves_say_where_they_end() {
    check("kind = \"fixed\", frame_len = 8", b"", b"", b"").await;
    check("kind = \"code-table\"", b"", b"", b"").await;
}

/// Carries out one exchange with an institution that sends a poll before its answer: a frame without a telegram.
async fn check_poll(framing: &str, poll: &[u8], request: &[u8], answer: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("till.toml"), spec("", "", 0)).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let text = config(listener.local_addr().unwrap().port(), framing);
    let config = Config::parse("test.toml", &text, folder.path()).unwrap_or_else(|error| panic!("{error}"));
    let gateway = start(config, Arc::new(StandInOnly)).await;
    let (mut stream, _) = listener.accept().await.unwrap();
    until("the link is up", async || gateway.lines()[0].links[0].state == LinkState::Up).await;
    let asked = tokio::spawn({
        let gateway = gateway.clone();
        async move { gateway.exchange("till", "Ask", &json!({ "verdict": "" }), None).await.unwrap() }
    });
    let mut received = vec![0; request.len()];
    stream.read_exact(&mut received).await.unwrap();
    assert_eq!(received, request, "{framing}");
    stream.write_all(&[poll, answer, poll].concat()).await.unwrap();
    assert_eq!(outcome(&asked.await.unwrap()), "answered", "{framing}");
    let journal = folder.path().join("journal.sqlite");
    until("both polls are kept", async || entries_of(&journal).len() == 4).await;
    let polls = entries_of(&journal).into_iter().filter(|(.., bytes)| bytes == poll).count();
    assert_eq!((polls, gateway.lines()[0].links[0].incarnation), (2, 1), "the link stays up: {framing}");
}

#[tokio::test]
async fn a_poll_without_a_telegram_is_a_frame() {
    check_poll("stripped = true", b"0000", b"0008A10001  ", b"0008B10001OK").await;
    check_poll(
        "stripped = true, length_bytes = 2, counts = \"all\"",
        b"\x00\x02",
        b"\x00\x0AA10001  ",
        b"\x00\x0AB10001OK",
    )
    .await;
    check_poll("kind = \"stx-etx\"", b"\x02\x03", b"\x02A10001  \x03", b"\x02B10001OK\x03").await;
    check_poll("kind = \"terminated\", end = \"crlf\"", b"\r\n", b"A10001  \r\n", b"B10001OK\r\n").await;
}
