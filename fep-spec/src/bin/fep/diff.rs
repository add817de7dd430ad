//! `fep diff`: what changed between two versions of a spec, and what of it breaks telegrams.

use std::path::Path;

use clap::{Args, ValueEnum};
use fep_spec::diff::Diff;
use fep_spec::model::Spec;

use crate::commit::Commit;
use crate::end::{Ended, Outcome, Stop, print};

#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  fep diff old/bank-a.toml bank-a.toml\n  \
                        fep diff --breaking git:main:specs/bank-a/bank-a.toml specs/bank-a/bank-a.toml\n  \
                        fep diff old.toml new.toml --format html > changes.html\n\n\
                        Exit: 0, also with differences; 1 with --breaking if telegrams break; 2 could not run.\n\
                        The documentation of fep_spec::diff describes the JSON.")]
pub(crate) struct DiffArgs {
    /// The old version: a spec file, or git:REV:PATH
    #[arg(value_name = "OLD")]
    old: String,
    /// The new version: a spec file, or git:REV:PATH
    #[arg(value_name = "NEW")]
    new: String,
    /// Exit with 1 if telegrams of one version are refused or read differently by the other; with `names` also if a name changed
    #[arg(long, value_name = "WHAT", num_args = 0..=1, require_equals = true, default_missing_value = "bytes")]
    breaking: Option<Breaking>,
    /// The form of the differences
    #[arg(long, value_enum, default_value_t)]
    format: DiffFormat,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Breaking {
    /// What bytes mean
    Bytes,
    /// What bytes mean, and the names in JSON and generated code
    Names,
}

#[derive(Clone, Copy, Debug, Default, ValueEnum)]
enum DiffFormat {
    /// For a terminal
    #[default]
    Text,
    /// One JSON document
    Json,
    /// One page, both versions side by side
    Html,
}

/// Compares two versions of a spec.
pub(crate) fn diff(args: &DiffArgs) -> Ended {
    let old = load(&args.old)?;
    let new = load(&args.new)?;
    let diff = Diff::of(&old, &new);
    let text = match args.format {
        DiffFormat::Text => diff.to_string(),
        DiffFormat::Json => diff.to_json() + "\n",
        DiffFormat::Html => diff.to_html(),
    };
    print(text.as_bytes())?;
    let breaks = match args.breaking {
        None => false,
        Some(Breaking::Bytes) => diff.is_breaking(),
        Some(Breaking::Names) => diff.is_breaking() || diff.changes_names(),
    };
    Ok(if breaks { Outcome::Findings } else { Outcome::Clean })
}

/// Reads a spec from a file, or from a commit.
fn load(name: &str) -> Result<Spec, Stop> {
    let Some(object) = name.strip_prefix("git:") else { return Ok(Spec::load(Path::new(name))?) };
    let (commit, file) = Commit::open(object)?;
    file.parse_with(&commit).map_err(Stop::Spec)
}
