//! Checks the pages about spec files: their TOML is one valid spec, and their JSON and their bytes convert to each other.

#![allow(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use std::io::Write as _;
use std::process::{Command, Stdio};

use fep_codec::Plan;
use fep_codec::lenient::Lenient;
use fep_core::calendar::Pattern;
use fep_core::kinds::KindName;
use fep_core::words::Word as _;
use fep_spec::canonical;
use fep_spec::codec;
use fep_spec::include::InMemory;
use fep_spec::model::{Spec, SpecSet};
use fep_spec::report::Code;

/// All pages, in the order in which their TOML blocks are one spec file.
const PAGES: [(&str, &str); 7] = [
    ("spec_file.md", include_str!("../src/spec_file.md")),
    ("kinds.md", include_str!("../src/spec_file/kinds.md")),
    ("structure.md", include_str!("../src/spec_file/structure.md")),
    ("computed.md", include_str!("../src/spec_file/computed.md")),
    ("files.md", include_str!("../src/spec_file/files.md")),
    ("names.md", include_str!("../src/spec_file/names.md")),
    ("findings.md", include_str!("../src/spec_file/findings.md")),
];

const INCLUDES: &str = include_str!("../src/spec_file/includes.md");

/// A code block: the words after the opening fence, and the content.
struct Block {
    fence: &'static str,
    content: &'static str,
}

/// The code blocks of all pages, in their order.
fn blocks() -> Vec<Block> {
    PAGES.into_iter().flat_map(|(page, text)| blocks_of(page, text)).collect()
}

fn blocks_of(page: &str, text: &'static str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some((_, behind)) = rest.split_once("```") {
        let (fence, behind) = behind.split_once('\n').expect("a fence");
        let (content, behind) = behind.split_once("```").expect(page);
        blocks.push(Block { fence, content });
        rest = behind;
    }
    blocks
}

fn toml() -> String {
    blocks().iter().filter(|block| block.fence == "toml").map(|block| block.content).collect()
}

fn spec() -> Spec {
    let checked = Spec::check("spec_file.md", &toml());
    assert!(checked.report.is_clean(), "{}", checked.report);
    checked.spec.expect("a spec")
}

/// The bytes of a byte picture, where `\xC1` is a byte and `·` is a space.
fn bytes(picture: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = picture;
    while let Some((before, behind)) = rest.split_once("\\x") {
        bytes.extend(before.replace('·', " ").bytes());
        let (digits, behind) = behind.split_at(2);
        bytes.push(u8::from_str_radix(digits, 16).expect("hex"));
        rest = behind;
    }
    bytes.extend(rest.replace('·', " ").bytes());
    bytes
}

/// In a block, spaces between fields are for readers, so both sides are compared without spaces.
fn without_spaces(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().filter(|byte| *byte != b' ').collect()
}

#[test]
fn the_examples_are_one_spec() {
    let spec = spec();
    assert!(spec.telegram("Transfer").is_some() && spec.file("EB13").is_some());
}

#[test]
fn the_example_of_shared_files_is_a_spec() {
    let blocks = blocks_of("includes.md", INCLUDES).into_iter();
    let files: Vec<_> = blocks.filter_map(|block| Some((block.fence.strip_prefix("toml ")?, block.content))).collect();
    let [(path, text), ..] = files.as_slice() else { panic!("a spec") };
    let checked = Spec::check_with(path, text, &InMemory::new(files.clone()));
    assert!(checked.report.is_empty(), "{}", checked.report);
    assert_eq!((checked.included.len(), checked.spec.is_some()), (2, true));
    for (path, text) in &files {
        assert_eq!(canonical::check(path, text).expect("TOML"), None);
    }
}

#[test]
fn json_and_bytes_are_each_others() {
    let specs = SpecSet { specs: vec![spec()] };
    let blocks = blocks();
    let mut count = 0;
    for pair in blocks.windows(2) {
        let [Block { fence: "json", content: json }, text] = pair else { continue };
        assert_eq!(text.fence, "text", "the bytes of this JSON stand below it: {json}");
        let envelope = codec::values(json).next().expect("an object").expect("JSON");
        let encoded = codec::encode(&specs, &envelope).unwrap_or_else(|error| panic!("{error}"));
        let picture = bytes(text.content.trim_end_matches('\n'));
        assert_eq!(without_spaces(&encoded), without_spaces(&picture), "{}", encoded.escape_ascii());
        let telegram = specs.choose(&encoded).expect("a `when` that holds");
        let (line, _) = codec::decode(&Plan::new(&telegram.layout), &encoded, Lenient::STRICT).expect("it reads");
        let decoded = codec::values(&line).next().expect("an object").expect("JSON");
        assert_eq!(codec::encode(&specs, &decoded).ok(), Some(encoded));
        count += 1;
    }
    assert!(count >= 3);
}

/// What `fep` prints for this input, with the spec of the pages.
fn fep(spec: &std::path::Path, command: &str, file: &str, input: &[u8]) -> Vec<u8> {
    let mut child = Command::new(env!("CARGO_BIN_EXE_fep"))
        .args([command, "--telegram", file, "--spec"])
        .arg(spec)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("fep starts");
    child.stdin.take().expect("stdin").write_all(input).expect("fep reads");
    let output = child.wait_with_output().expect("fep ends");
    assert!(output.status.success());
    output.stdout
}

