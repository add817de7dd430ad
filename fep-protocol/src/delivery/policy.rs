//! What the configuration says about deliveries.

use std::time::Duration;

/// How notices with one telegram are delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryPolicy {
    /// How long the institution waits for its answer, counted from the receipt.
    pub answer_within: Duration,
    /// The shortest wait before another attempt.
    pub backoff_min: Duration,
    /// The longest wait before another attempt.
    pub backoff_max: Duration,
    /// The maximum number of attempts of one round.
    pub attempts_max: u32,
    /// How long a round goes on, on the steady clock. After a restart only the wall clock knows when it began: then it goes on for at least
    /// [`RESTART_DISTRUST_MAX`](crate::settlement::RESTART_DISTRUST_MAX), or the whole horizon if that is shorter.
    pub horizon: Duration,
    /// Which refusals can be answered.
    pub refuses: Refuses,
}

/// Which refusals the contract with the institution has an answer for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refuses {
    /// Business is closed.
    pub closed: bool,
    /// Another notice had the key before.
    pub conflict: bool,
    /// Too many notices are being handled.
    pub busy: bool,
}

/// The limits of one institution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeliveryLimits {
    /// The maximum number of undelivered notices in memory. The others stay in the journal until there is room.
    pub undelivered_max: usize,
    /// The maximum number of notices that services have while the institution waits for the answer.
    pub answering_max: usize,
    /// The maximum number of further attempts at once.
    pub retrying_max: usize,
}
