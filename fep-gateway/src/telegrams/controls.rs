//! Control characters in the fields of a service: NUL, line ends, escapes. In a telegram they can end a record early or drive a terminal,
//! so a field has none unless the configuration allows it.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

/// A control character in a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ControlCharacter {
    /// The path of the field, with indexes: `entries[2].memo`.
    pub field: String,
    /// The character.
    pub character: char,
    /// Its position in the text, in characters from 1.
    pub position: usize,
}

/// The first control character in these fields. `allowed` has the paths of fields that may have some, without indexes.
pub(super) fn first_control(fields: &Map<String, Json>, allowed: &BTreeSet<String>) -> Option<ControlCharacter> {
    if !fields.values().any(may_have_one) {
        return None;
    }
    within_fields(fields, &mut String::new(), &mut String::new(), allowed)
}

/// Whether a value may have a control character, judged by bytes alone. Nearly none has one, and this builds no paths. The characters from
/// U+0080 to U+009F begin with the byte `0xC2`, as some others do.
fn may_have_one(value: &Json) -> bool {
    match value {
        Json::String(text) => text.bytes().any(|byte| byte < b' ' || byte == 0x7f || byte == 0xc2),
        Json::Array(entries) => entries.iter().any(may_have_one),
        Json::Object(fields) => fields.values().any(may_have_one),
        Json::Null | Json::Bool(_) | Json::Number(_) => false,
    }
}

/// `path` and `plain` are the path to `value`, with and without indexes.
fn within(value: &Json, path: &mut String, plain: &mut String, allowed: &BTreeSet<String>) -> Option<ControlCharacter> {
    match value {
        Json::String(text) => {
            let (at, character) = text.chars().enumerate().find(|(_, character)| character.is_control())?;
            (!allowed.contains(plain)).then(|| ControlCharacter { field: path.clone(), character, position: at + 1 })
        }
        Json::Array(entries) => entries.iter().enumerate().find_map(|(index, entry)| {
            let len = path.len();
            path.push('[');
            path.push_str(&index.to_string());
            path.push(']');
            let found = within(entry, path, plain, allowed);
            path.truncate(len);
            found
        }),
        Json::Object(fields) => within_fields(fields, path, plain, allowed),
        Json::Null | Json::Bool(_) | Json::Number(_) => None,
    }
}

fn within_fields(
    fields: &Map<String, Json>,
    path: &mut String,
    plain: &mut String,
    allowed: &BTreeSet<String>,
) -> Option<ControlCharacter> {
    fields.iter().find_map(|(name, field)| {
        let path_len = path.len();
        let plain_len = plain.len();
        for text in [&mut *path, &mut *plain] {
            if !text.is_empty() {
                text.push('.');
            }
            text.push_str(name);
        }
        let found = within(field, path, plain, allowed);
        path.truncate(path_len);
        plain.truncate(plain_len);
        found
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_control_character_is_named_with_its_path() {
        let fields = json!({
            "name": "홍길동",
            "header": { "branch": "12\u{0}4" },
            "entries": [{ "memo": "a" }, { "memo": "line\nfeed" }],
        });
        let found = |allowed: &[&str]| {
            let allowed = allowed.iter().map(|path| (*path).to_owned()).collect();
            first_control(fields.as_object()?, &allowed).map(|found| (found.field, found.character, found.position))
        };
        let memo = ("entries[1].memo".to_owned(), '\n', 5);
        let branch = ("header.branch".to_owned(), '\0', 3);
        assert_eq!(found(&["header.branch"]), Some(memo));
        assert_eq!(found(&["entries.memo"]), Some(branch));
        assert_eq!(found(&["entries.memo", "header.branch"]), None);
        for character in ['\u{7f}', '\u{85}', '\u{1b}', '\t'] {
            let fields = json!({ "name": format!("{character}") });
            let fields = fields.as_object().unwrap();
            assert!(first_control(fields, &BTreeSet::new()).is_some(), "{character:?}");
        }
    }
}
