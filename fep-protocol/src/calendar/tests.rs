//! Hours and business dates. The expected moments were taken from GNU date.

use fep_codec::Date;

use super::*;

const HOUR: i64 = 3_600_000;

fn hours(text: &str) -> DayHours {
    let minute = |text: &str| {
        let (hour, minute) = text.split_once(':').unwrap();
        hour.parse::<u16>().unwrap() * 60 + minute.parse::<u16>().unwrap()
    };
    let spans = text.split_whitespace().map(|span| {
        let (from, to) = span.split_once('-').unwrap();
        Span::new(minute(from), minute(to)).unwrap()
    });
    DayHours::new(spans.collect()).unwrap()
}

/// Milliseconds since 1970 of an hour in Korea, in the week from Monday, 2026-11-23.
fn at(day_of_month: i64, hour: i64, minute: i64) -> i64 {
    // date -d "2026-11-23 00:00 +0900" +%s
    1_795_359_600_000 + (day_of_month - 23) * 24 * HOUR + hour * HOUR + minute * MINUTE_MS
}

fn calendar() -> Calendar {
    let workday = hours("09:00-12:00 13:00-16:30");
    let week = [
        workday.clone(),
        workday.clone(),
        workday.clone(),
        workday,
        hours("09:00-16:30 22:00-02:00"),
        hours("10:00-24:00"),
        DayHours::closed(),
    ];
    let mut calendar = Calendar::new(week, 540, 0);
    let tuesday = day_of(Date::new(2026, 11, 24).unwrap());
    calendar.set_day(tuesday, DayHours::closed()).unwrap();
    calendar.set_day(tuesday + 1, hours("09:00-11:00")).unwrap();
    calendar
}

fn check(now: i64, is_open: bool, next: i64) {
    let calendar = calendar();
    assert_eq!(calendar.is_open(now), is_open, "{now}");
    assert_eq!(calendar.next_change(now), Some(next), "{now}");
}

#[test]
fn hours_are_by_weekday_with_holidays_half_days_and_spans_over_midnight() {
    check(at(23, 8, 59), false, at(23, 9, 0));
    check(at(23, 9, 0), true, at(23, 12, 0));
    check(at(23, 12, 0), false, at(23, 13, 0));
    check(at(23, 16, 29), true, at(23, 16, 30));
    // Tuesday is a holiday, Wednesday a half day.
    check(at(23, 16, 30), false, at(25, 9, 0));
    check(at(24, 10, 0), false, at(25, 9, 0));
    check(at(25, 11, 0), false, at(26, 9, 0));
    check(at(27, 23, 0), true, at(28, 2, 0));
    check(at(28, 1, 59), true, at(28, 2, 0));
    check(at(28, 2, 0), false, at(28, 10, 0));
    // Sunday is closed.
    check(at(28, 23, 59), true, at(29, 0, 0));
    check(at(29, 0, 0), false, at(30, 9, 0));
}

#[test]
fn what_a_person_decided_for_one_day_counts_first() {
    let mut calendar = calendar();
    let sunday = calendar.today(at(29, 12, 0));
    calendar.decide(sunday, Some(hours("11:00-13:00")), "system change").unwrap();
    assert!(calendar.is_open(at(29, 12, 0)));
    assert_eq!(calendar.note(sunday), Some("system change"));
    assert_eq!(calendar.next_change(at(29, 12, 0)), Some(at(29, 13, 0)));
    calendar.decide(sunday, None, "").unwrap();
    assert!(!calendar.is_open(at(29, 12, 0)));
}

#[test]
fn spans_that_touch_are_one_and_what_never_changes_has_no_change() {
    assert_eq!(Calendar::always(540).next_change(at(23, 12, 0)), None);
    assert!(Calendar::always(-720).is_open(at(23, 12, 0)));
    let week = std::array::from_fn(|_| hours("00:00-12:00 12:00-23:00"));
    assert_eq!(Calendar::new(week, 540, 0).next_change(at(23, 11, 0)), Some(at(23, 23, 0)));
    let closed = Calendar::new(std::array::from_fn(|_| DayHours::closed()), 540, 0);
    assert_eq!((closed.is_open(0), closed.next_change(0)), (false, None));
    for broken in [i64::MIN, i64::MAX] {
        let _ = (calendar().is_open(broken), calendar().next_change(broken), calendar().business_date(broken));
    }
}

