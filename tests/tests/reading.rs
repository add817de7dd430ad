//! Access to records by path, and lenient reading, with the specs.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a helper of a test fails by panicking")]

use std::path::Path;

use fep_codec::files::{FileLayout, FileReader, Lenient, LineEnd, Step};
use fep_codec::lenient::decode_lenient;
use fep_codec::{Record, Telegram, Text, Value};
use fep_spec::model::Spec;
use fep_tests::generated::bank_a::Transfer;
use fep_tests::golden::Golden;
use serde_json::json;

fn bank_a() -> Spec {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    Spec::load(&root.join("specs/bank-a/bank-a.toml")).expect("a sound spec")
}

#[test]
fn a_record_is_changed_by_paths_and_checks_what_it_is_given() {
    let spec = bank_a();
    let golden = Golden::load("bank-a-list-3");
    let layout = &spec.telegram("TransactionListAnswer").expect("the telegram").layout;
    let mut record = Record::decode(layout, &golden.bytes).expect("decodes");
    assert_eq!(record.get("items[2].amount").map(Value::kind_name), Some("a number"));

    record.set("items[2].amount", Value::Number(42)).expect("a number");
    record.set_json("items[1].amount", &json!(43)).expect("a number");
    record.set_json("header.sent_date", &json!("2026-11-22")).expect("a date");
    let mut fields = golden.fields.clone();
    fields["items"][2]["amount"] = json!(42);
    fields["items"][1]["amount"] = json!(43);
    fields["header"]["sent_date"] = json!("2026-11-22");
    assert_eq!(record.to_json_value(), fields);
    let whole = json!([fields["items"][0]]);
    record.set_json("items", &whole).expect("a group");
    assert_eq!(record.to_json_value()["items"], whole);

    let header = record.get("header").cloned();
    let items = record.get("items").cloned();
    record.set("header", header.expect("the part")).expect("a part");
    record.set("items", items.expect("the group")).expect("a group");
    let before = record.clone();
    let mut refused = |path: &str, value: Value| record.set(path, value).expect_err(path).to_string();
    assert_eq!(
        refused("items[0].amonut", Value::Number(1)),
        "caller: items[0].amonut: there is no such field; did you mean items[0].amount?"
    );
    assert_eq!(
        refused("heder.trace_no", Value::Number(1)),
        "caller: heder.trace_no: there is no such field; did you mean header?"
    );
    assert!(refused("items[0].amount", Value::from("1")).ends_with("expected a number, found text"));
    assert!(refused("items[0].amount", Value::from("1")).starts_with("caller: items[0].amount (거래금액): "));
    assert!(refused("header.sent_date", Value::Number(20_261_121)).contains("expected a date, found a number"));
    assert!(refused("header", Value::Absent).contains("expected a part with values for all its items"));
    assert!(refused("header", Value::Part(Vec::new())).contains("found a part"));
    assert!(refused("items", Value::Group(vec![vec![Value::Number(1)]])).contains("expected a group"));
    assert!(refused("items[7].amount", Value::Number(1)).contains("there is no such field"));
    let mut refused = |path: &str, json| record.set_json(path, &json).expect_err(path).to_string();
    assert!(
        refused("items[0].amount", json!("x")).starts_with("caller: items[0].amount (거래금액): expected a decimal")
    );
    assert!(refused("header.trace", json!(1)).contains("did you mean header.trace_no?"));
    assert!(refused("header", json!({ "trace": 1 })).contains("header.trace"));
    assert!(refused("items", json!({})).contains("items: expected an array of entries"));
    assert_eq!(record, before, "what is refused changes nothing");
}

#[test]
fn static_and_dynamic_reading_forgive_alike() {
    let bytes = Golden::load("bank-a-transfer").bytes;
    let strict = Record::decode(Transfer::LAYOUT, &bytes).expect("decodes");
    let mut damaged = bytes.clone();
    damaged[162..171].fill(b' ');
    damaged.truncate(211);
    assert!(decode_lenient::<Transfer>(&damaged, Lenient::STRICT).is_err());
    let (derived, forgiven) = decode_lenient::<Transfer>(&damaged, Lenient::ALL).expect("forgiven");
    let (record, reports) = Record::decode_lenient(Transfer::LAYOUT, &damaged, Lenient::ALL).expect("forgiven");
    assert_eq!(forgiven, reports);
    assert_eq!(derived.fee, 0);
    assert_eq!(record.get("fee"), Some(&Value::Number(0)));
    assert_eq!(derived.encode_to_vec(), record.encode());
    assert_eq!(record.get("amount"), strict.get("amount"));

    let longer = [&bytes[..], b"\r\n"].concat();
    let trailing = Lenient { trailing: true, ..Lenient::STRICT };
    assert_eq!(
        decode_lenient::<Transfer>(&longer, trailing).expect("forgiven").0.encode_to_vec().expect("encodes"),
        bytes
    );
}

#[derive(Telegram, Debug, PartialEq)]
#[telegram(len = 10)]
struct Row {
    #[field(literal = "R")]
    _type: (),
    #[field(len = 4)]
    amount: u32,
    #[field(codes("1" = "one"), closed, len = 1)]
    kind: Text<1>,
    memo: Text<4>,
}

#[test]
fn a_files_plan_says_what_its_records_are_forgiven() {
    const STEPS: &[Step] = &[Step::any_number(Row::LAYOUT)];
    let bytes = b"R000711234\nR    2\nR00082999\n";
    let mut plan = FileLayout::new("Rows", &[LineEnd::Lf], STEPS, &[]);
    let read = |plan: &FileLayout| {
        let records = FileReader::new(plan, &bytes[..]).expect("a plan").records();
        records.map(|record| record.map(|record| record.get("amount").cloned())).collect::<Vec<_>>()
    };
    assert!(read(&plan).iter().any(Result::is_err));
    plan.lenient = Lenient { stripped: true, blank_numbers: true, ..Lenient::STRICT };
    let codes = read(&plan);
    assert_eq!(codes.iter().filter(|record| record.is_err()).count(), 2, "{codes:?}");
    plan.lenient.unknown_codes = true;
    let amounts: Vec<_> = read(&plan).into_iter().map(|amount| amount.expect("forgiven")).collect();
    assert_eq!(amounts, [7, 0, 8].map(|amount| Some(Value::Number(amount))));
    // A derived type holds only the codes in its list.
    let typed: Vec<_> = FileReader::new(&plan, &bytes[..]).expect("a plan").typed::<Row>().collect();
    assert_eq!(typed.iter().filter(|row| row.is_ok()).count(), 1);
    let blank = Lenient { stripped: true, blank_numbers: true, ..Lenient::STRICT };
    let rows = FileReader::new(&plan, &b"R    11\n"[..]).expect("a plan").lenient(blank).typed::<Row>();
    assert_eq!(rows.map(|row| row.expect("forgiven").amount).collect::<Vec<_>>(), [0]);
}
