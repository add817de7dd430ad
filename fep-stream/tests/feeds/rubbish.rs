//! Bytes that are no telegrams: what is dropped, what is told, and when the connection is given up.

use std::time::Duration;

use fep_codec::layout::LengthScope;
use fep_codec::{LengthPrefix, Telegram};
use fep_stream::{BadFrame, Counts, Event, FeedCounts, Plan, Policy, Receiver, Slow, TcpSource, TcpTerms};
use proptest::prelude::*;

use crate::exchange::{Exchange, WAIT, best, bests, counted, receiver, sees, send};

const POLICY: Policy = Policy::new(10_000, Slow::Disconnect);

#[derive(Telegram, Debug)]
struct Prefixed {
    #[field(len = 4, computed = length(rest))]
    length: (),
    #[field(literal = "Q")]
    code: (),
    #[field(len = 3)]
    price: u32,
}

fn has_trouble(counts: &Counts, part: &str) -> bool {
    counts.feeds[0].last_trouble.as_deref().is_some_and(|trouble| trouble.contains(part))
}

#[tokio::test]
async fn rubbish_between_telegrams_is_told_and_the_next_telegram_is_read() {
    let exchange = Exchange::open().await;
    let mut builder = receiver().source(exchange.source());
    let mut consumer = builder.consumer(POLICY);
    let receiver = builder.start().unwrap();
    let mut line = exchange.accept().await;
    let mut no_digits = best(7, "KR7005930003");
    no_digits[6] = b'x';
    let unplanned = [b"B70RQ0000000100000002".as_slice(), &[0xFF]].concat();
    send(&mut line, &[bests([1]), b"rubbish\xFF".to_vec(), bests([2])].concat()).await;
    sees(&mut consumer, &["snapshot 0 0 0", "1", "unreadable 8", "2"]).await;
    send(&mut line, &[no_digits, unplanned, bests([3])].concat()).await;
    sees(&mut consumer, &["unreadable 102", "3"]).await;
    let is_right =
        |feed: &FeedCounts| (feed.frames, feed.unplanned, feed.dropped_bytes, feed.connections) == (5, 2, 8, 1);
    counted(&receiver, |counts| is_right(&counts.feeds[0]) && has_trouble(counts, "no telegram of the plan")).await;
}

#[tokio::test]
async fn a_frame_whose_length_is_wrong_closes_the_connection_and_the_feed_comes_back() {
    let exchange = Exchange::open().await;
    let plan = Plan::builder().telegram(Prefixed::LAYOUT).build().unwrap();
    let framing = LengthPrefix::new(4, LengthScope::Rest, 100).unwrap();
    let mut builder = Receiver::builder(plan, framing).bad_frame(BadFrame::Close).source(exchange.source());
    let mut consumer = builder.consumer(POLICY);
    let receiver = builder.start().unwrap();
    let mut line = exchange.accept().await;
    send(&mut line, b"0004Q001YYYY").await;
    let mut line = exchange.accept().await;
    send(&mut line, b"0004Q002").await;
    let mut seen = Vec::new();
    while seen.len() < 5 {
        seen.push(match tokio::time::timeout(WAIT, consumer.next()).await.unwrap().unwrap() {
            Event::Telegram(received) => received.decode::<Prefixed>().unwrap().price.to_string(),
            Event::Unreadable { bytes, .. } => format!("unreadable {bytes}"),
            Event::Interrupted => "interrupted".to_owned(),
            _ => "snapshot".to_owned(),
        });
    }
    assert_eq!(seen, ["snapshot", "1", "unreadable 4", "interrupted", "2"]);
    counted(&receiver, |counts| has_trouble(counts, "its bytes are no frame: byte 0 is not a digit of the frame"))
        .await;
}

#[tokio::test]
async fn a_feed_that_says_nothing_is_given_up() {
    let exchange = Exchange::open().await;
    let terms = TcpTerms {
        silence_max: Some(Duration::from_millis(50)),
        retry_min: Duration::from_millis(5),
        ..TcpTerms::default()
    };
    let source = TcpSource::new(&exchange.address, terms).greeting(*b"SUBSCRIBE");
    let mut builder = receiver().source(source);
    let mut consumer = builder.consumer(POLICY);
    let _receiver = builder.start().unwrap();
    for _ in 0..2 {
        let mut line = exchange.accept().await;
        let mut greeting = [0; 9];
        tokio::io::AsyncReadExt::read_exact(&mut line, &mut greeting).await.unwrap();
        assert_eq!(&greeting, b"SUBSCRIBE");
        let mut rest = Vec::new();
        tokio::time::timeout(WAIT, tokio::io::AsyncReadExt::read_to_end(&mut line, &mut rest))
            .await
            .expect("closed")
            .unwrap();
    }
    sees(&mut consumer, &["snapshot 0 0 0", "interrupted", "interrupted"]).await;
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Any bytes in any pieces: the receiver lives, and reads the telegrams that follow.
    #[test]
    fn any_bytes_are_borne(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..8)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let exchange = Exchange::open().await;
            let mut builder = receiver().source(exchange.source());
            let mut consumer = builder.consumer(POLICY);
            let _receiver = builder.start().unwrap();
            let mut line = exchange.accept().await;
            for piece in &pieces {
                send(&mut line, piece).await;
                tokio::task::yield_now().await;
            }
            // Rubbish can look like the start of a telegram. Then the first telegrams that follow are its end, or are dropped.
            send(&mut line, &[vec![0xFF], bests(1..=20)].concat()).await;
            loop {
                match tokio::time::timeout(WAIT, consumer.next()).await.expect("an event in time") {
                    Some(Event::Telegram(received)) if received.number() == Some(20) => break,
                    Some(_) => {}
                    None => unreachable!("the consumer is fast enough"),
                }
            }
        });
    }
}
