//! Framing: finds the end of each telegram in a byte stream.
//!
//! ```text
//!  counts = rest                                counts = all
//!  ┌────┬──────────────────────────┐            ┌────┬──────────────────────────┐
//!  │0296│ 296 bytes                │            │0300│ 296 bytes                │
//!  └────┴──────────────────────────┘            └────┴──────────────────────────┘
//! ```
//!
//! The digits stay in the frame, because they are the first field of the telegram. A stream without lengths is cut by a
//! [`CodeTable`]: the first bytes of each telegram identify it and so decide its length. This module only inspects bytes and does
//! no I/O. `fep_codec::stream` (feature `tokio`) turns a framing into a codec for `Framed`.
//! [`Layout::telegram_len`](crate::Layout::telegram_len) finds the length of a telegram in a file of concatenated telegrams.
//!
//! ```
//! # #[cfg(feature = "derive")] {
//! use fep_codec::layout::LengthScope;
//! use fep_codec::{CodeTable, Framing, LengthPrefix, Telegram};
//!
//! let prefix = LengthPrefix::new(4, LengthScope::Rest, 4096).ok_or("1 to 9 digits")?;
//! assert_eq!(prefix.frame_len(b"00"), Ok(None)); // more bytes are needed
//! assert_eq!(prefix.frame_len(b"0005hel"), Ok(Some(9))); // the frame has 9 bytes, these four digits included
//! assert_eq!(prefix.next(b"0005hel"), Ok(None)); // and is not complete yet
//! assert_eq!(prefix.next(b"0005hello0003"), Ok(Some(9)));
//! assert!(prefix.frame_len(b"9999").is_err() && prefix.frame_len(b"00x").is_err());
//!
//! #[derive(Telegram)]
//! struct Quote {
//!     #[field(literal = "A3")]
//!     code: (),
//!     #[field(len = 6)]
//!     price: u32,
//!     #[field(literal = b"\xFF")]
//!     _end: (),
//! }
//!
//! #[derive(Telegram)]
//! struct Clock {
//!     #[field(literal = "I2")]
//!     code: (),
//!     #[field(literal = b"\xFF")]
//!     _end: (),
//! }
//!
//! let table = CodeTable::of(&[Quote::LAYOUT, Clock::LAYOUT]).expect("two codes, one end");
//! assert_eq!(table.frame_len(b"A3"), Ok(Some(9)));
//! assert_eq!(table.frame_len(b"I2\xFFA3"), Ok(Some(3)));
//! assert_eq!(table.frame_len(b"X").unwrap_err().to_string(), "no telegram starts with 58");
//! # }
//! # Ok::<(), &str>(())
//! ```

mod binary;
mod codes;
mod glued;

use alloc::vec::Vec;
use core::fmt;

pub use self::binary::BinaryLength;
pub use self::codes::{CodeRow, CodeTable};
use crate::layout::LengthScope;

/// A way to cut a byte stream into frames.
///
/// A framing only cuts. It never adds or removes bytes: a frame is the whole telegram, as it is decoded and encoded. So bytes that
/// enclose a telegram, such as STX and ETX, are literals in each layout.
///
/// A framing may search for an end byte only if no other byte of a frame can have this value. Binary, packed and BCD numbers, fields of
/// bytes and a BCC can contain any byte. EBCDIC text can contain control characters too. If the layouts have such fields, use a
/// length or a [`CodeTable`].
pub trait Framing {
    /// The length in bytes of the frame at the start of the buffer, or `None` if more bytes are needed to determine it.
    ///
    /// The length may be larger than the buffer. If it is larger than the longest frame that the framing accepts, return
    /// [`FrameError::TooLong`]. A framing that searches for an end must also return this error when the buffer holds that many bytes
    /// and no end, because the callers have no limit of their own for the buffer.
    ///
    /// After `None` the callers add bytes and ask again from the first byte of the frame. A search that begins at byte 0 each time
    /// therefore takes quadratic time in the length of the frame, if the bytes arrive in small pieces. A low maximum limits this.
    ///
    /// # Errors
    /// If no frame can start with these bytes. A wrong byte is reported as soon as it is in the buffer.
    fn frame_len(&self, buffer: &[u8]) -> Result<Option<usize>, FrameError>;

