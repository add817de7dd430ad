//! KS X 1001, Microsoft's extension of it (CP949), and the same characters in the combination code (Johab).
//!
//! ```text
//!        trail 41      5A  61      7A  81     A0 A1                      FE
//! 81-A0        CP949: 5,696 syllables that KS X 1001 lacks, in Unicode's order
//! A1-C6        CP949: 3,126 more                 KS X 1001: symbols, letters, 2,350 syllables
//! C7-FE                                          KS X 1001: more syllables, 4,888 hanja
//! ```

#![allow(clippy::indexing_slicing, reason = "in constants only, where a panic is a compile error")]

use super::jamo;
use super::table::{Form, Grid, NONE, Pages, Table};

/// EUC-KR: strict KS X 1001 in writing, and also CP949 in reading.
pub(super) struct EucKr;
/// Microsoft's extension of KS X 1001.
pub(super) struct Cp949;
/// The combination code.
pub(super) struct Johab;

const KS: Grid = Grid::new(include_bytes!("../../tables/ksx1001.bin"), 94, 0xA1, 0xA1);
/// The number of columns of the square and the area around it: second bytes 41 to FE.
const COLUMNS: usize = 190;
/// The character that was added to KS X 1001 in 2002. CP949 and Johab are older and lack it.
const ADDED: (char, u16) = ('\u{327E}', 0xA2E8);
/// The characters by code: a row for each first byte from 80, a column for each second byte, so that no index is out of range.
/// The user area of KS X 1001 (rows C9 and FE) is left out, because there is no agreed mapping for it.
static CHARACTERS: [[u16; 256]; 128] = rows();
static PAGES: Pages<{ KS.sizes().0 }, { KS.sizes().1 }> = Pages::of(KS);
/// The codes of the syllables in CP949.
static SYLLABLES: [u16; jamo::COUNT] = syllables();

/// The square of KS X 1001, and in the area around it the syllables that it lacks.
const fn characters() -> [u16; 126 * COLUMNS] {
    let mut characters = [0; 126 * COLUMNS];
    let mut in_square = [false; jamo::COUNT];
    let mut at = 0;
    while at < 94 * 94 {
        let character = KS.character(at);
        characters[(0x20 + at / 94) * COLUMNS + 0x60 + at % 94] = character;
        let syllable = (character as usize).wrapping_sub(jamo::FIRST as usize);
        if syllable < jamo::COUNT {
            in_square[syllable] = true;
        }
        at += 1;
    }
    let mut cell = 0;
    let mut syllable = 0;
    while syllable < jamo::COUNT {
        if !in_square[syllable] {
            cell = free_cell(cell);
            #[allow(clippy::cast_possible_truncation, reason = "a syllable is at most D7A3")]
            let character = (jamo::FIRST as usize + syllable) as u16;
            characters[cell] = character;
            cell += 1;
        }
        syllable += 1;
    }
    characters
}

/// [`characters`] as rows for [`CHARACTERS`], with [`NONE`] where there is no character, and without the character that only EUC-KR has.
const fn rows() -> [[u16; 256]; 128] {
    let cells = characters();
    let mut rows = [[NONE; 256]; 128];
    let mut cell = 0;
    while cell < cells.len() {
        if cells[cell] != 0 && cells[cell] != ADDED.0 as u16 {
            rows[cell / COLUMNS + 1][cell % COLUMNS + 0x41] = cells[cell];
        }
        cell += 1;
    }
    rows
}

/// The first cell from `cell` on that CP949 can use: outside the square, and its second byte is a letter or above 80.
const fn free_cell(mut cell: usize) -> usize {
    loop {
        let row = cell / COLUMNS;
        let trail = cell % COLUMNS + 0x41;
        let is_trail = matches!(trail, 0x41..=0x5A | 0x61..=0x7A | 0x81..=0xFE);
        if is_trail && (row < 0x20 || trail < 0xA1) {
            return cell;
        }
        cell += 1;
    }
}

#[allow(clippy::cast_possible_truncation, reason = "rows and columns are fewer than 256")]
const fn syllables() -> [u16; jamo::COUNT] {
    let mut syllables = [0; jamo::COUNT];
    let characters = characters();
    let mut cell = 0;
    while cell < characters.len() {
        let syllable = (characters[cell] as usize).wrapping_sub(jamo::FIRST as usize);
        if syllable < jamo::COUNT {
            syllables[syllable] = ((0x81 + cell / COLUMNS) << 8 | (0x41 + cell % COLUMNS)) as u16;
        }
        cell += 1;
    }
    syllables
}

/// The code of a syllable, in the square or around it.
#[inline(always)]
fn syllable(point: u32) -> Option<u16> {
    SYLLABLES.get(point.wrapping_sub(jamo::FIRST) as usize).copied()
}

/// The code of a character that is not a syllable. KS X 1001 has all of these in the square.
#[inline]
#[allow(clippy::cast_possible_truncation, reason = "ASCII")]
fn sign(point: u32) -> u16 {
    match PAGES.code(point) {
        _ if point < 0x80 => point as u16,
        0 => NONE,
        code => code,
    }
}

