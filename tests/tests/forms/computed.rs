//! Fields computed from other fields: sums, sequences, signs, checks, and lengths of items.

use fep_codec::Layout;
use serde_json::json;

use super::{both_ways, items, not_written, refused, written};

fn sum(total: &str, amount: &str) -> Layout {
    items(&format!(
        r#"{{ name = "total", {total}, computed = "sum", of = "items.amount" }},
           {{ group = "items", repeat = "rest", max = 9, items = [{{ name = "amount", {amount} }}] }},"#
    ))
}

#[test]
fn a_sum_is_that_of_the_entries() {
    let layout = sum(r#"kind = "number", len = 6"#, r#"kind = "number", len = 4"#);
    both_ways(&layout, b"00002200050017", &json!({ "total": 22, "items": [{ "amount": 5 }, { "amount": 17 }] }));
    both_ways(&layout, b"000000", &json!({ "total": 0, "items": [] }));
    written(&layout, b"0000050005", &json!({ "items": [{ "amount": 5 }] }));
    assert_eq!(
        refused(&layout, b"00002300050017"),
        "peer: total, bytes 0..6: the sum says 23, the entries have 22, hex 30 30 30 30 32 33"
    );
    assert_eq!(
        not_written(&layout, &json!({ "total": 6, "items": [{ "amount": 5 }] })),
        "caller: total: the field is computed and must be 5; leave it out"
    );
}

#[test]
fn a_sum_has_decimals_and_a_sign_if_its_numbers_have() {
    let number = r#"kind = "number", scale = 2, sign = "leading-minus""#;
    let layout = sum(&format!("{number}, len = 6"), &format!("{number}, len = 5"));
    both_ways(
        &layout,
        b"-0007000050-0120",
        &json!({ "total": "-0.70", "items": [{ "amount": "0.50" }, { "amount": "-1.20" }] }),
    );
    // A sum field may come after its group, and it may be too short for the sum.
    let behind = items(
        r#"{ group = "items", count = 2, items = [{ name = "amount", kind = "number", len = 2 }] },
           { name = "total", kind = "number", len = 2, computed = "sum", of = "items.amount" },"#,
    );
    both_ways(&behind, b"504191", &json!({ "items": [{ "amount": 50 }, { "amount": 41 }], "total": 91 }));
    assert_eq!(
        not_written(&behind, &json!({ "items": [{ "amount": 50 }, { "amount": 51 }] })),
        "caller: total, bytes 4..6: needs 3 bytes, the field has 2"
    );
}

#[test]
fn a_secret_sum_is_not_told() {
    let layout = sum(r#"kind = "number", len = 6, secret = true"#, r#"kind = "number", len = 4, secret = true"#);
    both_ways(&layout, b"0000050005", &json!({ "total": 5, "items": [{ "amount": 5 }] }));
    assert_eq!(refused(&layout, b"0000060005"), "peer: total, bytes 0..6: the sum is not that of the entries");
    assert_eq!(
        not_written(&layout, &json!({ "total": 6, "items": [{ "amount": 5 }] })),
        "caller: total: the field is computed and must be another value; leave it out"
    );
}

#[test]
fn a_sequence_numbers_the_entries() {
    let layout = items(
        r#"{ group = "rows", repeat = "rest", max = 9, items = [
             { name = "no", kind = "number", len = 2, computed = "sequence", from = 5 },
             { name = "x", kind = "text", len = 1 },
           ] },"#,
    );
    both_ways(&layout, b"05a06b", &json!({ "rows": [{ "no": 5, "x": "a" }, { "no": 6, "x": "b" }] }));
    written(&layout, b"05a06b", &json!({ "rows": [{ "x": "a" }, { "x": "b" }] }));
    assert_eq!(
        refused(&layout, b"05a05b"),
        "peer: rows[1].no, bytes 3..5: the sequence says 5, this is number 6, hex 30 35"
    );
    assert_eq!(
        not_written(&layout, &json!({ "rows": [{ "x": "a", "no": 1 }] })),
        "caller: rows[0].no: the field is computed and must be 5; leave it out"
    );
}

