//! The command's contract: stdout is data, stderr is messages; exit 0 clean, 1 findings, 2 usage or could not run.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a helper of a test fails by panicking")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_path_buf()
}

/// The result of a run of the command.
struct Run {
    code: Option<i32>,
    out: Vec<u8>,
    messages: String,
}

impl Run {
    fn text(&self) -> &str {
        std::str::from_utf8(&self.out).expect("UTF-8")
    }
}

fn fep_with(args: &[&str], input: &[u8]) -> Run {
    let mut child = Command::new(env!("CARGO_BIN_EXE_fep"))
        .args(args)
        .current_dir(root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("fep runs");
    let mut stdin = child.stdin.take().expect("stdin");
    // A command that stops early closes its stdin. Then the write fails, which is not an error of this test.
    let _ = stdin.write_all(input);
    drop(stdin);
    let output = child.wait_with_output().expect("fep ends");
    Run { code: output.status.code(), out: output.stdout, messages: String::from_utf8(output.stderr).expect("UTF-8") }
}

fn fep(args: &[&str]) -> Run {
    fep_with(args, b"")
}

/// The golden files of a spec, with their hex text.
fn golden(spec: &str) -> Vec<(Value, String)> {
    let folder = fs::read_dir(root().join("tests/golden")).expect("the folder");
    let all = folder.map(|entry| fs::read_to_string(entry.expect("an entry").path()).expect("a file"));
    let all = all.map(|text| serde_json::from_str::<Value>(&text).expect("JSON"));
    let hex = |golden: &Value| golden["hex"].as_str().expect("hex").to_owned();
    all.filter(|golden| golden["spec"] == spec).map(|golden| (golden.clone(), hex(&golden))).collect()
}

#[test]
fn golden_telegrams_go_both_ways() {
    let telegrams = [golden("bank-a"), golden("host-b")].concat();
    assert_eq!(telegrams.len(), 8);
    for (golden, hex) in telegrams {
        let name = golden["spec"].as_str().expect("a name");
        let spec = format!("specs/{name}/{name}.toml");
        let decoded = fep_with(&["decode", "--spec", &spec, "--hex", "-"], hex.as_bytes());
        assert_eq!(decoded.code, Some(0), "{}", decoded.messages);
        assert_eq!(decoded.text().lines().count(), 1);
        let line: Value = serde_json::from_str(decoded.text()).expect("JSON");
        assert_eq!(line["telegram"], golden["telegram"]);
        assert_eq!(line["fields"], golden["fields"]);

        let encoded = fep_with(&["encode", "--spec", &spec, "--hex"], &decoded.out);
        assert_eq!((encoded.code, encoded.text().trim()), (Some(0), hex.as_str()), "{}", encoded.messages);

        let name = golden["telegram"].as_str().expect("a name");
        let fields = golden["fields"].to_string();
        let bare = fep_with(&["encode", "--spec", &spec, "--telegram", name, "--hex"], fields.as_bytes());
        assert_eq!((bare.code, bare.text().trim()), (Some(0), hex.as_str()), "{}", bare.messages);
    }
}

#[test]
fn golden_record_files_go_both_ways() {
    for (spec, file) in [("kftc-cms", "EB13"), ("nacha", "ACH"), ("nts-vat", "VatFile"), ("zengin", "Transfer")] {
        let [(golden, hex)] = golden(spec).try_into().expect("one file");
        let folder = format!("specs/{spec}");
        let args = ["--spec", &folder, "--telegram", file, "--hex"];
        let decoded = fep_with(&[&["decode"], args.as_slice()].concat(), hex.as_bytes());
        assert_eq!(decoded.code, Some(0), "{}", decoded.messages);
        let lines: Vec<Value> = decoded.text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(Value::from(lines), golden["fields"]);
        let encoded = fep_with(&[&["encode"], args.as_slice()].concat(), &decoded.out);
        assert_eq!((encoded.code, encoded.text().trim()), (Some(0), hex.as_str()), "{}", encoded.messages);
    }
}

#[test]
fn telegrams_glued_together_are_one_line_each() {
    let [(golden, hex)] = golden("quote-c").try_into().expect("one stream");
    let decoded = fep_with(&["decode", "--spec", "specs", "--hex"], hex.as_bytes());
    assert_eq!(decoded.code, Some(0), "{}", decoded.messages);
    let lines: Vec<Value> = decoded.text().lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 3);
    assert_eq!([&lines[0], &lines[1]], [&golden["fields"][0], &golden["fields"][1]]);
    // The golden file lists no fields for the poll. Its time must not be lost.
    assert_eq!(lines[2]["telegram"], golden["fields"][2]["telegram"]);
    assert_eq!(lines[2]["fields"]["time"], "09:31:00");
    let encoded = fep_with(&["encode", "--spec", "specs", "--hex"], &decoded.out);
    assert_eq!((encoded.code, encoded.text().trim()), (Some(0), hex.as_str()), "{}", encoded.messages);
    let explained = fep_with(&["explain", "--spec", "specs/quote-c", "--hex"], hex.as_bytes());
    assert!(explained.text().contains("telegram 2 at byte 160: ") && explained.text().contains("at byte 206: "));

    let cut = fep_with(&["decode", "--spec", "specs", "--hex"], &hex.as_bytes()[..2 * 200]);
    assert_eq!((cut.code, cut.text().lines().count()), (Some(1), 1));
    assert_eq!(cut.messages, "fep: telegram 2 at byte 160: Index: peer: the telegram has 46 bytes, found 40\n");
    let more = fep_with(&["decode", "--spec", "specs/quote-c", "--hex"], format!("{hex}0a").as_bytes());
    assert_eq!((more.code, more.text().lines().count()), (Some(1), 3));
    assert!(
        more.messages.starts_with("fep: telegram 4 at byte 216: peer: no telegram of the spec"),
        "{}",
        more.messages
    );
}

