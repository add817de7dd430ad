//! Which of the two sites serves a request: the percentages, and the point of an idempotency key.
//!
//! ```text
//! idempotency key ─► point from 0 to just below 100 ─► seoul 0 … 49 │ busan 50 … 99     (the sites in the order of their names)
//! ```
//!
//! The choice is a pure function of the percentages and the key, so every gateway chooses alike. The sites have one border between them: if
//! one percent moves, the keys of that percent move, and no others. Nothing here knows which requests were sent already, and nothing
//! depends on the choice: a key is sent once wherever its requests go.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::note::PersonNote;
use crate::routing::{Point, Share};

/// How many sites there are.
pub const SITES: usize = 2;

/// What percentage of the requests each site gets, by the name of the site.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(transparent)]
pub struct Split(BTreeMap<String, u8>);

/// Why percentages are no split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoSplit {
    /// What they add up to.
    pub sum: u32,
}

/// A person's decision about the percentages. It holds at all gateways that share the journal, until a person decides anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SitesDecision {
    /// What holds. `None`: what the configuration file says.
    pub percents: Option<Split>,
    /// What the file said when the person decided.
    pub file: Split,
    /// Who decided.
    pub person: String,
    /// Why and since when.
    pub by: PersonNote,
}

/// What the point of a key is made from, besides the key. It cannot be the name of an institution, so that the sites and the rules of routing
/// divide keys in different ways.
const WHOSE: &str = "\nsites";

impl Split {
    /// Percentages by the name of the site.
    ///
    /// # Errors
    /// If they do not add up to 100.
    pub fn new(percents: BTreeMap<String, u8>) -> Result<Self, NoSplit> {
        let sum = percents.values().map(|percent| u32::from(*percent)).sum();
        if sum == u32::from(Share::PERCENT_MAX) { Ok(Self(percents)) } else { Err(NoSplit { sum }) }
    }

    /// The percentage of a site. 0 if there is no such site.
    #[must_use]
    pub fn percent(&self, site: &str) -> u8 {
        self.0.get(site).copied().unwrap_or(0)
    }

    /// The names of the sites, in their order.
    pub fn sites(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The site of an idempotency key.
    #[must_use]
    pub fn site_of(&self, key: &str) -> Option<&str> {
        let point = Point::of(WHOSE, key.as_bytes());
        let mut border = 0_u8;
        self.0.iter().find_map(|(site, percent)| {
            border = border.saturating_add(*percent);
            point.is_below(border).then_some(site.as_str())
        })
    }

    /// Whether the other split has the same sites.
    #[must_use]
    pub fn has_sites_of(&self, other: &Self) -> bool {
        self.0.keys().eq(other.0.keys())
    }
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<_> = self.0.iter().map(|(site, percent)| format!("{site} {percent} %")).collect();
        f.write_str(&parts.join(", "))
    }
}

impl fmt::Display for NoSplit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the percentages of the sites add up to {}, not to 100", self.sum)
    }
}

impl std::error::Error for NoSplit {}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(busan: u8) -> Split {
        Split::new(BTreeMap::from([("seoul".to_owned(), 100 - busan), ("busan".to_owned(), busan)])).unwrap()
    }

    fn site(busan: u8, key: &str) -> String {
        split(busan).site_of(key).unwrap().to_owned()
    }

    fn keys() -> impl Iterator<Item = String> {
        (0..20_000).map(|number| format!("order-{number}"))
    }

    #[test]
    fn what_moves_is_what_was_asked_for_and_nothing_else() {
        for (from, to) in [(50, 0), (0, 1), (1, 50), (50, 51), (99, 100)] {
            let moved = keys().filter(|key| site(from, key) != site(to, key));
            let mut count = 0;
            for key in moved {
                count += 1;
                let gains = if to > from { "busan" } else { "seoul" };
                assert_eq!(site(to, &key), gains, "{key} went the other way");
            }
            let expected = 200 * u32::from(u8::abs_diff(from, to));
            assert!(u32::abs_diff(count, expected) < 60 + expected / 10, "{from} to {to}: {count} of 20000");
        }
    }

    #[test]
    fn a_drained_site_gets_nothing() {
        assert!(keys().all(|key| site(0, &key) == "seoul" && site(100, &key) == "busan"));
    }

    /// From a program in Python, with the published constants of FNV-1a and of the finalizer of MurmurHash3.
    const SITES_OF: [(&str, &str); 4] =
        [("order-1", "seoul"), ("order-2", "busan"), ("20261129-000017", "seoul"), ("", "seoul")];

    #[test]
    fn the_site_of_a_key_never_changes() {
        for (key, expected) in SITES_OF {
            assert_eq!(site(50, key), expected, "{key:?}");
        }
    }

    #[test]
    fn percentages_add_up_to_a_hundred() {
        let of = |one, other| Split::new(BTreeMap::from([("a".to_owned(), one), ("b".to_owned(), other)]));
        assert!(of(100, 0).is_ok() && of(1, 99).is_ok());
        assert_eq!(of(50, 49), Err(NoSplit { sum: 99 }));
        assert_eq!(of(255, 255), Err(NoSplit { sum: 510 }));
    }
}
