//! Compares the table of options with the two documents that explain them. All three must name the same options.

#![allow(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::Path;

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

/// Returns the words in backticks. For `` `overflow = "cut"` `` it is the word before the equals sign.
fn keys(cell: &str) -> BTreeSet<&str> {
    cell.split('`').skip(1).step_by(2).filter_map(|code| code.split([' ', '=']).next()).collect()
}

#[test]
fn spec_files_document_the_options_of_each_kind() {
    let text = read("fep-spec/src/spec_file.md");
    let section = text.split("## Kinds and their options").nth(1).expect("the section");
    let rows = section.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
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
    for file in ["fep-spec/src/spec_file.md", "fep-derive/src/telegram.md"] {
        let text = read(file);
        for word in &all {
            let named = text.contains(&format!("\"{word}\"")) || text.contains(&format!("`{word}`"));
            assert!(named, "{file} does not name \"{word}\"");
        }
    }
    let text = read("fep-derive/src/telegram.md");
    for pattern in Pattern::USUAL {
        assert!(text.contains(&format!("`{pattern}`")), "{pattern}");
    }
}
