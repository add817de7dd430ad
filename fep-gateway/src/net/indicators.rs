//! What the requests of the last minute came to, here and at other gateways, as plain values for people and HTTP.

use std::time::Duration;

use fep_protocol::coordination::Terms;
use fep_protocol::indicators::{Indicators, Other, Others, ROUND_TRIP_BOUNDS_MS, WINDOW};
use schemars::JsonSchema;
use serde::Serialize;

/// The requests of an institution that ended in the last minute, at each gateway and at all of them. People look at them; nothing decides
/// by them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct IndicatorsStatus {
    /// How long a request counts after its end, in milliseconds.
    pub window_ms: u64,
    /// The upper bounds of `round_trips`, in milliseconds.
    pub round_trip_bounds_ms: Vec<u64>,
    /// `none`: this gateway works alone. `known`: the others tell their values by way of Redis. `unknown`: there is no Redis, or it was not
    /// reached for longer than a lease, and only this gateway's values are here.
    pub others: &'static str,
    /// The number of values in Redis that could not be read.
    pub unreadable: usize,
    /// The sum of this gateway's values and the current values of others.
    pub all: IndicatorValues,
    /// The gateways whose values are known: this one, then the others by name.
    pub instances: Vec<InstanceIndicators>,
}

/// The indicators of one gateway.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct InstanceIndicators {
    /// The name of the gateway; empty if it works alone.
    pub instance: String,
    /// Whether it is the gateway that replies.
    pub is_own: bool,
    /// Whether the values are in the sum. Those of a gateway that was silent for longer than a lease are old and are not.
    pub is_current: bool,
    /// How old the values are, in milliseconds.
    pub age_ms: u64,
    /// The values.
    pub values: IndicatorValues,
}

/// Counts of requests and their times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct IndicatorValues {
    /// The requests that were answered.
    pub answered: u64,
    /// Those whose outcome became unknown.
    pub unknown: u64,
    /// Those that were not sent.
    pub not_sent: u64,
    /// Those among the last ones that a breaker stopped.
    pub stopped: u64,
    /// The number of requests without an outcome now.
    pub in_flight: u64,
    /// How long the oldest of them has been there, in milliseconds; `null` if there is none.
    pub oldest_ms: Option<u64>,
    /// The times from a request to its answer: each count is of those up to its bound and above the bound before, the last one of those
    /// above all bounds.
    pub round_trips: Vec<u64>,
    /// The time within which half of them were over, in milliseconds; `null` if there is none. It comes from the counts, so it may be more than
    /// the exact time, never less.
    pub p50_ms: Option<u64>,
    /// The same for 95 %.
    pub p95_ms: Option<u64>,
    /// The same for 99 %.
    pub p99_ms: Option<u64>,
    /// The longest of them, in milliseconds, rounded up; `null` if there is none.
    pub longest_ms: Option<u64>,
}

impl IndicatorsStatus {
    /// The indicators of this gateway, with what is known of the others.
    pub(super) fn new(instance: &str, own: &Indicators, terms: &Terms, known: Option<Others>) -> Self {
        let others = match &known {
            _ if terms.is_alone() => "none",
            Some(_) => "known",
            None => "unknown",
        };
        let Others { others: there, unreadable } = known.unwrap_or_default();
        let is_current = |other: &Other| other.is_current(terms.lease);
        let all = there.iter().filter(|other| is_current(other)).fold(*own, |sum, other| sum.and(&other.indicators));
        let here = InstanceIndicators {
            instance: instance.to_owned(),
            is_own: true,
            is_current: true,
            age_ms: 0,
            values: IndicatorValues::new(own),
        };
        let there = there.iter().map(|other| InstanceIndicators {
            instance: other.instance.to_string(),
            is_own: false,
            is_current: is_current(other),
            age_ms: ms(other.age),
            values: IndicatorValues::new(&other.indicators),
        });
        Self {
            window_ms: ms(WINDOW),
            round_trip_bounds_ms: ROUND_TRIP_BOUNDS_MS.to_vec(),
            others,
            unreadable,
            all: IndicatorValues::new(&all),
            instances: std::iter::once(here).chain(there).collect(),
        }
    }
}

impl IndicatorValues {
    fn new(indicators: &Indicators) -> Self {
        let Indicators { counts, in_flight, oldest } = indicators;
        Self {
            answered: counts.answered,
            unknown: counts.unknown,
            not_sent: counts.not_sent,
            stopped: counts.stopped,
            in_flight: *in_flight,
            oldest_ms: oldest.map(ms),
            round_trips: counts.round_trips.to_vec(),
            p50_ms: counts.percentile_ms(50),
            p95_ms: counts.percentile_ms(95),
            p99_ms: counts.percentile_ms(99),
            longest_ms: counts.percentile_ms(100),
        }
    }
}

fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use fep_protocol::indicators::Counts;

    use super::*;

    const TERMS: Terms = Terms { instances_max: 3, lease: Duration::from_secs(5), ..Terms::ALONE };

    fn answered(count: u64, ms: u64) -> Indicators {
        let mut counts = Counts { answered: count, ..Counts::default() };
        (0..count).for_each(|_| counts.round_trip(Duration::from_millis(ms)));
        Indicators { counts, in_flight: 1, oldest: Some(Duration::from_millis(ms)) }
    }

    #[test]
    fn the_sum_has_what_is_current() {
        let other = |instance: &str, seconds, indicators| Other {
            instance: instance.into(),
            age: Duration::from_secs(seconds),
            indicators,
        };
        let others = vec![other("b", 1, answered(99, 40)), other("c", 6, answered(1000, 9000))];
        let known = Some(Others { others, unreadable: 1 });
        let status = IndicatorsStatus::new("a", &answered(1, 3), &TERMS, known);
        assert_eq!((status.others, status.unreadable), ("known", 1));
        assert_eq!((status.all.answered, status.all.in_flight, status.all.oldest_ms), (100, 2, Some(40)));
        assert_eq!((status.all.p50_ms, status.all.p99_ms), (Some(40), Some(40)));
        let shown = |one: &InstanceIndicators| (one.instance.clone(), one.is_own, one.is_current, one.age_ms);
        let expected = [("a", true, true, 0), ("b", false, true, 1000), ("c", false, false, 6000)];
        let expected = expected.map(|(name, is_own, is_current, age)| (name.to_owned(), is_own, is_current, age));
        assert_eq!(status.instances.iter().map(shown).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn others_that_are_not_known_are_not_shown_as_none() {
        let of = |terms| IndicatorsStatus::new("a", &Indicators::default(), terms, None);
        assert_eq!((of(&TERMS).others, of(&Terms::ALONE).others), ("unknown", "none"));
        assert_eq!(of(&TERMS).all, IndicatorValues::new(&Indicators::default()));
        assert_eq!((of(&TERMS).instances.len(), of(&TERMS).all.p99_ms), (1, None));
    }
}
