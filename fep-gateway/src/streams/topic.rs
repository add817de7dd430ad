//! [`Topic`]: a consumer of a stream that brings everything to a topic of Kafka.
//!
//! Events go in pieces: the next piece is taken from the buffer when the cluster has confirmed the one before, or refused parts of it for good. So while a
//! cluster takes nothing, one piece waits for it here, everything else waits in the buffer of this consumer, and the policy of that buffer decides: the
//! reader of the feeds never waits, and memory has a limit.
//!
//! ```text
//!  telling ──► piece ──► producer ──► taken: the next piece
//!                ▲                 ├─► failed: sent again, in its order
//!                │                 ├─► doubtful: its batch was refused; sent again in halves, at last alone
//!                └─────────────────┴─► refused: left out, and the topic says so
//! ```

mod producer;

#[cfg(test)]
mod tests;

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use fep_stream::{Backlog, Consumer};
use futures_util::FutureExt;
use ring::rand::{SecureRandom, SystemRandom};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use self::producer::{Outcome, Producer};
use super::kinds::Kinds;
use super::message::{Maker, Message};
use super::now_ms;
use super::status::StreamTopicStatus;
use super::telling::{Filter, Telling, Terms};
use crate::config::{StreamConfig, StreamTopicConfig};

/// The most messages of a piece, and the most bytes of their content with which no further event is added. An event that goes to every partition is not cut.
/// With their headers they are less than a batch, so that a piece is one batch of each partition.
const PIECE_MAX: usize = 1000;
const PIECE_BYTES: usize = 500_000;

/// How long the last messages have at the end of a stream.
const END_MAX: Duration = Duration::from_secs(3);

/// The shortest and the longest pause before messages are sent again.
const RETRY_MIN: Duration = Duration::from_millis(200);
const RETRY_MAX: Duration = Duration::from_secs(10);

/// How long a topic is in trouble after it refused a telegram.
const REFUSED_FOR: Duration = Duration::from_secs(60);

/// How often the number of partitions is asked for.
const PARTITIONS_EVERY: Duration = Duration::from_secs(60);

/// A topic that gets a stream.
pub(super) struct Topic {
    state: Arc<Mutex<StreamTopicStatus>>,
    backlog: Backlog,
    /// The stream has ended, so nothing waits long any more.
    ending: CancellationToken,
    cut: CancellationToken,
    task: Mutex<Option<JoinHandle<()>>>,
}

/// What the task of a topic has.
struct Carrier {
    report: Report,
    /// Cancelled when the topics of the stream before it have ended.
    before: CancellationToken,
    ending: CancellationToken,
    delivery_timeout: Duration,
    telling: Telling,
    maker: Maker,
    producer: Producer,
    /// How many partitions the topic has, and when that was asked for. 0 before it is known.
    partitions: i32,
    asked_at: Instant,
    /// What the cluster has not confirmed, in its order.
    piece: Vec<Message>,
    /// How many messages are sent together at most. Half as many after a refused batch, twice as many after one that was taken.
    together: usize,
}

/// Where it says how it does.
struct Report {
    stream: String,
    topic: String,
    state: Arc<Mutex<StreamTopicStatus>>,
    /// When a telegram was refused last.
    refused_at: Mutex<Option<Instant>>,
}

/// A piece behind an attempt.
#[derive(Debug, Default)]
struct Sorted {
    taken: u64,
    /// The position of the last telegram that was taken.
    last_position: Option<u64>,
    /// What is sent again, in its order.
    again: Vec<Message>,
    /// Whether the topic has other partitions than before.
    has_changed: bool,
    refused: u64,
    /// The positions of the telegrams that the topic does not get.
    left_out: Vec<u64>,
    /// Why the first message was not taken.
    why: Option<String>,
}

/// What all topics of a stream have in common.
pub(super) struct Of<'s> {
    pub(super) stream: &'s str,
    pub(super) config: &'s StreamConfig,
    pub(super) kinds: &'s Arc<Kinds>,
    /// Cancelled when the topics of streams that end have ended: a run comes to a topic behind the one before it.
    pub(super) before: &'s CancellationToken,
}

/// Starts the topics of a stream, each with its consumer.
pub(super) fn start(of: &Of<'_>, consumers: Vec<Consumer>) -> Result<Vec<Topic>, String> {
    let run = run()?;
    let own = of.config.topics.iter().zip(consumers);
    Ok(own.map(|(own, consumer)| Topic::start(of, &run, own, consumer)).collect())
}

/// A name that no other run has, also not that of another gateway. A later one is larger.
fn run() -> Result<String, String> {
    let mut random = [0; 4];
    let filled = SystemRandom::new().fill(&mut random);
    filled.map_err(|_| "the operating system gives no random bytes".to_owned())?;
    Ok(format!("{:012x}{:08x}", now_ms(), u32::from_be_bytes(random)))
}

