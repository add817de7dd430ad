//! The offsets of items that have no constant offset, because an item before them varies in length.
//!
//! A [`Walk`] passes the items of a layout from front to back, each of them once. On the way it reads only counts, lengths and
//! the codes of choices. The contents of other fields do not matter. The codecs use a walk for codes that have no constant
//! offset. Views use a walk for all items.

use alloc::vec::Vec;

use crate::cursor::{Reader, Writer, no_count};
use crate::error::{Culprit, Error, Fault};
use crate::layout::{
    Choice, Chooser, Computed, Counter, Extent, Field, FieldSlot, Group, Item, Kind, Layout, Limit, Span,
};

/// A layout in a telegram: it begins at `start`, and its bytes end at `end` at the latest.
#[derive(Clone, Copy)]
pub(crate) struct PlacedLayout<'l, 't> {
    pub(crate) layout: &'l Layout,
    pub(crate) telegram: &'t [u8],
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// The last offset at which an item may end, in bytes from the start of the telegram. A walk that goes beyond it fails.
    bound: usize,
}

impl<'l, 't> PlacedLayout<'l, 't> {
    /// The layout of a whole telegram.
    pub(crate) const fn whole(layout: &'l Layout, telegram: &'t [u8]) -> Self {
        Self::new(layout, telegram, 0, telegram.len())
    }

    pub(crate) const fn new(layout: &'l Layout, telegram: &'t [u8], start: usize, end: usize) -> Self {
        Self { layout, telegram, start, end, bound: telegram.len() }
    }

    /// Another layout in the same telegram.
    pub(crate) const fn of(self, layout: &'l Layout, start: usize, end: usize) -> Self {
        Self { layout, start, end, ..self }
    }

    /// A walk that has reached the item at this index.
    ///
    /// # Errors
    /// If a count on the way cannot be read, or the telegram ends before the item.
    pub(crate) fn walk_to(self, index: usize) -> Result<Walk<'l, 't>, Error> {
        let mut walk = Walk::new(self, Vec::new());
        walk.pass(index)?;
        Ok(walk)
    }

    /// The offset of the item at this index, in bytes from the start of the telegram. The end of the layout, if there is no such
    /// item.
    ///
    /// # Errors
    /// Those of [`Self::walk_to`].
    pub(crate) fn offset_of(self, index: usize) -> Result<usize, Error> {
        Ok(self.walk_to(index)?.at)
    }

    /// The offset at which the layout ends.
    ///
    /// # Errors
    /// Those of [`Self::walk_to`].
    pub(crate) fn end(self) -> Result<usize, Error> {
        match self.layout.fixed_len() {
            Some(len) => Ok(self.start.saturating_add(len)),
            None => self.offset_of(usize::MAX),
        }
    }

    /// The offset at which the layout ends, even if the telegram is shorter.
    ///
    /// # Errors
    /// If a count on the way cannot be read, or the telegram ends before that count.
    pub(crate) fn end_or_beyond(self) -> Result<usize, Error> {
        Self { bound: usize::MAX, ..self }.end()
    }

    /// The number of entries of the group at this index.
    ///
    /// # Errors
    /// Those of [`Self::walk_to`].
    pub(crate) fn count(self, index: usize, group: &'l Group) -> Result<usize, Error> {
        // A count at a constant offset needs no walk.
        let constant = match self.layout.extent(index).counted_by() {
            Some(Counter::Beside(field)) => self.layout.offset_of(field).is_some(),
            Some(Counter::InPart) => true,
            None => false,
        };
        if constant {
            Walk::new(self, Vec::new()).count(index, group)
        } else {
            self.walk_to(index)?.count(index, group)
        }
    }

    /// The offset of the entry at this index, in a group that begins at `at`.
    ///
    /// # Errors
    /// Those of [`Self::walk_to`], in an earlier entry.
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

