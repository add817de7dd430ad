//! What one run gave.

use std::time::Duration;

use hdrhistogram::Histogram;

use crate::load::{after, now_ns};

/// What one consumer saw.
pub struct Seen {
    pub trades: u64,
    pub missed: u64,
    /// Nanoseconds from the sender's write to the end of the consumer's work.
    pub times: Option<Histogram<u64>>,
    /// Nanoseconds from the read of the socket to the end of the consumer's work, where that is known.
    pub since_read: Option<Histogram<u64>>,
}

impl Seen {
    pub fn new(has_times: bool) -> Self {
        let times = || has_times.then(|| Histogram::new_with_bounds(1, 60_000_000_000, 3).ok()).flatten();
        Self { trades: 0, missed: 0, times: times(), since_read: times() }
    }

    /// A consumer is done with a trade. The time of one in 16 is recorded, because the clock of some machines is a system call.
    pub fn done(&mut self, sent: u64, read_ns: Option<u64>) {
        self.trades += 1;
        if !self.trades.is_multiple_of(16) {
            return;
        }
        let Some(times) = &mut self.times else { return };
        let now = now_ns();
        times.saturating_record(after(sent, now));
        if let Some((times, read_ns)) = self.since_read.as_mut().zip(read_ns) {
            times.saturating_record(now.saturating_sub(read_ns));
        }
    }
}

/// What one run gave.
pub struct Run {
    pub name: &'static str,
    pub seen: Vec<Seen>,
    pub elapsed: Duration,
    /// The processor time of the thread that receives. It is shown for each trade that came.
    pub receiver: Duration,
    /// The processor time of the thread with the consumers. It is shown for each trade that one of them got.
    pub consumers: Duration,
    pub sent_rate: f64,
}

impl Run {
    pub fn show(&self) {
        let trades: u64 = self.seen.iter().map(|seen| seen.trades).sum();
        let missed: u64 = self.seen.iter().map(|seen| seen.missed).sum();
        let all = ((trades + missed) / self.seen.len().max(1) as u64).max(1) as f64;
        let times = percentiles(self.seen.iter().filter_map(|seen| seen.times.as_ref()));
        let since_read = percentiles(self.seen.iter().filter_map(|seen| seen.since_read.as_ref()));
        println!(
            "| {} | {:.0} | {:.0} | {missed} | {:.0} | {:.0}{times}{since_read} |",
            self.name,
            all / self.elapsed.as_secs_f64(),
            self.sent_rate,
            self.receiver.as_nanos() as f64 / all,
            self.consumers.as_nanos() as f64 / trades.max(1) as f64,
        );
    }
}

/// The processor time of this thread.
pub fn thread_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap_or_default(), time.tv_nsec.try_into().unwrap_or_default())
}

/// The median, p99, p99.9 and the longest time of all, in microseconds, as cells of a table.
fn percentiles<'h>(parts: impl Iterator<Item = &'h Histogram<u64>>) -> String {
    let mut all: Option<Histogram<u64>> = None;
    for part in parts {
        match &mut all {
            Some(all) => all.add(part).unwrap_or_default(),
            None => all = Some(part.clone()),
        }
    }
    match all {
        None => String::new(),
        Some(all) if all.is_empty() => " | - | - | - | -".to_owned(),
        Some(all) => {
            let at = |quantile| all.value_at_quantile(quantile) / 1000;
            format!(" | {} | {} | {} | {}", at(0.5), at(0.99), at(0.999), all.max() / 1000)
        }
    }
}
