//! JSON Schema of spec files: an editor completes their keys, explains them, and marks wrong ones while a person types.
//!
//! The schema is not the judge: that is [`Spec::check`](crate::Spec::check), which knows the whole file. A schema cannot compare a name with
//! another table, or a length with a pattern. So the schema refuses nothing that the reader accepts, and it refuses each unknown key and each
//! value of a wrong type at the place where the reader does. The words, limits and keys come from the tables of the reader. What they mean
//! stands here, and a test compares the keys of each table with those that the reader knows there.
//!
//! The dialect is draft-07. Taplo, which is in "Even Better TOML" of VS Code, documents draft-04 and validates up to draft-07; of a newer
//! draft it would ignore what it does not know. Draft-07 has all that is needed here: `if` and `then` make a message that names the key, where
//! a list of alternatives could only say that none of them fits. For completion Taplo does not follow `if`, so a table whose keys depend on
//! each other has all of its keys in `properties`, too.
//!
//! ```
//! let schema = fep_spec::schema::schema();
//! assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
//! assert_eq!(schema["properties"]["include"]["type"], "array");
//! assert_eq!(schema["definitions"]["field"]["properties"]["len"]["type"], "integer");
//! ```

mod values;
mod tables;
mod options;
mod items;
mod files;

use serde_json::{Value, json};

use self::tables::{Table, key, named, reference};
use self::values::{by_default, charset, flag, length, number, shared_path, spec_name, text, type_name};
use crate::lower::TELEGRAM_LEN_MAX;

/// The schema of spec files as a JSON document.
#[must_use]
pub fn schema() -> Value {
    let mut definitions = serde_json::Map::new();
    let own = own_tables().into_iter().chain([options::type_table()]);
    for table in own.chain(items::tables()).chain(files::tables()) {
        definitions.insert(table.name.to_owned(), table.schema());
    }
    definitions.insert("item".to_owned(), items::item());
    let mut schema = file().schema();
    if let Some(members) = schema.as_object_mut() {
        let about = concat!("made by `fep schema`, version ", env!("CARGO_PKG_VERSION"));
        members.insert("$schema".to_owned(), "http://json-schema.org/draft-07/schema#".into());
        members.insert("$comment".to_owned(), about.into());
        members.insert("title".to_owned(), "fep spec file".into());
        members.insert("definitions".to_owned(), Value::Object(definitions));
    }
    schema
}

/// The file itself.
fn file() -> Table {
    let sections = [
        (
            "types",
            "The sheet's own letters for kinds: `N = { kind = \"number\" }`. An item names one with `type`.",
            "type",
        ),
        (
            "codes",
            "Lists of codes. A field names one with `codes`; with names they become an enum in generated code.",
            "codes",
        ),
        ("parts", "Items that telegrams share. A part stands above the parts that use it.", "part_table"),
        ("telegrams", "The telegrams, and the records of files.", "telegram"),
        ("files", "Record files: the order of their records, line ends, totals.", "file"),
    ];
    let head = ["spec", "title", "version", "source", "charset"];
    let of_specs = head.into_iter().chain(["offsets_from", "telegrams", "files"]);
    let keys = [
        key(
            "shared",
            "Makes the file a shared file, which specs include and which is none itself: in a few words what it holds. A shared file has only \
             `include`, `types`, `codes` and `parts` besides.",
            text(),
        ),
        key(
            "include",
            "Shared files whose types, lists of codes and parts are used here: paths that begin at the folder of this file.",
            values::list(shared_path()),
        ),
        key("spec", "The short name of the spec: small letters, digits and hyphens, like `bank-a`.", spec_name()),
        key("title", "The title, for documents.", text()),
        key("version", "The version of the sheet, usually its date, as a string: `\"2026-11-01\"`.", text()),
        key("source", "Where the sheet comes from.", text()),
        key(
            "charset",
            "The charset of all text that does not state its own. In an EBCDIC charset the digits are EBCDIC too, unless a field states its \
             `encoding`.",
            charset(),
        ),
        key(
            "offsets_from",
            "Where the sheet begins to count offsets: 0 or 1. `at` counts from there.",
            by_default(number(0, 1), 0),
        ),
    ];
    let sections = sections.map(|(name, about, table)| {
        let names = if name == "types" { text() } else { type_name() };
        key(name, about, named(names, reference(table)))
    });
    Table::new("spec_file", "A spec: the telegrams of an institution, one item a line.").keys(keys).keys(sections).rule(
        json!({
            "if": { "required": ["shared"] },
            "then": { "properties": tables::none_of(of_specs) },
            "else": { "required": head },
        }),
    )
}

/// The tables of `[codes]`, `[parts]` and `[telegrams]`.
fn own_tables() -> [Table; 4] {
    let label = |of: &str| key("label", format!("The name of the {of} in the sheet."), text());
    let len = || {
        key(
            "len",
            "The length in bytes that the sheet states, with full groups. It may be left out; if it is there, it is checked.",
            length(TELEGRAM_LEN_MAX),
        )
    };
    let items = || key("items", "The items, in the order of the bytes.", values::list(reference("item")));
    let codes = Table::new("codes", "A list of codes.")
        .keys([
            label("list"),
            key("closed", "Whether codes that are not on the list are errors. Otherwise they are kept.", flag()),
            key(
                "codes",
                "The codes: `{ code = \"20\", name = \"Deposit\", label = \"입금\" }`. Either all of them have a name, or none.",
                values::filled_list(reference("code")),
            ),
        ])
        .needs(&["codes"]);
    let code = Table::new("code", "A code and what it means.")
        .keys([
            key("code", "The code as a string, without padding. `\"\"` is the code of a blank field.", values::code()),
            key("name", "The name of the code in generated code: PascalCase, like `Deposit`.", type_name()),
            label("code"),
        ])
        .needs(&["code"]);
    let part = Table::new("part_table", "A part: items that telegrams share.")
        .keys([label("part"), len(), items()])
        .needs(&["items"]);
    let telegram = Table::new("telegram", "A telegram, or a record of a file.")
        .keys([
            label("telegram"),
            len(),
            items(),
            key(
                "like",
                "The telegram whose items this one has, with another `when`. It stands in place of `items`.",
                text(),
            ),
            key(
                "when",
                "The conditions by which received bytes are this telegram: paths to fields with their values, \
                 `{ \"header.code\" = \"0100\" }`. All of them hold, and so do the literals.",
                json!({ "type": "object", "additionalProperties": text() }),
            ),
            key("answer", "The telegram that answers this one.", text()),
            key(
                "view",
                "Whether generated code has a view of the telegram, which decodes only the fields that are used.",
                flag(),
            ),
            key("remark", "A remark for documents.", text()),
        ])
        .rule(json!({
            "if": { "required": ["like"] },
            "then": { "properties": { "items": false } },
            "else": { "required": ["items"] },
        }));
    [codes, code, part, telegram]
}
