//! Stage 3, the checks: compares a telegram's items with each other and sorts them into wire order.
//!
//! This stage checks only facts that tokens show. Facts that only types show (a part's length, a custom type's kind) are asserted by
//! the output.

mod flattened;
mod links;
mod numbers;
mod when;

use proc_macro2::Ident;
use syn::ext::IdentExt as _;

use crate::attr::{Computed, CountAttr, bytes};
use crate::ctxt::Ctxt;
use crate::model::{Item, ItemKind, Repeat, Telegram, View};

/// Checks a telegram and sorts its items into wire order.
pub(crate) fn check(mut telegram: Telegram, cx: &Ctxt) -> Telegram {
    order(&mut telegram.items, &telegram.broken, cx);
    flattened::resolve(&mut telegram, cx);
    names(&telegram.items, cx);
    counts(&telegram, cx);
    groups(&telegram, cx);
    links::check(&mut telegram, cx);
    numbers::check(&telegram, cx);
    positions(&telegram, cx);
    when::conditions(&telegram, cx);
    view_methods(&telegram, cx);
    telegram
}

/// Checks that no two methods of a view have the same name. A view has its own methods, and several for most fields.
fn view_methods(telegram: &Telegram, cx: &Ctxt) {
    if telegram.view.is_none() {
        return;
    }
    let mut taken: Vec<String> = View::METHODS.map(str::to_owned).into();
    for item in &telegram.items {
        for method in item.view_methods() {
            if taken.contains(&method) {
                let hint = "give the field another name, and with `name = \"…\"` the layout keeps this one";
                let message = format!("the view would have two methods called `{method}`; {hint}");
                cx.error(&item.member, message);
            }
            taken.push(method);
        }
    }
}

/// Sorts the items by `order`. All items state it or none does, and it counts 1, 2, 3, …
fn order(items: &mut [Item], broken: &[Ident], cx: &Ctxt) {
    if items.iter().all(|item| item.order.is_none()) {
        return;
    }
    let mut taken = Vec::new();
    for item in &*items {
        let Some(order) = &item.order else {
            let message = "the other fields state their `order`; this one must too, or none";
            cx.error(&item.member, message);
            continue;
        };
        if taken.contains(&order.value) {
            cx.error_at(order.span, format_args!("another field is number {} already", order.value));
        }
        taken.push(order.value);
    }
    let missing = (1..=taken.len()).find(|number| !taken.contains(number));
    if let Some(missing) = missing.filter(|_| taken.len() == items.len() && broken.is_empty()) {
        let beyond = items.iter().filter_map(|item| item.order.as_ref()).find(|order| order.value > items.len());
        if let Some(order) = beyond {
            let message =
                format!("`order` counts 1 to {} without a gap, and no field is number {missing}", items.len());
            cx.error_at(order.span, message);
        }
    }
    items.sort_by_key(|item| item.order.as_ref().map_or(usize::MAX, |order| order.value));
}

fn names(items: &[Item], cx: &Ctxt) {
    let mut taken: Vec<&str> = Vec::new();
    for item in items.iter().filter(|item| !item.name.value.is_empty()) {
        if taken.contains(&item.name.value.as_str()) {
            cx.error_at(item.name.span, format_args!("another item is called `{}` already", item.name.value));
        }
        taken.push(&item.name.value);
    }
}

