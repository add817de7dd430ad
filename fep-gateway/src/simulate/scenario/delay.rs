//! How long an answer takes: a distribution that the scenario describes, and one value of it for each answer. It has no clock.

use std::time::Duration;

/// `delay_ms` and `jitter_ms`, or `latency`: how long an answer takes.
#[derive(Clone, Debug, PartialEq)]
pub enum Delay {
    /// `delay_ms` and `jitter_ms`: the shortest delay, and up to how much is added. Each value between is as likely.
    Even {
        /// `delay_ms`
        least: Duration,
        /// `jitter_ms`
        spread: Duration,
    },
    /// `latency = { p50_ms = 12, p99_ms = 400, max_ms = 3000 }`: points of a measured distribution. Between two points each value is as likely.
    Measured(Vec<Percentile>),
    /// `latency = { mean_ms = 20, deviation_ms = 5 }`: a normal distribution. Values below 0 are 0.
    Normal {
        /// `mean_ms`
        mean: Duration,
        /// `deviation_ms`
        deviation: Duration,
    },
    /// `latency = { mean_ms = 20 }`: an exponential distribution, as of a queue: many are quick, a few take long. The longest is 23 times the
    /// mean.
    Exponential {
        /// `mean_ms`
        mean: Duration,
    },
}

/// A point of a measured distribution: this part of all answers takes no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percentile {
    /// The part in thousandths: 990 for `p99_ms`.
    pub per_mille: u32,
    /// The time.
    pub within: Duration,
}

/// The number of values that a random number can have.
const NUMBERS: u64 = 1 << 32;
/// How many even numbers make a normal one. The variance of their sum is 1.
const SUMMANDS: u32 = 12;

impl Delay {
    /// No delay.
    pub const NONE: Self = Self::Even { least: Duration::ZERO, spread: Duration::ZERO };

    /// One value. `number` gives random numbers over all 32 bits.
    pub fn one(&self, mut number: impl FnMut() -> u32) -> Duration {
        match self {
            Self::Even { least, spread } => *least + part(*spread, number()),
            Self::Measured(points) => measured(points, number()),
            Self::Normal { mean, deviation } => {
                let sum: f64 = (0..SUMMANDS).map(|_| fraction(number())).sum();
                let away = sum - f64::from(SUMMANDS) / 2.0;
                let distance = deviation.mul_f64(away.abs());
                if away < 0.0 { mean.saturating_sub(distance) } else { *mean + distance }
            }
            Self::Exponential { mean } => mean.mul_f64(-fraction(number()).ln()),
        }
    }
}

impl Default for Delay {
    fn default() -> Self {
        Self::NONE
    }
}

/// The value of a measured distribution at this random number, on the straight line between the points around it.
fn measured(points: &[Percentile], number: u32) -> Duration {
    let place = u64::from(number).saturating_mul(1000);
    let reach = |point: &Percentile| u64::from(point.per_mille).saturating_mul(NUMBERS);
    let mut below = Percentile { per_mille: 0, within: Duration::ZERO };
    for point in points {
        if place < reach(point) {
            let width = reach(point) - reach(&below);
            let into = u128::from(place.saturating_sub(reach(&below))).saturating_mul(u128::from(NUMBERS - 1));
            let into = into.checked_div(u128::from(width)).and_then(|into| u32::try_from(into).ok());
            return below.within + part(point.within.saturating_sub(below.within), into.unwrap_or(u32::MAX));
        }
        below = *point;
    }
    below.within
}

/// A part of a time, in microseconds: nothing at 0, almost all of it at the largest number.
fn part(of: Duration, number: u32) -> Duration {
    let micros = of.as_micros().saturating_mul(u128::from(number)) / u128::from(NUMBERS);
    Duration::from_micros(u64::try_from(micros).unwrap_or(u64::MAX))
}

/// The number as a fraction that is neither 0 nor 1.
fn fraction(number: u32) -> f64 {
    (f64::from(number) + 0.5) / 4_294_967_296.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    /// The values of a distribution, in order, at random numbers that are evenly spread.
    fn sorted(delay: &Delay) -> Vec<Duration> {
        let mut state = 1_u32;
        let mut number = move || {
            state = state.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
            let word = ((state >> ((state >> 28) + 4)) ^ state).wrapping_mul(277_803_737);
            (word >> 22) ^ word
        };
        let mut all: Vec<_> = (0..10_000).map(|_| delay.one(&mut number)).collect();
        all.sort();
        all
    }

    #[track_caller]
    fn check(delay: &Delay, at: usize, expected: Duration, tolerance: Duration) {
        let found = sorted(delay)[at];
        assert!(found.abs_diff(expected) <= tolerance, "{found:?}, expected {expected:?}");
    }

    #[test]
    fn percentiles_are_met() {
        let points = [(0, 2), (500, 12), (990, 400), (1000, 3000)];
        let points = points.map(|(per_mille, within)| Percentile { per_mille, within: ms(within) });
        let delay = Delay::Measured(points.to_vec());
        check(&delay, 0, ms(2), ms(1));
        check(&delay, 5000, ms(12), ms(3));
        check(&delay, 9900, ms(400), ms(40));
        check(&delay, 9999, ms(3000), ms(50));
        assert_eq!(delay.one(|| 0), ms(2));
        assert!(delay.one(|| u32::MAX) <= ms(3000));
    }

    #[test]
    fn the_other_shapes_have_their_mean_and_spread() {
        let even = Delay::Even { least: ms(10), spread: ms(20) };
        check(&even, 5000, ms(20), ms(1));
        assert!(even.one(|| u32::MAX) < ms(30));
        // 84.1 % of a normal distribution are below its mean and one deviation.
        let normal = Delay::Normal { mean: ms(100), deviation: ms(10) };
        check(&normal, 5000, ms(100), ms(1));
        check(&normal, 8413, ms(110), ms(1));
        assert_eq!(Delay::Normal { mean: ms(5), deviation: ms(10) }.one(|| 0), Duration::ZERO);
        // The median of an exponential distribution is the mean times ln 2, 1 - 1/e of it are below the mean.
        let exponential = Delay::Exponential { mean: ms(100) };
        check(&exponential, 5000, Duration::from_micros(69_315), ms(3));
        check(&exponential, 6321, ms(100), ms(3));
        assert!(exponential.one(|| 0) < ms(2300));
    }
}
