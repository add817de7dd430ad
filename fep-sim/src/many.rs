//! Many seeds on all processors, and the mutants that they must catch.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use fep_protocol::mutant::{Mutant, switch};

use crate::life::{Report, run};
use crate::plan::Plan;
use crate::world::{Failure, Rule};

/// Each mutant with the rules of which one must catch it.
pub const MUTANTS: [(Mutant, &[Rule]); 21] = [
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
    (Mutant::UnansweredStepFreesItsPlace, &[Rule::Contract]),
    (Mutant::ForgetsStepsInFlight, &[Rule::Contract]),
    (Mutant::RetriesWithoutPause, &[Rule::Bounded]),
    (Mutant::RecoversInTwoCommits, &[Rule::Settled]),
    (Mutant::ForgetsSettlements, &[Rule::Settled]),
    (Mutant::SettlesNotFoundAtOnce, &[Rule::Truth]),
    (Mutant::ForgetsMark, &[Rule::Reversal]),
    (Mutant::NoBudgets, &[Rule::Isolation]),
    (Mutant::NoBudgets, &[Rule::Bounded]),
    (Mutant::TellsBeforeDurable, &[Rule::Durable]),
    (Mutant::WaitsForTheDisk, &[Rule::Deadline]),
];

/// Runs seeds, each in one thread, until `broken` finds a failure. Returns one seed with a failure, if there is one.
pub fn find(
    seeds: Range<u64>,
    mutant: Option<Mutant>,
    broken: impl Fn(&Report) -> Option<Failure> + Sync,
) -> Option<(u64, Failure)> {
    let next = AtomicU64::new(seeds.start);
    let found: Mutex<Option<(u64, Failure)>> = Mutex::new(None);
    let work = || {
        switch(mutant);
        loop {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return;
            }
            if let Some(failure) = broken(&run(&Plan::of(seed), false)) {
                found.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert((seed, failure));
                next.store(seeds.end, Ordering::Relaxed);
            }
        }
    };
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| (0..workers).for_each(|_| drop(scope.spawn(work))));
    found.into_inner().unwrap_or_else(PoisonError::into_inner)
}

impl Report {
    /// The first failure of one of these rules.
    #[must_use]
    pub fn broken(&self, rules: &[Rule]) -> Option<Failure> {
        self.failures.iter().find(|failure| rules.contains(&failure.rule)).cloned()
    }
}