#[test]
fn telegrams_of_varying_length_are_cut_by_their_length_fields() {
    let hex: String = ["bank-a-list-3", "bank-a-list-0", "bank-a-sign-on"]
        .map(|name| {
            let text =
                fs::read_to_string(root().join("tests/golden").join(name).with_extension("json")).expect("a file");
            serde_json::from_str::<Value>(&text).expect("JSON")["hex"].as_str().expect("hex").to_owned()
        })
        .concat();
    let decoded = fep_with(&["decode", "--spec", "specs/bank-a", "--hex"], hex.as_bytes());
    assert_eq!((decoded.code, decoded.text().lines().count()), (Some(0), 3), "{}", decoded.messages);
    let encoded = fep_with(&["encode", "--spec", "specs", "--hex"], &decoded.out);
    assert_eq!((encoded.code, encoded.text().trim()), (Some(0), hex.as_str()), "{}", encoded.messages);
}

#[test]
fn a_stripped_record_file_is_read_if_asked() {
    let args = ["--spec", "specs/nacha", "--telegram", "ACH", "specs/nacha/samples/stripped.ach"];
    let strict = fep(&[&["decode"], args.as_slice()].concat());
    let message = "fep: record 1 at byte 0: the 94 bytes of the record are not followed by a line end (0a or 0d 0a)\n";
    assert_eq!((strict.code, strict.text(), strict.messages.as_str()), (Some(1), "", message));
    let lenient = fep(&[&["decode", "--lenient"], args.as_slice()].concat());
    assert_eq!((lenient.code, lenient.text().lines().count()), (Some(0), 5), "{}", lenient.messages);
    let explained = fep(&[&["explain", "--lenient"], args.as_slice()].concat());
    assert_eq!(explained.code, Some(0), "{}", explained.messages);
    assert!(explained.text().contains("record 3 at byte 171: ") && !explained.text().contains("Receiver Account Name"));
}

/// What `fep` says once about the check digits of the transfer.
const UNVERIFIED: &str =
    "fep: Transfer: check_digits: the check is not verified, because the function `check_digits` is not known\n";

