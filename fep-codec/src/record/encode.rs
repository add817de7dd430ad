//! Record → bytes: the mirror of `decode.rs`.

use alloc::vec;
use alloc::vec::Vec;

use super::by_kind;
use super::decode::{chooser, counted, no_check_start, not_a_number};
use super::given::{self, Given};
use super::linked::{count, no_number, number_of, pages, sum};
use super::steps::Steps;
use super::write::{item_len, len_of, tail};
use super::{Record, Value, usual};
use crate::cursor::{FieldSum, Writer, check_count};
use crate::error::{Culprit, Error, Fault};
use crate::kind::Amount as _;
use crate::layout::{
    Check, Choice, Computed, Counter, Field, FieldSlot, Group, Item, Kind, Layout, Literal, NumberRule, SignOf,
};

impl Record<'_> {
    /// The telegram's bytes. A field that [`Layout::when`] names and that is left out is filled in.
    ///
    /// # Errors
    /// If a value is missing, does not fit, or differs from the computed value of its field.
    pub fn encode(&self) -> Result<Vec<u8>, Error> {
        self.encode_by(Steps::NONE, None)
    }

    /// Writes the telegram to the start of `out` and returns its length in bytes.
    ///
    /// # Errors
    /// Those of [`Record::encode`], or if `out` is too short.
    pub fn encode_into(&self, out: &mut [u8]) -> Result<usize, Error> {
        self.encode_into_by(Steps::NONE, None, out)
    }

    /// [`Record::encode`] by steps. `total` is the length of the telegram in bytes, if it is known before.
    pub(super) fn encode_by(&self, steps: &Steps, total: Option<usize>) -> Result<Vec<u8>, Error> {
        let mut bytes = vec![0; total.unwrap_or_else(|| len_of(self.layout, &self.values))];
        let len = self.encode_into_by(steps, total, &mut bytes)?;
        bytes.truncate(len);
        Ok(bytes)
    }

    /// [`Record::encode_into`] by steps.
    pub(super) fn encode_into_by(&self, steps: &Steps, total: Option<usize>, out: &mut [u8]) -> Result<usize, Error> {
        match telegram(self.layout, steps, &self.values, out, total) {
            Ok(len) => Ok(len),
            // A field without a value is always an error, so only then one of those that identify the telegram can be left out.
            Err(error) => match self.identified() {
                Some(identified) => telegram(self.layout, steps, &identified.values, out, total),
                None => Err(error),
            },
        }
    }
}

/// What concerns the whole telegram while its items are written.
struct Whole<'r> {
    /// What is compared at the end.
    given: Vec<Given<'r>>,
    /// The length of the telegram in bytes, if it is known before.
    total: Option<usize>,
    /// The offset up to which the buffer was filled with blanks.
    blank_to: usize,
}

/// Writes the values of a whole telegram, and returns its length in bytes. `total` is that length, if it is known before.
fn telegram(
    layout: &Layout,
    steps: &Steps,
    values: &[Value],
    out: &mut [u8],
    total: Option<usize>,
) -> Result<usize, Error> {
    if steps.are_usual()
        && let Some(len) = usual::write_all(steps, layout, values, out, total)
    {
        return Ok(len);
    }
    let mut writer = Writer::new(out);
    let mut whole = Whole { given: Vec::new(), total, blank_to: 0 };
    if items(layout, steps, values, &mut writer, &mut whole)? {
        layout.whole()?;
    }
    let len = writer.finish()?;
    given::check(&whole.given, layout, values, out.get(..len).unwrap_or_default())?;
    Ok(len)
}

