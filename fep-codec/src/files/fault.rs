//! The errors of record files.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;
use std::io;

use super::line_end::LineEnd;
use super::tally::Side;
use crate::error::Error;
use crate::layout::Layout;

/// An error in a record file, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError {
    /// The number of the record, from 1. If something is missing at the end, one more than the file has.
    pub record: u64,
    /// The offset of the record in the file, in bytes.
    pub offset: u64,
    /// The fault at this place.
    pub what: FileFault,
}

/// The faults of a record file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileFault {
    /// The fields of the record cannot be read or written.
    Record {
        /// The name of the record.
        name: String,
        /// The error in the fields.
        error: Error,
    },
    /// The file ends inside the record.
    CutOff {
        /// The number of bytes that are left.
        left: usize,
        /// The length in bytes of a record with its line end.
        needed: usize,
    },
    /// The record is not followed by a line end that the spec allows, or its line end differs from that of the records before.
    LineEnd {
        /// The length of the record in bytes.
        record_len: usize,
        /// The line ends that may follow.
        expected: Vec<LineEnd>,
        /// The line end that follows, if it is one that the records before do not have.
        found: Option<LineEnd>,
    },
    /// No line end is found within the bytes that the record can have.
    NoLineEnd {
        /// The name of the record.
        record: String,
        /// The maximum length of the record in bytes.
        max: usize,
    },
    /// The last record is complete, and its line end is missing.
    NoLastLineEnd {
        /// The line end that is missing.
        expected: LineEnd,
    },
    /// The file ends inside the line end of its last record.
    CutOffLineEnd {
        /// The number of bytes of the line end that are there.
        left: usize,
        /// The line end.
        expected: LineEnd,
    },
    /// A line end follows the last record, which must not have one.
    SurplusLineEnd,
    /// A text holds the bytes of a line end. A program that reads the file by lines would take them for the end of the record, and a
    /// record that was cut off reads like this together with the next one.
    LineEndInText {
        /// The name of the record.
        record: String,
        /// The path of the field.
        field: String,
        /// The offset of the line end in bytes from the start of the record.
        at: usize,
        /// The line end.
        end: LineEnd,
    },
    /// A record says that it is longer than it can be.
    TooLong {
        /// The name of the record.
        record: String,
        /// The length in bytes that the record states.
        stated: usize,
        /// The maximum length in bytes.
        max: usize,
    },
    /// The word before a record or a block, which states its length, is wrong.
    LengthWord {
        /// The thing that the word measures.
        of: Measured,
        /// The fault of the word.
        what: WordFault,
    },
    /// Bytes are left behind the last record that the file can have.
    AfterTheEnd,
    /// The bytes match none of the file's records.
    Unknown {
        /// The first bytes, and the record that they come nearest to: [`Layout::nearest`]. If a record of the file has a secret field, no byte is
        /// shown, because the bytes can be those of any field.
        near: String,
    },
    /// The record does not belong to the file.
    NotOfThisFile {
        /// The name of the record.
        record: String,
    },
    /// A record is out of order, or occurs too often.
    OutOfPlace {
        /// The name of the record.
        record: String,
        /// The names of the records that may occur here.
        allowed: Vec<String>,
    },
    /// The last record of the file, and the file does not end behind it.
    NotLast {
        /// The name of the record.
        record: String,
    },
    /// Records are missing.
    TooFew {
        /// The name of the records.
        record: String,
        /// The number of records that the file has.
        found: usize,
        /// The number of records that the file must have at least.
        min: usize,
    },
    /// A total differs from the total of the records that it covers.
    WrongTotal {
        /// The name of the record.
        record: String,
        /// The field's path.
        field: String,
        /// The value of the field.
        stated: i128,
        /// The total of the records.
        computed: i128,
        /// The records that the total covers.
        side: Side,
    },
    /// The same, and its field or one that is added up is secret.
    WrongSecretTotal {
        /// The name of the record.
        record: String,
        /// The field's path.
        field: String,
        /// The records that the total covers.
        side: Side,
    },
    /// A total cannot be filled in, because its records cannot be added up.
    NoTotal {
        /// The name of the record.
        record: String,
        /// The field's path.
        field: String,
    },
    /// A total of records that come later was left out, and the writer cannot return to it.
    NeedsSeek {
        /// The name of the record.
        record: String,
        /// The field's path.
        field: String,
    },
    /// A serial number does not follow the number before it.
    WrongSerial {
        /// The name of the record.
        record: String,
        /// The field's path.
        field: String,
        /// The value of the field.
        stated: i128,
        /// The numbers that may come next: `2`, or `2 or more`.
        next: String,
    },
    /// The same, and its field is secret.
    WrongSecretSerial {
        /// The name of the record.
        record: String,
        /// The field's path.
        field: String,
    },
    /// The last block is not full, or there is a surplus filling record.
    Unfilled {
        /// The number of records in the file, filling records included.
        records: u64,
        /// The number of records in a block.
        block: usize,
    },
    /// The file cannot be read or written.
    Io {
        /// The kind of the I/O error.
        kind: io::ErrorKind,
        /// The message of the operating system.
        message: String,
    },
    /// No file can satisfy this plan.
    BadPlan {
        /// The reason, with the names of records and fields.
        reason: String,
    },
}

