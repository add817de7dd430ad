//! One value → its field's bytes, and how many there are.

use super::Value;
use super::decode::no_tail;
use crate::cursor::Writer;
use crate::error::{Culprit, Error, Fault};
use crate::kind::{Blank, FieldValue, TailValue as _};
use crate::layout::{DateRule, Field, FieldSlot, Item, Kind, Layout, Repeat};

/// Bytes of all items.
pub(super) fn len_of(layout: &Layout, values: &[Value]) -> usize {
    layout.items().iter().zip(values).map(|(item, value)| item_len(item, value)).fold(0, usize::saturating_add)
}

/// Bytes of an item with this value.
pub(super) fn item_len(item: &Item, value: &Value) -> usize {
    match (item, value) {
        (Item::Field(field), _) => field.len,
        (Item::Part(part), Value::Part(values)) => len_of(&part.layout, values),
        (Item::Group(group), Value::Group(entries)) if !matches!(group.repeat, Repeat::Padded { .. }) => {
            entries.iter().map(|entry| len_of(&group.layout, entry)).fold(0, usize::saturating_add)
        }
        (Item::Choice(choice), Value::Choice(case, values)) => {
            choice.cases().get(*case).map_or(0, |case| len_of(&case.layout, values))
        }
        (Item::Tail(field), value) => match (&field.kind, value) {
            (Kind::Text(rule), Value::Text(text)) => text.wire_len(rule),
            (Kind::Digits(rule), Value::Text(digits)) => digits.wire_len(rule),
            (Kind::Bytes(rule), Value::Bytes(bytes)) => bytes.wire_len(rule),
            _ => 0,
        },
        (item, _) => item.min_len(),
    }
}

/// Writes a value to a field's bytes, all of them. On an error the bytes are rubbish.
pub(crate) fn put_value(field: &Field, value: &Value, out: &mut [u8]) -> Result<(), Error> {
    if out.len() == field.len {
        return by_kind(field, &field.kind, value, &mut Writer::new(out));
    }
    // A tail keeps the bytes that it has.
    let field = Field { len: out.len(), ..field.clone() };
    by_kind(&field, &field.kind, value, &mut Writer::new(out))
}

/// Writes a field that is not computed.
pub(super) fn by_kind(field: &Field, kind: &Kind, value: &Value, writer: &mut Writer<'_>) -> Result<(), Error> {
    match (kind, value) {
        (Kind::Text(rule), Value::Text(text)) => writer.field(FieldSlot { field, rule }, text),
        (Kind::Digits(rule), Value::Text(text)) => writer.field(FieldSlot { field, rule }, text),
        (Kind::Code(rule), Value::Text(text)) => writer.field(FieldSlot { field, rule }, text),
        (Kind::Number(rule), Value::Number(number)) => optional(FieldSlot { field, rule }, &Some(*number), writer),
        (Kind::Number(rule), Value::None) => optional(FieldSlot { field, rule }, &None::<i128>, writer),
        (Kind::Date(rule), value) => date(FieldSlot { field, rule }, value, writer),
        (Kind::Time(rule), Value::Time(time)) => optional(FieldSlot { field, rule }, &Some(*time), writer),
        (Kind::Time(rule), Value::None) => optional(FieldSlot { field, rule }, &None::<crate::Time>, writer),
        (Kind::DateTime(rule), Value::DateTime(both)) => optional(FieldSlot { field, rule }, &Some(*both), writer),
        (Kind::DateTime(rule), Value::MonthDayTime(both)) => optional(FieldSlot { field, rule }, &Some(*both), writer),
        (Kind::DateTime(rule), Value::None) => optional(FieldSlot { field, rule }, &None::<crate::DateTime>, writer),
        (Kind::Flag(rule), Value::Flag(flag)) => writer.field(FieldSlot { field, rule }, flag),
        (Kind::Bytes(rule), Value::Bytes(bytes)) => writer.field(FieldSlot { field, rule }, bytes),
        (_, other) => Err(unfit_field(field, other)),
    }
}

fn date(slot: FieldSlot<'_, DateRule>, value: &Value, writer: &mut Writer<'_>) -> Result<(), Error> {
    match value {
        Value::Date(date) => optional(slot, &Some(*date), writer),
        Value::MonthDay(day) => optional(slot, &Some(*day), writer),
        Value::None => optional(slot, &None::<crate::Date>, writer),
        other => Err(unfit_field(slot.field, other)),
    }
}

fn optional<'v, R: Blank, T: FieldValue<'v, R>>(
    slot: FieldSlot<'_, R>,
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

/// Writes a tail.
pub(super) fn tail(field: &Field, value: &Value, writer: &mut Writer<'_>) -> Result<(), Error> {
    match (&field.kind, value) {
        (Kind::Text(rule), Value::Text(text)) => writer.tail(FieldSlot { field, rule }, text),
        (Kind::Digits(rule), Value::Text(digits)) => writer.tail(FieldSlot { field, rule }, digits),
        (Kind::Bytes(rule), Value::Bytes(bytes)) => writer.tail(FieldSlot { field, rule }, bytes),
        (Kind::Text(_) | Kind::Digits(_) | Kind::Bytes(_), other) => Err(unfit_field(field, other)),
        _ => Err(no_tail(field)),
    }
}