/// Writes the items of a layout, and adds what is compared at the end. Returns whether the layout or one of its parts has a link:
/// [`Layout::has_links`], without another walk.
fn items<'r>(
    layout: &'r Layout,
    steps: &Steps,
    values: &'r [Value],
    writer: &mut Writer<'_>,
    whole: &mut Whole<'r>,
) -> Result<bool, Error> {
    let start = writer.position();
    let mut has_links = false;
    let mut has_pages = false;
    let mut has_cases = false;
    let mut index = 0;
    loop {
        if steps.is_usual(index) {
            index = usual::write(steps, layout, values, index, writer, whole.total, &mut whole.blank_to);
        }
        let (Some(item), Some(value)) = (layout.items().get(index), values.get(index)) else { break };
        match item {
            Item::Field(field @ Field { computed: None, .. }) => by_kind::write(field, &field.kind, value, writer)?,
            Item::Field(field) => {
                has_links |= layout.is_link(field);
                if *value != Value::Absent && given::is_compared(field) {
                    whole.given.push(Given { layout, siblings: values, field, value, at: writer.position() });
                }
                Computing { layout, values, start }.field(field, value, writer)?;
            }
            Item::Literal(literal) => {
                check_literal(literal, value)?;
                writer.literal(literal)?;
            }
            Item::Filler(filler) => match value {
                Value::Bytes(bytes) if filler.any => writer.reserved(filler, bytes)?,
                _ => writer.filler(filler)?,
            },
            Item::Part(part) => {
                let inner = match value {
                    Value::Part(values) => items(&part.layout, steps.inner(index, 0), values, writer, whole),
                    other => Err(unfit(other, "a part")),
                };
                has_links |= inner.map_err(|error| error.within(&part.name))?;
            }
            Item::Group(group) => {
                has_pages |= group.page.is_some();
                entries(group, steps.inner(index, 0), value, writer, whole)?;
                if let (Some(Counter::InPart), Value::Group(entries)) = (layout.extent(index).counted_by(), value) {
                    writer.count_in_part(layout, start, group, entries.len())?;
                }
            }
            Item::Choice(choice) => {
                has_cases = true;
                body(choice, |case| steps.inner(index, case), value, writer, whole)
                    .map_err(|error| error.within(&choice.name))?;
            }
            Item::Tail(field) => tail(field, value, writer)?,
        }
        index += 1;
    }
    if has_cases {
        check_cases(layout, values, start, writer)?;
    }
    if has_pages {
        pages(layout, values, Culprit::Caller)?;
    }
    if has_links {
        writer.links(layout, start)?;
    }
    Ok(has_links)
}

/// Writes the entries of a group.
fn entries<'r>(
    group: &'r Group,
    steps: &Steps,
    value: &'r Value,
    writer: &mut Writer<'_>,
    whole: &mut Whole<'r>,
) -> Result<(), Error> {
    let Value::Group(entries) = value else {
        return Err(unfit(value, "a group").within(&group.name));
    };
    writer.entries(group, entries, |writer, entry| items(&group.layout, steps, entry, writer, whole).map(drop))
}

/// Writes the case of a choice.
fn body<'r, 's>(
    choice: &'r Choice,
    steps: impl Fn(usize) -> &'s Steps,
    value: &'r Value,
    writer: &mut Writer<'_>,
    whole: &mut Whole<'r>,
) -> Result<(), Error> {
    match value {
        Value::Choice(case, values) => match choice.cases().get(*case) {
            Some(found) => items(&found.layout, steps(*case), values, writer, whole).map(drop),
            None => Err(Error::new(Culprit::Caller, choice.no_such_case())),
        },
        other => Err(unfit(other, "a case of the choice")),
    }
}

/// Checks that the written cases are the ones that their codes select.
fn check_cases(layout: &Layout, values: &[Value], start: usize, writer: &Writer<'_>) -> Result<(), Error> {
    for (index, (item, value)) in layout.items().iter().zip(values).enumerate() {
        if let (Item::Choice(choice), Value::Choice(case, _)) = (item, value) {
            let by = chooser(layout, index, choice)?;
            writer.check_case(start, &by, choice, *case)?;
        }
    }
    Ok(())
}

