//! `when`: each condition must be able to hold, and no two telegrams may claim the same bytes.

use std::collections::BTreeMap;
use std::ops::Range;

use fep_codec::Layout;
use fep_codec::layout::{Item, Kind, When};

use crate::document::{Document, nearest};
use crate::lower::{LayoutPlace, Lowered};

/// Notes the conditions that name no field, or a value that the field cannot have.
pub(super) fn resolve(document: &Document, layout: &Layout, place: &LayoutPlace) {
    for (when, at) in layout.when.iter().zip(&place.when) {
        match layout.span(&when.path) {
            Some(span) => value(document, when, &span.field.kind, span.field.len, at),
            None => no_field(document, layout, &when.path, at),
        }
    }
}

fn value(document: &Document, when: &When, kind: &Kind, len: usize, at: &Range<usize>) {
    let (path, value) = (&when.path, &when.value);
    let full = match kind {
        Kind::Text(_) | Kind::Code(_) => false,
        Kind::Digits(rule) => rule.full,
        _ => {
            let message = format!("`{path}` is no text, digits or code field");
            return document.error_hint(at.clone(), message, "tell telegrams apart by a code field");
        }
    };
    if value.len() > len || (full && value.len() < len) {
        let message = format!("\"{value}\" has {} bytes, `{path}` has {len}", value.len());
        document.error_hint(at.clone(), message, "write the value as it stands on the wire, without padding");
    } else if matches!(kind, Kind::Digits(_)) && !value.bytes().all(|byte| byte.is_ascii_digit()) {
        document.error_hint(at.clone(), format!("\"{value}\" is not digits, `{path}` is"), "mend the value");
    } else if value.ends_with(' ') || !value.is_ascii() {
        let message = format!("\"{value}\" must be ASCII, without a space at its end");
        document.error_hint(at.clone(), message, "write the value without padding");
    } else if let Kind::Code(rule) = kind
        && !rule.open
        && rule.codes.iter().all(|known| known.code != *value)
    {
        let message = format!("\"{value}\" is not on the closed list of `{path}`");
        document.error_hint(at.clone(), message, "add it to the list");
    }
}

fn no_field(document: &Document, layout: &Layout, path: &str, at: &Range<usize>) {
    let head = path.split('.').next().unwrap_or(path);
    if let Some((_, Item::Group(_))) = layout.item(head) {
        let message = format!("`{path}` is in a group, which has no one place");
        return document.error_hint(at.clone(), message, "tell telegrams apart by a field outside of groups");
    }
    if let Some((_, Item::Literal(_))) = layout.item(path) {
        let message = format!("`{path}` is a literal, which is checked anyway");
        return document.error_hint(at.clone(), message, "leave the condition out, or make it a field");
    }
    let paths = paths(layout, "");
    let message = format!("`{}` has no field `{path}` at a fixed offset", layout.name);
    match nearest(path, paths.iter().map(String::as_str)) {
        Some(meant) => document.error_hint(at.clone(), message, format!("did you mean `{meant}`?")),
        None => document.error_hint(at.clone(), message, "write the path through parts: \"header.telegram_code\""),
    }
}

/// The paths of all fields outside of groups.
fn paths(layout: &Layout, prefix: &str) -> Vec<String> {
    let mut all = Vec::new();
    for item in layout.items() {
        match item {
            Item::Field(field) => all.push(format!("{prefix}{}", field.name)),
            Item::Part(part) => all.extend(paths(&part.layout, &format!("{prefix}{}.", part.name))),
            _ => {}
        }
    }
    all
}

/// Notes telegrams whose conditions can hold for the same bytes.
pub(super) fn exclude(document: &Document, lowered: &Lowered) {
    let telegrams: Vec<_> = lowered
        .spec
        .telegrams
        .iter()
        .zip(&lowered.telegrams)
        .filter(|(telegram, place)| !place.broken && !telegram.layout.when.is_empty())
        .map(|(telegram, place)| (telegram.name(), pinned(&telegram.layout, false), place))
        .collect();
    for (number, (name, bytes, place)) in telegrams.iter().enumerate() {
        let twin = telegrams.iter().take(number).find(|(_, other, _)| !contradict(bytes, other));
        if let (Some((twin, ..)), Some(at)) = (twin, place.when.first()) {
            let message = format!("the same bytes can be `{name}` and `{twin}`");
            document.error_hint(at.clone(), message, "add a condition that only one of them meets");
        }
    }
}

/// Whether no bytes can be both, by conditions and literals.
pub(super) fn differ(one: &Layout, other: &Layout) -> bool {
    contradict(&pinned(one, true), &pinned(other, true))
}

/// The bytes that a telegram must have at fixed offsets: of its conditions, and of its literals if asked.
fn pinned(layout: &Layout, literals: bool) -> BTreeMap<usize, u8> {
    let mut bytes = BTreeMap::new();
    for when in layout.when.iter() {
        let Some(span) = layout.span(&when.path) else { continue };
        let padded = when.value.bytes().chain(std::iter::repeat(b' '));
        bytes.extend(span.range.zip(padded));
    }
    for (number, item) in layout.items().iter().enumerate().filter(|_| literals) {
        let (Item::Literal(literal), Some(offset)) = (item, layout.offset_of(number)) else { continue };
        bytes.extend((offset..).zip(literal.bytes.iter().copied()));
    }
    bytes
}

fn contradict(one: &BTreeMap<usize, u8>, other: &BTreeMap<usize, u8>) -> bool {
    one.iter().any(|(offset, byte)| other.get(offset).is_some_and(|found| found != byte))
}
