//! Random dates and times that a pattern can write.

use fep_codec::layout::{DateForm, DateRule, DateTimeRule};
use fep_codec::{Date, DateTime, MonthDay, MonthDayTime, Time, Value, YearMonth};
use fep_core::calendar::{DatePart, Pieces};

use super::Random;

pub(super) fn date_value(rule: &DateRule, random: &mut Random) -> Value {
    let year = year(rule.pattern.pieces(), rule.pivot, random);
    let day = month_day(random);
    match rule.pattern.form() {
        DateForm::Day => Value::Date(date(year, day)),
        DateForm::YearMonth => Value::YearMonth(YearMonth::new(year, day.month()).unwrap_or_else(|_| unreachable!())),
        DateForm::MonthDay => Value::MonthDay(day),
    }
}

pub(super) fn datetime_value(rule: &DateTimeRule, random: &mut Random) -> Value {
    let pattern = rule.pattern.pieces();
    let year = year(pattern, rule.pivot, random);
    let day = month_day(random);
    let time = time(pattern, random);
    if rule.pattern.has_year() {
        Value::DateTime(DateTime { date: date(year, day), time })
    } else {
        Value::MonthDayTime(MonthDayTime { day, time })
    }
}

fn year(pattern: &Pieces, pivot: u8, random: &mut Random) -> u16 {
    let (first, count) = if pattern.has(DatePart::ShortYear) {
        (1900 + u16::from(pivot), 100)
    } else if pattern.has(DatePart::CenturyYear) {
        (1900, 1000)
    } else {
        (1900, 200)
    };
    first + u16::try_from(random.below(count)).unwrap_or_default()
}

fn date(year: u16, day: MonthDay) -> Date {
    Date::new(year, day.month(), day.day()).or_else(|_| Date::new(year, 2, 28)).unwrap_or_else(|_| unreachable!())
}

fn month_day(random: &mut Random) -> MonthDay {
    let month = 1 + random.byte(12);
    let day = 1 + random.byte(31);
    MonthDay::new(month, day).or_else(|_| MonthDay::new(month, 28)).unwrap_or_else(|_| unreachable!())
}

pub(super) fn time(pattern: &Pieces, random: &mut Random) -> Time {
    let second = if pattern.has(DatePart::Second) { random.byte(60) } else { 0 };
    let unit = match pattern.decimals() {
        0 => 1_000_000,
        2 => 10_000,
        3 => 1_000,
        _ => 1,
    };
    let fraction = u32::try_from(random.below(1_000_000 / unit) * unit).unwrap_or_default();
    let time = Time::new(random.byte(24), random.byte(60), second).unwrap_or_else(|_| unreachable!());
    time.with_microsecond(fraction).unwrap_or_else(|_| unreachable!())
}
