//! `when`: each condition must be able to hold.

use fep_codec::Layout;
use fep_codec::layout::{Computed, Item, Kind, LengthScope, Span, When};
use fep_core::codes::units;

use super::ends;
use crate::document::{Document, nearest};
use crate::lower::{LayoutPlace, lacks_len, may_be_hole};
use crate::report::Code;

/// The message about a wrong condition, and the hint.
pub(super) type Wrong = (String, String);

/// Notes conditions that do not name a field, or whose value the field cannot have. Returns true if all conditions are valid.
pub(super) fn resolve(document: &Document, layout: &Layout, place: &LayoutPlace) -> bool {
    let mut resolved = true;
    for (when, at) in layout.when.iter().zip(&place.when) {
        let wrong = match layout.span(&when.path) {
            Some(span) => value(when, &span.field.kind, span.field.len).or_else(|| computed(layout, when, &span)),
            None if may_be_hole(layout, &when.path) => {
                resolved = false;
                None
            }
            // Its offset is not known, and its values are.
            None if lacks_len(layout) && matches!(layout.item_in_parts(&when.path), Some(Item::Field(_))) => {
                resolved = false;
                match layout.item_in_parts(&when.path) {
                    Some(Item::Field(field)) => value(when, &field.kind, field.len),
                    _ => None,
                }
            }
            None => Some(no_field(layout, &when.path)),
        };
        if let Some((message, hint)) = wrong {
            document.error_hint(Code::WrongCondition, at.clone(), message, hint);
            resolved = false;
        }
    }
    resolved
}

/// A condition on a field that the encoder fills in with other values.
fn computed(layout: &Layout, when: &When, span: &Span<'_>) -> Option<Wrong> {
    let path = &when.path;
    let wanted: usize = when.value.parse().ok()?;
    let (least, most) = match span.field.computed.as_ref()? {
        Computed::Length(_) if lacks_len(layout) => return None,
        Computed::Length(scope) => {
            let before = match scope {
                LengthScope::All => 0,
                LengthScope::Rest => span.range.end,
            };
            (layout.min_len().saturating_sub(before), layout.max_len().saturating_sub(before))
        }
        Computed::Count(group) => match layout.item(group) {
            Some((_, Item::Group(group))) => (0, group.repeat.max()),
            _ => return None,
        },
        _ => return None,
    };
    if (least..=most).contains(&wanted) {
        return None;
    }
    let possible = if least == most { least.to_string() } else { format!("{least} to {most}") };
    let message = format!("`{path}` is computed as {possible} and never \"{}\"", when.value);
    Some((message, "name a field that tells telegrams apart, or mend the value".to_owned()))
}

pub(super) fn value(when: &When, kind: &Kind, len: usize) -> Option<Wrong> {
    let path = &when.path;
    let value = &when.value;
    let possible = kind.code_bytes(value, len).is_some();
    let wrong = |message: String, hint: &str| Some((message, hint.to_owned()));
    match kind {
        Kind::Date(_) | Kind::Time(_) | Kind::DateTime(_) => {
            let message = format!("`{path}` is a date or a time, which does not identify a telegram");
            wrong(message, "tell telegrams apart by a field of text, digits, a code, a number, a flag or bytes")
        }
        Kind::Number(rule) if !value.is_empty() && units(value, rule.decimals().into()).is_none() => {
            wrong(format!("\"{value}\" is no number, `{path}` is"), "write its value in digits, like \"200\"")
        }
        Kind::Number(_) if !possible => {
            wrong(format!("`{path}` has {len} bytes and can never be \"{value}\""), "mend the value, or the field")
        }
        Kind::Flag(_) if !possible => wrong(
            format!("`{path}` is a flag and never \"{value}\""),
            "write \"true\" or \"false\", or the character of its `yes` or `no`",
        ),
        Kind::Bytes(_) if !possible => wrong(
            format!("`{path}` has {len} bytes, \"{value}\" is not {} hex digits", len.saturating_mul(2)),
            "write bytes as hex digits, like \"02FF\"",
        ),
        Kind::Number(_) | Kind::Flag(_) | Kind::Bytes(_) => None,
        Kind::Text(_) | Kind::Code(_) | Kind::Digits(_) => text_value(when, kind, len),
    }
}

/// [`value`] for the kinds whose codes are characters.
fn text_value(when: &When, kind: &Kind, len: usize) -> Option<Wrong> {
    let path = &when.path;
    let value = &when.value;
    let full = matches!(kind, Kind::Digits(rule) if rule.exact);
    let (room, unit) = match kind {
        Kind::Digits(rule) if rule.is_half() => (rule.capacity(len), "digits"),
        _ => (len, "bytes"),
    };
    let (message, hint) = match kind {
        _ if value.len() > room || (full && value.len() < room) => (
            format!("\"{value}\" has {} {unit}, `{path}` has {room}", value.len()),
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
    let head = path.split(['.', '[']).next().unwrap_or(path);
    if let Some((_, Item::Group(group))) = layout.item(head) {
        if group.layout.array_field().is_some() {
            let message = format!("`{head}` is an array, so it has no single place");
            return (message, "write the value that tells telegrams apart as a field of its own".to_owned());
        }
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
pub(super) fn paths(layout: &Layout, prefix: &str) -> Vec<String> {
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
