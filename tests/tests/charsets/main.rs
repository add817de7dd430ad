//! Complete tests of charsets: every code of one and two bytes and every character up to U+1FFFF or U+2FFFF, compared with tables,
//! formulas and other programs.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a test may panic, and says which programs are not here"
)]

mod known;
mod oracles;
mod page;
mod properties;
mod refusals;
mod sequences;
mod tables;

use std::collections::BTreeMap;

use fep_codec::Charset;

/// The characters of all codes of one and two bytes.
type Decoded = BTreeMap<Vec<u8>, String>;
/// The codes of all characters of the first two or three planes.
type Encoded = BTreeMap<char, Vec<u8>>;

const SO: u8 = 0x0E;
const SI: u8 = 0x0F;

/// Reads every code with our tables, without SO and SI.
fn decoded(charset: Charset) -> Decoded {
    let mut all = Decoded::new();
    for byte in 0..=u8::MAX {
        if let Ok(text) = charset.decode(&[byte]) {
            all.insert(vec![byte], text.into_owned());
        }
    }
    for lead in 0x40..=u8::MAX {
        for trail in 0x30..=u8::MAX {
            let code = [lead, trail];
            let wire = if charset.is_shifted() { vec![SO, lead, trail, SI] } else { code.to_vec() };
            let text = charset.decode(&wire);
            if let Ok(text) = text
                && (charset.is_shifted() || text.chars().count() == 1)
            {
                all.insert(code.to_vec(), text.into_owned());
            }
        }
    }
    all
}

/// Writes every character with our tables, without SO and SI.
fn encoded(charset: Charset) -> Encoded {
    let mut all = Encoded::new();
    // Only these two charsets have characters in plane 2 (from U+20000).
    let last = if matches!(charset, Charset::Ibm1390 | Charset::Ibm1399) { '\u{2FFFF}' } else { '\u{1FFFF}' };
    for character in ('\0'..=last).filter(|character| *character != '\u{FFFF}') {
        let mut out = [0; 4];
        if !charset.has(character) && character > '\u{2000}' && u32::from(character) % 16 != 0 {
            // `has` is called for all characters, `encode` only for a sample of the missing ones: building an error is slow.
            continue;
        }
        let result = charset.encode(character.encode_utf8(&mut [0; 4]), &mut out);
        assert_eq!(result.is_ok(), charset.has(character), "{charset} {character:?}");
        if let Ok(len) = result {
            let code = match &out[..len] {
                [SO, code @ .., SI] => code,
                code => code,
            };
            all.insert(character, code.to_vec());
        }
    }
    all
}
