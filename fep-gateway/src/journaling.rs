//! The command `fep-gateway journal`: runs it on a thread of its own, and says how it ended. What it reads is up to `fep_gateway::inspect`.

use std::io::{self, BufWriter};
use std::process::ExitCode;

use fep_gateway::config::ConfigError;
use fep_gateway::inspect::{self, InspectError, JournalCommand, Verdict};

use super::{Failure, OUT_BYTES};

/// Carries the command out. Exit code 1 if it has findings.
pub(super) fn run(command: &JournalCommand) -> Result<ExitCode, Failure> {
    // A journal in a database is waited for, and a thread of the runtime must not wait.
    let run = || inspect::run(command, &mut BufWriter::with_capacity(OUT_BYTES, io::stdout().lock()));
    let done = std::thread::scope(|scope| scope.spawn(run).join());
    match done.unwrap_or_else(|panic| std::panic::resume_unwind(panic)) {
        Ok(Verdict::Clean) => Ok(ExitCode::SUCCESS),
        Ok(Verdict::Findings) => Ok(ExitCode::from(1)),
        Err(InspectError::Config(ConfigError::Findings(report))) => Err(Failure::Findings(report)),
        Err(error) => Err(Failure::Message(error.to_string())),
    }
}
