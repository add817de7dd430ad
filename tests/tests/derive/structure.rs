//! Groups of every form, choices and tails.

use fep_codec::{Choice, Digits, Record, Telegram, Text, Value};

use super::{check, refusal, refused, unwritable};

#[derive(Telegram, Debug, PartialEq, Clone)]
struct Item {
    code: Text<2>,
    #[field(len = 3)]
    amount: u16,
}

fn item(code: &str, amount: u16) -> Item {
    Item { code: code.parse().unwrap(), amount }
}

#[test]
fn a_count_may_stand_behind_its_group() {
    #[derive(Telegram, Debug, PartialEq)]
    struct List {
        #[field(group, count = item_count, max = 3)]
        items: Vec<Item>,
        #[field(len = 2, computed = count(items))]
        item_count: (),
        end: Text<1>,
    }
    let list = |items: Vec<Item>| List { items, item_count: (), end: "E".parse().unwrap() };
    check(&list(vec![item("A", 1), item("BB", 22)]), b"A 001BB02202E");
    check(&list(vec![]), b"00E");
    refused::<List>(b"A 00102E", "peer: item_count, bytes 5..7: the count says 2, there are 1 entries, hex 30 32");
    refused::<List>(
        b"A 001BB0102E",
        "peer: items, bytes 5..9: 4 bytes are left behind the last whole entry, which has 5",
    );
    refused::<List>(b"A 001A 001A 001A 00104E", "peer: items, bytes 15..20: 4 entries, at most 3 are allowed");
    refused::<List>(b"0E", "peer: item_count, bytes 0..2: expected a digit, found 'E' (45) at byte 1, hex 30 45");
    unwritable(
        &list(vec![item("A", 1); 4]),
        r#"{"items":[{"code":"A","amount":1},{"code":"A","amount":1},{"code":"A","amount":1},{"code":"A","amount":1}],"end":"E"}"#,
        "caller: items: 4 entries, at most 3 are allowed",
    );
}

#[test]
fn entries_may_take_what_is_left() {
    #[derive(Telegram, Debug, PartialEq)]
    struct List {
        kind: Text<1>,
        #[field(group, rest, max = 3)]
        items: Vec<Item>,
    }
    let list = |items: Vec<Item>| List { kind: "L".parse().unwrap(), items };
    check(&list(vec![item("A", 1), item("BB", 22)]), b"LA 001BB022");
    check(&list(vec![]), b"L");
    refused::<List>(b"LA 001B", "peer: items, bytes 6..7: 1 bytes are left behind the last whole entry, which has 5");
}

#[test]
fn unused_entries_may_be_blank() {
    #[derive(Telegram, Debug, PartialEq)]
    struct List {
        #[field(group, padded, max = 3)]
        items: Vec<Item>,
        end: Text<1>,
    }
    let list = |items: Vec<Item>| List { items, end: "E".parse().unwrap() };
    check(&list(vec![item("A", 1)]), b"A 001          E");
    check(&list(vec![]), b"               E");
    check(&list(vec![item("A", 1), item("", 0), item("", 7)]), b"A 001  000  007E");
    assert_eq!(List::LAYOUT.fixed_len(), Some(16));
    refused::<List>(
        b"A 001     A 002E",
        "peer: items[2], bytes 10..15: an entry that is not used is not blank, hex 41 20 30 30 32",
    );
}

