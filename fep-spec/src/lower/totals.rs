//! Totals and serial numbers of record files.

use std::borrow::Cow;
use std::ops::Range;

use fep_codec::files::{Counted, FieldOf, Minus, Only, Serial, Summed, Tally, Total};

use crate::document::{Located, Table, Value};
use crate::report::{Code, Fix};

/// `{ field = "Trailer.total", sum = "Data.amount", where = { kind = "1" }, last_digits = 10 }`
pub(super) fn total(table: Table<'_>) -> Option<(Total, Range<usize>)> {
    let document = table.document();
    let field = table.required_string("field");
    let count = table.get("count");
    let except = table.get("except");
    let sum = table.get("sum");
    let blocks = table.boolean("blocks");
    let has_only = table.has("where");
    let only = table.table("where").and_then(|table| only(&table, "where"));
    let minus = table.get("minus");
    let absolute = table.boolean("absolute").is_some_and(|absolute| absolute.value);
    let last_digits = table.integer("last_digits", 1..=LAST_DIGITS_MAX).map(|digits| digits.value);
    let span = table.span();
    table.finish();
    let field = field?;
    let FieldOf { record, field: path } = field_of(&field, document)?;
    let tally = match (count, sum, blocks) {
        (Some(count), None, None) => Tally::Count { of: counted(count, except)? },
        (None, Some(sum), None) => Tally::Sum { of: summed(sum)? },
        (None, None, Some(blocks)) if blocks.value => Tally::Blocks,
        _ => {
            let hint = "write count = \"Data\", sum = \"Data.amount\", or blocks = true";
            document.error_hint(
                Code::ConflictingKeys,
                span,
                "a total has exactly one of `count`, `sum` and `blocks`",
                hint,
            );
            return None;
        }
    };
    if let (Some(except), false) = (except, matches!(tally, Tally::Count { of: Counted::All { .. } })) {
        let hint = "it leaves records out of count = \"*\"; otherwise name only the records that count";
        document.error_hint(Code::ConflictingKeys, except.span(), "`except` is only for a count of all records", hint);
        return None;
    }
    let minus = match minus {
        Some(minus) => Some(Cow::Owned(self::minus(minus)?)),
        None => None,
    };
    if has_only && only.is_none() {
        return None;
    }
    let is_blocks = matches!(tally, Tally::Blocks);
    if is_blocks && (only.is_some() || minus.is_some()) {
        document.error_hint(
            Code::ConflictingKeys,
            span,
            "a count of blocks has neither `where` nor `minus`",
            "leave them out",
        );
        return None;
    }
    Some((Total { record, field: path, tally, only, minus, absolute, last_digits }, field.span))
}

/// `"Data"`, `["Data", "Note"]`, or `"*"`.
fn counted(count: Value<'_>, except: Option<Value<'_>>) -> Option<Counted> {
    let mut names = names(count, "count = [\"Entry\", \"Addenda\"]")?;
    if names.iter().any(|name| name == "*") {
        if names.len() > 1 {
            let hint = "write count = \"*\", and the records that do not count in `except`";
            count.document().error_hint(
                Code::ConflictingKeys,
                count.span(),
                "\"*\" stands for all records, and others stand beside it",
                hint,
            );
            return None;
        }
        let except = except.map_or_else(|| Some(Vec::new()), |except| self::names(except, "except = [\"Header\"]"))?;
        return Some(Counted::All { except: Cow::Owned(except) });
    }
    Some(if names.len() == 1 { Counted::Record(names.remove(0)) } else { Counted::Records(Cow::Owned(names)) })
}

/// `"Data.amount"`, or `["Data.amount", "Note.fee"]`.
fn summed(sum: Value<'_>) -> Option<Summed> {
    let mut fields = fields(sum, "sum = [\"Data.amount\", \"Data.fee\"]")?;
    Some(if fields.len() == 1 { Summed::Field(fields.remove(0)) } else { Summed::Fields(Cow::Owned(fields)) })
}

/// `{ kind = "2" }`, or fields as in `sum`.
fn minus(value: Value<'_>) -> Option<Minus> {
    if value.is_table() {
        return only(&value.table()?, "minus").map(Minus::Records);
    }
    summed(value).map(Minus::Fields)
}

