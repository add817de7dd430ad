//! `control_characters`: the fields in which requests may have control characters. All others refuse them.

use std::collections::BTreeSet;

use fep_codec::layout::{Item, Layout};
use fep_spec::document::Table;
use fep_spec::model::Spec;
use fep_spec::report::Code;

/// Reads the paths. A path goes through parts and groups, without indexes: `entries.memo`.
pub(super) fn read(table: &Table<'_>, spec: &Spec) -> BTreeSet<String> {
    let paths = table.array("control_characters").unwrap_or_default();
    let paths = paths.into_iter().filter_map(|path| path.string());
    let known = paths.map(|path| {
        let names: Vec<_> = path.value.split('.').collect();
        if !spec.telegrams.iter().any(|telegram| has(&telegram.layout, &names)) {
            let message = format!("no telegram of {} has the field `{}`", spec.name, path.value);
            let hint = "paths go through parts and groups: header.trace_no, entries.memo";
            table.document().error_hint(Code::UnknownName, path.span, message, hint);
        }
        path.value.to_owned()
    });
    known.collect()
}

fn has(layout: &Layout, names: &[&str]) -> bool {
    let Some((name, rest)) = names.split_first() else { return false };
    match layout.item(name) {
        Some((_, Item::Field(_) | Item::Tail(_))) => rest.is_empty(),
        Some((_, Item::Part(part))) => has(&part.layout, rest),
        Some((_, Item::Group(group))) => has(&group.layout, rest),
        Some((_, Item::Choice(choice))) => choice.cases.iter().any(|case| has(&case.layout, rest)),
        Some((_, Item::Literal(_) | Item::Filler(_))) | None => false,
    }
}
