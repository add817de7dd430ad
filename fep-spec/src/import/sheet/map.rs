//! The mapping file: what a person knows about the sheets of an institution, kept for the next version of the sheet.
//!
//! ```toml
//! charset = "cp949"
//!
//! [head]                        # the keys of the spec
//! spec = "bank-a"
//! version = "2026-11-01"
//!
//! [columns]                     # by heading, as it is written; or by column letter, with `row`: the row of the heading, from 1
//! "항목설명" = "name"
//!
//! [types]                       # the letters of the sheet
//! H = { kind = "number" }
//!
//! [words]                       # English names
//! "펌뱅킹" = "firm_banking"
//! ```

use std::collections::BTreeMap;

use serde::Deserialize;

use super::grid::{Grid, cell_name};
use super::heading::{self, Heading, Role};
use super::kind::Options;
use crate::draft::{Draft, Entry, Value};
use crate::import::plain::{self, word};

/// What a mapping file says.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SheetMap {
    charset: Option<String>,
    head: BTreeMap<String, String>,
    row: Option<u32>,
    columns: BTreeMap<String, String>,
    types: BTreeMap<String, BTreeMap<String, toml::Value>>,
    words: BTreeMap<String, String>,
}

/// The words for columns in a mapping file.
const ROLES: [(&str, Role); 17] = [
    ("number", Role::Number),
    ("level", Role::Level),
    ("name", Role::Name),
    ("english", Role::English),
    ("type", Role::Type),
    ("length", Role::Length),
    ("scale", Role::Scale),
    ("from", Role::From),
    ("to", Role::To),
    ("running", Role::Running),
    ("parent", Role::Parent),
    ("repeat", Role::Repeat),
    ("required", Role::Required),
    ("request", Role::Request),
    ("answer", Role::Answer),
    ("value", Role::Value),
    ("remark", Role::Remark),
];

impl SheetMap {
    /// Reads a mapping file.
    ///
    /// # Errors
    /// What is wrong in it, with its line.
    pub fn parse(text: &str) -> Result<Self, String> {
        let map: Self = toml::from_str(text).map_err(|error| error.to_string())?;
        if let Some((column, role)) =
            map.columns.iter().find(|(_, role)| role_of(role).is_none() && role.as_str() != "ignore")
        {
            let words: Vec<_> = ROLES.iter().map(|(word, _)| *word).collect();
            return Err(format!("[columns] `{column}`: `{role}` is none of {}, ignore", words.join(", ")));
        }
        Ok(map)
    }

    pub(super) fn charset(&self) -> Option<&str> {
        self.charset.as_deref()
    }

    pub(super) fn head(&self, key: &str) -> Option<&str> {
        self.head.get(key).map(String::as_str)
    }

    pub(super) fn words(&self) -> &BTreeMap<String, String> {
        &self.words
    }

    /// What a column is by its heading, or by its letters in the row of the heading. `Some(None)` if it is ignored.
    fn column(&self, row: u32, heading: &str, letters: &str) -> Option<Option<Role>> {
        let heading = word(heading);
        let is_row = self.row.is_some_and(|own| own == row + 1);
        let by_letters = self.columns.get(letters).filter(|_| is_row);
        let by_heading =
            self.columns.iter().find(|(name, _)| word(name) == heading && !heading.is_empty()).map(|(_, role)| role);
        by_letters.or(by_heading).map(|role| role_of(role))
    }

    pub(super) fn types(&self) -> BTreeMap<String, Options> {
        let options = |options: &BTreeMap<String, toml::Value>| {
            let mut entries: Options =
                options.iter().filter_map(|(key, value)| Some(Entry::new(key.as_str(), value_of(value)?))).collect();
            entries.sort_by_key(|entry| entry.key != "kind");
            entries
        };
        self.types.iter().map(|(letter, own)| (letter.clone(), options(own))).collect()
    }
}

fn role_of(word: &str) -> Option<Role> {
    ROLES.iter().find(|(own, _)| *own == word).map(|(_, role)| *role)
}

fn value_of(value: &toml::Value) -> Option<Value> {
    Some(match value {
        toml::Value::String(text) => Value::Text(text.clone()),
        toml::Value::Integer(number) => Value::Number(*number),
        toml::Value::Boolean(flag) => Value::Flag(*flag),
        toml::Value::Array(values) => Value::List(values.iter().filter_map(value_of).collect()),
        toml::Value::Table(table) => Value::Table(
            table.iter().filter_map(|(key, value)| Some(Entry::new(key.as_str(), value_of(value)?))).collect(),
        ),
        toml::Value::Float(_) | toml::Value::Datetime(_) => return None,
    })
}

/// The headings that begin in a row, with what the mapping file says about columns.
pub(super) fn headings(grid: &Grid, row: u32, map: &SheetMap) -> Vec<Heading> {
    heading::headings(grid, row, &|column, text| {
        let name = cell_name((row, column));
        map.column(row, text, name.trim_end_matches(|end: char| end.is_ascii_digit()))
    })
}

/// What was understood, as a mapping file: the next version of the sheet is imported in the same way.
pub(super) fn learned(draft: &Draft, headings: &[&Heading], sounds: &[(String, String)]) -> String {
    let mut text =
        String::from("# What `fep import` understood. Change it where it is wrong, and import with --map.\n\n");
    let head = |key: &str| draft.head.iter().find(|entry| entry.key == key).map(|entry| entry.value.to_string());
    let line = |text: &mut String, key: &str, value: &str| {
        text.push_str(key);
        text.push_str(" = ");
        text.push_str(value);
        text.push('\n');
    };
    if let Some(charset) = head("charset") {
        line(&mut text, "charset", &charset);
    }
    text.push_str("\n[head]\n");
    for key in ["spec", "title", "version", "source"] {
        if let Some(value) = head(key) {
            line(&mut text, key, &value);
        }
    }
    text.push_str("\n[columns]\n");
    let mut columns: BTreeMap<String, &str> = BTreeMap::new();
    for heading in headings {
        for (column, role) in &heading.roles {
            let known = ROLES.iter().find(|(_, own)| own == role).map(|(word, _)| *word);
            let name = heading.texts.get(column).map(|text| plain::line(text)).filter(|name| !name.is_empty());
            if let (Some(known), Some(name)) = (known, name) {
                columns.entry(name).or_insert(known);
            }
        }
    }
    columns.iter().for_each(|(name, role)| {
        line(&mut text, &Value::from(name.as_str()).to_string(), &Value::from(*role).to_string())
    });
    text.push_str("\n[types]\n");
    for (letter, options) in &draft.types {
        line(&mut text, &Value::from(letter.as_str()).to_string(), &Value::Table(options.clone()).to_string());
    }
    text.push_str("\n[words]\n");
    for (label, name) in sounds {
        line(&mut text, &Value::from(label.as_str()).to_string(), &Value::from(name.as_str()).to_string());
    }
    text
}
