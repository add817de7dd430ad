//! Counted groups, the fields that count them, and length fields: whether they fit each other.

use fep_codec::Layout;
use fep_codec::layout::{Computed, Counts, Encoding, Field, Group, Item, Kind, LATE_MAX, Repeat};

use crate::document::Document;
use crate::lower::{LayoutPlace, Place};

/// A group and the field that counts it.
pub(super) fn group(document: &Document, layout: &Layout, number: usize, group: &Group, place: &Place) {
    let Repeat::Counted { by, max } = &group.repeat else { return };
    let Some(at) = place.count.clone() else { return };
    let name = &group.name;
    let (place_of_field, field) = match layout.item(by) {
        Some((place, Item::Field(field))) => (place, field),
        Some(_) => {
            let message = format!("`{by}` counts `{name}` and is no field");
            return document.error_hint(at, message, "name the number field that holds the count");
        }
        None => {
            let message = format!("there is no field `{by}` to count `{name}`");
            let fields: Vec<&str> = layout.items().iter().filter_map(Item::name).collect();
            return document.error_hint(at, message, crate::document::instead(by, &fields));
        }
    };
    if place_of_field > number {
        let message = format!("`{by}` counts `{name}` and stands below it");
        return document.error_hint(at, message, "the count must come first, or nobody knows where the group ends");
    }
    if field.computed != Some(Computed::Count(name.clone())) {
        let message = format!("`{by}` counts `{name}` and is not computed from it");
        return document.error_hint(at, message, format!("add to `{by}`: computed = \"count\", of = \"{name}\""));
    }
    let most = largest(field);
    if u128::try_from(*max).is_ok_and(|max| max > most) {
        let message = format!("`{name}` may have {max} entries, `{by}` counts to {most}");
        document.error_hint(at, message, "make the count field longer, or `max` smaller");
    }
}

/// A field that counts a group: the group must be there, below it, and name the field.
pub(super) fn counting(document: &Document, layout: &Layout, number: usize, field: &Field, place: &Place) {
    let Some(Computed::Count(of)) = &field.computed else { return };
    let by = &field.name;
    match layout.item(of) {
        Some((at, Item::Group(group))) if at > number => {
            let counted = matches!(&group.repeat, Repeat::Counted { by: named, .. } if named == by);
            if !counted {
                let message = format!("`{by}` counts `{of}`, which is not counted by it");
                document.error_hint(place.name.clone(), message, format!("write at the group: count = \"{by}\""));
            }
        }
        // The group says that it stands above its count.
        Some((_, Item::Group(_))) => {}
        _ => {
            let message = format!("`{by}` counts `{of}`, and there is no such group in `{}`", layout.name);
            document.error_hint(place.name.clone(), message, "`of` names a group of the same telegram, part or entry");
        }
    }
}

/// The length fields of a telegram: how many, and whether they are wide enough.
pub(super) fn lengths(document: &Document, layout: &Layout, place: &LayoutPlace) {
    let count = layout.computed_lengths();
    if count > LATE_MAX {
        let message = format!("`{}` has {count} computed lengths, a telegram can have {LATE_MAX}", layout.name);
        document.error_hint(place.name.clone(), message, "read the others as plain numbers");
    }
    narrow(document, layout, place, layout.max_len(), 0, "");
}

/// Looks through parts, for a header's length field counts the telegram's bytes.
fn narrow(document: &Document, layout: &Layout, place: &LayoutPlace, total: usize, start: usize, path: &str) {
    for (number, item) in layout.items().iter().enumerate() {
        let Some(offset) = layout.offset_of(number).map(|offset| offset.saturating_add(start)) else { return };
        match item {
            Item::Part(part) => narrow(document, &part.layout, place, total, offset, &format!("{path}{}.", part.name)),
            Item::Field(field) => {
                let Some(Computed::Length(counts)) = field.computed else { continue };
                let bytes = match counts {
                    Counts::All => total,
                    Counts::Rest => total.saturating_sub(offset).saturating_sub(field.len),
                };
                let most = largest(field);
                if u128::try_from(bytes).is_ok_and(|bytes| bytes > most) {
                    let name = format!("{path}{}", field.name);
                    let message =
                        format!("`{name}` counts up to {bytes} bytes and with {} digits ends at {most}", field.len);
                    document.error_hint(
                        place.name.clone(),
                        message,
                        "make the length field longer, or a group's `max` smaller",
                    );
                }
            }
            _ => {}
        }
    }
}

/// The largest number that the field can say.
fn largest(field: &Field) -> u128 {
    let encoding = if let Kind::Number(rule) = &field.kind { rule.encoding } else { Encoding::Ascii };
    let (base, places) = if encoding.is_binary() { (256, field.len) } else { (10, encoding.digits(field.len)) };
    let places = u32::try_from(places).unwrap_or(u32::MAX);
    u128::checked_pow(base, places).map_or(u128::MAX, |power| power - 1)
}
