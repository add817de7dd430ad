//! Counted groups, the fields that count them, and length fields: whether they fit together.

use std::ops::{Range, RangeInclusive};

use fep_codec::Layout;
use fep_codec::layout::{Computed, Encoding, Field, Group, Item, Kind, LATE_MAX, LengthScope, Repeat};

use super::elsewhere;
use crate::document::Document;
use crate::lower::{LayoutPlace, Place, can_count, lacks_len, may_be_hole};
use crate::model::Spec;
use crate::report::Code;

/// Checks a group and the field that counts it.
pub(super) fn group(document: &Document, spec: &Spec, layout: &Layout, number: usize, group: &Group, place: &Place) {
    let Some(by) = group.repeat.counted_by() else { return };
    let at = place.key("count");
    let name = &group.name;
    if by.is_empty() || may_be_hole(layout, by) {
        return;
    }
    if by.contains('.') {
        return counted_in_part(document, layout, number, group, place);
    }
    let (place_of_field, field) = match layout.item(by) {
        Some((place, Item::Field(field))) => (place, field),
        Some(_) => {
            let message = format!("`{by}` counts `{name}` and is not a field");
            return document.error_hint(
                Code::WrongReference,
                at,
                message,
                "name the number field that holds the count",
            );
        }
        None => {
            let message = format!("there is no field `{by}` to count `{name}`");
            let fields: Vec<&str> = layout.items().iter().filter_map(Item::name).collect();
            let rule = "a count stands beside its group, or in a part beside it: move one of them";
            let hint = elsewhere::advice(spec, layout, by, &fields, rule);
            return document.error_hint(Code::UnknownName, at, message, hint);
        }
    };
    // The length of a padded group does not depend on its count. Only a group that takes what is left may have its count below.
    if place_of_field > number && matches!(group.repeat, Repeat::Padded { .. }) {
        let message = format!("`{by}` counts `{name}` and stands below it");
        return document.error_hint(
            Code::WrongOrder,
            at,
            message,
            "the count of a padded group stands above it: move it up",
        );
    }
    counts_it(document, layout, group, field, place);
}

/// Checks a group that is counted by a field in a part.
fn counted_in_part(document: &Document, layout: &Layout, number: usize, group: &Group, place: &Place) {
    let by = group.repeat.counted_by().unwrap_or_default();
    let at = place.key("count");
    let name = &group.name;
    let Some(Item::Field(field)) = layout.item_in_parts(by) else {
        let message = format!("there is no field `{by}` to count `{name}`");
        return document.error_hint(
            Code::UnknownName,
            at,
            message,
            "the path leads through parts to a field: \"header.item_count\"",
        );
    };
    if counts_it(document, layout, group, field, place)
        && !lacks_len(layout)
        && !layout.is_counted_in_part(group, number)
    {
        let message = format!("`{by}` counts `{name}` and is not at a fixed offset above it");
        document.error_hint(
            Code::VaryingLength,
            at,
            message,
            "a part above a group that counts it stands above all items of varying length",
        );
    }
}

/// Checks that this field, which is to count the group, is computed from it and can hold its maximum.
fn counts_it(document: &Document, layout: &Layout, group: &Group, field: &Field, place: &Place) -> bool {
    let by = group.repeat.counted_by().unwrap_or_default();
    let at = place.key("count");
    let name = &group.name;
    if let Some(Computed::Count(of)) = &field.computed
        && layout.item(of).is_none()
    {
        // It counts something that does not exist, which is noted at the field.
        return false;
    }
    if field.computed != Some(Computed::Count(name.clone())) {
        let (code, message, hint) = unlinked(field, by, name);
        document.error_hint(code, at, message, hint);
        return false;
    }
    let max = group.repeat.max();
    let most = largest(field);
    if u128::try_from(max).is_ok_and(|max| max > most) {
        let message = format!("`{name}` may have {max} entries, `{by}` counts to {most}");
        document.error_hint(Code::TooNarrow, at, message, "make the count field longer, or `max` smaller");
        return false;
    }
    true
}

/// The reason why a field is not the computed count of the group that names it.
fn unlinked(field: &Field, by: &str, group: &str) -> (Code, String, String) {
    match &field.computed {
        Some(Computed::Count(other)) => (
            Code::NotLinked,
            format!("`{by}` counts `{group}`, and it is the count of `{other}`"),
            "each group has a count of its own: name another field, or write count = 3 for a fixed number".to_owned(),
        ),
        Some(_) => (
            Code::NotLinked,
            format!("`{by}` counts `{group}`, and it is computed as something else"),
            format!("leave out `computed` at `{by}`: count = \"{by}\" makes it the count"),
        ),
        None if !can_count(field) => (
            Code::WrongComputed,
            format!("`{by}` counts `{group}`, and it is not a number that is always there, without sign and decimals"),
            format!("write kind = \"number\" at `{by}`, without `secret`, `sign`, `scale` and `none`"),
        ),
        // The fields of a part are those of other telegrams too.
        None => (
            Code::NotLinked,
            format!("`{by}` counts `{group}`, and its part does not say that it counts"),
            format!("add to `{by}` in the part: computed = \"count\", of = \"{group}\""),
        ),
    }
}

