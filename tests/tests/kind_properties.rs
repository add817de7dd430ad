//! Every kind of field with every option, each as a layout of one field. Random values survive encoding and decoding. Damaged and random
//! bytes are refused or come back unchanged. The Rust types read and write the same as the record.
//!
//! Kinds that are small enough to test completely are in `exhaustive.rs`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "helpers of a test fail by panicking")]

use std::borrow::Cow;

use chrono::{NaiveDate, NaiveTime};
use fep_codec::layout::{
    BytesRule, CodeMeaning, CodeRule, DatePattern, DateRule, DateTimePattern, DateTimeRule, DigitsRule, Encoding,
    Field, FlagRule, Item, Justify, Kind, NoneAs, NoneSet, NumberRule, Overflow, Overpunch, Sign, TextRule,
    TimePattern, TimeRule, When, Width,
};
use fep_codec::{Charset, Date, FieldValue, Layout, MonthDay, Record, Time, Value};
use fep_core::blanks::BlankValue;
use fep_core::calendar::Pattern;
use fep_core::rules::Nones;
use fep_tests::arbitrary::{self, Random};
use fep_tests::properties;
use jiff::civil;
use rust_decimal::Decimal;

const ENCODINGS: [Encoding; 6] =
    [Encoding::Ascii, Encoding::Ebcdic, Encoding::Packed, Encoding::Bcd, Encoding::Binary, Encoding::BinaryLittle];
const NONES: [NoneAs; 6] =
    [NoneAs::Never, NoneAs::Spaces, NoneAs::Zeros, NoneAs::Nines, NoneAs::EbcdicSpaces, NoneAs::LowValues];

fn layout(kind: Kind, len: usize) -> Layout {
    let field = Field { name: "field".into(), label: "".into(), len, kind, secret: false, computed: None };
    Layout {
        name: "One".into(),
        label: "".into(),
        charset: Charset::Ascii,
        stated_len: None,
        when: Cow::Borrowed(&[]),
        items: Cow::Owned(vec![Item::Field(field)]),
    }
}

fn byte(random: &mut Random) -> u8 {
    u8::try_from(random.below(256)).unwrap()
}

/// Returns the bytes of some random values of the field. Values that are refused because their bytes mean something else are skipped.
fn values(layout: &Layout, how_many: u64) -> Vec<Vec<u8>> {
    let mut written = Vec::new();
    for seed in 0..how_many {
        let record = arbitrary::record(layout, &mut Random(seed));
        let Ok(bytes) = record.encode() else { continue };
        let read = Record::decode(layout, &bytes).unwrap_or_else(|error| panic!("{layout:?} {bytes:02x?}: {error}"));
        assert!(read.values() == record.values(), "seed {seed}: {layout:?} {bytes:02x?}");
        written.push(bytes);
    }
    assert!(written.len() as u64 * 5 > how_many, "{} of {how_many}: {layout:?}", written.len());
    written
}

/// Checks all properties of a field of this kind.
fn check(kind: Kind, len: usize) {
    let layout = layout(kind, len);
    let mut random = Random(len as u64);
    let mut contents = values(&layout, 9);
    for bytes in contents.clone() {
        properties::any_bytes(&layout, &bytes);
        let mut damaged = bytes;
        let at = usize::try_from(random.below(len as u64)).unwrap();
        damaged[at] = byte(&mut random);
        properties::any_bytes(&layout, &damaged);
        contents.push(damaged);
    }
    for _ in 0..2 {
        let rubbish: Vec<u8> = (0..len).map(|_| byte(&mut random)).collect();
        properties::any_bytes(&layout, &rubbish);
        contents.push(rubbish);
    }
    keys(&layout, &contents);
    codes(&layout, &contents);
}

