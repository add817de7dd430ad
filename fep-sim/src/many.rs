//! Many seeds on all processors, and the mutants that they must catch.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use fep_protocol::mutant::{Mutant, switch};

use crate::life::{Report, run};
use crate::plan::Plan;
use crate::world::{Failure, Rule};

/// Each mutant with the rules of which one must catch it, and the seed that did so last, which is tried first.
pub const MUTANTS: [(Mutant, &[Rule], u64); 54] = [
    (Mutant::AnswersTheOldest, &[Rule::Correlation], 0),
    (Mutant::ForgetsTraces, &[Rule::Once, Rule::Correlation], 4),
    (Mutant::WritesTwice, &[Rule::Wire, Rule::Once], 0),
    (Mutant::WithdrawsTaken, &[Rule::NotSent], 0),
    (Mutant::HorizonFromTheQueue, &[Rule::Truth], 141),
    (Mutant::LeavesOpen, &[Rule::Final], 4),
    (Mutant::CallsOpenNotSent, &[Rule::NotSent, Rule::Once, Rule::Truth], 4),
    (Mutant::DropsFailedFacts, &[Rule::Final], 40),
    (Mutant::RepeatsInDoubt, &[Rule::Final], 40),
    (Mutant::LeavesDoubtOpen, &[Rule::Final], 40),
    (Mutant::WritesBeforeDurable, &[Rule::Wire], 0),
    (Mutant::WritesOtherBytes, &[Rule::Wire], 1),
    (Mutant::UnansweredFreesItsPlace, &[Rule::Contract], 42),
    (Mutant::UnansweredStepFreesItsPlace, &[Rule::Contract], 42),
    (Mutant::ForgetsStepsInFlight, &[Rule::Contract], 182),
    (Mutant::IgnoresTheWindow, &[Rule::Window], 5),
    (Mutant::OverdueFreesTheWindow, &[Rule::Window], 22),
    (Mutant::StandbyCarries, &[Rule::Lines], 0),
    (Mutant::ReturnsAtOnce, &[Rule::Lines], 22),
    (Mutant::SwitchesAtOnce, &[Rule::Lines], 0),
    (Mutant::SwitchesLate, &[Rule::Lines], 22),
    (Mutant::ResendsAfterLoss, &[Rule::Once], 14),
    (Mutant::IgnoresOtherLines, &[Rule::Answered], 55),
    (Mutant::SendsUnheard, &[Rule::Pair], 18),
    (Mutant::KeepsDeafLines, &[Rule::Lines], 2151),
    (Mutant::KeepsFullWindows, &[Rule::Window], 37),
    (Mutant::ProbesTestNoLink, &[Rule::Alive], 3103),
    (Mutant::NeverSignsOnAgain, &[Rule::Lines], 7),
    (Mutant::RepliesWhereItReceives, &[Rule::Pair], 7),
    (Mutant::SilentPollsKeepTheLink, &[Rule::Alive], 6),
    (Mutant::ForgetsUnpolled, &[Rule::Alive], 6),
    (Mutant::RubbishProves, &[Rule::Alive], 6),
    (Mutant::IgnoresTheEnd, &[Rule::Business], 1),
    (Mutant::LosesTheReplacement, &[Rule::Lines], 40),
    (Mutant::LeavesBodiesPlain, &[Rule::Secret], 0),
    (Mutant::LeavesKeysPlain, &[Rule::Secret], 0),
    (Mutant::RetriesWithoutPause, &[Rule::Bounded], 2),
    (Mutant::RecoversInTwoCommits, &[Rule::Settled], 84),
    (Mutant::ForgetsSettlements, &[Rule::Settled], 4),
    (Mutant::SettlesNotFoundAtOnce, &[Rule::Truth], 21),
    (Mutant::ForgetsMark, &[Rule::Reversal], 3),
    (Mutant::NoBudgets, &[Rule::Isolation], 1),
    (Mutant::NoBudgets, &[Rule::Bounded], 1),
    (Mutant::TellsBeforeDurable, &[Rule::Durable], 0),
    (Mutant::DutiesIgnoreTheRate, &[Rule::Contract], 299),
    (Mutant::RateForgetsTheEarlierRun, &[Rule::Contract], 311),
    (Mutant::IgnoresRepeats, &[Rule::Correlation], 17),
    (Mutant::ForgetsNotices, &[Rule::Notice], 30),
    (Mutant::IndexLeavesOut, &[Rule::Journal], 0),
    (Mutant::SkipsALostIndex, &[Rule::Once, Rule::Final], 12),
    (Mutant::RemovesBeforeTheArchive, &[Rule::Archive], 0),
    (Mutant::SkipsTheArchives, &[Rule::Once, Rule::Durable, Rule::Journal], 0),
    (Mutant::LosesKeysPassedOn, &[Rule::Once], 196),
    (Mutant::WaitsForTheDisk, &[Rule::Deadline], 12),
];

/// Runs seeds, each in one thread, until `broken` finds a failure. Returns one seed with a failure, if there is one.
pub fn find(
    seeds: Range<u64>,
    mutant: Option<Mutant>,
    broken: impl Fn(&Report) -> Option<Failure> + Sync,
) -> Option<(u64, Failure)> {
    search(seeds, mutant, |seed| broken(&run(&Plan::of(seed), false)))
}

/// Asks for each seed, in one thread each, until one fails.
pub(crate) fn search(
    seeds: Range<u64>,
    mutant: Option<Mutant>,
    fails: impl Fn(u64) -> Option<Failure> + Sync,
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
            if let Some(failure) = fails(seed) {
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
