//! Western European charsets of single bytes: ISO 8859-1, ISO 8859-15 and windows-1252. Bytes below 80 are ASCII, and most other bytes
//! are the character with the same number.
//!
//! ```text
//!                80      81      A4   B4   E9   FF
//! iso-8859-1     U+0080  U+0081  ¤    ´    é    ÿ
//! iso-8859-15    U+0080  U+0081  €    Ž    é    ÿ
//! windows-1252   €       error   ¤    ´    é    ÿ
//! ```
//!
//! ISO 8859 assigns no characters to 80 to 9F. The charsets that IANA registers under these names have the control characters U+0080 to
//! U+009F there, and so have ICU, glibc, Python and Java. windows-1252 has printable characters there. Five of its bytes have none:
//! Microsoft's table leaves them open, and a byte without a character is an error here.

#![allow(clippy::indexing_slicing, reason = "in constants only, where a panic is a compile error")]

use super::table::{Form, NONE, Table};

/// The charsets of this module, in the order of [`UPPER`].
#[derive(Clone, Copy)]
pub(super) enum Set {
    Iso8859_1,
    Iso8859_15,
    Windows1252,
}

/// A charset, chosen by its index in [`Set`].
pub(super) struct Western<const SET: usize>;

/// The bytes from 80 on.
struct Upper {
    /// Characters by byte, from 80 on.
    characters: [u16; 128],
    /// The bytes that are not the character with the same number. Each has a character from U+0100 on, or [`NONE`].
    others: &'static [(u8, u16)],
}

/// € and seven letters, in the places of `¤ ¦ ¨ ´ ¸ ¼ ½ ¾`.
const ISO_8859_15: [(u8, u16); 8] = [
    (0xA4, '€' as u16),
    (0xA6, 'Š' as u16),
    (0xA8, 'š' as u16),
    (0xB4, 'Ž' as u16),
    (0xB8, 'ž' as u16),
    (0xBC, 'Œ' as u16),
    (0xBD, 'œ' as u16),
    (0xBE, 'Ÿ' as u16),
];

const WINDOWS_1252: [(u8, u16); 32] = [
    (0x80, '€' as u16),
    (0x81, NONE),
    (0x82, '‚' as u16),
    (0x83, 'ƒ' as u16),
    (0x84, '„' as u16),
    (0x85, '…' as u16),
    (0x86, '†' as u16),
    (0x87, '‡' as u16),
    (0x88, 'ˆ' as u16),
    (0x89, '‰' as u16),
    (0x8A, 'Š' as u16),
    (0x8B, '‹' as u16),
    (0x8C, 'Œ' as u16),
    (0x8D, NONE),
    (0x8E, 'Ž' as u16),
    (0x8F, NONE),
    (0x90, NONE),
    (0x91, '‘' as u16),
    (0x92, '’' as u16),
    (0x93, '“' as u16),
    (0x94, '”' as u16),
    (0x95, '•' as u16),
    (0x96, '–' as u16),
    (0x97, '—' as u16),
    (0x98, '˜' as u16),
    (0x99, '™' as u16),
    (0x9A, 'š' as u16),
    (0x9B, '›' as u16),
    (0x9C, 'œ' as u16),
    (0x9D, NONE),
    (0x9E, 'ž' as u16),
    (0x9F, 'Ÿ' as u16),
];

static UPPER: [Upper; 3] = [Upper::of(Set::Iso8859_1), Upper::of(Set::Iso8859_15), Upper::of(Set::Windows1252)];

impl Upper {
    #[allow(clippy::cast_possible_truncation, reason = "a byte counts to 255")]
    const fn of(set: Set) -> Self {
        let others: &'static [(u8, u16)] = match set {
            Set::Iso8859_1 => &[],
            Set::Iso8859_15 => &ISO_8859_15,
            Set::Windows1252 => &WINDOWS_1252,
        };
        let mut characters = [0; 128];
        let mut at = 0;
        while at < 128 {
            characters[at] = 0x80 + at as u16;
            at += 1;
        }
        let mut other = 0;
        while other < others.len() {
            assert!(others[other].1 >= 0x100);
            characters[others[other].0 as usize - 0x80] = others[other].1;
            other += 1;
        }
        Self { characters, others }
    }

    /// The character of a byte from 80 on.
    #[inline(always)]
    fn character(&self, byte: u8) -> u16 {
        self.characters.get(usize::from(byte & 0x7F)).copied().unwrap_or(NONE)
    }

    /// The byte of a character from U+0080 on.
    #[inline]
    fn code(&self, point: u32) -> u16 {
        let byte = match point {
            0x80..0x100 => u8::try_from(point).ok().filter(|byte| self.character(*byte) == u16::from(*byte)),
            // Without U+FFFF, which is the number of NONE.
            0x100..0xFFFF => self.others.iter().find(|(_, other)| u32::from(*other) == point).map(|(byte, _)| *byte),
            _ => None,
        };
        byte.map_or(NONE, u16::from)
    }
}

const fn upper(set: usize) -> &'static Upper {
    &UPPER[set]
}

impl<const SET: usize> Table for Western<SET> {
    const FORM: Form = Form::Lead;
    const ASCII: bool = true;

    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "ASCII")]
    fn code(point: u32) -> u16 {
        if point < 0x80 { point as u16 } else { const { upper(SET) }.code(point) }
    }

    #[inline(always)]
    fn single(byte: u8) -> u16 {
        if byte.is_ascii() { u16::from(byte) } else { const { upper(SET) }.character(byte) }
    }

    fn pair(_: u8, _: u8) -> u16 {
        NONE
    }

    fn is_lead(_: u8) -> bool {
        false
    }
}
