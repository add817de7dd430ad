//! A division as plain values, for a store that several instances reach. It writes to no store, and chooses no text form.
//!
//! What is read is checked as strictly as what comes from a stranger: a store can lose, mix up and go back. What does not fit is no
//! division, and a caller then begins a new one.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Division, Member};
use crate::coordination::{Amounts, Contract, Terms};

/// A division, with the time when it was stored. Times are microseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredDivision {
    version: u32,
    at: u64,
    rules: [u64; 7],
    since: u64,
    last_epoch: u64,
    members: BTreeMap<String, StoredMember>,
    fenced: BTreeMap<String, (u64, u64)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredMember {
    epoch: u64,
    number: u64,
    seen: u64,
    wanted: StoredAmounts,
    target: StoredAmounts,
    granted: StoredAmounts,
    serial: u64,
    charged: StoredAmounts,
}

/// The rate and the number in flight.
type StoredAmounts = [u32; 2];

/// Why stored values are no division that can go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// Another version of this program wrote them.
    Version(u32),
    /// The instance that wrote them has another contract, or other rules of sharing.
    OtherRules,
    /// Values that no division has.
    Values,
    /// The clock of the store went on, or back, by more than half a lease since they were written: nobody reported for so long, or another
    /// machine's clock counts now.
    Clock,
}

const VERSION: u32 = 1;

/// The maximum number of instance names in a division.
const NAMES_MAX: usize = 256;

/// Numbers that grow by one stay far below this for centuries.
const NUMBER_MAX: u64 = 1 << 53;

impl StoredDivision {
    /// The division as it is now.
    #[must_use]
    pub fn of(division: &Division, now: Duration) -> Self {
        let members = division.members.iter().map(|(name, member)| (name.to_string(), StoredMember::of(member)));
        let fenced = division.fenced.iter().map(|(name, (epoch, at))| (name.to_string(), (*epoch, micros(*at))));
        Self {
            version: VERSION,
            at: micros(now),
            rules: rules(&division.terms, &division.contract),
            since: micros(division.since),
            last_epoch: division.last_epoch,
            members: members.collect(),
            fenced: fenced.collect(),
        }
    }

    /// The division, and the time with which it goes on: never before the time when it was stored.
    ///
    /// # Errors
    /// If the values cannot be a division of this contract at this time.
    pub fn restore(self, terms: Terms, contract: Contract, now: Duration) -> Result<(Division, Duration), Unfit> {
        let Self { version, at, rules: theirs, since, last_epoch, members, fenced } = self;
        if version != VERSION {
            return Err(Unfit::Version(version));
        }
        if theirs != rules(&terms, &contract) {
            return Err(Unfit::OtherRules);
        }
        let is_past = since <= at && members.values().all(|member| member.seen <= at);
        let is_counted = members.values().all(StoredMember::is_counted) && last_epoch <= NUMBER_MAX;
        let is_fence = |(epoch, fenced_at): &(u64, u64)| *epoch <= NUMBER_MAX && *fenced_at <= at;
        let is_few = members.len() <= NAMES_MAX && fenced.len() <= NAMES_MAX;
        if !(is_past && is_counted && is_few && fenced.values().all(is_fence)) {
            return Err(Unfit::Values);
        }
        let stored_at = Duration::from_micros(at);
        if now.abs_diff(stored_at) > terms.lease / 2 {
            return Err(Unfit::Clock);
        }
        let members = members.into_iter().map(|(name, member)| (Arc::from(name), member.restore()));
        let fenced =
            fenced.into_iter().map(|(name, (epoch, at))| (Arc::from(name), (epoch, Duration::from_micros(at))));
        let division = Division {
            terms,
            contract,
            since: Duration::from_micros(since),
            last_epoch,
            members: members.collect(),
            fenced: fenced.collect(),
        };
        Ok((division, now.max(stored_at)))
    }
}

impl StoredMember {
    fn of(member: &Member) -> Self {
        let Member { epoch, number, seen, wanted, target, granted, serial, charged } = member;
        Self {
            epoch: *epoch,
            number: *number,
            seen: micros(*seen),
            wanted: stored(*wanted),
            target: stored(*target),
            granted: stored(*granted),
            serial: *serial,
            charged: stored(*charged),
        }
    }

    fn is_counted(&self) -> bool {
        [self.epoch, self.number, self.serial].iter().all(|number| *number <= NUMBER_MAX)
    }

