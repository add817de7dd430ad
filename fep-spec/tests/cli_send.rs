//! `fep send` against a listener that answers as each test says.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::thread;
use std::time::Duration;

use serde_json::Value;

/// The telegrams carry their own length, and tell themselves apart by their code. `Ask` and `Tell` hold a secret.
const SPEC: &str = r#"
spec = "a"
title = "A"
version = "1"
source = "here"
charset = "euc-kr"

[parts.Header]
items = [
  { name = "length", kind = "number", len = 4, computed = "length", counts = "rest" },
  { name = "code", kind = "digits", len = 4, full = true },
  { name = "trace_no", kind = "number", len = 3 },
]

[telegrams.Ask]
when = { "header.code" = "0100" }
answer = "Tell"
items = [ { part = "Header", name = "header" }, { name = "account", kind = "digits", len = 6, secret = true } ]

[telegrams.Tell]
like = "Ask"
when = { "header.code" = "0110" }

[telegrams.Other]
like = "Ask"
when = { "header.code" = "0210" }
"#;
const JSON: &str = r#"{"telegram": "Ask", "fields": {"header": {"trace_no": 7}, "account": "123456"}}"#;
const ASK: &[u8] = b"00130100007123456";

/// Runs `fep send` against a listener. `serve` gets the connection and what was read from it.
fn send(args: &[&str], input: &[u8], serve: impl FnOnce(&mut TcpStream, &[u8]) + Send + 'static) -> Output {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = listener.local_addr().unwrap().to_string();
    let peer = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = vec![0; 64];
        let count = stream.read(&mut request).unwrap();
        request.truncate(count);
        serve(&mut stream, &request);
    });
    let output = fep(&to, args, input);
    peer.join().unwrap();
    output
}

fn fep(to: &str, args: &[&str], input: &[u8]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let spec = folder.path().join("a.toml");
    let file = folder.path().join("input");
    std::fs::write(&spec, SPEC).unwrap();
    std::fs::write(&file, input).unwrap();
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    let mut command = Command::new(env!("CARGO_BIN_EXE_fep"));
    command.args(["send", "--spec", &path(&spec), "--to", to]).args(args).arg(path(&file));
    command.output().unwrap()
}

/// Checks the exit code and a part of the messages, and returns stdout. No secret is in either.
fn check(output: Output, code: i32, message: &str) -> String {
    let messages = String::from_utf8(output.stderr).unwrap();
    let data = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(code), "{messages}\n{data}");
    assert!(messages.contains(message), "{messages}");
    assert!(!messages.contains("123456") && !data.contains("123456"), "{messages}\n{data}");
    data
}

fn write(bytes: &'static [u8]) -> impl FnOnce(&mut TcpStream, &[u8]) + Send {
    move |stream, request| {
        assert_eq!(request, ASK);
        stream.write_all(bytes).unwrap();
    }
}

#[test]
fn json_and_bytes_and_hex_are_sent_and_the_answer_is_annotated() {
    let hex: String = ASK.iter().map(|byte| format!("{byte:02X} ")).collect();
    for (args, input) in [(&[][..], JSON.as_bytes()), (&[], ASK), (&["--hex"], hex.as_bytes())] {
        let shown = check(send(args, input, write(b"00130110007123456")), 0, "");
        for part in ["17 bytes in the frame ascii4", "Ask, 17 bytes", "received after", "Tell, 17 bytes", "<secret>"] {
            assert!(shown.contains(part), "{part}\n{shown}");
        }
    }
    let fields = br#"{"header": {"trace_no": 7}, "account": "123456"}"#;
    check(send(&["--telegram", "Ask"], fields, write(b"00130110007123456")), 0, "");
}

