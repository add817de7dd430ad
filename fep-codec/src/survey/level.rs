//! The items of one layout in a survey. Fields that depend on other items are compared when the layout has ended.

use alloc::vec::Vec;

use super::{Survey, SurveyItem};
use crate::cursor::Reader;
use crate::error::{Culprit, Error, Fault};
use crate::layout::{Field, Item, Kind, Layout, Sign};
use crate::links::{Link, links};
use crate::record::{Linked, Value, number_at, pages};
use crate::walk::PlacedLayout;

/// The items of one layout: the offsets of the layout and of its items, and the values that could be read.
pub(super) struct Level<'l> {
    pub(super) layout: &'l Layout,
    pub(super) start: usize,
    /// The number of steps before this layout.
    pub(super) first_step: usize,
    pub(super) starts: Vec<usize>,
    pub(super) values: Vec<Value>,
    pub(super) linked: Linked<'l>,
}

impl<'l> Level<'l> {
    pub(super) fn new(layout: &'l Layout, start: usize, first_step: usize) -> Self {
        Self { layout, start, first_step, starts: Vec::new(), values: Vec::new(), linked: Linked::new(layout) }
    }

    /// The value of the count or length field at this index, and the offset of that field.
    pub(super) fn said(&self, index: usize) -> Option<(usize, usize)> {
        Some((number_at(&self.values, index)?, self.starts.get(index).copied()?))
    }
}

impl<'l> Survey<'l, '_> {
    /// A reader that does not look beyond the field. The codecs have one reader for all items, which searches once for the end of
    /// an ASCII run. Here each item has a reader, so each of them would search again.
    pub(super) fn reader_of(&self, field: &Field) -> Reader<'_> {
        let mut reader = self.reader();
        let end = self.at.saturating_add(field.len);
        if end <= self.limit {
            reader.narrow(end);
        }
        reader
    }

    /// Limits an item to the length that the field at `said_at` states, as far as the telegram has these bytes.
    pub(super) fn narrow(&mut self, level: &Level<'l>, item: &'l Item, len: usize, said_at: usize) {
        let end = self.at.saturating_add(len);
        let left = self.end.saturating_sub(self.at);
        if len > left {
            let error = Error::new(Culprit::Peer, Fault::StatedBeyondEnd { stated: len, left, within: None });
            let error = self.in_stated(error);
            let error = error.within(item.name().unwrap_or_default()).at_bytes(self.at..end, None);
            self.mark_at(level, said_at, error);
        }
        self.end = end.min(self.end);
        self.limit = self.end;
        self.stated = item.name().map(|name| (name, len));
    }

    /// Adds a step for bytes that an item does not use, although a field states that they belong to the item.
    pub(super) fn left_over(&mut self, item: &'l Item, start: usize) {
        let left = self.limit.saturating_sub(self.at);
        if left > 0 {
            let may_be_secret = match item {
                Item::Part(part) => part.layout.has_secret(),
                Item::Group(group) => group.layout.has_secret(),
                Item::Choice(choice) => choice.cases().iter().any(|case| case.layout.has_secret()),
                Item::Field(field) | Item::Tail(field) => field.secret,
                Item::Literal(_) | Item::Filler(_) => false,
            };
            let stated = self.stated.map_or(left, |(_, stated)| stated);
            let fault = Fault::StatedTooLong { stated, used: self.at.saturating_sub(start) };
            let error = Error::new(Culprit::Peer, fault);
            let error = error.within(item.name().unwrap_or_default()).at_bytes(self.at..self.limit, None);
            self.push(SurveyItem::LeftOver { may_be_secret }, left, None, Err(error));
        }
    }

    /// The links that the layout answers, if all of its items were read.
    pub(super) fn links(&self, level: &Level<'l>) -> Vec<Link<'l>> {
        if !level.layout.has_links() || level.values.len() < level.layout.items().len() || self.at > self.limit {
            return Vec::new();
        }
        links(PlacedLayout::new(level.layout, self.telegram, level.start, self.at)).unwrap_or_default()
    }

    /// Marks the fields that contradict other items, and applies the signs in separate fields to their numbers.
    pub(super) fn compare(&mut self, level: &mut Level<'l>) {
        let steps = self.steps.get(level.first_step..).unwrap_or_default();
        let is_whole = |group: &str| {
            let path = self.path_of(group);
            steps.iter().filter(|step| step.path.starts_with(&path)).all(|step| step.value.is_ok())
        };
        let lies = level.linked.lies(&mut level.values, is_whole, &self.reader());
        for (at, lie) in lies {
            self.mark_at(level, at, lie);
        }
        for link in self.links(level) {
            if let Some(lie) = link.lie(&self.reader()) {
                self.mark_at(level, link.start, lie);
            }
        }
        for ((item, value), at) in level.layout.items().iter().zip(&level.values).zip(&level.starts) {
            if let (Item::Field(Field { kind: Kind::Number(rule), .. }), Value::Number(_)) = (item, value)
                && rule.sign == Sign::Elsewhere
                && let Some(index) = self.step_at(level, *at)
                && let Some(step) = self.steps.get_mut(index).filter(|step| step.value.is_ok())
            {
                step.value = Ok(value.clone());
            }
        }
        if level.values.len() == level.layout.items().len()
            && let Err(error) = pages(level.layout, &level.values, Culprit::Peer)
        {
            // A group has no step, so the field that states the start of its page gets the error.
            let start = level.layout.items().iter().find_map(|item| match item {
                Item::Group(group) => level.layout.item(&group.page.as_ref()?.start),
                _ => None,
            });
            if let Some(at) = start.and_then(|(index, _)| level.starts.get(index)) {
                self.mark_at(level, *at, error);
            }
        }
    }

    /// The index of the step that begins at this byte.
    pub(super) fn step_at(&self, level: &Level<'_>, at: usize) -> Option<usize> {
        let mut steps = self.steps.iter().enumerate().skip(level.first_step);
        steps.find(|(_, step)| step.offset == at && step.len > 0).map(|(index, _)| index)
    }

    fn mark_at(&mut self, level: &Level<'_>, at: usize, error: Error) {
        if let Some(index) = self.step_at(level, at) {
            self.mark(index, error);
        }
    }

    /// Replaces the value of a step with an error, unless the step already has an error.
    pub(super) fn mark(&mut self, index: usize, error: Error) {
        let error = self.around(error);
        if let Some(step) = self.steps.get_mut(index).filter(|step| step.value.is_ok()) {
            step.value = Err(error);
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::borrow::Cow;

    use super::*;
    use crate::charset::Charset;
    use crate::layout::TextRule;

    #[test]
    fn a_field_is_read_without_a_look_at_what_stands_behind_it() {
        // Otherwise a telegram of n fields would be scanned n times.
        let name = Cow::Borrowed("text");
        let kind = Kind::Text(TextRule::new(Charset::Ascii));
        let field = Field { name: name.clone(), label: name, len: 2, kind, secret: false, computed: None };
        for (at, end) in [(0, 2), (5, 7), (6, 8), (7, 8)] {
            let mut survey = Survey { at, ..Survey::new(b"abcdefgh") };
            assert_eq!(survey.reader_of(&field).telegram().len(), end);
            survey.limit = 7;
            assert_eq!(survey.reader_of(&field).telegram().len(), end.min(7));
        }
    }
}
