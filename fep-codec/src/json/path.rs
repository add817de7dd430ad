//! Fields of a telegram's JSON by dotted path through parts: `header.trace_no`.
//!
//! For JSON that is not a record yet, because fields are still being put together from several sources. A record has
//! [`Record::get`] and [`Record::set_json`], which know the layout.

#[cfg(doc)]
use crate::record::Record;

use alloc::borrow::ToOwned as _;
use alloc::string::String;

use serde_json::{Map, Value as Json};

use super::write::value_to_json;
use crate::layout::{Item, Layout};

/// The value at a path.
///
/// ```
/// let mut fields = serde_json::Map::new();
/// fep_codec::json::put(&mut fields, "header.trace_no", 17.into());
/// assert_eq!(fep_codec::json::get(&fields, "header.trace_no"), Some(&17.into()));
/// assert_eq!(fep_codec::json::get(&fields, "header.trace_no.x"), None);
/// ```
#[must_use]
pub fn get<'j>(fields: &'j Map<String, Json>, path: &str) -> Option<&'j Json> {
    match path.split_once('.') {
        None => fields.get(path),
        Some((part, rest)) => get(fields.get(part)?.as_object()?, rest),
    }
}

/// Puts a value at a path and creates missing parts on the way. Does nothing if a value on the way is not an object.
pub fn put(fields: &mut Map<String, Json>, path: &str, value: Json) {
    match path.split_once('.') {
        None => {
            fields.insert(path.to_owned(), value);
        }
        Some((part, rest)) => {
            let inner = fields.entry(part).or_insert_with(|| Json::Object(Map::new()));
            if let Json::Object(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}

/// Merges `over` into `fields`: objects are merged, every other value is replaced.
pub fn merge(fields: &mut Map<String, Json>, over: &Map<String, Json>) {
    for (name, value) in over {
        match (fields.get_mut(name), value) {
            (Some(Json::Object(fields)), Json::Object(over)) => merge(fields, over),
            _ => {
                fields.insert(name.clone(), value.clone());
            }
        }
    }
}

impl Layout {
    /// The fields that [`Layout::when`] names, as JSON, with the values that identify the telegram. Computed fields are left out.
    #[must_use]
    pub fn codes(&self) -> Map<String, Json> {
        let mut codes = Map::new();
        for when in self.when.iter() {
            if let Some(span) = self.span(&when.path).filter(|span| span.field.computed.is_none()) {
                put(&mut codes, &when.path, value_to_json(span.field, &span.field.code_value(&when.value)));
            }
        }
        codes
    }

    /// The fields of another telegram's JSON that this layout has under the same names, except those that it computes. An answer
    /// takes over the fields of its request in this way.
    #[must_use]
    pub fn common_fields(&self, fields: Map<String, Json>) -> Map<String, Json> {
        let common = fields.into_iter().filter_map(|(name, value)| match (self.item(&name)?.1, value) {
            (Item::Field(field), _) if !field.is_given() => None,
            (Item::Part(part), Json::Object(inner)) => Some((name, Json::Object(part.layout.common_fields(inner)))),
            (_, value) => Some((name, value)),
        });
        common.collect()
    }
}
