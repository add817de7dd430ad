//! `fep-gateway journal`: what a person or a program asks of journal files, also while a gateway writes them.
//!
//! Data goes to the given output. Nothing here is part of the running gateway.

mod time;

mod export;

use std::fmt;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use fep_protocol::exchange::ExchangeId;
use fep_protocol::reason::JournalError;

use crate::journal::reading::FactFilter;

/// The commands.
#[derive(Clone, Debug, Subcommand)]
pub enum JournalCommand {
    /// Writes the facts to stdout in their order, one JSON object a line.
    Export {
        /// The files.
        #[command(flatten)]
        files: Files,
        /// The facts.
        #[command(flatten)]
        which: Which,
    },
}

/// The journal files to read.
#[derive(Args, Clone, Debug)]
pub struct Files {
    /// The journal file. May be given several times, for archives; a folder stands for all journal files in it.
    #[arg(long = "journal", value_name = "PATH", required = true)]
    pub paths: Vec<PathBuf>,
}

/// The facts to read.
#[derive(Args, Clone, Debug)]
pub struct Which {
    /// Only facts from this time on: 2026-11-26T09:00:00+09:00, or 2026-11-26 (0 o'clock UTC).
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    pub since: Option<i64>,
    /// Only facts before this time.
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    pub until: Option<i64>,
    /// Only facts of this institution.
    #[arg(long, value_name = "NAME")]
    pub institution: Option<String>,
    /// Only facts of this exchange.
    #[arg(long, value_name = "ID")]
    pub exchange: Option<ExchangeId>,
}

/// The reason why a command cannot be carried out.
#[derive(Debug)]
pub enum InspectError {
    /// A journal cannot be read.
    Journal(JournalError),
    /// The output cannot be written.
    Output(io::Error),
}

/// Carries out a command. If the reader of the output is gone, the command ends.
///
/// # Errors
/// If a journal cannot be read or the output cannot be written.
pub fn run(command: &JournalCommand, out: &mut impl Write) -> Result<(), InspectError> {
    let done = match command {
        JournalCommand::Export { files, which } => export::export(&files.paths, &which.filter(), out),
    };
    match done.and_then(|()| Ok(out.flush()?)) {
        Err(InspectError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

impl Which {
    fn filter(&self) -> FactFilter {
        FactFilter {
            since_ms: self.since,
            until_ms: self.until,
            institution: self.institution.clone(),
            exchange: self.exchange,
        }
    }
}

impl From<JournalError> for InspectError {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

impl From<io::Error> for InspectError {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl fmt::Display for InspectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Journal(error) => error.fmt(f),
            Self::Output(error) => write!(f, "the output cannot be written: {error}"),
        }
    }
}

impl std::error::Error for InspectError {}
