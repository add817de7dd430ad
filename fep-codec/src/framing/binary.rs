//! [`BinaryLength`]: frames that begin with their length as a binary number, the most significant byte first.
//!
//! ```text
//!  00 28 E2 C9 …     40 bytes, these two included, as mainframes write it
//! ```

use super::{FrameError, Framing};
use crate::layout::LengthScope;

/// Frames that begin with their length as a binary number, the most significant byte first.
///
/// ```
/// use fep_codec::framing::{BinaryLength, Framing};
/// use fep_codec::layout::LengthScope;
///
/// let framing = BinaryLength::new(2, LengthScope::All, 4096).ok_or("1 to 4 bytes")?;
/// assert_eq!(framing.frame_len(&[0x00]), Ok(None)); // more bytes are needed
/// assert_eq!(framing.frame_len(&[0x00, 0x28, 0xE2]), Ok(Some(40)));
/// assert!(framing.frame_len(&[0xFF, 0xFF]).is_err()); // more than 4096
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BinaryLength {
    len: u8,
    counts: LengthScope,
    frame_max_bytes: usize,
}

impl BinaryLength {
    /// The maximum number of bytes of a length.
    pub const LEN_MAX: u8 = 4;

    /// A length of this many bytes, 1 to [`BinaryLength::LEN_MAX`]. `counts` says which bytes its value counts. `frame_max_bytes` is
    /// the longest frame that is accepted, the length included. It is checked before anything is allocated for a frame. Returns
    /// `None` if `len` is out of range.
    #[must_use]
    pub const fn new(len: u8, counts: LengthScope, frame_max_bytes: usize) -> Option<Self> {
        match len {
            1..=Self::LEN_MAX => Some(Self { len, counts, frame_max_bytes }),
            _ => None,
        }
    }
}

impl Framing for BinaryLength {
    fn frame_len(&self, buffer: &[u8]) -> Result<Option<usize>, FrameError> {
        let Some(length) = buffer.get(..usize::from(self.len)) else { return Ok(None) };
        let value = length.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
        let stated = match self.counts {
            LengthScope::Rest => value.saturating_add(u64::from(self.len)),
            LengthScope::All if value < u64::from(self.len) => {
                return Err(FrameError::TooShort { stated: value, digits: self.len });
            }
            LengthScope::All => value,
        };
        match usize::try_from(stated) {
            Ok(len) if len <= self.frame_max_bytes => Ok(Some(len)),
            _ => Err(FrameError::TooLong { stated, max: self.frame_max_bytes }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(counts: LengthScope, buffer: &[u8], expected: Result<Option<usize>, FrameError>) {
        let framing = BinaryLength::new(2, counts, 1000).expect("two bytes");
        assert_eq!(framing.frame_len(buffer), expected, "{buffer:02x?}");
    }

    #[test]
    fn the_length_is_known_when_its_bytes_are_there() {
        check(LengthScope::All, &[], Ok(None));
        check(LengthScope::All, &[0x01], Ok(None));
        check(LengthScope::All, &[0x01, 0x2C], Ok(Some(300)));
        check(LengthScope::Rest, &[0x01, 0x2C, 0xFF], Ok(Some(302)));
        check(LengthScope::All, &[0x00, 0x02], Ok(Some(2)));
    }

    #[test]
    fn a_length_that_no_frame_has_is_refused() {
        check(LengthScope::All, &[0x00, 0x01], Err(FrameError::TooShort { stated: 1, digits: 2 }));
        check(LengthScope::All, &[0x03, 0xE9], Err(FrameError::TooLong { stated: 1001, max: 1000 }));
        check(LengthScope::Rest, &[0x03, 0xE7], Err(FrameError::TooLong { stated: 1001, max: 1000 }));
        assert_eq!(
            (BinaryLength::new(0, LengthScope::All, 9), BinaryLength::new(5, LengthScope::All, 9)),
            (None, None)
        );
    }
}
