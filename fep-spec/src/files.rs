//! Record files: bytes ↔ records, with the order and the number of records that the spec asks for.
//!
//! ```text
//! EB13:  H………  R………  R………  R………  T………        record 1 at byte 0, record 2 at byte 120, …
//!        once  ──── any number ────  once
//! ```
//!
//! A record is known by its literals and its `when`. What is wrong in one record's fields does not stop the reader; a file
//! that is cut off, or whose order is broken, does, for nothing after that place can be trusted.

use std::fmt;

use fep_codec::Layout;
use fep_codec::layout::Item;
use serde_json::Value as Json;

use crate::codec::{CodecError, decode, encode_fields, open};
use crate::model::{FileSpec, RecordUse, Spec, TelegramSpec};

/// What is wrong in a file, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileError {
    /// The record, from 1; one more than there are if something is missing at the end.
    pub record: usize,
    /// The offset of the record in the file, in bytes.
    pub offset: usize,
    /// What is wrong.
    pub what: FileFault,
}

/// What can be wrong with a record file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileFault {
    /// The fields of the record.
    Record(CodecError),
    /// The file ends inside the record.
    CutOff {
        /// Bytes that are left.
        left: usize,
        /// Bytes of a record with its line end.
        needed: usize,
    },
    /// The record is not followed by the line end that the spec asks for.
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
}

/// A record that stands where it may, not yet decoded.
#[derive(Clone, Copy, Debug)]
pub struct RawRecord<'s> {
    /// Its number, from 1.
    pub number: usize,
    /// Its offset in the file, in bytes.
    pub offset: usize,
    /// Which record it is.
    pub telegram: &'s TelegramSpec,
    /// Its bytes, without the line end.
    pub bytes: &'s [u8],
}

/// Cuts a file into records, and ends at the first that is cut off, unknown or out of place.
pub fn records<'s>(
    spec: &'s Spec,
    file: &'s FileSpec,
    bytes: &'s [u8],
) -> impl Iterator<Item = Result<RawRecord<'s>, FileError>> + 's {
    let mut walk = Walk { spec, file, bytes, offset: 0, number: 0, order: Order::new(file), ended: false };
    std::iter::from_fn(move || walk.next())
}

/// Reads a file's records as lines of JSON, errors among them.
pub fn decode_file<'s>(
    spec: &'s Spec,
    file: &'s FileSpec,
    bytes: &'s [u8],
) -> impl Iterator<Item = Result<String, FileError>> + 's {
    records(spec, file, bytes).map(|record| {
        let RawRecord { number, offset, telegram, bytes } = record?;
        let what = |error| FileError { record: number, offset, what: FileFault::Record(error) };
        decode(telegram, bytes).map_err(what)
    })
}

/// Writes records, each an envelope, as a file.
///
/// # Errors
/// At the first record that cannot be encoded or stands out of its place.
pub fn encode_file<'j>(
    spec: &Spec,
    file: &FileSpec,
    records: impl IntoIterator<Item = &'j Json>,
) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    let mut order = Order::new(file);
    let mut number = 0;
    for envelope in records {
        number += 1;
        let at = |what| FileError { record: number, offset: bytes.len(), what };
        let (name, fields) = open(envelope).map_err(FileFault::Record).map_err(at)?;
        let telegram = records_of(spec, file).find(|telegram| telegram.name() == name);
        let telegram = telegram.ok_or_else(|| at(FileFault::NotOfThisFile { record: name.to_owned() }))?;
        order.take(telegram.name()).map_err(at)?;
        let record = encode_fields(telegram, fields).map_err(FileFault::Record).map_err(at)?;
        bytes.extend(record);
        bytes.extend(file.line_end.bytes());
    }
    order.end().map_err(|what| FileError { record: number + 1, offset: bytes.len(), what })?;
    Ok(bytes)
}

struct Walk<'s> {
    spec: &'s Spec,
    file: &'s FileSpec,
    bytes: &'s [u8],
    offset: usize,
    number: usize,
    order: Order<'s>,
    ended: bool,
}

