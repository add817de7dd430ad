//! `[streams.NAME]` in code.

use std::path::Path;
use std::time::Duration;

use super::keys::{keys, texts};
use super::line::FramingBuilder;
use super::page::{Node, Page};
use crate::config::WhenSlow;

/// `[streams.NAME]`: market data for several consumers.
#[derive(Clone, Debug)]
pub struct StreamBuilder(Page);

/// `ask`: the telegram that asks for missing numbers.
#[derive(Clone, Debug)]
pub struct AskBuilder(Page);

/// `[[streams.NAME.kafka]]`: a topic to which a stream goes. It needs the feature `kafka`.
#[derive(Clone, Debug)]
pub struct StreamTopicBuilder(Page);

impl StreamBuilder {
    /// A stream of these telegrams of the spec in this file. It needs a feed.
    #[must_use]
    pub fn new(spec: impl AsRef<Path>, telegrams: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let mut page = Page::default();
        page.set("spec", spec.as_ref());
        page.set("telegrams", texts(telegrams));
        Self(page)
    }

    /// `[[streams.NAME.feeds]]`: adds a feed. Several of them are redundant feeds of the same telegrams.
    #[must_use]
    pub fn feed(mut self, name: impl Into<String>, connect: impl Into<String>) -> Self {
        let mut feed = Page::default();
        feed.set("name", name.into());
        feed.set("connect", connect.into());
        self.0.add("feeds", feed);
        self
    }

    /// `heartbeat`: a telegram that no consumer gets, with the field of the number that was sent last.
    #[must_use]
    pub fn heartbeat(mut self, telegram: impl Into<String>, last_sent: impl Into<String>) -> Self {
        let heartbeat = self.0.entry("heartbeat");
        heartbeat.set("telegram", telegram.into());
        heartbeat.set("last_sent", last_sent.into());
        self
    }

    /// `recording`: all telegrams are kept in this file, of at most so many megabytes.
    #[must_use]
    pub fn recording(mut self, file: impl AsRef<Path>, mb_max: u64) -> Self {
        let recording = self.0.entry("recording");
        recording.set("file", file.as_ref());
        recording.set("mb_max", mb_max);
        self
    }

    /// `[[streams.NAME.kafka]]`: adds a topic to which the stream goes.
    #[must_use]
    pub fn topic(mut self, topic: StreamTopicBuilder) -> Self {
        self.0.add("kafka", topic.0);
        self
    }

    pub(super) fn into_page(self) -> Page {
        self.0
    }
}

impl StreamTopicBuilder {
    /// This topic of a cluster, which is found through these brokers.
    #[must_use]
    pub fn new(topic: impl Into<String>, brokers: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let mut page = Page::default();
        page.set("topic", topic.into());
        page.set("brokers", texts(brokers));
        Self(page)
    }
}

impl AskBuilder {
    /// This telegram, with the fields of the first and of the last missing number.
    #[must_use]
    pub fn new(telegram: impl Into<String>, first: impl Into<String>, last: impl Into<String>) -> Self {
        let mut page = Page::default();
        page.set("telegram", telegram.into());
        page.set("first", first.into());
        page.set("last", last.into());
        Self(page)
    }

    /// One entry of `set`: the value of another field.
    #[must_use]
    pub fn set(mut self, path: &str, value: impl Into<String>) -> Self {
        self.0.entry("set").set(path, value.into());
        self
    }
}

impl From<WhenSlow> for Node {
    fn from(when_slow: WhenSlow) -> Self {
        when_slow.name().into()
    }
}

keys! { StreamBuilder {
    label(text) = "label", "the name to show to people.";
    framing(table FramingBuilder) = "framing", "how a frame encloses its telegram.";
    skip_to(text) = "skip_to", "the byte, two hexadecimal digits, up to which bytes that are no frame are dropped.";
    key(list) = "key", "the fields that identify an instrument.";
    number(text) = "number", "the field of the number of a telegram.";
    numbers_begin_with(u64) = "numbers_begin_with", "the number that follows the largest one.";
    ask(table AskBuilder) = "ask", "the telegram that asks for missing numbers.";
    asks_max(u32) = "asks_max", "how often a gap is asked for.";
    ask_every(Duration) = "ask_every_ms", "the time between two requests for the same gap.";
    lost_after(Duration) = "lost_after_ms", "how long a gap is waited for.";
    held_max(usize) = "held_max", "how many telegrams wait behind a gap.";
    instruments_max(usize) = "instruments_max", "of how many instruments the last telegram is kept.";
    silence_max(Duration) = "silence_max_ms", "how long a connection may bring nothing.";
    consumers_max(usize) = "consumers_max", "how many consumers there may be.";
    consumers_per_client_max(usize) = "consumers_per_client_max", "how many of them one client may be.";
    buffer_events(usize) = "buffer_events", "how many events wait for a consumer.";
    buffer_events_max(usize) = "buffer_events_max", "the most that a consumer can ask for.";
    when_slow(WhenSlow) = "when_slow", "what happens to a consumer whose buffer is full.";
} }

keys! { StreamTopicBuilder {
    delivery_timeout(Duration) = "delivery_timeout_ms", "how long the cluster may take to store messages durably.";
    telegrams(list) = "telegrams", "only these telegrams go there.";
    every(Duration) = "every_ms", "at most one telegram of each instrument and kind in this time.";
    buffer_events(usize) = "buffer_events", "how many events wait while the cluster takes nothing.";
    when_slow(WhenSlow) = "when_slow", "what happens when the buffer is full: `latest` or `skip`.";
} }
