//! Calendar dates and times of day. Each value is checked when it is created.

use core::fmt;
use core::str::FromStr;

/// A day of the Gregorian calendar, years 0 to 9999. Written `2026-11-21`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

/// A day without a year. Written `1125`, as on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MonthDay {
    month: u8,
    day: u8,
}

/// A month of a year, without a day. Written `2026-11`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct YearMonth {
    year: u16,
    month: u8,
}

/// A time of day, without leap seconds. Written `09:30:15`, or `09:30:15.123` if it has a fraction of a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time {
    hour: u8,
    minute: u8,
    second: u8,
    microsecond: u32,
}

/// A date with a time of day, in the institution's local time. Written `2026-11-21T09:30:15`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime {
    /// The day.
    pub date: Date,
    /// The time of day.
    pub time: Time,
}

/// A day without a year and a time of day. Written `1121093015`, as on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MonthDayTime {
    /// The day.
    pub day: MonthDay,
    /// The time of day.
    pub time: Time,
}

/// The reason why a date or time is impossible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateError(pub &'static str);

impl Date {
    /// The day with this year, month and day.
    ///
    /// # Errors
    /// If there is no such day.
    #[inline]
    pub const fn new(year: u16, month: u8, day: u8) -> Result<Self, DateError> {
        if year > 9999 {
            return Err(DateError("a year has four digits"));
        }
        if month == 0 || month > 12 {
            return Err(DateError("months are 1 to 12"));
        }
        if day == 0 || (day > 28 && day > days_in(year, month)) {
            return Err(DateError("the month has no such day"));
        }
        Ok(Self { year, month, day })
    }

    /// The day with this number in its year, counted from 1.
    ///
    /// # Errors
    /// If the year has no such day.
    pub const fn from_ordinal(year: u16, day_of_year: u16) -> Result<Self, DateError> {
        let mut month = 1;
        let mut rest = day_of_year;
        while month <= 12 && rest > days_in(year, month) as u16 {
            rest -= days_in(year, month) as u16;
            month += 1;
        }
        if month > 12 || rest == 0 {
            return Err(DateError("the year has no such day"));
        }
        // A month has at most 31 days.
        Self::new(year, month, rest.to_le_bytes()[0])
    }

    /// The number of the day in its year, counted from 1.
    #[must_use]
    pub const fn day_of_year(self) -> u16 {
        let mut month = 1;
        let mut day = self.day as u16;
        while month < self.month {
            day += days_in(self.year, month) as u16;
            month += 1;
        }
        day
    }

    /// The year, 0 to 9999.
    #[must_use]
    pub const fn year(self) -> u16 {
        self.year
    }

    /// The month, 1 to 12.
    #[must_use]
    pub const fn month(self) -> u8 {
        self.month
    }

    /// The day of the month, 1 to 31.
    #[must_use]
    pub const fn day(self) -> u8 {
        self.day
    }
}

impl MonthDay {
    /// The day with this month and day. 29 February is allowed.
    ///
    /// # Errors
    /// If no year has such a day.
    pub const fn new(month: u8, day: u8) -> Result<Self, DateError> {
        match Date::new(2000, month, day) {
            Ok(_) => Ok(Self { month, day }),
            Err(why) => Err(why),
        }
    }

    /// The month, 1 to 12.
    #[must_use]
    pub const fn month(self) -> u8 {
        self.month
    }

    /// The day of the month, 1 to 31.
    #[must_use]
    pub const fn day(self) -> u8 {
        self.day
    }
}

impl YearMonth {
    /// The month with this year and number.
    ///
    /// # Errors
    /// If there is no such month.
    pub const fn new(year: u16, month: u8) -> Result<Self, DateError> {
        match Date::new(year, month, 1) {
            Ok(_) => Ok(Self { year, month }),
            Err(why) => Err(why),
        }
    }

    /// The year, 0 to 9999.
    #[must_use]
    pub const fn year(self) -> u16 {
        self.year
    }

    /// The month, 1 to 12.
    #[must_use]
    pub const fn month(self) -> u8 {
        self.month
    }
}

impl Time {
    /// The time with this hour, minute and second.
    ///
    /// # Errors
    /// If a day has no such time.
    #[inline]
    pub const fn new(hour: u8, minute: u8, second: u8) -> Result<Self, DateError> {
        if hour > 23 {
            return Err(DateError("hours are 0 to 23"));
        }
        if minute > 59 {
            return Err(DateError("minutes are 0 to 59"));
        }
        if second > 59 {
            return Err(DateError("seconds are 0 to 59"));
        }
        Ok(Self { hour, minute, second, microsecond: 0 })
    }

