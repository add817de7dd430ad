//! Lists of codes: `[codes.TradeKind]`, or written at the field.

use std::borrow::Cow;
use std::collections::BTreeSet;

use fep_codec::layout::CodeMeaning;
use fep_core::codes::kept;

use super::names;
use crate::canonical::quoted;
use crate::document::{Document, Located, Table, Value};
use crate::model::CodeList;
use crate::report::{Code, Fix};

/// The name of the variant that generated code has for codes that are not on an open list.
pub(crate) const OTHER: &str = "Other";

/// Reads `[codes.Name]`.
pub(super) fn list(name: &str, table: Table<'_>) -> CodeList {
    let label = table.string("label").map(|label| label.value.to_owned()).unwrap_or_default();
    let closed = table.boolean("closed").is_some_and(|closed| closed.value);
    let (codes, complete) = table.required("codes").map(|codes| self::codes(codes, closed)).unwrap_or_default();
    table.finish();
    // A code that could not be read may be any.
    CodeList { name: name.to_owned(), label, open: !closed || !complete, codes }
}

/// Reads `[{ code = "20", name = "Deposit", label = "입금" }, …]`.
///
/// The flag says whether all of them could be read.
pub(super) fn codes(value: Value<'_>, closed: bool) -> (Vec<(CodeMeaning, Option<String>)>, bool) {
    let document = value.document();
    let mut complete = true;
    let mut unnamed = false;
    let mut codes: Vec<(CodeMeaning, Option<String>)> = Vec::new();
    let mut known = BTreeSet::new();
    let mut names = BTreeSet::new();
    let Some(entries) = value.array() else { return (codes, false) };
    let is_empty = entries.is_empty();
    for entry in entries {
        let table = entry.table();
        let misspelt = table.as_ref().is_some_and(|table| table.misspells("name", &["code", "label"]));
        let Some((code, label, name)) = table.and_then(one) else {
            complete = false;
            continue;
        };
        if !known.insert(code.value) {
            let message = format!("code \"{}\" stands twice on this list", code.value);
            document.error_fix(Code::Duplicate, code.span.clone(), message, "leave one out", Fix::TakeOutCopy);
        }
        unnamed |= name.is_none() && !misspelt;
        if let Some(name) = &name {
            check_name(document, name, !names.insert(name.value), closed);
        }
        let meaning = CodeMeaning { code: Cow::Owned(code.value.to_owned()), label: Cow::Owned(label) };
        codes.push((meaning, name.map(|name| name.value.to_owned())));
    }
    let named = codes.iter().filter(|(_, name)| name.is_some()).count();
    if is_empty {
        document.error_hint(
            Code::Empty,
            value.span(),
            "an empty list of codes",
            "use kind = \"text\" if the codes are not known",
        );
    } else if named != 0 && unnamed {
        let message = format!("{named} of {} codes have a `name`", codes.len());
        document.error_hint(
            Code::MissingKey,
            value.span(),
            message,
            "either all codes of a list have one, or none has",
        );
    }
    (codes, complete)
}

/// Code, label, and the name if there is one.
type OneCode<'d> = (Located<&'d str>, String, Option<Located<&'d str>>);

fn one(table: Table<'_>) -> Option<OneCode<'_>> {
    let code = table.required_string("code");
    let label = table.string("label").map(|label| label.value.to_owned()).unwrap_or_default();
    let name = table.string("name");
    let document = table.document();
    table.finish();
    let code = code?.map(kept);
    if !code.value.bytes().all(|byte| (b' '..=b'~').contains(&byte)) || code.value.ends_with(' ') {
        let message = format!("code \"{}\" must be ASCII, without a space at its end", code.value);
        let hint = "leave out the padding: \"\" is the code of a blank field";
        let bare = code.value.trim_end_matches(' ');
        if bare.bytes().all(|byte| byte.is_ascii_graphic()) {
            document.error_fix(Code::BadCode, code.span, message, hint, Fix::Write(quoted(bare)));
        } else {
            document.error_hint(Code::BadCode, code.span, message, hint);
        }
        return None;
    }
    Some((code, label, name))
}

fn check_name(document: &Document, name: &Located<&str>, is_taken: bool, closed: bool) {
    names::check_type(document, name, "a code");
    if is_taken {
        document.error(
            Code::NameTaken,
            name.span.clone(),
            format!("the name `{}` stands twice on this list", name.value),
        );
    }
    if !closed && name.value == OTHER {
        let message = format!("`{OTHER}` is what generated code calls the codes that an open list lacks");
        document.error_hint(Code::NameTaken, name.span.clone(), message, "choose another name");
    }
}
