//! The JSON form of each field kind: how a value is read, its schema, and the plainest value.

use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use fep_core::calendar::{DatePart, Pieces};
use serde_json::{Map, Value as Json, json};

use super::write::is_json_number;
use crate::error::Fault;
use crate::layout::{CodeMeaning, CodeRule, DateForm, Field, Kind, NoneAs, NumberRule, Sign};
use crate::record::Value;

/// The pattern of a byte string. JSON has no byte strings, so the contract writes them in hex.
const HEX: &str = "^([0-9A-Fa-f]{2})*$";

/// Reads the value of a field from JSON.
pub(super) fn field_value(field: &Field, json: &Json) -> Result<Value, Fault> {
    match (&field.kind, json) {
        (_, Json::Null) => Ok(Value::None),
        (Kind::Text(_) | Kind::Digits(_) | Kind::Code(_), Json::String(text)) => Ok(Value::Text(text.into())),
        (Kind::Number(rule), Json::Number(number)) if rule.decimals() == 0 => number
            .as_i128()
            .map(Value::Number)
            .ok_or(Fault::Unreadable { expected: "a whole number; large ones as a string, \"12345678901234567890\"" }),
        (Kind::Number(_), Json::Number(_)) => {
            Err(Fault::Unreadable { expected: "a decimal string such as \"12.05\", because this field has decimals" })
        }
        (Kind::Number(rule), Json::String(text)) => decimal(rule, text).map(Value::Number),
        (Kind::Date(rule), Json::String(text)) => Ok(match rule.pattern.form() {
            DateForm::Day => Value::Date(text.parse()?),
            DateForm::YearMonth => Value::YearMonth(text.parse()?),
            DateForm::MonthDay => Value::MonthDay(text.parse()?),
        }),
        (Kind::Time(_), Json::String(text)) => Ok(Value::Time(text.parse()?)),
        (Kind::DateTime(rule), Json::String(text)) if !rule.pattern.has_year() => {
            Ok(Value::MonthDayTime(text.parse()?))
        }
        (Kind::DateTime(_), Json::String(text)) => Ok(Value::DateTime(text.parse()?)),
        (Kind::Flag(_), Json::Bool(flag)) => Ok(Value::Flag(*flag)),
        (Kind::Bytes(_), Json::String(text)) => {
            hex(text).map(Value::Bytes).ok_or(Fault::Unreadable { expected: "hex, two digits a byte" })
        }
        (
            kind @ (Kind::Text(_)
            | Kind::Digits(_)
            | Kind::Code(_)
            | Kind::Number(_)
            | Kind::Date(_)
            | Kind::Time(_)
            | Kind::DateTime(_)
            | Kind::Flag(_)
            | Kind::Bytes(_)),
            json,
        ) => Err(Fault::WrongType { expected: kind.json_name(), found: name_of(json) }),
    }
}

/// Reads a decimal string: `"12.05"` with scale 2 is 1205. Missing decimals are zero, surplus decimals are refused.
fn decimal(rule: &NumberRule, text: &str) -> Result<i128, Fault> {
    let unreadable = Fault::Unreadable { expected: "a decimal number with no more decimals than the field has" };
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, ""));
    let scale = usize::from(rule.decimals());
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

/// The bytes of hex digits.
fn hex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    pairs.iter().map(|[high, low]| Some(digit(*high)? * 16 + digit(*low)?)).collect()
}

/// The schema of a field's value.
pub(super) fn value_schema(field: &Field, tail: bool) -> Json {
    match &field.kind {
        // A character has at least one byte.
        Kind::Text(rule) => {
            json!({ "type": "string", "maxLength": field.len, "x-charset": format!("{}", rule.charset) })
        }
        Kind::Digits(rule) => {
            let len = rule.capacity(field.len);
            let pattern = if rule.exact && !tail { format!("^[0-9]{{{len}}}$") } else { format!("^[0-9]{{0,{len}}}$") };
            json!({ "type": "string", "pattern": pattern })
        }
        Kind::Number(rule) => number_schema(field, rule),
        Kind::Date(rule) => none_or(
            rule.none,
            match rule.pattern.form() {
                DateForm::Day => json!({ "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$" }),
                DateForm::YearMonth => json!({ "pattern": "^[0-9]{4}-[0-9]{2}$" }),
                DateForm::MonthDay => json!({ "pattern": "^[0-9]{4}$" }),
            },
        ),
        Kind::Time(rule) => {
            let fraction = fraction(rule.pattern.pieces().decimals());
            none_or(rule.none, json!({ "pattern": format!("^[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}{fraction}$") }))
        }
        Kind::DateTime(rule) => {
            let fraction = fraction(rule.pattern.pieces().decimals());
            let pattern = match rule.pattern.has_year() {
                true => format!("^[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}{fraction}$"),
                false => format!("^[0-9]{{10}}{fraction}$"),
            };
            none_or(rule.none, json!({ "pattern": pattern }))
        }
        Kind::Code(rule) => code_schema(field, rule),
        Kind::Flag(_) => json!({ "type": "boolean" }),
        Kind::Bytes(_) => {
            let min = if tail { 0 } else { field.len * 2 };
            json!({ "type": "string", "pattern": HEX, "minLength": min, "maxLength": field.len * 2 })
        }
    }
}

/// The decimals of a second in the pattern of a string. They may be left out.
fn fraction(decimals: usize) -> String {
    if decimals == 0 { String::new() } else { format!("(\\.[0-9]{{1,{decimals}}})?") }
}

