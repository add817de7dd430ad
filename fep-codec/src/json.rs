//! Telegrams as JSON. This is the JSON contract of the command `fep` and of the gateway:
//!
//! | kind | JSON |
//! |---|---|
//! | text, digits, code | string without padding |
//! | number | number if it has no decimals and its field has at most 15 digits, else a decimal string: `"12.05"` |
//! | date, time | `"2026-11-21"`, `"09:30:15"`, `"2026-11-21T09:30:15"`; without a year only digits, `"1125"`, `"1121093015"` |
//! | no value | `null` |
//! | flag | `true`, `false` |
//! | bytes, literals that are not printable ASCII | hex string |
//! | part, choice, group | object, object of the chosen case, array of objects |
//! | group of plain values, an array | array of the values, with null for a missing one |
//!
//! Fillers and unnamed literals do not appear. When JSON is read, any number may be a decimal string, and literals and computed
//! fields may be left out. Whether a value fits into its field is checked only when the record is encoded.
//!
//! ```
//! # #[cfg(feature = "derive")] {
//! use fep_codec::{Date, Digits, Record, Telegram};
//!
//! #[derive(Telegram)]
//! struct Fee {
//!     #[field(len = 2, computed = length(rest))]
//!     length: (),
//!     account: Digits<6>,
//!     #[field(len = 5, scale = 2)]
//!     amount: u32,
//!     #[field(len = 8, none = "zeros")]
//!     due_on: Option<Date>,
//! }
//!
//! let json = r#"{"account":"0012","amount":"12.05","due_on":null}"#;
//! let record = Record::from_json(Fee::LAYOUT, json)?;
//! assert_eq!(record.encode()?, b"190012  0120500000000");
//!
//! let record = Record::decode(Fee::LAYOUT, b"190012  0120500000000")?; // a record is also `serde::Serialize`, in wire order
//! assert_eq!(record.to_json_value(), serde_json::json!({ "length": 19, "account": "0012", "amount": "12.05", "due_on": null }));
//! # }
//! # Ok::<(), fep_codec::Error>(())
//! ```

mod tree;
mod write;
mod by_kind;
mod read;
mod schema;
mod path;

pub use self::by_kind::plain_value;
pub use self::path::{get, merge, put};
#[cfg(feature = "serde")]
pub(crate) use self::tree::Tree;
pub use self::tree::parse;
pub use self::write::{Masked, value_to_json};

/// The maximum number of digits, including a sign byte, of a field whose value is a JSON number. Every JSON reader keeps that many
/// digits.
const JSON_NUMBER_MAX_DIGITS: usize = 15;
