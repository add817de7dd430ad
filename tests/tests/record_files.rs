//! Record files with their specs: reading and writing golden files, order, totals, line ends, blocks, stripped blanks, and files cut at
//! every position.

#![allow(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use std::path::{Path, PathBuf};

use fep_codec::files::{FileError, FileFault, FileLayout, FileReader, FileWriter, Lenient, LineEnd, records};
use fep_codec::{Decode, Record, Telegram, Text};
use fep_spec::files::{decode_file, encode_file};
use fep_spec::model::Spec;
use fep_tests::generated::kftc_cms::EB13Record as Eb13;
use fep_tests::generated::{kftc_cms, nacha};
use fep_tests::golden::Golden;
use fep_tests::properties;
use proptest::prelude::*;
use serde_json::{Value, json};

fn folder(spec: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").join("specs").join(spec)
}

fn plan(spec: &str, file: &str) -> FileLayout {
    let spec = Spec::load(&folder(spec).join(format!("{spec}.toml"))).expect("a clean spec");
    spec.file_layout(spec.file(file).expect("the file"))
}

fn eb13() -> (FileLayout, Golden) {
    (plan("kftc-cms", "EB13"), Golden::load("kftc-cms-eb13"))
}

fn ach() -> (FileLayout, Golden) {
    (plan("nacha", "ACH"), Golden::load("nacha-ach"))
}

fn vat() -> (FileLayout, Golden) {
    (plan("nts-vat", "VatFile"), Golden::load("nts-vat-signs"))
}

fn envelopes(golden: &Golden) -> Vec<Value> {
    golden.fields.as_array().expect("records").clone()
}

/// Returns the first error in a file as text.
fn error_in(plan: &FileLayout, bytes: &[u8]) -> String {
    decode_file(FileReader::new(plan, bytes).expect("a plan")).find_map(Result::err).expect("an error").to_string()
}

/// Returns the error when these records are written, as text.
fn error_of(plan: &FileLayout, records: &[Value]) -> String {
    encode_file(plan, records, Vec::new()).expect_err("an error").to_string()
}

#[test]
fn golden_files_go_both_ways() {
    for (plan, golden) in [eb13(), ach(), vat()] {
        let lines: Vec<Value> = decode_file(FileReader::new(&plan, &*golden.bytes).expect("a plan"))
            .map(|line| serde_json::from_str(&line.expect("a record")).expect("JSON"))
            .collect();
        assert_eq!(Value::from(lines), golden.fields);
        let records = envelopes(&golden);
        assert_eq!(encode_file(&plan, &records, Vec::new()).expect("encodes"), golden.bytes);
    }
}

#[test]
fn totals_are_filled_in_where_they_are_left_out() {
    for (plan, golden) in [eb13(), ach()] {
        let mut records = envelopes(&golden);
        for total in plan.totals.iter() {
            for record in records.iter_mut().filter(|record| record["telegram"] == *total.record) {
                record["fields"].as_object_mut().expect("fields").remove(&*total.field);
            }
        }
        assert_ne!(Value::from(records.clone()), golden.fields);
        assert_eq!(encode_file(&plan, &records, Vec::new()).expect("encodes"), golden.bytes);
    }
}

#[test]
fn a_total_that_is_given_must_be_right() {
    let (plan, golden) = eb13();
    let mut records = envelopes(&golden);
    records[4]["fields"]["ended"] = json!(2);
    let message = "record 5 at byte 480: `ended` of `Trailer` says 2, the records before it make 1";
    assert_eq!(error_of(&plan, &records), message);

    let mut bytes = golden.bytes;
    bytes[480 + 58] = b'2';
    let read: Vec<_> = FileReader::new(&plan, &*bytes).expect("a plan").records().collect();
    assert_eq!(read.len(), 6, "the trailer is handed out, then what is wrong with it");
    assert_eq!(read[5].as_ref().expect_err("a wrong total").to_string(), message);
}

