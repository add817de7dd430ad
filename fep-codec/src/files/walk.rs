//! The step from one record to the next: which record it is, where it ends, and whether it may occur there. This module does no
//! I/O. Callers pass a window that begins at the record.
//!
//! The records that the order allows are tried first by their marks. A record without marks takes the bytes that no mark fits.
//! The last record is tried only where the file ends behind it.

use alloc::vec::Vec;

#[cfg(feature = "rayon")]
use super::Blocks;
use super::FileLayout;
use super::ending::{Ending, Known};
use super::ends::Ends;
use super::fault::{FileError, FileFault, Measured, WordFault};
use super::line_end::LineEnd;
use super::order::Order;
use super::plan;
use super::serials::Serials;
use super::totals::{Place, Settled, Totals};
use crate::layout::Layout;
use crate::lenient::{Forgiven, Lenient};
use crate::record::Plan;

/// A record in its proper place, not yet decoded.
#[derive(Clone, Copy, Debug)]
pub struct RawRecord<'f, 'w> {
    /// Its number, from 1.
    pub number: u64,
    /// Its offset in the file, in bytes. A length word before the record does not belong to it.
    pub offset: u64,
    /// The layout of the record.
    pub layout: &'f Layout,
    /// The plan of its layout.
    pub(super) plan: Option<&'w Plan<'f>>,
    /// Its bytes, without the line end and without a length word.
    pub bytes: &'w [u8],
    /// The deviations that are forgiven in its fields.
    pub lenient: Lenient,
    /// The deviations that were forgiven around its fields, and before it since the last record. [`RawRecord::decode_reporting`] adds
    /// those in its fields.
    pub forgiven: &'w [Forgiven],
}

/// The position in a file, with the order and the totals of its records.
#[derive(Clone, Debug)]
pub(super) struct FileWalk<'f> {
    pub(super) file: &'f FileLayout,
    /// The records of the file.
    pub(super) records: Vec<Known<'f>>,
    /// The plan of each record.
    plans: Vec<Plan<'f>>,
    pub(super) order: Order<'f>,
    /// The records that may come next, by their index, in the order of the plan. The flag says that the file must end behind it.
    next: Vec<(usize, bool)>,
    /// Whether the file must end with the record that only its position tells apart.
    last_is_required: bool,
    totals: Totals<'f>,
    serials: Serials<'f>,
    pub(super) lenient: Lenient,
    pub(super) ends: Ends<'f>,
    /// The number of records so far, filling records included.
    pub(super) number: u64,
    /// The offset of the next record in the file, in bytes.
    pub(super) offset: u64,
    /// The number of bytes that are left in the block, if blocks have length words.
    block_left: usize,
    last_len: usize,
    filling: bool,
    /// Whether an end-of-file mark was passed, behind which no record stands.
    pub(super) after_mark: bool,
    /// The deviations that were forgiven since the last record, and in the current one.
    pub(super) forgiven: Vec<Forgiven>,
    /// The record whose blanks were stripped, with the blanks put back.
    pub(super) padded: Vec<u8>,
}

/// The next bytes in the window: a record, or bytes between records.
pub(super) struct Framed<'f> {
    /// `None` for bytes between records, and for a record that only fills the block.
    pub(super) layout: Option<&'f Layout>,
    /// Whether blanks were put back. Then its bytes are `FileWalk::padded`, not those in the window.
    pub(super) padded: bool,
    /// Its offset in the window: the length of its length word.
    pub(super) start: usize,
    /// Its length without the line end.
    pub(super) len: usize,
    /// Its length in the window, with the length word and the line end.
    pub(super) consumed: usize,
    /// The number of records that it is.
    pub(super) count: u64,
    /// The totals that are wrong, of this record or of one before it, and its serial number, if it is wrong.
    pub(super) wrong: Vec<FileError>,
}

