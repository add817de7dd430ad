//! Posts results, retries and dead letters to the topics of a cluster.

use std::borrow::Cow;

use rdkafka::ClientContext;
use rdkafka::config::{ClientConfig, RDKafkaLogLevel};
use rdkafka::error::KafkaError;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::util::Timeout;
use tracing::debug;

use crate::config::ClusterConfig;
use crate::kafka_errors::is_for_good;

/// A producer that waits until all replicas in step have a message. It numbers nothing, so that a cluster that lost its state does not refuse it:
/// a message that comes twice has the same name.
#[derive(Clone)]
pub(super) struct Poster(FutureProducer<Quiet>);

/// A message for a topic.
#[derive(Clone, Debug)]
pub(super) struct Post<'p> {
    pub(super) topic: &'p str,
    pub(super) key: Option<&'p [u8]>,
    pub(super) headers: Vec<(Cow<'static, str>, Vec<u8>)>,
    pub(super) value: Option<Vec<u8>>,
}

/// Why a message was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum PostError {
    /// The topic takes nothing now.
    Now(String),
    /// The topic never takes this message.
    ForGood(String),
}

/// What the producer says goes to the debug log.
#[derive(Clone, Copy, Debug)]
struct Quiet;

impl ClientContext for Quiet {
    fn log(&self, _level: RDKafkaLogLevel, facility: &str, message: &str) {
        debug!(facility, message, "kafka");
    }

    fn error(&self, error: KafkaError, reason: &str) {
        debug!(%error, reason, "kafka");
    }
}

impl Poster {
    pub(super) fn new(cluster: &ClusterConfig) -> Result<Self, String> {
        let mut settings = ClientConfig::new();
        settings
            .set("bootstrap.servers", cluster.brokers.join(","))
            .set("client.id", "fep-gateway")
            .set("acks", "all")
            .set("linger.ms", "2")
            .set("message.timeout.ms", cluster.delivery_timeout.as_millis().to_string())
            .set("queue.buffering.max.kbytes", "65536")
            .set("reconnect.backoff.max.ms", "2000");
        settings.create_with_context(Quiet).map(Self).map_err(|error| error.to_string())
    }

    pub(super) async fn post(&self, post: &Post<'_>) -> Result<(), PostError> {
        let mut headers = OwnedHeaders::new_with_capacity(post.headers.len());
        for (key, value) in &post.headers {
            headers = headers.insert(Header { key, value: Some(value) });
        }
        let mut record: FutureRecord<'_, [u8], [u8]> = FutureRecord::to(post.topic).headers(headers);
        record.key = post.key;
        record.payload = post.value.as_deref();
        match self.0.send(record, Timeout::After(std::time::Duration::from_secs(1))).await {
            Ok(_) => Ok(()),
            Err((error, _)) if is_for_good(&error) => Err(PostError::ForGood(error.to_string())),
            Err((error, _)) => Err(PostError::Now(error.to_string())),
        }
    }
}

impl std::fmt::Debug for Poster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Poster").finish_non_exhaustive()
    }
}
