//! Values that several keys share: a byte as an attribute says it, and words in messages.

use fep_core::likeness::{listed, nearest};
use syn::Lit;

/// A byte as an attribute says it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Byte {
    /// As it stands on the wire: `b'\x00'`.
    Raw(u8),
    /// A character, whose byte is the charset's: `'Y'`.
    Ascii(u8),
}

impl Byte {
    /// The byte where ASCII is meant.
    pub(crate) fn value(self) -> u8 {
        let (Self::Raw(byte) | Self::Ascii(byte)) = self;
        byte
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

/// `; did you mean …?` if one of the known words is like the given one, else the list of them.
pub(crate) fn did_you_mean(given: &str, known: &[&str]) -> String {
    match nearest(given, known.iter().copied()) {
        Some(like) => format!("; did you mean `{like}`?"),
        None => format!("; there are {}", listed(known.iter().copied())),
    }
}

/// `1 byte`, `13 bytes`
pub(crate) fn bytes(len: usize) -> String {
    if len == 1 { "1 byte".to_owned() } else { format!("{len} bytes") }
}