/// Checks that two contents have the same key exactly if their bytes are equal or they decode to the same value.
fn keys(layout: &Layout, contents: &[Vec<u8>]) {
    let Some(Item::Field(field)) = layout.items().first() else { return };
    for one in contents {
        for other in contents {
            let same = one == other || field.read(one).is_ok_and(|value| field.read(other) == Ok(value));
            let equal = field.key_text(one) == field.key_text(other);
            assert_eq!(equal, same, "{one:02x?} {other:02x?} {layout:?}");
        }
    }
}

/// Checks that a field has a code exactly if its bytes are the bytes of the code, or another form of the same number.
fn codes(layout: &Layout, contents: &[Vec<u8>]) {
    let Some(Item::Field(field)) = layout.items().first() else { return };
    let read = contents.iter().filter_map(|content| match field.read(content) {
        Ok(value @ (Value::Text(_) | Value::Number(_) | Value::Flag(_) | Value::Bytes(_))) => {
            Some(value.to_text(field))
        }
        _ => None,
    });
    for code in read.chain(["", "0", "A1", "0100"].map(String::from)) {
        let when = vec![When { path: "field".into(), value: code.clone().into() }];
        let coded = Layout { when: when.into(), ..layout.clone() };
        let bytes = field.kind.code_bytes(&code, field.len);
        if !field.can_identify() {
            assert_eq!(bytes, None, "{layout:?}");
            continue;
        }
        assert!(bytes.as_ref().is_none_or(|bytes| coded.matches(bytes)), "{code:?} {bytes:02x?} {layout:?}");
        for content in contents {
            // A text may have a second form that is read and not written: CP949 in a field of EUC-KR, the doubles of CP932.
            let is_read = !code.is_ascii() && field.read(content) == Ok(Value::from(code.as_str()));
            let is_number = matches!(field.kind, Kind::Number(_))
                && bytes.as_ref().is_some_and(|bytes| field.read(bytes) == field.read(content));
            let says = bytes.as_ref() == Some(content) || is_read || is_number;
            assert_eq!(coded.matches(content), says, "{code:?} {content:02x?} {bytes:02x?} {layout:?}");
        }
    }
}

/// Returns the signs that an encoding can have.
fn signs(encoding: Encoding) -> Vec<Sign> {
    let overpunches = [Overpunch::Ebcdic, Overpunch::EbcdicMinus, Overpunch::StrictAscii];
    let of = |form| [Sign::LeadingOverpunch(form), Sign::TrailingOverpunch(form)];
    match encoding {
        Encoding::Bcd => vec![Sign::Unsigned],
        Encoding::Packed | Encoding::Binary | Encoding::BinaryLittle => vec![Sign::Unsigned, Sign::Signed],
        Encoding::Ascii | Encoding::Ebcdic => {
            let (plus, minus) = if encoding == Encoding::Ascii { (b'+', b'-') } else { (0x4E, 0x60) };
            let beside = [Sign::Leading { plus, minus }, Sign::Trailing { plus: b'0', minus: b'1' }];
            let forms = &overpunches[..if encoding == Encoding::Ascii { 3 } else { 2 }];
            let plain = [Sign::Unsigned, Sign::LeadingMinus];
            plain.into_iter().chain(beside).chain(forms.iter().copied().flat_map(of)).collect()
        }
    }
}

fn numbers() -> Vec<(NumberRule, usize)> {
    let mut rules = Vec::new();
    for encoding in ENCODINGS {
        let most = if encoding.is_binary() { 16 } else { 20 };
        for (sign, none) in signs(encoding).into_iter().flat_map(|sign| NONES.map(|none| (sign, none))) {
            if none != NoneAs::Never && none.bytes(encoding, sign == Sign::Signed).is_none() {
                continue;
            }
            for len in 1..=most {
                let beside = matches!(sign, Sign::Leading { .. } | Sign::Trailing { .. } | Sign::LeadingMinus);
                // With one byte there is no room: the only digit could mean "no value", or the only byte is the sign.
                if len == 1 && (beside || none != NoneAs::Never) {
                    continue;
                }
                rules.push((NumberRule { encoding, sign, none, ..NumberRule::UNSIGNED }, len));
            }
        }
    }
    rules
}

