//! What the cells of a workbook say, against what follows from the spec that was read from it.
//!
//! Each difference is a finding with the cell, and with the cell of `fep` that says otherwise. Cells from which the spec was read cannot
//! differ. An empty cell says nothing.

use fep_codec::Layout;

use super::plan::{Block, Content, Plan, Table};
use super::read::{LEN, Line, Lines, ReadBlock, Reader, TITLE, stated};
use super::row::Row;
use super::settings::{Address, Settings, error};
use super::words::{TOTAL_LENGTH, said};
use super::xlsx::{FIRST_COLUMN, heading_row};
use crate::Spec;
use crate::draft::{Draft, DraftTable, Value};
use crate::import::Doubt;
use crate::import::plain::line;
use crate::import::sheet::grid::{At, Grid};

/// The longest text of a cell in a message, in characters.
const SHOWN_MAX: usize = 60;

/// What the comparison found.
pub(super) struct Compared {
    pub(super) doubts: Vec<Doubt>,
    /// Remarks that a person wrote to items of which `fep` has no remark.
    pub(super) remarks: Vec<(Address, String)>,
}

/// Compares all sheets.
pub(super) fn compare(reader: &Reader<'_>, draft: &Draft, spec: &Spec, plan: &Plan) -> Compared {
    let mut comparison = Comparison { settings: &reader.settings, doubts: Vec::new(), remarks: Vec::new() };
    for sheet in &plan.sheets {
        match &sheet.content {
            Content::Block(block) => {
                if let Some(read) = reader.blocks.iter().find(|read| read.address == block.address) {
                    comparison.block(block, read);
                }
            }
            Content::Table(table) if !table.is_source => {
                if let Some(grid) = reader.grids.iter().find(|grid| grid.name.as_ref() == Some(&sheet.name)) {
                    comparison.table(table, grid);
                }
            }
            Content::Table(_) => {}
        }
    }
    for (table, part) in draft.parts.iter().zip(&spec.parts) {
        comparison.part_len(table, &part.layout);
    }
    Compared { doubts: comparison.doubts, remarks: comparison.remarks }
}

struct Comparison<'c> {
    settings: &'c Settings,
    doubts: Vec<Doubt>,
    remarks: Vec<(Address, String)>,
}

/// Where rows stand.
struct Within<'r> {
    address: Address,
    read: &'r ReadBlock<'r>,
    /// Whether the rows repeat a part that is read elsewhere.
    is_copy: bool,
}

/// The first cell of a table that has another position than its lengths give, and how many there are.
#[derive(Default)]
struct Moved {
    first: Option<(At, String)>,
    count: usize,
}

