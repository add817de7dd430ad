//! The [`Value`] that a field of each kind reads and writes, and its name in messages. [`crate::kind`] defines the bytes.

use alloc::borrow::Cow;

use super::Value;
use crate::cursor::{Reader, Writer};
use crate::error::{Culprit, Error, Fault};
use crate::kind::{Blank, FieldValue};
use crate::layout::{DateForm, DateRule, Field, FieldSlot, Kind, NumberRule};
use crate::value::{Date, DateTime, MonthDay, MonthDayTime, Time, YearMonth};

/// Reads a field that is not computed.
#[inline(always)]
pub(super) fn read(field: &Field, kind: &Kind, reader: &mut Reader<'_>) -> Result<Value, Error> {
    match kind {
        Kind::Text(rule) => reader.field(FieldSlot { field, rule }).map(Value::Text),
        Kind::Digits(rule) => reader.field(FieldSlot { field, rule }).map(Value::Text),
        Kind::Code(rule) => reader.field(FieldSlot { field, rule }).map(Value::Text),
        Kind::Number(rule) => number(FieldSlot { field, rule }, reader),
        Kind::Date(rule) => match rule.pattern.form() {
            DateForm::Day => read_optional::<_, Date>(FieldSlot { field, rule }, reader, Value::Date),
            DateForm::YearMonth => read_optional::<_, YearMonth>(FieldSlot { field, rule }, reader, Value::YearMonth),
            DateForm::MonthDay => read_optional::<_, MonthDay>(FieldSlot { field, rule }, reader, Value::MonthDay),
        },
        Kind::Time(rule) => read_optional::<_, Time>(FieldSlot { field, rule }, reader, Value::Time),
        Kind::DateTime(rule) if !rule.pattern.has_year() => {
            read_optional::<_, MonthDayTime>(FieldSlot { field, rule }, reader, Value::MonthDayTime)
        }
        Kind::DateTime(rule) => read_optional::<_, DateTime>(FieldSlot { field, rule }, reader, Value::DateTime),
        Kind::Flag(rule) => reader.field(FieldSlot { field, rule }).map(Value::Flag),
        Kind::Bytes(rule) => reader.field(FieldSlot { field, rule }).map(Value::Bytes),
    }
}

/// Checks a field that is not computed, with the errors of [`read`]. Only a number is returned, because a group, a length or a sum may
/// depend on it.
pub(super) fn pass(field: &Field, kind: &Kind, reader: &mut Reader<'_>) -> Result<Value, Error> {
    let passed = match kind {
        Kind::Text(rule) => reader.field::<_, Cow<'_, str>>(FieldSlot { field, rule }).map(drop),
        Kind::Digits(rule) => reader.field::<_, Cow<'_, str>>(FieldSlot { field, rule }).map(drop),
        Kind::Code(rule) => reader.field::<_, Cow<'_, str>>(FieldSlot { field, rule }).map(drop),
        Kind::Bytes(rule) => reader.field::<_, &[u8]>(FieldSlot { field, rule }).map(drop),
        Kind::Number(_) | Kind::Date(_) | Kind::Time(_) | Kind::DateTime(_) | Kind::Flag(_) => {
            return read(field, kind, reader);
        }
    };
    passed.map(|()| Value::Absent)
}

/// Reads a number as `i64` if its digits fit, because `i128` is slow to compute and rarely needed.
fn number(slot: FieldSlot<'_, NumberRule>, reader: &mut Reader<'_>) -> Result<Value, Error> {
    const I64_DIGITS: usize = 18;
    if slot.rule.encoding.digits(slot.field.len) + usize::from(slot.rule.zeros()) <= I64_DIGITS {
        read_optional::<_, i64>(slot, reader, |value| Value::Number(value.into()))
    } else {
        read_optional::<_, i128>(slot, reader, Value::Number)
    }
}

fn read_optional<'a, R: Blank, T: FieldValue<'a, R>>(
    slot: FieldSlot<'_, R>,
    reader: &mut Reader<'a>,
    some: impl Fn(T) -> Value,
) -> Result<Value, Error> {
    reader.field::<R, Option<T>>(slot).map(|value| value.map_or(Value::None, some))
}

