//! What the exchanges of an institution came to since the gateway started, for those who look at the gateway. Its task counts, HTTP reads; Prometheus
//! has counters of its own.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fep_protocol::exchange::{Exchange, Outcome};
use fep_protocol::reason::{JournalError, NotSent};

/// The upper bounds of the counts of round trips, in milliseconds. The last count is of those above all bounds.
pub const ROUND_TRIP_BOUNDS_MS: [u64; 14] = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000];

/// The traffic of one institution.
#[derive(Debug, Default)]
pub struct Traffic {
    telegrams: Mutex<BTreeMap<Arc<str>, Arc<TelegramTraffic>>>,
    late: AtomicU64,
}

/// The traffic of one request telegram. Each number only grows.
#[derive(Debug, Default)]
pub struct TelegramTraffic {
    answered: AtomicU64,
    unknown: AtomicU64,
    not_sent: AtomicU64,
    round_trips: [AtomicU64; ROUND_TRIP_BOUNDS_MS.len() + 1],
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
        Arc::clone(self.telegrams().entry(Arc::clone(telegram)).or_default())
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

impl TelegramTraffic {
    /// Counts an exchange by its outcome. One whose key another gateway has is counted there.
    pub(crate) fn ended(&self, exchange: &Exchange) {
        if exchange.reason_code.as_deref() == Some(NotSent::Journal(JournalError::KeyTaken).code()) {
            return;
        }
        let count = match exchange.outcome {
            Some(Outcome::Answered) => &self.answered,
            Some(Outcome::Unknown) => &self.unknown,
            Some(Outcome::NotSent) => &self.not_sent,
            None => return,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts the time from a request to its answer, in seconds.
    pub(crate) fn round_trip(&self, seconds: f64) {
        let ms = seconds * 1000.0;
        let bounds = ROUND_TRIP_BOUNDS_MS.map(|bound| f64::from(u32::try_from(bound).unwrap_or(u32::MAX)));
        let place = bounds.iter().position(|bound| ms <= *bound).unwrap_or(ROUND_TRIP_BOUNDS_MS.len());
        if let Some(count) = self.round_trips.get(place) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
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
}
