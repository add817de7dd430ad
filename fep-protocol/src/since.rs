//! Since when something lasts that an earlier run may have begun, and when a horizon of it ends on the steady clock.
//!
//! The steady clock begins anew with each run, so that only the wall clock knows what an earlier run began. A wall clock may be set
//! meanwhile. It never makes a horizon end at once, and never makes it longer than it is.

use std::time::Duration;

use crate::terms::Now;

/// After a restart a horizon ends no sooner than after itself, but at most after this time, even if the wall clock says that it has passed.
/// A clock that was set forward while the gateway was stopped therefore does no harm, unless the horizon is longer than this.
pub const RESTART_DISTRUST_MAX: Duration = Duration::from_secs(600);

/// A moment of this run or of an earlier one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Since {
    /// The first moment that this run knows, on the steady clock.
    from: Duration,
    /// How long it lasted before, by the wall clock.
    earlier: Duration,
}

impl Since {
    /// It begins now.
    pub(crate) fn now(now: Now) -> Self {
        Self { from: now.steady, earlier: Duration::ZERO }
    }

    /// Only the wall clock says when it began, in milliseconds since 1970.
    pub(crate) fn wall(since_ms: i64, now: Now) -> Self {
        let passed_ms = u64::try_from(now.wall_ms.saturating_sub(since_ms)).unwrap_or(0);
        Self { from: now.steady, earlier: Duration::from_millis(passed_ms) }
    }

    /// The end of this horizon on the steady clock.
    pub(crate) fn end(self, horizon: Duration) -> Duration {
        let rest = horizon.saturating_sub(self.earlier);
        self.from.saturating_add(rest.max(horizon.min(RESTART_DISTRUST_MAX)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    #[test]
    fn a_wall_clock_that_was_set_ends_no_horizon_at_once_and_makes_none_longer() {
        let now = Now::new(5 * HOUR, 1_800_000_000_000);
        assert_eq!(Since::now(now).end(HOUR), 6 * HOUR);
        let since = |hours: i64| Since::wall(now.wall_ms - hours * 3_600_000, now);
        assert_eq!(since(1).end(3 * HOUR), 7 * HOUR, "an hour of it is over");
        assert_eq!(since(2).end(HOUR), 5 * HOUR + RESTART_DISTRUST_MAX, "set forward, or stopped for long");
        assert_eq!(since(2).end(RESTART_DISTRUST_MAX / 2), 5 * HOUR + RESTART_DISTRUST_MAX / 2);
        assert_eq!(since(-2).end(HOUR), 6 * HOUR, "set back");
        assert_eq!(Since::wall(i64::MIN, now).end(HOUR), 5 * HOUR + RESTART_DISTRUST_MAX);
        assert_eq!(since(0).end(Duration::MAX), Duration::MAX);
    }
}
