//! Items: one table for each form of an entry of `items`, and the table that has the keys of all forms.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::options;
use super::tables::{Key, Table, has_one_of, is, key, none_of, reference};
use super::values::{
    byte, filled_list, flag, function_name, hex, item_name, length, list, number, set, text, type_name, word, words,
};
use crate::lower::{ENTRIES_MAX, LEN_MAX, TELEGRAM_LEN_MAX, computed_words};
use fep_core::rules::LengthScope;

/// The forms of an item and of what is in it.
pub(super) fn tables() -> [Table; 9] {
    [field(), tail(), part(), filler(), literal(), group(), array(), choice(), case()]
}

/// An item, which has one of the forms. The first key that is there decides, in the order in which the reader asks.
pub(super) fn item() -> Value {
    let kinds = ["kind", "type", "len"];
    let form = |condition: Value, then: Value, other: Value| json!({ "if": condition, "then": then, "else": other });
    let has = |key: &str| json!({ "required": [key] });
    let of_field = form(is("tail", &[true.into()]), reference("tail"), reference("field"));
    let literal = form(json!({ "anyOf": has_one_of(&["literal", "hex"]) }), reference("literal"), of_field);
    let filler = form(has("filler"), reference("filler"), literal);
    let part = form(has("part"), reference("part"), filler);
    let choice = form(has("choice"), reference("choice"), part);
    let of_group = form(json!({ "anyOf": has_one_of(&kinds) }), reference("array"), reference("group"));
    let mut item = form(has("group"), of_group, choice);
    if let Some(members) = item.as_object_mut() {
        members.insert("type".to_owned(), "object".into());
        let about = "An item: a field { name, type, len }, a tail, a { part }, a { filler }, a { literal }, a { group } or a { choice }.";
        members.insert("description".to_owned(), about.into());
        members.insert("properties".to_owned(), Value::Object(all_keys()));
    }
    item
}

/// The keys of all forms, for editors that complete keys before the form is known. They accept any value, because the form checks it: an
/// editor would show each mistake twice.
fn all_keys() -> Map<String, Value> {
    let mut all: BTreeMap<&str, Vec<Key>> = BTreeMap::new();
    let forms = tables().into_iter().filter(|table| table.name != "case");
    for key in forms.flat_map(|table| table.keys) {
        let same = all.entry(key.name).or_default();
        if same.iter().all(|known| known.about != key.about) {
            same.push(key);
        }
    }
    let any = all.into_iter().filter_map(|(name, same)| {
        let about: Vec<&str> = same.iter().map(|key| key.about.as_str()).collect();
        let first = Key { about: about.join("\n\n"), ..same.first()?.clone() };
        Some((name.to_owned(), json!({ "anyOf": [first.schema(), true] })))
    });
    any.collect()
}

/// The keys of every item.
fn common() -> [Key; 2] {
    [
        key(
            "at",
            "The offset that the sheet states, in the telegram, part, entry or case. It may be left out; if it is there, it is checked.",
            number(0, TELEGRAM_LEN_MAX),
        ),
        key("remark", "A remark for documents.", text()),
    ]
}

fn label() -> Key {
    key("label", "The name of the item in the sheet.", text())
}

fn name() -> Key {
    key("name", "The name of the item: letters, digits, `_` and `-`, as the sheet has it if it can.", item_name())
}

fn len() -> Key {
    key("len", "The length in bytes on the wire.", length(LEN_MAX))
}

/// The keys of a field, a tail and an array, with the options of their kinds.
fn of_values() -> impl Iterator<Item = Key> {
    let own = [
        label(),
        key("type", "The sheet's letter for the kind: a key of `[types]`. It stands in place of `kind`.", text()),
        key("secret", "Whether the value is hidden in dumps, logs and messages.", flag()),
    ];
    own.into_iter().chain(options::shared()).chain(options::codes_of_item()).chain(common())
}

/// What fields, tails and arrays need beside their keys: a kind or a type, options of this kind, and `closed` only with codes.
fn with_kind(table: Table, but: &[&str]) -> Table {
    let table = table.rule(json!({ "dependencies": {
            "type": { "properties": { "kind": false } },
            "closed": { "required": ["codes"], "properties": { "codes": { "type": "array" } } },
        } }));
    options::of_kind(but).into_iter().fold(table, Table::rule)
}

