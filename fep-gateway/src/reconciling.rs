//! The command `fep-gateway reconcile`: its arguments, and where its report goes. The comparison is `fep_gateway::reconcile`.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use clap::{Args, ValueEnum};
use fep_gateway::Config;
use fep_gateway::journal::reading::JournalPlace;
use fep_gateway::reconcile::{self, Report, Request};

use super::{Failure, OUT_BYTES, load};

/// What is compared, and where the report goes.
#[derive(Args, Clone, Debug)]
pub(super) struct Reconciling {
    /// The file of the institution.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The configuration of the gateway: it names the journal, and says how the file is compared.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The institution.
    #[arg(long, value_name = "NAME")]
    institution: String,
    /// The reconciliation, if the institution has several.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The business date: 2026-11-26. Default: what the file says, if the configuration has `date`.
    #[arg(long, value_name = "DATE", value_parser = reconcile::parse_date)]
    date: Option<i64>,
    /// The journal files, as those of `journal`. Default: the journal of the configuration with its archives, or its database.
    #[arg(long = "journal", value_name = "PATH")]
    journal: Vec<PathBuf>,
    /// What stdout gets.
    #[arg(long, value_enum, default_value_t)]
    format: Form,
    /// A file that gets the report, too: .html, .xlsx, .json or .txt. May be given several times. A file that is there is replaced.
    #[arg(long = "report", value_name = "FILE", value_parser = report_file)]
    reports: Vec<(PathBuf, Form)>,
    /// The maximum number of findings in the report. Further ones are in its sums only.
    #[arg(long, value_name = "COUNT", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    findings_max: u32,
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

impl Reconciling {
    /// Carries the command out. Exit code 1 if something needs a person.
    pub(super) fn run(&self) -> Result<ExitCode, Failure> {
        let config = load(&self.config)?;
        let input = self.file.canonicalize();
        if let Some((path, _)) = self
            .reports
            .iter()
            .find(|(path, _)| path.canonicalize().is_ok_and(|path| input.as_ref().is_ok_and(|input| *input == path)))
        {
            return Err(Failure::Message(format!(
                "{} is the file of the institution: choose another name for the report",
                path.display()
            )));
        }
        // A journal in a database is waited for, and a thread of the runtime must not wait.
        let done = std::thread::scope(|scope| scope.spawn(|| self.report(&config)).join());
        let report = done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        // What was found is shown also if a file cannot be written.
        let mut out = BufWriter::with_capacity(OUT_BYTES, io::stdout().lock());
        match out.write_all(&bytes(&report, self.format)?).and_then(|()| out.flush()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(Failure::because("stdout", error)),
            _ => {}
        }
        for (path, form) in &self.reports {
            replace(path, &bytes(&report, *form)?).map_err(|error| Failure::because(path.display(), error))?;
        }
        Ok(if report.clean { ExitCode::SUCCESS } else { ExitCode::from(1) })
    }

    fn report(&self, config: &Config) -> Result<Report, Failure> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let request = Request {
            institution: self.institution.clone(),
            reconciliation: self.name.clone(),
            day: self.date,
            file: self.file.clone(),
            journal: (!self.journal.is_empty()).then(|| JournalPlace::Files(self.journal.clone())),
            now_ms: i64::try_from(now.as_millis()).unwrap_or(i64::MAX),
            findings_max: usize::try_from(self.findings_max).unwrap_or(usize::MAX),
        };
        reconcile::reconcile(config, &request).map_err(|error| Failure::Message(error.to_string()))
    }
}

/// Writes a file that only its owner may read, in one step: a report has account numbers and amounts. A file that was there is replaced.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

fn bytes(report: &Report, form: Form) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let written = match form {
        Form::Text => reconcile::write_text(report, &mut bytes),
        Form::Page => reconcile::write_page(report, &mut bytes),
        Form::Json => {
            let written = serde_json::to_writer_pretty(&mut bytes, report).map_err(io::Error::from);
            written.and_then(|()| writeln!(bytes))
        }
        Form::Book => return reconcile::write_book(report).map_err(|error| Failure::because("the workbook", error)),
    };
    written.map(|()| bytes).map_err(|error| Failure::because("the report", error))
}
