//! [`Places`]: how many consumers a stream may have at a time, and how many of them one client. It knows nothing of what consumers get.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The places of a stream.
#[derive(Debug)]
pub(super) struct Places {
    max: usize,
    max_of_one: usize,
    taken: Arc<Mutex<Taken>>,
}

/// The places that are taken, by who has them.
type Taken = BTreeMap<String, usize>;

/// A place, which is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    holder: String,
    taken: Arc<Mutex<Taken>>,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoPlace {
    /// All are taken.
    Full,
    /// This client has this many already, which is its share.
    OwnShare(usize),
}

impl Places {
    /// So many places, of which one client may have at most `max_of_one`.
    pub(super) fn new(max: usize, max_of_one: usize) -> Self {
        Self { max, max_of_one, taken: Arc::default() }
    }

    /// Takes a place for a client.
    ///
    /// # Errors
    /// If it has its share already, or all places are taken.
    pub(super) fn take(&self, holder: &str) -> Result<Place, NoPlace> {
        let mut taken = lock(&self.taken);
        let own = taken.get(holder).copied().unwrap_or_default();
        if own >= self.max_of_one {
            return Err(NoPlace::OwnShare(own));
        }
        if taken.values().sum::<usize>() >= self.max {
            return Err(NoPlace::Full);
        }
        taken.insert(holder.to_owned(), own + 1);
        drop(taken);
        Ok(Place { holder: holder.to_owned(), taken: Arc::clone(&self.taken) })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = lock(&self.taken);
        let Some(own) = taken.get_mut(&self.holder) else { return };
        *own = own.saturating_sub(1);
        if *own == 0 {
            taken.remove(&self.holder);
        }
    }
}

fn lock(taken: &Mutex<Taken>) -> MutexGuard<'_, Taken> {
    // The map is valid after every single change.
    taken.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        /// This client comes.
        Comes(u8),
        /// One of those who are there goes.
        Goes(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![3 => (0..4_u8).prop_map(Step::Comes), 2 => any::<usize>().prop_map(Step::Goes)]
    }

    proptest! {
        /// Whoever comes and goes: a client is refused exactly if it has its share or all places are taken, and nobody who went counts.
        #[test]
        fn a_client_has_at_most_its_share(max in 1..8_usize, max_of_one in 1..8_usize, steps in vec(step(), 0..100)) {
            let places = Places::new(max, max_of_one);
            let mut there: Vec<(u8, Place)> = Vec::new();
            for step in steps {
                match step {
                    Step::Goes(at) if !there.is_empty() => drop(there.swap_remove(at % there.len())),
                    Step::Goes(_) => {}
                    Step::Comes(client) => {
                        let own = there.iter().filter(|(other, _)| *other == client).count();
                        let expected = match (own >= max_of_one, there.len() >= max) {
                            (true, _) => Some(NoPlace::OwnShare(own)),
                            (false, true) => Some(NoPlace::Full),
                            (false, false) => None,
                        };
                        let place = places.take(&client.to_string());
                        prop_assert_eq!(place.as_ref().err().copied(), expected);
                        there.extend(place.map(|place| (client, place)));
                    }
                }
            }
            drop(there);
            prop_assert!(lock(&places.taken).is_empty());
        }
    }
}
