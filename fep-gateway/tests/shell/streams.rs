//! Streams of market data: real feeds on one side, consumers over HTTP on the other.

use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value as Json, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::broadcast;
use tokio::time::timeout;

use crate::console_page::Page;
use crate::harness::{Bench, GOOD_BANK};

pub(crate) const FEED_B7: &str = include_str!("../../../specs/feed-b7/feed-b7.toml");

/// The longest wait for anything.
pub(crate) const WAIT: Duration = Duration::from_secs(20);

/// A best quote, byte for byte as the sheet says it: 80 bytes.
pub(crate) fn best(number: u32, issue: &str, ask: u32) -> Vec<u8> {
    let text = format!("B701S{number:08}{issue:<12}G140093015{ask:09}{:010}{:09}{:010}      ", 10, 71_200, 20);
    assert_eq!(text.len(), 79);
    [text.as_bytes(), b"\xFF"].concat()
}

/// A heartbeat: 20 bytes.
pub(crate) fn heartbeat(last: u32) -> Vec<u8> {
    [format!("B70HB{last:08}093016").as_bytes(), b"\xFF"].concat()
}

/// An exchange with one port. What is sent goes to everybody who is connected. It answers requests for numbers with quotes.
pub(crate) struct Exchange {
    pub(crate) address: String,
    pub(crate) sent: broadcast::Sender<Vec<u8>>,
    pub(crate) asked: Arc<Mutex<Vec<String>>>,
}

impl Exchange {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (sent, _) = broadcast::channel(100_000);
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let sender = sent.clone();
        let seen = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((line, _)) = listener.accept().await {
                tokio::spawn(serve(line, sender.subscribe(), Arc::clone(&seen)));
            }
        });
        Self { address, sent, asked }
    }

    pub(crate) fn send(&self, bytes: Vec<u8>) {
        self.sent.send(bytes).unwrap();
    }
}

async fn serve(mut line: TcpStream, mut sent: broadcast::Receiver<Vec<u8>>, asked: Arc<Mutex<Vec<String>>>) {
    let mut request = [0; 22];
    loop {
        tokio::select! {
            bytes = sent.recv() => match bytes {
                Ok(bytes) if line.write_all(&bytes).await.is_ok() => {}
                _ => return,
            },
            read = line.read_exact(&mut request) => {
                if read.is_err() {
                    return;
                }
                let text = String::from_utf8_lossy(&request[..21]).into_owned();
                let [first, last] = [&text[5..13], &text[13..21]].map(|number| number.parse::<u32>().unwrap());
                asked.lock().unwrap().push(text);
                for number in first..=last {
                    if line.write_all(&best(number, "KR7005930003", 71_000 + number)).await.is_err() {
                        return;
                    }
                }
            }
        }
    }
}

/// A stream of these feeds. `more` is more of its table.
pub(crate) fn quotes(feeds: &[&str], more: &str) -> String {
    let feeds: Vec<_> = feeds
        .iter()
        .zip(["a", "b"])
        .map(|(address, name)| format!("{{ name = \"{name}\", connect = \"{address}\" }}"))
        .collect();
    format!(
        r#"
[streams.quotes]
spec = "feed-b7.toml"
framing = {{ kind = "code-table" }}
skip_to = "ff"
telegrams = ["Best", "Deal", "Status"]
key = ["issue", "board"]
number = "sequence"
heartbeat = {{ telegram = "Heartbeat", last_sent = "last_sequence" }}
ask = {{ telegram = "Resend", first = "first", last = "last" }}
{more}
feeds = [{}]
"#,
        feeds.join(", ")
    )
}

/// Reads server-sent events: the name, the ID and the JSON of each.
pub(crate) struct Reader {
    response: reqwest::Response,
    text: String,
}

impl Reader {
    pub(crate) async fn open(bench: &Bench, path: &str, token: &str) -> Self {
        let request = bench.client.get(format!("{}{path}", bench.url)).timeout(Duration::from_secs(60));
        let response = request.bearer_auth(token).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{path}");
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { response, text: String::new() }
    }

