//! [`Forgiven`]: the report of a deviation that a reader forgave.

use alloc::format;
use alloc::string::String;
use core::fmt;
use core::ops::Range;

use super::table::Deviation;

/// A deviation that was forgiven: where it is, and what was assumed in its place. It never has the content of a secret field.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Forgiven {
    /// The deviation.
    pub deviation: Deviation,
    /// The number of the record in its file, from 1. `None` outside record files, and for the file as a whole.
    pub record: Option<u64>,
    /// The path of the field. `None` if the deviation belongs to no field: surplus bytes, a missing filler.
    pub path: Option<String>,
    /// The bytes that deviate, counted from the start of what was given: the telegram, or the file. Where bytes are missing, they are
    /// missing at the end of the range.
    pub range: Range<u64>,
    /// What was assumed, for example `2 blanks are missing here`.
    pub assumed: String,
}

impl Forgiven {
    /// A deviation that belongs to no field.
    #[must_use]
    pub fn new(deviation: Deviation, range: Range<u64>, assumed: impl Into<String>) -> Self {
        Self { deviation, record: None, path: None, range, assumed: assumed.into() }
    }

    /// The same in a field.
    #[must_use]
    pub fn in_field(self, path: impl Into<String>) -> Self {
        Self { path: Some(path.into()), ..self }
    }

    /// The same in a record of a file.
    #[must_use]
    pub fn in_record(self, number: u64) -> Self {
        Self { record: Some(number), ..self }
    }

    /// The same for bytes that begin at `offset` of what was given.
    #[must_use]
    pub fn moved(self, offset: u64) -> Self {
        let Range { start, end } = self.range;
        Self { range: start.saturating_add(offset)..end.saturating_add(offset), ..self }
    }
}

/// One line: `record 3: name, bytes 42..45: stripped: 7 blanks are missing here`.
impl fmt::Display for Forgiven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { deviation, record, path, range, assumed } = self;
        if let Some(record) = record {
            write!(f, "record {record}: ")?;
        }
        if let Some(path) = path {
            write!(f, "{path}, ")?;
        }
        write!(f, "bytes {}..{}: {}: {assumed}", range.start, range.end, deviation.word())
    }
}

/// The report of bytes behind a telegram's end, which is at `offset`.
pub(super) fn surplus_report(offset: usize, surplus: &[u8]) -> Forgiven {
    let len = surplus.len();
    let bytes = counted(len, "byte");
    let assumed = if surplus.iter().all(|byte| is_separator(*byte)) {
        format!("{bytes} behind the telegram ignored: only line ends, blanks or NULs")
    } else {
        format!("{bytes} ({len:#x}) behind the telegram ignored")
    };
    Forgiven::new(Deviation::Trailing, range(offset..offset.saturating_add(len)), assumed)
}

/// Whether the byte can be between two telegrams without meaning: a line end, a blank or a NUL, in ASCII or EBCDIC.
pub(super) const fn is_separator(byte: u8) -> bool {
    matches!(byte, b'\r' | b'\n' | b' ' | 0 | 0x15 | 0x25 | 0x40)
}

pub(super) fn range(bytes: Range<usize>) -> Range<u64> {
    bytes.start as u64..bytes.end as u64
}

/// `1 byte`, `2 bytes`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
