//! Writing: the mirror of `reader.rs`, method by method.

use alloc::string::String;
use alloc::vec::Vec;
use core::ops::Range;

use super::covered::{Covered, fill_check, next_check};
use super::{culprit_on_encode, fail, length_value};
use crate::error::{Culprit, Error, Fault};
use crate::kind::{FieldValue, TailValue};
use crate::layout::{
    CheckFn, Field, FieldSlot, Filler, Group, Kind, LATE_MAX, LengthScope, Literal, NumberRule, Repeat, TextRule,
};

/// Writes the items of one telegram into a buffer, front to back. It allocates nothing.
#[derive(Debug)]
pub struct Writer<'b> {
    out: &'b mut [u8],
    at: usize,
    late: [Option<Late>; LATE_MAX],
    /// The index of the entry being written, from 0.
    entry: u64,
    /// The entries of which only lengths and checks say whether they look unused. Each has one of its own, unless groups with different padding are
    /// in each other.
    doubtful: Option<[Option<Doubtful>; LATE_MAX]>,
    /// Where texts go that their charset cannot write; `None`: they are errors.
    kept: Option<&'b mut Vec<KeptText>>,
}

/// An entry that is blank except for fields that are filled in at the end.
#[derive(Clone, Copy, Debug)]
struct Doubtful {
    start: usize,
    /// In bytes.
    len: usize,
    pad: u8,
}

/// A text that its charset cannot write. The bytes of its field are not valid.
#[derive(Debug)]
#[cfg_attr(not(feature = "serde"), allow(dead_code, reason = "only serialization reads it"))]
pub(crate) struct KeptText {
    /// Where its field begins, in bytes from the start of the telegram.
    pub(crate) offset: usize,
    /// The length of its field in bytes.
    len: usize,
    /// How its field is written.
    rule: TextRule,
    pub(crate) text: String,
}

/// A field whose value is known only when the telegram ends.
#[derive(Clone, Copy, Debug)]
pub(super) enum Late {
    /// A length in plain digits. Nearly all are, so the rule is not kept.
    Length {
        start: usize,
        len: usize,
        counts: LengthScope,
    },
    EncodedLength {
        start: usize,
        len: usize,
        rule: NumberRule,
        counts: LengthScope,
    },
    Check {
        start: usize,
        len: usize,
        covered: Covered,
        run: CheckFn,
    },
}

impl<'b> Writer<'b> {
    /// A writer at the start of a buffer.
    #[must_use]
    #[inline]
    pub const fn new(out: &'b mut [u8]) -> Self {
        Self { out, at: 0, late: [None; LATE_MAX], entry: 0, doubtful: None, kept: None }
    }

    /// A writer for a telegram that is not sent: a text that its charset cannot write goes to `kept`.
    #[cfg(feature = "serde")]
    pub(crate) const fn keeping(out: &'b mut [u8], kept: &'b mut Vec<KeptText>) -> Self {
        Self { out, at: 0, late: [None; LATE_MAX], entry: 0, doubtful: None, kept: Some(kept) }
    }

    /// Writes another text in place of each text that is kept, so that the telegram can be read.
    #[cfg(feature = "serde")]
    pub(crate) fn put_stand_ins(&mut self) {
        for KeptText { offset, len, rule, .. } in self.kept.as_deref().into_iter().flatten() {
            if let Some(field) = self.out.get_mut(*offset..).and_then(|rest| rest.get_mut(..*len)) {
                rule.put_stand_in(field);
            }
        }
    }

