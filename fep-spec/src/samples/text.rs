//! Texts for samples: the longest ones that a field holds, and short ones between.
//!
//! ```text
//! 7 bytes of euc-kr:  가나다_       three characters of two bytes; half of a fourth one is never written
//! 7 bytes of ibm933:  SO 가나 SI _  the shift bytes are in the field, so two characters fit
//! ```

use fep_codec::Charset;
use fep_codec::kind::TailValue as _;
use fep_codec::layout::{TextRule, Width};

use super::random::Random;

/// The characters that a sample's text consists of, and the name of the limit that they show.
struct Alphabet {
    longest: &'static str,
    characters: &'static str,
}

/// The national alphabets. A field shows the first one that its charset has.
const NATIONAL: [Alphabet; 4] = [
    Alphabet {
        longest: "longest Korean text",
        characters: "가나다라마바사아자차카타파하김이박최정강조윤장임한오서신권황안송류홍전고문손양배",
    },
    Alphabet {
        longest: "longest Japanese text", characters: "アイウエオカキクケコサシスセソタチツテトナニヌネノ"
    },
    Alphabet {
        longest: "longest text of half-width katakana", characters: "ｱｲｳｴｵｶｷｸｹｺｻｼｽｾｿﾀﾁﾂﾃﾄﾅﾆﾇﾈﾉ"
    },
    Alphabet { longest: "longest text of accented letters", characters: "éèêàâçîïôûëùü" },
];

const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// The most characters of a text between the limits. A sample is to be read by people.
const BETWEEN_MAX_CHARS: usize = 12;

/// The longest texts that the field holds, each with the name of its limit: of letters and digits, and of national characters.
pub(super) fn longest(rule: &TextRule, len: usize, random: &mut Random) -> Vec<(&'static str, String)> {
    let letters = letters(rule);
    let national = national(rule);
    let mut texts = Vec::new();
    if !letters.is_empty() {
        texts.push(("longest", filled(rule, len, &letters, random)));
    }
    if let Some((name, characters)) = national {
        let mut text = filled(rule, len, &characters, random);
        if rule.exact {
            complete(rule, len, &mut text, &letters);
        }
        texts.push((name, text));
    }
    texts
}

/// A text of some length that the field holds. It is not empty, unless the field has no room for any character.
pub(super) fn between(rule: &TextRule, len: usize, random: &mut Random) -> String {
    let letters = letters(rule);
    let national = national(rule).map(|(_, characters)| characters).unwrap_or_default();
    let characters =
        if letters.is_empty() || !national.is_empty() && random.below(2) == 0 { national } else { letters };
    let count = random.between(1, BETWEEN_MAX_CHARS);
    let mut text = String::new();
    for _ in 0..count {
        text.extend(random.one_of(&characters));
        if text.wire_len(rule) > len {
            text.pop();
            break;
        }
    }
    if rule.exact {
        complete(rule, len, &mut text, &characters);
        complete(rule, len, &mut text, &self::letters(rule));
    }
    text
}

/// Text as long as the field.
fn filled(rule: &TextRule, len: usize, characters: &[char], random: &mut Random) -> String {
    let mut text: String = random.one_of(characters).into_iter().collect();
    let one = text.wire_len(rule);
    text.extend(random.one_of(characters));
    // Two characters and one differ by the bytes of a character, without the shift bytes around them.
    let each = text.wire_len(rule).saturating_sub(one).max(1);
    let count = len.saturating_sub(one.saturating_sub(each)).div_euclid(each);
    while text.chars().count() < count {
        text.extend(random.one_of(characters));
    }
    while !text.is_empty() && text.wire_len(rule) > len {
        text.pop();
    }
    text
}

/// Adds characters until the text has all bytes of the field. A text that cannot have them stays shorter.
fn complete(rule: &TextRule, len: usize, text: &mut String, characters: &[char]) {
    let Some(character) = characters.first() else { return };
    while text.wire_len(rule) < len {
        text.push(*character);
        if text.wire_len(rule) > len {
            text.pop();
            return;
        }
    }
}

/// Letters and digits that the field holds as they are. Full-width fields have none: they make other characters of them.
fn letters(rule: &TextRule) -> Vec<char> {
    if rule.width == Width::Wide { Vec::new() } else { held(rule, LETTERS) }
}

fn national(rule: &TextRule) -> Option<(&'static str, Vec<char>)> {
    NATIONAL
        .iter()
        .map(|alphabet| (alphabet.longest, held(rule, alphabet.characters)))
        .find(|(_, held)| !held.is_empty())
}

/// The characters that the charset has and that are no padding.
fn held(rule: &TextRule, characters: &str) -> Vec<char> {
    let charset: Charset = rule.charset;
    let is_pad = |character: char| u8::try_from(character).is_ok_and(|ascii| charset.byte_of(ascii) == Some(rule.pad));
    characters.chars().filter(|character| charset.has(*character) && !is_pad(*character)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of bytes of the longest national text in a field of `len` bytes, and of its characters.
    fn check(charset: Charset, len: usize, bytes: usize, chars: usize) {
        let rule = TextRule::new(charset);
        let texts = longest(&rule, len, &mut Random::of(1, ""));
        let (_, text) = texts.last().expect("a text");
        assert_eq!((text.wire_len(&rule), text.chars().count()), (bytes, chars), "{charset:?}, {len} bytes");
    }

    #[test]
    fn the_longest_text_never_has_half_a_character_and_counts_shift_bytes() {
        check(Charset::EucKr, 7, 6, 3);
        check(Charset::EucKr, 8, 8, 4);
        check(Charset::EucKr, 1, 0, 0);
        check(Charset::Ibm933, 7, 6, 2);
        check(Charset::Ibm933, 8, 8, 3);
        check(Charset::Ibm933, 3, 0, 0);
        check(Charset::Utf8, 10, 9, 3);
        check(Charset::Ascii, 5, 5, 5);
    }
}
