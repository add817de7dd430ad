//! What an alarm measures: sliding windows, the same hour of other days, and what is usual. Pure, and bounded in memory.
//!
//! Nothing here is told to anybody, and nothing here knows telegrams: the caller says what happened as an [`Observation`], and asks how high a value is.
//!
//! ```text
//! observations ─► Window  (60 slots)        how many, how many failed, how long in the last minutes
//!              └► Hours   (28 days of them) the same, by hour of the institution's clock: what is usual at this hour
//! ```

mod moments;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use self::moments::Moments;
use super::Level;
use crate::zone::TimeZone;

/// Into how many slots a window is divided. What leaves it leaves it slot by slot.
const SLOTS: i64 = 60;

/// For how many days hours are kept.
const DAYS_KEPT: i64 = 28;

/// The number of other days with enough exchanges at the same hour that say what is usual.
pub const DAYS_MIN: u32 = 3;

/// The longest time between two looks that counts as silence. While nobody looked, such as during a restart, an institution could have sent something.
const LOOK_MAX_MS: i64 = 10_000;

/// How far ahead of the clock an observation can be, in milliseconds. Whoever observes takes a later time as this one, and what is farther ahead when
/// somebody looks was counted by a clock that was wrong.
pub const AHEAD_MAX_MS: i64 = 10_000;

/// The maximum number of hours that are kept.
const HOURS_MAX: usize = 28 * 24 + 1;

const HOUR_MS: i64 = 3_600_000;

/// Amounts are compared by their logarithms. A standard deviation below this counts as this one, so that an institution that always moves the same amount
/// does not make every other one unusual.
const LOG_DEVIATION_MIN: f64 = 0.1;

/// How an exchange ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// With an answer that accepts.
    Accepted,
    /// With an answer whose response code declines.
    Declined,
    /// The outcome is unknown.
    Unknown,
    /// It was not sent.
    NotSent,
}

/// Something that happened with an institution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Observation {
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// What.
    pub what: Observed,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Observed {
    /// A telegram of business came from the institution.
    Heard,
    /// An exchange ended. An answered one took this long.
    Ended {
        /// How it ended.
        ending: Ending,
        /// The time from its acceptance to its answer, in milliseconds.
        latency_ms: Option<u32>,
    },
    /// This many answers contradicted others.
    Conflicts(u64),
    /// A request asks to move this amount.
    Amount(u64),
}

/// What is measured, and the limits. A value above the limit with `max` raises, and one up to that with `clear` clears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Measurement {
    /// How long nothing came while business was open.
    NoTraffic {
        /// The limit.
        quiet_max: Duration,
    },
    /// The age of the oldest exchange that is unknown and not settled.
    UnknownAge {
        /// The limit.
        age_max: Duration,
        /// Up to this it clears.
        clear_age: Duration,
    },
    /// The share of exchanges that failed, in percent.
    ErrorRate {
        /// The window.
        window: Duration,
        /// With fewer exchanges in the window nothing is said.
        count_min: u64,
        /// The limit in percent.
        percent_max: u32,
        /// Up to this it clears.
        clear_percent: u32,
        /// How many times what is usual at this hour it must be besides, if that is known.
        times: Option<u32>,
        /// Over how many other days.
        days: u32,
        /// Which endings are failures.
        failed: Vec<Ending>,
    },
    /// How many standard deviations the mean latency is above what is usual at this hour.
    Latency {
        /// The window.
        window: Duration,
        /// With fewer answers in the window nothing is said.
        count_min: u64,
        /// The limit.
        z_max: u32,
        /// Up to this it clears.
        clear_z: u32,
        /// A mean up to this is never too slow.
        mean_min: Duration,
        /// Over how many other days.
        days: u32,
    },
    /// The number of exchanges and notices that need a person.
    DeadLetters {
        /// The limit.
        count_max: u64,
        /// Up to this it clears.
        clear_count: u64,
    },
    /// The number of answers that contradict others.
    Conflicts {
        /// The window.
        window: Duration,
        /// The limit.
        count_max: u64,
        /// Up to this it clears.
        clear_count: u64,
    },
    /// The number of requests with an unusual amount.
    Amounts {
        /// The window.
        window: Duration,
        /// An amount above this one is unusual.
        amount_max: Option<u64>,
        /// An amount more than this many standard deviations above the mean is unusual, both of logarithms.
        z_max: Option<u32>,
        /// With fewer amounts before, the mean says nothing.
        count_min: u64,
    },
}

