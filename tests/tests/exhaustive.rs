//! Exhaustive tests of small kinds: each byte and each day, compared with tables and formulas in this file and with the calendar of jiff.
//!
//! No expected value comes from the codec. Every value that can be read must also be written as exactly the same bytes.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "the whole file is a test; clippy sees only the functions with the attribute"
)]

use fep_codec::layout::{
    DatePattern, DateRule, DateTimePattern, DateTimeRule, Encoding, FlagRule, NumberRule, Overpunch, Sign, TimePattern,
    TimeRule,
};
use fep_codec::{Date, DateTime, FieldValue, MonthDay, Time};
use jiff::civil;

/// Checks that the bytes are read as this number, or refused if `expected` is `None`. The number must be written as the same bytes.
fn check(rule: &NumberRule, bytes: &[u8], expected: Option<i128>) {
    assert_eq!(i128::get(rule, bytes).ok(), expected, "{rule:?} {bytes:02x?}");
    assert_eq!(i64::get(rule, bytes).ok().map(i128::from), expected.filter(|value| i64::try_from(*value).is_ok()));
    if let Some(value) = expected {
        let mut out = vec![0xEE; bytes.len()];
        value.put(rule, &mut out).unwrap();
        assert_eq!(out, bytes, "{rule:?} {value}");
    }
}

fn two_bytes() -> impl Iterator<Item = [u8; 2]> {
    (0..=u16::MAX).map(u16::to_be_bytes)
}

/// Returns the number whose digits are these half bytes, or `None` if one of them is not a digit.
fn digits(halves: &[u8]) -> Option<i128> {
    halves.iter().try_fold(0, |value, half| (*half <= 9).then(|| value * 10 + i128::from(*half)))
}

fn halves(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().flat_map(|byte| [byte / 16, byte % 16]).collect()
}

const fn encoded(encoding: Encoding, sign: Sign) -> NumberRule {
    NumberRule { encoding, sign, ..NumberRule::UNSIGNED }
}

#[test]
fn every_pattern_of_packed_half_bytes() {
    let check_packed = |bytes: &[u8]| {
        let all = halves(bytes);
        let (sign, before) = all.split_last().unwrap();
        let value = digits(before);
        check(&encoded(Encoding::Packed, Sign::Unsigned), bytes, value.filter(|_| *sign == 0xF));
        let signed = match (sign, value) {
            (0xC, value) => value,
            (0xD, Some(value)) if value != 0 => Some(-value),
            _ => None,
        };
        check(&encoded(Encoding::Packed, Sign::Signed), bytes, signed);
        check(&encoded(Encoding::Bcd, Sign::Unsigned), bytes, digits(&all));
    };
    (0..=u8::MAX).for_each(|byte| check_packed(&[byte]));
    two_bytes().for_each(|bytes| check_packed(&bytes));
}

/// The characters of the digits 0 to 9 with a plus sign, and with a minus sign.
type Alphabet = [[u8; 10]; 2];

#[test]
fn every_overpunched_byte_before_and_after_every_digit() {
    let rows: [(Encoding, Overpunch, Alphabet); 5] = [
        (Encoding::Ascii, Overpunch::Ebcdic, [*b"{ABCDEFGHI", *b"}JKLMNOPQR"]),
        (Encoding::Ascii, Overpunch::EbcdicMinus, [*b"0123456789", *b"}JKLMNOPQR"]),
        (Encoding::Ascii, Overpunch::StrictAscii, [*b"0123456789", *b"pqrstuvwxy"]),
        (Encoding::Ebcdic, Overpunch::Ebcdic, [0xC0, 0xD0].map(|zone| std::array::from_fn(|digit| zone + digit as u8))),
        (
            Encoding::Ebcdic,
            Overpunch::EbcdicMinus,
            [0xF0, 0xD0].map(|zone| std::array::from_fn(|digit| zone + digit as u8)),
        ),
    ];
    for (encoding, form, [plus, minus]) in rows {
        let zone = if encoding == Encoding::Ebcdic { 0xF0 } else { b'0' };
        for [punched, plain] in two_bytes() {
            let of = |alphabet: [u8; 10]| alphabet.iter().position(|byte| *byte == punched).map(|digit| digit as i128);
            let other = plain.checked_sub(zone).filter(|digit| *digit <= 9).map(i128::from);
            let value = |join: fn(i128, i128) -> i128| {
                let magnitude = |digit: Option<i128>| Some(join(digit?, other?));
                magnitude(of(plus)).or_else(|| magnitude(of(minus)).filter(|value| *value != 0).map(|value| -value))
            };
            let first = value(|punched, other| punched * 10 + other);
            check(&encoded(encoding, Sign::LeadingOverpunch(form)), &[punched, plain], first);
            let last = value(|punched, other| other * 10 + punched);
            check(&encoded(encoding, Sign::TrailingOverpunch(form)), &[plain, punched], last);
        }
    }
}

