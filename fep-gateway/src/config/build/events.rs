//! `[events]` in code.

use std::time::Duration;

use super::keys::{keys, texts};
use super::page::Page;

/// `[events]`: which events go to Kafka. It needs the feature `kafka`.
#[derive(Clone, Debug, Default)]
pub struct EventsBuilder(Page);

/// `[[events.clusters]]`: one Kafka cluster.
#[derive(Clone, Debug, Default)]
pub struct ClusterBuilder(Page);

impl EventsBuilder {
    /// Events go to this topic.
    #[must_use]
    pub fn new(topic: impl Into<String>) -> Self {
        Self::default().topic(topic)
    }

    /// Adds a cluster. The first one gets the events; while it takes none, the next one does.
    #[must_use]
    pub fn cluster(mut self, cluster: ClusterBuilder) -> Self {
        self.0.add("clusters", cluster.0);
        self
    }

    /// `order = "account"`: the events of one account stay in their order, not only those of one exchange.
    #[must_use]
    pub fn by_account(mut self) -> Self {
        self.0.set("order", "account");
        self
    }

    pub(super) fn into_page(self) -> Page {
        self.0
    }
}

impl ClusterBuilder {
    /// A cluster with this name, which is found through these brokers.
    #[must_use]
    pub fn new(name: impl Into<String>, brokers: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let mut cluster = Self::default().name(name);
        cluster.0.set("brokers", texts(brokers));
        cluster
    }
}

impl ClusterBuilder {
    pub(super) fn into_page(self) -> Page {
        self.0
    }
}

keys! { EventsBuilder {
    topic(text) = "topic", "the topic of all events.";
    fields(bool) = "fields", "whether events have the fields of telegrams, secrets masked.";
    alarm_after(Duration) = "alarm_after_ms", "how long the oldest event may wait until a note says so.";
} }

keys! { ClusterBuilder {
    name(text) = "name", "its name in the log.";
    delivery_timeout(Duration) = "delivery_timeout_ms", "how long the cluster may take to store an event durably.";
} }
