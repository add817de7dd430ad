//! The content of a published crate: no files from outside its folder, its licences, a README and keywords.
//!
//! `scripts/package.sh` builds the packages. These tests make the fast checks, which only look at the folders.

#![allow(clippy::unwrap_used, reason = "a helper of a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// Returns the folders of published crates: all members except those with `publish = false`.
fn published() -> Vec<PathBuf> {
    let workspace = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let members = workspace.lines().find_map(|line| line.strip_prefix("members = [")).unwrap();
    let folders = members.split('"').skip(1).step_by(2).map(|member| root().join(member));
    let published: Vec<_> = folders.filter(|folder| !manifest(folder).contains("\npublish = false\n")).collect();
    assert!(published.len() >= 5, "{published:?}");
    published
}

fn manifest(folder: &Path) -> String {
    fs::read_to_string(folder.join("Cargo.toml")).unwrap()
}

fn sources(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

#[test]
fn licences_are_those_of_the_root() {
    for folder in published() {
        for name in ["LICENSE-MIT", "LICENSE-APACHE"] {
            let own = fs::symlink_metadata(folder.join(name)).unwrap();
            assert!(own.is_file(), "{}/{name} is not a file", folder.display());
            let same = fs::read(folder.join(name)).unwrap() == fs::read(root().join(name)).unwrap();
            assert!(same, "{}/{name} differs from the root's", folder.display());
        }
    }
}

#[test]
fn a_manifest_has_what_a_registry_shows() {
    for folder in published() {
        let manifest = manifest(&folder);
        for key in ["description = ", "readme = ", "keywords = ", "categories = ", "include = ", "license.workspace = "]
        {
            assert!(manifest.contains(&format!("\n{key}")), "{} has no `{key}`", folder.display());
        }
        let keywords = manifest.lines().find(|line| line.starts_with("keywords = ")).unwrap();
        assert!(keywords.matches('"').count() <= 10, "more than five keywords: {keywords}");
    }
}

#[test]
fn no_source_takes_in_a_file_of_another_folder() {
    for folder in published() {
        let mut files = Vec::new();
        sources(&folder.join("src"), &mut files);
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            for start in ["include_str!(\"", "include_bytes!(\"", "include!(\""] {
                for taken in text.split(start).skip(1).filter_map(|rest| rest.split('"').next()) {
                    let path = file.parent().unwrap().join(taken).canonicalize().unwrap();
                    let inside = path.starts_with(folder.canonicalize().unwrap());
                    assert!(inside, "{} takes in {taken}", file.display());
                }
            }
        }
    }
}

/// The demo needs the spec and scenarios of its bank, the example of a configuration the file of its settlement. A package contains only its own
/// folder, so the gateway has copies.
#[test]
fn the_gateways_copies_of_specs_are_equal_to_the_specs() {
    let bank = ["bank-a.toml", "scenarios/accounts.toml", "scenarios/demo.toml", "scenarios/nasty.toml"];
    let others = [
        "file-a/file-a.toml",
        "settlement-a/settlement-a.toml",
        "feed-b7/feed-b7.toml",
        "feed-b7/scenarios/quotes.toml",
        "loan-f/loan-f.toml",
        "loan-f/scenarios/holidays.txt",
        "loan-f/scenarios/ten-years.toml",
    ];
    let files = bank.map(|name| format!("bank-a/{name}")).into_iter().chain(others.map(str::to_owned));
    for name in files {
        let copy = fs::read_to_string(root().join("fep-gateway/specs").join(&name)).unwrap();
        let spec = fs::read_to_string(root().join("specs").join(&name)).unwrap();
        assert!(copy == spec, "fep-gateway/specs/{name} differs: cp specs/{name} fep-gateway/specs/{name}");
    }
}

/// A package contains only its own folder, so the example of the streams has a copy of the generated structs.
#[test]
fn the_examples_copy_of_generated_structs_is_equal_to_them() {
    let generated = fs::read_to_string(root().join("tests/src/generated/feed_b7.rs")).unwrap();
    let copy = fs::read_to_string(root().join("fep-stream/examples/quotes/feed_b7.rs")).unwrap();
    assert!(copy == generated, "cp tests/src/generated/feed_b7.rs fep-stream/examples/quotes/feed_b7.rs");
}
