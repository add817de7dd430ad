//! JSON Schemas of types that serialise in a form of their own. All others derive theirs.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use crate::exchange::{ExchangeId, Flags, OtherExchange, Passage, RoutedFrom};

impl JsonSchema for ExchangeId {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "ExchangeId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[0-9a-f]{22}$", "description": "The ID of an exchange or a notice. IDs sort by time." })
    }
}

impl JsonSchema for Flags {
    fn schema_name() -> Cow<'static, str> {
        "Flags".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let all = Self { conflicting: true, contradicting: true, dead_letter: true, disputed: true };
        let names: Vec<_> = all.names().collect();
        json_schema!({
            "type": "array",
            "items": { "type": "string", "enum": names },
            "description": "What a person should look at."
        })
    }
}

/// The keys are optional, because it stands in an object of others, and may be absent.
impl JsonSchema for Passage {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Passage".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let other = generator.subschema_for::<OtherExchange>();
        let asked = generator.subschema_for::<RoutedFrom>();
        json_schema!({ "type": "object", "properties": { "passed_on": other, "came_from": other, "routed_from": asked } })
    }
}
