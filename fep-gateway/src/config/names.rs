//! Values that several tables of the configuration have: paths of fields, names of telegrams, durations.

use std::time::Duration;

use fep_spec::document::{Document, Located, Table, Value, instead};
use fep_spec::model::{Spec, TelegramSpec};
use fep_spec::report::Code;

/// The longest name of an institution or a line, in characters.
const NAME_MAX_CHARS: usize = 100;

/// Checks the name of an institution or a line. It is in URLs, in the journal, in metrics and in the log.
pub(super) fn check_name(document: &Document, name: &Located<&str>) {
    let is_name = !name.value.is_empty() && name.value.chars().count() <= NAME_MAX_CHARS;
    if !is_name || name.value.chars().any(char::is_control) {
        let message = format!("a name has 1 to {NAME_MAX_CHARS} characters, and none that cannot be printed");
        document.error_hint(Code::BadValue, name.span.clone(), message, "such as bank-a; `label` is for people");
    }
}

/// Returns the path. Reports an error if no telegram of the spec has a field at this path with a fixed offset.
pub(super) fn known_path(document: &Document, spec: &Spec, path: &Located<&str>) -> String {
    if !spec.telegrams.iter().any(|telegram| telegram.layout.span(path.value).is_some()) {
        let message = format!("no telegram of {} has the field `{}` at a fixed place", spec.name, path.value);
        document.error_hint(Code::UnknownName, path.span.clone(), message, "paths go through parts: header.trace_no");
    }
    path.value.to_owned()
}

/// Returns the telegram. Reports an error if the spec has none of this name.
pub(super) fn telegram<'s>(document: &Document, spec: &'s Spec, name: &Located<&str>) -> Option<&'s TelegramSpec> {
    let found = spec.telegram(name.value);
    if found.is_none() {
        let known: Vec<_> = spec.telegrams.iter().map(TelegramSpec::name).collect();
        let message = format!("{} has no telegram `{}`", spec.name, name.value);
        document.error_hint(Code::UnknownName, name.span.clone(), message, instead(name.value, &known));
    }
    found
}

/// Returns the name. Reports an error if the spec has no telegram of this name, or none that is answered.
pub(super) fn known_telegram(document: &Document, spec: &Spec, name: &Located<&str>) -> String {
    if telegram(document, spec, name).is_some_and(|telegram| telegram.answer.is_none()) {
        let message = format!("`{}` has no answer", name.value);
        document.error_hint(Code::WrongReference, name.span.clone(), message, "write `answer = …` at it in the spec");
    }
    name.value.to_owned()
}

/// Reads a table of paths and values: `{ "header.response_code" = "0000" }`.
pub(super) fn values<'d>(table: &Table<'d>, key: &'d str, spec: &Spec) -> Vec<(String, String)> {
    table.table(key).map_or(Vec::new(), |table| values_of(&table, spec))
}

/// Reads the paths and values of a table.
pub(super) fn values_of(table: &Table<'_>, spec: &Spec) -> Vec<(String, String)> {
    let pair = |(path, value): (Located<&str>, Value<'_>)| {
        Some((known_path(table.document(), spec, &path), value.string()?.value.to_owned()))
    };
    table.entries().into_iter().filter_map(pair).collect()
}

/// A duration of 1 ms to one hour.
pub(super) fn ms<'d>(table: &Table<'d>, key: &'d str, default: u64) -> Duration {
    Duration::from_millis(table.integer(key, 1..=3_600_000_u64).map_or(default, |time| time.value))
}
