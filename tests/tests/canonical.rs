//! `fep fmt` changes the look of a text and nothing else: not its values, not a word of its comments, and not a second time.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use fep_spec::canonical::{self, format};
use fep_spec::import::copybook::{self, BinarySize, CopybookOptions};
use fep_spec::import::sheet::{self, SheetOptions};
use fep_spec::load::spec_files;
use fep_spec::model::Spec;
use fep_tests::arbitrary::Random;
use fep_tests::random_spec::random_spec;
use fep_tests::random_toml::random_toml;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

/// Formats a text that has these comments, in this order.
fn check_same(name: &str, text: &str, comments: &[String]) -> String {
    let formatted = format(name, text).unwrap_or_else(|report| panic!("{report}\n{text}"));
    let again = format(name, &formatted).unwrap_or_else(|report| panic!("{report}\n{text}\n{formatted}"));
    assert_eq!(again, formatted, "{name} has another form the second time; it was\n{text}");
    let values = |text: &str| text.parse::<toml::Table>().unwrap();
    assert_eq!(values(&formatted), values(text), "{name} has other values\n{text}\n{formatted}");
    let mut rest = formatted.as_str();
    for comment in comments {
        let wanted = format!("#{}", comment.trim_end());
        let at = rest.find(&wanted).unwrap_or_else(|| panic!("{name} lost {wanted}\n{text}\n{formatted}"));
        rest = rest.get(at + wanted.len()..).unwrap();
    }
    let is_clean = canonical::check(name, &formatted).unwrap().is_none();
    assert_eq!(canonical::check(name, text).unwrap().is_none(), text == formatted);
    assert!(is_clean);
    formatted
}

/// The same, and the spec is the same.
fn check_spec(name: &str, text: &str, comments: &[String]) {
    let formatted = check_same(name, text, comments);
    let plain = |text: &str| Spec::parse(name, text).map(|spec| Spec { hash: 0, ..spec }).unwrap();
    assert_eq!(plain(&formatted), plain(text), "{name}");
}

/// The text with comments above and behind some of its lines, with other blanks and blank lines.
fn rewritten(text: &str, seed: u64) -> (String, Vec<String>) {
    let mut random = Random(seed);
    let mut lines = String::new();
    let mut comments = Vec::new();
    for line in text.lines() {
        lines.push_str(&"\n".repeat(usize::try_from(random.below(8).saturating_sub(5)).unwrap()));
        if random.below(6) == 0 {
            comments.push(format!(" above {}", comments.len()));
            lines.push_str(&format!("   #{}\n", comments.last().unwrap()));
        }
        lines.push_str(if random.below(3) == 0 { line.trim_start() } else { line });
        if let Some((_, comment)) = line.split_once('#') {
            comments.push(comment.to_owned());
        } else if random.below(6) == 0 {
            comments.push(format!("behind {}", comments.len()));
            lines.push_str(&format!(" #{}", comments.last().unwrap()));
        }
        lines.push('\n');
    }
    (lines, comments)
}

#[test]
fn specs_are_the_same_after_formatting() {
    for path in spec_files(&root().join("specs")).unwrap() {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.display().to_string();
        check_spec(&name, &text, &[]);
        check_spec(&name, &text.replace('\n', "\r\n"), &[]);
        for seed in 0..10 {
            let (text, comments) = rewritten(&text, seed);
            check_spec(&name, &text, &comments);
        }
    }
    for seed in 0..100 {
        let (text, comments) = rewritten(&random_spec("random", seed), seed);
        check_spec(&format!("random spec {seed}"), &text, &comments);
    }
}

#[test]
fn random_toml_is_the_same_after_formatting() {
    for seed in 0..2000 {
        let (text, comments) = random_toml(seed);
        check_same(&format!("random TOML {seed}"), &text, &comments);
    }
}

#[test]
fn what_an_importer_writes_is_in_the_canonical_form() {
    let tests = root().join("fep-spec/tests");
    let mut count = 0;
    for entry in fs::read_dir(tests.join("sheets")).unwrap().chain(fs::read_dir(tests.join("copybooks")).unwrap()) {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let bytes = fs::read(&path).unwrap_or_default();
        let draft = if name.ends_with(".cpy") {
            let options = CopybookOptions { charset: "cp949".to_owned(), binary_size: BinarySize::TwoFourEight };
            copybook::import(&name, &bytes, &options, &|_| None).ok().map(|imported| imported.draft)
        } else {
            sheet::import(&name, &bytes, &SheetOptions::default()).ok().map(|imported| imported.draft)
        };
        let Some(draft) = draft else { continue };
        let text = draft.to_string();
        assert_eq!(format(&name, &text).unwrap(), text, "{name}");
        count += 1;
    }
    assert!(count > 20, "{count}");
}
