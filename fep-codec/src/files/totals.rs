//! Totals, added up record by record from the bytes of the records. The reader and the writer share this code.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::fault::{FileError, FileFault};
use super::{FileLayout, Tally, Total};
use crate::cursor::Reader;
use crate::error::{Culprit, Error};
use crate::kind::FieldValue as _;
use crate::layout::{Field, Kind, Layout, NumberRule, Span};
use crate::record::{Record, Value, field_value};

/// The running totals of a file.
#[derive(Clone, Debug)]
pub(super) struct Totals<'f> {
    totals: Vec<Running<'f>>,
}

#[derive(Clone, Debug)]
struct Running<'f> {
    total: &'f Total,
    /// The place of the total in its record.
    place: Span<'f>,
    rule: &'f NumberRule,
    /// The layout of the records that count, and the place of the summed field in them.
    summed: Option<(&'f Layout, Span<'f>)>,
    /// The place of the condition's field in the records that count.
    only: Option<Span<'f>>,
    /// `None` if a field could not be read, which is a separate error, or if the sum overflowed. The total is unknown then.
    sum: Option<i128>,
}

impl<'f> Totals<'f> {
    /// # Errors
    /// If a total names a record or a field that does not exist, or that cannot be added up.
    pub(super) fn new(file: &'f FileLayout, layouts: &[&'f Layout]) -> Result<Self, FileError> {
        let totals: Result<_, String> = file.totals.iter().map(|total| Running::new(file, total, layouts)).collect();
        totals.map(|totals| Self { totals }).map_err(FileError::bad_plan)
    }

    /// Adds a record to the totals.
    pub(super) fn add(&mut self, layout: &Layout, bytes: &[u8]) {
        for running in &mut self.totals {
            running.add(layout, bytes);
        }
    }

    /// Checks the totals that a record states against the records before it, and resets them to zero.
    pub(super) fn check(&mut self, number: u64, file: &FileLayout, layout: &Layout, bytes: &[u8]) -> Option<FileFault> {
        let mut wrong = None;
        for running in self.of(layout) {
            // A total that cannot be read is reported as an error of the record.
            let stated = number_at(layout, &running.place, bytes);
            if let (Some(stated), Some(computed)) = (stated, running.computed(number, file))
                && stated != computed
            {
                wrong = wrong.or_else(|| Some(running.wrong(stated, computed)));
            }
            running.sum = Some(0);
        }
        wrong
    }

    /// Fills in the totals that a record leaves out. They are zero in its bytes.
    ///
    /// # Errors
    /// If a total was given and is wrong, or if a total does not fit into its field.
    pub(super) fn fill(
        &self,
        number: u64,
        file: &FileLayout,
        layout: &Layout,
        bytes: &mut [u8],
    ) -> Result<(), FileFault> {
        for running in self.totals.iter().filter(|running| running.total.record == layout.name) {
            let computed = running.computed(number, file);
            let (Some(computed), Some(stated)) = (computed, number_at(layout, &running.place, bytes)) else { continue };
            if stated != computed && stated != 0 {
                return Err(running.wrong(stated, computed));
            }
            let Span { field, range } = running.place.clone();
            let place = bytes.get_mut(range.clone()).unwrap_or_default();
            computed.put(running.rule, place).map_err(|fault| FileFault::Record {
                name: layout.name.clone().into_owned(),
                error: Error::in_field(Culprit::Caller, fault, field).at_bytes(range, None),
            })?;
        }
        Ok(())
    }

    /// Resets the totals of a record to zero, after the record was completed.
    pub(super) fn begin_again(&mut self, layout: &Layout) {
        self.of(layout).for_each(|running| running.sum = Some(0));
    }

    /// Sets the totals that a record leaves out to zero, so that [`Totals::fill`] fills them in.
    pub(super) fn leave_room(&self, record: &mut Record<'_>) -> Result<(), Error> {
        let layout = record.layout();
        for running in self.totals.iter().filter(|running| running.total.record == layout.name) {
            if record.get(&running.total.field) == Some(&Value::Absent) {
                record.set(&running.total.field, Value::Number(0))?;
            }
        }
        Ok(())
    }

    /// Whether records of this layout have totals.
    #[cfg(feature = "rayon")]
    pub(super) fn are_in(&self, layout: &Layout) -> bool {
        self.totals.iter().any(|running| running.total.record == layout.name)
    }

    /// Adds the totals that were added up elsewhere.
    #[cfg(feature = "rayon")]
    pub(super) fn join(&mut self, others: &Totals<'_>) {
        for (running, other) in self.totals.iter_mut().zip(&others.totals) {
            running.sum = running.sum.zip(other.sum).and_then(|(sum, other)| sum.checked_add(other));
        }
    }

    fn of(&mut self, layout: &Layout) -> impl Iterator<Item = &mut Running<'f>> {
        self.totals.iter_mut().filter(move |running| running.total.record == layout.name)
    }
}

