//! Where the reports of commands go: stdout, and files by the ends of their names. What is in them is not decided here.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::{Failure, OUT_BYTES};

/// Where a report goes, and in which forms.
#[derive(Args, Clone, Debug)]
pub(super) struct ReportOptions {
    /// What stdout gets.
    #[arg(long, value_enum, default_value_t)]
    format: Form,
    /// A file that gets the report, too: .html, .xlsx, .json or .txt. May be given several times. A file that is there is replaced.
    #[arg(long = "report", value_name = "FILE", value_parser = report_file)]
    reports: Vec<(PathBuf, Form)>,
}

/// The forms of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    /// Text for a terminal.
    #[default]
    Text,
    /// One JSON object.
    Json,
    /// An HTML page.
    #[value(skip)]
    Page,
    /// An xlsx workbook.
    #[value(skip)]
    Book,
}

/// The form that a file name asks for.
fn report_file(name: &str) -> Result<(PathBuf, Form), String> {
    let path = PathBuf::from(name);
    let form = match path.extension().and_then(|extension| extension.to_str()) {
        Some("html") => Form::Page,
        Some("xlsx") => Form::Book,
        Some("json") => Form::Json,
        Some("txt") => Form::Text,
        _ => return Err("a report is a .html, .xlsx, .json or .txt file".to_owned()),
    };
    Ok((path, form))
}

impl ReportOptions {
    /// Whether a report in this form is asked for.
    pub(super) fn has(&self, form: Form) -> bool {
        self.format == form || self.reports.iter().any(|(_, own)| *own == form)
    }

    /// Refuses a report in the place of an input.
    pub(super) fn spare(&self, input: &Path, what: &str) -> Result<(), Failure> {
        let real = input.canonicalize();
        let is_input =
            |path: &Path| path.canonicalize().is_ok_and(|path| real.as_ref().is_ok_and(|real| *real == path));
        match self.reports.iter().find(|(path, _)| is_input(path)) {
            Some((path, _)) => {
                Err(Failure::Message(format!("{} is {what}: choose another name for the report", path.display())))
            }
            None => Ok(()),
        }
    }

    /// Writes a report everywhere. `bytes` makes its forms. What was found is shown also if a file cannot be written.
    pub(super) fn write(&self, bytes: impl Fn(Form) -> Result<Vec<u8>, Failure>) -> Result<(), Failure> {
        let mut out = BufWriter::with_capacity(OUT_BYTES, io::stdout().lock());
        match out.write_all(&bytes(self.format)?).and_then(|()| out.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(Failure::because("stdout", error)),
            _ => {}
        }
        for (path, form) in &self.reports {
            replace(path, &bytes(*form)?).map_err(|error| Failure::because(path.display(), error))?;
        }
        Ok(())
    }
}

/// Writes a file that only its owner may read, in one step: a report has account numbers and amounts. A file that was there is replaced.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path).map(drop).map_err(|error| error.error)
}
