//! Pairs of Japanese hosts: IBM-930 and IBM-939, and with the additions of JIS X 0213 IBM-1390 and IBM-1399.
//!
//! ```text
//! 40-68   kana, signs, kanji
//! 69-89   user area, up to 7F in IBM-930
//! B3-EC   IBM-1390 and IBM-1399 only: 9,266 more kanji and signs, among them か゚ as one code, and 𠀋, which is beyond U+FFFF
//! ```

#![allow(clippy::indexing_slicing, reason = "in constants only, where a panic is a compile error")]

use super::{COLUMNS, bytes, cell};
use crate::charset::table::{Form, Grid, NONE, Pages, Table};

/// The pairs, with the table of single bytes at the index `SINGLE` in [`super::Single`]. Without `ALL` the pairs are those of IBM-930.
pub(in crate::charset) struct Japanese<const SINGLE: usize, const ALL: bool>;

/// The number of rows before the user area.
const ROWS: u8 = 0x29;
const GRID: Grid = Grid {
    gap_at: ROWS as usize,
    gap: 0xB3 - 0x69,
    ..Grid::new(include_bytes!("../../../tables/ibm1390.bin"), COLUMNS, 0x40, 0x40)
};
static CHARACTERS: [u16; 99 * COLUMNS] = GRID.characters();
static PAGES: Pages<{ GRID.sizes().0 }, { GRID.sizes().1 }> = Pages::of(GRID);
/// The UTF-16 units that D800 plus an index stands for, in sorted order.
static WIDE: [[u16; 2]; 328] = wide();
const WIDE_FIRST: u16 = 0xD800;
/// The euro sign, the only pair before 69 that IBM-930 lacks. It is read but never written: IBM-1390 also has it as a single byte.
const EURO: u16 = 0x42E1;

const fn wide() -> [[u16; 2]; 328] {
    let file = include_bytes!("../../../tables/ibm1390-wide.bin");
    let mut wide = [[0; 2]; 328];
    let mut at = 0;
    while at < wide.len() {
        let [a, b, c, d] = [file[4 * at], file[4 * at + 1], file[4 * at + 2], file[4 * at + 3]];
        wide[at] = [u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d])];
        at += 1;
    }
    wide
}

/// The code of two units of UTF-16: a surrogate pair or two characters.
fn wide_code(units: [u16; 2]) -> u16 {
    let number = WIDE.binary_search(&units).ok().and_then(|number| u16::try_from(number).ok());
    number.map_or(NONE, |number| PAGES.code(u32::from(WIDE_FIRST + number)))
}

/// The number of codes in the user area: 190 in each row. They are U+E000 to U+F111, with `ALL` up to U+F83C.
const fn users(all: bool) -> u16 {
    if all { 6_205 } else { 4_370 }
}

impl<const SINGLE: usize, const ALL: bool> Table for Japanese<SINGLE, ALL> {
    const FORM: Form = Form::Shifted;
    const ASCII: bool = false;
    const WIDE: bool = ALL;

    #[inline]
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the user area has 6,205 characters; ends of surrogates have 16 bits"
    )]
    fn code(point: u32) -> u16 {
        let user = point.wrapping_sub(0xE000);
        if point < 0x80 {
            return const { bytes(SINGLE) }.ascii(point);
        }
        if user < users(ALL) as u32 {
            return ((0x69 + user / 190) << 8 | (0x41 + user % 190)) as u16;
        }
        if ALL && let beyond @ 0..=0xF_FFFF = point.wrapping_sub(0x1_0000) {
            return wide_code([0xD800 | (beyond >> 10) as u16, 0xDC00 | (beyond & 0x3FF) as u16]);
        }
        match PAGES.code(point) {
            code if !matches!(code, 0 | EURO) && (ALL || code < 0x6900) => code,
            _ => const { bytes(SINGLE) }.code(point),
        }
    }

    #[inline(always)]
    fn single(byte: u8) -> u16 {
        const { bytes(SINGLE) }.character(byte)
    }

    #[inline]
    fn pair(lead: u8, trail: u8) -> u16 {
        let row = match lead {
            0x40..=0x68 => lead - 0x40,
            0xB3..=0xEC if ALL => lead - 0xB3 + ROWS,
            0x69..=0x89 if matches!(trail, 0x41..=0xFE) => {
                let user = u16::from(lead - 0x69) * 190 + u16::from(trail - 0x41);
                return if user < users(ALL) { 0xE000 + user } else { NONE };
            }
            _ => return NONE,
        };
        match cell(&CHARACTERS, row, trail) {
            _ if !ALL && u16::from_be_bytes([lead, trail]) == EURO => NONE,
            character => character,
        }
    }

    fn is_lead(byte: u8) -> bool {
        matches!(byte, 0x40..=0x7F) || ALL && matches!(byte, 0x80..=0x89 | 0xB3..=0xEC)
    }

    fn wide(number: u16) -> [u16; 2] {
        WIDE.get(usize::from(number.wrapping_sub(WIDE_FIRST))).copied().unwrap_or([NONE; 2])
    }

    fn join(first: u32, second: u32) -> u16 {
        // The marks: semi-voiced sound, grave, acute, and two tone letters.
        match (u16::try_from(first), u16::try_from(second)) {
            (Ok(first), Ok(second @ (0x309A | 0x300 | 0x301 | 0x2E5 | 0x2E9))) => wide_code([first, second]),
            _ => NONE,
        }
    }
}