    /// Fills in lengths, then checks, and returns the length of the telegram in bytes.
    ///
    /// # Errors
    /// If a length field is too short for the telegram's length, or a check cannot be computed.
    #[inline]
    pub fn finish(self) -> Result<usize, Error> {
        let Self { out, at, late, doubtful, .. } = self;
        let mut check = None;
        let mut checks = 0_usize;
        for field in late.iter().map_while(Option::as_ref) {
            match *field {
                Late::Length { start, len, counts } => {
                    fill_length(out, at, start..start + len, &NumberRule::UNSIGNED, counts)?;
                }
                Late::EncodedLength { start, len, ref rule, counts } => {
                    fill_encoded_length(out, at, start..start + len, rule, counts)?;
                }
                Late::Check { start, len, covered, run } => {
                    check = Some(LateCheck { range: start..start + len, covered, run });
                    checks += 1;
                }
            }
        }
        // Checks can cover lengths, so lengths come first.
        match check {
            None => {}
            Some(only) if checks == 1 => fill_check(out, only.covered, only.range, only.run)?,
            Some(_) => fill_checks(out, &late)?,
        }
        match doubtful {
            None => Ok(at),
            Some(entries) => entries.iter().flatten().try_for_each(|entry| entry.check(out)).map(|()| at),
        }
    }

    /// Rejects an entry from `start` to here that looks like an unused entry, because a reader would not read it. If only fields say so that
    /// are filled in at the end, it is looked at again then. Until then these fields hold no padding: sums look for used entries before.
    pub(super) fn check_not_blank(&mut self, group: &Group, start: usize) -> Result<(), Error> {
        let Repeat::Padded { by: None, pad, .. } = group.repeat else { return Ok(()) };
        let range = start..self.at;
        if self.kept.as_deref().is_some_and(|kept| kept.iter().any(|text| range.contains(&text.offset))) {
            return Ok(());
        }
        let entry = self.written(start);
        let late_at = |at: usize| self.late.iter().map_while(Option::as_ref).find(|late| late.range().contains(&at));
        let is_set = |(at, byte): (usize, &u8)| *byte != pad && late_at(start.saturating_add(at)).is_none();
        if group.layout.fixed_len() != Some(entry.len()) || entry.iter().enumerate().any(is_set) {
            return Ok(());
        }
        let late = self.late;
        let mut inside =
            late.iter().map_while(Option::as_ref).filter(|late| range.contains(&late.range().start)).peekable();
        if inside.peek().is_none() {
            return Err(looks_unused(range));
        }
        let is_digits = |late: &Late| matches!(late, Late::Length { .. });
        let is_sure = !pad.is_ascii_digit() && inside.clone().any(is_digits);
        let known = self.doubtful.get_or_insert([None; LATE_MAX]);
        let pads = known.map(|entry| entry.map_or(pad, |entry| entry.pad));
        let other = (b'0'..=b'9').find(|byte| *byte != pad && !pads.contains(byte)).unwrap_or_default();
        for late in inside {
            self.out.get_mut(late.range()).unwrap_or_default().fill(other);
        }
        let entry = Doubtful { start, len: range.len(), pad };
        if is_sure || known.iter().flatten().any(|inner| inner.decides(&entry)) {
            return Ok(());
        }
        match known.iter_mut().find(|place| place.is_none()) {
            Some(place) => *place = Some(entry),
            None => return Err(looks_unused(range)),
        }
        Ok(())
    }

    /// Remembers a field to be filled in at the end.
    #[inline(always)]
    pub(super) fn later(&mut self, field: Late) -> Result<(), Fault> {
        let place = self.late.iter_mut().find(|place| place.is_none());
        let reason = "this is one computed length or check more than a telegram can have";
        *place.ok_or(Fault::BadSpec { reason })? = Some(field);
        Ok(())
    }

    /// Whether a check at this offset is to be filled in at the end.
    pub(super) fn has_late_check(&self, at: usize) -> bool {
        self.late.iter().flatten().any(|late| matches!(late, Late::Check { start, .. } if *start == at))
    }

    /// The bytes written from `start` on.
    pub(crate) fn written(&self, start: usize) -> &[u8] {
        self.out.get(start..self.at).unwrap_or_default()
    }

    /// The index of the entry being written, from 0.
    pub(crate) const fn entry(&self) -> u64 {
        self.entry
    }

    pub(crate) const fn set_entry(&mut self, entry: u64) {
        self.entry = entry;
    }

    /// The number of bytes written so far.
    #[must_use]
    pub const fn position(&self) -> usize {
        self.at
    }

    /// The buffer from here on.
    #[inline(always)]
    pub(crate) fn rest(&mut self) -> &mut [u8] {
        self.out.get_mut(self.at..).unwrap_or_default()
    }

