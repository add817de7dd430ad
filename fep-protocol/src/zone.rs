//! The clock of an institution: how far it is ahead of UTC, and when it is put forward and back in a year.
//!
//! The rule of daylight time is a text of POSIX (`EST5EDT,M3.2.0,M11.1.0`), which is the last line of each file of the time zone database. So a
//! gateway needs no such database, and an update of the machine changes no business date. A rule holds for all years.
//!
//! ```text
//! 01:59 EST │ 03:00 EDT      a time between does not exist: what is due then is due with the change
//! 01:59 EDT │ 01:00 EST      a time of this hour comes twice: the first one is taken
//! ```

use std::fmt;
use std::str::FromStr;

use fep_codec::Date;

use crate::dates::{date_of, day_of};

const SECOND_MS: i64 = 1000;
const DAY_MS: i64 = 86_400 * SECOND_MS;

/// The farthest clock from UTC, in minutes.
const OFFSET_MAX_MINUTES: i32 = 24 * 60;

/// The longest time in a rule, in hours, by POSIX.1-2024.
const HOURS_MAX: i32 = 167;

/// The clock of an institution.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TimeZone {
    /// The offset of standard time from UTC, in minutes. East is positive.
    standard_minutes: i32,
    daylight: Option<Daylight>,
}

/// Daylight time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Daylight {
    /// Its offset from UTC, in minutes.
    minutes: i32,
    begins: Change,
    ends: Change,
}

/// When the clock is changed: `M3.2.0/2` is the second Sunday of March at 02:00 of the clock that holds until then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Change {
    month: u8,
    /// 1 to 5. 5 is the last one.
    week: u8,
    /// 0 is Sunday.
    weekday: u8,
    /// Seconds from midnight, also of days before or after.
    second: i32,
}

/// Why a text is no zone. The message shows what is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeZoneError(&'static str);

impl From<i32> for TimeZone {
    /// A clock without daylight time, this many minutes ahead of UTC.
    fn from(standard_minutes: i32) -> Self {
        Self { standard_minutes, daylight: None }
    }
}

impl TimeZone {
    /// The offset of standard time from UTC, in minutes.
    #[must_use]
    pub const fn standard_minutes(&self) -> i32 {
        self.standard_minutes
    }

    /// The offset from UTC at this time, in minutes. The time is in milliseconds since 1970.
    #[must_use]
    pub fn offset_minutes(&self, at_ms: i64) -> i32 {
        match self.daylight {
            Some(daylight) if self.is_daylight(&daylight, at_ms) => daylight.minutes,
            _ => self.standard_minutes,
        }
    }

    /// What the clock shows at this time, in milliseconds since 1970 as if they were UTC.
    #[must_use]
    pub fn local_ms(&self, at_ms: i64) -> i64 {
        at_ms.saturating_add(ms(self.offset_minutes(at_ms)))
    }

    /// The first time at which the clock shows this, in milliseconds since 1970. If it never does, that of the change over it.
    #[must_use]
    pub fn at_ms(&self, local_ms: i64) -> i64 {
        self.times_ms(local_ms).next().unwrap_or_else(|| {
            // The clock jumps forward there: to the greater offset, which is that of standard time where winter has a time of its own.
            let before =
                self.daylight.map_or(self.standard_minutes, |daylight| daylight.minutes.min(self.standard_minutes));
            let after_ms = local_ms.saturating_sub(ms(before));
            let changes = self.changes_ms(local_ms.div_euclid(DAY_MS));
            changes.filter(|change| *change <= after_ms).max().unwrap_or(after_ms)
        })
    }

    /// All times at which the clock shows this: none, one or two.
    pub(crate) fn times_ms(&self, local_ms: i64) -> impl Iterator<Item = i64> {
        let daylight = self.daylight.map(|daylight| daylight.minutes);
        let offsets = [daylight, Some(self.standard_minutes).filter(|standard| Some(*standard) != daylight)];
        let mut times = offsets.map(|minutes| {
            let at_ms = local_ms.saturating_sub(ms(minutes?));
            (Some(self.offset_minutes(at_ms)) == minutes).then_some(at_ms)
        });
        times.sort_unstable();
        times.into_iter().flatten()
    }

