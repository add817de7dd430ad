//! Computed fields other than lengths and counts: fields whose value follows from other bytes or values of the telegram.
//!
//! A reader often reads such a field before the values that it depends on. It keeps the [`Stated`] value and compares it later.

use super::covered::Covered;
use super::writer::Late;
use super::{Reader, Writer, fail};
use crate::error::{Culprit, Error, Fault};
use crate::kind::{Amount, FieldValue};
use crate::layout::{Check, Computed, Field, FieldSlot, Group, Kind, NumberRule, SignOf};

/// The value that a field states, to be compared when the values that it depends on are known.
#[derive(Clone, Copy, Debug)]
pub struct Stated<T> {
    value: T,
    start: usize,
}

impl<T: Copy> Stated<T> {
    pub(crate) const fn new(value: T, start: usize) -> Self {
        Self { value, start }
    }

    /// The value.
    #[must_use]
    pub const fn value(&self) -> T {
        self.value
    }
}

/// A sum over entries.
#[derive(Clone, Copy, Debug)]
pub struct FieldSum(Option<i128>);

impl FieldSum {
    /// The sum of no entries.
    pub const ZERO: Self = Self(Some(0));

    /// Adds a number that is read and written by this rule.
    #[inline]
    pub fn add<T: Amount>(&mut self, rule: &NumberRule, number: &T) {
        self.add_units(number.units(rule));
    }

    pub(crate) fn add_units(&mut self, units: Option<i128>) {
        self.0 = self.0.and_then(|sum| sum.checked_add(units?));
    }

    pub(crate) const fn units(self) -> Option<i128> {
        self.0
    }

    fn total(self) -> Result<i128, Fault> {
        self.0.ok_or(Fault::Overflow { holder: "a sum of 38 digits" })
    }
}

impl From<Option<i128>> for FieldSum {
    fn from(sum: Option<i128>) -> Self {
        Self(sum)
    }
}

