//! [`Window`]: the methods that derived views call to read. `window_mut.rs` has those that patch.
//!
//! It computes where an item begins. The offset is a constant up to the first item of variable length. Behind it, each access
//! reads the counts, lengths and codes before the item again.

use core::fmt;

use crate::cursor::Reader;
use crate::error::{Culprit, Error, Fault};
use crate::kind::{Amount, FieldValue};
use crate::layout::{Choice, Chooser, Computed, Field, FieldSlot, Group, Layout, NumberRule, SignOf};
use crate::nested::DecodeBody;
use crate::survey::{SurveyItem, survey};
use crate::telegram::Decode;
use crate::walk::PlacedLayout;

/// An item of a layout and its offset. Derived code holds these as constants.
#[derive(Clone, Copy, Debug)]
pub struct ItemRef {
    layout: &'static Layout,
    index: usize,
    /// In bytes from the start of the layout. `None` behind an item of variable length.
    offset: Option<usize>,
    len: Option<usize>,
    /// The number of items: more than one for a part without a name of its own.
    count: usize,
}

impl ItemRef {
    /// The item at this index. If the layout has no such item, the result has no bytes.
    #[must_use]
    pub const fn item(layout: &'static Layout, index: usize) -> Self {
        let len = match layout.item_at(index) {
            Some(item) => item.fixed_len(),
            None => None,
        };
        Self { layout, index, offset: layout.offset_of(index), len, count: 1 }
    }

    /// As many items, from this index on: a part without a name of its own.
    #[must_use]
    pub const fn items(layout: &'static Layout, index: usize, count: usize) -> Self {
        let offset = layout.offset_of(index);
        let len = match (offset, layout.offset_of_end(index.saturating_add(count))) {
            (Some(start), Some(end)) => Some(end.saturating_sub(start)),
            _ => None,
        };
        Self { layout, index, offset, len, count }
    }

    /// The field that holds the sign of another field, with the sign characters.
    ///
    /// # Errors
    /// If the item is not a sign.
    pub(super) fn sign(self) -> Result<(&'static Field, &'static SignOf), Error> {
        let field = self.layout.field_at(self.index);
        match field.and_then(|field| Some((field, field.computed.as_ref()?))) {
            Some((field, Computed::Sign(sign))) => Ok((field, sign)),
            _ => Err(Error::new(Culprit::Spec, Fault::BadSpec { reason: "the item is not a sign" })),
        }
    }
}

/// The bytes of a telegram, or of a part or an entry in one.
#[derive(Clone, Copy)]
pub struct Window<'b> {
    pub(super) telegram: &'b [u8],
    pub(super) start: usize,
    /// The upper bound for the end of its bytes.
    pub(super) end: usize,
    /// The layout of the whole telegram. Errors take their paths from it.
    pub(super) root: &'static Layout,
}

impl<'b> Window<'b> {
    /// The window over a whole telegram.
    ///
    /// # Errors
    /// If the telegram has a wrong length, or if a count, length or code that decides its length cannot be read.
    #[inline]
    pub fn new(layout: &'static Layout, fixed_len: Option<usize>, telegram: &'b [u8]) -> Result<Self, Error> {
        match fixed_len {
            Some(len) if len == telegram.len() => {}
            Some(expected) => {
                return Err(Error::new(Culprit::Peer, Fault::WrongLength { expected, found: telegram.len() }));
            }
            None => check_length(layout, telegram)?,
        }
        Ok(Self { telegram, start: 0, end: telegram.len(), root: layout })
    }