#[test]
fn numbers_in_every_encoding_with_every_sign_and_every_none() {
    for (number, (rule, len)) in numbers().into_iter().enumerate() {
        let scale = i8::try_from(number % 5).unwrap() - 1;
        let digits_max = (!rule.encoding.is_zoned() && number % 5 == 0 && len > 1).then_some(2);
        check(Kind::Number(NumberRule { scale, digits_max, ..rule }), len);
    }
}

#[test]
fn every_integer_type_reads_and_writes_what_the_widest_does_as_far_as_it_goes() {
    macro_rules! types {
        ($rule:ident $bytes:ident: $($integer:ident)*) => {
            $({
                let widest = i128::get(&$rule, $bytes).ok().and_then(|value| $integer::try_from(value).ok());
                let read = $integer::get(&$rule, $bytes).ok();
                assert_eq!(read, widest, "{} {:?} {:02x?}", stringify!($integer), $rule, $bytes);
                if let Some(value) = read {
                    let mut out = vec![0xEE; $bytes.len()];
                    assert_eq!(value.put(&$rule, &mut out), Ok(()), "{} {:?}", stringify!($integer), $rule);
                    assert_eq!(out, *$bytes, "{} {:?}", stringify!($integer), $rule);
                }
            })*
        };
    }
    for (rule, len) in numbers().into_iter().filter(|(rule, _)| rule.none == NoneAs::Never) {
        for bytes in &values(&layout(Kind::Number(rule), len), 6) {
            types!(rule bytes: u8 u16 u32 u64 i8 i16 i32 i64);
            // `u128` has values that `i128` does not have.
            assert_eq!(
                u128::get(&rule, bytes).ok(),
                i128::get(&rule, bytes).ok().and_then(|value| value.try_into().ok())
            );
        }
    }
}

#[test]
fn decimals_are_the_numbers_with_a_point() {
    for (number, (rule, len)) in numbers().into_iter().enumerate().filter(|(_, (rule, _))| rule.none == NoneAs::Never) {
        let rule = NumberRule { scale: i8::try_from(number % 6).unwrap(), ..rule };
        for bytes in values(&layout(Kind::Number(rule), len), 6) {
            let number = i128::get(&rule, &bytes).unwrap();
            let expected = Decimal::try_from_i128_with_scale(number, rule.decimals().into()).ok();
            assert_eq!(Decimal::get(&rule, &bytes).ok(), expected, "{rule:?} {number}");
            if let Some(decimal) = expected {
                let mut out = vec![0xEE; bytes.len()];
                decimal.put(&rule, &mut out).unwrap();
                assert_eq!(out, bytes, "{rule:?} {decimal}");
            }
        }
    }
}

/// Returns the encodings of digits, with the number of bytes that this number of digits takes.
fn decimal(digits: usize) -> impl Iterator<Item = (Encoding, usize)> {
    ENCODINGS.into_iter().filter_map(move |encoding| Some((encoding, encoding.len(digits)?)))
}

#[test]
fn dates_in_every_pattern_and_encoding_with_every_none_and_pivot() {
    let patterns = [DatePattern::YYYYMMDD, DatePattern::YYMMDD, DatePattern::YYYYDDD, DatePattern::MMDD];
    for pattern in patterns {
        for (encoding, len) in decimal(pattern.len()) {
            for none in NONES {
                check(Kind::Date(DateRule { encoding, none, ..DateRule::new(pattern) }), len);
            }
            for pivot in [0, 1, 30, 99, 100] {
                let rule = DateRule { encoding, pivot, ..DateRule::new(pattern) };
                for seed in 0..40 {
                    let digits: String =
                        (0..pattern.len()).map(|_| char::from(b'0' + byte(&mut Random(seed)) % 3)).collect();
                    let written = values_of_date(&rule, len, &digits);
                    assert!(written.is_none_or(|same| same), "{rule:?} {digits}");
                }
            }
        }
    }
}