/// Checks a field that counts a group: the group must exist, and must name the field.
pub(super) fn counting(document: &Document, layout: &Layout, field: &Field, place: &Place) {
    let Some(Computed::Count(of)) = &field.computed else { return };
    // A link is checked in the telegram that contains the group.
    if layout.is_link(field) || may_be_hole(layout, of) {
        return;
    }
    let by = &field.name;
    // A group that names the field has that finding already.
    let is_named = |item: &Item| matches!(item, Item::Group(group) if group.repeat.counted_by() == Some(by));
    match layout.item(of) {
        Some((_, Item::Group(group))) if group.repeat.counted_by() == Some(by) => {}
        Some((_, Item::Group(_))) if layout.items().iter().any(is_named) => {}
        // The group names a field that is not there, which is noted at the group.
        Some((_, Item::Group(group)))
            if group.repeat.counted_by().is_some_and(|by| layout.item_in_parts(by).is_none()) => {}
        Some((_, Item::Group(_))) => {
            let message = format!("`{by}` counts `{of}`, which is not counted by it");
            document.error_hint(
                Code::NotLinked,
                place.name.clone(),
                message,
                format!("write at the group: count = \"{by}\""),
            );
        }
        _ => {
            let message = format!("`{by}` counts `{of}`, and there is no such group in `{}`", layout.name);
            document.error_hint(
                Code::UnknownName,
                place.name.clone(),
                message,
                "`of` names a group of the same telegram, part or entry",
            );
        }
    }
}

/// Checks the length fields of a telegram: their number, and whether they are wide enough.
pub(super) fn lengths(document: &Document, layout: &Layout, place: &LayoutPlace) {
    let count = layout.late_fields();
    if count > LATE_MAX {
        let message =
            format!("`{}` has {count} computed lengths and checks, a telegram can have {LATE_MAX}", layout.name);
        document.error_hint(Code::TooMuch, place.name.clone(), message, "read the others as plain numbers");
    }
    if lacks_len(layout) {
        return;
    }
    narrow(document, layout, place, &(layout.min_len()..=layout.max_len()), 0, "");
}

/// Whether a field holds the computed length of the telegram, in parts, entries and cases too.
pub(super) fn has_length(layout: &Layout) -> bool {
    layout.items().iter().any(|item| match item {
        Item::Field(field) => matches!(field.computed, Some(Computed::Length(_))),
        Item::Part(part) => has_length(&part.layout),
        Item::Group(group) => has_length(&group.layout),
        Item::Choice(choice) => choice.cases().iter().any(|case| has_length(&case.layout)),
        Item::Literal(_) | Item::Filler(_) | Item::Tail(_) => false,
    })
}

/// Checks the width of length fields, in parts too, because a header's length field counts the telegram's bytes.
fn narrow(
    document: &Document,
    layout: &Layout,
    place: &LayoutPlace,
    total: &RangeInclusive<usize>,
    start: usize,
    path: &str,
) {
    for (number, item) in layout.items().iter().enumerate() {
        let Some(offset) = layout.offset_of(number).map(|offset| offset.saturating_add(start)) else { return };
        match item {
            Item::Part(part) => narrow(document, &part.layout, place, total, offset, &format!("{path}{}.", part.name)),
            Item::Field(field) => {
                let Some(Computed::Length(counts)) = field.computed else { continue };
                let before = match counts {
                    LengthScope::All => 0,
                    LengthScope::Rest => offset.saturating_add(field.len),
                };
                let least = total.start().saturating_sub(before);
                let most = total.end().saturating_sub(before);
                short(document, field, &format!("{path}{}", field.name), least..=most, place.name.clone());
            }
            _ => {}
        }
    }
}

/// Notes a length field that is too short for this number of bytes. It is a mistake if no telegram fits, and otherwise a warning:
/// a telegram that is too long is refused when it is encoded.
pub(super) fn short(document: &Document, field: &Field, name: &str, bytes: RangeInclusive<usize>, at: Range<usize>) {
    let most = largest(field);
    let exceeds = |bytes: usize| u128::try_from(bytes).is_ok_and(|bytes| bytes > most);
    let (least, max) = bytes.into_inner();
    if exceeds(least) {
        let message = format!("`{name}` counts at least {least} bytes and with {} digits ends at {most}", field.len);
        document.error_hint(Code::TooNarrow, at, message, "make the length field longer");
    } else if exceeds(max) {
        let message = format!("`{name}` counts up to {max} bytes and with {} digits ends at {most}", field.len);
        document.warning(
            Code::TooNarrow,
            at,
            message,
            "a longer telegram is refused when it is encoded: compare the sheet's `max` and `len`",
        );
    }
}

/// The largest number that the field can hold.
pub(super) fn largest(field: &Field) -> u128 {
    let encoding = if let Kind::Number(rule) = &field.kind { rule.encoding } else { Encoding::Ascii };
    let (base, places) = if encoding.is_binary() { (256, field.len) } else { (10, encoding.digits(field.len)) };
    let places = u32::try_from(places).unwrap_or(u32::MAX);
    u128::checked_pow(base, places).map_or(u128::MAX, |power| power - 1)
}
