//! `fep-gateway journal`: what a person or a program asks of journal files, also while a gateway writes them.
//!
//! Data goes to the given output. Nothing here is part of the running gateway.

mod error;
#[cfg(feature = "postgres")]
mod copy;
mod export;
mod keys;
mod search;
mod show;
mod trail;
mod usage;

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use fep_protocol::delivery::Stage;
use fep_protocol::exchange::ExchangeId;

pub use self::error::InspectError;
pub use self::trail::TrailOptions;
use crate::config::Config;
use crate::journal::audit::{self, Audit};
use crate::journal::filter::{ExchangeFilter, FactFilter};
use crate::journal::notice::NoticeFilter;
use crate::journal::reading::JournalPlace;
use crate::journal::seal::{KeyId, KeyRing};
use crate::time;

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
        /// Leaves out the bytes of telegrams. An encrypted journal then needs no key file.
        #[arg(long)]
        without_bytes: bool,
    },
    /// Lists exchanges or notices, newest first. Uses the index beside the journal.
    Search {
        /// The files.
        #[command(flatten)]
        files: Files,
        /// The exchanges.
        #[command(flatten)]
        search: SearchOptions,
        /// A table for people, or one JSON object a line.
        #[arg(long, value_enum, default_value_t)]
        format: ListForm,
    },
    /// Lists the audit trail, newest first: what persons and programs did or looked at, and how it ended. Uses the index beside the journal.
    Audit {
        /// The files.
        #[command(flatten)]
        files: Files,
        /// The entries.
        #[command(flatten)]
        which: TrailOptions,
        /// A table for people, or one JSON object a line.
        #[arg(long, value_enum, default_value_t)]
        format: ListForm,
    },
    /// Shows one exchange or one notice: its facts in their order, and its telegrams. Secrets are hidden.
    Show {
        /// The files.
        #[command(flatten)]
        files: Files,
        /// The ID of the exchange or the notice.
        #[arg(value_name = "ID")]
        exchange: ExchangeId,
        /// Shows secret fields, and all bytes.
        #[arg(long)]
        reveal: bool,
    },
    /// Checks that the files are whole and agree with themselves and with their index. Exit code 1 with findings.
    Verify {
        /// The files.
        #[command(flatten)]
        files: Files,
    },
    /// Makes the index beside the journal again from the facts. No gateway may run.
    Rebuild {
        /// The files.
        #[command(flatten)]
        files: Files,
    },
    /// Shows how much room the files take, what was removed, and what holds back the deletion of old archives.
    Usage {
        /// The files.
        #[command(flatten)]
        files: Files,
    },
    /// Moves the journal of files into the database of the configuration, and marks the file as moved. No gateway may run. If it was
    /// interrupted, the same command goes on.
    #[cfg(feature = "postgres")]
    Copy {
        /// The files. Default: the journal that the configuration names. Give the folder of its archives, too.
        #[command(flatten)]
        files: Files,
    },
    /// Adds a key to a key file, or begins a key file. It seals what a gateway stores from its next start on, or from the next day
    /// (UTC) on.
    NewKey {
        /// The key file.
        #[arg(long, value_name = "FILE")]
        key_file: PathBuf,
    },
    /// Lists the keys of a key file, without their secrets.
    Keys {
        /// The key file.
        #[arg(long, value_name = "FILE")]
        key_file: PathBuf,
    },
    /// Deletes a key from a key file. What it sealed can never be read again; the facts stay.
    ForgetKey {
        /// The ID of the key.
        #[arg(value_name = "KEY")]
        key: KeyId,
        /// The files, also archives, or the configuration: no gateway may need the key any more. The key file is changed.
        #[command(flatten)]
        files: Files,
    },
    /// Encrypts all facts of journal files with the newest key, also those that were not encrypted. No gateway may run.
    Rekey {
        /// The files. Give the archives, too.
        #[command(flatten)]
        files: Files,
    },
}

