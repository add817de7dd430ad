//! The form of each request that a service may send: a JSON Schema of its fields, in which what the gateway fills is not required.

use std::collections::{BTreeMap, BTreeSet};

use fep_codec::Layout;
use fep_protocol::breaker::Alternative;
use serde_json::Value;

use super::{Role, TelegramCatalogue};
use crate::config::InstitutionConfig;

/// A request that a service may send.
#[derive(Clone, Debug)]
pub struct RequestForm<'c> {
    /// The layout of the request.
    pub layout: &'c Layout,
    /// The layout of its answer.
    pub answer: &'c Layout,
    /// The institutions to which a breaker or a rule sends it, and which then answer with their own telegrams.
    pub onward: Vec<&'c str>,
    /// The JSON Schema of the fields that a service sends.
    pub fields: Value,
}

impl TelegramCatalogue {
    /// The requests that services may send.
    pub fn request_forms(&self) -> impl Iterator<Item = RequestForm<'_>> {
        let requests = self.entries.iter().zip(&self.spec.telegrams).filter(|(entry, _)| entry.role == Role::Request);
        requests.filter_map(|(entry, telegram)| {
            let layout = &telegram.layout;
            let mut fields = layout.json_schema();
            // The gateway fills these, and the codes by which the telegram is known are written anyway.
            let filled = entry.fillers.iter().map(|filler| filler.path().to_string());
            for path in filled.chain(layout.when.iter().map(|when| when.path.to_string())) {
                make_optional(&mut fields, &path);
            }
            let answer = &self.spec.telegrams.get(entry.answer?)?.layout;
            let onward = self.onward.get(&*layout.name).into_iter().flatten().map(String::as_str).collect();
            Some(RequestForm { layout, answer, onward, fields })
        })
    }

    /// The layout of the answer to a request.
    pub(crate) fn answer_layout(&self, telegram: &str) -> Option<&Layout> {
        let answer = self.named(telegram)?.answer?;
        self.spec.telegrams.get(answer).map(|answer| &answer.layout)
    }
}

/// The requests that a breaker or a rule sends to another institution, with the names of those.
pub(super) fn onward(config: &InstitutionConfig) -> BTreeMap<String, BTreeSet<String>> {
    let alternatives = config.breaker.iter().flat_map(|breaker| &breaker.alternatives);
    let onward = alternatives.filter_map(|(telegram, alternative)| match alternative {
        Alternative::Institution(to) => Some((telegram.clone(), to.clone())),
        _ => None,
    });
    let mut all = BTreeMap::<String, BTreeSet<String>>::new();
    let routed = config.routing.iter().map(|(telegram, rule)| (telegram.clone(), rule.to.clone()));
    for (telegram, to) in onward.chain(routed) {
        all.entry(telegram).or_default().insert(to);
    }
    all
}

/// Lets a document leave a field out, and each part around it of which nothing else is required.
fn make_optional(schema: &mut Value, path: &str) {
    let (name, inner) = path.split_once('.').map_or((path, None), |(name, inner)| (name, Some(inner)));
    if let Some(inner) = inner {
        let Some(part) = schema.get_mut("properties").and_then(|properties| properties.get_mut(name)) else { return };
        make_optional(part, inner);
        if part.get("required").and_then(Value::as_array).is_some_and(|required| !required.is_empty()) {
            return;
        }
    }
    if let Some(Value::Array(required)) = schema.get_mut("required") {
        required.retain(|required| required != name);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_filled_may_be_left_out_and_a_part_of_which_nothing_is_left_may_too() {
        let mut schema = json!({
            "required": ["header", "amount"],
            "properties": {
                "header": { "required": ["trace", "code"], "properties": { "trace": {}, "code": {} } },
                "amount": {},
            }
        });
        make_optional(&mut schema, "header.trace");
        assert_eq!(schema["required"], json!(["header", "amount"]));
        make_optional(&mut schema, "header.code");
        assert_eq!(schema["required"], json!(["amount"]));
        make_optional(&mut schema, "items[3].name");
        make_optional(&mut schema, "none");
        assert_eq!(schema["required"], json!(["amount"]));
        assert_eq!(schema["properties"]["header"]["required"], json!([]));
    }
}
