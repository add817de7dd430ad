//! Shared files: what they may hold, and what they may not.

use std::ops::Range;

use crate::document::{Document, Located, Table};
use crate::include::SHARED;
use crate::report::Code;

/// What a shared file cannot have, and what to do instead.
const FOREIGN: [(&str, &str); 8] = [
    ("spec", OF_SPEC),
    ("title", OF_SPEC),
    ("version", OF_SPEC),
    ("source", OF_SPEC),
    ("charset", OF_SPEC),
    ("offsets_from", OF_SPEC),
    ("telegrams", OF_PART),
    ("files", OF_PART),
];

const OF_SPEC: &str = "leave it out: it is that of the spec which includes the file";
const OF_PART: &str =
    "move it to the spec; items that several telegrams share are a part, and a part can be in a shared file";

/// Notes the keys that a shared file does not have.
pub(super) fn finish(root: Table<'_>) {
    // What another file is, was noted where it is included.
    if !root.has(SHARED) {
        return;
    }
    let document = root.document();
    if let Some(title) = root.string(SHARED).filter(|title| title.value.trim().is_empty()) {
        let hint = "say in a few words what specs find in the file";
        document.error_hint(Code::BadValue, title.span, "`shared` is empty", hint);
    }
    for (key, hint) in FOREIGN {
        if let Some(at) = root.key_span(key) {
            document.error_hint(Code::ConflictingKeys, at, format!("a shared file cannot have `{key}`"), hint);
        }
        root.knows(&[key]);
    }
    root.knows(&["include", "types", "codes", "parts"]);
    root.finish();
}

/// Advice for a name that another file has, which the file with this use does not include.
pub(super) fn not_known_here(document: &Document, name: &Located<&str>, other: &Range<usize>) -> String {
    let here = document.place(&name.span).source;
    let there = document.place(other).source;
    let value = name.value;
    if document.file_of(other) == 0 {
        let hint = "move it to a shared file";
        return format!("`{value}` is in {}, which {} cannot know: {hint}", there.name, here.name);
    }
    format!("`{value}` is in {}: include that file in {} too", there.name, here.name)
}
