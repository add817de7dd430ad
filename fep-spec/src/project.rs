//! A project folder that runs against the gateway's simulator at once: the texts of its files, for `fep new`.
//!
//! ```text
//! specs/NAME.toml   gateway.toml   scenario.toml   request.json   README.md   .gitignore
//! ```
//!
//! What the source does not say, but an exchange needs, is assumed where a person would try the same first: see [`Project::assumed`]. Each
//! assumption is marked with `ASSUMED` in the file and listed in the README. Nothing is assumed in a spec that a person wrote. Without a
//! request there is no exchange: then [`Project::to_fill`] says what is missing.
//!
//! This module writes no files. It knows the keys of the gateway's files as texts only; tests of the gateway read them and run a
//! project as its README says.
//!
//! ```
//! use fep_spec::project::Project;
//!
//! let project = Project::example("coop");
//! assert!(project.assumed.is_empty() && project.to_fill.is_empty());
//! assert_eq!(project.request.as_deref(), Some("BalanceInquiry"));
//! assert!(project.files.iter().any(|(path, _)| path == "specs/coop.toml"));
//! ```

mod leaves;
mod assume;
mod plain;
mod texts;

use self::plain::Plain;
use self::texts::Texts;
use crate::draft::{Draft, Entry};
use crate::load::SpecFile;
use crate::model::Spec;

/// The files of a project.
#[derive(Clone, Debug, Default)]
pub struct Project {
    /// Each file with its path in the folder.
    pub files: Vec<(String, String)>,
    /// What was assumed, a sentence or two each.
    pub assumed: Vec<String>,
    /// What a person must fill in before an exchange is possible, a sentence or two each.
    pub to_fill: Vec<String>,
    /// The telegram of `request.json`. `None` if the spec has no request that is answered.
    pub request: Option<String>,
}

/// Whether a project can have this name: small letters, digits and hyphens, beginning with a letter.
///
/// ```
/// assert!(fep_spec::project::is_name("bank-a"));
/// assert!(!fep_spec::project::is_name("Bank A"));
/// ```
#[must_use]
pub fn is_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_lowercase())
        && !name.ends_with('-')
        && name.chars().all(|one| one.is_ascii_lowercase() || one.is_ascii_digit() || one == '-')
}

impl Project {
    /// A project with a small spec of its own: an echo test, a balance inquiry and a transfer.
    #[must_use]
    pub fn example(name: &str) -> Self {
        let mut project = Self::of_spec(name, &include_str!("project/spec.toml").replace("{name}", name));
        for (path, text) in &mut project.files {
            if path == "request.json" {
                include_str!("project/request.json").clone_into(text);
            }
        }
        project
    }

    /// A project for an imported draft. What an exchange needs and the draft lacks is assumed.
    #[must_use]
    pub fn of_draft(name: &str, draft: &Draft) -> Self {
        let mut draft = draft.clone();
        for entry in draft.head.iter_mut().filter(|entry| entry.key == "spec") {
            *entry = Entry::new("spec", name);
        }
        let path = spec_path(name);
        let assumed = assume::complete(&mut draft);
        let assumed = assumed.into_iter().map(|what| format!("`{path}`: {what}")).collect();
        let text = draft.to_string();
        let read = Spec::check(&path, &text).spec;
        Self::with(name, &text, read, assumed)
    }

    /// A project for the text of a spec file that a person wrote.
    #[must_use]
    pub fn of_spec(name: &str, spec: &str) -> Self {
        let read = Spec::check(&spec_path(name), spec).spec;
        Self::with(name, spec, read, Vec::new())
    }

    /// A project for a spec file, which may include others. They must be where the file of the project finds them.
    #[must_use]
    pub fn of_file(name: &str, file: &SpecFile) -> Self {
        Self::with(name, &file.text, file.check().spec, Vec::new())
    }

    fn with(name: &str, text: &str, read: Option<Spec>, mut assumed: Vec<String>) -> Self {
        let path = spec_path(name);
        let plain = read.as_ref().map(Plain::of).unwrap_or_default();
        assumed.extend(plain.assumed());
        let to_fill = match &read {
            Some(spec) => plain.to_fill(spec, &path),
            None => vec![format!("`{path}` has mistakes: `fep check specs` lists them.")],
        };
        let request = plain.request.map(|telegram| telegram.name().to_owned());
        let texts = Texts { name, plain: &plain, assumed: &assumed, to_fill: &to_fill };
        let mut files = vec![
            (path, text.to_owned()),
            ("gateway.toml".to_owned(), texts.gateway()),
            ("scenario.toml".to_owned(), texts.scenario()),
            ("README.md".to_owned(), texts.readme()),
            (".gitignore".to_owned(), include_str!("project/gitignore").to_owned()),
        ];
        files.extend(plain.sample.clone().map(|sample| ("request.json".to_owned(), sample)));
        Self { files, assumed, to_fill, request }
    }
}

fn spec_path(name: &str) -> String {
    format!("specs/{name}.toml")
}