#[test]
fn inner_entries_have_a_sequence_of_their_own() {
    let layout = items(
        r#"{ group = "rows", repeat = "rest", max = 9, items = [
             { group = "cells", count = 2, items = [{ name = "no", kind = "number", len = 1, computed = "sequence" }] },
             { name = "no", kind = "number", len = 1, computed = "sequence" },
           ] },"#,
    );
    let row = |no: u8| json!({ "cells": [{ "no": 1 }, { "no": 2 }], "no": no });
    both_ways(&layout, b"121122", &json!({ "rows": [row(1), row(2)] }));
}

fn signed(signs: &str) -> Layout {
    items(&format!(
        r#"{{ name = "sign", label = "부호", len = 1, computed = "sign", of = "balance", signs = "{signs}" }},
           {{ name = "balance", kind = "number", len = 4 }},"#
    ))
}

#[test]
fn a_sign_may_stand_in_a_field_of_its_own() {
    both_ways(&signed("+-"), b"-0500", &json!({ "sign": "-", "balance": -500 }));
    both_ways(&signed("+-"), b"+0500", &json!({ "sign": "+", "balance": 500 }));
    both_ways(&signed("+-"), b"+0000", &json!({ "sign": "+", "balance": 0 }));
    both_ways(&signed("+- "), b" 0000", &json!({ "sign": "", "balance": 0 }));
    both_ways(&signed(" -"), b" 0500", &json!({ "sign": "", "balance": 500 }));
    written(&signed("+-"), b"-0500", &json!({ "balance": -500 }));
    let behind = items(
        r#"{ name = "balance", kind = "number", len = 4, none = "spaces" },
           { name = "sign", len = 1, computed = "sign", of = "balance", signs = "+- " },"#,
    );
    both_ways(&behind, b"0500-", &json!({ "balance": -500, "sign": "-" }));
    both_ways(&behind, b"     ", &json!({ "balance": null, "sign": "" }));
}

#[test]
fn each_number_has_one_sign_only() {
    let two = signed("+-");
    let three = signed("+- ");
    assert_eq!(refused(&two, b"x0500"), "peer: sign (부호), bytes 0..1: expected a sign, found 'x' (78), hex 78");
    assert_eq!(refused(&two, b"-0000"), "peer: sign (부호), bytes 0..1: zero with a minus, hex 2d");
    assert_eq!(refused(&three, b"+0000"), "peer: sign (부호), bytes 0..1: expected a sign, found '+' (2b), hex 2b");
    assert_eq!(refused(&three, b" 0500"), "peer: sign (부호), bytes 0..1: expected a sign, found a space (20), hex 20");
    assert_eq!(
        not_written(&two, &json!({ "sign": "+", "balance": -500 })),
        "caller: sign (부호): the field is computed and must be '-'; leave it out"
    );
    assert_eq!(
        not_written(&two, &json!({ "balance": 12345 })),
        "caller: balance, bytes 1..5: needs 5 bytes, the field has 4"
    );
}

