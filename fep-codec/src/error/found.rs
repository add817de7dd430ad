//! What an error found, for those who show it themselves.

use super::Error;

impl Error {
    /// The bytes that are meant, as they stand in the telegram; none if the field is secret or there are none.
    #[must_use]
    pub fn found(&self) -> Option<&[u8]> {
        self.0.excerpt.as_deref()
    }

    /// Whether the field is secret: then neither the message nor anything else shows what it holds.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.0.secret
    }
}
