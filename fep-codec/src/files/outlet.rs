//! The state of a file writer between two writes: the bytes of one record with its totals, and the order of the records. This
//! module does no I/O, so the blocking writer and the asynchronous one share it.

use alloc::borrow::ToOwned as _;
use alloc::vec::Vec;

use super::FileLayout;
use super::casing::Casing;
use super::fault::{FileError, FileFault};
use super::intake::Progress;
use super::order::Order;
use super::totals::Totals;
use super::walk::FileWalk;
use crate::error::Error;
use crate::layout::Layout;
use crate::record::Record;
use crate::telegram::TelegramSet;

/// A file that is being written.
#[derive(Debug)]
pub(super) struct Outlet<'f> {
    file: &'f FileLayout,
    /// Recognises the records of the file. It takes no steps.
    start: FileWalk<'f>,
    order: Order<'f>,
    totals: Totals<'f>,
    /// The bytes that are to be written next: a record with its line end, or a block of records.
    record: Vec<u8>,
    casing: Casing<'f>,
    number: u64,
    offset: u64,
}

impl<'f> Outlet<'f> {
    pub(super) fn new(file: &'f FileLayout) -> Result<Self, FileError> {
        let start = FileWalk::new(file)?;
        let (order, totals) = start.start();
        Ok(Self { file, start, order, totals, record: Vec::new(), casing: Casing::new(file), number: 0, offset: 0 })
    }

    /// Encodes a record.
    pub(super) fn put(&mut self, mut record: Record<'_>) -> Result<(), FileError> {
        let name = &record.layout().name;
        let fault = |error| FileFault::Record { name: name.clone().into_owned(), error };
        let layout = self.layout_of(name)?;
        let encoded = self.totals.leave_room(&mut record).and_then(|()| record.encode());
        self.record = encoded.map_err(fault).map_err(|what| self.error(what))?;
        self.finish_record(layout)
    }

    /// Encodes a record of a derived type.
    pub(super) fn put_typed<'a, T: TelegramSet<'a>>(&mut self, record: &T) -> Result<(), FileError> {
        let mut bytes = core::mem::take(&mut self.record);
        bytes.clear();
        bytes.resize(record.any_len(), 0);
        let written = record.encode_any(&mut bytes);
        // A type of one record needs no marks.
        let layout = match T::LAYOUTS {
            [only] => self.layout_of(&only.name).ok(),
            _ => self.start.recognise(&bytes),
        };
        self.record = bytes;
        match (written, layout) {
            (Ok(_), Some(layout)) => self.finish_record(layout),
            (Ok(_), None) => Err(self.error(FileFault::Unknown)),
            (Err(error), _) => Err(self.record_error(T::LAYOUTS, error)),
        }
    }

    /// Makes the next record that fills up the last block. Returns `false` if the block is full. Fails if the file cannot end here.
    pub(super) fn fill(&mut self) -> Result<bool, FileError> {
        self.order.end().map_err(|what| self.error(what))?;
        let Some(blocks) = self.file.blocks.filter(|blocks| !self.number.is_multiple_of(blocks.records as u64)) else {
            return self.casing.close(&mut self.record).map_err(|what| self.error(what));
        };
        self.casing.fill(blocks.fill, &mut self.record);
        Ok(true)
    }

    /// The bytes that are to be written next.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.record
    }

    /// Counts the current record as written.
    pub(super) fn written(&mut self) {
        self.number += 1;
        self.offset += self.record.len() as u64;
    }

    pub(super) const fn progress(&self) -> Progress {
        Progress { records: self.number, bytes: self.offset }
    }

    /// Adds the totals and the line end to an encoded record, if the record may occur here.
    fn finish_record(&mut self, layout: &'f Layout) -> Result<(), FileError> {
        let mut order = self.order.clone();
        order.take(layout).map_err(|what| self.error(what))?;
        let filled = self.totals.fill(self.number + 1, self.file, layout, &mut self.record);
        filled.map_err(|what| self.error(what))?;
        self.totals.begin_again(layout);
        self.totals.add(layout, &self.record);
        self.order = order;
        self.casing.put(&mut self.record).map(drop).map_err(|what| self.error(what))
    }

    fn layout_of(&self, name: &str) -> Result<&'f Layout, FileError> {
        let found = self.start.records.iter().map(|known| known.layout).find(|layout| layout.name == name);
        found.ok_or_else(|| self.error(FileFault::NotOfThisFile { record: name.to_owned() }))
    }

    /// An error in the fields of a record that is one of these layouts.
    #[cold]
    fn record_error(&self, layouts: &[&Layout], error: Error) -> FileError {
        let names: Vec<&str> = layouts.iter().map(|layout| &*layout.name).collect();
        self.error(FileFault::Record { name: names.join(" or "), error })
    }

    /// An error in the record that would be the next one.
    #[cold]
    pub(super) fn error(&self, what: FileFault) -> FileError {
        FileError { record: self.number + 1, offset: self.offset, what }
    }
}
