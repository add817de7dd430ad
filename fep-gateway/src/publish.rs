//! Events to the outside: what ends, is settled or needs a person, and what institutions tell, goes to a broker.
//!
//! ```text
//! facts 1 … n ─► pump ─► publisher ─► broker          the journal is the outbox: a fact is durable before its event leaves
//!   mark m  ◄──────────── taken
//! ```
//!
//! Every event of a fact is published **at least once**, in the order of the facts, also after a crash: the mark moves when the broker has
//! taken the events, and after a restart publishing goes on behind the mark. An event that comes again has the same [`id`](Outgoing::id) and the
//! same bytes. While no broker takes events they wait in the journal, which keeps what the mark has not passed, and after
//! [`alarm_after`](PublishOptions::alarm_after) a note at `/readyz`, the log and a metric say so. Business never waits for a broker.
//!
//! The state of a line is no fact. Its events say what holds now: the latest state of each line goes out at the start and after each change, and a
//! state that changed again before the broker took it is left out.
//!
//! [`Publisher`] is the seam to a broker. With the feature `kafka`, [`kafka`] is one for Kafka, which the table `[events]` configures.

pub mod event;

mod maker;

mod recent;

mod pump;

#[cfg(feature = "kafka")]
pub mod kafka;

pub mod republish;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use fep_protocol::exchange::TraceParent;

pub use self::pump::Publishing;
use crate::config::EventsConfig;
use crate::gateway::Gateway;
pub use crate::journal::JournalError;

/// An event for a broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// A name that no other event has. An event that is published again has the same one.
    pub id: String,
    /// The stable name of its kind, such as `exchange_ended`.
    pub kind: &'static str,
    /// Events with the same key must stay in their order. It contains no secret.
    pub key: String,
    /// When it happened, in milliseconds since 1970.
    pub at_ms: i64,
    /// The trace that it belongs to.
    pub traceparent: Option<TraceParent>,
    /// The content: JSON by the schema of [`event::schema`], secrets masked.
    pub json: String,
}

/// What a broker is to the gateway.
pub trait Publisher: Send + Sync + 'static {
    /// Publishes these events, in their order for each key. Returns when the broker has taken all of them durably. After an error, all of them
    /// are published again, also those that it took, unless the error names those that it never takes.
    ///
    /// # Errors
    /// If the broker did not take all of them.
    fn publish<'p>(&'p self, events: &'p [Outgoing]) -> PublishFuture<'p>;
}

/// What [`Publisher::publish`] returns.
pub type PublishFuture<'p> = Pin<Box<dyn Future<Output = Result<(), PublishError>> + Send + 'p>>;

/// Why a broker did not take events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishError {
    /// One sentence without secrets, which names the broker.
    pub why: String,
    /// The names of the events that the broker never takes, such as too large ones. If there are any, it took all others.
    pub refused: Vec<String>,
}

impl PublishError {
    /// The broker takes nothing now.
    #[must_use]
    pub fn now(why: impl Into<String>) -> Self {
        Self { why: why.into(), refused: Vec::new() }
    }
}

/// The longest time that the daemon waits at its end for a broker to take the last events.
pub const FINISH_MAX: Duration = Duration::from_secs(3);

/// How to publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishOptions {
    /// Which events stay in their order.
    pub order: EventOrder,
    /// Whether events have the fields of telegrams, secrets masked.
    pub fields: bool,
    /// How long the oldest event may wait until a note says so.
    pub alarm_after: Duration,
}

/// Which events have the same key, and so stay in their order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EventOrder {
    /// Those of one exchange or notice.
    #[default]
    Exchange,
    /// Those of one account, for exchanges that move money. The key is a keyed hash of the account, so the journal must be encrypted.
    Account,
}

impl Default for PublishOptions {
    fn default() -> Self {
        Self { order: EventOrder::default(), fields: true, alarm_after: Duration::from_secs(60) }
    }
}

/// Why publishing does not begin.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PublishStartError {
    /// The events of this gateway are published already.
    Already,
    /// There is a table `[events]`, and this gateway was built without Kafka.
    WithoutKafka,
    /// The journal cannot be read, or the mark cannot be written.
    Journal(JournalError),
}

/// Begins to publish the events of a gateway. The first time, it begins with the next new fact; later it goes on where it was.
///
/// # Errors
/// If the events are published already, the journal cannot be read, or the mark cannot be written.
pub async fn start(
    gateway: &Gateway,
    publisher: Arc<dyn Publisher>,
    options: PublishOptions,
) -> Result<Publishing, PublishStartError> {
    pump::start(gateway.feed(), publisher, options).await
}

/// Begins to publish by the table `[events]`, if there is one.
///
/// # Errors
/// Those of [`start`], or if there is such a table and the feature `kafka` is off.
pub async fn start_configured(
    gateway: &Gateway,
    events: Option<&EventsConfig>,
) -> Result<Option<Publishing>, PublishStartError> {
    #[cfg(feature = "kafka")]
    if let Some(events) = events {
        let order = if events.by_account { EventOrder::Account } else { EventOrder::Exchange };
        let options = PublishOptions { order, fields: events.fields, alarm_after: events.alarm_after };
        return start(gateway, Arc::new(kafka::KafkaPublisher::new(events)), options).await.map(Some);
    }
    if events.is_some() {
        return Err(PublishStartError::WithoutKafka);
    }
    if let Some(published) = gateway.feed().journal.published() {
        tracing::warn!(
            published,
            "no events are published any more, and archives behind the last one are kept for that: delete the file `.published` \
             beside the journal while the gateway is stopped, if that is meant"
        );
    }
    Ok(None)
}

impl fmt::Display for PublishStartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Already => f.write_str("the events of this gateway are published already"),
            Self::WithoutKafka => f.write_str("this gateway was built without Kafka: build it with `--features kafka`"),
            Self::Journal(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for PublishStartError {}

impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for PublishError {}
