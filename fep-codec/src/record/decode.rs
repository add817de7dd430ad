//! Bytes → record: the mirror of `encode.rs`.

use alloc::vec::Vec;

use super::linked::Linked;
use super::steps::Steps;
use super::{Record, Value, by_kind, text, usual};
use crate::cursor::{Reader, no_count};
use crate::error::{Culprit, Error, Fault};
use crate::layout::{Choice, Chooser, Computed, Counter, Field, FieldSlot, Filler, Group, Item, Kind, Layout, Limit};
use crate::walk::{endless, no_code};

impl<'l> Record<'l> {
    /// Reads a telegram from exactly these bytes.
    ///
    /// # Errors
    /// If the bytes are not such a telegram, or if bytes are left over.
    pub fn decode(layout: &'l Layout, bytes: &[u8]) -> Result<Self, Error> {
        Ok(Self::from_values(layout, telegram::<true>(layout, Steps::NONE, bytes)?))
    }
}

impl Layout {
    /// Checks that these bytes are exactly such a telegram, as [`Record::decode`] does, with the same errors. It keeps no texts, so it
    /// asks for less memory.
    ///
    /// # Errors
    /// Those of [`Record::decode`].
    pub fn verify(&self, bytes: &[u8]) -> Result<(), Error> {
        telegram::<false>(self, Steps::NONE, bytes).map(drop)
    }
}

/// The values of a whole telegram. Without `KEEPS`, values on which nothing else in the telegram depends are checked and dropped.
pub(super) fn telegram<const KEEPS: bool>(layout: &Layout, steps: &Steps, bytes: &[u8]) -> Result<Vec<Value>, Error> {
    let mut reader = Reader::new(bytes);
    let read = items::<KEEPS>(layout, steps, &mut reader).and_then(|read| reader.finish().map(|()| read.values));
    // What is read to its end has the right length. Only what is not is measured, because that takes a walk through the layout.
    read.map_err(|error| Reader::of_len(bytes, layout.fixed_len()).err().unwrap_or(error))
}

/// The values of a layout, and whether it or one of its parts has a link: [`Layout::has_links`], without another walk.
struct Read {
    values: Vec<Value>,
    has_links: bool,
}

fn items<const KEEPS: bool>(layout: &Layout, steps: &Steps, reader: &mut Reader<'_>) -> Result<Read, Error> {
    let start = reader.position();
    let mut values = Vec::with_capacity(layout.items().len());
    if steps.is_usual(0) {
        usual::read::<KEEPS>(steps, layout, reader, &mut values);
        if steps.are_usual() && values.len() == layout.items().len() {
            return Ok(Read { values, has_links: false });
        }
    }
    others::<KEEPS>(layout, steps, reader, start, values)
}

