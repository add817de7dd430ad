//! `fep gen`: one Rust file for each spec, or a comparison with what is there.

use std::path::{Path, PathBuf};

use fep_spec::generate::{file_name, rust};
use fep_spec::load::{LoadError, spec_files};
use fep_spec::model::Spec;

use crate::GenArgs;
use crate::check::show;
use crate::end::{Ended, Outcome, Stop, note, print};

/// Writes or compares the Rust of every spec.
pub(crate) fn generate(args: &GenArgs) -> Ended {
    let mut paths = Vec::new();
    for path in &args.specs {
        paths.extend(spec_files(path)?);
    }
    let to_stdout = args.out == Path::new("-");
    let one_file = to_stdout || args.out.extension().is_some_and(|extension| extension == "rs");
    if one_file && paths.len() != 1 {
        let message = format!("{} specs cannot go to {}; name a folder", paths.len(), args.out.display());
        return Err(Stop::Message(message));
    }
    let mut outcome = Outcome::Clean;
    for path in paths {
        let spec = match Spec::load(&path) {
            Ok(spec) => spec,
            Err(LoadError::Findings(report)) => {
                show(&report, args.format)?;
                outcome = Outcome::Findings;
                continue;
            }
            Err(other) => return Err(other.into()),
        };
        let source = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let text = rust(&spec, &source).map_err(|error| Stop::Message(format!("{}: {error}", path.display())))?;
        let out = if one_file { args.out.clone() } else { args.out.join(file_name(&spec)) };
        if args.check {
            outcome = compare(&out, &text).unwrap_or(outcome);
        } else if to_stdout {
            print(text.as_bytes())?;
        } else {
            write(&out, &text)?;
        }
    }
    Ok(outcome)
}

/// Notes a file that is not what would be generated.
fn compare(path: &PathBuf, text: &str) -> Option<Outcome> {
    let found = match std::fs::read_to_string(path) {
        Ok(found) => found,
        Err(error) => {
            note(&format!("cannot read {}: {error}", path.display()));
            return Some(Outcome::Findings);
        }
    };
    // A checkout may have other line ends.
    let line = found.lines().zip(text.lines()).take_while(|(found, wanted)| found == wanted).count();
    if line == text.lines().count() && line == found.lines().count() {
        return None;
    }
    note(&format!("{}:{}: differs from the spec; run `fep gen` without --check", path.display(), line + 1));
    Some(Outcome::Findings)
}

fn write(path: &Path, text: &str) -> Result<(), Stop> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let written = folder.map_or(Ok(()), std::fs::create_dir_all).and_then(|()| std::fs::write(path, text));
    written.map_err(|error| Stop::Message(format!("cannot write {}: {error}", path.display())))
}
