//! `fep gen`: writes one Rust file for each spec, or compares it with the existing file.
//!
//! The data of this command is Rust, so findings are messages and go to stderr. With `--format json` they are data and go to
//! stdout.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use fep_spec::generate::{GenerateOptions, file_name, module_list, rust_with};
use fep_spec::load::{LoadError, SpecNames, read, specs_of};
use fep_spec::model::Spec;
use fep_spec::report::{Code, Finding, Report, Severity, Source};

use crate::Format;
use crate::end::{Ended, Outcome, Stop, colour, print, say};

#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  fep gen bank.toml -o src/bank.rs\n  fep gen specs -o src/telegrams --modules\n  fep gen specs -o src/telegrams --modules --check\n  \
                        fep gen bank.toml -o - | less"
)]
pub(crate) struct GenArgs {
    /// Spec files, or folders of them
    #[arg(required = true, value_name = "SPEC")]
    specs: Vec<PathBuf>,
    /// A folder, for one .rs file per spec; for a single spec also a .rs file, or - for stdout
    #[arg(short, long, value_name = "OUT")]
    out: PathBuf,
    /// Compare with the existing files and write nothing; exit 1 if they differ
    #[arg(long)]
    check: bool,
    /// Also write mod.rs, which names the modules of all specs
    #[arg(long)]
    modules: bool,
    /// Telegrams have Serialize and Deserialize; the code needs the feature serde of fep-codec
    #[arg(long)]
    serde: bool,
    /// The form of the findings
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Writes or compares the Rust of every spec.
pub(crate) fn generate(args: &GenArgs) -> Ended {
    let mut paths = Vec::new();
    for path in &args.specs {
        paths.extend(specs_of(path)?);
    }
    let to_stdout = args.out == Path::new("-");
    let one_file = to_stdout || args.out.extension().is_some_and(|extension| extension == "rs");
    if one_file && paths.len() != 1 {
        let message = format!("{} specs cannot go to {}; name a folder", paths.len(), args.out.display());
        return Err(Stop::Message(message));
    }
    if args.modules && one_file {
        let message = format!("--modules writes mod.rs into a folder, and {} is no folder", args.out.display());
        return Err(Stop::Message(message));
    }
    let mut report = Report::default();
    let mut names = SpecNames::default();
    let mut specs = Vec::new();
    let wanted = paths.len();
    for path in paths {
        // The second of two specs of one name would overwrite the file of the first.
        if let Some(taken) = read(&path).ok().and_then(|(_, text)| names.take(&path, &text)) {
            report.findings.push(taken);
            continue;
        }
        let spec = match Spec::load(&path) {
            Ok(spec) => spec,
            Err(LoadError::Findings(findings)) => {
                report.append_new(findings);
                continue;
            }
            Err(other) => return Err(other.into()),
        };
        let source = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let options = GenerateOptions { serde: args.serde };
        let text = rust_with(&spec, &source, options)
            .map_err(|error| Stop::Message(format!("{}: {error}", path.display())))?;
        let out = if one_file { args.out.clone() } else { args.out.join(file_name(&spec)) };
        put(args, &out, &text, &mut report)?;
        specs.push(spec);
    }
    // Without a spec that has errors the list would be too short.
    if args.modules && specs.len() == wanted {
        put(args, &args.out.join("mod.rs"), &module_list(&specs), &mut report)?;
    }
    match args.format {
        Format::Json if !to_stdout || !report.is_empty() => print((report.to_json() + "\n").as_bytes())?,
        Format::Json => {}
        Format::Text => say(&report.render(colour(&io::stderr()))),
    }
    Ok(if report.is_empty() { Outcome::Clean } else { Outcome::Findings })
}

/// Writes a file, or compares it.
fn put(args: &GenArgs, path: &Path, text: &str, report: &mut Report) -> Result<(), Stop> {
    if args.check {
        report.findings.extend(compare(path, text));
        return Ok(());
    }
    if args.out == Path::new("-") { print(text.as_bytes()) } else { write(path, text) }
}

/// A finding at the first line of a file that differs from the generated text.
fn compare(path: &Path, text: &str) -> Option<Finding> {
    let name = path.display().to_string();
    let hint = "run `fep gen` without --check";
    let found = match std::fs::read_to_string(path) {
        Ok(found) => found,
        Err(error) => {
            let source = Arc::new(Source::new(name, ""));
            let message = format!("cannot be read: {error}");
            return Some(Finding::new(&source, Severity::Error, Code::NotGenerated, 0..0, message).with_hint(hint));
        }
    };
    // A checkout may have other line ends.
    let line = found.lines().zip(text.lines()).take_while(|(found, wanted)| found == wanted).count();
    if line == text.lines().count() && line == found.lines().count() {
        return None;
    }
    let start = found.split_inclusive('\n').take(line).map(str::len).sum();
    let end = start + found.lines().nth(line).map_or(0, str::len);
    let source = Arc::new(Source::new(name, found));
    Some(
        Finding::new(&source, Severity::Error, Code::NotGenerated, start..end, "differs from the spec from here on")
            .with_hint(hint),
    )
}

fn write(path: &Path, text: &str) -> Result<(), Stop> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let written = folder.map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(path, text));
    written.map_err(|error| Stop::Message(format!("cannot write {}: {error}", path.display())))
}