    pub(crate) async fn next(&mut self) -> Option<(String, String, Json)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let line =
                    |key: &str| event.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default().to_owned();
                let [name, id, data] = ["event: ", "id: ", "data: "].map(line);
                self.text = rest.to_owned();
                if name.is_empty() {
                    continue;
                }
                return Some((name, id, serde_json::from_str(&data).unwrap()));
            }
            let chunk = timeout(WAIT, self.response.chunk()).await.unwrap().ok()??;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// The next event, which has this name.
    pub(crate) async fn event(&mut self, name: &str) -> Json {
        let (found, _, json) = self.next().await.unwrap();
        assert_eq!(found, name, "{json}");
        json
    }

    /// The numbers of the next telegrams.
    pub(crate) async fn numbers(&mut self, count: usize) -> Vec<u64> {
        let mut numbers = Vec::new();
        while numbers.len() < count {
            let (name, id, json) = self.next().await.unwrap();
            assert_eq!(name, "telegram", "{json}");
            assert_eq!(json["number"].as_u64().unwrap(), id.parse::<u64>().unwrap());
            numbers.push(json["number"].as_u64().unwrap());
        }
        numbers
    }
}

pub(crate) async fn bench(more: &str) -> Bench {
    let bench = Bench::with_files(GOOD_BANK, more, None, &[("feed-b7.toml", FEED_B7)]).await;
    bench.until("/v1/streams", all_connected).await;
    bench
}

pub(crate) fn all_connected(reply: &Json) -> bool {
    let feeds = reply["streams"][0]["feeds"].as_array();
    feeds.is_some_and(|feeds| feeds.iter().all(|feed| feed["connected"] == true))
}

fn passed(reply: &Json) -> u64 {
    reply["streams"][0]["sequence"]["passed"].as_u64().unwrap_or_default()
}

#[tokio::test]
async fn a_consumer_gets_a_snapshot_and_then_each_telegram_in_order_with_gaps_filled() {
    let exchange = Exchange::open().await;
    let bench = bench(&quotes(&[&exchange.address], "")).await;
    let mut first = Reader::open(&bench, "/v1/streams/quotes", "").await;
    assert_eq!(first.event("snapshot").await, json!({ "from": 0, "next": 0, "telegrams": 0, "left_out": 0 }));
    for number in [1, 2, 5] {
        exchange.send(best(number, "KR7005930003", 71_000 + number));
    }
    assert_eq!(first.numbers(5).await, [1, 2, 3, 4, 5], "3 and 4 were asked for");
    assert_eq!(*exchange.asked.lock().unwrap(), ["B70RQ0000000300000004"]);
    exchange.send(best(6, "KR7000660003", 205_000));
    exchange.send(heartbeat(7));
    let (name, id, six) = first.next().await.unwrap();
    assert_eq!((&*name, &*id, &six["telegram"]), ("telegram", "6", &json!("Best")));
    assert_eq!(
        (&six["feed"], &six["position"], &six["fields"]["issue"]),
        (&json!("a"), &json!(5), &json!("KR7000660003"))
    );
    assert_eq!((&six["fields"]["ask"], &six["fields"]["quoted_at"]), (&json!(205_000), &json!("09:30:15")));
    assert_eq!(first.numbers(1).await, [7], "a heartbeat shows a gap at the end");

    // Who comes late gets the last telegram of each instrument, and nothing twice behind it.
    let mut late = Reader::open(&bench, "/v1/streams/quotes", "").await;
    assert_eq!(late.event("snapshot").await, json!({ "from": 0, "next": 7, "telegrams": 2, "left_out": 0 }));
    assert_eq!(late.numbers(2).await, [6, 7]);
    // Of one instrument, and of a span of time.
    let mut one = Reader::open(&bench, "/v1/streams/quotes?keys=KR7000660003&telegrams=Best", "").await;
    assert_eq!((one.event("snapshot").await["telegrams"].clone(), one.numbers(1).await), (json!(2), vec![6]));
    let mut calm = Reader::open(&bench, "/v1/streams/quotes?every_ms=300", "").await;
    calm.event("snapshot").await;
    assert_eq!(calm.numbers(2).await, [6, 7]);
    for number in 8..=30 {
        exchange.send(best(number, if number == 20 { "KR7000660003" } else { "KR7005930003" }, number));
    }
    assert_eq!(late.numbers(23).await, (8..=30).collect::<Vec<_>>());
    assert_eq!(one.numbers(1).await, [20]);
    // The last of each instrument; a slow machine may have more spans of time than one.
    let mut told = Vec::new();
    while told.last() != Some(&30) {
        told.extend(calm.numbers(1).await);
    }
    assert!(told.contains(&20) && told.len() < 23, "{told:?}");

    let (_, shown) = bench.get("/v1/streams").await;
    let stream = &shown["streams"][0];
    assert_eq!((&stream["stream"], &stream["telegrams"]), (&json!("quotes"), &json!(["Best", "Deal", "Status"])));
    let shown = bench.until("/v1/streams", |shown| passed(shown) == 30).await;
    let stream = &shown["streams"][0];
    assert_eq!(
        (&stream["sequence"]["gaps"], &stream["sequence"]["lost"], &stream["instruments"]),
        (&json!(2), &json!(0), &json!(2))
    );
    assert_eq!(stream["consumers"].as_array().unwrap().len(), 4, "{stream}");
    assert_eq!(
        (&stream["consumers"][0]["when_slow"], &stream["consumers"][0]["buffer_events"]),
        (&json!("latest"), &json!(10_000))
    );
    let page = bench.text("/metrics").await;
    for line in [
        "fep_stream_feed_up{stream=\"quotes\",feed=\"a\"} 1",
        "fep_stream_gaps_total{stream=\"quotes\"} 2",
        "fep_stream_consumers{stream=\"quotes\"} 4",
    ] {
        assert!(page.lines().any(|shown| shown == line), "{line}\n{page}");
    }
    drop((first, late, one, calm));
    bench.until("/v1/streams", |shown| shown["streams"][0]["consumers"].as_array().is_some_and(Vec::is_empty)).await;
}

