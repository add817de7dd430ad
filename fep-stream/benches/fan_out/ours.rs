//! The receiver of this crate, with four consumers.

use std::io::Write as _;
use std::time::{Duration, Instant};

use fep_codec::{CodeTable, Telegram};
use fep_stream::{BadFrame, Consumer, Event, Plan, Policy, Receiver, Slow, TcpSource, TcpTerms};
use tokio::task::JoinSet;

use crate::load::{Load, send};
use crate::measure::{Run, Seen, thread_time};
use crate::quote::{Trade, trade, use_up};
use crate::{CONSUMERS, Failure, own_runtime};

pub fn run(load: Load, buffer_max: usize, is_numbered: bool) -> Result<Run, Failure> {
    let (address, sender) = send(load)?;
    let plan = match is_numbered {
        false => Plan::builder().keyed(Trade::LAYOUT, &["issue"]).build()?,
        true => Plan::builder().numbered(Trade::LAYOUT, &["issue"], "total_volume").build()?,
    };
    let mut builder = Receiver::builder(plan, CodeTable::of(&[Trade::LAYOUT])?)
        .bad_frame(BadFrame::SkipTo(0xFF))
        .source(TcpSource::new(address, TcpTerms::default()));
    let consumers: Vec<Consumer> =
        (0..CONSUMERS).map(|_| builder.consumer(Policy::new(buffer_max, Slow::Skip))).collect();
    let begun = Instant::now();
    let before = thread_time();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let receiving = std::thread::spawn(move || {
        let runtime = own_runtime()?;
        runtime.block_on(async {
            let receiver = builder.start()?;
            let _ = stopped.await;
            receiver.stop().await;
            Ok::<_, Failure>(thread_time())
        })
    });
    let runtime = own_runtime()?;
    let seen = runtime.block_on(async {
        let mut tasks = JoinSet::new();
        consumers.into_iter().for_each(|consumer| drop(tasks.spawn(consume(consumer, load))));
        tasks.join_all().await
    });
    let elapsed = begun.elapsed();
    let consumers = thread_time().saturating_sub(before);
    let _ = stop.send(());
    let receiver = receiving.join().map_err(|_| "the receiver's thread")??;
    let sent_rate = sender.join().map_err(|_| "the sender's thread")??;
    let name = if is_numbered { "fep-stream, numbered" } else { "fep-stream" };
    Ok(Run { name, seen, elapsed, receiver, consumers, sent_rate })
}

async fn consume(mut consumer: Consumer, load: Load) -> Seen {
    let mut seen = Seen::new(load.rate.is_some());
    while seen.trades + seen.missed < load.count as u64 {
        let Some(events) = consumer.next_many().await else { break };
        for event in events {
            match event {
                Event::Telegram(received) => {
                    let sent = use_up(received.telegram());
                    seen.done(sent, u64::try_from(received.received_at().as_nanos()).ok());
                }
                Event::Missed { first, last } => seen.missed += last - first + 1,
                _ => {}
            }
        }
    }
    seen
}

/// How long it takes to join a stream of so many instruments: the median of 21 consumers.
pub fn join(instruments: usize) -> Result<Duration, Failure> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let plan = Plan::builder().keyed(Trade::LAYOUT, &["issue"]).build()?;
    let builder = Receiver::builder(plan, CodeTable::of(&[Trade::LAYOUT])?)
        .source(TcpSource::new(listener.local_addr()?.to_string(), TcpTerms::default()));
    own_runtime()?.block_on(async {
        let receiver = builder.start()?;
        let sender = std::thread::spawn(move || {
            let (mut line, _) = listener.accept()?;
            line.write_all(&(0..instruments).flat_map(trade).collect::<Vec<u8>>())?;
            Ok::<_, std::io::Error>(line)
        });
        while receiver.counts().instruments < instruments {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let mut times = Vec::new();
        for _ in 0..21 {
            let begun = Instant::now();
            let mut consumer = receiver.join(Policy::new(1, Slow::ToLatest)).await?;
            consumer.next().await;
            times.push(begun.elapsed());
        }
        drop(sender.join());
        times.sort_unstable();
        Ok(times.get(10).copied().unwrap_or_default())
    })
}
