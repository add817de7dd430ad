//! Specs at run time: converts golden bytes to golden JSON and back, with the layouts of the spec files.

#![allow(clippy::expect_used, clippy::panic, reason = "a helper of a test fails by panicking")]

use std::path::Path;

use fep_codec::Record;
use fep_spec::codec;
use fep_spec::model::{Spec, SpecSet};
use fep_tests::golden::Golden;
use serde_json::json;

fn specs() -> SpecSet {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").join("specs");
    SpecSet::load(&folder).expect("clean specs")
}

fn spec(name: &str) -> Spec {
    specs().specs.into_iter().find(|spec| spec.name == name).expect("the spec")
}

#[test]
fn golden_telegrams_are_chosen_and_go_both_ways() {
    for name in ["bank-a", "van-d"].into_iter().flat_map(Golden::names) {
        let golden = Golden::load(&name);
        let spec = spec(&golden.spec);
        let telegram = spec.choose(&golden.bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(telegram.name(), golden.telegram, "{name}");
        let record = Record::decode(&telegram.layout, &golden.bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(record.to_json_value(), golden.fields, "{name}");
        let bytes = codec::encode_fields(telegram, &golden.fields).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(bytes, golden.bytes, "{name}");
    }
}

#[test]
fn every_request_has_an_answer_with_its_layout_and_the_next_code() {
    let spec = spec("bank-a");
    let requests = spec.telegrams.iter().filter_map(|telegram| Some((telegram, telegram.answer.as_deref()?)));
    let mut pairs = 0;
    for (request, answer) in requests {
        let answer = spec.telegram(answer).expect("the answer");
        assert_eq!(request.layout.items, answer.layout.items, "{}", request.name());
        let codes = [request, answer].map(|telegram| {
            let when = telegram.layout.when.iter().find(|when| when.path == "header.telegram_code");
            when.expect("a telegram code").value.parse::<u32>().expect("digits")
        });
        assert_eq!(codes[0] + 10, codes[1], "{}", request.name());
        pairs += 1;
    }
    assert_eq!(pairs * 2, spec.telegrams.len(), "every telegram is one half of a pair");
}

/// Reads a golden stream telegram by telegram. Each telegram is selected by its first bytes, states its length, decodes to the golden
/// fields and encodes to its bytes again. `end` follows each telegram. Returns the names of the telegrams.
fn through_a_stream(name: &str, golden: &str, end: &[u8]) -> Vec<String> {
    let spec = spec(name);
    let golden = Golden::load(golden);
    let mut rest = golden.bytes.as_slice();
    let mut names = Vec::new();
    for expected in golden.fields.as_array().expect("telegrams") {
        let telegram = spec.choose(rest).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(expected["telegram"], telegram.name());
        let (bytes, tail) = rest.split_at(telegram.layout.fixed_len().expect("one length"));
        let record = Record::decode(&telegram.layout, bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        let fields = record.to_json_value();
        if let Some(expected) = expected.get("fields") {
            assert_eq!(fields, *expected, "{}", telegram.name());
        }
        let encoded = codec::encode_fields(telegram, &fields).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(encoded, bytes, "{}", telegram.name());
        rest = tail.strip_prefix(end).expect("the end of a telegram");
        names.push(telegram.name().to_owned());
    }
    assert!(rest.is_empty());
    names
}

#[test]
fn the_golden_stream_of_quotes_goes_both_ways() {
    assert_eq!(through_a_stream("quote-c", "quote-c-stream", b""), ["Trade", "Index", "Poll"]);
    // The golden file does not list the fields of the poll. Its time must not be lost.
    let spec = spec("quote-c");
    let golden = Golden::load("quote-c-stream");
    let poll = Record::decode(&spec.telegram("Poll").expect("the poll").layout, &golden.bytes[206..]).expect("a poll");
    let fields = json!({ "data_code": "I2", "info_code": "01", "market": "1", "time": "09:31:00" });
    assert_eq!(poll.to_json_value(), fields);
}

#[test]
fn golden_tax_records_of_two_sign_conventions_go_both_ways() {
    assert_eq!(through_a_stream("nts-vat", "nts-vat-signs", b"\r\n"), ["Income", "InvoiceTotals"]);
}

#[test]
fn a_name_in_two_specs_must_say_which() {
    let specs = specs();
    assert!(specs.named("DepositNotice").is_ok() && specs.named("bank-a/Transfer").is_ok());
    let error = specs.named("Transfr").expect_err("no such telegram");
    assert_eq!(error, "there is no telegram or file `Transfr`; did you mean `Transfer`?");
    let twice = SpecSet { specs: vec![spec("bank-a"), Spec { name: "bank-b".to_owned(), ..spec("bank-a") }] };
    let error = twice.named("Transfer").expect_err("two of them");
    assert_eq!(
        error,
        "several specs have `Transfer`; write one of: bank-a/Transfer (a telegram), bank-b/Transfer (a telegram)"
    );
}
