//! The two gates of one contract: its rate, and its places in flight.

use std::time::Duration;

use super::limit::{AdaptiveLimit, LimitCause};
use super::rate::{Rate, reserve};
use super::{Earliest, GateSettings, GateStatus, Priority, RateSettings, Share};
use crate::budget::Budget;
use crate::mutant::{Mutant, is_on};

impl GateSettings {
    /// A budget of as many answers as can have been asked for within the contract: by its rate, or each of its places ten times a second.
    #[must_use]
    pub fn answers(&self, now: Duration) -> Budget {
        let count = |number: u128| u32::try_from(number).unwrap_or(u32::MAX);
        let places = self.inflight_max as u128;
        match self.rate {
            Some(RateSettings { max, window, .. }) => {
                let per_s = (max as u128 * 1000).div_ceil(window.as_millis().max(1));
                Budget::new(count(per_s), count((max as u128).max(places)), now)
            }
            None => Budget::new(count(places * 10), count(places), now),
        }
    }
}

/// The gates of an institution, or of one of its business codes.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    rate: Option<Rate>,
    limit: AdaptiveLimit,
    reserved_percent: u32,
    /// Requests that wait for their answer.
    waiting: usize,
    /// Requests whose time-out has passed. They occupy a place of the contract: the institution may still be busy with them.
    unanswered: usize,
}

/// The facts about a request that its gates need again when it ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passage {
    pub(super) is_privileged: bool,
    pub(super) started: Duration,
    pub(super) written: Option<Duration>,
}

impl Gate {
    pub(super) fn new(settings: GateSettings, reserved_percent: u32) -> Self {
        Self {
            rate: settings.rate.map(|rate| Rate::new(rate, reserved_percent)),
            limit: AdaptiveLimit::new(settings.inflight_max, settings.adapts),
            reserved_percent,
            waiting: 0,
            unanswered: 0,
        }
    }

    /// The earliest time when a request may start, by what is known now.
    pub(super) fn earliest(&self, priority: Priority) -> Earliest {
        let places = if self.has_place(priority) { Earliest::Now } else { Earliest::AfterEvent };
        places.max(self.earliest_by_rate(priority))
    }

    /// The same by the rate alone.
    pub(super) fn earliest_by_rate(&self, priority: Priority) -> Earliest {
        self.rate.as_ref().map_or(Earliest::Now, |rate| rate.earliest(priority.is_privileged()))
    }

    /// Takes a place. Returns whether the adaptive limit is reached now.
    pub(super) fn start(&mut self, priority: Priority, now: Duration) -> bool {
        self.waiting += 1;
        self.limit.started(self.waiting);
        if let Some(rate) = &mut self.rate {
            rate.start(priority.is_privileged(), now);
        }
        self.waiting >= self.limit.now()
    }

    /// A request of an earlier run that was not answered occupies a place.
    pub(super) fn recall(&mut self) {
        self.unanswered += 1;
    }

    /// A telegram of an earlier run counts in the rate. More than the rate has need not be known.
    pub(super) fn recall_sent(&mut self, is_privileged: bool, now: Duration) {
        if let Some(rate) = self.rate.as_mut().filter(|rate| rate.used(now) < rate.max()) {
            rate.start(is_privileged, now);
            rate.written(is_privileged, now);
        }
    }

    pub(super) fn written(&mut self, passage: Passage, now: Duration) {
        if let Some(rate) = &mut self.rate {
            rate.written(passage.is_privileged, now);
        }
    }

    pub(super) fn unsent(&mut self, passage: Passage) {
        self.waiting = self.waiting.saturating_sub(1);
        if let Some(rate) = &mut self.rate {
            rate.unsent(passage.is_privileged);
        }
    }

    /// The earliest time for a telegram that takes no place, such as an echo test.
    pub(super) fn duty_at(&self) -> Earliest {
        self.rate.as_ref().map_or(Earliest::Now, |rate| rate.earliest(true))
    }

    pub(super) fn rate_of_duties(&mut self, change: impl FnOnce(&mut Rate)) {
        if let Some(rate) = &mut self.rate {
            change(rate);
        }
    }

    pub(super) fn answered(&mut self, passage: Passage, reached: bool, now: Duration) {
        self.waiting = self.waiting.saturating_sub(1);
        let latency = now.saturating_sub(passage.written.unwrap_or(passage.started));
        self.limit.answered(passage.started, reached, latency, now);
    }

    pub(super) fn busy(&mut self, passage: Passage, now: Duration) {
        self.waiting = self.waiting.saturating_sub(1);
        self.limit.failed(passage.started, LimitCause::Busy, now);
    }

    pub(super) fn unanswered(&mut self, passage: Passage, is_timeout: bool, now: Duration) {
        self.waiting = self.waiting.saturating_sub(1);
        if !is_on(Mutant::UnansweredFreesItsPlace) {
            self.unanswered += 1;
        }
        if is_timeout {
            self.limit.failed(passage.started, LimitCause::Timeout, now);
        }
    }

    /// A request that was not answered no longer occupies a place.
    pub(super) fn released(&mut self) {
        self.unanswered = self.unanswered.saturating_sub(1);
    }

    pub(super) fn share(&mut self, share: Share, now: Duration) {
        self.limit.share(share.inflight_max, now);
        if let (Some(rate), Some(max)) = (&mut self.rate, share.rate_max) {
            rate.share(max, now);
        }
    }

    /// Lets other limits hold. The window of the rate is that of before.
    pub(super) fn retune(&mut self, settings: GateSettings, reserved_percent: u32, now: Duration) {
        self.reserved_percent = reserved_percent;
        self.limit.retune(settings.inflight_max, settings.adapts, now);
        if let (Some(rate), Some(settings)) = (&mut self.rate, settings.rate) {
            rate.retune(settings, reserved_percent, now);
        }
    }

    pub(super) fn status(&self, now: Duration) -> GateStatus {
        GateStatus {
            inflight: self.waiting,
            unanswered: self.unanswered,
            limit: self.limit.now(),
            inflight_max: self.limit.contract(),
            limit_cause: self.limit.last_change().map(|(cause, _)| cause),
            limit_since: self.limit.last_change().map(|(_, at)| at),
            rate_used: self.rate.as_ref().map_or(0, |rate| rate.used(now)),
            rate_max: self.rate.as_ref().map(Rate::max),
        }
    }

    /// Whether the places in flight let a request through.
    ///
    /// The contract counts all requests that the institution may still be busy with. The adaptive limit counts only those
    /// that wait for an answer: otherwise a stall would fill a small limit with requests that nobody waits for, and the
    /// limit could not grow again before their quarantine ends.
    fn has_place(&self, priority: Priority) -> bool {
        let occupied = self.waiting + self.unanswered;
        let contract = self.limit.contract();
        let limit = self.limit.now();
        if priority.is_privileged() {
            let lane = self.reserve(limit).max(usize::from(self.reserved_percent > 0));
            occupied < contract && self.waiting < limit + lane
        } else {
            occupied < contract - self.reserve(contract) && self.waiting < limit
        }
    }

    fn reserve(&self, max: usize) -> usize {
        reserve(max, self.reserved_percent)
    }
}