#[tokio::test]
async fn a_query_that_cannot_be_carried_out_says_what_is_possible() {
    let exchange = Exchange::open().await;
    let bench = bench(&quotes(&[&exchange.address], "consumers_max = 1\nbuffer_events_max = 20000")).await;
    for (path, code, said) in [
        ("quote", "unknown_stream", "did you mean `quotes`?"),
        ("quotes?telegrams=Bst", "query", "the stream quotes has no telegram `Bst`: did you mean `Best`?"),
        ("quotes?when_slow=wait", "query", "`when_slow` is \"wait\""),
        ("quotes?buffer=20001", "query", "it must be 1 to 20000"),
        ("quotes?buffer=0", "query", "it must be 1 to 20000"),
        ("quotes?every_ms=0", "query", "it must be 1 to 60000"),
        ("quotes?key=KR7005930003", "query", "unknown field `key`"),
    ] {
        let (_, problem) = bench.get(&format!("/v1/streams/{path}")).await;
        assert_eq!(problem["code"], code, "{path}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains(said), "{path}: {problem}");
    }
    let _only = Reader::open(&bench, "/v1/streams/quotes", "").await;
    let (status, problem) = bench.get("/v1/streams/quotes").await;
    assert_eq!((status.as_u16(), &problem["code"]), (503, &json!("too_many_listeners")), "{problem}");
}

/// Three clients never read a byte, another one reads everything: it gets all telegrams in order. The others have no more waiting than their buffers, until
/// their connections are cut.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_never_reads_costs_the_others_nothing() {
    const RECORDED: &str = "consumers_max = 10\nrecording = { file = \"full.feed\", mb_max = 1 }";
    let exchange = Exchange::open().await;
    let more = format!("{}\n[http]\nreply_timeout_ms = 500\n", quotes(&[&exchange.address], RECORDED));
    let bench = bench(&more).await;
    let address = bench.url.trim_start_matches("http://").to_owned();
    let mut stuck = Vec::new();
    for policy in ["latest", "skip", "disconnect"] {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(4096).unwrap();
        let mut socket = socket.connect(address.parse().unwrap()).await.unwrap();
        let head = format!("GET /v1/streams/quotes?buffer=200&when_slow={policy} HTTP/1.1\r\nHost: {address}\r\n\r\n");
        socket.write_all(head.as_bytes()).await.unwrap();
        stuck.push(socket);
    }
    let consumers = |shown: &Json| shown["streams"][0]["consumers"].as_array().map_or(0, Vec::len);
    bench.until("/v1/streams", |shown| consumers(shown) == 3).await;
    let mut whole = Reader::open(&bench, "/v1/streams/quotes?buffer=100000&when_slow=disconnect", "").await;
    whole.event("snapshot").await;
    // A chunk at a time, so that it is the kernel that takes no more, and not a slow machine that skips.
    let mut sent = 0;
    let until = std::time::Instant::now() + WAIT;
    let shown = loop {
        let chunk = (sent + 1..=sent + 150).flat_map(|number| best(number, "KR7005930003", number)).collect();
        exchange.send(chunk);
        assert_eq!(whole.numbers(150).await, (u64::from(sent) + 1..=u64::from(sent) + 150).collect::<Vec<_>>());
        sent += 150;
        if sent % 3000 != 0 {
            continue;
        }
        let (_, shown) = bench.get("/v1/streams").await;
        for consumer in shown["streams"][0]["consumers"].as_array().unwrap() {
            let [waiting, max] = ["waiting", "buffer_events"].map(|key| consumer[key].as_u64().unwrap());
            assert!(waiting <= max, "{consumer}");
        }
        if consumers(&shown) == 1 && !shown["streams"][0]["recording"]["ended"].is_null() {
            break shown;
        }
        assert!(std::time::Instant::now() < until, "{shown}");
    };
    assert!(shown["streams"][0]["too_slow"].as_u64().unwrap() >= 3, "{shown}");
    drop(stuck);
    // A recording that is full is said, and nobody else feels it.
    let notes = bench.get("/readyz").await.1["notes"].to_string();
    assert!(notes.contains("stream quotes: nothing is recorded any more: the recording has "), "{notes}");
    assert!(std::fs::metadata(bench.file("full.feed")).unwrap().len() <= 1_000_000);
}

