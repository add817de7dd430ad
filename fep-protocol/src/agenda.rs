//! Things that are due at a time, each at most once. Nothing is due at two times: a new time replaces the one before.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Times on the steady clock, the earliest first. Things of the same time are in their own order.
#[derive(Clone, Debug)]
pub(crate) struct Agenda<I> {
    times: BTreeMap<I, Duration>,
    order: BTreeSet<(Duration, I)>,
}

impl<I: Copy + Ord> Agenda<I> {
    pub(crate) const fn new() -> Self {
        Self { times: BTreeMap::new(), order: BTreeSet::new() }
    }

    /// The thing is due at this time, or at none.
    pub(crate) fn set(&mut self, thing: I, at: Option<Duration>) {
        let before = match at {
            Some(at) => self.times.insert(thing, at),
            None => self.times.remove(&thing),
        };
        if let Some(before) = before {
            self.order.remove(&(before, thing));
        }
        self.order.extend(at.map(|at| (at, thing)));
    }

    /// The earliest time.
    pub(crate) fn first(&self) -> Option<Duration> {
        self.order.first().map(|(at, _)| *at)
    }

    /// Takes out what is due first.
    pub(crate) fn pop(&mut self) -> Option<I> {
        let (_, thing) = self.order.pop_first()?;
        self.times.remove(&thing);
        Some(thing)
    }

    /// Takes out what is due first, if its time has come.
    pub(crate) fn pop_due(&mut self, now: Duration) -> Option<I> {
        if self.first()? <= now { self.pop() } else { None }
    }

    pub(crate) fn has(&self, thing: &I) -> bool {
        self.times.contains_key(thing)
    }

    pub(crate) fn len(&self) -> usize {
        self.times.len()
    }

    /// For a simulation: what is due last.
    #[cfg(test)]
    pub(crate) fn last(&self) -> Option<I> {
        self.order.last().map(|(_, thing)| *thing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SplitMix64;

    /// Random changes, against a list.
    #[test]
    fn each_thing_is_due_once_at_its_last_time() {
        let mut random = SplitMix64::new(7);
        let mut agenda = Agenda::new();
        let mut model: Vec<(Duration, u64)> = Vec::new();
        for _ in 0..5000 {
            let thing = random.next_u64() % 9;
            let at = Duration::from_millis(random.next_u64() % 20);
            match random.next_u64() % 4 {
                0 => {
                    let due = model.first().copied().filter(|(first, _)| *first <= at);
                    assert_eq!(agenda.pop_due(at), due.map(|(_, thing)| thing));
                    model.retain(|entry| Some(*entry) != due);
                }
                1 => {
                    agenda.set(thing, None);
                    model.retain(|(_, other)| *other != thing);
                }
                _ => {
                    agenda.set(thing, Some(at));
                    model.retain(|(_, other)| *other != thing);
                    model.push((at, thing));
                    model.sort_unstable();
                }
            }
            assert_eq!(agenda.first(), model.first().map(|(at, _)| *at));
            assert_eq!(agenda.last(), model.last().map(|(_, thing)| *thing));
            assert_eq!(agenda.len(), model.len());
            assert_eq!(agenda.has(&thing), model.iter().any(|(_, other)| *other == thing));
        }
        let rest: Vec<_> = std::iter::from_fn(|| agenda.pop()).collect();
        assert_eq!(rest, model.iter().map(|(_, thing)| *thing).collect::<Vec<_>>());
    }
}
