//! Fields whose values depend on other fields. Their values are kept while a layout is read, and compared when it is complete.

use alloc::vec::Vec;

use super::{Value, text};
use crate::cursor::{FieldSum, Reader, Stated, check_page};
use crate::error::{Culprit, Error, Fault};
use crate::layout::{Computed, Field, Item, Kind, Layout, NumberRule, SignOf};

/// The fields of one layout that are compared later.
pub(crate) struct Linked<'l> {
    layout: &'l Layout,
    fields: Vec<Said<'l>>,
}

struct Said<'l> {
    /// The index of the item.
    index: usize,
    field: &'l Field,
    computed: &'l Computed,
    at: usize,
    value: i128,
}

impl<'l> Linked<'l> {
    pub(crate) const fn new(layout: &'l Layout) -> Self {
        Self { layout, fields: Vec::new() }
    }

    /// Whether a value was kept.
    pub(super) const fn has_any(&self) -> bool {
        !self.fields.is_empty()
    }

    /// Keeps the value of the field at this offset, if it must be compared later.
    pub(crate) fn remember(&mut self, index: usize, field: &'l Field, at: usize, value: &Value) {
        let Some(computed) = &field.computed else { return };
        if self.layout.is_link(field) {
            return;
        }
        let value = match (computed, value) {
            (Computed::Count(of), Value::Number(value)) if !self.is_behind(of, index) => *value,
            (Computed::Sum(_), Value::Number(value)) => *value,
            (Computed::Sign(_), _) => 0,
            _ => return,
        };
        self.fields.push(Said { index, field, computed, at, value });
    }

    fn is_behind(&self, name: &str, index: usize) -> bool {
        self.layout.item(name).is_some_and(|(at, _)| at > index)
    }

