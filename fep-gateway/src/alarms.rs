//! Alarms: rules over what happens, which call a person.
//!
//! ```text
//! facts ─► observations ─► measures ─┐                     ┌─► outbox ─► log
//! index (what is open) ──────────────┼─► alarms ─► changes ┼─► outbox ─► webhook
//! business hours ────────────────────┘        │            └─► outbox ─► mail
//!                                             ▼
//!                              `.alarms` beside the journal: stored before anything is told
//! ```
//!
//! One task reads the facts behind the writer, as publishing does, and looks once a second. It never touches the way of a request. What it knows is stored
//! with the changes that are not told yet, before they are told: after a restart nothing is told twice, and what was not told is told. If it cannot be stored,
//! it is told nevertheless, because a person who is called twice is better off than one who is not called. A receiver that does not take a message gets the
//! same one again, with the same name, less and less often; the log and metrics say so meanwhile.
//!
//! Of the gateways that share a journal one judges, and another one goes on when its lease is over.

mod text;

mod observing;

mod outbox;

mod watched;

mod telling;

mod attempts;

mod task;

use std::fmt;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::config::AlarmsConfig;
use crate::gateway::Gateway;

/// The longest time that the daemon waits at its end for receivers to take what is to be told.
pub const FINISH_MAX: Duration = Duration::from_secs(3);

/// Alarms that are judged. It ends with [`Alarms::finish`], or when the gateway is gone.
#[derive(Debug)]
pub struct Alarms {
    quiet: CancellationToken,
    finish: CancellationToken,
    task: JoinHandle<()>,
}

/// Why alarms are not judged.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AlarmStartError {
    /// The alarms of this gateway are judged already.
    Already,
    /// The client of the webhooks cannot be made.
    Client(String),
}

/// Begins to judge the alarms of a gateway.
///
/// # Errors
/// If they are judged already. A journal that cannot be read now is tried again.
pub async fn start(gateway: &Gateway, config: &AlarmsConfig) -> Result<Alarms, AlarmStartError> {
    let task = task::AlarmTask::begin(gateway.feed(), config).await?;
    let finish = CancellationToken::new();
    let quiet = CancellationToken::new();
    let task = tokio::spawn(task.run(quiet.clone(), finish.clone()));
    Ok(Alarms { quiet, finish, task })
}

/// Begins to judge by the table `[alarms]`, if there is one.
///
/// # Errors
/// Those of [`start`].
pub async fn start_configured(
    gateway: &Gateway,
    config: Option<&AlarmsConfig>,
) -> Result<Option<Alarms>, AlarmStartError> {
    match config {
        Some(config) => start(gateway, config).await.map(Some),
        None => Ok(None),
    }
}

impl Alarms {
    /// What ends judging, before the gateway stops: an institution that is being stopped is no reason to call anybody. Telling goes on.
    pub fn quieter(&self) -> impl FnOnce() + Send + use<> {
        let quiet = self.quiet.clone();
        move || quiet.cancel()
    }

    /// Tells what is to be told and ends, at the latest after this time. What is left is told after the next start.
    pub async fn finish(mut self, max: Duration) {
        self.finish.cancel();
        if tokio::time::timeout(max, &mut self.task).await.is_err() {
            self.task.abort();
            // It ends with an error that says so.
            let _ = self.task.await;
            tracing::warn!("not all alarms are told: the others follow after the next start");
        }
    }
}

impl fmt::Display for AlarmStartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Already => f.write_str("the alarms of this gateway are judged already"),
            Self::Client(why) => write!(f, "the client of the webhooks: {why}"),
        }
    }
}

impl std::error::Error for AlarmStartError {}
