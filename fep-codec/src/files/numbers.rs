//! Numbers in the bytes of records: the fields of totals and serial numbers, the fields that are summed, and conditions.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec;

use super::tally::{FieldOf, Only};
use crate::cursor::Reader;
use crate::error::{Culprit, Error, Fault};
use crate::kind::FieldValue as _;
use crate::layout::{Kind, Layout, Span};
use crate::record::{Value, field_value, put_value};

/// A number or digits at a fixed offset of a record.
#[derive(Clone, Debug)]
pub(super) struct NumberAt<'f> {
    pub(super) layout: &'f Layout,
    pub(super) path: &'f str,
    span: Span<'f>,
}

impl<'f> NumberAt<'f> {
    pub(super) const fn is_secret(&self) -> bool {
        self.span.field.secret
    }

    /// # Errors
    /// If the record has no such field at a fixed offset, or if the field cannot be `role`.
    pub(super) fn new(layouts: &[&'f Layout], record: &str, path: &'f str, role: &str) -> Result<Self, String> {
        let layout = layout_named(layouts, record)?;
        let span = span(layout, path)?;
        if !matches!(span.field.kind, Kind::Number(_) | Kind::Digits(_)) {
            return Err(format!("`{path}` of `{record}` cannot be {role}: it is neither a number nor digits"));
        }
        Ok(Self { layout, path, span })
    }

    /// The field of a total or a serial number, which nothing else fills in.
    ///
    /// # Errors
    /// Those of [`NumberAt::new`], and if the telegram computes the field.
    pub(super) fn filled(layouts: &[&'f Layout], record: &str, path: &'f str, role: &str) -> Result<Self, String> {
        let number = Self::new(layouts, record, path, role)?;
        match number.span.field.computed {
            None => Ok(number),
            Some(_) => Err(format!("`{path}` of `{record}` cannot be {role}: it is computed within its record")),
        }
    }

    /// Whether records of this layout have the field.
    pub(super) fn is_in(&self, layout: &Layout) -> bool {
        core::ptr::eq(self.layout, layout)
    }

    /// The decimals of the number.
    pub(super) fn scale(&self) -> u8 {
        match &self.span.field.kind {
            Kind::Number(rule) => rule.decimals(),
            _ => 0,
        }
    }

    /// The number in a record, in its smallest unit, or `None` if it cannot be read. A field without a value counts as zero.
    pub(super) fn read(&self, bytes: &[u8]) -> Option<i128> {
        let mut reader = Reader::starting_at(bytes, self.span.range.start);
        match field_value(self.layout, self.span.field, 0, &mut reader).ok()? {
            Value::Number(number) => Some(number),
            Value::None => Some(0),
            Value::Text(digits) if digits.is_empty() => Some(0),
            Value::Text(digits) => digits.parse().ok(),
            _ => None,
        }
    }

    /// A number as the value of the field. Digits that fill their field keep their zeros.
    pub(super) fn value(&self, number: i128) -> Value {
        match &self.span.field.kind {
            Kind::Digits(rule) if rule.exact => {
                let len = rule.encoding.digits(self.span.field.len);
                Value::Text(format!("{number:0len$}").into())
            }
            Kind::Digits(_) => Value::Text(number.to_string().into()),
            _ => Value::Number(number),
        }
    }

    /// The error of a record that leaves out a number that cannot be filled in.
    #[cold]
    pub(super) fn missing(&self) -> Error {
        Error::in_field(Culprit::Caller, Fault::Missing, self.span.field).at_bytes(self.span.range.clone(), None)
    }

    /// Whether the field has room for a number.
    pub(super) fn fits(&self, number: i128) -> bool {
        let mut room = vec![0; self.span.range.len()];
        put_value(self.span.field, &self.value(number), &mut room).is_ok()
    }
}

/// A condition on the records of one layout.
#[derive(Clone, Debug)]
pub(super) struct Condition<'f> {
    only: &'f Only,
    span: Span<'f>,
}

impl<'f> Condition<'f> {
    /// # Errors
    /// If the record has no such field at a fixed offset, or if the field cannot hold one of the values.
    pub(super) fn new(layout: &'f Layout, only: &'f Only) -> Result<Self, String> {
        let condition = Self { only, span: span(layout, &only.field)? };
        let Span { field, range } = &condition.span;
        let impossible = only.values.iter().find(|value| match &field.kind {
            Kind::Number(_) => value.parse::<i128>().is_err(),
            kind => field.is_code_like() && kind.code_bytes(value, range.len()).is_none(),
        });
        match impossible {
            None => Ok(condition),
            Some(value) => Err(format!(
                "`{}` of `{}` has {} bytes and never holds \"{value}\"",
                only.field,
                layout.name,
                range.len()
            )),
        }
    }

    pub(super) fn holds(&self, bytes: &[u8]) -> bool {
        let found = bytes.get(self.span.range.clone()).unwrap_or_default();
        match &self.span.field.kind {
            Kind::Number(rule) => i128::get(rule, found)
                .is_ok_and(|number| self.only.values.iter().any(|value| value.parse() == Ok(number))),
            kind => self.only.values.iter().any(|value| kind.says(value, found)),
        }
    }
}

/// The layout of the record with this name.
pub(super) fn layout_named<'f>(layouts: &[&'f Layout], name: &str) -> Result<&'f Layout, String> {
    let found = layouts.iter().copied().find(|layout| layout.name == name);
    found.ok_or_else(|| format!("`{name}` is not a record of the file"))
}

/// Two fields are the same field.
pub(super) fn same_field(one: (&str, &str), other: &FieldOf) -> bool {
    one == (&*other.record, &*other.field)
}

fn span<'f>(layout: &'f Layout, path: &str) -> Result<Span<'f>, String> {
    layout
        .span(path)
        .ok_or_else(|| format!("there is no field `{path}` at a fixed offset of the record `{}`", layout.name))
}
