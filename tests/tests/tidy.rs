//! Checks of the project's style rules: file heads, lengths, reading order, words, no leftovers.
//!
//! The tests read the sources as text. Rules that clippy or rustfmt can check are configured there instead.

#![allow(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const FILE_MAX_LINES: usize = 500;
const FUNCTION_MAX_LINES: usize = 70;
const CRATES: [&str; 8] =
    ["fep-core", "fep-derive", "fep-codec", "fep-spec", "fep-protocol", "fep-stream", "fep-gateway", "fep-sim"];

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

/// Runs a rule over every source file and reports all violations. Line numbers start at 1.
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

/// Counts the lines that are arms of a `match` with one expression each, with or without the braces that rustfmt adds. They do not count
/// towards the limit: a long list of arms is easy to read, and splitting it would need a catch-all arm.
fn flat_arms(lines: &[&str]) -> usize {
    let mut arms = 0;
    let mut rest = lines;
    while let [line, tail @ ..] = rest {
        rest = tail;
        if line.contains(" => ") && line.ends_with(',') {
            arms += 1;
        } else if let [_, last, behind @ ..] = tail
            && line.ends_with(" => {")
            && last.trim_start() == "}"
        {
            arms += 3;
            rest = behind;
        }
    }
    arms
}

#[test]
fn functions_are_short_enough_to_read() {
    let is_start = |body: &str| {
        let words = ["pub ", "pub(crate) ", "pub(super) ", "const ", "async "];
        words.iter().fold(body, |rest, word| rest.strip_prefix(word).unwrap_or(rest)).starts_with("fn ")
    };
    check(|text| {
        let lines: Vec<&str> = text.lines().collect();
        let mut open: Option<(usize, usize, &str)> = None;
        let mut long = Vec::new();
        for (number, line) in lines.iter().enumerate() {
            let body = line.trim_start();
            let indent = line.len() - body.len();
            if open.is_none() && is_start(body) && !body.ends_with(['}', ';']) {
                open = Some((number, indent, body));
            }
            let Some((start, at, name)) = open else { continue };
            if indent == at && (body == "}" || body.ends_with(';')) {
                let count = number - start - flat_arms(lines.get(start..number).unwrap_or_default());
                if count > FUNCTION_MAX_LINES {
                    long.push((start + 1, format!("{count} lines: {name}")));
                }
                open = None;
            }
        }
        long
    });
}

/// Whether a statement is `let (a, b) = (x, y);`.
fn is_pair_of_lets(line: &str) -> bool {
    let Some((_, value)) = line.trim().strip_prefix("let (").and_then(|rest| rest.split_once(") = (")) else {
        return false;
    };
    let mut depth = 1;
    let mut has_comma = value.is_empty();
    for (at, character) in value.char_indices() {
        match character {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            ',' if depth == 1 => has_comma = true,
            _ => {}
        }
        if depth == 0 {
            return has_comma && value.get(at..) == Some(");");
        }
    }
    has_comma
}

#[test]
fn each_value_has_a_let_of_its_own() {
    assert!(is_pair_of_lets("    let (a, b) = (first(1, 2), [3]);") && is_pair_of_lets("let (a, b) = ("));
    assert!(!is_pair_of_lets("let (a, b) = (1, 2).min((3, 4));") && !is_pair_of_lets("(a, b) = (b, a);"));
    check(|text| {
        let pairs = text.lines().enumerate().filter(|(_, line)| is_pair_of_lets(line));
        pairs.map(|(number, line)| (number + 1, line.trim().to_owned())).collect()
    });
}

#[test]
fn nothing_is_left_for_later() {
    // The words are assembled here, so that the rule does not match this file.
    let words =
        [["TO", "DO"], ["FIX", "ME"], ["XX", "X"], ["#[ig", "nore"], ["todo", "!("]].map(|halves| halves.concat());
    check(|text| {
        let hits = text.lines().enumerate().filter(|(_, line)| words.iter().any(|word| line.contains(word.as_str())));
        hits.map(|(number, line)| (number + 1, line.trim().to_owned())).collect()
    });
}

