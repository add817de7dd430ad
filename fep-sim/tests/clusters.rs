//! A fixed number of seeds of several gateways on every test run, the same seed twice, and a mutant for each rule that only they have.

use std::collections::BTreeMap;
use std::sync::Mutex;

use fep_sim::{CLUSTER_MUTANTS, ClusterPlan, find_in_clusters, run_cluster};

/// The seeds of `make test`. `make sim` and `make soak` run others.
const SEEDS: u64 = 40;

/// The seeds within which a mutant must be caught.
const MUTANT_SEEDS: u64 = 200;

/// What must have happened in the seeds of a test run, or the checks prove nothing.
const WAYS: [&str; 15] = [
    "a process",
    "a death",
    "a pause",
    "a takeover",
    "a commit that was fenced",
    "a fenced gateway that ends",
    "a commit in doubt that is stored",
    "a fact that another gateway does not let us have",
    "a start that failed",
    "an answer on the line of another gateway",
    "an answer that was handed over",
    "an answer with the mark of any gateway",
    "an outcome",
    "a settled transfer",
    "a transfer",
];

#[test]
fn no_rule_is_broken_by_several_gateways() {
    let made: Mutex<BTreeMap<&str, u64>> = Mutex::default();
    let failed = find_in_clusters(0..SEEDS, None, |report| {
        let mut made = made.lock().unwrap();
        report.made.iter().for_each(|(way, count)| *made.entry(way).or_default() += count);
        report.failures.first().cloned()
    });
    assert_eq!(failed, None, "replay it with: fep-sim --cluster run SEED");
    let made = made.into_inner().unwrap();
    for way in WAYS {
        assert!(made.contains_key(way), "{way}: {made:?}");
    }
}

/// Seeds beyond those of a test run that broke a rule once.
///
/// 195: a request whose commit was in doubt was ended by its institution, at its deadline, and by the writer, which found it stored.
/// 407: the answer to the commit of a takeover was lost, and nobody went on with what was taken over.
/// 6650: a gateway that was paused wrote a request that its heir had settled as not done.
/// 9349: a gateway came back after others had taken over, and signed on before it had a share of the rate.
const FOUND: [u64; 4] = [195, 407, 6650, 9349];

#[test]
fn seeds_of_several_gateways_that_broke_a_rule_do_so_no_more() {
    for seed in FOUND {
        assert_eq!(run_cluster(&ClusterPlan::of(seed), false).failures, [], "seed {seed}");
    }
}

#[test]
fn a_seed_of_several_gateways_replays_one_history() {
    for seed in [1, 2, 5, 11] {
        let [first, second] = [0, 1].map(|_| run_cluster(&ClusterPlan::of(seed), true));
        let differs = first.history.iter().zip(&second.history).find(|(first, second)| first != second);
        assert_eq!(differs, None, "seed {seed}");
        assert_eq!(first.digest, second.digest, "seed {seed}");
    }
}

#[test]
fn each_mutant_of_several_gateways_is_caught() {
    for (mutant, rules, seed) in CLUSTER_MUTANTS {
        let search = |seeds| find_in_clusters(seeds, Some(mutant), |report| report.broken(rules));
        let caught = search(seed..seed + 1).or_else(|| search(0..MUTANT_SEEDS));
        assert!(caught.is_some(), "{mutant:?} survives {MUTANT_SEEDS} seeds");
    }
}