#[test]
fn a_total_of_a_record_that_cannot_be_read_is_not_judged() {
    let (plan, golden) = ach();
    let mut bytes = golden.bytes;
    bytes[2 * 95 + 29] = b'x';
    let errors: Vec<String> = FileReader::new(&plan, &*bytes)
        .expect("a plan")
        .records()
        .filter_map(|read| Some(read.err()?.to_string()))
        .collect();
    let [only] = errors.as_slice() else { panic!("{errors:#?}") };
    assert!(
        only.starts_with("record 3 at byte 190: Entry: peer: amount (Amount), bytes 29..39: expected a digit"),
        "{only}"
    );
}

#[test]
fn batches_have_totals_of_their_own_and_the_hash_is_cut_to_ten_digits() {
    let (plan, golden) = ach();
    let [header, batch, entry, control, end] = envelopes(&golden).try_into().expect("five records");
    let mut large = entry.clone();
    large["fields"]["receiving_dfi"] = json!("99999999");
    large["fields"]["transaction_code"] = json!("22");
    let [mut control, mut end] = [control, end];
    for (record, names) in [
        (&mut control, ["entries", "hash", "debits", "credits"].as_slice()),
        (&mut end, &["batches", "blocks", "entries", "hash", "debits", "credits"]),
    ] {
        let fields = record["fields"].as_object_mut().expect("fields");
        names.iter().for_each(|name| drop(fields.remove(*name)));
    }
    let mut all = vec![header, batch.clone(), entry, control.clone(), batch];
    all.extend(std::iter::repeat_n(large, 101));
    all.extend([control, end]);
    let bytes = encode_file(&plan, &all, Vec::new()).expect("encodes");
    assert_eq!(bytes.len() % (95 * 10), 0, "whole blocks");
    let written: Vec<Record<'_>> =
        FileReader::new(&plan, &*bytes).expect("a plan").records().collect::<Result<_, _>>().expect("right totals");
    let text = |record: &Record<'_>, name: &str| {
        let (field, value) = record.field(name).expect("the field");
        value.to_text(field)
    };
    let first = &written[3];
    assert_eq!([text(first, "entries"), text(first, "hash"), text(first, "debits")], ["1", "23138010", "100000000"]);
    let second = &written[written.len() - 2];
    // 101 × 99,999,999 = 10,099,999,899. The field keeps the last ten digits.
    assert_eq!([text(second, "entries"), text(second, "hash"), text(second, "debits")], ["101", "99999899", "0"]);
    let file = &written[written.len() - 1];
    assert_eq!([text(file, "batches"), text(file, "blocks"), text(file, "entries")], ["2", "11", "102"]);
    assert_eq!([text(file, "hash"), text(file, "credits")], ["123137909", "10100000000"]);
}

#[test]
fn a_broken_file_says_which_record_and_which_byte() {
    let (plan, golden) = eb13();
    let check = |change: fn(&mut Vec<u8>), expected: &str| {
        let mut bytes = golden.bytes.clone();
        change(&mut bytes);
        assert_eq!(error_in(&plan, &bytes), expected);
    };
    check(
        |bytes| bytes.truncate(600 - 7),
        "record 5 at byte 480: the file ends inside the record: 113 bytes are left, a record has 120",
    );
    check(|bytes| bytes.truncate(480), "record 5 at byte 480: the file has 0 of `Trailer`, there must be 1");
    check(|bytes| drop(bytes.drain(..120)), "record 1 at byte 0: `Data` cannot stand here, expected Header");
    check(|bytes| bytes.extend_from_within(480..), "record 6 at byte 600: `Trailer` stands after the end of the file");
    check(
        |bytes| bytes[120] = b'X',
        "record 2 at byte 120: the bytes are none of the file's records: they are not shown, because they can be secret; \
         none is near: `Data`, which has \"R\" at byte 0 (record_type), found another value, `Trailer`, which has \"T\" at byte 0 (record_type), found another value",
    );
    check(
        |bytes| bytes[121] = b'?',
        "record 2 at byte 120: Data: peer: serial (일련번호), bytes 1..9: expected a digit, found '?' (3f) at byte 1, hex 3f \
         30 30 30 30 30 30 31",
    );
    check(Vec::clear, "record 1 at byte 0: the file has 0 of `Header`, there must be 1");
}

