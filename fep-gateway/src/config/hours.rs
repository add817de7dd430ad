//! `hours`: when an institution is open, and when its business date begins. `session.notices`: what it says about that itself.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::path::Path;

use fep_codec::Date;
use fep_protocol::business::{BusinessNotice, Stops};
use fep_protocol::calendar::{Calendar, DayHours, Span, day_of};
use fep_protocol::zone::{TimeZone, TimeZoneError};
use fep_spec::document::{Document, Located, Table, Value, instead};
use fep_spec::load::read;
use fep_spec::model::Spec;
use fep_spec::report::Code;

use super::names::{telegram, values};

/// `[institutions.NAME.hours]`: the hours of the institution, on its clock. Without the table it is always open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HoursConfig {
    /// `week`: the spans of each weekday, such as `{ mon-fri = ["09:00-16:30"], sat = ["22:00-02:00"], sun = [] }`. Default: always open.
    /// `holidays`, `holidays_file`: dates on which it is closed. `days`: dates with hours of their own.
    /// `day_starts_at`, default `00:00`: when the business date begins.
    pub calendar: Calendar,
    /// `allowed_outside`: telegrams that may be sent although business is closed.
    pub allowed_outside: BTreeSet<String>,
}

/// `[[institutions.NAME.session.notices]]`: a telegram by which the institution opens or stops business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionNotice {
    /// `telegram`, required.
    pub telegram: String,
    /// `when`: the values of its fields that give it this meaning. Default: every such telegram has it.
    pub when: Vec<(String, String)>,
    /// `means`, required: `open`, `end_notice`, `end`, `fault` or `recovery`.
    pub means: BusinessNotice,
    /// `stops`: `nothing`, `new` (inquiries and reversals go on) or `all`. Default: by its meaning.
    pub stops: Stops,
    /// `answered`: whether the gateway answers it. Default: true if the spec says what its answer is.
    pub answered: bool,
}

const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The longest file of holidays, in bytes.
const HOLIDAYS_FILE_MAX_BYTES: usize = 1_000_000;

impl HoursConfig {
    pub(super) fn read(table: Option<Table<'_>>, spec: &Spec, zone: TimeZone, folder: &Path) -> Self {
        let Some(table) = table else {
            return Self { calendar: Calendar::always(zone), allowed_outside: BTreeSet::new() };
        };
        let calendar = calendar(&table, zone, folder);
        let mut allowed_outside = BTreeSet::new();
        for value in table.array("allowed_outside").unwrap_or_default() {
            let Some(name) = value.string() else { continue };
            allowed_outside.extend(telegram(table.document(), spec, &name).map(|telegram| telegram.name().to_owned()));
        }
        table.finish();
        Self { calendar, allowed_outside }
    }
}

/// Reads `zone` or `utc_offset_minutes` of a table: the clock of an institution. `farthest` are the clocks that there are, in
/// minutes. `None` without both keys.
pub(crate) fn zone(table: &Table<'_>, farthest: RangeInclusive<i32>) -> Option<TimeZone> {
    let document = table.document();
    let minutes = table.integer("utc_offset_minutes", farthest);
    let Some(text) = table.string("zone") else { return minutes.map(|minutes| minutes.value.into()) };
    if let Some(minutes) = minutes {
        let message = "`utc_offset_minutes` does not fit `zone`, which says how far the clock is ahead of UTC";
        document.error_hint(Code::ConflictingKeys, minutes.span, message, "remove one of them");
    }
    match text.value.parse() {
        Ok(zone) => Some(zone),
        Err(why) => {
            let message = format!("`zone` is no rule of a clock: {}", text.value.escape_debug());
            let why: TimeZoneError = why;
            document.error_hint(Code::BadValue, text.span, message, why.to_string());
            None
        }
    }
}

/// Reads the keys of hours: weekdays, holidays and days with hours of their own.
pub(super) fn calendar(table: &Table<'_>, zone: impl Into<TimeZone>, folder: &Path) -> Calendar {
    let document = table.document();
    let starts_at = table.string("day_starts_at").and_then(|text| {
        let minute = minute(text.value).filter(|minute| *minute < 1440);
        minute.or_else(|| wrong(document, &text, "`day_starts_at` is not a time", "such as 00:30 or 23:30"))
    });
    let week = table.table("week").map_or_else(|| std::array::from_fn(|_| all_day()), |table| week(&table));
    let mut calendar = Calendar::new(week, zone, starts_at.unwrap_or(0));
    let holidays = holidays(table, &mut calendar, folder);
    for (date, value) in table.table("days").map_or(Vec::new(), |table| table.entries()) {
        if holidays.contains(date.value) {
            let message = format!("{} is in `holidays`, too", date.value);
            document.error_hint(
                Code::ConflictingKeys,
                date.span.clone(),
                message,
                "is it closed, or are these its hours?",
            );
        }
        set_day(document, &mut calendar, &date, day_hours(document, value));
    }
    calendar
}

