//! Records with hand-written layouts. The golden telegrams are tested next to their specs.

use alloc::borrow::Cow;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use alloc::{format, vec};
use std::sync::LazyLock;

use super::*;
use crate::charset::Charset;
use crate::dump::{DumpOptions, dump};
use crate::layout::{
    CodeMeaning, CodeRule, Computed, DatePattern, DateRule, DigitsRule, Field, Filler, Group, Item, Kind, LengthScope,
    Literal, NoneAs, NumberRule, Part, Repeat, Sign, TextRule,
};

fn field(name: &'static str, len: usize, kind: Kind) -> Field {
    Field { name: Cow::Borrowed(name), label: Cow::Borrowed(""), len, kind, secret: false, computed: None }
}

fn layout(name: &'static str, items: Vec<Item>) -> Layout {
    Layout {
        name: Cow::Borrowed(name),
        label: Cow::Borrowed(""),
        charset: Charset::EucKr,
        stated_len: None,
        when: Cow::Borrowed(&[]),
        items: Cow::Owned(items),
    }
}

static HEADER: LazyLock<Layout> = LazyLock::new(|| {
    layout(
        "Header",
        vec![
            Item::Field(Field {
                computed: Some(Computed::Length(LengthScope::Rest)),
                ..field("length", 4, Kind::Number(NumberRule::UNSIGNED))
            }),
            Item::Literal(Literal {
                name: Cow::Borrowed("mark"),
                label: Cow::Borrowed(""),
                bytes: Cow::Borrowed(b"T"),
                text: Some(Charset::Ascii),
            }),
            Item::Field(field("code", 4, Kind::Digits(DigitsRule::EXACT))),
        ],
    )
});

static ENTRY: LazyLock<Layout> = LazyLock::new(|| {
    layout(
        "Entry",
        vec![
            Item::Field(field(
                "on",
                6,
                Kind::Date(DateRule { none: NoneAs::Zeros, ..DateRule::new(DatePattern::YYMMDD) }),
            )),
            Item::Field(field(
                "amount",
                7,
                Kind::Number(NumberRule { sign: Sign::LeadingMinus, scale: 2, ..NumberRule::UNSIGNED }),
            )),
        ],
    )
});

static LIST: LazyLock<Layout> = LazyLock::new(|| {
    layout(
        "List",
        vec![
            Item::Part(Part { name: Cow::Borrowed("header"), layout: Cow::Borrowed(&*HEADER) }),
            Item::Field(Field {
                secret: true,
                label: Cow::Borrowed("예금주"),
                ..field("holder", 10, Kind::Text(TextRule::new(Charset::EucKr)))
            }),
            Item::Field(field(
                "state",
                1,
                Kind::Code(CodeRule {
                    charset: Charset::Ascii,
                    codes: Cow::Borrowed(&[CodeMeaning { code: Cow::Borrowed("1"), label: Cow::Borrowed("정상") }]),
                    open: true,
                }),
            )),
            Item::Field(Field {
                computed: Some(Computed::Count(Cow::Borrowed("items"))),
                ..field("count", 2, Kind::Number(NumberRule::UNSIGNED))
            }),
            Item::Group(Group {
                name: Cow::Borrowed("items"),
                label: Cow::Borrowed(""),
                repeat: Repeat::Counted { by: Cow::Borrowed("count"), max: 3 },
                page: None,
                layout: Cow::Borrowed(&*ENTRY),
            }),
            Item::Filler(Filler { label: Cow::Borrowed("예비"), len: 3, pad: b' ', any: false }),
        ],
    )
});

/// 4 + 1 + 4 header, 10 holder, 1 state, 2 count, 2 × 13 items, 3 filler = 51 bytes, 47 of them after the length.
const TWO: &[u8] = b"0047T0210\xC8\xAB\xB1\xE6\xB5\xBF    1022611210001205000000-000550   ";

#[test]
fn bytes_become_values_and_the_same_bytes_again() {
    let record = Record::decode(&LIST, TWO).unwrap();
    assert_eq!(record.get("header.length"), Some(&Value::Number(47)));
    assert_eq!(record.get("holder"), Some(&Value::from("홍길동")));
    assert_eq!(record.get("items[0].on"), Some(&Value::Date("2026-11-21".parse().unwrap())));
    assert_eq!(record.get("items[1].on"), Some(&Value::None));
    assert_eq!(record.get("items[1].amount"), Some(&Value::Number(-550)));
    assert_eq!(record.get("items[2].amount"), None);
    assert_eq!(record.encode().unwrap(), TWO);
}

#[test]
fn what_follows_from_the_layout_may_be_left_out() {
    let mut record = Record::new(&LIST);
    record.set("header.code", Value::from("0210")).unwrap();
    record.set("holder", Value::from("홍길동")).unwrap();
    record.set("state", Value::from("1")).unwrap();
    for (on, amount) in [(Value::Date("2026-11-21".parse().unwrap()), 1205), (Value::None, -550)] {
        record.push_entry("items").unwrap();
        let last = if record.get("items[1]").is_some() || amount < 0 { 1 } else { 0 };
        record.set(&format!("items[{last}].on"), on).unwrap();
        record.set(&format!("items[{last}].amount"), Value::Number(amount)).unwrap();
    }
    assert_eq!(record.encode().unwrap(), TWO);
}

