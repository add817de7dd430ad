//! The schemas of values: words, names, numbers, bytes. They take their words and limits from the tables that the reader uses.

use std::fmt::Write as _;

use fep_core::calendar::Pattern;
use fep_core::charset::CharsetId;
use fep_core::words::Word;
use serde_json::{Value, json};

use crate::lower::LETTERS;

/// A text.
pub(super) fn text() -> Value {
    json!({ "type": "string" })
}

/// `true` or `false`, by default `false`.
pub(super) fn flag() -> Value {
    json!({ "type": "boolean", "default": false })
}

/// `true`. The other value is written by leaving the key out.
pub(super) fn set() -> Value {
    json!({ "type": "boolean", "const": true })
}

/// A whole number.
pub(super) fn number(first: impl Into<Value>, last: impl Into<Value>) -> Value {
    json!({ "type": "integer", "minimum": first.into(), "maximum": last.into() })
}

/// A number of bytes, entries or the like: at least 1.
pub(super) fn length(last: usize) -> Value {
    number(1, last)
}

/// An array.
pub(super) fn list(entry: Value) -> Value {
    json!({ "type": "array", "items": entry })
}

/// An array with at least one entry.
pub(super) fn filled_list(entry: Value) -> Value {
    json!({ "type": "array", "items": entry, "minItems": 1 })
}

/// A value, or a list of different ones.
pub(super) fn one_or_list(entry: Value) -> Value {
    let list = json!({ "type": "array", "items": entry, "minItems": 1, "uniqueItems": true });
    json!({ "anyOf": [entry, list] })
}

/// One of these words, with their meanings.
pub(super) fn words<'w>(words: impl IntoIterator<Item = (&'w str, &'w str)>) -> Value {
    let (words, meanings): (Vec<&str>, Vec<Value>) = words
        .into_iter()
        .map(|(word, meaning)| (word, if meaning.is_empty() { Value::Null } else { meaning.into() }))
        .unzip();
    json!({ "type": "string", "enum": words, "x-taplo": { "docs": { "enumValues": meanings } } })
}

/// One of the words of a rule.
pub(super) fn word<W: Word>() -> Value {
    words(W::WORDS.iter().map(|(word, value)| (*word, value.meaning())))
}

/// A value with its default.
pub(super) fn by_default(mut value: Value, default: impl Into<Value>) -> Value {
    if let Some(members) = value.as_object_mut() {
        members.insert("default".to_owned(), default.into());
    }
    value
}

/// A byte: a character of ASCII, or a number.
pub(super) fn byte() -> Value {
    json!({ "type": ["string", "integer"], "pattern": "^[\\x00-\\x7F]$", "minimum": 0, "maximum": 255 })
}

/// The path of a shared file.
pub(super) fn shared_path() -> Value {
    matching("^[^/\\\\][^\\\\]*\\.toml$")
}

/// The name of a spec.
pub(super) fn spec_name() -> Value {
    matching("^[a-z][a-z0-9-]*$")
}

/// The name of a telegram, a part, a list, a code, a case or a file.
pub(super) fn type_name() -> Value {
    matching("^[A-Z][A-Za-z0-9]*$")
}

/// The name of a function in generated code.
pub(super) fn function_name() -> Value {
    matching("^[a-z][a-z0-9_]*$")
}

/// The name of an item.
pub(super) fn item_name() -> Value {
    let mut letters = "0-9".to_owned();
    for range in LETTERS {
        let _ = match range.start() == range.end() {
            true => write!(letters, "{}", range.start()),
            false => write!(letters, "{}-{}", range.start(), range.end()),
        };
    }
    matching(&format!("^[{letters}_-]*[{letters}][{letters}_-]*$"))
}

/// A code: ASCII without blanks at its end, or blanks only.
pub(super) fn code() -> Value {
    matching("^( *|[ -~]*[!-~])$")
}

/// A field of a record: `Trailer.total`.
pub(super) fn field_of() -> Value {
    matching("^[^.]+[.].")
}

/// Pairs of hex digits.
pub(super) fn hex() -> Value {
    matching("^ *([0-9A-Fa-f] *[0-9A-Fa-f] *)+$")
}

/// A text of this form.
pub(super) fn matching(pattern: &str) -> Value {
    json!({ "type": "string", "pattern": pattern })
}

/// The label of a charset. An editor offers the usual ones; the pattern takes the other spellings, too.
pub(super) fn charset() -> Value {
    let mut spellings = String::new();
    for (label, charset) in CharsetId::WORDS {
        for name in [*label].iter().chain(charset.aliases()) {
            let mut letters = name.chars().filter(|character| !matches!(character, '-' | '_' | ' '));
            let mut spelling: String = letters.by_ref().take(1).map(any_case).collect();
            letters.for_each(|letter| spelling.extend(["[-_ ]*", &any_case(letter)]));
            spellings.push_str(if spellings.is_empty() { "" } else { "|" });
            spellings.push_str(&spelling);
        }
    }
    let labels = words(CharsetId::WORDS.iter().map(|(label, charset)| (*label, charset.meaning())));
    json!({ "anyOf": [labels, matching(&format!("^[-_ ]*({spellings})[-_ ]*$"))] })
}

/// A letter in upper or lower case.
fn any_case(letter: char) -> String {
    if letter.is_ascii_alphabetic() {
        format!("[{}{}]", letter.to_ascii_lowercase(), letter.to_ascii_uppercase())
    } else {
        letter.to_string()
    }
}

/// The pattern of a date or time. An editor offers the usual ones; any order of the parts is possible.
pub(super) fn date_pattern() -> Value {
    let usual: Vec<String> = Pattern::USUAL.iter().map(ToString::to_string).collect();
    json!({ "anyOf": [
        { "type": "string", "enum": usual },
        matching("^(YYYY|YY|CYY|MM|DDD|DD|HH|SS|cc|mmm|uuuuuu|[-/.:,_T ])+$"),
    ] })
}
