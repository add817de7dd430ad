//! Fields that count the entries of tables (DEPENDING ON), wherever the two are.
//!
//! First each table finds its field among the items of the record, by name and by the groups that qualify it. Both carry the same mark
//! while the spec is made, because names of a spec are made unique. At last the mark becomes the path of the field.

use std::collections::BTreeMap;

use super::storage::Node;
use crate::draft::{DraftItem, DraftTable, Entry, Value};
use crate::import::name::item_name;

/// The key of a mark. No spec has it: all marks are taken out.
const MARK: &str = "mark";

/// Which field counts which table, by the numbers of their entries.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    /// The field of each table.
    fields: BTreeMap<usize, usize>,
    /// Tables whose field is not there, stands behind them, or is one of several with its name: the entry's number, and why.
    pub(super) doubtful: Vec<(usize, Doubtful)>,
}

/// What is doubtful about the field that counts a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doubtful {
    Missing,
    Behind,
    Several,
}

impl Pairs {
    /// Finds the fields that count the tables of a record.
    pub(super) fn of(record: &Node) -> Self {
        let mut fields = Vec::new();
        collect(record, &mut Vec::new(), &mut fields);
        let mut pairs = Self::default();
        pairs.find(record, &fields);
        pairs
    }

    fn find(&mut self, node: &Node, fields: &[(usize, Vec<String>)]) {
        let table = node.entry.number;
        if let Some(wanted) =
            node.entry.occurs.as_ref().map(|occurs| &occurs.depending).filter(|names| !names.is_empty())
        {
            let found: Vec<_> =
                fields.iter().filter(|(_, names)| is_named(names, wanted)).map(|(number, _)| *number).collect();
            let before = found.iter().rfind(|number| **number < table);
            match before.or(found.first()) {
                Some(field) => {
                    self.fields.insert(table, *field);
                    let several = (found.len() > 1).then_some(Doubtful::Several);
                    let behind = before.is_none().then_some(Doubtful::Behind);
                    self.doubtful.extend(behind.or(several).map(|why| (table, why)));
                }
                None => self.doubtful.push((table, Doubtful::Missing)),
            }
        }
        node.below.iter().for_each(|below| self.find(below, fields));
    }

    /// Whether an item counts entries.
    pub(super) fn counts(&self, node: &Node) -> bool {
        self.fields.values().any(|field| *field == node.entry.number)
    }

    /// The mark of a table and of its field. `None` if the field is not there.
    pub(super) fn mark(&self, table: &Node) -> Option<String> {
        let by = table.entry.occurs.as_ref()?.depending.first()?;
        self.fields.get(&table.entry.number).map(|field| format!("{field} {}", item_name(by)))
    }

    /// Marks a field that counts.
    pub(super) fn mark_field(&self, node: &Node, item: &mut DraftItem) {
        if self.counts(node) {
            let name = item_name(node.entry.name.as_deref().unwrap_or_default());
            item.entries.push(Entry::new(MARK, format!("{} {name}", node.entry.number)));
        }
    }

    /// Whether a group has a table that a field outside the group counts. Then the table has to stand beside that field, or beside its part.
    pub(super) fn is_counted_outside(&self, group: &Node) -> bool {
        let mut inside = Vec::new();
        numbers(group, &mut inside);
        let fields = inside.iter().filter_map(|number| self.fields.get(number));
        fields.into_iter().any(|field| !inside.contains(field))
    }
}

fn numbers(node: &Node, found: &mut Vec<usize>) {
    found.push(node.entry.number);
    node.below.iter().for_each(|below| numbers(below, found));
}

/// The elementary items of a record, each with its names: its own one, then those of its groups from the inside.
fn collect(node: &Node, above: &mut Vec<String>, found: &mut Vec<(usize, Vec<String>)>) {
    above.push(node.entry.name.clone().unwrap_or_default());
    if node.below.is_empty() {
        found.push((node.entry.number, above.iter().rev().cloned().collect()));
    }
    node.below.iter().for_each(|below| collect(below, above, found));
    above.pop();
}

/// Whether an item has this name, and is in the groups that qualify it, in their order. Groups may be left out.
fn is_named(names: &[String], wanted: &[String]) -> bool {
    let mut own = names.iter();
    let (Some(first), Some(name)) = (wanted.first(), own.next()) else { return false };
    name.eq_ignore_ascii_case(first)
        && wanted.iter().skip(1).all(|group| own.any(|above| above.eq_ignore_ascii_case(group)))
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
            let is_it = |item: &&mut DraftItem| text(item, "group") == group;
            let Some(table) = items.iter_mut().find(is_it) else { continue };
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

    /// Makes the field with this mark computed. Returns its path, and whether it counted nothing before.
    fn compute(&mut self, items: &mut [DraftItem], mark: &str, group: &str) -> Option<(String, bool)> {
        if let Some(field) = items.iter_mut().find(|item| text(item, MARK) == mark) {
            return Some((text(field, "name"), computed(field, group)));
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
            let found = self.compute(&mut inner, mark, group);
            self.parts.get_mut(at)?.items = inner;
            found.map(|(path, is_first)| (format!("{name}.{path}"), is_first))
        })
    }
}

/// Takes the marks out. A table whose field is out of its reach keeps the name of the field, and the check of the spec says so.
pub(super) fn without_marks(items: &mut [DraftItem]) {
    for item in items {
        item.entries.retain(|entry| entry.key != MARK);
        for entry in item.entries.iter_mut().filter(|entry| entry.key == "count") {
            if let Value::Text(by) = &entry.value
                && let Some((_, name)) = by.split_once(' ')
            {
                *entry = Entry::new("count", name);
            }
        }
        without_marks(&mut item.items);
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
