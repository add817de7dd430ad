//! The workbooks of `fep doc --to xlsx` are imported to the equal spec: every spec of this repository and random ones.

#![allow(clippy::expect_used, clippy::panic, reason = "a helper of a test fails by panicking")]

use std::path::{Path, PathBuf};

use fep_codec::layout::{Item, Layout};
use fep_spec::import::sheet::{self, SheetMap, SheetOptions};
use fep_spec::model::TelegramSpec;
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

/// A place in a telegram: the offset, unless something before it varies, and the bytes of one repetition. A group is one place and those of its
/// first entry, counted from its begin.
type Place = (Option<usize>, Option<usize>, usize);

fn places(layout: &Layout, base: Option<usize>, out: &mut Vec<Place>) {
    let mut at = base;
    for item in layout.items() {
        let len = item.fixed_len();
        match item {
            Item::Part(part) => places(&part.layout, at, out),
            Item::Group(group) => {
                out.push((at, group.layout.fixed_len(), group.repeat.max()));
                places(&group.layout, Some(0), out);
            }
            Item::Tail(_) => out.push((at, None, 1)),
            Item::Field(_) | Item::Literal(_) | Item::Filler(_) | Item::Choice(_) => out.push((at, len, 1)),
        }
        at = at.zip(len).map(|(at, len)| at + len);
    }
}

/// The telegrams whose places the sheets alone do not say.
fn unsaid(name: &str, text: &str) -> Vec<String> {
    let spec = Spec::parse(name, text).expect("a spec");
    let book = workbook::write(name, text, Lang::Ko).expect("a workbook");
    let types = text.split("[types]\n").nth(1).and_then(|types| types.split("\n\n").next()).unwrap_or_default();
    // What the letters of a spec mean, the sheet of letters says to people only. A list of codes is read from the remarks.
    let letter = |line: &str| match line.split_once(" = ") {
        Some((letter, options)) if options.contains("\"code\"") => format!("{letter} = {{ kind = \"text\" }}\n"),
        _ => format!("{line}\n"),
    };
    let types: String = types.lines().map(letter).collect();
    let map = SheetMap::parse(&format!("[types]\n{types}")).expect("a mapping file");
    let options = SheetOptions { map, charset: Some(spec.charset.label().to_owned()), ..SheetOptions::default() };
    let imported = sheet::import("a.xlsx", &book, &options).expect("a sheet");
    let again = Spec::parse("again", &imported.draft.to_string());
    let again = again.unwrap_or_else(|report| panic!("{name}: {report}\n{imported}"));
    let of = |telegram: &TelegramSpec| {
        let mut out = Vec::new();
        places(&telegram.layout, Some(0), &mut out);
        out
    };
    let own = spec.telegrams.iter().filter(|telegram| telegram.like.is_none());
    let differs = |telegram: &&TelegramSpec| {
        let label = if telegram.layout.label.is_empty() { telegram.name() } else { &telegram.layout.label };
        let found = again.telegrams.iter().find(|other| other.layout.label.ends_with(label));
        found.is_none_or(|found| of(found) != of(telegram))
    };
    own.filter(differs).map(|telegram| format!("{} {}", spec.name, telegram.name())).collect()
}

#[test]
fn without_the_sheet_fep_the_sheets_say_the_same_places() {
    let files = fep_spec::load::spec_files(&root().join("specs")).expect("specs");
    let texts = files.iter().map(|path| fep_spec::load::read(path).expect("a spec"));
    let unsaid: Vec<String> = texts.flat_map(|(name, text)| unsaid(&name, &text)).collect();
    assert_eq!(unsaid, [""; 0]);
}
