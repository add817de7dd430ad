//! The times of changes are those of Python's `zoneinfo` with the time zone database of 2026, found by bisection.

use super::*;

/// A rule, and each change of 2027, 2028 and 2036: its second since 1970, and the offset from then on, in minutes.
const CHANGES: &[(&str, &[(i64, i32)])] = &[
    (
        "EST5EDT,M3.2.0,M11.1.0",
        &[
            (1_805_007_600, -240),
            (1_825_567_200, -300),
            (1_836_457_200, -240),
            (1_857_016_800, -300),
            (2_088_658_800, -240),
            (2_109_218_400, -300),
        ],
    ),
    (
        "GMT0BST,M3.5.0/1,M10.5.0",
        &[
            (1_806_195_600, 60),
            (1_824_944_400, 0),
            (1_837_645_200, 60),
            (1_856_394_000, 0),
            (2_090_451_600, 60),
            (2_108_595_600, 0),
        ],
    ),
    (
        "AEST-10AEDT,M10.1.0,M4.1.0/3",
        &[
            (1_806_768_000, 600),
            (1_822_492_800, 660),
            (1_838_217_600, 600),
            (1_853_942_400, 660),
            (2_091_024_000, 600),
            (2_106_748_800, 660),
        ],
    ),
    (
        "NST3:30NDT,M3.2.0,M11.1.0",
        &[
            (1_805_002_200, -150),
            (1_825_561_800, -210),
            (1_836_451_800, -150),
            (1_857_011_400, -210),
            (2_088_653_400, -150),
            (2_109_213_000, -210),
        ],
    ),
    (
        "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
        &[
            (1_806_195_600, -60),
            (1_824_944_400, -120),
            (1_837_645_200, -60),
            (1_856_394_000, -120),
            (2_090_451_600, -60),
            (2_108_595_600, -120),
        ],
    ),
    (
        "<+1245>-12:45<+1345>,M9.5.0/2:45,M4.1.0/3:45",
        &[
            (1_806_760_800, 765),
            (1_821_880_800, 825),
            (1_838_210_400, 765),
            (1_853_330_400, 825),
            (2_091_016_800, 765),
            (2_106_136_800, 825),
        ],
    ),
    (
        "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
        &[
            (1_806_764_400, 630),
            (1_822_491_000, 660),
            (1_838_214_000, 630),
            (1_853_940_600, 660),
            (2_091_020_400, 630),
            (2_106_747_000, 660),
        ],
    ),
];

