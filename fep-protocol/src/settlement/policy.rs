//! How the unknown exchanges of one telegram are settled, and the limits of all settlement of one institution.

use std::time::Duration;

/// How the unknown exchanges of one monetary telegram are settled: waits, tries and the institution's horizon.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettlementPolicy {
    /// The wait between the unknown outcome and the first step. Many unknowns come from one lost link, and a late answer often
    /// comes first. Up to a quarter is added as jitter.
    pub first_wait: Duration,
    /// The shortest wait after a step that brought no decision.
    pub backoff_min: Duration,
    /// The longest wait after a step that brought no decision.
    pub backoff_max: Duration,
    /// The longest time that a step may be on the wire. It then counts as unanswered even if the caller reports nothing.
    pub step_wait_max: Duration,
    /// The time after which the institution's inquiry side certainly knows a request that it has received, counted from the
    /// write of the request. "Not found" proves nothing before.
    pub horizon: Duration,
    /// The number of inquiries. 0: the institution offers none.
    pub inquiry_max: u32,
    /// The number of times that a reversal is sent. 0: the contract provides none.
    pub reversal_max: u32,
}

/// The limits of settlement of one institution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SettlementLimits {
    /// The number of cases that are not finished. Beyond it the caller must refuse monetary requests.
    pub cases_max: usize,
    /// The number of inquiries and reversals that may be on the wire at once: the width of the reserved lane.
    pub lane_max: usize,
    /// How long a settled case is remembered, so that a contradicting late answer is noticed.
    pub closed_keep: Duration,
    /// The number of settled cases that are remembered.
    pub closed_max: usize,
}

impl Default for SettlementLimits {
    /// 10,000 cases, 10 steps at once, 10,000 settled cases for an hour.
    fn default() -> Self {
        Self { cases_max: 10_000, lane_max: 10, closed_keep: Duration::from_secs(3600), closed_max: 10_000 }
    }
}

impl SettlementPolicy {
    /// The longest time in which a case is settled or in the dead letters, if each step gets its place on the wire at once. A case
    /// that waits for its account or for the lane takes longer by the steps of the cases before it.
    #[must_use]
    pub fn schedule_max(&self) -> Duration {
        let first = self.first_wait.saturating_add(self.first_wait / 4);
        let one = self.backoff_max.max(self.backoff_min).saturating_add(self.step_wait_max);
        // One inquiry more than `inquiry_max` may follow the horizon.
        let steps = self.inquiry_max.saturating_add(self.reversal_max).saturating_add(2);
        first.saturating_add(self.horizon).saturating_add(one.saturating_mul(steps))
    }
}
