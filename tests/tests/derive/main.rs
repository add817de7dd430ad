//! The derive, compared with bytes written by hand.

#![allow(clippy::unwrap_used, reason = "the whole file is a test; clippy sees only the functions with the attribute")]

mod arrays;
mod computed;
mod flatten;
mod foreign;
mod items;
mod kinds;
mod lenient;
mod links;
mod mixed;
mod numbers;
mod places;
mod refresh;
mod runs;
mod structure;
mod serial;
mod sets;
mod types;
mod views;

use std::fmt::Debug;

use fep_codec::layout::{Kind, NoneAs, NumberRule, Sign};
use fep_codec::{Charset, Decode, Digits, Layout, Record, Telegram, TelegramSet, Text};

/// Checks that the value encodes to these bytes and that the bytes decode to this value. The dynamic codec must agree.
fn check<'a, T: Decode<'a> + Debug + PartialEq>(value: &T, bytes: &'a [u8]) {
    let written = value.encode_to_vec().unwrap();
    assert_eq!(written, bytes, "{} is not {}", written.escape_ascii(), bytes.escape_ascii());
    assert_eq!(value.encoded_len(), bytes.len());
    assert_eq!(T::decode(bytes).unwrap(), *value);
    let record = Record::decode(T::LAYOUT, bytes).unwrap();
    assert_eq!(record.encode().unwrap(), bytes, "the dynamic codec writes other bytes");
    let json = record.to_json_value();
    assert_eq!(Record::from_json_value(T::LAYOUT, &json).unwrap().encode().unwrap(), bytes, "{json}");
}

/// Checks that both codecs refuse the bytes with this message.
fn refused<'a, T: Decode<'a> + Debug>(bytes: &'a [u8], message: &str) {
    assert_eq!(refusal(T::decode(bytes)), message);
    assert_eq!(refusal(Record::decode(T::LAYOUT, bytes)), message, "the dynamic codec");
}

/// Checks that both codecs refuse to write a value with this message. `fields` is the value as JSON.
fn unwritable<T: Telegram>(value: &T, fields: &str, message: &str) {
    assert_eq!(refusal(value.encode_to_vec()), message);
    let record = Record::from_json(T::LAYOUT, fields).unwrap();
    assert_eq!(refusal(record.encode()), message, "the dynamic codec");
}

/// Returns the error message.
fn refusal<T: Debug>(result: Result<T, fep_codec::Error>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn the_layout_is_what_the_attributes_say() {
    #[derive(Telegram)]
    #[telegram(len = 13, name = "Transfer", label = "이체", charset = "euc-kr", when("kind" = "T"))]
    struct Sent {
        kind: Text<1>,
        #[field(len = 12, name = "total", label = "금액", secret, sign = "leading-minus", scale = 2, none = "spaces")]
        amount: Option<i64>,
    }
    let layout: &Layout = Sent::LAYOUT;
    assert_eq!((&*layout.name, &*layout.label, layout.charset), ("Transfer", "이체", Charset::EucKr));
    assert_eq!((layout.stated_len, layout.fixed_len()), (Some(13), Some(13)));
    assert_eq!((&*layout.when[0].path, &*layout.when[0].value), ("kind", "T"));
    let field = layout.field_at(1).unwrap();
    assert_eq!((&*field.name, &*field.label, field.len, field.secret), ("total", "금액", 12, true));
    let rule = NumberRule { sign: Sign::LeadingMinus, scale: 2, none: NoneAs::Spaces, ..NumberRule::UNSIGNED };
    assert_eq!(field.kind, Kind::Number(rule));
}

#[test]
fn a_debug_text_hides_what_is_secret() {
    #[derive(Telegram)]
    #[telegram(debug)]
    struct Transfer {
        #[field(len = 4, computed = length(rest))]
        length: (),
        #[field(secret)]
        account: Digits<16>,
        #[field(len = 13)]
        amount: u64,
        #[field(filler, len = 3)]
        reserved: (),
    }
    let transfer = Transfer { length: (), account: "1234".parse().unwrap(), amount: 5, reserved: () };
    assert_eq!(format!("{transfer:?}"), "Transfer { account: <secret>, amount: 5 }");
}

#[test]
fn a_set_takes_the_first_telegram_whose_codes_are_there() {
    #[derive(Telegram, Debug, PartialEq)]
    #[telegram(len = 5, when("header.code" = "A", "kind" = "1"))]
    struct First {
        header: Header,
        kind: Text<1>,
        #[field(len = 3)]
        no: u16,
    }

    #[derive(Telegram, Debug, PartialEq)]
    #[telegram(len = 1, when("header.code" = "A"))]
    struct Second {
        header: Header,
    }

    #[derive(Telegram, Debug, PartialEq)]
    struct Header {
        code: Text<1>,
    }

    #[derive(Telegram, Debug, PartialEq)]
    enum Bank {
        First(First),
        Second(Second),
    }

    let header = || Header { code: "A".parse().unwrap() };
    let first = First { header: header(), kind: "1".parse().unwrap(), no: 7 };
    assert_eq!(Bank::decode_any(b"A1007").unwrap(), Bank::from(first));
    assert_eq!(Bank::decode_any(b"A").unwrap(), Bank::Second(Second { header: header() }));
    assert!(refusal(Bank::decode_any(b"B1007")).contains("header.code"));
    assert_eq!(Bank::LAYOUTS.len(), 2);
}