impl Comparison<'_> {
    fn block(&mut self, block: &Block, read: &ReadBlock<'_>) {
        let grid = read.grid;
        self.cell(grid, TITLE, &block.title, &block.address, "label");
        self.cell(grid, (TITLE.0 + 1, TITLE.1), &block.history, &Address::new("spec", "", ""), "version");
        let mut moved = Moved::default();
        let within = Within { address: block.address.clone(), read, is_copy: false };
        self.rows(&block.rows, &read.lines.lines, &within, &mut moved);
        if let Some((at, message)) = moved.first {
            let more = moved.count.saturating_sub(1);
            let more = if more == 0 { String::new() } else { format!("; {more} more positions of this sheet differ") };
            let hint = "correct the positions, or the length that moved them";
            self.doubts.push(error("offset", grid.origin(at), message + &more, hint));
        }
        let total = block.total;
        if let Some(stated) = stated(grid.text(TITLE), said(TOTAL_LENGTH, self.settings.lang))
            && total.least == total.most
            && stated != total.most
        {
            let message = format!("the stated length is {stated}, and the items have {} bytes", total.most);
            self.doubts.push(error("total", grid.origin(TITLE), message, ""));
        }
        let Some((row, column)) = read.lines.sum.zip(read.lines.columns.get(LEN)) else { return };
        let shown = grid.text((row, *column));
        if !shown.is_empty() && shown != total.to_string() {
            let message = format!("the sum is {shown}, and the items have {total} bytes");
            self.doubts.push(error(
                "sum",
                grid.origin((row, *column)),
                message,
                "a spreadsheet program computes the formula again",
            ));
        }
    }

    fn rows(&mut self, rows: &[Row], lines: &[Line], at: &Within<'_>, moved: &mut Moved) {
        let Within { address, read, is_copy } = at;
        let mut unnamed = 0;
        for (row, line) in rows.iter().zip(lines) {
            let name = if row.english.is_empty() {
                unnamed += 1;
                format!("#{unnamed}")
            } else {
                row.english.clone()
            };
            let own = address.below(&name);
            self.row(row, line, &Within { address: own.clone(), ..*at }, moved);
            let part = part_below(row, self.settings, &own);
            if row.below.len() != line.below.len() {
                let at = (line.at, read.lines.columns.first().copied().unwrap_or_default());
                let message = format!(
                    "{} rows stand below this one, and it has {} items{}",
                    line.below.len(),
                    row.below.len(),
                    self.by(&own, "part")
                );
                let hint = "rows that repeat a part must be the same at each place";
                self.doubts.push(error("contradiction", read.grid.origin(at), message, hint));
            }
            let below = Within { address: part, read, is_copy: *is_copy || row.is_copy };
            self.rows(&row.below, &line.below, &below, moved);
        }
    }

    fn row(&mut self, row: &Row, line: &Line, within: &Within<'_>, moved: &mut Moved) {
        let Within { address, read, .. } = within;
        let Lines { columns: [_, label, english, letter, len, from, to, remark], .. } = &read.lines;
        let texts = [
            (label, &row.label, "label"),
            (english, &row.english, "name"),
            (letter, &row.letter, "kind"),
            (len, &row.len, "len"),
        ];
        for (column, text, key) in texts {
            self.cell(read.grid, (line.at, *column), text, address, key);
        }
        self.remark(row, (line.at, *remark), within);
        for (column, place, what) in [(from, row.from, "begins"), (to, row.to, "ends")] {
            let at = (line.at, *column);
            let shown = read.grid.text(at);
            let expected = place.map_or_else(|| "no fixed position".to_owned(), |place| place.to_string());
            if !shown.is_empty() && shown != expected {
                let shown_row = if row.label.is_empty() { &row.english } else { &row.label };
                let message = format!("{shown_row} {what} at {shown}, and the lengths give {expected}");
                moved.first.get_or_insert((at, message));
                moved.count += 1;
            }
        }
    }

    /// The last column. `fep` has the remark of an item, and what follows from its kind stands behind it. If `fep` has none, the text before is
    /// a new remark, and an empty cell says nothing.
    fn remark(&mut self, row: &Row, at: At, within: &Within<'_>) {
        let Within { address, read: ReadBlock { grid, .. }, is_copy } = within;
        let shown = grid.text(at);
        if self.settings.get(address, "remark").is_none() {
            let own =
                shown.strip_suffix(row.remark.as_str()).filter(|own| row.remark.is_empty() || own.ends_with('\n'));
            match own.map(str::trim).filter(|own| !own.is_empty()) {
                Some(own) if !is_copy => return self.remarks.push((address.clone(), own.to_owned())),
                _ if shown.is_empty() => return,
                _ => {}
            }
        }
        self.cell(grid, at, &row.remark, address, "remark");
    }

    /// The stated length of a part that has no sheet with a title.
    fn part_len(&mut self, table: &DraftTable, layout: &Layout) {
        let address = Address::new("parts", &table.name, "");
        let stated = table.entries.iter().find(|entry| entry.key == "len").map(|entry| &entry.value);
        let Some(Value::Number(stated)) = stated.filter(|_| self.settings.get(&address, "sheet").is_none()) else {
            return;
        };
        if let Some(len) = layout.fixed_len().filter(|len| i64::try_from(*len).is_ok_and(|len| len != *stated)) {
            let message = format!("the stated length of {} is {stated}, and its items have {len} bytes", table.name);
            self.doubts.push(error("total", self.settings.origin(&address, "len"), message, "change one of them"));
        }
    }

    /// A cell that is not read, or is read and comes back.
    fn cell(&mut self, grid: &Grid, at: At, expected: &str, address: &Address, key: &str) {
        let shown = grid.text(at);
        if shown == expected || (shown.is_empty() && key != "remark") {
            return;
        }
        let expected = if expected.is_empty() { "nothing".to_owned() } else { format!("`{}`", shortened(expected)) };
        let shown = if shown.is_empty() { "nothing".to_owned() } else { format!("`{}`", shortened(shown)) };
        let message = format!("the cell says {shown}, and it follows{} that it is {expected}", self.by(address, key));
        let hint = "change both cells, or neither";
        self.doubts.push(error("contradiction", grid.origin(at), message, hint));
    }

    /// ` from fep!E45`
    fn by(&self, address: &Address, key: &str) -> String {
        format!(" from {}", self.settings.origin(address, key))
    }

    fn table(&mut self, table: &Table, grid: &Grid) {
        let spec = Address::new("spec", "", "");
        self.cell(grid, TITLE, &table.title, &spec, "title");
        let first = u32::from(FIRST_COLUMN);
        for (row, (_, value)) in (3..).zip(&table.pairs) {
            self.cell(grid, (row, first + 1), value, &spec, "source");
        }
        let heading = heading_row(table);
        for (index, (row, cells)) in (heading + 1..).zip(&table.rows).enumerate() {
            let address = table.addresses.get(index).unwrap_or(&spec);
            // A formula has the value of another cell.
            let is_text = |at: At| grid.cell(at).is_some_and(|cell| cell.formula.is_none());
            for (column, text) in (first..).zip(cells).filter(|(column, _)| is_text((row, *column))) {
                self.cell(grid, (row, column), text, address, "label");
            }
        }
    }
}

/// The address of the items below a row.
fn part_below(row: &Row, settings: &Settings, own: &Address) -> Address {
    match settings.get(own, "part") {
        Some(Value::Text(part)) if !row.below.is_empty() => Address::new("parts", part, ""),
        _ => own.clone(),
    }
}

fn shortened(text: &str) -> String {
    let text = line(text);
    if text.chars().count() > SHOWN_MAX { text.chars().take(SHOWN_MAX).collect::<String>() + "…" } else { text }
}
