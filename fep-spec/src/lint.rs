//! Checks that need the whole spec: sums, offsets, counts, choices, conditions, answers, record files.
//!
//! [`crate::lower`] has already checked each table by itself. For an item that could not be read there is a hole in its layout. What
//! depends on the hole is not checked, because a second message about the same mistake does not help; everything else is.

mod elsewhere;
mod names;
mod counts;
mod ends;
mod offsets;
mod links;
mod reach;
mod when;
mod digits;
mod near;
mod apart;
mod choices;
mod views;

use fep_codec::Layout;
use fep_codec::layout::{Group, Item, MarkRelation};

use crate::document::{Document, instead};
use crate::lower::{FilePlace, LayoutPlace, Lowered, Place, TELEGRAM_LEN_MAX, is_hole, lacks_len};
use crate::model::{FileSpec, Note, Spec};
use crate::report::Code;

/// Notes the mistakes in a lowered spec.
pub(crate) fn lint(document: &Document, lowered: &Lowered) {
    let spec = &lowered.spec;
    for (part, place) in spec.parts.iter().zip(&lowered.parts) {
        layout(document, spec, &part.layout, place);
        codes(document, &part.layout, &part.notes, place);
    }
    let mut resolved = Vec::new();
    for (telegram, place) in spec.telegrams.iter().zip(&lowered.telegrams) {
        layout(document, spec, &telegram.layout, place);
        codes(document, &telegram.layout, &telegram.notes, place);
        digits::conditions(document, &telegram.layout, place);
        counts::lengths(document, &telegram.layout, place);
        reach::telegram(document, spec, &telegram.layout, place);
        links::no_entry(document, &telegram.layout, place);
        views::views(document, spec, place);
        if when::resolve(document, &telegram.layout, place) && !place.broken && !lacks_len(&telegram.layout) {
            resolved.push((&telegram.layout, place));
        }
    }
    offsets::offsets(document, lowered);
    apart::apart(document, lowered, &resolved);
    answers(document, lowered);
    files(document, lowered);
}

/// Checks the items of a layout, its maximum length and its stated length.
fn layout(document: &Document, spec: &Spec, layout: &Layout, place: &LayoutPlace) {
    if let Some(places) = &place.items {
        items(document, spec, layout, places);
    }
    let name = &layout.name;
    let max = layout.max_len();
    if max > TELEGRAM_LEN_MAX {
        let message = format!("`{name}` can have {max} bytes, a telegram may have {TELEGRAM_LEN_MAX}");
        document.error_hint(
            Code::TooMuch,
            place.name.clone(),
            message,
            "look for a `max` or a `len` that is too large",
        );
    }
    let (Some(stated), Some(at)) = (layout.stated_len, &place.len) else { return };
    if lacks_len(layout) {
        return;
    }
    match layout.fixed_len() {
        Some(sum) if sum == stated => {}
        Some(sum) => {
            let (more, by) = if sum > stated { ("more", sum - stated) } else { ("fewer", stated - sum) };
            let message = format!("`{name}` states {stated} bytes, its items have {sum}: {by} {more}");
            document.error_hint(Code::LengthMismatch, at.clone(), message, "compare the items' `len` with the sheet's");
        }
        None => {
            let message = format!("`{name}` states {stated} bytes, its items have {} to {max}", layout.min_len());
            let hint =
                format!("leave out `len`: `{}` makes the length vary", ends::varying(layout, layout.items().len()));
            document.error_hint(Code::VaryingLength, at.clone(), message, hint);
        }
    }
}

/// Checks whether fields that are numbers look like codes.
fn codes(document: &Document, layout: &Layout, notes: &[Note], place: &LayoutPlace) {
    if let Some(places) = &place.items {
        digits::codes(document, layout, notes, places);
    }
}

/// Checks the names, offsets, groups, choices and links of one layout, and of the entries and cases that are written inside it.
fn items(document: &Document, spec: &Spec, layout: &Layout, places: &[Place]) {
    for (number, (item, place)) in layout.items().iter().zip(places).enumerate() {
        names::item(document, layout, number, item, place);
        names::paths(document, layout, item, place);
        ends::rest(document, layout, number, item, place);
        match item {
            Item::Group(group) => {
                counts::group(document, spec, layout, number, group, place);
                links::page(document, spec, layout, group, place);
                entry(document, spec, group, place);
            }
            Item::Choice(choice) => {
                choices::choice(document, spec, layout, number, choice, place);
                for (case, place) in choice.cases().iter().zip(&place.cases) {
                    items(document, spec, &case.layout, place.items.as_deref().unwrap_or_default());
                }
            }
            Item::Field(field) => {
                counts::counting(document, layout, field, place);
                links::field(document, layout, number, field, place);
            }
            Item::Tail(_) | Item::Literal(_) | Item::Filler(_) | Item::Part(_) => {}
        }
    }
}

fn entry(document: &Document, spec: &Spec, group: &Group, place: &Place) {
    if let Some(places) = &place.entry {
        items(document, spec, &group.layout, places);
    }
    ends::entry(document, group, place);
    links::sequences(document, group, place);
    if counts::has_length(&group.layout) {
        let message = format!("an entry of `{}` has a computed length, which only a telegram can have", group.name);
        document.error_hint(Code::WrongComputed, place.name.clone(), message, "leave out `computed`");
    }
}

