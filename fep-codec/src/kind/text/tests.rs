//! Text fields: padding, cutting, width and refused values.

use alloc::string::{String, ToString as _};
use alloc::vec;

use super::*;

fn check(rule: &TextRule, text: &str, bytes: &[u8]) {
    let mut out = vec![0xEE; bytes.len()];
    put(text, rule, &mut out).unwrap();
    assert_eq!(out, bytes, "{text}");
    assert_eq!(get(rule, bytes).unwrap(), text);
    assert_eq!(Text::<16>::get(rule, bytes).unwrap(), *text);
}

fn put(text: &str, rule: &TextRule, out: &mut [u8]) -> Result<(), Fault> {
    FieldValue::put(&text, rule, out)
}

const EUC_KR: TextRule = TextRule::new(Charset::EucKr);
const RIGHT: TextRule = TextRule { justify: Justify::Right, ..EUC_KR };
const CUT: TextRule = TextRule { overflow: Overflow::Cut, ..EUC_KR };

#[test]
fn text_stands_left_or_right_and_the_rest_is_padding() {
    check(&EUC_KR, "홍길동", b"\xC8\xAB\xB1\xE6\xB5\xBF    ");
    check(&EUC_KR, "", b"    ");
    check(&EUC_KR, "KIM 1", b"KIM 1");
    check(&RIGHT, "홍", b"  \xC8\xAB");
    check(&RIGHT, "AB", b"AB");
}

#[test]
fn too_long_says_how_many_bytes_are_needed_and_what_does_not_fit() {
    let check = |text: &str, charset: Charset, room: usize, message: &str| {
        let fault = put(text, &TextRule::new(charset), &mut vec![0; room]).unwrap_err();
        assert_eq!(fault.to_string(), message, "{charset}");
    };
    check("홍길동", Charset::EucKr, 5, "needs 6 bytes, the field has 5: it overflows at character 3 ('동')");
    check("홍길동", Charset::Ibm933, 7, "needs 8 bytes, the field has 7: it overflows at character 3 ('동')");
    check("홍길동A", Charset::Ibm933, 8, "needs 9 bytes, the field has 8: it overflows at character 4 ('A')");
    check("홍길동", Charset::Utf8, 8, "needs 9 bytes, the field has 8: it overflows at character 3 ('동')");
    check("ABC", Charset::Ascii, 2, "needs 3 bytes, the field has 2: it overflows at character 3 ('C')");
    let secret = put("홍길동", &EUC_KR, &mut [0; 5]).unwrap_err().without_content();
    assert_eq!(secret.to_string(), "needs 6 bytes, the field has 5: it overflows at character 3");
}

#[test]
fn cutting_keeps_whole_characters() {
    let mut out = [0; 5];
    put("홍길동", &CUT, &mut out).unwrap();
    assert_eq!(&out, b"\xC8\xAB\xB1\xE6 ");
    put("가나 다", &CUT, &mut out).unwrap();
    assert_eq!(&out, b"\xB0\xA1\xB3\xAA ", "a space before the cut is padding");
    put("abcde", &CUT, &mut out).unwrap();
    assert_eq!(&out, b"abcde");
}

#[test]
fn a_value_that_padding_would_swallow_is_refused() {
    let mut out = [0; 5];
    assert_eq!(put("a ", &EUC_KR, &mut out), Err(Fault::LooksLikePadding));
    assert_eq!(put(" a", &RIGHT, &mut out), Err(Fault::LooksLikePadding));
    put(" a", &EUC_KR, &mut out).unwrap();
    assert_eq!(&out, b" a   ");
}

#[test]
fn a_missing_character_names_itself_and_a_charset_that_has_it() {
    let mut out = [0; 9];
    let fault = put("가똠", &EUC_KR, &mut out).unwrap_err();
    assert_eq!(fault.to_string(), "character 2 of the value, '똠' (U+B620), is not in euc-kr; cp949 has it");
}

fn refused(rule: &TextRule, bytes: &[u8]) -> (usize, Reason) {
    match get(rule, bytes) {
        Err(Fault::Malformed { at, charset }) if charset == rule.charset => (at.offset, at.reason),
        other => panic!("{other:?}"),
    }
}

