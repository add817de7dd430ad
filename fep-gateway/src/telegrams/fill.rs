//! The values that the gateway puts into the fields of a request, each prepared for the kind of its field.

use fep_codec::layout::{DateForm, Field, Item, Kind, Layout};
use fep_codec::record::{Path, Record, Value};
use fep_codec::view::{FixedPlace, patch};
use fep_codec::{Culprit, Date, Error, Fault, MonthDay, Time, YearMonth, json};
use serde_json::Value as Json;

use super::{Stamp, within};
use crate::config::Filling;

/// A filling with its field.
#[derive(Clone, Debug)]
pub(super) struct Filler {
    path: Path,
    /// Where the field is in every telegram, if that is known.
    place: Option<FixedPlace>,
    content: Content,
    len: usize,
    /// The maximum number of digits of a number in the field.
    digits: usize,
    /// Whether a date is the business date.
    is_business_date: bool,
}

#[derive(Clone, Debug)]
enum Content {
    Fixed(Value),
    TraceNumber,
    TraceText,
    Date,
    YearMonth,
    MonthDay,
    DateText,
    Time,
    /// The time of a field that sends no seconds.
    Minute,
    TimeText,
    Transaction,
    /// The mark of this gateway.
    Mark(Value),
}

impl Filler {
    /// Prepares a filling, with the mark of this gateway. Returns `None` if the telegram has no such field.
    pub(super) fn new(layout: &Layout, path: &str, with: &Filling, mark: &str) -> Result<Option<Self>, String> {
        let Some(span) = layout.span(path) else { return Ok(None) };
        let cannot = |what: &str| format!("{} of {}: {what}", path, layout.name);
        let textual = matches!(span.field.kind, Kind::Text(_) | Kind::Digits(_));
        // The length of a text is a number of characters here, and two digits can share a byte.
        let len = match &span.field.kind {
            Kind::Digits(rule) => rule.capacity(span.field.len),
            _ => span.field.len,
        };
        let is_business_date = matches!(with, Filling::BusinessDate | Filling::Transaction);
        let with = if matches!(with, Filling::BusinessDate) { &Filling::Date } else { with };
        let content = match (with, &span.field.kind) {
            (Filling::Fixed(json), _) => Content::Fixed(fixed(layout, path, json)?),
            (Filling::Instance, _) => Content::Mark(fixed(layout, path, &Json::from(mark))?),
            (Filling::Trace, Kind::Number(_)) => Content::TraceNumber,
            (Filling::Trace, _) if textual => Content::TraceText,
            (Filling::Date, Kind::Date(rule)) => match rule.pattern.form() {
                DateForm::Day => Content::Date,
                DateForm::YearMonth => Content::YearMonth,
                DateForm::MonthDay => Content::MonthDay,
            },
            (Filling::Date, _) if textual && matches!(len, 6 | 8) => Content::DateText,
            (Filling::Time, Kind::Time(rule)) if rule.pattern.has_seconds() => Content::Time,
            (Filling::Time, Kind::Time(_)) => Content::Minute,
            (Filling::Time, _) if textual && len == 6 => Content::TimeText,
            (Filling::Transaction, Kind::Text(_)) if span.field.len > TRANSACTION_HEAD + 1 => Content::Transaction,
            (with, _) => return Err(cannot(&format!("{with:?} cannot be put into this kind of field"))),
        };
        if span.field.computed.is_some() && !matches!(content, Content::Fixed(_)) {
            return Err(cannot("the field is computed"));
        }
        let digits = match &span.field.kind {
            Kind::Number(rule) => rule.digits(len),
            _ => len,
        };
        let place = FixedPlace::new(layout, path);
        let Some(path) = Path::new(layout, path) else { return Ok(None) };
        Ok(Some(Self { path, place, content, len, digits, is_business_date }))
    }

    /// The highest number that fits the field.
    pub(super) fn number_max(&self) -> u64 {
        let digits = u32::try_from(self.digits).unwrap_or(u32::MAX);
        10_u64.checked_pow(digits).map_or(u64::MAX, |end| end - 1)
    }

    /// Whether the value is known only when the telegram is sent.
    pub(super) const fn is_open(&self) -> bool {
        !matches!(self.content, Content::Fixed(_))
    }

    /// Whether it is the mark of this gateway.
    pub(super) const fn is_mark(&self) -> bool {
        matches!(self.content, Content::Mark(_))
    }

    /// Fills the field if it has no value, and returns whether it did. A trace number and a mark are always replaced.
    pub(super) fn put(&self, record: &mut Record<'_>, trace: u64, stamp: Stamp) -> Result<bool, Error> {
        let ours = matches!(self.content, Content::TraceNumber | Content::TraceText | Content::Mark(_));
        if !ours && !matches!(record.get_at(&self.path), Some(Value::Absent)) {
            return Ok(false);
        }
        record.set_at(&self.path, self.value(trace, stamp)?)?;
        Ok(true)
    }

    /// Whether two gateways that send the same request at the same time can fill it differently.
    pub(super) const fn is_own(&self) -> bool {
        matches!(
            self.content,
            Content::Time | Content::Minute | Content::TimeText | Content::Transaction | Content::Mark(_)
        )
    }

    /// Whether it is a date or a time of day.
    pub(super) const fn is_of_the_clock(&self) -> bool {
        self.is_date() || matches!(self.content, Content::Time | Content::Minute | Content::TimeText)
    }

