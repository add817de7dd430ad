//! The traps in `tests/tests/cases`, over the real `fep`. Each file is one trap: a spec, and steps with input and expected output.
//! Most of them were reported to public projects as lost or invented data. The expected bytes and values do not come from this project.
//!
//! ```toml
//! about = "the trap in one sentence"
//! spec  = '''…the spec file…'''
//!
//! [[step]]
//! does  = "what the step shows"
//! run   = "decode --telegram Rate"   # a command of fep; the spec is added
//! input = "D9 08 12 3C"              # stdin as hex digits; or `json`: stdin as text
//! exit  = 0
//! ```
//!
//! What must come out, all of it optional: `bytes` (stdout as hex digits), `fields` (the fields of each JSON line), `lines` (the number
//! of lines), `first_has` (some fields of the first line), `shows` (pieces of stdout), `says` (pieces of the messages), `silent = true` (no message at all).

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a helper of a test fails by panicking")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[expect(dead_code, reason = "it is for the reader of the file")]
    about: String,
    spec: String,
    step: Vec<Step>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Step {
    does: String,
    run: String,
    input: Option<String>,
    json: Option<String>,
    exit: i32,
    bytes: Option<String>,
    fields: Option<Vec<String>>,
    lines: Option<usize>,
    first_has: Option<String>,
    #[serde(default)]
    shows: Vec<String>,
    #[serde(default)]
    says: Vec<String>,
    #[serde(default)]
    silent: bool,
}

#[test]
fn every_case_holds() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/tests/cases");
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    let wrong: Vec<_> = files.iter().flat_map(|file| wrong_steps(file)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(files.len() >= 20, "the cases were found");
}

/// What is wrong in this case, one text for each wrong step.
fn wrong_steps(file: &Path) -> Vec<String> {
    let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let case: Case = match toml::from_str(&fs::read_to_string(file).expect("a case")) {
        Ok(case) => case,
        Err(error) => return vec![format!("{name}: {error}")],
    };
    let folder = tempfile::tempdir().expect("a folder");
    let spec = folder.path().join("spec.toml");
    fs::write(&spec, &case.spec).expect("the spec is written");
    let run = |step: &Step| run(step, &spec).err().map(|wrong| format!("{name}, {}: {wrong}", step.does));
    case.step.iter().filter_map(run).collect()
}

/// Runs a step. The error says what is not as expected.
fn run(step: &Step, spec: &Path) -> Result<(), String> {
    let mut words = step.run.split(' ');
    let command = words.next().expect("a command");
    let mut fep = Command::new(env!("CARGO_BIN_EXE_fep"));
    fep.arg(command);
    if command != "check" {
        fep.arg("--spec");
    }
    fep.arg(spec).args(words);
    let input = match (&step.input, &step.json) {
        (Some(hex), None) => bytes_of(hex),
        (None, Some(text)) => text.clone().into_bytes(),
        (None, None) => Vec::new(),
        (Some(_), Some(_)) => return Err("`input` and `json` are one too many".to_owned()),
    };
    let mut child = fep.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("fep runs");
    // A command that stops early closes its stdin. Then the write fails, which is not an error of this test.
    let _ = child.stdin.take().expect("stdin").write_all(&input);
    let output = child.wait_with_output().expect("fep ends");
    let messages = String::from_utf8(output.stderr).expect("UTF-8");
    if output.status.code() != Some(step.exit) {
        return Err(format!("exit {:?} instead of {}: {messages}", output.status.code(), step.exit));
    }
    if let Some(piece) = step.says.iter().find(|piece| !messages.contains(&**piece)) {
        return Err(format!("the messages lack {piece:?}: {messages}"));
    }
    let shown = String::from_utf8_lossy(&output.stdout);
    if let Some(piece) = step.shows.iter().find(|piece| !shown.contains(&**piece)) {
        return Err(format!("stdout lacks {piece:?}: {shown}"));
    }
    if step.silent && !messages.is_empty() {
        return Err(format!("a message: {messages}"));
    }
    if let Some(expected) = &step.bytes
        && output.stdout != bytes_of(expected)
    {
        return Err(format!("{:02x?} instead of {expected}", output.stdout));
    }
    compare_lines(step, &output.stdout)
}

fn compare_lines(step: &Step, out: &[u8]) -> Result<(), String> {
    let parse = |text: &str| serde_json::from_str::<Value>(text).map_err(|error| format!("{error}: {text}"));
    if step.fields.is_none() && step.lines.is_none() && step.first_has.is_none() {
        return Ok(());
    }
    let text = str::from_utf8(out).map_err(|error| error.to_string())?;
    let found =
        text.lines().map(|line| parse(line).map(|line| line["fields"].clone())).collect::<Result<Vec<_>, _>>()?;
    if let Some(lines) = step.lines
        && found.len() != lines
    {
        return Err(format!("{} lines instead of {lines}: {text}", found.len()));
    }
    if let Some(expected) = &step.fields {
        let expected = expected.iter().map(|fields| parse(fields)).collect::<Result<Vec<_>, _>>()?;
        if found != expected {
            return Err(format!("{found:?} instead of {expected:?}"));
        }
    }
    if let Some(some) = &step.first_has {
        let some = parse(some)?;
        let some = some.as_object().expect("an object");
        if let Some((name, value)) =
            some.iter().find(|(name, value)| found.first().is_none_or(|all| all[&**name] != **value))
        {
            return Err(format!("`{name}` is not {value}: {text}"));
        }
    }
    Ok(())
}

fn bytes_of(hex: &str) -> Vec<u8> {
    let digits: Vec<char> = hex.chars().filter(|digit| !digit.is_whitespace()).collect();
    let byte = |pair: &[char]| u8::from_str_radix(&String::from_iter(pair), 16).expect("hex digits");
    digits.chunks(2).map(byte).collect()
}
