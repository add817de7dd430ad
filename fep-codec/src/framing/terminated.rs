//! [`Terminated`]: frames that end with the same bytes, such as CR and LF, or `FF`.
//!
//! ```text
//!  30 32 30 30 … telegram … │ 0D 0A │ 30 32 …
//! ```

use core::ops::Range;

use super::{Edge, Edges, EncloseError, FrameError, Framing, whole};

/// Frames that end with the same bytes, such as CR and LF, or `FF`.
///
/// No telegram may contain these bytes.
///
/// ```
/// use fep_codec::framing::{Framing, Terminated};
///
/// let lines = Terminated::new(b"\r\n", 1024).ok_or("1 to 4 bytes")?;
/// assert_eq!(lines.next(b"GET\r"), Ok(None));
/// assert_eq!(lines.next(b"GET\r\nPUT\r\n"), Ok(Some(5)));
/// assert_eq!(lines.content(b"GET\r\n"), 0..3);
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terminated {
    end: Edge,
    is_kept: bool,
    frame_max_bytes: usize,
}

impl Terminated {
    /// The maximum number of bytes of an end.
    pub const END_LEN_MAX: usize = 4;

    /// Frames that end with these bytes, 1 to [`Terminated::END_LEN_MAX`]. They are not part of the telegram. `frame_max_bytes` is the
    /// longest frame that is accepted, the end included. Returns `None` if there are no bytes or too many.
    #[must_use]
    pub fn new(end: &[u8], frame_max_bytes: usize) -> Option<Self> {
        let fits = (1..=Self::END_LEN_MAX).contains(&end.len());
        Edge::new(end).filter(|_| fits).map(|end| Self { end, is_kept: false, frame_max_bytes })
    }

    /// The same, with the end as a literal of each telegram.
    #[must_use]
    pub const fn kept(self) -> Self {
        Self { is_kept: true, ..self }
    }

    /// The longest frame that is accepted, in bytes.
    #[must_use]
    pub const fn frame_max_bytes(&self) -> usize {
        self.frame_max_bytes
    }

    /// The bytes that end a frame.
    #[must_use]
    pub fn end(&self) -> &[u8] {
        self.end.as_bytes()
    }

    /// The number of bytes that stand around a telegram.
    #[must_use]
    pub fn around(&self) -> usize {
        if self.is_kept { 0 } else { self.end().len() }
    }
}

impl Framing for Terminated {
    fn frame_len(&self, buffer: &[u8]) -> Result<Option<usize>, FrameError> {
        self.frame_len_after(0, buffer)
    }

    fn frame_len_after(&self, seen: usize, buffer: &[u8]) -> Result<Option<usize>, FrameError> {
        let searched = buffer.get(..self.frame_max_bytes).unwrap_or(buffer);
        // The end may have begun with the last bytes that were seen.
        let from = seen.saturating_sub(self.end().len() - 1);
        let mut places = searched.get(from..).unwrap_or_default().windows(self.end().len());
        match places.position(|bytes| bytes == self.end()) {
            Some(content) => Ok(Some(from + content + self.end().len())),
            None if buffer.len() >= self.frame_max_bytes => {
                Err(FrameError::Endless { end: self.end().to_vec(), max: self.frame_max_bytes })
            }
            None => Ok(None),
        }
    }

    fn check(&self, frame: &[u8]) -> Result<(), FrameError> {
        let start = frame.len().saturating_sub(self.end().len());
        let found = frame.get(start..).unwrap_or_default();
        let wrong = found.iter().zip(self.end()).position(|(found, expected)| found != expected);
        match wrong.and_then(|offset| Some((offset, found.get(offset)?, self.end().get(offset)?))) {
            Some((offset, found, expected)) => {
                Err(FrameError::NoEnd { offset: start + offset, found: *found, expected: *expected })
            }
            None => Ok(()),
        }
    }

    fn content(&self, frame: &[u8]) -> Range<usize> {
        let end = if self.is_kept { 0 } else { self.end().len() };
        0..frame.len().saturating_sub(end)
    }

