//! Specs at run time: the golden bytes and the golden JSON, both ways, by the layouts of the spec files.

#![allow(clippy::expect_used, clippy::panic, reason = "a helper of a test fails by panicking")]

use std::path::Path;

use fep_codec::Record;
use fep_spec::codec;
use fep_spec::files::{decode_file, encode_file};
use fep_spec::model::{Spec, SpecSet};
use fep_tests::golden::Golden;
use serde_json::{Value, json};

fn specs() -> SpecSet {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").join("specs");
    SpecSet::load(&folder).expect("clean specs")
}

fn spec(name: &str) -> Spec {
    specs().specs.into_iter().find(|spec| spec.name == name).expect("the spec")
}

#[test]
fn golden_telegrams_are_chosen_and_go_both_ways() {
    let spec = spec("bank-a");
    for name in Golden::names("bank-a") {
        let golden = Golden::load(&name);
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

#[test]
fn the_golden_record_file_goes_both_ways() {
    let spec = spec("kftc-cms");
    let golden = Golden::load("kftc-cms-eb13");
    let file = spec.file(&golden.telegram).expect("the file");
    let lines: Vec<Value> = decode_file(&spec, file, &golden.bytes)
        .map(|line| serde_json::from_str(&line.expect("a record")).expect("JSON"))
        .collect();
    assert_eq!(Value::from(lines), golden.fields);
    let records = golden.fields.as_array().expect("records");
    assert_eq!(encode_file(&spec, file, records).expect("encodes"), golden.bytes);
}

/// Goes through a golden stream telegram by telegram: each is chosen by its first bytes, says how long it is, gives the golden
/// fields and comes back from them. `end` stands behind each. Returns the names.
fn through_a_stream(name: &str, golden: &str, end: &[u8]) -> Vec<String> {
    let (spec, golden) = (spec(name), Golden::load(golden));
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
    // The golden file names no fields of the poll, whose time must not be lost.
    let (spec, golden) = (spec("quote-c"), Golden::load("quote-c-stream"));
    let poll = Record::decode(&spec.telegram("Poll").expect("the poll").layout, &golden.bytes[206..]).expect("a poll");
    let fields = json!({ "data_code": "I2", "info_code": "01", "market": "1", "time": "09:31:00" });
    assert_eq!(poll.to_json_value(), fields);
}

#[test]
fn golden_tax_records_of_two_sign_conventions_go_both_ways() {
    assert_eq!(through_a_stream("nts-vat", "nts-vat-signs", b"\r\n"), ["Income", "InvoiceTotals"]);
}

/// Decodes a changed golden file and gives the first error as text.
fn file_error(change: impl FnOnce(&mut Vec<u8>)) -> String {
    let spec = spec("kftc-cms");
    let mut bytes = Golden::load("kftc-cms-eb13").bytes;
    change(&mut bytes);
    let file = spec.file("EB13").expect("the file");
    decode_file(&spec, file, &bytes).find_map(Result::err).expect("an error").to_string()
}

#[test]
fn a_broken_file_says_which_record_and_which_byte() {
    let check = |change: fn(&mut Vec<u8>), expected: &str| assert_eq!(file_error(change), expected);
    check(
        |bytes| bytes.truncate(600 - 7),
        "record 5 at byte 480: the file ends inside the record: 113 bytes are left, a record has 120",
    );
    check(|bytes| bytes.truncate(480), "record 5 at byte 480: the file has 0 of `Trailer`, there must be 1");
    check(|bytes| drop(bytes.drain(..120)), "record 1 at byte 0: `Data` cannot stand here, expected Header");
    check(|bytes| bytes.extend_from_within(480..), "record 6 at byte 600: `Trailer` stands after the end of the file");
    check(|bytes| bytes[120] = b'X', "record 2 at byte 120: the bytes are none of the file's records");
    check(
        |bytes| bytes[121] = b'?',
        "record 2 at byte 120: Data: peer: serial (일련번호), bytes 1..9: expected a digit, found '?' (3f) at byte 1, hex 3f \
         30 30 30 30 30 30 31",
    );
    check(Vec::clear, "record 1 at byte 0: the file has 0 of `Header`, there must be 1");
}

#[test]
fn records_out_of_order_are_not_written() {
    let spec = spec("kftc-cms");
    let file = spec.file("EB13").expect("the file");
    let golden = Golden::load("kftc-cms-eb13");
    let mut records = golden.fields.as_array().expect("records").clone();
    records.swap(0, 1);
    let error = encode_file(&spec, file, &records).expect_err("out of order");
    assert_eq!(error.to_string(), "record 1 at byte 0: `Data` cannot stand here, expected Header");
    let stranger = [json!({ "telegram": "Transfer", "fields": {} })];
    let error = encode_file(&spec, file, &stranger).expect_err("not of this file");
    assert_eq!(error.to_string(), "record 1 at byte 0: `Transfer` is no record of this file");
}

#[test]
fn a_name_in_two_specs_must_say_which() {
    let specs = specs();
    assert!(specs.named("Transfer").is_ok() && specs.named("bank-a/Transfer").is_ok());
    let error = specs.named("Transfr").expect_err("no such telegram");
    assert_eq!(error, "there is no telegram or file `Transfr`; did you mean `Transfer`?");
    let twice = SpecSet { specs: vec![spec("bank-a"), Spec { name: "bank-b".to_owned(), ..spec("bank-a") }] };
    let error = twice.named("Transfer").expect_err("two of them");
    assert_eq!(error, "several specs have `Transfer`; write one of: bank-a/Transfer, bank-b/Transfer");
}
