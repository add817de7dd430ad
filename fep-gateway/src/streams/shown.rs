//! Events of a stream as a consumer outside gets them: a name and JSON, with the secrets of telegrams masked.

use std::time::Duration;

use fep_codec::Record;
use fep_stream::{Ended, Event, Received};
use serde::Serialize;
use serde_json::json;

use super::kinds::Kinds;

/// An event as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shown {
    /// `telegram`, `snapshot`, `missed`, `lost`, `restarted`, `out_of_place`, `unreadable`, `interrupted`, `broken_off` or `end`.
    pub(crate) name: &'static str,
    /// The number of a telegram in its feed, if it has one.
    pub(crate) id: Option<u64>,
    pub(crate) json: String,
}

/// A telegram with its place in the stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placed<'t> {
    pub(super) kind: usize,
    pub(super) feed: usize,
    pub(super) number: Option<u64>,
    pub(super) position: u64,
    pub(super) received_at: Duration,
    pub(super) bytes: &'t [u8],
}

impl<'t> From<&'t Received> for Placed<'t> {
    fn from(received: &'t Received) -> Self {
        Self {
            kind: received.kind(),
            feed: received.feed(),
            number: received.number(),
            position: received.position(),
            received_at: received.received_at(),
            bytes: received.telegram(),
        }
    }
}

/// A copy of a telegram with its place in the stream: a slice of a read buffer keeps all of that buffer in memory.
#[derive(Debug)]
pub(super) struct Kept {
    kind: usize,
    feed: usize,
    number: Option<u64>,
    position: u64,
    received_at: Duration,
    bytes: Vec<u8>,
}

impl Kept {
    pub(super) fn placed(&self) -> Placed<'_> {
        let Self { kind, feed, number, position, received_at, bytes } = self;
        Placed { kind: *kind, feed: *feed, number: *number, position: *position, received_at: *received_at, bytes }
    }
}

impl From<&Received> for Kept {
    fn from(received: &Received) -> Self {
        let Placed { kind, feed, number, position, received_at, bytes } = received.into();
        Self { kind, feed, number, position, received_at, bytes: bytes.to_vec() }
    }
}

/// The JSON of a telegram.
#[derive(Serialize)]
struct TelegramJson<'t, F: Serialize> {
    telegram: &'t str,
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<u64>,
    position: u64,
    feed: &'t str,
    received_at_ms: u128,
    #[serde(skip_serializing_if = "Option::is_none")]
    fields: Option<F>,
    /// Why there are no fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

/// Shows a telegram field by field.
pub(super) fn telegram(kinds: &Kinds, placed: Placed<'_>) -> Shown {
    let Placed { kind, feed, number, position, received_at, bytes } = placed;
    let record = kinds.layout(kind).map(|layout| Record::decode(layout, bytes));
    let error = match &record {
        Some(Ok(_)) => None,
        // Its bytes are not shown: with a wrong byte in front of it, a secret stands in another field.
        Some(Err(error)) if error.path().is_empty() => Some("it cannot be read".to_owned()),
        Some(Err(error)) => Some(format!("its field {} cannot be read", error.path())),
        None => Some("the spec has no such telegram".to_owned()),
    };
    let record = record.and_then(Result::ok);
    let fields = record.as_ref().map(Record::masked);
    let name = kinds.name(kind);
    let received_at_ms = received_at.as_millis();
    let shown =
        TelegramJson { telegram: name, number, position, feed: kinds.feed(feed), received_at_ms, fields, error };
    Shown { name: "telegram", id: number, json: serde_json::to_string(&shown).unwrap_or_default() }
}

/// Shows an event. `None` for one that a later version of the library has.
pub(super) fn event(kinds: &Kinds, event: &Event) -> Option<Shown> {
    let (name, json) = match event {
        Event::Telegram(received) => return Some(telegram(kinds, received.into())),
        Event::Snapshot { from, next, telegrams, left_out } => {
            ("snapshot", json!({ "from": from, "next": next, "telegrams": telegrams, "left_out": left_out }))
        }
        Event::Missed { first, last } => ("missed", json!({ "first_position": first, "last_position": last })),
        Event::Lost { first, last, count } => ("lost", json!({ "first": first, "last": last, "count": count })),
        Event::Restarted { expected, found } => ("restarted", json!({ "expected": expected, "found": found })),
        Event::OutOfPlace { feed, first, last, count } => {
            let feed = kinds.feed(*feed);
            ("out_of_place", json!({ "feed": feed, "first": first, "last": last, "count": count }))
        }
        Event::Unreadable { feed, bytes } => ("unreadable", json!({ "feed": kinds.feed(*feed), "bytes": bytes })),
        Event::Interrupted => ("interrupted", json!({})),
        Event::BrokenOff { feed, reason } => ("broken_off", json!({ "feed": kinds.feed(*feed), "reason": &**reason })),
        Event::Ended(Ended::TooSlow { next }) => ("end", json!({ "why": "too_slow", "next_position": next })),
        Event::Ended(_) => ("end", json!({ "why": "stopped" })),
        _ => return None,
    };
    Some(Shown { name, id: None, json: json.to_string() })
}
