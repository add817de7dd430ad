//! Whether a field's bytes are a code: what tells telegrams and the cases of a choice apart.

use crate::layout::{Encoding, Field, Kind};

impl Field {
    /// Whether these bytes of the field are this code, padded with spaces.
    #[must_use]
    pub fn has_code(&self, bytes: &[u8], code: &str) -> bool {
        let read = |byte: &u8| match &self.kind {
            Kind::Digits(rule) if rule.encoding != Encoding::Ascii => rule.ascii(*byte),
            _ => *byte,
        };
        let Some((value, rest)) = bytes.split_at_checked(code.len()) else { return false };
        value.iter().map(read).eq(code.bytes()) && rest.iter().map(read).all(|byte| byte == b' ')
    }
}
