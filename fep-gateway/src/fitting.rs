//! Values that come from elsewhere, as a field takes them. Digits of a text become a number. A number never becomes digits, because its leading zeros
//! are gone.

use fep_codec::layout::Layout;
use fep_codec::{Error, Record};
use serde_json::Value as Json;

/// Puts a value into a record. Returns it as the field takes it.
///
/// # Errors
/// If the field does not take it.
pub(crate) fn set(record: &mut Record<'_>, path: &str, value: Json) -> Result<Json, Error> {
    let Err(error) = record.set_json(path, &value) else { return Ok(value) };
    let number = value.as_str().and_then(|text| text.trim().parse::<i64>().ok()).map(Json::from);
    match number {
        Some(number) if record.set_json(path, &number).is_ok() => Ok(number),
        _ => Err(error),
    }
}

/// Puts a count: a number, or its digits without leading zeros.
///
/// # Errors
/// If the field takes neither.
pub(crate) fn set_count(record: &mut Record<'_>, path: &str, count: u64) -> Result<(), Error> {
    if fits(record.layout(), path, &Json::from(count)) {
        return record.set_json(path, &Json::from(count));
    }
    record.set_json(path, &Json::from(count.to_string()))
}

/// States that there is nothing: no value, an empty text, or zero.
///
/// # Errors
/// If the field takes none of these: a date that must be there, a code of a closed list.
pub(crate) fn leave_blank(record: &mut Record<'_>, path: &str) -> Result<(), Error> {
    let layout = record.layout();
    let candidates = [Json::Null, Json::from(""), Json::from(0), Json::from("0")];
    let blank = candidates.iter().find(|candidate| fits(layout, path, candidate));
    record.set_json(path, blank.unwrap_or(&Json::Null))
}

/// Whether a field takes a value, whatever else is in its record.
pub(crate) fn fits(layout: &Layout, path: &str, value: &Json) -> bool {
    let mut alone = Record::new(layout);
    alone.set_json(path, value).is_ok() && alone.each_fits().is_ok()
}
