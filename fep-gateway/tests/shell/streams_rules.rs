//! What streams of market data promise when something is wrong: a recording that cannot be written, rights that are taken away, a feed that sends
//! rubbish, a replay without files.

use std::fs::OpenOptions;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::console_page::Page;
use crate::disk::Disk;
use crate::harness::{Bench, GOOD_BANK, transfer};
use crate::streams::{Exchange, FEED_B7, Reader, WAIT, bench, best, quotes};

/// The token of each client is its name, as in `rights`.
pub(crate) const ACCESS: &str = r#"
[clients.reader]
tokens = ["sha256:3d0941964aa3ebdcb00ccef58b1bb399f9f898465e9886d5aec7f31090a0fb30"]
may = [{ actions = ["read"] }]
[clients.kim]
tokens = ["sha256:26ae784d194a5760464348329af4eb9fca2b27bbf823742c968a61543e3a1153"]
may = [{ actions = ["read"], streams = ["quotes"] }]
[clients.orders]
tokens = ["sha256:1c168adb00d208e42f93314529f1fa9c0427eb63233ceda95a5db52b7012a719"]
may = [{ actions = ["read"], streams = ["quotes"] }]
"#;

fn recording(reply: &Json) -> &Json {
    &reply["streams"][0]["recording"]
}

/// A stream with a recording in this file.
fn recorded(feed: &Exchange, file: &Path) -> String {
    quotes(&[&feed.address], &format!("recording = {{ file = {:?} }}", file.display().to_string()))
}

/// Another process writes the recording: the gateway starts, its institutions take requests, quotes flow, and the trouble is shown. When the other one
/// has gone, everything is recorded that came meanwhile.
#[tokio::test(flavor = "multi_thread")]
async fn a_recording_that_another_process_writes_stops_nothing_and_is_tried_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("day.feed");
    let other = OpenOptions::new().create(true).truncate(false).write(true).open(&path).unwrap();
    other.try_lock().unwrap();
    let exchange = Exchange::open().await;
    let bench = bench(&recorded(&exchange, &path)).await;
    let (_, paid) = bench.transfer(&transfer("rent"), None).await;
    assert_eq!(paid["outcome"], "answered", "{paid}");
    let mut reader = Reader::open(&bench, "/v1/streams/quotes", "").await;
    reader.event("snapshot").await;
    for number in 1..=3 {
        exchange.send(best(number, "KR7005930003", number));
    }
    assert_eq!(reader.numbers(3).await, [1, 2, 3]);
    let shown = bench.until("/v1/streams", |shown| recording(shown)["trouble"].is_string()).await;
    let why = recording(&shown)["trouble"].as_str().unwrap();
    assert!(why.contains("another process or stream writes this recording"), "{why}");
    assert_eq!((&recording(&shown)["open"], &recording(&shown)["ended"]), (&json!(false), &Json::Null));
    let notes = bench.get("/readyz").await.1["notes"].to_string();
    assert!(notes.contains("stream quotes: nothing is recorded now, and it is tried again: "), "{notes}");
    let page = bench.text("/metrics").await;
    assert!(page.contains("fep_stream_recording_up{stream=\"quotes\"} 0"), "{page}");
    if let Some(mut page) = Page::open(&bench) {
        page.show("#/lines");
        page.has("not recorded");
        page.was_quiet();
    }
    drop(other);
    let shown = bench.until("/v1/streams", |shown| recording(shown)["bytes"] == 8 + 3 * (16 + 80)).await;
    let expected = json!({ "open": true, "bytes": 296, "holes": 0, "trouble": null, "ended": null });
    assert_eq!(*recording(&shown), expected);
    let page = bench.text("/metrics").await;
    assert!(page.contains("fep_stream_recording_up{stream=\"quotes\"} 1"), "{page}");
    assert!(page.contains("fep_stream_recording_holes_total{stream=\"quotes\"} 0"), "{page}");
    // Now nobody else can write it.
    let other = OpenOptions::new().write(true).open(&path).unwrap();
    assert!(other.try_lock().is_err());
}

