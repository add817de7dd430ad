//! What a column holds by the cells below its heading, where the heading itself does not say it.
//!
//! Only the first rows below a heading are looked at. Which column needs it is decided by the module above.

use crate::import::plain::{is_ditto, line, word};
use crate::import::sheet::grid::Grid;
use crate::import::sheet::letter::{family, lettered};
use crate::import::sheet::measure::Measure;

/// The most rows below a heading that are looked at.
const LOOKED_AT: usize = 12;

/// The cells below a heading.
#[derive(Clone, Copy)]
pub(super) struct Body<'g> {
    grid: &'g Grid,
    /// The last row of the heading.
    bottom: u32,
}

impl<'g> Body<'g> {
    pub(super) fn new(grid: &'g Grid, bottom: u32) -> Self {
        Self { grid, bottom }
    }

    fn rows(self) -> impl Iterator<Item = u32> + 'g {
        self.grid.rows_in(self.bottom.saturating_add(1)..u32::MAX).iter().take(LOOKED_AT).copied()
    }

    fn texts(self, column: u32) -> Vec<String> {
        let texts = self.rows().map(|row| line(self.grid.text((row, column))));
        texts.filter(|text| !text.is_empty() && !is_ditto(text)).collect()
    }

    /// The letters of types, or letters with lengths: `AN(20)`.
    pub(super) fn holds_types(self, column: u32) -> bool {
        let mut texts = self.texts(column);
        let are_types = texts.len() >= 2 && texts.iter().all(|text| family(text).is_some() || lettered(text).is_some());
        let has_length = texts.iter().any(|text| lettered(text).is_some());
        texts.sort_unstable();
        texts.dedup();
        // A column of nothing but `N` may say no.
        are_types && (has_length || texts.len() >= 2)
    }

    /// The numbers of rows, in their order: `1`, `2`, or with the depth: `1.1`, `2-1`.
    pub(super) fn holds_numbers(self, column: u32) -> bool {
        let texts = self.texts(column);
        let first = |text: &String| {
            let text = text.trim_end_matches(['.', ')']);
            let parts = text.split(['.', '-']);
            let is_path = parts.clone().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()));
            parts.take(1).filter(|_| is_path).find_map(|part| part.parse::<usize>().ok())
        };
        let firsts: Vec<usize> = texts.iter().filter_map(first).collect();
        let is_next = |pair: &[usize]| matches!(pair, [one, next] if one == next || one + 1 == *next);
        texts.len() >= 2 && firsts.len() == texts.len() && firsts.windows(2).all(is_next) && firsts.first() == Some(&1)
    }

    /// Names: text in each row that has a length.
    pub(super) fn holds_names(self, column: u32, lengths: u32) -> bool {
        let is_item = |row: &u32| Measure::read(self.grid.text((*row, lengths))).bytes().is_some();
        let texts: Vec<String> = self.rows().filter(is_item).map(|row| line(self.grid.text((row, column)))).collect();
        let is_name = |text: &String| text.chars().any(char::is_alphabetic) && text.chars().count() > 1;
        let mut other = texts.clone();
        other.sort_unstable();
        other.dedup();
        // The same word in most rows is no name.
        texts.len() >= 2 && texts.iter().all(is_name) && other.len() * 2 > texts.len()
    }

    /// Names that each stand in one of these columns, not all of them in the first.
    pub(super) fn is_stepped(self, first: u32, last: u32) -> bool {
        let named = |row: u32| (first..=last).filter(move |column| !self.grid.text((row, *column)).is_empty());
        let mut rows = self.rows();
        self.rows().all(|row| named(row).count() <= 1) && rows.any(|row| named(row).any(|column| column > first))
    }

    /// More than a mark: text of three characters.
    pub(super) fn holds_text(self, column: u32) -> bool {
        let is_text = |text: &String| text.chars().count() > 2 && text.chars().any(char::is_alphabetic);
        self.texts(column).iter().any(is_text)
    }

    /// Names in Korean or Japanese, not longer than a name.
    pub(super) fn is_local(self, column: u32) -> bool {
        let texts = self.texts(column);
        let is_short = |text: &String| text.chars().count() <= 30;
        let count = texts.iter().filter(|text| !text.is_ascii()).count();
        count * 2 > texts.len() && texts.iter().all(is_short)
    }

    /// Names for programs: `shcode`, `TRAN-CODE`, `listCnt`.
    pub(super) fn is_latin(self, column: u32) -> bool {
        let texts = self.texts(column);
        let is_sign = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.[]()".contains(&byte);
        !texts.is_empty() && texts.iter().all(|text| word(text).bytes().all(is_sign))
    }
}
