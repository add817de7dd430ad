//! Tests of the tap with real sockets: what passes, and what the record says about it.

mod passes;
mod records;
mod stores;

use std::path::PathBuf;
use std::time::Duration;

use fep_spec::framing::Framing;
use fep_spec::model::Spec;
use serde_json::Value as Json;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::file::Store;
use super::queue::Limits;
use super::{RecordEnd, RecordFile, Tap, TapOptions};

/// How long a test waits for what must happen.
const PATIENCE: Duration = Duration::from_secs(30);

const SPEC: &str = r#"
spec = "s"
title = "t"
version = "1"
source = "t"
charset = "ascii"
[telegrams.Ask]
when = { code = "A" }
items = [{ name = "code", kind = "text", len = 1 }, { name = "trace_no", kind = "digits", len = 3 }, { name = "pin", kind = "text", len = 4, secret = true }]
[telegrams.Tell]
when = { code = "B" }
items = [{ name = "code", kind = "text", len = 1 }, { name = "trace_no", kind = "digits", len = 3 }]
"#;

fn options(connect: String) -> TapOptions {
    let spec = Spec::parse("s.toml", SPEC).unwrap_or_else(|report| panic!("{}", report.render(false)));
    let framing = Framing::of_words("ascii4,stripped", &spec, 1 << 20).unwrap();
    TapOptions { connect, connections_max: 256, spec, framing, trace: Some("trace_no".to_owned()), masked: false }
}

/// A tap in front of a bank that the test plays.
struct Line {
    tap: Tap,
    bank: TcpListener,
    folder: TempDir,
}

impl Line {
    async fn start() -> Self {
        Self::start_as(|options| options).await
    }

    async fn start_as(change: impl FnOnce(TapOptions) -> TapOptions) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Box::new(RecordFile::create(&folder.path().join("record")).unwrap());
        Self::start_with(store, Limits::USUAL, folder, change).await
    }

    async fn start_with(
        store: Box<dyn Store>,
        limits: Limits,
        folder: TempDir,
        change: impl FnOnce(TapOptions) -> TapOptions,
    ) -> Self {
        let bank = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let options = change(options(bank.local_addr().unwrap().to_string()));
        let tap = Tap::start_with(options, "127.0.0.1:0".parse().unwrap(), Some(store), limits).await.unwrap();
        Self { tap, bank, folder }
    }

    /// A client and the bank's end of its connection.
    async fn connect(&self) -> (TcpStream, TcpStream) {
        let client = TcpStream::connect(self.tap.address()).await.unwrap();
        let (bank, _) = soon(self.bank.accept()).await.unwrap();
        (client, bank)
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("record")
    }

    /// Stops the tap, and returns the lines without those of the start and the end.
    async fn lines(self) -> (Vec<Json>, RecordEnd) {
        let path = self.path();
        let end = soon(self.tap.stop()).await.unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        let mut lines = parsed(&text);
        assert_eq!(end.lines, u64::try_from(lines.len()).unwrap());
        assert_eq!(lines.remove(0)["kind"], "start");
        assert_eq!(lines.pop().unwrap()["kind"], "end");
        (lines, end)
    }
}

async fn soon<T>(future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.expect("in time")
}

async fn send(to: &mut TcpStream, bytes: &[u8]) {
    soon(to.write_all(bytes)).await.unwrap();
}

async fn receive(from: &mut TcpStream, len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    soon(from.read_exact(&mut bytes)).await.unwrap();
    bytes
}

async fn rest(from: &mut TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    soon(from.read_to_end(&mut bytes)).await.unwrap();
    bytes
}

/// Lines whose numbers count from 1.
fn parsed(text: &str) -> Vec<Json> {
    assert!(text.ends_with('\n'), "the last line is not whole");
    let lines: Vec<Json> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (line, number) in lines.iter().zip(1..) {
        assert_eq!(line["number"], number, "{line}");
    }
    lines
}

/// `kind direction telegram trace bytes-as-text`, with what the line has.
fn words(line: &Json) -> String {
    let mut words = Vec::new();
    for key in ["kind", "direction", "telegram", "trace", "fault", "reason"] {
        words.extend(line[key].as_str().map(str::to_owned));
    }
    words.extend(line["lost"].as_u64().map(|lost| lost.to_string()));
    words.extend(line["bytes"].as_str().map(|digits| String::from_utf8_lossy(&bytes(digits)).into_owned()));
    words.join(" ")
}

fn bytes(digits: &str) -> Vec<u8> {
    digits.as_bytes().chunks(2).map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}
