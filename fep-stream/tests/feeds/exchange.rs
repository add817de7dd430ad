//! An exchange to test against: it sends the bytes that a test gives it, and reads requests for missing telegrams.

use std::time::Duration;

use fep_codec::{CodeTable, Decode, Telegram, TelegramSet};
use fep_stream::{Ask, BadFrame, Consumer, Counts, Event, Plan, Receiver, ReceiverBuilder, TcpSource, TcpTerms};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use crate::feed_b7::{Best, BestView, Deal, FeedB7, Heartbeat, Resend, Status};

/// How long a test waits for anything.
pub(crate) const WAIT: Duration = Duration::from_secs(20);

pub(crate) const FF: BadFrame = BadFrame::SkipTo(0xFF);

/// The place where feeds connect to.
pub(crate) struct Exchange {
    listener: TcpListener,
    pub(crate) address: String,
}

impl Exchange {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        Self { listener, address }
    }

    pub(crate) async fn accept(&self) -> TcpStream {
        timeout(WAIT, self.listener.accept()).await.expect("a connection in time").unwrap().0
    }

    pub(crate) fn source(&self) -> TcpSource {
        let terms = TcpTerms {
            retry_min: Duration::from_millis(5),
            retry_max: Duration::from_millis(20),
            ..TcpTerms::default()
        };
        TcpSource::new(&self.address, terms)
    }
}

pub(crate) fn plan() -> Plan {
    Plan::builder()
        .numbered(Best::LAYOUT, &["issue", "board"], "sequence")
        .numbered(Deal::LAYOUT, &["issue", "board"], "sequence")
        .numbered(Status::LAYOUT, &["issue", "board"], "sequence")
        .heartbeat(Heartbeat::LAYOUT, "last_sequence")
        .build()
        .unwrap()
}

pub(crate) fn receiver() -> ReceiverBuilder {
    Receiver::builder(plan(), CodeTable::of(FeedB7::LAYOUTS).unwrap()).bad_frame(FF).ask(resend)
}

fn resend(ask: Ask) -> Vec<u8> {
    [format!("B70RQ{:08}{:08}", ask.first, ask.last).into_bytes(), vec![0xFF]].concat()
}

/// The bytes of a best quote, by the table of the spec and not by our encoder. The ask price is the number, so that a test sees the order.
pub(crate) fn best(number: u64, issue: &str) -> Vec<u8> {
    let text = format!("B701S{number:08}{issue:<12}G140093015{:09}{:010}{:09}{:010}      ", number, 10, 71_300, 20);
    let mut bytes = text.into_bytes();
    bytes.push(0xFF);
    assert_eq!(bytes.len(), 80);
    bytes
}

pub(crate) fn heartbeat(last: u64) -> Vec<u8> {
    let mut bytes = format!("B70HB{last:08}093016").into_bytes();
    bytes.push(0xFF);
    bytes
}

pub(crate) fn bests(numbers: impl IntoIterator<Item = u64>) -> Vec<u8> {
    numbers.into_iter().flat_map(|number| best(number, "KR7005930003")).collect()
}

/// The next request for missing numbers that a feed sends.
pub(crate) async fn asked(line: &mut TcpStream) -> (u32, u32) {
    let mut bytes = [0; 22];
    timeout(WAIT, line.read_exact(&mut bytes)).await.expect("a request in time").unwrap();
    let Resend { first, last, .. } = Resend::decode(&bytes).unwrap();
    (first, last)
}

pub(crate) async fn send(line: &mut TcpStream, bytes: &[u8]) {
    timeout(WAIT, line.write_all(bytes)).await.expect("sent in time").unwrap();
}

/// What a consumer gets next, in short: the ask price of a quote, or the event.
pub(crate) async fn next(consumer: &mut Consumer) -> String {
    match timeout(WAIT, consumer.next()).await.expect("an event in time") {
        None => "nothing".to_owned(),
        Some(Event::Telegram(received)) => BestView::new(received.telegram()).unwrap().ask().unwrap().to_string(),
        Some(Event::Snapshot { from, next, telegrams, .. }) => format!("snapshot {from} {next} {telegrams}"),
        Some(Event::Lost { first, last, count }) => format!("lost {first}-{last} ({count})"),
        Some(Event::Unreadable { bytes, .. }) => format!("unreadable {bytes}"),
        Some(Event::Restarted { expected, found }) => format!("restarted {expected} {found}"),
        Some(Event::OutOfPlace { feed, first, last, count }) => format!("outofplace {feed} {first}-{last} ({count})"),
        Some(event) => format!("{event:?}").to_lowercase(),
    }
}

pub(crate) async fn sees(consumer: &mut Consumer, expected: &[&str]) {
    let mut seen = Vec::new();
    for _ in expected {
        seen.push(next(consumer).await);
    }
    assert_eq!(seen, expected);
}

/// Waits until the counts of the receiver are as they must be. They are a moment old.
pub(crate) async fn counted(receiver: &Receiver, are_right: impl Fn(&Counts) -> bool) {
    let begun = std::time::Instant::now();
    while !are_right(&receiver.counts()) {
        assert!(begun.elapsed() < WAIT, "{:?}", receiver.counts());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
