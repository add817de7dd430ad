//! Market data in the gateway: each `[streams.NAME]` is a receiver of `fep-stream`, whose consumers come over HTTP and go again. The receiver waits for
//! none of them.
//!
//! ```text
//!  feeds ──► receiver (fep-stream) ──► consumer ──► telling: filter, last of each instrument, JSON ──► HTTP
//!                                  ├─► consumer ──► telling ──► messages ──► topic of Kafka
//!                                  └─► consumer ──► recording
//! ```
//!
//! A stream has no exchange, no journal and no institution: what comes late is worth nothing, and what a consumer missed is not kept for it. It
//! knows nothing of HTTP and of rights.

mod kinds;
mod places;
mod picture;
mod shown;
mod telling;
pub mod status;
mod recording;
#[cfg(feature = "kafka")]
mod message;
#[cfg(feature = "kafka")]
mod topic;
mod receiving;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use fep_stream::{Backlog, Consumer, Counts, Policy, Receiver};
use futures_util::future::join_all;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use self::kinds::Kinds;
use self::places::{NoPlace, Place, Places};
use self::receiving::{Started, slow};
use self::recording::Recording;
pub(crate) use self::shown::Shown;
use self::status::{ConsumerStatus, RecordingStatus, StreamStatus, StreamTopicStatus};
pub(crate) use self::telling::{Filter, Telling, Terms};
#[cfg(feature = "kafka")]
use self::topic::Topic;
use crate::config::{StreamConfig, WhenSlow};

/// The streams of a gateway. Clones are handles to the same streams.
#[derive(Clone, Debug, Default)]
pub(crate) struct Streams(Arc<All>);

#[derive(Debug, Default)]
struct All {
    streams: Mutex<BTreeMap<String, Arc<Stream>>>,
    /// Held while all of them end, so that whoever stops them waits until they have ended, also if another one stops them already.
    stopping: tokio::sync::Mutex<()>,
    /// Cancelled when the topics of all streams that ended have ended. `None`: no stream has ended.
    #[cfg(feature = "kafka")]
    topics_end: Mutex<Option<CancellationToken>>,
}

/// A stream that runs.
pub(crate) struct Stream {
    name: String,
    config: StreamConfig,
    kinds: Arc<Kinds>,
    /// `None` when it was stopped.
    receiver: Mutex<Option<Arc<Receiver>>>,
    /// Whether it was stopped together with the gateway.
    ends_with_gateway: AtomicBool,
    recording: Option<Recording>,
    #[cfg(feature = "kafka")]
    topics: Vec<Topic>,
    seats: Mutex<BTreeMap<u64, Seat>>,
    next_seat: AtomicU64,
    places: Places,
    /// What was counted when the metrics were shown last, and the holes of the recording.
    shown: Mutex<Counts>,
    shown_holes: AtomicU64,
    shown_topics: Mutex<Vec<StreamTopicStatus>>,
}

/// A consumer, as lists show it.
#[derive(Debug)]
struct Seat {
    client: Option<String>,
    buffer_events: usize,
    when_slow: WhenSlow,
    since_ms: u64,
    backlog: Backlog,
}

/// A consumer with its seat.
pub(crate) struct Joined {
    consumer: Consumer,
    seated: Seated,
}

/// The seat of a consumer. It is free again when this is dropped.
struct Seated {
    stream: Arc<Stream>,
    seat: u64,
    _place: Place,
}

/// Why a consumer could not join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotJoined {
    /// There are as many as the configuration allows.
    Full,
    /// This client follows it this many times already, as often as one may.
    OwnShare(usize),
    /// The stream was stopped.
    Stopped,
}

impl Streams {
    /// Lets these streams run and no others. One that does not differ goes on with its consumers. Returns those that cannot run, and why.
    /// Those that end do so together: one whose disk is stuck takes no longer than its limit, and the others do not wait behind it. Topics of Kafka end
    /// in the background, so a cluster that hangs takes a stream from nobody; those that begin wait for them.
    pub(crate) async fn apply(&self, configs: &BTreeMap<String, StreamConfig>) -> BTreeMap<String, String> {
        let differs = |stream: &&Arc<Stream>| configs.get(&stream.name) != Some(&stream.config);
        let ended: Vec<_> = self.lock().values().filter(differs).map(Arc::clone).collect();
        self.lock().retain(|_, stream| !differs(&&*stream));
        ended.iter().for_each(|stream| stream.close());
        #[cfg(feature = "kafka")]
        let before = self.topics_end(ended.clone());
        #[cfg(not(feature = "kafka"))]
        let before = CancellationToken::new();
        join_all(ended.iter().map(|stream| stream.recording_ends())).await;
        ended.iter().for_each(|stream| info!(stream = stream.name, "the stream was stopped"));
        let mut failed = BTreeMap::new();
        for (name, config) in configs {
            if self.lock().contains_key(name) {
                continue;
            }
            match Stream::start(name, config, &before) {
                Ok(stream) => {
                    info!(stream = name, feeds = config.feeds.len(), "the stream begins");
                    self.lock().insert(name.clone(), Arc::new(stream));
                }
                Err(why) => {
                    warn!(stream = name, why, "the stream does not run");
                    failed.insert(name.clone(), why);
                }
            }
        }
        failed
    }

