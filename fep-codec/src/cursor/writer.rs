//! Writing: the mirror of `reader.rs`, method by method.

use super::{fail, length_value};
use crate::error::{Culprit, Error, Fault};
use crate::kind::FieldValue;
use crate::layout::{Counts, Field, Filler, Group, LENGTHS_MAX, Literal, NumberRule, Repeat, Slot};

/// Writes the items of one telegram into a buffer, front to back. It allocates nothing.
#[derive(Debug)]
pub struct Writer<'b> {
    out: &'b mut [u8],
    at: usize,
    lengths: [Option<PendingLength>; LENGTHS_MAX],
}

/// A length field whose value is known when the telegram ends.
#[derive(Clone, Copy, Debug)]
struct PendingLength {
    start: usize,
    len: usize,
    rule: NumberRule,
    counts: Counts,
}

impl<'b> Writer<'b> {
    /// A writer at the start of a buffer.
    #[must_use]
    #[inline]
    pub const fn new(out: &'b mut [u8]) -> Self {
        Self { out, at: 0, lengths: [None; LENGTHS_MAX] }
    }

    /// Fills in the length fields and returns how many bytes the telegram has.
    ///
    /// # Errors
    /// If a length field is too short for the telegram's length.
    #[inline]
    pub fn finish(self) -> Result<usize, Error> {
        for pending in self.lengths.into_iter().flatten() {
            let PendingLength { start, len, rule, counts } = pending;
            let value = length_value(counts, start, len, self.at) as u64;
            let end = start.saturating_add(len);
            if let Some(bytes) = self.out.get_mut(start..end) {
                value.put(&rule, bytes).map_err(|fault| Error::new(Culprit::Spec, fault).at_bytes(start..end, None))?;
            }
        }
        Ok(self.at)
    }

    /// The bytes written so far.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.at
    }

    #[inline(always)]
    fn take(&mut self, len: usize) -> Result<&mut [u8], Fault> {
        let start = self.at;
        let buffer_len = self.out.len();
        match self.out.get_mut(start..).and_then(|rest| rest.get_mut(..len)) {
            Some(bytes) => {
                self.at += len;
                Ok(bytes)
            }
            None => Err(Fault::BufferTooShort { needed: start.saturating_add(len), len: buffer_len }),
        }
    }

    /// Writes a field.
    ///
    /// # Errors
    /// If the value does not fit or its charset lacks a character.
    #[inline(always)]
    pub fn field<'v, R, T: FieldValue<'v, R>>(&mut self, slot: Slot<'_, R>, value: &T) -> Result<(), Error> {
        let start = self.at;
        let put = self.take(slot.field.len).and_then(|bytes| value.put(slot.rule, bytes));
        match put {
            Ok(()) => Ok(()),
            Err(fault) => Err(in_field(fault, slot.field, start)),
        }
    }

    /// Leaves room for a length, which is filled in at the end.
    ///
    /// # Errors
    /// If the buffer ends here, or the telegram has more than [`LENGTHS_MAX`] length fields.
    #[inline]
    pub fn length(&mut self, slot: Slot<'_, NumberRule>, counts: Counts) -> Result<(), Error> {
        let start = self.at;
        self.take(slot.field.len).map_err(|fault| in_field(fault, slot.field, start))?;
        let pending = PendingLength { start, len: slot.field.len, rule: *slot.rule, counts };
        match self.lengths.iter_mut().find(|place| place.is_none()) {
            Some(place) => {
                *place = Some(pending);
                Ok(())
            }
            None => {
                let fault = Fault::BadSpec { reason: "this is one computed length more than a telegram can have" };
                Err(in_field(fault, slot.field, start))
            }
        }
    }

    /// Writes the number of entries of a later group.
    ///
    /// # Errors
    /// If there are more than the group may have, or more than the field can say.
    #[inline]
    pub fn count(&mut self, slot: Slot<'_, NumberRule>, group: &Group, count: usize) -> Result<(), Error> {
        check_count(group, count)?;
        self.field(slot, &(count as u64))
    }

    /// Writes a literal.
    ///
    /// # Errors
    /// If the buffer ends here.
    #[inline]
    pub fn literal(&mut self, literal: &Literal) -> Result<(), Error> {
        match self.take(literal.len()) {
            Ok(bytes) => {
                bytes.copy_from_slice(&literal.bytes);
                Ok(())
            }
            Err(fault) => Err(Error::new(Culprit::Caller, fault)),
        }
    }

    /// Writes reserved bytes.
    ///
    /// # Errors
    /// If the buffer ends here.
    #[inline]
    pub fn filler(&mut self, filler: &Filler) -> Result<(), Error> {
        match self.take(filler.len) {
            Ok(bytes) => {
                bytes.fill(filler.pad);
                Ok(())
            }
            Err(fault) => Err(Error::new(Culprit::Caller, fault)),
        }
    }
}

#[inline]
pub(crate) fn check_count(group: &Group, count: usize) -> Result<(), Error> {
    let fault = match group.repeat {
        Repeat::Fixed(expected) if count != expected => Fault::WrongCount { count, expected },
        Repeat::Counted { max, .. } if count > max => Fault::TooMany { count, max },
        Repeat::Fixed(_) | Repeat::Counted { .. } => return Ok(()),
    };
    Err(Error::new(Culprit::Caller, fault).within(&group.name))
}

#[cold]
fn in_field(fault: Fault, field: &Field, start: usize) -> Error {
    let culprit = if matches!(fault, Fault::BadSpec { .. }) { Culprit::Spec } else { Culprit::Caller };
    fail(culprit, fault, field, start, None)
}
