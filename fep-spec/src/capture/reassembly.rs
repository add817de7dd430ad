//! The packets of one direction → its bytes, in runs without a gap.
//!
//! A sequence number has 32 bits and goes round. It is compared with the one before, so that a stream may have any length.

use std::collections::BTreeMap;
use std::ops::Range;

use super::packet::Segment;

/// The packets of one direction, as they come.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    /// The first sequence number of the connection, if the capture shows it.
    start: Option<u32>,
    /// The position of the last packet, and its sequence number.
    last: Option<(i64, u32)>,
    pieces: Vec<Piece>,
}

#[derive(Debug)]
struct Piece {
    /// Its position, counted from the first packet that was seen. A packet that comes late has a lower one.
    at: i64,
    packet: u64,
    bytes: Vec<u8>,
}

/// The bytes of one direction.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Direction {
    /// The runs of bytes. Between two runs, bytes are missing.
    pub runs: Vec<Run>,
    /// The packets whose bytes contradict those of an earlier packet at the same position. The bytes of the earlier one are used.
    pub contradictions: Vec<u64>,
}

/// Bytes without a gap.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// What is missing before it, if anything is.
    pub gap: Option<Gap>,
    /// The bytes.
    pub bytes: Vec<u8>,
    /// The packets that the bytes are from: the end of a range in `bytes`, and the packet's number. In their order.
    packets: Vec<(usize, u64)>,
}

/// Bytes that no packet of the capture has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The number of bytes of this direction before it.
    pub at: u64,
    /// The number of missing bytes.
    pub len: u64,
    /// The packet behind it.
    pub before_packet: u64,
}

impl Pieces {
    /// Adds a packet.
    pub(super) fn add(&mut self, segment: &Segment<'_>, packet: u64) {
        let at = match self.last {
            None => 0,
            Some((at, sequence)) => at + i64::from(segment.sequence.wrapping_sub(sequence).cast_signed()),
        };
        self.last = Some((at, segment.sequence));
        // A SYN takes one number.
        let at = at + i64::from(segment.syn);
        if segment.syn {
            self.start = Some(segment.sequence);
            self.pieces.push(Piece { at, packet, bytes: Vec::new() });
        }
        if !segment.payload.is_empty() {
            self.pieces.push(Piece { at, packet, bytes: segment.payload.to_vec() });
        }
    }

    /// Whether another connection began between the same ports.
    pub(super) fn has_other_start(&self, sequence: u32) -> bool {
        self.start.is_some_and(|start| start != sequence) || self.start.is_none() && !self.pieces.is_empty()
    }

    /// The number of bytes in the packets.
    pub(super) fn payload(&self) -> usize {
        self.pieces.iter().map(|piece| piece.bytes.len()).sum()
    }

    /// Puts the packets in order. Where two packets have the same bytes, those of the one that came first count.
    pub(super) fn joined(&self) -> Direction {
        let mut direction = Direction::default();
        let mut parts: BTreeMap<i64, Part<'_>> = BTreeMap::new();
        // A packet of one byte may only ask whether the connection lives, with a byte that has no meaning. So it comes last.
        let (single, longer): (Vec<&Piece>, Vec<&Piece>) = self.pieces.iter().partition(|piece| piece.bytes.len() == 1);
        for piece in longer.into_iter().chain(single) {
            if place(piece, &mut parts) {
                direction.contradictions.push(piece.packet);
            }
        }
        let opened = self.pieces.iter().find(|piece| piece.bytes.is_empty()).map(|piece| piece.at);
        let Some(start) = parts.keys().next().map(|first| opened.map_or(*first, |opened| opened.min(*first))) else {
            return direction;
        };
        let mut end = start;
        let mut run = Run::default();
        for (at, part) in parts {
            if at > end {
                let count = |len: i64| u64::try_from(len).unwrap_or(0);
                let gap = Gap { at: count(end - start), len: count(at - end), before_packet: part.packet };
                let next = Run { gap: Some(gap), ..Run::default() };
                direction.push(std::mem::replace(&mut run, next));
            }
            run.bytes.extend_from_slice(part.bytes);
            run.packets.push((run.bytes.len(), part.packet));
            end = part.end(at);
        }
        direction.push(run);
        direction
    }
}

