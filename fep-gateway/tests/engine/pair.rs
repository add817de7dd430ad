//! The named example of separate lines, `giro-e`: the gateway sends on one connection, and the centre sends on another one, which
//! either side may make. The gateway against the simulator over TCP.

use std::sync::Arc;

use fep_gateway::exchange::{Exchange, LinkState};
use fep_gateway::gateway::{Decision, StandInOnly};
use fep_gateway::simulate::{Scenario, Simulator};
use fep_gateway::{Config, Gateway};
use fep_spec::model::Spec;
use fep_spec::report::Source;
use serde_json::json;
use tokio::task::JoinHandle;

use crate::harness::{outcome, root, start, until};
use crate::ports::dead_port;

/// Who connects the line on which the centre sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialler {
    Centre,
    Gateway,
}

struct Pair {
    gateway: Gateway,
    centre: Simulator,
    folder: tempfile::TempDir,
}

/// What crossed a line: its name, the direction, the class, and the bytes.
type Crossed = (String, &'static str, String, Vec<u8>);

impl Pair {
    /// A gateway and a centre whose lines are up.
    async fn new(dialler: Dialler) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let receive = dead_port().await;
        let text = std::fs::read_to_string(root().join("specs/giro-e/scenarios/separate-lines.toml")).unwrap();
        let text = match dialler {
            Dialler::Centre => text.replace("127.0.0.1:9006", &format!("127.0.0.1:{receive}")),
            Dialler::Gateway => text.replace("\nconnect = \"127.0.0.1:9006\"", "\nlisten = \"127.0.0.1:0\""),
        };
        let spec = Spec::load(&root().join("specs/giro-e/giro-e.toml")).unwrap();
        let scenario = Scenario::read(Source::new("separate-lines.toml", text), &spec);
        let scenario = scenario.unwrap_or_else(|report| panic!("{report}"));
        let centre = Simulator::start(spec, scenario, "127.0.0.1:0").await.unwrap();
        let config = include_str!("../../testdata/giro-e.toml")
            .replace("127.0.0.1:9005", &centre.address().to_string())
            .replace("\nkey = ", "\nanswer_timeout_ms = 1000\nkey = ");
        let config = match dialler {
            Dialler::Centre => config.replace("127.0.0.1:9006", &format!("127.0.0.1:{receive}")),
            Dialler::Gateway => config
                .replace("listen = \"127.0.0.1:9006\"", &format!("connect = \"{}\"", centre.send_address().unwrap()))
                .replace("peers = [\"127.0.0.1\"]\n", ""),
        };
        let journal = folder.path().join("journal.sqlite");
        let config = format!("[journal]\npath = \"{}\"\n{config}", journal.display());
        let config = Config::parse("test.toml", &config, root()).unwrap_or_else(|error| panic!("{error}"));
        let gateway = start(config, Arc::new(StandInOnly)).await;
        let pair = Self { gateway, centre, folder };
        pair.receives_with(1).await;
        until("the send line is up", async || pair.state("send") == LinkState::Up).await;
        pair
    }

    fn state(&self, line: &str) -> LinkState {
        self.gateway.lines().iter().find(|status| status.line == line).unwrap().links[0].state
    }

    fn incarnation(&self, line: &str) -> u64 {
        self.gateway.lines().iter().find(|status| status.line == line).unwrap().links[0].incarnation
    }

    /// Waits until the receive line is up with this incarnation of its link.
    async fn receives_with(&self, incarnation: u64) {
        until("the receive line is up", async || {
            self.state("receive") == LinkState::Up && self.incarnation("receive") == incarnation
        })
        .await;
    }

    fn pay(&self, amount: u64) -> JoinHandle<Exchange> {
        let gateway = self.gateway.clone();
        let fields = json!({ "bank": "088", "account": "110987654321", "amount": amount, "payee": "홍길동" });
        tokio::spawn(async move { gateway.exchange("giro-e", "Payment", &fields, None).await.unwrap() })
    }

    fn crossed(&self) -> Vec<Crossed> {
        let connection = rusqlite::Connection::open(self.folder.path().join("journal.sqlite")).unwrap();
        let sql = "SELECT line || '.' || incarnation, kind, class, bytes FROM facts
                   WHERE kind IN ('sent', 'received') AND bytes IS NOT NULL ORDER BY number";
        let mut statement = connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| {
            let kind = if row.get::<_, String>(1)? == "sent" { "sent" } else { "received" };
            Ok((row.get(0)?, kind, row.get(2)?, row.get(3)?))
        });
        rows.unwrap().map(Result::unwrap).collect()
    }

    /// The first frame in this direction with these codes: the line that it crossed, and its bytes.
    async fn frame(&self, direction: &str, codes: &[u8; 6]) -> (String, Vec<u8>) {
        let mut found = None;
        until("the frame crosses a line", async || {
            let mut crossed = self.crossed().into_iter();
            found = crossed.find(|(_, way, _, bytes)| *way == direction && bytes[4..10] == *codes);
            found.is_some()
        })
        .await;
        let (line, _, _, bytes) = found.unwrap();
        (line, bytes)
    }

    /// Waits until a late answer settles the exchange. Returns the connection on which it came.
    async fn settled(&self, exchange: &Exchange) -> String {
        until("a late answer settles it", async || {
            let found = self.gateway.find(&exchange.id).await.unwrap().unwrap();
            found.settled_by.is_some()
        })
        .await;
        self.crossed().into_iter().find(|(_, _, class, _)| class == "late").unwrap().0
    }
}

