//! Tests of dates and times.

use alloc::string::ToString as _;
use alloc::vec;
use core::fmt::{Debug, Display};
use core::str::FromStr;

use super::*;

fn check<R, T>(rule: &R, written: &str, bytes: &[u8])
where
    T: for<'a> FieldValue<'a, R> + FromStr<Err = DateError> + Display + Debug,
{
    let value: T = written.parse().unwrap();
    let mut out = vec![0xEE; bytes.len()];
    value.put(rule, &mut out).unwrap();
    assert_eq!(out, bytes, "{written}");
    assert_eq!(T::get(rule, bytes).unwrap().to_string(), written);
}

const YYMMDD: DateRule = DateRule::new(DatePattern::YYMMDD);
const HHMMSS: TimeRule = TimeRule::new(TimePattern::HHMMSS);

#[test]
fn each_pattern_is_its_digits() {
    check::<_, Date>(&DateRule::new(DatePattern::YYYYMMDD), "2026-11-21", b"20261121");
    check::<_, Date>(&YYMMDD, "2026-11-21", b"261121");
    check::<_, Date>(&YYMMDD, "1970-01-01", b"700101");
    check::<_, MonthDay>(&DateRule::new(DatePattern::MMDD), "1125", b"1125");
    check::<_, Date>(&DateRule::new(DatePattern::YYYYDDD), "2026-11-21", b"2026325");
    check::<_, MonthDayTime>(&DateTimeRule::new(DateTimePattern::MMDDHHMMSS), "1121093015", b"1121093015");
    check::<_, Date>(&DateRule::new(DatePattern::YYYYDDD), "2024-12-31", b"2024366");
    check::<_, Time>(&HHMMSS, "09:30:15", b"093015");
    check::<_, Time>(&TimeRule::new(TimePattern::HHMM), "09:30:00", b"0930");
    check::<_, DateTime>(&DateTimeRule::new(DateTimePattern::YYYYMMDDHHMMSS), "2026-11-21T09:30:15", b"20261121093015");
    check::<_, DateTime>(&DateTimeRule::new(DateTimePattern::YYMMDDHHMMSS), "1999-12-31T23:59:59", b"991231235959");
}

fn pattern(word: &str) -> DatePattern {
    DatePattern::parse(word).unwrap()
}

#[test]
fn parts_are_in_the_order_of_the_pattern() {
    for (word, bytes) in [
        ("DDMMYYYY", "21112026"),
        ("DDMMYY", "211126"),
        ("MMDDYYYY", "11212026"),
        ("MMDDYY", "112126"),
        ("YYDDD", "26325"),
        ("CYYMMDD", "1261121"),
        ("CYYDDD", "126325"),
        ("YYYY-MM-DD", "2026-11-21"),
        ("DD/MM/YYYY", "21/11/2026"),
        ("YYYY.MM.DD", "2026.11.21"),
        ("YYYY. MM. DD", "2026. 11. 21"),
    ] {
        check::<_, Date>(&DateRule::new(pattern(word)), "2026-11-21", bytes.as_bytes());
    }
    check::<_, Date>(&DateRule::new(pattern("CYYMMDD")), "1999-12-31", b"0991231");
    check::<_, Date>(&DateRule::new(pattern("YYDDD")), "1970-12-31", b"70365");
    check::<_, YearMonth>(&DateRule::new(pattern("YYYYMM")), "2026-11", b"202611");
    check::<_, YearMonth>(&DateRule::new(pattern("MMYY")), "2026-11", b"1126");
    check::<_, YearMonth>(&DateRule::new(pattern("YYMM")), "1970-01", b"7001");
    check::<_, MonthDay>(&DateRule::new(pattern("DDMM")), "1121", b"2111");
    for (word, written, bytes) in [
        ("HHMMSSmmm", "09:30:15.123", "093015123"),
        ("HHMMSScc", "09:30:15.12", "09301512"),
        ("HHMMSSuuuuuu", "09:30:15.000001", "093015000001"),
        ("HH:MM:SS", "09:30:15", "09:30:15"),
        ("HH:MM", "09:30:00", "09:30"),
    ] {
        check::<_, Time>(&TimeRule::new(TimePattern::parse(word).unwrap()), written, bytes.as_bytes());
    }
    for (word, written, bytes) in [
        ("YYYYMMDDHHMM", "2026-11-21T09:30:00", "202611210930"),
        ("YYYYMMDDHHMMSSmmm", "2026-11-21T09:30:15.123", "20261121093015123"),
        ("YYYY-MM-DD HH:MM:SS", "2026-11-21T09:30:15", "2026-11-21 09:30:15"),
        ("YYYY-MM-DDTHH:MM:SS", "2026-11-21T09:30:15", "2026-11-21T09:30:15"),
        ("DDMMYYHHMMSS", "2026-11-21T09:30:15", "211126093015"),
        ("YYYY-MM-DD-HH.MM.SS.uuuuuu", "2026-11-21T09:30:15.123456", "2026-11-21-09.30.15.123456"),
        ("HHMMSSDDMMYYYY", "2026-11-21T09:30:15", "09301521112026"),
        ("YYYYMMDDHHMMSSuuuuuu", "9999-12-31T23:59:59.999999", "99991231235959999999"),
    ] {
        check::<_, DateTime>(&DateTimeRule::new(DateTimePattern::parse(word).unwrap()), written, bytes.as_bytes());
    }
    let no_year = DateTimeRule::new(DateTimePattern::parse("DDMMHHMM").unwrap());
    check::<_, MonthDayTime>(&no_year, "1121093000", b"21110930");
}

