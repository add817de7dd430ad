//! Numbers, digits and dates in the encodings of a mainframe. The bytes are written by hand.

use fep_codec::layout::Encoding;
use fep_codec::{Date, DateTime, Decode, Digits, MonthDay, MonthDayTime, Telegram, Time};

use super::{check, refusal};

#[test]
fn a_digit_carries_the_sign() {
    #[derive(Telegram, Debug, PartialEq)]
    #[telegram(len = 29)]
    struct Totals {
        #[field(len = 15, sign = "overpunch")]
        supply: i64,
        #[field(len = 4, sign(leading, overpunch = "ebcdic"), scale = 2)]
        tax: i16,
        #[field(len = 5, sign(trailing, overpunch = "strict-ascii"))]
        strict: i32,
        #[field(len = 5, sign(trailing, overpunch = "ebcdic-minus"), none = "spaces")]
        minus: Option<i32>,
    }
    let totals = Totals { supply: -5047, tax: 120, strict: -5047, minus: None };
    check(&totals, b"00000000000504P{1200504w     ");
    check(&Totals { minus: Some(120), ..totals }, b"00000000000504P{1200504w00120");
    assert!(refusal(Totals::decode(b"000000000005047{1200504w     ")).contains("supply"));
}

#[test]
fn packed_digits_and_binary_numbers() {
    #[derive(Telegram, Debug, PartialEq)]
    struct Numbers {
        #[field(len = 2, encoding = "binary", computed = length(all))]
        length: (),
        #[field(len = 4, encoding = "packed", sign = "signed")]
        trace_no: i32,
        #[field(len = 8, encoding = "packed", sign = "signed", scale = 2)]
        balance: i64,
        #[field(len = 3, encoding = "packed", scale = 3)]
        rate: u32,
        #[field(len = 3, encoding = "packed", digits_max = 4, none = "ebcdic-spaces")]
        even: Option<u16>,
        #[field(len = 2, encoding = "bcd")]
        bcd: u16,
        #[field(len = 4, encoding = "binary-little", sign = "signed")]
        little: i32,
    }
    let numbers = Numbers { length: (), trace_no: 4711, balance: -1, rate: 4875, even: None, bcd: 1234, little: -2 };
    check(
        &numbers,
        b"\x00\x1A\x00\x04\x71\x1C\x00\x00\x00\x00\x00\x00\x00\x1D\x04\x87\x5F\x40\x40\x40\x12\x34\xFE\xFF\xFF\xFF",
    );
    let bytes = Numbers { even: Some(9999), ..numbers }.encode_to_vec().unwrap();
    assert_eq!(bytes[17..20], *b"\x09\x99\x9F");
    let mut wrong = bytes.clone();
    wrong[17] = 0x19;
    assert!(refusal(Numbers::decode(&wrong)).contains("more than 4 digits"));
    wrong = bytes;
    wrong[5] = 0x1F;
    assert!(refusal(Numbers::decode(&wrong)).contains("expected a sign, found 1f"));
}

#[test]
fn ebcdic_digits() {
    #[derive(Telegram, Debug, PartialEq)]
    #[telegram(len = 29, when("code" = "0210"))]
    struct Zoned {
        #[field(full, encoding = "ebcdic")]
        code: Digits<4>,
        #[field(digits, len = 4, encoding = "ebcdic")]
        branch: String,
        #[field(len = 9, encoding = "ebcdic", sign = "overpunch")]
        adjust: i32,
        #[field(len = 4, encoding = "ebcdic", sign = "leading-minus")]
        minus: i16,
        #[field(len = 4, encoding = "ebcdic", sign(leading))]
        beside: i16,
        #[field(len = 4, encoding = "ebcdic", none = "spaces")]
        none: Option<u16>,
    }
    let zoned =
        Zoned { code: "0210".parse().unwrap(), branch: "17".into(), adjust: -5047, minus: -42, beside: 42, none: None };
    let bytes = b"\xF0\xF2\xF1\xF0\xF1\xF7\x40\x40\xF0\xF0\xF0\xF0\xF0\xF5\xF0\xF4\xD7\x60\xF0\xF4\xF2\x4E\xF0\xF4\xF2\x40\x40\x40\x40";
    check(&zoned, bytes);
    assert!(Zoned::LAYOUT.matches(bytes));
    assert!(!Zoned::LAYOUT.matches(b"0210                         "));
    assert!(refusal(Zoned::decode(b"0210                         ")).contains("code"));
}

