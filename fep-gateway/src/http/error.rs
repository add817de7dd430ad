//! Errors as JSON: `{"error": {"kind", "message", …}}`. The message is one line and never contains a secret.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use fep_codec::framing::EncloseError;
use fep_codec::{Culprit, Error, Fault};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::gateway::{DraftError, JournalError, Refusal};

/// A request that was not carried out.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    body: Body,
}

#[derive(Debug, Serialize)]
struct Body {
    error: Map<String, Value>,
}

impl ApiError {
    /// Creates an error with a kind for programs and a one-line message for people.
    pub(super) fn new(status: StatusCode, kind: &str, message: impl Into<String>) -> Self {
        let mut error = Map::new();
        error.insert("kind".to_owned(), kind.into());
        error.insert("message".to_owned(), message.into().into());
        Self { status, body: Body { error } }
    }

    /// Adds a value for programs.
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.body.error.insert(name.to_owned(), value.into());
        self
    }

    /// The error for fields that cannot be encoded as a telegram.
    pub(super) fn invalid(error: &Error) -> Self {
        // An error in the spec is the gateway's fault. The service cannot avoid it with other fields.
        let status = match error.culprit() {
            Culprit::Caller | Culprit::Peer => StatusCode::UNPROCESSABLE_ENTITY,
            Culprit::Spec => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let path = error.path();
        let label = error.label();
        let place = match (path.is_empty(), label.is_empty()) {
            (true, _) => String::new(),
            (false, true) => format!("{path}: "),
            (false, false) => format!("{path} ({label}): "),
        };
        let message = format!("{place}{}", error.message());
        let mut api = Self::new(status, kind(error.fault()), message);
        if !path.is_empty() {
            api = api.with("field", path);
        }
        if !label.is_empty() {
            api = api.with("label", label);
        }
        if let Some(range) = error.range() {
            api = api.with("offset", range.start).with("len", range.len());
        }
        for (name, value) in facts(error.fault()) {
            api = api.with(name, value);
        }
        api
    }

    /// The error for a request that the gateway refused.
    pub(super) fn refused(refusal: &Refusal, institution: &str, telegram: &str) -> Self {
        match refusal {
            Refusal::UnknownInstitution { known } => {
                let names: Vec<&str> = known.iter().map(String::as_str).collect();
                let advice = fep_spec::document::instead(institution, &names);
                let message = format!("there is no institution {institution:?}; {advice}");
                Self::new(StatusCode::NOT_FOUND, "unknown_institution", message).with("known", json!(known))
            }
            Refusal::Draft(DraftError::UnknownTelegram { nearest }) => {
                let advice = nearest.as_ref().map_or_else(String::new, |nearest| format!("; did you mean {nearest}?"));
                let message = format!("{institution} has no telegram {telegram:?}{advice}");
                Self::new(StatusCode::NOT_FOUND, "unknown_telegram", message).with("nearest", json!(nearest))
            }
            Refusal::Draft(DraftError::NotARequest) => {
                let message = format!(
                    "{telegram} cannot be sent by a service: it has no answer telegram, or the gateway sends it itself \
                     (sign-on, sign-off, echo test), or the institution sends it (notice)"
                );
                Self::new(StatusCode::NOT_FOUND, "not_a_request", message)
            }
            Refusal::Draft(DraftError::Invalid(error)) => Self::invalid(error),
            Refusal::Draft(DraftError::ControlCharacter(found)) => {
                let api = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "control_character", refusal.to_string());
                api.with("field", &*found.field).with("position", found.position)
            }
            // With a kept frame, spec and framing do not fit. The service cannot avoid that with other fields.
            Refusal::Draft(DraftError::NoFrame(EncloseError::OtherLength { .. } | EncloseError::NotAFrame(_))) => {
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, "no_frame", refusal.to_string())
            }
            Refusal::Draft(DraftError::NoFrame(_)) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "no_frame", refusal.to_string())
            }
            // Only the embedded API takes structs, and a request is no answer, so these do not happen over HTTP.
            Refusal::Draft(DraftError::OtherLayout { .. }) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "other_layout", refusal.to_string())
            }
            Refusal::Draft(DraftError::OtherKey) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "other_key", refusal.to_string())
            }
            Refusal::StillRunning(id) => {
                let message = format!("exchange {id} with this Idempotency-Key still runs; ask GET /v1/exchanges/{id}");
                Self::new(StatusCode::CONFLICT, "still_running", message).with("exchange", id.to_string())
            }
            Refusal::KeyUnchecked(why) => {
                let message = format!(
                    "the gateway cannot look up whether this Idempotency-Key was used: {why}; nothing was sent now, try again"
                );
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "key_unchecked", message).with("reason_code", why.code())
            }
            Refusal::OtherBody(id) => {
                let message = format!(
                    "this Idempotency-Key belongs to exchange {id}, which had another telegram or other fields"
                );
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "other_body", message).with("exchange", id.to_string())
            }
        }
    }
}

impl From<JournalError> for ApiError {
    fn from(error: JournalError) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "journal", error.to_string())
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, Json(self.body)).into_response()
    }
}

/// The kind of a mistake, for programs.
fn kind(fault: &Fault) -> &'static str {
    match fault {
        Fault::TooLong { .. } | Fault::NoRoom(_) => "too_long",
        Fault::NotFull { .. } => "not_full",
        Fault::Unmappable { .. } => "not_in_charset",
        Fault::UnknownField { .. } => "unknown_field",
        Fault::NotJson { .. } => "not_json",
        Fault::Missing => "missing",
        Fault::WrongType { .. } | Fault::Unreadable { .. } => "wrong_type",
        Fault::UnknownCode => "unknown_code",
        Fault::NotTheComputed { .. } => "not_the_computed",
        Fault::TooMany { .. } | Fault::WrongCount { .. } => "wrong_count",
        Fault::BadSpec { .. } => "bad_spec",
        _ => "invalid",
    }
}

/// The numbers and names of a fault. They contain nothing of a field's content.
fn facts(fault: &Fault) -> Vec<(&'static str, Value)> {
    match fault {
        Fault::TooLong { needed, len } => vec![("given_bytes", json!(needed)), ("len", json!(len))],
        Fault::NoRoom(text) => vec![("given_bytes", json!(text.needed)), ("len", json!(text.len))],
        Fault::NotFull { given, len } => vec![("given_bytes", json!(given)), ("len", json!(len))],
        Fault::Unmappable { charset, .. } => vec![("charset", json!(charset.to_string()))],
        Fault::UnknownField { nearest: Some(nearest) } => vec![("nearest", json!(nearest))],
        Fault::WrongType { expected, found } => vec![("expected", json!(expected)), ("given", json!(found))],
        Fault::Unreadable { expected } => vec![("expected", json!(expected))],
        Fault::TooMany { count, max } => vec![("given_count", json!(count)), ("max", json!(max))],
        Fault::WrongCount { count, expected } => vec![("given_count", json!(count)), ("expected", json!(expected))],
        _ => Vec::new(),
    }
}
