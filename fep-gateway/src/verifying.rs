//! The command `fep-gateway verify`: its arguments, and where its report goes. The comparison is `fep_gateway::verify`.

use std::fs::File;
use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use clap::{Args, Subcommand};
use fep_gateway::journal::reading::JournalPlace;
use fep_gateway::verify::{self, Plan, PlanError, Recorded, Report, States};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::reports::{Form, ReportOptions};
use super::{Failure, say, stop_asked};

pub(super) const HELP: &str = "\
Example of a plan, verify.toml:

  config      = \"gateway.toml\"
  institution = \"bank-a\"
  ignore      = [\"header.sent_time\"]

  fep-gateway verify writes passed.jsonl --plan verify.toml --report writes.html

Exit codes: 0 enough was compared and nothing is unexplained, 1 otherwise, 2 nothing was compared.";

/// What is verified.
#[derive(Clone, Debug, Subcommand)]
pub(super) enum VerifyCommand {
    /// Compares what another system sent, as a tap recorded it, with what this gateway would send, byte for byte, and what became of it by the
    /// rules of this gateway. Nothing is sent.
    #[command(after_help = HELP)]
    Writes {
        /// The recording: of `fep-gateway tap`, of `simulate --record` or of `journal export`; a capture (pcap, pcapng); or frames one after the other.
        #[arg(value_name = "RECORDING")]
        recording: PathBuf,
        /// A CSV file with what the old system says became of the requests: columns with the paths of request fields, and a column `state` with
        /// done, not_done, reversed, unknown or answered.
        #[arg(long, value_name = "FILE")]
        states: Option<PathBuf>,
        #[command(flatten)]
        verifying: Verifying,
    },
    /// Asks answered inquiries of the journal again, of a candidate, and compares the answers field by field. Requests that move money are refused.
    #[command(after_help = HELP)]
    Reads {
        /// The journal files, as those of `journal`. Default: the journal of the plan's configuration.
        #[arg(long = "journal", value_name = "PATH")]
        journal: Vec<PathBuf>,
        #[command(flatten)]
        verifying: Verifying,
    },
}

/// What all verifications have in common.
#[derive(Args, Clone, Debug)]
pub(super) struct Verifying {
    /// The plan: which gateway and institution, and what differs by nature.
    #[arg(long, value_name = "FILE")]
    plan: PathBuf,
    #[command(flatten)]
    reports: ReportOptions,
}

impl VerifyCommand {
    /// Carries the command out. Exit code 1 if something is unexplained or too little was compared.
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        match self {
            Self::Writes { recording, states, verifying } => {
                let plan = verifying.load()?;
                verifying.reports.spare(&recording, "the recording")?;
                let states = states.as_deref().map(read_states).transpose()?;
                let file = File::open(&recording).map_err(|error| Failure::because(recording.display(), error))?;
                let name = recording.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
                let recorded = Recorded { name, input: BufReader::new(file), states };
                let report = verify::writes(&plan, recorded, now_ms());
                let report = report.map_err(|error| Failure::Message(error.to_string()))?;
                let (stop, stopping) = stopped_by_signals();
                let code = verifying.show(&report);
                told(&plan, &report, &stop).await;
                stopping.abort();
                code
            }
            Self::Reads { journal, verifying } => {
                let plan = verifying.load()?;
                let place = (!journal.is_empty()).then_some(JournalPlace::Files(journal));
                let (stop, stopping) = stopped_by_signals();
                let report = Box::pin(verify::reads(&plan, place, stop.clone())).await;
                let report = report.map_err(|error| Failure::Message(error.to_string()))?;
                // What was found is shown first: a receiver may let itself be waited for.
                let code = verifying.show(&report);
                told(&plan, &report, &stop).await;
                stopping.abort();
                code
            }
        }
    }
}

impl Verifying {
    fn load(&self) -> Result<Plan, Failure> {
        if self.reports.has(Form::Book) {
            return Err(Failure::Message("a verification has no workbook: .html, .json or .txt".to_owned()));
        }
        Plan::load(&self.plan).map_err(|error| match error {
            PlanError::Findings(report) => Failure::Findings(report),
            other => Failure::Message(other.to_string()),
        })
    }

    fn show(&self, report: &Report) -> Result<ExitCode, Failure> {
        self.reports.write(|form| bytes(report, form))?;
        let is_empty = report.compared == 0 && report.failed == 0 && report.unexplained == 0;
        Ok(match (report.passed, is_empty) {
            (true, _) => ExitCode::SUCCESS,
            (false, true) => ExitCode::from(2),
            (false, false) => ExitCode::from(1),
        })
    }
}

/// What is cancelled when the command is to stop, and the task that waits for that.
fn stopped_by_signals() -> (CancellationToken, JoinHandle<()>) {
    let stop = CancellationToken::new();
    let asked = stop.clone();
    let stopping = tokio::spawn(async move {
        stop_asked().await;
        asked.cancel();
    });
    (stop, stopping)
}

/// Tells the receivers of the plan. What they do not take changes no exit code: that is about what was compared. It is said, and never silent.
async fn told(plan: &Plan, report: &Report, stop: &CancellationToken) {
    verify::tell(plan, report, stop).await.iter().for_each(|why| say(&format!("verify: {why}")));
}

fn read_states(path: &Path) -> Result<States, Failure> {
    let file = File::open(path).map_err(|error| Failure::because(path.display(), error))?;
    States::read(BufReader::new(file)).map_err(|error| Failure::because(path.display(), error))
}

fn bytes(report: &Report, form: Form) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let written = match form {
        Form::Text => verify::write_text(report, &mut bytes),
        Form::Page => verify::write_page(report, &mut bytes),
        Form::Json => {
            let written = serde_json::to_writer_pretty(&mut bytes, report).map_err(io::Error::from);
            written.and_then(|()| writeln!(bytes))
        }
        // Refused before anything is compared.
        Form::Book => Ok(()),
    };
    written.map(|()| bytes).map_err(|error| Failure::because("the report", error))
}

fn now_ms() -> i64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}
