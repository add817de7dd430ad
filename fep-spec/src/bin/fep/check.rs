//! `fep check`. The findings are the data of this command, so they go to stdout.

use std::path::{Path, PathBuf};

use clap::Args;
use fep_spec::explain::{explain, explanations, similar};
use fep_spec::fix::mend;
use fep_spec::load::{LoadError, SpecNames, read, spec_files};
use fep_spec::model::Spec;
use fep_spec::report::{Report, Severity};
use serde_json::json;

use crate::Format;
use crate::end::{Ended, Outcome, Stop, colour_stdout, note, print, say};
use crate::files::read_text;
use crate::fmt::replace;

#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  fep check specs\n  fep check bank-a.toml --format json\n  fep check bank-a.toml --fix\n  fep check --explain length-mismatch"
)]
pub(crate) struct CheckArgs {
    /// Spec files, folders of them, or - for stdin
    #[arg(required_unless_present = "explain", value_name = "SPEC")]
    specs: Vec<PathBuf>,
    /// What the code of a finding means, with an example and advice: length-mismatch, F019, or a code of `fep import`
    #[arg(long, value_name = "CODE", conflicts_with = "specs")]
    explain: Option<String>,
    /// Mend what has one right answer in the files themselves, and say what was done; show what is left
    #[arg(long, conflicts_with = "explain")]
    fix: bool,
    /// The form of the findings
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Checks every spec and shows the findings.
pub(crate) fn check(args: &CheckArgs) -> Ended {
    if let Some(code) = &args.explain {
        return explained(code, args.format);
    }
    let mut report = Report::default();
    let mut files = 0_usize;
    let mut names = SpecNames::default();
    if args.fix && args.specs.iter().any(|path| path == Path::new("-")) {
        return Err(Stop::Message("--fix rewrites files: name a file in place of -".to_owned()));
    }
    for path in &args.specs {
        let stdin = path == Path::new("-");
        for path in if stdin { vec![path.clone()] } else { spec_files(path)? } {
            let read = if stdin { Ok(("stdin".to_owned(), read_text(None)?)) } else { read(&path) };
            report.append(match read {
                Ok((name, text)) => {
                    let mut report =
                        if args.fix { fixed(&path, &name, &text)? } else { Spec::check(&name, &text).report };
                    report.findings.extend(names.take(&path, &text));
                    report
                }
                Err(LoadError::Findings(report)) => report,
                Err(other) => return Err(other.into()),
            });
            files += 1;
        }
    }
    show(&report, args.format)?;
    let notes = report.findings.iter().filter(|finding| finding.severity == Severity::Note).count();
    let found = report.findings.len().saturating_sub(notes);
    if args.format == Format::Text {
        let noted = if notes == 0 { String::new() } else { format!(", {notes} note{}", plural(notes)) };
        let mendable = report.findings.iter().filter(|finding| finding.fix.is_some() && !args.fix).count();
        let advice = if mendable == 0 { String::new() } else { format!("; --fix may mend {mendable} of them") };
        note(&format!("{files} spec{}, {found} finding{}{noted}{advice}", plural(files), plural(found)));
    }
    Ok(if report.is_clean() { Outcome::Clean } else { Outcome::Findings })
}

/// Mends a file, says what was done, and returns what is left.
fn fixed(path: &Path, name: &str, text: &str) -> Result<Report, Stop> {
    let mended = mend(name, text);
    if mended.text != text {
        replace(path, &mended.text)?;
    }
    for finding in &mended.done {
        let done = finding.fix.as_ref().map(ToString::to_string).unwrap_or_default();
        let line = finding.line;
        let column = finding.column;
        say(&format!("{}:{line}:{column}: {}: {done}\n", finding.file(), finding.message));
    }
    Ok(mended.report)
}

/// Prints the explanation of a code on stdout.
fn explained(code: &str, format: Format) -> Ended {
    let Some(explanation) = explain(code) else {
        let similar = similar(code);
        let known = if similar.is_empty() { explanations().map(|one| one.code).collect() } else { similar };
        let message = format!(
            "there is no code `{code}`; there {} {}",
            if known.len() == 1 { "is" } else { "are" },
            known.join(", ")
        );
        return Err(Stop::Message(message));
    };
    match format {
        Format::Text => print(explanation.to_string().as_bytes())?,
        Format::Json => print(format!("{}\n", json!(explanation)).as_bytes())?,
    }
    Ok(Outcome::Clean)
}

/// Prints the findings on stdout.
fn show(report: &Report, format: Format) -> Result<(), Stop> {
    match format {
        Format::Text => print(report.render(colour_stdout()).as_bytes()),
        Format::Json => print((report.to_json() + "\n").as_bytes()),
    }
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}
