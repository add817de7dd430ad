//! Totals and serial numbers of record files: over several kinds, over all records, in headers, per batch, as differences. The
//! expected numbers are calculated by hand.

#![allow(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use std::io::Cursor;

use fep_codec::files::{FileLayout, FileReader, FileWriter};
use fep_spec::files::{decode_file, encode_file};
use fep_spec::model::Spec;
use serde_json::{Value, json};

/// Records of eight bytes. Trailers and headers have a count of two digits and a sum of four.
const RECORDS: &str = r#"
spec = "totals"
title = "totals"
version = "2026-11-26"
source = "made up"
charset = "ascii"
[telegrams.FileHead]
items = [ { literal = "F", name = "t" }, { name = "n", kind = "number", len = 2 }, { name = "sum", kind = "number", len = 4 }, { filler = 1 } ]
[telegrams.Head]
items = [ { literal = "H", name = "t" }, { name = "n", kind = "number", len = 2 }, { name = "sum", kind = "number", len = 4 }, { filler = 1 } ]
[telegrams.Row]
items = [ { literal = "R", name = "t" }, { name = "no", kind = "digits", len = 2, full = true }, { name = "amount", kind = "number", len = 4 }, { name = "side", kind = "text", len = 1 } ]
[telegrams.Note]
items = [ { literal = "N", name = "t" }, { name = "no", kind = "number", len = 2 }, { name = "fee", kind = "number", len = 4, scale = 1 }, { filler = 1 } ]
[telegrams.Tail]
items = [ { literal = "T", name = "t" }, { name = "n", kind = "number", len = 2 }, { name = "sum", kind = "number", len = 4, sign = "leading-minus" }, { filler = 1 } ]
[telegrams.End]
items = [ { literal = "E", name = "t" }, { name = "n", kind = "number", len = 2 }, { name = "sum", kind = "number", len = 4, scale = 1 }, { filler = 1 } ]
"#;

const BATCHES: &str = r#"
[files.F]
line_end = "lf"
records = [ { telegram = "FileHead", min = 0, max = 1 }, { min = 0, records = [ { telegram = "Head", min = 0, max = 1 }, { telegram = "Row", min = 0 }, { telegram = "Note", min = 0 }, { telegram = "Tail" } ] }, { telegram = "End", min = 0, max = 1 } ]
"#;

fn plan(rules: &str) -> Result<FileLayout, String> {
    let text = format!("{RECORDS}{BATCHES}{rules}\n");
    let spec = Spec::parse("totals.toml", text).map_err(|error| error.to_string())?;
    Ok(spec.file_layout(spec.file("F").expect("the file")))
}

/// Reads a file, one record per word, and returns its errors.
fn errors(rules: &str, records: &str) -> Vec<String> {
    let plan = plan(rules).expect("a plan");
    let bytes: String = records.split_whitespace().map(|record| format!("{record:<8}\n")).collect();
    let reader = FileReader::new(&plan, bytes.as_bytes()).expect("a plan");
    decode_file(reader).filter_map(|line| Some(line.err()?.to_string())).collect()
}

/// Writes records with what they leave out, and returns the file, one record per word.
fn written(rules: &str, records: &[(&str, Value)]) -> Result<String, String> {
    let plan = plan(rules).expect("a plan");
    let envelopes: Vec<Value> =
        records.iter().map(|(name, fields)| json!({ "telegram": name, "fields": fields })).collect();
    let writer = FileWriter::seeking(&plan, Cursor::new(Vec::new())).expect("a plan");
    let written = encode_file(writer, &envelopes).map_err(|error| error.to_string())?;
    let text = String::from_utf8(written.into_inner()).expect("ASCII");
    Ok(text.lines().map(str::trim_end).collect::<Vec<_>>().join(" "))
}

fn row(no: &str, amount: u32, side: &str) -> (&'static str, Value) {
    ("Row", json!({ "no": no, "amount": amount, "side": side }))
}

fn empty(name: &'static str) -> (&'static str, Value) {
    (name, json!({}))
}

/// The reason why a plan is refused.
fn refused(rules: &str) -> String {
    plan(rules).expect_err("a plan that no file can satisfy")
}

#[test]
fn a_total_of_several_kinds_adds_all_of_them() {
    let rules = r#"totals = [ { field = "Tail.n", count = ["Row", "Note"] }, { field = "End.sum", sum = ["Row.amount", "Note.fee"] },
        { field = "Tail.sum", sum = "Row.amount" }, { field = "End.n", count = "*" } ]"#;
    // 10 + 5 + 2.5 = 17.5; the file has 5 records.
    assert_eq!(errors(rules, "R010010D R020005C N010025 T030015 E050175"), Vec::<String>::new());
    let found = errors(rules, "R010010D R020005C N010025 T020015 E040170");
    assert_eq!(found, [
        "record 4 at byte 27: `n` of `Tail` says 2, the records before it make 3".replace("27", "27"),
        "record 5 at byte 36: `n` of `End` says 4, the records before it make 5".to_owned(),
        "record 5 at byte 36: `sum` of `End` says 170, the records before it make 175".to_owned(),
    ]);
}
