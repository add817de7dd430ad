//! Date and time of day as a spec's fields show them, at a fixed distance from UTC.

use std::time::{SystemTime, UNIX_EPOCH};

/// One reading of the clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// `2026-11-21`
    pub(super) date: String,
    /// `09:30:15`
    pub(super) time: String,
}

impl Moment {
    pub(super) fn now(utc_offset_minutes: i64) -> Self {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        Self::at(i64::try_from(since_1970).unwrap_or_default(), utc_offset_minutes)
    }

    fn at(unix_seconds: i64, utc_offset_minutes: i64) -> Self {
        let local = unix_seconds + utc_offset_minutes * 60;
        let (days, second) = (local.div_euclid(86_400), local.rem_euclid(86_400));
        let (year, month, day) = civil(days);
        Self {
            date: format!("{year:04}-{month:02}-{day:02}"),
            time: format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60),
        }
    }
}

/// Days since 1970-01-01 → year, month, day in the Gregorian calendar. Counts years from March, so that the leap day is last.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468; // since 0000-03-01
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(unix_seconds: i64, utc_offset_minutes: i64, date: &str, time: &str) {
        let expected = Moment { date: date.to_owned(), time: time.to_owned() };
        assert_eq!(Moment::at(unix_seconds, utc_offset_minutes), expected);
    }

    #[test]
    fn dates_are_those_of_the_calendar() {
        check(0, 0, "1970-01-01", "00:00:00");
        check(951_782_399, 0, "2000-02-28", "23:59:59");
        check(951_782_400, 0, "2000-02-29", "00:00:00");
        check(1_795_221_015, 540, "2026-11-21", "09:30:15");
        check(1_795_273_199, 540, "2026-11-21", "23:59:59");
    }
}