    /// The times at which the clock is changed in the year of this local day, in days since 1970-01-01.
    pub(crate) fn changes_ms(&self, day: i64) -> impl Iterator<Item = i64> {
        let year = year_of(day);
        self.daylight.into_iter().flat_map(move |daylight| self.of_year(&daylight, year))
    }

    fn is_daylight(&self, daylight: &Daylight, at_ms: i64) -> bool {
        let year = year_of(at_ms.saturating_add(ms(self.standard_minutes)).div_euclid(DAY_MS));
        let [begins, ends] = self.of_year(daylight, year);
        // South of the equator, daylight time lasts over the new year.
        if begins < ends { (begins..ends).contains(&at_ms) } else { !(ends..begins).contains(&at_ms) }
    }

    /// When daylight time begins and ends in a year, in milliseconds since 1970.
    fn of_year(&self, daylight: &Daylight, year: u16) -> [i64; 2] {
        [
            daylight.begins.local_ms(year) - ms(self.standard_minutes),
            daylight.ends.local_ms(year) - ms(daylight.minutes),
        ]
    }
}

impl Change {
    fn local_ms(&self, year: u16) -> i64 {
        let first = Date::new(year, self.month, 1).map_or(0, day_of);
        // 1970-01-01 was a Thursday.
        let weekday = (first + 4).rem_euclid(7);
        let mut day = first + (i64::from(self.weekday) - weekday).rem_euclid(7) + 7 * (i64::from(self.week) - 1);
        let next = match self.month {
            12 => first + 31,
            month => Date::new(year, month + 1, 1).map_or(first, day_of),
        };
        while day >= next {
            day -= 7;
        }
        day * DAY_MS + i64::from(self.second) * SECOND_MS
    }
}

/// The year of a day since 1970-01-01. Beyond the calendar, which only a broken clock shows, it is the first or the last one.
fn year_of(day: i64) -> u16 {
    let (year, ..) = date_of(day.clamp(-3_000_000, 3_000_000));
    u16::try_from(year.clamp(1, 9998)).unwrap_or(1970)
}

fn ms(minutes: i32) -> i64 {
    i64::from(minutes) * 60 * SECOND_MS
}

const EXPECTED: TimeZoneError = TimeZoneError(
    "a zone is written EST5EDT,M3.2.0,M11.1.0 or KST-9: the last line of its file in /usr/share/zoneinfo, with whole minutes",
);
const NO_CHANGE: TimeZoneError =
    TimeZoneError("daylight time has another offset than standard time, and does not end when it begins");
const RULES: TimeZoneError =
    TimeZoneError("daylight time has two rules: M3.2.0/2 is the second Sunday of March at 02:00");

impl FromStr for TimeZone {
    type Err = TimeZoneError;

    /// Reads `KST-9` or `EST5EDT,M3.2.0,M11.1.0/2`. The offsets of POSIX are positive west of Greenwich.
    fn from_str(text: &str) -> Result<Self, TimeZoneError> {
        let (clock, rules) = match text.split_once(',') {
            Some((clock, rules)) => (clock, Some(rules)),
            None => (text, None),
        };
        let rest = after_name(clock).ok_or(EXPECTED)?;
        let (standard, rest) = offset(rest).ok_or(EXPECTED)?;
        let standard_minutes = standard.ok_or(EXPECTED)?;
        if rest.is_empty() {
            return if rules.is_none() { Ok(standard_minutes.into()) } else { Err(EXPECTED) };
        }
        let rest = after_name(rest).ok_or(EXPECTED)?;
        let (minutes, rest) = offset(rest).ok_or(EXPECTED)?;
        let (begins, ends) = rules.and_then(|rules| rules.split_once(',')).ok_or(RULES)?;
        if !rest.is_empty() {
            return Err(EXPECTED);
        }
        let minutes = minutes.unwrap_or(standard_minutes + 60);
        let daylight = Daylight { minutes, begins: begins.parse()?, ends: ends.parse()? };
        if minutes == standard_minutes || daylight.begins == daylight.ends {
            return Err(NO_CHANGE);
        }
        Ok(Self { standard_minutes, daylight: Some(daylight) })
    }
}

