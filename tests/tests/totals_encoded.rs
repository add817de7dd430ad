//! Totals and serial numbers whose fields are packed, BCD, binary or EBCDIC, or in parts. The bytes are written by hand.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a helper of a test fails by panicking")]

use std::io::Cursor;

use fep_codec::files::{AsyncFileWriter, FileLayout, FileReader, FileWriter, verify};
use fep_codec::{Layout, Record};
use fep_spec::files::{decode_file, encode_stream};
use fep_spec::model::Spec;

/// Every number is in a part, and in another encoding than that of its total.
const SPEC: &str = r#"
spec = "encoded"
title = "totals in other encodings"
version = "2026-11-26"
source = "made up"
charset = "cp037"

[parts.Amounts]
items = [
  { name = "packed", kind = "number", len = 3, encoding = "packed", sign = "signed", accepts = ["host-signs"] },
  { name = "bcd", kind = "number", len = 2, encoding = "bcd" },
  { name = "zoned", kind = "number", len = 3, sign = "overpunch" },
]

[parts.Sums]
items = [
  { name = "packed", kind = "number", len = 4, encoding = "packed", sign = "signed" },
  { name = "bcd", kind = "number", len = 3, encoding = "bcd" },
  { name = "zoned", kind = "number", len = 4, sign = "overpunch" },
  { name = "rows", kind = "number", len = 2, encoding = "binary" },
  { name = "hash", kind = "digits", len = 2, encoding = "bcd", full = true },
]

[telegrams.Row]
items = [
  { literal = "R" },
  { name = "no", kind = "digits", len = 1, encoding = "bcd", full = true },
  { part = "Amounts", name = "body" },
]

[telegrams.End]
items = [ { literal = "E" }, { part = "Sums", name = "sums" } ]

[files.F]
records = [ { telegram = "Row", min = 0 }, { telegram = "End" } ]
totals = [
  { field = "End.sums.packed", sum = "Row.body.packed" },
  { field = "End.sums.bcd", sum = "Row.body.bcd" },
  { field = "End.sums.zoned", sum = "Row.body.zoned" },
  { field = "End.sums.rows", count = "Row" },
  { field = "End.sums.hash", sum = "Row.body.bcd", last_digits = 4 },
]
serials = [ { field = "Row.no" } ]
"#;

/// `D9` is R, `C5` is E. 12345 - 45 = 12300; 9999 + 2 = 10001, whose last four digits are 0001; 123 - 125 = -2.
const FILE: &[&[u8]] = &[
    b"\xD9\x01\x12\x34\x5C\x99\x99\xF1\xF2\xC3",
    b"\xD9\x02\x00\x04\x5D\x00\x02\xF1\xF2\xD5",
    b"\xC5\x00\x12\x30\x0C\x01\x00\x01\xF0\xF0\xF0\xD2\x00\x02\x00\x01",
];

const ROWS: &str = concat!(
    r#"{"telegram":"Row","fields":{"body":{"packed":12345,"bcd":9999,"zoned":123}}}"#,
    "\n",
    r#"{"telegram":"Row","fields":{"body":{"packed":-45,"bcd":2,"zoned":-125}}}"#,
    "\n",
    r#"{"telegram":"End","fields":{}}"#,
    "\n",
);

fn plan(text: &str) -> FileLayout {
    let spec = Spec::parse("encoded.toml", text).expect("a clean spec");
    spec.file_layout(spec.file("F").expect("the file"))
}

fn errors(plan: &FileLayout, bytes: &[u8]) -> Vec<String> {
    let reader = FileReader::new(plan, bytes).expect("a plan");
    decode_file(reader).filter_map(|line| Some(line.err()?.to_string())).collect()
}

#[test]
fn totals_are_filled_in_and_checked_in_every_encoding_and_in_parts() {
    let plan = plan(SPEC);
    let writer = FileWriter::new(&plan, Vec::new()).expect("a plan");
    assert_eq!(encode_stream(&plan, writer, ROWS.as_bytes()).expect("it is written"), FILE.concat());
    assert_eq!(errors(&plan, &FILE.concat()), Vec::<String>::new());
    assert_eq!(verify(&plan, &FILE.concat()).map(|all| all.records), Ok(3));
    // A sign nibble that is another form of plus changes no sum.
    let host = FILE.concat().iter().map(|byte| if *byte == 0x5C { 0x5F } else { *byte }).collect::<Vec<_>>();
    assert_eq!(errors(&plan, &host), Vec::<String>::new());
}

