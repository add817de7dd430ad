//! [`StxEtx`]: frames that begin with STX (`02`) and end with ETX (`03`), with or without a check byte.
//!
//! ```text
//!  02 │ 30 32 30 30 … telegram … │ 03 │ 5A
//!  STX                            ETX  check byte, over the bytes behind STX up to and including ETX
//! ```

use core::iter;
use core::ops::Range;

use super::{Edge, Edges, EncloseError, FrameError, Framing, whole};

/// Frames that begin with STX (`02`) and end with ETX (`03`), with or without a check byte behind ETX.
///
/// No byte of a telegram may be `03`. So binary, packed and BCD numbers cannot be sent over such a line. The check byte may have any
/// value.
///
/// ```
/// use fep_codec::framing::{BlockCheck, CheckRule, Framing, StxEtx};
///
/// let line = StxEtx::new(1024).with_check(BlockCheck::new(CheckRule::Xor));
/// let mut frame = Vec::new();
/// line.enclose(b"AB", &mut frame)?;
/// assert_eq!(frame, [0x02, 0x41, 0x42, 0x03, 0x41 ^ 0x42 ^ 0x03]);
/// assert_eq!(line.next(&frame), Ok(Some(5)));
/// assert_eq!(line.content(&frame), 1..3);
/// # Ok::<(), fep_codec::framing::EncloseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StxEtx {
    check: Option<BlockCheck>,
    is_kept: bool,
    frame_max_bytes: usize,
}

/// The check byte behind ETX.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockCheck {
    /// How it is computed.
    pub rule: CheckRule,
    /// Whether it covers STX. Usually it does not.
    pub covers_stx: bool,
    /// Whether it covers ETX. Usually it does.
    pub covers_etx: bool,
}

/// How a check byte is computed.
///
/// The names BCC and LRC do not tell the two apart: many devices call the XOR an LRC. The picture of one frame in the institution's
/// document does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CheckRule {
    /// The exclusive or of the bytes: `41 42 03` gives `00`. Usually called BCC.
    Xor,
    /// The two's complement of the sum of the bytes, as ISO 1155 defines the LRC: the bytes and the check byte add up to 0 modulo 256.
    /// `41 42 03` gives `7A`.
    Lrc,
}

const STX: u8 = 0x02;
const ETX: u8 = 0x03;

impl StxEtx {
    /// Frames without a check byte. STX and ETX are not part of the telegram. `frame_max_bytes` is the longest frame that is accepted,
    /// with STX, ETX and the check byte.
    #[must_use]
    pub const fn new(frame_max_bytes: usize) -> Self {
        Self { check: None, is_kept: false, frame_max_bytes }
    }

    /// The same, with a check byte.
    #[must_use]
    pub const fn with_check(self, check: BlockCheck) -> Self {
        Self { check: Some(check), ..self }
    }

    /// The same, with STX and ETX as literals of each telegram, and the check byte as its last field.
    #[must_use]
    pub const fn kept(self) -> Self {
        Self { is_kept: true, ..self }
    }

    /// Whether STX, ETX and the check byte are part of the telegram.
    #[must_use]
    pub const fn is_kept(&self) -> bool {
        self.is_kept
    }

    /// The number of bytes that stand around a telegram.
    #[must_use]
    pub const fn around(&self) -> usize {
        match (self.is_kept, self.check) {
            (true, _) => 0,
            (false, None) => 2,
            (false, Some(_)) => 3,
        }
    }

    /// The longest frame that is accepted, in bytes.
    #[must_use]
    pub const fn frame_max_bytes(&self) -> usize {
        self.frame_max_bytes
    }

    /// The number of bytes behind ETX.
    fn tail(&self) -> usize {
        usize::from(self.check.is_some())
    }
}

impl BlockCheck {
    /// The usual check byte: it covers the bytes behind STX, up to and including ETX.
    #[must_use]
    pub const fn new(rule: CheckRule) -> Self {
        Self { rule, covers_stx: false, covers_etx: true }
    }

    /// The check byte of a frame with this telegram.
    #[must_use]
    pub fn of(&self, telegram: &[u8]) -> u8 {
        let stx = iter::once(STX).filter(|_| self.covers_stx);
        let etx = iter::once(ETX).filter(|_| self.covers_etx);
        let bytes = stx.chain(telegram.iter().copied()).chain(etx);
        match self.rule {
            CheckRule::Xor => bytes.fold(0, |sum, byte| sum ^ byte),
            CheckRule::Lrc => bytes.fold(0_u8, u8::wrapping_add).wrapping_neg(),
        }
    }
}