#[test]
fn dates_and_times_in_packed_and_ebcdic_digits() {
    #[derive(Telegram, Debug, PartialEq)]
    #[telegram(len = 36)]
    struct Times {
        #[field(pattern = "YYYYMMDD", encoding = "packed")]
        date: Date,
        #[field(len = 4, encoding = "packed")]
        time: Time,
        #[field(len = 3, encoding = "bcd", none = "zeros")]
        short: Option<Date>,
        #[field(encoding = "ebcdic")]
        day: MonthDay,
        #[field(len = 14, encoding = "ebcdic")]
        stamp: DateTime,
        #[field(len = 6, encoding = "ascii", none = "low-values")]
        until: Option<Time>,
    }
    let times = Times {
        date: "2026-11-21".parse().unwrap(),
        time: "09:30:15".parse().unwrap(),
        short: None,
        day: "0229".parse().unwrap(),
        stamp: "2026-11-21T09:30:15".parse().unwrap(),
        until: None,
    };
    let stamp = b"\xF2\xF0\xF2\xF6\xF1\xF1\xF2\xF1\xF0\xF9\xF3\xF0\xF1\xF5";
    let start = b"\x02\x02\x61\x12\x1F\x00\x93\x01\x5F\0\0\0\xF0\xF2\xF2\xF9";
    check(&times, &[&start[..], stamp, b"\0\0\0\0\0\0"].concat());
    let impossible = [b"\x02\x02\x61\x33\x1F", &start[5..], stamp, b"\0\0\0\0\0\0"].concat();
    assert!(refusal(Times::decode(&impossible)).contains("date"));
}

#[test]
fn dates_by_the_day_of_the_year_and_timestamps_without_a_year() {
    #[derive(Telegram, Debug, PartialEq)]
    #[telegram(len = 37)]
    struct Times {
        #[field(len = 7)]
        day: Date,
        #[field(pattern = "YYYYDDD", encoding = "packed", none = "zeros")]
        none: Option<Date>,
        at: MonthDayTime,
        #[field(len = 6, encoding = "packed")]
        packed: MonthDayTime,
        #[field(pattern = "MMDDHHMMSS", none = "spaces")]
        never: Option<MonthDayTime>,
    }
    let at: MonthDayTime = "1121093015".parse().unwrap();
    let times = Times { day: "2024-12-31".parse().unwrap(), none: None, at, packed: at, never: None };
    check(&times, b"2024366\x00\x00\x00\x0F1121093015\x01\x12\x10\x93\x01\x5F          ");
    let some = Times { none: Some("2026-11-21".parse().unwrap()), ..times };
    check(&some, b"2024366\x20\x26\x32\x5F1121093015\x01\x12\x10\x93\x01\x5F          ");
    assert!(refusal(Times::decode(b"2026366\0\0\0\x0F1121093015\x01\x12\x10\x93\x01\x5F          ")).contains("day"));
}

/// The derive and the runtime must have the same rule for the lengths of digits.
#[test]
fn the_derive_knows_the_lengths_of_the_runtime() {
    macro_rules! check {
        ($($name:literal $encoding:ident;)*) => {
            $({
                #[derive(Telegram)]
                struct Dates {
                    #[field(pattern = "YYYYMMDD", encoding = $name)]
                    _date: Date,
                    #[field(pattern = "YYMMDD", encoding = $name)]
                    _short: Date,
                    #[field(encoding = $name)]
                    _day: MonthDay,
                    #[field(pattern = "YYYYMMDDHHMMSS", encoding = $name)]
                    _stamp: DateTime,
                }
                let lens = [8, 6, 4, 14].map(|digits| Encoding::$encoding.len(digits).unwrap());
                assert_eq!([0, 1, 2, 3].map(|number| Dates::LAYOUT.field_at(number).unwrap().len), lens, $name);
            })*
        };
    }
    check!("ascii" Ascii; "ebcdic" Ebcdic; "packed" Packed; "bcd" Bcd;);
}

#[test]
fn the_charset_decides_the_encoding_of_digits() {
    #[derive(Telegram, Debug, PartialEq)]
    #[telegram(charset = "ibm933")]
    struct Part {
        #[field(full)]
        code: Digits<4>,
    }

    #[derive(Telegram, Debug, PartialEq)]
    #[telegram(charset = "cp037")]
    struct Host {
        part: Part,
        #[field(len = 5, sign(trailing, plus = ' ', minus = '-'))]
        change: i32,
        #[field(len = 3, encoding = "ascii", sign(leading))]
        ascii: i32,
        #[field(pad = '*')]
        branch: Digits<4>,
        #[field(len = 8)]
        on: Date,
        #[field(len = 4, none = "spaces")]
        at: Option<Time>,
        agreed: bool,
        #[field(len = 2, encoding = "packed")]
        packed: u16,
        #[field(len = 3, computed = length(all))]
        length: (),
    }
    let host = Host {
        part: Part { code: "0100".parse().unwrap() },
        change: -7,
        ascii: 5,
        branch: "12".parse().unwrap(),
        on: "2026-11-26".parse().unwrap(),
        at: None,
        agreed: true,
        packed: 7,
        length: (),
    };
    check(
        &host,
        b"\xF0\xF1\xF0\xF0\xF0\xF0\xF0\xF7\x60+05\xF1\xF2\x5C\x5C\xF2\xF0\xF2\xF6\xF1\xF1\xF2\xF6\x40\x40\x40\x40\xE8\x00\x7F\xF0\xF3\xF4",
    );
}
