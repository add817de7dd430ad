//! Requests from topics of a broker: what other systems put there becomes exchanges, and the result of each goes back to a topic.
//!
//! ```text
//!                    ┌──────────────── retry topic 1 … n ◄── certainly not sent, for a reason that passes
//!                    ▼                                 │
//! requests topic ─► lanes ─► exchange ─► fate ─────────┼──► results topic ◄── answered, unknown, not sent for good
//!                    ▲                                 │
//!                  claim, commit                       └──► dead letters ◄── unreadable, refused, tried too often
//! ```
//!
//! **No message is lost**: the offset of a message is committed when what became of it is durable in the journal, and its result, retry or
//! dead letter in the broker. **No request is sent twice**: every message has an idempotency key, which the journal keeps; and before a message
//! is begun, the commit of its partition names this journal and how far it begins (a [claim]), so that a gateway with another journal
//! that takes over after a crash does not begin it again.
//!
//! [`message`], [`lanes`], [`claim`] and [`fate`] are values without a broker. With the feature `kafka`, `kafka` brings messages to them.

pub mod claim;
pub mod fate;
pub mod lanes;
pub mod message;

mod rights;

pub mod result;

#[cfg(feature = "kafka")]
mod poster;

#[cfg(feature = "kafka")]
mod serving;

#[cfg(feature = "kafka")]
mod kafka;

use std::fmt;

use crate::config::{Config, RequestsConfig};
use crate::gateway::Gateway;

#[cfg(feature = "kafka")]
pub use self::kafka::{Intake, Stopper};

/// The longest time that the daemon waits at its end for results to leave.
pub const FINISH_MAX: std::time::Duration = std::time::Duration::from_secs(5);

/// Requests that are taken from topics. Without the feature `kafka` there are none.
#[cfg(not(feature = "kafka"))]
#[derive(Debug)]
pub enum Intake {}

#[cfg(not(feature = "kafka"))]
impl Intake {
    /// By what it is stopped.
    #[must_use]
    pub fn stopper(&self) -> Stopper {
        match *self {}
    }

    /// Waits until everything has ended.
    pub async fn finish(self, _: std::time::Duration) {
        match self {}
    }
}

/// Lets nothing begin any more that comes from topics.
#[cfg(not(feature = "kafka"))]
#[derive(Clone, Debug)]
pub enum Stopper {}

#[cfg(not(feature = "kafka"))]
impl Stopper {
    /// Lets nothing begin any more.
    pub async fn stop(&self) {
        match *self {}
    }
}

/// Why requests are not taken from topics.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IntakeError {
    /// There is a table `[requests]`, and this gateway was built without Kafka.
    WithoutKafka,
    /// The access file has no client with the name of `caller`, or cannot be read.
    Caller(String),
    /// The journal cannot be read.
    Journal(String),
    /// A client of the broker cannot be made.
    Client(String),
}

/// Checks what the configuration says about requests from topics, as far as the file alone does not show it: the client under whose name they run.
///
/// # Errors
/// If the access file cannot be read or has no such client.
pub fn check(config: &Config) -> Result<(), IntakeError> {
    let Some(requests) = &config.requests else { return Ok(()) };
    let Some(path) = &config.http.access else { return Ok(()) };
    rights::client(path, &config.specs(), &requests.caller).map(drop).map_err(IntakeError::Caller)
}

/// Begins to take requests from topics by the table `[requests]`, if there is one.
///
/// # Errors
/// If the client of the table has no rights file that names it, the journal cannot be read, or this gateway was built without Kafka.
pub async fn start_configured(
    gateway: &Gateway,
    requests: Option<&RequestsConfig>,
    access: Option<&std::path::Path>,
) -> Result<Option<Intake>, IntakeError> {
    let Some(requests) = requests else { return Ok(None) };
    #[cfg(feature = "kafka")]
    return kafka::start(gateway, requests, access).await.map(Some);
    #[cfg(not(feature = "kafka"))]
    {
        let _ = (gateway, requests, access);
        Err(IntakeError::WithoutKafka)
    }
}

impl fmt::Display for IntakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WithoutKafka => f.write_str("this gateway was built without Kafka: build it with `--features kafka`"),
            Self::Caller(why) => write!(f, "requests.caller: {why}"),
            Self::Journal(why) => write!(f, "the journal cannot be read: {why}"),
            Self::Client(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for IntakeError {}
