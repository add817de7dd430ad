//! Deliberately broken machines. The simulation must catch each of them, or it proves nothing.

/// One way to break the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mutant {
    /// A reversal that was never confirmed is settled as not done instead of going to the dead letters.
    DropsReversalOnExpiry,
    /// "Not found" is "not done" before the horizon.
    SettlesNotFoundAtOnce,
    /// The horizon is read from the wall clock, which may have been set forward.
    TrustsTheWallClock,
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
}

impl Mutant {
    /// Each mutant with the rule that it breaks.
    pub(super) const ALL: [(Self, &str); 11] = [
        (Self::DropsReversalOnExpiry, "a reversal is never dropped"),
        (Self::SettlesNotFoundAtOnce, "not done is not said before the horizon"),
        (Self::TrustsTheWallClock, "not done is not said before the horizon"),
        (Self::ForgetsMark, "the second reversal carries the mark"),
        (Self::ForgetsBegunSteps, "the second reversal carries the mark"),
        (Self::BlocksOnOneUnanswered, "no case waits for another account"),
        (Self::IgnoresAccounts, "one step of an account at a time"),
        (Self::NeverWithdraws, "no step follows a settlement"),
        (Self::KeepsStepsOfSettledCases, "no step follows a settlement"),
        (Self::SendsUnrecorded, "a step is sent after its fact is durable"),
        (Self::NeverGivesUp, "tries are bounded"),
    ];
}
