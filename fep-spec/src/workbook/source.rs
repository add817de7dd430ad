//! The text of a spec → a [`Draft`]: the same keys in the same order, and nothing checked.
//!
//! The text is valid TOML, and a spec without errors. Comments are left out, because a workbook has no place for them.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::draft::{Draft, DraftCodes, DraftItem, DraftTable, Entry, Value};

/// The draft with the keys of a spec and of the files that it includes, or `None` if one of them has a value that no spec has. The last text is
/// the spec.
pub(super) fn draft(texts: &[&str]) -> Option<Draft> {
    let mut draft = Draft::default();
    for text in texts {
        // Only the spec has keys that are no tables, and its includes are in the draft.
        draft.head.clear();
        add(&mut draft, text)?;
    }
    draft.head.retain(|entry| entry.key != "include");
    Some(draft)
}

/// Adds the keys of a text.
fn add(draft: &mut Draft, text: &str) -> Option<()> {
    let root = DeTable::parse(text.strip_prefix('\u{FEFF}').unwrap_or(text)).ok()?;
    for Entry { key, value } in entries(root.get_ref())? {
        match (key.as_str(), value) {
            ("types", Value::Table(letters)) => {
                for Entry { key, value } in letters {
                    draft.types.push((key, inner(value)?));
                }
            }
            ("codes", Value::Table(lists)) => {
                for Entry { key, value } in lists {
                    draft.codes.push(codes(key, inner(value)?)?);
                }
            }
            ("parts", Value::Table(tables)) => draft.parts.extend(tables_of(tables)?),
            ("telegrams", Value::Table(tables)) => draft.telegrams = tables_of(tables)?,
            ("files", Value::Table(tables)) => draft.files = tables_of(tables)?,
            (_, value) => draft.head.push(Entry { key, value }),
        }
    }
    Some(())
}

/// The value of a TOML literal, as a cell of the sheet `fep` holds it.
pub(super) fn literal(text: &str) -> Option<Value> {
    let line = format!("value = {text}\n");
    let root = DeTable::parse(&line).ok()?;
    let mut entries = entries(root.get_ref())?;
    let only = entries.pop().filter(|entry| entries.is_empty() && entry.key == "value")?;
    Some(only.value)
}

/// The entries of a table in the order of the text.
fn entries(table: &DeTable<'_>) -> Option<Vec<Entry>> {
    let mut pairs: Vec<_> = table.iter().collect();
    pairs.sort_by_key(|(key, _)| key.span().start);
    pairs.into_iter().map(|(key, value)| Some(Entry { key: key.get_ref().to_string(), value: of(value)? })).collect()
}

fn of(value: &Spanned<DeValue<'_>>) -> Option<Value> {
    Some(match value.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(integer) => Value::Number(i64::from_str_radix(integer.as_str(), integer.radix()).ok()?),
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Array(values) => Value::List(values.iter().map(of).collect::<Option<_>>()?),
        DeValue::Table(table) => Value::Table(entries(table)?),
        DeValue::Float(_) | DeValue::Datetime(_) => return None,
    })
}

fn inner(value: Value) -> Option<Vec<Entry>> {
    if let Value::Table(entries) = value { Some(entries) } else { None }
}

fn listed(value: Value) -> Option<Vec<Vec<Entry>>> {
    if let Value::List(values) = value { values.into_iter().map(inner).collect() } else { None }
}

fn codes(name: String, mut entries: Vec<Entry>) -> Option<DraftCodes> {
    let codes = taken(&mut entries, "codes").map_or(Some(Vec::new()), listed)?;
    Some(DraftCodes { name, entries, codes, doubts: Vec::new() })
}

fn tables_of(tables: Vec<Entry>) -> Option<Vec<DraftTable>> {
    let table = |Entry { key, value }| {
        let mut entries = inner(value)?;
        let items = items(taken(&mut entries, "items"))?;
        Some(DraftTable { name: key, entries, items, doubts: Vec::new() })
    };
    tables.into_iter().map(table).collect()
}

fn items(value: Option<Value>) -> Option<Vec<DraftItem>> {
    value.map_or(Some(Vec::new()), listed)?.into_iter().map(item).collect()
}

/// An item or a case.
fn item(mut entries: Vec<Entry>) -> Option<DraftItem> {
    let below = items(taken(&mut entries, "items"))?;
    let cases = items(taken(&mut entries, "cases"))?;
    Some(DraftItem { entries, items: below, cases, ..DraftItem::default() })
}

/// Takes a key out of a table.
fn taken(entries: &mut Vec<Entry>, key: &str) -> Option<Value> {
    let at = entries.iter().position(|entry| entry.key == key)?;
    Some(entries.remove(at).value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_toml_is_the_same_draft() {
        let one = "spec = \"a\"\n[telegrams.T]\nwhen = { \"h.c\" = \"1\" }\nitems = [{ name = \"n\", len = 0x10 }]\n";
        let other = "spec = 'a'\n[[telegrams.T.items]]\nname = 'n'\nlen = 16\n[telegrams.T.when]\n\"h.c\" = '1'\n";
        let one = draft(&[one]).unwrap();
        let other = draft(&[other]).unwrap();
        assert_eq!((&one.head, &one.telegrams), (&other.head, &other.telegrams));
        assert_eq!(
            literal("[\"a\", { b = true }]").map(|value| value.to_string()),
            Some("[\"a\", { b = true }]".to_owned())
        );
        assert_eq!([literal("1.5"), literal("1\nb = 2"), literal(""), literal("{")], [None, None, None, None]);
    }
}
