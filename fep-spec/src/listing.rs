//! The layout of a spec as data: one JSON document for other tools.
//!
//! # The document
//!
//! ```json
//! {"spec": "bank-a", "telegrams": [{"name": "Transfer", "label": "이체", "len": 300, "items": [
//!   {"path": "header.length", "label": "전문길이", "offset": 0, "len": 4, "kind": "number"}]}]}
//! ```
//!
//! | key of a telegram | value |
//! |---|---|
//! | `name`, `label` | the name in the spec, the name on the sheet (may be empty) |
//! | `len` | its length in bytes, or `null` if it varies |
//! | `items` | its items in the order of the bytes |
//!
//! | key of an item | value |
//! |---|---|
//! | `path` | the path from the telegram, as in JSON: `header.trace_no`, `items.amount` for a field of a group's entries. `null` for a filler and for a literal without a name |
//! | `label` | the name on the sheet (may be empty) |
//! | `offset` | its first byte, from 0 within the telegram; in a group that of the first entry. `null` behind an item whose length varies |
//! | `len` | its length in bytes; of a group that of one entry; of a tail the maximum. `null` if entries or cases differ in length |
//! | `kind` | `text`, `digits`, `number`, `date`, `time`, `datetime`, `code`, `flag`, `bytes`; `literal`, `filler`, `group`, `choice` |
//! | `repeat` | of a group: the maximum number of entries |
//! | `varies` | `true` for a tail, which is as long as its value, and for a group whose number of entries varies on the wire |
//! | `items` | of a group: the items of one entry. An array has one item, with the path of the group |
//! | `cases` | of a choice: each case with `name`, `code` and `items`. `code` is a text; an array of texts if several codes select the case; `null` if it is for all other codes |
//!
//! Keys that do not apply are absent. The items of a part stand in its place, each with the whole path. Further keys may be added.

use std::fmt;

use fep_codec::layout::{Case, Choice, Group, Item, Layout, Repeat};
use serde::Serialize;

use crate::model::{Spec, TelegramSpec};

/// The layouts of a spec.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Listing {
    /// The name of the spec.
    pub spec: String,
    /// The telegrams in the order of the spec.
    pub telegrams: Vec<ListedTelegram>,
}

/// One telegram.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ListedTelegram {
    /// The name in the spec.
    pub name: String,
    /// The name on the sheet. Empty if there is none.
    pub label: String,
    /// The length in bytes. `None` if it varies.
    pub len: Option<usize>,
    /// The items in the order of the bytes.
    pub items: Vec<ListedItem>,
}

/// One item. The page of this module describes the keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ListedItem {
    /// The path from the telegram.
    pub path: Option<String>,
    /// The name on the sheet. Empty if there is none.
    pub label: String,
    /// The offset of the first byte, from 0 within the telegram.
    pub offset: Option<usize>,
    /// The length in bytes.
    pub len: Option<usize>,
    /// The kind.
    pub kind: &'static str,
    /// The maximum number of entries of a group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeat: Option<usize>,
    /// Whether it takes a different number of bytes from telegram to telegram.
    #[serde(skip_serializing_if = "is_false")]
    pub varies: bool,
    /// The items of one entry of a group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<Vec<Self>>,
    /// The cases of a choice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cases: Option<Vec<ListedCase>>,
}

/// One case of a choice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ListedCase {
    /// The name of the case.
    pub name: String,
    /// The codes that select it. `None` for all other codes.
    pub code: Option<Codes>,
    /// Its items.
    pub items: Vec<ListedItem>,
}

/// The codes of a case.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Codes {
    /// One code.
    One(String),
    /// Several codes.
    Several(Vec<String>),
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(flag: &bool) -> bool {
    !flag
}

impl Listing {
    /// The layouts of all telegrams of a spec.
    #[must_use]
    pub fn of(spec: &Spec) -> Self {
        Self { spec: spec.name.clone(), telegrams: spec.telegrams.iter().map(telegram).collect() }
    }

    /// The document as JSON, with line breaks.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).unwrap_or_default()
    }
}

fn telegram(telegram: &TelegramSpec) -> ListedTelegram {
    let layout = &telegram.layout;
    let mut items = Vec::new();
    list(layout, "", Some(0), &mut items);
    ListedTelegram { name: layout.name.to_string(), label: layout.label.to_string(), len: layout.fixed_len(), items }
}

