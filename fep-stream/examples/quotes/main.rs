//! Two redundant feeds of one exchange, and what a service does with them: a consumer of all prices, a screen that is slow, a recording, and a
//! late joiner. The feeds lose telegrams, and the receiver asks for what both have lost.
//!
//! `cargo run -p fep-stream --example quotes`. `feed_b7.rs` is what `fep gen specs/feed-b7/feed-b7.toml` writes.

#![allow(clippy::print_stdout, clippy::print_stderr, unreachable_pub, reason = "an example shows something")]

mod exchange;
#[allow(dead_code, missing_docs, clippy::large_enum_variant, reason = "generated, and not all of it is used")]
mod feed_b7;

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::time::Duration;

use fep_codec::{CodeTable, Telegram, TelegramSet};
use fep_stream::{
    Ask, BadFrame, Consumer, Ended, Event, Plan, Policy, Received, Receiver, Recorder, Replay, Slow, Speed, TcpSource,
    TcpTerms,
};
use tokio::time::{sleep, timeout};

use self::feed_b7::{Best, BestView, Deal, DealView, FeedB7, Heartbeat, Resend, Status};

/// Whatever ends the example before its time.
pub type Failure = Box<dyn Error + Send + Sync>;

/// The quotes and deals of the day.
const TELEGRAMS: u32 = 1_000;

/// The longest time that a day may take.
const WAIT: Duration = Duration::from_secs(30);

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let recording = std::env::temp_dir().join(format!("quotes-{}.feed", std::process::id()));
    let shown = day(&recording).await;
    std::fs::remove_file(&recording)?;
    for line in shown? {
        println!("{line}");
    }
    Ok(())
}