/// The thing whose length a length word states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measured {
    /// A record.
    Record,
    /// A block of records.
    Block,
}

/// The faults of a length word.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WordFault {
    /// The file ends inside the word.
    CutOff {
        /// The number of bytes that are left.
        left: usize,
        /// The number of bytes of the word.
        needed: usize,
    },
    /// The file ends inside the record or the block.
    Truncated {
        /// The number of bytes behind the word that the word states.
        stated: usize,
        /// The number of bytes that are left.
        left: usize,
    },
    /// A byte of the word that must be `00` is something else.
    NotZero {
        /// The index of the byte in the word.
        at: usize,
        /// The byte, if it is `01`, `02` or `03`: then the record is a segment of a spanned record.
        segment: Option<u8>,
    },
    /// The number in the word cannot be read or written.
    NoNumber {
        /// The error in the number.
        error: Error,
    },
    /// The word counts itself, and its number is below its own length.
    TooSmall {
        /// The number in the word.
        stated: usize,
        /// The number of bytes of the word.
        word_len: usize,
    },
    /// No record and no block of the file has so many bytes.
    TooLarge {
        /// The number of bytes behind the word that the word states.
        stated: usize,
        /// The maximum.
        max: usize,
    },
    /// The record has another length.
    Differs {
        /// The name of the record.
        record: String,
        /// The number of bytes behind the word that the word states.
        stated: usize,
        /// The length of the record in bytes.
        len: usize,
    },
    /// The record goes beyond the end of its block.
    Crosses {
        /// The number of bytes of the record, with its word.
        len: usize,
        /// The number of bytes that are left in the block.
        left: usize,
    },
}

impl FileError {
    /// An error in the plan. Nothing has been read yet.
    #[cold]
    pub(super) fn bad_plan(reason: String) -> Self {
        Self { record: 1, offset: 0, what: FileFault::BadPlan { reason } }
    }
}

impl FileFault {
    /// The fault of bytes that begin with none of these records. `has_secret`: whether a record of the file has a secret field.
    #[cold]
    pub(super) fn unknown(layouts: &[&Layout], bytes: &[u8], has_secret: bool) -> Self {
        let near = if has_secret { Layout::nearest_unshown(layouts, bytes) } else { Layout::nearest(layouts, bytes) };
        Self::Unknown { near }
    }

    /// The fault as an error of the record with this number, at this offset.
    pub(super) const fn at(self, record: u64, offset: u64) -> FileError {
        FileError { record, offset, what: self }
    }
}

impl From<io::Error> for FileFault {
    fn from(error: io::Error) -> Self {
        Self::Io { kind: error.kind(), message: error.to_string() }
    }
}

/// One line: `record 4 at byte 360: …`.
impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record {} at byte {}: {}", self.record, self.offset, self.what)
    }
}

