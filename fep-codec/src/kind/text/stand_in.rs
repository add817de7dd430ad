//! What a field holds in place of a text that its charset cannot write. Only a telegram that is read back at once has it.

use super::{pad, put_any};
use crate::layout::TextRule;

/// The characters that are tried, the first one first. A full-width field takes only the wide forms. A field whose padding is the question
/// mark takes only the exclamation mark.
const MARKS: [&str; 4] = ["?", "？", "!", "！"];

impl TextRule {
    /// Writes a text that the field can hold. It is no padding if the field has room for any character, because a text that cannot be
    /// written is none either: in a padded group, its entry is a used one.
    #[cold]
    pub(crate) fn put_stand_in(&self, out: &mut [u8]) {
        let len = out.len();
        // A field that is always full takes a text of its length only: of single bytes, of pairs, or of pairs between SO and SI.
        let counts = [len, len / 2, len.saturating_sub(2) / 2];
        let counts = if self.exact { &counts[..] } else { &[1] };
        let mut put = MARKS.iter().flat_map(|mark| counts.iter().map(|count| mark.repeat(*count)));
        if !put.any(|text| put_any(&text, self, out).is_ok()) {
            pad(self, 0, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::borrow::Cow;
    use alloc::vec;

    use super::*;
    use crate::charset::Charset;
    use crate::kind::FieldValue as _;
    use crate::layout::{Justify, Overflow, Width};

    /// Writes a stand-in and says whether it is read as a text that is not blank.
    fn is_read(rule: &TextRule, len: usize) -> bool {
        let mut out = vec![0xEE; len];
        rule.put_stand_in(&mut out);
        Cow::<str>::get(rule, &out).unwrap().chars().any(|character| !character.is_whitespace())
    }

    #[test]
    fn a_stand_in_is_a_text_that_is_not_blank_in_each_charset_and_by_each_rule() {
        let mut seen = 0;
        for charset in Charset::ALL {
            for exact in [false, true] {
                for width in [Width::Any, Width::Wide] {
                    for (justify, overflow) in [(Justify::Left, Overflow::Error), (Justify::Right, Overflow::Cut)] {
                        for len in 1..=9 {
                            let rule = TextRule { exact, width, justify, overflow, ..TextRule::new(*charset) };
                            let in_pairs = charset.is_pairs() || width == Width::Wide;
                            let has_room = len >= 4 || !(charset.is_shifted() && in_pairs);
                            let is_possible = width == Width::Any || charset.has_full_width();
                            if is_possible && has_room && (!in_pairs || len % 2 == 0) {
                                assert!(is_read(&rule, len), "{rule:?}, {len} bytes");
                                seen += 1;
                            }
                        }
                    }
                }
            }
        }
        assert!(seen > 300, "{seen}");
    }

    #[test]
    fn padding_of_question_marks_and_fields_without_room() {
        let rule = TextRule { pad: b'?', ..TextRule::new(Charset::Ascii) };
        assert!(is_read(&rule, 2));
        let mut out = [0];
        rule.put_stand_in(&mut out);
        assert_eq!(&out, b"!");
        let mut out = [];
        rule.put_stand_in(&mut out);
    }
}
