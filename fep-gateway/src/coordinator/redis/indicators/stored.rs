//! The indicators of an instance as a text in Redis: the time of Redis when they were told, a space, and JSON.

use std::time::Duration;

use fep_protocol::indicators::{Counts, Indicators, Other, ROUND_TRIPS};
use serde::{Deserialize, Serialize};

/// The indicators of one instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StoredIndicators {
    version: u32,
    answered: u64,
    unknown: u64,
    not_sent: u64,
    stopped: u64,
    round_trips: [u64; ROUND_TRIPS],
    longest_ms: u64,
    in_flight: u64,
    oldest_ms: Option<u64>,
}

/// It stands for the fields, for the window and for the bounds of the round trips: values with others cannot be added.
const VERSION: u32 = 1;

/// The length of the time before the JSON, in digits. It is in milliseconds since 1970.
pub(super) const STAMP_DIGITS: usize = 16;

/// The longest value that is read, with its field, in bytes.
pub(super) const TEXT_MAX_BYTES: usize = 4096;

/// The longest name of an instance that is shown, in bytes.
const NAME_MAX_BYTES: usize = 200;

/// No gateway counts to more in a minute, or waits longer, in milliseconds.
const NUMBER_MAX: u64 = 1 << 40;

impl StoredIndicators {
    pub(super) fn of(indicators: &Indicators) -> Self {
        let Indicators { counts, in_flight, oldest } = indicators;
        let Counts { answered, unknown, not_sent, stopped, round_trips, longest_ms } = *counts;
        Self {
            version: VERSION,
            answered,
            unknown,
            not_sent,
            stopped,
            round_trips,
            longest_ms,
            in_flight: *in_flight,
            oldest_ms: oldest.map(|age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX)),
        }
    }

    pub(super) fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    fn indicators(self) -> Option<Indicators> {
        let Self { version, answered, unknown, not_sent, stopped, round_trips, longest_ms, in_flight, oldest_ms } =
            self;
        let numbers = [answered, unknown, not_sent, stopped, longest_ms, in_flight, oldest_ms.unwrap_or_default()];
        let is_likely = numbers.iter().chain(&round_trips).all(|number| *number <= NUMBER_MAX);
        let counts = Counts { answered, unknown, not_sent, stopped, round_trips, longest_ms };
        let oldest = oldest_ms.map(Duration::from_millis);
        (version == VERSION && is_likely && stopped <= not_sent).then_some(Indicators { counts, in_flight, oldest })
    }
}

/// The indicators in a field of the hash. `None` if they are of no use.
pub(super) fn read(field: &[u8], text: &[u8], now_ms: i64) -> Option<Other> {
    let name = std::str::from_utf8(field).ok();
    let instance =
        name.filter(|name| !name.is_empty() && name.len() <= NAME_MAX_BYTES && !name.contains(char::is_control))?;
    let (stamp, json) = text.split_at_checked(STAMP_DIGITS).filter(|_| text.len() <= TEXT_MAX_BYTES)?;
    let told_ms: i64 = std::str::from_utf8(stamp).ok()?.parse().ok()?;
    let stored: StoredIndicators = serde_json::from_slice(json).ok()?;
    // After another server took over, its clock may be a little behind.
    let age_ms = u64::try_from(now_ms.checked_sub(told_ms)?).unwrap_or_default();
    Some(Other { instance: instance.into(), age: Duration::from_millis(age_ms), indicators: stored.indicators()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = concat!(
        r#"{"version":1,"answered":7,"unknown":1,"not_sent":3,"stopped":2,"round_trips":[0,0,5,0,0,0,0,0,0,0,0,0,0,1,1],"#,
        r#""longest_ms":31000,"in_flight":4,"oldest_ms":250}"#
    );

    fn indicators() -> Indicators {
        let round_trips = [0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1];
        let counts = Counts { answered: 7, unknown: 1, not_sent: 3, stopped: 2, round_trips, longest_ms: 31_000 };
        Indicators { counts, in_flight: 4, oldest: Some(Duration::from_millis(250)) }
    }

    fn told(stamp: &str, json: &str) -> Option<Other> {
        read(b"seoul-1", format!("{stamp} {json}").as_bytes(), 1_763_686_801_500)
    }

    /// Another window, another bound or another field needs another version.
    #[test]
    fn version_1_means_this_text_this_window_and_these_bounds() {
        assert_eq!(StoredIndicators::of(&indicators()).text(), JSON);
        assert_eq!(VERSION, 1);
        assert_eq!(fep_protocol::indicators::WINDOW, Duration::from_secs(60));
        let bounds = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000];
        assert_eq!(fep_protocol::indicators::ROUND_TRIP_BOUNDS_MS, bounds);
    }

    #[test]
    fn indicators_come_back_with_their_age() {
        let other = |ms| Other { instance: "seoul-1".into(), age: Duration::from_millis(ms), indicators: indicators() };
        assert_eq!(told("0001763686800000", JSON), Some(other(1500)));
        assert_eq!(told("0001763686801900", JSON), Some(other(0)), "a clock that is a little behind");
    }

    #[test]
    fn what_are_no_indicators_is_none() {
        let stamp = "0001763686800000";
        let with = |old: &str, new: &str| told(stamp, &JSON.replace(old, new));
        let large = format!("{JSON}{}", " ".repeat(TEXT_MAX_BYTES));
        for wrong in [
            told("000000000000000x", JSON),
            told("-9223372036854775808", JSON),
            told(stamp, ""),
            told(stamp, &JSON[..60]),
            told(stamp, &large),
            with("\"version\":1", "\"version\":2"),
            with("\"answered\":7", "\"answered\":-7"),
            with("\"answered\":7", "\"answered\":18446744073709551615"),
            with("\"stopped\":2", "\"stopped\":4"),
            with("[0,0,5", "[0,5"),
            with("{", "{\"more\":1,"),
            read("은행\u{7}".as_bytes(), format!("{stamp} {JSON}").as_bytes(), 0),
            read(&[0xFF], format!("{stamp} {JSON}").as_bytes(), 0),
            read(b"", format!("{stamp} {JSON}").as_bytes(), 0),
            read(b"a", b"", 0),
        ] {
            assert_eq!(wrong, None);
        }
    }
}