#[test]
fn parts_in_other_encodings_are_their_digits() {
    let date = |word, encoding| DateRule { encoding, ..DateRule::new(pattern(word)) };
    check::<_, Date>(&date("CYYMMDD", Encoding::Packed), "2026-11-21", b"\x12\x61\x12\x1F");
    check::<_, Date>(&date("YYDDD", Encoding::Packed), "2026-11-21", b"\x26\x32\x5F");
    check::<_, Date>(&date("CYYMMDD", Encoding::Bcd), "2026-11-21", b"\x01\x26\x11\x21");
    let dashed = b"\xF2\xF0\xF2\xF6\x60\xF1\xF1\x60\xF2\xF1";
    check::<_, Date>(&date("YYYY-MM-DD", Encoding::Ebcdic), "2026-11-21", dashed);
    let both = DateTimePattern::parse("YYYYMMDDHHMMSSmmm").unwrap();
    let packed = DateTimeRule { encoding: Encoding::Packed, ..DateTimeRule::new(both) };
    check::<_, DateTime>(&packed, "2026-11-21T09:30:15.123", b"\x20\x26\x11\x21\x09\x30\x15\x12\x3F");
    let clock = TimeRule { encoding: Encoding::Ebcdic, ..TimeRule::new(TimePattern::parse("HH:MM").unwrap()) };
    check::<_, Time>(&clock, "09:30:00", b"\xF0\xF9\x7A\xF3\xF0");
}

#[test]
fn what_the_pattern_cannot_say_is_refused() {
    let put = |value: &str, word: &str| {
        let rule = DateRule::new(pattern(word));
        value.parse::<Date>().unwrap().put(&rule, &mut vec![0; rule.pattern.len()]).unwrap_err().to_string()
    };
    assert_eq!(put("2900-01-01", "CYYMMDD"), "the digits of the year stand for 1900 to 2899 here");
    assert_eq!(put("1899-12-31", "CYYMMDD"), "the digits of the year stand for 1900 to 2899 here");
    assert_eq!(put("1969-12-31", "DDMMYY"), "the digits of the year stand for 1970 to 2069 here");
    assert_eq!(put("2026-11-21", "YYYYMM"), "a date without a day is a YearMonth");
    let put = |value: &str, word: &str| {
        let rule = TimeRule::new(TimePattern::parse(word).unwrap());
        value.parse::<Time>().unwrap().put(&rule, &mut vec![0; rule.pattern.len()]).unwrap_err().to_string()
    };
    assert_eq!(put("09:30:15", "HHMM"), "no such date or time: the field sends no seconds");
    assert_eq!(put("09:30:15.5", "HHMMSS"), "no such date or time: the field sends whole seconds");
    assert_eq!(put("09:30:15.123", "HHMMSScc"), "no such date or time: the field sends hundredths of a second");
    assert_eq!(put("09:30:15.1234", "HHMMSSmmm"), "no such date or time: the field sends milliseconds");
}

#[test]
fn what_is_no_date_says_why_and_where() {
    let get = |word: &str, bytes: &str| Date::get(&DateRule::new(pattern(word)), bytes.as_bytes()).unwrap_err();
    let message = |word, bytes| get(word, bytes).to_string();
    assert_eq!(message("DD/MM/YYYY", "21-11-2026"), "expected the separator '/' (2f), found '-' (2d) at byte 2");
    assert_eq!(message("DD/MM/YYYY", "2x/11/2026"), "expected a digit, found 'x' (78) at byte 1");
    assert_eq!(message("DDMMYY", "310426"), "no such date or time: the month has no such day");
    assert_eq!(message("YYDDD", "26366"), "no such date or time: the year has no such day");
    assert_eq!(message("YYDDD", "26000"), "no such date or time: the year has no such day");
    assert_eq!(message("YYYY-MM-DD", "2026-00-00"), "no such date or time: months are 1 to 12");
    assert_eq!(get("DDMMYY", "2111260"), Fault::BadSpec { reason: "the field's length is not its date pattern's" });
    assert!(Date::get(&DateRule::new(pattern("YYDDD")), b"24366").is_ok());
    let secret = Fault::NotTheSeparator { offset: 2, expected: b'/', byte: Some(b'7') }.without_content();
    assert_eq!(secret.to_string(), "expected the separator '/' (2f), found another byte at byte 2");
    let time = TimeRule::new(TimePattern::parse("HHMMSSmmm").unwrap());
    assert!(Time::get(&time, b"235959999").is_ok() && Time::get(&time, b"240000000").is_err());
    assert!(Time::get(&time, b"235960000").is_err());
}

