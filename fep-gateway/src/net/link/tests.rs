//! One connection, tested against a socket that sends and reads only as much as the test wants.

use std::path::Path;

use fep_codec::framing::LengthPrefix;
use fep_codec::layout::LengthScope;
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::*;
use crate::config::{Config, TcpOptions};
use crate::net::transport::dial::Dial;
use fep_protocol::terms::LinkId;

const INCARNATION: Incarnation = Incarnation { link: LinkId { line: 0, link: 0 }, number: 1 };

struct Bench {
    events: mpsc::Receiver<LinkEvent>,
    outbox: Arc<Outbox>,
}

fn start(address: String) -> Bench {
    start_with(address, 16)
}

/// Starts a link whose owner lets at most `events_max` events wait.
fn start_with(address: String, events_max: usize) -> Bench {
    let (link, bench) = link(address, events_max);
    tokio::spawn(link.run());
    bench
}

fn link(address: String, events_max: usize) -> (LinkTask, Bench) {
    let text = include_str!("../../../testdata/bank-a.toml");
    let config = Config::parse("test.toml", text, &Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).unwrap();
    let (event, events) = mpsc::channel(events_max);
    let outbox = Arc::new(Outbox::new(64));
    let link = LinkTask {
        incarnation: INCARNATION,
        origin: Origin::Dial(Box::new(Dial {
            address,
            source: None,
            within: Duration::from_millis(500),
            tcp: TcpOptions::default(),
            tls: None,
            http: None,
        })),
        write_timeout: Duration::from_millis(300),
        frame_timeout: Duration::from_millis(300),
        framing: Framing::Length(LengthPrefix::new(4, LengthScope::Rest, 1000).expect("1 to 9 digits")),
        events: event,
        outbox: Arc::clone(&outbox),
        statuses: Arc::new(LineStatuses::new("bank-a", &config.institutions["bank-a"], 0)),
        clock: Arc::new(Clock::default()),
    };
    (link, Bench { events, outbox })
}

/// A link that stands, and the other end.
async fn connected() -> (Bench, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut bench = start(listener.local_addr().unwrap().to_string());
    let (stream, _) = listener.accept().await.unwrap();
    assert!(matches!(bench.events.recv().await, Some(LinkEvent::Connected(INCARNATION))));
    (bench, stream)
}

impl Bench {
    fn send(&self, ticket: Ticket, bytes: TelegramBytes) {
        assert!(self.outbox.push(ticket, bytes, None));
        self.outbox.flush();
    }

    fn close(&self) {
        self.outbox.close();
        self.outbox.flush();
    }

    /// The frames that were received until the end, and the reason for the end.
    async fn received(&mut self) -> (Vec<TelegramBytes>, String) {
        let mut received = Vec::new();
        loop {
            match timeout(Duration::from_secs(10), self.events.recv()).await.expect("it ends").expect("it is told") {
                LinkEvent::Connected(_) => {}
                LinkEvent::Received(_, frames) => received.extend(frames),
                LinkEvent::BadFrame(_, bytes, _) => received.push(bytes),
                LinkEvent::Lost { why, .. } => return (received, why.to_string()),
            }
        }
    }

    async fn lost(&mut self) -> (String, Vec<u64>) {
        loop {
            match timeout(Duration::from_secs(10), self.events.recv()).await.expect("it ends").expect("it is told") {
                LinkEvent::Lost { why, untouched, .. } => {
                    return (why.to_string(), untouched.into_iter().map(|ticket| ticket.0).collect());
                }
                LinkEvent::Connected(_) | LinkEvent::Received(..) | LinkEvent::BadFrame(..) => {}
            }
        }
    }
}

#[tokio::test]
async fn a_closed_window_does_not_block_for_ever_and_untouched_frames_are_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut bench = start(listener.local_addr().unwrap().to_string());
    let (_silent, _) = listener.accept().await.unwrap();
    // More than all buffers on the way can hold. The other side does not read.
    let megabyte = TelegramBytes::from(vec![b'0'; 1 << 20]);
    for ticket in 1..=40 {
        bench.send(Ticket(ticket), megabyte.clone());
    }
    let (why, untouched) = bench.lost().await;
    assert_eq!(why, "the institution took no bytes for 300 ms");
    let first = *untouched.first().expect("the last frames were not touched");
    assert!(first > 1, "the first frame was touched");
    assert_eq!(untouched, (first..=40).collect::<Vec<_>>(), "what follows an untouched frame is untouched");
}

#[tokio::test]
async fn what_was_promised_before_a_close_still_goes() {
    let (mut bench, mut stream) = connected().await;
    bench.send(Ticket(1), TelegramBytes::copy_of(b"0003abc"));
    bench.close();
    let mut received = Vec::new();
    stream.read_to_end(&mut received).await.unwrap();
    assert_eq!(received, b"0003abc");
    assert_eq!(bench.lost().await, ("closed by us".to_owned(), Vec::new()));
}

#[tokio::test]
async fn frames_for_a_connection_that_never_stood_are_untouched() {
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string();
    let mut bench = start(address.clone());
    bench.outbox.push(Ticket(7), TelegramBytes::copy_of(b"0003abc"), None);
    let (why, untouched) = bench.lost().await;
    assert!(why.starts_with(&address) && why.contains("refused"), "{why}");
    assert_eq!(untouched, [7]);
}

