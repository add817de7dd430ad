//! `fep completions`, `fep man`, `fep schema` and the colour switches, as a user runs them.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

use std::process::{Command, Output};

fn fep(args: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fep"));
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
        command.env_remove(name);
    }
    command.envs(environment.iter().copied()).args(args).output().unwrap()
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

/// The commands, as the help lists them.
fn commands() -> Vec<String> {
    let help = text(fep(&["--help"], &[]).stdout);
    let list = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let names = list.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names: Vec<_> = names.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect();
    assert!(names.len() > 10 && names.contains(&"check".to_owned()), "{names:?}");
    names
}

#[test]
fn completions_and_manual_name_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = fep(&["completions", shell], &[]);
        assert_eq!(script.status.code(), Some(0));
        let script = text(script.stdout);
        for name in commands() {
            assert!(script.contains(&name), "{shell}: {name}");
        }
    }
    let page = text(fep(&["man"], &[]).stdout).replace('\\', "");
    for name in commands() {
        assert!(name == "help" || page.contains(&format!("fep-{name}(1)")), "{name}\n{page}");
    }
    let page = text(fep(&["man", "text", "encode"], &[]).stdout);
    assert!(page.contains(".TH fep-text-encode 1") && page.contains("Examples"), "{page}");
    let unknown = fep(&["man", "chek"], &[]);
    assert_eq!(unknown.status.code(), Some(2));
    assert!(text(unknown.stderr).contains("there is no command `chek` here; there are: new, check,"));
}

#[test]
fn the_pages_of_all_commands_go_into_a_folder_and_overwrite_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("man1");
    let args = ["man", "--out", out.to_str().unwrap()];
    assert_eq!(fep(&args, &[]).status.code(), Some(0));
    for name in commands().into_iter().filter(|name| name != "help") {
        assert!(out.join(format!("fep-{name}.1")).is_file(), "{name}");
    }
    let again = fep(&args, &[]);
    assert_eq!(again.status.code(), Some(2));
    assert!(text(again.stderr).contains("fep.1 is there already: --force overwrites it"));
    assert_eq!(fep(&[&args[..], &["--force"]].concat(), &[]).status.code(), Some(0));
}

#[test]
fn colour_follows_the_option_and_then_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let spec = folder.path().join("bad.toml");
    std::fs::write(&spec, "spec = 'a'\n").unwrap();
    let spec = spec.to_str().unwrap();
    let is_coloured = |args: &[&str], environment: &[(&str, &str)]| {
        let output = fep(&[args, &["check", spec]].concat(), environment);
        assert_eq!(output.status.code(), Some(1));
        output.stdout.contains(&0x1b)
    };
    // Stdout is no terminal here.
    assert!(!is_coloured(&[], &[]) && !is_coloured(&["--color", "auto"], &[]));
    assert!(is_coloured(&["--color", "always"], &[("NO_COLOR", "1")]));
    assert!(is_coloured(&[], &[("CLICOLOR_FORCE", "1")]) && !is_coloured(&[], &[("CLICOLOR", "1")]));
    assert!(!is_coloured(&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(!is_coloured(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]));
}

#[test]
fn the_schema_goes_to_stdout_or_into_a_new_file() {
    let printed = fep(&["schema"], &[]);
    assert_eq!(printed.status.code(), Some(0));
    let schema: serde_json::Value = serde_json::from_slice(&printed.stdout).unwrap();
    assert_eq!(schema, fep_spec::schema::schema());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fep.schema.json");
    let out = path.to_str().unwrap();
    assert_eq!(fep(&["schema", "-o", out], &[]).status.code(), Some(0));
    assert_eq!(std::fs::read(&path).unwrap(), printed.stdout);
    let again = fep(&["schema", "-o", out], &[]);
    assert_eq!(again.status.code(), Some(2));
    assert!(text(again.stderr).contains("is there already: --force overwrites it"));
    assert_eq!(fep(&["schema", "-o", out, "--force"], &[]).status.code(), Some(0));
    assert!(text(fep(&["schema", "--help"], &[]).stdout).contains("#:schema ./fep.schema.json"));
}