/// The error of a value that is not of the expected kind.
fn unfit(value: &Value, expected: &'static str) -> Error {
    let fault = match value {
        Value::Absent => Fault::Missing,
        other => Fault::WrongType { expected, found: other.kind_name() },
    };
    Error::new(Culprit::Caller, fault)
}

fn check_literal(literal: &Literal, value: &Value) -> Result<(), Error> {
    match value {
        Value::Absent => Ok(()),
        Value::Bytes(bytes) if *bytes == *literal.bytes => Ok(()),
        _ => Err(Error::new(Culprit::Caller, Fault::NotTheLiteral).within(&literal.name)),
    }
}

/// The input of a computed field: its layout with all values, and the offset at which the layout began.
struct Computing<'r> {
    layout: &'r Layout,
    values: &'r [Value],
    start: usize,
}

impl Computing<'_> {
    fn field(&self, field: &Field, value: &Value, writer: &mut Writer<'_>) -> Result<(), Error> {
        match (&field.computed, &field.kind) {
            (None, kind) => by_kind::write(field, kind, value, writer),
            // A value that was given is compared at the end of the telegram.
            (Some(_), _) if self.layout.is_link(field) && !field.is_given() => writer.open(field),
            (Some(Computed::Check(check)), kind) => self.check(field, check, kind, value, writer),
            (Some(Computed::Sign(sign)), _) => self.sign(field, sign, value, writer),
            (Some(computed), Kind::Number(rule)) => self.number(FieldSlot { field, rule }, computed, value, writer),
            (Some(_), _) => Err(not_a_number(field)),
        }
    }

    fn number(
        &self,
        slot: FieldSlot<'_, NumberRule>,
        computed: &Computed,
        value: &Value,
        writer: &mut Writer<'_>,
    ) -> Result<(), Error> {
        let field = slot.field;
        match computed {
            Computed::Length(counts) => writer.length(slot, *counts),
            Computed::LengthOf(of) => {
                let of = self.layout.item(of).and_then(|(index, item)| Some((item, self.values.get(index)?)));
                let len = of.map_or(0, |(item, value)| item_len(item, value)) as u64;
                writer.field(slot, &len)
            }
            Computed::Count(of) => {
                let group = counted(self.layout, field, of)?;
                let count = count(self.layout, self.values, of);
                check_count(group, count)?;
                given::number(field, value, count as i128)?;
                writer.count(slot, group, count)
            }
            Computed::Sum(path) => {
                let sum: FieldSum = sum(self.layout, self.values, path);
                if let Some(sum) = sum.units() {
                    given::number(field, value, sum)?;
                }
                writer.sum(slot, sum)
            }
            Computed::Sequence(first) => {
                given::number(field, value, i128::from(*first) + i128::from(writer.entry()))?;
                writer.sequence(slot, *first)
            }
            Computed::Sign(_) | Computed::Check(_) => Err(not_a_number(field)),
        }
    }

    fn sign(&self, field: &Field, sign: &SignOf, value: &Value, writer: &mut Writer<'_>) -> Result<(), Error> {
        let Some((index, rule)) = number_of(self.layout, sign) else { return Err(no_number(field)) };
        let number = match self.values.get(index) {
            Some(Value::Number(number)) => Some(*number),
            _ => None,
        };
        given::sign(field, value, sign.byte_of(number.units(rule).unwrap_or_default()))?;
        writer.sign((field, sign), &number, rule)
    }

    /// Writes a check. A check whose function is not known is written like any other field.
    fn check(
        &self,
        field: &Field,
        check: &Check,
        kind: &Kind,
        value: &Value,
        writer: &mut Writer<'_>,
    ) -> Result<(), Error> {
        if check.run.is_none() {
            return by_kind::write(field, kind, value, writer);
        }
        let from = self.layout.check_start(check, self.start).ok_or_else(|| no_check_start(field))?;
        writer.check(field, from)
    }
}