#[test]
fn json_has_both_telegrams_with_secrets_only_on_request() {
    let output = check(send(&["--format", "json"], JSON.as_bytes(), write(b"00130110007123456")), 0, "");
    let both: Value = serde_json::from_str(&output).unwrap();
    assert_eq!(both["sent"]["fields"]["account"], "<secret>");
    assert_eq!(both["received"]["telegram"], "Tell");
    assert_eq!(both["received"]["fields"]["header"]["trace_no"], 7);
    assert!(output.contains(r#""fields":{"header":{"length":13,"code":"0110","#), "in wire order: {output}");

    let output = send(&["--format", "json", "--reveal"], JSON.as_bytes(), write(b"00130110007123456"));
    let both: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(both["received"]["fields"]["account"], "123456");
}

#[test]
fn an_answer_in_pieces_is_one_answer() {
    let pieces = |stream: &mut TcpStream, _: &[u8]| {
        stream.set_nodelay(true).unwrap();
        for byte in b"00130110007123456" {
            stream.write_all(&[*byte]).unwrap();
            thread::sleep(Duration::from_millis(1));
        }
    };
    check(send(&[], JSON.as_bytes(), pieces), 0, "");
}

#[test]
fn the_frame_may_be_named() {
    let stripped = |stream: &mut TcpStream, request: &[u8]| {
        assert_eq!(request, b"\x0200130100007123456\x03");
        stream.write_all(b"\x0200130110007123456\x03").unwrap();
    };
    check(send(&["--frame", "stx-etx"], JSON.as_bytes(), stripped), 0, "");
}

#[test]
fn each_way_to_fail_has_its_own_message() {
    let fails = |bytes: &'static [u8], message: &str| check(send(&[], JSON.as_bytes(), write(bytes)), 1, message);
    fails(b"", "the other side closed the connection without an answer");
    fails(b"0013011", "the other side closed the connection after 7 bytes, before the frame ended");
    fails(b"HTTP/1.1 400", "what came is no frame: byte 0 is 48, not a digit of the frame's length");
    fails(b"00130210007123456", "this is Other, and the answer of Ask is Tell");
    fails(b"0013011000x123456", "Tell: peer: header.trace_no");
    fails(b"00130110007123456extra", "5 bytes came behind the answer and were not read");
    // What is no telegram is shown as bytes, without the place of a secret.
    fails(b"00139999007123456", "the bytes: 30 30 31 33 39 39 39 39 30 30 37 ** ** ** ** ** **");

    let silent = |_: &mut TcpStream, _: &[u8]| thread::sleep(Duration::from_millis(700));
    let shown =
        check(send(&["--timeout", "0.3"], JSON.as_bytes(), silent), 1, "no answer within 0.3 s: is the frame right");
    assert!(shown.contains("Ask, 17 bytes"));
    let output = send(&["--format", "json"], JSON.as_bytes(), write(b"00139999007123456"));
    let both: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(both["received"].is_null() && both["errors"][0].as_str().unwrap().contains("no telegram of the spec"));
}

#[test]
fn nothing_is_sent_if_it_cannot_be() {
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let fails = |args: &[&str], input: &[u8], code: i32, message: &str| {
        check(fep(&closed, args, input), code, message);
    };
    fails(&[], JSON.as_bytes(), 2, "refuses the connection: nothing listens there; `fep-gateway simulate`");
    fails(&["--frame", "asci"], JSON.as_bytes(), 2, "is no framing; write one of ascii4");
    fails(&["--timeout", "0"], JSON.as_bytes(), 2, "above 0");
    fails(&["--telegram", "Aks"], JSON.as_bytes(), 2, "there is no telegram or file `Aks`");
    fails(&[], b"", 1, "nothing was sent");
    fails(&[], b"{\"telegram\": \"Ask\"}", 1, "`fields` is missing");
    fails(&[], [JSON, JSON].concat().as_bytes(), 1, "more than one telegram");
    fails(&[], b"00130100x07123456", 1, "nothing was sent");
    check(fep("nowhere", &[], JSON.as_bytes()), 2, "write HOST:PORT");
}
