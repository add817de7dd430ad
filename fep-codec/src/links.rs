//! Links: computed fields whose value is known only when the layout that contains them is complete.
//!
//! The length of a body beside the header, a total in a trailer, a check over bytes around it: both codecs leave such a field open
//! and look at it again, here, when the layout that has the field and the items it depends on is written or read. All of it is
//! found in the bytes by a walk, so derived code and the dynamic codec cannot differ.

use alloc::vec::Vec;
use core::ops::Range;

use crate::cursor::{Covered, Reader, Stated, Writer};
use crate::error::{Culprit, Error, Fault};
use crate::layout::{Check, Computed, Field, FieldSlot, Group, Item, Kind, Layout, NumberRule, Sign};
use crate::walk::PlacedLayout;

/// A link in a telegram.
pub(crate) struct Link<'l> {
    pub(crate) field: &'l Field,
    /// The offset of the field in the telegram.
    pub(crate) start: usize,
    /// The parts around the field, outermost first.
    parts: Vec<&'l str>,
    pub(crate) due: LinkDue,
}

/// The value that a link must have.
pub(crate) enum LinkDue {
    Length(usize),
    Count(usize),
    /// `None` if the sum has more than 38 digits.
    Sum(Option<i128>),
    Check(Covered),
}

impl Link<'_> {
    /// Puts the names of the parts in front of the path.
    pub(crate) fn around(&self, error: Error) -> Error {
        self.parts.iter().rev().fold(error, |error, part| error.within(part))
    }

    /// The error of a value that differs from `self.due`, or `None` if it does not.
    pub(crate) fn lie(&self, reader: &Reader<'_>) -> Option<Error> {
        let compared = match (&self.due, &self.field.kind) {
            (LinkDue::Check(covered), _) => {
                let mut at = Reader::starting_at(reader.telegram(), self.start);
                at.check_over(self.field, *covered)
            }
            (due, Kind::Number(rule)) => self.compare(due, rule, reader),
            _ => Err(Error::in_field(Culprit::Spec, NOT_A_NUMBER, self.field)),
        };
        compared.err().map(|error| self.around(error))
    }

    fn compare(&self, due: &LinkDue, rule: &NumberRule, reader: &Reader<'_>) -> Result<(), Error> {
        let field = self.field;
        let mut at = Reader::starting_at(reader.telegram(), self.start);
        let stated: Stated<i128> = at.stated(FieldSlot { field, rule })?;
        let whole = || Stated::new(u64::try_from(stated.value()).unwrap_or(u64::MAX), self.start);
        match *due {
            LinkDue::Length(actual) => reader.check_length_of(field, whole(), actual),
            LinkDue::Count(actual) => reader.check_count(field, whole(), actual),
            LinkDue::Sum(actual) => reader.check_sum(field, stated, actual.into()),
            LinkDue::Check(_) => Ok(()),
        }
    }
}

const NOT_A_NUMBER: Fault = Fault::BadSpec { reason: "a computed field must be a number" };

/// The links that a complete layout answers, in wire order.
///
/// # Errors
/// If the items cannot be located in the bytes.
pub(crate) fn links<'l>(placed: PlacedLayout<'l, '_>) -> Result<Vec<Link<'l>>, Error> {
    let mut search = Search { level: placed, passed: Vec::new(), parts: Vec::new(), found: Vec::new() };
    search.layout(placed)?;
    Ok(search.found)
}

/// The links among the fields at these indices of a complete layout.
///
/// # Errors
/// If the items cannot be located in the bytes.
pub(crate) fn links_at<'l>(
    placed: PlacedLayout<'l, '_>,
    indices: impl IntoIterator<Item = usize>,
) -> Result<Vec<Link<'l>>, Error> {
    let mut search = Search { level: placed, passed: Vec::new(), parts: Vec::new(), found: Vec::new() };
    for index in indices {
        if let Some(Item::Field(field)) = placed.layout.item_at(index) {
            search.field(placed, index, field)?;
        }
    }
    Ok(search.found)
}

struct Search<'l, 't> {
    /// The layout that is complete.
    level: PlacedLayout<'l, 't>,
    /// The layouts of the parts from there to the current one.
    passed: Vec<&'l Layout>,
    parts: Vec<&'l str>,
    found: Vec<Link<'l>>,
}

