//! Frames that wait for a link's writer. After a connection is lost, the outbox lists the frames that certainly were not
//! touched.

use std::collections::VecDeque;

use bytes::{Buf, BytesMut};

use fep_protocol::terms::Ticket;

/// Frames in one buffer, so that few writes are needed.
#[derive(Default)]
pub(super) struct Outbox {
    bytes: BytesMut,
    /// The ticket of each frame, and the number of its bytes that the kernel has not taken yet.
    frames: VecDeque<(Ticket, Frame)>,
}

#[derive(Clone, Copy, Debug)]
struct Frame {
    left: usize,
    touched: bool,
}

impl Outbox {
    pub(super) fn push(&mut self, ticket: Ticket, frame: &[u8]) {
        self.bytes.extend_from_slice(frame);
        self.frames.push_back((ticket, Frame { left: frame.len(), touched: false }));
    }

    /// The bytes to write next.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(super) fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Records that the kernel took this many bytes.
    pub(super) fn taken(&mut self, mut count: usize) {
        self.bytes.advance(count.min(self.bytes.len()));
        while count > 0 {
            let Some((_, frame)) = self.frames.front_mut() else { break };
            let part = frame.left.min(count);
            frame.left -= part;
            frame.touched = true;
            count -= part;
            if frame.left == 0 {
                self.frames.pop_front();
            }
        }
    }

    /// The tickets of the frames from which the kernel took no byte.
    pub(super) fn untouched(&self) -> Vec<Ticket> {
        self.frames.iter().filter(|(_, frame)| !frame.touched).map(|(ticket, _)| *ticket).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_touched_from_its_first_byte_on() {
        for (taken, untouched) in [(0, &[1, 2, 3][..]), (1, &[2, 3]), (4, &[2, 3]), (5, &[3]), (9, &[])] {
            let mut outbox = Outbox::default();
            for ticket in 1..=3 {
                outbox.push(Ticket(ticket), b"abcd");
            }
            for _ in 0..taken {
                outbox.taken(1);
            }
            assert_eq!(outbox.bytes().len(), 12 - taken);
            let left: Vec<_> = outbox.untouched().iter().map(|ticket| ticket.0).collect();
            assert_eq!(left, untouched, "after {taken} bytes");
            let mut at_once = Outbox::default();
            (1..=3).for_each(|ticket| at_once.push(Ticket(ticket), b"abcd"));
            at_once.taken(taken);
            assert_eq!(at_once.untouched(), outbox.untouched());
        }
    }
}
