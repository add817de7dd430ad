//! Reading: the mirror of `writer.rs`, method by method.

use super::{fail, length_value};
use crate::error::{Culprit, Error, Fault};
use crate::kind::FieldValue;
use crate::layout::{Counts, Filler, Group, Layout, Literal, NumberRule, Repeat, Slot};

/// Reads the items of one telegram from its bytes, front to back.
#[derive(Debug)]
pub struct Reader<'a> {
    telegram: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    /// A reader at the start of a telegram.
    #[must_use]
    #[inline]
    pub const fn new(telegram: &'a [u8]) -> Self {
        Self { telegram, at: 0 }
    }

    /// A reader that continues at this offset.
    pub(crate) const fn starting_at(telegram: &'a [u8], at: usize) -> Self {
        Self { telegram, at }
    }

    /// A reader at the start of a telegram, if a telegram with this layout can have that many bytes.
    ///
    /// # Errors
    /// The wrong length, if the layout has a fixed one.
    #[inline]
    pub fn of(telegram: &'a [u8], layout: &Layout) -> Result<Self, Error> {
        match layout.fixed_len() {
            Some(expected) if expected != telegram.len() => {
                Err(Error::new(Culprit::Peer, Fault::WrongLength { expected, found: telegram.len() }))
            }
            _ => Ok(Self::new(telegram)),
        }
    }

    /// Checks that nothing is left.
    ///
    /// # Errors
    /// If bytes are left over.
    #[inline]
    pub fn finish(self) -> Result<(), Error> {
        let left = self.telegram.len().saturating_sub(self.at);
        if left == 0 {
            return Ok(());
        }
        let bytes = self.telegram.get(self.at..);
        Err(Error::new(Culprit::Peer, Fault::LeftOver { bytes: left }).at_bytes(self.at..self.telegram.len(), bytes))
    }

    /// The bytes read so far.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.at
    }

    /// The bytes of the whole telegram.
    #[must_use]
    pub const fn telegram(&self) -> &'a [u8] {
        self.telegram
    }

    #[inline(always)]
    fn take(&mut self, len: usize) -> Result<&'a [u8], Fault> {
        let rest = self.telegram.get(self.at..).unwrap_or_default();
        match rest.get(..len) {
            Some(bytes) => {
                self.at += len;
                Ok(bytes)
            }
            None => Err(Fault::Truncated { needed: len, left: rest.len() }),
        }
    }

    /// Reads a field.
    ///
    /// # Errors
    /// If the telegram ends before the field does, or the bytes are no value of its kind.
    #[inline(always)]
    pub fn field<R, T: FieldValue<'a, R>>(&mut self, slot: Slot<'_, R>) -> Result<T, Error> {
        let start = self.at;
        let bytes = match self.take(slot.field.len) {
            Ok(bytes) => bytes,
            Err(fault) => return Err(fail(Culprit::Peer, fault, slot.field, start, None)),
        };
        match T::get(slot.rule, bytes) {
            Ok(value) => Ok(value),
            Err(fault) => Err(fail(culprit_of(&fault), fault, slot.field, start, Some(bytes))),
        }
    }

    /// Reads a length field and checks it against the telegram.
    ///
    /// # Errors
    /// If it is no number, or not the length.
    #[inline]
    pub fn length(&mut self, slot: Slot<'_, NumberRule>, counts: Counts) -> Result<(), Error> {
        self.stated_length(slot, counts).map(drop)
    }

    /// [`Reader::length`], for those who keep the value.
    #[inline]
    pub(crate) fn stated_length(&mut self, slot: Slot<'_, NumberRule>, counts: Counts) -> Result<u64, Error> {
        let start = self.at;
        let stated: u64 = self.field(slot)?;
        let actual = length_value(counts, start, slot.field.len, self.telegram.len()) as u64;
        if stated == actual {
            return Ok(stated);
        }
        let fault = Fault::LengthLies { stated, actual };
        Err(fail(Culprit::Peer, fault, slot.field, start, self.telegram.get(start..self.at)))
    }

    /// Reads the number of entries of a later group.
    ///
    /// # Errors
    /// If it is no number, or more than the group may have.
    #[inline]
    pub fn count(&mut self, slot: Slot<'_, NumberRule>, group: &Group) -> Result<usize, Error> {
        let start = self.at;
        let stated: u64 = self.field(slot)?;
        let count = usize::try_from(stated).unwrap_or(usize::MAX);
        let (Repeat::Fixed(max) | Repeat::Counted { max, .. }) = group.repeat;
        if count <= max {
            return Ok(count);
        }
        let fault = Fault::TooMany { count, max };
        Err(fail(Culprit::Peer, fault, slot.field, start, self.telegram.get(start..self.at)))
    }

    /// Reads a literal.
    ///
    /// # Errors
    /// If other bytes stand there.
    #[inline]
    pub fn literal(&mut self, literal: &Literal) -> Result<(), Error> {
        let start = self.at;
        match self.take(literal.len()) {
            Ok(bytes) if *bytes == *literal.bytes => Ok(()),
            Ok(bytes) => Err(self.in_literal(Fault::NotTheLiteral, literal, start, Some(bytes))),
            Err(fault) => Err(self.in_literal(fault, literal, start, None)),
        }
    }

    #[cold]
    fn in_literal(&self, fault: Fault, literal: &Literal, start: usize, bytes: Option<&[u8]>) -> Error {
        let error = Error::new(Culprit::Peer, fault).at_bytes(start..start.saturating_add(literal.len()), bytes);
        if literal.name.is_empty() { error } else { error.within(&literal.name) }
    }

    /// Passes reserved bytes, and checks that they are blank if the spec says so.
    ///
    /// # Errors
    /// If they are not, or the telegram ends before they do.
    #[inline]
    pub fn filler(&mut self, filler: &Filler) -> Result<(), Error> {
        let start = self.at;
        let fault = match self.take(filler.len) {
            Err(fault) => fault,
            Ok(_) if filler.any => return Ok(()),
            Ok(bytes) => match bytes.iter().position(|byte| *byte != filler.pad) {
                None => return Ok(()),
                Some(offset) => Fault::FillerNotBlank { offset, byte: bytes.get(offset).copied().unwrap_or_default() },
            },
        };
        Err(Error::new(Culprit::Peer, fault).at_bytes(start..start.saturating_add(filler.len), None))
    }
}

fn culprit_of(fault: &Fault) -> Culprit {
    if matches!(fault, Fault::BadSpec { .. }) { Culprit::Spec } else { Culprit::Peer }
}
