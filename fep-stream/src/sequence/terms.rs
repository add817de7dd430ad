//! [`SequenceTerms`]: how long and how much a sequence waits. [`Tally`]: what happened in it.

use std::time::Duration;

use crate::numbering::Numbering;

/// The limits of a [`Sequencer`](super::Sequencer).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SequenceTerms {
    /// The numbers of the feed.
    pub numbering: Numbering,
    /// The most telegrams that are held back behind a gap. With one more, the first gap is declared lost.
    pub held_max: usize,
    /// How long a gap waits before it is asked for. With redundant feeds: the time that the other feed has to bring it.
    pub ask_after: Duration,
    /// The time between two requests for the same gap.
    pub ask_every: Duration,
    /// How often the same gap is asked for. 0 asks never.
    pub asks_max: u32,
    /// How long a gap is waited for, since it was noticed or since the number before it came. Then it is declared lost.
    pub lost_after: Duration,
    /// How far from the expected number a gap may reach, and of how many numbers it is remembered what became of them, to tell a repetition
    /// from another telegram. At most a quarter of all numbers count.
    pub near_max: u64,
    /// How far behind all others a number may be without proof. A number farther ahead may be a mistake in one telegram.
    pub jump_max: u64,
    /// How many telegrams of one feed, out of place and in ascending order, prove that the feed goes on from there. At least 1.
    pub restart_run: usize,
    /// How long after a restart a redundant feed may still bring numbers from before it.
    pub lag_max: Duration,
}

/// What happened in a sequence, as counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Telegrams that were passed on.
    pub passed: u64,
    /// Telegrams whose number was passed on, held back or declared lost before.
    pub repeated: u64,
    /// Telegrams whose content is not that of the first one with the same number.
    pub different: u64,
    /// Gaps that were noticed.
    pub gaps: u64,
    /// Requests for missing numbers.
    pub asked: u64,
    /// Numbers that were declared lost.
    pub lost: u64,
    /// Telegrams that were dropped because they were out of place. Consumers are told.
    pub stray: u64,
    /// How often the feed began its numbers anew.
    pub restarts: u64,
}

impl SequenceTerms {
    /// Limits for a feed of many thousand telegrams a second: 10,000 held back, asked for at once and each 200 ms, three times, lost after
    /// 1 s. Three telegrams prove a jump of more than 1,000 numbers, or a restart. Redundant feeds lag at most 10 s.
    #[must_use]
    pub const fn new(numbering: Numbering) -> Self {
        Self {
            numbering,
            held_max: 10_000,
            ask_after: Duration::ZERO,
            ask_every: Duration::from_millis(200),
            asks_max: 3,
            lost_after: Duration::from_secs(1),
            near_max: 100_000,
            jump_max: 1_000,
            restart_run: 3,
            lag_max: Duration::from_secs(10),
        }
    }

    pub(super) fn near(&self) -> u64 {
        self.near_max.min(self.numbering.count() / 4)
    }

    /// Of how many numbers it is remembered what became of them: of all from the first gap to the farthest telegram behind it.
    pub(super) fn remembered(&self) -> u64 {
        self.near() + 1
    }

    pub(super) fn jump(&self) -> u64 {
        self.jump_max.min(self.near())
    }
}
