//! Composes a telegram's JSON: an answer out of its request, a notice out of nothing.
//!
//! What a telegram must have and nobody said is blank: zero, an empty text, no date. Computed fields are left out, so that the
//! encoder fills them.

use fep_codec::layout::{Computed, Field, Item, Kind, Layout, NoneAs, Repeat};
use serde_json::{Map, Value as Json};

use super::clock::Moment;

/// The fields of a telegram with this layout. Those that `source` has under the same name are copied from there.
pub(super) fn fields(layout: &Layout, source: &Map<String, Json>, now: &Moment) -> Map<String, Json> {
    let mut fields = entry(layout, source, now);
    for when in layout.when.iter() {
        put(&mut fields, &when.path, Json::from(&*when.value));
    }
    fields
}

fn entry(layout: &Layout, source: &Map<String, Json>, now: &Moment) -> Map<String, Json> {
    let mut fields = Map::new();
    for item in layout.items() {
        let Some(name) = item.name() else { continue };
        let given = source.get(name);
        let value = match item {
            Item::Field(Field { computed: Some(Computed::Length(_) | Computed::Count(_)), .. })
            | Item::Literal(_)
            | Item::Filler(_) => continue,
            Item::Field(field) => given.cloned().unwrap_or_else(|| blank(field, now)),
            Item::Part(part) => {
                Json::Object(entry(&part.layout, given.and_then(Json::as_object).unwrap_or(&Map::new()), now))
            }
            Item::Group(group) => {
                let given = given.and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
                let nothing = Map::new();
                let of = |number: usize| given.get(number).and_then(Json::as_object).unwrap_or(&nothing);
                let count = match group.repeat {
                    Repeat::Fixed(count) => count,
                    Repeat::Counted { max, .. } => given.len().min(max),
                };
                Json::Array((0..count).map(|number| Json::Object(entry(&group.layout, of(number), now))).collect())
            }
        };
        fields.insert(name.to_owned(), value);
    }
    fields
}

/// A value that says as little as the field can.
fn blank(field: &Field, now: &Moment) -> Json {
    let or_none = |none: NoneAs, value: &str| if none == NoneAs::Never { Json::from(value) } else { Json::Null };
    match &field.kind {
        Kind::Digits(rule) if rule.full => Json::from("0".repeat(field.len)),
        Kind::Text(_) | Kind::Digits(_) => Json::from(""),
        Kind::Code(rule) if rule.open || rule.codes.iter().any(|code| code.code.is_empty()) => Json::from(""),
        Kind::Code(rule) => rule.codes.first().map_or(Json::Null, |code| Json::from(&*code.code)),
        Kind::Number(rule) if rule.scale > 0 => Json::from("0"),
        Kind::Number(_) => Json::from(0),
        Kind::Date(rule) => or_none(rule.none, &now.date),
        Kind::Time(rule) => or_none(rule.none, &now.time),
        Kind::DateTime(rule) => or_none(rule.none, &format!("{}T{}", now.date, now.time)),
        Kind::Flag(_) => Json::from(false),
        Kind::Bytes(_) => Json::from("00".repeat(field.len)),
    }
}

/// Puts a value at a dotted path, making the parts on the way.
pub(super) fn put(fields: &mut Map<String, Json>, path: &str, value: Json) {
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

/// The value at a dotted path.
pub(super) fn get<'j>(fields: &'j Map<String, Json>, path: &str) -> Option<&'j Json> {
    match path.split_once('.') {
        None => fields.get(path),
        Some((part, rest)) => get(fields.get(part)?.as_object()?, rest),
    }
}

/// The paths of all fields and groups, entries of groups excepted.
pub(super) fn paths(layout: &Layout) -> Vec<String> {
    let mut paths = Vec::new();
    for item in layout.items() {
        match (item, item.name()) {
            (Item::Part(part), Some(name)) => {
                paths.extend(self::paths(&part.layout).into_iter().map(|path| format!("{name}.{path}")));
            }
            (_, Some(name)) => paths.push(name.to_owned()),
            (_, None) => {}
        }
    }
    paths
}

/// A value as text, for comparisons: a scenario may say `100` or `"100"`, and an inquiry may name a number in another field's kind.
pub(super) fn text(json: &Json) -> String {
    match json {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}
