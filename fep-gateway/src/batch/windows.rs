//! When a batch sends, and how fast: windows by weekday, holiday and hour. It decides for a moment that callers pass, and knows no clock.
//!
//! ```text
//! night    mon-fri  18:00-23:30    20 a second
//! weekend  sat-sun  00:00-24:00   100 a second     the first window of the file that is open counts
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::path::Path;

use fep_protocol::calendar::{Calendar, DAYS_MAX, DayHours, Span};
use fep_protocol::zone::TimeZone;
use fep_spec::document::{Document, Located, Table, Value};
use fep_spec::report::Code;

use crate::config::hours;

/// The word for the dates of `holidays` and `holidays_file`.
const HOLIDAY: &str = "holiday";

/// The fastest window, in requests a second.
const PER_SECOND_MAX: u32 = 100_000;

/// When a batch sends.
#[derive(Clone, Debug)]
pub struct Windows {
    windows: Vec<Window>,
    /// Knows no hours: it turns moments into dates.
    clock: Calendar,
}

/// `[windows.NAME]`: a time in which the batch sends.
#[derive(Clone, Debug)]
struct Window {
    name: String,
    /// `days` and `hours`.
    open: Calendar,
    /// `per_second`: how many requests a second start. `None`: as many as `in_flight_max` and the gateway let through.
    per_second: Option<NonZeroU32>,
    /// `day_max`: how many start on one date. `None`: any number.
    day_max: Option<u64>,
}

/// What holds at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace<'w> {
    /// The batch sends.
    Go {
        /// The window that is open. `None`: the plan has no windows.
        window: Option<&'w str>,
        /// How many requests a second start.
        per_second: Option<NonZeroU32>,
    },
    /// No window is open, or those that are open have sent what they may today.
    Wait {
        /// The next moment at which this can be otherwise, in milliseconds since 1970. `None`: not within the next 400 days.
        until_ms: Option<i64>,
    },
}

/// How many requests each window has started on a date.
#[derive(Clone, Debug, Default)]
pub struct Started(BTreeMap<(String, i64), u64>);

impl Windows {
    /// No windows: always open, at any rate.
    #[must_use]
    pub fn always(zone: impl Into<TimeZone>) -> Self {
        Self::of(Vec::new(), zone.into())
    }

    fn of(windows: Vec<Window>, zone: TimeZone) -> Self {
        Self { windows, clock: Calendar::always(zone) }
    }

    /// What holds at this moment, in milliseconds since 1970.
    #[must_use]
    pub fn at(&self, now_ms: i64, started: &Started) -> Pace<'_> {
        if self.windows.is_empty() {
            return Pace::Go { window: None, per_second: None };
        }
        let today = self.clock.today(now_ms);
        let is_spent = |window: &Window| window.day_max.is_some_and(|max| started.on(&window.name, today) >= max);
        let mut until_ms: Option<i64> = None;
        for window in &self.windows {
            let is_open = window.open.is_open(now_ms);
            if is_open && !is_spent(window) {
                return Pace::Go { window: Some(&window.name), per_second: window.per_second };
            }
            // A window that has sent what it may goes on with the next date, if it is open then.
            let next = if is_open { Some(self.midnight(now_ms)) } else { window.open.next_change(now_ms) };
            until_ms = until_ms.into_iter().chain(next).min();
        }
        Pace::Wait { until_ms }
    }

    /// The date of a moment, in days since 1970-01-01.
    #[must_use]
    pub fn date(&self, now_ms: i64) -> i64 {
        self.clock.today(now_ms)
    }

    /// The moment as text on the clock of the plan: `2026-11-30 18:00`.
    #[must_use]
    pub fn text(&self, at_ms: i64) -> String {
        self.clock.local_text(at_ms)
    }

    /// The next midnight on the clock of the plan.
    fn midnight(&self, now_ms: i64) -> i64 {
        self.clock.begins_ms(self.clock.today(now_ms) + 1)
    }
}

impl Started {
    /// Counts a request that a window started on a date.
    pub fn count(&mut self, window: Option<&str>, date: i64) {
        if let Some(window) = window {
            *self.0.entry((window.to_owned(), date)).or_default() += 1;
            // Only the current date is asked for.
            self.0.retain(|(_, known), _| *known + 1 >= date);
        }
    }

