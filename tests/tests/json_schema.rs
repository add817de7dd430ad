//! Tests the JSON Schema of a layout with an external validator, on golden documents and on wrong documents.

#![allow(clippy::expect_used, clippy::panic, reason = "a helper of a test fails by panicking")]

use std::path::Path;

use fep_codec::{Layout, Record};
use fep_spec::model::{Spec, SpecSet};
use fep_tests::arbitrary::{self, Random};
use fep_tests::golden::Golden;
use jsonschema::Validator;
use serde_json::{Value, json};

const SPECS: [&str; 5] = ["bank-a", "kftc-cms", "nacha", "nts-vat", "quote-c"];

fn load(path: &str) -> Vec<Spec> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    SpecSet::load(&root.join(path)).expect("sound specs").specs
}

/// Returns a validator. First checks that the schema itself is valid for the draft that it names.
fn validator(layout: &Layout) -> Validator {
    let schema = layout.json_schema();
    jsonschema::draft202012::meta::validate(&schema).unwrap_or_else(|error| panic!("{}: {error}", layout.name));
    jsonschema::draft202012::new(&schema).unwrap_or_else(|error| panic!("{}: {error}", layout.name))
}

fn assert_valid(validator: &Validator, document: &Value, what: &str) {
    let errors: Vec<String> = validator.iter_errors(document).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{what}: {}\n{document:#}", errors.join("\n"));
}

/// Returns the documents of a golden file, each with the name of its telegram.
fn documents(golden: &Golden) -> Vec<(String, Value)> {
    // The golden Poll of quote-c does not list its fields, although its sheet has fields.
    let named = |value: &Value| {
        let name = value.get("telegram").and_then(Value::as_str).expect("a name").to_owned();
        Some((name, value.get("fields")?.clone()))
    };
    match &golden.fields {
        Value::Array(records) => records.iter().filter_map(named).collect(),
        fields => vec![(golden.telegram.clone(), fields.clone())],
    }
}

#[test]
fn every_golden_document_is_valid() {
    let specs = load("specs");
    let mut seen = 0;
    for name in SPECS.iter().flat_map(|spec| Golden::names(spec)) {
        let golden = Golden::load(&name);
        let spec = specs.iter().find(|spec| spec.name == golden.spec).expect("the spec");
        for (telegram, fields) in documents(&golden) {
            let layout = &spec.telegram(&telegram).expect("the telegram").layout;
            assert_valid(&validator(layout), &fields, &format!("{name}: {telegram}"));
            seen += 1;
        }
    }
    assert!(seen > 20, "{seen}");
}

#[test]
fn what_the_codec_writes_is_valid_whatever_the_values() {
    for spec in load("specs").iter().chain(&load("tests/tests/generated")) {
        for telegram in &spec.telegrams {
            let validator = validator(&telegram.layout);
            for seed in 0..50 {
                // Some random values are refused, which is correct. An example is a text that begins with the pad byte.
                let Ok(bytes) = arbitrary::record(&telegram.layout, &mut Random(seed)).encode() else { continue };
                let record = Record::decode(&telegram.layout, &bytes).expect("our own bytes");
                assert_valid(&validator, &record.to_json_value(), &format!("{} seed {seed}", telegram.name()));
            }
        }
    }
}

/// A change to a good document, at a path of keys, and whether the document is good afterwards.
type Change = (&'static str, Option<Value>, bool);

const fn change(path: &'static str, value: Option<Value>, good: bool) -> Change {
    (path, value, good)
}

#[test]
fn wrong_documents_fail_where_the_codec_refuses_them() {
    let specs = load("specs/bank-a/bank-a.toml");
    let layout = &specs.first().expect("one").telegram("TransactionListAnswer").expect("the telegram").layout;
    let golden = Golden::load("bank-a-list-3");
    let validator = validator(layout);
    let changes = [
        change("/header/trace_no", Some(json!(1)), true),
        change("/header/trace_no", Some(json!("1")), false),
        change("/header/trace_no", Some(json!(-1)), false),
        change("/header/trace_no", Some(json!(1_000_000)), false),
        change("/header/trace_no", Some(json!(1.5)), false),
        change("/header/trace_no", None, false),
        change("/header/length", None, true),
        change("/header/telegram_code", Some(json!(110)), false),
        change("/header/telegram_code", Some(json!("110")), false),
        change("/header/sent_date", Some(json!("20261121")), false),
        change("/header/sent_date", Some(json!("2026-11-22")), true),
        change("/items/0/amount", Some(json!(true)), false),
        change("/items/0/surprise", Some(json!(1)), false),
        change("/items", Some(json!({})), false),
        change("/items", Some(json!([{}])), false),
    ];
    for (path, value, good) in changes {
        let mut document = golden.fields.clone();
        let (parent, key) = path.rsplit_once('/').expect("a path");
        let parent = document.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object");
        match value {
            Some(value) => parent.insert(key.to_owned(), value),
            None => parent.remove(key),
        };
        assert_eq!(validator.is_valid(&document), good, "{path}: {document:#}");
        let codec = Record::from_json_value(layout, &document).and_then(|record| record.encode());
        if good {
            codec.unwrap_or_else(|error| panic!("{path}: {error}"));
        } else if path != "/header/trace_no" || document.pointer(path) != Some(&json!("1")) {
            // A decimal string is the only value that the codec accepts and the contract does not have.
            assert!(codec.is_err(), "{path}: {document:#}");
        }
    }
}

#[test]
fn a_schema_says_what_is_secret_computed_and_known() {
    let specs = load("specs/bank-a/bank-a.toml");
    let transfer = &specs.first().expect("one").telegram("Transfer").expect("the telegram").layout;
    let schema = transfer.json_schema();
    let at = |pointer: &str| schema.pointer(pointer).cloned().unwrap_or_default();
    assert_eq!(at("/title"), "Transfer");
    assert_eq!(at("/properties/payee_name/x-secret"), true);
    assert_eq!(at("/properties/payee_name/x-len"), 20);
    assert_eq!(at("/properties/payee_name/x-charset"), "euc-kr");
    assert_eq!(at("/properties/header/x-order"), 0);
    assert_eq!(at("/properties/amount/x-secret"), Value::Null);
    assert_eq!(at("/properties/header/properties/length/readOnly"), true);
    let required = at("/properties/header/required");
    let required = required.as_array().expect("a list");
    assert!(required.contains(&json!("trace_no")) && !required.contains(&json!("length")));
    let list =
        specs.first().expect("one").telegram("TransactionListAnswer").expect("the telegram").layout.json_schema();
    assert_eq!(list.pointer("/properties/items/minItems"), Some(&json!(0)));
    assert!(list.pointer("/properties/items/maxItems").and_then(Value::as_u64).is_some_and(|max| max > 0));
}