/// What holds at the moment of a look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Present {
    /// The time, in milliseconds since 1970.
    pub now_ms: i64,
    /// The same on the business clock, for hours in which something may be told.
    pub business_ms: i64,
    /// The institution's clock.
    pub zone: TimeZone,
    /// Whether business with the institution is open.
    pub is_open: bool,
    /// Whether `is_open` is of an earlier look, because the institution does not say it now. Then silence says nothing.
    pub is_open_stale: bool,
    /// When the oldest exchange was accepted that is unknown and not settled.
    pub oldest_unknown_ms: Option<i64>,
    /// How many exchanges and notices need a person.
    pub dead_letters: u64,
}

/// What a look found. The unit of the numbers is that of the limits: milliseconds, percent, standard deviations, or a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// How high it is.
    pub level: Level,
    /// The value.
    pub value: f64,
    /// The limit that holds now.
    pub limit: f64,
    /// What is usual at this hour, if it is known and compared with: a rate in percent, or a mean latency in milliseconds.
    pub usual: Option<f64>,
}

/// What is counted in a slot or an hour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Counts {
    ended: u64,
    /// Failures, conflicts or unusual amounts.
    marked: u64,
    latency: Moments,
}

/// The last minutes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Window(VecDeque<(i64, Counts)>);

/// Hours of the institution's clock, by their number since 1970.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Hours(BTreeMap<i64, Counts>);

/// What is measured of one institution for one rule, as a plain value that a restart can bring back.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// How long nothing came while business was open and somebody looked.
    quiet_ms: i64,
    looked_ms: Option<i64>,
    heard_ms: Option<i64>,
    window: Window,
    hours: Hours,
    amounts: Moments,
}

impl Counts {
    fn merge(&mut self, other: &Self) {
        self.ended += other.ended;
        self.marked += other.marked;
        self.latency.merge(&other.latency);
    }

    fn percent(&self) -> f64 {
        if self.ended == 0 { 0.0 } else { 100.0 * float(self.marked) / float(self.ended) }
    }
}

impl Window {
    /// Adds counts to the slot of a time. Only the number of slots bounds what is kept, so that one wrong time does not empty the window.
    fn add(&mut self, at_ms: i64, window: Duration, counts: &Counts) {
        let slot = at_ms.div_euclid(slot_ms(window));
        let place = self.0.partition_point(|(known, _)| *known < slot);
        match self.0.get_mut(place).filter(|(known, _)| *known == slot) {
            Some((_, known)) => known.merge(counts),
            None => self.0.insert(place, (slot, *counts)),
        }
        while i64::try_from(self.0.len()).is_ok_and(|len| len > SLOTS) {
            self.0.pop_front();
        }
    }

    /// Forgets what is ahead of the clock.
    fn forget_ahead(&mut self, now_ms: i64, window: Duration) {
        let last = now_ms.saturating_add(AHEAD_MAX_MS).div_euclid(slot_ms(window));
        while self.0.back().is_some_and(|(slot, _)| *slot > last) {
            self.0.pop_back();
        }
    }

    fn sum(&self, now_ms: i64, window: Duration) -> Counts {
        let last = now_ms.div_euclid(slot_ms(window));
        let mut sum = Counts::default();
        let inside = self.0.iter().filter(|(slot, _)| last - SLOTS < *slot && *slot <= last);
        inside.for_each(|(_, counts)| sum.merge(counts));
        sum
    }
}

impl Hours {
    /// Adds counts to an hour. Only the number of hours bounds what is kept, so that one wrong time does not delete the history.
    fn add(&mut self, hour: i64, counts: &Counts) {
        self.0.entry(hour).or_default().merge(counts);
        while self.0.len() > HOURS_MAX {
            self.0.pop_first();
        }
    }

    /// Forgets hours that are ahead of the clock.
    fn forget_ahead(&mut self, hour: i64) {
        while self.0.last_key_value().is_some_and(|(known, _)| *known > hour) {
            self.0.pop_last();
        }
    }

