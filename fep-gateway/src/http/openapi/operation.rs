//! One operation of the OpenAPI document: its parameters, its body, its replies and the problems that it can have.

use serde_json::{Map, Value, json};

use crate::config::WhenSlow;
use crate::contract::problem::Problem;
use crate::http::access::is_open;
use crate::http::exchanges::{LIST_DEFAULT, LIST_MAX};

/// What every request can be answered with.
const ALWAYS: [Problem; 5] =
    [Problem::Host, Problem::UnknownHost, Problem::MethodNotAllowed, Problem::BodyCut, Problem::OtherListener];

/// What a client without a token or without a right is answered, where clients need one.
const GUARDED: [Problem; 5] = [
    Problem::Unauthenticated,
    Problem::TokenExpired,
    Problem::TokenRefused,
    Problem::KeysUnavailable,
    Problem::Forbidden,
];

/// What every request with a body can be answered with.
const WITH_BODY: [Problem; 3] = [Problem::BodyTooLarge, Problem::BodyTooSlow, Problem::Origin];

/// One operation.
pub(super) struct Operation {
    pub(super) method: &'static str,
    pub(super) path: String,
    /// The name for generated code.
    id: String,
    tag: &'static str,
    summary: String,
    parameters: Vec<Value>,
    /// The media type of the body, and its schema. A file has none.
    body: Option<(&'static str, Value)>,
    /// Replies that are not errors: status, meaning, media type, schema. A stream has `null` in its place: programs disagree whether a schema
    /// there is that of the whole stream or of one event.
    pub(super) replies: Vec<(u16, &'static str, &'static str, Value)>,
    /// A reply after which the connection has another protocol, of which OpenAPI says nothing.
    upgrade: Option<&'static str>,
    problems: Vec<Problem>,
}

pub(super) const JSON: &str = "application/json";
pub(super) const PROBLEM: &str = "application/problem+json";
const FILE: &str = "application/octet-stream";
pub(super) const EVENTS: &str = "text/event-stream";

impl Operation {
    pub(super) fn new(method: &'static str, path: &str, id: &str, tag: &'static str, summary: &str) -> Self {
        Self {
            method,
            path: path.to_owned(),
            id: id.to_owned(),
            tag,
            summary: summary.to_owned(),
            parameters: Vec::new(),
            body: None,
            replies: Vec::new(),
            upgrade: None,
            problems: if is_open(path) { ALWAYS.to_vec() } else { ALWAYS.into_iter().chain(GUARDED).collect() },
        }
    }

    pub(super) fn gives(mut self, schema: Value) -> Self {
        self.replies.push((200, "done", JSON, schema));
        self
    }

    /// What follows when the connection gets another protocol.
    pub(super) fn upgrades(mut self, meaning: &'static str) -> Self {
        self.upgrade = Some(meaning);
        self
    }

    pub(super) fn takes(mut self, schema: Value) -> Self {
        self.body = Some((JSON, schema));
        self.or(&WITH_BODY)
    }

    /// The body is a file.
    pub(super) fn takes_file(mut self) -> Self {
        self.body = Some((FILE, json!({})));
        self.or(&WITH_BODY)
    }

    pub(super) fn or(mut self, problems: &[Problem]) -> Self {
        self.problems.extend(problems);
        self
    }

    pub(super) fn with(mut self, parameter: Value) -> Self {
        self.parameters.push(parameter);
        self
    }

