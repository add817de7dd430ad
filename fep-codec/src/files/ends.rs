//! The line ends of a file: which one it has, and whether it follows a record.

use alloc::borrow::ToOwned as _;

use super::ending::{Ending, Known, is_binary};
use super::fault::FileFault;
use super::line_end::{LastLineEnd, LineEnd};
use crate::layout::{Field, Layout};
use crate::survey::{SurveyItem, survey};

/// The line ends that a file may have, and the one that it has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends<'f> {
    allowed: &'f [LineEnd],
    pub(super) last: LastLineEnd,
    /// The line end of this file, once it is known.
    known: Option<LineEnd>,
}

impl<'f> Ends<'f> {
    #[inline]
    pub(super) const fn new(allowed: &'f [LineEnd], last: LastLineEnd) -> Self {
        Self { allowed, last, known: None }
    }

    /// Whether records have line ends, by the plan.
    pub(super) fn some(&self) -> bool {
        self.allowed.iter().any(|end| *end != LineEnd::None)
    }

    /// The line end of this file, once it is known.
    #[cfg(feature = "rayon")]
    pub(super) const fn known(&self) -> Option<LineEnd> {
        self.known
    }

    /// Notes the line end of a record. A file has only one of them.
    pub(super) fn note(&mut self, end: Option<LineEnd>) {
        self.known = self.known.or(end);
    }

    /// The line end that is written, and that messages name.
    pub(super) fn expected(&self) -> LineEnd {
        self.known.or_else(|| self.allowed.first().copied()).unwrap_or(LineEnd::None)
    }

    /// The line end that these bytes begin with: that of the file, or the longest that the plan accepts if the file's is not known
    /// yet.
    #[inline]
    pub(super) fn at_start(&self, bytes: &[u8]) -> Option<LineEnd> {
        match self.known {
            Some(LineEnd::None) => None,
            Some(known) => bytes.starts_with(known.bytes()).then_some(known),
            None => LineEnd::ALL
                .into_iter()
                .find(|end| *end != LineEnd::None && self.allowed.contains(end) && bytes.starts_with(end.bytes())),
        }
    }

    /// The line end at the start of these bytes, which follow a record of `record_len` bytes. `None` if the record is the last one
    /// and has no line end. `ended` says that the file has no more bytes than these.
    #[inline]
    pub(super) fn behind(&self, record_len: usize, rest: &[u8], ended: bool) -> Result<Option<LineEnd>, FileFault> {
        if let Some(end) = self.at_start(rest) {
            let is_surplus = self.last == LastLineEnd::None && ended && rest.len() == end.bytes().len();
            return if is_surplus { Err(FileFault::SurplusLineEnd) } else { Ok(Some(end)) };
        }
        let plain = self.known.unwrap_or(LineEnd::None) == LineEnd::None;
        if plain && self.allowed.contains(&LineEnd::None) {
            return Ok(Some(LineEnd::None));
        }
        let expected = self.expected();
        match rest {
            [] if self.last != LastLineEnd::Required => Ok(None),
            [] => Err(FileFault::NoLastLineEnd { expected }),
            _ if ended && rest.len() < expected.bytes().len() && expected.bytes().starts_with(rest) => {
                Err(FileFault::CutOffLineEnd { left: rest.len(), expected })
            }
            _ => Err(self.missing(record_len, rest)),
        }
    }

    /// The fault of a record in whose text a line end occurs: that of the file. A record that takes all bytes up to its line end must
    /// not have any line end of the plan in it, because it can be the first record. In binary fields, the bytes of line ends are data.
    #[inline]
    pub(super) fn in_text(&self, layout: &Layout, ending: Ending, record: &[u8]) -> Result<(), FileFault> {
        let may_occur = |end: &LineEnd| end.bytes().last().is_some_and(|last| record.contains(last));
        let ends = match &self.known {
            Some(own) if ending != Ending::Open => core::slice::from_ref(own),
            _ => self.allowed,
        };
        if ends.iter().any(may_occur) { search_text(ends, layout, record) } else { Ok(()) }
    }

    /// The length of a record that takes all bytes up to its line end.
    pub(super) fn open_len(&self, known: &Known<'_>, window: &[u8], ended: bool) -> Result<usize, FileFault> {
        let least = known.least_len(window);
        let most = window.len().min(known.max);
        let found = (least..=most).find(|at| window.get(*at..).is_some_and(|rest| self.at_start(rest).is_some()));
        match found {
            Some(len) => Ok(len),
            None if ended && window.len() < least => {
                let needed = least + self.expected().bytes().len();
                Err(FileFault::CutOff { left: window.len(), needed })
            }
            // The last record may have no line end. Then it takes all that is left.
            None if ended && window.len() <= known.max && self.some() => Ok(window.len()),
            None => Err(FileFault::NoLineEnd { record: known.name(), max: known.max }),
        }
    }

    #[cold]
    fn missing(&self, record_len: usize, rest: &[u8]) -> FileFault {
        let known = self.known.as_ref().map_or(self.allowed, core::slice::from_ref);
        let other = |end: &LineEnd| *end != LineEnd::None && rest.starts_with(end.bytes());
        let found = LineEnd::ALL.into_iter().find(other);
        FileFault::LineEnd { record_len, expected: known.to_owned(), found }
    }
}

#[cold]
fn search_text(ends: &[LineEnd], layout: &Layout, record: &[u8]) -> Result<(), FileFault> {
    for step in survey(layout, record) {
        let SurveyItem::Field(Field { kind, .. }) = step.what else { continue };
        let text = step.bytes(record);
        let at_start =
            |text: &[u8]| ends.iter().copied().find(|end| *end != LineEnd::None && text.starts_with(end.bytes()));
        let found = (0..text.len()).find_map(|at| Some((at, at_start(text.get(at..)?)?)));
        if let Some((at, end)) = found.filter(|_| !is_binary(kind)) {
            let record = layout.name.clone().into_owned();
            return Err(FileFault::LineEndInText { record, field: step.path, at: step.offset + at, end });
        }
    }
    Ok(())
}
