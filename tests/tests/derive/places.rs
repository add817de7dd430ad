//! Codes without a constant offset, because an item before them varies in length. Choices by such codes, in both codecs and in views.

use fep_codec::view::{find, patch, refresh};
use fep_codec::{Choice, Telegram, Text, Value, diff};

use super::{check, refusal, refused, unwritable};

#[derive(Telegram, Clone, Debug, PartialEq)]
#[telegram(view)]
struct Number {
    #[field(len = 2)]
    no: u8,
}

#[derive(Telegram, Clone, Debug, PartialEq)]
#[telegram(view)]
struct Memo {
    #[field(len = 1, computed = length(memo))]
    memo_len: (),
    #[field(tail, max = 9, charset = "ascii")]
    memo: String,
}

#[derive(Choice, Clone, Debug, PartialEq)]
enum Body {
    #[choice("N")]
    Number(Number),
    #[choice("M", "T")]
    Memo(Memo),
}

/// A part in which the code comes after an item of variable length. The part also has its own choice.
#[derive(Telegram, Clone, Debug, PartialEq)]
#[telegram(view)]
struct Head {
    memo: Memo,
    kind: Text<1>,
    #[field(choice = "kind")]
    own: Body,
    next: Text<1>,
}

#[derive(Telegram, Clone, Debug, PartialEq)]
#[telegram(view)]
struct Row {
    #[field(len = 1, computed = count(numbers))]
    count: (),
    #[field(group, count = count, max = 3)]
    numbers: Vec<Number>,
    kind: Text<1>,
    #[field(choice = "kind")]
    body: Body,
}

#[derive(Telegram, Clone, Debug, PartialEq)]
#[telegram(view)]
struct Loose {
    head: Head,
    #[field(choice = "head.next")]
    first: Body,
    #[field(choice = "head.kind")]
    second: Body,
    #[field(len = 1, computed = count(rows))]
    row_count: (),
    #[field(group, count = row_count, max = 3)]
    rows: Vec<Row>,
    last: Text<1>,
    #[field(choice = "last")]
    end: Body,
    #[field(len = 2)]
    tail: u8,
}

fn number(no: u8) -> Body {
    Body::Number(Number { no })
}

fn memo(memo: &str) -> Body {
    Body::Memo(Memo { memo_len: (), memo: memo.to_owned() })
}

fn loose() -> Loose {
    let numbers = |numbers: &[u8]| numbers.iter().map(|no| Number { no: *no }).collect();
    Loose {
        head: Head {
            memo: Memo { memo_len: (), memo: "abc".to_owned() },
            kind: "N".parse().unwrap(),
            own: number(7),
            next: "M".parse().unwrap(),
        },
        first: memo("xy"),
        second: number(8),
        row_count: (),
        rows: vec![
            Row { count: (), numbers: numbers(&[1, 2]), kind: "N".parse().unwrap(), body: number(9) },
            Row { count: (), numbers: numbers(&[]), kind: "T".parse().unwrap(), body: memo("") },
        ],
        last: "N".parse().unwrap(),
        end: number(10),
        tail: 11,
    }
}

fn bytes() -> Vec<u8> {
    // The memo, code, choice and next code of the head; two choices; the rows and their count; the last code and its choice; the end.
    [b"3abc", b"N07M".as_slice(), b"2xy", b"08", b"2", b"20102N09", b"0T0", b"N10", b"11"].concat()
}

#[test]
fn a_code_is_found_behind_what_varies() {
    check(&loose(), &bytes());
    let other = Loose {
        head: Head {
            memo: Memo { memo_len: (), memo: String::new() },
            kind: "T".parse().unwrap(),
            own: memo("q"),
            next: "N".parse().unwrap(),
        },
        first: number(1),
        second: memo("long"),
        rows: vec![],
        ..loose()
    };
    check(&other, b"0T1qN014long0N1011");
}

