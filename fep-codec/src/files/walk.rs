//! The step from one record to the next: which record it is, where it ends, and whether it may occur there. This module does no
//! I/O. Callers pass a window that begins at the record.

use alloc::format;
use alloc::vec::Vec;

#[cfg(feature = "rayon")]
use super::Blocks;
use super::fault::{FileError, FileFault};
use super::order::Order;
use super::totals::Totals;
use super::{FileLayout, LineEnd, RECORD_MAX_BYTES};
use crate::layout::Layout;
use crate::lenient::Lenient;

/// A record in its proper place, not yet decoded.
#[derive(Clone, Copy, Debug)]
pub struct RawRecord<'f, 'w> {
    /// Its number, from 1.
    pub number: u64,
    /// Its offset in the file, in bytes.
    pub offset: u64,
    /// The layout of the record.
    pub layout: &'f Layout,
    /// Its bytes, without the line end.
    pub bytes: &'w [u8],
    /// The deviations that are forgiven in its fields.
    pub lenient: Lenient,
}

/// The position in a file, with the order and the totals of its records.
#[derive(Clone, Debug)]
pub(super) struct FileWalk<'f> {
    pub(super) file: &'f FileLayout,
    /// The layouts of the records, each with its length in bytes.
    pub(super) layouts: Vec<(&'f Layout, usize)>,
    order: Order<'f>,
    totals: Totals<'f>,
    pub(super) lenient: Lenient,
    /// The line end of this file, once it is known.
    line_end: Option<LineEnd>,
    /// The number of records so far, filling records included.
    pub(super) number: u64,
    /// The offset of the next record in the file, in bytes.
    pub(super) offset: u64,
    last_len: usize,
    filling: bool,
    /// The record whose blanks were stripped, with the blanks put back.
    padded: Vec<u8>,
}

/// The next record in the window.
pub(super) struct Framed<'f> {
    /// `None` if the record only fills the block.
    pub(super) layout: Option<&'f Layout>,
    /// Whether blanks were put back. Then its bytes are `FileWalk::padded`, not those in the window.
    pub(super) padded: bool,
    /// Its length without the line end.
    pub(super) len: usize,
    /// Its length in the window, with the line end.
    pub(super) consumed: usize,
    /// The fault of its totals, if one is wrong.
    pub(super) wrong: Option<FileFault>,
}

impl<'f> FileWalk<'f> {
    /// # Errors
    /// If no file can satisfy this plan.
    pub(super) fn new(file: &'f FileLayout) -> Result<Self, FileError> {
        let mut layouts = Vec::new();
        let all = file.layouts();
        for (number, layout) in all.iter().enumerate() {
            let name = &layout.name;
            match layout.fixed_len() {
                _ if Layout::is_hidden(&all, number) => {
                    let reason = format!("the record `{name}` would never be found: one before it is known by less");
                    return Err(FileError::bad_plan(reason));
                }
                Some(1..=RECORD_MAX_BYTES) if layout.is_recognisable() || all.len() == 1 => {}
                Some(1..=RECORD_MAX_BYTES) => {
                    let reason = format!("the record `{name}` has neither a literal nor a `when` by which it is known");
                    return Err(FileError::bad_plan(reason));
                }
                _ => {
                    let reason =
                        format!("the record `{name}` must have a fixed length of 1 to {RECORD_MAX_BYTES} bytes");
                    return Err(FileError::bad_plan(reason));
                }
            }
            layouts.push((*layout, layout.min_len()));
        }
        let totals = Totals::new(file, &all)?;
        let order = Order::new(&file.steps);
        let lenient = file.lenient;
        let line_end = None;
        let padded = Vec::new();
        let number = 0;
        let offset = 0;
        let last_len = 0;
        let filling = false;
        Ok(Self { file, layouts, order, totals, lenient, line_end, number, offset, last_len, filling, padded })
    }

    /// A copy of the order and the totals. Callers take it before the first step.
    pub(super) fn start(&self) -> (Order<'f>, Totals<'f>) {
        (self.order.clone(), self.totals.clone())
    }

    /// The number of bytes that the window must have. At the end of the file it may have fewer.
    pub(super) fn window_len(&self) -> usize {
        let longest = self.layouts.iter().map(|(_, len)| *len).max().unwrap_or(0);
        longest + LineEnd::CrLf.bytes().len()
    }

