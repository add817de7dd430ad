//! Record files as lines of JSON: `{"telegram": "Header", "fields": {…}}`, one line for each record.
//!
//! `fep_codec::files` handles the order of the records, their line ends and their totals. This module adds the JSON.

use std::fmt;
use std::io::{Read, Write};

use fep_codec::files::{FileError, FileFault, FileLayout, FileReader, FileWriter, Progress};
use fep_codec::lenient::Forgiven;
use fep_codec::{Layout, Record};
use serde_json::Value as Json;

use crate::codec::{line, open};
use crate::values::{ValueError, Values};

/// A record that cannot be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EncodeError {
    /// A mistake in the file or in the record's fields.
    File(FileError),
    /// A mistake in the JSON around the fields.
    Envelope {
        /// The record, from 1.
        record: u64,
        /// What is wrong, in one line.
        what: String,
    },
}

/// A stream of records that cannot be written to its end.
#[derive(Debug)]
pub struct StreamError {
    /// The line of the JSON with the record, from 1, if one record is to blame.
    pub line: Option<u64>,
    /// The records that were written before.
    pub written: Progress,
    /// What is wrong.
    pub what: StreamFault,
}

/// The fault in a stream of records.
#[derive(Debug)]
pub enum StreamFault {
    /// The JSON cannot be read.
    Input(ValueError),
    /// The record cannot be written.
    Record(Box<EncodeError>),
}

/// Reads a file's records as lines of JSON, and passes each deviation that was forgiven to `report`, before the line of its record. An
/// error comes in the place of its record.
pub fn decode_file_reporting<'f, R: Read, F: FnMut(&Forgiven)>(
    mut reader: FileReader<'f, R>,
    mut report: F,
) -> impl Iterator<Item = Result<String, FileError>> + use<'f, R, F> {
    let mut ended = false;
    std::iter::from_fn(move || {
        if ended {
            return None;
        }
        let read = match reader.next() {
            Some(read) => read.and_then(|raw| raw.decode_reporting()),
            None => {
                ended = true;
                reader.forgiven().iter().for_each(&mut report);
                return None;
            }
        };
        Some(read.map(|(record, forgiven)| {
            forgiven.iter().for_each(&mut report);
            line(&record)
        }))
    })
}

/// Reads a file's records as lines of JSON. An error comes in the place of its record.
pub fn decode_file<'f, R: Read>(
    reader: FileReader<'f, R>,
) -> impl Iterator<Item = Result<String, FileError>> + use<'f, R> {
    reader.records().map(|record| record.map(|record| line(&record)))
}

/// Writes records, each given as an envelope, as a file. Totals and serial numbers may be left out.
///
/// # Errors
/// At the first record that cannot be encoded, has a wrong total or is out of order.
pub fn encode_file<'j, W: Write>(
    file: &FileLayout,
    records: impl IntoIterator<Item = &'j Json>,
    output: W,
) -> Result<W, EncodeError> {
    let mut writer = FileWriter::new(file, output)?;
    let layouts = file.layouts();
    for envelope in records {
        put(&mut writer, &layouts, envelope)?;
    }
    Ok(writer.finish()?)
}

/// Writes the records of a stream of JSON, each an envelope, one by one. Memory does not grow with the file.
///
/// # Errors
/// At the first record that cannot be read or written. The records before it are written.
pub fn encode_stream<W: Write>(
    file: &FileLayout,
    mut writer: FileWriter<'_, W>,
    input: impl Read,
) -> Result<W, StreamError> {
    let layouts = file.layouts();
    for value in Values::new(input) {
        let written = writer.progress();
        let (line, envelope) = value.map_err(|error| StreamError { line: None, written, what: error.into() })?;
        // A total of an earlier record can be wrong, too. That record is not on this line.
        put(&mut writer, &layouts, &envelope).map_err(|error| StreamError {
            line: (error.record() > written.records).then_some(line),
            written,
            what: StreamFault::Record(Box::new(error)),
        })?;
    }
    let written = writer.progress();
    let what =
        |error: FileError| StreamError { line: None, written, what: StreamFault::Record(Box::new(error.into())) };
    writer.finish().map_err(what)
}

fn put<W: Write>(writer: &mut FileWriter<'_, W>, layouts: &[&Layout], envelope: &Json) -> Result<(), EncodeError> {
    let progress = writer.progress();
    let number = progress.records + 1;
    let at = |what| FileError { record: number, offset: progress.bytes, what };
    let (name, fields) =
        open(envelope).map_err(|error| EncodeError::Envelope { record: number, what: error.to_string() })?;
    if envelope.get("bytes").is_some() {
        let what =
            "the `bytes` of a record are not compared, because the file fills in totals; leave them out".to_owned();
        return Err(EncodeError::Envelope { record: number, what });
    }
    let layout: &Layout = layouts
        .iter()
        .find(|layout| layout.name == name)
        .ok_or_else(|| at(FileFault::NotOfThisFile { record: name.to_owned() }))?;
    let record = Record::from_json_value(layout, fields)
        .map_err(|error| at(FileFault::Record { name: name.to_owned(), error }))?;
    Ok(writer.write(record)?)
}

impl EncodeError {
    /// The number of the record, from 1.
    #[must_use]
    pub const fn record(&self) -> u64 {
        match self {
            Self::File(error) => error.record,
            Self::Envelope { record, .. } => *record,
        }
    }
}

impl From<FileError> for EncodeError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(error) => write!(f, "{error}"),
            Self::Envelope { record, what } => write!(f, "record {record}: {what}"),
        }
    }
}

impl std::error::Error for EncodeError {}

impl From<ValueError> for StreamFault {
    fn from(error: ValueError) -> Self {
        Self::Input(error)
    }
}

/// One line: `line 4: record 4 at byte 360: …`.
impl fmt::Display for StreamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, &self.what) {
            (_, StreamFault::Input(error)) => write!(f, "{error}"),
            (Some(line), StreamFault::Record(error)) => write!(f, "line {line}: {error}"),
            (None, StreamFault::Record(error)) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for StreamError {}