    /// The time with another fraction of its second, in microseconds.
    ///
    /// # Errors
    /// If the fraction is a second or more.
    pub const fn with_microsecond(self, microsecond: u32) -> Result<Self, DateError> {
        if microsecond > 999_999 {
            return Err(DateError("microseconds are 0 to 999999"));
        }
        Ok(Self { microsecond, ..self })
    }

    /// The hour, 0 to 23.
    #[must_use]
    pub const fn hour(self) -> u8 {
        self.hour
    }

    /// The minute, 0 to 59.
    #[must_use]
    pub const fn minute(self) -> u8 {
        self.minute
    }

    /// The second, 0 to 59.
    #[must_use]
    pub const fn second(self) -> u8 {
        self.second
    }

    /// The fraction of the second in microseconds, 0 to 999,999.
    #[must_use]
    pub const fn microsecond(self) -> u32 {
        self.microsecond
    }
}

const fn days_in(year: u16, month: u8) -> u8 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => 29,
        2 => 28,
        _ => 31,
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl fmt::Display for MonthDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}{:02}", self.month, self.day)
    }
}

impl fmt::Display for YearMonth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

/// As many decimals as the fraction of the second has, or as many as the precision asks for: `{:.3}`.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}:{:02}", self.hour, self.minute, self.second)?;
        self.write_fraction(f)
    }
}

impl Time {
    /// Writes the point and the decimals. A precision never hides decimals, because the value would become another one.
    fn write_fraction(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut decimals = 6;
        let mut fraction = self.microsecond;
        while decimals > f.precision().unwrap_or(0) && fraction.is_multiple_of(10) {
            fraction /= 10;
            decimals -= 1;
        }
        if decimals == 0 { Ok(()) } else { write!(f, ".{fraction:0decimals$}") }
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}T", self.date)?;
        fmt::Display::fmt(&self.time, f)
    }
}

impl fmt::Display for MonthDayTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Time { hour, minute, second, microsecond: _ } = self.time;
        write!(f, "{}{hour:02}{minute:02}{second:02}", self.day)?;
        self.time.write_fraction(f)
    }
}

impl fmt::Display for DateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl core::error::Error for DateError {}

/// Reads `2026-11-21`.
impl FromStr for Date {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = *text.as_bytes() else {
            return Err(DateError("a date is written YYYY-MM-DD"));
        };
        let (Some(century), Some(year), Some(month), Some(day)) = (two(y1, y2), two(y3, y4), two(m1, m2), two(d1, d2))
        else {
            return Err(DateError("a date is written YYYY-MM-DD"));
        };
        Self::new(u16::from(century) * 100 + u16::from(year), month, day)
    }
}

/// Reads `1125`.
impl FromStr for MonthDay {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        let [m1, m2, d1, d2] = *text.as_bytes() else {
            return Err(DateError("a day without a year is written MMDD"));
        };
        match (two(m1, m2), two(d1, d2)) {
            (Some(month), Some(day)) => Self::new(month, day),
            _ => Err(DateError("a day without a year is written MMDD")),
        }
    }
}

/// Reads `2026-11`.
impl FromStr for YearMonth {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        let wrong = DateError("a month of a year is written YYYY-MM");
        let [y1, y2, y3, y4, b'-', m1, m2] = *text.as_bytes() else { return Err(wrong) };
        match (two(y1, y2), two(y3, y4), two(m1, m2)) {
            (Some(century), Some(year), Some(month)) => Self::new(u16::from(century) * 100 + u16::from(year), month),
            _ => Err(wrong),
        }
    }
}

/// Reads `09:30:15`, also with one to six decimals: `09:30:15.123`.
impl FromStr for Time {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        let wrong = DateError("a time is written HH:MM:SS, with up to six decimals of the second");
        let [h1, h2, b':', m1, m2, b':', s1, s2, fraction @ ..] = text.as_bytes() else { return Err(wrong) };
        time([*h1, *h2, *m1, *m2, *s1, *s2], fraction).ok_or(wrong)?
    }
}

/// Reads `2026-11-21T09:30:15`.
impl FromStr for DateTime {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        let (date, time) =
            text.split_once('T').ok_or(DateError("a date with a time is written YYYY-MM-DDTHH:MM:SS"))?;
        Ok(Self { date: date.parse()?, time: time.parse()? })
    }
}

/// Reads `1121093015`.
impl FromStr for MonthDayTime {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        let wrong = DateError("a day and a time without a year are written MMDDHHMMSS");
        let (day, rest) = text.split_at_checked(4).ok_or(wrong)?;
        let Some((digits, fraction)) = rest.as_bytes().split_first_chunk::<6>() else { return Err(wrong) };
        Ok(Self { day: day.parse()?, time: time(*digits, fraction).ok_or(wrong)?? })
    }
}

