//! The daemon dies while it takes notices of the bank and brings them to a service.
//!
//! The bank repeats a notice until it is confirmed, as banks do. The bank and the service keep their own records. What is confirmed must be
//! in the journal, and each notice must come to the service: at least once, and again if the journal does not say that it was taken.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

use crate::bank::{golden, read};
use crate::daemon::Daemon;

const NOTICES: u64 = 20;

/// The points of `src/fault.rs` that a notice passes.
const POINTS: [&str; 5] = ["BeforeCommit", "AfterCommit", "NoticeTaken", "BeforeWrite", "AfterWrite"];

/// What the bank and the service saw, by the trace number of the notice.
#[derive(Default)]
struct Book {
    /// The confirmations that the bank got.
    confirmed: BTreeMap<u64, Vec<Vec<u8>>>,
    /// How often the service got it.
    delivered: BTreeMap<u64, u32>,
}

type Shared = Arc<(Mutex<Book>, Condvar)>;

/// The trace number of the first notice.
const FIRST: u64 = 900_001;

fn notice(trace: u64) -> Vec<u8> {
    let mut bytes = golden("bank-a-deposit-notice");
    bytes[32..38].copy_from_slice(format!("{trace:06}").as_bytes());
    bytes
}

fn trace_of(frame: &[u8]) -> u64 {
    std::str::from_utf8(&frame[32..38]).expect("digits").parse().expect("a number")
}

/// Accepts connections, and serves each in a thread.
fn listen(serve: impl Fn(TcpStream) + Clone + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for socket in listener.incoming().flatten() {
            let serve = serve.clone();
            thread::spawn(move || serve(socket));
        }
    });
    port
}

/// Answers sign-ons and echo tests. After each sign-on it sends the notices that are not confirmed yet.
fn bank(mut link: TcpStream, (book, changed): &(Mutex<Book>, Condvar)) {
    while let Some(mut telegram) = read(&mut link) {
        if &telegram[24..28] == b"0800" {
            let opens = &telegram[28..31] == b"100";
            telegram[24..28].copy_from_slice(b"0810");
            telegram[52..56].copy_from_slice(b"0000");
            let open: Vec<_> = {
                let book = book.lock().expect("the book");
                (FIRST..FIRST + NOTICES).filter(|trace| opens && !book.confirmed.contains_key(trace)).collect()
            };
            let frames = open.into_iter().flat_map(notice);
            telegram.extend(frames);
            if link.write_all(&telegram).is_err() {
                return;
            }
        } else {
            assert_eq!(&telegram[24..31], b"0210300", "the answer to a notice");
            let trace = trace_of(&telegram);
            book.lock().expect("the book").confirmed.entry(trace).or_default().push(telegram);
            changed.notify_all();
        }
    }
}

/// Takes a notice and answers it.
fn service(mut socket: TcpStream, (book, changed): &(Mutex<Book>, Condvar)) {
    let mut text = Vec::new();
    let mut part = [0; 4096];
    let body = loop {
        match socket.read(&mut part) {
            Ok(len) if len > 0 => text.extend_from_slice(&part[..len]),
            _ => return,
        }
        let whole = String::from_utf8_lossy(&text).to_lowercase();
        let Some((head, _)) = whole.split_once("\r\n\r\n") else { continue };
        let len = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.trim().parse().ok());
        let end = head.len() + 4 + len.unwrap_or(0_usize);
        if text.len() >= end {
            break text[head.len() + 4..end].to_vec();
        }
    };
    let body: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
    let trace = body["fields"]["header"]["trace_no"].as_u64().expect("a trace number");
    *book.lock().expect("the book").delivered.entry(trace).or_default() += 1;
    changed.notify_all();
    let answer = r#"{"fields":{"header":{"response_code":"0000"}}}"#;
    let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ";
    // The daemon may be dead by now.
    let _ = write!(socket, "{head}{}\r\n\r\n{answer}", answer.len());
}

/// What the journal of a dead daemon has.
struct Stored {
    /// The trace numbers of the notices.
    received: BTreeSet<u64>,
    /// Those of the notices that the service has taken: the service's own answer to the bank says so, too.
    taken: BTreeSet<u64>,
    /// The bytes of the answers.
    answers: BTreeSet<Vec<u8>>,
}

