//! Why a text could not be written or read, and why a label names no charset.

use core::fmt;

use super::Charset;

/// Why a text could not be written. Its `Display` shows one character of the text, so do not log it for a secret text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EncodeError {
    /// The charset lacks a character.
    Unmappable {
        /// The character.
        character: char,
        /// Its position in the text, in characters from 0.
        position: usize,
    },
    /// The text needs more bytes than there are.
    TooLong {
        /// The bytes that it needs, SO and SI included.
        needed: usize,
        /// The first character that does not fit.
        character: char,
        /// Its position in the text, in characters from 0.
        position: usize,
    },
}

/// A text that a field has no room for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NoRoomError {
    /// The bytes that it needs, SO and SI included.
    pub needed: usize,
    /// The bytes that the field has.
    pub len: usize,
    /// The first character that does not fit; none if the field is secret.
    pub character: Option<char>,
    /// Its position in the text, in characters from 0.
    pub position: usize,
}

/// The first bytes that are no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecodeError {
    /// Bytes from the start of the text.
    pub offset: usize,
    /// What is wrong there.
    pub reason: Reason,
}

/// Why bytes are no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The charset has no character with this code.
    NoCharacter,
    /// The second byte of a character is missing.
    Half,
    /// The text ends between SO and SI.
    SiMissing,
    /// An SI without an SO.
    SiAlone,
    /// An SO after an SO.
    SoInPairs,
    /// SO and SI, or SI and SO, with nothing between them.
    EmptyShift,
    /// A half-width character where a field has full-width ones only.
    HalfWidth,
}

/// A label that names no charset of ours, with what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownLabelError {
    /// One line, lower case.
    pub hint: &'static str,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoCharacter => "there is no such character",
            Self::Half => "half a character",
            Self::SiMissing => "the SI that closes the last SO is missing",
            Self::SiAlone => "an SI without an SO",
            Self::SoInPairs => "an SO after an SO",
            Self::EmptyShift => "SO and SI with nothing between them",
            Self::HalfWidth => "a half-width character in a full-width field",
        })
    }
}

impl DecodeError {
    /// In one line, for a field that begins at this byte.
    pub(crate) fn describe(&self, charset: Charset, start: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no {charset} text at byte {}: {}", start + self.offset, self.reason)
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unmappable { character, position } => {
                write!(f, "the charset lacks character {}, {character:?}", position + 1)
            }
            Self::TooLong { needed, character, position } => {
                write!(f, "the text needs {needed} bytes; character {}, {character:?}, does not fit", position + 1)
            }
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}: {}", self.offset, self.reason)
    }
}

impl fmt::Display for UnknownLabelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "no charset has this label: {}", self.hint)
    }
}

impl core::error::Error for EncodeError {}
impl core::error::Error for NoRoomError {}
impl core::error::Error for DecodeError {}
impl core::error::Error for UnknownLabelError {}

impl fmt::Display for NoRoomError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { needed, len, character, position } = self;
        write!(f, "needs {needed} bytes, the field has {len}; character {}", position + 1)?;
        character.map_or(Ok(()), |character| write!(f, ", {character:?},"))?;
        f.write_str(" does not fit any more")
    }
}