fn zone(text: &str) -> TimeZone {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn each_change_is_in_its_second() {
    for (text, changes) in CHANGES {
        let zone = zone(text);
        for (second, minutes) in *changes {
            let at_ms = second * 1000;
            assert_eq!(zone.offset_minutes(at_ms), *minutes, "{text} {second}");
            assert_ne!(zone.offset_minutes(at_ms - 1), *minutes, "{text} {second}");
            let day = at_ms.div_euclid(DAY_MS);
            assert!(zone.changes_ms(day).any(|change| change == at_ms), "{text} {second}");
        }
    }
}

/// Also where winter has a time of its own, and standard time is that of summer: Dublin.
#[test]
fn a_time_that_the_clock_leaves_out_is_that_of_the_change_over_it() {
    let dublin: &[(i64, i32)] = &[(1_806_195_600, 60), (1_824_944_400, 0), (1_837_645_200, 60)];
    for (text, changes) in CHANGES.iter().chain([&("IST-1GMT0,M10.5.0,M3.5.0/1", dublin)]) {
        let zone = zone(text);
        for (second, minutes) in *changes {
            let at_ms = second * 1000;
            assert_eq!(zone.offset_minutes(at_ms), *minutes, "{text} {second}");
            let gap = (zone.local_ms(at_ms - 1) + 1)..zone.local_ms(at_ms);
            for local_ms in gap.step_by(60_000) {
                assert_eq!(zone.at_ms(local_ms), at_ms, "{text} {second}");
            }
        }
    }
}

#[test]
fn daylight_time_that_changes_nothing_is_a_mistake() {
    for text in ["EST5EDT5,M3.2.0,M11.1.0", "EST5EDT,M3.2.0,M3.2.0"] {
        let error = text.parse::<TimeZone>().unwrap_err().to_string();
        assert!(error.contains("another offset than standard time"), "{text}: {error}");
    }
}

#[test]
fn each_time_of_the_clock_is_found_again() {
    for (text, changes) in CHANGES {
        let zone = zone(text);
        for (second, _) in *changes {
            for minute in -180..180 {
                let at_ms = (second + minute * 60) * 1000;
                let local_ms = zone.local_ms(at_ms);
                let times: Vec<i64> = zone.times_ms(local_ms).collect();
                assert!(times.contains(&at_ms) && times.len() <= 2, "{text} {at_ms} {times:?}");
                assert_eq!(zone.at_ms(local_ms), times[0], "{text} {at_ms}");
            }
        }
    }
}

#[test]
fn a_time_that_does_not_exist_is_that_of_the_change_and_one_that_comes_twice_is_the_first() {
    let zone = zone("EST5EDT,M3.2.0,M11.1.0");
    let hours = |hours: i64| hours * 3_600_000;
    // 2028-03-12 02:30 is not: the clock goes on with 03:00 EDT, which is 07:00 UTC. 1_836_432_000 is that midnight by `date -u`.
    let march = 1_836_432_000_000;
    assert_eq!(zone.times_ms(march + hours(2) + 1_800_000).count(), 0);
    assert_eq!(zone.at_ms(march + hours(2) + 1_800_000), march + hours(7));
    // 2028-11-05 01:30 is twice: first as EDT, at 05:30 UTC.
    let november = 1_856_995_200_000;
    assert_eq!(zone.times_ms(november + hours(1)).collect::<Vec<_>>(), [november + hours(5), november + hours(6)]);
    assert_eq!(zone.at_ms(november + hours(1)), november + hours(5));
}

#[test]
fn a_clock_without_daylight_time_is_always_as_far_away() {
    for (text, minutes) in [("KST-9", 540), ("UTC0", 0), ("<+0545>-5:45", 345), ("EST5", -300), ("<-12>12", -720)] {
        let zone = zone(text);
        assert_eq!(zone, TimeZone::from(minutes), "{text}");
        for at_ms in [0, i64::MIN, i64::MAX, 1_836_432_000_000] {
            assert_eq!(zone.offset_minutes(at_ms), minutes);
        }
    }
    assert_eq!(zone("EST5EDT4:00,M3.2.0,M11.1.0"), zone("EST+5EDT,M3.2.0/2,M11.1.0/02:00:00"));
}

#[test]
fn the_end_of_all_times_is_no_panic() {
    for (text, _) in CHANGES {
        let zone = zone(text);
        for at_ms in [i64::MIN, i64::MAX, -62_135_596_800_000, 253_402_300_800_000, -62_135_596_800_001] {
            let local = zone.local_ms(at_ms);
            let _found = (zone.at_ms(local), zone.changes_ms(at_ms.div_euclid(DAY_MS)).count());
        }
    }
}

#[test]
fn what_is_no_zone_is_refused() {
    for text in [
        "",
        "KST",
        "KS-9",
        "Asia/Seoul",
        "KST-9KDT",
        "KST-9,M3.2.0,M11.1.0",
        "EST5EDT",
        "EST5EDT,M3.2.0",
        "EST5EDT,M3.2.0,M11.1.0,M12.1.0",
        "EST5EDT,M13.2.0,M11.1.0",
        "EST5EDT,M3.6.0,M11.1.0",
        "EST5EDT,M3.2.7,M11.1.0",
        "EST5EDT,M3.2,M11.1.0",
        "EST5EDT,M3.2.0.1,M11.1.0",
        "EST5EDT,J60,J300",
        "EST5EDT,M3.2.0/168,M11.1.0",
        "EST5EDT,M3.2.0/,M11.1.0",
        "EST5EDT,M+3.2.0,M11.1.0",
        "EST25",
        "EST5:60",
        "LMT-8:27:52",
        "<+09-9",
        "<é+9>-9",
        "KST９",
        "KST-9 ",
        "EST5EDT4x,M3.2.0,M11.1.0",
        "EST--5",
        "EST4294967296",
    ] {
        let error = text.parse::<TimeZone>().unwrap_err().to_string();
        assert!(error.contains("M3.2.0"), "{text}: {error}");
    }
}
