//! [`Message`]: an event of a stream as a topic gets it. No broker is known here.
//!
//! A telegram has its instrument as key, so that all telegrams of one instrument are in one partition, in their order. What is no telegram concerns every
//! instrument, so it goes to every partition: who reads only one of them still learns that something is missing, at its place among the telegrams.

use std::sync::Arc;

use serde_json::json;

use super::kinds::Kinds;
use super::now_ms;
use super::shown::{self, Placed, Shown};
use super::telling::Told;

/// The version of what messages say. It changes when a program that reads them would have to change. New keys and headers do not change it.
pub(super) const SCHEMA: &str = "1";

/// A message, which waits until a cluster has confirmed it. Clones share the content.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) key: Arc<str>,
    /// `None`: that of its key.
    pub(super) partition: Option<i32>,
    pub(super) content: Arc<Content>,
}

/// What a message says.
#[derive(Debug)]
pub(super) struct Content {
    /// The name of the event.
    pub(super) name: &'static str,
    /// When it happened, in milliseconds since 1970.
    pub(super) at_ms: i64,
    /// The headers beside those of each message.
    pub(super) headers: Vec<(&'static str, String)>,
    /// The position of a telegram.
    pub(super) position: Option<u64>,
    /// What server-sent events have as data.
    pub(super) json: String,
}

/// Makes the messages of one stream, in one run.
#[derive(Debug)]
pub(super) struct Maker {
    kinds: Arc<Kinds>,
    stream: String,
    run: String,
    /// The key of what is no telegram. No instrument has it: behind `%` they have two hexadecimal digits.
    own_key: Arc<str>,
}

impl Maker {
    /// A maker for this run, whose name no other run has.
    pub(super) fn new(stream: &str, run: &str, kinds: Arc<Kinds>) -> Self {
        let own_key = format!("%stream:{stream}").into();
        Self { kinds, stream: stream.to_owned(), run: run.to_owned(), own_key }
    }

    /// The headers of each message.
    pub(super) fn headers(&self) -> [(&'static str, &str); 4] {
        [
            ("content-type", "application/json"),
            ("fep-schema", SCHEMA),
            ("fep-stream", &self.stream),
            ("fep-run", &self.run),
        ]
    }

    /// The messages of an event, for a topic with so many partitions.
    pub(super) fn messages(&self, told: Told, partitions: i32) -> Vec<Message> {
        match told {
            Told::Received(received) => vec![self.telegram((&received).into())],
            Told::Kept(kept) => vec![self.telegram(kept.placed())],
            Told::Other(Shown { name, json, .. }) => self.to_all(name, json, partitions),
        }
    }

    /// Says that the topic does not have these positions, each of which is a telegram.
    pub(super) fn left_out(&self, positions: &[u64], partitions: i32) -> Vec<Message> {
        let (Some(first), Some(last)) = (positions.iter().min(), positions.iter().max()) else { return Vec::new() };
        let mut all = positions.to_vec();
        all.sort_unstable();
        let said = json!({
            "first_position": first, "last_position": last, "count": all.len(), "positions": all, "why": "refused",
        });
        self.to_all("missed", said.to_string(), partitions)
    }

    fn telegram(&self, placed: Placed<'_>) -> Message {
        let Placed { kind, feed, number, position, received_at, bytes } = placed;
        let mut headers = vec![
            ("fep-telegram", self.kinds.name(kind).to_owned()),
            ("fep-feed", self.kinds.feed(feed).to_owned()),
            ("fep-position", position.to_string()),
        ];
        headers.extend(number.map(|number| ("fep-number", number.to_string())));
        let content = Content {
            name: "telegram",
            at_ms: i64::try_from(received_at.as_millis()).unwrap_or(i64::MAX),
            headers,
            position: Some(position),
            json: shown::telegram(&self.kinds, placed).json,
        };
        let key = self.kinds.instrument(kind, bytes).into();
        Message { key, partition: None, content: Arc::new(content) }
    }

    fn to_all(&self, name: &'static str, json: String, partitions: i32) -> Vec<Message> {
        let at_ms = i64::try_from(now_ms()).unwrap_or(i64::MAX);
        let content = Arc::new(Content { name, at_ms, headers: Vec::new(), position: None, json });
        let to = |partition| Message {
            key: Arc::clone(&self.own_key),
            partition: Some(partition),
            content: Arc::clone(&content),
        };
        (0..partitions).map(to).collect()
    }
}
