//! Telegrams that institutions send by themselves, and who takes them.

mod typed;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use fep_spec::model::Spec;
use serde_json::{Map, Value};

pub use self::typed::TypedNotices;
use crate::exchange::{ExchangeId, TelegramBytes};

/// Takes the telegrams that institutions send by themselves.
pub trait NoticeHandler: Send + Sync + 'static {
    /// Handles a notice and says which fields of the answer differ from the notice's. It has [`Notice::timeout`]; when that has
    /// passed, or when it fails, the configured stand-in answers.
    ///
    /// A notice comes again if its answer did not reach the institution and is not in the journal.
    fn notice(&self, notice: Notice) -> NoticeFuture<'_>;

    /// Whether the handler can read the notices of an institution with this spec. A gateway asks when it starts.
    ///
    /// # Errors
    /// What does not fit.
    fn fits(&self, spec: &Spec) -> Result<(), String> {
        let _ = spec;
        Ok(())
    }
}

/// What [`NoticeHandler::notice`] returns: the answer's own fields, nested as in JSON, or why there are none.
pub type NoticeFuture<'h> = Pin<Box<dyn Future<Output = Result<Map<String, Value>, String>> + Send + 'h>>;

/// A telegram that an institution sent by itself.
#[derive(Clone)]
pub struct Notice {
    /// Its name in the journal.
    pub id: ExchangeId,
    /// Who sent it.
    pub institution: String,
    /// The telegram: `DepositNotice`.
    pub telegram: String,
    /// Its fields.
    pub fields: Value,
    /// Its bytes.
    pub bytes: TelegramBytes,
    /// The configured `callback`.
    pub callback: Option<String>,
    /// How long the handler may take.
    pub timeout: Duration,
}

/// Never the fields.
impl fmt::Debug for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, institution, telegram, .. } = self;
        write!(f, "Notice({id}, {telegram} of {institution})")
    }
}

/// Leaves every notice to its stand-in.
#[derive(Clone, Copy, Debug)]
pub struct StandInOnly;

impl NoticeHandler for StandInOnly {
    fn notice(&self, _: Notice) -> NoticeFuture<'_> {
        Box::pin(async { Err("nobody handles notices".to_owned()) })
    }
}
