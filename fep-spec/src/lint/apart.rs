//! What tells telegrams apart: no two telegrams may claim the same bytes, unless the order decides, and every telegram needs a mark.
//!
//! | marks of two telegrams | finding |
//! |---|---|
//! | contradict each other | none |
//! | the upper one has all marks of the lower one, and more | none: the lower one is for all other bytes |
//! | the lower one has all marks of the upper one | the lower one is never found |
//! | both can hold for the same bytes | they cannot be told apart |
//!
//! Records of files are compared with the records of the same file only, unless they have a `when`.

use fep_codec::Layout;
use fep_codec::layout::{Item, Mark, MarkRelation};

use super::near;
use crate::document::Document;
use crate::lower::{LayoutPlace, Lowered};
use crate::model::Spec;
use crate::report::Code;

/// Notes telegrams that received bytes cannot identify. `telegrams` are those without a mistake.
pub(super) fn apart(document: &Document, lowered: &Lowered, telegrams: &[(&Layout, &LayoutPlace)]) {
    let spec = &lowered.spec;
    let layouts: Vec<&Layout> = telegrams.iter().map(|(layout, _)| *layout).collect();
    let mut near = near::pairs(&layouts).into_iter().peekable();
    for (number, (layout, place)) in telegrams.iter().enumerate() {
        let earlier: Vec<usize> =
            std::iter::from_fn(|| near.next_if(|(later, _)| *later == number)).map(|(_, earlier)| earlier).collect();
        let earlier = earlier.into_iter().filter_map(|at| layouts.get(at).copied());
        let clashes = earlier.filter_map(|twin| Some((clash(spec, twin, layout)?, twin)));
        // One finding for a telegram is enough: first comes a twin with the same marks.
        if let Some((clash, twin)) = clashes.min_by_key(|(clash, _)| *clash == MarkRelation::Crossing) {
            note(document, clash, twin, layout, place);
        }
    }
    // After an error these may be untrue, or follow from it.
    if document.has_errors() || telegrams.len() < spec.telegrams.len() {
        return;
    }
    let unmarked = |(layout, _): &&(&Layout, &LayoutPlace)| !layout.is_recognisable() && !spec.is_record(&layout.name);
    let known =
        telegrams.iter().map(|(layout, _)| *layout).find(|layout| layout.is_recognisable() && is_told(spec, layout));
    match (known, telegrams.iter().filter(unmarked).collect::<Vec<_>>().as_slice()) {
        (None, [(_, place), _, ..]) => document.remark(
            Code::NotRecognised,
            place.name.clone(),
            "no telegram has a `when` or a literal at a fixed offset, so bytes do not say which telegram they are",
            "name the telegram with --telegram, or add when = { … } with the field that holds its code",
        ),
        (Some(known), unmarked) => {
            for (layout, place) in unmarked.iter().filter(|(layout, _)| !is_answer(spec, layout)) {
                let name = &layout.name;
                let message = format!(
                    "`{name}` has no `when` and no literal at a fixed offset, so bytes are never recognised as it"
                );
                document.remark(Code::NotRecognised, place.name.clone(), message, missing(known, layout));
            }
        }
        _ => {}
    }
}

/// Whether bytes without a name can be this telegram: it is no record of a file, or it has a `when`.
fn is_told(spec: &Spec, layout: &Layout) -> bool {
    !layout.when.is_empty() || !spec.is_record(&layout.name)
}

/// An answer without marks is an error of its own.
fn is_answer(spec: &Spec, layout: &Layout) -> bool {
    spec.telegrams.iter().any(|telegram| telegram.answer.as_deref() == Some(&layout.name))
}

/// How the marks of two telegrams clash, if they do and if the order does not decide.
fn clash(spec: &Spec, earlier: &Layout, later: &Layout) -> Option<MarkRelation> {
    let is_compared = |layout: &Layout| layout.is_recognisable() && is_told(spec, layout);
    if !is_compared(earlier) || !is_compared(later) {
        return None;
    }
    match earlier.compare_marks(later) {
        MarkRelation::Apart | MarkRelation::Narrower => None,
        clash @ (MarkRelation::Same | MarkRelation::Wider | MarkRelation::Crossing) => Some(clash),
    }
}

