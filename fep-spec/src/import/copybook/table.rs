//! Tables (OCCURS), the fields that count them, and slack bytes.

use super::counters::{Counters, Doubtful};
use super::entry::Usage;
use super::storage::{Node, entries};
use super::write::{Writer, place};
use crate::draft::{DraftItem, Entry};
use crate::import::Severity;
use crate::import::name::{Given, item_name};

impl Writer {
    /// Ties the tables of a telegram or part to the fields that count them.
    pub(super) fn count(&mut self, node: &Node, items: &mut [DraftItem]) {
        let mut counters = Counters::new(&mut self.draft.parts);
        counters.of_table(items);
        for (table, message) in counters.twice {
            self.doubt(table_named(node, &table).unwrap_or(node), Severity::Warning, "occurs", message);
        }
    }

    pub(super) fn group(
        &mut self,
        node: &Node,
        name: &str,
        at: Option<usize>,
        path: &str,
        varies: &mut bool,
        given: &mut Given,
    ) -> DraftItem {
        let item = given.unique(&item_name(name), "_");
        let mut group = DraftItem::new([Entry::new("group", item.as_str()), Entry::new("label", name)]);
        group.line = Some(node.entry.line);
        let mut inside = false;
        self.depth += 1;
        group.items = self.level(&node.below, 0, &format!("{path}{item}."), &mut inside);
        self.depth -= 1;
        let used = node.below.last().map_or(0, |last| last.offset.saturating_add(last.longest()));
        if node.len > used && !inside {
            group.items.push(DraftItem::new([
                Entry::new("filler", node.len - used),
                Entry::new("label", "slack bytes"),
                Entry::new("any", true),
            ]));
        }
        self.slack_of_entries(node);
        *varies |= inside;
        self.repeat(node, &mut group, varies);
        place(&mut group, at);
        self.read(node, &format!("{path}{item}"), &[]);
        group
    }

    /// How often an item repeats.
    pub(super) fn repeat(&mut self, node: &Node, item: &mut DraftItem, varies: &mut bool) {
        let Some(occurs) = &node.entry.occurs else { return };
        let max = occurs.max;
        match occurs.depending.first() {
            Some(by) => {
                let count = self.counters.mark(node).map(|mark| Entry::new("count", mark));
                // The description of a choice is a comment: its field has a name there.
                let named =
                    || if self.is_flat { Entry::new("count", item_name(by)) } else { Entry::new("repeat", "rest") };
                item.entries.extend([count.unwrap_or_else(named), Entry::new("max", max)]);
                self.uncertain(node, by);
                *varies = true;
            }
            None => item.entries.push(Entry::new("count", max)),
        }
    }

    /// Says what is doubtful about the field that counts a table.
    fn uncertain(&mut self, node: &Node, by: &str) {
        let why = self.counters.doubtful.iter().find(|(table, _)| *table == node.entry.number).map(|(_, why)| *why);
        let name = node.shown();
        let (severity, message) = match why {
            Some(Doubtful::Missing) => (
                Severity::Error,
                format!(
                    "{name} is counted by {by}, which is no field of its record: it repeats as often as the bytes allow"
                ),
            ),
            Some(Doubtful::Behind) => (
                Severity::Warning,
                format!("{name} is counted by {by}, which stands behind it, where COBOL allows no such field"),
            ),
            Some(Doubtful::Several) => (
                Severity::Warning,
                format!(
                    "{name} is counted by {by}, and several fields have this name: the last one before it was taken"
                ),
            ),
            None => return,
        };
        self.doubt(node, severity, "occurs", message);
    }

    /// Says that slack bytes stand before an item. IBM's compilers align a binary number of 8 bytes at 4.
    pub(super) fn slack(&mut self, node: &Node) {
        let message = format!("SYNCHRONIZED puts {} slack bytes before {}", node.slack, node.shown());
        let is_binary = matches!(node.usage, Usage::Binary | Usage::Native);
        if is_binary && node.len == 8 && node.slack >= 4 {
            let message = format!("{message}, as GnuCOBOL does: a compiler of IBM puts {} there", node.slack - 4);
            self.doubt(node, Severity::Warning, "slack", message);
            return;
        }
        self.doubt(node, Severity::Note, "slack", message);
    }

    /// Slack bytes at the start of an entry: IBM's manual has them before the table.
    fn slack_of_entries(&mut self, table: &Node) {
        let mut first = table;
        while let Some(below) = first.below.first() {
            first = below;
        }
        if first.slack > 0 && entries(&table.entry.occurs) > 1 {
            let message = format!(
                "each entry of {} begins with slack bytes, as GnuCOBOL has it: a compiler of IBM puts them before the table, so its entries are shorter",
                table.shown()
            );
            self.doubt(table, Severity::Warning, "slack", message);
        }
    }
}

/// The table below a node that became the group of this name.
fn table_named<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    let is_it = node.entry.occurs.is_some() && node.entry.name.as_deref().map(item_name).as_deref() == Some(name);
    if is_it { Some(node) } else { node.below.iter().find_map(|below| table_named(below, name)) }
}
