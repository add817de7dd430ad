//! Totals and serial numbers of record files: over several kinds, over all records, in headers, per batch, as differences. The
//! expected numbers are calculated by hand.

#![allow(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use std::io::Cursor;

use fep_codec::files::{FileLayout, FileReader, FileWriter, verify};
use fep_spec::files::{decode_file, encode_stream};
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
    let spec = Spec::parse("totals.toml", &text).map_err(|report| {
        report.findings.iter().map(|finding| finding.message.clone()).collect::<Vec<_>>().join("; ")
    })?;
    Ok(spec.file_layout(spec.file("F").expect("the file")))
}

#[test]
fn numbers_of_secret_fields_are_in_no_message() {
    let rules = "totals = [ { field = \"Tail.sum\", sum = \"Row.amount\" } ]\nserials = [ { field = \"Row.no\" } ]";
    let messages = |secret: &str| {
        let records =
            RECORDS.replace(&format!("name = \"{secret}\","), &format!("name = \"{secret}\", secret = true,"));
        let spec = Spec::parse("totals.toml", &format!("{records}{BATCHES}{rules}\n")).expect("a spec");
        let plan = spec.file_layout(spec.file("F").expect("the file"));
        let bytes = b"R020777a\nT019999 \n";
        let reader = FileReader::new(&plan, &bytes[..]).expect("a plan");
        decode_file(reader).filter_map(|line| Some(line.err()?.to_string())).collect::<Vec<_>>().join("; ")
    };
    let open = messages("nothing");
    assert!(open.contains("says 9999, the records before it make 777"), "{open}");
    assert!(open.contains("says 2, the next number is 1"), "{open}");
    // The sum of one secret number is that number.
    let of_amount = messages("amount");
    assert!(
        of_amount.contains("`sum` of `Tail` is not what the records before it make; the numbers are secret"),
        "{of_amount}"
    );
    assert!(!of_amount.contains("777") && !of_amount.contains("9999"), "{of_amount}");
    let of_sum = messages("sum");
    assert!(!of_sum.contains("777") && !of_sum.contains("9999"), "{of_sum}");
    let of_serial = messages("no");
    assert!(of_serial.contains("`no` of `Row` is not the next number; the numbers are secret"), "{of_serial}");
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
    let writer = FileWriter::seeking(&plan, Cursor::new(Vec::new())).expect("a plan");
    let written = encode_stream(&plan, writer, lines(records).as_bytes()).map_err(|error| error.to_string())?;
    let text = String::from_utf8(written.into_inner()).expect("ASCII");
    Ok(text.lines().map(str::trim_end).collect::<Vec<_>>().join(" "))
}

fn lines(records: &[(&str, Value)]) -> String {
    records.iter().map(|(name, fields)| json!({ "telegram": name, "fields": fields }).to_string() + "\n").collect()
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
    let rules = r#"totals = [ { field = "Tail.n", count = ["Row", "Note"] }, { field = "End.n", count = "*" },
        { field = "Tail.sum", sum = "Row.amount" }, { field = "End.sum", sum = ["Row.amount", "Note.fee"] } ]"#;
    // 10 + 5 + 2.5 = 17.5. The file has 5 records.
    assert_eq!(errors(rules, "R010010D R020005C N010025 T030015 E050175"), Vec::<String>::new());
    assert_eq!(
        errors(rules, "R010010D R020005C N010025 T020015 E040170"),
        [
            "record 4 at byte 27: `n` of `Tail` says 2, the records before it make 3",
            "record 5 at byte 36: `n` of `End` says 4, the records before it make 5",
            "record 5 at byte 36: `sum` of `End` says 170, the records before it make 175",
        ]
    );
    let records = [
        row("01", 10, "D"),
        row("02", 5, "C"),
        ("Note", json!({ "no": 1, "fee": "2.5" })),
        empty("Tail"),
        empty("End"),
    ];
    assert_eq!(written(rules, &records).as_deref(), Ok("R010010D R020005C N010025 T030015 E050175"));
}

