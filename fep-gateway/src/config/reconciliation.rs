//! `reconciliation`: which file of the institution says what it carried out, and how its records are compared with the exchanges of a day. The
//! comparison is `crate::reconcile`.

mod balances;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use fep_codec::Field;
use fep_codec::layout::{DateForm, Kind, Layout};
use fep_spec::document::{Located, Table, Value, instead};
use fep_spec::model::Spec;
use fep_spec::report::Code;

pub use self::balances::{BalanceRecord, BalancesConfig, MoveConfig, SnapshotFile, ToldAt};
use super::names::{check_name, telegram};
use super::settlement::field_at;

/// `[institutions.NAME.reconciliation.NAME]`: one file of the institution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReconciliationConfig {
    /// `spec`: the spec that has the file. Default: the spec of the institution.
    pub spec: Arc<Spec>,
    /// `file`: the name of the record file in the spec. Default: its only one.
    pub file: String,
    /// `record`: the record that has one transaction.
    pub record: String,
    /// `telegram`: the request that has one.
    pub telegram: String,
    /// `key`: the fields that tell transactions apart, as `{ FIELD_OF_THE_RECORD = "path.of.the.request" }`.
    pub key: Vec<FieldPair>,
    /// `amount`: the fields of the amount, written in the same way. Default: amounts are not compared.
    pub amount: Option<FieldPair>,
    /// `lists`, default `done`: which transactions the file has.
    pub lists: FileLists,
    /// `leaves_out_declined`, default false: whether a file of failures leaves out what an answer declined at once.
    pub leaves_out_declined: bool,
    /// `done`: values of the record's fields by which it was carried out. Default: with `lists = "done"`, each record for which no other
    /// condition holds.
    pub done: Vec<RecordCondition>,
    /// `not_done`: values by which it was not. Default: with `lists = "not_done"`, each record for which no other condition holds.
    pub not_done: Vec<RecordCondition>,
    /// `reversed`: values by which it was moved back. Default: the file does not say so.
    pub reversed: Vec<RecordCondition>,
    /// `date`: the record and the field that say which business date the file is of: `"Header.settled_on"`. Default: the file does not say it.
    pub date: Option<(String, String)>,
    /// `days_around`, default 1: how many calendar days before and after are looked at, for what one side has on another date.
    pub days_around: u8,
    /// `file_max_bytes`, default 64 MiB: how long a file may be that a running gateway takes.
    pub file_max_bytes: u64,
    /// `exceptions_max`, default 1000: how many exceptions of a file a running gateway keeps for persons. A file that shows more is refused.
    pub exceptions_max: u32,
    /// `balances`: how balances are counted from a snapshot. Default: they are not.
    pub balances: Option<BalancesConfig>,
}

/// The default of `file_max_bytes`.
const FILE_MAX_BYTES: u64 = 64 * 1024 * 1024;

/// The highest value of `file_max_bytes`.
const FILE_MAX_BYTES_MAX: u64 = 16 * 1024 * 1024 * 1024;

/// The default of `exceptions_max`.
const EXCEPTIONS_MAX: u32 = 1000;

/// A field of a record and the field of the request that has the same value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldPair {
    /// The path in the record.
    pub record: String,
    /// The path in the request.
    pub request: String,
}

/// A field of a record and the values of which it must have one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordCondition {
    /// The path in the record.
    pub path: String,
    /// The values.
    pub values: Vec<String>,
}

/// Which transactions a file of the institution has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FileLists {
    /// Those that were carried out. It can have others as well, if conditions tell them apart.
    #[default]
    Done,
    /// The failures only. What it does not list was carried out.
    NotDone,
}

/// Reads the table `reconciliation` of an institution.
pub(super) fn read(
    table: Option<Table<'_>>,
    spec: &Arc<Spec>,
    folder: &Path,
) -> BTreeMap<String, ReconciliationConfig> {
    let Some(table) = table else { return BTreeMap::new() };
    let mut all = BTreeMap::new();
    for (name, value) in table.entries() {
        check_name(table.document(), &name);
        let Some(own) = value.table() else { continue };
        own.knows(&["spec", "file", "record", "telegram", "key", "amount", "lists", "done", "not_done", "reversed"]);
        own.knows(&["date", "days_around", "leaves_out_declined", "file_max_bytes", "exceptions_max", "balances"]);
        all.extend(one(&own, spec, folder).map(|one| (name.value.to_owned(), one)));
        own.finish();
    }
    all
}

