//! Deliberately broken machines. The simulation must catch each of them, or it proves nothing.

/// One way to break the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mutant {
    /// A notice that the service did not take after two attempts is forgotten.
    ForgetsTheUndelivered,
    /// A service's answer is sent although the stand-in has answered.
    SendsTheLateAnswer,
    /// An attempt is made before its fact is durable.
    AsksUnrecorded,
    /// The first attempt is made twice.
    AsksTwice,
    /// The stand-in does not answer in time.
    LetsTheInstitutionWait,
    /// Attempts go on without end.
    NeverGivesUp,
    /// Any number of attempts is made at once.
    RetriesWithoutLimit,
    /// The horizon is read from the wall clock, which may have been set.
    TrustsTheWallClock,
}

impl Mutant {
    /// Each mutant with the rule that it breaks.
    pub(super) const ALL: [(Self, &str); 8] = [
        (Self::ForgetsTheUndelivered, "a notice is delivered, or a person hears of it"),
        (Self::SendsTheLateAnswer, "the institution has one answer"),
        (Self::AsksUnrecorded, "an attempt is made after its fact is durable"),
        (Self::AsksTwice, "the number of an attempt is used once"),
        (Self::LetsTheInstitutionWait, "the institution is answered in time"),
        (Self::NeverGivesUp, "attempts are bounded"),
        (Self::RetriesWithoutLimit, "attempts at once are bounded"),
        (Self::TrustsTheWallClock, "nothing is given up before the horizon"),
    ];
}
