//! The paths of `include`: which ones are refused, and how they are written in findings.

use std::path::{Component, Path, PathBuf};

/// Why a path cannot stand in `include`, and what to do. Such a path would name other files on other machines.
pub(super) fn refusal(path: &str) -> Option<(String, &'static str)> {
    let drive = path.as_bytes().get(1) == Some(&b':');
    match () {
        () if path.trim().is_empty() => {
            Some(("an empty path names no file".to_owned(), "write the path of a shared file"))
        }
        () if path.contains('\\') => {
            Some((format!("`{path}` has `\\` in it"), "write `/` between folders: it means the same on all systems"))
        }
        () if path.starts_with('/') || drive || Path::new(path).is_absolute() => Some((
            format!("`{path}` is an absolute path, which another machine does not have"),
            "write the path from the folder of this file; `..` is the folder above",
        )),
        () if !path.ends_with(".toml") => {
            Some((format!("`{path}` does not end with `.toml`"), "name a shared file: its name ends with `.toml`"))
        }
        () => None,
    }
}

/// Whether the name ends with `.toml`. Findings show lines of such files only, so an include does not bring other files to light.
pub(super) fn is_toml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "toml")
}

/// The path without `.`, and without `..` behind a folder. It is the same file, unless the folder is a symbolic link.
#[must_use]
pub fn clean(path: &Path) -> PathBuf {
    let mut clean = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if matches!(clean.components().next_back(), Some(Component::Normal(_))) => {
                clean.pop();
            }
            other => clean.push(other),
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_written_without_detours() {
        for (path, expected) in [
            ("specs/bank/../common.toml", "specs/common.toml"),
            ("../common.toml", "../common.toml"),
            ("a/../../common.toml", "../common.toml"),
            ("./a/./b.toml", "a/b.toml"),
            ("/a/../b.toml", "/b.toml"),
        ] {
            assert_eq!(clean(Path::new(path)), Path::new(expected), "{path}");
        }
    }

    #[test]
    fn only_paths_that_every_machine_has_are_included() {
        for path in
            ["", " ", "/etc/common.toml", "C:/common.toml", "C:common.toml", "a\\common.toml", "common", "a.toml/", "/"]
        {
            assert!(refusal(path).is_some(), "{path}");
        }
        for path in ["common.toml", "../common.toml", "a/b/c.toml", "공통부.toml"] {
            assert!(refusal(path).is_none(), "{path}");
        }
    }
}
