//! [`stay_used`]: no patch makes an entry of a padded group look unused. The writer refuses such an entry, too.

use crate::error::{Culprit, Error, Fault};
use crate::layout::{Field, UsedEntry};

/// An entry that a view is in, and the one around it.
#[derive(Clone, Copy, Debug)]
pub(super) struct UsedIn<'b> {
    pub(super) entry: UsedEntry,
    pub(super) outer: Option<&'b UsedIn<'b>>,
}

impl<'b> UsedIn<'b> {
    /// This entry and those around it.
    pub(super) fn from_innermost(innermost: Option<&'b Self>) -> impl Iterator<Item = UsedEntry> {
        core::iter::successors(innermost, |used| used.outer).map(|used| used.entry)
    }
}

/// Checks that entries stay used if a field, which begins at `start`, gets new bytes, and its sign this byte at some offset.
///
/// # Errors
/// If one of them would be nothing but padding.
pub(super) fn stay_used(
    telegram: &[u8],
    mut entries: impl Iterator<Item = UsedEntry>,
    field: &Field,
    (start, new): (usize, &[u8]),
    sign_at: impl Fn(usize) -> Option<u8>,
) -> Result<(), Error> {
    let new_at = |at: usize| sign_at(at).or_else(|| new.get(at.checked_sub(start)?).copied());
    match entries.find(|entry| entry.would_be_blank(telegram, new_at)) {
        None => Ok(()),
        Some(blank) => {
            Err(Error::in_field(Culprit::Caller, Fault::EntryMeansNone, field).at_bytes(blank.range(), None))
        }
    }
}
