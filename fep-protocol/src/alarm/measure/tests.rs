//! Measures with numbers that were calculated by hand.

use proptest::prelude::*;

use super::*;

const MINUTE: Duration = Duration::from_secs(60);
/// 2026-11-30 (a Monday) 10:00 at UTC+9.
const MONDAY_10: i64 = 1_796_000_400_000;
const KST: i32 = 540;

fn present(now_ms: i64) -> Present {
    Present { now_ms, zone: KST.into(), is_open: true, ..Present::default() }
}

fn ended(at_ms: i64, ending: Ending, latency_ms: u32) -> Observation {
    Observation { at_ms, what: Observed::Ended { ending, latency_ms: Some(latency_ms) } }
}

fn error_rate(times: Option<u32>) -> Measurement {
    let failed = vec![Ending::Unknown, Ending::NotSent];
    Measurement::ErrorRate { window: MINUTE, count_min: 10, percent_max: 9, clear_percent: 5, times, days: 5, failed }
}

/// Exchanges that end within ten seconds, this many of them unknown.
fn exchanges(measure: &mut Measure, of: &Measurement, from_ms: i64, count: i64, failed: i64) {
    for at in 0..count {
        let ending = if at < failed { Ending::Unknown } else { Ending::Declined };
        measure.observe(of, ended(from_ms + at * 10_000 / count, ending, 20), KST);
    }
}

#[test]
fn silence_is_counted_while_business_is_open_and_somebody_looks() {
    let of = Measurement::NoTraffic { quiet_max: Duration::from_secs(19) };
    let mut measure = Measure::default();
    let look = |measure: &mut Measure, at_s: i64, is_open| {
        let found = measure.look(&of, &Present { is_open, ..present(at_s * 1000) });
        (found.level, found.value)
    };
    assert_eq!(look(&mut measure, 100, true), (Level::Low, 0.0));
    assert_eq!(look(&mut measure, 105, true), (Level::Low, 5000.0));
    // A restart: nobody looked for an hour. Ten seconds of it count.
    assert_eq!(look(&mut measure, 3700, true), (Level::Low, 15_000.0));
    assert_eq!(look(&mut measure, 3705, true), (Level::High, 20_000.0));
    measure.observe(&of, Observation { at_ms: 3_706_000, what: Observed::Heard }, KST);
    assert_eq!(look(&mut measure, 3707, true), (Level::Low, 1000.0));
    assert_eq!(look(&mut measure, 3717, false), (Level::Unjudged, 0.0));
    assert_eq!(look(&mut measure, 3718, true), (Level::Low, 1000.0), "the day begins anew");
}

#[test]
fn a_rate_needs_enough_exchanges_and_leaves_the_window() {
    let of = error_rate(None);
    let mut measure = Measure::default();
    exchanges(&mut measure, &of, MONDAY_10, 9, 9);
    assert_eq!(measure.look(&of, &present(MONDAY_10 + 10_000)).level, Level::Unjudged);
    exchanges(&mut measure, &of, MONDAY_10 + 10_000, 81, 0);
    let found = measure.look(&of, &present(MONDAY_10 + 20_000));
    assert_eq!((found.level, found.value, found.limit), (Level::High, 10.0, 9.0), "9 of 90");
    exchanges(&mut measure, &of, MONDAY_10 + 20_000, 10, 0);
    assert_eq!(measure.look(&of, &present(MONDAY_10 + 30_000)).level, Level::Between, "9 of 100");
    let found = measure.look(&of, &present(MONDAY_10 + 70_000));
    assert_eq!((found.level, found.value), (Level::Low, 0.0), "the failures are more than a minute ago");
}

#[test]
fn what_is_usual_at_this_hour_raises_the_limit() {
    let of = error_rate(Some(3));
    let mut measure = Measure::default();
    // 20 % at 10 o'clock on Wednesday, Thursday and Friday. On Saturday nearly nothing happened, and 11 o'clock is another hour.
    for days in 3..=5 {
        exchanges(&mut measure, &of, MONDAY_10 - days * 86_400_000, 50, 10);
        exchanges(&mut measure, &of, MONDAY_10 - days * 86_400_000 + 3_600_000, 50, 50);
    }
    exchanges(&mut measure, &of, MONDAY_10 - 2 * 86_400_000, 5, 5);
    exchanges(&mut measure, &of, MONDAY_10, 10, 5);
    let found = measure.look(&of, &present(MONDAY_10 + 10_000));
    assert_eq!((found.level, found.value, found.limit, found.usual), (Level::Between, 50.0, 60.0, Some(20.0)));
    exchanges(&mut measure, &of, MONDAY_10 + 10_000, 10, 8);
    assert_eq!(measure.look(&of, &present(MONDAY_10 + 20_000)).level, Level::High, "13 of 20 are 65 %");
    // At 9 o'clock nothing is known of other days: the fixed limit holds.
    let mut fresh = Measure::default();
    exchanges(&mut fresh, &of, MONDAY_10 - 3_600_000, 10, 1);
    let found = fresh.look(&of, &present(MONDAY_10 - 3_600_000 + 10_000));
    assert_eq!((found.level, found.limit, found.usual), (Level::High, 9.0, None));
}

