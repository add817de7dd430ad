//! Record → bytes: the mirror of `decode.rs`.

use super::decode::{counted, not_a_number};
use super::{Record, Value};
use crate::cursor::{Writer, check_count};
use crate::error::{Culprit, Error, Fault};
use crate::kind::{Blank, FieldValue};
use crate::layout::{Computed, Counts, DateRule, Field, Group, Item, Kind, Layout, Literal, Slot};

impl Record<'_> {
    /// The telegram's bytes.
    ///
    /// # Errors
    /// If a value is missing, does not fit, or contradicts what its field is computed from.
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        let mut bytes = vec![0; len_of(self.layout, &self.values)];
        let len = self.encode_into(&mut bytes)?;
        bytes.truncate(len);
        Ok(bytes)
    }

    /// Writes the telegram to the start of `out` and returns its length in bytes.
    ///
    /// # Errors
    /// Those of [`Record::encode`], or if `out` is too short.
    pub fn encode_into(&self, out: &mut [u8]) -> Result<usize, Error> {
        let mut writer = Writer::new(out);
        items(self.layout, &self.values, &mut writer)?;
        let len = writer.finish()?;
        check_given_lengths(self.layout, &self.values, len, &mut 0)?;
        Ok(len)
    }
}

fn len_of(layout: &Layout, values: &[Value]) -> usize {
    layout.items().iter().zip(values).map(|(item, value)| item_len(item, value)).fold(0, usize::saturating_add)
}

fn item_len(item: &Item, value: &Value) -> usize {
    match (item, value) {
        (Item::Part(part), Value::Part(values)) => len_of(&part.layout, values),
        (Item::Group(group), Value::Group(entries)) => {
            entries.iter().map(|entry| len_of(&group.layout, entry)).fold(0, usize::saturating_add)
        }
        (item, _) => item.min_len(),
    }
}

fn items(layout: &Layout, values: &[Value], writer: &mut Writer<'_>) -> Result<(), Error> {
    for (item, value) in layout.items().iter().zip(values) {
        match item {
            Item::Field(field) => field_value(layout, values, field, value, writer)?,
            Item::Literal(literal) => {
                check_literal(literal, value)?;
                writer.literal(literal)?;
            }
            Item::Filler(filler) => writer.filler(filler)?,
            Item::Part(part) => {
                let inner = match value {
                    Value::Part(values) => items(&part.layout, values, writer),
                    other => Err(unfit(other, "a part")),
                };
                inner.map_err(|error| error.within(&part.name))?;
            }
            Item::Group(group) => entries(group, value, writer)?,
        }
    }
    Ok(())
}

fn entries(group: &Group, value: &Value, writer: &mut Writer<'_>) -> Result<(), Error> {
    let Value::Group(entries) = value else {
        return Err(unfit(value, "a group").within(&group.name));
    };
    check_count(group, entries.len())?;
    for (index, entry) in entries.iter().enumerate() {
        items(&group.layout, entry, writer).map_err(|error| error.at_entry(index).within(&group.name))?;
    }
    Ok(())
}

/// What stands where something else is needed.
fn unfit(value: &Value, expected: &'static str) -> Error {
    let fault = match value {
        Value::Absent => Fault::Missing,
        other => Fault::WrongType { expected, found: other.kind_name() },
    };
    Error::new(Culprit::Caller, fault)
}

fn check_literal(literal: &Literal, value: &Value) -> Result<(), Error> {
    match value {
        Value::Absent => Ok(()),
        Value::Bytes(bytes) if *bytes == *literal.bytes => Ok(()),
        _ => Err(Error::new(Culprit::Caller, Fault::NotTheLiteral).within(&literal.name)),
    }
}

fn field_value(
    layout: &Layout,
    siblings: &[Value],
    field: &Field,
    value: &Value,
    writer: &mut Writer<'_>,
) -> Result<(), Error> {
    match (&field.computed, &field.kind) {
        (None, kind) => by_kind(field, kind, value, writer),
        (Some(Computed::Length(counts)), Kind::Number(rule)) => writer.length(Slot { field, rule }, *counts),
        (Some(Computed::Count(of)), Kind::Number(rule)) => {
            let group = counted(layout, field, of)?;
            let entries = layout.item(of).and_then(|(number, _)| siblings.get(number));
            let count = if let Some(Value::Group(entries)) = entries { entries.len() } else { 0 };
            check_count(group, count)?;
            check_given(field, value, count)?;
            writer.count(Slot { field, rule }, group, count)
        }
        (Some(_), _) => Err(not_a_number(field)),
    }
}

