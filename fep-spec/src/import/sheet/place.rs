//! Where each item of a table is by the lengths, and what the sheet says about it: offsets, ends, running totals, sums, numbers.

use super::grid::{At, Grid, cell_name, position};
use super::measure::Measure;
use super::remark::Repeat;
use super::row::SheetRow;
use super::table::Table;
use super::tree::{Node, repeat_of};
use crate::import::plain::{line, word};
use crate::import::{Doubt, Severity};

/// Where an item is by the lengths of the items before it.
#[derive(Clone, Debug)]
pub(super) struct Placed {
    pub(super) row: SheetRow,
    /// The offset from the first item of the table. In a group: of the first entry.
    pub(super) start: usize,
    /// The offset within its group's entry. `None` for an item of the telegram itself.
    pub(super) within: Option<usize>,
    /// The length. A group has that of all entries that are counted.
    pub(super) len: usize,
    /// Whether what is behind depends on the number of entries, so that no offset can be stated.
    pub(super) is_behind_varying: bool,
}

/// The places of a table's items, and the length of the table.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    pub(super) items: Vec<Placed>,
    /// The lengths that may be stated for the table.
    pub(super) len: Lengths,
    /// Whether groups always have room for all their entries.
    pub(super) is_padded: bool,
}

/// The lengths that a sheet may state for a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Lengths {
    /// With all groups that vary left out.
    pub(super) fixed: usize,
    /// With one entry of each group.
    pub(super) single: usize,
    /// With all entries of each group.
    pub(super) full: usize,
    /// Whether a group varies.
    pub(super) varies: bool,
}

impl Lengths {
    fn add(&mut self, len: usize) {
        self.fixed += len;
        self.single += len;
        self.full += len;
    }
}

impl Places {
    pub(super) fn of(nodes: &[Node], is_padded: bool) -> Self {
        let mut places = Self { is_padded, ..Self::default() };
        let mut start = 0;
        for node in nodes {
            start = places.add(node, start, None);
        }
        places
    }

    /// Adds a node that begins at `start`, and returns where it ends with one entry.
    fn add(&mut self, node: &Node, start: usize, within: Option<usize>) -> usize {
        let varies = self.len.varies;
        let place =
            |row: &SheetRow, len: usize| Placed { row: row.clone(), start, within, len, is_behind_varying: varies };
        match node {
            Node::Item(row) => {
                self.len.varies |= row.measure == Measure::Varies;
                let one = row.measure.bytes().unwrap_or_default();
                let count = entries(row, repeat_of(row).as_ref());
                let len = one.saturating_mul(count);
                self.items.push(place(row, len));
                if within.is_none() {
                    self.len.add(len);
                }
                start + len
            }
            Node::Group { row, repeat, items } => {
                self.items.push(place(row, 0));
                let index = self.items.len() - 1;
                let mut end = start;
                if repeat.is_none() {
                    // A heading: the items below it stand beside the others.
                    for item in items {
                        end = self.add(item, end, within.map(|within| within + (end - start)));
                    }
                    if let Some(own) = self.items.get_mut(index) {
                        own.len = end - start;
                    }
                    return end;
                }
                for item in items {
                    end = self.add(item, end, Some(end - start));
                }
                let entry = end - start;
                let (count, max, varies) = match repeat {
                    Some(Repeat::Fixed(count)) => (*count, *count, false),
                    Some(Repeat::Counted { max: Some(max), .. }) if self.is_padded => (*max, *max, false),
                    Some(Repeat::Counted { max, .. }) => (1, max.unwrap_or(1), true),
                    None => (1, 1, false),
                };
                if let Some(own) = self.items.get_mut(index) {
                    own.len = entry.saturating_mul(count);
                }
                if within.is_none() {
                    let len = entry.saturating_mul(count);
                    self.len.fixed += if varies { 0 } else { len };
                    self.len.single += if varies { entry } else { len };
                    self.len.full += entry.saturating_mul(max);
                    self.len.varies |= varies;
                }
                start + entry.saturating_mul(count)
            }
        }
    }

