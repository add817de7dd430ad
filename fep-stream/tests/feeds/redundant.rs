//! Two feeds of one sequence: what one loses the other brings, and one alone is enough.

use fep_codec::{CodeTable, TelegramSet};
use fep_stream::{BuildError, Counts, Event, Plan, Policy, Receiver, SequenceTerms, Slow, Tally};
use proptest::prelude::*;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use crate::exchange::{Exchange, FF, WAIT, asked, best, bests, counted, next, plan, receiver, sees, send};
use crate::feed_b7::{Best, Deal, FeedB7, Heartbeat};

const POLICY: Policy = Policy::new(100_000, Slow::Disconnect);

#[tokio::test]
async fn each_feed_fills_the_gaps_of_the_other_and_a_difference_is_counted() {
    let (a, b) = tokio::join!(Exchange::open(), Exchange::open());
    let mut builder = receiver().source(a.source()).source(b.source());
    let mut consumer = builder.consumer(POLICY);
    let receiver = builder.start().unwrap();
    let (mut a, mut b) = tokio::join!(a.accept(), b.accept());
    sees(&mut consumer, &["snapshot 0 0 0"]).await;
    send(&mut a, &bests([1])).await;
    sees(&mut consumer, &["1"]).await;
    // A loses each number that 3 divides and 5 does not, B each that 5 divides. Together they have all.
    let sent = 2..=5000_u64;
    let of_a: Vec<u64> = sent.clone().filter(|number| number % 3 != 0 || number % 15 == 0).collect();
    let of_b: Vec<u64> = sent.clone().filter(|number| number % 5 != 0).collect();
    let bytes_a = bests(of_a);
    let bytes_b = bests(of_b);
    tokio::join!(send(&mut a, &bytes_a), send(&mut b, &bytes_b));
    for number in sent {
        assert_eq!(next(&mut consumer).await, number.to_string());
    }
    send(&mut a, &best(5001, "KR7000660001")).await;
    sees(&mut consumer, &["5001"]).await;
    send(&mut b, &best(5001, "KR7005930003")).await;
    send(&mut b, &bests([5002])).await;
    sees(&mut consumer, &["outofplace 1 5001-5001 (1)", "5002"]).await;
    let is_right = |Tally { passed, different, lost, .. }: Tally| (passed, different, lost) == (5002, 1, 0);
    counted(&receiver, |counts| is_right(counts.sequence)).await;
}

/// A feed that is connected and says nothing, and answers nothing, does not get all requests.
#[tokio::test]
async fn a_silent_feed_gets_only_its_share_of_the_requests() {
    let (a, b) = tokio::join!(Exchange::open(), Exchange::open());
    let terms = SequenceTerms { lost_after: WAIT, ..SequenceTerms::new(plan().numbering().unwrap()) };
    let mut builder = receiver().source(a.source()).source(b.source()).sequence(terms);
    let mut consumer = builder.consumer(POLICY);
    let receiver = builder.start().unwrap();
    let (mut line_a, mut line_b) = tokio::join!(a.accept(), b.accept());
    counted(&receiver, |counts| counts.feeds.iter().all(|feed| feed.is_connected)).await;
    send(&mut line_b, &bests([1, 3])).await;
    assert_eq!(asked(&mut line_a).await, (2, 2));
    assert_eq!(asked(&mut line_b).await, (2, 2));
    send(&mut line_b, &bests([2, 5])).await;
    assert_eq!(asked(&mut line_a).await, (4, 4));
    assert_eq!(asked(&mut line_b).await, (4, 4));
    send(&mut line_b, &bests([4])).await;
    sees(&mut consumer, &["snapshot 0 0 0", "1", "2", "3", "4", "5"]).await;
}

/// In lockstep, as redundant feeds are: a new day is recognised, and nothing of it comes twice.
#[tokio::test]
async fn redundant_feeds_begin_a_new_day() {
    let (a, b) = tokio::join!(Exchange::open(), Exchange::open());
    let mut builder = receiver().source(a.source()).source(b.source());
    let mut consumer = builder.consumer(POLICY);
    let receiver = builder.start().unwrap();
    let (mut line_a, mut line_b) = tokio::join!(a.accept(), b.accept());
    for number in [5_000_000, 5_000_001, 1, 2, 3, 4] {
        for line in [&mut line_a, &mut line_b] {
            let before = receiver.counts().feeds.iter().map(|feed| feed.frames).sum::<u64>();
            send(line, &bests([number])).await;
            counted(&receiver, |counts| counts.feeds.iter().map(|feed| feed.frames).sum::<u64>() > before).await;
        }
    }
    sees(&mut consumer, &["snapshot 0 0 0", "5000000", "5000001", "restarted 5000002 1", "1", "2", "3", "4"]).await;
    counted(&receiver, |counts| (counts.sequence.repeated, counts.sequence.stray) == (6, 0)).await;
}