#[test]
fn half_a_character_in_a_received_field_is_an_error_unless_the_field_says_otherwise() {
    assert_eq!(refused(&EUC_KR, b"\xC8\xAB\xB1"), (2, Reason::Half));
    assert_eq!(refused(&RIGHT, b"  \xC8"), (2, Reason::Half));
    assert_eq!(refused(&TextRule::new(Charset::Utf8), b"a\xED\x99"), (1, Reason::Half));
    let replace = TextRule { half: Half::Replace, ..EUC_KR };
    let drop = TextRule { half: Half::Drop, ..EUC_KR };
    // Cut at a byte and padded again.
    for bytes in [b"\xC8\xAB\xB1".as_slice(), b"\xC8\xAB\xB1  "] {
        assert_eq!(get(&replace, bytes).unwrap(), "홍\u{FFFD}");
        assert_eq!(get(&drop, bytes).unwrap(), "홍");
        assert_eq!(Text::<5>::get(&drop, bytes).unwrap(), *"홍");
    }
    assert_eq!(get(&TextRule { charset: Charset::Utf8, ..drop }, b"a\xED\x99").unwrap(), "a");
    assert_eq!(get(&TextRule { charset: Charset::Utf8, ..replace }, b"a\xED\x99").unwrap(), "a\u{FFFD}");
    // The option applies only at the end. Elsewhere the lost bytes are unknown.
    assert_eq!(refused(&drop, b"\xC8\x41\xC8\xAB"), (0, Reason::NoCharacter));
    // A space before a dropped half counts as padding, so that the text can be written again.
    let text = get(&drop, b"\xB0\xA1 \xB0").unwrap();
    assert_eq!(text, "가");
    assert_eq!(Text::<4>::get(&drop, b"\xB0\xA1 \xB0").unwrap(), "가");
    assert_eq!(get(&drop, b" \xB0").unwrap(), "");
}

const HOST: TextRule = TextRule::new(Charset::Ibm933);

#[test]
fn a_host_counts_so_and_si() {
    check(&HOST, "홍길동", b"\x0E\xD1\xB7\x8B\xA9\x95\xB7\x0F");
    check(&HOST, "홍길동A1", b"\x0E\xD1\xB7\x8B\xA9\x95\xB7\x0F\xC1\xF1\x40");
    check(&HOST, "A홍1", b"\xC1\x0E\xD1\xB7\x0F\xF1");
    check(&HOST, "", b"\x40\x40");
    assert_eq!(Charset::Ibm933.text_len("홍길동"), 8);
}

#[test]
fn a_cut_closes_the_shift() {
    let cut = TextRule { overflow: Overflow::Cut, ..HOST };
    let check = |text: &str, bytes: &[u8]| {
        let mut out = vec![0xEE; bytes.len()];
        put(text, &cut, &mut out).unwrap();
        assert_eq!(out, bytes, "{text}");
        get(&HOST, bytes).unwrap();
    };
    check("홍길동", b"\x0E\xD1\xB7\x8B\xA9\x0F\x40");
    check("홍길동", b"\x0E\xD1\xB7\x8B\xA9\x0F");
    check("홍길동", b"\x40\x40\x40");
    check("AB홍", b"\xC1\xC2\x40\x40\x40");
    check("홍A", b"\x0E\xD1\xB7\x0F");
    check("홍 길", b"\x0E\xD1\xB7\x0F\x40\x40\x40\x40");
    let lacks = put("홍길동똠😀", &cut, &mut [0; 4]).unwrap_err();
    assert!(matches!(lacks, Fault::Unmappable { position: 3, .. }), "what is cut off must be text too: {lacks}");
}