#[test]
fn a_wrong_code_is_named_where_it_stands() {
    let changed = |at: usize, byte: u8| {
        let mut bytes = bytes();
        bytes[at] = byte;
        bytes
    };
    let unknown = "no case of `first` has this code; there are N, M, T, hex 58";
    let bytes = changed(7, b'X').leak();
    refused::<Loose>(bytes, &format!("peer: head.next, bytes 7..8: {unknown}"));
    let said: Vec<String> = Loose::LAYOUT.all_errors(bytes).iter().map(ToString::to_string).collect();
    assert_eq!(said, [format!("peer: head.next, bytes 7..8: {unknown}")]);
    refused::<Loose>(
        changed(19, b'X').leak(),
        "peer: rows[0].kind, bytes 19..20: no case of `body` has this code; there are N, M, T, hex 58",
    );
    let wrong = Loose { last: "M".parse().unwrap(), rows: vec![], ..loose() };
    assert_eq!(
        refusal(wrong.encode_to_vec()),
        "caller: last, bytes 14..15: `Number` stands there, which belongs to N, hex 4d"
    );
    let wrong = Loose { first: number(1), ..loose() };
    let said = "caller: head.next, bytes 7..8: `Number` stands there, which belongs to N, hex 4d";
    assert_eq!(refusal(wrong.encode_to_vec()), said);
    let mut record = fep_codec::Record::decode(Loose::LAYOUT, bytes_of(&loose())).unwrap();
    record.choose("first", "Number").unwrap();
    record.set("first.no", Value::Number(1)).unwrap();
    assert_eq!(refusal(record.encode()), said);
    unwritable(
        &Memo { memo_len: (), memo: "0123456789".to_owned() },
        r#"{"memo":"0123456789"}"#,
        "caller: memo_len, bytes 0..1: needs 2 bytes, the field has 1",
    );
}

fn bytes_of(loose: &Loose) -> &'static [u8] {
    loose.encode_to_vec().unwrap().leak()
}

#[test]
fn views_paths_and_differences_find_their_way() {
    let mut bytes = bytes();
    let view = LooseView::new(&bytes).unwrap();
    assert_eq!(
        (view.first().unwrap(), view.second().unwrap(), view.end().unwrap()),
        (memo("xy"), number(8), number(10))
    );
    assert_eq!((view.head().own().unwrap(), view.tail().unwrap()), (number(7), 11));
    let bodies: Vec<_> = view.rows().map(|row| row.body().unwrap()).collect();
    assert_eq!(bodies, [number(9), memo("")]);
    assert_eq!(view.decode().unwrap(), loose());
    for (path, range) in [("head.next", 7..8), ("second.no", 11..13), ("rows[0].body.no", 20..22), ("end.no", 26..28)] {
        assert_eq!(find(Loose::LAYOUT, &bytes, path).unwrap().1, range, "{path}");
    }
    let before = bytes.clone();
    patch(Loose::LAYOUT, &mut bytes, "rows[0].body.no", &Value::Number(99)).unwrap();
    refresh(Loose::LAYOUT, &mut bytes).unwrap();
    let differences = diff(Loose::LAYOUT, &before, &bytes).differences;
    let paths: Vec<&str> = differences.iter().map(|difference| &*difference.path).collect();
    assert_eq!(paths, ["rows[0].body.no"]);
}

#[test]
fn a_long_row_of_choices_is_walked_once() {
    // Each choice needs a code that comes after the previous choice. If each walk started further walks, this test would not finish.
    use std::borrow::Cow;

    use fep_codec::layout::{Case, Choice, Item};
    use fep_codec::{Layout, Record};
    let code = |number: usize| {
        let mut item = Row::LAYOUT.items[2].clone();
        if let Item::Field(field) = &mut item {
            field.name = format!("kind_{number}").into();
        }
        item
    };
    let body = |number: usize| {
        let case = |code: &'static str, layout: &Layout| Case {
            codes: Cow::Owned(vec![Cow::Borrowed(code)]),
            layout: Cow::Owned(layout.clone()),
        };
        Item::Choice(Choice {
            name: format!("body_{number}").into(),
            label: Cow::Borrowed(""),
            by: format!("kind_{number}").into(),
            cases: Cow::Owned(vec![case("N", Number::LAYOUT), case("M", Memo::LAYOUT)]),
        })
    };
    let items = (0..60).flat_map(|number| [code(number), body(number)]).collect();
    let mut layout = Layout { name: "Row".into(), items: Cow::Owned(items), ..Number::LAYOUT.clone() };
    // Nested parts, each with a choice by a code of the innermost part.
    for depth in 0..40 {
        let mut part = Loose::LAYOUT.items[0].clone();
        if let Item::Part(part) = &mut part {
            part.layout = Cow::Owned(layout);
        }
        let mut outer = body(depth);
        if let Item::Choice(choice) = &mut outer {
            choice.by = format!("{}kind_59", "head.".repeat(depth + 1)).into();
        }
        layout = Layout { name: "Outer".into(), items: Cow::Owned(vec![part, outer]), ..Number::LAYOUT.clone() };
    }
    let bytes = [b"N01".repeat(59), b"M1x".to_vec(), b"0".repeat(40)].concat();
    let record = Record::decode(&layout, &bytes).unwrap();
    assert_eq!(record.encode().unwrap(), bytes);
    assert_eq!(layout.all_errors(&bytes), []);
    let path = format!("{}body_59.memo", "head.".repeat(40));
    assert_eq!(find(&layout, &bytes, &path).unwrap().1, 179..180);
}