#[test]
fn all_records_are_those_of_the_sequence_of_the_total_without_those_that_are_left_out() {
    let rules = r#"totals = [ { field = "Tail.n", count = "*" }, { field = "End.n", count = "*", except = ["FileHead", "End"] } ]"#;
    // The batches have 3 and 2 records. Of the file's 7 records, 2 are left out.
    let file = "F000000 H000000 R010001D T030000 R010001D T020000 E050000";
    assert_eq!(errors(rules, file), Vec::<String>::new());
    assert_eq!(
        errors(rules, &file.replace("E05", "E07")),
        ["record 7 at byte 54: `n` of `End` says 7, the records before it make 5"]
    );
}

#[test]
fn a_total_in_a_header_covers_the_records_behind_it() {
    let rules = r#"totals = [ { field = "FileHead.n", count = "Row" }, { field = "FileHead.sum", sum = "Row.amount" },
        { field = "Head.n", count = "Row" }, { field = "Head.sum", sum = "Row.amount" } ]"#;
    let file = "F030015 H020012 R010010D R020002D T000000 H010003 R010003C T000000 E000000";
    assert_eq!(errors(rules, file), Vec::<String>::new());
    // The first batch ends where the second one begins, and the file at its end.
    let wrong = file.replace("F03", "F04").replace("H020012", "H030013").replace("H01", "H02");
    assert_eq!(
        errors(rules, &wrong),
        [
            "record 2 at byte 9: `n` of `Head` says 3, the records after it make 2",
            "record 2 at byte 9: `sum` of `Head` says 13, the records after it make 12",
            "record 6 at byte 45: `n` of `Head` says 2, the records after it make 1",
            "record 1 at byte 0: `n` of `FileHead` says 4, the records after it make 3",
        ]
    );
    let records = [
        empty("FileHead"),
        empty("Head"),
        row("01", 10, "D"),
        row("02", 2, "D"),
        ("Tail", json!({ "n": 0, "sum": 0 })),
        empty("Head"),
        row("01", 3, "C"),
        ("Tail", json!({ "n": 0, "sum": 0 })),
        ("End", json!({ "n": 0, "sum": "0.0" })),
    ];
    assert_eq!(written(rules, &records).as_deref(), Ok(file));
    // A total that is given is checked as soon as its records are complete.
    let mut given = records.clone();
    given[1].1 = json!({ "n": 1 });
    let error = written(rules, &given).expect_err("a wrong total");
    assert_eq!(error, "record 2 at byte 9: `n` of `Head` says 1, the records after it make 2");
}

