//! Choices: one of several bodies, selected by a code. Also redefinitions.

use fep_codec::{Layout, Record, Value};
use serde_json::json;

use super::{both_ways, not_written, refused, telegram};

fn payment() -> Layout {
    telegram(
        r#"[parts.Header]
           items = [
             { name = "code", label = "업무구분", kind = "digits", full = true, len = 3 },
             { filler = 1 },
           ]
           [parts.TransferBody]
           items = [{ name = "amount", kind = "number", len = 6 }]
           [parts.InquiryBody]
           items = [{ name = "account", kind = "text", len = 4 }]
           [telegrams.Payment]
           items = [
             { part = "Header", name = "header" },
             { choice = "body", label = "본문", by = "header.code", cases = [
               { code = "100", part = "TransferBody" },
               { codes = ["200", "210"], part = "InquiryBody" },
             ] },
             { name = "end", kind = "text", len = 2 },
           ]"#,
    )
}

#[test]
fn a_code_says_which_body_stands_there() {
    let transfer = json!({ "header": { "code": "100" }, "body": { "amount": 42 }, "end": "--" });
    both_ways(&payment(), b"100 000042--", &transfer);
    let inquiry = json!({ "header": { "code": "210" }, "body": { "account": "77" }, "end": "--" });
    both_ways(&payment(), b"210 77  --", &inquiry);
}

#[test]
fn a_code_without_a_case_is_refused() {
    let unknown = refused(&payment(), b"300 000042--");
    assert_eq!(
        unknown,
        "peer: header.code (업무구분), bytes 0..3: no case of `body` has this code; there are 100, 200, 210, hex 33 30 30"
    );
    let body = refused(&payment(), b"100 00x042--");
    assert_eq!(
        body,
        "peer: body.amount, bytes 4..10: expected a digit, found 'x' (78) at byte 6, hex 30 30 78 30 34 32"
    );
    assert_eq!(
        refused(&payment(), b"10"),
        "peer: header.code (업무구분), bytes 0..3: needs 3 bytes, the telegram ends after 2"
    );
}

#[test]
fn fields_name_the_body_of_their_code() {
    let body = json!({ "amount": 42 });
    let of = |code: &str| json!({ "header": { "code": code }, "body": body, "end": "" });
    assert_eq!(
        not_written(&payment(), &of("300")),
        "caller: header.code: no case of `body` has this code; there are 100, 200, 210"
    );
    assert_eq!(
        not_written(&payment(), &of("200")),
        "caller: body.amount: there is no such field; did you mean account?"
    );
    assert_eq!(
        not_written(&payment(), &json!({ "header": {}, "body": body, "end": "" })),
        "caller: header.code: is missing"
    );
    let without = json!({ "header": { "code": "100" }, "end": "" });
    assert_eq!(not_written(&payment(), &without), "caller: body.amount: is missing");
}

#[test]
fn a_body_and_its_code_belong_together() {
    let layout = payment();
    let mut record = Record::new(&layout);
    let text = |text: &str| Value::from(text);
    record.set("header.code", text("200")).expect("a code");
    record.set("end", text("")).expect("a text");
    record.choose("body", "TransferBody").expect("a case");
    record.set("body.amount", Value::Number(42)).expect("a number");
    let wrong = record.encode().expect_err("another body").to_string();
    assert_eq!(
        wrong,
        "caller: header.code (업무구분), bytes 0..3: `TransferBody` stands there, which belongs to 100, hex 32 30 30"
    );
    record.set("header.code", text("100")).expect("a code");
    assert_eq!(record.encode().as_deref(), Ok(b"100 000042  ".as_slice()));
    assert!(record.choose("body", "Transfer").is_err() && record.choose("header", "TransferBody").is_err());
}

#[test]
fn every_other_code_can_have_a_case() {
    let layout = telegram(
        r#"[telegrams.T]
           items = [
             { name = "kind", kind = "text", len = 2 },
             { choice = "body", by = "kind", cases = [
               { code = "A", name = "Known", items = [{ name = "x", kind = "text", len = 1 }] },
               { other = true, name = "Raw", items = [{ name = "raw", kind = "bytes", tail = true, max = 4 }] },
             ] },
           ]"#,
    );
    both_ways(&layout, b"A x", &json!({ "kind": "A", "body": { "x": "x" } }));
    both_ways(&layout, b"B x\xFF", &json!({ "kind": "B", "body": { "raw": "78ff" } }));
    let mut record = Record::decode(&layout, b"B x").expect("raw bytes");
    record.set("kind", Value::from("A")).expect("a code");
    assert_eq!(
        record.encode().expect_err("another body").to_string(),
        "caller: kind, bytes 0..2: `Raw` stands there, which belongs to all codes that no other case names, hex 41 20"
    );
}

#[test]
fn a_redefinition_reads_the_same_bytes_in_several_ways() {
    let layout = telegram(
        r#"[telegrams.T]
           items = [
             { choice = "who", by = "kind", cases = [
               { code = "P", name = "Person", items = [{ name = "birth", kind = "date", len = 8 }, { filler = 2 }] },
               { code = "C", name = "Company", items = [{ name = "tax_no", kind = "digits", full = true, len = 10 }] },
             ] },
             { name = "kind", kind = "text", len = 1 },
           ]"#,
    );
    assert_eq!(layout.fixed_len(), Some(11));
    both_ways(&layout, b"19991231  P", &json!({ "who": { "birth": "1999-12-31" }, "kind": "P" }));
    both_ways(&layout, b"1234567890C", &json!({ "who": { "tax_no": "1234567890" }, "kind": "C" }));
    assert_eq!(
        refused(&layout, b"1234567890X"),
        "peer: kind, bytes 10..11: no case of `who` has this code; there are P, C, hex 58"
    );
}

#[test]
fn choices_stand_in_choices() {
    let layout = telegram(
        r#"[telegrams.T]
           items = [
             { name = "kind", kind = "text", len = 1 },
             { choice = "outer", by = "kind", cases = [
               { code = "1", name = "Nested", items = [
                 { name = "sub", kind = "text", len = 1 },
                 { choice = "inner", by = "sub", cases = [
                   { code = "a", name = "Leaf", items = [{ name = "x", kind = "number", len = 2 }] },
                   { other = true, name = "Nothing", items = [] },
                 ] },
               ] },
             ] },
           ]"#,
    );
    both_ways(&layout, b"1a42", &json!({ "kind": "1", "outer": { "sub": "a", "inner": { "x": 42 } } }));
    both_ways(&layout, b"1b", &json!({ "kind": "1", "outer": { "sub": "b", "inner": {} } }));
    let letter = refused(&layout, b"1a4x");
    assert_eq!(letter, "peer: outer.inner.x, bytes 2..4: expected a digit, found 'x' (78) at byte 3, hex 34 78");
    assert_eq!(refused(&layout, b"1b42"), "peer: bytes 2..4: 2 bytes are left after the last field");
}