    /// Steps over the next record and returns its place. The file must not have ended. The window has [`FileWalk::window_len`] bytes,
    /// or all that are left.
    pub(super) fn step(&mut self, window: &[u8]) -> Result<Framed<'f>, FileFault> {
        let mut framed = match self.filler(window) {
            Some(filler) => filler?,
            None if self.lenient.stripped && self.has_lines() => self.stripped(window)?,
            None => self.whole(window)?,
        };
        if let Some(layout) = framed.layout {
            if self.filling {
                let record = layout.name.clone().into_owned();
                return Err(FileFault::OutOfPlace { record, allowed: Vec::new() });
            }
            self.order.take(layout)?;
            let bytes = if framed.padded { &self.padded } else { window.get(..framed.len).unwrap_or_default() };
            framed.wrong = self.totals.check(self.number + 1, self.file, layout, bytes);
            self.totals.add(layout, bytes);
        }
        self.number += 1;
        self.offset += framed.consumed as u64;
        (self.last_len, self.filling) = (framed.len, framed.layout.is_none());
        Ok(framed)
    }

    /// The number of bytes from one record to the next. `None` if the line end is not known yet, if the records have several lengths,
    /// or if their blanks may be stripped.
    #[cfg(feature = "rayon")]
    pub(super) fn stride(&self) -> Option<usize> {
        let end = self.line_end?;
        let [(_, len), others @ ..] = self.layouts.as_slice() else { return None };
        let fixed = others.iter().all(|(_, other)| other == len) && !(self.lenient.stripped && self.has_lines());
        fixed.then(|| len + end.bytes().len())
    }

    /// The record in a line of [`FileWalk::stride`] bytes, if it has this layout, is not a filling record and has the file's line end.
    #[cfg(feature = "rayon")]
    pub(super) fn plain_record<'l>(&self, line: &'l [u8], layout: &Layout) -> Option<&'l [u8]> {
        let end = self.line_end?.bytes();
        let record = line.strip_suffix(end)?;
        let fills = |blocks: Blocks| record.iter().all(|byte| *byte == blocks.fill);
        if self.file.blocks.is_some_and(fills) {
            return None;
        }
        self.recognise(record).filter(|(known, _)| core::ptr::eq(*known, layout)).map(|_| record)
    }

    /// Skips this number of records of one layout, whose totals were added up elsewhere. Returns `false` and changes nothing if that
    /// is not possible.
    #[cfg(feature = "rayon")]
    pub(super) fn leap(&mut self, layout: &Layout, records: u64, bytes: usize, totals: &Totals<'_>) -> bool {
        let mut order = self.order.clone();
        if self.filling || !(0..records).all(|_| order.take(layout).is_ok()) {
            return false;
        }
        self.order = order;
        self.totals.join(totals);
        self.number += records;
        self.offset += bytes as u64;
        true
    }

    /// Checks that the file may end here.
    pub(super) fn end(&self) -> Result<(), FileFault> {
        self.order.end()?;
        match self.file.blocks {
            Some(blocks) if !self.lenient.unfilled && !self.number.is_multiple_of(blocks.records as u64) => {
                Err(FileFault::Unfilled { records: self.number, block: blocks.records })
            }
            _ => Ok(()),
        }
    }

    /// The bytes of the last record with [`Framed::padded`].
    pub(super) fn padded(&self) -> &[u8] {
        &self.padded
    }

    /// Steps over a record that fills the block: all its bytes are the filling byte, and the file could end here.
    fn filler(&self, window: &[u8]) -> Option<Result<Framed<'f>, FileFault>> {
        let blocks = self.file.blocks?;
        let len = self.last_len;
        let record = window.get(..len).filter(|record| !record.is_empty())?;
        if record.iter().any(|byte| *byte != blocks.fill) || self.order.end().is_err() {
            return None;
        }
        if self.number.is_multiple_of(blocks.records as u64) {
            return Some(Err(FileFault::Unfilled { records: self.number + 1, block: blocks.records }));
        }
        let line_end = self.line_end_at(window, len);
        Some(line_end.map(|end| Framed {
            layout: None,
            padded: false,
            len,
            consumed: len + end.map_or(0, |end| end.bytes().len()),
            wrong: None,
        }))
    }

    /// Steps over a record that has all its bytes.
    fn whole(&mut self, window: &[u8]) -> Result<Framed<'f>, FileFault> {
        let Some((layout, len)) = self.recognise(window) else {
            let shortest = self.layouts.iter().map(|(_, len)| *len).min().unwrap_or(0);
            let needed = shortest + self.expected_end().bytes().len();
            let cut_off = window.len() < needed;
            return Err(if cut_off { FileFault::CutOff { left: window.len(), needed } } else { self.unknown(window) });
        };
        if window.len() < len {
            let needed = len + self.expected_end().bytes().len();
            return Err(FileFault::CutOff { left: window.len(), needed });
        }
        let end = self.line_end_at(window, len)?;
        self.line_end = self.line_end.or(end);
        let consumed = len + end.map_or(0, |end| end.bytes().len());
        Ok(Framed { layout: Some(layout), padded: false, len, consumed, wrong: None })
    }

    /// Steps over a record up to its line end and puts missing blanks back.
    fn stripped(&mut self, window: &[u8]) -> Result<Framed<'f>, FileFault> {
        let end = (0..window.len()).find_map(|at| Some((at, self.end_in(window.get(at..)?)?)));
        let is_last = window.len() < self.window_len();
        let (found, end) = match end {
            Some((at, end)) => (at, Some(end)),
            None if is_last => (window.len(), None),
            None => return Err(FileFault::LineEnd),
        };
        let longest = self.window_len();
        self.padded.clear();
        self.padded.extend_from_slice(window.get(..found).unwrap_or_default());
        self.padded.resize(longest.max(found), b' ');
        let Some((layout, len)) = self.recognise(&self.padded) else { return Err(self.unknown(&self.padded)) };
        if found > len {
            return Err(FileFault::LineEnd);
        }
        self.padded.truncate(len);
        self.line_end = self.line_end.or(end);
        let consumed = found + end.map_or(0, |end| end.bytes().len());
        Ok(Framed { layout: Some(layout), padded: found < len, len, consumed, wrong: None })
    }

    /// The layout of the record that these bytes are, and its length in bytes. If the file has only one layout, it always matches.
    pub(super) fn recognise(&self, bytes: &[u8]) -> Option<(&'f Layout, usize)> {
        match *self.layouts.as_slice() {
            [only] => Some(only),
            ref several => several.iter().copied().find(|(layout, _)| layout.recognises(bytes)),
        }
    }

    /// The fault of bytes that are none of the records.
    #[cold]
    pub(super) fn unknown(&self, bytes: &[u8]) -> FileFault {
        let layouts: Vec<&Layout> = self.layouts.iter().map(|(layout, _)| *layout).collect();
        FileFault::unknown(&layouts, bytes)
    }

    fn has_lines(&self) -> bool {
        self.file.line_ends.iter().any(|end| *end != LineEnd::None)
    }

    /// The line end behind a whole record of this length, or `None` if the record is the last one and its line end was stripped.
    fn line_end_at(&self, window: &[u8], len: usize) -> Result<Option<LineEnd>, FileFault> {
        let rest = window.get(len..).unwrap_or_default();
        if let Some(end) = self.end_in(rest) {
            return Ok(Some(end));
        }
        let plain = self.line_end.unwrap_or(LineEnd::None) == LineEnd::None;
        if plain && self.file.line_ends.contains(&LineEnd::None) {
            return Ok(Some(LineEnd::None));
        }
        if rest.is_empty() && self.lenient.stripped {
            return Ok(None);
        }
        let expected = self.expected_end().bytes();
        if expected.len() > rest.len() && expected.starts_with(rest) {
            return Err(FileFault::CutOff { left: window.len(), needed: len + expected.len() });
        }
        Err(FileFault::LineEnd)
    }

    /// The line end that these bytes begin with: that of the file, or the longest that the plan accepts if the file's is not known
    /// yet.
    fn end_in(&self, bytes: &[u8]) -> Option<LineEnd> {
        let known = [LineEnd::CrLf, LineEnd::Lf, LineEnd::Cr];
        known.into_iter().find(|end| {
            self.line_end.map_or_else(|| self.file.line_ends.contains(end), |own| own == *end)
                && bytes.starts_with(end.bytes())
        })
    }

    fn expected_end(&self) -> LineEnd {
        self.line_end.or_else(|| self.file.line_ends.first().copied()).unwrap_or(LineEnd::None)
    }
}
