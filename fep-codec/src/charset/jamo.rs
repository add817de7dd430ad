//! Hangul as a formula: the combination code of Johab and IBM-1364, and the composition of jamo to syllables.
//!
//! ```text
//! 1 initial(5) vowel(5) final(5)     88 61 = 1 00010 00011 00001 = ᄀ ᅡ and no final = 가
//! ```
//!
//! KS X 1001 and CP949 order their syllables in another way. Their tables are in `korean`.

#![allow(clippy::indexing_slicing, clippy::cast_possible_truncation, reason = "five bits index 32 places; constants")]

use super::table::NONE;

/// The first syllable.
pub(super) const FIRST: u32 = 0xAC00;
/// The number of syllables: 19 initials × 21 vowels × 28 finals, where "no final" counts as one.
pub(super) const COUNT: usize = 11_172;
const VOWELS: u32 = 21;
const FINALS: u32 = 28;
/// The five bits for a missing initial, a missing vowel and a missing final.
const NO_INITIAL: u32 = 1;
const NO_VOWEL: u32 = 2;
const NO_FINAL: u32 = 1;
/// The initials among the compatibility jamo U+3131 to U+314E, as offsets from U+3131.
const INITIALS: &[u8; 19] = b"\x00\x01\x03\x06\x07\x08\x10\x11\x12\x14\x15\x16\x17\x18\x19\x1A\x1B\x1C\x1D";
/// The consonants that can only be finals: the offset from U+3131 and the index of the final.
const FINALS_ONLY: [(u8, u8); 11] = [
    (0x02, 3),
    (0x04, 5),
    (0x05, 6),
    (0x09, 9),
    (0x0A, 10),
    (0x0B, 11),
    (0x0C, 12),
    (0x0D, 13),
    (0x0E, 14),
    (0x0F, 15),
    (0x13, 18),
];

/// The combination code of a syllable, counted from [`FIRST`].
#[inline]
pub(super) const fn combine(syllable: u32) -> u16 {
    let initial = syllable / (VOWELS * FINALS);
    let vowel = syllable % (VOWELS * FINALS) / FINALS;
    let last = syllable % FINALS;
    code(initial + 2, vowel_bits(vowel), final_bits(last))
}

/// One bit for each syllable, the first syllable in the lowest bit. It is set if IBM-933 has the syllable.
const SYLLABLES_OF_933: &[u8; COUNT.div_ceil(8)] = include_bytes!("../../tables/ibm933.bin");
/// The combination codes of the syllables. Every combination code has its top bit set, so here this bit says whether IBM-933 has the
/// syllable.
static CODES: [u16; COUNT] = codes();
/// The amounts that a first byte and a second byte add to the index of a syllable. The bits of the vowel are in both bytes. Sums wrap,
/// and bytes that do not occur in a code add arbitrary amounts, because each index found is checked against [`CODES`].
static ADDED: [[u16; 256]; 2] = added();

const fn codes() -> [u16; COUNT] {
    let mut codes = [0; COUNT];
    let mut syllable = 0;
    while syllable < COUNT {
        let is_of_933 = SYLLABLES_OF_933[syllable / 8] >> (syllable % 8) & 1 == 1;
        codes[syllable] = combine(syllable as u32) & if is_of_933 { 0xFFFF } else { 0x7FFF };
        syllable += 1;
    }
    codes
}

const fn added() -> [[u16; 256]; 2] {
    let mut added = [[COUNT as u16; 256]; 2];
    let mut byte = 0;
    while byte < 256_u32 {
        // Vowels are in four groups of at most six, see `vowel_bits`. The first group begins at 3, the other groups at 2.
        let initial = byte >> 2 & 0x1F;
        let group = byte & 3;
        if byte >= 0x80 && initial >= 2 && initial <= 20 {
            let number = (initial - 2) * VOWELS * FINALS + group * 6 * FINALS;
            added[0][byte as usize] = (number as u16).wrapping_sub(3 * FINALS as u16);
        }
        if let Some(last) = final_of(byte & 0x1F) {
            added[1][byte as usize] = ((byte >> 5) * FINALS + last) as u16;
        }
        byte += 1;
    }
    added
}

