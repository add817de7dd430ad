//! The business clock: the date and time by which an institution does business. A gateway and its simulator can share one.
//!
//! It shows the real time unless a test sets it. Then it goes on from a base time, also faster. It moves no deadline and no timer:
//! those count on a steady clock. It does not decide who may set it: `config` permits that in an environment for tests only.

use std::time::Instant;

use fep_spec::document::Table;
use fep_spec::report::Code;
use tokio::sync::watch;

use crate::time::{self, Rfc3339};

/// The fastest clock: more than eleven days in a second, a year in 32 seconds, ten years in less than six minutes.
pub(crate) const SPEED_MAX: u32 = 1_000_000;

/// The variable of the environment that says what the business clock of a gateway for tests shows at its start: `2026-12-31T23:59:30+09:00 60`. It
/// counts before `[test_clock]`, so that one configuration plays many days. A gateway for production does not start with it.
pub const BASE_VARIABLE: &str = "FEP_TEST_CLOCK";

/// The time that a business clock shows when it is set, and how fast it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BaseTime {
    /// `base`, required: `2026-12-31T23:59:30+09:00`, as milliseconds since 1970 (UTC).
    pub ms: i64,
    /// `speed`, default 1: how many seconds the clock goes on in one second.
    pub speed: u32,
}

/// A business clock. Clones are handles to the same clock, so a gateway and a simulator in one process can share it.
///
/// ```
/// use fep_gateway::business_clock::{BaseTime, BusinessClock};
///
/// let clock = BusinessClock::default();
/// assert_eq!(clock.now_ms(1_700_000_000_000), 1_700_000_000_000);
/// clock.set(Some(BaseTime { ms: 1_798_729_170_000, speed: 1 }));
/// assert!(clock.now_ms(1_700_000_000_000) >= 1_798_729_170_000);
/// ```
#[derive(Clone, Debug)]
pub struct BusinessClock(watch::Sender<Setting>);

/// How a clock was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Setting {
    /// How often it was set. Programs that follow the clock know by it that it was set again.
    pub(crate) number: u64,
    /// The base time, and when it was that. `None`: the real time.
    base: Option<(BaseTime, Instant)>,
}

impl Default for BusinessClock {
    /// A clock that shows the real time.
    fn default() -> Self {
        Self(watch::Sender::new(Setting { number: 0, base: None }))
    }
}

impl BusinessClock {
    /// A clock that shows this base time now.
    #[must_use]
    pub fn at(base: BaseTime) -> Self {
        Self(watch::Sender::new(Setting::new(0, Some(base))))
    }

    /// Sets the clock: it shows this base time now. `None`: the real time.
    pub fn set(&self, base: Option<BaseTime>) {
        self.0.send_modify(|setting| *setting = Setting::new(setting.number.wrapping_add(1), base));
    }

    /// The time that the clock shows, in milliseconds since 1970. `real_ms` is the real time.
    #[must_use]
    pub fn now_ms(&self, real_ms: i64) -> i64 {
        self.0.borrow().now_ms(real_ms)
    }

    /// The base time, if the clock does not show the real time.
    #[must_use]
    pub fn base(&self) -> Option<BaseTime> {
        self.0.borrow().base()
    }

    pub(crate) fn setting(&self) -> Setting {
        *self.0.borrow()
    }

    /// Tells whenever the clock is set.
    pub(crate) fn subscribe(&self) -> watch::Receiver<Setting> {
        self.0.subscribe()
    }
}

impl Setting {
    fn new(number: u64, base: Option<BaseTime>) -> Self {
        Self { number, base: base.map(|base| (base, Instant::now())) }
    }

    pub(crate) fn base(&self) -> Option<BaseTime> {
        self.base.map(|(base, _)| base)
    }

    pub(crate) fn speed(&self) -> u32 {
        self.base.map_or(1, |(base, _)| base.speed)
    }

    pub(crate) fn now_ms(&self, real_ms: i64) -> i64 {
        let Some((base, since)) = self.base else { return real_ms };
        let passed = since.elapsed().as_millis().saturating_mul(u128::from(base.speed));
        base.ms.saturating_add(i64::try_from(passed).unwrap_or(i64::MAX))
    }
}

impl BaseTime {
    /// A base time by RFC 3339, and its speed.
    pub(crate) fn from_text(base: &str, speed: u32) -> Result<Self, String> {
        let ms = time::parse(base).map_err(|why| format!("`base` is no time: {}: {why}", base.escape_debug()))?;
        if !(1..=SPEED_MAX).contains(&speed) {
            return Err(format!("`speed` is {speed}, not 1 to {SPEED_MAX}"));
        }
        Ok(Self { ms, speed })
    }

    /// Reads what the variable [`BASE_VARIABLE`] says: a time by RFC 3339, and behind a space its speed.
    ///
    /// # Errors
    /// If it is no such text.
    pub fn from_variable(text: &str) -> Result<Self, String> {
        let (base, speed) =
            text.trim().rsplit_once(' ').filter(|(_, speed)| !speed.contains(':')).unwrap_or((text, "1"));
        let speed = speed.parse().map_err(|_| format!("the speed is no number: {}", speed.escape_debug()))?;
        Self::from_text(base.trim(), speed)
    }

    /// Reads `base` and `speed` of a table.
    pub(crate) fn of(table: &Table<'_>) -> Option<Self> {
        let ms = table.required_string("base").and_then(|text| match time::parse(text.value) {
            Ok(ms) => Some(ms),
            Err(why) => {
                let message = format!("`base` is no time: {}", text.value.escape_debug());
                table.document().error_hint(Code::BadValue, text.span, message, why);
                None
            }
        });
        let speed = table.integer("speed", 1..=SPEED_MAX).map_or(1, |speed| speed.value);
        Some(Self { ms: ms?, speed })
    }
}

impl std::fmt::Display for BaseTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at speed {}", Rfc3339(self.ms), self.speed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_clock_goes_on_from_its_base_and_every_handle_shows_it() {
        let clock = BusinessClock::default();
        let other = clock.clone();
        assert_eq!((clock.now_ms(5), clock.base(), other.setting().number), (5, None, 0));
        let base = BaseTime { ms: time::parse("2026-12-31T23:59:59+09:00").unwrap(), speed: 1000 };
        clock.set(Some(base));
        let first = other.now_ms(5);
        assert!(first >= base.ms && first < base.ms + 60_000_000, "{first}");
        std::thread::sleep(std::time::Duration::from_millis(5));
        assert!(other.now_ms(5) >= first + 5000);
        assert_eq!((other.base(), other.setting().number), (Some(base), 1));
        clock.set(None);
        assert_eq!((other.now_ms(5), other.setting().number), (5, 2));
    }

    #[test]
    fn the_end_of_all_times_is_no_panic() {
        let clock = BusinessClock::at(BaseTime { ms: i64::MAX, speed: SPEED_MAX });
        std::thread::sleep(std::time::Duration::from_millis(2));
        assert_eq!(clock.now_ms(0), i64::MAX);
    }
}
