//! Names of items: whether each names one item, and whether generated code can have them.
//!
//! An item whose name is no identifier of Rust has another one in generated code, and states its name there. The derive knows such a
//! name in its own struct only, so a path into another struct cannot lead to it.

use fep_codec::Layout;
use fep_codec::layout::{Check, Computed, Field, Item};

use crate::document::Document;
use crate::lower::{Place, ident};
use crate::report::Code;

/// Checks the name of an item against those above it.
pub(super) fn item(document: &Document, layout: &Layout, number: usize, item: &Item, place: &Place) {
    let Some(name) = item.name().filter(|name| name.chars().any(char::is_alphanumeric)) else { return };
    let own = ident(name);
    let above = layout.items().iter().take(number).filter_map(Item::name);
    let Some(other) = above.into_iter().find(|other| *other == name || ident(other) == own) else { return };
    let (message, hint) = if other == name {
        (format!("`{name}` stands twice in `{}`", layout.name), "names are unique within a telegram, part or entry")
    } else {
        let message = format!("`{other}` and `{name}` in `{}` are both `{own}` in generated code", layout.name);
        (message, "rename one")
    };
    document.error_hint(Code::NameTaken, place.name.clone(), message, hint);
}

/// Notes paths into other parts and entries that lead to an item whose name is no identifier.
pub(super) fn paths(document: &Document, layout: &Layout, item: &Item, place: &Place) {
    let paths: Vec<(&str, &str)> = match item {
        Item::Field(Field { computed: Some(computed), .. }) => match computed {
            Computed::LengthOf(of) | Computed::Count(of) | Computed::Sum(of) => vec![("of", of)],
            Computed::Check(Check { from, to, .. }) => {
                let ends = [("from", from), ("to", to)];
                ends.into_iter().filter_map(|(key, end)| Some((key, end.as_deref()?))).collect()
            }
            Computed::Sign(_) | Computed::Length(_) | Computed::Sequence(_) => vec![],
        },
        Item::Group(group) => group.repeat.counted_by().map(|by| ("count", by)).into_iter().collect(),
        _ => vec![],
    };
    for (key, path) in paths {
        let head = path.split('.').next().unwrap_or(path);
        let own = usize::from(layout.item(head).is_some());
        for name in path.split('.').skip(own).filter(|name| !name.is_empty() && ident(name) != **name) {
            let better = ident(name);
            let message = format!("`{path}` leads to `{name}`, which generated code cannot name from here");
            let hint = format!("rename `{name}` to `{better}`; the sheet's name goes into `label`");
            document.error_hint(Code::BadName, place.key(key), message, hint);
        }
    }
}
