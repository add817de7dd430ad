//! Finds the tables of a sheet: their headings, their rows, and the text above them.

use super::depth::name_columns;
use super::grid::{At, Grid};
use super::heading::{Heading, Role};
use super::letter::family;
use super::map::{SheetMap, headings};
use super::measure::Measure;
use super::remark;
use super::row::{Cells, Kind, SheetRow};
use crate::import::plain::{is_ditto, line, word};

/// A table whose rows are the items of a telegram or a part.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// The index of the sheet.
    pub(super) sheet: usize,
    pub(super) heading: Heading,
    /// The texts above the heading, back to the table before it.
    pub(super) caption: Vec<(At, String)>,
    /// The items.
    pub(super) rows: Vec<SheetRow>,
    /// The rows that state a sum, each with the number of items above it.
    pub(super) sums: Vec<(usize, SheetRow)>,
    /// Rows with text that is no item.
    pub(super) others: Vec<(At, String)>,
}

/// The maximum number of tables of a file. The reader of a sheet finds one more at most.
pub(super) const TABLES_MAX: usize = 2_000;

/// The number of rows without content that end a table.
const GAP: u32 = 3;

/// The most lines of text above a table that may say something about it.
const CAPTION_MAX: usize = 40;

/// All tables of a sheet, in the order of their headings.
pub(super) fn tables(grid: &Grid, sheet: usize, map: &SheetMap) -> Vec<Table> {
    let mut found: Vec<Heading> = Vec::new();
    for row in grid.rows() {
        // The second row of a heading is none of its own.
        if found.last().is_none_or(|heading| *row > heading.bottom) && found.len() <= TABLES_MAX {
            found.extend(headings(grid, *row, map));
        }
    }
    let mut tables: Vec<Table> = Vec::new();
    for (index, heading) in found.iter().enumerate() {
        let behind = found.iter().skip(index + 1).find(|other| other.top > heading.bottom);
        let end = behind.map_or(u32::MAX, |other| other.top);
        let before = found.iter().take(index).filter(|other| other.bottom < heading.top).map(|other| other.bottom);
        let start = before.max().map_or(0, |bottom| bottom + 1);
        let has_neighbour = found.iter().filter(|other| other.top == heading.top).count() > 1;
        tables.push(table(grid, sheet, heading, (start, end), has_neighbour));
    }
    for (index, heading) in found.iter().enumerate() {
        // What belongs to the rows of the table above is no caption.
        let last = tables.iter().take(index).filter(|other| other.heading.bottom < heading.top);
        let last = last
            .flat_map(|other| other.rows.iter().map(|row| row.row).chain(other.sums.iter().map(|(_, sum)| sum.row)));
        let last = last.max();
        if let (Some(last), Some(table)) = (last, tables.get_mut(index)) {
            table.caption.retain(|((row, _), _)| *row > last);
        }
        let caption: Vec<At> =
            tables.get(index).into_iter().flat_map(|table| table.caption.iter().map(|(at, _)| *at)).collect();
        tables.iter_mut().take(index).for_each(|other| other.others.retain(|(at, _)| !caption.contains(at)));
    }
    continued(tables)
}

/// Joins the pages of a table: the heading is repeated on each page, and the numbers go on.
fn continued(tables: Vec<Table>) -> Vec<Table> {
    let mut joined: Vec<Table> = Vec::new();
    for table in tables {
        match joined.iter_mut().rev().find(|above| above.heading.columns == table.heading.columns) {
            Some(above) if goes_on(above, &table) => {
                let rows = above.rows.len();
                above.rows.extend(table.rows);
                above.sums.extend(table.sums.into_iter().map(|(above, sum)| (rows + above, sum)));
                above.others.extend(table.caption.into_iter().chain(table.others));
            }
            _ => joined.push(table),
        }
    }
    joined
}

