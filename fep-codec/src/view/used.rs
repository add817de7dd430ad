//! [`Used`]: entries that must stay used while a telegram is patched.
//!
//! In a padded group without a count, a reader takes the first entry of nothing but padding for the end. A patch that leaves nothing else in an entry
//! would take the entry and all behind it out of the telegram, with valid values everywhere. The writer refuses such an entry too.

use core::ops::Range;

use crate::error::{Culprit, Error, Fault};
use crate::layout::{Field, Group, Repeat};

/// An entry that is used because it is not blank.
#[derive(Clone, Copy, Debug)]
pub(super) struct Used {
    start: usize,
    /// In bytes.
    len: usize,
    pad: u8,
}

/// Such an entry in a view, and the one around it.
#[derive(Clone, Copy, Debug)]
pub(super) struct UsedIn<'b> {
    pub(super) entry: Used,
    pub(super) outer: Option<&'b UsedIn<'b>>,
}

impl Used {
    /// The entry of a group that begins at this offset of the telegram. `None` if its bytes do not say whether it is used.
    pub(super) fn of(group: &Group, start: usize) -> Option<Self> {
        let Repeat::Padded { by: None, pad, .. } = group.repeat else { return None };
        Some(Self { start, len: group.layout.fixed_len()?, pad })
    }

    fn range(self) -> Range<usize> {
        self.start..self.start.saturating_add(self.len)
    }

    fn is_blank(self, telegram: &[u8]) -> bool {
        telegram.get(self.range()).is_some_and(|entry| entry.iter().all(|byte| *byte == self.pad))
    }
}

impl<'b> UsedIn<'b> {
    /// This entry and those around it.
    pub(super) fn from_innermost(innermost: Option<&'b Self>) -> impl Iterator<Item = Used> + Clone {
        core::iter::successors(innermost, |used| used.outer).map(|used| used.entry)
    }
}

/// Changes a field in entries, the innermost entry first.
///
/// # Errors
/// Those of `change`. Also if one of the entries would be blank then: in that case the bytes are unchanged.
pub(super) fn stay_used(
    telegram: &mut [u8],
    entries: impl Iterator<Item = Used> + Clone,
    field: &Field,
    change: impl FnOnce(&mut [u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    // The field is in all of them.
    let outermost = entries.clone().last().map(Used::range).unwrap_or_default();
    let before = telegram.get(outermost.clone()).unwrap_or_default().to_vec();
    change(telegram)?;
    let mut entries = entries;
    let Some(blank) = entries.find(|entry| entry.is_blank(telegram)) else { return Ok(()) };
    if let Some(bytes) = telegram.get_mut(outermost) {
        bytes.copy_from_slice(&before);
    }
    Err(Error::in_field(Culprit::Caller, Fault::EntryMeansNone, field).at_bytes(blank.range(), None))
}
