//! What the exchanges of an institution came to since the gateway started, for those who look at the gateway. Its task counts, HTTP reads; Prometheus
//! has counters of its own.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fep_protocol::exchange::{Exchange, Outcome};
pub use fep_protocol::indicators::ROUND_TRIP_BOUNDS_MS;
use fep_protocol::indicators::{Counts, End, ROUND_TRIPS, Window, round_trip_place};
use fep_protocol::reason::{JournalError, NotSent};
use tokio::time::Instant;

/// The traffic of one institution.
#[derive(Debug, Default)]
pub struct Traffic {
    telegrams: Mutex<BTreeMap<Arc<str>, Arc<TelegramTraffic>>>,
    late: AtomicU64,
    recent: Arc<Recent>,
}

/// The traffic of the last minute, with the clock of its window.
#[derive(Debug)]
struct Recent {
    start: Instant,
    window: Mutex<Window>,
}

/// The traffic of one request telegram. Each number only grows.
#[derive(Debug)]
pub struct TelegramTraffic {
    answered: AtomicU64,
    unknown: AtomicU64,
    not_sent: AtomicU64,
    round_trips: [AtomicU64; ROUND_TRIPS],
    recent: Arc<Recent>,
}

/// The traffic of one request telegram at one time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrafficCounts {
    /// The telegram.
    pub telegram: Arc<str>,
    /// The exchanges that were answered.
    pub answered: u64,
    /// Those whose outcome became unknown.
    pub unknown: u64,
    /// Those that were not sent.
    pub not_sent: u64,
    /// The round trips of answered ones, by [`ROUND_TRIP_BOUNDS_MS`]: each count is of those up to its bound and above the bound before.
    pub round_trips: Vec<u64>,
}

impl Traffic {
    /// The counts of a telegram, to be kept by those who count often.
    pub(crate) fn of(&self, telegram: &Arc<str>) -> Arc<TelegramTraffic> {
        let new = || Arc::new(TelegramTraffic::new(Arc::clone(&self.recent)));
        Arc::clone(self.telegrams().entry(Arc::clone(telegram)).or_insert_with(new))
    }

    /// What the requests of the last minute came to.
    pub(crate) fn recent(&self) -> Counts {
        self.recent.counts()
    }

    /// Counts an exchange that was refused before it reached the task of its institution.
    pub(crate) fn refused(&self, exchange: &Exchange) {
        self.of(&exchange.telegram).ended(exchange);
    }

    /// Counts an answer that came too late.
    pub(crate) fn late(&self) {
        self.late.fetch_add(1, Ordering::Relaxed);
    }

    /// The number of answers that came too late.
    #[must_use]
    pub fn late_count(&self) -> u64 {
        self.late.load(Ordering::Relaxed)
    }

    /// The counts of all telegrams that had an exchange, by name.
    #[must_use]
    pub fn counts(&self) -> Vec<TrafficCounts> {
        let now = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let counts = |(telegram, of): (&Arc<str>, &Arc<TelegramTraffic>)| TrafficCounts {
            telegram: Arc::clone(telegram),
            answered: now(&of.answered),
            unknown: now(&of.unknown),
            not_sent: now(&of.not_sent),
            round_trips: of.round_trips.iter().map(now).collect(),
        };
        self.telegrams().iter().map(counts).collect()
    }

