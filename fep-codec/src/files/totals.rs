//! Totals, added up record by record from the bytes of the records. The reader and the writer share this code.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::fault::{FileError, FileFault};
use super::numbers::{Condition, NumberAt, layout_named};
use super::tally::{Counted, FieldOf, Minus, Side, Tally, Total};
use super::{FileLayout, Stands, Step};
use crate::layout::Layout;

/// The running totals of a file.
#[derive(Clone, Debug)]
pub(super) struct Totals<'f> {
    totals: Vec<Running<'f>>,
}

/// A record's number, from 1, and its offset in the file, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) number: u64,
    pub(super) offset: u64,
}

/// A total whose records have all been seen.
#[derive(Debug)]
pub(super) struct Settled<'f> {
    pub(super) total: &'f Total,
    pub(super) side: Side,
    /// The field, and the place of its record.
    pub(super) at: NumberAt<'f>,
    /// Whether its number, or one that is added up, is secret.
    pub(super) is_secret: bool,
    pub(super) place: Place,
    /// The number in the record. `None` if it cannot be read, which is a separate error.
    pub(super) stated: Option<i128>,
    /// The total. `None` if a summed field could not be read, which is a separate error, or if the sum overflowed.
    pub(super) computed: Option<i128>,
}

/// A total in a record that is about to be written.
#[derive(Debug)]
pub(super) struct Due<'f> {
    pub(super) total: &'f Total,
    pub(super) side: Side,
    pub(super) at: NumberAt<'f>,
    /// Whether its number, or one that is added up, is secret.
    pub(super) is_secret: bool,
    /// The total, or `None` if its records are still to come or could not be added up.
    pub(super) computed: Option<i128>,
}

#[derive(Clone, Debug)]
struct Running<'f> {
    total: &'f Total,
    at: NumberAt<'f>,
    side: Side,
    /// The depth of the sequence whose end is the end of the total. The file's own sequence has depth 0.
    depth: usize,
    parts: Vec<Part<'f>>,
    /// `None` if a field could not be read, or if the sum overflowed. The total is unknown then.
    sum: Option<i128>,
    /// The record whose total is not complete yet, and the number that it states.
    open: Option<(Place, Option<i128>)>,
}

/// Records of one layout that count, or one field of them.
#[derive(Clone, Debug)]
struct Part<'f> {
    layout: &'f Layout,
    /// The field that is summed, or `None` if the records are counted.
    addend: Option<NumberAt<'f>>,
    /// The number of the total's units in one unit of the field. Negative for a field that is subtracted.
    factor: i128,
    only: Option<Condition<'f>>,
    minus: Option<Condition<'f>>,
}

impl Settled<'_> {
    /// The error, if the record states another total.
    pub(super) fn wrong(&self) -> Option<FileError> {
        let stated = self.stated?;
        let computed = self.computed.filter(|computed| *computed != stated)?;
        Some(self.fault(stated, computed).at(self.place.number, self.place.offset))
    }

    #[cold]
    fn fault(&self, stated: i128, computed: i128) -> FileFault {
        wrong_total(self.total, self.side, (!self.is_secret).then_some((stated, computed)))
    }
}

#[cold]
pub(super) fn wrong_total(total: &Total, side: Side, shown: Option<(i128, i128)>) -> FileFault {
    let record = total.record.clone().into_owned();
    let field = total.field.clone().into_owned();
    match shown {
        Some((stated, computed)) => FileFault::WrongTotal { record, field, stated, computed, side },
        None => FileFault::WrongSecretTotal { record, field, side },
    }
}

