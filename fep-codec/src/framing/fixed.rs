//! [`FixedLength`]: frames that all have the same length.

use super::{FrameError, Framing};

/// Frames that all have the same length.
///
/// Nothing in the stream shows where a frame begins, so a lost byte shifts all telegrams behind it. Then they cannot be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FixedLength {
    frame_len: usize,
}

impl FixedLength {
    /// Frames of this many bytes. Returns `None` for 0.
    #[must_use]
    pub const fn new(frame_len: usize) -> Option<Self> {
        match frame_len {
            0 => None,
            _ => Some(Self { frame_len }),
        }
    }

    /// The length of each frame, in bytes.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "no frame is empty")]
    pub const fn len(&self) -> usize {
        self.frame_len
    }
}

impl Framing for FixedLength {
    fn frame_len(&self, _: &[u8]) -> Result<Option<usize>, FrameError> {
        Ok(Some(self.frame_len))
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use super::*;

    #[test]
    fn a_frame_is_whole_or_waits() {
        let framing = FixedLength::new(3).expect("not 0");
        for (buffer, expected) in [("", None), ("ab", None), ("abc", Some(3)), ("abcd", Some(3))] {
            assert_eq!(framing.next(buffer.as_bytes()), Ok(expected), "{buffer}");
        }
        assert_eq!(FixedLength::new(0), None);
        let other = framing.edges(b"abcd").expect_err("another length").to_string();
        assert_eq!(other, "the telegram has 4 bytes, but by its first bytes a frame has 3");
    }
}
