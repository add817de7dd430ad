//! Fields that count the entries of tables (DEPENDING ON), wherever the two are.

use super::storage::Node;
use crate::draft::{DraftItem, DraftTable, Entry, Value};

/// The names that OCCURS DEPENDING ON has in a record, in capitals.
pub(super) fn counter_names(node: &Node) -> Vec<String> {
    let own = node.entry.occurs.as_ref().and_then(|occurs| occurs.depending.as_ref()).map(|name| name.to_uppercase());
    own.into_iter().chain(node.below.iter().flat_map(counter_names)).collect()
}

/// Whether a group has a table that a field outside the group counts. Then the table has to stand beside that field, or beside its part.
pub(super) fn is_counted_outside(node: &Node) -> bool {
    let names = names(node);
    counter_names(node).iter().any(|counter| !names.contains(counter))
}

fn names(node: &Node) -> Vec<String> {
    let own = node.entry.name.as_ref().map(|name| name.to_uppercase());
    own.into_iter().chain(node.below.iter().flat_map(names)).collect()
}

/// Ties tables to the fields that count them.
pub(super) struct Counters<'p> {
    parts: &'p mut [DraftTable],
    /// Tables whose field counts another table, and what is said about them.
    pub(super) twice: Vec<(String, String)>,
}

impl<'p> Counters<'p> {
    pub(super) fn new(parts: &'p mut [DraftTable]) -> Self {
        Self { parts, twice: Vec::new() }
    }

    /// Makes the fields that count tables of a telegram or of an entry computed, also fields in parts.
    pub(super) fn of_table(&mut self, items: &mut [DraftItem]) {
        let groups: Vec<_> = items
            .iter()
            .map(|item| (text(item, "group"), text(item, "count")))
            .filter(|(_, by)| !by.is_empty())
            .collect();
        for (group, by) in groups {
            let Some((path, is_first)) = self.compute(items, &by, &group) else { continue };
            let Some(table) = items.iter_mut().find(|item| text(item, "group") == group) else { continue };
            for entry in table.entries.iter_mut().filter(|entry| entry.key == "count") {
                *entry = match is_first {
                    true => Entry::new("count", path.as_str()),
                    false => Entry::new("repeat", "rest"),
                };
            }
            if !is_first {
                let message = format!(
                    "`{path}` counts more than one table: `{group}` repeats as often as the bytes allow, and its number is not compared"
                );
                table.doubts.push(message.clone());
                self.twice.push((group, message));
            }
        }
        for item in items.iter_mut() {
            self.of_table(&mut item.items);
        }
    }

    /// Makes the field computed. Returns its path, and whether it counted nothing before.
    fn compute(&mut self, items: &mut [DraftItem], by: &str, group: &str) -> Option<(String, bool)> {
        if let Some(field) = items.iter_mut().find(|item| text(item, "name") == by && item.get("part").is_none()) {
            return Some((by.to_owned(), computed(field, group)));
        }
        let parts: Vec<_> = items
            .iter()
            .map(|item| (text(item, "part"), text(item, "name")))
            .filter(|(part, _)| !part.is_empty())
            .collect();
        parts.into_iter().find_map(|(part, name)| {
            let at = self.parts.iter().position(|table| table.name == part)?;
            // The items are taken out while they are searched: a part contains only other parts.
            let mut inner = std::mem::take(&mut self.parts.get_mut(at)?.items);
            let found = self.compute(&mut inner, by, group);
            self.parts.get_mut(at)?.items = inner;
            found.map(|(path, is_first)| (format!("{name}.{path}"), is_first))
        })
    }
}

fn computed(field: &mut DraftItem, group: &str) -> bool {
    let is_first = field.get("computed").is_none();
    if is_first {
        field.entries.extend([Entry::new("computed", "count"), Entry::new("of", group)]);
    }
    is_first
}

fn text(item: &DraftItem, key: &str) -> String {
    if let Some(Value::Text(text)) = item.get(key) { text.clone() } else { String::new() }
}
