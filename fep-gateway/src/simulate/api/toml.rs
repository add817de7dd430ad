//! A JSON body as the TOML text that a scenario would have, so that one reader checks both.

use axum::body::Bytes;
use serde_json::{Map, Value as Json};

use super::problem::{ApiError, Problem};

/// The object in a body. An empty body is an empty object.
pub(super) fn object(body: &Bytes) -> Result<Map<String, Json>, ApiError> {
    if body.is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_slice(body) {
        Ok(Json::Object(object)) => Ok(object),
        Ok(_) => Err(ApiError::new(Problem::NotJson, "the body is JSON, but not an object")),
        Err(error) => Err(ApiError::new(Problem::NotJson, error.to_string())),
    }
}

/// The keys and values of an object as lines of TOML.
pub(in crate::simulate) fn lines(object: &Map<String, Json>) -> Result<String, ApiError> {
    let mut text = String::new();
    for (key, value) in object.iter().filter(|(_, value)| !value.is_null()) {
        quote(key, &mut text);
        text.push_str(" = ");
        write(value, key, &mut text)?;
        text.push('\n');
    }
    Ok(text)
}

fn write(value: &Json, key: &str, text: &mut String) -> Result<(), ApiError> {
    match value {
        Json::Bool(yes) => text.push_str(&yes.to_string()),
        Json::Number(number) if number.is_i64() => text.push_str(&number.to_string()),
        Json::String(content) => quote(content, text),
        Json::Array(values) => {
            text.push('[');
            for value in values {
                write(value, key, text)?;
                text.push_str(", ");
            }
            text.push(']');
        }
        Json::Object(inner) => {
            text.push('{');
            for (number, (name, value)) in inner.iter().enumerate() {
                text.push_str(if number == 0 { " " } else { ", " });
                quote(name, text);
                text.push_str(" = ");
                write(value, name, text)?;
            }
            text.push_str(" }");
        }
        Json::Null | Json::Number(_) => {
            let message =
                format!("`{}` must be a whole number, a text, true or false, a list or an object", key.escape_debug());
            return Err(ApiError::new(Problem::BadBody, message));
        }
    }
    Ok(())
}

/// A basic string of TOML.
fn quote(content: &str, text: &mut String) {
    text.push('"');
    for character in content.chars() {
        match character {
            '"' | '\\' => text.extend(['\\', character]),
            control if control.is_control() => text.push_str(&format!("\\u{:04X}", u32::from(control))),
            other => text.push(other),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_written_is_what_a_person_would_write() {
        let object = json!({
            "a": 1, "b.c": "x\"\\\n\u{7f}한", "d": [true, -5], "e": {"f g": {}, "h": ["i"]}, "none": null,
        });
        let expected = "\"a\" = 1\n\"b.c\" = \"x\\\"\\\\\\u000A\\u007F한\"\n\"d\" = [true, -5, ]\n\
                        \"e\" = { \"f g\" = { }, \"h\" = [\"i\", ] }\n";
        assert_eq!(lines(object.as_object().unwrap()).unwrap(), expected);
        for wrong in [json!({"a": 1.5}), json!({"a": [null]}), json!({"a": u64::MAX})] {
            assert!(lines(wrong.as_object().unwrap()).is_err(), "{wrong}");
        }
    }
}
