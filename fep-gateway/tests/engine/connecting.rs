//! Who connects, from where, and how many: lines on which the gateway connects, and lines on which it listens.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use fep_gateway::Gateway;
use fep_gateway::exchange::{Exchange, LinkState};
use fep_gateway::gateway::StandInOnly;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::harness::{Setup, config_with, outcome, start, transfer, until};
use crate::peer::{PATIENCE, transfer_answer};
use crate::ports::{dead_port, listener};

/// A gateway whose lines the test gives.
pub(crate) struct Lines {
    pub(crate) gateway: Gateway,
    _folder: tempfile::TempDir,
}

impl Lines {
    pub(crate) async fn new(lines: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = config_with(&folder.path().join("journal.sqlite"), &Setup::default(), lines);
        Self { gateway: start(config, Arc::new(StandInOnly)).await, _folder: folder }
    }

    pub(crate) fn states(&self) -> Vec<LinkState> {
        self.gateway.lines().iter().flat_map(|line| &line.links).map(|link| link.state).collect()
    }

    pub(crate) async fn become_so(&self, states: &[LinkState]) {
        until("the links have these states", async || self.states() == states).await;
    }

    pub(crate) fn ask(&self) -> JoinHandle<Exchange> {
        let gateway = self.gateway.clone();
        tokio::spawn(async move { gateway.exchange("bank-a", "Transfer", &transfer(), None).await.unwrap() })
    }

    /// Makes an exchange that the institution answers on this connection.
    pub(crate) async fn answered_on(&self, stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) {
        let asked = self.ask();
        let request = frame(stream).await;
        stream.write_all(&transfer_answer(&request)).await.unwrap();
        assert_eq!(outcome(&asked.await.unwrap()), "answered");
    }

    pub(crate) fn last_error(&self) -> (String, &'static str) {
        let line = self.gateway.lines().remove(0);
        (line.last_error.unwrap_or_default(), line.last_error_code.unwrap_or_default())
    }
}

pub(crate) fn line(keys: &str) -> String {
    format!("[[institutions.bank-a.lines]]\nname = \"main\"\nreconnect_max_ms = 200\n{keys}\n")
}

/// The next frame.
pub(crate) async fn frame(stream: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
    let mut frame = vec![0; 4];
    timeout(PATIENCE, stream.read_exact(&mut frame)).await.expect("no frame came").unwrap();
    let len: usize = std::str::from_utf8(&frame).unwrap().parse().unwrap();
    frame.resize(4 + len, 0);
    stream.read_exact(&mut frame[4..]).await.unwrap();
    frame
}

/// Waits until the gateway closes the connection. Nothing may come before.
pub(crate) async fn closed(stream: &mut (impl AsyncRead + Unpin)) {
    let mut rest = Vec::new();
    // A reset is a close, too.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("it is closed");
    assert_eq!(rest, b"");
}

