//! `#[telegram(serde)]`: `Serialize` and `Deserialize` by the JSON contract.

use fep_codec::{Choice, Code, Date, DateTime, Decode, Digits, MonthDay, MonthDayTime, Telegram, Text, Time};
use serde_json::{from_str, json, to_value};

#[derive(Telegram, Debug, PartialEq)]
#[telegram(charset = "ascii")]
struct Header {
    #[field(len = 4, computed = length(rest))]
    length: (),
    #[field(code, len = 1)]
    code: Kind,
}

#[derive(Code, Debug, PartialEq)]
enum Kind {
    #[code("P")]
    Payment,
    #[code("R")]
    Refusal,
}

#[derive(Telegram, Debug, PartialEq)]
#[telegram(charset = "ascii")]
struct Item {
    #[field(len = 5, scale = 2)]
    amount: u32,
}

#[derive(Telegram, Debug, PartialEq)]
#[telegram(charset = "ascii")]
struct Payment {
    #[field(len = 1, computed = count(items))]
    item_count: (),
    #[field(group, count = item_count, max = 9)]
    items: Vec<Item>,
    #[field(len = 8, none = "zeros")]
    due_on: Option<Date>,
}

#[derive(Telegram, Debug, PartialEq)]
#[telegram(charset = "ascii")]
struct Refusal {
    #[field(secret)]
    reason: Text<4>,
}

#[derive(Choice, Debug, PartialEq)]
enum Body {
    #[choice("P")]
    Payment(Payment),
    #[choice("R")]
    Refusal(Refusal),
}

#[derive(Telegram, Debug, PartialEq)]
#[telegram(serde, charset = "ascii")]
struct Whole {
    header: Header,
    account: Digits<6>,
    #[field(len = 16)]
    serial: u64,
    #[field(len = 1)]
    urgent: bool,
    raw: [u8; 2],
    #[field(literal = "END")]
    end: (),
    #[field(filler, len = 2)]
    _reserved: (),
    #[field(choice = "header.code")]
    body: Body,
}

fn whole(items: Vec<Item>) -> Whole {
    Whole {
        header: Header { length: (), code: Kind::Payment },
        account: "0012".parse().unwrap(),
        serial: 7,
        urgent: true,
        raw: [0xAB, 1],
        end: (),
        _reserved: (),
        body: Body::Payment(Payment { item_count: (), items, due_on: None }),
    }
}

/// By hand from the contract: 1 + 6 + 16 + 1 + 2 + 3 + 2 + 1 + 5 + 8 bytes follow the length.
fn in_json() -> serde_json::Value {
    json!({
        "header": { "length": 45, "code": "P" },
        "account": "0012",
        "serial": "7",
        "urgent": true,
        "raw": "ab01",
        "end": "END",
        "body": { "item_count": 1, "items": [{ "amount": "12.05" }], "due_on": null },
    })
}

#[test]
fn a_telegram_is_its_fields_by_the_contract() {
    let telegram = whole(vec![Item { amount: 1205 }]);
    assert_eq!(to_value(&telegram).unwrap(), in_json());
    assert_eq!(from_str::<Whole>(&in_json().to_string()).unwrap(), telegram);
}

#[test]
fn what_is_computed_may_be_left_out_and_is_checked_if_given() {
    let mut json = in_json();
    json["header"].as_object_mut().unwrap().remove("length");
    json["body"].as_object_mut().unwrap().remove("item_count");
    json.as_object_mut().unwrap().remove("end");
    assert_eq!(from_str::<Whole>(&json.to_string()).unwrap(), whole(vec![Item { amount: 1205 }]));
    json["header"]["length"] = 44.into();
    assert!(from_str::<Whole>(&json.to_string()).unwrap_err().to_string().contains("header.length"));
}

