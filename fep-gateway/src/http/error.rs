//! Errors as problem details (RFC 9457): `{"type", "title", "status", "detail", "code", …}`. `detail` is one line and never contains a
//! secret. Programs read `code`; the rest names what is wrong, such as `field` and `offset`.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use fep_codec::framing::EncloseError;
use fep_codec::{Culprit, Error, Fault};
use serde_json::{Map, Value, json};

use crate::contract::problem::{Meaning, Problem, ProblemDetails};
use crate::gateway::{DraftError, JournalError, Refusal};

/// A request that was not carried out.
#[derive(Debug)]
pub struct ApiError {
    details: Box<ProblemDetails>,
    /// The institution for which the client lacks a right. Only the log and the audit trail have it apart from the text.
    institution: Option<Box<str>>,
}

/// Why a request was refused at the door, for the log and the audit trail. The reply has it as an extension.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    pub(super) code: &'static str,
    /// What was wrong with the token.
    pub(super) reason_code: Option<String>,
    /// The right that was lacking, and for which institution. A client wrote the latter.
    pub(super) action: Option<String>,
    pub(super) institution: Option<String>,
}

impl ApiError {
    /// Creates an error with a one-line sentence for people.
    pub(super) fn new(problem: Problem, detail: impl Into<String>) -> Self {
        let Meaning { code, status, title, .. } = problem.meaning();
        let r#type = problem.type_of();
        let details = ProblemDetails { r#type, title, status, detail: detail.into(), code, more: Map::new() };
        Self { details: Box::new(details), institution: None }
    }

    /// Adds a value for programs.
    pub(super) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.more.insert(name.to_owned(), value.into());
        self
    }

    /// Remembers the institution for which the client lacks a right.
    pub(super) fn at(self, institution: Option<&str>) -> Self {
        Self { institution: institution.map(Box::from), ..self }
    }

