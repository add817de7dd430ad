//! A publisher for Kafka: one topic, an idempotent producer, and a next cluster while one takes nothing.
//!
//! An event is taken when all replicas that are in step have it (`acks=all`). The headers are those of CloudEvents in its Kafka binding, so the
//! identity of an event can be read without its JSON. librdkafka does the protocol.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use rdkafka::config::ClientConfig;
use rdkafka::error::KafkaError;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use tracing::{info, warn};

use super::{Outgoing, PublishError, PublishFuture, Publisher};
use crate::config::{ClusterConfig, EventsConfig};
use crate::kafka_errors::{Said, is_for_good};
use crate::time::Rfc3339;

/// How long another cluster gets the events until the first one is tried again.
const RETURN_AFTER: Duration = Duration::from_secs(60);

/// Publishes events to Kafka.
#[derive(Debug)]
pub struct KafkaPublisher {
    topic: String,
    clusters: Vec<Cluster>,
    current: Mutex<Current>,
}

/// The cluster that gets the events.
#[derive(Clone, Copy, Debug)]
struct Current {
    cluster: usize,
    since: Instant,
}

#[derive(Debug)]
struct Cluster {
    name: String,
    settings: ClientConfig,
    producer: Mutex<Option<Client>>,
}

/// A producer, and what its connections said last.
#[derive(Clone)]
struct Client {
    producer: FutureProducer<Said>,
    said: Said,
}

/// Why a cluster did not take all events.
#[derive(Debug)]
struct Refusal {
    why: String,
    /// The names of those that it never takes. Empty if it may take all of them later.
    refused: Vec<String>,
}

impl KafkaPublisher {
    /// A publisher by the table `[events]`. It connects when the first event comes.
    #[must_use]
    pub fn new(config: &EventsConfig) -> Self {
        Self {
            topic: config.topic.clone(),
            clusters: config.clusters.iter().map(Cluster::new).collect(),
            current: Mutex::new(Current { cluster: 0, since: Instant::now() }),
        }
    }

    /// The clusters in the order in which they are tried.
    fn order(&self) -> impl Iterator<Item = usize> {
        let current = *self.current();
        let returns = current.cluster != 0 && current.since.elapsed() >= RETURN_AFTER;
        let first = if returns { 0 } else { current.cluster };
        let count = self.clusters.len();
        (0..count).map(move |at| (first + at) % count)
    }

    fn current(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn publish_to_one(&self, events: &[Outgoing]) -> Result<(), PublishError> {
        let mut reasons = Vec::new();
        for at in self.order() {
            let Some(cluster) = self.clusters.get(at) else { continue };
            match cluster.publish(&self.topic, events).await {
                Ok(()) => {
                    let mut current = self.current();
                    if current.cluster != at {
                        info!(cluster = cluster.name, "events go to this Kafka cluster from now on");
                    }
                    // The time counts from the last attempt with the first cluster.
                    if current.cluster != at || current.since.elapsed() >= RETURN_AFTER {
                        *current = Current { cluster: at, since: Instant::now() };
                    }
                    return Ok(());
                }
                // Another cluster has the same limits, or its own events to refuse.
                Err(Refusal { why, refused }) if !refused.is_empty() => {
                    return Err(PublishError { why: format!("Kafka cluster {}: {why}", cluster.name), refused });
                }
                Err(Refusal { why, .. }) => {
                    if self.clusters.len() > 1 {
                        warn!(cluster = cluster.name, why, "a Kafka cluster takes no events");
                    }
                    reasons.push(format!("Kafka cluster {}: {why}", cluster.name));
                }
            }
        }
        Err(PublishError::now(reasons.join("; ")))
    }
}

impl Publisher for KafkaPublisher {
    fn publish<'p>(&'p self, events: &'p [Outgoing]) -> PublishFuture<'p> {
        Box::pin(self.publish_to_one(events))
    }
}

impl Cluster {
    fn new(config: &ClusterConfig) -> Self {
        let mut settings = ClientConfig::new();
        settings
            .set("bootstrap.servers", config.brokers.join(","))
            .set("client.id", "fep-gateway")
            .set("enable.idempotence", "true")
            .set("acks", "all")
            // A piece is waited for, so there is nothing to gather.
            .set("linger.ms", "1")
            .set("message.timeout.ms", config.delivery_timeout.as_millis().to_string())
            .set("reconnect.backoff.max.ms", "2000");
        Self { name: config.name.clone(), settings, producer: Mutex::new(None) }
    }

