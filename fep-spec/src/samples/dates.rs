//! Dates and times for samples: the earliest and the latest that a pattern can write, and some between.

use fep_codec::layout::{DateForm, DateRule, DateTimeRule, TimeRule};
use fep_codec::{Date, DateTime, MonthDay, MonthDayTime, Time, Value, YearMonth};
use fep_core::calendar::{DatePart, Pieces};

use super::random::Random;

/// A value with the name of the limit that it is.
type Limit = (&'static str, Value);

/// The earliest and the latest date, and a leap day.
pub(super) fn of_date(rule: &DateRule) -> Vec<Limit> {
    let (first, last) = years(rule.pattern.pieces(), rule.pivot);
    let leap = leap_year(first, last);
    let of = |year, month, day| date(rule.pattern.form(), year, month, day);
    named([of(first, 1, 1), of(last, 12, 31), of(leap, 2, 29)])
}

/// The first and the last moment of a day.
pub(super) fn of_time(rule: &TimeRule) -> Vec<Limit> {
    let pieces = rule.pattern.pieces();
    named([first_time(pieces), last_time(pieces)].map(|time| time.map(Value::Time)))
}

/// The earliest and the latest moment, and the last one of a leap day.
pub(super) fn of_datetime(rule: &DateTimeRule) -> Vec<Limit> {
    let pieces = rule.pattern.pieces();
    let (first, last) = years(pieces, rule.pivot);
    let leap = leap_year(first, last);
    let of = |year, month, day, time| datetime(rule, year, month, day, time);
    named([
        of(first, 1, 1, first_time(pieces)),
        of(last, 12, 31, last_time(pieces)),
        of(leap, 2, 29, last_time(pieces)),
    ])
}

/// A date between the limits.
pub(super) fn date_between(rule: &DateRule, random: &mut Random) -> Value {
    let year = year_between(rule.pattern.pieces(), rule.pivot, random);
    date(rule.pattern.form(), year, 1 + random.byte(12), 1 + random.byte(28)).unwrap_or(Value::Absent)
}

/// A time between the limits.
pub(super) fn time_between(rule: &TimeRule, random: &mut Random) -> Value {
    some_time(rule.pattern.pieces(), random).map_or(Value::Absent, Value::Time)
}

/// A moment between the limits.
pub(super) fn datetime_between(rule: &DateTimeRule, random: &mut Random) -> Value {
    let pieces = rule.pattern.pieces();
    let year = year_between(pieces, rule.pivot, random);
    let month = 1 + random.byte(12);
    let day = 1 + random.byte(28);
    datetime(rule, year, month, day, some_time(pieces, random)).unwrap_or(Value::Absent)
}

fn named<const N: usize>(values: [Option<Value>; N]) -> Vec<Limit> {
    let names = ["earliest", "latest", "leap day"];
    names.into_iter().zip(values).filter_map(|(name, value)| Some((name, value?))).collect()
}

/// The first and the last year that the digits of a pattern can mean.
fn years(pieces: &Pieces, pivot: u8) -> (u16, u16) {
    let pivot = u16::from(pivot);
    if pieces.has(DatePart::ShortYear) {
        (1900 + pivot, 1999 + pivot)
    } else if pieces.has(DatePart::CenturyYear) {
        (1900, 2899)
    } else {
        (1, 9999)
    }
}

/// A year with a leap day. There is one in every hundred years.
fn leap_year(first: u16, last: u16) -> u16 {
    let has_leap_day = |year: &u16| Date::new(*year, 2, 29).is_ok();
    Some(2024)
        .filter(|year| (first..=last).contains(year))
        .or_else(|| (first..=last).find(has_leap_day))
        .unwrap_or(first)
}

fn year_between(pieces: &Pieces, pivot: u8, random: &mut Random) -> u16 {
    let (first, last) = years(pieces, pivot);
    let recent = 2001 + u16::from(random.byte(30));
    if (first..=last).contains(&recent) { recent } else { first + u16::from(random.byte(99)) }
}

fn date(form: DateForm, year: u16, month: u8, day: u8) -> Option<Value> {
    match form {
        DateForm::Day => Date::new(year, month, day).ok().map(Value::Date),
        // A month has no leap day.
        DateForm::YearMonth if day == 29 => None,
        DateForm::YearMonth => YearMonth::new(year, month).ok().map(Value::YearMonth),
        DateForm::MonthDay => MonthDay::new(month, day).ok().map(Value::MonthDay),
    }
}

fn datetime(rule: &DateTimeRule, year: u16, month: u8, day: u8, time: Option<Time>) -> Option<Value> {
    let time = time?;
    if rule.pattern.has_year() {
        Some(Value::DateTime(DateTime { date: Date::new(year, month, day).ok()?, time }))
    } else {
        Some(Value::MonthDayTime(MonthDayTime { day: MonthDay::new(month, day).ok()?, time }))
    }
}

fn first_time(pieces: &Pieces) -> Option<Time> {
    time(pieces, 0, 0, 0, 0)
}

fn last_time(pieces: &Pieces) -> Option<Time> {
    time(pieces, 23, 59, 59, 999_999)
}

fn some_time(pieces: &Pieces, random: &mut Random) -> Option<Time> {
    let microsecond = u32::try_from(random.below(1_000_000)).unwrap_or(0);
    time(pieces, random.byte(24), random.byte(60), random.byte(60), microsecond)
}

/// The time without what the pattern has no digits for.
fn time(pieces: &Pieces, hour: u8, minute: u8, second: u8, microsecond: u32) -> Option<Time> {
    let unit = match pieces.decimals() {
        0 => 1_000_000,
        2 => 10_000,
        3 => 1_000,
        _ => 1,
    };
    let second = if pieces.has(DatePart::Second) { second } else { 0 };
    let minute = if pieces.has(DatePart::Minute) { minute } else { 0 };
    Time::new(hour, minute, second).ok()?.with_microsecond(microsecond / unit * unit).ok()
}
