//! The command `fep sample`: its output feeds `fep encode`, its files are not overwritten, and what it cannot do it says.

#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a helper of a test fails by panicking")]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

const BANK: &str = "specs/bank-a/bank-a.toml";
const KFTC: &str = "specs/kftc-cms/kftc-cms.toml";

/// The exit code, stdout and stderr of a run.
fn fep(args: &[&str], input: &[u8]) -> (Option<i32>, Vec<u8>, String) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let mut child = Command::new(env!("CARGO_BIN_EXE_fep"))
        .args(args)
        .current_dir(root)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("fep runs");
    let mut stdin = child.stdin.take().expect("stdin");
    let input = input.to_vec();
    // The command may write before it has read everything, so both must go on at the same time.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().expect("fep ends");
    writer.join().expect("the writer ends");
    (output.status.code(), output.stdout, String::from_utf8(output.stderr).expect("UTF-8"))
}

/// stdout of a run that ends clean.
fn clean(args: &[&str], input: &[u8]) -> Vec<u8> {
    let (code, out, messages) = fep(args, input);
    assert_eq!(code, Some(0), "{args:?}: {messages}");
    out
}

#[test]
fn lines_of_samples_are_input_of_encode() {
    let lines = clean(&["sample", BANK], b"");
    let bytes = clean(&["sample", BANK, "--format", "bytes"], b"");
    assert!(bytes == clean(&["encode", "--spec", BANK], &lines), "encode makes the same bytes");
    let hex = String::from_utf8(clean(&["sample", BANK, "--format", "hex"], b"")).expect("text");
    assert!(bytes == clean(&["encode", "--spec", BANK], &clean(&["decode", "--hex", "--spec", BANK], hex.as_bytes())));
    // With a named telegram the envelope is read too.
    let one = clean(&["sample", BANK, "--telegram", "Transfer", "--seed", "7"], b"");
    let named = clean(&["encode", "--spec", BANK, "--telegram", "Transfer"], &one);
    assert!(named == clean(&["sample", BANK, "--telegram", "Transfer", "--seed", "7", "--format", "bytes"], b""));
}

#[test]
fn bytes_of_an_envelope_that_differ_are_a_finding() {
    let lines = String::from_utf8(clean(&["sample", BANK, "--telegram", "Transfer"], b"")).expect("text");
    let line = lines.lines().next().expect("a line");
    let changed = line.replacen("\"bytes\":\"3032", "\"bytes\":\"3033", 1);
    for named in [&["--telegram", "Transfer"][..], &[]] {
        let args = [&["encode", "--spec", BANK], named].concat();
        let (code, _, messages) = fep(&args, changed.as_bytes());
        assert_eq!(code, Some(1), "{messages}");
        assert!(
            messages.contains("`bytes` differ from the 300 bytes that the fields make, from byte 1 on"),
            "{messages}"
        );
    }
    for (wrong, message) in [
        (line.replacen("\"sample\":", "\"shows\":", 1), "unknown key `shows`"),
        (line.replacen("\"bytes\":\"", "\"bytes\":[], \"x\":\"", 1), "unknown key `x`"),
    ] {
        let (code, _, messages) = fep(&["encode", "--spec", BANK], wrong.as_bytes());
        assert_eq!(code, Some(1), "{messages}");
        assert!(messages.contains(message), "{messages}");
    }
}

#[test]
fn a_record_file_is_one_sample() {
    let bytes = clean(&["sample", KFTC, "--telegram", "EB13", "--format", "bytes", "--count", "5"], b"");
    assert_eq!(bytes.len(), 7 * 120);
    let lines = clean(&["sample", KFTC, "--telegram", "EB13", "--count", "5"], b"");
    assert!(lines == clean(&["decode", "--spec", KFTC, "--telegram", "EB13"], &bytes));
    assert!(bytes == clean(&["encode", "--spec", KFTC, "--telegram", "EB13"], &lines));
    let (code, _, messages) = fep(&["sample", KFTC, "--telegram", "EB13", "--count", "1000"], b"");
    assert_eq!((code, messages.contains("at most 999 times")), (Some(2), true), "{messages}");
}

#[test]
fn a_folder_has_a_file_for_each_sample_and_none_is_overwritten() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("samples");
    let text = path.to_str().expect("UTF-8");
    let args = ["sample", KFTC, "--format", "bytes", "-o", text];
    assert_eq!(clean(&args, b""), b"");
    let names: Vec<_> = std::fs::read_dir(&path)
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("ASCII"))
        .collect();
    assert!(names.iter().any(|name| name == "EB13.bin") && names.iter().all(|name| name.is_ascii()), "{names:?}");
    assert!(names.iter().any(|name| name == "Data-0001-between-the-limits.bin"), "{names:?}");
    let (code, _, messages) = fep(&args, b"");
    assert_eq!((code, messages.contains("--force overwrites it")), (Some(2), true), "{messages}");
    clean(&[&args[..], &["--force"]].concat(), b"");
}

#[test]
fn a_name_that_is_not_there_is_named_with_those_that_are() {
    let (code, out, messages) = fep(&["sample", KFTC, "--telegram", "EB31"], b"");
    assert_eq!((code, out.len()), (Some(2), 0));
    assert!(
        messages.contains("no telegram and no file `EB31`; it has Header, Data, Trailer, EB13, EB14"),
        "{messages}"
    );
}
