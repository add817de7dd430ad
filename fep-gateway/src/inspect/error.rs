//! Why a command about a journal cannot be carried out, with what to do.

use std::{fmt, io};

use fep_protocol::exchange::ExchangeId;
use fep_protocol::reason::JournalError;

use crate::config::ConfigError;
use crate::journal::seal::Unreadable;

/// The reason why a command cannot be carried out.
#[derive(Debug)]
pub enum InspectError {
    /// A journal cannot be read.
    Journal(JournalError),
    /// Facts are missing between those that were written.
    Missing {
        /// The first missing fact.
        first: u64,
        /// The last missing fact of the first gap.
        last: u64,
    },
    /// The body of a fact cannot be read.
    Unreadable {
        /// The fact.
        number: u64,
        /// Why.
        why: Unreadable,
    },
    /// The command needs a key file.
    NoKeyFile,
    /// The keys of some bodies were forgotten. Everything else was written.
    Forgotten {
        /// The number of these facts.
        count: u64,
        /// The first of them.
        first: u64,
    },
    /// The command needs a configuration with a database.
    NoDatabase,
    /// The command is for files, and the configuration names a database.
    OnlyFiles(&'static str),
    /// There is no such exchange.
    NoExchange(ExchangeId),
    /// The configuration cannot be read.
    Config(ConfigError),
    /// The output cannot be written.
    Output(io::Error),
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
            Self::Missing { first, last } => write!(
                f,
                "the facts {first} to {last} are not in these files, all others were written: if they were archived, give the \
                 folder of the archives with --journal, too, and begin again"
            ),
            Self::Unreadable { number, why } => {
                write!(f, "fact {number}: {why}")?;
                match why {
                    Unreadable::NoKeyFile(_) => f.write_str(". Give --key-file, or --config, or --without-bytes"),
                    _ => Ok(()),
                }
            }
            Self::NoKeyFile => f.write_str("give --key-file, or --config with a configuration that names the key file"),
            Self::Forgotten { count, first } => write!(
                f,
                "{count} facts were written without their bytes, from fact {first} on: their keys were forgotten on purpose"
            ),
            Self::NoDatabase => f.write_str("give --config with a configuration that has [journal.postgres]"),
            Self::OnlyFiles("rebuild") => f.write_str(
                "the journal is in a database. Stop the gateway and delete its files *.index.sqlite: its next start makes the index again",
            ),
            Self::OnlyFiles(command) => write!(
                f,
                "the journal is in a database, and `{command}` writes files only. New facts are sealed with the newest key by themselves"
            ),
            Self::NoExchange(id) => write!(f, "there is no exchange {id} in this journal, and no notice"),
            Self::Config(error) => error.fmt(f),
            Self::Output(error) => write!(f, "the output cannot be written: {error}"),
        }
    }
}

impl std::error::Error for InspectError {}
