//! The deviations of a file that a reader forgives, each with its report.
//!
//! A record is first read strictly. Only if that fails, its deviations are looked at. So a file that can be read strictly has the same
//! records if it is read leniently, and a line end is searched only where a record of full length does not fit.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use core::mem::replace;

use super::ending::Known;
use super::fault::FileFault;
use super::line_end::{LastLineEnd, LineEnd};
use super::walk::{FileWalk, Framed};
use crate::error::Fault;
use crate::lenient::{Deviation, Forgiven, Lenient};
use crate::record::Record;

/// The number of line ends at which a record with stripped blanks may end. Those inside its binary fields count too.
const CUTS_MAX: usize = 64;

/// The number of bytes behind a record in which blanks, blank lines and end-of-file marks are looked for.
const AHEAD_BYTES: usize = 4096;

/// The end-of-file mark of DOS.
const EOF_MARK: u8 = 0x1A;

impl<'f> FileWalk<'f> {
    /// The number of bytes behind a record that forgiving needs.
    pub(super) const fn forgiven_len(&self) -> usize {
        let Lenient { eof_mark, blank_lines, trailing_blanks, .. } = self.lenient;
        if eof_mark || blank_lines || trailing_blanks { AHEAD_BYTES } else { 0 }
    }

    /// Whether the places of records may depend on forgiven deviations.
    #[cfg(feature = "rayon")]
    pub(super) fn forgives_lines(&self) -> bool {
        let Lenient { stripped, blank_lines, trailing_blanks, .. } = self.lenient;
        (stripped || blank_lines || trailing_blanks) && self.ends.some()
    }

    /// Whether these bytes, which follow a record, may stand behind the last one.
    pub(super) fn is_forgiven_end(&self, behind: &[u8]) -> bool {
        let mut rest = behind;
        while !rest.is_empty() {
            let Some((_, len)) = self.between(rest, true) else { return false };
            rest = rest.get(len..).unwrap_or_default();
        }
        true
    }