/// Returns the modules of the `mod` lines of a file, in order.
fn modules(text: &str) -> Vec<String> {
    text.lines()
        .filter_map(|line| {
            let line = line.strip_prefix("pub(crate) ").or_else(|| line.strip_prefix("pub ")).unwrap_or(line);
            line.strip_prefix("mod ")?.strip_suffix(';').map(str::to_owned)
        })
        .collect()
}

/// The file of a module: its `mod` lines in order, and the names that it imports from its own modules. `pub use self::decode::case_of`
/// imports `case_of` from `decode`.
#[derive(Default)]
struct Module {
    order: Vec<String>,
    taken: BTreeMap<String, String>,
}

/// The modules of a crate by path, such as `["record", "decode"]`.
#[derive(Default)]
struct Modules(BTreeMap<Vec<String>, Module>);

impl Modules {
    fn of(source: &Path) -> Self {
        let mut all = Self::default();
        for path in rust_files(source).into_iter().filter(|path| !path.starts_with(source.join("bin"))) {
            let text = fs::read_to_string(&path).expect("a source file");
            let order = modules(&text);
            let paths = text.lines().filter(|line| line.contains("use ")).collect::<String>();
            let mut taken = BTreeMap::new();
            for path in paths_in(&statements(&text).concat()).into_iter().chain(paths_in(&paths)) {
                if let [own, child, name] = path.as_slice()
                    && own == "self"
                    && order.contains(child)
                {
                    taken.insert(name.clone(), child.clone());
                }
            }
            all.0.insert(module_of(source, &path), Module { order, taken });
        }
        all
    }

    /// Returns the module that an absolute path leads to. Follows names that a module imports from its own modules.
    fn target(&self, path: &[String]) -> Vec<String> {
        let mut module = Vec::new();
        for name in path {
            let Some(Module { order, taken }) = self.0.get(&module) else { break };
            match taken.get(name) {
                _ if order.contains(name) => module.push(name.clone()),
                Some(child) => module.push(child.clone()),
                None => break,
            }
        }
        module
    }

    /// Returns the complaint if `own` must not import `target`. Of the two sibling modules that contain them, the module of the target must
    /// come first.
    fn complaint(&self, own: &[String], target: &[String]) -> Option<String> {
        let shared = own.iter().zip(target).take_while(|(one, other)| one == other).count();
        let (one, other) = own.get(shared).zip(target.get(shared))?;
        let Module { order, .. } = self.0.get(own.get(..shared)?)?;
        let place = |name| order.iter().position(|module| module == name);
        (place(other)? > place(one)?).then(|| format!("{} imports {}", own.join("::"), target.join("::")))
    }
}

/// Returns the module path of a file: `["record", "decode"]` for `src/record/decode.rs`, `[]` for `src/lib.rs`.
fn module_of(source: &Path, path: &Path) -> Vec<String> {
    let inside = path.strip_prefix(source).expect("inside").with_extension("");
    inside.iter().map(|name| name.to_string_lossy().into_owned()).filter(|name| name != "lib").collect()
}

/// Returns the `use` statements of a file, each on one line.
fn statements(text: &str) -> Vec<String> {
    let mut all = Vec::new();
    let mut open: Option<String> = None;
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with("//")) {
        if open.is_none() && !line.split(' ').take(2).any(|word| word == "use") {
            continue;
        }
        let statement = open.get_or_insert_default();
        statement.push_str(line);
        if line.ends_with(';') {
            all.extend(open.take());
        }
    }
    all
}

/// Returns all paths in a text that begin with `crate`, `super` or `self`, with braces expanded.
fn paths_in(text: &str) -> Vec<Vec<String>> {
    let mut all = Vec::new();
    for start in ["crate::", "super::", "self::"] {
        for (at, _) in text.match_indices(start) {
            let before = text.get(..at).and_then(|before| before.chars().next_back());
            if !before.is_some_and(|character| character.is_alphanumeric() || character == '_' || character == ':') {
                branches(text.get(at..).unwrap_or_default(), &[], &mut all);
            }
        }
    }
    all
}

