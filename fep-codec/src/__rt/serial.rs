//! `serde` for telegrams with `#[telegram(serde)]`, by way of the bytes.
//!
//! The JSON contract follows the layout, not the struct: scaled numbers are decimal strings, computed fields show their value,
//! fillers do not appear. One implementation knows that contract, [`Record`]'s. So a telegram is encoded and its bytes are read
//! as a record, and the other way round; the two cannot drift.

pub use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde::{de, ser};

use crate::json::Tree;
use crate::record::Record;
use crate::telegram::{DecodeOwned, Telegram};

/// The telegram's fields as a map, in wire order.
///
/// # Errors
/// If the telegram cannot be encoded, or the serializer fails.
pub fn serialize<T: Telegram, S: Serializer>(telegram: &T, serializer: S) -> Result<S::Ok, S::Error> {
    let bytes = telegram.encode_to_vec().map_err(ser::Error::custom)?;
    let record = Record::decode(T::LAYOUT, &bytes).map_err(ser::Error::custom)?;
    record.serialize(serializer)
}

/// A telegram from a map of its fields. Literals and computed fields may be left out; if given they are checked.
///
/// # Errors
/// If the map names a field that the layout lacks, or a value is none of its field.
pub fn deserialize<'de, T: DecodeOwned, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let Tree(fields) = Tree::deserialize(deserializer)?;
    let record = Record::from_json_value(T::LAYOUT, &fields).map_err(de::Error::custom)?;
    let bytes = record.encode().map_err(de::Error::custom)?;
    T::decode(&bytes).map_err(de::Error::custom)
}
