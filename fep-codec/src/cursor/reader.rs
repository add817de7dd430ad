//! Reading: the mirror of `writer.rs`, method by method.

use super::{fail, length_value};
use crate::error::{Culprit, Error, Fault};
use crate::kind::FieldValue;
use crate::layout::{Field, FieldSlot, Filler, Group, LengthScope, Literal, NumberRule};
use crate::swar::{all_are, ascii_len, is_ascii};

/// Reads the items of one telegram from its bytes, front to back.
#[derive(Debug)]
pub struct Reader<'a> {
    telegram: &'a [u8],
    at: usize,
    /// A run of the telegram that is known to be ASCII. It begins at `ascii_start`.
    ascii: &'a str,
    ascii_start: usize,
    /// The length in bytes of the whole telegram, even while the reader may read only a part of it.
    total: usize,
    /// The number of bytes at the end of the telegram that do not belong to the item being read.
    reserved: usize,
    /// The index of the entry being read, from 0.
    entry: u64,
}

impl<'a> Reader<'a> {
    /// A reader at the start of a telegram.
    #[must_use]
    #[inline]
    pub const fn new(telegram: &'a [u8]) -> Self {
        Self::starting_at(telegram, 0)
    }

    /// A reader that continues at this offset.
    #[inline]
    pub(crate) const fn starting_at(telegram: &'a [u8], at: usize) -> Self {
        Self { telegram, at, ascii: "", ascii_start: 0, total: telegram.len(), reserved: 0, entry: 0 }
    }

    /// A reader at the start of a telegram, after a check of its length if the layout has a fixed length.
    ///
    /// # Errors
    /// If the telegram has another length.
    #[inline]
    pub fn of_len(telegram: &'a [u8], fixed_len: Option<usize>) -> Result<Self, Error> {
        match fixed_len {
            Some(expected) if expected != telegram.len() => {
                Err(Error::new(Culprit::Peer, Fault::WrongLength { expected, found: telegram.len() }))
            }
            _ => Ok(Self::new(telegram)),
        }
    }

    /// Checks that no bytes are left.
    ///
    /// # Errors
    /// If bytes are left over.
    #[inline]
    pub fn finish(self) -> Result<(), Error> {
        let left = self.telegram.len().saturating_sub(self.at);
        if left == 0 {
            return Ok(());
        }
        // The bytes are not shown: they are out of place, so they may belong to a secret field.
        Err(Error::new(Culprit::Peer, Fault::LeftOver { bytes: left }).at_bytes(self.at..self.telegram.len(), None))
    }