impl FromStr for Change {
    type Err = TimeZoneError;

    fn from_str(text: &str) -> Result<Self, TimeZoneError> {
        let (day, time) = text.split_once('/').unwrap_or((text, "2"));
        let mut parts = day.strip_prefix('M').ok_or(RULES)?.split('.');
        let mut number = |range: std::ops::RangeInclusive<u8>| {
            let part = parts.next().filter(|part| is_number(part))?;
            part.parse().ok().filter(|number| range.contains(number))
        };
        let month = number(1..=12);
        let week = number(1..=5);
        let weekday = number(0..=6);
        let second = signed_seconds(time, HOURS_MAX).ok_or(RULES)?;
        match (month, week, weekday, parts.next()) {
            (Some(month), Some(week), Some(weekday), None) => Ok(Self { month, week, weekday, second }),
            _ => Err(RULES),
        }
    }
}

/// What follows the name of a clock: three or more letters, or more in angle brackets.
fn after_name(text: &str) -> Option<&str> {
    if let Some(rest) = text.strip_prefix('<') {
        let (name, rest) = rest.split_once('>')?;
        let fits = name.len() >= 3 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-".contains(&byte));
        return fits.then_some(rest);
    }
    let end = text.find(|one: char| !one.is_ascii_alphabetic()).unwrap_or(text.len());
    text.get(end..).filter(|_| end >= 3)
}

/// The offset at the beginning of a text, in minutes ahead of UTC, if there is one, and what follows. `None` if it cannot be one.
fn offset(text: &str) -> Option<(Option<i32>, &str)> {
    let end = text.find(|one: char| !(one.is_ascii_digit() || "+-:".contains(one))).unwrap_or(text.len());
    let (offset, rest) = text.split_at(end);
    if offset.is_empty() {
        return Some((None, rest));
    }
    let seconds = signed_seconds(offset, 24)?;
    let minutes = -seconds / 60;
    (seconds % 60 == 0 && minutes.abs() <= OFFSET_MAX_MINUTES).then_some((Some(minutes), rest))
}

/// Reads `2`, `-1`, `+9:30` or `02:00:00` as seconds.
fn signed_seconds(text: &str, hours_max: i32) -> Option<i32> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let mut parts = text.split(':');
    let mut number = |max: i32| match parts.next() {
        None => Some(0),
        Some(part) => part.parse().ok().filter(|number| is_number(part) && *number <= max),
    };
    let seconds = number(hours_max)? * 3600 + number(59)? * 60 + number(59)?;
    parts.next().is_none().then_some(sign * seconds)
}

fn is_number(text: &str) -> bool {
    (1..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl fmt::Display for TimeZone {
    /// What is shown to people: `UTC+09:00`, or `UTC-05:00, UTC-04:00 from M3.2.0/7200s to M11.1.0/7200s`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let offset = |minutes: i32| {
            let sign = if minutes < 0 { '-' } else { '+' };
            format!("UTC{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60)
        };
        f.write_str(&offset(self.standard_minutes))?;
        self.daylight.map_or(Ok(()), |daylight| {
            let Daylight { minutes, begins, ends } = daylight;
            write!(f, ", {} from {begins} to {ends}", offset(minutes))
        })
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { month, week, weekday, second } = self;
        write!(f, "M{month}.{week}.{weekday}/{second}s")
    }
}

impl fmt::Display for TimeZoneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for TimeZoneError {}

#[cfg(test)]
mod tests;
