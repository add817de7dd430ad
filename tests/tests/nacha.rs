//! A NACHA file as banks exchange it: entries with addenda, many of them in one entry, returns and corrections. An independent program
//! made the sample, from the columns of the published record layouts.

#![allow(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use std::path::{Path, PathBuf};

use fep_codec::files::{FileLayout, FileReader, FileWriter};
use fep_spec::files::{decode_file, encode_stream};
use fep_spec::model::Spec;
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").join("specs/nacha")
}

fn plan() -> FileLayout {
    let spec = Spec::load(&folder().join("nacha.toml")).expect("a clean spec");
    spec.file_layout(spec.file("ACH").expect("the file"))
}

fn sample() -> String {
    std::fs::read_to_string(folder().join("samples/batches.ach")).expect("the sample")
}

fn read(text: &str) -> Vec<Result<Value, String>> {
    let plan = plan();
    let lines = decode_file(FileReader::new(&plan, text.as_bytes()).expect("a plan"));
    lines
        .map(|line| line.map(|line| serde_json::from_str(&line).expect("JSON")).map_err(|error| error.to_string()))
        .collect()
}

#[test]
fn the_batches_of_a_sample_read_without_an_error() {
    let records: Vec<Value> = read(&sample()).into_iter().collect::<Result<_, _>>().expect("a clean file");
    let names: Vec<&str> = records.iter().filter_map(|record| record["telegram"].as_str()).collect();
    let batch = |inner: &[&'static str]| [&["BatchHeader"], inner, &["BatchControl"]].concat();
    let expected = [
        vec!["FileHeader"],
        batch(&["Entry", "Addenda", "Entry"]),
        batch(&["Entry", "Addenda", "Addenda", "Addenda", "Entry", "Addenda"]),
        batch(&["Entry", "ReturnAddenda"]),
        batch(&["Entry", "CorrectionAddenda"]),
        vec!["FileControl"],
    ];
    assert_eq!(names, expected.concat());
    let returned = &records[16]["fields"];
    assert_eq!((&returned["return_code"], &returned["original_trace"]), (&"R01".into(), &"121042880000003".into()));
    let corrected = &records[20]["fields"];
    assert_eq!((&corrected["change_code"], &corrected["corrected"]), (&"C01".into(), &"81967038519".into()));
}

#[test]
fn totals_and_addenda_numbers_are_filled_in() {
    let plan = plan();
    let mut lines = String::new();
    for record in read(&sample()) {
        let mut record = record.expect("a clean file");
        let name = record["telegram"].as_str().expect("a name").to_owned();
        let fields = record["fields"].as_object_mut().expect("fields");
        plan.totals.iter().filter(|total| total.record == name).for_each(|total| drop(fields.remove(&*total.field)));
        if name == "Addenda" {
            fields.remove("sequence");
        }
        lines.push_str(&format!("{record}\n"));
    }
    let writer = FileWriter::new(&plan, Vec::new()).expect("a plan");
    let written = encode_stream(&plan, writer, lines.as_bytes()).expect("encodes");
    assert_eq!(String::from_utf8(written).expect("ASCII"), sample());
}

#[test]
fn what_breaks_the_rules_of_a_batch_is_an_error() {
    let check = |from: &str, to: &str, expected: &str| {
        let text = sample();
        assert!(text.contains(from), "{from}");
        let errors: Vec<String> = read(&text.replacen(from, to, 1)).into_iter().filter_map(Result::err).collect();
        assert_eq!(errors, [expected], "{from} as {to}");
    };
    check(
        "82000000030032278070",
        "82000000020032278070",
        "record 6 at byte 475: `entries` of `BatchControl` says 2, the records before it make 3",
    );
    check("00030000001", "00040000001", "record 11 at byte 950: `sequence` of `Addenda` says 4, the next number is 3");
    check(
        "9000004000003",
        "9000004000004",
        "record 23 at byte 2090: `blocks` of `FileControl` says 4, the records before it make 3",
    );
    check(
        "799R01",
        "797R01",
        "record 17 at byte 1520: the bytes are none of the file's records: they are not shown, because they can be \
         secret; nearest is `CorrectionAddenda`, which has \"98\" at byte 1 (addenda_type), found another value, `ReturnAddenda`, \
         which has \"99\" at byte 1 (addenda_type), found another value",
    );
}
