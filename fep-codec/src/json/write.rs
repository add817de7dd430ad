//! Record → JSON: the mirror of `read.rs`.

use alloc::string::ToString as _;
use alloc::vec::Vec;

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::Value as Json;

use super::JSON_NUMBER_MAX_DIGITS;
use crate::layout::{Field, Item, Kind, Layout};
use crate::record::{Record, Value};

/// The fields as an object, in wire order.
impl Serialize for Record<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Items { layout: self.layout(), values: self.values(), hides: false }.serialize(serializer)
    }
}

/// A record as JSON for people who may not see its secrets: [`Record::masked`].
#[derive(Clone, Copy, Debug)]
pub struct Masked<'r>(&'r Record<'r>);

/// The fields as an object, in wire order.
impl Serialize for Masked<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Items { layout: self.0.layout(), values: self.0.values(), hides: true }.serialize(serializer)
    }
}

impl Record<'_> {
    /// The fields as a JSON object.
    #[must_use]
    pub fn to_json_value(&self) -> Json {
        // This cannot fail: a record has only string keys and finite numbers.
        serde_json::to_value(self).unwrap_or_default()
    }

    /// The same JSON with `"<secret>"` in place of each value of a secret field. It cannot be encoded again.
    #[must_use]
    pub const fn masked(&self) -> Masked<'_> {
        Masked(self)
    }
}

struct Items<'r> {
    layout: &'r Layout,
    values: &'r [Value],
    /// Whether secrets are hidden.
    hides: bool,
}

struct Entries<'r> {
    layout: &'r Layout,
    entries: &'r [Vec<Value>],
    hides: bool,
}

impl Serialize for Items<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let hides = self.hides;
        let mut map = serializer.serialize_map(None)?;
        for (item, value) in self.layout.items().iter().zip(self.values) {
            let Some(name) = item.name() else { continue };
            match (item, value) {
                (Item::Literal(literal), _) => map.serialize_entry(name, &literal.shown())?,
                (Item::Part(part), Value::Part(values)) => {
                    map.serialize_entry(name, &Items { layout: &part.layout, values, hides })?;
                }
                (Item::Group(group), Value::Group(entries)) => {
                    map.serialize_entry(name, &Entries { layout: &group.layout, entries, hides })?;
                }
                (Item::Choice(choice), Value::Choice(case, values)) => {
                    if let Some(case) = choice.cases().get(*case) {
                        map.serialize_entry(name, &Items { layout: &case.layout, values, hides })?;
                    }
                }
                (_, Value::Absent) => {}
                (Item::Field(field) | Item::Tail(field), value) => {
                    map.serialize_entry(name, &Shown { field, value, hides })?;
                }
                _ => {}
            }
        }
        map.end()
    }
}

impl Serialize for Entries<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut array = serializer.serialize_seq(Some(self.entries.len()))?;
        for values in self.entries {
            match (self.layout.array_field(), values.first()) {
                (Some(field), Some(value)) => {
                    array.serialize_element(&Shown { field, value, hides: self.hides })?;
                }
                _ => array.serialize_element(&Items { layout: self.layout, values, hides: self.hides })?,
            }
        }
        array.end()
    }
}

/// The value of a field.
struct Shown<'r> {
    field: &'r Field,
    value: &'r Value,
    hides: bool,
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.value {
            _ if self.hides && self.field.secret => serializer.serialize_str("<secret>"),
            // Most values are texts, which need no copy.
            Value::Text(text) => serializer.serialize_str(text),
            value => value_to_json(self.field, value).serialize(serializer),
        }
    }
}

/// The JSON value of a field.
#[must_use]
pub fn value_to_json(field: &Field, value: &Value) -> Json {
    match value {
        Value::Absent | Value::None | Value::Part(_) | Value::Group(_) | Value::Choice(..) => Json::Null,
        Value::Flag(flag) => Json::Bool(*flag),
        Value::Number(number) if is_json_number(field) => {
            i64::try_from(*number).map_or_else(|_| Json::String(number.to_string()), Json::from)
        }
        value => Json::String(value.to_text(field)),
    }
}

pub(super) fn is_json_number(field: &Field) -> bool {
    let Kind::Number(rule) = &field.kind else { return false };
    rule.decimals() == 0 && rule.encoding.digits(field.len) + usize::from(rule.zeros()) <= JSON_NUMBER_MAX_DIGITS
}