#[test]
fn records_out_of_order_are_not_written() {
    let (plan, golden) = eb13();
    let mut records = envelopes(&golden);
    records.swap(0, 1);
    assert_eq!(error_of(&plan, &records), "record 1 at byte 0: `Data` cannot stand here, expected Header");
    let stranger = json!({ "telegram": "Transfer", "fields": {} });
    assert_eq!(error_of(&plan, &[stranger]), "record 1 at byte 0: `Transfer` is no record of this file");
    let message = "record 1: unknown key `fild`; write {\"telegram\": …, \"fields\": {…}}";
    assert_eq!(error_of(&plan, &[json!({ "telegram": "Header", "fild": {} })]), message);

    let (plan, golden) = ach();
    let mut records = envelopes(&golden);
    records.remove(2);
    assert_eq!(error_of(&plan, &records), "record 3 at byte 190: `BatchControl` cannot stand here, expected Entry");
    records.truncate(1);
    assert_eq!(error_of(&plan, &records), "record 2 at byte 95: the file has 0 of `BatchHeader`, there must be 1");
}

#[test]
fn blocks_are_filled_and_checked() {
    let (plan, golden) = ach();
    let check = |bytes: &[u8], expected: &str| assert_eq!(error_in(&plan, bytes), expected);
    check(&golden.bytes[..9 * 95], "record 10 at byte 855: the file has 9 records, which do not fill blocks of 10");
    let more = [golden.bytes.as_slice(), &golden.bytes[9 * 95..]].concat();
    check(&more, "record 11 at byte 950: the file has 11 records, which do not fill blocks of 10");
    let early = [&golden.bytes[..2 * 95], &golden.bytes[9 * 95..]].concat();
    check(&early, "record 3 at byte 190: `FileControl` cannot stand here, expected Entry");
}

#[test]
fn stripped_blanks_are_forgiven_only_if_asked() {
    let (plan, golden) = ach();
    let samples = folder("nacha").join("samples");
    assert_eq!(std::fs::read(samples.join("whole.ach")).expect("a sample"), golden.bytes);
    let stripped = std::fs::read(samples.join("stripped.ach")).expect("a sample");
    assert_eq!(
        error_in(&plan, &stripped),
        "record 1 at byte 0: the 94 bytes of the record are not followed by a line end (0a or 0d 0a)"
    );
    let read = |bytes: &[u8]| -> Result<Vec<Record<'_>>, FileError> {
        FileReader::new(&plan, bytes)?.lenient(Lenient::ALL).records().collect()
    };
    let whole: Vec<_> =
        FileReader::new(&plan, &*golden.bytes).expect("a plan").records().collect::<Result<_, _>>().expect("reads");
    let lenient: Vec<Value> = read(&stripped).expect("reads").iter().map(Record::to_json_value).collect();
    let strict: Vec<Value> = whole.iter().map(Record::to_json_value).collect();
    assert_eq!(lenient, strict);
    let without_last_end = &stripped[..stripped.len() - 1];
    assert_eq!(read(without_last_end).expect("reads").len(), 5);
    let unfilled = Lenient { stripped: true, ..Lenient::STRICT };
    let error = FileReader::new(&plan, &*stripped).expect("a plan").lenient(unfilled).records().find_map(Result::err);
    assert_eq!(error.expect("an open block").what, FileFault::Unfilled { records: 5, block: 10 });
}