/// Collects the paths at the start of a text: `a::{b, c::d}` gives `a::b` and `a::c::d`. Returns the text after them.
fn branches<'t>(text: &'t str, before: &[String], all: &mut Vec<Vec<String>>) -> &'t str {
    let end = text.find(|character: char| !character.is_alphanumeric() && character != '_').unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let path = if name.is_empty() { before.to_vec() } else { [before, &[name.to_owned()]].concat() };
    if name.is_empty()
        && let Some(inside) = rest.strip_prefix('{')
    {
        let mut rest = inside.trim_start();
        while !rest.is_empty() && !rest.starts_with('}') {
            let behind = branches(rest, &path, all);
            // Skip the remainder of a branch: `as other`, a comma.
            let next = behind.find([',', '}']).unwrap_or(behind.len());
            rest = behind.get(next..).unwrap_or_default().trim_start_matches([',', ' ']);
        }
        return rest.strip_prefix('}').unwrap_or(rest);
    }
    match rest.strip_prefix("::").filter(|_| !name.is_empty()) {
        Some(inside) => branches(inside, &path, all),
        None => {
            all.push(path);
            rest
        }
    }
}

/// Returns the absolute path for a path in this module.
fn absolute(own: &[String], path: &[String]) -> Vec<String> {
    let mut module = own.to_vec();
    let mut rest = path;
    while let [first, tail @ ..] = rest {
        match first.as_str() {
            "crate" => module.clear(),
            "super" => drop(module.pop()),
            "self" => {}
            _ => break,
        }
        rest = tail;
    }
    [module.as_slice(), rest].concat()
}

/// This checks every path that begins with `crate`, `super` or `self`, in `use` statements (with braces) and in code, in modules and in
/// nested modules. It also checks names that a parent re-exports. A module may use its parent and its own modules. Of two sibling modules,
/// only the later one may use the earlier one.
///
/// It does not check `use super::*`. A later module may add methods to a type of an earlier module in an `impl` block; the `Reader` of the
/// cursor is an example. If an earlier module calls such methods, this test does not detect it.
#[test]
fn a_module_imports_only_modules_before_it() {
    let path = |path: &[&str]| path.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let found = paths_in("use super::{a, b::{C as D, e}}; crate::x(y)");
    let expected =
        [path(&["crate", "x"]), path(&["super", "a"]), path(&["super", "b", "C"]), path(&["super", "b", "e"])];
    assert_eq!(found, expected);
    let mut broken = Vec::new();
    for name in CRATES {
        let source = root().join(name).join("src");
        let all = Modules::of(&source);
        for file in rust_files(&source) {
            if file.ends_with("tests.rs") || file.starts_with(source.join("bin")) {
                continue;
            }
            let text = fs::read_to_string(&file).expect("a source file");
            let own = module_of(&source, &file);
            // Unit tests in the file are in a separate module.
            let (code, tests) = text.split_once("\nmod tests {").unwrap_or((&text, ""));
            let inner = [own.as_slice(), &["tests".to_owned()]].concat();
            for (module, text) in [(&own, code), (&inner, tests)] {
                let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.starts_with("//")).collect();
                for path in paths_in(&lines.concat()) {
                    let target = all.target(&absolute(module, &path));
                    broken.extend(all.complaint(&own, &target).map(|complaint| format!("{name}: {complaint}")));
                }
            }
        }
    }
    broken.sort();
    broken.dedup();
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
        "README.ko.md",
        "ARCHITECTURE.md",
        "DESIGN.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "BENCHMARKS.md",
        "GLOSSARY.md",
        "RELEASING.md",
    ];
    for entry in fs::read_dir(root()).expect("the root") {
        let name = entry.expect("an entry").file_name().to_string_lossy().into_owned();
        assert!(!name.ends_with(".md") || known.contains(&name.as_str()), "{name}");
    }
}