#[tokio::test]
async fn rights_are_for_streams_and_secrets_are_masked() {
    /// The token of each client is its name, as in `rights`.
    const ACCESS: &str = r#"
[clients.orders]
tokens = ["sha256:1c168adb00d208e42f93314529f1fa9c0427eb63233ceda95a5db52b7012a719"]
may = [{ actions = ["read"], institutions = ["bank-a"] }]
[clients.reader]
tokens = ["sha256:3d0941964aa3ebdcb00ccef58b1bb399f9f898465e9886d5aec7f31090a0fb30"]
may = [{ actions = ["read"] }]
[clients.kim]
tokens = ["sha256:26ae784d194a5760464348329af4eb9fca2b27bbf823742c968a61543e3a1153"]
may = [{ actions = ["read"], streams = ["quotes"] }]
"#;
    let exchange = Exchange::open().await;
    let spec = FEED_B7.replacen("name = \"board\",      label", "secret = true, name = \"board\", label", 1);
    assert_ne!(spec, FEED_B7);
    let files = [("feed-b7.toml", &*spec)];
    let bench = Bench::with_files(GOOD_BANK, &quotes(&[&exchange.address], ""), Some(ACCESS), &files).await;
    for (token, streams, institutions) in [("orders", 0, 1), ("reader", 1, 1), ("kim", 1, 0)] {
        let get = async |path: &str| {
            let reply = bench.client.get(format!("{}{path}", bench.url)).bearer_auth(token).send().await.unwrap();
            reply.json::<Json>().await.unwrap()
        };
        assert_eq!(get("/v1/streams").await["streams"].as_array().unwrap().len(), streams, "{token}");
        assert_eq!(get("/v1/institutions").await["institutions"].as_array().unwrap().len(), institutions, "{token}");
    }
    for path in ["quotes", "others"] {
        let reply =
            bench.client.get(format!("{}/v1/streams/{path}", bench.url)).bearer_auth("orders").send().await.unwrap();
        let problem: Json = reply.json().await.unwrap();
        assert_eq!(problem["detail"], format!("orders has no right to read the stream {path}"));
    }
    let mut reader = Reader::open(&bench, "/v1/streams/quotes", "kim").await;
    reader.event("snapshot").await;
    while exchange.sent.receiver_count() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    exchange.send(best(1, "KR7005930003", 71_000));
    let shown = reader.event("telegram").await;
    assert_eq!((&shown["fields"]["issue"], &shown["fields"]["board"]), (&json!("KR7005930003"), &json!("<secret>")));
    // A telegram that cannot be read shows no byte.
    let mut broken = best(2, "KR7005930003", 71_000);
    broken[35..44].copy_from_slice(b"abcdefghi");
    exchange.send(broken);
    let shown = reader.event("telegram").await;
    assert_eq!((&shown["error"], shown.get("fields")), (&json!("its field ask cannot be read"), None), "{shown}");
    let reply = bench.client.get(format!("{}/v1/session", bench.url)).bearer_auth("kim").send().await.unwrap();
    let session: Json = reply.json().await.unwrap();
    assert_eq!((&session["may"][0]["streams"], &session["may"][0]["institutions"]), (&json!(["quotes"]), &json!([])));
}