impl<'l, 't> Search<'l, 't> {
    fn layout(&mut self, within: PlacedLayout<'l, 't>) -> Result<(), Error> {
        for (index, item) in within.layout.items().iter().enumerate() {
            match item {
                Item::Field(field) if within.layout.is_link(field) => self.field(within, index, field)?,
                Item::Part(part) if part.layout.has_links() => {
                    let walk = within.walk_to(index)?;
                    let inner = within.of(&part.layout, walk.at, walk.limit(index)?);
                    self.passed.push(&part.layout);
                    self.parts.push(&part.name);
                    self.layout(inner)?;
                    self.parts.pop();
                    self.passed.pop();
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn field(&mut self, within: PlacedLayout<'l, 't>, index: usize, field: &'l Field) -> Result<(), Error> {
        let Some(computed) = &field.computed else { return Ok(()) };
        // A layout further in answered the link already.
        if self.passed.iter().any(|layout| layout.answers(computed)) || !self.level.layout.answers(computed) {
            return Ok(());
        }
        let start = within.offset_of(index)?;
        let Some(due) = due(self.level, computed, start)? else { return Ok(()) };
        self.found.push(Link { field, start, parts: self.parts.clone(), due });
        Ok(())
    }
}

fn due(level: PlacedLayout<'_, '_>, computed: &Computed, start: usize) -> Result<Option<LinkDue>, Error> {
    Ok(match computed {
        Computed::LengthOf(of) => range(level, of)?.map(|range| LinkDue::Length(range.len())),
        Computed::Count(of) => match group(level, of)? {
            Some(found) => Some(LinkDue::Count(found.layout.count(found.index, found.group)?)),
            None => None,
        },
        Computed::Sum(path) => match group(level, path)? {
            Some(found) => Some(LinkDue::Sum(sum(&found)?)),
            None => None,
        },
        Computed::Check(Check { from, to, .. }) => {
            let from = match from {
                Some(from) => range(level, from)?.map_or(start, |range| range.start),
                None => 0,
            };
            let to = match to {
                Some(to) => range(level, to)?.map_or(start, |range| range.end),
                None => start,
            };
            Some(LinkDue::Check(Covered { from, to }))
        }
        Computed::Length(_) | Computed::Sequence(_) | Computed::Sign(_) => None,
    })
}

/// The bytes of the item at a path through parts.
fn range(level: PlacedLayout<'_, '_>, path: &str) -> Result<Option<Range<usize>>, Error> {
    let (name, inner) = path.split_once('.').map_or((path, None), |(name, inner)| (name, Some(inner)));
    let Some((index, item)) = level.layout.item(name) else { return Ok(None) };
    let walk = level.walk_to(index)?;
    match (item, inner) {
        (_, None) => range_at(level, index).map(Some),
        (Item::Part(part), Some(inner)) => range(level.of(&part.layout, walk.at, walk.limit(index)?), inner),
        _ => Ok(None),
    }
}

/// The bytes of the item at this index.
///
/// # Errors
/// If the item cannot be located in the bytes.
pub(crate) fn range_at(level: PlacedLayout<'_, '_>, index: usize) -> Result<Range<usize>, Error> {
    let start = level.offset_of(index)?;
    let end = match level.layout.item_at(index).and_then(Item::fixed_len) {
        Some(len) => start.saturating_add(len),
        None => level.offset_of(index.saturating_add(1))?,
    };
    Ok(start..end)
}

/// A group in a telegram.
struct PlacedGroup<'l, 't, 'p> {
    /// The layout that contains it.
    layout: PlacedLayout<'l, 't>,
    index: usize,
    group: &'l Group,
    /// The rest of the path, in its entries.
    inner: &'p str,
}

/// The group at a path through parts.
fn group<'l, 't, 'p>(level: PlacedLayout<'l, 't>, path: &'p str) -> Result<Option<PlacedGroup<'l, 't, 'p>>, Error> {
    let (name, inner) = path.split_once('.').unwrap_or((path, ""));
    match level.layout.item(name) {
        Some((index, Item::Group(group))) => Ok(Some(PlacedGroup { layout: level, index, group, inner })),
        Some((index, Item::Part(part))) => {
            let walk = level.walk_to(index)?;
            group(level.of(&part.layout, walk.at, walk.limit(index)?), inner)
        }
        _ => Ok(None),
    }
}

/// The sum of a number over the entries of a group. `None` if it has more than 38 digits.
fn sum(found: &PlacedGroup<'_, '_, '_>) -> Result<Option<i128>, Error> {
    let group = found.group;
    let walk = found.layout.walk_to(found.index)?;
    let end = walk.limit(found.index)?;
    let count = found.layout.count(found.index, group)?;
    let mut at = walk.at;
    let mut sum = Some(0_i128);
    for index in 0..count {
        let entry = found.layout.of(&group.layout, at, end);
        let in_entry = |error: Error| error.at_entry(index).within(&group.name);
        let units = summand(entry, found.inner).map_err(in_entry)?;
        sum = sum.and_then(|sum| sum.checked_add(units));
        at = entry.end().map_err(in_entry)?;
    }
    Ok(sum)
}

/// The number at a path in an entry, in its smallest unit. No value counts as zero.
fn summand(entry: PlacedLayout<'_, '_>, path: &str) -> Result<i128, Error> {
    let Some(span) = entry.layout.span(path) else { return Ok(0) };
    let field = span.field;
    let Kind::Number(rule) = &field.kind else { return Ok(0) };
    let at = entry.start.saturating_add(span.range.start);
    let units: Option<i128> = Reader::starting_at(entry.telegram, at).field(FieldSlot { field, rule })?;
    let units = units.unwrap_or_default();
    let sign = match rule.sign {
        Sign::Elsewhere => entry.layout.sign_of(&field.name),
        _ => None,
    };
    let Some((name, sign)) = sign else { return Ok(units) };
    let stated = entry.layout.offset_of_item(name).and_then(|at| entry.telegram.get(entry.start.saturating_add(at)));
    Ok(if stated == Some(&sign.minus) { units.saturating_neg() } else { units })
}

impl Layout {
    /// Checks that the layout can be a whole telegram.
    ///
    /// # Errors
    /// If a field is computed from an item that stands nowhere beside it. A header that counts a body is such a layout: only a
    /// telegram that contains both can be encoded.
    pub fn whole(&self) -> Result<(), Error> {
        match if self.has_links() { self.open_link() } else { None } {
            None => Ok(()),
            Some((path, field)) => {
                let reason = "the items that the field is computed from do not stand beside it; encode the telegram that has both";
                let error = Error::in_field(Culprit::Spec, Fault::BadSpec { reason }, field);
                Err(path.rsplit('.').skip(1).fold(error, Error::within))
            }
        }
    }
}

impl Reader<'_> {
    /// Verifies the links that a layout answers. The layout began at `start` and was read to its end.
    ///
    /// # Errors
    /// If a field states another value.
    pub fn links(&self, layout: &Layout, start: usize) -> Result<(), Error> {
        let placed = PlacedLayout::new(layout, self.telegram(), start, self.position());
        links(placed)?.iter().try_for_each(|link| link.lie(self).map_or(Ok(()), Err))
    }
}

impl Writer<'_> {
    /// Fills in the links that a layout answers. The layout began at `start` and was written to its end. Checks are filled in when
    /// the telegram ends.
    ///
    /// # Errors
    /// If a field cannot hold its value.
    pub fn links(&mut self, layout: &Layout, start: usize) -> Result<(), Error> {
        let found = links(PlacedLayout::new(layout, self.written(0), start, self.position()))?;
        found.iter().try_for_each(|link| fill(self, link))
    }
}

/// Fills in a link.
///
/// # Errors
/// If the field cannot hold its value.
pub(crate) fn fill(writer: &mut Writer<'_>, link: &Link<'_>) -> Result<(), Error> {
    let written = match link.due {
        LinkDue::Length(number) | LinkDue::Count(number) => writer.number_at(link.field, link.start, number as i128),
        LinkDue::Sum(Some(sum)) => writer.number_at(link.field, link.start, sum),
        LinkDue::Sum(None) => {
            let fault = Fault::Overflow { holder: "a sum of 38 digits" };
            Err(Error::in_field(Culprit::Caller, fault, link.field))
        }
        LinkDue::Check(covered) => writer.check_later(link.field, link.start, covered),
    };
    written.map_err(|error| link.around(error))
}
