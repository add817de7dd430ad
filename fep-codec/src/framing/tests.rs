//! What holds for every framing that searches: it looks at each byte once. The bytes of each framing are in its own module.

use core::cell::Cell;

use super::*;

/// Counts the bytes that a search is asked to look at.
struct Counting<'f> {
    framing: &'f dyn Framing,
    looked_at: Cell<usize>,
}

impl Framing for Counting<'_> {
    fn frame_len(&self, buffer: &[u8]) -> Result<Option<usize>, FrameError> {
        self.frame_len_after(0, buffer)
    }

    fn frame_len_after(&self, seen: usize, buffer: &[u8]) -> Result<Option<usize>, FrameError> {
        self.looked_at.set(self.looked_at.get() + buffer.len() - seen);
        self.framing.frame_len_after(seen, buffer)
    }
}

const LEN: usize = 5000;

/// Checks that a frame that arrives byte by byte is looked at once. The search must not look behind what it has seen: there, the bytes
/// are replaced by the end of a frame, so that a search that looks finds an end too early.
fn check(framing: &dyn Framing, end: &[u8]) {
    let mut frame = Vec::new();
    framing.enclose(&[b'A'; LEN], &mut frame).expect("a frame");
    let counting = Counting { framing, looked_at: Cell::new(0) };
    let mut search = FrameSearch::default();
    for len in 1..frame.len() {
        assert_eq!(search.next(&counting, &frame[..len]), Ok(None), "{len}");
    }
    assert_eq!(search.next(&counting, &frame), Ok(Some(frame.len())));
    assert!(counting.looked_at.get() <= frame.len() + 1, "{}", counting.looked_at.get());
    for seen in 1..LEN {
        let mut buffer = frame[..=seen].to_vec();
        let hidden = 1..seen.saturating_sub(end.len() - 1).max(1);
        buffer[hidden].iter_mut().zip(end.iter().cycle()).for_each(|(byte, end)| *byte = *end);
        assert_eq!(framing.frame_len_after(seen, &buffer), Ok(None), "seen {seen}");
    }
}

#[test]
fn a_frame_that_arrives_byte_by_byte_is_looked_at_once() {
    let max = LEN + 10;
    check(&Terminated::new(b"\xFF", max).expect("an end"), b"\xFF");
    check(&Terminated::new(b"\r\n", max).expect("an end"), b"\r\n");
    check(&Terminated::new(b"END.", max).expect("an end"), b"END.");
    check(&StxEtx::new(max), b"\x03");
    check(&StxEtx::new(max).with_check(BlockCheck::new(CheckRule::Xor)), b"\x03");
}

#[test]
fn an_edge_has_room_for_15_bytes() {
    assert_eq!(Edge::new(&[7; 15]).expect("15 bytes").as_bytes(), [7; 15]);
    assert_eq!(Edge::new(&[7; 16]), None);
}