/// Lists the items of a layout that begins at `offset`, and returns where it ends.
fn list(layout: &Layout, prefix: &str, offset: Option<usize>, items: &mut Vec<ListedItem>) -> Option<usize> {
    let mut at = offset;
    for item in layout.items.iter() {
        if let Item::Part(part) = item {
            let prefix = if part.name.is_empty() { prefix.to_owned() } else { format!("{prefix}{}.", part.name) };
            at = list(&part.layout, &prefix, at, items);
            continue;
        }
        items.push(listed(item, prefix, at));
        at = at.zip(item.fixed_len()).map(|(at, len)| at + len);
    }
    at
}

fn listed(item: &Item, prefix: &str, offset: Option<usize>) -> ListedItem {
    let path = item.name().map(|name| format!("{prefix}{name}"));
    let plain = |label: &str, len: Option<usize>, kind: &'static str| ListedItem {
        path: path.clone(),
        label: label.to_owned(),
        offset,
        len,
        kind,
        repeat: None,
        varies: false,
        items: None,
        cases: None,
    };
    match item {
        Item::Field(field) => plain(&field.label, Some(field.len), field.kind.word()),
        Item::Tail(field) => ListedItem { varies: true, ..plain(&field.label, Some(field.len), field.kind.word()) },
        Item::Literal(literal) => plain(&literal.label, Some(literal.bytes.len()), "literal"),
        Item::Filler(filler) => plain(&filler.label, Some(filler.len), "filler"),
        Item::Group(group) => ListedItem {
            repeat: Some(group.repeat.max()),
            varies: matches!(group.repeat, Repeat::Counted { .. } | Repeat::Rest { .. }),
            items: Some(entry(group, path.as_deref().unwrap_or_default(), offset)),
            ..plain(&group.label, group.layout.fixed_len(), "group")
        },
        Item::Choice(choice) => ListedItem {
            cases: Some(cases(choice, prefix, offset)),
            ..plain(&choice.label, item.fixed_len(), "choice")
        },
        // `list` puts its items in its place.
        Item::Part(part) => plain(&part.layout.label, item.fixed_len(), "group"),
    }
}

/// The items of a group's first entry.
fn entry(group: &Group, path: &str, offset: Option<usize>) -> Vec<ListedItem> {
    let mut items = Vec::new();
    list(&group.layout, &format!("{path}."), offset, &mut items);
    if group.layout.array_field().is_some() {
        // The value of an array is the entry itself.
        items.iter_mut().for_each(|item| item.path = Some(path.to_owned()));
    }
    items
}

fn cases(choice: &Choice, prefix: &str, offset: Option<usize>) -> Vec<ListedCase> {
    let case = |case: &Case| {
        let mut items = Vec::new();
        list(&case.layout, &format!("{prefix}{}.", choice.name), offset, &mut items);
        let mut codes: Vec<String> = case.codes.iter().map(ToString::to_string).collect();
        let code = match codes.len() {
            0 => None,
            1 => codes.pop().map(Codes::One),
            _ => Some(Codes::Several(codes)),
        };
        ListedCase { name: case.layout.name.to_string(), code, items }
    };
    choice.cases.iter().map(case).collect()
}

/// A table for people: offset, length, kind, path and label of each item.
impl fmt::Display for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, telegram) in self.telegrams.iter().enumerate() {
            if number > 0 {
                writeln!(f)?;
            }
            let len = telegram.len.map_or_else(|| "of varying length".to_owned(), |len| format!("{len} bytes"));
            writeln!(f, "{} {}, {len}", telegram.name, telegram.label)?;
            writeln!(f, "offset    len  kind      path")?;
            rows(f, &telegram.items, 0)?;
        }
        Ok(())
    }
}

fn rows(f: &mut fmt::Formatter<'_>, items: &[ListedItem], depth: usize) -> fmt::Result {
    for item in items {
        let number = |number: Option<usize>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
        let offset = number(item.offset);
        let len = number(item.len);
        let path = item.path.as_deref().unwrap_or_default();
        let repeat = item.repeat.map_or(String::new(), |repeat| format!(" × {repeat}"));
        let line =
            format!("{offset:>6} {len:>6}  {:8}  {}{path}{repeat}  {}", item.kind, "  ".repeat(depth), item.label);
        writeln!(f, "{}", line.trim_end())?;
        rows(f, item.items.as_deref().unwrap_or_default(), depth + 1)?;
        for case in item.cases.iter().flatten() {
            let code = match &case.code {
                Some(Codes::One(code)) => format!("{code:?}"),
                Some(Codes::Several(codes)) => format!("{codes:?}"),
                None => "any other code".to_owned(),
            };
            writeln!(f, "                         {}case {} for {code}", "  ".repeat(depth + 1), case.name)?;
            rows(f, &case.items, depth + 2)?;
        }
    }
    Ok(())
}
