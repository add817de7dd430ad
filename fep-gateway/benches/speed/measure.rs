//! What one contender did in one window of time: a row, as a line of JSON between processes. Also medians.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::{Instant, sleep_until};

use crate::arguments::Arguments;
use crate::usage;

/// The maximum number of latencies that one caller keeps. Later ones count, but are not in the quantiles.
const LATENCIES_MAX: usize = 1 << 20;

/// The latency of a failed exchange. A refusal is fast, but it counts as slower than any answer.
const FAILED_US: u32 = u32::MAX;

/// The result of one window.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Row {
    /// Exchanges that ended well in the window.
    pub(crate) exchanges: u64,
    /// Exchanges that ended otherwise in the window.
    pub(crate) failed: u64,
    pub(crate) seconds: f64,
    pub(crate) median_us: f64,
    p99_us: f64,
    /// The processor time of the contender in the window, in microseconds.
    pub(crate) processor_us: Option<f64>,
    /// The same of the bank.
    pub(crate) peer_us: Option<f64>,
    /// All exchanges since the start of the process, for numbers that do not belong to the window.
    pub(crate) exchanges_total: u64,
    /// The bytes of the journal's files after the gateway stopped.
    pub(crate) journal_bytes: Option<u64>,
    /// The bytes that the process caused to be written to disk since its start.
    pub(crate) written_bytes: Option<u64>,
    /// The commits of the journal since the start of the process.
    pub(crate) commits: Option<u64>,
    /// The medians of one exchange and of one wait for the disk while one caller alternates between them, in microseconds.
    pub(crate) alternated_us: Option<[f64; 2]>,
}

impl Row {
    pub(crate) fn per_second(&self) -> f64 {
        count(self.exchanges) / self.seconds
    }

    /// The 99th percentile in microseconds, infinite if more than one exchange of a hundred failed.
    pub(crate) fn p99(&self) -> f64 {
        if self.p99_us >= f64::from(FAILED_US) { f64::INFINITY } else { self.p99_us }
    }

    pub(crate) fn print(&self) {
        println!("{}", serde_json::to_string(self).expect("JSON"));
    }
}

/// The plan of one window: how many callers, how long before it and how long.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) callers: usize,
    pub(crate) warm_up: Duration,
    pub(crate) window: Duration,
}

impl Plan {
    pub(crate) fn of(arguments: &Arguments) -> Self {
        Self { callers: arguments.number("--callers", 64), ..Self::of_window(arguments) }
    }

    /// The plan with one caller: `--callers` may be a list.
    pub(crate) fn of_window(arguments: &Arguments) -> Self {
        Self { callers: 1, warm_up: arguments.ms("--warm-up-ms", 700), window: arguments.ms("--window-ms", 2000) }
    }

    pub(crate) fn words(&self) -> Vec<String> {
        let pairs = [
            ("--callers", self.callers.to_string()),
            ("--warm-up-ms", self.warm_up.as_millis().to_string()),
            ("--window-ms", self.window.as_millis().to_string()),
        ];
        pairs.into_iter().flat_map(|(name, value)| [name.to_owned(), value]).collect()
    }

    /// Lets each caller repeat `exchange`, one after the other, until the window ends. `exchange` gets the number of its caller and says
    /// whether it ended well. `contender` is the process whose processor time counts.
    pub(crate) async fn run<F, Fut>(self, contender: u32, peer: Option<u32>, exchange: F) -> Row
    where
        F: Fn(usize) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = bool> + Send,
    {
        let exchange = Arc::new(exchange);
        let from = Instant::now() + self.warm_up;
        let until = from + self.window;
        let callers: Vec<_> = (0..self.callers)
            .map(|caller| {
                let exchange = Arc::clone(&exchange);
                tokio::spawn(async move { call(from, until, || exchange(caller)).await })
            })
            .collect();
        sleep_until(from).await;
        let begun = Instant::now();
        let processor = usage::processor(contender);
        let of_peer = peer.and_then(usage::processor);
        sleep_until(until).await;
        let used = |process: u32, before: Option<Duration>| Some(usage::processor(process)?.saturating_sub(before?));
        let processor = used(contender, processor);
        let of_peer = peer.and_then(|peer| used(peer, of_peer));
        let micros = |time: Duration| time.as_secs_f64() * 1e6;
        let mut row = Row {
            seconds: begun.elapsed().as_secs_f64(),
            processor_us: processor.map(micros),
            peer_us: of_peer.map(micros),
            ..Row::default()
        };
        let mut latencies = Vec::new();
        for caller in callers {
            let Called { times, well, failed, total } = caller.await.expect("a caller");
            latencies.extend(times);
            row.exchanges += well;
            row.failed += failed;
            row.exchanges_total += total;
        }
        latencies.sort_unstable();
        row.median_us = quantile(&latencies, 0.5);
        row.p99_us = quantile(&latencies, 0.99);
        row
    }
}

/// What one caller saw.
struct Called {
    /// In microseconds.
    times: Vec<u32>,
    well: u64,
    failed: u64,
    total: u64,
}

async fn call<Fut: Future<Output = bool>>(from: Instant, until: Instant, exchange: impl Fn() -> Fut) -> Called {
    let mut called = Called { times: Vec::new(), well: 0, failed: 0, total: 0 };
    loop {
        let start = Instant::now();
        if start >= until {
            return called;
        }
        let well = exchange().await;
        let end = Instant::now();
        called.total += 1;
        if end < from || end >= until {
            continue;
        }
        let time = if well {
            called.well += 1;
            u32::try_from((end - start).as_micros()).unwrap_or(FAILED_US)
        } else {
            called.failed += 1;
            FAILED_US
        };
        if called.times.len() < LATENCIES_MAX {
            called.times.push(time);
        }
    }
}

/// A quantile of sorted times, in microseconds; that of a failed exchange if there are none.
fn quantile(sorted: &[u32], part: f64) -> f64 {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and the number of times")]
    let at = (count(u64::try_from(sorted.len().saturating_sub(1)).unwrap_or_default()) * part) as usize;
    f64::from(sorted.get(at).copied().unwrap_or(FAILED_US))
}

#[allow(clippy::cast_precision_loss, reason = "a count for a ratio")]
pub(crate) fn count(number: u64) -> f64 {
    number as f64
}

/// The median of some values; of an even number of values, the greater one of the two in the middle. `None` without values.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// A number as a cell of a table, or a dash.
pub(crate) fn cell(value: Option<f64>, decimals: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.decimals$}"))
}