    /// The number of bytes read so far.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.at
    }

    /// The bytes of the telegram from its start. While an item of a stated length is read, they end where the item ends.
    #[must_use]
    pub const fn telegram(&self) -> &'a [u8] {
        self.telegram
    }

    /// The number of bytes that are left for the item being read, without the bytes that are reserved for later items.
    #[must_use]
    pub const fn left(&self) -> usize {
        self.telegram.len().saturating_sub(self.reserved).saturating_sub(self.at)
    }

    /// The number of reserved bytes that the reader has read by mistake.
    pub(super) const fn overrun(&self) -> usize {
        self.at.saturating_sub(self.telegram.len().saturating_sub(self.reserved))
    }

    /// Reserves bytes at the end for later items.
    pub(crate) const fn reserve(&mut self, bytes: usize) {
        self.reserved = self.reserved.saturating_add(bytes);
    }

    /// Releases reserved bytes.
    pub(super) const fn release(&mut self, bytes: usize) {
        self.reserved = self.reserved.saturating_sub(bytes);
    }

    /// Ends the telegram at `end`, and returns the state that [`Reader::widen`] restores.
    pub(crate) fn narrow(&mut self, end: usize) -> (&'a [u8], usize) {
        let outer = (self.telegram, self.reserved);
        self.telegram = self.telegram.get(..end).unwrap_or(self.telegram);
        self.reserved = 0;
        outer
    }

    /// Undoes [`Reader::narrow`].
    pub(super) const fn widen(&mut self, outer: (&'a [u8], usize)) {
        (self.telegram, self.reserved) = outer;
    }

    /// The index of the entry being read, from 0.
    pub(crate) const fn entry(&self) -> u64 {
        self.entry
    }

    pub(crate) const fn set_entry(&mut self, entry: u64) {
        self.entry = entry;
    }

    #[inline(always)]
    pub(super) fn take(&mut self, len: usize) -> Result<&'a [u8], Fault> {
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
    /// If the telegram ends before the field does, or the bytes are not a value of its kind.
    #[inline(always)]
    pub fn field<R, T: FieldValue<'a, R>>(&mut self, slot: FieldSlot<'_, R>) -> Result<T, Error> {
        self.field_of(slot, slot.field.len)
    }

    /// Reads a field behind [`Reader::expect_ascii`].
    ///
    /// # Errors
    /// As [`Reader::field`].
    #[inline(always)]
    pub fn field_in_run<R, T: FieldValue<'a, R>>(&mut self, slot: FieldSlot<'_, R>) -> Result<T, Error> {
        let start = self.at;
        let len = slot.field.len;
        match self.take(len) {
            Ok(bytes) => value(slot, start, bytes, || self.known_ascii(start, len)),
            Err(fault) => Err(fail(Culprit::Peer, fault, slot.field, start, None)),
        }
    }

    /// A run of the telegram that is known to be ASCII, and its offset, which is not behind the reader.
    #[inline(always)]
    pub(crate) const fn known_ascii_run(&self) -> (&'a str, usize) {
        if self.ascii_start <= self.at { (self.ascii, self.ascii_start) } else { ("", self.at) }
    }

    /// [`Reader::expect_ascii`] at this offset, and the bytes from there on that are known to be ASCII.
    #[inline(never)]
    pub(crate) fn expect_ascii_at(&mut self, at: usize, run: usize) -> (&'a str, usize) {
        self.at = at;
        self.expect_ascii(run);
        self.known_ascii_run()
    }

    /// The number of bytes of the whole telegram behind this offset.
    #[inline(always)]
    pub(crate) const fn total_behind(&self, at: usize) -> u64 {
        self.total.saturating_sub(at) as u64
    }

    /// Continues at this offset.
    #[inline(always)]
    pub(crate) const fn pass_to(&mut self, at: usize) {
        self.at = at;
    }

    /// Reads a tail: a field that takes all bytes that are left, except `behind` bytes for the items after it.
    ///
    /// # Errors
    /// If there are more bytes than the field may have, or the bytes are not a value of its kind.
    #[inline]
    pub fn tail<R, T: FieldValue<'a, R>>(&mut self, slot: FieldSlot<'_, R>, behind: usize) -> Result<T, Error> {
        let len = self.left().saturating_sub(behind);
        let max = slot.field.len;
        if len <= max {
            return self.field_of(slot, len);
        }
        let error = Error::in_field(Culprit::Peer, Fault::TooLong { needed: len, len: max }, slot.field);
        Err(error.at_bytes(self.at..self.at.saturating_add(len), None))
    }

    #[inline(always)]
    fn field_of<R, T: FieldValue<'a, R>>(&mut self, slot: FieldSlot<'_, R>, len: usize) -> Result<T, Error> {
        let start = self.at;
        match self.take(len) {
            Ok(bytes) => value(slot, start, bytes, || self.ascii(start, len)),
            Err(fault) => Err(fail(Culprit::Peer, fault, slot.field, start, None)),
        }
    }

    /// Validates the next `run` bytes at once, because they are ASCII by the layout. If they are not, each field says so.
    #[inline(always)]
    pub fn expect_ascii(&mut self, run: usize) {
        if run == 0 || self.known_ascii(self.at, run).is_some() {
            return;
        }
        let bytes = self.telegram.get(self.at..).and_then(|rest| rest.get(..run)).filter(|run| is_ascii(run));
        self.ascii = bytes.and_then(|run| core::str::from_utf8(run).ok()).unwrap_or_default();
        self.ascii_start = self.at;
    }

    /// These bytes of the telegram as text, if they are ASCII. One validation covers the whole ASCII run that contains them.
    #[inline(always)]
    fn ascii(&mut self, start: usize, len: usize) -> Option<&'a str> {
        let known = self.known_ascii(start, len);
        if known.is_some() {
            return known;
        }
        (self.ascii, self.ascii_start) = (ascii_run(self.telegram.get(start..)?, len)?, start);
        self.ascii.get(..len)
    }

    #[inline(always)]
    fn known_ascii(&self, start: usize, len: usize) -> Option<&'a str> {
        let start = start.checked_sub(self.ascii_start)?;
        self.ascii.get(start..start.checked_add(len)?)
    }

    /// Reads a length field and checks it against the telegram.
    ///
    /// # Errors
    /// If the field is not a number, or states another length.
    #[inline(always)]
    pub fn length(&mut self, slot: FieldSlot<'_, NumberRule>, counts: LengthScope) -> Result<(), Error> {
        self.stated_length(slot, counts).map(drop)
    }

    /// Does the same as [`Reader::length`], and returns the value.
    #[inline(always)]
    pub(crate) fn stated_length(&mut self, slot: FieldSlot<'_, NumberRule>, counts: LengthScope) -> Result<u64, Error> {
        let start = self.at;
        let stated: u64 = self.field(slot)?;
        let actual = length_value(counts, start, slot.field.len, self.total) as u64;
        if stated == actual {
            return Ok(stated);
        }
        let fault = Fault::LengthLies { stated, actual };
        Err(fail(Culprit::Peer, fault, slot.field, start, self.telegram.get(start..self.at)))
    }

    /// Reads the number of entries of a group.
    ///
    /// # Errors
    /// If the field is not a number, or states more entries than the group may have.
    #[inline]
    pub fn count(&mut self, slot: FieldSlot<'_, NumberRule>, group: &Group) -> Result<usize, Error> {
        let start = self.at;
        let stated: u64 = self.field(slot)?;
        let count = usize::try_from(stated).unwrap_or(usize::MAX);
        let max = group.repeat.max();
        if count <= max {
            return Ok(count);
        }
        let fault = Fault::TooMany { count, max };
        Err(fail(Culprit::Peer, fault, slot.field, start, self.telegram.get(start..self.at)))
    }

    /// Reads a literal.
    ///
    /// # Errors
    /// If the telegram has other bytes there, or ends before the literal does.
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

    /// Skips reserved bytes, and checks that they are blank unless the spec allows any bytes.
    ///
    /// # Errors
    /// If they must be blank and are not, or if the telegram ends before they do.
    #[inline(always)]
    pub fn filler(&mut self, filler: &Filler) -> Result<(), Error> {
        let start = self.at;
        let fault = match self.take(filler.len) {
            Err(fault) => fault,
            Ok(_) if filler.any => return Ok(()),
            Ok(bytes) if all_are(bytes, filler.pad) => return Ok(()),
            Ok(bytes) => {
                let offset = bytes.iter().take_while(|byte| **byte == filler.pad).count();
                Fault::FillerNotBlank { offset, byte: bytes.get(offset).copied().unwrap_or_default() }
            }
        };
        Err(Error::new(Culprit::Peer, fault).at_bytes(start..start.saturating_add(filler.len), None))
    }
}