#[test]
fn samples_are_explained_and_secrets_masked_unless_revealed() {
    let args = ["explain", "--spec", "specs/bank-a/bank-a.toml", "specs/bank-a/samples/transfer.bin"];
    let masked = fep(&args);
    assert_eq!((masked.code, masked.messages.as_str()), (Some(0), UNVERIFIED));
    assert!(masked.text().contains("출금금액") && masked.text().contains("1234567"));
    assert!(!masked.text().contains("1002345678901") && !masked.text().contains("홍길동"));
    assert!(!masked.text().contains('\x1b'), "colour is for terminals");
    let revealed = fep(&[args.as_slice(), &["--reveal"]].concat());
    assert!(revealed.text().contains("1002345678901") && revealed.text().contains("홍길동"));
    for file in fs::read_dir(root().join("specs/bank-a/samples")).expect("samples") {
        let path = file.expect("an entry").path();
        let run = fep(&["explain", "--spec", "specs", path.to_str().expect("UTF-8")]);
        assert_eq!(run.code, Some(0), "{}: {}", path.display(), run.messages);
    }
}

#[test]
fn specs_are_clean_and_generated_code_is_compared_without_writing() {
    let checked = fep(&["check", "specs"]);
    // The check digits of bank-a need a function, which a spec file cannot contain. That is a note and not a finding.
    assert_eq!(checked.code, Some(0));
    assert!(
        checked.text().starts_with("note[unverified-check]: function `check_digits` is unknown"),
        "{}",
        checked.text()
    );
    assert_eq!(checked.text().matches("note[").count(), 1, "{}", checked.text());
    let json: Value = serde_json::from_str(fep(&["check", "specs", "--format", "json"]).text()).expect("JSON");
    assert_eq!(json.as_array().map(Vec::len), Some(1), "{json}");
    assert_eq!((&json[0]["severity"], &json[0]["code"]), (&"note".into(), &"unverified-check".into()), "{json}");

    let text = fs::read(root().join("fep-spec/tests/bad/sum.toml")).expect("a spec");
    let piped = fep_with(&["check", "-"], &text);
    assert_eq!(piped.code, Some(1));
    assert!(piped.text().contains("--> stdin:8:7"), "{}", piped.text());

    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().to_str().expect("UTF-8");
    let missing = fep(&["gen", "specs", "-o", out, "--check"]);
    assert_eq!(missing.code, Some(1), "{}", missing.messages);
    assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 0, "--check writes nothing");
    assert_eq!(fep(&["gen", "specs", "-o", out]).code, Some(0));
    assert_eq!(fep(&["gen", "specs", "-o", out, "--check"]).code, Some(0));

    let file = folder.path().join("bank_a.rs");
    let text = fs::read_to_string(&file).expect("generated");
    fs::write(&file, text.replace("amount: u64", "amount: u32")).expect("written");
    let changed = fep(&["gen", "specs", "-o", out, "--check"]);
    assert_eq!(changed.code, Some(1));
    assert!(changed.messages.contains("bank_a.rs:") && changed.messages.contains("differs"), "{}", changed.messages);
    assert_eq!(changed.text(), "", "findings of `gen` are messages");
    let changed = fep(&["gen", "specs", "-o", out, "--check", "--format", "json"]);
    let findings: Value = serde_json::from_slice(&changed.out).expect("JSON");
    assert_eq!((changed.code, findings.as_array().map(Vec::len)), (Some(1), Some(1)), "{findings}");
}

#[test]
fn a_spec_in_another_charset_is_a_finding_at_the_first_strange_byte() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("cp949.toml");
    fs::write(&file, b"spec = \"a\"\ntitle = \"\xB0\xA1\"\n").expect("written");
    let path = file.to_str().expect("UTF-8");
    let checked = fep(&["check", path]);
    assert_eq!(checked.code, Some(1), "{}", checked.messages);
    assert!(checked.text().contains("cp949.toml:2:10") && checked.text().contains("save it as UTF-8"));
    assert_eq!(fep(&["decode", "--spec", path]).code, Some(2));
    let generated = fep(&["gen", path, "-o", "-"]);
    assert_eq!((generated.code, generated.text()), (Some(1), ""));
    assert!(generated.messages.contains("cp949.toml:2:10"), "{}", generated.messages);
}