/// Any other value of any field is found: the byte itself, a total or a serial number.
#[test]
fn a_change_of_any_byte_of_a_row_or_total_is_an_error() {
    let plan = plan(SPEC);
    let whole = FILE.concat();
    let sound = records(&plan, &whole).expect("the file");
    for at in 0..whole.len() {
        for bit in 0..8 {
            let mut spoilt = whole.clone();
            spoilt[at] ^= 1 << bit;
            // The sign nibbles A, C, E and F of a row are the same value.
            match records(&plan, &spoilt) {
                Ok(same) => assert_eq!((same, at), (sound.clone(), 4), "byte {at} bit {bit}"),
                Err(error) => assert!(!error.is_empty()),
            }
        }
    }
    for (at, byte, expected) in
        [(20 + 4, 0x1C, "sums.packed"), (20 + 7, 0x02, "sums.bcd"), (20 + 11, 0xD3, "sums.zoned")]
    {
        let mut spoilt = whole.clone();
        spoilt[at] = byte;
        let errors = errors(&plan, &spoilt);
        assert!(errors.iter().any(|error| error.contains(expected)), "{expected}: {errors:?}");
    }
}

/// The values of all records, or the first error.
fn records(plan: &FileLayout, bytes: &[u8]) -> Result<Vec<serde_json::Value>, String> {
    let reader = FileReader::new(plan, bytes).expect("a plan");
    reader
        .records()
        .map(|record| record.map(|record| record.to_json_value()).map_err(|error| error.to_string()))
        .collect()
}

/// A header with the number of rows behind it.
const HEADED: &str = r#"
spec = "headed"
title = "a total in the header"
version = "2026-11-26"
source = "made up"
charset = "ascii"
[telegrams.Head]
items = [ { literal = "H" }, { name = "rows", kind = "number", len = 2 } ]
[telegrams.Row]
items = [ { literal = "R" }, { name = "v", kind = "number", len = 2 } ]
[files.F]
line_end = "lf"
records = [ { telegram = "Head" }, { telegram = "Row", min = 0 } ]
totals = [ { field = "Head.rows", count = "Row" } ]
"#;

fn record<'l>(layouts: &[&'l Layout], name: &str, json: &str) -> Record<'l> {
    let layout = layouts.iter().find(|layout| layout.name == name).expect("a record of the plan");
    Record::from_json(layout, json).expect("a record")
}

/// The file that an asynchronous writer makes of a header with this JSON and two rows, or the error.
fn asynchronous(head: &str) -> Result<Vec<u8>, String> {
    let plan = plan(HEADED);
    let layouts = plan.layouts();
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    runtime.block_on(async {
        let mut writer = AsyncFileWriter::new(&plan, Vec::new()).map_err(|error| error.to_string())?;
        for (name, json) in [("Head", head), ("Row", r#"{"v":5}"#), ("Row", r#"{"v":7}"#)] {
            writer.write(record(&layouts, name, json)).await.map_err(|error| error.to_string())?;
        }
        writer.finish().await.map_err(|error| error.to_string())
    })
}

#[test]
fn a_writer_that_cannot_return_to_a_header_says_so_and_accepts_a_total_that_is_given() {
    assert_eq!(asynchronous(r#"{"rows":2}"#).as_deref(), Ok(b"H02\nR05\nR07\n".as_slice()));
    let error = asynchronous("{}").expect_err("nobody knows the number yet");
    assert!(error.contains("rows") && error.contains("FileWriter::seeking"), "{error}");
    let error = asynchronous(r#"{"rows":3}"#).expect_err("there are two rows");
    assert!(error.contains("rows") && error.contains('3') && error.contains('2'), "{error}");
    let plan = plan(HEADED);
    let layouts = plan.layouts();
    let mut writer = FileWriter::seeking(&plan, Cursor::new(Vec::new())).expect("a plan");
    for (name, json) in [("Head", "{}"), ("Row", r#"{"v":5}"#), ("Row", r#"{"v":7}"#)] {
        writer.write(record(&layouts, name, json)).expect("it is written");
    }
    assert_eq!(writer.finish().expect("the end").into_inner(), b"H02\nR05\nR07\n");
}
