//! The names by which items refer to each other, in both versions.

use std::collections::{BTreeMap, BTreeSet};

use fep_codec::layout::Computed;

/// The names of one telegram in both versions.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// All paths of the old version, each with its path in the new one if it has one.
    pub(super) new_of: BTreeMap<String, Option<String>>,
    /// All paths of the new version.
    pub(super) new: BTreeSet<String>,
}

impl Names {
    /// A computed field with absolute paths in the new version.
    pub(super) fn translate(&self, computed: &Computed, at: &str) -> Computed {
        with_paths(computed, |reference| {
            let absolute = absolute(|path| self.new_of.contains_key(path), at, reference);
            self.new_of.get(&absolute).cloned().flatten().unwrap_or_else(|| format!("old {absolute}"))
        })
    }

    /// A computed field of the new version with absolute paths.
    pub(super) fn absolute(&self, computed: &Computed, at: &str) -> Computed {
        with_paths(computed, |reference| absolute(|path| self.new.contains(path), at, reference))
    }

    /// Whether a reference of the old version and one of the new version name the same item.
    pub(super) fn is_same_item(&self, old: [&str; 2], new: [&str; 2]) -> bool {
        let [old_at, old_reference] = old;
        let [new_at, new_reference] = new;
        let old_path = absolute(|path| self.new_of.contains_key(path), old_at, old_reference);
        let new_path = absolute(|path| self.new.contains(path), new_at, new_reference);
        self.new_of.get(&old_path).is_some_and(|path| path.as_ref() == Some(&new_path))
    }
}

/// The path that a reference means from a place: beside it, or beside what contains it.
fn absolute(exists: impl Fn(&str) -> bool, at: &str, reference: &str) -> String {
    let mut within = at;
    while let Some((outer, _)) = within.rsplit_once('.') {
        let path = format!("{outer}.{reference}");
        if exists(&path) {
            return path;
        }
        within = outer;
    }
    reference.to_owned()
}

fn with_paths(computed: &Computed, path: impl Fn(&str) -> String) -> Computed {
    match computed.clone() {
        Computed::LengthOf(of) => Computed::LengthOf(path(&of).into()),
        Computed::Count(of) => Computed::Count(path(&of).into()),
        Computed::Sum(of) => Computed::Sum(path(&of).into()),
        Computed::Sign(mut sign) => {
            sign.of = path(&sign.of).into();
            Computed::Sign(sign)
        }
        Computed::Check(mut check) => {
            check.from = check.from.map(|from| path(&from).into());
            check.to = check.to.map(|to| path(&to).into());
            Computed::Check(check)
        }
        other @ (Computed::Length(_) | Computed::Sequence(_)) => other,
    }
}