/// The combination code of a syllable. Without `ALL` it is [`NONE`] if IBM-933 lacks the syllable. Other characters give `None`.
#[inline(always)]
pub(super) fn code_of<const ALL: bool>(point: u32) -> Option<u16> {
    let code = *CODES.get(point.wrapping_sub(FIRST) as usize)?;
    Some(if ALL || code >= 0x8000 { code | 0x8000 } else { NONE })
}

/// The syllable with this combination code, or `None`. Without `ALL` it is also `None` if IBM-933 lacks the syllable.
#[inline(always)]
pub(super) fn syllable<const ALL: bool>(lead: u8, trail: u8) -> Option<u16> {
    let [leads, trails] = &ADDED;
    let number = leads[usize::from(lead)].wrapping_add(trails[usize::from(trail)]);
    let code = *CODES.get(usize::from(number))?;
    let code = if ALL { code | 0x8000 } else { code };
    (code == u16::from_be_bytes([lead, trail])).then(|| FIRST as u16 + number)
}

/// The combination code of a compatibility jamo, U+3131 to U+3163: one part without the other two. A consonant that can be an initial
/// or a final is coded as an initial.
pub(super) const fn combine_jamo(jamo: u32) -> u16 {
    let number = jamo.wrapping_sub(0x3131);
    if let vowel @ 0..VOWELS = number.wrapping_sub(0x1E) {
        return code(NO_INITIAL, vowel_bits(vowel), NO_FINAL);
    }
    let mut initials: &[u8] = INITIALS;
    while let [rest @ .., last] = initials {
        if *last as u32 == number {
            return code(rest.len() as u32 + 2, NO_VOWEL, NO_FINAL);
        }
        initials = rest;
    }
    let mut finals: &[(u8, u8)] = &FINALS_ONLY;
    while let [(consonant, last), rest @ ..] = finals {
        if *consonant as u32 == number {
            return code(NO_INITIAL, NO_VOWEL, final_bits(*last as u32));
        }
        finals = rest;
    }
    0
}

/// The compatibility jamo with this combination code.
#[cold]
pub(super) const fn split_jamo(code: u16) -> Option<u16> {
    let mut jamo = 0x3131;
    while jamo <= 0x3163 {
        if combine_jamo(jamo as u32) == code {
            return Some(jamo);
        }
        jamo += 1;
    }
    None
}

#[allow(clippy::cast_possible_truncation, reason = "three numbers of five bits")]
const fn code(initial: u32, vowel: u32, last: u32) -> u16 {
    (0x8000 | initial << 10 | vowel << 5 | last) as u16
}

/// The five bits of a vowel. Vowels are in groups of at most six, with two numbers left out between groups: 3 to 7, 10 to 15, 18 to
/// 23, 26 to 29.
const fn vowel_bits(vowel: u32) -> u32 {
    vowel + 3 + (vowel + 1) / 6 * 2
}

/// The five bits of a final. Finals leave out the number 18.
const fn final_bits(last: u32) -> u32 {
    last + 1 + (last > 16) as u32
}

const fn final_of(bits: u32) -> Option<u32> {
    match bits {
        1..=17 => Some(bits - 1),
        19..=29 => Some(bits - 2),
        _ => None,
    }
}

/// The characters of a text with their byte offsets. Jamo are composed to syllables and kana to their voiced forms, as in NFC. File
/// names of macOS, for example, are decomposed text.
#[derive(Clone)]
pub(super) struct Composed<'t> {
    chars: core::iter::Peekable<core::str::CharIndices<'t>>,
}

impl<'t> Composed<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { chars: text.char_indices().peekable() }
    }
}

/// Whether a text has characters that [`Composed`] might join to the character before: conjoining vowels and finals (UTF-8 E1 85 to
/// E1 87), or the marks of voiced kana (E3 82 99, E3 82 9A).
pub(super) fn is_in_pieces(text: &str) -> bool {
    text.contains(|character| matches!(character, '\u{1161}'..='\u{11C2}' | '\u{3099}' | '\u{309A}'))
}

