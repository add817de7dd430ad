//! Deliberate mistakes of the machines, to prove that the properties in tests and simulations can fail.
//!
//! A mutant is compiled into tests, and with the feature `mutants`, which no release has. Otherwise `is_on` is a constant. A test
//! switches one mutant on for its own thread and expects its property to fail.

/// One deliberate mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mutant {
    /// The rate gate counts a start when it is decided, not when its bytes are handed over.
    RateCountsTheDecision,
    /// A larger share of the rate takes effect at once.
    ShareGrowsAtOnce,
    /// With another rate, what was sent before does not count any more.
    OtherRateForgets,
    /// A request without an answer frees its place at once.
    UnansweredFreesItsPlace,
    /// A request may start at or after its deadline.
    StartsAfterTheDeadline,
    /// All waiting requests are in one queue, and their priority does not count.
    OnePriority,
    /// Customers may use the places that are reserved for inquiries and reversals.
    NoReserve,
    /// The adaptive limit grows although it is not reached.
    GrowsUnreached,
    /// Each time-out cuts the limit, although many of them have one cause.
    CutsForEachTimeout,
    /// The limit follows the latency below what the institution can do, and stays there.
    FollowsTheMinimum,
    /// The limit does not grow again.
    NeverGrows,
    /// The breaker counts results of an older generation.
    CountsOldGenerations,
    /// The breaker lets business through before the echo test was answered.
    SkipsTheProbe,
    /// The breaker lets any number of requests through while it probes.
    TrialWithoutLimit,
    /// Each of several instances sends an echo test without asking.
    ProbesUnasked,
    /// The breaker counts our own refusals as failures.
    CountsNotSent,
    /// A line carries more telegrams than its window has places.
    IgnoresTheWindow,
    /// A request may start on a line that stands by.
    StandbyCarries,
    /// Business returns to the main lines as soon as they work.
    ReturnsAtOnce,
    /// Business moves to the backup lines much later than agreed.
    SwitchesLate,
    /// Business moves to the backup lines as soon as the main ones do not work.
    SwitchesAtOnce,
    /// What was written on a link that was lost is written on another one.
    ResendsAfterLoss,
    /// An answer counts only on the line on which its request was written.
    IgnoresOtherLines,
    /// A connection that replaces another one is forgotten while it waits.
    LosesTheReplacement,
    /// An encrypted journal has idempotency keys as they are.
    LeavesKeysPlain,
    /// An encrypted journal has bodies as they are in its file of facts, beside the sealed ones.
    LeavesBodiesPlain,
    /// Business goes on after the institution has said that it ended.
    IgnoresTheEnd,
    /// A telegram that was not answered in time frees its place in the window at once.
    OverdueFreesTheWindow,
    /// An instance whose lease ends uses its equal part at once, although others may still use it.
    FallsBackAtOnce,
    /// An instance reports its share, but not the requests that it still has in flight beyond it.
    ReportsNoInflight,
    /// The coordinator gives away what an instance has not confirmed to have given up.
    FreesUnconfirmed,
    /// The coordinator gives away everything of an instance that it does not hear.
    ForgetsTheSilent,
    /// The coordinator raises shares although it has lost its memory.
    TrustsAnEmptyMemory,
    /// A reversal that was never confirmed is settled as not done instead of going to the dead letters.
    DropsReversalOnExpiry,
    /// "Not found" is "not done" before the horizon.
    SettlesNotFoundAtOnce,
    /// The horizon is read from the wall clock, which may have been set forward.
    TrustsTheWallClock,
    /// The horizon counts from when the request was queued for its link, not from when the kernel can have its last byte.
    HorizonFromTheQueue,
    /// A step is begun although it could not be sent, so that it leaves two facts each time.
    BeginsWithoutAsking,
    /// A reversal that may have been written before carries no repeat mark.
    ForgetsMark,
    /// After a restart a step that may have been written counts as not written.
    ForgetsBegunSteps,
    /// One unanswered step holds up the steps of all other accounts.
    BlocksOnOneUnanswered,
    /// Two steps of one account are on the wire at once.
    IgnoresAccounts,
    /// A late answer does not withdraw a step that was not written yet.
    NeverWithdraws,
    /// A settled case still gets its inquiry.
    KeepsStepsOfSettledCases,
    /// A step goes on the wire before its fact is durable.
    SendsUnrecorded,
    /// A reversal is repeated without end.
    NeverGivesUp,
    /// An inquiry or a reversal without an answer frees its place at once.
    UnansweredStepFreesItsPlace,
    /// After a restart, inquiries and reversals that were not answered have no place.
    ForgetsStepsInFlight,
    /// A failed write is repeated at once.
    RetriesWithoutPause,
    /// An answer goes to the oldest request that waits, whatever its key.
    AnswersTheOldest,
    /// After a restart, trace numbers begin from 1.
    ForgetsTraces,
    /// A request is written before its fact is durable.
    WritesBeforeDurable,
    /// An outcome is told before its fact is durable.
    TellsBeforeDurable,
    /// A frame is written also when its time is over.
    WritesOverdue,
    /// A frame that was handed over counts as withdrawn.
    WithdrawsTaken,
    /// The first frame of a connection is written twice.
    WritesTwice,
    /// After a restart, an open exchange counts as not sent.
    CallsOpenNotSent,
    /// After a restart, open exchanges stay open.
    LeavesOpen,
    /// After a restart, the ends of open exchanges are stored before their settlements, with another commit.
    RecoversInTwoCommits,
    /// After a restart, settlements do not go on.
    ForgetsSettlements,
    /// A write whose fate is not known is written again at once.
    RepeatsInDoubt,
    /// A request that was refused while its write was in doubt gets no end if it was stored.
    LeavesDoubtOpen,
    /// What the journal failed to write is dropped.
    DropsFailedFacts,
    /// What nobody asked for is read and stored without limit, and one commit takes everything of one institution.
    NoBudgets,
    /// A caller is told only when the journal has the outcome, however late that is.
    WaitsForTheDisk,
    /// Sign-ons and echo tests go out although the rate is used up.
    DutiesIgnoreTheRate,
    /// After a restart, the rate begins with an empty window.
    RateForgetsTheEarlierRun,
    /// An answer that does not repeat the values of its request is an answer like others.
    IgnoresRepeats,
    /// After a restart, notices that were not delivered are not delivered.
    ForgetsNotices,
    /// The index leaves out the last fact of each step.
    IndexLeavesOut,
    /// An index that was lost begins with the newest fact, without those before it.
    SkipsALostIndex,
    /// A request goes on to another institution without its idempotency key.
    LosesKeysPassedOn,
    /// A poll that is not answered has no consequence.
    SilentPollsKeepTheLink,
    /// An institution that does not poll as agreed keeps its links.
    ForgetsUnpolled,
    /// Bytes that are no telegram prove that the institution is alive.
    RubbishProves,
    /// Facts are removed from the journal before their archive is complete.
    RemovesBeforeTheArchive,
    /// An index that was lost is made again without the archives.
    SkipsTheArchives,
    /// A request goes out although no line is up on which its answer could come.
    SendsUnheard,
    /// An echo test for a breaker that is not answered has no consequence for its link.
    ProbesTestNoLink,
    /// A link whose window is full of unanswered telegrams stays connected until their quarantine is over.
    KeepsFullWindows,
    /// A line on which no answer comes stays connected as long as the institution sends something else on it.
    KeepsDeafLines,
    /// After the line that receives was down, a sign-on that nobody could answer is not sent again.
    NeverSignsOnAgain,
    /// An answer of ours goes out on the line that only receives.
    RepliesWhereItReceives,
    /// The journal that gateways share accepts a commit of a run from which another gateway took over.
    NoFence,
    /// A gateway takes over from one whose lease is not over.
    TakesOverEarly,
    /// Two gateways take over from the same run at the same institution.
    TakesOverTwice,
    /// A request with an idempotency key is stored although another gateway has the key.
    KeyIsNotClaimed,
    /// A block of trace numbers is granted to two gateways.
    GrantsBlocksTwice,
    /// A gateway that starts goes on with the settlements of others.
    SettlesForOthers,
    /// An answer that another gateway passed on is given to a request that waits, whatever its key is.
    TrustsTheRouting,
    /// A telegram is written with another byte than the journal has.
    WritesOtherBytes,
}

/// Whether this mutant is on in this thread.
#[cfg(not(any(test, feature = "mutants")))]
#[inline(always)]
#[must_use]
pub const fn is_on(_: Mutant) -> bool {
    false
}

#[cfg(any(test, feature = "mutants"))]
thread_local! {
    static ON: std::cell::Cell<Option<Mutant>> = const { std::cell::Cell::new(None) };
}

/// Whether this mutant is on in this thread.
#[cfg(any(test, feature = "mutants"))]
#[must_use]
pub fn is_on(mutant: Mutant) -> bool {
    ON.get() == Some(mutant)
}

/// Switches a mutant on in this thread, and the one before off. `None` switches all off.
#[cfg(any(test, feature = "mutants"))]
pub fn switch(mutant: Option<Mutant>) {
    ON.set(mutant);
}

/// Runs a property with a mutant on, and returns whether it failed.
#[cfg(test)]
pub(crate) fn is_caught(mutant: Mutant, property: impl FnOnce() + std::panic::UnwindSafe) -> bool {
    switch(Some(mutant));
    let result = std::panic::catch_unwind(property);
    switch(None);
    result.is_err()
}