    fn telegrams(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Arc<TelegramTraffic>>> {
        // The map is valid after every single change, so a panic elsewhere does not damage it.
        self.telegrams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Recent {
    fn counts(&self) -> Counts {
        self.window.lock().unwrap_or_else(PoisonError::into_inner).counts(self.start.elapsed())
    }

    fn count(&self, act: impl FnOnce(&mut Window, Duration)) {
        let now = self.start.elapsed();
        act(&mut self.window.lock().unwrap_or_else(PoisonError::into_inner), now);
    }
}

impl Default for Recent {
    fn default() -> Self {
        Self { start: Instant::now(), window: Mutex::default() }
    }
}

impl TelegramTraffic {
    fn new(recent: Arc<Recent>) -> Self {
        let round_trips = [(); ROUND_TRIPS].map(|()| AtomicU64::default());
        let [answered, unknown, not_sent] = [(); 3].map(|()| AtomicU64::default());
        Self { answered, unknown, not_sent, round_trips, recent }
    }

    /// Counts an exchange by its outcome. One whose key another gateway has is counted there.
    pub(crate) fn ended(&self, exchange: &Exchange) {
        if exchange.reason_code.as_deref() == Some(NotSent::Journal(JournalError::KeyTaken).code()) {
            return;
        }
        let (count, end) = match exchange.outcome {
            Some(Outcome::Answered) => (&self.answered, End::Answered),
            Some(Outcome::Unknown) => (&self.unknown, End::Unknown),
            Some(Outcome::NotSent) if is_stopped(exchange) => (&self.not_sent, End::Stopped),
            Some(Outcome::NotSent) => (&self.not_sent, End::NotSent),
            None => return,
        };
        count.fetch_add(1, Ordering::Relaxed);
        self.recent.count(|window, now| window.ended(end, now));
    }

    /// Counts the time from a request to its answer, in seconds.
    pub(crate) fn round_trip(&self, seconds: f64) {
        let time = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        self.recent.count(|window, now| window.round_trip(time, now));
        if let Some(count) = self.round_trips.get(round_trip_place(time)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Whether a breaker stopped it, also if it has an answer of another kind instead.
fn is_stopped(exchange: &Exchange) -> bool {
    let codes = ["breaker_tripped", "entrance_closed", "stood_in", "passed_on"];
    exchange.reason_code.as_deref().is_some_and(|code| codes.contains(&code))
}

#[cfg(test)]
mod tests {
    use fep_protocol::exchange::ExchangeId;

    use super::*;

    #[test]
    fn a_round_trip_counts_up_to_its_bound() {
        let traffic = Traffic::default();
        let transfer = traffic.of(&"Transfer".into());
        [0.000_5, 0.001, 0.001_1, 0.03, 30.0, 31.0].into_iter().for_each(|seconds| transfer.round_trip(seconds));
        let ended = |outcome, code: Option<&str>| {
            let exchange = Exchange::accepted(ExchangeId::new(1, 1, 1), "bank-a".into(), "Transfer".into(), 1);
            transfer.ended(&Exchange { outcome, reason_code: code.map(str::to_owned), ..exchange });
        };
        for outcome in
            [Some(Outcome::Answered), Some(Outcome::Unknown), Some(Outcome::NotSent), Some(Outcome::NotSent), None]
        {
            ended(outcome, None);
        }
        ended(Some(Outcome::NotSent), Some("key_taken"));
        let counts = traffic.counts();
        assert_eq!((counts[0].answered, counts[0].unknown, counts[0].not_sent), (1, 1, 2));
        assert_eq!(counts[0].round_trips, [2, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
    }

    #[test]
    fn the_last_minute_is_that_of_all_telegrams() {
        let traffic = Traffic::default();
        let exchange =
            |telegram: &str| Exchange::accepted(ExchangeId::new(1, 1, 1), "bank-a".into(), telegram.into(), 1);
        let answered = Exchange { outcome: Some(Outcome::Answered), ..exchange("Transfer") };
        traffic.of(&answered.telegram).round_trip(0.003);
        traffic.of(&answered.telegram).ended(&answered);
        for code in ["breaker_tripped", "stood_in", "queue_full", "key_taken"] {
            let reason_code = Some(code.to_owned());
            traffic.refused(&Exchange { outcome: Some(Outcome::NotSent), reason_code, ..exchange("Balance") });
        }
        let recent = traffic.recent();
        assert_eq!((recent.answered, recent.unknown, recent.not_sent, recent.stopped), (1, 0, 3, 2));
        assert_eq!((recent.round_trips.iter().sum::<u64>(), recent.longest_ms), (1, 3));
    }
}