/// Reads `holidays` and `holidays_file` into a calendar. Returns the dates of the first as they are written.
pub(crate) fn holidays<'d>(table: &Table<'d>, calendar: &mut Calendar, folder: &Path) -> BTreeSet<&'d str> {
    let document = table.document();
    let mut holidays = BTreeSet::new();
    for value in table.array("holidays").unwrap_or_default() {
        let Some(text) = value.string() else { continue };
        holidays.insert(text.value);
        set_day(document, calendar, &text, DayHours::closed());
    }
    if let Some(path) = table.string("holidays_file") {
        holidays_file(document, calendar, &path, folder);
    }
    holidays
}

/// Reads `notices` of the table `session`.
pub(super) fn session_notices(session: &Table<'_>, spec: &Spec) -> Vec<SessionNotice> {
    let document = session.document();
    let mut notices: Vec<SessionNotice> = Vec::new();
    for value in session.array("notices").unwrap_or_default() {
        let Some(table) = value.table() else { continue };
        let name = table.required_string("telegram");
        let means = table.required("means").and_then(|value| value.choice(&BusinessNotice::ALL));
        let stops = [("nothing", Stops::Nothing), ("new", Stops::New), ("all", Stops::All)];
        let stops = table.choice("stops", &stops).map(|stops| stops.value);
        let when = values(&table, "when", spec);
        let answered = table.boolean("answered");
        table.finish();
        let (Some(name), Some(means)) = (name, means) else { continue };
        let Some(telegram) = telegram(document, spec, &name) else { continue };
        let has_answer = telegram.answer.is_some();
        if let Some(answered) = answered.as_ref().filter(|answered| answered.value && !has_answer) {
            let message = format!("`{}` has no answer", name.value);
            let hint = "write `answer = …` at it in the spec";
            document.error_hint(Code::WrongReference, answered.span.clone(), message, hint);
        }
        if notices.iter().any(|other| other.telegram == name.value && other.when == when) {
            let message = format!("`{}` with these values has a meaning already", name.value);
            document.error_hint(Code::NameTaken, name.span, message, "tell them apart by `when`");
            continue;
        }
        let means = means.value;
        let stops = stops.unwrap_or_else(|| means.stops());
        let answered = answered.map_or(has_answer, |answered| answered.value);
        notices.push(SessionNotice { telegram: telegram.name().to_owned(), when, means, stops, answered });
    }
    notices
}

/// Each day must be named once: a day that was forgotten would be closed, or open, without anybody having decided so.
fn week(table: &Table<'_>) -> [DayHours; 7] {
    let document = table.document();
    let mut week: [Option<DayHours>; 7] = [const { None }; 7];
    for (name, value) in table.entries() {
        let hours = day_hours(document, value);
        let Some(days) = weekdays(name.value) else {
            let first = name.value.split('-').next().unwrap_or_default();
            let hint = format!("a weekday or several: {}, mon-fri", instead(first, &WEEKDAYS));
            document.error_hint(Code::UnknownName, name.span, format!("`{}` is no weekday", name.value), hint);
            continue;
        };
        for day in week.iter_mut().take(days.end() + 1).skip(*days.start()) {
            if day.replace(hours.clone()).is_some() {
                let message = format!("`{}` contains a day that has hours already", name.value);
                document.error_hint(Code::NameTaken, name.span.clone(), message, "name each weekday once");
            }
        }
    }
    let missing: Vec<_> = WEEKDAYS.iter().zip(&week).filter(|(_, day)| day.is_none()).map(|(name, _)| *name).collect();
    if !missing.is_empty() && !table.entries().iter().any(|(name, _)| is_wrong_day(name.value)) {
        let hint = format!("write `{} = []` if it is closed then", missing.first().copied().unwrap_or_default());
        let message = format!("`week` does not say the hours of {}", missing.join(", "));
        document.error_hint(Code::MissingKey, table.span(), message, hint);
    }
    week.map(Option::unwrap_or_default)
}

