//! `serde` for telegrams with `#[telegram(serde)]`, through the encoded bytes.
//!
//! The JSON contract follows the layout, not the struct: scaled numbers are decimal strings, computed fields show their value,
//! fillers do not appear. Only [`Record`] implements that contract. To serialize a telegram, this module encodes it and decodes
//! the bytes as a record. To deserialize, it does the reverse. So the two cannot drift.

use alloc::vec;
use alloc::vec::Vec;

pub use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde::{de, ser};

use crate::cursor::Writer;
use crate::error::Error;
use crate::json::Tree;
use crate::layout::Kind;
use crate::record::Record;
use crate::survey::{SurveyItem, survey};
use crate::telegram::{DecodeOwned, Telegram};

/// Serializes the telegram's fields as a map, in wire order.
///
/// # Errors
/// If a value does not fit its field, or the serializer fails.
pub fn serialize<T: Telegram, S: Serializer>(telegram: &T, serializer: S) -> Result<S::Ok, S::Error> {
    values(telegram).map_err(ser::Error::custom)?.serialize(serializer)
}

/// The telegram's values. A text that the charset cannot write is among them as it is: a name in CP949 that a peer sent in a
/// field of EUC-KR, for example. A check over such a text, or the length of a tail that holds one, cannot be computed: that is the
/// error of encoding the telegram.
fn values<T: Telegram>(telegram: &T) -> Result<Record<'static>, Error> {
    let mut bytes = vec![0; telegram.encoded_len()];
    let mut kept = Vec::new();
    let mut writer = Writer::keeping(&mut bytes, &mut kept);
    telegram.encode_items(&mut writer)?;
    writer.put_stand_ins();
    let len = writer.finish()?;
    bytes.truncate(len);
    let mut record = Record::decode(T::LAYOUT, &bytes)?;
    if kept.is_empty() {
        return Ok(record);
    }
    if T::LAYOUT.has_checks() {
        // Encoding again gives the error that names the field.
        telegram.encode_to_vec()?;
    }
    for step in survey(T::LAYOUT, &bytes) {
        let is_text = matches!(step.what, SurveyItem::Field(field) if matches!(field.kind, Kind::Text(_)));
        if let Some(kept) = kept.iter().find(|kept| is_text && kept.offset == step.offset) {
            record.set(&step.path, kept.text.as_str())?;
        }
    }
    Ok(record)
}

/// Deserializes a telegram from a map of its fields. Literals and computed fields may be omitted. If given, they are checked.
///
/// # Errors
/// If the map names a field that the layout lacks, or a value is not valid for its field.
pub fn deserialize<'de, T: DecodeOwned, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let Tree(fields) = Tree::deserialize(deserializer)?;
    let record = Record::from_json_value(T::LAYOUT, &fields).map_err(de::Error::custom)?;
    let bytes = record.encode().map_err(de::Error::custom)?;
    T::decode(&bytes).map_err(de::Error::custom)
}
