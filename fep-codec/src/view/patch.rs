//! Fields patched in place, by layout and path: all or nothing, and nothing else of the telegram is touched.

use alloc::vec;
use alloc::vec::Vec;
use core::ops::Range;

use super::extent::Extent;
use crate::error::{Culprit, Error, Fault};
use crate::kind::FieldValue as _;
use crate::layout::{Computed, Counts, Field, Kind, Layout};
use crate::record::{Value, put_value, within_parents};
use crate::survey::{What, survey};

/// Why a computed field is not set.
pub(super) const COMPUTED: Fault =
    Fault::Unreadable { expected: "no value, for the field is computed; `refresh` fills it in" };

/// Patches one field of a telegram: the bytes of the field at the path become those of the value, and no others change.
///
/// The telegram need not be sound otherwise: only the counts of groups before the field are read. A computed field is filled
/// in by [`refresh`].
///
/// # Errors
/// If there is no such field, or the value does not fit. Then the bytes are as they were.
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
    let place = Extent::whole(layout, telegram).locate(path)?;
    let (field, range) = (place.field, place.start..place.start.saturating_add(place.len));
    if field.computed.is_some() {
        return Err(within_parents(Error::in_field(Culprit::Caller, COMPUTED, field), path));
    }
    let patched = in_place(telegram, range, |out| put_value(field, value, out));
    patched.map_err(|error| within_parents(error, path))
}

/// The field at a path as it stands in a telegram, and its bytes. Groups may stand before it.
///
/// # Errors
/// If there is no such field, or the telegram does not say where it is, or ends before.
pub fn find<'l>(layout: &'l Layout, telegram: &[u8], path: &str) -> Result<(&'l Field, Range<usize>), Error> {
    let place = Extent::whole(layout, telegram).locate(path)?;
    let range = place.start..place.start.saturating_add(place.len);
    if range.end > telegram.len() {
        let fault = Fault::Truncated { needed: place.len, left: telegram.len().saturating_sub(range.start) };
        return Err(within_parents(Error::in_field(Culprit::Peer, fault, place.field), path));
    }
    Ok((place.field, range))
}

/// Fills in a telegram's computed lengths again, all that the layout has. Counts stay as they are: they say how many entries
/// these bytes have.
///
/// # Errors
/// If a length does not fit into its field. Then the bytes are as they were.
pub fn refresh(layout: &Layout, telegram: &mut [u8]) -> Result<(), Error> {
    let mut refreshed = Vec::new();
    for step in survey(layout, telegram) {
        let What::Field(field) = step.what else { continue };
        let range = step.offset..step.offset.saturating_add(step.len);
        let (Some(Computed::Length(counts)), Kind::Number(rule)) = (&field.computed, &field.kind) else { continue };
        let length = match counts {
            Counts::Rest => telegram.len().saturating_sub(range.end),
            Counts::All => telegram.len(),
        };
        let mut bytes = vec![0; step.bytes(telegram).len()];
        (length as u64).put(rule, &mut bytes).map_err(|fault| {
            Error::in_field(Culprit::Spec, fault, field).at_bytes(range.clone(), None).within_path(&step.within)
        })?;
        refreshed.push((range, bytes));
    }
    for (range, bytes) in refreshed {
        if let Some(out) = telegram.get_mut(range) {
            out.copy_from_slice(&bytes);
        }
    }
    Ok(())
}

/// Writes these bytes of a telegram by way of others, so that they are whole whatever happens.
pub(super) fn in_place(
    telegram: &mut [u8],
    range: Range<usize>,
    put: impl FnOnce(&mut [u8]) -> Result<(), Error>,
) -> Result<(), Error> {
    /// Most fields are shorter, and need no heap.
    const SCRATCH_BYTES: usize = 64;
    let (len, left) = (range.len(), telegram.len().saturating_sub(range.start));
    let Some(out) = telegram.get_mut(range.clone()) else {
        return Err(Error::new(Culprit::Peer, Fault::Truncated { needed: len, left }).at_bytes(range, None));
    };
    let mut short = [0; SCRATCH_BYTES];
    let mut long = Vec::new();
    let scratch = match short.get_mut(..len) {
        Some(scratch) => scratch,
        None => {
            long.resize(len, 0);
            &mut long
        }
    };
    put(scratch).map_err(|error| error.at_bytes(range, None))?;
    out.copy_from_slice(scratch);
    Ok(())
}

impl Error {
    fn within_path(self, path: &str) -> Self {
        if path.is_empty() { self } else { self.within(path) }
    }
}
