//! Streams of market data over WebSockets: with a client that writes each frame by hand, so that it can do what no library lets one do, and with the Python
//! package websockets.
//!
//! `FEP_PYTHON` names the Python that has it. Without it that test is skipped, unless `FEP_CI` is set.

use std::time::Duration;

use fep_gateway::config::Http;
use reqwest::StatusCode;
use reqwest::header::{COOKIE, ORIGIN, UPGRADE};
use serde_json::{Value as Json, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::harness::{Bench, GOOD_BANK, serve};
use crate::streams::{Exchange, FEED_B7, Reader, WAIT, bench, best, quotes};
use crate::streams_rules::ACCESS;

const QUOTES: &str = "/v1/streams/quotes";

/// The opcodes of RFC 6455.
const TEXT: u8 = 1;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;

/// The client's side of a WebSocket.
struct Socket(BufReader<TcpStream>);

/// What the server sends.
#[derive(Debug, PartialEq)]
enum Came {
    Event(String, Json),
    Ping,
    Pong(Vec<u8>),
    Close(u16, String),
    /// The connection is closed.
    End,
}

impl Socket {
    /// Asks for a WebSocket, with more headers. The status is 101, or the reply is an error.
    async fn ask(url: &str, path: &str, more: &str) -> Result<Self, (u16, Json)> {
        let address = url.trim_start_matches("http://");
        let socket = TcpSocket::new_v4().unwrap();
        // A client that does not read is noticed soon.
        socket.set_recv_buffer_size(4096).unwrap();
        let mut line = BufReader::new(socket.connect(address.parse().unwrap()).await.unwrap());
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{more}\r\n"
        );
        line.write_all(head.as_bytes()).await.unwrap();
        let mut reply = Vec::new();
        while !reply.ends_with(b"\r\n\r\n") {
            reply.push(timeout(WAIT, line.read_u8()).await.unwrap().unwrap());
        }
        let reply = String::from_utf8(reply).unwrap().to_ascii_lowercase();
        let status = reply[9..12].parse().unwrap();
        if status == 101 {
            // The example of RFC 6455, 1.3.
            assert!(reply.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="), "{reply}");
            return Ok(Self(line));
        }
        let len = reply.split_once("content-length: ").unwrap().1.split_once('\r').unwrap().0;
        let mut body = vec![0; len.parse().unwrap()];
        line.read_exact(&mut body).await.unwrap();
        Err((status, serde_json::from_slice(&body).unwrap()))
    }

    async fn open(bench: &Bench, path: &str, token: &str) -> Self {
        Self::ask(&bench.url, path, &format!("Authorization: Bearer {token}\r\n"))
            .await
            .unwrap_or_else(|error| panic!("{error:?}"))
    }

    /// The next frame.
    async fn came(&mut self) -> Came {
        timeout(WAIT, self.frame()).await.unwrap().unwrap_or(Came::End)
    }

    async fn frame(&mut self) -> std::io::Result<Came> {
        let first = self.0.read_u8().await?;
        assert_eq!(first & 0xF0, 0x80, "a whole message without extensions");
        let len = match self.0.read_u8().await? {
            126 => usize::from(self.0.read_u16().await?),
            127 => self.0.read_u64().await?.try_into().unwrap(),
            short => usize::from(short),
        };
        assert!(len < 65_536, "{len}: not masked, and not long");
        let mut content = vec![0; len];
        self.0.read_exact(&mut content).await?;
        Ok(match first & 0x0F {
            TEXT => {
                let json: Json = serde_json::from_slice(&content).unwrap();
                Came::Event(json["event"].as_str().unwrap().to_owned(), json)
            }
            CLOSE => {
                let (code, reason) = content.split_at(2);
                Came::Close(u16::from_be_bytes(code.try_into().unwrap()), String::from_utf8(reason.to_vec()).unwrap())
            }
            PING => Came::Ping,
            PONG => Came::Pong(content),
            other => panic!("opcode {other}"),
        })
    }

    /// The next event, which has this name. Pings are answered.
    async fn event(&mut self, name: &str) -> Json {
        loop {
            match self.came().await {
                Came::Event(found, json) if found == name => return json,
                Came::Ping => self.send(PONG, b"").await,
                other => panic!("{name}: {other:?}"),
            }
        }
    }

    /// Everything up to the close, which is answered.
    async fn closed(&mut self) -> (Vec<Json>, u16, String) {
        let mut events = Vec::new();
        loop {
            match self.came().await {
                Came::Event(_, json) => events.push(json),
                Came::Ping => self.send(PONG, b"").await,
                Came::Pong(_) => {}
                Came::Close(code, reason) => {
                    self.send(CLOSE, &code.to_be_bytes()).await;
                    assert_eq!(self.came().await, Came::End, "nothing follows a close");
                    return (events, code, reason);
                }
                Came::End => panic!("no close came: {events:?}"),
            }
        }
    }

    /// Sends a frame with a mask.
    async fn send(&mut self, opcode: u8, content: &[u8]) {
        const MASK: [u8; 4] = [1, 2, 3, 4];
        let len = u8::try_from(content.len()).ok().filter(|len| *len < 126).unwrap();
        let mut frame = vec![0x80 | opcode, 0x80 | len];
        frame.extend(MASK);
        frame.extend(content.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        self.bytes(&frame).await;
    }

    async fn bytes(&mut self, bytes: &[u8]) {
        // The other side may have closed meanwhile, which the next frame shows.
        let _ = self.0.write_all(bytes).await;
    }
}

fn consumers(shown: &Json) -> usize {
    shown["streams"][0]["consumers"].as_array().map_or(0, Vec::len)
}

#[tokio::test]
async fn a_web_socket_tells_what_server_sent_events_tell() {
    let exchange = Exchange::open().await;
    let bench = bench(&quotes(&[&exchange.address], "")).await;
    let mut events = Reader::open(&bench, QUOTES, "").await;
    let mut socket = Socket::open(&bench, QUOTES, "").await;
    let mut one =
        Socket::open(&bench, "/v1/streams/quotes?keys=KR7000660003&telegrams=Best&when_slow=skip&buffer=7", "").await;
    for socket in [&mut socket, &mut one] {
        let snapshot = socket.event("snapshot").await;
        assert_eq!(
            snapshot,
            json!({ "event": "snapshot", "data": { "from": 0, "next": 0, "telegrams": 0, "left_out": 0 } })
        );
    }
    events.event("snapshot").await;
    for (number, issue) in [(1, "KR7005930003"), (2, "KR7000660003"), (5, "KR7005930003")] {
        exchange.send(best(number, issue, number));
    }
    for number in 1..=5 {
        let (name, id, data) = events.next().await.unwrap();
        assert_eq!((&*name, id.parse()), ("telegram", Ok(number)));
        assert_eq!(socket.event("telegram").await, json!({ "event": "telegram", "id": number, "data": data }));
    }
    assert_eq!(one.event("telegram").await["id"], 2);
    exchange.send(b"rubbish\xFF".to_vec());
    assert_eq!(socket.event("unreadable").await["data"], json!({ "feed": "a", "bytes": 8 }));
    let mut late = Socket::open(&bench, "/v1/streams/quotes?every_ms=100", "").await;
    assert_eq!(late.event("snapshot").await["data"]["telegrams"], 2);
    assert_eq!([late.event("telegram").await, late.event("telegram").await].map(|told| told["id"].clone()), [2, 5]);
    let shown = bench.get("/v1/streams").await.1;
    let of = &shown["streams"][0]["consumers"][2];
    assert_eq!((&of["when_slow"], &of["buffer_events"]), (&json!("skip"), &json!(7)));
    // A client's ping is answered with its content, and its close with a close.
    socket.send(PING, b"are you there").await;
    assert_eq!(socket.came().await, Came::Pong(b"are you there".to_vec()));
    socket.send(CLOSE, &1000_u16.to_be_bytes()).await;
    assert_eq!((socket.came().await, socket.came().await), (Came::Close(1000, String::new()), Came::End));
    drop((one, late));
    bench.until("/v1/streams", |shown| consumers(shown) == 1).await;
}

/// What cannot begin is refused before the protocol changes, with the reasons of each request.
#[tokio::test]
async fn a_web_socket_that_cannot_begin_says_why() {
    let exchange = Exchange::open().await;
    let bench = bench(&quotes(&[&exchange.address], "consumers_max = 1")).await;
    for (path, more, code) in [
        ("/v1/streams/quote", "", "unknown_stream"),
        ("/v1/streams/quotes?buffer=0", "", "query"),
        (QUOTES, "Origin: http://evil.example\r\n", "origin"),
        (QUOTES, "Origin: null\r\n", "origin"),
    ] {
        let (_, problem) = Socket::ask(&bench.url, path, more).await.map(drop).unwrap_err();
        assert_eq!(problem["code"], code, "{path} {more}: {problem}");
    }
    let old = bench.client.get(format!("{}{QUOTES}", bench.url)).header(UPGRADE, "websocket").send().await.unwrap();
    assert_eq!(old.status(), StatusCode::BAD_REQUEST);
    assert_eq!(old.json::<Json>().await.unwrap()["code"], "upgrade");
    // Java's client offers HTTP/2 with each request.
    let events = bench.client.get(format!("{}{QUOTES}", bench.url)).header(UPGRADE, "h2c").send().await.unwrap();
    assert_eq!(
        (events.status(), &events.headers()["content-type"]),
        (StatusCode::OK, &"text/event-stream".parse().unwrap())
    );
    let full = Socket::ask(&bench.url, QUOTES, "").await.map(drop).unwrap_err();
    assert_eq!((full.0, &full.1["code"]), (503, &json!("too_many_listeners")));
}

/// A page of another site can make the browser of an operator ask for a WebSocket, and the browser lets it read what comes. The cookie of a session must not
/// be enough.
#[tokio::test]
async fn a_page_of_another_site_gets_no_web_socket_with_the_session_of_an_operator() {
    let exchange = Exchange::open().await;
    let files = [("feed-b7.toml", FEED_B7)];
    let bench = Bench::with_files(GOOD_BANK, &quotes(&[&exchange.address], ""), Some(ACCESS), &files).await;
    let begun = bench.client.post(format!("{}/v1/session", bench.url)).bearer_auth("kim").send().await.unwrap();
    let cookie = begun.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let with = |origin: &str| format!("{COOKIE}: {cookie}\r\n{ORIGIN}: {origin}\r\n");
    for other in ["http://evil.example", "null", "https://127.0.0.1:1"] {
        let (status, problem) = Socket::ask(&bench.url, QUOTES, &with(other)).await.map(drop).unwrap_err();
        assert_eq!((status, &problem["code"]), (403, &json!("origin")), "{other}");
    }
    let mut own = Socket::ask(&bench.url, QUOTES, &with(&bench.url)).await.unwrap_or_else(|error| panic!("{error:?}"));
    own.event("snapshot").await;
    let (status, _) = Socket::ask(&bench.url, QUOTES, "").await.map(drop).unwrap_err();
    assert_eq!(status, 401, "without a session");
}

/// A client sends nothing. What it sends instead is closed with the code that RFC 6455 has for it.
#[tokio::test]
async fn a_client_that_sends_something_is_closed_and_costs_the_others_nothing() {
    const SAID: &str = "a client sends nothing but pings, pongs and its close";
    const LONG: &str = "a client sends frames of at most 1024 bytes";
    const NONE: &str = "this is no frame of a client: RFC 6455";
    let exchange = Exchange::open().await;
    let bench = bench(&quotes(&[&exchange.address], "")).await;
    let mut whole = Socket::open(&bench, QUOTES, "").await;
    whole.event("snapshot").await;
    let long = [&[0x82, 0xFF][..], &(u64::MAX >> 1).to_be_bytes()[..], &[1, 2, 3, 4]].concat();
    let begun = [&[0x81, 0xFE][..], &60_000_u16.to_be_bytes()[..], &[1, 2, 3, 4], &[7; 2000]].concat();
    let long_ping = [&[0x89, 0xFE][..], &200_u16.to_be_bytes()[..], &[0; 204]].concat();
    for (bytes, wanted, why) in [
        (&b"\x81\x82\0\0\0\0hi"[..], 1003, SAID),
        (b"\x82\x80\0\0\0\0", 1003, SAID),
        (&long, 1009, LONG),
        (&begun, 1009, LONG),
        (b"\x81\x02hi", 1002, NONE),
        (&[0xFF; 14], 1002, NONE),
        (b"\x83\x80\0\0\0\0", 1002, NONE),
        // A control frame in two parts, one that is too long, and the rest of a message that did not begin.
        (b"\x09\x80\0\0\0\0", 1002, NONE),
        (&long_ping, 1002, NONE),
        (b"\x80\x80\0\0\0\0", 1002, NONE),
        (b"\x81\x81\0\0\0\0\xFF", 1007, "this is no UTF-8, and a client sends no text"),
    ] {
        let mut socket = Socket::open(&bench, QUOTES, "").await;
        socket.event("snapshot").await;
        socket.bytes(bytes).await;
        let (_, code, reason) = socket.closed().await;
        assert_eq!((code, &*reason), (wanted, why), "{bytes:?}");
    }
    bench.until("/v1/streams", |shown| consumers(shown) == 1).await;
    exchange.send(best(1, "KR7005930003", 1));
    assert_eq!(whole.event("telegram").await["id"], 1);
}

/// Who gives no sign of life is gone. Who does stays, also without a telegram for a long time and longer than a client may wait with a request.
#[tokio::test]
async fn a_client_without_a_pong_is_closed_and_one_with_pongs_stays() {
    let exchange = Exchange::open().await;
    let more = format!("{}\n[http]\nreply_timeout_ms = 200\nidle_timeout_ms = 300\n", quotes(&[&exchange.address], ""));
    let bench = bench(&more).await;
    let mut silent = Socket::open(&bench, QUOTES, "").await;
    let mut alive = Socket::open(&bench, QUOTES, "").await;
    silent.event("snapshot").await;
    alive.event("snapshot").await;
    for _ in 0..6 {
        assert_eq!(alive.came().await, Came::Ping);
        alive.send(PONG, b"").await;
    }
    assert_eq!(silent.came().await, Came::Ping);
    assert_eq!(silent.came().await, Came::Close(1008, "no pong came: [http] reply_timeout_ms".to_owned()));
    // It answers nothing, so its connection is dropped.
    assert_eq!(silent.came().await, Came::End);
    exchange.send(best(1, "KR7005930003", 1));
    assert_eq!(alive.event("telegram").await["id"], 1);
}

/// Three clients never read: they have no more waiting than their buffers, and a reader gets everything. One that reads again learns that it was too slow.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_does_not_read_ends_by_its_policy() {
    let exchange = Exchange::open().await;
    let more = format!("{}\n[http]\nreply_timeout_ms = 60000\n", quotes(&[&exchange.address], ""));
    let bench = bench(&more).await;
    let mut whole = Socket::open(&bench, "/v1/streams/quotes?buffer=100000&when_slow=disconnect", "").await;
    whole.event("snapshot").await;
    let mut slow = Socket::open(&bench, "/v1/streams/quotes?buffer=200&when_slow=disconnect", "").await;
    let _stuck = Socket::open(&bench, "/v1/streams/quotes?buffer=200&when_slow=latest", "").await;
    bench.until("/v1/streams", |shown| consumers(shown) == 3).await;
    let mut sent = 0_u32;
    loop {
        // A chunk at a time, so that it is the kernel that takes no more, and not a slow machine that skips.
        let chunk = (sent + 1..=sent + 150).flat_map(|number| best(number, "KR7005930003", number)).collect();
        exchange.send(chunk);
        for number in sent + 1..=sent + 150 {
            assert_eq!(whole.event("telegram").await["id"], number);
        }
        sent += 150;
        let (_, shown) = bench.get("/v1/streams").await;
        for consumer in shown["streams"][0]["consumers"].as_array().unwrap() {
            assert!(consumer["waiting"].as_u64() <= consumer["buffer_events"].as_u64(), "{consumer}");
        }
        if shown["streams"][0]["too_slow"].as_u64().unwrap() >= 2 {
            break;
        }
        assert!(sent < 1_000_000, "{shown}");
    }
    let (events, code, reason) = slow.closed().await;
    assert_eq!((code, &*reason), (1013, "too slow: the buffer was full, and when_slow is disconnect"));
    let (last, before) = events.split_last().unwrap();
    assert_eq!((&last["event"], &last["data"]["why"]), (&json!("end"), &json!("too_slow")));
    let ids: Vec<u64> = before.iter().skip(1).map(|event| event["id"].as_u64().unwrap()).collect();
    assert_eq!(ids, (1..=ids.len() as u64).collect::<Vec<_>>(), "everything before that, in order");
}

/// Pings are signs of life, and a client that sends nothing else costs no more than its place: it is closed, whether it reads or not.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_sends_pings_without_end_is_closed() {
    const FLOOD_MAX: usize = 64 << 20;
    let exchange = Exchange::open().await;
    let more = format!("{}\n[http]\nreply_timeout_ms = 500\n", quotes(&[&exchange.address], ""));
    let bench = bench(&more).await;
    let mut reader = Socket::open(&bench, QUOTES, "").await;
    for _ in 0..101 {
        reader.send(PING, b"").await;
    }
    let closed = loop {
        match reader.came().await {
            Came::Close(code, reason) => break (code, reason),
            Came::End => panic!("a close says why"),
            _ => {}
        }
    };
    assert_eq!(closed, (1008, "more than 100 pings and pongs in ten seconds".to_owned()));
    drop(reader);
    let mut deaf = Socket::open(&bench, QUOTES, "").await;
    deaf.event("snapshot").await;
    let flood = [&[0x89, 0x80 | 125][..], &[0; 4 + 125]].concat().repeat(500);
    let mut sent = 0;
    while deaf.0.write_all(&flood).await.is_ok() {
        sent += flood.len();
        assert!(sent < FLOOD_MAX, "the gateway reads on and on");
    }
    bench.until("/v1/streams", |shown| consumers(shown) == 0).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_socket_ends_with_its_rights_and_its_server() {
    let exchange = Exchange::open().await;
    let files = [("feed-b7.toml", FEED_B7)];
    let bench = Bench::with_files(GOOD_BANK, &quotes(&[&exchange.address], ""), Some(ACCESS), &files).await;
    let mut kim = Socket::open(&bench, QUOTES, "kim").await;
    kim.event("snapshot").await;
    bench.give_access(&ACCESS.replacen("may = [{ actions = [\"read\"], streams = [\"quotes\"] }]", "may = []", 1));
    let (events, code, reason) = kim.closed().await;
    assert_eq!((events.len(), code), (0, 1008));
    assert!(reason.starts_with("rights have changed"), "{reason}");
    let (status, _) = Socket::ask(&bench.url, QUOTES, "Authorization: Bearer kim\r\n").await.map(drop).unwrap_err();
    assert_eq!(status, 403);
    // The server stops, and has waited for the close.
    let (url, stop) = serve(&bench.gateway, Http::default()).await;
    let mut socket = Socket::ask(&url, QUOTES, "").await.unwrap_or_else(|error| panic!("{error:?}"));
    socket.event("snapshot").await;
    drop(stop);
    let (_, code, reason) = socket.closed().await;
    assert_eq!((code, &*reason), (1001, "the gateway stops"));
    // The gateway stops, and its streams before the server.
    let (url, _stop) = serve(&bench.gateway, Http::default()).await;
    let mut socket = Socket::ask(&url, QUOTES, "").await.unwrap_or_else(|error| panic!("{error:?}"));
    socket.event("snapshot").await;
    bench.gateway.stop().await;
    let (events, code, reason) = socket.closed().await;
    assert_eq!(events, [json!({ "event": "end", "data": { "why": "stopped" } })]);
    assert_eq!((code, &*reason), (1001, "the gateway stops"));
}

#[tokio::test]
async fn a_web_socket_ends_with_its_stream_when_that_changes() {
    let exchange = Exchange::open().await;
    let bench = bench(&quotes(&[&exchange.address], "")).await;
    let mut reader = Socket::open(&bench, QUOTES, "").await;
    reader.event("snapshot").await;
    bench.rewrite(|text| text.replace("heartbeat =", "consumers_max = 99\nheartbeat ="));
    let (_, done) = bench.post("/v1/reload", json!({ "note": "fewer consumers" }).to_string(), &[]).await;
    assert_eq!(done["streams"][0]["key"], "streams.quotes");
    let (events, code, reason) = reader.closed().await;
    assert_eq!(events, [json!({ "event": "end", "data": { "why": "stopped" } })]);
    assert_eq!((code, &*reason), (1001, "the stream was stopped"));
    Socket::open(&bench, QUOTES, "").await.event("snapshot").await;
}

/// A WebSocket has a connection of `connections_max`, as long as it is open.
#[tokio::test]
async fn a_web_socket_keeps_its_place_among_the_connections() {
    let exchange = Exchange::open().await;
    let more = quotes(&[&exchange.address], "");
    let bench = bench(&more).await;
    let settings = Http { connections_max: 1, idle_timeout: Duration::from_millis(200), ..Http::default() };
    let (url, _stop) = serve(&bench.gateway, settings).await;
    let mut socket = Socket::ask(&url, QUOTES, "").await.unwrap_or_else(|error| panic!("{error:?}"));
    socket.event("snapshot").await;
    let alive = format!("{url}/healthz");
    let asked = bench.client.get(&alive).timeout(Duration::from_millis(600)).send().await;
    assert!(asked.unwrap_err().is_timeout(), "there is one place");
    exchange.send(best(1, "KR7005930003", 1));
    assert_eq!(socket.event("telegram").await["id"], 1, "it is not idle");
    drop(socket);
    assert_eq!(bench.client.get(&alive).timeout(WAIT).send().await.unwrap().status(), StatusCode::OK);
}

/// A client that somebody else wrote gets what it should, and its close.
#[tokio::test]
async fn the_websockets_of_python_follow_a_stream() {
    const CLIENT: &str = r#"
import asyncio, json, sys
import websockets

async def follow():
    headers = {"Authorization": "Bearer kim"}
    async with websockets.connect(sys.argv[1], additional_headers=headers) as socket:
        pong = await socket.ping()
        await pong
        print("ready", flush=True)
        for _ in range(4):
            event = json.loads(await socket.recv())
            print(event["event"], event.get("id"), event["data"].get("fields", {}).get("issue"), flush=True)
        await socket.send("I have a question")
        try:
            await socket.recv()
        except websockets.ConnectionClosed as closed:
            print(closed.rcvd.code, closed.rcvd.reason, flush=True)

asyncio.run(follow())
"#;
    let Some(python) = python() else { return };
    let exchange = Exchange::open().await;
    let files = [("feed-b7.toml", FEED_B7)];
    let bench = Bench::with_files(GOOD_BANK, &quotes(&[&exchange.address], ""), Some(ACCESS), &files).await;
    let url = bench.url.replacen("http", "ws", 1);
    let mut command = tokio::process::Command::new(python);
    command.args(["-c", CLIENT, &format!("{url}{QUOTES}")]).stdout(std::process::Stdio::piped()).kill_on_drop(true);
    let mut client = command.spawn().unwrap();
    let mut said = client.stdout.take().unwrap();
    let mut ready = [0; 6];
    timeout(WAIT, said.read_exact(&mut ready)).await.unwrap().unwrap();
    assert_eq!(&ready, b"ready\n");
    while exchange.sent.receiver_count() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for number in 1..=3 {
        exchange.send(best(number, "KR7005930003", number));
    }
    let mut text = String::new();
    timeout(WAIT, said.read_to_string(&mut text)).await.unwrap().unwrap();
    let expected = "snapshot None None\ntelegram 1 KR7005930003\ntelegram 2 KR7005930003\ntelegram 3 KR7005930003\n\
        1003 a client sends nothing but pings, pongs and its close\n";
    assert_eq!(text, expected);
}

/// The Python that has the package, if there is one.
fn python() -> Option<String> {
    let python = std::env::var("FEP_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has = std::process::Command::new(&python).args(["-c", "import websockets.asyncio"]).output();
    if has.is_ok_and(|has| has.status.success()) {
        return Some(python);
    }
    let told = "the Python package websockets is missing here (pip install websockets); FEP_PYTHON names the Python that has it. WebSockets are \
        not tried with it";
    assert!(std::env::var_os("FEP_CI").is_none(), "{told}");
    eprintln!("{told}");
    None
}