/// Returns whether all types read these digits as the same date and write them unchanged, or `None` if the digits are not a date.
fn values_of_date(rule: &DateRule, len: usize, digits: &str) -> Option<bool> {
    let ascii = DateRule { encoding: Encoding::Ascii, ..*rule };
    let mut bytes = vec![0; len];
    if rule.pattern == DatePattern::MMDD {
        let day = MonthDay::get(&ascii, digits.as_bytes()).ok()?;
        day.put(rule, &mut bytes).unwrap();
        return Some(MonthDay::get(rule, &bytes) == Ok(day));
    }
    let date = Date::get(&ascii, digits.as_bytes()).ok()?;
    date.put(rule, &mut bytes).unwrap();
    let others =
        [civil::Date::get(rule, &bytes).unwrap().to_string(), NaiveDate::get(rule, &bytes).unwrap().to_string()];
    Some(Date::get(rule, &bytes) == Ok(date) && others == [date.to_string(), date.to_string()])
}

#[test]
fn times_in_every_pattern_and_encoding_with_every_none() {
    for pattern in [TimePattern::HHMMSS, TimePattern::HHMM] {
        for (encoding, len) in decimal(pattern.len()) {
            for none in NONES.into_iter().filter(|none| !matches!(none, NoneAs::Zeros)) {
                let rule = TimeRule { encoding, none, ..TimeRule::new(pattern) };
                check(Kind::Time(rule), len);
                for bytes in values(&layout(Kind::Time(rule), len), 12) {
                    let Ok(Some(time)) = Option::<Time>::get(&rule, &bytes) else { continue };
                    let others = [
                        civil::Time::get(&rule, &bytes).unwrap().strftime("%H:%M:%S").to_string(),
                        NaiveTime::get(&rule, &bytes).unwrap().to_string(),
                    ];
                    assert_eq!(others, [time.to_string(), time.to_string()], "{rule:?} {bytes:02x?}");
                }
            }
        }
    }
}

#[test]
fn timestamps_in_every_pattern_and_encoding_with_every_none() {
    for pattern in [DateTimePattern::YYYYMMDDHHMMSS, DateTimePattern::YYMMDDHHMMSS, DateTimePattern::MMDDHHMMSS] {
        for (encoding, len) in decimal(pattern.len()) {
            for none in NONES {
                check(Kind::DateTime(DateTimeRule { encoding, none, ..DateTimeRule::new(pattern) }), len);
            }
        }
    }
}

/// Checks a pattern in each encoding that it can have, with several words for "no value".
fn check_pattern(word: &str) {
    let pattern = Pattern::parse(word).unwrap();
    let nones = [NoneAs::Never, NoneAs::Spaces, NoneAs::Nines];
    for (encoding, len) in decimal(pattern.pieces().len())
        .filter(|(encoding, _)| encoding.is_zoned() || !pattern.pieces().has_separators())
    {
        for none in nones {
            let none_also = match none {
                NoneAs::Never => NoneSet::EMPTY,
                _ => NoneSet::EMPTY.with(NoneAs::Nines).with(NoneAs::EbcdicSpaces),
            };
            let kind = match pattern {
                Pattern::Date(pattern) => Kind::Date(DateRule { encoding, none, none_also, ..DateRule::new(pattern) }),
                Pattern::Time(pattern) => Kind::Time(TimeRule { encoding, none, none_also, ..TimeRule::new(pattern) }),
                Pattern::DateTime(pattern) => {
                    Kind::DateTime(DateTimeRule { encoding, none, none_also, ..DateTimeRule::new(pattern) })
                }
            };
            check(kind, len);
        }
    }
}

