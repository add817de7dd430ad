//! [`WindowMut`]: the methods that derived views call to patch. A patch succeeds completely or changes nothing.

use super::patch::in_place;
use super::refresh;
use super::used::{UsedIn, stay_used};
use super::window::{ItemRef, Window, culprit_or, named};
use crate::error::{Culprit, Error, Fault};
use crate::kind::{Amount, FieldValue};
use crate::layout::{FieldSlot, Group, Layout, NumberRule};

/// The bytes of a telegram, or of a part or an entry in one, for patching.
pub struct WindowMut<'b> {
    telegram: &'b mut [u8],
    start: usize,
    end: usize,
    pub(super) root: &'static Layout,
    /// The innermost entry around that must stay used.
    used: Option<UsedIn<'b>>,
}

impl<'b> WindowMut<'b> {
    /// The window over a whole telegram.
    ///
    /// # Errors
    /// Those of [`Window::new`].
    #[inline]
    pub fn new(layout: &'static Layout, fixed_len: Option<usize>, telegram: &'b mut [u8]) -> Result<Self, Error> {
        Window::new(layout, fixed_len, telegram)?;
        let end = telegram.len();
        Ok(Self { telegram, start: 0, end, root: layout, used: None })
    }

    /// A window that reads the bytes as they are now.
    #[must_use]
    #[inline]
    pub fn window(&self) -> Window<'_> {
        Window { telegram: self.telegram, start: self.start, end: self.end, root: self.root }
    }

    /// Writes a field.
    ///
    /// # Errors
    /// If the value does not fit, or if it would leave nothing but padding in an entry of a group in which padding says that an entry is not
    /// used. In both cases the bytes are unchanged.
    #[inline]
    pub fn set<'v, R, T: FieldValue<'v, R>>(
        &mut self,
        slot: FieldSlot<'static, R>,
        at: ItemRef,
        value: &T,
    ) -> Result<(), Error> {
        let start = self.window().start_of(at);
        let Self { telegram, root, used, .. } = self;
        write(telegram, root, used.as_ref(), (slot, start), value, None)
    }

    /// Writes the value of an array at this index, from 0.
    ///
    /// # Errors
    /// Those of [`WindowMut::set`], or if there is no such entry. In all cases the bytes are unchanged.
    pub fn set_value<'v, R, T: FieldValue<'v, R>>(
        &mut self,
        (group, slot): (&'static Group, FieldSlot<'static, R>),
        at: ItemRef,
        index: usize,
        value: &T,
    ) -> Result<(), Error> {
        let window = self.window();
        let start = window.within(at).entry_start(group, index).filter(|_| index < window.count(group, at));
        let Some(start) = start else {
            let expected = "the number of an entry that the telegram has, from 0";
            return Err(Error::new(Culprit::Caller, Fault::Unreadable { expected })
                .at_entry(index)
                .within(&group.name));
        };
        let Self { telegram, root, used, .. } = self;
        let own = group.used_entry(start).map(|entry| UsedIn { entry, outer: used.as_ref() });
        let used = own.as_ref().or(used.as_ref());
        write(telegram, root, used, (slot, start), value, None)
    }

    /// Writes a number and its sign, which is in another field.
    ///
    /// # Errors
    /// Those of [`WindowMut::set`].
    pub fn set_signed<'v, T: Amount + FieldValue<'v, NumberRule>>(
        &mut self,
        slot: FieldSlot<'static, NumberRule>,
        at: ItemRef,
        sign: ItemRef,
        value: &T,
    ) -> Result<(), Error> {
        let (_, characters) = sign.sign()?;
        let start = self.window().start_of(at);
        let sign = self.window().start_of(sign);
        let Some(units) = value.units(slot.rule) else {
            let fault = Fault::Overflow { holder: "a number of 38 digits" };
            return Err(named(Error::in_field(Culprit::Caller, fault, slot.field), self.root, self.telegram, start));
        };
        let sign = Some((sign, characters.byte_of(units)));
        let Self { telegram, root, used, .. } = self;
        write(telegram, root, used.as_ref(), (slot, start), value, sign)
    }

    /// The window of a part.
    #[must_use]
    #[inline]
    pub fn part(&mut self, at: ItemRef) -> WindowMut<'_> {
        let Window { start, end, .. } = self.window().within(at);
        WindowMut { telegram: self.telegram, start, end, root: self.root, used: self.used }
    }

    /// The entry of a group at this index, from 0, or `None` if there is no such entry.
    #[must_use]
    pub fn entry(&mut self, group: &'static Group, at: ItemRef, index: usize) -> Option<WindowMut<'_>> {
        let window = self.window();
        let within = window.within(at);
        if index >= window.count(group, at) {
            return None;
        }
        let start = within.entry_start(group, index)?;
        let end = within.end;
        let own = group.used_entry(start).map(|entry| UsedIn { entry, outer: self.used.as_ref() });
        Some(WindowMut { telegram: self.telegram, start, end, root: self.root, used: own.or(self.used) })
    }

    /// Fills in the computed fields of the whole telegram again. See [`refresh`].
    ///
    /// # Errors
    /// Those of [`refresh`]. In that case the bytes are unchanged.
    pub fn refresh(&mut self) -> Result<(), Error> {
        refresh(self.root, self.telegram)
    }
}

/// Writes a field at its offset in the telegram, and the byte of its sign at another one, unless an entry around the field would look unused then. An error
/// gets the names of what is around the field.
#[inline]
fn write<'v, R, T: FieldValue<'v, R>>(
    telegram: &mut [u8],
    root: &'static Layout,
    used: Option<&UsedIn<'_>>,
    (slot, start): (FieldSlot<'static, R>, usize),
    value: &T,
    sign: Option<(usize, u8)>,
) -> Result<(), Error> {
    let put = |out: &mut [u8]| {
        let put = value.put(slot.rule, out);
        put.map_err(|fault| Error::in_field(culprit_or(Culprit::Caller, &fault), fault, slot.field))
    };
    let sign_at = |at: usize| sign.and_then(|(place, byte)| (place == at).then_some(byte));
    let check = |telegram: &[u8], new: &[u8]| match used {
        None => Ok(()),
        Some(_) => stay_used(telegram, UsedIn::from_innermost(used), slot.field, (start, new), sign_at),
    };
    match in_place(telegram, start..start.saturating_add(slot.field.len), put, check) {
        Ok(()) => {}
        Err(error) => return Err(named(error, root, telegram, start)),
    }
    if let Some((place, byte)) = sign
        && let Some(out) = telegram.get_mut(place)
    {
        *out = byte;
    }
    Ok(())
}
