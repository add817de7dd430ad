//! [`Window`] and [`WindowMut`]: what a derived view is a list of calls to.
//!
//! Both know where an item begins. That is a constant up to the first group that varies in length; behind it the counts
//! before the item are read, each time.

use core::fmt;

use super::patch::in_place;
use super::refresh;
use crate::cursor::Reader;
use crate::error::{Culprit, Error, Fault};
use crate::kind::{Amount, FieldValue};
use crate::layout::{Choice, Chooser, Computed, Field, FieldSlot, Group, Layout, NumberRule, SignOf};
use crate::nested::DecodeBody;
use crate::survey::{SurveyItem, survey};
use crate::telegram::Decode;
use crate::walk::PlacedLayout;

/// Which item of a layout, and where it stands: a constant of derived code.
#[derive(Clone, Copy, Debug)]
pub struct ItemRef {
    layout: &'static Layout,
    index: usize,
    /// From the start of the layout. `None` behind an item that varies in length.
    offset: Option<usize>,
    len: Option<usize>,
}

impl ItemRef {
    /// The item at this index. A layout without such an item has no bytes there.
    #[must_use]
    pub const fn item(layout: &'static Layout, index: usize) -> Self {
        let len = match layout.item_at(index) {
            Some(item) => item.fixed_len(),
            None => None,
        };
        Self { layout, index, offset: layout.offset_of(index), len }
    }

    /// The field that is the sign of another, with its characters.
    ///
    /// # Errors
    /// If the item is no sign.
    fn sign(self) -> Result<(&'static Field, &'static SignOf), Error> {
        let field = self.layout.field_at(self.index);
        match field.and_then(|field| Some((field, field.computed.as_ref()?))) {
            Some((field, Computed::Sign(sign))) => Ok((field, sign)),
            _ => Err(Error::new(Culprit::Spec, Fault::BadSpec { reason: "the item is no sign" })),
        }
    }
}

/// The bytes of a telegram, or of a part or an entry in one.
#[derive(Clone, Copy)]
pub struct Window<'b> {
    pub(super) telegram: &'b [u8],
    pub(super) start: usize,
    /// Where its bytes end at the latest.
    pub(super) end: usize,
    /// The layout of the whole telegram, by which an error finds its path.
    pub(super) root: &'static Layout,
}

impl<'b> Window<'b> {
    /// All bytes of a telegram.
    ///
    /// # Errors
    /// If the telegram has another length, or a count by which a group varies cannot be read.
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
    /// If its bytes are no value of its kind.
    #[inline(always)]
    pub fn field<R, T: FieldValue<'b, R>>(self, slot: FieldSlot<'static, R>, at: ItemRef) -> Result<T, Error> {
        let start = self.start_of(at);
        let bytes = self.telegram.get(start..).and_then(|rest| rest.get(..slot.field.len));
        let Some(bytes) = bytes else { return Err(self.cut_off(slot.field, start)) };
        match T::get(slot.rule, bytes) {
            Ok(value) => Ok(value),
            Err(fault) => Err(self.fail(fault, slot.field, start, bytes)),
        }
    }

    /// Reads a number whose sign stands in another field.
    ///
    /// # Errors
    /// If its bytes are no number, or those of the other field no sign of it.
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

    /// An item's bytes; fewer than it should have only if the telegram was changed since it was looked at.
    #[must_use]
    #[inline(always)]
    pub fn bytes(self, at: ItemRef) -> &'b [u8] {
        let start = self.start_of(at);
        let end =
            at.len.map_or_else(|| self.standing(at.layout).offset_of(at.index + 1).ok(), |len| start.checked_add(len));
        self.telegram.get(start..end.unwrap_or(start)).unwrap_or_default()
    }

    /// A part.
    #[must_use]
    #[inline(always)]
    pub fn part(self, at: ItemRef) -> Self {
        self.within(at)
    }

    /// Reads a tail.
    ///
    /// # Errors
    /// If its bytes are no value of its kind, or more than it may have.
    pub fn tail<R, T: FieldValue<'b, R>>(self, slot: FieldSlot<'static, R>, at: ItemRef) -> Result<T, Error> {
        let Self { start, .. } = self.within(at);
        let read = self.reader_at(at).tail(slot, 0);
        read.map_err(|error| named(error, self.root, self.telegram, start))
    }

    /// Reads whichever body stands in a choice.
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

    /// The window at an item.
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
    /// The first item that cannot be read.
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

    /// What `Debug` shows: each field with its value, secret ones hidden.
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

    /// How many entries a group has.
    pub(super) fn count(self, group: &'static Group, at: ItemRef) -> usize {
        self.standing(at.layout).count(at.index, group).unwrap_or_default()
    }

    /// Where an entry of the group that begins here begins.
    pub(super) fn entry_start(self, group: &'static Group, index: usize) -> Option<usize> {
        // The group's own layout stands for what encloses it: its counts are not asked for here.
        self.standing(&group.layout).entry_offset(group, self.start, index).ok()
    }

    #[inline(always)]
    fn start_of(self, at: ItemRef) -> usize {
        match at.offset {
            Some(offset) => self.start.saturating_add(offset),
            None => self.search(at),
        }
    }

    /// The counts on the way could be read when the window was made.
    fn search(self, at: ItemRef) -> usize {
        self.standing(at.layout).offset_of(at.index).unwrap_or(self.telegram.len())
    }

    fn limit(self, at: ItemRef) -> Result<usize, Error> {
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

/// Where a telegram that begins with these bytes ends.
///
/// # Errors
/// If a count on the way cannot be read, or the bytes end before.
pub(crate) fn end_of(layout: &Layout, telegram: &[u8]) -> Result<usize, Error> {
    PlacedLayout::whole(layout, telegram).end()
}

/// Where a telegram that begins with these bytes would end if its end had not been stripped; none if nothing says that.
pub(crate) fn whole_end_of(layout: &Layout, telegram: &[u8]) -> Option<usize> {
    if layout.has_rest() {
        return None;
    }
    let end = PlacedLayout::whole(layout, telegram).end_or_beyond().ok()?;
    (end <= layout.max_len()).then_some(end)
}

/// A telegram whose length varies has the bytes that its counts say.
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

/// Who has to mend a fault: the spec, if no bytes and no value could be right.
const fn culprit_or(other: Culprit, fault: &Fault) -> Culprit {
    if matches!(fault, Fault::BadSpec { .. }) { Culprit::Spec } else { other }
}

/// An error of the field that stands here, with the names of what encloses it.
#[cold]
fn named(error: Error, root: &'static Layout, telegram: &[u8], start: usize) -> Error {
    let steps = survey(root, telegram);
    let step = steps.iter().find(|step| step.offset == start && matches!(step.what, SurveyItem::Field(_)));
    match step {
        Some(step) if !step.within.is_empty() => error.within(&step.within),
        _ => error,
    }
}

/// The bytes of a telegram, or of a part or an entry in one, to be patched.
pub struct WindowMut<'b> {
    telegram: &'b mut [u8],
    start: usize,
    end: usize,
    pub(super) root: &'static Layout,
}