fn answers(document: &Document, lowered: &Lowered) {
    let spec = &lowered.spec;
    for (telegram, place) in spec.telegrams.iter().zip(&lowered.telegrams) {
        let (Some(answer), Some(at)) = (&telegram.answer, &place.answer) else { continue };
        let found = spec.telegrams.iter().zip(&lowered.telegrams).find(|(telegram, _)| telegram.name() == answer);
        let Some((found, found_place)) = found else {
            let message = format!("there is no telegram `{answer}` to answer `{}`", telegram.name());
            document.error_hint(Code::UnknownName, at.clone(), message, instead(answer, &telegram_names(spec)));
            continue;
        };
        let is_read = !lacks_len(&found.layout) && !found_place.broken;
        if is_read && !found.layout.is_recognisable() {
            let message = format!("`{answer}` is an answer and has no `when` and no literal at a fixed offset");
            let hint = "without them it cannot be recognised when it arrives";
            document.error_hint(Code::NotRecognised, at.clone(), message, hint);
        }
    }
}

fn files(document: &Document, lowered: &Lowered) {
    let spec = &lowered.spec;
    for (file, place) in spec.files.iter().zip(&lowered.files) {
        if file.records.is_empty() && place.complete {
            document.error(Code::Empty, place.name.clone(), format!("file `{}` has no records", file.name));
        }
        if spec.telegram(&file.name).is_some() {
            let message = format!("`{}` is a file, and a telegram has the same name", file.name);
            document.error_hint(Code::NameTaken, place.name.clone(), message, "`--telegram` names both: rename one");
        }
        if records(document, lowered, file, place) {
            plan(document, spec, file, place);
        }
    }
}

/// Checks the records of a file, one by one and against each other. Returns true if they have no mistake.
fn records(document: &Document, lowered: &Lowered, file: &FileSpec, place: &FilePlace) -> bool {
    let spec = &lowered.spec;
    let mut clean = !file.records.is_empty();
    for (record, at) in file.telegrams().into_iter().zip(&place.records) {
        let Some(telegram) = spec.telegram(record) else {
            let message = format!("there is no telegram `{record}`");
            document.error_hint(Code::UnknownName, at.clone(), message, instead(record, &telegram_names(spec)));
            clean = false;
            continue;
        };
        let name = telegram.name();
        let broken = lowered.telegrams.iter().zip(&spec.telegrams).any(|(place, of)| of.name() == name && place.broken);
        if broken || telegram.layout.items().iter().any(is_hole) {
            clean = false;
        }
        if lacks_len(&telegram.layout) {
            clean = false;
            continue;
        }
        match (telegram.layout.fixed_len(), file.record_len) {
            (Some(len), Some(record_len)) if len != record_len => {
                let message = format!("record `{name}` has {len} bytes, `record_len` is {record_len}");
                document.error_hint(
                    Code::LengthMismatch,
                    at.clone(),
                    message,
                    "mend one of them; the line end does not count",
                );
                clean = false;
            }
            (None, Some(record_len)) => {
                let message = format!("record `{name}` has no fixed length, `record_len` is {record_len}");
                document.error_hint(Code::VaryingLength, at.clone(), message, "leave out `record_len`");
                clean = false;
            }
            (_, _) => {}
        }
    }
    clean && place.complete && told_apart(document, spec, file, place)
}

/// Notes two records that can stand at one place of the file, if bytes can be both. Returns true if there are none.
fn told_apart(document: &Document, spec: &Spec, file: &FileSpec, place: &FilePlace) -> bool {
    let plan = spec.file_layout(file);
    let mut clean = true;
    for [one, other] in plan.alternatives() {
        if one.compare_marks(other) == MarkRelation::Apart {
            continue;
        }
        let at = file.telegrams().into_iter().zip(&place.records).find(|(name, _)| *name == other.name);
        let at = at.map_or(&place.name, |(_, at)| at);
        let message = format!("a record can be both `{}` and `{}`", one.name, other.name);
        let hint = "give both a `literal` or a `when` at the same place; a record that ends the file can have position = \"last\"";
        document.error_hint(Code::Ambiguous, at.clone(), message, hint);
        clean = false;
    }
    clean
}

/// Notes what the codec finds wrong with the file, and with each of its totals and serial numbers. One that is wrong is left out
/// when the next one is checked.
fn plan(document: &Document, spec: &Spec, file: &FileSpec, place: &FilePlace) {
    let mut clean = FileSpec { totals: Vec::new(), serials: Vec::new(), ..file.clone() };
    let check = |file: &FileSpec, at: &std::ops::Range<usize>| {
        let checked = spec.file_layout(file).check();
        if let Err(error) = &checked {
            document.error(Code::WrongFile, at.clone(), error.what.to_string());
        }
        checked.is_ok()
    };
    if !check(&clean, &place.name) {
        return;
    }
    for (total, at) in file.totals.iter().zip(&place.totals) {
        clean.totals.push(total.clone());
        if !check(&clean, at) {
            clean.totals.pop();
        }
    }
    for (serial, at) in file.serials.iter().zip(&place.serials) {
        clean.serials.push(serial.clone());
        if !check(&clean, at) {
            clean.serials.pop();
        }
    }
}

fn telegram_names(spec: &Spec) -> Vec<&str> {
    spec.telegrams.iter().map(|telegram| telegram.name()).collect()
}
