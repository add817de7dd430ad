//! Specs with shared files, with every command: each finds them, and says where a mistake is.

#![allow(clippy::expect_used, reason = "a helper of a test fails by panicking")]

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use fep_spec::build::Build;
use tempfile::TempDir;

const LETTERS: &str = "shared = \"letters\"\n\n[types]\nN = { kind = \"number\" }\n";

const HEADER: &str = "shared  = \"공통부\"\ninclude = [\"letters.toml\"]\n\n[parts.Header]\nlabel = \"공통부\"\nitems = [\n  \
                      { name = \"code\", kind = \"digits\", len = 4 },\n  { name = \"trace\", type = \"N\", len = 6 },\n]\n";

/// A spec of this name, in a folder beside the shared files.
fn spec(name: &str) -> String {
    format!(
        "spec    = \"{name}\"\ntitle   = \"T\"\nversion = \"1\"\nsource  = \"made up\"\ncharset = \"euc-kr\"\n\
         include = [\"../shared/header.toml\"]\n\n[telegrams.Fee]\nwhen = {{ \"header.code\" = \"0100\" }}\nitems = [\n  \
         {{ part = \"Header\", name = \"header\" }},\n  {{ name = \"amount\", type = \"N\", len = 9 }},\n]\n"
    )
}

/// `specs/one/one.toml` and `specs/two/two.toml` include `specs/shared/header.toml`.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, text) in [
        ("specs/shared/letters.toml", LETTERS),
        ("specs/shared/header.toml", HEADER),
        ("specs/one/one.toml", &spec("one")),
        ("specs/two/two.toml", &spec("two").replace("0100", "0200")),
    ] {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    }
    folder
}

fn fep(folder: &Path, args: &[&str], input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_fep"))
        .current_dir(folder)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("fep runs");
    // A command that does not read its input closes it.
    let _ = child.stdin.take().expect("stdin").write_all(input.as_bytes());
    child.wait_with_output().expect("fep ends")
}

/// The exit code, stdout and stderr.
fn run(folder: &TempDir, args: &[&str]) -> (Option<i32>, String, String) {
    run_with(folder.path(), args, "")
}