impl<'f> Totals<'f> {
    /// # Errors
    /// If a total names a record or a field that does not exist or cannot be added up, or if a field has two totals.
    pub(super) fn new(file: &'f FileLayout, layouts: &[&'f Layout]) -> Result<Self, String> {
        let mut totals: Vec<Running<'_>> = Vec::new();
        for total in file.totals.iter() {
            if totals.iter().any(|known| known.total.record == total.record && known.total.field == total.field) {
                return Err(format!(
                    "`{}.{}` is the field of two totals, and no file satisfies both; a total over several kinds of records is \
                     one total that names them all",
                    total.record, total.field
                ));
            }
            totals.push(Running::new(file, total, layouts)?);
        }
        Ok(Self { totals })
    }

    /// Whether a total covers records after it.
    pub(super) fn any_later(&self) -> bool {
        self.totals.iter().any(|running| running.side != Side::Before)
    }

    /// Steps over a record. The first `kept` of the open sequences go on; the sequences within them have ended. Returns the totals
    /// that are complete now.
    pub(super) fn step(
        &mut self,
        file: &FileLayout,
        place: Place,
        kept: usize,
        layout: &Layout,
        bytes: &[u8],
    ) -> Vec<Settled<'f>> {
        let mut settled = Vec::new();
        for running in &mut self.totals {
            if running.depth >= kept {
                running.close(file, place.number - 1, &mut settled);
            }
            let own = running.at.is_in(layout);
            match running.side {
                Side::After if own => {
                    running.close(file, place.number - 1, &mut settled);
                    running.open = Some((place, running.at.read(bytes)));
                    running.add(layout, bytes);
                }
                Side::Around if own => {
                    running.open = Some((place, running.at.read(bytes)));
                    running.add(layout, bytes);
                }
                Side::Before if own => {
                    running.add(layout, bytes);
                    running.open = Some((place, running.at.read(bytes)));
                    running.close(file, place.number, &mut settled);
                }
                _ => running.add(layout, bytes),
            }
        }
        settled
    }

    /// Ends the file, which has this number of records. Returns the totals that are complete now.
    pub(super) fn end(&mut self, file: &FileLayout, records: u64) -> Vec<Settled<'f>> {
        let mut settled = Vec::new();
        for running in &mut self.totals {
            running.close(file, records, &mut settled);
        }
        settled
    }

    /// The totals of a record that would be the next one. Its own fields are zero in `bytes`.
    pub(super) fn due(
        &self,
        file: &FileLayout,
        number: u64,
        kept: usize,
        layout: &Layout,
        bytes: &[u8],
    ) -> impl Iterator<Item = Due<'f>> {
        self.totals.iter().filter(move |running| running.at.is_in(layout)).map(move |running| {
            let computed = (running.side == Side::Before).then(|| {
                let mut sum = if running.depth >= kept { Some(0) } else { running.sum };
                running.add_to(&mut sum, layout, bytes);
                running.computed(file, number, sum)
            });
            let is_secret = running.is_secret();
            let computed = computed.flatten();
            Due { total: running.total, side: running.side, at: running.at.clone(), is_secret, computed }
        })
    }

    /// The totals of records of this layout.
    pub(super) fn fields_in(&self, layout: &Layout) -> impl Iterator<Item = &NumberAt<'f>> {
        self.totals.iter().map(|running| &running.at).filter(move |at| at.is_in(layout))
    }

    /// Whether records of this layout have totals.
    #[cfg(feature = "rayon")]
    pub(super) fn are_in(&self, layout: &Layout) -> bool {
        self.totals.iter().any(|running| running.at.is_in(layout))
    }

    /// Adds the totals that were added up elsewhere.
    #[cfg(feature = "rayon")]
    pub(super) fn join(&mut self, others: &Totals<'_>) {
        for (running, other) in self.totals.iter_mut().zip(&others.totals) {
            running.sum = running.sum.zip(other.sum).and_then(|(sum, other)| running.reduced(sum.checked_add(other)?));
        }
    }

    /// Adds a record to the totals, in a piece of a file whose records have no totals.
    #[cfg(feature = "rayon")]
    pub(super) fn add(&mut self, layout: &Layout, bytes: &[u8]) {
        self.totals.iter_mut().for_each(|running| running.add(layout, bytes));
    }
}

