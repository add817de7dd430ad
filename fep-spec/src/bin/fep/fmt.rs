//! `fep fmt`: rewrites specs in the canonical form, or says which of them differ from it.
//!
//! The data of this command are the specs, so findings are messages and go to stderr. With `--format json` they are data and go to stdout.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use fep_spec::canonical;
use fep_spec::load::{LoadError, read, spec_files};
use fep_spec::report::Report;

use crate::Format;
use crate::end::{Ended, Outcome, Stop, colour, note, print, say};
use crate::files::read_text;

#[derive(Debug, Args)]
#[command(after_help = "Example:\n  fep fmt specs\n  fep fmt specs --check\n  fep fmt - < bank-a.toml\n\n\
                        The documentation of fep_spec::canonical describes the form.")]
pub(crate) struct FmtArgs {
    /// Spec files, folders of them, or - for stdin to stdout
    #[arg(required = true, value_name = "SPEC")]
    specs: Vec<PathBuf>,
    /// Write nothing; exit 1 with a finding for each file that differs
    #[arg(long)]
    check: bool,
    /// The form of the findings
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Formats or compares every spec.
pub(crate) fn fmt(args: &FmtArgs) -> Ended {
    let mut report = Report::default();
    let mut files = 0_usize;
    let mut changed = 0_usize;
    let mut to_stdout = false;
    for path in &args.specs {
        let stdin = path == Path::new("-");
        for path in if stdin { vec![path.clone()] } else { spec_files(path)? } {
            files += 1;
            let read = if stdin { Ok(("stdin".to_owned(), read_text(None)?)) } else { read(&path) };
            let (name, text) = match read {
                Ok(read) => read,
                Err(LoadError::Findings(findings)) => {
                    report.append(findings);
                    continue;
                }
                Err(other) => return Err(other.into()),
            };
            if args.check {
                match canonical::check(&name, &text) {
                    Ok(finding) => report.findings.extend(finding),
                    Err(findings) => report.append(findings),
                }
                continue;
            }
            match canonical::format(&name, &text) {
                Ok(formatted) if stdin => {
                    to_stdout = true;
                    print(formatted.as_bytes())?;
                }
                Ok(formatted) if formatted == text => {}
                Ok(formatted) => {
                    replace(&path, &formatted)?;
                    changed += 1;
                    say_changed(args.format, &name);
                }
                Err(findings) => report.append(findings),
            }
        }
    }
    match args.format {
        Format::Json if !to_stdout => print((report.to_json() + "\n").as_bytes())?,
        Format::Json => say(&(report.to_json() + "\n")),
        Format::Text => say(&report.render(colour(&io::stderr()))),
    }
    if args.format == Format::Text && !to_stdout {
        let plural = if files == 1 { "" } else { "s" };
        let what = if args.check { report.findings.len() } else { changed };
        let verb = if args.check { "differ" } else { "rewritten" };
        note(&format!("{files} spec{plural}, {what} {verb}"));
    }
    Ok(if report.is_empty() { Outcome::Clean } else { Outcome::Findings })
}

fn say_changed(format: Format, name: &str) {
    if format == Format::Text {
        note(&format!("{name}: rewritten"));
    }
}

/// Replaces a file at once, so that nobody sees half of it. A link keeps pointing to the file.
pub(crate) fn replace(path: &Path, text: &str) -> Result<(), Stop> {
    let cannot = |error: io::Error| Stop::Message(format!("cannot write {}: {error}", path.display()));
    let target = path.canonicalize().map_err(cannot)?;
    let permissions = target.metadata().map_err(cannot)?.permissions();
    if permissions.readonly() {
        return Err(cannot(io::Error::new(io::ErrorKind::PermissionDenied, "the file is read-only")));
    }
    let folder = target.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".fep-").tempfile_in(folder).map_err(cannot)?;
    file.write_all(text.as_bytes()).and_then(|()| file.as_file().set_permissions(permissions)).map_err(cannot)?;
    file.persist(&target).map(|_| ()).map_err(|error| cannot(error.error))
}
