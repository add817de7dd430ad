//! Choices: whether a field decides them, and whether each of its codes has one case.

use std::borrow::Cow;

use fep_codec::Layout;
use fep_codec::layout::{Choice, Span, When};

use super::when;
use crate::document::Document;
use crate::lower::{CasePlace, Place};

/// A choice and the field that decides it.
pub(super) fn choice(document: &Document, layout: &Layout, choice: &Choice, place: &Place) {
    let span = chooser(document, layout, choice, place);
    let mut codes: Vec<&str> = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    let mut has_other = false;
    for (case, at) in choice.cases().iter().zip(&place.cases) {
        let name = &*case.layout.name;
        if names.contains(&name) {
            let message = format!("`{name}` stands twice in `{}`", choice.name);
            document.error_hint(
                at.name.clone(),
                message,
                "write all its codes at one case: codes = [\"100\", \"200\"]",
            );
        }
        names.push(name);
        if case.codes.is_empty() && has_other {
            let at = at.codes.first().unwrap_or(&at.name).clone();
            document.error_hint(at, format!("`{}` has two cases for other codes", choice.name), "leave one out");
        }
        has_other |= case.codes.is_empty();
        for (code, at) in case.codes.iter().zip(&at.codes) {
            if codes.contains(&&**code) {
                let message = format!("code \"{code}\" stands twice in `{}`", choice.name);
                document.error_hint(at.clone(), message, "a code means one case");
            }
            codes.push(code);
        }
        if let Some(span) = &span {
            values(document, choice, span, &case.codes, at);
        }
    }
}

/// The deciding field, or what is wrong with it.
fn chooser<'l>(document: &Document, layout: &'l Layout, choice: &Choice, place: &Place) -> Option<Span<'l>> {
    let (path, name) = (&choice.by, &choice.name);
    let Some(span) = layout.span(path) else {
        let (message, hint) = when::no_field(layout, path);
        document.error_hint(place.key("by"), message, hint);
        return None;
    };
    if layout.chooser_of(choice).is_none() {
        let message = format!("`{path}` decides `{name}` and is no text, digits or code field");
        document.error_hint(
            place.key("by"),
            message,
            "a choice is made by a code: kind = \"digits\", \"code\" or \"text\"",
        );
        return None;
    }
    if span.field.computed.is_some() {
        let message = format!("`{path}` decides `{name}` and is computed");
        document.error_hint(place.key("by"), message, "name the field that holds the code");
        return None;
    }
    Some(span)
}

/// The codes of one case, which the deciding field must be able to hold.
fn values(document: &Document, choice: &Choice, span: &Span<'_>, codes: &[Cow<'static, str>], at: &CasePlace) {
    for (code, at) in codes.iter().zip(&at.codes) {
        let when = When { path: choice.by.clone(), value: code.clone() };
        if let Some((message, hint)) = when::value(&when, &span.field.kind, span.field.len) {
            document.error_hint(at.clone(), message, hint);
        }
    }
}
