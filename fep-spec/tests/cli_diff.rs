//! `fep diff` as its user runs it: files and commits, exit codes, text, JSON and the page. What breaks is proved in `tests/tests/spec_diff.rs`.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const OLD: &str = "spec = \"bank\"\ntitle = \"A <b>&\"\nversion = \"1\"\nsource = \"s\"\ncharset = \"euc-kr\"\n
[telegrams.Fee]\nlabel = \"수수료\"\nitems = [
  { name = \"code\", kind = \"digits\", len = 4 },
  { name = \"amount\", label = \"금액\", kind = \"number\", len = 9 },
  { name = \"payee\", label = \"받는 이\", kind = \"text\", len = 10 },
  { filler = 7 },
]\n";

fn fep(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fep")).args(args).current_dir(folder).output().unwrap()
}

/// A folder with `old.toml` and `new.toml`, which differ by these replacements.
fn folder(replacements: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut new = OLD.to_owned();
    for (from, to) in replacements {
        assert!(new.contains(from), "{from}");
        new = new.replacen(from, to, 1);
    }
    fs::write(folder.path().join("old.toml"), OLD).unwrap();
    fs::write(folder.path().join("new.toml"), new).unwrap();
    folder
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn a_resized_field_is_told_with_what_it_moves_and_whom_it_breaks() {
    let folder = folder(&[("kind = \"number\", len = 9", "kind = \"number\", len = 11"), ("filler = 7", "filler = 5")]);
    let output = fep(folder.path(), &["diff", "old.toml", "new.toml"]);
    let expected = "bank 1 → bank 1

Fee
  layout    amount 금액  resized: 9 → 11, bytes 4-14
  layout    moved by +2 bytes: payee 받는 이 to reserved bytes, 2 items
  layout    reserved bytes  resized: 7 → 5, bytes 25-29

breaking: telegrams of the old version that the new one refuses or reads as other values
  Fee
    amount, bytes 4-24: it has 11 bytes, and had 9 bytes

breaking: telegrams of the new version that the old one refuses or reads as other values
  Fee
    amount, bytes 4-24: it has 11 bytes, and had 9 bytes
";
    assert_eq!(text(&output), expected);
    assert_eq!(output.status.code(), Some(0), "differences alone are no findings");
    assert_eq!(fep(folder.path(), &["diff", "--breaking", "old.toml", "new.toml"]).status.code(), Some(1));
}

#[test]
fn names_are_a_class_of_their_own() {
    let folder = folder(&[("name = \"payee\"", "name = \"receiver\""), ("\"금액\"", "\"이체 금액\"")]);
    let code = |args: &[&str]| fep(folder.path(), args).status.code();
    assert_eq!(code(&["diff", "--breaking", "old.toml", "new.toml"]), Some(0));
    assert_eq!(code(&["diff", "--breaking=names", "old.toml", "new.toml"]), Some(1));
    assert_eq!(code(&["diff", "--breaking=names", "old.toml", "old.toml"]), Some(0));
}

#[test]
fn the_json_has_changes_and_breaks_with_bytes_and_an_example() {
    let folder = folder(&[("kind = \"number\", len = 9", "kind = \"number\", len = 9, scale = 2")]);
    let output = fep(folder.path(), &["diff", "old.toml", "new.toml", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let expected = serde_json::json!({
        "old": { "spec": "bank", "title": "A <b>&", "version": "1" },
        "new": { "spec": "bank", "title": "A <b>&", "version": "1" },
        "breaking": true,
        "changes": [{
            "telegram": "Fee", "path": "amount", "label": "금액", "class": "value", "change": "retyped",
            "old": "the usual form", "new": "scale = 2",
            "old_bytes": { "offset": 4, "len": 9 }, "new_bytes": { "offset": 4, "len": 9 },
        }],
        "breaks": [
            {
                "telegram": "Fee", "path": "amount", "sender": "old", "bytes": { "start": 4, "end": 13 },
                "reason": "the two versions read other values",
                "example": { "content": "303030303030303030", "old": "0", "new": "\"0.00\"" },
            },
            {
                "telegram": "Fee", "path": "amount", "sender": "new", "bytes": { "start": 4, "end": 13 },
                "reason": "the two versions read other values",
                "example": { "content": "303030303030303030", "old": "0", "new": "\"0.00\"" },
            },
        ],
    });
    assert_eq!(json, expected);
}

#[test]
fn the_page_stands_alone_and_is_escaped() {
    let folder = folder(&[
        ("version = \"1\"", "version = \"<2>\""),
        ("label = \"금액\"", "label = \"<script>alert(1)</script>\""),
    ]);
    let page = text(&fep(folder.path(), &["diff", "old.toml", "new.toml", "--format", "html"]));
    assert!(page.starts_with("<!doctype html>") && page.ends_with("</body></html>\n"), "{page}");
    assert!(!page.contains("<script>") && page.contains("&lt;script&gt;") && page.contains("&lt;2&gt;"), "{page}");
    assert!(!page.contains("http"), "it loads nothing");
}

#[test]
fn a_version_can_be_that_of_a_commit() {
    let folder = folder(&[("filler = 7", "filler = 8")]);
    let git = |args: &[&str]| {
        let settings = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main"];
        let output = Command::new("git").args(settings).args(args).current_dir(folder.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    fs::create_dir(folder.path().join("specs")).unwrap();
    let spec = folder.path().join("specs/fee.toml");
    fs::copy(folder.path().join("old.toml"), &spec).unwrap();
    git(&["init", "--quiet"]);
    git(&["add", "."]);
    git(&["commit", "--quiet", "-m", "the first version"]);
    fs::copy(folder.path().join("new.toml"), &spec).unwrap();
    let changed = fep(folder.path(), &["diff", "--breaking", "git:HEAD:specs/fee.toml", "specs/fee.toml"]);
    assert_eq!(changed.status.code(), Some(1), "{changed:?}");
    assert!(text(&changed).contains("resized: 7 → 8"), "{changed:?}");
    // In a folder below, the path may begin there.
    let below = fep(&folder.path().join("specs"), &["diff", "git:main:fee.toml", "git:HEAD:specs/fee.toml"]);
    assert_eq!(text(&below), "bank 1 → bank 1\nno differences\n", "{below:?}");
    for (name, message) in [
        ("git:HEAD:specs/none.toml", "cannot read git:HEAD:specs/none.toml"),
        ("git:nothing:specs/fee.toml", "cannot read git:nothing:specs/fee.toml"),
        ("git:HEAD", "write git:REV:PATH"),
        ("git:--help:x", "cannot read git:--help:x"),
    ] {
        let output = fep(folder.path(), &["diff", name, "specs/fee.toml"]);
        let messages = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{messages}");
        assert!(messages.contains(message), "{messages}");
    }
}

#[test]
fn a_spec_with_errors_or_another_file_cannot_be_compared() {
    let folder = folder(&[("len = 9", "len = 0")]);
    let output = fep(folder.path(), &["diff", "old.toml", "new.toml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("the spec cannot be used"));
    fs::write(folder.path().join("new.xlsx"), "PK\u{3}\u{4}").unwrap();
    let output = fep(folder.path(), &["diff", "old.toml", "new.xlsx"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("fep import"));
}
