//! What the requests to one institution came to in the last minute, as values that can be added over instances.
//!
//! Each instance measures for itself ([`Window`]) and tells the others ([`Indicators`]). What it hears of them is in [`Heard`].
//! People look at these values; nothing decides by them. They may be late, old or lost.
//!
//! Sums are exact in any order: counts are added, and times are counts by fixed bounds. A percentile is taken from a sum. An
//! average of percentiles would be wrong, so there is no way to add them.

mod heard;
mod window;

use std::time::Duration;

pub use self::heard::{HEARD_MAX, Heard, OLD_MAX, Other, Others};
pub use self::window::{WINDOW, Window};

/// The upper bounds of the counts of round trips, in milliseconds. The last count is of those above all bounds.
pub const ROUND_TRIP_BOUNDS_MS: [u64; 14] = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000];

/// The number of counts of round trips.
pub const ROUND_TRIPS: usize = ROUND_TRIP_BOUNDS_MS.len() + 1;

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It was answered.
    Answered,
    /// Its outcome became unknown.
    Unknown,
    /// It was not sent.
    NotSent,
    /// It was not sent because a breaker stopped it.
    Stopped,
}

/// The requests that ended in some time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Those that were answered.
    pub answered: u64,
    /// Those whose outcome became unknown.
    pub unknown: u64,
    /// Those that were not sent.
    pub not_sent: u64,
    /// Those among the last ones that a breaker stopped.
    pub stopped: u64,
    /// The round trips by [`ROUND_TRIP_BOUNDS_MS`]: each count is of those up to its bound and above the bound before.
    pub round_trips: [u64; ROUND_TRIPS],
    /// The longest round trip, in milliseconds, rounded up. 0 without any.
    pub longest_ms: u64,
}

/// The indicators of one instance, or the sum of several.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Indicators {
    /// The requests that ended in the last [`WINDOW`].
    pub counts: Counts,
    /// The number of requests without an outcome now.
    pub in_flight: u64,
    /// How long the oldest of them has been there. `None` without any.
    pub oldest: Option<Duration>,
}

impl Counts {
    /// Counts a request that ended.
    pub fn ended(&mut self, end: End) {
        let count = match end {
            End::Answered => &mut self.answered,
            End::Unknown => &mut self.unknown,
            End::NotSent | End::Stopped => &mut self.not_sent,
        };
        *count = count.saturating_add(1);
        if end == End::Stopped {
            self.stopped = self.stopped.saturating_add(1);
        }
    }

    /// Counts the time from a request to its answer.
    pub fn round_trip(&mut self, time: Duration) {
        if let Some(count) = self.round_trips.get_mut(round_trip_place(time)) {
            *count = count.saturating_add(1);
        }
        self.longest_ms = self.longest_ms.max(ms_up(time));
    }

    /// The sum of both.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let mut round_trips = self.round_trips;
        for (count, more) in round_trips.iter_mut().zip(other.round_trips) {
            *count = count.saturating_add(more);
        }
        Self {
            answered: self.answered.saturating_add(other.answered),
            unknown: self.unknown.saturating_add(other.unknown),
            not_sent: self.not_sent.saturating_add(other.not_sent),
            stopped: self.stopped.saturating_add(other.stopped),
            round_trips,
            longest_ms: self.longest_ms.max(other.longest_ms),
        }
    }

    /// The time within which this percentage of the round trips was over, in milliseconds. It is the bound of a count, so it may
    /// be more than the exact time, never less. `None` without round trips.
    #[must_use]
    pub fn percentile_ms(&self, percent: u8) -> Option<u64> {
        let all: u128 = self.round_trips.iter().map(|count| u128::from(*count)).sum();
        let rank = (all * u128::from(percent)).div_ceil(100).max(1);
        let mut seen = 0;
        let place = self.round_trips.iter().position(|count| {
            seen += u128::from(*count);
            seen >= rank
        })?;
        Some(ROUND_TRIP_BOUNDS_MS.get(place).map_or(self.longest_ms, |bound| self.longest_ms.min(*bound)))
    }
}

impl Indicators {
    /// The sum of both. The oldest request is the older one.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        Self {
            counts: self.counts.and(&other.counts),
            in_flight: self.in_flight.saturating_add(other.in_flight),
            oldest: self.oldest.max(other.oldest),
        }
    }
}

/// The index of the count to which a round trip belongs: that of the first bound that it does not exceed.
#[must_use]
pub fn round_trip_place(time: Duration) -> usize {
    let ms = ms_up(time);
    ROUND_TRIP_BOUNDS_MS.iter().position(|bound| ms <= *bound).unwrap_or(ROUND_TRIP_BOUNDS_MS.len())
}

/// A time in milliseconds, rounded up.
fn ms_up(time: Duration) -> u64 {
    u64::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
