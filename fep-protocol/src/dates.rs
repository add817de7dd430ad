//! Days since 1970-01-01 and dates of the Gregorian calendar. It knows no clock and no time of day.

use fep_codec::Date;

/// The number of days from 1970-01-01 to this date. It counts eras of 400 years from 1 March 0000.
#[must_use]
pub fn day_of(date: Date) -> i64 {
    let month = i64::from(date.month());
    let year = i64::from(date.year()) - i64::from(month <= 2);
    let month_from_march = (month + 9) % 12;
    let of_year = (153 * month_from_march + 2) / 5 + i64::from(date.day()) - 1;
    let year_of_era = year.rem_euclid(400);
    year.div_euclid(400) * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year - 719_468
}

/// The year, month and day of a number of days since 1970-01-01: the reverse of [`day_of`].
pub(crate) fn date_of(day: i64) -> (i64, i64, i64) {
    let from_era = day + 719_468;
    let of_era = from_era.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let day_of_month = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + from_era.div_euclid(146_097) * 400 + i64::from(month <= 2);
    (year, month, day_of_month)
}
