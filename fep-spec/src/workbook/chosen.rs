//! The telegrams of some sheets only: `fep import --sheet`.
//!
//! The whole workbook is read and compared first, because parts, codes and `fep` belong to all sheets. Then the other telegrams are left out.

use super::read::Reader;
use super::settings::{Address, error};
use crate::draft::{Draft, Value};
use crate::import::{Doubt, Origin, Severity};

/// The draft with the telegrams of these sheets, and the doubts about them and about what all telegrams share.
pub(super) fn only(mut draft: Draft, sheets: &[String], reader: &Reader<'_>, doubts: &mut Vec<Doubt>) -> Draft {
    let settings = &reader.settings;
    let is_chosen = |name: &str| {
        let address = Address::new("telegrams", name, "");
        let address = match settings.get(&address, "like") {
            Some(Value::Text(like)) => Address::new("telegrams", like, ""),
            _ => address,
        };
        matches!(settings.get(&address, "sheet"), Some(Value::Text(sheet)) if sheets.contains(sheet))
    };
    let (chosen, others): (Vec<_>, Vec<_>) = draft.telegrams.into_iter().partition(|table| is_chosen(&table.name));
    draft.telegrams = chosen;
    if others.is_empty() {
        return draft;
    }
    let is_other = |value: &Value| others.iter().any(|table| *value == Value::from(table.name.as_str()));
    for telegram in &mut draft.telegrams {
        telegram.entries.retain(|entry| entry.key != "answer" || !is_other(&entry.value));
    }
    // A record file needs all its records.
    draft.files.clear();
    let of_others = |sheet: &String| {
        let is_it = |block: &&super::read::ReadBlock<'_>| block.grid.name.as_ref() == Some(sheet);
        let block = reader.blocks.iter().find(is_it);
        block.is_some_and(|block| block.address.section == "telegrams" && !is_chosen(&block.address.table))
    };
    doubts.retain(|doubt| !doubt.origin.sheet.as_ref().is_some_and(of_others));
    let count = others.len();
    let message =
        format!("{count} telegrams on other sheets were left out, and what needs them: answers, record files");
    let origin = Origin { sheet: settings.sheet.clone(), ..Origin::default() };
    let doubt = error("settings", origin, message, "without --sheet all of them are read");
    doubts.push(Doubt { severity: Severity::Note, ..doubt });
    draft
}