impl<'f> Running<'f> {
    fn new(file: &'f FileLayout, total: &'f Total, layouts: &[&'f Layout]) -> Result<Self, String> {
        let at = NumberAt::filled(layouts, &total.record, &total.field, "a total")?;
        let homes = homes(&file.steps, &total.record);
        let (parts, side, depth) = match &total.tally {
            Tally::Blocks if file.blocks.is_none() => {
                return Err(format!("`{}` counts blocks, and the file has none", total.field));
            }
            Tally::Blocks => (Vec::new(), blocks_side(&homes), 0),
            Tally::Count { of: Counted::All { except } } => {
                let (names, side, depth) = whole_sequence(total, &homes, except, layouts)?;
                (parts(total, &at, names, layouts)?, side, depth)
            }
            Tally::Count { of } => {
                let names: Vec<&str> = of.names().unwrap_or_default().iter().map(|name| &**name).collect();
                let parts = parts(total, &at, names, layouts)?;
                let (side, depth) = reach(total, &homes, &parts, layouts)?;
                (parts, side, depth)
            }
            Tally::Sum { of } => {
                let fields: Vec<_> = of.fields().iter().map(|field| (field, 1)).collect();
                let parts = summed(total, &at, fields, layouts)?;
                let (side, depth) = reach(total, &homes, &parts, layouts)?;
                (parts, side, depth)
            }
        };
        Ok(Self { total, at, side, depth, parts, sum: Some(0), open: None })
    }

    fn add(&mut self, layout: &Layout, bytes: &[u8]) {
        let mut sum = self.sum;
        self.add_to(&mut sum, layout, bytes);
        self.sum = sum;
    }

    fn add_to(&self, sum: &mut Option<i128>, layout: &Layout, bytes: &[u8]) {
        for part in self.parts.iter().filter(|part| core::ptr::eq(part.layout, layout)) {
            if part.only.as_ref().is_none_or(|only| only.holds(bytes)) {
                let added = sum.zip(part.amount(bytes)).and_then(|(sum, amount)| sum.checked_add(amount));
                *sum = added.and_then(|sum| self.reduced(sum));
            }
        }
    }

    /// The sum, cut to the digits that are kept, so that the sum of a large file does not overflow.
    fn reduced(&self, sum: i128) -> Option<i128> {
        match self.modulus() {
            Some(modulus) if !self.total.absolute => Some(sum.rem_euclid(modulus)),
            _ => Some(sum),
        }
    }

    fn modulus(&self) -> Option<i128> {
        self.total.last_digits.and_then(|digits| 10_i128.checked_pow(digits))
    }

    /// Settles the total of the open record, if there is one, and begins at zero again.
    fn close(&mut self, file: &FileLayout, records: u64, settled: &mut Vec<Settled<'f>>) {
        let sum = self.sum.replace(0);
        if let Some((place, stated)) = self.open.take() {
            let computed = self.computed(file, records, sum);
            settled.push(Settled {
                total: self.total,
                side: self.side,
                at: self.at.clone(),
                is_secret: self.is_secret(),
                place,
                stated,
                computed,
            });
        }
    }

    fn is_secret(&self) -> bool {
        let addends = self.parts.iter().filter_map(|part| part.addend.as_ref());
        addends.chain([&self.at]).any(NumberAt::is_secret)
    }

    fn computed(&self, file: &FileLayout, records: u64, sum: Option<i128>) -> Option<i128> {
        let whole = match (&self.total.tally, file.blocks) {
            (Tally::Blocks, Some(blocks)) => i128::from(records.div_ceil(blocks.records.max(1) as u64)),
            _ => sum?,
        };
        let whole = if self.total.absolute { whole.checked_abs()? } else { whole };
        Some(self.modulus().map_or(whole, |modulus| whole.rem_euclid(modulus)))
    }
}

impl Part<'_> {
    /// What a record adds to the total, or `None` if its field cannot be read.
    fn amount(&self, bytes: &[u8]) -> Option<i128> {
        let units = match &self.addend {
            Some(addend) => addend.read(bytes)?,
            None => 1,
        };
        let subtracted = self.minus.as_ref().is_some_and(|minus| minus.holds(bytes));
        units.checked_mul(if subtracted { -self.factor } else { self.factor })
    }
}

/// The counted records.
fn parts<'f>(
    total: &'f Total,
    at: &NumberAt<'_>,
    names: Vec<&str>,
    layouts: &[&'f Layout],
) -> Result<Vec<Part<'f>>, String> {
    if let Some(Minus::Fields(_)) = total.minus.as_deref() {
        return Err(format!("`{}` is a count, and `minus` names fields; name records by a condition", total.field));
    }
    let factor = power(at.scale()).ok_or_else(|| format!("`{}` has too many decimals for a total", total.field))?;
    names.into_iter().map(|name| part(total, layout_named(layouts, name)?, None, factor)).collect()
}

/// The summed fields, and those that are subtracted.
fn summed<'f>(
    total: &'f Total,
    at: &NumberAt<'_>,
    mut fields: Vec<(&'f FieldOf, i128)>,
    layouts: &[&'f Layout],
) -> Result<Vec<Part<'f>>, String> {
    if let Some(Minus::Fields(minus)) = total.minus.as_deref() {
        fields.extend(minus.fields().iter().map(|field| (field, -1)));
    }
    let mut parts = Vec::new();
    for (FieldOf { record, field }, sign) in fields {
        let addend = NumberAt::new(layouts, record, field, "summed")?;
        let lost = || {
            format!(
                "`{field}` of `{record}` has {} decimals, and its total `{}` of `{}` has {}; a total has at least as many",
                addend.scale(),
                total.field,
                total.record,
                at.scale()
            )
        };
        let factor = at.scale().checked_sub(addend.scale()).and_then(power).ok_or_else(lost)?;
        parts.push(part(total, addend.layout, Some(addend), sign * factor)?);
    }
    Ok(parts)
}

fn part<'f>(
    total: &'f Total,
    layout: &'f Layout,
    addend: Option<NumberAt<'f>>,
    factor: i128,
) -> Result<Part<'f>, String> {
    let only = total.only.as_ref().map(|only| Condition::new(layout, only)).transpose()?;
    let minus = match total.minus.as_deref() {
        Some(Minus::Records(only)) => Some(Condition::new(layout, only)?),
        _ => None,
    };
    Ok(Part { layout, addend, factor, only, minus })
}