/// The value of a field. `text` gives its bytes as text, if they are known to be ASCII.
#[inline(always)]
fn value<'a, R, T: FieldValue<'a, R>>(
    slot: FieldSlot<'_, R>,
    start: usize,
    bytes: &'a [u8],
    text: impl FnOnce() -> Option<&'a str>,
) -> Result<T, Error> {
    let value = match T::PREFERS_ASCII.then(text).flatten() {
        Some(text) => T::get_ascii(slot.rule, text),
        None => T::get(slot.rule, bytes),
    };
    match value {
        Ok(value) => Ok(value),
        Err(fault) => Err(unreadable(fault, slot.field, start, bytes)),
    }
}

/// The run of ASCII at the start of these bytes, or `None` if it is shorter than `needed`.
#[inline(never)]
fn ascii_run(bytes: &[u8], needed: usize) -> Option<&str> {
    let run = bytes.get(..ascii_len(bytes))?;
    // The run was just checked to be ASCII, so it is always valid UTF-8.
    if run.len() < needed { None } else { core::str::from_utf8(run).ok() }
}

/// The error of a field that cannot be read. Its range has the length of `bytes`, because a tail can be shorter than `field.len`.
#[cold]
fn unreadable(fault: Fault, field: &Field, start: usize, bytes: &[u8]) -> Error {
    let range = start..start.saturating_add(bytes.len());
    Error::in_field(culprit_of(&fault), fault, field).at_bytes(range, Some(bytes))
}

fn culprit_of(fault: &Fault) -> Culprit {
    if matches!(fault, Fault::BadSpec { .. }) { Culprit::Spec } else { Culprit::Peer }
}
