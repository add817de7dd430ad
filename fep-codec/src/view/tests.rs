//! Tests of views over hand-written layouts. The views of derived structs are tested with the derive.

use alloc::borrow::Cow;
use alloc::format;
use alloc::string::ToString as _;
use alloc::vec;
use alloc::vec::Vec;

use super::*;
use crate::charset::Charset;
use crate::layout::{
    Computed, Field, Filler, Group, Item, Kind, Layout, LengthScope, NumberRule, Part, Repeat, TextRule,
};
use crate::record::{Record, Value};

fn field(name: &'static str, len: usize, kind: Kind, secret: bool, computed: Option<Computed>) -> Item {
    Item::Field(Field { name: Cow::Borrowed(name), label: Cow::Borrowed(""), len, kind, secret, computed })
}

fn number(name: &'static str, len: usize, computed: Option<Computed>) -> Item {
    field(name, len, Kind::Number(NumberRule::UNSIGNED), false, computed)
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

/// `LLLL  C [no, C, [pin]…]… name`: groups in groups, and a text behind them.
fn list() -> Layout {
    let group = |name, by, layout| {
        let repeat = Repeat::Counted { by: Cow::Borrowed(by), max: 3 };
        Item::Group(Group {
            name: Cow::Borrowed(name),
            label: Cow::Borrowed(""),
            repeat,
            page: None,
            layout: Cow::Owned(layout),
        })
    };
    let count = |name, of| number(name, 1, Some(Computed::Count(Cow::Borrowed(of))));
    let text = || Kind::Text(TextRule::new(Charset::EucKr));
    let pin = layout("Pin", vec![field("pin", 2, text(), true, None)]);
    let entry = layout("Entry", vec![number("no", 2, None), count("pins", "all"), group("all", "pins", pin)]);
    let header = layout("Header", vec![number("length", 4, Some(Computed::Length(LengthScope::Rest)))]);
    let header = Part { name: Cow::Borrowed("header"), layout: Cow::Owned(header) };
    let filler = Filler { label: Cow::Borrowed(""), len: 2, pad: b' ', any: false };
    layout(
        "List",
        vec![
            Item::Part(header),
            Item::Filler(filler),
            count("count", "items"),
            group("items", "count", entry),
            field("name", 6, text(), false, None),
        ],
    )
}

const BYTES: &[u8] = b"0021  2011aa022bbccname  ";

#[test]
fn a_path_is_found_behind_groups_that_vary() {
    let list = list();
    let range = |path| find(&list, BYTES, path).map(|(_, range)| range);
    assert_eq!(range("header.length"), Ok(0..4));
    assert_eq!(range("items[1].no"), Ok(12..14));
    assert_eq!(range("items[1].all[1].pin"), Ok(17..19));
    assert_eq!(range("name"), Ok(19..25));
    let said = |path, bytes: &[u8]| find(&list, bytes, path).unwrap_err().to_string();
    assert_eq!(said("nam", BYTES), "caller: nam: there is no such field; did you mean name?");
    assert_eq!(
        said("items[0].al[0].pin", BYTES),
        "caller: items[0].al[0].pin: there is no such field; did you mean items[0].all?"
    );
    assert_eq!(said("items", BYTES), "caller: items: there is no such field; did you mean items[0]?");
    assert!(said("items[2].no", BYTES).contains("the number of an entry that the telegram has"));
    assert!(said("name", b"0019  2011aa02x").starts_with("peer: items[1].pins, bytes 14..15: expected a digit"));
    assert!(said("items[1].all[0].pin", b"0019  2011aa02x").starts_with("peer: items[1].pins"));
    assert!(said("name", b"0019  2011aa022bbccname").contains("needs 6 bytes, the telegram ends after 4"));
}

#[test]
fn a_patch_changes_its_field_and_nothing_else() {
    let list = list();
    let mut bytes = BYTES.to_vec();
    patch(&list, &mut bytes, "items[1].no", &Value::Number(7)).unwrap();
    patch(&list, &mut bytes, "name", &Value::from("홍길")).unwrap();
    assert_eq!(bytes, b"0021  2011aa072bbcc\xC8\xAB\xB1\xE6  ");
    let before = bytes.clone();
    let mut refused = |path, value| patch(&list, &mut bytes, path, &value).unwrap_err().to_string();
    assert_eq!(
        refused("items[1].no", Value::Number(100)),
        "caller: items[1].no, bytes 12..14: needs 3 bytes, the field has 2"
    );
    assert!(refused("name", Value::from("홍길동님")).contains("bytes 19..25: needs 8 bytes"));
    assert!(refused("name", Value::Number(1)).contains("expected text, found a number"));
    assert!(refused("count", Value::Number(1)).contains("the field is computed"));
    let secret = refused("items[0].all[0].pin", Value::from("똠똠"));
    assert!(secret.starts_with("caller: items[0].all[0].pin") && !secret.contains('똠'), "{secret}");
    assert_eq!(bytes, before);
}

#[test]
fn a_record_and_a_patch_put_the_same_bytes() {
    let list = list();
    let mut record = Record::decode(&list, BYTES).unwrap();
    let mut bytes = BYTES.to_vec();
    for (path, value) in [("items[0].no", Value::Number(42)), ("name", Value::from("가"))] {
        patch(&list, &mut bytes, path, &value).unwrap();
        record.set(path, value).unwrap();
    }
    assert_eq!(record.encode().unwrap(), bytes);
}

#[test]
fn lengths_are_refreshed_all_or_none() {
    let list = list();
    let mut bytes = BYTES.to_vec();
    bytes[..4].copy_from_slice(b"9x 9");
    refresh(&list, &mut bytes).unwrap();
    assert_eq!(bytes, b"0021  2011aa022bbccname  ");

    let short = layout(
        "Short",
        vec![
            number("length", 1, Some(Computed::Length(LengthScope::All))),
            field("text", 20, Kind::Text(TextRule::new(Charset::Ascii)), false, None),
        ],
    );
    let mut bytes = [b'x'; 21];
    let error = refresh(&short, &mut bytes).unwrap_err().to_string();
    assert_eq!(error, "spec: length, bytes 0..1: needs 2 bytes, the field has 1");
    assert_eq!(bytes, [b'x'; 21]);
}

#[test]
fn what_varies_is_walked_once_however_much_of_it_there_is() {
    // If each length were searched for from the start, the last one would take 2^60 steps.
    let tails = (0..60).flat_map(|tail| {
        let of = Computed::LengthOf(Cow::Owned(format!("tail_{tail}")));
        let Item::Field(text) = field("", 9, Kind::Text(TextRule::new(Charset::Ascii)), false, None) else { panic!() };
        [number("", 1, Some(of)), Item::Tail(Field { name: Cow::Owned(format!("tail_{tail}")), ..text })]
    });
    let many = layout("Many", tails.collect());
    let bytes = b"2ab".repeat(60);
    assert_eq!(find(&many, &bytes, "tail_59").map(|(_, range)| range), Ok(178..180));
    assert_eq!(end_of(&many, &bytes), Ok(180));
}
