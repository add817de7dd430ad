//! What can be wrong with a record file, and where.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;
use std::io;

use crate::error::Error;

/// What is wrong in a file, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError {
    /// The record, from 1; one more than there are if something is missing at the end.
    pub record: u64,
    /// The offset of the record in the file, in bytes.
    pub offset: u64,
    /// What is wrong.
    pub what: FileFault,
}

/// What can be wrong with a record file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileFault {
    /// The fields of the record.
    Record {
        /// Its name.
        name: String,
        /// What is wrong.
        error: Error,
    },
    /// The file ends inside the record.
    CutOff {
        /// Bytes that are left.
        left: usize,
        /// Bytes of a record with its line end.
        needed: usize,
    },
    /// The record is not followed by the line end that the spec asks for, or by another one than the records before.
    LineEnd,
    /// The bytes are none of the file's records.
    Unknown,
    /// The record is none of the file's.
    NotOfThisFile {
        /// Its name.
        record: String,
    },
    /// A record stands where it must not, or once too often.
    OutOfPlace {
        /// Its name.
        record: String,
        /// What may stand here.
        allowed: Vec<String>,
    },
    /// Records are missing.
    TooFew {
        /// Their name.
        record: String,
        /// How many there are.
        found: usize,
        /// How many there must be.
        min: usize,
    },
    /// A total says something else than the records before it make.
    WrongTotal {
        /// The name of the record.
        record: String,
        /// The field's path.
        field: String,
        /// What the field says.
        stated: i128,
        /// What the records make.
        computed: i128,
    },
    /// The last block is not full, or there is a filling record too many.
    Unfilled {
        /// Records of the file, those that fill it up included.
        records: u64,
        /// Records of a block.
        block: usize,
    },
    /// The file cannot be read or written.
    Io {
        /// What kind of trouble it is.
        kind: io::ErrorKind,
        /// The system's words.
        message: String,
    },
    /// No file could be right under this plan.
    BadPlan {
        /// What is wrong, with names.
        reason: String,
    },
}

impl FileError {
    /// A plan that cannot work: nothing was read yet.
    #[cold]
    pub(super) fn bad_plan(reason: String) -> Self {
        Self { record: 1, offset: 0, what: FileFault::BadPlan { reason } }
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
            Self::Unknown => f.write_str("the bytes are none of the file's records"),
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
