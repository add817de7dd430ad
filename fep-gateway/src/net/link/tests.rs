//! One connection against a socket that does as little as it likes.

use std::path::Path;

use fep_codec::layout::Counts;
use tokio::net::TcpListener;

use super::*;
use crate::config::Config;
use crate::machine::terms::LinkId;

const PLACE: Place = Place { link: LinkId { line: 0, link: 0 }, incarnation: 1 };

struct Bench {
    events: mpsc::Receiver<LinkEvent>,
    frames: mpsc::Sender<(Ticket, Bytes)>,
    close: Option<oneshot::Sender<()>>,
}

fn start(address: String) -> Bench {
    let text = include_str!("../../../testdata/bank-a.toml");
    let config = Config::parse("test.toml", text, &Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).unwrap();
    let (event, events) = mpsc::channel(16);
    let (frames, frame_queue) = mpsc::channel(64);
    let (close, closed) = oneshot::channel();
    let link = Link {
        place: PLACE,
        address,
        connect_timeout: Duration::from_millis(500),
        write_timeout: Duration::from_millis(300),
        framing: LengthPrefix { digits: 4, counts: Counts::Rest, frame_max_bytes: 1000 },
        events: event,
        frames: frame_queue,
        close: closed,
        board: Arc::new(Board::new("bank-a", &config.institutions["bank-a"], 0)),
        clock: Arc::new(Clock::default()),
    };
    tokio::spawn(link.run());
    Bench { events, frames, close: Some(close) }
}

impl Bench {
    async fn lost(&mut self) -> (String, Vec<u64>) {
        loop {
            match timeout(Duration::from_secs(10), self.events.recv()).await.expect("it ends").expect("it is told") {
                LinkEvent::Lost { why, untouched, .. } => {
                    return (why, untouched.into_iter().map(|ticket| ticket.0).collect());
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
    // More than every buffer on the way can hold; nobody reads.
    let megabyte = Bytes::from(vec![b'0'; 1 << 20]);
    for ticket in 1..=40 {
        bench.frames.send((Ticket(ticket), megabyte.clone())).await.unwrap();
    }
    let (why, untouched) = bench.lost().await;
    assert_eq!(why, "the institution took no bytes for 300 ms");
    let first = *untouched.first().expect("the last frames were not touched");
    assert!(first > 1, "the first frame was touched");
    assert_eq!(untouched, (first..=40).collect::<Vec<_>>(), "what follows an untouched frame is untouched");
}

#[tokio::test]
async fn what_was_promised_before_a_close_still_goes() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut bench = start(listener.local_addr().unwrap().to_string());
    let (mut stream, _) = listener.accept().await.unwrap();
    assert!(matches!(bench.events.recv().await, Some(LinkEvent::Connected(PLACE))));
    bench.frames.send((Ticket(1), Bytes::from_static(b"0003abc"))).await.unwrap();
    bench.close.take().unwrap().send(()).unwrap();
    let mut received = Vec::new();
    stream.read_to_end(&mut received).await.unwrap();
    assert_eq!(received, b"0003abc");
    assert_eq!(bench.lost().await, ("closed by us".to_owned(), Vec::new()));
}

#[tokio::test]
async fn frames_for_a_connection_that_never_stood_are_untouched() {
    let address = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string();
    let mut bench = start(address.clone());
    let _ = bench.frames.try_send((Ticket(7), Bytes::from_static(b"0003abc")));
    let (why, untouched) = bench.lost().await;
    assert!(why.starts_with(&address) && why.contains("refused"), "{why}");
    assert_eq!(untouched, [7]);
}
