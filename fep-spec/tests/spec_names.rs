//! Two specs of one name: they are a finding of every command, and none of both is lost.

#![allow(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const SPEC: &str = "spec = \"bank\"\ntitle = \"T\"\nversion = \"1\"\nsource = \"made up\"\ncharset = \"ascii\"\n\
                    [telegrams.NAME]\nitems = [ { literal = \"NAME\" } ]\n";

fn fep(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_fep")).current_dir(folder).args(args).output().expect("fep runs")
}

#[test]
fn two_specs_of_one_name_are_a_finding_of_every_command() {
    let folder = tempfile::tempdir().expect("a folder");
    let specs = folder.path().join("specs");
    fs::create_dir(&specs).expect("a folder");
    for (file, name) in [("one.toml", "One"), ("two.toml", "Two")] {
        fs::write(specs.join(file), SPEC.replace("NAME", name)).expect("a spec");
    }
    let checked = fep(folder.path(), &["check", "specs"]);
    let text = String::from_utf8_lossy(&checked.stdout).into_owned();
    assert_eq!(checked.status.code(), Some(1), "{text}");
    assert!(text.starts_with("error[name-taken]: the spec in specs/one.toml is called `bank` too"), "{text}");
    assert!(text.contains("--> specs/two.toml:1:8"), "{text}");

    let generated = fep(folder.path(), &["gen", "specs", "-o", "out"]);
    assert_eq!(generated.status.code(), Some(1));
    let rust = fs::read_to_string(folder.path().join("out/bank.rs")).expect("the first one");
    assert!(rust.contains("struct One") && !rust.contains("struct Two"));

    let decoded = fep(folder.path(), &["decode", "--spec", "specs", "--telegram", "One", "specs/one.toml"]);
    assert_eq!(decoded.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&decoded.stderr).contains("error[name-taken]"));
}

#[test]
fn a_file_that_is_named_twice_is_one_spec() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("one.toml"), SPEC.replace("NAME", "One")).expect("a spec");
    assert_eq!(fep(folder.path(), &["check", "one.toml", "./one.toml"]).status.code(), Some(0));
}
