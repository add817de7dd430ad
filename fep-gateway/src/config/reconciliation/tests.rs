//! Which tables of a reconciliation are read, and what is said about wrong ones.

use super::{FieldPair, FileLists, RecordCondition};
use crate::config::Config;
use crate::config::two_banks::{banks, parse, root};

const TABLE: &str = r#"
[institutions.bank-a.reconciliation.transfers]
spec = "specs/settlement-a/settlement-a.toml"
record = "Detail"
telegram = "Transfer"
key = { trace_no = "header.trace_no", sent_date = "header.sent_date" }
amount = { amount = "amount" }
done = { result = "00" }
reversed = { result = ["90"] }
date = "Header.settled_on"
"#;

/// Changes the table, and expects this in the report, or no mistake.
#[track_caller]
fn check(from: &str, to: &str, expected: Option<&str>) {
    assert!(from.is_empty() || TABLE.contains(from), "{from}");
    parse(&banks(&TABLE.replacen(from, to, 1)), expected);
}

#[test]
fn a_table_has_pairs_of_fields_and_conditions() {
    let config = Config::parse("gateway.toml", &banks(TABLE), root()).unwrap();
    let own = &config.institutions["bank-a"].reconciliation["transfers"];
    assert_eq!((own.spec.name.as_str(), own.file.as_str(), own.lists), ("settlement-a", "Settlement", FileLists::Done));
    assert_eq!((own.days_around, own.date.clone()), (1, Some(("Header".to_owned(), "settled_on".to_owned()))));
    let pair = |record: &str, request: &str| FieldPair { record: record.to_owned(), request: request.to_owned() };
    assert_eq!(own.key, [pair("trace_no", "header.trace_no"), pair("sent_date", "header.sent_date")]);
    assert_eq!(own.amount, Some(pair("amount", "amount")));
    let values = vec!["90".to_owned()];
    assert_eq!(own.reversed, [RecordCondition { path: "result".to_owned(), values }]);
}

#[test]
fn mistakes_are_named_with_what_there_is() {
    check("", "", None);
    check("record = \"Detail\"", "record = \"Detial\"", Some("the file Settlement has no record `Detial`"));
    check("Detail", "Detial", Some("did you mean `Detail`"));
    check("telegram = \"Transfer\"", "telegram = \"Transfers\"", Some("has no telegram `Transfers`"));
    check("trace_no =", "trace_nr =", Some("Detail has no field `trace_nr` at a fixed place"));
    check(
        "\"header.sent_date\"",
        "\"header.sent_data\"",
        Some("Transfer has no field `header.sent_data` at a fixed place"),
    );
    check("\"header.sent_date\"", "\"amount\"", Some("`sent_date` is never equal to `amount` of the request"));
    check(
        "key = { trace_no = \"header.trace_no\", sent_date = \"header.sent_date\" }",
        "key = {}",
        Some("`key` has no field"),
    );
    check("{ amount = \"amount\" }", "{ result = \"deposit_bank\" }", Some("`result` is not a number"));
    check("{ result = \"00\" }", "{}", Some("`done` has no condition"));
    check("{ result = \"00\" }", "{ rsult = \"00\" }", Some("Detail has no field `rsult`"));
    check("{ result = \"00\" }", "{ result = [] }", Some("the condition of `result` has no value"));
    check(
        "{ result = \"00\" }",
        "{ result = \"0\" }",
        Some("`result` never has the value \"0\": the spec has the codes \"00\", \"90\""),
    );
    check("{ result = \"00\" }", "{ serial = \"05\" }", Some("`serial` never has the value \"05\": it is a number"));
    check("{ result = \"00\" }", "{ transaction_no = \"123456789012345\" }", Some("the field has 14 bytes"));
    check("{ result = \"00\" }", "{ transaction_no = \"A \" }", Some("blanks around a value are padding"));
    check("{ result = \"00\" }", "{ sent_date = \"20261126\" }", Some("conditions compare texts, digits, codes"));
    check("{ result = \"00\" }", "{ result = \"90\" }", Some("`result` = \"90\" is in `done` and in `reversed`"));
    check("Header.settled_on", "settled_on", Some("`date` is a record and its field"));
    check("Header.settled_on", "Trailer.count", Some("`count` is not a date with a year"));
    check("Header.settled_on", "Headr.settled_on", Some("the file Settlement has no record `Headr`"));
    check("settlement-a.toml\"", "settlement-b.toml\"", Some("settlement-b.toml"));
    check("spec = \"specs/settlement-a/settlement-a.toml\"", "", Some("bank-a has 0 record files"));
    check("record = \"Detail\"", "record = \"Detail\"\nfile = \"Settlements\"", Some("no record file `Settlements`"));
    check("\ndate =", "\nlists = \"all\"\ndate =", Some("lists"));
    check("\ndate =", "\ndays_around = 8\ndate =", Some("days_around"));
    check("\ndate =", "\ndates =", Some("unknown key `dates`"));
}

#[test]
fn a_running_gateway_keeps_its_lines_when_only_this_changes() {
    let before = Config::parse("gateway.toml", &banks(TABLE), root()).unwrap();
    let after =
        Config::parse("gateway.toml", &banks(&TABLE.replace("amount = { amount = \"amount\" }", "")), root()).unwrap();
    let from = &before.institutions["bank-a"];
    let to = &after.institutions["bank-a"];
    assert_ne!(from, to);
    assert_eq!(&crate::config::in_place::in_place(from, to), to);
}