#[test]
fn generated_code_is_what_rustfmt_would_write() {
    for spec in ["specs/bank-a/bank-a.toml", "tests/tests/generated/forms.toml"] {
        let run = fep(&["gen", spec, "-o", "-"]);
        assert_eq!(run.code, Some(0));
        let mut rustfmt = Command::new("rustfmt")
            .args(["--edition", "2024", "--config-path", root().to_str().expect("UTF-8")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("rustfmt runs");
        rustfmt.stdin.take().expect("stdin").write_all(&run.out).expect("written");
        let formatted = rustfmt.wait_with_output().expect("output").stdout;
        assert_eq!(String::from_utf8(formatted).expect("UTF-8"), run.text(), "{spec}");
    }
}

#[test]
fn a_note_is_shown_and_is_no_failure() {
    let run = fep(&["check", "fep-spec/tests/bad/noted.toml"]);
    assert_eq!((run.code, run.messages.trim()), (Some(0), "fep: 1 spec, 0 findings, 1 note"));
    assert!(run.text().starts_with("note[unverified-check]: function `check_digits` is unknown"), "{}", run.text());
}

#[test]
fn findings_are_exit_1_and_go_where_the_contract_says() {
    let check = |args: &[&str], input: &[u8], message: &str| {
        let run = fep_with(args, input);
        assert_eq!((run.code, run.text(), run.messages.trim()), (Some(1), "", message), "{args:?}");
    };
    let bank_a = ["--spec", "specs/bank-a/bank-a.toml"];
    let with = |command: &'static str, more: &[&'static str]| [&[command], bank_a.as_slice(), more].concat();
    check(
        &with("decode", &["--telegram", "SignOn"]),
        b"0096",
        "fep: SignOn: peer: the telegram has 100 bytes, found 4",
    );
    check(
        &with("encode", &[]),
        b"{\"telegram\": \"SignOn\", \"fields\": {\"heder\": {}}}",
        "fep: line 1: SignOn: caller: heder: there is no such field; did you mean header?",
    );
    check(
        &with("encode", &[]),
        b"{\"telegram\": \"SignOm\", \"fields\": {}}",
        "fep: line 1: there is no telegram or file `SignOm`; did you mean `SignOn`?",
    );
    check(&with("encode", &["--telegram", "SignOn"]), b"", "fep: the input has no JSON object");
    check(&with("decode", &[]), b"", "fep: the input is empty");
    let bad = fep(&["check", "fep-spec/tests/bad/sum.toml", "--format", "json"]);
    assert_eq!(bad.code, Some(1));
    assert_eq!(serde_json::from_slice::<Value>(&bad.out).expect("JSON").as_array().map(Vec::len), Some(2));
}

#[test]
fn what_was_decoded_by_a_folder_of_specs_is_encoded_by_it() {
    // `Transfer` is a telegram of bank-a and a file of zengin. In an envelope it is always the telegram.
    let is_transfer = |golden: &Value| golden["telegram"] == "Transfer";
    let (_, bytes) = golden("bank-a").into_iter().find(|(golden, _)| is_transfer(golden)).expect("a transfer");
    let decoded = fep_with(&["decode", "--spec", "specs", "--hex"], bytes.as_bytes());
    assert_eq!((decoded.code, decoded.messages.as_str()), (Some(0), UNVERIFIED));
    let encoded = fep_with(&["encode", "--spec", "specs", "--hex"], &decoded.out);
    assert_eq!((encoded.code, encoded.messages.as_str()), (Some(0), ""));
    assert_eq!(encoded.text().trim(), bytes);
}

#[test]
fn what_could_not_run_is_exit_2_with_nothing_on_stdout() {
    let check = |args: &[&str], message: &str| {
        let run = fep(args);
        assert_eq!((run.code, run.text()), (Some(2), ""), "{args:?}");
        assert!(run.messages.contains(message), "{args:?}: {}", run.messages);
    };
    check(&["check"], "Usage:");
    check(&["frobnicate"], "Usage:");
    check(&["check", "no-such-file.toml"], "cannot read no-such-file.toml");
    check(&["check", "tests/golden"], "there is no .toml file in tests/golden");
    check(&["decode", "--spec", "specs", "no-such-file"], "cannot read no-such-file");
    check(&["decode", "--spec", "specs", "--telegram", "Transfr"], "did you mean `Transfer`?");
    check(
        &["decode", "--spec", "specs", "--telegram", "Transfer"],
        "several specs have `Transfer`; write one of: bank-a/Transfer (a telegram), zengin/Transfer (a file)",
    );
    check(&["decode", "--spec", "specs", "--telegram", "bank-a/Transfr"], "did you mean `bank-a/Transfer`?");
    check(&["decode", "--spec", "specs", "--telegram", "banka/Transfer"], "no spec `banka`; did you mean `bank-a`?");
    check(&["decode", "--spec", "specs/kftc-cms"], "name one with --telegram: EB13, EB14, Header, Data, Trailer");
    check(&["decode", "--spec", "fep-spec/tests/bad/sum.toml"], "the spec cannot be used");
    check(&["gen", "specs", "-o", "one.rs"], "name a folder");
    let odd = fep_with(&["decode", "--spec", "specs", "--hex"], b"30 3x");
    assert_eq!((odd.code, odd.messages.as_str()), (Some(2), "fep: the input is no hex text, see byte 4\n"));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let [(_, hex)] = golden("kftc-cms").try_into().expect("one file");
    let mut child = Command::new(env!("CARGO_BIN_EXE_fep"))
        .args(["decode", "--spec", "specs/kftc-cms", "--telegram", "EB13", "--hex"])
        .current_dir(root())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("fep runs");
    drop(child.stdout.take());
    child.stdin.take().expect("stdin").write_all(hex.as_bytes()).expect("written");
    let output = child.wait_with_output().expect("fep ends");
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), b"".as_slice()));
}

