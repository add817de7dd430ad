//! [`Latest`]: the last telegram of each instrument and kind, for late joiners and for consumers that were too slow.
//!
//! Both are the same case: a consumer knows everything before a position and wants to go on from now. It gets the telegrams that came
//! since then and were not replaced. So nothing is kept for each consumer. Catching up looks through the whole table and copies what it
//! finds: that is what a slow consumer costs the reader, once for each half of its buffer that it reads.

use std::collections::HashMap;

use bytes::{Bytes, BytesMut};

use crate::event::Received;
use crate::plan::Key;

#[derive(Debug)]
pub(crate) struct Latest {
    slots: HashMap<(u16, Key), u32>,
    kept: Vec<Kept>,
    max: usize,
    left_out: u64,
}

/// A copy of a telegram. A slice of the read buffer would keep all of that buffer in memory.
#[derive(Debug)]
struct Kept {
    frame: Vec<u8>,
    /// The telegram without its bytes.
    received: Received,
}

impl Latest {
    /// Keeps the last telegrams of at most `max` instruments, each kind of telegram counted on its own.
    pub(crate) fn new(max: usize) -> Self {
        Self { slots: HashMap::new(), kept: Vec::new(), max, left_out: 0 }
    }

    /// The telegram is the last one of its instrument.
    pub(crate) fn keep(&mut self, key: Key, received: &Received) {
        let slot = self.slots.get(&(received.kind, key)).and_then(|slot| self.kept.get_mut(*slot as usize));
        let bare = Received { frame: Bytes::new(), ..*received };
        if let Some(kept) = slot {
            kept.frame.clear();
            kept.frame.extend_from_slice(&received.frame);
            kept.received = bare;
            return;
        }
        match u32::try_from(self.kept.len()) {
            Ok(slot) if self.kept.len() < self.max => {
                self.slots.insert((received.kind, key), slot);
                self.kept.push(Kept { frame: received.frame.to_vec(), received: bare });
            }
            _ => self.left_out = self.left_out.saturating_add(1),
        }
    }

    /// The last telegrams that came at this position or later, in the order in which they came.
    pub(crate) fn since(&self, position: u64) -> Vec<Received> {
        let mut kept: Vec<&Kept> = self.kept.iter().filter(|kept| kept.received.position >= position).collect();
        kept.sort_unstable_by_key(|kept| kept.received.position);
        let mut bytes = BytesMut::with_capacity(kept.iter().map(|kept| kept.frame.len()).sum());
        kept.iter().for_each(|kept| bytes.extend_from_slice(&kept.frame));
        let mut bytes = bytes.freeze();
        let whole = |kept: &Kept| Received { frame: bytes.split_to(kept.frame.len()), ..kept.received };
        kept.into_iter().map(whole).collect()
    }

    /// How many telegrams were not kept, because there were too many instruments.
    pub(crate) fn left_out(&self) -> u64 {
        self.left_out
    }

    /// How many telegrams are kept.
    pub(crate) fn len(&self) -> usize {
        self.kept.len()
    }
}
