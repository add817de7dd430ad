//! A fixed number of seeds on every test run, the same seed twice, and a mutant for each rule.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use fep_protocol::mutant::{Mutant, switch};
use fep_sim::{Plan, Report, Rule, run};

/// The seeds of `make test`. `make sim` and `make soak` run others.
const SEEDS: u64 = 120;

/// The seeds within which a mutant must be caught.
const MUTANT_SEEDS: u64 = 400;

/// Runs seeds on all processors, as long as `goes_on` says so after each.
fn many(seeds: u64, mutant: Option<Mutant>, goes_on: impl Fn(u64, Report) -> bool + Sync) {
    let next = AtomicU64::new(0);
    let work = || {
        switch(mutant);
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds {
                return;
            }
            if !goes_on(seed, run(&Plan::of(seed), false)) {
                next.store(seeds, Ordering::Relaxed);
            }
        }
    };
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| (0..workers).for_each(|_| drop(scope.spawn(work))));
}

/// What must have happened in the seeds of a test run, or the checks prove nothing.
const WAYS: [&str; 11] = [
    "a process",
    "a frame on the wire",
    "an outcome",
    "an answer",
    "a transfer agrees with the bank",
    "a late answer settles",
    "an inquiry settles",
    "a reversal settles",
    "a reversal",
    "a request to the quiet bank",
    "an exchange in the export",
];

#[test]
fn no_rule_is_broken_whatever_the_world_does() {
    let made: Mutex<BTreeMap<&str, u64>> = Mutex::default();
    many(SEEDS, None, |seed, report| {
        assert!(report.failures.is_empty(), "fep-sim run {seed}: {:?}", report.failures);
        let mut made = made.lock().unwrap();
        report.made.iter().for_each(|(way, count)| *made.entry(way).or_default() += count);
        true
    });
    let made = made.into_inner().unwrap();
    for way in WAYS {
        assert!(made.get(way).is_some_and(|count| *count >= 5), "{way}: {made:?}");
    }
    assert!(made["a process"] > SEEDS * 5 / 4, "hardly any process died: {made:?}");
}

#[test]
fn a_seed_replays_one_history() {
    for seed in [3, 17, 44, 71] {
        let [first, second] = [0, 1].map(|_| run(&Plan::of(seed), true));
        let differs = first.history.iter().zip(&second.history).find(|(first, second)| first != second);
        assert_eq!(differs, None, "seed {seed}");
        assert_eq!(first.digest, second.digest, "seed {seed}");
    }
}

/// Each mutant with the rules of which one must catch it.
const MUTANTS: [(Mutant, &[Rule]); 16] = [
    (Mutant::AnswersTheOldest, &[Rule::Correlation]),
    (Mutant::ForgetsTraces, &[Rule::Once, Rule::Correlation]),
    (Mutant::WritesTwice, &[Rule::Wire, Rule::Once]),
    (Mutant::WithdrawsTaken, &[Rule::NotSent]),
    (Mutant::LeavesOpen, &[Rule::Final]),
    (Mutant::CallsOpenNotSent, &[Rule::NotSent, Rule::Once, Rule::Truth]),
    (Mutant::DropsFailedFacts, &[Rule::Final]),
    (Mutant::WritesBeforeDurable, &[Rule::Wire]),
    (Mutant::WritesOtherBytes, &[Rule::Wire]),
    (Mutant::UnansweredFreesItsPlace, &[Rule::Contract]),
    (Mutant::ForgetsSettlements, &[Rule::Settled]),
    (Mutant::SettlesNotFoundAtOnce, &[Rule::Truth]),
    (Mutant::ForgetsMark, &[Rule::Reversal]),
    (Mutant::NoBudgets, &[Rule::Isolation, Rule::Bounded]),
    (Mutant::TellsBeforeDurable, &[Rule::Durable]),
    (Mutant::WaitsForTheDisk, &[Rule::Deadline]),
];

#[test]
fn each_mutant_is_caught() {
    for (mutant, rules) in MUTANTS {
        let caught = Mutex::new(None);
        many(MUTANT_SEEDS, Some(mutant), |seed, report| {
            let failure = report.failures.into_iter().find(|failure| rules.contains(&failure.rule));
            let Some(failure) = failure else { return true };
            caught.lock().unwrap().get_or_insert((seed, failure));
            false
        });
        let caught = caught.into_inner().unwrap();
        assert!(caught.is_some(), "{mutant:?} survives {MUTANT_SEEDS} seeds");
    }
}
