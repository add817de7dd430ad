//! [`Forgiven`]: the report of a deviation that a reader forgave.

use alloc::format;
use alloc::string::String;
use core::fmt;
use core::ops::Range;

use super::table::Deviation;
use crate::charset::Charset;

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

    /// Surplus bytes, which begin at `offset`. The report shows them if they are no more than line ends, blanks and NULs. Others
    /// may be secret.
    #[must_use]
    pub fn surplus(offset: usize, bytes: &[u8]) -> Self {
        let len = bytes.len();
        let counted = counted(len, "surplus byte");
        let mut assumed = format!("{counted} ignored");
        let is_shown = |byte: &u8| is_separator(*byte, Charset::Ascii) || matches!(byte, 0x15 | 0x25 | 0x40);
        if bytes.iter().all(is_shown) {
            assumed.push_str(", hex");
            bytes.iter().take(SHOWN_MAX_BYTES).for_each(|byte| assumed.push_str(&format!(" {byte:02x}")));
            assumed.push_str(if len > SHOWN_MAX_BYTES { " …" } else { "" });
        } else {
            assumed.push_str(&format!(" (hex length {len:x})"));
        }
        Self::new(Deviation::Trailing, range(offset..offset.saturating_add(len)), assumed)
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

/// Whether the byte can be between two telegrams without a meaning: a line end, a blank or a NUL.
#[must_use]
pub const fn is_separator(byte: u8, charset: Charset) -> bool {
    byte == 0 || byte == charset.space() || is_line_end(byte, charset)
}

/// Whether the byte is a line end, or half of one. In EBCDIC, `15` is NL and `25` is LF.
pub(super) const fn is_line_end(byte: u8, charset: Charset) -> bool {
    match charset.space() {
        b' ' => matches!(byte, b'\r' | b'\n'),
        _ => matches!(byte, b'\r' | 0x15 | 0x25),
    }
}

/// The largest number of surplus bytes that a report shows.
const SHOWN_MAX_BYTES: usize = 8;

pub(super) fn range(bytes: Range<usize>) -> Range<u64> {
    bytes.start as u64..bytes.end as u64
}

/// `1 byte`, `2 bytes`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
