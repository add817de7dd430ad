//! The lookup of characters and codes. The compiler builds the tables from the files in `fep-codec/tables`. The modules of the
//! charsets say which file belongs to which charset.

#![allow(clippy::indexing_slicing, reason = "in constants only, where a panic is a compile error")]

/// The value for "no character" or "no code".
pub(super) const NONE: u16 = 0xFFFF;
/// The greatest number that is a character or a code.
pub(super) const LAST: u16 = NONE - 1;

/// The way to tell single bytes and pairs apart.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// By the first byte of each character: one byte or two.
    Lead,
    /// Single bytes up to SO, pairs up to SI.
    Shifted,
    /// Pairs only.
    Pairs,
}

/// The characters of one charset. A code below 0100 is one byte, every other code is two bytes. Characters are code points of
/// Unicode's first plane.
pub(super) trait Table {
    const FORM: Form;
    /// Whether the bytes below 80 are ASCII.
    const ASCII: bool;
    /// Whether a code can be two characters, or one character beyond Unicode's first plane. Such a code is read as D800 plus an index.
    const WIDE: bool = false;

    /// The code of a character, given as its code point.
    fn code(point: u32) -> u16;
    /// The character of a single byte.
    fn single(byte: u8) -> u16;
    /// The character of a pair of bytes.
    fn pair(lead: u8, trail: u8) -> u16;
    /// [`Table::pair`], or [`NONE`] for a rare pair. For tables that have rare ones.
    #[inline(always)]
    fn usual(lead: u8, trail: u8) -> u16 {
        Self::pair(lead, trail)
    }

    /// Whether a pair can begin with this byte.
    fn is_lead(byte: u8) -> bool;

    /// The syllable of a pair, for tables with a faster lookup for syllables. `pair` finds syllables too.
    #[inline(always)]
    fn syllable(_: u8, _: u8) -> Option<u16> {
        None
    }

    /// The UTF-16 units that a number from D800 on stands for.
    fn wide(_: u16) -> [u16; 2] {
        [NONE; 2]
    }

    /// The one code for two characters, or [`NONE`].
    fn join(_: u32, _: u32) -> u16 {
        NONE
    }
}

/// A table behind function pointers, for cold code that should not be compiled once for each charset.
#[derive(Clone, Copy)]
pub(super) struct Rules {
    pub(super) form: Form,
    pub(super) wide: bool,
    pub(super) code: fn(u32) -> u16,
    pub(super) join: fn(u32, u32) -> u16,
}

impl Rules {
    pub(super) const fn of<T: Table>() -> Self {
        Self { form: T::FORM, wide: T::WIDE, code: T::code, join: T::join }
    }
}

/// Codes by character, in blocks of 64 characters. A bit says which characters of a block have codes, and these codes follow one
/// another. The first block is empty.
pub(super) struct Pages<const BLOCKS: usize, const CODES: usize> {
    /// The block for each 64 characters.
    index: [u16; 1024],
    bits: [u64; BLOCKS],
    /// The index in `codes` at which the codes of each block begin.
    first: [u16; BLOCKS],
    codes: [u16; CODES],
}

/// The numbers of a file as a table of codes, with `columns` columns for each first byte.
#[derive(Clone, Copy)]
pub(super) struct Grid {
    pub(super) file: &'static [u8],
    pub(super) columns: usize,
    pub(super) lead: u16,
    pub(super) trail: u16,
    /// The row from which on first bytes are greater by `gap`.
    pub(super) gap_at: usize,
    pub(super) gap: u16,
    /// The range of first bytes of rows that are read but never written, because their characters have other codes too.
    pub(super) read_only: (u16, u16),
}

impl<const BLOCKS: usize, const CODES: usize> Pages<BLOCKS, CODES> {
    /// The code of a character, or 0 if it has no code.
    #[inline]
    pub(super) fn code(&self, point: u32) -> u16 {
        let block = usize::from(self.index.get((point >> 6) as usize).copied().unwrap_or(0));
        let (Some(bits), Some(first)) = (self.bits.get(block), self.first.get(block)) else { return 0 };
        let bit = 1 << (point & 63);
        if bits & bit == 0 {
            return 0;
        }
        let before = (bits & (bit - 1)).count_ones();
        self.codes.get(usize::from(*first) + before as usize).copied().unwrap_or(0)
    }

    /// Builds the pages of a grid. If a character has several codes, the first code is written.
    #[allow(clippy::cast_possible_truncation, reason = "there are fewer than 65,536 characters")]
    pub(super) const fn of(grid: Grid) -> Self {
        let seen = grid.seen();
        let mut pages = Self { index: [0; 1024], bits: [0; BLOCKS], first: [0; BLOCKS], codes: [0; CODES] };
        let mut page = 0;
        let mut blocks = 1;
        let mut codes = 0;
        while page < 1024 {
            if seen[page] != 0 {
                pages.index[page] = blocks as u16;
                pages.bits[blocks] = seen[page];
                pages.first[blocks] = codes;
                blocks += 1;
                codes += seen[page].count_ones() as u16;
            }
            page += 1;
        }
        let mut at = 0;
        while at < grid.cells() {
            if grid.is_written(at) {
                let character = grid.character(at);
                let block = pages.index[(character >> 6) as usize] as usize;
                let before = pages.bits[block] & ((1 << (character & 63)) - 1);
                let place = pages.first[block] as usize + before.count_ones() as usize;
                if pages.codes[place] == 0 {
                    pages.codes[place] = grid.code(at);
                }
            }
            at += 1;
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

    /// The character in a cell, or 0 if the cell is empty.
    pub(super) const fn character(self, at: usize) -> u16 {
        u16::from_le_bytes([self.file[2 * at], self.file[2 * at + 1]])
    }

    #[allow(clippy::cast_possible_truncation, reason = "rows and columns are fewer than 256")]
    const fn code(self, at: usize) -> u16 {
        let row = at / self.columns;
        let column = at % self.columns;
        let gap = if row >= self.gap_at { self.gap } else { 0 };
        (self.lead + row as u16 + gap) << 8 | (self.trail + column as u16)
    }

    /// Whether the cell has a character that is written with this code. Hangul syllables are excluded: other tables
    /// or formulas give their codes.
    const fn is_written(self, at: usize) -> bool {
        let character = self.character(at);
        let lead = self.code(at) >> 8;
        !matches!(character, 0 | 0xAC00..=0xD7A3) && (lead < self.read_only.0 || lead > self.read_only.1)
    }

    /// One bit for each character, set if it is written.
    const fn seen(self) -> [u64; 1024] {
        let mut seen = [0; 1024];
        let mut at = 0;
        while at < self.cells() {
            if self.is_written(at) {
                let character = self.character(at);
                seen[(character >> 6) as usize] |= 1 << (character & 63);
            }
            at += 1;
        }
        seen
    }

    /// The number of blocks and the number of codes that [`Pages`] needs.
    pub(super) const fn sizes(self) -> (usize, usize) {
        let seen = self.seen();
        let mut page = 0;
        let mut blocks = 1;
        let mut codes = 0;
        while page < 1024 {
            if seen[page] != 0 {
                blocks += 1;
                codes += seen[page].count_ones() as usize;
            }
            page += 1;
        }
        (blocks, codes)
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