/// Bytes of a packet that no earlier packet has.
#[derive(Clone, Copy)]
struct Part<'p> {
    bytes: &'p [u8],
    packet: u64,
}

impl Part<'_> {
    fn end(&self, at: i64) -> i64 {
        at.saturating_add(i64::try_from(self.bytes.len()).unwrap_or(i64::MAX))
    }
}

/// Adds the bytes of a packet that are new. Returns whether the others differ from what is known.
fn place<'p>(piece: &'p Piece, parts: &mut BTreeMap<i64, Part<'p>>) -> bool {
    let whole = Part { bytes: piece.bytes.as_slice(), packet: piece.packet };
    let end = whole.end(piece.at);
    let slice = |from: i64, to: i64| {
        let [from, to] = [from, to].map(|at| usize::try_from(at - piece.at).unwrap_or(0));
        piece.bytes.get(from..to).unwrap_or_default()
    };
    let before_end = parts.range(..end).rev();
    let mut known: Vec<(i64, Part<'p>)> =
        before_end.take_while(|(at, part)| part.end(**at) > piece.at).map(|(at, part)| (*at, *part)).collect();
    known.reverse();
    let mut differs = false;
    let mut at = piece.at;
    for (start, part) in known {
        if at < start {
            parts.insert(at, Part { bytes: slice(at, start), packet: piece.packet });
            at = start;
        }
        let until = part.end(start).min(end);
        let skipped = usize::try_from(at - start).unwrap_or(0);
        let own = slice(at, until);
        differs |= part.bytes.get(skipped..).unwrap_or_default().iter().zip(own).any(|(known, own)| known != own);
        at = until;
    }
    if at < end {
        parts.insert(at, Part { bytes: slice(at, end), packet: piece.packet });
    }
    differs && piece.bytes.len() > 1
}

impl Direction {
    /// Adds a run, unless there is nothing in it.
    fn push(&mut self, run: Run) {
        if !run.bytes.is_empty() {
            self.runs.push(run);
        }
    }
}

impl Run {
    /// The packet with which all of these bytes were there. 0 if the range has no bytes of the run.
    #[must_use]
    pub fn packet_of(&self, bytes: &Range<usize>) -> u64 {
        let first = self.packets.partition_point(|(end, _)| *end <= bytes.start);
        let last = self.packets.partition_point(|(end, _)| *end < bytes.end);
        let packets = self.packets.get(first..=last.min(self.packets.len().saturating_sub(1)));
        packets.unwrap_or_default().iter().map(|(_, packet)| *packet).max().unwrap_or(0)
    }