    /// Whether it is a date.
    pub(super) const fn is_date(&self) -> bool {
        matches!(self.content, Content::Date | Content::YearMonth | Content::MonthDay | Content::DateText)
    }

    /// The path of the field.
    pub(super) fn path(&self) -> &str {
        self.path.as_str()
    }

    /// Writes the value into the field of an encoded telegram.
    pub(super) fn patch(&self, layout: &Layout, bytes: &mut [u8], trace: u64, stamp: Stamp) -> Result<(), Error> {
        let value = self.value(trace, stamp)?;
        match &self.place {
            Some(place) => place.patch(bytes, &value),
            None => patch(layout, bytes, self.path(), &value),
        }
    }

    /// The value for the field.
    fn value(&self, trace: u64, stamp: Stamp) -> Result<Value, Error> {
        let date = if self.is_business_date { stamp.business_date } else { stamp.date };
        Ok(match &self.content {
            Content::Fixed(value) | Content::Mark(value) => value.clone(),
            Content::TraceNumber => Value::Number(trace.into()),
            Content::TraceText => Value::from(with_zeros(String::new(), trace, self.len)),
            Content::Date => Value::Date(date),
            Content::YearMonth => match YearMonth::new(date.year(), date.month()) {
                Ok(month) => Value::YearMonth(month),
                Err(_) => Value::None,
            },
            Content::MonthDay => match MonthDay::new(date.month(), date.day()) {
                Ok(day) => Value::MonthDay(day),
                Err(_) => Value::None,
            },
            Content::DateText => {
                let date = day_digits(date);
                Value::Text(date.chars().skip(date.len() - self.len.min(date.len())).collect())
            }
            Content::Time => Value::Time(stamp.time),
            Content::Minute => match Time::new(stamp.time.hour(), stamp.time.minute(), 0) {
                Ok(time) => Value::Time(time),
                Err(_) => Value::None,
            },
            Content::TimeText => Value::from(second_digits(stamp.time)),
            Content::Transaction => Value::from(self.transaction(trace, date)?),
        })
    }

    /// Returns `T`, the business date, and the trace number: in decimal digits while they suffice, otherwise as `A` and base 36
    /// digits.
    fn transaction(&self, trace: u64, date: Date) -> Result<String, Error> {
        let width = self.len - TRANSACTION_HEAD;
        let date = day_digits(date);
        let last = 10_u64.checked_pow(u32::try_from(width).unwrap_or(u32::MAX)).map_or(u64::MAX, |end| end - 1);
        if trace <= last {
            return Ok(with_zeros(String::from("T") + &date, trace, width));
        }
        let mut tail = Vec::new();
        let mut rest = trace - last - 1;
        for _ in 1..width {
            let digit = u32::try_from(rest % 36).unwrap_or(0);
            tail.push(char::from_digit(digit, 36).unwrap_or('0').to_ascii_uppercase());
            rest /= 36;
        }
        if rest > 0 {
            let fault = Fault::BadSpec { reason: "the field is too short for a transaction number" };
            return Err(within(Error::new(Culprit::Spec, fault), self.path.as_str()));
        }
        tail.push('A');
        Ok(format!("T{date}{}", tail.into_iter().rev().collect::<String>()))
    }
}

/// The length in bytes of `T` and a date.
const TRANSACTION_HEAD: usize = 9;

/// Converts a constant to a value of its field, and checks that it fits the field.
pub(super) fn fixed(layout: &Layout, path: &str, constant: &Json) -> Result<Value, String> {
    let mut fields = serde_json::Map::new();
    json::put(&mut fields, path, constant.clone());
    let record =
        Record::from_json_value(layout, &Json::Object(fields)).map_err(|error| format!("{}: {error}", layout.name))?;
    let value = record.get(path).cloned().unwrap_or(Value::Absent);
    if let Some(span) = layout.span(path).filter(|span| span.field.computed.is_none()) {
        encoded(layout, span.field, value.clone()).map_err(|error| format!("{}, {path}: {error}", layout.name))?;
    }
    Ok(value)
}

/// The bytes of a field with this value. The rest of the telegram does not matter.
pub(super) fn encoded(layout: &Layout, field: &Field, value: Value) -> Result<Vec<u8>, Error> {
    let items = vec![Item::Field(field.clone())].into();
    let alone = Layout { stated_len: None, when: Vec::new().into(), items, ..layout.clone() };
    let mut record = Record::new(&alone);
    record.set(&field.name, value)?;
    record.encode()
}

/// The text and the number with at least this many digits. Padding by `format!` takes five times as long.
fn with_zeros(mut text: String, number: u64, digits_min: usize) -> String {
    let digits = number.to_string();
    text.reserve(digits_min.max(digits.len()));
    text.extend(std::iter::repeat_n('0', digits_min.saturating_sub(digits.len())));
    text + &digits
}

/// `20261121`
fn day_digits(date: Date) -> String {
    let day = u32::from(date.year()) * 10_000 + u32::from(date.month()) * 100 + u32::from(date.day());
    // Padding takes three times as long, and only years before 1000 need it.
    if day >= 10_000_000 { day.to_string() } else { format!("{day:08}") }
}

/// `142755`
fn second_digits(time: Time) -> String {
    format!("{:06}", u32::from(time.hour()) * 10_000 + u32::from(time.minute()) * 100 + u32::from(time.second()))
}