/// The journal files to read.
#[derive(Args, Clone, Debug)]
pub struct Files {
    /// The journal file. May be given several times, for archives; a folder stands for all journal files in it. Default: the journal of
    /// the configuration with its archives, or its database.
    #[arg(long = "journal", value_name = "PATH", required_unless_present = "config")]
    pub paths: Vec<PathBuf>,
    /// The key file of an encrypted journal.
    #[arg(long, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
    /// The configuration of the gateway: it names the journal and the key file, and `show` shows telegrams field by field.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
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

/// The exchanges to find.
#[derive(Args, Clone, Debug)]
pub struct SearchOptions {
    /// Only exchanges that were accepted from this time on: 2026-11-26T09:00:00+09:00, or 2026-11-26 (0 o'clock UTC).
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    pub since: Option<i64>,
    /// Only exchanges that were accepted before this time.
    #[arg(long, value_name = "TIME", value_parser = time::parse)]
    pub until: Option<i64>,
    /// Only exchanges with this institution.
    #[arg(long, value_name = "NAME")]
    pub institution: Option<String>,
    /// Only exchanges with this request telegram.
    #[arg(long, value_name = "NAME")]
    pub telegram: Option<String>,
    /// Only exchanges with this outcome.
    #[arg(long, value_enum)]
    pub outcome: Option<OutcomeWord>,
    /// Only exchanges with this trace number. Leading zeros do not count.
    #[arg(long, value_name = "NUMBER")]
    pub trace: Option<String>,
    /// Only exchanges whose answer has this response code, or whose lack of an answer has this reason code.
    #[arg(long, value_name = "CODE")]
    pub code: Option<String>,
    /// Only exchanges whose caller named them so (X-Request-Id).
    #[arg(long, value_name = "ID")]
    pub request_id: Option<String>,
    /// Only the newest exchange with this idempotency key.
    #[arg(long, value_name = "KEY")]
    pub key: Option<String>,
    /// Lists notices of institutions instead of exchanges.
    #[arg(long, conflicts_with_all = ["outcome", "trace", "code", "request_id", "key"])]
    pub notices: bool,
    /// Only notices in this state: delivering, delivered, dead_letter, closed, refused, conflict, repeated, unwanted.
    #[arg(long, value_name = "STATE", requires = "notices", value_parser = Stage::NAMES)]
    pub state: Option<String>,
    /// The maximum number of exchanges or notices.
    #[arg(long, value_name = "COUNT", default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=10_000))]
    pub limit: u16,
}

/// The outcomes that can be searched for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum OutcomeWord {
    /// The institution answered.
    Answered,
    /// Nothing was sent.
    NotSent,
    /// The request may have been carried out.
    Unknown,
    /// Unknown, and not settled since.
    Unsettled,
    /// There is no outcome yet.
    Running,
}

/// The forms of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ListForm {
    /// A table.
    #[default]
    Table,
    /// One JSON object a line.
    Json,
}

/// What a command found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing is wrong.
    Clean,
    /// Something is wrong with the journal. The output says what.
    Findings,
}

/// Reads a time of the command line, in milliseconds since 1970.
///
/// # Errors
/// A text that says what a time looks like.
pub fn parse_time(text: &str) -> Result<i64, String> {
    time::parse(text)
}

/// Carries out a command. If the reader of the output is gone, the command ends.
///
/// # Errors
/// If a journal cannot be read, there is no such exchange, or the output cannot be written.
pub fn run(command: &JournalCommand, out: &mut impl Write) -> Result<Verdict, InspectError> {
    let clean = |()| Verdict::Clean;
    let done = match command {
        JournalCommand::Export { files, which, without_bytes } => {
            export::export(files, &which.filter(), !without_bytes, out).map(clean)
        }
        JournalCommand::Search { files, search, format } if search.notices => {
            search::notices(files, &search.notice_filter(), search.limit.into(), *format, out).map(clean)
        }
        JournalCommand::Search { files, search, format } => {
            search::search(files, &search.filter(), search.limit.into(), *format, out).map(clean)
        }
        JournalCommand::Audit { files, which, format } => trail::list(files, which, *format, out).map(clean),
        JournalCommand::Show { files, exchange, reveal } => show::show(files, exchange, *reveal, out).map(clean),
        JournalCommand::Verify { files } => verify(files, out),
        JournalCommand::Rebuild { files } => rebuild(files, out).map(clean),
        JournalCommand::Usage { files } => usage::show(files, out).map(clean),
        #[cfg(feature = "postgres")]
        JournalCommand::Copy { files } => copy::run(files, out).map(clean),
        JournalCommand::NewKey { key_file } => keys::add(key_file, out).map(clean),
        JournalCommand::Keys { key_file } => keys::list(key_file, out).map(clean),
        JournalCommand::ForgetKey { key, files } => keys::forget(*key, files, out).map(clean),
        JournalCommand::Rekey { files } => keys::rekey(files, out).map(clean),
    };
    match done.and_then(|verdict| out.flush().map(|()| verdict).map_err(InspectError::Output)) {
        Err(InspectError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Verdict::Clean),
        done => done,
    }
}

