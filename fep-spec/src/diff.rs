//! What changed between two versions of a spec, and what of it breaks telegrams.
//!
//! Two questions have separate answers. [`Change`]s are what a person compares: items that were added, removed, moved, resized, read in
//! another way, renamed, described in other words. [`Break`]s are about bytes: a telegram of the old version that the new one refuses or
//! reads as other values, and a telegram of the new version that the old one refuses. A name on the sheet changes no byte; a reserved
//! field that becomes an account number changes no other field, but an old peer refuses it.
//!
//! A break is proved by an example where one exists. Where two rules are neither shown to be alike nor shown to differ, the break says
//! so: what is not proved to be compatible counts as breaking.
//!
//! Telegrams that only the new version has break nothing: nobody who has the old version expects them. Names do not change bytes; services
//! that use the JSON or the generated code need [`Diff::changes_names`].
//!
//! ```
//! use fep_spec::Spec;
//! use fep_spec::diff::Diff;
//!
//! let spec = |len: u8| {
//!     let head = "spec = \"a\"\ntitle = \"A\"\nversion = \"1\"\nsource = \"s\"\ncharset = \"ascii\"\n";
//!     let item = format!("{{ name = \"amount\", kind = \"number\", len = {len} }}");
//!     Spec::parse("a.toml", &format!("{head}[telegrams.Fee]\nitems = [{item}]\n")).map_err(|report| report.to_string())
//! };
//! let diff = Diff::of(&spec(5)?, &spec(6)?);
//! assert!(diff.is_breaking());
//! assert!(diff.to_string().contains("amount"));
//! # Ok::<(), String>(())
//! ```

mod tree;
mod pairs;
mod links;
mod sides;
mod content;
mod wire;
mod recognised;
mod rows;
mod items;
mod files;
mod telegrams;
mod text;
mod page;

use std::fmt;
use std::ops::Range;

use serde::Serialize;

use crate::model::Spec;

/// The differences of two versions of a spec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diff {
    /// The old version.
    pub old: Version,
    /// The new version.
    pub new: Version,
    /// What changed, in the order of the new version; what was removed stands where it was.
    pub changes: Vec<Change>,
    /// What breaks telegrams.
    pub breaks: Vec<Break>,
    /// The items of both versions side by side, for the page.
    rows: Vec<rows::Table>,
}

/// One of the two specs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Version {
    /// The spec's name.
    pub spec: String,
    /// Its title.
    pub title: String,
    /// Its version, as the sheet states it.
    pub version: String,
}

/// What a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// The items and their bytes: number, order, offsets, lengths, repetitions.
    Layout,
    /// What the bytes mean: kinds and their options, codes, constants, computed fields, conditions.
    Value,
    /// Names in code and JSON.
    Name,
    /// Words for people: labels, remarks, titles, the sheet's letters.
    Document,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The telegram, part of it, or record file that changed: its name in the new version, or the old one if it was removed. `None` for
    /// the spec itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub telegram: Option<String>,
    /// The path of the item in the new version, or the old one if it was removed. `None` for a telegram, a filler, a nameless literal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The name on the sheet; empty if there is none.
    pub label: String,
    /// What the change is about.
    pub class: Class,
    /// What was done, for programs: `added`, `removed`, `moved`, `resized`, `retyped`, `renamed`, `documents` and so on.
    pub change: &'static str,
    /// The old state in a few words, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// The new state in a few words, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
    /// The item's bytes in the old telegram.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_bytes: Option<Bytes>,
    /// The item's bytes in the new telegram.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_bytes: Option<Bytes>,
}

/// The bytes of an item. In a group those of the first entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Bytes {
    /// The offset of the first byte, from 0 within the telegram. `None` behind an item whose length varies.
    pub offset: Option<usize>,
    /// The number of bytes; of a group those of all entries. `None` if it varies.
    pub len: Option<usize>,
}

/// Whose telegrams break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sender {
    /// A telegram of the old version: the new version refuses it, or reads other values.
    Old,
    /// A telegram of the new version: the old version refuses it.
    New,
}

/// A reason why telegrams of one version are not good for the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Break {
    /// The telegram or record file, by its name in the version of the sender.
    pub telegram: String,
    /// The path of the item in the version of the sender. `None` if it is not one named item.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Whose telegrams break.
    pub sender: Sender,
    /// The bytes of the sender's telegram, from 0. `None` if they lie behind an item whose length varies.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<Range<usize>>,
    /// Why, in one line.
    pub reason: String,
    /// Bytes that show it, if there are some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<Example>,
}

/// The content of an item that the two versions read differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Example {
    /// The content of the item as lower hex digits.
    pub content: String,
    /// What the old version reads, as JSON; `None` if it refuses the content.
    pub old: Option<String>,
    /// What the new version reads, as JSON; `None` if it refuses the content.
    pub new: Option<String>,
}

/// The JSON document.
#[derive(Serialize)]
struct Document<'d> {
    old: &'d Version,
    new: &'d Version,
    breaking: bool,
    changes: &'d [Change],
    breaks: &'d [Break],
}

impl Diff {
    /// Compares two versions of a spec.
    #[must_use]
    pub fn of(old: &Spec, new: &Spec) -> Self {
        let version =
            |spec: &Spec| Version { spec: spec.name.clone(), title: spec.title.clone(), version: spec.version.clone() };
        let mut diff =
            Self { old: version(old), new: version(new), changes: Vec::new(), breaks: Vec::new(), rows: Vec::new() };
        telegrams::compare(old, new, &mut diff);
        files::compare(old, new, &mut diff);
        diff
    }

    /// Whether telegrams of one version are refused or read differently by the other.
    #[must_use]
    pub fn is_breaking(&self) -> bool {
        !self.breaks.is_empty()
    }

    /// Whether names in JSON and generated code changed.
    #[must_use]
    pub fn changes_names(&self) -> bool {
        self.changes.iter().any(|change| change.class == Class::Name)
    }

    /// Whether both versions say the same in every respect, the remarks included.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.breaks.is_empty()
    }

    /// The differences as one JSON document: `old`, `new`, `breaking`, `changes`, `breaks`.
    #[must_use]
    pub fn to_json(&self) -> String {
        let Self { old, new, changes, breaks, .. } = self;
        let document = Document { old, new, breaking: self.is_breaking(), changes, breaks };
        serde_json::to_string_pretty(&document).unwrap_or_default()
    }

    /// The differences as one HTML page, both versions side by side.
    #[must_use]
    pub fn to_html(&self) -> String {
        page::html(self)
    }
}

/// The differences for a terminal.
impl fmt::Display for Diff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::write(self, f)
    }
}
