//! The adaptive limit of requests in flight: between 1 and the contract's maximum.
//!
//! The limit grows by one for each round of answers, and only while it is reached. It is cut to 0.9 by a time-out or a busy
//! code, once for all requests that started before the cut: fifty time-outs of one stall are one cause.
//!
//! The guard compares latencies. If the mean latency exceeds [`TOLERANCE`] times the base, requests queue at the institution,
//! or the institution itself became slower. An experiment tells which: the guard cuts the limit step by step to one half. If
//! the latency fell with it, it was a queue, and the limit stays low. If it did not fall, the limit was not the cause: the
//! guard restores the limit and takes the new latency as its base. So the limit neither follows a minimum that is no longer
//! true down to 1, nor grows without end because the base follows the queue.

use std::time::Duration;

use crate::mutant::{Mutant, is_on};

/// The limit is counted in millionths of a place.
const PLACE: u64 = 1_000_000;

/// The number of answers whose latencies make one mean. With fewer, a mixture of quick and slow telegrams looks like a queue.
const BATCH_COUNT: u64 = 32;

/// A mean latency above this many bases is a queue, or a slower institution.
const TOLERANCE: u64 = 2;

/// The adaptive limit of one gate.
#[derive(Clone, Debug)]
pub(super) struct AdaptiveLimit {
    contract: usize,
    adapts: bool,
    /// The limit in millionths of a place.
    limit: u64,
    /// Requests that started before this time do not cut again.
    cut_at: Duration,
    last: Option<(LimitCause, Duration)>,
    guard: Guard,
}

/// The event that changed a limit last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitCause {
    /// It was reached and answers came: it grew.
    Reached,
    /// A request was not answered in time.
    Timeout,
    /// The institution answered that it is busy.
    Busy,
    /// Answers became slower.
    Slow,
    /// A lower limit did not make answers quicker: it was restored.
    Restored,
    /// The contract or this instance's share of it changed.
    Contract,
}

#[derive(Clone, Debug, Default)]
struct Guard {
    /// The mean latency in microseconds when nothing queues. 0 before the first batch.
    base: u64,
    sum: u64,
    count: u64,
    /// Only requests that started since then belong to the batch.
    since: Duration,
    peak: usize,
    is_slow: bool,
    experiment: Option<Experiment>,
}

#[derive(Clone, Copy, Debug)]
struct Experiment {
    /// The limit to restore.
    limit_before: u64,
    latency_before: u64,
    /// The limit at which the experiment is judged.
    half: u64,
}

impl LimitCause {
    /// The stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Reached => "reached",
            Self::Timeout => "timeout",
            Self::Busy => "busy",
            Self::Slow => "slow",
            Self::Restored => "restored",
            Self::Contract => "contract",
        }
    }
}

impl AdaptiveLimit {
    pub(super) fn new(contract: usize, adapts: bool) -> Self {
        let limit = millionths(contract.max(1));
        Self { contract, adapts, limit, cut_at: Duration::ZERO, last: None, guard: Guard::default() }
    }

    /// The number of requests that may wait for their answers now: at least 1, at most the contract's maximum (which a share
    /// may lower to 0).
    pub(super) fn now(&self) -> usize {
        usize::try_from(self.limit / PLACE).unwrap_or(usize::MAX).max(1).min(self.contract)
    }

    pub(super) fn contract(&self) -> usize {
        self.contract
    }

    pub(super) fn last_change(&self) -> Option<(LimitCause, Duration)> {
        self.last
    }

    /// Changes the contract's maximum.
    pub(super) fn share(&mut self, contract: usize, now: Duration) {
        let top = self.limit >= millionths(self.contract.max(1));
        self.contract = contract;
        let ceiling = millionths(contract.max(1));
        if self.limit > ceiling || (top && !self.adapts) {
            self.limit = ceiling;
            self.last = Some((LimitCause::Contract, now));
        }
    }

    /// Lets another contract hold. A limit that was at its maximum is at the new one: nothing spoke against more.
    pub(super) fn retune(&mut self, contract: usize, adapts: bool, now: Duration) {
        let is_top = self.limit >= millionths(self.contract.max(1));
        self.share(contract, now);
        self.adapts = adapts;
        if is_top || !adapts {
            self.set(millionths(contract.max(1)), LimitCause::Contract, now);
        }
    }