/// The weekdays of `mon` or `mon-fri`, from 0 for Monday.
pub(crate) fn weekdays(text: &str) -> Option<RangeInclusive<usize>> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let place = |day: &str| WEEKDAYS.iter().position(|weekday| *weekday == day);
    let (first, last) = place(first).zip(place(last)).filter(|(first, last)| first <= last)?;
    Some(first..=last)
}

fn is_wrong_day(name: &str) -> bool {
    name.split('-').any(|day| !WEEKDAYS.contains(&day))
}

pub(crate) fn day_hours(document: &Document, value: Value<'_>) -> DayHours {
    let whole = value.span();
    let mut spans = Vec::new();
    for text in value.array().unwrap_or_default().into_iter().filter_map(Value::string) {
        match span(text.value) {
            Some(span) => spans.push(span),
            None => {
                let hint = "such as 09:00-16:30, 22:00-02:00 over midnight, or 00:00-24:00";
                wrong::<()>(document, &text, "it is not a span of hours", hint);
            }
        }
    }
    DayHours::new(spans).unwrap_or_else(|error| {
        document.error(Code::BadValue, whole, error.to_string());
        DayHours::closed()
    })
}

fn span(text: &str) -> Option<Span> {
    let (from, to) = text.split_once('-')?;
    Span::new(minute(from)?, minute(to)?).ok()
}

/// The minute of the day of `HH:MM`, up to `24:00`.
fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let two_digits = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = |text: &str| two_digits(text).then(|| text.parse::<u16>().ok()).flatten();
    let minutes = number(hour)? * 60 + number(minute).filter(|minute| *minute < 60)?;
    (minutes <= 1440).then_some(minutes)
}

fn all_day() -> DayHours {
    DayHours::new(vec![Span::ALL_DAY]).unwrap_or_default()
}

fn set_day(document: &Document, calendar: &mut Calendar, text: &Located<&str>, hours: DayHours) {
    let Some(day) = day(text.value) else {
        let _: Option<()> = wrong(document, text, "it is not a date", "such as 2026-12-25");
        return;
    };
    if let Err(error) = calendar.set_day(day, hours) {
        document.error(Code::OutOfRange, text.span.clone(), error.to_string());
    }
}

/// The days since 1970 of `YYYY-MM-DD`.
pub(crate) fn day(text: &str) -> Option<i64> {
    let mut parts = text.split('-').map(|part| part.bytes().all(|byte| byte.is_ascii_digit()).then_some(part));
    let year = parts.next()??.parse().ok()?;
    let month = parts.next()??.parse().ok()?;
    let day = parts.next()??.parse().ok()?;
    if parts.next().is_some() || text.len() != 10 {
        return None;
    }
    Date::new(year, month, day).ok().map(day_of)
}

/// A file with a date in each line. Text after `#` is a comment. Hours after the date make it a half day.
fn holidays_file(document: &Document, calendar: &mut Calendar, path: &Located<&str>, folder: &Path) {
    let error = |message: String| document.error(Code::BadValue, path.span.clone(), message);
    let text = match read(&folder.join(path.value)) {
        Ok((_, text)) if text.len() <= HOLIDAYS_FILE_MAX_BYTES => text,
        Ok(_) => return error(format!("{} is longer than {HOLIDAYS_FILE_MAX_BYTES} bytes", path.value)),
        Err(problem) => return error(problem.to_string()),
    };
    for (number, line) in (1..).zip(text.lines()) {
        let mut words = line.split('#').next().unwrap_or_default().split_whitespace();
        let Some(date) = words.next() else { continue };
        let spans: Option<Vec<Span>> = words.map(span).collect();
        let hours = spans.and_then(|spans| DayHours::new(spans).ok());
        let (Some(day), Some(hours)) = (day(date), hours) else {
            error(format!("{}:{number}: this is not a date, or its hours are not: {}", path.value, line.trim()));
            continue;
        };
        if let Err(problem) = calendar.set_day(day, hours) {
            return error(format!("{}:{number}: {problem}", path.value));
        }
    }
}

fn wrong<T>(document: &Document, text: &Located<&str>, message: &str, hint: &str) -> Option<T> {
    document.error_hint(Code::BadValue, text.span.clone(), format!("{message}: \"{}\"", text.value), hint);
    None
}
