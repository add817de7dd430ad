//! JSON Schema (draft 2020-12) of a layout: describes the JSON documents that hold its fields.
//!
//! The schema describes what `read.rs` accepts, as far as a schema can. For example, it cannot express the length of a text in
//! bytes of its charset, so the codec may refuse a document that the schema accepts. The schema accepts every document that the
//! codec accepts, with one exception: a decimal string where the contract says number.

use alloc::borrow::ToOwned as _;
use alloc::string::String;
use alloc::vec::Vec;

use serde_json::{Map, Value as Json, json};

use super::by_kind::value_schema;
use crate::layout::{Case, Field, Item, Layout, Repeat};

/// The dialect of the schemas.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

impl Layout {
    /// The schema of this layout's fields as a JSON document: an object in wire order.
    ///
    /// `title` is the label, `x-order` the place among the items, `x-len` the length of a field in bytes, and `x-charset` the charset of
    /// a text. `x-secret` marks a value that no log may show, and `readOnly` a value that the encoder fills in. Computed fields, literals
    /// and groups that can be empty are not required.
    ///
    /// ```
    /// # #[cfg(feature = "derive")] {
    /// use fep_codec::Telegram;
    ///
    /// #[derive(Telegram)]
    /// #[telegram(len = 4)]
    /// struct Amount {
    ///     #[field(len = 4, label = "금액")]
    ///     amount: u32,
    /// }
    ///
    /// let schema = Amount::LAYOUT.json_schema();
    /// assert_eq!(schema["properties"]["amount"]["title"], "금액");
    /// assert_eq!(schema["properties"]["amount"]["maximum"], 9999);
    /// assert_eq!(schema["properties"]["amount"]["x-order"], 0);
    /// assert_eq!(schema["required"][0], "amount");
    /// # }
    /// ```
    #[must_use]
    pub fn json_schema(&self) -> Json {
        let mut schema = object(self);
        schema.insert("$schema".to_owned(), DIALECT.into());
        schema.insert("title".to_owned(), (*self.name).into());
        if !self.label.is_empty() {
            schema.insert("description".to_owned(), (*self.label).into());
        }
        Json::Object(schema)
    }
}

fn object(layout: &Layout) -> Map<String, Json> {
    let mut properties = Map::new();
    let mut required = Vec::new();
    for (order, item) in layout.items().iter().enumerate() {
        let Some(name) = item.name() else { continue };
        let mut schema = property(item);
        if let Json::Object(schema) = &mut schema {
            // The members of a JSON object have no order.
            schema.insert("x-order".to_owned(), order.into());
        }
        properties.insert(name.to_owned(), schema);
        if is_required(item) {
            required.push(Json::from(name));
        }
    }
    let mut schema = Map::new();
    schema.insert("type".to_owned(), "object".into());
    schema.insert("properties".to_owned(), Json::Object(properties));
    schema.insert("required".to_owned(), Json::Array(required));
    schema.insert("additionalProperties".to_owned(), false.into());
    let choices: Vec<Json> = layout.items().iter().flat_map(conditions).collect();
    if !choices.is_empty() {
        schema.insert("allOf".to_owned(), Json::Array(choices));
    }
    schema
}

/// The conditions of a choice: `if` the code is one of a case, `then` the body is that of the case.
fn conditions(item: &Item) -> Vec<Json> {
    let Item::Choice(choice) = item else { return Vec::new() };
    let all: Vec<&str> = choice.cases().iter().flat_map(|case| case.codes.iter().map(AsRef::as_ref)).collect();
    let conditions = choice.cases().iter().map(|one| {
        let codes: Vec<&str> = one.codes.iter().map(AsRef::as_ref).collect();
        let code = if codes.is_empty() { json!({ "not": { "enum": all } }) } else { json!({ "enum": codes }) };
        let nest = |inner: Json, name: &str| json!({ "properties": { name: inner }, "required": [name] });
        let found = choice.by.rsplit('.').fold(code, nest);
        json!({ "if": found, "then": { "properties": { &*choice.name: case(one) } } })
    });
    conditions.collect()
}

fn case(case: &Case) -> Json {
    let mut schema = object(&case.layout);
    schema.insert("title".to_owned(), (*case.layout.name).into());
    Json::Object(schema)
}

/// Whether a document without the item cannot be encoded.
fn is_required(item: &Item) -> bool {
    match item {
        Item::Field(field) => field.is_given(),
        Item::Tail(_) => true,
        Item::Part(part) => part.layout.items().iter().any(is_required),
        Item::Group(group) => match group.repeat {
            Repeat::Fixed(count) => count > 0 && group.layout.items().iter().any(is_required),
            // A group that is left out has no entries.
            Repeat::Counted { .. } | Repeat::Padded { .. } | Repeat::Rest { .. } => false,
        },
        Item::Choice(choice) => choice.cases().iter().all(|case| case.layout.items().iter().any(is_required)),
        Item::Literal(_) | Item::Filler(_) => false,
    }
}

fn property(item: &Item) -> Json {
    match item {
        Item::Field(field) => Json::Object(field_schema(field, false)),
        Item::Tail(field) => Json::Object(field_schema(field, true)),
        Item::Choice(choice) => {
            let cases: Vec<Json> = choice.cases().iter().map(case).collect();
            titled(json!({ "anyOf": cases }), &choice.label)
        }
        Item::Literal(literal) => titled(json!({ "const": literal.shown(), "readOnly": true }), &literal.label),
        Item::Part(part) => titled(Json::Object(object(&part.layout)), &part.layout.label),
        Item::Group(group) => {
            let max = group.repeat.max();
            let min = if let Repeat::Fixed(count) = group.repeat { count } else { 0 };
            let entries = match group.layout.array_field() {
                Some(field) => field_schema(field, false),
                None => object(&group.layout),
            };
            titled(json!({ "type": "array", "minItems": min, "maxItems": max, "items": entries }), &group.label)
        }
        Item::Filler(_) => Json::Null,
    }
}

fn titled(mut schema: Json, label: &str) -> Json {
    if !label.is_empty()
        && let Json::Object(schema) = &mut schema
    {
        schema.insert("title".to_owned(), label.into());
    }
    schema
}

fn field_schema(field: &Field, tail: bool) -> Map<String, Json> {
    let Json::Object(mut schema) = titled(value_schema(field, tail), &field.label) else { return Map::new() };
    schema.insert("x-len".to_owned(), field.len.into());
    if field.secret {
        schema.insert("x-secret".to_owned(), true.into());
    }
    if !field.is_given() {
        schema.insert("readOnly".to_owned(), true.into());
    }
    schema
}
