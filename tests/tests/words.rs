//! Compares the table of options with the two documents that explain them. All three must name the same options.

#![allow(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::Path;

use fep_codec::lenient::Deviation;
use fep_core::calendar::Pattern;
use fep_core::encoding::Encoding;
use fep_core::kinds::KindName;
use fep_core::options::OptionName;
use fep_core::rules::{Half, Justify, NoneAs, Overflow, Overpunch, Sign, Width};
use fep_core::words::Word;

fn read(file: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    std::fs::read_to_string(root.join(file)).expect("a document")
}

/// All pages about spec files.
fn pages() -> String {
    let pages = [
        "spec_file.md",
        "spec_file/kinds.md",
        "spec_file/structure.md",
        "spec_file/computed.md",
        "spec_file/files.md",
        "spec_file/lenient.md",
    ];
    pages.map(|page| read(&format!("fep-spec/src/{page}"))).concat()
}

/// Returns the words in backticks. For `` `overflow = "cut"` `` it is the word before the equals sign.
fn keys(cell: &str) -> BTreeSet<&str> {
    cell.split('`').skip(1).step_by(2).filter_map(|code| code.split([' ', '=']).next()).collect()
}

#[test]
fn spec_files_document_the_options_of_each_kind() {
    let text = read("fep-spec/src/spec_file/kinds.md");
    let rows = text.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let mut documented = BTreeSet::new();
    for row in rows.skip(2) {
        let mut cells = row.split('|').skip(1);
        let kinds = keys(cells.next().expect("kinds"));
        let options = keys(cells.next().expect("options"));
        for word in kinds {
            let kind = KindName::of_word(word).unwrap_or_else(|| panic!("`{word}` is not a kind"));
            documented.insert(word);
            // In a spec file, the list of codes itself says whether it is closed.
            for option in OptionName::of(kind).filter(|option| *option != OptionName::Closed) {
                let named = options.contains(option.word());
                let some_have = option.is_of(KindName::Date) && matches!(kind, KindName::Time | KindName::DateTime);
                assert!(named || some_have, "`{}` of {word} is not documented", option.word());
            }
            for option in &options {
                let known = OptionName::of_word(option).is_some() || KindName::of_word(option).is_some();
                assert!(known || option.starts_with('"'), "{word} has no option `{option}`");
            }
        }
    }
    assert_eq!(documented, KindName::WORDS.iter().map(|(word, _)| *word).collect());
}

#[test]
fn each_leniency_is_documented_with_its_word() {
    let text = read("fep-spec/src/spec_file/lenient.md");
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    let words: Vec<&str> = rows.filter_map(|row| row.split('`').nth(1)).collect();
    assert_eq!(words, Deviation::ALL.iter().map(|deviation| deviation.word()).collect::<Vec<_>>());
}

#[test]
fn the_derive_documents_the_options_of_each_kind() {
    let text = read("fep-derive/src/telegram.md");
    let missing: Vec<String> = KindName::WORDS
        .iter()
        .flat_map(|(word, kind)| {
            let section = text.split("\n## ").find(|section| {
                let heading = section.lines().next().unwrap_or_default();
                heading.contains(&format!("`{word}`:")) || heading.contains(&format!("`{word}`,"))
            });
            let section = section.unwrap_or_else(|| panic!("no section for `{word}`"));
            OptionName::of(*kind)
                .map(|option| option.word())
                .filter(|option| {
                    let starts = [format!("`{option}"), format!(" {option}"), format!("({option}")];
                    let mut found = starts.iter().flat_map(|start| {
                        section.match_indices(start.as_str()).filter_map(|(at, start)| section.get(at + start.len()..))
                    });
                    !found.any(|rest| rest.starts_with([')', '`', '(', ',', ']']) || rest.starts_with(" = "))
                })
                .map(move |option| format!("`{option}` of {word}"))
                .collect::<Vec<_>>()
        })
        .collect();
    assert!(missing.is_empty(), "not in telegram.md: {}", missing.join(", "));
}