    /// Compares a count that was just read with the entries before it. Derived code also does so at once. So both codecs report
    /// the same error first if there are several.
    pub(super) fn verify_count(&self, index: usize, values: &[Value], reader: &Reader<'_>) -> Result<(), Error> {
        match self.fields.last() {
            Some(said) if said.index == index => match said.computed {
                Computed::Count(of) => self.compare_count(said, of, values, reader),
                _ => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Compares all other kept values and checks pages, in the order of the items. Applies the signs in separate fields to their
    /// numbers.
    pub(super) fn verify(&self, values: &mut [Value], reader: &Reader<'_>) -> Result<(), Error> {
        let mut fields = self.fields.iter().peekable();
        for (index, item) in self.layout.items().iter().enumerate() {
            match fields.next_if(|said| said.index == index) {
                Some(Said { computed: Computed::Count(_), .. }) => {}
                Some(said) => self.compare(said, values, reader)?,
                None => check_pages_of(item, index, self.layout, values, Culprit::Peer)?,
            }
        }
        Ok(())
    }

    /// Compares all kept values without stopping at an error. Returns each error with the offset of its field. A sum is skipped
    /// if its group was not read completely, and a sign is skipped if its number was not read.
    pub(crate) fn lies(
        &self,
        values: &mut [Value],
        is_whole: impl Fn(&str) -> bool,
        reader: &Reader<'_>,
    ) -> Vec<(usize, Error)> {
        let unread = |name: &str| {
            let value = self.layout.item(name).and_then(|(index, _)| values.get(index));
            value.is_none_or(|value| *value == Value::Absent)
        };
        let comparable = |said: &&Said<'_>| match said.computed {
            Computed::Sum(path) => is_whole(path.split('.').next().unwrap_or_default()),
            Computed::Sign(sign) => !unread(&sign.of),
            _ => true,
        };
        let said: Vec<&Said<'_>> = self.fields.iter().filter(comparable).collect();
        said.into_iter().filter_map(|said| Some((said.at, self.compare(said, values, reader).err()?))).collect()
    }

    fn compare(&self, said: &Said<'_>, values: &mut [Value], reader: &Reader<'_>) -> Result<(), Error> {
        match said.computed {
            Computed::Count(of) => self.compare_count(said, of, values, reader),
            Computed::Sum(path) => {
                reader.check_sum(said.field, Stated::new(said.value, said.at), sum(self.layout, values, path))
            }
            Computed::Sign(sign) => self.sign(said, sign, values, reader),
            _ => Ok(()),
        }
    }

    fn compare_count(&self, said: &Said<'_>, of: &str, values: &[Value], reader: &Reader<'_>) -> Result<(), Error> {
        let stated = Stated::new(u64::try_from(said.value).unwrap_or(u64::MAX), said.at);
        reader.check_count(said.field, stated, count(self.layout, values, of))
    }

    fn sign(&self, said: &Said<'_>, sign: &SignOf, values: &mut [Value], reader: &Reader<'_>) -> Result<(), Error> {
        let byte = reader.telegram().get(said.at).copied().unwrap_or_default();
        let Some((index, rule)) = number_of(self.layout, sign) else { return Err(no_number(said.field)) };
        if let Some(value) = values.get_mut(index) {
            let unsigned = if let Value::Number(number) = value { Some(*number) } else { None };
            let signed = reader.signed((said.field, sign), Stated::new(byte, said.at), unsigned, rule)?;
            *value = signed.map_or(Value::None, Value::Number);
            // A sign that the field accepts has the text of the sign that is written, so that the record can be encoded.
            let written = text::sign_text(said.field, sign.byte_of(signed.unwrap_or_default()));
            if let Some(own) = values.get_mut(said.index).filter(|_| !sign.accepts.is_empty()) {
                *own = Value::Text(written);
            }
        }
        Ok(())
    }
}

/// Checks the pages of a layout.
pub(crate) fn pages(layout: &Layout, values: &[Value], culprit: Culprit) -> Result<(), Error> {
    let mut items = layout.items().iter().enumerate();
    items.try_for_each(|(index, item)| check_pages_of(item, index, layout, values, culprit))
}

/// Checks the page of a group, if the item is a group with pages.
fn check_pages_of(item: &Item, at: usize, layout: &Layout, values: &[Value], culprit: Culprit) -> Result<(), Error> {
    let (Item::Group(group), Some(Value::Group(entries))) = (item, values.get(at)) else { return Ok(()) };
    let Some(page) = &group.page else { return Ok(()) };
    let number = |name: &str| match layout.item(name).and_then(|(index, _)| values.get(index)) {
        Some(Value::Number(number)) => Some(*number),
        _ => None,
    };
    check_page(culprit, group, entries.len(), number(&page.start), number(&page.total))
}

/// The number whose sign is in another field: the index of the number's item, and its rule.
pub(crate) fn number_of<'l>(layout: &'l Layout, sign: &SignOf) -> Option<(usize, &'l NumberRule)> {
    match layout.item(&sign.of)? {
        (index, Item::Field(Field { kind: Kind::Number(rule), .. })) => Some((index, rule)),
        _ => None,
    }
}

pub(crate) fn no_number(field: &Field) -> Error {
    let reason = "the field is the sign of a number that does not stand beside it";
    Error::in_field(Culprit::Spec, Fault::BadSpec { reason }, field)
}

/// The number of entries of a group.
pub(crate) fn count(layout: &Layout, values: &[Value], group: &str) -> usize {
    match layout.item(group).and_then(|(index, _)| values.get(index)) {
        Some(Value::Group(entries)) => entries.len(),
        _ => 0,
    }
}

/// The sum of a number over a group's entries: `items.amount`, or `amounts` for an array.
pub(crate) fn sum(layout: &Layout, values: &[Value], path: &str) -> FieldSum {
    let mut tally = FieldSum::ZERO;
    let (group, inner) = path.split_once('.').unwrap_or((path, ""));
    let Some((index, Item::Group(group))) = layout.item(group) else { return tally };
    if let Some(Value::Group(entries)) = values.get(index) {
        for entry in entries {
            tally.add_units(units(&group.layout, entry, inner).or(Some(0)));
        }
    }
    tally
}

/// Whether all numbers of a sum are available.
pub(crate) fn can_sum(layout: &Layout, values: &[Value], path: &str) -> bool {
    let (group, inner) = path.split_once('.').unwrap_or((path, ""));
    match layout.item(group).and_then(|(index, item)| Some((item, values.get(index)?))) {
        Some((Item::Group(group), Value::Group(entries))) => {
            entries.iter().all(|entry| units(&group.layout, entry, inner).is_some())
        }
        _ => false,
    }
}

/// The number at a path in an entry, in its smallest unit. `None` if it is absent.
fn units(layout: &Layout, values: &[Value], path: &str) -> Option<i128> {
    let (name, inner) = path.split_once('.').unwrap_or((path, ""));
    let (index, item) = match layout.array_field() {
        Some(_) => (0, layout.items().first()?),
        None => layout.item(name)?,
    };
    match (item, values.get(index)?) {
        (Item::Part(part), Value::Part(values)) => units(&part.layout, values, inner),
        (_, Value::Number(number)) => Some(*number),
        (_, Value::Absent) => None,
        _ => Some(0),
    }
}
