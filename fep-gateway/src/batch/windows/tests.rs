//! Windows by hand-made moments, and against a walk through the minutes.

use fep_spec::document::Document;
use fep_spec::report::Source;
use proptest::prelude::*;

use super::*;
use crate::time::parse;

const PLAN: &str = r#"
[calendar]
utc_offset_minutes = 540
holidays = ["2026-12-25", "2027-01-01"]
[windows.night]
days = ["mon-fri"]
hours = ["22:00-02:00"]
per_second = 20
[windows.quiet]
days = ["sat", "sun", "holiday", "2026-12-24"]
per_second = 100
day_max = 3
[windows.lunch]
days = ["mon-sun"]
hours = ["12:00-13:00"]
"#;

fn windows(text: &str) -> Result<Windows, String> {
    let document = Document::new(Source::new("plan.toml", text));
    let windows = document.walk(|root| {
        let windows = read(&root, Path::new(""));
        root.finish();
        windows
    });
    match windows {
        Some(windows) if !document.has_errors() => Ok(windows),
        _ => Err(document.into_report().render(false)),
    }
}

fn at(text: &str) -> i64 {
    parse(text).unwrap()
}

#[test]
fn the_first_window_that_is_open_counts() {
    let windows = windows(PLAN).unwrap();
    let name = |text: &str| match windows.at(at(text), &Started::default()) {
        Pace::Go { window, .. } => window.map(str::to_owned),
        Pace::Wait { .. } => None,
    };
    for (moment, window) in [
        ("2026-11-30T21:59:59+09:00", None), // a Monday
        ("2026-11-30T22:00:00+09:00", Some("night")),
        ("2026-12-01T01:59:59+09:00", Some("night")),
        ("2026-12-01T02:00:00+09:00", None),
        ("2026-12-01T12:30:00+09:00", Some("lunch")),
        ("2026-12-05T01:00:00+09:00", Some("night")), // Friday's night goes on into Saturday
        ("2026-12-05T12:30:00+09:00", Some("quiet")), // not lunch: the first counts
        ("2026-12-24T09:00:00+09:00", Some("quiet")), // a date that is named
        ("2026-12-25T09:00:00+09:00", Some("quiet")), // a holiday on a Friday
        ("2026-12-25T23:00:00+09:00", Some("quiet")), // and no Friday
        ("2026-12-26T01:00:00+09:00", Some("quiet")),
    ] {
        assert_eq!(name(moment).as_deref(), window, "{moment}");
    }
}

#[test]
fn what_a_date_may_have_is_counted_and_goes_on_with_the_next_date() {
    let windows = windows(PLAN).unwrap();
    let saturday = at("2026-12-05T13:30:00+09:00");
    let mut started = Started::default();
    for _ in 0..3 {
        assert!(matches!(windows.at(saturday, &started), Pace::Go { window: Some("quiet"), .. }));
        started.count(Some("quiet"), windows.date(saturday));
    }
    let midnight = at("2026-12-06T00:00:00+09:00");
    assert_eq!(windows.at(saturday, &started), Pace::Wait { until_ms: Some(midnight) });
    assert!(matches!(windows.at(midnight, &started), Pace::Go { window: Some("quiet"), .. }));
    // Another window that is open goes on.
    assert!(matches!(windows.at(at("2026-12-05T12:30:00+09:00"), &started), Pace::Go { window: Some("lunch"), .. }));
}

#[test]
fn without_windows_it_is_always_open_and_mistakes_are_named() {
    let open = windows("").unwrap();
    assert_eq!(open.at(0, &Started::default()), Pace::Go { window: None, per_second: None });
    for (wrong, why) in [
        ("[windows.a]\nhours = [\"09:00-10:00\"]", "`days` is missing"),
        ("[windows.a]\ndays = [\"friday\"]", "`friday` is no day"),
        ("[windows.a]\ndays = [\"holiday\"]", "the plan has no holidays"),
        ("[windows.a]\ndays = [\"mon\"]\nhours = [\"9-10\"]", "not a span of hours"),
        ("[windows.a]\ndays = [\"mon\"]\nper_second = 0", "per_second"),
        ("[windows.a]\ndays = []", "the window never opens"),
        ("[windows.a]\ndays = [\"mon\"]\nhours = []", "the window never opens"),
        ("[calendar]\nholiday = []", "unknown key `holiday`"),
    ] {
        let found = windows(wrong).unwrap_err();
        assert!(found.contains(why), "{found}");
    }
}

proptest! {
    /// A moment that is waited for is later, and nothing would have been sent before it.
    #[test]
    fn what_is_waited_for_is_the_next_moment_that_differs(minutes in 0_i64..60 * 24 * 60, spent in 0_u64..5) {
        let windows = windows(PLAN).unwrap();
        let now = at("2026-11-30T00:00:00+09:00") + minutes * 60_000;
        let mut started = Started::default();
        for _ in 0..spent {
            started.count(Some("quiet"), windows.date(now));
        }
        if let Pace::Wait { until_ms } = windows.at(now, &started) {
            let until = until_ms.unwrap();
            prop_assert!(until > now);
            for before in (now..until).step_by(60_000) {
                let is_waiting = matches!(windows.at(before, &started), Pace::Wait { .. });
                prop_assert!(is_waiting);
            }
        }
    }
}