#[test]
fn all_that_is_wrong_is_said_and_a_secret_never() {
    let mut bytes = fs::read(root().join("specs/bank-a/samples/transfer.bin")).expect("the sample");
    bytes[35] = b'x';
    bytes[101] = b'?';
    bytes[120] = b'y';
    let args = ["--spec", "specs/bank-a/bank-a.toml"];
    for command in ["decode", "explain"] {
        let run = fep_with(&[&[command], args.as_slice()].concat(), &bytes);
        let lines: Vec<&str> = run.messages.lines().collect();
        assert_eq!((run.code, lines.len()), (Some(1), 4), "{command}: {}", run.messages);
        assert_eq!(lines.first().copied(), Some(UNVERIFIED.trim_end()));
        for (line, path) in lines.iter().skip(1).zip(["header.trace_no", "withdraw_account", "amount"]) {
            assert!(line.contains(&format!("peer: {path} (")), "{command}: {line}");
        }
        assert!(!run.messages.contains('?') && !run.messages.contains("3f"), "{}", run.messages);
    }
}

#[test]
fn what_is_often_wrong_is_forgiven_if_asked() {
    let sample = fs::read(root().join("specs/bank-a/samples/transfer.bin")).expect("the sample");
    let mut bytes = sample.clone();
    bytes[162..171].fill(b' ');
    let stripped = bytes.trim_ascii_end();
    assert!(stripped.len() < 220, "the sample ends in a filler");
    let args = ["decode", "--spec", "specs/bank-a/bank-a.toml"];
    assert_eq!(fep_with(&args, stripped).code, Some(1));
    let run = fep_with(&[args.as_slice(), &["--lenient"]].concat(), stripped);
    let forgiven = "fep: forgiven: bytes 211..211: stripped: 89 blanks are missing here\n\
                    fep: forgiven: fee, bytes 162..171: blank-numbers: the number is zero\n";
    assert_eq!((run.code, run.messages.as_str()), (Some(0), &*format!("{UNVERIFIED}{forgiven}")));
    let whole = fep_with(&args, &sample);
    let (mut read, whole): (Value, Value) =
        (serde_json::from_str(run.text()).expect("JSON"), serde_json::from_str(whole.text()).expect("JSON"));
    assert_eq!(read["fields"]["fee"], 0);
    read["fields"]["fee"] = whole["fields"]["fee"].clone();
    assert_eq!(read, whole);

    let explained = fep_with(&["explain", "--lenient", "--spec", "specs/bank-a/bank-a.toml"], stripped);
    assert_eq!((explained.code, explained.messages.as_str()), (Some(0), &*format!("{UNVERIFIED}{forgiven}")));
}