fn field() -> Table {
    let computed = computed_words().map(|(word, keys)| (word, keys.join(", ")));
    let about = computed.each_ref().map(|(word, keys)| (*word, format!("Its keys are: {keys}.")));
    let computed = words(about.iter().map(|(word, keys)| (*word, keys.as_str())));
    let table = Table::new("field", "A field: a name, a length, and a kind or a type.")
        .keys([name(), len(), key("tail", "`true` makes it a tail, which is as long as its value.", flag())])
        .keys(of_values())
        .keys([
            key("computed", "The encoder fills the field in, and the decoder checks it.", computed),
            key("counts", "Which bytes a computed length counts.", word::<LengthScope>()),
            key(
                "of",
                "The item that is counted, summed or measured, or whose sign this is: `items`, `items.amount`.",
                text(),
            ),
            key(
                "signs",
                "The characters of plus and minus in a computed sign, and perhaps that of zero: `\"+-\"`.",
                json!({ "type": "string", "minLength": 2, "maxLength": 3, "pattern": "^[\\x00-\\x7F]*$" }),
            ),
            key("function", "The function of a check: `\"xor\"`, or one that your code supplies.", function_name()),
            key(
                "from",
                "Of a check: the first item that it covers. Of a sequence: the first number.",
                json!({ "type": ["string", "integer"], "minimum": 0, "maximum": u32::MAX }),
            ),
            key("to", "Of a check: the last item that it covers.", text()),
        ])
        .needs(&["name", "len"])
        // A sign and a check may do without a kind.
        .rule(json!({
            "if": { "not": { "anyOf": [{ "required": ["type"] }, is("computed", &["sign".into(), "check".into()])] } },
            "then": { "required": ["kind"] },
        }));
    with_kind(computed_rules(table), &[])
}

/// Which keys belong to which value of `computed`.
fn computed_rules(table: Table) -> Table {
    let all: Vec<&str> = computed_words().iter().flat_map(|(_, keys)| keys.iter().copied()).collect();
    let table = all.iter().fold(table, |table, key| table.only_with(key, "computed"));
    let foreign = |table: Table, (word, keys): (&str, &[&str])| {
        let foreign = all.iter().copied().filter(|key| !keys.contains(key));
        table.rule(json!({ "if": is("computed", &[word.into()]), "then": { "properties": none_of(foreign) } }))
    };
    let table = computed_words().into_iter().fold(table, foreign);
    let then = |words: &[&str], then: Value| {
        let words: Vec<Value> = words.iter().map(|word| Value::from(*word)).collect();
        json!({ "if": is("computed", &words), "then": then })
    };
    table
        .rule(then(&["length"], json!({ "oneOf": has_one_of(&["counts", "of"]) })))
        .rule(then(&["count", "sum", "sign"], json!({ "required": ["of"] })))
        .rule(then(&["sign"], json!({ "required": ["signs"] })))
        .rule(then(&["check"], json!({ "required": ["function"], "properties": { "from": text() } })))
        .rule(then(&["sequence"], json!({ "properties": { "from": { "type": "integer" } } })))
}

fn tail() -> Table {
    let table = Table::new("tail", "A tail: a field that is as long as its value.")
        .keys([
            name(),
            key("tail", "`true` makes it a tail, which is as long as its value.", set()),
            key("max", "The most bytes that the tail can have.", length(LEN_MAX)),
        ])
        .keys(of_values())
        .needs(&["name", "max"]);
    with_kind(needs_kind(table), &[])
}

/// The rule that a table has a type or a kind.
fn needs_kind(table: Table) -> Table {
    table.rule(json!({ "if": { "not": { "required": ["type"] } }, "then": { "required": ["kind"] } }))
}

fn part() -> Table {
    Table::new("part", "The items of a part. Without a name they stand beside the other items.")
        .keys([key("part", "The name of a table under `[parts]`.", text()), name()])
        .keys(common())
        .needs(&["part"])
}

fn filler() -> Table {
    Table::new("filler", "Bytes without a value.")
        .keys([
            key("filler", "The length of the filler in bytes.", length(LEN_MAX)),
            label(),
            key("pad", "The byte of the filler: a character, or a number. By default a space.", byte()),
            key("any", "Whether received bytes may be anything. Otherwise they are the filler's.", flag()),
        ])
        .keys(common())
        .needs(&["filler"])
}