/// Both lines: who signs on, what is sent and answered, what the centre tells.
async fn check_traffic(dialler: Dialler) {
    let pair = Pair::new(dialler).await;
    let asked = [pair.pay(50_600), pair.pay(70_000), pair.pay(90_000)];
    for asked in asked {
        let exchange = asked.await.unwrap();
        assert_eq!((outcome(&exchange).as_str(), &*exchange.line.as_ref().unwrap().0), ("answered", "send"));
        let request = &*exchange.request;
        let answer = exchange.answer.unwrap().bytes;
        // 4 digits count the other 116 bytes. The account and 000000 before the amount are at fixed places.
        assert_eq!((request.len(), &request[..10], &request[32..35]), (120, &b"01160200PY"[..], &b"   "[..]));
        assert_eq!((&request[48..51], &request[51..67]), (&b"088"[..], &b"110987654321    "[..]));
        assert_eq!(&request[80..86], b"\xC8\xAB\xB1\xE6\xB5\xBF"); // 홍길동 in CP949
        assert_eq!((&answer[..10], &answer[32..35]), (&b"01160210PY"[..], &b"000"[..]));
        assert_eq!((&answer[10..26], &answer[48..80]), (&request[10..26], &request[48..80]), "the answer is its own");
        assert_eq!(&answer[100..104], b"0070", "the centre's receipt");
    }
    // Each side signs on for the line on which it sends, and is answered on the other one.
    // A sign-on that comes before the receive line is connected gets no answer, and is sent again.
    let (line, accepted) = pair.frame("received", b"0810NW").await;
    assert_eq!((line.as_str(), &accepted[32..35]), ("receive.1", &b"000"[..]));
    let is_asked = |bytes: &[u8]| bytes[4..10] == *b"0800NW" && bytes[10..26] == accepted[10..26];
    let ours = pair.crossed().into_iter().find(|(_, way, _, bytes)| *way == "sent" && is_asked(bytes)).unwrap();
    assert_eq!((ours.0.as_str(), &ours.3[32..35]), ("send.1", &b"   "[..]));
    let (line, theirs) = pair.frame("received", b"0800NW").await;
    assert_eq!((line.as_str(), &theirs[10..14]), ("receive.1", &b"7000"[..]));
    let (line, accepted) = pair.frame("sent", b"0810NW").await;
    assert_eq!((line.as_str(), &accepted[10..14], &accepted[32..35]), ("send.1", &b"7000"[..], &b"000"[..]));
    // A deposit notice comes on the receive line, and the stand-in confirms it on the send line.
    let (line, notice) = pair.frame("received", b"0400DN").await;
    assert_eq!((line.as_str(), &notice[48..60]), ("receive.1", &b"110123456789"[..]));
    let (line, confirmation) = pair.frame("sent", b"0410DN").await;
    assert_eq!((line.as_str(), &confirmation[10..26]), ("send.1", &notice[10..26]));
    assert_eq!(&confirmation[32..35], b"991");
    pair.gateway.stop().await;
    let (line, _) = pair.frame("received", b"0850NW").await;
    assert_eq!(line, "receive.1", "the answer to our sign-off");
    for (line, direction, class, _) in pair.crossed() {
        let expected = if direction == "sent" { "send.1" } else { "receive.1" };
        assert_eq!(line, expected, "{direction} {class}");
    }
    pair.centre.stop().await;
}

