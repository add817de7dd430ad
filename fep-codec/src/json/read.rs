//! JSON → record: the mirror of `write.rs`.

use alloc::string::String;
use alloc::vec::Vec;

use serde_json::{Map, Value as Json};

use super::tree::parse;
use crate::error::{Culprit, Error, Fault};
use crate::layout::{Choice, DatePattern, DateTimePattern, Field, Item, Kind, Layout, Literal, NumberRule};
use crate::record::{Record, Value, absent, in_item, nearest, unknown, within_parents};

impl<'l> Record<'l> {
    /// Reads a telegram's fields from JSON text. Fields that are not given stay [`Value::Absent`].
    ///
    /// # Errors
    /// If the text is not JSON, names a field that the layout lacks, or a value does not read as its field's kind.
    pub fn from_json(layout: &'l Layout, text: &str) -> Result<Self, Error> {
        Self::from_json_value(layout, &parse(text)?)
    }

    /// Reads a telegram's fields from a JSON object that is already parsed; [`parse`] refuses keys that stand twice.
    ///
    /// # Errors
    /// Those of [`Record::from_json`].
    pub fn from_json_value(layout: &'l Layout, fields: &Json) -> Result<Self, Error> {
        Ok(Self::from_values(layout, items(layout, fields)?))
    }

    /// Puts a JSON value at a path: a field's value, or a whole part or group, `body.items[3]` excepted.
    ///
    /// # Errors
    /// If the layout has nothing there, with the name that was probably meant, or the value does not read as what stands
    /// there. Then the record is as it was.
    pub fn set_json(&mut self, path: &str, json: &Json) -> Result<(), Error> {
        let layout = self.layout();
        let Some((item, place)) = self.find_mut(path) else { return Err(unknown(layout, path)) };
        let value = match item {
            Item::Field(field) | Item::Tail(field) => {
                field_value(field, json).map_err(|fault| in_item(fault, item, path))
            }
            Item::Choice(choice) => {
                // The case stays: the code that means it stands elsewhere.
                let Value::Choice(number, _) = place else { return Err(in_item(Fault::Missing, item, path)) };
                let number = *number;
                let Some(case) = choice.cases().get(number) else { return Err(unknown(layout, path)) };
                let body = items(&case.layout, json).map_err(|error| error.within(path));
                body.map(|values| Value::Choice(number, values))
            }
            Item::Filler(_) => Err(unknown(layout, path)),
            Item::Literal(_) | Item::Part(_) | Item::Group(_) => {
                item_value(item, json).map_err(|error| within_parents(error, path))
            }
        };
        *place = value?;
        Ok(())
    }
}

fn items(layout: &Layout, json: &Json) -> Result<Vec<Value>, Error> {
    let Json::Object(object) = json else {
        return Err(wrong_type("an object of fields", json));
    };
    check_names(layout, object)?;
    let absent = absent(layout).into_iter();
    let values = layout.items().iter().zip(absent).map(|(item, absent)| match (item, item.name()) {
        (Item::Choice(choice), Some(name)) => case_value(choice, object.get(name), object),
        (_, Some(name)) => object.get(name).map_or(Ok(absent), |json| item_value(item, json)),
        (_, None) => Ok(absent),
    });
    values.collect()
}

/// A choice's case is the one that the code beside it means.
fn case_value(choice: &Choice, json: Option<&Json>, siblings: &Map<String, Json>) -> Result<Value, Error> {
    let mut path = choice.by.split('.');
    let code = path.next().and_then(|name| siblings.get(name));
    let code = path.try_fold(code, |json, name| json.map(|json| json.get(name)).ok_or(())).ok().flatten();
    let Some(code) = code.and_then(Json::as_str) else {
        // Without a code there is no case; if there is a body nevertheless, the code is what is missing.
        let Some(_) = json else { return Ok(Value::Absent) };
        let error = Error::new(Culprit::Caller, Fault::Missing);
        return Err(choice.by.rsplit('.').fold(error, Error::within));
    };
    let Some(number) = choice.case_with(code) else {
        let error = Error::new(Culprit::Caller, choice.no_such_case());
        return Err(choice.by.rsplit('.').fold(error, Error::within));
    };
    let Some(case) = choice.cases().get(number) else { return Ok(Value::Absent) };
    match json {
        Some(json) => items(&case.layout, json).map_err(|error| error.within(&choice.name)),
        None => Ok(absent(&case.layout)),
    }
    .map(|values| Value::Choice(number, values))
}

fn check_names(layout: &Layout, object: &Map<String, Json>) -> Result<(), Error> {
    for name in object.keys() {
        if layout.item(name).is_none() {
            let nearest = nearest(layout, name).map(Into::into);
            return Err(Error::new(Culprit::Caller, Fault::UnknownField { nearest }).within(name));
        }
    }
    Ok(())
}