#[test]
fn shifts_that_do_not_pair_are_errors() {
    assert_eq!(refused(&HOST, b"\x0E\xD1\xB7\x8B\xA9"), (5, Reason::SiMissing));
    assert_eq!(refused(&HOST, b"\xC1\x0F"), (1, Reason::SiAlone));
    assert_eq!(refused(&HOST, b"\x0E\xD1\xB7\x0E\xD1\xB7\x0F"), (3, Reason::SoInPairs));
    assert_eq!(refused(&HOST, b"\x0E\xD1\xB7\x8B\x0F"), (3, Reason::Half));
    assert_eq!(refused(&HOST, b"\x0E\xD1\xB7\x8B"), (3, Reason::Half));
    assert_eq!(refused(&HOST, b"\x0E\xFF\xFF\x0F"), (1, Reason::NoCharacter));
    assert_eq!(refused(&HOST, b"\xC1\x0E\x0F"), (1, Reason::EmptyShift));
    assert_eq!(refused(&HOST, b"\x0E\xD1\xB7\x0F\x0E\xD1\xB7\x0F"), (3, Reason::EmptyShift));
    let open = TextRule { open_shift: true, ..HOST };
    assert_eq!(get(&open, b"\x0E\xD1\xB7\x0F\x0E\xD1\xB7\x0F").unwrap(), "홍홍");
    assert_eq!(get(&open, b"\x0E\xD1\xB7\x8B\xA9").unwrap(), "홍길");
    assert_eq!(get(&open, b"\x0E\xD1\xB7\x40\x40").unwrap(), "홍");
    assert_eq!(refused(&open, b"\x0E\xD1\xB7\x8B"), (3, Reason::Half));
    assert_eq!(get(&TextRule { half: Half::Drop, ..open }, b"\x0E\xD1\xB7\x8B").unwrap(), "홍");
    let half_only = TextRule { half: Half::Drop, ..HOST };
    assert_eq!(refused(&half_only, b"\x0E\xD1\xB7\x8B"), (4, Reason::SiMissing));
}

#[test]
fn full_width_comes_before_padding_and_padding_comes_in_pairs() {
    let full = |charset| TextRule { width: Width::Wide, ..TextRule::new(charset) };
    let check = |charset: Charset, text: &str, bytes: &[u8], read: &str| {
        let rule = full(charset);
        let mut out = vec![0xEE; bytes.len()];
        put(text, &rule, &mut out).unwrap();
        assert_eq!(out, bytes, "{text}");
        assert_eq!(get(&rule, bytes).unwrap(), read);
        put(read, &rule, &mut out).unwrap();
        assert_eq!(out, bytes, "what was read is written again");
    };
    check(Charset::Cp949, "A 1", b"\xA3\xC1\xA1\xA1\xA3\xB1\xA1\xA1\xA1\xA1", "Ａ　１");
    check(Charset::EucKr, "홍A", b"\xC8\xAB\xA3\xC1", "홍Ａ");
    check(Charset::Johab, "A", b"\xDA\x51\xD9\x31", "Ａ");
    check(Charset::Cp932, "A", b"\x82\x60\x81\x40", "Ａ");
    check(Charset::Ibm834, "A", b"\x42\xC1\x40\x40", "Ａ");
    check(Charset::Ibm933, "A", b"\x0E\x42\xC1\x0F\x40\x40", "Ａ");
    check(Charset::Cp949, "", b"\xA1\xA1", "");
    let right = TextRule { justify: Justify::Right, ..full(Charset::Cp949) };
    let mut out = [0; 6];
    put("가", &right, &mut out).unwrap();
    assert_eq!((out.as_slice(), get(&right, &out).unwrap().as_ref()), (b"\xA1\xA1\xA1\xA1\xB0\xA1".as_slice(), "가"));
    let cut = TextRule { overflow: Overflow::Cut, ..full(Charset::Cp949) };
    put("AB CD", &cut, &mut out).unwrap();
    assert_eq!(&out, b"\xA3\xC1\xA3\xC2\xA1\xA1");

    let rule = full(Charset::Cp949);
    assert_eq!(refused(&rule, b"\xB0\xA1A "), (2, Reason::HalfWidth));
    assert_eq!(refused(&rule, b"    "), (0, Reason::HalfWidth), "blank with the wrong spaces");
    assert_eq!(
        get(&rule, b"\x41\x42"),
        Err(Fault::Malformed { at: DecodeError { offset: 0, reason: Reason::HalfWidth }, charset: Charset::Cp949 })
    );
    assert_eq!(put("A ", &rule, &mut out), Err(Fault::LooksLikePadding));
    assert_eq!(put("A　", &rule, &mut out), Err(Fault::LooksLikePadding));
    assert!(matches!(put("A", &rule, &mut [0; 3]), Err(Fault::BadSpec { .. })));
}

