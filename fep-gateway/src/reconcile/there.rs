//! The side of the institution: the records of its file as rows. The file is read once, from its start to its end. If anything in it is wrong, a
//! field, the order or a total, it is refused as a whole.

use std::fmt;
use std::io::{self, Read};

use fep_codec::files::{FileError, FileLayout, FileReader, RawRecord};
use fep_codec::record::Value;
use fep_protocol::calendar::day_of;

use super::sorter::Sorter;
use super::terms::{Terms, date_text};

/// How many mistakes of a file are reported at most.
const MISTAKES_MAX: usize = 10;

/// The reason why a file is refused.
#[derive(Debug)]
pub enum RefusedFile {
    /// Records, their order or their totals are wrong: the first of these mistakes, and whether there are more.
    Wrong {
        /// The mistakes.
        mistakes: Vec<FileError>,
        /// Whether others were not read any more.
        has_more: bool,
    },
    /// The spec does not describe a file that can be read.
    Impossible(FileError),
    /// It is the file of another business date.
    OtherDate {
        /// The number of the record that says so.
        record: u64,
        /// The date in the file, in days since 1970-01-01.
        says: i64,
        /// The date that was asked for.
        asked: i64,
    },
    /// No record says of which business date it is.
    NoDate {
        /// The record that should say it.
        record: String,
    },
    /// A temporary file cannot be written.
    Disk(io::Error),
}

impl fmt::Display for RefusedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wrong { mistakes, has_more } => {
                f.write_str("the file is refused as a whole, and nothing was compared:")?;
                mistakes.iter().try_for_each(|mistake| write!(f, "\n  {mistake}"))?;
                if *has_more {
                    f.write_str("\n  … and more")?;
                }
                f.write_str("\nask the institution for a file that is right")
            }
            Self::Impossible(error) => write!(f, "the spec describes no file that can be read: {error}"),
            Self::OtherDate { record, says, asked } => write!(
                f,
                "the file is refused: record {record} says that it is of {}, and {} was asked for",
                date_text(*says),
                date_text(*asked)
            ),
            Self::NoDate { record } => {
                write!(f, "the file is refused: it has no record `{record}`, which says of which business date it is")
            }
            Self::Disk(error) => write!(f, "a temporary file cannot be written: {error}"),
        }
    }
}

impl std::error::Error for RefusedFile {}

impl From<io::Error> for RefusedFile {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

/// The business date that the file says it is of, in days since 1970-01-01. It is read no further than that.
///
/// # Errors
/// If there is a mistake before that, or no record says it.
pub(super) fn date_of(file: &FileLayout, date: &(String, String), input: impl Read) -> Result<i64, RefusedFile> {
    let mut reader = FileReader::new(file, input).map_err(RefusedFile::Impossible)?;
    while let Some(record) = reader.next() {
        let wrong = |error| RefusedFile::Wrong { mistakes: vec![error], has_more: true };
        let record = record.map_err(wrong)?;
        if let Some(day) = day_in(&record, date) {
            return day.map_err(wrong);
        }
    }
    Err(RefusedFile::NoDate { record: date.0.clone() })
}

/// The business date in a record, or `None` if it is another record.
fn day_in(record: &RawRecord<'_, '_>, (name, path): &(String, String)) -> Option<Result<i64, FileError>> {
    if *record.layout.name != **name {
        return None;
    }
    let decoded = match record.decode() {
        Ok(decoded) => decoded,
        Err(error) => return Some(Err(error)),
    };
    match decoded.get(path) {
        Some(Value::Date(date)) => Some(Ok(day_of(*date))),
        _ => None,
    }
}

/// Reads the whole file and adds its transactions to the sorter. `also` gets each record that is right.
///
/// # Errors
/// If anything in the file is wrong, or a temporary file cannot be written.
pub(super) fn read(
    terms: &Terms<'_>,
    day: i64,
    input: impl Read,
    rows: &mut Sorter,
    also: &mut dyn FnMut(&RawRecord<'_, '_>) -> io::Result<()>,
) -> Result<(), RefusedFile> {
    let mut reader = FileReader::new(&terms.file, input).map_err(RefusedFile::Impossible)?;
    let mut mistakes = Vec::new();
    while let Some(record) = reader.next() {
        let read = record.and_then(|record| {
            // Each field is checked, also those that are not compared.
            record.decode()?;
            let of_date = terms.config.date.as_ref().and_then(|date| day_in(&record, date)).transpose()?;
            let is_compared = record.layout.name == terms.record.name;
            let row = is_compared.then(|| terms.there.row(&record.repaired(), record.number, day));
            Ok((of_date.map(|says| (record.number, says)), row, also(&record)))
        });
        match read {
            Ok((Some((record, says)), ..)) if says != day => {
                return Err(RefusedFile::OtherDate { record, says, asked: day });
            }
            Ok((_, row, done)) if mistakes.is_empty() => {
                done?;
                row.map_or(Ok(()), |row| rows.push(&row))?;
            }
            Ok(_) => {}
            Err(_) if mistakes.len() == MISTAKES_MAX => return Err(RefusedFile::Wrong { mistakes, has_more: true }),
            Err(error) => mistakes.push(error),
        }
    }
    if mistakes.is_empty() { Ok(()) } else { Err(RefusedFile::Wrong { mistakes, has_more: false }) }
}
