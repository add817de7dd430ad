//! Notices: telegrams that an institution sends on its own, and the trait that handles them.

mod typed;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use fep_spec::model::Spec;
use serde_json::{Map, Value};

pub use self::typed::TypedNotices;
use fep_protocol::exchange::{ExchangeId, TelegramBytes};

/// A handler for the telegrams that institutions send on their own.
pub trait NoticeHandler: Send + Sync + 'static {
    /// Handles a notice, and returns the fields of the answer that differ from those of the notice. The handler may take
    /// [`Notice::timeout`]. If it takes longer, or fails, the configured stand-in answers.
    ///
    /// The handler gets a notice again if the institution repeats it and no answer to it is in the journal.
    fn notice(&self, notice: Notice) -> NoticeFuture<'_>;

    /// Checks that the handler can read the notices of an institution with this spec. The gateway calls it when it starts.
    ///
    /// # Errors
    /// A description of what does not fit.
    fn fits(&self, spec: &Spec) -> Result<(), String> {
        let _ = spec;
        Ok(())
    }
}

/// The result of [`NoticeHandler::notice`]: the answer's own fields, nested as in JSON, or the reason why there is no
/// answer.
pub type NoticeFuture<'h> = Pin<Box<dyn Future<Output = Result<Map<String, Value>, String>> + Send + 'h>>;

/// A telegram that an institution sent on its own.
#[derive(Clone)]
pub struct Notice {
    /// The name of the notice in the journal.
    pub id: ExchangeId,
    /// The institution that sent the notice.
    pub institution: String,
    /// The telegram: `DepositNotice`.
    pub telegram: String,
    /// The fields as JSON.
    pub fields: Value,
    /// The bytes of the telegram as received, without what encloses it on the line.
    pub bytes: TelegramBytes,
    /// The configured `callback`.
    pub callback: Option<String>,
    /// The maximum time that the handler may take.
    pub timeout: Duration,
}

/// Does not show the fields.
impl fmt::Debug for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, institution, telegram, .. } = self;
        write!(f, "Notice({id}, {telegram} of {institution})")
    }
}

/// A handler that leaves every notice to its stand-in.
#[derive(Clone, Copy, Debug)]
pub struct StandInOnly;

impl NoticeHandler for StandInOnly {
    fn notice(&self, _: Notice) -> NoticeFuture<'_> {
        Box::pin(async { Err("nobody handles notices".to_owned()) })
    }
}
