//! The tables of a document with the keys that the schema knows at each of them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::tree::{Node, Step};

/// The keys of each table that has no free names, by its path; and the definitions that were used.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) keys: BTreeMap<Vec<Step>, BTreeSet<String>>,
    pub(crate) used: BTreeSet<String>,
}

/// Walks through a document that the schema accepts.
pub(crate) fn known(schema: &Json, document: &Node) -> Known {
    let mut known = Known::default();
    Walk { root: schema, known: &mut known }.visit(schema, document, &mut Vec::new());
    known
}

struct Walk<'w> {
    root: &'w Json,
    known: &'w mut Known,
}

impl<'w> Walk<'w> {
    fn visit(&mut self, schema: &'w Json, node: &Node, path: &mut Vec<Step>) {
        if let Some(reference) = schema["$ref"].as_str() {
            let pointer = reference.strip_prefix('#').expect("a local reference");
            self.known.used.insert(pointer.rsplit('/').next().expect("a name").to_owned());
            return self.visit(self.root.pointer(pointer).expect("a definition"), node, path);
        }
        if schema["additionalProperties"] == Json::Bool(false) && matches!(node, Node::Table(_)) {
            let keys = schema["properties"].as_object().expect("properties").keys().cloned().collect();
            let known = self.known.keys.insert(path.clone(), keys);
            assert!(known.is_none(), "two tables of the schema are {path:?}");
        }
        self.visit_below(schema, node, path);
        if let Some(condition) = schema.get("if") {
            let branch = if accepts(condition, node) { "then" } else { "else" };
            if let Some(branch) = schema.get(branch) {
                self.visit(branch, node, path);
            }
        }
        for alternatives in ["allOf", "anyOf", "oneOf"] {
            for alternative in schema[alternatives].as_array().into_iter().flatten() {
                if alternative.is_object() && (alternatives == "allOf" || accepts(alternative, node)) {
                    self.visit(alternative, node, path);
                }
            }
        }
    }

    /// Visits the entries of a list, the values of a table with free names, and those of a table that has no other keys.
    fn visit_below(&mut self, schema: &'w Json, node: &Node, path: &mut Vec<Step>) {
        match node {
            Node::List(values) if schema["items"].is_object() => {
                for (at, value) in values.iter().enumerate() {
                    path.push(Step::At(at));
                    self.visit(&schema["items"], value, path);
                    path.pop();
                }
            }
            Node::Table(entries) if !schema["additionalProperties"].is_null() => {
                for (key, value) in entries {
                    let below = schema["properties"].get(key).unwrap_or(&schema["additionalProperties"]);
                    path.push(Step::Key(key.clone()));
                    self.visit(below, value, path);
                    path.pop();
                }
            }
            _ => {}
        }
    }
}

/// Whether a schema without references accepts a value. One with references is an alternative for tables.
fn accepts(schema: &Json, node: &Node) -> bool {
    if schema.get("$ref").is_some() {
        return matches!(node, Node::Table(_));
    }
    if schema["items"].get("$ref").is_some() {
        return matches!(node, Node::List(_));
    }
    jsonschema::draft7::is_valid(schema, &node.to_json())
}
