//! What the journal that instances share knows about them. It is the truth: a store such as Redis only carries what may be lost.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use fep_protocol::reason::JournalError;
use fep_protocol::trace::{TraceBlock, TraceHighWater, TraceRange, TraceUse};

use super::NewsSender;

/// The answer to a question for a block. It does not borrow from [`Instances`].
pub type BlockReply = Pin<Box<dyn Future<Output = Result<Option<TraceBlock>, JournalError>> + Send>>;

/// The instances of a gateway, as their journal knows them.
pub trait Instances: Send + Sync + fmt::Debug + 'static {
    /// The name of this instance, unique among those that run: `seoul-1`.
    fn instance(&self) -> Arc<str>;

    /// A number of this run that no other run of any instance has. `None` if there is none.
    fn run(&self) -> Option<u64> {
        None
    }

    /// Whether another instance took over from this one since it ran last.
    fn was_fenced(&self) -> bool;

    /// The next block of trace numbers, durable before it is returned and never granted again. `None` if there are no more numbers.
    fn block(&self, wanted: BlockWanted) -> BlockReply;

    /// From now on the task of this institution hears of each answer that another instance stored as routed, by
    /// [`News::AnswerStored`](fep_protocol::coordination::News::AnswerStored). A later task takes its place.
    fn listen(&self, institution: Arc<str>, news: NewsSender) {
        let _ = (institution, news);
    }
}

/// A question for a block of trace numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockWanted {
    /// The name of the institution.
    pub institution: Arc<str>,
    /// The trace numbers of a business day.
    pub range: TraceRange,
    /// The numbers that this instance knows as used, by day. None up to there is granted.
    pub used: Vec<TraceHighWater>,
    /// The business day, in days since 1970-01-01.
    pub day: i64,
    /// For what.
    pub for_what: TraceUse,
}
