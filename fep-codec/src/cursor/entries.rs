//! The entries of a group, and items whose length another field states: the bytes that belong to them.

use alloc::vec::Vec;
use core::ops::Range;

use super::{Reader, Writer, check_count};
use crate::error::{Culprit, Error, Fault};
use crate::layout::{Extent, FieldSlot, Group, Kind, Layout, Repeat};

impl<'a> Reader<'a> {
    /// Reads an item whose length in bytes another field states. `read` must use all of these bytes.
    ///
    /// # Errors
    /// If the telegram has fewer bytes, or if `read` fails or leaves some of them.
    pub fn within<T>(
        &mut self,
        name: &str,
        len: u64,
        read: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let start = self.position();
        let left = self.left();
        let len = usize::try_from(len).unwrap_or(usize::MAX);
        let end = start.saturating_add(len);
        if len > left {
            let fault = Fault::StatedBeyondEnd { stated: len, left, within: None };
            return Err(Error::new(Culprit::Peer, fault).within(name).at_bytes(start..end, None));
        }
        let outer = self.narrow(end);
        let value = read(self).map_err(|error| error.in_stated(name, len))?;
        let unused = end.saturating_sub(self.position());
        self.widen(outer);
        if unused == 0 {
            return Ok(value);
        }
        let fault = Fault::StatedTooLong { stated: len, used: len - unused };
        Err(Error::new(Culprit::Peer, fault).within(name).at_bytes(end - unused..end, None))
    }

    /// Reads an item that is followed by `behind` bytes within its layout.
    #[inline]
    pub(crate) fn before<T>(
        &mut self,
        behind: usize,
        read: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if behind == 0 {
            return read(self);
        }
        self.reserve(behind);
        let value = read(self)?;
        self.release(behind);
        Ok(value)
    }

    /// Reads a group's entries.
    ///
    /// # Errors
    /// The errors of its items, with the group's name and the entry's index in front of the path. Also if the bytes do not hold
    /// the expected number of entries.
    pub(crate) fn entries<T>(
        &mut self,
        group: &Group,
        extent: Extent,
        mut read: impl FnMut(&mut Self) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let outer = self.entry();
        // The telegram has room for at most this many entries, regardless of the count that it states.
        let room = self.left() / group.layout.min_len().max(1);
        let mut entries = match extent {
            Extent::Count(count) | Extent::Padded(Some(count)) => Vec::with_capacity(count.min(room)),
            Extent::Padded(None) | Extent::Rest(_) => Vec::new(),
        };
        let mut next = |reader: &mut Self, entries: &mut Vec<T>| {
            let index = entries.len();
            reader.set_entry(index as u64);
            entries.push(read(reader).map_err(|error| error.at_entry(index).within(&group.name))?);
            Ok::<(), Error>(())
        };
        match extent {
            Extent::Count(count) => (0..count).try_for_each(|_| next(self, &mut entries))?,
            Extent::Padded(used) => {
                let used = used.unwrap_or_else(|| group.used_entries(self.rest()));
                (0..used).try_for_each(|_| next(self, &mut entries))?;
                self.blank_entries(group, entries.len())?;
            }
            Extent::Rest(behind) => {
                self.reserve(behind);
                self.check_room(group)?;
                while self.left() > 0 {
                    let start = self.position();
                    let index = entries.len();
                    check_max(group, index.saturating_add(1), start..start.saturating_add(self.left()))?;
                    next(self, &mut entries)?;
                    if self.position() == start {
                        let fault = Fault::BadSpec { reason: "an entry without bytes has no end" };
                        return Err(Error::new(Culprit::Spec, fault).at_entry(index).within(&group.name));
                    }
                }
                // Without entries, an overrun is not caused by this group.
                if !entries.is_empty() {
                    self.check_overrun(group)?;
                }
                self.release(behind);
            }
        }
        self.set_entry(outer);
        Ok(entries)
    }

    /// Reads the number of entries of a group from the field in a part that counts it, in a layout that began at `start`.
    ///
    /// # Errors
    /// If the field is not a number, or states more entries than the group may have.
    pub fn count_in_part(&self, layout: &Layout, start: usize, group: &Group) -> Result<usize, Error> {
        let found = layout.counter(group).and_then(|span| match &span.field.kind {
            Kind::Number(rule) => Some((FieldSlot { field: span.field, rule }, span.range.start)),
            _ => None,
        });
        let Some((slot, offset)) = found else { return Err(no_count(group)) };
        let mut reader = Self::starting_at(self.telegram(), start.saturating_add(offset));
        reader.count(slot, group).map_err(|error| around_counter(error, group))
    }

