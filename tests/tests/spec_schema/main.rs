//! Compares the JSON Schema of spec files with the reader: the keys of each table, and what both refuse. The validator is another program's.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a helper of a test fails by panicking")]

mod tree;
mod walk;
mod change;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use fep_spec::import::sheet::{SheetOptions, import};
use fep_spec::model::Spec;
use fep_spec::report::Code;
use fep_spec::schema::schema;
use fep_tests::arbitrary::Random;
use fep_tests::random_spec::random_spec;
use fep_tests::split_spec::SplitSpec;
use jsonschema::Validator;
use serde_json::Value as Json;

use crate::change::{Donors, change};
use crate::tree::{Node, Step};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_path_buf()
}

/// All files below a folder with this ending.
fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == ending) {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// The spec that the pages about spec files are together.
fn pages() -> String {
    let pages = ["spec_file", "spec_file/kinds", "spec_file/structure", "spec_file/computed", "spec_file/files"];
    let mut spec = String::new();
    for page in pages {
        let text = fs::read_to_string(root().join(format!("fep-spec/src/{page}.md"))).expect("a page");
        let blocks = text.split("```toml\n").skip(1).filter_map(|block| Some(block.split_once("```")?.0.to_owned()));
        spec.extend(blocks);
    }
    spec
}

/// The text of every spec in this repository, also of those with mistakes; with specs of random numbers and of importers.
fn texts() -> Vec<(String, String)> {
    let folders = ["specs", "tests/tests/generated", "tests/cobol", "fep-spec/tests/bad"];
    let paths = folders.iter().flat_map(|folder| files(folder, "toml"));
    // One of the files with mistakes is not UTF-8.
    let read = |path: PathBuf| Some((path.display().to_string(), fs::read_to_string(path).ok()?));
    let mut texts: Vec<(String, String)> =
        paths.filter(|path| !path.iter().any(|part| part == "scenarios")).filter_map(read).collect();
    texts.push(("the pages".to_owned(), pages()));
    for path in files("tests/tests/cases", "toml") {
        let case: toml::Table = fs::read_to_string(&path).expect("a case").parse().expect("a case");
        let spec = case.get("spec").and_then(toml::Value::as_str).map(str::to_owned);
        texts.extend(spec.map(|spec| (path.display().to_string(), spec)));
    }
    texts.extend((0..40).map(|seed| (format!("seed {seed}"), random_spec("random", seed))));
    for path in files("fep-spec/tests/sheets", "xlsx") {
        let bytes = fs::read(&path).expect("a workbook");
        let imported = import("sheet.xlsx", &bytes, &SheetOptions::default());
        texts.extend(imported.ok().map(|imported| (path.display().to_string(), imported.draft.to_string())));
    }
    texts
}

fn validator(schema: &Json) -> Validator {
    jsonschema::draft7::meta::validate(schema).expect("a valid schema");
    jsonschema::draft7::new(schema).expect("a schema")
}

fn refusals(validator: &Validator, document: &Json) -> String {
    let errors = validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path()));
    errors.collect::<Vec<_>>().join("\n")
}

#[test]
fn every_spec_that_the_reader_accepts_is_valid() {
    let validator = validator(&schema());
    let mut accepted = 0;
    for (name, text) in texts() {
        let checked = Spec::check(&name, &text);
        let Some(document) = Node::read(&text).filter(|_| checked.spec.is_some()) else { continue };
        accepted += 1;
        assert_eq!(refusals(&validator, &document.to_json()), "", "{name}");
    }
    assert!(accepted > 150, "{accepted}");
}

#[test]
fn shared_files_and_the_specs_that_include_them_are_valid() {
    let validator = validator(&schema());
    for seed in 0..40 {
        let split = SplitSpec::of(&random_spec("random", seed), &mut Random(seed));
        for text in split.shared.iter().map(|(_, text)| text).chain([&split.spec]) {
            let document = Node::read(text).expect("TOML");
            assert_eq!(refusals(&validator, &document.to_json()), "", "{text}");
        }
    }
    let head = Node::read("shared = \"a\"\ncharset = \"ascii\"\n").expect("TOML");
    assert!(refusals(&validator, &head.to_json()).contains("charset"), "a shared file has the charset of the spec");
    let nothing = Node::read("include = [\"a.toml\"]\n").expect("TOML");
    assert!(refusals(&validator, &nothing.to_json()).contains("\"spec\" is a required property"));
}

