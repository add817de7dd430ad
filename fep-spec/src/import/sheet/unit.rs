//! One table with everything that was found out about it, before names and text are made.

use super::SheetError;
use super::caption::Caption;
use super::grid::Grid;
use super::map::SheetMap;
use super::place::{Lengths, Places};
use super::row::SheetRow;
use super::table::{TABLES_MAX, Table, tables};
use super::tree::{Node, tree};

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

/// The tables of all sheets. Tables without an item are none: a cover, a history.
pub(super) fn units(grids: &[Grid], map: &SheetMap) -> Result<Vec<Unit>, SheetError> {
    let mut units = Vec::new();
    for (sheet, grid) in grids.iter().enumerate() {
        let tables = tables(grid, sheet, map);
        if units.len() + tables.len() > TABLES_MAX {
            return Err(SheetError::TooLarge(format!("it has more than {TABLES_MAX} tables of items")));
        }
        let with_items: Vec<_> =
            tables.into_iter().filter(|table| table.rows.iter().any(|row| row.measure.bytes().is_some())).collect();
        let is_only = with_items.len() == 1;
        for table in with_items {
            let rows: Vec<SheetRow> = table.rows.iter().filter(|row| !row.is_struck).cloned().collect();
            let nodes = tree(&rows);
            let caption = Caption::of(grid, &table, is_only);
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
    Ok(units)
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

impl Lengths {
    /// Whether a telegram of this length can be meant.
    pub(super) fn are(&self, total: usize, before: usize) -> bool {
        [self.fixed, self.single, self.full].iter().any(|len| len + before == total)
    }
}