fn verify(files: &Files, out: &mut impl Write) -> Result<Verdict, InspectError> {
    let keys = files.keys()?;
    let report = |finding: &str| Ok::<_, InspectError>(writeln!(out, "{finding}")?);
    let audit = audit::verify(&files.place()?, keys.as_ref(), report)?;
    let findings = match audit.findings {
        0 => "nothing wrong".to_owned(),
        1 => "1 finding".to_owned(),
        count => format!("{count} findings"),
    };
    let Audit { facts, exchanges, open, notices, undelivered, .. } = audit;
    if let Some(removed) = &audit.removed {
        writeln!(out, "{removed}")?;
    }
    if audit.forgotten > 0 {
        writeln!(out, "bodies that nobody can read, because their keys were forgotten: {}", audit.forgotten)?;
    }
    if audit.unchecked > 0 {
        writeln!(out, "bodies that were not checked, because no key file was given: {}", audit.unchecked)?;
    }
    write!(out, "facts: {facts}, exchanges: {exchanges}, of them running: {open}")?;
    if notices > 0 {
        write!(out, ", notices: {notices}, of them undelivered: {undelivered}")?;
    }
    writeln!(out, "; {findings}")?;
    Ok(if audit.findings == 0 { Verdict::Clean } else { Verdict::Findings })
}

fn rebuild(files: &Files, out: &mut impl Write) -> Result<(), InspectError> {
    let facts = audit::rebuild(&files.files("rebuild")?, files.keys()?.as_ref())?;
    writeln!(out, "the index was made again from {facts} facts")?;
    Ok(())
}

impl Files {
    /// Where the journal is: what is given, or what the configuration names.
    fn place(&self) -> Result<JournalPlace, InspectError> {
        if !self.paths.is_empty() {
            return Ok(JournalPlace::Files(self.paths.clone()));
        }
        // A command has paths or a configuration.
        let place = self.config()?.map(|config| JournalPlace::configured(&config.journal));
        Ok(place.unwrap_or_else(|| JournalPlace::Files(Vec::new())))
    }

    /// The files, for a command that changes them.
    #[cfg_attr(not(feature = "postgres"), expect(unused_variables, reason = "without databases it never refuses"))]
    fn files(&self, command: &'static str) -> Result<Vec<PathBuf>, InspectError> {
        match self.place()? {
            JournalPlace::Files(paths) => Ok(paths),
            #[cfg(feature = "postgres")]
            JournalPlace::Database { .. } => Err(InspectError::OnlyFiles(command)),
        }
    }

    /// The configuration, if one is given.
    fn config(&self) -> Result<Option<Config>, InspectError> {
        self.config.as_deref().map(Config::load).transpose().map_err(InspectError::Config)
    }

    /// The keys of the key file that is given, or that the configuration names.
    fn keys(&self) -> Result<Option<KeyRing>, InspectError> {
        let named = match &self.key_file {
            Some(given) => Some(given.clone()),
            None => self.config()?.and_then(|config| config.journal.key_file),
        };
        Ok(named.map(|path| KeyRing::read(&path)).transpose()?)
    }
}

impl SearchOptions {
    fn filter(&self) -> ExchangeFilter {
        ExchangeFilter {
            since_ms: self.since,
            until_ms: self.until,
            behind: None,
            institution: self.institution.clone(),
            telegram: self.telegram.clone(),
            trace: self.trace.clone(),
            outcome: match self.outcome {
                Some(OutcomeWord::Answered) => Some("answered"),
                Some(OutcomeWord::NotSent) => Some("not_sent"),
                Some(OutcomeWord::Unknown) => Some("unknown"),
                Some(OutcomeWord::Running) => Some("running"),
                Some(OutcomeWord::Unsettled) | None => None,
            },
            unsettled: self.outcome == Some(OutcomeWord::Unsettled),
            open_since_ms: None,
            code: self.code.clone(),
            request_id: self.request_id.clone(),
            idempotency_key: self.key.clone(),
            scope: None,
        }
    }
}

impl SearchOptions {
    fn notice_filter(&self) -> NoticeFilter {
        NoticeFilter {
            behind: None,
            since_ms: self.since,
            until_ms: self.until,
            institution: self.institution.clone(),
            telegram: self.telegram.clone(),
            state: self.state.clone(),
            scope: None,
        }
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
