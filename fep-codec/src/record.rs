//! [`Record`]: a telegram whose layout is known at run time only.
//!
//! A record holds one value for each item of its layout, in wire order. It only keeps the values: the cursors and the field
//! kinds that read and write the bytes are the same as for a derived telegram. Its JSON form is in `json`.
//!
//! The layout comes from a spec file or a derived type. A path goes through parts, entries (from 0) and the current case of a
//! choice: `body.items[3].amount`. Computed fields and fillers need no value.
//!
//! ```
//! # #[cfg(feature = "derive")] {
//! use fep_codec::{Choice, Digits, Record, Telegram, Text, Value};
//!
//! #[derive(Telegram)]
//! struct Item {
//!     #[field(len = 4, scale = 2)]
//!     amount: u32,
//! }
//!
//! #[derive(Telegram)]
//! struct Items {
//!     #[field(len = 1, computed = count(items))]
//!     item_count: (),
//!     #[field(group, count = item_count, max = 9)]
//!     items: Vec<Item>,
//! }
//!
//! #[derive(Telegram)]
//! struct Refusal {
//!     reason: Text<4>,
//! }
//!
//! #[derive(Choice)]
//! enum Body {
//!     #[choice("1")]
//!     Items(Items),
//!     #[choice("9")]
//!     Refusal(Refusal),
//! }
//!
//! #[derive(Telegram)]
//! struct Answer {
//!     #[field(full)]
//!     kind: Digits<1>,
//!     #[field(choice = "kind")]
//!     body: Body,
//! }
//!
//! let mut record = Record::decode(Answer::LAYOUT, b"1201000250")?;
//! assert_eq!(record.get("body.items[1].amount"), Some(&Value::Number(250))); // 2.50, counted in the smallest unit
//! record.set("body.items[0].amount", 7)?;
//! record.push_entry("body.items")?;
//! record.set("body.items[2].amount", 8)?;
//! record.set("body.item_count", Value::Absent)?; // it was read as 2; an absent value is computed
//! assert_eq!(record.encode()?, b"13000702500008");
//!
//! let mut record = Record::new(Answer::LAYOUT);
//! record.set("kind", "9")?;
//! record.choose("body", "Refusal")?;
//! record.set("body.reason", "late")?;
//! assert_eq!(record.encode()?, b"9late");
//!
//! let error = record.set("body.reasn", Value::None).unwrap_err();
//! assert!(error.to_string().starts_with("caller: body.reasn: there is no such field"), "{error}");
//! # }
//! # Ok::<(), fep_codec::Error>(())
//! ```

mod values;
mod path;
mod text;
mod linked;
mod by_kind;
mod steps;
mod usual;
mod decode;
mod key;
mod write;
mod given;
mod identity;
mod encode;
mod each_fits;
mod convert;
mod prefilled;
mod unverified;
mod plan;

use alloc::vec::Vec;

use smol_str::SmolStr;

pub(crate) use self::decode::{case_of, field_value, no_check_start, number_at, tail};
pub(crate) use self::linked::{Linked, can_sum, count, no_number, number_of, pages, sum};
pub use self::path::Path;
pub(crate) use self::path::absent;
#[cfg(feature = "json")]
pub(crate) use self::path::{in_item, nearest};
pub(crate) use self::path::{split_index, unknown, within_parents};
pub use self::plan::Plan;
pub use self::prefilled::Prefilled;
#[cfg(feature = "json")]
pub use self::unverified::Unverified;
use self::values::Values;
pub(crate) use self::write::put_value;
use crate::layout::Layout;
use crate::value::{Date, DateTime, MonthDay, MonthDayTime, Time, YearMonth};

/// The values of a telegram, with its layout.
///
/// | to | use |
/// |---|---|
/// | write a telegram | [`Record::new`], [`Record::set`], [`Record::encode`] |
/// | read a telegram | [`Record::decode`], [`Record::get`] |
/// | convert to JSON and back (feature `json`) | `Record::to_json_value`, `Record::from_json`, `Record::from_json_value` |
/// | write a path to a part, an entry or a case | [the module](self) |
///
/// With the feature `json` it implements `serde::Serialize`, but not `Deserialize`: reading needs a layout, so
/// `Record::from_json_value` takes one.
#[derive(Clone, Debug, PartialEq)]
pub struct Record<'l> {
    layout: &'l Layout,
    values: Values,
}

/// The value of one item. A field's kind decides which of these it can hold.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// Not given. Encoding fills in a value that follows from the layout, and otherwise fails. Unnamed literals always have this
    /// value. Fillers have it too, except a filler that may hold any bytes and is not blank.
    Absent,
    /// The field states that it has no value.
    None,
    /// Text, digits or a code, without padding. A text of up to 23 bytes of UTF-8 needs no memory from the heap.
    Text(SmolStr),
    /// A number, counted in its smallest unit: 12.05 with scale 2 is 1205.
    Number(i128),
    /// A date.
    Date(Date),
    /// A date without a year.
    MonthDay(MonthDay),
    /// A month of a year, without a day.
    YearMonth(YearMonth),
    /// A time of day.
    Time(Time),
    /// A date with a time.
    DateTime(DateTime),
    /// A day without a year, with a time.
    MonthDayTime(MonthDayTime),
    /// A flag.
    Flag(bool),
    /// Raw bytes, a named literal, or the bytes of a filler that may hold any bytes.
    Bytes(Vec<u8>),
    /// A part's values, in wire order.
    Part(Vec<Self>),
    /// A group's entries, each with its values in wire order. An entry of an array has one value: see [`Value::array`].
    Group(Vec<Vec<Self>>),
    /// The index of a choice's case, and that case's values in wire order.
    Choice(usize, Vec<Self>),
}

impl<'l> Record<'l> {
    /// A record without any value.
    #[must_use]
    pub fn new(layout: &'l Layout) -> Self {
        Self::from_values(layout, absent(layout))
    }

    /// The layout.
    #[must_use]
    pub const fn layout(&self) -> &'l Layout {
        self.layout
    }

    /// The values of the items, in wire order.
    #[must_use]
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// The values without the layout.
    pub(crate) fn into_values(self) -> Vec<Value> {
        self.values.into_vec()
    }

    /// The layout, and the values to be changed.
    #[cfg(feature = "json")]
    pub(crate) fn parts_mut(&mut self) -> (&'l Layout, &mut [Value]) {
        (self.layout, self.values.as_mut_slice())
    }

    /// A record with these values. There must be as many values as the layout has items.
    pub(crate) fn from_values(layout: &'l Layout, values: Vec<Value>) -> Self {
        Self { layout, values: Values(values) }
    }
}

/// A bare value does not know whether its field is secret, so `Debug` shows only the kind of the value.
impl core::fmt::Debug for Value {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.kind_name())
    }
}

impl Value {
    /// The kind of the value, as a phrase for messages.
    #[must_use]
    pub const fn kind_name(&self) -> &'static str {
        match self {
            Self::Absent => "no value",
            Self::None => "none",
            Self::Text(_) => "text",
            Self::Number(_) => "a number",
            Self::Date(_) => "a date",
            Self::MonthDay(_) => "a day without a year",
            Self::YearMonth(_) => "a month of a year",
            Self::Time(_) => "a time",
            Self::DateTime(_) => "a date with a time",
            Self::MonthDayTime(_) => "a day without a year, with a time",
            Self::Flag(_) => "a flag",
            Self::Bytes(_) => "bytes",
            Self::Part(_) => "a part",
            Self::Group(_) => "a group",
            Self::Choice(..) => "a case of a choice",
        }
    }
}

#[cfg(test)]
mod tests;