fn goes_on(above: &Table, table: &Table) -> bool {
    let number = |row: Option<&SheetRow>| row.and_then(|row| row.number.parse::<usize>().ok());
    let last = number(above.rows.last());
    let is_next = last.is_some_and(|last| number(table.rows.first()) == last.checked_add(1));
    // Without numbers, something must say that a page ended.
    let has_no_number = |table: &Table| table.rows.iter().all(|row| row.number.is_empty());
    let is_next = is_next || (!table.caption.is_empty() && has_no_number(above) && has_no_number(table));
    let is_page = |text: &str| {
        let text = word(text);
        let text = text.replace("page", "").replace("계속", "").replace("페이지", "").replace("of", "");
        !text.chars().any(char::is_alphabetic)
    };
    above.heading.texts == table.heading.texts && is_next && table.caption.iter().all(|(_, text)| is_page(text))
}

fn table(grid: &Grid, sheet: usize, heading: &Heading, (start, end): (u32, u32), has_neighbour: bool) -> Table {
    let is_beside = |column: u32| (heading.columns.0..=heading.columns.1).contains(&column);
    let mut table = Table {
        sheet,
        heading: heading.clone(),
        caption: captions(grid, heading, start, has_neighbour),
        rows: Vec::new(),
        sums: Vec::new(),
        others: Vec::new(),
    };
    let mut last = heading.bottom;
    let mut text: Option<SheetRow> = None;
    let mut open: Option<usize> = None;
    let body = grid.rows_in(heading.bottom.saturating_add(1)..end).iter().copied();
    for row in body.filter(|row| grid.columns(*row).any(is_beside)) {
        if row - last > GAP || (row - last > 1 && end < u32::MAX && is_head(grid, heading, (row, end))) {
            break;
        }
        let mut read = SheetRow::read(grid, heading, row, table.rows.last());
        last = row;
        if let Some((at, text)) = merged_group(grid, heading, row) {
            if at.0 == row {
                table.rows.push(group_row(at, &text));
            }
            read.depth += 1;
            // A cell that is merged over several rows says how often all of them repeat.
            if heading.roles.get(&at.1) == Some(&Role::Repeat) {
                read.repeat.clear();
            }
        }
        if let Some(depth) = depth_below_parent(grid, heading, &table.rows, row) {
            read.depth = depth;
        }
        let mut kind = kind(&table, &read);
        // One blank is enough below a group whose name says how often it repeats.
        open = open.filter(|indent| kind == Kind::Item && read.indent > *indent && read.depth == 0);
        read.depth += usize::from(open.is_some());
        if let Some(sum) = Some(&read).filter(|_| kind == Kind::Text).and_then(SheetRow::stated_sum) {
            read = sum;
            kind = Kind::Sum;
        }
        // A name without a length is a group if the rows below it are deeper.
        let above = text.take().filter(|above| kind == Kind::Item && read.depth > above.depth);
        if let Some(above) = above {
            table.others.retain(|((row, _), _)| *row != above.row);
            table.rows.push(above);
        }
        match kind {
            Kind::Blank => {}
            Kind::Item => table.rows.push(read),
            Kind::Sum => table.sums.push((table.rows.len(), read)),
            Kind::More => more(&mut table, read, grid),
            Kind::Text => {
                if is_mark(&read) || remark::times(&read.label).is_some() {
                    open = remark::times(&read.label).map(|_| read.indent);
                    table.rows.push(read);
                } else {
                    other(&mut table, &read, grid);
                    text = Some(read).filter(|read| !read.shown().is_empty());
                }
            }
        }
    }
    digits_not_national(&mut table.rows);
    group(&mut table);
    table
}

/// What a row is, with the rows above it.
fn kind(table: &Table, row: &SheetRow) -> Kind {
    match row.kind() {
        Kind::Sum if is_counted(table, row) => Kind::Item,
        kind => kind,
    }
}

