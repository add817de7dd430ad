//! Reading a file: the mirror of `writer.rs`.

use std::borrow::Cow;
use std::fmt;
use std::io::{ErrorKind, Read};

use super::FileLayout;
use super::fault::{FileError, FileFault};
use super::walk::{Framed, RawRecord, Walk};
use crate::lenient::Lenient;
use crate::record::Record;
use crate::telegram::TelegramSet;

/// How many bytes are read at once, as long as a record is not longer.
const PIECE_BYTES: usize = 1 << 16;

/// Reads the records of a file, one after the other, in memory that does not grow with the file.
pub struct FileReader<'f, R> {
    walk: Walk<'f>,
    input: R,
    buffer: Vec<u8>,
    /// What of the buffer is read and not yet used.
    start: usize,
    end: usize,
    input_ended: bool,
    /// Nothing more comes: the file ended, or nothing after its mistake can be trusted.
    ended: bool,
    /// The mistake in the totals of the record that was handed out last.
    pending: Option<FileError>,
    progress: Option<Report<'f>>,
}

/// How far a reader or writer has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Records so far, those that only fill a block included.
    pub records: u64,
    /// Bytes so far.
    pub bytes: u64,
}

/// Who wants to hear of the progress, and after how many records each time.
struct Report<'f> {
    every: u64,
    call: Box<dyn FnMut(Progress) + Send + 'f>,
}

impl<'f, R: Read> FileReader<'f, R> {
    /// A reader of a file with this plan.
    ///
    /// # Errors
    /// If no file could be read by the plan: a record without a fixed length, a total of a field that is not there.
    pub fn new(file: &'f FileLayout, input: R) -> Result<Self, FileError> {
        let walk = Walk::new(file)?;
        // The records' length was checked.
        let buffer = vec![0; PIECE_BYTES.max(walk.window_len() * 2)];
        let (start, end, input_ended, ended) = (0, 0, false, false);
        Ok(Self { walk, input, buffer, start, end, input_ended, ended, pending: None, progress: None })
    }

    /// Forgives this, whatever the plan says.
    #[must_use]
    pub fn lenient(mut self, lenient: Lenient) -> Self {
        self.walk.lenient = lenient;
        self
    }

    /// Calls back after every so many records.
    #[must_use]
    pub fn on_progress(mut self, every: u64, call: impl FnMut(Progress) + Send + 'f) -> Self {
        self.progress = Some(Report { every: every.max(1), call: Box::new(call) });
        self
    }

    /// The next record that stands where it may. After an error of the file itself nothing more comes; an error in a record's
    /// totals comes after the record, and reading goes on.
    ///
    /// The record borrows from the reader, so this is no iterator; [`FileReader::records`] is one.
    #[allow(clippy::should_implement_trait, reason = "the item borrows from the reader, as no iterator's can")]
    pub fn next(&mut self) -> Option<Result<RawRecord<'f, '_>, FileError>> {
        if let Some(error) = self.pending.take() {
            return Some(Err(error));
        }
        loop {
            if self.ended {
                return None;
            }
            let (number, offset) = (self.walk.number + 1, self.walk.offset);
            let framed = match self.framed() {
                Ok(Some(framed)) => framed,
                Ok(None) => {
                    self.ended = true;
                    return None;
                }
                Err(what) => {
                    self.ended = true;
                    return Some(Err(FileError { record: number, offset, what }));
                }
            };
            let at = self.start;
            self.start += framed.consumed;
            self.report();
            let Some(layout) = framed.layout else { continue };
            self.pending = framed.wrong.map(|what| FileError { record: number, offset, what });
            let bytes = self.buffer.get(at..at + framed.len).unwrap_or_default();
            let bytes = if framed.padded { self.walk.padded() } else { bytes };
            return Some(Ok(RawRecord { number, offset, layout, bytes, lenient: self.walk.lenient }));
        }
    }

    /// The records by their layouts, with their numbers and offsets lost: only errors tell them.
    pub fn records(mut self) -> impl Iterator<Item = Result<Record<'f>, FileError>> + use<'f, R> {
        std::iter::from_fn(move || Some(self.next()?.and_then(|raw| raw.decode())))
    }

    /// The records as values of a derived type: one telegram, or an enum of those that the file has.
    pub fn typed<T: TelegramSet>(mut self) -> impl Iterator<Item = Result<T, FileError>> + use<'f, T, R> {
        std::iter::from_fn(move || {
            Some(self.next()?.and_then(|raw| T::decode_any(&raw.mended()).map_err(|error| raw.error(error))))
        })
    }

    /// The next record, or none at the end of a file that may end here.
    fn framed(&mut self) -> Result<Option<Framed<'f>>, FileFault> {
        self.fill()?;
        let window = self.buffer.get(self.start..self.end).unwrap_or_default();
        if window.is_empty() {
            return self.walk.end().map(|()| None);
        }
        let len = window.len().min(self.walk.window_len());
        self.walk.step(window.get(..len).unwrap_or_default()).map(Some)
    }

    /// Reads until the window is full or the input ends.
    fn fill(&mut self) -> Result<(), FileFault> {
        let needed = self.walk.window_len();
        if self.end - self.start >= needed || self.input_ended {
            return Ok(());
        }
        self.buffer.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
        while self.end < needed {
            match self.input.read(self.buffer.get_mut(self.end..).unwrap_or_default()) {
                Ok(0) => {
                    self.input_ended = true;
                    break;
                }
                Ok(read) => self.end += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    fn report(&mut self) {
        let progress = Progress { records: self.walk.number, bytes: self.walk.offset };
        if let Some(report) = &mut self.progress
            && progress.records.is_multiple_of(report.every)
        {
            (report.call)(progress);
        }
    }
}

impl<'f> RawRecord<'f, '_> {
    /// Reads the fields.
    ///
    /// # Errors
    /// If they cannot be read.
    pub fn decode(&self) -> Result<Record<'f>, FileError> {
        Record::decode_lenient(self.layout, self.bytes, self.lenient).map_err(|error| self.error(error))
    }

    /// The bytes with what is forgiven mended.
    fn mended(&self) -> Cow<'_, [u8]> {
        if self.lenient.blank_numbers { self.lenient.mend(self.layout, self.bytes) } else { Cow::Borrowed(self.bytes) }
    }

    /// An error in this record's fields.
    #[cold]
    fn error(&self, error: crate::Error) -> FileError {
        let what = FileFault::Record { name: self.layout.name.clone().into_owned(), error };
        FileError { record: self.number, offset: self.offset, what }
    }
}

impl<R> fmt::Debug for FileReader<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (records, bytes) = (self.walk.number, self.walk.offset);
        f.debug_struct("FileReader").field("records", &records).field("bytes", &bytes).finish_non_exhaustive()
    }
}