/// Writes a field that is not computed.
#[inline(always)]
pub(super) fn write(field: &Field, kind: &Kind, value: &Value, writer: &mut Writer<'_>) -> Result<(), Error> {
    match (kind, value) {
        (Kind::Text(rule), Value::Text(text)) => writer.field(FieldSlot { field, rule }, text),
        (Kind::Digits(rule), Value::Text(text)) => writer.field(FieldSlot { field, rule }, text),
        (Kind::Code(rule), Value::Text(text)) => writer.field(FieldSlot { field, rule }, text),
        // As when a number is read: `i128` is slow to compute and rarely needed.
        (Kind::Number(rule), Value::Number(number)) => match i64::try_from(*number) {
            Ok(number) => write_optional(FieldSlot { field, rule }, &Some(number), writer),
            Err(_) => write_optional(FieldSlot { field, rule }, &Some(*number), writer),
        },
        (Kind::Number(rule), Value::None) => write_optional(FieldSlot { field, rule }, &None::<i128>, writer),
        (Kind::Date(rule), value) => date(FieldSlot { field, rule }, value, writer),
        (Kind::Time(rule), Value::Time(time)) => write_optional(FieldSlot { field, rule }, &Some(*time), writer),
        (Kind::Time(rule), Value::None) => write_optional(FieldSlot { field, rule }, &None::<Time>, writer),
        (Kind::DateTime(rule), Value::DateTime(both)) => {
            write_optional(FieldSlot { field, rule }, &Some(*both), writer)
        }
        (Kind::DateTime(rule), Value::MonthDayTime(both)) => {
            write_optional(FieldSlot { field, rule }, &Some(*both), writer)
        }
        (Kind::DateTime(rule), Value::None) => write_optional(FieldSlot { field, rule }, &None::<DateTime>, writer),
        (Kind::Flag(rule), Value::Flag(flag)) => writer.field(FieldSlot { field, rule }, flag),
        (Kind::Bytes(rule), Value::Bytes(bytes)) => writer.field(FieldSlot { field, rule }, bytes),
        (
            Kind::Text(_)
            | Kind::Digits(_)
            | Kind::Code(_)
            | Kind::Number(_)
            | Kind::Time(_)
            | Kind::DateTime(_)
            | Kind::Flag(_)
            | Kind::Bytes(_),
            other,
        ) => Err(unfit_field(field, other)),
    }
}

fn date(slot: FieldSlot<'_, DateRule>, value: &Value, writer: &mut Writer<'_>) -> Result<(), Error> {
    match value {
        Value::Date(date) => write_optional(slot, &Some(*date), writer),
        Value::YearMonth(month) => write_optional(slot, &Some(*month), writer),
        Value::MonthDay(day) => write_optional(slot, &Some(*day), writer),
        Value::None => write_optional(slot, &None::<Date>, writer),
        other => Err(unfit_field(slot.field, other)),
    }
}

fn write_optional<'v, R: Blank, T: FieldValue<'v, R>>(
    slot: FieldSlot<'_, R>,
    value: &Option<T>,
    writer: &mut Writer<'_>,
) -> Result<(), Error> {
    writer.field(slot, value)
}

#[cold]
pub(super) fn unfit_field(field: &Field, value: &Value) -> Error {
    let fault = match value {
        Value::Absent => Fault::Missing,
        Value::None => Fault::NoValue,
        other => Fault::WrongType { expected: field.kind.value_name(), found: other.kind_name() },
    };
    Error::in_field(Culprit::Caller, fault, field)
}

impl Kind {
    /// The value of a field of this kind, as a phrase for messages.
    #[must_use]
    pub const fn value_name(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Digits(_) => "a string of digits",
            Self::Number(_) => "a number",
            Self::Date(_) => "a date",
            Self::Time(_) => "a time",
            Self::DateTime(_) => "a date with a time",
            Self::Code(_) => "a code, as text",
            Self::Flag(_) => "true or false",
            Self::Bytes(_) => "bytes",
        }
    }
}
