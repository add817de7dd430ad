//! [`Counts`]: what a receiver has seen so far, for monitoring.

use crate::sequence::Tally;

/// What a receiver has seen so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Each feed, in the order in which they were added.
    pub feeds: Vec<FeedCounts>,
    /// What happened in the sequence of the numbers. All zero if the telegrams have none.
    pub sequence: Tally,
    /// The position of the next event.
    pub next: u64,
    /// The instruments whose last telegram is kept, each kind of telegram counted on its own.
    pub instruments: usize,
    /// Telegrams that were kept for no snapshot, because there were too many instruments.
    pub left_out: u64,
    /// The consumers.
    pub consumers: usize,
    /// How often a consumer was too slow.
    pub too_slow: u64,
}

/// What came on one feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FeedCounts {
    /// What it is called in logs.
    pub name: String,
    /// Whether it is connected.
    pub is_connected: bool,
    /// Bytes that were read.
    pub bytes: u64,
    /// Frames that were read.
    pub frames: u64,
    /// Frames that are no telegram of the plan.
    pub unplanned: u64,
    /// Bytes that were dropped because they are no frame.
    pub dropped_bytes: u64,
    /// How often it was connected.
    pub connections: u64,
    /// Requests for missing numbers that it could not send.
    pub unsent_asks: u64,
    /// Why it was last disconnected, or what was last wrong in its bytes.
    pub last_trouble: Option<String>,
}