fn check_date(starts_at: u16, hour: i64, minute: i64, expected: i64) {
    let calendar = Calendar::new(std::array::from_fn(|_| DayHours::closed()), 540, starts_at);
    let monday = 20_780; // 2026-11-23
    assert_eq!(calendar.business_date(at(23, hour, minute)) - monday, expected, "{starts_at}: {hour}:{minute}");
}

#[test]
fn a_business_date_may_begin_before_or_after_midnight() {
    check_date(0, 0, 0, 0);
    check_date(0, 23, 59, 0);
    check_date(30, 0, 29, -1);
    check_date(30, 0, 30, 0);
    check_date(23 * 60 + 30, 23, 29, 0);
    check_date(23 * 60 + 30, 23, 30, 1);
    check_date(12 * 60, 11, 59, -1);
}

#[test]
fn dates_are_counted_from_1970() {
    for (year, month, day, expected) in
        [(1970, 1, 1, 0), (1969, 12, 31, -1), (2000, 2, 29, 11_016), (2026, 11, 21, 20_778), (2100, 3, 1, 47_541)]
    {
        assert_eq!(day_of(Date::new(year, month, day).unwrap()), expected, "{year}-{month}-{day}");
    }
}

#[test]
fn wrong_hours_are_refused() {
    assert_eq!(Span::new(1440, 0), Err(HoursError::NoSpan));
    assert_eq!(Span::new(0, 1441), Err(HoursError::NoSpan));
    let one = Span::new(540, 720).unwrap();
    let other = Span::new(719, 800).unwrap();
    assert_eq!(DayHours::new(vec![other, one]).unwrap_err().to_string(), "09:00-12:00 and 11:59-13:20 overlap");
    assert_eq!(Span::new(1320, 120).unwrap().to_string(), "22:00-02:00");
    let mut calendar = Calendar::always(0);
    for day in 0..i64::try_from(DAYS_MAX).unwrap() {
        calendar.set_day(day, DayHours::closed()).unwrap();
    }
    assert_eq!(calendar.set_day(-1, DayHours::closed()), Err(HoursError::TooManyDays));
}

/// From `date -u -d @SECONDS`.
#[test]
fn a_moment_has_a_text() {
    for (wall_ms, text) in [
        (-1, "1969-12-31 23:59"),
        (951_782_400_000, "2000-02-29 00:00"),
        (4_107_542_399_999, "2100-02-28 23:59"),
        (4_107_542_400_000, "2100-03-01 00:00"),
    ] {
        assert_eq!(Calendar::always(0).local_text(wall_ms), text);
    }
    assert_eq!(Calendar::always(540).local_text(951_782_400_000), "2000-02-29 09:00");
}

#[test]
fn a_business_date_begins_where_the_one_before_ends() {
    for (offset, starts_at) in [(540, 0), (540, 1380), (540, 30), (0, 720), (-300, 721), (840, 1439)] {
        let calendar = Calendar::new(std::array::from_fn(|_| DayHours::closed()), offset, starts_at);
        for day in [-1, 0, 20_783] {
            let begin = calendar.begins_ms(day);
            assert_eq!(
                (calendar.business_date(begin - 1), calendar.business_date(begin)),
                (day - 1, day),
                "{starts_at}"
            );
        }
    }
    // 2026-11-26T23:00:00+09:00, by `date`: the business date of the 27th begins.
    let calendar = Calendar::new(std::array::from_fn(|_| DayHours::closed()), 540, 1380);
    assert_eq!(calendar.begins_ms(20_784), 1_795_701_600_000);
}

/// New York: on 2028-03-12 there is no 02:30, and on 2028-11-05 the hour from 01:00 comes twice. The midnights of UTC are those of `date -u`.
const NEW_YORK: &str = "EST5EDT,M3.2.0,M11.1.0";
const MARCH_12: i64 = 1_836_432_000_000;
const NOVEMBER_5: i64 = 1_856_995_200_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

fn new_york(spans: &[(u16, u16)], day_starts_at: u16) -> Calendar {
    let spans = || DayHours::new(spans.iter().map(|(from, to)| Span::new(*from, *to).unwrap()).collect()).unwrap();
    Calendar::new(std::array::from_fn(|_| spans()), NEW_YORK.parse::<TimeZone>().unwrap(), day_starts_at)
}