#[test]
fn the_records_of_a_file_are_those_of_its_json() {
    let folder = std::env::temp_dir().join(format!("fep-pages-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let spec = folder.join("pages.toml");
    std::fs::write(&spec, toml()).expect("a spec");
    let blocks = blocks();
    let mut count = 0;
    for [json, text] in blocks.array_windows() {
        let Some(file) = json.fence.strip_prefix("json ") else { continue };
        // Where records are not lines, the lines are only for readers.
        let is_joined = text.fence == "text joined";
        assert!(is_joined || text.fence == "text", "the records of {file} stand below their JSON");
        let encoded = fep(&spec, "encode", file, json.content.as_bytes());
        let picture = bytes(&if is_joined { text.content.replace('\n', "") } else { text.content.to_owned() });
        assert_eq!(without_spaces(&encoded), without_spaces(&picture), "{file}: {}", encoded.escape_ascii());
        let lines = fep(&spec, "decode", file, &encoded);
        assert_eq!(fep(&spec, "encode", file, &lines), encoded, "{file}");
        count += 1;
    }
    std::fs::remove_dir_all(folder).expect("the folder goes");
    assert!(count >= 1);
}

/// The cells of the table whose header begins with this text, without backticks.
fn rows(page: &str, header: &str) -> Vec<Vec<String>> {
    let (_, text) = PAGES.into_iter().find(|(name, _)| *name == page).expect("a page");
    let rows = text.lines().skip_while(|line| !line.starts_with(header)).take_while(|line| line.starts_with('|'));
    rows.skip(2)
        .map(|row| row.trim_matches('|').split(" | ").map(|cell| cell.trim().trim_matches('`').to_owned()).collect())
        .collect()
}

#[test]
fn each_field_has_the_json_and_the_bytes_of_its_row() {
    let rows = rows("kinds.md", "| field | bytes | JSON |");
    for row in &rows {
        let [options, picture, json] = row.as_slice() else { panic!("{row:?}") };
        let field = format!("items = [ {{ name = \"f\", {options} }} ]\n");
        let text = format!("{}\n[telegrams.OfRow]\n{field}", toml());
        let checked = Spec::check("row.toml", &text);
        assert!(checked.report.is_clean(), "{options}: {}", checked.report);
        let specs = SpecSet { specs: vec![checked.spec.expect("a spec")] };
        let telegram = specs.telegram("OfRow").expect("a telegram");
        let fields = codec::values(&format!("{{\"f\":{json}}}")).next().expect("an object").expect("JSON");
        let encoded = codec::encode_fields(telegram, &fields).unwrap_or_else(|error| panic!("{options}: {error}"));
        assert_eq!(encoded, bytes(picture), "{options}");
        let line = codec::decode(&Plan::new(&telegram.layout), &bytes(picture), Lenient::STRICT).expect("it reads");
        assert_eq!(line.0, format!("{{\"telegram\":\"OfRow\",\"fields\":{{\"f\":{json}}}}}"), "{options}");
    }
    let shown = |part: &str| rows.iter().any(|row| row.first().is_some_and(|options| options.contains(part)));
    for (word, kind) in KindName::WORDS {
        assert!(shown(&format!("kind = \"{word}\"")), "no row shows the JSON of {word}");
        let none = |row: &Vec<String>| {
            row.first().is_some_and(|options| options.contains(word)) && row.last().is_some_and(|json| json == "null")
        };
        assert!(!kind.can_be_none() || rows.iter().any(none), "no row shows a {word} without a value");
    }
    for pattern in Pattern::USUAL {
        let usual = format!("kind = \"{}\", len = {}", pattern.kind().word(), pattern.pieces().len());
        let written = format!("pattern = \"{pattern}\"");
        assert!(shown(&written) || shown(&usual), "no row shows the JSON of {pattern}");
    }
}

#[test]
fn names_that_generated_code_uses_are_listed_and_refused() {
    let (_, page) = PAGES.into_iter().find(|(name, _)| *name == "names.md").expect("the page");
    let listed: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("> "))
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .collect();
    assert!(listed.len() > 20);
    for name in &listed {
        let text = format!("{}\n[telegrams.{name}]\nitems = [ {{ filler = 1 }} ]\n", toml());
        let report = Spec::check("names.toml", &text).report.to_string();
        assert!(report.contains(&format!("`{name}` is a name that generated code imports")), "{name}: {report}");
    }
}

#[test]
fn the_codes_of_findings_are_listed() {
    let rows = rows("findings.md", "| number | code | means |");
    let listed: Vec<String> =
        rows.iter().map(|row| row.iter().take(2).cloned().collect::<Vec<_>>().join(" ")).collect();
    let codes: Vec<String> = Code::ALL.iter().map(|code| format!("{} {}", code.number(), code.word())).collect();
    assert_eq!(listed, codes);
}
