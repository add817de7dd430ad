//! Where items stand that have no constant place: behind a group that varies in length.
//!
//! Only counts are read on the way; what other fields hold does not matter.

use crate::cursor::Reader;
use crate::error::{Culprit, Error, Fault};
use crate::layout::{Field, Group, Item, Layout, Repeat};
use crate::record::{Value, field_value, split_index, unknown};

/// A layout in a telegram: it begins at `start`.
#[derive(Clone, Copy)]
pub(crate) struct Extent<'l, 't> {
    pub(crate) layout: &'l Layout,
    pub(crate) telegram: &'t [u8],
    pub(crate) start: usize,
}

/// A field and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Place<'l> {
    pub(crate) field: &'l Field,
    pub(crate) start: usize,
}

impl<'l, 't> Extent<'l, 't> {
    /// Where the item with this number begins, in bytes from the start of the telegram; the end, if there is no such item.
    ///
    /// # Errors
    /// If a count on the way cannot be read, or the telegram ends before.
    pub(crate) fn offset_of(self, number: usize) -> Result<usize, Error> {
        let mut at = self.start;
        for item in self.layout.items().iter().take(number) {
            let len = self.item_len(item, at)?;
            at = at.saturating_add(len);
            if at > self.telegram.len() {
                let left = self.telegram.len().saturating_sub(at.saturating_sub(len));
                let error = Error::new(Culprit::Peer, Fault::Truncated { needed: len, left });
                return Err(item.name().into_iter().fold(error, Error::within));
            }
        }
        Ok(at)
    }

    /// Where the layout ends.
    pub(crate) fn end(self) -> Result<usize, Error> {
        match self.layout.fixed_len() {
            Some(len) => Ok(self.start.saturating_add(len)),
            None => self.offset_of(usize::MAX),
        }
    }

    /// How many entries a group of this layout has.
    pub(crate) fn count(self, group: &Group) -> Result<usize, Error> {
        let by = match &group.repeat {
            Repeat::Fixed(count) => return Ok(*count),
            Repeat::Counted { by, .. } => by,
        };
        if let Some((number, Item::Field(field))) = self.layout.item(by) {
            let at = match self.layout.offset_of(number) {
                Some(offset) => self.start.saturating_add(offset),
                None => self.offset_of(number)?,
            };
            let mut reader = Reader::starting_at(self.telegram, at);
            if let Value::Number(count) = field_value(self.layout, field, &mut reader)? {
                return Ok(usize::try_from(count).unwrap_or(usize::MAX));
            }
        }
        let fault = Fault::BadSpec { reason: "the counting field must stand before the group" };
        Err(Error::new(Culprit::Spec, fault).within(&group.name))
    }

    /// Where the entry with this number begins, of a group that begins at `at`.
    pub(crate) fn entry_offset(self, group: &Group, at: usize, index: usize) -> Result<usize, Error> {
        if let Some(len) = group.layout.fixed_len() {
            return Ok(at.saturating_add(len.saturating_mul(index)));
        }
        let mut at = at;
        for index in 0..index {
            let entry = Extent { layout: &group.layout, telegram: self.telegram, start: at };
            at = entry.end().map_err(|error| error.at_entry(index).within(&group.name))?;
        }
        Ok(at)
    }

    fn item_len(self, item: &Item, at: usize) -> Result<usize, Error> {
        if let Some(len) = item.fixed_len() {
            return Ok(len);
        }
        let end = match item {
            Item::Part(part) => {
                let inner = Extent { layout: &part.layout, telegram: self.telegram, start: at };
                inner.end().map_err(|error| error.within(&part.name))
            }
            Item::Group(group) => self.entry_offset(group, at, self.count(group)?),
            Item::Field(_) | Item::Literal(_) | Item::Filler(_) => Ok(at),
        };
        Ok(end?.saturating_sub(at))
    }

    /// The field at a path, `body.items[3].amount`, and where it stands in this telegram.
    ///
    /// # Errors
    /// If there is no such field, with the name that was probably meant; if the group has no such entry; or if the telegram
    /// does not say where it is.
    pub(crate) fn locate(self, path: &str) -> Result<Place<'l>, Error> {
        let mut inner = self;
        let mut passed: Vec<&str> = Vec::new();
        let mut segments = path.split('.').peekable();
        while let Some(segment) = segments.next() {
            let Some((name, index)) = split_index(segment) else { break };
            let Some((number, item)) = inner.layout.item(name) else { break };
            let within = |error: Error| passed.iter().rev().fold(error, |error, name| error.within(name));
            let start = inner.offset_of(number).map_err(within)?;
            (inner.layout, inner.start) = match (item, index) {
                (Item::Field(field), None) if segments.peek().is_none() => return Ok(Place { field, start }),
                (Item::Part(part), None) => (&*part.layout, start),
                (Item::Group(group), Some(index)) => {
                    if index >= inner.count(group).map_err(within)? {
                        let expected = "the number of an entry that the telegram has, from 0";
                        return Err(Error::new(Culprit::Caller, Fault::Unreadable { expected }).within(path));
                    }
                    (&*group.layout, inner.entry_offset(group, start, index).map_err(within)?)
                }
                _ => break,
            };
            passed.push(segment);
        }
        Err(unknown(self.layout, path))
    }
}
