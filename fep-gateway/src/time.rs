//! Times as text, by RFC 3339. Written in UTC with milliseconds, read with any offset.

use std::fmt;

/// A time in milliseconds since 1970, as text: `2026-11-26T00:15:00.000Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rfc3339(pub(crate) i64);

/// The length of a day, in milliseconds.
pub(crate) const DAY_MS: i64 = 86_400_000;

impl fmt::Display for Rfc3339 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = date(self.0.div_euclid(DAY_MS));
        let ms = self.0.rem_euclid(DAY_MS);
        let hour = ms / 3_600_000;
        let minute = ms / 60_000 % 60;
        let second = ms / 1000 % 60;
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", ms % 1000)
    }
}

/// Reads `2026-11-26T09:15:00+09:00`, with or without a fraction of the second, or `2026-11-26` for 0 o'clock UTC. Returns
/// milliseconds since 1970.
pub(crate) fn parse(text: &str) -> Result<i64, String> {
    read(text).ok_or_else(|| {
        "a time is written 2026-11-26T09:15:00+09:00 or 2026-11-26T00:15:00Z, or 2026-11-26 for 0 o'clock UTC"
            .to_owned()
    })
}

fn read(text: &str) -> Option<i64> {
    let (date, time) = match text.split_once(['T', 't', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    if !(1..=12).contains(&month) || !(1..=month_days(year, month)).contains(&day) {
        return None;
    }
    let midnight = days(year, month, day) * DAY_MS;
    let Some(time) = time else { return Some(midnight) };
    let at = time.find(['Z', 'z', '+', '-'])?;
    let (clock, offset) = time.split_at_checked(at)?;
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, "0"));
    let [hour, minute, second] = numbers(clock, ':', [2, 2, 2])?;
    if hour > 23 || minute > 59 || second > 60 || fraction.is_empty() || !is_digits(fraction) {
        return None;
    }
    let ms: i64 = fraction.chars().chain("00".chars()).take(3).collect::<String>().parse().ok()?;
    Some(midnight + ((hour * 60 + minute) * 60 + second) * 1000 + ms - offset_ms(offset)?)
}

fn offset_ms(text: &str) -> Option<i64> {
    let sign = match text.chars().next()? {
        '+' => 1,
        '-' => -1,
        _ => return (text.len() == 1).then_some(0),
    };
    let [hours, minutes] = numbers(text.get(1..)?, ':', [2, 2])?;
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 60 + minutes) * 60_000)
}

/// The numbers in a text like `09:15`, each with this number of digits.
fn numbers<const N: usize>(text: &str, between: char, digits: [usize; N]) -> Option<[i64; N]> {
    let mut numbers = [0; N];
    let mut parts = text.split(between);
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part = parts.next().filter(|part| part.len() == digits && is_digits(part))?;
        *number = part.parse().ok()?;
    }
    parts.next().is_none().then_some(numbers)
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// The number of days of a month.
pub(crate) fn month_days(year: i64, month: i64) -> i64 {
    let next = if month == 12 { days(year + 1, 1, 1) } else { days(year, month + 1, 1) };
    next - days(year, month, 1)
}

/// The days from 1970-01-01 to a date of the Gregorian calendar. Years begin in March here, so that a leap day ends its year.
pub(crate) fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month > 2 { year } else { year - 1 };
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    365 * year + leap_days + day_of_year - 719_468
}

/// The date that is this many days after 1970-01-01: year, month, day.
pub(crate) fn date(days: i64) -> (i64, i64, i64) {
    // Eras of 400 years have 146 097 days each.
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day_of_year - (153 * march_month + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, ms: Option<i64>) {
        assert_eq!(parse(text).ok(), ms, "{text}");
    }

    /// The numbers are those of `date -u -d TIME +%s`.
    #[test]
    fn a_time_is_read_with_its_offset() {
        check("1970-01-01", Some(0));
        check("2026-11-26", Some(1_795_651_200_000));
        check("2026-11-26T09:15:00+09:00", Some(1_795_652_100_000));
        check("2026-11-26T00:15:00Z", Some(1_795_652_100_000));
        check("2026-11-25 19:15:00.25-05:00", Some(1_795_652_100_250));
        check("2026-11-26T00:15:00.123456Z", Some(1_795_652_100_123));
        check("2024-02-29T23:59:59Z", Some(1_709_251_199_000));
        check("2000-02-29", Some(951_782_400_000));
        for wrong in [
            "",
            "now",
            "2026-11-26T09:15:00",
            "2026-11-26T09:15Z",
            "2026-02-29",
            "1900-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-11-31",
            "2026-11-26T24:00:00Z",
            "2026-11-26T09:15:00.Z",
            "2026-11-26T09:15:00+9",
            "26-11-26",
            "2026-11-26Z",
            "2026-11-26T00:15:00Zx",
            "２０２６-11-26",
        ] {
            check(wrong, None);
        }
    }

    #[test]
    fn a_time_is_written_in_utc() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (1_795_652_100_007, "2026-11-26T00:15:00.007Z"),
            (1_709_251_199_999, "2024-02-29T23:59:59.999Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (-62_167_219_200_000, "0000-01-01T00:00:00.000Z"),
        ] {
            assert_eq!(Rfc3339(ms).to_string(), text);
        }
        let _no_panic = [Rfc3339(i64::MIN).to_string(), Rfc3339(i64::MAX).to_string()];
    }

    #[test]
    fn what_is_written_is_read_back() {
        for day in -1000..40_000 {
            let ms = day * DAY_MS + (day * 7_919_123).rem_euclid(DAY_MS);
            assert_eq!(parse(&Rfc3339(ms).to_string()), Ok(ms));
        }
    }
}
