//! Which of two institutions gets a request: the one that a service asked, or the other one of a rule.
//!
//! ```text
//! request ─► rule of its telegram ─┬─ a caller of the rule ─────────► the other institution
//!                                  ├─ point of its sticky value < percent ─► the other institution
//!                                  └─ else ─────────────────────────► the institution that was asked
//! ```
//!
//! The choice is a pure function of the rule and the request. A sticky value has one [`Point`] for ever, so a raised percentage only adds
//! values to the other institution, and a lowered one only returns those that a higher one had added. Nothing here knows which requests
//! were sent already: an idempotency key is looked up before the choice, and leads to the exchange of the first request.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::note::PersonNote;

/// The part of the requests with a telegram that goes to the other institution.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Share {
    /// How many of a hundred sticky values go there: 0 to 100.
    #[cfg_attr(feature = "schema", schemars(range(min = 0, max = 100)))]
    pub percent: u8,
    /// The clients all of whose requests go there.
    #[serde(default)]
    pub callers: BTreeSet<String>,
    /// What decides instead of the sticky field of the file: the path of another field, or `null` for the idempotency key. If it is left out, nothing
    /// of that changes.
    #[serde(default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<String>"))]
    pub sticky: Option<Sticky>,
}

/// By which value a rule chooses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sticky {
    /// That of the field with this path.
    Field(String),
    /// The idempotency key; without one, each request is chosen for itself.
    Key,
}

impl Sticky {
    /// The path of the field, if it is one.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::Field(path) => Some(path),
            Self::Key => None,
        }
    }
}

impl Serialize for Sticky {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.field().serialize(serializer)
    }
}

/// `null` is the idempotency key, and not the same as a key that is left out.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Sticky>, D::Error> {
    let path = Option::<String>::deserialize(deserializer)?;
    Ok(Some(path.map_or(Sticky::Key, Sticky::Field)))
}

/// Why a request went to the other institution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Because {
    /// Its client is one of the callers.
    Caller,
    /// The point of its sticky value is below the percentage.
    Percent,
}

/// The place of a sticky value among all values, from 0 to just below 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Point(u64);

impl Share {
    /// The highest percentage.
    pub const PERCENT_MAX: u8 = 100;

    /// Why a request of this client with this point goes to the other institution, or `None` if it stays.
    #[must_use]
    pub fn takes(&self, client: Option<&str>, point: Point) -> Option<Because> {
        if client.is_some_and(|client| self.callers.contains(client)) {
            return Some(Because::Caller);
        }
        point.is_below(self.percent).then_some(Because::Percent)
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", self.percent)?;
        if !self.callers.is_empty() {
            let callers: Vec<_> = self.callers.iter().map(String::as_str).collect();
            write!(f, " and all of {}", callers.join(", "))?;
        }
        match &self.sticky {
            Some(Sticky::Field(path)) => write!(f, " by {path}")?,
            Some(Sticky::Key) => f.write_str(" by idempotency key")?,
            None => {}
        }
        Ok(())
    }
}

impl Because {
    /// The name in the journal and over HTTP: `caller` or `percent`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Caller => "caller",
            Self::Percent => "percent",
        }
    }
}

impl Point {
    /// The point of a sticky value of this institution. It is the same in every version of this program and on every machine, because a
    /// request that is repeated after an upgrade must not change sides. Two institutions give one value different points, so that it is
    /// not always the same customers who try something new.
    #[must_use]
    pub fn of(institution: &str, value: &[u8]) -> Self {
        // FNV-1a alone hardly changes its high bits for values that differ in their last byte, such as numbered keys.
        let hash = [institution.as_bytes(), b"\0", value]
            .concat()
            .iter()
            .fold(FNV_OFFSET, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(FNV_PRIME));
        Self(mixed(hash))
    }

    /// Whether the point is among the first `percent` of a hundred parts.
    #[must_use]
    pub fn is_below(self, percent: u8) -> bool {
        u128::from(self.0) * u128::from(Share::PERCENT_MAX) < u128::from(percent) << u64::BITS
    }
}

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;

/// The finalizer of MurmurHash3: each bit of its input changes half of the bits of its output.
fn mixed(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

/// What persons changed of the rules of an institution, by telegram. It holds until a person changes it again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RoutingChanges {
    /// Grows with each change.
    pub revision: u64,
    /// The changes, by the name of the telegram.
    pub rules: BTreeMap<String, RuleChange>,
}

