//! [`Producer`]: brings messages to one topic of one cluster and says what became of each. What is sent again, and when, is not decided here.
//!
//! A message has no end of its time in librdkafka: it tries again by itself, and keeps the order of each partition, until it is told to give up. So nothing
//! that was sent is overtaken by what was sent behind it.

use std::time::Duration;

use futures_util::future::join_all;
use rdkafka::config::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{DeliveryFuture, FutureProducer, FutureRecord, Producer as _, PurgeConfig};
use tokio::time::timeout;

use crate::config::StreamTopicConfig;
use crate::kafka_errors::{Said, is_for_good};
use crate::streams::message::{Maker, Message};

/// How long the partitions of a topic are asked for.
const ASK_MAX: Duration = Duration::from_secs(3);

/// The shortest time in which a cluster that confirms nothing is left to librdkafka. New connections need some time themselves.
const GIVE_UP_AFTER: Duration = Duration::from_secs(5);

/// How long what was given up may take to say so.
const SAY_SO_MAX: Duration = Duration::from_secs(5);

/// The largest batch in bytes. Brokers and the library allow a little more if nobody changes it.
const BATCH_BYTES: usize = 1_000_000;

/// The most partitions that a topic may have. What is no telegram goes to each of them.
const PARTITIONS_MAX: usize = 10_000;

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The cluster has it durably.
    Taken,
    /// The cluster never takes it.
    Refused(String),
    /// The cluster refused the batch that had it, perhaps for another message of the batch. Alone, it is taken or refused.
    Doubtful(String),
    /// The cluster may have it or not. Another attempt may succeed.
    Failed(String),
    /// The topic does not have its partition now.
    NoPartition(String),
}

/// Brings messages to a topic.
pub(super) struct Producer {
    topic: String,
    settings: ClientConfig,
    client: Option<Client>,
}

/// A producer of the library, and what its connections said last.
#[derive(Clone)]
struct Client {
    producer: FutureProducer<Said>,
    said: Said,
}

/// A message that was handed over, or was not.
enum Sent {
    Waits(DeliveryFuture),
    Not(Outcome),
}

impl Producer {
    pub(super) fn new(config: &StreamTopicConfig) -> Self {
        let mut settings = ClientConfig::new();
        settings
            .set("bootstrap.servers", config.brokers.join(","))
            .set("client.id", "fep-gateway")
            .set("enable.idempotence", "true")
            .set("acks", "all")
            // A broker refuses a batch as a whole. What is sent together is one batch of each partition: there is room for all of it, and time to hand it
            // over. So nothing of an instrument is under way behind a batch that is refused.
            .set("linger.ms", "5")
            .set("batch.size", BATCH_BYTES.to_string())
            .set("message.timeout.ms", "0")
            // A misspelt topic is said, not made.
            .set("allow.auto.create.topics", "false")
            // That of the library of Java, so that a topic of another program with the same keys has them in the same partitions.
            .set("partitioner", "murmur2_random")
            .set("queue.buffering.max.messages", "100000")
            .set("queue.buffering.max.kbytes", "65536")
            .set("reconnect.backoff.max.ms", "2000");
        Self { topic: config.topic.clone(), settings, client: None }
    }

    /// How many partitions the topic has.
    pub(super) async fn partitions(&mut self) -> Result<i32, String> {
        let client = self.client()?;
        let producer = client.producer.clone();
        let topic = self.topic.clone();
        let asked = move || {
            let found = producer.client().fetch_metadata(Some(&topic), ASK_MAX).map_err(|error| error.to_string())?;
            let found = found.topics().first().ok_or("the cluster says nothing about it")?;
            match (found.error(), found.partitions().len()) {
                (Some(error), _) => Err(format!("the cluster does not have it: {}", RDKafkaErrorCode::from(error))),
                (None, 0) => Err("it has no partitions: make the topic first".to_owned()),
                (None, count) if count > PARTITIONS_MAX => {
                    Err(format!("it has {count} partitions, {PARTITIONS_MAX} are allowed"))
                }
                (None, count) => i32::try_from(count).map_err(|error| error.to_string()),
            }
        };
        let found = tokio::task::spawn_blocking(asked).await.map_err(|error| error.to_string())?;
        found.map_err(|why| with_said(why, &client.said))
    }