#[test]
fn each_word_for_no_date_is_read_and_the_first_is_written() {
    let also = NoneSet::EMPTY.with(NoneAs::Spaces).with(NoneAs::Nines);
    let rule = DateRule { none: NoneAs::Zeros, none_also: also, ..DateRule::new(pattern("DD/MM/YYYY")) };
    for bytes in [b"00/00/0000", b"          ", b"99/99/9999"] {
        assert_eq!(Option::<Date>::get(&rule, bytes), Ok(None));
    }
    for bytes in [b"0000000000", b"00-00-0000", b"99/99/9990", b"00/00/    ", b"\0\0\0\0\0\0\0\0\0\0"] {
        assert!(Option::<Date>::get(&rule, bytes).is_err(), "{bytes:?}");
    }
    let mut out = [0; 10];
    None::<Date>.put(&rule, &mut out).unwrap();
    assert_eq!(&out, b"00/00/0000");
    let ebcdic = DateRule { encoding: Encoding::Ebcdic, ..rule };
    None::<Date>.put(&ebcdic, &mut out).unwrap();
    assert_eq!(&out, b"\xF0\xF0\x61\xF0\xF0\x61\xF0\xF0\xF0\xF0");
    assert_eq!(Option::<Date>::get(&ebcdic, b"\x40\x40\x40\x40\x40\x40\x40\x40\x40\x40"), Ok(None));
    let number =
        NumberRule { none: NoneAs::Spaces, none_also: NoneSet::EMPTY.with(NoneAs::Zeros), ..NumberRule::UNSIGNED };
    assert_eq!(Option::<u32>::get(&number, b"000"), Ok(None));
    assert_eq!(Option::<u32>::get(&number, b"   "), Ok(None));
    assert_eq!(Some(0_u32).put(&number, &mut [0; 3]), Err(Fault::MeansNone));
}

#[test]
fn each_encoding_has_its_bytes() {
    let date = |pattern, encoding| DateRule { encoding, ..DateRule::new(pattern) };
    let time = TimeRule { encoding: Encoding::Packed, ..HHMMSS };
    check::<_, Date>(&date(DatePattern::YYYYMMDD, Encoding::Packed), "2026-11-21", b"\x02\x02\x61\x12\x1F");
    check::<_, Date>(&date(DatePattern::YYMMDD, Encoding::Bcd), "2026-11-21", b"\x26\x11\x21");
    check::<_, Date>(&date(DatePattern::YYMMDD, Encoding::Ebcdic), "2026-11-21", b"\xF2\xF6\xF1\xF1\xF2\xF1");
    check::<_, MonthDay>(&date(DatePattern::MMDD, Encoding::Packed), "1125", b"\x01\x12\x5F");
    check::<_, Time>(&time, "09:30:15", b"\x00\x93\x01\x5F");
    assert_eq!(Time::get(&time, b"\x10\x93\x01\x5F"), Err(Fault::TooManyDigits { max: 6 }));
    assert_eq!(Time::get(&time, b"\x00\x93\x01\x5C"), Err(Fault::BadSign { byte: Some(0x5C) }));
}

#[test]
fn an_impossible_date_is_an_error_that_says_why() {
    let fault = Date::get(&YYMMDD, b"261321").unwrap_err();
    assert_eq!(fault.to_string(), "no such date or time: months are 1 to 12");
    assert_eq!(Date::get(&YYMMDD, b"2611a1"), Err(Fault::NotADigit { offset: 4, byte: Some(b'a') }));
    assert!(Time::get(&HHMMSS, b"240000").is_err());
    let fault = Date::get(&DateRule::new(DatePattern::YYYYDDD), b"2026366").unwrap_err();
    assert_eq!(fault.to_string(), "no such date or time: the year has no such day");
    assert!(Date::get(&DateRule::new(DatePattern::YYYYDDD), b"2026000").is_err());
}

#[test]
fn a_year_that_two_digits_cannot_say_is_refused() {
    let mut out = [0; 6];
    let date: Date = "2070-01-01".parse().unwrap();
    assert_eq!(date.put(&YYMMDD, &mut out), Err(Fault::YearOutOfRange { first: 1970, last: 2069 }));
}

#[test]
fn no_date_is_what_the_spec_says() {
    let zeros = DateRule { none: NoneAs::Zeros, ..DateRule::new(DatePattern::YYYYMMDD) };
    assert_eq!(Option::<Date>::get(&zeros, b"00000000"), Ok(None));
    assert!(Option::<Date>::get(&zeros, b"        ").is_err());
    let mut out = [0; 8];
    None::<Date>.put(&zeros, &mut out).unwrap();
    assert_eq!(&out, b"00000000");
}