#[test]
fn pairs_are_trimmed_as_pairs() {
    let pairs = TextRule::new(Charset::Ibm834);
    // 40 is also a first byte, but a space 4040 across two characters, as in 4140 4042, cannot occur.
    check(&pairs, "홍", b"\xD1\xB7\x40\x40\x40\x40");
    assert_eq!(put("홍　", &pairs, &mut [0; 8]), Err(Fault::LooksLikePadding));
    assert_eq!(refused(&pairs, b"\xD1\xB7\xD1"), (2, Reason::Half));
    let fault = put("A", &pairs, &mut [0; 4]).unwrap_err();
    assert_eq!(fault.to_string(), "character 1 of the value, 'A' (U+0041), is not in ibm834; ibm933 has it");
}

#[test]
fn text_in_pieces_is_put_together() {
    let pieces = "\u{1112}\u{1169}\u{11BC}\u{1100}\u{1175}\u{11AF}";
    for (charset, bytes) in [
        (Charset::Cp949, b"\xC8\xAB\xB1\xE6    ".as_slice()),
        (Charset::EucKr, b"\xC8\xAB\xB1\xE6"),
        (Charset::Johab, b"\xD1\xB7\x8B\xA9"),
        (Charset::Ibm933, b"\x0E\xD1\xB7\x8B\xA9\x0F"),
        (Charset::Ibm1364, b"\x0E\xD1\xB7\x8B\xA9\x0F"),
    ] {
        let mut out = vec![0; bytes.len()];
        put(pieces, &TextRule::new(charset), &mut out).unwrap();
        assert_eq!(out, bytes, "{charset}");
    }
    let mut out = [0; 4];
    put("か\u{3099}ハ\u{309A}", &TextRule::new(Charset::Cp932), &mut out).unwrap();
    assert_eq!(&out, b"\x82\xAA\x83\x70");
    // Loose jamo are characters of IBM-1364.
    let mut out = [0; 4];
    put("\u{1112}", &TextRule::new(Charset::Ibm1364), &mut out).unwrap();
    assert_eq!(get(&TextRule::new(Charset::Ibm1364), &out).unwrap(), "\u{1112}");
    // Positions count the characters that the caller gave.
    let fault = put("\u{1112}\u{1169}😀", &EUC_KR, &mut [0; 8]).unwrap_err();
    assert!(matches!(fault, Fault::Unmappable { position: 2, .. }), "{fault}");
}

#[test]
fn folding_is_off_until_it_is_asked_for() {
    let compat = TextRule { compat: true, ..HOST };
    // ICU's fallbacks: ibm-933_P110-1995, precision 1.
    for (character, code) in
        [("\u{AD}", 0x4148), ("·", 0x4143), ("―", 0x4149), ("∼", 0x42A1), ("⊙", 0x496F), ("～", 0x4954_u16)]
    {
        let [high, low] = code.to_be_bytes();
        let mut out = [0; 4];
        assert!(matches!(put(character, &HOST, &mut out), Err(Fault::Unmappable { .. })), "{character}");
        put(character, &compat, &mut out).unwrap();
        assert_eq!(out, [0x0E, high, low, 0x0F], "{character}");
    }
    assert!(matches!(put("😀", &compat, &mut [0; 8]), Err(Fault::Unmappable { .. })));
}

#[test]
fn new_lines_of_a_host_are_15_or_25() {
    let latin = TextRule::new(Charset::Cp1047);
    check(&latin, "a\nb\u{85}", b"\x81\x25\x82\x15\x40");
    check(&TextRule { newline_15: true, ..latin }, "a\nb\u{85}", b"\x81\x15\x82\x25\x40");
}

#[test]
fn bytes_of_a_host_that_happen_to_be_ascii_are_not() {
    assert_eq!(Text::<2>::get_ascii(&HOST, "@@").unwrap(), *"");
    assert_eq!(String::get_ascii(&HOST, "a@").unwrap(), "/");
    assert!(matches!(<&str>::get_ascii(&HOST, "a@"), Err(Fault::BadSpec { .. })));
    assert_eq!(<&str>::get_ascii(&HOST, "@@"), Ok(""));
    assert_eq!(put("A ", &HOST, &mut [0; 4]), Err(Fault::LooksLikePadding));
    let zeros = TextRule { pad: 0xF0, ..HOST };
    check(&zeros, "홍", b"\x0E\xD1\xB7\x0F\xF0");
    assert_eq!(put("A0", &zeros, &mut [0; 4]), Err(Fault::LooksLikePadding));
}