/// A full disk: telegrams wait for it, and each of them is in the file when there is room again.
#[tokio::test(flavor = "multi_thread")]
async fn a_recording_on_a_full_disk_waits_and_loses_nothing() {
    const COUNT: u32 = 200;
    let Some(disk) = Disk::mount().await else { return };
    let exchange = Exchange::open().await;
    let bench = bench(&recorded(&exchange, &disk.path().join("day.feed"))).await;
    bench.until("/v1/streams", |shown| recording(shown)["open"] == true).await;
    disk.fill();
    let mut reader = Reader::open(&bench, "/v1/streams/quotes", "").await;
    reader.event("snapshot").await;
    for number in 1..=COUNT {
        exchange.send(best(number, "KR7005930003", number));
    }
    assert_eq!(reader.numbers(200).await.last(), Some(&u64::from(COUNT)), "quotes go on");
    let shown = bench.until("/v1/streams", |shown| recording(shown)["trouble"].is_string()).await;
    assert!(recording(&shown)["trouble"].as_str().unwrap().contains("No space left"), "{shown}");
    std::fs::remove_file(disk.filling()).unwrap();
    let bytes = 8 + u64::from(COUNT) * (16 + 80);
    let shown = bench.until("/v1/streams", |shown| recording(shown)["bytes"] == bytes).await;
    let expected = json!({ "open": true, "bytes": bytes, "holes": 0, "trouble": null, "ended": null });
    assert_eq!(*recording(&shown), expected);
    assert_eq!(std::fs::metadata(disk.path().join("day.feed")).unwrap().len(), bytes);
    bench.gateway.stop().await;
}

/// A file that is no recording stays as it is, and a folder that is not there is made by somebody later.
#[tokio::test(flavor = "multi_thread")]
async fn a_recording_that_cannot_be_opened_is_opened_when_it_can_be() {
    let folder = tempfile::tempdir().unwrap();
    for (place, said) in [("later/day.feed", "day.feed: "), ("notes.txt", "it does not begin with FEPSTRM1")] {
        let path = folder.path().join(place);
        std::fs::write(folder.path().join("notes.txt"), "buy bread").unwrap();
        let exchange = Exchange::open().await;
        let bench = bench(&recorded(&exchange, &path)).await;
        let shown = bench.until("/v1/streams", |shown| recording(shown)["trouble"].is_string()).await;
        assert!(recording(&shown)["trouble"].as_str().unwrap().contains(said), "{shown}");
        assert_eq!(std::fs::read_to_string(folder.path().join("notes.txt")).unwrap(), "buy bread");
        std::fs::create_dir_all(folder.path().join("later")).unwrap();
        std::fs::remove_file(folder.path().join("notes.txt")).unwrap();
        bench.until("/v1/streams", |shown| recording(shown)["open"] == true).await;
    }
}

/// A file whose opening takes long, here because another process has a lease on it, is opened on a thread of its own: this test has one thread, and the
/// gateway answers on it meanwhile.
#[tokio::test]
async fn a_recording_is_opened_beside_the_runtime() {
    const LEASE: &str = "import fcntl, os, signal, sys\n\
        signal.signal(signal.SIGIO, signal.SIG_IGN)\n\
        file = os.open(sys.argv[1], os.O_RDONLY | os.O_CREAT)\n\
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)\n\
        print('leased', flush=True)\n\
        sys.stdin.read()";
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("day.feed");
    let mut python = tokio::process::Command::new("python3");
    python.args(["-c", LEASE]).arg(&path).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut lease = python.spawn().unwrap();
    let mut said = String::new();
    BufReader::new(lease.stdout.take().unwrap()).read_line(&mut said).await.unwrap();
    assert_eq!(said, "leased\n", "the file system of {} has leases", folder.path().display());
    let exchange = Exchange::open().await;
    let bench = bench(&recorded(&exchange, &path)).await;
    let (_, shown) = bench.get("/v1/streams").await;
    assert_eq!((&recording(&shown)["open"], &recording(&shown)["trouble"]), (&json!(false), &Json::Null));
    lease.kill().await.unwrap();
    bench.until("/v1/streams", |shown| recording(shown)["open"] == true).await;
}

/// The rights of a client are looked at when its request comes. What changes before its stream begins, here while the end of its request is on the way,
/// ends the stream, too.
#[tokio::test(flavor = "multi_thread")]
async fn a_right_that_is_taken_away_before_a_stream_begins_ends_it() {
    let exchange = Exchange::open().await;
    let files = [("feed-b7.toml", FEED_B7)];
    let bench = Bench::with_files(GOOD_BANK, &quotes(&[&exchange.address], ""), Some(ACCESS), &files).await;
    let address = bench.url.trim_start_matches("http://").to_owned();
    let mut late = TcpStream::connect(&address).await.unwrap();
    let head = format!(
        "GET /v1/streams/quotes HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer kim\r\nContent-Length: 1\r\n\r\n"
    );
    late.write_all(head.as_bytes()).await.unwrap();
    // One that is open already ends at the change, which shows that the change holds.
    let mut open = Reader::open(&bench, "/v1/streams/quotes", "kim").await;
    open.event("snapshot").await;
    bench.give_access(&ACCESS.replacen("may = [{ actions = [\"read\"], streams = [\"quotes\"] }]", "may = []", 1));
    assert!(open.next().await.is_none());
    late.write_all(b"-").await.unwrap();
    let mut shown = Vec::new();
    let read = async {
        let mut part = [0; 4096];
        while !shown.ends_with(b"0\r\n\r\n") {
            let len = late.read(&mut part).await.unwrap();
            assert_ne!(len, 0);
            shown.extend_from_slice(&part[..len]);
        }
    };
    assert!(timeout(WAIT, read).await.is_ok(), "the stream goes on without a right");
    assert!(!String::from_utf8(shown).unwrap().contains("event:"));
}

