//! How a charset's characters and codes are looked up. The tables are made of the files in `fep-codec/tables` when the crate is
//! compiled; which file is which charset is said in the modules behind this one.

#![allow(clippy::indexing_slicing, reason = "in constants only, where a panic is a compile error")]

/// No character, or no code.
pub(super) const NONE: u16 = 0xFFFF;

/// How bytes are told apart.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// By the first byte of each character: one byte or two.
    Lead,
    /// Single bytes up to SO, pairs up to SI.
    Shifted,
    /// Pairs only.
    Pairs,
}

/// The characters of one charset. A code below 0100 is one byte, others are two; code points are those of Unicode's first plane.
pub(super) trait Table {
    const FORM: Form;
    /// The bytes below 80 are ASCII.
    const ASCII: bool;

    /// The code of a character.
    fn code(character: char) -> u16;
    /// The character of a single byte.
    fn single(byte: u8) -> u16;
    /// The character of a pair of bytes.
    fn pair(lead: u8, trail: u8) -> u16;
    /// Whether a pair can begin with this byte.
    fn is_lead(byte: u8) -> bool;
}

/// Codes by character: a number for each 64 characters that says which row of `rows` they have. The first row is empty.
pub(super) struct Pages<const ROWS: usize> {
    index: [u16; 1024],
    rows: [[u16; 64]; ROWS],
}

/// A file's numbers as a table of codes: `columns` for each first byte.
#[derive(Clone, Copy)]
pub(super) struct Grid {
    pub(super) file: &'static [u8],
    pub(super) columns: usize,
    pub(super) lead: u16,
    pub(super) trail: u16,
    /// From this row on first bytes are greater by `gap`.
    pub(super) gap_at: usize,
    pub(super) gap: u16,
    /// First bytes of rows that are read and never written, because the same characters have other codes too.
    pub(super) read_only: (u16, u16),
}

impl<const ROWS: usize> Pages<ROWS> {
    /// The code of a character, 0 if it has none.
    #[inline]
    pub(super) fn code(&self, character: u32) -> u16 {
        let row = self.index.get((character >> 6) as usize).copied().unwrap_or(0);
        let row = self.rows.get(usize::from(row));
        row.map_or(0, |row| row[(character & 63) as usize])
    }

    /// The pages of a grid's characters. The first of several codes is the one that is written.
    pub(super) const fn of(grid: Grid) -> Self {
        let mut pages = Self { index: [0; 1024], rows: [[0; 64]; ROWS] };
        let (mut used, mut at) = (1, 0);
        while at < grid.cells() {
            let (character, code) = (grid.character(at), grid.code(at));
            at += 1;
            if character == 0 || !grid.is_written(code) {
                continue;
            }
            let page = (character >> 6) as usize;
            if pages.index[page] == 0 {
                pages.index[page] = used;
                used += 1;
            }
            let cell = &mut pages.rows[pages.index[page] as usize][(character & 63) as usize];
            if *cell == 0 {
                *cell = code;
            }
        }
        pages
    }
}

impl Grid {
    /// A grid of pairs without a gap.
    pub(super) const fn new(file: &'static [u8], columns: usize, lead: u16, trail: u16) -> Self {
        Self { file, columns, lead, trail, gap_at: usize::MAX, gap: 0, read_only: (0, 0) }
    }

    const fn cells(self) -> usize {
        self.file.len() / 2
    }

    /// The character in a cell, 0 if there is none.
    pub(super) const fn character(self, at: usize) -> u16 {
        u16::from_le_bytes([self.file[2 * at], self.file[2 * at + 1]])
    }

    #[allow(clippy::cast_possible_truncation, reason = "rows and columns are fewer than 256")]
    const fn code(self, at: usize) -> u16 {
        let (row, column) = (at / self.columns, at % self.columns);
        let gap = if row >= self.gap_at { self.gap } else { 0 };
        (self.lead + row as u16 + gap) << 8 | (self.trail + column as u16)
    }

    const fn is_written(self, code: u16) -> bool {
        code >> 8 < self.read_only.0 || code >> 8 > self.read_only.1
    }

    /// How many rows [`Pages`] needs.
    pub(super) const fn rows(self) -> usize {
        let mut seen = [false; 1024];
        let (mut rows, mut at) = (1, 0);
        while at < self.cells() {
            let character = self.character(at);
            let page = (character >> 6) as usize;
            if character != 0 && self.is_written(self.code(at)) && !seen[page] {
                seen[page] = true;
                rows += 1;
            }
            at += 1;
        }
        rows
    }

    /// The characters in the order of the file.
    pub(super) const fn characters<const CELLS: usize>(self) -> [u16; CELLS] {
        assert!(CELLS == self.cells());
        let mut characters = [0; CELLS];
        let mut at = 0;
        while at < CELLS {
            characters[at] = self.character(at);
            at += 1;
        }
        characters
    }
}