impl<'f> FileWalk<'f> {
    /// # Errors
    /// If no file can satisfy this plan.
    pub(super) fn new(file: &'f FileLayout) -> Result<Self, FileError> {
        let records = plan::records(file)?;
        let layouts: Vec<&Layout> = records.iter().map(|record| record.layout).collect();
        let plans = layouts.iter().map(|layout| Plan::new(layout)).collect();
        let mut walk = Self {
            file,
            records,
            plans,
            order: Order::new(&file.steps),
            next: Vec::new(),
            last_is_required: file.steps.last().is_some_and(|step| step.min > 0),
            totals: Totals::new(file, &layouts).map_err(FileError::bad_plan)?,
            serials: Serials::new(file, &layouts).map_err(FileError::bad_plan)?,
            lenient: file.lenient,
            ends: Ends::new(&file.line_ends, file.last_line_end),
            number: 0,
            offset: 0,
            block_left: 0,
            last_len: 0,
            filling: false,
            after_mark: false,
            forgiven: Vec::new(),
            padded: Vec::new(),
        };
        walk.look_ahead();
        Ok(walk)
    }

    /// A copy of the order, the totals and the serial numbers. Callers take it before the first step.
    pub(super) fn start(&self) -> (Order<'f>, Totals<'f>, Serials<'f>) {
        (self.order.clone(), self.totals.clone(), self.serials.clone())
    }

