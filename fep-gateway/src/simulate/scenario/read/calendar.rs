//! Reads what a scenario says about time.

use fep_spec::document::{Located, Table, Value};
use fep_spec::report::Code;

use super::Reader;
use crate::business_clock::BaseTime;
use crate::simulate::scenario::Calendar;
use crate::time;

impl Reader<'_> {
    pub(super) fn base_time(&self, table: Table<'_>) -> Option<BaseTime> {
        let base = BaseTime::of(&table);
        table.finish();
        base
    }

    pub(super) fn calendar(&self, table: Table<'_>) -> Calendar {
        let entries = |key| table.array(key).unwrap_or_default();
        let between: Vec<u32> = entries("between").into_iter().filter_map(|text| self.minute(text)).collect();
        let between = match (between.as_slice(), table.key_span("between")) {
            ([from, until], _) => Some((*from, *until)),
            (_, None) => None,
            (_, Some(place)) => {
                let hint = "between = [\"23:50\", \"00:10\"]";
                self.document.error_hint(Code::BadValue, place, "`between` has two times of day", hint);
                None
            }
        };
        let dates = entries("dates").into_iter().filter_map(|date| self.date(date)).collect();
        let weekdays = entries("weekdays").into_iter();
        let weekdays = weekdays.filter_map(|day| day.choice(&Calendar::WEEKDAYS)).map(|day| day.value).collect();
        let mut month_days = Vec::new();
        for day in entries("month_days").into_iter().filter_map(|day| day.integer(-31..=31_i8)) {
            if day.value == 0 {
                let hint = "1 is the first one, -1 the last one";
                self.document.error_hint(Code::OutOfRange, day.span.clone(), "no month has a day 0", hint);
            }
            month_days.push(day.value);
        }
        table.finish();
        Calendar { between, dates, weekdays, month_days }
    }

    /// `23:50` in seconds of the day.
    fn minute(&self, value: Value<'_>) -> Option<u32> {
        let text = value.string()?;
        let parts = text.value.split_once(':').filter(|(hour, minute)| hour.len() == 2 && minute.len() == 2);
        let number = |text: &str, max: u32| text.parse().ok().filter(|number: &u32| *number <= max);
        let second = parts.and_then(|(hour, minute)| Some((number(hour, 23)? * 60 + number(minute, 59)?) * 60));
        if second.is_none() {
            self.bad(&text, "a time of day is written 23:50");
        }
        second
    }

    /// `2026-12-31` in days since 1970-01-01.
    fn date(&self, value: Value<'_>) -> Option<i64> {
        let text = value.string()?;
        let ms = time::parse(text.value).ok().filter(|_| text.value.len() == "2026-12-31".len());
        if ms.is_none() {
            self.bad(&text, "a date is written 2026-12-31");
        }
        ms.map(|ms| ms.div_euclid(time::DAY_MS))
    }

    fn bad(&self, text: &Located<&str>, hint: &str) {
        let message = format!("`{}` cannot be read", text.value.escape_debug());
        self.document.error_hint(Code::BadValue, text.span.clone(), message, hint);
    }
}
