//! A group's entries in a view: by index, or one after the other.

use core::fmt;
use core::marker::PhantomData;

use super::Viewed;
use super::window::{ItemRef, Window};
use crate::layout::Group;

/// The entries of a group, as views. If all entries have the same length, an index is resolved at once. Otherwise the entries
/// before it are walked over.
pub struct Entries<'b, T> {
    /// Begins where the next entry begins.
    window: Window<'b>,
    group: &'static Group,
    count: usize,
    entries: PhantomData<fn() -> T>,
}

impl<'b, T: Viewed<'b>> Entries<'b, T> {
    /// The number of entries that are left.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether no entries are left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The entry at this index, from 0, counted from the next entry.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<T::View> {
        if index >= self.count {
            return None;
        }
        let start = self.window.entry_start(self.group, index)?;
        Some(Window { start, ..self.window }.into())
    }
}

impl<'b> Window<'b> {
    /// The entries of a group.
    #[must_use]
    #[inline]
    pub fn entries<T: Viewed<'b>>(self, group: &'static Group, at: ItemRef) -> Entries<'b, T> {
        let count = self.count(group, at);
        Entries { window: self.within(at), group, count, entries: PhantomData }
    }
}

/// Returns the entries one after the other and walks over each only once.
impl<'b, T: Viewed<'b>> Iterator for Entries<'b, T> {
    type Item = T::View;

    fn next(&mut self) -> Option<T::View> {
        let next = self.get(0)?;
        self.window.start = self.window.entry_start(self.group, 1)?;
        self.count -= 1;
        Some(next)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.count, Some(self.count))
    }
}

impl<'b, T: Viewed<'b>> ExactSizeIterator for Entries<'b, T> {}

impl<T> Clone for Entries<'_, T> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

impl<T> fmt::Debug for Entries<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entries").field("count", &self.count).finish_non_exhaustive()
    }
}
