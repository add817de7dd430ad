//! The table of one telegram: a column for each field of its layout, and the row of a fact.
//!
//! Parts are flattened: `header.trace_no` is the column `header__trace_no`. A group and a choice are one column of JSON, because the number of
//! entries differs from telegram to telegram, and a column for each of 20 entries would be empty mostly. Fillers and constants have no column.
//! No secret value is in a table: its column has a keyed hash, or nothing.

use std::collections::BTreeSet;

use fep_codec::Record;
use fep_codec::layout::{DateForm, Encoding, Field, Item, Kind as FieldKind, Layout};
use fep_codec::record::Value;
use fep_codec::{Error, json};
use fep_protocol::fact::{Class, Fact, SentClass, What};
use serde_json::{Map, Value as Json};

use super::column::{Cell, Column, Kind};
use super::hashing::HashKey;
use crate::time::Rfc3339;

/// The columns in front of the fields.
const FIRST: [(&str, Kind, &str); 7] = [
    ("fep_fact", Kind::Integer, "the fact with the telegram: its only key"),
    ("fep_at", Kind::Timestamp, "when it was stored: before it was sent, or when it had come"),
    ("fep_business_date", Kind::Date, "the business date of the institution then"),
    ("fep_institution", Kind::Text, "the institution"),
    ("fep_exchange", Kind::Text, "the exchange or the notice that it belongs to"),
    ("fep_direction", Kind::Text, "out to the institution, or in from it"),
    (
        "fep_class",
        Kind::Text,
        "what it is there: request, answer, late, inquiry, reversal, step_answer, conflicting, notice or reply",
    ),
];

/// The longest number in a column of whole numbers, in digits: more do not fit into 64 bits.
const INTEGER_MAX_DIGITS: usize = 18;

/// What the rows of a telegram are made by.
#[derive(Debug)]
pub(super) struct TelegramRows<'l> {
    layout: &'l Layout,
    columns: Vec<Column>,
    sources: Vec<(Vec<usize>, Source<'l>)>,
    has_json: bool,
}

