//! Reading a file: the mirror of `writer.rs`.

use alloc::borrow::Cow;
use alloc::vec::Vec;
use std::io::{ErrorKind, Read};

use super::FileLayout;
use super::fault::{FileError, FileFault};
use super::intake::{Intake, IntakeStep, Progress};
use super::walk::RawRecord;
use crate::lenient::{Forgiven, Lenient};
use crate::record::Record;
use crate::telegram::{TelegramSet, TelegramSetOwned};

/// Reads the records of a file, one after the other, in memory that does not grow with the file.
#[derive(Debug)]
pub struct FileReader<'f, R> {
    intake: Intake<'f>,
    input: R,
}

impl<'f, R: Read> FileReader<'f, R> {
    /// A reader of a file with this plan.
    ///
    /// # Errors
    /// If no file can satisfy the plan. Examples are a record without a fixed length and a total of a field that does not exist.
    pub fn new(file: &'f FileLayout, input: R) -> Result<Self, FileError> {
        Ok(Self { intake: Intake::new(file)?, input })
    }

    /// Sets the deviations that are forgiven. They replace those of the plan.
    #[must_use]
    pub fn lenient(mut self, lenient: Lenient) -> Self {
        self.intake.forgive(lenient);
        self
    }

    /// Calls `call` each time that `every` more records have been read.
    #[must_use]
    pub fn on_progress(mut self, every: u64, call: impl FnMut(Progress) + Send + 'f) -> Self {
        self.intake.report_to(every, call);
        self
    }

    /// The deviations that were forgiven since the record that [`FileReader::next`] returned last. After `None`, these are the deviations at
    /// the end of the file.
    #[must_use]
    pub fn forgiven(&self) -> &[Forgiven] {
        self.intake.forgiven()
    }

    /// The next record in its proper place. After an error of the file itself nothing more comes. An error in the totals of a record
    /// comes after the record, and reading goes on.
    ///
    /// The record borrows from the reader, so this type is not an iterator. [`FileReader::records`] returns one.
    #[allow(clippy::should_implement_trait, reason = "the item borrows from the reader, as no iterator's can")]
    pub fn next(&mut self) -> Option<Result<RawRecord<'f, '_>, FileError>> {
        loop {
            match self.intake.step() {
                IntakeStep::Record => return self.intake.record().map(Ok),
                IntakeStep::Wrong(error) => return Some(Err(error)),
                IntakeStep::End => return None,
                IntakeStep::Input => {}
            }
            match self.input.read(self.intake.room()) {
                Ok(read) => self.intake.took(read),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Some(Err(self.intake.broke(error))),
            }
        }
    }

    /// An iterator over the decoded records. Only errors contain the number and the offset of a record.
    pub fn records(mut self) -> impl Iterator<Item = Result<Record<'f>, FileError>> + use<'f, R> {
        core::iter::from_fn(move || Some(self.next()?.and_then(|raw| raw.decode())))
    }

    /// An iterator over the records as values of a derived type: one telegram, or an enum of the records that the file has.
    ///
    /// For a type that borrows from the record, use [`FileReader::next`] and [`RawRecord::typed`].
    pub fn typed<T: TelegramSetOwned>(mut self) -> impl Iterator<Item = Result<T, FileError>> + use<'f, T, R> {
        core::iter::from_fn(move || {
            Some(self.next()?.and_then(|raw| T::decode_any(&raw.repaired()).map_err(|error| raw.error(error))))
        })
    }
}

impl<'f, 'w> RawRecord<'f, 'w> {
    /// Reads the fields.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn decode(&self) -> Result<Record<'f>, FileError> {
        Ok(self.read()?.0)
    }

    /// Reads the fields. Also returns all deviations that were forgiven: before the record, around it, and in its fields. Their ranges
    /// count from the start of the file.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn decode_reporting(&self) -> Result<(Record<'f>, Vec<Forgiven>), FileError> {
        let (record, in_fields) = self.read()?;
        let mut forgiven = self.forgiven.to_vec();
        forgiven.extend(in_fields.into_iter().map(|one| one.moved(self.offset).in_record(self.number)));
        Ok((record, forgiven))
    }

    fn read(&self) -> Result<(Record<'f>, Vec<Forgiven>), FileError> {
        let strict = match self.plan {
            Some(plan) => plan.decode_of(self.layout, self.bytes),
            None => Record::decode(self.layout, self.bytes),
        };
        let read = match strict {
            Ok(record) => Ok((record, Vec::new())),
            Err(error) => Record::forgiving(self.layout, self.bytes, self.in_fields(), error),
        };
        read.map_err(|error| self.error(error))
    }

    /// The deviations that are forgiven in a record whose bytes are complete.
    const fn in_fields(&self) -> Lenient {
        Lenient { stripped: false, trailing: false, ..self.lenient }
    }

    /// The bytes after the forgiven deviations in its fields are repaired, as [`RawRecord::decode`] reads them.
    #[must_use]
    pub fn repaired(&self) -> Cow<'_, [u8]> {
        if self.lenient.repairs_fields() {
            self.in_fields().mend(self.layout, self.bytes).0
        } else {
            Cow::Borrowed(self.bytes)
        }
    }

    /// Reads the record as a derived type, which may borrow from it.
    ///
    /// # Errors
    /// If the record is not one of the type's records, or if a field cannot be read.
    pub fn typed<T: TelegramSet<'w>>(&self) -> Result<T, FileError> {
        T::decode_any(self.bytes).map_err(|error| self.error(error))
    }

    /// An error in this record's fields.
    #[cold]
    fn error(&self, error: crate::Error) -> FileError {
        let what = FileFault::Record { name: self.layout.name.clone().into_owned(), error };
        FileError { record: self.number, offset: self.offset, what }
    }
}
