//! Patches fields in place, by layout and path. A patch succeeds completely or changes nothing, and no other bytes change.

use alloc::borrow::ToOwned as _;
use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;
use core::ops::Range;

use super::locate::locate;
use super::used::stay_used;
use crate::cursor::{fill_check, next_check};
use crate::error::{Culprit, Error, Fault};
use crate::layout::{Check, Computed, Field, Item, Layout};
use crate::record::{Value, put_value, within_parents};
use crate::survey::{Due, Dues, SurveyItem, dues, put_due};

/// The fault of setting a computed field.
pub(super) const COMPUTED: Fault =
    Fault::Unreadable { expected: "no value, because the field is computed; `refresh` fills it in" };

/// Patches one field of a telegram: writes the value into the bytes of the field at the path and changes no others.
///
/// The rest of the telegram may be invalid: only the counts, lengths and codes that decide where the field begins are read. A
/// computed field cannot be patched, because [`refresh`] fills it in. The sign of a number in another field is the exception: it
/// is written together with the number.
///
/// # Errors
/// If there is no such field, or the value does not fit. Also if the value would leave nothing but padding in an entry of a group in which
/// padding says that an entry is not used. In all cases the bytes are unchanged.
///
/// ```
/// # #[cfg(feature = "derive")] {
/// use fep_codec::view::patch;
/// use fep_codec::{Telegram, Value};
///
/// #[derive(Telegram)]
/// #[telegram(len = 6)]
/// struct Pair {
///     #[field(len = 3)]
///     first: u16,
///     #[field(len = 3)]
///     second: u16,
/// }
///
/// let mut bytes = *b"001002";
/// patch(Pair::LAYOUT, &mut bytes, "second", &Value::Number(7))?;
/// assert_eq!(&bytes, b"001007");
/// let error = patch(Pair::LAYOUT, &mut bytes, "secnd", &Value::Number(7)).unwrap_err();
/// assert_eq!(error.to_string(), "caller: secnd: there is no such field; did you mean second?");
/// # }
/// # Ok::<(), fep_codec::Error>(())
/// ```
pub fn patch(layout: &Layout, telegram: &mut [u8], path: &str, value: &Value) -> Result<(), Error> {
    let place = locate(layout, telegram, path)?;
    let field = place.field;
    let range = place.start..place.start.saturating_add(place.len);
    if field.computed.is_some() {
        return Err(within_parents(Error::in_field(Culprit::Caller, COMPUTED, field), path));
    }
    let sign = match place.layout.sign_of(&field.name) {
        Some((name, sign)) => {
            let beside =
                path.rsplit_once('.').map_or_else(|| name.to_owned(), |(parents, _)| format!("{parents}.{name}"));
            let units = if let Value::Number(number) = value { *number } else { 0 };
            Some((find(layout, telegram, &beside)?.1, sign.byte_of(units)))
        }
        None => None,
    };
    let put = |out: &mut [u8]| put_value(field, value, out);
    let sign_at = |at: usize| sign.as_ref().and_then(|(range, byte)| range.contains(&at).then_some(*byte));
    let check = |telegram: &[u8], new: &[u8]| {
        stay_used(telegram, place.used.iter().rev().copied(), field, (place.start, new), sign_at)
    };
    in_place(telegram, range, put, check).map_err(|error| within_parents(error, path))?;
    if let Some((range, byte)) = sign
        && let Some(out) = telegram.get_mut(range)
    {
        out.fill(byte);
    }
    Ok(())
}

/// A field at a fixed offset whose place was looked up once, to patch it in many telegrams of one layout.
#[derive(Clone, Debug)]
pub struct FixedPlace {
    field: Field,
    range: Range<usize>,
    path: Box<str>,
}

impl FixedPlace {
    /// Looks the field up. Returns `None` if the layout has no field there at a fixed offset, or if more than the bytes of the field
    /// would change: then only [`patch`] can do it.
    ///
    /// ```
    /// # #[cfg(feature = "derive")] {
    /// use fep_codec::view::FixedPlace;
    /// use fep_codec::{Telegram, Value};
    ///
    /// #[derive(Telegram)]
    /// #[telegram(len = 6)]
    /// struct Pair {
    ///     #[field(len = 3)]
    ///     first: u16,
    ///     #[field(len = 3)]
    ///     second: u16,
    /// }
    ///
    /// let second = FixedPlace::new(Pair::LAYOUT, "second").unwrap();
    /// let mut bytes = *b"001002";
    /// second.patch(&mut bytes, &Value::Number(7))?;
    /// assert_eq!(&bytes, b"001007");
    /// # }
    /// # Ok::<(), fep_codec::Error>(())
    /// ```
    #[must_use]
    pub fn new(layout: &Layout, path: &str) -> Option<Self> {
        let span = layout.span(path)?;
        let mut within = layout;
        let mut names = path.split('.').peekable();
        while let Some(name) = names.next().filter(|_| names.peek().is_some()) {
            let (_, Item::Part(part)) = within.item(name)? else { return None };
            within = &part.layout;
        }
        let is_alone = span.field.computed.is_none() && within.sign_of(&span.field.name).is_none();
        is_alone.then(|| Self { field: span.field.clone(), range: span.range, path: path.into() })
    }

