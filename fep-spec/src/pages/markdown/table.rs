//! A table of Markdown whose columns are aligned in the source, and the escaping of its cells.

use std::fmt;

use unicode_width::UnicodeWidthStr as _;

/// A table. All rows have as many cells as the head.
#[derive(Clone, Debug)]
pub(super) struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
    /// The columns that are aligned on the right.
    right: Vec<usize>,
}

/// The maximum width to which the cells of a column are filled. Wider cells are longer than their column.
const FILLED_MAX_COLUMNS: usize = 48;

impl Table {
    pub(super) fn new<const N: usize>(head: [&str; N]) -> Self {
        Self { head: head.map(str::to_owned).to_vec(), rows: Vec::new(), right: Vec::new() }
    }

    /// Aligns these columns on the right.
    pub(super) fn right(&mut self, columns: &[usize]) {
        self.right = columns.to_vec();
    }

    /// Adds a row of escaped cells.
    pub(super) fn row<const N: usize>(&mut self, cells: [String; N]) {
        self.rows.push(cells.to_vec());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The table without the columns in which every cell is empty.
    pub(super) fn without_empty_columns(&self) -> Self {
        let is_used = |column: usize| self.rows.iter().any(|row| row.get(column).is_some_and(|cell| !cell.is_empty()));
        let used: Vec<usize> = (0..self.head.len()).filter(|column| is_used(*column)).collect();
        let pick = |row: &Vec<String>| used.iter().filter_map(|column| row.get(*column).cloned()).collect();
        let right = used.iter().enumerate().filter(|(_, old)| self.right.contains(old)).map(|(new, _)| new).collect();
        Self { head: pick(&self.head), rows: self.rows.iter().map(pick).collect(), right }
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths: Vec<usize> = (0..self.head.len())
            .map(|column| {
                let cells = std::iter::once(&self.head).chain(&self.rows).filter_map(|row| row.get(column));
                cells.map(|cell| cell.width()).max().unwrap_or(0).clamp(3, FILLED_MAX_COLUMNS)
            })
            .collect();
        let line = |f: &mut fmt::Formatter<'_>, row: &[String]| {
            for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
                let filling = " ".repeat(width.saturating_sub(cell.width()));
                let is_right = self.right.contains(&column);
                if is_right { write!(f, "| {filling}{cell} ")? } else { write!(f, "| {cell}{filling} ")? }
            }
            writeln!(f, "|")
        };
        line(f, &self.head)?;
        for (column, width) in widths.iter().enumerate() {
            let dashes = "-".repeat(width.saturating_sub(1));
            let is_right = self.right.contains(&column);
            if is_right { write!(f, "| {dashes}: ")? } else { write!(f, "| {dashes}- ")? }
        }
        writeln!(f, "|")?;
        self.rows.iter().try_for_each(|row| line(f, row))
    }
}

/// A text as the content of a cell. It shows as it is, with its line breaks.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut before = ' ';
    let lines = text.replace("\r\n", "\n");
    for character in lines.trim().chars() {
        match character {
            '\n' | '\r' => out.push_str("<br>"),
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // Two spaces would be shown as one.
            ' ' if before == ' ' => out.push_str("&nbsp;"),
            '\\' | '|' | '`' | '*' | '_' | '[' | ']' | '~' | '$' => {
                out.push('\\');
                out.push(character);
            }
            _ if character.is_control() => out.push('\u{FFFD}'),
            _ => out.push(character),
        }
        before = character;
    }
    out
}

/// A text on one line, for headings and links.
pub(super) fn escaped_line(text: &str) -> String {
    escaped(text).replace("<br>", " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_cannot_end_its_table_or_become_markup() {
        assert_eq!(
            escaped("a|b\r\nc\n\"<script>\" & *x* [y](z) `q`"),
            "a\\|b<br>c<br>\"&lt;script&gt;\" &amp; \\*x\\* \\[y\\](z) \\`q\\`"
        );
        assert_eq!(escaped("a\\|b  c\u{1}"), "a\\\\\\|b &nbsp;c\u{FFFD}");
        assert_eq!(escaped_line("a\nb"), "a b");
    }

    #[test]
    fn columns_are_aligned_under_korean_text() {
        let mut table = Table::new(["항목", "len", "x"]);
        table.right(&[1]);
        table.row(["전문길이".to_owned(), "4".to_owned(), String::new()]);
        table.row(["a".to_owned(), "100".to_owned(), String::new()]);
        let expected = "| 항목     | len |\n| -------- | --: |\n| 전문길이 |   4 |\n| a        | 100 |\n";
        assert_eq!(table.without_empty_columns().to_string(), expected);
    }
}
