//! One row of a table of items: what it is, and what its cells say without the sheet `fep`.
//!
//! Writer and reader use the same rule, so that `fep` needs to hold only what the cells do not say.

use super::cell;
use super::words::{FILLER, said};
use crate::draft::{DraftItem, Entry, Value};
use crate::pages::Lang;

/// What an item is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Field,
    Filler,
    Literal,
    Part,
    /// A group of plain values.
    Array,
    Group,
    Choice,
}

/// The cells of a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Row {
    /// `7-1`.
    pub(super) number: String,
    pub(super) label: String,
    pub(super) english: String,
    pub(super) letter: String,
    pub(super) len: String,
    pub(super) from: Option<usize>,
    pub(super) to: Option<usize>,
    pub(super) remark: String,
    /// The rows of its items.
    pub(super) below: Vec<Self>,
    /// Whether the rows below repeat what stands elsewhere.
    pub(super) is_copy: bool,
}

impl Form {
    /// The form by the keys of an item, as the reader of specs tells them apart.
    pub(super) fn of(has: impl Fn(&str) -> bool) -> Self {
        let has_one = |keys: &[&str]| keys.iter().any(|key| has(key));
        match () {
            () if has_one(&["group", "count", "repeat", "padded"]) => Self::Group,
            () if has_one(&["choice", "by"]) => Self::Choice,
            () if has("part") => Self::Part,
            () if has_one(&["literal", "hex"]) => Self::Literal,
            () if has("filler") => Self::Filler,
            () => Self::Field,
        }
    }

    /// The form of an item of a draft.
    pub(super) fn of_item(item: &DraftItem) -> Self {
        let form = if item.get("group").is_none() && item.get("choice").is_none() {
            // A field may have the key `repeat` of no group only in a spec with errors.
            Self::of(|key| !matches!(key, "count" | "repeat" | "padded" | "by") && item.get(key).is_some())
        } else {
            Self::of(|key| item.get(key).is_some())
        };
        let is_array = form == Self::Group && ["kind", "type", "len"].iter().any(|key| item.get(key).is_some());
        if is_array { Self::Array } else { form }
    }

    /// The key that holds the English name.
    pub(super) const fn name_key(self) -> &'static str {
        match self {
            Self::Array | Self::Group => "group",
            Self::Choice => "choice",
            Self::Field | Self::Filler | Self::Literal | Self::Part => "name",
        }
    }
}

impl Row {
    /// The keys that the cells say.
    pub(super) fn said(&self, form: Form) -> Vec<Entry> {
        let text = |key: &str, text: &str| (!text.is_empty()).then(|| Entry::new(key, text));
        let len = |key: &str| self.len.parse::<usize>().ok().map(|len| Entry::new(key, len));
        let has_kind = matches!(form, Form::Field | Form::Array);
        let name = text(form.name_key(), &self.english).filter(|_| form != Form::Filler);
        let filler = len("filler").filter(|_| form == Form::Filler);
        let label = text("label", &self.label).filter(|_| form != Form::Part);
        let letter = text("type", &self.letter).filter(|_| has_kind);
        [filler, name, label, letter, len("len").filter(|_| has_kind)].into_iter().flatten().collect()
    }

    /// Fills the cells of name, label, type from the keys of an item.
    pub(super) fn of(item: &DraftItem, form: Form, lang: Lang) -> Self {
        let text = |key: &str| match item.get(key) {
            Some(Value::Text(text)) => cell::shown(text, lang),
            _ => String::new(),
        };
        let label = text("label");
        let label = if label.is_empty() && form == Form::Filler { said(FILLER, lang).to_owned() } else { label };
        Self { english: text(form.name_key()), label, letter: text("type"), ..Self::default() }
    }
}

/// The keys that the sheet `fep` holds of an item: those that the cells do not say, or say otherwise. An empty text stands for a key that
/// the item does not have, although the cells say it.
pub(super) fn unsaid(entries: &[Entry], said: &[Entry]) -> Vec<Entry> {
    let has = |list: &[Entry], key: &str| list.iter().any(|entry| entry.key == key);
    let others = entries.iter().filter(|entry| entry.key != "at" && !said.contains(entry)).cloned();
    let absent = said.iter().filter(|entry| {
        let is_told = entry.key == "type" && has(entries, "kind");
        !has(entries, &entry.key) && !is_told
    });
    let absent = absent.map(|entry| Entry::new(entry.key.as_str(), ""));
    let mut entries: Vec<Entry> = others.chain(absent).collect();
    entries.sort_by_key(|entry| rank(&entry.key));
    entries
}

/// The keys of an item from its cells and from the sheet `fep`.
pub(super) fn together(said: Vec<Entry>, told: &[Entry]) -> Vec<Entry> {
    let is_told = |key: &str| told.iter().any(|entry| entry.key == key || (key == "type" && entry.key == "kind"));
    let own = said.into_iter().filter(|entry| !is_told(&entry.key));
    let is_absent = |entry: &&Entry| entry.value == Value::from("") && is_said_by_cells(&entry.key);
    let mut entries: Vec<Entry> = own.chain(told.iter().filter(|entry| !is_absent(entry)).cloned()).collect();
    entries.sort_by_key(|entry| rank(&entry.key));
    entries
}

fn is_said_by_cells(key: &str) -> bool {
    matches!(key, "name" | "group" | "choice" | "label" | "type" | "len" | "filler" | "code")
}

/// The usual order of keys.
fn rank(key: &str) -> usize {
    match key {
        "filler" | "literal" | "hex" | "part" | "group" | "choice" | "code" => 0,
        "name" => 1,
        "label" => 2,
        "type" | "kind" => 3,
        "len" => 4,
        "at" => 5,
        _ => 6,
    }
}