/// What a person changed of one rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RuleChange {
    /// What holds instead of the share of the file.
    pub share: Share,
    /// The share of the file when the person decided. If the file has another one later, both are shown.
    pub file: Share,
    /// The other institution of the rule. A change does not hold for a rule with another one.
    pub to: String,
    /// The sticky field of the file when the person decided. A change does not hold for a rule whose file has another one.
    pub sticky: Option<String>,
    /// Who changed it.
    pub person: String,
    /// Why and since when.
    pub by: PersonNote,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SplitMix64;

    /// Values of 0 to 39 bytes.
    fn values(seed: u64) -> impl Iterator<Item = Vec<u8>> {
        let mut random = SplitMix64::new(seed);
        std::iter::from_fn(move || {
            let len = random.next_u64() % 40;
            Some((0..len).map(|_| random.next_u64().to_be_bytes()[0]).collect())
        })
    }

    /// From a program in Python, whose FNV-1a has the published values of "", "a" and "foobar".
    const POINTS: [(&str, &str, u64); 5] = [
        ("bank-a", "", 0xd6d5_0234_0222_d153),
        ("bank-a", "order-1", 0x248a_382f_cef5_ac67),
        ("bank-a", "order-2", 0xf687_8b78_94ef_c60c),
        ("bank-b", "order-1", 0x36a2_dc3d_4511_a16b),
        ("은행", "1002345678901", 0xebe6_0943_c6b0_74e2),
    ];

    #[test]
    fn the_point_of_a_value_never_changes() {
        POINTS.iter().for_each(|(institution, value, point)| {
            assert_eq!(Point::of(institution, value.as_bytes()), Point(*point), "{institution} {value}");
        });
    }

    #[test]
    fn a_raised_percentage_only_adds_values() {
        for value in values(1).take(2000) {
            let point = Point::of("bank-a", &value);
            let first = (0..=100).find(|percent| point.is_below(*percent)).unwrap();
            assert!((0..=100).all(|percent| point.is_below(percent) == (percent >= first)), "{value:?}");
            assert!(first >= 1, "nothing goes there at 0 %");
        }
    }

    #[test]
    fn all_values_go_there_at_a_hundred_percent_and_none_at_zero() {
        for point in [0, 1, u64::MAX / 2, u64::MAX - 1, u64::MAX].map(Point) {
            assert!(point.is_below(100) && !point.is_below(0), "{point:?}");
        }
    }

    #[test]
    fn numbered_keys_are_spread_evenly() {
        for percent in [1, 10, 50, 99] {
            let chosen =
                (0..100_000).filter(|n| Point::of("bank-a", format!("order-{n}").as_bytes()).is_below(percent));
            let chosen = chosen.count();
            assert!(chosen.abs_diff(usize::from(percent) * 1000) < 600, "{percent} %: {chosen} of 100000");
        }
    }

    #[test]
    fn institutions_try_new_things_with_different_customers() {
        let both = (0..10_000)
            .map(|n| format!("account-{n}"))
            .filter(|n| ["bank-a", "bank-b"].iter().all(|bank| Point::of(bank, n.as_bytes()).is_below(10)));
        assert!((50..=200).contains(&both.count()), "about 1 % are in both tenths");
    }

    #[test]
    fn a_sticky_value_that_is_left_out_is_not_null_and_older_journals_have_none() {
        let read = |text: &str| serde_json::from_str::<Share>(text).unwrap();
        assert_eq!(read(r#"{"percent":1}"#).sticky, None);
        assert_eq!(read(r#"{"percent":1,"sticky":null}"#).sticky, Some(Sticky::Key));
        for text in [
            r#"{"percent":1,"callers":[]}"#,
            r#"{"percent":1,"callers":[],"sticky":null}"#,
            r#"{"percent":1,"callers":[],"sticky":"payee.account"}"#,
        ] {
            assert_eq!(serde_json::to_string(&read(text)).unwrap(), text);
        }
    }

    #[test]
    fn a_caller_of_the_rule_always_goes_there_and_others_by_their_point() {
        let share = Share { percent: 0, callers: BTreeSet::from(["mobile".to_owned()]), sticky: None };
        for value in values(2).take(200) {
            let point = Point::of("bank-a", &value);
            assert_eq!(share.takes(Some("mobile"), point), Some(Because::Caller));
            for client in [None, Some("branch"), Some(""), Some("Mobile")] {
                assert_eq!(share.takes(client, point), None);
                let all = Share { percent: 100, ..share.clone() };
                assert_eq!(all.takes(client, point), Some(Because::Percent));
            }
        }
    }
}