/// Two feeds that lose different telegrams make one stream. A reload that changes it starts it anew, one that does not leaves it, and one that removes it ends
/// it; what it recorded is whole.
#[tokio::test(flavor = "multi_thread")]
async fn two_feeds_are_one_stream_that_a_reload_starts_stops_and_leaves_alone() {
    let [a, b] = [Exchange::open().await, Exchange::open().await];
    let table =
        quotes(&[&a.address, &b.address], "lost_after_ms = 60000\nasks_max = 0\nrecording = { file = \"day.feed\" }");
    let bench = bench(&table).await;
    let mut reader = Reader::open(&bench, "/v1/streams/quotes", "").await;
    reader.event("snapshot").await;
    for number in 1..=9 {
        for (feed, loses) in [(&a, 3), (&b, 4)] {
            if number % loses != 0 {
                feed.send(best(number, "KR7005930003", number));
            }
        }
    }
    assert_eq!(reader.numbers(9).await, (1..=9).collect::<Vec<_>>());
    let page = Page::open(&bench).map(|mut page| {
        page.show("#/lines");
        let row = "[...document.querySelectorAll('main .part tbody td')].map(cell => cell.innerText.trim())";
        page.until(row, |row| row[0] == "quotes" && row[3] == "0" && row[4] == "1 / 100");
        page
    });
    let reload = async || bench.post("/v1/reload", json!({ "note": "a test" }).to_string(), &[]).await.1;
    bench.rewrite(|text| text.replace("answer_timeout_ms = 800", "answer_timeout_ms = 900"));
    assert!(reload().await.get("streams").is_none());
    a.send(best(10, "KR7005930003", 10));
    assert_eq!(reader.numbers(1).await, [10], "it goes on");
    bench.rewrite(|text| text.replace("lost_after_ms = 60000", "lost_after_ms = 50000"));
    if let Some(mut page) = page {
        page.show("#/reload");
        page.has("streams.quotes");
        page.was_quiet();
    }
    assert_eq!(reload().await["streams"][0]["key"], "streams.quotes");
    assert_eq!(reader.event("end").await, json!({ "why": "stopped" }));
    assert!(reader.next().await.is_none());
    bench.until("/v1/streams", all_connected).await;
    let mut again = Reader::open(&bench, "/v1/streams/quotes", "").await;
    again.event("snapshot").await;
    b.send(best(11, "KR7005930003", 11));
    assert_eq!(again.numbers(1).await, [11]);
    bench.until("/v1/streams", |shown| shown["streams"][0]["recording"]["bytes"] == 8 + 11 * (16 + 80)).await;
    bench.rewrite(|text| text.split("\n[streams.quotes]").next().unwrap().to_owned());
    assert_eq!(reload().await["streams"][0], json!({ "key": "streams.quotes", "from": null, "to": "none" }));
    assert_eq!(again.event("end").await, json!({ "why": "stopped" }));
    assert_eq!(bench.get("/v1/streams").await.1, json!({ "streams": [] }));
    assert!(!bench.text("/metrics").await.contains("fep_stream_feed_up{stream=\"quotes\",feed=\"b\"}"));

    // The recording is a feed for whoever connects.
    let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_fep-gateway"));
    command.arg("replay").arg(bench.file("day.feed")).args(["--listen", "127.0.0.1:0", "--speed", "max"]);
    let mut replay = command.stderr(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
    let mut said = BufReader::new(replay.stderr.take().unwrap()).lines();
    let line = timeout(WAIT, said.next_line()).await.unwrap().unwrap().unwrap();
    let mut feed = TcpStream::connect(line.rsplit(' ').next().unwrap()).await.unwrap();
    let mut bytes = Vec::new();
    timeout(WAIT, feed.read_to_end(&mut bytes)).await.unwrap().unwrap();
    assert_eq!(bytes, (1..=11).flat_map(|number| best(number, "KR7005930003", number)).collect::<Vec<_>>());
}
