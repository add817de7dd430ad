//! The hours of one institution: when it is open, and which business date a moment belongs to.
//!
//! Hours are by weekday, with exceptions for single days: holidays, half days, and what a person decided for one day. All
//! times are those of the institution's clock, also where it is put forward and back in a year. Spans of hours belong to the day on which they
//! begin: a span over midnight goes on into a holiday, and a holiday has no span of its own.
//!
//! ```text
//! Friday 22:00 ────────── Saturday 02:00      the span "22:00-02:00" of Friday
//!              midnight ┘
//! ```

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::dates::date_of;
pub use crate::dates::day_of;
use crate::zone::TimeZone;

const MINUTE_MS: i64 = 60_000;
const DAY_MINUTES: u16 = 1440;
const DAY_MS: i64 = 1440 * MINUTE_MS;

/// The maximum number of days with hours of their own, and of days that a person changed.
pub const DAYS_MAX: usize = 4000;

/// The number of days in which the next change is searched.
pub const AHEAD_DAYS_MAX: i64 = 400;

/// A span of hours, in minutes from the midnight at which its day begins. It may end on the next day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Span {
    from: u16,
    to: u16,
}

/// The hours of one day: its spans, none of which overlap. No span means closed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DayHours(Vec<Span>);

/// The reason why hours are wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HoursError {
    /// A span begins after its day, ends before it begins, or lasts more than a day.
    NoSpan,
    /// Two spans of a day overlap.
    Overlap(Span, Span),
    /// There are [`DAYS_MAX`] special days already.
    TooManyDays,
}

/// The hours of an institution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    zone: TimeZone,
    day_starts_at: u16,
    /// Monday first.
    week: [DayHours; 7],
    /// Holidays and half days, by days since 1970-01-01.
    days: BTreeMap<i64, DayHours>,
    /// What persons decided for single days, with their notes.
    decided: BTreeMap<i64, (DayHours, String)>,
}

impl Span {
    /// All of one day.
    pub const ALL_DAY: Self = Self { from: 0, to: DAY_MINUTES };

    /// A span from one minute of the day to another. If `to` is not after `from`, it is that time of the next day.
    ///
    /// # Errors
    /// If `from` is not a minute of the day, or `to` is beyond its end (1440).
    pub fn new(from: u16, to: u16) -> Result<Self, HoursError> {
        let is_next_day = to <= from;
        if from >= DAY_MINUTES || to > DAY_MINUTES {
            return Err(HoursError::NoSpan);
        }
        Ok(Self { from, to: if is_next_day { to + DAY_MINUTES } else { to } })
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let to = if self.to > DAY_MINUTES { self.to - DAY_MINUTES } else { self.to };
        write!(f, "{:02}:{:02}-{:02}:{:02}", self.from / 60, self.from % 60, to / 60, to % 60)
    }
}

impl DayHours {
    /// The hours of a day with these spans, in any order.
    ///
    /// # Errors
    /// If two spans overlap.
    pub fn new(mut spans: Vec<Span>) -> Result<Self, HoursError> {
        spans.sort_unstable();
        for (one, next) in spans.iter().zip(spans.iter().skip(1)) {
            if next.from < one.to {
                return Err(HoursError::Overlap(*one, *next));
            }
        }
        Ok(Self(spans))
    }

    /// No hours at all.
    #[must_use]
    pub fn closed() -> Self {
        Self::default()
    }
}

impl fmt::Display for HoursError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSpan => f.write_str("a span begins and ends at times of the day"),
            Self::Overlap(one, other) => write!(f, "{one} and {other} overlap"),
            Self::TooManyDays => write!(f, "there are {DAYS_MAX} special days already"),
        }
    }
}

impl std::error::Error for HoursError {}

impl Calendar {
    /// A calendar with these hours from Monday to Sunday, on this clock: a zone, or minutes ahead of UTC.
    ///
    /// `day_starts_at` is the minute at which a business date begins. Up to noon, a date begins that much after its midnight:
    /// at 00:20, the business date is still yesterday's if it starts at 00:30. After noon, it begins on the evening before:
    /// at 23:40, the business date is tomorrow's if it starts at 23:30.
    #[must_use]
    pub fn new(week: [DayHours; 7], zone: impl Into<TimeZone>, day_starts_at: u16) -> Self {
        let day_starts_at = day_starts_at.min(DAY_MINUTES - 1);
        let zone = zone.into();
        Self { zone, day_starts_at, week, days: BTreeMap::new(), decided: BTreeMap::new() }
    }

    /// A calendar that is always open.
    #[must_use]
    pub fn always(zone: impl Into<TimeZone>) -> Self {
        Self::new(std::array::from_fn(|_| DayHours(vec![Span::ALL_DAY])), zone, 0)
    }

    /// Gives one day, in days since 1970-01-01, hours of its own: a holiday or a half day.
    ///
    /// # Errors
    /// If there are [`DAYS_MAX`] such days already.
    pub fn set_day(&mut self, day: i64, hours: DayHours) -> Result<(), HoursError> {
        if self.days.len() >= DAYS_MAX && !self.days.contains_key(&day) {
            return Err(HoursError::TooManyDays);
        }
        self.days.insert(day, hours);
        Ok(())
    }

    /// The days that have hours of their own, in days since 1970-01-01, in their order. What persons decided is not in it.
    pub fn special_days(&self) -> impl Iterator<Item = (i64, &DayHours)> {
        self.days.iter().map(|(day, hours)| (*day, hours))
    }