    /// The plan of a record of the file.
    pub(super) fn plan_of(&self, layout: &Layout) -> Option<&Plan<'f>> {
        self.plans.iter().find(|plan| core::ptr::eq(plan.layout(), layout))
    }

    /// The maximum length of a record in bytes.
    pub(super) fn longest(&self) -> usize {
        self.records.iter().map(|record| record.max).max().unwrap_or(0)
    }

    /// The number of bytes that the window must have. At the end of the file it may have fewer: then it has all that are left.
    pub(super) fn window_len(&self) -> usize {
        let word_len = self.file.record_word.map_or(0, |word| word.word_len());
        let line = self.longest() + word_len + LineEnd::CrLf.bytes().len();
        // One more byte shows whether the file ends behind a record. A record that fills the block may follow the last one.
        let ahead = if self.file.blocks.is_some() { line } else { 1 };
        line + ahead + self.forgiven_len()
    }

    /// Steps over the next record and returns its place. The file must not have ended. The window has [`FileWalk::window_len`] bytes,
    /// or all that are left.
    pub(super) fn step(&mut self, window: &[u8]) -> Result<Framed<'f>, FileFault> {
        let mut framed = match self.strict(window) {
            Ok(_) if self.after_mark => self.forgive(window, FileFault::AfterTheEnd)?,
            Ok(framed) if self.lenient.stripped && self.ends.some() => self.shorter(window, framed),
            Ok(framed) => framed,
            Err(fault) => self.forgive(window, fault)?,
        };
        if let Some(layout) = framed.layout {
            if self.filling {
                let record = layout.name.clone().into_owned();
                return Err(FileFault::OutOfPlace { record, allowed: Vec::new() });
            }
            let taken = self.order.take(layout)?;
            if taken.changes {
                self.look_ahead();
            }
            let bytes = if framed.padded {
                &self.padded
            } else {
                window.get(framed.start..framed.start + framed.len).unwrap_or_default()
            };
            let place = Place { number: self.number + 1, offset: self.offset };
            let settled = self.totals.step(self.file, place, taken.kept, layout, bytes);
            framed.wrong.extend(settled.iter().filter_map(Settled::wrong));
            framed.wrong.extend(self.serials.step(layout, bytes).map(|what| what.at(place.number, place.offset)));
        }
        self.number += framed.count;
        self.offset += framed.consumed as u64;
        if framed.count > 0 {
            self.block_left = self.block_left.saturating_sub(framed.consumed);
            (self.last_len, self.filling) = (framed.len, framed.layout.is_none());
        }
        Ok(framed)
    }

    /// Steps over the next bytes without forgiving anything.
    #[inline]
    pub(super) fn strict(&mut self, window: &[u8]) -> Result<Framed<'f>, FileFault> {
        match self.block(window) {
            Some(word) => word,
            None => self.filler(window).unwrap_or_else(|| self.whole(window)),
        }
    }

    /// The number of bytes from one record to the next. `None` if the line end is not known yet, if a record must be stepped over to
    /// know where it ends or which one it is, or if a deviation may be forgiven.
    #[cfg(feature = "rayon")]
    pub(super) fn stride(&self) -> Option<usize> {
        use super::line_end::LastLineEnd;

        let end = self.ends.known()?;
        let [first, others @ ..] = self.records.as_slice() else { return None };
        let Ending::Fixed(len) = first.ending else { return None };
        let one_len = others.iter().all(|other| other.ending == first.ending);
        let told_apart = others.is_empty() || self.records.iter().all(|record| record.is_marked);
        let has_words = self.file.record_word.is_some() || self.file.block_word.is_some();
        let plain = self.ends.last != LastLineEnd::None && !self.forgives_lines();
        (one_len && told_apart && !has_words && plain && !self.has_last()).then(|| len + end.bytes().len())
    }

    /// The record in a line of [`FileWalk::stride`] bytes, if it has this layout, is not a filling record and has the file's line end.
    #[cfg(feature = "rayon")]
    pub(super) fn plain_record<'l>(&self, line: &'l [u8], layout: &Layout) -> Option<&'l [u8]> {
        let end = self.ends.known()?.bytes();
        let record = line.strip_suffix(end)?;
        let fills = |blocks: Blocks| record.iter().all(|byte| *byte == blocks.fill);
        if self.file.blocks.is_some_and(fills) {
            return None;
        }
        let is_it = self.recognise(record).is_some_and(|known| core::ptr::eq(known, layout));
        (is_it && self.ends.in_text(layout, Ending::Fixed(record.len()), record).is_ok()).then_some(record)
    }

    /// Skips this number of records of one layout, whose totals were added up elsewhere. Returns `false` and changes nothing if that
    /// is not possible.
    #[cfg(feature = "rayon")]
    pub(super) fn leap(&mut self, layout: &Layout, records: u64, bytes: usize, totals: &Totals<'_>) -> bool {
        let mut order = self.order.clone();
        let depth = order.depth();
        // A record that ends a sequence also ends totals.
        if self.filling || !(0..records).all(|_| order.take(layout).is_ok_and(|taken| taken.kept == depth)) {
            return false;
        }
        self.order = order;
        self.look_ahead();
        self.totals.join(totals);
        self.number += records;
        self.offset += bytes as u64;
        true
    }

    /// Checks that the file may end here.
    pub(super) fn end(&self) -> Result<(), FileFault> {
        if self.block_left > 0 {
            return Err(Measured::Block.fault(WordFault::Truncated { stated: self.block_left, left: 0 }));
        }
        self.order.end()?;
        match self.file.blocks {
            Some(blocks) if !self.lenient.unfilled && !self.number.is_multiple_of(blocks.records as u64) => {
                Err(FileFault::Unfilled { records: self.number, block: blocks.records })
            }
            _ => Ok(()),
        }
    }

    /// The totals of earlier records that are wrong when the file ends here.
    pub(super) fn wrong_at_end(&mut self) -> Vec<FileError> {
        self.totals.end(self.file, self.number).iter().filter_map(Settled::wrong).collect()
    }

    /// Whether records of this layout must be stepped over one by one, because they have totals or serial numbers.
    #[cfg(feature = "rayon")]
    pub(super) fn is_numbered(&self, layout: &Layout) -> bool {
        self.totals.are_in(layout) || self.serials.are_in(layout)
    }

    /// The bytes of the last record with [`Framed::padded`].
    pub(super) fn padded(&self) -> &[u8] {
        &self.padded
    }

    /// The first record of the plan whose marks these bytes have, wherever it may stand. If the file has only one record, it always
    /// matches.
    pub(super) fn recognise(&self, bytes: &[u8]) -> Option<&'f Layout> {
        match self.records.as_slice() {
            [only] => Some(only.layout),
            several => {
                several.iter().find(|known| known.is_marked && known.recognises(bytes)).map(|known| known.layout)
            }
        }
    }

    /// Whether this window has all the bytes that are left in the file.
    pub(super) fn is_end(&self, window: &[u8]) -> bool {
        window.len() < self.window_len()
    }

    /// Notes the records that may come next.
    fn look_ahead(&mut self) {
        let place = |layout: &Layout| self.records.iter().position(|known| known.layout.name == layout.name);
        let next = self.order.next().into_iter().filter_map(|one| Some((place(one.layout)?, one.is_last)));
        let mut next: Vec<(usize, bool)> = next.collect();
        next.sort_unstable();
        next.dedup();
        self.next = next;
    }

    #[cfg(feature = "rayon")]
    fn has_last(&self) -> bool {
        self.file.steps.last().is_some_and(|step| matches!(step.stands, super::Stands::Last(_)))
    }

    /// Steps over the length word of a block, if the last block is used up.
    fn block(&mut self, window: &[u8]) -> Option<Result<Framed<'f>, FileFault>> {
        let block = self.file.block_word.filter(|_| self.block_left == 0)?;
        let word_len = block.word.word_len();
        let max = block.max_bytes.saturating_sub(word_len);
        let framed = match block.word.read(window) {
            Ok(0) => Err(WordFault::TooSmall { stated: word_len, word_len }),
            Ok(stated) if stated > max => Err(WordFault::TooLarge { stated, max }),
            Ok(stated) => {
                self.block_left = stated;
                Ok(Framed::between(word_len))
            }
            Err(fault) => Err(fault),
        };
        Some(framed.map_err(|what| Measured::Block.fault(what)))
    }

    /// Steps over a record that fills the block: all its bytes are the filling byte, and the file could end here.
    fn filler(&self, window: &[u8]) -> Option<Result<Framed<'f>, FileFault>> {
        let blocks = self.file.blocks?;
        let len = self.last_len;
        if !self.is_filler(window) || self.order.end().is_err() {
            return None;
        }
        if self.number.is_multiple_of(blocks.records as u64) {
            return Some(Err(FileFault::Unfilled { records: self.number + 1, block: blocks.records }));
        }
        let line_end = self.ends.behind(len, window.get(len..).unwrap_or_default(), self.is_end(window));
        Some(line_end.map(|end| Framed {
            count: 1,
            len,
            ..Framed::between(len + end.map_or(0, |end| end.bytes().len()))
        }))
    }

    /// Whether these bytes begin with a record that only fills the block.
    fn is_filler(&self, bytes: &[u8]) -> bool {
        let Some(blocks) = self.file.blocks else { return false };
        let record = bytes.get(..self.last_len).unwrap_or_default();
        !record.is_empty() && record.iter().all(|byte| *byte == blocks.fill)
    }

    /// Steps over a record that has all its bytes.
    fn whole(&mut self, window: &[u8]) -> Result<Framed<'f>, FileFault> {
        let stated = self.stated_len(window)?;
        let start = self.file.record_word.map_or(0, |word| word.word_len());
        let rest = window.get(start..).unwrap_or_default();
        let own = stated.map_or(rest, |len| rest.get(..len).unwrap_or(rest));
        let known = self.choose(own, |known| self.is_last(known, window))?;
        let (len, end) = self.extent(known, stated, window)?;
        let mut ends = self.ends;
        ends.note(end);
        ends.in_text(known.layout, known.ending, rest.get(..len).unwrap_or_default())?;
        self.ends = ends;
        let consumed = start + len + end.map_or(0, |end| end.bytes().len());
        if self.file.block_word.is_some() && consumed > self.block_left {
            return Err(Measured::Record.fault(WordFault::Crosses { len: consumed, left: self.block_left }));
        }
        Ok(Framed { layout: Some(known.layout), start, len, count: 1, ..Framed::between(consumed) })
    }

    /// The length that the record's length word states, if records have one. The record is complete.
    fn stated_len(&self, window: &[u8]) -> Result<Option<usize>, FileFault> {
        let Some(word) = self.file.record_word else { return Ok(None) };
        let fault = |what| Measured::Record.fault(what);
        let stated = word.read(window).map_err(fault)?;
        let left = window.len().saturating_sub(word.word_len());
        let max = self.longest();
        match stated {
            stated if stated > max => Err(fault(WordFault::TooLarge { stated, max })),
            stated if stated > left => Err(fault(WordFault::Truncated { stated, left })),
            stated => Ok(Some(stated)),
        }
    }

    /// The record that these bytes are, among those that the order allows here. `is_last` says whether a record would be the last.
    pub(super) fn choose(&self, bytes: &[u8], is_last: impl Fn(Known<'f>) -> bool) -> Result<Known<'f>, FileFault> {
        let mut found: Option<Known<'f>> = None;
        let mut last = None;
        for (index, must_end) in &self.next {
            let Some(known) = self.records.get(*index).copied() else { continue };
            if self.records.len() > 1 && !(known.recognises(bytes) && self.fits(&known, bytes)) {
                continue;
            }
            let is_better = |other: &Known<'_>| known.is_marked && !other.is_marked;
            if !*must_end {
                if found.as_ref().is_none_or(is_better) {
                    found = Some(known);
                }
            } else if self.next.len() == 1 || is_last(known) {
                // If only the last record can come, the bytes behind it are the mistake.
                last = Some(known);
            }
        }
        // If the last record may be missing, its position alone does not make a record with marks another one.
        let position_decides = |known: &Known<'_>| {
            known.is_marked || self.last_is_required || !found.as_ref().is_some_and(|found| found.is_marked)
        };
        last.filter(position_decides).or(found).ok_or_else(|| self.none_fits(bytes))
    }

    /// Whether the length word allows a record without marks, which nothing else tells apart.
    #[inline]
    fn fits(&self, known: &Known<'f>, bytes: &[u8]) -> bool {
        let alone = known.is_marked || self.file.record_word.is_none() || self.next.len() == 1;
        alone || !matches!(known.ending, Ending::Fixed(len) if len != bytes.len())
    }

    /// The length of a record in bytes, and its line end. `None` for a last record without a line end.
    fn extent(
        &self,
        known: Known<'f>,
        stated: Option<usize>,
        window: &[u8],
    ) -> Result<(usize, Option<LineEnd>), FileFault> {
        let ended = self.is_end(window);
        if let Some(stated) = stated {
            let own = self.file.record_word.map_or(0, |word| word.word_len());
            let bytes = window.get(own..own + stated).unwrap_or_default();
            let len = known.len(bytes, true);
            let len = match len {
                Err(FileFault::CutOff { needed, .. }) => needed,
                other => other?.unwrap_or_else(|| stated.clamp(known.min, known.max)),
            };
            let differs = || WordFault::Differs { record: known.name(), stated, len };
            return if len == stated { Ok((len, None)) } else { Err(Measured::Record.fault(differs())) };
        }
        let len = match known.len(window, ended)? {
            Some(len) => len,
            None => self.ends.open_len(&known, window, ended)?,
        };
        if window.len() < len {
            let needed = len + self.ends.expected().bytes().len();
            return Err(FileFault::CutOff { left: window.len(), needed });
        }
        let end = self.ends.behind(len, window.get(len..).unwrap_or_default(), ended)?;
        Ok((len, end))
    }

    /// Whether nothing follows if the window begins with this record.
    fn is_last(&self, known: Known<'f>, window: &[u8]) -> bool {
        let Ok(stated) = self.stated_len(window) else { return false };
        let Ok((len, end)) = self.extent(known, stated, window) else { return false };
        let word_len = self.file.record_word.map_or(0, |word| word.word_len());
        let consumed = word_len + len + end.map_or(0, |end| end.bytes().len());
        match window.get(consumed..) {
            Some([]) | None => true,
            Some(rest) => {
                let fills = self.file.blocks.is_some_and(|blocks| {
                    rest.get(..len).is_some_and(|next| !next.is_empty() && next.iter().all(|byte| *byte == blocks.fill))
                });
                fills || self.is_forgiven_end(rest)
            }
        }
    }

    /// The fault of bytes that are none of the records. It names those that may stand here, and shows no bytes if any record of the file has a secret
    /// field: a file that lacks its header begins with another record.
    #[cold]
    pub(super) fn unknown(&self, bytes: &[u8]) -> FileFault {
        let records = self.next.iter().filter_map(|(index, _)| self.records.get(*index));
        let layouts: Vec<&Layout> = records.map(|known| known.layout).collect();
        let has_secret = self.records.iter().any(|known| known.layout.has_secret());
        FileFault::unknown(&layouts, bytes, has_secret)
    }

    /// The fault of bytes that are none of the records that may stand here.
    #[cold]
    fn none_fits(&self, bytes: &[u8]) -> FileFault {
        if let Some(layout) = self.recognise(bytes) {
            let record = layout.name.clone().into_owned();
            return self.order.clone().take(layout).err().unwrap_or(FileFault::NotLast { record });
        }
        if self.next.is_empty() {
            return FileFault::AfterTheEnd;
        }
        let shortest = self.records.iter().map(|record| record.min).min().unwrap_or(0);
        let needed = shortest + self.ends.expected().bytes().len();
        let left = bytes.len();
        if left < needed { FileFault::CutOff { left, needed } } else { self.unknown(bytes) }
    }
}

impl Framed<'_> {
    /// Bytes between records.
    pub(super) const fn between(consumed: usize) -> Self {
        Self { layout: None, padded: false, start: 0, len: 0, consumed, count: 0, wrong: Vec::new() }
    }
}
