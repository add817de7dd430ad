//! Frames that state their length. The bytes are written by hand.

use alloc::string::ToString as _;
use alloc::vec;
use alloc::vec::Vec;

use super::*;
use LengthCode::{Ascii, Bcd, BigEndian, Ebcdic, HalfSwapped, LittleEndian};
use LengthScope::{All, Rest};

fn of(code: LengthCode, len: u8, counts: LengthScope) -> LengthPrefix {
    LengthPrefix::coded(code, len, counts, 1000).expect("a length")
}

fn check(prefix: LengthPrefix, buffer: &[u8], expected: Result<Option<usize>, FrameError>) {
    assert_eq!(prefix.frame_len(buffer), expected, "{prefix:?} {buffer:02x?}");
}

/// Checks that the telegram on the line is this frame, and that every cut of the frame waits.
fn check_frame(prefix: LengthPrefix, telegram: &[u8], frame: &[u8]) {
    let mut made = Vec::new();
    prefix.enclose(telegram, &mut made).expect("a frame");
    assert_eq!(made, frame, "{prefix:?}");
    for end in 0..frame.len() {
        assert_eq!(prefix.next(&frame[..end]), Ok(None), "{prefix:?} cut at {end}");
    }
    let stream = [frame, b"..."].concat();
    assert_eq!(prefix.next(&stream), Ok(Some(frame.len())), "{prefix:?}");
    assert_eq!(frame.get(prefix.content(frame)), Some(telegram), "{prefix:?}");
}

#[test]
fn a_length_that_is_kept_is_a_field_of_the_telegram() {
    let same = |prefix, frame: &[u8]| check_frame(prefix, frame, frame);
    same(of(Ascii, 4, Rest), b"0005abcde");
    same(of(Ascii, 4, All), b"0009abcde");
    same(of(Ascii, 2, Rest), b"05abcde");
    same(of(Ascii, 4, Rest), b"0000");
    same(of(Ebcdic, 4, Rest), b"\xF0\xF0\xF0\xF3\xC1\xC2\xC3");
    same(of(Ebcdic, 3, All), b"\xF0\xF0\xF6\xC1\xC2\xC3");
    same(of(Bcd, 2, Rest), b"\x00\x12abcdefghijkl");
    same(of(Bcd, 2, All), b"\x00\x14abcdefghijkl");
    same(of(BigEndian, 1, Rest), b"\x03abc");
    same(of(BigEndian, 2, All), b"\x00\x05abc");
    same(of(BigEndian, 3, Rest), b"\x00\x00\x03abc");
    same(of(LittleEndian, 2, Rest), b"\x03\x00abc");
    same(of(LittleEndian, 4, All), b"\x07\x00\x00\x00abc");
    same(of(HalfSwapped, 4, Rest), b"\x00\x03\x00\x00abc");
    same(of(LengthCode::ByteSwapped, 4, Rest), b"\x00\x00\x03\x00abc");
}

#[test]
fn a_length_may_stand_inside_the_header_and_leave_out_a_constant() {
    let same = |prefix, frame: &[u8]| check_frame(prefix, frame, frame);
    same(of(Ascii, 4, Rest).at(8), b"TRANCODE0003abc");
    same(of(Ascii, 4, All).at(8), b"TRANCODE0015abc");
    same(of(BigEndian, 2, All).at(2), b"\x03\x00\x00\x07abc");
    // The value leaves out a header of ten bytes, and it counts two bytes that are not there.
    same(of(Ascii, 4, Rest).all_but(10), b"0003______abc");
    same(of(Ascii, 4, Rest).all_but(-2), b"0009abc");
    check(of(Ascii, 4, Rest).all_but(10), b"0000", Ok(Some(10)));
    check(of(Ascii, 4, Rest).all_but(-2), b"0006", Ok(Some(4)));
    check(of(Ascii, 4, Rest).all_but(-2), b"0005", Err(FrameError::TooShort { stated: 5, min: 6 }));
    check(of(Ascii, 4, All).at(8), b"TRANCODE0011", Err(FrameError::TooShort { stated: 11, min: 12 }));
}