impl Framing for StxEtx {
    fn frame_len(&self, buffer: &[u8]) -> Result<Option<usize>, FrameError> {
        self.frame_len_after(0, buffer)
    }

    fn frame_len_after(&self, seen: usize, buffer: &[u8]) -> Result<Option<usize>, FrameError> {
        match buffer.first() {
            None => return Ok(None),
            Some(&STX) => {}
            Some(&found) => return Err(FrameError::NoStart { found, expected: STX }),
        }
        let room = self.frame_max_bytes.saturating_sub(self.tail());
        let searched = buffer.get(..room).unwrap_or(buffer);
        let from = seen.clamp(1, searched.len().max(1));
        match searched.get(from..).unwrap_or_default().iter().position(|byte| *byte == ETX) {
            Some(text) => Ok(Some(from + text + 1 + self.tail())),
            None if buffer.len() >= room => Err(FrameError::Endless { end: [ETX].to_vec(), max: self.frame_max_bytes }),
            None => Ok(None),
        }
    }

    fn check(&self, frame: &[u8]) -> Result<(), FrameError> {
        let (block, check) = match (self.check, frame) {
            (Some(check), [block @ .., found]) => (block, Some((check, *found))),
            _ => (frame, None),
        };
        match block {
            [STX, text @ .., ETX] => match check {
                Some((check, found)) if check.of(text) != found => {
                    Err(FrameError::WrongCheck { offset: block.len(), found, expected: check.of(text) })
                }
                _ => Ok(()),
            },
            [STX, .., found] => Err(FrameError::NoEnd { offset: block.len() - 1, found: *found, expected: ETX }),
            [found, ..] => Err(FrameError::NoStart { found: *found, expected: STX }),
            [] => Err(FrameError::Endless { end: [ETX].to_vec(), max: self.frame_max_bytes }),
        }
    }

    fn content(&self, frame: &[u8]) -> Range<usize> {
        if self.is_kept {
            return 0..frame.len();
        }
        let end = frame.len().saturating_sub(1 + self.tail());
        end.min(1)..end
    }

