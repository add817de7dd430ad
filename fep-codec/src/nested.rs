//! Telegrams within telegrams, as derived code reads and writes them: parts, groups and choices.

use alloc::vec::Vec;

use crate::cursor::{Reader, Writer, no_count};
use crate::error::{Culprit, Error, Fault};
use crate::kind::FieldValue;
use crate::layout::{Case, Choice, Chooser, Extent, ExtentRule, FieldSlot, Group};
use crate::telegram::{Decode, Telegram};

/// The content of a choice: one of several bodies, each a separate telegram. `#[derive(Choice)]` on an enum implements it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no choice of bodies",
    label = "not an enum of bodies",
    note = "put `#[derive(Choice)]` on an enum whose variants each hold a telegram"
)]
pub trait Body {
    /// The cases, in the order of the enum.
    const CASES: &'static [Case];

    /// The index of the case of this body.
    fn case(&self) -> usize;

    /// Writes the body's items.
    ///
    /// # Errors
    /// The first item that cannot be written.
    fn encode_body(&self, writer: &mut Writer<'_>) -> Result<(), Error>;

    /// The number of bytes that [`Body::encode_body`] writes.
    fn body_len(&self) -> usize;

    /// Writes the body of the choice with this name. [`Writer::check_case`] checks the code after the whole layout is written.
    ///
    /// # Errors
    /// The errors of its items, with the name in front of the path.
    #[inline]
    fn encode_as(&self, name: &str, writer: &mut Writer<'_>) -> Result<(), Error> {
        self.encode_body(writer).map_err(|error| error.within(name))
    }
}

/// A body that can be read from bytes and may borrow from them.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no choice of bodies",
    label = "not an enum of bodies",
    note = "put `#[derive(Choice)]` on an enum whose variants each hold a telegram"
)]
pub trait DecodeBody<'a>: Body + Sized {
    /// Reads the body of the case at this index.
    ///
    /// # Errors
    /// The first item that cannot be read.
    fn decode_body(case: usize, reader: &mut Reader<'a>) -> Result<Self, Error>;

    /// Reads the body that the code at `by` selects, in a layout that began at `start`. `behind` is the number of bytes to leave
    /// for later items. It matters only if the body takes the rest of the bytes.
    ///
    /// # Errors
    /// If no case has the code. Also the errors of the body's items, with the choice's name in front of the path.
    #[inline]
    fn decode_chosen(
        reader: &mut Reader<'a>,
        choice: &Choice,
        start: usize,
        by: &Chooser<'_>,
        behind: usize,
    ) -> Result<Self, Error> {
        let case = reader.case_here(start, by, choice)?;
        reader.before(behind, |reader| Self::decode_body(case, reader)).map_err(|error| error.within(&choice.name))
    }
}

impl<'a> Reader<'a> {
    /// Reads a part: another telegram's items under a name. `behind` is the number of bytes to leave for later items. It matters
    /// only if the part takes the rest of the bytes.
    ///
    /// # Errors
    /// The errors of its items, with the name in front of the path.
    #[inline]
    pub fn part<T: Decode<'a>>(&mut self, name: &str, behind: usize) -> Result<T, Error> {
        self.before(behind, T::decode_items).map_err(|error| error.within(name))
    }

    /// Reads a group's entries. `count` is the value of the counting field, if the rule names one.
    ///
    /// # Errors
    /// The errors of its items, with the group's name and the entry's index in front of the path. Also if the bytes do not hold
    /// the expected number of entries.
    #[inline]
    pub fn group<T: Decode<'a>>(
        &mut self,
        group: &Group,
        extent: ExtentRule,
        count: Option<usize>,
    ) -> Result<Vec<T>, Error> {
        let extent = extent.resolve(|_| count.ok_or_else(|| no_count(group)))?;
        self.entries(group, extent, T::decode_items)
    }

    /// Reads the values of an array: a group whose entries are plain fields. `count` is the value of the counting field, if the rule
    /// names one.
    ///
    /// # Errors
    /// Those of [`Reader::group`].
    #[inline]
    pub fn values<R, T: FieldValue<'a, R>>(
        &mut self,
        group: &Group,
        slot: FieldSlot<'_, R>,
        extent: ExtentRule,
        count: Option<usize>,
    ) -> Result<Vec<T>, Error> {
        let extent = extent.resolve(|_| count.ok_or_else(|| no_count(group)))?;
        self.entries(group, extent, |reader| reader.field(slot))
    }

    /// Reads the values of an array of fixed size.
    ///
    /// # Errors
    /// Those of [`Reader::array`].
    pub fn value_array<R, T: FieldValue<'a, R>, const N: usize>(
        &mut self,
        group: &Group,
        slot: FieldSlot<'_, R>,
    ) -> Result<[T; N], Error> {
        let entries = self.entries(group, Extent::Count(N), |reader| reader.field(slot))?;
        all_of(entries, group)
    }

    /// Reads the entries of a group of fixed size.
    ///
    /// # Errors
    /// The errors of its items, with the group's name and the entry's index in front of the path.
    pub fn array<T: Decode<'a>, const N: usize>(&mut self, group: &Group) -> Result<[T; N], Error> {
        let entries = self.entries(group, Extent::Count(N), T::decode_items)?;
        all_of(entries, group)
    }
}

/// The entries of a group of fixed size.
fn all_of<T, const N: usize>(entries: Vec<T>, group: &Group) -> Result<[T; N], Error> {
    let count = entries.len();
    entries
        .try_into()
        .map_err(|_| Error::new(Culprit::Spec, Fault::WrongCount { count, expected: N }).within(&group.name))
}

impl Writer<'_> {
    /// Writes a part: another telegram's items under a name.
    ///
    /// # Errors
    /// The errors of its items, with the name in front of the path.
    #[inline]
    pub fn part<T: Telegram>(&mut self, name: &str, part: &T) -> Result<(), Error> {
        part.encode_items(self).map_err(|error| error.within(name))
    }

    /// Writes a group's entries.
    ///
    /// # Errors
    /// The errors of its items, with the group's name and the entry's index in front of the path.
    pub fn group<T: Telegram>(&mut self, group: &Group, entries: &[T]) -> Result<(), Error> {
        self.entries(group, entries, |writer, entry| entry.encode_items(writer))
    }

    /// Writes the values of an array.
    ///
    /// # Errors
    /// The error of the first value that does not fit, with the array's name and the entry's index as its path.
    pub fn values<'v, R, T: FieldValue<'v, R>>(
        &mut self,
        group: &Group,
        slot: FieldSlot<'_, R>,
        values: &[T],
    ) -> Result<(), Error> {
        self.entries(group, values, |writer, value| writer.field(slot, value))
    }
}