#[test]
fn a_length_that_is_stripped_stands_only_on_the_line() {
    let on_line = |prefix: LengthPrefix, telegram: &[u8], frame: &[u8]| {
        check_frame(prefix.stripped().expect("at byte 0"), telegram, frame);
    };
    on_line(of(Ascii, 4, Rest), b"abc", b"0003abc");
    on_line(of(Ascii, 4, All), b"abc", b"0007abc");
    on_line(of(Ascii, 4, Rest), b"", b"0000");
    on_line(of(Ascii, 4, All), b"", b"0004");
    on_line(of(Ebcdic, 4, Rest), b"\xC1", b"\xF0\xF0\xF0\xF1\xC1");
    on_line(of(Bcd, 2, Rest), b"abcdefghijkl", b"\x00\x12abcdefghijkl");
    on_line(of(BigEndian, 2, Rest), b"abc", b"\x00\x03abc");
    on_line(of(LittleEndian, 2, All), b"abc", b"\x05\x00abc");
    on_line(of(HalfSwapped, 4, All), b"abc", b"\x00\x07\x00\x00abc");
    on_line(of(Ascii, 4, Rest).all_but(-1), b"abc", b"0008abc");
    assert_eq!(of(Ascii, 4, Rest).at(8).stripped(), None, "bytes of the telegram stand before it");
}

#[test]
fn a_length_over_the_maximum_is_refused_before_its_bytes_come() {
    check(of(Ascii, 4, Rest), b"0997", Err(FrameError::TooLong { stated: 1001, max: 1000 }));
    check(of(Ascii, 4, Rest), b"0996", Ok(Some(1000)));
    check(of(Ascii, 4, All), b"1001", Err(FrameError::TooLong { stated: 1001, max: 1000 }));
    check(of(BigEndian, 4, Rest), &[0xFF; 4], Err(FrameError::TooLong { stated: 0x1_0000_0003, max: 1000 }));
    check(of(LittleEndian, 2, All), &[0xE9, 0x03], Err(FrameError::TooLong { stated: 1001, max: 1000 }));
    check(of(HalfSwapped, 4, All), &[0, 5, 0, 1], Err(FrameError::TooLong { stated: 65_541, max: 1000 }));
    check(of(Bcd, 2, All), &[0x10, 0x01], Err(FrameError::TooLong { stated: 1001, max: 1000 }));
}

#[test]
fn rubbish_is_seen_at_its_first_byte() {
    let wrong = |expected, offset, found| Err(FrameError::NotADigit { offset, found, expected });
    check(of(Ascii, 4, Rest), b"\xFF", wrong(Ascii, 0, 0xFF));
    check(of(Ascii, 4, Rest), b"00 5abc", wrong(Ascii, 2, b' '));
    check(of(Ascii, 4, Rest).at(2), b"TRx", wrong(Ascii, 2, b'x'));
    check(of(Ebcdic, 4, Rest), b"\xF00", wrong(Ebcdic, 1, b'0'));
    check(of(Bcd, 2, Rest), b"\x00\x1C", wrong(Bcd, 1, 0x1C));
    check(of(Ascii, 4, All), b"0003", Err(FrameError::TooShort { stated: 3, min: 4 }));
    check(of(BigEndian, 2, All), &[0x00, 0x01], Err(FrameError::TooShort { stated: 1, min: 2 }));
}

#[test]
fn a_telegram_that_the_other_side_would_cut_elsewhere_is_not_sent() {
    let refused = |prefix: LengthPrefix, telegram: &[u8], expected: &str| {
        let mut out = vec![7];
        let error = prefix.enclose(telegram, &mut out).expect_err("no frame");
        assert_eq!((error.to_string().as_str(), out.as_slice()), (expected, &[7][..]));
    };
    refused(of(Ascii, 4, Rest), b"0009abcde", "the telegram has 9 bytes, but by its first bytes a frame has 13");
    refused(of(Ascii, 4, Rest), b"00", "the telegram has 2 bytes and ends before the frame's length is known");
    let text = "the telegram is not a frame: byte 0 is 61, not a digit of the frame's length";
    refused(of(Ascii, 4, Rest), b"abcde", text);
    let stripped = |prefix: LengthPrefix| prefix.stripped().expect("at byte 0");
    let full = "the length would be 10, there is room for at most 9";
    refused(stripped(of(Ascii, 1, Rest)), b"abcdefghij", full);
    refused(stripped(of(Ascii, 4, Rest)), &[0; 997], "the frame would have 1001 bytes, at most 1000 may be sent");
    refused(stripped(of(Ascii, 4, Rest).all_but(9)), b"abcd", "the frame would have 8 bytes, the shortest has 9");
}

#[test]
fn a_length_has_as_many_bytes_as_its_form_has() {
    let with = |digits| LengthPrefix::new(digits, Rest, 1000).map(|prefix| prefix.digits());
    assert_eq!([0, 1, 9, 10].map(with), [None, Some(1), Some(9), None]);
    let with = |len| LengthPrefix::coded(BigEndian, len, All, 9).map(|prefix| prefix.digits());
    assert_eq!([0, 1, 4, 5].map(with), [None, Some(1), Some(4), None]);
}
