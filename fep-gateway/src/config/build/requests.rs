//! `[requests]` in code.

use std::time::Duration;

use super::events::ClusterBuilder;
use super::keys::keys;
use super::page::Page;

/// `[requests]`: from which topics requests come. It needs the feature `kafka`.
#[derive(Clone, Debug, Default)]
pub struct RequestsBuilder(Page);

/// `[[requests.retries]]`: a topic for later attempts.
#[derive(Clone, Debug, Default)]
pub struct RetryTopicBuilder(Page);

impl RequestsBuilder {
    /// Requests come from this topic, to this consumer group.
    #[must_use]
    pub fn new(topic: impl Into<String>, group: impl Into<String>) -> Self {
        Self::default().topic(topic).group(group)
    }

    /// Adds a cluster. Requests are taken from all of them.
    #[must_use]
    pub fn cluster(mut self, cluster: ClusterBuilder) -> Self {
        self.0.add("clusters", cluster.into_page());
        self
    }

    /// Adds a retry topic. A message is tried once from each of them, in this order.
    #[must_use]
    pub fn retry(mut self, retry: RetryTopicBuilder) -> Self {
        self.0.add("retries", retry.0);
        self
    }

    pub(super) fn into_page(self) -> Page {
        self.0
    }
}

impl RetryTopicBuilder {
    /// A message waits in this topic for this time.
    #[must_use]
    pub fn new(topic: impl Into<String>, delay: Duration) -> Self {
        Self::default().topic(topic).delay(delay)
    }
}

keys! { RequestsBuilder {
    topic(text) = "topic", "the topic with requests.";
    group(text) = "group", "the consumer group.";
    caller(text) = "caller", "the client under whose name requests run.";
    results(text) = "results", "the topic of results.";
    dead_letters(text) = "dead_letters", "the topic of messages that cannot be read, are refused, or were tried too often.";
    in_flight_max(usize) = "in_flight_max", "how many messages of a cluster run at the same time.";
    only_member(bool) = "only_member", "whether this gateway is the only one in the group, so that it makes no claims.";
    session_timeout(Duration) = "session_timeout_ms", "how long the group waits for a silent member.";
    alarm_after(Duration) = "alarm_after_ms", "how long requests may not be taken until a note says so.";
} }

keys! { RetryTopicBuilder {
    topic(text) = "topic", "the topic.";
    delay(Duration) = "delay_ms", "how long a message waits in it.";
} }
