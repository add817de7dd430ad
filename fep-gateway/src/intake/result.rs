//! The content of results: JSON with a schema and a version, secrets masked.

use fep_protocol::exchange::Exchange;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::Value;

use crate::contract::exchanges::Reply;
use crate::telegrams::LineSpec;

/// The version of the content. It changes when a program that reads results would have to change. New keys do not change it.
pub const VERSION: u32 = 1;

/// The result of one message.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Result")]
pub(super) struct Content<'s> {
    /// The version of this content: 1.
    pub(super) version: u32,
    /// The name of the result: that of the exchange, or the place of the message if there is none. A result that comes again has the same one.
    pub(super) id: &'s str,
    /// The status that the reply would have over HTTP.
    pub(super) status: u16,
    /// The number of attempts.
    pub(super) tries: u32,
    /// Where the request was.
    pub(super) source: Source<'s>,
    /// The idempotency key of the request. Absent if it has none that can be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) idempotency_key: Option<&'s str>,
    /// The reply as HTTP gives it, secrets masked. Absent if there is no exchange.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reply: Option<Reply<'s>>,
    /// Why the message is a dead letter. Absent if it is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) problem: Option<Told<'s>>,
}

/// The place of a message.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Source<'s> {
    /// The name of the cluster in the configuration.
    pub(super) cluster: &'s str,
    /// `TOPIC/PARTITION/OFFSET` of the message in the topic of requests.
    pub(super) place: &'s str,
}

/// Why a request was refused.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Told<'s> {
    /// The stable code.
    pub(super) code: &'s str,
    /// One sentence without secrets.
    pub(super) detail: &'s str,
}

/// The reply about an exchange, secrets masked.
#[cfg_attr(not(feature = "kafka"), expect(dead_code, reason = "only messages of a broker need it"))]
pub(super) fn reply<'s>(exchange: &Exchange, spec: Option<LineSpec<'s>>, with_answer: bool) -> Reply<'s> {
    let reply = Reply::of(exchange, spec, true);
    let reply = Reply { telegram: Some(exchange.telegram.to_string()), ..reply };
    if with_answer { reply } else { Reply { answer: None, stand_in: None, ..reply } }
}

/// The JSON Schema of the content of results (draft 2020-12).
#[must_use]
pub fn schema() -> Value {
    let generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    generator.into_root_schema_for::<Content<'_>>().to_value()
}
