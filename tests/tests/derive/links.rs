//! Fields of a part that are computed from items beside the part, and checks over a range of items.

use fep_codec::{Digits, Telegram, Text};

use super::{check, refused, unwritable};

#[derive(Telegram, Debug, PartialEq)]
struct Item {
    #[field(len = 4)]
    amount: u16,
}

#[derive(Telegram, Debug, PartialEq)]
#[telegram(view)]
struct Header {
    #[field(len = 2, computed = length(super::body))]
    body_len: (),
    #[field(len = 1, computed = count(super::items))]
    item_count: (),
    #[field(len = 5, computed = sum(super::items.amount))]
    total: (),
}

#[derive(Telegram, Debug, PartialEq)]
struct Body {
    #[field(len = 2)]
    name: Text<2>,
    #[field(tail, max = 120)]
    memo: String,
}

#[derive(Telegram, Debug, PartialEq)]
struct Order {
    header: Header,
    #[field(group, count = header.item_count, max = 9)]
    items: Vec<Item>,
    body: Body,
}

fn order(amounts: &[u16], memo: &str) -> Order {
    let items = amounts.iter().map(|amount| Item { amount: *amount }).collect();
    let header = Header { body_len: (), item_count: (), total: () };
    Order { header, items, body: Body { name: "ab".parse().unwrap(), memo: memo.to_owned() } }
}

#[test]
fn a_header_counts_the_items_beside_it() {
    check(&order(&[7, 20], "hi"), b"0420002700070020abhi");
    check(&order(&[], ""), b"02000000ab");
    refused::<Order>(
        b"0520002700070020abhi",
        "peer: header.body_len, bytes 0..2: the length says 5, there are 4, hex 30 35",
    );
    refused::<Order>(
        b"0420002800070020abhi",
        "peer: header.total, bytes 3..8: the sum says 28, the entries have 27, hex 30 30 30 32 38",
    );
    refused::<Order>(b"043000270007", "peer: items[1].amount, bytes 12..16: needs 4 bytes, the telegram ends after 0");
}

#[test]
fn a_length_beyond_its_digits_is_an_error_when_encoding() {
    let long = "x".repeat(98);
    unwritable(
        &order(&[], &long),
        &format!(r#"{{"items":[],"body":{{"name":"ab","memo":"{long}"}}}}"#),
        "caller: header.body_len, bytes 0..2: needs 3 bytes, the field has 2",
    );
}

#[test]
fn a_header_alone_cannot_be_encoded() {
    let error = Header { body_len: (), item_count: (), total: () }.encode_to_vec().unwrap_err();
    assert_eq!(
        error.to_string(),
        "spec: body_len: the items that the field is computed from do not stand beside it; encode the telegram that has both"
    );
}

#[derive(Telegram, Debug, PartialEq)]
struct Trailer {
    #[field(len = 2, computed = count(super::items))]
    item_count: (),
    #[field(len = 3, computed = length(super::items))]
    length: (),
}

#[derive(Telegram, Debug, PartialEq)]
struct Inner {
    #[field(group, count = trailer.item_count, max = 9)]
    items: Vec<Item>,
    trailer: Trailer,
}

#[derive(Telegram, Debug, PartialEq)]
struct Outer {
    #[field(len = 6, computed = sum(inner.items.amount))]
    sum: (),
    inner: Inner,
}

#[test]
fn a_trailer_counts_what_stands_before_it_and_a_sum_reaches_into_a_part() {
    let items = vec![Item { amount: 1 }, Item { amount: 30 }];
    let outer = Outer { sum: (), inner: Inner { items, trailer: Trailer { item_count: (), length: () } } };
    check(&outer, b"0000310001003002008");
    refused::<Outer>(
        b"0000310001003003008",
        "peer: inner.trailer.item_count, bytes 14..16: the count says 3, there are 2 entries, hex 30 33",
    );
    refused::<Outer>(
        b"0000320001003002008",
        "peer: sum, bytes 0..6: the sum says 32, the entries have 31, hex 30 30 30 30 33 32",
    );
}

#[derive(Telegram, Debug, PartialEq)]
struct Coded {
    #[field(len = 2)]
    code: Digits<2>,
    #[field(len = 1, computed = xor(super::coded.code..=super::last))]
    bcc: (),
}

/// Adds up the bytes: eight bytes, big-endian.
fn sum_of_bytes(covered: &[u8], out: &mut [u8]) -> Result<(), &'static str> {
    let sum: u64 = covered.iter().map(|byte| u64::from(*byte)).sum();
    out.copy_from_slice(&sum.to_be_bytes());
    Ok(())
}

#[derive(Telegram, Debug, PartialEq)]
struct Checked {
    coded: Coded,
    #[field(len = 8, bytes, computed = check(sum_of_bytes, body..=last))]
    mac: (),
    #[field(tail, max = 9)]
    body: String,
    #[field(len = 1)]
    last: Text<1>,
    #[field(len = 1)]
    outside: Text<1>,
}

#[test]
fn a_check_covers_a_range_around_it_and_may_be_raw_bytes() {
    let text = |text: &str| text.parse().unwrap();
    let checked = Checked {
        coded: Coded { code: "12".parse().unwrap(), bcc: () },
        mac: (),
        body: "AB".to_owned(),
        last: text("C"),
        outside: text("Z"),
    };
    // mac: 41 + 42 + 43 = C6. bcc: 31 ^ 32 ^ C6 ^ 41 ^ 42 ^ 43 = 85; it does not cover itself, and waits for the mac.
    check(&checked, b"12\x85\0\0\0\0\0\0\0\xC6ABCZ");
    refused::<Checked>(
        b"12\x84\0\0\0\0\0\0\0\xC6ABCZ",
        "peer: coded.bcc, bytes 2..3: the check `xor` gives hex 85, hex 84",
    );
    refused::<Checked>(
        b"12\x84\0\0\0\0\0\0\0\xC7ABCZ",
        "peer: mac, bytes 3..11: the check `sum_of_bytes` gives hex 00 00 00 00 00 00 00 c6, hex 00 00 00 00 00 00 00 c7",
    );
}