impl<'s> Walk<'s> {
    fn next(&mut self) -> Option<Result<RawRecord<'s>, FileError>> {
        if self.ended {
            return None;
        }
        self.number += 1;
        let (record, offset) = (self.number, self.offset);
        let at = |what| FileError { record, offset, what };
        if self.offset >= self.bytes.len() {
            self.ended = true;
            return self.order.end().err().map(|what| Err(at(what)));
        }
        match self.frame() {
            Err(what) => {
                self.ended = true;
                Some(Err(at(what)))
            }
            Ok((telegram, bytes)) => {
                self.offset += self.file.record_len + self.file.line_end.bytes().len();
                Some(Ok(RawRecord { number: record, offset, telegram, bytes }))
            }
        }
    }

    /// The next record's bytes, if they may stand here.
    fn frame(&mut self) -> Result<(&'s TelegramSpec, &'s [u8]), FileFault> {
        let line_end = self.file.line_end.bytes();
        let rest = self.bytes.get(self.offset..).unwrap_or_default();
        let needed = self.file.record_len + line_end.len();
        let record = rest.get(..self.file.record_len);
        let end = rest.get(self.file.record_len..needed);
        let (Some(record), Some(end)) = (record, end) else {
            return Err(FileFault::CutOff { left: rest.len(), needed });
        };
        if end != line_end {
            return Err(FileFault::LineEnd);
        }
        let telegram = records_of(self.spec, self.file).find(|telegram| recognises(&telegram.layout, record));
        let telegram = telegram.ok_or(FileFault::Unknown)?;
        self.order.take(telegram.name())?;
        Ok((telegram, record))
    }
}

/// The telegrams that are records of the file.
fn records_of<'s>(spec: &'s Spec, file: &'s FileSpec) -> impl Iterator<Item = &'s TelegramSpec> {
    file.records.iter().filter_map(|record| spec.telegram(&record.telegram))
}

/// Whether the conditions and the literals at fixed offsets hold.
fn recognises(layout: &Layout, bytes: &[u8]) -> bool {
    let literals = layout.items().iter().enumerate().all(|(number, item)| match (item, layout.offset_of(number)) {
        (Item::Literal(literal), Some(offset)) => {
            bytes.get(offset..).is_some_and(|rest| rest.starts_with(&literal.bytes))
        }
        _ => true,
    });
    literals && (layout.when.is_empty() || layout.matches(bytes))
}

/// How far a file has come through the records that the spec lists.
struct Order<'s> {
    /// The use that the last record belongs to, and those after it.
    rest: &'s [RecordUse],
    /// Records of the first of `rest` so far.
    count: usize,
}

impl<'s> Order<'s> {
    fn new(file: &'s FileSpec) -> Self {
        Self { rest: &file.records, count: 0 }
    }

    /// Goes on with a record of this name.
    fn take(&mut self, name: &str) -> Result<(), FileFault> {
        let mut allowed = Vec::new();
        let (mut rest, mut count) = (self.rest, self.count);
        while let [first, later @ ..] = rest {
            let room = first.max.is_none_or(|max| count < max);
            if first.telegram == name && room {
                (self.rest, self.count) = (rest, count + 1);
                return Ok(());
            }
            if room {
                allowed.push(first.telegram.clone());
            }
            if count < first.min {
                break;
            }
            (rest, count) = (later, 0);
        }
        Err(FileFault::OutOfPlace { record: name.to_owned(), allowed })
    }

    /// Ends: everything that must be there was there.
    fn end(&self) -> Result<(), FileFault> {
        let mut found = self.count;
        for record in self.rest {
            if found < record.min {
                return Err(FileFault::TooFew { record: record.telegram.clone(), found, min: record.min });
            }
            found = 0;
        }
        Ok(())
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
            Self::Record(error) => write!(f, "{error}"),
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
        }
    }
}

impl std::error::Error for FileError {}