    pub(super) fn value(&self, problem: &Value) -> Value {
        let mut responses = Map::new();
        if let Some(meaning) = self.upgrade {
            responses.insert("101".to_owned(), json!({ "description": meaning }));
        }
        for (status, meaning, media, schema) in &self.replies {
            let content = if schema.is_null() { json!({}) } else { json!({ "schema": schema }) };
            responses.insert(status.to_string(), json!({ "description": meaning, "content": { *media: content } }));
        }
        let mut problems: Vec<_> = self.problems.iter().map(|problem| problem.meaning()).collect();
        problems.sort_by_key(|meaning| (meaning.status, meaning.code));
        problems.dedup_by_key(|meaning| meaning.code);
        for of_status in problems.chunk_by(|one, next| one.status == next.status) {
            let lines: Vec<_> =
                of_status.iter().map(|meaning| format!("- `{}`: {}", meaning.code, meaning.title)).collect();
            let status = of_status.first().map_or(500, |meaning| meaning.status).to_string();
            let content = json!({ "schema": problem });
            match responses.get_mut(&status) {
                // A reply with an outcome has the same status.
                Some(Value::Object(reply)) => {
                    let text = reply.get("description").and_then(Value::as_str).unwrap_or_default();
                    let both = format!("{text}; or an error:\n{}", lines.join("\n"));
                    reply.insert("description".to_owned(), both.into());
                    if let Some(Value::Object(media)) = reply.get_mut("content") {
                        media.insert(PROBLEM.to_owned(), content);
                    }
                }
                _ => {
                    let reply = json!({ "description": lines.join("\n"), "content": { PROBLEM: content } });
                    responses.insert(status, reply);
                }
            }
        }
        let mut operation = Map::new();
        operation.insert("operationId".to_owned(), self.id.as_str().into());
        operation.insert("tags".to_owned(), json!([self.tag]));
        operation.insert("summary".to_owned(), self.summary.as_str().into());
        if !self.parameters.is_empty() {
            operation.insert("parameters".to_owned(), self.parameters.clone().into());
        }
        if let Some((media, schema)) = &self.body {
            let content = if *media == FILE { json!({}) } else { json!({ "schema": schema }) };
            let body = json!({ "required": true, "content": { *media: content } });
            operation.insert("requestBody".to_owned(), body);
        }
        operation.insert("responses".to_owned(), responses.into());
        operation.into()
    }
}

pub(super) fn in_path(name: &str) -> Value {
    json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } })
}

/// A text in the query that narrows a list.
pub(super) fn in_query(name: &str) -> Value {
    let meaning = match name {
        "scope" => {
            let meaning = "`readable`: only what the client may read. Without it, a client that may not read everything is refused.";
            let schema = json!({ "type": "string", "enum": ["readable"] });
            return json!({ "name": name, "in": "query", "description": meaning, "schema": schema });
        }
        "cursor" => "Where the page begins: the `next` of the page before.",
        "since" => "The earliest time of acceptance or receipt, such as 2026-11-28T09:00:00+09:00.",
        "until" => "The time before which they were accepted or received.",
        "trace" => "The trace number; leading zeros do not count.",
        "date" => "The business date, such as 2026-11-26.",
        "file" => "The name of the file, for people.",
        "code" => "The response code of the answer, or the code of the reason why there is none.",
        "request_id" => "The caller's name for its request.",
        "idempotency_key" => "Only the newest exchange with a key has it.",
        _ => "Only those with this value.",
    };
    json!({ "name": name, "in": "query", "description": meaning, "schema": { "type": "string" } })
}

pub(super) fn id() -> Value {
    let schema = json!({ "type": "string", "pattern": "^[0-9a-f]{22}$" });
    json!({ "name": "id", "in": "path", "required": true, "schema": schema })
}

pub(super) fn limit() -> Value {
    let schema = json!({ "type": "integer", "minimum": 1, "maximum": LIST_MAX, "default": LIST_DEFAULT });
    json!({ "name": "limit", "in": "query", "description": "The length of the list.", "schema": schema })
}

/// What the consumer of a stream can ask for.
pub(super) fn in_stream() -> [Value; 6] {
    let whole = json!({ "type": "integer", "minimum": 1 });
    let words = json!({ "type": "string", "enum": WhenSlow::ALL.map(|(word, _)| word) });
    let text = json!({ "type": "string" });
    [
        ("keys", "query", "Only these instruments, by the first field of the key, with commas.", text.clone()),
        ("telegrams", "query", "Only these telegrams, with commas.", text.clone()),
        (
            "every_ms",
            "query",
            "At most one telegram of each instrument and kind in this time: the last one.",
            whole.clone(),
        ),
        ("when_slow", "query", "What happens when too many events wait.", words),
        ("buffer", "query", "How many events may wait.", whole),
        (
            "Last-Event-ID",
            "header",
            "The number of the telegram that came last. Nothing is sent again: the snapshot has the state.",
            text,
        ),
    ]
    .map(
        |(name, place, meaning, schema)| json!({ "name": name, "in": place, "description": meaning, "schema": schema }),
    )
}
