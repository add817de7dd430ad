//! Composes the JSON of a telegram: an answer from its request, or a notice from blank values.
//!
//! A field that must have a value, but has none in the source, is blank: zero, empty text, no date. A date or time that cannot be
//! blank is the current one. Computed fields are left out, so that the encoder fills them.

use std::sync::LazyLock;

use fep_codec::json::{get, merge, plain_value, put};
use fep_codec::layout::{Item, Layout, Repeat};
use serde_json::{Map, Value as Json};

use super::clock::Moment;

/// Composes the fields of a telegram with this layout. A field that `source` has under the same name is copied from it.
pub(super) fn fields(layout: &Layout, source: &Map<String, Json>, now: &Moment) -> Map<String, Json> {
    let mut source = source.clone();
    merge(&mut source, &layout.codes());
    entry(layout, &source, now)
}

fn entry(layout: &Layout, source: &Map<String, Json>, now: &Moment) -> Map<String, Json> {
    let mut fields = Map::new();
    for item in layout.items() {
        let Some(name) = item.name() else { continue };
        let given = source.get(name);
        let value = match item {
            Item::Field(field) if !field.is_given() => continue,
            Item::Literal(_) | Item::Filler(_) | Item::Choice(_) => continue,
            Item::Field(field) => given.cloned().unwrap_or_else(|| plain_value(field, &now.date, &now.time)),
            Item::Tail(_) => given.cloned().unwrap_or_else(|| Json::from("")),
            Item::Part(part) => Json::Object(entry(&part.layout, object(given), now)),
            Item::Group(group) => {
                let given = given.and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
                let count = match group.repeat {
                    Repeat::Fixed(count) => count,
                    Repeat::Counted { max, .. } | Repeat::Padded { max, .. } | Repeat::Rest { max } => {
                        given.len().min(max)
                    }
                };
                let of = |number: usize| match (group.layout.array_field(), given.get(number)) {
                    (Some(_), Some(given)) => given.clone(),
                    (Some(field), None) => plain_value(field, &now.date, &now.time),
                    (None, given) => Json::Object(entry(&group.layout, object(given), now)),
                };
                Json::Array((0..count).map(of).collect())
            }
        };
        fields.insert(name.to_owned(), value);
    }
    choices(layout, source, now, &mut fields);
    fields
}

/// Composes the case of each choice that its code selects. If the code selects no case, the first case is used, and its first code
/// replaces the code.
fn choices(layout: &Layout, source: &Map<String, Json>, now: &Moment, fields: &mut Map<String, Json>) {
    for item in layout.items() {
        let Item::Choice(choice) = item else { continue };
        let code = get(fields, &choice.by).and_then(Json::as_str).map(str::to_owned);
        let case = match code.and_then(|code| choice.case_with(&code)) {
            Some(number) => choice.cases().get(number),
            None => choice.cases().first(),
        };
        let Some(case) = case else { continue };
        let is_its = |code: &str| case.codes.is_empty() || case.codes.iter().any(|known| known == code);
        if let Some(code) = case.codes.first()
            && !get(fields, &choice.by).and_then(Json::as_str).is_some_and(is_its)
        {
            put(fields, &choice.by, Json::from(&**code));
        }
        fields
            .insert(choice.name.to_string(), Json::Object(entry(&case.layout, object(source.get(&*choice.name)), now)));
    }
}

/// The fields of a part, an entry or a body. Empty if the value is not an object.
fn object(json: Option<&Json>) -> &Map<String, Json> {
    static NOTHING: LazyLock<Map<String, Json>> = LazyLock::new(Map::new);
    json.and_then(Json::as_object).unwrap_or(&NOTHING)
}

/// A value as text, for comparisons. A scenario may write `100` or `"100"`, and an inquiry may carry a number in a field of another
/// kind.
pub(super) fn text(json: &Json) -> String {
    match json {
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}