#[tokio::test]
async fn one_feed_alone_is_enough_and_what_it_loses_is_asked_for() {
    let (a, b) = tokio::join!(Exchange::open(), Exchange::open());
    let mut builder = receiver().source(a.source()).source(b.source());
    let mut consumer = builder.consumer(POLICY);
    let receiver = builder.start().unwrap();
    let (mut line_a, mut line_b) = tokio::join!(a.accept(), b.accept());
    send(&mut line_a, &bests([1, 2])).await;
    sees(&mut consumer, &["snapshot 0 0 0", "1", "2"]).await;
    drop(line_a);
    drop(a);
    send(&mut line_b, &bests([1, 2, 3, 6])).await;
    assert_eq!(asked(&mut line_b).await, (4, 5));
    send(&mut line_b, &bests([4, 5])).await;
    // No interruption: one feed was there all the time.
    sees(&mut consumer, &["3", "4", "5", "6"]).await;
    let are_connected = |counts: &Counts| counts.feeds.iter().map(|feed| feed.is_connected).eq([false, true]);
    counted(&receiver, |counts| are_connected(counts) && counts.feeds[0].last_trouble.is_some()).await;
}

/// Sends these numbers, and goes away and comes back before some of them.
async fn unsteady(exchange: &Exchange, numbers: Vec<(u64, bool)>) -> TcpStream {
    let mut line = exchange.accept().await;
    for (number, goes_away) in numbers {
        if goes_away {
            // What was sent is read before the end of the connection is.
            line.shutdown().await.unwrap();
            line = exchange.accept().await;
        }
        send(&mut line, &bests([number])).await;
    }
    line
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Feeds that lose telegrams and connections at any place: if one of them has each telegram, the stream is the original.
    #[test]
    fn two_unsteady_feeds_make_the_original(days in prop::collection::vec((1..4_u8, 0..40_u8), 1..200)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (a, b) = tokio::join!(Exchange::open(), Exchange::open());
            let terms = SequenceTerms { lost_after: WAIT, ..SequenceTerms::new(plan().numbering().unwrap()) };
            let builder = Receiver::builder(plan(), CodeTable::of(FeedB7::LAYOUTS).unwrap()).sequence(terms);
            let mut builder = builder.bad_frame(FF).source(a.source()).source(b.source());
            let mut consumer = builder.consumer(POLICY);
            let _receiver = builder.start().unwrap();
            // The first number is on both: before it, nothing says that something is missing.
            let last = days.len() as u64;
            let of = |feed: u8| {
                let kept = (2..).zip(&days).filter(move |(_, (keep, _))| keep & feed != 0);
                let goes_away = move |chance: u8| chance == feed || chance == 3;
                std::iter::once((1, false)).chain(kept.map(move |(number, (_, chance))| (number, goes_away(*chance)))).collect::<Vec<_>>()
            };
            let lines = async { tokio::join!(unsteady(&a, of(1)), unsteady(&b, of(2))) };
            let numbers = async {
                let mut numbers = Vec::new();
                while numbers.last() != Some(&(last + 1)) {
                    match tokio::time::timeout(WAIT, consumer.next()).await.expect("an event in time") {
                        Some(Event::Telegram(received)) => numbers.extend(received.number()),
                        Some(Event::Snapshot { .. } | Event::Interrupted) => {}
                        other => unreachable!("{other:?}"),
                    }
                }
                numbers
            };
            let (_lines, numbers) = tokio::join!(lines, numbers);
            assert!(numbers.iter().copied().eq(1..=last + 1), "{numbers:?}");
        });
    }
}

#[tokio::test]
async fn a_receiver_that_could_not_do_its_work_does_not_start() {
    let exchange = Exchange::open().await;
    let table = || CodeTable::of(FeedB7::LAYOUTS).unwrap();
    let plain = Plan::builder().keyed(<Best as fep_codec::Telegram>::LAYOUT, &["issue"]).build().unwrap();
    let two = Receiver::builder(plain, table()).source(exchange.source()).source(exchange.source());
    let error = two.start().unwrap_err();
    assert_eq!(error, BuildError::NoNumbers { sources: 2 });
    assert!(error.to_string().contains("add telegrams with `numbered`"), "{error}");
    assert_eq!(receiver().start().unwrap_err(), BuildError::NoSource);
    // One telegram without a number is enough: it would come twice.
    let mixed = Plan::builder()
        .numbered(<Best as fep_codec::Telegram>::LAYOUT, &["issue"], "sequence")
        .keyed(<Deal as fep_codec::Telegram>::LAYOUT, &["issue"])
        .heartbeat(<Heartbeat as fep_codec::Telegram>::LAYOUT, "last_sequence")
        .build()
        .unwrap();
    let two = Receiver::builder(mixed.clone(), table()).source(exchange.source()).source(exchange.source());
    let error = two.start().unwrap_err();
    assert_eq!(error, BuildError::Unnumbered { sources: 2, telegram: "Deal".to_owned() });
    assert!(error.to_string().contains("Deal has no number and would come from each of them"), "{error}");
    assert!(Receiver::builder(mixed, table()).source(exchange.source()).start().is_ok());
}
