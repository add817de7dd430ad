//! JSON → record: the mirror of `write.rs`.

use alloc::string::String;
use alloc::vec::Vec;

use serde_json::{Map, Value as Json};

use super::by_kind::{field_value, name_of};
use super::tree::parse;
use crate::error::{Culprit, Error, Fault};
use crate::layout::{Choice, Item, Layout, Literal};
use crate::record::{Record, Value, absent, in_item, nearest, unknown, within_parents};

impl<'l> Record<'l> {
    /// Reads a telegram's fields from JSON text. Fields that are left out stay [`Value::Absent`].
    ///
    /// # Errors
    /// If the text is not JSON, names a field that the layout lacks, or holds a value that does not match the kind of its field.
    pub fn from_json(layout: &'l Layout, text: &str) -> Result<Self, Error> {
        Self::from_json_value(layout, &parse(text)?)
    }

    /// Reads a telegram's fields from a JSON object that is already parsed. [`parse`] refuses duplicate keys.
    ///
    /// # Errors
    /// Those of [`Record::from_json`].
    pub fn from_json_value(layout: &'l Layout, fields: &Json) -> Result<Self, Error> {
        Ok(Self::from_values(layout, items(layout, fields)?))
    }

    /// Puts the fields of a JSON object over the values that the record has. Fields that are left out keep their values, also those of a
    /// part. A group or a choice is put as a whole.
    ///
    /// # Errors
    /// Those of [`Record::from_json_value`]. Then some of the fields may have been put.
    pub fn put_json_value(&mut self, fields: &Json) -> Result<(), Error> {
        let (layout, values) = self.parts_mut();
        put(layout, values, fields)
    }

    /// Puts a JSON value at a path: the value of a field, or a whole part or group. A whole entry such as `body.items[3]` cannot be
    /// put.
    ///
    /// # Errors
    /// If there is no such item: the error suggests the name that was probably meant. Also if the value does not match the item. In
    /// both cases the record is unchanged.
    pub fn set_json(&mut self, path: &str, json: &Json) -> Result<(), Error> {
        let layout = self.layout();
        let Some((item, place)) = self.find_mut(path) else { return Err(unknown(layout, path)) };
        let value = match item {
            Item::Field(field) | Item::Tail(field) => {
                field_value(field, json).map_err(|fault| in_item(fault, item, path))
            }
            Item::Choice(choice) => {
                // The case stays the same, because its code is in another field.
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
    let mut values = absent(layout);
    put(layout, &mut values, json)?;
    Ok(values)
}

fn put(layout: &Layout, values: &mut [Value], json: &Json) -> Result<(), Error> {
    let Json::Object(object) = json else {
        return Err(wrong_type("an object of fields", json));
    };
    match put_found(layout, values, object) {
        // Every name was found, so none is unknown.
        Ok(found) if found == object.len() => Ok(()),
        // An unknown name is reported before a wrong value.
        result => check_names(layout, object).and(result.map(drop)),
    }
}

/// Puts the fields that the layout has, and returns how many there are in the object.
fn put_found(layout: &Layout, values: &mut [Value], object: &Map<String, Json>) -> Result<usize, Error> {
    let mut found = 0;
    for (item, value) in layout.items().iter().zip(values) {
        let Some(name) = item.name() else { continue };
        let json = object.get(name);
        found += usize::from(json.is_some());
        match (item, json, value) {
            // Without a body, a choice that has one keeps it.
            (Item::Choice(_), None, Value::Choice(..)) => {}
            (Item::Choice(choice), json, value) => *value = case_value(layout, choice, json, object)?,
            (Item::Part(part), Some(json), Value::Part(values)) => {
                put(&part.layout, values, json).map_err(|error| error.within(&part.name))?;
            }
            (item, Some(json), value) => *value = item_value(item, json)?,
            (_, None, _) => {}
        }
    }
    Ok(found)
}

/// Reads a choice. The code in `siblings` selects the case. A code that identifies the telegram can be left out.
fn case_value(
    layout: &Layout,
    choice: &Choice,
    json: Option<&Json>,
    siblings: &Map<String, Json>,
) -> Result<Value, Error> {
    let mut path = choice.by.split('.');
    let code = path.next().and_then(|name| siblings.get(name));
    let code = path.try_fold(code, |json, name| json.map(|json| json.get(name)).ok_or(())).ok().flatten();
    let own =
        layout.when.iter().find(|when| when.path == choice.by).map(|when| &*when.value).filter(|_| code.is_none());
    let Some(code) = code.and_then(Json::as_str).or(own) else {
        // Without a code there is no case. If there is a body, the code is missing.
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
                let is_array = group.layout.array_field().is_some();
                let expected = if is_array { "an array of values" } else { "an array of entries" };
                return Err(wrong_type(expected, json).within(&group.name));
            };
            let entry = |(index, json)| {
                entry_values(&group.layout, json).map_err(|error| error.at_entry(index).within(&group.name))
            };
            entries.iter().enumerate().map(entry).collect::<Result<_, _>>().map(Value::Group)
        }
    }
}

/// The values of a group's entry. An entry of an array is a plain value.
fn entry_values(layout: &Layout, json: &Json) -> Result<Vec<Value>, Error> {
    match (layout.array_field(), json) {
        (None, _) => items(layout, json),
        (Some(field), Json::Object(_)) => Err(Error::in_field(
            Culprit::Caller,
            Fault::WrongType { expected: ARRAY_ENTRY, found: name_of(json) },
            field,
        )),
        (Some(field), json) => match field_value(field, json) {
            Ok(value) => Ok(Vec::from([value])),
            Err(fault) => Err(Error::in_field(Culprit::Caller, fault, field)),
        },
    }
}

/// What an entry of an array is in JSON.
const ARRAY_ENTRY: &str = "a plain value, because the group is an array";

fn literal_value(literal: &Literal, json: &Json) -> Result<Value, Error> {
    let given = json.as_str();
    let is_it = |given: &str| {
        if literal.text.is_some() { given == literal.shown() } else { given.eq_ignore_ascii_case(&literal.shown()) }
    };
    if given.is_some_and(is_it) {
        return Ok(Value::Bytes(literal.bytes.to_vec()));
    }
    Err(Error::new(Culprit::Caller, Fault::NotTheLiteral).within(&literal.name))
}

#[cold]
fn wrong_type(expected: &'static str, json: &Json) -> Error {
    Error::new(Culprit::Caller, Fault::WrongType { expected, found: name_of(json) })
}