impl Stored {
    fn of(folder: &Path) -> Self {
        let journal = rusqlite::Connection::open(folder.join("journal.sqlite")).expect("the journal");
        let all = |sql: &str| -> BTreeSet<Vec<u8>> {
            let mut statement = journal.prepare(sql).expect("a table of facts");
            let rows = statement.query_map([], |row| row.get(0)).expect("rows");
            rows.map(|bytes| bytes.expect("bytes")).collect()
        };
        let received = "SELECT bytes FROM facts WHERE kind = 'received' AND class = 'notice'";
        let taken = "SELECT exchange FROM facts WHERE class = 'taken' OR detail ->> '$.by' = 'service'";
        let answers = "SELECT bytes FROM facts WHERE kind = 'sent' AND class = 'reply'";
        let traces = |frames: BTreeSet<Vec<u8>>| frames.iter().map(|frame| trace_of(frame)).collect();
        Self {
            received: traces(all(received)),
            taken: traces(all(&format!("{received} AND exchange IN ({taken})"))),
            answers: all(answers),
        }
    }
}

#[test]
fn a_notice_is_confirmed_after_it_is_durable_and_comes_to_its_service_however_the_daemon_dies() {
    for point in POINTS {
        let checks = [1, 3, 8].map(|times| thread::spawn(move || check(&format!("{point}:{times}"))));
        let died = checks.map(|check| check.join().expect("the check passes"));
        assert!(died.contains(&true), "{point} was never reached, which proves nothing");
    }
}

/// Waits until the book is as wanted, or nothing happens for a while.
fn wait_for((book, changed): &(Mutex<Book>, Condvar), is_so: impl Fn(&Book) -> bool) {
    let mut book = book.lock().expect("the book");
    while !is_so(&book) {
        let (next, waited) = changed.wait_timeout(book, Duration::from_secs(3)).expect("the book");
        book = next;
        if waited.timed_out() {
            return;
        }
    }
}

/// Lets a daemon die at a fault, and starts it again. Returns whether it died.
fn check(fault: &str) -> bool {
    let shared = Shared::default();
    let [at_bank, at_service] = [Arc::clone(&shared), Arc::clone(&shared)];
    let port = listen(move |link| bank(link, &at_bank));
    let callback = listen(move |socket| service(socket, &at_service));
    let tables = format!(
        "[institutions.bank-a.notices.DepositNotice]\ncallback = \"http://127.0.0.1:{callback}/notices\"\n\
         callback_timeout_ms = 2000\nbackoff_min_ms = 20\nbackoff_max_ms = 50\n\
         stand_in = {{ \"header.response_code\" = \"0199\" }}\n"
    );
    let folder = tempfile::tempdir().expect("a folder");
    let all = |book: &Book| book.confirmed.len() == 20 && book.delivered.len() == 20;
    let mut daemon = Daemon::spawn_with(folder.path(), port, fault, &tables);
    if daemon.is_ready() {
        wait_for(&shared, all);
    }
    let died = daemon.ends_by_itself();

    // The daemon is dead: what it confirmed must be in its journal, and what is not taken there must come again.
    let Stored { received, taken, answers } = Stored::of(folder.path());
    let before = {
        let book = shared.0.lock().expect("the book");
        let lost: Vec<_> = book.confirmed.keys().filter(|trace| !received.contains(trace)).collect();
        assert!(lost.is_empty(), "{fault}: confirmed and not in the journal: {lost:?}");
        let mut confirmations = book.confirmed.values().flatten();
        assert!(confirmations.all(|bytes| answers.contains(bytes)), "{fault}: an answer is not in the journal");
        book.delivered.clone()
    };
    let owed: Vec<u64> = received.difference(&taken).copied().collect();
    if died && fault.starts_with("NoticeTaken") {
        let is_there = owed.iter().any(|trace| before.contains_key(trace));
        assert!(
            is_there,
            "{fault}: no service had a notice that the journal does not call taken, which proves nothing"
        );
    }
    let count = |book: &BTreeMap<u64, u32>, trace: &u64| book.get(trace).copied().unwrap_or_default();
    let daemon = Daemon::start_with(folder.path(), port, &tables);
    wait_for(&shared, |book| all(book) && owed.iter().all(|one| count(&book.delivered, one) > count(&before, one)));
    drop(daemon);
    let book = shared.0.lock().expect("the book");
    for trace in &owed {
        let times = (count(&before, trace), count(&book.delivered, trace));
        assert!(
            times.1 > times.0,
            "{fault}: {trace} is in the journal, was not taken and did not come again: {times:?}"
        );
    }
    for trace in FIRST..FIRST + NOTICES {
        assert!(count(&book.delivered, &trace) > 0, "{fault}: {trace} never came to the service");
        let answers = book.confirmed.get(&trace).map_or(&[][..], Vec::as_slice);
        assert!(!answers.is_empty(), "{fault}: {trace} was never confirmed");
        assert!(answers.iter().all(|answer| answer == &answers[0]), "{fault}: {trace} was answered in two ways");
    }
    died
}