    /// Writes the value into the bytes of the field and changes no others, as [`patch`] does.
    ///
    /// # Errors
    /// If the value does not fit, or the telegram ends before the field does. In that case the bytes are unchanged.
    pub fn patch(&self, telegram: &mut [u8], value: &Value) -> Result<(), Error> {
        let patched = in_place(telegram, self.range.clone(), |out| put_value(&self.field, value, out), |_, _| Ok(()));
        patched.map_err(|error| within_parents(error, &self.path))
    }
}

/// The field at a path, and the range of its bytes in the telegram. Groups may come before it.
///
/// # Errors
/// If there is no such field, if its offset cannot be determined from the telegram, or if the telegram ends before the field does.
pub fn find<'l>(layout: &'l Layout, telegram: &[u8], path: &str) -> Result<(&'l Field, Range<usize>), Error> {
    let place = locate(layout, telegram, path)?;
    let range = place.start..place.start.saturating_add(place.len);
    if range.end > telegram.len() {
        let fault = Fault::Truncated { needed: place.len, left: telegram.len().saturating_sub(range.start) };
        return Err(within_parents(Error::in_field(Culprit::Peer, fault, place.field), path));
    }
    Ok((place.field, range))
}

/// Fills in the computed fields of a telegram again, as encoding its values would: lengths, sums, sequences and counts, and
/// finally checks. A check that covers other checks comes after them. Nothing else changes, not even an invalid
/// filler.
///
/// Fields that delimit other items keep their value, because nothing else says where those items end: a count before its group,
/// and the length of a tail or of another item that has no other end. A check without a function also keeps its value. The sign
/// of a number in another field is data, so it is kept too. Only a number that is zero, or that has the sign of zero, gets the
/// sign that it must have.
///
/// A field whose bytes are read as the value that it must have is not written again, so a telegram that decodes stays as it is, byte
/// for byte. That matters where a field accepts more forms than the one that it writes.
///
/// # Errors
/// If the items of the telegram cannot be located up to its end, if a number of a sum cannot be read, or if a computed value does
/// not fit into its field. Also if a computed value leaves nothing but padding in an entry of a group in which padding says that an entry is not
/// used. In that case the bytes are unchanged. Other fields may hold anything.
pub fn refresh(layout: &Layout, telegram: &mut [u8]) -> Result<(), Error> {
    let mut fresh = telegram.to_vec();
    let mut checks = Vec::new();
    let Dues { fields, used } = dues(layout, telegram)?;
    for (step, due) in fields {
        let SurveyItem::Field(field) = step.what else { continue };
        let range = step.offset..step.offset.saturating_add(step.len);
        if let (Due::Check(covered), Some(Computed::Check(Check { run: Some(run), .. }))) = (&due, &field.computed) {
            checks.push(Some((step, *covered, range, *run)));
            continue;
        }
        let Some(out) = fresh.get_mut(range.clone()) else { continue };
        put_due(field, &due, out).map_err(|fault| {
            let culprit =
                if matches!(field.computed, Some(Computed::Length(_))) { Culprit::Spec } else { Culprit::Caller };
            Error::in_field(culprit, fault, field).at_bytes(range, None).within_path(&step.within)
        })?;
    }
    while let Some((step, covered, range, run)) =
        next_check(&mut checks, |(_, covered, range, _)| (*covered, range.clone()))
    {
        fill_check(&mut fresh, covered, range, run).map_err(|error| error.within(&step.path))?;
    }
    // Computed values can be padding, too.
    if let Some((entry, path)) = used.iter().find(|(entry, _)| entry.is_blank(&fresh)) {
        let error = Error::new(Culprit::Caller, Fault::EntryMeansNone).at_bytes(entry.range(), None);
        return Err(error.within(path));
    }
    telegram.copy_from_slice(&fresh);
    Ok(())
}

/// Writes a range of a telegram through a scratch buffer, so that the range is unchanged if `put` fails, or `check`, which gets the telegram as it is and
/// the new bytes.
pub(super) fn in_place(
    telegram: &mut [u8],
    range: Range<usize>,
    put: impl FnOnce(&mut [u8]) -> Result<(), Error>,
    check: impl FnOnce(&[u8], &[u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    /// Most fields are not longer and need no heap.
    const SCRATCH_BYTES: usize = 64;
    let len = range.len();
    let left = telegram.len().saturating_sub(range.start);
    if telegram.get(range.clone()).is_none() {
        return Err(Error::new(Culprit::Peer, Fault::Truncated { needed: len, left }).at_bytes(range, None));
    }
    let mut short = [0; SCRATCH_BYTES];
    let mut long = Vec::new();
    let scratch = match short.get_mut(..len) {
        Some(scratch) => scratch,
        None => {
            long.resize(len, 0);
            &mut long
        }
    };
    put(scratch).map_err(|error| error.at_bytes(range.clone(), None))?;
    check(telegram, scratch)?;
    if let Some(out) = telegram.get_mut(range) {
        out.copy_from_slice(scratch);
    }
    Ok(())
}

impl Error {
    fn within_path(self, path: &str) -> Self {
        if path.is_empty() { self } else { self.within(path) }
    }
}
