//! Japanese charsets: JIS X 0201, and Microsoft's Shift_JIS (CP932).

use super::table::{Form, Grid, NONE, Pages, Table};

/// Latin letters and half-width katakana, one byte each. A voiced sound mark is a separate character.
pub(super) struct JisX0201;
/// Microsoft's Shift_JIS.
pub(super) struct Cp932;

const COLUMNS: usize = 189;
/// First bytes 81 to 9F and E0 to FC, second bytes 40 to FC. NEC's copies of IBM's characters (ED, EE) are read but never written.
const GRID: Grid = Grid {
    gap_at: 0x1F,
    gap: 0x40,
    read_only: (0xED, 0xEE),
    ..Grid::new(include_bytes!("../../tables/cp932.bin"), COLUMNS, 0x81, 0x40)
};
static CHARACTERS: [u16; 60 * COLUMNS] = GRID.characters();
static PAGES: Pages<{ GRID.sizes().0 }, { GRID.sizes().1 }> = Pages::of(GRID);
/// The first half-width katakana and its byte.
const KATAKANA: (u16, u8) = (0xFF61, 0xA1);

/// The katakana of a byte: A1 to DF are U+FF61 to U+FF9F.
#[inline(always)]
const fn katakana(byte: u8) -> u16 {
    match byte {
        0xA1..=0xDF => KATAKANA.0 + (byte - KATAKANA.1) as u16,
        _ => NONE,
    }
}

#[inline(always)]
#[allow(clippy::cast_possible_truncation, reason = "there are 63")]
fn katakana_code(point: u32) -> u16 {
    match point {
        0xFF61..=0xFF9F => u16::from(KATAKANA.1) + (point as u16 - KATAKANA.0),
        _ => NONE,
    }
}

impl Table for JisX0201 {
    const FORM: Form = Form::Lead;
    const ASCII: bool = false;

    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "ASCII")]
    fn code(point: u32) -> u16 {
        match point {
            0xA5 => 0x5C,
            0x203E => 0x7E,
            0x5C | 0x7E => NONE,
            ..0x80 => point as u16,
            _ => katakana_code(point),
        }
    }

    #[inline]
    fn single(byte: u8) -> u16 {
        match byte {
            0x5C => '¥' as u16,
            0x7E => '‾' as u16,
            0..=0x7F => u16::from(byte),
            _ => katakana(byte),
        }
    }

    fn pair(_: u8, _: u8) -> u16 {
        NONE
    }

    fn is_lead(_: u8) -> bool {
        false
    }
}

impl Table for Cp932 {
    const FORM: Form = Form::Lead;
    const ASCII: bool = true;

    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "ASCII")]
    fn code(point: u32) -> u16 {
        if point < 0x80 {
            return point as u16;
        }
        match PAGES.code(point) {
            0 => katakana_code(point),
            code => code,
        }
    }

    #[inline(always)]
    fn single(byte: u8) -> u16 {
        if byte.is_ascii() { u16::from(byte) } else { katakana(byte) }
    }

    #[inline]
    fn pair(lead: u8, trail: u8) -> u16 {
        let row = match lead {
            0x81..=0x9F => lead - 0x81,
            0xE0..=0xFC => lead - 0xC1,
            _ => return NONE,
        };
        let column = usize::from(trail.wrapping_sub(0x40));
        let cell = CHARACTERS.get(usize::from(row) * COLUMNS + column);
        match cell {
            Some(&character) if character != 0 && column < COLUMNS => character,
            _ => NONE,
        }
    }

    fn is_lead(byte: u8) -> bool {
        matches!(byte, 0x81..=0x9F | 0xE0..=0xFC)
    }
}
