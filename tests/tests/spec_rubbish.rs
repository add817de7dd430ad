//! Decoding ends for any bytes, and checking, formatting and mending a spec ends for any text. Nothing panics.

#![allow(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use std::path::Path;
use std::sync::LazyLock;

use fep_spec::canonical;
use fep_spec::fix;
use fep_spec::generate::rust;
use fep_spec::model::{Spec, SpecSet};
use fep_tests::golden::Golden;
use fep_tests::properties;
use proptest::prelude::*;

static FOLDER: LazyLock<std::path::PathBuf> =
    LazyLock::new(|| Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").join("specs"));
static SPECS: LazyLock<SpecSet> = LazyLock::new(|| SpecSet::load(&FOLDER).expect("clean specs"));
static TEXTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    ["bank-a", "kftc-cms", "nacha"]
        .map(|name| std::fs::read_to_string(FOLDER.join(name).join(format!("{name}.toml"))).expect("a spec"))
        .to_vec()
});

/// Decodes the bytes as every record file, and selects a telegram for them. Decoding any bytes as a single telegram is a separate property.
fn decode_as_everything(bytes: &[u8]) {
    for spec in &SPECS.specs {
        spec.files.iter().for_each(|file| properties::any_file(&spec.file_layout(file), bytes, bytes.len() as u64));
        let _ = spec.choose(bytes);
    }
    let _ = SPECS.choose(bytes);
}

/// Checks a text, renders the findings in every form, and generates Rust if the text is a spec.
fn check_everything(text: &str) {
    let checked = Spec::check("rubbish.toml", text);
    let _ = (checked.report.render(true), checked.report.to_json(), checked.report.to_string());
    let mended = fix::mend("rubbish.toml", text);
    assert_eq!(fix::mend("rubbish.toml", &mended.text).text, mended.text);
    if let Ok(formatted) = canonical::format("rubbish.toml", text) {
        assert_eq!(formatted.parse::<toml::Table>(), text.parse::<toml::Table>());
    }
    if let Some(spec) = checked.spec {
        rust(&spec, "rubbish.toml").expect("a clean spec becomes Rust");
    }
}

/// A text with some of its lines, in any order, and with a few random edits.
fn mangled() -> impl Strategy<Value = String> {
    let slips = proptest::collection::vec((any::<prop::sample::Index>(), "[ -~가-힣\"={}\\[\\]\n]{0,3}"), 0..3);
    let lines = (0..TEXTS.len()).prop_flat_map(|number| {
        let lines: Vec<&'static str> = TEXTS.get(number).map(|text| text.lines().collect()).unwrap_or_default();
        let count = lines.len();
        proptest::sample::subsequence(lines, count.saturating_sub(4)..=count)
    });
    (lines, slips).prop_map(|(lines, slips)| {
        let mut text: Vec<char> = lines.join("\n").chars().collect();
        for (at, slip) in slips {
            let at = at.index(text.len() + 1);
            text.splice(at..(at + 1).min(text.len()), slip.chars());
        }
        text.into_iter().collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn random_bytes_decode_or_do_not(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        decode_as_everything(&bytes);
    }

    #[test]
    fn golden_bytes_with_a_slip_decode_or_do_not(
        file in 0..9_usize, at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>(),
    ) {
        let names = [Golden::names("bank-a"), Golden::names("kftc-cms"), Golden::names("nacha")].concat();
        let mut bytes = Golden::load(&names[file]).bytes;
        let at = at.index(bytes.len());
        bytes[at] = byte;
        decode_as_everything(&bytes);
        bytes.truncate(cut.index(bytes.len()));
        decode_as_everything(&bytes);
    }

    #[test]
    fn random_text_is_no_spec(text in "\\PC{0,200}") {
        check_everything(&text);
    }

    #[test]
    fn a_mangled_spec_has_findings_or_none(text in mangled()) {
        check_everything(&text);
    }
}

#[test]
fn a_spec_that_would_fill_the_memory_is_refused() {
    let head = "spec = \"big\"\ntitle = \"Big\"\nversion = \"1\"\nsource = \"a test\"\ncharset = \"ascii\"\n";
    let mut text = format!("{head}[parts.P0]\nitems = [{{ filler = 1 }}]\n");
    for number in 1..60 {
        let before = number - 1;
        let uses: String = (0..10).map(|use_| format!("{{ part = \"P{before}\", name = \"a{use_}\" }}, ")).collect();
        text.push_str(&format!("[parts.P{number}]\nitems = [{uses}]\n"));
    }
    let report = Spec::parse("big.toml", &text).expect_err("too large");
    assert!(report.to_string().contains("more than 8 parts inside each other, or 20000 items in all"), "{report}");

    let long = format!("{head}[telegrams.Long]\nitems = [{}]\n", "{ filler = 65535 }, ".repeat(20));
    let report = Spec::parse("long.toml", &long).expect_err("too long");
    assert!(report.to_string().contains("`Long` can have 1310700 bytes, a telegram may have 1048576"), "{report}");
}
