//! A sheet with a table of items → its rows, as a tree by their numbers.

use std::collections::BTreeMap;

use super::super::row::Row;
use super::super::settings::error;
use super::super::words::{HEADINGS, SUM, said};
use crate::import::sheet::grid::{At, Grid};
use crate::import::{Doubt, Severity};
use crate::pages::Lang;

/// A row of the sheet.
#[derive(Clone, Debug)]
pub(in super::super) struct Line {
    /// Its number on the sheet, from 0.
    pub(in super::super) at: u32,
    pub(in super::super) cells: Row,
    pub(in super::super) below: Vec<Self>,
}

/// A table of items on a sheet.
#[derive(Clone, Debug)]
pub(in super::super) struct Lines {
    /// The column of each heading, in the order of [`HEADINGS`].
    pub(in super::super) columns: [u32; 8],
    pub(in super::super) lines: Vec<Line>,
    /// The row with the sum of the lengths.
    pub(in super::super) sum: Option<u32>,
}

/// The numbers of the columns in [`Lines::columns`].
pub(in super::super) const LABEL: usize = 1;
pub(in super::super) const LEN: usize = 4;

/// The deepest row: more levels than the groups and parts of a spec can have.
pub(super) const DEPTH_MAX: usize = 32;

/// Whether a sheet has the headings of a table of items.
pub(in super::super) fn has_heading(grid: &Grid, lang: Lang) -> bool {
    heading(grid, lang).is_ok()
}

/// Reads the rows of a sheet.
pub(super) fn lines(grid: &Grid, lang: Lang, doubts: &mut Vec<Doubt>) -> Option<Lines> {
    let (bottom, columns) = match heading(grid, lang) {
        Ok(found) => found,
        Err(missing) => {
            let message = format!("the heading `{missing}` is not here: the sheet was left out");
            doubts.push(error(
                "heading",
                grid.origin((0, 0)),
                message,
                "keep the headings of the workbook that fep wrote",
            ));
            return None;
        }
    };
    beside(grid, bottom, &columns, doubts);
    let mut flat: Vec<(usize, Line)> = Vec::new();
    let mut sum = None;
    for row in grid.rows().iter().copied().filter(|row| *row > bottom) {
        let text = |heading: usize| columns.get(heading).map_or("", |column| grid.text((row, *column)));
        if sum.is_some() {
            let texts = columns.iter().filter(|column| !grid.text((row, **column)).is_empty());
            for column in texts.take(1) {
                let message = "stands below the sum: the row was not read".to_owned();
                doubts.push(error(
                    "text",
                    grid.origin((row, *column)),
                    message,
                    "move the row above the sum, or delete it",
                ));
            }
            continue;
        }
        if (0..columns.len()).all(|heading| text(heading).is_empty()) {
            continue;
        }
        if text(0).is_empty() && text(2).is_empty() && text(LABEL) == said(SUM, lang) {
            sum = Some(row);
            continue;
        }
        if is_struck(grid, row, &columns) {
            let message = format!("{} is struck through: it was left out", text(LABEL));
            let at = (row, columns.get(LABEL).copied().unwrap_or_default());
            let doubt = error("deleted", grid.origin(at), message, "delete the row, and its rows in `fep`");
            doubts.push(Doubt { severity: Severity::Warning, ..doubt });
            continue;
        }
        let number = text(0).to_owned();
        let depth = if number.is_empty() {
            let message = "the row has no number: it was taken to stand beside the row above it".to_owned();
            let at = (row, columns.first().copied().unwrap_or_default());
            let doubt = error("number", grid.origin(at), message, "number the rows: 7, 7-1, 7-2");
            doubts.push(Doubt { severity: Severity::Warning, ..doubt });
            flat.last().map_or(0, |(depth, _)| *depth)
        } else {
            number.matches('-').count().min(DEPTH_MAX)
        };
        let place = |text: &str| text.parse::<usize>().ok();
        let cells = Row {
            number,
            label: text(1).to_owned(),
            english: text(2).to_owned(),
            letter: text(3).to_owned(),
            len: text(4).to_owned(),
            from: place(text(5)),
            to: place(text(6)),
            remark: text(7).to_owned(),
            ..Row::default()
        };
        flat.push((depth, Line { at: row, cells, below: Vec::new() }));
    }
    Some(Lines { columns, lines: tree(flat), sum })
}

/// Notes the cells beside the table, which nothing reads.
fn beside(grid: &Grid, bottom: u32, columns: &[u32], doubts: &mut Vec<Doubt>) {
    let rows = grid.rows().iter().filter(|row| **row > bottom);
    let cells = rows.flat_map(|row| grid.columns(*row).map(|column| (*row, column)));
    let mut others = cells.filter(|at| !columns.contains(&at.1) && !grid.text(*at).is_empty());
    if let Some(first) = others.next() {
        let count = others.count();
        let more = if count == 0 { String::new() } else { format!(", and {count} more cells beside the table") };
        let doubt = error("text", grid.origin(first), format!("this cell was not read{more}"), "");
        doubts.push(Doubt { severity: Severity::Note, ..doubt });
    }
}

/// The last row of the heading and the column of each word, or the word that is missing.
fn heading(grid: &Grid, lang: Lang) -> Result<(u32, [u32; 8]), &'static str> {
    let words = HEADINGS.map(|word| said(word, lang));
    let first = words.first().copied().unwrap_or_default();
    let is_first = |row: &u32| grid.columns(*row).any(|column| grid.text((*row, column)) == first);
    let top = grid.rows().iter().copied().find(is_first).ok_or(first)?;
    let mut found: BTreeMap<&str, At> = BTreeMap::new();
    for row in [top.saturating_add(1), top] {
        found.extend(grid.columns(row).map(|column| (grid.text((row, column)), (row, column))));
    }
    let mut columns = [0; 8];
    let mut bottom = top;
    for (column, word) in columns.iter_mut().zip(words) {
        let (row, at) = *found.get(word).ok_or(word)?;
        *column = at;
        bottom = bottom.max(row);
    }
    Ok((bottom, columns))
}

/// Whether the row is marked as deleted: all its texts are struck through.
fn is_struck(grid: &Grid, row: u32, columns: &[u32]) -> bool {
    let mut cells = columns.iter().filter_map(|column| grid.cell((row, *column))).filter(|cell| !cell.text.is_empty());
    let mut all = cells.clone();
    cells.next().is_some() && all.all(|cell| cell.is_struck)
}

/// The rows by their depths. A row that is too deep stands below the row above it.
fn tree(flat: Vec<(usize, Line)>) -> Vec<Line> {
    let mut top = Vec::new();
    // The open rows, the deepest last.
    let mut open: Vec<(usize, Line)> = Vec::new();
    for (depth, line) in flat {
        while open.last().is_some_and(|(deeper, _)| *deeper >= depth) {
            close(&mut open, &mut top);
        }
        open.push((depth, line));
    }
    while !open.is_empty() {
        close(&mut open, &mut top);
    }
    top
}

/// Puts the deepest open row below the one above it.
fn close(open: &mut Vec<(usize, Line)>, top: &mut Vec<Line>) {
    let Some((_, line)) = open.pop() else { return };
    match open.last_mut() {
        Some((_, above)) => above.below.push(line),
        None => top.push(line),
    }
}