/// Returns the names of all public types, and the names of all types.
fn types() -> (Vec<String>, Vec<String>) {
    let mut public = Vec::new();
    let mut all = Vec::new();
    for name in CRATES {
        for path in rust_files(&root().join(name).join("src")) {
            let text = fs::read_to_string(&path).expect("a source file");
            for line in text.lines().map(str::trim_start) {
                let bare = ["pub(crate) ", "pub(super) ", "pub "].iter().find_map(|word| line.strip_prefix(word));
                let mut words = bare.unwrap_or(line).split(|character: char| !character.is_alphanumeric());
                if let (Some("struct" | "enum" | "trait" | "type"), Some(name)) = (words.next(), words.next()) {
                    all.push(name.to_owned());
                    public.extend(line.starts_with("pub ").then(|| name.to_owned()));
                }
            }
        }
    }
    (public, all)
}

#[test]
fn the_glossary_names_what_there_is() {
    let glossary = fs::read_to_string(root().join("GLOSSARY.md")).expect("GLOSSARY.md");
    let (public, all) = types();
    let is_row = |line: &&str| line.starts_with("| ") && !line.starts_with("| code word ");
    let rows = glossary.lines().filter(is_row);
    let rows: Vec<Vec<&str>> = rows.map(|row| row.split('|').map(str::trim).collect()).collect();
    let is_type = |word: &&str| word.starts_with(|first: char| first.is_ascii_uppercase());
    let mut words = Vec::new();
    let mut avoided = Vec::new();
    for row in &rows {
        let [_, word, _, _, not, _] = row.as_slice() else { panic!("a row has four columns: {row:?}") };
        words.extend(word.split('`').skip(1).step_by(2).filter(is_type));
        avoided.extend(not.split([',', '(']).map(str::trim).filter(|word| !word.is_empty()));
    }
    assert!(words.len() > 20, "{words:?}");
    for word in &words {
        assert!(all.iter().any(|name| name == word), "`{word}` is in the glossary and no type has this name");
    }
    for word in avoided {
        let is_same = |name: &&String| name.eq_ignore_ascii_case(&word.replace([' ', '_'], ""));
        let found = public.iter().find(is_same).filter(|name| !words.contains(&name.as_str()));
        assert!(found.is_none(), "{found:?} is a public type, and the glossary has another word for it");
    }
}

/// The rows of the tables in a section of ARCHITECTURE.md. A cell is without its outer backticks.
fn rows_of(section: &str) -> Vec<Vec<String>> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let section = text.split(section).nth(1).expect("the section").split("\n## ").next().expect("its text");
    let rows = section.lines().filter(|line| line.starts_with("| ") && line.contains("` |"));
    rows.map(|line| line.split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect()).collect()
}

fn assert_has_function(file: &str, function: &str) {
    let source = fs::read_to_string(root().join(file)).unwrap_or_default();
    let is_there = ["(", "<"].iter().any(|end| source.contains(&format!("fn {function}{end}")));
    assert!(is_there, "{file} has no function {function}");
}

/// Checks the rows `| step | `file` | `function` |` of ARCHITECTURE.md.
#[test]
fn architecture_names_functions_that_are_there() {
    let rows = rows_of("## Where to start");
    assert!(rows.len() >= 20, "{rows:?}");
    for row in rows {
        assert_has_function(&row[2], &row[3]);
    }
}

/// Checks the rows `| line | keys | `file` | `test` |` of ARCHITECTURE.md.
#[test]
fn each_line_dialect_has_its_keys_and_a_test() {
    let rows = rows_of("## Line dialects");
    assert!(rows.len() >= 35, "{rows:?}");
    let example = fs::read_to_string(root().join("fep-gateway/gateway.example.toml")).expect("the example");
    for row in rows {
        for key in row[2].split("`, `") {
            let is_there = ["=", " ", "]"].iter().any(|end| example.contains(&format!("{key}{end}")));
            assert!(is_there, "gateway.example.toml has no key {key}: {}", row[1]);
        }
        assert_has_function(&row[3], &row[4]);
    }
}