    /// Steps over bytes that are not a record as the plan asks, if that is forgiven. Otherwise the fault remains.
    #[cold]
    pub(super) fn forgive(&mut self, window: &[u8], fault: FileFault) -> Result<Framed<'f>, FileFault> {
        let ended = self.is_end(window);
        if let Some((deviation, len)) = self.between(window, ended).filter(|_| self.may_stand_here(window)) {
            let assumed = match deviation {
                Deviation::EofMark => "the end of the file",
                _ => "blank lines are no records",
            };
            self.after_mark |= deviation == Deviation::EofMark;
            self.report(Forgiven::new(deviation, 0..len as u64, assumed));
            return Ok(Framed::between(len));
        }
        if self.after_mark {
            return Err(FileFault::AfterTheEnd);
        }
        let last = matches!(
            fault,
            FileFault::NoLastLineEnd { .. } | FileFault::CutOffLineEnd { .. } | FileFault::SurplusLineEnd
        );
        if last && self.forgives_last_line_end() {
            return self.last_line_end(window, fault);
        }
        if let Some(framed) = self.trailing_blanks(window, ended) {
            return Ok(framed);
        }
        if self.lenient.stripped && self.ends.some() {
            return self.stripped(window, ended).map_err(|refused| refused.unwrap_or(fault));
        }
        Err(fault)
    }

    /// The forgiven bytes between records that these bytes begin with: the deviation, and its length.
    fn between(&self, window: &[u8], ended: bool) -> Option<(Deviation, usize)> {
        let marks = window.iter().take_while(|byte| **byte == EOF_MARK).count();
        if self.lenient.eof_mark && marks > 0 {
            let end = self.ends.at_start(window.get(marks..)?);
            return Some((Deviation::EofMark, marks + len_of(end)));
        }
        if !self.lenient.blank_lines || !self.ends.some() {
            return None;
        }
        let blanks = self.blanks(window);
        let rest = window.get(blanks..)?;
        match self.ends.at_start(rest) {
            Some(end) => Some((Deviation::BlankLines, blanks + len_of(Some(end)))),
            None if rest.is_empty() && ended && blanks > 0 => Some((Deviation::BlankLines, blanks)),
            None => None,
        }
    }

    /// Whether forgiven bytes may stand here: an end-of-file mark only where the file may end.
    fn may_stand_here(&self, window: &[u8]) -> bool {
        window.first() != Some(&EOF_MARK) || self.order.end().is_ok()
    }

    /// The number of blanks that these bytes begin with.
    fn blanks(&self, bytes: &[u8]) -> usize {
        let space = self.records.first().map_or(b' ', |known| known.layout.charset.space());
        bytes.iter().take_while(|byte| **byte == space).count()
    }

    /// Whether the last line end may be missing. If an editor stripped blanks, it may have stripped that too.
    const fn forgives_last_line_end(&self) -> bool {
        self.lenient.last_line_end || self.lenient.stripped
    }

    /// Steps over the last record, whose line end is missing, incomplete or surplus.
    fn last_line_end(&mut self, window: &[u8], fault: FileFault) -> Result<Framed<'f>, FileFault> {
        let piece = if let FileFault::CutOffLineEnd { left, .. } = fault { left } else { 0 };
        let own = window.get(..window.len().saturating_sub(piece)).unwrap_or_default();
        let plan = replace(&mut self.ends.last, LastLineEnd::Optional);
        let framed = self.strict(own);
        self.ends.last = plan;
        let framed = framed?;
        let consumed = framed.consumed + piece;
        let at = (framed.start + framed.len) as u64;
        let assumed = match fault {
            FileFault::SurplusLineEnd => "the last record has a line end",
            _ => "the last record has no line end",
        };
        self.report(Forgiven::new(Deviation::LastLineEnd, at..consumed as u64, assumed));
        Ok(Framed { consumed, ..framed })
    }

    /// Steps over a record that blanks follow before its line end.
    fn trailing_blanks(&mut self, window: &[u8], ended: bool) -> Option<Framed<'f>> {
        if !self.lenient.trailing_blanks || !self.ends.some() {
            return None;
        }
        let known = self.choose(window, |known| self.ends_with_blanks(known, window)).ok()?;
        let (len, blanks, end) = self.with_blanks(known, window, ended)?;
        self.ends.note(end);
        let consumed = len + blanks + len_of(end);
        let range = len as u64..(len + blanks) as u64;
        let assumed = format!("{blanks} blank{} behind the record ignored", if blanks == 1 { "" } else { "s" });
        self.report(Forgiven::new(Deviation::TrailingBlanks, range, assumed));
        if end.is_none() && self.ends.last == LastLineEnd::Required {
            let at = consumed as u64;
            self.report(Forgiven::new(Deviation::LastLineEnd, at..at, "the last record has no line end"));
        }
        Some(Framed { layout: Some(known.layout), len, count: 1, ..Framed::between(consumed) })
    }

    /// The length of a record, the number of blanks behind it, and its line end.
    fn with_blanks(&self, known: Known<'f>, window: &[u8], ended: bool) -> Option<(usize, usize, Option<LineEnd>)> {
        let len = known.len(window, ended).ok()??;
        let behind = window.get(len..)?;
        let blanks = self.blanks(behind);
        let rest = behind.get(blanks..)?;
        let end = self.ends.at_start(rest);
        let may_end = || {
            let missing = self.ends.last != LastLineEnd::Required || self.forgives_last_line_end();
            rest.is_empty() && ended && missing
        };
        (blanks > 0 && (end.is_some() || may_end())).then_some((len, blanks, end))
    }

    /// Whether nothing follows if the window begins with this record and blanks.
    fn ends_with_blanks(&self, known: Known<'f>, window: &[u8]) -> bool {
        let Some((len, blanks, end)) = self.with_blanks(known, window, self.is_end(window)) else { return false };
        self.is_forgiven_end(window.get(len + blanks + len_of(end)..).unwrap_or_default())
    }

    /// A record of full length can consist of a stripped record and the next one. So if it has the bytes of a line end and cannot be read,
    /// it ends at that line end, provided that it can be read then.
    pub(super) fn shorter(&mut self, window: &[u8], framed: Framed<'f>) -> Framed<'f> {
        let Some(layout) = framed.layout else { return framed };
        let own = window.get(framed.start..framed.start + framed.len).unwrap_or_default();
        let has_end = (1..own.len()).any(|at| own.get(at..).is_some_and(|rest| self.ends.at_start(rest).is_some()));
        if !has_end || Record::decode(layout, own).is_ok() {
            return framed;
        }
        match self.stripped(window, self.is_end(window)) {
            Ok(cut) if cut.layout.is_some_and(|layout| Record::decode(layout, &self.padded).is_ok()) => cut,
            _ => {
                self.forgiven.retain(|one| one.record != Some(self.number + 1));
                framed
            }
        }
    }

    /// Steps over a record up to its line end and puts missing blanks back. The error is a better one than the strict fault, if there is
    /// one.
    fn stripped(&mut self, window: &[u8], ended: bool) -> Result<Framed<'f>, Option<FileFault>> {
        let mut refused = None;
        let mut cuts = 1..window.len().min(self.longest()).saturating_add(1);
        for _ in 0..CUTS_MAX {
            let cut = cuts.find_map(|at| {
                let rest = window.get(at..)?;
                match self.ends.at_start(rest) {
                    Some(end) => Some((at, Some(end))),
                    None if rest.is_empty() && ended => Some((at, None)),
                    None => None,
                }
            });
            let Some((at, end)) = cut else { break };
            match self.complete(window, at, end) {
                Ok(framed) => return Ok(framed),
                Err(fault) => refused = fault.or(refused),
            }
        }
        Err(refused)
    }

    /// The record in the first `at` bytes of the window, if it can be completed with blanks. The error says which field cannot be
    /// completed.
    fn complete(&mut self, window: &[u8], at: usize, end: Option<LineEnd>) -> Result<Framed<'f>, Option<FileFault>> {
        const COMPLETING: Lenient = Lenient { stripped: true, ..Lenient::STRICT };
        let given = window.get(..at).unwrap_or_default();
        let consumed = at + len_of(end);
        let space = self.records.first().map_or(b' ', |known| known.layout.charset.space());
        let longest = self.longest();
        self.padded.clear();
        self.padded.extend_from_slice(given);
        self.padded.resize(longest.max(at), space);
        let is_last = self.is_end(window) && self.is_forgiven_end(window.get(consumed..).unwrap_or_default());
        let known = self.choose(&self.padded, |_| is_last).map_err(|_| None)?;
        let (whole, forgiven) = COMPLETING.mend(known.layout, given);
        let Cow::Owned(whole) = whole else { return Err(not_completed(known, given, COMPLETING)) };
        if known.len(&whole, true).ok().flatten() != Some(whole.len()) {
            return Err(None);
        }
        let len = whole.len();
        self.padded = whole;
        self.ends.note(end);
        forgiven.into_iter().for_each(|one| self.report(one));
        if end.is_none() && self.ends.last == LastLineEnd::Required {
            let at = at as u64;
            self.report(Forgiven::new(Deviation::LastLineEnd, at..at, "the last record has no line end"));
        }
        Ok(Framed { layout: Some(known.layout), padded: true, len, count: 1, ..Framed::between(consumed) })
    }

    /// Notes what was forgiven in the next record or before it. The range counts from the start of the window.
    fn report(&mut self, forgiven: Forgiven) {
        let next = self.number + 1;
        let forgiven = forgiven.moved(self.offset);
        let between = matches!(forgiven.deviation, Deviation::BlankLines | Deviation::EofMark);
        if !between {
            self.forgiven.push(forgiven.in_record(next));
            return;
        }
        match self.forgiven.last_mut() {
            // One report for any number of blank lines.
            Some(last) if last.deviation == forgiven.deviation && last.range.end == forgiven.range.start => {
                last.range.end = forgiven.range.end;
            }
            _ => self.forgiven.push(forgiven),
        }
    }
}

/// The fault of a record that must not be completed, with the field that is cut off.
fn not_completed(known: Known<'_>, given: &[u8], completing: Lenient) -> Option<FileFault> {
    let error = Record::decode_lenient(known.layout, given, completing).err()?;
    let name: String = known.name();
    matches!(error.fault(), Fault::NotCompleted { .. }).then_some(FileFault::Record { name, error })
}

fn len_of(end: Option<LineEnd>) -> usize {
    end.map_or(0, |end| end.bytes().len())
}