fn encode_error(change: impl FnOnce(&mut Record<'_>)) -> String {
    let mut record = Record::decode(&LIST, TWO).unwrap();
    change(&mut record);
    record.encode().unwrap_err().to_string()
}

#[test]
fn an_error_names_the_culprit_the_path_and_the_bytes() {
    let text = |text: &str| Value::from(text);
    assert_eq!(
        encode_error(|record| record.set("items[1].amount", Value::Number(10_000_000)).unwrap()),
        "caller: items[1].amount, bytes 41..48: needs 8 bytes, the field has 7"
    );
    assert_eq!(
        encode_error(|record| record.set("header.code", Value::Absent).unwrap()),
        "caller: header.code: is missing"
    );
    assert_eq!(
        encode_error(|record| record.set("header.length", Value::Number(46)).unwrap()),
        "caller: header.length: the field is computed and must be 47; leave it out"
    );
    assert_eq!(
        encode_error(|record| record.set("holder", text("가나다라마바")).unwrap()),
        "caller: holder (예금주), bytes 9..19: needs 12 bytes, the field has 10: it overflows at character 6"
    );
    assert_eq!(
        encode_error(|record| record.set("holder", text("가똠")).unwrap()),
        "caller: holder (예금주), bytes 9..19: character 2 of the value is not in euc-kr",
        "the character of a secret field is not shown"
    );
    assert_eq!(
        encode_error(|record| (0..2).for_each(|_| record.push_entry("items").unwrap())),
        "caller: items: 4 entries, at most 3 are allowed"
    );
}

fn decode_error(change: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut bytes = TWO.to_vec();
    change(&mut bytes);
    Record::decode(&LIST, &bytes).unwrap_err().to_string()
}

#[test]
fn bytes_that_lie_are_refused_where_they_lie() {
    assert_eq!(
        decode_error(|bytes| bytes[3] = b'8'),
        "peer: header.length, bytes 0..4: the length says 48, there are 47, hex 30 30 34 38"
    );
    assert_eq!(
        decode_error(|bytes| bytes[21] = b'9'),
        "peer: count, bytes 20..22: 9 entries, at most 3 are allowed, hex 30 39"
    );
    assert_eq!(
        decode_error(|bytes| bytes[43] = b'x'),
        "peer: items[1].amount, bytes 41..48: expected a digit, found 'x' (78) at byte 43, hex 2d 30 78 30 35 35 30"
    );
    assert_eq!(
        decode_error(|bytes| bytes[49] = b'z'),
        "peer: bytes 48..51: a reserved byte is not blank: 'z' (7a) at byte 49"
    );
    assert_eq!(
        decode_error(|bytes| bytes[4] = b'U'),
        "peer: header.mark, bytes 4..5: not the constant that the spec puts here, hex 55"
    );
    assert_eq!(
        decode_error(|bytes| bytes[9] = 0xFF),
        "peer: holder (예금주), bytes 9..19: invalid euc-kr at byte 9: there is no such character",
        "a secret field's bytes are not shown"
    );
}

#[test]
fn every_cut_of_a_telegram_is_an_error() {
    for end in 0..TWO.len() {
        assert!(Record::decode(&LIST, &TWO[..end]).is_err(), "{end} bytes");
    }
    let mut longer = TWO.to_vec();
    longer.push(b' ');
    assert!(Record::decode(&LIST, &longer).is_err());
}

#[test]
fn a_dump_hides_secrets_and_survives_anything() {
    let shown = dump(&LIST, TWO, DumpOptions::default());
    assert!(!shown.contains("홍길동") && !shown.contains("c8 ab"), "{shown}");
    assert!(shown.contains("** × 10") && shown.contains("<secret>") && shown.contains("1 (정상)"), "{shown}");
    let filler = shown.lines().last().unwrap();
    assert!(filler.contains("예비") && filler.ends_with("filler"), "{shown}");
    let revealed = dump(&LIST, TWO, DumpOptions { reveal: true, colour: false });
    assert!(revealed.contains("c8 ab b1 e6 b5 bf 20 20 20 20") && revealed.contains("홍길동"), "{revealed}");
    let longer = dump(&LIST, &[TWO, b"4321"].concat(), DumpOptions::default());
    assert!(longer.contains("** × 4") && longer.contains("! 4 bytes are left after the last field"), "{longer}");
    for end in 0..TWO.len() {
        assert!(dump(&LIST, &TWO[..end], DumpOptions::default()).contains('!'), "{end} bytes");
    }
}

#[cfg(feature = "json")]
mod json {
    use super::*;

    #[test]
    fn json_follows_the_contract() {
        let record = Record::decode(&LIST, TWO).unwrap();
        let json = serde_json::to_string(&record).unwrap();
        assert_eq!(
            json,
            r#"{"header":{"length":47,"mark":"T","code":"0210"},"holder":"홍길동","state":"1","count":2,"items":[{"on":"2026-11-21","amount":"12.05"},{"on":null,"amount":"-5.50"}]}"#
        );
        assert_eq!(Record::from_json(&LIST, &json).unwrap().encode().unwrap(), TWO);
    }

    fn refused(json: &str) -> String {
        match Record::from_json(&LIST, json).and_then(|record| record.encode()) {
            Ok(bytes) => panic!("{json} became {bytes:?}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn json_that_could_lose_something_is_refused() {
        assert_eq!(refused(r#"{"holdr":"x"}"#), "caller: holdr: there is no such field; did you mean holder?");
        assert_eq!(
            refused(r#"{"state":"1","state":"2"}"#),
            "caller: not JSON: the key \"state\" stands twice in one object at line 1 column 20"
        );
        assert_eq!(
            refused(r#"{"header":{"code":210}}"#),
            "caller: header.code: expected a string of digits, because leading zeros count, found a number"
        );
        assert_eq!(
            refused(r#"{"items":[{"on":null,"amount":"1.005"}]}"#),
            "caller: items[0].amount: expected a decimal number with no more decimals than the field has"
        );
        assert_eq!(
            refused(r#"{"items":[{"on":null,"amount":1.5}]}"#),
            "caller: items[0].amount: expected a decimal string such as \"12.05\", because this field has decimals"
        );
        assert_eq!(
            refused(r#"{"items":[{"on":"2026-02-29"}]}"#),
            "caller: items[0].on: no such date or time: the month has no such day"
        );
        assert_eq!(
            refused(r#"{"header":{"mark":"X"}}"#),
            "caller: header.mark: not the constant that the spec puts here"
        );
        assert_eq!(refused(r#"{"header":null}"#), "caller: header: expected an object of fields, found null");
        assert_eq!(refused("[]"), "caller: expected an object of fields, found an array");
    }
}

#[test]
fn a_length_before_a_group_ends_it_also_if_its_count_stands_behind_it() {
    let number = |name, computed| {
        let kind = Kind::Number(NumberRule::UNSIGNED);
        Item::Field(Field { computed, ..field(name, 1, kind) })
    };
    let items = Item::Group(Group {
        name: Cow::Borrowed("items"),
        label: Cow::Borrowed(""),
        repeat: Repeat::Counted { by: Cow::Borrowed("count"), max: 9 },
        page: None,
        layout: Cow::Owned(layout("Item", vec![number("no", None)])),
    });
    let len = number("len", Some(Computed::LengthOf(Cow::Borrowed("items"))));
    let count = number("count", Some(Computed::Count(Cow::Borrowed("items"))));
    let layout = layout("Measured", vec![len, items, count]);
    let bytes = b"37893";
    let record = Record::decode(&layout, bytes).unwrap();
    assert_eq!(record.get("items[2].no"), Some(&Value::Number(9)));
    assert_eq!(record.encode().unwrap(), bytes);
    assert_eq!(crate::view::find(&layout, bytes, "items[2].no").map(|(_, range)| range), Ok(3..4));
    assert_eq!(layout.all_errors(bytes), []);
}

#[test]
fn a_path_that_was_looked_up_leads_where_its_text_leads() {
    let text = |name: &'static str| Item::Field(field(name, 2, Kind::Text(TextRule::new(Charset::EucKr))));
    let within = |name: &'static str, items| {
        Item::Part(Part { name: Cow::Borrowed(name), layout: Cow::Owned(layout("Inner", items)) })
    };
    let deep = layout(
        "Deep",
        vec![text("first"), within("outer", vec![text("a"), within("inner", vec![text("b"), text("c")])])],
    );
    let mut record = Record::new(&deep);
    for (number, path) in deep.paths().iter().enumerate() {
        let looked_up = Path::new(&deep, path).unwrap();
        assert_eq!(looked_up.as_str(), path);
        record.set_at(&looked_up, Value::from(format!("{number}"))).unwrap();
        assert_eq!(record.get(path), Some(&Value::from(format!("{number}"))), "{path}");
        assert_eq!(record.get_at(&looked_up), record.get(path), "{path}");
        let [by_path, by_text] = [record.clone().set_at(&looked_up, 1), record.clone().set(path, 1)];
        assert_eq!(by_path.unwrap_err(), by_text.unwrap_err(), "{path}");
    }
    for path in ["", "second", "outer.c", "outer.inner.b.x", "first.b"] {
        assert_eq!(Path::new(&deep, path), None, "{path}");
    }
    // The same names at other positions are other items.
    let other = layout("Other", vec![within("outer", vec![text("a")]), text("first")]);
    let path = Path::new(&deep, "first").unwrap();
    let mut record = Record::new(&other);
    assert_eq!(record.get_at(&path), None);
    let error = record.set_at(&path, Value::from("")).unwrap_err();
    assert!(error.to_string().starts_with("caller: first: there is no such field"), "{error}");
}
