//! Values by path: `body.items[3].amount`.

use super::{Record, Value};
use crate::error::{Culprit, Error, Fault};
use crate::layout::{Field, Item, Layout, Repeat};

/// All items of a layout without values; parts are there with theirs, groups of varying size are empty, choices not made.
pub(crate) fn absent(layout: &Layout) -> Vec<Value> {
    layout
        .items()
        .iter()
        .map(|item| match item {
            Item::Part(part) => Value::Part(absent(&part.layout)),
            Item::Group(group) => match group.repeat {
                Repeat::Fixed(count) => Value::Group((0..count).map(|_| absent(&group.layout)).collect()),
                Repeat::Counted { .. } | Repeat::Padded { .. } | Repeat::Rest { .. } => Value::Group(Vec::new()),
            },
            Item::Field(_) | Item::Tail(_) | Item::Literal(_) | Item::Filler(_) | Item::Choice(_) => Value::Absent,
        })
        .collect()
}

/// `items[3]` → `items`, 3.
fn split_index(segment: &str) -> Option<(&str, Option<usize>)> {
    match segment.split_once('[') {
        None => Some((segment, None)),
        Some((name, index)) => Some((name, Some(index.strip_suffix(']')?.parse().ok()?))),
    }
}

impl<'l> Record<'l> {
    /// The value at a path, if the layout has one there. Whether it is given is another matter: [`Value::Absent`].
    #[must_use]
    pub fn get(&self, path: &str) -> Option<&Value> {
        self.find(path).map(|(_, value)| value)
    }

    /// The field at a path and its value.
    #[must_use]
    pub fn field(&self, path: &str) -> Option<(&'l Field, &Value)> {
        match self.find(path)? {
            (Item::Field(field) | Item::Tail(field), value) => Some((field, value)),
            _ => None,
        }
    }

    fn find(&self, path: &str) -> Option<(&'l Item, &Value)> {
        let mut layout = self.layout;
        let mut values = self.values.as_slice();
        let mut segments = path.split('.').peekable();
        loop {
            let (name, index) = split_index(segments.next()?)?;
            let (number, item) = layout.item(name)?;
            let value = values.get(number)?;
            (layout, values) = match (item, value, index) {
                (_, _, None) if segments.peek().is_none() => return Some((item, value)),
                (Item::Part(part), Value::Part(inner), None) => (&*part.layout, inner.as_slice()),
                (Item::Group(group), Value::Group(entries), Some(index)) => {
                    (&*group.layout, entries.get(index)?.as_slice())
                }
                (Item::Choice(choice), Value::Choice(case, inner), None) => {
                    (&*choice.cases().get(*case)?.layout, inner.as_slice())
                }
                _ => return None,
            };
        }
    }

    fn find_mut(&mut self, path: &str) -> Option<(&'l Item, &mut Value)> {
        let mut layout = self.layout;
        let mut values = self.values.as_mut_slice();
        let mut segments = path.split('.').peekable();
        loop {
            let (name, index) = split_index(segments.next()?)?;
            let (number, item) = layout.item(name)?;
            let value = values.get_mut(number)?;
            if index.is_none() && segments.peek().is_none() {
                return Some((item, value));
            }
            (layout, values) = match (item, value, index) {
                (Item::Part(part), Value::Part(inner), None) => (&*part.layout, inner.as_mut_slice()),
                (Item::Group(group), Value::Group(entries), Some(index)) => {
                    (&*group.layout, entries.get_mut(index)?.as_mut_slice())
                }
                (Item::Choice(choice), Value::Choice(case, inner), None) => {
                    (&*choice.cases().get(*case)?.layout, inner.as_mut_slice())
                }
                _ => return None,
            };
        }
    }

    /// Puts a value at a path. Whether it fits is seen when the record is encoded.
    ///
    /// # Errors
    /// If the layout has nothing there, or the group has no such entry.
    pub fn set(&mut self, path: &str, value: Value) -> Result<(), Error> {
        let (_, place) = self.find_mut(path).ok_or_else(|| unknown(path))?;
        *place = value;
        Ok(())
    }

    /// Makes the case with this name the one that stands at a path, without values.
    ///
    /// # Errors
    /// If there is no choice, or no such case.
    pub fn choose(&mut self, path: &str, case: &str) -> Result<(), Error> {
        if let Some((Item::Choice(choice), value)) = self.find_mut(path)
            && let Some((number, case)) = choice.cases().iter().enumerate().find(|(_, known)| known.layout.name == case)
        {
            *value = Value::Choice(number, absent(&case.layout));
            return Ok(());
        }
        Err(unknown(path))
    }

    /// Adds an entry without values to the group at a path.
    ///
    /// # Errors
    /// If there is no group.
    pub fn push_entry(&mut self, path: &str) -> Result<(), Error> {
        match self.find_mut(path) {
            Some((Item::Group(group), Value::Group(entries))) => {
                entries.push(absent(&group.layout));
                Ok(())
            }
            _ => Err(unknown(path)),
        }
    }
}

#[cold]
fn unknown(path: &str) -> Error {
    Error::new(Culprit::Caller, Fault::UnknownField { nearest: None }).within(path)
}