impl<'b> WindowMut<'b> {
    /// All bytes of a telegram.
    ///
    /// # Errors
    /// Those of [`Window::new`].
    #[inline]
    pub fn new(layout: &'static Layout, fixed_len: Option<usize>, telegram: &'b mut [u8]) -> Result<Self, Error> {
        Window::new(layout, fixed_len, telegram)?;
        let end = telegram.len();
        Ok(Self { telegram, start: 0, end, root: layout })
    }

    /// The bytes as they are now.
    #[must_use]
    #[inline]
    pub fn window(&self) -> Window<'_> {
        Window { telegram: self.telegram, start: self.start, end: self.end, root: self.root }
    }

    /// Writes a field.
    ///
    /// # Errors
    /// If the value does not fit. Then the bytes are as they were.
    #[inline]
    pub fn set<'v, R, T: FieldValue<'v, R>>(
        &mut self,
        slot: FieldSlot<'static, R>,
        at: ItemRef,
        value: &T,
    ) -> Result<(), Error> {
        let start = self.window().start_of(at);
        let range = start..start.saturating_add(slot.field.len);
        let put = |out: &mut [u8]| {
            let put = value.put(slot.rule, out);
            put.map_err(|fault| Error::in_field(culprit_or(Culprit::Caller, &fault), fault, slot.field))
        };
        match in_place(self.telegram, range, put) {
            Ok(()) => Ok(()),
            Err(error) => Err(named(error, self.root, self.telegram, start)),
        }
    }

    /// Writes a number and its sign, which stands in another field.
    ///
    /// # Errors
    /// If the value does not fit. Then the bytes are as they were.
    pub fn set_signed<'v, T: Amount + FieldValue<'v, NumberRule>>(
        &mut self,
        slot: FieldSlot<'static, NumberRule>,
        at: ItemRef,
        sign: ItemRef,
        value: &T,
    ) -> Result<(), Error> {
        let (_, characters) = sign.sign()?;
        let start = self.window().start_of(sign);
        let Some(units) = value.units(slot.rule) else {
            let fault = Fault::Overflow { holder: "a number of 38 digits" };
            return Err(named(Error::in_field(Culprit::Caller, fault, slot.field), self.root, self.telegram, start));
        };
        self.set(slot, at, value)?;
        if let Some(byte) = self.telegram.get_mut(start) {
            *byte = characters.byte_of(units);
        }
        Ok(())
    }

    /// A part.
    #[must_use]
    #[inline]
    pub fn part(&mut self, at: ItemRef) -> WindowMut<'_> {
        let Window { start, end, .. } = self.window().within(at);
        WindowMut { telegram: self.telegram, start, end, root: self.root }
    }

    /// The entry of a group with this number, from 0.
    #[must_use]
    pub fn entry(&mut self, group: &'static Group, at: ItemRef, index: usize) -> Option<WindowMut<'_>> {
        let window = self.window();
        let within = window.within(at);
        if index >= window.count(group, at) {
            return None;
        }
        let start = within.entry_start(group, index)?;
        let end = within.end;
        Some(WindowMut { telegram: self.telegram, start, end, root: self.root })
    }

    /// Fills in the computed fields of the whole telegram again; see [`refresh`].
    ///
    /// # Errors
    /// Those of [`refresh`]. Then the bytes are as they were.
    pub fn refresh(&mut self) -> Result<(), Error> {
        refresh(self.root, self.telegram)
    }
}