    fn on(&self, window: &str, date: i64) -> u64 {
        self.0.get(&(window.to_owned(), date)).copied().unwrap_or_default()
    }
}

/// Reads `[calendar]` and `[windows]` of a plan.
pub(super) fn read(root: &Table<'_>, folder: &Path) -> Windows {
    let calendar = root.table("calendar");
    let zone = calendar.as_ref().and_then(|table| hours::zone(table, -1439..=1439)).unwrap_or_default();
    let mut special = Calendar::always(zone);
    if let Some(table) = calendar {
        hours::holidays(&table, &mut special, folder);
        table.finish();
    }
    let holidays: Vec<i64> =
        special.special_days().filter(|(_, of)| **of == DayHours::closed()).map(|(day, _)| day).collect();
    let mut windows = Vec::new();
    for (name, value) in root.table("windows").map_or(Vec::new(), |table| table.entries()) {
        let Some(table) = value.table() else { continue };
        let open = days_and_hours(&table, zone, &holidays);
        let per_second = table.integer("per_second", 1..=PER_SECOND_MAX);
        let day_max = table.integer("day_max", 1..=u64::from(u32::MAX));
        table.finish();
        let Some(open) = open else { continue };
        windows.push(Window {
            name: name.value.to_owned(),
            open,
            per_second: per_second.and_then(|rate| NonZeroU32::new(rate.value)),
            day_max: day_max.map(|max| max.value),
        });
    }
    Windows::of(windows, zone)
}

/// Reads `days` and `hours` of a window.
fn days_and_hours(table: &Table<'_>, zone: TimeZone, holidays: &[i64]) -> Option<Calendar> {
    let document = table.document();
    let days = table.required("days").and_then(Value::array);
    let hours = table.get("hours").map(|value| hours::day_hours(document, value));
    if hours.as_ref().is_some_and(|hours| *hours == DayHours::closed()) {
        let span = table.key_span("hours").unwrap_or_default();
        document.error_hint(Code::BadValue, span, "the window never opens", "leave `hours` out for all day");
    }
    let hours = hours.unwrap_or_else(|| DayHours::new(vec![Span::ALL_DAY]).unwrap_or_default());
    let mut weekdays = BTreeSet::new();
    let mut dates = BTreeSet::new();
    let mut on_holidays = false;
    for word in days?.into_iter().filter_map(Value::string) {
        match (word.value, hours::weekdays(word.value), hours::day(word.value)) {
            (HOLIDAY, ..) => on_holidays = true,
            (_, Some(found), _) => weekdays.extend(found),
            (_, _, Some(date)) => drop(dates.insert(date)),
            _ => wrong_day(document, &word),
        }
    }
    if !on_holidays && weekdays.is_empty() && dates.is_empty() {
        let span = table.key_span("days").unwrap_or_default();
        document.error_hint(Code::BadValue, span, "the window never opens", "such as days = [\"mon-fri\"]");
    }
    if on_holidays && holidays.is_empty() {
        let hint = "add [calendar] with `holidays` or `holidays_file`";
        document.error_hint(Code::MissingKey, table.span(), "the plan has no holidays", hint);
    }
    let week = std::array::from_fn(|day| if weekdays.contains(&day) { hours.clone() } else { DayHours::closed() });
    let mut open = Calendar::new(week, zone, 0);
    let of_holidays = if on_holidays { hours.clone() } else { DayHours::closed() };
    // A date that is named counts before what else it is.
    let special =
        holidays.iter().map(|day| (*day, of_holidays.clone())).chain(dates.into_iter().map(|day| (day, hours.clone())));
    for (day, hours) in special {
        if open.set_day(day, hours).is_err() {
            let message = format!("there are more than {DAYS_MAX} dates");
            document.error_hint(Code::OutOfRange, table.span(), message, "leave out those of years that are over");
            break;
        }
    }
    Some(open)
}

fn wrong_day(document: &Document, word: &Located<&str>) {
    let message = format!("`{}` is no day", word.value);
    document.error_hint(Code::BadValue, word.span.clone(), message, "such as mon-fri, sat, holiday, or 2026-12-24");
}

#[cfg(test)]
mod tests;
