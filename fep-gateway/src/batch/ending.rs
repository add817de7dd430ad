//! What is run, and how that can end. How it runs is in `run` and `running`.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use super::input::RefusedInput;
use super::ledger::LedgerError;
use super::output::OutputError;
use super::plan::Plan;
use super::progress::{Count, Progress};

/// A batch that is to be run.
pub struct Batch {
    /// The plan.
    pub plan: Arc<Plan>,
    /// The file of requests.
    pub file: PathBuf,
    /// The date of the batch, in days since 1970-01-01. With the name of the plan it says which batch it is.
    pub date: i64,
    /// Whether the file may be sent although another batch has sent it.
    pub repeat: bool,
    /// The real time, in milliseconds since 1970. The windows are by the business clock of the gateway, which is the same in production.
    pub now_ms: Arc<dyn Fn() -> i64 + Send + Sync>,
}

/// How a run of a batch ended.
#[derive(Debug)]
pub struct Ended {
    /// How far the batch is.
    pub progress: Progress,
    /// The file of results. `None`: the plan has none, or it is not time for it.
    pub results: Option<Result<PathBuf, OutputError>>,
    /// The file with the outcomes.
    pub ledger: PathBuf,
    /// Why it stopped before its end. `None` if it did not.
    pub stopped: Option<Stopped>,
}

/// Why a batch stopped before its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// It was asked to.
    Asked,
    /// The gateway does not take requests of this batch, or no window opens any more.
    Refused(String),
}

/// What a file of requests has.
#[derive(Clone, Debug)]
pub struct Checked {
    /// Its requests.
    pub all: Count,
    /// How many records of each name are no requests.
    pub others: Vec<(String, u64)>,
}

/// The reason why a batch cannot be run.
#[derive(Debug)]
pub enum BatchError {
    /// The file of requests is refused.
    Input(RefusedInput),
    /// The outcomes cannot be kept.
    Ledger(LedgerError),
    /// The token cannot be used.
    Token(String),
    /// A file of results could not be written by this plan.
    Output(Box<OutputError>),
    /// There are no outcomes of the batch, and a file of its results.
    Told(PathBuf),
    /// The file of results would take the place of a file that the batch needs.
    Overwrites(PathBuf),
    /// A task of the batch failed.
    Broken(String),
}

impl fmt::Display for BatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(error) => error.fmt(f),
            Self::Ledger(error) => error.fmt(f),
            Self::Output(error) => write!(f, "results could not be told: {error}"),
            Self::Told(path) => write!(
                f,
                "{}: results of this batch were told, and its file of outcomes is not there. What was told as refused would be sent now: bring the \
                 outcomes back, or move the results away, or say --repeat",
                path.display()
            ),
            Self::Overwrites(path) => {
                write!(
                    f,
                    "{}: the file of results would replace a file of the batch: choose another `path`",
                    path.display()
                )
            }
            Self::Token(why) | Self::Broken(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for BatchError {}

impl From<LedgerError> for BatchError {
    fn from(error: LedgerError) -> Self {
        Self::Ledger(error)
    }
}
