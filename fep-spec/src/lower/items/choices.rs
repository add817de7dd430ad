//! Choices: one of several layouts, selected by a code elsewhere in the telegram.

use std::borrow::Cow;
use std::ops::Range;

use fep_codec::Layout;
use fep_codec::layout::{Case, Choice, Item};
use fep_core::codes::kept;

use super::super::holes::unknown_layout;
use super::super::{Known, names};
use super::{CasePlace, Read, inline_layout, items, label, name};
use crate::document::{Located, Table, Value};
use crate::model::{ChoiceNote, Note};
use crate::report::Code;

pub(super) fn choice(known: &mut Known<'_>, owner: &str, table: &Table<'_>, level: usize) -> Option<Read> {
    let document = table.document();
    table.knows(&["choice", "label", "by", "cases"]);
    let name = name(table, "choice");
    let label = label(table);
    let by = table.required_string("by");
    let values = table.required("cases").and_then(Value::array);
    let name = name?;
    // In generated code the choice is an enum.
    let enum_name = format!("{owner}{}", names::of_item(name.value));
    known.reserve(document, &Located { value: &enum_name, span: name.span.clone() }, "a choice");
    let by = by.unwrap_or(Located { value: "", span: name.span.clone() });
    let read_cases = values.is_some();
    let values = values.unwrap_or_default();
    if values.is_empty() && read_cases {
        let hint = "write { code = \"100\", part = \"NameOfThePart\" }, …";
        document.error_hint(Code::Empty, name.span.clone(), format!("choice `{}` has no cases", name.value), hint);
    }
    let mut read: Vec<OneCase> = values
        .into_iter()
        .map(|value| match value.table() {
            Some(table) => one_case(known, table, level),
            None => unread_case(known, value.span()),
        })
        .collect();
    if read.is_empty() {
        read.push(unread_case(known, name.span.clone()));
    }
    let depth = read.iter().map(|case| case.depth).max().unwrap_or_default();
    let total = read.iter().map(|case| case.total).fold(0, usize::saturating_add);
    let mut cases = Vec::new();
    let mut notes = Vec::new();
    let mut places = Vec::new();
    for case in read {
        cases.push(case.case);
        notes.push(case.notes);
        places.push(case.place);
    }
    let choice = Choice {
        name: Cow::Owned(name.value.to_owned()),
        label,
        by: Cow::Owned(by.value.to_owned()),
        cases: Cow::Owned(cases),
    };
    let note = Note { choice: Some(ChoiceNote { name: enum_name, cases: notes }), ..Note::default() };
    let plain = Read::plain(Item::Choice(choice), Some(name.span));
    Some(Read { note, keys: vec![("by", by.span)], cases: places, depth, total, ..plain })
}

/// A case that was read.
struct OneCase {
    case: Case,
    place: CasePlace,
    /// The notes of the items, if they are written at the case.
    notes: Option<Vec<Note>>,
    depth: usize,
    total: usize,
}

/// A case of which nothing is known.
fn unread_case(known: &Known<'_>, at: Range<usize>) -> OneCase {
    let case = Case { codes: Cow::Borrowed(&[]), layout: Cow::Owned(unknown_layout(known.charset)) };
    let place = CasePlace { name: at, codes: Vec::new(), items: None };
    OneCase { case, place, notes: None, depth: 1, total: 1 }
}

fn one_case(known: &mut Known<'_>, table: Table<'_>, level: usize) -> OneCase {
    table.knows(&["code", "codes", "other", "part", "name", "items"]);
    let codes = codes(&table);
    let span = table.span();
    let body = body(known, &table, level);
    table.finish();
    let is_read = codes.is_some();
    let (codes, places) = codes.unwrap_or_default();
    let unread =
        || Body { layout: unknown_layout(known.charset), name: span.clone(), inline: None, depth: 1, total: 1 };
    let Body { mut layout, name, inline, depth, total } = body.unwrap_or_else(unread);
    if !is_read {
        // A case without codes would be that of all others.
        layout.name = unknown_layout(known.charset).name;
    }
    let (notes, items) = inline.unzip();
    let codes = codes.into_iter().map(Cow::Owned).collect();
    let case = Case { codes: Cow::Owned(codes), layout: Cow::Owned(layout) };
    OneCase { case, place: CasePlace { name, codes: places, items }, notes, depth, total }
}

/// The codes of a case and their places. An empty list of codes stands for every other code.
fn codes(table: &Table<'_>) -> Option<(Vec<String>, Vec<Range<usize>>)> {
    let document = table.document();
    let other = table.boolean("other");
    let written: Vec<&str> = ["code", "codes", "other"].into_iter().filter(|key| table.has(key)).collect();
    if written.len() != 1 || other.as_ref().is_some_and(|other| !other.value) {
        let hint = "write code = \"100\", codes = [\"100\", \"200\"], or other = true for all that no case names";
        document.error_hint(Code::ConflictingKeys, table.span(), "a case has either `code`, `codes` or `other`", hint);
        return None;
    }
    if let Some(other) = table.key_span("other") {
        return Some((Vec::new(), vec![other]));
    }
    let values = match table.get("code") {
        Some(code) => vec![code],
        None => table.array("codes")?,
    };
    if values.is_empty() {
        document.error_hint(
            Code::Empty,
            table.span(),
            "a case without codes",
            "write codes = [\"100\"], or other = true",
        );
        return None;
    }
    let all: Option<Vec<_>> = values.into_iter().map(Value::string).collect();
    Some(all?.into_iter().map(|code| (kept(code.value).to_owned(), code.span)).unzip())
}

/// The content of a case.
struct Body {
    layout: Layout,
    /// The place of its name.
    name: Range<usize>,
    inline: Option<(Vec<Note>, Vec<super::Place>)>,
    depth: usize,
    total: usize,
}

/// `part = "TransferBody"`, or `name = "Refund"` with `items`.
fn body(known: &mut Known<'_>, table: &Table<'_>, level: usize) -> Option<Body> {
    let document = table.document();
    let of = table.string("part");
    let name = table.string("name");
    match (of, name, table.get("items")) {
        (Some(of), None, None) => {
            let part = known.part(document, &of)?;
            let layout = part.layout.clone();
            let depth = part.depth;
            let total = part.total;
            Some(Body { layout, name: of.span, inline: None, depth, total })
        }
        (None, Some(name), Some(inline)) => {
            known.claim(document, &name, "the case of a choice");
            let body = items(known, name.value, inline, level + 1);
            let depth = body.depth;
            let total = body.total;
            let layout = inline_layout(known, name.value.to_owned(), body.items);
            Some(Body { layout, name: name.span, inline: Some((body.notes, body.places)), depth, total })
        }
        _ => {
            let hint = "write part = \"NameOfThePart\", or name = \"Refund\" and items = [ … ]";
            document.error_hint(Code::ConflictingKeys, table.span(), "a case has a part, or a name and items", hint);
            None
        }
    }
}
