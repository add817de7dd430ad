//! How the topics do from which requests are taken: what the console and `GET /v1/overview` show. It knows no broker.

use std::time::{SystemTime, UNIX_EPOCH};

use schemars::JsonSchema;
use serde::Serialize;

/// How one topic of a cluster does. The counts are those of this gateway since it started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TopicStatus {
    /// The cluster.
    pub cluster: String,
    /// The topic: that of requests, or one from which they are tried again.
    pub topic: String,
    /// Whether messages of it are taken now.
    pub state: TopicState,
    /// Since when, in milliseconds since 1970.
    pub since_ms: i64,
    /// The last reason why nothing was taken. It stays when messages are taken again; `null` if there was none.
    pub last_error: Option<TopicError>,
    /// The number of its partitions that this gateway has. Others of the group have the rest.
    pub partitions: usize,
    /// The number of these that are not read further, because enough of their messages wait here.
    pub partitions_full: usize,
    /// The number of messages in these partitions that are not committed yet; `null` before it is known.
    pub lag: Option<u64>,
    /// The number of messages that were taken.
    pub taken: u64,
    /// The topic of dead letters.
    pub dead_letter_topic: String,
    /// The number of messages that went there.
    pub dead_letters: u64,
}

/// Whether messages of a topic are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TopicState {
    /// They are taken when they come.
    Reads,
    /// This gateway has no partition: it joins the group, or others have them all.
    Waits,
    /// They cannot be taken.
    Fails,
}

/// Why nothing was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct TopicError {
    /// When it was seen last, in milliseconds since 1970.
    pub at_ms: i64,
    /// The reason.
    pub why: String,
}

impl TopicStatus {
    /// A topic of which nothing was taken yet.
    #[must_use]
    pub fn new(cluster: &str, topic: &str, dead_letter_topic: &str) -> Self {
        Self {
            cluster: cluster.to_owned(),
            topic: topic.to_owned(),
            state: TopicState::Waits,
            since_ms: now_ms(),
            last_error: None,
            partitions: 0,
            partitions_full: 0,
            lag: None,
            taken: 0,
            dead_letter_topic: dead_letter_topic.to_owned(),
            dead_letters: 0,
        }
    }

    /// Something keeps messages from being taken.
    pub fn fails(&mut self, why: &str) {
        self.last_error = Some(TopicError { at_ms: now_ms(), why: why.to_owned() });
        self.turn(TopicState::Fails);
    }

    /// Nothing keeps messages from being taken any more.
    pub fn works(&mut self) {
        self.turn(if self.partitions > 0 { TopicState::Reads } else { TopicState::Waits });
    }

    /// Sets the number of partitions that this gateway has, and the number of those that are full.
    pub fn has(&mut self, partitions: usize, full: usize) {
        self.partitions = partitions;
        self.partitions_full = full;
        if partitions == 0 {
            self.lag = None;
        }
        if self.state != TopicState::Fails {
            self.works();
        }
    }

    fn turn(&mut self, state: TopicState) {
        if self.state != state {
            self.state = state;
            self.since_ms = now_ms();
        }
    }
}

/// The time for people, in milliseconds since 1970.
fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_reads_while_it_has_partitions_and_nothing_fails() {
        let mut topic = TopicStatus::new("main", "requests", "dead");
        assert_eq!(topic.state, TopicState::Waits);
        topic.has(3, 1);
        assert_eq!((topic.state, topic.partitions_full), (TopicState::Reads, 1));
        topic.since_ms = 7;
        topic.has(2, 0);
        assert_eq!((topic.state, topic.since_ms), (TopicState::Reads, 7), "nothing has changed");
        topic.fails("no broker is reached");
        topic.has(3, 0);
        assert_eq!(topic.state, TopicState::Fails, "partitions alone prove nothing");
        topic.works();
        let why = topic.last_error.as_ref().map(|error| &*error.why);
        assert_eq!((topic.state, why), (TopicState::Reads, Some("no broker is reached")));
        topic.lag = Some(4);
        topic.has(0, 0);
        assert_eq!((topic.state, topic.lag), (TopicState::Waits, None));
    }
}
