//! A group's entries in a view: by number, or one after the other.

use core::fmt;
use core::marker::PhantomData;

use super::Viewed;
use super::window::Window;
use crate::layout::Group;
use crate::walk::PlacedLayout;

/// The entries of a group, as views. Entries of one length are found by their number at once; others by walking.
pub struct Entries<'b, T> {
    /// It begins where the next entry does.
    window: Window<'b>,
    group: &'static Group,
    count: usize,
    entries: PhantomData<fn() -> T>,
}

impl<'b, T: Viewed<'b>> Entries<'b, T> {
    pub(super) fn new(window: Window<'b>, group: &'static Group, count: usize) -> Self {
        Self { window, group, count, entries: PhantomData }
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The entry with this number, from 0.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<T::View> {
        if index >= self.count {
            return None;
        }
        let start = entry_start(self.window, self.group, index)?;
        Some(Window { start, ..self.window }.into())
    }
}

pub(super) fn entry_start(window: Window<'_>, group: &'static Group, index: usize) -> Option<usize> {
    // The group's own layout stands for what encloses it: its counts are not asked for here.
    let inside = PlacedLayout::new(&group.layout, window.telegram, window.start, window.end);
    inside.entry_offset(group, window.start, index).ok()
}

/// One after the other, walking once.
impl<'b, T: Viewed<'b>> Iterator for Entries<'b, T> {
    type Item = T::View;

    fn next(&mut self) -> Option<T::View> {
        let next = self.get(0)?;
        self.window.start = entry_start(self.window, self.group, 1)?;
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
