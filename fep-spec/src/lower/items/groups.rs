//! Groups: how often they repeat, their page, and the layout of an entry. An array is a group whose entry is one field without a name.

use std::borrow::Cow;
use std::ops::Range;

use fep_codec::Charset;
use fep_codec::layout::{Group, Item, Page, Repeat};

use super::super::holes::{unknown_layout, unknown_repeat};
use super::super::{Known, names, options};
use super::{ENTRIES_MAX, Read, fields, inline_layout, items, label, name};
use crate::document::{Document, Located, Table, Value};
use crate::model::Note;
use crate::report::{Code, Fix};

type Places = Vec<(&'static str, Range<usize>)>;

pub(super) fn group(known: &mut Known<'_>, owner: &str, table: &Table<'_>, level: usize) -> Option<Read> {
    let document = table.document();
    table.knows(&["group", "label", "count", "max", "repeat", "padded", "pad", "page", "part", "items"]);
    let name = name(table, "group");
    let label = label(table);
    let is_array = ["kind", "type", "len"].iter().any(|key| table.has(key));
    if is_array {
        table.refuses(&["part", "items"]);
        table.knows(&fields::KEYS);
        table.knows(&options::keys());
    }
    let stated = repeat(table, known.charset, is_array);
    let is_padded = stated.as_ref().map_or(table.has("padded"), |(repeat, _)| matches!(repeat, Repeat::Padded { .. }));
    let (repeat, mut keys) = stated.unwrap_or_else(|| (unknown_repeat(), Vec::new()));
    let page = page(table, &mut keys).flatten();
    let of = table.string("part");
    let inline = table.get("items");
    let name = name?;
    if is_array {
        if let Some(key) = ["part", "items"].into_iter().find(|key| table.has(key)) {
            two_entries(table, &name, key);
            return None;
        }
        let (field, note) = fields::entry(known, owner, table, name.clone(), is_padded)?;
        let layout = Cow::Owned(inline_layout(known, String::new(), vec![Item::Field(field)]));
        let item = Item::Group(Group { name: Cow::Owned(name.value.to_owned()), label, repeat, page, layout });
        let note = Note { entry: Some(vec![note]), ..Note::default() };
        return Some(Read { keys, note, total: 1, ..Read::plain(item, Some(name.span)) });
    }
    let group =
        |layout| Group { name: Cow::Owned(name.value.to_owned()), label, repeat, page, layout: Cow::Owned(layout) };
    let read = match (of, inline) {
        (Some(of), None) => {
            let charset = known.charset;
            let part = known.part(document, &of);
            let depth = part.as_ref().map_or(1, |part| part.depth);
            let total = part.as_ref().map_or(1, |part| part.total);
            let layout = part.map_or_else(|| unknown_layout(charset), |part| part.layout.clone());
            Read { depth, total, ..Read::plain(Item::Group(group(layout)), None) }
        }
        (None, Some(inline)) => {
            let entry_name = format!("{owner}{}", names::of_item(name.value));
            known.reserve(document, &Located { value: &entry_name, span: name.span.clone() }, "the entry of a group");
            let entry = items(known, &entry_name, inline, level + 1);
            let note = Note { entry: Some(entry.notes), ..Note::default() };
            let plain = Read::plain(Item::Group(group(inline_layout(known, entry_name, entry.items))), None);
            Read { note, entry: Some(entry.places), depth: entry.depth, total: entry.total, ..plain }
        }
        _ => {
            let hint = "write part = \"NameOfThePart\", items = [ … ], or for an array of plain values kind = \"number\", len = 5";
            document.error_hint(
                Code::ConflictingKeys,
                name.span.clone(),
                format!("group `{}` must have a part, items or a kind", name.value),
                hint,
            );
            Read::plain(Item::Group(group(unknown_layout(known.charset))), None)
        }
    };
    Some(Read { name: Some(name.span), keys, ..read })
}

/// Notes a group that says in two ways what an entry is.
fn two_entries(table: &Table<'_>, name: &Located<&str>, key: &'static str) {
    let found = ["kind", "type", "len"].into_iter().find_map(|own| Some((own, table.key_span(own)?)));
    let Some((own, at)) = found else { return };
    let message = format!("group `{}` has both `{key}` and `{own}`", name.value);
    let hint = format!("its entries are parts or plain values: leave out `{own}`, or `{key}`");
    table.document().error_hint(Code::ConflictingKeys, at, message, hint);
}

/// How often a group repeats, and the places of the keys that say so: `count = 3`; `count = "item_count"`, `repeat = "rest"` or
/// `padded = true`, each with `max = 10`.
fn repeat(table: &Table<'_>, charset: Charset, is_array: bool) -> Option<(Repeat, Places)> {
    let document = table.document();
    let rest = table.choice("repeat", &[("rest", ())]);
    let padded = table.boolean("padded").is_some_and(|padded| padded.value);
    let pad = table.get("pad");
    let max = table.integer("max", 1..=ENTRIES_MAX);
    let count = table.get("count");
    // In an array that is not padded, `pad` is an option of the kind.
    if let Some(pad) = pad.filter(|_| !padded && !is_array) {
        let hint = "`pad` is what the entries are made of that are not used: write padded = true, or leave it out";
        document.error_hint(Code::ConflictingKeys, pad.span(), "`pad` of a group that is not padded", hint);
    }
    if let Some(at) = table.key_span("repeat").filter(|_| padded || count.is_some()) {
        let hint = "entries up to the end have no count and no padding: leave out `repeat`, or the others";
        document.error_hint(Code::ConflictingKeys, at, "`repeat` beside `count` or `padded`", hint);
        return None;
    }
    if let Some(count) = count.filter(|count| count.is_integer()) {
        let fixed = count.integer(1..=ENTRIES_MAX)?;
        if let Some(at) = table.key_span("padded").filter(|_| padded) {
            let hint = "write max = 10 for the entries that are always there, and leave out `count`";
            document.error_hint(Code::ConflictingKeys, at, "`padded` of a group that always uses all entries", hint);
        }
        if let Some(max) = max {
            let message = "`max` of a group that always has the same count";
            if max.value == fixed.value {
                document.error_fix(Code::ConflictingKeys, max.span, message, "leave it out", Fix::TakeOut);
            } else {
                document.error_hint(Code::ConflictingKeys, max.span, message, "leave it out");
            }
        }
        return Some((Repeat::Fixed(fixed.value), vec![("count", fixed.span)]));
    }
    if count.is_none() && rest.is_none() && !padded {
        if !table.has("repeat") {
            let hint = "write count = 3, count = \"item_count\" with max = 10, repeat = \"rest\" or padded = true";
            document.error_hint(Code::MissingKey, table.span(), "`count` is missing", hint);
        }
        return None;
    }
    let by = match count {
        Some(count) => Some(count.string()?),
        None => None,
    };
    if let Some(by) = by.as_ref().filter(|by| by.value.is_empty()) {
        let hint = "name the number field that holds the count: count = \"item_count\"";
        document.error_hint(Code::BadValue, by.span.clone(), "`count` is empty", hint);
        return None;
    }
    let Some(max) = max else {
        if !table.has("max") {
            let at = by.map(|by| by.span).or(rest.map(|rest| rest.span));
            let at = at.or(table.key_span("padded")).unwrap_or(table.span());
            let hint = "write how many entries the sheet allows: max = 10";
            let what = if padded || count.is_none() { "a group of varying size" } else { "a counted group" };
            document.error_hint(Code::NoMax, at, format!("{what} without `max`"), hint);
        }
        return None;
    };
    let places = by.iter().map(|by| ("count", by.span.clone())).chain([("max", max.span)]).collect();
    let by = by.map(|by| Cow::Owned(by.value.to_owned()));
    let max = max.value;
    let pad = match pad.filter(|_| padded) {
        Some(pad) => blank(document, pad, charset)?,
        None => charset.space(),
    };
    let repeat = match (by, padded) {
        (by, true) => Repeat::Padded { by, max, pad },
        (Some(by), false) => Repeat::Counted { by, max },
        (None, false) => Repeat::Rest { max },
    };
    Some((repeat, places))
}

/// The byte of unused entries: `pad = " "`.
fn blank(document: &Document, pad: Value<'_>, charset: Charset) -> Option<u8> {
    let given = options::byte(pad)?;
    let byte = given.value.of(charset);
    if byte.is_none() {
        let problem = format!("{charset} has no byte for this character");
        document.error_hint(Code::NotInCharset, given.span, problem, "write the byte, like 0x40");
    }
    byte
}

/// `page = { total = "total_count", start = "start_no" }`. The outer `None` means that it could not be read.
#[allow(clippy::option_option, reason = "absent and unreadable are two things")]
fn page(table: &Table<'_>, keys: &mut Places) -> Option<Option<Page>> {
    let Some(page) = table.get("page") else { return Some(None) };
    let page = page.table()?;
    let total = page.required_string("total");
    let start = page.required_string("start");
    page.finish();
    let total = total?;
    let start = start?;
    keys.extend([("total", total.span), ("start", start.span)]);
    let [total, start] = [total.value, start.value].map(|name| Cow::Owned(name.to_owned()));
    Some(Some(Page { total, start }))
}