#[test]
fn wrong_json_is_refused_without_its_secrets() {
    let refused = |json: &str| from_str::<Whole>(json).unwrap_err().to_string();
    assert!(refused(r#"{"acount":"1"}"#).contains("did you mean account?"));
    assert!(refused(r#"{"account":"1","account":"2"}"#).contains("stands twice"));
    let mut json = in_json();
    json["header"] = json!({ "code": "R" });
    json["body"] = json!({ "reason": "hunter22" });
    let error = refused(&json.to_string());
    assert!(error.contains("body.reason") && !error.contains("hunter"), "{error}");
}

#[test]
fn a_telegram_that_borrows_is_serialized() {
    #[derive(Telegram)]
    #[telegram(serde, charset = "ascii")]
    struct Borrowed<'a> {
        #[field(len = 4)]
        name: &'a str,
    }
    assert_eq!(to_value(Borrowed { name: "kim" }).unwrap(), json!({ "name": "kim" }));
}

#[test]
fn a_generic_telegram_comes_back() {
    #[derive(Telegram, Debug, PartialEq)]
    #[telegram(serde)]
    struct Enveloped<T> {
        #[field(len = 2)]
        number: u8,
        body: T,
    }
    let telegram = Enveloped { number: 5, body: Item { amount: 1 } };
    let json = json!({ "number": 5, "body": { "amount": "0.01" } });
    assert_eq!(to_value(&telegram).unwrap(), json);
    assert_eq!(from_str::<Enveloped<Item>>(&json.to_string()).unwrap(), telegram);
}

#[test]
fn values_are_the_strings_of_the_contract() {
    fn both<T: serde::Serialize + serde::de::DeserializeOwned + PartialEq + std::fmt::Debug>(value: T, text: &str) {
        assert_eq!(to_value(&value).unwrap(), json!(text));
        assert_eq!(from_str::<T>(&json!(text).to_string()).unwrap(), value);
    }
    both(Text::<6>::new("홍길동").unwrap(), "홍길동");
    both(Digits::<4>::new("0042").unwrap(), "0042");
    both("2026-11-21".parse::<Date>().unwrap(), "2026-11-21");
    both("1121".parse::<MonthDay>().unwrap(), "1121");
    both("09:30:15".parse::<Time>().unwrap(), "09:30:15");
    both("2026-11-21T09:30:15".parse::<DateTime>().unwrap(), "2026-11-21T09:30:15");
    both("1121093015".parse::<MonthDayTime>().unwrap(), "1121093015");
    let error = from_str::<Digits<2>>(r#""123""#).unwrap_err().to_string();
    assert!(error.starts_with("3 digits are too many; expected at most 2 digits"), "{error}");
}

#[derive(Telegram, Debug, PartialEq)]
#[telegram(serde, charset = "euc-kr")]
struct Deposit {
    #[field(len = 1, computed = count(payers))]
    payer_count: (),
    #[field(group, count = payer_count, max = 9)]
    payers: Vec<Payer>,
    memo: Text<4>,
}

#[derive(Telegram, Debug, PartialEq)]
#[telegram(charset = "euc-kr")]
struct Payer {
    name: Text<6>,
    #[field(len = 2, half = "replace")]
    initial: char,
}

/// The same with a check over its bytes.
#[derive(Telegram, Debug, PartialEq)]
#[telegram(serde, charset = "euc-kr")]
struct Checked {
    name: Text<6>,
    #[field(len = 2, computed = xor)]
    bcc: (),
}

#[test]
fn a_text_that_was_read_is_shown_even_if_its_charset_cannot_write_it() {
    // 8C63 is the CP949 code of U+B620, which KS X 1001 lacks; B0 alone is half of a character.
    let bytes = b"2\x8C\x63AB  Z CD    \xB0 memo";
    let deposit: Deposit = Decode::decode(bytes).unwrap();
    assert!(deposit.encode_to_vec().is_err());
    let payers = json!([{ "name": "\u{B620}AB", "initial": "Z" }, { "name": "CD", "initial": "\u{FFFD}" }]);
    assert_eq!(to_value(&deposit).unwrap(), json!({ "payer_count": 2, "payers": payers, "memo": "memo" }));

    let checked = Checked { name: "\u{B620}AB".parse().unwrap(), bcc: () };
    let error = to_value(&checked).unwrap_err().to_string();
    assert!(error.starts_with("caller: name, bytes 0..6: character 1 of the value, "), "{error}");
}

/// A text that only its reader knows is no padding: its entry, and what is behind it, are shown.
#[test]
fn a_text_that_cannot_be_written_does_not_hide_its_entry() {
    #[derive(Telegram, Debug, PartialEq)]
    #[telegram(charset = "euc-kr", serde)]
    struct Names {
        #[field(group, padded, max = 3)]
        names: Vec<Text<3>>,
        #[field(group, padded, max = 2)]
        exact: Vec<Exact>,
    }
    #[derive(Telegram, Debug, PartialEq)]
    #[telegram(charset = "euc-kr")]
    struct Exact {
        #[field(len = 4, full)]
        text: Text<4>,
    }
    // 8C63 is the CP949 code of U+B620, which KS X 1001 lacks.
    for (bytes, names, exact) in [
        (&b"AAAA\x8C\x63BBB\x8C\x63\x8C\x63    "[..], &["AAA", "A똠", "BBB"][..], &["똠똠"][..]),
        (b"\x8C\x63       CD\x8C\x63EF\x8C\x63", &["똠"], &["CD똠", "EF똠"]),
        (b"AAA\x8C\x63 BBB        ", &["AAA", "똠", "BBB"], &[]),
    ] {
        let Ok(read) = Names::decode(bytes) else { panic!("{:?}", Names::decode(bytes)) };
        let exact: Vec<_> = exact.iter().map(|text| json!({ "text": text })).collect();
        assert_eq!(to_value(&read).unwrap(), json!({ "names": names, "exact": exact }));
    }
}

/// A full-width field takes no half-width blank, not even for a moment.
#[test]
fn a_full_width_text_that_cannot_be_written_is_shown() {
    #[derive(Telegram, Debug, PartialEq)]
    #[telegram(charset = "euc-kr", serde)]
    struct Wide {
        #[field(len = 6, width = "full")]
        name: String,
        #[field(len = 2)]
        rest: String,
    }
    let read = Wide::decode(b"\x8C\x63\xA3\xC1\xA1\xA1AB").unwrap();
    assert_eq!(to_value(&read).unwrap(), json!({ "name": "똠Ａ", "rest": "AB" }));
}