/// One day. Returns what it saw.
pub async fn day(path: &Path) -> Result<Vec<String>, Failure> {
    let (feed_a, feed_b) = exchange::open(TELEGRAMS).await?;

    let mut builder = Receiver::builder(plan()?, CodeTable::of(FeedB7::LAYOUTS)?)
        .bad_frame(BadFrame::SkipTo(0xFF))
        .source(TcpSource::new(feed_a, TcpTerms::default()))
        .source(TcpSource::new(feed_b, TcpTerms::default()))
        .ask(resend);
    let all = builder.consumer(Policy::new(100_000, Slow::Disconnect));
    let screen = builder.consumer(Policy::new(100, Slow::ToLatest));
    let recorded = builder.consumer(Policy::new(100_000, Slow::Disconnect));
    let receiver = builder.start()?;

    let all = tokio::spawn(prices(all));
    let screen = tokio::spawn(show(screen));
    let file = path.to_owned();
    let recorded = tokio::task::spawn_blocking(move || record(recorded, &file));

    timeout(WAIT, async {
        while receiver.counts().sequence.passed < u64::from(TELEGRAMS) {
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await?;
    let mut late = receiver.join(Policy::new(100, Slow::ToLatest)).await?;
    let joined = match late.next().await {
        Some(Event::Snapshot { telegrams, next, .. }) => {
            format!("a late joiner gets {telegrams} telegrams, then all from {next} on")
        }
        other => format!("{other:?}"),
    };
    let counts = receiver.counts();
    receiver.stop().await;

    let Seen { quotes, deals, last } = all.await??;
    let screen = screen.await??;
    let mut shown = vec![
        format!("{quotes} quotes and {deals} deals in order, lost {}", counts.sequence.lost),
        format!("the two feeds brought {} telegrams twice", counts.sequence.repeated),
        format!("the screen shows the same last prices: {}", screen == last),
        joined,
    ];
    recorded.await??;
    let Seen { quotes, deals, .. } = replayed(path).await?;
    shown.push(format!("the recording has {quotes} quotes and {deals} deals"));
    Ok(shown)
}

/// What [`Received::kind`] says: the place of a telegram in the plan.
const BEST: usize = 0;
const DEAL: usize = 1;

/// The telegrams of the feed: where each has its instrument and its number.
fn plan() -> Result<Plan, Failure> {
    let plan = Plan::builder()
        .numbered(Best::LAYOUT, &["issue", "board"], "sequence")
        .numbered(Deal::LAYOUT, &["issue", "board"], "sequence")
        .numbered(Status::LAYOUT, &["issue", "board"], "sequence")
        .heartbeat(Heartbeat::LAYOUT, "last_sequence")
        .build()?;
    Ok(plan)
}

/// The telegram that asks the exchange for numbers again.
fn resend(missing: Ask) -> Vec<u8> {
    let [first, last] = [missing.first, missing.last].map(|number| u32::try_from(number).unwrap_or_default());
    let Ok(data_code) = "B70RQ".parse() else { return Vec::new() };
    Resend { data_code, first, last, _literal: () }.encode_to_vec().unwrap_or_default()
}

/// The last ask price and the last price of a deal, of each instrument.
type Prices = BTreeMap<(usize, String), u32>;

/// What a consumer saw.
#[derive(Default)]
struct Seen {
    quotes: u64,
    deals: u64,
    last: Prices,
}

impl Seen {
    fn take(&mut self, received: &Received) -> Result<(), Failure> {
        // Each telegram of the plan can come, and each has its own view. It decodes only what is asked for.
        let (issue, price) = match received.kind() {
            BEST => {
                let quote = BestView::new(received.telegram())?;
                self.quotes += 1;
                (quote.issue()?.to_string(), quote.ask()?)
            }
            DEAL => {
                let deal = DealView::new(received.telegram())?;
                self.deals += 1;
                (deal.issue()?.to_string(), deal.price()?)
            }
            _ => return Ok(()), // the state of the market
        };
        self.last.insert((received.kind(), issue), price);
        Ok(())
    }
}

/// A consumer that needs every telegram.
async fn prices(mut consumer: Consumer) -> Result<Seen, Failure> {
    let mut seen = Seen::default();
    while let Some(event) = consumer.next().await {
        match event {
            Event::Telegram(received) => seen.take(received)?,
            Event::Lost { first, last, .. } => eprintln!("the exchange did not send {first} to {last} again"),
            Event::Missed { first, last } => eprintln!("we were too slow for {first} to {last}"),
            Event::Ended(why) => eprintln!("no more quotes: {why:?}"),
            other => eprintln!("{other:?}"), // a snapshot begins, a feed is interrupted, something could not be read
        }
    }
    Ok(seen)
}

/// A consumer that is slow. It needs only the last prices.
async fn show(mut consumer: Consumer) -> Result<Prices, Failure> {
    let mut seen = Seen::default();
    while let Some(events) = consumer.next_many().await {
        for event in events {
            if let Event::Telegram(received) = event {
                seen.take(received)?;
            }
        }
        sleep(Duration::from_millis(20)).await;
    }
    Ok(seen.last)
}

/// A consumer that writes to the disk, on a thread that may wait for it. A recording with a hole that nobody knows of is worse than none.
fn record(mut consumer: Consumer, path: &Path) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let mut recorder = Recorder::open(path, 100_000_000)?;
    while let Some(events) = runtime.block_on(consumer.next_many()) {
        for event in events {
            match event {
                Event::Telegram(received) => recorder.record(received)?,
                Event::Ended(Ended::Stopped) | Event::Snapshot { .. } => {}
                Event::Ended(why) => return Err(format!("the recording is not complete: {why:?}").into()),
                other => eprintln!("the recording has a hole: {other:?}"), // lost, out of place, unreadable, interrupted
            }
        }
    }
    Ok(recorder.sync()?)
}

/// What a recording has, by a receiver that reads it as fast as it can.
async fn replayed(path: &Path) -> Result<Seen, Failure> {
    let replay = Replay::open(path, Speed::Fastest).await?;
    let mut builder = Receiver::builder(plan()?, CodeTable::of(FeedB7::LAYOUTS)?).source(replay);
    let consumer = builder.consumer(Policy::new(100_000, Slow::Disconnect));
    let _receiver = builder.start()?;
    prices(consumer).await
}