fn one(table: &Table<'_>, own: &Arc<Spec>, folder: &Path) -> Option<ReconciliationConfig> {
    let record = table.required_string("record");
    let request = table.required_string("telegram");
    let key = table.required("key").and_then(Value::table);
    let spec = spec(table, own, folder)?;
    let file = file(table, &spec)?;
    let layout = record_of(table, &spec, &file, &record?)?;
    let name = request?;
    let request = telegram(table.document(), own, &name)?;
    let pairs = Pairs { table, record: layout, request: &request.layout };
    let key = pairs.read(&key?, "key");
    let amount = table.table("amount").and_then(|amount| pairs.amount(&amount));
    let done = conditions(table, "done", layout);
    let not_done = conditions(table, "not_done", layout);
    let reversed = conditions(table, "reversed", layout);
    said_twice(table, &[("done", &done), ("not_done", &not_done), ("reversed", &reversed)]);
    let lists = table.choice("lists", &[("done", FileLists::Done), ("not_done", FileLists::NotDone)]);
    let balances = table.table("balances").and_then(|balances| {
        let read = balances::read(&balances, (&spec, &file), own, folder);
        balances.finish();
        read
    });
    Some(ReconciliationConfig {
        balances,
        record: layout.name.to_string(),
        telegram: name.value.to_owned(),
        key,
        amount,
        lists: lists.map(|lists| lists.value).unwrap_or_default(),
        leaves_out_declined: table.boolean("leaves_out_declined").is_some_and(|leaves_out| leaves_out.value),
        done,
        not_done,
        reversed,
        date: table.string("date").and_then(|date| date_field(table, &spec, &file, &date)),
        days_around: table.integer("days_around", 0..=7_u8).map_or(1, |days| days.value),
        file_max_bytes: table.integer("file_max_bytes", 1..=FILE_MAX_BYTES_MAX).map_or(FILE_MAX_BYTES, |max| max.value),
        exceptions_max: table.integer("exceptions_max", 1..=10_000_u32).map_or(EXCEPTIONS_MAX, |max| max.value),
        file,
        spec,
    })
}

/// The spec that has the file.
fn spec(table: &Table<'_>, own: &Arc<Spec>, folder: &Path) -> Option<Arc<Spec>> {
    let Some(path) = table.string("spec") else { return Some(Arc::clone(own)) };
    let hint = "a spec file with record files, relative to this file; `fep check` shows its mistakes in their lines";
    Spec::load(&folder.join(path.value))
        .inspect_err(|error| table.document().error_hint(Code::BadValue, path.span, error.to_string(), hint))
        .ok()
        .map(Arc::new)
}

/// The name of the record file.
fn file(table: &Table<'_>, spec: &Spec) -> Option<String> {
    let known: Vec<&str> = spec.files.iter().map(|file| file.name.as_str()).collect();
    match (table.string("file"), known.as_slice()) {
        (Some(name), _) if spec.file(name.value).is_some() => Some(name.value.to_owned()),
        (Some(name), _) => {
            let message = format!("{} has no record file `{}`", spec.name, name.value);
            table.document().error_hint(Code::UnknownName, name.span, message, instead(name.value, &known));
            None
        }
        (None, [only]) => Some((*only).to_owned()),
        (None, several) => {
            let message = format!("{} has {} record files", spec.name, several.len());
            let hint = match several {
                [] => "name a spec that has one with `spec`".to_owned(),
                several => format!("choose one with `file`: {}", several.join(", ")),
            };
            let place = table.key_span("spec").or(table.key_span("record")).unwrap_or_default();
            table.document().error_hint(Code::MissingKey, place, message, hint);
            None
        }
    }
}