    /// Reads a field.
    ///
    /// # Errors
    /// If its bytes are not a value of its kind.
    #[inline(always)]
    pub fn field<R, T: FieldValue<'b, R>>(self, slot: FieldSlot<'static, R>, at: ItemRef) -> Result<T, Error> {
        self.field_at(slot, self.start_of(at))
    }

    /// Reads the field that begins at this offset of the telegram.
    #[inline(always)]
    pub(super) fn field_at<R, T: FieldValue<'b, R>>(
        self,
        slot: FieldSlot<'static, R>,
        start: usize,
    ) -> Result<T, Error> {
        let bytes = self.telegram.get(start..).and_then(|rest| rest.get(..slot.field.len));
        let Some(bytes) = bytes else { return Err(self.cut_off(slot.field, start)) };
        match T::get(slot.rule, bytes) {
            Ok(value) => Ok(value),
            Err(fault) => Err(self.fail(fault, slot.field, start, bytes)),
        }
    }

    /// Reads a number whose sign is in another field.
    ///
    /// # Errors
    /// If its bytes are not a number, or if the bytes of the other field are not a sign that the number can have.
    pub fn signed<T: Amount + FieldValue<'b, NumberRule>>(
        self,
        slot: FieldSlot<'static, NumberRule>,
        at: ItemRef,
        sign: ItemRef,
    ) -> Result<T, Error> {
        let number: T = self.field(slot, at)?;
        let (field, characters) = sign.sign()?;
        let start = self.start_of(sign);
        let mut reader = Reader::starting_at(self.telegram, start);
        let signed =
            reader.sign(field).and_then(|stated| reader.signed((field, characters), stated, number, slot.rule));
        signed.map_err(|error| named(error, self.root, self.telegram, start))
    }

    /// The bytes of an item. They are incomplete only if the telegram was changed after the window was created.
    #[must_use]
    #[inline(always)]
    pub fn bytes(self, at: ItemRef) -> &'b [u8] {
        let start = self.start_of(at);
        let end = at
            .len
            .map_or_else(|| self.standing(at.layout).offset_of(at.index + at.count).ok(), |len| start.checked_add(len));
        self.telegram.get(start..end.unwrap_or(start)).unwrap_or_default()
    }

    /// The window of a part.
    #[must_use]
    #[inline(always)]
    pub fn part(self, at: ItemRef) -> Self {
        self.within(at)
    }

    /// Reads a tail.
    ///
    /// # Errors
    /// If its bytes are not a value of its kind, or are more than it may have.
    pub fn tail<R, T: FieldValue<'b, R>>(self, slot: FieldSlot<'static, R>, at: ItemRef) -> Result<T, Error> {
        let Self { start, .. } = self.within(at);
        let read = self.reader_at(at).tail(slot, 0);
        read.map_err(|error| named(error, self.root, self.telegram, start))
    }

    /// Reads the body of a choice.
    ///
    /// # Errors
    /// If no case has the code, or the body cannot be read.
    pub fn body<T: DecodeBody<'b>>(self, choice: &'static Choice, by: &Chooser<'_>, at: ItemRef) -> Result<T, Error> {
        T::decode_chosen(&mut self.reader_at(at), choice, self.start, by, 0)
    }

    /// A reader of the bytes of one item.
    fn reader_at(self, at: ItemRef) -> Reader<'b> {
        let Self { start, end, .. } = self.within(at);
        let mut reader = Reader::starting_at(self.telegram, start);
        reader.reserve(self.telegram.len().saturating_sub(end));
        reader
    }

    /// The window that begins at an item.
    #[inline(always)]
    pub(super) fn within(self, at: ItemRef) -> Self {
        let start = self.start_of(at);
        let end = match at.len {
            Some(_) => self.end,
            None => self.limit(at).unwrap_or(self.end).min(self.end),
        };
        Self { start, end, ..self }
    }

    /// Reads all items of the telegram, part or entry, and checks them.
    ///
    /// # Errors
    /// The error of the first item that cannot be read.
    pub fn decode<T: Decode<'b>>(self) -> Result<T, Error> {
        let mut reader = Reader::starting_at(self.telegram, self.start);
        reader.reserve(self.telegram.len().saturating_sub(self.end));
        T::decode_items(&mut reader)
    }

    /// All bytes of the telegram, part or entry.
    #[must_use]
    pub fn all(self, layout: &'static Layout) -> &'b [u8] {
        let end = self.standing(layout).end().unwrap_or(self.start);
        self.telegram.get(self.start..end).unwrap_or_default()
    }

    /// Writes the output of `Debug`: each field with its value. The values of secret fields are hidden.
    ///
    /// # Errors
    /// Those of the formatter.
    pub fn debug(self, name: &str, layout: &'static Layout, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct(name);
        // Counts and lengths are relative to the whole telegram.
        let end = self.standing(layout).end().unwrap_or(self.start);
        let here = survey(self.root, self.telegram).into_iter().filter(|step| (self.start..end).contains(&step.offset));
        for step in here {
            let SurveyItem::Field(field) = step.what else { continue };
            match &step.value {
                _ if field.secret => shown.field(&step.path, &format_args!("<secret>")),
                Ok(value) => shown.field(&step.path, &format_args!("{}", value.to_text(field))),
                Err(error) => shown.field(&step.path, &format_args!("! {}", error.message())),
            };
        }
        shown.finish()
    }

    /// The number of entries of a group.
    pub(super) fn count(self, group: &'static Group, at: ItemRef) -> usize {
        self.standing(at.layout).count(at.index, group).unwrap_or_default()
    }

    /// The offset of an entry of the group that begins at the start of this window.
    pub(super) fn entry_start(self, group: &'static Group, index: usize) -> Option<usize> {
        // `entry_offset` ignores the layout that is passed here, so the group's own layout can replace the enclosing one.
        self.standing(&group.layout).entry_offset(group, self.start, index).ok()
    }

    #[inline(always)]
    pub(super) fn start_of(self, at: ItemRef) -> usize {
        match at.offset {
            Some(offset) => self.start.saturating_add(offset),
            None => self.search(at),
        }
    }

    /// The offset of an item behind variable ones. Their counts were readable when the window was created.
    fn search(self, at: ItemRef) -> usize {
        self.standing(at.layout).offset_of(at.index).unwrap_or(self.telegram.len())
    }

    fn limit(self, at: ItemRef) -> Result<usize, Error> {
        if at.count != 1 {
            return self.standing(at.layout).offset_of(at.index + at.count);
        }
        self.standing(at.layout).walk_to(at.index)?.limit(at.index)
    }

    fn standing(self, layout: &'static Layout) -> PlacedLayout<'static, 'b> {
        PlacedLayout::new(layout, self.telegram, self.start, self.end)
    }

    #[cold]
    fn fail(self, fault: Fault, field: &Field, start: usize, bytes: &[u8]) -> Error {
        let culprit = culprit_or(Culprit::Peer, &fault);
        let error = Error::in_field(culprit, fault, field).at_bytes(start..start + bytes.len(), Some(bytes));
        named(error, self.root, self.telegram, start)
    }

    #[cold]
    fn cut_off(self, field: &Field, start: usize) -> Error {
        let fault = Fault::Truncated { needed: field.len, left: self.telegram.len().saturating_sub(start) };
        Error::in_field(Culprit::Peer, fault, field).at_bytes(start..start.saturating_add(field.len), None)
    }
}