    /// How many of the stated offsets, ends and totals fit, if the table begins at this offset of the telegram.
    pub(super) fn fitting(&self, before: usize) -> (usize, usize) {
        let mut fits = 0;
        let mut stated = 0;
        for column in COLUMNS {
            let values: Vec<_> = self.stated(column).collect();
            let best = column.readings.iter().map(|reading| self.matching(&values, *reading, before).count()).max();
            fits += best.unwrap_or_default();
            stated += values.len();
        }
        (fits, stated)
    }

    fn stated<'p>(&'p self, column: Column) -> impl Iterator<Item = (&'p Placed, usize)> + 'p {
        self.items
            .iter()
            .filter(|item| !item.is_behind_varying)
            .filter_map(move |item| Some((item, (column.value)(&item.row)?)))
    }

    fn matching<'v>(
        &self,
        values: &'v [(&'v Placed, usize)],
        reading: Reading,
        before: usize,
    ) -> impl Iterator<Item = &'v (&'v Placed, usize)> {
        values.iter().filter(move |(item, value)| reading.expects(item, before).contains(value))
    }
}

/// The number of entries of an item that repeats by itself.
fn entries(row: &SheetRow, repeat: Option<&Repeat>) -> usize {
    match (&row.measure, repeat) {
        (Measure::Repeated { count, .. }, _) | (_, Some(Repeat::Fixed(count))) => *count,
        _ => 1,
    }
}

/// A column that states where items are.
#[derive(Clone, Copy)]
struct Column {
    name: &'static str,
    value: fn(&SheetRow) -> Option<usize>,
    cell: fn(&SheetRow) -> Option<At>,
    readings: &'static [Reading],
}

const COLUMNS: [Column; 3] = [
    Column {
        name: "begin",
        value: |row| row.from,
        cell: |row| row.cells.from,
        readings: &[Reading::FromOne, Reading::FromZero, Reading::End],
    },
    Column {
        name: "end",
        value: |row| row.to,
        cell: |row| row.cells.to,
        readings: &[Reading::End, Reading::LastFromZero],
    },
    Column {
        name: "running total",
        value: |row| row.running,
        cell: |row| row.cells.running,
        readings: &[Reading::End, Reading::FromZero, Reading::FromOne],
    },
];

/// What the numbers of a column can mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reading {
    /// The offset of the first byte, from 0.
    FromZero,
    /// The same from 1.
    FromOne,
    /// The number of the last byte, from 1: the sum of the lengths up to here.
    End,
    /// The number of the last byte, from 0.
    LastFromZero,
}

impl Reading {
    /// The numbers that fit. An item of a group may be counted within its entry.
    fn expects(self, item: &Placed, before: usize) -> Vec<usize> {
        let of = |start: usize| match self {
            Self::FromZero => Some(start),
            Self::FromOne => Some(start + 1),
            Self::End => Some(start + item.len),
            Self::LastFromZero => (start + item.len).checked_sub(1),
        };
        let absolute = of(item.start + before);
        absolute.into_iter().chain(item.within.and_then(of)).collect()
    }

    fn describe(self) -> &'static str {
        match self {
            Self::FromZero => "offsets from 0",
            Self::FromOne => "positions from 1",
            Self::End => "sums of the lengths up to each item",
            Self::LastFromZero => "last bytes, from 0",
        }
    }
}

/// What a table says against its lengths. `before` is the offset of its first item in the telegram.
pub(super) fn doubts(grid: &Grid, table: &Table, places: &Places, before: usize) -> Vec<(u32, Doubt)> {
    let mut doubts = Vec::new();
    for column in COLUMNS {
        offsets(grid, places, before, column, &mut doubts);
        unread(grid, table, column, &mut doubts);
    }
    sums(grid, table, places, before, &mut doubts);
    numbers(grid, table, &mut doubts);
    doubts.sort_by_key(|(row, _)| *row);
    doubts
}

