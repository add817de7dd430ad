//! One value → its field's bytes, and the number of those bytes.

use super::by_kind::unfit_field;
use super::decode::no_tail;
use super::{Value, by_kind};
use crate::cursor::Writer;
use crate::error::Error;
use crate::kind::TailValue as _;
use crate::layout::{Field, FieldSlot, Item, Kind, Layout, Repeat};

/// The length of all items in bytes.
pub(super) fn len_of(layout: &Layout, values: &[Value]) -> usize {
    layout.items().iter().zip(values).map(|(item, value)| item_len(item, value)).fold(0, usize::saturating_add)
}

/// The length in bytes of an item with this value.
#[inline]
pub(super) fn item_len(item: &Item, value: &Value) -> usize {
    match item {
        Item::Field(field) => field.len,
        item => item_len_within(item, value),
    }
}

fn item_len_within(item: &Item, value: &Value) -> usize {
    match (item, value) {
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

/// Writes a value to all bytes of a field. After an error the content of the bytes is unspecified.
pub(crate) fn put_value(field: &Field, value: &Value, out: &mut [u8]) -> Result<(), Error> {
    if out.len() == field.len {
        return by_kind::write(field, &field.kind, value, &mut Writer::new(out));
    }
    // A tail keeps its length.
    let field = Field { len: out.len(), ..field.clone() };
    by_kind::write(&field, &field.kind, value, &mut Writer::new(out))
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