fn item_value(item: &Item, json: &Json) -> Result<Value, Error> {
    match item {
        Item::Field(field) | Item::Tail(field) => {
            field_value(field, json).map_err(|fault| Error::in_field(Culprit::Caller, fault, field))
        }
        Item::Literal(literal) => literal_value(literal, json),
        Item::Filler(_) | Item::Choice(_) => Ok(Value::Absent),
        Item::Part(part) => items(&part.layout, json).map(Value::Part).map_err(|error| error.within(&part.name)),
        Item::Group(group) => {
            let Json::Array(entries) = json else {
                return Err(wrong_type("an array of entries", json).within(&group.name));
            };
            let entry =
                |(index, json)| items(&group.layout, json).map_err(|error| error.at_entry(index).within(&group.name));
            entries.iter().enumerate().map(entry).collect::<Result<_, _>>().map(Value::Group)
        }
    }
}

fn literal_value(literal: &Literal, json: &Json) -> Result<Value, Error> {
    let given = json.as_str();
    if given == Some(&super::write::literal_text(literal)) {
        return Ok(Value::Bytes(literal.bytes.to_vec()));
    }
    Err(Error::new(Culprit::Caller, Fault::NotTheLiteral).within(&literal.name))
}

fn field_value(field: &Field, json: &Json) -> Result<Value, Fault> {
    match (&field.kind, json) {
        (_, Json::Null) => Ok(Value::None),
        (Kind::Text(_) | Kind::Digits(_) | Kind::Code(_), Json::String(text)) => Ok(Value::Text(text.clone())),
        (Kind::Number(rule), Json::Number(number)) if rule.scale == 0 => number
            .as_i128()
            .map(Value::Number)
            .ok_or(Fault::Unreadable { expected: "a whole number; large ones as a string, \"12345678901234567890\"" }),
        (Kind::Number(_), Json::Number(_)) => {
            Err(Fault::Unreadable { expected: "a decimal string such as \"12.05\", for this field has decimals" })
        }
        (Kind::Number(rule), Json::String(text)) => decimal(rule, text).map(Value::Number),
        (Kind::Date(rule), Json::String(text)) if rule.pattern == DatePattern::MmDd => {
            Ok(Value::MonthDay(text.parse()?))
        }
        (Kind::Date(_), Json::String(text)) => Ok(Value::Date(text.parse()?)),
        (Kind::Time(_), Json::String(text)) => Ok(Value::Time(text.parse()?)),
        (Kind::DateTime(rule), Json::String(text)) if rule.pattern == DateTimePattern::MmDdHhMmSs => {
            Ok(Value::MonthDayTime(text.parse()?))
        }
        (Kind::DateTime(_), Json::String(text)) => Ok(Value::DateTime(text.parse()?)),
        (Kind::Flag(_), Json::Bool(flag)) => Ok(Value::Flag(*flag)),
        (Kind::Bytes(_), Json::String(text)) => {
            hex(text).map(Value::Bytes).ok_or(Fault::Unreadable { expected: "hex, two digits a byte" })
        }
        (kind, json) => Err(Fault::WrongType { expected: kind.json_name(), found: name_of(json) }),
    }
}

/// `"12.05"` with scale 2 is 1205. Fewer decimals are filled up, more are refused.
fn decimal(rule: &NumberRule, text: &str) -> Result<i128, Fault> {
    let unreadable = Fault::Unreadable { expected: "a decimal number with no more decimals than the field has" };
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let scale = usize::from(rule.scale);
    let point_without_decimals = digits.contains('.') && decimals.is_empty();
    if whole.is_empty() || point_without_decimals || decimals.len() > scale {
        return Err(unreadable);
    }
    let zeros = core::iter::repeat_n('0', scale - decimals.len());
    let mut value = 0_i128;
    for digit in whole.chars().chain(decimals.chars()).chain(zeros) {
        let digit = digit.to_digit(10).ok_or_else(|| unreadable.clone())?;
        value = value
            .checked_mul(10)
            .and_then(|value| value.checked_add(i128::from(digit)))
            .ok_or(Fault::Overflow { holder: "a number of 38 digits" })?;
    }
    Ok(if negative { -value } else { value })
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    pairs.iter().map(|[high, low]| Some(digit(*high)? * 16 + digit(*low)?)).collect()
}

#[cold]
fn wrong_type(expected: &'static str, json: &Json) -> Error {
    Error::new(Culprit::Caller, Fault::WrongType { expected, found: name_of(json) })
}

const fn name_of(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "true or false",
        Json::Number(_) => "a number",
        Json::String(_) => "a string",
        Json::Array(_) => "an array",
        Json::Object(_) => "an object",
    }
}

impl Kind {
    /// What a field of this kind is in JSON, in words for messages.
    const fn json_name(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Digits(_) => "a string of digits, for zeros at its start count",
            Self::Code(_) => "a string with the code",
            Self::Number(_) => "a number",
            Self::Date(_) => "a string with a date",
            Self::Time(_) => "a string with a time",
            Self::DateTime(_) => "a string with a date and a time",
            Self::Flag(_) => "true or false",
            Self::Bytes(_) => "a hex string",
        }
    }
}
