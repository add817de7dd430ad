//! Record files as lines of JSON: `{"telegram": "Header", "fields": {…}}`, one line for each record.
//!
//! `fep_codec::files` handles the order of the records, their line ends and their totals. This module adds the JSON.

use std::fmt;
use std::io::{Read, Write};

use fep_codec::files::{FileError, FileFault, FileLayout, FileReader, FileWriter};
use fep_codec::lenient::Forgiven;
use fep_codec::{Layout, Record};
use serde_json::Value as Json;

use crate::codec::{line, open};

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

/// Writes records, each given as an envelope, as a file. Totals may be left out.
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
        let progress = writer.progress();
        let number = progress.records + 1;
        let at = |what| FileError { record: number, offset: progress.bytes, what };
        let (name, fields) =
            open(envelope).map_err(|error| EncodeError::Envelope { record: number, what: error.to_string() })?;
        let layout: &Layout = layouts
            .iter()
            .find(|layout| layout.name == name)
            .ok_or_else(|| at(FileFault::NotOfThisFile { record: name.to_owned() }))?;
        let record = Record::from_json_value(layout, fields)
            .map_err(|error| at(FileFault::Record { name: name.to_owned(), error }))?;
        writer.write(record)?;
    }
    Ok(writer.finish()?)
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
