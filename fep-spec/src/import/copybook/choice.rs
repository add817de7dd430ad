//! Redefinitions as a choice that somebody completes: no clause of a copybook says which description holds.

use super::storage::Node;
use super::write::Writer;
use crate::draft::{DraftItem, Entry};
use crate::import::Severity;
use crate::import::name::{Given, item_name};
use crate::lower::names::pascal;

impl Writer {
    /// Redefinitions: the first description is used. The choice that somebody can complete stands above it as a comment.
    pub(super) fn redefinitions(&mut self, node: &Node, own: &mut [DraftItem], path: &str) {
        let name = item_name(node.entry.name.as_deref().unwrap_or("filler"));
        let mut cases = Vec::new();
        for (number, description) in std::iter::once(node).chain(&node.redefinitions).enumerate() {
            let mut quiet = Self::new(self.is_ebcdic, Vec::new());
            quiet.is_flat = true;
            // Nothing says where an item of a case is: a case stands at no offset.
            let mut varies = true;
            let mut given = Given::default();
            let mut items = match description.below.is_empty() || description.entry.occurs.is_some() {
                true => quiet.item(description, None, path, &mut varies, &mut given),
                false => quiet.level(&description.below, 0, path, &mut varies),
            };
            let rest = node.longest().saturating_sub(description.all());
            if rest > 0 {
                items.push(DraftItem::new([Entry::new("filler", rest), Entry::new("any", true)]));
            }
            let label = description.entry.name.clone().unwrap_or_else(|| format!("Case{number}"));
            let mut case = DraftItem::new([Entry::new("code", "?"), Entry::new("name", pascal(&item_name(&label)))]);
            case.items = items;
            cases.push(case);
        }
        let mut choice = DraftItem::new([Entry::new("choice", format!("{name}_forms")), Entry::new("by", "?")]);
        choice.cases = cases;
        let names: Vec<_> = node.redefinitions.iter().map(Node::shown).collect();
        let message = format!(
            "{} also describes {}: no field says which of them holds, so the first description is used",
            names.join(", "),
            node.shown()
        );
        let mut comment = vec![format!(
            "line {}: {message}. As a choice, with the field and the codes that decide:",
            node.entry.line
        )];
        comment.extend(crate::draft::lines(&choice));
        if let Some(first) = own.first_mut() {
            first.doubts.extend(comment);
        }
        self.doubt(node, Severity::Warning, "redefines", message);
        if let Some(last) = self.doubts.last_mut() {
            last.hint = Some("the choice stands as a comment in the spec: complete `by` and the codes".to_owned());
        }
    }
}