fn offsets(grid: &Grid, places: &Places, before: usize, column: Column, doubts: &mut Vec<(u32, Doubt)>) {
    let values: Vec<_> = places.stated(column).collect();
    let count = |reading: Reading| places.matching(&values, reading, before).count();
    let Some(best) = column.readings.iter().copied().rev().max_by_key(|reading| count(*reading)) else { return };
    if values.len() < 2 {
        return;
    }
    let shifts = |reading: Reading| shifts(&values, reading, before);
    let by_shift = column.readings.iter().copied().min_by_key(|reading| shifts(*reading));
    let few = by_shift.filter(|reading| shifts(*reading) * 4 <= values.len());
    let best = if count(best) * 2 < values.len() { few.unwrap_or(best) } else { best };
    if count(best) * 2 < values.len() && few.is_none() {
        let (item, _) = values.first().copied().unzip();
        let at = item.and_then(|item: &Placed| (column.cell)(&item.row));
        let name = column.name;
        let message =
            format!("the column of the {name} fits in {} of {} rows only: it was not used", count(best), values.len());
        doubts.extend(at.map(|at| (at.0, error(grid, at, "offset", message))));
        return;
    }
    let mut shift = 0;
    for (item, value) in values {
        let expected = best.expects(item, before);
        let own = shift_of(&expected, value);
        if own != shift && own != 0 {
            let wanted = expected.first().copied().unwrap_or_default();
            let name = column.name;
            let message = format!(
                "the {name} of {} is {value}, by the lengths it is {wanted} ({})",
                item.row.shown(),
                best.describe()
            );
            doubts.extend((column.cell)(&item.row).map(|at| (at.0, error(grid, at, "offset", message))));
        }
        shift = own;
    }
}

/// Cells that should say where an item is, and do not say it with a number.
fn unread(grid: &Grid, table: &Table, column: Column, doubts: &mut Vec<(u32, Doubt)>) {
    let rows = table.rows.iter().filter(|row| !row.is_struck && row.measure.bytes().is_some());
    let cells = rows.filter_map(|row| Some((row, (column.cell)(row).filter(|_| (column.value)(row).is_none())?)));
    let cells = cells.filter(|(_, at)| word(grid.text(*at)).chars().any(char::is_alphanumeric));
    doubts.extend(cells.map(|(row, at)| {
        let text = line(grid.text(at));
        let message =
            format!("the {} of {} is `{text}`, which is no number: it was not compared", column.name, row.shown());
        (row.row, Doubt { severity: Severity::Warning, ..error(grid, at, "offset", message) })
    }));
}

/// How far a stated number is from the lengths.
fn shift_of(expected: &[usize], value: usize) -> i64 {
    if expected.contains(&value) { 0 } else { signed(value) - signed(expected.first().copied().unwrap_or_default()) }
}

/// In how many rows the distance between the stated numbers and the lengths changes: a contradiction moves all rows behind it.
fn shifts(values: &[(&Placed, usize)], reading: Reading, before: usize) -> usize {
    let shifts = values.iter().map(|(item, value)| shift_of(&reading.expects(item, before), *value));
    let mut last = 0;
    shifts.filter(|shift| std::mem::replace(&mut last, *shift) != *shift).count()
}

