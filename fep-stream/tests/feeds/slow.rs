//! Consumers that are slow, each in its own way, beside one that is not. The reader waits for none of them.

use std::collections::BTreeMap;

use fep_stream::{Counts, Ended, Event, Policy, Slow};
use tokio::time::timeout;

use crate::exchange::{Exchange, WAIT, best, counted, next, receiver, sees, send};
use crate::feed_b7::BestView;

const COUNT: u64 = 20_000;

fn issue(number: u64) -> String {
    format!("KR70059300{:02}", number % 50)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_consumers_disturb_neither_the_reader_nor_the_others_and_each_learns_what_it_missed() {
    let exchange = Exchange::open().await;
    let mut builder = receiver().source(exchange.source());
    let mut all = builder.consumer(Policy::new(100_000, Slow::Disconnect));
    let mut latest = builder.consumer(Policy::new(500, Slow::ToLatest));
    let mut skipping = builder.consumer(Policy::new(500, Slow::Skip));
    let mut cut_off = builder.consumer(Policy::new(500, Slow::Disconnect));
    let mut dropped = Some(builder.consumer(Policy::new(500, Slow::Skip)));
    let receiver = builder.start().unwrap();
    let mut line = exchange.accept().await;
    let bytes: Vec<u8> = (1..=COUNT).flat_map(|number| best(number, &issue(number))).collect();
    send(&mut line, &bytes).await;
    sees(&mut all, &["snapshot 0 0 0"]).await;
    for number in 1..=COUNT {
        assert_eq!(next(&mut all).await, number.to_string());
        if number == COUNT / 2 {
            drop(dropped.take());
        }
    }

    // 500 events and the end.
    sees(&mut cut_off, &["snapshot 0 0 0"]).await;
    for number in 1..=500 {
        assert_eq!(next(&mut cut_off).await, number.to_string());
    }
    let end = timeout(WAIT, cut_off.next()).await.unwrap();
    assert!(matches!(end, Some(Event::Ended(Ended::TooSlow { next: 500 }))), "{end:?}");
    sees(&mut cut_off, &["nothing"]).await;

    // 500 events, and what is missing between them and what follows.
    sees(&mut skipping, &["snapshot 0 0 0"]).await;
    for number in 1..=500 {
        assert_eq!(next(&mut skipping).await, number.to_string());
    }
    let missed = timeout(WAIT, skipping.next()).await.unwrap();
    assert!(matches!(missed, Some(Event::Missed { first: 500, last: 19_999 })), "{missed:?}");

    // 500 events, and then the last telegram of each instrument.
    sees(&mut latest, &["snapshot 0 0 0"]).await;
    let mut last = BTreeMap::new();
    for _ in 0..500 {
        take(&mut last, timeout(WAIT, latest.next()).await.unwrap());
    }
    let head = timeout(WAIT, latest.next()).await.unwrap();
    assert!(matches!(head, Some(Event::Snapshot { from: 500, next: COUNT, telegrams: 50, left_out: 0 })), "{head:?}");
    for _ in 0..50 {
        take(&mut last, timeout(WAIT, latest.next()).await.unwrap());
    }
    let expected: BTreeMap<String, u64> = (1..=COUNT).map(|number| (issue(number), number)).collect();
    assert_eq!(last, expected);

    // All who are left go on together.
    send(&mut line, &best(COUNT + 1, &issue(0))).await;
    for consumer in [&mut all, &mut latest, &mut skipping] {
        sees(consumer, &["20001"]).await;
    }
    let is_right = |counts: &Counts| (counts.consumers, counts.next, counts.instruments) == (3, COUNT + 1, 50);
    counted(&receiver, |counts| is_right(counts) && counts.too_slow >= 3).await;
}

fn take(last: &mut BTreeMap<String, u64>, event: Option<&Event>) {
    let Some(Event::Telegram(received)) = event else { return };
    let view = BestView::new(received.telegram()).unwrap();
    last.insert(view.issue().unwrap().to_string(), u64::from(view.ask().unwrap()));
}
