//! The state of a file writer between two writes: the bytes of one record with its totals, and the order of the records. This
//! module does no I/O, so the blocking writer and the asynchronous one share it.

use alloc::borrow::ToOwned as _;
use alloc::vec::Vec;

use super::FileLayout;
use super::casing::Casing;
use super::fault::{FileError, FileFault};
use super::intake::Progress;
use super::numbers::NumberAt;
use super::order::{Order, Taken};
use super::serials::Serials;
use super::tally::Side;
use super::totals::{Due, Place, Settled, Totals, wrong_total};
use super::walk::FileWalk;
use crate::error::Error;
use crate::layout::{Item, Layout};
use crate::record::{Record, Value};
use crate::telegram::TelegramSet;
use crate::view::{patch, refresh};

/// A file that is being written.
#[derive(Debug)]
pub(super) struct Outlet<'f> {
    file: &'f FileLayout,
    /// Recognises the records of the file. It takes no steps.
    start: FileWalk<'f>,
    order: Order<'f>,
    totals: Totals<'f>,
    serials: Serials<'f>,
    /// The bytes that are to be written next: a record with its line end, or a block of records.
    record: Vec<u8>,
    /// Whether these bytes are the rest of a block whose records were counted before.
    closes: bool,
    casing: Casing<'f>,
    number: u64,
    offset: u64,
    /// The offset in the output at which the file begins, if the caller carries out corrections.
    corrects: Option<u64>,
    /// The written records with totals that are still to be filled in.
    open: Vec<Open<'f>>,
    corrections: Vec<Correction>,
    /// The error after which the file cannot become right.
    broken: Option<FileError>,
}

/// A written record with totals of records that come later.
#[derive(Debug)]
struct Open<'f> {
    layout: &'f Layout,
    place: Place,
    /// The offset of its first byte in the file. Before it there can be length words.
    position: u64,
    /// The bytes without those around the record.
    bytes: Vec<u8>,
    /// The paths of the totals that were left out and are not filled in yet.
    left_out: Vec<&'f str>,
}

/// The final bytes of a record that was written before.
#[derive(Debug)]
pub(super) struct Correction {
    /// The offset in bytes: in the file until the caller takes it, then in the output.
    pub(super) offset: u64,
    pub(super) bytes: Vec<u8>,
}

/// The totals and serial numbers that a record leaves out.
enum LeftOut<'p> {
    /// Those at these paths.
    Paths(Vec<&'p str>),
    /// Those that are zero.
    Zeros,
}

impl<'f> Outlet<'f> {
    pub(super) fn new(file: &'f FileLayout) -> Result<Self, FileError> {
        let start = FileWalk::new(file)?;
        let (order, totals, serials) = start.start();
        Ok(Self {
            file,
            start,
            order,
            totals,
            serials,
            record: Vec::new(),
            closes: false,
            casing: Casing::new(file),
            number: 0,
            offset: 0,
            corrects: None,
            open: Vec::new(),
            corrections: Vec::new(),
            broken: None,
        })
    }

    /// From now on, the caller carries out the corrections of records that were written before. The file begins at this offset of the
    /// output.
    pub(super) fn begin_at(&mut self, start: u64) {
        self.corrects = Some(start);
    }

    /// Encodes a record.
    pub(super) fn put(&mut self, mut record: Record<'_>) -> Result<(), FileError> {
        self.check_unbroken()?;
        let name = &record.layout().name;
        let fault = |error| FileFault::Record { name: name.clone().into_owned(), error };
        let layout = self.layout_of(name)?;
        let mut left_out = Vec::new();
        for at in self.totals.fields_in(layout).chain(self.serials.fields_in(layout)) {
            if record.get(at.path) == Some(&Value::Absent) {
                record.set(at.path, at.value(0)).map_err(fault).map_err(|what| self.error(what))?;
                left_out.push(at.path);
            }
        }
        self.record = record.encode().map_err(fault).map_err(|what| self.error(what))?;
        self.finish_record(layout, &LeftOut::Paths(left_out))
    }

