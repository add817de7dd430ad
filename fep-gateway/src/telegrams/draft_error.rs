//! [`DraftError`]: the reason why fields do not form a telegram that can be sent.

use std::fmt;

use fep_codec::Error;
use fep_codec::framing::EncloseError;

use super::controls::ControlCharacter;

/// The reason why a service's fields do not form a request.
#[derive(Debug)]
#[non_exhaustive]
pub enum DraftError {
    /// The spec has no such telegram.
    UnknownTelegram {
        /// The most similar name, if there is one.
        nearest: Option<String>,
    },
    /// A service cannot send this telegram: it has no answer, or the institution or the session sends it.
    NotARequest,
    /// The fields are not valid.
    Invalid(Error),
    /// A field has a control character and may have none.
    ControlCharacter(ControlCharacter),
    /// The telegram cannot be sent as one frame of the institution's lines.
    NoFrame(EncloseError),
    /// The fields of an answer change its key, so it would be the answer to another telegram.
    OtherKey,
    /// The layout of a derived telegram, or of its answer, differs from the spec.
    OtherLayout {
        /// The name of the spec's telegram.
        telegram: String,
        /// The first difference: the struct's version and the spec's version.
        difference: String,
    },
}

impl fmt::Display for DraftError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownTelegram { nearest: Some(nearest) } => {
                write!(f, "no such telegram; did you mean {nearest}?")
            }
            Self::UnknownTelegram { nearest: None } => f.write_str("no such telegram"),
            Self::NotARequest => f.write_str("a service cannot send this telegram as a request"),
            Self::Invalid(error) => error.fmt(f),
            Self::ControlCharacter(ControlCharacter { field, character, position }) => write!(
                f,
                "{field}: character {position} is the control character U+{:04X}; if the institution wants it, add the field to \
                 `control_characters`",
                u32::from(*character)
            ),
            Self::NoFrame(error) => error.fmt(f),
            Self::OtherKey => f.write_str("the fields change the key, so it would be the answer to another telegram"),
            Self::OtherLayout { telegram, difference } => {
                write!(f, "the struct is not the spec's telegram {telegram}: {difference}")
            }
        }
    }
}

impl std::error::Error for DraftError {}
