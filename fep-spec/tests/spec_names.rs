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

/// A sheet that is called `telegram.xlsx` becomes a spec of this name. Its enum is not the derive that generated code imports.
#[test]
fn a_spec_may_have_any_name_and_an_item_may_be_called_gen() {
    let folder = tempfile::tempdir().expect("a folder");
    let check = |name: &str, enum_name: &str| {
        let spec = SPEC.replace("\"bank\"", &format!("\"{name}\"")).replace("\"T\"", "\"T \\u202E\"");
        let item = "[telegrams.One]\nwhen = { code = \"1\" }\nitems = [ { name = \"code\", kind = \"code\", len = 1, codes = \"Kind\" }, \
                    { name = \"gen\", kind = \"text\", len = 4 } ]\n[codes.Kind]\ncodes = [ { code = \"1\", name = \"First\" } ]\n";
        let spec = spec.split("[telegrams").next().expect("a head").to_owned() + item;
        fs::write(folder.path().join("any.toml"), spec).expect("a spec");
        let made = fep(folder.path(), &["gen", "any.toml", "-o", "any.rs"]);
        let text = String::from_utf8_lossy(&made.stderr).into_owned() + &String::from_utf8_lossy(&made.stdout);
        assert_eq!(made.status.code(), Some(0), "{name}: {text}");
        let rust = fs::read_to_string(folder.path().join("any.rs")).expect("code");
        assert!(rust.contains(&format!("pub enum {enum_name} ")), "{name}: {rust}");
        assert!(rust.contains("pub r#gen: Text<4>") && rust.contains("T U+202E"), "{rust}");
        assert!(!rust.contains('\u{202E}'), "a compiler refuses it in a comment");
    };
    check("bank", "Bank");
    check("telegram", "TelegramSpec");
    check("option", "OptionSpec");
    check("self", "SelfSpec");
    check("result", "ResultSpec");
    let spec = SPEC.replace("NAME", "One").replace("\"bank\"", "\"mod\"");
    fs::write(folder.path().join("any.toml"), spec).expect("a spec");
    for _ in 0..2 {
        let made = fep(folder.path(), &["gen", "any.toml", "-o", "out", "--modules"]);
        assert_eq!(made.status.code(), Some(0), "{}", String::from_utf8_lossy(&made.stderr));
    }
    let list = fs::read_to_string(folder.path().join("out/mod.rs")).expect("the modules");
    assert!(list.contains("pub mod mod_spec;") && folder.path().join("out/mod_spec.rs").exists(), "{list}");
}

#[test]
fn a_file_that_is_named_twice_is_one_spec() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("one.toml"), SPEC.replace("NAME", "One")).expect("a spec");
    assert_eq!(fep(folder.path(), &["check", "one.toml", "./one.toml"]).status.code(), Some(0));
}