/// Reads the items behind `values`, of a layout that begins at `start`.
fn others<const KEEPS: bool>(
    layout: &Layout,
    steps: &Steps,
    reader: &mut Reader<'_>,
    start: usize,
    mut values: Vec<Value>,
) -> Result<Read, Error> {
    let mut has_links = false;
    let mut has_pages = false;
    let mut linked = Linked::new(layout);
    while let Some(item) = layout.items().get(values.len()) {
        let index = values.len();
        let value = match item {
            Item::Field(field @ Field { computed: None, .. }) if KEEPS => by_kind::read(field, &field.kind, reader)?,
            Item::Field(field @ Field { computed: None, .. }) => by_kind::pass(field, &field.kind, reader)?,
            Item::Field(field) => {
                let at = reader.position();
                has_links |= layout.is_link(field);
                let value = field_value(layout, field, start, reader)?;
                linked.remember(index, field, at, &value);
                linked.verify_count(index, &values, reader)?;
                value
            }
            Item::Literal(literal) => {
                reader.literal(literal)?;
                if literal.name.is_empty() || !KEEPS { Value::Absent } else { Value::Bytes(literal.bytes.to_vec()) }
            }
            Item::Filler(filler) => {
                let at = reader.position();
                reader.filler(filler)?;
                reserved(filler, reader.telegram().get(at..reader.position()).unwrap_or_default())
            }
            Item::Part(part) => span(layout, steps, index, &part.name, &values, reader, |reader| {
                let inner = items::<KEEPS>(&part.layout, steps.inner(index, 0), reader)
                    .map_err(|error| error.within(&part.name))?;
                has_links |= inner.has_links;
                Ok(Value::Part(inner.values))
            })?,
            Item::Group(group) => {
                has_pages |= group.page.is_some();
                let extent = layout.extent(index).resolve(|field| match field {
                    Some(Counter::Beside(field)) => number_at(&values, field).ok_or_else(|| no_count(group)),
                    Some(Counter::InPart) => reader.count_in_part(layout, start, group),
                    None => Err(no_count(group)),
                })?;
                span(layout, steps, index, &group.name, &values, reader, |reader| {
                    let entry = |reader: &mut Reader<'_>| {
                        Ok(items::<KEEPS>(&group.layout, steps.inner(index, 0), reader)?.values)
                    };
                    reader.entries(group, extent, entry).map(Value::Group)
                })?
            }
            Item::Choice(choice) => {
                let case = case_of(layout, index, choice, start, reader)?;
                span(layout, steps, index, &choice.name, &values, reader, |reader| {
                    body::<KEEPS>(choice, case, steps.inner(index, case), reader)
                })?
            }
            Item::Tail(field) => {
                span(layout, steps, index, &field.name, &values, reader, |reader| tail(field, reader))?
            }
        };
        values.push(value);
        if steps.is_usual(index + 1) {
            usual::read::<KEEPS>(steps, layout, reader, &mut values);
        }
    }
    if has_pages || linked.has_any() {
        linked.verify(&mut values, reader)?;
    }
    if has_links {
        reader.links(layout, start)?;
    }
    Ok(Read { values, has_links })
}

/// The bytes of a filler that may hold any bytes, if it is not blank. They are kept so that encoding writes them again.
fn reserved(filler: &Filler, bytes: &[u8]) -> Value {
    if filler.any && bytes.iter().any(|byte| *byte != filler.pad) {
        return Value::Bytes(bytes.to_vec());
    }
    Value::Absent
}

/// Reads an item within its limit.
fn span(
    layout: &Layout,
    steps: &Steps,
    index: usize,
    name: &str,
    values: &[Value],
    reader: &mut Reader<'_>,
    read: impl FnOnce(&mut Reader<'_>) -> Result<Value, Error>,
) -> Result<Value, Error> {
    match steps.limit(layout, index) {
        Limit::Stated(field) => match number_at(values, field) {
            Some(len) => reader.within(name, len as u64, read),
            None => Err(endless(name)),
        },
        // A group reserves the bytes after it by itself, because it also checks how many entries have room.
        Limit::Before(_) if matches!(layout.items().get(index), Some(Item::Group(_))) => read(reader),
        Limit::Before(behind) => reader.before(behind, read),
        Limit::Endless => Err(endless(name)),
    }
}

/// The number that a count or a length states. A number that does not fit into `usize` becomes `usize::MAX`, which is more than
/// any telegram has.
pub(crate) fn number_at(values: &[Value], index: usize) -> Option<usize> {
    match values.get(index) {
        Some(Value::Number(number)) => Some(usize::try_from(*number).unwrap_or(usize::MAX)),
        _ => None,
    }
}

/// The index of the selected case of the choice at the reader's position.
pub(crate) fn case_of(
    layout: &Layout,
    index: usize,
    choice: &Choice,
    start: usize,
    reader: &Reader<'_>,
) -> Result<usize, Error> {
    reader.case_here(start, &chooser(layout, index, choice)?, choice)
}

/// The location of the code that decides the choice at this index.
pub(super) fn chooser<'l>(layout: &'l Layout, index: usize, choice: &Choice) -> Result<Chooser<'l>, Error> {
    layout.chooser_at(index).ok_or_else(|| no_code(choice))
}

fn body<const KEEPS: bool>(
    choice: &Choice,
    case: usize,
    steps: &Steps,
    reader: &mut Reader<'_>,
) -> Result<Value, Error> {
    match choice.cases().get(case) {
        Some(found) => {
            let inner = items::<KEEPS>(&found.layout, steps, reader).map_err(|error| error.within(&choice.name))?;
            Ok(Value::Choice(case, inner.values))
        }
        None => Err(no_code(choice)),
    }
}