/// Where the cell of a column comes from.
#[derive(Debug)]
enum Source<'l> {
    Plain(&'l Field),
    Secret(&'l Field),
    /// A group or a choice at this path.
    Json(String),
}

/// Whether a fact has a telegram that belongs into a table. Duties of a line have none, and what came twice or fits nothing is in the journal.
pub(super) fn has_row(fact: &Fact) -> bool {
    let is_of_business = match fact.what {
        What::Sent(class) => !matches!(class, SentClass::Duty),
        What::Received(class) => {
            matches!(class, Class::Answer | Class::Late | Class::StepAnswer | Class::Conflicting | Class::Notice)
        }
        _ => false,
    };
    is_of_business && fact.exchange.is_some()
}

impl<'l> TelegramRows<'l> {
    /// # Errors
    /// If two fields would have the same column.
    pub(super) fn new(layout: &'l Layout) -> Result<Self, String> {
        let first = FIRST.iter().map(|(name, kind, label)| Column {
            name: (*name).to_owned(),
            kind: *kind,
            label: (*label).to_owned(),
        });
        let mut rows = Self { layout, columns: first.collect(), sources: Vec::new(), has_json: false };
        rows.add(layout, "", &[]);
        let mut names = BTreeSet::new();
        match rows.columns.iter().find(|column| !names.insert(column.name.to_lowercase())) {
            Some(column) => Err(format!("two fields of {} would be the column {}", layout.name, column.name)),
            None => Ok(rows),
        }
    }

    pub(super) fn columns(&self) -> &[Column] {
        &self.columns
    }

    fn add(&mut self, layout: &'l Layout, within: &str, places: &[usize]) {
        for (place, item) in layout.items().iter().enumerate() {
            let Some(name) = item.name() else { continue };
            let path = if within.is_empty() { name.to_owned() } else { format!("{within}.{name}") };
            let places: Vec<_> = places.iter().copied().chain([place]).collect();
            let flat = path.replace('.', "__");
            match item {
                Item::Part(part) => self.add(&part.layout, &path, &places),
                Item::Field(field) | Item::Tail(field) if field.secret => {
                    self.column(format!("{flat}_hash"), Kind::Hash, &field.label, (places, Source::Secret(field)));
                }
                Item::Field(field) | Item::Tail(field) => {
                    self.column(flat, kind(field), &field.label, (places, Source::Plain(field)));
                }
                Item::Group(group) => self.column(flat, Kind::Json, &group.label, (places, Source::Json(path))),
                Item::Choice(choice) => self.column(flat, Kind::Json, &choice.label, (places, Source::Json(path))),
                Item::Literal(_) | Item::Filler(_) => {}
            }
        }
    }

    fn column(&mut self, name: String, kind: Kind, label: &str, source: (Vec<usize>, Source<'l>)) {
        self.has_json |= kind == Kind::Json;
        self.columns.push(Column { name, kind, label: label.to_owned() });
        self.sources.push(source);
    }

    /// The row of a fact of this business date.
    ///
    /// # Errors
    /// If the bytes are not such a telegram.
    pub(super) fn row(
        &self,
        (number, fact): (u64, &Fact),
        telegram: &[u8],
        date: &str,
        key: Option<&HashKey>,
    ) -> Result<Vec<Cell>, Error> {
        let record = Record::decode(self.layout, telegram)?;
        let masked = if self.has_json { masked(&record) } else { Map::new() };
        let mut row = vec![
            Cell::Number(number.into(), number.to_string()),
            Cell::text(Rfc3339(fact.at_ms).to_string()),
            Cell::text(date),
            Cell::text(&*fact.institution),
            Cell::of(fact.exchange),
            Cell::text(fact.what.direction().unwrap_or_default()),
            Cell::text(fact.class().unwrap_or_default()),
        ];
        for (places, source) in &self.sources {
            let value = value_at(record.values(), places);
            row.push(match (source, value) {
                (Source::Json(path), _) => Cell::of(json::get(&masked, path)),
                (Source::Plain(field), Some(value)) => plain(field, value),
                (Source::Secret(field), Some(value)) => match (key, value.to_text(field)) {
                    (Some(key), text) if !text.is_empty() => Cell::Text(key.hash(&text)),
                    _ => Cell::Empty,
                },
                (_, None) => Cell::Empty,
            });
        }
        Ok(row)
    }
}

/// The record as JSON, without secrets.
fn masked(record: &Record<'_>) -> Map<String, Json> {
    match serde_json::to_value(record.masked()) {
        Ok(Json::Object(fields)) => fields,
        _ => Map::new(),
    }
}

fn value_at<'v>(values: &'v [Value], places: &[usize]) -> Option<&'v Value> {
    let (first, rest) = places.split_first()?;
    match (values.get(*first)?, rest) {
        (value, []) => Some(value),
        (Value::Part(values), rest) => value_at(values, rest),
        _ => None,
    }
}

fn plain(field: &Field, value: &Value) -> Cell {
    match value {
        Value::Number(units) => Cell::Number(*units, value.to_text(field)),
        value => Cell::text(value.to_text(field)),
    }
}

/// What the column of a field is.
fn kind(field: &Field) -> Kind {
    match &field.kind {
        FieldKind::Text(_) | FieldKind::Digits(_) | FieldKind::Code(_) => Kind::Text,
        FieldKind::Number(rule) => {
            let of_a_byte = match rule.encoding {
                Encoding::Ascii | Encoding::Ebcdic => 1,
                Encoding::Packed | Encoding::Bcd => 2,
                Encoding::Binary | Encoding::BinaryLittle => 3,
            };
            let digits = field.len * of_a_byte + usize::from(rule.zeros());
            match rule.decimals() {
                0 if digits <= INTEGER_MAX_DIGITS => Kind::Integer,
                decimals => Kind::Decimal { decimals },
            }
        }
        FieldKind::Date(rule) if rule.pattern.form() == DateForm::Day => Kind::Date,
        FieldKind::DateTime(rule) if rule.pattern.has_year() => Kind::LocalTimestamp,
        FieldKind::Date(_) | FieldKind::DateTime(_) => Kind::Text,
        FieldKind::Time(_) => Kind::Time,
        FieldKind::Flag(_) => Kind::Boolean,
        FieldKind::Bytes(_) => Kind::Hex,
    }
}