    /// Continues at this offset.
    #[inline(always)]
    pub(crate) const fn pass_to(&mut self, at: usize) {
        self.at = at;
    }

    #[inline(always)]
    pub(super) fn take(&mut self, len: usize) -> Result<&mut [u8], Fault> {
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
    pub fn field<'v, R, T: FieldValue<'v, R>>(&mut self, slot: FieldSlot<'_, R>, value: &T) -> Result<(), Error> {
        let start = self.at;
        let put = self.take(slot.field.len).and_then(|bytes| value.put(slot.rule, bytes));
        match put {
            Ok(()) => Ok(()),
            Err(fault) => keep(self.kept.as_deref_mut(), fault, slot.field, start, value),
        }
    }

    /// Writes a tail: a field as long as its value.
    ///
    /// # Errors
    /// If the value has more bytes than the field may have, or its charset lacks a character.
    pub fn tail<'v, R, T: TailValue<'v, R>>(&mut self, slot: FieldSlot<'_, R>, value: &T) -> Result<(), Error> {
        let start = self.at;
        let needed = value.wire_len(slot.rule);
        let len = slot.field.len;
        let put = if needed > len { Err(Fault::TooLong { needed, len }) } else { self.take(needed) };
        put.and_then(|bytes| value.put(slot.rule, bytes)).map_err(|fault| in_field(fault, slot.field, start))
    }

    /// Reserves room for a length. The length is filled in at the end.
    ///
    /// # Errors
    /// If the buffer ends here, or the telegram has more than [`LATE_MAX`] fields that are filled in at the end.
    #[inline(always)]
    pub fn length(&mut self, slot: FieldSlot<'_, NumberRule>, counts: LengthScope) -> Result<(), Error> {
        let start = self.at;
        self.take(slot.field.len).map_err(|fault| in_field(fault, slot.field, start))?;
        let len = slot.field.len;
        let late = if slot.rule.is_plain_unsigned() {
            Late::Length { start, len, counts }
        } else {
            Late::EncodedLength { start, len, rule: *slot.rule, counts }
        };
        self.later(late).map_err(|fault| in_field(fault, slot.field, start))
    }

    /// Writes a number to a field that was left open, at this offset.
    ///
    /// # Errors
    /// If the field cannot hold it.
    pub(crate) fn number_at(&mut self, field: &Field, start: usize, number: i128) -> Result<(), Error> {
        let Kind::Number(rule) = &field.kind else {
            let fault = Fault::BadSpec { reason: "a computed field must be a number" };
            return Err(Error::in_field(Culprit::Spec, fault, field));
        };
        match self.out.get_mut(start..start.saturating_add(field.len)) {
            Some(bytes) => number.put(rule, bytes).map_err(|fault| in_field(fault, field, start)),
            None => Ok(()),
        }
    }

    /// Writes one byte at this offset.
    pub(crate) fn byte_at(&mut self, start: usize, byte: u8) {
        if let Some(place) = self.out.get_mut(start) {
            *place = byte;
        }
    }

    /// Leaves a field open that is filled in when the layout that contains it is complete.
    ///
    /// # Errors
    /// If the buffer ends here.
    pub fn open(&mut self, field: &Field) -> Result<(), Error> {
        let start = self.at;
        self.take(field.len).map(|bytes| bytes.fill(0)).map_err(|fault| in_field(fault, field, start))
    }

    /// Writes the number of entries of a group.
    ///
    /// # Errors
    /// If there are more entries than the group may have, or more than the field can state.
    #[inline]
    pub fn count(&mut self, slot: FieldSlot<'_, NumberRule>, group: &Group, count: usize) -> Result<(), Error> {
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

    /// Writes the given bytes as reserved bytes.
    ///
    /// # Errors
    /// If the number of bytes is not the length of the filler, or the buffer ends here.
    pub(crate) fn reserved(&mut self, filler: &Filler, bytes: &[u8]) -> Result<(), Error> {
        let given = bytes.len();
        let len = filler.len;
        let written = if given == len { self.take(len) } else { Err(Fault::NotFull { given, len }) };
        written.map(|out| out.copy_from_slice(bytes)).map_err(|fault| Error::new(Culprit::Caller, fault))
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
    let max = group.repeat.max();
    let fault = match group.repeat {
        Repeat::Fixed(expected) if count != expected => Fault::WrongCount { count, expected },
        _ if count > max => Fault::TooMany { count, max },
        _ => return Ok(()),
    };
    Err(Error::new(Culprit::Caller, fault).within(&group.name))
}

impl Doubtful {
    /// Whether an entry around this one is not blank if this one is not.
    fn decides(&self, outer: &Self) -> bool {
        self.pad == outer.pad && self.start >= outer.start
    }

    #[cold]
    #[inline(never)]
    fn check(&self, out: &[u8]) -> Result<(), Error> {
        let range = self.start..self.start.saturating_add(self.len);
        let is_blank = out.get(range.clone()).is_some_and(|entry| entry.iter().all(|byte| *byte == self.pad));
        if is_blank { Err(looks_unused(range)) } else { Ok(()) }
    }
}

impl Late {
    fn range(&self) -> Range<usize> {
        let (Self::Length { start, len, .. } | Self::EncodedLength { start, len, .. } | Self::Check { start, len, .. }) =
            *self;
        start..start.saturating_add(len)
    }
}

/// A reader would take this entry for an unused one.
fn looks_unused(entry: Range<usize>) -> Error {
    Error::new(Culprit::Caller, Fault::EntryMeansNone).at_bytes(entry, None)
}

#[inline(never)]
fn fill_encoded_length(
    out: &mut [u8],
    total: usize,
    range: Range<usize>,
    rule: &NumberRule,
    counts: LengthScope,
) -> Result<(), Error> {
    fill_length(out, total, range, rule, counts)
}

#[inline(always)]
fn fill_length(
    out: &mut [u8],
    total: usize,
    range: Range<usize>,
    rule: &NumberRule,
    counts: LengthScope,
) -> Result<(), Error> {
    let value = length_value(counts, range.start, range.len(), total) as u64;
    match out.get_mut(range.clone()) {
        Some(bytes) => value.put(rule, bytes).map_err(|fault| Error::new(Culprit::Spec, fault).at_bytes(range, None)),
        None => Ok(()),
    }
}

#[inline(never)]
fn fill_checks(out: &mut [u8], late: &[Option<Late>]) -> Result<(), Error> {
    let mut open = [const { None }; LATE_MAX];
    let checks = late.iter().map_while(Option::as_ref).filter_map(|field| match *field {
        Late::Check { start, len, covered, run } => Some(LateCheck { range: start..start + len, covered, run }),
        Late::Length { .. } | Late::EncodedLength { .. } => None,
    });
    open.iter_mut().zip(checks).for_each(|(place, check)| *place = Some(check));
    while let Some(check) = next_check(&mut open, |check| (check.covered, check.range.clone())) {
        fill_check(out, check.covered, check.range, check.run)?;
    }
    Ok(())
}

/// A check to be filled in.
struct LateCheck {
    range: Range<usize>,
    covered: Covered,
    run: CheckFn,
}

/// A value could not be written: an error, or a text for the list. The writer itself is not passed, because its position would
/// then have to be in memory and not in a register. Nor is its buffer: a derived encoder took two thirds more instructions with it.
#[cold]
#[inline(never)]
fn keep<'v, R, T: FieldValue<'v, R>>(
    kept: Option<&mut Vec<KeptText>>,
    fault: Fault,
    field: &Field,
    start: usize,
    value: &T,
) -> Result<(), Error> {
    match (kept, value.as_text(), &field.kind) {
        (Some(kept), Some(text), Kind::Text(rule)) if matches!(fault, Fault::Unmappable { .. }) => {
            let text = text.into_owned();
            kept.push(KeptText { offset: start, len: field.len, rule: *rule, text });
            Ok(())
        }
        _ => Err(in_field(fault, field, start)),
    }
}

#[cold]
fn in_field(fault: Fault, field: &Field, start: usize) -> Error {
    fail(culprit_on_encode(&fault), fault, field, start, None)
}
