//! `fep fmt`, `fep check --explain` and `fep check --fix` as their user runs them: files in place, stdin to stdout, `--check`, what is not TOML, codes of findings.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const UGLY: &str = "spec='a'\ntitle = \"A\"  # the title\n[types]\nN={kind='number'}\n";
const PRETTY: &str = "spec  = \"a\"\ntitle = \"A\"  # the title\n\n[types]\nN = { kind = \"number\" }\n";

fn fep(folder: &Path, args: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_fep"))
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that does not read its stdin may close it first.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// Compares the exit code and stdout, and returns stderr.
fn check(output: Output, code: i32, stdout: &str) -> String {
    let messages = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{messages}");
    assert_eq!(String::from_utf8(output.stdout).unwrap(), stdout);
    messages
}

#[test]
fn files_are_rewritten_only_if_they_change() {
    let folder = tempfile::tempdir().unwrap();
    let ugly = folder.path().join("ugly.toml");
    let pretty = folder.path().join("pretty.toml");
    fs::write(&ugly, UGLY).unwrap();
    fs::write(&pretty, PRETTY).unwrap();
    let written = fs::metadata(&pretty).unwrap().modified().unwrap();

    let messages = check(fep(folder.path(), &["fmt", "."], ""), 0, "");
    assert!(messages.contains("ugly.toml: rewritten") && messages.contains("2 specs, 1 rewritten"), "{messages}");
    assert_eq!(fs::read_to_string(&ugly).unwrap(), PRETTY);
    assert_eq!(fs::metadata(&pretty).unwrap().modified().unwrap(), written);
    let messages = check(fep(folder.path(), &["fmt", "."], ""), 0, "");
    assert_eq!(messages, "fep: 2 specs, 0 rewritten\n");
    // Nothing but the specs is left in the folder.
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
}

#[test]
fn check_names_the_first_line_that_differs_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.toml"), UGLY).unwrap();
    let messages = check(fep(folder.path(), &["fmt", "a.toml", "--check"], ""), 1, "");
    assert!(messages.contains("warning[not-formatted]") && messages.contains("a.toml:1:1"), "{messages}");
    assert!(messages.contains("write `spec  = \"a\"`; `fep fmt` rewrites the file"), "{messages}");
    assert_eq!(fs::read_to_string(folder.path().join("a.toml")).unwrap(), UGLY);

    let output = fep(folder.path(), &["fmt", "a.toml", "--check", "--format", "json"], "");
    let findings: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(findings.pointer("/0/code"), Some(&"not-formatted".into()));
    check(fep(folder.path(), &["fmt", "-", "--check", "--format", "json"], PRETTY), 0, "[]\n");
}

#[test]
fn stdin_goes_to_stdout() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(check(fep(folder.path(), &["fmt", "-"], UGLY), 0, PRETTY), "");
    assert_eq!(check(fep(folder.path(), &["fmt", "-"], PRETTY), 0, PRETTY), "");
    let messages = check(fep(folder.path(), &["fmt", "-"], "a = "), 1, "");
    assert!(messages.contains("error[syntax]"), "{messages}");
}

#[test]
fn what_is_not_toml_is_a_finding_and_stays_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let broken = "a = 01\n[x\n";
    fs::write(folder.path().join("a.toml"), broken).unwrap();
    fs::write(folder.path().join("b.toml"), UGLY).unwrap();
    fs::write(folder.path().join("c.toml"), b"a = \"\xB0\xA1\"\n").unwrap();
    let messages = check(fep(folder.path(), &["fmt", "."], ""), 1, "");
    assert!(messages.contains("error[syntax]") && messages.contains("error[not-utf-8]"), "{messages}");
    assert_eq!(fs::read_to_string(folder.path().join("a.toml")).unwrap(), broken);
    assert_eq!(fs::read_to_string(folder.path().join("b.toml")).unwrap(), PRETTY);

    let messages = check(fep(folder.path(), &["fmt", "nowhere.toml"], ""), 2, "");
    assert!(messages.contains("cannot read nowhere.toml"), "{messages}");
}

