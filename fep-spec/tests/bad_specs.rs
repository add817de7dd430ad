//! The findings that a person reads after a mistake: each spec of `tests/bad` is checked.
//!
//! A case is a spec and the text that `fep check` shows for it. `FEP_WRITE=1 cargo test -p fep-spec --test bad_specs` rewrites
//! the texts. Read the difference as if you had never seen a spec before.

#![allow(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use fep_spec::include::Disk;
use fep_spec::load::Checked;
use fep_spec::model::Spec;
use fep_spec::report::Code;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bad")
}

fn cases() -> Vec<PathBuf> {
    let mut cases: Vec<PathBuf> = fs::read_dir(folder())
        .expect("the folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    cases.sort();
    cases
}

/// The findings in a case. What it includes is in folders of `tests/bad`.
fn check(path: &Path, text: &str) -> Checked {
    Spec::check_with(&name(path), text, &Disk::at(folder()))
}

fn name(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into_owned()
}

#[test]
fn every_mistake_is_shown_with_its_place_and_advice() {
    let mut changed = Vec::new();
    for path in cases() {
        let text = fs::read_to_string(&path).expect("a spec");
        let found = check(&path, &text).report.render(false);
        let expected_path = path.with_extension("txt");
        if std::env::var_os("FEP_WRITE").is_some() {
            fs::write(&expected_path, &found).expect("written");
        }
        let expected = fs::read_to_string(&expected_path).unwrap_or_default();
        if found != expected.replace("\r\n", "\n") {
            changed.push(format!("{}:\n{found}", name(&path)));
        }
    }
    assert!(changed.is_empty(), "\n{}", changed.join("\n"));
}

#[test]
fn a_spec_with_errors_is_none_and_a_spec_with_warnings_is_one() {
    for path in cases() {
        let text = fs::read_to_string(&path).expect("a spec");
        let checked = check(&path, &text);
        assert!(!checked.report.is_empty(), "{}", name(&path));
        assert_eq!(checked.spec.is_some(), !checked.report.has_errors(), "{}", name(&path));
    }
}

#[test]
fn a_finding_is_one_line_for_a_log_and_an_object_for_a_program() {
    let path = folder().join("sum.toml");
    let text = fs::read_to_string(&path).expect("a spec");
    let report = Spec::check("sum.toml", &text).report;
    let first = report.to_string().lines().next().map(str::to_owned);
    let line = "sum.toml:8:7: error: `Transfer` states 300 bytes, its items have 233: 67 fewer \
                (compare the items' `len` with the sheet's)";
    assert_eq!(first.as_deref(), Some(line));
    let json: serde_json::Value = serde_json::from_str(&report.to_json()).expect("JSON");
    let first = json.get(0).expect("a finding");
    let code = ("code", "length-mismatch".into());
    for (key, value) in [("file", "sum.toml".into()), ("line", 8.into()), ("column", 7.into()), code] {
        assert_eq!(first.get(key), Some(&value), "{key}");
    }
}

/// Codes that `Spec::check` does not find in a text, or only in a very large one.
const ELSEWHERE: [Code; 4] = [Code::NotUtf8, Code::TooManyFindings, Code::NotGenerated, Code::NotFormatted];

#[test]
fn every_code_is_that_of_some_mistake() {
    let found: Vec<Code> = cases()
        .into_iter()
        .flat_map(|path| check(&path, &fs::read_to_string(&path).expect("a spec")).report.findings)
        .map(|finding| finding.code)
        .collect();
    let is_missing = |code: &&Code| !found.contains(code) && !ELSEWHERE.contains(code);
    let missing: Vec<&str> = Code::ALL.iter().filter(is_missing).map(|code| code.word()).collect();
    assert!(missing.is_empty(), "no spec of tests/bad has {missing:?}");
}