fn power(decimals: u8) -> Option<i128> {
    10_i128.checked_pow(u32::from(decimals))
}

/// A place where a record stands in the order of a file: the sequences that hold it, the outermost first, each with the step in it.
type Home<'f> = Vec<(&'f [Step], usize)>;

fn homes<'f>(steps: &'f [Step], record: &str) -> Vec<Home<'f>> {
    let mut homes = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        match &step.stands {
            Stands::Record(layout) | Stands::Last(layout) => {
                if layout.name == record {
                    homes.push(vec![(steps, index)]);
                }
            }
            Stands::Group(inner) => homes.extend(self::homes(inner, record).into_iter().map(|mut home| {
                home.insert(0, (steps, index));
                home
            })),
        }
    }
    homes
}

/// Whether a sequence holds the record, also in its groups.
fn holds(steps: &[Step], record: &str) -> bool {
    steps.iter().any(|step| match &step.stands {
        Stands::Record(layout) | Stands::Last(layout) => layout.name == record,
        Stands::Group(inner) => holds(inner, record),
    })
}

/// The side and the depth of a total over records that it names.
fn reach(total: &Total, homes: &[Home<'_>], parts: &[Part<'_>], layouts: &[&Layout]) -> Result<(Side, usize), String> {
    let place_of = |name: &str| layouts.iter().position(|layout| layout.name == name);
    let own = place_of(&total.record);
    let others: Vec<&str> = parts.iter().map(|part| &*part.layout.name).filter(|name| *name != total.record).collect();
    let depth_in =
        |home: &Home<'_>| home.iter().rposition(|(steps, _)| others.iter().all(|name| holds(steps, name))).unwrap_or(0);
    let depth = homes.iter().map(depth_in).min().unwrap_or(0);
    let before = others.iter().filter(|name| place_of(name) < own).count();
    let side = match before {
        _ if others.is_empty() => {
            return Err(format!(
                "`{}` of `{}` has no total over other records: it names only itself",
                total.field, total.record
            ));
        }
        0 => Side::After,
        all if all == others.len() => Side::Before,
        _ => Side::Around,
    };
    once(total, homes, side, depth)?;
    Ok((side, depth))
}

/// The records that a total over its whole sequence counts, its side and its depth.
fn whole_sequence<'f>(
    total: &Total,
    homes: &[Home<'f>],
    except: &[Cow<'static, str>],
    layouts: &[&'f Layout],
) -> Result<(Vec<&'f str>, Side, usize), String> {
    if let Some(unknown) = except.iter().find(|name| layout_named(layouts, name).is_err()) {
        return Err(format!("`{unknown}` is not a record of the file, so it cannot be left out"));
    }
    let [home] = homes else {
        return Err(format!(
            "`{}` stands in several places, so its sequence is not certain: name the records",
            total.record
        ));
    };
    let depth = home.len().saturating_sub(1);
    let (steps, index) = home.last().copied().unwrap_or_default();
    let counts = |name: &str| holds(steps, name) && !except.iter().any(|left_out| left_out == name);
    let names: Vec<&str> = layouts.iter().map(|layout| &*layout.name).filter(|name| counts(name)).collect();
    if names.is_empty() {
        return Err(format!("`{}` of `{}` counts no records: all are left out", total.field, total.record));
    }
    let side = match index {
        last if last + 1 == steps.len() => Side::Before,
        0 => Side::After,
        _ => Side::Around,
    };
    once(total, homes, side, depth)?;
    Ok((names, side, depth))
}

/// A total over records on both sides needs exactly one record that holds it.
fn once(total: &Total, homes: &[Home<'_>], side: Side, depth: usize) -> Result<(), String> {
    let repeats = |home: &Home<'_>| {
        home.iter().skip(depth).any(|(steps, index)| steps.get(*index).is_some_and(|step| step.max != Some(1)))
    };
    if side == Side::Around && (homes.len() != 1 || homes.iter().any(repeats)) {
        return Err(format!(
            "`{}` of `{}` covers records before and after it, but `{}` can stand there more than once",
            total.field, total.record, total.record
        ));
    }
    Ok(())
}

/// A record that the file's own sequence has before others states the blocks of the whole file.
fn blocks_side(homes: &[Home<'_>]) -> Side {
    match homes {
        [home] => match home.as_slice() {
            [(steps, index)] if index + 1 < steps.len() => Side::After,
            _ => Side::Before,
        },
        _ => Side::Before,
    }
}
