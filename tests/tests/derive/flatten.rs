//! Parts without a name of their own: their fields stand at the level of the struct, and the struct keeps their type.

use fep_codec::{Choice, Decode, Digits, Record, Telegram, TelegramSet, Text, Value, view};

use super::{check, refused, unwritable};

#[derive(Telegram, Debug, PartialEq)]
#[telegram(view)]
struct Header {
    #[field(len = 2, computed = length(super::memo), label = "적요길이")]
    memo_len: (),
    #[field(len = 1, computed = count(super::items))]
    item_count: (),
    #[field(len = 5, computed = sum(super::items.amount))]
    total: (),
    #[field(full)]
    code: Digits<4>,
    #[field(len = 1, computed = sign(super::balance, '+', '-'))]
    balance_sign: (),
}

#[derive(Telegram, Debug, PartialEq)]
#[telegram(view)]
struct Entry {
    #[field(len = 4)]
    amount: u16,
}

#[derive(Telegram, Debug, PartialEq)]
#[telegram(view, when("code" = "0100"))]
struct Order {
    #[field(flatten)]
    header: Header,
    #[field(len = 3, at = 13, sign = "elsewhere")]
    balance: i32,
    #[field(group, count = item_count, max = 9)]
    items: Vec<Entry>,
    #[field(tail, max = 20)]
    memo: String,
    #[field(tail, max = 20)]
    rest: String,
}

/// The same layout in one struct.
#[derive(Telegram, Debug, PartialEq)]
#[telegram(name = "Order", when("code" = "0100"))]
struct Whole {
    #[field(len = 2, computed = length(memo), label = "적요길이")]
    memo_len: (),
    #[field(len = 1, computed = count(items))]
    item_count: (),
    #[field(len = 5, computed = sum(items.amount))]
    total: (),
    #[field(full)]
    code: Digits<4>,
    #[field(len = 1, computed = sign(balance, '+', '-'))]
    balance_sign: (),
    #[field(len = 3)]
    balance: i32,
    #[field(group, count = item_count, max = 9)]
    items: Vec<Entry>,
    #[field(tail, max = 20)]
    memo: String,
    #[field(tail, max = 20)]
    rest: String,
}

fn header(code: &str) -> Header {
    Header { memo_len: (), item_count: (), total: (), code: code.parse().unwrap(), balance_sign: () }
}

fn order(balance: i32, amounts: &[u16], memo: &str) -> Order {
    let items = amounts.iter().map(|amount| Entry { amount: *amount }).collect();
    Order { header: header("0100"), balance, items, memo: memo.to_owned(), rest: "z".to_owned() }
}

#[test]
fn the_layout_is_that_of_one_struct() {
    assert_eq!(Order::LAYOUT.difference(Whole::LAYOUT), None);
    assert_eq!(Order::LAYOUT, Whole::LAYOUT);
}

#[test]
fn fields_on_both_sides_of_the_border_belong_together() {
    check(&order(-42, &[7, 20], "hi"), b"022000270100-04200070020hiz");
    check(&order(42, &[], ""), b"000000000100+042z");
    refused::<Order>(
        b"022000280100-04200070020hiz",
        "peer: total, bytes 3..8: the sum says 28, the entries have 27, hex 30 30 30 32 38",
    );
    refused::<Order>(
        b"992000270100-04200070020hiz",
        "peer: memo, bytes 24..123: its length field says 99 bytes, only 3 left",
    );
    refused::<Order>(
        b"02A000270100-04200070020hiz",
        "peer: item_count, bytes 2..3: expected a digit, found 'A' (41) at byte 2, hex 41",
    );
    refused::<Order>(
        b"020000000100*042hiz",
        "peer: balance_sign, bytes 12..13: expected a sign, found '*' (2a), hex 2a",
    );
    let fields = r#"{"code":"0100","balance":1000,"items":[],"memo":"","rest":""}"#;
    let order = Order { rest: String::new(), ..order(1000, &[], "") };
    unwritable(&order, fields, "caller: balance, bytes 13..16: needs 4 bytes, the field has 3");
}

