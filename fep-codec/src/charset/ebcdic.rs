//! EBCDIC: single bytes, and the pairs between SO and SI on Korean and Japanese hosts.
//!
//! ```text
//! 홍길동 A   ibm933   0E  D1 B7  8B A9  95 B7  0F  40  C1
//!                     SO  홍     길     동     SI      A
//! ```

#![allow(clippy::indexing_slicing, reason = "in constants only, where a panic is a compile error")]

#[cfg(feature = "charset-ebcdic-japanese")]
mod japanese;

#[cfg(feature = "charset-ebcdic-japanese")]
pub(super) use self::japanese::Japanese;
use super::jamo;
use super::table::{Form, Grid, NONE, Pages, Table};

/// The tables of single bytes, in the order of the file.
#[derive(Clone, Copy)]
pub(super) enum Single {
    Ibm833,
    Ibm290,
    Ibm1027,
    Cp037,
    Cp500,
    Cp1047,
    Cp1140,
    Ibm8482,
    Ibm5123,
}

/// A charset of single bytes, chosen by its index in [`Single`].
pub(super) struct Latin<const SINGLE: usize>;
/// IBM-834: pairs without SO and SI.
pub(super) struct KoreanPairs;
/// IBM-933, or with `ALL` IBM-1364, which has all syllables and characters that were added later.
pub(super) struct Korean<const ALL: bool>;

/// One table of single bytes, in both directions.
pub(super) struct Bytes {
    /// Characters by byte.
    characters: [u16; 256],
    /// Bytes of the characters below U+0100. 0 means that there is no byte, except for U+0000.
    codes: [u8; 256],
    /// Bytes of the half-width letters from U+FF60.
    half_width: [u8; 128],
    /// Bytes of all other characters: ‾, ₩ or €.
    others: [(u16, u8); 2],
}

const FILE: &[u8; 9 * 512] = include_bytes!("../../tables/ebcdic.bin");
static SINGLES: [Bytes; 9] = [
    Bytes::of(Single::Ibm833),
    Bytes::of(Single::Ibm290),
    Bytes::of(Single::Ibm1027),
    Bytes::of(Single::Cp037),
    Bytes::of(Single::Cp500),
    Bytes::of(Single::Cp1047),
    Bytes::of(Single::Cp1140),
    Bytes::of(Single::Ibm8482),
    Bytes::of(Single::Ibm5123),
];

impl Bytes {
    #[allow(clippy::cast_possible_truncation, reason = "a byte counts to 255")]
    const fn of(single: Single) -> Self {
        let mut new = Self { characters: [NONE; 256], codes: [0; 256], half_width: [0; 128], others: [(NONE, 0); 2] };
        let mut byte = 0;
        let mut others = 0;
        while byte < 256 {
            let at = single as usize * 512 + byte * 2;
            let character = u16::from_le_bytes([FILE[at], FILE[at + 1]]);
            new.characters[byte] = character;
            match character {
                0..=0xFF => new.codes[character as usize] = byte as u8,
                0xFF60..=0xFFDF => new.half_width[character as usize - 0xFF60] = byte as u8,
                NONE => {}
                _ => {
                    new.others[others] = (character, byte as u8);
                    others += 1;
                }
            }
            byte += 1;
        }
        new
    }

    #[inline]
    fn code(&self, point: u32) -> u16 {
        let code = match point {
            0 => return 0,
            1..0x100 => self.codes.get(point as usize).copied(),
            0xFF60..=0xFFDF => self.half_width.get(point as usize - 0xFF60).copied(),
            _ => self.others.iter().find(|(other, _)| u32::from(*other) == point).map(|(_, code)| *code),
        };
        code.filter(|code| *code != 0).map_or(NONE, u16::from)
    }

    /// The byte of an ASCII character, or [`NONE`]. A byte 0 in the table is valid for U+0000 only.
    #[inline(always)]
    fn ascii(&self, point: u32) -> u16 {
        match self.codes.get(point as usize) {
            Some(0) if point != 0 => NONE,
            Some(code) => u16::from(*code),
            None => NONE,
        }
    }

    #[inline(always)]
    fn character(&self, byte: u8) -> u16 {
        self.characters.get(usize::from(byte)).copied().unwrap_or(NONE)
    }
}

/// The byte of an ASCII character, or `None` if the table lacks it. It can be used in constants.
pub(super) const fn of_ascii(single: Single, ascii: u8) -> Option<u8> {
    let code = SINGLES[single as usize].codes[ascii as usize];
    if code == 0 && ascii != 0 { None } else { Some(code) }
}

const fn bytes(single: usize) -> &'static Bytes {
    &SINGLES[single]
}

impl<const SINGLE: usize> Table for Latin<SINGLE> {
    const FORM: Form = Form::Lead;
    const ASCII: bool = false;

    #[inline(always)]
    fn code(point: u32) -> u16 {
        const { bytes(SINGLE) }.code(point)
    }

    #[inline(always)]
    fn single(byte: u8) -> u16 {
        const { bytes(SINGLE) }.character(byte)
    }

    fn pair(_: u8, _: u8) -> u16 {
        NONE
    }

    fn is_lead(_: u8) -> bool {
        false
    }
}