    /// The field that decides the choice at this index. Its range counts from the start of the layout.
    fn code(self, index: usize) -> Result<Span<'l>, Error> {
        let Some(Item::Choice(choice)) = self.layout.items().get(index) else {
            return Err(Error::new(Culprit::Spec, Fault::BadSpec { reason: "there is no such choice" }));
        };
        let mut walk = Walk::new(self, Vec::from([Code::at(&choice.by)]));
        walk.pass(index)?;
        let found = walk.codes.first().and_then(|code| code.found.clone());
        let span = found.ok_or_else(|| no_code(choice))?;
        Ok(from_start(span, self.start))
    }
}

/// A code that decides a choice and has no constant offset.
struct Code<'l> {
    /// The path from the layout that is walked.
    path: &'l str,
    /// The field, once the walk has passed it. Its range counts from the start of the telegram.
    found: Option<Span<'l>>,
}

impl<'l> Code<'l> {
    const fn at(path: &'l str) -> Self {
        Self { path, found: None }
    }

    /// The same code with its path within a part, or `None` if the code is not in the part.
    fn within(&self, part: &str) -> Option<Self> {
        Some(Self::at(self.path.strip_prefix(part)?.strip_prefix('.')?))
    }
}

/// A pass over the items of a layout that has reached one of them.
pub(crate) struct Walk<'l, 't> {
    standing: PlacedLayout<'l, 't>,
    /// The offset of the next item, in bytes from the start of the telegram.
    pub(crate) at: usize,
    /// The passed counts and lengths without a constant offset: the index and the offset of each.
    passed: Vec<(usize, usize)>,
    /// The codes that the caller looks for, then the codes of the layout's own choices.
    codes: Vec<Code<'l>>,
}

impl<'l, 't> Walk<'l, 't> {
    fn new(standing: PlacedLayout<'l, 't>, sought: Vec<Code<'l>>) -> Self {
        let mut codes = sought;
        for item in standing.layout.items() {
            if let Item::Choice(choice) = item
                && standing.layout.chooser_of(choice).is_none()
            {
                codes.push(Code::at(&choice.by));
            }
        }
        Self { standing, at: standing.start, passed: Vec::new(), codes }
    }

    /// Advances to the item at this index, or to the end.
    fn pass(&mut self, index: usize) -> Result<(), Error> {
        let PlacedLayout { layout, telegram, bound, .. } = self.standing;
        for (passed, item) in layout.items().iter().enumerate().take(index) {
            let len = self.item_len(passed, item)?;
            if let Item::Field(field) = item {
                self.note(passed, field);
            }
            self.at = self.at.saturating_add(len);
            if self.at > bound {
                let left = telegram.len().saturating_sub(self.at.saturating_sub(len));
                let fault = match layout.limit(passed) {
                    Limit::Stated(_) => Fault::StatedBeyondEnd { stated: len, left, within: None },
                    Limit::Before(_) | Limit::Endless => Fault::Truncated { needed: len, left },
                };
                let error = Error::new(Culprit::Peer, fault);
                return Err(item.name().into_iter().fold(error, Error::within));
            }
        }
        Ok(())
    }

    /// Remembers a field that may be needed later.
    fn note(&mut self, index: usize, field: &'l Field) {
        if matches!(field.computed, Some(Computed::Count(_) | Computed::LengthOf(_)))
            && self.standing.layout.offset_of(index).is_none()
        {
            self.passed.push((index, self.at));
        }
        let range = self.at..self.at.saturating_add(field.len);
        for code in self.codes.iter_mut().filter(|code| code.path == field.name && field.is_code_like()) {
            code.found = Some(Span { field, range: range.clone() });
        }
    }

    /// The latest end of the bytes of the item at this index. The walk has reached this item.
    ///
    /// # Errors
    /// If the field that states the length cannot be read, or the item has no end.
    pub(crate) fn limit(&self, index: usize) -> Result<usize, Error> {
        let PlacedLayout { layout, end, .. } = self.standing;
        match layout.limit(index) {
            Limit::Stated(field) => Ok(self.at.saturating_add(self.number(field)?)),
            Limit::Before(behind) => Ok(end.saturating_sub(behind)),
            Limit::Endless => Err(endless(layout.items().get(index).and_then(Item::name).unwrap_or_default())),
        }
    }