    /// Checks a complete frame.
    ///
    /// # Errors
    /// If it does not end with the byte that must end it.
    fn check(&self, frame: &[u8]) -> Result<(), FrameError> {
        let _ = frame;
        Ok(())
    }
}

/// Frames that begin with their length in ASCII digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LengthPrefix {
    digits: u8,
    counts: LengthScope,
    frame_max_bytes: usize,
}

/// The reason why the stream has no next frame. No later byte can be trusted, so the link must be closed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameError {
    /// The length contains a byte that is not a digit.
    NotADigit {
        /// The offset of the byte, in bytes from the start of the frame.
        offset: usize,
        /// The bytes where the digits should be.
        found: Vec<u8>,
    },
    /// The frame would be longer than the maximum.
    TooLong {
        /// The frame's length in bytes, length field included.
        stated: u64,
        /// The longest frame that is accepted, in bytes.
        max: usize,
    },
    /// The length counts itself and is smaller than its own bytes.
    TooShort {
        /// The value of the length.
        stated: u64,
        /// The number of digits, or of binary bytes, of the length.
        digits: u8,
    },
    /// The first bytes are not a code of the table.
    UnknownCode {
        /// The first bytes, at most as many as the longest code has.
        found: Vec<u8>,
    },
    /// The frame's last byte is not the one that ends every frame.
    NoEnd {
        /// The offset of the byte, in bytes from the start of the frame.
        offset: usize,
        /// The byte that is there.
        found: u8,
        /// The byte that must be there.
        expected: u8,
    },
}

impl LengthPrefix {
    /// The maximum number of digits of a length.
    pub const DIGITS_MAX: u8 = 9;

    /// Four digits that count the bytes after them, with frames as long as four digits can express: the most common form.
    pub const FOUR_DIGITS: Self = Self { digits: 4, counts: LengthScope::Rest, frame_max_bytes: 10_003 };

    /// A length of this many digits, 1 to [`LengthPrefix::DIGITS_MAX`]. `counts` says which bytes its value counts.
    /// `frame_max_bytes` is the longest frame that is accepted, length field included. It is checked before anything is allocated
    /// for a frame. Returns `None` if `digits` is out of range.
    #[must_use]
    pub const fn new(digits: u8, counts: LengthScope, frame_max_bytes: usize) -> Option<Self> {
        match digits {
            1..=Self::DIGITS_MAX => Some(Self { digits, counts, frame_max_bytes }),
            _ => None,
        }
    }

    /// The number of digits of the length.
    #[must_use]
    pub const fn digits(&self) -> u8 {
        self.digits
    }

    /// Which bytes the length's value counts.
    #[must_use]
    pub const fn counts(&self) -> LengthScope {
        self.counts
    }

    /// The longest frame that is accepted, in bytes, length field included.
    #[must_use]
    pub const fn frame_max_bytes(&self) -> usize {
        self.frame_max_bytes
    }

    /// The length in bytes of the first frame in the buffer, digits included, or `None` if the buffer does not hold all of it.
    ///
    /// # Errors
    /// If a byte of the length is not a digit, or if its value cannot be the length of a frame. A wrong byte is reported as soon as it
    /// is in the buffer.
    pub fn next(&self, buffer: &[u8]) -> Result<Option<usize>, FrameError> {
        match self.frame_len(buffer)? {
            Some(len) if buffer.len() >= len => Ok(Some(len)),
            _ => Ok(None),
        }
    }
}

