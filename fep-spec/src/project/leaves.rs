//! The fields of a draft that are at one place in each telegram, with their paths.

use crate::draft::{Draft, DraftItem, DraftTable, Entry, Value};

/// A field of a telegram, and where the draft has it.
pub(super) struct Leaf<'d> {
    /// Its path in the telegram: `header.trace_no`.
    pub(super) path: String,
    pub(super) item: &'d DraftItem,
    /// The part that has it, or `None` for the telegram itself.
    part: Option<&'d str>,
}

/// The deepest parts within parts that are looked at. The reader of specs refuses parts that contain themselves.
const DEPTH_MAX: usize = 8;

/// The fields of a telegram and of its parts, in wire order. Those of groups and choices are left out.
pub(super) fn leaves<'d>(draft: &'d Draft, telegram: &'d DraftTable) -> Vec<Leaf<'d>> {
    let mut found = Vec::new();
    let base = text(&telegram.entries, "like").and_then(|like| draft.telegrams.iter().find(|one| one.name == like));
    let items = if telegram.items.is_empty() { base.map_or(&[][..], |base| &base.items) } else { &telegram.items };
    collect(draft, items, None, "", DEPTH_MAX, &mut found);
    found
}

fn collect<'d>(
    draft: &'d Draft,
    items: &'d [DraftItem],
    part: Option<&'d str>,
    before: &str,
    depth: usize,
    found: &mut Vec<Leaf<'d>>,
) {
    for item in items {
        let name = text(&item.entries, "name");
        let of_part = text(&item.entries, "part").and_then(|part| draft.parts.iter().find(|one| one.name == part));
        match (of_part, name) {
            (Some(of_part), name) if depth > 0 => {
                let before = name.map_or_else(|| before.to_owned(), |name| format!("{before}{name}."));
                collect(draft, &of_part.items, Some(&of_part.name), &before, depth - 1, found);
            }
            (None, Some(name)) => found.push(Leaf { path: format!("{before}{name}"), item, part }),
            _ => {}
        }
    }
}

impl Leaf<'_> {
    /// The value of a text key.
    pub(super) fn text(&self, key: &str) -> &str {
        text(&self.item.entries, key).unwrap_or_default()
    }

    /// The kind: that of the item, or that of its letter.
    pub(super) fn kind<'d>(&'d self, draft: &'d Draft) -> &'d str {
        let letter = text(&self.item.entries, "type");
        let options = letter.and_then(|letter| draft.types.iter().find(|(name, _)| name == letter));
        let of_letter = options.and_then(|(_, options)| text(options, "kind"));
        text(&self.item.entries, "kind").or(of_letter).unwrap_or_default()
    }

    /// The length in bytes, or 0 if the draft does not say it.
    pub(super) fn len(&self) -> usize {
        match self.item.get("len") {
            Some(Value::Number(len)) => usize::try_from(*len).unwrap_or_default(),
            _ => 0,
        }
    }

    /// The place for [`item_mut`].
    pub(super) fn place(&self) -> (Option<String>, String) {
        (self.part.map(str::to_owned), self.text("name").to_owned())
    }
}

/// The item of a telegram or of a part.
pub(super) fn item_mut<'d>(
    draft: &'d mut Draft,
    telegram: &str,
    (part, name): &(Option<String>, String),
) -> Option<&'d mut DraftItem> {
    let table = match part {
        Some(part) => draft.parts.iter_mut().find(|one| one.name == *part),
        None => draft.telegrams.iter_mut().find(|one| one.name == telegram),
    };
    table?.items.iter_mut().find(|item| text(&item.entries, "name") == Some(name))
}

/// The value of a text key.
pub(super) fn text<'e>(entries: &'e [Entry], key: &str) -> Option<&'e str> {
    match entries.iter().find(|entry| entry.key == key) {
        Some(Entry { value: Value::Text(text), .. }) => Some(text),
        _ => None,
    }
}