/// Checks that every count belongs to one group, and that this group names the count.
fn counts(telegram: &Telegram, cx: &Ctxt) {
    let Telegram { items, broken, .. } = telegram;
    let mut counted: Vec<&Ident> = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let ItemKind::Computed { computed: Computed::Count(group), .. } = &item.what else { continue };
        let found = items.iter().position(|other| other.member == *group);
        let by = found.and_then(|found| items.get(found)).map(|group| &group.what);
        match (found, by) {
            // Of a group that can only be in a flattened part, it was reported.
            (None, _) if broken.contains(group) || telegram.has_flattened() => {}
            (None, _) => cx.error(group, format_args!("there is no group `{group}` here to count")),
            (Some(found), Some(ItemKind::Group { repeat, .. })) => match (repeat, repeat.counted()) {
                (Repeat::Fixed(_), _) => {
                    cx.error(group, format_args!("`{group}` is an array: it always has all its entries"));
                }
                (Repeat::Padded { .. }, Some(_)) if found < at => {
                    let message = format!("`{group}` stands before its count; the count of a padded group comes first");
                    cx.error(group, message);
                }
                _ if counted.contains(&group) => {
                    cx.error(group, format_args!("`{group}` is counted by another field already"));
                }
                (_, Some((by, _))) if *by != item.member => {
                    cx.error(group, format_args!("`{group}` says that `{by}` counts it"));
                }
                (_, None) => {
                    let count = item.member.unraw();
                    cx.error(group, format_args!("`{group}` does not say that it is counted: `count = {count}`"));
                }
                _ => {}
            },
            _ => cx.error(group, format_args!("`{group}` is no group")),
        }
        counted.push(group);
    }
}

/// Checks that every counted group names its count, and that the count has room for the most entries.
fn groups(telegram: &Telegram, cx: &Ctxt) {
    let Telegram { items, broken, .. } = telegram;
    for item in items {
        let ItemKind::Group { repeat, .. } = &item.what else { continue };
        if let Some(by) = repeat.counted_in_part() {
            counted_in_part(items, broken, by, cx);
        }
        let Some((by, max)) = repeat.counted() else { continue };
        if broken.contains(by) {
            continue;
        }
        // The compiler looks in the flattened parts.
        if telegram.is_flattened(by) {
            continue;
        }
        let group = item.member.unraw();
        let Some(count) = items.iter().find(|other| other.member == *by) else {
            cx.error(
                by,
                format_args!("there is no field `{by}` here: `#[field(len = 2, computed = count({group}))] {by}: ()`"),
            );
            continue;
        };
        match &count.what {
            ItemKind::Computed { computed: Computed::Count(counted), len, encoding, .. } => {
                // If another field counts this group, the mistake is reported there.
                let has_count = items.iter().any(|other| counts_group(other, &item.member));
                if *counted != item.member && !has_count {
                    cx.error(by, format_args!("`{by}` counts `{counted}`"));
                }
                if max.value as u128 > encoding.largest(len.value) {
                    let room = if encoding.is_zoned() { format!("{} digits", len.value) } else { bytes(len.value) };
                    let message = format!("`{by}` has {room} and cannot say {}", max.value);
                    cx.error_at(max.span, message);
                }
            }
            _ => {
                let message = format!("`{by}` does not count: `#[field(len = 2, computed = count({group}))] {by}: ()`");
                cx.error(by, message);
            }
        }
    }
}

/// Checks that the path of a count begins with a part.
fn counted_in_part(items: &[Item], broken: &[Ident], by: &CountAttr, cx: &Ctxt) {
    let head = &by.head;
    match items.iter().find(|item| item.member == *head).map(|item| &item.what) {
        Some(ItemKind::Part) => {}
        Some(_) => cx.error(head, format_args!("`{head}` is no part, so nothing stands below it")),
        None if broken.contains(head) => {}
        None => cx.error(head, format_args!("there is no part `{head}` here")),
    }
}

fn counts_group(item: &Item, group: &Ident) -> bool {
    matches!(&item.what, ItemKind::Computed { computed: Computed::Count(counted), .. } if counted == group)
}

/// Checks `at` and `len`. Items after a group of varying size or a tail have no fixed offset, and the telegram has no fixed length.
fn positions(telegram: &Telegram, cx: &Ctxt) {
    let mut varying: Option<&Ident> = None;
    for item in &telegram.items {
        if let (Some(at), Some(group)) = (&item.at, varying) {
            cx.error_at(at.span, format_args!("behind `{group}`, which varies in length, there are no fixed offsets"));
        }
        if let ItemKind::Group { repeat: Repeat::Counted { .. } | Repeat::Rest { .. }, .. } | ItemKind::Tail(_) =
            item.what
        {
            varying = Some(&item.member);
        }
    }
    if let (Some(len), Some(group)) = (&telegram.len, varying) {
        cx.error_at(
            len.span,
            format_args!("`{group}` varies in length, so the telegram has no one length: leave `len` out"),
        );
    }
}
