//! The daemon dies while it sends transfers to a system over HTTP, on fewer links than there are requests. By that system's own record, no
//! transfer came twice, and none that came is called not sent.
//!
//! The system is threads and text, without code of the project. Like real ones, it also answers with an error after it carried a transfer out.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use crate::REQUESTS;
use crate::bank::Bank;
use crate::daemon::{Answer, Daemon, FILL};
use crate::two_banks::ask_all;

/// What the system says to a transfer of this amount. It carries out all of them.
fn reply(amount: u64) -> Option<&'static str> {
    match amount {
        amount if amount.is_multiple_of(10) => None,
        amount if amount.is_multiple_of(3) => Some("HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n"),
        amount if amount.is_multiple_of(7) => Some("HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nthanks"),
        _ => Some("HTTP/1.1 200 OK\r\ncontent-length: 36\r\n\r\n{\"header\":{\"response_code\":\"0000\"}} "),
    }
}

/// The amounts that came, and how often each one did.
type Record = Arc<Mutex<BTreeMap<u64, u32>>>;

struct OldSystem {
    port: u16,
    record: Record,
}

impl OldSystem {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let record = Record::default();
        let shared = Arc::clone(&record);
        thread::spawn(move || {
            for link in listener.incoming().flatten() {
                let record = Arc::clone(&shared);
                thread::spawn(move || serve(link, &record));
            }
        });
        Self { port, record }
    }

    fn transfers(&self) -> BTreeMap<u64, u32> {
        self.record.lock().expect("the record").clone()
    }

    fn wait_for(&self, count: usize) {
        let start = Instant::now();
        while self.transfers().len() < count {
            assert!(start.elapsed() < Duration::from_secs(20), "only {} transfers came", self.transfers().len());
            thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Takes one request. A request that is cut off is none.
fn serve(mut link: TcpStream, record: &Record) -> Option<()> {
    let mut text = Vec::new();
    let body = loop {
        let mut room = [0; 4096];
        let count = link.read(&mut room).ok().filter(|count| *count > 0)?;
        text.extend_from_slice(&room[..count]);
        let Some(end) = text.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&text[..end]).to_lowercase();
        let len: usize = head.split("content-length: ").nth(1)?.lines().next()?.parse().ok()?;
        if text.len() >= end + 4 + len {
            break text[end + 4..].to_vec();
        }
    };
    let fields: Json = serde_json::from_slice(&body).expect("JSON");
    let amount = fields["amount"].as_u64().expect("an amount");
    *record.lock().expect("the record").entry(amount).or_default() += 1;
    thread::sleep(Duration::from_millis(2));
    match reply(amount) {
        Some(reply) => link.write_all(reply.as_bytes()).ok(),
        // The other side gives up.
        None => link.read(&mut [0]).ok().map(drop),
    }
}

/// All transfers of bank-a go to the system.
fn tables(port: u16) -> String {
    let spec = format!("{}/../specs/bank-a/bank-a.toml", env!("CARGO_MANIFEST_DIR"));
    format!(
        r#"
[institutions.bank-a.routing]
Transfer = {{ to = "old", percent = 100 }}
[institutions.old]
spec = "{spec}"
key = []
trace = "header.trace_no"
answer_timeout_ms = 1000
[institutions.old.fill]
"header.bank_code" = "099"
{FILL}
[[institutions.old.lines]]
name = "http"
connect = "127.0.0.1:{port}"
one_shot = true
links = 8
reconnect_min_ms = 10
reconnect_max_ms = 50
http = {{ path = "/{{telegram}}" }}
"#
    )
}

/// Kills early, in the middle, and when most transfers are there.
#[test]
fn a_killed_gateway_sends_nothing_twice_to_a_system_over_http() {
    for transfers in [1, 20, 40] {
        let systems = (OldSystem::start(), Bank::start());
        let folder = tempfile::tempdir().expect("a folder");
        let tables = tables(systems.0.port);
        let mut daemon = Daemon::start_with(folder.path(), systems.1.port(), &tables);
        let port = daemon.port();
        let asking = thread::spawn(move || ask_all(port));
        systems.0.wait_for(transfers);
        daemon.kill();
        let before = asking.join().expect("the answers");
        assert!(before.len() < usize::try_from(REQUESTS).expect("small"), "the kill came too late to prove anything");
        proves(&format!("killed after {transfers}"), &systems, folder.path(), &tables, &before);
    }
}

/// The points of `src/fault.rs`.
#[cfg(feature = "fault-points")]
const POINTS: [&str; 7] =
    ["BeforeCommit", "AfterCommit", "BeforeWrite", "AfterWrite", "AnswerRead", "BeforeReply", "AfterIndexStep"];

#[cfg(feature = "fault-points")]
#[test]
fn a_gateway_that_dies_between_two_steps_of_a_request_over_http_sends_nothing_twice() {
    for point in POINTS {
        let checks = [1, 5, 34].map(|times| thread::spawn(move || check(&format!("{point}:{times}"))));
        let died = checks.map(|check| check.join().expect("the check passes"));
        assert!(died.contains(&true), "{point} was never reached, which proves nothing");
    }
}

/// Lets a daemon die at a fault, and starts it again. Returns whether it died.
#[cfg(feature = "fault-points")]
fn check(fault: &str) -> bool {
    let systems = (OldSystem::start(), Bank::start());
    let tables = tables(systems.0.port);
    let folder = tempfile::tempdir().expect("a folder");
    let mut daemon = Daemon::spawn_with(folder.path(), systems.1.port(), fault, &tables);
    let before = if daemon.is_ready() { ask_all(daemon.port()) } else { BTreeMap::new() };
    let died = daemon.ends_by_itself();
    proves(fault, &systems, folder.path(), &tables, &before);
    died
}

/// Starts the daemon again, repeats every request, and compares what the system, the first and the second replies say.
fn proves(
    name: &str,
    (old, bank): &(OldSystem, Bank),
    folder: &std::path::Path,
    tables: &str,
    before: &BTreeMap<u64, Answer>,
) {
    let at_first = old.transfers();
    let daemon = Daemon::start_with(folder, bank.port(), tables);
    let after = ask_all(daemon.port());
    assert_eq!(after.len(), usize::try_from(REQUESTS).expect("small"), "{name}");
    for (amount, again) in &after {
        assert!(matches!(again.status, 200 | 503 | 504), "{name}, {amount}: {} {}", again.status, again.body);
        if at_first.contains_key(amount) {
            assert_ne!(again.status, 503, "{name}, {amount} came and is called not sent: {}", again.body);
        }
        let is_answered = reply(*amount).is_some_and(|reply| reply.contains("0000"));
        assert!(again.status != 200 || is_answered, "{name}, {amount} got no answer: {}", again.body);
        if let Some(first) = before.get(amount).filter(|first| !matches!(first.status, 409 | 503)) {
            assert_eq!((first.status, &first.body), (again.status, &again.body), "{name}, {amount}: it changed");
        }
    }
    thread::sleep(Duration::from_millis(50));
    let record = old.transfers();
    for (amount, again) in &after {
        let times = record.get(amount).copied().unwrap_or_default();
        assert!(times <= 1, "{name}: {amount} came {times} times");
        // What died between its fact and its bytes is unknown, and never came.
        assert!(again.status != 200 || times == 1, "{name}: {amount} is answered and never came: {}", again.body);
        assert!(again.status != 503 || times == 0, "{name}: {amount} came and is called not sent: {}", again.body);
    }
    assert!(bank.transfers().is_empty(), "{name}: all transfers go to the system over HTTP");
}