impl Framing for LengthPrefix {
    /// Returns the length as soon as the buffer holds all digits.
    fn frame_len(&self, buffer: &[u8]) -> Result<Option<usize>, FrameError> {
        let digits = usize::from(self.digits);
        let prefix = buffer.get(..digits).unwrap_or(buffer);
        if let Some(offset) = prefix.iter().position(|byte| !byte.is_ascii_digit()) {
            return Err(FrameError::NotADigit { offset, found: prefix.to_vec() });
        }
        if prefix.len() < digits {
            return Ok(None);
        }
        let value =
            prefix.iter().fold(0_u64, |value, digit| value.saturating_mul(10).saturating_add(u64::from(digit - b'0')));
        let stated = match self.counts {
            LengthScope::Rest => value.saturating_add(u64::from(self.digits)),
            LengthScope::All if value < u64::from(self.digits) => {
                return Err(FrameError::TooShort { stated: value, digits: self.digits });
            }
            LengthScope::All => value,
        };
        match usize::try_from(stated) {
            Ok(len) if len <= self.frame_max_bytes => Ok(Some(len)),
            _ => Err(FrameError::TooLong { stated, max: self.frame_max_bytes }),
        }
    }
}

/// One line, lower case.
impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotADigit { offset, found } => {
                write!(f, "the length's byte {offset} is not a digit, hex")?;
                hex(f, found)
            }
            Self::TooLong { stated, max } => {
                write!(f, "a frame of {stated} bytes is announced, at most {max} are accepted")
            }
            Self::TooShort { stated, digits } => {
                write!(f, "a frame of {stated} bytes is announced, its length alone takes {digits}")
            }
            Self::UnknownCode { found } => {
                f.write_str("no telegram starts with")?;
                hex(f, found)
            }
            Self::NoEnd { offset, found, expected } => {
                write!(f, "the frame must end in {expected:02x}, byte {offset} is {found:02x}")
            }
        }
    }
}

fn hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, " {byte:02x}"))
}

impl core::error::Error for FrameError {}

#[cfg(test)]
mod tests {
    use alloc::string::String;
    use alloc::vec;

    use super::*;

    const REST: LengthPrefix = LengthPrefix { frame_max_bytes: 1000, ..LengthPrefix::FOUR_DIGITS };
    const ALL: LengthPrefix = LengthPrefix { counts: LengthScope::All, ..REST };

    fn check(prefix: LengthPrefix, buffer: &[u8], expected: Result<Option<usize>, FrameError>) {
        assert_eq!(prefix.next(buffer), expected, "{}", String::from_utf8_lossy(buffer));
    }

    #[test]
    fn a_length_has_one_to_nine_digits() {
        let with = |digits| LengthPrefix::new(digits, LengthScope::Rest, 1000).map(|prefix| prefix.digits());
        assert_eq!([0, 1, 9, 10].map(with), [None, Some(1), Some(9), None]);
    }

    #[test]
    fn a_frame_is_whole_or_waits() {
        for end in 0..9 {
            check(REST, &b"0005abcde"[..end], Ok(None));
            check(ALL, &b"0009abcde"[..end], Ok(None));
        }
        check(REST, b"0005abcde", Ok(Some(9)));
        check(REST, b"0005abcde0003", Ok(Some(9)));
        check(ALL, b"0009abcde", Ok(Some(9)));
        check(REST, b"0000", Ok(Some(4)));
    }

    #[test]
    fn a_length_over_the_maximum_is_refused_before_its_bytes_come() {
        check(REST, b"0997", Err(FrameError::TooLong { stated: 1001, max: 1000 }));
        check(REST, b"0996", Ok(None));
        check(ALL, b"1001", Err(FrameError::TooLong { stated: 1001, max: 1000 }));
    }

    #[test]
    fn rubbish_is_seen_at_its_first_byte() {
        check(REST, b"\xFF", Err(FrameError::NotADigit { offset: 0, found: vec![0xFF] }));
        check(REST, b"00 5abc", Err(FrameError::NotADigit { offset: 2, found: b"00 5".to_vec() }));
        check(ALL, b"0003", Err(FrameError::TooShort { stated: 3, digits: 4 }));
    }
}
