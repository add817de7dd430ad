//! The schema of a table: its keys with what they mean, the keys that it needs, and the keys that go together.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// A key of a table.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    /// What it means.
    pub(super) about: String,
    /// The schema of its values.
    pub(super) value: Value,
}

/// A kind of table.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// Its name among the definitions.
    pub(super) name: &'static str,
    about: &'static str,
    pub(super) keys: Vec<Key>,
    needs: Vec<&'static str>,
    rules: Vec<Value>,
}

/// A key with what it means, and its values.
pub(super) fn key(name: &'static str, about: impl Into<String>, value: Value) -> Key {
    Key { name, about: about.into(), value }
}

impl Key {
    /// The schema of its values, with what the key means.
    pub(super) fn schema(&self) -> Value {
        let mut value = self.value.clone();
        let Some(alternatives) = value.get_mut("anyOf").and_then(Value::as_array_mut) else {
            return described(value, &self.about);
        };
        let types: BTreeSet<String> = alternatives.iter().flat_map(types).collect();
        if let Some(first) = alternatives.first_mut() {
            *first = described(first.take(), &self.about);
        }
        // Beside an `anyOf`, Taplo offers the key once, and not once for each alternative; this one accepts everything. As values it offers
        // the words of all alternatives.
        json!({ "description": self.about, "type": types, "anyOf": [true], "allOf": [value] })
    }
}

/// The types of a schema's values.
fn types(schema: &Value) -> Vec<String> {
    match (schema.get("type"), schema.get("anyOf")) {
        (Some(Value::Array(types)), _) => types.iter().filter_map(|one| one.as_str().map(str::to_owned)).collect(),
        (Some(one), _) => one.as_str().map(str::to_owned).into_iter().collect(),
        (None, Some(Value::Array(alternatives))) => alternatives.iter().flat_map(types).collect(),
        (None, _) => Vec::new(),
    }
}

/// A schema with what its values mean, unless it says so already.
fn described(mut schema: Value, about: &str) -> Value {
    if let Some(members) = schema.as_object_mut() {
        members.entry("description").or_insert_with(|| about.into());
    }
    schema
}

/// Another table.
pub(super) fn reference(table: &str) -> Value {
    json!({ "$ref": format!("#/definitions/{table}") })
}

/// A table of tables with free names.
pub(super) fn named(names: Value, entry: Value) -> Value {
    json!({ "type": "object", "propertyNames": names, "additionalProperties": entry })
}

/// The condition that a table has one of these keys.
pub(super) fn has_one_of(keys: &[&str]) -> Value {
    Value::Array(keys.iter().map(|key| json!({ "required": [key] })).collect())
}

/// The condition that a key is there and has one of these values.
pub(super) fn is(key: &str, values: &[Value]) -> Value {
    json!({ "required": [key], "properties": { key: { "enum": values } } })
}

/// These keys may not be there.
pub(super) fn none_of<'k>(keys: impl IntoIterator<Item = &'k str>) -> Value {
    Value::Object(keys.into_iter().map(|key| (key.to_owned(), Value::Bool(false))).collect())
}

impl Table {
    pub(super) fn new(name: &'static str, about: &'static str) -> Self {
        Self { name, about, keys: Vec::new(), needs: Vec::new(), rules: Vec::new() }
    }

    pub(super) fn keys(mut self, keys: impl IntoIterator<Item = Key>) -> Self {
        self.keys.extend(keys);
        self
    }

    /// Adds keys that must be there.
    pub(super) fn needs(mut self, keys: &[&'static str]) -> Self {
        self.needs.extend(keys);
        self
    }

    /// Adds a condition that the whole table meets.
    pub(super) fn rule(mut self, rule: Value) -> Self {
        self.rules.push(rule);
        self
    }

    /// Adds the rule that a key is there only together with another one.
    pub(super) fn only_with(self, key: &str, other: &str) -> Self {
        self.rule(json!({ "dependencies": { key: [other] } }))
    }

    /// The schema of the table, which has no other keys.
    pub(super) fn schema(&self) -> Value {
        let properties: Map<String, Value> = self.keys.iter().map(|key| (key.name.to_owned(), key.schema())).collect();
        let mut schema = json!({
            "type": "object",
            "description": self.about,
            "properties": properties,
            "additionalProperties": false,
        });
        if let Some(members) = schema.as_object_mut() {
            if !self.needs.is_empty() {
                members.insert("required".to_owned(), json!(self.needs));
            }
            // Beside an `allOf` Taplo would not complete the keys above.
            if !self.rules.is_empty() {
                members.insert("if".to_owned(), true.into());
                members.insert("then".to_owned(), json!({ "allOf": self.rules }));
            }
        }
        schema
    }
}