fn signed(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn error(grid: &Grid, at: At, code: &'static str, message: String) -> Doubt {
    Doubt { code, severity: Severity::Error, origin: grid.origin(at), message, hint: None }
}

/// Rows that state a sum.
fn sums(grid: &Grid, table: &Table, places: &Places, before: usize, doubts: &mut Vec<(u32, Doubt)>) {
    let mut since = 0;
    for (above, sum) in &table.sums {
        let Some(at) = sum.cells.length else { continue };
        let formula = grid.cell(at).and_then(|cell| cell.formula.as_deref());
        let range = formula.and_then(range);
        let rows = |from: usize| table.rows.iter().take(*above).skip(from).filter(|row| !row.is_struck);
        let measured = |from: usize| rows(from).filter_map(|row| row.measure.bytes()).sum::<usize>();
        let stated = match (sum.measure.bytes(), range) {
            (Some(stated), _) => stated,
            (None, Some(range)) => added(grid, range),
            (None, None) => continue,
        };
        let part = measured(since);
        let whole = measured(0);
        let lengths = places.len;
        let mut right = vec![part, whole, whole + before];
        if *above == table.rows.len() {
            right.extend([lengths.fixed, lengths.single, lengths.full].iter().flat_map(|len| [*len, len + before]));
        }
        if let Some((top, bottom)) = range {
            let left_out =
                rows(since).filter(|row| row.measure.bytes().is_some() && !(top.0..=bottom.0).contains(&row.row));
            let left_out: Vec<_> = left_out.filter_map(|row| row.cells.length).map(cell_name).collect();
            let struck =
                table.rows.iter().chain(&[]).filter(|row| row.is_struck && (top.0..=bottom.0).contains(&row.row));
            let struck: Vec<_> = struck.filter_map(|row| row.cells.length).map(cell_name).collect();
            if !left_out.is_empty() || (!struck.is_empty() && !right.contains(&stated)) {
                let missing =
                    if left_out.is_empty() { String::new() } else { format!(" leaves out {}", left_out.join(", ")) };
                let deleted =
                    if struck.is_empty() { String::new() } else { format!(" has the deleted {}", struck.join(", ")) };
                let and = if missing.is_empty() || deleted.is_empty() { "" } else { " and" };
                let formula = formula.unwrap_or_default();
                let message =
                    format!("the sum ={formula} is {stated} and the items have {part}: it{missing}{and}{deleted}");
                doubts.push((sum.row, error(grid, at, "sum", message)));
            }
        } else if !right.contains(&stated) {
            let message = format!("the sum is {stated}, and the items above have {part} bytes");
            doubts.push((sum.row, error(grid, at, "sum", message)));
        }
        since = *above;
    }
}

/// The first and the last cell of `SUM(F8:F20)`.
fn range(formula: &str) -> Option<(At, At)> {
    let inner = formula.trim_start_matches('=').strip_prefix("SUM(").or_else(|| formula.strip_prefix("of:=SUM("))?;
    let inner = inner.strip_suffix(')')?.replace(['[', ']', '.'], "");
    let (first, last) = inner.split_once(':')?;
    Some((position(first)?, position(last)?))
}

/// The sum of the cells of a range, as the spreadsheet adds them.
fn added(grid: &Grid, ((top, left), (bottom, right)): (At, At)) -> usize {
    let rows = grid.rows_in(top..bottom.saturating_add(1)).iter().copied();
    let cells = rows.flat_map(|row| (left..=right.min(left + 16)).map(move |column| (row, column)));
    cells.filter_map(|at| grid.text(at).parse::<usize>().ok()).sum()
}

/// Numbers that occur twice.
fn numbers(grid: &Grid, table: &Table, doubts: &mut Vec<(u32, Doubt)>) {
    let mut seen: Vec<(&str, u32)> = Vec::new();
    for row in table.rows.iter().filter(|row| !row.is_struck && !row.number.is_empty()) {
        let first = seen.iter().find(|(number, _)| *number == row.number);
        if let (Some((_, first)), Some(at)) = (first, row.cells.number) {
            let message = format!("the number {} is also that of row {}", row.number, first + 1);
            doubts.push((row.row, error(grid, at, "number", message)));
        }
        seen.push((&row.number, row.row));
    }
    left_out(grid, table, doubts);
}

/// Numbers that no row has, between two that follow each other: a row may be missing.
fn left_out(grid: &Grid, table: &Table, doubts: &mut Vec<(u32, Doubt)>) {
    let rows = || table.rows.iter().filter(|row| !row.number.is_empty());
    let numbers: Option<Vec<(usize, &SheetRow)>> =
        rows().map(|row| Some((row.number.trim_end_matches('.').parse().ok()?, row))).collect();
    for pair in numbers.unwrap_or_default().windows(2) {
        let [(before, _), (number, row)] = pair else { continue };
        let missing = before.saturating_add(1);
        if let Some(at) = row.cells.number.filter(|_| missing < *number && number - missing < 10) {
            let what = if missing + 1 == *number {
                format!("{missing} is")
            } else {
                format!("{missing} to {} are", number - 1)
            };
            let message = format!("the number {what} left out before {}: a row may be missing", row.shown());
            doubts.push((row.row, Doubt { severity: Severity::Warning, ..error(grid, at, "number", message) }));
        }
    }
}
