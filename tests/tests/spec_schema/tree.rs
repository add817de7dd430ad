//! A TOML document as a tree that keeps the order of keys. It can be changed, written as TOML for the reader, and converted to JSON for a
//! validator.

use std::fmt::Write as _;

use serde_json::{Value as Json, json};
use toml::de::{DeTable, DeValue};

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Node {
    Text(String),
    Whole(i64),
    Decimal(f64),
    Flag(bool),
    List(Vec<Node>),
    Table(Vec<(String, Node)>),
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    Key(String),
    At(usize),
}

impl Node {
    /// The tree of a text, or `None` if it is not TOML, or has a date, which JSON lacks.
    pub(crate) fn read(text: &str) -> Option<Self> {
        Self::of_table(DeTable::parse(text).ok()?.get_ref())
    }

    fn of_table(table: &DeTable<'_>) -> Option<Self> {
        let mut entries: Vec<_> = table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let entries =
            entries.into_iter().map(|(key, value)| Some((key.get_ref().to_string(), Self::of(value.get_ref())?)));
        entries.collect::<Option<_>>().map(Self::Table)
    }

    fn of(value: &DeValue<'_>) -> Option<Self> {
        match value {
            DeValue::String(text) => Some(Self::Text(text.to_string())),
            DeValue::Integer(whole) => i64::from_str_radix(whole.as_str(), whole.radix()).ok().map(Self::Whole),
            DeValue::Float(decimal) => decimal.as_str().parse().ok().map(Self::Decimal),
            DeValue::Boolean(flag) => Some(Self::Flag(*flag)),
            DeValue::Datetime(_) => None,
            DeValue::Array(values) => {
                values.iter().map(|value| Self::of(value.get_ref())).collect::<Option<_>>().map(Self::List)
            }
            DeValue::Table(table) => Self::of_table(table),
        }
    }

    /// The document as TOML, one line for each key.
    pub(crate) fn to_toml(&self) -> String {
        let Self::Table(entries) = self else { return String::new() };
        let mut text = String::new();
        for (key, value) in entries {
            let _ = write!(text, "{} = ", quoted(key));
            value.write(&mut text);
            text.push('\n');
        }
        text
    }

    fn write(&self, text: &mut String) {
        match self {
            Self::Text(value) => text.push_str(&quoted(value)),
            Self::Whole(value) => text.push_str(&value.to_string()),
            Self::Decimal(value) => text.push_str(&format!("{value:?}")),
            Self::Flag(value) => text.push_str(&value.to_string()),
            Self::List(values) => {
                text.push('[');
                for value in values {
                    value.write(text);
                    text.push_str(", ");
                }
                text.push(']');
            }
            Self::Table(entries) => {
                text.push('{');
                for (at, (key, value)) in entries.iter().enumerate() {
                    let _ = write!(text, "{}{} = ", if at > 0 { ", " } else { " " }, quoted(key));
                    value.write(text);
                }
                text.push_str(" }");
            }
        }
    }

    /// The document as JSON.
    pub(crate) fn to_json(&self) -> Json {
        match self {
            Self::Text(value) => json!(value),
            Self::Whole(value) => json!(value),
            Self::Decimal(value) => json!(value),
            Self::Flag(value) => json!(value),
            Self::List(values) => values.iter().map(Self::to_json).collect(),
            Self::Table(entries) => {
                Json::Object(entries.iter().map(|(key, value)| (key.clone(), value.to_json())).collect())
            }
        }
    }

    /// The paths of all values, this one included.
    pub(crate) fn paths(&self) -> Vec<Vec<Step>> {
        let mut paths = vec![Vec::new()];
        let mut add = |step: Step, node: &Self| {
            paths.extend(node.paths().into_iter().map(|path| [vec![step.clone()], path].concat()));
        };
        match self {
            Self::List(values) => values.iter().enumerate().for_each(|(at, value)| add(Step::At(at), value)),
            Self::Table(entries) => entries.iter().for_each(|(key, value)| add(Step::Key(key.clone()), value)),
            _ => {}
        }
        paths
    }

    /// The value at a path.
    pub(crate) fn at(&self, path: &[Step]) -> Option<&Self> {
        path.iter().try_fold(self, |node, step| match (node, step) {
            (Self::Table(entries), Step::Key(key)) => {
                entries.iter().find(|(name, _)| name == key).map(|(_, value)| value)
            }
            (Self::List(values), Step::At(at)) => values.get(*at),
            _ => None,
        })
    }

    /// The value at a path, to be changed.
    pub(crate) fn at_mut(&mut self, path: &[Step]) -> Option<&mut Self> {
        path.iter().try_fold(self, |node, step| match (node, step) {
            (Self::Table(entries), Step::Key(key)) => {
                entries.iter_mut().find(|(name, _)| name == key).map(|(_, value)| value)
            }
            (Self::List(values), Step::At(at)) => values.get_mut(*at),
            _ => None,
        })
    }
}

/// A string of TOML. JSON's escapes are those of TOML, except the one for DEL.
fn quoted(text: &str) -> String {
    json!(text).to_string().replace('\u{7F}', "\\u007F")
}