    fn edges(&self, telegram: &[u8]) -> Result<Edges, EncloseError> {
        if self.is_kept {
            return whole(self, telegram);
        }
        if let Some(offset) = telegram.iter().position(|byte| *byte == ETX) {
            return Err(EncloseError::HasEnd { offset, end: [ETX].to_vec() });
        }
        let frame = telegram.len().saturating_add(2 + self.tail());
        if frame > self.frame_max_bytes {
            return Err(EncloseError::TooLong { frame, max: self.frame_max_bytes });
        }
        let after = match self.check {
            Some(check) => Edge::new(&[ETX, check.of(telegram)]),
            None => Edge::new(&[ETX]),
        };
        Ok(Edges { before: Edge::new(&[STX]).unwrap_or_default(), after: after.unwrap_or_default() })
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::{String, ToString as _};
    use alloc::vec::Vec;

    use super::*;

    const PLAIN: StxEtx = StxEtx::new(20);
    const XOR: BlockCheck = BlockCheck::new(CheckRule::Xor);
    const LRC: BlockCheck = BlockCheck::new(CheckRule::Lrc);

    /// Checks that the telegram on the line is this frame, and that every cut of the frame waits.
    fn check(line: StxEtx, telegram: &[u8], frame: &[u8]) {
        let mut made = Vec::new();
        line.enclose(telegram, &mut made).expect("a frame");
        assert_eq!(made, frame, "{line:?}");
        for end in 0..frame.len() {
            assert_eq!(line.next(&frame[..end]), Ok(None), "{line:?} cut at {end}");
        }
        let stream = [frame, b"\x02..."].concat();
        assert_eq!(line.next(&stream), Ok(Some(frame.len())), "{line:?}");
        assert_eq!(frame.get(line.content(frame)), Some(telegram), "{line:?}");
    }

    fn refused(line: StxEtx, buffer: &[u8], expected: &str) {
        assert_eq!(line.next(buffer).expect_err("no frame").to_string(), expected, "{buffer:02x?}");
    }

    #[test]
    fn a_frame_is_a_telegram_between_stx_and_etx() {
        check(PLAIN, b"AB", b"\x02AB\x03");
        check(PLAIN, b"", b"\x02\x03");
        check(PLAIN, b"A\x02B", b"\x02A\x02B\x03");
        check(PLAIN.kept(), b"\x02AB\x03", b"\x02AB\x03");
    }

    #[test]
    fn the_check_byte_covers_what_the_institution_says() {
        let with = |rule, covers_stx, covers_etx| PLAIN.with_check(BlockCheck { rule, covers_stx, covers_etx });
        // 41 ^ 42 = 03, and 41 + 42 = 83, whose two's complement is 7D.
        check(with(CheckRule::Xor, false, false), b"AB", b"\x02AB\x03\x03");
        check(with(CheckRule::Xor, false, true), b"AB", b"\x02AB\x03\x00");
        check(with(CheckRule::Xor, true, true), b"AB", b"\x02AB\x03\x02");
        check(with(CheckRule::Xor, true, false), b"AB", b"\x02AB\x03\x01");
        check(with(CheckRule::Lrc, false, false), b"AB", b"\x02AB\x03\x7D");
        check(with(CheckRule::Lrc, false, true), b"AB", b"\x02AB\x03\x7A");
        check(with(CheckRule::Lrc, true, true), b"AB", b"\x02AB\x03\x78");
        // A poll has no text. Its check byte is that of ETX alone: 03, and FD.
        check(PLAIN.with_check(XOR), b"", b"\x02\x03\x03");
        check(PLAIN.with_check(LRC), b"", b"\x02\x03\xFD");
        check(PLAIN.with_check(XOR).kept(), b"\x02AB\x03\x00", b"\x02AB\x03\x00");
    }

    #[test]
    fn a_wrong_check_byte_is_named_with_the_right_one() {
        let text = "the check byte of the frame must be 00, byte 4 is 01";
        refused(PLAIN.with_check(XOR), b"\x02AB\x03\x01", text);
        let text = "the check byte of the frame must be 7a, byte 4 is 00";
        refused(PLAIN.with_check(LRC), b"\x02AB\x03\x00", text);
        refused(PLAIN.with_check(XOR), b"\x02AC\x03\x00", "the check byte of the frame must be 01, byte 4 is 00");
    }

    #[test]
    fn garbage_before_a_frame_is_seen_at_its_first_byte() {
        refused(PLAIN, b"A", "the frame must begin with 02, byte 0 is 41");
        refused(PLAIN, b"\x03", "the frame must begin with 02, byte 0 is 03");
    }

    #[test]
    fn a_frame_without_an_end_is_refused_at_the_maximum() {
        let with = |text: usize, end: &[u8]| [b"\x02".as_slice(), "A".repeat(text).as_bytes(), end].concat();
        let endless = "no frame ends within 20 bytes, the most that are accepted; its end is 03";
        assert_eq!(PLAIN.next(&with(18, b"\x03")), Ok(Some(20)));
        assert_eq!(PLAIN.next(&with(18, b"")), Ok(None));
        refused(PLAIN, &with(19, b""), endless);
        refused(PLAIN, &with(19, b"\x03"), endless);
        let checked = PLAIN.with_check(XOR);
        assert_eq!(checked.next(&with(17, b"\x03")), Ok(None));
        refused(checked, &with(18, b""), endless);
        refused(checked, &with(18, b"\x03B"), endless);
    }

    #[test]
    fn a_telegram_that_would_end_early_is_not_sent() {
        let refused = |telegram: &[u8]| PLAIN.edges(telegram).expect_err("no frame").to_string();
        assert_eq!(refused(b"AB\x03C"), "the telegram has, at byte 2, the end of a frame: 03");
        assert_eq!(refused(&[b'A'; 19]), "the frame would have 21 bytes, at most 20 may be sent");
        let kept = |telegram: &[u8]| -> String { PLAIN.kept().edges(telegram).expect_err("no frame").to_string() };
        assert_eq!(kept(b"AB\x03"), "the telegram is not a frame: the frame must begin with 02, byte 0 is 41");
        assert_eq!(kept(b"\x02A\x03B\x03"), "the telegram has 5 bytes, but by its first bytes a frame has 3");
    }
}