impl Reader<'_> {
    fn lie(&self, fault: Fault, field: &Field, start: usize) -> Error {
        let bytes = self.telegram().get(start..start.saturating_add(field.len));
        fail(Culprit::Peer, fault, field, start, bytes)
    }

    /// Reads a number that is compared later.
    ///
    /// # Errors
    /// If the field is not a number.
    #[inline]
    pub fn stated<T: FieldValueOf<NumberRule>>(&mut self, slot: FieldSlot<'_, NumberRule>) -> Result<Stated<T>, Error> {
        let start = self.position();
        self.field(slot).map(|value| Stated { value, start })
    }

    /// Compares a count after its group with the number of entries.
    ///
    /// # Errors
    /// If the field states another number.
    pub fn check_count(&self, field: &Field, stated: Stated<u64>, actual: usize) -> Result<(), Error> {
        if usize::try_from(stated.value) == Ok(actual) {
            return Ok(());
        }
        Err(self.lie(Fault::CountLies { stated: stated.value, actual }, field, stated.start))
    }

    /// Compares a stated sum with the sum over the entries.
    ///
    /// # Errors
    /// If the field states another number.
    pub fn check_sum(&self, field: &Field, stated: Stated<i128>, sum: FieldSum) -> Result<(), Error> {
        match sum.total() {
            Ok(actual) if actual == stated.value => Ok(()),
            Ok(actual) => {
                let stated_and_actual = Some((stated.value, actual));
                let scale = if let Kind::Number(rule) = &field.kind { rule.decimals() } else { 0 };
                Err(self.lie(Fault::SumLies { stated_and_actual, scale }, field, stated.start))
            }
            Err(fault) => Err(self.lie(fault, field, stated.start)),
        }
    }

    /// Compares a stated length with the length in bytes of its item, which began at `start` and was just read.
    ///
    /// # Errors
    /// If the field states another number.
    pub fn check_length(&self, field: &Field, stated: Stated<u64>, start: usize) -> Result<(), Error> {
        self.check_length_of(field, stated, self.position().saturating_sub(start))
    }

    /// Compares a stated length with the length in bytes of its item.
    pub(crate) fn check_length_of(&self, field: &Field, stated: Stated<u64>, actual: usize) -> Result<(), Error> {
        let actual = actual as u64;
        if actual == stated.value {
            return Ok(());
        }
        Err(self.lie(Fault::LengthLies { stated: stated.value, actual }, field, stated.start))
    }

    /// Reads the sequence number of the entry and compares it.
    ///
    /// # Errors
    /// If the field states another number.
    pub fn sequence(&mut self, slot: FieldSlot<'_, NumberRule>, first: u64) -> Result<u64, Error> {
        let start = self.position();
        let stated: u64 = self.field(slot)?;
        let actual = first.saturating_add(self.entry());
        if stated == actual {
            return Ok(stated);
        }
        Err(self.lie(Fault::SequenceLies { stated, actual }, slot.field, start))
    }

    /// Reads a sign in a separate field.
    ///
    /// # Errors
    /// If the telegram ends before the field does.
    pub fn sign(&mut self, field: &Field) -> Result<Stated<u8>, Error> {
        let start = self.position();
        match self.take(field.len) {
            Ok([value]) => Ok(Stated { value: *value, start }),
            Ok(_) => {
                let fault = Fault::BadSpec { reason: "a sign has one byte" };
                Err(fail(Culprit::Spec, fault, field, start, None))
            }
            Err(fault) => Err(fail(Culprit::Peer, fault, field, start, None)),
        }
    }

    /// Applies the sign from a separate field to a number.
    ///
    /// # Errors
    /// If the byte is not a sign, if the number is zero and the byte is not the sign of zero, or if the number's type cannot hold
    /// a negative number.
    pub fn signed<T: Amount>(
        &self,
        sign: (&Field, &SignOf),
        stated: Stated<u8>,
        number: T,
        rule: &NumberRule,
    ) -> Result<T, Error> {
        let (field, sign) = sign;
        match sign.is_negative(stated.value, number.units(rule) == Some(0), blank_of(field)) {
            Ok(false) => Ok(number),
            Ok(true) => {
                let holder = "a type with a sign for the number that this sign belongs to";
                number.negated().ok_or_else(|| self.lie(Fault::Overflow { holder }, field, stated.start))
            }
            Err(fault) => Err(self.lie(fault, field, stated.start)),
        }
    }

    /// Verifies a check over the telegram's bytes from `from` to the field, and skips the field.
    ///
    /// # Errors
    /// If the field must have other bytes, or the telegram ends before the field does.
    pub fn check(&mut self, field: &Field, from: usize) -> Result<(), Error> {
        self.check_over(field, Covered { from, to: self.position() })
    }

    /// Verifies a check over covered bytes, and skips the field.
    ///
    /// # Errors
    /// If the field must have other bytes, or the telegram ends before the field does.
    pub(crate) fn check_over(&mut self, field: &Field, covered: Covered) -> Result<(), Error> {
        let start = self.position();
        let check = check_of(field).map_err(|fault| fail(Culprit::Spec, fault, field, start, None))?;
        let bytes = self.take(field.len).map_err(|fault| fail(Culprit::Peer, fault, field, start, None))?;
        let own = start..self.position();
        let verified = covered.with(self.telegram(), &own, |covered| check.verify(covered, bytes));
        verified.map_err(|fault| self.lie(fault, field, start))
    }

    /// Skips a check that is verified when the layout that contains it is complete.
    ///
    /// # Errors
    /// If the telegram ends before the field does.
    pub fn open_check(&mut self, field: &Field) -> Result<(), Error> {
        let start = self.position();
        self.take(field.len).map(drop).map_err(|fault| fail(Culprit::Peer, fault, field, start, None))
    }
}

/// A type that a rule can read from bytes of any lifetime.
pub trait FieldValueOf<R>: for<'a> FieldValue<'a, R> {}

impl<R, T: for<'a> FieldValue<'a, R>> FieldValueOf<R> for T {}

