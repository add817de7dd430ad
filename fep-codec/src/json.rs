//! Telegrams as JSON, by the contract of the command `fep` and of the gateway.
//!
//! | kind | JSON |
//! |---|---|
//! | text, digits, code | string without padding |
//! | number | number if it has no decimals and its field at most 15 digits, else a decimal string: `"12.05"` |
//! | date, time | `"2026-11-21"`, `"09:30:15"`, `"2026-11-21T09:30:15"`; without a year the digits, `"1125"`, `"1121093015"` |
//! | no value | `null` |
//! | flag | `true`, `false` |
//! | bytes, literals that are no ASCII text | hex string |
//! | part, group | object, array of objects |
//!
//! Fillers and unnamed literals do not appear. Reading takes a number's decimal string in either case, and lets literals and
//! computed fields be left out.

mod read;
mod tree;
mod write;
mod schema;

pub use self::tree::parse;
pub use self::write::value_to_json;

/// Numbers in fields of so many digits, a sign byte counted, and fewer are JSON numbers: their digits survive every JSON reader.
const JSON_NUMBER_MAX_DIGITS: usize = 15;