    /// Encodes a record of a derived type.
    pub(super) fn put_typed<'a, T: TelegramSet<'a>>(&mut self, record: &T) -> Result<(), FileError> {
        self.check_unbroken()?;
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
            (Ok(_), Some(layout)) => self.finish_record(layout, &LeftOut::Zeros),
            (Ok(_), None) => Err(self.error(self.start.unknown(&self.record))),
            (Err(error), _) => Err(self.record_error(T::LAYOUTS, error)),
        }
    }

    /// Makes the next record that fills up the last block. Returns `false` if the block is full. Fails if the file cannot end here.
    pub(super) fn fill(&mut self) -> Result<bool, FileError> {
        self.check_unbroken()?;
        self.order.end().map_err(|what| self.error(what))?;
        let Some(blocks) = self.file.blocks.filter(|blocks| !self.number.is_multiple_of(blocks.records as u64)) else {
            self.closes = true;
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
        self.number += u64::from(!self.closes);
        self.offset += self.record.len() as u64;
    }

    pub(super) const fn progress(&self) -> Progress {
        Progress { records: self.number, bytes: self.offset }
    }

    /// Ends the file after its last record: fills in the totals that are complete now.
    pub(super) fn end(&mut self) -> Result<(), FileError> {
        let settled = self.totals.end(self.file, self.number);
        self.settle(settled)
    }

    /// The corrections that became due. The caller carries them out. A record whose block is not written yet waits.
    pub(super) fn corrections(&mut self) -> Vec<Correction> {
        let written = self.offset;
        let start = self.corrects.unwrap_or(0);
        let is_written = |due: &mut Correction| due.offset + due.bytes.len() as u64 <= written;
        let due = self.corrections.extract_if(.., is_written);
        due.map(|due| Correction { offset: start + due.offset, ..due }).collect()
    }

    /// Adds the totals, the serial numbers and the line end to an encoded record, if the record may occur here.
    fn finish_record(&mut self, layout: &'f Layout, left_out: &LeftOut<'_>) -> Result<(), FileError> {
        let mut order = self.order.clone();
        let Taken { kept, .. } = order.take(layout).map_err(|what| self.error(what))?;
        let later = self.fill_in(layout, kept, left_out).map_err(|what| self.error(what))?;
        self.check_text(layout).map_err(|what| self.error(what))?;
        let place = Place { number: self.number + 1, offset: self.offset };
        let settled = self.totals.step(self.file, place, kept, layout, &self.record);
        self.serials.step(layout, &self.record);
        self.settle(settled)?;
        self.order = order;
        let bytes = if later.is_empty() { Vec::new() } else { self.record.clone() };
        let start = self.casing.put(&mut self.record).map_err(|what| self.error(what))?;
        if !later.is_empty() {
            let position = self.offset + start as u64;
            self.open.push(Open { layout, place, position, bytes, left_out: later });
        }
        Ok(())
    }

    /// Fills in what the record leaves out, and checks what it gives. Returns the paths of the totals that are filled in later.
    fn fill_in(&mut self, layout: &'f Layout, kept: usize, left_out: &LeftOut<'_>) -> Result<Vec<&'f str>, FileFault> {
        let mut fill = Vec::new();
        let mut later = Vec::new();
        for Due { total, side, at, is_secret, computed } in
            self.totals.due(self.file, self.number + 1, kept, layout, &self.record)
        {
            let stated = at.read(&self.record);
            let name = || (total.record.clone().into_owned(), total.field.clone().into_owned());
            match (left_out.has(&at, stated), side, computed) {
                (true, Side::Before, Some(computed)) => fill.push((at, computed)),
                (true, Side::After | Side::Around, _) if self.corrects.is_some() => later.push(at.path),
                (true, Side::After | Side::Around, _) => {
                    let (record, field) = name();
                    return Err(FileFault::NeedsSeek { record, field });
                }
                (_, Side::Before, None) => {
                    let (record, field) = name();
                    return Err(FileFault::NoTotal { record, field });
                }
                (false, Side::Before, Some(computed)) => {
                    if let Some(stated) = stated.filter(|stated| *stated != computed) {
                        return Err(wrong_total(total, side, (!is_secret).then_some((stated, computed))));
                    }
                }
                (false, Side::After | Side::Around, _) => {}
            }
        }
        for (at, next) in self.serials.due(layout) {
            let stated = at.read(&self.record);
            match (left_out.has(at, stated), next) {
                (true, Some(next)) => fill.push((at.clone(), next.least)),
                (true, None) => {
                    let error = at.missing();
                    return Err(FileFault::Record { name: layout.name.clone().into_owned(), error });
                }
                (false, next) => {
                    if let (Some(next), Some(stated)) = (next, stated)
                        && !next.allows(stated)
                    {
                        return Err(next.wrong(at, stated));
                    }
                }
            }
        }
        put_numbers(layout, &mut self.record, &fill)?;
        Ok(later)
    }

    /// Corrects the records whose totals are complete now, and checks the totals that were given.
    fn settle(&mut self, settled: Vec<Settled<'f>>) -> Result<(), FileError> {
        for settled in settled {
            if let Err(error) = self.settle_one(&settled) {
                self.broken = Some(error.clone());
                return Err(error);
            }
        }
        Ok(())
    }

    fn settle_one(&mut self, settled: &Settled<'f>) -> Result<(), FileError> {
        let Place { number, offset } = settled.place;
        let of_it = |open: &Open<'_>| open.place == settled.place && open.left_out.contains(&settled.at.path);
        let Some(index) = self.open.iter().position(of_it) else { return settled.wrong().map_or(Ok(()), Err) };
        let mut open = self.open.swap_remove(index);
        open.left_out.retain(|path| *path != settled.at.path);
        let total = settled.computed.ok_or_else(|| {
            let record = settled.total.record.clone().into_owned();
            FileFault::NoTotal { record, field: settled.at.path.into() }.at(number, offset)
        })?;
        let number_at = (settled.at.clone(), total);
        put_numbers(open.layout, &mut open.bytes, &[number_at]).map_err(|what| what.at(number, offset))?;
        if open.left_out.is_empty() {
            self.corrections.push(Correction { offset: open.position, bytes: open.bytes });
        } else {
            self.open.push(open);
        }
        Ok(())
    }

    fn check_unbroken(&self) -> Result<(), FileError> {
        self.broken.clone().map_or(Ok(()), Err)
    }

    /// Checks that no text of the record has a line end of the file.
    fn check_text(&self, layout: &Layout) -> Result<(), FileFault> {
        let known = self.start.records.iter().find(|known| core::ptr::eq(known.layout, layout));
        let mut ends = self.start.ends;
        ends.note(Some(ends.expected()));
        known.map_or(Ok(()), |known| ends.in_text(layout, known.ending, &self.record))
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

impl LeftOut<'_> {
    fn has(&self, at: &NumberAt<'_>, stated: Option<i128>) -> bool {
        match self {
            Self::Paths(paths) => paths.contains(&at.path),
            Self::Zeros => stated == Some(0),
        }
    }
}