impl Writer<'_> {
    /// Writes a sum.
    ///
    /// # Errors
    /// If the field cannot hold it.
    pub fn sum(&mut self, slot: FieldSlot<'_, NumberRule>, sum: FieldSum) -> Result<(), Error> {
        match sum.total() {
            Ok(total) => self.field(slot, &total),
            Err(fault) => Err(fail(Culprit::Caller, fault, slot.field, self.position(), None)),
        }
    }

    /// Writes the sequence number of the entry.
    ///
    /// # Errors
    /// If the field cannot hold it.
    pub fn sequence(&mut self, slot: FieldSlot<'_, NumberRule>, first: u64) -> Result<(), Error> {
        let number = first.saturating_add(self.entry());
        self.field(slot, &number)
    }

    /// Writes the sign of a number into the separate field for the sign.
    ///
    /// # Errors
    /// If the number is larger than an `i128`, or the buffer ends here.
    pub fn sign<T: Amount>(&mut self, sign: (&Field, &SignOf), number: &T, rule: &NumberRule) -> Result<(), Error> {
        let (field, sign) = sign;
        let start = self.position();
        let put = number.units(rule).ok_or(Fault::Overflow { holder: "a number of 38 digits" }).and_then(|units| {
            self.take(field.len)?.fill(sign.byte_of(units));
            Ok(())
        });
        put.map_err(|fault| fail(Culprit::Caller, fault, field, start, None))
    }

    /// Reserves room for a check over the telegram's bytes from `from` to here. The check is filled in at the end.
    ///
    /// # Errors
    /// If the buffer ends here, or the telegram has more than [`crate::layout::LATE_MAX`] fields that are filled in at the end.
    pub fn check(&mut self, field: &Field, from: usize) -> Result<(), Error> {
        let start = self.position();
        let room = self.take(field.len).map(drop);
        room.map_err(|fault| fail(super::culprit_on_encode(&fault), fault, field, start, None))?;
        self.check_later(field, start, Covered { from, to: start })
    }

    /// Remembers the check at this offset. Nothing is to be done if only the name of its function is known.
    pub(crate) fn check_later(&mut self, field: &Field, start: usize, covered: Covered) -> Result<(), Error> {
        let late = check_of(field).and_then(|check| match check.run {
            // A flattened part and the struct that has it may both know what the check covers.
            Some(_) if self.has_late_check(start) => Ok(()),
            Some(run) => self.later(Late::Check { start, len: field.len, covered, run }),
            None => Ok(()),
        });
        late.map_err(|fault| fail(super::culprit_on_encode(&fault), fault, field, start, None))
    }
}

/// The blank of a sign field, in its charset.
pub(crate) fn blank_of(field: &Field) -> u8 {
    if let Kind::Text(rule) = &field.kind { rule.charset.space() } else { b' ' }
}

/// The check of a check field.
fn check_of(field: &Field) -> Result<&Check, Fault> {
    match &field.computed {
        Some(Computed::Check(check)) => Ok(check),
        _ => Err(Fault::BadSpec { reason: "the field is not a check" }),
    }
}

/// Checks that a group's entries are a page of the whole list.
///
/// # Errors
/// If they begin before the first entry of the list, or end after its last entry.
pub(crate) fn check_page(
    culprit: Culprit,
    group: &Group,
    count: usize,
    start: Option<i128>,
    total: Option<i128>,
) -> Result<(), Error> {
    let start = start.unwrap_or(i128::MAX);
    let total = total.unwrap_or(i128::MAX);
    let last = start.saturating_sub(1).saturating_add(count as i128);
    if count == 0 || (start >= 1 && last <= total) {
        return Ok(());
    }
    Err(Error::new(culprit, Fault::PageLies { start, count, total }).within(&group.name))
}

impl Reader<'_> {
    /// Checks that a group's entries are a page of the whole list.
    ///
    /// # Errors
    /// If they begin before the first entry of the list, or end after its last entry.
    pub fn check_page<S: Amount, T: Amount>(
        &self,
        group: &Group,
        count: usize,
        start: &S,
        total: &T,
    ) -> Result<(), Error> {
        let rule = NumberRule::UNSIGNED;
        check_page(Culprit::Peer, group, count, start.units(&rule), total.units(&rule))
    }
}

impl Writer<'_> {
    /// Checks that a group's entries are a page of the whole list.
    ///
    /// # Errors
    /// If they begin before the first entry of the list, or end after its last entry.
    pub fn check_page<S: Amount, T: Amount>(
        &self,
        group: &Group,
        count: usize,
        start: &S,
        total: &T,
    ) -> Result<(), Error> {
        let rule = NumberRule::UNSIGNED;
        check_page(Culprit::Caller, group, count, start.units(&rule), total.units(&rule))
    }
}
