//! The number, the mean and the spread of values, in constant memory. It knows no times.

use serde::{Deserialize, Serialize};

use super::float;

/// The maximum weight of what was observed, so that what is usual can change.
const MOMENTS_MAX: u64 = 100_000;

/// The number, the mean and the spread of values (Welford).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moments {
    count: u64,
    mean: f64,
    squares: f64,
}

impl Moments {
    /// Adds a value.
    pub fn add(&mut self, value: f64) {
        if self.count >= MOMENTS_MAX {
            self.count /= 2;
            self.squares /= 2.0;
        }
        self.count += 1;
        let from_mean = value - self.mean;
        self.mean += from_mean / float(self.count);
        self.squares += from_mean * (value - self.mean);
    }

    /// Adds all values of another one.
    pub fn merge(&mut self, other: &Self) {
        let count = self.count + other.count;
        if other.count == 0 {
            return;
        }
        let apart = other.mean - self.mean;
        let part = float(other.count) / float(count);
        self.mean += apart * part;
        self.squares += other.squares + apart * apart * float(self.count) * part;
        self.count = count;
    }

    /// The number of values.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The mean, or 0 without values.
    #[must_use]
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// The standard deviation, or 0 with fewer than two values.
    #[must_use]
    pub fn deviation(&self) -> f64 {
        if self.count < 2 { 0.0 } else { (self.squares / float(self.count - 1)).max(0.0).sqrt() }
    }
}