/// Writes numbers into the bytes of a record, and what the record computes from them.
fn put_numbers(layout: &Layout, bytes: &mut [u8], numbers: &[(NumberAt<'_>, i128)]) -> Result<(), FileFault> {
    let fault = |error| FileFault::Record { name: layout.name.clone().into_owned(), error };
    for (at, number) in numbers {
        patch(layout, bytes, at.path, &at.value(*number)).map_err(fault)?;
    }
    if !numbers.is_empty() && computes(layout) {
        refresh(layout, bytes).map_err(fault)?;
    }
    Ok(())
}

/// Whether the layout has a computed field.
fn computes(layout: &Layout) -> bool {
    layout.items().iter().any(|item| match item {
        Item::Field(field) => field.computed.is_some(),
        Item::Part(part) => computes(&part.layout),
        Item::Group(group) => computes(&group.layout),
        Item::Choice(choice) => choice.cases().iter().any(|case| computes(&case.layout)),
        Item::Tail(_) | Item::Literal(_) | Item::Filler(_) => false,
    })
}

#[cfg(test)]
mod tests {
    use alloc::borrow::Cow;
    use alloc::vec;

    use super::*;
    use crate::charset::Charset;
    use crate::files::{BlockWord, LengthWord, LineEnd, Stands, Step};
    use crate::layout::{Item, Literal};

    #[test]
    fn a_closed_block_is_no_record() {
        let row = Literal { name: "".into(), label: "".into(), bytes: Cow::Borrowed(b"ROW"), text: None };
        let layout = Layout {
            name: "Row".into(),
            label: "".into(),
            charset: Charset::Ascii,
            stated_len: None,
            when: Cow::Borrowed(&[]),
            items: Cow::Owned(vec![Item::Literal(row)]),
        };
        let file = FileLayout {
            steps: Cow::Owned(vec![Step { stands: Stands::Record(Cow::Owned(layout.clone())), min: 0, max: None }]),
            record_word: Some(LengthWord::RDW),
            block_word: Some(BlockWord::BDW),
            ..FileLayout::new("Rows", &[LineEnd::None], &[], &[])
        };
        let mut outlet = Outlet::new(&file).unwrap();
        let mut out = Vec::new();
        for _ in 0..2 {
            outlet.put(Record::new(&layout)).unwrap();
            out.extend_from_slice(outlet.bytes());
            outlet.written();
        }
        while outlet.fill().unwrap() {
            out.extend_from_slice(outlet.bytes());
            outlet.written();
        }
        assert_eq!(out, b"\x00\x12\x00\x00\x00\x07\x00\x00ROW\x00\x07\x00\x00ROW");
        assert_eq!((outlet.progress().records, outlet.progress().bytes), (2, 18));
    }
}
