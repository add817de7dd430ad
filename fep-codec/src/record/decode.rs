//! Bytes → record: the mirror of `encode.rs`.

use super::{Record, Value};
use crate::cursor::Reader;
use crate::error::{Culprit, Error, Fault};
use crate::kind::{Blank, FieldValue};
use crate::layout::{
    Computed, DatePattern, DateTimePattern, Field, Group, Item, Kind, Layout, NumberRule, Repeat, Slot,
};
use crate::value::{Date, DateTime, MonthDay, MonthDayTime, Time};

impl<'l> Record<'l> {
    /// Reads a telegram from exactly these bytes.
    ///
    /// # Errors
    /// If they are no such telegram, bytes left over included.
    pub fn decode(layout: &'l Layout, bytes: &[u8]) -> Result<Self, Error> {
        let mut reader = Reader::of_len(bytes, layout.fixed_len())?;
        let values = items(layout, &mut reader)?;
        reader.finish()?;
        Ok(Self { layout, values })
    }
}

fn items(layout: &Layout, reader: &mut Reader<'_>) -> Result<Vec<Value>, Error> {
    let mut values = Vec::with_capacity(layout.items().len());
    for item in layout.items() {
        let value = match item {
            Item::Field(field) => field_value(layout, field, reader)?,
            Item::Literal(literal) => {
                reader.literal(literal)?;
                if literal.name.is_empty() { Value::Absent } else { Value::Bytes(literal.bytes.to_vec()) }
            }
            Item::Filler(filler) => {
                reader.filler(filler)?;
                Value::Absent
            }
            Item::Part(part) => Value::Part(items(&part.layout, reader).map_err(|error| error.within(&part.name))?),
            Item::Group(group) => Value::Group(entries(group, count_of(layout, group, &values)?, reader)?),
        };
        values.push(value);
    }
    Ok(values)
}

fn entries(group: &Group, count: usize, reader: &mut Reader<'_>) -> Result<Vec<Vec<Value>>, Error> {
    // The telegram has room for so many entries and no more, whatever it says.
    let room = reader.telegram().len().saturating_sub(reader.position()) / group.layout.min_len().max(1);
    let mut entries = Vec::with_capacity(count.min(room));
    for index in 0..count {
        entries.push(items(&group.layout, reader).map_err(|error| error.at_entry(index).within(&group.name))?);
    }
    Ok(entries)
}

/// How many entries a group has, as its counting field said.
fn count_of(layout: &Layout, group: &Group, values: &[Value]) -> Result<usize, Error> {
    let by = match &group.repeat {
        Repeat::Fixed(count) => return Ok(*count),
        Repeat::Counted { by, .. } => by,
    };
    match layout.item(by).and_then(|(number, _)| values.get(number)) {
        Some(Value::Number(count)) => Ok(usize::try_from(*count).unwrap_or(usize::MAX)),
        _ => {
            let fault = Fault::BadSpec { reason: "the counting field must stand before the group" };
            Err(Error::new(Culprit::Spec, fault).within(&group.name))
        }
    }
}

pub(crate) fn field_value(layout: &Layout, field: &Field, reader: &mut Reader<'_>) -> Result<Value, Error> {
    match (&field.computed, &field.kind) {
        (None, kind) => by_kind(field, kind, reader),
        (Some(Computed::Length(counts)), Kind::Number(rule)) => {
            reader.stated_length(Slot { field, rule }, *counts).map(|stated| Value::Number(stated.into()))
        }
        (Some(Computed::Count(of)), Kind::Number(rule)) => {
            let group = counted(layout, field, of)?;
            reader.count(Slot { field, rule }, group).map(|count| Value::Number(count as i128))
        }
        (Some(_), _) => Err(not_a_number(field)),
    }
}

/// The group that a computed count counts.
pub(super) fn counted<'l>(layout: &'l Layout, field: &Field, of: &str) -> Result<&'l Group, Error> {
    match layout.item(of) {
        Some((_, Item::Group(group))) => Ok(group),
        _ => {
            let fault = Fault::BadSpec { reason: "the field counts a group that does not stand beside it" };
            Err(Error::in_field(Culprit::Spec, fault, field))
        }
    }
}

pub(super) fn not_a_number(field: &Field) -> Error {
    Error::in_field(Culprit::Spec, Fault::BadSpec { reason: "a computed field must be a number" }, field)
}

fn by_kind(field: &Field, kind: &Kind, reader: &mut Reader<'_>) -> Result<Value, Error> {
    match kind {
        Kind::Text(rule) => reader.field(Slot { field, rule }).map(Value::Text),
        Kind::Digits(rule) => reader.field(Slot { field, rule }).map(Value::Text),
        Kind::Code(rule) => reader.field(Slot { field, rule }).map(Value::Text),
        Kind::Number(rule) => number(Slot { field, rule }, reader),
        Kind::Date(rule) if rule.pattern == DatePattern::MmDd => {
            optional::<_, MonthDay>(Slot { field, rule }, reader, Value::MonthDay)
        }
        Kind::Date(rule) => optional::<_, Date>(Slot { field, rule }, reader, Value::Date),
        Kind::Time(rule) => optional::<_, Time>(Slot { field, rule }, reader, Value::Time),
        Kind::DateTime(rule) if rule.pattern == DateTimePattern::MmDdHhMmSs => {
            optional::<_, MonthDayTime>(Slot { field, rule }, reader, Value::MonthDayTime)
        }
        Kind::DateTime(rule) => optional::<_, DateTime>(Slot { field, rule }, reader, Value::DateTime),
        Kind::Flag(rule) => reader.field(Slot { field, rule }).map(Value::Flag),
        Kind::Bytes(rule) => reader.field(Slot { field, rule }).map(Value::Bytes),
    }
}

/// `i128` is slow to make and rarely needed.
fn number(slot: Slot<'_, NumberRule>, reader: &mut Reader<'_>) -> Result<Value, Error> {
    const I64_DIGITS: usize = 18;
    if slot.rule.encoding.digits(slot.field.len) <= I64_DIGITS {
        optional::<_, i64>(slot, reader, |value| Value::Number(value.into()))
    } else {
        optional::<_, i128>(slot, reader, Value::Number)
    }
}

fn optional<'a, R: Blank, T: FieldValue<'a, R>>(
    slot: Slot<'_, R>,
    reader: &mut Reader<'a>,
    some: impl Fn(T) -> Value,
) -> Result<Value, Error> {
    reader.field::<R, Option<T>>(slot).map(|value| value.map_or(Value::None, some))
}