/// Who reads quotes sees itself among the consumers. Who else there is, those see who may read everything.
#[tokio::test]
async fn the_names_of_other_consumers_are_for_those_who_read_everything() {
    let exchange = Exchange::open().await;
    let files = [("feed-b7.toml", FEED_B7)];
    let bench = Bench::with_files(GOOD_BANK, &quotes(&[&exchange.address], ""), Some(ACCESS), &files).await;
    let mut kim = Reader::open(&bench, "/v1/streams/quotes", "kim").await;
    kim.event("snapshot").await;
    let mut orders = Reader::open(&bench, "/v1/streams/quotes", "orders").await;
    orders.event("snapshot").await;
    for (token, seen) in
        [("kim", json!(["kim", null])), ("orders", json!([null, "orders"])), ("reader", json!(["kim", "orders"]))]
    {
        let reply = bench.client.get(format!("{}/v1/streams", bench.url)).bearer_auth(token).send().await.unwrap();
        let shown: Json = reply.json().await.unwrap();
        let consumers = shown["streams"][0]["consumers"].as_array().unwrap();
        assert_eq!(
            consumers.iter().map(|consumer| &consumer["client"]).collect::<Vec<_>>(),
            seen.as_array().unwrap().iter().collect::<Vec<_>>(),
            "{token}"
        );
    }
}

/// Bytes that are no frame may be those of a telegram with a secret.
#[tokio::test]
async fn the_trouble_of_a_feed_shows_no_byte_of_it() {
    const ACCOUNT: &str = "1002345678901";
    for skip_to in [true, false] {
        let exchange = Exchange::open().await;
        let mut table = quotes(&[&exchange.address], "");
        if !skip_to {
            table = table.replace("skip_to = \"ff\"\n", "");
        }
        let bench = bench(&table).await;
        exchange.send([ACCOUNT.as_bytes(), b"\xFF"].concat());
        let trouble = |shown: &Json| shown["streams"][0]["feeds"][0]["last_trouble"].as_str().map(str::to_owned);
        let shown = bench.until("/v1/streams", |shown| trouble(shown).is_some()).await;
        let said = trouble(&shown).unwrap();
        assert!(said.ends_with("no telegram starts with these bytes"), "{said}");
    }
}

/// Between the telegrams of an instrument other things happen, and there are more instruments than the stream keeps: whatever comes, each is told at
/// most once in a span of time.
#[tokio::test(flavor = "multi_thread")]
async fn in_a_span_of_time_each_instrument_is_told_at_most_once_whatever_happens() {
    const EVERY: Duration = Duration::from_millis(700);
    let exchange = Exchange::open().await;
    let bench = bench(&quotes(&[&exchange.address], "instruments_max = 2")).await;
    let mut calm = Reader::open(&bench, "/v1/streams/quotes?every_ms=700", "").await;
    calm.event("snapshot").await;
    let mut whole = Reader::open(&bench, "/v1/streams/quotes", "").await;
    whole.event("snapshot").await;
    let issues = ["KR7005930003", "KR7000660003", "KR7035420009"];
    let last = 30;
    for number in 1..=last {
        exchange.send(best(number, issues[number as usize % 3], number));
        exchange.send(b"rubbish\xFF".to_vec());
        // Each has its own place in the stream.
        while whole.next().await.unwrap().0 != "unreadable" {}
    }
    let mut told: Vec<(Instant, String)> = Vec::new();
    let mut unreadable = 0;
    let mut missing: Vec<u64> = vec![28, 29, 30];
    while !missing.is_empty() || unreadable < last {
        let (name, _, json) = calm.next().await.unwrap();
        match name.as_str() {
            "unreadable" => unreadable += 1,
            _ => {
                let issue = json["fields"]["issue"].as_str().unwrap().to_owned();
                let now = Instant::now();
                let before = told.iter().rfind(|(_, other)| *other == issue);
                // What is told late is read late: only too early is wrong, and reading has some delay.
                assert!(before.is_none_or(|(at, _)| now - *at > EVERY / 2), "{issue} twice in a span: {told:?}");
                told.push((now, issue));
                missing.retain(|number| json["number"] != *number);
            }
        }
    }
}

/// A recording of two frames, an hour apart.
const SLOW: &[u8] = b"FEPSTRM1\
    \x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x60\x45\xbc\xdc\x61\
    \x01\x00\x00\x00\x00\xa0\xb8\x30\x46\x03\x00\x00\x3b\xf7\x1e\x3d\x62";

