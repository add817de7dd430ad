//! [`Cutter`]: the bytes of one feed, cut into frames, and what is done about bytes that are none.

use std::ops::Range;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use fep_codec::FrameError;
use fep_codec::framing::{FrameSearch, Framing};

/// A framing that a receiver can own.
pub type AnyFraming = Arc<dyn Framing + Send + Sync>;

/// What a receiver does when the bytes of a feed are no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadFrame {
    /// Closes the connection and connects again. This is right for frames with a length: nothing shows where the next one begins.
    Close,
    /// Drops everything up to and with the next byte of this value, and goes on behind it. This is right for frames that end with a byte
    /// that telegrams do not contain, such as `FF` in a [`CodeTable`](fep_codec::CodeTable) of ASCII telegrams.
    SkipTo(u8),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// A frame, and the range of its telegram.
    Frame(Bytes, Range<usize>),
    /// So many bytes are no frame.
    Dropped(u64),
}

/// What is wrong with a frame, without what it contains: a list of feeds is for people who may not see telegrams.
pub(crate) fn said(error: &FrameError) -> String {
    match error {
        FrameError::NotADigit { offset, .. } => format!("byte {offset} is not a digit of the frame's length"),
        FrameError::TooLong { max, .. } => {
            format!("a longer frame is announced than the {max} bytes that are accepted")
        }
        FrameError::TooShort { min, .. } => format!("a shorter frame is announced than {min} bytes, which each has"),
        FrameError::UnknownCode { .. } => "no telegram starts with these bytes".to_owned(),
        FrameError::NoStart { expected, .. } => {
            format!("the frame must begin with {expected:02x}, and byte 0 is another")
        }
        FrameError::NoEnd { offset, expected, .. } => {
            format!("the frame must end in {expected:02x}, and byte {offset} is another")
        }
        FrameError::WrongCheck { offset, .. } => format!("byte {offset} is not the check byte of the frame"),
        // What it names is configured.
        FrameError::Endless { .. } => error.to_string(),
        _ => "its bytes are no frame".to_owned(),
    }
}

pub(crate) struct Cutter {
    framing: AnyFraming,
    bad_frame: BadFrame,
    search: FrameSearch,
    /// Whether everything up to the next end byte is dropped.
    is_lost: bool,
    pub(crate) buffer: BytesMut,
    cuts: Vec<Range<usize>>,
}

impl Cutter {
    pub(crate) fn new(framing: AnyFraming, bad_frame: BadFrame) -> Self {
        let buffer = BytesMut::new();
        Self { framing, bad_frame, search: FrameSearch::default(), is_lost: false, buffer, cuts: Vec::new() }
    }

    /// Forgets what is in the buffer: another connection begins. Returns how many bytes that were.
    pub(crate) fn clear(&mut self) -> u64 {
        let left = self.buffer.len();
        self.buffer.clear();
        self.search = FrameSearch::default();
        self.is_lost = false;
        left as u64
    }

    /// Takes all complete frames out of the buffer. Returns the last mistake, if there was one.
    ///
    /// # Errors
    /// If the connection must be closed. The frames before the mistake are in `out`.
    pub(crate) fn cut(&mut self, out: &mut Vec<Cut>) -> Result<Option<FrameError>, FrameError> {
        let mut at = 0;
        let mut mistake = None;
        // Where the frames of `cuts` begin. They stand one behind the other.
        self.cuts.clear();
        while let Some(rest) = self.buffer.get(at..).filter(|rest| !rest.is_empty()) {
            if self.is_lost {
                let BadFrame::SkipTo(end) = self.bad_frame else { break };
                let found = rest.iter().position(|byte| *byte == end);
                let dropped = found.map_or(rest.len(), |index| index + 1);
                self.is_lost = found.is_none();
                self.take(at, out);
                drop(self.buffer.split_to(dropped));
                out.push(Cut::Dropped(dropped as u64));
                at = 0;
                continue;
            }
            let found = match self.search.next(&*self.framing, rest) {
                // A framing of a caller's own may say that. It would be said for ever.
                Ok(Some(0)) => Err(FrameError::TooShort { stated: 0, min: 1 }),
                found => found,
            };
            match found {
                Ok(Some(len)) => {
                    self.cuts.push(at..at + len);
                    at += len;
                }
                Ok(None) => break,
                Err(error) => {
                    if self.bad_frame == BadFrame::Close {
                        self.take(at, out);
                        return Err(error);
                    }
                    mistake = Some(error);
                    self.is_lost = true;
                }
            }
        }
        self.take(at, out);
        Ok(mistake)
    }