impl<'f> Running<'f> {
    fn new(file: &FileLayout, total: &'f Total, layouts: &[&'f Layout]) -> Result<Self, String> {
        let place = span(layouts, &total.record, &total.field)?;
        let Kind::Number(rule) = &place.field.kind else {
            return Err(format!("`{}` of `{}` is a total and no number", total.field, total.record));
        };
        let (of, field) = match &total.tally {
            Tally::Count { of } => (of, None),
            Tally::Sum { of, field } => (of, Some(field)),
            Tally::Blocks if file.blocks.is_some() => (&total.record, None),
            Tally::Blocks => return Err(format!("`{}` counts blocks, and the file has none", total.field)),
        };
        let layout = layouts.iter().copied().find(|layout| layout.name == *of);
        let layout = layout.ok_or_else(|| format!("`{of}` is not a record of the file `{}`", file.name))?;
        let place_of = |name: &str| layouts.iter().position(|layout| layout.name == name);
        if !matches!(total.tally, Tally::Blocks) && place_of(of) >= place_of(&total.record) {
            return Err(format!("`{of}` does not stand before `{}`, so it has no total of them", total.record));
        }
        let summed = field.map(|field| Ok::<_, String>((layout, span(layouts, of, field)?))).transpose()?;
        if let Some((_, Span { field, .. })) = &summed
            && !matches!(field.kind, Kind::Number(_) | Kind::Digits(_))
        {
            return Err(format!("`{}` of `{of}` cannot be summed: it is neither a number nor digits", field.name));
        }
        let only = total.only.as_ref().map(|only| span(layouts, of, &only.field)).transpose()?;
        Ok(Self { total, place, rule, summed, only, sum: Some(0) })
    }

    fn add(&mut self, layout: &Layout, bytes: &[u8]) {
        let (Tally::Count { of } | Tally::Sum { of, .. }) = &self.total.tally else { return };
        if *of != layout.name || !self.counts(bytes) {
            return;
        }
        let addend = match &self.summed {
            Some((layout, span)) => number_at(layout, span, bytes),
            None => Some(1),
        };
        self.sum = self.sum.zip(addend).and_then(|(sum, addend)| sum.checked_add(addend));
    }

    /// Whether the condition holds.
    fn counts(&self, bytes: &[u8]) -> bool {
        let (Some(only), Some(span)) = (&self.total.only, &self.only) else { return true };
        let found = bytes.get(span.range.clone()).unwrap_or_default();
        only.values
            .iter()
            .any(|value| found.strip_prefix(value.as_bytes()).is_some_and(|rest| rest.iter().all(|byte| *byte == b' ')))
    }

    fn computed(&self, number: u64, file: &FileLayout) -> Option<i128> {
        let whole = match (&self.total.tally, file.blocks) {
            (Tally::Blocks, Some(blocks)) => i128::from(number.div_ceil(blocks.records.max(1) as u64)),
            _ => self.sum?,
        };
        let modulus = self.total.last_digits.and_then(|digits| 10_i128.checked_pow(digits));
        Some(modulus.map_or(whole, |modulus| whole.rem_euclid(modulus)))
    }

    #[cold]
    fn wrong(&self, stated: i128, computed: i128) -> FileFault {
        let record = self.total.record.clone().into_owned();
        let field = self.total.field.clone().into_owned();
        FileFault::WrongTotal { record, field, stated, computed }
    }
}

fn span<'f>(layouts: &[&'f Layout], record: &str, path: &str) -> Result<Span<'f>, String> {
    let layout = layouts.iter().copied().find(|layout| layout.name == record);
    let span = layout.and_then(|layout| layout.span(path));
    span.ok_or_else(|| format!("there is no field `{path}` at a fixed offset of the record `{record}`"))
}

/// The number in a numeric or digits field, or `None` if it cannot be read. A field without a value counts as zero.
fn number_at(layout: &Layout, span: &Span<'_>, bytes: &[u8]) -> Option<i128> {
    let field: &Field = span.field;
    match field_value(layout, field, 0, &mut Reader::starting_at(bytes, span.range.start)).ok()? {
        Value::Number(number) => Some(number),
        Value::None => Some(0),
        Value::Text(digits) => digits.parse().ok(),
        _ => None,
    }
}
