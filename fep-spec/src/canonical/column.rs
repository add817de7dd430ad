//! The columns of a list of items.

use std::collections::HashMap;

use super::tree::{Body, Node, Pair};
use super::word::{padded, width};

/// The widths of the columns of a list.
///
/// Rows share columns as far as their keys are the same from the first one on. So a column belongs to the keys up to its own.
pub(super) struct Columns {
    widths: HashMap<Vec<String>, usize>,
}

/// The keys whose values are aligned, behind the first key of a row. Those of other keys are of very different lengths.
const ALIGNED: [&str; 6] = ["name", "label", "type", "kind", "len", "at"];

impl Columns {
    /// The columns of the rows of this list.
    pub(super) fn of(list: &Body<Node>) -> Self {
        let mut widths = HashMap::new();
        for cells in list.entries().filter_map(row).map(cells) {
            for (path, cell) in paths(&cells) {
                let column = widths.entry(path).or_default();
                *column = width(cell).max(*column);
            }
        }
        Self { widths }
    }

    /// The line of an entry, or `None` if it is not a row.
    pub(super) fn line(&self, entry: &Node) -> Option<String> {
        let cells = cells(row(entry)?);
        let mut texts: Vec<String> = cells.iter().map(|(_, cell)| cell.clone()).collect();
        for (text, (path, cell)) in texts.iter_mut().zip(paths(&cells)) {
            *text = padded(cell, self.widths.get(&path).copied().unwrap_or_default());
        }
        let line = texts.join(" ");
        Some(format!("{{ {} }}", line.trim_end_matches(',')))
    }
}

/// An entry that is a table on one line.
fn row(entry: &Node) -> Option<&Body<Pair>> {
    match entry {
        Node::Table(row) if entry.is_flat() && row.entries().next().is_some() => Some(row),
        _ => None,
    }
}

/// Each key of a row, and its cell `key = value,`.
fn cells(row: &Body<Pair>) -> Vec<(&str, String)> {
    row.entries().map(|pair| (pair.key.as_str(), format!("{} = {},", pair.key, pair.value.inline()))).collect()
}

/// The cells that are aligned, each with its column. The last cell of a row is never aligned, since nothing stands behind it. Neither is a cell
/// before a foreign key if a key of a column follows later: the columns would be torn apart there.
fn paths<'c>(cells: &'c [(&str, String)]) -> Vec<(Vec<String>, &'c str)> {
    let is_aligned = |key: &str| ALIGNED.contains(&key);
    let following = cells.iter().skip(1).take_while(|(key, _)| is_aligned(key)).count();
    let tail = cells.get(following + 1..).unwrap_or_default();
    let is_torn = tail.iter().any(|(key, _)| is_aligned(key));
    let count = if tail.is_empty() || is_torn { following } else { following + 1 };
    let has_lines = cells.iter().any(|(_, cell)| cell.contains('\n'));
    let mut path = Vec::new();
    let head = cells.iter().take(if has_lines { 0 } else { count });
    head.map(|(key, cell)| {
        path.push(column_of(key, path.is_empty()).to_owned());
        (path.clone(), cell.as_str())
    })
    .collect()
}

/// The name of a key's column. A group is a row with a name like any other, and `kind` takes the place of `type`.
fn column_of(key: &str, is_first: bool) -> &str {
    match key {
        "group" if is_first => "name",
        "kind" => "type",
        other => other,
    }
}
