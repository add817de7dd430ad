//! The workbooks of `fep doc --to xlsx` are imported to the equal spec: every spec of this repository and random ones.

#![allow(clippy::expect_used, clippy::panic, reason = "a helper of a test fails by panicking")]

use std::path::{Path, PathBuf};

use fep_spec::import::sheet::SheetOptions;
use fep_spec::pages::Lang;
use fep_spec::samples::{Options, Samples};
use fep_spec::{Spec, workbook};
use fep_tests::random_spec::random_spec;
use proptest::prelude::*;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_path_buf()
}

/// The texts of the named examples, and of the specs with every kind and form.
fn texts() -> Vec<(String, String)> {
    let files = |folder: &str| fep_spec::load::spec_files(&root().join(folder)).expect("a folder of specs");
    let all = files("specs").into_iter().chain(files("tests/tests/generated"));
    all.map(|path| fep_spec::load::read(&path).expect("a spec")).collect()
}

/// The spec comes back from its workbook without a finding, and is written as the same workbook again.
fn comes_back(name: &str, text: &str, lang: Lang) -> Result<(), String> {
    let spec = Spec::parse(name, text).map_err(|report| report.to_string())?;
    let book = workbook::write(name, text, lang).map_err(|error| error.to_string())?;
    let imported = workbook::import("a.xlsx", &book, &SheetOptions::default()).map_err(|error| error.to_string())?;
    if !imported.doubts.is_empty() {
        return Err(format!("{name}: findings\n{imported}\n{text}\n{}", imported.draft));
    }
    let again = Spec::parse(name, &imported.draft.to_string()).map_err(|report| report.to_string())?;
    if !again.is_equal_to(&spec) {
        return Err(format!("{name}: another spec\n{text}\n{}", imported.draft));
    }
    let book_again = workbook::write(name, &imported.draft.to_string(), lang).map_err(|error| error.to_string())?;
    if book_again != book {
        return Err(format!("{name}: another workbook\n{}", imported.draft));
    }
    same_bytes(&spec, &again)
}

/// Both specs have the same samples, and read them as the same values.
fn same_bytes(spec: &Spec, again: &Spec) -> Result<(), String> {
    for (one, other) in spec.telegrams.iter().zip(&again.telegrams) {
        let samples = |spec: &Spec, telegram| -> Vec<Vec<u8>> {
            // Each sample was encoded, decoded and compared.
            Samples::of(spec, telegram, Options::default()).all.into_iter().map(|sample| sample.bytes).collect()
        };
        let [own, theirs] = [samples(spec, one), samples(again, other)];
        if own != theirs {
            return Err(format!("{}: other samples", one.name()));
        }
    }
    Ok(())
}

#[test]
fn every_spec_comes_back_from_its_workbook() {
    for (name, text) in texts() {
        for lang in [Lang::Ko, Lang::En] {
            comes_back(&name, &text, lang).unwrap_or_else(|why| panic!("{why}"));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn random_specs_come_back_from_their_workbooks(seed: u64) {
        if let Err(why) = comes_back("random-spec", &random_spec("random-spec", seed), Lang::Ko) {
            prop_assert!(false, "seed {seed}: {why}");
        }
    }
}
