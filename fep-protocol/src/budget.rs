//! A rate with a burst: how much of something may happen now.
//!
//! It counts what happens and limits nothing by itself. The gateway uses budgets for telegrams that an institution sends
//! without being asked, and for log lines about them.

use std::time::Duration;

/// A token bucket: it holds up to `burst` tokens and gains `per_s` tokens a second.
#[derive(Clone, Debug)]
pub struct Budget {
    per_s: u32,
    burst: u32,
    /// The tokens, in millionths.
    tokens: u64,
    since: Duration,
}

/// A token, in millionths.
const TOKEN: u64 = 1_000_000;

impl Budget {
    /// Creates a budget that is full.
    #[must_use]
    pub fn new(per_s: u32, burst: u32, now: Duration) -> Self {
        Self { per_s, burst, tokens: u64::from(burst) * TOKEN, since: now }
    }

    /// Takes one token. Returns false if there is none.
    pub fn take(&mut self, now: Duration) -> bool {
        self.gain(now);
        let enough = self.tokens >= TOKEN;
        self.tokens -= if enough { TOKEN } else { 0 };
        enough
    }

    fn gain(&mut self, now: Duration) {
        let micros = u64::try_from(now.saturating_sub(self.since).as_micros()).unwrap_or(u64::MAX);
        let gained = micros.saturating_mul(u64::from(self.per_s));
        self.tokens = self.tokens.saturating_add(gained).min(u64::from(self.burst) * TOKEN);
        self.since = self.since.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_never_gives_more_than_its_rate_and_its_burst() {
        let mut budget = Budget::new(10, 5, Duration::ZERO);
        let mut taken = 0;
        for ms in 0..=10_000 {
            taken += u32::from(budget.take(Duration::from_millis(ms)));
        }
        assert_eq!(taken, 5 + 100);
    }

    #[test]
    fn a_clock_that_stands_still_gives_the_burst_only() {
        let mut budget = Budget::new(1000, 3, Duration::from_secs(7));
        assert_eq!((0..9).filter(|_| budget.take(Duration::from_secs(7))).count(), 3);
    }
}
