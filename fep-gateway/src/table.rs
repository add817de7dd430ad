//! A table for a terminal. It stays aligned although a Korean character is two terminal columns wide.

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

/// The alignment of a cell's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// A column: its heading and its width in terminal columns. The text of the last column may be wider.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column {
    pub(crate) heading: &'static str,
    pub(crate) width: usize,
    pub(crate) side: Side,
}

/// The text of one cell and its colour on a terminal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cell {
    pub(crate) text: String,
    /// An ANSI sequence such as `\x1b[35m`. Empty for no colour.
    pub(crate) colour: &'static str,
}

/// A table with fixed column widths, because each row is printed before the next one is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table {
    pub(crate) columns: &'static [Column],
    pub(crate) colour: bool,
}

const GAP: &str = "  ";

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self { text, colour: "" }
    }
}

impl Table {
    pub(crate) fn heading(&self, out: &mut impl Write) -> io::Result<()> {
        let headings: Vec<Cell> = self.columns.iter().map(|column| Cell::from(column.heading.to_owned())).collect();
        self.row(out, &headings)?;
        let rules: Vec<Cell> = self.columns.iter().map(|column| Cell::from("─".repeat(column.width))).collect();
        self.row(out, &rules)
    }

    pub(crate) fn row(&self, out: &mut impl Write, cells: &[Cell]) -> io::Result<()> {
        let mut line = String::new();
        for (number, (column, cell)) in self.columns.iter().zip(cells).enumerate() {
            if number > 0 {
                line.push_str(GAP);
            }
            let padding = " ".repeat(column.width.saturating_sub(cell.text.width()));
            let (before, after) = match column.side {
                Side::Left => ("", padding.as_str()),
                Side::Right => (padding.as_str(), ""),
            };
            let coloured = self.colour && !cell.colour.is_empty();
            let (on, off) = if coloured { (cell.colour, "\x1b[0m") } else { ("", "") };
            line.extend([before, on, cell.text.as_str(), off, after]);
        }
        writeln!(out, "{}", line.trim_end())
    }
}

/// Groups the digits by thousands: `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: Table = Table {
        columns: &[
            Column { heading: "전문", width: 10, side: Side::Left },
            Column { heading: "amount", width: 9, side: Side::Right },
            Column { heading: "note", width: 4, side: Side::Left },
        ],
        colour: false,
    };

    #[test]
    fn columns_stand_under_each_other_in_terminal_columns() {
        let mut out = Vec::new();
        TABLE.heading(&mut out).unwrap();
        for (name, amount) in [("이체", 1_234_567), ("Transfer", 5)] {
            TABLE
                .row(&mut out, &[Cell::from(name.to_owned()), Cell::from(grouped(amount)), Cell::from("x".to_owned())])
                .unwrap();
        }
        let text = String::from_utf8(out).unwrap();
        let columns: Vec<usize> =
            text.lines().map(|line| line.rsplit_once(GAP).map_or(0, |(before, _)| before.width())).collect();
        assert_eq!(columns, [21, 21, 21, 21], "{text}");
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        let grouped: Vec<String> = [0, 999, 1000, 1_234_567].map(grouped).to_vec();
        assert_eq!(grouped, ["0", "999", "1,000", "1,234,567"]);
    }
}
