//! [`Source`]: where the bytes of a feed come from: a TCP connection, a recording, or a caller's own.

mod tcp;
mod replay;

use std::task::{Context, Poll};

use bytes::BytesMut;

pub use self::replay::{Replay, Speed};
pub use self::tcp::{TcpSource, TcpTerms};

/// What a source has.
#[derive(Debug)]
pub enum Filled {
    /// It is connected. What comes now has nothing to do with what came before.
    Connected,
    /// So many bytes were appended to the buffer, at least one.
    Bytes(usize),
    /// It is not connected any more, for this reason. It connects again on its own.
    Disconnected(String),
    /// Nothing more comes, ever. The reason is `None` if that is as it should be.
    Ended(Option<String>),
}

/// Where the bytes of a feed come from. All methods return at once: the receiver has other feeds and its consumers.
pub trait Source: Send {
    /// Waits for the next event. Bytes are appended to `buffer`.
    fn poll_fill(&mut self, context: &mut Context<'_>, buffer: &mut BytesMut) -> Poll<Filled>;

    /// Sends bytes to the other side, such as a request for missing telegrams. Returns `false` if it cannot.
    fn send(&mut self, bytes: &[u8]) -> bool {
        let _ = bytes;
        false
    }

    /// The bytes that came are no frames: gives up the connection. A source that has none ends.
    fn close(&mut self, reason: &str);

    /// When the bytes of the last fill came, in nanoseconds since 1970-01-01 UTC, if it was not now.
    fn received_ns(&self) -> Option<u64> {
        None
    }

    /// What to call it in logs.
    fn name(&self) -> &str;
}

/// The room for one read, in bytes.
pub(crate) const READ_BYTES: usize = 64 * 1024;

/// Makes room for one read. A new piece of memory is begun before the room is small, because small reads are many reads.
pub(crate) fn reserve(buffer: &mut BytesMut) {
    if buffer.capacity() - buffer.len() < READ_BYTES / 4 {
        buffer.reserve(READ_BYTES);
    }
}