#[tokio::test]
async fn frames_that_were_read_are_told_though_the_link_closes() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut bench = start_with(listener.local_addr().unwrap().to_string(), 1);
    let (mut stream, _) = listener.accept().await.unwrap();
    stream.write_all(b"0003abc").await.unwrap();
    sleep_until(Instant::now() + Duration::from_millis(50)).await;
    bench.close();
    // Longer than a link lingers. The owner is slow, and no frame may be lost because of that.
    sleep_until(Instant::now() + LINGER * 2).await;
    let (received, _) = bench.received().await;
    assert_eq!(received, [TelegramBytes::copy_of(b"0003abc")]);
}

#[tokio::test]
async fn an_answer_that_crosses_our_close_is_read() {
    let (mut bench, mut stream) = connected().await;
    bench.send(Ticket(1), TelegramBytes::copy_of(b"0003abc"));
    bench.close();
    stream.read_to_end(&mut Vec::new()).await.unwrap();
    stream.write_all(b"0003xyz").await.unwrap();
    drop(stream);
    assert_eq!(bench.received().await, (vec![TelegramBytes::copy_of(b"0003xyz")], "closed by us".to_owned()));
}

#[tokio::test]
async fn a_frame_that_is_never_finished_does_not_hold_the_link() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut bench = start(listener.local_addr().unwrap().to_string());
    let (mut stream, _) = listener.accept().await.unwrap();
    stream.write_all(b"0003abc0300").await.unwrap();
    let dripping = tokio::spawn(async move {
        while stream.write_all(b"x").await.is_ok() {
            sleep_until(Instant::now() + Duration::from_millis(20)).await;
        }
    });
    let (received, why) = bench.received().await;
    assert_eq!(received.first().map(|frame| &frame[..]), Some(&b"0003abc"[..]));
    assert!(received.last().is_some_and(|begun| begun.starts_with(b"0300xx")), "{received:?}");
    assert!(why.starts_with("a frame was begun and not finished within 300 ms, after "), "{why}");
    dripping.abort();
}

#[tokio::test]
async fn a_link_that_has_only_frames_that_are_too_late_closes_without_writing_them() {
    let (mut bench, mut stream) = connected().await;
    assert!(bench.outbox.push(Ticket(1), TelegramBytes::copy_of(b"0003abc"), Some(Instant::now())));
    bench.close();
    let mut received = Vec::new();
    let within = Duration::from_secs(5);
    timeout(within, stream.read_to_end(&mut received)).await.expect("it closes").unwrap();
    drop(stream);
    assert_eq!((received, bench.lost().await), (Vec::new(), ("closed by us".to_owned(), vec![1])));
}

/// The process is paused while a frame is half in the kernel, and the institution reads meanwhile.
#[tokio::test]
async fn a_frame_that_was_begun_before_a_pause_is_not_ended_after_it() {
    let (mut bench, stream) = connected().await;
    let frame = vec![b'x'; 32 << 20];
    bench.send(Ticket(1), TelegramBytes::copy_of(&frame));
    while !bench.outbox.has_begun() {
        tokio::task::yield_now().await;
    }
    let mut stream = stream.into_std().unwrap();
    stream.set_nonblocking(false).unwrap();
    let reading = std::thread::spawn(move || {
        let mut received = Vec::new();
        let _ = io::Read::read_to_end(&mut stream, &mut received);
        received.len()
    });
    std::thread::sleep(Duration::from_millis(400));
    let (why, untouched) = bench.lost().await;
    assert!(why.contains("300 ms"), "{why}");
    assert_eq!(untouched, [0; 0], "the kernel had a part of it");
    drop(bench);
    assert!(reading.join().unwrap() < frame.len());
}

#[tokio::test]
async fn a_link_whose_refused_frames_were_withdrawn_stays() {
    let (link, mut bench) = link(String::new(), 16);
    let (stream, mut institution) = tokio::io::duplex(7);
    let carried = tokio::spawn(async move { link.carry(stream).await });
    assert!(matches!(bench.events.recv().await, Some(LinkEvent::Connected(INCARNATION))));
    bench.send(Ticket(1), TelegramBytes::copy_of(b"0003abc"));
    bench.send(Ticket(2), TelegramBytes::copy_of(b"0003def"));
    sleep_until(Instant::now() + Duration::from_millis(100)).await;
    assert!(bench.outbox.withdraw(Ticket(2)), "the first one fills the way");
    // The time for a write is over.
    sleep_until(Instant::now() + Duration::from_millis(400)).await;
    let mut received = [0; 7];
    institution.read_exact(&mut received).await.unwrap();
    bench.send(Ticket(3), TelegramBytes::copy_of(b"0003ghi"));
    institution.read_exact(&mut received).await.unwrap();
    assert_eq!((&received, carried.is_finished()), (b"0003ghi", false));
}

#[tokio::test]
async fn closing_after_a_long_silence_still_writes_what_was_promised() {
    for _ in 0..8 {
        let (mut bench, mut stream) = connected().await;
        sleep_until(Instant::now() + Duration::from_millis(320)).await;
        bench.send(Ticket(1), TelegramBytes::copy_of(b"0003abc"));
        bench.close();
        assert!(!bench.outbox.push(Ticket(2), TelegramBytes::copy_of(b"0003xyz"), None), "it comes too late");
        let mut received = Vec::new();
        stream.read_to_end(&mut received).await.unwrap();
        drop(stream);
        assert_eq!((received, bench.lost().await), (b"0003abc".to_vec(), ("closed by us".to_owned(), Vec::new())));
    }
}