    /// Records what a person decided for one day. It counts before everything else. `None` takes the decision back.
    ///
    /// # Errors
    /// If there are [`DAYS_MAX`] such days already.
    pub fn decide(&mut self, day: i64, hours: Option<DayHours>, note: &str) -> Result<(), HoursError> {
        let Some(hours) = hours else {
            self.decided.remove(&day);
            return Ok(());
        };
        if self.decided.len() >= DAYS_MAX && !self.decided.contains_key(&day) {
            return Err(HoursError::TooManyDays);
        }
        self.decided.insert(day, (hours, note.to_owned()));
        Ok(())
    }

    /// The note of the person who decided about this day.
    #[must_use]
    pub fn note(&self, day: i64) -> Option<&str> {
        self.decided.get(&day).map(|(_, note)| note.as_str())
    }

    /// Whether the institution is open at this time, in milliseconds since 1970.
    #[must_use]
    pub fn is_open(&self, wall_ms: i64) -> bool {
        let local = self.local(wall_ms);
        let day = local.div_euclid(DAY_MS);
        [day - 1, day].into_iter().any(|day| self.spans(day).any(|(from, to)| (from..to).contains(&local)))
    }

    /// The next time when it opens or closes, in milliseconds since 1970. `None` if it does neither within
    /// [`AHEAD_DAYS_MAX`] days.
    #[must_use]
    pub fn next_change(&self, wall_ms: i64) -> Option<i64> {
        let local = self.local(wall_ms);
        let is_open = self.is_open(wall_ms);
        let today = local.div_euclid(DAY_MS);
        (today..today + AHEAD_DAYS_MAX).find_map(|day| {
            let ends = [day - 1, day].into_iter().flat_map(|day| self.spans(day)).flat_map(|(from, to)| [from, to]);
            // The ends after this day are those of the day before the next one, too.
            let ends = ends.filter(|end| *end <= (day + 1) * DAY_MS);
            // An hour of the clock can come twice, or not at all.
            let walls = ends.flat_map(|end| self.zone.times_ms(end).chain([self.zone.at_ms(end)]));
            let changes = self.zone.changes_ms(day).filter(|change| self.local(*change).div_euclid(DAY_MS) == day);
            let mut walls: Vec<_> = walls.chain(changes).filter(|wall| *wall > wall_ms).collect();
            walls.sort_unstable();
            walls.into_iter().find(|wall| self.is_open(*wall) != is_open)
        })
    }

    /// The business date at this time, in days since 1970-01-01. Trace numbers begin again with each business date.
    #[must_use]
    pub fn business_date(&self, wall_ms: i64) -> i64 {
        let shown = self.local(wall_ms).saturating_add(self.shift_ms()).div_euclid(DAY_MS);
        // Where the clock is put back over the beginning of a date, that date goes on.
        if wall_ms >= self.begins_ms(shown + 1) { shown + 1 } else { shown }
    }

    /// The time at which a business date begins, in milliseconds since 1970. The date is in days since 1970-01-01.
    #[must_use]
    pub fn begins_ms(&self, business_date: i64) -> i64 {
        self.zone.at_ms(business_date.saturating_mul(DAY_MS).saturating_sub(self.shift_ms()))
    }

    /// What is added to the local time so that its day is the business date: positive if a business date begins the evening before.
    fn shift_ms(&self) -> i64 {
        let start = i64::from(self.day_starts_at) * MINUTE_MS;
        if self.day_starts_at > DAY_MINUTES / 2 { DAY_MS - start } else { -start }
    }

    /// The institution's clock.
    #[must_use]
    pub fn zone(&self) -> TimeZone {
        self.zone
    }

    /// The minute of the day at which a business date begins.
    #[must_use]
    pub fn day_starts_at(&self) -> u16 {
        self.day_starts_at
    }

    /// The calendar day at the institution, in days since 1970-01-01.
    #[must_use]
    pub fn today(&self, wall_ms: i64) -> i64 {
        self.local(wall_ms).div_euclid(DAY_MS)
    }

    /// The date and time at the institution as text: `2026-11-30 09:00`.
    #[must_use]
    pub fn local_text(&self, wall_ms: i64) -> String {
        let local = self.local(wall_ms);
        let (year, month, day) = date_of(local.div_euclid(DAY_MS));
        let minutes = local.rem_euclid(DAY_MS) / MINUTE_MS;
        format!("{year:04}-{month:02}-{day:02} {:02}:{:02}", minutes / 60, minutes % 60)
    }

    /// The spans of a day, in milliseconds of the institution's clock since 1970.
    fn spans(&self, day: i64) -> impl Iterator<Item = (i64, i64)> {
        let weekday = usize::try_from((day + 3).rem_euclid(7)).unwrap_or(0);
        let special = self.decided.get(&day).map(|(hours, _)| hours).or_else(|| self.days.get(&day));
        let spans = special.or_else(|| self.week.get(weekday)).map_or(&[][..], |hours| &hours.0);
        let at = move |minute: u16| day * DAY_MS + i64::from(minute) * MINUTE_MS;
        spans.iter().map(move |span| (at(span.from), at(span.to)))
    }

    fn local(&self, wall_ms: i64) -> i64 {
        self.zone.local_ms(wall_ms).clamp(-FAR_MS, FAR_MS)
    }
}

/// The calendar ends about a hundred thousand years from 1970, which only a broken clock shows.
const FAR_MS: i64 = 36_500_000 * DAY_MS;

#[cfg(test)]
mod tests;
