//! The bytes of an error, for callers that show them in their own way.

use super::Error;

impl Error {
    /// The bytes that the error concerns, as they are in the telegram. `None` if the field is secret or there are no such bytes.
    #[must_use]
    pub fn found(&self) -> Option<&[u8]> {
        self.0.excerpt.as_deref()
    }

    /// Whether the field is secret. Then neither the message nor any other part of the error shows its content.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.0.secret
    }
}
