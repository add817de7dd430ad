//! The deviations of a file that a reader forgives. A record is first read strictly. Only if that fails, its deviations are
//! looked at, so that a file that can be read strictly has the same records if it is read leniently.

use alloc::borrow::Cow;

use super::fault::FileFault;
use super::line_end::LineEnd;
use super::walk::{FileWalk, Framed};
use crate::lenient::Lenient;

/// The number of line ends at which a record with stripped blanks may end. Those inside its binary fields count too.
const CUTS_MAX: usize = 64;

impl<'f> FileWalk<'f> {
    /// The number of bytes behind a record that forgiving needs.
    #[allow(clippy::unused_self, reason = "it depends on the deviations")]
    pub(super) const fn forgiven_len(&self) -> usize {
        0
    }

    /// Whether the places of records may depend on forgiven deviations.
    #[cfg(feature = "rayon")]
    pub(super) fn forgives_lines(&self) -> bool {
        self.lenient.stripped && self.ends.some()
    }

    /// Whether these bytes, which follow a record, may stand behind the last one.
    #[allow(clippy::unused_self, reason = "it depends on the deviations")]
    pub(super) const fn is_forgiven_end(&self, _rest: &[u8], _ended: bool) -> bool {
        false
    }

    /// Steps over bytes that are not a record as the plan asks, if that is forgiven. Otherwise the fault remains.
    pub(super) fn forgive(&mut self, window: &[u8], fault: FileFault) -> Result<Framed<'f>, FileFault> {
        if self.lenient.stripped
            && self.ends.some()
            && let Some(framed) = self.stripped(window)
        {
            return Ok(framed);
        }
        Err(fault)
    }

    /// Steps over a record up to its line end and puts missing blanks back.
    fn stripped(&mut self, window: &[u8]) -> Option<Framed<'f>> {
        let ended = self.is_end(window);
        let mut cuts = 0..window.len().min(self.longest()).saturating_add(1);
        for _ in 0..CUTS_MAX {
            let (at, end) = cuts.find_map(|at| {
                let rest = window.get(at..)?;
                match self.ends.at_start(rest) {
                    Some(end) => Some((at, Some(end))),
                    None if rest.is_empty() && ended => Some((at, None)),
                    None => None,
                }
            })?;
            if let Some(framed) = self.complete(window, at, end) {
                return Some(framed);
            }
        }
        None
    }

    /// The record in the first `at` bytes of the window, if it is complete or can be completed with blanks.
    fn complete(&mut self, window: &[u8], at: usize, end: Option<LineEnd>) -> Option<Framed<'f>> {
        let given = window.get(..at)?;
        let longest = self.longest();
        self.padded.clear();
        self.padded.extend_from_slice(given);
        self.padded.resize(longest.max(at), b' ');
        let is_last = window.len() == at + end.map_or(0, |end| end.bytes().len()) && self.is_end(window);
        let known = self.choose(&self.padded, |_| is_last).ok()?;
        let completing = Lenient { stripped: true, ..Lenient::STRICT };
        let padded = match completing.mend(known.layout, given) {
            Cow::Owned(whole) => {
                self.padded = whole;
                true
            }
            Cow::Borrowed(_) => false,
        };
        let len = if padded { self.padded.len() } else { at };
        let complete = known.len(if padded { &self.padded } else { given }, true).ok()?.unwrap_or(len);
        if complete != len {
            return None;
        }
        self.ends.note(end);
        let consumed = at + end.map_or(0, |end| end.bytes().len());
        Some(Framed { layout: Some(known.layout), padded, len, count: 1, ..Framed::between(consumed) })
    }
}