#[inline(always)]
fn pair(lead: u8, trail: u8) -> u16 {
    if lead.is_ascii() {
        return NONE;
    }
    let row = CHARACTERS.get(usize::from(lead & 0x7F));
    row.and_then(|row| row.get(usize::from(trail))).copied().unwrap_or(NONE)
}

#[inline(always)]
fn ascii(byte: u8) -> u16 {
    if byte.is_ascii() { u16::from(byte) } else { NONE }
}

impl Table for Cp949 {
    const FORM: Form = Form::Lead;
    const ASCII: bool = true;

    #[inline(always)]
    fn code(point: u32) -> u16 {
        match syllable(point) {
            Some(code) => code,
            None if point == ADDED.0 as u32 => NONE,
            None => sign(point),
        }
    }

    #[inline(always)]
    fn single(byte: u8) -> u16 {
        ascii(byte)
    }

    #[inline(always)]
    fn pair(lead: u8, trail: u8) -> u16 {
        pair(lead, trail)
    }

    fn is_lead(byte: u8) -> bool {
        matches!(byte, 0x81..=0xFE)
    }
}

impl Table for EucKr {
    const FORM: Form = Form::Lead;
    const ASCII: bool = true;

    #[inline(always)]
    fn code(point: u32) -> u16 {
        match syllable(point) {
            Some(code) if code >= 0xA1A1 && code & 0xFF >= 0xA1 => code,
            Some(_) => NONE,
            None => sign(point),
        }
    }

    #[inline(always)]
    fn single(byte: u8) -> u16 {
        ascii(byte)
    }

    #[inline(always)]
    fn pair(lead: u8, trail: u8) -> u16 {
        match pair(lead, trail) {
            NONE if u16::from_be_bytes([lead, trail]) == ADDED.1 => ADDED.0 as u16,
            character => character,
        }
    }

    #[inline(always)]
    fn usual(lead: u8, trail: u8) -> u16 {
        pair(lead, trail)
    }

    fn is_lead(byte: u8) -> bool {
        Cp949::is_lead(byte)
    }
}

/// One first byte holds two rows of KS X 1001: symbols from D9, hanja from E0. Syllables and jamo are computed by a formula.
impl Table for Johab {
    const FORM: Form = Form::Lead;
    const ASCII: bool = true;

    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "ASCII")]
    fn code(point: u32) -> u16 {
        if let Some(code) = jamo::code_of::<true>(point) {
            return code;
        }
        match point {
            ..0x80 => point as u16,
            0x3131..=0x3163 => jamo::combine_jamo(point),
            _ => {
                let code = PAGES.code(point);
                if code == 0 || code == ADDED.1 { NONE } else { from_row(code) }
            }
        }
    }

    #[inline(always)]
    fn single(byte: u8) -> u16 {
        ascii(byte)
    }

    #[inline]
    fn pair(lead: u8, trail: u8) -> u16 {
        let character = match lead {
            0x84..=0xD3 => {
                let jamo = || jamo::split_jamo(u16::from_be_bytes([lead, trail]));
                return jamo::syllable::<true>(lead, trail).or_else(jamo).unwrap_or(NONE);
            }
            _ => to_row(lead, trail).map_or(NONE, |[lead, trail]| pair(lead, trail)),
        };
        match character {
            0xAC00..=0xD7A3 | 0x3131..=0x3163 => NONE,
            character => character,
        }
    }

    #[inline(always)]
    fn syllable(lead: u8, trail: u8) -> Option<u16> {
        jamo::syllable::<true>(lead, trail)
    }

    fn is_lead(byte: u8) -> bool {
        matches!(byte, 0x84..=0xD3 | 0xD9..=0xDE | 0xE0..=0xF9)
    }
}

/// Converts a code of KS X 1001 to Johab.
fn from_row(code: u16) -> u16 {
    let row = code >> 8;
    let column = (code & 0xFF) - 0xA1;
    let row = if row >= 0xCA { row - 0xCA + 2 * (0xE0 - 0xD9) } else { row - 0xA1 };
    let column = column + row % 2 * 94;
    (0xD9 + row / 2) << 8 | (column + if column < 78 { 0x31 } else { 0x91 - 78 })
}

/// Converts a code of Johab to KS X 1001, or returns `None` if no such code exists.
fn to_row(lead: u8, trail: u8) -> Option<[u8; 2]> {
    let column = match trail {
        0x31..=0x7E => trail - 0x31,
        0x91..=0xFE => trail - 0x91 + 78,
        _ => return None,
    };
    let first = match lead {
        0xD9..=0xDE => (lead - 0xD9) * 2 + 0xA1,
        0xE0..=0xF9 => (lead - 0xE0) * 2 + 0xCA,
        _ => return None,
    };
    Some([first + column / 94, column % 94 + 0xA1])
}