fn record_of<'s>(table: &Table<'_>, spec: &'s Spec, file: &str, name: &Located<&str>) -> Option<&'s Layout> {
    let layout = spec.file(file).map(|file| spec.file_layout(file))?;
    let known: Vec<String> = layout.layouts().iter().map(|layout| layout.name.to_string()).collect();
    if known.iter().any(|known| known == name.value) {
        return spec.telegram(name.value).map(|record| &record.layout);
    }
    let message = format!("the file {file} has no record `{}`", name.value);
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    table.document().error_hint(Code::UnknownName, name.span.clone(), message, instead(name.value, &known));
    None
}

/// Reads pairs of fields.
struct Pairs<'p, 't> {
    table: &'p Table<'t>,
    record: &'p Layout,
    request: &'p Layout,
}

impl Pairs<'_, '_> {
    fn read(&self, pairs: &Table<'_>, key: &str) -> Vec<FieldPair> {
        let entries = pairs.entries();
        if entries.is_empty() {
            let place = self.table.key_span(key).unwrap_or_default();
            let hint = "such as { trace_no = \"header.trace_no\" }: a field of the record, and that of the request";
            self.table.document().error_hint(Code::Empty, place, format!("`{key}` has no field"), hint);
        }
        entries.into_iter().filter_map(|(path, value)| self.pair(&path, value)).map(|(pair, ..)| pair).collect()
    }

    fn pair(&self, path: &Located<&str>, value: Value<'_>) -> Option<(FieldPair, &Field, &Field)> {
        let other = value.string()?;
        let own = field_at(self.record, path, self.table);
        let theirs = field_at(self.request, &other, self.table);
        let (own, theirs) = own.zip(theirs)?;
        if let Some(why) = never_equal(own, theirs) {
            let message = format!("`{}` is never equal to `{}` of the request: {why}", path.value, other.value);
            self.table.document().error_hint(
                Code::WrongReference,
                other.span,
                message,
                "compare it with another field",
            );
            return None;
        }
        Some((FieldPair { record: path.value.to_owned(), request: other.value.to_owned() }, own, theirs))
    }

    fn amount(&self, pairs: &Table<'_>) -> Option<FieldPair> {
        let mut read = pairs.entries().into_iter().filter_map(|(path, value)| self.pair(&path, value));
        let first = read.next();
        let rest = read.count();
        let place = || self.table.key_span("amount").unwrap_or_default();
        let (pair, own, theirs) = first?;
        if rest > 0 {
            let hint = "one field of the record, and that of the request: { amount = \"amount\" }";
            self.table.document().error_hint(Code::BadValue, place(), "`amount` has more than one field", hint);
            return None;
        }
        if ![own, theirs].iter().all(|field| matches!(field.kind, Kind::Number(_))) {
            let message = format!("`{}` is not a number", pair.record);
            let hint = "an amount is a number; compare other fields with `key`";
            self.table.document().error_hint(Code::WrongReference, place(), message, hint);
            return None;
        }
        Some(pair)
    }
}

/// Why two fields never have the same value.
fn never_equal(one: &Field, other: &Field) -> Option<&'static str> {
    match (&one.kind, &other.kind) {
        (Kind::Date(one), Kind::Date(other)) if one.pattern.form() != other.pattern.form() => {
            Some("one of them has no year or no day")
        }
        _ if one.pairs_with(other) => None,
        _ => Some("they are fields of different kinds"),
    }
}

