//! Messages about text that is not TOML. The parser knows what it expected, and not what a person meant to write in a spec.

use std::ops::Range;

use toml::de::Error;

use super::Document;
use crate::report::{Code, Fix};

/// Notes these errors of a file, without those that only follow from another one.
pub(super) fn note(document: &Document, file: usize, errors: &[Error]) {
    let (base, source) = document.file(file);
    let text = &source.text;
    let within = |span: &Range<usize>| base + span.start..base + span.end;
    // The end of a table whose header is there twice: its keys are there twice only because of the header.
    let mut repeated = 0;
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        let message = error.message().lines().collect::<Vec<_>>().join(", ");
        if message == "duplicate key" {
            if span.start < repeated {
                continue;
            }
            let key = text.get(span.clone()).unwrap_or_default();
            let line = line(text, span.start);
            if text.get(line.clone()).is_some_and(|line| line.trim_start().starts_with('[')) {
                let body = text.get(line.end..).unwrap_or_default();
                repeated = body.find("\n[").map_or(text.len(), |at| line.end + at);
                let hint = "give one of them another name, or write all of it in one table";
                document.error_hint(Code::Syntax, within(&span), format!("there are two tables `{key}`"), hint);
            } else {
                let message = format!("the key `{key}` stands twice in one table");
                document.error_fix(Code::Syntax, within(&span), message, "leave one of them out", Fix::TakeOutCopy);
            }
            continue;
        }
        let (message, hint) = explained(message, text, span.start);
        match hint {
            Some(hint) => document.error_hint(Code::Syntax, within(&span), message, hint),
            None => document.error(Code::Syntax, within(&span), message),
        }
    }
}

/// Whether the rest of the document is not in doubt.
pub(super) fn is_local(error: &Error) -> bool {
    error.message().contains("leading zero") || error.message() == "duplicate key"
}

/// The message, and advice for mistakes that are frequent in specs.
fn explained(message: String, text: &str, at: usize) -> (String, Option<String>) {
    let rest = text.get(at..).unwrap_or_default();
    if message.contains("leading zero") {
        let end = rest.find(|character: char| !character.is_ascii_alphanumeric() && !matches!(character, '.' | '_'));
        let given = rest.get(..end.unwrap_or(rest.len())).unwrap_or_default();
        let number = Some(given.trim_start_matches('0'))
            .filter(|number| number.starts_with(|first: char| first.is_ascii_digit()));
        let number = number.unwrap_or("0");
        return (
            format!("`{given}` has a leading zero, and a number has none"),
            Some(format!(
                "a code is a string: write it in quotes, \"{given}\"; write a number without the zero, {number}"
            )),
        );
    }
    if rest.starts_with(['“', '”', '‘', '’']) {
        return (
            message,
            Some("these are typographic quotes, as a word processor writes them: write \"…\"".to_owned()),
        );
    }
    (message, None)
}

/// The line with this byte, without its end.
fn line(text: &str, at: usize) -> Range<usize> {
    let start = text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |end| end + 1);
    let end = text.get(at..).and_then(|behind| behind.find('\n')).map_or(text.len(), |len| at + len);
    start..end
}
