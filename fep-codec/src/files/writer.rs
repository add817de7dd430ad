//! Writing a file: the mirror of `reader.rs`.

use std::io::Write;

use super::fault::{FileError, FileFault};
use super::order::Order;
use super::reader::Progress;
use super::totals::Totals;
use super::walk::Walk;
use super::{FileLayout, LineEnd};
use crate::error::Error;
use crate::layout::Layout;
use crate::record::Record;
use crate::telegram::TelegramSet;

/// Writes the records of a file, one after the other, and fills in their totals.
#[derive(Debug)]
pub struct FileWriter<'f, W> {
    file: &'f FileLayout,
    /// Where the file's records are told apart.
    start: Walk<'f>,
    order: Order<'f>,
    totals: Totals<'f>,
    output: W,
    /// One record with its line end.
    record: Vec<u8>,
    number: u64,
    offset: u64,
}

impl<'f, W: Write> FileWriter<'f, W> {
    /// A writer of a file with this plan.
    ///
    /// # Errors
    /// If no file could be written by the plan.
    pub fn new(file: &'f FileLayout, output: W) -> Result<Self, FileError> {
        let start = Walk::new(file)?;
        let (order, totals) = start.start();
        Ok(Self { file, start, order, totals, output, record: Vec::new(), number: 0, offset: 0 })
    }

    /// Writes a record. Totals that it leaves out are filled in, those that it gives must be right.
    ///
    /// # Errors
    /// If it cannot be encoded, stands out of its place, or has a wrong total. Nothing of it was written then.
    pub fn write(&mut self, mut record: Record<'_>) -> Result<(), FileError> {
        let name = &record.layout().name;
        let fault = |error| FileFault::Record { name: name.clone().into_owned(), error };
        let layout = self.layout_of(name)?;
        let encoded = self.totals.leave_room(&mut record).and_then(|()| record.encode());
        self.record = encoded.map_err(fault).map_err(|what| self.error(what))?;
        self.put(layout)
    }

    /// Writes a record of a derived type. A total that is zero is filled in, another must be right.
    ///
    /// # Errors
    /// Those of [`FileWriter::write`].
    pub fn write_any<T: TelegramSet>(&mut self, record: &T) -> Result<(), FileError> {
        let mut bytes = std::mem::take(&mut self.record);
        bytes.clear();
        bytes.resize(record.any_len(), 0);
        let written = record.encode_any(&mut bytes);
        let layout = self.start.recognise(&bytes).map(|(layout, _)| layout);
        self.record = bytes;
        match (written, layout) {
            (Ok(_), Some(layout)) => self.put(layout),
            (Ok(_), None) => Err(self.error(FileFault::Unknown)),
            (Err(error), _) => Err(self.record_error(T::LAYOUTS, error)),
        }
    }

    /// Ends the file: fills up its last block, and checks that no record is missing.
    ///
    /// # Errors
    /// If one is, or the last bytes cannot be written.
    pub fn finish(mut self) -> Result<W, FileError> {
        self.order.end().map_err(|what| self.error(what))?;
        if let Some(blocks) = self.file.blocks {
            let len = self.record.len().saturating_sub(self.line_end().bytes().len());
            while !self.number.is_multiple_of(blocks.records as u64) {
                self.record.clear();
                self.record.resize(len, blocks.fill);
                self.flush_record()?;
            }
        }
        match self.output.flush() {
            Ok(()) => Ok(self.output),
            Err(error) => Err(self.error(error.into())),
        }
    }

    /// How far the file has come.
    #[must_use]
    pub const fn progress(&self) -> Progress {
        Progress { records: self.number, bytes: self.offset }
    }

    /// Writes the record that is encoded, without its line end.
    fn put(&mut self, layout: &'f Layout) -> Result<(), FileError> {
        let mut order = self.order.clone();
        order.take(layout).map_err(|what| self.error(what))?;
        let filled = self.totals.fill(self.number + 1, self.file, layout, &mut self.record);
        filled.map_err(|what| self.error(what))?;
        self.totals.begin_again(layout);
        self.totals.add(layout, &self.record);
        self.order = order;
        self.flush_record()
    }

    fn flush_record(&mut self) -> Result<(), FileError> {
        self.record.extend_from_slice(self.line_end().bytes());
        if let Err(error) = self.output.write_all(&self.record) {
            return Err(self.error(error.into()));
        }
        self.number += 1;
        self.offset += self.record.len() as u64;
        Ok(())
    }

    fn line_end(&self) -> LineEnd {
        self.file.line_ends.first().copied().unwrap_or(LineEnd::None)
    }

    fn layout_of(&self, name: &str) -> Result<&'f Layout, FileError> {
        let found = self.start.layouts.iter().map(|(layout, _)| *layout).find(|layout| layout.name == name);
        found.ok_or_else(|| self.error(FileFault::NotOfThisFile { record: name.to_owned() }))
    }

    /// An error in the fields of a value of which only the choice is known.
    #[cold]
    fn record_error(&self, layouts: &[&Layout], error: Error) -> FileError {
        let names: Vec<&str> = layouts.iter().map(|layout| &*layout.name).collect();
        self.error(FileFault::Record { name: names.join(" or "), error })
    }

    #[cold]
    fn error(&self, what: FileFault) -> FileError {
        FileError { record: self.number + 1, offset: self.offset, what }
    }
}