fn run_with(folder: &Path, args: &[&str], input: &str) -> (Option<i32>, String, String) {
    let output = fep(folder, args, input);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

fn change(folder: &TempDir, path: &str, from: &str, to: &str) {
    let path = folder.path().join(path);
    let text = fs::read_to_string(&path).expect("a text");
    assert!(text.contains(from), "{from}");
    fs::write(path, text.replace(from, to)).expect("a file");
}

#[test]
fn a_folder_of_specs_may_have_shared_files_in_it() {
    let folder = folder();
    assert_eq!(
        run(&folder, &["check", "specs"]),
        (Some(0), String::new(), "fep: 2 specs, 2 shared files, 0 findings\n".into())
    );
    let (_, _, formatted) = run(&folder, &["fmt", "specs", "--check"]);
    assert!(formatted.contains("fep: 4 specs, "), "{formatted}");
    let (code, _, error) = run(&folder, &["gen", "specs", "-o", "out", "--modules"]);
    assert_eq!((code, error.as_str()), (Some(0), ""));
    let modules = fs::read_to_string(folder.path().join("out/mod.rs")).expect("the modules");
    assert!(modules.ends_with("pub mod one;\npub mod two;\n"), "{modules}");
    assert_eq!(run(&folder, &["doc", "specs", "--to", "md", "-o", "sheets"]).0, Some(0));
    assert!(folder.path().join("sheets/two.md").exists() && !folder.path().join("sheets/header.md").exists());

    let line = "{\"telegram\":\"one.Fee\",\"fields\":{\"header\":{\"code\":\"0100\",\"trace\":7},\"amount\":5}}";
    let (_, bytes, error) =
        run_with(folder.path(), &["encode", "--spec", "specs/one/one.toml"], &line.replace("one.", ""));
    assert_eq!((bytes.as_str(), error.as_str()), ("0100000007000000005", ""));
    assert_eq!(run_with(folder.path(), &["decode", "--spec", "specs"], &bytes).1, line.replace("one.", "") + "\n");
}

#[test]
fn a_mistake_in_a_shared_file_is_one_finding_at_its_place() {
    let folder = folder();
    change(&folder, "specs/shared/header.toml", "len = 6", "len = \"6\"");
    let (code, text, _) = run(&folder, &["check", "specs"]);
    assert_eq!(code, Some(1));
    assert_eq!(text.matches("error").count(), 1, "{text}");
    assert!(text.contains("--> specs/shared/header.toml:8:39"), "{text}");
    let (_, json, _) = run(&folder, &["check", "specs/two/two.toml", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let file = json.pointer("/0/file").and_then(serde_json::Value::as_str);
    assert_eq!(file, Some("specs/shared/header.toml"), "{json}");
    let (code, _, error) = run(&folder, &["layout", "specs/two/two.toml"]);
    assert!(code == Some(2) && error.contains("specs/shared/header.toml:8:39"), "{error}");
}

#[test]
fn a_fix_is_written_to_the_file_of_the_finding() {
    let folder = folder();
    change(&folder, "specs/shared/letters.toml", "kind", "knid");
    change(&folder, "specs/shared/header.toml", "len = 6", "len = \"6\"");
    change(&folder, "specs/one/one.toml", "title ", "titel ");
    let (code, text, error) = run(&folder, &["check", "--fix", "specs/one/one.toml"]);
    assert_eq!((code, text.as_str()), (Some(0), ""), "{error}");
    for (file, expected) in [
        ("specs/shared/letters.toml", LETTERS.to_owned()),
        ("specs/shared/header.toml", HEADER.to_owned()),
        ("specs/one/one.toml", spec("one")),
    ] {
        assert_eq!(fs::read_to_string(folder.path().join(file)).expect("a file"), expected);
        assert!(error.contains(&format!("{file}:")), "{error}");
    }
}

#[test]
fn a_shared_file_is_no_spec() {
    let folder = folder();
    for args in [
        ["layout", "specs/shared/header.toml"].as_slice(),
        &["decode", "--spec", "specs/shared/header.toml"],
        &["sample", "specs/shared/header.toml"],
        &["diff", "specs/shared/header.toml", "specs/one/one.toml"],
    ] {
        let (code, _, error) = run(&folder, args);
        assert!(code == Some(2) && error.contains("this is a shared file, and no spec"), "{args:?}: {error}");
    }
    let (code, _, error) = run(&folder, &["gen", "specs/shared", "-o", "out"]);
    assert!(code == Some(2) && error.contains("there is no spec in specs/shared, only shared files"), "{error}");
    assert_eq!(run(&folder, &["check", "specs/shared"]).2, "fep: 0 specs, 2 shared files, 0 findings\n");
}

#[test]
fn a_shared_file_that_no_spec_includes_is_a_note() {
    let folder = folder();
    fs::write(folder.path().join("specs/shared/old.toml"), "shared = \"old\"\n").expect("a file");
    let (code, text, _) = run(&folder, &["check", "specs"]);
    assert_eq!(code, Some(0));
    let message = "note[unused]: none of the checked specs includes this shared file\n --> specs/shared/old.toml:1:1";
    assert!(text.starts_with(message), "{text}");
}

#[test]
fn a_spec_from_stdin_includes_files_of_the_working_folder() {
    let folder = folder();
    let text = spec("one");
    assert_eq!(run_with(&folder.path().join("specs/one"), &["check", "-"], &text).0, Some(0));
    let (code, text, _) = run_with(folder.path(), &["check", "-"], &text);
    assert!(code == Some(1) && text.contains("there is no file `../shared/header.toml`"), "{text}");
    assert!(text.contains("paths in this file begin at the working folder"), "{text}");
}

#[test]
fn a_version_in_git_has_the_shared_files_of_its_commit() {
    let folder = folder();
    let git = |args: &[&str]| {
        let settings = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "init.defaultBranch=main"];
        let output = Command::new("git").args(settings).args(args).current_dir(folder.path()).output();
        output.is_ok_and(|output| output.status.success())
    };
    if !git(&["init", "--quiet"]) {
        eprintln!("skipped: git is missing here");
        return;
    }
    assert!(git(&["add", "."]) && git(&["commit", "--quiet", "-m", "the first version"]));
    change(&folder, "specs/shared/header.toml", "len = 6", "len = 8");
    let (code, text, error) =
        run(&folder, &["diff", "--breaking", "git:HEAD:specs/one/one.toml", "specs/one/one.toml"]);
    assert!(code == Some(1) && text.contains("header.trace  resized: 6 → 8"), "{text}{error}");
    let below = folder.path().join("specs/one");
    for old in ["git:HEAD:one.toml", "git:HEAD:./one.toml", "git:HEAD:specs/one/one.toml"] {
        let (_, text, error) = run_with(&below, &["diff", old, "one.toml"], "");
        assert!(text.contains("header.trace  resized: 6 → 8"), "{old}: {text}{error}");
    }
    #[cfg(unix)]
    {
        // In the commit, the header is included by its own name and by that of a link.
        std::os::unix::fs::symlink("../specs/shared/header.toml", folder.path().join("specs/link.toml"))
            .expect("a link");
        change(&folder, "specs/two/two.toml", "header.toml\"]", "header.toml\", \"../link.toml\"]");
        assert!(git(&["add", "."]) && git(&["commit", "--quiet", "-m", "a link"]));
        let (code, _, error) = run(&folder, &["diff", "git:HEAD:specs/two/two.toml", "specs/one/one.toml"]);
        assert!(code == Some(2) && error.contains("`git:HEAD:specs/link.toml` is included twice"), "{error}");
        assert!(run(&folder, &["check", "specs/two"]).1.contains("`specs/link.toml` is included twice by this file"));
    }
    fs::remove_file(folder.path().join("specs/shared/letters.toml")).expect("it goes");
    assert!(git(&["commit", "--quiet", "-a", "-m", "without letters"]));
    let (code, _, error) = run(&folder, &["diff", "git:HEAD:specs/one/one.toml", "git:HEAD~1:specs/one/one.toml"]);
    assert!(code == Some(2) && error.contains("there is no file `git:HEAD:specs/shared/letters.toml`"), "{error}");
}

#[test]
fn a_build_script_runs_again_if_a_shared_file_changes() {
    let folder = folder();
    let build = Build::new().specs(folder.path().join("specs/one"));
    let shared = ["header.toml", "letters.toml"].map(|name| folder.path().join("specs/shared").join(name));
    assert_eq!(build.included().expect("files"), shared);
    let code = build.code().expect("Rust");
    change(&folder, "specs/shared/header.toml", "len = 6", "len = 8");
    assert_ne!(build.code().expect("Rust"), code);
    // A spec with errors has its shared files too: the mistake may be in one of them.
    change(&folder, "specs/shared/header.toml", "len = 8", "len = 0");
    assert_eq!(build.included().expect("files"), shared);
    assert!(build.code().expect_err("a mistake").to_string().contains("header.toml:8:39"));
}

#[test]
fn a_project_has_the_shared_files_of_its_spec_or_is_not_made() {
    let folder = folder();
    let (code, _, error) = run(&folder, &["new", "project", "--from", "specs/one/one.toml"]);
    assert!(code == Some(2) && error.contains("put it into project/specs with them"), "{error}");
    let specs = folder.path().join("project/specs");
    fs::create_dir_all(&specs).expect("a folder");
    fs::rename(folder.path().join("specs/shared"), specs.join("shared")).expect("moved");
    fs::write(specs.join("one.toml"), spec("one").replace("../shared", "shared")).expect("a spec");
    let (code, _, error) = run(&folder, &["new", "project", "--from", "project/specs/one.toml", "--force"]);
    assert_eq!(code, Some(0), "{error}");
    assert!(!error.contains("has mistakes"), "{error}");
    assert_eq!(run(&folder, &["check", "project/specs"]).2, "fep: 1 spec, 2 shared files, 0 findings\n");
}
