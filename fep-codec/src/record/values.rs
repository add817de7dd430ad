//! [`Values`]: the values of a record, which are dropped faster than a plain `Vec` of them.

use alloc::vec::Vec;
use core::fmt;
use core::mem::{ManuallyDrop, take};
use core::ops::{Deref, DerefMut};

use super::Value;

/// The values of a record.
///
/// Nearly all of them are numbers, dates and short texts, which hold no memory. To drop such a value takes 33 instructions in the code that the
/// compiler makes for a [`Value`] of any kind, and a record has one for each item. Here it takes about half.
#[derive(Clone, PartialEq)]
pub(super) struct Values(pub(super) Vec<Value>);

impl Values {
    pub(super) fn into_vec(mut self) -> Vec<Value> {
        take(&mut self.0)
    }
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Deref for Values {
    type Target = Vec<Value>;

    #[inline]
    fn deref(&self) -> &Vec<Value> {
        &self.0
    }
}

impl DerefMut for Values {
    #[inline]
    fn deref_mut(&mut self) -> &mut Vec<Value> {
        &mut self.0
    }
}

impl Drop for Values {
    fn drop(&mut self) {
        release(take(&mut self.0));
    }
}

/// Drops what holds memory, and then only the list itself.
fn release(mut values: Vec<Value>) {
    for value in &mut values {
        match value {
            Value::Part(values) => release(take(values)),
            Value::Text(text) if !text.is_heap_allocated() => {}
            Value::Text(_) | Value::Bytes(_) | Value::Group(_) | Value::Choice(..) => *value = Value::Absent,
            Value::Absent
            | Value::None
            | Value::Number(_)
            | Value::Date(_)
            | Value::MonthDay(_)
            | Value::YearMonth(_)
            | Value::Time(_)
            | Value::DateTime(_)
            | Value::MonthDayTime(_)
            | Value::Flag(_) => {}
        }
    }
    let _: Vec<ManuallyDrop<Value>> = values.into_iter().map(ManuallyDrop::new).collect();
}
