//! Reads which fields pair an answer with its request: for the institution, and for single telegrams.

use std::collections::BTreeMap;

use fep_spec::document::{Located, Table, Value};
use fep_spec::model::{Spec, TelegramSpec};
use fep_spec::report::Code;

use super::names::known_path;
use super::{TelegramKey, TelegramLimits};

/// Reads `key` of an institution.
pub(super) fn of_institution(table: &Table<'_>, spec: &Spec) -> Vec<String> {
    let paths = table.required("key").and_then(Value::array).unwrap_or_default();
    paths.into_iter().filter_map(Value::string).map(|path| known_path(table.document(), spec, &path)).collect()
}

/// Reads `key` and `answer_key` of a telegram. `common` is the key of the institution.
pub(super) fn of_telegram(table: &Table<'_>, spec: &Spec, telegram: &str, common: &[String]) -> Option<TelegramKey> {
    let [own, theirs] = ["key", "answer_key"].map(|name| table.array(name));
    let place = ["key", "answer_key"].into_iter().find_map(|name| table.key_span(name))?;
    let answer = spec.telegram(telegram).and_then(|known| known.answer.as_deref())?;
    let refuse = |message: &str, hint: &str| {
        table.document().error_hint(Code::ConflictingKeys, place.clone(), message, hint);
    };
    if common.is_empty() {
        let hint =
            "with `key = []` the line alone tells whose an answer is: leave this out, or give the institution a key";
        refuse("a telegram cannot have a key if the institution has none", hint);
    }
    let paths = |paths: Vec<Value<'_>>, name: &str| {
        let paths = paths.into_iter().filter_map(Value::string);
        paths.map(|path| fixed_path(table, spec, name, &path)).collect::<Vec<_>>()
    };
    let key = own.map_or_else(|| common.to_vec(), |own| paths(own, telegram));
    let answer_key = theirs.map_or_else(|| key.clone(), |theirs| paths(theirs, answer));
    if key.is_empty() {
        refuse("the key of a telegram cannot be empty", "name the fields by which its answer is known");
    } else if key.len() != answer_key.len() {
        let message = format!("the key has {} fields in {telegram} and {} in {answer}", key.len(), answer_key.len());
        refuse(&message, "the first field of `key` is compared with the first one of `answer_key`, and so on");
    }
    Some(TelegramKey { key, answer_key })
}

/// Reports requests that have the same answer and different key fields in it. An answer is known by its key before it is known whose it
/// is. `table` is the table of the telegrams.
pub(super) fn agree(table: &Table<'_>, spec: &Spec, telegrams: &BTreeMap<String, TelegramLimits>, common: &[String]) {
    let own = |name: &str| telegrams.get(name).and_then(|limits| limits.key.as_ref());
    let in_answer = |name: &str| own(name).map_or(common, |key| &key.answer_key);
    for (name, _) in table.entries().iter().filter(|(name, _)| own(name.value).is_some()) {
        let Some(answer) = spec.telegram(name.value).and_then(|telegram| telegram.answer.as_deref()) else { continue };
        let is_told_there = |other: &str| own(other).is_some() && other < name.value;
        let differs = |other: &&str| in_answer(other) != in_answer(name.value) && !is_told_there(other);
        let asking = spec.telegrams.iter().filter(|other| other.answer.as_deref() == Some(answer));
        if let Some(other) = asking.map(TelegramSpec::name).find(differs) {
            let message = format!("{} and {other} have the answer {answer}, with different key fields", name.value);
            let hint = format!("give both the same `answer_key`: {answer} does not say which of them it answers");
            table.document().error_hint(Code::ConflictingKeys, name.span.clone(), message, hint);
        }
    }
}

/// Returns the path. Reports an error if the telegram has no such field with a fixed offset.
fn fixed_path(table: &Table<'_>, spec: &Spec, telegram: &str, path: &Located<&str>) -> String {
    if spec.telegram(telegram).is_some_and(|known| known.layout.span(path.value).is_none()) {
        let message = format!("{telegram} has no field `{}` at a fixed place", path.value);
        let hint =
            "a key field is at the same offset in every telegram of its kind; paths go through parts: header.trace_no";
        table.document().error_hint(Code::UnknownName, path.span.clone(), message, hint);
    }
    path.value.to_owned()
}
