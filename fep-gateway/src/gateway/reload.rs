//! What a reload of the configuration says: what holds, why a reload was refused, and what came of one. How it is done is `reloading`.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fep_protocol::exchange::Caller;
use fep_protocol::reason::JournalError;

use crate::config::{Config, ConfigError, ConfigFile, Difference, KeyChange};
use crate::journal::Lane;

/// Who wants a reload, and why. The audit trail has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReloadBy {
    /// The person, or the program.
    pub person: String,
    /// Why.
    pub note: String,
    /// The client, and by what other systems know its request.
    pub caller: Option<Arc<Caller>>,
}

/// The configuration that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// The file of the last reload, or of the start. `None` if the configuration was not read from a file.
    pub file: Option<ConfigFile>,
    /// Since when, in milliseconds since 1970.
    pub since_ms: i64,
    /// Who reloaded it. `None` since the start.
    pub by: Option<String>,
    /// The institutions that are not as this configuration says, and why. Empty unless a step of the last reload failed.
    pub differs: BTreeMap<String, String>,
}

/// How the file of the configuration compares with what holds.
#[derive(Debug)]
pub enum FileState {
    /// A reload would change nothing.
    Same,
    /// A reload would change something.
    Differs(Difference),
    /// The file cannot be used.
    Unusable(ConfigError),
    /// The configuration was not read from a file.
    None,
}

/// The reason why a reload did not do what it was asked to do. Unless it is [`ReloadError::Partly`], nothing has changed.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReloadError {
    /// Another reload runs.
    Running,
    /// The gateway is stopping.
    Stopping,
    /// The configuration was not read from a file, so there is none to read again.
    NoFile,
    /// The file has mistakes.
    Mistakes(ConfigError),
    /// The configuration does not fit its specs, the handler of notices or this machine. All reasons, each with its key.
    Unfit(Vec<String>),
    /// Keys differ that belong to the process. All of them.
    NeedsRestart(Vec<KeyChange>),
    /// Something would be lost. All of it.
    WouldLose(Vec<Blocker>),
    /// The journal does not take writes, so nothing can be recorded.
    Journal(JournalError),
    /// A step failed after the first change. [`Gateway::holding`](super::Gateway::holding) says what holds.
    Partly {
        /// The institutions that are not as the configuration says, and why.
        failed: BTreeMap<String, String>,
        /// What was asked for. All other institutions are as it says.
        difference: Box<Difference>,
    },
}

/// Something of an institution that its removal would lose, or that another layout would misread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Blocker {
    /// The institution.
    pub institution: String,
    /// What.
    pub what: BlockedBy,
    /// How many there are, at least.
    pub count: u64,
}

/// What forbids the removal of an institution, or another layout of telegrams that it has kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockedBy {
    /// Requests that have not ended.
    OpenExchanges,
    /// Exchanges whose outcome is unknown and whose answer may still come.
    UnknownExchanges,
    /// Settlements that go on.
    UnfinishedSettlements,
    /// Exchanges or notices that wait for the decision of a person.
    OpenDecisions,
    /// Notices that no service has taken.
    UndeliveredNotices,
}

impl BlockedBy {
    /// The stable name: `open_exchanges`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenExchanges => "open_exchanges",
            Self::UnknownExchanges => "unknown_exchanges",
            Self::UnfinishedSettlements => "unfinished_settlements",
            Self::OpenDecisions => "open_decisions",
            Self::UndeliveredNotices => "undelivered_notices",
        }
    }

    /// What to do before the next reload.
    #[must_use]
    pub const fn advice(self) -> &'static str {
        match self {
            Self::OpenExchanges => "block its business (POST …/business), wait until they have ended, and reload again",
            Self::UnknownExchanges => {
                "block its business, and reload again when they are settled or `quarantine_ms` is over"
            }
            Self::UnfinishedSettlements => "wait until they are settled, or settle them by hand (POST …/settlement)",
            Self::OpenDecisions => "decide what GET /v1/dead-letters lists",
            Self::UndeliveredNotices => {
                "wait until its service has taken them, or end their delivery (POST …/delivery)"
            }
        }
    }
}