/// Compares what the spec library and the derive refuse with what the codec reads: blanks that are a value, too.
fn check_blanks(kind: Kind, len: usize, found: Option<BlankValue>, none: NoneAs, encoding: Encoding) {
    let [byte, _] = none.bytes(encoding, false).unwrap();
    let layout = layout(kind, len);
    let read = Record::decode(&layout, &vec![byte; len]);
    assert_eq!(found.is_some(), read.is_ok(), "{layout:?} {none:?} {found:?} {read:?}");
}

#[test]
fn blanks_are_refused_as_none_exactly_where_they_are_a_value() {
    for none in [NoneAs::Spaces, NoneAs::EbcdicSpaces] {
        let nones = Nones::of(&[NoneAs::Nines, none]);
        for word in format!("{PATTERNS} HHMM HHMMSS YYYYDDDHHMMSSmmm HHMMSScc").split_whitespace() {
            let pattern = Pattern::parse(word).unwrap();
            for (encoding, len) in decimal(pattern.pieces().len())
                .filter(|(encoding, _)| encoding.is_zoned() || !pattern.pieces().has_separators())
            {
                let kind = match pattern {
                    Pattern::Date(pattern) => Kind::Date(DateRule { encoding, ..DateRule::new(pattern) }),
                    Pattern::Time(pattern) => Kind::Time(TimeRule { encoding, ..TimeRule::new(pattern) }),
                    Pattern::DateTime(pattern) => {
                        Kind::DateTime(DateTimeRule { encoding, ..DateTimeRule::new(pattern) })
                    }
                };
                check_blanks(
                    kind,
                    len,
                    BlankValue::of_pattern(nones, encoding, pattern.pieces(), "value"),
                    none,
                    encoding,
                );
            }
        }
        for (rule, len) in numbers().into_iter().filter(|(rule, _)| rule.none == NoneAs::Never) {
            // A sign that is a byte of its own is never a blank here.
            let encoding = rule.encoding;
            let most = if encoding.is_zoned() { [None, None] } else { [None, Some(3)] };
            for digits_max in most {
                let found = BlankValue::of_number(nones, encoding, len, digits_max.map(usize::from));
                check_blanks(Kind::Number(NumberRule { digits_max, ..rule }), len, found, none, encoding);
            }
        }
    }
}

const PATTERNS: &str = "DDMMYYYY DDMMYY MMDDYYYY MMDDYY CYYMMDD YYDDD CYYDDD DDDYYYY YYYYMM YYMM MMYY DDMM YYYY-MM-DD DD/MM/YYYY \
                        YYYY.MM.DD HH:MM:SS HH:MM HHMMSScc HHMMSSmmm HH:MM:SS.uuuuuu YYYYMMDDHHMM YYYYMMDDHHMMSSmmm \
                        YYYY-MM-DDTHH:MM:SS DDMMYYHHMMSS MMDDHHMM DDMMHHMMSScc YYYYDDDHHMMSS HHMMSSDDMMYYYY \
                        YYYY-MM-DD-HH.MM.SS.uuuuuu YYYYMMDDHHMMSSuuuuuu CYYMMDDHHMMSS";

#[test]
fn composed_patterns_in_every_encoding() {
    for word in PATTERNS.split_whitespace().chain(["YYYY-MM-DD HH:MM:SS"]) {
        check_pattern(word);
    }
}

#[test]
fn texts_in_every_charset_padded_cut_and_wide() {
    for charset in Charset::ALL.iter().copied() {
        let plain = TextRule::new(charset);
        let rules = [
            plain,
            TextRule { justify: Justify::Right, ..plain },
            TextRule { overflow: Overflow::Cut, ..plain },
            TextRule { exact: true, ..plain },
        ];
        // Exact text is filled up with one-byte letters here. Charsets of pairs do not have them.
        let usable = |rule: &&TextRule| !(rule.exact && (charset.is_pairs() || charset.is_shifted()));
        for rule in rules.iter().filter(usable) {
            for len in [2, 4, 10, 40] {
                check(Kind::Text(*rule), len);
            }
        }
        if charset.has('가') && charset.has('Ａ') || charset.is_pairs() {
            check(Kind::Text(TextRule { width: Width::Wide, ..plain }), 12);
        }
    }
    for pad in [b'*', b'_', 0] {
        for justify in [Justify::Left, Justify::Right] {
            check(Kind::Text(TextRule { pad, justify, ..TextRule::new(Charset::Cp949) }), 9);
        }
    }
}

