//! The differences for a terminal: by telegram, what moved by the same number of bytes in one line; then what breaks.

use std::fmt;

use super::{Break, Bytes, Change, Class, Diff, Sender};

/// Writes the differences.
pub(super) fn write(diff: &Diff, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let version = |version: &super::Version| format!("{} {}", version.spec, version.version);
    writeln!(f, "{} → {}", version(&diff.old), version(&diff.new))?;
    if diff.is_empty() {
        return writeln!(f, "no differences");
    }
    let all = diff.changes.iter().map(|change| (change.telegram.as_deref().unwrap_or("the spec"), change));
    let of_nothing = |change: &Change| Change { telegram: None, ..change.clone() };
    for (telegrams, own) in together(all.map(|(telegram, change)| (telegram, of_nothing(change)))) {
        writeln!(f, "\n{telegrams}")?;
        changes(f, &own)?;
    }
    breaks(f, diff)
}

/// The things that are the same for the same telegrams together, each with the names of these telegrams.
fn together<'d, T: PartialEq>(all: impl Iterator<Item = (&'d str, T)>) -> Vec<(String, Vec<T>)> {
    let mut with: Vec<(T, Vec<&str>)> = Vec::new();
    for (telegram, thing) in all {
        match with.iter_mut().find(|(known, _)| *known == thing) {
            Some((_, telegrams)) => telegrams.push(telegram),
            None => with.push((thing, vec![telegram])),
        }
    }
    let mut groups: Vec<(Vec<&str>, Vec<T>)> = Vec::new();
    for (thing, telegrams) in with {
        match groups.iter_mut().find(|(known, _)| *known == telegrams) {
            Some((_, things)) => things.push(thing),
            None => groups.push((telegrams, vec![thing])),
        }
    }
    groups.into_iter().map(|(telegrams, things)| (names(&telegrams), things)).collect()
}

/// The names of telegrams, the first ones if there are many.
fn names(telegrams: &[&str]) -> String {
    const MOST: usize = 5;
    let shown: Vec<&str> = telegrams.iter().take(MOST).copied().collect();
    match telegrams.len().saturating_sub(MOST) {
        0 => shown.join(", "),
        more => format!("{} and {more} more telegrams", shown.join(", ")),
    }
}

fn changes(f: &mut fmt::Formatter<'_>, changes: &[Change]) -> fmt::Result {
    let mut rest = changes;
    while let Some(first) = rest.first() {
        let run = first_run(rest);
        if run > 1 {
            let last = rest.get(run - 1).map(name).unwrap_or_default();
            let by = shift(first).unwrap_or_default();
            writeln!(f, "  {:9} moved by {by:+} bytes: {} to {last}, {run} items", word(Class::Layout), name(first))?;
        } else {
            line(f, first)?;
        }
        rest = rest.get(run..).unwrap_or_default();
    }
    Ok(())
}

/// The number of changes from here on that are one move by the same number of bytes.
fn first_run(changes: &[Change]) -> usize {
    let Some(first) = changes.first().and_then(shift) else { return 1 };
    changes.iter().take_while(|change| shift(change) == Some(first)).count().max(1)
}

/// By how many bytes an item moved.
fn shift(change: &Change) -> Option<i64> {
    let offset = |bytes: Option<Bytes>| bytes?.offset.and_then(|offset| i64::try_from(offset).ok());
    (change.change == "moved").then_some(())?;
    Some(offset(change.new_bytes)? - offset(change.old_bytes)?)
}

fn line(f: &mut fmt::Formatter<'_>, change: &Change) -> fmt::Result {
    let name = name(change);
    let place =
        change.new_bytes.or(change.old_bytes).filter(|_| matches!(change.change, "added" | "removed" | "resized"));
    let place = place.map(|bytes| format!(", bytes {}", bytes.range())).unwrap_or_default();
    let what = match (&change.old, &change.new) {
        (Some(old), Some(new)) => format!("{}: {old} → {new}", change.change),
        (Some(old), None) if change.change == "removed" => format!("removed: {old}"),
        (Some(old), None) => format!("{}: without {old}", change.change),
        (None, Some(new)) if change.change == "added" => format!("added: {new}"),
        (None, Some(new)) => format!("{}: with {new}", change.change),
        (None, None) => format!("{} changed", change.change),
    };
    let separator = if name.is_empty() { "" } else { "  " };
    writeln!(f, "  {:9} {name}{separator}{what}{place}", word(change.class))
}

/// The path and the label.
fn name(change: &Change) -> String {
    let path = change.path.as_deref().unwrap_or_default();
    match (path, change.label.as_str()) {
        ("", "") if change.new_bytes.or(change.old_bytes).is_some() => "reserved bytes".to_owned(),
        ("", label) => label.to_owned(),
        (path, "") => path.to_owned(),
        (path, label) => format!("{path} {label}"),
    }
}

fn breaks(f: &mut fmt::Formatter<'_>, diff: &Diff) -> fmt::Result {
    if diff.breaks.is_empty() {
        return writeln!(f, "\nnothing breaks: each version reads the telegrams of the other as the same values");
    }
    for (sender, title) in [
        (Sender::Old, "telegrams of the old version that the new one refuses or reads as other values"),
        (Sender::New, "telegrams of the new version that the old one refuses or reads as other values"),
    ] {
        let own: Vec<_> = diff.breaks.iter().filter(|found| found.sender == sender).collect();
        if own.is_empty() {
            continue;
        }
        writeln!(f, "\nbreaking: {title}")?;
        for (telegrams, reasons) in together(own.into_iter().map(|found| (found.telegram.as_str(), sentence(found)))) {
            writeln!(f, "  {telegrams}")?;
            reasons.iter().try_for_each(|reason| writeln!(f, "    {reason}"))?;
        }
    }
    Ok(())
}

/// A break in one line, without its telegram.
pub(super) fn sentence(found: &Break) -> String {
    let bytes = match &found.bytes {
        Some(bytes) if bytes.len() == 1 => format!(", byte {}", bytes.start),
        Some(bytes) if bytes.is_empty() => format!(", at byte {}", bytes.start),
        Some(bytes) => format!(", bytes {}-{}", bytes.start, bytes.end - 1),
        None => String::new(),
    };
    let path = found.path.as_deref().unwrap_or_default();
    let bytes = if path.is_empty() { bytes.trim_start_matches(", ").to_owned() } else { bytes };
    let colon = if path.is_empty() && bytes.is_empty() { "" } else { ": " };
    let example = found.example.as_ref().map(|example| {
        let value = |value: &Option<String>| value.clone().unwrap_or_else(|| "refused".to_owned());
        format!(": {} is {} before and {} now", example.content, value(&example.old), value(&example.new))
    });
    format!("{path}{bytes}{colon}{}{}", found.reason, example.unwrap_or_default())
}

/// The word of a class.
pub(super) const fn word(class: Class) -> &'static str {
    match class {
        Class::Layout => "layout",
        Class::Value => "value",
        Class::Name => "name",
        Class::Document => "document",
    }
}