    fn restore(self) -> Member {
        let Self { epoch, number, seen, wanted, target, granted, serial, charged } = self;
        Member {
            epoch,
            number,
            seen: Duration::from_micros(seen),
            wanted: amounts(wanted),
            target: amounts(target),
            granted: amounts(granted),
            serial,
            charged: amounts(charged),
        }
    }
}

impl fmt::Display for Unfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version(version) => write!(f, "it has version {version}, this gateway reads version {VERSION}"),
            Self::OtherRules => f.write_str("another gateway has another contract, or another table [instances]"),
            Self::Values => f.write_str("its values cannot be"),
            Self::Clock => f.write_str("the clock of Redis is more than half a lease away from when it was stored"),
        }
    }
}

impl std::error::Error for Unfit {}

/// What all instances must agree on.
fn rules(terms: &Terms, contract: &Contract) -> [u64; 7] {
    [
        number(terms.instances_max),
        micros(terms.lease),
        micros(terms.report_every),
        number(contract.whole.rate),
        number(contract.whole.inflight),
        micros(contract.window),
        micros(contract.occupied_max),
    ]
}

fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

fn number(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

fn stored(amounts: Amounts) -> StoredAmounts {
    let part = |part: usize| u32::try_from(part).unwrap_or(u32::MAX);
    [part(amounts.rate), part(amounts.inflight)]
}

fn amounts([rate, inflight]: StoredAmounts) -> Amounts {
    let part = |part: u32| usize::try_from(part).unwrap_or(usize::MAX);
    Amounts { rate: part(rate), inflight: part(inflight) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::coordination::Report;

    const SECOND: Duration = Duration::from_secs(1);

    const TERMS: Terms =
        Terms { instances_max: 2, lease: SECOND, report_every: SECOND, owner_timeout: Duration::from_millis(500) };

    const CONTRACT: Contract =
        Contract { whole: Amounts { rate: 20, inflight: 10 }, window: SECOND, occupied_max: SECOND };

    const NOW: Duration = Duration::from_micros(1_763_686_800_000_123);

    fn division() -> Division {
        let mut division = Division::new(TERMS, CONTRACT, NOW);
        let amounts = Amounts { rate: 3, inflight: 2 };
        for name in ["a", "b"] {
            let report = Report { number: 1, epoch: None, grant: 0, granted: amounts, held: amounts, wanted: amounts };
            division.report(&name.into(), &report, NOW).unwrap();
        }
        division.fence(&"b".into(), NOW);
        division
    }

    #[test]
    fn what_is_stored_comes_back() {
        let stored = StoredDivision::of(&division(), NOW);
        let text = serde_json::to_string(&stored).unwrap();
        let read: StoredDivision = serde_json::from_str(&text).unwrap();
        let (restored, now) = read.restore(TERMS, CONTRACT, NOW).unwrap();
        assert_eq!((StoredDivision::of(&restored, now), now), (stored, NOW));
    }

    #[test]
    fn time_stands_still_rather_than_going_back() {
        let back = NOW - SECOND / 4;
        let (_, now) = StoredDivision::of(&division(), NOW).restore(TERMS, CONTRACT, back).unwrap();
        assert_eq!(now, NOW);
    }

    #[test]
    fn what_cannot_be_is_no_division() {
        let restore = |change: &dyn Fn(&mut StoredDivision), contract: Contract, now: Duration| {
            let mut stored = StoredDivision::of(&division(), NOW);
            change(&mut stored);
            stored.restore(TERMS, contract, now).err()
        };
        let same = |_: &mut StoredDivision| {};
        let other = Contract { whole: Amounts { rate: 20, inflight: 11 }, ..CONTRACT };
        assert_eq!(restore(&same, CONTRACT, NOW), None);
        assert_eq!(restore(&same, other, NOW), Some(Unfit::OtherRules));
        assert_eq!(restore(&same, CONTRACT, NOW + SECOND), Some(Unfit::Clock));
        assert_eq!(restore(&same, CONTRACT, NOW - SECOND), Some(Unfit::Clock));
        assert_eq!(restore(&|stored| stored.version = 2, CONTRACT, NOW), Some(Unfit::Version(2)));
        let values: [&dyn Fn(&mut StoredDivision); 4] = [
            &|stored| stored.since += 1,
            &|stored| stored.last_epoch = u64::MAX,
            &|stored| stored.members.get_mut("a").unwrap().serial = u64::MAX,
            &|stored| stored.fenced.get_mut("b").unwrap().1 += 1,
        ];
        for change in values {
            assert_eq!(restore(change, CONTRACT, NOW), Some(Unfit::Values));
        }
    }
}