/// Connects to the gateway, once it listens.
pub(crate) async fn dial(from: &str, port: u16) -> TcpStream {
    let from: SocketAddr = format!("{from}:0").parse().unwrap();
    for _ in 0..1000 {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(from).unwrap();
        if let Ok(stream) = socket.connect(format!("127.0.0.1:{port}").parse().unwrap()).await {
            return stream;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it does not listen on {port}");
}

#[tokio::test]
async fn a_line_connects_from_its_source_address() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let own_port = dead_port().await;
    let source = format!("connect = \"127.0.0.1:{port}\"\nsource = \"127.0.0.2:{own_port}\"\n");
    let lines = Lines::new(&line(&source)).await;
    // The same port again, at once: the last connection is still in TIME_WAIT, because the gateway closed it or read its end.
    for _ in 0..3 {
        let (mut stream, peer) = timeout(PATIENCE, listener.accept()).await.expect("it connects").unwrap();
        assert_eq!(peer, format!("127.0.0.2:{own_port}").parse().unwrap());
        lines.become_so(&[LinkState::Up]).await;
        assert_eq!(lines.gateway.lines()[0].links[0].peer, Some(format!("127.0.0.1:{port}")));
        lines.answered_on(&mut stream).await;
    }
}

#[tokio::test]
async fn a_source_that_the_machine_does_not_have_is_the_reason() {
    let lines = Lines::new(&line("connect = \"127.0.0.1:9\"\nsource = \"192.0.2.1\"")).await;
    until("the reason is shown", async || lines.last_error().1 == "connect_failed").await;
    let why = lines.last_error().0;
    assert!(why.starts_with("127.0.0.1:9: cannot connect from 192.0.2.1:0: "), "{why}");
}

#[tokio::test]
async fn an_institution_that_connects_gets_the_contracted_links_and_no_more() {
    let port = dead_port().await;
    let keys = format!("listen = \"127.0.0.1:{port}\"\nlinks = 2\npeers = [\"127.0.0.0/30\"]");
    let lines = Lines::new(&line(&keys)).await;
    lines.become_so(&[LinkState::Listening, LinkState::Listening]).await;
    assert_eq!(lines.gateway.lines()[0].role, "listen");
    let mut first = dial("127.0.0.1", port).await;
    lines.become_so(&[LinkState::Up, LinkState::Listening]).await;
    lines.answered_on(&mut first).await;
    let second = dial("127.0.0.2", port).await;
    lines.become_so(&[LinkState::Up, LinkState::Up]).await;
    let peers: Vec<_> = lines.gateway.lines()[0].links.iter().map(|link| link.peer.clone()).collect();
    let expected = [first.local_addr().unwrap(), second.local_addr().unwrap()].map(|peer| Some(peer.to_string()));
    assert_eq!(peers, expected);

    let mut third = dial("127.0.0.1", port).await;
    closed(&mut third).await;
    let why = format!(
        "a connection came from {}, but the contracted number of links, 2, is connected",
        third.local_addr().unwrap()
    );
    assert_eq!(lines.last_error(), (why, "line_full"));
    let mut stranger = dial("127.0.0.4", port).await;
    closed(&mut stranger).await;
    let why = "a connection came from 127.0.0.4, which is not in `peers`".to_owned();
    assert_eq!(lines.last_error(), (why, "peer_not_allowed"));

    // The links that were there serve as before. One that ends makes room at once.
    assert_eq!(lines.states(), [LinkState::Up, LinkState::Up]);
    drop(second);
    lines.become_so(&[LinkState::Up, LinkState::Listening]).await;
    let _again = dial("127.0.0.3", port).await;
    lines.become_so(&[LinkState::Up, LinkState::Up]).await;
    lines.answered_on(&mut first).await;
}

#[tokio::test]
async fn a_new_connection_replaces_the_oldest_one_if_the_contract_says_so() {
    let port = dead_port().await;
    let keys = format!("listen = \"127.0.0.1:{port}\"\npeers = [\"127.0.0.1\"]\nwhen_full = \"replace\"");
    let lines = Lines::new(&line(&keys)).await;
    let mut old = dial("127.0.0.1", port).await;
    lines.become_so(&[LinkState::Up]).await;
    let asked = lines.ask();
    frame(&mut old).await;
    let mut new = dial("127.0.0.1", port).await;
    closed(&mut old).await;
    let said = outcome(&asked.await.unwrap());
    let why = "the institution connected again, and its new connection replaces this one";
    assert_eq!(said, format!("unknown: the link was lost after the write: {why}"));
    let peer = Some(new.local_addr().unwrap().to_string());
    until("the new one is up", async || {
        lines.states() == [LinkState::Up] && lines.gateway.lines()[0].links[0].peer == peer
    })
    .await;
    lines.answered_on(&mut new).await;
    lines.gateway.stop().await;
    assert!(TcpStream::connect(("127.0.0.1", port)).await.is_err(), "a stopped gateway does not listen");
}

#[tokio::test]
async fn a_flood_of_connections_leaves_the_others_served() {
    let port = dead_port().await;
    let keys = format!("listen = \"127.0.0.1:{port}\"\npeers = [\"127.0.0.1\"]");
    let lines = Lines::new(&line(&keys)).await;
    let mut served = dial("127.0.0.1", port).await;
    lines.become_so(&[LinkState::Up]).await;
    let mut flood = Vec::new();
    for number in 0..900 {
        // Some from strangers, most from the institution itself, none of them ever sends a byte.
        let from = if number % 3 == 0 { "127.0.0.9" } else { "127.0.0.1" };
        flood.push(dial(from, port).await);
        if number % 100 == 0 {
            lines.answered_on(&mut served).await;
        }
    }
    for mut stream in flood {
        closed(&mut stream).await;
    }
    lines.answered_on(&mut served).await;
    assert_eq!(lines.gateway.lines()[0].links[0].incarnation, 1);
}

#[tokio::test]
async fn an_address_that_is_in_use_is_the_reason_and_is_tried_again() {
    let other = listener().await;
    let address = other.local_addr().unwrap();
    let lines = Lines::new(&line(&format!("listen = \"{address}\"\npeers = [\"127.0.0.1\"]"))).await;
    until("the reason is shown", async || lines.last_error().1 == "listen_failed").await;
    let why = lines.last_error().0;
    assert!(why.starts_with(&format!("cannot listen on {address}: ")), "{why}");
    let said = outcome(&lines.ask().await.unwrap());
    assert_eq!(said, "not sent: no line is up");
    drop(other);
    let mut stream = dial("127.0.0.1", address.port()).await;
    lines.become_so(&[LinkState::Up]).await;
    lines.answered_on(&mut stream).await;
}

/// A pair of lines: the gateway sends on one that it connects, and the institution answers on one that it connects.
#[tokio::test]
async fn a_pair_of_lines_sends_on_one_and_receives_on_the_other() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let send_port = listener.local_addr().unwrap().port();
    let receive_port = dead_port().await;
    let send = format!("connect = \"127.0.0.1:{send_port}\"\nduty = \"send\"");
    let receive = format!("listen = \"127.0.0.1:{receive_port}\"\npeers = [\"127.0.0.1\"]\nduty = \"receive\"");
    let both = format!("{}{}", line(&send), line(&receive).replace("main", "receive"));
    let lines = Lines::new(&both).await;
    let (mut sent, _) = timeout(PATIENCE, listener.accept()).await.expect("it connects").unwrap();
    lines.become_so(&[LinkState::Up, LinkState::Listening]).await;
    assert_eq!(outcome(&lines.ask().await.unwrap()), "not sent: no line that receives is up");
    assert_eq!(lines.gateway.troubles(), ["bank-a: no link of a line that receives is up"]);
    let mut received = dial("127.0.0.1", receive_port).await;
    lines.become_so(&[LinkState::Up, LinkState::Up]).await;
    assert!(lines.gateway.troubles().is_empty());
    for _ in 0..2 {
        let asked = lines.ask();
        let request = frame(&mut sent).await;
        received.write_all(&transfer_answer(&request)).await.unwrap();
        let exchange = asked.await.unwrap();
        assert_eq!((outcome(&exchange).as_str(), &*exchange.line.unwrap().0), ("answered", "main"));
    }
    let duties: Vec<_> = lines.gateway.lines().iter().map(|line| line.duty).collect();
    assert_eq!(duties, ["send", "receive"]);
    lines.gateway.stop().await;
    closed(&mut received).await;
}

