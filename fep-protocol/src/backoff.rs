//! Decides when to connect again after a link was lost or refused.
//!
//! The wait grows exponentially and has jitter. Many gateways that reconnect every 100 ms in step would overload an
//! institution that is just coming back.

use std::time::Duration;

/// The number of failures since the last success, and the limits of the wait.
#[derive(Clone, Debug)]
pub struct Backoff {
    min: Duration,
    max: Duration,
    failures: u32,
}

impl Backoff {
    /// Creates a backoff whose waits are at least `min` and at most `max`.
    #[must_use]
    pub fn new(min: Duration, max: Duration) -> Self {
        Self { min, max: max.max(min), failures: 0 }
    }

    /// The longest wait.
    #[must_use]
    pub fn max(&self) -> Duration {
        self.max
    }

    /// Counts one more failure and returns the wait before the next attempt. The wait is evenly spread between `min` and a
    /// ceiling, which begins at twice `min` and doubles up to `max`. `random` is any number.
    pub fn failed(&mut self, random: u64) -> Duration {
        self.failures = self.failures.saturating_add(1);
        let factor = 1_u32.checked_shl(self.failures).unwrap_or(u32::MAX);
        let ceiling = self.min.saturating_mul(factor).min(self.max);
        let spread = ceiling.saturating_sub(self.min).as_micros();
        let share = u128::from(random) % (spread + 1);
        self.min + Duration::from_micros(u64::try_from(share).unwrap_or(u64::MAX))
    }

    /// Records a success: the next failure counts as the first one again.
    pub fn succeeded(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn the_ceiling_doubles_up_to_the_maximum_and_falls_back_on_success() {
        let mut backoff = Backoff::new(100 * MS, 1000 * MS);
        let longest: Vec<_> = (0..6)
            .map(|_| {
                let mut longest = Duration::ZERO;
                let before = backoff.clone();
                for random in (0..2_000_000).step_by(997) {
                    backoff = before.clone();
                    let wait = backoff.failed(random);
                    assert!(wait >= 100 * MS, "{wait:?}");
                    longest = longest.max(wait);
                }
                longest.as_millis() / 10 * 10
            })
            .collect();
        assert!(longest.windows(2).all(|pair| pair[0] <= pair[1]), "{longest:?}");
        assert_eq!((longest[0], longest[1], longest[5]), (200 - 10, 400 - 10, 1000 - 10), "{longest:?}");
        backoff.succeeded();
        assert!(backoff.failed(u64::MAX) <= 200 * MS);
    }

    #[test]
    fn a_thousand_failures_do_not_overflow() {
        let mut backoff = Backoff::new(100 * MS, 30_000 * MS);
        for random in 0..1000 {
            assert!(backoff.failed(random * 7_919_777) <= 30_000 * MS);
        }
    }
}
