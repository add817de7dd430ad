//! What must differ in a plan: codes that mean different things, and telegrams that a receiver must tell apart.

use std::collections::BTreeMap;

use fep_codec::Record;
use fep_codec::layout::Layout;
use fep_spec::document::Table;
use fep_spec::report::Code;
use serde_json::Value as Json;

use super::{Plan, Telegram};
use crate::fitting::set;
use crate::plans::field;

/// The field of the code is in each answer and takes each code, and codes that mean different things differ.
pub(super) fn codes(root: &Table<'_>, plan: &Plan) {
    let Some(table) = root.table("answers") else { return };
    let Some(path) = table.string("code") else { return };
    let asked = [&plan.start, &plan.offer.telegram, &plan.check.telegram, &plan.end_of_file, &plan.end];
    let layouts: BTreeMap<&str, &Layout> = asked
        .into_iter()
        .filter_map(|telegram| plan.spec.telegram(plan.spec.telegram(&telegram.name)?.answer.as_deref()?))
        .map(|answer| (answer.name(), &answer.layout))
        .collect();
    let mut values = Vec::new();
    for key in ["ok", "there", "other", "incomplete", "refused"] {
        let Some(code) = table.string(key) else { continue };
        for layout in layouts.values() {
            let mut record = Record::new(layout);
            let taken = set(&mut record, path.value, Json::from(code.value)).map_err(|error| error.to_string());
            match taken.and_then(|value| record.each_fits().map(|()| value).map_err(|error| error.to_string())) {
                Ok(value) => values.push((key, value, code.span.clone())),
                Err(why) => root.document().error(Code::BadValue, code.span.clone(), format!("{}: {why}", layout.name)),
            }
        }
    }
    for layout in layouts.values() {
        field(root.document(), layout, &path);
    }
    for (key, value, span) in &values {
        let with = |other: &str| values.iter().any(|(known, same, _)| *known == other && same == value);
        let same = ["ok", "there"].into_iter().find(|other| other != key && with(other));
        if let Some(other) = same {
            let message = format!("`{key}` and `{other}` are the same code");
            let hint = "a sender could not tell whether the other side has the file";
            root.document().error_hint(Code::ConflictingKeys, span.clone(), message, hint);
            return;
        }
    }
}

/// Two telegrams of the protocol that a receiver could not tell apart are a mistake.
pub(super) fn telegrams(root: &Table<'_>, plan: &Plan) {
    let of = |name, telegram| (name, telegram);
    let all: [(&str, &Telegram); 7] = [
        of("start", &plan.start),
        of("offer", &plan.offer.telegram),
        of("data", &plan.data.telegram),
        of("data.again", &plan.data.again),
        of("check", &plan.check.telegram),
        of("end_of_file", &plan.end_of_file),
        of("end", &plan.end),
    ];
    for (number, (name, telegram)) in all.iter().enumerate() {
        for (other_name, other) in all.iter().skip(number + 1) {
            let differs = |(path, value): &(String, String)| {
                other.when.iter().any(|(other_path, other)| other_path == path && other != value)
            };
            let is_data = *other_name == "data.again" && *name == "data";
            if !is_data && telegram.name == other.name && !telegram.when.iter().any(differs) {
                let message =
                    format!("`{name}` and `{other_name}` are both {} and cannot be told apart", telegram.name);
                let hint = "give both a `when` with different values of one field";
                let span = root.key_span(name.split('.').next().unwrap_or(name)).unwrap_or_else(|| root.span());
                root.document().error_hint(Code::ConflictingKeys, span, message, hint);
            }
        }
    }
}
