//! [`Policy`]: how many events may wait for a consumer, and what happens when they are too many.

/// What a receiver does about a consumer that is too slow. It never waits for one.
///
/// ```
/// use fep_stream::{Policy, Slow};
///
/// let screen = Policy::new(4_096, Slow::ToLatest);
/// let recorder = Policy::new(1_000_000, Slow::Disconnect);
/// assert!(screen.buffer_max < recorder.buffer_max);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The most events that wait for the consumer, at least 1. One read of a socket can bring some hundred at once.
    pub buffer_max: usize,
    /// What happens with one more.
    pub slow: Slow,
}

/// What happens to a consumer when its buffer is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slow {
    /// It is left alone until it has read half of its buffer. Then it gets the last telegram of each instrument that had one meanwhile
    /// ([`Event::Snapshot`](crate::Event::Snapshot)), and goes on. Each time, the receiver looks through all instruments: about 70 µs for 3,000 of them, so the
    /// buffer should not be small.
    ToLatest,
    /// It is left alone until it has read half of its buffer. Then it is told which positions it missed
    /// ([`Event::Missed`](crate::Event::Missed)), and goes on.
    Skip,
    /// It gets what is in its buffer and then [`Event::Ended`](crate::Event::Ended).
    Disconnect,
}

impl Policy {
    /// A policy with a buffer of this many events.
    #[must_use]
    pub const fn new(buffer_max: usize, slow: Slow) -> Self {
        Self { buffer_max: if buffer_max == 0 { 1 } else { buffer_max }, slow }
    }
}
