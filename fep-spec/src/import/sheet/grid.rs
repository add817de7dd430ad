//! The cells of one sheet, whatever file they come from.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use crate::import::Origin;

/// The position of a cell: row and column, from 0.
pub(crate) type At = (u32, u32);

/// A sheet.
#[derive(Clone, Debug, Default)]
pub(crate) struct Grid {
    /// The name, or `None` in a file that has one sheet only.
    pub(crate) name: Option<String>,
    cells: BTreeMap<At, Cell>,
    /// The rows that have content, in their order.
    rows: Vec<u32>,
    /// Merged regions, the first and the last cell, by the rows with content that they cover.
    merged: BTreeMap<u32, Vec<(At, At)>>,
    /// The rows that a spreadsheet program does not show.
    hidden: BTreeSet<u32>,
    /// Whether a spreadsheet program does not show the whole sheet.
    pub(crate) is_hidden_sheet: bool,
}

/// A cell with content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cell {
    /// The value as text, as a person reads it: `13`, not `13.0`.
    pub(crate) text: String,
    /// The formula, without `=`.
    pub(crate) formula: Option<String>,
    /// Whether the text is struck through: the row is deleted.
    pub(crate) is_struck: bool,
}

/// The name of the sheet that `fep doc --to xlsx` adds.
pub(crate) const SETTINGS_SHEET: &str = "fep";

impl Grid {
    /// Whether it is the sheet that `fep doc --to xlsx` adds: by its name and its first cell, `fep 1`.
    pub(crate) fn is_settings(&self) -> bool {
        let is_named = self.name.as_ref().is_some_and(|name| name.trim().eq_ignore_ascii_case(SETTINGS_SHEET));
        let marker = self.text((0, 0)).strip_prefix("fep ");
        is_named && marker.is_some_and(|version| version.bytes().all(|byte| byte.is_ascii_digit()))
    }

    /// A sheet without content.
    pub(crate) const EMPTY: Self = Self {
        name: None,
        cells: BTreeMap::new(),
        rows: Vec::new(),
        merged: BTreeMap::new(),
        hidden: BTreeSet::new(),
        is_hidden_sheet: false,
    };

    /// The texts of all cells, in their order.
    pub(crate) fn texts(&self) -> impl Iterator<Item = &str> {
        self.cells.values().map(|cell| cell.text.as_str())
    }

    pub(crate) fn new(name: Option<String>, cells: BTreeMap<At, Cell>, regions: Vec<(At, At)>) -> Self {
        let mut rows: Vec<u32> = cells.keys().map(|(row, _)| *row).collect();
        rows.dedup();
        let mut grid = Self { name, cells, rows, ..Self::EMPTY };
        for (first, last) in regions {
            for row in grid.rows_in(first.0..last.0.saturating_add(1)).to_vec() {
                grid.merged.entry(row).or_default().push((first, last));
            }
        }
        grid
    }

    /// The same sheet with these rows hidden.
    pub(crate) fn hiding(self, hidden: BTreeSet<u32>) -> Self {
        Self { hidden, ..self }
    }

    pub(crate) fn is_hidden(&self, row: u32) -> bool {
        self.hidden.contains(&row)
    }

    /// The rows that have content, in their order.
    pub(crate) fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// Those of them in a range.
    pub(crate) fn rows_in(&self, range: Range<u32>) -> &[u32] {
        let start = self.rows.partition_point(|row| *row < range.start);
        let end = self.rows.partition_point(|row| *row < range.end);
        self.rows.get(start..end).unwrap_or_default()
    }

    /// The columns of a row that have content.
    pub(crate) fn columns(&self, row: u32) -> impl Iterator<Item = u32> + '_ {
        self.cells.range((row, 0)..=(row, u32::MAX)).map(|((_, column), _)| *column)
    }

    pub(crate) fn cell(&self, at: At) -> Option<&Cell> {
        self.cells.get(&at)
    }

    /// The text of a cell, empty if there is none.
    pub(crate) fn text(&self, at: At) -> &str {
        self.cells.get(&at).map_or("", |cell| cell.text.trim())
    }

    /// The text of a cell, or of the merged region that it belongs to.
    pub(crate) fn merged_text(&self, at: At) -> &str {
        self.text(self.region(at).map_or(at, |(first, _)| first))
    }

    /// The merged region of a cell.
    pub(crate) fn region(&self, (row, column): At) -> Option<(At, At)> {
        let holds = |((top, left), (bottom, right)): &(At, At)| {
            (*top..=*bottom).contains(&row) && (*left..=*right).contains(&column)
        };
        self.merged.get(&row)?.iter().copied().find(holds)
    }

    /// Where a cell is, for people.
    pub(crate) fn origin(&self, at: At) -> Origin {
        Origin { sheet: self.name.clone(), cell: Some(cell_name(at)), line: None }
    }
}

/// `F7`.
pub(crate) fn cell_name((row, column): At) -> String {
    let mut letters = Vec::new();
    let mut rest = u64::from(column) + 1;
    while rest > 0 {
        rest -= 1;
        letters.push(char::from(b'A' + u8::try_from(rest % 26).unwrap_or_default()));
        rest /= 26;
    }
    letters.iter().rev().collect::<String>() + &(u64::from(row) + 1).to_string()
}

/// The position of `F7` or `$F$7`.
pub(crate) fn position(name: &str) -> Option<At> {
    let name = name.replace('$', "");
    let letters = name.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (letters, digits) = name.split_at_checked(letters).filter(|(letters, _)| (1..=3).contains(&letters.len()))?;
    let value = |letter: u8| u32::from(letter.to_ascii_uppercase() - b'A') + 1;
    let column = letters.bytes().fold(0, |column, letter| column * 26 + value(letter));
    let row: u32 = digits.parse().ok()?;
    Some((row.checked_sub(1)?, column.checked_sub(1)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_have_the_names_of_the_spreadsheet() {
        for (at, name) in [((0, 0), "A1"), ((6, 5), "F7"), ((0, 26), "AA1"), ((9, 701), "ZZ10"), ((0, 702), "AAA1")] {
            assert_eq!(cell_name(at), name);
            assert_eq!(position(name), Some(at));
        }
        assert_eq!(position("$F$7"), Some((6, 5)));
        assert_eq!([position(""), position("7"), position("F0"), position("ABCD1")], [None; 4]);
    }
}
