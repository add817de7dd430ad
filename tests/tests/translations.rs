//! The Korean documents say what the English ones say, as far as a program can tell: the same headings, the same commands, the same tables. Under
//! each heading stands a mark of the English section that was translated, so that a change of one document names the other.
//!
//! Whether a sentence is translated well is for a person.

#![allow(clippy::expect_used, clippy::panic, reason = "a helper of a test fails by panicking")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The English documents with their translations.
const PAIRS: [(&str, &str); 3] = [
    ("README.md", "README.ko.md"),
    ("docs/operator.md", "docs/operator.ko.md"),
    ("docs/service.md", "docs/service.ko.md"),
];

/// A heading with what follows up to the next heading.
#[derive(Debug, Default)]
struct Section {
    heading: String,
    lines: Vec<String>,
    /// The code blocks, with their fences.
    blocks: Vec<String>,
    /// The number of columns of each row, table by table.
    tables: Vec<Vec<usize>>,
    /// The number of items in lists.
    items: usize,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(document: &str) -> String {
    fs::read_to_string(root().join(document)).unwrap_or_else(|error| panic!("{document}: {error}"))
}

fn is_heading(line: &str) -> bool {
    line.starts_with('#') && line.trim_start_matches('#').starts_with(' ')
}

/// The number of columns of a row of a table. `\|` is no border.
fn columns(row: &str) -> usize {
    row.replace("\\|", "").matches('|').count() - 1
}

fn sections(text: &str) -> Vec<Section> {
    let mut sections: Vec<Section> = Vec::new();
    let mut block: Option<String> = None;
    let mut in_table = false;
    for line in text.lines() {
        if block.is_none() && is_heading(line) {
            sections.push(Section { heading: line.to_owned(), ..Section::default() });
        }
        let section = sections.last_mut().expect("a document begins with a heading");
        section.lines.push(line.to_owned());
        let is_fence = line.starts_with("```");
        match &mut block {
            Some(open) => {
                open.push_str(line);
                open.push('\n');
                if is_fence {
                    section.blocks.extend(block.take());
                }
                continue;
            }
            None if is_fence => block = Some(format!("{line}\n")),
            None => {}
        }
        let is_row = block.is_none() && line.starts_with('|');
        if is_row && !in_table {
            section.tables.push(Vec::new());
        }
        if is_row {
            section.tables.last_mut().expect("a table").push(columns(line));
        }
        in_table = is_row;
        section.items += usize::from(line.starts_with("- ") || line.split_once(". ").is_some_and(is_numbered));
    }
    assert!(block.is_none(), "a code block has no end");
    sections
}

fn is_numbered((number, _): (&str, &str)) -> bool {
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// The mark of a section: FNV-1a of its text, as 16 hexadecimal digits.
fn mark(section: &Section) -> String {
    let text = section.lines.join("\n");
    let hash = text
        .trim()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    format!("<!-- en {hash:016x} -->")
}

fn level(section: &Section) -> usize {
    section.heading.bytes().take_while(|byte| *byte == b'#').count()
}

/// What differs between a section and its translation, each as a sentence.
fn differences(english: &Section, korean: &Section) -> Vec<String> {
    let mut differences = Vec::new();
    let mut check = |is_equal: bool, what: &str| {
        if !is_equal {
            differences.push(what.to_owned());
        }
    };
    check(level(english) == level(korean), "the headings have other levels");
    check(english.blocks == korean.blocks, "the code blocks differ: copy those of the original");
    check(english.tables == korean.tables, "the tables have other rows or columns");
    check(english.items == korean.items, "the lists have another number of items");
    let mark = mark(english);
    if korean.lines.get(1) != Some(&mark) {
        differences.push(format!(
            "the original is not the one that was translated: bring the changes over, then write `{mark}` below the heading"
        ));
    }
    differences
}

/// All differences of two documents, with their places.
fn compare(names: (&str, &str), english: &str, korean: &str) -> Vec<String> {
    let english = sections(english);
    let korean = sections(korean);
    let mut found = Vec::new();
    for (one, other) in english.iter().zip(&korean) {
        let place = format!("{} `{}` and {} `{}`", names.0, one.heading, names.1, other.heading);
        found.extend(differences(one, other).into_iter().map(|what| format!("{place}: {what}")));
    }
    if english.len() != korean.len() {
        found.push(format!("{} has {} headings and {} has {}", names.0, english.len(), names.1, korean.len()));
    }
    found
}

#[test]
fn each_translation_has_the_headings_blocks_and_tables_of_its_original() {
    let found: Vec<String> =
        PAIRS.iter().flat_map(|(english, korean)| compare((english, korean), &read(english), &read(korean))).collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn a_change_of_one_document_names_the_other() {
    let english = "# One\ntext\n\n## Two\n```sh\n# no heading\nls\n```\n| a | b |\n|---|---|\n| 1 | 2 |\n- item\n";
    let marks: Vec<String> = sections(english).iter().map(mark).collect();
    let korean = format!(
        "# 하나\n{}\n글\n\n## 둘\n{}\n```sh\n# no heading\nls\n```\n| 가 | 나 |\n|---|---|\n| 1 | 2 |\n- 항목\n",
        marks[0], marks[1]
    );
    let check = |english: &str, korean: &str, expected: &[&str]| {
        let found = compare(("e.md", "k.md"), english, korean);
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.starts_with("e.md") && found.contains("k.md") && found.contains(expected), "{found}");
        }
    };
    check(english, &korean, &[]);
    check(&english.replace("text", "other text"), &korean, &["`# One` and k.md `# 하나`: the original is not the one"]);
    check(english, &korean.replace("ls", "ll"), &["`## Two` and k.md `## 둘`: the code blocks differ"]);
    check(english, &korean.replace("| 1 | 2 |\n", ""), &["the tables have other rows"]);
    check(english, &korean.replace("| 1 | 2 |", "| 1 |"), &["the tables have other rows"]);
    check(english, &korean.replace("- 항목", "항목"), &["another number of items"]);
    check(english, &korean.replace("## 둘", "### 둘"), &["other levels"]);
    check(english, &format!("{korean}## 셋\n"), &["e.md has 2 headings and k.md has 3"]);
}

/// The name of a heading in links: as the usual viewers make it.
fn anchor(heading: &str) -> String {
    let text = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = text.chars().filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'));
    kept.map(|letter| if letter == ' ' { '-' } else { letter }).collect()
}

#[test]
fn links_of_the_guides_lead_somewhere() {
    for document in PAIRS.iter().flat_map(|(english, korean)| [*english, *korean]) {
        let text = read(document);
        let folder = root().join(document).parent().expect("a folder").to_owned();
        let prose: Vec<String> = sections(&text)
            .iter()
            .map(|section| {
                section.blocks.iter().fold(section.lines.join("\n") + "\n", |text, block| text.replace(block, ""))
            })
            .collect();
        for target in prose.iter().flat_map(|text| text.split("](").skip(1)).filter_map(|rest| rest.split(')').next()) {
            let (file, heading) = target.split_once('#').unwrap_or((target, ""));
            if file.starts_with("http") {
                continue;
            }
            let path = if file.is_empty() { root().join(document) } else { folder.join(file) };
            assert!(path.exists(), "{document}: there is no {file}");
            if !heading.is_empty() {
                let text = fs::read_to_string(&path).expect("a document");
                let anchors: BTreeSet<String> =
                    sections(&text).iter().map(|section| anchor(&section.heading)).collect();
                assert!(anchors.contains(heading), "{document}: {} has no heading #{heading}", path.display());
            }
        }
    }
}

#[test]
fn each_document_names_its_translation() {
    for (english, korean) in PAIRS {
        let name = |path: &str| Path::new(path).file_name().expect("a name").to_string_lossy().into_owned();
        assert!(read(english).contains(&format!("[한국어]({})", name(korean))), "{english} does not name {korean}");
        assert!(read(korean).contains(&format!("[English]({})", name(english))), "{korean} does not name {english}");
    }
}