#[tokio::test]
async fn each_direction_has_its_line_the_centre_connects_its_own() {
    check_traffic(Dialler::Centre).await;
}

#[tokio::test]
async fn each_direction_has_its_line_the_gateway_connects_both() {
    check_traffic(Dialler::Gateway).await;
}

/// The receive line dies while two payments wait for their answers, one of which the centre sends on the next connection.
async fn check_lost_receive_line(dialler: Dialler) {
    let pair = Pair::new(dialler).await;
    let late = pair.pay(14);
    until("it is sent", async || pair.crossed().iter().any(|(.., bytes)| bytes[4..10] == *b"0200PY")).await;
    let lost = pair.pay(13).await.unwrap();
    assert_eq!(outcome(&lost), "unknown: no answer within 1000 ms");
    let late = late.await.unwrap();
    assert_eq!(outcome(&late), "unknown: no answer within 1000 ms", "the request did arrive");
    assert_eq!(pair.settled(&late).await, "receive.2", "the answer comes on the next connection");
    pair.receives_with(2).await;
    assert_eq!(outcome(&pair.pay(50_600).await.unwrap()), "answered");
    assert_eq!(pair.incarnation("send"), 1, "the line that sends has no fault");
}

#[tokio::test]
async fn a_receive_line_that_the_centre_connects_again_brings_the_late_answer() {
    check_lost_receive_line(Dialler::Centre).await;
}

#[tokio::test]
async fn a_receive_line_that_the_gateway_connects_again_brings_the_late_answer() {
    check_lost_receive_line(Dialler::Gateway).await;
}

#[tokio::test]
async fn nothing_is_sent_while_no_line_could_bring_the_answer() {
    let pair = Pair::new(Dialler::Gateway).await;
    assert_eq!(outcome(&pair.pay(50_600).await.unwrap()), "answered");
    pair.gateway.decide("giro-e", Decision::StopLine("receive".to_owned(), "new cables".to_owned())).await.unwrap();
    until("it is down", async || pair.state("receive") == LinkState::Down).await;
    let refused = pair.pay(50_600).await.unwrap();
    let why = "not sent: no line that receives is up: a person stopped the line: new cables";
    assert_eq!((outcome(&refused).as_str(), refused.reason_code), (why, Some("no_receiving_line".into())));
    assert_eq!(pair.gateway.troubles(), ["giro-e: no link of a line that receives is up"]);
    pair.gateway.decide("giro-e", Decision::StartLine("receive".to_owned())).await.unwrap();
    pair.receives_with(2).await;
    until("it is ready", async || pair.gateway.troubles().is_empty()).await;
    assert_eq!(outcome(&pair.pay(50_600).await.unwrap()), "answered");
    let sent = pair.crossed().iter().filter(|(.., bytes)| bytes[4..10] == *b"0200PY").count();
    assert_eq!((sent, pair.incarnation("send")), (2, 1), "the refused payment was never sent");
}
