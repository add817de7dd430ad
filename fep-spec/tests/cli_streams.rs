//! `fep` as a part of a pipe: it writes what it has before a message and before it waits, survives a reader that goes away, and says
//! how much it wrote before an error.

#![allow(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

const SPEC: &str = r#"
spec = "rows"
title = "rows"
version = "2026-11-26"
source = "made up"
charset = "ascii"
[telegrams.Head]
items = [ { literal = "H", name = "t" }, { name = "n", kind = "number", len = 3 } ]
[telegrams.Row]
items = [ { literal = "R", name = "t" }, { name = "no", kind = "number", len = 3 } ]
[files.Rows]
line_end = "lf"
records = [ { telegram = "Row", min = 0 } ]
[files.Counted]
line_end = "lf"
records = [ { telegram = "Head" }, { telegram = "Row", min = 0 } ]
totals = [ { field = "Head.n", count = "Row" } ]
"#;

/// Starts the command with the spec. `args` are those after `--spec`.
fn start(folder: &Path, command: &str, args: &[&str]) -> Child {
    let spec = folder.join("rows.toml");
    fs::write(&spec, SPEC).expect("a spec");
    Command::new(env!("CARGO_BIN_EXE_fep"))
        .args([command, "--spec"])
        .arg(spec)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("fep runs")
}

fn run(command: &str, args: &[&str], input: &str) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut child = start(folder.path(), command, args);
    let mut stdin = child.stdin.take().expect("stdin");
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let Output { status, stdout, stderr } = child.wait_with_output().expect("fep ends");
    let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
    (status.code(), text(stdout), text(stderr))
}

fn row(no: u32) -> String {
    format!("{{\"telegram\": \"Row\", \"fields\": {{\"no\": {no}}}}}\n")
}

const HEAD: &str = "{\"telegram\": \"Head\", \"fields\": {}}\n";

#[test]
fn an_error_says_how_much_was_written_before_it() {
    let input = row(1) + &row(2) + "\n" + &row(1000) + &row(4);
    let found = run("encode", &["--telegram", "Rows"], &input);
    let message = "fep: line 4: record 3 at byte 10: Row: caller: no, bytes 1..4: needs 4 bytes, the field has 3\n\
                   fep: the output is not complete: 2 records (10 bytes) were written before the error\n";
    assert_eq!(found, (Some(1), "R001\nR002\n".to_owned(), message.to_owned()));
    let found = run("encode", &[], &input);
    let message = "fep: line 4: Row: caller: no, bytes 1..4: needs 4 bytes, the field has 3\n\
                   fep: the output is not complete: 2 telegrams (8 bytes) were written before the error\n";
    assert_eq!(found, (Some(1), "R001R002".to_owned(), message.to_owned()));
    let (code, out, messages) = run("encode", &["--telegram", "Rows"], &(row(1) + "{\"telegram\": \n\"Row\", oops"));
    assert_eq!((code, out.as_str()), (Some(1), "R001\n"));
    assert!(messages.starts_with("fep: line 3: not JSON: key must be a string at column 8\n"), "{messages}");
}

#[test]
fn a_total_in_a_header_is_filled_in_also_through_a_pipe() {
    let input = HEAD.to_owned() + &row(7) + &row(8);
    let found = run("encode", &["--telegram", "Counted"], &input);
    assert_eq!(found, (Some(0), "H002\nR007\nR008\n".to_owned(), String::new()));
    let found = run("encode", &["--telegram", "Counted", "--hex"], HEAD);
    assert_eq!(found, (Some(0), "483030300a\n".to_owned(), String::new()));
    // Such a file is complete, or nothing of it is written.
    let (code, out, _) = run("encode", &["--telegram", "Counted"], &(input + HEAD));
    assert_eq!((code, out.as_str()), (Some(1), ""));
}

#[test]
fn what_is_read_is_printed_before_the_next_wait_for_input() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut child = start(folder.path(), "encode", &[]);
    let mut stdin = child.stdin.take().expect("stdin");
    let mut stdout = child.stdout.take().expect("stdout");
    for no in 1..=3 {
        stdin.write_all(row(no).as_bytes()).expect("fep reads");
        let mut telegram = [0; 4];
        stdout.read_exact(&mut telegram).expect("fep writes");
        assert_eq!(telegram.escape_ascii().to_string(), format!("R00{no}"));
    }
    drop(stdin);
    assert!(child.wait().expect("fep ends").success());
}

#[test]
fn a_reader_that_goes_away_ends_the_command_without_a_message() {
    let many: String = (0..100_000).map(|no| format!("R{:03}\n", no % 1000)).collect();
    let json: String = (0..50_000).map(|no| row(no % 1000)).collect();
    for (command, args, input) in [
        ("decode", ["--telegram", "Rows"], &many),
        ("explain", ["--telegram", "Rows"], &many),
        ("encode", ["--telegram", "Rows"], &json),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let mut child = start(folder.path(), command, &args);
        let mut stdin = child.stdin.take().expect("stdin");
        let mut stdout = BufReader::new(child.stdout.take().expect("stdout"));
        let input = input.clone();
        let feeder = std::thread::spawn(move || {
            let _ = stdin.write_all(input.as_bytes());
        });
        stdout.fill_buf().expect("fep writes");
        drop(stdout);
        let Output { status, stderr, .. } = child.wait_with_output().expect("fep ends");
        feeder.join().expect("the input is written");
        assert_eq!((status.code(), String::from_utf8_lossy(&stderr).as_ref()), (Some(0), ""), "{command}");
    }
}
