//! The rate of one contract: at most `max` telegrams in any window, exactly.
//!
//! A log of the starts in the last window gives the exact bound; GCRA, the generic cell rate algorithm, gives the spacing
//! within it. GCRA alone is not exact: with bursts of b it admits `max + b - 1` telegrams in some windows.
//!
//! What counts is the time when bytes were handed over, because the contract counts telegrams that it sees. Between the
//! decision and the wire lies the journal, which may stall. A start therefore occupies the window from its decision until
//! one window after it was written.
//!
//! ```text
//! start ──────────── pending ──────────── written ──── window ────► free
//!                                                   (t, t + window)
//! ```

use std::collections::VecDeque;
use std::time::Duration;

use super::{Earliest, RateSettings};
use crate::mutant::{Mutant, is_on};

/// The starts of the last window and those that are not written yet.
#[derive(Clone, Debug)]
pub(super) struct Rate {
    settings: RateSettings,
    reserved_percent: u32,
    max: usize,
    /// A larger share, and when it takes effect.
    raise: Option<(usize, Duration)>,
    /// The times of all written telegrams of the last window, the oldest first.
    written: VecDeque<Duration>,
    /// Those of them that may not use the reserve.
    ordinary: VecDeque<Duration>,
    pending: usize,
    pending_ordinary: usize,
    /// The theoretical arrival time of GCRA.
    arrival: Duration,
}

impl Rate {
    pub(super) fn new(settings: RateSettings, reserved_percent: u32) -> Self {
        Self {
            settings,
            reserved_percent,
            max: settings.max,
            raise: None,
            written: VecDeque::new(),
            ordinary: VecDeque::new(),
            pending: 0,
            pending_ordinary: 0,
            arrival: Duration::ZERO,
        }
    }

    /// The earliest time when a telegram may start, by what is known now. It may be in the past.
    pub(super) fn earliest(&self, is_privileged: bool) -> Earliest {
        let present = self.earliest_within(self.max, is_privileged);
        match self.raise {
            Some((max, from)) => present.min(self.earliest_within(max, is_privileged).max(Earliest::At(from))),
            None => present,
        }
    }

    /// Takes a place in the window for a telegram that starts now.
    pub(super) fn start(&mut self, is_privileged: bool, now: Duration) {
        self.settle(now);
        self.pending += 1;
        if !is_privileged {
            self.pending_ordinary += 1;
        }
        self.arrival = self.arrival.max(now) + self.spacing();
        if is_on(Mutant::RateCountsTheDecision) {
            self.written(is_privileged, now);
        }
    }

    /// The bytes of a telegram that started were handed over.
    pub(super) fn written(&mut self, is_privileged: bool, now: Duration) {
        if self.pending == 0 {
            return;
        }
        self.pending -= 1;
        if !is_privileged {
            self.pending_ordinary = self.pending_ordinary.saturating_sub(1);
        }
        self.log(is_privileged, now);
    }

    /// A telegram that started was certainly not handed over.
    pub(super) fn unsent(&mut self, is_privileged: bool) {
        self.pending = self.pending.saturating_sub(1);
        if !is_privileged {
            self.pending_ordinary = self.pending_ordinary.saturating_sub(1);
        }
    }

    fn log(&mut self, is_privileged: bool, now: Duration) {
        self.settle(now);
        self.written.push_back(now);
        if !is_privileged {
            self.ordinary.push_back(now);
        }
    }

    /// Changes the maximum. A smaller one takes effect at once. A larger one takes effect after one window: another
    /// instance, which gave up that share now, may have used it up to now.
    pub(super) fn share(&mut self, max: usize, now: Duration) {
        self.settle(now);
        let max = max.min(self.settings.max);
        if max <= self.max || is_on(Mutant::ShareGrowsAtOnce) {
            self.max = max;
            self.raise = None;
        } else {
            self.raise = Some((max, now + self.settings.window));
        }
    }

    /// Lets another maximum hold at once, in the window of before. The log has all telegrams that count in it.
    pub(super) fn retune(&mut self, settings: RateSettings, reserved_percent: u32, now: Duration) {
        self.settle(now);
        self.settings = settings;
        self.reserved_percent = reserved_percent;
        self.max = settings.max;
        self.raise = None;
        // The spacing of the other maximum no longer holds. The log still does.
        self.arrival = self.arrival.min(now);
        if is_on(Mutant::OtherRateForgets) {
            self.written.clear();
            self.ordinary.clear();
        }
    }

    pub(super) fn max(&self) -> usize {
        self.max
    }

    /// The number of telegrams that count at this time.
    pub(super) fn used(&self, now: Duration) -> usize {
        let expired = self.written.partition_point(|written| *written + self.settings.window <= now);
        self.pending + self.written.len() - expired
    }

    /// Forgets what is older than one window, and raises the share if it is time.
    fn settle(&mut self, now: Duration) {
        if let Some((max, from)) = self.raise
            && from <= now
        {
            self.max = max;
            self.raise = None;
            // The spacing of the smaller share no longer holds. The log still does.
            self.arrival = self.arrival.min(now);
        }
        for times in [&mut self.written, &mut self.ordinary] {
            while times.front().is_some_and(|time| *time + self.settings.window <= now) {
                times.pop_front();
            }
        }
    }

    fn earliest_within(&self, max: usize, is_privileged: bool) -> Earliest {
        let all = self.opening(&self.written, self.pending, max);
        let ordinary = match is_privileged {
            true => Earliest::Now,
            false => {
                let ordinary_max = max - reserve(max, self.reserved_percent);
                self.opening(&self.ordinary, self.pending_ordinary, ordinary_max)
            }
        };
        let burst = u32::try_from(self.settings.burst_max.max(1) - 1).unwrap_or(u32::MAX);
        let spaced = self.arrival.saturating_sub(self.spacing().saturating_mul(burst));
        all.max(ordinary).max(if spaced.is_zero() { Earliest::Now } else { Earliest::At(spaced) })
    }

    /// The time when fewer than `max` telegrams count.
    fn opening(&self, written: &VecDeque<Duration>, pending: usize, max: usize) -> Earliest {
        let count = written.len() + pending;
        let Some(excess) = count.checked_sub(max) else { return Earliest::Now };
        match written.get(excess) {
            Some(time) => Earliest::At(*time + self.settings.window),
            None => Earliest::AfterEvent,
        }
    }

    fn spacing(&self) -> Duration {
        self.settings.window / u32::try_from(self.max.max(1)).unwrap_or(u32::MAX)
    }
}

/// The part of a maximum that is reserved: rounded up, but never all of it.
pub(super) fn reserve(max: usize, percent: u32) -> usize {
    if is_on(Mutant::NoReserve) {
        return 0;
    }
    let percent = usize::try_from(percent.min(100)).unwrap_or(100);
    max.saturating_mul(percent).div_ceil(100).min(max.saturating_sub(1))
}
