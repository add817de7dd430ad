//! `fep gen` for several specs as its user runs it: one module each, `mod.rs`, `--check`, `--serde`; and the same code for a build script.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use fep_spec::build::{Build, BuildError};

fn spec(name: &str) -> String {
    format!(
        "spec = \"{name}\"\ntitle = \"A\"\nversion = \"1\"\nsource = \"s\"\ncharset = \"ascii\"\n[telegrams.Fee]\nitems = [{{ name = \"n\", kind = \"number\", len = 3 }}]\n"
    )
}

fn fep(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fep")).args(args).current_dir(folder).output().unwrap()
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("specs")).unwrap();
    for name in ["van-d", "bank-a"] {
        fs::write(folder.path().join(format!("specs/{name}.toml")), spec(name)).unwrap();
    }
    folder
}

#[test]
fn several_specs_are_one_tree_of_modules() {
    let folder = folder();
    let args = ["gen", "specs", "-o", "src/telegrams", "--modules"];
    assert_eq!(fep(folder.path(), &args).status.code(), Some(0));
    let list = folder.path().join("src/telegrams/mod.rs");
    let expected =
        "//! The telegrams of all specs.\n//!\n//! Written by `fep gen`.\n\npub mod bank_a;\npub mod van_d;\n";
    assert_eq!(fs::read_to_string(&list).unwrap(), expected);
    let check: Vec<&str> = args.into_iter().chain(["--check"]).collect();
    assert_eq!(fep(folder.path(), &check).status.code(), Some(0));
    fs::write(folder.path().join("specs/new.toml"), spec("new")).unwrap();
    let output = fep(folder.path(), &check);
    let messages = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(messages.contains("new.rs:1") && messages.contains("mod.rs:6"), "{messages}");
    let output = fep(folder.path(), &["gen", "specs/new.toml", "-o", "new.rs", "--modules"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no folder"));
}

#[test]
fn serde_is_there_on_request() {
    let folder = folder();
    let code = |args: &[&str]| String::from_utf8(fep(folder.path(), args).stdout).unwrap();
    assert!(!code(&["gen", "specs/van-d.toml", "-o", "-"]).contains("serde"));
    assert!(
        code(&["gen", "specs/van-d.toml", "-o", "-", "--serde"]).contains("#[telegram(charset = \"ascii\", serde)]")
    );
}

#[test]
fn a_build_script_gets_all_specs_or_all_their_mistakes() {
    let folder = folder();
    let code = Build::new().specs(folder.path().join("specs")).code().unwrap();
    assert!(code.starts_with("pub mod bank_a {\n    //! A: the telegrams of the spec `bank-a`"), "{code}");
    assert!(code.contains("\npub mod van_d {\n"), "{code}");
    fs::write(folder.path().join("specs/double.toml"), spec("van-d")).unwrap();
    fs::write(folder.path().join("specs/wrong.toml"), spec("wrong").replace("len = 3", "len = 0")).unwrap();
    let error = Build::new().specs(folder.path().join("specs")).code().unwrap_err();
    assert!(matches!(error, BuildError::Spec(_)));
    let message = error.to_string();
    assert!(message.contains("is called `van-d` too") && message.contains("wrong.toml:7"), "{message}");
}
