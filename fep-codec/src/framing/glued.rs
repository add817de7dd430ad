//! The length of a telegram that others may follow, as in a file of concatenated telegrams or a capture of a line.

use alloc::vec::Vec;

use crate::cursor::length_value;
use crate::error::{Culprit, Error, Fault};
use crate::kind::FieldValue as _;
use crate::layout::{Computed, Field, Item, Kind, Layout, LengthScope, NumberRule};

/// The field that holds the length of a telegram.
struct LengthField<'l> {
    field: &'l Field,
    rule: &'l NumberRule,
    counts: LengthScope,
    start: usize,
    /// The names of the parts that contain it, the innermost first.
    within: Vec<&'l str>,
}

impl Layout {
    /// The length in bytes of the telegram that these bytes begin with: its fixed length, or the value of its computed length
    /// field. The bytes may end before the telegram does, and other bytes may follow it.
    ///
    /// # Errors
    /// If the length field cannot be read, or if its value is below the minimum length of the telegram. Also if the length varies
    /// and no field at a fixed offset holds it.
    pub fn telegram_len(&self, bytes: &[u8]) -> Result<usize, Error> {
        if let Some(len) = self.fixed_len() {
            return Ok(len);
        }
        let Some(LengthField { field, rule, counts, start, within }) = self.length_field(0) else {
            let reason =
                "the telegram's length varies and no field at a fixed offset says it, so nothing can stand behind it";
            return Err(Error::new(Culprit::Spec, Fault::BadSpec { reason }));
        };
        let range = start..start.saturating_add(field.len);
        let fail = |fault, found| {
            let error = Error::in_field(Culprit::Peer, fault, field).at_bytes(range.clone(), found);
            within.iter().fold(error, |error, part| error.within(part))
        };
        let Some(found) = bytes.get(range.clone()) else {
            return Err(fail(Fault::Truncated { needed: field.len, left: bytes.len().saturating_sub(start) }, None));
        };
        let stated = u64::get(rule, found).map_err(|fault| fail(fault, Some(found)))?;
        // For any `LengthScope`, one more byte in the telegram adds one to the field, so a probe finds the bytes not counted.
        let not_counted = PROBE_BYTES - length_value(counts, start, field.len, PROBE_BYTES).min(PROBE_BYTES);
        let len = usize::try_from(stated).unwrap_or(usize::MAX).saturating_add(not_counted);
        if len < self.min_len() {
            return Err(fail(Fault::LengthLies { stated, actual: bytes.len() as u64 }, Some(found)));
        }
        Ok(len)
    }

    /// The first computed length, if it stands at a fixed offset.
    fn length_field(&self, start: usize) -> Option<LengthField<'_>> {
        let mut start = start;
        for item in self.items() {
            match item {
                Item::Field(field) => {
                    if let (Some(Computed::Length(counts)), Kind::Number(rule)) = (&field.computed, &field.kind) {
                        return Some(LengthField { field, rule, counts: *counts, start, within: Vec::new() });
                    }
                }
                Item::Part(part) => {
                    if let Some(mut found) = part.layout.length_field(start) {
                        found.within.push(&part.name);
                        return Some(found);
                    }
                }
                _ => {}
            }
            start = start.checked_add(item.fixed_len()?)?;
        }
        None
    }
}

/// A telegram length that is longer than any bytes before a length field.
const PROBE_BYTES: usize = usize::MAX / 2;
