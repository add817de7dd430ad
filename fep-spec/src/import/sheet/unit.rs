//! One table with everything that was found out about it, before names and text are made.

use super::SheetError;
use super::caption::Caption;
use super::divide::divided;
use super::grid::Grid;
use super::letter::family;
use super::lists::Lists;
use super::map::SheetMap;
use super::place::{Lengths, Places};
use super::row::SheetRow;
use super::table::{TABLES_MAX, Table, tables};
use super::tree::{Node, tree};
use crate::import::plain::word;
use crate::import::{Doubt, Severity};

/// A table that becomes a telegram or a part.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    pub(super) table: Table,
    pub(super) caption: Caption,
    pub(super) nodes: Vec<Node>,
    pub(super) places: Places,
    /// The length of the part that stands before its items.
    pub(super) before: usize,
    /// The offset from which the sheet counts its items: that length, or 0.
    pub(super) counted_from: usize,
    /// Why it is taken to begin with that part, if the offsets do not say so.
    pub(super) assumed: Option<String>,
}

/// The tables of all sheets, and what is said about tables that were left out.
#[derive(Debug, Default)]
pub(super) struct Units {
    pub(super) units: Vec<Unit>,
    pub(super) lost: Vec<Doubt>,
}

/// The tables of all sheets. Tables without an item are none: a cover, a history.
pub(super) fn units(grids: &[Grid], map: &SheetMap) -> Result<Units, SheetError> {
    let mut units = Vec::new();
    let mut lost = Vec::new();
    let lists = Lists::of(grids);
    for (sheet, grid) in grids.iter().enumerate() {
        let tables = tables(grid, sheet, map);
        let tables: Vec<Table> = tables.into_iter().flat_map(|table| divided(grid, table)).collect();
        if units.len() + tables.len() > TABLES_MAX {
            return Err(SheetError::TooLarge(format!("it has more than {TABLES_MAX} tables of items")));
        }
        let has_items = |table: &Table| table.rows.iter().any(|row| row.measure.bytes().is_some());
        let (with_items, without): (Vec<_>, Vec<_>) = tables.into_iter().partition(has_items);
        lost.extend(without.iter().filter_map(|table| without_lengths(table, grid)));
        let is_only = with_items.len() == 1;
        let mut business = String::new();
        for mut table in with_items {
            for row in &mut table.rows {
                row.listed = row.measure.bytes().map(|len| lists.codes(row, len)).unwrap_or_default();
            }
            let rows: Vec<SheetRow> = table.rows.iter().filter(|row| !row.is_struck).cloned().collect();
            let nodes = tree(&rows);
            let mut caption = Caption::of(grid, &table, is_only);
            caption.complete(&table, &mut business);
            units.push(Unit {
                places: Places::of(&nodes, false),
                caption,
                nodes,
                table,
                before: 0,
                counted_from: 0,
                assumed: None,
            });
        }
    }
    attach(&mut units);
    units.iter_mut().for_each(pad);
    Ok(Units { units, lost })
}

/// What is said about a table whose rows have types and no lengths. Other tables without a length are covers and histories.
fn without_lengths(table: &Table, grid: &Grid) -> Option<Doubt> {
    let typed = table.rows.iter().filter(|row| family(&row.letter).is_some()).count();
    let heading = &table.heading;
    let message = "no item of this table has a length that can be read: the table was left out".to_owned();
    let hint = "lengths that are formulas have their values only after a spreadsheet program saved the workbook";
    (typed >= 2).then(|| Doubt {
        code: "length",
        severity: Severity::Error,
        origin: grid.origin((heading.top, heading.columns.0)),
        message,
        hint: Some(hint.to_owned()),
    })
}

/// Decides whether a group has always room for all its entries, by the stated length or by the offsets behind it.
fn pad(unit: &mut Unit) {
    let len = unit.places.len;
    if !len.varies || len.full == len.fixed {
        return;
    }
    let padded = Places::of(&unit.nodes, true);
    let says = |is: usize| unit.caption.total.is_some_and(|(_, total)| total == unit.before + is);
    let fits = |places: &Places| places.fitting(unit.counted_from).0;
    if says(len.full) || (!says(len.fixed) && !says(len.single) && fits(&padded) > fits(&unit.places)) {
        unit.places = padded;
    }
}

/// Decides which tables stand behind the common part.
fn attach(units: &mut [Unit]) {
    if units.len() < 2 {
        units.iter_mut().for_each(|unit| unit.caption.is_header = false);
        return;
    }
    let mut is_first = true;
    for unit in units.iter_mut() {
        unit.caption.is_header &= is_first;
        is_first &= !unit.caption.is_header;
    }
    let Some(header) = units.iter().find(|unit| unit.caption.is_header).map(|unit| unit.places.len.fixed) else {
        return;
    };
    for unit in units.iter_mut().filter(|unit| !unit.caption.is_header) {
        if stands_for(unit.nodes.first(), header) {
            unit.nodes.remove(0);
            unit.places = Places::of(&unit.nodes, false);
            unit.before = header;
            unit.counted_from = header;
            continue;
        }
        let (alone, _) = unit.places.fitting(0);
        let (behind, _) = unit.places.fitting(header);
        let total = unit.caption.total.map(|(_, total)| total);
        let is_total = |before: usize| total.is_some_and(|total| unit.places.len.are(total, before));
        let (is_behind, assumed) = match () {
            () if is_total(header) != is_total(0) => (is_total(header), None),
            () if behind > alone => (true, None),
            () if alone > behind => {
                (true, Some("its offsets begin anew, and the common part was taken to stand before it"))
            }
            () => (true, Some("nothing states it, and the common part was taken to stand before it")),
        };
        unit.before = if is_behind { header } else { 0 };
        unit.counted_from = if behind >= alone { unit.before } else { 0 };
        unit.assumed = assumed.map(str::to_owned);
    }
}

/// Whether a row stands for the whole common part: `공통헤더부 | 30`.
fn stands_for(node: Option<&Node>, header: usize) -> bool {
    let Some(Node::Item(row)) = node else { return false };
    let name = word(row.shown());
    let says = ["공통부", "공통헤더", "헤더", "header", "공통정보"].iter().any(|sign| name.contains(sign));
    says && row.measure.bytes() == Some(header)
}

impl Lengths {
    /// Whether a telegram of this length can be meant.
    pub(super) fn are(&self, total: usize, before: usize) -> bool {
        [self.fixed, self.single, self.full].iter().any(|len| len + before == total)
    }
}