/// Reads `{ PATH = VALUE }` or `{ PATH = [VALUE, …] }` for fields of the record.
fn conditions<'d>(table: &Table<'d>, key: &'d str, record: &Layout) -> Vec<RecordCondition> {
    let Some(conditions) = table.table(key) else { return Vec::new() };
    let document = table.document();
    if conditions.entries().is_empty() {
        let place = table.key_span(key).unwrap_or_default();
        let hint = "such as { result = \"0000\" }";
        document.error_hint(Code::Empty, place, format!("`{key}` has no condition"), hint);
    }
    let condition = |(path, value): (Located<&str>, Value<'_>)| {
        let field = field_at(record, &path, table);
        let texts = if value.is_array() { value.array().unwrap_or_default() } else { vec![value] };
        if texts.is_empty() {
            let message = format!("the condition of `{}` has no value, so it never holds", path.value);
            document.error_hint(Code::Empty, path.span.clone(), message, "write the value, or several of them");
        }
        let texts: Vec<_> = texts.into_iter().filter_map(Value::string).collect();
        for text in &texts {
            if let Some((why, hint)) = field.and_then(|field| never_has(field, text.value)) {
                let message = format!("`{}` never has the value \"{}\": {why}", path.value, text.value);
                document.error_hint(Code::BadValue, text.span.clone(), message, hint);
            }
        }
        RecordCondition {
            path: path.value.to_owned(),
            values: texts.iter().map(|text| text.value.to_owned()).collect(),
        }
    };
    conditions.entries().into_iter().map(condition).collect()
}

/// Why a field never has this value as text, and what to do.
fn never_has(field: &Field, text: &str) -> Option<(String, &'static str)> {
    let too_long = || (text.len() > field.len).then(|| format!("the field has {} bytes", field.len));
    match &field.kind {
        Kind::Code(rule) if !rule.codes.is_empty() && !rule.codes.iter().any(|known| known.code == text) => {
            let known: Vec<_> = rule.codes.iter().map(|known| format!("\"{}\"", known.code)).collect();
            let why = format!("the spec has the codes {}", known.join(", "));
            Some((why, "write one of them, or add the code to the list in the spec"))
        }
        Kind::Text(_) | Kind::Digits(_) | Kind::Code(_) if text != text.trim() => {
            Some(("blanks around a value are padding".to_owned(), "write it without them"))
        }
        Kind::Text(_) | Kind::Digits(_) | Kind::Code(_) => Some((too_long()?, "write the value as it is in the file")),
        Kind::Number(rule) if rule.decimals() == 0 => {
            let is_plain = text.parse::<i128>().is_ok_and(|number| number.to_string() == text);
            (!is_plain).then(|| ("it is a number".to_owned(), "write it without zeros in front: \"5\""))
        }
        _ => Some((
            "conditions compare texts, digits, codes and whole numbers".to_owned(),
            "choose a field with the result of the transaction",
        )),
    }
}

/// Notes an error for each value that stands in two conditions, which then say different things about one record.
fn said_twice(table: &Table<'_>, lists: &[(&str, &Vec<RecordCondition>)]) {
    for (at, (key, own)) in lists.iter().enumerate() {
        for (other, conditions) in lists.iter().take(at) {
            let [one, another] = [own, conditions].map(|conditions| conditions.as_slice());
            let ([one], [another]) = (one, another) else { continue };
            let both = one.values.iter().find(|value| one.path == another.path && another.values.contains(value));
            if let Some(value) = both {
                let message = format!("`{}` = \"{value}\" is in `{other}` and in `{key}`", one.path);
                let place = table.key_span(key).unwrap_or_default();
                table.document().error_hint(Code::ConflictingKeys, place, message, "leave it out in one of them");
            }
        }
    }
}

/// The record and the field of `RECORD.FIELD`.
fn date_field(table: &Table<'_>, spec: &Spec, file: &str, date: &Located<&str>) -> Option<(String, String)> {
    let Some((record, path)) = date.value.split_once('.') else {
        let hint = "such as \"Header.settled_on\"";
        table.document().error_hint(Code::BadValue, date.span.clone(), "`date` is a record and its field", hint);
        return None;
    };
    let layout = record_of(table, spec, file, &Located { value: record, span: date.span.clone() })?;
    let field = field_at(layout, &Located { value: path, span: date.span.clone() }, table)?;
    if !matches!(&field.kind, Kind::Date(rule) if rule.pattern.form() == DateForm::Day) {
        let message = format!("`{path}` is not a date with a year, a month and a day");
        let hint = "leave `date` out, and give the date to the command";
        table.document().error_hint(Code::WrongReference, date.span.clone(), message, hint);
        return None;
    }
    Some((record.to_owned(), path.to_owned()))
}

#[cfg(test)]
mod tests;