#[test]
fn unused_entries_may_be_counted_and_blank() {
    #[derive(Telegram, Debug, PartialEq)]
    struct Blank {
        text: Text<2>,
    }
    #[derive(Telegram, Debug, PartialEq)]
    struct List {
        #[field(len = 1, computed = count(items))]
        item_count: (),
        #[field(group, padded, count = item_count, max = 3, pad = '0')]
        items: Vec<Blank>,
    }
    let blank = |text: &str| Blank { text: text.parse().unwrap() };
    check(&List { item_count: (), items: vec![blank("00"), blank("")] }, b"200  00");
    refused::<List>(b"100AA00", "peer: items[1], bytes 3..5: an entry that is not used is not blank, hex 41 41");
    refused::<List>(b"4000000", "peer: item_count, bytes 0..1: 4 entries, at most 3 are allowed, hex 34");

    #[derive(Telegram, Debug, PartialEq)]
    struct Uncounted {
        #[field(group, padded, max = 2)]
        items: Vec<Blank>,
    }
    unwritable(
        &Uncounted { items: vec![blank("A"), blank("")] },
        r#"{"items":[{"text":"A"},{"text":""}]}"#,
        "caller: items[1], bytes 2..4: an entry of nothing but padding says that it is not used",
    );
}

#[test]
fn groups_stand_in_groups() {
    #[derive(Telegram, Debug, PartialEq)]
    struct Day {
        #[field(len = 1, computed = count(items))]
        item_count: (),
        #[field(group, count = item_count, max = 2)]
        items: Vec<Item>,
    }
    #[derive(Telegram, Debug, PartialEq)]
    struct Days {
        #[field(group, rest, max = 3)]
        days: Vec<Day>,
        end: Text<1>,
    }
    let day = |items: Vec<Item>| Day { item_count: (), items };
    let days = Days {
        days: vec![day(vec![item("A", 1)]), day(vec![]), day(vec![item("B", 2), item("C", 3)])],
        end: "E".parse().unwrap(),
    };
    check(&days, b"1A 00102B 002C 003E");
    refused::<Days>(
        b"1A 00102B 002C 005",
        "peer: days, bytes 17..18: the last entry goes 1 bytes into what follows the group",
    );
    refused::<Days>(b"0000E", "peer: days, bytes 3..4: 4 entries, at most 3 are allowed");
    refused::<Days>(
        b"1A 0x1E",
        "peer: days[0].items[0].amount, bytes 3..6: expected a digit, found 'x' (78) at byte 4, hex 30 78 31",
    );
}

#[test]
fn a_page_is_within_its_list() {
    #[derive(Telegram, Debug, PartialEq)]
    struct Page {
        #[field(len = 2)]
        total: u8,
        #[field(len = 2)]
        start: u8,
        #[field(len = 1, computed = count(items))]
        item_count: (),
        #[field(group, count = item_count, max = 3, page(total = total, start = start))]
        items: Vec<Item>,
    }
    let page = |total, start, items: Vec<Item>| Page { total, start, item_count: (), items };
    check(&page(5, 4, vec![item("A", 1), item("B", 2)]), b"05042A 001B 002");
    check(&page(0, 1, vec![]), b"00010");
    refused::<Page>(b"05051A 0012", "peer: bytes 10..11: 1 bytes are left after the last field");
    refused::<Page>(b"05052A 001B 002", "peer: items: 2 entries from number 5 on are no page of a list of 5");
    refused::<Page>(b"05001A 001", "peer: items: 1 entries from number 0 on are no page of a list of 5");
    unwritable(
        &page(1, 2, vec![item("A", 1)]),
        r#"{"total":1,"start":2,"items":[{"code":"A","amount":1}]}"#,
        "caller: items: 1 entries from number 2 on are no page of a list of 1",
    );
}

#[derive(Telegram, Debug, PartialEq)]
struct Transfer {
    #[field(len = 5)]
    amount: u32,
}

#[derive(Telegram, Debug, PartialEq)]
struct Inquiry<'a> {
    #[field(tail, max = 8, digits, secret)]
    account: &'a str,
}

#[derive(Choice, Debug, PartialEq)]
enum Body<'a> {
    #[choice("100")]
    Transfer(Transfer),
    #[choice("3", "40")]
    Inquiry(Inquiry<'a>),
}

#[derive(Telegram, Debug, PartialEq)]
struct Header {
    #[field(len = 2, computed = length(all))]
    length: (),
    business: Text<3>,
}