    /// The same hour on the latest of the other days that had this many exchanges then. `None` with fewer than [`DAYS_MIN`] such days.
    fn usual(&self, hour: i64, days: u32, count_min: u64) -> Option<Counts> {
        let same = (1..=DAYS_KEPT).filter_map(|day| self.0.get(&(hour - 24 * day)));
        let enough = same.filter(|counts| counts.ended >= count_min.max(1));
        let mut usual = Counts::default();
        let mut found = 0;
        for counts in enough.take(usize::try_from(days).unwrap_or(usize::MAX)) {
            usual.merge(counts);
            found += 1;
        }
        (found >= DAYS_MIN.min(days)).then_some(usual)
    }
}

impl Measurement {
    /// Whether it needs observations. What is open is asked for instead.
    #[must_use]
    pub fn needs_observations(&self) -> bool {
        !matches!(self, Self::UnknownAge { .. } | Self::DeadLetters { .. })
    }

    fn window(&self) -> Option<Duration> {
        match self {
            Self::ErrorRate { window, .. }
            | Self::Latency { window, .. }
            | Self::Conflicts { window, .. }
            | Self::Amounts { window, .. } => Some(*window),
            Self::NoTraffic { .. } | Self::UnknownAge { .. } | Self::DeadLetters { .. } => None,
        }
    }
}

impl Measure {
    /// Takes an observation.
    pub fn observe(&mut self, of: &Measurement, seen: Observation, zone: impl Into<TimeZone>) {
        let zone = zone.into();
        match (of, seen.what) {
            (Measurement::NoTraffic { .. }, Observed::Heard) => {
                self.quiet_ms = 0;
                self.heard_ms = self.heard_ms.max(Some(seen.at_ms));
            }
            (Measurement::ErrorRate { window, failed, times, .. }, Observed::Ended { ending, .. }) => {
                let marked = u64::from(failed.contains(&ending));
                let counts = Counts { ended: 1, marked, latency: Moments::default() };
                // Without `times` nobody asks what is usual.
                self.count(seen.at_ms, *window, times.map(|_| zone), &counts);
            }
            (Measurement::Latency { window, .. }, Observed::Ended { latency_ms: Some(latency_ms), .. }) => {
                let mut latency = Moments::default();
                latency.add(f64::from(latency_ms));
                let counts = Counts { ended: 1, marked: 0, latency };
                self.count(seen.at_ms, *window, Some(zone), &counts);
            }
            (Measurement::Conflicts { window, .. }, Observed::Conflicts(marked)) => {
                self.count(seen.at_ms, *window, None, &Counts { marked, ..Counts::default() });
            }
            (Measurement::Amounts { window, amount_max, z_max, count_min }, Observed::Amount(amount)) => {
                let log = float(amount.max(1)).ln();
                let limit = z_max
                    .filter(|_| self.amounts.count() >= *count_min)
                    .map(|z| self.amounts.mean() + f64::from(z) * self.amounts.deviation().max(LOG_DEVIATION_MIN));
                let is_unusual = amount_max.is_some_and(|max| amount > max) || limit.is_some_and(|limit| log > limit);
                self.amounts.add(log);
                if is_unusual {
                    self.count(seen.at_ms, *window, None, &Counts { marked: 1, ..Counts::default() });
                }
            }
            _ => {}
        }
    }

    fn count(&mut self, at_ms: i64, window: Duration, hours: Option<TimeZone>, counts: &Counts) {
        self.window.add(at_ms, window, counts);
        if let Some(zone) = hours {
            self.hours.add(hour_of(at_ms, zone), counts);
        }
    }

    /// Forgets what a clock that was ahead has left.
    fn forget_ahead(&mut self, of: &Measurement, present: &Present) {
        let now_ms = present.now_ms;
        self.heard_ms = self.heard_ms.map(|heard| heard.min(now_ms));
        if let Some(window) = of.window() {
            self.window.forget_ahead(now_ms, window);
        }
        let latest_ms = now_ms.saturating_add(AHEAD_MAX_MS);
        self.hours.forget_ahead(hour_of(latest_ms, present.zone));
    }