/// Makes groups of rows that repeat as often, unless sums stand between them.
fn group(table: &mut Table) {
    if table.sums.iter().all(|(above, _)| *above == table.rows.len()) {
        table.rows = grouped(std::mem::take(&mut table.rows));
        let count = table.rows.len();
        table.sums.iter_mut().for_each(|(above, _)| *above = count);
    }
}

/// The texts above a heading, from the row `start`. Beside other tables, each has the text above its own columns.
fn captions(grid: &Grid, heading: &Heading, start: u32, has_neighbour: bool) -> Vec<(At, String)> {
    let is_beside = |column: u32| (heading.columns.0..=heading.columns.1).contains(&column);
    let rows = grid.rows_in(start..heading.top).iter().copied();
    let cells = rows.flat_map(|row| grid.columns(row).map(move |column| (row, column)));
    let cells = cells.filter(|(_, column)| !has_neighbour || is_beside(*column));
    let texts: Vec<_> = cells.map(|at| (at, line(grid.text(at)))).filter(|(_, text)| !text.is_empty()).collect();
    let skip = texts.len().saturating_sub(CAPTION_MAX);
    texts.into_iter().skip(skip).collect()
}

/// Whether the rows behind a blank row say something about the table below them: none of them is an item or a sum.
fn is_head(grid: &Grid, heading: &Heading, (start, end): (u32, u32)) -> bool {
    grid.rows_in(start..end).iter().all(|row| {
        let read = SheetRow::read(grid, heading, *row, None);
        let is_known = read.letter.is_empty()
            || family(&read.letter).is_some()
            || is_ditto(grid.text(read.cells.letter.unwrap_or_default()));
        let is_numbered = read.number.is_empty() || read.number.starts_with(|first: char| first.is_ascii_digit());
        match read.kind() {
            Kind::Item => !is_known && !is_numbered,
            Kind::Sum | Kind::More => false,
            Kind::Text | Kind::Blank => true,
        }
    })
}

/// The depth of a row whose column of parents names a group above it.
fn depth_below_parent(grid: &Grid, heading: &Heading, rows: &[SheetRow], row: u32) -> Option<usize> {
    let parent = word(grid.merged_text((row, heading.column(Role::Parent)?)));
    let is_parent = |above: &&SheetRow| {
        above.measure.bytes().is_none() && (word(&above.english) == parent || word(&above.label) == parent)
    };
    let found = rows.iter().rev().filter(|_| !parent.is_empty()).find(is_parent);
    found.map(|above| above.depth + 1)
}

/// Whether a row that is named like a sum is an item: it has a type, and its length is not that of the items above.
fn is_counted(table: &Table, row: &SheetRow) -> bool {
    let since = table.sums.last().map_or(0, |(above, _)| *above);
    let sum = |from: usize| table.rows.iter().skip(from).filter_map(|row| row.measure.bytes()).sum::<usize>();
    let bytes = row.measure.bytes();
    !row.label.is_empty()
        && family(&row.letter).is_some()
        && bytes.is_some_and(|bytes| bytes != sum(0) && bytes != sum(since))
}

/// Rows that follow each other and repeat as often are one group, whose entries have an item of each row.
fn grouped(rows: Vec<SheetRow>) -> Vec<SheetRow> {
    let count =
        |row: &SheetRow| row.repeat.parse::<usize>().ok().filter(|count| *count > 1 && row.measure.bytes().is_some());
    let mut grouped: Vec<SheetRow> = Vec::new();
    let mut open: Option<(usize, usize)> = None;
    for (index, row) in rows.iter().enumerate() {
        let own = count(row).map(|count| (count, row.depth));
        let is_next = rows.get(index + 1).is_some_and(|next| count(next).map(|count| (count, next.depth)) == own);
        if open != own {
            open = own.filter(|_| is_next);
            if let Some((times, depth)) = open {
                let cells = Cells { label: row.cells.label, ..Cells::default() };
                let repeat = times.to_string();
                grouped.push(SheetRow {
                    row: row.row,
                    label: "반복".to_owned(),
                    depth,
                    repeat,
                    cells,
                    ..SheetRow::default()
                });
            }
        }
        match open {
            Some(_) => {
                let mut row = row.clone();
                row.assumed
                    .push(format!("this row and its neighbours repeat {} times: they are one group", row.repeat));
                grouped.push(SheetRow { depth: row.depth + 1, repeat: String::new(), is_grouped: true, ..row });
            }
            None => grouped.push(row.clone()),
        }
    }
    grouped
}