    fn edges(&self, telegram: &[u8]) -> Result<Edges, EncloseError> {
        if self.is_kept {
            return whole(self, telegram);
        }
        // The telegram's last bytes and the end may together hold the end earlier: `61` and `61 61`.
        let begins_at = |offset: &usize| {
            let rest = telegram.get(*offset..).unwrap_or_default();
            rest.iter().chain(self.end()).zip(self.end()).all(|(found, expected)| found == expected)
        };
        if let Some(offset) = (0..telegram.len()).find(begins_at) {
            return Err(EncloseError::HasEnd { offset, end: self.end().to_vec() });
        }
        let frame = telegram.len().saturating_add(self.end().len());
        if frame > self.frame_max_bytes {
            return Err(EncloseError::TooLong { frame, max: self.frame_max_bytes });
        }
        Ok(Edges { before: Edge::NONE, after: self.end })
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;
    use alloc::vec::Vec;

    use super::*;

    fn ended_by(end: &[u8]) -> Terminated {
        Terminated::new(end, 20).expect("1 to 4 bytes")
    }

    /// Checks that the telegram on the line is this frame, and that every cut of the frame waits.
    fn check(line: Terminated, telegram: &[u8], frame: &[u8]) {
        let mut made = Vec::new();
        line.enclose(telegram, &mut made).expect("a frame");
        assert_eq!(made, frame, "{line:?}");
        for end in 0..frame.len() {
            assert_eq!(line.next(&frame[..end]), Ok(None), "{line:?} cut at {end}");
            assert_eq!(line.frame_len_after(end, frame), Ok(Some(frame.len())), "{line:?} seen {end}");
        }
        let stream = [frame, frame].concat();
        assert_eq!(line.next(&stream), Ok(Some(frame.len())), "{line:?}");
        assert_eq!(frame.get(line.content(frame)), Some(telegram), "{line:?}");
    }

    #[test]
    fn a_frame_is_a_telegram_and_its_end() {
        check(ended_by(b"\r\n"), b"AB", b"AB\r\n");
        check(ended_by(b"\r\n"), b"A\rB\n", b"A\rB\n\r\n");
        check(ended_by(b"\r\n"), b"A\r", b"A\r\r\n");
        check(ended_by(b"\n"), b"AB", b"AB\n");
        check(ended_by(b"\r"), b"AB", b"AB\r");
        check(ended_by(b"\xFF"), b"AB", b"AB\xFF");
        check(ended_by(b"\xFF"), b"", b"\xFF");
        check(ended_by(b"\xFF").kept(), b"AB\xFF", b"AB\xFF");
    }

    #[test]
    fn a_frame_without_an_end_is_refused_at_the_maximum() {
        let line = ended_by(b"\r\n");
        let of = |len: usize, end: &[u8]| ["A".repeat(len).as_bytes(), end].concat();
        assert_eq!(line.next(&of(18, b"\r\n")), Ok(Some(20)));
        assert_eq!(line.next(&of(18, b"\r")), Ok(None));
        let expected = "no frame ends within 20 bytes, the most that are accepted; its end is 0d 0a";
        assert_eq!(line.next(&of(20, b"")).expect_err("no end").to_string(), expected);
        assert_eq!(line.next(&of(19, b"\r\n")).expect_err("no end").to_string(), expected);
    }

    #[test]
    fn a_telegram_that_would_end_early_is_not_sent() {
        let refused = |line: Terminated, telegram: &[u8]| line.edges(telegram).expect_err("no frame").to_string();
        let has = "the telegram has, at byte 1, the end of a frame: 0d 0a";
        assert_eq!(refused(ended_by(b"\r\n"), b"A\r\nB"), has);
        assert_eq!(refused(ended_by(b"aa"), b"xa"), "the telegram has, at byte 1, the end of a frame: 61 61");
        assert_eq!(refused(ended_by(b"\n"), &[b'A'; 20]), "the frame would have 21 bytes, at most 20 may be sent");
        let kept = refused(ended_by(b"\xFF").kept(), b"AB");
        assert_eq!(kept, "the telegram has 2 bytes and ends before the frame's length is known");
    }

    #[test]
    fn an_end_has_one_to_four_bytes() {
        let with = |end: &[u8]| Terminated::new(end, 20).is_some();
        assert_eq!([b"".as_slice(), b"1", b"1234", b"12345"].map(with), [false, true, true, false]);
        let error = ended_by(b"\r\n").check(b"AB\r\t").expect_err("another end");
        assert_eq!(error.to_string(), "the frame must end in 0a, byte 3 is 09");
    }
}