/// The number of columns of pairs: second bytes 40 to FE.
const COLUMNS: usize = 191;
const KOREAN: Grid = Grid::new(include_bytes!("../../tables/ibm1364.bin"), COLUMNS, 0x40, 0x40);
static KOREAN_CHARACTERS: [u16; 45 * COLUMNS] = KOREAN.characters();
static KOREAN_PAGES: Pages<{ KOREAN.sizes().0 }, { KOREAN.sizes().1 }> = Pages::of(KOREAN);

/// The character in a row of a table whose second bytes are 40 to FE.
#[inline(always)]
fn cell(characters: &[u16], row: u8, trail: u8) -> u16 {
    let column = usize::from(trail.wrapping_sub(0x40));
    match characters.get(usize::from(row) * COLUMNS + column) {
        Some(&character) if character != 0 && column < COLUMNS => character,
        _ => NONE,
    }
}

/// Whether IBM-933 has the code. IBM-1364 also has all conjoining jamo (4C to 4E), the euro sign and ®.
fn is_of_933(code: u16) -> bool {
    !matches!(code, 0x4995 | 0x4996 | 0x4C00..=0x4EFF)
}

/// The code of a character that is not a syllable.
#[inline]
fn korean_sign_code<const ALL: bool>(point: u32) -> u16 {
    let code = match point {
        0x3131..=0x3163 => return jamo::combine_jamo(point),
        0x3164 => return HANGUL_FILLER.1,
        0xE000..0xE758 => return user_code(point - 0xE000),
        _ => KOREAN_PAGES.code(point),
    };
    if code != 0 && (ALL || is_of_933(code)) { code } else { NONE }
}

#[inline(always)]
fn korean_pair<const ALL: bool>(lead: u8, trail: u8) -> u16 {
    jamo::syllable::<ALL>(lead, trail).unwrap_or_else(|| korean_sign::<ALL>(lead, trail))
}

/// The character of a pair that is not a syllable.
#[inline]
fn korean_sign<const ALL: bool>(lead: u8, trail: u8) -> u16 {
    let code = u16::from_be_bytes([lead, trail]);
    match lead {
        0x40..=0x6C if ALL || is_of_933(code) => cell(&KOREAN_CHARACTERS, lead - 0x40, trail),
        0x84..=0xD3 if code == HANGUL_FILLER.1 => HANGUL_FILLER.0,
        0x84..=0xD3 => jamo::split_jamo(code).unwrap_or(NONE),
        0xD4..=0xDD => user_character(lead, trail),
        _ => NONE,
    }
}

/// The Hangul filler and its code: the combination code without any part.
const HANGUL_FILLER: (u16, u16) = (0x3164, 0x8441);

/// The user area of Korean hosts: D441 to DDFD are U+E000 to U+E757. Each row has 188 codes and leaves out the second byte 80.
#[allow(clippy::cast_possible_truncation, reason = "the user area has 1,880 characters")]
const fn user_code(number: u32) -> u16 {
    let row = number / 188;
    let column = number % 188;
    ((0xD4 + row) << 8 | (column + 0x41 + (column >= 0x3F) as u32)) as u16
}

fn user_character(lead: u8, trail: u8) -> u16 {
    let column = match trail {
        0x41..=0x7F => trail - 0x41,
        0x81..=0xFD => trail - 0x42,
        _ => return NONE,
    };
    0xE000 + u16::from(lead - 0xD4) * 188 + u16::from(column)
}

impl Table for KoreanPairs {
    const FORM: Form = Form::Pairs;
    const ASCII: bool = false;

    #[inline]
    fn code(point: u32) -> u16 {
        jamo::code_of::<false>(point).unwrap_or_else(|| korean_sign_code::<false>(point))
    }

    fn single(_: u8) -> u16 {
        NONE
    }

    #[inline]
    fn pair(lead: u8, trail: u8) -> u16 {
        korean_pair::<false>(lead, trail)
    }

    fn is_lead(_: u8) -> bool {
        true
    }
}

impl<const ALL: bool> Table for Korean<ALL> {
    const FORM: Form = Form::Shifted;
    const ASCII: bool = false;

    #[inline(always)]
    fn code(point: u32) -> u16 {
        if point < 0x80 {
            return const { bytes(Single::Ibm833 as usize) }.ascii(point);
        }
        if let Some(code) = jamo::code_of::<ALL>(point) {
            return code;
        }
        match korean_sign_code::<ALL>(point) {
            NONE => const { bytes(Single::Ibm833 as usize) }.code(point),
            code => code,
        }
    }

    #[inline(always)]
    fn single(byte: u8) -> u16 {
        const { bytes(Single::Ibm833 as usize) }.character(byte)
    }

    #[inline(always)]
    fn pair(lead: u8, trail: u8) -> u16 {
        korean_pair::<ALL>(lead, trail)
    }

    #[inline(always)]
    fn syllable(lead: u8, trail: u8) -> Option<u16> {
        jamo::syllable::<ALL>(lead, trail)
    }

    fn is_lead(byte: u8) -> bool {
        matches!(byte, 0x40..=0x6C | 0x84..=0xDD)
    }
}
