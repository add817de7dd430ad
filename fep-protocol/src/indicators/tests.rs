//! Sums are exact in any order, the window forgets, and what is old is not current.

use std::time::Duration;

use proptest::prelude::*;

use super::{Counts, End, HEARD_MAX, Heard, Indicators, OLD_MAX, Other, WINDOW, Window};

const LEASE: Duration = Duration::from_secs(5);
const SECOND: Duration = Duration::from_secs(1);

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn counts(round_trips_ms: &[u64]) -> Counts {
    let mut counts = Counts::default();
    for time in round_trips_ms {
        counts.ended(End::Answered);
        counts.round_trip(ms(*time));
    }
    counts
}

fn other(instance: &str, age: Duration) -> Other {
    let indicators = Indicators { counts: counts(&[7]), in_flight: 1, oldest: Some(SECOND) };
    Other { instance: instance.into(), age, indicators }
}

fn ages(heard: &Heard, now: Duration) -> Option<Vec<(String, Duration)>> {
    let others = heard.others(LEASE, now)?.others;
    Some(others.into_iter().map(|other| (other.instance.to_string(), other.age)).collect())
}

#[test]
fn a_round_trip_counts_up_to_its_bound() {
    let mut counts = Counts::default();
    for micros in [500, 1000, 1001, 30_000, 30_000_000, 30_000_001] {
        counts.round_trip(Duration::from_micros(micros));
    }
    assert_eq!(counts.round_trips, [2, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
    assert_eq!(counts.longest_ms, 30_001);
}

#[test]
fn a_request_that_a_breaker_stopped_was_not_sent() {
    let mut counts = Counts::default();
    [End::Answered, End::Unknown, End::NotSent, End::Stopped].into_iter().for_each(|end| counts.ended(end));
    assert_eq!((counts.answered, counts.unknown, counts.not_sent, counts.stopped), (1, 1, 2, 1));
}

#[test]
fn a_percentile_is_a_bound_and_never_above_the_longest() {
    assert_eq!(Counts::default().percentile_ms(50), None);
    assert_eq!(counts(&[3]).percentile_ms(50), Some(3));
    let hundred: Vec<u64> = (1..=100).collect();
    let shown = |percent| counts(&hundred).percentile_ms(percent);
    assert_eq!([0, 50, 95, 99, 100].map(shown), [1, 50, 100, 100, 100].map(Some));
    assert_eq!(counts(&[40_000, 50_000]).percentile_ms(50), Some(50_000), "above all bounds");
}

/// The mean of two medians would be 5 ms. Of all requests, half took at most 1 ms.
#[test]
fn a_percentile_of_a_sum_is_not_the_mean_of_percentiles() {
    let quick = counts(&[1; 99]);
    let slow = counts(&[9]);
    assert_eq!((quick.percentile_ms(50), slow.percentile_ms(50)), (Some(1), Some(9)));
    assert_eq!(quick.and(&slow).percentile_ms(50), Some(1));
    assert_eq!(quick.and(&slow).percentile_ms(100), Some(9));
}

#[test]
fn the_window_forgets_what_is_older_than_a_minute() {
    let mut window = Window::default();
    let start = ms(500);
    window.ended(End::Answered, start);
    window.round_trip(ms(40), start);
    window.ended(End::Unknown, start + SECOND * 30);
    let unknown = |counts: Counts| (counts.answered, counts.unknown, counts.longest_ms);
    assert_eq!(unknown(window.counts(start + SECOND * 59)), (1, 1, 40));
    assert_eq!(unknown(window.counts(start + WINDOW)), (0, 1, 0));
    assert_eq!(unknown(window.counts(start + WINDOW * 9)), (0, 0, 0));
    window.ended(End::NotSent, start + WINDOW * 9);
    assert_eq!(window.counts(start + WINDOW * 9), Counts { not_sent: 1, ..Counts::default() });
}

#[test]
fn what_was_read_grows_old_and_is_then_not_known() {
    let mut heard = Heard::default();
    assert_eq!(ages(&heard, SECOND), None, "nothing was read");
    let gone = OLD_MAX + SECOND;
    heard.read(vec![other("c", gone), other("b", SECOND * 9), other("a", SECOND)], 2, SECOND * 10);
    let aged = |more: u32| Some(vec![("a".to_owned(), SECOND * (1 + more)), ("b".to_owned(), SECOND * (9 + more))]);
    assert_eq!(ages(&heard, SECOND * 10), aged(0));
    assert_eq!(ages(&heard, SECOND * 13), aged(3));
    assert_eq!(ages(&heard, SECOND * 15), aged(5));
    assert_eq!(ages(&heard, SECOND * 16), None, "a lease has passed");
    assert_eq!(heard.others(LEASE, SECOND * 10).unwrap().unreadable, 2);
    assert!(other("a", LEASE).is_current(LEASE) && !other("a", LEASE + ms(1)).is_current(LEASE));
}

#[test]
fn more_instances_than_can_be_are_counted_and_not_kept() {
    let mut heard = Heard::default();
    let many = (0..HEARD_MAX + 3).map(|number| other(&format!("{number:03}"), SECOND)).chain([other("000", SECOND)]);
    heard.read(many.collect(), 0, SECOND);
    let known = heard.others(LEASE, SECOND).unwrap();
    assert_eq!((known.others.len(), known.unreadable), (HEARD_MAX, 3));
}

fn any_indicators() -> impl Strategy<Value = Indicators> {
    // Also numbers whose sum does not fit.
    let number = || prop_oneof![0..1000_u64, any::<u64>()];
    let counts = (number(), number(), number(), number(), proptest::array::uniform15(number()), number());
    let oldest = proptest::option::of(any::<u32>().prop_map(|ms| Duration::from_millis(ms.into())));
    (counts, number(), oldest).prop_map(|(counts, in_flight, oldest)| {
        let (answered, unknown, not_sent, stopped, round_trips, longest_ms) = counts;
        let counts = Counts { answered, unknown, not_sent, stopped, round_trips, longest_ms };
        Indicators { counts, in_flight, oldest }
    })
}

proptest! {
    #[test]
    fn a_sum_is_the_same_in_any_order_and_any_grouping(
        values in proptest::collection::vec(any_indicators(), 0..8).prop_shuffle(),
        split in 0..8_usize,
    ) {
        let sum = |values: &[Indicators]| values.iter().fold(Indicators::default(), |sum, one| sum.and(one));
        let forward = sum(&values);
        let backward: Vec<Indicators> = values.iter().rev().copied().collect();
        prop_assert_eq!(sum(&backward), forward);
        let halves = values.split_at(split.min(values.len()));
        prop_assert_eq!(sum(halves.0).and(&sum(halves.1)), forward);
    }

    /// Requests that are measured at several instances come to the same as if one had measured all of them.
    #[test]
    fn several_windows_come_to_the_same_as_one(
        events in proptest::collection::vec((0..3_usize, 0..4_usize, 0..50_000_u64, 0..3000_u64), 0..200),
        later in 0..120_u32,
    ) {
        const ENDS: [End; 4] = [End::Answered, End::Unknown, End::NotSent, End::Stopped];
        let mut windows = [(); 3].map(|()| Window::default());
        let mut one = Window::default();
        let mut now = Duration::ZERO;
        let mut all = Vec::new();
        for (at, end, time, pause) in events {
            now += ms(pause);
            for window in [&mut windows[at], &mut one] {
                window.ended(ENDS[end], now);
                window.round_trip(ms(time), now);
            }
            all.push((now, time));
        }
        now += SECOND * later;
        let sum = windows.iter().fold(Counts::default(), |sum, window| sum.and(&window.counts(now)));
        prop_assert_eq!(sum, one.counts(now));
        let recent: Vec<u64> = all.iter().filter(|(at, _)| at.as_secs() + 60 > now.as_secs()).map(|(_, time)| *time).collect();
        prop_assert_eq!(sum.round_trips, counts(&recent).round_trips);
        prop_assert_eq!(sum.answered + sum.unknown + sum.not_sent, recent.len() as u64);
        let mut sorted = recent.clone();
        sorted.sort_unstable();
        for percent in [50, 95, 99] {
            let rank = (recent.len() * usize::from(percent)).div_ceil(100).max(1);
            let exact = sorted.get(rank - 1);
            let shown = sum.percentile_ms(percent);
            prop_assert_eq!(shown.is_some(), exact.is_some());
            prop_assert!(shown >= exact.copied() && shown <= sorted.last().copied());
        }
    }

    #[test]
    fn the_window_has_a_limit(seconds in proptest::collection::vec(0..1_000_000_u32, 0..400)) {
        let mut window = Window::default();
        for second in seconds {
            window.ended(End::Answered, SECOND * second);
        }
        let shown = format!("{window:?}");
        prop_assert!(shown.matches("answered").count() <= 60);
    }
}