    /// Sends messages. If the cluster did not confirm all of them in the time `late_after`, says why, and goes on. What it did not confirm much later is given
    /// up. A cluster that was late gets new connections.
    pub(super) async fn send(
        &mut self,
        maker: &Maker,
        messages: &[Message],
        late_after: Duration,
        is_late: impl FnOnce(&str),
    ) -> Vec<Outcome> {
        let client = match self.client() {
            Ok(client) => client,
            Err(why) => return vec![Outcome::Failed(why); messages.len()],
        };
        let mut stopped: Option<String> = None;
        let handed_over = messages.iter().map(|message| {
            // Nothing may overtake a message that the queue did not take.
            if let Some(why) = &stopped {
                return Sent::Not(Outcome::Failed(why.clone()));
            }
            match client.producer.send_result(record(&self.topic, maker, message)) {
                Ok(delivery) => Sent::Waits(delivery),
                Err((error, _)) if is_for_good(&error) => Sent::Not(Outcome::Refused(error.to_string())),
                Err((error, _)) if lacks_partition(&error) => Sent::Not(Outcome::NoPartition(error.to_string())),
                Err((error, _)) => {
                    let why = stopped.insert(error.to_string());
                    Sent::Not(Outcome::Failed(why.clone()))
                }
            }
        });
        let handed_over: Vec<Sent> = handed_over.collect();
        let is_alone = handed_over.len() == 1;
        let all = join_all(handed_over.into_iter().map(|sent| outcome(sent, is_alone, &client.said)));
        tokio::pin!(all);
        if let Ok(outcomes) = timeout(late_after, &mut all).await {
            return outcomes;
        }
        let why = with_said(format!("it confirmed nothing for {} ms", late_after.as_millis()), &client.said);
        is_late(&why);
        let confirmed = timeout(GIVE_UP_AFTER.saturating_sub(late_after), &mut all).await;
        if confirmed.is_err() {
            client.producer.purge(PurgeConfig::default().queue().inflight());
        }
        // Whoever confirms now may be another one than before.
        self.forget();
        if let Ok(outcomes) = confirmed {
            return outcomes;
        }
        let given_up = |outcome| match outcome {
            Outcome::Failed(_) => Outcome::Failed(why.clone()),
            outcome => outcome,
        };
        match timeout(SAY_SO_MAX, all).await {
            Ok(outcomes) => outcomes.into_iter().map(given_up).collect(),
            Err(_) => vec![Outcome::Failed(why); messages.len()],
        }
    }

    /// Begins with new connections the next time. A cluster that lost its state, or is another one now, does not know the sequence numbers of the old
    /// ones, which would never get a message to it again.
    pub(super) fn forget(&mut self) {
        // Its end waits for its threads.
        if let Some(client) = self.client.take() {
            drop(tokio::task::spawn_blocking(move || drop(client)));
        }
    }

    fn client(&mut self) -> Result<Client, String> {
        if let Some(client) = &self.client {
            return Ok(client.clone());
        }
        let said = Said::default();
        let producer = self.settings.create_with_context(said.clone()).map_err(|error| error.to_string())?;
        Ok(self.client.insert(Client { producer, said }).clone())
    }
}

/// `is_alone`: no other message can be in its batch.
async fn outcome(sent: Sent, is_alone: bool, said: &Said) -> Outcome {
    match sent {
        Sent::Not(outcome) => outcome,
        Sent::Waits(delivery) => match delivery.await {
            Ok(Ok(_)) => Outcome::Taken,
            Ok(Err((error, _))) if is_for_good(&error) && is_alone => Outcome::Refused(error.to_string()),
            Ok(Err((error, _))) if is_for_good(&error) || is_for_another(&error) => {
                Outcome::Doubtful(error.to_string())
            }
            Ok(Err((error, _))) if lacks_partition(&error) => Outcome::NoPartition(error.to_string()),
            Ok(Err((error, _))) => Outcome::Failed(with_said(error.to_string(), said)),
            // The producer has ended.
            Err(_) => Outcome::Failed("it was given up".to_owned()),
        },
    }
}

/// Whether the cluster said which message of the batch it refused, and it was another one.
fn is_for_another(error: &KafkaError) -> bool {
    error.rdkafka_error_code() == Some(RDKafkaErrorCode::InvalidDifferentRecord)
}

/// Whether the topic does not have the partition of a message.
fn lacks_partition(error: &KafkaError) -> bool {
    error.rdkafka_error_code() == Some(RDKafkaErrorCode::UnknownPartition)
}

fn with_said(why: String, said: &Said) -> String {
    match said.take() {
        Some(said) => format!("{why}: {said}"),
        None => why,
    }
}

fn record<'m>(topic: &'m str, maker: &Maker, message: &'m Message) -> FutureRecord<'m, str, str> {
    let Message { key, partition, content } = message;
    let own = content.headers.iter().map(|(key, value)| (*key, &**value));
    let all = maker.headers().into_iter().chain([("fep-event", content.name)]).chain(own);
    let headers =
        all.fold(OwnedHeaders::new(), |headers, (key, value)| headers.insert(Header { key, value: Some(value) }));
    let record = FutureRecord::to(topic).key(&**key).payload(content.json.as_str());
    let record = record.timestamp(content.at_ms).headers(headers);
    match partition {
        Some(partition) => record.partition(*partition),
        None => record,
    }
}
