//! Puts doubts as comments above the items that they are about.

use crate::draft::{Draft, DraftItem};
use crate::import::{Doubt, Severity};

/// Writes errors and warnings above the item whose entry has their line, or above the first telegram.
pub(super) fn comment(draft: &mut Draft, doubts: &[Doubt]) {
    let mut lines = Vec::new();
    each(draft, &mut |item| lines.extend(item.line));
    lines.sort_unstable();
    // A redefinition has its own comment, with the choice.
    let shown = doubts.iter().filter(|doubt| doubt.severity <= Severity::Warning && doubt.code != "redefines");
    for doubt in shown {
        let text = format!("{}: {}", doubt.origin, doubt.message);
        let line = doubt.origin.line.unwrap_or_default();
        // An entry goes on until the next one begins.
        let begins =
            lines.partition_point(|own| *own <= line).checked_sub(1).and_then(|index| lines.get(index)).copied();
        let mut text = Some(text);
        each(draft, &mut |item| {
            if item.line.is_some()
                && item.line == begins
                && let Some(text) = text.take()
            {
                item.doubts.push(text);
            }
        });
        if let (Some(text), Some(first)) = (text, draft.telegrams.first_mut()) {
            first.doubts.push(text);
        }
    }
}

/// Calls a function for each item of the draft.
fn each(draft: &mut Draft, with: &mut dyn FnMut(&mut DraftItem)) {
    let tables = draft.parts.iter_mut().chain(&mut draft.telegrams);
    tables.for_each(|table| below(&mut table.items, with));
}

fn below(items: &mut [DraftItem], with: &mut dyn FnMut(&mut DraftItem)) {
    for item in items {
        with(item);
        below(&mut item.items, with);
        below(&mut item.cases, with);
    }
}
