//! Shrinks a failing plan: removes items as long as the same rule still fails.

use crate::life::run;
use crate::plan::Plan;
use crate::world::Rule;

/// The smallest part of a plan that was found in which this rule fails.
#[must_use]
pub fn shrink(plan: &Plan, rule: Rule) -> Plan {
    let fails = |plan: &Plan| run(plan, false).failures.iter().any(|failure| failure.rule == rule);
    let mut kept = plan.clone();
    let mut piece = kept.items.len().div_ceil(2).max(1);
    loop {
        let mut at = 0;
        while at < kept.items.len() {
            let numbers = kept.numbers();
            let rest: Vec<usize> = numbers.iter().take(at).chain(numbers.iter().skip(at + piece)).copied().collect();
            let smaller = kept.keep(&rest);
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
