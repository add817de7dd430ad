//! [`FrameError`]: received bytes are no frame. [`EncloseError`]: a telegram cannot be sent as a frame.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt;

use super::LengthCode;

/// The reason why the stream has no next frame. No later byte can be trusted, so the link must be closed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrameError {
    /// The length contains a byte that is not a digit.
    NotADigit {
        /// The offset of the byte, in bytes from the start of the frame.
        offset: usize,
        /// The byte. The bytes beside it are not kept: in a stream that is out of step they may be a part of a secret.
        found: u8,
        /// The form of the digits.
        expected: LengthCode,
    },
    /// The frame would be longer than the maximum.
    TooLong {
        /// The frame's length in bytes, with everything that encloses the telegram.
        stated: u64,
        /// The longest frame that is accepted, in bytes.
        max: usize,
    },
    /// The value of the length is smaller than that of the shortest frame.
    TooShort {
        /// The value of the length.
        stated: u64,
        /// The value that the length of the shortest frame has.
        min: u64,
    },
    /// The first bytes are not a code of the table.
    UnknownCode {
        /// The first bytes, at most as many as the longest code has.
        found: Vec<u8>,
    },
    /// The frame does not begin with the byte that begins every frame.
    NoStart {
        /// The byte that is there.
        found: u8,
        /// The byte that must be there.
        expected: u8,
    },
    /// The frame does not have the end that every frame has.
    NoEnd {
        /// The offset of the byte, in bytes from the start of the frame.
        offset: usize,
        /// The byte that is there.
        found: u8,
        /// The byte that must be there.
        expected: u8,
    },
    /// As many bytes as the longest frame has are there, and no end.
    Endless {
        /// The bytes that end a frame.
        end: Vec<u8>,
        /// The longest frame that is accepted, in bytes.
        max: usize,
    },
    /// The check byte does not fit the frame.
    WrongCheck {
        /// The offset of the check byte, in bytes from the start of the frame.
        offset: usize,
        /// The byte that is there.
        found: u8,
        /// The byte that the frame's other bytes give.
        expected: u8,
    },
}

/// The reason why a telegram cannot be sent as one frame: the other side would read something else. Nothing was written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncloseError {
    /// The frame would be longer than the maximum.
    TooLong {
        /// The frame's length in bytes.
        frame: usize,
        /// The longest frame that may be sent, in bytes.
        max: usize,
    },
    /// The frame would be shorter than the bytes that its length leaves out.
    TooShort {
        /// The frame's length in bytes.
        frame: usize,
        /// The shortest frame, in bytes.
        min: usize,
    },
    /// The length has no room for its value.
    LengthFull {
        /// The value that the length would have.
        value: u64,
        /// The largest value that it has room for.
        max: u64,
    },
    /// The telegram contains the bytes that end a frame.
    HasEnd {
        /// The offset of their first byte, in bytes from the start of the telegram.
        offset: usize,
        /// The bytes.
        end: Vec<u8>,
    },
    /// By its first bytes, the telegram has another length.
    OtherLength {
        /// The length that its first bytes state, in bytes. `None` if the telegram ends before they do.
        stated: Option<usize>,
        /// Its length in bytes.
        actual: usize,
    },
    /// The telegram is not a frame.
    NotAFrame(Box<FrameError>),
}

/// One line, lower case.
impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotADigit { offset, found, expected } => {
                let digit = match expected {
                    LengthCode::Ebcdic => "an EBCDIC digit",
                    LengthCode::Bcd => "two digits",
                    _ => "a digit",
                };
                write!(f, "byte {offset} is {found:02x}, not {digit} of the frame's length")
            }
            Self::TooLong { stated, max } => {
                write!(f, "a frame of {stated} bytes is announced, at most {max} are accepted")
            }
            Self::TooShort { stated, min } => write!(f, "the length is {stated}, no frame has less than {min}"),
            Self::UnknownCode { found } => {
                f.write_str("no telegram starts with")?;
                hex(f, found)
            }
            Self::NoStart { found, expected } => {
                write!(f, "the frame must begin with {expected:02x}, byte 0 is {found:02x}")
            }
            Self::NoEnd { offset, found, expected } => {
                write!(f, "the frame must end in {expected:02x}, byte {offset} is {found:02x}")
            }
            Self::Endless { end, max } => {
                write!(f, "no frame ends within {max} bytes, the most that are accepted; its end is")?;
                hex(f, end)
            }
            Self::WrongCheck { offset, found, expected } => {
                write!(f, "the check byte of the frame must be {expected:02x}, byte {offset} is {found:02x}")
            }
        }
    }
}

/// One line, lower case.
impl fmt::Display for EncloseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { frame, max } => write!(f, "the frame would have {frame} bytes, at most {max} may be sent"),
            Self::TooShort { frame, min } => write!(f, "the frame would have {frame} bytes, the shortest has {min}"),
            Self::LengthFull { value, max } => {
                write!(f, "the length would be {value}, there is room for at most {max}")
            }
            Self::HasEnd { offset, end } => {
                write!(f, "the telegram has, at byte {offset}, the end of a frame:")?;
                hex(f, end)
            }
            Self::OtherLength { stated: Some(stated), actual } => {
                write!(f, "the telegram has {actual} bytes, but by its first bytes a frame has {stated}")
            }
            Self::OtherLength { stated: None, actual } => {
                write!(f, "the telegram has {actual} bytes and ends before the frame's length is known")
            }
            Self::NotAFrame(error) => write!(f, "the telegram is not a frame: {error}"),
        }
    }
}

fn hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, " {byte:02x}"))
}

impl core::error::Error for FrameError {}

impl core::error::Error for EncloseError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::NotAFrame(error) => Some(error),
            _ => None,
        }
    }
}
