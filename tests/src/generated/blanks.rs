//! Blank entries on a mainframe: the telegrams of the spec `blanks`, version 2026-11-26.
//!
//! Written by `fep gen` from blanks.toml (fnv1a-64 c718de5cc5e41b2f). A change belongs there.

use fep_codec::{Telegram, Text};

/// Rows.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(len = 37, charset = "ibm933")]
pub struct Rows {
    /// Mark.
    #[field(len = 1)]
    pub mark: Text<1>,
    /// Spaces.
    #[field(group, padded, max = 3)]
    pub spaces: Vec<Entry>,
    /// Ascii spaces.
    #[field(group, padded, max = 3, pad = b' ')]
    pub ascii_spaces: Vec<Entry>,
    /// Stars.
    #[field(group, padded, max = 3, pad = b'\\')]
    pub stars: Vec<Entry>,
}

/// Entry.
#[derive(Telegram, Clone, Debug, PartialEq, Eq)]
#[telegram(charset = "ibm933")]
pub struct Entry {
    /// Name.
    #[field(len = 4)]
    pub name: Text<4>,
}
