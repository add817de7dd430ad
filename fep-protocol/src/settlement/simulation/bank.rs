//! The model institution: it knows what became of the money.

use std::time::Duration;

use super::super::{Settlement, SettlementLimits, SettlementPolicy, StepKind, Verdict};
use crate::random::SplitMix64;

pub(super) const MS: Duration = Duration::from_millis(1);

/// What the institution did with one request, in the world's time.
#[derive(Clone, Debug)]
pub(super) struct Truth {
    pub(super) written: Duration,
    pub(super) fate: Fate,
    /// When an inquiry sees it: at most a horizon after the write.
    visible: Duration,
    /// A reversal was carried out. The request is undone, or will never be carried out.
    pub(super) void: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Done(Duration),
    Declined(Duration),
    Lost,
}

#[derive(Debug)]
pub(super) struct Bank {
    pub(super) random: SplitMix64,
    /// Its inquiry side says anything at all.
    pub(super) lies: bool,
    /// It answers everything and refuses nothing.
    pub(super) calm: bool,
}

impl Bank {
    pub(super) fn dice(&mut self, sides: u64) -> u64 {
        self.random.next_u64() % sides
    }

    /// A request that was written now.
    pub(super) fn request(&mut self, written: Duration) -> Truth {
        let horizon = u64::try_from(policy().horizon.as_millis()).unwrap();
        let at = self.dice(horizon);
        let lag = self.dice(horizon - at);
        let at = written + u32::try_from(at).unwrap() * MS;
        let fate = match self.dice(5) {
            0 | 1 => Fate::Done(at),
            2 => Fate::Declined(at),
            _ => Fate::Lost,
        };
        Truth { written, fate, visible: at + u32::try_from(lag).unwrap() * MS, void: false }
    }

    /// Carries out a step and says what the answer means.
    pub(super) fn step(&mut self, truth: &mut Truth, kind: StepKind, now: Duration) -> Verdict {
        if !self.calm && self.dice(10) == 0 {
            return Verdict::Unclear;
        }
        match kind {
            StepKind::Inquiry if self.lies => {
                [Verdict::Done, Verdict::NotDone, Verdict::NotFound][usize::try_from(self.dice(3)).unwrap()]
            }
            StepKind::Inquiry => match truth.fate {
                Fate::Done(_) if now >= truth.visible => Verdict::Done,
                Fate::Declined(_) if now >= truth.visible => Verdict::NotDone,
                _ => Verdict::NotFound,
            },
            StepKind::Reversal if !self.calm && !truth.void && self.dice(10) == 0 => Verdict::Refused,
            StepKind::Reversal => {
                truth.void = true;
                Verdict::Confirmed
            }
        }
    }
}

impl Truth {
    /// The late answer to the request, and when the institution made it.
    pub(super) fn late_answer(&self) -> Option<(Duration, Verdict)> {
        match self.fate {
            Fate::Done(at) => Some((at, Verdict::Done)),
            Fate::Declined(at) => Some((at, Verdict::NotDone)),
            Fate::Lost => None,
        }
    }
}

pub(super) fn policy() -> SettlementPolicy {
    SettlementPolicy {
        first_wait: 2000 * MS,
        backoff_min: 500 * MS,
        backoff_max: 4000 * MS,
        step_wait_max: 30_000 * MS,
        horizon: 20_000 * MS,
        inquiry_max: 3,
        reversal_max: 3,
    }
}

pub(super) fn machine() -> Settlement {
    Settlement::new([("Transfer".to_owned(), policy())].into(), limits(1000), 1)
}

pub(super) fn limits(lane_max: usize) -> SettlementLimits {
    SettlementLimits { cases_max: 1000, lane_max, closed_keep: 3_600_000 * MS, closed_max: 1000 }
}
