//! `fep import`: a design sheet or a COBOL copybook → a spec, with a report of what is doubtful.

use std::path::{Path, PathBuf};

use clap::Args;
use fep_spec::import::{Imported, Severity};

use crate::Format;
use crate::end::{Ended, Outcome, note, say};
use crate::files::write;
use crate::source::{self, SourceArgs};

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  fep import bank-a.xlsx -o bank-a.toml --report bank-a.html\n  fep import loans.cpy --charset ibm933 -o loans.toml\n  fep check bank-a.toml"
)]
pub(crate) struct ImportArgs {
    /// The sheet (xlsx, xls, ods, csv, tsv), or a COBOL copybook (cpy, cbl, cob, copy)
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    source: SourceArgs,
    /// Write what was understood as a mapping file, for the next version of the sheet
    #[arg(long, value_name = "MAP.toml")]
    write_map: Option<PathBuf>,
    /// Write the report as a JSON or an HTML file
    #[arg(long, value_name = "FILE.json|FILE.html")]
    report: Option<PathBuf>,
    /// The spec file, or - for stdout
    #[arg(short, long, value_name = "SPEC.toml")]
    out: PathBuf,
    /// Overwrite files that are there
    #[arg(long)]
    force: bool,
    /// The form of the report on stderr
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Imports a file, writes the spec, and reports.
pub(crate) fn import(args: &ImportArgs) -> Ended {
    let imported = source::read(&args.file, &args.source)?;
    let name = source::name(&args.file);
    write(&args.out, imported.draft.to_string().as_bytes(), args.force)?;
    if let (Some(path), Some(map)) = (&args.write_map, &imported.map) {
        write(path, map.as_bytes(), args.force)?;
    }
    if let Some(path) = &args.report {
        let is_html = path.extension().is_some_and(|extension| extension == "html" || extension == "htm");
        let report = if is_html { imported.to_html(&name) } else { imported.to_json() };
        write(path, report.as_bytes(), args.force)?;
    }
    match args.format {
        Format::Text => say(&imported.to_string()),
        Format::Json => say(&(imported.to_json() + "\n")),
    }
    summary(&imported, &args.out);
    Ok(outcome(&imported))
}

/// Findings, if the source contradicts itself.
pub(crate) fn outcome(imported: &Imported) -> Outcome {
    let has_errors = imported.doubts.iter().any(|doubt| doubt.severity == Severity::Error);
    if has_errors { Outcome::Findings } else { Outcome::Clean }
}

/// Says what was made, and how much of it is doubtful.
pub(crate) fn summary(imported: &Imported, out: &Path) {
    let count = |severity| imported.doubts.iter().filter(|doubt| doubt.severity == severity).count();
    let many = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    note(&format!(
        "{}: {}, {}; {}, {}, {}",
        out.display(),
        many(imported.draft.telegrams.len(), "telegram"),
        many(imported.items.len(), "item"),
        many(count(Severity::Error), "error"),
        many(count(Severity::Warning), "warning"),
        many(count(Severity::Note), "note")
    ));
}