#[test]
fn json_and_paths_do_not_show_the_part() {
    let record = Record::decode(Order::LAYOUT, b"022000270100-04200070020hiz").unwrap();
    let json = r#"{"memo_len":2,"item_count":2,"total":27,"code":"0100","balance_sign":"-","balance":-42,"items":[{"amount":7},{"amount":20}],"memo":"hi","rest":"z"}"#;
    assert_eq!(record.to_json_value(), serde_json::from_str::<serde_json::Value>(json).unwrap());
    assert_eq!(Order::LAYOUT.paths(), Whole::LAYOUT.paths());
    assert!(Order::LAYOUT.has_field("code"));
}

#[test]
fn a_view_shows_the_part_and_the_fields_beside_it() {
    let mut bytes = *b"022000270100-04200070020hiz";
    let seen = OrderView::new(&bytes).unwrap();
    assert_eq!(seen.header().code().unwrap().as_str(), "0100");
    assert_eq!((seen.header().item_count(), seen.balance()), (Ok(2), Ok(-42)));
    assert_eq!((seen.header_bytes(), seen.items_bytes()), (&b"022000270100-"[..], &b"00070020"[..]));
    assert_eq!((seen.memo().unwrap().as_str(), seen.rest().unwrap().as_str()), ("hi", "z"));
    assert_eq!(seen.decode().unwrap(), order(-42, &[7, 20], "hi"));
    let mut patched = OrderViewMut::new(&mut bytes).unwrap();
    patched.set_balance(&7).unwrap();
    patched.items_mut(1).unwrap().set_amount(&21).unwrap();
    patched.header_mut().set_code(&"0200".parse().unwrap()).unwrap();
    patched.refresh().unwrap();
    assert_eq!(&bytes, b"022000280200+00700070021hiz");
    let error = OrderView::new(b"022000270x00-04200070020hiz").unwrap().header().code().unwrap_err().to_string();
    assert_eq!(error, "peer: code, bytes 8..12: expected a digit, found 'x' (78) at byte 9, hex 30 78 30 30");
}

#[test]
fn a_field_is_found_and_patched_by_its_path_at_the_level_above() {
    let mut bytes = *b"022000270100-04200070020hiz";
    assert_eq!(view::find(Order::LAYOUT, &bytes, "code").unwrap().1, 8..12);
    assert!(view::find(Order::LAYOUT, &bytes, "header.code").is_err());
    view::patch(Order::LAYOUT, &mut bytes, "balance", &Value::Number(5)).unwrap();
    assert_eq!(&bytes, b"022000270100+00500070020hiz");
}

/// A common part in a common part: two levels.
#[derive(Telegram, Debug, PartialEq)]
struct Outer<'a> {
    #[field(literal = b"\x02")]
    _stx: (),
    #[field(flatten)]
    inner: Inner<'a>,
    #[field(len = 2, computed = sum(lines.no))]
    total: (),
    #[field(flatten)]
    lines: Lines,
    #[field(len = 1, computed = xor(mark))]
    bcc: (),
}

#[derive(Telegram, Debug, PartialEq)]
struct Inner<'a> {
    #[field(len = 3, computed = length(rest))]
    length: (),
    #[field(flatten)]
    mark: Mark<'a>,
    #[field(len = 2)]
    kind: Text<2>,
}

#[derive(Telegram, Debug, PartialEq)]
struct Mark<'a> {
    #[field(len = 1)]
    mark: &'a str,
}

#[derive(Telegram, Debug, PartialEq)]
struct Lines {
    #[field(group, rest, max = 9)]
    lines: Vec<Line>,
    #[field(literal = "/")]
    _end: (),
}

#[derive(Telegram, Debug, PartialEq)]
struct Line {
    #[field(len = 2)]
    no: u8,
}

