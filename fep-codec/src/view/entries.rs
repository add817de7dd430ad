//! A group's entries in a view: by index, or one after the other. The entries of an array are values.

use core::fmt;
use core::marker::PhantomData;

use super::Viewed;
use super::window::{ItemRef, Window};
use crate::error::Error;
use crate::kind::FieldValue;
use crate::layout::{FieldSlot, Group};

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

/// The values of an array: a group whose entries are plain fields. A value is decoded when it is asked for.
pub struct Values<'b, R: 'static, T> {
    /// Begins where the next entry begins.
    window: Window<'b>,
    slot: FieldSlot<'static, R>,
    count: usize,
    values: PhantomData<fn() -> T>,
}

impl<'b, R, T: FieldValue<'b, R>> Values<'b, R, T> {
    /// The number of values that are left.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether no values are left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The value at this index, from 0, counted from the next one. `None` if there is no such value.
    ///
    /// # Errors
    /// If its bytes are not a value of its kind.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Result<T, Error>> {
        if index >= self.count {
            return None;
        }
        let start = self.window.start.checked_add(index.checked_mul(self.slot.field.len)?)?;
        Some(self.window.field_at(self.slot, start))
    }
}

impl<'b> Window<'b> {
    /// The values of an array.
    #[must_use]
    #[inline]
    pub fn values<R, T: FieldValue<'b, R>>(
        self,
        (group, slot): (&'static Group, FieldSlot<'static, R>),
        at: ItemRef,
    ) -> Values<'b, R, T> {
        let count = self.count(group, at);
        Values { window: self.within(at), slot, count, values: PhantomData }
    }
}

/// Returns the values one after the other.
impl<'b, R, T: FieldValue<'b, R>> Iterator for Values<'b, R, T> {
    type Item = Result<T, Error>;

    fn next(&mut self) -> Option<Result<T, Error>> {
        let next = self.get(0)?;
        self.window.start = self.window.start.saturating_add(self.slot.field.len);
        self.count -= 1;
        Some(next)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.count, Some(self.count))
    }
}

impl<'b, R, T: FieldValue<'b, R>> ExactSizeIterator for Values<'b, R, T> {}

impl<R, T> Clone for Values<'_, R, T> {
    fn clone(&self) -> Self {
        Self { ..*self }
    }
}

impl<R, T> fmt::Debug for Values<'_, R, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Values").field("count", &self.count).finish_non_exhaustive()
    }
}
