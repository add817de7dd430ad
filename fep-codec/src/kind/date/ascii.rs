//! Usual dates and times in ASCII, in pairs of digits: years of four digits, and dates with years of two. All others are in [`super::parts`].

use super::parts::with_century;
use crate::swar::{pairs, write_pairs};
use crate::value::{Date, DateTime, Time};

/// Writes the date `YYYYMMDD` in ASCII, and returns whether it is one.
#[inline(always)]
pub(crate) fn put_date(date: Date, out: &mut [u8]) -> bool {
    let [century, year] = [date.year() / 100, date.year() % 100].map(|two| two.to_le_bytes()[0]);
    write_pairs([century, year, date.month(), date.day()], out)
}

/// Writes the date `YYMMDD` in ASCII, if its century is that of its short year.
#[inline(always)]
pub(crate) fn put_short_date(date: Date, pivot: u8, out: &mut [u8]) -> bool {
    let year = date.year() % 100;
    with_century(year, pivot) == date.year() && write_pairs([0, year.to_le_bytes()[0], date.month(), date.day()], out)
}

/// Writes the time `HHMMSS` in ASCII, if it has no fraction of a second.
#[inline(always)]
pub(crate) fn put_time(time: Time, out: &mut [u8]) -> bool {
    time.microsecond() == 0 && write_pairs([0, time.hour(), time.minute(), time.second()], out)
}

/// Writes the timestamp `YYYYMMDDHHMMSS` in ASCII, as [`put_time`].
#[inline(always)]
pub(crate) fn put_both(both: DateTime, out: &mut [u8]) -> bool {
    let Some((day, rest)) = out.split_at_mut_checked(8) else { return false };
    put_date(both.date, day) && put_time(both.time, rest)
}

/// The date `YYYYMMDD` in ASCII. `None` if the bytes are none of it, or there is no such day.
#[inline(always)]
pub(crate) fn date(bytes: &[u8]) -> Option<Date> {
    let [century, year, month, day] = pairs(bytes)?;
    Date::new(u16::from(century) * 100 + u16::from(year), month, day).ok()
}

/// The date `YYMMDD` in ASCII, as [`date`].
#[inline(always)]
pub(crate) fn short_date(bytes: &[u8], pivot: u8) -> Option<Date> {
    let [_, year, month, day] = pairs(bytes)?;
    Date::new(with_century(year.into(), pivot), month, day).ok()
}

/// The time `HHMMSS` in ASCII, as [`date`].
#[inline(always)]
pub(crate) fn time(bytes: &[u8]) -> Option<Time> {
    let [_, hour, minute, second] = pairs(bytes)?;
    Time::new(hour, minute, second).ok()
}

/// The timestamp `YYYYMMDDHHMMSS` in ASCII, as [`date`].
#[inline(always)]
pub(crate) fn both(bytes: &[u8]) -> Option<DateTime> {
    let (day, rest) = bytes.split_at_checked(8)?;
    Some(DateTime { date: date(day)?, time: time(rest)? })
}
