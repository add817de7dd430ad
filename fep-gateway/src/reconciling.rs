//! The command `fep-gateway reconcile`: its arguments, and where its report goes. The comparison is `fep_gateway::reconcile`.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::SystemTime;

use clap::{Args, ValueEnum};
use fep_gateway::Config;
use fep_gateway::config::ToldAt;
use fep_gateway::journal::reading::JournalPlace;
use fep_gateway::reconcile::{self, BalanceRequest, GivenAs, Report, Request};

use super::reports::{Form, ReportOptions};
use super::{Failure, load};

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
    /// A snapshot of balances, which are counted to the moment of the balances that the file tells, or --told: by the configuration's `balances`. A CSV
    /// file with the columns account and balance, or a record file.
    #[arg(long, value_name = "FILE", requires = "snapshot_at")]
    snapshot: Option<PathBuf>,
    /// The moment of the snapshot: 2026-11-27T03:00:00+09:00. It has what happened before it.
    #[arg(long, value_name = "TIME", value_parser = reconcile::parse_moment, requires = "snapshot")]
    snapshot_at: Option<i64>,
    /// A CSV file that tells the balances, in the place of the file of the institution.
    #[arg(long, value_name = "FILE", requires = "snapshot")]
    told: Option<PathBuf>,
    /// The moment of the business date of which balances are told. Default: as the configuration says.
    #[arg(long, value_name = "MOMENT", value_enum, requires = "snapshot")]
    told_at: Option<Moment>,
    #[command(flatten)]
    reports: ReportOptions,
    /// The maximum number of findings in the report. Further ones are in its sums only.
    #[arg(long, value_name = "COUNT", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(0..=1_000_000))]
    findings_max: u32,
}

/// A moment of a business date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Moment {
    /// Its beginning.
    Begin,
    /// Its end.
    End,
}

impl Reconciling {
    /// Carries the command out. Exit code 1 if something needs a person.
    pub(super) fn run(&self) -> Result<ExitCode, Failure> {
        let config = load(&self.config)?;
        self.reports.spare(&self.file, "the file of the institution")?;
        for file in [&self.snapshot, &self.told].into_iter().flatten() {
            self.reports.spare(file, "a file with balances")?;
        }
        // A journal in a database is waited for, and a thread of the runtime must not wait.
        let done = std::thread::scope(|scope| scope.spawn(|| self.report(&config)).join());
        let report = done.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        self.reports.write(|form| bytes(&report, form))?;
        Ok(if report.clean { ExitCode::SUCCESS } else { ExitCode::from(1) })
    }

    fn report(&self, config: &Config) -> Result<Report, Failure> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let request = Request {
            institution: self.institution.clone(),
            reconciliation: self.name.clone(),
            day: self.date,
            file: GivenAs::Path(self.file.clone()),
            journal: (!self.journal.is_empty()).then(|| JournalPlace::Files(self.journal.clone())),
            now_ms: i64::try_from(now.as_millis()).unwrap_or(i64::MAX),
            findings_max: usize::try_from(self.findings_max).unwrap_or(usize::MAX),
            secret: None,
            balances: self.snapshot.clone().zip(self.snapshot_at).map(|(snapshot, snapshot_at_ms)| BalanceRequest {
                snapshot,
                snapshot_at_ms,
                told: self.told.clone(),
                told_at: self.told_at.map(|at| match at {
                    Moment::Begin => ToldAt::Begin,
                    Moment::End => ToldAt::End,
                }),
            }),
        };
        reconcile::reconcile(config, &request).map_err(|error| Failure::Message(error.to_string()))
    }
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
