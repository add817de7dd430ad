//! Items without a name: reserved bytes, and constant bytes where the copybook has a value.

use super::codes::literal;
use super::entry::Usage;
use super::picture::What;
use super::storage::Node;
use crate::draft::{DraftItem, Entry};

/// An item without a name: constant bytes if it has a text or digits as its value, otherwise reserved bytes, filled as the value says.
pub(super) fn filler(node: &Node, at: Option<usize>, value: Option<&str>) -> DraftItem {
    let mut item = match value.and_then(|value| constant(node, value)) {
        Some(text) => DraftItem::new([Entry::new("literal", text)]),
        None => DraftItem::new([Entry::new("filler", node.all().max(1))]),
    };
    item.line = Some(node.entry.line);
    if item.get("filler").is_some() {
        let is_zero =
            value.is_some_and(|value| ["ZERO", "ZEROS", "ZEROES"].iter().any(|word| value.eq_ignore_ascii_case(word)));
        item.entries.extend((is_zero && node.usage == Usage::Display).then(|| Entry::new("pad", "0")));
        item.entries.push(Entry::new("any", true));
    }
    item.entries.extend(at.map(|at| Entry::new("at", at)));
    item
}

/// The constant characters of an item: a text with the blanks behind it, or digits with the zeros before them.
fn constant(node: &Node, value: &str) -> Option<String> {
    let picture =
        node.entry.picture.as_ref().filter(|_| node.usage == Usage::Display && node.entry.occurs.is_none())?;
    let len = node.len;
    let text = match picture.what {
        What::Text => format!("{:<len$}", literal(value)?),
        What::Number if !picture.is_signed && picture.scale == 0 => format!("{:0>len$}", value.parse::<u64>().ok()?),
        _ => return None,
    };
    (text.len() == len && text.is_ascii() && !text.trim().is_empty()).then_some(text)
}
