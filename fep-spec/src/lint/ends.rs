//! Items that take what is left of the telegram: whether their end can be found.

use fep_codec::Layout;
use fep_codec::layout::{Group, Item, Limit, Repeat};

use crate::document::Document;
use crate::lower::{Place, lacks_len};
use crate::report::Code;

/// Notes an item that takes what is left, if a later item varies in length.
pub(super) fn rest(document: &Document, layout: &Layout, number: usize, item: &Item, place: &Place) {
    if layout.limit(number) != Limit::Endless || has_lost_count(layout, item) || lacks_len(layout) {
        return;
    }
    let name = item.name().unwrap_or_default();
    let varies = |(at, item): &(usize, &Item)| *at > number && item.fixed_len().is_none();
    let behind = layout.items().iter().enumerate().find(varies).and_then(|(_, item)| item.name()).unwrap_or_default();
    let message = format!("`{name}` takes what is left of the telegram, and `{behind}` behind it varies in length");
    let hint = format!("put its length before it: computed = \"length\", of = \"{name}\"");
    document.error_hint(Code::NoEnd, place.name.clone(), message, hint);
}

/// Notes groups whose entries cannot be told apart or counted.
pub(super) fn entry(document: &Document, group: &Group, place: &Place) {
    let layout = &group.layout;
    let name = &group.name;
    if lacks_len(layout) || layout.items().iter().any(|item| has_lost_count(layout, item)) {
        return;
    }
    if layout.has_rest() {
        let message = format!(
            "an entry of `{name}` takes what is left of the telegram, so the start of the next one cannot be found"
        );
        let hint = "put the length of what varies before it: computed = \"length\", of = \"…\"";
        document.error_hint(Code::NoEnd, place.name.clone(), message, hint);
    } else if layout.min_len() == 0 {
        let message = format!("an entry of `{name}` can have no bytes at all, so the entries cannot be counted");
        document.error_hint(Code::NoEnd, place.name.clone(), message, "each entry has at least one byte");
    }
    if matches!(group.repeat, Repeat::Padded { .. }) && layout.fixed_len().is_none() {
        let message = format!("entries of `{name}` vary in length, so the length of an unused one is not known");
        let hint = "write count = \"item_count\" or repeat = \"rest\" instead of padded = true";
        document.error_hint(Code::VaryingLength, place.name.clone(), message, hint);
    }
}

/// Whether the item has a group whose count does not exist. That is a finding of its own, and with the count the end would be known.
fn has_lost_count(layout: &Layout, item: &Item) -> bool {
    let within = |inner: &Layout| inner.items().iter().any(|item| has_lost_count(inner, item));
    match item {
        Item::Group(group) => {
            group.repeat.counted_by().is_some_and(|by| layout.item_in_parts(by).is_none()) || within(&group.layout)
        }
        Item::Part(part) => within(&part.layout),
        Item::Choice(choice) => choice.cases().iter().any(|case| within(&case.layout)),
        Item::Field(_) | Item::Tail(_) | Item::Literal(_) | Item::Filler(_) => false,
    }
}

/// The name of the first item before `end` that varies in length.
pub(super) fn varying(layout: &Layout, end: usize) -> &str {
    let mut items = layout.items().iter().take(end);
    items.find(|item| item.fixed_len().is_none()).and_then(Item::name).unwrap_or_default()
}
