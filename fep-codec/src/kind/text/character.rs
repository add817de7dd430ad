//! `char`: a text field of one character.
//!
//! A blank field is read as the pad character, so a space is a normal value and can be read back.

use alloc::borrow::Cow;
use alloc::string::String;

use super::{get, pad, put};
use crate::error::Fault;
use crate::kind::FieldValue;
use crate::layout::TextRule;

const ONE: Fault = Fault::Unreadable { expected: "one character" };

impl TextRule {
    /// The character that fills a blank field.
    fn padding(&self) -> Option<char> {
        if self.pad_pair().is_some() {
            return Some('\u{3000}');
        }
        let mut utf8 = [0; 4];
        let len = self.charset.decode_into(&[self.pad], &mut utf8).ok()??;
        core::str::from_utf8(utf8.get(..len)?).ok()?.chars().next()
    }
}

impl FieldValue<'_, TextRule> for char {
    fn put(&self, rule: &TextRule, out: &mut [u8]) -> Result<(), Fault> {
        if !rule.exact && rule.padding() == Some(*self) {
            pad(rule, 0, out);
            return Ok(());
        }
        let mut utf8 = [0; 4];
        let text = self.encode_utf8(&mut utf8);
        put(text.as_bytes(), || text, rule, out)
    }

    fn get(rule: &TextRule, bytes: &[u8]) -> Result<Self, Fault> {
        let text = get(rule, bytes)?;
        let mut characters = text.chars();
        match (characters.next(), characters.next()) {
            (None, _) => rule.padding().ok_or(ONE),
            (Some(character), None) => Ok(character),
            (Some(_), Some(_)) => Err(ONE),
        }
    }

    fn as_text(&self) -> Option<Cow<'_, str>> {
        Some(Cow::Owned(String::from(*self)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charset::Charset;
    use crate::layout::{Justify, Width};

    fn check(rule: &TextRule, character: char, bytes: &[u8]) {
        let mut out = alloc::vec![0xEE; bytes.len()];
        character.put(rule, &mut out).unwrap();
        assert_eq!(out, bytes, "{character:?}");
        assert_eq!(char::get(rule, bytes), Ok(character));
    }

    #[test]
    fn one_character_and_a_space_are_values() {
        let ascii = TextRule::new(Charset::Ascii);
        check(&ascii, '+', b"+");
        check(&ascii, ' ', b" ");
        check(&ascii, 'A', b"A  ");
        check(&TextRule { justify: Justify::Right, ..ascii }, 'A', b"  A");
        check(&TextRule { pad: b'0', ..ascii }, '0', b"00");
        check(&TextRule { exact: true, ..ascii }, ' ', b" ");
        let korean = TextRule::new(Charset::Cp949);
        check(&korean, '가', b"\xB0\xA1");
        check(&korean, '가', b"\xB0\xA1 ");
        check(&TextRule { width: Width::Wide, ..korean }, '\u{3000}', b"\xA1\xA1\xA1\xA1");
        check(&TextRule::new(Charset::Ibm933), '홍', b"\x0E\xD1\xB7\x0F\x40");
        check(&TextRule::new(Charset::Ibm933), ' ', b"\x40");
    }

    #[test]
    fn two_characters_and_too_long_ones_are_refused() {
        let korean = TextRule::new(Charset::Cp949);
        assert_eq!(char::get(&korean, b"AB"), Err(ONE));
        assert_eq!(char::get(&korean, b" A"), Err(ONE));
        assert!(matches!('가'.put(&korean, &mut [0; 1]), Err(Fault::NoRoom(_))));
        assert!(matches!('é'.put(&TextRule::new(Charset::Ascii), &mut [0; 1]), Err(Fault::Unmappable { .. })));
    }
}