/// A computed field may be left out; if it is given, it must be right.
fn check_given(field: &Field, value: &Value, computed: usize) -> Result<(), Error> {
    match value {
        Value::Absent => Ok(()),
        Value::Number(given) if *given == computed as i128 => Ok(()),
        _ => {
            let fault = Fault::NotTheComputed { computed: computed as u64 };
            Err(Error::in_field(Culprit::Caller, fault, field))
        }
    }
}

/// Lengths are known when the telegram has ended, so those that were given are checked in a pass of their own.
fn check_given_lengths(layout: &Layout, values: &[Value], total: usize, at: &mut usize) -> Result<(), Error> {
    for (item, value) in layout.items().iter().zip(values) {
        match (item, value) {
            (Item::Part(part), Value::Part(values)) => {
                check_given_lengths(&part.layout, values, total, at).map_err(|error| error.within(&part.name))?;
            }
            (Item::Field(field), value) => {
                *at = at.saturating_add(field.len);
                match field.computed {
                    Some(Computed::Length(Counts::Rest)) => check_given(field, value, total.saturating_sub(*at))?,
                    Some(Computed::Length(Counts::All)) => check_given(field, value, total)?,
                    Some(Computed::Count(_)) | None => {}
                }
            }
            (item, value) => *at = at.saturating_add(item_len(item, value)),
        }
    }
    Ok(())
}

/// Writes a value to a field's bytes, all of them. On an error the bytes are rubbish.
pub(crate) fn put_value(field: &Field, value: &Value, out: &mut [u8]) -> Result<(), Error> {
    by_kind(field, &field.kind, value, &mut Writer::new(out))
}

fn by_kind(field: &Field, kind: &Kind, value: &Value, writer: &mut Writer<'_>) -> Result<(), Error> {
    match (kind, value) {
        (Kind::Text(rule), Value::Text(text)) => writer.field(Slot { field, rule }, text),
        (Kind::Digits(rule), Value::Text(text)) => writer.field(Slot { field, rule }, text),
        (Kind::Code(rule), Value::Text(text)) => writer.field(Slot { field, rule }, text),
        (Kind::Number(rule), Value::Number(number)) => optional(Slot { field, rule }, &Some(*number), writer),
        (Kind::Number(rule), Value::None) => optional(Slot { field, rule }, &None::<i128>, writer),
        (Kind::Date(rule), value) => date(Slot { field, rule }, value, writer),
        (Kind::Time(rule), Value::Time(time)) => optional(Slot { field, rule }, &Some(*time), writer),
        (Kind::Time(rule), Value::None) => optional(Slot { field, rule }, &None::<crate::Time>, writer),
        (Kind::DateTime(rule), Value::DateTime(both)) => optional(Slot { field, rule }, &Some(*both), writer),
        (Kind::DateTime(rule), Value::MonthDayTime(both)) => optional(Slot { field, rule }, &Some(*both), writer),
        (Kind::DateTime(rule), Value::None) => optional(Slot { field, rule }, &None::<crate::DateTime>, writer),
        (Kind::Flag(rule), Value::Flag(flag)) => writer.field(Slot { field, rule }, flag),
        (Kind::Bytes(rule), Value::Bytes(bytes)) => writer.field(Slot { field, rule }, bytes),
        (_, other) => Err(unfit_field(field, other)),
    }
}

fn date(slot: Slot<'_, DateRule>, value: &Value, writer: &mut Writer<'_>) -> Result<(), Error> {
    match value {
        Value::Date(date) => optional(slot, &Some(*date), writer),
        Value::MonthDay(day) => optional(slot, &Some(*day), writer),
        Value::None => optional(slot, &None::<crate::Date>, writer),
        other => Err(unfit_field(slot.field, other)),
    }
}

fn optional<'v, R: Blank, T: FieldValue<'v, R>>(
    slot: Slot<'_, R>,
    value: &Option<T>,
    writer: &mut Writer<'_>,
) -> Result<(), Error> {
    writer.field(slot, value)
}

#[cold]
fn unfit_field(field: &Field, value: &Value) -> Error {
    let fault = match value {
        Value::Absent => Fault::Missing,
        Value::None => Fault::NoValue,
        other => Fault::WrongType { expected: field.kind.value_name(), found: other.kind_name() },
    };
    Error::in_field(Culprit::Caller, fault, field)
}

impl Kind {
    /// What a field of this kind holds, in words for messages.
    #[must_use]
    pub const fn value_name(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Digits(_) => "a string of digits",
            Self::Number(_) => "a number",
            Self::Date(_) => "a date",
            Self::Time(_) => "a time",
            Self::DateTime(_) => "a date with a time",
            Self::Code(_) => "a code, as text",
            Self::Flag(_) => "true or false",
            Self::Bytes(_) => "bytes",
        }
    }
}