/// A time of its six digits, and of nothing or a point with one to six decimals. `None` if a character is wrong.
fn time([h1, h2, m1, m2, s1, s2]: [u8; 6], fraction: &[u8]) -> Option<Result<Time, DateError>> {
    let time = Time::new(two(h1, h2)?, two(m1, m2)?, two(s1, s2)?);
    let decimals = match fraction {
        [] => return Some(time),
        [b'.', decimals @ ..] if matches!(decimals.len(), 1..=6) => decimals,
        _ => return None,
    };
    let mut microsecond = 0;
    for place in 0..6 {
        let digit = match decimals.get(place) {
            Some(digit) if digit.is_ascii_digit() => digit - b'0',
            Some(_) => return None,
            None => 0,
        };
        microsecond = microsecond * 10 + u32::from(digit);
    }
    Some(time.and_then(|time| time.with_microsecond(microsecond)))
}

const fn two(tens: u8, ones: u8) -> Option<u8> {
    if tens.is_ascii_digit() && ones.is_ascii_digit() { Some((tens - b'0') * 10 + (ones - b'0')) } else { None }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use super::*;

    #[test]
    fn a_date_exists_or_is_refused() {
        assert_eq!("2024-02-29".parse::<Date>().unwrap().to_string(), "2024-02-29");
        for impossible in ["2026-02-29", "1900-02-29", "2026-13-01", "2026-00-10", "2026-04-31", "2026-1-1", "26-11-21"]
        {
            assert!(impossible.parse::<Date>().is_err(), "{impossible}");
        }
        assert!("2000-02-29".parse::<Date>().is_ok());
    }

    #[test]
    fn every_day_of_a_century_has_one_number_in_its_year() {
        for year in 1999..=2100 {
            let mut last = 0;
            for month in 1..=12 {
                for day in 1..=31 {
                    let Ok(date) = Date::new(year, month, day) else { continue };
                    last += 1;
                    assert_eq!(date.day_of_year(), last, "{date}");
                    assert_eq!(Date::from_ordinal(year, last), Ok(date));
                }
            }
            assert!(last == 365 || last == 366);
            assert!(Date::from_ordinal(year, last + 1).is_err() && Date::from_ordinal(year, 0).is_err());
        }
        assert_eq!("2024-12-31".parse::<Date>().unwrap().day_of_year(), 366);
        assert_eq!("1900-12-31".parse::<Date>().unwrap().day_of_year(), 365);
    }

    #[test]
    fn a_day_and_a_time_without_a_year_are_their_digits() {
        assert_eq!("0229235959".parse::<MonthDayTime>().unwrap().to_string(), "0229235959");
        for impossible in ["0230000000", "1121240000", "112109301", "11210930155", "1121T93015", "가나다라"] {
            assert!(impossible.parse::<MonthDayTime>().is_err(), "{impossible}");
        }
    }

    #[test]
    fn a_time_exists_or_is_refused() {
        assert_eq!("23:59:59".parse::<Time>().unwrap().to_string(), "23:59:59");
        let wrong =
            ["24:00:00", "12:60:00", "12:00:60", "9:30:15", "09:30", "09:30:15.", "09:30:15.1234567", "09:30:15,1"];
        for impossible in wrong {
            assert!(impossible.parse::<Time>().is_err(), "{impossible}");
        }
    }

    #[test]
    fn a_fraction_of_a_second_is_written_as_short_as_it_is() {
        for (written, shown) in [
            ("09:30:15.123", "09:30:15.123"),
            ("09:30:15.120", "09:30:15.12"),
            ("09:30:15.000001", "09:30:15.000001"),
            ("09:30:15.000", "09:30:15"),
        ] {
            assert_eq!(written.parse::<Time>().unwrap().to_string(), shown);
        }
        let time: Time = "09:30:15.12".parse().unwrap();
        assert_eq!(alloc::format!("{time:.3}"), "09:30:15.120");
        assert_eq!(alloc::format!("{time:.1}"), "09:30:15.12");
        let both: DateTime = "2026-11-21T09:30:15".parse().unwrap();
        assert_eq!(alloc::format!("{both:.3}"), "2026-11-21T09:30:15.000");
        assert_eq!("1121093015.5".parse::<MonthDayTime>().unwrap().to_string(), "1121093015.5");
        assert!(Time::new(0, 0, 0).unwrap().with_microsecond(1_000_000).is_err());
    }

    #[test]
    fn a_month_of_a_year_exists_or_is_refused() {
        assert_eq!("2026-11".parse::<YearMonth>().unwrap().to_string(), "2026-11");
        for impossible in ["2026-13", "2026-00", "202611", "26-11", "2026-11-01", "2026/11"] {
            assert!(impossible.parse::<YearMonth>().is_err(), "{impossible}");
        }
    }
}
