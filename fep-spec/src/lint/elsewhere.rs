//! A name that was not found where it is looked up, but stands elsewhere: one level up, in a part, or in another telegram.
//!
//! To say that there is no such item would be untrue. The advice says where the item is.

use fep_codec::Layout;
use fep_codec::layout::Item;

use crate::document::instead;
use crate::model::Spec;

/// Advice for a name that is none of the known ones. `rule` says what to do if the item is elsewhere.
pub(super) fn advice(spec: &Spec, layout: &Layout, name: &str, known: &[&str], rule: &str) -> String {
    match place(spec, layout, name) {
        Some(place) => format!("{place}; {rule}"),
        None => instead(name, known),
    }
}

/// Where an item of this name is: `` `code` is in `A` ``.
fn place(spec: &Spec, layout: &Layout, name: &str) -> Option<String> {
    if let Some(path) = path_in(layout, name) {
        return Some(format!("`{name}` is `{path}` here"));
    }
    let telegrams = spec.telegrams.iter().map(|telegram| &telegram.layout);
    let parts = spec.parts.iter().map(|part| &part.layout);
    // What contains the layout comes first: it is probably meant.
    let around = |other: &&Layout| contains(other, layout);
    let all = telegrams.clone().filter(around).chain(telegrams).chain(parts);
    all.filter(|other| other.name != layout.name).find_map(|other| in_layout(other, name))
}

/// Where the item is in this layout: `` `code` is in `A` ``, or `` `code` is `header.code` in `A` ``.
pub(super) fn in_layout(layout: &Layout, name: &str) -> Option<String> {
    let path = path_in(layout, name)?;
    let within = &layout.name;
    Some(if path == name {
        format!("`{name}` is in `{within}`")
    } else {
        format!("`{name}` is `{path}` in `{within}`")
    })
}

/// The path of the first item of this name, also in entries and cases.
fn path_in(layout: &Layout, name: &str) -> Option<String> {
    if layout.item(name).is_some() {
        return Some(name.to_owned());
    }
    layout.items().iter().find_map(|item| {
        let within =
            |inner: &Layout| path_in(inner, name).map(|path| format!("{}.{path}", item.name().unwrap_or_default()));
        match item {
            Item::Part(part) => within(&part.layout),
            Item::Group(group) => within(&group.layout),
            Item::Choice(choice) => choice.cases().iter().find_map(|case| within(&case.layout)),
            Item::Field(_) | Item::Tail(_) | Item::Literal(_) | Item::Filler(_) => None,
        }
    })
}

/// Whether a layout of the name of `inner` is somewhere in this layout.
fn contains(layout: &Layout, inner: &Layout) -> bool {
    let is = |other: &Layout| other.name == inner.name || contains(other, inner);
    layout.items().iter().any(|item| match item {
        Item::Part(part) => is(&part.layout),
        Item::Group(group) => is(&group.layout),
        Item::Choice(choice) => choice.cases().iter().any(|case| is(&case.layout)),
        Item::Field(_) | Item::Tail(_) | Item::Literal(_) | Item::Filler(_) => false,
    })
}
