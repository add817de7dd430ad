//! Layouts that are more than rows of fields: choices, tails, groups without a count before them, and computed fields.
//!
//! The dynamic codec decodes and encodes each form. The specs are in TOML, and the bytes are written by hand. For each mistake in bytes or
//! values, the test compares the complete message.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a helper of a test fails by panicking"
)]

mod choices;
mod computed;
mod explain;
mod groups;
mod padded;
mod staying_used;
mod planned;
mod random;
mod segments;
mod tails;

use fep_codec::{Layout, Record};
use fep_spec::Spec;
use serde_json::Value as Json;

/// Returns a spec with these tables.
fn spec(tables: &str) -> Spec {
    let head = "spec = \"forms\"\ntitle = \"Forms\"\nversion = \"1\"\nsource = \"a test\"\ncharset = \"euc-kr\"\n";
    Spec::parse("forms.toml", &format!("{head}{tables}")).unwrap_or_else(|report| panic!("{}", report.render(false)))
}

/// Returns the layout of the first telegram of a spec.
fn telegram(tables: &str) -> Layout {
    spec(tables).telegrams.first().expect("a telegram").layout.clone()
}

/// Returns the layout of a telegram with these items.
fn items(items: &str) -> Layout {
    telegram(&format!("[telegrams.T]\nitems = [\n{items}\n]\n"))
}

/// Checks that the bytes decode to the fields and that the fields encode to the bytes.
#[track_caller]
fn both_ways(layout: &Layout, bytes: &[u8], fields: &Json) {
    let record = Record::decode(layout, bytes).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(record.to_json_value(), *fields);
    assert_eq!(record.encode().as_deref(), Ok(bytes));
    written(layout, bytes, fields);
}

/// Checks that the fields encode to the bytes. Computed fields may be missing.
#[track_caller]
fn written(layout: &Layout, bytes: &[u8], fields: &Json) {
    let again = Record::from_json_value(layout, fields).and_then(|record| record.encode());
    let again = again.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(String::from_utf8_lossy(&again), String::from_utf8_lossy(bytes));
    assert_eq!(again, bytes);
}

/// Returns the error message for these bytes.
#[track_caller]
fn refused(layout: &Layout, bytes: &[u8]) -> String {
    Record::decode(layout, bytes).expect_err("bytes that are wrong").to_string()
}

/// Returns the error message for these fields.
#[track_caller]
fn not_written(layout: &Layout, fields: &Json) -> String {
    let record = Record::from_json_value(layout, fields);
    record.and_then(|record| record.encode()).expect_err("fields that are wrong").to_string()
}
