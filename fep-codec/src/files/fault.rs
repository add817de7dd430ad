//! The errors of record files.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;
use std::io;

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
    LineEnd,
    /// The bytes match none of the file's records.
    Unknown {
        /// The first bytes, and the record that they come nearest to: [`Layout::nearest`].
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
    /// Records are missing.
    TooFew {
        /// The name of the records.
        record: String,
        /// The number of records that the file has.
        found: usize,
        /// The number of records that the file must have at least.
        min: usize,
    },
    /// A total differs from the total of the records before it.
    WrongTotal {
        /// The name of the record.
        record: String,
        /// The field's path.
        field: String,
        /// The value of the field.
        stated: i128,
        /// The total of the records.
        computed: i128,
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

impl FileError {
    /// An error in the plan. Nothing has been read yet.
    #[cold]
    pub(super) fn bad_plan(reason: String) -> Self {
        Self { record: 1, offset: 0, what: FileFault::BadPlan { reason } }
    }
}

impl FileFault {
    /// The fault of bytes that begin with none of these records.
    #[cold]
    pub(super) fn unknown(layouts: &[&Layout], bytes: &[u8]) -> Self {
        Self::Unknown { near: Layout::nearest(layouts, bytes) }
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
                write!(f, "the file ends inside the record: {left} bytes are left, a record has {needed}")
            }
            Self::LineEnd => f.write_str("the line end that the spec asks for does not follow the record"),
            Self::Unknown { near } => write!(f, "the bytes are none of the file's records: they {near}"),
            Self::NotOfThisFile { record } => write!(f, "`{record}` is no record of this file"),
            Self::OutOfPlace { record, allowed } if allowed.is_empty() => {
                write!(f, "`{record}` stands after the end of the file")
            }
            Self::OutOfPlace { record, allowed } => {
                write!(f, "`{record}` cannot stand here, expected {}", allowed.join(" or "))
            }
            Self::TooFew { record, found, min } => {
                write!(f, "the file has {found} of `{record}`, there must be {min}")
            }
            Self::WrongTotal { record, field, stated, computed } => {
                write!(f, "`{field}` of `{record}` says {stated}, the records before it make {computed}")
            }
            Self::Unfilled { records, block } => {
                write!(f, "the file has {records} records, which do not fill blocks of {block}")
            }
            Self::Io { message, .. } => f.write_str(message),
            Self::BadPlan { reason } => f.write_str(reason),
        }
    }
}

impl core::error::Error for FileError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match &self.what {
            FileFault::Record { error, .. } => Some(error),
            _ => None,
        }
    }
}
