//! Where items stand that have no constant place: behind what varies in length.
//!
//! Only counts, lengths and the codes of choices are read on the way; what other fields hold does not matter.

use alloc::vec::Vec;

use crate::cursor::Reader;
use crate::error::{Culprit, Error, Fault};
use crate::layout::{Choice, Computed, Field, Group, Item, Layout, Repeat};
use crate::record::{Value, case_of, field_value, split_index, unknown};

/// A layout in a telegram: it begins at `start`, and its bytes end at `end` at the latest.
#[derive(Clone, Copy)]
pub(crate) struct Extent<'l, 't> {
    pub(crate) layout: &'l Layout,
    pub(crate) telegram: &'t [u8],
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// A field and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Place<'l> {
    pub(crate) field: &'l Field,
    pub(crate) start: usize,
    /// Its bytes; a tail has as many as its value.
    pub(crate) len: usize,
}

/// Where the fields stand by which items vary, as far as a walk has passed them. Without it each would be looked for from the
/// start, those before it too: twice the work for each item that varies.
#[derive(Default)]
struct Passed {
    /// Numbers of items, and where these begin; the latest take the place of the earliest.
    starts: [Option<(usize, usize)>; PASSED_MAX],
    count: usize,
}

/// Few such fields stand between one and the item that it is about.
const PASSED_MAX: usize = 8;

impl Passed {
    fn remember(&mut self, number: usize, item: &Item, start: usize) {
        if let Item::Field(Field { computed: Some(Computed::Count(_) | Computed::LengthOf(_)), .. }) = item {
            if let Some(place) = self.starts.get_mut(self.count % PASSED_MAX) {
                *place = Some((number, start));
            }
            self.count = self.count.wrapping_add(1);
        }
    }

    fn start_of(&self, number: usize) -> Option<usize> {
        self.starts.iter().flatten().find(|(passed, _)| *passed == number).map(|(_, start)| *start)
    }
}

impl<'l, 't> Extent<'l, 't> {
    /// Where the item with this number begins, in bytes from the start of the telegram; the end, if there is no such item.
    ///
    /// # Errors
    /// If a count on the way cannot be read, or the telegram ends before.
    pub(crate) fn offset_of(self, number: usize) -> Result<usize, Error> {
        let (mut at, mut passed) = (self.start, Passed::default());
        for (number, item) in self.layout.items().iter().enumerate().take(number) {
            passed.remember(number, item, at);
            let len = self.item_len(number, item, at, &passed)?;
            at = at.saturating_add(len);
            if at > self.telegram.len() {
                let left = self.telegram.len().saturating_sub(at.saturating_sub(len));
                let error = Error::new(Culprit::Peer, Fault::Truncated { needed: len, left });
                return Err(item.name().into_iter().fold(error, Error::within));
            }
        }
        Ok(at)
    }

    /// All of a telegram.
    pub(crate) const fn whole(layout: &'l Layout, telegram: &'t [u8]) -> Self {
        Self { layout, telegram, start: 0, end: telegram.len() }
    }

    /// Another layout in the same telegram.
    const fn of(self, layout: &'l Layout, start: usize, end: usize) -> Self {
        Self { layout, start, end, ..self }
    }

    /// Where the bytes end at the latest of the item with this number, which begins at `at`: another field says it, or it is
    /// before what follows the item.
    ///
    /// # Errors
    /// If the field that says it cannot be read, or the item has no end.
    pub(crate) fn limit(self, number: usize, at: usize) -> Result<usize, Error> {
        self.limit_of(number, at, &Passed::default())
    }

    fn limit_of(self, number: usize, at: usize, passed: &Passed) -> Result<usize, Error> {
        let name = self.layout.items().get(number).and_then(Item::name).unwrap_or_default();
        let measures = |item: &Item| matches!(item, Item::Field(Field { computed: Some(Computed::LengthOf(of)), .. }) if of == name);
        if let Some(measure) = self.layout.items().iter().position(measures) {
            return Ok(at.saturating_add(self.number(measure, passed)?));
        }
        match self.layout.reserved_behind(number) {
            Some(behind) => Ok(self.end.saturating_sub(behind)),
            None => {
                let reason = "this takes what is left of the telegram, and what follows it has no fixed length";
                Err(Error::new(Culprit::Spec, Fault::BadSpec { reason }).within(name))
            }
        }
    }

    /// The number in the field with this place in the layout.
    fn number(self, number: usize, passed: &Passed) -> Result<usize, Error> {
        let at = match (passed.start_of(number), self.layout.offset_of(number)) {
            (Some(at), _) => at,
            (None, Some(offset)) => self.start.saturating_add(offset),
            (None, None) => self.offset_of(number)?,
        };
        if let Some(Item::Field(field)) = self.layout.items().get(number) {
            let mut reader = Reader::starting_at(self.telegram, at);
            if let Value::Number(number) = field_value(self.layout, field, self.start, &mut reader)? {
                return Ok(usize::try_from(number).unwrap_or(usize::MAX));
            }
        }
        let fault = Fault::BadSpec { reason: "counts and lengths are numbers" };
        Err(Error::new(Culprit::Spec, fault))
    }

    /// Where the layout ends.
    pub(crate) fn end(self) -> Result<usize, Error> {
        match self.layout.fixed_len() {
            Some(len) => Ok(self.start.saturating_add(len)),
            None => self.offset_of(usize::MAX),
        }
    }

    /// How many entries the group with this number has.
    pub(crate) fn count(self, number: usize, group: &'l Group) -> Result<usize, Error> {
        self.count_at(number, group, None, &Passed::default())
    }

