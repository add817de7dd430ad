//! Choices: whether a field decides them, and whether each code of the field has exactly one case.

use std::borrow::Cow;

use fep_codec::Layout;
use fep_codec::layout::{Choice, CodeMeaning, CodeRule, Field, Item, Kind, When};

use super::{elsewhere, ends, when};
use crate::document::Document;
use crate::lower::{CasePlace, Place, is_unknown, lacks_len, may_be_hole};
use crate::model::Spec;
use crate::report::Code;

/// Checks a choice and the field that decides it.
pub(super) fn choice(document: &Document, spec: &Spec, layout: &Layout, number: usize, choice: &Choice, place: &Place) {
    let decider = chooser(document, spec, layout, number, choice, place);
    let mut codes: Vec<&str> = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    let mut has_other = false;
    for (case, at) in choice.cases().iter().zip(&place.cases) {
        let name = &*case.layout.name;
        let is_unread = is_unknown(&case.layout);
        if names.contains(&name) && !is_unread {
            let message = format!("`{name}` stands twice in `{}`", choice.name);
            document.error_hint(
                Code::Duplicate,
                at.name.clone(),
                message,
                "write all its codes at one case: codes = [\"100\", \"200\"]",
            );
        }
        names.push(name);
        if case.codes.is_empty() && has_other && !is_unread {
            let at = at.codes.first().unwrap_or(&at.name).clone();
            document.error_hint(
                Code::Duplicate,
                at,
                format!("`{}` has two cases for other codes", choice.name),
                "leave one out",
            );
        }
        // A case that could not be read may be that of any code.
        has_other |= case.codes.is_empty() || is_unread;
        for (code, at) in case.codes.iter().zip(&at.codes) {
            if codes.contains(&&**code) {
                let message = format!("code \"{code}\" stands twice in `{}`", choice.name);
                document.error_hint(Code::Duplicate, at.clone(), message, "a code means one case");
            }
            codes.push(code);
        }
        if let Some(field) = decider {
            values(document, choice, field, &case.codes, at);
        }
    }
    if let Some(Field { kind: Kind::Code(rule), .. }) = decider
        && !has_other
    {
        caseless(document, choice, rule, place);
    }
}

/// Warns of codes of a closed list that have no case, because a telegram with such a code is refused. An open list is not
/// checked, because it does not list all codes.
fn caseless(document: &Document, choice: &Choice, rule: &CodeRule, place: &Place) {
    let known = rule.codes.iter().filter(|_| !rule.open);
    let missing: Vec<String> = known
        .filter(|known| choice.case_with(&known.code).is_none())
        .map(
            |CodeMeaning { code, label }| {
                if label.is_empty() { format!("\"{code}\"") } else { format!("\"{code}\" ({label})") }
            },
        )
        .collect();
    if !missing.is_empty() {
        let path = &choice.by;
        let name = &choice.name;
        let message = format!("`{name}` has no case for {}, which `{path}` may be", missing.join(", "));
        let hint = "add the case, with items = [] if nothing stands there, or other = true for all that no case names";
        document.warning(Code::MissingCase, place.name.clone(), message, hint);
    }
}

/// Returns the deciding field. If there is none that can decide, notes an error and returns `None`.
fn chooser<'l>(
    document: &Document,
    spec: &Spec,
    layout: &'l Layout,
    number: usize,
    choice: &Choice,
    place: &Place,
) -> Option<&'l Field> {
    let path = &choice.by;
    let name = &choice.name;
    if path.is_empty() || may_be_hole(layout, path) {
        return None;
    }
    let found = layout.span(path).map(|span| span.field).or_else(|| layout.field_before(path, number));
    if found.is_none() && lacks_len(layout) && layout.item_in_parts(path).is_some() {
        return None;
    }
    let (message, hint) = match found {
        None => no_field(spec, layout, choice),
        Some(field) if !field.is_code_like() => (
            format!("`{path}` decides `{name}` and is no text, digits or code field"),
            "a choice is made by a code: kind = \"digits\", \"code\" or \"text\"".to_owned(),
        ),
        Some(Field { computed: Some(_), .. }) => {
            (format!("`{path}` decides `{name}` and is computed"), "name the field that holds the code".to_owned())
        }
        Some(field) => return Some(field),
    };
    document.error_hint(Code::WrongReference, place.key("by"), message, hint);
    None
}

/// The reason why the path does not lead to a code field.
fn no_field(spec: &Spec, layout: &Layout, choice: &Choice) -> when::Wrong {
    let path = &choice.by;
    let name = &choice.name;
    if layout.field_before(path, usize::MAX).is_some() {
        let message = if choice.fixed_len().is_none() {
            format!("`{path}` stands below `{name}`, which it decides and which varies in length")
        } else {
            let varying = ends::varying(layout, layout.items().len());
            format!(
                "`{path}` stands below `{name}`, which it decides, at no fixed offset: `{varying}` varies in length"
            )
        };
        return (message, "move the code above its choice".to_owned());
    }
    let head = path.split(['.', '[']).next().unwrap_or(path);
    let (message, hint) = match layout.item(head) {
        Some((_, Item::Group(group))) if group.layout.array_field().is_some() => (
            format!("`{head}` is an array, so a telegram has several of it"),
            "write the code that decides the choice as a field of its own",
        ),
        Some((_, Item::Group(_))) => (
            format!("`{path}` is in a group, so a telegram can have several of it"),
            "put the choice into the entries, or name a field outside",
        ),
        Some((_, Item::Choice(_))) => {
            (format!("`{path}` is in a choice, so not every telegram has it"), "name a field outside of choices")
        }
        Some((_, Item::Literal(_))) if head == path => {
            (format!("`{path}` is a literal, which always says the same"), "make it a field")
        }
        Some((_, Item::Tail(_))) if head == path => {
            (format!("`{path}` is a tail, and a code has one length"), "give the field a `len`")
        }
        None => {
            let fields = when::paths(layout, "");
            let known: Vec<&str> = fields.iter().map(String::as_str).collect();
            let rule = "`by` names a field of the telegram, part, entry or case that contains the choice: move one of them, or write \
                        the path through parts";
            let message = format!("there is no field `{path}` in `{}` to decide `{name}`", layout.name);
            return (message, elsewhere::advice(spec, layout, path, &known, rule));
        }
        Some(_) => return when::no_field(layout, path),
    };
    (message, hint.to_owned())
}

/// Checks that the deciding field can hold the codes of one case.
fn values(document: &Document, choice: &Choice, field: &Field, codes: &[Cow<'static, str>], at: &CasePlace) {
    for (code, at) in codes.iter().zip(&at.codes) {
        let when = When { path: choice.by.clone(), value: code.clone() };
        if let Some((message, hint)) = when::value(&when, &field.kind, field.len) {
            document.error_hint(Code::BadCode, at.clone(), message, hint);
        }
    }
}
