//! [`Memory`]: what became of the last numbers. It tells a repetition from another telegram with the same number.

use std::collections::VecDeque;
use std::time::Duration;

/// What became of the numbers before the expected one. The last entry belongs to the number before it.
#[derive(Debug)]
pub(super) struct Memory {
    seen: VecDeque<Seen>,
    max: usize,
}

/// The numbers from before the last restart. Redundant feeds that lag still bring them.
#[derive(Debug)]
pub(super) struct Before {
    pub(super) expected: u64,
    pub(super) memory: Memory,
    /// When feeds that lag are no longer waited for.
    pub(super) until: Duration,
}

#[derive(Clone, Copy, Debug)]
enum Seen {
    /// It was passed on. A digest of 0 is not compared.
    Passed(u64),
    /// It was passed on, and it had been missing: a late answer may still come.
    Filled(u64),
    /// It was declared lost.
    Lost,
}

/// A telegram, compared with what became of its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// It is a repetition, or contents are not compared.
    Same,
    /// Another telegram with this number was passed on.
    Different,
    /// Another telegram with this number was passed on, and the number had been missing.
    DifferentAnswer,
    /// The number was declared lost.
    Lost,
    /// The number is not remembered.
    Unknown,
}

impl Memory {
    pub(super) fn new(max: u64) -> Self {
        Self { seen: VecDeque::new(), max: usize::try_from(max).unwrap_or(usize::MAX) }
    }

    pub(super) fn passed(&mut self, digest: u64, was_missing: bool) {
        self.push(if was_missing { Seen::Filled(digest) } else { Seen::Passed(digest) });
    }

    pub(super) fn lost(&mut self, count: u64) {
        for _ in 0..count.min(self.max as u64) {
            self.push(Seen::Lost);
        }
    }

    /// What is known of the number that is `steps` before the expected one.
    pub(super) fn known(&self, steps: u64, digest: u64) -> Known {
        let index = usize::try_from(steps).ok().and_then(|steps| self.seen.len().checked_sub(steps));
        match index.and_then(|index| self.seen.get(index)) {
            None => Known::Unknown,
            Some(Seen::Lost) => Known::Lost,
            Some(Seen::Passed(before) | Seen::Filled(before)) if !differ(*before, digest) => Known::Same,
            Some(Seen::Passed(_)) => Known::Different,
            Some(Seen::Filled(_)) => Known::DifferentAnswer,
        }
    }

    /// Whether exactly this telegram was passed on `steps` before the expected number.
    pub(super) fn has(&self, steps: u64, digest: u64) -> bool {
        let index = usize::try_from(steps).ok().and_then(|steps| self.seen.len().checked_sub(steps));
        let seen = index.and_then(|index| self.seen.get(index));
        matches!(seen, Some(Seen::Passed(before) | Seen::Filled(before)) if *before == digest && digest != 0)
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.seen.len()
    }

    fn push(&mut self, seen: Seen) {
        if self.seen.len() >= self.max {
            self.seen.pop_front();
        }
        self.seen.push_back(seen);
    }
}

/// Whether two digests are of different contents.
pub(super) fn differ(one: u64, other: u64) -> bool {
    one != 0 && other != 0 && one != other
}