    /// A request started, with this many in flight including itself.
    pub(super) fn started(&mut self, inflight: usize) {
        self.guard.peak = self.guard.peak.max(inflight);
    }

    /// An answer came to a request that started at `started`. `reached` says that the limit was reached then.
    pub(super) fn answered(&mut self, started: Duration, reached: bool, latency: Duration, now: Duration) {
        if !self.adapts {
            return;
        }
        self.measure(started, latency, now);
        let ceiling = millionths(self.contract.max(1));
        let may_grow = reached || is_on(Mutant::GrowsUnreached);
        let held = self.guard.is_slow || self.guard.experiment.is_some() || is_on(Mutant::NeverGrows);
        if may_grow && !held && self.limit < ceiling {
            // One place for as many answers as the limit: one for each round.
            self.limit = (self.limit + PLACE * PLACE / self.limit.max(PLACE)).min(ceiling);
            self.last = Some((LimitCause::Reached, now));
        }
    }

    /// A request that started at `started` was not answered in time, or was answered with a busy code.
    pub(super) fn failed(&mut self, started: Duration, cause: LimitCause, now: Duration) {
        if !self.adapts || (started < self.cut_at && !is_on(Mutant::CutsForEachTimeout)) {
            return;
        }
        self.cut_at = now;
        self.set(self.limit / 10 * 9, cause, now);
    }

    fn set(&mut self, limit: u64, cause: LimitCause, now: Duration) {
        let limit = limit.clamp(PLACE, millionths(self.contract.max(1)));
        if limit != self.limit {
            self.limit = limit;
            self.last = Some((cause, now));
        }
    }

    /// Adds a latency to the batch and judges the batch when it is complete.
    fn measure(&mut self, started: Duration, latency: Duration, now: Duration) {
        if started < self.guard.since {
            return;
        }
        let latency = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX).max(1);
        self.guard.sum = self.guard.sum.saturating_add(latency);
        self.guard.count += 1;
        if self.guard.count < BATCH_COUNT {
            return;
        }
        let mean = (self.guard.sum / self.guard.count).max(1);
        let peak = self.guard.peak;
        self.guard.sum = 0;
        self.guard.count = 0;
        self.guard.peak = 0;
        self.guard.since = now;
        self.judge(mean, peak, now);
    }

    fn judge(&mut self, mean: u64, peak: usize, now: Duration) {
        let guard = &mut self.guard;
        if guard.base == 0 || (peak <= 1 && !is_on(Mutant::FollowsTheMinimum)) {
            // With one request in flight nothing queues: this is a base by definition.
            guard.base = mean;
        } else if mean < guard.base {
            guard.base -= (guard.base - mean).div_ceil(8);
        }
        guard.is_slow = mean > guard.base.saturating_mul(TOLERANCE);
        if is_on(Mutant::FollowsTheMinimum) {
            if guard.is_slow {
                self.set(self.limit / 10 * 9, LimitCause::Slow, now);
            }
            return;
        }
        if !guard.is_slow {
            guard.experiment = None;
            return;
        }
        let used = self.limit.min(millionths(peak.max(1)));
        let half = (used / 2).max(PLACE);
        let experiment =
            guard.experiment.get_or_insert(Experiment { limit_before: self.limit, latency_before: mean, half });
        // The queue may still have been growing when the experiment began.
        experiment.latency_before = experiment.latency_before.max(mean);
        let experiment = *experiment;
        if self.limit > experiment.half {
            return self.set((used / 10 * 9).max(experiment.half), LimitCause::Slow, now);
        }
        self.guard.experiment = None;
        let fell = u128::from(mean) * 4 <= u128::from(experiment.latency_before) * 3;
        if !fell {
            self.guard.base = mean;
            self.guard.is_slow = false;
            self.set(experiment.limit_before, LimitCause::Restored, now);
        }
    }
}

fn millionths(places: usize) -> u64 {
    u64::try_from(places).unwrap_or(u64::MAX).saturating_mul(PLACE)
}