#[test]
fn digits_in_every_encoding_full_and_padded() {
    for encoding in [Encoding::Ascii, Encoding::Ebcdic] {
        for (exact, justify) in [(true, Justify::Left), (false, Justify::Left), (false, Justify::Right)] {
            for len in [1, 2, 9, 16, 40] {
                for pad in [encoding.space(), b'*'] {
                    check(Kind::Digits(DigitsRule { encoding, exact, pad, justify, ..DigitsRule::LEFT }), len);
                }
            }
        }
    }
}

#[test]
fn digits_of_half_a_byte_full_and_padded() {
    let bcd = DigitsRule { encoding: Encoding::Bcd, pad: 0x0F, ..DigitsRule::LEFT };
    for len in [1, 2, 9, 16] {
        let digits_max = u8::try_from(2 * len - 1).ok();
        for justify in [Justify::Left, Justify::Right] {
            for exact in [true, false] {
                check(Kind::Digits(DigitsRule { exact, justify, ..bcd }), len);
                check(Kind::Digits(DigitsRule { exact, justify, digits_max, ..bcd }), len);
            }
            check(Kind::Digits(DigitsRule { exact: true, justify, digits_max, pad: 0, ..bcd }), len);
        }
        let packed = DigitsRule { encoding: Encoding::Packed, exact: true, pad: 0, justify: Justify::Right, ..bcd };
        check(Kind::Digits(packed), len);
        check(
            Kind::Digits(DigitsRule { digits_max: digits_max.map(|max| max - 1).filter(|max| *max > 0), ..packed }),
            len,
        );
    }
}

#[test]
fn numbers_with_a_point_or_padding() {
    let zoned = numbers().into_iter().filter(|(rule, _)| rule.encoding.is_zoned());
    for (number, (rule, len)) in zoned.enumerate() {
        let pad = Some(rule.encoding.space());
        check(Kind::Number(NumberRule { pad, ..rule }), len);
        let decimals = i8::try_from(1 + number % 3).unwrap();
        let point = rule.encoding.byte_of(b'.');
        if len < usize::from(decimals.unsigned_abs()) + 3 {
            continue;
        }
        check(Kind::Number(NumberRule { point, scale: decimals, ..rule }), len);
        check(Kind::Number(NumberRule { point, scale: decimals, pad, ..rule }), len);
        if !matches!(rule.sign, Sign::Trailing { .. }) {
            check(Kind::Number(NumberRule { point, scale: decimals, pad, justify: Justify::Left, ..rule }), len);
        }
    }
}

#[test]
fn codes_open_and_closed_flags_and_bytes() {
    let codes = ["1", "22", ""].map(|code| CodeMeaning { code: code.into(), label: "".into() });
    for charset in [Charset::Ascii, Charset::EucKr, Charset::Cp037, Charset::Ibm933] {
        for open in [true, false] {
            check(Kind::Code(CodeRule { charset, codes: codes.to_vec().into(), open }), 2);
            check(Kind::Code(CodeRule { charset, codes: codes.to_vec().into(), open }), 5);
        }
    }
    for (yes, no) in [(b'Y', b'N'), (b'1', b'0'), (b'O', b'X'), (0xE8, 0xD5), (0, 255)] {
        check(Kind::Flag(FlagRule { yes, no }), 1);
    }
    for len in [1, 2, 16, 100] {
        check(Kind::Bytes(BytesRule), len);
    }
}