#[test]
fn text_is_a_ruler_and_a_count_of_bytes() {
    let run = fep(&["text", "encode", "--charset", "EBCDIC-KR", "홍길동 A"]);
    let ruler = "SO 홍   길   동   SI    A\n0e d1b7 8ba9 95b7 0f 40 c1\nibm933: 10 bytes\n";
    assert_eq!((run.code, run.text().starts_with(ruler)), (Some(0), true), "{}", run.text());
    let run = fep(&["text", "encode", "--charset", "euc-kr", "홍길동"]);
    assert!(
        run.text().contains("bytes: euc-kr 6, cp949 6, johab 6, ibm933 8, ibm1364 8, ibm834 6, utf-8 9\n"),
        "{}",
        run.text()
    );
    let run = fep(&["text", "encode", "--charset", "euc-kr", "가똠"]);
    let why = "fep: character 2, '똠' (U+B620), is not in euc-kr; these have it: cp949, johab, ibm1364, utf-8\n";
    assert_eq!((run.code, run.messages.as_str()), (Some(1), why));

    let run = fep(&["text", "decode", "--charset", "ibm933", "0e d1b7 0f"]);
    assert!(run.text().starts_with("SO 홍   SI\n0e d1b7 0f\n"), "{}", run.text());
    let run = fep(&["text", "decode", "--charset", "ibm933", "c1 0e d1"]);
    assert_eq!(
        (run.code, run.messages.as_str()),
        (Some(1), "fep: invalid ibm933 at byte 2 (hex d1): truncated character\n")
    );
    let run = fep(&["text", "encode", "--charset", "ks_c_5601-1987", "가"]);
    assert_eq!(run.code, Some(2));
    assert!(run.messages.contains("euc-kr") && run.messages.contains("cp949"), "{}", run.messages);

    let raw = fep_with(&["text", "encode", "--charset", "cp949", "--raw"], "가나\n".as_bytes());
    assert_eq!((raw.code, raw.out.as_slice()), (Some(0), b"\xB0\xA1\xB3\xAA\n".as_slice()));
    let back = fep_with(&["text", "decode", "--charset", "cp949", "--raw", "-"], &raw.out);
    assert_eq!((back.code, back.text()), (Some(0), "가나\n"));
    let list = fep(&["text", "list"]);
    assert!(list.text().lines().count() == 22 && list.text().starts_with("ascii        1 byte\n"), "{}", list.text());
}

/// The facts of the ruler as JSON, one object per line.
#[test]
fn text_as_json() {
    let json = |args: &[&str]| {
        let run = fep(&[&["text"], args, &["--format", "json"]].concat());
        assert_eq!((run.text().lines().count(), run.messages.as_str()), (1, ""), "{args:?}");
        (run.code, serde_json::from_str::<Value>(run.text()).expect("JSON"))
    };
    let (code, shown) = json(&["encode", "--charset", "EBCDIC-KR", "홍길동 A"]);
    assert_eq!(code, Some(0));
    assert_eq!((&shown["charset"], &shown["text"]), (&"ibm933".into(), &"홍길동 A".into()));
    assert_eq!((&shown["hex"], &shown["len"]), (&"0ed1b78ba995b70f40c1".into(), &10.into()));
    assert_eq!(shown["ruler"].as_array().map(Vec::len), Some(7));
    assert_eq!(shown["ruler"][0], serde_json::json!({ "shift": "SO", "offset": 0, "hex": "0e" }));
    assert_eq!(shown["ruler"][2], serde_json::json!({ "text": "길", "offset": 3, "hex": "8ba9" }));
    let counts = [&shown["bytes"]["euc-kr"], &shown["bytes"]["utf-8"], &shown["bytes"]["ascii"]];
    assert_eq!(counts, [&Value::from(8), &Value::from(11), &Value::Null]);
    assert_eq!(json(&["decode", "--charset", "ibm933", "0ed1b78ba995b70f40c1"]), (Some(0), shown));

    let (code, refused) = json(&["encode", "--charset", "euc-kr", "가똠"]);
    let why = serde_json::json!({
        "character": "똠", "code_point": "U+B620", "position": 2, "charsets": ["cp949", "johab", "ibm1364", "utf-8"],
    });
    assert_eq!((code, &refused["unmappable"], &refused["bytes"]["cp949"]), (Some(1), &why, &4.into()));
    let (code, broken) = json(&["decode", "--charset", "ibm933", "c1 0e d1"]);
    let why = serde_json::json!({ "offset": 2, "hex": "d1", "reason": "truncated character" });
    assert_eq!((code, &broken["malformed"], &broken["hex"]), (Some(1), &why, &"c10ed1".into()));

    let (code, list) = json(&["list"]);
    assert_eq!((code, list.as_array().map(Vec::len), &list[0]["charset"]), (Some(0), Some(22), &"ascii".into()));
    let both = fep(&["text", "encode", "--charset", "cp949", "--raw", "--format", "json", "가"]);
    assert_eq!((both.code, both.text()), (Some(2), ""), "raw is the converted text and nothing else");
}

