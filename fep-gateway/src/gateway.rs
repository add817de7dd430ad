//! [`Gateway`]: the embedded API. What HTTP offers is this and nothing more.
//!
//! A started gateway owns its institutions' tasks and the journal. Dropping the future of [`Gateway::exchange`] loses
//! nothing: the exchange goes on and its outcome stands in the journal.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};
use tokio::sync::broadcast;

use crate::config::Config;
use crate::exchange::{Event, Exchange, ExchangeId, LineStatus};

/// A running gateway. Clones are handles to the same one.
#[derive(Clone)]
pub struct Gateway {
    events: broadcast::Sender<Event>,
}

/// Takes the telegrams that institutions send by themselves.
pub trait NoticeHandler: Send + Sync + 'static {
    /// Handles a notice and says which fields of the answer differ from the notice's. It has [`Notice::timeout`]; when that has
    /// passed, or when it fails, the configured stand-in answers.
    fn notice(&self, notice: Notice) -> NoticeFuture<'_>;
}

/// What [`NoticeHandler::notice`] returns: the answer's own fields, nested as in JSON, or why there are none.
pub type NoticeFuture<'h> = Pin<Box<dyn Future<Output = Result<Map<String, Value>, String>> + Send + 'h>>;

/// A telegram that an institution sent by itself.
#[derive(Clone, Debug)]
pub struct Notice {
    /// Its name in the journal.
    pub id: ExchangeId,
    /// Who sent it.
    pub institution: String,
    /// The telegram: `DepositNotice`.
    pub telegram: String,
    /// Its fields.
    pub fields: Value,
    /// The configured `callback`.
    pub callback: Option<String>,
    /// How long the handler may take.
    pub timeout: Duration,
}

/// Leaves every notice to its stand-in.
#[derive(Clone, Copy, Debug)]
pub struct StandInOnly;

impl NoticeHandler for StandInOnly {
    fn notice(&self, _: Notice) -> NoticeFuture<'_> {
        Box::pin(async { Err("nobody handles notices".to_owned()) })
    }
}

/// Why a gateway could not start.
#[derive(Debug)]
pub enum StartError {
    /// The journal cannot be opened.
    Journal(JournalError),
}

/// The journal could not be read or written.
#[derive(Clone, Debug)]
pub struct JournalError(pub String);

/// Why a request was not accepted. Nothing was journaled, nothing was sent.
#[derive(Debug)]
pub enum Refusal {
    /// No institution has this name.
    UnknownInstitution {
        /// Those that there are.
        known: Vec<String>,
    },
    /// The institution's spec has no such telegram.
    UnknownTelegram {
        /// The telegram that was probably meant.
        nearest: Option<String>,
    },
    /// The telegram is no request of ours: it has no answer, or the institution or the session sends it.
    NotARequest,
    /// The fields make no telegram.
    Invalid(fep_codec::Error),
    /// The idempotency key names an exchange that still runs.
    StillRunning(ExchangeId),
    /// The idempotency key names an exchange with another body.
    OtherBody(ExchangeId),
}

impl Gateway {
    /// Opens the journal, and starts connecting to every line.
    ///
    /// # Errors
    /// If the journal cannot be opened. An institution that cannot be reached is no error.
    pub async fn start(_: Config, _: Arc<dyn NoticeHandler>) -> Result<Self, StartError> {
        Err(StartError::Journal(JournalError("the engine is not there yet".to_owned())))
    }

    /// Sends a request and waits for its final outcome. `body` is the telegram's JSON.
    ///
    /// # Errors
    /// If the request is not accepted. A request that is accepted and cannot be sent is no error but an outcome.
    pub async fn exchange(
        &self,
        _institution: &str,
        _telegram: &str,
        _body: &Value,
        _idempotency_key: Option<&str>,
    ) -> Result<Exchange, Refusal> {
        Err(Refusal::UnknownInstitution { known: Vec::new() })
    }

    /// The exchange with this name.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn find(&self, _: &ExchangeId) -> Result<Option<Exchange>, JournalError> {
        Ok(None)
    }

    /// The latest exchanges, newest first.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub async fn recent(&self, _limit: usize) -> Result<Vec<Exchange>, JournalError> {
        Ok(Vec::new())
    }

    /// Every line and its links as they are now.
    #[must_use]
    pub fn lines(&self) -> Vec<LineStatus> {
        Vec::new()
    }

    /// The spec of an institution.
    #[must_use]
    pub fn spec(&self, _institution: &str) -> Option<&fep_spec::model::Spec> {
        None
    }

    /// What happens from now on. A receiver that falls behind loses the oldest events.
    #[must_use]
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.events.subscribe()
    }

    /// Refuses new requests, lets those in flight end within a limit, signs off, closes the links and the journal.
    pub async fn stop(&self) {}
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "journal: {}", self.0)
    }
}

impl std::error::Error for JournalError {}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Journal(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for StartError {}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownInstitution { known } => write!(f, "no such institution; there are: {}", known.join(", ")),
            Self::UnknownTelegram { nearest: Some(nearest) } => {
                write!(f, "no such telegram; did you mean {nearest}?")
            }
            Self::UnknownTelegram { nearest: None } => f.write_str("no such telegram"),
            Self::NotARequest => f.write_str("the telegram is no request that a service can send"),
            Self::Invalid(error) => error.fmt(f),
            Self::StillRunning(id) => write!(f, "exchange {id} with this idempotency key still runs"),
            Self::OtherBody(id) => write!(f, "exchange {id} has this idempotency key and another body"),
        }
    }
}

impl std::error::Error for Refusal {}
