//! Notices: telegrams that an institution sends on its own, and the trait that handles them.

mod typed;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use fep_spec::model::Spec;
use serde_json::{Map, Value};

pub use self::typed::TypedNotices;
pub use fep_protocol::delivery::AnsweredBy;
use fep_protocol::exchange::{ExchangeId, TelegramBytes};

use crate::config::CallbackConfig;

/// A handler for the telegrams that institutions send on their own.
///
/// A notice is delivered at least once. The gateway calls the handler until it has taken the notice, also after a restart, with
/// growing waits in between and within the configured limits. A handler must therefore recognise a notice that it has: by
/// [`Notice::id`], which stays the same. Notices may come in another order than the institution sent them.
pub trait NoticeHandler: Send + Sync + 'static {
    /// Takes a notice. The handler may take [`Notice::timeout`].
    ///
    /// If the institution still waits ([`Notice::answer_by_ms`]), the fields of [`NoticeReply::Answer`] become the answer. If the
    /// handler fails or takes too long, the configured stand-in answers, and the handler gets the notice again.
    ///
    /// The institution has one answer. If it has one already ([`Notice::answered`]), the handler cannot change it: another answer
    /// is stored and marked, so that a person can see it.
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

/// The result of [`NoticeHandler::notice`].
pub type NoticeFuture<'h> = Pin<Box<dyn Future<Output = Result<NoticeReply, NotTaken>> + Send + 'h>>;

/// What a handler says that took a notice.
#[derive(Clone, Debug, PartialEq)]
pub enum NoticeReply {
    /// The answer's own fields, nested as in JSON. All others are those of the notice.
    Answer(Map<String, Value>),
    /// The handler took the notice and leaves the answer to the stand-in.
    Taken,
    /// The handler took the notice, but what it said cannot be read. The text shows no secret.
    Unusable(String),
}

/// Why a handler did not take a notice. A text shows no secret: it is logged and stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotTaken {
    /// It failed. The gateway tries again later.
    Failed(String),
    /// Nobody wants this notice. The stand-in answers, and the gateway does not try again.
    Unwanted,
}

impl From<Map<String, Value>> for NoticeReply {
    fn from(fields: Map<String, Value>) -> Self {
        Self::Answer(fields)
    }
}

impl From<String> for NotTaken {
    fn from(why: String) -> Self {
        Self::Failed(why)
    }
}

/// A telegram that an institution sent on its own.
#[derive(Clone)]
pub struct Notice {
    /// The name of the notice. It is the same each time that the notice is delivered.
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
    pub callback: Option<Arc<CallbackConfig>>,
    /// The maximum time that the handler may take.
    pub timeout: Duration,
    /// The number of the attempt, from 1. From 2 on the handler may have the notice already.
    pub attempt: u32,
    /// When the notice came, in milliseconds since 1970.
    pub received_at_ms: i64,
    /// When the institution gets an answer at the latest, in milliseconds since 1970. `None` if it does not wait now: either it has
    /// its answer, or it will send the notice again and then get the answer of this call.
    pub answer_by_ms: Option<i64>,
    /// The answer that the institution has, if it has one.
    pub answered: Option<GivenAnswer>,
}

/// The answer that an institution has got to a notice.
#[derive(Clone, Debug, PartialEq)]
pub struct GivenAnswer {
    /// Who gave it.
    pub by: AnsweredBy,
    /// The fields of the answer as JSON.
    pub fields: Value,
}

/// Does not show the fields.
impl fmt::Debug for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, institution, telegram, attempt, .. } = self;
        write!(f, "Notice({id}, {telegram} of {institution}, attempt {attempt})")
    }
}

/// A handler that leaves every notice to its stand-in.
#[derive(Clone, Copy, Debug)]
pub struct StandInOnly;

impl NoticeHandler for StandInOnly {
    fn notice(&self, _: Notice) -> NoticeFuture<'_> {
        Box::pin(async { Err(NotTaken::Unwanted) })
    }
}
