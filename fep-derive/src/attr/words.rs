//! A byte as an attribute writes it, and helpers for the text of messages.

use fep_core::likeness::{listed, nearest};
use syn::Lit;

/// A byte as an attribute writes it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Byte {
    /// The byte on the wire: `b'\x00'`.
    Raw(u8),
    /// A character, whose byte depends on the charset: `'Y'`.
    Ascii(u8),
}

impl Byte {
    /// The byte, where the charset is ASCII.
    pub(crate) fn value(self) -> u8 {
        let (Self::Raw(byte) | Self::Ascii(byte)) = self;
        byte
    }

    /// Whether the text is the character of this byte.
    pub(crate) fn is_character(self, text: &str) -> bool {
        text.as_bytes() == [self.value()]
    }

    /// The byte of a literal: `b'\xFF'` or `'0'`.
    pub(super) fn of(literal: &Lit) -> syn::Result<Self> {
        match literal {
            Lit::Byte(byte) => Ok(Self::Raw(byte.value())),
            Lit::Char(character) if character.value().is_ascii() => {
                let byte = u8::try_from(character.value());
                byte.map(Self::Ascii).map_err(|error| syn::Error::new(character.span(), error))
            }
            other => Err(syn::Error::new(other.span(), "not a byte")),
        }
    }
}

/// `; did you mean …?` if a known word is similar to the given word, otherwise the list of the known words.
pub(crate) fn did_you_mean(given: &str, known: &[&str]) -> String {
    match nearest(given, known.iter().copied()) {
        Some(like) => format!("; did you mean `{like}`?"),
        None => format!("; there are {}", listed(known.iter().copied())),
    }
}

/// The length with its unit: `1 byte`, `13 bytes`.
pub(crate) fn bytes(len: usize) -> String {
    if len == 1 { "1 byte".to_owned() } else { format!("{len} bytes") }
}