/// The offset at which a telegram that begins with these bytes ends.
///
/// # Errors
/// If a count, length or code before the end cannot be read, or if the bytes end before it.
pub fn end_of(layout: &Layout, telegram: &[u8]) -> Result<usize, Error> {
    PlacedLayout::whole(layout, telegram).end()
}

/// The offset at which a telegram that begins with these bytes would end if its end had not been stripped, or `None` if that is
/// unknown.
pub(crate) fn whole_end_of(layout: &Layout, telegram: &[u8]) -> Option<usize> {
    if layout.has_rest() {
        return None;
    }
    let end = PlacedLayout::whole(layout, telegram).end_or_beyond().ok()?;
    (end <= layout.max_len()).then_some(end)
}

/// The offset at which a telegram that begins with these bytes ends at the earliest: as if the item that takes what is left were
/// empty. `None` if a count, length or code before the end cannot be read.
#[cfg(feature = "std")]
pub(crate) fn least_end_of(layout: &Layout, telegram: &[u8]) -> Option<usize> {
    PlacedLayout::new(layout, telegram, 0, 0).end_or_beyond().ok()
}

/// Checks that a telegram of variable length has as many bytes as its counts, lengths and codes say.
fn check_length(layout: &'static Layout, telegram: &[u8]) -> Result<(), Error> {
    let end = end_of(layout, telegram)?;
    match telegram.len().checked_sub(end) {
        Some(0) => Ok(()),
        Some(left) => {
            Err(Error::new(Culprit::Peer, Fault::LeftOver { bytes: left }).at_bytes(end..telegram.len(), None))
        }
        None => {
            let fault = Fault::Truncated { needed: end, left: telegram.len() };
            Err(Error::new(Culprit::Peer, fault).at_bytes(0..end, None))
        }
    }
}

/// The culprit of a fault: the spec for [`Fault::BadSpec`], because no bytes and no value could be right. Otherwise `other`.
pub(super) const fn culprit_or(other: Culprit, fault: &Fault) -> Culprit {
    if matches!(fault, Fault::BadSpec { .. }) { Culprit::Spec } else { other }
}

/// Adds the names of the enclosing parts and entries to an error of the field at `start`.
#[cold]
pub(super) fn named(error: Error, root: &'static Layout, telegram: &[u8], start: usize) -> Error {
    let steps = survey(root, telegram);
    let step = steps.iter().find(|step| step.offset == start && matches!(step.what, SurveyItem::Field(_)));
    match step {
        Some(step) if !step.within.is_empty() => error.within(&step.within),
        _ => error,
    }
}