    /// The offsets at which a packet begins, from this one on.
    pub fn packet_starts(&self, from: usize) -> impl Iterator<Item = usize> + '_ {
        std::iter::once(0).chain(self.packets.iter().map(|(end, _)| *end)).filter(move |start| *start >= from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Puts together packets, each as its sequence number and its text. The result is text, with `[n]` for n missing bytes.
    fn check(start: u32, packets: &[(u32, &str)], expected: &str, contradictions: &[u64]) {
        let address = "127.0.0.1:1".parse().expect("an address");
        let mut pieces = Pieces::default();
        for (number, (sequence, text)) in packets.iter().enumerate() {
            let segment = Segment {
                from: address,
                to: address,
                sequence: start.wrapping_add(*sequence),
                syn: text.is_empty(),
                ack: true,
                payload: text.as_bytes(),
                is_cut: false,
            };
            pieces.add(&segment, number as u64 + 1);
        }
        let direction = pieces.joined();
        let text = |run: &Run| {
            let gap = run.gap.map(|gap| format!("[{}]", gap.len)).unwrap_or_default();
            gap + std::str::from_utf8(&run.bytes).expect("text")
        };
        assert_eq!(direction.runs.iter().map(text).collect::<String>(), expected);
        assert_eq!(direction.contradictions, contradictions);
    }

    #[test]
    fn packets_are_put_in_order_whatever_their_sequence_numbers() {
        for start in [0, 1000, u32::MAX - 3, u32::MAX / 2] {
            check(start, &[(0, "abc"), (3, "def"), (6, "g")], "abcdefg", &[]);
            check(start, &[(3, "def"), (0, "abc"), (6, "g")], "abcdefg", &[]);
            check(start, &[(0, "abc"), (0, "abc"), (3, "d"), (0, "abc")], "abcd", &[]);
            check(start, &[(0, "abc"), (1, "bcd"), (2, "cdef")], "abcdef", &[]);
            check(start, &[(0, "ab"), (4, "ef"), (0, "abcdef")], "abcdef", &[]);
            check(start, &[(0, ""), (1, "ab"), (3, "c")], "abc", &[]);
        }
    }

    #[test]
    fn missing_bytes_make_a_gap_and_other_bytes_a_contradiction() {
        check(9, &[(0, "abc"), (5, "fg")], "abc[2]fg", &[]);
        check(9, &[(0, ""), (5, "fg")], "[4]fg", &[]);
        check(9, &[(0, "abc"), (0, "abX")], "abc", &[2]);
        check(9, &[(0, "abc"), (2, "xd")], "abcd", &[2]);
        check(9, &[(2, "cd"), (0, "abXXe")], "abcde", &[2]);
        check(9, &[(1, "b"), (3, "d"), (0, "abcde"), (0, "abcdX")], "abcde", &[4]);
        // A byte that asks whether the connection lives.
        check(9, &[(0, "abc"), (2, "\0"), (3, "d")], "abcd", &[]);
        check(9, &[], "", &[]);
    }

    #[test]
    fn any_packets_that_have_all_bytes_make_the_stream() {
        // A generator of numbers (Knuth's MMIX), so that a failure can be run again.
        let mut state = 1_u64;
        let mut below = |end: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(state >> 33).unwrap_or(0) % end.max(1)
        };
        for _ in 0..300 {
            let len = 2 + below(400);
            let text: String = (0..len).map(|_| char::from(b'a' + u8::try_from(below(26)).unwrap_or(0))).collect();
            // Every byte is in one packet at least; some packets come again with more or fewer bytes.
            let mut packets: Vec<(usize, usize)> = Vec::new();
            let mut at = 0;
            while at < len {
                let more = (1 + below(60)).min(len - at);
                packets.push((at, at + more));
                if below(3) == 0 {
                    packets.push((at.saturating_sub(below(30)), (at + more + below(30)).min(len)));
                }
                at += more;
            }
            for index in (1..packets.len()).rev() {
                packets.swap(index, below(index + 1));
            }
            let start = u32::MAX - u32::try_from(below(500)).unwrap_or(0);
            let sent: Vec<(u32, &str)> = packets
                .iter()
                .map(|(first, end)| (u32::try_from(*first).unwrap_or(0), text.get(*first..*end).unwrap_or_default()))
                .collect();
            check(start, &sent, &text, &[]);
        }
    }

    #[test]
    fn a_byte_knows_its_packet() {
        let run = Run { gap: None, bytes: b"abcdef".to_vec(), packets: vec![(2, 7), (3, 12), (6, 9)] };
        assert_eq!([0..1, 0..2, 1..3, 2..4, 3..4, 0..6].map(|range| run.packet_of(&range)), [7, 7, 12, 12, 9, 12]);
        assert_eq!(Run::default().packet_of(&(0..1)), 0);
        assert_eq!(run.packet_starts(1).collect::<Vec<_>>(), [2, 3, 6]);
    }
}