#[test]
fn every_sign_byte_of_every_pair_of_signs() {
    let pairs = [(b'+', b'-'), (b' ', b'-'), (b'0', b'1'), (b'0', b'-'), (b'C', b'D')];
    for (encoding, zone) in [(Encoding::Ascii, b'0'), (Encoding::Ebcdic, 0xF0)] {
        for (plus, minus) in pairs {
            for [sign, digit] in two_bytes() {
                let digit_value = digit.checked_sub(zone).filter(|value| *value <= 9).map(i128::from);
                let value = match digit_value {
                    Some(value) if sign == plus => Some(value),
                    Some(value) if sign == minus && value != 0 => Some(-value),
                    _ => None,
                };
                check(&encoded(encoding, Sign::Leading { plus, minus }), &[sign, digit], value);
                check(&encoded(encoding, Sign::Trailing { plus, minus }), &[digit, sign], value);
            }
        }
        let dash = if encoding == Encoding::Ebcdic { 0x60 } else { b'-' };
        for [first, second] in two_bytes() {
            let digit = |byte: u8| byte.checked_sub(zone).filter(|value| *value <= 9).map(i128::from);
            let value = match (first == dash, digit(first), digit(second)) {
                (true, _, Some(value)) if value != 0 => Some(-value),
                (false, Some(tens), Some(ones)) => Some(tens * 10 + ones),
                _ => None,
            };
            check(&encoded(encoding, Sign::LeadingMinus), &[first, second], value);
        }
    }
}

#[test]
fn every_plain_digit_and_every_flag() {
    for [first, second] in two_bytes() {
        for (encoding, zone) in [(Encoding::Ascii, b'0'), (Encoding::Ebcdic, 0xF0)] {
            let digit = |byte: u8| byte.checked_sub(zone).filter(|value| *value <= 9).map(i128::from);
            let value = digit(first).zip(digit(second)).map(|(tens, ones)| tens * 10 + ones);
            check(&encoded(encoding, Sign::Unsigned), &[first, second], value);
        }
    }
    for [yes, no] in two_bytes().filter(|[yes, no]| yes != no && yes % 16 == 9) {
        let rule = FlagRule { yes, no };
        for byte in 0..=u8::MAX {
            let expected = if byte == yes { Some(true) } else { (byte == no).then_some(false) };
            assert_eq!(bool::get(&rule, &[byte]).ok(), expected);
            let mut out = [0];
            expected.iter().for_each(|value| value.put(&rule, &mut out).unwrap());
            assert!(expected.is_none() || out == [byte]);
        }
    }
}

#[test]
fn binary_numbers_of_each_length_and_both_ends() {
    for len in 1..=8_usize {
        // Every byte at every position of zeros, of ones and of a pattern. This covers each sign and each carry.
        let fills = [[0; 8], [0xFF; 8], [0x80, 0x7F, 0x01, 0xFE, 0x55, 0xAA, 0x00, 0xFF]];
        for (fill, at, byte) in
            fills.iter().flat_map(|fill| (0..len).flat_map(move |at| (0..=u8::MAX).map(move |byte| (fill, at, byte))))
        {
            let mut bytes = fill[..len].to_vec();
            bytes[at] = byte;
            let unsigned = bytes.iter().fold(0_i128, |value, byte| value * 256 + i128::from(*byte));
            let half = 1_i128 << (8 * len - 1);
            let signed = if unsigned >= half { unsigned - 2 * half } else { unsigned };
            let reversed: Vec<u8> = bytes.iter().rev().copied().collect();
            check(&encoded(Encoding::Binary, Sign::Unsigned), &bytes, Some(unsigned));
            check(&encoded(Encoding::Binary, Sign::Signed), &bytes, Some(signed));
            check(&encoded(Encoding::BinaryLittle, Sign::Unsigned), &reversed, Some(unsigned));
            check(&encoded(Encoding::BinaryLittle, Sign::Signed), &reversed, Some(signed));
        }
    }
    for bytes in two_bytes() {
        let [big, little] = [i16::from_be_bytes(bytes), i16::from_le_bytes(bytes)].map(i128::from);
        check(&encoded(Encoding::Binary, Sign::Signed), &bytes, Some(big));
        check(&encoded(Encoding::BinaryLittle, Sign::Signed), &bytes, Some(little));
    }
}

