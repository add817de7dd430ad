//! The errors of writing and reading text, and of unknown charset labels.

use core::fmt;

use super::Charset;

/// The reason why a text could not be written. `Display` shows one character of the text, so do not log it for a secret text.
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
        /// The number of bytes that the text needs, including SO and SI.
        needed: usize,
        /// The first character that does not fit.
        character: char,
        /// Its position in the text, in characters from 0.
        position: usize,
    },
}

/// A text that is too long for its field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NoRoomError {
    /// The number of bytes that the text needs, including SO and SI.
    pub needed: usize,
    /// The length of the field in bytes.
    pub len: usize,
    /// The first character that does not fit, or `None` if the field is secret.
    pub character: Option<char>,
    /// Its position in the text, in characters from 0.
    pub position: usize,
}

/// The first place where bytes are not valid text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DecodeError {
    /// The place, in bytes from the start of the text.
    pub offset: usize,
    /// The reason.
    pub reason: Reason,
}

/// The reason why bytes are not valid text.
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
    /// A half-width character in a field that has only full-width characters.
    HalfWidth,
}

/// A label that does not name a charset of this library, with a hint.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UnknownLabelError {
    /// What to write instead: one line, lower case.
    pub hint: &'static str,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoCharacter => "there is no such character",
            Self::Half => "truncated character",
            Self::SiMissing => "the SI that closes the last SO is missing",
            Self::SiAlone => "an SI without an SO",
            Self::SoInPairs => "an SO after an SO",
            Self::EmptyShift => "SO and SI with nothing between them",
            Self::HalfWidth => "a half-width character in a full-width field",
        })
    }
}

impl DecodeError {
    /// Describes the error in one line, for a field that begins at byte `start`.
    pub(crate) fn describe(&self, charset: Charset, start: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid {charset} at byte {}: {}", start + self.offset, self.reason)
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
        write!(f, "needs {needed} bytes, the field has {len}: it overflows at character {}", position + 1)?;
        character.map_or(Ok(()), |character| write!(f, " ({character:?})"))
    }
}
