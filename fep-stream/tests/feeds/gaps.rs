//! Gaps on one feed: asked for on its own connection, filled or declared lost.

use std::time::Duration;

use fep_stream::{Counts, Policy, SequenceTerms, Slow};

use crate::exchange::{Exchange, asked, best, bests, counted, heartbeat, plan, receiver, sees, send};

const POLICY: Policy = Policy::new(1000, Slow::Disconnect);

#[tokio::test]
async fn a_gap_is_asked_for_and_the_order_is_kept() {
    let exchange = Exchange::open().await;
    let mut builder = receiver().source(exchange.source());
    let mut consumer = builder.consumer(POLICY);
    let receiver = builder.start().unwrap();
    let mut line = exchange.accept().await;
    send(&mut line, &bests([1, 2, 5, 6])).await;
    assert_eq!(asked(&mut line).await, (3, 4));
    send(&mut line, &bests([3, 4, 7])).await;
    sees(&mut consumer, &["snapshot 0 0 0", "1", "2", "3", "4", "5", "6", "7"]).await;
    // The last telegrams are missing, and only the heartbeat shows it.
    send(&mut line, &heartbeat(9)).await;
    assert_eq!(asked(&mut line).await, (8, 9));
    send(&mut line, &bests([8, 9])).await;
    sees(&mut consumer, &["8", "9"]).await;
    receiver.stop().await;
    sees(&mut consumer, &["ended(stopped)", "nothing"]).await;
}

#[tokio::test]
async fn what_is_not_sent_again_is_lost_and_every_consumer_is_told() {
    let exchange = Exchange::open().await;
    let terms = SequenceTerms {
        // The requests come long before the loss, also on a machine that is busy.
        lost_after: Duration::from_millis(1500),
        ask_every: Duration::from_millis(20),
        ..SequenceTerms::new(plan().numbering().unwrap())
    };
    let mut builder = receiver().source(exchange.source()).sequence(terms);
    let mut consumers = [builder.consumer(POLICY), builder.consumer(Policy::new(100, Slow::ToLatest))];
    let receiver = builder.start().unwrap();
    let mut line = exchange.accept().await;
    send(&mut line, &bests([99_999_998, 99_999_999, 3])).await;
    for _ in 0..3 {
        assert_eq!(asked(&mut line).await, (1, 2));
    }
    for consumer in &mut consumers {
        sees(consumer, &["snapshot 0 0 0", "99999998", "99999999", "lost 1-2 (2)", "3"]).await;
    }
    // What comes after that is too late.
    send(&mut line, &bests([1, 2, 4])).await;
    sees(&mut consumers[0], &["4"]).await;
    let is_right =
        |counts: &Counts| (counts.sequence.lost, counts.sequence.repeated, counts.sequence.asked) == (2, 2, 3);
    counted(&receiver, |counts| {
        is_right(counts) && (counts.feeds[0].frames, counts.next, counts.consumers) == (6, 5, 2)
    })
    .await;
}

#[tokio::test]
async fn a_late_joiner_gets_the_last_telegrams_and_then_all_that_follow() {
    let exchange = Exchange::open().await;
    let mut builder = receiver().source(exchange.source());
    let mut first = builder.consumer(POLICY);
    let receiver = builder.start().unwrap();
    let mut line = exchange.accept().await;
    let day = [best(1, "KR7005930003"), best(2, "KR7000660001"), best(3, "KR7005930003")].concat();
    send(&mut line, &day).await;
    sees(&mut first, &["snapshot 0 0 0", "1", "2", "3"]).await;
    let mut late = receiver.join(POLICY).await.unwrap();
    send(&mut line, &bests([4])).await;
    sees(&mut late, &["snapshot 0 3 2", "2", "3", "4"]).await;
    sees(&mut first, &["4"]).await;
}

#[tokio::test]
async fn an_exchange_that_begins_a_new_day_is_followed() {
    let exchange = Exchange::open().await;
    let mut builder = receiver().source(exchange.source());
    let mut consumer = builder.consumer(POLICY);
    let _receiver = builder.start().unwrap();
    let mut line = exchange.accept().await;
    send(&mut line, &bests([5_000_000, 5_000_001])).await;
    drop(line);
    let mut line = exchange.accept().await;
    send(&mut line, &bests([1, 2, 3, 4])).await;
    sees(
        &mut consumer,
        &["snapshot 0 0 0", "5000000", "5000001", "interrupted", "restarted 5000002 1", "1", "2", "3", "4"],
    )
    .await;
}

#[tokio::test]
async fn a_receiver_that_is_dropped_ends_its_consumers() {
    let exchange = Exchange::open().await;
    let mut builder = receiver().source(exchange.source());
    let mut consumer = builder.consumer(POLICY);
    let receiver = builder.start().unwrap();
    let mut line = exchange.accept().await;
    send(&mut line, &bests([1, 3])).await;
    assert_eq!(asked(&mut line).await, (2, 2));
    drop(receiver);
    // What is held back behind the gap is not kept back at the end.
    sees(&mut consumer, &["snapshot 0 0 0", "1", "lost 2-2 (1)", "3", "ended(stopped)", "nothing"]).await;
}

/// A program may need only some telegrams of a feed. The numbers of the others are gaps, and the plan must have them all.
#[tokio::test]
async fn a_number_of_a_telegram_that_is_not_in_the_plan_is_a_gap() {
    let exchange = Exchange::open().await;
    let mut builder = receiver().source(exchange.source());
    let mut consumer = builder.consumer(POLICY);
    let _receiver = builder.start().unwrap();
    let mut line = exchange.accept().await;
    let unknown = [b"B799S00000002KR7005930003\xFF".to_vec(), bests([3])].concat();
    send(&mut line, &[bests([1]), unknown].concat()).await;
    assert_eq!(asked(&mut line).await, (2, 2));
    sees(&mut consumer, &["snapshot 0 0 0", "1", "unreadable 26", "lost 2-2 (1)", "3"]).await;
}