    /// The number in the field at this index. If the field has no constant offset, the walk has already passed it.
    fn number(&self, index: usize) -> Result<usize, Error> {
        let PlacedLayout { layout, telegram, start, .. } = self.standing;
        let constant = layout.offset_of(index).map(|offset| start.saturating_add(offset));
        let passed = || self.passed.iter().find(|(passed, _)| *passed == index).map(|(_, at)| *at);
        if let Some(Item::Field(field)) = layout.items().get(index)
            && let Kind::Number(rule) = &field.kind
            && let Some(at) = constant.or_else(passed)
        {
            let slot = FieldSlot { field, rule };
            let mut reader = Reader::starting_at(telegram, at);
            if let Some(Computed::Count(of)) = &field.computed
                && let Some((_, Item::Group(group))) = layout.item(of)
            {
                return reader.count(slot, group);
            }
            let said: i128 = reader.field(slot)?;
            return Ok(usize::try_from(said).unwrap_or(usize::MAX));
        }
        let fault = Fault::BadSpec { reason: "a count or a length must be a number field before its item" };
        Err(Error::new(Culprit::Spec, fault))
    }

    /// The number of entries of the group at this index. The walk has reached this group.
    ///
    /// # Errors
    /// If the count or the length of an entry cannot be read.
    pub(crate) fn count(&self, index: usize, group: &'l Group) -> Result<usize, Error> {
        let PlacedLayout { layout, telegram, .. } = self.standing;
        let count = |field| match field {
            Some(Counter::Beside(field)) => self.number(field),
            Some(Counter::InPart) => Reader::new(telegram).count_in_part(layout, self.standing.start, group),
            None => Err(no_count(group)),
        };
        match layout.extent(index).resolve(count)? {
            Extent::Count(count) | Extent::Padded(Some(count)) => Ok(count),
            Extent::Padded(None) => Ok(group.used_entries(telegram.get(self.at..).unwrap_or_default())),
            Extent::Rest(_) => self.entries_until(group, self.limit(index)?, group.repeat.max()),
        }
    }

    /// The number of entries from here to `end`, at most `max`.
    fn entries_until(&self, group: &'l Group, end: usize, max: usize) -> Result<usize, Error> {
        let mut at = self.at;
        let mut count = 0_usize;
        while at < end && count < max {
            let next = match group.layout.fixed_len() {
                Some(len) => at.saturating_add(len),
                None => {
                    let entry = self.standing.of(&group.layout, at, end);
                    entry.end().map_err(|error| error.at_entry(count).within(&group.name))?
                }
            };
            if next <= at {
                break;
            }
            (at, count) = (next, count.saturating_add(1));
        }
        Ok(count)
    }

    fn item_len(&mut self, index: usize, item: &'l Item) -> Result<usize, Error> {
        let at = self.at;
        if let Item::Part(part) = item {
            return self.part_len(index, &part.name, &part.layout);
        }
        if let Some(len) = item.fixed_len() {
            return Ok(len);
        }
        let end = match item {
            Item::Group(group) => self.standing.entry_offset(group, at, self.count(index, group)?),
            Item::Choice(choice) => {
                let inner = self.standing.of(self.case(choice)?, at, self.limit(index)?);
                inner.end().map_err(|error| error.within(&choice.name))
            }
            Item::Tail(_) => self.limit(index),
            Item::Part(_) | Item::Field(_) | Item::Literal(_) | Item::Filler(_) => Ok(at),
        };
        Ok(end?.saturating_sub(at))
    }