/// `{ field = "Data.no", from = 1, to = 999, restart = "BatchHeader", gaps = true }`
pub(super) fn serial(table: Table<'_>) -> Option<(Serial, Range<usize>)> {
    let document = table.document();
    let field = table.required("field");
    let from = table.get("from");
    let to = table.integer("to", 1..=NUMBER_MAX).map(|to| to.value);
    let restart = table.get("restart");
    let gaps = table.boolean("gaps").is_some_and(|gaps| gaps.value);
    table.finish();
    let field = field?;
    let fields = Cow::Owned(fields(field, "field = [\"Header.no\", \"Data.no\"]")?);
    let from = match from {
        None => Some(1),
        Some(any) if any.is_string() => {
            let word = any.string()?;
            if word.value != "any" {
                document.error_hint(
                    Code::BadValue,
                    word.span,
                    format!("`from` cannot be \"{}\"", word.value),
                    "write a number, or \"any\"",
                );
                return None;
            }
            None
        }
        Some(number) => Some(number.integer(0..=NUMBER_MAX)?.value),
    };
    let restart = match restart {
        Some(restart) => names(restart, "restart = \"BatchHeader\"")?,
        None => Vec::new(),
    };
    Some((Serial { fields, from, to, restart: Cow::Owned(restart), gaps }, field.span()))
}

/// One name, or a list of them without repetitions.
fn names(value: Value<'_>, example: &str) -> Option<Vec<Cow<'static, str>>> {
    let texts = texts(value, example)?;
    Some(texts.into_iter().map(|text| Cow::Owned(text.value.to_owned())).collect())
}

/// One field of a record, or a list of them without repetitions.
fn fields(value: Value<'_>, example: &str) -> Option<Vec<FieldOf>> {
    texts(value, example)?.iter().map(|text| field_of(text, value.document())).collect()
}

fn texts<'d>(value: Value<'d>, example: &str) -> Option<Vec<Located<&'d str>>> {
    let values = if value.is_array() { value.array()? } else { vec![value] };
    if values.is_empty() {
        value.document().error_hint(Code::Empty, value.span(), "an empty list", format!("write {example}"));
        return None;
    }
    let texts: Vec<Located<&str>> = values.into_iter().map(Value::string).collect::<Option<_>>()?;
    for (index, text) in texts.iter().enumerate() {
        if texts.iter().take(index).any(|before| before.value == text.value) {
            let message = format!("`{}` stands twice", text.value);
            let span = text.span.clone();
            value.document().error_fix(Code::Duplicate, span, message, "leave one out", Fix::TakeOutCopy);
            return None;
        }
    }
    Some(texts)
}

/// `Trailer.total`
fn field_of(path: &Located<&str>, document: &crate::document::Document) -> Option<FieldOf> {
    let parts = path.value.split_once('.').filter(|(record, field)| !record.is_empty() && !field.is_empty());
    if parts.is_none() {
        let message = format!("`{}` names no field of a record", path.value);
        let hint = "write the record's name, a dot and the field's: \"Trailer.total\"";
        document.error_hint(Code::BadValue, path.span.clone(), message, hint);
    }
    let (record, field) = parts?;
    Some(FieldOf { record: Cow::Owned(record.to_owned()), field: Cow::Owned(field.to_owned()) })
}

/// `{ kind = "1" }`, or `{ kind = ["1", "3"] }`.
fn only(table: &Table<'_>, key: &str) -> Option<Only> {
    let document = table.document();
    let entries = table.entries();
    let [(field, value)] = entries.as_slice() else {
        let hint = format!("write {key} = {{ kind = \"1\" }}");
        document.error_hint(Code::BadValue, table.span(), format!("`{key}` names one field"), hint);
        return None;
    };
    let values = if value.is_array() { value.array()? } else { vec![*value] };
    let values: Option<Vec<_>> =
        values.into_iter().map(|value| Some(Cow::Owned(value.string()?.value.to_owned()))).collect();
    Some(Only { field: Cow::Owned(field.value.to_owned()), values: Cow::Owned(values?) })
}

/// The most digits that `last_digits` can keep.
pub(crate) const LAST_DIGITS_MAX: u32 = 38;

/// The greatest first or last number of a numbering.
pub(crate) const NUMBER_MAX: u64 = 999_999_999_999_999_999;
