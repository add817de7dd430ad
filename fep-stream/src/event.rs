//! [`Event`]: what a consumer gets. [`Received`]: a telegram as it came.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fep_codec::{Error, TelegramSet};

/// What a consumer gets, in the order of the stream. Everything in the stream has a position: telegrams, and what happened between them. A
/// consumer gets each position once, or is told which it does not get.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// A telegram.
    Telegram(Received),
    /// The last telegrams follow, one for each instrument and kind of telegram, in the order in which they came: a late joiner gets them, and
    /// so does a consumer of [`Slow::ToLatest`](crate::Slow::ToLatest) that was too slow. Behind them the stream goes on at `next`.
    Snapshot {
        /// The first position that the consumer did not get. 0 for a late joiner.
        from: u64,
        /// The position with which the stream goes on behind the telegrams. All positions from `from` on that are not among them are not
        /// sent, because newer ones replaced them, or because they are no telegrams.
        next: u64,
        /// How many telegrams follow.
        telegrams: usize,
        /// How many telegrams since the start were kept for no snapshot, because there were more instruments than are kept. Not 0: the snapshot is
        /// not complete.
        left_out: u64,
    },
    /// This consumer was too slow and does not get these positions.
    Missed {
        /// The first position.
        first: u64,
        /// The last position.
        last: u64,
    },
    /// The feed did not bring these numbers, also not when it was asked.
    Lost {
        /// The first number.
        first: u64,
        /// The last number. It is smaller than `first` if the numbers began again between them.
        last: u64,
        /// How many numbers these are.
        count: u64,
    },
    /// The feed began its numbers anew.
    Restarted {
        /// The number that was expected.
        expected: u64,
        /// The number with which the sequence goes on.
        found: u64,
    },
    /// Telegrams of a feed were dropped. Nothing proved that their numbers are right, or another telegram with the same number was passed on.
    OutOfPlace {
        /// The feed, from 0.
        feed: usize,
        /// The number of the first one.
        first: u64,
        /// The number of the last one. Numbers between them may be others, and this one may be the smaller one.
        last: u64,
        /// How many telegrams these are.
        count: u64,
    },
    /// A feed sent something that has no place in the stream: bytes that are no frame, a telegram that is not in the plan. Without numbers
    /// nothing else says that a telegram may be missing here.
    Unreadable {
        /// The feed, from 0.
        feed: usize,
        /// How many bytes were dropped.
        bytes: u64,
    },
    /// No feed is connected any more. Without numbers, what is sent meanwhile is missing.
    Interrupted,
    /// A feed has ended before its time, and does not come back: a damaged recording, or bytes of a recording that are no frame. What it would
    /// have brought is missing. A feed that ends as it should leaves no event.
    BrokenOff {
        /// The feed, from 0.
        feed: usize,
        /// Why.
        reason: Arc<str>,
    },
    /// The last event: nothing follows.
    Ended(Ended),
}

/// Why nothing follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// Every feed has ended, or the receiver was stopped.
    Stopped,
    /// The consumer was too slow, and its policy is [`Slow::Disconnect`](crate::Slow::Disconnect). It got everything before `next`.
    TooSlow {
        /// The first position that it did not get.
        next: u64,
    },
}

/// A telegram of a feed, with its place in the stream. It shares the bytes of the read buffer; [`Clone`] copies none.
#[derive(Clone, Debug)]
pub struct Received {
    pub(crate) frame: Bytes,
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) kind: u16,
    pub(crate) feed: u16,
    pub(crate) position: u64,
    pub(crate) number: Option<u64>,
    pub(crate) at_ns: u64,
}

impl Received {
    /// The telegram, without what encloses it on the line. A view reads it: `BestView::new(received.telegram())`.
    #[must_use]
    #[inline]
    pub fn telegram(&self) -> &[u8] {
        self.frame.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    /// The frame, as it came.
    #[must_use]
    pub fn frame(&self) -> &Bytes {
        &self.frame
    }

    /// Decodes the telegram: a derived struct, or a derived enum of the telegrams that can come.
    ///
    /// # Errors
    /// If it is not such a telegram. The plan looks only at the marks, the key and the number.
    pub fn decode<'r, T: TelegramSet<'r>>(&'r self) -> Result<T, Error> {
        T::decode_any(self.telegram())
    }

    /// Which telegram of the plan it is: the first one that was added has 0.
    #[must_use]
    #[inline]
    pub fn kind(&self) -> usize {
        usize::from(self.kind)
    }

    /// The feed that brought it first, from 0.
    #[must_use]
    pub fn feed(&self) -> usize {
        usize::from(self.feed)
    }

    /// Its position in the stream of this receiver, from 0.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The number that the feed gave it, if it has one.
    #[must_use]
    pub fn number(&self) -> Option<u64> {
        self.number
    }

    /// When its last byte was read, since 1970-01-01 UTC. All telegrams of one read have the same time. In a replay it is the time of the
    /// recording.
    #[must_use]
    pub fn received_at(&self) -> Duration {
        Duration::from_nanos(self.at_ns)
    }
}
