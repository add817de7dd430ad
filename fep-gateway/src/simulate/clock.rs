//! The clock of the institution. It shows the real time, or a time of the scenario that goes on from there, also faster.

use std::time::{SystemTime, UNIX_EPOCH};

use fep_protocol::zone::TimeZone;

use super::scenario::Calendar;
use crate::business_clock::{BaseTime, BusinessClock, Setting};
use crate::telegrams::Stamp;
use crate::time;

/// The clock of the institution.
#[derive(Clone, Debug)]
pub(super) struct Clock {
    zone: TimeZone,
    business: BusinessClock,
}

/// One reading of the clock, with date and time in their JSON form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    /// `2026-11-21`
    pub(super) date: String,
    /// `09:30:15`
    pub(super) time: String,
    /// In milliseconds since 1970 (UTC).
    pub(super) ms: i64,
    /// The date in days since 1970-01-01.
    day: i64,
    /// The second of the day.
    second: u32,
}

const SECOND_MS: i64 = 1000;

impl Clock {
    /// A clock that shows the base time now, or the real time without one.
    pub(super) fn new(base: Option<BaseTime>, zone: TimeZone) -> Self {
        let business = base.map_or_else(BusinessClock::default, BusinessClock::at);
        Self { zone, business }
    }

    /// The clock without its time zone, to share it.
    pub(super) const fn business(&self) -> &BusinessClock {
        &self.business
    }

    /// How the clock was set, and what it shows.
    pub(super) fn reading(&self) -> (Setting, Moment) {
        let setting = self.business.setting();
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let real_ms = i64::try_from(since_1970).unwrap_or_default();
        (setting, Moment::at(setting.now_ms(real_ms), self.zone))
    }

    pub(super) fn now(&self) -> Moment {
        self.reading().1
    }
}

impl Moment {
    fn at(ms: i64, zone: TimeZone) -> Self {
        let stamp = Stamp::new(ms, zone.offset_minutes(ms));
        let local = zone.local_ms(ms);
        let second = u32::try_from(local.rem_euclid(time::DAY_MS) / SECOND_MS).unwrap_or_default();
        Self { date: stamp.date.to_string(), time: stamp.time.to_string(), ms, day: stamp.day, second }
    }

    /// Whether the moment is one of those that a rule is for.
    pub(super) fn is_in(&self, calendar: &Calendar) -> bool {
        let Calendar { between, dates, weekdays, month_days } = calendar;
        let in_time = between.is_none_or(|(from, until)| {
            if from <= until {
                (from..until).contains(&self.second)
            } else {
                self.second >= from || self.second < until
            }
        });
        in_time
            && (dates.is_empty() || dates.contains(&self.day))
            && (weekdays.is_empty() || weekdays.contains(&self.weekday()))
            && (month_days.is_empty() || month_days.iter().any(|day| self.is_month_day(*day)))
    }

    /// The date in days since 1970-01-01.
    pub(super) const fn day(&self) -> i64 {
        self.day
    }

    /// The day of the week, 0 is Monday. 1970-01-01 was a Thursday.
    fn weekday(&self) -> u8 {
        u8::try_from((self.day + 3).rem_euclid(7)).unwrap_or_default()
    }

    /// Whether it is this day of the month, counted from the end if it is negative.
    fn is_month_day(&self, wanted: i8) -> bool {
        let (_, month, day) = time::date(self.day);
        if wanted > 0 {
            return day == i64::from(wanted);
        }
        // The day before which the next month begins, as many days later as there are days left.
        let left = i64::from(wanted.unsigned_abs());
        time::date(self.day + left).1 != month && time::date(self.day + left - 1).1 == month
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(text: &str) -> Moment {
        Moment::at(time::parse(text).unwrap(), 540.into())
    }

    #[test]
    fn a_calendar_knows_times_dates_weekdays_and_the_end_of_a_month() {
        // 2026-12-31 is a Thursday.
        let eve = moment("2026-12-31T23:59:30+09:00");
        let check = |calendar: Calendar, expected: bool| assert_eq!(eve.is_in(&calendar), expected, "{calendar:?}");
        let at = |hour: u32, minute: u32| (hour * 60 + minute) * 60;
        check(Calendar::default(), true);
        check(Calendar { between: Some((at(23, 50), at(0, 10))), ..Calendar::default() }, true);
        check(Calendar { between: Some((at(0, 10), at(23, 50))), ..Calendar::default() }, false);
        check(Calendar { weekdays: vec![3], ..Calendar::default() }, true);
        check(Calendar { weekdays: vec![4, 5], ..Calendar::default() }, false);
        check(Calendar { month_days: vec![-1], ..Calendar::default() }, true);
        check(Calendar { month_days: vec![31], ..Calendar::default() }, true);
        check(Calendar { month_days: vec![-2, 1], ..Calendar::default() }, false);
        let dates = [time::parse("2026-12-31").unwrap() / time::DAY_MS];
        check(Calendar { dates: dates.to_vec(), ..Calendar::default() }, true);
        let new_year = Calendar { dates: vec![dates[0] + 1], ..Calendar::default() };
        check(new_year.clone(), false);
        assert!(moment("2027-01-01T00:00:00+09:00").is_in(&new_year));
        let leap = Calendar { month_days: vec![-1], ..Calendar::default() };
        assert!(moment("2028-02-29T12:00:00+09:00").is_in(&leap) && !moment("2028-02-28T12:00:00+09:00").is_in(&leap));
    }

    #[test]
    fn a_base_time_goes_on_from_there() {
        let base = BaseTime { ms: time::parse("2026-12-31T23:59:59+09:00").unwrap(), speed: 1000 };
        let clock = Clock::new(Some(base), 540.into());
        let first = clock.now();
        assert_eq!(first.date, "2026-12-31");
        std::thread::sleep(std::time::Duration::from_millis(5));
        assert_eq!(clock.now().date, "2027-01-01");
        assert!(clock.now().ms - first.ms >= 5000);
    }
}
