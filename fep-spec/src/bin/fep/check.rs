//! `fep check`. The findings are the data of this command, so they go to stdout.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use fep_spec::explain::{explain, explanations, similar};
use fep_spec::fix::mend_file;
use fep_spec::load::{LoadError, SpecFile, SpecNames, spec_files};
use fep_spec::report::{Report, Severity};
use serde_json::json;

use crate::Format;
use crate::end::{Ended, Outcome, Stop, colour_stdout, note, print, say};
use crate::files::spec_on_stdin;
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
    let mut run = Run { fix: args.fix, ..Run::default() };
    if args.fix && args.specs.iter().any(|path| path == Path::new("-")) {
        return Err(Stop::Message("--fix rewrites files: name a file in place of -".to_owned()));
    }
    for path in &args.specs {
        if path == Path::new("-") {
            run.file(&spec_on_stdin()?)?;
            continue;
        }
        for file in spec_files(path)? {
            match SpecFile::open(&file) {
                Ok(file) => run.file(&file)?,
                Err(LoadError::Findings(findings)) => {
                    run.report.append_new(findings);
                    run.specs += 1;
                }
                Err(other) => return Err(other.into()),
            }
        }
    }
    run.note_not_included();
    let Run { report, specs, shared, .. } = run;
    show(&report, args.format)?;
    let notes = report.findings.iter().filter(|finding| finding.severity == Severity::Note).count();
    let found = report.findings.len().saturating_sub(notes);
    if args.format == Format::Text {
        let shared = match shared.len() {
            0 => String::new(),
            count => format!(", {count} shared file{}", plural(count)),
        };
        let noted = if notes == 0 { String::new() } else { format!(", {notes} note{}", plural(notes)) };
        let mendable = report.findings.iter().filter(|finding| finding.fix.is_some() && !args.fix).count();
        let advice = if mendable == 0 { String::new() } else { format!("; --fix may mend {mendable} of them") };
        note(&format!("{specs} spec{}{shared}, {found} finding{}{noted}{advice}", plural(specs), plural(found)));
    }
    Ok(if report.is_clean() { Outcome::Clean } else { Outcome::Findings })
}

/// The files that were checked so far.
#[derive(Default)]
struct Run {
    fix: bool,
    report: Report,
    names: SpecNames,
    /// The number of specs.
    specs: usize,
    /// The shared files that are checked by themselves.
    shared: Vec<SpecFile>,
    /// The files that specs include, by what identifies them.
    included: BTreeSet<PathBuf>,
    /// The files that were mended.
    mended: BTreeSet<PathBuf>,
}

impl Run {
    fn file(&mut self, file: &SpecFile) -> Result<(), Stop> {
        let mut checked = file.check();
        if self.fix {
            // What a spec includes is mended first, so that the spec is checked with it.
            for path in &checked.included {
                if let Ok(included) = SpecFile::open(path) {
                    self.mend(&included)?;
                }
            }
            checked.report = self.mend(file)?;
        }
        self.report.append_new(checked.report);
        self.report.findings.extend(self.names.take(&file.path, &file.text));
        if checked.shared.is_some() {
            self.shared.push(file.clone());
        } else {
            self.specs += 1;
            self.included.extend(checked.included.iter().map(|path| identity(path)));
        }
        Ok(())
    }

    /// Mends a file, says what was done, and returns what is left.
    fn mend(&mut self, file: &SpecFile) -> Result<Report, Stop> {
        if !self.mended.insert(identity(&file.path)) {
            return Ok(Report::default());
        }
        let mended = mend_file(file);
        if mended.text != file.text {
            replace(&file.path, &mended.text)?;
        }
        for finding in &mended.done {
            let done = finding.fix.as_ref().map(ToString::to_string).unwrap_or_default();
            let line = finding.line;
            let column = finding.column;
            say(&format!("{}:{line}:{column}: {}: {done}\n", finding.file(), finding.message));
        }
        Ok(mended.report)
    }

    /// Notes the shared files that none of the specs includes. Without a spec in this run, nobody can know.
    fn note_not_included(&mut self) {
        if self.specs > 0 {
            let is_included = |file: &&SpecFile| self.included.contains(&identity(&file.path));
            let others = self.shared.iter().filter(|file| !is_included(file)).map(SpecFile::not_included);
            self.report.findings.extend(others);
        }
    }
}

/// What all paths of a file have in common.
fn identity(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
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
