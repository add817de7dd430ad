//! What is added to a draft that was read: remarks that only the sheets have, and the offsets that follow from the lengths.

use super::plan::{Content, Plan};
use super::row::Form;
use super::settings::Address;
use crate::draft::{Draft, DraftItem, Entry, Value};

/// Gives the item with this address a remark.
pub(super) fn remark(draft: &mut Draft, address: &Address, remark: String) {
    let tables = if address.section == "parts" { &mut draft.parts } else { &mut draft.telegrams };
    let table = tables.iter_mut().find(|table| table.name == address.table);
    let path: Vec<&str> = address.item.split('.').collect();
    if let Some(item) = table.and_then(|table| find(&mut table.items, &path)) {
        item.entries.push(Entry::new("remark", remark));
    }
}

/// The item with this path: names, `#2` for the second item without a name, the name of a case behind that of its choice.
fn find<'i>(items: &'i mut [DraftItem], path: &[&str]) -> Option<&'i mut DraftItem> {
    let (name, rest) = path.split_first()?;
    let mut unnamed = 0;
    let item = items.iter_mut().find(|item| {
        let form = Form::of_item(item);
        match item.get(form.name_key()).filter(|_| form != Form::Filler) {
            Some(own) => *own == Value::from(*name),
            None => {
                unnamed += 1;
                *name == format!("#{unnamed}")
            }
        }
    })?;
    match (rest, item.cases.is_empty()) {
        ([], _) => Some(item),
        (rest, true) => find(&mut item.items, rest),
        ([case, rest @ ..], false) => {
            let case = item.cases.iter_mut().find(|one| one.get("name") == Some(&Value::from(*case)))?;
            find(&mut case.items, rest)
        }
    }
}

/// States the offsets of items in tables that have a sheet.
pub(super) fn offsets(draft: &mut Draft, plan: &Plan) {
    let first = draft.head.iter().find(|entry| entry.key == "offsets_from").map(|entry| &entry.value);
    let first = usize::from(first == Some(&Value::Number(1)));
    for sheet in &plan.sheets {
        let Content::Block(block) = &sheet.content else { continue };
        if !block.address.item.is_empty() {
            continue;
        }
        let tables = if block.address.section == "parts" { &mut draft.parts } else { &mut draft.telegrams };
        let Some(table) = tables.iter_mut().find(|table| table.name == block.address.table) else { continue };
        for (item, row) in table.items.iter_mut().zip(&block.rows) {
            let Some(at) = row.from.and_then(|from| from.checked_sub(1)) else { continue };
            let behind = item.entries.iter().position(|entry| !is_before_offset(&entry.key));
            item.entries.insert(behind.unwrap_or(item.entries.len()), Entry::new("at", at + first));
        }
    }
}

/// Whether a key usually stands before the offset.
fn is_before_offset(key: &str) -> bool {
    let first = ["filler", "literal", "hex", "part", "group", "choice"];
    first.contains(&key) || ["name", "label", "type", "kind", "len"].contains(&key)
}