#[derive(Telegram, Debug, PartialEq)]
struct Request<'a> {
    header: Header,
    #[field(choice = "header.business", label = "본문")]
    body: Body<'a>,
    end: Text<1>,
}

fn request<'a>(business: &str, body: Body<'a>) -> Request<'a> {
    let header = Header { length: (), business: business.parse().unwrap() };
    Request { header, body, end: "E".parse().unwrap() }
}

#[test]
fn a_code_chooses_the_body() {
    check(&request("100", Body::Transfer(Transfer { amount: 1500 })), b"1110001500E");
    check(&request("3", Body::Inquiry(Inquiry { account: "0012" })), b"103  0012E");
    check(&request("40", Body::Inquiry(Inquiry { account: "" })), b"0640 E");
    refused::<Request<'_>>(
        b"0610XE",
        "peer: header.business, bytes 2..5: no case of `body` has this code; there are 100, 3, 40, hex 31 30 58",
    );
    refused::<Request<'_>>(b"153  123456789E", "peer: body.account, bytes 5..14: needs 9 bytes, the field has 8");
}

#[test]
fn the_body_that_is_written_belongs_to_its_code() {
    let wrong = request("3", Body::Transfer(Transfer { amount: 1 }));
    let message = "caller: header.business, bytes 2..5: `Transfer` stands there, which belongs to 100, hex 33 20 20";
    assert_eq!(refusal(wrong.encode_to_vec()), message);
    let mut record = Record::new(Request::LAYOUT);
    record.set("header.business", Value::from("3")).unwrap();
    record.choose("body", "Transfer").unwrap();
    record.set("body.amount", Value::Number(1)).unwrap();
    record.set("end", Value::from("E")).unwrap();
    assert_eq!(refusal(record.encode()), message);
}

