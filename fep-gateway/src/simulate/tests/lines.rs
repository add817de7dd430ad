//! What the institution does with connections: it makes them, polls on them, and closes them.

use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::{Client, SESSIONLESS, check_refused, scenario, spec, telegram, transfer};
use crate::simulate::Simulator;

const POLL: &str = "[poll]\nrequest = \"0002HB\"\nanswer = \"0002OK\"\n";

#[tokio::test]
async fn the_institution_can_connect_and_does_so_again() {
    let gateway = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = gateway.local_addr().unwrap();
    let line = format!("[line]\nconnect = \"{address}\"\nlinks = 2\nreconnect_ms = 20\n");
    let bank = Simulator::start(spec(), scenario(&format!("{SESSIONLESS}{line}")), "127.0.0.1:0").await.unwrap();
    let other = Simulator::start(spec(), scenario(SESSIONLESS), "127.0.0.1:0").await.unwrap();
    let mut first = Client { stream: gateway.accept().await.unwrap().0, bank };
    let mut second = Client { stream: gateway.accept().await.unwrap().0, bank: other };
    for (client, trace) in [(&mut first, 1), (&mut second, 2)] {
        client.send(&transfer(trace, "a")).await;
        assert_eq!(client.next().await.1["header"]["trace_no"], trace);
    }
    second.stream.shutdown().await.unwrap();
    second.stream = gateway.accept().await.unwrap().0;
    second.send(&telegram("EchoTest", 3, json!({}))).await;
    assert_eq!(second.next().await.0, "EchoTestAnswer");
}

#[tokio::test]
async fn polls_are_answered_and_sent() {
    let mut client = Client::of(&format!("{SESSIONLESS}{POLL}")).await;
    client.send(b"0002HB").await;
    assert_eq!(client.frame().await, b"0002OK");
    // An answer to a poll needs no answer, and business goes on.
    client.send(b"0002OK").await;
    client.send(&transfer(1, "a")).await;
    assert_eq!(client.next().await.0, "TransferAnswer");
    let mut client = Client::of(&format!("{SESSIONLESS}{POLL}every_ms = 20\n")).await;
    for _ in 0..3 {
        assert_eq!(client.frame().await, b"0002HB");
    }
}

#[tokio::test]
async fn the_institution_closes_links_that_are_idle_or_old() {
    let mut client = Client::of(&format!("{SESSIONLESS}[line]\nidle_close_ms = 150\n")).await;
    let begun = Instant::now();
    for trace in 0..4 {
        tokio::time::sleep(Duration::from_millis(60)).await;
        client.send(&transfer(trace, "a")).await;
        client.frame().await;
    }
    assert!(client.rest().await.is_empty() && begun.elapsed() >= Duration::from_millis(4 * 60 + 140));
    let mut client = Client::of(&format!("{SESSIONLESS}{POLL}every_ms = 20\n[line]\nlifetime_ms = 150\n")).await;
    assert!(client.rest().await.starts_with(b"0002HB0002HB"));
}

#[tokio::test]
async fn there_are_as_many_links_as_the_contract_says() {
    let text = |when_full: &str| format!("{SESSIONLESS}[line]\nlinks_max = 1\nwhen_full = \"{when_full}\"\n");
    let mut client = Client::of(&text("refuse")).await;
    client.send(&transfer(1, "a")).await;
    client.frame().await;
    let mut second = TcpStream::connect(client.stream.peer_addr().unwrap()).await.unwrap();
    assert_eq!(second.read(&mut [0]).await.unwrap_or(0), 0, "one more is closed");
    client.send(&transfer(2, "a")).await;
    client.frame().await;

    let mut client = Client::of(&text("replace")).await;
    client.send(&transfer(1, "a")).await;
    client.frame().await;
    let address = client.stream.peer_addr().unwrap();
    let first = std::mem::replace(&mut client.stream, TcpStream::connect(address).await.unwrap());
    client.send(&transfer(2, "a")).await;
    assert_eq!(client.next().await.1["header"]["trace_no"], 2);
    client.stream = first;
    assert!(client.rest().await.is_empty(), "the oldest one made room");
}

#[test]
fn mistakes_about_connections_are_refused() {
    check_refused("[line]\nconnect = \"here\"\n", "s.toml:2:11: error: `connect` must be a host and a port");
    check_refused("[line]\nlinks = 2\n", "this is about connections that the institution makes");
    check_refused("[line]\nwhen_full = \"replace\"\n", "`when_full` needs `links_max`");
    check_refused("[line]\nidle_close = 2\n", "did you mean `idle_close_ms`?");
    check_refused("[http]\n[session]\nopen = \"SignOn\"\n", "`session` does not fit `[http]`");
    check_refused("[http]\nanswer = \"a..b\"\n", "`answer` is no place in a reply");
    check_refused("[poll]\nanswer = \"OK\"\n", "`request` is missing");
    check_refused(&format!("[poll]\nrequest = \"{}\"\n", "x".repeat(65)), "a poll has at most 64 bytes");
}
