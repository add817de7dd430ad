//! The date, the time of day and the business date at the institution, from one clock reading.

use fep_codec::{Date, Time};

/// A moment in the institution's calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The business date in days since 1970-01-01.
    pub day: i64,
    /// The business date, which may begin at another time than midnight.
    pub business_date: Date,
    /// The date.
    pub date: Date,
    /// The time of day.
    pub time: Time,
}

const DAY_SECONDS: i64 = 86_400;

impl Stamp {
    /// The moment `wall_ms` milliseconds after the start of 1970 (UTC), on a clock that is `utc_offset_minutes` ahead of
    /// UTC. The business date is the date.
    #[must_use]
    pub fn new(wall_ms: i64, utc_offset_minutes: i32) -> Self {
        let seconds = wall_ms.div_euclid(1000).saturating_add(i64::from(utc_offset_minutes) * 60);
        let day = seconds.div_euclid(DAY_SECONDS);
        let second = seconds.rem_euclid(DAY_SECONDS);
        let date = date(day);
        Self { day, business_date: date, date, time: time(second) }
    }

    /// The same moment with this business date, in days since 1970-01-01.
    #[must_use]
    pub fn on_business_date(self, day: i64) -> Self {
        if day == self.day { self } else { Self { day, business_date: date(day), ..self } }
    }
}

/// Converts a number of days since 1970-01-01 to a date of the Gregorian calendar. It counts eras of 400 years from 1 March
/// 0000.
fn date(day: i64) -> Date {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day_of_month = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let parts = (u16::try_from(year), u8::try_from(month), u8::try_from(day_of_month));
    match parts {
        (Ok(year), Ok(month), Ok(day)) => Date::new(year, month, day).unwrap_or(FAR_DAY),
        _ => FAR_DAY,
    }
}

/// The replacement for a day beyond the calendar, which only a broken clock can show.
const FAR_DAY: Date = match Date::new(9999, 12, 31) {
    Ok(date) => date,
    Err(_) => panic!("it is a day"),
};

fn time(second: i64) -> Time {
    let part = |number: i64| u8::try_from(number).unwrap_or(0);
    Time::new(part(second / 3600), part(second / 60 % 60), part(second % 60)).unwrap_or(MIDNIGHT)
}

const MIDNIGHT: Time = match Time::new(0, 0, 0) {
    Ok(time) => time,
    Err(_) => panic!("it is a time"),
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_read_as_the_institutions_clock_shows_them() {
        for (wall_ms, offset, expected) in [
            (0, 0, "1970-01-01 00:00:00 0"),
            (-1, 0, "1969-12-31 23:59:59 -1"),
            (951_782_400_000, 0, "2000-02-29 00:00:00 11016"),
            (1_795_220_999_000, 540, "2026-11-21 09:29:59 20778"),
            (1_795_186_799_999, 540, "2026-11-20 23:59:59 20777"),
            (1_795_186_800_000, 540, "2026-11-21 00:00:00 20778"),
        ] {
            let stamp = Stamp::new(wall_ms, offset);
            assert_eq!(format!("{} {} {}", stamp.date, stamp.time, stamp.day), expected);
        }
    }
}