    /// Stops all of them. Their consumers get what is in their buffers, and recordings are written.
    pub(crate) async fn stop(&self) {
        let _stopping = self.0.stopping.lock().await;
        let all = std::mem::take(&mut *self.lock());
        all.values().for_each(|stream| stream.ends_with_gateway.store(true, Ordering::Relaxed));
        all.values().for_each(|stream| stream.close());
        #[cfg(feature = "kafka")]
        let topics_end = self.topics_end(all.values().map(Arc::clone).collect());
        join_all(all.values().map(|stream| stream.recording_ends())).await;
        #[cfg(feature = "kafka")]
        topics_end.cancelled().await;
    }

    /// Lets the topics of these streams end. The token is cancelled when they have ended, and those that ended before.
    #[cfg(feature = "kafka")]
    fn topics_end(&self, ended: Vec<Arc<Stream>>) -> CancellationToken {
        let mut last = self.0.topics_end.lock().unwrap_or_else(PoisonError::into_inner);
        let all_ended = CancellationToken::new();
        let before = last.replace(all_ended.clone());
        let guard = all_ended.clone().drop_guard();
        tokio::spawn(async move {
            let these = join_all(ended.iter().map(|stream| stream.topics_end()));
            let before = async {
                if let Some(before) = before {
                    before.cancelled().await;
                }
            };
            tokio::join!(these, before);
            drop(guard);
        });
        all_ended
    }

    pub(crate) fn find(&self, name: &str) -> Option<Arc<Stream>> {
        self.lock().get(name).map(Arc::clone)
    }

    pub(crate) fn all(&self) -> Vec<Arc<Stream>> {
        self.lock().values().map(Arc::clone).collect()
    }