/// A replay that has no files left says so twice a second, and not as fast as it can.
#[tokio::test]
async fn a_replay_without_files_waits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("day.feed");
    std::fs::write(&path, SLOW).unwrap();
    let script = format!(
        "ulimit -n 16; exec {:?} replay {:?} --listen 127.0.0.1:0",
        env!("CARGO_BIN_EXE_fep-gateway"),
        path.display().to_string()
    );
    let mut command: tokio::process::Command = Command::new("sh").into();
    let mut replay = command.args(["-c", &script]).stderr(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut said = BufReader::new(replay.stderr.take().unwrap()).lines();
    let line = timeout(WAIT, said.next_line()).await.unwrap().unwrap().unwrap();
    let address = line.rsplit(' ').next().unwrap();
    let mut open = Vec::new();
    for _ in 0..40 {
        open.push(TcpStream::connect(address).await.unwrap());
    }
    let failed =
        |line: &str| line.starts_with("a connection could not be taken: ") || line.contains("Too many open files");
    let mut seen = Vec::new();
    let begun = Instant::now();
    while seen.len() < 4 {
        let line = timeout(WAIT, said.next_line()).await.unwrap().unwrap().unwrap();
        if failed(&line) {
            seen.push(line);
        }
    }
    assert!(begun.elapsed() > Duration::from_millis(900), "{seen:?}");
}

/// The reply to one more consumer, which is refused.
async fn refused(bench: &Bench, token: &str) -> Json {
    let request = bench.client.get(format!("{}/v1/streams/quotes", bench.url)).bearer_auth(token);
    let reply = request.send().await.unwrap();
    assert_eq!(reply.status().as_u16(), 503);
    let problem: Json = reply.json().await.unwrap();
    assert_eq!(problem["code"], "too_many_listeners", "{problem}");
    problem
}

/// One client cannot take all places of a stream, however silent its consumers are; another one still comes in.
#[tokio::test]
async fn a_client_takes_at_most_its_share_of_the_places() {
    const SHARES: &str = r#"
[clients.kim]
tokens = ["sha256:26ae784d194a5760464348329af4eb9fca2b27bbf823742c968a61543e3a1153"]
may = [{ actions = ["read"], streams = ["quotes"] }]
[clients.office]
tokens = ["sha256:5cc3f82838ba7260203e4590ce03d00e1663d41f6a5167144f5c95d6be2166a0"]
may = [{ actions = ["read"] }]
"#;
    let exchange = Exchange::open().await;
    let files = [("feed-b7.toml", FEED_B7)];
    let more = quotes(&[&exchange.address], "consumers_max = 4\nconsumers_per_client_max = 3");
    let bench = Bench::with_files(GOOD_BANK, &more, Some(SHARES), &files).await;
    let mut own = Vec::new();
    for _ in 0..3 {
        own.push(Reader::open(&bench, "/v1/streams/quotes", "kim").await);
    }
    let problem = refused(&bench, "kim").await;
    let said = "kim follows quotes 3 times already, as often as one client may: `consumers_per_client_max`";
    assert_eq!((&problem["detail"], &problem["own"]), (&json!(said), &json!(3)));
    let mut office = Reader::open(&bench, "/v1/streams/quotes", "office").await;
    office.event("snapshot").await;
    assert_eq!(refused(&bench, "office").await["detail"], "4 consumers follow quotes already: `consumers_max`");
    drop(own);
    let request = || bench.client.get(format!("{}/v1/streams", bench.url)).bearer_auth("office");
    let until = Instant::now() + WAIT;
    loop {
        let shown: Json = request().send().await.unwrap().json().await.unwrap();
        if shown["streams"][0]["consumers"].as_array().is_some_and(|consumers| consumers.len() == 1) {
            break;
        }
        assert!(Instant::now() < until, "{shown}");
    }
    Reader::open(&bench, "/v1/streams/quotes", "kim").await.event("snapshot").await;
}

/// Without names, who comes from one address is one client.
#[tokio::test]
async fn without_an_access_file_an_address_has_its_share() {
    let exchange = Exchange::open().await;
    let bench = bench(&quotes(&[&exchange.address], "consumers_max = 4")).await;
    let _first = Reader::open(&bench, "/v1/streams/quotes", "").await;
    let _second = Reader::open(&bench, "/v1/streams/quotes", "").await;
    let problem = refused(&bench, "").await;
    assert_eq!(problem["own"], 2, "half of them: {problem}");
    let said = problem["detail"].as_str().unwrap();
    assert!(said.starts_with("who comes from 127.0.0.1 follows quotes 2 times already"), "{said}");
}
