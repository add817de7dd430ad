//! Deliberate mistakes of the machines, to prove that the properties in their tests can fail.
//!
//! A mutant is compiled into tests only: outside of tests [`is_on`] is a constant. A test switches one mutant on for its own
//! thread and expects its property to fail.

/// One deliberate mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutant {
    /// The rate gate counts a start when it is decided, not when its bytes are handed over.
    RateCountsTheDecision,
    /// A larger share of the rate takes effect at once.
    ShareGrowsAtOnce,
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
    /// The breaker counts our own refusals as failures.
    CountsNotSent,
    /// A line carries more telegrams than its window has places.
    IgnoresTheWindow,
    /// A request may start on a line that stands by.
    StandbyCarries,
    /// Business returns to the main lines as soon as they work.
    ReturnsAtOnce,
    /// A telegram that was not answered in time frees its place in the window at once.
    OverdueFreesTheWindow,
}

#[cfg(not(test))]
pub(crate) const fn is_on(_: Mutant) -> bool {
    false
}

#[cfg(test)]
thread_local! {
    static ON: std::cell::Cell<Option<Mutant>> = const { std::cell::Cell::new(None) };
}

#[cfg(test)]
pub(crate) fn is_on(mutant: Mutant) -> bool {
    ON.get() == Some(mutant)
}

/// Runs a property with a mutant on, and returns whether it failed.
#[cfg(test)]
pub(crate) fn is_caught(mutant: Mutant, property: impl FnOnce() + std::panic::UnwindSafe) -> bool {
    ON.set(Some(mutant));
    let result = std::panic::catch_unwind(property);
    ON.set(None);
    result.is_err()
}