#[test]
fn a_latency_is_compared_with_the_same_hour() {
    let mean_min = Duration::from_millis(50);
    let of = Measurement::Latency { window: MINUTE, count_min: 2, z_max: 3, clear_z: 2, mean_min, days: 5 };
    let mut measure = Measure::default();
    for days in 1..=3 {
        // The mean is 100 and the deviation 10.95…: sqrt(6 * 100 / 5), of 90 and 110 three times.
        let from = MONDAY_10 - days * 86_400_000;
        [90, 110].into_iter().for_each(|ms| measure.observe(&of, ended(from, Ending::Accepted, ms), KST));
    }
    let slow = |measure: &mut Measure, at_ms: i64, ms: u32| {
        (0..2).for_each(|_| measure.observe(&of, ended(at_ms, Ending::Accepted, ms), KST));
        measure.look(&of, &present(at_ms))
    };
    let found = slow(&mut measure, MONDAY_10, 130);
    assert_eq!((found.level, found.usual), (Level::Between, Some(100.0)));
    assert!((found.value - 30.0 / 120_f64.sqrt()).abs() < 1e-9, "{found:?}");
    let found = slow(&mut measure, MONDAY_10 + 61_000, 140);
    assert_eq!(found.level, Level::High, "{found:?}");
    // Always the same: a twentieth of the mean counts as the deviation.
    let mut same = Measure::default();
    for days in 1..=3 {
        (0..2).for_each(|_| same.observe(&of, ended(MONDAY_10 - days * 86_400_000, Ending::Accepted, 100), KST));
    }
    assert_eq!(slow(&mut same, MONDAY_10, 110).value, 2.0);
    // Faster than the floor is never slow.
    let mut fast = Measure::default();
    for days in 1..=3 {
        (0..2).for_each(|_| fast.observe(&of, ended(MONDAY_10 - days * 86_400_000, Ending::Accepted, 2), KST));
    }
    assert_eq!(slow(&mut fast, MONDAY_10, 49).level, Level::Low);
    assert_eq!(Measure::default().look(&of, &present(MONDAY_10)).level, Level::Unjudged);
}

