//! The deliberate mistakes that a cluster must notice, and seeds of clusters on all processors.

use std::ops::Range;

use fep_protocol::mutant::Mutant;

use super::plan::ClusterPlan;
use super::run::run_cluster;
use crate::life::Report;
use crate::many::search;
use crate::world::{Failure, Rule};

/// Each deliberate mistake with the rules that it breaks, and a seed that notices it.
pub const CLUSTER_MUTANTS: [(Mutant, &[Rule], u64); 10] = [
    (Mutant::NoFence, &[Rule::Fence], 2),
    (Mutant::TakesOverEarly, &[Rule::Fence], 0),
    (Mutant::TakesOverTwice, &[Rule::Owner], 0),
    (Mutant::KeyIsNotClaimed, &[Rule::Once], 1),
    (Mutant::GrantsBlocksTwice, &[Rule::Traces], 1),
    (Mutant::SettlesForOthers, &[Rule::Owner], 2),
    (Mutant::TrustsTheRouting, &[Rule::Correlation], 1),
    (Mutant::WritesOverdue, &[Rule::Truth], 6650),
    (Mutant::DutiesIgnoreTheRate, &[Rule::Contract], 9349),
    (Mutant::IndexLeavesOut, &[Rule::Together], 1),
];

/// Runs seeds, each in one thread, until `broken` finds a failure. Returns one seed with a failure, if there is one.
pub fn find_in_clusters(
    seeds: Range<u64>,
    mutant: Option<Mutant>,
    broken: impl Fn(&Report) -> Option<Failure> + Sync,
) -> Option<(u64, Failure)> {
    search(seeds, mutant, |seed| broken(&run_cluster(&ClusterPlan::of(seed), false)))
}