    /// The streams of which no feed is connected, or whose recording has ended, one line each.
    pub(crate) fn notes(&self) -> Vec<String> {
        self.all().iter().flat_map(|stream| stream.notes()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Stream>>> {
        // The map is valid after every single change.
        self.0.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stream {
    /// Starts to receive. Its topics begin when `before` is cancelled.
    fn start(name: &str, config: &StreamConfig, before: &CancellationToken) -> Result<Self, String> {
        let kinds = Arc::new(Kinds::new(config));
        let Started { receiver, recorded, topics } = receiving::start(config)?;
        let recording = match (recorded, &config.recording) {
            (Some(consumer), Some(to)) => Some(Recording::start(name, consumer, to)),
            _ => None,
        };
        #[cfg(feature = "kafka")]
        let topics = topic::start(&topic::Of { stream: name, config, kinds: &kinds, before }, topics)?;
        // The configuration has none.
        #[cfg(not(feature = "kafka"))]
        let _: (&CancellationToken, Vec<Consumer>) = (before, topics);
        Ok(Self {
            name: name.to_owned(),
            kinds,
            receiver: Mutex::new(Some(Arc::new(receiver))),
            ends_with_gateway: AtomicBool::new(false),
            recording,
            #[cfg(feature = "kafka")]
            topics,
            seats: Mutex::default(),
            next_seat: AtomicU64::new(0),
            places: Places::new(config.consumers_max, config.consumers_per_client_max),
            shown: Mutex::default(),
            shown_holes: AtomicU64::new(0),
            shown_topics: Mutex::default(),
            config: config.clone(),
        })
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn config(&self) -> &StreamConfig {
        &self.config
    }

    /// Which telegrams it has.
    pub(crate) fn kinds(&self) -> &Kinds {
        &self.kinds
    }

    /// A new consumer, which gets a snapshot first. `holder` is who has its place: the name of the client, or where it came from.
    pub(crate) async fn join(
        self: &Arc<Self>,
        (client, holder): (Option<&str>, &str),
        buffer_events: usize,
        when_slow: WhenSlow,
    ) -> Result<Joined, NotJoined> {
        let place = self.places.take(holder).map_err(|why| match why {
            NoPlace::Full => NotJoined::Full,
            NoPlace::OwnShare(has) => NotJoined::OwnShare(has),
        })?;
        let receiver = self.receiver().clone().ok_or(NotJoined::Stopped)?;
        let policy = Policy::new(buffer_events, slow(when_slow));
        let consumer = receiver.join(policy).await.map_err(|_| NotJoined::Stopped)?;
        let seat = self.next_seat.fetch_add(1, Ordering::Relaxed);
        let shown = Seat {
            client: client.map(str::to_owned),
            buffer_events,
            when_slow,
            since_ms: now_ms(),
            backlog: consumer.backlog(),
        };
        self.seats().insert(seat, shown);
        Ok(Joined { consumer, seated: Seated { stream: Arc::clone(self), seat, _place: place } })
    }

    /// What it is now.
    pub(crate) fn status(&self) -> StreamStatus {
        let consumer = |(id, seat): (&u64, &Seat)| ConsumerStatus {
            id: *id,
            client: seat.client.clone(),
            since_ms: seat.since_ms,
            waiting: seat.backlog.waiting(),
            buffer_events: seat.buffer_events,
            when_slow: seat.when_slow.name(),
            behind: seat.backlog.is_behind(),
        };
        let consumers = self.seats().iter().map(consumer).collect();
        StreamStatus::new(self, &self.counts(), consumers, self.recording(), self.topics())
    }

    /// What was counted so far.
    pub(crate) fn counts(&self) -> Counts {
        self.receiver().as_ref().map_or_else(Counts::default, |receiver| receiver.counts())
    }

    /// Its recording, if it has one.
    pub(crate) fn recording(&self) -> Option<RecordingStatus> {
        self.recording.as_ref().map(Recording::status)
    }

    /// Its topics of Kafka.
    pub(crate) fn topics(&self) -> Vec<StreamTopicStatus> {
        #[cfg(feature = "kafka")]
        return self.topics.iter().map(Topic::status).collect();
        #[cfg(not(feature = "kafka"))]
        Vec::new()
    }

    /// Its topics of Kafka, each with what it was at the last call.
    pub(crate) fn counted_topics(&self) -> Vec<(StreamTopicStatus, StreamTopicStatus)> {
        let now = self.topics();
        let mut shown = self.shown_topics.lock().unwrap_or_else(PoisonError::into_inner);
        let mut before = std::mem::replace(&mut *shown, now.clone());
        before.resize_with(now.len(), StreamTopicStatus::default);
        now.into_iter().zip(before).collect()
    }

    /// What was counted so far, and what it was at the last call.
    pub(crate) fn counted(&self) -> (Counts, Counts) {
        let now = self.counts();
        let before = std::mem::replace(&mut *self.shown.lock().unwrap_or_else(PoisonError::into_inner), now.clone());
        (now, before)
    }

    /// How many holes the recording has more than at the last call. `None` without a recording.
    pub(crate) fn new_holes(&self) -> Option<u64> {
        let holes = self.recording()?.holes;
        Some(holes.saturating_sub(self.shown_holes.swap(holes, Ordering::Relaxed)))
    }

    /// The consumers that come over HTTP, and the most events that wait for one of them.
    pub(crate) fn consumers(&self) -> (usize, usize) {
        let seats = self.seats();
        (seats.len(), seats.values().map(|seat| seat.backlog.waiting()).max().unwrap_or_default())
    }

    fn notes(&self) -> Vec<String> {
        let counts = self.counts();
        let mut notes = Vec::new();
        if !counts.feeds.iter().any(|feed| feed.is_connected) {
            notes.push(format!("stream {}: no feed is connected", self.name));
        }
        let recording = self.recording.as_ref().map(Recording::status).unwrap_or_default();
        notes.extend(self.topics().into_iter().filter_map(|topic| {
            let why = topic.trouble?;
            Some(format!("stream {}: the topic {} takes nothing or not everything: {why}", self.name, topic.topic))
        }));
        let again = recording.trouble.map(|why| format!("nothing is recorded now, and it is tried again: {why}"));
        let ended = recording.ended.map(|why| format!("nothing is recorded any more: {why}"));
        notes.extend(again.into_iter().chain(ended).map(|why| format!("stream {}: {why}", self.name)));
        notes
    }

    /// Receives nothing more. Its consumers get what is in their buffers.
    fn close(&self) {
        // The receiver ends when its last handle is dropped.
        drop(self.receiver().take());
    }

    /// Waits for a limited time until its recording is written.
    async fn recording_ends(&self) {
        if let Some(recording) = &self.recording {
            recording.end().await;
        }
    }

    /// Waits for a limited time until its topics have everything.
    #[cfg(feature = "kafka")]
    async fn topics_end(&self) {
        join_all(self.topics.iter().map(Topic::end)).await;
    }

    fn receiver(&self) -> MutexGuard<'_, Option<Arc<Receiver>>> {
        self.receiver.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn seats(&self) -> MutexGuard<'_, BTreeMap<u64, Seat>> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seated {
    fn drop(&mut self) {
        self.stream.seats().remove(&self.seat);
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Milliseconds since 1970.
fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
