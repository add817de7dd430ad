//! Reads what a scenario says about telegrams and their fields, and checks it against the spec.

use std::ops::Range;

use fep_codec::{Layout, Record, json};
use fep_spec::document::{Located, Table, Value, instead};
use fep_spec::model::TelegramSpec;
use fep_spec::report::Code;
use serde_json::{Map, Value as Json};

use super::Reader;
use crate::simulate::scenario::{AccountValue, Assignment, BankValue, Party, Setting};

const FILLINGS: [&str; 12] = [
    "<sequence>",
    "<date>",
    "<time>",
    "<amount>",
    "<fee>",
    "<request.FIELD>",
    "<recalled.FIELD>",
    "<original.FIELD>",
    "<debit.balance>",
    "<credit.balance>",
    "<account.balance>",
    "<state.NAME>",
];

impl<'s> Reader<'s> {
    /// The telegram with this name. Reports an error if the spec has no such telegram.
    pub(super) fn telegram(&self, name: Located<&str>) -> Option<&'s TelegramSpec> {
        let telegram = self.spec.telegram(name.value);
        if telegram.is_none() {
            let known: Vec<&str> = self.spec.telegrams.iter().map(|telegram| &*telegram.layout.name).collect();
            let message = format!("the spec {} has no telegram {}", self.spec.name, name.value);
            self.document.error_hint(Code::UnknownName, name.span, message, instead(name.value, &known));
        }
        telegram
    }

    /// Reports that the telegram needs no answer.
    pub(super) fn not_a_request(&self, name: &Located<&str>) {
        let message = format!("{} is not a request: the spec names no answer to it", name.value);
        self.document.error(Code::WrongReference, name.span.clone(), message);
    }

    /// Returns the path. Reports an error if no telegram of the spec has it.
    pub(super) fn known_somewhere(&self, path: Located<&str>) -> String {
        if !self.spec.telegrams.iter().any(|telegram| Record::new(&telegram.layout).get(path.value).is_some()) {
            self.document.error(
                Code::UnknownName,
                path.span,
                format!("no telegram of the spec {} has a field {}", self.spec.name, path.value),
            );
        }
        path.value.to_owned()
    }

    /// Reports paths that the telegram does not have, and values that its fields cannot have.
    pub(super) fn check_set(&self, layout: &Layout, set: &[(Range<usize>, Assignment)]) {
        for (place, assignment) in set {
            if !self.known_in(layout, Located { value: &assignment.path, span: place.clone() }) {
                continue;
            }
            for setting in &assignment.values {
                let Setting::Constant(value) = setting else { continue };
                let mut fields = Map::new();
                json::put(&mut fields, &assignment.path, value.clone());
                if let Err(error) = Record::from_json_value(layout, &Json::Object(fields)) {
                    self.document.error(
                        Code::BadValue,
                        place.clone(),
                        format!("{}: {}", error.path(), error.message()),
                    );
                }
            }
        }
    }

    pub(super) fn known_in(&self, layout: &Layout, path: Located<&str>) -> bool {
        let known = Record::new(layout).get(path.value).is_some();
        if !known {
            let paths = layout.paths();
            let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
            let message = format!("{} has no field {}", layout.name, path.value);
            match fep_spec::document::nearest(path.value, paths) {
                Some(nearest) => self.document.error_hint(
                    Code::UnknownName,
                    path.span,
                    message,
                    format!("did you mean `{nearest}`?"),
                ),
                None => self.document.error(Code::UnknownName, path.span, message),
            }
        }
        known
    }

    pub(super) fn when(&self, table: Table<'_>, layout: Option<&Layout>) -> Vec<(String, Vec<Json>)> {
        let mut conditions = Vec::new();
        for (place, assignment) in self.assignments(table) {
            match layout {
                Some(layout) => {
                    self.known_in(layout, Located { value: &assignment.path, span: place.clone() });
                }
                None => {
                    self.known_somewhere(Located { value: &assignment.path, span: place.clone() });
                }
            }
            let constants = assignment.values.into_iter().filter_map(|setting| match setting {
                Setting::Constant(value) => Some(value),
                _ => {
                    self.document.error(
                        Code::WrongReference,
                        place.clone(),
                        "a condition compares with values, not with fillings",
                    );
                    None
                }
            });
            conditions.push((assignment.path, constants.collect()));
        }
        conditions
    }

    /// Reads `{ "header.response_code" = "0110" }`. Without the quotes, TOML reads the path as nested tables. They mean the same.
    pub(super) fn assignments(&self, table: Table<'_>) -> Vec<(Range<usize>, Assignment)> {
        let mut all = Vec::new();
        self.flatten("", &table, &mut all);
        all
    }

    fn flatten(&self, within: &str, table: &Table<'_>, all: &mut Vec<(Range<usize>, Assignment)>) {
        for (key, value) in table.entries() {
            let path = if within.is_empty() { key.value.to_owned() } else { format!("{within}.{}", key.value) };
            if value.is_table() {
                if let Some(inner) = value.table() {
                    self.flatten(&path, &inner, all);
                }
                continue;
            }
            let values = if value.is_array() { value.array().unwrap_or_default() } else { vec![value] };
            if values.is_empty() {
                self.document.error(Code::Empty, value.span(), format!("`{path}` has no value"));
            }
            let values = values.into_iter().filter_map(|value| self.setting(value)).collect();
            all.push((key.span, Assignment { path, values }));
        }
    }

    fn setting(&self, value: Value<'_>) -> Option<Setting> {
        if !value.is_string() {
            return json(value).map(Setting::Constant);
        }
        let text = value.string()?;
        let word = text.value.strip_prefix('<').and_then(|rest| rest.strip_suffix('>'));
        let Some(word) = word else { return Some(Setting::Constant(text.value.into())) };
        match word.split_once('.') {
            None if word == "sequence" => Some(Setting::Sequence),
            None if word == "date" => Some(Setting::Date),
            None if word == "time" => Some(Setting::Time),
            Some(("request", path)) => Some(Setting::Request(path.to_owned())),
            Some(("recalled", path)) => Some(Setting::Recalled(path.to_owned())),
            Some(("original", path)) => Some(Setting::Original(path.to_owned())),
            Some(("state", name)) => self.of_state(name, &text),
            None if word == "amount" => Some(Setting::Bank(BankValue::Amount)),
            None if word == "fee" => Some(Setting::Bank(BankValue::Fee)),
            Some(("debit", value)) => Some(about(Party::Debit, value)),
            Some(("credit", value)) => Some(about(Party::Credit, value)),
            Some(("account", value)) => Some(about(Party::Account, value)),
            _ => {
                let message = format!("there is no filling `{}`", text.value);
                self.document.error_hint(Code::UnknownWord, text.span, message, instead(text.value, &FILLINGS));
                None
            }
        }
    }
}