#[test]
fn an_output_that_cannot_go_back_needs_the_totals_of_later_records() {
    let plan = plan(r#"totals = [ { field = "FileHead.n", count = "Row" } ]"#).expect("a plan");
    let write = |head: Value| {
        let records = [("FileHead", head), row("01", 10, "D"), ("Tail", json!({ "n": 0, "sum": 0 }))];
        let writer = FileWriter::new(&plan, Vec::new()).expect("a plan");
        encode_stream(&plan, writer, lines(&records).as_bytes()).map_err(|error| error.to_string())
    };
    assert_eq!(plan.has_later_totals(), Ok(true));
    assert_eq!(write(json!({ "n": 1, "sum": 0 })).expect("it is given"), b"F010000 \nR010010D\nT000000 \n");
    assert_eq!(
        write(json!({ "sum": 0 })),
        Err("line 1: record 1 at byte 0: `n` of `FileHead` is a total of records after it; give it, or write with \
             `FileWriter::seeking`, which returns to it"
            .to_owned())
    );
    assert_eq!(
        write(json!({ "n": 2, "sum": 0 })),
        Err("record 1 at byte 0: `n` of `FileHead` says 2, the records after it make 1".to_owned())
    );
}

#[test]
fn a_net_total_subtracts_the_records_that_meet_the_condition() {
    let rules = r#"totals = [ { field = "Tail.sum", sum = "Row.amount", minus = { side = ["D", "X"] } } ]"#;
    // 5 - 10 - 1 = -6
    assert_eq!(errors(rules, "R010010D R020005C R030001X T00-006"), Vec::<String>::new());
    assert_eq!(
        errors(rules, "R010010D R020005C T000005"),
        ["record 3 at byte 18: `sum` of `Tail` says 5, the records before it make -5"]
    );
    let records = [row("01", 10, "D"), row("02", 5, "C"), ("Tail", json!({ "n": 0 }))];
    assert_eq!(written(rules, &records).as_deref(), Ok("R010010D R020005C T00-005"));

    // A field without a sign cannot hold it, unless the difference is stated without its sign.
    let unsigned = rules.replace("Tail.sum", "End.sum");
    let records = [row("01", 10, "D"), ("Tail", json!({ "n": 0, "sum": 0 })), ("End", json!({ "n": 0 }))];
    let error = written(&unsigned, &records).expect_err("a negative total");
    assert!(error.starts_with("line 3: record 3 at byte 18: End: caller: sum, bytes 3..7: "), "{error}");
    let absolute = unsigned.replace("minus =", "absolute = true, minus =");
    assert_eq!(written(&absolute, &records).as_deref(), Ok("R010010D T000000 E000100"));

    // Fields are subtracted from fields: 10 - 2.5 = 7.5.
    let fields = r#"totals = [ { field = "End.sum", sum = "Row.amount", minus = "Note.fee" } ]"#;
    assert_eq!(errors(fields, "R010010D N010025 T000000 E000075"), Vec::<String>::new());
}

#[test]
fn a_batch_without_its_trailer_does_not_reach_into_the_next_one() {
    let rules =
        r#"totals = [ { field = "Head.sum", sum = "Row.amount" }, { field = "Tail.sum", sum = "Row.amount" } ]"#;
    assert_eq!(errors(rules, "H000010 R010010D T000010 H000002 R010002D T000002"), Vec::<String>::new());
    assert_eq!(
        errors(rules, "H000010 R010010D T000010 H000002 R010002D T000012"),
        ["record 6 at byte 45: `sum` of `Tail` says 12, the records before it make 2"]
    );
}

#[test]
fn a_given_zero_is_not_a_total_that_was_left_out() {
    let rules = r#"totals = [ { field = "Tail.n", count = "Row" } ]"#;
    let records = [row("01", 10, "D"), ("Tail", json!({ "n": 0, "sum": 0 }))];
    let error = written(rules, &records).expect_err("a wrong total");
    assert_eq!(error, "line 2: record 2 at byte 9: `n` of `Tail` says 0, the records before it make 1");
}

#[test]
fn a_plan_that_no_file_can_satisfy_is_refused_with_its_reason() {
    let cases = [
        (
            r#"{ field = "Tail.n", count = "Row" }, { field = "Tail.n", count = "Note" }"#,
            "`Tail.n` is the field of two totals, and no file satisfies both; a total over several kinds of records is one total that \
          names them all",
        ),
        (
            r#"{ field = "Tail.sum", sum = "Note.fee" }"#,
            "`fee` of `Note` has 1 decimals, and its total `sum` of `Tail` has 0; a total has at least as many",
        ),
        (
            r#"{ field = "Tail.sum", sum = "Row.side" }"#,
            "`side` of `Row` cannot be summed: it is neither a number nor digits",
        ),
        (r#"{ field = "Tail.n", count = ["Row", "Nite"] }"#, "`Nite` is not a record of the file"),
        (
            r#"{ field = "Tail.n", count = "Tail" }"#,
            "`n` of `Tail` has no total over other records: it names only itself",
        ),
        (
            r#"{ field = "Tail.n", count = "Row", where = { side = "DD" } }"#,
            "`side` of `Row` has 1 bytes and never holds \"DD\"",
        ),
        (
            r#"{ field = "Tail.n", count = ["Row", "Note"], where = { side = "D" } }"#,
            "there is no field `side` at a fixed offset of the record `Note`",
        ),
        (
            r#"{ field = "Row.no", count = ["Head", "Note"] }"#,
            "`no` of `Row` covers records before and after it, but `Row` can stand there more than once",
        ),
        (
            r#"{ field = "Tail.n", count = "*", except = ["Raw"] }"#,
            "`Raw` is not a record of the file, so it cannot be left out",
        ),
        (r#"{ field = "Tail.n", count = ["*", "Row"] }"#, "\"*\" stands for all records, and others stand beside it"),
        (r#"{ field = "Tail.n", count = "Row", except = ["Note"] }"#, "`except` is only for a count of all records"),
        (
            r#"{ field = "Tail.n", count = "Row", minus = "Note.fee" }"#,
            "`n` is a count, and `minus` names fields; name records by a condition",
        ),
    ];
    for (totals, reason) in cases {
        assert_eq!(refused(&format!("totals = [ {totals} ]")), reason, "{totals}");
    }
}

#[test]
fn serial_numbers_are_filled_in_and_checked() {
    let rules = r#"serials = [ { field = "Row.no" } ]"#;
    assert_eq!(errors(rules, "R010000D R020000D T000000 R030000D T000000"), Vec::<String>::new());
    // After a gap the numbering goes on from what is stated, so one gap is one error.
    assert_eq!(
        errors(rules, "R010000D R030000D R040000D R040000D T000000"),
        [
            "record 2 at byte 9: `no` of `Row` says 3, the next number is 2",
            "record 4 at byte 27: `no` of `Row` says 4, the next number is 5",
        ]
    );
    let nameless = |side| ("Row", json!({ "amount": 0, "side": side }));
    let tail = ("Tail", json!({ "n": 0, "sum": 0 }));
    let records = [nameless("D"), nameless("D"), tail.clone()];
    assert_eq!(written(rules, &records).as_deref(), Ok("R010000D R020000D T000000"));
    let error = written(rules, &[row("02", 0, "D"), tail]).expect_err("a wrong number");
    assert_eq!(error, "line 1: record 1 at byte 0: `no` of `Row` says 2, the next number is 1");
}

#[test]
fn a_numbering_spans_kinds_begins_again_and_wraps_as_the_spec_says() {
    let rules = r#"serials = [ { field = ["Row.no", "Note.no"], from = 8, to = 9, restart = "Head" } ]"#;
    assert_eq!(
        errors(rules, "H000000 R080000D N090000 T000000 H000000 R080000D R090000D R080000D T000000"),
        Vec::<String>::new()
    );
    assert_eq!(
        errors(rules, "R080000D R090000D R100000D T000000"),
        ["record 3 at byte 18: `no` of `Row` says 10, the next number is 8"]
    );
    let gaps = r#"serials = [ { field = "Row.no", from = "any", gaps = true, restart = "Head" } ]"#;
    assert_eq!(errors(gaps, "R070000D R090000D T000000 H000000 R030000D T000000"), Vec::<String>::new());
    assert_eq!(
        errors(gaps, "R070000D R070000D T000000"),
        ["record 2 at byte 9: `no` of `Row` says 7, the next number is 8 or more"]
    );
    let nameless = ("Row", json!({ "amount": 0, "side": "D" }));
    let error = written(gaps, std::slice::from_ref(&nameless)).expect_err("nothing says where it begins");
    assert_eq!(error, "line 1: record 1 at byte 0: Row: caller: no, bytes 1..3: is missing");
    // Without `to`, the number after 99 does not fit.
    let records = [row("99", 0, "D"), nameless];
    let error = written(r#"serials = [ { field = "Row.no", from = 99 } ]"#, &records).expect_err("100 in two digits");
    assert_eq!(error, "line 2: record 2 at byte 9: Row: caller: no, bytes 1..3: needs 3 bytes, the field has 2");
}

#[test]
fn a_numbering_that_is_not_possible_is_refused_with_its_reason() {
    let cases = [
        (r#"{ field = "Row.nr" }"#, "there is no field `nr` at a fixed offset of the record `Row`"),
        (r#"{ field = ["Row.no", "Row.amount"] }"#, "`Row.amount` is the second field of `Row` in one numbering"),
        (r#"{ field = "Note.fee" }"#, "`Note.fee` has decimals, so it cannot be a serial number"),
        (r#"{ field = "Row.no", to = 100 }"#, "100 does not fit into `Row.no`"),
        (r#"{ field = "Row.no", from = 5, to = 4 }"#, "a numbering cannot go from 5 to 4"),
        (r#"{ field = "Row.no", from = "any", to = 4 }"#, "a numbering that has a last number needs a first one"),
        (r#"{ field = "Row.no", restart = "Hed" }"#, "`Hed` is not a record of the file"),
        (r#"{ field = "Row.no" }, { field = ["Note.no", "Row.no"] }"#, "`Row.no` is in two numberings"),
        (r#"{ field = "Row.no", from = "all" }"#, "`from` cannot be \"all\""),
    ];
    for (serials, reason) in cases {
        assert_eq!(refused(&format!("serials = [ {serials} ]")), reason, "{serials}");
    }
    let both = r#"totals = [ { field = "Tail.n", count = "Row" } ]
serials = [ { field = "Tail.n" } ]"#;
    assert_eq!(refused(both), "`Tail.n` is a serial number and a total");
}

/// A record waits in memory until its block is full, so its place in the output is behind length words that are not written yet.
#[test]
fn a_header_is_corrected_inside_a_block_with_length_words() {
    let rules = r#"
[files.Blocked]
record_word = "rdw"
block_word = { len = 2, encoding = "binary", counts = "all", zeros = 2, max = 30 }
records = [ { telegram = "Head" }, { telegram = "Row", min = 0 }, { telegram = "Tail" } ]
totals = [ { field = "Head.n", count = "Row" }, { field = "Head.sum", sum = "Row.amount" }, { field = "Tail.n", count = "*" } ]"#;
    let spec = Spec::parse("totals.toml", &format!("{RECORDS}{rules}\n")).expect("a clean spec");
    let plan = spec.file_layout(spec.file("Blocked").expect("the file"));
    let records = [empty("Head"), row("01", 10, "D"), row("02", 2, "D"), ("Tail", json!({ "sum": 0 }))];
    // The output has bytes before the file.
    let mut output = Cursor::new(b"before".to_vec());
    output.set_position(6);
    let writer = FileWriter::seeking(&plan, output).expect("a plan");
    let written = encode_stream(&plan, writer, lines(&records).as_bytes()).expect("it encodes").into_inner();
    // Two records of 12 bytes and the 4 bytes of the block's word: 28, hex 1C.
    let expected =
        b"before\0\x1C\0\0\0\x0C\0\0H020012 \0\x0C\0\0R010010D\0\x1C\0\0\0\x0C\0\0R020002D\0\x0C\0\0T040000 ";
    assert_eq!(written.escape_ascii().to_string(), expected.escape_ascii().to_string());
    let read = FileReader::new(&plan, written.get(6..).expect("the file")).expect("a plan");
    assert_eq!(decode_file(read).filter_map(Result::err).count(), 0);
}

/// All processors find the same first error as one reader.
#[test]
fn all_processors_check_totals_of_headers_and_serial_numbers() {
    let rules = r#"totals = [ { field = "FileHead.n", count = "Row", last_digits = 2 } ]
serials = [ { field = "Row.no", from = 0, to = 99 } ]"#;
    let plan = plan(rules).expect("a plan");
    let file = |rows: usize, stated: usize| {
        let mut text = format!("F{stated:02}0000 \n");
        text.extend((0..rows).map(|no| format!("R{:02}0000D\n", no % 100)));
        text + "T000000 \n"
    };
    let rows = 10_007;
    assert_eq!(verify(&plan, file(rows, 7).as_bytes()).map(|progress| progress.records), Ok(rows as u64 + 2));
    let wrong = verify(&plan, file(rows, 8).as_bytes()).expect_err("a wrong total").to_string();
    assert_eq!(wrong, "record 1 at byte 0: `n` of `FileHead` says 8, the records after it make 7");
    let gap = file(rows, 7).replacen("R030000D\nR04", "R030000D\nR05", 1);
    let wrong = verify(&plan, gap.as_bytes()).expect_err("a gap").to_string();
    assert_eq!(wrong, "record 6 at byte 45: `no` of `Row` says 5, the next number is 4");
}
