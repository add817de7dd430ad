//! JSON Schema (draft 2020-12) of a layout: which JSON documents are its fields.
//!
//! It says of documents what `read.rs` does to them, as far as a schema can: a text's length in bytes of its charset, say, is
//! beyond it, so a document that the schema accepts may still be refused. One that the codec accepts, the schema accepts too,
//! but for numbers written as decimal strings, where the contract says number.

use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde_json::{Map, Value as Json, json};

use super::write::{is_json_number, literal_text};
use crate::layout::{
    Case, CodeMeaning, CodeRule, DatePattern, DateTimePattern, Field, Item, Kind, Layout, NoneAs, NumberRule, Repeat,
    Sign,
};

/// The dialect that a schema says it is written in.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// JSON has no byte strings; this is how the contract writes them.
const HEX: &str = "^([0-9A-Fa-f]{2})*$";

impl Layout {
    /// The schema of this layout's fields as a JSON document: an object in wire order.
    ///
    /// Labels are titles, `x-len` is a field's length in bytes, `x-secret` marks what no log may show, and `readOnly` what the
    /// encoder fills in. Computed fields, literals and whole groups that can be empty need not be given.
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
    for item in layout.items() {
        let Some(name) = item.name() else { continue };
        properties.insert(name.to_owned(), property(item));
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

/// `if` the code is there, `then` its body is.
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
        Item::Literal(literal) => titled(json!({ "const": literal_text(literal), "readOnly": true }), &literal.label),
        Item::Part(part) => titled(Json::Object(object(&part.layout)), &part.layout.label),
        Item::Group(group) => {
            let max = group.repeat.max();
            let min = if let Repeat::Fixed(count) = group.repeat { count } else { 0 };
            let entries = object(&group.layout);
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

fn value_schema(field: &Field, tail: bool) -> Json {
    match &field.kind {
        // A character has at least a byte.
        Kind::Text(_) => json!({ "type": "string", "maxLength": field.len }),
        Kind::Digits(rule) => {
            let len = rule.encoding.digits(field.len);
            let pattern = if rule.exact && !tail { format!("^[0-9]{{{len}}}$") } else { format!("^[0-9]{{0,{len}}}$") };
            json!({ "type": "string", "pattern": pattern })
        }
        Kind::Number(rule) => number_schema(field, rule),
        Kind::Date(rule) if rule.pattern == DatePattern::MmDd => none_or(rule.none, json!({ "pattern": "^[0-9]{4}$" })),
        Kind::Date(rule) => none_or(rule.none, json!({ "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" })),
        Kind::Time(rule) => none_or(rule.none, json!({ "pattern": "^[0-9]{2}:[0-9]{2}:[0-9]{2}$" })),
        Kind::DateTime(rule) if rule.pattern == DateTimePattern::MmDdHhMmSs => {
            none_or(rule.none, json!({ "pattern": "^[0-9]{10}$" }))
        }
        Kind::DateTime(rule) => {
            let pattern = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}$";
            none_or(rule.none, json!({ "pattern": pattern }))
        }
        Kind::Code(rule) => code_schema(field, rule),
        Kind::Flag(_) => json!({ "type": "boolean" }),
        Kind::Bytes(_) => {
            let min = if tail { 0 } else { field.len * 2 };
            json!({ "type": "string", "pattern": HEX, "minLength": min, "maxLength": field.len * 2 })
        }
    }
}

/// A string, or null if the field can be without a value.
fn none_or(none: NoneAs, string: Json) -> Json {
    let mut schema = string;
    if let Json::Object(schema) = &mut schema {
        let types = if none == NoneAs::Never { json!("string") } else { json!(["string", "null"]) };
        schema.insert("type".to_owned(), types);
    }
    schema
}

fn number_schema(field: &Field, rule: &NumberRule) -> Json {
    let digits = field_digits(field, rule);
    let null = (rule.none != NoneAs::Never).then_some("null");
    let signed = rule.sign != Sign::Unsigned;
    if is_json_number(field) {
        let types: Vec<&str> = core::iter::once("integer").chain(null).collect();
        let binary_room = if rule.encoding.is_binary() { 1 } else { 0 };
        // 15 digits at most, which are exact in every reader.
        let largest = 10_i64.pow(u32::try_from(digits + binary_room).unwrap_or(0)) - 1;
        let smallest = if signed { -largest } else { 0 };
        return json!({ "type": types, "minimum": smallest, "maximum": largest });
    }
    let types: Vec<&str> = core::iter::once("string").chain(null).collect();
    let minus = if signed { "-?" } else { "" };
    let decimals = match rule.scale {
        0 => String::new(),
        scale => format!("(\\.[0-9]{{1,{scale}}})?"),
    };
    json!({ "type": types, "pattern": format!("^{minus}[0-9]+{decimals}$") })
}

/// How many digits a value has at most.
fn field_digits(field: &Field, rule: &NumberRule) -> usize {
    let sign_byte = usize::from(matches!(rule.sign, Sign::Leading { .. } | Sign::Trailing { .. }));
    let digits = rule.encoding.digits(field.len).saturating_sub(sign_byte);
    rule.digits_max.map_or(digits, |max| digits.min(max.into()))
}

fn code_schema(field: &Field, rule: &CodeRule) -> Json {
    let meanings: Map<String, Json> = rule
        .codes
        .iter()
        .filter(|known| !known.label.is_empty())
        .map(|CodeMeaning { code, label }| (code.clone().into_owned(), Json::from(&**label)))
        .collect();
    let codes: Vec<Json> = rule.codes.iter().map(|known| Json::from(&*known.code)).collect();
    let mut schema = json!({ "type": "string", "maxLength": field.len });
    if let Json::Object(schema) = &mut schema {
        if !codes.is_empty() {
            // An open list names what is known and takes the rest too.
            schema.insert(if rule.open { "examples" } else { "enum" }.to_owned(), Json::Array(codes));
        }
        if !meanings.is_empty() {
            schema.insert("x-meanings".to_owned(), Json::Object(meanings));
        }
    }
    schema
}