    /// The bytes of the telegram from here on.
    fn rest(&self) -> &'a [u8] {
        self.telegram().get(self.position()..).unwrap_or_default()
    }

    /// Skips the unused entries, and checks that they are blank.
    pub(crate) fn blank_entries(&mut self, group: &Group, used: usize) -> Result<(), Error> {
        let Some(len) = group.layout.fixed_len() else {
            let fault = Fault::BadSpec { reason: "an entry of varying length cannot be blank" };
            return Err(Error::new(Culprit::Spec, fault).within(&group.name));
        };
        for index in used..group.repeat.max() {
            let start = self.position();
            let range = start..start.saturating_add(len);
            let in_entry = |fault| Error::new(Culprit::Peer, fault).at_entry(index).within(&group.name);
            let bytes = self.take(len).map_err(|fault| in_entry(fault).at_bytes(range.clone(), None))?;
            if !group.is_blank(bytes) {
                // The wrong byte may be in any field of the entry, so the bytes are hidden if one of the fields is secret.
                let shown = (!group.layout.has_secret()).then_some(bytes);
                return Err(in_entry(Fault::EntryNotBlank).at_bytes(range, shown));
            }
        }
        Ok(())
    }

    /// Checks that the bytes left are a whole number of entries, and not too many. Entries of varying length are not checked.
    pub(crate) fn check_room(&self, group: &Group) -> Result<(), Error> {
        let Some(entry) = group.layout.fixed_len().filter(|len| *len > 0) else { return Ok(()) };
        let start = self.position();
        let left = self.left();
        let bytes = left % entry;
        if bytes > 0 {
            let end = start.saturating_add(left);
            let fault = Fault::PartOfEntry { bytes, entry };
            return Err(Error::new(Culprit::Peer, fault).within(&group.name).at_bytes(end - bytes..end, None));
        }
        let allowed = entry.saturating_mul(group.repeat.max());
        check_max(group, left / entry, start.saturating_add(allowed)..start.saturating_add(left))
    }

    fn check_overrun(&self, group: &Group) -> Result<(), Error> {
        let bytes = self.overrun();
        if bytes == 0 {
            return Ok(());
        }
        let end = self.position();
        Err(overrun(group, end.saturating_sub(bytes)..end))
    }
}

/// The error of a group that runs into the items after it. `range` is the part of its last entry that lies in those items.
pub(crate) fn overrun(group: &Group, range: Range<usize>) -> Error {
    let fault = Fault::Overrun { bytes: range.len() };
    Error::new(Culprit::Peer, fault).within(&group.name).at_bytes(range, None)
}

/// Checks that a group does not have too many entries. `range` holds the surplus entries.
pub(crate) fn check_max(group: &Group, count: usize, range: Range<usize>) -> Result<(), Error> {
    let max = group.repeat.max();
    if count <= max {
        return Ok(());
    }
    Err(Error::new(Culprit::Peer, Fault::TooMany { count, max }).within(&group.name).at_bytes(range, None))
}

/// Puts the names of the parts in front of the path of the field that counts a group.
fn around_counter(error: Error, group: &Group) -> Error {
    group.repeat.counted_by().unwrap_or_default().rsplit('.').skip(1).fold(error, Error::within)
}

/// The spec does not say how many entries this group has.
pub(crate) fn no_count(group: &Group) -> Error {
    let reason = "the counting field must stand before the group";
    Error::new(Culprit::Spec, Fault::BadSpec { reason }).within(&group.name)
}

impl Writer<'_> {
    /// Writes the number of entries of a group to the field in a part before it that counts it, in a layout that began at `start`.
    ///
    /// # Errors
    /// If the field cannot state that many.
    pub fn count_in_part(&mut self, layout: &Layout, start: usize, group: &Group, count: usize) -> Result<(), Error> {
        let Some(span) = layout.counter(group) else { return Err(no_count(group)) };
        let at = start.saturating_add(span.range.start);
        self.number_at(span.field, at, count as i128).map_err(|error| around_counter(error, group))
    }

    /// Writes a group's entries.
    ///
    /// # Errors
    /// The errors of its items, with the group's name and the entry's index in front of the path. Also if there are too many
    /// entries.
    pub(crate) fn entries<'e, T: 'e>(
        &mut self,
        group: &Group,
        entries: &'e [T],
        mut write: impl FnMut(&mut Self, &'e T) -> Result<(), Error>,
    ) -> Result<(), Error> {
        check_count(group, entries.len())?;
        let outer = self.entry();
        for (index, entry) in entries.iter().enumerate() {
            let start = self.position();
            self.set_entry(index as u64);
            write(self, entry)
                .and_then(|()| self.check_not_blank(group, start))
                .map_err(|error| error.at_entry(index).within(&group.name))?;
        }
        self.set_entry(outer);
        self.blank_entries(group, entries.len())
    }

    fn blank_entries(&mut self, group: &Group, used: usize) -> Result<(), Error> {
        let Repeat::Padded { pad, max, .. } = group.repeat else { return Ok(()) };
        let unused = max.saturating_sub(used);
        let len = group.layout.fixed_len().unwrap_or_default().saturating_mul(unused);
        match self.take(len) {
            Ok(bytes) => {
                bytes.fill(pad);
                Ok(())
            }
            Err(fault) => Err(Error::new(Culprit::Caller, fault).within(&group.name)),
        }
    }
}
