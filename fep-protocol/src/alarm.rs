//! One alarm: whether a condition that is measured again and again is worth a person's attention. `(level, now) → action`.
//!
//! It measures nothing: [`measure`] says how high a value is. It sends nothing and knows no receivers: the caller carries out its actions, and stores the
//! alarm before it does, so that a restart tells nobody twice.
//!
//! ```text
//! Quiet ──high──► Pending ──high for `raise_after`──► Raised ──low for `clear_after`──► Quiet
//!   ▲                │                                  │ ▲
//!   └─── not high ───┘                                  └─┘ remind, if it is not silenced
//! ```
//!
//! A value between the two limits holds what is: it does not raise, and it does not clear. While nothing can be said about the value, a raised alarm stays
//! raised and a pending one is quiet again.

pub mod measure;

#[cfg(test)]
mod tests;

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A clock that goes back by more than this, in milliseconds, was set. Below that, time stands still for an alarm.
const BACK_MAX_MS: i64 = 10_000;

/// How high a measured value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Above the limit that raises.
    High,
    /// Above the limit that clears, and not above the one that raises.
    Between,
    /// Not above the limit that clears.
    Low,
    /// Nothing can be said: there is too little to measure, or it is not the time for it.
    Unjudged,
}

/// How long a level must hold until something happens. This bounds how often an alarm is told: between two raises of the same alarm are at least
/// `raise_after` and `clear_after`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlarmHolds {
    /// How long the value must be high until the alarm is raised.
    pub raise_after: Duration,
    /// How long the value must be low until the alarm is cleared.
    pub clear_after: Duration,
    /// How long after a raise or a reminder the next reminder is due. `None`: an alarm is told once.
    pub remind_after: Option<Duration>,
}

/// What is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AlarmAction {
    /// The alarm is raised.
    Raise,
    /// The alarm is still raised.
    Remind,
    /// The alarm is over.
    Clear,
}

/// Where an alarm is. Times are in milliseconds since 1970.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum AlarmState {
    /// The value is not high.
    #[default]
    Quiet,
    /// The value is high, and not for long enough.
    Pending {
        /// Since when.
        since_ms: i64,
    },
    /// The alarm is raised.
    Raised {
        /// Since when the value was high.
        since_ms: i64,
        /// When it was raised.
        raised_ms: i64,
        /// When it was told last.
        told_ms: i64,
        /// Since when the value is low. `None` if it is not.
        low_since_ms: Option<i64>,
    },
}

/// One alarm, as a plain value that a restart can bring back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alarm {
    state: AlarmState,
    /// Until when a person wants to hear nothing.
    silenced_until_ms: Option<i64>,
    /// The latest time that it has seen. It goes back only if the clock was set back.
    seen_ms: i64,
}

impl Alarm {
    /// Where it is.
    #[must_use]
    pub fn state(&self) -> AlarmState {
        self.state
    }

    /// Whether it is raised.
    #[must_use]
    pub fn is_raised(&self) -> bool {
        matches!(self.state, AlarmState::Raised { .. })
    }

    /// Until when a person wants to hear nothing of it, if that is not over at this time.
    #[must_use]
    pub fn silenced_until_ms(&self, now_ms: i64) -> Option<i64> {
        self.silenced_until_ms.filter(|until| *until > now_ms)
    }

    /// A person wants to hear nothing of it until this time. `None`: the person wants to hear of it again. A silenced alarm is not raised and not
    /// reminded of; its end is told, because it was told that it was raised.
    pub fn silence(&mut self, until_ms: Option<i64>) {
        self.silenced_until_ms = until_ms;
    }

    /// Takes a level, and returns what is to be told. `may_tell` is false in hours in which nothing is told: then the alarm is not raised and not reminded
    /// of, as when a person silenced it.
    pub fn observe(&mut self, level: Level, may_tell: bool, holds: &AlarmHolds, now_ms: i64) -> Option<AlarmAction> {
        if now_ms < self.seen_ms.saturating_sub(BACK_MAX_MS) {
            self.set_back(now_ms);
        }
        let now_ms = now_ms.max(self.seen_ms);
        self.seen_ms = now_ms;
        let may_tell = may_tell && self.silenced_until_ms(now_ms).is_none();
        match (self.state, level) {
            (AlarmState::Quiet, Level::High) => self.high(now_ms, may_tell, holds, now_ms),
            (AlarmState::Pending { since_ms }, Level::High) => self.high(since_ms, may_tell, holds, now_ms),
            (AlarmState::Quiet | AlarmState::Pending { .. }, _) => {
                self.state = AlarmState::Quiet;
                None
            }
            (AlarmState::Raised { since_ms, raised_ms, told_ms, low_since_ms }, level) => {
                let low_since_ms = (level == Level::Low).then(|| low_since_ms.unwrap_or(now_ms));
                if low_since_ms.is_some_and(|low| passed(low, now_ms) >= holds.clear_after) {
                    self.state = AlarmState::Quiet;
                    return Some(AlarmAction::Clear);
                }
                let is_due = holds.remind_after.is_some_and(|after| passed(told_ms, now_ms) >= after);
                let reminds = is_due && may_tell && level == Level::High;
                let told_ms = if reminds { now_ms } else { told_ms };
                self.state = AlarmState::Raised { since_ms, raised_ms, told_ms, low_since_ms };
                reminds.then_some(AlarmAction::Remind)
            }
        }
    }

    /// The clock was set back to this time. What was kept is of the clock before, so it counts from now on: nothing waits for a time that is far ahead.
    fn set_back(&mut self, now_ms: i64) {
        let ahead_ms = self.seen_ms.saturating_sub(now_ms);
        self.silenced_until_ms = self.silenced_until_ms.map(|until| match until > self.seen_ms {
            true => until.saturating_sub(ahead_ms),
            false => until,
        });
        self.seen_ms = now_ms;
        self.state = match self.state {
            AlarmState::Quiet => AlarmState::Quiet,
            AlarmState::Pending { since_ms } => AlarmState::Pending { since_ms: since_ms.min(now_ms) },
            AlarmState::Raised { since_ms, raised_ms, told_ms, low_since_ms } => AlarmState::Raised {
                since_ms: since_ms.min(now_ms),
                raised_ms: raised_ms.min(now_ms),
                told_ms: told_ms.min(now_ms),
                low_since_ms: low_since_ms.map(|low| low.min(now_ms)),
            },
        };
    }

    fn high(&mut self, since_ms: i64, may_tell: bool, holds: &AlarmHolds, now_ms: i64) -> Option<AlarmAction> {
        if passed(since_ms, now_ms) < holds.raise_after || !may_tell {
            self.state = AlarmState::Pending { since_ms };
            return None;
        }
        self.state = AlarmState::Raised { since_ms, raised_ms: now_ms, told_ms: now_ms, low_since_ms: None };
        Some(AlarmAction::Raise)
    }
}

/// The time from one moment to another, in milliseconds since 1970.
fn passed(from_ms: i64, to_ms: i64) -> Duration {
    Duration::from_millis(u64::try_from(to_ms.saturating_sub(from_ms)).unwrap_or_default())
}