impl fmt::Display for FileFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Record { name, error } => write!(f, "{name}: {error}"),
            Self::CutOff { left, needed } => {
                let are = if *left == 1 { "byte is" } else { "bytes are" };
                write!(f, "the file ends inside the record: {left} {are} left, a record has {needed}")
            }
            Self::LineEnd { record_len, expected, found } => {
                let expected = list(expected);
                write!(f, "the {record_len} bytes of the record are not followed by a line end ({expected})")?;
                match found {
                    Some(found) => write!(f, " but by {}, and a file has one kind of line end", hex(*found)),
                    None => Ok(()),
                }
            }
            Self::NoLineEnd { record, max } => {
                write!(f, "no line end follows within the {max} bytes that `{record}` can have")
            }
            Self::NoLastLineEnd { expected } => {
                let hint = "write last_line_end = \"optional\" in the spec if that is right, or read leniently";
                write!(f, "the last record has no line end ({}); {hint}", hex(*expected))
            }
            Self::CutOffLineEnd { left, expected } => {
                let bytes = hex(*expected);
                write!(f, "the file ends inside the line end of its last record: {left} byte of {bytes} is there")
            }
            Self::SurplusLineEnd => {
                f.write_str("a line end follows the last record, and last_line_end = \"none\" says that it has none")
            }
            Self::LineEndInText { record, field, at, end } => {
                let bytes = hex(*end);
                write!(f, "the text `{field}` of `{record}` holds a line end ({bytes}) at byte {at} of the record")
            }
            Self::TooLong { record, stated, max } => {
                write!(f, "`{record}` says that it has {stated} bytes, it can have {max} at most")
            }
            Self::LengthWord { of, what } => what.describe(*of, f),
            Self::AfterTheEnd => f.write_str("bytes are left behind the end of the file, where no record can stand"),
            Self::Unknown { near } => write!(f, "the bytes are none of the file's records: they {near}"),
            Self::NotOfThisFile { record } => write!(f, "`{record}` is no record of this file"),
            Self::OutOfPlace { record, allowed } if allowed.is_empty() => {
                write!(f, "`{record}` stands after the end of the file")
            }
            Self::OutOfPlace { record, allowed } => {
                write!(f, "`{record}` cannot stand here, expected {}", allowed.join(" or "))
            }
            Self::NotLast { record } => write!(f, "`{record}` is the last record, and more bytes follow it"),
            Self::TooFew { record, found, min } => {
                write!(f, "the file has {found} of `{record}`, there must be {min}")
            }
            Self::WrongTotal { record, field, stated, computed, side } => {
                write!(f, "`{field}` of `{record}` says {stated}, {} make {computed}", covered(*side))
            }
            Self::WrongSecretTotal { record, field, side } => {
                write!(f, "`{field}` of `{record}` is not what {} make; the numbers are secret", covered(*side))
            }
            Self::NoTotal { record, field } => {
                write!(f, "`{field}` of `{record}` cannot be filled in: its records cannot be added up")
            }
            Self::NeedsSeek { record, field } => {
                write!(
                    f,
                    "`{field}` of `{record}` is a total of records after it; give it, or write with `FileWriter::seeking`, which \
                     returns to it"
                )
            }
            Self::WrongSerial { record, field, stated, next } => {
                write!(f, "`{field}` of `{record}` says {stated}, the next number is {next}")
            }
            Self::WrongSecretSerial { record, field } => {
                write!(f, "`{field}` of `{record}` is not the next number; the numbers are secret")
            }
            Self::Unfilled { records, block } => {
                write!(f, "the file has {records} records, which do not fill blocks of {block}")
            }
            Self::Io { message, .. } => f.write_str(message),
            Self::BadPlan { reason } => f.write_str(reason),
        }
    }
}

impl WordFault {
    fn describe(&self, of: Measured, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let thing = match of {
            Measured::Record => "record",
            Measured::Block => "block",
        };
        match self {
            Self::CutOff { left, needed } => {
                write!(
                    f,
                    "the file ends inside the length word of a {thing}: {left} bytes are left, the word has {needed}"
                )
            }
            Self::Truncated { stated, left } => {
                write!(f, "the file ends inside the {thing}: {left} bytes are left, its length word says {stated}")
            }
            Self::NotZero { at, segment } => {
                write!(f, "byte {at} of the length word of the {thing} must be 00")?;
                match segment {
                    Some(segment) => {
                        write!(f, ", it is {segment:02x}: a segment of a spanned record; spanned records are not read")
                    }
                    None => Ok(()),
                }
            }
            Self::NoNumber { error } => write!(f, "the length word of the {thing}: {error}"),
            Self::TooSmall { stated, word_len } => write!(
                f,
                "the length word of the {thing} says {stated} bytes, and it counts itself, which has {word_len}"
            ),
            Self::TooLarge { stated, max } => {
                write!(f, "the length word says that the {thing} has {stated} bytes, it can have {max} at most")
            }
            Self::Differs { record, stated, len } => {
                write!(f, "the length word says that the record has {stated} bytes, `{record}` has {len}")
            }
            Self::Crosses { len, left } => {
                write!(f, "the record has {len} bytes, its block has {left} left; spanned records are not read")
            }
        }
    }
}

/// The bytes of a line end: `0d 0a`.
fn hex(line_end: LineEnd) -> String {
    let bytes: Vec<String> = line_end.bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    bytes.join(" ")
}

/// `0a or 0d 0a`
/// The records that a total covers.
const fn covered(side: Side) -> &'static str {
    match side {
        Side::Before => "the records before it",
        Side::After => "the records after it",
        Side::Around => "the records before and after it",
    }
}

fn list(line_ends: &[LineEnd]) -> String {
    let all: Vec<String> = line_ends.iter().map(|end| hex(*end)).filter(|bytes| !bytes.is_empty()).collect();
    all.join(" or ")
}

impl core::error::Error for FileError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match &self.what {
            FileFault::Record { error, .. } | FileFault::LengthWord { what: WordFault::NoNumber { error }, .. } => {
                Some(error)
            }
            _ => None,
        }
    }
}