/// Reads a field. `start` is the offset at which its layout began.
pub(crate) fn field_value(
    layout: &Layout,
    field: &Field,
    start: usize,
    reader: &mut Reader<'_>,
) -> Result<Value, Error> {
    match (&field.computed, &field.kind) {
        (None, kind) => by_kind::read(field, kind, reader),
        // The sign is verified together with its number.
        (Some(Computed::Sign(_)), _) => {
            reader.sign(field).map(|stated| Value::Text(text::sign_text(field, stated.value())))
        }
        // A link is verified when the layout that contains it and its items is complete.
        (Some(Computed::Check(check)), kind) if layout.is_linked_check(check) => {
            let at = reader.position();
            reader.open_check(field)?;
            let value = by_kind::read(field, kind, &mut Reader::starting_at(reader.telegram(), at));
            // Bytes that cannot be read are not what the function gives, which is said when it has run.
            if check.run.is_some() { value.or(Ok(Value::Absent)) } else { value }
        }
        (Some(Computed::Count(_)), Kind::Number(rule)) if layout.is_link(field) => {
            reader.field::<_, i128>(FieldSlot { field, rule }).map(Value::Number)
        }
        (Some(Computed::Check(check)), kind) => {
            let at = reader.position();
            let from = layout.check_start(check, start).ok_or_else(|| no_check_start(field))?;
            reader.check(field, from)?;
            by_kind::read(field, kind, &mut Reader::starting_at(reader.telegram(), at))
        }
        (Some(Computed::Length(counts)), Kind::Number(rule)) => {
            reader.stated_length(FieldSlot { field, rule }, *counts).map(|stated| Value::Number(stated.into()))
        }
        // A count after its group is compared with the entries that were read.
        (Some(Computed::Count(of)), Kind::Number(rule)) if stands_behind(layout, field, of) => {
            reader.field::<_, i128>(FieldSlot { field, rule }).map(Value::Number)
        }
        (Some(Computed::Count(of)), Kind::Number(rule)) => {
            let group = counted(layout, field, of)?;
            reader.count(FieldSlot { field, rule }, group).map(|count| Value::Number(count as i128))
        }
        (Some(Computed::Sequence(first)), Kind::Number(rule)) => {
            reader.sequence(FieldSlot { field, rule }, *first).map(|number| Value::Number(number.into()))
        }
        (Some(Computed::LengthOf(_) | Computed::Sum(_)), Kind::Number(rule)) => {
            reader.field::<_, i128>(FieldSlot { field, rule }).map(Value::Number)
        }
        (Some(_), _) => Err(not_a_number(field)),
    }
}

pub(crate) fn no_check_start(field: &Field) -> Error {
    let reason = "the item at which the covered bytes begin has no fixed offset";
    Error::in_field(Culprit::Spec, Fault::BadSpec { reason }, field)
}

/// Whether a field is after the item with this name.
fn stands_behind(layout: &Layout, field: &Field, name: &str) -> bool {
    match (layout.item(name), layout.item(&field.name)) {
        (Some((item, _)), Some((own, _))) => item < own,
        _ => false,
    }
}

/// The group that a computed count counts.
pub(super) fn counted<'l>(layout: &'l Layout, field: &Field, of: &str) -> Result<&'l Group, Error> {
    match layout.item(of) {
        Some((_, Item::Group(group))) => Ok(group),
        _ => {
            let fault = Fault::BadSpec { reason: "the field counts a group that does not stand beside it" };
            Err(Error::in_field(Culprit::Spec, fault, field))
        }
    }
}

pub(super) fn not_a_number(field: &Field) -> Error {
    Error::in_field(Culprit::Spec, Fault::BadSpec { reason: "a computed field must be a number" }, field)
}

pub(crate) fn tail(field: &Field, reader: &mut Reader<'_>) -> Result<Value, Error> {
    match &field.kind {
        Kind::Text(rule) => reader.tail(FieldSlot { field, rule }, 0).map(Value::Text),
        Kind::Digits(rule) => reader.tail(FieldSlot { field, rule }, 0).map(Value::Text),
        Kind::Bytes(rule) => reader.tail(FieldSlot { field, rule }, 0).map(Value::Bytes),
        _ => Err(no_tail(field)),
    }
}

pub(super) fn no_tail(field: &Field) -> Error {
    Error::in_field(Culprit::Spec, Fault::BadSpec { reason: "a tail is text, digits or bytes" }, field)
}
