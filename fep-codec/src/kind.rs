//! Field kinds: the only place for each rule that converts a value to the bytes of a field and back.
//!
//! A kind has a rule type in [`crate::layout`]. A Rust type can stand for a field of that kind if it implements [`FieldValue`] for
//! the rule. Derived code and the dynamic codec call the same implementations. A kind gets exactly the bytes of its field. It does
//! not know the name of the field or its place.

mod text;
mod digits;
mod number;
mod amount;
mod date;
mod none;
#[cfg(feature = "decimal")]
mod decimal;
#[cfg(any(feature = "jiff", feature = "chrono"))]
mod calendars;
pub(crate) mod code;
mod flag;
mod bytes;
mod tail;
mod sign;
mod check;
mod wire_code;
mod wire_forms;

pub use fep_core::limits::PIVOT_DEFAULT;

pub use self::amount::Amount;
pub use self::check::xor;
pub use self::code::CodeSet;
pub(crate) use self::date::ascii;
pub use self::tail::TailValue;
pub(crate) use self::text::trim_end;
use alloc::borrow::Cow;

use crate::error::Fault;

/// A Rust type that can stand for a field whose kind has the rule `R`.
///
/// Implement it for your own type to use that type as a field. The implementations in this crate are examples.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot stand for a field of this kind (its rule is `{R}`)",
    label = "not a type for this kind of field",
    note = "text: `Text<N>`, `String`, `Cow<str>`, `&str` (ascii and utf-8 only), `char`; digits: `Digits<N>` and the text types; \
            number: the integers, and `Option` of one if the field can be blank; date: `Date`, `YearMonth`, `MonthDay`; time: `Time`; \
            timestamp: `DateTime`, `MonthDayTime`; code: an enum with `#[derive(Code)]`, or a text type; flag: `bool`; bytes: `[u8; N]`, \
            `Vec<u8>`, `&[u8]`; with fep-codec's features `decimal`, `jiff` and `chrono` also the types of those crates"
)]
pub trait FieldValue<'a, R>: Sized {
    /// The length in bytes that a field of this type must have, or `None` if any length is allowed.
    const LEN: Option<usize> = None;

    /// Writes the value to the bytes of the field, and fills all of them.
    ///
    /// # Errors
    /// If the value does not fit or cannot be written in the charset of the field. Then the contents of `out` are unspecified.
    fn put(&self, rule: &R, out: &mut [u8]) -> Result<(), Fault>;

    /// Reads the value from the bytes of the field.
    ///
    /// # Errors
    /// If the bytes are not a valid value.
    fn get(rule: &R, bytes: &'a [u8]) -> Result<Self, Fault>;

    /// Whether [`FieldValue::get_ascii`] is faster than [`FieldValue::get`].
    const PREFERS_ASCII: bool = false;

    /// Reads the value from the bytes of the field when they are known to be ASCII.
    ///
    /// A reader validates a whole run of fields at once, which costs less than validating each field. The result is the same as that
    /// of [`FieldValue::get`].
    ///
    /// # Errors
    /// If the text is not a valid value.
    #[inline]
    fn get_ascii(rule: &R, text: &'a str) -> Result<Self, Fault> {
        Self::get(rule, text.as_bytes())
    }

    /// The value as text, if it is a text. JSON shows a text as it is, also one that the field's charset cannot write.
    fn as_text(&self) -> Option<Cow<'_, str>> {
        None
    }
}

/// A rule with contents that mean "no value". It lets `Option` stand for a field.
pub trait Blank {
    /// Whether these bytes mean "no value".
    fn is_none(&self, bytes: &[u8]) -> bool;

    /// Fills the field with the contents that mean "no value".
    ///
    /// # Errors
    /// If the field must have a value.
    fn put_none(&self, out: &mut [u8]) -> Result<(), Fault>;
}

impl<'a, R: Blank, T: FieldValue<'a, R>> FieldValue<'a, R> for Option<T> {
    const LEN: Option<usize> = T::LEN;

    #[inline]
    fn put(&self, rule: &R, out: &mut [u8]) -> Result<(), Fault> {
        match self {
            None => rule.put_none(out),
            Some(value) => {
                value.put(rule, out)?;
                if rule.is_none(out) { Err(Fault::MeansNone) } else { Ok(()) }
            }
        }
    }

    #[inline]
    fn get(rule: &R, bytes: &'a [u8]) -> Result<Self, Fault> {
        if rule.is_none(bytes) { Ok(None) } else { T::get(rule, bytes).map(Some) }
    }

    const PREFERS_ASCII: bool = T::PREFERS_ASCII;

    #[inline]
    fn get_ascii(rule: &R, text: &'a str) -> Result<Self, Fault> {
        if rule.is_none(text.as_bytes()) { Ok(None) } else { T::get_ascii(rule, text).map(Some) }
    }
}
