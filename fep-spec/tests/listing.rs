//! `fep layout` against tables that were written by hand from the sheets of the examples.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a helper of a test fails by panicking"
)]

use std::path::Path;

use fep_spec::Spec;
use fep_spec::listing::Listing;
use serde_json::{Value, json};

fn spec(path: &str) -> Spec {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../specs").join(path);
    Spec::load(&path).unwrap_or_else(|error| panic!("{error}"))
}

fn telegram(spec: &Spec, name: &str) -> Value {
    let document: Value = serde_json::from_str(&Listing::of(spec).to_json()).unwrap();
    let found = document["telegrams"].as_array().unwrap().iter().find(|telegram| telegram["name"] == name);
    found.unwrap().clone()
}

/// `offset len kind path`, one item a line; `-` for null.
fn check(items: &Value, expected: &str) {
    let text = |value: &Value| match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let lines = items.as_array().unwrap().iter().map(|item| {
        format!("{} {} {} {}", text(&item["offset"]), text(&item["len"]), text(&item["kind"]), text(&item["path"]))
    });
    let expected: Vec<_> = expected.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert_eq!(lines.collect::<Vec<_>>(), expected);
}

#[test]
fn a_telegram_with_a_header() {
    let transfer = telegram(&spec("bank-a/bank-a.toml"), "Transfer");
    assert_eq!((&transfer["label"], &transfer["len"]), (&json!("이체"), &json!(300)));
    check(
        &transfer["items"],
        "0 4 number header.length
         4 9 text header.transaction_code
         13 8 text header.company_code
         21 3 digits header.bank_code
         24 4 digits header.telegram_code
         28 3 digits header.business_code
         31 1 number header.send_count
         32 6 number header.trace_no
         38 8 date header.sent_date
         46 6 time header.sent_time
         52 4 code header.response_code
         56 14 text header.transaction_no
         70 30 filler -
         100 16 digits withdraw_account
         116 13 number amount
         129 1 code balance_sign
         130 13 number balance
         143 3 digits deposit_bank
         146 16 digits deposit_account
         162 9 number fee
         171 20 text payee_name
         191 14 text passbook_memo
         205 6 text check_digits
         211 89 filler -",
    );
}

#[test]
fn a_group_has_the_length_of_an_entry_and_the_offsets_of_the_first_one() {
    let list = telegram(&spec("host-b/host-b.toml"), "LoanList");
    assert_eq!(list["len"], Value::Null);
    let items = list["items"].as_array().unwrap();
    let group = items.last().unwrap();
    let facts = ["path", "label", "offset", "len", "kind", "repeat", "varies"].map(|key| group[key].clone());
    assert_eq!(facts, [json!("loans"), json!("대출"), json!(85), json!(60), json!("group"), json!(20), json!(true)]);
    check(
        &group["items"],
        "85 14 text loans.loan_no
         99 8 number loans.balance
         107 3 number loans.rate
         110 1 code loans.status
         111 5 date loans.opened
         116 9 number loans.adjust
         125 20 text loans.memo",
    );
    assert_eq!(items[0].as_object().unwrap().keys().collect::<Vec<_>>(), ["kind", "label", "len", "offset", "path"]);
}

#[test]
fn choices_arrays_tails_and_what_is_behind_them() {
    let text = r#"
spec = "all"
title = "all"
version = "1"
source = "written for this test"
charset = "ascii"

[telegrams.Order]
label = "주문"
items = [
  { literal = "O" },
  { name = "kind", kind = "text", len = 2 },
  { name = "count", kind = "number", len = 1, computed = "count", of = "rates" },
  { group = "days", count = 2, kind = "date", len = 8 },
  { choice = "body", label = "본문", by = "kind", cases = [
    { code = "01", name = "Cash", items = [{ name = "amount", kind = "number", len = 9 }] },
    { codes = ["02", "03"], name = "Card", items = [{ name = "card", kind = "text", len = 4 }, { filler = 5 }] },
    { other = true, name = "Rest", items = [{ filler = 9 }] },
  ] },
  { name = "mark", kind = "flag", len = 1 },
  { group = "rates", count = "count", max = 9, kind = "number", len = 4 },
  { name = "note", kind = "text", tail = true, max = 20 },
]
"#;
    let order = telegram(&Spec::parse("all.toml", text).unwrap_or_else(|report| panic!("{report}")), "Order");
    check(
        &order["items"],
        "0 1 literal -
         1 2 text kind
         3 1 number count
         4 8 group days
         20 9 choice body
         29 1 flag mark
         30 4 group rates
         - 20 text note",
    );
    let items = order["items"].as_array().unwrap();
    check(&items[3]["items"], "4 8 date days");
    check(&items[6]["items"], "30 4 number rates");
    assert_eq!((&items[3]["repeat"], items[3].get("varies")), (&json!(2), None));
    assert_eq!(
        (&items[6]["repeat"], &items[6]["varies"], &items[7]["varies"]),
        (&json!(9), &json!(true), &json!(true))
    );
    let cases = items[4]["cases"].as_array().unwrap();
    let codes: Vec<_> = cases.iter().map(|case| (case["name"].clone(), case["code"].clone())).collect();
    assert_eq!(
        codes,
        [(json!("Cash"), json!("01")), (json!("Card"), json!(["02", "03"])), (json!("Rest"), Value::Null)]
    );
    check(&cases[1]["items"], "20 4 text body.card\n24 5 filler -");
}
