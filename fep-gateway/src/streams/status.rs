//! What a stream is now, for people and programs.

use fep_stream::{Counts, FeedCounts};
use schemars::JsonSchema;
use serde::Serialize;

use super::Stream;

/// A stream, its feeds and its consumers.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct StreamStatus {
    /// Its name.
    pub stream: String,
    /// The name to show to people.
    pub label: String,
    /// The telegrams that consumers get.
    pub telegrams: Vec<String>,
    /// The position of the next event.
    pub next_position: u64,
    /// The instruments whose last telegram is kept, each kind of telegram counted on its own.
    pub instruments: usize,
    /// Telegrams that no snapshot has, because there were more instruments than are kept.
    pub left_out: u64,
    /// What became of the numbers.
    pub sequence: SequenceStatus,
    /// The feeds.
    pub feeds: Vec<FeedStatus>,
    /// How often a consumer was too slow.
    pub too_slow: u64,
    /// The most consumers at a time.
    pub consumers_max: usize,
    /// The consumers that come over HTTP.
    pub consumers: Vec<ConsumerStatus>,
    /// The recording; `null` without one.
    pub recording: Option<RecordingStatus>,
    /// The topics of Kafka to which it goes. They are no part of `consumers_max`.
    pub topics: Vec<StreamTopicStatus>,
}

/// What became of the numbers of a stream. All 0 if its telegrams have none.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct SequenceStatus {
    /// Telegrams that were passed on.
    pub passed: u64,
    /// Telegrams that were there before, such as those of the other feed.
    pub repeated: u64,
    /// Telegrams that differ from the first one with their number.
    pub different: u64,
    /// Gaps that were noticed.
    pub gaps: u64,
    /// Requests for missing numbers.
    pub asked: u64,
    /// Numbers that were declared lost.
    pub lost: u64,
    /// Telegrams that were dropped because they were out of place.
    pub stray: u64,
    /// How often the feed began its numbers anew.
    pub restarts: u64,
}

/// One feed of a stream.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct FeedStatus {
    /// Its name.
    pub feed: String,
    /// Whether it is connected.
    pub connected: bool,
    /// How often it was connected.
    pub connections: u64,
    /// Frames that were read.
    pub frames: u64,
    /// Bytes that were read.
    pub bytes: u64,
    /// Frames that are no telegram of the stream.
    pub unplanned: u64,
    /// Bytes that were dropped because they are no frame.
    pub dropped_bytes: u64,
    /// Requests for missing numbers that could not be sent.
    pub unsent_asks: u64,
    /// Why it was last disconnected, or what was last wrong in its bytes.
    pub last_trouble: Option<String>,
}

/// A consumer that came over HTTP.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ConsumerStatus {
    /// Its number in this stream, from 0.
    pub id: u64,
    /// The client; `null` if clients have no names, and for whoever may not read everything, if it is another client.
    pub client: Option<String>,
    /// Since when, in milliseconds since 1970.
    pub since_ms: u64,
    /// How many events wait for it.
    pub waiting: usize,
    /// How many may wait.
    pub buffer_events: usize,
    /// What happens when more wait: `latest`, `skip` or `disconnect`.
    pub when_slow: &'static str,
    /// Whether its buffer was full, and it has not caught up yet.
    pub behind: bool,
}

/// A recording.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct RecordingStatus {
    /// Its length in bytes.
    pub bytes: u64,
    /// Whether telegrams go into it now.
    #[serde(rename = "open")]
    pub is_open: bool,
    /// How often something is missing in it: lost, missed or unreadable telegrams, and times without a feed.
    pub holes: u64,
    /// Why nothing is recorded now, if the file is tried again.
    pub trouble: Option<String>,
    /// Why nothing is recorded any more.
    pub ended: Option<String>,
}

/// A topic of Kafka to which a stream goes. The counts are those of this run.
#[derive(Clone, Debug, Default, Serialize, JsonSchema)]
pub struct StreamTopicStatus {
    /// Its name.
    pub topic: String,
    /// What the messages of this run have in the header `fep-run`.
    pub run: String,
    /// How many events wait for it.
    pub waiting: usize,
    /// How many may wait.
    pub buffer_events: usize,
    /// What happens when more wait: `latest` or `skip`.
    pub when_slow: &'static str,
    /// Whether its buffer was full, and it has not caught up yet.
    pub behind: bool,
    /// The messages that the cluster has confirmed.
    pub taken: u64,
    /// The position of the last telegram that the cluster has confirmed.
    pub last_position: Option<u64>,
    /// The positions that were left out, because the cluster was too slow for the buffer.
    pub missed: u64,
    /// The messages that the cluster refused for good. The topic says which telegrams those were.
    pub refused: u64,
    /// Why the cluster takes nothing or not everything now. What it did not confirm is sent again.
    pub trouble: Option<String>,
}

impl StreamStatus {
    pub(super) fn new(
        stream: &Stream,
        counts: &Counts,
        consumers: Vec<ConsumerStatus>,
        recording: Option<RecordingStatus>,
        topics: Vec<StreamTopicStatus>,
    ) -> Self {
        let config = stream.config();
        let tally = counts.sequence;
        let feed = |(index, feed): (usize, &FeedCounts)| FeedStatus {
            feed: stream.kinds().feed(index).to_owned(),
            connected: feed.is_connected,
            connections: feed.connections,
            frames: feed.frames,
            bytes: feed.bytes,
            unplanned: feed.unplanned,
            dropped_bytes: feed.dropped_bytes,
            unsent_asks: feed.unsent_asks,
            last_trouble: feed.last_trouble.clone(),
        };
        Self {
            stream: stream.name().to_owned(),
            label: config.label.clone(),
            telegrams: config.telegrams.clone(),
            next_position: counts.next,
            instruments: counts.instruments,
            left_out: counts.left_out,
            sequence: SequenceStatus {
                passed: tally.passed,
                repeated: tally.repeated,
                different: tally.different,
                gaps: tally.gaps,
                asked: tally.asked,
                lost: tally.lost,
                stray: tally.stray,
                restarts: tally.restarts,
            },
            feeds: counts.feeds.iter().enumerate().map(feed).collect(),
            too_slow: counts.too_slow,
            consumers_max: config.consumers_max,
            consumers,
            recording,
            topics,
        }
    }
}
