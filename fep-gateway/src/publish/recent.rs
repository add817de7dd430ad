//! The facts of exchanges that began lately, so that the end of an exchange need not be looked up in the journal.
//!
//! It is a cache: what it does not have is in the journal. Only exchanges whose first fact was seen are here, so their facts are complete.

use std::collections::{HashMap, VecDeque};

use fep_protocol::exchange::ExchangeId;
use fep_protocol::fact::{Fact, SentClass, What};

/// The maximum number of exchanges.
const EXCHANGES_MAX: usize = 10_000;

/// The maximum number of facts of one exchange. An institution can repeat an answer without end.
const FACTS_MAX: usize = 64;

/// Facts by exchange.
#[derive(Debug, Default)]
pub(super) struct Recent {
    facts: HashMap<ExchangeId, Vec<(u64, Fact)>>,
    order: VecDeque<ExchangeId>,
}

impl Recent {
    /// Adds the next fact of an exchange. One that is here already, because its piece is published again, is not added twice.
    pub(super) fn add(&mut self, id: ExchangeId, number: u64, fact: &Fact) {
        if let Some(facts) = self.facts.get_mut(&id) {
            if facts.last().is_some_and(|(last, _)| *last >= number) {
                return;
            }
            if facts.len() >= FACTS_MAX {
                self.facts.remove(&id);
            } else {
                facts.push((number, fact.clone()));
            }
        } else if fact.what == What::Sent(SentClass::Request) {
            self.facts.insert(id, vec![(number, fact.clone())]);
            self.order.push_back(id);
            if self.order.len() > EXCHANGES_MAX
                && let Some(oldest) = self.order.pop_front()
            {
                self.facts.remove(&oldest);
            }
        }
    }

    /// All facts of an exchange up to a number, or `None` if they are not all here.
    pub(super) fn facts(&self, id: &ExchangeId, up_to: u64) -> Option<&[(u64, Fact)]> {
        let facts = self.facts.get(id)?;
        facts.get(..facts.partition_point(|(number, _)| *number <= up_to))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(what: What) -> Fact {
        Fact { what, ..Fact::new("bank-a".into(), 1) }
    }

    fn id(serial: u32) -> ExchangeId {
        ExchangeId::new(1_795_000_000_000, serial, 7)
    }

    fn count(recent: &Recent, serial: u32, up_to: u64) -> Option<usize> {
        recent.facts(&id(serial), up_to).map(<[_]>::len)
    }

    #[test]
    fn it_has_whole_exchanges_and_no_more_than_its_limits() {
        let mut recent = Recent::default();
        recent.add(id(0), 1, &fact(What::Outcome));
        assert_eq!(count(&recent, 0, 1), None, "its request was not seen");
        for serial in 1..=10_001 {
            recent.add(id(serial), u64::from(serial), &fact(What::Sent(SentClass::Request)));
        }
        assert_eq!((count(&recent, 1, 1), count(&recent, 2, 2)), (None, Some(1)), "the oldest made room");
        for number in 20_000..20_063 {
            recent.add(id(9), number, &fact(What::Outcome));
        }
        assert_eq!(count(&recent, 9, 30_000), Some(64));
        recent.add(id(9), 20_063, &fact(What::Outcome));
        assert_eq!(count(&recent, 9, 30_000), None, "too many to keep");
        assert_eq!((recent.order.len(), recent.facts.len()), (10_000, 9_999));
    }

    #[test]
    fn a_piece_that_is_read_again_adds_nothing_and_shows_nothing_later() {
        let mut recent = Recent::default();
        for _ in 0..3 {
            recent.add(id(1), 1, &fact(What::Sent(SentClass::Request)));
            recent.add(id(1), 5, &fact(What::Outcome));
            recent.add(id(1), 7, &fact(What::Settlement));
        }
        let counts = [0, 1, 4, 5, 6, 7, 9].map(|up_to| count(&recent, 1, up_to).unwrap());
        assert_eq!(counts, [0, 1, 1, 2, 2, 3, 3]);
    }
}