#[test]
fn an_amount_is_unusual_by_a_limit_or_by_what_is_usual() {
    let of = Measurement::Amounts { window: MINUTE, amount_max: Some(999_999), z_max: Some(4), count_min: 4 };
    let mut measure = Measure::default();
    let mut asked = |amount| {
        measure.observe(&of, Observation { at_ms: MONDAY_10, what: Observed::Amount(amount) }, KST);
        measure.look(&of, &present(MONDAY_10)).value
    };
    // Only four amounts say what is usual: 10000 always, so a deviation of 0.1 counts, and e^0.4 = 1.49 times that is unusual.
    assert_eq!([10_000, 1_000_000].map(&mut asked), [0.0, 1.0]);
    let mut measure = Measure::default();
    let mut asked = |amount| {
        measure.observe(&of, Observation { at_ms: MONDAY_10, what: Observed::Amount(amount) }, KST);
        measure.look(&of, &present(MONDAY_10)).value
    };
    assert_eq!([10_000, 10_000, 10_000, 10_000, 14_900, 30_000].map(&mut asked), [0.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
    assert_eq!(asked(0), 1.0, "nothing is no unusual amount");
}

#[test]
fn what_is_open_is_compared_with_both_limits() {
    let [age_max, clear_age] = [599, 299].map(Duration::from_secs);
    let of = Measurement::UnknownAge { age_max, clear_age };
    let look = |oldest_unknown_ms| {
        let now = Present { oldest_unknown_ms, ..present(MONDAY_10) };
        Measure::default().look(&of, &now).level
    };
    assert_eq!(look(None), Level::Low);
    assert_eq!(
        [299, 300, 599, 600].map(|s| look(Some(MONDAY_10 - s * 1000))),
        [Level::Low, Level::Between, Level::Between, Level::High]
    );
    let of = Measurement::DeadLetters { count_max: 1, clear_count: 0 };
    let levels =
        [0, 1, 2].map(|dead_letters| Measure::default().look(&of, &Present { dead_letters, ..present(0) }).level);
    assert_eq!(levels, [Level::Low, Level::Between, Level::High]);
    let of = Measurement::Conflicts { window: MINUTE, count_max: 2, clear_count: 2 };
    let mut measure = Measure::default();
    measure.observe(&of, Observation { at_ms: 5, what: Observed::Conflicts(2) }, KST);
    measure.observe(&of, Observation { at_ms: 7, what: Observed::Conflicts(1) }, KST);
    assert_eq!(measure.look(&of, &present(10)).level, Level::High);
}

#[test]
fn one_fact_from_the_future_takes_nothing_away() {
    let of = error_rate(Some(3));
    let mut measure = Measure::default();
    for days in 3..=5 {
        exchanges(&mut measure, &of, MONDAY_10 - days * 86_400_000, 50, 10);
    }
    exchanges(&mut measure, &of, MONDAY_10, 10, 5);
    measure.observe(&of, ended(MONDAY_10 + 29 * 86_400_000, Ending::Unknown, 1), KST);
    exchanges(&mut measure, &of, MONDAY_10 + 10_000, 10, 8);
    let found = measure.look(&of, &present(MONDAY_10 + 20_000));
    assert_eq!((found.level, found.value, found.usual), (Level::High, 65.0, Some(20.0)), "13 of 20");
    // When that day comes, it is not counted.
    let found = measure.look(&of, &present(MONDAY_10 + 29 * 86_400_000));
    assert_eq!((found.level, found.value), (Level::Unjudged, 0.0));
    let mut plain = Measure::default();
    exchanges(&mut plain, &error_rate(None), MONDAY_10, 10, 5);
    assert!(plain.hours.0.is_empty(), "nobody asks what is usual");
}

#[test]
fn a_telegram_from_the_future_and_an_unsure_status_do_not_confuse_silence() {
    let of = Measurement::NoTraffic { quiet_max: Duration::from_secs(19) };
    let mut measure = Measure::default();
    measure.look(&of, &present(100_000));
    measure.observe(&of, Observation { at_ms: 86_400_000, what: Observed::Heard }, KST);
    let quiet: Vec<_> = (11..=13).map(|at| measure.look(&of, &present(at * 10_000)).value).collect();
    assert_eq!(quiet, [0.0, 10_000.0, 20_000.0]);
    let found = measure.look(&of, &Present { is_open_stale: true, ..present(140_000) });
    assert_eq!((found.level, found.value), (Level::Unjudged, 20_000.0), "nobody says whether business is open");
    assert_eq!(measure.look(&of, &present(145_000)).value, 25_000.0);
}

proptest! {
    /// A window has what happened in it, however late it is heard of, and never more than its slots.
    #[test]
    fn a_window_is_the_sum_of_what_is_in_it(times in prop::collection::vec(0_i64..300_000, 0..200)) {
        let of = Measurement::Conflicts { window: MINUTE, count_max: 0, clear_count: 0 };
        let mut measure = Measure::default();
        let mut latest = 0;
        let mut taken = Vec::new();
        for at_ms in times {
            // What is older than the window when it is heard of does not count.
            if at_ms.max(latest) / 1000 - at_ms / 1000 < 60 {
                taken.push(at_ms);
            }
            latest = latest.max(at_ms);
            measure.observe(&of, Observation { at_ms, what: Observed::Conflicts(1) }, KST);
            prop_assert!(measure.window.0.len() <= 60);
            let stored = serde_json::to_string(&measure).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Measure>(&stored).unwrap(), &measure);
        }
        let expected = taken.iter().filter(|at| latest / 1000 - **at / 1000 < 60).count();
        prop_assert_eq!(measure.look(&of, &present(latest)).value, expected as f64);
    }

    /// Whatever a wrong clock has left, a look counts what happened in the window before it, and nothing of another time.
    #[test]
    fn a_clock_that_was_wrong_leaves_nothing_in_a_window(
        wrong in prop::collection::vec((0_i64..1_000_000_000, 0_i64..1_000_000_000, any::<bool>()), 0..80),
        now_ms in 0_i64..1_000_000_000,
        count in 0_u64..9,
    ) {
        let of = Measurement::Conflicts { window: MINUTE, count_max: 0, clear_count: 0 };
        let one = |at_ms| Observation { at_ms, what: Observed::Conflicts(1) };
        let mut measure = Measure::default();
        for (at_ms, now_ms, looks) in wrong {
            measure.observe(&of, one(at_ms), KST);
            if looks {
                measure.look(&of, &present(now_ms));
            }
        }
        measure.look(&of, &present(now_ms));
        let later = now_ms + 71_000;
        (0..count).for_each(|_| measure.observe(&of, one(later), KST));
        prop_assert_eq!(measure.look(&of, &present(later)).value, count as f64);
    }

    /// Moments are those of the textbook, in whichever parts they come.
    #[test]
    fn moments_are_those_of_all_values(values in prop::collection::vec(0.0_f64..1e6, 2..60), at in 0_usize..60) {
        let (first, second) = values.split_at(at.min(values.len()));
        let [mut one, mut other] = [first, second].map(|values| {
            let mut moments = Moments::default();
            values.iter().for_each(|value| moments.add(*value));
            moments
        });
        one.merge(&other);
        other = one;
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0);
        prop_assert!((other.mean() - mean).abs() < 1e-6 * mean.max(1.0));
        prop_assert!((other.deviation() - variance.sqrt()).abs() < 1e-6 * variance.sqrt().max(1.0));
    }
}