/// The gateway's requests are answered where they were sent. The institution's own telegrams come on another line, and are answered there.
#[tokio::test]
async fn a_line_for_the_institutions_telegrams_is_answered_there() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let send = format!("connect = \"{}\"\nduty = \"send\"", listener.local_addr().unwrap());
    let port = dead_port().await;
    let theirs = format!("listen = \"127.0.0.1:{port}\"\npeers = [\"127.0.0.1\"]\nduty = \"answer\"");
    let poll = "[institutions.bank-a.session]\npoll = { request = \"0000\", answer = \"0002HB\" }\n";
    let lines = format!("{}{}{poll}", line(&send), line(&theirs).replace("main", "theirs"));
    let lines = Lines::new(&lines).await;
    let (mut sent, _) = timeout(PATIENCE, listener.accept()).await.expect("it connects").unwrap();
    lines.become_so(&[LinkState::Up, LinkState::Listening]).await;
    lines.answered_on(&mut sent).await;
    let mut theirs = dial("127.0.0.1", port).await;
    theirs.write_all(b"0000").await.unwrap();
    assert_eq!(frame(&mut theirs).await, b"0002HB");
    // An answer may come there, too.
    let asked = lines.ask();
    let request = frame(&mut sent).await;
    theirs.write_all(&transfer_answer(&request)).await.unwrap();
    assert_eq!(outcome(&asked.await.unwrap()), "answered");
}