    /// How many entries the group with this number has, which begins at `at` if that is known.
    fn count_at(self, number: usize, group: &'l Group, at: Option<usize>, passed: &Passed) -> Result<usize, Error> {
        let start = || at.map_or_else(|| self.offset_of(number), Ok);
        let field = group.repeat.counted_by().and_then(|by| self.layout.item(by)).map(|(field, _)| field);
        match (&group.repeat, field) {
            (Repeat::Fixed(count), _) => Ok(*count),
            (Repeat::Counted { .. } | Repeat::Padded { .. }, Some(field)) if field < number => {
                self.number(field, passed)
            }
            (Repeat::Counted { by: _, max } | Repeat::Rest { max }, _) => {
                let at = start()?;
                let end = self.limit_of(number, at, passed)?;
                self.entries_until(group, at, end, *max)
            }
            (Repeat::Padded { max, pad, .. }, _) => {
                let at = start()?;
                let len = group.layout.fixed_len().unwrap_or_default().max(1);
                let rest = self.telegram.get(at..).unwrap_or_default();
                let used = |entry: &&[u8]| entry.iter().any(|byte| byte != pad);
                Ok(rest.chunks(len).take(*max).take_while(used).count())
            }
        }
    }

    /// How many entries there are from here to there.
    fn entries_until(self, group: &'l Group, start: usize, end: usize, max: usize) -> Result<usize, Error> {
        let (mut at, mut count) = (start, 0_usize);
        while at < end && count < max {
            let next = match group.layout.fixed_len() {
                Some(len) => at.saturating_add(len),
                None => {
                    self.of(&group.layout, at, end).end().map_err(|error| error.at_entry(count).within(&group.name))?
                }
            };
            if next <= at {
                break;
            }
            (at, count) = (next, count.saturating_add(1));
        }
        Ok(count)
    }

    /// Where the entry with this number begins, of a group that begins at `at`.
    pub(crate) fn entry_offset(self, group: &'l Group, at: usize, index: usize) -> Result<usize, Error> {
        if let Some(len) = group.layout.fixed_len() {
            return Ok(at.saturating_add(len.saturating_mul(index)));
        }
        let mut at = at;
        for index in 0..index {
            let entry = self.of(&group.layout, at, self.end);
            at = entry.end().map_err(|error| error.at_entry(index).within(&group.name))?;
        }
        Ok(at)
    }

    fn item_len(self, number: usize, item: &'l Item, at: usize, passed: &Passed) -> Result<usize, Error> {
        if let Some(len) = item.fixed_len() {
            return Ok(len);
        }
        let end = match item {
            Item::Part(part) => {
                let inner = self.of(&part.layout, at, self.limit_of(number, at, passed)?);
                inner.end().map_err(|error| error.within(&part.name))
            }
            Item::Group(group) => self.entry_offset(group, at, self.count_at(number, group, Some(at), passed)?),
            Item::Choice(choice) => {
                let inner = self.of(self.case(choice)?, at, self.limit_of(number, at, passed)?);
                inner.end().map_err(|error| error.within(&choice.name))
            }
            Item::Tail(_) => self.limit_of(number, at, passed),
            Item::Field(_) | Item::Literal(_) | Item::Filler(_) => Ok(at),
        };
        Ok(end?.saturating_sub(at))
    }

    /// What stands in a choice.
    fn case(self, choice: &'l Choice) -> Result<&'l Layout, Error> {
        let case = case_of(self.layout, choice, self.start, &Reader::new(self.telegram))?;
        match choice.cases().get(case) {
            Some(case) => Ok(&case.layout),
            None => Err(Error::new(Culprit::Spec, choice.no_such_case())),
        }
    }

    /// The field at a path, `body.items[3].amount`, and where it stands in this telegram.
    ///
    /// # Errors
    /// If there is no such field, with the name that was probably meant; if the group has no such entry; or if the telegram
    /// does not say where it is.
    pub(crate) fn locate(self, path: &str) -> Result<Place<'l>, Error> {
        let mut inner = self;
        let mut passed: Vec<&str> = Vec::new();
        let mut segments = path.split('.').peekable();
        while let Some(segment) = segments.next() {
            let Some((name, index)) = split_index(segment) else { break };
            let Some((number, item)) = inner.layout.item(name) else { break };
            let within = |error: Error| passed.iter().rev().fold(error, |error, name| error.within(name));
            let start = inner.offset_of(number).map_err(within)?;
            let end = inner.limit(number, start).map_err(within)?;
            inner = match (item, index) {
                (Item::Field(field), None) if segments.peek().is_none() => {
                    return Ok(Place { field, start, len: field.len });
                }
                (Item::Tail(field), None) if segments.peek().is_none() => {
                    return Ok(Place { field, start, len: end.saturating_sub(start) });
                }
                (Item::Part(part), None) => inner.of(&part.layout, start, end),
                (Item::Choice(choice), None) => inner.of(inner.case(choice).map_err(within)?, start, end),
                (Item::Group(group), Some(index)) => {
                    if index >= inner.count(number, group).map_err(within)? {
                        let expected = "the number of an entry that the telegram has, from 0";
                        return Err(Error::new(Culprit::Caller, Fault::Unreadable { expected }).within(path));
                    }
                    inner.of(&group.layout, inner.entry_offset(group, start, index).map_err(within)?, end)
                }
                _ => break,
            };
            passed.push(segment);
        }
        Err(unknown(self.layout, path))
    }
}
