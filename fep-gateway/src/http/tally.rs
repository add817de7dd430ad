//! Counts what repeats within a minute, so that a flood costs little: the first of a kind is said at once, the others are counted, and at the end
//! of the minute one sentence says how many there were. It knows no clock: the caller ends the minute.

use std::collections::BTreeMap;

/// What happened within a minute, by kind.
#[derive(Debug)]
pub(super) struct Tally<K> {
    /// How many kinds are said at once, and how many are told apart.
    firsts_max: usize,
    kinds_max: usize,
    firsts: usize,
    /// How often each kind happened without being said.
    unsaid: BTreeMap<K, u64>,
    others: u64,
}

/// What was not said within a minute.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unsaid<K> {
    pub(super) kinds: Vec<(K, u64)>,
    /// How often kinds happened that were not told apart.
    pub(super) others: u64,
}

impl<K: Ord> Tally<K> {
    pub(super) fn new(firsts_max: usize, kinds_max: usize) -> Self {
        Self { firsts_max, kinds_max, firsts: 0, unsaid: BTreeMap::new(), others: 0 }
    }

    /// Counts one. Returns whether to say it now.
    pub(super) fn count(&mut self, kind: K) -> bool {
        if let Some(unsaid) = self.unsaid.get_mut(&kind) {
            *unsaid += 1;
            return false;
        }
        if self.unsaid.len() == self.kinds_max {
            self.others += 1;
            return false;
        }
        let is_said = self.firsts < self.firsts_max;
        self.firsts += usize::from(is_said);
        self.unsaid.insert(kind, u64::from(!is_said));
        is_said
    }

    /// Ends the minute, and begins the next one.
    pub(super) fn end(&mut self) -> Unsaid<K> {
        self.firsts = 0;
        let kinds = std::mem::take(&mut self.unsaid).into_iter().filter(|(_, unsaid)| *unsaid > 0).collect();
        Unsaid { kinds, others: std::mem::take(&mut self.others) }
    }
}

impl<K> Unsaid<K> {
    pub(super) fn total(&self) -> u64 {
        self.kinds.iter().map(|(_, unsaid)| unsaid).sum::<u64>() + self.others
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_a_kind_is_said_and_nothing_is_lost_from_the_count() {
        let mut tally = Tally::new(2, 3);
        let said: Vec<_> = [1, 1, 2, 3, 3, 4, 5, 1].into_iter().filter(|kind| tally.count(*kind)).collect();
        assert_eq!(said, [1, 2]);
        let unsaid = tally.end();
        assert_eq!(unsaid, Unsaid { kinds: vec![(1, 2), (3, 2)], others: 2 });
        assert_eq!(unsaid.total() + 2, 8);
        assert!(tally.count(3), "the next minute begins anew");
        assert_eq!(tally.end().total(), 0);
    }

    #[test]
    fn a_flood_of_kinds_takes_no_more_room_than_its_limit() {
        let mut tally = Tally::new(10, 100);
        let said = (0..100_000).filter(|kind| tally.count(*kind)).count();
        assert_eq!((said, tally.unsaid.len()), (10, 100));
        assert_eq!(tally.end().total(), 100_000 - 10);
    }
}
