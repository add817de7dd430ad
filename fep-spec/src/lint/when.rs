//! `when`: each condition must be able to hold, and no two telegrams may claim the same bytes.

use std::collections::BTreeMap;

use fep_codec::layout::{CodeRule, Encoding, Item, Kind, TextRule, When};
use fep_codec::{Charset, Layout};

use super::ends;
use crate::document::{Document, nearest};
use crate::lower::LayoutPlace;
use crate::report::Code;

/// The message about a wrong condition, and the hint.
pub(super) type Wrong = (String, String);

/// Notes conditions that do not name a field, or whose value the field cannot have. Returns true if all conditions are valid.
pub(super) fn resolve(document: &Document, layout: &Layout, place: &LayoutPlace) -> bool {
    let mut resolved = true;
    for (when, at) in layout.when.iter().zip(&place.when) {
        let wrong = match layout.span(&when.path) {
            Some(span) => value(when, &span.field.kind, span.field.len),
            None => Some(no_field(layout, &when.path)),
        };
        if let Some((message, hint)) = wrong {
            document.error_hint(Code::WrongCondition, at.clone(), message, hint);
            resolved = false;
        }
    }
    resolved
}

pub(super) fn value(when: &When, kind: &Kind, len: usize) -> Option<Wrong> {
    let path = &when.path;
    let value = &when.value;
    let full = match kind {
        Kind::Text(_) | Kind::Code(_) => false,
        Kind::Digits(rule) => rule.exact,
        _ => {
            let message = format!("`{path}` is no text, digits or code field");
            return Some((message, "tell telegrams apart by a code field".to_owned()));
        }
    };
    let (message, hint) = match kind {
        _ if value.len() > len || (full && value.len() < len) => (
            format!("\"{value}\" has {} bytes, `{path}` has {len}", value.len()),
            "write the value as it stands on the wire, without padding",
        ),
        Kind::Digits(_) if !value.bytes().all(|byte| byte.is_ascii_digit()) => {
            (format!("\"{value}\" is not digits, `{path}` is"), "mend the value")
        }
        _ if value.ends_with(' ') || !value.is_ascii() => {
            (format!("\"{value}\" must be ASCII, without a space at its end"), "write the value without padding")
        }
        Kind::Code(rule) if !rule.open && rule.codes.iter().all(|known| known.code != *value) => {
            (format!("\"{value}\" is not on the closed list of `{path}`"), "add it to the list")
        }
        _ => return None,
    };
    Some((message, hint.to_owned()))
}

pub(super) fn no_field(layout: &Layout, path: &str) -> Wrong {
    let head = path.split('.').next().unwrap_or(path);
    if let Some((_, Item::Group(_))) = layout.item(head) {
        let message = format!("`{path}` is in a group, so it has no single place");
        return (message, "tell telegrams apart by a field outside of groups".to_owned());
    }
    if let Some((_, Item::Choice(_))) = layout.item(head) {
        let message = format!("`{path}` is in a choice, whose case is not known yet");
        return (message, "tell telegrams apart by a field outside of choices".to_owned());
    }
    if let Some((_, Item::Literal(_))) = layout.item(path) {
        let message = format!("`{path}` is a literal, which is checked anyway");
        return (message, "leave the condition out, or make it a field".to_owned());
    }
    let paths = paths(layout, "");
    if paths.iter().any(|known| known == path) {
        let varying = ends::varying(layout, layout.items().len());
        let message = format!("`{path}` has no fixed offset, because `{varying}` varies in length");
        return (message, "a field that identifies the telegram stands above the items that vary".to_owned());
    }
    let hint = match nearest(path, paths.iter().map(String::as_str)) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "write the path through parts: \"header.telegram_code\"".to_owned(),
    };
    (format!("`{}` has no field `{path}` at a fixed offset", layout.name), hint)
}

/// The paths of all fields outside of groups and choices.
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
pub(super) fn exclude(document: &Document, telegrams: &[(&Layout, &LayoutPlace)]) {
    let telegrams: Vec<_> = telegrams
        .iter()
        .filter(|(layout, _)| !layout.when.is_empty())
        .map(|(layout, place)| (&layout.name, pinned(layout, false), place))
        .collect();
    for (number, (name, bytes, place)) in telegrams.iter().enumerate() {
        let twin = telegrams.iter().take(number).find(|(_, other, _)| !contradict(bytes, other));
        if let (Some((twin, ..)), Some(at)) = (twin, place.when.first()) {
            let message = format!("the same bytes can be `{name}` and `{twin}`");
            document.error_hint(Code::Ambiguous, at.clone(), message, "add a condition that only one of them meets");
        }
    }
}

/// Whether the conditions and literals of two layouts contradict each other, so that no bytes match both.
pub(super) fn differ(one: &Layout, other: &Layout) -> bool {
    contradict(&pinned(one, true), &pinned(other, true))
}

/// The bytes that a telegram must have at fixed offsets: those of its conditions and, with `literals`, those of its literals.
fn pinned(layout: &Layout, literals: bool) -> BTreeMap<usize, u8> {
    let mut bytes = BTreeMap::new();
    for when in layout.when.iter() {
        let Some(span) = layout.span(&when.path) else { continue };
        let padded = when.value.bytes().chain(std::iter::repeat(b' '));
        let in_charset = |charset: Charset, ascii: u8| {
            if ascii == b' ' { charset.space() } else { charset.byte_of(ascii).unwrap_or(ascii) }
        };
        match &span.field.kind {
            Kind::Digits(rule) if rule.encoding == Encoding::Ebcdic => {
                let in_ebcdic = |byte: u8| if byte == b' ' { rule.pad } else { byte | 0xF0 };
                bytes.extend(span.range.zip(padded.map(in_ebcdic)));
            }
            Kind::Text(TextRule { charset, .. }) | Kind::Code(CodeRule { charset, .. }) => {
                bytes.extend(span.range.zip(padded.map(|ascii| in_charset(*charset, ascii))));
            }
            _ => bytes.extend(span.range.zip(padded)),
        }
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
