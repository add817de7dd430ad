//! The examples of `fep check --explain` have the findings that they explain, and the numbers of the codes never change.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use fep_spec::Spec;
use fep_spec::canonical;
use fep_spec::explain::explanations;
use fep_spec::import::Imported;
use fep_spec::import::copybook::{self, BinarySize, CopybookOptions};
use fep_spec::import::sheet::{self, SheetOptions};
use fep_spec::include::InMemory;
use fep_spec::report::Code;

/// The keys of a file.
const HEAD: &str =
    "spec    = \"example\"\ntitle   = \"Example\"\nversion = \"1\"\nsource  = \"an example\"\ncharset = \"euc-kr\"\n\n";

fn from_sheet(name: &str, bytes: &[u8]) -> Option<Imported> {
    sheet::import(name, bytes, &SheetOptions::default()).ok()
}

fn from_copybook(name: &str, bytes: &[u8]) -> Option<Imported> {
    let options = CopybookOptions { charset: "ascii".to_owned(), binary_size: BinarySize::TwoFourEight };
    copybook::import(name, bytes, &options, &|_| None).ok()
}

#[test]
fn each_example_of_a_check_has_its_finding_and_no_other() {
    for one in explanations().filter(|one| one.language == "toml") {
        let text = format!("{HEAD}{}\n", one.example);
        let files = InMemory::new([("example.toml", text.as_str())]);
        let report = Spec::check_with("example.toml", &text, &files).report;
        let mut found: Vec<&str> = report.findings.iter().map(|finding| finding.code.word()).collect();
        let formatted = canonical::check("example.toml", &text).ok().flatten();
        // The examples are also examples of the form, except where the form is the mistake or nothing can be formatted.
        found.extend(formatted.map(|finding| finding.code.word()));
        found.dedup();
        assert_eq!(found, [one.code], "{report}\n{}", one.example);
    }
}

#[test]
fn each_example_of_an_import_has_its_finding() {
    let mut wrong = Vec::new();
    for one in explanations() {
        let imported = match one.language {
            "csv" => from_sheet("sheet.csv", one.example.as_bytes()).unwrap(),
            "cobol" => from_copybook("COPY.cpy", one.example.as_bytes()).unwrap(),
            _ => continue,
        };
        if !imported.doubts.iter().any(|doubt| doubt.code == one.code) {
            wrong.push(format!("{}:\n{imported}", one.code));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The source text before the code of a doubt, without blanks.
const BEFORE_CODE: [&str; 8] = [
    "doubt(\"",
    "code:\"",
    "error(grid,at,\"",
    "push(error(\"",
    "severity,\"",
    "Severity::Error,\"",
    "Severity::Warning,\"",
    "Severity::Note,\"",
];

#[test]
fn each_code_of_an_import_has_an_explanation() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![source.join("import"), source.join("workbook")];
    let mut codes = BTreeSet::from(["spec".to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let source: String = fs::read_to_string(path).unwrap().split_whitespace().collect();
            let behind = BEFORE_CODE.iter().flat_map(|before| source.split(before).skip(1));
            codes.extend(behind.filter_map(|code| code.split('"').next()).map(str::to_owned));
        }
    }
    let explained = explanations().filter(|one| one.number.is_none()).map(|one| one.code.to_owned());
    assert_eq!(codes, explained.collect());
}

/// Codes whose example is not a file that a check or an import reads.
const IN_WORDS: [&str; 8] =
    ["not-utf-8", "too-many-findings", "not-generated", "header", "deleted", "hidden", "contradiction", "settings"];

#[test]
fn only_a_few_examples_are_words() {
    let words: Vec<&str> = explanations().filter(|one| one.language == "text").map(|one| one.code).collect();
    assert_eq!(words, IN_WORDS);
}

#[test]
fn the_numbers_of_codes_never_change() {
    let numbered: Vec<String> = Code::ALL.iter().map(|code| format!("{} {}", code.number(), code.word())).collect();
    let lines: Vec<&str> = NUMBERS.lines().collect();
    // A new code stands at the end, in `Code` and here.
    assert_eq!(numbered, lines);
}

const NUMBERS: &str = "\
F001 syntax
F002 not-utf-8
F003 too-many-findings
F004 unknown-key
F005 missing-key
F006 conflicting-keys
F007 wrong-type
F008 out-of-range
F009 unknown-word
F010 bad-value
F011 bad-name
F012 name-taken
F013 unknown-name
F014 duplicate
F015 empty
F016 unused
F017 wrong-option
F018 wrong-length
F019 length-mismatch
F020 offset-mismatch
F021 varying-length
F022 no-end
F023 too-much
F024 too-narrow
F025 not-in-charset
F026 bad-code
F027 code-as-number
F028 wrong-reference
F029 wrong-order
F030 not-linked
F031 wrong-computed
F032 unverified-check
F033 missing-case
F034 wrong-condition
F035 ambiguous
F036 not-recognised
F037 wrong-file
F038 not-generated
F039 not-formatted
F040 no-max
F041 bad-include
F042 include-cycle";
