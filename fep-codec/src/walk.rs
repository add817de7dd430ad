//! Where the items of a telegram stand that have no constant place: behind what varies in length.
//!
//! A [`Walk`] goes over the items of a layout, front to back and each of them once. Only counts, lengths and the codes of choices
//! are read on the way; what other fields hold does not matter. The codecs ask it for codes that have no constant place, and
//! views for everything.

use alloc::vec::Vec;

use crate::cursor::{Reader, Writer};
use crate::error::{Culprit, Error, Fault};
use crate::layout::{Choice, Chooser, Computed, Extent, Field, FieldSlot, Group, Item, Kind, Layout, Limit, Span};

/// A layout in a telegram: it begins at `start`, and its bytes end at `end` at the latest.
#[derive(Clone, Copy)]
pub(crate) struct PlacedLayout<'l, 't> {
    pub(crate) layout: &'l Layout,
    pub(crate) telegram: &'t [u8],
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Where the telegram ends, or has to: what a walk finds beyond it is an error.
    bound: usize,
}

impl<'l, 't> PlacedLayout<'l, 't> {
    /// All of a telegram.
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

    /// A walk that has come to the item at this index.
    ///
    /// # Errors
    /// If a count on the way cannot be read, or the telegram ends before.
    pub(crate) fn walk_to(self, index: usize) -> Result<Walk<'l, 't>, Error> {
        let mut walk = Walk::new(self, Vec::new());
        walk.pass(index)?;
        Ok(walk)
    }

    /// Where the item at this index begins, in bytes from the start of the telegram; the end, if there is no such item.
    ///
    /// # Errors
    /// Those of [`Self::walk_to`].
    pub(crate) fn offset_of(self, index: usize) -> Result<usize, Error> {
        Ok(self.walk_to(index)?.at)
    }

    /// Where the layout ends.
    ///
    /// # Errors
    /// Those of [`Self::walk_to`].
    pub(crate) fn end(self) -> Result<usize, Error> {
        match self.layout.fixed_len() {
            Some(len) => Ok(self.start.saturating_add(len)),
            None => self.offset_of(usize::MAX),
        }
    }

    /// Where the layout ends, or would end if the telegram did not end before.
    ///
    /// # Errors
    /// If a count on the way cannot be read, or the telegram ends before it.
    pub(crate) fn end_or_beyond(self) -> Result<usize, Error> {
        Self { bound: usize::MAX, ..self }.end()
    }

    /// How many entries the group at this index has.
    ///
    /// # Errors
    /// Those of [`Self::walk_to`].
    pub(crate) fn count(self, index: usize, group: &'l Group) -> Result<usize, Error> {
        // A count at a constant place needs no walk.
        match self.layout.extent(index).counted_by().and_then(|field| self.layout.offset_of(field)) {
            Some(_) => Walk::new(self, Vec::new()).count(index, group),
            None => self.walk_to(index)?.count(index, group),
        }
    }

    /// Where the entry at this index begins, of a group that begins at `at`.
    ///
    /// # Errors
    /// Those of [`Self::walk_to`], in an entry before.
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

    /// The field that decides the choice at this index, counted from the start of the layout.
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

/// A code that a choice asks for and that has no constant place.
struct Code<'l> {
    /// From the layout that is walked.
    path: &'l str,
    /// Counted from the start of the telegram.
    found: Option<Span<'l>>,
}

impl<'l> Code<'l> {
    const fn at(path: &'l str) -> Self {
        Self { path, found: None }
    }

    /// The same code, looked for in a part.
    fn within(&self, part: &str) -> Option<Self> {
        Some(Self::at(self.path.strip_prefix(part)?.strip_prefix('.')?))
    }
}

/// A way over the items of a layout, which has come to one of them.
pub(crate) struct Walk<'l, 't> {
    standing: PlacedLayout<'l, 't>,
    /// Where the next item begins, in bytes from the start of the telegram.
    pub(crate) at: usize,
    /// Counts and lengths without a constant place that were passed: which items, and where they begin.
    passed: Vec<(usize, usize)>,
    /// Those that are looked for from outside, then the layout's own.
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

    /// Goes on to the item at this index, or to the end.
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
                let error = Error::new(Culprit::Peer, Fault::Truncated { needed: len, left });
                return Err(item.name().into_iter().fold(error, Error::within));
            }
        }
        Ok(())
    }

    /// Remembers a field that may be asked for later.
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

    /// Where the bytes of the item at this index end at the latest. The walk has come to it.
    ///
    /// # Errors
    /// If the field that says it cannot be read, or the item has no end.
    pub(crate) fn limit(&self, index: usize) -> Result<usize, Error> {
        let PlacedLayout { layout, end, .. } = self.standing;
        match layout.limit(index) {
            Limit::Stated(field) => Ok(self.at.saturating_add(self.number(field)?)),
            Limit::Before(behind) => Ok(end.saturating_sub(behind)),
            Limit::Endless => Err(endless(layout.items().get(index).and_then(Item::name).unwrap_or_default())),
        }
    }

    /// The number in the field with this place in the layout, which the walk has passed if it has no constant place.
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
        let fault = Fault::BadSpec { reason: "counts and lengths are numbers, and stand before what they speak of" };
        Err(Error::new(Culprit::Spec, fault))
    }

    /// How many entries the group at this index has. The walk has come to it.
    ///
    /// # Errors
    /// If their count cannot be read, or an entry's length.
    pub(crate) fn count(&self, index: usize, group: &'l Group) -> Result<usize, Error> {
        let PlacedLayout { layout, telegram, .. } = self.standing;
        let count = |field: Option<usize>| field.map_or_else(|| Err(no_count(group)), |field| self.number(field));
        match layout.extent(index).resolve(count)? {
            Extent::Count(count) | Extent::Padded(Some(count)) => Ok(count),
            Extent::Padded(None) => Ok(group.used_entries(telegram.get(self.at..).unwrap_or_default())),
            Extent::Rest(_) => self.entries_until(group, self.limit(index)?, group.repeat.max()),
        }
    }

    /// How many entries there are from here to there.
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

    /// A part's length. Codes that are looked for in it are found on the way.
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

    /// What stands in a choice.
    ///
    /// # Errors
    /// If no case has its code, or its code was not passed.
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

/// A span as [`Layout::span`] has it.
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

/// The spec does not say how many entries this group has.
pub(crate) fn no_count(group: &Group) -> Error {
    let reason = "the counting field must stand before the group";
    Error::new(Culprit::Spec, Fault::BadSpec { reason }).within(&group.name)
}

impl Reader<'_> {
    /// The index of the case that stands here, where the reader is, in a layout that began at `start`.
    ///
    /// # Errors
    /// If no case has the code, the telegram ends before it, or nobody knows where it stands.
    pub(crate) fn case_here(&self, start: usize, by: &Chooser<'_>, choice: &Choice) -> Result<usize, Error> {
        match by {
            Chooser::At(span) => self.choose(start, span, choice),
            Chooser::Passed { layout, index } => {
                // What takes all that is left before the choice ends so far from the end as all that follows it is long.
                let behind = index.checked_sub(1).and_then(|before| layout.len_behind(before)).unwrap_or(self.left());
                let end = self.position().saturating_add(behind);
                let standing = PlacedLayout::new(layout, self.telegram(), start, end);
                self.choose(start, &standing.code(*index)?, choice)
            }
        }
    }
}

impl Writer<'_> {
    /// Checks that the case which was written is the one that the deciding field means. The layout began at `start`, and all of
    /// it is written.
    ///
    /// # Errors
    /// If the field says another code.
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