#[test]
fn parts_are_flattened_on_two_levels() {
    let inner = || Inner { length: (), mark: Mark { mark: "M" }, kind: "AB".parse().unwrap() };
    let lines = Lines { lines: vec![Line { no: 4 }, Line { no: 5 }], _end: () };
    let outer = Outer { _stx: (), inner: inner(), total: (), lines, bcc: () };
    // 'M' ^ 'A' ^ 'B' ^ "09" ^ "0405" ^ '/': 4D^41^42 = 4E, ^30^39 = 47, ^30^34^30^35 = 46, ^2F = 69
    check(&outer, b"\x02011MAB090405/i");
    refused::<Outer<'_>>(
        b"\x02011MAB080405/h",
        "peer: total, bytes 7..9: the sum says 8, the entries have 9, hex 30 38",
    );
    assert!(Outer::decode(b"\x02011MAB090405/j").is_err());
}

/// The length of an item in a flattened part stands before the part.
#[derive(Telegram, Debug, PartialEq)]
struct Envelope {
    #[field(len = 2, computed = length(text))]
    text_len: (),
    #[field(flatten)]
    body: TextBody,
    #[field(tail, max = 9)]
    rest: String,
}

#[derive(Telegram, Debug, PartialEq)]
struct TextBody {
    #[field(len = 1)]
    lang: Text<1>,
    #[field(tail, max = 9)]
    text: String,
    #[field(len = 1)]
    end: Text<1>,
}

#[test]
fn a_length_before_a_flattened_part_measures_an_item_of_it() {
    let body = TextBody { lang: "K".parse().unwrap(), text: "abc".to_owned(), end: ";".parse().unwrap() };
    check(&Envelope { text_len: (), body, rest: "xy".to_owned() }, b"03Kabc;xy");
    assert!(Envelope::decode(b"09Kabc;xy").is_err());
    let body = Envelope::decode(b"01Kabc;xy").unwrap().body;
    assert_eq!((&*body.text, &*body.end), ("a", "b"));
}

/// The code of a choice stands in a flattened part, and a literal of the part tells the telegrams apart.
#[derive(Telegram, Debug, PartialEq)]
struct Kind {
    #[field(literal = "T")]
    record: (),
    kind: Text<2>,
}

#[derive(Choice, Debug, PartialEq)]
enum Payload {
    #[choice("NO")]
    Line(Line),
    #[choice("MA")]
    Entry(Entry),
}

#[derive(Telegram, Debug, PartialEq)]
struct Chosen {
    #[field(flatten)]
    kind: Kind,
    #[field(choice = "kind")]
    payload: Payload,
}

#[derive(Telegram, Debug, PartialEq)]
struct Ended {
    #[field(literal = "Z")]
    record: (),
}

#[derive(Telegram, Debug, PartialEq)]
enum Any {
    Chosen(Chosen),
    Ended(Ended),
}

#[test]
fn a_choice_and_a_set_look_into_a_flattened_part() {
    let chosen = |code: &str, payload| Chosen { kind: Kind { record: (), kind: code.parse().unwrap() }, payload };
    check(&chosen("NO", Payload::Line(Line { no: 7 })), b"TNO07");
    check(&chosen("MA", Payload::Entry(Entry { amount: 7 })), b"TMA0007");
    assert_eq!(Any::decode_any(b"TNO07").unwrap(), Any::Chosen(chosen("NO", Payload::Line(Line { no: 7 }))));
    assert_eq!(Any::decode_any(b"Z").unwrap(), Any::Ended(Ended { record: () }));
}

/// One header with every body.
#[derive(Telegram, Debug, PartialEq)]
struct Message<Body> {
    #[field(flatten)]
    kind: Kind,
    #[field(part)]
    body: Body,
}

#[test]
fn a_struct_with_a_type_parameter_can_have_a_flattened_part() {
    let kind = Kind { record: (), kind: "NO".parse().unwrap() };
    check(&Message { kind, body: Line { no: 7 } }, b"TNO07");
    assert_eq!(Message::<Line>::LAYOUT.paths(), ["record", "kind", "body.no"]);
}