fn words<W: Word>() -> impl Iterator<Item = &'static str> {
    W::WORDS.iter().map(|(word, _)| *word)
}

#[test]
fn both_documents_name_every_word_of_a_rule() {
    let rules = words::<Encoding>().chain(words::<NoneAs>()).chain(words::<Overpunch>()).chain(words::<Half>());
    let unusual = words::<Justify>().take(1).chain(words::<Overflow>().take(1)).chain(words::<Width>().take(1));
    let signs = Sign::WORDS.into_iter().map(|(word, _)| word);
    let all: Vec<&str> = rules.filter(|word| *word != "refuse").chain(unusual).chain(signs).collect();
    for (file, text) in
        [("fep-spec/src/spec_file", pages()), ("fep-derive/src/telegram.md", read("fep-derive/src/telegram.md"))]
    {
        for word in &all {
            let named = text.contains(&format!("\"{word}\"")) || text.contains(&format!("`{word}`"));
            assert!(named, "{file} does not name \"{word}\"");
        }
    }
    let text = read("fep-derive/src/telegram.md");
    let pages = pages();
    for pattern in Pattern::all() {
        assert!(text.contains(&format!("`{}`", pattern.word())), "{}", pattern.word());
        assert!(pages.contains(pattern.word()), "{}", pattern.word());
    }
}

/// Collects the string literals that directly follow one of these beginnings, in the sources of a folder.
fn literals(folder: &Path, beginnings: &[&str], found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            literals(&path, beginnings, found);
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a source file");
        for beginning in beginnings {
            let starts = text.match_indices(beginning).filter_map(|(at, start)| text.get(at + start.len()..));
            found.extend(starts.filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
        }
    }
}

#[test]
fn every_key_of_a_spec_file_is_documented() {
    let lower = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").join("fep-spec/src/lower");
    let getters = ["string", "required_string", "integer", "boolean", "choice", "array", "table", "required", "get"];
    let beginnings: Vec<String> = getters.iter().map(|getter| format!("able.{getter}(\"")).collect();
    let beginnings: Vec<&str> = beginnings.iter().map(String::as_str).collect();
    let mut keys = BTreeSet::new();
    literals(&lower, &beginnings, &mut keys);
    assert!(keys.len() > 30, "{keys:?}");
    let pages = pages();
    let is_named = |key: &str| {
        let places = pages.match_indices(key).filter(|(at, _)| {
            let before = pages.get(..*at).and_then(|before| before.chars().next_back());
            before.is_some_and(|before| "` {\n".contains(before))
        });
        let mut behind = places.filter_map(|(at, key)| pages.get(at + key.len()..));
        behind.any(|rest| rest.starts_with('`') || rest.trim_start().starts_with('='))
    };
    let missing: Vec<_> = keys.iter().filter(|key| !is_named(key)).collect();
    assert!(missing.is_empty(), "the pages about spec files do not name {missing:?}");
}

#[test]
fn every_word_of_a_spec_file_is_documented() {
    let lower = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").join("fep-spec/src/lower");
    let mut words = BTreeSet::new();
    literals(&lower, &["[(\"", " (\""], &mut words);
    // Hints and messages have spaces, and keys of places are documented as keys.
    words.retain(|word| !word.is_empty() && !word.contains(' '));
    words.extend(Deviation::ALL.iter().map(|deviation| deviation.word().to_owned()));
    let pages = pages();
    let named = |word: &String| [format!("\"{word}\""), format!("`{word}`")].iter().any(|form| pages.contains(form));
    let missing: Vec<_> = words.iter().filter(|word| !named(word)).collect();
    assert!(missing.is_empty(), "the pages about spec files do not name {missing:?}");
    assert!(words.contains("crnl") && words.contains("sequence"), "{words:?}");
}