    fn client(&self) -> Result<Client, String> {
        let mut producer = self.producer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = producer.as_ref() {
            return Ok(client.clone());
        }
        let said = Said::default();
        let created = self.settings.create_with_context(said.clone()).map_err(|error| error.to_string())?;
        Ok(producer.insert(Client { producer: created, said }).clone())
    }

    /// Begins with a new producer the next time. A cluster that lost its state, or is another one now, does not know the sequence numbers of
    /// the old one, which would never get an event to it again. Nothing of the old one is under way.
    fn forget(&self, client: Client) {
        *self.producer.lock().unwrap_or_else(PoisonError::into_inner) = None;
        // Its end waits for its threads.
        drop(tokio::task::spawn_blocking(move || drop(client)));
    }

    /// Publishes all events, or says why not all of them were taken.
    async fn publish(&self, topic: &str, events: &[Outgoing]) -> Result<(), Refusal> {
        let client = self.client().map_err(|why| Refusal { why, refused: Vec::new() })?;
        let mut waiting = Vec::new();
        let mut failed: Option<KafkaError> = None;
        let mut refused: Option<KafkaError> = None;
        let mut names = Vec::new();
        let mut fails = |event: &Outgoing, error: KafkaError| {
            if is_for_good(&error) {
                names.push(event.id.clone());
                refused = Some(error);
            } else {
                failed = Some(error);
            }
        };
        for event in events {
            match client.producer.send_result(record(topic, event)) {
                Ok(delivery) => waiting.push(async move { (event, delivery.await) }),
                Err((error, _)) if is_for_good(&error) => fails(event, error),
                Err((error, _)) => {
                    fails(event, error);
                    break;
                }
            }
        }
        // Nothing of a piece is under way any more when it is tried again.
        for (event, delivery) in join_all(waiting).await {
            match delivery {
                Ok(Ok(_)) => {}
                Ok(Err((error, _))) => fails(event, error),
                // The producer has ended, which only `forget` lets it do.
                Err(_) => fails(event, KafkaError::Canceled),
            }
        }
        let Some(error) = failed.as_ref().or(refused.as_ref()) else { return Ok(()) };
        let said = client.said.take();
        let why = said.map_or_else(|| error.to_string(), |said| format!("{error}: {said}"));
        self.forget(client);
        Err(Refusal { why, refused: if failed.is_none() { names } else { Vec::new() } })
    }
}

fn record<'e>(topic: &'e str, event: &'e Outgoing) -> FutureRecord<'e, str, str> {
    let time = Rfc3339(event.at_ms).to_string();
    let kind = format!("fep.{}", event.kind);
    let traceparent = event.traceparent.map(|parent| parent.to_string());
    let mut headers = OwnedHeaders::new();
    for (key, value) in [
        ("content-type", Some("application/json")),
        ("ce_specversion", Some("1.0")),
        ("ce_id", Some(event.id.as_str())),
        ("ce_type", Some(kind.as_str())),
        ("ce_source", Some("fep-gateway")),
        ("ce_time", Some(time.as_str())),
        ("traceparent", traceparent.as_deref()),
    ] {
        if let Some(value) = value {
            headers = headers.insert(Header { key, value: Some(value) });
        }
    }
    FutureRecord::to(topic).key(event.key.as_str()).payload(event.json.as_str()).timestamp(event.at_ms).headers(headers)
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}