#[test]
fn import_writes_the_spec_and_both_reports_and_overwrites_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).display().to_string();
    let sheet = root().join("fep-spec/tests/sheets/bank-a.xlsx").display().to_string();
    let [spec, json, html, map] = ["a.toml", "a.json", "a.html", "map.toml"].map(path);
    let run = fep(&["import", &sheet, "-o", &spec, "--report", &json, "--write-map", &map]);
    assert_eq!(run.code, Some(1), "{}", run.messages);
    assert!(run.out.is_empty());
    let planted = "0100_100 이체!H10: error: the end of 출금후잔액부호 is 142, by the lengths it is 130";
    assert!(run.messages.contains(planted), "{}", run.messages);
    assert!(run.messages.contains("16 telegrams, 83 items; 2 errors, 0 warnings, 2 notes"), "{}", run.messages);
    let report: Value = serde_json::from_str(&fs::read_to_string(&json).expect("the report")).expect("JSON");
    let cells: Vec<_> =
        report["findings"].as_array().expect("findings").iter().map(|one| one["cell"].clone()).collect();
    assert_eq!(cells, [Value::Null, "H10".into(), "C12".into(), "F20".into()]);
    let first = &report["items"][0];
    assert_eq!((&first["sheet"], &first["cell"], &first["path"]), (&"공통부".into(), &"C8".into(), &"length".into()));
    let again = fep(&["import", &sheet, "-o", &spec]);
    assert_eq!((again.code, again.messages.contains("is there already: --force overwrites it")), (Some(2), true));
    let forced = fep(&["import", &sheet, "--map", &map, "-o", &spec, "--force", "--report", &html]);
    assert_eq!(forced.code, Some(1), "{}", forced.messages);
    let page = fs::read_to_string(&html).expect("the page");
    assert!(page.contains("<td>0100_100 이체!H10<td>error") && !page.contains("http"), "{page}");
    let checked = fep(&["check", &spec]);
    assert_eq!(checked.code, Some(0), "{}", checked.text());
    let unknown = fep(&["import", &path("no.xlsx"), "-o", "-"]);
    assert_eq!((unknown.code, unknown.messages.contains("cannot read")), (Some(2), true));
}

#[test]
fn a_sheet_or_a_copybook_in_place_of_a_spec_says_what_to_type() {
    let check = |file: &str, expected: &str| {
        let run = fep(&["check", file]);
        assert_eq!((run.code, run.messages.contains(expected), run.out.len()), (Some(2), true, 0), "{}", run.messages);
    };
    check(
        "fep-spec/tests/sheets/bank-a.xlsx",
        "is a design sheet, not a spec: `fep import FILE -o SPEC.toml` makes one of it",
    );
    check("fep-spec/tests/sheets/old.xls", "is a design sheet");
    check("fep-spec/tests/sheets/style-01.csv", "is a design sheet");
    check("fep-spec/tests/copybooks/host-b.cpy", "`fep import FILE --charset CHARSET -o SPEC.toml` makes one of it");
}
