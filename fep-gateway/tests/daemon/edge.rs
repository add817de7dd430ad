//! Clients that take what is not theirs: time, connections, another host's name, long and deep bodies, control characters. Others are
//! served meanwhile, and nothing of it reaches the institution.

use std::io::Write as _;
use std::time::Duration;

use serde_json::{Value as Json, json};
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, sleep, timeout};

use crate::harness::{EXCHANGES, Setup, rest, sends, transfer};
use crate::peer::{PATIENCE, Peer};

/// A request with this head and body, on a connection of its own. Returns the status and the error.
async fn ask(port: u16, host: &str, body: &[u8]) -> (u16, Json) {
    let head = format!(
        "POST {EXCHANGES} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    parsed(&rest(sends(port, &[head.as_bytes(), body].concat()).await).await)
}

/// The status and the JSON of a reply.
fn parsed(reply: &str) -> (u16, Json) {
    let (head, body) = reply.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no reply: {reply:?}"));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    (status, serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {body}")))
}

fn kind((status, body): &(u16, Json)) -> (u16, &str) {
    (*status, body["code"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn a_client_that_is_too_slow_is_dropped_and_others_are_served() {
    let folder = tempfile::tempdir().unwrap();
    let mut peer = Peer::start().await;
    let http = "head_timeout_ms = 400\nbody_timeout_ms = 400\nidle_timeout_ms = 1500\nconnections_max = 12";
    let setup = Setup { http, ..Setup::new(folder.path(), peer.port, "") };
    let daemon = setup.start().await;
    let slow_head = |port| async move {
        let mut stream = sends(port, b"").await;
        let since = Instant::now();
        // One byte after the other does not prolong the time.
        for byte in format!("GET /healthz HTTP/1.1\r\nhost: localhost\r\nx-slow: {}", "x".repeat(1000)).bytes() {
            if stream.write_all(&[byte]).await.is_err() {
                break;
            }
            sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(rest(stream).await, "");
        since.elapsed()
    };
    let slow: Vec<_> = (0..6).map(|_| tokio::spawn(slow_head(daemon.port))).collect();
    let begin = format!("POST {EXCHANGES} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 500\r\n\r\n{{\"amount\": ");
    let half_body = sends(daemon.port, begin.as_bytes()).await;
    // The test's own client keeps one or two connections; these fill the rest.
    let silent: Vec<_> = {
        let mut silent = Vec::new();
        for _ in 0..12 {
            silent.push(sends(daemon.port, b"").await);
        }
        silent
    };
    let since = Instant::now();
    let reply = daemon.answered(&mut peer, 1).await;
    assert_eq!(reply["outcome"], "answered");
    assert!(since.elapsed() < PATIENCE, "{:?}", since.elapsed());
    for client in slow {
        let took = client.await.unwrap();
        assert!(took < Duration::from_secs(10), "a slow head was read for {took:?}");
    }
    assert_eq!(kind(&parsed(&rest(half_body).await)), (408, "body_too_slow"));
    for stream in silent {
        assert_eq!(rest(stream).await, "", "a silent connection ends");
    }
    assert!(peer.is_quiet().await);
    daemon.stop().await;
}

#[tokio::test]
async fn idle_clients_give_their_places_and_those_with_a_request_keep_theirs() {
    let folder = tempfile::tempdir().unwrap();
    let mut peer = Peer::start().await;
    let setup = Setup { http: "connections_max = 6", ..Setup::new(folder.path(), peer.port, "") };
    let daemon = setup.start().await;
    let waiting = daemon.ask(7, None);
    let (connection, request) = peer.receive().await;
    let listener = sends(daemon.port, "GET /v1/events HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    // They may be silent for a minute, but not while others need their places.
    let mut silent = Vec::new();
    for number in 0..60 {
        // A part of a head is no request.
        silent.push(sends(daemon.port, if number % 2 == 0 { "" } else { "GET / HTTP/1.1\r\n" }).await);
    }
    assert_eq!(daemon.answered(&mut peer, 1).await["outcome"], "answered");
    for stream in silent.drain(..50) {
        assert_eq!(rest(stream).await, "");
    }
    peer.send(connection, &crate::peer::transfer_answer(&request)).await;
    assert_eq!(waiting.await.unwrap().unwrap().1["outcome"], "answered");
    daemon.terminate().await;
    let events = rest(listener).await;
    assert!(events.contains("event: exchange"), "{events}");
}

#[tokio::test]
async fn a_client_that_takes_no_reply_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let mut peer = Peer::start().await;
    let setup = Setup { http: "reply_timeout_ms = 500", ..Setup::new(folder.path(), peer.port, "") };
    let daemon = setup.start().await;
    let mut stream = sends(daemon.port, b"").await;
    let ask = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(100);
    let flood = async { while stream.write_all(ask.as_bytes()).await.is_ok() {} };
    timeout(PATIENCE, flood).await.expect("the gateway closes the connection");
    assert_eq!(daemon.answered(&mut peer, 1).await["outcome"], "answered");
    daemon.stop().await;
}

#[tokio::test]
async fn only_the_gateways_own_names_are_served() {
    let folder = tempfile::tempdir().unwrap();
    let mut peer = Peer::start().await;
    let setup = Setup { http: "hosts = [\"fep.bank.example\"]", ..Setup::new(folder.path(), peer.port, "") };
    let daemon = setup.start().await;
    for host in ["evil.example", "fep.bank.example.evil.example:8470", ""] {
        let refused = ask(daemon.port, host, transfer(1).as_bytes()).await;
        assert_eq!(kind(&refused), (403, "unknown_host"), "{host}: {}", refused.1);
    }
    let twice = b"GET /v1/lines HTTP/1.1\r\nhost: localhost\r\nhost: evil.example\r\nconnection: close\r\n\r\n";
    assert_eq!(kind(&parsed(&rest(sends(daemon.port, twice).await).await)), (400, "host"));
    let absolute = b"GET http://evil.example/v1/lines HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    assert_eq!(kind(&parsed(&rest(sends(daemon.port, absolute).await).await)), (403, "unknown_host"));
    for host in ["FEP.bank.example:8470", "localhost", "[::1]:8470"] {
        // The field is missing, so the request was read.
        let served = ask(daemon.port, host, b"{}").await;
        assert_eq!(served.0, 422, "{host}: {}", served.1);
    }
    assert!(peer.is_quiet().await);
    daemon.stop().await;
}

#[tokio::test]
async fn a_body_that_is_too_long_is_answered_before_the_connection_ends() {
    let folder = tempfile::tempdir().unwrap();
    let mut peer = Peer::start().await;
    let daemon = Setup::new(folder.path(), peer.port, "").start().await;
    let long = vec![b' '; 3 * 1024 * 1024];
    assert_eq!(kind(&ask(daemon.port, "localhost", &long).await), (413, "body_too_large"));

    let head = format!("POST {EXCHANGES} HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n");
    let mut chunked = head.into_bytes();
    for _ in 0..300 {
        write!(chunked, "1000\r\n{}\r\n", " ".repeat(0x1000)).unwrap();
    }
    chunked.extend_from_slice(b"0\r\n\r\n");
    assert_eq!(kind(&parsed(&rest(sends(daemon.port, &chunked).await).await)), (413, "body_too_large"));

    // A client that asks whether it may send the body is answered before it sends any.
    let asks = format!(
        "POST {EXCHANGES} HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\ncontent-length: 9999999999\r\n\r\n"
    );
    assert_eq!(kind(&parsed(&rest(sends(daemon.port, asks.as_bytes()).await).await)), (413, "body_too_large"));
    assert!(peer.is_quiet().await);
    daemon.stop().await;
}

#[tokio::test]
async fn deep_json_and_control_characters_are_refused_by_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let mut peer = Peer::start().await;
    let institution = "control_characters = [\"passbook_memo\"]";
    let daemon = Setup::new(folder.path(), peer.port, institution).start().await;
    let deep = format!("{{\"amount\": {}1{}}}", "[".repeat(5000), "]".repeat(5000));
    let refused = ask(daemon.port, "localhost", deep.as_bytes()).await;
    assert_eq!(kind(&refused), (400, "too_deep"));
    assert!(refused.1["detail"].as_str().unwrap().ends_with("at byte 110"), "{}", refused.1);

    let with = |field: &str, text: &str| {
        let mut body: Json = serde_json::from_str(&transfer(1)).unwrap();
        body[field] = text.into();
        body.to_string()
    };
    for text in ["홍\u{0}동", "홍\n동", "\u{1b}[2J", "홍\u{7f}"] {
        let refused = ask(daemon.port, "localhost", with("payee_name", text).as_bytes()).await;
        assert_eq!(kind(&refused), (422, "control_character"), "{text:?}: {}", refused.1);
        assert_eq!(refused.1["field"], json!("payee_name"));
    }
    assert!(peer.is_quiet().await);

    let allowed = with("passbook_memo", "a\tb");
    let port = daemon.port;
    let asked = tokio::spawn(async move { ask(port, "localhost", allowed.as_bytes()).await });
    let (connection, request) = peer.receive().await;
    assert!(request.windows(3).any(|bytes| bytes == b"a\tb"));
    peer.send(connection, &crate::peer::transfer_answer(&request)).await;
    assert_eq!(asked.await.unwrap().1["outcome"], "answered");
    daemon.stop().await;
}