    /// The length of a part in bytes. Codes that are looked for in the part are found on the way.
    fn part_len(&mut self, index: usize, name: &'l str, layout: &'l Layout) -> Result<usize, Error> {
        let sought: Vec<_> = self.codes.iter().filter_map(|code| code.within(name)).collect();
        if let Some(len) = layout.fixed_len()
            && sought.is_empty()
        {
            return Ok(len);
        }
        let inner = self.standing.of(layout, self.at, self.limit(index)?);
        let mut walk = Walk::new(inner, sought);
        walk.pass(usize::MAX).map_err(|error| error.within(name))?;
        let mut found = walk.codes.into_iter();
        for code in self.codes.iter_mut().filter(|code| code.within(name).is_some()) {
            code.found = found.next().and_then(|code| code.found);
        }
        Ok(walk.at.saturating_sub(self.at))
    }

    /// The layout of the selected case of a choice.
    ///
    /// # Errors
    /// If no case has the code, or the walk has not passed the code.
    pub(crate) fn case(&self, choice: &'l Choice) -> Result<&'l Layout, Error> {
        let PlacedLayout { layout, telegram, start, .. } = self.standing;
        let passed = || {
            let code = self.codes.iter().find(|code| code.path == choice.by);
            code.and_then(|code| code.found.clone()).map(|span| from_start(span, start))
        };
        let by = layout.chooser_of(choice).or_else(passed).ok_or_else(|| no_code(choice))?;
        let case = Reader::new(telegram).choose(start, &by, choice)?;
        match choice.cases().get(case) {
            Some(case) => Ok(&case.layout),
            None => Err(Error::new(Culprit::Spec, choice.no_such_case())),
        }
    }
}

/// Converts a span from telegram offsets to offsets from the start of the layout, as in [`Layout::span`].
fn from_start(span: Span<'_>, start: usize) -> Span<'_> {
    Span { range: span.range.start.saturating_sub(start)..span.range.end.saturating_sub(start), ..span }
}

pub(crate) fn no_code(choice: &Choice) -> Error {
    let reason = "no text, digits or code field at a fixed offset, or before it, decides this choice";
    Error::new(Culprit::Spec, Fault::BadSpec { reason }).within(&choice.name)
}

/// The spec does not say where this item ends.
pub(crate) fn endless(name: &str) -> Error {
    let reason = "this takes what is left of the telegram, and what follows it has no fixed length";
    Error::new(Culprit::Spec, Fault::BadSpec { reason }).within(name)
}

impl Reader<'_> {
    /// The index of the selected case of a choice at the reader's position, in a layout that began at `start`.
    ///
    /// # Errors
    /// If no case has the code, the telegram ends before it, or its offset cannot be determined.
    pub(crate) fn case_here(&self, start: usize, by: &Chooser<'_>, choice: &Choice) -> Result<usize, Error> {
        match by {
            Chooser::At(span) => self.choose(start, span, choice),
            Chooser::Passed { layout, index } => {
                // The walk needs the end of the layout, because an item before the choice may take the rest of the layout. That end is
                // here plus the length of the choice and of all items after it.
                let behind = index.checked_sub(1).and_then(|before| layout.len_behind(before)).unwrap_or(self.left());
                let end = self.position().saturating_add(behind);
                let standing = PlacedLayout::new(layout, self.telegram(), start, end);
                self.choose(start, &standing.code(*index)?, choice)
            }
        }
    }
}

impl Writer<'_> {
    /// Checks that the written case is the one that the deciding field selects. The layout began at `start` and is completely
    /// written.
    ///
    /// # Errors
    /// If the code in the field selects another case.
    pub fn check_case(&self, start: usize, by: &Chooser<'_>, choice: &Choice, case: usize) -> Result<(), Error> {
        match by {
            Chooser::At(span) => self.check_case_by(start, span, choice, case),
            Chooser::Passed { layout, index } => {
                let standing = PlacedLayout::new(layout, self.written(0), start, self.position());
                let span = standing.code(*index)?;
                self.check_case_by(start, &span, choice, case)
            }
        }
    }
}
