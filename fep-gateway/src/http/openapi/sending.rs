//! The operations that send a request: their headers, and how they can be answered.

use serde_json::{Value, json};

use super::operation::{JSON, Operation};
use crate::contract::problem::Problem;

/// What a request for an institution can be answered with, besides its outcome.
const ASKS: [Problem; 29] = [
    Problem::Path,
    Problem::IdempotencyKey,
    Problem::NotJson,
    Problem::TooDeep,
    Problem::DuplicateKey,
    Problem::UnknownInstitution,
    Problem::UnknownTelegram,
    Problem::NotARequest,
    Problem::StillRunning,
    Problem::OtherBody,
    Problem::KeyUnchecked,
    Problem::KeyOfAnotherClient,
    Problem::BadSpec,
    Problem::Unwritable,
    Problem::Journal,
    Problem::ControlCharacter,
    Problem::Invalid,
    Problem::Missing,
    Problem::NoFrame,
    Problem::NotFull,
    Problem::NotInCharset,
    Problem::NotTheComputed,
    Problem::OtherKey,
    Problem::OtherLayout,
    Problem::TooLong,
    Problem::UnknownCode,
    Problem::UnknownField,
    Problem::WrongCount,
    Problem::WrongType,
];

/// An operation that sends a request.
pub(super) fn asking(operation: Operation, fields: Value, reply: &Value) -> Operation {
    let key = json!({
        "name": "Idempotency-Key",
        "in": "header",
        "description": "Names this request: the same key with the same request returns the same exchange.",
        "schema": { "type": "string", "minLength": 1, "maxLength": 255 },
    });
    let prefer = json!({
        "name": "Prefer",
        "in": "header",
        "description": "`respond-async` asks for a reply before the outcome: 202 with `Location`. `respond-async, wait=10` waits ten seconds for it first.",
        "schema": { "type": "string" },
    });
    let mut operation = operation.takes(fields).with(key).with(prefer).or(&ASKS);
    let headers = [
        (
            "Priority",
            "`u=7` (RFC 9218): nobody waits for it, such as a request of a batch. It starts after those that somebody waits for.",
        ),
        ("X-Request-Id", "The caller's name for its request, for journal and log. The response repeats it."),
        ("traceparent", "The trace that the request belongs to (W3C Trace Context)."),
        (
            "tracestate",
            "What tracing systems say about it. It goes on with `traceparent` to a system over HTTP, and is not kept.",
        ),
    ];
    for (name, meaning) in headers {
        let header = json!({ "name": name, "in": "header", "description": meaning, "schema": { "type": "string" } });
        operation = operation.with(header);
    }
    for (status, meaning) in [
        (200, "answered: the institution answered; a decline is an answer, too"),
        (202, "the exchange still runs"),
        (503, "not sent, and that is certain"),
        (504, "unknown: it may have been carried out"),
    ] {
        operation.replies.push((status, meaning, JSON, reply.clone()));
    }
    operation
}
