//! House rules that a machine can hold: heads, lengths, reading order, no leftovers.
//!
//! It reads the sources as text. What clippy or rustfmt can ask is asked there, not here.

#![allow(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

const FILE_MAX_LINES: usize = 500;
const FUNCTION_MAX_LINES: usize = 70;
const CRATES: [&str; 5] = ["fep-core", "fep-derive", "fep-codec", "fep-spec", "fep-gateway"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").to_path_buf()
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.expect("an entry").path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if path.is_dir() && !matches!(name, "target" | "ui" | "generated" | "corpus") {
                folders.push(path);
            } else if name.ends_with(".rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    assert!(!files.is_empty(), "{} has no Rust files", folder.display());
    files
}

/// Runs a rule over every source file and reports all that break it, with the line from 1.
fn check(rule: impl Fn(&str) -> Vec<(usize, String)>) {
    let mut broken = Vec::new();
    for folder in CRATES.iter().copied().chain(["tests", "fuzz"]) {
        for path in rust_files(&root().join(folder)) {
            let text = fs::read_to_string(&path).expect("a source file");
            let shown = path.strip_prefix(root()).unwrap_or(&path).display().to_string();
            broken.extend(rule(&text).into_iter().map(|(line, what)| format!("{shown}:{line}: {what}")));
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn every_file_says_what_it_is() {
    check(|text| if text.starts_with("//! ") { Vec::new() } else { vec![(1, "does not begin with //!".to_owned())] });
}

#[test]
fn files_are_short_enough_to_read() {
    check(|text| {
        let lines = text.lines().count();
        if lines > FILE_MAX_LINES { vec![(lines, "too long, split it by concept".to_owned())] } else { Vec::new() }
    });
}

#[test]
fn functions_are_short_enough_to_read() {
    let is_start = |body: &str| {
        let words = ["pub ", "pub(crate) ", "pub(super) ", "const ", "async "];
        words.iter().fold(body, |rest, word| rest.strip_prefix(word).unwrap_or(rest)).starts_with("fn ")
    };
    check(|text| {
        let mut open: Option<(usize, usize, &str)> = None;
        let mut long = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let body = line.trim_start();
            let indent = line.len() - body.len();
            if open.is_none() && is_start(body) && !body.ends_with(['}', ';']) {
                open = Some((number, indent, body));
            }
            let Some((start, at, name)) = open else { continue };
            if indent == at && (body == "}" || body.ends_with(';')) {
                if number - start > FUNCTION_MAX_LINES {
                    long.push((start + 1, format!("{} lines: {name}", number - start)));
                }
                open = None;
            }
        }
        long
    });
}

#[test]
fn nothing_is_left_for_later() {
    // Put together here, so that this file does not find itself.
    let words =
        [["TO", "DO"], ["FIX", "ME"], ["XX", "X"], ["#[ig", "nore"], ["todo", "!("]].map(|halves| halves.concat());
    check(|text| {
        let hits = text.lines().enumerate().filter(|(_, line)| words.iter().any(|word| line.contains(word.as_str())));
        hits.map(|(number, line)| (number + 1, line.trim().to_owned())).collect()
    });
}

/// The `mod` lines of a file in their order.
fn modules(text: &str) -> Vec<String> {
    text.lines()
        .filter_map(|line| {
            let line = line.strip_prefix("pub(crate) ").or_else(|| line.strip_prefix("pub ")).unwrap_or(line);
            line.strip_prefix("mod ")?.strip_suffix(';').map(str::to_owned)
        })
        .collect()
}

#[test]
fn a_module_imports_only_modules_before_it() {
    let mut broken = Vec::new();
    for name in CRATES {
        let source = root().join(name).join("src");
        let order = modules(&fs::read_to_string(source.join("lib.rs")).expect("lib.rs"));
        for path in rust_files(&source) {
            let inside = path.strip_prefix(&source).expect("inside");
            let first = inside.components().next().expect("a name").as_os_str().to_string_lossy().into_owned();
            let own = first.strip_suffix(".rs").unwrap_or(&first);
            let Some(place) = order.iter().position(|module| module == own) else { continue };
            if path.ends_with("tests.rs") {
                continue;
            }
            let text = fs::read_to_string(&path).expect("a source file");
            let code = text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//"));
            for (number, line) in code {
                for later in order.iter().skip(place + 1) {
                    if line.contains(&format!("crate::{later}::")) || line.contains(&format!("crate::{later};")) {
                        broken.push(format!("{name}/src/{}:{}: {own} imports {later}", inside.display(), number + 1));
                    }
                }
            }
        }
    }
    assert!(broken.is_empty(), "\n{}", broken.join("\n"));
}

#[test]
fn design_names_every_dependency() {
    let design = fs::read_to_string(root().join("DESIGN.md")).expect("DESIGN.md");
    let table = design.split("## Dependencies").nth(1).expect("the table");
    let rows = table.lines().filter(|line| line.starts_with("| ")).filter_map(|line| line.split('|').nth(1));
    let named: Vec<&str> = rows.flat_map(|row| row.split([',', ' ', '(', ')'])).collect();
    for folder in CRATES.iter().copied().chain(["tests", "fuzz"]) {
        let manifest = fs::read_to_string(root().join(folder).join("Cargo.toml")).expect("Cargo.toml");
        let mut inside = false;
        for line in manifest.lines() {
            if line.starts_with('[') {
                inside = line.ends_with("dependencies]");
            } else if inside && let Some(name) = line.split(['.', ' ', '=']).next().filter(|name| !name.is_empty()) {
                let known = name.starts_with("fep-") || name.starts_with('#') || named.contains(&name);
                assert!(known, "{folder}/Cargo.toml: {name}");
            }
        }
    }
}

#[test]
fn no_markdown_at_the_root_but_the_known_documents() {
    let known = [
        "README.md",
        "ARCHITECTURE.md",
        "DESIGN.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "BENCHMARKS.md",
        "RELEASING.md",
    ];
    for entry in fs::read_dir(root()).expect("the root") {
        let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
        assert!(!name.ends_with(".md") || known.contains(&name.as_str()), "{name}");
    }
}

/// Rows `| step | `file` | `function` |` of ARCHITECTURE.md.
#[test]
fn architecture_names_functions_that_are_there() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let section = text.split("## Where to start").nth(1).expect("the section").split("\n## ").next().expect("its text");
    let rows: Vec<Vec<&str>> = section
        .lines()
        .filter(|line| line.starts_with("| ") && line.contains('`'))
        .map(|line| line.split('|').map(|cell| cell.trim().trim_matches('`')).collect())
        .collect();
    assert!(rows.len() >= 20, "{rows:?}");
    for row in rows {
        let source = fs::read_to_string(root().join(row[2])).unwrap_or_default();
        let is_there = ["(", "<"].iter().any(|end| source.contains(&format!("fn {}{end}", row[3])));
        assert!(is_there, "{} has no function {}", row[2], row[3]);
    }
}