#[test]
fn each_table_has_the_keys_that_the_reader_knows_there() {
    let schema = schema();
    let mut used = BTreeSet::new();
    let mut seen = BTreeSet::new();
    for (name, text) in texts() {
        let Some(document) = Node::read(&text).filter(|_| Spec::check(&name, &text).spec.is_some()) else { continue };
        let known = walk::known(&schema, &document);
        used.extend(known.used);
        let mut asked = document.clone();
        let mut tables = Vec::new();
        for (path, keys) in known.keys {
            let Some(Node::Table(entries)) = asked.at_mut(&path) else { panic!("{name}: {path:?} is no table") };
            // A form of table is compared once in each position, with each set of keys that it has.
            let position: Vec<String> = path.iter().map(form_of).collect();
            if seen.insert((position, entries.iter().map(|(key, _)| key.clone()).collect::<Vec<_>>(), keys.clone())) {
                entries.push((format!("qqqq{}", tables.len()), Node::Flag(true)));
                tables.push((path, keys));
            }
        }
        let report = Spec::check(&name, &asked.to_toml()).report;
        for (number, (path, keys)) in tables.iter().enumerate() {
            let message = format!("unknown key `qqqq{number}`");
            let finding = report.findings.iter().find(|finding| finding.message == message);
            let finding = finding.unwrap_or_else(|| panic!("{name}: {path:?} has no unknown keys for the reader"));
            let hint = finding.hint.as_deref().and_then(|hint| hint.strip_prefix("known here: "));
            let reader: BTreeSet<String> = hint.expect("a list").split(", ").map(str::to_owned).collect();
            assert_eq!(*keys, reader, "{name}: {path:?}");
        }
    }
    let all: BTreeSet<String> = schema["definitions"].as_object().expect("definitions").keys().cloned().collect();
    assert_eq!(used, all, "no spec has a table of each definition");
}

/// A step without the names of telegrams, parts and so on.
fn form_of(step: &Step) -> String {
    match step {
        Step::Key(key) if key.starts_with(|first: char| first.is_ascii_lowercase()) => key.clone(),
        Step::Key(_) => "Name".to_owned(),
        Step::At(_) => "entry".to_owned(),
    }
}

/// The trees of all specs that the reader accepts, without the long ones.
fn sound() -> Vec<Node> {
    let short = |document: &Node| document.paths().len() < 400;
    let is_sound = |document: &Node| Spec::parse("sound.toml", &document.to_toml()).is_ok();
    texts().iter().filter_map(|(_, text)| Node::read(text)).filter(short).filter(is_sound).collect()
}

/// Who refuses a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    Both,
    /// For a reason that only the whole spec shows.
    Reader,
    None,
}

/// Checks that the schema refuses nothing that the reader accepts, and everything that the reader refuses with one of these codes.
fn compare(validator: &Validator, document: &Node, codes: &[Code]) -> Refusal {
    let text = document.to_toml();
    let report = Spec::check("changed.toml", &text).report;
    let refused = refusals(validator, &document.to_json());
    if !refused.is_empty() {
        assert!(report.has_errors(), "only the schema refuses this\n{refused}\n{text}");
        return Refusal::Both;
    }
    let finding = report.findings.iter().find(|finding| codes.contains(&finding.code));
    assert!(finding.is_none(), "only the reader refuses this\n{report}\n{text}");
    if report.has_errors() { Refusal::Reader } else { Refusal::None }
}

#[test]
fn each_key_refuses_the_types_and_words_that_the_reader_refuses() {
    let schema = schema();
    let validator = validator(&schema);
    let mut forms = BTreeSet::new();
    let mut counts = [0; 2];
    let values = [
        Node::Text("qqqq".to_owned()),
        Node::Whole(1),
        Node::Decimal(1.5),
        Node::Flag(true),
        Node::List(vec![Node::Flag(true)]),
        Node::List(vec![Node::Text("qqqq".to_owned())]),
        Node::Table(vec![("qqqq".to_owned(), Node::Whole(1))]),
    ];
    for document in sound() {
        for (path, keys) in walk::known(&schema, &document).keys {
            if !forms.insert(keys.clone()) {
                continue;
            }
            for (key, value) in keys.iter().flat_map(|key| values.iter().map(move |value| (key, value))) {
                let mut changed = document.clone();
                let Some(Node::Table(entries)) = changed.at_mut(&path) else { panic!("{path:?} is no table") };
                entries.retain(|(known, _)| known != key);
                entries.push((key.clone(), value.clone()));
                let refused = compare(&validator, &changed, &[Code::UnknownKey, Code::WrongType, Code::UnknownWord]);
                counts[usize::from(refused == Refusal::Both)] += 1;
            }
        }
    }
    let [accepted, refused] = counts;
    assert!(forms.len() > 20 && accepted > 100 && refused > 1500, "{forms:?} {accepted} {refused}");
}

#[test]
fn whatever_the_schema_refuses_the_reader_refuses() {
    let validator = validator(&schema());
    let documents = sound();
    let donors = Donors::of(&documents);
    let mut counts = [0; 3];
    for seed in 0..SEEDS {
        let mut random = Random(seed);
        let mut document = documents[random.small(documents.len())].clone();
        for _ in 0..=random.below(2) {
            change(&mut document, &donors, &mut random);
        }
        let refused = compare(&validator, &document, &[Code::UnknownKey, Code::WrongType]);
        counts[refused as usize] += 1;
    }
    // The changes are neither all refused nor all accepted.
    assert!(counts.iter().all(|count| *count > 100), "{counts:?}");
}

const SEEDS: u64 = 2000;
