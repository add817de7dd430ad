//! Draws: random numbers, percentages and times of a seed.

use std::time::Duration;

use fep_protocol::random::SplitMix64;

/// Draws what a simulation needs.
pub(crate) struct Draw(pub(crate) SplitMix64);

impl Draw {
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0.next_u64() % bound.max(1)
    }

    pub(crate) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    pub(crate) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn ms(&mut self, low: u64, high: u64) -> Duration {
        Duration::from_millis(self.between(low, high))
    }
}