/// A string, or null if the field can be without a value.
fn none_or(none: NoneAs, string: Json) -> Json {
    let mut schema = string;
    if let Json::Object(schema) = &mut schema {
        let types = if none == NoneAs::Never { json!("string") } else { json!(["string", "null"]) };
        schema.insert("type".to_owned(), types);
    }
    schema
}

fn number_schema(field: &Field, rule: &NumberRule) -> Json {
    let digits = rule.digits(field.len);
    let null = (rule.none != NoneAs::Never).then_some("null");
    let signed = rule.sign != Sign::Unsigned;
    if is_json_number(field) {
        let types: Vec<&str> = core::iter::once("integer").chain(null).collect();
        let binary_room = if rule.encoding.is_binary() { 1 } else { 0 };
        // At most 15 digits, which are exact in every reader.
        let largest = 10_i64.pow(u32::try_from(digits + binary_room).unwrap_or(0)) - 1;
        let unit = 10_i64.pow(rule.zeros().into());
        let largest = largest.saturating_mul(unit);
        let smallest = if signed { -largest } else { 0 };
        let mut schema = json!({ "type": types, "minimum": smallest, "maximum": largest });
        if let Json::Object(schema) = &mut schema
            && unit > 1
        {
            schema.insert("multipleOf".to_owned(), Json::from(unit));
        }
        return schema;
    }
    let types: Vec<&str> = core::iter::once("string").chain(null).collect();
    let minus = if signed { "-?" } else { "" };
    let decimals = match rule.decimals() {
        0 => String::new(),
        scale => format!("(\\.[0-9]{{1,{scale}}})?"),
    };
    json!({ "type": types, "pattern": format!("^{minus}[0-9]+{decimals}$") })
}

fn code_schema(field: &Field, rule: &CodeRule) -> Json {
    let meanings: Map<String, Json> = rule
        .codes
        .iter()
        .filter(|known| !known.label.is_empty())
        .map(|CodeMeaning { code, label }| (code.clone().into_owned(), Json::from(&**label)))
        .collect();
    let codes: Vec<Json> = rule.codes.iter().map(|known| Json::from(&*known.code)).collect();
    let mut schema = json!({ "type": "string", "maxLength": field.len });
    if let Json::Object(schema) = &mut schema {
        if !codes.is_empty() {
            // An open list names the known codes and accepts others too.
            schema.insert(if rule.open { "examples" } else { "enum" }.to_owned(), Json::Array(codes));
        }
        if !meanings.is_empty() {
            schema.insert("x-meanings".to_owned(), Json::Object(meanings));
        }
    }
    schema
}

/// The plainest value of a field: empty, zero or null if the field allows it. A simulated institution sends it by default.
///
/// `date` and `time` are the current ones, `"2026-11-21"` and `"09:30:15"`. A date or time that cannot be `None` takes them,
/// because it has no plainer value.
#[must_use]
pub fn plain_value(field: &Field, date: &str, time: &str) -> Json {
    let or_none = |none: NoneAs, value: &str| if none == NoneAs::Never { Json::from(value) } else { Json::Null };
    match &field.kind {
        Kind::Digits(rule) if rule.exact => Json::from("0".repeat(rule.capacity(field.len))),
        Kind::Text(rule) if rule.exact => Json::from(" ".repeat(field.len)),
        Kind::Text(_) | Kind::Digits(_) => Json::from(""),
        Kind::Code(rule) if rule.open || rule.codes.iter().any(|code| code.code.is_empty()) => Json::from(""),
        Kind::Code(rule) => rule.codes.first().map_or(Json::Null, |code| Json::from(&*code.code)),
        Kind::Number(rule) if rule.decimals() > 0 => Json::from("0"),
        Kind::Number(_) => Json::from(0),
        Kind::Date(rule) => {
            let plain = match rule.pattern.form() {
                DateForm::Day => date.to_owned(),
                // `2026-11-21` → `2026-11`, `1121`
                DateForm::YearMonth => date.chars().take("2026-11".len()).collect(),
                DateForm::MonthDay => month_day(date),
            };
            or_none(rule.none, &plain)
        }
        Kind::Time(rule) => or_none(rule.none, &whole_minute(time, rule.pattern.pieces())),
        Kind::DateTime(rule) => {
            let time = whole_minute(time, rule.pattern.pieces());
            let plain = match rule.pattern.has_year() {
                true => format!("{date}T{time}"),
                false => month_day(date) + &time.replace(':', ""),
            };
            or_none(rule.none, &plain)
        }
        Kind::Flag(_) => Json::from(false),
        Kind::Bytes(_) => Json::from("00".repeat(field.len)),
    }
}

/// `2026-11-21` → `1121`
fn month_day(date: &str) -> String {
    date.chars().skip("2026-".len()).filter(|character| *character != '-').collect()
}

/// `09:30:15` → `09:30:00`, if the pattern has no seconds.
fn whole_minute(time: &str, pattern: &Pieces) -> String {
    if pattern.has(DatePart::Second) { time.to_owned() } else { format!("{}:00", time.get(..5).unwrap_or(time)) }
}

/// The type of a JSON value, for messages.
pub(super) const fn name_of(json: &Json) -> &'static str {
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
    /// The JSON form of a field of this kind, for messages.
    const fn json_name(&self) -> &'static str {
        match self {
            Self::Text(_) => "a string",
            Self::Digits(_) => "a string of digits, because leading zeros count",
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