/// `N(13)` is 13 digits beside `AN(20)` or without any `9(…)`, and 13 national characters of two bytes beside `9(…)`.
fn digits_not_national(rows: &mut [SheetRow]) {
    let is_lettered = |row: &SheetRow| family(&row.letter).is_some() && !matches!(row.measure, Measure::Picture(_));
    let is_nine = |row: &SheetRow| matches!(&row.measure, Measure::Picture(picture) if !picture.is_text);
    if !rows.iter().any(is_lettered) && rows.iter().any(is_nine) {
        return;
    }
    for row in rows {
        if let Measure::Picture(picture) = &row.measure
            && picture.is_national
        {
            row.assumed.push(format!("N({0}) is {0} digits, not {0} characters of two bytes", picture.size));
            row.letter = "N".to_owned();
            row.measure = Measure::Bytes(picture.size);
        }
    }
}

/// The group that a row belongs to by a cell that is merged over several rows: the first of several name columns, or a column of sections
/// that says how often its rows repeat.
fn merged_group(grid: &Grid, heading: &Heading, row: u32) -> Option<(At, String)> {
    let names = name_columns(grid, heading)?;
    let own = names.clone().rev().map(|column| (row, column)).find(|at| !grid.text(*at).is_empty());
    let columns = heading.columns.0..=heading.columns.1;
    let is_free = |column: &u32| heading.roles.get(column).is_none_or(|role| *role == Role::Repeat);
    columns.filter(|column| is_free(column) || names.contains(column)).find_map(|column| {
        let (first, last) = grid.region((row, column))?;
        let text = line(grid.text(first));
        let is_name = names.contains(&column) && own.is_some_and(|(_, other)| other > column);
        let is_tall = last.0 > first.0 && first.0 > heading.bottom && !text.is_empty();
        let is_count = heading.roles.get(&column) == Some(&Role::Repeat) && text.parse::<usize>().is_ok();
        (is_tall && (is_name || is_count || remark::repeat(&text).is_some())).then_some((first, text))
    })
}

/// The row of a group whose name stands beside its items.
fn group_row(at: At, text: &str) -> SheetRow {
    let label = text.split(['(', '[', ':']).next().unwrap_or_default().trim().to_owned();
    let cells = Cells { label: Some(at), ..Cells::default() };
    // `10` is how often, and no name.
    let is_count = text.parse::<usize>().is_ok();
    let repeat = if is_count { text.to_owned() } else { String::new() };
    let label = if is_count { "반복".to_owned() } else { label };
    SheetRow { row: at.0, label, repeat, remark: text.to_owned(), cells, ..SheetRow::default() }
}

/// A row that begins or ends a group by its text: `반복부 시작`.
fn is_mark(row: &SheetRow) -> bool {
    let text = word(&format!("{}{}", row.shown(), row.remark));
    let says = |words: &[&str]| words.iter().any(|word| text.contains(word));
    says(&["반복", "occurs", "repeat", "loop"])
}

fn more(table: &mut Table, read: SheetRow, grid: &Grid) {
    match table.rows.last_mut() {
        Some(above) => {
            above.remark.push('\n');
            above.remark.push_str(&read.said());
        }
        None => other(table, &read, grid),
    }
}

fn other(table: &mut Table, read: &SheetRow, grid: &Grid) {
    let cells = grid.columns(read.row).map(|column| (read.row, column));
    table.others.extend(cells.map(|at| (at, line(grid.text(at)))).take(1));
}