impl Iterator for Composed<'_> {
    type Item = (usize, char);

    fn next(&mut self) -> Option<(usize, char)> {
        let (at, mut character) = self.chars.next()?;
        while let Some((_, next)) = self.chars.peek()
            && let Some(both) = compose(character, *next)
        {
            character = both;
            self.chars.next();
        }
        Some((at, character))
    }
}

/// The character that two characters compose to, or `None` if they do not compose.
fn compose(first: char, second: char) -> Option<char> {
    let a = u32::from(first);
    let b = u32::from(second);
    let both = match b {
        0x1161..=0x1175 => FIRST + (within(a, 0x1100, 19)? * VOWELS + (b - 0x1161)) * FINALS,
        0x11A8..=0x11C2 => {
            let syllable = within(a, FIRST, 11_172)?;
            if syllable % FINALS != 0 {
                return None;
            }
            a + (b - 0x11A7)
        }
        0x3099 => match a {
            0x3046 => 0x3094,
            0x30A6 => 0x30F4,
            0x30EF..=0x30F2 => a + 8,
            0x309D | 0x30FD => a + 1,
            _ if is_voiceable(a) => a + 1,
            _ => return None,
        },
        0x309A => match a {
            0x306F | 0x3072 | 0x3075 | 0x3078 | 0x307B | 0x30CF | 0x30D2 | 0x30D5 | 0x30D8 | 0x30DB => a + 2,
            _ => return None,
        },
        _ => return None,
    };
    char::from_u32(both)
}

fn within(value: u32, first: u32, count: u32) -> Option<u32> {
    value.checked_sub(first).filter(|number| *number < count)
}

/// Whether a kana of the rows K, S, T and H has its voiced form at the next code point.
fn is_voiceable(kana: u32) -> bool {
    let hiragana = if kana >= 0x30A1 { kana - 0x60 } else { kana };
    match hiragana {
        0x304B..=0x3062 => hiragana % 2 == 1,
        0x3064..=0x3069 => hiragana.is_multiple_of(2),
        0x306F..=0x307D => hiragana.is_multiple_of(3),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::String;

    use super::*;

    #[test]
    fn the_formula_goes_there_and_back() {
        // 가 88 61, 홍 D1 B7, the last 힣 D3 BD: KS C 5601-1992, annex 3.
        assert_eq!((combine(0), combine(0xD64D - FIRST), combine(11_171)), (0x8861, 0xD1B7, 0xD3BD));
        let read = |code: u16| syllable::<true>(code.to_be_bytes()[0], code.to_be_bytes()[1]).map(u32::from);
        assert!((0..11_172).all(|syllable| read(combine(syllable)) == Some(FIRST + syllable)));
        assert!((0..=u16::MAX).all(|code| read(code).is_none_or(|syllable| combine(syllable - FIRST) == code)));
        assert!((0x3131..=0x3163).all(|jamo| split_jamo(combine_jamo(u32::from(jamo))) == Some(jamo)));
        assert_eq!((combine_jamo(0x3131), combine_jamo(0x3133), combine_jamo(0x314F)), (0x8841, 0x8444, 0x8461));
        assert_eq!(combine_jamo(0x3163), 0x87A1);
    }

    #[test]
    fn pieces_are_put_together_and_nothing_else_is() {
        let check = |text: &str, whole: &str| {
            assert_eq!(Composed::new(text).map(|(_, character)| character).collect::<String>(), whole);
        };
        check("\u{1112}\u{1169}\u{11BC}\u{1100}\u{1175}\u{11AF}", "홍길");
        check("\u{AC00}\u{11A8}\u{11A8}", "각\u{11A8}");
        check("\u{1161}\u{1100}", "\u{1161}\u{1100}");
        check("カ\u{3099}ハ\u{309A}ウ\u{3099}か\u{3099}ち\u{3099}つ\u{3099}と\u{3099}ひ\u{3099}", "ガパヴがぢづどび");
        check("ア\u{3099}っ\u{3099}な\u{3099}ガ\u{3099}", "ア\u{3099}っ\u{3099}な\u{3099}ガ\u{3099}");
        assert!(is_in_pieces("홍\u{1161}") && !is_in_pieces("홍길동 ガ"));
    }
}
