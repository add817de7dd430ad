//! Random text and random bytes, in every charset. The fuzzer uses the same properties.

use fep_tests::properties::{any_text, any_text_bytes};
use proptest::prelude::*;

/// Characters that many charsets have, and some that few charsets have.
fn character() -> impl Strategy<Value = char> {
    prop_oneof![
        4 => proptest::char::range('\u{AC00}', '\u{D7A3}'),
        3 => proptest::char::range(' ', '~'),
        1 => proptest::char::range('\u{4E00}', '\u{9FFF}'),
        1 => proptest::char::range('\u{3000}', '\u{318F}'),
        1 => proptest::char::range('\u{FF01}', '\u{FFDC}'),
        1 => proptest::char::range('\u{1100}', '\u{11FF}'),
        1 => proptest::char::range('\u{80}', '\u{17F}'),
        1 => any::<char>(),
    ]
}

fn korean() -> impl Strategy<Value = char> {
    prop::sample::select("홍길동가힣漢字A1 ㄱㅏ·―！　".chars().collect::<Vec<_>>())
}

proptest! {
    #[test]
    fn any_text_is_written_or_refused(text in prop::collection::vec(character(), 0..24)) {
        any_text(&text.into_iter().collect::<String>());
    }

    #[test]
    fn korean_text_is_cut_at_characters(text in prop::collection::vec(korean(), 0..16)) {
        any_text(&text.into_iter().collect::<String>());
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..24)) {
        any_text_bytes(&bytes);
    }

    /// Bytes that are likely to be text on a host: pairs between SO and SI.
    #[test]
    fn shifted_bytes_are_read_or_refused(
        parts in prop::collection::vec(prop_oneof![
            Just(vec![0x0E]), Just(vec![0x0F]), Just(vec![0xD1, 0xB7]), Just(vec![0x8B, 0xA9]), Just(vec![0x40]), Just(vec![0xC1]),
            any::<u8>().prop_map(|byte| vec![byte]),
        ], 0..16)
    ) {
        any_text_bytes(&parts.concat());
    }
}