impl Reader<'_> {
    /// The filling for a value of an entry. Only the steps of `[[state]]` are about one.
    fn of_state(&self, name: &str, text: &Located<&str>) -> Option<Setting> {
        let values = self.state_values.borrow();
        let Some(known) = &*values else {
            let message = format!("`{}` is about an entry", text.value);
            let hint = "only the `set` of [[state.on]] and [[state.daily]] can have it";
            self.document.error_hint(Code::WrongReference, text.span.clone(), message, hint);
            return None;
        };
        if !known.contains(name) {
            let names: Vec<&str> = known.iter().map(String::as_str).collect();
            let message = format!("nothing sets `{name}`");
            self.document.error_hint(Code::UnknownName, text.span.clone(), message, instead(name, &names));
        }
        Some(Setting::State(name.to_owned()))
    }
}

/// The filling for a value of an account.
fn about(party: Party, value: &str) -> Setting {
    let value = match value {
        "balance" => AccountValue::Balance,
        "unsigned_balance" => AccountValue::UnsignedBalance,
        "sign" => AccountValue::Sign,
        "available" => AccountValue::Available,
        other => AccountValue::Field(other.to_owned()),
    };
    Setting::Bank(BankValue::Of(party, value))
}

/// A value of the document as JSON.
fn json(value: Value<'_>) -> Option<Json> {
    if value.is_string() {
        value.string().map(|text| text.value.into())
    } else if value.is_integer() {
        value.integer(i64::MIN..=i64::MAX).map(|number| number.value.into())
    } else if value.is_array() {
        value.array()?.into_iter().map(json).collect::<Option<Vec<_>>>().map(Json::Array)
    } else if value.is_table() {
        let entries = value.table()?.entries();
        let entries = entries.into_iter().map(|(key, value)| Some((key.value.to_owned(), json(value)?)));
        entries.collect::<Option<Map<_, _>>>().map(Json::Object)
    } else {
        value.boolean().map(|yes| yes.value.into())
    }
}