#[test]
fn a_file_keeps_to_one_of_the_line_ends_that_its_plan_accepts() {
    let (mut plan, golden) = ach();
    let crlf: Vec<u8> =
        golden.bytes.split_inclusive(|byte| *byte == b'\n').flat_map(|line| [&line[..94], b"\r\n"].concat()).collect();
    let count = |plan: &FileLayout, bytes: &[u8]| {
        let records = FileReader::new(plan, bytes).expect("a plan").records();
        records.map(|record| record.map(|record| record.to_json_value())).collect::<Result<Vec<_>, _>>()
    };
    assert_eq!(count(&plan, &crlf).expect("CRLF is accepted").len(), 5);
    let mixed = [&crlf[..96], &golden.bytes[95..]].concat();
    assert_eq!(
        error_in(&plan, &mixed),
        "record 2 at byte 96: the 94 bytes of the record are not followed by a line end (0d 0a) but by 0a, and a file has one kind \
         of line end"
    );
    for line_end in [LineEnd::None, LineEnd::Cr, LineEnd::Lf, LineEnd::CrLf] {
        plan.line_ends = vec![line_end].into();
        let bytes = encode_file(&plan, &envelopes(&golden), Vec::new()).expect("encodes");
        assert_eq!(bytes.len(), 10 * (94 + line_end.bytes().len()));
        let records = count(&plan, &bytes).expect("reads");
        plan.line_ends = vec![LineEnd::CrLf, LineEnd::None, LineEnd::Cr, LineEnd::Lf].into();
        assert_eq!(count(&plan, &bytes).expect("any line end"), records, "{line_end:?}");
    }
}

#[test]
fn every_cut_of_a_file_is_noticed() {
    for (plan, golden) in [eb13(), ach()] {
        for len in 0..golden.bytes.len() {
            let cut = golden.bytes.get(..len).expect("a cut");
            let reader = FileReader::new(&plan, cut).expect("a plan");
            assert!(reader.records().any(|record| record.is_err()), "{} cut at {len}", plan.name);
            properties::any_file(&plan, cut, len as u64);
        }
    }
}

#[test]
fn derived_records_are_told_apart_by_their_literals_and_go_both_ways() {
    let (plan, golden) = eb13();
    let typed: Vec<Eb13> =
        FileReader::new(&plan, &*golden.bytes).expect("a plan").typed().collect::<Result<_, _>>().expect("reads");
    assert!(matches!(
        typed.as_slice(),
        [Eb13::Header(_), Eb13::Data(_), Eb13::Data(_), Eb13::Data(_), Eb13::Trailer(_)]
    ));
    let sliced: Vec<Eb13> = records::<Eb13>(&golden.bytes).collect::<Result<_, _>>().expect("reads");
    assert_eq!(sliced, typed);

    let mut writer = FileWriter::new(&plan, Vec::new()).expect("a plan");
    for record in typed {
        let record = match record {
            Eb13::Trailer(trailer) => Eb13::Trailer(kftc_cms::Trailer { total: 0, new: 0, ended: 0, ..trailer }),
            other => other,
        };
        writer.write_any(&record).expect("writes");
    }
    assert_eq!(writer.finish().expect("ends"), golden.bytes);

    let nacha = Golden::load("nacha-ach");
    let entry = records::<nacha::Entry>(&nacha.bytes[2 * 95..3 * 95]).line_end(LineEnd::Lf).next();
    assert_eq!(entry.expect("an entry").expect("reads").amount, 100_000_000);
}

#[test]
fn a_slice_of_records_says_where_it_is_wrong() {
    let (_, golden) = eb13();
    let data = &golden.bytes[120..480];
    let check = |bytes: &[u8], line_end, expected: &str| {
        let error = records::<kftc_cms::Data>(bytes).line_end(line_end).find_map(Result::err);
        assert_eq!(error.expect("an error").to_string(), expected);
    };
    let cut = "record 3 at byte 240: the file ends inside the record: 119 bytes are left, a record has 120";
    check(&data[..359], LineEnd::None, cut);
    check(data, LineEnd::Lf, "record 1 at byte 0: the 120 bytes of the record are not followed by a line end (0a)");
    let mut wrong = data.to_vec();
    wrong[121] = b'?';
    let errors: Vec<_> = records::<kftc_cms::Data>(&wrong).map(|record| record.is_err()).collect();
    assert_eq!(errors, [false, true, false], "a field's mistake does not end the file");
    let unknown = records::<Eb13>(b"X").find_map(Result::err).expect("an error");
    let expected = "record 1 at byte 0: the bytes are none of the file's records: they are not shown, because they can be secret; none is near: `Header`";
    assert!(unknown.to_string().starts_with(expected), "{unknown}");
}