#[test]
fn a_body_in_json_is_the_one_that_its_code_means() {
    let read = |fields: &str| Record::from_json(Request::LAYOUT, fields).map(|record| record.encode().unwrap());
    assert_eq!(read(r#"{"header":{"business":"100"},"body":{"amount":7},"end":"E"}"#).unwrap(), b"1110000007E");
    for (fields, message) in [
        (
            r#"{"header":{"business":"4"},"body":{"amount":7}}"#,
            "caller: header.business: no case of `body` has this code; there are 100, 3, 40",
        ),
        (r#"{"body":{"amount":7}}"#, "caller: header.business: is missing"),
        (
            r#"{"header":{"business":"3"},"body":{"amount":7}}"#,
            "caller: body.amount: there is no such field; did you mean account?",
        ),
    ] {
        assert_eq!(refusal(read(fields)), message);
    }
}

#[test]
fn bytes_can_be_read_in_several_ways() {
    #[derive(Telegram, Debug, PartialEq)]
    struct Codes {
        first: Text<3>,
        second: Text<3>,
    }
    #[derive(Telegram, Debug, PartialEq)]
    struct Edi {
        text: Text<6>,
    }
    #[derive(Choice, Debug, PartialEq)]
    enum Customer {
        #[choice("Y")]
        Edi(Edi),
        #[choice(other)]
        Codes(Codes),
    }
    #[derive(Telegram, Debug, PartialEq)]
    #[telegram(len = 8)]
    struct Line {
        #[field(choice = "mark")]
        customer: Customer,
        #[field(at = 6)]
        mark: Text<1>,
        end: Text<1>,
    }
    let line = |customer, mark: &str| Line { customer, mark: mark.parse().unwrap(), end: "E".parse().unwrap() };
    check(&line(Customer::Edi(Edi { text: "ABCDEF".parse().unwrap() }), "Y"), b"ABCDEFYE");
    let codes = || Customer::Codes(Codes { first: "ABC".parse().unwrap(), second: "DEF".parse().unwrap() });
    check(&line(codes(), "N"), b"ABCDEFNE");
    check(&line(codes(), ""), b"ABCDEF E");
    let message =
        "caller: mark, bytes 6..7: `Codes` stands there, which belongs to all codes that no other case names, hex 59";
    assert_eq!(refusal(line(codes(), "Y").encode_to_vec()), message);
}

#[test]
fn segments_have_a_tag_and_a_length() {
    #[derive(Telegram, Debug, PartialEq)]
    struct Name {
        #[field(tail, max = 9)]
        name: String,
    }
    #[derive(Telegram, Debug, PartialEq)]
    struct Amount {
        #[field(len = 3)]
        amount: u16,
    }
    #[derive(Telegram, Debug, PartialEq)]
    struct Unknown {
        #[field(tail, max = 99)]
        bytes: Vec<u8>,
    }
    #[derive(Choice, Debug, PartialEq)]
    enum Content {
        #[choice("NA")]
        Name(Name),
        #[choice("AM")]
        Amount(Amount),
        #[choice(other)]
        Unknown(Unknown),
    }
    #[derive(Telegram, Debug, PartialEq)]
    struct Segment {
        tag: Text<2>,
        #[field(len = 2, computed = length(content))]
        len: (),
        #[field(choice = "tag")]
        content: Content,
    }
    #[derive(Telegram, Debug, PartialEq)]
    #[telegram(charset = "euc-kr")]
    struct Segments {
        #[field(group, rest, max = 5)]
        segments: Vec<Segment>,
        end: Text<1>,
    }
    let segment = |tag: &str, content| Segment { tag: tag.parse().unwrap(), len: (), content };
    let segments = Segments {
        segments: vec![
            segment("AM", Content::Amount(Amount { amount: 15 })),
            segment("NA", Content::Name(Name { name: " KIM ".to_owned() })),
            segment("ZZ", Content::Unknown(Unknown { bytes: b"\x00\xFF".to_vec() })),
            segment("NA", Content::Name(Name { name: String::new() })),
        ],
        end: "E".parse().unwrap(),
    };
    check(&segments, b"AM03015NA05 KIM ZZ02\x00\xFFNA00E");
    refused::<Segments>(
        b"AM040150E",
        "peer: segments[0].content, bytes 7..8: its length field says 4 bytes, its contents have 3",
    );
    refused::<Segments>(
        b"AM02015E",
        "peer: segments[0].content.amount, bytes 4..7: needs 3 bytes, only 2 left in `content`, whose length field says 2",
    );
    refused::<Segments>(
        b"NA09KIME",
        "peer: segments[0].content, bytes 4..13: its length field says 9 bytes, only 3 left",
    );
}

#[test]
fn a_tail_is_as_long_as_its_value() {
    #[derive(Telegram, Debug, PartialEq)]
    #[telegram(charset = "euc-kr")]
    struct Memo {
        #[field(len = 2, computed = length(memo))]
        memo_len: (),
        #[field(tail, max = 6, label = "메모")]
        memo: String,
        #[field(tail, max = 4)]
        digits: Digits<4>,
    }
    let memo = |memo: &str, digits: &str| Memo { memo_len: (), memo: memo.to_owned(), digits: digits.parse().unwrap() };
    check(&memo("홍길동", "12"), b"06\xC8\xAB\xB1\xE6\xB5\xBF12");
    check(&memo(" a ", ""), b"03 a ");
    unwritable(
        &memo("홍길동A", ""),
        r#"{"memo":"홍길동A","digits":""}"#,
        "caller: memo (메모), bytes 2..8: needs 7 bytes, the field has 6",
    );
    refused::<Memo>(b"07AAAAAAA1", "peer: memo (메모), bytes 2..9: needs 7 bytes, the field has 6");
    refused::<Memo>(b"02AA12345", "peer: digits, bytes 4..9: needs 5 bytes, the field has 4");
    refused::<Memo>(
        b"03\xC8\xAB\xB1",
        "peer: memo (메모), bytes 2..5: invalid euc-kr at byte 4: truncated character, hex c8 ab b1",
    );
}
