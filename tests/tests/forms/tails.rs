//! Tails, and exact text.

use fep_codec::Record;
use serde_json::json;

use super::{both_ways, items, not_written, refused};

#[test]
fn a_tail_is_as_long_as_its_value() {
    let text = items(
        r#"{ name = "no", kind = "number", len = 2 },
           { name = "memo", label = "적요", kind = "text", tail = true, max = 5 },"#,
    );
    both_ways(&text, b"07\xC8\xAB a", &json!({ "no": 7, "memo": "홍 a" }));
    both_ways(&text, b"07", &json!({ "no": 7, "memo": "" }));
    // There is no padding: spaces at the end are part of the value.
    both_ways(&text, b"07ab  ", &json!({ "no": 7, "memo": "ab  " }));
    assert_eq!(refused(&text, b"07abcdef"), "peer: memo (적요), bytes 2..8: needs 6 bytes, the field has 5");
    assert_eq!(
        not_written(&text, &json!({ "no": 7, "memo": "홍길동" })),
        "caller: memo (적요), bytes 2..7: needs 6 bytes, the field has 5"
    );
    assert_eq!(not_written(&text, &json!({ "no": 7 })), "caller: memo (적요): is missing");
}

#[test]
fn digits_and_bytes_can_be_tails() {
    let digits = items(r#"{ name = "account", kind = "digits", tail = true, max = 16 },"#);
    both_ways(&digits, b"0012345", &json!({ "account": "0012345" }));
    assert_eq!(
        refused(&digits, b"001 "),
        "peer: account, bytes 0..4: expected a digit, found a space (20) at byte 3, hex 30 30 31 20"
    );
    let bytes = items(r#"{ name = "raw", kind = "bytes", tail = true, max = 16 },"#);
    both_ways(&bytes, b"\x00\xFF", &json!({ "raw": "00ff" }));
}

#[test]
fn a_tail_leaves_what_follows_it() {
    let layout = items(
        r#"{ name = "memo", kind = "text", tail = true, max = 10 }, { filler = 2, pad = "-" },
           { name = "end", kind = "text", len = 3 },"#,
    );
    both_ways(&layout, b"hello--END", &json!({ "memo": "hello", "end": "END" }));
    both_ways(&layout, b"--END", &json!({ "memo": "", "end": "END" }));
    assert_eq!(refused(&layout, b"-END"), "peer: bytes 0..2: a reserved byte is not blank: 'E' (45) at byte 1");
}

#[test]
fn the_content_of_a_secret_tail_is_not_told() {
    let layout = items(r#"{ name = "pin", kind = "digits", tail = true, max = 4, secret = true },"#);
    both_ways(&layout, b"1234", &json!({ "pin": "1234" }));
    assert_eq!(refused(&layout, b"12x4"), "peer: pin, bytes 0..4: expected a digit, found another byte at byte 2");
    assert_eq!(refused(&layout, b"12345"), "peer: pin, bytes 0..5: needs 5 bytes, the field has 4");
}

#[test]
fn full_text_has_no_padding() {
    let layout = items(r#"{ name = "code", kind = "text", full = true, len = 4 },"#);
    both_ways(&layout, b"ab  ", &json!({ "code": "ab  " }));
    both_ways(&layout, b"\xC8\xAB\xB1\xE6", &json!({ "code": "홍길" }));
    assert_eq!(
        not_written(&layout, &json!({ "code": "abc" })),
        "caller: code, bytes 0..4: must fill all 4 bytes, has 3"
    );
}

#[test]
fn what_stands_in_a_filler_is_written_again_by_the_record_that_read_it() {
    let layout = items(
        r#"{ group = "rows", count = 2, items = [
             { name = "no", kind = "number", len = 1 },
             { filler = 2, any = true, pad = "0" },
           ] },
           { filler = 1, any = true }"#,
    );
    let record = Record::decode(&layout, b"1x\xFF200\0").expect("fields");
    assert_eq!(record.encode().as_deref(), Ok(&b"1x\xFF200\0"[..]));
    let fields = json!({ "rows": [{ "no": 1 }, { "no": 2 }] });
    assert_eq!(record.to_json_value(), fields, "JSON shows no fillers");
    let again = Record::from_json_value(&layout, &fields).and_then(|record| record.encode());
    assert_eq!(again.as_deref(), Ok(&b"100200 "[..]));
    let mut other = Record::new(&layout);
    other.set("rows", record.get("rows").expect("a group").clone()).expect("the same layout");
    assert_eq!(other.encode().as_deref(), Ok(&b"1x\xFF200 "[..]));
}