    /// Looks how high the value is now.
    pub fn look(&mut self, of: &Measurement, present: &Present) -> Measured {
        let now_ms = present.now_ms;
        self.forget_ahead(of, present);
        let since_ms = self.looked_ms.max(self.heard_ms.filter(|_| self.looked_ms.is_some()));
        let passed_ms = since_ms.map_or(0, |since| now_ms.saturating_sub(since).clamp(0, LOOK_MAX_MS));
        self.looked_ms = Some(now_ms);
        let hour = hour_of(now_ms, present.zone);
        match of {
            Measurement::NoTraffic { quiet_max } => {
                if !present.is_open {
                    self.quiet_ms = 0;
                    return Measured { level: Level::Unjudged, ..measured(0.0, ms(*quiet_max), ms(*quiet_max)) };
                }
                if present.is_open_stale {
                    let found = measured(millis(self.quiet_ms), ms(*quiet_max), ms(*quiet_max));
                    return Measured { level: Level::Unjudged, ..found };
                }
                self.quiet_ms = self.quiet_ms.saturating_add(passed_ms);
                measured(millis(self.quiet_ms), ms(*quiet_max), ms(*quiet_max))
            }
            Measurement::UnknownAge { age_max, clear_age } => {
                let old_ms = present.oldest_unknown_ms.map_or(0, |oldest| now_ms.saturating_sub(oldest).max(0));
                measured(millis(old_ms), ms(*age_max), ms(*clear_age))
            }
            Measurement::DeadLetters { count_max, clear_count } => {
                measured(float(present.dead_letters), float(*count_max), float(*clear_count))
            }
            Measurement::Conflicts { window, count_max, clear_count } => {
                measured(float(self.window.sum(now_ms, *window).marked), float(*count_max), float(*clear_count))
            }
            Measurement::Amounts { window, .. } => measured(float(self.window.sum(now_ms, *window).marked), 0.0, 0.0),
            Measurement::ErrorRate { window, count_min, percent_max, clear_percent, times, days, .. } => {
                let sum = self.window.sum(now_ms, *window);
                let usual = times.and_then(|_| self.hours.usual(hour, *days, *count_min)).map(|usual| usual.percent());
                let least = times.zip(usual).map_or(0.0, |(times, usual)| (f64::from(times) * usual).min(100.0));
                // What is usual shifts both limits by the same factor.
                let [limit, clear] = [*percent_max, *clear_percent].map(f64::from);
                let shifted = limit.max(least);
                let clear = clear * shifted / limit.max(1.0);
                Measured { usual, ..enough(sum.ended >= *count_min, measured(sum.percent(), shifted, clear)) }
            }
            Measurement::Latency { window, count_min, z_max, clear_z, mean_min, days } => {
                let latency = self.window.sum(now_ms, *window).latency;
                let usual = self.hours.usual(hour, *days, *count_min).map(|usual| usual.latency);
                let score = usual.map_or(0.0, |usual| {
                    let deviation = usual.deviation().max(1.0).max(usual.mean() / 20.0);
                    (latency.mean() - usual.mean()) / deviation
                });
                let score = if latency.mean() <= ms(*mean_min) { 0.0 } else { score };
                let found = measured(score, f64::from(*z_max), f64::from(*clear_z));
                let is_enough = latency.count() >= *count_min && usual.is_some();
                Measured { usual: usual.map(|usual| usual.mean()), ..enough(is_enough, found) }
            }
        }
    }
}

/// A value and its limits.
fn measured(value: f64, limit: f64, clear: f64) -> Measured {
    let level = match () {
        () if value > limit => Level::High,
        () if value <= clear => Level::Low,
        () => Level::Between,
    };
    Measured { level, value, limit, usual: None }
}

fn enough(is_enough: bool, found: Measured) -> Measured {
    if is_enough { found } else { Measured { level: Level::Unjudged, ..found } }
}

fn slot_ms(window: Duration) -> i64 {
    (i64::try_from(window.as_millis()).unwrap_or(i64::MAX) / SLOTS).max(1)
}

fn hour_of(at_ms: i64, zone: TimeZone) -> i64 {
    zone.local_ms(at_ms).div_euclid(HOUR_MS)
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn millis(ms: i64) -> f64 {
    float(u64::try_from(ms).unwrap_or_default())
}

/// A number as a float. Numbers beyond 2^53 lose their last digits, which no limit needs.
#[expect(clippy::cast_precision_loss, reason = "limits need no more than 53 bits")]
fn float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests;