    /// The error for fields that cannot be encoded as a telegram.
    pub(super) fn invalid(error: &Error) -> Self {
        let path = error.path();
        let label = error.label();
        let place = match (path.is_empty(), label.is_empty()) {
            (true, _) => String::new(),
            (false, true) => format!("{path}: "),
            (false, false) => format!("{path} ({label}): "),
        };
        let message = format!("{place}{}", error.message());
        // An error in the spec is the gateway's fault. The service cannot avoid it with other fields.
        let problem = match error.culprit() {
            Culprit::Caller | Culprit::Peer => problem_of(error.fault()),
            Culprit::Spec => Problem::BadSpec,
        };
        let mut api = Self::new(problem, message);
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
    pub(crate) fn refused(refusal: &Refusal, institution: &str, telegram: &str) -> Self {
        match refusal {
            Refusal::UnknownInstitution { known } => {
                let names: Vec<&str> = known.iter().map(String::as_str).collect();
                let advice = fep_spec::document::instead(institution, &names);
                let message = format!("there is no institution {institution:?}; {advice}");
                Self::new(Problem::UnknownInstitution, message).with("known", json!(known))
            }
            Refusal::Draft(DraftError::UnknownTelegram { nearest }) => {
                let advice = nearest.as_ref().map_or_else(String::new, |nearest| format!("; did you mean {nearest}?"));
                let message = format!("{institution} has no telegram {telegram:?}{advice}");
                Self::new(Problem::UnknownTelegram, message).with("nearest", json!(nearest))
            }
            Refusal::Draft(DraftError::NotARequest) => {
                let message = format!(
                    "{telegram} cannot be sent by a service: it has no answer telegram, or the gateway sends it itself \
                     (sign-on, sign-off, echo test), or the institution sends it (notice)"
                );
                Self::new(Problem::NotARequest, message)
            }
            Refusal::Draft(DraftError::Invalid(error)) => Self::invalid(error),
            Refusal::Draft(DraftError::ControlCharacter(found)) => {
                let api = Self::new(Problem::ControlCharacter, refusal.to_string());
                api.with("field", &*found.field).with("position", found.position)
            }
            // With a kept frame, spec and framing do not fit. The service cannot avoid that with other fields.
            Refusal::Draft(DraftError::NoFrame(EncloseError::OtherLength { .. } | EncloseError::NotAFrame(_))) => {
                Self::new(Problem::BadSpec, refusal.to_string())
            }
            Refusal::Draft(DraftError::NoFrame(_)) => Self::new(Problem::NoFrame, refusal.to_string()),
            // Only the embedded API takes structs, and a request is no answer, so these do not happen over HTTP.
            Refusal::Draft(DraftError::OtherLayout { .. }) => Self::new(Problem::OtherLayout, refusal.to_string()),
            Refusal::Draft(DraftError::OtherKey) => Self::new(Problem::OtherKey, refusal.to_string()),
            Refusal::StillRunning(id) => {
                let message = format!("exchange {id} with this Idempotency-Key still runs; ask GET /v1/exchanges/{id}");
                Self::new(Problem::StillRunning, message).with("exchange", id.to_string())
            }
            Refusal::KeyUnchecked(why) => {
                let message = format!(
                    "the gateway cannot look up whether this Idempotency-Key was used: {why}; nothing was sent now, try again"
                );
                Self::new(Problem::KeyUnchecked, message).with("reason_code", why.code())
            }
            Refusal::OtherBody(id) => {
                let message = format!(
                    "this Idempotency-Key belongs to exchange {id}, which had another telegram or other fields"
                );
                Self::new(Problem::OtherBody, message).with("exchange", id.to_string())
            }
        }
    }
}

impl From<JournalError> for ApiError {
    fn from(error: JournalError) -> Self {
        // A gateway that stops closes its journal, and nothing is wrong with that.
        let problem = if error == JournalError::Closed { Problem::Stopped } else { Problem::Journal };
        Self::new(problem, error.to_string())
    }
}

impl ApiError {
    #[cfg_attr(not(feature = "kafka"), expect(dead_code, reason = "only messages of a broker need it"))]
    /// The status and the sentence.
    pub(crate) fn told(&self) -> (u16, &str) {
        (self.details.status, &self.details.detail)
    }

    /// The stable code.
    pub(crate) fn code(&self) -> &'static str {
        self.details.code
    }

    /// The text of its body.
    pub(super) fn json(&self) -> String {
        serde_json::to_string(&self.details).unwrap_or_default()
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.details.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = self.json();
        let mut response = (status, [(CONTENT_TYPE, "application/problem+json")], body).into_response();
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::MISDIRECTED_REQUEST) {
            let said = |name: &str| self.details.more.get(name).and_then(Value::as_str).map(str::to_owned);
            response.extensions_mut().insert(Refused {
                code: self.details.code,
                reason_code: said("reason_code"),
                action: said("action"),
                institution: self.institution.map(String::from),
            });
        }
        response
    }
}

/// The kind of a mistake in fields.
fn problem_of(fault: &Fault) -> Problem {
    match fault {
        Fault::TooLong { .. } | Fault::NoRoom(_) => Problem::TooLong,
        Fault::NotFull { .. } => Problem::NotFull,
        Fault::Unmappable { .. } => Problem::NotInCharset,
        Fault::UnknownField { .. } => Problem::UnknownField,
        Fault::NotJson { .. } => Problem::NotJson,
        Fault::Missing => Problem::Missing,
        Fault::WrongType { .. } | Fault::Unreadable { .. } => Problem::WrongType,
        Fault::UnknownCode => Problem::UnknownCode,
        Fault::NotTheComputed { .. } => Problem::NotTheComputed,
        Fault::TooMany { .. } | Fault::WrongCount { .. } => Problem::WrongCount,
        Fault::BadSpec { .. } => Problem::BadSpec,
        _ => Problem::Invalid,
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
