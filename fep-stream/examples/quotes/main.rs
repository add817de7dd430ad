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
    Ask, BadFrame, Consumer, Event, Plan, Policy, Receiver, Recorder, Replay, Slow, Speed, TcpSource, TcpTerms,
};
use tokio::time::{sleep, timeout};

use self::feed_b7::{Best, BestView, Deal, FeedB7, Heartbeat, Resend, Status};

/// Whatever ends the example before its time.
pub type Failure = Box<dyn Error + Send + Sync>;

/// The quotes of the day.
const QUOTES: u32 = 1_000;

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
    let (feed_a, feed_b) = exchange::open(QUOTES).await?;

    let mut builder = Receiver::builder(plan()?, CodeTable::of(FeedB7::LAYOUTS)?)
        .bad_frame(BadFrame::SkipTo(0xFF))
        .source(TcpSource::new(feed_a, TcpTerms::default()))
        .source(TcpSource::new(feed_b, TcpTerms::default()))
        .ask(resend);
    let all = builder.consumer(Policy::new(100_000, Slow::Disconnect));
    let screen = builder.consumer(Policy::new(100, Slow::ToLatest));
    let recorded = builder.consumer(Policy::new(100_000, Slow::Skip));
    let receiver = builder.start()?;

    let all = tokio::spawn(prices(all));
    let screen = tokio::spawn(show(screen));
    let file = path.to_owned();
    let recorded = tokio::task::spawn_blocking(move || record(recorded, &file));

    timeout(WAIT, async {
        while receiver.counts().sequence.passed < u64::from(QUOTES) {
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await?;
    let mut late = receiver.join(Policy::new(100, Slow::ToLatest)).await?;
    let joined = match late.next().await {
        Some(Event::Snapshot { telegrams, next, .. }) => {
            format!("a late joiner gets {telegrams} quotes, then all from {next} on")
        }
        other => format!("{other:?}"),
    };
    let counts = receiver.counts();
    receiver.stop().await;

    let (quotes, last) = all.await??;
    let screen = screen.await??;
    let mut shown = vec![
        format!("{quotes} quotes in order, {} instruments, lost {}", last.len(), counts.sequence.lost),
        format!("the two feeds brought {} quotes twice", counts.sequence.repeated),
        format!("the screen shows the same last prices: {}", screen == last),
        joined,
    ];
    recorded.await??;
    shown.push(format!("the recording has {} quotes", replayed(path).await?));
    Ok(shown)
}

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

/// The last ask price of each instrument.
type Prices = BTreeMap<String, u32>;

/// A consumer that needs every quote. Returns how many came, and the last prices.
async fn prices(mut consumer: Consumer) -> Result<(u64, Prices), Failure> {
    let mut quotes = 0;
    let mut last = Prices::new();
    while let Some(event) = consumer.next().await {
        match event {
            Event::Telegram(received) => {
                let quote = BestView::new(received.telegram())?; // decodes only what is asked for
                last.insert(quote.issue()?.to_string(), quote.ask()?);
                quotes += 1;
            }
            Event::Lost { first, last, .. } => eprintln!("the exchange did not send {first} to {last} again"),
            Event::Missed { first, last } => eprintln!("we were too slow for {first} to {last}"),
            Event::Ended(why) => eprintln!("no more quotes: {why:?}"),
            other => eprintln!("{other:?}"), // a snapshot begins, a feed is interrupted, something could not be read
        }
    }
    Ok((quotes, last))
}

/// A consumer that is slow. It needs only the last price of each instrument.
async fn show(mut consumer: Consumer) -> Result<Prices, Failure> {
    let mut last = Prices::new();
    while let Some(events) = consumer.next_many().await {
        for event in events {
            if let Event::Telegram(received) = event {
                let quote = BestView::new(received.telegram())?;
                last.insert(quote.issue()?.to_string(), quote.ask()?);
            }
        }
        sleep(Duration::from_millis(20)).await;
    }
    Ok(last)
}

/// A consumer that writes to the disk, on a thread that may wait for it.
fn record(mut consumer: Consumer, path: &Path) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().build()?;
    let mut recorder = Recorder::open(path, 100_000_000)?;
    while let Some(events) = runtime.block_on(consumer.next_many()) {
        for event in events {
            if let Event::Telegram(received) = event {
                recorder.record(received)?;
            }
        }
    }
    Ok(recorder.sync()?)
}

/// How many quotes a recording has, by a receiver that reads it as fast as it can.
async fn replayed(path: &Path) -> Result<u64, Failure> {
    let replay = Replay::open(path, Speed::Fastest).await?;
    let mut builder = Receiver::builder(plan()?, CodeTable::of(FeedB7::LAYOUTS)?).source(replay);
    let consumer = builder.consumer(Policy::new(100_000, Slow::Disconnect));
    let _receiver = builder.start()?;
    Ok(prices(consumer).await?.0)
}