impl Topic {
    fn start(of: &Of<'_>, run: &str, own: &StreamTopicConfig, consumer: Consumer) -> Self {
        let Of { stream, config, kinds, before } = *of;
        let ending = CancellationToken::new();
        let state = StreamTopicStatus {
            topic: own.topic.clone(),
            run: run.to_owned(),
            buffer_events: own.buffer_events,
            when_slow: own.when_slow.name(),
            ..StreamTopicStatus::default()
        };
        let state = Arc::new(Mutex::new(state));
        let backlog = consumer.backlog();
        let wanted = own.telegrams.as_ref();
        let wanted = wanted.map(|names| names.iter().filter_map(|name| kinds.find(name)).collect::<BTreeSet<_>>());
        let terms = Terms { filter: Filter { kinds: wanted, keys: None }, every: own.every };
        let carrier = Carrier {
            report: Report {
                stream: stream.to_owned(),
                topic: own.topic.clone(),
                state: Arc::clone(&state),
                refused_at: Mutex::default(),
            },
            before: before.clone(),
            ending: ending.clone(),
            delivery_timeout: own.delivery_timeout,
            telling: Telling::of(consumer, Arc::clone(kinds), config.instruments_max, terms),
            maker: Maker::new(stream, run, Arc::clone(kinds)),
            producer: Producer::new(own),
            partitions: 0,
            asked_at: Instant::now(),
            piece: Vec::new(),
            together: PIECE_MAX,
        };
        let cut = CancellationToken::new();
        let task = tokio::spawn(carrier.run(cut.clone()));
        Self { state, backlog, ending, cut, task: Mutex::new(Some(task)) }
    }

    /// How it does now.
    pub(super) fn status(&self) -> StreamTopicStatus {
        let mut status = lock(&self.state).clone();
        status.waiting = self.backlog.waiting();
        status.behind = self.backlog.is_behind();
        status
    }

    /// Waits for a limited time until the cluster has everything. The stream was stopped before.
    pub(super) async fn end(&self) {
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut task) = task else { return };
        self.ending.cancel();
        if timeout(END_MAX, &mut task).await.is_err() {
            self.cut.cancel();
            // An error means that it has panicked.
            let _ = task.await;
        }
    }
}

impl Drop for Topic {
    fn drop(&mut self) {
        // Nobody waits for the rest of a gateway that was dropped.
        self.cut.cancel();
    }
}

impl Carrier {
    async fn run(mut self, cut: CancellationToken) {
        let is_whole = cut.run_until_cancelled(self.carry()).await.is_some();
        self.producer.forget();
        if !is_whole {
            let Report { stream, topic, .. } = &self.report;
            let messages = self.piece.len();
            warn!(
                stream,
                topic, messages, "the stream has ended before the topic had everything: the next run begins anew"
            );
        }
    }

    /// Carries piece after piece, until the stream has ended and everything is there.
    async fn carry(&mut self) {
        self.before.cancelled().await;
        let mut pause = RETRY_MIN;
        loop {
            match self.turn().await {
                Ok(true) => pause = RETRY_MIN,
                Ok(false) => return,
                Err(why) => {
                    self.report.is_in_trouble(&why);
                    self.producer.forget();
                    self.ending.run_until_cancelled(sleep(pause)).await;
                    if self.ending.is_cancelled() {
                        sleep(RETRY_MIN).await;
                    }
                    pause = pause.saturating_mul(2).min(RETRY_MAX);
                }
            }
        }
    }

    /// Returns whether anything can follow.
    async fn turn(&mut self) -> Result<bool, String> {
        self.asks_for_partitions().await?;
        if self.piece.is_empty() && !self.fill().await {
            return Ok(false);
        }
        let is_late = |why: &str| self.report.is_in_trouble(why);
        let now = self.piece.get(..self.together).unwrap_or(&self.piece);
        let outcomes = self.producer.send(&self.maker, now, self.delivery_timeout, is_late).await;
        let later = self.piece.split_off(outcomes.len());
        self.together = together(self.together, &outcomes);
        let sorted = sort(std::mem::take(&mut self.piece), outcomes);
        // Before everything that follows, where the telegrams would have been.
        self.piece = self.maker.left_out(&sorted.left_out, self.partitions);
        let is_again = !sorted.again.is_empty();
        self.piece.extend(sorted.again);
        self.piece.extend(later);
        if sorted.has_changed {
            self.partitions = 0;
        }
        let mut state = lock(&self.report.state);
        state.taken += sorted.taken;
        state.refused += sorted.refused;
        state.last_position = sorted.last_position.or(state.last_position);
        drop(state);
        let Some(why) = sorted.why else {
            self.report.is_well();
            return Ok(true);
        };
        if sorted.refused > 0 {
            self.report.has_refused(&why);
        }
        // What was refused is over. There is nothing to wait for.
        if is_again { Err(why) } else { Ok(true) }
    }