#[cfg(unix)]
#[test]
fn a_link_and_the_permissions_of_a_file_are_kept() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.toml");
    let link = folder.path().join("link.toml");
    fs::write(&file, UGLY).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    symlink("a.toml", &link).unwrap();
    check(fep(folder.path(), &["fmt", "link.toml"], ""), 0, "");
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read_to_string(&file).unwrap(), PRETTY);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o640);

    fs::write(&file, UGLY).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o440)).unwrap();
    let messages = check(fep(folder.path(), &["fmt", "a.toml"], ""), 2, "");
    assert!(messages.contains("cannot write a.toml: the file is read-only"), "{messages}");
    assert_eq!(fs::read_to_string(&file).unwrap(), UGLY);
}

#[test]
fn a_code_is_explained_by_its_word_and_its_number() {
    let folder = tempfile::tempdir().unwrap();
    let by_word = fep(folder.path(), &["check", "--explain", "length-mismatch"], "");
    let text = String::from_utf8(by_word.stdout.clone()).unwrap();
    assert!(text.starts_with("length-mismatch (F019)\n\n") && text.contains("\n    [telegrams.Transfer]\n"), "{text}");
    assert_eq!(check(by_word, 0, &text), "");
    check(fep(folder.path(), &["check", "--explain", "f019"], ""), 0, &text);

    let json = fep(folder.path(), &["check", "--explain", "redefines", "--format", "json"], "");
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert_eq!(json.pointer("/language"), Some(&"cobol".into()));
    assert_eq!(json.pointer("/number"), Some(&serde_json::Value::Null));

    let messages = check(fep(folder.path(), &["check", "--explain", "lenght-mismatch"], ""), 2, "");
    assert_eq!(messages, "fep: there is no code `lenght-mismatch`; there are length-mismatch, offset-mismatch\n");
    let messages = check(fep(folder.path(), &["check"], ""), 2, "");
    assert!(messages.contains("<SPEC>"), "{messages}");
}

#[test]
fn fix_mends_files_and_says_what_it_did_and_what_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.toml");
    let head = "spec = \"a\"\ntitle = \"A\"\nversion = \"1\"\nsource = \"test\"\ncharset = \"ascii\"\n";
    let wrong = format!(
        "{head}[telegrams.T]\nlen = \"9\"  # stated\nitems = [ {{ filler = 4, lable = \"x\" }}, {{ filler = 4 }} ]\n"
    );
    let mended = wrong.replace("\"9\"", "9").replace("lable", "label");
    fs::write(&file, &wrong).unwrap();

    let found = fep(folder.path(), &["check", "a.toml"], "");
    let messages = String::from_utf8(found.stderr).unwrap();
    assert_eq!(messages, "fep: 1 spec, 2 findings; --fix may mend 2 of them\n");
    assert_eq!(fs::read_to_string(&file).unwrap(), wrong);

    let left = fep(folder.path(), &["check", "a.toml", "--fix"], "");
    assert!(String::from_utf8_lossy(&left.stdout).starts_with("error[length-mismatch]: `T` states 9 bytes"));
    let messages = String::from_utf8(left.stderr).unwrap();
    let expected = "a.toml:7:7: `len` must be a whole number, found a string: wrote 9\n\
                    a.toml:8:25: unknown key `lable`: wrote label\n\
                    fep: 1 spec, 1 finding\n";
    assert_eq!((left.status.code(), messages.as_str()), (Some(1), expected));
    assert_eq!(fs::read_to_string(&file).unwrap(), mended);

    let again = fep(folder.path(), &["check", "a.toml", "--fix", "--format", "json"], "");
    let findings: serde_json::Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!(findings.as_array().map(Vec::len), Some(1));
    assert!(again.stderr.is_empty());
    assert_eq!(fs::read_to_string(&file).unwrap(), mended);

    let messages = check(fep(folder.path(), &["check", "-", "--fix"], &wrong), 2, "");
    assert_eq!(messages, "fep: --fix rewrites files: name a file in place of -\n");
}