fn literal() -> Table {
    Table::new("literal", "Bytes that are always the same.")
        .keys([
            key("literal", "The text, in the charset of the file.", json!({ "type": "string", "minLength": 1 })),
            key("hex", "The bytes as hex digits: `\"0d0a\"`.", hex()),
            name(),
            label(),
        ])
        .keys(common())
        .rule(json!({ "dependencies": { "hex": { "properties": { "literal": false } } } }))
}

/// How often a group or an array repeats, and what it is a page of.
fn repeats() -> [Key; 6] {
    let page = Table::new("page", "The group is a page of a longer list.")
        .keys([
            key("total", "The field with the number of entries of the whole list.", text()),
            key("start", "The field with the number of the first entry of this page.", text()),
        ])
        .needs(&["total", "start"]);
    [
        key("group", "The name of the group, and of the array in JSON.", item_name()),
        key(
            "count",
            "How often it repeats: a number, or the field that says so. The field beside the group becomes its computed count.",
            json!({ "type": ["integer", "string"], "minimum": 1, "maximum": ENTRIES_MAX, "minLength": 1 }),
        ),
        key("max", "The most entries that the sheet allows.", length(ENTRIES_MAX)),
        key(
            "repeat",
            "`\"rest\"`: as often as the bytes allow.",
            words([("rest", "As often as the bytes before the next items allow.")]),
        ),
        key("padded", "Whether there are always `max` entries, of which the unused ones are filled.", flag()),
        key("page", "The group is a page of a longer list.", page.schema()),
    ]
}

/// The rules of [`repeats`].
fn repeated(table: Table) -> Table {
    let padded = is("padded", &[true.into()]);
    table
        .rule(json!({
            "if": { "required": ["count"], "properties": { "count": { "type": "integer" } } },
            "then": { "properties": { "max": false, "padded": { "enum": [false] } } },
            "else": { "required": ["max"] },
        }))
        .rule(json!({
            "if": { "not": { "anyOf": [{ "required": ["repeat"] }, padded] } },
            "then": { "required": ["count"] },
        }))
        .rule(json!({ "dependencies": { "repeat": { "properties": { "count": false, "padded": { "enum": [false] } } } } }))
}

fn group() -> Table {
    let table = Table::new("group", "A group: a part or items that repeat.")
        .keys(repeats())
        .keys([
            label(),
            key("pad", "The byte of unused entries, if the group is padded. By default a space.", byte()),
            key("part", "The part that each entry is: the name of a table under `[parts]`.", text()),
            key("items", "The items of each entry.", list(reference("item"))),
        ])
        .keys(common())
        .needs(&["group"])
        .rule(json!({ "oneOf": has_one_of(&["part", "items"]) }))
        .rule(json!({ "dependencies": { "pad": is("padded", &[true.into()]) } }));
    repeated(table)
}

fn array() -> Table {
    let table = Table::new("array", "An array: a group whose entries are plain values.")
        .keys(repeats())
        .keys([len()])
        .keys(of_values())
        .needs(&["group", "len"]);
    // In a padded array, `pad` is the byte of unused entries, whatever the kind.
    with_kind(needs_kind(repeated(table)), &["pad"])
}

fn choice() -> Table {
    Table::new("choice", "One of several layouts. A code elsewhere in the telegram selects it.")
        .keys([
            key("choice", "The name of the choice.", item_name()),
            label(),
            key("by", "The field with the code, or a path to it: `header.business`.", text()),
            key("cases", "The cases: `{ code = \"100\", part = \"TransferBody\" }`.", filled_list(reference("case"))),
        ])
        .keys(common())
        .needs(&["choice", "by", "cases"])
}

fn case() -> Table {
    Table::new("case", "A case of a choice: its codes, and a part or a name with items.")
        .keys([
            key("code", "The code of the case. `\"\"` is that of a blank field.", text()),
            key("codes", "The codes of the case.", filled_list(text())),
            key("other", "The case is for every code that no other case has.", set()),
            key("part", "The part that the case is: the name of a table under `[parts]`.", text()),
            key("name", "The name of a case that has items of its own: PascalCase, like `Refund`.", type_name()),
            key("items", "The items of the case.", list(reference("item"))),
        ])
        .rule(json!({ "oneOf": has_one_of(&["code", "codes", "other"]) }))
        .rule(json!({
            "if": { "required": ["part"] },
            "then": { "properties": none_of(["name", "items"]) },
            "else": { "required": ["name", "items"] },
        }))
}