#[test]
fn hours_follow_the_clock_when_it_is_put_forward_and_back() {
    let calendar = new_york(&[(9 * 60, 17 * 60)], 0);
    // 09:00 is 14:00 UTC in winter and 13:00 UTC in summer.
    for (at_ms, opens_ms) in [
        (MARCH_12 - 10 * HOUR_MS, MARCH_12 - 24 * HOUR_MS + 14 * HOUR_MS),
        (MARCH_12 + 5 * HOUR_MS, MARCH_12 + 13 * HOUR_MS),
        (NOVEMBER_5 + 4 * HOUR_MS, NOVEMBER_5 + 14 * HOUR_MS),
        (NOVEMBER_5 - 20 * HOUR_MS, NOVEMBER_5 - 11 * HOUR_MS),
    ] {
        let opens = if calendar.is_open(at_ms) { at_ms } else { calendar.next_change(at_ms).unwrap() };
        assert!(calendar.is_open(opens), "{at_ms}");
        if opens != at_ms {
            assert_eq!(opens, opens_ms, "{}", calendar.local_text(opens));
        }
    }
    assert_eq!(calendar.local_text(MARCH_12 + 7 * HOUR_MS - 1), "2028-03-12 01:59");
    assert_eq!(calendar.local_text(MARCH_12 + 7 * HOUR_MS), "2028-03-12 03:00");
    assert_eq!(calendar.local_text(NOVEMBER_5 + 6 * HOUR_MS - 1), "2028-11-05 01:59");
    assert_eq!(calendar.local_text(NOVEMBER_5 + 6 * HOUR_MS), "2028-11-05 01:00");
}

#[test]
fn the_next_change_is_the_next_minute_in_which_it_is_otherwise() {
    // The midnights are those before the changes of 2028.
    for (zone, begins) in [
        (NEW_YORK, [MARCH_12, NOVEMBER_5]),
        ("AEST-10AEDT,M10.1.0,M4.1.0/3", [1_838_160_000_000, 1_853_884_800_000]),
        ("<-02>2<-01>,M3.5.0/-1,M10.5.0/0", [1_837_555_200_000, 1_856_304_000_000]),
    ] {
        let zone = zone.parse::<TimeZone>().unwrap();
        for spans in [&[(60, 90)][..], &[(90, 150)], &[(0, 1440)], &[(30, 120), (180, 90 + 60)], &[(1380, 150)]] {
            let Ok(hours) = DayHours::new(spans.iter().map(|(from, to)| Span::new(*from, *to).unwrap()).collect())
            else {
                continue;
            };
            let calendar = Calendar::new(std::array::from_fn(|_| hours.clone()), zone, 0);
            for begin in begins {
                let minutes = (0..36 * 60_i64).map(|minute| begin + minute * MINUTE_MS).collect::<Vec<_>>();
                let open: Vec<bool> = minutes.iter().map(|at| calendar.is_open(*at)).collect();
                for (number, at) in minutes.iter().enumerate().step_by(23) {
                    let ahead = open.iter().skip(number).position(|other| *other != open[number]);
                    let expected = ahead.map(|ahead| minutes[number + ahead]);
                    let found = calendar.next_change(*at).filter(|found| *found <= *minutes.last().unwrap());
                    assert_eq!(found, expected, "{zone} {spans:?} {}", calendar.local_text(*at));
                }
            }
        }
    }
}

#[test]
fn a_business_date_never_goes_back_and_begins_when_it_says() {
    for zone in [NEW_YORK, "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "AEST-10AEDT,M10.1.0,M4.1.0/3", "KST-9"] {
        for starts in [0, 30, 90, 150, 1380, 1410] {
            let calendar = Calendar::new(Default::default(), zone.parse::<TimeZone>().unwrap(), starts);
            let mut before = i64::MIN;
            // A year in steps of half an hour.
            for step in 0..366 * 24 * 2 {
                let at = 1_830_297_600_000 + step * 30 * MINUTE_MS;
                let date = calendar.business_date(at);
                assert!(date >= before, "{zone} {starts} {}", calendar.local_text(at));
                if date > before && before > i64::MIN {
                    assert_eq!(date, before + 1, "{zone} {starts}");
                    assert_eq!(calendar.begins_ms(date), at, "{zone} {starts} {}", calendar.local_text(at));
                }
                before = date;
            }
        }
    }
}