    async fn asks_for_partitions(&mut self) -> Result<(), String> {
        if self.partitions > 0 && self.asked_at.elapsed() < PARTITIONS_EVERY {
            return Ok(());
        }
        match self.producer.partitions().await {
            Ok(partitions) => self.partitions = partitions,
            Err(why) if self.partitions == 0 => return Err(why),
            // Whether the cluster takes messages is seen when they are sent.
            Err(why) => warn!(
                stream = self.report.stream,
                topic = self.report.topic,
                why,
                "the partitions cannot be asked for now"
            ),
        }
        self.asked_at = Instant::now();
        Ok(())
    }

    /// Takes the next event, and those that are there already. Returns whether there was any.
    async fn fill(&mut self) -> bool {
        let Some(first) = self.telling.next_told().await else { return false };
        let mut next = Some(first);
        let mut bytes = 0;
        while let Some(told) = next {
            let messages = self.maker.messages(told, self.partitions);
            bytes += messages.first().map_or(0, |message| message.content.json.len());
            self.piece.extend(messages);
            if self.piece.len() >= PIECE_MAX || bytes >= PIECE_BYTES {
                break;
            }
            // The end is found again.
            next = self.telling.next_told().now_or_never().flatten();
        }
        lock(&self.report.state).missed = self.telling.missed();
        true
    }
}

impl Report {
    fn is_in_trouble(&self, why: &str) {
        let mut state = lock(&self.state);
        // Its words change with each attempt.
        if state.trouble.replace(why.to_owned()).is_none() {
            error!(stream = self.stream, topic = self.topic, why, "the topic takes nothing or not everything");
        }
    }

    /// Telegrams were refused, and others are taken. It is trouble for a while, so that somebody sees it.
    fn has_refused(&self, why: &str) {
        *self.refused_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        self.is_in_trouble(why);
    }

    fn is_well(&self) {
        let refused_at = *self.refused_at.lock().unwrap_or_else(PoisonError::into_inner);
        if refused_at.is_some_and(|at| at.elapsed() < REFUSED_FOR) {
            return;
        }
        if lock(&self.state).trouble.take().is_some() {
            info!(stream = self.stream, topic = self.topic, "the topic takes everything again");
        }
    }
}

/// Sorts a piece by what became of its messages.
///
/// Telegrams of an instrument must come for the first time in their order. So one that failed, behind which another one of its instrument was taken, is left
/// out: sent again, it would be an old one that looks new.
fn sort(piece: Vec<Message>, outcomes: Vec<Outcome>) -> Sorted {
    let mut sorted = Sorted::default();
    // The instruments of which a later telegram was taken.
    let mut overtaken: HashSet<Arc<str>> = HashSet::new();
    for (message, outcome) in piece.into_iter().zip(outcomes).rev() {
        let position = message.content.position;
        match outcome {
            Outcome::Taken => {
                sorted.taken += 1;
                sorted.last_position = sorted.last_position.max(position);
                if position.is_some() {
                    overtaken.insert(message.key);
                }
            }
            // Nobody reads a partition that is not there.
            Outcome::NoPartition(_) if message.partition.is_some() => sorted.has_changed = true,
            Outcome::Failed(why) | Outcome::NoPartition(why) if !overtaken.contains(&message.key) => {
                sorted.again.push(message);
                sorted.why = Some(why);
            }
            // Another attempt says whether it was this one.
            Outcome::Doubtful(_) if !overtaken.contains(&message.key) => sorted.again.push(message),
            // What says that something is missing must not be missing itself: nothing follows before it is there.
            Outcome::Refused(why) if position.is_none() => {
                sorted.again.push(message);
                sorted.why = Some(why);
            }
            Outcome::Failed(why) | Outcome::NoPartition(why) | Outcome::Refused(why) | Outcome::Doubtful(why) => {
                sorted.refused += 1;
                sorted.left_out.extend(position);
                sorted.why = Some(why);
            }
        }
    }
    sorted.again.reverse();
    sorted
}

/// How many messages are sent together the next time, at most. `before` is what it was when these outcomes came.
fn together(before: usize, outcomes: &[Outcome]) -> usize {
    if outcomes.iter().any(|outcome| matches!(outcome, Outcome::Doubtful(_))) {
        return (outcomes.len() / 2).max(1);
    }
    let is_whole = outcomes.iter().all(|outcome| *outcome == Outcome::Taken);
    if is_whole { before.saturating_mul(2).min(PIECE_MAX) } else { before }
}

fn lock(state: &Mutex<StreamTopicStatus>) -> MutexGuard<'_, StreamTopicStatus> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