/// A record that borrows from the file.
#[derive(Telegram)]
#[telegram(len = 10, charset = "ascii")]
struct Row<'a> {
    #[field(len = 4)]
    name: &'a str,
    #[field(len = 6)]
    amount: u32,
}

#[test]
fn borrowed_records_point_into_the_slice() {
    let bytes = b"kim 000042lee 000007".as_slice();
    let rows: Vec<Row<'_>> = records(bytes).collect::<Result<_, _>>().expect("reads");
    let total: u32 = rows.iter().map(|row| row.amount).sum();
    assert_eq!((rows[1].name, total), ("lee", 49));
    assert!(bytes.as_ptr_range().contains(&rows[1].name.as_ptr()));
    assert_eq!(Row::decode(&bytes[..10]).expect("reads").name, rows[0].name);
}

#[test]
fn progress_is_reported_after_every_so_many_records() {
    let (plan, golden) = eb13();
    let mut seen = Vec::new();
    let reader = FileReader::new(&plan, &*golden.bytes).expect("a plan");
    reader.on_progress(2, |progress| seen.push((progress.records, progress.bytes))).records().for_each(drop);
    assert_eq!(seen, [(2, 240), (4, 480)]);
}

#[derive(Telegram)]
#[telegram(charset = "ascii")]
struct Unmarked {
    name: Text<4>,
}

#[derive(Telegram)]
#[telegram(charset = "ascii")]
struct Other {
    number: Text<3>,
}

#[derive(Telegram)]
#[telegram(charset = "ascii")]
struct Marked {
    #[field(literal = "M")]
    mark: (),
    name: Text<4>,
}

#[test]
fn plans_that_cannot_work_are_refused_before_anything_is_read() {
    use fep_codec::files::{Step, Tally, Total};
    const TWO: &[Step] = &[Step::any_number(Unmarked::LAYOUT), Step::once(Other::LAYOUT)];
    const ONE: &[Step] = &[Step::once(Marked::LAYOUT)];
    const ONLY: &[Step] = &[Step::any_number(Unmarked::LAYOUT)];
    const OF_TEXT: &[Total] = &[Total::new("Marked", "name", Tally::count("Marked"))];
    let [unknown, alone, text] = [(TWO, [].as_slice()), (ONLY, &[]), (ONE, OF_TEXT)]
        .map(|(steps, totals)| FileLayout::new("F", &[LineEnd::None], steps, totals));
    let check = |plan: &FileLayout, expected: &str| {
        assert_eq!(plan.check().expect_err("a plan that cannot work").what.to_string(), expected);
    };
    check(
        &unknown,
        "the records `Unmarked` and `Other` can stand at the same place, and nothing tells them apart: give one of them a literal or \
         a `when`, or write position = \"last\" if it ends the file",
    );
    check(&text, "`name` of `Marked` cannot be a total: it is neither a number nor digits");
    assert_eq!(alone.check(), Ok(()), "where there is but one kind of record, nothing must tell");
}

proptest! {
    #[test]
    fn a_spoilt_file_is_read_alike_in_pieces_of_any_size(
        at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>(), seed in any::<u64>(),
    ) {
        for (plan, golden) in [eb13(), ach(), vat()] {
            let mut bytes = golden.bytes;
            properties::any_file(&plan, &bytes, seed);
            let place = at.index(bytes.len());
            bytes[place] = byte;
            properties::any_file(&plan, &bytes, seed);
            bytes.drain(..cut.index(bytes.len()));
            properties::any_file(&plan, &bytes, seed);
        }
    }
}