    /// Takes the first bytes, which are the frames of `cuts`, out of the buffer.
    fn take(&mut self, len: usize, out: &mut Vec<Cut>) {
        let chunk = self.buffer.split_to(len).freeze();
        for range in self.cuts.drain(..) {
            let frame = chunk.slice(range);
            let content = self.framing.content(&frame);
            out.push(Cut::Frame(frame, content));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use fep_codec::CodeTable;
    use fep_codec::framing::{CodeRow, Terminated};

    use super::*;

    fn table() -> AnyFraming {
        let row =
            |starts_with: &'static [u8], frame_len| CodeRow { starts_with: Cow::Borrowed(starts_with), frame_len };
        Arc::new(CodeTable { rows: vec![row(b"A", 3), row(b"B", 5)].into(), end: Some(b'.') })
    }

    fn cut(bad_frame: BadFrame, pieces: &[&str]) -> Result<String, FrameError> {
        let mut cutter = Cutter::new(table(), bad_frame);
        let mut out = Vec::new();
        for piece in pieces {
            cutter.buffer.extend_from_slice(piece.as_bytes());
            cutter.cut(&mut out)?;
        }
        let show = |cut: &Cut| match cut {
            Cut::Frame(frame, _) => String::from_utf8_lossy(frame).into_owned(),
            Cut::Dropped(bytes) => bytes.to_string(),
        };
        Ok(out.iter().map(show).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn frames_come_whole_however_the_bytes_come() {
        assert_eq!(cut(BadFrame::Close, &["A1.B123.A2"]).unwrap(), "A1. B123.");
        assert_eq!(cut(BadFrame::Close, &["A", "1", ".B", "123", ".A2", "."]).unwrap(), "A1. B123. A2.");
    }

    #[test]
    fn rubbish_is_dropped_up_to_the_end_of_a_frame_and_what_follows_is_read() {
        let skip = BadFrame::SkipTo(b'.');
        assert_eq!(cut(skip, &["A1.xyz.A2."]).unwrap(), "A1. 4 A2.");
        assert_eq!(cut(skip, &["A1.xy", "z", ".A2."]).unwrap(), "A1. 2 1 1 A2.");
        // Two bytes of a frame are missing: the frame behind it is whole.
        assert_eq!(cut(skip, &["B1.A2.A3."]).unwrap(), "3 A2. A3.");
    }

    #[test]
    fn without_an_end_byte_a_mistake_closes_the_connection() {
        assert!(cut(BadFrame::Close, &["A1.x"]).is_err());
    }

    #[test]
    fn what_is_said_of_a_mistake_has_no_byte_of_the_frame() {
        let secret = b'7';
        for error in [
            FrameError::NotADigit { offset: 3, found: secret, expected: fep_codec::framing::LengthCode::Ascii },
            FrameError::TooLong { stated: 55, max: 9 },
            FrameError::TooShort { stated: 55, min: 6 },
            FrameError::UnknownCode { found: vec![secret; 4] },
            FrameError::NoStart { found: secret, expected: 0x02 },
            FrameError::NoEnd { offset: 4, found: secret, expected: 0x03 },
            FrameError::WrongCheck { offset: 4, found: secret, expected: 0x55 },
        ] {
            let said = said(&error);
            assert!(!said.contains("37") && !said.contains("55"), "{error:?}: {said}");
        }
    }

    struct Nothing;

    impl Framing for Nothing {
        fn frame_len(&self, _buffer: &[u8]) -> Result<Option<usize>, FrameError> {
            Ok(Some(0))
        }
    }

    #[test]
    fn a_framing_that_says_no_bytes_is_a_mistake_and_has_an_end() {
        let mut cutter = Cutter::new(Arc::new(Nothing), BadFrame::SkipTo(b'.'));
        cutter.buffer.extend_from_slice(b"ab.c");
        let mut out = Vec::new();
        assert_eq!(cutter.cut(&mut out).unwrap(), Some(FrameError::TooShort { stated: 0, min: 1 }));
        assert_eq!(out, [Cut::Dropped(3), Cut::Dropped(1)]);
    }

    #[test]
    fn a_framing_that_encloses_shows_the_telegram() {
        let mut cutter = Cutter::new(Arc::new(Terminated::new(b"\n", 9).unwrap()), BadFrame::Close);
        cutter.buffer.extend_from_slice(b"ab\n");
        let mut out = Vec::new();
        cutter.cut(&mut out).unwrap();
        let Some(Cut::Frame(frame, content)) = out.first() else { unreachable!("a frame") };
        assert_eq!(frame.get(content.clone()), Some(&b"ab"[..]));
    }
}
