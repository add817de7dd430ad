//! The command `fep-gateway export`: its arguments, and what it says. The tables are made by `fep_gateway::export`.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::SystemTime;

use clap::Args;
use fep_gateway::Config;
use fep_gateway::export::{self, ExportError, Exported, NOTED_FACTS, Request, TableEntry, Until};
use fep_gateway::journal::reading::JournalPlace;

use super::{Failure, load, say};

/// What the help says at its end.
pub(super) const HELP: &str = "Example: fep-gateway export --config gateway.toml --to exports\n\
                               The folder of a date has exchanges.csv, a file for each telegram, and manifest.json, which describes them.";

/// What is exported, and where to.
#[derive(Args, Clone, Debug)]
pub(super) struct Exporting {
    /// The configuration of the gateway: it names the journal, and has the specs by which telegrams are read.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The folder of the receiver. Each export of it goes on where the one before ended.
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,
    /// The business date: 2026-11-26. Default: the newest one that has ended at all institutions.
    #[arg(long, value_name = "DATE", value_parser = export::parse_date)]
    date: Option<i64>,
    /// Exports what happened up to now, although the business date goes on. What follows is in the next export.
    #[arg(long, conflicts_with_all = ["date", "again"])]
    now: bool,
    /// Only this institution. May be given several times. A folder has always the same institutions.
    #[arg(long = "institution", value_name = "NAME")]
    institutions: Vec<String>,
    /// A file with a key of at least 32 characters: secret values become keyed hashes, by which tables can be joined. Default: they are left out.
    #[arg(long, value_name = "FILE")]
    hash_key_file: Option<PathBuf>,
    /// Exports a date again that was exported, with the same facts.
    #[arg(long)]
    again: bool,
    /// The journal files, as those of `journal`. Default: the journal of the configuration with its archives, or its database.
    #[arg(long = "journal", value_name = "PATH")]
    journal: Vec<PathBuf>,
}

impl Exporting {
    /// Carries the command out. Exit code 1 if telegrams are missing in the tables.
    pub(super) fn run(&self) -> Result<ExitCode, Failure> {
        let config = load(&self.config)?;
        // A journal in a database is waited for, and a thread of the runtime must not wait.
        let done = std::thread::scope(|scope| scope.spawn(|| self.export(&config)).join());
        let exported = done.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let exported = exported.map_err(|error| Failure::Message(error.to_string()))?;
        match writeln!(io::stdout(), "{}", line(&exported)) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(Failure::because("stdout", error)),
            _ => {}
        }
        let findings = &exported.manifest.findings;
        for found in findings {
            say(&format!(
                "fep-gateway: missing: {} of {} {}, {}, from fact {} on",
                found.count, found.institution, found.telegram, found.what, found.first_fact
            ));
        }
        Ok(if findings.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
    }

    fn export(&self, config: &Config) -> Result<Exported, ExportError> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let request = Request {
            to: self.to.clone(),
            until: if self.now { Until::Now } else { self.date.map_or(Until::Ended, Until::Date) },
            institutions: (!self.institutions.is_empty()).then(|| self.institutions.iter().cloned().collect()),
            hash_key_file: self.hash_key_file.clone(),
            again: self.again,
            journal: (!self.journal.is_empty()).then(|| JournalPlace::Files(self.journal.clone())),
            now_ms: i64::try_from(now.as_millis()).unwrap_or(i64::MAX),
            noted_facts: NOTED_FACTS,
        };
        export::export(config, &request)
    }
}

/// What the command did, in one line.
fn line(exported: &Exported) -> String {
    let Exported { folder, manifest, was_there } = exported;
    let plan = &manifest.plan;
    let exchanges: u64 = manifest.exchanges.values().sum();
    // The exchanges are counted apart, and runs of verifications are neither.
    let is_of_telegrams = |table: &&TableEntry| !export::OTHER_TABLES.contains(&table.file.as_str());
    let telegrams: u64 = manifest.tables.iter().filter(is_of_telegrams).map(|table| table.rows).sum();
    let done = if *was_there { "was exported before" } else { "exported" };
    format!(
        "{}: {done}, facts {} to {}, {exchanges} exchanges, {telegrams} telegrams, in {}",
        plan.name,
        plan.first_fact,
        plan.last_fact,
        folder.display()
    )
}