/// What the reloads of a gateway share.
#[derive(Debug)]
pub(super) struct Reloads {
    /// Held by the reload that runs.
    pub(super) running: Arc<tokio::sync::Mutex<()>>,
    /// Held while the file is compared: that takes a processor, so only one is compared at once.
    pub(super) comparing: tokio::sync::Mutex<()>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// The configuration by which the institutions run. One that does not run is not in it.
    config: Arc<Config>,
    holding: Holding,
    /// The lanes of institutions that ran before and do not now.
    lanes: BTreeMap<String, Lane>,
}

impl Reloads {
    pub(super) fn new(config: Config, now_ms: i64) -> Self {
        let holding = Holding { file: config.file.clone(), since_ms: now_ms, by: None, differs: BTreeMap::new() };
        let state = State { config: Arc::new(config), holding, lanes: BTreeMap::new() };
        Self { running: Arc::default(), comparing: tokio::sync::Mutex::default(), state: Mutex::new(state) }
    }

    pub(super) fn config(&self) -> Arc<Config> {
        Arc::clone(&self.state().config)
    }

    pub(super) fn holding(&self) -> Holding {
        self.state().holding.clone()
    }

    /// The file to read again.
    pub(super) fn path(&self) -> Option<PathBuf> {
        self.state().holding.file.as_ref().map(|file| file.path.clone())
    }

    /// Why an institution does not run.
    pub(super) fn trouble(&self, institution: &str) -> String {
        let state = self.state();
        let why = state.holding.differs.get(institution).cloned();
        why.unwrap_or_else(|| "a reload stops it, or starts it anew with another configuration".to_owned())
    }

    pub(super) fn hold(&self, config: Config, holding: Holding) {
        let mut state = self.state();
        state.config = Arc::new(config);
        state.holding = holding;
    }

    pub(super) fn keep_lane(&self, institution: &str, lane: Lane) {
        self.state().lanes.insert(institution.to_owned(), lane);
    }

    pub(super) fn lane(&self, institution: &str) -> Option<Lane> {
        self.state().lanes.get(institution).cloned()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Each change is a few assignments that cannot panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ReloadError {
    /// The reasons, each as one line with its key or its place, and what to do.
    #[must_use]
    pub fn reasons(&self) -> Vec<String> {
        match self {
            Self::Mistakes(ConfigError::Findings(report)) => report.findings.iter().map(ToString::to_string).collect(),
            Self::Unfit(reasons) => reasons.clone(),
            Self::NeedsRestart(keys) => keys.iter().map(|key| format!("needs a restart: {key}")).collect(),
            Self::WouldLose(blockers) => blockers.iter().map(ToString::to_string).collect(),
            Self::Partly { failed, .. } => failed.iter().map(|(name, why)| format!("{name}: {why}")).collect(),
            other => vec![other.to_string()],
        }
    }
}

impl fmt::Display for ReloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Running => {
                f.write_str("another reload runs: look at GET /v1/reload, and try again when it has ended")
            }
            Self::Stopping => f.write_str("the gateway is stopping"),
            Self::NoFile => {
                f.write_str("the configuration was not read from a file: give the new one to `Gateway::reload`")
            }
            Self::Mistakes(ConfigError::Unreadable(error)) => error.fmt(f),
            Self::Journal(error) => {
                write!(f, "the journal takes no writes, so a reload could not be recorded: {error}")
            }
            Self::Mistakes(ConfigError::Findings(_))
            | Self::Unfit(_)
            | Self::NeedsRestart(_)
            | Self::WouldLose(_)
            | Self::Partly { .. } => f.write_str(&self.reasons().join("; ")),
        }
    }
}

impl std::error::Error for ReloadError {}

impl fmt::Display for Blocker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.what {
            BlockedBy::OpenExchanges => "exchanges have not ended",
            BlockedBy::UnknownExchanges => "exchanges have an unknown outcome, and their answers may still come",
            BlockedBy::UnfinishedSettlements => "settlements go on",
            BlockedBy::OpenDecisions => "exchanges or notices wait for a person",
            BlockedBy::UndeliveredNotices => "notices are not delivered",
        };
        let Self { institution, count, .. } = self;
        write!(
            f,
            "institutions.{institution} cannot be removed, or have other layouts, yet: {what} ({count}): {}",
            self.what.advice()
        )
    }
}
