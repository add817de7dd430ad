//! Shrinks a failing plan: removes items as long as the same rule still fails.

use crate::life::run;
use crate::plan::Plan;
use crate::world::Rule;

/// A plan of which parts can be kept.
pub(crate) trait Keeps: Clone {
    /// Only the items with these numbers.
    fn of_items(&self, numbers: &[usize]) -> Self;

    /// The numbers of the items.
    fn items(&self) -> Vec<usize>;
}

/// The smallest part of a plan that was found in which this rule fails.
#[must_use]
pub fn shrink(plan: &Plan, rule: Rule) -> Plan {
    smallest(plan, |plan| run(plan, false).failures.iter().any(|failure| failure.rule == rule))
}

impl Keeps for Plan {
    fn of_items(&self, numbers: &[usize]) -> Self {
        self.keep(numbers)
    }

    fn items(&self) -> Vec<usize> {
        self.numbers()
    }
}

/// The smallest part of a plan that was found which still fails.
pub(crate) fn smallest<P: Keeps>(plan: &P, fails: impl Fn(&P) -> bool) -> P {
    let mut kept = plan.clone();
    let mut piece = kept.items().len().div_ceil(2).max(1);
    loop {
        let mut at = 0;
        while at < kept.items().len() {
            let numbers = kept.items();
            let rest: Vec<usize> = numbers.iter().take(at).chain(numbers.iter().skip(at + piece)).copied().collect();
            let smaller = kept.of_items(&rest);
            if fails(&smaller) {
                kept = smaller;
            } else {
                at += piece;
            }
        }
        if piece == 1 {
            return kept;
        }
        piece = piece.div_ceil(2);
    }
}