/// Checks that the digits are read as this date by the pattern, or refused if there is no such day (`None`).
fn check_date(pattern: DatePattern, digits: &str, expected: Option<civil::Date>) {
    let expected = expected.map(|date| date.to_string());
    for (encoding, bytes) in encodings(digits) {
        let rule = DateRule { encoding, ..DateRule::new(pattern) };
        let read = Date::get(&rule, &bytes).ok();
        assert_eq!(read.map(|date| date.to_string()), expected, "{pattern:?} {digits}");
        if let Some(date) = read {
            let mut out = vec![0xEE; bytes.len()];
            date.put(&rule, &mut out).unwrap();
            assert_eq!(out, bytes, "{pattern:?} {digits}");
        }
    }
}

/// Returns the digits in each encoding.
fn encodings(digits: &str) -> [(Encoding, Vec<u8>); 4] {
    let values: Vec<u8> = digits.bytes().map(|digit| digit - b'0').collect();
    let pairs = |values: &[u8]| {
        let padded: Vec<u8> = std::iter::repeat_n(0, values.len() % 2).chain(values.iter().copied()).collect();
        padded.chunks(2).map(|pair| pair[0] * 16 + pair[1]).collect::<Vec<u8>>()
    };
    [
        (Encoding::Ascii, digits.as_bytes().to_vec()),
        (Encoding::Ebcdic, values.iter().map(|value| 0xF0 + value).collect()),
        (Encoding::Bcd, pairs(&values)),
        (Encoding::Packed, pairs(&[values.as_slice(), &[0xF]].concat())),
    ]
}

#[test]
fn every_month_and_day_of_a_century_in_every_pattern_of_dates() {
    // With the default pivot, two-digit years mean 1970 to 2069. This range includes 2000, which is a leap year.
    for year in 1970..=2069_i16 {
        for month in 0..=13_i8 {
            for day in 0..=32_i8 {
                let date = civil::Date::new(year, month, day).ok();
                check_date(DatePattern::YYYYMMDD, &format!("{year:04}{month:02}{day:02}"), date);
                check_date(DatePattern::YYMMDD, &format!("{:02}{month:02}{day:02}", year % 100), date);
            }
        }
        for day in 0..=368_i16 {
            let first = civil::date(year, 1, 1);
            let date = (1..=first.days_in_year()).contains(&day);
            let date = date.then(|| first.checked_add(jiff::Span::new().days(i64::from(day) - 1)).unwrap());
            check_date(DatePattern::YYYYDDD, &format!("{year:04}{day:03}"), date);
        }
    }
    for year in [0, 4, 100, 400, 1582, 1700, 1900, 2100, 2400, 9999] {
        for (month, day) in [(1, 1), (2, 28), (2, 29), (2, 30), (12, 31)] {
            let date = civil::Date::new(year, month, day).ok();
            check_date(DatePattern::YYYYMMDD, &format!("{year:04}{month:02}{day:02}"), date);
        }
    }
    for value in 0..10_000_u16 {
        let digits = format!("{value:04}");
        let exists = civil::Date::new(2000, (value / 100) as i8, (value % 100) as i8).is_ok() && value < 1300;
        let rule = DateRule::new(DatePattern::MMDD);
        let read = MonthDay::get(&rule, digits.as_bytes()).ok();
        assert_eq!(read.map(|day| day.to_string()), exists.then(|| digits.clone()), "{digits}");
    }
}

#[test]
fn every_second_of_a_day_and_every_minute() {
    let timestamp = DateTimeRule::new(DateTimePattern::YYMMDDHHMMSS);
    for (hour, minute, second) in
        (0..=25_i8).flat_map(|hour| (0..=61).flat_map(move |minute| (0..=61).map(move |second| (hour, minute, second))))
    {
        let expected = civil::Time::new(hour, minute, second, 0).ok().map(|time| time.strftime("%H:%M:%S").to_string());
        let digits = format!("{hour:02}{minute:02}{second:02}");
        for (encoding, bytes) in encodings(&digits) {
            let rule = TimeRule { encoding, ..TimeRule::new(TimePattern::HHMMSS) };
            let read = Time::get(&rule, &bytes).ok();
            assert_eq!(read.map(|time| time.to_string()), expected, "{digits}");
            if let Some(time) = read {
                let mut out = vec![0xEE; bytes.len()];
                time.put(&rule, &mut out).unwrap();
                assert_eq!(out, bytes);
            }
        }
        let stamp = DateTime::get(&timestamp, format!("261121{digits}").as_bytes()).ok();
        assert_eq!(stamp.map(|stamp| stamp.time.to_string()), expected);
        if second == 0 {
            let read = Time::get(&TimeRule::new(TimePattern::HHMM), &digits.as_bytes()[..4]).ok();
            assert_eq!(read.map(|time| time.to_string()), expected);
        }
    }
}
