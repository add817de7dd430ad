//! [`Picture`]: the last telegram of each instrument since a consumer was told the last time. It copies telegrams, because a slice of a read buffer keeps all
//! of that buffer in memory.

use std::collections::HashMap;
use std::time::Duration;

use fep_stream::Received;

use super::shown::Placed;

/// The last telegrams, in the order in which their instruments came first.
#[derive(Debug, Default)]
pub(super) struct Picture {
    slots: HashMap<(usize, Vec<u8>), usize>,
    kept: Vec<Kept>,
}

/// A copy of a telegram with its place in the stream.
#[derive(Debug)]
pub(super) struct Kept {
    kind: usize,
    feed: usize,
    number: Option<u64>,
    position: u64,
    received_at: Duration,
    bytes: Vec<u8>,
}

impl Picture {
    /// Keeps a telegram in place of the one before of its instrument.
    pub(super) fn put(&mut self, key: Vec<u8>, received: &Received) {
        let kept = Kept::from(received);
        let slot = *self.slots.entry((received.kind(), key)).or_insert(self.kept.len());
        match self.kept.get_mut(slot) {
            Some(before) => *before = kept,
            None => self.kept.push(kept),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.kept.len()
    }

    /// Takes all of them, in the order of the stream.
    pub(super) fn take(&mut self) -> Vec<Kept> {
        self.slots.clear();
        let mut kept = std::mem::take(&mut self.kept);
        kept.sort_unstable_by_key(|kept| kept.position);
        kept
    }
}

impl Kept {
    pub(super) fn placed(&self) -> Placed<'_> {
        let Self { kind, feed, number, position, received_at, bytes } = self;
        Placed { kind: *kind, feed: *feed, number: *number, position: *position, received_at: *received_at, bytes }
    }
}

impl From<&Received> for Kept {
    fn from(received: &Received) -> Self {
        let Placed { kind, feed, number, position, received_at, bytes } = received.into();
        Self { kind, feed, number, position, received_at, bytes: bytes.to_vec() }
    }
}