#[test]
fn a_check_covers_the_bytes_before_it() {
    // 31 ^ 32 ^ 61 ^ 62 = 00, 31 ^ 32 ^ 61 ^ 63 = 01. For the body alone: 61 ^ 62 = 03.
    let fields = r#"{ name = "head", kind = "text", len = 2 }, { name = "body", kind = "text", len = 2 },"#;
    let byte = items(&format!(r#"{fields} {{ name = "bcc", len = 1, computed = "check", function = "xor" }},"#));
    both_ways(&byte, b"12ab\x00", &json!({ "head": "12", "body": "ab", "bcc": "00" }));
    written(&byte, b"12ac\x01", &json!({ "head": "12", "body": "ac" }));
    assert_eq!(refused(&byte, b"12ab\x01"), "peer: bcc, bytes 4..5: the check `xor` gives hex 00, hex 01");
    let from = items(&format!(
        r#"{fields} {{ name = "bcc", len = 2, computed = "check", function = "xor", from = "body" }},
           {{ name = "end", kind = "text", len = 1 }},"#
    ));
    both_ways(&from, b"12ab03x", &json!({ "head": "12", "body": "ab", "bcc": "03", "end": "x" }));
    assert_eq!(refused(&from, b"12ab04x"), "peer: bcc, bytes 4..6: the check `xor` gives hex 30 33, hex 30 34");
    assert_eq!(
        not_written(&from, &json!({ "head": "12", "body": "ab", "bcc": "04", "end": "x" })),
        "caller: bcc: the field is computed and must be 03; leave it out"
    );
}

#[test]
fn a_check_covers_a_length_that_is_filled_in_later() {
    // 30 ^ 34 ^ 61 ^ 62 = 07
    let layout = items(
        r#"{ name = "length", kind = "number", len = 2, computed = "length", counts = "rest" },
           { name = "body", kind = "text", len = 2 },
           { name = "bcc", len = 2, computed = "check", function = "xor" },"#,
    );
    both_ways(&layout, b"04ab07", &json!({ "length": 4, "body": "ab", "bcc": "07" }));
    written(&layout, b"04ab07", &json!({ "body": "ab" }));
}

#[test]
fn a_check_that_nobody_knows_is_given_and_not_verified() {
    let layout = items(
        r#"{ name = "account", kind = "text", len = 4 },
           { name = "check_digits", label = "복기부호", len = 6, computed = "check", function = "check_digits" },"#,
    );
    both_ways(&layout, b"1234ABC   ", &json!({ "account": "1234", "check_digits": "ABC" }));
    assert_eq!(not_written(&layout, &json!({ "account": "1234" })), "caller: check_digits (복기부호): is missing");
}

fn measured(of: &str, item: &str) -> Layout {
    items(&format!(
        r#"{{ name = "kind", kind = "text", len = 1 }},
           {{ name = "len", kind = "number", len = 2, computed = "length", of = "{of}" }},
           {item}
           {{ name = "end", kind = "text", tail = true, max = 9 }},"#
    ))
}

#[test]
fn a_length_says_where_a_tail_ends() {
    let layout = measured("memo", r#"{ name = "memo", kind = "text", tail = true, max = 5 },"#);
    both_ways(&layout, b"x03abcEND", &json!({ "kind": "x", "len": 3, "memo": "abc", "end": "END" }));
    written(&layout, b"x04\xC8\xAB\xB1\xE6", &json!({ "kind": "x", "memo": "홍길", "end": "" }));
    assert_eq!(refused(&layout, b"x05abc"), "peer: memo, bytes 3..8: its length field says 5 bytes, only 3 left");
    assert_eq!(refused(&layout, b"x06abcdef"), "peer: memo, bytes 3..9: needs 6 bytes, the field has 5");
    assert_eq!(
        not_written(&layout, &json!({ "kind": "x", "len": 9, "memo": "abc", "end": "" })),
        "caller: len: the field is computed and must be 3; leave it out"
    );
}

#[test]
fn an_item_has_just_the_bytes_of_its_length() {
    let choice = r#"{ choice = "body", by = "kind", cases = [
        { code = "A", name = "Two", items = [{ name = "x", kind = "text", len = 2 }] },
        { other = true, name = "Raw", items = [{ name = "raw", kind = "bytes", tail = true, max = 9 }] },
    ] },"#;
    let layout = measured("body", choice);
    both_ways(&layout, b"A02abEND", &json!({ "kind": "A", "len": 2, "body": { "x": "ab" }, "end": "END" }));
    both_ways(&layout, b"?02abEND", &json!({ "kind": "?", "len": 2, "body": { "raw": "6162" }, "end": "END" }));
    assert_eq!(
        refused(&layout, b"A03abcEND"),
        "peer: body, bytes 5..6: its length field says 3 bytes, its contents have 2"
    );
    assert_eq!(
        refused(&layout, b"A01a"),
        "peer: body.x, bytes 3..5: needs 2 bytes, only 1 left in `body`, whose length field says 1"
    );
    let group = r#"{ group = "rows", repeat = "rest", max = 3, items = [{ name = "x", kind = "text", len = 2 }] },"#;
    let layout = measured("rows", group);
    let rows = json!([{ "x": "ab" }, { "x": "cd" }]);
    both_ways(&layout, b"-04abcdEND", &json!({ "kind": "-", "len": 4, "rows": rows, "end": "END" }));
    assert_eq!(
        refused(&layout, b"-03abcEND"),
        "peer: rows, bytes 5..6: 1 bytes are left behind the last whole entry, which has 2"
    );
}