/// Notes two telegrams that cannot be told apart. It is an error if both have conditions, which are there to tell them apart.
fn note(document: &Document, clash: MarkRelation, twin: &Layout, layout: &Layout, place: &LayoutPlace) {
    let name = &layout.name;
    let other = &twin.name;
    let both = both_have(twin, layout);
    let more = third(twin, layout);
    let (message, hint) = match clash {
        MarkRelation::Wider => (
            format!("`{name}` is never found: all its bytes are `{other}` above{both}"),
            format!("move `{name}` above `{other}`: the first telegram whose conditions and literals hold is found"),
        ),
        MarkRelation::Same => (format!("the same bytes can be `{name}` and `{other}`{both}"), more),
        _ => {
            let nothing =
                if both.is_empty() { ": no condition or literal of one contradicts the other" } else { &both };
            (format!("the same bytes can be `{name}` and `{other}`{nothing}"), more)
        }
    };
    match place.when.first() {
        Some(at) if !twin.when.is_empty() => document.error_hint(Code::Ambiguous, at.clone(), message, hint),
        at => document.warning(Code::Ambiguous, at.unwrap_or(&place.name).clone(), message, hint),
    }
}

/// `: both have "0100" at byte 4`
fn both_have(one: &Layout, other: &Layout) -> String {
    let known = one.known_bytes();
    let shown = |range: &std::ops::Range<usize>| {
        let bytes: Vec<u8> = range.clone().filter_map(|at| known.get(&at).copied()).collect();
        let text = match std::str::from_utf8(&bytes) {
            Ok(text) if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) => format!("{text:?}"),
            _ => bytes.iter().fold("hex".to_owned(), |text, byte| format!("{text} {byte:02x}")),
        };
        format!("{text} at byte {}", range.start)
    };
    let shared: Vec<String> = one.shared_marks(other).iter().map(shown).collect();
    if shared.is_empty() { String::new() } else { format!(": both have {}", shared.join(" and ")) }
}

/// Advice: a condition that could tell the two apart.
fn third(one: &Layout, other: &Layout) -> String {
    let taken = |path: &str| [one, other].iter().any(|layout| layout.when.iter().any(|when| when.path == path));
    let mut paths = Vec::new();
    candidates(one, "", &mut paths);
    let both = paths.into_iter().find(|path| {
        let places = (one.span(path), other.span(path));
        let same = matches!(&places, (Some(one), Some(other)) if one.range == other.range);
        same && !taken(path) && other.has_field(path)
    });
    let name = &other.name;
    match both {
        Some(path) => format!(
            "add a condition that only one of them meets, in both telegrams: for example on `{path}`, which `{name}` has at the same place"
        ),
        None => "add a condition or a literal at the same place in both that only one of them meets; or name the telegram with --telegram"
            .to_owned(),
    }
}

/// The paths of the fields that could hold a code.
fn candidates(layout: &Layout, prefix: &str, paths: &mut Vec<String>) {
    for item in layout.items() {
        match item {
            Item::Field(field) if field.is_code_like() && !field.secret && field.computed.is_none() => {
                paths.push(format!("{prefix}{}", field.name));
            }
            Item::Part(part) => candidates(&part.layout, &format!("{prefix}{}.", part.name), paths),
            _ => {}
        }
    }
}

/// Advice for a telegram without marks: a mark like that of another one.
fn missing(known: &Layout, layout: &Layout) -> String {
    let other = &known.name;
    let name = &layout.name;
    let field = known.all_marks().into_iter().find_map(|mark| match mark {
        Mark::Field { path, value, .. } if layout.has_field(path) => {
            Some(format!("`{other}` has `{path}` = \"{value}\": write when = {{ \"{path}\" = \"…\" }} at `{name}` too"))
        }
        _ => None,
    });
    field.unwrap_or_else(|| {
        format!("`{other}` has one: give `{name}` a condition or a literal that tells them apart, or name it with --telegram")
    })
}
